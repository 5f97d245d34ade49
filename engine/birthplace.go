package engine

import (
	"cmp"
	"maps"
	"slices"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// birthplace is where an event that is nowhere any more is made again: at home, else
// where the entry took it away, else in another member of the mirror; where it can be
// written, and held as it was, and from where it goes nowhere else than it went. why says
// what is against all of them, as far as it is the home's, or can be forced.
func (u *undoing) birthplace(x state.HistoryEntry) (home state.Ref, why string) {
	places, rest := []state.Ref{x.Home}, []state.Ref{x.Ref}
	m, _ := u.bornIn(x)
	ways, shown := u.ways(), func(ref state.Ref) string { return reconcile.Direction(m, x.Home, ref, u.h.members).Digest() }
	out := slices.ContainsFunc(m.Members, func(y state.Member) bool { return ways.Way(x.Ref, y.Ref) != nil })
	for _, y := range m.Members {
		way := ways.Way(y.Ref, x.Ref)
		if !out && way != nil && way.Digest() == shown(x.Ref) && way.Digest() == shown(y.Ref) { // it would be in x.Ref only, else
			places = append(places, y.Ref)
		}
		rest = append(rest, y.Ref)
	}
	places = append(places, rest...)
	for _, ref := range places {
		against := u.closed(ref)
		if against == "" {
			against = u.tooNarrow(ref, x.Was)
		}
		if against == "" && !u.force {
			if against = u.spreads(x, ref); against != "" && ref == x.Ref {
				return x.Home, against
			}
		}
		if against == "" {
			return ref, ""
		}
		why = cmp.Or(why, against)
	}
	return x.Home, why
}

// copied is what a copy of an event that was taken away showed in a calendar, or would have
// shown: where it is made again there, no more of it is to be seen than was.
func (u *undoing) copied(x state.HistoryEntry, ref state.Ref) (calendar.Content, map[string]calendar.Override) {
	m, in := u.bornIn(x)
	if !in { // what is said there of other calendars says nothing of it
		return x.Before, x.BeforeOverrides
	}
	lens := reconcile.Direction(m, x.Home, ref, u.h.members)
	home := mapping.Source{Content: x.Was.Content, Facts: calendar.Facts{Organized: true}}
	overrides := map[string]calendar.Override{}
	for slot, o := range x.Was.Overrides {
		overrides = calendar.WithOverride(overrides, slot, lens.Override(home, o))
	}
	return lens.Get(home), overrides
}

// bornIn is the mirror of an entry, if the calendar in which its event was born is still in it.
func (u *undoing) bornIn(x state.HistoryEntry) (state.Mirror, bool) {
	i := slices.IndexFunc(u.h.mirrors, func(m state.Mirror) bool { return m.ID == x.Mirror && m.Has(x.Home) })
	if i < 0 {
		return state.Mirror{}, false
	}
	return u.h.mirrors[i], true
}

// homeless reports whether an event that is on its way out is gone from a home in which
// nothing is ever written: it can come back as another one only.
func (u *undoing) homeless(ent state.Entity) bool {
	p := ent.Part(ent.Home, "")
	return ent.Deleted && p != nil && p.Gone && !reconcile.Written(u.h.mirrors, ent.Home)
}

// ways are those on which events go from one calendar to another.
func (u *undoing) ways() *reconcile.Input {
	return &reconcile.Input{Mirrors: u.h.mirrors, Members: u.h.members}
}

// spreads says where an event that was born elsewhere would go from a calendar in which it is
// made again, though it never went there, or showed less there; or nothing. What a calendar
// that was taken out of the mirror left behind is born where it is.
func (u *undoing) spreads(x state.HistoryEntry, from state.Ref) string {
	if _, in := u.bornIn(x); !in || from == x.Home {
		return ""
	}
	base, _ := u.copied(x, from)
	ways := u.ways()
	for _, to := range slices.SortedFunc(maps.Keys(u.h.members), compareRefs) {
		way := ways.Way(from, to)
		if way == nil || to == x.Home || !reconcile.Written(u.h.mirrors, to) {
			continue
		}
		shows := way.Get(mapping.Source{Content: base})
		went := func(m state.Mirror) bool {
			if !takesPart(m, x.Home, state.TakeOnly) || !takesPart(m, to, state.SendOnly) {
				return false
			}
			was := reconcile.Direction(m, x.Home, to, u.h.members)
			if was.Digest() == way.Digest() {
				return true
			}
			more := slices.DeleteFunc(calendar.Diff(shows, was.Get(mapping.Source{Content: x.Was.Content})), func(g calendar.Group) bool {
				return calendar.Equal(g, shows, calendar.Content{})
			})
			return len(more.And(way.Groups())) == 0
		}
		if !slices.ContainsFunc(u.h.mirrors, went) {
			return "made again in " + u.name(from) + " it would go to " + u.name(to) + ", where it was not, or showed less; --force makes it all the same"
		}
	}
	return ""
}

// takesPart reports whether a calendar is in a mirror, in another direction than one.
func takesPart(m state.Mirror, ref state.Ref, never state.Direction) bool {
	return slices.ContainsFunc(m.Members, func(x state.Member) bool { return x.Ref == ref && x.Direction != never })
}

// tooNarrow says why a calendar cannot hold an event as it was, or nothing.
func (u *undoing) tooNarrow(ref state.Ref, was state.Image) string {
	can, when := u.h.members[ref].Capabilities, was.Content.When
	if when.Recurrence.IsZero() {
		return ""
	}
	why := "it holds no series"
	if can.Series != nil {
		why = can.Series(when)
	}
	for _, slot := range was.Slots {
		if o := was.Overrides[slot]; why == "" && can.Override != nil && !o.IsZero() {
			why = can.Override(when, o)
		}
	}
	if why == "" {
		return ""
	}
	return u.name(ref) + " cannot hold it: " + why
}

// closed says why nothing can be written to a calendar, or nothing.
func (u *undoing) closed(ref state.Ref) string {
	works := func(m state.Mirror) bool {
		return !m.Paused && slices.ContainsFunc(m.Members, func(x state.Member) bool { return x.Ref == ref && !x.Off })
	}
	switch {
	case !reconcile.Written(u.h.mirrors, ref), !slices.ContainsFunc(u.h.mirrors, works):
		return u.name(ref) + " is in no mirror at work that writes to it"
	case !u.h.members[ref].Writable:
		return u.name(ref) + " is read-only"
	}
	return ""
}
