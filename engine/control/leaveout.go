package control

import (
	"slices"

	"github.com/twinday/twinday/store/state"
)

// LeaveOut is what to leave out of a mirror (NewMirror.LeftOut) so that nothing of some
// planned steps is ever done. Only making and linking can be left out. Of two events that
// are not linked neither is copied to where the other is.
func LeaveOut(steps []StepResult) (out []state.LeftOut) {
	add := func(x state.LeftOut) {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	for _, s := range steps {
		switch s.Kind {
		case state.Create:
			add(state.LeftOut{From: s.Home, Event: s.Born, To: s.Ref})
		case state.Adopt:
			add(state.LeftOut{From: s.From, Event: s.Born, To: s.Ref})
			add(state.LeftOut{From: s.Ref, Event: s.Event})
		}
	}
	return out
}
