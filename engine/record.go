package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// record keeps the results of a batch, and ends their intents.
func (l lane) record(tx *store.Tx, jobs []*job) error {
	for _, j := range jobs {
		err := l.recordOne(tx, j)
		if taken, ok := errors.AsType[*store.TakenError](err); ok {
			err = l.recordTaken(tx, j, taken)
		}
		if err != nil {
			return err
		}
	}
	return countJobs(tx, jobs)
}

func (l lane) recordOne(tx *store.Tx, j *job) error {
	s := j.intent.Step
	if j.unsent {
		return l.recordBack(tx, j)
	}
	kind := calendar.KindOf(j.err)
	if kind == calendar.Unavailable || kind == calendar.Other {
		return nil // it may have happened: the intent stays and is settled first thing
	}
	if j.again && slices.Contains([]calendar.Kind{calendar.Throttled, calendar.SignedOut, calendar.ReadOnly, calendar.Forbidden}, kind) {
		return nil // this try did nothing, but that says nothing of the one before
	}
	if err := tx.DeleteIntent(j.intent.ID); err != nil {
		return err
	}
	ent, ok, err := j.entity, true, error(nil)
	if !tx.UnchangedEntity(s.Entity, j.stored) {
		ent, ok, err = tx.Entity(s.Entity)
	}
	if err != nil || !ok {
		return err
	}
	part := ent.Part(s.Ref, s.Slot)
	if part == nil || j.shut {
		return nil
	}
	var swept []*state.HistoryEntry
	if j.err != nil {
		return l.recordFailure(tx, ent, part, s, j.err)
	}
	if s.Kind == state.Answer {
		return l.recordAnswer(tx, j, ent)
	}
	if s.Kind == state.Delete {
		if err := l.observeGone(tx, s.Ref, part.ID); err != nil {
			return err
		}
		if err := tx.ClearDirty(s.Ref, part.ID); err != nil { // our own doing
			return err
		}
		part.Gone = true            // the id stays known: it may be restored from the provider's bin
		part.Leaving = !ent.Deleted // it may be wanted again since
		noneOfBefore(ent, s)
	} else {
		old, known, err := tx.Replica(s.Ref, j.event.ID)
		if err != nil {
			return err
		}
		// Over a state that we had not read (settling an old intent), all that we
		// did not write ourselves may be a person's doing.
		strange := s.Kind == state.Update && (!known || old.Event.Version != j.under)
		j.event = complete(j.event, written(s, old.Event.Content))
		if j.ours == nil {
			j.ours = j.event.Overrides
		}
		if j.remark && len(s.Groups) > 0 {
			part.By, part.Bore, old.Event.Mark = "", old.Event.Mark, j.mark
		}
		j.event.Mark = cmp.Or(j.event.Mark, old.Event.Mark)
		swept = l.swept(ent, *part, s, j.event)
		edited := settlePart(part, s, j.event, old.Event, j.ours, strange)
		if s.Kind == state.Create {
			noneOfBefore(ent, s)
		}
		if err := tx.PutReplica(s.Ref, state.Replica{Event: j.event, Seen: l.Now()}); err != nil {
			return err
		}
		// Who is invited, and where it is found, copies may tell of in words.
		told := s.Ref == ent.Home && s.Slot == "" && !reflect.DeepEqual(ent.Facts, j.event.Facts())
		if edited || told {
			if err := tx.MarkDirty(s.Ref, j.event.ID); err != nil {
				return err
			}
		}
	}
	if err := putEntity(tx, ent); err != nil {
		return err
	}
	if ent.Deleted && s.Kind != state.Delete { // it came too late, and goes again
		if err := tx.SetPending(ent.ID); err != nil {
			return err
		}
	}
	entry := l.entry(l.h, s, state.Done, "", s.Before, j.event.Content)
	if s.Kind == state.Create || s.Groups.Has(calendar.GroupWhen) {
		entry.Slots = slotsOf(entry.BeforeOverrides, j.event.Overrides)
	}
	entry.AfterOverrides = only(j.event.Overrides, entry.Slots)
	if entry.Requests = j.calls; j.late {
		entry.Why += "; it was found deleted there"
	}
	for _, x := range swept {
		if err := tx.AppendHistory(x); err != nil {
			return err
		}
	}
	return tx.AppendHistory(entry)
}

// swept tells of what was different in a calendar before its event was linked, so that
// nothing carried it home, and that a write has replaced.
func (l lane) swept(ent state.Entity, part state.Part, s state.Step, now calendar.Event) (out []*state.HistoryEntry) {
	if s.Kind != state.Update {
		return nil
	}
	found := part.Found
	var lost state.Image
	for _, g := range s.Groups.And(found.Groups) {
		if calendar.Equal(g, found.Content, part.Read) && !calendar.Equal(g, found.Content, now.Content) {
			lost = lost.With(g, found.Content)
		}
	}
	const why = " here before the event was linked went with the new "
	if len(lost.Groups) > 0 {
		s := s
		s.Groups, s.Slots, s.Reason = lost.Groups, nil, "what was different"+why+"one"
		if s.Was, s.Became = (state.Image{}), (state.Image{}); s.Slot == "" {
			s.Was = l.wouldBe(ent, s.Ref, lost)
		}
		for _, g := range s.Was.Groups {
			s.Became = s.Became.With(g, ent.Base)
		}
		out = append(out, l.entry(l.h, s, state.Overridden, "", part.Read, now.Content))
	}
	for _, slot := range found.Slots {
		was := found.Overrides[slot]
		written := slices.Contains(s.Slots, slot) || s.Groups.Has(calendar.GroupWhen)
		if !written || !was.Equal(part.ReadOverrides[slot]) || was.Equal(now.Overrides[slot]) {
			continue
		}
		s := s
		s.Slots, s.Reason = []string{slot}, "an occurrence that was different"+why+"time"
		if !s.Groups.Has(calendar.GroupWhen) {
			s.Reason = "an occurrence that was different" + why + "one"
		}
		s.Was, s.Became = state.Image{}.WithSlot(slot, was), state.Image{}.WithSlot(slot, now.Overrides[slot])
		entry := l.entry(l.h, s, state.Overridden, "", s.Before.Occurrence(was), now.Content)
		entry.Slots, entry.BeforeOverrides, entry.AfterOverrides = s.Slots, s.Was.Overrides, s.Became.Overrides
		out = append(out, entry)
	}
	return out
}

// wouldBe is what some groups of a copy would be at home, as far as a lens leads there.
func (l lane) wouldBe(ent state.Entity, ref state.Ref, copied state.Image) (out state.Image) {
	var by state.Mirror
	for _, m := range l.h.mirrors {
		if m.ID == ent.Records[ref].Mirror {
			by = m
		}
	}
	lens := reconcile.Direction(by, ent.Home, ref, l.h.members)
	for _, g := range copied.Groups {
		home, v := lens.Put(g, mapping.Source{Content: ent.Base, Facts: ent.Facts}, copied.Content)
		if v == mapping.Carried || v == mapping.Amended {
			out = out.With(g, home)
		}
	}
	return out
}

// noneOfBefore takes note that what was in a calendar before Twinday is gone: what is
// there now, or will be, is a copy.
func noneOfBefore(ent state.Entity, s state.Step) {
	if rec := ent.Records[s.Ref]; rec.Adopted && s.Slot == "" {
		rec.Adopted = false
		ent.Records[s.Ref] = rec
	}
}

// recordBack ends a step that did nothing. What is there again is looked at by the next
// plan.
func (l lane) recordBack(tx *store.Tx, j *job) error {
	err := tx.DeleteIntent(j.intent.ID)
	if err != nil || j.back.ID == "" {
		return err
	}
	if err := l.observe(tx, l.ref, j.back, false); err != nil {
		return err
	}
	return tx.MarkDirty(l.ref, j.back.ID)
}

// recordTaken sets one event aside whose write was answered with an event that is
// another one's already: it is left alone until it is to look otherwise, and nobody
// else waits for it.
func (l lane) recordTaken(tx *store.Tx, j *job, taken *store.TakenError) error {
	s := j.intent.Step
	ent, ok, err := tx.Entity(s.Entity)
	if err != nil || !ok {
		return err
	}
	j.err = taken
	part := ent.Part(s.Ref, s.Slot)
	part.Refused, part.Wrote, part.WroteOverrides = setAside(taken), s.Want, s.Overrides
	part.Dirty, part.DirtySlots = part.Dirty.Without(s.Groups...), nil
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	return tx.AppendHistory(l.entry(l.h, s, state.Failed, part.Refused, s.Before, s.Want))
}

// setAside says why an event is left alone.
func setAside(taken *store.TakenError) string {
	return fmt.Sprintf("what is there of it (%s) is part of another event already (%s)", taken.Event, taken.By)
}

// written is what is known of a content after a write: what was written, and
// for the rest what was there before.
func written(s state.Step, before calendar.Content) calendar.Content {
	groups := s.Groups
	if s.Kind == state.Create {
		groups = calendar.AllGroups
	}
	for _, g := range groups {
		before = before.Take(g, s.Want)
	}
	return before
}

// recordAnswer keeps that an invitation was answered.
func (l lane) recordAnswer(tx *store.Tx, j *job, ent state.Entity) (err error) {
	s := j.intent.Step
	switch {
	case j.gone:
		err = l.observeGone(tx, s.Ref, s.Event)
	case j.event.ID != "":
		err = l.observe(tx, s.Ref, j.event, false)
	}
	if err != nil {
		return err
	}
	ent.Answer = calendar.NoResponse
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	entry := l.entry(l.h, s, state.Done, "", s.Before, s.Before)
	entry.Requests = j.calls
	return tx.AppendHistory(entry)
}

// settlePart takes over what the provider made of a write. A group that we did
// not write and that the person had changed before (an edit that still waits)
// keeps its old read-back, so that it goes on counting as changed. So does an
// occurrence that the person has changed by the time the series was read back.
func settlePart(part *state.Part, s state.Step, ev, was calendar.Event, ours map[string]calendar.Override, strange bool) (edited bool) {
	part.ID, part.Version, part.Gone, part.Refused = ev.ID, ev.Version, false, ""
	if s.Kind == state.Create {
		part.Before, part.Made = nil, true
		part.Wrote, part.Read, part.Dirty = s.Want, ev.Content, nil
		part.WroteOverrides, part.ReadOverrides, part.DirtySlots = s.Overrides, ev.Overrides, nil
		return false
	}
	for _, g := range calendar.AllGroups {
		switch {
		case s.Groups.Has(g):
			part.Wrote = part.Wrote.Take(g, s.Want)
			part.Read = part.Read.Take(g, ev.Content)
		case !strange && calendar.Equal(g, was.Content, part.Read):
			part.Read = part.Read.Take(g, ev.Content)
		}
	}
	written := func(slot string) bool {
		return slices.Contains(s.Slots, slot) || s.Groups.Has(calendar.GroupWhen) // with a new time all are written
	}
	for _, slot := range slotsOf(s.Overrides, part.WroteOverrides, part.ReadOverrides, ev.Overrides) {
		if written(slot) {
			part.WroteOverrides = calendar.WithOverride(part.WroteOverrides, slot, s.Overrides[slot])
		}
		is, read := ours[slot], part.ReadOverrides[slot]
		if written(slot) || !strange && was.Overrides[slot].Equal(read) && is.Equal(s.Overrides[slot]) {
			part.ReadOverrides = calendar.WithOverride(part.ReadOverrides, slot, is)
		}
		edited = edited || !ev.Overrides[slot].Equal(part.ReadOverrides[slot])
	}
	part.Dirty = part.Dirty.Without(s.Groups...)
	part.DirtySlots = slices.DeleteFunc(part.DirtySlots, written)
	part.Found = part.Found.Without(s.Groups, slices.DeleteFunc(slices.Clone(part.Found.Slots), func(slot string) bool { return !written(slot) }))
	return strange || edited
}

// slotsOf lists all slots of several sets of overrides.
func slotsOf(sets ...map[string]calendar.Override) []string {
	var out []string
	for _, m := range sets {
		out = slices.AppendSeq(out, maps.Keys(m))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// recordFailure keeps what a refusal means for the next pass.
func (l lane) recordFailure(tx *store.Tx, ent state.Entity, part *state.Part, s state.Step, trouble error) error {
	told := false // the same was said of the try before
	switch calendar.KindOf(trouble) {
	case calendar.Gone:
		if s.Kind != state.Create {
			return nil // read again, decided again
		}
		part.Generation++ // that key is used up
		_, known, err := tx.Replica(s.Ref, part.ID)
		if err != nil {
			return err
		}
		if !known { // what was made is gone before it was ever read: see rescue, tellSeen
			part.ID, part.Rescued = "", nil
		}
	case calendar.Invalid, calendar.Forbidden, calendar.ReadOnly:
		if g, ok := refusedGroup(s, trouble); ok {
			return l.recordRefusal(tx, ent, part, s, g, trouble)
		}
		if s.Kind == state.Answer { // there is nothing to answer, or it is not ours to: not asked again
			ent.Answer = calendar.NoResponse
			if err := tx.PutEntity(ent); err != nil {
				return err
			}
			return tx.AppendHistory(l.entry(l.h, s, state.Failed, inWords(trouble), s.Before, s.Before))
		}
		if s.Kind == state.Update && s.Ref == ent.Home && s.Slot == "" && calendar.KindOf(trouble) != calendar.ReadOnly {
			return l.recordTakenBack(tx, ent, part, s, trouble)
		}
		told = s.Kind == state.Delete && part.Refused == inWords(trouble)
		if part.Refused = inWords(trouble); s.Kind == state.Delete {
			part.RefusedAt = l.Now()
			break
		}
		// Not asked again until it should look otherwise.
		part.Wrote, part.WroteOverrides = s.Want, s.Overrides
		part.Dirty, part.DirtySlots = part.Dirty.Without(s.Groups...), nil
	case calendar.Conflict:
		if s.Kind == state.Create {
			part.Generation++ // the key is taken by something that is not ours
		}
	default:
		return nil
	}
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	if part.Refused == "" || told {
		return nil
	}
	return tx.AppendHistory(l.entry(l.h, s, state.Failed, inWords(trouble), s.Before, s.Want))
}

// refusedGroup is the one of several groups of an update that a provider refuses; the
// others may stand.
func refusedGroup(s state.Step, trouble error) (calendar.Group, bool) {
	e, ok := errors.AsType[*calendar.Error](trouble)
	if !ok || s.Kind != state.Update || len(s.Groups) < 2 || e.Kind != calendar.Invalid {
		return "", false
	}
	g := calendar.Group(e.Field)
	if e.Field == "recurrence" {
		g = calendar.GroupWhen
	}
	return g, s.Groups.Has(g)
}

// recordRefusal gives up one group of an update, so that the others are written. What
// the home refuses never came about: the copies are put back.
func (l lane) recordRefusal(tx *store.Tx, ent state.Entity, part *state.Part, s state.Step, g calendar.Group, trouble error) error {
	before, outcome := s.Want, state.Failed
	part.Wrote, part.Dirty = part.Wrote.Take(g, s.Want), part.Dirty.Without(g)
	if s.Ref == ent.Home {
		outcome = state.Reverted
		ent.Base, part.Wrote = ent.Base.Take(g, part.Read), part.Wrote.Take(g, part.Read)
	}
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	if err := tx.SetPending(ent.ID); err != nil {
		return err
	}
	s.Groups, s.Was, s.Became = calendar.Groups{g}, state.Image{}, state.Image{} // put back, it would be refused again
	return tx.AppendHistory(l.entry(l.h, s, outcome, inWords(trouble), calendar.Content{}.Take(g, before), calendar.Content{}.Take(g, part.Read)))
}

// recordTakenBack gives up an update that the home refuses: it never came about, and the
// copies are put back, or they would show for ever what the home does not have.
func (l lane) recordTakenBack(tx *store.Tx, ent state.Entity, part *state.Part, s state.Step, trouble error) error {
	slots := s.Slots
	if s.Groups.Has(calendar.GroupWhen) {
		slots = slotsOf(s.Overrides, part.ReadOverrides)
	}
	for _, g := range s.Groups {
		ent.Base, part.Wrote = ent.Base.Take(g, part.Read), part.Wrote.Take(g, part.Read)
	}
	for _, slot := range slots {
		is := part.ReadOverrides[slot]
		ent.Overrides = calendar.WithOverride(ent.Overrides, slot, is)
		part.WroteOverrides = calendar.WithOverride(part.WroteOverrides, slot, is)
	}
	part.Dirty = part.Dirty.Without(s.Groups...)
	part.DirtySlots = slices.DeleteFunc(part.DirtySlots, func(slot string) bool { return slices.Contains(slots, slot) })
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	if err := tx.SetPending(ent.ID); err != nil {
		return err
	}
	s.Was, s.Became = state.Image{}, state.Image{} // put back, it would be refused again
	entry := l.entry(l.h, s, state.Reverted, inWords(trouble), s.Want, part.Read)
	entry.Slots, entry.BeforeOverrides, entry.AfterOverrides = slots, only(s.Overrides, slots), only(part.ReadOverrides, slots)
	return tx.AppendHistory(entry)
}

// inWords is a provider's refusal without the calls it came through.
func inWords(err error) string {
	var e *calendar.Error
	for errors.As(err, &e) && e.Err != nil {
		err = e.Err
	}
	if e != nil && e.Field != "" {
		return fmt.Sprintf("%v (%s)", err, e.Field)
	}
	return err.Error()
}
