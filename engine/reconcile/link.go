package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// found makes an entity of an event that has none.
func (r *reconciler) found(f Found) {
	if r.linkedNow[f] || r.judged[f] || !r.Members[f.Ref].Ready {
		return
	}
	r.judged[f] = true
	if home, ok := r.lead(f); ok {
		if judged, due := r.judged[home]; due && !judged { // it says which of several is its copy
			r.found(home)
		}
		if r.linkedNow[f] {
			return
		}
	}
	rep := r.replica(f.Ref, f.ID)
	targets := r.targets(f.Ref)
	skip := func(why string) {
		r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Skip, Ref: f.Ref, Event: f.ID,
			Title: rep.Event.Content.Title, Before: rep.Event.Content, Reason: why})
	}
	if len(targets) == 0 && !r.takesPart(f.Ref) {
		return
	}
	ahead := Future
	if _, copied := r.lead(f); copied || r.led(f) {
		ahead = forever // a store that is lost had them linked, and what is linked stays so
	}
	if why := outOfScope(rep, r.Now, Past, ahead); why != "" {
		if rep.Event.Type == calendar.UnknownType && rep.Event.Doubt != "" { // nobody would look for it among what does not cross
			r.note(state.Entity{Base: rep.Event.Content, Home: f.Ref}, state.Noted, f.Ref, nil, why, rep.Event.Content, rep.Event.Content)
		}
		skip(why)
		return
	}
	away := func(ref state.Ref) bool { return !r.Members[ref].Ready && !r.Members[ref].Known }
	if slices.ContainsFunc(sortedRefs(targets), away) {
		return // its look-alike may be there: wait until that calendar was read
	}
	if r.mayBeMoved(f) || slices.ContainsFunc(r.Alike[f], func(g Found) bool { return !r.linkedNow[g] && r.onItsWay(f, g) }) {
		r.out.Waiting = append(r.out.Waiting, f)
		return
	}
	twins, invited := r.twins(f)
	if slices.ContainsFunc(slices.Collect(maps.Values(twins)), r.mayBeMoved) { // and be linked already
		r.out.Waiting = append(r.out.Waiting, f)
		return
	}
	for ref := range twins {
		if !r.Members[ref].Ready {
			return // wait until it is known what became of that look-alike
		}
	}
	if invited {
		skip("both accounts are invited to it: each has it from its organizer, so it is left alone on both sides")
		return
	}
	home, others := f, slices.SortedFunc(maps.Values(twins), compareFound)
	for _, t := range others {
		if r.better(t, home) {
			home = t
		}
	}
	far := func(t Found) bool { return t != home && !r.goes(home.Ref, t.Ref) }
	if slices.ContainsFunc(others, far) && r.surer(home, f) == 0 {
		home = f // several mirrors have f, and no other calendar that all have may
	}
	others = slices.DeleteFunc(others, far)
	followed := home != f && r.leads(f, home)
	for _, t := range others {
		followed = followed || r.leads(t, home)
	}
	if m := r.mark(home); r.foreign(m) && !followed { // an event that has copies is a home, whatever mark came along
		skip(r.orphan(home, m))
		return
	}
	if len(r.targets(home.Ref)) == 0 {
		if home = f; len(targets) == 0 {
			return // nothing born here goes out, and it is nobody's copy
		}
	}
	e := r.newEntity(home)
	why, all := r.leftByAll(e, r.targets(home.Ref))
	if all && !followed && home != f && len(targets) > 0 && !r.marked(f) { // of look-alikes one that crosses is the home
		home, e = f, r.newEntity(f)
		why, all = r.leftByAll(e, targets)
	}
	if all && !followed { // what is its copy is so, whatever crosses now
		skip(why)
		return
	}
	e.ID, r.asked = r.Mint().Bearing(r.print(home, twins)), nil
	if doubt := r.replica(home.Ref, home.ID).Event.Doubt; doubt != "" {
		r.note(e, state.Noted, home.Ref, nil, doubt, e.Base, e.Base)
	}
	for _, m := range append([]Found{f}, others...) {
		if m != home && r.goes(home.Ref, m.Ref) {
			r.adopt(&e, m)
		}
	}
	r.linkedNow[home] = true // not before: what the marks on its copies mean depends on it
	r.extend(&e)
	r.derive(&e, folding{from: home.Ref})
	if len(e.Records) > 1 || len(r.targets(home.Ref)) > 0 {
		r.remember(e)
	}
	if !r.linkedNow[f] { // it is not its copy after all
		r.judged[f] = false
		r.found(f)
	}
}

// left says why an event that has no copy in a target is to have none, or nothing.
func (r *reconciler) left(e state.Entity, target state.Ref, by state.MirrorID) string {
	if of := r.mirror(by); of.LeavesOut(e.Home, whole(e, e.Home).ID, target) {
		return "you left it out of the mirror “" + of.Name + "”"
	}
	m := r.direction(by, e.Home, target)
	if rep, ok := r.Replicas[e.Home][whole(e, e.Home).ID]; ok {
		rep.Event.Content.When = e.Base.When
		if why := TooFar(rep, r.Now, m); why != "" {
			return why
		}
	}
	return m.Shape(r.source(e), e.Overrides, r.Now.Add(-Past), r.Now.Add(Future)).Skipped
}

// leftByAll reports whether an event crosses nowhere. why is the first of the reasons.
func (r *reconciler) leftByAll(e state.Entity, targets map[state.Ref]state.MirrorID) (why string, all bool) {
	for _, ref := range sortedRefs(targets) {
		w := r.left(e, ref, targets[ref])
		if w == "" {
			return "", false
		}
		why = cmp.Or(why, w)
	}
	return why, len(targets) > 0
}

func sortedRefs[V any](m map[state.Ref]V) []state.Ref {
	return slices.SortedFunc(maps.Keys(m), func(a, b state.Ref) int { return cmp.Compare(a.String(), b.String()) })
}

// twins finds the same meeting in other calendars, at most one in each: by a mark,
// by iCalendar UID, else by title and times. invited says that another account of
// the person was invited to it too.
func (r *reconciler) twins(f Found) (_ map[state.Ref]Found, invited bool) {
	ev := r.replica(f.Ref, f.ID).Event
	twins := map[state.Ref]Found{}
	alike := slices.SortedFunc(slices.Values(r.Alike[f]), func(a, b Found) int {
		x, y := r.bond(f, a), r.bond(f, b)
		if x == byMark && y == byMark && a.Ref == b.Ref {
			return r.likest(f)(a, b)
		}
		return cmp.Or(cmp.Compare(x, y), compareFound(a, b))
	})
	for _, a := range alike {
		if _, has := twins[a.Ref]; has || r.linkedNow[a] || a.Ref == f.Ref || !r.together(f.Ref, a.Ref) || r.leftApart(f, a) || r.leftApart(a, f) {
			continue
		}
		twin, by := r.replica(a.Ref, a.ID), r.bond(f, a)
		if home, ok := r.lead(a); ok && home != f && (by != byMark || r.leads(a, f)) && !r.pasted(a, home) {
			continue // it is a copy of another one
		}
		if by != byMark && r.hasCopy(a, f.Ref) {
			continue // what is its copy here looks the same, and a mark is surer
		}
		if by == apart || ev.HasGuests() && twin.Event.HasGuests() && by == byLook {
			continue // two meetings, each with guests of its own
		}
		if twin.Event.Cancelled {
			continue // it is gone: what bears its mark was brought back, and is the person's
		}
		if by != byMark && (outOfScope(twin, r.Now, Past, Future) != "" || twin.Event.MyResponse == calendar.Declined || !r.sameKind(f, ev, a, twin.Event)) {
			continue
		}
		if by == byUID && ev.HasGuests() && twin.Event.HasGuests() { // a copy may have been given guests of its own
			return nil, true
		}
		if !r.mayLead(f, a) {
			continue
		}
		twins[a.Ref] = a
	}
	return twins, false
}

// mayLead reports whether one of two look-alikes may be the home of the other: where mirrors
// lead one way only, what is at the beginning is it. It is none if another Twinday made it, nor
// of a meeting with guests that crosses to elsewhere itself.
func (r *reconciler) mayLead(a, b Found) bool {
	if r.goes(b.Ref, a.Ref) {
		a, b = b, a
	}
	return r.goes(b.Ref, a.Ref) || r.leads(b, a) ||
		!r.foreign(r.mark(a)) && (!r.replica(b.Ref, b.ID).Event.HasGuests() || len(r.targets(b.Ref)) == 0)
}

// leftApart reports whether the person left an event out on its way to where another is.
func (r *reconciler) leftApart(from, to Found) bool {
	return r.mirror(r.targets(from.Ref)[to.Ref]).LeavesOut(from.Ref, from.ID, to.Ref)
}

// sameKind reports whether two events can be one: both single, or two series of
// one rule in calendars that can both hold it.
func (r *reconciler) sameKind(fa Found, a calendar.Event, fb Found, b calendar.Event) bool {
	if a.Content.When.Recurrence.IsZero() != b.Content.When.Recurrence.IsZero() {
		return false
	}
	if a.Content.When.Recurrence.IsZero() {
		return true
	}
	fits := func(ref state.Ref, w calendar.When) bool {
		series := r.Members[ref].Capabilities.Series
		return series != nil && series(w) == ""
	}
	return slices.Equal(a.Content.When.Recurrence.Rules, b.Content.When.Recurrence.Rules) &&
		fits(fa.Ref, b.Content.When) && fits(fb.Ref, a.Content.When)
}

// better says which of two look-alikes is home: where the person organises it,
// else the older one.
func (r *reconciler) better(fa, fb Found) bool {
	a, b := r.replica(fa.Ref, fa.ID).Event, r.replica(fb.Ref, fb.ID).Event
	return cmp.Or(r.surer(fa, fb), a.Created.Compare(b.Created), compareFound(fa, fb)) < 0
}

// surer is less than 0 if the first of two look-alikes is home, whichever is older, and more
// than 0 if the second is.
func (r *reconciler) surer(fa, fb Found) int {
	a, b := r.replica(fa.Ref, fa.ID).Event, r.replica(fb.Ref, fb.ID).Event
	return cmp.Or(
		compareBool(r.goes(fb.Ref, fa.Ref), r.goes(fa.Ref, fb.Ref)), // nothing would cross from the other
		compareBool(r.leads(fa, fb), r.leads(fb, fa)),
		compareBool(r.shown(fb, b.Content, fa), r.shown(fa, a.Content, fb)),
		compareBool(r.marked(fa), r.marked(fb)),   // what a Twinday wrote is a copy
		compareBool(r.led(fb), r.led(fa)),         // what has copies stays their home
		compareBool(b.HasGuests(), a.HasGuests())) // guests must stay with their meeting
}

// marked reports whether an unlinked event bears a mark that means something.
func (r *reconciler) marked(f Found) bool { return r.mark(f) != calendar.Mark{} }

// newEntity is the entity of an event, without an id yet.
func (r *reconciler) newEntity(home Found) state.Entity {
	ev := r.replica(home.Ref, home.ID).Event
	overrides := maps.Clone(ev.Overrides)
	if occurrences, err := ev.Content.When.Occurrences(); err == nil { // leftovers of an older rule stay at home
		maps.DeleteFunc(overrides, func(_ string, o calendar.Override) bool { return !occurrences.Has(o.Original) })
	}
	return state.Entity{
		Home: home.Ref, Base: ev.Content, Overrides: overrides, Facts: ev.Facts(), UID: ev.UID, Made: r.Now,
		Records: map[state.Ref]state.Record{home.Ref: {Parts: []state.Part{{
			ID: home.ID, Version: ev.Version, Wrote: ev.Content, Read: ev.Content,
			WroteOverrides: maps.Clone(overrides), ReadOverrides: maps.Clone(ev.Overrides),
		}}}},
	}
}

// adopt links a look-alike and writes nothing: both states are taken as agreed,
// and only later edits travel.
func (r *reconciler) adopt(e *state.Entity, twin Found) {
	ev := r.replica(twin.Ref, twin.ID).Event
	mirror := r.targets(e.Home)[twin.Ref]
	mark := r.mark(twin)
	e.Records[twin.Ref] = state.Record{Mirror: mirror}
	want := r.shape(*e, twin.Ref).Parts
	kept := r.left(*e, twin.Ref, mirror) != ""
	if kept {
		w := want[""]
		w.Content = r.project(*e, twin.Ref)
		want = map[string]mapping.Want{"": w}
	}
	parts := []state.Part{part("", ev, want[""])}
	marked := r.leads(twin, Found{e.Home, whole(*e, e.Home).ID})
	_, told := want[""]
	if told && len(want) == 1 && mark.Installation == r.Installation && !sameTimes(want[""].Content.When, ev.Content.When) {
		delete(e.Records, twin.Ref) // changed before it was deleted and restored: it is the person's
		return
	}
	if marked && (!told || len(want) > 1) {
		series := parts // from before its occurrences were to be told one by one
		parts = r.adoptParts(e, twin.Ref, want, r.claimed(*e, twin.Ref))
		if len(parts) == 0 && !ev.Content.When.Recurrence.IsZero() && !e.Base.When.Recurrence.IsZero() {
			parts = series
		}
		if len(parts) == 0 {
			delete(e.Records, twin.Ref)
			return
		}
	}
	// A mark of another store that leads home says that Twinday wrote it. What this store
	// wrote it knows: with its mark, and linked to nothing, it is a person's clone or was
	// restored. And a mark that leads elsewhere came along with a copy-paste, perhaps.
	person := !marked || mark.Installation == r.Installation
	if person && told && len(parts) == 1 && parts[0].Slot == "" {
		for _, slot := range slices.Sorted(maps.Keys(want)) {
			if slot != "" { // its series may show it: see apart
				parts = append(parts, state.Part{Slot: slot, Wrote: want[slot].Content})
			}
		}
	}
	e.Records[twin.Ref] = state.Record{Mirror: mirror, Adopted: person, Kept: kept, Parts: parts}
	for _, p := range parts {
		r.linkedNow[Found{twin.Ref, p.ID}] = true
		if !person {
			r.claim(mirror, r.replica(twin.Ref, p.ID).Event, false)
		}
	}
	why := "same title and times as in " + r.name(e.Home)
	if !looksAlike(e.Base, ev.Content) {
		why = "it shows what a copy from " + r.name(e.Home) + " would show"
	}
	if ev.UID != "" && ev.UID == e.UID {
		why = "the same meeting (iCalendar UID) as in " + r.name(e.Home)
	}
	if marked {
		why = "its mark says that it is a copy from " + r.name(e.Home)
	}
	r.out.Steps = append(r.out.Steps, r.linked(*e, twin.Ref, ev, why))
}

// linked is the step that tells of an event that was found, and linked as it is.
func (r *reconciler) linked(e state.Entity, ref state.Ref, ev calendar.Event, why string) state.Step {
	return state.Step{Kind: state.Adopt, Entity: e.ID, Mirror: e.Records[ref].Mirror, Ref: ref, From: e.Home,
		Event: ev.ID, Born: whole(e, e.Home).ID, Title: ev.Content.Title, Before: ev.Content, Reason: why + ": linked, nothing is written"}
}

// extend adds a record for every calendar that the event should reach and does
// not yet: a look-alike that is there already, else an event still to be made.
func (r *reconciler) extend(e *state.Entity) {
	home := Found{e.Home, whole(*e, e.Home).ID}
	rep, seen := r.Replicas[home.Ref][home.ID]
	rep.Event.Content.When = e.Base.When // to which it is to be moved, perhaps
	if seen && outOfScope(rep, r.Now, Past, Future) != "" {
		return
	}
	targets := r.targets(e.Home)
	for _, ref := range sortedRefs(targets) {
		r.fill(e, ref)
	}
	missing := slices.DeleteFunc(sortedRefs(targets), func(ref state.Ref) bool {
		return made(*e, ref) || !r.Members[ref].Ready || r.mayBeMaking(*e, ref) || r.left(*e, ref, targets[ref]) != "" ||
			slices.ContainsFunc(r.Alike[home], func(g Found) bool { return g.Ref == ref && !r.linkedNow[g] && r.onItsWay(home, g) })
	})
	if len(missing) == 0 {
		return
	}
	var twins map[state.Ref]Found
	if seen {
		var invited bool
		if twins, invited = r.twins(home); invited {
			return
		}
	}
	for _, ref := range missing {
		twin, ok := twins[ref]
		ok = ok && !r.movedThere(*e, twin)
		clone := ok && r.mark(home).Installation == r.Installation && r.leads(home, twin) // the person's, and what it was copied from is back
		alike := ok && (looksAlike(e.Base, r.replica(twin.Ref, twin.ID).Event.Content) || r.shown(home, e.Base, twin))
		if alike || ok && !clone && r.bond(home, twin) != byLook {
			r.adopt(e, twin) // what looks like an event that is to look otherwise now is another one
		}
		if _, has := e.Records[ref]; !has && r.Members[ref].Writable && !r.Holds[targets[ref]].Watched {
			e.Records[ref] = state.Record{Mirror: targets[ref]} // derive makes its parts
		}
	}
}

// made reports whether an entity has, or had, anything in a member.
func made(e state.Entity, ref state.Ref) bool {
	return slices.ContainsFunc(e.Records[ref].Parts, func(p state.Part) bool { return p.ID != "" || p.Gone || p.Generation > 0 || p.Refused != "" })
}
