package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/twinday/twinday/store/state"
)

// Restored says what Restore did.
type Restored struct {
	From Backup // what is in the store's place now
	// Kept is where the file is that was there before; empty if there was none.
	Kept string
	// Passed are newer backups that were passed over because they are not whole.
	Passed []string
}

// Restore puts a backup in the place of the store at path, whatever is there now;
// that is kept beside it. From is the backup's file, or what its time begins with
// ("2026-03-14"); empty means the newest one that is whole. At no moment is there
// no store at path, or half of one.
//
// The restored store knows nothing of what happened since: it has no cursors, so
// that every calendar is read as a whole and compared, every event is looked at
// again, and ids that were minted since are not minted a second time.
//
// *LockedError when a Twinday is using the store.
func Restore(ctx context.Context, path, from string, opt Options) (Restored, error) {
	path = filepath.Clean(path)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Store{path: path, opt: opt}
	release, err := s.keepOut()
	if err != nil {
		return Restored{}, err
	}
	defer release()
	candidates, err := candidates(path, from)
	if err != nil {
		return Restored{}, err
	}
	var r Restored
	var broken error
	for _, b := range candidates {
		temp, err := s.revive(ctx, b)
		var full *SaveError
		switch {
		case errors.As(err, &full) || ctx.Err() != nil:
			return r, err
		case err != nil:
			r.Passed = append(r.Passed, b.Path)
			broken = errors.Join(broken, fmt.Errorf("the backup %s cannot be used: %w", b.Path, err))
			continue
		}
		defer os.Remove(temp)
		r.From = b
		if r.Kept, err = s.keepAside(); err != nil {
			return r, err
		}
		if runtime.GOOS == "windows" {
			release() // it lets nobody replace a file that is open
		}
		return r, s.replace(temp, path)
	}
	return r, broken
}

// keepOut keeps other Twindays from the store until release. A file so damaged
// that it cannot be locked lets none of them in anyway.
func (s *Store) keepOut() (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(s.path), folderMode); err != nil {
		return nil, accessError(s.path, err)
	}
	var db *bolt.DB
	err = s.guard(func() (err error) {
		db, err = bolt.Open(s.path, fileMode, boltOptions(Options{ReadOnly: true}))
		return err
	})
	s.damaged.Store(nil)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, &LockedError{Path: s.path}
	case err != nil || db == nil:
		return func() {}, nil
	}
	return func() { _ = db.Close() }, nil // it was not written to
}

// candidates lists the backups that from may mean, best first.
func candidates(path, from string) ([]Backup, error) {
	have, err := Backups(path)
	if err != nil {
		return nil, err
	}
	if from == "" {
		if len(have) == 0 {
			return nil, fmt.Errorf("there is no backup of %s in %s: move it away, and Twinday starts anew and finds its own copies again", path, backupFolder(path))
		}
		return have, nil
	}
	for _, b := range have {
		if strings.HasPrefix(strings.TrimPrefix(filepath.Base(b.Path), backupPrefix(path)), from) {
			return []Backup{b}, nil
		}
	}
	info, err := os.Stat(from)
	if err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("there is no backup %q: name a file, or a day of those in %s", from, backupFolder(path))
	}
	return []Backup{{Path: filepath.Clean(from), Time: info.ModTime().UTC(), Size: info.Size()}}, nil
}

// revive makes a store of a backup, beside the one that it is to replace.
func (s *Store) revive(ctx context.Context, b Backup) (temp string, err error) {
	temp, err = s.newBeside(s.path+".restored", func(f *os.File) error {
		from, err := os.Open(b.Path)
		if err != nil {
			return err
		}
		_, err = io.Copy(&bounded{ctx, f}, from)
		return errors.Join(err, from.Close())
	})
	if err != nil {
		return "", err
	}
	defer func() {
		sweep(temp, ".v*.bak") // of an upgrade: the backup itself is still there
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	next, err := Open(temp, Options{Now: s.opt.Now, At: s.opt.At})
	if err != nil {
		return "", err
	}
	err = next.Update(func(tx *Tx) error { return tx.awake(b, s.opt.Now()) })
	if err == nil {
		err = s.opt.at(ToCheck, temp)
	}
	if err == nil {
		err = next.Check()
	}
	return temp, errors.Join(err, next.Close())
}

// How far the sequences of ids go on after a restore: further than anybody gets in
// the weeks that a backup is kept. An id that was minted and lost stands in marks
// and keys out there; minted again, it would take another event for its own.
const (
	skippedEntities = 1 << 20
	skippedMirrors  = 100
)

// awake tells a store that time has passed it by.
func (t *Tx) awake(b Backup, now time.Time) error {
	for name, by := range map[string]uint64{string(bucketEntities): skippedEntities, string(bucketIntents): skippedEntities, string(bucketMirrors): skippedMirrors} {
		bucket := t.bucket([]byte(name))
		if err := bucket.SetSequence(bucket.Sequence() + by); err != nil {
			return err
		}
	}
	for _, ref := range keys(t.bucket(bucketCursors), nil) {
		if err := t.bucket(bucketCursors).Delete([]byte(ref)); err != nil {
			return err
		}
	}
	if err := t.RebuildIndexes(); err != nil {
		return err
	}
	return t.AppendHistory(&state.HistoryEntry{Time: now, Pass: t.LastPass(), Outcome: state.Noted,
		Why: "the store was put back from the backup of " + b.Time.Format("2 January 2006 15:04 MST") + "; all calendars are read anew"})
}

// keepAside gives the file at path a second name, so that it is not lost when
// another one takes the first.
func (s *Store) keepAside() (string, error) {
	if _, err := os.Lstat(s.path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	aside := s.path + ".replaced-" + s.opt.Now().UTC().Format(backupTime)
	if err := s.opt.at(ToCreate, aside); err != nil {
		return "", saveError(aside, err)
	}
	_ = os.Remove(aside) // of the same second, by a restore that was cut off
	if os.Link(s.path, aside) == nil {
		return aside, nil
	}
	// A file system without hard links.
	temp, err := s.newBeside(aside, func(f *os.File) error {
		from, err := os.Open(s.path)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, from)
		return errors.Join(err, from.Close())
	})
	if err != nil {
		return "", err
	}
	return aside, s.replace(temp, aside)
}
