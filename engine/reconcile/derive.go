package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// derive lists the steps that make every member look as the base says. It is a
// function of the state alone, so work that was cut off is simply derived again.
func (r *reconciler) derive(e *state.Entity, f folding) {
	if e.Deleted && r.Decisions[goneFact(*e)] == state.Drop {
		e.Deleted = false
		r.note(*e, state.Noted, e.Home, nil, "you chose not to delete it: it is put back where it is missing", calendar.Content{}, e.Base)
		remakeGone(e)
	}
	if e.Deleted {
		f.from = goneFrom(*e, f.from)
	}
	targets := r.targets(e.Home)
	first := len(r.out.Steps)
	for _, ref := range refs(*e) {
		if _, ok := targets[ref]; !ok && (ref != e.Home || !r.takesPart(ref)) {
			continue // its mirror rests, or has let it go
		}
		shape := r.shape(*e, ref)
		if ref != e.Home && !e.Deleted && (r.outOf(e, ref) || !r.crosses(e, f, ref, shape)) {
			continue
		}
		want, rec := shape.Parts, e.Records[ref]
		for _, slot := range slices.Sorted(maps.Keys(want)) {
			if e.Part(ref, slot) == nil && !e.Deleted {
				rec.Parts = append(rec.Parts, state.Part{Slot: slot})
				e.Records[ref] = rec
			}
		}
		for i := range rec.Parts {
			w, wanted := want[rec.Parts[i].Slot]
			if s, ok := r.step(*e, f, ref, &rec.Parts[i], w, wanted); ok {
				r.out.Steps = append(r.out.Steps, s)
			}
		}
	}
	r.answer(*e)
	writes := false
	for i := first; i < len(r.out.Steps); i++ {
		s := &r.out.Steps[i]
		*s = r.undone(*e, *s)
		s.Home, s.HadGuests = e.Home, e.Facts.HasGuests()
		writes = writes || s.Kind.Writes()
	}
	if !writes { // all of it is written
		e.Was = state.Image{}
		if e.Wish != nil && e.Wish.Folded {
			e.Wish = nil
		}
	}
}

// outOf reports whether the person undid the making of a copy; what is there of it goes.
func (r *reconciler) outOf(e *state.Entity, ref state.Ref) bool {
	rec := e.Records[ref]
	if !rec.Out {
		return false
	}
	fact := "out" + strings.TrimPrefix(scopeFact(*e, ref), "scope")
	if r.Decisions[fact] == state.Drop {
		rec.Out = false
		e.Records[ref] = rec
		r.note(*e, state.Noted, ref, nil, "you chose not to take its copy in "+r.name(ref)+" away: it stays", e.Base, e.Base)
		return false
	}
	s := state.Step{Kind: state.Skip, Entity: e.ID, Mirror: e.Records[ref].Mirror, Ref: ref, From: e.Home, Title: e.Base.Title, Before: e.Base,
		Reason: "you undid the making of its copy here"}
	there := false
	for _, p := range rec.Parts {
		if p.ID == "" || p.Gone {
			continue
		}
		there = true
		s.Kind, s.Slot, s.Event, s.IfVersion, s.Before, s.BeforeOverrides = state.Delete, p.Slot, p.ID, p.Version, p.Read, p.ReadOverrides
		s.Fact = fact
		if !r.Members[ref].Writable {
			s.Kind, s.Reason = state.Skip, r.name(ref)+" is read-only"
		}
		r.out.Steps = append(r.out.Steps, s)
	}
	if !there {
		r.out.Steps = append(r.out.Steps, s)
	}
	return true
}

// answer has the person's invitation answered, where they chose so.
func (r *reconciler) answer(e state.Entity) {
	p := whole(e, e.Home)
	if e.Answer == calendar.NoResponse || e.Deleted || p.Gone || !r.Members[e.Home].Writable {
		return
	}
	r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Answer, Entity: e.ID, Ref: e.Home, Event: p.ID, IfVersion: p.Version,
		Response: e.Answer, Title: e.Base.Title, Before: e.Base, Reason: "its copy was deleted, and invitations are to be " + string(e.Answer) + " then"})
}

// goneFrom says where a deleted event was deleted first, also in later passes.
func goneFrom(e state.Entity, from state.Ref) state.Ref {
	gone := func(ref state.Ref) bool {
		p := whole(e, ref)
		return p != nil && p.Gone
	}
	if gone(from) {
		return from
	}
	for _, ref := range refs(e) {
		if gone(ref) {
			return ref
		}
	}
	return from
}

// step is what one part needs, if anything.
func (r *reconciler) step(e state.Entity, f folding, ref state.Ref, p *state.Part, want mapping.Want, wanted bool) (state.Step, bool) {
	s := state.Step{Entity: e.ID, Mirror: e.Records[ref].Mirror, Ref: ref, From: f.from, Slot: p.Slot,
		Event: p.ID, IfVersion: p.Version, Title: e.Base.Title}
	switch {
	case e.Deleted:
		if p.ID == "" || p.Gone {
			return s, false
		}
		s.Kind, s.Before, s.BeforeOverrides, s.Fact = state.Delete, p.Read, p.ReadOverrides, goneFact(e)
		s.Was = state.WholeImage(e.Base, e.Overrides)
		if s.Mirror == "" {
			s.Mirror = e.Records[f.from].Mirror
		}
		s.Reason = "deleted in " + r.name(f.from)
		return s, true
	case !wanted:
		if p.ID == "" || p.Gone || p.Slot != "" && !r.inWindow(p.Slot) {
			return s, false // what has left the window stays where it is
		}
		if p.Slot != "" && slices.Contains(f.heldSlots, p.Slot) {
			return s, false
		}
		s.Kind, s.Before = state.Delete, p.Read
		r.history(e, ref, p, &s, nil)
		s.Reason = "the series has it no longer, changed in " + r.name(f.from)
		switch o, ok := e.Overrides[p.Slot]; {
		case ok && o.Cancelled:
			s.Reason = r.slotWords(e, []string{p.Slot}) + " cancelled in " + r.name(f.from)
		case p.Slot == "":
			s.Reason = "its occurrences are told one by one from now on"
		case r.exists(e, p.Slot):
			s.Reason = r.slotWords(e, []string{p.Slot}) + " is told in its series again, changed in " + r.name(f.from)
		}
		return s, true
	case p.Slot != "" && p.Gone:
		remake(p)
		s.Event, s.IfVersion = "", ""
	case p.Gone || f.waiting[ref]:
		return s, false
	}
	s.Want, s.Overrides = want.Content, want.Overrides
	groups := intersect(r.groups(e, ref), r.Members[ref].Capabilities.Groups)
	differ := intersect(calendar.Diff(s.Want, p.Wrote), groups)
	r.forgetMoot(e, p, want)
	slots := calendar.Slots(want.Overrides, p.WroteOverrides)
	if p.Refused != "" && len(differ) == 0 && len(slots) == 0 {
		s.Kind, s.Reason = state.Skip, r.name(ref)+" refuses it: "+p.Refused
		return s, true
	}
	if !r.Members[ref].Writable {
		if p.ID == "" || len(differ) > 0 || len(p.Dirty) > 0 || len(slots) > 0 || len(p.DirtySlots) > 0 {
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
		r.history(e, ref, p, &s, nil)
		return s, true
	}
	s.Groups = intersect(differ.With(p.Dirty...), groups)
	s.Slots = slots
	for _, slot := range p.DirtySlots {
		s.Slots = with(s.Slots, slot)
	}
	slices.Sort(s.Slots)
	s.Groups, s.Slots = f.free(ref, p.Slot, s.Groups, s.Slots)
	if len(s.Groups) == 0 && len(s.Slots) == 0 {
		return s, false
	}
	s.Kind, s.Before, s.BeforeOverrides = state.Update, p.Read, p.ReadOverrides
	r.history(e, ref, p, &s, differ)
	s.Reason = r.reason(e, f, ref, s, p, len(differ) == 0 && len(slots) == 0)
	return s, true
}

// forgetMoot lets go of slots in which there is nothing to write, nor to take away:
// not wanted, not shown, and none of the series any more.
func (r *reconciler) forgetMoot(e state.Entity, p *state.Part, want mapping.Want) {
	moot := func(slot string) bool {
		_, wanted := want.Overrides[slot]
		_, shown := p.ReadOverrides[slot]
		return !wanted && !shown && !r.exists(e, slot)
	}
	p.DirtySlots = slices.DeleteFunc(slices.Clone(p.DirtySlots), moot)
	for _, slot := range slices.Sorted(maps.Keys(p.WroteOverrides)) {
		if moot(slot) {
			p.WroteOverrides = calendar.WithOverride(p.WroteOverrides, slot, calendar.Override{})
		}
	}
}

// reason says why a part is written.
func (r *reconciler) reason(e state.Entity, f folding, ref state.Ref, s state.Step, p *state.Part, putBack bool) string {
	what := words(s.Groups)
	verb := " changed in "
	if p.Slot != "" {
		what = words(s.Groups) + " of " + r.slotWords(e, []string{p.Slot})
	}
	if len(s.Groups) == 0 {
		what, verb = r.what(e, p.WroteOverrides, s.Overrides, s.Slots), " in "
	}
	switch {
	case putBack && len(s.Groups) == 0:
		return r.slotWords(e, s.Slots) + " put back as in " + r.name(e.Home)
	case putBack:
		return what + " put back as in " + r.name(e.Home)
	case !f.changed && len(s.Groups) > 0: // a mapping did, or guests, or a pass that was cut off
		return what + " brought in line with " + r.name(e.Home)
	case f.from == ref:
		return what + verb + r.name(e.Home)
	}
	return what + verb + r.name(f.from)
}

// inWindow reports whether an occurrence is near enough to be mirrored.
func (r *reconciler) inWindow(slot string) bool {
	at, err := (calendar.When{}).Original(slot).Instant()
	return err == nil && !at.Before(r.Now.Add(-Past)) && at.Before(r.Now.Add(Future))
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
