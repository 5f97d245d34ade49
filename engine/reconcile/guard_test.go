package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twinday/twinday/store/state"
)

func TestGuard(t *testing.T) {
	ago := func(ids []state.EntityID) map[state.EntityID]time.Time {
		out := map[state.EntityID]time.Time{}
		for _, id := range ids {
			out[id] = now.Add(-time.Minute)
		}
		return out
	}
	some := func(from, n int) (ids []state.EntityID) {
		for i := range n {
			ids = append(ids, state.EntityID(fmt.Sprint("e", from+i)))
		}
		return ids
	}
	for name, c := range map[string]struct {
		linked  int // still, when the pass begins
		before  []state.EntityID
		now     []state.EntityID
		decided map[string]state.Decision
		held    []state.EntityID
	}{
		"ten of many":                               {linked: 100, now: some(0, 10)},
		"eleven of many":                            {linked: 100, now: some(0, 11), held: some(0, 11)},
		"four of few":                               {linked: 6, now: some(0, 4)},
		"five of few":                               {linked: 24, now: some(0, 5), held: some(0, 5)},
		"a fifth":                                   {linked: 25, now: some(0, 5)},
		"the eleventh, soon after ten":              {linked: 90, before: some(0, 10), now: some(10, 1), held: some(10, 1)},
		"a fifth with those before":                 {linked: 23, before: some(0, 2), now: some(2, 3)},
		"more than a fifth with those before":       {linked: 22, before: some(0, 2), now: some(2, 3), held: some(2, 3)},
		"the same again, since they failed":         {linked: 100, before: some(0, 10), now: some(0, 10)},
		"agreed to, whatever came before":           {linked: 90, before: some(0, 10), now: some(10, 1), decided: map[string]state.Decision{"e10": state.Apply}},
		"what is agreed to counts for nothing else": {linked: 100, now: some(0, 11), decided: map[string]state.Decision{"e3": state.Apply}},
		"asked and not answered":                    {linked: 100, now: some(0, 1), decided: map[string]state.Decision{"e0": state.Undecided}, held: some(0, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Linked: map[state.MirrorID]int{"m": c.linked}, Decisions: c.decided,
				Unasked: map[state.MirrorID]map[state.EntityID]time.Time{"m": ago(c.before), "other": ago(some(0, 50))}}
			var steps []state.Step
			for _, id := range c.now { // each in two calendars
				for _, r := range []string{"b", "c"} {
					steps = append(steps, state.Step{Kind: state.Delete, Mirror: "m", Entity: id, Ref: ref(r), Fact: string(id)})
				}
			}
			unasked := in.guard(steps)["m"]
			for _, id := range c.now {
				held := slices.Contains(c.held, id)
				if got := slices.Contains(unasked, id); got != (!held && c.decided[string(id)] != state.Apply) {
					t.Errorf("%s let through unasked: %v", id, got)
				}
				for _, s := range steps {
					if s.Entity == id && (s.Held == state.HoldMassDeletion) != held {
						t.Errorf("%s in %s held: %q", id, s.Ref, s.Held)
					}
				}
			}
		})
	}
}
