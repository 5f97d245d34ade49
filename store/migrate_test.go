package store

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// withExtra is the real migrations and one more.
func withExtra(extra migration) []migration {
	return append(append([]migration{}, migrations...), extra)
}

// nowBackup is what the copy of a store of the present version is called.
var nowBackup = fmt.Sprintf(".v%d.bak", len(migrations))

func storeOfNow(t *testing.T) (path, installation string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "twinday.db")
	s := reopen(t, path)
	update(t, s, func(tx *Tx) error { return tx.SetSetting("theme", "dark") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path, s.Installation()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func theme(t *testing.T, s *Store) (v string) {
	t.Helper()
	view(t, s, func(tx *Tx) error { v, _ = tx.Setting("theme"); return nil })
	return v
}

func TestUpgradeKeepsACopyOfTheOldStore(t *testing.T) {
	path, installation := storeOfNow(t)
	s, err := open(path, Options{}, withExtra(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("added"))
		return errors.Join(err, tx.Bucket(bucketSettings).Put([]byte("theme"), []byte("light")))
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if theme(t, s) != "light" || s.Installation() != installation {
		t.Errorf("after the upgrade: theme %q, installation %q, was %q", theme(t, s), s.Installation(), installation)
	}
	backup := path + nowBackup
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the copy: %v, %v", info, err)
	}
	old := reopen(t, backup)
	if theme(t, old) != "dark" || old.Installation() != installation {
		t.Errorf("the copy holds theme %q, installation %q", theme(t, old), old.Installation())
	}
	if err := old.Check(); err != nil {
		t.Errorf("the copy: %v", err)
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 2 {
		t.Errorf("the folder holds %v, want the store and its copy", names)
	}
}

// The file was left by Twinday itself as it was before version 2 (commit 7c4491c), after a
// sync of two simulated accounts with one meeting, on 5 December 2026.
func TestAStoreThatVersion1MadeIsUpgraded(t *testing.T) {
	packed, err := gzip.NewReader(bytes.NewReader(read(t, filepath.Join("testdata", "v1.db.gz"))))
	if err != nil {
		t.Fatal(err)
	}
	old, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "twinday.db")
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, path)
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if kept, err := open(path+".v1.bak", Options{}, migrations[:1]); err != nil || kept.Installation() != s.Installation() {
		t.Errorf("the copy of the old store: %v", err)
	} else if err := kept.Close(); err != nil {
		t.Error(err)
	}
	view(t, s, func(tx *Tx) error {
		accounts, err := tx.Accounts()
		mirrors, err2 := tx.Mirrors()
		history, err3 := tx.History(HistoryFilter{})
		if err := errors.Join(err, err2, err3); err != nil || len(accounts) != 2 || len(mirrors) != 1 || len(history) != 1 || history[0].Title != "Harbour walk" {
			t.Errorf("%v, %v, %v, %v", accounts, mirrors, history, err)
		}
		for _, m := range mirrors[0].Members {
			found, _ := tx.EventsBetween(m.Ref, time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 6, 0, 0, 0, 0, time.UTC), 10)
			linked := ""
			if len(found) == 1 {
				id, _, err := tx.EntityOf(m.Ref, found[0])
				linked = string(id)
				if err != nil {
					t.Error(err)
				}
			}
			if linked == "" {
				t.Errorf("in %s it finds %v of that day, linked %q", m.Ref.Account, found, linked)
			}
		}
		return nil
	})
}

func TestAFailedUpgradeLeavesTheStoreAsItWas(t *testing.T) {
	path, _ := storeOfNow(t)
	before := read(t, path)
	oops := errors.New("oops")
	for name, extra := range map[string]migration{
		"one that fails": func(tx *bolt.Tx) error {
			_, err := tx.CreateBucket([]byte("added"))
			return errors.Join(err, tx.DeleteBucket(bucketHistory), oops)
		},
		"a later one that fails": func(tx *bolt.Tx) error { return oops },
	} {
		steps := withExtra(extra)
		if strings.Contains(name, "later") {
			steps = append(withExtra(func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketHistory) }), extra)
		}
		_, err := open(path, Options{}, steps)
		if !errors.Is(err, oops) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(before, read(t, path)) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	s := reopen(t, path) // the old program still can
	if err := s.Check(); err != nil || theme(t, s) != "dark" {
		t.Errorf("theme %q, %v", theme(t, s), err)
	}
}

func TestNoUpgradeWithoutACopy(t *testing.T) {
	path, _ := storeOfNow(t)
	before := read(t, path)
	if err := os.Mkdir(path+nowBackup, 0o700); err != nil { // in the copy's way
		t.Fatal(err)
	}
	ran := false
	_, err := open(path, Options{}, withExtra(func(*bolt.Tx) error { ran = true; return nil }))
	if err == nil || !strings.Contains(err.Error(), nowBackup) || ran {
		t.Errorf("upgraded: %v, %v", ran, err)
	}
	if !bytes.Equal(before, read(t, path)) {
		t.Error("the file was changed")
	}
}

func TestAStoreOfANewerTwindayIsNotTouched(t *testing.T) {
	path, _ := storeOfNow(t)
	s, err := open(path, Options{}, withExtra(func(*bolt.Tx) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := read(t, path)
	for _, opt := range []Options{{}, {ReadOnly: true}} {
		_, err = Open(path, opt)
		var newer *NewerError
		if !errors.As(err, &newer) || newer.Found != len(migrations)+1 || newer.Known != len(migrations) {
			t.Fatalf("%T: %v", err, err)
		}
		saysTheWayOut(t, err, path)
	}
	if !bytes.Equal(before, read(t, path)) {
		t.Error("the file was changed")
	}
}

func TestReadOnlyDoesNotUpgrade(t *testing.T) {
	path, _ := storeOfNow(t)
	before := read(t, path)
	if _, err := open(path, Options{ReadOnly: true}, withExtra(func(*bolt.Tx) error { return nil })); err == nil {
		t.Error("an old store was opened read-only")
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 || !bytes.Equal(before, read(t, path)) {
		t.Errorf("something was written: %v", names)
	}
}

func TestANewStoreRunsAllMigrationsAndNeedsNoCopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinday.db")
	s, err := open(path, Options{Now: func() time.Time { return noon }}, withExtra(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("added"))
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("the folder holds %v", names)
	}
	err = s.db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if string(meta.Get(keyVersion)) != strconv.Itoa(len(migrations)+1) || string(meta.Get(keyCreated)) != "2026-03-15T12:00:00Z" || tx.Bucket([]byte("added")) == nil {
			t.Errorf("version %s, created %s", meta.Get(keyVersion), meta.Get(keyCreated))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAFailedFirstStartLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "twinday.db")
	oops := errors.New("oops")
	if _, err := open(path, Options{}, withExtra(func(*bolt.Tx) error { return oops })); !errors.Is(err, oops) {
		t.Errorf("got %v", err)
	}
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) != 0 {
		t.Errorf("left over: %v", names)
	}
}

func TestPublishNeverReplacesAFile(t *testing.T) {
	dir := t.TempDir()
	temp, path := filepath.Join(dir, "new"), filepath.Join(dir, "twinday.db")
	for name, text := range map[string]string{temp: "new", path: "old"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := publish(temp, path); err != nil || string(read(t, path)) != "old" {
		t.Errorf("the file that was faster became %q, %v", read(t, path), err)
	}
}
