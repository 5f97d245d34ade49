package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestTheFolderIsLookedAt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	refuses := false
	s, err := Open(filepath.Join(dir, "twinday.db"), Options{At: func(p Point) error {
		if p.Do == ToCreate && refuses {
			return syscall.EROFS
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	look := func() Folder {
		t.Helper()
		f, err := s.Folder()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := look()
	if f.Size == 0 || !f.Known || f.Room == 0 || len(f.Open) != 0 || f.Refused != nil || s.Schema() != len(migrations) {
		t.Errorf("a new one: %+v", f)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("looking leaves %v behind", files)
	}

	if _, err := s.Backup(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	backups, _ := Backups(s.Path())
	for name, mode := range map[string]os.FileMode{dir: 0o755, s.Path(): 0o640, backupFolder(s.Path()): 0o755, backups[0].Path: 0o604} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got := look().Open; !slices.Equal(got, []string{"twinday.db", filepath.Base(backups[0].Path)}) {
		t.Errorf("open to others: %q", got)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := look().Open; len(got) != 0 {
		t.Errorf("in a closed folder: %q", got)
	}

	refuses = true
	var e *SaveError
	if f := look(); !errors.As(f.Refused, &e) || e.Why != DiskReadOnly {
		t.Errorf("a folder that can only be read: %v", f.Refused)
	}
}

func TestACheckThatTakesTooLongIsCutOff(t *testing.T) {
	s := reopen(t, filepath.Join(t.TempDir(), "twinday.db"))
	putTheme(t, s, "dark")
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.CheckWithin(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	if err := s.CheckWithin(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
