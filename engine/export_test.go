package engine

import (
	"context"

	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// Maintain is what Run has done in the background.
func (e *Engine) Maintain(ctx context.Context) { e.maintain(ctx) }

// DropAtOnce is dropAtOnce.
const DropAtOnce = dropAtOnce

// OneByOne has passes read and write their calendars one after the other, in a fixed
// order, so that a simulation does the same each time. It is for a test's start, and
// returns what undoes it.
func OneByOne() (undo func()) {
	before := calendarsAtOnce
	calendarsAtOnce = 1
	return func() { calendarsAtOnce = before }
}

// HoldTurn is what whoever runs a pass, or changes mirrors, holds meanwhile.
func (e *Engine) HoldTurn() (release func()) { e.passing.Lock(); return e.passing.Unlock }

// Keep stores what was planned, and returns the steps that are left of it.
func (e *Engine) Keep(out reconcile.Output) ([]state.Step, error) {
	h, err := e.gather(false, nil)
	if err != nil {
		return nil, err
	}
	err = e.Store.Update(func(tx *store.Tx) error { return e.keep(tx, h, reconcile.Input{}, &out, nil) })
	return out.Steps, err
}

// CompleteOverrides is completeOverrides.
var CompleteOverrides = completeOverrides

// RefusedWords says why a sign-in failed.
var RefusedWords = refusedWords
