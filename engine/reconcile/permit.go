package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// permit takes out those edits of copies that may not go home: they are refused,
// or wait for the person. It returns the slot edits that are left.
func (r *reconciler) permit(e *state.Entity, facts calendar.Facts, edits map[calendar.Group][]edit, slots []slotEdit) []slotEdit {
	if !facts.HasGuests() {
		e.Heard = state.Heard{}
	}
	for _, ref := range refs(*e) {
		if ref == e.Home {
			continue
		}
		why := r.forbidden(*e, ref)
		var held calendar.Groups
		var heldNow calendar.Content
		for _, g := range calendar.AllGroups {
			for i, ed := range edits[g] {
				edits[g][i].stays = ed.stays || ed.ref == ref && facts.HasGuests() && r.stays(*e, g, ed)
			}
			edits[g] = slices.DeleteFunc(edits[g], func(ed edit) bool {
				switch {
				case ed.ref != ref:
					return false
				case why != "":
					r.refuse(e, g, ed, why)
					return true
				case !facts.HasGuests() || ed.stays || r.unheard(*e, g, ed.now):
					return false
				}
				held, heldNow = held.With(g), heldNow.Take(g, ed.now)
				return true
			})
		}
		var heldSlots []slotEdit
		slots = slices.DeleteFunc(slots, func(ed slotEdit) bool {
			switch {
			case ed.ref != ref:
				return false
			case why != "":
				r.refuseSlot(e, ed, why)
				return true
			case !facts.HasGuests() || r.slotStays(*e, ed):
				return false
			}
			heldSlots = append(heldSlots, ed)
			return true
		})
		if len(held) == 0 && len(heldSlots) == 0 {
			continue
		}
		fact := "edit:" + string(e.ID) + ":" + digest(ref, held, heldNow, heldSlots)
		rep := r.replica(ref, e.Records[ref].Parts[0].ID)
		decision, why := r.Decisions[fact], "you chose not to change a meeting with guests"
		switch rule := r.mirror(e.Records[ref].Mirror); rule.Guests {
		case state.ApplyGuests:
			decision = state.Apply
		case state.RevertGuests:
			decision, why = state.Drop, "the mirror “"+rule.Name+"” keeps meetings with guests as they are"
		}
		switch decision {
		case state.Apply:
			agree(e, held, slotsOf(heldSlots))
			for _, g := range held {
				edits[g] = append(edits[g], edit{ref: ref, now: heldNow, updated: rep.Event.Updated})
			}
			slots = append(slots, heldSlots...)
		case state.Drop:
			first := len(r.out.Notes)
			for _, g := range held {
				r.refuse(e, g, edit{ref: ref, now: heldNow}, why)
			}
			for _, ed := range heldSlots {
				r.refuseSlot(e, ed, why)
			}
			for i := range r.out.Notes[first:] {
				r.out.Notes[first+i].Rule = "guests: " + cmp.Or(string(r.mirror(e.Records[ref].Mirror).Guests), "ask")
			}
		default:
			r.asked = append(r.asked, asked{ref, held, heldNow, heldSlots})
			want := e.Base
			for _, g := range held {
				src := r.source(*e)
				src.Content = want
				want, _ = r.mapping(*e, ref).Put(g, src, heldNow)
			}
			what := words(held)
			if len(held) == 0 {
				what = r.slotWords(*e, slotsOf(heldSlots))
			}
			r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Update, Entity: e.ID, Mirror: e.Records[ref].Mirror,
				Ref: e.Home, From: ref, Event: whole(*e, e.Home).ID, Groups: held, Slots: slotsOf(heldSlots), Want: want, Before: e.Base,
				Title: e.Base.Title, Held: state.HoldGuests, Fact: fact,
				Reason: what + " changed in " + r.name(ref) + ", and " + audience(facts) + " would hear of it"})
		}
	}
	return slots
}

// unheard reports whether guests hear nothing of a group that is edited to now. What
// some services tell them of an availability (Google: that a meeting is tentative) is
// for everybody.
func (r *reconciler) unheard(e state.Entity, g calendar.Group, now calendar.Content) bool {
	if shared := r.Members[e.Home].Capabilities.SharedAvailability; g == calendar.GroupAvailability {
		return !slices.Contains(shared, now.Availability) && !slices.Contains(shared, e.Base.Availability)
	}
	return private.Has(g)
}

// stays reports whether an edit of a copy never goes home, so that nobody there
// hears of it.
func (r *reconciler) stays(e state.Entity, g calendar.Group, ed edit) bool {
	_, v := r.mapping(e, ed.ref).Put(g, r.source(e), ed.now)
	return v == mapping.Refused || v == mapping.Own
}

// slotStays is stays for an occurrence of a series.
func (r *reconciler) slotStays(e state.Entity, ed slotEdit) bool {
	here := mapping.Source{Content: r.occurrence(e, ed.slot), Facts: e.Facts, Slot: ed.slot}
	for _, g := range ed.set {
		if _, v := r.mapping(e, ed.ref).Put(g, here, ed.content); !r.unheard(e, g, ed.content) && v != mapping.Refused && v != mapping.Own {
			return false
		}
	}
	return ed.cancel == unsaid && len(ed.drop.Without(private...)) == 0
}

// audience names those who would get mail of a change: "Ada, Bob and Cy"; of very many,
// the first ones and how many more there are.
func audience(f calendar.Facts) string {
	const most = 12
	var names []string
	for _, g := range f.Guests[:min(len(f.Guests), most)] {
		names = append(names, cmp.Or(g.Name, g.Email))
	}
	switch rest := len(f.Guests) - len(names); {
	case len(names) == 0:
		return "its guests"
	case rest == 1:
		names = append(names, "1 other guest")
	case rest > 1:
		names = append(names, fmt.Sprintf("%d other guests", rest))
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// forbidden says why edits made in a copy cannot go home at all, or nothing.
func (r *reconciler) forbidden(e state.Entity, ref state.Ref) string {
	if why := r.oneWay(e, ref); why != "" {
		return why
	}
	if home, ok := r.Replicas[e.Home][whole(e, e.Home).ID]; ok && !home.Deleted && !home.Event.Organized {
		return "only its organizer can change this meeting"
	}
	return ""
}

// oneWay says why nothing at all goes home from a copy, or nothing. A home in which nothing can
// be written, and that is still to be made there again, contradicts nobody.
func (r *reconciler) oneWay(e state.Entity, ref state.Ref) string {
	made := whole(e, e.Home).ID != ""
	for _, m := range r.Mirrors {
		if m.ID != e.Records[ref].Mirror {
			continue
		}
		here, _ := member(m, ref)
		home, _ := member(m, e.Home)
		if here.Direction == state.TakeOnly || made && home.Direction == state.SendOnly {
			return "the mirror “" + m.Name + "” takes no changes from " + r.name(ref) + " home"
		}
	}
	switch {
	case !made:
	case !r.written(e.Home): // another mirror says so
		return "no mirror writes to " + r.name(e.Home)
	case !r.Members[e.Home].Writable:
		return r.name(e.Home) + " is read-only"
	}
	return ""
}
