// Package mailbox is the in-memory model behind the simulators: accounts with
// calendars and events, a change log that cursors point into, the outbox of
// mails the real service would send, request counters, faults and the switches
// for behaviour on which sources disagree.
//
// It knows nothing of HTTP, of a wire format or of a connector, and imports
// nothing of this project (the oracle-tested recurrence of providers/calendar
// excepted). The two servers, googlesim and graphsim, dress it as a service.
package mailbox

import (
	"sync"
	"time"
)

// Mailbox is one account's calendars. Servers hold the lock (Lock/Unlock) while
// they read or change it; every method says whether it takes it itself.
type Mailbox struct {
	mu sync.Mutex

	Owner     Person
	Zone      string // IANA name of the mailbox's zone
	Calendars []*Calendar
	Outbox    []Mail // every mail the real service would have sent
	Now       func() time.Time

	// How the service names new things; a server may set its own before the
	// first is made. The defaults give Google's shapes.
	EventID    func() string
	EventUID   func(eventID string) string
	CalendarID func() string

	seq    uint64 // of changes, over all calendars
	minted uint64 // ids so far
}

// Person is a name and a mail address.
type Person struct{ Name, Email string }

// Calendar is one calendar and its events.
type Calendar struct {
	ID      string
	Name    string
	Notes   string // Google: description
	Place   string // Google: location
	Zone    string // IANA
	Color   string // "#rrggbb"
	Primary bool
	Role    string // "owner", "writer", "writerWithoutPrivateAccess", "reader", "freeBusyReader"
	Hidden  bool
	Deleted bool // unsubscribed or deleted
	// Unlisted: Google only. Taken off the account's list, and reached by its id all the
	// same, as long as the account has rights in it.
	Unlisted bool
	Events   map[string]*Event // by ID, tombstones too
	Log      []Change          // ascending Seq
	// OldestCursor: cursors below it have expired.
	OldestCursor uint64

	// Change and EntryChange are bumped with every change of the calendar and of
	// the account's entry for it: two resources with two etags on Google.
	Change, EntryChange uint64
	// Entry holds further writable members of the account's entry verbatim
	// (Google: colorId, summaryOverride, selected, ...).
	Entry map[string]any
}

// Change says that an event changed; its present state is in Events.
type Change struct {
	Seq     uint64
	EventID string
	Time    time.Time
}

// Moment is a start or end as the client wrote it: a date, or a wall clock in a
// zone spelled as it was sent (IANA or Windows), and the instant it means.
type Moment struct {
	Date  string // "2006-01-02" when all-day, else empty
	Local string // "2006-01-02T15:04:05" in Zone
	Zone  string // as spelled
	UTC   time.Time
}

// Event is one stored event: a single one or a series master with its
// exceptions. A field that only one service has is stored all the same.
type Event struct {
	ID            string
	UID           string
	Change        uint64 // bumped on every effective write; the etag is made of it
	Sequence      int
	Created       time.Time
	Updated       time.Time
	Deleted       bool // a tombstone: the id stays taken
	TransactionID string
	CreatedBy     string // fingerprint of the create request, for TransactionID

	Title       string
	Body        string // as stored
	BodyIsHTML  bool
	Place       string
	Start, End  Moment
	AllDay      bool
	ShowAs      string // "free", "tentative", "busy", "oof", "workingElsewhere"
	Sensitivity string // "normal"/"default", "public", "personal", "private", "confidential"
	Importance  string
	Status      string // "confirmed", "tentative", "cancelled"
	ColorID     string
	Categories  []string
	Type        string // "default", "focusTime", "outOfOffice", "workingLocation", "birthday", "fromGmail"

	Creator   Person
	Organizer Person
	Attendees []Attendee

	// Reminders: nil means the calendar's default.
	Reminders *[]Reminder

	Conference  string            // join URL
	Private     map[string]string // Google private extended properties, Graph single-value ones
	Shared      map[string]string
	Extensions  map[string]map[string]any // Graph open extensions
	Attachments []Attachment
	// Extra holds further writable members of the wire format verbatim (such as
	// guestsCanModify or allowNewTimeProposals).
	Extra map[string]any

	// Recurrence as RFC 5545 lines (Google) or as the pattern that was sent
	// (Graph), of a series' master. Exceptions by the original start's slot, where
	// they live inside their master (Graph).
	Recurrence []string
	Pattern    map[string]any
	Exceptions map[string]*Event

	// Where an exception is an event of its own (Google): the id of its series'
	// master, its start by the rule, and which members were changed on it and
	// follow the master no more. Empty for all other events.
	Series   string
	Original Moment
	Own      []string
}

// Attendee is an invited person.
type Attendee struct {
	Person
	Type     string // "required", "optional", "resource"
	Response string // "needsAction", "accepted", "tentative", "declined"
	// Extra holds further members of the wire format verbatim (Google: comment,
	// additionalGuests).
	Extra map[string]any
}

// Reminder is one alarm.
type Reminder struct {
	Method  string // "popup", "email"
	Minutes int
}

// Attachment is a named link.
type Attachment struct{ Title, URL, MIMEType string }

// Mail is one message the real service would have sent.
type Mail struct {
	Kind    string // "invitation", "update", "cancellation", "response"
	To      string
	EventID string
	Title   string
	Time    time.Time
}
