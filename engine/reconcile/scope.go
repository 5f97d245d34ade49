package reconcile

import (
	"cmp"
	"fmt"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// crosses reports whether a record is to look as its mapping says. An event that
// crosses no more loses its copy, or the copy is kept as it is, as chosen; neither
// means anything at home.
func (r *reconciler) crosses(e *state.Entity, f folding, ref state.Ref, shape mapping.Shape) bool {
	rec := e.Records[ref]
	why := r.skipped(*e, ref, shape)
	if why == "" {
		if rec.Kept {
			rec.Kept = false
			e.Records[ref] = rec
			r.rejoin(e, ref)
		}
		return true
	}
	skip := state.Step{Kind: state.Skip, Entity: e.ID, Mirror: rec.Mirror, Ref: ref, From: f.from, Title: e.Base.Title, Before: e.Base, Reason: why}
	var live []*state.Part
	for i := range rec.Parts {
		if p := &rec.Parts[i]; p.Live() {
			live = append(live, p)
		}
	}
	fact := scopeFact(*e, ref)
	switch {
	case len(live) == 0:
		r.out.Steps = append(r.out.Steps, skip)
	case r.staysAsIs(*e, ref):
		if !rec.Kept {
			rec.Kept = true
			r.note(*e, state.Noted, ref, nil, why+": what is in "+r.name(ref)+" of it is kept as it is, and crosses no more", live[0].Read, live[0].Read)
		}
		for _, p := range live {
			p.Leaving = false
		}
		r.out.Steps = append(r.out.Steps, skip)
	default:
		if rec.Kept {
			r.replaced(e, ref, "it crosses no more, and what was changed of it in "+r.name(ref)+" while it was kept there goes with it")
		}
		rec.Kept = false
		for _, p := range live {
			s := skip
			p.Leaving = true
			if s.Slot, s.Event = p.Slot, p.ID; r.refusesDeletion(*p) {
				s.Reason = r.name(ref) + " refuses its deletion: " + p.Refused
			} else {
				r.deletes(&s, p)
				s.IfVersion, s.Fact, s.Reason = p.Version, fact, why+": its copy goes"
			}
			r.out.Steps = append(r.out.Steps, s)
		}
	}
	e.Records[ref] = rec
	return false
}

// staysAsIs reports whether the copy of an event that crosses no more is kept as it is.
func (r *reconciler) staysAsIs(e state.Entity, ref state.Ref) bool {
	return e.Records[ref].Adopted || r.mapping(e, ref).OutOfScope() == state.Keep || r.Decisions[scopeFact(e, ref)] == state.Drop || !r.Members[ref].Writable
}

// skipped is why an event does not cross into a member. A series that was there
// before Twinday is not taken apart for the sake of a filter: it crosses as a whole,
// or not.
func (r *reconciler) skipped(e state.Entity, ref state.Ref, shape mapping.Shape) string {
	p, fits := whole(e, ref), r.Members[ref].Capabilities.Series
	there := e.Records[ref].Adopted && p != nil && p.Live()
	holds := !e.Base.When.Recurrence.IsZero() && fits != nil && fits(e.Base.When) == ""
	if _, told := shape.Parts[""]; shape.Skipped == "" && there && holds && !told {
		return "only some of its occurrences cross, and it was here before"
	}
	return shape.Skipped
}

// rejoin takes a kept copy back into the mirror. What was changed on it meanwhile
// was no part of the mirror: the home's state counts, and the other is in history.
func (r *reconciler) rejoin(e *state.Entity, ref state.Ref) {
	for i := range e.Records[ref].Parts {
		p := &e.Records[ref].Parts[i]
		if p.Gone { // taken away while it meant nothing
			remake(p)
		}
		if e.Records[ref].Adopted || r.linkedNow[Found{ref, p.ID}] {
			continue // to link it writes nothing
		}
		p.Dirty = p.Dirty.With(p.Found.Groups...) // so it was already when a store was lost that knew of it
		for _, slot := range p.Found.Slots {
			p.DirtySlots = with(p.DirtySlots, slot)
		}
	}
	r.replaced(e, ref, "it crosses again, and what was changed of it in "+r.name(ref)+" meanwhile is replaced")
}

// release takes a kept copy back into the mirror if nothing keeps it as it is any more: no
// guest is invited from it, and it crosses, or it would go for crossing no more.
func (r *reconciler) release(e *state.Entity, ref state.Ref) {
	rec := e.Records[ref]
	if !rec.Kept || r.invites(*e, ref) != nil || r.skipped(*e, ref, r.shape(*e, ref)) != "" && r.staysAsIs(*e, ref) {
		return
	}
	rec.Kept = false
	e.Records[ref] = rec
	r.rejoin(e, ref)
}

// goesToo tells of what was changed on a kept copy that goes with its event.
func (r *reconciler) goesToo(e *state.Entity, ref state.Ref) {
	rec := e.Records[ref]
	if !rec.Kept {
		return
	}
	rec.Kept = false
	e.Records[ref] = rec
	r.replaced(e, ref, "it was deleted, and what was changed of it in "+r.name(ref)+" while it was kept there goes with it")
}

// replaced keeps in history what was changed on a copy while it was no part of the mirror.
func (r *reconciler) replaced(e *state.Entity, ref state.Ref, why string) {
	for i := range e.Records[ref].Parts {
		p := &e.Records[ref].Parts[i]
		rep, ok := r.Replicas[ref][p.ID]
		if !p.Live() || !ok {
			continue
		}
		lost := calendar.Diff(rep.Event.Content, p.Read).And(r.groups(*e, ref))
		for _, g := range lost {
			p.Read, p.Dirty = p.Read.Take(g, rep.Event.Content), p.Dirty.With(g)
		}
		slots := calendar.Slots(rep.Event.Overrides, p.ReadOverrides)
		for _, slot := range slots {
			readOverride(p, slot, rep.Event.Overrides[slot])
			p.DirtySlots = with(p.DirtySlots, slot)
		}
		if len(lost) > 0 || len(slots) > 0 {
			n := r.note(*e, state.Overridden, ref, lost, why, rep.Event.Content, r.project(*e, ref))
			n.Slots, n.BeforeOverrides, n.AfterOverrides = slots, rep.Event.Overrides, e.Overrides
			n.Was = r.lost(*e, ref, lost, rep.Event.Content)
			for _, g := range n.Was.Groups {
				n.Became = n.Became.With(g, e.Base)
			}
		}
	}
}

// scopeFact identifies one removal of an event's copy because it crosses no more.
func scopeFact(e state.Entity, ref state.Ref) string {
	generations := 0
	for _, p := range e.Records[ref].Parts {
		generations += p.Generation
	}
	return fmt.Sprintf("scope:%s:%s:%d", e.ID, digest(ref, nil, calendar.Content{}, nil), generations)
}

// TooFar says in words why an event is not mirrored anew by a mapping whatever its
// filters say: it lies too far back or ahead, or is none; nothing if it is.
func TooFar(rep state.Replica, now time.Time, m *mapping.Mapping) string {
	past, future := m.Window()
	return outOfScope(rep, now, min(cmp.Or(past, Past), Past), min(cmp.Or(future, Future), Future))
}

// outOfScope says in words why an event is not mirrored whatever the mappings say,
// or nothing: it is none, or it lies too far back or ahead.
func outOfScope(rep state.Replica, now time.Time, past, future time.Duration) string {
	ev := rep.Event
	switch {
	case ev.Cancelled:
		return "it is called off"
	case ev.Type == calendar.UnknownType:
		return puzzle(ev)
	}
	start, err := ev.Content.When.Start.Instant()
	if err != nil {
		return "its start cannot be read"
	}
	end, err := ev.Content.When.End.Instant()
	if err != nil {
		return "its end cannot be read"
	}
	if !ev.Content.When.Recurrence.IsZero() {
		occurrences, err := ev.Content.When.Occurrences()
		if err != nil {
			return "its rule cannot be read: " + err.Error()
		}
		if _, any := occurrences.First(); !any {
			return "its rule has no occurrence"
		}
		last, finite := occurrences.Last()
		if !finite {
			end = now // it goes on for ever
		} else if at, err := ev.Content.When.At(last).End.Instant(); err == nil {
			end = at
		}
	}
	if end.Before(now.Add(-past)) {
		return fmt.Sprintf("it is over for more than %d days", int(past.Hours()/24))
	}
	if !start.Before(now.Add(future)) {
		return fmt.Sprintf("it is more than %d days ahead", int(future.Hours()/24))
	}
	return ""
}
