package reconcile

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinday/twinday/store/state"
)

// The deletion limit of a mirror in one pass, and all that came within AtOnce before it (a
// pass comes each few seconds while a window is open): more than MaxDeletions events, or at
// least FewDeletions that are more than one fifth of what it links.
const (
	MaxDeletions = 10
	FewDeletions = 5
	MaxShare     = 5 // one fifth
	AtOnce       = 5 * time.Minute
)

// guard holds deletions that could be an accident: a person who clears a
// calendar, an account that shows an empty one. A decision on a deletion is
// stored by its fact and stands. unasked are the events of which it lets deletions through.
func (in Input) guard(steps []state.Step) (unasked map[state.MirrorID][]state.EntityID) {
	unasked = map[state.MirrorID][]state.EntityID{}
	now, gone := map[state.MirrorID]map[state.EntityID]bool{}, map[state.MirrorID]map[state.EntityID]bool{}
	for _, s := range steps {
		if !deletion(s) || in.Decisions[s.Fact] == state.Apply {
			continue
		}
		if now[s.Mirror] == nil {
			now[s.Mirror], gone[s.Mirror] = map[state.EntityID]bool{}, map[state.EntityID]bool{}
			for id := range in.Unasked[s.Mirror] {
				gone[s.Mirror][id] = true
			}
		}
		now[s.Mirror][s.Entity], gone[s.Mirror][s.Entity] = true, true // a series counts once, and so does an event with many copies
	}
	for i, s := range steps {
		if !deletion(s) || in.Decisions[s.Fact] == state.Apply {
			continue
		}
		_, asked := in.Decisions[s.Fact]
		n := len(gone[s.Mirror])
		linked := in.Linked[s.Mirror] + n - len(now[s.Mirror]) // before the first of them went
		if asked || n > MaxDeletions || n >= FewDeletions && n*MaxShare > linked {
			steps[i].Held = state.HoldMassDeletion
			steps[i].Reason = fmt.Sprintf("%s, together with %d others within minutes: more than usual", s.Reason, n-1)
		} else if !slices.Contains(unasked[s.Mirror], s.Entity) {
			unasked[s.Mirror] = append(unasked[s.Mirror], s.Entity)
		}
	}
	return unasked
}

// deletion reports whether a step takes an event away. A cancelled occurrence is
// none, nor is a series that is told in other parts from now on: they have no Fact.
func deletion(s state.Step) bool {
	return (s.Kind == state.Delete || s.Kind == state.Answer) && s.Held == "" && s.Fact != ""
}
