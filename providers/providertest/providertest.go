// Package providertest is the one suite that every calendar.Provider must
// pass, against a simulator or against a real server. It knows neither: what
// differs between services is said in Setup, as data.
//
// It imports providers/calendar only. A connector's own test file hands it a
// way to sign in and a way to act as another program on the same calendar:
//
//	func TestProvider(t *testing.T) {
//		providertest.Run(t, providertest.Setup{Open: open, Now: now, Many: 120})
//	}
package providertest

import (
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Setup says how to reach one provider and in what it differs from others.
type Setup struct {
	// Open signs in and gives a calendar that can be written and holds nothing.
	// It is called once a subtest.
	Open func(t *testing.T) Account
	// Now is the present as the provider and the server see it. Events are made
	// within the year after it. Against a real server: time.Now().
	Now time.Time
	// Many events are more than the server puts on one page. 0 means 60.
	Many int
	// ForgetsKeys: the service does not keep the keys of deleted events taken,
	// so the same key makes a new event.
	ForgetsKeys bool
	// NamesByKey: an event's id is made of its key, so the same key after a deletion
	// makes it again under the id it had.
	NamesByKey bool
	// OnePage: the server has no pages, whatever it is asked for.
	OnePage bool
	// MailsGuests: the service mails the guests of an edited or deleted event
	// whatever the client says. Such writes are left out of the count of mails.
	MailsGuests bool
}

// Account is one signed-in provider and what the suite may do around it.
type Account struct {
	Provider calendar.Provider
	Calendar calendar.CalendarID
	// ReadOnly is a calendar that cannot be written; empty if there is none.
	ReadOnly calendar.CalendarID
	// Shared are calendars of other people, by the account's role in them; each holds one
	// private event, titled PrivateTitle. None if there are none.
	Shared map[calendar.Role]calendar.CalendarID
	// Makes says that the account may make calendars, which are left behind.
	Makes bool
	Other Other
}

// Other acts on Account.Calendar as another person's program would, past the
// provider under test, and tells what the server noticed. Its methods fail the
// test themselves when they cannot do what they say.
type Other interface {
	// AddEvent makes an event of e's Content (what the service can hold of it)
	// and Guests, and tells its id.
	AddEvent(e calendar.Event) calendar.RemoteID
	// EditTitle gives the event another title.
	EditTitle(id calendar.RemoteID, title string)
	// TouchOnly gives the event a new version without changing what a person
	// sees, as services do on their own. False if the server offers no way.
	TouchOnly(id calendar.RemoteID) bool
	// Delete removes the event.
	Delete(id calendar.RemoteID)
	// ExpireCursors makes the server refuse every cursor handed out so far.
	// False if the server offers no way.
	ExpireCursors() bool
	// SignOut makes the server refuse the account's sign-in, tokens in use
	// included. False if the server offers no way.
	SignOut() bool
	// Mails is how many messages the service has sent to anyone so far; 0 if
	// that cannot be known.
	Mails() int
	// Unknown lists the requests, parameters and fields the server got and does
	// not know; none if that cannot be known.
	Unknown() []string
	// Rest is all that the server holds of the event outside of Content and
	// version (hidden properties that are not among Content's, guests and their
	// options) in some stable text form; empty if it cannot be seen.
	Rest(id calendar.RemoteID) string
}

// Inviter is an Other that can put another person's invitation into the
// calendar, too.
type Inviter interface {
	// AddInvitation puts e into the calendar as an invitation by e.Organizer,
	// with e.Guests and the calendar's owner as attendees. The owner has not
	// answered yet. A series only where this is an Answerer, too.
	AddInvitation(e calendar.Event) calendar.RemoteID
}

// Run runs the suite, one subtest a promise of calendar.Provider.
func Run(t *testing.T, s Setup) {
	t.Helper()
	if s.Many == 0 {
		s.Many = 60
	}
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"capabilities are told", capabilities},
		{"calendars are listed", calendars},

		{"a created event is read back the same everywhere", createGetChanges},
		{"the same key twice makes one event", sameKeyTwice},
		{"the same key gives the event as it is now", sameKeyEdited},
		{"the key of a deleted event is gone", keyOfDeleted},
		{"a created event carries its mark", markIsKept},
		{"a created event has no guests", createdHasNoGuests},
		{"several creates at once make each event once", createsAtOnce},

		{"update writes only the named groups", updateNamedGroups},
		{"update leaves guests and foreign properties", updateLeavesForeign},
		{"an invitation tells its organizer and its guests", invitation},
		{"update with what was read changes nothing", updateIsIdempotent},
		{"update on a stale version writes nothing", staleUpdate},
		{"update of a deleted event says so", updateDeleted},
		{"delete removes, and again says that it is gone", deleteTwice},
		{"delete on a stale version removes nothing", staleDelete},
		{"an unknown event is not found", unknownEvent},

		{"an empty calendar reads complete and empty", emptyCalendar},
		{"a second read is empty", secondReadEmpty},
		{"changes by another client are read", othersChanges},
		{"a touch without an edit keeps the content", touchOnly},
		{"an old cursor can be read again", cursorReplay},
		{"an expired cursor says so, and a full read follows", expiredCursor},
		{"a cursor that is none of ours is expired", foreignCursor},
		{"more events than one page are all read", manyEvents},

		{"times are read back as written", timesRoundTrip},
		{"clock changes keep the instant", clockChanges},
		{"all-day and timed can be switched", switchAllDay},
		{"titles and places are read back as written", textsRoundTrip},
		{"notes are read back as written", notesRoundTrip},
		{"long notes are kept or said to be cut", longNotes},
		{"fields can be cleared", clearing},
		{"availabilities are read back as written", availabilities},
		{"visibilities are read back as written", visibilities},
		{"importance and reminders are read back as written", otherGroups},

		{"colours and categories are read back as written", labels},
		{"properties are read back as written", properties},
		{"an event in full detail is read, and its rest is left alone", details},

		{"an invitation is answered without a mail", responding},
		{"there is nothing to answer to an event of one's own", respondingToOneself},

		{"an unknown calendar is not found", unknownCalendar},
		{"a read-only calendar refuses writes", readOnlyCalendar},
		{"shared calendars are what they are", sharedCalendars},
		{"a new calendar is made, once", makingCalendars},
		{"a cancelled context stops every call", cancelledContext},
		{"a refused sign-in is told as signed out", signedOut},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newBench(t, s)) })
	}
	t.Run("series", func(t *testing.T) {
		if s.Open(t).Provider.Capabilities().Series != nil {
			seriesTests(t, s)
		}
	})
}
