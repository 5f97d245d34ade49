// Package store keeps all that Twinday remembers in one bbolt file: accounts,
// mirrors, what each calendar held when last read, entities with their
// records, the journal of writes, what waits for the person, and the history.
//
// One process at a time has it open (bbolt's lock on the file is the
// authority), every change is one transaction, and a file that is damaged, was
// made by something else, or by a newer Twinday is never written to.
//
// It imports bbolt, store/state and providers/calendar; never the engine, a
// connector or a face. Secrets are not in it: see store/secrets.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Options says how to open a store.
type Options struct {
	// Timeout is how long to wait for another Twinday to let go of the file.
	// Zero does not wait: a file in use fails at once.
	Timeout time.Duration
	// ReadOnly opens an existing store for View only. It shares the file with
	// other readers, not with a writer.
	ReadOnly bool
	// Now is the clock that dates a new store; time.Now if nil.
	Now func() time.Time
	// Fallback opens a store that may not be written for reading, instead of
	// failing: every Update then tries to open it for writing, and is a *SaveError
	// until that succeeds.
	Fallback bool
	// At is told of each moment at which the store is about to touch the disk; an
	// error from it is what the disk then says. It is for tests, and may be nil.
	At func(Point) error
	// Around, if not nil, is called in place of every Update with what it would do: for
	// tests in which the process dies before a transaction, or right after one.
	Around func(update func() error) error
}

// Store is an open store. Its methods are safe for concurrent use: any number
// of Views run beside at most one Update.
type Store struct {
	path         string
	opt          Options
	installation string
	damaged      atomic.Pointer[DamagedError] // set once bbolt met a page it could not read
	refused      atomic.Pointer[SaveError]    // why it is open for reading only, against our wish

	swap sync.RWMutex // held for reading in each transaction, for writing to exchange the file
	db   *bolt.DB

	copying sync.Mutex // one backup or compaction at a time
}

// Open opens the store at path, and makes it, with its folder, if there is
// none. A store of an older version is upgraded in one transaction, after a
// copy of it was kept beside it as path.v1.bak (with the version's number).
//
// It returns *LockedError when another process has it, *DamagedError,
// *ForeignError and *NewerError for a file that it will not touch, and
// otherwise an error that wraps the operating system's.
func Open(path string, opt Options) (*Store, error) {
	return open(path, opt, migrations)
}

func open(path string, opt Options, steps []migration) (*Store, error) {
	path = filepath.Clean(path)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist) && opt.ReadOnly:
		return nil, fmt.Errorf("there is no store at %s yet: start Twinday once to make it: %w", path, fs.ErrNotExist)
	case errors.Is(err, fs.ErrNotExist):
		if err := create(path, opt, steps); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, accessError(path, err)
	case !info.Mode().IsRegular():
		return nil, &ForeignError{Path: path, Why: "it is a folder or a device, not a file"}
	}
	if err := inspect(path); err != nil {
		return nil, err
	}
	s := &Store{path: path, opt: opt}
	if err := s.openFile(opt); err != nil {
		return nil, err
	}
	if s.refused.Load() != nil {
		opt.ReadOnly = true
	}
	if err := s.admit(opt, steps); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// openFile takes the lock and maps the file; where it may not be written and opt
// allows, for reading only. bbolt writes nothing here: inspect has seen that the
// file has its list of free pages.
func (s *Store) openFile(opt Options) error {
	db, err := s.lockFile(opt)
	if err != nil {
		return s.fallBack(opt, err)
	}
	s.db = db
	return nil
}

// fallBack opens the file for reading after it was refused for writing.
func (s *Store) fallBack(opt Options, refused error) error {
	if !opt.Fallback || opt.ReadOnly || refusal(refused) != DiskReadOnly {
		return refused
	}
	opt.ReadOnly = true
	db, err := s.lockFile(opt)
	if err != nil {
		return refused
	}
	s.db = db
	s.refused.Store(&SaveError{Path: s.path, Why: DiskReadOnly, Err: innermost(refused)})
	return nil
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// lockTries is how often a file is opened anew because another one took its
// place just then (Compact, Restore).
const lockTries = 3

// lockFile gives path to bbolt, which takes the lock. The lock is of the file,
// not of its name: a file that lost its name while we waited is let go.
func (s *Store) lockFile(opt Options) (*bolt.DB, error) {
	for range lockTries {
		var db *bolt.DB
		var opened *os.File
		o := boltOptions(opt)
		o.OpenFile = func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
			if opened, err = os.OpenFile(name, flag, mode); err != nil || opt.ReadOnly {
				return opened, err
			}
			if err = opt.at(ToOpen, s.path); err != nil {
				_ = opened.Close()
			}
			return opened, err
		}
		err := s.guard(func() (err error) {
			db, err = bolt.Open(s.path, fileMode, o)
			return err
		})
		switch {
		case err == nil:
		case errors.Is(err, bolterrors.ErrTimeout):
			return nil, &LockedError{Path: s.path}
		case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
			return nil, damage(s.path, err)
		case isDamaged(err):
			return nil, err
		default:
			return nil, accessError(s.path, err)
		}
		have, err1 := opened.Stat()
		want, err2 := os.Stat(s.path)
		if err1 == nil && err2 == nil && os.SameFile(have, want) {
			return db, nil
		}
		if err := db.Close(); err != nil {
			return nil, accessError(s.path, err)
		}
	}
	return nil, &LockedError{Path: s.path}
}

// regain opens a store for writing that could only be read so far.
func (s *Store) regain() error {
	refused := s.refused.Load()
	if refused == nil {
		return nil
	}
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return refused
	}
	if err := errors.Join(s.opt.at(ToOpen, s.path), f.Close()); err != nil || !s.swap.TryLock() {
		return refused
	}
	defer s.swap.Unlock()
	if s.refused.Load() == nil {
		return nil // another Update was faster
	}
	_ = s.db.Close() // it was only read; its lock would be in our own way
	if err := s.openFile(s.opt); err != nil {
		return err // transactions fail from now on; the next Update tries again
	}
	if s.db.IsReadOnly() {
		return s.refused.Load()
	}
	s.refused.Store(nil)
	return nil
}

// boltOptions turns 'do not wait' into the shortest wait bbolt knows, for which
// zero would mean for ever.
func boltOptions(opt Options) *bolt.Options {
	return &bolt.Options{
		Timeout:      max(opt.Timeout, time.Nanosecond),
		ReadOnly:     opt.ReadOnly,
		FreelistType: bolt.FreelistMapType,
	}
}

// admit reads whose file this is and of which version, upgrades an older one,
// and only then tightens the file's mode.
func (s *Store) admit(opt Options, steps []migration) error {
	var found int
	err := s.guard(func() error {
		return s.db.View(func(tx *bolt.Tx) (err error) {
			found, err = versionOf(tx, s.path)
			return err
		})
	})
	if err != nil {
		return err
	}
	switch known := len(steps); {
	case found > known:
		return &NewerError{Path: s.path, Found: found, Known: known}
	case found < known && opt.ReadOnly:
		return fmt.Errorf("the store %s is of version %d and must be upgraded to %d before it can be read: start Twinday once", s.path, found, known)
	case found < known:
		if err := s.guard(func() error { return s.upgrade(found, opt.Now(), steps) }); err != nil {
			return err
		}
	}
	err = s.guard(func() error {
		return s.db.View(func(tx *bolt.Tx) (err error) {
			s.installation, err = readInstallation(tx, s.path)
			return err
		})
	})
	if err != nil || opt.ReadOnly {
		return err
	}
	// A file copied back from a backup may be open to others. Where that cannot
	// be changed (a file system without modes), it is not worth failing for.
	if info, err := os.Stat(s.path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&^fileMode != 0 {
		_ = os.Chmod(s.path, fileMode)
	}
	return nil
}

// Close waits for running transactions and lets go of the file.
func (s *Store) Close() error {
	s.swap.Lock()
	defer s.swap.Unlock()
	return s.db.Close()
}

// Path is where the store's file is.
func (s *Store) Path() string { return s.path }

// Unwritable is why the store is open for reading only although it was to be
// written (Options.Fallback), a *SaveError; nil if it is not.
func (s *Store) Unwritable() error {
	if refused := s.refused.Load(); refused != nil {
		return refused
	}
	return nil
}

// Installation is the random id that this store was given when it was made: 16
// lower-case letters and digits. It stands in the marks on copies.
func (s *Store) Installation() string { return s.installation }

// Schema is the version of what is in the store; an older one was upgraded when it was opened.
func (s *Store) Schema() int { return len(migrations) }

// View runs f on one consistent state of the store. Writers go on meanwhile;
// keep it short, for pages that they free stay taken until it ends. f must not
// call Update.
func (s *Store) View(f func(*Tx) error) error {
	s.swap.RLock()
	defer s.swap.RUnlock()
	return s.guard(func() error {
		return s.db.View(func(b *bolt.Tx) error { return s.run(b, f) })
	})
}

// Update runs f in one transaction. When it returns nil, all that f wrote is on
// the disk; on f's own error nothing of it is kept, on a *SaveError what that says.
// f must not call View or Update, and should do no I/O of its own: other writers
// wait for it.
func (s *Store) Update(f func(*Tx) error) error {
	if s.opt.Around != nil {
		return s.opt.Around(func() error { return s.update(f) })
	}
	return s.update(f)
}

func (s *Store) update(f func(*Tx) error) error {
	if err := s.regain(); err != nil {
		return err
	}
	s.swap.RLock()
	defer s.swap.RUnlock()
	var failed error
	err := s.guard(func() error {
		return s.db.Update(func(b *bolt.Tx) error {
			if failed = s.run(b, f); failed != nil {
				return failed
			}
			return s.opt.at(ToCommit, s.path)
		})
	})
	if err == nil || failed != nil || isDamaged(err) {
		return err
	}
	return saveError(s.path, err)
}

func (s *Store) run(b *bolt.Tx, f func(*Tx) error) error {
	t := &Tx{s: s, b: b}
	if err := f(t); err != nil {
		return err
	}
	return t.err
}

// guard turns bbolt's panics, and faults of the memory map, into a
// *DamagedError, after which nothing more is read or written. Panics of anybody
// else go on.
func (s *Store) guard(f func() error) (err error) {
	if d := s.damaged.Load(); d != nil {
		return d
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if !raisedByFile(r) {
			panic(r)
		}
		d := damage(s.path, fmt.Errorf("%v", r))
		s.damaged.Store(d)
		err = d
	}()
	return f()
}

// raisedByFile reports whether the panic r, being recovered, came out of bbolt
// or of touching its map. It is called from a deferred function, when the frames
// of the panic are still on the stack.
func raisedByFile(r any) bool {
	if fault, ok := r.(interface{ Addr() uintptr }); ok && fault.Addr() != 0 {
		return true
	}
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for panicked := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case panicked && !strings.HasPrefix(frame.Function, "runtime."):
			return strings.HasPrefix(frame.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}
