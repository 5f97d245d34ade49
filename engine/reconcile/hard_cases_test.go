package reconcile

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// planOnly reconciles and remembers, as a pass whose writes all failed.
func (w *world) planOnly() []state.Step {
	out := Reconcile(w.input())
	w.dirty, w.pending = map[Found]bool{}, map[state.EntityID]bool{}
	w.notes = append(w.notes, out.Notes...)
	for _, e := range out.Entities {
		w.entities[e.ID] = e
	}
	for _, s := range out.Steps {
		w.pending[s.Entity] = true
		if s.Held != "" {
			if _, known := w.decisions[s.Fact]; !known {
				w.decisions[s.Fact] = state.Undecided
			}
		}
	}
	return out.Steps
}

func excluding(what string) state.Mapping { return state.Mapping{Filter: state.Filter{Exclude: what}} }

// keptWorld has a copy in b that is kept as it is since its home in a turned secret.
func keptWorld(t *testing.T) (w *world, home calendar.RemoteID) {
	w = newWorld(t, "a", "b")
	m := excluding("secret")
	m.OutOfScope = state.Keep
	w.maps(m)
	home = w.add("a", "Lunch")
	w.settle()
	w.edit("a", home, title("Secret lunch"))
	w.settle()
	return w, home
}

// Our own removal of a copy landed, its answer was lost: the tombstone is no deletion at home.
func TestOwnScopeDeletionUnrecorded(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(excluding("secret"))
	id := w.add("a", "Lunch")
	w.settle()
	w.edit("a", id, title("Secret lunch"))
	steps := w.planOnly()
	if len(steps) != 1 || steps[0].Kind != state.Delete {
		t.Fatalf("%+v", steps)
	}
	w.remove("b", steps[0].Event) // it landed
	w.settle()
	w.the("a", "Secret lunch")
}

// The removal is held; the person takes the copy away by hand.
func TestHeldScopeDeletionByHand(t *testing.T) {
	w := newWorld(t, "a", "b")
	for i := range 12 {
		w.add("a", fmt.Sprint("Lunch ", i))
	}
	w.settle()
	w.maps(excluding("lunch"))
	w.pass()
	w.remove("b", w.the("b", "Lunch 3").ID)
	w.pass()
	w.pass()
	w.the("a", "Lunch 3")
}

// Same for the whole series that is to be told in single events.
func TestOwnSeriesReplacedUnrecorded(t *testing.T) {
	w := newWorld(t, "a", "b")
	d := hour(9)
	d.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=5"}
	w.add("a", "Stand-up", at(d))
	w.settle()
	w.maps(state.Mapping{Filter: state.Filter{Days: []state.Weekday{"MO", "TU", "WE", "TH"}}})
	for _, s := range w.planOnly() {
		if s.Kind == state.Delete {
			w.remove("b", s.Event)
		}
	}
	w.settle()
	w.the("a", "Stand-up")
}

func TestDeclineGuard(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.mirrors[0].Invitations = state.DeclineInvitation
	for i := range 12 {
		w.add("a", fmt.Sprint("Board ", i), invitation)
	}
	w.settle()
	for i := range 12 {
		w.remove("b", w.the("b", fmt.Sprint("Board ", i)).ID)
	}
	for _, l := range w.pass() {
		if !strings.Contains(l, "held") {
			t.Errorf("not held: %s", l)
		}
	}
}

func TestDeclineSendOnly(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.mirrors[0].Invitations = state.DeclineInvitation
	w.mirrors[0].Members[0].Direction = state.SendOnly
	w.add("a", "Board", invitation)
	w.settle()
	w.remove("b", w.the("b", "Board").ID)
	for _, l := range w.pass() {
		if strings.Contains(l, "in a") {
			t.Errorf("a send-only calendar is written: %s", l)
		}
	}
}

func TestKeptDeletedCrossesAgain(t *testing.T) {
	w, id := keptWorld(t)
	w.remove("b", w.the("b", "Lunch").ID)
	w.settle()
	w.edit("a", id, title("Lunch"))
	w.settle()
	w.the("b", "Lunch")
}

func TestBlockLeaksHome(t *testing.T) {
	w := newWorld(t, "a", "b")
	id := w.add("a", "Board", withGuest, notes("Agenda"))
	w.settle()
	w.edit("a", id, func(e *calendar.Event) { e.Guests = nil })
	w.planOnly() // the write to b conflicts, since:
	c := w.the("b", "Board")
	w.edit("b", c.ID, notes(strings.Replace(c.Content.Notes.Text(), "Agenda", "Longer agenda", 1)))
	w.settle()
	if got := w.the("a", "Board").Content.Notes.Text(); got != "Longer agenda" {
		t.Errorf("home notes %q", got)
	}
}

func TestPrefixLeaksHome(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}})
	w.add("a", "Lunch")
	w.settle()
	w.edit("b", w.the("b", "[Work] Lunch").ID, title("[Work] Brunch"))
	w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[W] "}})
	w.settle()
	if strings.Contains(w.titles("a"), "[Work]") {
		t.Errorf("home: %s, copy: %s", w.titles("a"), w.titles("b"))
	}
}

func TestBusyCopyDamagesHome(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(state.Mapping{Detail: state.BusyOnly})
	w.add("a", "Lunch", notes("A long agenda"))
	w.settle()
	w.edit("b", w.the("b", "Busy").ID, func(e *calendar.Event) { e.Content.Title = "Busy?"; e.Content.Notes = calendar.NotesFromText("mine") })
	w.maps(state.Mapping{})
	w.settle()
	if w.titles("a") != "Lunch" {
		t.Errorf("home: %s", w.titles("a"))
	}
	for _, e := range w.events[ref("a")] {
		if e.Content.Notes.Text() != "A long agenda" {
			t.Errorf("home notes: %q; notes: %v", e.Content.Notes.Text(), w.notes)
		}
	}
}

func TestDropBypassesLens(t *testing.T) {
	w := newWorld(t, "a", "b")
	s := local(3, 17, 9)
	id := w.add("a", "Stand-up", weekly, retitled(s, "Doctor"), func(e *calendar.Event) {
		o := e.Overrides[s.Slot()]
		o.Changed, o.Content.Visibility = o.Changed.With(calendar.GroupVisibility), calendar.Private
		e.Overrides[s.Slot()] = o
	})
	w.settle()
	c := w.the("b", "Stand-up")
	if c.Overrides[s.Slot()].Content.Title != "Busy" {
		t.Fatalf("%+v", c.Overrides)
	}
	w.edit("b", c.ID, func(e *calendar.Event) { // the person gives it the series' title
		o := e.Overrides[s.Slot()]
		o.Changed, o.Content.Title = o.Changed.Without(calendar.GroupTitle), ""
		e.Overrides = calendar.WithOverride(e.Overrides, s.Slot(), o)
	})
	w.settle()
	if o := w.events[ref("a")][id].Overrides[s.Slot()]; o.Content.Title != "Doctor" {
		t.Errorf("home: %+v; history %+v", o, w.notes)
	}
}

func TestRefusedSlotEditNoHistory(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(state.Mapping{Detail: state.TitleAndTime})
	s := local(3, 17, 9)
	w.add("a", "Stand-up", weekly)
	w.settle()
	c := w.the("b", "Stand-up")
	w.edit("b", c.ID, func(e *calendar.Event) {
		o := calendar.Override{Original: s, Changed: calendar.Groups{calendar.GroupNotes}}
		o.Content.Notes = calendar.NotesFromText("what I typed")
		e.Overrides = calendar.WithOverride(e.Overrides, s.Slot(), o)
	})
	w.settle()
	if len(w.the("b", "Stand-up").Overrides) == 0 {
		t.Log("the edit was taken back")
	}
	found := false
	for _, n := range w.notes {
		found = found || n.Before.Notes.Text() == "what I typed"
	}
	if !found {
		t.Errorf("it is in no history: %+v", w.notes)
	}
}

func TestPastPartsTwice(t *testing.T) {
	w := newWorld(t, "a", "b")
	d := hour(9)
	d.Recurrence.Rules = []string{"RRULE:FREQ=DAILY"}
	w.maps(state.Mapping{Filter: state.Filter{Days: []state.Weekday{"MO", "TU", "WE", "TH", "FR"}}})
	w.add("a", "Stand-up", at(d))
	w.settle()
	for range 6 {
		w.clock = w.clock.Add(10 * 24 * time.Hour)
		for id := range w.entities {
			w.pending[id] = true
		}
		w.settle()
	}
	w.maps(state.Mapping{})
	w.settle()
	singles := 0
	for id, ev := range w.events[ref("b")] {
		if !w.gone[ref("b")][id] && ev.Content.When.Recurrence.IsZero() {
			singles++
		}
	}
	if singles > 0 {
		t.Errorf("%d past occurrences stand beside the series that tells them too", singles)
	}
}

func TestTwinLeftByOneDirection(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.mirrors[0].Mappings = []state.PairMapping{{From: ref("a"), To: ref("b"), Mapping: excluding("lunch")}}
	w.add("a", "Lunch", uid("x"))
	w.add("b", "Lunch", uid("x"))
	w.settle()
	for _, n := range []string{"a", "b", "c"} {
		if c := strings.Count(w.titles(n), "Lunch"); c != 1 {
			t.Errorf("%s holds %s", n, w.titles(n))
		}
	}
}

func TestHeldEditOverwritten(t *testing.T) {
	w := newWorld(t, "a", "b")
	id := w.add("a", "Board", withGuest)
	w.settle()
	w.edit("b", w.the("b", "Board").ID, title("Boards"))
	w.pass() // held
	w.edit("a", id, title("Planks"))
	out := Reconcile(w.input())
	seen := false
	for _, n := range out.Notes {
		seen = seen || n.Before.Title == "Boards"
	}
	for _, s := range out.Steps {
		t.Logf("%s held=%q before=%q want=%q", line(s), s.Held, s.Before.Title, s.Want.Title)
		seen = seen || s.Held == "" && s.Before.Title == "Boards"
		if s.Kind == state.Update && s.Ref == ref("b") && !seen {
			t.Errorf("the copy's edit is written over, and in no history")
		}
	}
}

func TestImportanceUnasked(t *testing.T) {
	w := newWorld(t, "a", "b")
	id := w.add("a", "Board", withGuest, func(e *calendar.Event) { e.Content.Visibility = calendar.Private })
	w.settle()
	w.edit("b", w.the("b", "Busy").ID, func(e *calendar.Event) { e.Content.Importance = calendar.HighImportance })
	w.edit("a", id, func(e *calendar.Event) { e.Content.Visibility = calendar.DefaultVisibility })
	for _, l := range w.pass() {
		if strings.Contains(l, "in a") && !strings.Contains(l, "held") {
			t.Errorf("unasked: %s", l)
		}
	}
}

func TestVisibilityReadBack(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.add("a", "Board")
	w.settle()
	w.edit("b", w.the("b", "Board").ID, func(e *calendar.Event) { e.Content.Visibility = calendar.Private })
	w.settle()
	t.Logf("home %+v; copies %s", w.the("a", "Board").Content, w.titles("b"))
}

func TestOwnSlotEditAsks(t *testing.T) {
	w := newWorld(t, "a", "b")
	s := local(3, 17, 9)
	w.add("a", "Stand-up", weekly, withGuest)
	w.settle()
	w.edit("b", w.the("b", "Stand-up").ID, func(e *calendar.Event) {
		o := calendar.Override{Original: s, Changed: calendar.Groups{calendar.GroupReminders}}
		o.Content.Reminders.Before = []time.Duration{time.Hour}
		e.Overrides = calendar.WithOverride(e.Overrides, s.Slot(), o)
	})
	for _, l := range w.pass() {
		t.Errorf("asked: %s", l)
	}
}

func TestRestoredAfterScopeRemoval(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(excluding("secret"))
	id := w.add("a", "Lunch")
	w.settle()
	c := w.the("b", "Lunch").ID
	w.edit("a", id, title("Secret lunch"))
	w.settle()
	w.gone[ref("b")][c] = false // out of the bin again
	w.dirty[Found{ref("b"), c}] = true
	w.settle()
	if w.titles("a") != "Secret lunch" {
		t.Errorf("a holds %s", w.titles("a"))
	}
}

func BenchmarkSeries(b *testing.B) {
	for _, n := range []int{50, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b, "a", "b")
			d := hour(9)
			d.Recurrence.Rules = []string{"RRULE:FREQ=DAILY"}
			var guests []calendar.Guest
			for i := range 60 {
				guests = append(guests, calendar.Guest{Person: calendar.Person{Name: fmt.Sprint("Guest ", i), Email: fmt.Sprintf("g%d@x.test", i)}})
			}
			id := w.add("a", "Stand-up", at(d), notes(strings.Repeat("Agenda point\n", 20)), func(e *calendar.Event) {
				e.Guests = guests
				e.Overrides = map[string]calendar.Override{}
				for i := range n {
					t0 := time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC).AddDate(0, 0, i)
					o := e.Content.When.Original(t0.Format("20060102T150405Z"))
					e.Overrides[o.Slot()] = calendar.Override{Original: o, Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: fmt.Sprint("T", i)}}
				}
			})
			w.settle()
			b.Run("home title", func(b *testing.B) {
				i := 0
				for b.Loop() {
					i++
					w.edit("a", id, title(fmt.Sprint("Stand-up ", i)))
					w.pass()
				}
			})
			b.Run("echo only", func(b *testing.B) {
				for b.Loop() {
					w.dirty[Found{ref("a"), id}] = true
					w.pass()
				}
			})
			b.Run("copy edits all overrides", func(b *testing.B) {
				w.mirrors[0].Guests = state.ApplyGuests
				i := 0
				var cid calendar.RemoteID
				for x := range w.events[ref("b")] {
					cid = x
				}
				for b.Loop() {
					i++
					w.edit("b", cid, func(e *calendar.Event) {
						e.Overrides = maps.Clone(e.Overrides)
						for slot, o := range e.Overrides {
							o.Content.Title = fmt.Sprint("E", i, slot)
							o.Changed = o.Changed.With(calendar.GroupTitle)
							e.Overrides[slot] = o
						}
					})
					w.pass()
				}
			})
		})
	}
}

func TestKeptThenRemove(t *testing.T) {
	w, _ := keptWorld(t)
	w.maps(excluding("secret"))
	w.settle()
	if w.titles("b") != "" {
		t.Errorf("b holds %s", w.titles("b"))
	}
}

func TestInvitedCross(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(state.Mapping{Filter: state.Filter{Invited: state.Cross}})
	w.add("a", "Board", withGuest, uid("x"))
	w.add("b", "Board", invitation, uid("x"))
	t.Log(w.pass())
}

// A person's first mirror leaves an event out; the second one would take it there.
func TestSecondMirror(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(excluding("lunch"))
	w.mirror("m2", "a", "b", "c")
	w.add("a", "Lunch")
	w.settle()
	t.Logf("b: %s, c: %s", w.titles("b"), w.titles("c"))
}
