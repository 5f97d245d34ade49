// Package mapping says what a copy shows of its home event, and what an edit of
// the copy means for the home: one lens a field group, composed into a Mapping
// per ordered pair of members; and which events and occurrences cross at all.
//
// It is pure: no I/O, no clock. It imports store/state and providers/calendar only.
package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Side is a member as a mapping sees it.
type Side struct {
	Name         string   // of the calendar
	Account      string   // mail address of the account, or how it is called here
	Addresses    []string // mail addresses that are the person's own in this member
	Capabilities calendar.Capabilities
}

// Source is a home event as the lenses see it, or one occurrence of it.
type Source struct {
	calendar.Content
	Facts calendar.Facts
	Slot  string // of an occurrence; empty for the event itself
}

// Occurrence is the occurrence of a series that an override stands for.
func (s Source) Occurrence(o calendar.Override) Source {
	return Source{s.Content.Occurrence(o), s.Facts, o.Original.Slot()}
}

// private reports whether the event is for its owner's eyes.
func (s Source) private() bool {
	return s.Visibility != calendar.DefaultVisibility && s.Visibility != calendar.Public
}

// Verdict says what became of an edit of a copy.
type Verdict int

// The verdicts.
const (
	Carried Verdict = iota // it is in the home now, and the copy shows it as it is
	Amended                // it is in the home now as far as it can be; the copy shows it otherwise
	Refused                // the home stays as it was, and so must the copy
	Own                    // it concerns the copy alone: both stay as they are
)

// lens is how one field group crosses. Its functions are pure, and set no group but
// their own.
type lens interface {
	// get sets in c what the copy shows.
	get(s Source, c *calendar.Content)
	// put returns the home after the copy, which showed what get gives, was edited.
	// Carried means "carried": whether the copy must be amended is found out by get.
	put(s Source, edited calendar.Content) (calendar.Content, Verdict)
	// String names the lens for a person.
	String() string
}

// lenses of one level of detail, by group; groups that do not travel have none.
type lenses map[calendar.Group]lens

// Mapping leads from a home member to a target member. Make one with New.
type Mapping struct {
	home, target Side
	told         state.Mapping // as it was given
	open, busy   lenses        // for most events, and for private ones
	capped       bool          // private events are busy only
	filter       filter
	outOfScope   state.Choice
	broken       error
	retitles     bool // see Retitles
	digest       string
}

// New makes the mapping that m describes. The error, if m makes no sense, names the
// field and the place in it. The mapping that comes with an error is fit for use
// all the same: nothing crosses by it, and what is there is kept.
func New(m state.Mapping, home, target Side) (*Mapping, error) {
	x := &Mapping{home: home, target: target, told: m, capped: !m.ShowPrivate, outOfScope: m.OutOfScope}
	body, err := json.Marshal(m)
	if err != nil {
		panic(err) // plain data always marshals
	}
	sum := sha256.Sum256(body)
	x.digest = hex.EncodeToString(sum[:6])
	fail := func(err error) (*Mapping, error) {
		x.broken, x.outOfScope = err, state.Keep
		x.open, _ = x.compile(state.Mapping{Detail: state.BusyOnly}.Resolved())
		x.busy = x.open
		return x, err
	}
	if m.Version > state.MappingVersion {
		return fail(fmt.Errorf("the mapping is of version %d, which is newer than this Twinday", m.Version))
	}
	if err := state.Check(m); err != nil {
		return fail(err)
	}
	if x.filter, err = newFilter(m.Filter); err != nil {
		return fail(err)
	}
	if x.open, err = x.compile(m.Resolved()); err != nil {
		return fail(err)
	}
	hidden := state.Mapping{Detail: state.BusyOnly}
	if m.Detail == state.BusyOnly && m.Title != nil && m.Title.Lens == state.ConstantLens {
		hidden.Title = m.Title // the person's own word for "Busy"
	}
	x.busy, err = x.compile(hidden.Resolved())
	if err != nil {
		return fail(err)
	}
	x.retitles = retitles(m.Resolved().Title)
	return x, nil
}

// Check finds out whether a mapping makes sense, whatever calendars it is for.
func Check(m state.Mapping) error {
	all := Side{Capabilities: calendar.Capabilities{Groups: calendar.AllGroups}}
	_, err := New(m, all, all)
	return err
}

// compile makes the lenses of the groups that travel: those that the target can
// hold, and for which the home has a value.
func (m *Mapping) compile(r state.Mapping) (lenses, error) {
	out := lenses{}
	for _, g := range m.target.Capabilities.Groups {
		if !m.home.Capabilities.Groups.Has(g) && g != calendar.GroupNotes {
			continue
		}
		l, err := m.lens(g, r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g, err)
		}
		if l != nil {
			out[g] = l
		}
	}
	return out, nil
}

// lens makes the lens of one group from a mapping in which all are named.
func (m *Mapping) lens(g calendar.Group, r state.Mapping) (lens, error) {
	switch g {
	case calendar.GroupWhen:
		return copyWhen{}, nil
	case calendar.GroupTitle:
		return m.newTextLens("title", *r.Title, m.target.Capabilities.TitleLimit, titleField)
	case calendar.GroupPlace:
		return m.newPlaceLens(r)
	case calendar.GroupNotes:
		return m.newNotesLens(r)
	case calendar.GroupAvailability:
		return newValueLens(*r.Availability, availabilityValues(m.target.Capabilities.Availability))
	case calendar.GroupVisibility:
		return newValueLens(*r.Visibility, visibilityValues(m.target.Capabilities.Visibility))
	case calendar.GroupImportance:
		return newValueLens(*r.Importance, importanceValues)
	case calendar.GroupReminders:
		return newReminderLens(*r.Reminders, m.target.Capabilities)
	case calendar.GroupCategories:
		return newCategoryLens(*r.Categories, m.home.Capabilities, m.target.Capabilities)
	case calendar.GroupProperties:
		return propertyLens{r.Properties != state.Copy, m.target.Capabilities.Properties}, nil
	}
	return nil, nil // links have no place of their own on a copy: its notes tell them
}

// lenses are those for one event: a private one is busy only, unless the person
// opted out of that.
func (m *Mapping) lenses(s Source) lenses {
	if m.capped && s.private() {
		return m.busy
	}
	return m.open
}

// Groups are the field groups that travel, in order.
func (m *Mapping) Groups() calendar.Groups {
	return slices.DeleteFunc(slices.Clone(calendar.AllGroups), func(g calendar.Group) bool { return m.open[g] == nil })
}

// Get returns what the copy shows: the groups that travel; the others are empty.
func (m *Mapping) Get(s Source) calendar.Content {
	var c calendar.Content
	for _, l := range m.lenses(s) {
		l.get(s, &c)
	}
	if c.Availability == "" { // not held by one of the two: a meeting takes time
		c.Availability = calendar.Busy
	}
	return c
}

// Retitles reports whether the copy shows the home's title with something put to it.
func (m *Mapping) Retitles(s Source) bool {
	return m.retitles && !(m.capped && s.private())
}

// retitles reports whether a lens shows a title with something put to it.
func retitles(l *state.TextLens) bool {
	if l.Lens == state.TemplateLens {
		t, err := parseTemplate(l.Text)
		return err == nil && slices.ContainsFunc(t, func(p piece) bool { return p.field == "title" })
	}
	return l.Lens == state.CopyLens && l.Prefix+l.Suffix != ""
}

// Put returns the home content after group g of the copy was edited to what
// edited has. A group that shows what Get gives leaves the home untouched; so does
// every verdict but Carried and Amended.
func (m *Mapping) Put(g calendar.Group, s Source, edited calendar.Content) (calendar.Content, Verdict) {
	l := m.lenses(s)[g]
	if l == nil {
		return s.Content, Refused
	}
	var shown calendar.Content
	if l.get(s, &shown); calendar.Equal(g, shown, edited) {
		return s.Content, Carried
	}
	home, v := l.put(s, edited)
	if v != Carried {
		return s.Content, v
	}
	after := Source{home, s.Facts, s.Slot}
	var again calendar.Content
	if m.lenses(after)[g].get(after, &again); !calendar.Equal(g, again, edited) {
		return home, Amended
	}
	return home, Carried
}

// Digest tells mappings apart by what they say.
func (m *Mapping) Digest() string { return m.digest }

// OutOfScope is what becomes of a copy whose home no longer crosses.
func (m *Mapping) OutOfScope() state.Choice { return m.outOfScope }

// AtHome is the base after the person changed group g at home to what now has:
// what the home cannot hold of it, and a copy put there, stays.
func AtHome(g calendar.Group, base, now calendar.Content, held calendar.Capabilities) calendar.Content {
	after := base.Take(g, now)
	if g == calendar.GroupCategories && !held.Categories {
		after.Categories = base.Categories
	}
	if g == calendar.GroupCategories && len(held.Colors) == 0 {
		after.Color = base.Color
	}
	return after
}

// copyWhen carries the time as it is.
type copyWhen struct{}

func (copyWhen) get(s Source, c *calendar.Content) { c.When = s.When }

func (copyWhen) put(s Source, edited calendar.Content) (calendar.Content, Verdict) {
	return s.Take(calendar.GroupWhen, edited), Carried
}

func (copyWhen) String() string { return string(state.CopyLens) }
