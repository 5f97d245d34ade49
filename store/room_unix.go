//go:build linux || darwin || freebsd

package store

import "golang.org/x/sys/unix"

// roomIn is how many bytes a folder's disk has left for this user.
func roomIn(dir string) (bytes uint64, known bool) {
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil {
		return 0, false
	}
	free := int64(fs.Bavail) // on FreeBSD below 0 when only root's reserve is left
	return uint64(max(free, 0)) * uint64(fs.Bsize), true
}
