package terminal

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// DemoOptions says what the demo's calendars begin with.
type DemoOptions struct {
	Work, Home string // .ics files; sample calendars where empty
	Headless   bool
	Verbose    bool
	Say        io.Writer // takes a sentence for the person, should there be one
}

// DemoStage is what main sets up for the demo: two simulated accounts, and an
// engine on a data folder of its own that knows neither yet.
type DemoStage struct {
	Backend control.Backend
	Home    DemoSide
	Work    DemoSide
	// Unreadable lists what the given files hold and could not be read, or that
	// their side cannot hold as it is written.
	Unreadable []Unreadable
	Zone       string // IANA: where the demo's people live
	// Now is the demo's clock. Day, if set, is the day that it plays on instead of
	// today, since the files hold nothing near today (see DemoDay).
	Now func() time.Time
	Day time.Time
	// Browser visits the sign-in page as the person would.
	Browser *http.Client
	// Show runs the engine with tray and window until the person quits; nil
	// where there is no display, or Headless asked for none.
	Show  func(ctx context.Context) error
	Close func()
}

// DemoSide is one simulated account, seen as another client sees it: its events
// are the simulator's own data, not what the engine believes.
type DemoSide interface {
	Name() string // of the service
	Provider() state.ProviderKind
	Endpoint() state.Endpoint
	// Events lists the live events of the primary calendar, the one that takes
	// part: single ones, and each series once.
	Events() []DemoEvent
	// Agenda lists what that calendar shows between two moments: single events, and
	// the occurrences of series as they are now; the ID is that of the series.
	Agenda(from, to time.Time) ([]DemoEvent, error)
	Add(e DemoEvent) (id string, err error)
	Edit(id string, change func(*DemoEvent)) error
	// Delete deletes an event, or all of a series.
	Delete(id string) error
	DemoSeries
	Counts() DemoCounts
}

// DemoSeries is what people do to series. A slot names an occurrence by its
// original start, as an agenda's DemoEvent has it.
type DemoSeries interface {
	// AddSeries adds a series that begins with e; rule is an RRULE line.
	AddSeries(e DemoEvent, rule string) (id string, err error)
	// MoveOccurrence drags one occurrence by the wall clock.
	MoveOccurrence(id, slot string, by time.Duration) error
	CancelOccurrence(id, slot string) error
	// RenameSeries gives 'all events' a title.
	RenameSeries(id, title string) error
	// SplitSeries moves 'this and following events' by the wall clock; tail is the
	// new series that they are.
	SplitSeries(id, slot string, by time.Duration) (tail string, err error)
	// DeleteFollowing ends the series before the slot.
	DeleteFollowing(id, slot string) error
}

// DemoEvent is an event as another client sees it: a single one, a series, or
// one occurrence in an agenda.
type DemoEvent struct {
	ID         string
	UID        string // iCalendar's; not of an occurrence
	Slot       string // of an occurrence; empty otherwise
	Title      string
	Notes      string // not of an occurrence
	Place      string
	Start, End calendar.Time // dates when all-day, else wall clocks; a series' first
	Repeats    bool          // a series
	// Apart says that it is no meeting to be mirrored (a birthday, a called-off
	// meeting): it need not be on the other side.
	Apart bool
	// Private: for its owner's eyes, so that its copy shows as "Busy".
	Private bool
}

// DemoCounts is what a simulator counted since it began.
type DemoCounts struct {
	Writes  int      // requests that asked for a change
	Mails   int      // mails the real service would have sent
	Unknown []string // requests the real service would not have understood
}

// Unreadable is something in a file that could not be read, or not be held.
type Unreadable struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // from 1; 0 for the file as a whole
	Reason string `json:"reason"`
}

// String reads "work.ics:12: END:VEVENT is missing".
func (u Unreadable) String() string {
	if u.Line == 0 {
		return u.File + ": " + u.Reason
	}
	return fmt.Sprintf("%s:%d: %s", u.File, u.Line, u.Reason)
}

// look is what makes two events the same to a person. An instant for a wall
// clock, so that two ways to write one time are one look.
type look struct{ title, start string }

func lookOf(e DemoEvent) look { return look{strings.TrimSpace(e.Title), e.Start.Slot()} }

// sight is a look with its end.
type sight struct {
	look
	end string
}

func sightOf(e DemoEvent) sight { return sight{lookOf(e), e.End.Slot()} }

// tallyKinds counts single events and series.
func tallyKinds(events []DemoEvent) (single, series int) {
	for _, e := range events {
		if e.Repeats {
			series++
		} else {
			single++
		}
	}
	return single, series
}

// tally counts the sights of events.
func tally(events []DemoEvent) map[sight]int {
	n := map[sight]int{}
	for _, e := range events {
		n[sightOf(e)]++
	}
	return n
}

// countDuplicates is how many events a side holds beyond what people made there
// or on the other side. Events alike on both sides from the start count once,
// for they are linked and not copied.
func countDuplicates(side, bornHere, bornThere []DemoEvent) int {
	here, there := tally(bornHere), tally(bornThere)
	allowed := map[look]int{}
	for s, n := range here {
		allowed[s.look] += max(n, there[s])
	}
	for s, n := range there {
		if here[s] == 0 {
			allowed[s.look] += n
		}
	}
	found := map[look]int{}
	for _, e := range side {
		found[lookOf(e)]++
	}
	extra := 0
	for l, n := range found {
		extra += max(0, n-allowed[l])
	}
	return extra
}

// missing lists the events of from that to does not hold with equal title, start
// and end, each as often as from has it.
func missing(from, to []DemoEvent) []DemoEvent {
	have := tally(to)
	var out []DemoEvent
	for _, e := range from {
		if have[sightOf(e)] == 0 {
			out = append(out, e)
			continue
		}
		have[sightOf(e)]--
	}
	return out
}

// DemoDay picks the day to play on for events that start at the times given:
// today (false) if any is near it, else the day from which on most of them lie
// ahead, within what is mirrored.
func DemoDay(starts []time.Time, today time.Time) (day time.Time, other bool) {
	ahead := func(day time.Time) time.Time { return day.AddDate(0, 0, sureOn) }
	for _, t := range starts {
		if t.After(today.AddDate(0, 0, -sureBack)) && t.Before(ahead(today)) {
			return time.Time{}, false
		}
	}
	sorted := slices.SortedFunc(slices.Values(starts), time.Time.Compare)
	most := 0
	for i, t := range sorted {
		end, _ := slices.BinarySearchFunc(sorted, ahead(t), time.Time.Compare)
		if end-i > most {
			most, day = end-i, t
		}
	}
	return day, most > 0
}
