// Package mapping says what a copy shows of its home event, and what an edit of
// the copy means for the home: one lens a field group, composed into a Mapping
// per ordered pair of members.
//
// It is pure: no I/O, no clock. It imports store/state and providers/calendar only.
package mapping

import (
	"slices"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/calendar"
)

// Mapping leads from a home member to a target member.
type Mapping struct {
	Home, Target calendar.Capabilities
}

// unshared groups stay on their own side: reminders are each calendar's own
// affair, links and custom properties are not carried yet.
var unshared = calendar.Groups{calendar.GroupReminders, calendar.GroupLinks, calendar.GroupProperties}

// Groups are the field groups that travel: those that both sides can hold.
func (m Mapping) Groups() calendar.Groups {
	return slices.DeleteFunc(slices.Clone(calendar.AllGroups), func(g calendar.Group) bool {
		return unshared.Has(g) || !m.Home.Groups.Has(g) || !m.Target.Groups.Has(g)
	})
}

// Get returns what the copy shows: the groups that travel, cut and converted to
// what the target can hold; the others are empty.
func (m Mapping) Get(home calendar.Content) calendar.Content {
	var c calendar.Content
	for _, g := range m.Groups() {
		c = c.Take(g, m.get(g, home))
	}
	if c.Availability == "" { // not held by one of the two: a meeting takes time
		c.Availability = calendar.Busy
	}
	return c
}

// Put returns the home content after group g of the copy was edited to what
// edited has; ok is false when that edit cannot be carried home. A group that
// shows what Get gives leaves the home untouched.
func (m Mapping) Put(g calendar.Group, home, edited calendar.Content) (_ calendar.Content, ok bool) {
	if !m.Groups().Has(g) {
		return home, false
	}
	shown := m.get(g, home)
	if calendar.Equal(g, shown, edited) {
		return home, true
	}
	if m.cut(g, home) { // the copy shows a part only: an edit of it would lose the rest
		return home, false
	}
	return home.Take(g, edited), true
}

func (m Mapping) get(g calendar.Group, c calendar.Content) calendar.Content {
	switch g {
	case calendar.GroupTitle:
		c.Title = shorten(c.Title, m.Target.TitleLimit)
	case calendar.GroupPlace:
		c.Place = shorten(c.Place, m.Target.PlaceLimit)
	case calendar.GroupNotes:
		c.Notes = shortenNotes(c.Notes, m.Target.NotesLimit)
	case calendar.GroupAvailability:
		c.Availability = nearest(c.Availability, m.Target.Availability, availabilities)
	case calendar.GroupVisibility:
		c.Visibility = nearest(c.Visibility, m.Target.Visibility, visibilities)
	}
	return c
}

// cut reports whether the target cannot show the whole of group g.
func (m Mapping) cut(g calendar.Group, c calendar.Content) bool {
	switch g {
	case calendar.GroupTitle, calendar.GroupPlace, calendar.GroupNotes:
		return !calendar.Equal(g, m.get(g, c), c)
	}
	return false
}

// What stands in for a value that a target lacks, best first. Nothing that
// blocks time may turn free, nothing hidden may turn visible.
var (
	availabilities = map[calendar.Availability][]calendar.Availability{
		calendar.Tentative: {calendar.Busy, calendar.Away, calendar.Elsewhere},
		calendar.Busy:      {calendar.Away, calendar.Tentative, calendar.Elsewhere},
		calendar.Away:      {calendar.Busy, calendar.Tentative, calendar.Elsewhere},
		calendar.Elsewhere: {calendar.Busy, calendar.Tentative, calendar.Away},
		"":                 {calendar.Busy, calendar.Away, calendar.Tentative, calendar.Elsewhere},
	}
	visibilities = map[calendar.Visibility][]calendar.Visibility{
		calendar.Public:            {calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential},
		calendar.DefaultVisibility: {calendar.Personal, calendar.Private, calendar.Confidential},
		calendar.Personal:          {calendar.Private, calendar.Confidential},
		calendar.Confidential:      {calendar.Private, calendar.Personal},
		calendar.Private:           {calendar.Confidential, calendar.Personal},
	}
)

func nearest[V comparable](v V, held []V, standIns map[V][]V) V {
	if len(held) == 0 || slices.Contains(held, v) {
		return v
	}
	for _, s := range standIns[v] {
		if slices.Contains(held, s) {
			return s
		}
	}
	return held[0]
}

const ellipsis = "…"

// shorten cuts s to limit characters, the last of them an ellipsis. 0 is no limit.
func shorten(s string, limit int) string {
	if limit == 0 || utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + ellipsis
}

// shortenNotes cuts notes to what a provider holds of their text or HTML,
// whichever will be sent; what must be cut becomes plain text.
func shortenNotes(n calendar.Notes, limit int) calendar.Notes {
	if limit == 0 || utf8.RuneCountInString(n.HTML) <= limit {
		return n
	}
	text := n.Text()
	if n.IsPlain() && utf8.RuneCountInString(text) <= limit {
		return n
	}
	return calendar.NotesFromText(shorten(text, limit))
}
