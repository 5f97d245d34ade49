package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	bolterrors "go.etcd.io/bbolt/errors"
)

// SaveError says that the disk did not take a change. What was in the store
// before is whole. Of the change, either nothing or all of it is there: all, if
// the disk failed after the last byte.
type SaveError struct {
	Path string // of the file that was to be written
	Why  Refusal
	Err  error
}

// Refusal is why a disk does not take a change.
type Refusal string

// The refusals that a person can do something about.
const (
	DiskFull     Refusal = "full"
	DiskReadOnly Refusal = "read-only"
	DiskFails    Refusal = "failing" // anything else
)

// Error names the file, the cause and the way out.
func (e *SaveError) Error() string {
	return fmt.Sprintf("nothing was saved in %s: %s (%v). %s", e.Path, lowerFirst(e.What()), e.Err, e.WayOut())
}

// Unwrap gives the cause.
func (e *SaveError) Unwrap() error { return e.Err }

// What says in a sentence without its full stop what is wrong.
func (e *SaveError) What() string {
	switch e.Why {
	case DiskFull:
		return "The disk is full"
	case DiskReadOnly:
		return "The folder " + filepath.Dir(e.Path) + " can only be read"
	}
	return "The disk does not take what is to be saved"
}

// WayOut says in a sentence what a person can do.
func (e *SaveError) WayOut() string {
	switch e.Why {
	case DiskFull:
		return "Free some space on the disk that holds " + filepath.Dir(e.Path) + "."
	case DiskReadOnly:
		return "Make the folder and what is in it yours to write, or choose another one with --data."
	}
	return "Look at the disk that holds " + filepath.Dir(e.Path) + "."
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// saveError is err, from writing path, with its meaning.
func saveError(path string, err error) error {
	var known *SaveError
	if errors.As(err, &known) {
		return err
	}
	return &SaveError{Path: path, Why: refusal(err), Err: err}
}

// Refused reports whether err, from writing any file, is that of a full disk or of
// a folder that can only be read: it may go away by itself.
func Refused(err error) bool { return err != nil && refusal(err) != DiskFails }

// windowsDiskFull is ERROR_DISK_FULL, which package syscall has no name for.
const windowsDiskFull = syscall.Errno(112)

// refusal tells what an error from writing means. bbolt hands some causes on as
// text only ("file resize error: %s"), so the text is looked at as well.
func refusal(err error) Refusal {
	is := func(codes ...syscall.Errno) bool {
		for _, c := range codes {
			if errors.Is(err, c) || strings.Contains(err.Error(), c.Error()) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, bolterrors.ErrMaxSizeReached), is(syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG), runtime.GOOS == "windows" && is(windowsDiskFull):
		return DiskFull
	case errors.Is(err, bolterrors.ErrDatabaseReadOnly), is(syscall.EROFS, syscall.EACCES, syscall.EPERM):
		return DiskReadOnly
	}
	return DiskFails
}

// ErrBusy says that the store's file is being copied or exchanged already, or was
// written to meanwhile. Nothing was changed: try again later.
var ErrBusy = errors.New("the store is busy: try again later")

// Point is a moment at which a store is about to touch the disk.
type Point struct {
	Do   Act
	Path string
}

// Act is what is about to be done to a file.
type Act string

// The acts, as Options.At is told of them.
const (
	ToOpen    Act = "open"    // the store's file, which is open for writing, but not locked yet
	ToCommit  Act = "commit"  // a transaction
	ToCreate  Act = "create"  // a file beside the store
	ToWrite   Act = "write"   // into it
	ToSync    Act = "sync"    // it to the disk
	ToCheck   Act = "check"   // whether it is whole
	ToReplace Act = "replace" // the store, or nothing, by it
	ToRemove  Act = "remove"  // a file that has had its time
)

// at tells who wants to know that the disk is about to be touched.
func (o Options) at(do Act, path string) error {
	if o.At == nil {
		return nil
	}
	return o.At(Point{do, path})
}
