// Package samples holds the demo's two calendars, written for this project: one
// person's work (Outlook) and home (Google). They lie around any day: see Work.
//
// It imports nothing of this project.
package samples

import (
	"bytes"
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed work.ics
var work []byte

//go:embed home.ics
var home []byte

// base is the Monday of the week in which the files take place: their events
// begin in the week before it and end seven weeks after it.
var base = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// The person whose calendars these are, at work and at home: guests and
// organizers in the files name them.
const (
	Name      = "Robin Sample"
	WorkEmail = "robin@work.example"
	HomeEmail = "robin@home.example"
)

// Work returns the work calendar as iCalendar text, moved by whole weeks so that
// its main week is the one of now. Wall clocks and weekdays stay.
//
// Series began before that week, some of them years; a monthly one begins on the
// first day from its place on that its rule names, so that it has no odd start.
//
// Two of its events are in Home as well, as if the person had typed them twice
// or was invited in both: one with the same UID, one with the same title and
// times.
func Work(now time.Time) []byte { return shift(work, now) }

// Home returns the home calendar, likewise.
func Home(now time.Time) []byte { return shift(home, now) }

// dates finds the date of every time outside of a VTIMEZONE.
var dates = regexp.MustCompile(`(?m)^(?:DTSTART|DTEND|DTSTAMP|CREATED|LAST-MODIFIED|RECURRENCE-ID|EXDATE)[^\n:]*:(\d{8})`)

// shift moves the dates of an iCalendar text and ends its lines as RFC 5545
// §3.1 has it.
func shift(ics []byte, now time.Time) []byte {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	days := int(monday.Sub(base).Hours() / 24)

	// What the events' zones are made of stands before the first of them.
	const eventBegin = "BEGIN:VEVENT"
	begin := bytes.Index(ics, []byte(eventBegin))
	out := bytes.Clone(ics[:begin])
	for _, event := range bytes.SplitAfter(ics[begin:], []byte("END:VEVENT\n")) {
		event = move(event, days)
		out = append(out, move(event, toFirst(event))...)
	}
	return bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))
}

// move returns an event with its dates moved by days.
func move(event []byte, days int) []byte {
	out := bytes.Clone(event)
	for _, at := range dates.FindAllSubmatchIndex(event, -1) {
		copy(out[at[2]:at[3]], day(event[at[2]:at[3]]).AddDate(0, 0, days).Format(basicDate))
	}
	return out
}

const basicDate = "20060102"

func day(text []byte) time.Time {
	d, err := time.Parse(basicDate, string(text))
	if err != nil {
		panic("samples: " + err.Error()) // the files are part of the program
	}
	return d
}

var (
	starts   = regexp.MustCompile(`(?m)^DTSTART[^\n:]*:(\d{8})`)
	lastOf   = regexp.MustCompile(`(?m)^RRULE:FREQ=MONTHLY;BYDAY=-1[A-Z]{2}$`)
	monthday = regexp.MustCompile(`(?m)^RRULE:FREQ=MONTHLY;BYMONTHDAY=([\d,]+)$`)
)

// toFirst is how many days a monthly series must move on to begin on a day of its
// rule: the files have only last weekdays, of which whole weeks keep the weekday,
// and days of the month.
func toFirst(event []byte) (days int) {
	start := starts.FindSubmatch(event)
	if start == nil {
		return 0 // the end of the file
	}
	first := day(start[1])
	switch list := monthday.FindSubmatch(event); {
	case list != nil:
		for !slices.Contains(strings.Split(string(list[1]), ","), first.AddDate(0, 0, days).Format("2")) {
			days++
		}
	case lastOf.Match(event):
		for first.AddDate(0, 0, days).Month() == first.AddDate(0, 0, days+7).Month() {
			days += 7
		}
	}
	return days
}
