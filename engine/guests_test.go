package engine_test

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Guests who are invited while a change is on its way hear nothing of it, unless the
// person says so.

// invite adds a guest to an event, as another client.
func (f *fake) invite(title string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.one(title)
	h.Guests = []calendar.Guest{{Person: calendar.Person{Name: "Gus", Email: "gus@x.test"}}}
	f.touch(h)
}

// meanwhile has something happen once, just before a call takes effect.
func (f *fake) meanwhile(call string, do func()) {
	done := false
	f.between = func(c string) {
		if c == call && !done {
			done = true
			do()
		}
	}
}

// ask is the one question that waits.
func (b *bench) ask() state.Held {
	b.Helper()
	held, err := b.face.Held(b.Context())
	if err != nil || len(held) != 1 {
		b.Fatalf("held: %v, %v", held, err)
	}
	return held[0]
}

func (b *bench) mailed(want int) {
	b.Helper()
	if got := len(b.a.mails) + len(b.b.mails); got != want {
		b.Errorf("%d mails instead of %d: %v %v", got, want, b.a.mails, b.b.mails)
	}
}

func TestInvitedBeforeAnEditIsWrittenHome(t *testing.T) {
	for name, c := range map[string]struct {
		lost  bool
		rule  state.GuestRule
		d     state.Decision
		want  string
		mails int
	}{
		"yes":              {d: state.Apply, want: "Brunch", mails: 1},
		"no":               {d: state.Drop, want: "Lunch"},
		"no, by the rule":  {rule: state.RevertGuests, want: "Lunch"},
		"yes, by the rule": {rule: state.ApplyGuests, want: "Brunch", mails: 1},
		"no, cut off":      {lost: true, d: state.Drop, want: "Lunch"},
		"yes, cut off":     {lost: true, d: state.Apply, want: "Brunch", mails: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.sets(func(m *state.Mirror) { m.Guests = c.rule })
			b.a.add("Lunch")
			b.quiet()
			b.b.edit("Lunch", func(c *calendar.Content) { c.Title = "Brunch" })
			if c.lost {
				b.a.once("update", false)
				b.sync()
				b.a.invite("Lunch")
			} else {
				b.a.meanwhile("update", func() { b.a.invite("Lunch") })
			}
			b.sync()
			b.sync()
			if c.d != state.Undecided {
				b.mailed(0)
				x := b.ask()
				if x.Step.Held != state.HoldGuests || !strings.Contains(x.Step.Reason, "Gus") {
					t.Errorf("asked: %+v", x.Step)
				}
				b.decide(c.d)
			}
			b.quiet()
			b.alike(c.want)
			b.mailed(c.mails)
		})
	}
}

func TestInvitedBeforeADeletionIsWrittenHome(t *testing.T) {
	for name, c := range map[string]struct {
		d     state.Decision
		want  string
		mails int
	}{
		"yes": {state.Apply, "", 1},
		"no":  {state.Drop, "Lunch", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.a.add("Lunch")
			b.quiet()
			b.b.remove("Lunch")
			b.a.meanwhile("delete", func() { b.a.invite("Lunch") })
			b.sync()
			b.sync()
			b.mailed(0)
			b.ask()
			b.decide(c.d)
			b.quiet()
			b.alike(c.want)
			b.mailed(c.mails)
		})
	}
}

// A copy from which guests were invited is left as it is, whatever becomes of its event,
// until they are not invited any more.
func TestInvitedFromACopy(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.b.invite("Lunch")
	b.a.edit("Lunch", func(c *calendar.Content) { c.Title = "Brunch" })
	b.quiet()
	if got := b.b.titles(); got != "Lunch" {
		t.Errorf("the copy is %q", got)
	}
	b.mailed(0)
	b.b.mu.Lock()
	h := b.b.one("Lunch")
	h.Guests = nil
	b.b.touch(h)
	b.b.mu.Unlock()
	b.quiet()
	b.alike("Brunch")

	b.b.invite("Brunch")
	b.quiet()
	b.a.remove("Brunch")
	b.quiet()
	if got := b.b.titles(); got != "Brunch" {
		t.Errorf("after the event was deleted, the copies are %q", got)
	}
	b.a.add("Dinner")
	b.quiet()
	b.b.invite("Dinner")
	if _, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID}); err != nil {
		t.Fatal(err)
	}
	if got := b.b.titles(); got != "Brunch, Dinner" {
		t.Errorf("after the mirror was removed, the copies are %q", got)
	}
	b.mailed(0)
}

// Guests who are invited from a copy before it is known that it was made, or changed,
// hear nothing of what is sent again.
func TestInvitedFromAnUnsettledCopy(t *testing.T) {
	for _, call := range []string{"create", "update"} {
		for _, guests := range []bool{false, true} { // at home
			b := newBench(t)
			b.a.add("Lunch", func(ev *calendar.Event) {
				if guests {
					ev.Guests = []calendar.Guest{{Person: calendar.Person{Name: "Hal", Email: "hal@x.test"}}}
				}
			})
			if call == "update" {
				b.quiet()
				b.a.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
			}
			b.b.once(call, true)
			b.sync()
			b.b.invite("Lunch")
			b.quiet()
			b.mailed(0)
			b.alike("Lunch")
		}
	}
}

// A service takes the occurrences that were changed away with the old time of their series,
// and guests are invited before they are written again: that is no change of the person's,
// who is asked about them.
func TestInvitedBeforeOccurrencesAreWrittenAgain(t *testing.T) {
	for d, want := range map[state.Decision]string{state.Apply: "Retro", state.Drop: ""} {
		t.Run(string(d), func(t *testing.T) {
			b := newBench(t)
			b.a.wipes, b.a.stepwise = true, true
			b.a.add("Stand-up", daily)
			b.a.override("Stand-up", retitled("Retro"))
			b.quiet()
			b.b.edit("Stand-up", func(c *calendar.Content) { c.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=3"} })
			b.a.once("occurrence", false)
			b.sync()
			b.a.invite("Stand-up")
			b.sync()
			b.ask()
			b.decide(d)
			b.quiet()
			for _, f := range []*fake{b.a, b.b} {
				if got := f.one("Stand-up").Overrides[secondDay.Slot()].Content.Title; got != want {
					t.Errorf("the occurrence is %q instead of %q", got, want)
				}
			}
			if d == state.Drop && b.find(state.Reverted).Amiss() {
				t.Error("what the person decided is amiss")
			}
			if d == state.Drop && b.find(state.Reverted).BeforeOverrides[secondDay.Slot()].Content.Title != "Retro" {
				t.Error("history does not keep it")
			}
		})
	}
}
