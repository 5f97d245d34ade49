package engine_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Marked makes a fake with bare changes tell its marks apart, as Graph does.
func (f *fake) Marked(_ context.Context, _ calendar.CalendarID, since time.Time) (out map[calendar.RemoteID]calendar.Mark, requests int, err error) {
	if !f.unmarked {
		return nil, 0, nil // its changes show them all
	}
	err = f.call("marked", func() error {
		out = map[calendar.RemoteID]calendar.Mark{}
		for id, h := range f.events {
			if !h.dead && !h.Updated.Before(since) {
				out[id] = h.Mark
			}
		}
		return nil
	})
	return out, 1, err
}

// paste is a person copying an event within its calendar: hidden properties go along.
func (f *fake) paste(title, as string) {
	f.mu.Lock()
	was := *f.one(title)
	f.mu.Unlock()
	f.add(as, func(e *calendar.Event) { e.Content, e.Mark = was.Content, was.Mark; e.Content.Title = as })
}

// another is a second computer: a store of its own, the same accounts.
func (b *bench) another() *bench {
	b.Helper()
	c := &bench{TB: b.TB, clock: b.clock, reading: b.reading, secrets: b.secrets, path: filepath.Join(b.TempDir(), "twinday.db"), connector: b.connector, a: b.a, b: b.b}
	c.open()
	if closer, ok := b.TB.(interface{ Cleanup(func()) }); ok {
		closer.Cleanup(c.close)
	}
	for _, who := range []string{"ann@x.test", "ann@y.test"} {
		c.signIn(who)
	}
	m, err := c.face.AddMirror(b.Context(), control.NewMirror{Members: []state.Member{{Ref: refA}, {Ref: refB}}})
	if err != nil {
		b.Fatal(err)
	}
	c.mirror = m
	return c
}

func (b *bench) watching() string {
	b.Helper()
	ms, err := b.face.Mirrors(b.Context())
	if err != nil || len(ms) != 1 {
		b.Fatalf("%+v, %v", ms, err)
	}
	if ms[0].Watching == nil {
		return ""
	}
	return ms[0].Watching.Installation
}

func (b *bench) takeOver() {
	b.Helper()
	if err := b.face.TakeOver(b.Context(), b.mirror.ID); err != nil {
		b.Fatal(err)
	}
}

// A copy that a person copies is a meeting of theirs; the two live apart from then on.
func TestACopiedCopyIsAnEventOfItsOwn(t *testing.T) {
	for _, bare := range []bool{false, true} {
		b := newBench(t)
		b.b.unmarked = bare
		b.a.add("Lunch")
		b.quiet()
		b.b.paste("Lunch", "Lunch") // nothing tells them apart but the id
		b.quiet()
		b.alike("Lunch, Lunch")
		b.b.mu.Lock()
		for id, h := range b.b.events {
			if strings.HasPrefix(string(id), "own-") {
				h.Content.Title = "Supper"
				b.b.touch(h)
			}
		}
		b.b.mu.Unlock()
		b.quiet()
		b.alike("Lunch, Supper")
		b.a.remove("Lunch")
		b.quiet()
		b.alike("Supper")
		b.b.remove("Supper")
		b.quiet()
		b.alike("")
	}
}

// The copy is deleted and pasted again between two passes: the meeting goes, and the
// pasted one is a new meeting.
func TestACopyCutAndPasted(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.b.paste("Lunch", "Lunch again")
	b.b.remove("Lunch")
	b.quiet()
	b.alike("Lunch again")
}

// Two computers keep one mirror: the second one watches, until it takes over; then
// the first one does.
func TestTwoComputersOnOneMirror(t *testing.T) {
	for _, bare := range []bool{false, true} {
		b := newBench(t)
		b.b.unmarked = bare
		b.a.add("Lunch")
		b.b.add("Dentist")
		b.quiet()
		c := b.another()
		writes := func() int { return b.a.writes() + b.b.writes() }
		before := writes()
		c.sync()
		if got, want := c.watching(), b.store.Installation()[:6]; got != want || writes() != before {
			t.Fatalf("the second one watches %q, want %q; %d writes", got, want, writes()-before)
		}
		s, err := c.face.Status(t.Context())
		if err != nil || !strings.Contains(s.Summary, b.store.Installation()[:6]) || s.Installation.ID != c.store.Installation()[:6] || s.Installation.Name == "" {
			t.Errorf("the status says %q of %+v, %v", s.Summary, s.Installation, err)
		}
		// What happens is the first one's to carry across, whichever looks first.
		b.a.add("Supper")
		b.b.edit("Lunch", func(x *calendar.Content) { x.Place = "Oslo" })
		b.a.remove("Dentist")
		c.sync()
		if writes() != before {
			t.Fatal("the second one wrote")
		}
		b.quiet()
		c.sync()
		b.alike("Lunch, Supper")
		if b.watching() != "" {
			t.Error("the first one gave up its mirror")
		}
		if b.a.one("Lunch").Content.Place != "Oslo" {
			t.Error("an edit of a copy did not go home")
		}
		// A mirror that another keeps is not this one's to clear.
		if _, err := c.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: c.mirror.ID}); err == nil || !strings.Contains(err.Error(), "take over") {
			t.Errorf("removing the copies gives %v", err)
		}

		before = writes()
		*b.clock = b.clock.Add(time.Hour)
		c.takeOver()
		c.sync()
		if writes() != before {
			t.Errorf("taking over wrote %d", writes()-before)
		}
		if b.sync(); b.watching() != "" {
			t.Error("the first one steps back before the second one has done anything")
		}
		*b.clock = b.clock.Add(time.Hour)
		b.a.add("Brunch")
		c.quiet()
		b.sync()
		if got := b.watching(); got != c.store.Installation()[:6] {
			t.Errorf("the first one watches %q", got)
		}
		before = writes()
		b.a.add("Tea")
		b.sync()
		if writes() != before {
			t.Error("the first one still writes")
		}
		c.quiet()
		b.sync()
		b.alike("Brunch, Lunch, Supper, Tea")
		if c.watching() != "" {
			t.Error("nobody keeps the mirror")
		}

		*b.clock = b.clock.Add(time.Hour)
		b.takeOver() // and back
		b.quiet()
		b.b.remove("Tea")
		*b.clock = b.clock.Add(time.Hour)
		b.a.edit("Brunch", func(x *calendar.Content) { x.Title = "Late brunch" })
		b.quiet()
		b.alike("Late brunch, Lunch, Supper")
		c.sync()
		if !bare { // a change's mark shows
			if got := c.watching(); got != b.store.Installation()[:6] {
				t.Errorf("the second one watches %q after a mere edit", got)
			}
		}
	}
}

// A computer that was not seen for a month is asked about.
func TestTheOtherComputerIsLongGone(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch", func(e *calendar.Event) { // still ahead by then
		e.Content.When.Start.Local, e.Content.When.End.Local = "2026-06-01T09:00:00", "2026-06-01T10:00:00"
	})
	b.quiet()
	*b.clock = b.clock.Add(40 * 24 * time.Hour)
	c := b.another()
	c.sync()
	held, err := c.face.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].Step.Kind != state.TakeOver {
		t.Fatalf("%+v, %v", held, err)
	}
	before := b.a.writes() + b.b.writes()
	if err := c.face.Decide(t.Context(), control.Decide{IDs: []string{held[0].ID}, Decision: state.Apply}); err != nil {
		t.Fatal(err)
	}
	c.sync()
	if c.watching() != "" || b.a.writes()+b.b.writes() != before {
		t.Errorf("watching %q, %d writes", c.watching(), b.a.writes()+b.b.writes()-before)
	}
	b.a.edit("Lunch", func(x *calendar.Content) { x.Title = "Brunch" })
	c.quiet()
	b.alike("Brunch")
	if s, err := c.face.Status(t.Context()); err != nil || s.Held != 0 {
		t.Errorf("%d held, %v", s.Held, err)
	}
}

// Copies of a meeting that is nowhere to be found are listed and left alone.
func TestCopiesWithoutAHome(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.a.add("Supper")
	b.quiet()
	b.close()
	b.a.remove("Lunch")
	b.path = filepath.Join(t.TempDir(), "new.db")
	b.open()
	var err error
	for _, who := range []string{"ann@x.test", "ann@y.test"} {
		b.signIn(who)
	}
	if b.mirror, err = b.face.AddMirror(t.Context(), control.NewMirror{Members: []state.Member{{Ref: refA}, {Ref: refB}}}); err != nil {
		t.Fatal(err)
	}
	before := b.a.writes() + b.b.writes()
	b.sync()
	b.takeOver()
	r := b.sync()
	if r.Skipped != 1 || !strings.Contains(r.Steps[0].Reason, "left alone") {
		t.Errorf("%+v", r.Steps)
	}
	if b.a.titles() != "Supper" || b.b.titles() != "Lunch, Supper" || b.a.writes()+b.b.writes() != before {
		t.Errorf("a has %s, b has %s", b.a.titles(), b.b.titles())
	}
}

// An event whose deletion was undone when nothing was left of it is a home with its copy
// after the store was lost, too.
func TestALostStoreOfWhatWasBroughtBack(t *testing.T) {
	for _, bare := range []bool{false, true} {
		b := newBench(t)
		b.a.unmarked, b.b.unmarked = bare, bare
		b.a.add("Lunch")
		b.quiet()
		b.a.remove("Lunch")
		b.quiet()
		b.undo(control.UndoRequest{Entry: b.last().Seq})
		b.titled("Lunch")
		c := b.another()
		c.sync()
		if c.watching() == "" {
			t.Error("it does not see that its copies are another one's")
		}
		c.takeOver()
		c.quiet()
		c.alike("Lunch")
		c.a.remove("Lunch")
		c.quiet()
		c.alike("")
	}
}
