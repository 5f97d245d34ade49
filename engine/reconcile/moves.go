package reconcile

import (
	"maps"
	"slices"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// moveWait is how long a deletion waits for a calendar that cannot be read, for the
// event may have been moved there. One that cannot be read for a whole day must not
// keep deletions from crossing for ever.
const moveWait = 24 * time.Hour

// lateList is how late a list may be. A home that is to be made again, since a change beats
// its deletion, waits for a later one: moved after all, it would be there twice for good.
// (Deletions need not: what was deleted is copied again.)
const lateList = time.Minute

// follow goes after the events of an entity that a person moved to another calendar
// of the account. It returns what is left behind by that: entities of their own,
// with copies that are to go.
func (r *reconciler) follow(e *state.Entity) (left []state.Entity) {
	if e.Deleted && !r.arrived(e) {
		return nil
	}
	moves := map[state.Ref]Found{}
	for _, ref := range refs(*e) {
		p := whole(*e, ref)
		if p == nil || !p.Live() || e.Records[ref].Kept {
			continue
		}
		to, ok := r.Moves[Found{ref, p.ID}]
		if rep := r.replica(ref, p.ID); ok && !r.linkedNow[to] && (rep.Deleted || rep.Unseen) && !r.mayBeMaking(*e, to.Ref) {
			moves[ref] = to
		}
	}
	if len(moves) == 0 {
		return nil
	}
	r.foldMoved(e, moves)
	for ref, to := range moves {
		if to.Ref == ref { // it was away and came back under another id
			whole(*e, ref).ID = to.ID
			r.linkedNow[to] = true
			delete(moves, ref)
		}
	}
	for _, ref := range refs(*e)[1:] { // home and copy may have changed places
		if to, ok := moves[ref]; ok {
			left = append(left, r.followCopy(e, ref, to)...)
		}
	}
	if to, ok := moves[e.Home]; ok {
		left = append(left, r.followHome(e, to)...)
	}
	return left
}

// mayBeMaking reports whether a write of ours whose outcome is not known may have made an
// event in a member: what is moved there meanwhile waits, or it would be taken for that; so
// does what looks like it, or there would be both.
func (r *reconciler) mayBeMaking(e state.Entity, ref state.Ref) bool {
	return slices.Contains(r.Unsure[ref], e.ID) || !r.Members[ref].Ready && slices.ContainsFunc(e.Records[ref].Parts, func(p state.Part) bool { return p.ID == "" })
}

// arrived reports whether an event that was taken for deleted, or was to go since a copy
// of it was deleted, is in another calendar after all: a list showed it late. It goes on
// then.
func (r *reconciler) arrived(e *state.Entity) bool {
	p := whole(*e, e.Home)
	to, ok := r.Moves[Found{e.Home, p.ID}]
	if !ok || r.linkedNow[to] || !p.Gone && !r.replica(e.Home, p.ID).Deleted || e.Left {
		return false
	}
	r.note(*e, state.Noted, to.Ref, nil, "deleted in "+r.name(goneFrom(*e, e.Home))+", and moved to "+r.name(to.Ref)+" meanwhile: it is kept", calendar.Content{}, e.Base)
	p.Gone = false
	undelete(e)
	remakeGone(e)
	return true
}

// foldMoved takes in what was edited, of the moved events and of all others, as if all
// were still where they were: afterwards some of them may be let go of.
func (r *reconciler) foldMoved(e *state.Entity, moves map[state.Ref]Found) {
	steps := len(r.out.Steps)
	was := map[Found]state.Replica{}
	for ref, to := range moves {
		id := whole(*e, ref).ID
		was[Found{ref, id}] = r.replica(ref, id)
		now := r.replica(to.Ref, to.ID)
		now.Event.ID = id
		r.Replicas[ref][id] = now
	}
	r.moving = true
	r.fold(e)
	r.moving = false
	for f, rep := range was {
		r.Replicas[f.Ref][f.ID] = rep
	}
	r.out.Steps = r.out.Steps[:steps] // what waits for the person is told when all is in place
}

// followHome gives an entity a new home. Its copies stay where the new home's mirrors
// have them, and go where they have not.
func (r *reconciler) followHome(e *state.Entity, to Found) (left []state.Entity) {
	for _, ref := range refs(*e)[1:] {
		r.release(e, ref)
	}
	was, p := e.Home, *whole(*e, e.Home)
	delete(e.Records, was)
	why := "moved from " + r.name(was) + " to " + r.name(to.Ref)
	if old, has := e.Records[to.Ref]; has {
		r.giveUp(*e, to.Ref)
		left = r.leave(left, *e, to.Ref, old.Mirror, old, why+", where its copy was")
	}
	p.ID = to.ID
	e.Moves++
	e.Home, e.Records[to.Ref] = to.Ref, state.Record{Parts: []state.Part{p}}
	r.linkedNow[to] = true
	targets := r.targets(e.Home)
	for _, ref := range refs(*e)[1:] {
		rec := e.Records[ref]
		if by, ok := targets[ref]; ok {
			rec.Mirror = by
			e.Records[ref] = rec
		} else if !r.acquainted(e.Home, ref) {
			r.giveUp(*e, ref)
			delete(e.Records, ref)
			left = r.leave(left, *e, ref, rec.Mirror, rec, why+", which is not mirrored with "+r.name(ref))
		}
	}
	r.note(*e, state.Noted, to.Ref, nil, why, e.Base, e.Base)
	return left
}

// followCopy is for a copy that was moved: it is put back. The one that was moved is
// taken where a copy belongs too, goes where the event is already, and is the
// person's own elsewhere.
func (r *reconciler) followCopy(e *state.Entity, ref state.Ref, to Found) (left []state.Entity) {
	rec, p := e.Records[ref], *whole(*e, ref)
	p.ID, p.Version = to.ID, r.replica(to.Ref, to.ID).Event.Version
	moved := state.Record{Mirror: r.targets(e.Home)[to.Ref], Parts: []state.Part{p}}
	why := "its copy was moved from " + r.name(ref) + " to " + r.name(to.Ref)
	switch {
	case !r.written(to.Ref): // it is the person's there, whatever else there is
	case to.Ref == e.Home || made(*e, to.Ref):
		r.linkedNow[to] = true
		r.giveUp(*e, ref)
		left = r.leave(left, *e, to.Ref, rec.Mirror, moved, why+", where the event is already")
	case moved.Mirror != "":
		r.linkedNow[to] = true
		e.Records[to.Ref] = moved
	}
	r.note(*e, state.Noted, ref, nil, why+"; it is put back where it was", p.Read, e.Base)
	remake(whole(*e, ref))
	return left
}

// giveUp keeps in history what waited for the person in a copy that is let go of.
func (r *reconciler) giveUp(e state.Entity, ref state.Ref) {
	for _, a := range r.asked {
		if a.ref == ref {
			r.keepAsked(e, a, "was moved")
		}
	}
}

// leave is a copy that an entity lets go of and that is to go: deleted with its
// reason, as an entity of its own, or of several where a series was told in single events.
// What was there before Twinday, or is kept as it is, stays: it is looked at again, as an
// event that belongs to none.
func (r *reconciler) leave(left []state.Entity, e state.Entity, ref state.Ref, by state.MirrorID, rec state.Record, why string) []state.Entity {
	var live, stay []state.Part
	for _, p := range rec.Parts {
		switch {
		case !p.Live():
		case rec.Kept || rec.WasHere(p):
			stay = append(stay, p)
			r.out.Waiting = append(r.out.Waiting, Found{ref, p.ID})
		default:
			live = append(live, p)
		}
	}
	if len(stay) > 0 {
		r.note(e, state.Noted, ref, nil, why+"; it stays there, as an event of its own", stay[0].Read, stay[0].Read)
	}
	if len(live) == 0 {
		return left
	}
	for i := range live {
		if rep, ok := r.Replicas[ref][live[i].ID]; ok {
			live[i].Version = rep.Event.Version
		}
	}
	one := func(base calendar.Content, overrides map[string]calendar.Override, parts ...state.Part) {
		id := r.Mint().WithFingerprint(r.replica(ref, parts[0].ID).Event.UID) // should it be kept, its copies lead to it
		left = append(left, state.Entity{ID: id, Home: ref, Base: base, Overrides: overrides, Deleted: true, Left: true, Why: why, Made: r.Now,
			Records: map[state.Ref]state.Record{ref: {Mirror: by, Parts: parts}}})
	}
	if slices.ContainsFunc(live, func(p state.Part) bool { return p.Slot == "" }) {
		one(e.Base, maps.Clone(e.Overrides), live...)
		return left
	}
	for _, p := range live { // a series that was told in single events, and is none there
		p.Slot = ""
		one(p.Read, nil, p)
	}
	return left
}

// acquainted reports whether any mirror that rests would bring an event from one calendar
// to another.
func (r *reconciler) acquainted(home, target state.Ref) bool {
	return slices.ContainsFunc(r.Mirrors, func(m state.Mirror) bool {
		h, ok := member(m, home)
		t, too := member(m, target)
		return ok && too && (m.Paused || h.Off || t.Off) && h.Direction != state.TakeOnly && t.Direction != state.SendOnly
	})
}

// mayHaveMoved reports whether an event that is gone may be in another calendar of
// the account that was not read since. One that is off will not be read soon: only what
// would be there twice for good waits for it.
func (r *reconciler) mayHaveMoved(ref state.Ref, rep state.Replica, forGood bool) bool {
	if !rep.Deleted || rep.Event.UID == "" || r.Now.Sub(rep.Seen) >= moveWait {
		return false
	}
	since := rep.Seen
	if forGood {
		since = since.Add(lateList)
	}
	for other := range r.Members {
		if other.Account == ref.Account && other != ref && (forGood || r.takesPart(other)) && r.readBefore(other, since) {
			return true
		}
	}
	return false
}

// mayBeMoved reports whether a found event may be a linked one whose going from
// another calendar of the account was not read yet, nor will be while that one is off.
func (r *reconciler) mayBeMoved(f Found) bool {
	rep := r.replica(f.Ref, f.ID)
	from, ok := r.Origins[f]
	return ok && r.Now.Sub(rep.Seen) < moveWait && r.readBefore(from.Ref, rep.Seen)
}

// onItsWay reports whether two events that are there may be one that a person has just moved
// between calendars of the account: one list was read before, or is late. Linked as look-alikes
// they would go together when the other list comes.
func (r *reconciler) onItsWay(a, b Found) bool {
	x, y := r.replica(a.Ref, a.ID), r.replica(b.Ref, b.ID)
	return a.Ref.Account == b.Ref.Account && x.Event.UID != "" && x.Event.UID == y.Event.UID &&
		(r.Now.Sub(y.Seen) < moveWait && r.readBefore(a.Ref, y.Seen.Add(lateList)) || r.Now.Sub(x.Seen) < moveWait && r.readBefore(b.Ref, x.Seen.Add(lateList)))
}

// movedThere reports whether a found event is one of another entity that a person moved: it
// stays that one's, whatever else looks like it.
func (r *reconciler) movedThere(e state.Entity, f Found) bool {
	for from, to := range r.Moves {
		p := whole(e, from.Ref)
		if to == f && (p == nil || p.ID != from.ID) {
			return true
		}
	}
	return false
}

// readBefore reports whether a calendar was last read before a moment, or could not
// be read now.
func (r *reconciler) readBefore(ref state.Ref, seen time.Time) bool {
	m := r.Members[ref]
	return !m.Ready || !m.Read.IsZero() && m.Read.Before(seen)
}

// mayYetMove reports whether a deletion must wait until another calendar was read, and
// takes note of it.
func (r *reconciler) mayYetMove(ref state.Ref, id calendar.RemoteID, forGood bool) bool {
	if !r.mayHaveMoved(ref, r.replica(ref, id), forGood) {
		return false
	}
	r.out.Waiting = append(r.out.Waiting, Found{ref, id})
	return true
}
