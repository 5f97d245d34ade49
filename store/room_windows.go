package store

import "golang.org/x/sys/windows"

// roomIn is how many bytes a folder's disk has left for this user.
func roomIn(dir string) (bytes uint64, known bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil || windows.GetDiskFreeSpaceEx(name, &bytes, nil, nil) != nil {
		return 0, false
	}
	return bytes, true
}
