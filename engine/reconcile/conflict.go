package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// slotKey is under what a conflict about an occurrence is kept.
func slotKey(slot string) string { return "slot " + slot }

// rule is the conflict rule of edits made in several members: that of the mirrors
// which brought the event there. One of them that asks is asked for all.
func (r *reconciler) rule(e state.Entity, sides []state.Ref) state.ConflictRule {
	rule := state.LatestWins
	for _, ref := range sides {
		if ref == e.Home {
			continue
		}
		switch c := r.mirror(e.Records[ref].Mirror).Conflicts; {
		case c == state.AskConflict:
			return c
		case rule == state.LatestWins:
			rule = c
		}
	}
	return rule
}

// ruling is what became of a conflict: which edit stands, and by which rule; or held.
type ruling struct {
	winner int
	rule   string
	held   bool
}

// rules decides between the edits of one field, or of one occurrence, made at refs. latest
// is the last of them, other the last one that says something else; said is all of what
// they say, for a decision to stick to. What is asked is told by step.
func (r *reconciler) rules(e *state.Entity, key string, refs []state.Ref, latest, other int, said string, step func(fact string, later, other int) state.Step) ruling {
	rule := r.rule(*e, refs)
	if ref, ok := rule.Member(); ok {
		if i := slices.Index(refs, ref); i >= 0 {
			latest = i
		} else {
			rule = state.LatestWins
		}
	}
	fact := fmt.Sprintf("conflict:%s:%s", e.ID, said)
	// Which is the later one is remembered: our own writes to other fields of an event
	// make all of it look new.
	if known, ok := e.Conflicts[key]; ok && known.Fact == fact {
		if i := slices.Index(refs, known.Later); i >= 0 && i != latest && rule != state.MemberWins(refs[latest]) {
			latest, other = i, latest
		}
	}
	out := ruling{winner: latest, rule: "conflicts: " + rule.Words()}
	if rule == state.AskConflict {
		switch decision := r.Decisions[fact]; {
		case decision == state.Apply:
		case decision == state.Drop:
			out.winner = other
		case r.moving: // what was edited may go with the move, and there is nothing to ask of then
			out.rule = "conflicts: " + state.LatestWins.Words()
		default:
			e.Conflicts[key] = state.Conflict{Fact: fact, Later: refs[latest]}
			r.out.Steps = append(r.out.Steps, step(fact, latest, other))
			out.held = true
			return out
		}
	}
	delete(e.Conflicts, key)
	return out
}

// contest decides between the edits of one field group. Of several different ones the
// latest wins, a tie goes to the home, if the rule says nothing else. held: nothing of
// the group is folded or written until the person says.
func (r *reconciler) contest(e *state.Entity, f *folding, g calendar.Group, edits []edit) ruling {
	latest := 0
	for i := range edits {
		if laterEdit(*e, edits[i], edits[latest]) > 0 {
			latest = i
		}
	}
	other := -1
	for i, ed := range edits {
		if !calendar.Equal(g, ed.home, edits[latest].home) && (other < 0 || laterEdit(*e, ed, edits[other]) > 0) {
			other = i
		}
	}
	wished := slices.ContainsFunc(edits, func(ed edit) bool { return ed.wish }) // the person has just spoken
	if other < 0 || wished {
		delete(e.Conflicts, string(g))
		return ruling{winner: latest, rule: "conflicts: " + state.LatestWins.Words()}
	}
	var places []state.Ref
	var said []string
	for _, ed := range edits {
		places = append(places, ed.ref)
		said = append(said, digest(ed.ref, calendar.Groups{g}, ed.now, nil))
	}
	slices.Sort(said)
	out := r.rules(e, string(g), places, latest, other, digestOf(said), func(fact string, later, other int) state.Step {
		a, b := edits[later], edits[other]
		return state.Step{Kind: state.Update, Entity: e.ID, Mirror: cmp.Or(e.Records[b.ref].Mirror, e.Records[a.ref].Mirror),
			Ref: b.ref, From: a.ref, Event: whole(*e, b.ref).ID, Groups: calendar.Groups{g}, Want: a.home, Before: b.home, Title: e.Base.Title,
			Held: state.HoldConflict, Fact: fact, Reason: fmt.Sprintf("its %s was changed on two sides: later in %s to %s, and in %s to %s",
				words(calendar.Groups{g}), r.name(a.ref), quoted(g, a.home), r.name(b.ref), quoted(g, b.home))}
	})
	if out.held {
		f.heldGroups = f.heldGroups.With(g)
		for _, ed := range edits {
			f.contested = append(f.contested, asked{ref: ed.ref, groups: calendar.Groups{g}, content: ed.now})
		}
	}
	return out
}

// laterEdit compares when edits were made; a tie goes to the home.
func laterEdit(e state.Entity, a, b edit) int {
	return cmp.Or(a.updated.Compare(b.updated), compareBool(a.ref == e.Home, b.ref == e.Home), cmp.Compare(b.ref.String(), a.ref.String()))
}

// quoted is a value short enough for a question.
func quoted(g calendar.Group, c calendar.Content) string {
	const most = 40
	text := []rune(oneLine(mapping.Words(g, c)))
	switch {
	case len(text) == 0:
		return "nothing"
	case len(text) > most:
		text = append(text[:most], '…')
	}
	return "“" + string(text) + "”"
}

// contestSlots decides, for each occurrence that there is, between the edits of it. They
// come sorted by slot.
func (r *reconciler) contestSlots(e *state.Entity, f *folding, edits []slotEdit, exists func(slot string) bool) []slotEdit {
	maps.DeleteFunc(e.Conflicts, func(key string, _ state.Conflict) bool {
		slot, is := strings.CutPrefix(key, slotKey(""))
		return is && !slices.ContainsFunc(edits, func(ed slotEdit) bool { return ed.slot == slot })
	})
	var out []slotEdit
	for len(edits) > 0 {
		n := 1
		for n < len(edits) && edits[n].slot == edits[0].slot {
			n++
		}
		if exists(edits[0].slot) {
			out = append(out, r.contestSlot(e, f, edits[:n])...)
		} else {
			out = append(out, edits[:n]...)
		}
		edits = edits[n:]
	}
	return out
}

// contestSlot decides between edits of one occurrence made in different members: the
// edits come back with the one that stands last, or none of them if they are held. An
// occurrence is held as a whole: services write it as a whole.
func (r *reconciler) contestSlot(e *state.Entity, f *folding, edits []slotEdit) []slotEdit {
	slot := edits[0].slot
	last := len(edits) - 1 // they come oldest first
	other := -1
	for i := range edits {
		if edits[i].ref != edits[last].ref && r.clash(*e, edits[i], edits[last]) {
			other = i
		}
	}
	if other < 0 {
		delete(e.Conflicts, slotKey(slot))
		return edits
	}
	var places []state.Ref
	var said []string
	for _, ed := range edits {
		places = append(places, ed.ref)
		said = append(said, ed.String())
	}
	slices.Sort(said)
	out := r.rules(e, slotKey(slot), places, last, other, digestOf(said), func(fact string, later, other int) state.Step {
		a, b := edits[later], edits[other]
		image := r.lostSlot(*e, a)
		return state.Step{Kind: state.Update, Entity: e.ID, Mirror: cmp.Or(e.Records[b.ref].Mirror, e.Records[a.ref].Mirror),
			Ref: b.ref, From: a.ref, Event: whole(*e, e.Home).ID, Slots: []string{slot}, Overrides: image.Overrides,
			BeforeOverrides: r.lostSlot(*e, b).Overrides, Want: r.told(*e, a), Before: r.told(*e, b), Title: e.Base.Title,
			Held: state.HoldConflict, Fact: fact, Reason: fmt.Sprintf("%s was changed on two sides: later in %s (%s), and in %s (%s)",
				r.slotWords(*e, []string{slot}), r.name(a.ref), r.changes(*e, a), r.name(b.ref), r.changes(*e, b))}
	})
	if out.held {
		f.heldSlots = with(f.heldSlots, slot)
		for _, ed := range edits {
			f.contested = append(f.contested, asked{ref: ed.ref, slots: []slotEdit{ed}})
		}
		return nil
	}
	winner := edits[out.winner]
	edits = append(slices.Delete(slices.Clone(edits), out.winner, out.winner+1), winner)
	f.rules[slot] = out.rule
	return edits
}

// clash reports whether two edits of one occurrence give one field different values.
func (r *reconciler) clash(e state.Entity, a, b slotEdit) bool {
	if a.cancel == yes || b.cancel == yes {
		return false // an edit beats a cancellation, and two cancellations are one
	}
	x, y := r.carried(e, a), r.carried(e, b)
	for _, g := range calendar.AllGroups {
		inX, inY := x.Changed.Has(g), y.Changed.Has(g)
		switch {
		case inX && inY && !calendar.Equal(g, x.Content, y.Content), inX && b.drop.Has(g), inY && a.drop.Has(g):
			return true
		}
	}
	return false
}

// carried is what an edit of an occurrence gives a value of its own, as it is at home.
func (r *reconciler) carried(e state.Entity, ed slotEdit) calendar.Override {
	o := calendar.Override{Original: e.Base.When.Original(ed.slot)}
	here := mapping.Source{Content: r.occurrence(e, ed.slot), Facts: e.Facts, Slot: ed.slot}
	for _, g := range ed.set {
		home, verdict := r.atHome(e, ed.ref, g, here, ed.content)
		if verdict == mapping.Carried || verdict == mapping.Amended {
			home.When.Recurrence = calendar.Recurrence{}
			o.Changed, o.Content = o.Changed.With(g), o.Content.Take(g, home)
		}
	}
	return o
}

// told is the occurrence as an edit left it.
func (r *reconciler) told(e state.Entity, ed slotEdit) calendar.Content {
	o := r.lostSlot(e, ed).Overrides[ed.slot]
	if o.Original.IsZero() {
		o.Original = e.Base.When.Original(ed.slot)
	}
	return e.Base.Occurrence(o)
}

// changes says what an edit did to an occurrence.
func (r *reconciler) changes(e state.Entity, ed slotEdit) string {
	if gs := r.carried(e, ed).Changed; len(gs) > 0 {
		text := words(gs)
		if len(gs) == 1 {
			text += " " + quoted(gs[0], ed.content)
		}
		return text
	}
	return "as in the series again"
}

// holds reports whether a conflict waits for the person.
func (f folding) holds() bool { return len(f.heldGroups) > 0 || len(f.heldSlots) > 0 }
