package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twinday/twinday/store/state"
)

func backup(t *testing.T, s *Store, now time.Time) Backup {
	t.Helper()
	b, err := s.Backup(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func putTheme(t *testing.T, s *Store, v string) {
	t.Helper()
	update(t, s, func(tx *Tx) error { return tx.SetSetting("theme", v) })
}

func TestABackupIsAWholeStoreForNobodyElseToRead(t *testing.T) {
	s := tempStore(t)
	putTheme(t, s, "dark")
	b := backup(t, s, noon)
	if want := filepath.Join(filepath.Dir(s.path), "backups", "twinday-2026-03-15T120000Z.db"); b.Path != want {
		t.Errorf("it is %s, want %s", b.Path, want)
	}
	for path, want := range map[string]os.FileMode{b.Path: 0o600, filepath.Dir(b.Path): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	putTheme(t, s, "light")
	c := reopen(t, b.Path)
	if theme(t, c) != "dark" || c.Check() != nil || c.Installation() != s.Installation() {
		t.Errorf("the backup holds theme %q", theme(t, c))
	}
	have, err := Backups(s.path)
	same(t, "backups", have, []Backup{b})
	if names, _ := os.ReadDir(filepath.Dir(b.Path)); len(names) != 1 || err != nil {
		t.Errorf("in the folder: %v, %v", names, err)
	}
}

func TestBackupsOfSevenDaysAndFourWeeksAreKept(t *testing.T) {
	s := tempStore(t)
	keep := func(days ...int) (out []string) {
		for _, d := range days {
			out = append(out, noon.AddDate(0, 0, d).Format(time.DateOnly))
		}
		return out
	}
	mine := filepath.Join(backupFolder(s.path), "twinday-before-holiday.db") // a person's own copy
	for day := range 100 {                                                   // noon of day 0 is a Sunday
		backup(t, s, noon.AddDate(0, 0, day))
		if day == 0 {
			if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	have, err := Backups(s.path)
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, b := range have {
		days = append(days, b.Time.Format(time.DateOnly))
	}
	// Day 99 is a Monday: seven days, then the rest of that week, and Sundays.
	same(t, "days", days, keep(99, 98, 97, 96, 95, 94, 93, 92, 91, 84, 77)) // day 92 is the Monday of the week that day 98 ends
	if b, err := os.ReadFile(mine); string(b) != "mine" {
		t.Errorf("a file that is no backup of ours: %q, %v", b, err)
	}
}

func TestABackupThatFailsLeavesWhatWasThere(t *testing.T) {
	s := tempStore(t)
	putTheme(t, s, "dark")
	first := backup(t, s, noon)
	for do, want := range map[Act]error{
		ToCreate: syscall.EROFS, ToWrite: syscall.ENOSPC, ToSync: syscall.ENOSPC, ToCheck: errors.New("bad"), ToReplace: syscall.EACCES,
	} {
		s.opt.At = func(p Point) error {
			if p.Do == do {
				return want
			}
			return nil
		}
		_, err := s.Backup(t.Context(), noon.AddDate(0, 0, 1))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", do, err)
		}
		s.opt.At = nil
		have, err := Backups(s.path)
		same(t, string(do), have, []Backup{first})
		if names, _ := os.ReadDir(backupFolder(s.path)); len(names) != 1 || err != nil {
			t.Errorf("%s left %v, %v", do, names, err)
		}
		putTheme(t, s, "after "+string(do))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Backup(ctx, noon.AddDate(0, 0, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("past its time: %v", err)
	}
}

func TestNeverTwoBackupsAtOnceAndUpdatesGoOn(t *testing.T) {
	s := tempStore(t)
	putTheme(t, s, "dark")
	s.opt.At = func(p Point) error {
		if p.Do != ToCheck {
			return nil
		}
		if _, err := s.Backup(t.Context(), noon); !errors.Is(err, ErrBusy) {
			t.Errorf("a second backup: %v", err)
		}
		if err := s.Compact(t.Context(), nil); !errors.Is(err, ErrBusy) {
			t.Errorf("a compaction: %v", err)
		}
		return s.Update(func(tx *Tx) error { return tx.SetSetting("theme", "light") })
	}
	b := backup(t, s, noon)
	s.opt.At = nil
	if theme(t, s) != "light" || theme(t, reopen(t, b.Path)) != "dark" {
		t.Error("an update while it was copied is lost, or in the copy")
	}
}

func TestACrashInABackupLeavesTheStoreAndWholeBackups(t *testing.T) {
	s := tempStore(t)
	putTheme(t, s, "dark")
	backup(t, s, noon)
	points := crashes(t, s, func() { backup(t, s, noon.AddDate(0, 0, 1)) }, func(at Point, folder string) {
		left := reopen(t, filepath.Join(folder, "twinday.db"))
		have, err := Backups(left.path)
		if err != nil || len(have) == 0 {
			t.Errorf("at %s: %v, %v", at.Do, have, err)
		}
		for _, b := range have {
			if err := checkFile(b.Path); err != nil {
				t.Errorf("at %s: %v", at.Do, err)
			}
		}
		backup(t, left, noon.AddDate(0, 0, 2)) // it goes on, and sweeps
		if names, _ := filepath.Glob(filepath.Join(folder, "backups", "*.new-*")); len(names) > 0 {
			t.Errorf("at %s: left over %v", at.Do, names)
		}
	})
	if len(points) < 5 {
		t.Errorf("only %v", points)
	}
}

// spoil overwrites what the pages of a store hold, but not its headers.
func spoil(t *testing.T, path string) {
	t.Helper()
	b := read(t, path)
	size := pageSizeOf(b)
	for at := 2 * size; at < len(b); at += size {
		copy(b[at:], bytes.Repeat([]byte{0xEE}, pageHeaderSize))
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// lived is a store in whose life a backup was made, closed, and its first entity's
// id.
func lived(t *testing.T) (path string, first state.EntityID) {
	t.Helper()
	s := tempStore(t)
	update(t, s, func(tx *Tx) error {
		first = tx.NextEntityID()
		tx.NextMirrorID()
		return errors.Join(tx.SetSetting("theme", "dark"), tx.SetCursor(work, "c1"), tx.PutReplica(work, replica("a", "Lunch")),
			tx.PutEntity(entity(first, map[state.Ref][]string{work: {"a"}})), tx.PutIntent(state.Intent{ID: tx.NextIntentID(), Began: noon}))
	})
	backup(t, s, noon)
	putTheme(t, s, "light")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.path, first
}

func TestADamagedStoreNamesItsBackupAndRestorePutsItThere(t *testing.T) {
	path, first := lived(t)
	spoil(t, path)
	spoiled := read(t, path)
	_, err := Open(path, Options{})
	have, _ := Backups(path)
	if !isDamaged(err) || len(have) != 1 {
		t.Fatalf("%T: %v; backups %v", err, err, have)
	}
	for _, want := range []string{have[0].Path, "15 March 2026", "`twinday restore --data " + filepath.Dir(path) + "`"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %q", err, want)
		}
	}
	later := func() time.Time { return noon.AddDate(0, 0, 3) }
	r, err := Restore(t.Context(), path, "", Options{Now: later})
	if err != nil || r.From != have[0] || !bytes.Equal(read(t, r.Kept), spoiled) {
		t.Fatalf("%+v, %v", r, err)
	}
	s := reopen(t, path)
	if err := s.Check(); err != nil || theme(t, s) != "dark" {
		t.Errorf("theme %q, %v", theme(t, s), err)
	}
	view(t, s, func(tx *Tx) error {
		_, cursor, _ := tx.Cursor(work)
		intents, err := tx.Intents()
		h, _ := tx.History(HistoryFilter{})
		if cursor || len(intents) != 1 || len(h) != 1 || !strings.Contains(h[0].Why, "15 March 2026") {
			t.Errorf("cursor %v, intents %v, history %v", cursor, intents, h)
		}
		same(t, "dirty", tx.DirtyEvents(), []DirtyEvent{{work, "a"}})
		return err
	})
	update(t, s, func(tx *Tx) error {
		if e, m := tx.NextEntityID(), tx.NextMirrorID(); e <= first[:len(first)-3]+"zzz" || m == "m2" {
			t.Errorf("ids go on as %q, %q: they may be out there already", e, m)
		}
		return nil
	})
}

func TestRestorePassesOverABackupThatIsNotWhole(t *testing.T) {
	path, _ := lived(t)
	newer := filepath.Join(backupFolder(path), "twinday-2026-03-16T120000Z.db")
	have, _ := Backups(path)
	if err := os.WriteFile(newer, read(t, have[0].Path), 0o600); err != nil {
		t.Fatal(err)
	}
	spoil(t, newer)
	r, err := Restore(t.Context(), path, "", Options{})
	if err != nil || r.From != have[0] || len(r.Passed) != 1 || r.Passed[0] != newer {
		t.Errorf("%+v, %v", r, err)
	}
	if err := os.Remove(have[0].Path); err != nil {
		t.Fatal(err)
	}
	before := read(t, path)
	for _, from := range []string{"", "2026-03-16", newer, "2025-01-01"} {
		if _, err := Restore(t.Context(), path, from, Options{}); err == nil || !bytes.Equal(before, read(t, path)) {
			t.Errorf("from %q: %v; the store must stay", from, err)
		}
	}
}

func TestRestoreNeedsNoEngineAndLeavesOneWholeStoreWhateverHappens(t *testing.T) {
	path, _ := lived(t)
	running := reopen(t, path)
	if _, err := Restore(t.Context(), path, "", Options{}); !errors.As(err, new(*LockedError)) {
		t.Fatalf("beside an engine: %v", err)
	}
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	at := func(p Point) error {
		n++
		folder := filepath.Join(t.TempDir(), fmt.Sprint(n))
		if err := os.CopyFS(folder, os.DirFS(filepath.Dir(path))); err != nil {
			t.Error(err)
		}
		left := reopen(t, filepath.Join(folder, "twinday.db"))
		if got := theme(t, left); got != "light" {
			t.Errorf("a crash before %s leaves theme %q", p.Do, got)
		}
		return nil
	}
	if _, err := Restore(t.Context(), path, "2026-03-15", Options{At: at}); err != nil {
		t.Fatal(err)
	}
	if theme(t, reopen(t, path)) != "dark" || n < 5 {
		t.Errorf("theme %q after %d points", theme(t, reopen(t, path)), n)
	}
}

// slack is a store that is mostly free pages.
func slack(t *testing.T) *Store {
	t.Helper()
	s := tempStore(t)
	s.db.NoSync = true
	update(t, s, func(tx *Tx) error {
		for i := range 400 {
			r := replica(fmt.Sprint(i), "Lunch")
			r.Event.Content.Notes.HTML = strings.Repeat("n", 5000)
			if err := tx.PutReplica(work, r); err != nil {
				return err
			}
		}
		return tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"a"}}))
	})
	update(t, s, func(tx *Tx) error { return errors.Join(tx.DropReplicas(work), tx.SetSetting("theme", "dark")) })
	putTheme(t, s, "dark")
	s.db.NoSync = false
	return s
}

func TestCompactGivesFreePagesBack(t *testing.T) {
	s := slack(t)
	free, before, err := s.Slack()
	if err != nil || free < before/2 {
		t.Fatalf("%d of %d bytes are free, %v", free, before, err)
	}
	was := content(t, s)
	var quiet sync.Mutex
	if err := s.Compact(t.Context(), &quiet); err != nil {
		t.Fatal(err)
	}
	_, after, err := s.Slack()
	if err != nil || after > before/4 || content(t, s) != was || s.Check() != nil {
		t.Errorf("%d bytes became %d, %v", before, after, err)
	}
	if info, err := os.Stat(s.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	putTheme(t, s, "light") // it goes on, in the file that has the name
	if _, err := Open(s.path, Options{}); !errors.As(err, new(*LockedError)) {
		t.Errorf("the new file is not locked: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if theme(t, reopen(t, s.path)) != "light" {
		t.Error("what was written after the exchange is lost")
	}
}

func TestCompactGivesWayToAWriter(t *testing.T) {
	s := slack(t)
	s.opt.At = func(p Point) error {
		if p.Do == ToCheck {
			return s.Update(func(tx *Tx) error { return tx.SetSetting("theme", "light") })
		}
		return nil
	}
	if err := s.Compact(t.Context(), nil); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	s.opt.At = nil
	if theme(t, s) != "light" || s.Check() != nil {
		t.Error("the update is lost")
	}
	if names, _ := filepath.Glob(s.path + ".*"); len(names) != 0 {
		t.Errorf("left over: %v", names)
	}
}

func TestACompactionThatFailsOrCrashesLeavesOneWholeStore(t *testing.T) {
	s := slack(t)
	for _, do := range []Act{ToCreate, ToWrite, ToSync, ToCheck, ToReplace} {
		s.opt.At = func(p Point) error {
			if p.Do == do {
				return syscall.ENOSPC
			}
			return nil
		}
		var full *SaveError
		if err := s.Compact(t.Context(), nil); !errors.As(err, &full) || full.Why != DiskFull {
			t.Errorf("%s: %v", do, err)
		}
		s.opt.At = nil
		if names, _ := filepath.Glob(s.path + ".*"); len(names) != 0 {
			t.Errorf("%s left %v", do, names)
		}
		putTheme(t, s, "after "+string(do))
	}
	was := content(t, s)
	points := crashes(t, s, func() {
		if err := s.Compact(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}, func(at Point, folder string) {
		left := reopen(t, filepath.Join(folder, "twinday.db"))
		if left.Check() != nil || content(t, left) != was {
			t.Errorf("a crash at %s leaves another store", at.Do)
		}
		if err := left.Compact(t.Context(), nil); err != nil || content(t, left) != was {
			t.Errorf("after a crash at %s: %v", at.Do, err)
		}
		if names, _ := filepath.Glob(left.path + ".*"); len(names) != 0 {
			t.Errorf("after a crash at %s, left over: %v", at.Do, names)
		}
	})
	if len(points) != 5 || content(t, s) != was {
		t.Errorf("points %v", points)
	}
}

// A process that waited for the lock of the file that lost its name must not take
// itself for the store's owner.
func TestALockOnAFileThatLostItsNameIsNone(t *testing.T) {
	s := slack(t)
	got := make(chan error, 1)
	s.opt.At = func(p Point) error {
		if p.Do != ToReplace {
			return nil
		}
		waits := make(chan struct{})
		once := sync.OnceFunc(func() { close(waits) })
		go func() {
			_, err := Open(s.path, Options{Timeout: 300 * time.Millisecond, At: func(p Point) error {
				if p.Do == ToOpen { // it has the file open, and asks for its lock
					once()
				}
				return nil
			}})
			got <- err
		}()
		<-waits
		return nil
	}
	if err := s.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := <-got; !errors.As(err, new(*LockedError)) {
		t.Errorf("a second owner: %v", err)
	}
}

func TestABackupTakesAwayWhatWasCutOff(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a [b]")
	path := filepath.Join(folder, "twinday.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.MkdirAll(backupFolder(path), 0o700); err != nil {
		t.Fatal(err)
	}
	left := []string{
		"twinday.db.restored.new-1", "twinday.db.restored.new-1.v1.bak", "twinday.db.replaced-2026-03-14T150000Z.new-2", "twinday.db.v1.bak.new-3", "twinday.db.new-4",
		filepath.Join("backups", "twinday-2026-03-14T150000Z.db.new-5"),
	}
	kept := []string{"twinday.db.replaced-2026-03-14T150000Z", "twinday.db.v1.bak", "another.new-6", filepath.Join("backups", "another.new-7")}
	for _, name := range slices.Concat(left, kept) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Backup(t.Context(), time.Date(2026, 3, 15, 8, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	for _, name := range left {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range kept {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
