package calendar

import (
	"context"
	"time"
)

// Calendar is one calendar of an account.
type Calendar struct {
	ID       CalendarID `json:"id"`
	Name     string     `json:"name"`
	Color    string     `json:"color,omitempty"`  // "#rrggbb", empty if not known
	Zone     string     `json:"zone,omitempty"`   // IANA name, empty if not known
	Owner    string     `json:"owner,omitempty"`  // mail address, if known
	Shared   bool       `json:"shared,omitempty"` // it is another's
	Hidden   bool       `json:"hidden,omitempty"` // the person does not show it in the service's own app
	Role     Role       `json:"role,omitempty"`
	Primary  bool       `json:"primary,omitempty"`  // the account's main calendar
	Writable bool       `json:"writable,omitempty"` // events can be made and changed
	Details  bool       `json:"details,omitempty"`  // details can be read, not only free/busy
}

// Cursor is where the reading of a calendar's changes goes on. Opaque to all
// but the connector that made it; it holds everything that must stay the same
// between reads (query, window). Empty means: read everything.
type Cursor string

// Key makes a create idempotent: the same key twice makes one event. It is 32
// lower-case hexadecimal characters.
type Key string

// Changes is one complete read: all pages, or none.
type Changes struct {
	// Events are the present states of what changed (of everything, if Complete).
	Events []Event
	// Removed are the ids that a tombstone names, and did exist or not.
	Removed []Removal
	// Complete says that this was a full listing (of Window, if set): an event
	// known before and not in Events may be gone. Confirm it with Get.
	Complete bool
	// Window is what a connector that must read in a window saw; zero for all.
	Window Window
	// Next is the cursor to go on from.
	Next Cursor
	// Requests is how many calls this read took.
	Requests int
}

// Removal is a tombstone. When Certain is false it may mean something else than
// a deletion (Graph: 'left the window'); confirm it with Get.
type Removal struct {
	ID      RemoteID
	Certain bool
}

// Window is a span of time, end exclusive.
type Window struct {
	From, To time.Time
}

// Draft is an event to be made.
type Draft struct {
	Key     Key
	Mark    Mark
	UID     string // wanted iCalendar UID; connectors may have to ignore it
	Content Content
	// Overrides of a series, by slot. The connector writes them after the master.
	Overrides map[string]Override
}

// Change is what an update writes.
type Change struct {
	// Groups of Content to write to the single event or the master; may be empty.
	Groups  Groups
	Content Content
	// Overrides is the whole set that the series shall have, by slot. Slots names
	// those that must be written: one that is not in Overrides is to be as the
	// rule has it. A provider that resets others on the way (Graph, when a
	// master's time changes) has the connector write all of Overrides again.
	Overrides map[string]Override
	Slots     []string
	// Mark, if there is one, replaces the event's along with the groups. By itself it
	// is no reason to write.
	Mark Mark
}

// Capabilities is what a provider can hold and stand: differences as data, so
// that the engine needs no switch on providers. Zero limits mean none known.
type Capabilities struct {
	Groups     Groups // the field groups it can hold at all
	Reads      Groups // those that it reads and cannot write; all others are neither read nor written
	TitleLimit int    // characters
	PlaceLimit int    // characters
	NotesLimit int    // characters of what is sent
	// NotesHoldJoin: the notes of an event with a link to join hold that link's block,
	// and cannot be written.
	NotesHoldJoin bool
	// Series says why the provider cannot hold a series with this time and rule,
	// "" if it can; nil means that it can hold none. Pure.
	Series func(When) string
	// Override says why the provider cannot hold this override of that series, ""
	// if it can; nil means that it can hold any. Pure.
	Override     func(When, Override) string
	Windowed     bool           // it reads in a window: what is outside is not seen
	Writes       int            // writes that may run at once in one calendar (or account, see PerAccount)
	PerAccount   bool           // Writes counts for the whole account
	WriteRate    float64        // creates a second that it stands for long, reads beside them left room for; 0: no limit known
	UpdateCost   int            // what an update takes of WriteRate, in creates; 0 means 1
	Availability []Availability // the values it can hold
	// SharedAvailability are values that an event has for its guests as well: to set
	// one, or to leave it, is a change of the meeting.
	SharedAvailability []Availability
	Visibility         []Visibility // the values it can hold
	// HidesPrivate is about one calendar (Role.HidesPrivate): what is private there is out
	// of the account's sight and reach.
	HidesPrivate bool
	// Makes says that it is a Maker, and MakesWith which extra that takes, "" if none.
	Makes     bool
	MakesWith Extra

	// Of GroupCategories: whether it holds category names, and which of Colors.
	Categories bool
	Colors     []string
	// Of GroupReminders: how many it holds (0: no limit known), how early one may
	// be (0: no limit known), and whether it knows "as the calendar does by default".
	Reminders        int
	ReminderLimit    time.Duration
	DefaultReminders bool
	Properties       PropertyLimits
}

// PropertyLimits bound the custom properties of an event; 0 means no limit known.
type PropertyLimits struct {
	Count int // how many
	Name  int // bytes of a name
	Value int // characters of a value
	Bytes int // of all names and values together
}

// Read are the groups that the provider reads: those it can hold, and those it
// only shows.
func (c Capabilities) Read() Groups { return c.Groups.With(c.Reads...) }

// Preparer is a Provider that reads an event before it changes it, and can read many in
// one call.
type Preparer interface {
	// Prepare reads what is about to be changed, each under its version as always. It is a
	// hint: what it fails to read, Update reads, and tells.
	Prepare(ctx context.Context, cal CalendarID, ids []RemoteID)
}

// Provider is one signed-in account. All methods are safe for concurrent use,
// honour ctx, make no retries of their own, never send mail to anyone, and
// return *Error.
type Provider interface {
	// Capabilities never changes and does no I/O.
	Capabilities() Capabilities

	// Calendars lists the account's calendars.
	Calendars(ctx context.Context) ([]Calendar, error)

	// Changes reads what changed since the cursor, all pages or an error. With
	// an empty cursor it reads everything. CursorExpired says: start over.
	// NotFound and Forbidden are about the calendar itself.
	Changes(ctx context.Context, cal CalendarID, since Cursor) (Changes, error)

	// Get reads one event. NotFound or Gone if there is none.
	Get(ctx context.Context, cal CalendarID, id RemoteID) (Event, error)

	// Create makes an event, with no guests, and returns it as the provider now
	// holds it. The same key again returns the event made first, as it is now,
	// whatever became of its content; if that event was deleted since, Gone. One to
	// which guests were invited since is not written to: they would hear of it.
	Create(ctx context.Context, cal CalendarID, d Draft) (Event, error)

	// Update writes a change, if the event still has the given version, else
	// Conflict, and returns it as the provider holds it by that. Fields outside the
	// named groups, slots that are not named, and guests are left as they are. A
	// series takes several requests: after Unavailable any part of them may have
	// happened, and the same change sent again brings about the rest. What others
	// change between them is not in what is returned, which has another version then
	// than the next Changes.
	Update(ctx context.Context, cal CalendarID, id RemoteID, v Version, c Change) (Event, error)

	// Respond answers an invitation of the calendar's owner, without a mail to
	// anyone, if the event still has the given version, else Conflict. Some services
	// take a declined invitation out of the calendar. Invalid if there is nothing
	// to answer: the owner is the organizer, or is not invited.
	Respond(ctx context.Context, cal CalendarID, id RemoteID, v Version, r Response) error

	// Delete removes the event if it still has the given version, else
	// Conflict. NotFound or Gone if it is not there: it is gone already, or its whole
	// calendar is out of reach.
	Delete(ctx context.Context, cal CalendarID, id RemoteID, v Version) error
}
