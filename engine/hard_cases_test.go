package engine_test

import (
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// The removal of a copy that crosses no more arrives; its answer does not, and the
// next pass may read but not write. The home event stays.

func TestLostAnswerOfAScopeRemoval(t *testing.T) {
	b := newBench(t)
	b.change(b.with(state.Mapping{Filter: state.Filter{Exclude: "secret"}}))
	b.a.add("Lunch")
	b.quiet()
	b.a.edit("Lunch", func(c *calendar.Content) { c.Title = "Secret lunch" })
	n := 0
	b.b.fault = func(call string) (before, after error) {
		if call != "delete" {
			return nil, nil
		}
		if n++; n == 1 {
			return nil, b.b.err(calendar.Unavailable) // it landed
		}
		if n == 2 {
			return b.b.err(calendar.Throttled), nil
		}
		return nil, nil
	}
	for range 6 {
		b.sync()
		*b.clock = b.clock.Add(3600e9)
	}
	if got := b.a.titles(); got != "Secret lunch" {
		t.Errorf("home holds %q", got)
	}
}

// A plan's facts agree to deletions, never to what guests would hear of.
func TestSeenIsNoYesToMail(t *testing.T) {
	b := newBench(t)
	b.a.add("Board", func(e *calendar.Event) { e.Guests = []calendar.Guest{{Person: calendar.Person{Email: "g@x.test"}}} })
	b.quiet()
	b.b.remove("Board")
	b.sync() // held
	m := b.with(state.Mapping{Detail: state.TitleAndTime})
	r, err := b.face.PlanMirror(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, s := range r.Steps {
		if s.Fact != "" {
			seen = append(seen, s.Fact)
		}
	}
	if _, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: m, Seen: seen}); err != nil {
		t.Fatal(err)
	}
	b.sync()
	if got := b.a.titles(); got != "Board" {
		t.Errorf("the meeting with guests is gone: %q", got)
	}
}

// Nor do those of an undo's plan: an event that was made again at home has been given guests.
func TestSeenInAnUndoIsNoYesToMail(t *testing.T) {
	b := newBench(t)
	b.a.add("Board")
	b.quiet()
	b.b.edit("Board", retitle("Council"))
	b.a.remove("Board")
	b.quiet()
	var made state.HistoryEntry
	for _, x := range b.entries(control.HistoryQuery{}) {
		if x.Kind == state.Create && x.Ref == x.Home {
			made = x
		}
	}
	h := b.a.one("Council")
	h.Guests = []calendar.Guest{{Person: calendar.Person{Email: "g@x.test"}}}
	b.a.touch(h)
	b.quiet()
	req := control.UndoRequest{Entry: made.Seq, Force: true, DryRun: true}
	for _, s := range b.undo(req).Report.Steps {
		req.Seen = append(req.Seen, s.Fact)
	}
	if req.DryRun = false; len(req.Seen) == 0 {
		t.Fatal("nothing to be seen")
	}
	b.undo(req)
	if got := b.a.titles(); got != "Council" || len(b.a.mails) > 0 {
		t.Errorf("home holds %q, and guests were told of %v", got, b.a.mails)
	}
}

func TestForbiddenScopeRemovalIsNotTriedForEver(t *testing.T) {
	b := newBench(t)
	b.change(b.with(state.Mapping{Filter: state.Filter{Exclude: "secret"}}))
	b.a.add("Lunch")
	b.quiet()
	b.a.edit("Lunch", func(c *calendar.Content) { c.Title = "Secret lunch" })
	b.b.fault = func(call string) (before, after error) {
		if call == "delete" {
			return b.b.err(calendar.Forbidden), nil
		}
		return nil, nil
	}
	for range 8 {
		b.sync()
		*b.clock = b.clock.Add(time.Minute)
	}
	if n := b.b.count("delete"); n > 2 {
		t.Errorf("tried %d times in 8 passes", n)
	}
}
