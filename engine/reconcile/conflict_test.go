package reconcile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// decide has the person say the same to all that waits.
func (w *world) decide(d state.Decision) {
	for fact := range w.decisions {
		w.decisions[fact] = d
	}
}

// clear has what was left behind by a move deleted, which makes none less: who says no
// to it has the event twice from then on.
func (w *world) clear() {
	for _, e := range w.entities {
		if e.Deleted && e.Why != "" {
			w.decisions[GoneFact(e)] = state.Apply
		}
	}
}

// rule gives the first mirror a rule for conflicts.
func (w *world) rule(c state.ConflictRule) {
	w.mirrors = slices.Clone(w.mirrors)
	w.mirrors[0].Conflicts = c
}

// overridden is the one edit that lost.
func (w *world) overridden() state.HistoryEntry {
	w.t.Helper()
	var out []state.HistoryEntry
	for _, n := range w.notes {
		if n.Outcome == state.Overridden {
			out = append(out, n)
		}
	}
	if len(out) != 1 {
		w.t.Fatalf("%d edits lost, want one: %+v", len(out), out)
	}
	return out[0]
}

// bothTitled is a world in which two calendars give one event a title; the one of b is
// later if late.
func bothTitled(t *testing.T, rule state.ConflictRule, late bool) (*world, calendar.RemoteID) {
	w := newWorld(t, "a", "b", "c")
	w.rule(rule)
	id := w.add("a", "Lunch")
	w.settle()
	other := w.the("b", "Lunch").ID
	if !late {
		w.edit("b", other, title("From b"))
	}
	w.edit("a", id, title("From a"))
	if late {
		w.edit("b", other, title("From b"))
	}
	return w, id
}

func TestConflicts(t *testing.T) {
	for name, story := range map[string]func(*testing.T){
		"a chosen member wins, whichever edit is later": func(t *testing.T) {
			for _, late := range []bool{false, true} {
				for who, want := range map[string]string{"a": "From a", "b": "From b"} {
					w, _ := bothTitled(t, state.MemberWins(ref(who)), late)
					w.settle()
					for _, n := range []string{"a", "b", "c"} {
						w.the(n, want)
					}
					if o := w.overridden(); o.Rule != "conflicts: a/"+who || o.Before.Title == want || o.Was.Content.Title != o.Before.Title || o.Became.Content.Title != want {
						t.Errorf("history: %+v", o)
					}
				}
			}
		},
		"a chosen member that changed nothing leaves it to the latest": func(t *testing.T) {
			w, _ := bothTitled(t, state.MemberWins(ref("c")), true)
			w.settle()
			w.the("a", "From b")
			if o := w.overridden(); o.Rule != "conflicts: latest" {
				t.Errorf("history: %+v", o)
			}
		},
		"asked, nothing of the field is written, and the rest goes on": func(t *testing.T) {
			w, id := bothTitled(t, state.AskConflict, true)
			held := `update "Lunch" in a (title) held: conflict`
			w.expect(held)
			w.edit("a", id, place("Oslo"))
			w.expect(held, `update "Lunch" in b (place)`, `update "Lunch" in c (place)`)
			for range 6 { // long enough for a rewriting to count as one without end
				w.expect(held)
			}
			w.the("a", "From a")
			w.the("b", "From b")
			w.the("c", "Lunch")
			if n := w.noted(state.Noted) + w.noted(state.Overridden); n != "" || len(w.decisions) != 1 {
				t.Errorf("noted %q, asked %d times", n, len(w.decisions))
			}
		},
		"apply takes the later edit, drop the other": func(t *testing.T) {
			for d, want := range map[state.Decision]string{state.Apply: "From b", state.Drop: "From a"} {
				w, id := bothTitled(t, state.AskConflict, true)
				w.pass()
				// What is later stays the later one, though the other event is touched since.
				w.edit("a", id, place("Oslo"))
				w.pass()
				w.decide(d)
				w.settle()
				for _, n := range []string{"a", "b", "c"} {
					w.the(n, want)
				}
				o := w.overridden()
				if o.Before.Title == want || o.Rule != "conflicts: ask" || len(w.decisions) != 1 {
					t.Errorf("%s: %+v", d, o)
				}
				for _, e := range w.entities {
					if len(e.Conflicts) != 0 {
						t.Errorf("left over: %v", e.Conflicts)
					}
				}
			}
		},
		"the question shows the later edit and where it comes from": func(t *testing.T) {
			w, _ := bothTitled(t, state.AskConflict, true)
			out := Reconcile(w.input())
			s := out.Steps[0]
			if s.Ref != ref("a") || s.From != ref("b") || s.Want.Title != "From b" || s.Before.Title != "From a" || s.Reason != "its title was changed on two sides: later in “b” to “From b”, and in “a” to “From a”" {
				t.Errorf("%+v", s)
			}
		},
		"typed anew, it is another question": func(t *testing.T) {
			w, id := bothTitled(t, state.AskConflict, true)
			w.pass()
			w.edit("a", id, title("From a again"))
			w.pass()
			if len(w.decisions) != 2 {
				t.Errorf("asked: %v", w.decisions)
			}
		},
		"the same edit on both sides is none": func(t *testing.T) {
			w, id := bothTitled(t, state.AskConflict, true)
			w.edit("a", id, title("From b"))
			w.expect(`update "From b" in c (title)`)
		},
		"an edit beats a deletion, a held one too": func(t *testing.T) {
			w, _ := bothTitled(t, state.AskConflict, true)
			w.remove("c", w.the("c", "Lunch").ID)
			w.expect(`create "Lunch" in c`, `update "Lunch" in a (title) held: conflict`)
			w.decide(state.Apply)
			w.settle()
			w.the("c", "From b")
		},
		"the rule becomes another while it is asked": func(t *testing.T) {
			w, id := bothTitled(t, state.AskConflict, true)
			w.pass()
			w.edit("a", id, place("Oslo")) // a is touched last
			w.pass()
			w.rule(state.LatestWins)
			w.settle()
			w.the("a", "From b")
		},
		"one occurrence, changed on two sides": func(t *testing.T) {
			for d, want := range map[state.Decision]string{state.Apply: "From b", state.Drop: "From a"} {
				w := newWorld(t, "a", "b", "c")
				w.rule(state.AskConflict)
				id := w.add("a", "Stand-up", daily(5))
				w.settle()
				const slot = "20260312T090000Z"
				w.edit("a", id, occurrence(slot, title("From a")))
				w.edit("b", w.the("b", "Stand-up").ID, occurrence(slot, title("From b"), place("Oslo")))
				w.edit("b", w.the("b", "Stand-up").ID, occurrence("20260313T090000Z", title("Other")))
				held := `update "Stand-up" in a (` + slot + `) held: conflict`
				w.expect(held, `update "Stand-up" in a (20260313T090000Z)`, `update "Stand-up" in c (20260313T090000Z)`)
				for range 5 {
					w.expect(held)
				}
				// A new time makes services write every occurrence, so it waits; another
				// field does not.
				w.edit("a", id, place("Hall"))
				w.expect(held, `update "Stand-up" in b (place)`, `update "Stand-up" in c (place)`)
				w.decide(d)
				w.settle()
				for _, n := range []string{"a", "b", "c"} {
					if o := w.the(n, "Stand-up").Overrides[slot]; o.Content.Title != want || len(w.the(n, "Stand-up").Overrides) != 2 {
						t.Errorf("%s: %s holds %+v", d, n, o)
					}
				}
				if o := w.overridden(); o.Was.Overrides[slot].Content.Title == want || o.Rule != "conflicts: ask" {
					t.Errorf("history: %+v", o)
				}
			}
		},
		"occurrences of a rule that waits wait with it": func(t *testing.T) {
			for d, want := range map[state.Decision]string{state.Apply: "Lunch, Fish, Lunch", state.Drop: "Lunch"} {
				w := newWorld(t, "a", "b", "c")
				w.rule(state.AskConflict)
				id := w.add("a", "Lunch")
				w.settle()
				w.edit("b", w.the("b", "Lunch").ID, at(hour(15)))
				w.edit("a", id, daily(3), occurrence("20260312T090000Z", title("Fish")))
				held := `update "Lunch" in b (time) held: conflict`
				w.expect(held)
				w.edit("c", w.the("c", "Lunch").ID, place("Oslo")) // and what is told meanwhile leaves them alone
				w.expect(held, `update "Lunch" in a (place)`, `update "Lunch" in b (place)`)
				if n := w.noted(state.Overridden); n != "" {
					t.Errorf("noted %q", n)
				}
				w.decide(d)
				w.settle()
				got := w.sameAgenda("a", "b", "c")
				if said := strings.Join(regexp.MustCompile(`(?m)^\d\d \w+ \d\d:\d\d `).Split(got, -1)[1:], ""); strings.ReplaceAll(said, "\n", ", ") != want {
					t.Errorf("%s: agenda\n%s", d, got)
				}
				if lost := strings.Contains(w.noted(state.Overridden), "no longer has it"); lost != (d == state.Drop) {
					t.Errorf("%s: noted %q", d, w.noted(state.Overridden))
				}
			}
		},
		"a chosen member wins an occurrence": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.rule(state.MemberWins(ref("a")))
			id := w.add("a", "Stand-up", daily(5))
			w.settle()
			const slot = "20260312T090000Z"
			w.edit("a", id, occurrence(slot, title("From a")))
			w.edit("b", w.the("b", "Stand-up").ID, occurrence(slot, title("From b")))
			w.settle()
			if o := w.the("b", "Stand-up").Overrides[slot]; o.Content.Title != "From a" || w.overridden().Rule != "conflicts: a/a" {
				t.Errorf("b holds %+v", o)
			}
		},
		"different fields of one occurrence are no conflict": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.rule(state.AskConflict)
			id := w.add("a", "Stand-up", daily(5))
			w.settle()
			const slot = "20260312T090000Z"
			w.edit("a", id, occurrence(slot, title("From a")))
			w.edit("b", w.the("b", "Stand-up").ID, occurrence(slot, place("Oslo")))
			w.settle()
			if o := w.the("b", "Stand-up").Overrides[slot]; o.Content.Title != "From a" || o.Content.Place != "Oslo" || len(w.decisions) != 0 {
				t.Errorf("b holds %+v, asked %v", o, w.decisions)
			}
		},
	} {
		t.Run(name, story)
	}
}

// An edit that guests would hear of waits, and the home's own edit of the same field
// meanwhile does not lie over it.
func TestAnEditThatGuestsWouldHearOfIsNotWrittenOver(t *testing.T) {
	for d, want := range map[state.Decision]string{state.Apply: "Mine", state.Drop: "Home"} {
		w := newWorld(t, "a", "b", "c")
		id := w.add("a", "Lunch", withGuest)
		w.settle()
		w.edit("b", w.the("b", "Lunch").ID, title("Mine"))
		w.expect(`update "Lunch" in a (title) held: guests`)
		w.edit("a", id, title("Home"), place("Oslo"))
		w.expect(`update "Lunch" in a (title) held: guests`, `update "Home" in b (place)`, `update "Home" in c (title and place)`)
		for range 4 {
			w.expect(`update "Home" in a (title) held: guests`)
		}
		w.the("b", "Mine")
		w.decide(d)
		w.settle()
		for _, n := range []string{"a", "b", "c"} {
			w.the(n, want)
		}
	}
}

// What was rescued from under a write of ours shows nowhere else: it waits with the
// question.
func TestARescuedEditWaitsWithTheQuestion(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.rule(state.AskConflict)
	id := w.add("a", "Lunch")
	w.settle()
	w.edit("a", id, title("From a"))
	for eid, e := range w.entities {
		p := e.Part(ref("b"), "")
		p.Rescued = &state.Rescued{Image: state.Image{}.With(calendar.GroupTitle, calendar.Content{Title: "Rescued"}),
			Updated: w.tick()}
		w.pending[eid] = true
	}
	for range 3 {
		w.expect(`update "Lunch" in a (title) held: conflict`)
	}
	w.decide(state.Apply)
	w.settle()
	w.the("a", "Rescued")
	w.the("b", "Rescued")
	if !strings.Contains(w.noted(state.Overridden), "two sides") {
		t.Errorf("noted %q", w.noted(state.Overridden))
	}
}

// daily is every day at nine from 11 March 2026 on, so many times.
func daily(n int) func(*calendar.Event) {
	return func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{fmt.Sprintf("RRULE:FREQ=DAILY;COUNT=%d", n)}
	}
}

// occurrence changes fields of one occurrence.
func occurrence(slot string, changes ...func(*calendar.Event)) func(*calendar.Event) {
	return func(e *calendar.Event) {
		o := e.Overrides[slot]
		o.Original = e.Content.When.Original(slot)
		for _, change := range changes {
			var x calendar.Event
			change(&x)
			for _, g := range calendar.Diff(x.Content, calendar.Content{}) {
				o.Changed, o.Content = o.Changed.With(g), o.Content.Take(g, x.Content)
			}
		}
		e.Overrides = calendar.WithOverride(e.Overrides, slot, o)
	}
}
