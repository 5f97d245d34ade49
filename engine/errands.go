package engine

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// patience is how long a pass waits for an account. Whoever takes longer (a first
// read of thousands of events, a service that hangs) goes on by itself, and
// takes part again when it is done: it keeps nobody else waiting.
const patience = 5 * time.Second

// errand is what a pass asks of one account: to settle what is open and read its
// calendars, or to write. An account runs one at a time, and a pass without it is
// as if it could not be reached.
type errand struct {
	cancel context.CancelFunc
	done   chan struct{} // closed at the end; what follows is read after it
	late   bool          // the pass went on without it; under Engine.mu

	settled  []control.StepResult // by settling
	readings map[state.Ref]reading
	results  []control.StepResult // of the whole plan; lane says which are its own
	lane     []int
	again    bool
	err      error // the store's
}

func (x *errand) over() bool {
	select {
	case <-x.done:
		return true
	default:
		return false
	}
}

// errands are those under way, and those that no pass has heard of the end of.
type errands struct {
	mu    sync.Mutex
	of    map[state.AccountID]*errand
	ended chan struct{} // closed and replaced when one ends
}

// send starts an errand. It goes on when the pass ends, but not past Close.
func (e *Engine) send(id state.AccountID, do func(ctx context.Context, x *errand)) *errand {
	ctx, cancel := context.WithCancel(e.ctx)
	x := &errand{cancel: cancel, done: make(chan struct{})}
	e.errands.mu.Lock()
	e.errands.of[id] = x
	e.errands.mu.Unlock()
	run := func() {
		defer cancel()
		do(ctx, x)
		e.errands.mu.Lock()
		close(x.done)
		late := x.late
		close(e.errands.ended)
		e.errands.ended = make(chan struct{})
		e.errands.mu.Unlock()
		if late {
			e.statusChanged()
			if e.asking.Load() == 0 { // else whoever asked looks again
				e.poke()
			}
		}
	}
	if calendarsAtOnce == 1 {
		run()
	} else {
		go run()
	}
	return x
}

// await waits for errands, for as long as the pass has patience (0: to their
// end) and on while stay says so, and returns those that are over.
func (e *Engine) await(sent map[state.AccountID]*errand, patience time.Duration, stay func() bool) map[state.AccountID]*errand {
	var out <-chan time.Time
	if patience > 0 {
		t := time.NewTicker(patience)
		defer t.Stop()
		out = t.C
	}
	patient := true
	for _, x := range sent {
		for patient && !x.over() {
			select {
			case <-x.done:
			case <-out:
				patient = stay()
			}
		}
	}
	over := map[state.AccountID]*errand{}
	e.errands.mu.Lock()
	defer e.errands.mu.Unlock()
	for id, x := range sent {
		if !x.over() {
			x.late = true
			continue
		}
		over[id] = x
		delete(e.errands.of, id)
	}
	return over
}

// busy reports whether an account is still on an errand of an earlier pass.
func (e *Engine) busy(id state.AccountID) bool {
	e.errands.mu.Lock()
	defer e.errands.mu.Unlock()
	x := e.errands.of[id]
	return x != nil && !x.over()
}

// anyBusy reports whether anything goes on outside of a pass.
func (e *Engine) anyBusy() bool {
	e.errands.mu.Lock()
	defer e.errands.mu.Unlock()
	for _, x := range e.errands.of {
		if !x.over() {
			return true
		}
	}
	return false
}

// awaitEnd waits for the end of any errand; false if ctx ends first.
func (e *Engine) awaitEnd(ctx context.Context) bool {
	e.errands.mu.Lock()
	ended := e.errands.ended
	e.errands.mu.Unlock()
	if !e.anyBusy() {
		return true
	}
	select {
	case <-ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// awaitLate waits until an errand that a pass left behind has ended, and
// reports whether there was one.
func (e *Engine) awaitLate(ctx context.Context) bool {
	e.errands.mu.Lock()
	none := len(e.errands.of) == 0
	over := slices.ContainsFunc(slices.Collect(maps.Values(e.errands.of)), (*errand).over)
	e.errands.mu.Unlock()
	return !none && (over || e.awaitEnd(ctx))
}

// awaitAll waits, so long at most, for what earlier passes left behind: whoever
// asks for a plan wants all of it.
func (e *Engine) awaitAll(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for e.anyBusy() && e.awaitEnd(ctx) {
	}
}

// finished takes over the errands that ended after their passes had, and forgets
// those of accounts that take no part now.
func (e *Engine) finished(h *house) map[state.AccountID]*errand {
	e.errands.mu.Lock()
	defer e.errands.mu.Unlock()
	out := map[state.AccountID]*errand{}
	for id, x := range e.errands.of {
		if !x.over() {
			continue
		}
		delete(e.errands.of, id)
		if _, ok := h.reach[id]; !ok {
			x.readings = nil
		}
		out[id] = x
	}
	return out
}

// alone keeps passes out, and ends what earlier ones left running: whoever
// changes accounts or mirrors must not have that under their hands. A write that
// is cut off is settled by the next pass.
func (e *Engine) alone() (release func()) {
	e.passing.Lock()
	e.errands.mu.Lock()
	running := e.errands.of
	e.errands.of = map[state.AccountID]*errand{}
	e.errands.mu.Unlock()
	for _, x := range running {
		x.cancel()
	}
	for _, x := range running {
		<-x.done
	}
	return e.passing.Unlock
}

// settling is which open intents are settled before the calendars are read.
type settling int

const (
	settleNothing settling = iota // a dry run
	settleOpen
	settleToLeave // also where nothing else is written just now: the copies are about to be removed
)

// visit has every account settle what is open, as what says, and read its
// calendars, and takes over what they hold. A calendar that could not be read,
// or not yet, changes nothing, and nothing is made in it. The error is the store's.
func (e *Engine) visit(ctx context.Context, h *house, what settling, patience time.Duration) (settled []control.StepResult, requests int, err error) {
	refs := map[state.AccountID][]state.Ref{}
	for _, ref := range h.refs {
		refs[ref.Account] = append(refs[ref.Account], ref)
	}
	if what != settleNothing {
		open, err := e.open()
		if err != nil {
			return nil, 0, err
		}
		for _, in := range open {
			id := in.Step.Ref.Account
			if _, ok := h.reach[id]; ok && refs[id] == nil && (what == settleToLeave || !h.rests(in.Step)) {
				refs[id] = []state.Ref{}
			}
		}
	}
	before := e.finished(h)
	sent := map[state.AccountID]*errand{}
	for _, id := range slices.Sorted(maps.Keys(refs)) {
		if x := before[id]; x != nil && x.readings != nil {
			continue // it was read meanwhile
		}
		own := *h // the errand may outlive the pass
		own.members = maps.Clone(h.members)
		sent[id] = e.send(id, func(ctx context.Context, x *errand) { e.call(ctx, &own, id, refs[id], what, x) })
	}
	over := e.await(sent, patience, func() bool { return false })
	if err := e.refresh(h); err != nil {
		return nil, 0, err
	}
	closed := shut(h)
	for _, list := range []map[state.AccountID]*errand{before, over} {
		for _, id := range slices.Sorted(maps.Keys(list)) {
			x := list[id]
			settled = append(settled, x.settled...)
			for _, i := range x.lane {
				settled = append(settled, x.results[i])
			}
			if err == nil {
				err = x.err
			}
			for _, ref := range slices.SortedFunc(maps.Keys(x.readings), compareRefs) {
				r := x.readings[ref]
				requests += r.requests
				if r.trouble == nil && err == nil {
					err = e.take(ref, r)
				}
				m, ok := h.members[ref]
				if !ok || err != nil {
					continue
				}
				m.Ready, m.Read = r.trouble == nil, r.began
				h.members[ref] = m
				switch {
				case r.trouble != nil:
					e.trouble(ctx, ref, r.trouble)
				case closed[ref]:
					e.trouble(ctx, ref, shutTrouble(ref))
				default:
					e.mended(ref)
				}
			}
		}
	}
	if err != nil {
		return settled, requests, err
	}
	again, err := e.lookAgain(ctx, h)
	return settled, requests + again, err
}

// call is an account's errand before the plan is made.
func (e *Engine) call(ctx context.Context, h *house, id state.AccountID, refs []state.Ref, what settling, x *errand) {
	x.readings = map[state.Ref]reading{}
	if trouble := h.reach[id].Knock(ctx); trouble != nil {
		for _, ref := range refs {
			x.readings[ref] = reading{trouble: trouble}
		}
		return
	}
	if what != settleNothing {
		if x.settled, x.err = e.settle(ctx, h, id, what == settleToLeave); x.err != nil {
			return
		}
	}
	e.lookOver(ctx, h, id, refs)
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(atOnce(readsAtOnce))
	for _, ref := range refs {
		g.Go(func() error {
			r, err := reading{trouble: e.unusable(ref)}, error(nil)
			if r.trouble == nil {
				r, err = e.look(ctx, h.reach[id], ref)
			}
			mu.Lock()
			defer mu.Unlock()
			x.readings[ref] = r
			if err != nil {
				x.err = err
			}
			return nil
		})
	}
	_ = g.Wait() // they keep their errors
	e.shunned(ctx, h.accounts[id], x.readings)
}

// reading is how the reading of a calendar went, before it is kept.
type reading struct {
	began     time.Time
	changes   calendar.Changes
	doubtful  []calendar.RemoteID // new ones, of which it is not sure that they are there
	gone      []calendar.RemoteID
	unseen    []calendar.Event    // there, and not in sight
	forgotten []calendar.RemoteID // not in sight, and not asked for
	requests  int
	trouble   error // the provider's
}

// take keeps what was read of a calendar.
func (e *Engine) take(ref state.Ref, r reading) error {
	return e.Store.Update(func(tx *store.Tx) error {
		for _, ev := range r.changes.Events {
			if err := e.observe(tx, ref, ev, false); err != nil {
				return err
			}
		}
		for _, ev := range r.unseen {
			if err := e.observe(tx, ref, ev, true); err != nil {
				return err
			}
		}
		for _, id := range r.forgotten {
			if err := e.outOfSight(tx, ref, id); err != nil {
				return err
			}
		}
		for _, id := range r.gone {
			if err := e.observeGone(tx, ref, id); err != nil {
				return err
			}
		}
		return tx.SetCursor(ref, r.changes.Next)
	})
}
