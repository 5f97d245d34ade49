package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/engine/steady"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// house is what a pass works on: who takes part, and how they can be reached.
type house struct {
	pass     uint64
	mirrors  []state.Mirror // in order of creation
	members  map[state.Ref]reconcile.Member
	accounts map[state.AccountID]state.Account
	reach    map[state.AccountID]*steady.Provider // those that can be reached now
	refs     []state.Ref                          // calendars to read, sorted
	unsure   map[state.Ref][]state.EntityID       // of which a copy may have been made there

	// Of a plan that is only looked at: entities as an undo would leave them, and
	// events that are looked at though nothing of them changed.
	wished map[state.EntityID]state.Entity
	looked []store.DirtyEvent

	crowds []crowd // of the last plan
}

// pass is one pass: settle what was left open, pull, reconcile, push. again says
// that something changed under its hands and it should be run once more.
func (e *Engine) pass(ctx context.Context, req control.SyncRequest) (r control.Report, again bool, err error) {
	e.setRunning(true)
	defer e.setRunning(false)
	r = control.Report{DryRun: req.DryRun, Began: e.Now(), Steps: []control.StepResult{}}
	h, err := e.gather(req.DryRun, nil)
	if err != nil {
		return r, false, err
	}
	r.Pass = h.pass
	what := settleOpen
	if req.DryRun {
		what = settleNothing
	}
	settled, requests, err := e.visit(ctx, h, what, e.patience)
	if err != nil {
		return r, false, err
	}
	r.Requests = requests
	if err := e.closeUnsettled(h); err != nil {
		return r, false, err
	}
	plan, err := e.plan(h, req.DryRun, state.Mirror{})
	if err != nil {
		return r, false, err
	}
	if req.DryRun {
		for _, s := range plan {
			r.Steps = append(r.Steps, control.StepResult{Step: s})
		}
	} else {
		e.outstanding(plan)
		if r.Steps, again, err = e.push(ctx, h, plan, e.patience); err != nil {
			return r, false, err
		}
		left := []state.Step{}
		for _, s := range r.Steps {
			if s.Error != "" {
				left = append(left, s.Step)
			}
		}
		e.outstanding(left)
		r.Steps = append(settled, r.Steps...)
	}
	r.Ended = e.Now()
	accounts := slices.Collect(maps.Values(h.accounts))
	r.Problems = append(e.lockedNotes(accounts), e.problemList(accounts)...)
	r.Count()
	return r, again && ctx.Err() == nil, e.passed(h, r)
}

// outstanding takes note of how many events of each mirror have steps to be done.
func (e *Engine) outstanding(steps []state.Step) {
	seen := map[state.MirrorID]map[state.EntityID]bool{}
	for _, s := range steps {
		if s.Held != "" || !s.Kind.Writes() {
			continue // what waits for the person is told apart
		}
		if seen[s.Mirror] == nil {
			seen[s.Mirror] = map[state.EntityID]bool{}
		}
		seen[s.Mirror][s.Entity] = true
	}
	e.mu.Lock()
	e.pending = map[state.MirrorID]int{}
	for m, entities := range seen {
		e.pending[m] = len(entities)
	}
	e.mu.Unlock()
	e.statusChanged()
}

// gather reads from the store who takes part in this pass. instead stands in for
// the mirror with its id, if there is one.
func (e *Engine) gather(dryRun bool, instead *state.Mirror) (*house, error) {
	h := &house{members: map[state.Ref]reconcile.Member{}, accounts: map[state.AccountID]state.Account{}, reach: map[state.AccountID]*steady.Provider{}}
	calendars := map[state.Ref]state.Calendar{}
	read := func(tx *store.Tx) error {
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		for _, a := range accounts {
			h.accounts[a.ID] = a
		}
		list, err := tx.Calendars("")
		if err != nil {
			return err
		}
		for _, c := range list {
			calendars[c.Ref] = c
		}
		h.mirrors, err = mirrors(tx)
		for i := range h.mirrors {
			if instead != nil && h.mirrors[i].ID == instead.ID {
				h.mirrors[i] = *instead
			}
		}
		if instead != nil && instead.ID == unborn {
			h.mirrors = append(h.mirrors, *instead)
		}
		h.pass = tx.LastPass()
		return err
	}
	var err error
	if dryRun {
		err = e.Store.View(read)
	} else {
		err = e.Store.Update(func(tx *store.Tx) error {
			tx.NextPass()
			if err := read(tx); err != nil {
				return err
			}
			return e.rollWindow(tx, h.mirrors)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	for id, a := range h.accounts {
		if e.locked(id) {
			continue
		}
		p, err := e.provider(a)
		if err != nil {
			e.problem(id, state.Ref{}, err)
			continue
		}
		if e.waiting(id) || a.SignedOut || e.busy(id) || e.resting(p) {
			continue
		}
		h.reach[id] = p
	}
	for _, m := range h.mirrors {
		for _, x := range m.Members {
			if _, has := h.members[x.Ref]; has {
				continue
			}
			mem := member(h.accounts[x.Ref.Account], calendars[x.Ref])
			if p, err := e.provider(h.accounts[x.Ref.Account]); err == nil {
				mem.Capabilities = p.Capabilities()
				mem.Capabilities.HidesPrivate = calendars[x.Ref].Role.HidesPrivate()
			}
			h.members[x.Ref] = mem
		}
		if m.Paused {
			continue
		}
		for _, x := range m.Members {
			if _, ok := h.reach[x.Ref.Account]; ok && !x.Off && !slices.Contains(h.refs, x.Ref) {
				h.refs = append(h.refs, x.Ref)
			}
		}
	}
	slices.SortFunc(h.refs, compareRefs)
	return h, nil
}

// member is what reconciling must know of a calendar, but for what its provider tells.
func member(a state.Account, c state.Calendar) reconcile.Member {
	m := reconcile.Member{Name: c.Name, Account: cmp.Or(a.Email, string(a.ID)), Writable: c.Writable}
	for _, address := range []string{a.Email, c.Owner} {
		if address != "" && !slices.Contains(m.Addresses, address) {
			m.Addresses = append(m.Addresses, address)
		}
	}
	return m
}

// name is what a person calls a calendar; its reference if nobody has named it.
func (h *house) name(ref state.Ref) string {
	if n := h.members[ref].Name; n != "" {
		return "“" + n + "”"
	}
	return ref.String()
}

func compareRefs(a, b state.Ref) int { return cmp.Compare(a.String(), b.String()) }

// mirrors lists the mirrors, oldest first: where two would put an event into one
// calendar, the first one does.
func mirrors(tx *store.Tx) ([]state.Mirror, error) {
	ms, err := tx.Mirrors()
	slices.SortStableFunc(ms, func(a, b state.Mirror) int { return a.Created.Compare(b.Created) })
	return ms, err
}

const settingRolled = "window rolled on"

// rollWindow looks, once a day, at the events that were too far ahead so far.
func (e *Engine) rollWindow(tx *store.Tx, ms []state.Mirror) error {
	today := e.Now().UTC().Format(time.DateOnly)
	if last, ok := tx.Setting(settingRolled); ok && last == today {
		return nil
	}
	seen := map[state.Ref]bool{}
	for _, m := range ms {
		for _, x := range m.Members {
			if seen[x.Ref] {
				continue
			}
			seen[x.Ref] = true
			if err := e.markUnlinked(tx, x.Ref); err != nil {
				return err
			}
		}
	}
	// A series that is told in single events gets those of the new day.
	err := tx.Entities(func(ent state.Entity) error {
		for _, rec := range ent.Records {
			if len(rec.Parts) > 1 || len(rec.Parts) == 1 && rec.Parts[0].Slot != "" {
				return tx.SetPending(ent.ID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.SetSetting(settingRolled, today)
}

// markUnlinked marks every live event of a calendar that belongs to no entity.
func (e *Engine) markUnlinked(tx *store.Tx, ref state.Ref) error {
	var ids []calendar.RemoteID
	err := tx.EachReplica(ref, func(r state.Replica) error {
		if r.Deleted {
			return nil
		}
		if _, linked, err := tx.EntityOf(ref, r.Event.ID); err != nil || linked {
			return err
		}
		ids = append(ids, r.Event.ID)
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := tx.MarkDirty(ref, id); err != nil {
			return err
		}
	}
	return nil
}
