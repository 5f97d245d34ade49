package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

const berlin = "Europe/Berlin"

// local is a wall clock in Berlin; hours beyond 23 are the next day's.
func local(month time.Month, day, hour int) calendar.Time {
	at := time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	return calendar.Time{Local: at.Format("2006-01-02T15:04:05"), Zone: berlin}
}

// weekly is Tuesdays at nine, from 10 March 2026 on; Berlin's clocks go forward
// on 29 March.
func weekly(e *calendar.Event) {
	e.Content.When = calendar.When{Start: local(3, 10, 9), End: local(3, 10, 10),
		Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=TU"}}}
}

func cancelled(slot calendar.Time) func(*calendar.Event) {
	return func(e *calendar.Event) {
		e.Overrides = calendar.WithOverride(e.Overrides, slot.Slot(), calendar.Override{Original: slot, Cancelled: true})
	}
}

func moved(slot, to calendar.Time) func(*calendar.Event) {
	return func(e *calendar.Event) {
		o := e.Overrides[slot.Slot()]
		o.Original, o.Cancelled, o.Changed = slot, false, o.Changed.With(calendar.GroupWhen)
		o.Content.When = calendar.When{}.At(slot)
		o.Content.When = e.Content.When.At(slot)
		length := e.Content.When.At(to)
		o.Content.When = calendar.When{Start: to, End: length.End}
		e.Overrides = calendar.WithOverride(e.Overrides, slot.Slot(), o)
	}
}

func retitled(slot calendar.Time, title string) func(*calendar.Event) {
	return func(e *calendar.Event) {
		o := e.Overrides[slot.Slot()]
		o.Original, o.Cancelled, o.Changed = slot, false, o.Changed.With(calendar.GroupTitle)
		o.Content.Title = title
		e.Overrides = calendar.WithOverride(e.Overrides, slot.Slot(), o)
	}
}

func plain(slot calendar.Time) func(*calendar.Event) {
	return func(e *calendar.Event) {
		e.Overrides = calendar.WithOverride(e.Overrides, slot.Slot(), calendar.Override{})
	}
}

// agenda is what a person sees of a calendar: every occurrence, one line each.
func (w *world) agenda(name string) string {
	var out []string
	see := func(c calendar.Content) {
		at, err := c.When.Start.Instant()
		if err != nil {
			w.t.Fatalf("%v", err)
		}
		out = append(out, at.Format("02 Jan 15:04 ")+c.Title)
	}
	for id, ev := range w.events[ref(name)] {
		if w.gone[ref(name)][id] {
			continue
		}
		if ev.Content.When.Recurrence.IsZero() {
			see(ev.Content)
			continue
		}
		occurrences, err := ev.Content.When.Occurrences()
		if err != nil {
			w.t.Fatalf("%v", err)
		}
		for at := range occurrences.Between(now.Add(-Past), now.Add(Future)) {
			o, ok := ev.Overrides[at.Slot()]
			if !ok {
				o = calendar.Override{Original: at}
			}
			if !o.Cancelled {
				see(ev.Content.Occurrence(o))
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func (w *world) sameAgenda(names ...string) string {
	w.t.Helper()
	first := w.agenda(names[0])
	for _, n := range names[1:] {
		if got := w.agenda(n); got != first {
			w.t.Fatalf("%s shows\n%s\n%s shows\n%s", names[0], first, n, got)
		}
	}
	return first
}

func TestSeries(t *testing.T) {
	const third = "20260324T080000Z" // 24 March, 9 o'clock winter time
	for name, story := range map[string]func(*testing.T){
		"a series crosses as a series": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Stand-up", weekly, cancelled(local(3, 17, 9)), moved(local(3, 24, 9), local(3, 25, 11)))
			w.expect(`create "Stand-up" in b`)
			w.expect()
			if got := w.sameAgenda("a", "b"); strings.Count(got, "\n") != 4 || !strings.Contains(got, "31 Mar 07:00") {
				t.Errorf("agenda\n%s", got)
			}
		},
		"one occurrence moves, alone, in words": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly)
			w.settle()
			w.edit("a", id, moved(local(3, 24, 9), local(3, 24, 15)))
			out := Reconcile(w.input())
			if got := out.Steps[0].Reason; got != "the 3rd occurrence (24 Mar 2026) moved in “a”" {
				t.Errorf("reason %q", got)
			}
			w.expect(`update "Stand-up" in b (` + third + `)`)
			w.expect()
			w.sameAgenda("a", "b")
		},
		"an occurrence cancelled in the copy is cancelled at home, and can come back": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.add("a", "Stand-up", weekly)
			w.settle()
			id := w.the("b", "Stand-up").ID
			w.edit("b", id, cancelled(local(3, 24, 9)))
			w.expect(`update "Stand-up" in a (`+third+`)`, `update "Stand-up" in c (`+third+`)`)
			w.settle()
			w.edit("b", id, plain(local(3, 24, 9)))
			w.expect(`update "Stand-up" in a (`+third+`)`, `update "Stand-up" in c (`+third+`)`)
			w.settle()
			if got := w.sameAgenda("a", "b", "c"); strings.Count(got, "\n") != 5 {
				t.Errorf("agenda\n%s", got)
			}
		},
		"different fields of one occurrence merge": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly)
			w.settle()
			w.edit("a", id, moved(local(3, 24, 9), local(3, 24, 15)))
			w.edit("b", w.the("b", "Stand-up").ID, retitled(local(3, 24, 9), "Retro"))
			w.settle()
			if got := w.sameAgenda("a", "b"); !strings.Contains(got, "24 Mar 14:00 Retro") {
				t.Errorf("agenda\n%s", got)
			}
		},
		"a new title of the master leaves overrides alone": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly, retitled(local(3, 24, 9), "Retro"))
			w.settle()
			w.edit("a", id, title("Sit-down"))
			w.expect(`update "Sit-down" in b (title)`)
			w.expect()
			if got := w.sameAgenda("a", "b"); !strings.Contains(got, "Retro") {
				t.Errorf("agenda\n%s", got)
			}
		},
		"a change of an occurrence beats its cancellation": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly)
			w.settle()
			w.edit("b", w.the("b", "Stand-up").ID, retitled(local(3, 24, 9), "Retro"))
			w.edit("a", id, cancelled(local(3, 24, 9)))
			w.settle()
			if got := w.sameAgenda("a", "b"); !strings.Contains(got, "Retro") {
				t.Errorf("agenda\n%s", got)
			}
			if w.noted(state.Overridden) == "" {
				t.Error("the cancellation is not in history")
			}
		},
		"the same occurrence moved on two sides: the later wins": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly)
			w.settle()
			w.edit("a", id, moved(local(3, 24, 9), local(3, 24, 15)))
			w.edit("b", w.the("b", "Stand-up").ID, moved(local(3, 24, 9), local(3, 24, 16)))
			w.settle()
			if got := w.sameAgenda("a", "b"); !strings.Contains(got, "24 Mar 15:00") {
				t.Errorf("agenda\n%s", got)
			}
		},
		"a time change lets go of overrides that have no occurrence any more": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly, cancelled(local(3, 17, 9)))
			w.settle()
			w.edit("a", id, func(e *calendar.Event) {
				e.Content.When.Start, e.Content.When.End, e.Overrides = local(3, 10, 14), local(3, 10, 15), nil
			})
			w.settle()
			if got := w.sameAgenda("a", "b"); strings.Count(got, "\n") != 5 || !strings.Contains(got, "17 Mar 13:00") {
				t.Errorf("agenda\n%s", got)
			}
		},
		"a leftover of the old time is taken away where it stands": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly, retitled(local(3, 24, 9), "Retro"))
			w.settle()
			w.edit("a", id, func(e *calendar.Event) { // the changed occurrence stays behind, as Google may leave it
				e.Content.When.Start, e.Content.When.End = local(3, 10, 14), local(3, 10, 15)
			})
			w.settle()
			if got := w.the("a", "Stand-up").Overrides; len(got) != 0 {
				t.Errorf("left over: %v", got)
			}
			if !strings.Contains(w.noted(state.Overridden), "no longer has") {
				t.Errorf("notes %v", w.notes)
			}
		},
		"a cancelled occurrence is back after all were moved on the other side": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Stand-up", weekly, cancelled(local(3, 17, 9)))
			w.settle()
			w.edit("b", w.the("b", "Stand-up").ID, func(e *calendar.Event) { // as Exchange does it
				e.Content.When.Start, e.Content.When.End, e.Overrides = local(3, 10, 14), local(3, 10, 15), nil
			})
			w.expect(`update "Stand-up" in a (time, 20260317T080000Z)`)
			w.settle()
			w.sameAgenda("a", "b")
		},
		"an override for which the rule changed on the other side is kept in history": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly)
			w.settle()
			w.edit("a", id, func(e *calendar.Event) {
				e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=TU"}
			})
			w.edit("b", w.the("b", "Stand-up").ID, retitled(local(3, 31, 9), "Retro"))
			w.settle()
			if got := w.sameAgenda("a", "b"); strings.Count(got, "\n") != 1 {
				t.Errorf("agenda\n%s", got)
			}
			if !strings.Contains(w.noted(state.Overridden), "no longer has it") {
				t.Errorf("notes %v", w.notes)
			}
		},
		"single becomes series becomes single": func(t *testing.T) {
			for _, other := range []string{"b", "b-"} {
				w := newWorld(t, "a", other)
				id := w.add("a", "Call", at(calendar.When{Start: local(3, 10, 9), End: local(3, 10, 10)}))
				w.settle()
				w.edit("a", id, weekly)
				w.settle()
				if got := w.sameAgenda("a", other); strings.Count(got, "\n") != 5 {
					t.Errorf("agenda\n%s", got)
				}
				w.edit("a", id, at(calendar.When{Start: local(3, 10, 9), End: local(3, 10, 10)}))
				w.settle()
				if got := w.sameAgenda("a", other); strings.Count(got, "\n") != 0 {
					t.Errorf("agenda\n%s", got)
				}
			}
		},
		"where no series can be, its occurrences stand alone": func(t *testing.T) {
			w := newWorld(t, "a", "b-")
			id := w.add("a", "Stand-up", weekly, cancelled(local(3, 17, 9)), moved(local(3, 24, 9), local(3, 25, 11)))
			if got := w.pass(); len(got) != 5 {
				t.Fatalf("steps %v", got)
			}
			w.expect()
			w.sameAgenda("a", "b-")
			w.edit("a", id, title("Sit-down"))
			if got := w.pass(); len(got) != 5 {
				t.Fatalf("steps %v", got)
			}
			w.edit("a", id, cancelled(local(3, 31, 9)))
			w.expect(`delete "Sit-down" at 20260331T070000Z in b-`)
			w.edit("a", id, plain(local(3, 31, 9)))
			w.expect(`create "Sit-down" at 20260331T070000Z in b-`)
			w.settle()
			w.sameAgenda("a", "b-")
		},
		"an edit of an occurrence that stands alone goes home to its slot": func(t *testing.T) {
			w := newWorld(t, "a", "b-", "c")
			w.add("a", "Stand-up", weekly)
			w.settle()
			var id calendar.RemoteID
			for x, ev := range w.events[ref("b-")] {
				if ev.Content.When.Start.Slot() == third {
					id = x
				}
			}
			w.edit("b-", id, title("Retro"))
			w.expect(`update "Stand-up" in a (`+third+`)`, `update "Stand-up" in c (`+third+`)`)
			w.settle()
			w.sameAgenda("a", "b-", "c")
			w.edit("b-", id, at(calendar.When{Start: local(3, 26, 9), End: local(3, 26, 10)}))
			w.settle()
			w.sameAgenda("a", "b-", "c")
			w.remove("b-", id)
			w.expect(`update "Stand-up" in a (`+third+`)`, `update "Stand-up" in c (`+third+`)`)
			w.settle()
			if got := w.sameAgenda("a", "b-", "c"); strings.Contains(got, "Retro") || strings.Count(got, "\n") != 4 {
				t.Errorf("agenda\n%s", got)
			}
		},
		"an edit of an occurrence that stands alone does not come back with its rule": func(t *testing.T) {
			w := newWorld(t, "a", "b-")
			home := w.add("a", "Stand-up", weekly)
			w.settle()
			var id calendar.RemoteID
			for x, ev := range w.events[ref("b-")] {
				if ev.Content.When.Start.Slot() == third {
					id = x
				}
			}
			w.edit("b-", id, title("Retro"))
			w.edit("a", home, at(calendar.When{Start: local(3, 10, 9), End: local(3, 10, 10)}))
			w.settle()
			if got := w.noted(state.Overridden); !strings.Contains(got, "no longer has it") {
				t.Errorf("history says %q", got)
			}
			delete(w.gone[ref("b-")], id) // restored from the bin, as it was left
			w.edit("b-", id)
			w.edit("a", home, weekly)
			w.settle()
			if got := w.sameAgenda("a", "b-"); strings.Contains(got, "Retro") || strings.Count(got, "\n") != 5 {
				t.Errorf("agenda\n%s", got)
			}
		},
		"an override that a calendar refuses stands alone there": func(t *testing.T) {
			w := newWorld(t, "a", "b~")
			id := w.add("a", "Stand-up", weekly, moved(local(3, 24, 9), local(3, 26, 11)))
			w.expect(`create "Stand-up" in b~`, `create "Stand-up" at `+third+` in b~`)
			w.expect()
			w.sameAgenda("a", "b~")
			w.edit("a", id, moved(local(3, 24, 9), local(3, 24, 11))) // back on its day
			w.expect(`update "Stand-up" in b~ (`+third+`)`, `delete "Stand-up" at `+third+` in b~`)
			w.settle()
			w.sameAgenda("a", "b~")
		},
		"a deleted series goes whole, and counts once": func(t *testing.T) {
			w := newWorld(t, "a", "b-")
			id := w.add("a", "Stand-up", weekly, func(e *calendar.Event) {
				e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=40"}
			})
			w.settle()
			w.remove("a", id)
			got := w.pass()
			if len(got) != 40 || strings.Contains(strings.Join(got, ""), "held") {
				t.Fatalf("%d steps: %v", len(got), got[0])
			}
			w.expect()
			if len(w.entities) != 0 {
				t.Error("left over")
			}
		},
		"one series on both sides is linked": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Stand-up", weekly)
			w.add("b", "Stand-up", weekly, cancelled(local(3, 17, 9)))
			w.expect(`adopt "Stand-up" in b`)
			w.expect()
		},
		"what a service drops with a new time that does not stand is put back": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly, retitled(local(3, 24, 9), "Retro"))
			w.settle()
			w.edit("b", w.the("b", "Stand-up").ID, plain(local(3, 24, 9)), func(e *calendar.Event) {
				e.Content.When.Start, e.Content.When.End = local(3, 10, 17), local(3, 10, 18)
			})
			w.edit("a", id, func(e *calendar.Event) { e.Content.When.End = local(3, 10, 11) }) // later: this one stands
			w.settle()
			if agenda := w.sameAgenda("a", "b"); !strings.Contains(agenda, "24 Mar 08:00 Retro") {
				t.Errorf("agenda\n%s", agenda)
			}
		},
		"edits of occurrences of a meeting with guests wait": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Stand-up", weekly, withGuest)
			w.settle()
			w.edit("b", w.the("b", "Stand-up").ID, moved(local(3, 24, 9), local(3, 24, 15)))
			w.expect(`update "Stand-up" in a (` + third + `) held: guests`)
			for fact := range w.decisions {
				w.decisions[fact] = state.Drop
			}
			w.expect(`update "Stand-up" in b (` + third + `)`)
			w.settle()
			w.sameAgenda("a", "b")
		},
		"an endless series crosses, one that is over does not": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			rule := func(s string) func(*calendar.Event) {
				return func(e *calendar.Event) {
					e.Content.When = calendar.When{Start: calendar.Date(1996, 2, 1), End: calendar.Date(1996, 2, 2), Recurrence: calendar.Recurrence{Rules: []string{s}}}
				}
			}
			w.add("a", "Birthday", rule("RRULE:FREQ=YEARLY"))
			w.add("a", "Course", rule("RRULE:FREQ=WEEKLY;COUNT=10"))
			w.add("a", "Never", rule("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;UNTIL=20300101"))
			got := w.pass()
			slices.Sort(got)
			if len(got) != 3 || got[0] != `create "Birthday" in b` {
				t.Errorf("steps %v", got)
			}
			w.settle()
		},
	} {
		t.Run(name, story)
	}
}

// The window of a series that is told in single events rolls forward, and what
// falls out at its end stays.
func TestExpandedSeriesRollsForward(t *testing.T) {
	w := newWorld(t, "a", "b-")
	id := w.add("a", "Daily", func(e *calendar.Event) {
		e.Content.When = calendar.When{Start: local(3, 1, 9), End: local(3, 1, 10), Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=DAILY"}}}
	})
	w.settle()
	before := len(w.events[ref("b-")])
	w.clock = w.clock.AddDate(0, 0, 40)
	w.dirty[Found{ref("a"), id}] = true
	got := w.pass()
	if len(got) != 40 || strings.Contains(fmt.Sprint(got), "delete") {
		t.Errorf("%d steps after 40 days, %d events before: %s", len(got), before, got[0])
	}
	w.settle()
}

// A series that was in both calendars before, of which one cannot hold where an occurrence
// was moved to: linking them writes nothing. As soon as the occurrence is to look otherwise
// it is told there, once.
func TestATwinThatCannotHoldAnOccurrence(t *testing.T) {
	second, wednesday := local(3, 17, 9), local(3, 18, 14)
	cases := []struct {
		name string
		do   func(w *world, id calendar.RemoteID)
		want string // of the second occurrence
		made bool   // it is told alone
	}{
		{"nothing is changed", func(*world, calendar.RemoteID) {}, "17 Mar 08:00 Weekly", false},
		{"its title is changed", func(w *world, id calendar.RemoteID) { w.edit("a", id, retitled(second, "Retro")) }, "18 Mar 13:00 Retro", true},
		{"it is cancelled", func(w *world, id calendar.RemoteID) { w.edit("a", id, cancelled(second)) }, "", false},
		{"it is put back", func(w *world, id calendar.RemoteID) { w.edit("a", id, plain(second)) }, "17 Mar 08:00 Weekly", false},
		{"it is put back, and moved again", func(w *world, id calendar.RemoteID) {
			w.edit("a", id, plain(second))
			w.settle()
			w.edit("a", id, moved(second, wednesday))
		}, "18 Mar 13:00 Weekly", true},
		{"it is changed in the twin", func(w *world, _ calendar.RemoteID) {
			w.edit("b~", w.the("b~", "Weekly").ID, retitled(second, "Retro"))
		}, "18 Mar 13:00 Retro", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "a", "b~")
			id := w.add("a", "Weekly", weekly, moved(second, wednesday))
			w.add("b~", "Weekly", weekly)
			w.settle()
			if w.writes != 0 {
				t.Fatalf("%d writes", w.writes)
			}
			c.do(w, id)
			w.settle()
			shown := slices.DeleteFunc(strings.Split(w.agenda("b~"), "\n"), func(line string) bool {
				return !strings.HasPrefix(line, "17 Mar") && !strings.HasPrefix(line, "18 Mar")
			})
			if got := strings.Join(shown, "\n"); got != c.want {
				t.Errorf("b shows %q, want %q", got, c.want)
			}
			for _, e := range w.entities {
				rec := e.Records[ref("b~")]
				for _, p := range rec.Parts {
					if p.Live() && rec.WasHere(p) != (p.Slot == "") {
						t.Errorf("%s was here before: %v", p.ID, rec.WasHere(p))
					}
					if p.Slot != "" && p.Live() != c.made {
						t.Errorf("%s is told alone: %v", p.Slot, !c.made)
					}
				}
			}
		})
	}
}

// An occurrence is cancelled in a copy that does not show what was changed of it at home:
// that is in the history, whether it was changed before, or while the cancellation waited
// since guests would hear of it.
func TestACancellationOfWhatWasNotSeen(t *testing.T) {
	second := local(3, 17, 9)
	moveTo := func(s string) func(*calendar.Event) {
		return func(e *calendar.Event) {
			o := calendar.Override{Original: second, Changed: calendar.Groups{calendar.GroupPlace}, Content: calendar.Content{Place: s}}
			e.Overrides = calendar.WithOverride(e.Overrides, second.Slot(), o)
		}
	}
	for name, c := range map[string]struct {
		waits bool
		shows state.Detail
		kept  string
	}{
		"changed before":               {false, state.TitleAndTime, "Oslo"},
		"changed while it waits":       {true, state.TitleAndTime, "Oslo"},
		"a copy that shows the change": {false, state.Everything, ""},
		"a copy that only says busy":   {true, state.BusyOnly, "Oslo"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(state.Mapping{Detail: c.shows})
			id := w.add("a", "Weekly", weekly)
			if c.waits {
				w.edit("a", id, withGuest)
			}
			w.settle()
			var copied calendar.RemoteID
			for x := range w.events[ref("b")] {
				copied = x
			}
			if c.waits {
				w.edit("b", copied, cancelled(second))
				w.expect(`update "Weekly" in a (` + second.Slot() + `) held: guests`)
			}
			w.edit("a", id, moveTo("Oslo"))
			w.settle()
			if w.decide(state.Apply); !c.waits {
				w.edit("b", copied, cancelled(second))
			}
			w.settle()
			if got := w.events[ref("a")][id].Overrides[second.Slot()]; !got.Cancelled {
				t.Errorf("at home it is %+v", got)
			}
			kept := ""
			for _, n := range w.notes {
				if n.Outcome == state.Overridden {
					kept += n.Was.Overrides[second.Slot()].Content.Place
				}
			}
			if kept != c.kept {
				t.Errorf("history keeps %q, want %q", kept, c.kept)
			}
		})
	}
}

// So it is where a twin was linked without what had been changed of the occurrence, as linking
// writes nothing; not where who cancelled it saw the change. What another change replaced that
// did not see it is told of then.
func TestACancellationInATwin(t *testing.T) {
	second := local(3, 17, 9)
	for name, c := range map[string]struct {
		twin, edit func(*calendar.Event)
		kept       string
	}{
		"linked without the change":  {plain(second), plain(second), "Retro"},
		"linked with another change": {retitled(second, "Review"), plain(local(3, 24, 9)), "Retro"},
		"linked with the change":     {retitled(second, "Retro"), plain(local(3, 24, 9)), ""},
		"changed since it is linked": {plain(second), retitled(second, "Review"), "Retro"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Weekly", weekly, retitled(second, "Retro"))
			twin := w.add("b", "Weekly", weekly, c.twin)
			w.expect(`adopt "Weekly" in b`)
			w.edit("b", twin, c.edit)
			w.settle()
			w.edit("b", twin, cancelled(second))
			w.settle()
			if got := w.events[ref("a")][id].Overrides[second.Slot()]; !got.Cancelled {
				t.Errorf("at home it is %+v", got)
			}
			kept := ""
			for _, n := range w.notes {
				if n.Outcome == state.Overridden {
					kept += n.Was.Overrides[second.Slot()].Content.Title
				}
			}
			if kept != c.kept {
				t.Errorf("history keeps %q, want %q: %s", kept, c.kept, w.noted(state.Overridden))
			}
		})
	}
}

// The time of a series and one of its new occurrences are changed while an edit of a copy waits
// for a word: the copy is told of both when it has the new time. An occurrence that its series
// does not have yet would be dropped there, and that be taken for the person's doing.
func TestANewOccurrenceWhileAnEditWaits(t *testing.T) {
	second, later := local(3, 17, 9), local(3, 19, 9)
	w := newWorld(t, "a", "b")
	id := w.add("a", "Weekly", weekly, withGuest)
	w.settle()
	w.edit("b", w.the("b", "Weekly").ID, retitled(second, "Review"))
	w.expect(`update "Weekly" in a (` + second.Slot() + `) held: guests`)
	w.edit("a", id, func(e *calendar.Event) {
		e.Content.When = calendar.When{Start: local(3, 12, 9), End: local(3, 12, 10),
			Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=TH"}}}
	}, moved(later, local(3, 19, 11)))
	w.expect(`update "Weekly" in a (` + second.Slot() + `) held: guests`)
	w.decide(state.Apply)
	w.settle()
	if got := w.sameAgenda("a", "b"); !strings.Contains(got, "19 Mar 10:00") {
		t.Error(got)
	}
	if got := w.overridden(); !strings.Contains(got.Why, "but the series no longer has it") {
		t.Errorf("history keeps %+v", got)
	}
}

// What a copy is given that the event's own calendar has no way to hold is put back, and is
// among what a person should look at: their edit is gone, and nobody had decided so.
func TestWhatAHomeCannotHoldShouldBeLookedAt(t *testing.T) {
	second, wednesday := local(3, 17, 9), local(3, 18, 14)
	for name, c := range map[string]struct {
		home, why string
		have, do  func(*calendar.Event)
	}{
		"a rule":                    {"a-", "“a-” cannot hold it: it holds no series", func(*calendar.Event) {}, weekly},
		"the time of an occurrence": {"a~", "“a~” cannot hold it: it may not leave its day", weekly, moved(second, wednesday)},
	} {
		w := newWorld(t, c.home, "b")
		w.add(c.home, "Weekly", c.have)
		w.settle()
		before := w.agenda("b")
		w.edit("b", w.the("b", "Weekly").ID, c.do)
		w.settle()
		if got := w.agenda("b"); got != before {
			t.Errorf("%s: b shows %s", name, got)
		}
		if len(w.notes) != 1 || !w.notes[0].Amiss() || !strings.HasSuffix(w.notes[0].Why, c.why) {
			t.Errorf("%s: noted %q", name, w.noted(state.Reverted))
		}
	}
}

// A series is cut short and made longer again. What its home, in which nothing was written for
// that, still shows of the occurrence that was gone in between, the copy shows too.
func TestAnOccurrenceThatIsThereAgain(t *testing.T) {
	fifth := local(4, 7, 9)
	until := func(n string) func(*calendar.Event) {
		return func(e *calendar.Event) {
			e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=" + n + ";BYDAY=TU"}
		}
	}
	type act = func(*world, calendar.RemoteID)
	invite := func(w *world, id calendar.RemoteID) { w.edit("a", id, withGuest) }
	uninvite := func(w *world, id calendar.RemoteID) { w.edit("a", id, func(e *calendar.Event) { e.Guests = nil }) }
	for name, c := range map[string]struct{ before, between act }{
		"it has guests":            {before: invite},
		"guests who are uninvited": {before: invite, between: uninvite},
		"it only sends":            {before: func(w *world, _ calendar.RemoteID) { w.mirrors[0].Members[0].Direction = state.SendOnly }},
		"it can only be read": {before: func(w *world, _ calendar.RemoteID) {
			m := w.members[ref("a")]
			m.Writable = false
			w.members[ref("a")] = m
		}},
		"it was taken away there": {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Stand-up", weekly, until("5"), moved(fifth, local(4, 8, 11)))
			w.settle()
			rule := func(n string) act { return func(w *world, id calendar.RemoteID) { w.edit("a", id, until(n)) } }
			for _, do := range []act{c.before, rule("4"), c.between, rule("5"), rule("4"), rule("5"), rule("4"), rule("5")} { // the person is of two minds
				if do != nil {
					do(w, id)
					w.settle()
				}
			}
			if got := w.sameAgenda("a", "b"); strings.Count(got, "\n") != 4 {
				t.Error(got)
			}
		})
	}
}
