package reconcile

import (
	"fmt"
	"slices"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// derive lists the steps that make every member look as the base says. It is a
// function of the state alone, so work that was cut off is simply derived again.
func (r *reconciler) derive(e *state.Entity, f folding) {
	if f.frozen != "" {
		r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Skip, Entity: e.ID, Ref: e.Home,
			Event: e.Records[e.Home].Parts[0].ID, Title: e.Base.Title, Reason: f.frozen})
		return
	}
	if e.Deleted && r.Decisions[goneFact(*e)] == state.Drop {
		e.Deleted = false
		r.note(*e, state.Noted, e.Home, nil, "you chose not to delete it: it is put back where it is missing", calendar.Content{}, e.Base)
		remakeGone(e)
	}
	targets := r.targets(e.Home)
	for _, ref := range refs(*e) {
		if _, ok := targets[ref]; !ok && (ref != e.Home || !r.takesPart(ref)) {
			continue // its mirror rests, or has let it go
		}
		for i := range e.Records[ref].Parts {
			if s, ok := r.step(*e, f, ref, &e.Records[ref].Parts[i]); ok {
				r.out.Steps = append(r.out.Steps, s)
			}
		}
	}
}

// step is what one part needs, if anything.
func (r *reconciler) step(e state.Entity, f folding, ref state.Ref, p *state.Part) (state.Step, bool) {
	s := state.Step{Entity: e.ID, Mirror: e.Records[ref].Mirror, Ref: ref, From: f.from, Slot: p.Slot,
		Event: p.ID, IfVersion: p.Version, Title: e.Base.Title}
	if e.Deleted {
		if p.ID == "" || p.Gone {
			return s, false
		}
		s.Kind, s.Before, s.Fact = state.Delete, p.Read, goneFact(e)
		if s.Mirror == "" {
			s.Mirror = e.Records[f.from].Mirror
		}
		s.Reason = "deleted in " + r.name(f.from)
		return s, true
	}
	if p.Gone || f.waiting[ref] {
		return s, false
	}
	s.Want = r.project(e, ref)
	groups := r.groups(e, ref)
	differ := intersect(calendar.Diff(s.Want, p.Wrote), groups)
	if p.Refused != "" && len(differ) == 0 {
		s.Kind, s.Reason = state.Skip, r.name(ref)+" refuses it: "+p.Refused
		return s, true
	}
	if !r.Members[ref].Writable {
		if p.ID == "" || len(differ) > 0 || len(p.Dirty) > 0 {
			s.Kind, s.Reason = state.Skip, r.name(ref)+" is read-only"
			return s, true
		}
		return s, false
	}
	if p.ID == "" {
		s.Kind, s.Reason = state.Create, "new in "+r.name(f.from)
		if p.Generation > 0 {
			s.Reason = "missing in " + r.name(ref) + ": made again"
		}
		return s, true
	}
	s.Groups = intersect(differ.With(p.Dirty...), groups)
	if len(s.Groups) == 0 {
		return s, false
	}
	s.Kind, s.Before = state.Update, p.Read
	switch {
	case len(differ) == 0:
		s.Reason = words(s.Groups) + " put back as in " + r.name(e.Home)
	case f.from == ref:
		s.Reason = words(s.Groups) + " changed in " + r.name(e.Home)
	default:
		s.Reason = words(s.Groups) + " changed in " + r.name(f.from)
	}
	return s, true
}

func intersect(a, b calendar.Groups) calendar.Groups {
	return slices.DeleteFunc(slices.Clone(a), func(g calendar.Group) bool { return !b.Has(g) })
}

// goneFact identifies one deletion of one entity: a later deletion of the same
// entity, made again in between, is another fact.
func goneFact(e state.Entity) string {
	generations := 0
	for _, rec := range e.Records {
		for _, p := range rec.Parts {
			generations += p.Generation
		}
	}
	return fmt.Sprintf("gone:%s:%d", e.ID, generations)
}
