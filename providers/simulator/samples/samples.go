// Package samples holds the demo's two calendars, written for this project: one
// person's work (Outlook) and home (Google). They lie around any day: see Work.
//
// It imports nothing of this project.
package samples

import (
	"bytes"
	_ "embed"
	"regexp"
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
	begin := bytes.Index(ics, []byte("BEGIN:VEVENT"))
	out := bytes.Clone(ics)
	for _, at := range dates.FindAllSubmatchIndex(ics[begin:], -1) {
		from, to := begin+at[2], begin+at[3]
		d, err := time.Parse("20060102", string(ics[from:to]))
		if err != nil {
			panic("samples: " + err.Error()) // the files are part of the program
		}
		copy(out[from:to], d.AddDate(0, 0, days).Format("20060102"))
	}
	return bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))
}
