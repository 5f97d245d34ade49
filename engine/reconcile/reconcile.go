// Package reconcile decides. Reconcile is a pure function from what is
// remembered and what was read to what is to be remembered and done: no I/O, no
// clock, no randomness, no map order. The preview, a dry run and the engine run
// this one function.
//
// It imports store/state, engine/mapping and providers/calendar only.
package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Window is how far from now events are mirrored: those that ended before Past
// ago or start after Future from now are left alone until linked.
const (
	Past   = 30 * 24 * time.Hour
	Future = 400 * 24 * time.Hour
)

// forever is as far ahead as no event is.
const forever = math.MaxInt64

// Member is what Reconcile must know of a calendar.
type Member struct {
	Name         string   // for reasons
	Account      string   // the account's mail address, or how it is called here
	Addresses    []string // mail addresses that are the person's own there
	Capabilities calendar.Capabilities
	Writable     bool
	// Ready: read completely in this pass. Nothing is made in a calendar whose
	// present content is not known.
	Ready bool
	// Known: read completely in an earlier pass, so that what it held is among the
	// replicas. Others need not wait for such a calendar.
	Known bool
	// Read is when that reading began; zero if it does not matter.
	Read time.Time
}

// Found is an event that belongs to no entity yet.
type Found struct {
	Ref state.Ref
	ID  calendar.RemoteID
}

// Input is the part of the world that changed, and what is needed to decide on it.
type Input struct {
	Now time.Time
	// Installation is ours, as it stands in the marks that were written by this store.
	Installation string
	Mirrors      []state.Mirror // in order of creation
	Members      map[state.Ref]Member
	// Entities to reconsider, and the latest observation of every part they have.
	// Those are among them that the mark of a found event names or leads to.
	Entities []state.Entity
	Replicas map[state.Ref]map[calendar.RemoteID]state.Replica
	// Found events, live ones, with their replicas in Replicas.
	Found []Found
	// Alike lists for a found event the unlinked events elsewhere that may be the
	// same meeting (same UID, same title and times, a mark of one that leads to the
	// other, or what its copy would show there), replicas in Replicas. So it does for
	// the home of an entity.
	Alike map[Found][]Found
	// Moves lead from events of entities that are gone to where the same event (by its
	// UID) is now, unlinked, in another calendar of the account. Origins lead from
	// found events to linked ones of the same UID in the same account.
	Moves, Origins map[Found]Found
	// Unsure lists of calendars that are read, but not written to now, the entities of which
	// a copy may have been made there by a request that is not settled.
	Unsure map[state.Ref][]state.EntityID
	// Holds say of each mirror who keeps it.
	Holds map[state.MirrorID]Hold
	// Decisions on held steps, by fact; an undecided one is there too.
	Decisions map[string]state.Decision
	// Linked is how many events each mirror links, for the guard.
	Linked map[state.MirrorID]int
	// Unasked are the events that were deleted within AtOnce before, with nobody asked,
	// and when.
	Unasked map[state.MirrorID]map[state.EntityID]time.Time
	// Mint gives ids to new entities.
	Mint func() state.EntityID
}

// Output is the new state and the plan.
type Output struct {
	// Entities as they are now to be remembered. One with Deleted and no live
	// part is to be forgotten.
	Entities []state.Entity
	// Steps in the order in which they should be done. Held ones wait.
	Steps []state.Step
	// Unasked are the events that the steps delete with nobody asked, by mirror.
	Unasked map[state.MirrorID][]state.EntityID
	// Notes for history: overridden and reverted edits.
	Notes []state.HistoryEntry
	// Waiting are events that cannot be judged before another calendar was read:
	// they are to be looked at again.
	Waiting []Found
	// Claims are signs that another installation keeps a mirror. Where one is new, the
	// plan is to be made again, with the mirror watched.
	Claims map[state.MirrorID]Claim
}

// Reconcile folds what was read into the bases, then derives what to write.
func Reconcile(in Input) Output {
	r := &reconciler{Input: in, linkedNow: map[Found]bool{}, judged: map[Found]bool{}, mappings: map[direction]*mapping.Mapping{},
		byID: map[state.EntityID]state.Entity{}, byPrint: map[string][]state.EntityID{}, linkedMark: map[calendar.Mark]bool{}}
	slices.SortFunc(r.Entities, func(a, b state.Entity) int { return cmp.Compare(a.ID, b.ID) })
	for _, e := range r.Entities {
		r.know(e)
	}
	homes := map[Found][]Found{} // of what looks as the copy of another one would
	for _, f := range in.Found {
		for _, a := range in.Alike[f] {
			if r.shown(f, r.replica(f.Ref, f.ID).Event.Content, a) {
				homes[a] = append(homes[a], f)
			}
		}
	}
	if len(homes) > 0 {
		r.Alike = maps.Clone(in.Alike)
	}
	for a, homes := range homes { // from a copy its home is not looked up
		r.Alike[a] = append(slices.Clip(r.Alike[a]), homes...)
	}
	slices.SortFunc(r.Found, func(a, b Found) int { // what may be a home comes before what may be its copy
		return cmp.Or(compareBool(r.marked(a), r.marked(b)), compareBool(homes[a] != nil, homes[b] != nil), compareFound(a, b))
	})
	for _, e := range r.Entities {
		r.entity(e)
	}
	r.out.Steps = slices.Grow(r.out.Steps, len(r.Found)) // of most of them one is made
	for _, f := range r.Found {
		r.judged[f] = false
	}
	for _, f := range r.Found {
		r.found(f)
	}
	r.out.Steps = r.unwatched(r.out.Steps)
	r.out.Unasked = in.guard(r.out.Steps)
	r.setFree()
	slices.SortStableFunc(r.out.Steps, func(a, b state.Step) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]),
			cmp.Compare(a.Ref.String(), b.Ref.String()), cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Slot, b.Slot))
	})
	return r.out
}

// What exists is told first, what is new next, and deletions last: should the
// pass be cut off, more is there rather than less.
var order = map[state.StepKind]int{state.Adopt: 0, state.Unlink: 1, state.Create: 2, state.Update: 3, state.Answer: 4, state.Delete: 5, state.Skip: 6}

func compareFound(a, b Found) int {
	return cmp.Or(cmp.Compare(a.Ref.String(), b.Ref.String()), cmp.Compare(a.ID, b.ID))
}

type reconciler struct {
	Input
	out        Output
	linkedNow  map[Found]bool
	judged     map[Found]bool                  // whether a found event has had its turn
	mappings   map[direction]*mapping.Mapping  // made so far
	asked      []asked                         // about the entity in hand
	moving     bool                            // the entity in hand: conflicts are not asked about
	staying    []staying                       // where deleted events stay, if nothing of their deletion is held
	byID       map[state.EntityID]state.Entity // as they are now
	linkedMark map[calendar.Mark]bool          // those on events of entities, also of copies that are let go of; false if on homes only
	byPrint    map[string][]state.EntityID     // by the fingerprints of their home's UID, and of the marks on their events
}

// direction is one way that events go by a mirror.
type direction struct {
	mirror       state.MirrorID
	home, target state.Ref
}

// entity reconsiders a known entity: fold, then derive.
func (r *reconciler) entity(e state.Entity) {
	e = clone(e)
	if r.puzzling(&e) {
		r.remember(e)
		return
	}
	r.remarked(e)
	if e.Deleted && r.Decisions[GoneFact(e)] == state.Drop { // first: what was changed of it counts
		r.note(e, state.Noted, e.Home, nil, "you chose not to delete it: it is put back where it is missing", calendar.Content{}, e.Base)
		r.goOn(&e)
	}
	r.outlasts(&e)
	left := r.follow(&e)
	f := r.fold(&e)
	if !e.Deleted {
		r.extend(&e)
	}
	r.derive(&e, f)
	r.remember(e)
	for _, g := range left {
		r.derive(&g, folding{from: g.Home})
		r.remember(g)
	}
}

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

// TooFar says in words why an event is not mirrored anew by a mapping whatever its
// filters say: it lies too far back or ahead, or is none; nothing if it is.
func TooFar(rep state.Replica, now time.Time, m *mapping.Mapping) string {
	past, future := m.Window()
	return outOfScope(rep, now, min(cmp.Or(past, Past), Past), min(cmp.Or(future, Future), Future))
}

// outOfScope says in words why an event is not mirrored whatever the mappings say,
// or nothing: it is none, or it lies too far back or ahead.
func outOfScope(rep state.Replica, now time.Time, past, future time.Duration) string {
	ev := rep.Event
	switch {
	case ev.Cancelled:
		return "it is called off"
	case ev.Type == calendar.UnknownType:
		return puzzle(ev)
	}
	start, err := ev.Content.When.Start.Instant()
	if err != nil {
		return "its start cannot be read"
	}
	end, err := ev.Content.When.End.Instant()
	if err != nil {
		return "its end cannot be read"
	}
	if !ev.Content.When.Recurrence.IsZero() {
		occurrences, err := ev.Content.When.Occurrences()
		if err != nil {
			return "its rule cannot be read: " + err.Error()
		}
		if _, any := occurrences.First(); !any {
			return "its rule has no occurrence"
		}
		last, finite := occurrences.Last()
		if !finite {
			end = now // it goes on for ever
		} else if at, err := ev.Content.When.At(last).End.Instant(); err == nil {
			end = at
		}
	}
	if end.Before(now.Add(-past)) {
		return fmt.Sprintf("it is over for more than %d days", int(past.Hours()/24))
	}
	if !start.Before(now.Add(future)) {
		return fmt.Sprintf("it is more than %d days ahead", int(future.Hours()/24))
	}
	return ""
}

// targets maps the calendars that an event born in home should reach to the
// mirror that brings it there: the first one, if several would.
func (in *Input) targets(home state.Ref) map[state.Ref]state.MirrorID {
	out := map[state.Ref]state.MirrorID{}
	for _, m := range in.Mirrors {
		h, ok := member(m, home)
		if m.Paused || !ok || h.Off || h.Direction == state.TakeOnly {
			continue
		}
		for _, t := range m.Members {
			if _, has := out[t.Ref]; !has && t.Ref != home && !t.Off && t.Direction != state.SendOnly {
				out[t.Ref] = m.ID
			}
		}
	}
	return out
}

// takesPart reports whether any mirror at work has ref as a member.
func (r *reconciler) takesPart(ref state.Ref) bool {
	return slices.ContainsFunc(r.Mirrors, func(m state.Mirror) bool {
		x, ok := member(m, ref)
		return ok && !x.Off && !m.Paused
	})
}

// together reports whether one mirror at work has both.
func (r *reconciler) together(a, b state.Ref) bool { return r.goes(a, b) || r.goes(b, a) }

// goes reports whether a mirror at work brings what is born in a calendar to another one.
func (r *reconciler) goes(home, target state.Ref) bool {
	_, ok := r.targets(home)[target]
	return ok
}

func member(m state.Mirror, ref state.Ref) (state.Member, bool) {
	i := slices.IndexFunc(m.Members, func(x state.Member) bool { return x.Ref == ref })
	if i < 0 {
		return state.Member{}, false
	}
	return m.Members[i], true
}

func (r *reconciler) replica(ref state.Ref, id calendar.RemoteID) state.Replica {
	return r.Replicas[ref][id]
}

// name is a calendar in a person's words.
func (r *reconciler) name(ref state.Ref) string {
	if n := r.Members[ref].Name; n != "" {
		return "“" + n + "”"
	}
	return ref.String()
}

// plural groups are several things by their names.
var plural = calendar.Groups{calendar.GroupNotes, calendar.GroupReminders, calendar.GroupCategories, calendar.GroupLinks, calendar.GroupProperties}

// words lists groups for a reason: "title and place".
func words(gs calendar.Groups) string {
	s := make([]string, len(gs))
	for i, g := range gs {
		s[i] = string(g)
		if g == calendar.GroupWhen {
			s[i] = "time"
		}
	}
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

// clone copies an entity as deeply as Reconcile changes it.
func clone(e state.Entity) state.Entity {
	records := make(map[state.Ref]state.Record, len(e.Records))
	for ref, rec := range e.Records {
		rec.Parts = slices.Clone(rec.Parts)
		for i := range rec.Parts {
			rec.Parts[i].WroteOverrides = maps.Clone(rec.Parts[i].WroteOverrides)
			rec.Parts[i].ReadOverrides = maps.Clone(rec.Parts[i].ReadOverrides)
			rec.Parts[i].Rewrites = maps.Clone(rec.Parts[i].Rewrites)
		}
		records[ref] = rec
	}
	e.Records, e.Overrides, e.Conflicts = records, maps.Clone(e.Overrides), maps.Clone(e.Conflicts)
	if e.Conflicts == nil {
		e.Conflicts = map[string]state.Conflict{}
	}
	return e
}

// refs lists an entity's members: home first, the others by name.
func refs(e state.Entity) []state.Ref {
	out := []state.Ref{e.Home}
	for ref := range e.Records {
		if ref != e.Home {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out[1:], func(a, b state.Ref) int { return cmp.Compare(a.String(), b.String()) })
	return out
}
