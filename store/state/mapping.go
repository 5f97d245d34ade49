package state

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// MappingVersion is the version of the format in which mappings are stored. It
// grows when a field changes its meaning.
const MappingVersion = 1

// Detail is how much a copy shows of its home event: the lens of every field for
// which the mapping names none.
type Detail string

// The levels of detail.
const (
	Everything   Detail = ""               // all that both calendars can hold, and the rest as text in the notes
	TitleAndTime Detail = "title and time" // title, time, availability and visibility
	BusyOnly     Detail = "busy only"      // time and availability, under the title "Busy"
)

// Mapping is what copies show of the events that cross from one member of a mirror
// to another, and which of them cross at all. The zero Mapping shows everything.
// A field's lens that is nil is that of the Detail.
type Mapping struct {
	Version int    `json:"version,omitempty"` // MappingVersion; 0 in a mapping that was never stored
	Detail  Detail `json:"detail,omitempty"`
	// ShowPrivate lets private home events show what others do; without it a copy
	// of one is busy only, whatever else is said here.
	ShowPrivate bool `json:"showPrivate,omitempty"`

	Title *TextLens `json:"title,omitempty"`
	Place *TextLens `json:"place,omitempty"`
	Notes *TextLens `json:"notes,omitempty"`

	Availability *ValueLens `json:"availability,omitempty"` // values of calendar.Availability
	Visibility   *ValueLens `json:"visibility,omitempty"`   // values of calendar.Visibility; "default" for the calendar's own
	Importance   *ValueLens `json:"importance,omitempty"`   // low, normal, high
	Categories   *ValueLens `json:"categories,omitempty"`   // category names and colours (calendar.Colors)

	Reminders  *ReminderLens `json:"reminders,omitempty"`
	Properties Choice        `json:"properties,omitempty"` // Copy or Omit

	// What the notes of a copy tell besides the home's notes.
	Guests      Choice `json:"guests,omitempty"`      // AsText (organizer, names and answers) or Omit
	Conference  Choice `json:"conference,omitempty"`  // AsText (in the notes, and as the place where there is none), InNotes, InPlace or Omit
	Attachments Choice `json:"attachments,omitempty"` // AsText (names with links) or Omit
	Link        Choice `json:"link,omitempty"`        // AsText (the home event's page) or Omit; Omit if empty

	Filter Filter `json:"filter,omitzero"`
	// OutOfScope is what becomes of a copy whose home event the Filter no longer
	// lets cross: Remove (if empty) or Keep, as it is then.
	OutOfScope Choice `json:"outOfScope,omitempty"`
}

// Choice is one of the few words that a simple setting may be; which ones, says
// the setting. Empty is its default.
type Choice string

// The choices.
const (
	Copy    Choice = "copy"
	Omit    Choice = "omit"
	AsText  Choice = "text"
	InNotes Choice = "notes"
	InPlace Choice = "place"
	Remove  Choice = "remove"
	Keep    Choice = "keep"
	Skipped Choice = "skip"
	Cross   Choice = "cross"
	None    Choice = "none"
	Fixed   Choice = "fixed"
	Always  Choice = "always"
)

// LensKind says what a lens does with its field.
type LensKind string

// The kinds of lenses.
const (
	CopyLens     LensKind = "copy"
	OmitLens     LensKind = "omit"     // the copy does not show it
	ConstantLens LensKind = "constant" // the same on every copy
	TemplateLens LensKind = "template" // text with {{fields}}
)

// TextLens is the lens of a text: title, place or notes. Replace comes first, then
// the template or Prefix and Suffix, then Limit.
type TextLens struct {
	Lens LensKind `json:"lens"`
	Text string   `json:"text,omitempty"` // of a constant or a template
	// Prefix and Suffix of a copy are taken off again on the way home.
	Prefix  string        `json:"prefix,omitempty"`
	Suffix  string        `json:"suffix,omitempty"`
	Replace []Replacement `json:"replace,omitempty"`
	// Limit is how many characters the copy shows at most; 0: what the target holds.
	Limit int `json:"limit,omitempty"`
}

// Replacement replaces what the regular expression Find (RE2) matches with With,
// in which $1 is its first group.
type Replacement struct {
	Find string `json:"find"`
	With string `json:"with,omitempty"`
}

// ValueLens is the lens of a field with a few values.
type ValueLens struct {
	Lens  LensKind `json:"lens"`            // CopyLens, OmitLens or ConstantLens
	Value string   `json:"value,omitempty"` // of a constant
	// Map leads from a home value to the copy's; what is not in it is copied, or
	// stands in as near as the target can hold. Names are compared in any case.
	Map map[string]string `json:"map,omitempty"`
}

// ReminderLens is the lens of the reminders. Reminders that the person sets on a
// copy by hand stay that copy's own, unless the lens is Copy.
type ReminderLens struct {
	Lens Choice `json:"lens"` // None, Copy or Fixed
	// Before are those of timed copies, when Fixed: "10m", "1h30m", "2d".
	Before []string `json:"before,omitempty"`
	// AllDay are those of all-day copies, when Fixed, by clock time: "1d 17:00" is
	// the day before at five. The day itself cannot be had: services count back from
	// its midnight.
	AllDay []string `json:"allDay,omitempty"`
}

// Filter says which events cross; the zero Filter lets all cross but those that
// were declined, those to which the other account is invited already, and what is
// no meeting (working location, birthdays). It is applied to single events and to
// each occurrence of a series.
type Filter struct {
	// Availability lists those that cross; all if empty.
	Availability []calendar.Availability `json:"availability,omitempty"`
	// Responses lists my answers with which an invitation does not cross; nil means
	// declined ones, an empty list means that all cross.
	Responses *[]calendar.Response `json:"responses,omitempty"`
	// AllDay is Always (or empty), None, or "busy": only those that take time.
	AllDay Choice `json:"allDay,omitempty"`
	// Of Categories (names or colours) an event must have one in With, if there are
	// any, and none in Without.
	With    []string `json:"withCategories,omitempty"`
	Without []string `json:"withoutCategories,omitempty"`
	// Title must match Include, if there is one, and not Exclude: regular
	// expressions (RE2), in any case of letters.
	Include string `json:"titleInclude,omitempty"`
	Exclude string `json:"titleExclude,omitempty"`
	// Days and Hours in the event's own zone: it crosses when some of it lies
	// within. Hours are "08:00-18:00"; they do not count for all-day events.
	Days  []Weekday `json:"days,omitempty"`
	Hours string    `json:"hours,omitempty"`
	// Types lists the event types that cross; nil means meetings, those from mail,
	// focus time and out of office.
	Types []calendar.EventType `json:"types,omitempty"`
	// Invited is what becomes of a meeting to which the other account is invited
	// too: Skipped (or empty), both are left alone; or Cross.
	Invited Choice `json:"invited,omitempty"`
	// Past and Future are how many days back and ahead events cross; 0 means the
	// window of all mirrors, which is also the most. What is linked and leaves stays.
	Past   int `json:"pastDays,omitempty"`
	Future int `json:"futureDays,omitempty"`
}

// BusyAllDay lets only those all-day events cross that take time.
const BusyAllDay Choice = "busy"

// Weekday is a day of the week in RFC 5545's letters: MO, TU, WE, TH, FR, SA, SU.
type Weekday string

// PairMapping is the mapping of one direction of a mirror.
type PairMapping struct {
	From    Ref `json:"from,omitzero"` // where the events are born; zero: in any member
	To      Ref `json:"to,omitzero"`   // where the copies are; zero: in any member
	Mapping `json:"mapping"`
}

// GuestRule is what an edit or a deletion of a copy does whose home event has
// guests, who would hear of it.
type GuestRule string

// The guest rules.
const (
	AskGuests    GuestRule = ""       // held until the person says
	RevertGuests GuestRule = "revert" // the copy is put back as it was
	ApplyGuests  GuestRule = "apply"  // carried home; the service tells the guests, if it does
)

// InvitationRule is what the deletion of a copy means whose home event somebody
// else organises.
type InvitationRule string

// The invitation rules.
const (
	HideInvitation    InvitationRule = ""         // only the copy is gone
	DeclineInvitation InvitationRule = "decline"  // the invitation is declined at home, without a mail
	PutBackInvitation InvitationRule = "put back" // the copy is made again
)

// ConflictRule says which edit stands when the same field was changed on two sides:
// LatestWins, AskConflict, or the calendar whose edit does, as Ref.String writes it.
type ConflictRule string

// The conflict rules that are no calendar.
const (
	LatestWins  ConflictRule = ""    // by the services' own clocks; a tie goes to the home
	AskConflict ConflictRule = "ask" // nothing of that field is written until the person says
)

// MemberWins is the rule that the edit made in a member stands. Where the member
// has none, the latest does.
func MemberWins(ref Ref) ConflictRule { return ConflictRule(ref.String()) }

// Member is the calendar whose edit stands, if the rule names one.
func (c ConflictRule) Member() (Ref, bool) {
	if c == LatestWins || c == AskConflict {
		return Ref{}, false
	}
	ref, err := ParseRef(string(c))
	return ref, err == nil
}

// Words are the rule as `mirror edit --conflicts` takes it.
func (c ConflictRule) Words() string {
	if c == LatestWins {
		return "latest"
	}
	return string(c)
}

// Mapping is the mapping that leads from one member to another.
func (m Mirror) Mapping(from, to Ref) Mapping {
	if i := m.MappingAt(from, to); i >= 0 {
		return m.Mappings[i].Mapping
	}
	return Mapping{}
}

// MappingAt is the place of the mapping that leads from one member to another: of
// those that fit, the one that names most; -1 if there is none.
func (m Mirror) MappingAt(from, to Ref) int {
	best, rank := -1, -1
	for i, p := range m.Mappings {
		r := 0
		switch {
		case p.From == from:
			r++
		case p.From != Ref{}:
			continue
		}
		switch {
		case p.To == to:
			r += 2
		case p.To != Ref{}:
			continue
		}
		if r > rank {
			best, rank = i, r
		}
	}
	return best
}

// Resolved is the mapping with every lens and choice named: those of its Detail
// where it has none of its own.
func (m Mapping) Resolved() Mapping {
	level := m.Detail.Lenses()
	text := func(l **TextLens, of *TextLens) {
		if *l == nil {
			*l = of
		} else if (*l).Lens == "" {
			own := **l
			own.Lens, own.Text = of.Lens, of.Text // a file may name a limit only
			*l = &own
		}
	}
	value := func(l **ValueLens, of *ValueLens) {
		if *l == nil {
			*l = of
		} else if (*l).Lens == "" {
			own := **l
			own.Lens, own.Value = of.Lens, of.Value
			*l = &own
		}
	}
	text(&m.Title, level.Title)
	text(&m.Place, level.Place)
	text(&m.Notes, level.Notes)
	value(&m.Availability, level.Availability)
	value(&m.Visibility, level.Visibility)
	value(&m.Importance, level.Importance)
	value(&m.Categories, level.Categories)
	reminders := m.reminders()
	m.Reminders = &reminders
	m.Properties = cmp.Or(m.Properties, level.Properties)
	m.Guests = cmp.Or(m.Guests, level.Guests)
	m.Conference = cmp.Or(m.Conference, level.Conference)
	m.Attachments = cmp.Or(m.Attachments, level.Attachments)
	m.Link = cmp.Or(m.Link, level.Link)
	m.OutOfScope = cmp.Or(m.OutOfScope, level.OutOfScope)
	m.Filter.AllDay = cmp.Or(m.Filter.AllDay, level.Filter.AllDay)
	m.Filter.Invited = cmp.Or(m.Filter.Invited, level.Filter.Invited)
	return m
}

// Times are the reminders of a fixed lens, before the start of timed copies and
// before the midnight at which all-day ones begin. The error names the one that is
// none.
func (l ReminderLens) Times() (timed, allDay []time.Duration, err error) {
	for _, s := range l.Before {
		if _, err := spans(s); err != nil {
			return nil, nil, err
		}
		timed = append(timed, span(s))
	}
	for _, s := range l.AllDay {
		f := clockForm.FindStringSubmatch(s)
		if _, err := clockTimes(s); err != nil {
			return nil, nil, err
		}
		allDay = append(allDay, span(f[1]+"d")-timeOfDay(f[2]+":"+f[3]))
	}
	return timed, allDay, nil
}

// span is a length of time in the form that spans reads.
func span(s string) (d time.Duration) {
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		n, _ := strconv.Atoi(strings.TrimRight(spanForm.FindStringSubmatch(s)[i+1], "dhm"))
		d += time.Duration(n) * unit
	}
	return d
}

// Clock are the hours of a day that cross, from and to, both zero if all do. Hours
// that go over midnight end before they begin.
func (f Filter) Clock() (from, to time.Duration, err error) {
	if f.Hours == "" {
		return 0, 0, nil
	}
	clean, err := hours(f.Hours)
	if err != nil || clean == "" {
		return 0, 0, err
	}
	a, b, _ := strings.Cut(clean, "-")
	return timeOfDay(a), timeOfDay(b), nil
}

// timeOfDay is how long after midnight a clock shows "15:04".
func timeOfDay(s string) time.Duration {
	h, m, _ := strings.Cut(s, ":")
	hours, _ := strconv.Atoi(h)
	minutes, _ := strconv.Atoi(m)
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
}

// Weekday is the day of the week.
func (d Weekday) Weekday() (time.Weekday, error) {
	i := slices.IndexFunc(week, func(w weekday) bool { return w.day == d })
	if i < 0 {
		return 0, fmt.Errorf("%q is no day: write MO, TU, WE, TH, FR, SA or SU", d)
	}
	return time.Weekday((i + 1) % 7), nil
}
