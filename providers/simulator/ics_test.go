package simulator

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// berlin is a simulator of a service whose owner lives in Berlin.
func berlin(t testing.TB, service Service) *Simulator {
	t.Helper()
	now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	s, err := New(service, Options{Owner: mailbox.Person{Name: "Me", Email: "me@example.com"}, Zone: "Europe/Berlin", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// load reads ICS text into Outlook and returns what is stored.
func load(t *testing.T, text string) ([]mailbox.Event, Loaded) {
	t.Helper()
	s := berlin(t, Outlook)
	got := loadInto(t, s, text)
	return s.Mailbox().Events("primary"), got
}

func loadInto(t *testing.T, s *Simulator, text string) Loaded {
	t.Helper()
	got, err := s.Load(strings.NewReader(text), "test.ics")
	if err != nil {
		t.Fatal(err)
	}
	if mails := s.Mailbox().Mails(); len(mails) != 0 {
		t.Errorf("loading sent %d mails", len(mails))
	}
	return got
}

// one wraps the lines of an event and loads it.
func one(t *testing.T, lines ...string) (mailbox.Event, Loaded) {
	t.Helper()
	events, got := load(t, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n"+strings.Join(lines, "\n")+"\nEND:VEVENT\nEND:VCALENDAR\n")
	if len(events) != 1 || got.Events != 1 {
		t.Fatalf("got %d events (%+v), want 1", len(events), got)
	}
	return events[0], got
}

func readTestdata(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/ics/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLoadExchangeExport(t *testing.T) {
	events, got := load(t, readTestdata(t, "exchange.ics"))
	if want := (Loaded{Events: 3}); !cmp.Equal(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	utc := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	me := mailbox.Person{Name: "Me", Email: "me@example.com"}
	want := []mailbox.Event{{
		UID: "040000008200E00074C5B7101A82E008000000001", Sequence: 3,
		Created: utc("2026-06-01T07:00:00Z"), Updated: utc("2026-07-01T08:00:00Z"),
		Title: "Quartalsgespräch; Teil 1", Place: "Raum 4.12",
		Body: "<html><body><p>Bring the <b>numbers</b>, please.</p></body></html>", BodyIsHTML: true,
		Start:  mailbox.Moment{Local: "2026-07-14T14:00:00", Zone: "Europe/Berlin", UTC: utc("2026-07-14T12:00:00Z")},
		End:    mailbox.Moment{Local: "2026-07-14T15:00:00", Zone: "Europe/Berlin", UTC: utc("2026-07-14T13:00:00Z")},
		ShowAs: "oof", Sensitivity: "private", Importance: "high", Status: "confirmed",
		Categories: []string{"Red category", "Board, internal"},
		Organizer:  mailbox.Person{Name: "Weber, Ute", Email: "ute@example.com"},
		Attendees: []mailbox.Attendee{
			{Person: mailbox.Person{Name: "Ute", Email: "ute@example.com"}, Type: "required", Response: "accepted"},
			{Person: mailbox.Person{Name: "Sam", Email: "sam@example.com"}, Type: "optional", Response: "needsAction"},
			{Person: mailbox.Person{Name: "4.12", Email: "room@example.com"}, Type: "resource", Response: "accepted"},
		},
		Reminders: &[]mailbox.Reminder{{Method: "popup", Minutes: 15}},
	}, {
		UID:     "040000008200E00074C5B7101A82E008000000002",
		Created: utc("2026-07-01T09:00:00Z"), Updated: utc("2026-07-01T08:00:00Z"),
		Title: "Call with Boston", ShowAs: "tentative", Importance: "normal", Status: "confirmed", Organizer: me,
		// "Customized Time Zone" has only its offsets to go by.
		Start: mailbox.Moment{Local: "2026-07-14T09:00:00", Zone: "America/New_York", UTC: utc("2026-07-14T13:00:00Z")},
		End:   mailbox.Moment{Local: "2026-07-14T09:30:00", Zone: "America/New_York", UTC: utc("2026-07-14T13:30:00Z")},
	}, {
		UID:     "040000008200E00074C5B7101A82E008000000003",
		Created: utc("2026-07-01T09:00:00Z"), Updated: utc("2026-07-01T08:00:00Z"),
		Title: "Betriebsausflug", ShowAs: "busy", Importance: "normal", Status: "confirmed", Organizer: me,
		AllDay: true,
		Start:  mailbox.Moment{Date: "2026-07-17", UTC: utc("2026-07-17T00:00:00Z")},
		End:    mailbox.Moment{Date: "2026-07-18", UTC: utc("2026-07-18T00:00:00Z")},
	}}
	ignore := cmpopts.IgnoreFields(mailbox.Event{}, "ID", "Change", "Type", "Creator")
	if diff := cmp.Diff(want, events, ignore); diff != "" {
		t.Errorf("stored events differ (-want +got):\n%s", diff)
	}
}

func TestBrokenFileNamesEveryFaultAndGoesOn(t *testing.T) {
	events, got := load(t, readTestdata(t, "broken.ics"))
	var titles, problems []string
	for _, e := range events {
		titles = append(titles, e.UID+": "+e.Title)
	}
	for _, p := range got.Problems {
		problems = append(problems, fmt.Sprintf("%s (%s)", p, p.UID))
	}
	wantTitles := []string{
		"half-line: Kept in spite of three bad lines",
		"odd-zone: ",
		"good-1: Newer first one",
	}
	if diff := cmp.Diff(wantTitles, titles); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	wantProblems := []string{
		"test.ics:1: END:VCALENDAR is missing ()",
		"test.ics:4: left out: line 55 has a newer event with the same UID (good-1)",
		"test.ics:11: left out: the event has no DTSTART (no-start)",
		"test.ics:18: left out: the event ends before it starts (end-first)",
		`test.ics:25: left out: DTSTART: "20261399T080000Z" is no date or time (bad-date)`,
		"test.ics:30: left out: DTSTART and DTEND are not both dates or both times (mixed)",
		`test.ics:37: malformed content line: missing colon in "and a second one that nobody folded" (half-line)`,
		`test.ics:38: malformed param value: unterminated quoted string in "LOCATION;ALTREP=\"no end" (half-line)`,
		`test.ics:39: malformed line "ATTENDEE;CN=" (half-line)`,
		`test.ics:44: time zone "Middle Earth" is unknown: its times are read in Europe/Berlin (odd-zone)`,
		`test.ics:50: left out: RRULE: "UNTL=20261023" is no part of a rule (bad-rule)`,
		"test.ics:52: END:VEVENT is missing: left out (no-end)",
		"test.ics:62: END:VTODO closes nothing ()",
		"test.ics:63: END:VEVENT is missing: left out (cut off)",
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestEndOfAnEvent(t *testing.T) {
	for _, test := range []struct {
		name, lines, start, end string
	}{
		{"a time without an end has no length", "DTSTART:20260714T080000Z", "2026-07-14T08:00:00[UTC]", "2026-07-14T08:00:00[UTC]"},
		{"a date without an end is one day", "DTSTART;VALUE=DATE:20260714", "2026-07-14", "2026-07-15"},
		{"a date without VALUE=DATE is a date", "DTSTART:20260714", "2026-07-14", "2026-07-15"},
		{"a duration in hours", "DTSTART;TZID=Asia/Tokyo:20260714T080000\nDURATION:PT1H30M", "2026-07-14T08:00:00[Asia/Tokyo]", "2026-07-14T09:30:00[Asia/Tokyo]"},
		{"a duration over a change of the clock is exact", "DTSTART;TZID=Europe/Berlin:20260329T010000\nDURATION:PT2H", "2026-03-29T01:00:00[Europe/Berlin]", "2026-03-29T04:00:00[Europe/Berlin]"},
		{"a duration in days", "DTSTART;VALUE=DATE:20260714\nDURATION:P3D", "2026-07-14", "2026-07-17"},
		{"a date that ends on its own day", "DTSTART;VALUE=DATE:20260714\nDTEND;VALUE=DATE:20260714", "2026-07-14", "2026-07-15"},
		{"ends in another zone", "DTSTART;TZID=Europe/Berlin:20260714T100000\nDTEND;TZID=America/New_York:20260714T130000", "2026-07-14T10:00:00[Europe/Berlin]", "2026-07-14T13:00:00[America/New_York]"},
		{"a floating time is read in the calendar's zone", "DTSTART:20260714T080000\nDTEND:20260714T090000", "2026-07-14T08:00:00[Europe/Berlin]", "2026-07-14T09:00:00[Europe/Berlin]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, got := one(t, test.lines)
			if len(got.Problems) != 0 {
				t.Errorf("problems: %v", got.Problems)
			}
			show := func(m mailbox.Moment) string {
				if m.Date != "" {
					return m.Date
				}
				return m.Local + "[" + m.Zone + "]"
			}
			if show(e.Start) != test.start || show(e.End) != test.end {
				t.Errorf("got %s to %s, want %s to %s", show(e.Start), show(e.End), test.start, test.end)
			}
		})
	}
}

func TestZoneNames(t *testing.T) {
	const moscowLike = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0545\nTZOFFSETTO:+0545\nEND:STANDARD\n"
	for _, test := range []struct{ name, tzid, definition, want string }{
		{"an IANA name", "America/Argentina/Buenos_Aires", "", "America/Argentina/Buenos_Aires"},
		{"a Windows name", "Tokyo Standard Time", "", "Asia/Tokyo"},
		{"an IANA name at the end of a unique id", "/mozilla.org/20050126_1/Europe/Rome", "", "Europe/Rome"},
		{"three parts at the end of a unique id", "/freeassociation.sourceforge.net/Tzfile/America/Indiana/Knox", "", "America/Indiana/Knox"},
		{"a location beside the id", "My zone", "X-LIC-LOCATION:Europe/Madrid\n", "Europe/Madrid"},
		{"nothing but offsets", "My zone", moscowLike, "Asia/Katmandu"},
		{"nothing at all", "My zone", "", "Europe/Berlin"},
		{"the machine's zone is no zone", "Local", "", "Europe/Berlin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:" + test.tzid + "\n" + test.definition + "END:VTIMEZONE\n" +
				"BEGIN:VEVENT\nUID:u\nDTSTART;TZID=\"" + test.tzid + "\":20260714T080000\nEND:VEVENT\nEND:VCALENDAR\n"
			events, got := load(t, text)
			if len(events) != 1 || events[0].Start.Zone != test.want {
				t.Fatalf("got %+v, want zone %s", events, test.want)
			}
			if unknown := test.want == "Europe/Berlin"; unknown != (len(got.Problems) == 1) {
				t.Errorf("problems: %v", got.Problems)
			}
		})
	}
}

func TestEveryWindowsZoneExists(t *testing.T) {
	for _, w := range sortedWindowsZones {
		if _, err := time.LoadLocation(windowsZones[w]); err != nil {
			t.Errorf("%s: %v", w, err)
		}
	}
}

func TestTextSurvives(t *testing.T) {
	for _, test := range []struct{ name, raw, want string }{
		{"escapes", `SUMMARY:a\, b\; c\\d\ne\Nf`, "a, b; c\\d\ne\nf"},
		{"bare commas and colons", "SUMMARY:a, b: c; d", "a, b: c; d"},
		{"an unknown escape stays", `SUMMARY:C:\temp`, `C:\temp`},
		{"a lone backslash at the end", `SUMMARY:end\`, `end\`},
		{"lower-case names", "summary;language=de:hallo", "hallo"},
		{"folded inside a character", "SUMMARY:Caf\xc3\n \xa9", "Café"},
		{"folded with a tab", "SUMMARY:one\n\t two", "one two"},
		{"Latin-1", "SUMMARY:Gr\xfc\xdfe", "Grüße"},
		{"Windows-1252", "SUMMARY:\x93so\x94", "“so”"},
		{"emoji", "SUMMARY:🎂 cake", "🎂 cake"},
	} {
		for _, newline := range []string{"\n", "\r\n"} {
			t.Run(fmt.Sprintf("%s %q", test.name, newline), func(t *testing.T) {
				text := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20260714T080000Z\n" + test.raw + "\nEND:VEVENT\nEND:VCALENDAR\n"
				events, got := load(t, strings.ReplaceAll(text, "\n", newline))
				if len(events) != 1 || events[0].Title != test.want || len(got.Problems) != 0 {
					t.Errorf("got %+v, %+v; want title %q", events, got, test.want)
				}
			})
		}
	}
}

func TestFieldsOfAnEvent(t *testing.T) {
	start := "DTSTART:20260714T080000Z\nDTEND:20260714T090000Z\n"
	for _, test := range []struct {
		name, lines string
		get         func(mailbox.Event) any
		want        any
	}{
		{"transparent is free", "TRANSP:TRANSPARENT", func(e mailbox.Event) any { return e.ShowAs }, "free"},
		{"busy unless said", "", func(e mailbox.Event) any { return e.ShowAs }, "busy"},
		{"tentative stays a status", "STATUS:TENTATIVE", func(e mailbox.Event) any { return e.Status }, "tentative"},
		{"cancelled stands in the calendar", "STATUS:CANCELLED", func(e mailbox.Event) any { return e.Status }, "cancelled"},
		{"low priority", "PRIORITY:9", func(e mailbox.Event) any { return e.Importance }, "low"},
		{"medium priority", "PRIORITY:5", func(e mailbox.Event) any { return e.Importance }, "normal"},
		{"confidential", "CLASS:CONFIDENTIAL", func(e mailbox.Event) any { return e.Sensitivity }, "confidential"},
		{"plain notes", `DESCRIPTION:a\nb`, func(e mailbox.Event) any { return fmt.Sprintf("%q %v", e.Body, e.BodyIsHTML) }, `"a\nb" false`},
		{"no alarm is the calendar's default", "", func(e mailbox.Event) any { return e.Reminders == nil }, true},
		{
			"alarms before the start, one by mail, one after the end",
			"BEGIN:VALARM\nTRIGGER:-P1D\nACTION:EMAIL\nEND:VALARM\nBEGIN:VALARM\nTRIGGER;VALUE=DATE-TIME:20260714T075000Z\nACTION:AUDIO\nEND:VALARM\n" +
				"BEGIN:VALARM\nTRIGGER;RELATED=END:PT5M\nEND:VALARM",
			func(e mailbox.Event) any { return fmt.Sprint(*e.Reminders) }, "[{email 1440} {popup 10}]",
		},
		{
			"links are attachments, contents are not",
			"ATTACH;FILENAME=plan.pdf;FMTTYPE=application/pdf:https://example.com/plan.pdf\nATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA",
			func(e mailbox.Event) any { return fmt.Sprint(e.Attachments) }, "[{plan.pdf https://example.com/plan.pdf application/pdf}]",
		},
		{"the address to join", "X-GOOGLE-CONFERENCE:https://meet.google.com/abc", func(e mailbox.Event) any { return e.Conference }, "https://meet.google.com/abc"},
		{"a guest without a mail address is nobody", "ATTENDEE;CN=Bob:urn:uuid:1", func(e mailbox.Event) any { return len(e.Attendees) }, 0},
		{"a guest whose address stands aside", "ATTENDEE;CN=Bob;EMAIL=bob@example.com:urn:uuid:1", func(e mailbox.Event) any { return e.Attendees[0].Email }, "bob@example.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, got := one(t, start+test.lines)
			if v := test.get(e); v != test.want {
				t.Errorf("got %v, want %v", v, test.want)
			}
			if len(got.Problems) != 0 {
				t.Errorf("problems: %v", got.Problems)
			}
		})
	}
}

func TestAnEmptyRuleIsNoRule(t *testing.T) {
	if e, got := one(t, "DTSTART:20260714", "RRULE:"); len(e.Recurrence) != 0 || len(got.Problems) != 0 {
		t.Errorf("stored %v, %+v", e.Recurrence, got)
	}
}

func TestACancelledEventIsADeletedOneForGoogle(t *testing.T) {
	s := berlin(t, Google)
	got := loadInto(t, s, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20260714T080000Z\nSTATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR\n")
	if events := s.Mailbox().Events("primary"); len(events) != 0 || got.Events != 0 || len(got.Problems) != 0 {
		t.Errorf("stored %v, %+v", events, got)
	}
}

func TestNotACalendar(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"an empty file", "", "test.ics: not iCalendar: BEGIN:VCALENDAR is missing"},
		{"a web page", "\n<!DOCTYPE html>\n<html>\n", "test.ics:2: not iCalendar: text outside of BEGIN:VCALENDAR"},
		{"an endless nest", strings.Repeat("BEGIN:X\n", 20), "test.ics:9: components are nested more than 8 deep"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got := load(t, test.text)
			if len(got.Problems) == 0 || got.Problems[0].String() != test.want {
				t.Errorf("got %v, want %s", got.Problems, test.want)
			}
		})
	}
}

func TestAFileWithoutItsEndStillCounts(t *testing.T) {
	events, got := load(t, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20260714T080000Z\nEND:VEVENT\n")
	if len(events) != 1 || len(got.Problems) != 1 || got.Problems[0].Reason != "END:VCALENDAR is missing" {
		t.Errorf("stored %d, %+v", len(events), got)
	}
}

func TestErrorsThatLeaveNothing(t *testing.T) {
	s := berlin(t, Google)
	if _, err := s.LoadInto("nowhere", strings.NewReader(""), "x.ics"); err == nil || !strings.Contains(err.Error(), "no such calendar: nowhere") {
		t.Errorf("unknown calendar: %v", err)
	}
	long := "BEGIN:VCALENDAR\nX-A:" + strings.Repeat("a", maxICSLine+1)
	if _, err := s.Load(strings.NewReader(long), "x.ics"); err == nil || !strings.Contains(err.Error(), "longer than 4 MB") {
		t.Errorf("endless line: %v", err)
	}
}

func FuzzLoadICS(f *testing.F) {
	for _, name := range []string{"exchange.ics", "broken.ics", "series.ics"} {
		b, err := os.ReadFile("testdata/ics/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, service := range []Service{Google, Outlook} {
			s := berlin(t, service)
			got, err := s.Load(strings.NewReader(text), "fuzz.ics")
			if err != nil {
				continue
			}
			lines := strings.Count(text, "\n") + 1
			for _, p := range got.Problems {
				if p.Line < 0 || p.Line > lines {
					t.Errorf("%s: problem on line %d of %d: %s", service, p.Line, lines, p.Reason)
				}
			}
			for _, e := range s.Mailbox().Events("primary") {
				if e.Start.UTC.IsZero() || e.End.UTC.Before(e.Start.UTC) {
					t.Errorf("%s: stored from %v to %v", service, e.Start, e.End)
				}
			}
			from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			if _, err := s.Agenda("primary", from, from.AddDate(1, 0, 0)); err != nil {
				t.Errorf("%s: %v", service, err)
			}
		}
	})
}
