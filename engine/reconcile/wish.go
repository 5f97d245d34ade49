package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// wish folds the person's undo: field groups as edits made at home when it was asked
// for, the rest at once. What guests would hear of waits, as an edit of a copy does.
func (r *reconciler) wish(e *state.Entity, f *folding, facts calendar.Facts, edits map[calendar.Group][]edit) {
	w := e.Wish
	if w == nil || w.Folded {
		return
	}
	groups, slots := w.Differs(e.Base, e.Overrides)
	if len(groups) > 0 || len(slots) > 0 || w.Gone {
		if why := r.unchangeable(*e); why != "" {
			r.note(*e, state.Reverted, e.Home, groups, r.undoWords(*w)+" is not done: "+why, w.Content, e.Base)
			e.Wish = nil
			return
		}
	}
	public := slices.ContainsFunc(groups, func(g calendar.Group) bool { return !private.Has(g) })
	if facts.HasGuests() && (public || len(slots) > 0 || w.Gone) {
		fact := fmt.Sprintf("undo:%s:%d:%s", e.ID, w.Asked.UnixNano(), digest(e.Home, groups, w.Content, nil))
		decision := r.Decisions[fact]
		if r.mirror(w.Mirror).Guests == state.ApplyGuests {
			decision = state.Apply
		}
		switch decision {
		case state.Apply:
			agree(e, groups, slots)
			e.Heard.Gone = w.Gone
		case state.Drop:
			r.note(*e, state.Noted, e.Home, groups, r.undoWords(*w)+" is not done: you chose not to change a meeting with guests", e.Base, e.Base)
			e.Wish = nil
			return
		default:
			s := state.Step{Kind: state.Update, Entity: e.ID, Mirror: w.Mirror, Ref: e.Home, From: e.Home, Event: whole(*e, e.Home).ID,
				Groups: groups, Slots: slots, Overrides: w.Overrides, BeforeOverrides: e.Overrides, Want: over(e.Base, groups, w.Content), Before: e.Base,
				Title: e.Base.Title, Held: state.HoldGuests, Fact: fact, Undoes: w.Undoes,
				Reason: r.undoWords(*w) + " would change it, and " + audience(facts) + " would hear of it"}
			if w.Gone {
				s.Kind = state.Delete
			}
			r.out.Steps = append(r.out.Steps, s)
			return
		}
	}
	folded := *w
	folded.Folded = true
	e.Wish = &folded
	f.wished = true
	for _, g := range groups {
		edits[g] = append(edits[g], edit{ref: e.Home, now: w.Content, updated: w.Asked, wish: true})
	}
	f.wish = state.Image{Slots: slots, Overrides: w.Overrides}
	for _, ref := range w.Out {
		if rec, ok := e.Records[ref]; ok {
			rec.Out = true
			e.Records[ref] = rec
		}
	}
	for _, ref := range w.In {
		rec, ok := e.Records[ref]
		if !ok {
			continue
		}
		rec.Out = false
		for i := range rec.Parts {
			if rec.Parts[i].Gone {
				remake(&rec.Parts[i])
			}
		}
		e.Records[ref] = rec
	}
	if w.Back && e.Deleted {
		undelete(e)
		remakeGone(e)
	}
	if w.Gone {
		e.Deleted = true
	}
}

// over is the base with groups of another content.
func over(base calendar.Content, gs calendar.Groups, c calendar.Content) calendar.Content {
	for _, g := range gs {
		base = base.Take(g, c)
	}
	return base
}

// wishSlots puts occurrences back that the person wished so.
func (r *reconciler) wishSlots(e *state.Entity, f *folding) {
	for _, slot := range f.wish.Slots {
		o := f.wish.Overrides[slot]
		if !r.exists(*e, slot) || o.Equal(e.Overrides[slot]) {
			continue
		}
		e.Overrides = calendar.WithOverride(e.Overrides, slot, o)
		f.changed, f.from = true, e.Home
	}
}

// unchangeable says why nothing of an event can be changed at home, or nothing.
func (r *reconciler) unchangeable(e state.Entity) string {
	switch {
	case !r.written(e.Home):
		return "no mirror writes to " + r.name(e.Home)
	case !r.Members[e.Home].Writable:
		return r.name(e.Home) + " is read-only"
	}
	if home, ok := r.Replicas[e.Home][whole(e, e.Home).ID]; ok && !home.Deleted && !home.Event.Organized {
		return "only its organizer can change this meeting"
	}
	return ""
}

// undoWords names an undo: "your undo of entry 12".
func (r *reconciler) undoWords(w state.Wish) string {
	return "your undo of " + entryWords(w.Undoes)
}

// entryWords is "entry 12", "entries 12, 13 and 17".
func entryWords(seqs []uint64) string {
	said := make([]string, len(seqs))
	for i, s := range seqs {
		said[i] = fmt.Sprint(s)
	}
	if len(said) == 1 {
		return "entry " + said[0]
	}
	return "entries " + strings.Join(said[:len(said)-1], ", ") + " and " + said[len(said)-1]
}

// undone labels a step that brings an undo about.
func (r *reconciler) undone(e state.Entity, s state.Step) state.Step {
	w := e.Wish
	if w == nil || !w.Folded {
		return s
	}
	verb := ""
	switch {
	case s.Kind == state.Create && (w.Back || slices.Contains(w.In, s.Ref)):
		verb = "made again"
	case s.Kind == state.Delete && (w.Gone || slices.Contains(w.Out, s.Ref)):
		verb = "taken away again"
	case s.Kind == state.Update && (slices.ContainsFunc(s.Groups, w.Groups.Has) ||
		slices.ContainsFunc(s.Slots, func(slot string) bool { return slices.Contains(w.Slots, slot) })),
		s.Slot != "" && slices.Contains(w.Slots, s.Slot):
		verb = "put back as it was"
		if len(s.Groups) > 1 || len(s.Groups) == 0 && len(s.Slots) > 1 || len(s.Groups) == 1 && plural.Has(s.Groups[0]) {
			verb = "put back as they were"
		}
	default:
		return s
	}
	if s.Mirror == "" {
		s.Mirror = w.Mirror
	}
	s.Undoes = w.Undoes
	s.Reason = verb + ": you undid " + entryWords(w.Undoes)
	switch what := words(s.Groups); {
	case s.Kind == state.Update && len(s.Groups) > 0:
		s.Reason = what + " " + s.Reason
	case s.Kind == state.Update:
		s.Reason = r.slotWords(e, s.Slots) + " " + s.Reason
	}
	return s
}

// remember keeps what a fold replaced in the base, so that it can be undone.
func remember(e *state.Entity, base calendar.Content, overrides map[string]calendar.Override) {
	var was state.Image
	for _, g := range calendar.Diff(base, e.Base) {
		was = was.With(g, base)
	}
	for _, slot := range calendar.Slots(overrides, e.Overrides) {
		was = was.WithSlot(slot, overrides[slot])
	}
	if !was.IsZero() {
		e.Was = was
	}
}

// history tells with an update what of the base it carries out, and what that replaced.
// A value that was not what this part was asked to show is not told: the part shows
// an older one.
func (r *reconciler) history(e state.Entity, ref state.Ref, p *state.Part, s *state.Step, differ calendar.Groups) {
	before := over(e.Base, e.Was.Groups, e.Was.Content)
	if ref != e.Home {
		before = r.mapping(e, ref).Get(mapping.Source{Content: before, Facts: e.Facts})
	}
	for _, g := range s.Groups {
		var value calendar.Content
		switch {
		case p.Slot != "": // told apart: what its series was
			if !differ.Has(g) || !e.Was.Groups.Has(g) || g != calendar.GroupWhen && !calendar.Equal(g, before, p.Wrote) {
				continue
			}
			value = e.Was.Content
		case differ.Has(g) && ref == e.Home:
			value = p.Wrote
		case differ.Has(g) && e.Was.Groups.Has(g) && calendar.Equal(g, before, p.Wrote):
			value = e.Was.Content
		case differ.Has(g):
			continue
		default: // what was entered there is put back
			lost := r.lost(e, ref, calendar.Groups{g}, p.Read)
			if len(lost.Groups) == 0 {
				continue
			}
			value = lost.Content
		}
		s.Was, s.Became = s.Was.With(g, value), s.Became.With(g, e.Base)
	}
	if p.Slot != "" && s.Kind != state.Update && e.Was.Groups.Has(calendar.GroupWhen) { // a rule made it come or go
		s.Was, s.Became = s.Was.With(calendar.GroupWhen, e.Was.Content), s.Became.With(calendar.GroupWhen, e.Base)
	}
	if s.Kind == state.Create && p.Slot == "" {
		return
	}
	for _, slot := range e.Was.Slots {
		if s.Slot == slot || slices.Contains(s.Slots, slot) || s.Slot == "" && s.Groups.Has(calendar.GroupWhen) {
			s.Was, s.Became = s.Was.WithSlot(slot, e.Was.Overrides[slot]), s.Became.WithSlot(slot, e.Overrides[slot])
		}
	}
}

// lost is what an edit that was made in a member would have made of the event at home,
// as far as a lens leads there.
func (r *reconciler) lost(e state.Entity, ref state.Ref, gs calendar.Groups, now calendar.Content) (out state.Image) {
	for _, g := range gs {
		home, verdict := r.atHome(e, ref, g, r.source(e), now)
		if verdict == mapping.Carried || verdict == mapping.Amended {
			out = out.With(g, home)
		}
	}
	return out
}

// lostSlot is what an edit of an occurrence would have made of it at home.
func (r *reconciler) lostSlot(e state.Entity, ed slotEdit) (out state.Image) {
	is := e.Overrides[ed.slot]
	o := calendar.Override{Original: e.Base.When.Original(ed.slot), Cancelled: ed.cancel == yes}
	if !o.Cancelled {
		o.Changed, o.Content = slices.Clone(is.Changed), is.Content
		took := r.carried(e, ed)
		for _, g := range took.Changed {
			o.Changed, o.Content = o.Changed.With(g), o.Content.Take(g, took.Content)
		}
		o.Changed = o.Changed.Without(ed.drop...)
		for _, g := range ed.drop {
			o.Content = o.Content.Take(g, calendar.Content{})
		}
		if len(took.Changed) == 0 && len(ed.drop) == 0 && ed.cancel == unsaid {
			return out
		}
	}
	return out.WithSlot(ed.slot, o)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
