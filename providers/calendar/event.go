// Package calendar is the neutral language in which the engine and the
// connectors speak of calendars: events and their fields, times, changes,
// typed errors, and the Provider interface.
//
// It imports no connector, no SDK and no storage, and does no I/O.
package calendar

import (
	"maps"
	"slices"
	"time"
)

// CalendarID is a provider's own id of one calendar of an account. Opaque.
type CalendarID string

// RemoteID is a provider's own id of one event within its calendar. Opaque,
// case-sensitive.
type RemoteID string

// Version identifies one state of an event (an etag). Compare for equality only.
type Version string

// Event is one meeting as a provider holds it: a single event, or a whole
// series with its overrides.
type Event struct {
	ID RemoteID `json:"id"`
	// Version changes whenever anything of the event does: of a series, also when
	// one of its overrides does.
	Version Version `json:"version"`
	// UID is the iCalendar UID (RFC 5545 §3.8.4.7), shared by the copies of one
	// invitation; empty where the provider gives none.
	UID string `json:"uid,omitempty"`

	Type      EventType `json:"type,omitempty"`
	Cancelled bool      `json:"cancelled,omitempty"` // called off by its organizer, still standing in the calendar

	Organizer  Person   `json:"organizer,omitzero"`
	Organized  bool     `json:"organized,omitempty"` // this calendar's owner is the organizer (or there are no guests)
	Guests     []Guest  `json:"guests,omitempty"`    // without the calendar's owner
	MyResponse Response `json:"myResponse,omitempty"`
	// Responses are the owner's answers to single occurrences of a series, by slot,
	// where they differ from MyResponse.
	Responses map[string]Response `json:"responses,omitempty"`

	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"` // by the provider's clock
	WebLink string    `json:"webLink,omitempty"`
	Mark    Mark      `json:"mark,omitzero"` // as found; a hint, never the truth

	Content Content `json:"content"`
	// Unseen are held groups that this read does not show (Graph's delta shows no
	// hidden properties): what was known of them stands.
	Unseen Groups `json:"unseen,omitempty"`
	// Doubt is what the connector had to guess, in words for the history; usually empty.
	Doubt string `json:"doubt,omitempty"`
	// Overrides of a series, by Slot of the original start. A changed occurrence
	// that its provider still shows though the rule has it no longer is among them.
	Overrides map[string]Override `json:"overrides,omitempty"`
}

// HasGuests reports whether anyone but the calendar's owner would hear of a change.
func (e Event) HasGuests() bool { return e.Facts().HasGuests() }

// Facts are what an event is besides its content: what kind it is, and who takes
// part. They are its home's alone: a copy has none, it tells some of them in words.
type Facts struct {
	Type       EventType           `json:"type,omitempty"`
	Organizer  Person              `json:"organizer,omitzero"`
	Organized  bool                `json:"organized,omitempty"`
	Guests     []Guest             `json:"guests,omitempty"`
	MyResponse Response            `json:"myResponse,omitempty"`
	Responses  map[string]Response `json:"responses,omitempty"`
	WebLink    string              `json:"webLink,omitempty"`
}

// Facts are those of the event.
func (e Event) Facts() Facts {
	return Facts{e.Type, e.Organizer, e.Organized, e.Guests, e.MyResponse, e.Responses, e.WebLink}
}

// HasGuests reports whether anyone but the calendar's owner would hear of a change.
func (f Facts) HasGuests() bool { return len(f.Guests) > 0 || !f.Organized }

// Response is the owner's answer to one occurrence of a series; of the event
// itself under the empty slot.
func (f Facts) Response(slot string) Response {
	if r, ok := f.Responses[slot]; ok {
		return r
	}
	return f.MyResponse
}

// Mark is the hidden property on a copy: who wrote it, for which mirror, of
// which entity; nothing else.
type Mark struct {
	Installation string `json:"installation,omitempty"`
	Mirror       string `json:"mirror,omitempty"`
	Entity       string `json:"entity,omitempty"`
}

// Content is what a person sees and edits: the field groups of an event. The
// fields of one group only make sense together; Group names them.
type Content struct {
	When         When              `json:"when,omitzero"`
	Title        string            `json:"title,omitempty"`
	Notes        Notes             `json:"notes,omitzero"`
	Place        string            `json:"place,omitempty"`
	Availability Availability      `json:"availability,omitempty"`
	Visibility   Visibility        `json:"visibility,omitempty"`
	Importance   Importance        `json:"importance,omitempty"`
	Reminders    Reminders         `json:"reminders,omitzero"`
	Categories   []string          `json:"categories,omitempty"` // names, in the provider's order
	Color        string            `json:"color,omitempty"`      // one of Colors, or empty; of the group of categories
	Links        Links             `json:"links,omitzero"`
	Properties   map[string]string `json:"properties,omitempty"` // custom properties of other programs, meant for every copy
}

// When is the time of an event. End is exclusive. An all-day event has dates, a
// timed one wall clocks; both ends are of one kind. For a series, Start and End
// are those of the first occurrence and Start.Zone is the zone it repeats in.
type When struct {
	Start      Time       `json:"start,omitzero"`
	End        Time       `json:"end,omitzero"`
	Recurrence Recurrence `json:"recurrence,omitzero"`
}

// AllDay reports whether the event has dates instead of wall clocks.
func (w When) AllDay() bool { return w.Start.IsDate() }

// Recurrence is the rule set of a series: RRULE and RDATE lines of RFC 5545
// §3.8.5 with their property names, in the form CanonicalRules gives them, without
// DTSTART. EXDATEs are Cancelled overrides instead. Zero for a single event.
type Recurrence struct {
	Rules []string `json:"rules,omitempty"`
}

// IsZero reports whether there is no rule: a single event.
func (r Recurrence) IsZero() bool { return len(r.Rules) == 0 }

// Override is one changed or cancelled occurrence of a series, sparse: only the
// Changed groups of Content differ from the master; what equals the master (for
// the time: the slot's own start with the master's length) is not in Changed.
// An EXDATE is a Cancelled override. An Override with neither is none at all.
type Override struct {
	Original  Time    `json:"original"`            // start by the rule, in the series' zone
	Cancelled bool    `json:"cancelled,omitempty"` // then there is no Content
	Changed   Groups  `json:"changed,omitempty"`
	Content   Content `json:"content,omitzero"` // When without a Recurrence
}

// Equal reports whether two overrides of one slot say the same.
func (o Override) Equal(p Override) bool {
	if o.Cancelled != p.Cancelled || !slices.Equal(o.Changed, p.Changed) {
		return false
	}
	for _, g := range o.Changed {
		if !Equal(g, o.Content, p.Content) {
			return false
		}
	}
	return true
}

// IsZero reports whether the override says nothing: the slot is as the rule has it.
func (o Override) IsZero() bool { return !o.Cancelled && len(o.Changed) == 0 }

// Edited is the override with what a person did to the occurrence, who left it as now:
// field groups that are as in one of was were not their doing.
func (o Override) Edited(now Override, was ...Override) Override {
	if slices.ContainsFunc(was, now.Equal) {
		return o
	}
	if now.Cancelled || o.Cancelled {
		return now
	}
	for _, g := range AllGroups {
		has := now.Changed.Has(g)
		untouched := func(w Override) bool {
			return !w.Cancelled && w.Changed.Has(g) == has && (!has || Equal(g, w.Content, now.Content))
		}
		switch {
		case slices.ContainsFunc(was, untouched):
		case has:
			o.Original, o.Changed, o.Content = now.Original, o.Changed.With(g), o.Content.Take(g, now.Content)
		default:
			o.Changed, o.Content = o.Changed.Without(g), o.Content.Take(g, Content{})
		}
	}
	return o
}

// Slots lists the slots, sorted, in which two sets of overrides differ.
func Slots(a, b map[string]Override) []string {
	var out []string
	for slot, o := range a {
		if !o.Equal(b[slot]) {
			out = append(out, slot)
		}
	}
	for slot, o := range b {
		if _, both := a[slot]; !both && !o.IsZero() {
			out = append(out, slot)
		}
	}
	slices.Sort(out)
	return out
}

// EventType tells a meeting from what a provider keeps in the same list.
type EventType string

// The types that are told apart; anything else is read-only to us.
const (
	Meeting         EventType = ""
	FocusTime       EventType = "focus time"
	AwayTime        EventType = "out of office"
	WorkingLocation EventType = "working location"
	Birthday        EventType = "birthday"
	FromMail        EventType = "from mail"
	UnknownType     EventType = "unknown"
)

// Availability is what the event does to free/busy.
type Availability string

// The availabilities, from least to most occupied. The zero value is Busy's
// stand-in nowhere: connectors always say one.
const (
	Free      Availability = "free"
	Tentative Availability = "tentative"
	Busy      Availability = "busy"
	Away      Availability = "out of office"
	Elsewhere Availability = "working elsewhere"
)

// Visibility says who may see the details.
type Visibility string

// The visibilities. DefaultVisibility is the calendar's own default.
const (
	DefaultVisibility Visibility = ""
	Public            Visibility = "public"
	Personal          Visibility = "personal"
	Private           Visibility = "private"
	Confidential      Visibility = "confidential"
)

// Importance is the sender's urgency; NormalImportance where there is none.
type Importance string

// The importances.
const (
	NormalImportance Importance = ""
	LowImportance    Importance = "low"
	HighImportance   Importance = "high"
)

// Colors are the colours that an event can have, by Google's names for them (its
// web page shows them; in the API they are the numbers 1 to 11): the one palette
// for events that is in wide use.
var Colors = []string{
	"lavender", "sage", "grape", "flamingo", "banana", "tangerine", "peacock", "graphite", "blueberry", "basil", "tomato",
}

// Response is an invitation's answer.
type Response string

// The responses. NoResponse also stands for "I am the organizer".
const (
	NoResponse  Response = ""
	NeedsAction Response = "needs action"
	Accepted    Response = "accepted"
	Maybe       Response = "tentative"
	Declined    Response = "declined"
)

// Person is a name and a mail address, either of which may be empty.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// Guest is an invited person or room.
type Guest struct {
	Person
	Optional bool     `json:"optional,omitempty"`
	Resource bool     `json:"resource,omitempty"`
	Response Response `json:"response,omitempty"`
}

// Reminders are the alarms of an event. Default means "as the calendar does by
// default"; otherwise Before lists them, none if empty.
type Reminders struct {
	Default bool            `json:"default,omitempty"`
	Before  []time.Duration `json:"before,omitempty"` // before the start, ascending
}

// Links are the addresses an event carries besides its text.
type Links struct {
	Conference  string       `json:"conference,omitempty"` // the URL to join
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Attachment is a name and a link; contents are never copied.
type Attachment struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Group names one field group of Content: the unit of comparing, merging and
// writing.
type Group string

// The groups, in the order in which they are shown.
const (
	GroupWhen         Group = "when"
	GroupTitle        Group = "title"
	GroupNotes        Group = "notes"
	GroupPlace        Group = "place"
	GroupAvailability Group = "availability"
	GroupVisibility   Group = "visibility"
	GroupImportance   Group = "importance"
	GroupReminders    Group = "reminders"
	GroupCategories   Group = "categories"
	GroupLinks        Group = "links"
	GroupProperties   Group = "properties"
)

// AllGroups lists every group in order.
var AllGroups = Groups{
	GroupWhen, GroupTitle, GroupNotes, GroupPlace, GroupAvailability, GroupVisibility,
	GroupImportance, GroupReminders, GroupCategories, GroupLinks, GroupProperties,
}

// Groups is an ordered set of groups.
type Groups []Group

// Has reports whether g is in the set.
func (s Groups) Has(g Group) bool { return slices.Contains(s, g) }

// With returns the set with gs in it, in the order of AllGroups.
func (s Groups) With(gs ...Group) Groups {
	return slices.DeleteFunc(slices.Clone(AllGroups), func(g Group) bool {
		return !s.Has(g) && !slices.Contains(gs, g)
	})
}

// And returns the groups of the set that are in other too.
func (s Groups) And(other Groups) Groups {
	return slices.DeleteFunc(slices.Clone(s), func(g Group) bool { return !other.Has(g) })
}

// Without returns the set with gs taken out.
func (s Groups) Without(gs ...Group) Groups {
	out := slices.DeleteFunc(slices.Clone(s), func(g Group) bool { return slices.Contains(gs, g) })
	if len(out) == 0 {
		return nil
	}
	return out
}

// Equal reports whether a and b agree in group g, by what they mean: a zone's other
// name, more white space in a title, the order of categories, reminders and
// attachments, and the case of a category are no difference. It is an equivalence, and
// allocates nothing where the two are the same to the letter.
func Equal(g Group, a, b Content) bool {
	switch g {
	case GroupWhen:
		return a.When.same(b.When)
	case GroupTitle:
		return sameText(a.Title, b.Title)
	case GroupNotes:
		return a.Notes == b.Notes
	case GroupPlace:
		return sameText(a.Place, b.Place)
	case GroupAvailability:
		return a.Availability == b.Availability
	case GroupVisibility:
		return a.Visibility == b.Visibility
	case GroupImportance:
		return a.Importance == b.Importance
	case GroupReminders:
		return a.Reminders.same(b.Reminders)
	case GroupCategories:
		return a.Color == b.Color && sameNames(a.Categories, b.Categories)
	case GroupLinks:
		return a.Links.same(b.Links)
	case GroupProperties:
		return maps.Equal(a.Properties, b.Properties)
	}
	return true
}

// Diff returns the groups in which a and b differ.
func Diff(a, b Content) Groups {
	var d Groups
	for _, g := range AllGroups {
		if !Equal(g, a, b) {
			d = append(d, g)
		}
	}
	return d
}

// Take returns c with group g as it is in from.
func (c Content) Take(g Group, from Content) Content {
	switch g {
	case GroupWhen:
		c.When = from.When
	case GroupTitle:
		c.Title = from.Title
	case GroupNotes:
		c.Notes = from.Notes
	case GroupPlace:
		c.Place = from.Place
	case GroupAvailability:
		c.Availability = from.Availability
	case GroupVisibility:
		c.Visibility = from.Visibility
	case GroupImportance:
		c.Importance = from.Importance
	case GroupReminders:
		c.Reminders = from.Reminders
	case GroupCategories:
		c.Categories, c.Color = from.Categories, from.Color
	case GroupLinks:
		c.Links = from.Links
	case GroupProperties:
		c.Properties = from.Properties
	}
	return c
}
