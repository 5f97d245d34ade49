package simulator

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// Loaded says what became of one iCalendar file.
type Loaded struct {
	Events    int       `json:"events"`    // single events stored
	Series    int       `json:"series"`    // series stored; one with its overrides counts once
	Changed   int       `json:"changed"`   // occurrences of them that were moved or edited
	Cancelled int       `json:"cancelled"` // occurrences of them that were taken out
	Problems  []Problem `json:"problems"`  // what could not be read or held, in the order of its lines
}

// Problem is a line or component of a file that could not be read.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // as an editor counts, from 1; 0 for the file as a whole
	UID    string `json:"uid,omitempty"`
	Reason string `json:"reason"`
}

// String reads "work.ics:12: END:VEVENT is missing: left out".
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	return s + ": " + p.Reason
}

// LoadInto reads an iCalendar file (RFC 5545) into a calendar, as events that
// were there before any client came: no mail is sent. Name is what problems call
// the file.
//
// Series are stored as the person of this service would have made them: a rule
// that the service cannot hold is a problem, and the series is left out. What an
// RDATE or EXDATE names, and the occurrence that a RECURRENCE-ID means, may be
// written as an instant, in any zone, or as a date. An override that has no place
// in a series is an event of its own.
//
// What cannot be read is named in Loaded.Problems, and the rest goes on; a
// malformed line that an event can do without does not cost the event. Of several
// events, series or overrides of one occurrence with one UID the newest is kept.
// To-dos, journals and free/busy are passed over.
//
// The error is for what leaves nothing to go on with: there is no such calendar,
// or r fails.
func (s *Simulator) LoadInto(calendarID string, r io.Reader, name string) (Loaded, error) {
	h, err := s.hands()
	if err != nil {
		return Loaded{}, err
	}
	lines, err := unfoldICS(r)
	if err != nil {
		return Loaded{}, fmt.Errorf("simulator: read %s: %w", name, err)
	}
	m := s.mailbox
	m.Lock()
	cal := m.Calendar(calendarID)
	if cal == nil {
		m.Unlock()
		return Loaded{}, fmt.Errorf("simulator: load %s: %w: %s", name, mailbox.ErrNoCalendar, calendarID)
	}
	// A cancelled event is a deleted one for Google.
	l := &icsLoader{file: name, zone: cal.Zone, dropCancelled: s.service == Google}
	m.Unlock()
	singles, series := l.load(lines)
	store := &icsStore{icsLoader: l, m: m, hands: h, cal: calendarID}
	for _, e := range singles {
		store.single(e)
	}
	for _, x := range series {
		store.series(x)
	}
	slices.SortStableFunc(l.out.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return l.out, nil
}

// icsLoader turns the lines of one file into events.
type icsLoader struct {
	file          string
	zone          string // IANA: what a floating time is read in
	dropCancelled bool

	zones    *icsZones
	reported map[string]bool // TZIDs already named as unknown
	out      Loaded
}

func (l *icsLoader) problem(line int, uid, format string, args ...any) {
	l.out.Problems = append(l.out.Problems, Problem{File: l.file, Line: line, UID: uid, Reason: fmt.Sprintf(format, args...)})
}

// load returns what is to be stored, in file order.
func (l *icsLoader) load(lines []icsLine) (singles []icsEvent, series []icsSeries) {
	roots, problems := parseICS(lines)
	for _, p := range problems {
		l.problem(p.Line, p.UID, "%s", p.Reason)
	}
	var calendars []*icsComponent
	for _, c := range roots {
		if c.name == "VCALENDAR" {
			calendars = append(calendars, c)
		}
	}
	if len(calendars) == 0 && len(problems) == 0 {
		l.problem(0, "", "not iCalendar: BEGIN:VCALENDAR is missing")
	}
	l.zones, l.reported = newICSZones(calendars), map[string]bool{}

	var masters, overrides []icsEvent
	for _, cal := range calendars {
		l.report(cal.bad, "")
		// The zone that Google, Apple and others name for the whole file.
		floating := cmp.Or(l.zones.find(cal.text("X-WR-TIMEZONE")), l.zone)
		for _, c := range cal.children {
			if c.name != "VEVENT" {
				continue
			}
			l.report(c.bad, c.text("UID"))
			e, ok := l.event(c, floating)
			switch {
			case !ok:
			case e.original != (mailbox.Moment{}):
				overrides = append(overrides, e)
			case l.dropCancelled && e.Status == "cancelled":
			default:
				masters = append(masters, e)
			}
		}
	}
	return l.gather(l.newest(masters), overrides)
}

func (l *icsLoader) report(bad []Problem, uid string) {
	for _, p := range bad {
		l.problem(p.Line, uid, "%s", p.Reason)
	}
}

// newest drops the older of events that have one UID and mean one occurrence: a
// UID names one event of a calendar (RFC 5545 §3.8.4.7), and the higher sequence,
// then the later stamp, is the newer state (RFC 5546 §2.1.5).
func (l *icsLoader) newest(events []icsEvent) []icsEvent {
	best := map[string]int{}
	for i, e := range events {
		j, seen := best[e.key()]
		switch {
		case e.UID == "":
		case !seen:
			best[e.key()] = i
		case cmp.Or(cmp.Compare(e.Sequence, events[j].Sequence), e.Updated.Compare(events[j].Updated)) > 0:
			best[e.key()] = i
			l.problem(events[j].line, e.UID, "left out: line %d has a newer event with the same UID", e.line)
		default:
			l.problem(e.line, e.UID, "left out: line %d has the same UID", events[j].line)
		}
	}
	var kept []icsEvent
	for i, e := range events {
		if e.UID == "" || best[e.key()] == i {
			kept = append(kept, e)
		}
	}
	return kept
}
