package engine_test

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// contested is a mirror that asks about conflicts, and a title that was changed on both sides.
func contested(t *testing.T) *bench {
	b := newBench(t)
	b.sets(func(m *state.Mirror) { m.Conflicts = state.AskConflict })
	b.a.add("Lunch")
	b.quiet()
	b.b.edit("Lunch", retitle("First"))
	b.a.edit("Lunch", retitle("Second"))
	return b
}

func TestAConflictIsAskedAboutOnce(t *testing.T) {
	for d, want := range map[state.Decision]string{state.Apply: "First", state.Drop: "Second"} {
		t.Run(string(d), func(t *testing.T) {
			b := contested(t)
			b.b.edit("First", func(c *calendar.Content) { c.Place = "Oslo" }) // services know of the event's time only
			for range 5 {
				r := b.sync()
				if r.Held != 1 || b.a.titles() != "Second" || b.b.titles() != "First" {
					t.Fatalf("%+v\na: %s, b: %s", r, b.a.titles(), b.b.titles())
				}
				b.restart()
			}
			if p := b.a.one("Second").Content.Place; p != "Oslo" {
				t.Errorf("another field waits: %q", p)
			}
			held, err := b.face.Held(t.Context())
			if err != nil || len(held) != 1 || held[0].Step.Held != state.HoldConflict || held[0].Step.From != refB || held[0].Step.Ref != refA {
				t.Fatalf("%+v, %v", held, err)
			}
			if x := b.whyAt(b.a.one("Second").ID); !strings.Contains(strings.Join(x.Waits, " "), "held for your decision (conflict)") {
				t.Errorf("why: %+v", x.Waits)
			}
			b.decide(d)
			b.titled(want)
			if x := b.find(state.Overridden); x.Rule != "conflicts: ask" || x.From == x.Ref || x.Was.IsZero() {
				t.Errorf("%+v", x)
			}
			if s, _ := b.face.Status(t.Context()); s.Held != 0 {
				t.Errorf("still held: %d", s.Held)
			}
		})
	}
}

// The mirror is told how to decide while a question waits: the question is gone with the
// write that answers it.
func TestAQuestionThatARuleAnswersIsWithdrawn(t *testing.T) {
	b := contested(t)
	if r := b.sync(); r.Held != 1 {
		t.Fatalf("%+v", r)
	}
	b.sets(func(m *state.Mirror) { m.Conflicts = state.LatestWins })
	b.sync()
	b.titled(b.a.titles())
	if held, err := b.face.Held(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("it is still asked: %+v, %v", held, err)
	}
}

func (b *bench) whyAt(id calendar.RemoteID) control.Explanation { b.Helper(); return b.why(string(id)) }

func TestAConflictRuleMustNameAMember(t *testing.T) {
	b := newBench(t)
	for rule, fine := range map[state.ConflictRule]bool{"ask": true, state.MemberWins(refB): true, "": true, "x/y": false, "later": false} {
		m := b.mirror
		m.Conflicts = rule
		if _, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: m}); (err == nil) != fine {
			t.Errorf("%q: %v", rule, err)
		}
	}
}
