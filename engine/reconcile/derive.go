package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// derive lists the steps that make every member look as the base says. It is a
// function of the state alone, so work that was cut off is simply derived again.
func (r *reconciler) derive(e *state.Entity, f folding) {
	first := len(r.out.Steps)
	waits := e.Deleted && r.endWaits(e, f)
	if e.Deleted {
		f.from = goneFrom(*e, f.from)
	}
	r.uninvited(e)
	r.yields(e)
	targets := r.targets(e.Home)
	for _, ref := range refs(*e) {
		if _, ok := targets[ref]; waits || !ok && (ref != e.Home || !r.takesPart(ref)) {
			continue // its mirror rests, or has let it go
		}
		if ref != e.Home && r.invitedFrom(e, ref) {
			continue
		}
		if e.Deleted && ref != e.Home {
			if !r.written(ref) && !e.Left && !e.Duplicate && r.wasThere(*e, ref) != nil {
				r.staying = append(r.staying, staying{e.ID, ref, cmp.Or(e.Why, "deleted in "+r.name(f.from))})
				continue
			}
			r.goesToo(e, ref)
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
		_, told := want[""]
		r.apart(*e, ref, want)
		agreed, bare := true, true // all that is here is as this mapping wants it; there is nothing yet
		for i := range rec.Parts {
			p := &rec.Parts[i]
			bare = bare && !p.Live()
			w, wanted := want[p.Slot]
			if wanted && p.Gone && p.Leaving {
				remake(p) // it went when it was not wanted
			}
			// What has left the window stays where it is, unless the series tells it.
			p.Leaving = !wanted && (told || p.Slot == "" || r.inWindow(p.Slot))
			s, ok := r.step(*e, f, ref, p, w, wanted)
			if ok && ref == e.Home && s.Kind == state.Update {
				s, ok = r.heard(e, f, p, s)
			}
			if ok {
				r.out.Steps = append(r.out.Steps, s)
				agreed = agreed && !s.Kind.Writes()
			}
		}
		if (agreed || bare) && ref != e.Home {
			rec.Mapping = r.mapping(*e, ref).Digest()
			e.Records[ref] = rec
		}
	}
	r.answer(e)
	writes := false
	for i := first; i < len(r.out.Steps); i++ {
		s := &r.out.Steps[i]
		*s = r.undone(*e, *s)
		s.Home, s.HadGuests = e.Home, e.Facts.HasGuests()
		if s.Kind == state.Create {
			s.Born = whole(*e, e.Home).ID
		}
		writes = writes || s.Kind.Writes()
	}
	if !writes { // all of it is written
		e.Was, e.Heard = state.Image{}, state.Heard{}
		if e.Wish != nil && e.Wish.Folded {
			e.Wish = nil
		}
	}
}

// uninvited forgets who was invited to an event whose home is made again: nobody is, and its
// copies are not to tell of guests any more, though no list shows the new home yet.
func (r *reconciler) uninvited(e *state.Entity) {
	if p := whole(*e, e.Home); e.Deleted || p.ID != "" {
		return
	}
	if e.Facts.HasGuests() {
		r.note(*e, state.Noted, e.Home, nil, "it is made again without its guests: nobody is invited, and nobody hears of it", e.Base, e.Base)
	}
	e.Facts = calendar.Facts{Organized: true}
}

// apart is about the occurrences that a series which was here before would have to tell
// alone. They stay in it as it shows them, since linking writes nothing; once one is to look
// otherwise it is written, in the series and alone.
func (r *reconciler) apart(e state.Entity, ref state.Ref, want map[string]mapping.Want) {
	series := whole(e, ref)
	_, told := want[""]
	for i := range e.Records[ref].Parts {
		p := &e.Records[ref].Parts[i]
		if p.Slot == "" || p.ID != "" || p.Refused != "" || p.Wrote.When.Start.IsZero() {
			continue
		}
		w, wanted := want[p.Slot]
		there := told && series != nil && series.Live()
		if there && wanted && len(calendar.Diff(w.Content, p.Wrote).And(r.groups(e, ref))) == 0 {
			continue
		}
		if p.Wrote = (calendar.Content{}); there {
			series.DirtySlots = with(series.DirtySlots, p.Slot)
		}
	}
}

// staying is what was in a calendar before Twinday of a deleted event, where nothing is ever
// written since another mirror only takes from there.
type staying struct {
	entity state.EntityID
	ref    state.Ref
	why    string
}

// wasThere is a live part that was in a calendar before Twinday; nil if there is none.
func (r *reconciler) wasThere(e state.Entity, ref state.Ref) *state.Part {
	rec := e.Records[ref]
	for i, p := range rec.Parts {
		if p.Live() && rec.WasHere(p) {
			return &rec.Parts[i]
		}
	}
	return nil
}

// setFree lets go of what stays of deleted events: it is looked at again as an event that
// belongs to none. Where a deletion is held it waits for the decision, too, or it would be
// copied to where the event is still.
func (r *reconciler) setFree() {
	if len(r.staying) == 0 {
		return
	}
	held := map[state.EntityID]bool{}
	for _, s := range r.out.Steps {
		held[s.Entity] = held[s.Entity] || s.Held != ""
	}
	for _, x := range r.staying {
		if held[x.entity] {
			continue
		}
		e := r.byID[x.entity]
		for _, p := range e.Records[x.ref].Parts {
			if p.Live() {
				r.out.Waiting = append(r.out.Waiting, Found{x.ref, p.ID})
			}
		}
		was := r.wasThere(e, x.ref).Read
		r.note(e, state.Noted, x.ref, nil, x.why+"; it stays there, as an event of its own", was, was)
		delete(e.Records, x.ref)
	}
}

// goOn has an event that was to be deleted go on, everywhere.
func (r *reconciler) goOn(e *state.Entity) {
	undelete(e)
	remakeGone(e)
	r.extend(e)
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
	skip := state.Step{Kind: state.Skip, Entity: e.ID, Mirror: rec.Mirror, Ref: ref, From: e.Home, Title: e.Base.Title, Before: e.Base,
		Reason: "you undid the making of its copy here"}
	there := false
	for i := range rec.Parts {
		p := &rec.Parts[i]
		if !p.Live() {
			continue
		}
		there, p.Leaving = true, true
		s := skip
		s.Slot, s.Event = p.Slot, p.ID
		switch {
		case !r.Members[ref].Writable:
			s.Reason = r.name(ref) + " is read-only"
		case r.refusesDeletion(*p):
			s.Reason = r.name(ref) + " refuses its deletion: " + p.Refused
		default:
			s.IfVersion, s.Fact = p.Version, fact
			r.deletes(&s, p)
		}
		r.out.Steps = append(r.out.Steps, s)
	}
	if !there {
		r.out.Steps = append(r.out.Steps, skip)
	}
	return true
}

// answer has the person's invitation answered, where they chose so.
func (r *reconciler) answer(e *state.Entity) {
	p, fact := whole(*e, e.Home), "answer:"+GoneFact(*e)
	if e.Answer != calendar.NoResponse && r.Decisions[fact] == state.Drop {
		e.Answer = calendar.NoResponse
	}
	if e.Answer == calendar.NoResponse || e.Deleted || p.Gone || !r.Members[e.Home].Writable || !r.written(e.Home) {
		return
	}
	r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Answer, Entity: e.ID, Mirror: e.Records[goneFrom(*e, state.Ref{})].Mirror, Fact: fact, Ref: e.Home, Event: p.ID, IfVersion: p.Version,
		Response: e.Answer, Title: e.Base.Title, Before: e.Base, Reason: "its copy was deleted, and invitations are to be " + string(e.Answer) + " then"})
}

func (r *reconciler) written(ref state.Ref) bool { return Written(r.Mirrors, ref) }

// Written reports whether anything may be written in a calendar: not where it only sends.
func Written(mirrors []state.Mirror, ref state.Ref) bool {
	return !slices.ContainsFunc(mirrors, func(m state.Mirror) bool {
		x, ok := member(m, ref)
		return ok && x.Direction == state.SendOnly
	})
}

// yields has the home's own state count where nothing is ever written, since it only sends:
// what was changed elsewhere before it came to be there can never reach it.
func (r *reconciler) yields(e *state.Entity) {
	p := whole(*e, e.Home)
	rep, ok := r.Replicas[e.Home][p.ID]
	if !ok || rep.Deleted || p.Gone || e.Deleted || r.written(e.Home) || !r.takesPart(e.Home) {
		return
	}
	groups := calendar.Diff(e.Base, p.Wrote).With(p.Dirty...).And(r.groups(*e, e.Home))
	slots := calendar.Slots(e.Overrides, p.WroteOverrides)
	for _, slot := range p.DirtySlots {
		if r.exists(*e, slot) { // else it shows what it has no occurrence for any more, and nothing was changed
			slots = with(slots, slot)
		}
	}
	if len(groups) == 0 && len(slots) == 0 {
		return
	}
	what := "its " + words(groups)
	if len(groups) == 0 {
		what = r.slotWords(*e, slots)
	}
	r.stands(e, p, rep.Event, groups, slots, "the change of "+what+" is taken back: nothing is written to "+r.name(e.Home)+", where it is now", state.Mirror{})
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
		if !p.Live() {
			return s, false
		}
		if r.refusesDeletion(*p) {
			s.Kind, s.Reason = state.Skip, r.name(ref)+" refuses its deletion: "+p.Refused
			return s, true
		}
		r.deletes(&s, p)
		s.Fact = GoneFact(e)
		s.Was = state.WholeImage(e.Base, e.Overrides)
		if s.Mirror == "" {
			s.Mirror = e.Records[f.from].Mirror
		}
		s.Duplicate = e.Duplicate
		s.Reason = cmp.Or(e.Why, "deleted in "+r.name(f.from))
		return s, true
	case !wanted:
		if !p.Live() || !p.Leaving {
			return s, false
		}
		if p.Slot != "" && slices.Contains(f.heldSlots, p.Slot) {
			return s, false
		}
		r.deletes(&s, p)
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
	groups := r.groups(e, ref).And(r.Members[ref].Capabilities.Groups)
	differ := calendar.Diff(s.Want, p.Wrote).And(groups)
	r.forgetMoot(e, p, want)
	slots := calendar.Slots(want.Overrides, p.WroteOverrides)
	if p.Refused != "" && len(differ) == 0 && len(slots) == 0 {
		s.Kind, s.Reason = state.Skip, r.name(ref)+" refuses it: "+p.Refused
		return s, true
	}
	if !r.Members[ref].Writable || !r.written(ref) {
		if p.ID == "" || len(differ) > 0 || len(p.Dirty) > 0 || len(slots) > 0 || len(p.DirtySlots) > 0 {
			s.Kind, s.Reason = state.Skip, r.name(ref)+" is read-only"
			if r.Members[ref].Writable { // another mirror says so
				s.Reason = "no mirror writes to " + r.name(ref)
			}
			return s, true
		}
		return s, false
	}
	if p.ID == "" && len(differ) == 0 { // see apart
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
	s.Groups = differ.With(p.Dirty...).And(groups)
	s.Slots = slots
	for _, slot := range p.DirtySlots {
		s.Slots = with(s.Slots, slot)
	}
	slices.Sort(s.Slots)
	s.Kind, s.Before, s.BeforeOverrides = state.Update, p.Read, p.ReadOverrides
	if rep, ok := r.Replicas[ref][p.ID]; ok && !rep.Deleted { // an edit that waits for a word may lie over what was read back
		s.Before, s.BeforeOverrides = rep.Event.Content, rep.Event.Overrides
	}
	r.spare(f, &s)
	if len(s.Groups) == 0 && len(s.Slots) == 0 {
		return s, false
	}
	r.history(e, ref, p, &s, differ)
	s.Reason = r.reason(e, f, ref, s, p, len(differ) == 0 && len(slots) == 0)
	return s, true
}

// deletes makes a step the deletion of a part. What was changed there, and waits for a
// word or was no part of the mirror, is told by history.
func (r *reconciler) deletes(s *state.Step, p *state.Part) {
	s.Kind, s.Before, s.BeforeOverrides = state.Delete, p.Read, p.ReadOverrides
	if rep, ok := r.Replicas[s.Ref][p.ID]; ok && !rep.Deleted {
		s.Before, s.BeforeOverrides = rep.Event.Content, rep.Event.Overrides
	}
}

// spare takes out of a step what would write over an edit that waits for the person: a
// conflict everywhere, an edit that guests would hear of where it was made. With the
// decision it is merged or taken back.
func (r *reconciler) spare(f folding, s *state.Step) {
	groups, slots := r.waits(f, s.Ref)
	if s.Slot != "" {
		if slices.Contains(slots, s.Slot) {
			s.Groups, s.Slots = nil, nil
		}
		return
	}
	s.Groups = s.Groups.Without(groups...)
	later := func(string) bool { return false }
	if len(slots) > 0 && s.Groups.Has(calendar.GroupWhen) { // a new time would write all slots
		s.Groups = s.Groups.Without(calendar.GroupWhen)
		later = func(slot string) bool { // the series there does not have it before it has the new time
			_, shown := s.BeforeOverrides[slot]
			return !shown && !has(s.Before.When, slot)
		}
	}
	s.Slots = slices.DeleteFunc(s.Slots, func(slot string) bool { return slices.Contains(slots, slot) || later(slot) })
}

// deletionPause is how long a refused deletion is left alone: its calendar may be
// writable again by then.
const deletionPause = 30 * time.Minute

// refusesDeletion reports whether a part's deletion was refused a short while ago.
func (r *reconciler) refusesDeletion(p state.Part) bool {
	return p.Refused != "" && r.Now.Sub(p.RefusedAt) < deletionPause
}

// forgetMoot lets go of slots in which there is nothing to write, nor to take away:
// not wanted, not shown, and none of the series any more. What the home still shows of
// an older rule stays there if there are guests: they might be told.
func (r *reconciler) forgetMoot(e state.Entity, p *state.Part, want mapping.Want) {
	moot := func(slot string) bool {
		_, wanted := want.Overrides[slot]
		_, shown := p.ReadOverrides[slot]
		return !wanted && (!shown || p == whole(e, e.Home) && r.guests(e)) && !r.exists(e, slot)
	}
	p.DirtySlots = slices.DeleteFunc(slices.Clone(p.DirtySlots), moot)
	for _, slot := range slices.Sorted(maps.Keys(p.WroteOverrides)) {
		if moot(slot) {
			p.WroteOverrides = calendar.WithOverride(p.WroteOverrides, slot, calendar.Override{})
		}
	}
}

// guests reports whether the event has guests now, who may be told of what is written
// at home.
func (r *reconciler) guests(e state.Entity) bool {
	return r.replica(e.Home, whole(e, e.Home).ID).Event.HasGuests()
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
	case !f.changed && len(s.Groups) == 1 && s.Groups.Has(calendar.GroupNotes) && ref != e.Home && mapping.OnlyGuests(p.Wrote.Notes, s.Want.Notes):
		return "the list of guests in its notes changed"
	case !f.changed && len(s.Groups) > 0 && ref != e.Home: // a mapping did, or a pass that was cut off
		return what + " brought in line with what the mirror “" + r.mirror(e.Records[ref].Mirror).Name + "” shows there"
	case !f.changed && len(s.Groups) > 0:
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

// GoneFact identifies one deletion of one entity: a later deletion of the same
// entity, made again in between, is another fact.
func GoneFact(e state.Entity) string {
	generations := 0
	for _, rec := range e.Records {
		for _, p := range rec.Parts {
			generations += p.Generation
		}
	}
	return fmt.Sprintf("gone:%s:%d", e.ID, generations)
}
