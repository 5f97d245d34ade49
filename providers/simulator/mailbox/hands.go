package mailbox

import (
	"cmp"
	"errors"
	"time"
)

// Hands are a person in the service's own app, as far as series are concerned:
// what they can do and what they then see. Each service has its own, since each
// keeps a series in its own way; a test acts and compares through this one.
//
// cal is a calendar's id or "primary". id is the id of the series (its master).
// slot names an occurrence by its ORIGINAL start, wherever it was moved since:
// "20060102T150405Z", or "20060102" when all-day. All methods take the mailbox's
// lock; none sends a mail or counts as a request.
//
// The functions f get a copy that they may change: Title, Place, Body, Start,
// End, Recurrence, ColorID, Categories, Attendees and their answers, Conference,
// Attachments, Reminders, ... What they leave in Date, Local and Zone of a Moment counts;
// its UTC is worked out from them.
//
// Errors: ErrNoCalendar, ErrNoEvent, ErrNoOccurrence, ErrRefused.
type Hands interface {
	// AddSeries stores a series. Recurrence holds RFC 5545 lines ("RRULE:...",
	// "EXDATE:..."), Start and End the first occurrence.
	AddSeries(cal string, e Event) (id string, err error)
	// MoveOccurrence drags one occurrence from where it is now, by the wall clock
	// of its zone (whole days when all-day); it keeps its length.
	MoveOccurrence(cal, id, slot string, by time.Duration) error
	// EditOccurrence changes one occurrence. The copy has its own Start and End.
	EditOccurrence(cal, id, slot string, f func(*Event)) error
	// CancelOccurrence deletes one occurrence.
	CancelOccurrence(cal, id, slot string) error
	// RestoreOccurrence takes a cancelled occurrence back; ErrRefused where the
	// service does not offer it.
	RestoreOccurrence(cal, id, slot string) error
	// EditSeries changes 'all events': words, times, zone, Recurrence (as lines).
	EditSeries(cal, id string, f func(*Event)) error
	// SplitSeries changes 'this and following events': the series ends before the
	// slot, and a new one begins there as f wants it; the copy has the slot's Start
	// and End and the rest of the rule. At the first slot it is EditSeries, and
	// tailID is id.
	SplitSeries(cal, id, slot string, f func(*Event)) (tailID string, err error)
	// DeleteFollowing ends the series before the slot; at the first slot it
	// deletes the series.
	DeleteFollowing(cal, id, slot string) error
	// DeleteSeries deletes 'all events'.
	DeleteSeries(cal, id string) error
	// ToSingle makes the series one event, under the same id: its first occurrence.
	ToSingle(cal, id string) error
	// ToSeries makes a single event a series under the same id; rule is an RRULE line.
	ToSeries(cal, id, rule string) error
	// Occurrences are what the person sees of one series between two moments, in
	// the order of Agenda.
	Occurrences(cal, id string, from, to time.Time) ([]Occurrence, error)
	// Agenda is everything that the person sees in a calendar between two moments:
	// single events and occurrences, exceptions applied, cancelled ones left out.
	// An event belongs to it when it starts before to and ends after from, or
	// starts at or after from (an event without length); a date counts from
	// midnight UTC. Sorted by CompareOccurrences.
	Agenda(cal string, from, to time.Time) ([]Occurrence, error)
}

// ErrNoOccurrence and ErrRefused say why an act on a series failed.
var (
	ErrNoOccurrence = errors.New("mailbox: no such occurrence")
	ErrRefused      = errors.New("mailbox: the service does not allow it")
)

// Occurrence is one meeting in a person's view: a single event or one occurrence
// of a series as it now is.
type Occurrence struct {
	Series string // id of the series; of the event itself when it is a single one
	Slot   string // original start (see Hands); empty for a single event
	// Start and End are instants in UTC; midnight UTC of the dates when all-day
	// (End the day after the last).
	Start, End   time.Time
	AllDay       bool
	Title, Place string
}

// Overlaps reports whether the occurrence belongs to an Agenda from from to to.
func (o Occurrence) Overlaps(from, to time.Time) bool {
	return o.Start.Before(to) && (o.End.After(from) || !o.Start.Before(from))
}

// CompareOccurrences orders by start, then end, all-day first, title, place. Ids
// and slots do not count: two services have different ones for the same meeting.
func CompareOccurrences(a, b Occurrence) int {
	days := func(o Occurrence) int {
		if o.AllDay {
			return 0
		}
		return 1
	}
	return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(days(a), days(b)),
		cmp.Compare(a.Title, b.Title), cmp.Compare(a.Place, b.Place))
}
