package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Backup is a copy of a store as it was at one moment.
type Backup struct {
	Path string
	Time time.Time // in UTC, to the second
	Size int64
}

// How many backups are kept: enough to go back behind a mistake that was noticed
// late, not so many that they fill the disk. More than a month back the calendars
// themselves know better.
const (
	keptDaily  = 7 // the newest ones
	keptWeekly = 4 // of the weeks before, the newest of each
)

const backupTime = "2006-01-02T150405Z" // no colons: Windows

// backupFolder is where the backups of the store at path are, beside it.
func backupFolder(path string) string { return filepath.Join(filepath.Dir(path), "backups") }

// backupPrefix begins the names of the backups of the store at path.
func backupPrefix(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base)) + "-"
}

// Backups lists the backups of the store at path, newest first. It does not look
// into them.
func Backups(path string) ([]Backup, error) {
	path = filepath.Clean(path)
	files, err := os.ReadDir(backupFolder(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for backups: %w", err)
	}
	var out []Backup
	for _, f := range files {
		name, ours := strings.CutPrefix(f.Name(), backupPrefix(path))
		name, db := strings.CutSuffix(name, ".db")
		made, err := time.Parse(backupTime, name)
		info, err2 := f.Info()
		if !ours || !db || err != nil || err2 != nil || !info.Mode().IsRegular() {
			continue
		}
		out = append(out, Backup{filepath.Join(backupFolder(path), f.Name()), made, info.Size()})
	}
	slices.SortFunc(out, func(a, b Backup) int { return b.Time.Compare(a.Time) })
	return out, nil
}

// outlived picks the backups, newest first, that need not be kept any longer.
func outlived(have []Backup) []Backup {
	type week struct{ year, number int }
	weeks := map[week]bool{}
	var out []Backup
	for i, b := range have {
		if i < keptDaily {
			continue
		}
		var w week
		w.year, w.number = b.Time.ISOWeek()
		if weeks[w] || len(weeks) == keptWeekly {
			out = append(out, b)
			continue
		}
		weeks[w] = true
	}
	return out
}

// Backup copies the store into the folder backups beside it, checks the copy, and
// drops those backups that have had their time. Transactions go on meanwhile: only
// a writer that must make room for much more waits for the copying, which ctx
// bounds. ErrBusy when a backup or a compaction is under way already, a *SaveError
// when there is no room for it. On failure, what was there before is there still.
func (s *Store) Backup(ctx context.Context, now time.Time) (Backup, error) {
	if !s.copying.TryLock() {
		return Backup{}, ErrBusy
	}
	defer s.copying.Unlock()
	b := Backup{Time: now.UTC().Truncate(time.Second)}
	b.Path = filepath.Join(backupFolder(s.path), backupPrefix(s.path)+b.Time.Format(backupTime)+".db")
	if err := s.opt.at(ToCreate, b.Path); err != nil {
		return b, saveError(b.Path, err)
	}
	if err := os.MkdirAll(filepath.Dir(b.Path), folderMode); err != nil {
		return b, saveError(b.Path, err)
	}
	sweep(filepath.Join(backupFolder(s.path), backupPrefix(s.path)), "*.new-*")
	sweep(s.path, "*.new-*") // of a restore or an upgrade: neither runs while a store is open
	s.swap.RLock()
	defer s.swap.RUnlock()
	size, err := s.copyTo(ctx, b.Path, s.checkCopy)
	if err != nil {
		return b, err
	}
	b.Size = size
	have, err := Backups(s.path)
	if err != nil {
		return b, err
	}
	for _, old := range outlived(have) {
		if err := errors.Join(s.opt.at(ToRemove, old.Path), os.Remove(old.Path)); err != nil {
			return b, fmt.Errorf("the backup %s has had its time, and cannot be removed: %w", old.Path, err)
		}
	}
	return b, nil
}

// sweep removes what a run that was cut off left: files whose names begin as path does
// and go on as pattern has it. (A pattern of the whole path would fail on folders with
// brackets in their names.) The caller knows that none is being made.
func sweep(path, pattern string) {
	dir := filepath.Dir(path)
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		rest, ours := strings.CutPrefix(f.Name(), filepath.Base(path))
		if left, _ := filepath.Match(pattern, rest); ours && left {
			_ = os.Remove(filepath.Join(dir, f.Name())) // if not, it is in nobody's way
		}
	}
}

// checkCopy reports whether a file is a whole store.
func (s *Store) checkCopy(path string) error {
	if err := s.opt.at(ToCheck, path); err != nil {
		return err
	}
	return checkFile(path)
}

func checkFile(path string) error {
	c, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(c.Check(), c.Close())
}

// copyTo writes the whole store to path, which is either complete, and has passed
// check, or is not there. The caller holds s.swap.
func (s *Store) copyTo(ctx context.Context, path string, check func(string) error) (size int64, err error) {
	temp, err := s.newBeside(path, func(f *os.File) error {
		return s.guard(func() error {
			return s.db.View(func(tx *bolt.Tx) error {
				size, err = tx.WriteTo(&bounded{ctx, f})
				return err
			})
		})
	})
	if cut := ctx.Err(); err != nil && cut != nil { // bbolt hands it on as text
		return 0, cut
	}
	if err != nil {
		return 0, err
	}
	defer os.Remove(temp)
	if err := check(temp); err != nil {
		return 0, fmt.Errorf("the copy of the store is not whole: %w", err)
	}
	if err := s.replace(temp, path); err != nil {
		return 0, err
	}
	return size, nil
}

// newBeside makes a file beside path for this user alone, has it written, and
// brings it to the disk. The caller gives it its name, or removes it.
func (s *Store) newBeside(path string, write func(*os.File) error) (temp string, err error) {
	if err := s.opt.at(ToCreate, path); err != nil {
		return "", saveError(path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return "", saveError(path, err)
	}
	err = s.opt.at(ToWrite, f.Name())
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = s.opt.at(ToSync, f.Name())
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		if isDamaged(err) {
			return "", err
		}
		return "", saveError(path, err)
	}
	return f.Name(), nil
}

// replace gives temp the name path, at once and for good.
func (s *Store) replace(temp, path string) error {
	if err := s.opt.at(ToReplace, path); err != nil {
		return saveError(path, err)
	}
	if err := os.Rename(temp, path); err != nil {
		return saveError(path, err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// bounded writes until its context ends.
type bounded struct {
	ctx context.Context
	to  io.Writer
}

func (b *bounded) Write(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.to.Write(p)
}
