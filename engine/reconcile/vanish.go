package reconcile

import (
	"fmt"
	"maps"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// vanish decides what it means that the event is gone from one member.
func (r *reconciler) vanish(e *state.Entity, f *folding, ref state.Ref) {
	p := whole(*e, ref)
	home := ref == e.Home
	calledOff := home && r.calledOff(*e)
	beaten := (f.changed || f.holds() || r.behind(*e, ref)) && !calledOff
	switch {
	case e.Deleted:
		p.Gone = true
	case e.Records[ref].Out:
		r.outGone(*e, ref, p)
	case r.mayYetMove(ref, p.ID, beaten && home):
		f.waiting[ref] = true
	case beaten:
		remake(p)
		r.note(*e, state.Noted, ref, nil, "deleted in "+r.name(ref)+" but changed in "+r.name(f.from)+" at the same time: it is kept", calendar.Content{}, e.Base)
	case home:
		p.Gone = true
		e.Deleted, f.from = true, ref
	case !r.organized(*e):
		r.uninvite(e, ref)
	case r.forbidden(*e, ref) != "" && r.unmakeable(*e):
		p.Gone = true
		r.note(*e, state.Noted, ref, nil, "its copy was deleted in "+r.name(ref)+"; the event itself is gone, so it is not put back", p.Read, calendar.Content{})
		e.Deleted = !e.Live()
	case r.forbidden(*e, ref) != "":
		remake(p)
		r.note(*e, state.Reverted, ref, nil, "its deletion in "+r.name(ref)+" is taken back: "+r.forbidden(*e, ref), p.Read, e.Base)
	case e.Facts.HasGuests():
		fact := fmt.Sprintf("delete:%s:%s:%d", e.ID, digest(ref, nil, calendar.Content{}, nil), p.Generation)
		decision := r.Decisions[fact]
		switch r.mirror(e.Records[ref].Mirror).Guests {
		case state.ApplyGuests:
			decision = state.Apply
		case state.RevertGuests:
			decision = state.Drop
			r.note(*e, state.Reverted, ref, nil, "its deletion in "+r.name(ref)+" is taken back: the meeting has guests", p.Read, e.Base).Rule = "guests: revert"
		}
		switch decision {
		case state.Apply:
			p.Gone = true
			e.Deleted, e.Heard.Gone, f.from = true, true, ref
		case state.Drop:
			remake(p)
		default:
			f.waiting[ref] = true
			r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Delete, Entity: e.ID, Mirror: e.Records[ref].Mirror,
				Ref: e.Home, From: ref, Event: whole(*e, e.Home).ID, Before: e.Base, Title: e.Base.Title, Held: state.HoldGuests, Fact: fact,
				Reason: "its copy was deleted in " + r.name(ref) + ", and " + audience(e.Facts) + " would hear of its end"})
		}
	default:
		p.Gone = true
		e.Deleted, f.from = true, ref
	}
}

// unmakeable reports whether an event is gone from its home for good: the person wanted it kept,
// and nothing is written there.
func (r *reconciler) unmakeable(e state.Entity) bool {
	return whole(e, e.Home).ID == "" && (!r.written(e.Home) || !r.Members[e.Home].Writable)
}

// outlasts has an event go on that was to be deleted, since a copy was, in a calendar that has
// come to send only before it was done: nothing is deleted there any more.
func (r *reconciler) outlasts(e *state.Entity) {
	from := goneFrom(*e, e.Home)
	rep, there := r.Replicas[e.Home][whole(*e, e.Home).ID]
	if !e.Deleted || e.Left || e.Duplicate || from == e.Home || r.written(e.Home) || !there || rep.Deleted || rep.Event.Cancelled {
		return
	}
	r.note(*e, state.Reverted, from, nil, "its deletion in "+r.name(from)+" is taken back: "+r.oneWay(*e, from), whole(*e, from).Read, e.Base)
	r.goOn(e)
}

// forestalled tells of a part that was deleted when it was about to be taken away, since
// what it shows is told there in other parts from now on: it is there all the same.
func (r *reconciler) forestalled(e state.Entity, ref state.Ref, slot string) {
	parts := r.shape(e, ref).Parts
	_, told := parts[""]
	why := ""
	switch {
	case e.Deleted:
	case slot == "" && !told && len(parts) > 0:
		why = "it was found deleted in " + r.name(ref) + ", where its occurrences are told one by one from now on: they are there"
	case slot != "" && told && r.exists(e, slot) && !e.Overrides[slot].Cancelled:
		why = r.slotWords(e, []string{slot}) + " was found deleted in " + r.name(ref) + ", where its series tells it from now on: it is there"
	}
	if why != "" {
		r.note(e, state.Noted, ref, nil, why, e.Base, e.Base)
	}
}

// outGone takes note that a copy whose making was undone was deleted by the person, too.
func (r *reconciler) outGone(e state.Entity, ref state.Ref, p *state.Part) {
	p.Gone = true
	r.note(e, state.Noted, ref, nil, "its copy in "+r.name(ref)+" was deleted, and you undid the making of it: the event stays elsewhere", p.Read, e.Base)
}

// uninvite decides what the deletion of a copy means whose meeting somebody else
// organises.
func (r *reconciler) uninvite(e *state.Entity, ref state.Ref) {
	p := whole(*e, ref)
	gone := "its copy was deleted in " + r.name(ref) + "; the meeting has another organizer"
	switch r.mirror(e.Records[ref].Mirror).Invitations {
	case state.PutBackInvitation:
		r.note(*e, state.Reverted, ref, nil, gone+", so the copy is put back", p.Read, e.Base).Rule = "invitations: put-back"
		remake(p)
	case state.DeclineInvitation:
		p.Gone = true
		if why := r.oneWay(*e, ref); why != "" {
			r.note(*e, state.Noted, ref, nil, gone+", and "+why+", so only the copy is gone", p.Read, calendar.Content{})
			return
		}
		if e.Answer = calendar.Declined; e.Facts.MyResponse == calendar.Declined {
			e.Answer = calendar.NoResponse
		}
		r.note(*e, state.Noted, ref, nil, gone+", so the invitation is declined", p.Read, calendar.Content{}).Rule = "invitations: decline"
	default:
		p.Gone = true
		r.note(*e, state.Noted, ref, nil, gone+", so only the copy is gone", p.Read, calendar.Content{}).Rule = "invitations: hide"
	}
}

// organized reports whether the person organises the home event.
func (r *reconciler) organized(e state.Entity) bool {
	rep, ok := r.Replicas[e.Home][whole(e, e.Home).ID]
	return !ok || rep.Event.Organized
}

// behind reports whether a change had not reached a member: who deleted the event
// there had not seen it. (Where nothing can be written just now, less than ever.)
func (r *reconciler) behind(e state.Entity, ref state.Ref) bool {
	p := whole(e, ref)
	want, wanted := r.shape(e, ref).Parts[""]
	if !wanted { // it crosses no more, or in single events, since its mapping is another one
		want = mapping.Want{Content: r.project(e, ref), Overrides: p.WroteOverrides}
	}
	return p.Refused == "" &&
		(len(calendar.Diff(want.Content, p.Wrote).And(r.groups(e, ref)).And(r.Members[ref].Capabilities.Groups)) > 0 ||
			len(calendar.Slots(want.Overrides, p.WroteOverrides)) > 0)
}

// calledOff reports whether the event is gone at home by its organizer's doing, which
// beats an edit.
func (r *reconciler) calledOff(e state.Entity) bool {
	rep, ok := r.Replicas[e.Home][whole(e, e.Home).ID]
	return ok && (rep.Deleted || rep.Event.Cancelled) && (rep.Event.Cancelled || !rep.Event.Organized)
}

// remake turns a part that was deleted into one still to be made.
func remake(p *state.Part) {
	before := p.Before
	if p.ID != "" {
		was := *p
		was.Before, before = nil, &was
	}
	*p = state.Part{Slot: p.Slot, Generation: p.Generation + 1, Before: before}
}

// restored makes a part what it was before it was deleted, if that is there again: it
// needs not be made. What it shows now is compared with what was last read of it.
func (r *reconciler) restored(ref state.Ref, p *state.Part) {
	if p.ID != "" || p.Before == nil {
		return
	}
	if rep, ok := r.Replicas[ref][p.Before.ID]; !ok || rep.Deleted || rep.Event.Cancelled {
		return
	}
	generation := p.Generation
	*p = *p.Before
	p.Generation, p.Gone, p.Leaving, p.Refused = generation, false, false, ""
	p.WroteOverrides, p.ReadOverrides, p.Rewrites = maps.Clone(p.WroteOverrides), maps.Clone(p.ReadOverrides), maps.Clone(p.Rewrites)
}

// undelete takes back that an event is gone, and why it was to go. What a move left behind
// is an event of the person's then, and no copy.
func undelete(e *state.Entity) {
	if e.Left {
		rec := e.Records[e.Home]
		rec.Mirror = ""
		e.Records[e.Home] = rec
	}
	e.Deleted, e.Duplicate, e.Left, e.Why = false, false, false, ""
}

func remakeGone(e *state.Entity) {
	for _, rec := range e.Records {
		for i := range rec.Parts {
			if rec.Parts[i].Gone {
				remake(&rec.Parts[i])
			}
		}
	}
}
