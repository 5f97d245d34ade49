package reconcile

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// wishes stores an undo on the one entity there is.
func (w *world) wishes(change func(e *state.Entity, wish *state.Wish)) {
	w.t.Helper()
	for id, e := range w.entities {
		wish := &state.Wish{Asked: w.tick(), Undoes: []uint64{12}, Mirror: "m1"}
		change(&e, wish)
		e.Wish = wish
		w.entities[id] = e
		w.pending[id] = true
	}
}

func titled(s string) func(*state.Entity, *state.Wish) {
	return func(_ *state.Entity, wish *state.Wish) {
		wish.Image = state.Image{}.With(calendar.GroupTitle, calendar.Content{Title: s})
	}
}

func TestWishes(t *testing.T) {
	for name, story := range map[string]func(*testing.T){
		"an update tells what of the base it replaces": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(state.Mapping{Title: &state.TextLens{Lens: state.ConstantLens, Text: "Secret"}})
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, title("Brunch"))
			w.edit("a", id, place("Oslo"))
			out := Reconcile(w.input())
			if len(out.Steps) != 1 {
				t.Fatalf("%+v", out.Steps)
			}
			s := out.Steps[0]
			if s.Home != ref("a") || len(s.Was.Groups) != 1 || s.Was.Content.Place != "" || s.Became.Content.Place != "Oslo" {
				t.Errorf("was %+v, became %+v", s.Was, s.Became)
			}
		},
		"fields are put back everywhere": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, title("Brunch"))
			w.settle()
			w.wishes(titled("Lunch"))
			steps := Reconcile(w.input()).Steps
			if len(steps) != 3 || steps[0].Undoes[0] != 12 || steps[1].Reason != "title put back as it was: you undid entry 12" || steps[2].Was.Content.Title != "Brunch" {
				t.Errorf("%+v", steps)
			}
			w.expect(`update "Lunch" in a (title)`, `update "Lunch" in b (title)`, `update "Lunch" in c (title)`)
			w.settle()
			for _, e := range w.entities {
				if e.Wish != nil {
					t.Error("the wish is still there")
				}
			}
		},
		"of several things that are put back it says so": func(t *testing.T) {
			for what, change := range map[string]calendar.Content{
				"notes put back as they were":           {Title: "Lunch", Notes: calendar.NotesFromText("Bring cash")},
				"title and place put back as they were": {Title: "Brunch", Place: "Oslo"},
				"place put back as it was":              {Title: "Lunch", Place: "Oslo"},
			} {
				w := newWorld(t, "a", "b")
				id := w.add("a", "Lunch")
				w.settle()
				w.edit("a", id, func(e *calendar.Event) {
					e.Content.Title, e.Content.Place, e.Content.Notes = change.Title, change.Place, change.Notes
				})
				w.settle()
				w.wishes(func(e *state.Entity, wish *state.Wish) {
					for _, g := range calendar.Diff(e.Base, calendar.Content{Title: "Lunch", When: e.Base.When, Availability: e.Base.Availability}) {
						wish.Image = wish.With(g, calendar.Content{Title: "Lunch"})
					}
				})
				if steps := Reconcile(w.input()).Steps; len(steps) != 2 || steps[0].Reason != what+": you undid entry 12" {
					t.Errorf("%s: %+v", what, steps)
				}
			}
		},
		"a person who goes on after it wins": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, title("Brunch"))
			w.settle()
			w.wishes(titled("Lunch"))
			w.edit("b", w.the("b", "Brunch").ID, title("Dinner"))
			w.settle()
			w.the("a", "Dinner")
			if o := w.overridden(); o.Was.Content.Title != "Lunch" || !strings.Contains(o.Why, "after you undid entry 12") {
				t.Errorf("history: %+v", o)
			}
		},
		"a meeting with guests is asked about": func(t *testing.T) {
			for d, want := range map[state.Decision]string{state.Apply: "Lunch", state.Drop: "Brunch"} {
				w := newWorld(t, "a", "b")
				id := w.add("a", "Lunch", withGuest)
				w.settle()
				w.edit("a", id, title("Brunch"))
				w.settle()
				w.wishes(titled("Lunch"))
				for range 2 {
					w.expect(`update "Brunch" in a (title) held: guests`)
				}
				w.decide(d)
				w.settle()
				w.the("a", want)
				w.the("b", want)
			}
		},
		"what only the organizer can change is left": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", invitation)
			w.settle()
			w.wishes(titled("Brunch"))
			w.expect()
			if !strings.Contains(w.noted(state.Reverted), "Your undo of entry 12 is not done: only its organizer") {
				t.Errorf("noted %q", w.noted(state.Reverted))
			}
		},
		"an occurrence is put back": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", daily(5))
			w.settle()
			const slot = "20260312T090000Z"
			w.edit("a", id, cancelled(calendar.When{}.Original(slot)))
			s := Reconcile(w.input()).Steps[0]
			if len(s.Was.Slots) != 1 || len(s.Was.Overrides) != 0 || !s.Became.Overrides[slot].Cancelled {
				t.Fatalf("was %+v, became %+v", s.Was, s.Became)
			}
			w.settle()
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.Image = s.Was })
			w.expect(`update "Stand-up" in a (`+slot+`)`, `update "Stand-up" in b (`+slot+`)`)
			w.settle()
			if len(w.the("a", "Stand-up").Overrides)+len(w.the("b", "Stand-up").Overrides) != 0 {
				t.Error("it is still cancelled")
			}
		},
		"a rule is put back with the occurrences that went with it": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", daily(5))
			w.settle()
			const slot = "20260313T090000Z"
			w.edit("a", id, occurrence(slot, title("Sit-down")))
			w.settle()
			w.edit("a", id, func(e *calendar.Event) { daily(2)(e); e.Overrides = nil })
			s := Reconcile(w.input()).Steps[0]
			w.settle()
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.Image = s.Was })
			w.settle()
			for _, n := range []string{"a", "b"} {
				if o := w.the(n, "Stand-up").Overrides[slot]; o.Content.Title != "Sit-down" {
					t.Errorf("%s: %+v", n, w.the(n, "Stand-up"))
				}
			}
		},
		"a copy goes, stays away, and comes again": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			id := w.add("a", "Lunch")
			w.settle()
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.Out = []state.Ref{ref("b")} })
			w.expect(`delete "Lunch" in b`)
			w.settle()
			w.edit("a", id, title("Brunch"))
			w.expect(`update "Brunch" in c (title)`, `skip "Brunch" in b`)
			w.settle()
			if w.titles("b") != "" {
				t.Errorf("b holds %s", w.titles("b"))
			}
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.In = []state.Ref{ref("b")} })
			w.expect(`create "Brunch" in b`)
			w.settle()
		},
		"a copy that is to go and is deleted meanwhile takes nothing along": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch")
			w.settle()
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.Out = []state.Ref{ref("b")} })
			w.remove("b", w.the("b", "Lunch").ID)
			w.settle()
			w.the("a", "Lunch")
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.In = []state.Ref{ref("b")} })
			w.expect(`create "Lunch" in b`)
			w.settle()
		},
		"an event whose parts are still to be made is made on both sides": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.entities["e9"] = state.Entity{ID: "e9", Home: ref("a"), Base: calendar.Content{Title: "Lunch", When: hour(9), Availability: calendar.Busy},
				Facts: calendar.Facts{Organized: true}, Records: map[state.Ref]state.Record{ref("a"): {Parts: []state.Part{{}}}},
				Wish: &state.Wish{Folded: true, Back: true, Undoes: []uint64{12}, Mirror: "m1"}}
			w.pending["e9"] = true
			steps := Reconcile(w.input()).Steps
			if len(steps) != 2 || steps[0].Reason != "made again: you undid entry 12" || len(steps[1].Undoes) != 1 {
				t.Errorf("%+v", steps)
			}
			w.expect(`create "Lunch" in a`, `create "Lunch" in b`)
			w.settle()
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.Gone = true })
			w.expect(`delete "Lunch" in a`, `delete "Lunch" in b`)
			w.settle()
			if len(w.entities) != 0 {
				t.Errorf("left over: %v", w.entities)
			}
		},
		"many that go are held": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			for i := range 12 {
				w.add("a", strings.Repeat("x", i+1), at(hour(i)))
			}
			w.settle()
			w.wishes(func(_ *state.Entity, wish *state.Wish) { wish.Out = []state.Ref{ref("b")} })
			if got := strings.Join(w.pass(), "\n"); strings.Count(got, "held: mass deletion") != 12 {
				t.Errorf("steps %s", got)
			}
			w.decide(state.Apply)
			w.settle()
			if w.titles("b") != "" {
				t.Errorf("b holds %s", w.titles("b"))
			}
		},
	} {
		t.Run(name, story)
	}
}
