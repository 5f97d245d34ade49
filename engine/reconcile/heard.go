package reconcile

import (
	"cmp"
	"slices"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Guests may be invited after a change was taken home, and before it is written there:
// nobody was asked then, as there was nobody to hear of it. And they may be invited from
// a copy.

// agree takes note of what the person wants guests to hear of.
func agree(e *state.Entity, gs calendar.Groups, slots []string) {
	e.Heard.Groups = e.Heard.Groups.With(gs...)
	for _, slot := range slots {
		e.Heard.Slots = with(e.Heard.Slots, slot)
	}
}

// heard holds what is to be written at home if guests would hear of it and the person has
// not said yes to that. If the answer is no, what is there counts, everywhere.
func (r *reconciler) heard(e *state.Entity, f folding, p *state.Part, s state.Step) (state.Step, bool) {
	rep := r.replica(e.Home, p.ID)
	if !rep.Event.HasGuests() {
		return s, true
	}
	groups := slices.DeleteFunc(slices.Clone(s.Groups), func(g calendar.Group) bool {
		return r.unheard(*e, g, s.Want) || e.Heard.Groups.Has(g)
	})
	slots := slices.DeleteFunc(slices.Clone(s.Slots), func(slot string) bool {
		return slices.Contains(e.Heard.Slots, slot) || e.Heard.Groups.Has(calendar.GroupWhen)
	})
	if len(groups) == 0 && len(slots) == 0 {
		return s, true
	}
	said := []slotEdit{}
	for _, slot := range slots {
		said = append(said, slotEdit{slot: slot, set: s.Overrides[slot].Changed, content: s.Overrides[slot].Content})
	}
	fact := "heard:" + string(e.ID) + ":" + digest(e.Home, groups, s.Want, said)
	by := r.bringer(*e, f.from)
	s.Mirror = cmp.Or(s.Mirror, by.ID)
	what := words(groups)
	if len(groups) == 0 {
		what = r.slotWords(*e, slots)
	}
	decision, why := r.byRule(by, fact)
	switch decision {
	case state.Apply:
		agree(e, groups, slots)
		return s, true
	case state.Drop:
		r.stands(e, p, rep.Event, groups, slots, "the change of its "+what+" is taken back: guests were invited meanwhile, and "+why, by)
		return r.step(*e, f, e.Home, p, mapping.Want{Content: e.Base, Overrides: e.Overrides}, true)
	}
	s.Held, s.Fact = state.HoldGuests, fact
	s.Reason = what + " changed in " + r.name(f.from) + ", and " + audience(e.Facts) + ", invited since, would hear of it"
	return s, true
}

// stands has the home's own state count, where a change was not to be written.
func (r *reconciler) stands(e *state.Entity, p *state.Part, now calendar.Event, groups calendar.Groups, slots []string, why string, by state.Mirror) {
	n := r.note(*e, state.Reverted, e.Home, groups, why, over(calendar.Content{}, groups, e.Base), over(calendar.Content{}, groups, now.Content))
	n.Slots, n.BeforeOverrides, n.AfterOverrides = slots, e.Overrides, now.Overrides
	if by.Guests == state.RevertGuests {
		n.Rule = "guests: revert"
	}
	e.Base = over(e.Base, groups, now.Content)
	p.Wrote, p.Read = over(p.Wrote, groups, now.Content), over(p.Read, groups, now.Content)
	p.Dirty = p.Dirty.Without(groups...)
	if groups.Has(calendar.GroupWhen) { // its occurrences with it
		slots = calendar.Slots(e.Overrides, now.Overrides)
	}
	for _, slot := range slots {
		o := now.Overrides[slot]
		if !r.exists(*e, slot) {
			o = calendar.Override{}
		}
		e.Overrides = calendar.WithOverride(e.Overrides, slot, o)
		p.WroteOverrides = calendar.WithOverride(p.WroteOverrides, slot, o)
		readOverride(p, slot, now.Overrides[slot])
	}
	p.DirtySlots = slices.DeleteFunc(slices.Clone(p.DirtySlots), func(slot string) bool { return slices.Contains(slots, slot) })
}

// endWaits is heard for a deletion that was agreed on when there were no guests.
func (r *reconciler) endWaits(e *state.Entity, f folding) bool {
	p := whole(*e, e.Home)
	rep, ok := r.Replicas[e.Home][p.ID]
	if !ok || rep.Deleted || p.Gone || e.Heard.Gone || !rep.Event.HasGuests() {
		return false
	}
	from := goneFrom(*e, f.from)
	fact := "heard:" + GoneFact(*e)
	by := r.bringer(*e, from)
	switch decision, why := r.byRule(by, fact); decision {
	case state.Apply:
		e.Heard.Gone = true
		return false
	case state.Drop:
		n := r.note(*e, state.Reverted, from, nil, "its deletion is taken back: guests were invited meanwhile, and "+why, calendar.Content{}, e.Base)
		if by.Guests == state.RevertGuests {
			n.Rule = "guests: revert"
		}
		r.goOn(e)
		return false
	}
	r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Delete, Entity: e.ID, Mirror: by.ID, Ref: e.Home, From: from, Event: p.ID,
		Before: e.Base, Title: e.Base.Title, Held: state.HoldGuests, Fact: fact,
		Reason: "deleted in " + r.name(from) + ", and " + audience(e.Facts) + ", invited since, would hear of its end"})
	return true
}

// byRule is the decision on what guests would hear of: by the mirror's rule, or the
// person's own. why follows "and".
func (r *reconciler) byRule(by state.Mirror, fact string) (d state.Decision, why string) {
	switch by.Guests {
	case state.ApplyGuests:
		return state.Apply, ""
	case state.RevertGuests:
		return state.Drop, "the mirror “" + by.Name + "” keeps meetings with guests as they are"
	}
	return r.Decisions[fact], "you chose not to change a meeting with guests"
}

// bringer is the mirror that brings an event to a member; to the first one, if it is home.
func (r *reconciler) bringer(e state.Entity, ref state.Ref) state.Mirror {
	for _, ref := range append([]state.Ref{ref}, refs(e)...) {
		if m := e.Records[ref].Mirror; m != "" {
			return r.mirror(m)
		}
	}
	return state.Mirror{}
}

// invitedFrom reports whether guests were invited from a copy: then it is left as it
// is, whatever becomes of the event, since they would hear of it.
func (r *reconciler) invitedFrom(e *state.Entity, ref state.Ref) bool {
	rec, from := e.Records[ref], r.invites(*e, ref)
	if from == nil {
		return false
	}
	who := audience(r.replica(ref, from.ID).Event.Facts())
	if !rec.Kept {
		rec.Kept = true
		r.note(*e, state.Noted, ref, nil, who+" would hear of what is written to its copy in "+r.name(ref)+", from where they were invited: it is kept as it is, and crosses no more", from.Read, from.Read)
	}
	for i := range rec.Parts {
		rec.Parts[i].Leaving = false
	}
	e.Records[ref] = rec
	r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Skip, Entity: e.ID, Mirror: rec.Mirror, Ref: ref, From: e.Home, Event: from.ID,
		Title: e.Base.Title, Before: e.Base, Reason: "invited from here: " + who})
	return true
}

// invites is the part of a copy from which guests are invited; nil if there is none.
func (r *reconciler) invites(e state.Entity, ref state.Ref) *state.Part {
	rec := e.Records[ref]
	for i := range rec.Parts {
		p := &rec.Parts[i]
		if rep, ok := r.Replicas[ref][p.ID]; ok && p.Live() && !rep.Deleted && len(rep.Event.Guests) > 0 {
			return p
		}
	}
	return nil
}
