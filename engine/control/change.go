package control

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/twinday/twinday/store/state"
)

// Change is what a changed mirror makes the next pass do.
type Change struct {
	Plan   Report // without what the pass would do in any case
	Due    int    // how many steps those are
	Paused bool   // the mirror is paused and stays so: it is the first pass after that
}

// PlanChange asks what becoming as want would make the next pass do. What it would do
// anyway, with the mirror as it is, is taken out and counted: a deletion that has
// nothing to do with the change must not pass for one that the person agreed to with
// it. Of a mirror that is paused and stays so, it is what will be done once it is resumed.
// Nothing is written.
func PlanChange(ctx context.Context, b Backend, is, want state.Mirror) (c Change, err error) {
	if c.Paused = is.Paused && want.Paused; c.Paused {
		is.Paused, want.Paused = false, false
	}
	if c.Plan, err = b.PlanMirror(ctx, want); err != nil || len(c.Plan.Steps) == 0 {
		if c.Plan.Steps == nil {
			c.Plan.Steps = []StepResult{}
		}
		return c, err
	}
	anyway, err := b.PlanMirror(ctx, is)
	if err != nil {
		return c, err
	}
	known := map[string]bool{}
	for _, s := range anyway.Steps {
		known[stepKey(s)] = true
	}
	r := &c.Plan
	steps := []StepResult{}
	for _, s := range r.Steps {
		if known[stepKey(s)] {
			c.Due++
		} else {
			steps = append(steps, s)
		}
	}
	r.Steps = steps
	r.Count()
	return c, nil
}

// stepKey tells steps apart, by what they do and whether guests hold them. That a
// plan has so many deletions that it is held for them is nothing about one step.
func stepKey(s StepResult) string {
	x := s.Step
	x.Fact, x.Reason = "", ""
	if x.Held == state.HoldMassDeletion {
		x.Held = ""
	}
	key, _ := json.Marshal(x) // plain data
	return string(key)
}

// Agreed are the facts of the deletions to which a person agrees who has seen the
// plan: those that are held for their number. What guests would hear of is asked for
// by itself.
func (c Change) Agreed() []string {
	var facts []string
	for _, s := range c.Plan.Steps {
		if s.Kind == state.Delete && s.Fact != "" && (s.Held == "" || s.Held == state.HoldMassDeletion) {
			facts = append(facts, s.Fact)
		}
	}
	return facts
}

// Weighty says whether the change is worth a question: it does something, or could
// not see whether it does.
func (c Change) Weighty() bool {
	return len(c.Plan.Problems) > 0 || slices.ContainsFunc(c.Plan.Steps, func(s StepResult) bool { return s.Kind != state.Skip })
}
