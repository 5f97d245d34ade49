package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// plan reconciles what changed and stores the new state; a dry run stores
// nothing. The steps are those to be done now, the held ones included. Every event
// in the calendars of anew is reconsidered.
func (e *Engine) plan(h *house, dryRun bool, anew state.Mirror) ([]state.Step, error) {
	var out reconcile.Output
	decide := func(tx *store.Tx) error {
		in, dirty, err := e.input(tx, h, anew)
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
		claims := out.Claims
		for heed(&in, out.Claims) {
			out = reconcile.Reconcile(in)
		}
		e.crowded(h, &out, dryRun)
		if dryRun {
			return nil
		}
		if err := e.keep(tx, h, in, &out, dirty); err != nil {
			return err
		}
		if err := countUnasked(tx, in, out); err != nil {
			return err
		}
		return e.keepLeases(tx, h, claims)
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

// input loads the part of the world that must be reconsidered, and lists the dirty
// events that are in it.
func (e *Engine) input(tx *store.Tx, h *house, anew state.Mirror) (reconcile.Input, []store.DirtyEvent, error) {
	l := &loader{tx: tx, h: h, loaded: map[state.EntityID]bool{}, found: map[reconcile.Found]bool{}, unsettled: map[state.EntityID]bool{},
		ways: map[[2]state.Ref]*mapping.Mapping{}}
	l.in = reconcile.Input{Now: e.Now(), Installation: e.Store.Installation(), Mirrors: h.mirrors, Members: h.members,
		Replicas: map[state.Ref]map[calendar.RemoteID]state.Replica{}, Alike: map[reconcile.Found][]reconcile.Found{},
		Moves: map[reconcile.Found]reconcile.Found{}, Origins: map[reconcile.Found]reconcile.Found{},
		Unsure: h.unsure, Decisions: map[string]state.Decision{}, Linked: map[state.MirrorID]int{},
		Unasked: unasked(tx, e.Now())}
	h.crowds = nil
	var err error
	if l.in.Holds, err = holds(tx, h.mirrors); err != nil {
		return l.in, nil, err
	}
	held, err := tx.AllHeld()
	if err != nil {
		return l.in, nil, err
	}
	for _, x := range held {
		l.in.Decisions[x.ID] = x.Decision
	}
	for _, m := range h.mirrors {
		for _, x := range m.Members {
			l.in.Linked[m.ID] = max(l.in.Linked[m.ID], tx.CountLinked(x.Ref))
		}
	}
	// What lies over an event whose update is not settled may be that update's own
	// doing: the event waits.
	intents, err := tx.Intents()
	if err != nil {
		return l.in, nil, err
	}
	for _, x := range intents {
		again, err := madeAgain(tx, x)
		if err != nil {
			return l.in, nil, err
		}
		if x.Step.Kind == state.Update || again {
			l.loaded[x.Step.Entity], l.unsettled[x.Step.Entity] = true, true
		}
	}
	for _, id := range tx.PendingEntities() {
		if err := l.entity(id); err != nil {
			return l.in, nil, err
		}
	}
	for id := range h.wished {
		if err := l.entity(id); err != nil {
			return l.in, nil, err
		}
	}
	dirty := append(tx.DirtyEvents(), h.looked...)
	err = eachEvent(tx, anew, func(ref state.Ref, id calendar.RemoteID) error {
		dirty = append(dirty, store.DirtyEvent{Ref: ref, ID: id})
		return nil
	})
	if err != nil {
		return l.in, nil, err
	}
	var considered []store.DirtyEvent
	for _, d := range dirty {
		id, linked, err := tx.EntityOf(d.Ref, d.ID)
		if err != nil {
			return l.in, nil, err
		}
		wait := linked && l.unsettled[id]
		if !linked {
			if wait, err = l.unsure(d.Ref, d.ID); err != nil {
				return l.in, nil, err
			}
		}
		if wait {
			continue
		}
		considered = append(considered, d)
		if err := l.either(d.Ref, d.ID); err != nil {
			return l.in, nil, err
		}
	}
	return l.in, considered, nil
}

// madeAgain reports whether an open intent makes again what was deleted: whether what it
// was before counts, should it be restored, is not known until that is settled.
func madeAgain(tx *store.Tx, in state.Intent) (bool, error) {
	if in.Step.Kind != state.Create {
		return false, nil
	}
	ent, _, err := tx.Entity(in.Step.Entity)
	p := ent.Part(in.Step.Ref, in.Step.Slot)
	return p != nil && p.Before != nil, err
}

// loader fills the input of a plan.
type loader struct {
	tx     *store.Tx
	h      *house
	in     reconcile.Input
	loaded map[state.EntityID]bool
	found  map[reconcile.Found]bool

	unsettled map[state.EntityID]bool           // they wait
	ways      map[[2]state.Ref]*mapping.Mapping // from home to target, as far as they were asked for
}

// replica loads the latest observation of an event.
func (l *loader) replica(ref state.Ref, id calendar.RemoteID) (state.Replica, bool, error) {
	if r, ok := l.in.Replicas[ref][id]; ok {
		return r, true, nil
	}
	r, ok, err := l.tx.Replica(ref, id)
	if err != nil || !ok {
		return r, false, err
	}
	if l.in.Replicas[ref] == nil {
		l.in.Replicas[ref] = map[calendar.RemoteID]state.Replica{}
	}
	l.in.Replicas[ref][id] = r
	return r, true, nil
}

// entity loads an entity with its events.
func (l *loader) entity(id state.EntityID) error {
	if l.loaded[id] {
		return nil
	}
	l.loaded[id] = true
	ent, ok, err := l.tx.Entity(id)
	if w, is := l.h.wished[id]; is {
		ent, ok = w, true
	}
	if err != nil || !ok {
		return err
	}
	unmade := len(ent.Records) < len(l.h.members)
	for ref, rec := range ent.Records {
		for _, p := range rec.Parts {
			last := p.ID
			if p.ID == "" {
				if unmade = true; p.Before == nil {
					continue
				}
				last = p.Before.ID // it may be restored
			}
			if _, _, err := l.replica(ref, last); err != nil {
				return err
			}
		}
	}
	l.in.Entities = append(l.in.Entities, ent)
	if err := l.moves(ent); err != nil {
		return err
	}
	// A calendar that it has not reached yet may hold the same meeting.
	f := reconcile.Found{Ref: ent.Home, ID: ent.Records[ent.Home].Parts[0].ID}
	if rep, ok := l.in.Replicas[f.Ref][f.ID]; ok && unmade {
		return l.alike(f, rep.Event)
	}
	return nil
}

// either loads what an event is: a part of an entity, or one that belongs to none.
func (l *loader) either(ref state.Ref, id calendar.RemoteID) error {
	of, linked, err := l.tx.EntityOf(ref, id)
	if err != nil {
		return err
	}
	if linked {
		return l.entity(of)
	}
	f := reconcile.Found{Ref: ref, ID: id}
	rep, ok, err := l.replica(ref, id)
	if err != nil || !ok || l.found[f] {
		return err
	}
	if rep.Deleted {
		return l.survivors(rep.Event)
	}
	if wait, err := l.unsure(ref, id); err != nil || wait {
		return err
	}
	l.found[f] = true
	n, err := l.crowd(f, rep.Event)
	if err != nil {
		return err
	}
	if n >= mostAlike {
		l.h.crowds = append(l.h.crowds, crowd{f, rep.Event, n})
		return nil
	}
	l.in.Found = append(l.in.Found, f)
	if err := l.alike(f, rep.Event); err != nil {
		return err
	}
	if err := l.ledBy(rep.Event, ref); err != nil {
		return err
	}
	return l.origin(f, rep.Event)
}

// survivors loads the same meeting elsewhere of an event that is gone and belonged to
// none: it may have been left alone for the sake of that one.
func (l *loader) survivors(gone calendar.Event) error {
	if gone.UID == "" {
		return nil
	}
	for ref := range l.h.members {
		list, err := l.unlinked(ref, l.tx.AlikeByUID(ref, gone.UID))
		if err != nil {
			return err
		}
		for _, f := range list {
			if err := l.either(f.Ref, f.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlinked keeps of some events those that are live and belong to no entity.
func (l *loader) unlinked(ref state.Ref, ids []calendar.RemoteID) (out []reconcile.Found, err error) {
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		_, linked, err := l.tx.EntityOf(ref, id)
		if err != nil {
			return nil, err
		}
		if linked {
			continue
		}
		rep, ok, err := l.replica(ref, id)
		if err != nil {
			return nil, err
		}
		wait, err := l.unsure(ref, id)
		if err != nil {
			return nil, err
		}
		if ok && !rep.Deleted && !wait {
			out = append(out, reconcile.Found{Ref: ref, ID: id})
		}
	}
	return out, nil
}

// unsure reports whether an unlinked event may be, or may seem to be, a copy of ours of
// which it is not known yet that it was made, or a linked one that was moved here while a write to it
// is not settled.
func (l *loader) unsure(ref state.Ref, id calendar.RemoteID) (bool, error) {
	rep, ok, err := l.replica(ref, id)
	if err != nil || !ok {
		return false, err
	}
	for _, of := range l.h.unsure[ref] {
		ent, _, err := l.tx.Entity(of)
		if err != nil || reconcile.MaySeem(ent, rep.Event) {
			return true, err
		}
	}
	for of := range l.unsettled {
		ent, _, err := l.tx.Entity(of)
		if err != nil {
			return false, err
		}
		for from, rec := range ent.Records {
			if from.Account != ref.Account || len(rec.Parts) == 0 {
				continue
			}
			was, _, err := l.replica(from, rec.Parts[0].ID)
			if err != nil || was.Event.UID != "" && was.Event.UID == rep.Event.UID && (from != ref || rec.Parts[0].ID != id) {
				return true, err
			}
		}
	}
	return false, nil
}

// keep stores what Reconcile decided: entities, what is outstanding, what is
// held, and what is worth knowing. What cannot be kept is taken out of it.
func (e *Engine) keep(tx *store.Tx, h *house, in reconcile.Input, out *reconcile.Output, dirty []store.DirtyEvent) error {
	if err := e.keepEntities(tx, h, out); err != nil {
		return err
	}
	outstanding := map[state.EntityID]bool{}
	heldNow := map[string]bool{}
	for _, s := range out.Steps {
		if s.Kind.Writes() {
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
	// A question that no longer arises is withdrawn, whatever else is to be written of its
	// event, and a decision that was carried out is done with.
	reconsidered := map[state.EntityID]bool{}
	for _, x := range out.Entities {
		reconsidered[x.ID] = true
	}
	all, err := tx.AllHeld()
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Step.Entity == "" {
			continue // about a whole mirror: see keepLeases
		}
		if !tx.HasEntity(x.Step.Entity) || reconsidered[x.Step.Entity] && !heldNow[x.ID] && (x.Decision == state.Undecided || !outstanding[x.Step.Entity]) {
			if err := tx.DeleteHeld(x.ID); err != nil {
				return err
			}
		}
	}
	for _, ent := range out.Entities {
		if !tx.HasEntity(ent.ID) {
			continue
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
	waiting := map[reconcile.Found]bool{}
	for _, f := range out.Waiting {
		waiting[f] = true
		if err := tx.MarkDirty(f.Ref, f.ID); err != nil {
			return err
		}
	}
	for _, d := range dirty {
		// An event that waits for another calendar to be read stays dirty.
		if e.waitsForOthers(h, d.Ref) || waiting[reconcile.Found{Ref: d.Ref, ID: d.ID}] {
			continue
		}
		if err := tx.ClearDirty(d.Ref, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// keepEntities stores entities. One that the store refuses, because an event of it is
// another's, is set aside as it was, with all that was planned for it, and is told of:
// the others go on without it.
func (e *Engine) keepEntities(tx *store.Tx, h *house, out *reconcile.Output) error {
	left := out.Entities
	refused := map[state.EntityID]*store.TakenError{}
	for len(left) > 0 { // one may let go of what another takes
		var again []state.Entity
		for _, ent := range left {
			err := putEntity(tx, ent)
			taken, is := errors.AsType[*store.TakenError](err)
			if is {
				again, refused[ent.ID] = append(again, ent), taken
				continue
			}
			if err != nil {
				return err
			}
			delete(refused, ent.ID)
		}
		if len(again) == len(left) {
			break
		}
		left = again
	}
	if len(refused) == 0 {
		return nil
	}
	for _, ent := range left {
		taken := refused[ent.ID]
		e.Log.Error("an event is set aside", "error", taken)
		x := state.HistoryEntry{Time: e.Now(), Pass: h.pass, Kind: state.Skip, Outcome: state.Failed, Entity: ent.ID, Ref: taken.Ref, From: ent.Home,
			Title: ent.Base.Title, Why: "left as it is: " + setAside(taken), Before: ent.Base, After: ent.Base, Home: ent.Home, HadGuests: ent.Facts.HasGuests()}
		last, err := tx.History(store.HistoryFilter{Entity: ent.ID, Limit: 1})
		if err != nil {
			return err
		}
		if len(last) == 0 || last[0].Why != x.Why { // told once
			if err := tx.AppendHistory(&x); err != nil {
				return err
			}
		}
	}
	out.Entities = slices.DeleteFunc(out.Entities, func(ent state.Entity) bool { return refused[ent.ID] != nil })
	out.Notes = slices.DeleteFunc(out.Notes, func(n state.HistoryEntry) bool { return refused[n.Entity] != nil })
	out.Steps = slices.DeleteFunc(out.Steps, func(s state.Step) bool { return refused[s.Entity] != nil })
	for _, ent := range left {
		taken := refused[ent.ID]
		out.Steps = append(out.Steps, state.Step{Kind: state.Skip, Entity: ent.ID, Ref: taken.Ref, From: ent.Home, Event: taken.Event,
			Title: ent.Base.Title, Before: ent.Base, Reason: setAside(taken)})
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

// putEntity stores an entity, or forgets it when nothing of it is left, nor may come of
// a request that is not settled.
func putEntity(tx *store.Tx, ent state.Entity) error {
	if !ent.Deleted || ent.Live() {
		return tx.PutEntity(ent)
	}
	open, err := tx.Intents()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(open, func(in state.Intent) bool { return in.Step.Entity == ent.ID }) {
		return tx.PutEntity(ent)
	}
	return errors.Join(tx.ClearPending(ent.ID), tx.DeleteEntity(ent.ID))
}

// entry is the history of a step.
func (e *Engine) entry(h *house, s state.Step, o state.Outcome, trouble string, before, after calendar.Content) *state.HistoryEntry {
	why := s.Reason
	if trouble != "" {
		why += "; failed: " + trouble
	}
	slots := s.Slots
	if s.Groups.Has(calendar.GroupWhen) || s.Kind == state.Delete { // then all are written
		slots = slotsOf(s.BeforeOverrides, s.Overrides)
	}
	return &state.HistoryEntry{Time: e.Now(), Pass: h.pass, Kind: s.Kind, Outcome: o, Entity: s.Entity, Mirror: s.Mirror,
		Ref: s.Ref, From: s.From, Title: s.Title, Groups: s.Groups, Why: why, Before: before, After: after,
		Slots: slots, BeforeOverrides: only(s.BeforeOverrides, slots), Slot: s.Slot,
		Home: s.Home, HadGuests: s.HadGuests, Was: s.Was, Became: s.Became, Undoes: s.Undoes, Duplicate: s.Duplicate}
}

// only are the overrides of some slots.
func only(all map[string]calendar.Override, slots []string) map[string]calendar.Override {
	var out map[string]calendar.Override
	for _, slot := range slots {
		if o, ok := all[slot]; ok {
			out = calendar.WithOverride(out, slot, o)
		}
	}
	return out
}
