package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// LockedError says that another process has the store open.
type LockedError struct{ Path string }

// Error names the file and the way out.
func (e *LockedError) Error() string {
	return fmt.Sprintf("another Twinday is using %s: quit it first (from its tray icon, or with `twinday quit`), or choose another folder with --data", e.Path)
}

// What says in a sentence without its full stop what is wrong; it names no file.
func (*LockedError) What() string { return "Another Twinday is using it, and cannot be spoken to" }

// WayOut says what a person can do; it names no file.
func (*LockedError) WayOut() string {
	return "Wait for the command that is at work (a first sync takes minutes), or end it."
}

// DamagedError says that the file, or one value in it, cannot be read. It was
// left as it is.
type DamagedError struct {
	Path   string
	Err    error
	Backup Backup // the newest one there is, zero if there is none
}

// damage is a DamagedError that knows which backup can take the file's place.
func damage(path string, err error) *DamagedError {
	d := &DamagedError{Path: path, Err: err}
	if have, err := Backups(path); err == nil && len(have) > 0 {
		d.Backup = have[0]
	}
	return d
}

// Error names the file, what is wrong with it, and the way out.
func (e *DamagedError) Error() string {
	const anew = "move it away: Twinday then starts anew and finds its own copies again"
	was := fmt.Sprintf("the store %s is damaged (%v). Nothing in it was changed", e.Path, e.Err)
	if e.Backup.Path == "" {
		return was + ". There is no backup of it: " + anew
	}
	return fmt.Sprintf("%s. There is a backup of %s, %s: quit Twinday, and put it in its place with `twinday restore --data %s`, or %s",
		was, e.Backup.Time.Format("2 January 2006"), e.Backup.Path, filepath.Dir(e.Path), anew)
}

// What is as for LockedError.
func (*DamagedError) What() string { return "It is damaged, and was left as it is" }

// WayOut is as for LockedError.
func (e *DamagedError) WayOut() string {
	if e.Backup.Path == "" {
		return "There is no backup of it. Move twinday.db out of the data folder: Twinday then starts anew, and finds its own copies again."
	}
	return fmt.Sprintf("'twinday quit', then 'twinday restore' (with the same --data) puts the backup of %s in its place; no calendar loses anything by it.", e.Backup.Time.Format("2 January 2006"))
}

// Unwrap gives the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// ForeignError says that what is at Path is no store of Twinday.
type ForeignError struct {
	Path string
	Why  string // "it is a folder", …
}

// Error names the file and the way out.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s is not a store of Twinday: %s. It was left as it is. Move it away, or choose another folder with --data", e.Path, e.Why)
}

// What is as for LockedError.
func (*ForeignError) What() string { return "What lies in its place is no store of Twinday" }

// WayOut is as for LockedError.
func (*ForeignError) WayOut() string {
	return "'twinday restore' (with the same --data) puts the last backup in its place, and keeps what is there; or choose another folder with --data."
}

// NewerError says that a newer Twinday made the store.
type NewerError struct {
	Path         string
	Found, Known int // schema versions
}

// Error names the file and the way out.
func (e *NewerError) Error() string {
	return fmt.Sprintf("the store %s was made by a newer Twinday (version %d; this one knows up to %d). It was left as it is. "+
		"Update Twinday, or choose another folder with --data", e.Path, e.Found, e.Known)
}

// What is as for LockedError.
func (*NewerError) What() string { return "A newer Twinday made it" }

// WayOut is as for LockedError.
func (*NewerError) WayOut() string { return "Update Twinday, or choose another folder with --data." }

// TakenError says that an event would become part of two entities.
type TakenError struct {
	Ref   state.Ref
	Event calendar.RemoteID
	By    state.EntityID // whose it is already
}

// Error names the event and its entity.
func (e *TakenError) Error() string {
	return fmt.Sprintf("event %q of %s is already part of entity %s", e.Event, e.Ref, e.By)
}

func isDamaged(err error) bool {
	var d *DamagedError
	return errors.As(err, &d)
}

// accessError says in plain words why the operating system refused path.
func accessError(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err // the path is named once
	}
	way := "check the folder, or choose another one with --data"
	if errors.Is(err, fs.ErrPermission) {
		way = fmt.Sprintf("make %s yours to read and write, or choose another folder with --data", filepath.Dir(path))
	}
	if errors.Is(err, os.ErrNotExist) {
		way = "it went away just now; try again"
	}
	return fmt.Errorf("the store %s cannot be opened: %w: %s", path, err, way)
}
