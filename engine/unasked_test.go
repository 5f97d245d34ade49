package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func TestMassDeletionWaitsForTheDecision(t *testing.T) {
	b := newBench(t)
	for i := range 12 {
		b.a.add(fmt.Sprint("E", i))
	}
	b.quiet()
	for i := range 12 {
		b.a.remove(fmt.Sprint("E", i))
	}
	for range 2 { // the second pass knows it from the store alone
		r := b.sync()
		if r.Held != 12 || r.Deleted != 0 {
			t.Fatalf("report %+v", r)
		}
		if s := r.Steps[0]; s.From != refA || !strings.HasPrefix(s.Reason, "deleted in “Main”") {
			t.Errorf("blames %s: %s", s.From, s.Reason)
		}
	}
	b.restart()
	s, err := b.face.Status(t.Context())
	if err != nil || s.Activity != control.NeedsYou || s.Held != 12 {
		t.Fatalf("status %+v, %v", s, err)
	}
	waiting, err := b.face.Held(t.Context())
	if err != nil || len(waiting) != 12 {
		t.Fatalf("held: %d, %v", len(waiting), err)
	}
	var ids []string
	for _, h := range waiting {
		ids = append(ids, h.ID)
	}
	if err := b.face.Decide(t.Context(), control.Decide{IDs: ids[:6], Decision: state.Apply}); err != nil {
		t.Fatal(err)
	}
	if err := b.face.Decide(t.Context(), control.Decide{IDs: ids[6:], Decision: state.Drop}); err != nil {
		t.Fatal(err)
	}
	b.quiet()
	if x, y := b.a.titles(), b.b.titles(); x != y || strings.Count(x, "E") != 6 {
		t.Errorf("a: %s\nb: %s", x, y)
	}
	if s, _ := b.face.Status(t.Context()); s.Held != 0 {
		t.Errorf("still held: %d", s.Held)
	}
}

// A calendar that only sends was cleared, and what it sent is to stay: that is the person's to
// change and to delete, and is no second one should the calendar have it again.
func TestWhatStaysOfACalendarThatOnlySends(t *testing.T) {
	for _, way := range []state.Direction{state.TwoWay, state.TakeOnly} {
		b := newBench(t)
		b.sets(func(m *state.Mirror) { m.Members[0].Direction, m.Members[1].Direction = state.SendOnly, way })
		const all = "E0, E1, E2, E3, E4"
		for _, e := range strings.Split(all, ", ") {
			b.a.add(e)
		}
		b.quiet()
		b.a.mu.Lock()
		var gone []*held
		for _, h := range b.a.events {
			h.dead = true
			b.a.touch(h)
			gone = append(gone, h)
		}
		b.a.mu.Unlock()
		b.sync()
		b.decide(state.Drop)
		b.quiet()
		b.b.edit("E0", func(c *calendar.Content) { c.Place = "Oslo" })
		b.quiet()
		if got := b.b.one("E0").Content.Place; way == state.TwoWay && got != "Oslo" {
			t.Errorf("%q: it is at %q", way, got)
		}
		b.b.remove("E1")
		b.quiet()
		if got := b.b.titles(); got != "E0, E2, E3, E4" {
			t.Errorf("%q: b holds %s", way, got)
		}
		b.a.mu.Lock()
		for _, h := range gone {
			h.dead = false
			b.a.touch(h)
		}
		b.a.mu.Unlock()
		b.quiet()
		b.alike(all)
		if got := b.b.one("E0").Content.Place; got != "" {
			t.Errorf("%q: it is at %q, and at home nowhere", way, got)
		}
	}
}

// With a pass each few seconds no single one of them is above the limit.
func TestManyDeletionsOneAfterTheOther(t *testing.T) {
	b := newBench(t)
	for i := range 60 {
		b.a.add(fmt.Sprintf("E%02d", i))
	}
	b.quiet()
	next := 0
	deletes := func(n, held int) {
		t.Helper()
		for range n {
			b.a.remove(fmt.Sprintf("E%02d", next))
			next++
		}
		r := b.sync()
		if r.Held != held || r.Deleted != n-min(held, n) {
			t.Fatalf("after %d: %d deleted, %d held", next, r.Deleted, r.Held)
		}
	}
	deletes(6, 0)
	b.later(time.Minute)
	deletes(4, 0)
	b.later(time.Minute)
	b.restart() // each sync from a timer is a program of its own
	deletes(3, 3)
	b.decide(state.Apply)
	b.quiet()
	deletes(6, 0) // the person has just had a look
	b.later(reconcile.AtOnce)
	deletes(4, 0) // what was long ago does not count
	b.later(time.Minute)
	deletes(4, 0)
	deletes(3, 3)
}
