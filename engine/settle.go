package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// settle ends the intents of an account that a crash, a cut connection or a time-out left
// open: their requests may have landed or not. Each is sent again; what lay over
// or under our write meanwhile and is neither what we read back nor what was
// there before our first try was a person's edit, and is kept as rescued. It
// returns the steps that are settled now. The error is the store's; what a
// provider cannot answer now stays open, and so does what belongs where nothing is
// written now: in a mirror that is paused, in a member that is off. Unless leaving
// says that the copies are about to be removed.
func (e *Engine) settle(ctx context.Context, h *house, id state.AccountID, leaving bool) (done []control.StepResult, err error) {
	open, err := e.open()
	if err != nil {
		return nil, err
	}
	for _, in := range open {
		makes := in.Step.Kind == state.Create || in.Step.Kind == state.Answer
		if in.Step.Ref.Account != id || !leaving && (h.rests(in.Step) || makes && h.shut(in.Step.Ref)) {
			continue
		}
		l := lane{Engine: e, h: h, ref: in.Step.Ref, provider: h.reach[id]}
		settled, trouble, err := l.settleOne(ctx, in)
		switch {
		case err != nil:
			return done, err
		case trouble != nil:
			e.trouble(ctx, in.Step.Ref, trouble)
		case settled:
			done = append(done, control.StepResult{Step: in.Step})
		}
	}
	return done, nil
}

// rests reports whether nothing is written just now where a step leads to. (A step
// for the home of an event may name no mirror.)
func (h *house) rests(s state.Step) bool {
	some := false
	for _, m := range h.mirrors {
		i := slices.IndexFunc(m.Members, func(x state.Member) bool { return x.Ref == s.Ref })
		if i < 0 || s.Mirror != "" && s.Mirror != m.ID {
			continue
		}
		some = true
		if !m.Paused && !m.Members[i].Off {
			return false
		}
	}
	return some
}

// shut reports whether nothing is written in a calendar, since it only sends.
func (h *house) shut(ref state.Ref) bool { return !reconcile.Written(h.mirrors, ref) }

// open lists the intents that are not settled.
func (e *Engine) open() (open []state.Intent, err error) {
	if err := e.Store.View(func(tx *store.Tx) (err error) { open, err = tx.Intents(); return }); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return open, nil
}

// closeUnsettled takes the calendars out of this pass in which an event may have
// been made that we do not know yet: it would look like a person's. Where nothing can be
// written, that may stay so for long: then only what may be that event waits, or may seem
// to be.
func (e *Engine) closeUnsettled(h *house) error {
	open, err := e.open()
	if err != nil {
		return err
	}
	for _, in := range open {
		m, ok := h.members[in.Step.Ref]
		switch {
		case !ok || in.Step.Kind != state.Create:
		case m.Writable && !h.shut(in.Step.Ref):
			m.Ready = false
			h.members[in.Step.Ref] = m
		default:
			if h.unsure == nil {
				h.unsure = map[state.Ref][]state.EntityID{}
			}
			h.unsure[in.Step.Ref] = append(h.unsure[in.Step.Ref], in.Step.Entity)
		}
	}
	return nil
}

func (l lane) settleOne(ctx context.Context, in state.Intent) (settled bool, trouble, err error) {
	j := &job{again: true, intent: in, mark: l.mark(in.Step), calls: in.Attempt} // each try was one
	s := in.Step
	switch s.Kind {
	case state.Delete:
		if l.h.shut(s.Ref) { // what is to go from there all the same is planned again
			return false, nil, l.Store.Update(func(tx *store.Tx) error {
				if err := l.endIntent(tx, in, "no mirror writes to "+l.h.name(s.Ref)); err != nil || !tx.HasEntity(s.Entity) {
					return err
				}
				return tx.SetPending(s.Entity)
			})
		}
		j.send(ctx, l)
		if j.unsent {
			return false, j.err, nil // it stays open
		}
		if calendar.KindOf(j.err) == calendar.Conflict { // edited meanwhile: an edit beats a deletion
			if trouble, err := l.reread(ctx, l.provider, l.ref, s.Event); trouble != nil || err != nil {
				return false, trouble, err
			}
		}
		return l.conclude(ctx, j)
	case state.Answer:
		j.calls++
		ev, trouble := l.provider.Get(ctx, s.Ref.Calendar, s.Event)
		if trouble == nil && ev.MyResponse != s.Response { // the answer did not arrive
			j.intent.Step.IfVersion = ev.Version
			j.send(ctx, l)
			return l.conclude(ctx, j)
		}
		if j.answered(ev, trouble); trouble != nil && !j.gone {
			j.err = trouble
		}
		return l.conclude(ctx, j)
	case state.Create:
		j.send(ctx, l) // idempotent: the key is the same
		if j.err == nil || calendar.KindOf(j.err) == calendar.Gone {
			if trouble, err := l.rereadMarked(ctx, s, j.event.ID); trouble != nil || err != nil {
				return false, trouble, err
			}
		}
		if calendar.KindOf(j.err) == calendar.Gone {
			if err := l.tellSeen(in); err != nil {
				return false, nil, err
			}
		}
		if j.err == nil && !s.Want.When.Recurrence.IsZero() {
			j.calls++ // the answer to a create need not tell what became of occurrences since
			j.event, j.err = l.provider.Get(ctx, s.Ref.Calendar, j.event.ID)
		}
		if j.err != nil {
			return l.conclude(ctx, j)
		}
	default:
		j.calls++
		j.event, j.err = l.provider.Get(ctx, s.Ref.Calendar, s.Event)
		if k := calendar.KindOf(j.err); k == calendar.NotFound || k == calendar.Gone {
			if trouble := stands(ctx, l.provider, l.ref); trouble != nil {
				return false, trouble, nil // it stays open
			}
			if err := l.Store.Update(func(tx *store.Tx) error { return l.observeGone(tx, s.Ref, s.Event) }); err != nil {
				return false, nil, err
			}
		}
		if j.err != nil {
			return l.conclude(ctx, j)
		}
	}
	if len(j.event.Guests) > 0 && (s.Ref != s.Home || !s.HadGuests) || s.Kind == state.Update && l.h.shut(s.Ref) {
		return l.leaveAlone(j)
	}
	// Never overwrite what is not durably recorded: the state found is kept with
	// the intent before the write is sent again.
	found := j.event
	in.Seen = append(in.Seen, state.Snapshot{Content: found.Content, Overrides: found.Overrides, Updated: found.Updated})
	in.Attempt++
	j.intent = in
	if err := l.Store.Update(func(tx *store.Tx) error { return tx.PutIntent(in) }); err != nil {
		return false, nil, fmt.Errorf("engine: %w", err)
	}
	j.under = found.Version
	again := outstanding(s, found)
	if len(again.Groups)+len(again.Slots) > 0 {
		j.calls++
		j.event, j.err = l.provider.Update(ctx, s.Ref.Calendar, found.ID, found.Version, again)
	}
	if calendar.KindOf(j.err) == calendar.Conflict {
		return false, nil, nil // someone is at it just now: next pass
	}
	if j.err == nil {
		j.event = complete(j.event, written(s, found.Content))
		j.ours = ourOverrides(s, again, j.event)
		if err := l.rescue(j); err != nil {
			return false, nil, err
		}
	}
	return l.conclude(ctx, j)
}

// rereadMarked asks for the events that bear the mark of a create whose key turned out to
// be used up, or that made another event now: one of them is what it had made, deleted
// since, and a list may be late.
func (l lane) rereadMarked(ctx context.Context, s state.Step, now calendar.RemoteID) (trouble, err error) {
	var marked []calendar.RemoteID
	err = l.Store.View(func(tx *store.Tx) error {
		for _, id := range tx.AlikeByMark(s.Ref, s.Entity.Fingerprint()) {
			rep, known, err := tx.Replica(s.Ref, id)
			if err != nil {
				return err
			}
			_, linked, err := tx.EntityOf(s.Ref, id)
			if err != nil {
				return err
			}
			if known && !linked && id != now && !rep.Deleted && rep.Event.Mark.Entity == string(s.Entity) {
				marked = append(marked, id)
			}
		}
		return nil
	})
	for _, id := range marked {
		if trouble == nil && err == nil {
			trouble, err = l.reread(ctx, l.provider, s.Ref, id)
		}
	}
	return trouble, err
}

// tellSeen keeps in history what a person had made of what a create made, and has deleted
// since: it is made again without that.
func (l lane) tellSeen(in state.Intent) error {
	s := in.Step
	return l.Store.Update(func(tx *store.Tx) error {
		var before state.Snapshot
		for i, seen := range in.Seen {
			lost := outstanding(s, calendar.Event{Content: seen.Content, Overrides: seen.Overrides})
			again := i > 0 && len(calendar.Diff(seen.Content, before.Content))+len(calendar.Slots(seen.Overrides, before.Overrides)) == 0
			if before = seen; again || len(lost.Groups)+len(lost.Slots) == 0 {
				continue
			}
			h := l.entry(l.h, s, state.Overridden, "", calendar.Content{}, calendar.Content{})
			h.Kind, h.Groups, h.Slots, h.BeforeOverrides = "", lost.Groups, lost.Slots, only(seen.Overrides, lost.Slots)
			for _, g := range lost.Groups {
				h.Before = h.Before.Take(g, seen.Content)
			}
			h.Why = "It was changed in " + l.h.name(s.Ref) + ", and deleted there before that was taken over"
			h.Was, h.Became = state.Image{}, state.Image{}
			if err := tx.AppendHistory(h); err != nil {
				return err
			}
		}
		return nil
	})
}

// leaveAlone ends an intent without sending it again, because guests were invited
// meanwhile who would hear of it, or its calendar has come to send only. At home what is
// there is compared with what is known, and the next plan asks; a copy is left as it is
// from now on.
func (l lane) leaveAlone(j *job) (settled bool, trouble, err error) {
	s, found := j.intent.Step, j.event
	j.ours = found.Overrides
	err = l.rescue(j) // what lay under earlier tries
	if err != nil {
		return false, nil, err
	}
	err = l.Store.Update(func(tx *store.Tx) error {
		if err := tx.DeleteIntent(j.intent.ID); err != nil {
			return err
		}
		ent, ok, err := tx.Entity(s.Entity)
		if err != nil || !ok {
			return err
		}
		part := ent.Part(s.Ref, s.Slot)
		if part == nil {
			return nil
		}
		switch {
		case s.Ref != ent.Home: // written again, should it cross again
			settlePart(part, s, found, calendar.Event{}, found.Overrides, true)
			part.Dirty, part.DirtySlots = part.Dirty.With(s.Groups...), slices.Clone(s.Slots)
			if s.Kind == state.Create {
				part.Dirty = calendar.Diff(s.Want, found.Content)
			}
		case s.Kind == state.Create: // what is otherwise is a change made there
			settlePart(part, s, calendar.Event{ID: found.ID, Version: found.Version, Content: s.Want, Overrides: s.Overrides}, calendar.Event{}, s.Overrides, true)
		default:
			landed(part, s, found)
		}
		err = putEntity(tx, ent)
		if taken, is := errors.AsType[*store.TakenError](err); is {
			return l.recordTaken(tx, j, taken)
		}
		if err != nil {
			return err
		}
		if err := l.observe(tx, s.Ref, found, false); err != nil {
			return err
		}
		return tx.MarkDirty(s.Ref, found.ID)
	})
	if err != nil {
		return false, nil, fmt.Errorf("engine: %w", err)
	}
	return false, nil, nil
}

// landed takes for ours what an update did before it was cut off. Occurrences that a service
// takes away with the old time of their series are still to be written again.
func landed(part *state.Part, s state.Step, found calendar.Event) {
	for _, g := range s.Groups {
		if calendar.Equal(g, found.Content, s.Want) {
			part.Wrote, part.Read, part.Dirty = part.Wrote.Take(g, s.Want), part.Read.Take(g, found.Content), part.Dirty.Without(g)
		}
	}
	if !s.Groups.Has(calendar.GroupWhen) || !calendar.Equal(calendar.GroupWhen, found.Content, s.Want) {
		return
	}
	for _, slot := range slotsOf(s.Overrides) {
		if found.Overrides[slot].IsZero() && !part.ReadOverrides[slot].IsZero() {
			part.ReadOverrides = calendar.WithOverride(part.ReadOverrides, slot, calendar.Override{})
			part.DirtySlots = append(slices.Clone(part.DirtySlots), slot)
		}
	}
}

// outstanding is what of a step is not so yet where it was found like this. What people
// have done meanwhile to occurrences that it is not about stays.
func outstanding(s state.Step, found calendar.Event) calendar.Change {
	c := change(s)
	if s.Kind == state.Create {
		c.Groups, c.Slots = calendar.AllGroups, slotsOf(s.Overrides, found.Overrides)
	}
	c.Groups = slices.DeleteFunc(slices.Clone(c.Groups), func(g calendar.Group) bool { return calendar.Equal(g, found.Content, s.Want) })
	if !c.Groups.Has(calendar.GroupWhen) { // else all are written
		for _, slot := range slotsOf(s.Overrides, found.Overrides) {
			if !slices.Contains(c.Slots, slot) { // as it was before: an edit of it may wait for a word
				c.Overrides = calendar.WithOverride(c.Overrides, slot, edited(s, slot, s.BeforeOverrides[slot], found.Overrides[slot]))
			}
		}
		c.Slots = calendar.Slots(c.Overrides, found.Overrides)
	}
	w := found.Content.When
	if c.Groups.Has(calendar.GroupWhen) {
		w = c.Content.When
	}
	// The person may have shortened or moved the series meanwhile.
	if occurrences, err := w.Occurrences(); err == nil {
		c.Slots = slices.DeleteFunc(slices.Clone(c.Slots), func(slot string) bool {
			_, shown := found.Overrides[slot]
			return !shown && !occurrences.Has(w.Original(slot))
		})
	}
	return c
}

// ourOverrides are those of an event as we wrote them: not with what was left as it was
// found, or written along, which people did.
func ourOverrides(s state.Step, again calendar.Change, ev calendar.Event) map[string]calendar.Override {
	out := ev.Overrides
	for _, slot := range slotsOf(s.Overrides, ev.Overrides) {
		ours := slices.Contains(again.Slots, slot) && again.Overrides[slot].Equal(s.Overrides[slot])
		if !ours && !again.Groups.Has(calendar.GroupWhen) {
			out = calendar.WithOverride(out, slot, s.Overrides[slot])
		}
	}
	return out
}

// edited is an occurrence of ours with what a person did to it, where it was found like
// this under a step that was cut off.
func edited(s state.Step, slot string, ours, found calendar.Override) calendar.Override {
	was := []calendar.Override{ours, s.Overrides[slot], s.BeforeOverrides[slot]}
	if len(s.Groups) > 0 { // left behind by its series
		was = append(was, calendar.Override{Changed: s.Groups, Content: s.Before})
	}
	if s.Kind == state.Create || s.Groups.Has(calendar.GroupWhen) {
		was = append(was, calendar.Override{}) // not written yet, or gone with the old time
	}
	return ours.Edited(found, was...)
}

// rescue keeps a person's edits that were found under our unfinished write.
func (l lane) rescue(j *job) error {
	s := j.intent.Step
	groups := s.Groups
	if s.Kind == state.Create {
		groups = calendar.AllGroups
	}
	var saved state.Rescued
	for _, seen := range j.intent.Seen {
		var edit state.Image
		for _, g := range groups {
			ours := calendar.Equal(g, seen.Content, j.event.Content)
			before := s.Kind == state.Update && calendar.Equal(g, seen.Content, s.Before)
			if !ours && !before {
				edit = edit.With(g, seen.Content)
			}
		}
		for _, slot := range slotsOf(seen.Overrides, s.Overrides, s.BeforeOverrides) {
			ours := j.ours[slot]
			theirs := edited(s, slot, ours, seen.Overrides[slot])
			if slices.Contains(saved.Slots, slot) && !theirs.Equal(ours) {
				theirs = saved.Overrides[slot].Edited(theirs, ours)
			}
			if !theirs.Equal(ours) {
				edit = edit.WithSlot(slot, theirs)
			}
		}
		saved = saved.Under(edit, seen.Updated)
	}
	if saved.IsZero() {
		return nil
	}
	return l.Store.Update(func(tx *store.Tx) error {
		ent, ok, err := tx.Entity(s.Entity)
		if err != nil || !ok {
			return err
		}
		part := ent.Part(s.Ref, s.Slot)
		if part == nil {
			return nil
		}
		part.ID = j.event.ID
		part.Rescued = &saved
		err = tx.PutEntity(ent)
		if _, taken := errors.AsType[*store.TakenError](err); taken {
			return nil // recorded so, and whose it is has the edit
		}
		if err != nil {
			return err
		}
		return tx.SetPending(ent.ID)
	})
}

// conclude records a settled intent.
func (l lane) conclude(ctx context.Context, j *job) (settled bool, trouble, err error) {
	l.findShut(ctx, []*job{j})
	if _, err := l.commit([]*job{j}, nil, nil); err != nil {
		return false, nil, err
	}
	switch calendar.KindOf(j.err) {
	case calendar.Unavailable, calendar.Other, calendar.Throttled, calendar.SignedOut, calendar.ReadOnly, calendar.Forbidden:
		return false, j.err, nil
	}
	return j.err == nil, nil, nil
}
