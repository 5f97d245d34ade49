package reconcile

import (
	"fmt"
	"slices"

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
	step := state.Step{Kind: state.Skip, Entity: e.ID, Mirror: rec.Mirror, Ref: ref, From: f.from, Title: e.Base.Title, Before: e.Base, Reason: why}
	live := slices.DeleteFunc(slices.Clone(rec.Parts), func(p state.Part) bool { return p.ID == "" || p.Gone })
	fact := scopeFact(*e, ref)
	switch {
	case len(live) == 0 || rec.Kept:
		r.out.Steps = append(r.out.Steps, step)
	case rec.Adopted || r.mapping(*e, ref).OutOfScope() == state.Keep || r.Decisions[fact] == state.Drop || !r.Members[ref].Writable:
		rec.Kept = true
		e.Records[ref] = rec
		r.note(*e, state.Noted, ref, nil, why+": what is in "+r.name(ref)+" of it is kept as it is, and crosses no more", live[0].Read, live[0].Read)
		r.out.Steps = append(r.out.Steps, step)
	default:
		for _, p := range live {
			s := step
			s.Kind, s.Slot, s.Event, s.IfVersion, s.Before, s.Fact = state.Delete, p.Slot, p.ID, p.Version, p.Read, fact
			s.Reason = why + ": its copy goes"
			r.out.Steps = append(r.out.Steps, s)
		}
	}
	return false
}

// skipped is why an event does not cross into a member. A series that was there
// before Twinday is not taken apart for the sake of a filter: it crosses as a whole,
// or not.
func (r *reconciler) skipped(e state.Entity, ref state.Ref, shape mapping.Shape) string {
	p, fits := whole(e, ref), r.Members[ref].Capabilities.Series
	there := e.Records[ref].Adopted && p != nil && p.ID != "" && !p.Gone
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
		rep, ok := r.Replicas[ref][p.ID]
		if p.ID == "" || p.Gone || !ok {
			continue
		}
		lost := intersect(calendar.Diff(rep.Event.Content, p.Read), r.groups(*e, ref))
		for _, g := range lost {
			p.Read, p.Dirty = p.Read.Take(g, rep.Event.Content), p.Dirty.With(g)
		}
		slots := calendar.Slots(rep.Event.Overrides, p.ReadOverrides)
		for _, slot := range slots {
			readOverride(p, slot, rep.Event.Overrides[slot])
			p.DirtySlots = with(p.DirtySlots, slot)
		}
		if len(lost) > 0 || len(slots) > 0 {
			n := r.note(*e, state.Overridden, ref, lost, "it crosses again, and what was changed of it in "+r.name(ref)+" meanwhile is replaced", rep.Event.Content, r.project(*e, ref))
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
