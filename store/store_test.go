package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

var (
	work = state.Ref{Account: "anna@work", Calendar: "primary"}
	home = state.Ref{Account: "anna@home", Calendar: "AAMk/AD=="}
	noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
)

func tempStore(t *testing.T) *Store {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "data", "twinday.db"))
}

func reopen(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path, Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func update(t *testing.T, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.Update(f); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Fatalf("after the update: %v", err)
	}
}

func view(t *testing.T, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.View(f); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestOpenMakesAStoreForNobodyElseToRead(t *testing.T) {
	s := tempStore(t)
	for path, want := range map[string]os.FileMode{s.Path(): 0o600, filepath.Dir(s.Path()): 0o700} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(path), got, want)
		}
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(s.Path()), "*"))
	if err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v (%v), want the store alone", names, err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

func TestOpenTightensTheModeOfAFileThatOthersCouldRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinday.db")
	s := reopen(t, path)
	if err := errors.Join(s.Close(), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	reopen(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v (%v), want 0600", info.Mode(), err)
	}
}

func TestInstallationIsMintedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinday.db")
	s := reopen(t, path)
	first := s.Installation()
	if len(first) != 16 {
		t.Errorf("installation %q, want 16 characters", first)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again := reopen(t, path).Installation(); again != first {
		t.Errorf("installation became %q, was %q", again, first)
	}
	if other := tempStore(t).Installation(); other == first {
		t.Errorf("two stores are both %q", first)
	}
}

func TestASecondOpenFailsAtOnceAndSaysWhoHasIt(t *testing.T) {
	s := tempStore(t)
	for name, opt := range map[string]Options{"to write": {}, "to read": {ReadOnly: true}} {
		_, err := Open(s.Path(), opt)
		var locked *LockedError
		if !errors.As(err, &locked) || locked.Path != s.Path() {
			t.Errorf("a second open %s gave %v, want a LockedError", name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	reopen(t, s.Path())
}

func TestReadOnlySharesAndRefusesToWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinday.db")
	if _, err := Open(path, Options{ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("read-only without a store gave %v, want one that is os.ErrNotExist", err)
	}
	s := reopen(t, path)
	update(t, s, func(tx *Tx) error { return tx.SetSetting("theme", "dark") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, err := Open(path, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		view(t, r, func(tx *Tx) error {
			if v, ok := tx.Setting("theme"); v != "dark" || !ok {
				t.Errorf("theme is %q, %v", v, ok)
			}
			return nil
		})
		if err := r.Update(func(*Tx) error { return nil }); err == nil {
			t.Error("a read-only store took an update")
		}
	}
}

func TestAFailedUpdateKeepsNothing(t *testing.T) {
	s := tempStore(t)
	oops := errors.New("oops")
	err := s.Update(func(tx *Tx) error {
		return errors.Join(tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"a"}})),
			tx.MarkDirty(work, "a"), tx.SetSetting("k", "v"), oops)
	})
	if err == nil || !errors.Is(err, oops) {
		t.Fatalf("got %v, want %v as it was", err, oops)
	}
	view(t, s, func(tx *Tx) error {
		_, ok, err := tx.Entity("e1")
		_, linked, _ := tx.EntityOf(work, "a")
		_, set := tx.Setting("k")
		if ok || linked || set || len(tx.DirtyEvents()) != 0 || tx.CountLinked(work) != 0 {
			t.Error("something was kept")
		}
		return err
	})
}

func TestMintingInAViewFailsTheView(t *testing.T) {
	s := tempStore(t)
	for name, mint := range map[string]func(*Tx){
		"entity": func(tx *Tx) { tx.NextEntityID() }, "intent": func(tx *Tx) { tx.NextIntentID() },
		"mirror": func(tx *Tx) { tx.NextMirrorID() }, "pass": func(tx *Tx) { tx.NextPass() },
	} {
		if err := s.View(func(tx *Tx) error { mint(tx); return nil }); err == nil {
			t.Errorf("%s: the view succeeded", name)
		}
	}
}

func TestAPanicOfTheCallerGoesOnAndLeavesTheStoreUsable(t *testing.T) {
	s := tempStore(t)
	func() {
		defer func() {
			if r := recover(); r != "mine" {
				t.Errorf("recovered %v, want the caller's own panic", r)
			}
		}()
		_ = s.Update(func(tx *Tx) error {
			_ = tx.SetSetting("k", "v")
			panic("mine")
		})
	}()
	update(t, s, func(tx *Tx) error {
		if _, ok := tx.Setting("k"); ok {
			t.Error("the update that panicked was kept")
		}
		return nil
	})
}

// entity has one record a calendar with these remote ids as parts.
func entity(id state.EntityID, parts map[state.Ref][]string) state.Entity {
	e := state.Entity{ID: id, Home: work, Records: map[state.Ref]state.Record{}, Made: noon}
	for ref, ids := range parts {
		r := state.Record{Parts: []state.Part{}}
		for _, remote := range ids {
			r.Parts = append(r.Parts, state.Part{ID: calendar.RemoteID(remote), Version: "v1"})
		}
		e.Records[ref] = r
	}
	return e
}
