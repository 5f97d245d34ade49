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
	reach    map[state.AccountID]calendar.Provider // those that can be reached now
	refs     []state.Ref                           // calendars to read, sorted
}

// pass is one pass: settle what was left open, pull, reconcile, push. again says
// that something changed under its hands and it should be run once more.
func (e *Engine) pass(ctx context.Context, req control.SyncRequest) (r control.Report, again bool, err error) {
	e.setRunning(true)
	defer e.setRunning(false)
	r = control.Report{DryRun: req.DryRun, Began: e.Now(), Steps: []control.StepResult{}}
	h, err := e.gather(req.DryRun)
	if err != nil {
		return r, false, err
	}
	r.Pass = h.pass
	var settled []control.StepResult
	if !req.DryRun {
		if settled, err = e.settle(ctx, h); err != nil {
			return r, false, err
		}
	}
	if r.Requests, err = e.pull(ctx, h); err != nil {
		return r, false, err
	}
	if err := e.closeUnsettled(h); err != nil {
		return r, false, err
	}
	plan, err := e.plan(h, req.DryRun)
	if err != nil {
		return r, false, err
	}
	if req.DryRun {
		for _, s := range plan {
			r.Steps = append(r.Steps, control.StepResult{Step: s})
		}
	} else {
		e.outstanding(plan)
		if r.Steps, again, err = e.push(ctx, h, plan); err != nil {
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
	r.Problems = e.problemList(slices.Collect(maps.Values(h.accounts)))
	count(&r)
	return r, again && ctx.Err() == nil, e.passed(h, r)
}

// outstanding takes note of how many events of each mirror have steps to be done.
func (e *Engine) outstanding(steps []state.Step) {
	seen := map[state.MirrorID]map[state.EntityID]bool{}
	for _, s := range steps {
		if s.Held != "" || s.Kind != state.Create && s.Kind != state.Update && s.Kind != state.Delete {
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

// gather reads from the store who takes part in this pass.
func (e *Engine) gather(dryRun bool) (*house, error) {
	h := &house{members: map[state.Ref]reconcile.Member{}, accounts: map[state.AccountID]state.Account{}, reach: map[state.AccountID]calendar.Provider{}}
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
		p, err := e.provider(a)
		if err != nil {
			e.problem(id, state.Ref{}, err)
			continue
		}
		if e.waiting(id) || a.SignedOut {
			continue
		}
		h.reach[id] = p
	}
	for _, m := range h.mirrors {
		for _, x := range m.Members {
			if _, has := h.members[x.Ref]; has {
				continue
			}
			mem := reconcile.Member{Name: calendars[x.Ref].Name, Writable: calendars[x.Ref].Writable}
			if p, err := e.provider(h.accounts[x.Ref.Account]); err == nil {
				mem.Capabilities = p.Capabilities()
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

// plan reconciles what changed and stores the new state; a dry run stores
// nothing. The steps are those to be done now, the held ones included.
func (e *Engine) plan(h *house, dryRun bool) ([]state.Step, error) {
	var out reconcile.Output
	decide := func(tx *store.Tx) error {
		in, dirty, err := e.input(tx, h)
		if err != nil {
			return err
		}
		if dryRun {
			minted := 0
			in.Mint = func() state.EntityID { minted++; return state.EntityID(fmt.Sprintf("new%d", minted)) }
		} else {
			in.Mint = tx.NextEntityID
		}
		out = reconcile.Reconcile(in)
		if dryRun {
			return nil
		}
		return e.keep(tx, h, in, out, dirty)
	}
	var err error
	if dryRun {
		err = e.Store.View(decide)
	} else {
		err = e.Store.Update(decide)
	}
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return out.Steps, nil
}

// input loads the part of the world that must be reconsidered.
func (e *Engine) input(tx *store.Tx, h *house) (reconcile.Input, []store.DirtyEvent, error) {
	in := reconcile.Input{Now: e.Now(), Mirrors: h.mirrors, Members: h.members,
		Replicas: map[state.Ref]map[calendar.RemoteID]state.Replica{}, Alike: map[reconcile.Found][]reconcile.Found{},
		Decisions: map[string]state.Decision{}, Linked: map[state.MirrorID]int{}}
	held, err := tx.AllHeld()
	if err != nil {
		return in, nil, err
	}
	for _, x := range held {
		in.Decisions[x.ID] = x.Decision
	}
	for _, m := range h.mirrors {
		for _, x := range m.Members {
			in.Linked[m.ID] = max(in.Linked[m.ID], tx.CountLinked(x.Ref))
		}
	}
	load := func(ref state.Ref, id calendar.RemoteID) (state.Replica, bool, error) {
		if r, ok := in.Replicas[ref][id]; ok {
			return r, true, nil
		}
		r, ok, err := tx.Replica(ref, id)
		if err != nil || !ok {
			return r, false, err
		}
		if in.Replicas[ref] == nil {
			in.Replicas[ref] = map[calendar.RemoteID]state.Replica{}
		}
		in.Replicas[ref][id] = r
		return r, true, nil
	}
	loaded := map[state.EntityID]bool{}
	entity := func(id state.EntityID) error {
		if loaded[id] {
			return nil
		}
		loaded[id] = true
		ent, ok, err := tx.Entity(id)
		if err != nil || !ok {
			return err
		}
		for ref, rec := range ent.Records {
			for _, p := range rec.Parts {
				if p.ID == "" {
					continue
				}
				if _, _, err := load(ref, p.ID); err != nil {
					return err
				}
			}
		}
		in.Entities = append(in.Entities, ent)
		// A calendar that it has not reached yet may hold the same meeting.
		f := reconcile.Found{Ref: ent.Home, ID: ent.Records[ent.Home].Parts[0].ID}
		if rep, ok := in.Replicas[f.Ref][f.ID]; ok && len(ent.Records) < len(h.members) {
			in.Alike[f], err = alike(tx, h, f, rep.Event, load)
		}
		return err
	}
	for _, id := range tx.PendingEntities() {
		if err := entity(id); err != nil {
			return in, nil, err
		}
	}
	dirty := tx.DirtyEvents()
	for _, d := range dirty {
		id, linked, err := tx.EntityOf(d.Ref, d.ID)
		if err != nil {
			return in, nil, err
		}
		if linked {
			if err := entity(id); err != nil {
				return in, nil, err
			}
			continue
		}
		rep, ok, err := load(d.Ref, d.ID)
		if err != nil {
			return in, nil, err
		}
		if !ok || rep.Deleted {
			continue
		}
		f := reconcile.Found{Ref: d.Ref, ID: d.ID}
		in.Found = append(in.Found, f)
		if in.Alike[f], err = alike(tx, h, f, rep.Event, load); err != nil {
			return in, nil, err
		}
	}
	return in, dirty, nil
}

// alike lists the unlinked events of other calendars that may be the same meeting.
func alike(tx *store.Tx, h *house, f reconcile.Found, ev calendar.Event,
	load func(state.Ref, calendar.RemoteID) (state.Replica, bool, error)) ([]reconcile.Found, error) {
	var out []reconcile.Found
	for ref := range h.members { // sorted by Reconcile
		if ref == f.Ref {
			continue
		}
		ids := append(tx.AlikeByUID(ref, ev.UID), tx.AlikeByLook(ref, ev.Content.Title, ev.Content.When.Start, ev.Content.When.End)...)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			if _, linked, err := tx.EntityOf(ref, id); err != nil || linked {
				if err != nil {
					return nil, err
				}
				continue
			}
			rep, ok, err := load(ref, id)
			if err != nil {
				return nil, err
			}
			if ok && !rep.Deleted {
				out = append(out, reconcile.Found{Ref: ref, ID: id})
			}
		}
	}
	return out, nil
}

// keep stores what Reconcile decided: entities, what is outstanding, what is
// held, and what is worth knowing.
func (e *Engine) keep(tx *store.Tx, h *house, in reconcile.Input, out reconcile.Output, dirty []store.DirtyEvent) error {
	outstanding := map[state.EntityID]bool{}
	heldNow := map[string]bool{}
	for _, s := range out.Steps {
		if s.Kind == state.Create || s.Kind == state.Update || s.Kind == state.Delete {
			outstanding[s.Entity] = true
		}
		if s.Held == "" {
			continue
		}
		heldNow[s.Fact] = true
		x, known, err := tx.Held(s.Fact)
		if err != nil {
			return err
		}
		if !known {
			x = state.Held{ID: s.Fact, Since: e.Now()}
		}
		x.Step = s
		if err := tx.PutHeld(x); err != nil {
			return err
		}
	}
	// A question that no longer arises is withdrawn, and a decision that was
	// carried out is done with.
	reconsidered := map[state.EntityID]bool{}
	for _, x := range out.Entities {
		reconsidered[x.ID] = true
	}
	all, err := tx.AllHeld()
	if err != nil {
		return err
	}
	for _, x := range all {
		if reconsidered[x.Step.Entity] && !heldNow[x.ID] && !outstanding[x.Step.Entity] {
			if err := tx.DeleteHeld(x.ID); err != nil {
				return err
			}
		}
	}
	for _, ent := range out.Entities {
		if err := putEntity(tx, ent); err != nil {
			return err
		}
		if outstanding[ent.ID] {
			err = tx.SetPending(ent.ID)
		} else {
			err = tx.ClearPending(ent.ID)
		}
		if err != nil {
			return err
		}
	}
	for i := range out.Notes {
		out.Notes[i].Pass = h.pass
		if err := tx.AppendHistory(&out.Notes[i]); err != nil {
			return err
		}
	}
	for _, s := range out.Steps {
		if s.Kind != state.Adopt {
			continue
		}
		if err := tx.AppendHistory(e.entry(h, s, state.Done, "", s.Before, s.Before)); err != nil {
			return err
		}
	}
	for _, d := range dirty {
		// An event that waits for another calendar to be read stays dirty.
		if e.waitsForOthers(h, d.Ref) {
			continue
		}
		if err := tx.ClearDirty(d.Ref, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// waitsForOthers reports whether a mirror of ref has a calendar that could not
// be read in this pass: what is to be made or adopted there is decided later.
func (e *Engine) waitsForOthers(h *house, ref state.Ref) bool {
	for _, m := range h.mirrors {
		if m.Paused || !m.Has(ref) {
			continue
		}
		for _, x := range m.Members {
			if !x.Off && !h.members[x.Ref].Ready {
				return true
			}
		}
	}
	return false
}

// putEntity stores an entity, or forgets it when nothing of it is left.
func putEntity(tx *store.Tx, ent state.Entity) error {
	if ent.Deleted && !alive(ent) {
		return tx.DeleteEntity(ent.ID)
	}
	return tx.PutEntity(ent)
}

func alive(ent state.Entity) bool {
	for _, rec := range ent.Records {
		for _, p := range rec.Parts {
			if p.ID != "" && !p.Gone {
				return true
			}
		}
	}
	return false
}

// entry is the history of a step.
func (e *Engine) entry(h *house, s state.Step, o state.Outcome, trouble string, before, after calendar.Content) *state.HistoryEntry {
	why := s.Reason
	if trouble != "" {
		why += "; failed: " + trouble
	}
	return &state.HistoryEntry{Time: e.Now(), Pass: h.pass, Kind: s.Kind, Outcome: o, Entity: s.Entity, Mirror: s.Mirror,
		Ref: s.Ref, From: s.From, Title: s.Title, Groups: s.Groups, Why: why, Before: before, After: after}
}
