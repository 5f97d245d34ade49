package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Modes of what is made: the person's own calendars, for nobody else to read.
const (
	fileMode   fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700
)

// create makes a new store beside path and puts it there when it is whole, so
// that a crash never leaves half a store. If another process was faster, its
// store stays.
func create(path string, opt Options, steps []migration) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return accessError(path, err)
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return accessError(path, err)
	}
	temp := f.Name()
	defer os.Remove(temp)
	if err := f.Close(); err != nil {
		return accessError(path, err)
	}
	db, err := bolt.Open(temp, fileMode, boltOptions(Options{}))
	if err != nil {
		return accessError(path, err)
	}
	if err := errors.Join(migrate(db, 0, opt.Now(), steps), db.Close()); err != nil {
		return fmt.Errorf("the store %s cannot be made: %w", path, err)
	}
	if err := publish(temp, path); err != nil {
		return accessError(path, err)
	}
	syncFolder(dir)
	return nil
}

// publish gives temp the name path, unless there is a file of that name.
func publish(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// A file system without hard links: copy, still only to a name that is free.
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	from, err := os.Open(temp)
	if err == nil {
		_, err = io.Copy(to, from)
		err = errors.Join(err, from.Close())
	}
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // ours: made above
	}
	return nil
}

// upgrade brings an existing store from version found to the present one, after
// keeping a copy.
func (s *Store) upgrade(found int, now time.Time, steps []migration) error {
	backup := s.path + ".v" + strconv.Itoa(found) + ".bak"
	unchecked := func(string) error { return nil } // it is of a version that this code does not read
	if _, err := s.copyTo(context.Background(), backup, unchecked); err != nil {
		return fmt.Errorf("the store %s was not upgraded, because no copy of it could be kept as %s: %w", s.path, backup, err)
	}
	if err := migrate(s.db, found, now, steps); err != nil {
		return fmt.Errorf("the store %s could not be upgraded from version %d to %d and is as it was: %w", s.path, found, len(steps), err)
	}
	return nil
}

// migrate runs the missing steps in one transaction: all or none.
func migrate(db *bolt.DB, found int, now time.Time, steps []migration) error {
	return db.Update(func(tx *bolt.Tx) error {
		for i, step := range steps[found:] {
			if err := step(tx); err != nil {
				return fmt.Errorf("to version %d: %w", found+i+1, err)
			}
		}
		if found == 0 {
			if err := identify(tx, now); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyVersion, []byte(strconv.Itoa(len(steps))))
	})
}

// syncFolder makes a new name last through a power cut, where folders can be
// synced at all.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
