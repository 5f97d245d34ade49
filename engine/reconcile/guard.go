package reconcile

import (
	"fmt"

	"github.com/twinday/twinday/store/state"
)

// The deletion limit of a mirror in one pass: more than MaxDeletions events, or
// at least FewDeletions that are more than one fifth of what it links.
const (
	MaxDeletions = 10
	FewDeletions = 5
	MaxShare     = 5 // one fifth
)

// guard holds deletions that could be an accident: a person who clears a
// calendar, an account that shows an empty one. A decision on a deletion is
// stored by its fact and stands.
func guard(steps []state.Step, linked map[state.MirrorID]int, decisions map[string]state.Decision) []state.Step {
	gone := map[state.MirrorID]map[state.EntityID]bool{}
	for _, s := range steps {
		if !deletion(s) || decisions[s.Fact] == state.Apply {
			continue
		}
		if gone[s.Mirror] == nil {
			gone[s.Mirror] = map[state.EntityID]bool{}
		}
		gone[s.Mirror][s.Entity] = true // a series counts once, and so does an event with many copies
	}
	for i, s := range steps {
		if !deletion(s) || decisions[s.Fact] == state.Apply {
			continue
		}
		_, asked := decisions[s.Fact]
		n := len(gone[s.Mirror])
		if asked || n > MaxDeletions || n >= FewDeletions && n*MaxShare > linked[s.Mirror] {
			steps[i].Held = state.HoldMassDeletion
			steps[i].Reason = fmt.Sprintf("%s, together with %d others at once: more than usual", s.Reason, n-1)
		}
	}
	return steps
}

// deletion reports whether a step takes an event away. A cancelled occurrence is
// none, nor is a series that is told in other parts from now on: they have no Fact.
func deletion(s state.Step) bool {
	return (s.Kind == state.Delete || s.Kind == state.Answer) && s.Held == "" && s.Fact != ""
}
