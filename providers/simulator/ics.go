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
	Events   int       `json:"events"`   // single events stored
	Series   int       `json:"series"`   // series that were left out, or with KeepSeries stored; one with its overrides counts once
	Problems []Problem `json:"problems"` // what could not be read, in the order of its lines
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

// LoadOption changes what LoadICS does.
type LoadOption func(*icsLoader)

// KeepSeries stores recurring events too, with their RRULE, RDATE and EXDATE
// lines and their exceptions by original start. For services that can hold them.
func KeepSeries() LoadOption { return func(l *icsLoader) { l.keepSeries = true } }

// DropCancelled leaves out single events with STATUS:CANCELLED, for a service
// in which a cancelled event is a deleted one (Google).
func DropCancelled() LoadOption { return func(l *icsLoader) { l.dropCancelled = true } }

// LoadICS reads an iCalendar file (RFC 5545) into a calendar of the mailbox, as
// events that were there before any client came: no mail is sent. It takes the
// mailbox's lock. Name is what problems call the file.
//
// What cannot be read is named in Loaded.Problems, and the rest goes on; a
// malformed line that an event can do without does not cost the event. Of
// several single events with one UID the newest is kept. To-dos, journals and
// free/busy are passed over. Series are left out and counted, unless KeepSeries.
//
// The error is for what leaves nothing to go on with: there is no such
// calendar, or r fails.
func LoadICS(m *mailbox.Mailbox, calendarID string, r io.Reader, name string, options ...LoadOption) (Loaded, error) {
	l := &icsLoader{file: name}
	for _, o := range options {
		o(l)
	}
	lines, err := unfoldICS(r)
	if err != nil {
		return Loaded{}, fmt.Errorf("simulator: read %s: %w", name, err)
	}
	m.Lock()
	defer m.Unlock()
	cal := m.Calendar(calendarID)
	if cal == nil {
		return Loaded{}, fmt.Errorf("simulator: load %s: %w: %s", name, mailbox.ErrNoCalendar, calendarID)
	}
	l.zone = cal.Zone
	for _, e := range l.load(lines) {
		updated := e.Updated
		if m.Insert(cal, e); !updated.IsZero() {
			e.Updated = updated
		}
	}
	return l.out, nil
}

// icsLoader turns the lines of one file into events.
type icsLoader struct {
	file          string
	zone          string // IANA: what a floating time is read in
	keepSeries    bool
	dropCancelled bool

	zones    *icsZones
	reported map[string]bool // TZIDs already named as unknown
	out      Loaded
}

func (l *icsLoader) problem(line int, uid, format string, args ...any) {
	l.out.Problems = append(l.out.Problems, Problem{File: l.file, Line: line, UID: uid, Reason: fmt.Sprintf(format, args...)})
}

// load returns the events to be stored, in file order.
func (l *icsLoader) load(lines []icsLine) []*mailbox.Event {
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

	var singles, series []icsEvent
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
			case e.recurs:
				series = append(series, e)
			case l.dropCancelled && e.Status == "cancelled":
			default:
				singles = append(singles, e)
			}
		}
	}
	events := l.newest(singles)
	l.out.Events = len(events)
	events = append(events, l.gather(series)...)
	slices.SortStableFunc(l.out.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return events
}

func (l *icsLoader) report(bad []Problem, uid string) {
	for _, p := range bad {
		l.problem(p.Line, uid, "%s", p.Reason)
	}
}

// newest drops the older of events with one UID: a UID names one event of a
// calendar (RFC 5545 §3.8.4.7), and the higher sequence, then the later stamp,
// is the newer state (RFC 5546 §2.1.5).
func (l *icsLoader) newest(events []icsEvent) []*mailbox.Event {
	best := map[string]int{}
	for i, e := range events {
		j, seen := best[e.UID]
		switch {
		case e.UID == "":
		case !seen:
			best[e.UID] = i
		case cmp.Or(cmp.Compare(e.Sequence, events[j].Sequence), e.Updated.Compare(events[j].Updated)) > 0:
			best[e.UID] = i
			l.problem(events[j].line, e.UID, "left out: line %d has a newer event with the same UID", e.line)
		default:
			l.problem(e.line, e.UID, "left out: line %d has the same UID", events[j].line)
		}
	}
	var kept []*mailbox.Event
	for i, e := range events {
		if e.UID == "" || best[e.UID] == i {
			kept = append(kept, e.Event)
		}
	}
	return kept
}

// gather counts series, and with KeepSeries puts the exceptions of each into
// its master. An exception without a master stands alone, as services show it.
func (l *icsLoader) gather(parts []icsEvent) []*mailbox.Event {
	masters := map[string]*mailbox.Event{}
	uids := map[string]bool{}
	var events []*mailbox.Event
	for i, e := range parts {
		key := cmp.Or(e.UID, fmt.Sprint("line ", i))
		uids[key] = true
		if e.original == (mailbox.Moment{}) && masters[key] == nil {
			masters[key] = e.Event
			events = append(events, e.Event)
		} else if e.original == (mailbox.Moment{}) {
			l.problem(e.line, e.UID, "left out: the series with this UID is there already")
		}
	}
	l.out.Series = len(uids)
	if !l.keepSeries {
		return nil
	}
	for _, e := range parts {
		if e.original == (mailbox.Moment{}) {
			continue
		}
		master := masters[e.UID]
		if master == nil {
			events = append(events, e.Event)
			continue
		}
		if master.Exceptions == nil {
			master.Exceptions = map[string]*mailbox.Event{}
		}
		master.Exceptions[slotOf(e.original)] = e.Event
	}
	return events
}

// slotOf is the key of an occurrence: its original start as a date or in UTC.
func slotOf(m mailbox.Moment) string {
	if m.Date != "" {
		return m.UTC.Format("20060102")
	}
	return m.UTC.Format("20060102T150405Z")
}
