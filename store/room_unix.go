//go:build linux || darwin || freebsd

package store

import "golang.org/x/sys/unix"

// roomIn is how many bytes a folder's disk has left for this user.
func roomIn(dir string) (bytes uint64, known bool) {
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil || fs.Bavail < 0 {
		return 0, false
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), true
}
