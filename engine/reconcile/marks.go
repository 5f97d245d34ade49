package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// This file is what the mark on an event that belongs to no entity means. It is a
// hint, never the truth:
//
//   - The event that is remembered as the copy is the copy. Another one that bears the
//     same mark was copied from it, by the person or by a service that carries
//     hidden properties along (Google's page does when it splits a series): an event
//     of the person's, born where it is. Its stale mark is ignored.
//   - The mark of a Twinday whose memory is not this one (a lost store, another
//     machine) leads to its home by the fingerprint in the entity's id. Where the
//     home is here and has no copy there yet, the two are linked, whatever the copy
//     shows. Else it is left alone: it is nobody's event, and nobody's to delete.
//   - A mark without a mirror is on a home that Twinday made again, since an edit elsewhere
//     beat its deletion: a home all the same, and the marks on its copies, which name
//     the same entity, lead to it.
//   - A mark of our own whose entity is forgotten (a copy that was kept, or came back
//     from the bin) leads home likewise; without a home, or at another time than that is,
//     it is the person's event.

// mark is the mark on an unlinked event as far as it means anything.
func (r *reconciler) mark(f Found) calendar.Mark {
	m := r.replica(f.Ref, f.ID).Event.Mark
	if m == (calendar.Mark{}) || m.Mirror == "" || r.followed(f) || r.clone(f, m) {
		return calendar.Mark{}
	}
	return m
}

// followed reports whether unlinked events name an event as the one that they are copies
// of: it is a home, whatever mark came along.
func (r *reconciler) followed(f Found) bool {
	uid := r.replica(f.Ref, f.ID).Event.UID
	return slices.ContainsFunc(r.Alike[f], func(g Found) bool { return names(r.replica(g.Ref, g.ID).Event.Mark, uid) })
}

// clone reports whether an unlinked event bears its mark because it was copied from
// an event that is remembered.
func (r *reconciler) clone(f Found, m calendar.Mark) bool {
	other := func(p state.Part) bool { return p.ID != f.ID }
	if m.Installation == r.Installation {
		e, ok := r.byID[state.EntityID(m.Entity)]
		return ok && (slices.ContainsFunc(e.Records[f.Ref].Parts, other) || !r.shows(e, f))
	}
	copied, linked := r.linkedMark[m]
	if !copied && slices.ContainsFunc(r.Alike[f], func(g Found) bool { return !r.linkedNow[g] && r.homeOf(m, g) }) {
		return false // its home is still to be looked at; what is remembered was copied from it, rather
	}
	print := state.EntityID(m.Entity).Fingerprint()
	for _, id := range r.byPrint[print] {
		e := r.byID[id]
		switch parts := e.Records[f.Ref].Parts; {
		case e.Home == f.Ref && copiesBear(e, print) && whole(e, e.Home).ID != f.ID:
			return true // nobody makes a copy beside its home
		case len(parts) > 1, r.mayBePart(e, f):
			continue // it is not known of which occurrence
		case r.stranded(e, f):
			continue
		case len(parts) == 1 && parts[0].ID == f.ID:
			continue
		case (len(parts) == 0 || parts[0].ID == "") && r.shows(e, f):
			continue
		}
		if linked {
			return true
		}
	}
	return false
}

// stranded reports whether an event that bears the mark of an entity's copy may be one, made
// when its mirror still led there.
func (r *reconciler) stranded(e state.Entity, f Found) bool {
	both := func(m state.Mirror) bool { return !m.Paused && m.Has(e.Home) && m.Has(f.Ref) }
	return e.Home != f.Ref && !r.goes(e.Home, f.Ref) && slices.ContainsFunc(r.Mirrors, both) && sameSpan(e.Base.When, r.replica(f.Ref, f.ID).Event.Content.When)
}

// mayBePart reports whether an event that bears the mark of an entity's copy may be one of
// several that a lost store had of it: one of the single events in which it told a series,
// before the rule was another one, which it kept since one of them had guests.
func (r *reconciler) mayBePart(e state.Entity, f Found) bool {
	ev := r.replica(f.Ref, f.ID).Event
	if since := r.Holds[r.targets(e.Home)[f.Ref]].Since; !since.IsZero() && ev.Created.After(since) {
		return false
	}
	return ev.HasGuests() || !e.Base.When.Recurrence.IsZero() && ev.Content.When.Recurrence.IsZero()
}

// shows reports whether an event shows what a copy of an entity would show in its
// calendar: then it is one that was left there when a member or a mirror went.
func (r *reconciler) shows(e state.Entity, f Found) bool {
	by, ok := r.targets(e.Home)[f.Ref]
	if !ok {
		return false
	}
	now := r.replica(f.Ref, f.ID).Event.Content
	shape := r.direction(by, e.Home, f.Ref).Shape(r.source(e), e.Overrides, r.Now.Add(-Past), r.Now.Add(Future))
	for _, want := range shape.Parts {
		if calendar.Equal(calendar.GroupTitle, want.Content, now) && calendar.Equal(calendar.GroupWhen, want.Content, now) {
			return true
		}
	}
	return false
}

// remember keeps an entity as it is to be remembered.
func (r *reconciler) remember(e state.Entity) {
	r.out.Entities = append(r.out.Entities, e)
	r.know(e)
}

// know makes an entity known by its id and by the fingerprint of its home.
func (r *reconciler) know(e state.Entity) {
	r.byID[e.ID] = e
	print := func(f string) {
		if f != "" && !slices.Contains(r.byPrint[f], e.ID) {
			r.byPrint[f] = append(r.byPrint[f], e.ID)
		}
	}
	print(state.Fingerprint(e.UID))
	print(e.ID.Fingerprint())
	for ref, rec := range e.Records {
		for _, p := range rec.Parts {
			for _, m := range []calendar.Mark{r.replica(ref, p.ID).Event.Mark, p.Bore} {
				if m != (calendar.Mark{}) {
					f := state.EntityID(m.Entity).Fingerprint()
					r.linkedMark[m] = r.linkedMark[m] || ref != e.Home && (f == "" || copiesBear(e, f)) // else it came along
					print(f)
				}
			}
		}
	}
}

// foreign reports whether a mark was not made by what is remembered here.
func (r *reconciler) foreign(m calendar.Mark) bool {
	return m != (calendar.Mark{}) && m.Installation != r.Installation
}

// names reports whether a mark says that its event is a copy of the one with this UID.
func names(m calendar.Mark, uid string) bool {
	f := state.EntityID(m.Entity).Fingerprint()
	return f != "" && f == state.Fingerprint(uid)
}

// leads reports whether the mark on an event leads to another one.
func (r *reconciler) leads(copied, home Found) bool {
	return r.homeOf(r.mark(copied), home)
}

// led reports whether the mark on an unlinked event leads to this one.
func (r *reconciler) led(home Found) bool {
	return slices.ContainsFunc(r.Alike[home], func(g Found) bool { return !r.linkedNow[g] && r.together(home.Ref, g.Ref) && r.leads(g, home) })
}

// homeOf reports whether a mark is of a copy of this event.
func (r *reconciler) homeOf(m calendar.Mark, home Found) bool {
	ev := r.replica(home.Ref, home.ID).Event
	again := ev.Mark // of a home that was made again
	f := state.EntityID(m.Entity).Fingerprint()
	return names(m, ev.UID) || again.Mirror == "" && f != "" && f == state.EntityID(again.Entity).Fingerprint() && !r.known(f, home)
}

// known reports whether the home that was made again, and by whose fingerprint copies are
// known, is remembered and another one: then this one was copied from it.
func (r *reconciler) known(print string, home Found) bool {
	return slices.ContainsFunc(r.byPrint[print], func(id state.EntityID) bool {
		e := r.byID[id]
		p := whole(e, e.Home)
		if p == nil || home == (Found{e.Home, p.ID}) {
			return false
		}
		was, is := r.replica(e.Home, p.ID).Event.Mark.Entity, r.replica(home.Ref, home.ID).Event.Mark.Entity
		return copiesBear(e, print) && was == is
	})
}

// copiesBear reports whether a fingerprint is the one by which the copies of an entity are
// known.
func copiesBear(e state.Entity, print string) bool {
	return print != "" && (print == e.ID.Fingerprint() || print == state.Fingerprint(e.UID))
}

// lead is the likeliest of the homes that the mark on an event leads to, the unlinked
// ones and those that are given: who copies a home that was made again copies its mark,
// and the copies seem to be of both.
func (r *reconciler) lead(copied Found, known ...Found) (Found, bool) {
	homes := slices.DeleteFunc(slices.Clone(r.Alike[copied]), func(g Found) bool {
		return r.linkedNow[g] || !r.leads(copied, g) || !r.together(copied.Ref, g.Ref)
	})
	homes = append(homes, known...)
	if len(homes) == 0 {
		return Found{}, false
	}
	m, likest := r.mark(copied), r.likest(copied)
	named := func(g Found) bool { return names(m, r.replica(g.Ref, g.ID).Event.UID) }
	same := func(g Found) bool { return r.replica(g.Ref, g.ID).Event.Mark.Entity == m.Entity } // made again, as that entity
	return slices.MinFunc(homes, func(a, b Found) int {
		return cmp.Or(compareBool(same(b), same(a)), compareBool(named(b), named(a)), likest(a, b))
	}), true
}

// hasCopy reports whether a calendar has an unlinked event whose mark leads to a home.
func (r *reconciler) hasCopy(home Found, ref state.Ref) bool {
	return slices.ContainsFunc(r.Alike[home], func(g Found) bool { return g.Ref == ref && !r.linkedNow[g] && r.leads(g, home) })
}

// print is the fingerprint by which the copies of an event are to be known: that of its
// UID, or if it was made again the one that its copies bear since it was made first. So
// there is one for all of them, however often it goes on like that.
func (r *reconciler) print(home Found, copies map[state.Ref]Found) string {
	ev := r.replica(home.Ref, home.ID).Event
	again := state.EntityID(ev.Mark.Entity).Fingerprint()
	for _, c := range copies {
		if again != "" && ev.Mark.Mirror == "" && again == state.EntityID(r.mark(c).Entity).Fingerprint() {
			return again
		}
	}
	return state.Fingerprint(ev.UID)
}

// bond is how sure it is that two events are one meeting.
type bond int

// From surest to least sure; apart is not at all.
const (
	byMark bond = iota
	byUID
	byLook
	apart
)

// bond compares an event with one of those that may be the same.
func (r *reconciler) bond(f, a Found) bond {
	ev, other := r.replica(f.Ref, f.ID).Event, r.replica(a.Ref, a.ID).Event
	switch {
	case r.leads(a, f) || r.leads(f, a):
		return byMark
	case ev.UID != "" && ev.UID == other.UID:
		return byUID
	case !looksAlike(ev.Content, other.Content) && !r.shown(f, ev.Content, a) && !r.shown(a, other.Content, f):
		return apart // it is on the list for a mark, which came along with a copy-paste
	}
	return byLook
}

// MaySeem reports whether an event could be linked as the copy of an entity in another
// calendar: by its mark, by its UID, or since it looks the same.
func MaySeem(e state.Entity, ev calendar.Event) bool {
	bears := state.EntityID(ev.Mark.Entity)
	return bears == e.ID || bears.Fingerprint() != "" && copiesBear(e, bears.Fingerprint()) ||
		ev.UID != "" && ev.UID == e.UID || looksAlike(e.Base, ev.Content)
}

// Shown is what the copy of an event shows by a mapping that gives it another title, in which
// its own still stands: what shows that already may be its copy.
func Shown(m *mapping.Mapping, s mapping.Source) (calendar.Content, bool) {
	if !m.Retitles(s) {
		return calendar.Content{}, false
	}
	c := m.Get(s)
	return c, within(s.Title, c.Title)
}

// shown reports whether an event looks as the copy of another one, with this content, would
// look where it is. What another Twinday made as a copy has none.
func (r *reconciler) shown(home Found, content calendar.Content, copied Found) bool {
	ev := r.replica(copied.Ref, copied.ID).Event
	if !within(content.Title, ev.Content.Title) || ev.HasGuests() || r.foreign(r.mark(home)) {
		return false
	}
	by, ok := r.targets(home.Ref)[copied.Ref]
	if !ok {
		return false
	}
	e := r.newEntity(home)
	e.Base = content
	c, ok := Shown(r.direction(by, home.Ref, copied.Ref), r.source(e))
	return ok && looksAlike(c, ev.Content) && r.left(e, copied.Ref, by) == ""
}

// within reports whether one title stands in another, with something besides; if the other
// one was cut since it is too long, whether its beginning does.
func within(own, title string) bool {
	own, title = strings.ToLower(bareTitle(own)), strings.ToLower(bareTitle(title))
	if own == "" || own == title {
		return false
	}
	if cut, was := strings.CutSuffix(title, "…"); was {
		for at := range cut {
			if rest := cut[at:]; at > 0 && len(rest) > len(cut)/2 && strings.HasPrefix(own, rest) {
				return true
			}
		}
	}
	return strings.Contains(title, own)
}

// sameTimes reports whether two events are at one time, both once or both again and again.
func sameTimes(a, b calendar.When) bool {
	return sameSpan(a, b) && a.Recurrence.IsZero() == b.Recurrence.IsZero()
}

// sameSpan reports whether two events, or the first occurrences of them, are at one time.
func sameSpan(a, b calendar.When) bool {
	return a.Start.Slot() == b.Start.Slot() && a.End.Slot() == b.End.Slot()
}

// looksAlike reports whether two events have one title, whatever its case and
// spacing, and the same times.
func looksAlike(a, b calendar.Content) bool {
	return strings.EqualFold(bareTitle(a.Title), bareTitle(b.Title)) && sameSpan(a.When, b.When)
}

func bareTitle(title string) string { return strings.Join(strings.Fields(title), " ") }

// orphan says why an event with a mark is neither linked nor taken for the person's.
func (r *reconciler) orphan(f Found, m calendar.Mark) string {
	who := "another Twinday (" + Short(m.Installation) + ")"
	for _, id := range r.byPrint[state.EntityID(m.Entity).Fingerprint()] {
		if e := r.byID[id]; made(e, f.Ref) {
			r.claim(e.Records[f.Ref].Mirror, r.replica(f.Ref, f.ID).Event, false)
			return who + " copied “" + e.Base.Title + "” here too: it is left alone, and 'twinday duplicates' lists it"
		}
	}
	return who + " made it as a copy, and its event is in no calendar that is mirrored here: it is left alone"
}

// Short is as much of an installation's id as people are shown.
func Short(installation string) string { return installation[:min(len(installation), 6)] }

// claimed lists the unlinked events of a calendar whose marks lead to the home of an
// entity, the likeliest first.
func (r *reconciler) claimed(e state.Entity, ref state.Ref) []Found {
	p := whole(e, e.Home)
	if p == nil {
		return nil
	}
	home := Found{e.Home, p.ID}
	var out []Found
	for _, a := range r.Alike[home] {
		if a.Ref != ref || r.linkedNow[a] || !r.leads(a, home) {
			continue
		}
		if likeliest, _ := r.lead(a, home); likeliest == home {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, r.likest(home))
	return slices.Compact(out)
}

// unlike is how much an event differs from what the copy of another one would be where it
// is, which it may be by its mark: nothing, but for what copies show; in its title; in its time.
func (r *reconciler) unlike(home, copied Found) int {
	is, shows := r.replica(home.Ref, home.ID).Event, r.replica(copied.Ref, copied.ID).Event.Content
	would := is.Content
	if by, ok := r.targets(home.Ref)[copied.Ref]; ok {
		would = r.direction(by, home.Ref, copied.Ref).Get(mapping.Source{Content: is.Content, Facts: is.Facts()})
	}
	switch {
	case looksAlike(would, shows):
		return 0
	case looksAlike(is.Content, shows):
		return 1
	case sameSpan(is.Content.When, shows.When):
		return 2
	}
	return 3
}

// likest puts first of several with one mark what is the copy most likely, or its home:
// what is least unlike, else the oldest, since what was copied from a copy is younger.
func (r *reconciler) likest(f Found) func(a, b Found) int {
	unlike := func(a Found) int {
		if r.leads(f, a) {
			return r.unlike(a, f)
		}
		return r.unlike(f, a)
	}
	return func(a, b Found) int {
		x, y := r.replica(a.Ref, a.ID).Event, r.replica(b.Ref, b.ID).Event
		return cmp.Or(cmp.Compare(unlike(a), unlike(b)), x.Created.Compare(y.Created), compareFound(a, b))
	}
}

// pasted reports whether an unlinked event bears its mark, which leads home, since it was
// copied from another one beside it, which shows what a copy would and is older. (The single
// events in which a series is told all bear one mark.)
func (r *reconciler) pasted(f, home Found) bool {
	recurs := func(x Found) bool { return !r.replica(x.Ref, x.ID).Event.Content.When.Recurrence.IsZero() }
	return recurs(f) == recurs(home) && slices.ContainsFunc(r.Alike[home], func(g Found) bool {
		return g.Ref == f.Ref && g != f && !r.linkedNow[g] && r.leads(g, home) && r.unlike(home, g) == 0 && r.likest(home)(g, f) < 0
	})
}

// adoptParts links the copies that an event has in a calendar that tells it in
// several events: each occurrence by its time, or at least its day.
func (r *reconciler) adoptParts(e *state.Entity, ref state.Ref, want map[string]mapping.Want, claimed []Found) []state.Part {
	var parts []state.Part
	left := slices.Clone(claimed)
	take := func(slot string, fits func(calendar.Event) bool) {
		if slices.ContainsFunc(parts, func(p state.Part) bool { return p.Slot == slot }) {
			return
		}
		i := slices.IndexFunc(left, func(f Found) bool { return fits(r.replica(f.Ref, f.ID).Event) })
		if i < 0 {
			return
		}
		ev := r.replica(left[i].Ref, left[i].ID).Event
		r.linkedNow[left[i]] = true
		left = slices.Delete(left, i, i+1)
		parts = append(parts, part(slot, ev, want[slot]))
	}
	slots := slices.Sorted(maps.Keys(want))
	for _, near := range []func(a, b calendar.Time) bool{
		func(a, b calendar.Time) bool { return a.Slot() == b.Slot() },
		func(a, b calendar.Time) bool { return day(a) == day(b) },
	} {
		for _, slot := range slots {
			w := want[slot].Content.When
			take(slot, func(ev calendar.Event) bool {
				return ev.Content.When.Recurrence.IsZero() == w.Recurrence.IsZero() && (slot == "" || near(ev.Content.When.Start, w.Start))
			})
		}
	}
	return parts
}

func day(t calendar.Time) string { return t.Local[:min(len(t.Local), len("2006-01-02"))] }

// part is an event as it was found, taken for what it was to be.
func part(slot string, ev calendar.Event, want mapping.Want) state.Part {
	p := state.Part{Slot: slot, ID: ev.ID, Version: ev.Version, By: ev.Mark.Installation, Wrote: want.Content, Read: ev.Content,
		WroteOverrides: want.Overrides, ReadOverrides: maps.Clone(ev.Overrides)}
	for _, g := range calendar.Diff(ev.Content, want.Content) {
		p.Found = p.Found.With(g, ev.Content)
	}
	for _, slot := range calendar.Slots(ev.Overrides, want.Overrides) {
		p.Found = p.Found.WithSlot(slot, ev.Overrides[slot])
	}
	return p
}
