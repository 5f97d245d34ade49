package icalendar

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// event makes an object of one event with these lines.
func event(lines ...string) []byte {
	return file("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Other//EN\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR")
}

const at9 = "DTSTART;TZID=Europe/Berlin:20260309T090000"

func TestTimes(t *testing.T) {
	berlinAt := func(day, hour int) calendar.Time {
		return clock(fmt.Sprintf("2026-03-%02dT%02d:00:00", day, hour), "Europe/Berlin")
	}
	for _, test := range []struct {
		name  string
		lines []string
		start calendar.Time
		end   calendar.Time
		doubt bool
	}{
		{"end", []string{at9, "DTEND;TZID=Europe/Berlin:20260309T110000"}, berlinAt(9, 9), berlinAt(9, 11), false},
		{"duration", []string{at9, "DURATION:PT2H"}, berlinAt(9, 9), berlinAt(9, 11), false},
		{"duration of a day", []string{at9, "DURATION:P1DT1H"}, berlinAt(9, 9), berlinAt(10, 10), false},
		// The clocks go forward on the 29th: a day is not 24 hours (RFC 5545 §3.3.6).
		{"a nominal day over a change of the clocks", []string{"DTSTART;TZID=Europe/Berlin:20260328T090000", "DURATION:P1D"}, berlinAt(28, 9), berlinAt(29, 9), false},
		{"24 hours over a change of the clocks", []string{"DTSTART;TZID=Europe/Berlin:20260328T090000", "DURATION:PT24H"}, berlinAt(28, 9), berlinAt(29, 10), false},
		{"no end", []string{at9}, berlinAt(9, 9), berlinAt(9, 9), false},
		{"floating", []string{"DTSTART:20260309T090000", "DTEND:20260309T100000"}, berlinAt(9, 9), berlinAt(9, 10), false},
		{"UTC", []string{"DTSTART:20260309T090000Z", "DTEND:20260309T100000Z"}, clock("2026-03-09T09:00:00", "UTC"), clock("2026-03-09T10:00:00", "UTC"), false},
		{"a date", []string{"DTSTART;VALUE=DATE:20260309", "DTEND;VALUE=DATE:20260311"}, calendar.Date(2026, 3, 9), calendar.Date(2026, 3, 11), false},
		{"a date without an end", []string{"DTSTART;VALUE=DATE:20260309"}, calendar.Date(2026, 3, 9), calendar.Date(2026, 3, 10), false},
		{"a date that ends on itself", []string{"DTSTART;VALUE=DATE:20260309", "DTEND;VALUE=DATE:20260309"}, calendar.Date(2026, 3, 9), calendar.Date(2026, 3, 10), false},
		{"a date without VALUE", []string{"DTSTART:20260309", "DURATION:P2D"}, calendar.Date(2026, 3, 9), calendar.Date(2026, 3, 11), false},
		{"all-day to Exchange", []string{"DTSTART;TZID=Europe/Berlin:20260309T000000", "DTEND;TZID=Europe/Berlin:20260310T000000", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"}, calendar.Date(2026, 3, 9), calendar.Date(2026, 3, 10), false},
		{"midnight to midnight, yet timed", []string{"DTSTART;TZID=Europe/Berlin:20260309T000000", "DTEND;TZID=Europe/Berlin:20260310T000000", "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE"}, berlinAt(9, 0), berlinAt(10, 0), false},
		{"ends before it begins", []string{at9, "DTEND;TZID=Europe/Berlin:20260309T080000"}, berlinAt(9, 9), berlinAt(9, 9), true},
		{"begins with a time, ends with a date", []string{at9, "DTEND;VALUE=DATE:20260310"}, berlinAt(9, 9), berlinAt(9, 9), true},
		{"an end that is none", []string{at9, "DTEND:tomorrow"}, berlinAt(9, 9), berlinAt(9, 9), true},
		{"white space and small letters", []string{"dtstart; tzid=Europe/Berlin: 20260309t090000 "}, berlinAt(9, 9), berlinAt(9, 9), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := parse(t, event(test.lines...)).Event()
			if w := e.Content.When; e.Type != calendar.Meeting || w.Start != test.start || w.End != test.end || (e.Doubt != "") != test.doubt {
				t.Errorf("read as %v to %v, type %q, doubt %q", w.Start, w.End, e.Type, e.Doubt)
			}
		})
	}
}

// TestUnreadableKeepsItsPlace: what cannot be understood is neither an error for the rest
// nor gone.
func TestUnreadableKeepsItsPlace(t *testing.T) {
	for name, lines := range map[string][]string{
		"no start":       {"SUMMARY:x"},
		"start is none":  {"DTSTART:soon", "SUMMARY:x"},
		"unknown rule":   {at9, "RRULE:FREQ=SOMETIMES", "SUMMARY:x"},
		"hostile rule":   {at9, "RRULE:FREQ=SECONDLY", "SUMMARY:x"},
		"EXRULE":         {at9, "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY", "SUMMARY:x"},
		"RDATE is none":  {at9, "RDATE:never", "SUMMARY:x"},
		"thisandfuture":  {at9, "RRULE:FREQ=DAILY", "SUMMARY:x", "END:VEVENT", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", at9, "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260310T090000", "SUMMARY:y"},
		"month too long": {"DTSTART:20260231T090000Z", "SUMMARY:x"},
	} {
		t.Run(name, func(t *testing.T) {
			data := event(lines...)
			o := parse(t, data)
			e := o.Event()
			if e.Type != calendar.UnknownType || e.Doubt == "" || e.Content.Title != "x" || e.UID != "1" {
				t.Errorf("read as type %q, doubt %q, %+v", e.Type, e.Doubt, e.Content)
			}
			if d := differences(unfolded(data), unfolded(o.Bytes())); len(d) > 0 {
				t.Errorf("written back with differences: %v", d)
			}
			if err := o.Update(calendar.Change{Overrides: map[string]calendar.Override{"20260310T080000Z": {Cancelled: true}}, Slots: []string{"20260310T080000Z"}}, later); calendar.KindOf(err) != calendar.Invalid {
				t.Errorf("an occurrence of it is written: %v", err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	whole := string(event(at9))
	for name, data := range map[string]string{
		"nothing":            "",
		"HTML":               "<html><body>Sign in</body></html>",
		"cut off":            whole[:len(whole)-len("END:VCALENDAR\r\n")],
		"cut in an event":    whole[:len(whole)-len("END:VEVENT\r\nEND:VCALENDAR\r\n")],
		"two UIDs":           strings.Replace(whole, "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT\r\nEND:VCALENDAR", 1),
		"two calendars":      whole + whole,
		"nested without end": strings.Repeat("BEGIN:X\r\n", 100),
		"too large":          whole + strings.Repeat(" ", maxObject),
	} {
		t.Run(name, func(t *testing.T) {
			if o, _, err := Parse([]byte(data), berlin); err == nil || errors.Is(err, ErrNoEvent) {
				t.Errorf("read as %v, %v", o, err)
			}
		})
	}
	_, _, err := Parse(file("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\nUID:1\nEND:VTODO\nEND:VCALENDAR"), berlin)
	if !errors.Is(err, ErrNoEvent) {
		t.Errorf("a task is %v; want no event", err)
	}
}

// TestBadLineCostsItself: a line that is none is complained of, by number, without a word
// of what it says, and is written back.
func TestBadLineCostsItself(t *testing.T) {
	data := event(at9, "SUMMARY:x", "a secret without a colon", ";=:", "X-QUOTE;P=\"open:value")
	o, complaints, err := Parse(data, berlin)
	if err != nil || len(complaints) != 2 || complaints[0].Line != 9 || strings.Contains(fmt.Sprint(complaints), "secret") {
		t.Fatalf("%v %v", complaints, err)
	}
	if e := o.Event(); e.Content.Title != "x" || e.Type != calendar.Meeting || e.Doubt != "line 9 of it has no name and no colon: it is left out" {
		t.Errorf("read as %+v", e)
	}
	if d := differences(unfolded(data), unfolded(o.Bytes())); len(d) > 0 {
		t.Errorf("written back with differences: %v", d)
	}
}

func TestAvailability(t *testing.T) {
	for lines, want := range map[string]calendar.Availability{
		"":                   calendar.Busy,
		"TRANSP:OPAQUE":      calendar.Busy,
		"TRANSP:TRANSPARENT": calendar.Free,
		"STATUS:TENTATIVE":   calendar.Tentative,
		"TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF":                          calendar.Away,
		"TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE":        calendar.Elsewhere,
		"TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE":             calendar.Elsewhere,
		"TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:FREE":                         calendar.Busy, // another program set TRANSP and left this as it was
		"TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:OOF":                     calendar.Free,
		"STATUS:CONFIRMED\nX-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE":                 calendar.Busy,
		"X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE":                                   calendar.Tentative,
		"STATUS:TENTATIVE\nTRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY":       calendar.Tentative,
		"STATUS:TENTATIVE\nTRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY":  calendar.Free,
		"STATUS:CONFIRMED\nTRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:unheard-of": calendar.Busy,
	} {
		o := parse(t, event(at9, lines))
		if got := o.Event().Content.Availability; got != want {
			t.Errorf("%q is read as %q; want %q", lines, got, want)
		}
		for _, a := range Capabilities().Availability { // each can be written over each
			o := parse(t, event(at9, lines))
			if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupAvailability}, Content: calendar.Content{Availability: a}}, later); err != nil {
				t.Fatal(err)
			}
			if got := reread(t, o).Content.Availability; got != a {
				t.Errorf("%q, written over %q, is read as %q:\n%s", a, lines, got, o.Bytes())
			}
		}
	}
}

func TestReminders(t *testing.T) {
	alarm := func(lines ...string) string {
		return "BEGIN:VALARM\n" + strings.Join(lines, "\n") + "\nDESCRIPTION:x\nEND:VALARM"
	}
	for _, test := range []struct {
		name  string
		alarm string
		want  []time.Duration
	}{
		{"before the start", alarm("ACTION:DISPLAY", "TRIGGER:-PT15M"), []time.Duration{15 * time.Minute}},
		{"at the start", alarm("ACTION:AUDIO", "TRIGGER:PT0S"), []time.Duration{0}},
		{"a week", alarm("ACTION:DISPLAY", "TRIGGER;VALUE=DURATION:-P1W"), []time.Duration{7 * 24 * time.Hour}},
		{"from the end", alarm("ACTION:DISPLAY", "TRIGGER;RELATED=END:-PT90M"), []time.Duration{30 * time.Minute}},
		{"a moment", alarm("ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME:20260309T070000Z"), []time.Duration{time.Hour}},
		{"after the start", alarm("ACTION:DISPLAY", "TRIGGER:PT5M"), nil},
		{"a mail", alarm("ACTION:EMAIL", "TRIGGER:-PT15M"), nil},
		{"Apple's that is off", alarm("ACTION:NONE", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z"), nil},
		{"a snoozed one", alarm("ACTION:DISPLAY", "RELATED-TO;RELTYPE=SNOOZE:1", "TRIGGER;VALUE=DATE-TIME:20260309T070000Z"), nil},
		{"no trigger", alarm("ACTION:DISPLAY"), nil},
		{"nonsense", alarm("ACTION:DISPLAY", "TRIGGER:-PXM"), nil},
		{"for ever", alarm("ACTION:DISPLAY", "TRIGGER:-P99999999999999W"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := event(at9, "DURATION:PT1H", test.alarm)
			o := parse(t, data)
			if got := o.Event().Content.Reminders; fmt.Sprint(got.Before) != fmt.Sprint(test.want) {
				t.Errorf("read as %v; want %v", got.Before, test.want)
			}
			c := o.Event().Content
			c.Reminders.Before = []time.Duration{36 * time.Hour}
			if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupReminders}, Content: c}, later); err != nil {
				t.Fatal(err)
			}
			if got := reread(t, o).Content.Reminders; fmt.Sprint(got.Before) != "[36h0m0s]" {
				t.Errorf("written as %v\n%s", got.Before, o.Bytes())
			}
			kept := strings.Contains(string(o.Bytes()), strings.Split(test.alarm, "\n")[1])
			if n := len(o.events()[0].subs("VALARM")); n != 1 && test.want != nil || n != 2 && test.want == nil || !kept && test.want == nil {
				t.Errorf("%d alarms are left:\n%s", n, o.Bytes())
			}
		})
	}
}

func TestOtherFields(t *testing.T) {
	for _, test := range []struct {
		lines string
		want  func(e calendar.Event) bool
	}{
		{"CLASS:PUBLIC", func(e calendar.Event) bool { return e.Content.Visibility == calendar.DefaultVisibility }},
		{"CLASS:PRIVATE", func(e calendar.Event) bool { return e.Content.Visibility == calendar.Private }},
		{"CLASS:CONFIDENTIAL", func(e calendar.Event) bool { return e.Content.Visibility == calendar.Confidential }},
		{"CLASS:X-SECRET", func(e calendar.Event) bool { return e.Content.Visibility == calendar.Private }},
		{"PRIORITY:1", func(e calendar.Event) bool { return e.Content.Importance == calendar.HighImportance }},
		{"PRIORITY:0", func(e calendar.Event) bool { return e.Content.Importance == calendar.NormalImportance }},
		{"PRIORITY:5", func(e calendar.Event) bool { return e.Content.Importance == calendar.NormalImportance }},
		{"PRIORITY:9", func(e calendar.Event) bool { return e.Content.Importance == calendar.LowImportance }},
		{"STATUS:CANCELLED", func(e calendar.Event) bool { return e.Cancelled }},
		{"CONFERENCE;VALUE=URI;FEATURE=PHONE:https://example.com/phone\nCONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=join:https://example.com/room", func(e calendar.Event) bool {
			return e.Content.Links.Conference == "https://example.com/room"
		}},
		{"X-GOOGLE-CONFERENCE:https://meet.google.com/abc", func(e calendar.Event) bool {
			return e.Content.Links.Conference == "https://meet.google.com/abc"
		}},
		{"X-GOOGLE-CONFERENCE:javascript:alert(1)", func(e calendar.Event) bool { return e.Content.Links.Conference == "" }},
		{"ATTACH;FILENAME=\"a;b.pdf\":https://example.com/a.pdf\nATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA", func(e calendar.Event) bool {
			l := e.Content.Links.Attachments
			return len(l) == 1 && l[0] == calendar.Attachment{Name: "a;b.pdf", URL: "https://example.com/a.pdf"}
		}},
		{"DESCRIPTION:one\nX-ALT-DESC;FMTTYPE=text/html:<b>one</b>", func(e calendar.Event) bool { return e.Content.Notes.HTML == "<b>one</b>" }},
		// Another program edited the text and left the HTML as it was.
		{"DESCRIPTION:two\nX-ALT-DESC;FMTTYPE=text/html:<b>one</b>", func(e calendar.Event) bool { return e.Content.Notes.HTML == "two" }},
		{"DESCRIPTION:a <b> c", func(e calendar.Event) bool { return e.Content.Notes.Text() == "a <b> c" }},
		{"ORGANIZER:mailto:boss@example.com\nATTENDEE;PARTSTAT=TENTATIVE:MAILTO:Anna@Example.com\nATTENDEE;CN=X;CUTYPE=ROOM;ROLE=OPT-PARTICIPANT:/principals/room", func(e calendar.Event) bool {
			return !e.Organized && e.MyResponse == calendar.Maybe && len(e.Guests) == 1 && e.Guests[0].Resource && e.Guests[0].Optional && e.Guests[0].Email == ""
		}},
		{"ORGANIZER;EMAIL=anna@example.com:urn:uuid:1\nATTENDEE:mailto:ben@example.com", func(e calendar.Event) bool {
			return e.Organized && len(e.Guests) == 1 && e.MyResponse == calendar.NoResponse
		}},
		{"ORGANIZER:mailto:boss@example.com", func(e calendar.Event) bool { return e.Organized && !e.HasGuests() }},
		{"X-TWINDAY-ENTITY:e1\nX-TWINDAY-MIRROR:m1\nX-TWINDAY-INSTALLATION:i1", func(e calendar.Event) bool {
			return e.Mark == calendar.Mark{Installation: "i1", Mirror: "m1", Entity: "e1"}
		}},
		{"COLOR:Tomato", func(e calendar.Event) bool { return e.Content.Color == "tomato" }},
		{"COLOR:nosuchcolour", func(e calendar.Event) bool { return e.Content.Color == "" }},
		{"COMMENT:caf\xe9", func(e calendar.Event) bool { return e.Type == calendar.Meeting }},
		{"SUMMARY:caf\xe9", func(e calendar.Event) bool { return e.Content.Title == "café" }}, // Latin-1
		{"SUMMARY:a\\, b\\; c\\\\d\\ne", func(e calendar.Event) bool { return e.Content.Title == "a, b; c\\d\ne" }},
		{"SUMMARY:C:\\Users, bare", func(e calendar.Event) bool { return e.Content.Title == "C:\\Users, bare" }},
	} {
		t.Run(strings.ToValidUTF8(test.lines, "?"), func(t *testing.T) {
			if e := parse(t, event(at9, test.lines)).Event(); !test.want(e) {
				t.Errorf("read as %+v", e)
			}
		})
	}
	for _, color := range calendar.Colors {
		if colorNames[colorWords[color]] != color {
			t.Errorf("%s is written as %q, which is read as %q", color, colorWords[color], colorNames[colorWords[color]])
		}
	}
}

// TestLoneOccurrences: the owner is invited to occurrences of another's series.
func TestLoneOccurrences(t *testing.T) {
	part := func(day int, title string) string {
		return fmt.Sprintf("BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID:202603%02dT080000Z\nDTSTART;TZID=Europe/Berlin:202603%02dT090000\nDTEND;TZID=Europe/Berlin:202603%02dT100000\nSUMMARY:%s\nEND:VEVENT\n", day, day, day, title)
	}
	wrap := func(parts ...string) *Object {
		return parse(t, file("BEGIN:VCALENDAR\nVERSION:2.0\n"+strings.Join(parts, "")+"END:VCALENDAR"))
	}
	one := wrap(part(9, "Only"))
	if e := one.Event(); e.Type != calendar.Meeting || !e.Content.When.Recurrence.IsZero() || e.Content.Title != "Only" {
		t.Errorf("one is read as %+v", e)
	}
	c := one.Event().Content
	c.Title = "Changed"
	if err := one.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: c}, later); err != nil {
		t.Fatal(err)
	}
	if e := reread(t, one); e.Content.Title != "Changed" || len(one.events()[0].all("RECURRENCE-ID")) != 1 {
		t.Errorf("one is written as %s", one.Bytes())
	}

	three := wrap(part(18, "Same"), part(9, "Same"), part(11, "Other"))
	e := three.Event()
	if got := strings.Join(e.Content.When.Recurrence.Rules, " "); got != "RDATE:20260311T080000Z,20260318T080000Z" || e.Content.When.Start != clock("2026-03-09T09:00:00", "Europe/Berlin") {
		t.Errorf("three are a series %s from %v", got, e.Content.When.Start)
	}
	if len(e.Overrides) != 1 || e.Overrides["20260311T080000Z"].Content.Title != "Other" {
		t.Errorf("with overrides %+v", e.Overrides)
	}
	c = e.Content
	c.Title = "Everybody's"
	if err := three.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: c}, later); err != nil {
		t.Fatal(err)
	}
	m := model{content: c, overrides: e.Overrides}
	check3 := func(what string) {
		t.Helper()
		e := reread(t, three)
		if e.Content.Title != m.content.Title || len(calendar.Slots(e.Overrides, m.overrides)) > 0 {
			t.Errorf("%s: %+v %+v\n%s", what, e.Content, e.Overrides, three.Bytes())
		}
	}
	check3("a title for all")
	m.overrides = nil
	if err := three.Update(m.change(nil, "20260311T080000Z"), later); err != nil {
		t.Fatal(err)
	}
	check3("as the others")
	c.When.End.Local = "2026-03-09T11:00:00"
	if err := three.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: c}, later); calendar.KindOf(err) != calendar.Invalid {
		t.Errorf("a new time for all of them: %v; want invalid", err)
	}
}

func TestRDates(t *testing.T) {
	o := parse(t, event(at9, "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2", "RDATE;VALUE=PERIOD:20260310T080000Z/PT3H,20260311T080000Z/20260311T090000Z"))
	e := o.Event()
	if got := strings.Join(e.Content.When.Recurrence.Rules, " "); got != "RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=MO RDATE:20260310T080000Z,20260311T080000Z" {
		t.Errorf("rules are %s", got)
	}
	long := e.Overrides["20260310T080000Z"]
	if len(e.Overrides) != 1 || long.Content.When.End != clock("2026-03-10T12:00:00", "Europe/Berlin") {
		t.Errorf("overrides are %+v", e.Overrides)
	}
	if err := o.Update(calendar.Change{Slots: []string{"20260310T080000Z"}}, later); err != nil {
		t.Fatal(err)
	}
	if again := reread(t, o); len(again.Overrides) != 0 || strings.Join(again.Content.When.Recurrence.Rules, " ") != strings.Join(e.Content.When.Recurrence.Rules, " ") {
		t.Errorf("with its length taken back it is %+v\n%s", again, o.Bytes())
	}
}

// TestOccurrencesMeantOtherwise reads a RECURRENCE-ID and an EXDATE in the ways they are
// written for a series in Berlin.
func TestOccurrencesMeantOtherwise(t *testing.T) {
	for _, id := range []string{
		"RECURRENCE-ID;TZID=Europe/Berlin:20260310T090000", "RECURRENCE-ID:20260310T080000Z", "RECURRENCE-ID;TZID=America/New_York:20260310T040000",
		"RECURRENCE-ID:20260310T090000", "RECURRENCE-ID;VALUE=DATE:20260310",
	} {
		o := parse(t, event(at9, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=9", "SUMMARY:x", "END:VEVENT",
			"BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", id, "DTSTART:20260310T080000Z", "DURATION:PT1H", "SUMMARY:other"))
		v := o.Event().Overrides["20260310T080000Z"]
		if len(v.Changed) != 1 || v.Content.Title != "other" || v.Original != clock("2026-03-10T09:00:00", "Europe/Berlin") {
			t.Errorf("%s: %+v", id, o.Event().Overrides)
		}
		exdate := strings.Replace(id, "RECURRENCE-ID", "EXDATE", 1)
		o = parse(t, event(at9, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=9", exdate))
		if v := o.Event().Overrides["20260310T080000Z"]; !v.Cancelled {
			t.Errorf("%s: %+v", exdate, o.Event().Overrides)
		}
		if err := o.Update(calendar.Change{Slots: []string{"20260310T080000Z"}}, later); err != nil || len(reread(t, o).Overrides) > 0 {
			t.Errorf("%s, put back: %v %s", exdate, err, o.Bytes())
		}
	}
	// What the rule does not have: a changed one is still seen, a cancelled one is none.
	o := parse(t, event(at9, "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20260310T080000Z", "END:VEVENT",
		"BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20260311T080000Z", "DTSTART:20260311T080000Z", "DURATION:PT1H", "SUMMARY:stray", "END:VEVENT",
		"BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20260312T080000Z", "DTSTART:20260312T080000Z", "STATUS:CANCELLED"))
	e := o.Event()
	if v := e.Overrides["20260311T080000Z"]; len(e.Overrides) != 1 || !v.Changed.Has(calendar.GroupWhen) {
		t.Errorf("beside the rule: %+v", e.Overrides)
	}
	// Of two components for one occurrence the later revision counts.
	o = parse(t, event(at9, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT",
		"BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SEQUENCE:2", "RECURRENCE-ID:20260310T080000Z", "DTSTART:20260310T080000Z", "DURATION:PT1H", "SUMMARY:new", "END:VEVENT",
		"BEGIN:VEVENT", "UID:1", "DTSTAMP:20260109T000000Z", "SEQUENCE:1", "RECURRENCE-ID:20260310T080000Z", "DTSTART:20260310T080000Z", "DURATION:PT1H", "SUMMARY:old"))
	if v := o.Event().Overrides["20260310T080000Z"]; v.Content.Title != "new" {
		t.Errorf("of two: %+v", v)
	}
}

func TestOwnAnswers(t *testing.T) {
	o := parse(t, event(at9, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=9", "ORGANIZER:mailto:boss@example.com", "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=TRUE;X-P=1:mailto:anna@example.com", "END:VEVENT",
		"BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20260310T080000Z", "DTSTART:20260310T080000Z", "DURATION:PT1H", "ORGANIZER:mailto:boss@example.com",
		"ATTENDEE;PARTSTAT=DECLINED:mailto:anna@example.com"))
	e := o.Event()
	if e.MyResponse != calendar.Accepted || len(e.Responses) != 1 || e.Responses["20260310T080000Z"] != calendar.Declined || len(e.Overrides) != 0 {
		t.Errorf("answers: %q %v %v", e.MyResponse, e.Responses, e.Overrides)
	}
	if !o.Respond(calendar.Maybe, later) {
		t.Error("no answer is written")
	}
	if e := reread(t, o); e.MyResponse != calendar.Maybe || len(e.Responses) != 0 || !strings.Contains(string(o.Bytes()), "X-P=1") {
		t.Errorf("answered: %q %v\n%s", e.MyResponse, e.Responses, o.Bytes())
	}
	if parse(t, event(at9)).Respond(calendar.Accepted, later) {
		t.Error("who is not invited answered")
	}
}
