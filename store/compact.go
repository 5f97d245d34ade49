package store

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Slack is how much of the store's file is free pages, and how long the file is,
// in bytes. What bbolt has the file grow ahead is not counted as free: it would
// after compaction too.
func (s *Store) Slack() (free, size int64, err error) {
	s.swap.RLock()
	defer s.swap.RUnlock()
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, 0, accessError(s.path, err)
	}
	stats := s.db.Stats()
	page := 0
	// In a transaction: a file that just grows has no page size, and Info panics.
	if err := s.db.View(func(tx *bolt.Tx) error { page = tx.DB().Info().PageSize; return nil }); err != nil {
		return 0, 0, err
	}
	return int64(stats.FreePageN+stats.PendingPageN) * int64(page), info.Size(), nil
}

const (
	// compactTx is how much is copied in one transaction of the new file, in bytes:
	// it is held in memory.
	compactTx = 4 << 20
	// swapTries and swapPause are how long Compact waits for a moment in which
	// nobody reads.
	swapTries = 50
	swapPause = 10 * time.Millisecond
)

// Compact copies what is in the store into a new file, without its free pages, and
// puts that in the place of the old one. Transactions go on while it copies;
// between two of them the files change places, while quiet is held (nil: nothing
// is). A crash at any point leaves one whole store.
//
// ErrBusy when something was written meanwhile, or a backup is being made: the
// store stays as it is. On Windows, which lets nobody rename a file that is open,
// it does nothing.
func (s *Store) Compact(ctx context.Context, quiet sync.Locker) error {
	if runtime.GOOS == "windows" || s.refused.Load() != nil {
		return nil
	}
	if !s.copying.TryLock() {
		return ErrBusy
	}
	defer s.copying.Unlock()
	path := s.path + ".compact"
	sweep(path, ".new-*")
	temp, of, err := s.compacted(path)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // no more there once it has its name
	if err := s.checkCopy(temp); err != nil {
		return saveError(temp, err)
	}
	// Its lock is taken before it gets its name, so that there is no moment for
	// another process to take it.
	next, err := bolt.Open(temp, fileMode, boltOptions(Options{}))
	if err != nil {
		return saveError(temp, err)
	}
	if quiet != nil {
		quiet.Lock()
		defer quiet.Unlock()
	}
	if err := s.exchange(ctx, next, temp, of); err != nil {
		return errors.Join(err, next.Close())
	}
	return nil
}

// compacted writes the new file, on the disk when it returns, and says of which
// transaction it is.
func (s *Store) compacted(path string) (temp string, of int, err error) {
	s.swap.RLock()
	defer s.swap.RUnlock()
	temp, err = s.newBeside(path, func(f *os.File) error {
		return s.guard(func() error {
			var err error
			if of, err = transaction(s.db); err != nil {
				return err
			}
			o := boltOptions(Options{})
			o.NoSync = true // newBeside does, once
			db, err := bolt.Open(f.Name(), fileMode, o)
			if err != nil {
				return err
			}
			return errors.Join(bolt.Compact(db, s.db, compactTx), db.Close())
		})
	})
	return temp, of, err
}

// transaction is the number of the last one that was committed.
func transaction(db *bolt.DB) (id int, err error) {
	err = db.View(func(tx *bolt.Tx) error { id = tx.ID(); return nil })
	return id, err
}

// exchange puts next, at temp, in the place of the store's file, if that is still
// as it was at transaction of.
func (s *Store) exchange(ctx context.Context, next *bolt.DB, temp string, of int) error {
	for try := 0; !s.swap.TryLock(); try++ { // Lock would hold up readers within readers
		if try == swapTries {
			return ErrBusy
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(swapPause):
		}
	}
	defer s.swap.Unlock()
	now, err := transaction(s.db)
	if err != nil {
		return err
	}
	if now != of {
		return ErrBusy
	}
	if err := s.replace(temp, s.path); err != nil {
		return err
	}
	last := s.db
	s.db = next
	_ = last.Close() // of a file that has no name any more
	return nil
}
