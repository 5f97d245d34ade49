package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

func (b *bench) status() control.Status {
	b.Helper()
	s, err := b.face.Status(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// told reports whether the status shows a problem with these words in it.
func told(s control.Status, words ...string) bool {
	for _, p := range s.Problems {
		all := p.What != "" && p.WayOut != ""
		for _, w := range words {
			all = all && strings.Contains(p.What+" "+p.WayOut, w)
		}
		if all {
			return true
		}
	}
	return false
}

// From each commit of a pass on, the disk is full, or the folder can only be read:
// nothing is sent whose intent is not in the store, the status says what is wrong,
// and when there is room again all is as if nothing had been.
func TestADiskThatTakesNothingFromAnyCommitOn(t *testing.T) {
	refusals := []struct {
		err  error
		says []string
	}{
		{syscall.ENOSPC, []string{"The disk is full", "Free some space", "by itself"}},
		{syscall.EROFS, []string{"can only be read", "yours to write"}},
	}
	for at := 1; ; at++ {
		refusal := refusals[at%2]
		b := newBench(t)
		b.a.add("Lunch")
		b.a.add("Dentist")
		b.quiet()
		b.a.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
		b.a.remove("Dentist")
		b.a.add("Cinema")
		var sent atomic.Int32 // calls come side by side
		b.b.between = func(call string) {
			if call != "create" && call != "update" && call != "delete" {
				return
			}
			sent.Add(1)
			err := b.store.View(func(tx *store.Tx) error {
				open, err := tx.Intents()
				if !slices.ContainsFunc(open, func(in state.Intent) bool { return string(in.Step.Kind) == call }) {
					t.Errorf("from commit %d on: %s is sent, and no intent of it is there", at, call)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		commits := 0
		b.disk = func(p store.Point) error {
			if p.Do != store.ToCommit {
				return nil
			}
			if commits++; commits >= at {
				return refusal.err
			}
			return nil
		}
		if _, err := b.face.Sync(t.Context(), control.SyncRequest{}); err == nil { // the pass has fewer commits
			if at < 7 || commits != at-1 || sent.Load() != 3 {
				t.Errorf("a pass of %d commits and %d writes; failing from %d on was not noticed", commits, sent.Load(), at)
			}
			b.disk = nil
			return
		}
		if s := b.status(); !told(s, refusal.says...) || s.Activity != control.Problem {
			t.Errorf("from commit %d on: %s, %+v", at, s.Activity, s.Problems)
		}
		if _, err := b.face.Sync(t.Context(), control.SyncRequest{}); err == nil {
			t.Errorf("from commit %d on: a further pass found nothing wrong", at)
		}
		b.disk = nil
		b.quiet()
		b.alike("Cinema, Lunch")
		if got := b.b.one("Lunch").Content.Place; got != "Oslo" {
			t.Errorf("from commit %d on: the place became %q", at, got)
		}
		if s := b.status(); len(s.Problems) != 0 || s.Activity != control.Fine {
			t.Errorf("with room again: %s, %+v", s.Activity, s.Problems)
		}
	}
}

func TestAStoreThatCanOnlyBeReadAtTheStartIsShownAndGoesOnByItself(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.close()
	b.disk = func(p store.Point) error {
		if p.Do == store.ToOpen {
			return syscall.EACCES
		}
		return nil
	}
	b.open()
	if s := b.status(); !told(s, "can only be read") || s.Activity != control.Problem {
		t.Errorf("before the first pass: %+v", s)
	}
	if _, err := b.face.Sync(t.Context(), control.SyncRequest{}); err == nil || b.b.writes() != 0 {
		t.Errorf("a pass on a store that can only be read: %v, %d writes", err, b.b.writes())
	}
	if s := b.status(); !told(s, "can only be read", "yours to write") || len(s.Accounts) != 2 {
		t.Errorf("%+v", s)
	}
	b.disk = nil
	b.quiet()
	b.alike("Lunch")
	if s := b.status(); len(s.Problems) != 0 {
		t.Errorf("%+v", s.Problems)
	}
}

func TestABackupADay(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	backups := func() int {
		have, err := store.Backups(b.path)
		if err != nil {
			t.Fatal(err)
		}
		return len(have)
	}
	b.Maintain(t.Context())
	made := b.status().LastBackup
	b.Maintain(t.Context())
	if backups() != 1 || made.Format(time.DateOnly) != "2026-03-10" {
		t.Errorf("%d backups on the first day, the last %s", backups(), made)
	}
	b.restart()
	if s := b.status(); !s.LastBackup.Equal(made) {
		t.Errorf("after a restart the last backup is %s, was %s", s.LastBackup, made)
	}

	*b.clock = b.clock.AddDate(0, 0, 1)
	b.disk = func(p store.Point) error {
		if strings.Contains(p.Path, "backups") {
			return syscall.ENOSPC
		}
		return nil
	}
	b.Maintain(t.Context())
	if s := b.status(); !told(s, "The disk is full", "no backup", "Free some space") || !s.LastBackup.Equal(made) {
		t.Errorf("%+v", s)
	}
	b.a.add("Cinema") // syncing goes on, and is known to
	before := *b.clock
	b.quiet()
	b.alike("Cinema, Lunch")
	if s := b.status(); s.LastSync.Before(before) {
		t.Errorf("the last good sync is %s", s.LastSync)
	}
	b.disk = nil
	b.Maintain(t.Context())
	if s := b.status(); len(s.Problems) != 0 || backups() != 2 || s.LastBackup.Format(time.DateOnly) != "2026-03-11" {
		t.Errorf("%d backups, %+v", backups(), s)
	}
}

func TestRunKeepsUp(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { b.Run(ctx); close(ended) }()
	enough := errors.New("enough")
	err := b.Watch(t.Context(), func(s control.Status) error {
		if s.LastBackup.IsZero() {
			return nil
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
	stop()
	<-ended
}

func TestOldHistoryGoesInSmallBatches(t *testing.T) {
	b := newBench(t)
	const old = 2*engine.DropAtOnce + 10
	err := b.store.Update(func(tx *store.Tx) error {
		for i := range old + 5 {
			e := state.HistoryEntry{Time: b.clock.AddDate(-3, 0, 0), Why: "long ago"}
			if i >= old {
				e.Time = b.clock.AddDate(-1, 0, 0)
			}
			if err := tx.AppendHistory(&e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	commits := 0
	b.disk = func(p store.Point) error {
		if p.Do == store.ToCommit && !strings.Contains(p.Path, "backups") {
			commits++
		}
		return nil
	}
	b.Maintain(t.Context())
	h, err := b.face.History(t.Context(), control.HistoryQuery{Limit: 1000})
	if err != nil || len(h) != 5 || commits != 3 {
		t.Errorf("%d entries are left (%v) after %d commits, want 5 after 3", len(h), err, commits)
	}
	if b.Maintain(t.Context()); commits != 3 {
		t.Error("nothing was to be dropped, and something was written")
	}
	have, err := store.Backups(b.path)
	if err != nil || len(have) != 1 {
		t.Fatalf("%v, %v", have, err)
	}
	s, err := store.Open(have[0].Path, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.View(func(tx *store.Tx) error {
		all, err := tx.History(store.HistoryFilter{})
		if len(all) != old+5 {
			t.Errorf("the backup has %d entries: what is dropped should be in it", len(all))
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsMostlyFreeIsMadeSmallAndPassesGoOn(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	other := state.Ref{Account: "ann@x.test", Calendar: "other"}
	for _, fill := range []bool{true, false} {
		err := b.store.Update(func(tx *store.Tx) error {
			for i := range 20 {
				r := state.Replica{Event: calendar.Event{ID: calendar.RemoteID(fmt.Sprint("r", i))}}
				r.Event.Content.Notes.HTML = strings.Repeat("n", 1<<20)
				if fill {
					if err := tx.PutReplica(other, r); err != nil {
						return err
					}
				} else if err := tx.DeleteReplica(other, r.Event.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, before, err := b.store.Slack()
	if err != nil {
		t.Fatal(err)
	}
	b.Maintain(t.Context())
	free, after, err := b.store.Slack()
	if err != nil || after > before/10 {
		t.Errorf("%d bytes became %d, %d of them free, %v", before, after, free, err)
	}
	b.b.add("Dentist")
	b.quiet()
	b.restart()
	b.quiet()
	b.alike("Dentist, Lunch")
}

// A store that is put back knows nothing of the days since. Everything is read anew
// and compared: nothing is lost, made twice or mixed up.
func TestAfterARestoreNothingIsLostOrDoubled(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.a.add("Dentist")
	b.b.add("Gone on both")
	b.quiet()
	b.Maintain(t.Context())

	*b.clock = b.clock.AddDate(0, 0, 2)
	b.a.edit("Lunch", func(c *calendar.Content) { c.Place = " Oslo " }) // carried across, and forgotten
	b.b.edit("Dentist", func(c *calendar.Content) { c.Notes = calendar.NotesFromText("bring papers") })
	b.a.add("Cinema")
	b.b.remove("Gone on both")
	b.quiet()
	b.a.edit("Dentist", func(c *calendar.Content) { c.Place = "Bergen" }) // not carried across yet
	b.b.add("Concert", func(e *calendar.Event) {
		start := time.Date(2026, 3, 20, 20, 0, 0, 0, time.UTC)
		e.Content.When = calendar.When{Start: calendar.At(start, time.UTC), End: calendar.At(start.Add(time.Hour), time.UTC)}
	})

	b.close()
	r, err := store.Restore(t.Context(), b.path, "", store.Options{Now: func() time.Time { return *b.clock }})
	if err != nil || r.Kept == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	b.open()
	b.quiet()
	b.alike("Cinema, Concert, Dentist, Lunch")
	for _, f := range []*fake{b.a, b.b} {
		if got := strings.TrimSpace(f.one("Lunch").Content.Place); got != "Oslo" {
			t.Errorf("the place of lunch is %q", got)
		}
		d := f.one("Dentist").Content
		if d.Place != "Bergen" || d.Notes.Text() != "bring papers" {
			t.Errorf("the dentist is in %q, with %q", d.Place, d.Notes.Text())
		}
	}
	b.a.edit("Cinema", func(c *calendar.Content) { c.Place = "Bergen" }) // linked again
	b.quiet()
	if got := b.b.one("Cinema").Content.Place; got != "Bergen" {
		t.Errorf("the cinema is in %q", got)
	}
}
