package icalendar

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// rich is an event as other programs leave it: properties, parameters and alarms that no
// neutral language knows, in an order of their own, and folded in odd places.
const rich = `
	BEGIN:VCALENDAR
	PRODID:-//Some//Program 1.0//EN
	VERSION:2.0
	X-CALENDAR-LEVEL;X-Q="a,b":one
	BEGIN:VTIMEZONE
	TZID:Europe/Berlin
	X-LIC-LOCATION:Europe/Berlin
	BEGIN:DAYLIGHT
	TZOFFSETFROM:+0100
	TZOFFSETTO:+0200
	TZNAME:CEST
	DTSTART:19700329T020000
	RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
	END:DAYLIGHT
	BEGIN:STANDARD
	TZOFFSETFROM:+0200
	TZOFFSETTO:+0100
	TZNAME:CET
	DTSTART:19701025T030000
	RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
	END:STANDARD
	END:VTIMEZONE
	BEGIN:VEVENT
	summary;LANGUAGE=de;X-UNKNOWN="semi;colon":Besprechung\, w
	 öchentlich
	DTSTART;X-VOBJ-ORIGINAL-TZID=Europe/Berlin;TZID=Europe/Berlin:20260309T091500
	DURATION:PT1H
	UID:rich@example.com
	DTSTAMP:20260101T000000Z
	LAST-MODIFIED:20260102T000000Z
	SEQUENCE:7
	RRULE:FREQ=WEEKLY;WKST=MO;BYDAY=MO
	EXDATE;TZID=Europe/Berlin:20260316T091500,20260323T091500
	ORGANIZER;CN="Anna; Boss":mailto:anna@example.com
	ATTENDEE;CN="Ben ^'B^' Bo^nss";PARTSTAT=ACCEPTED;X-NUM-GUESTS=0;RSVP=TRUE;MEMBER="mailto:a@e
	 xample.com","mailto:b@example.com":mailto:ben@example.com
	ATTENDEE;CN=Unbalanced "quote;PARTSTAT=TENTATIVE:mailto:carl@example.com
	ATTENDEE;PARTSTAT=ACCEPTED:mailto:ANNA@example.com
	LOCATION;ALTREP="http://example.com/room";LANGUAGE=en:Room 4
	DESCRIPTION:Bring\nthe plan\; please
	CATEGORIES;LANGUAGE=en:Work
	CATEGORIES:Home\, garden,Fun
	GEO:52.5;13.4
	URL:https://example.com/event
	X-MOZ-LASTACK:20260101T000000Z
	X-MICROSOFT-CDO-BUSYSTATUS:BUSY
	X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-APPLE-RADIUS=70;X-TITLE="Room: 4":geo:52.5,13.4
	STATUS:CONFIRMED
	TRANSP:OPAQUE
	BEGIN:VALARM
	ACTION:DISPLAY
	TRIGGER;RELATED=END:-PT1H30M
	DESCRIPTION:half an hour before
	X-WR-ALARMUID:1
	END:VALARM
	BEGIN:VALARM
	ACTION:EMAIL
	TRIGGER:-P1D
	SUMMARY:a mail
	DESCRIPTION:a mail
	ATTENDEE:mailto:anna@example.com
	END:VALARM
	BEGIN:X-OTHER-COMPONENT
	X-KEEP:me
	END:X-OTHER-COMPONENT
	BEGIN:VALARM
	ACTION:AUDIO
	TRIGGER;VALUE=DURATION:-PT10M
	ATTACH;FMTTYPE=audio/basic:ftp://example.com/bell.aud
	END:VALARM
	END:VEVENT
	BEGIN:VEVENT
	UID:rich@example.com
	DTSTAMP:20260101T000000Z
	RECURRENCE-ID:20260330T071500Z
	DTSTART;TZID=Europe/Berlin:20260330T100000
	DTEND;TZID=Europe/Berlin:20260330T110000
	SUMMARY:Besprechung\, wöchentlich
	ORGANIZER;CN="Anna; Boss":mailto:anna@example.com
	ATTENDEE:mailto:ben@example.com
	LOCATION:Room 4
	DESCRIPTION:Bring\nthe plan\; please
	CATEGORIES:Work,Home\, garden,Fun
	URL:https://example.com/event
	X-ONLY-HERE:1
	BEGIN:VALARM
	ACTION:DISPLAY
	TRIGGER:-PT30M
	DESCRIPTION:x
	END:VALARM
	BEGIN:VALARM
	ACTION:DISPLAY
	TRIGGER:-PT10M
	DESCRIPTION:x
	END:VALARM
	END:VEVENT
	END:VCALENDAR
`

// unfolded are the content lines of a file.
func unfolded(data []byte) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimSpace(string(data)), "\r\n ", ""), "\r\n")
}

// differences lists the lines that went and came, in order, "- …" and "+ …": what a
// longest common run of lines leaves over.
func differences(before, after []string) []string {
	longest := make([][]int, len(before)+1)
	for i := range longest {
		longest[i] = make([]int, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			if before[i] == after[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		switch {
		case i < len(before) && j < len(after) && before[i] == after[j]:
			i, j = i+1, j+1
		case i < len(before) && (j == len(after) || longest[i+1][j] >= longest[i][j+1]):
			out = append(out, "- "+before[i])
			i++
		default:
			out = append(out, "+ "+after[j])
			j++
		}
	}
	return out
}

func TestUntouchedIsWrittenToTheLetter(t *testing.T) {
	data := file(rich)
	o := parse(t, data)
	if d := differences(unfolded(data), unfolded(o.Bytes())); len(d) > 0 {
		t.Errorf("only read, and yet:\n%s", strings.Join(d, "\n"))
	}
	// What it says already changes nothing, in whatever group.
	e := o.Event()
	if err := o.Update(calendar.Change{Groups: calendar.AllGroups, Content: e.Content, Overrides: e.Overrides, Slots: []string{"20260330T071500Z"}}, later); err != nil {
		t.Fatal(err)
	}
	if d := differences(unfolded(data), unfolded(o.Bytes())); len(d) > 0 {
		t.Errorf("updated to what it is, and yet:\n%s", strings.Join(d, "\n"))
	}
}

func TestRichIsRead(t *testing.T) {
	e := parse(t, file(rich)).Event()
	if !e.Organized || len(e.Guests) != 2 || e.Guests[0].Name != "Ben \"B\" Bo\nss" || e.Guests[1].Email != "carl@example.com" || e.Guests[0].Response != calendar.Accepted {
		t.Errorf("people: organized %v, %+v", e.Organized, e.Guests)
	}
	c := e.Content
	want := calendar.Content{
		When: calendar.When{Start: clock("2026-03-09T09:15:00", "Europe/Berlin"), End: clock("2026-03-09T10:15:00", "Europe/Berlin"),
			Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=WEEKLY;BYDAY=MO"}}},
		Title: "Besprechung, wöchentlich", Notes: calendar.NotesFromText("Bring\nthe plan; please"), Place: "Room 4",
		Availability: calendar.Busy, Categories: []string{"Work", "Home, garden", "Fun"},
		Reminders: calendar.Reminders{Before: []time.Duration{10 * time.Minute, 30 * time.Minute}},
	}
	if d := calendar.Diff(c, want); len(d) > 0 {
		t.Errorf("%v differ: %+v", d, c)
	}
	moved := calendar.Override{Original: clock("2026-03-30T09:15:00", "Europe/Berlin"), Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{
		When: calendar.When{Start: clock("2026-03-30T10:00:00", "Europe/Berlin"), End: clock("2026-03-30T11:00:00", "Europe/Berlin")}}}
	if len(e.Overrides) != 3 || !e.Overrides["20260330T071500Z"].Equal(moved) || !e.Overrides["20260316T081500Z"].Cancelled || !e.Overrides["20260323T081500Z"].Cancelled {
		t.Errorf("overrides: %+v", e.Overrides)
	}
	if e.WebLink != "https://example.com/event" || e.UID != "rich@example.com" || e.Updated.Format(time.DateOnly) != "2026-01-02" {
		t.Errorf("read as %+v", e)
	}
}

// TestUpdateTouchesOnlyItsLines holds every kind of write against the lines that it may
// change.
func TestUpdateTouchesOnlyItsLines(t *testing.T) {
	slot := clock("2026-04-06T09:15:00", "Europe/Berlin")
	for _, test := range []struct {
		name   string
		groups calendar.Groups
		do     func(c *calendar.Content)
		slots  map[string]calendar.Override
		want   []string
	}{
		{"title", calendar.Groups{calendar.GroupTitle}, func(c *calendar.Content) { c.Title = "New; title" }, nil, []string{
			`- summary;LANGUAGE=de;X-UNKNOWN="semi;colon":Besprechung\, wöchentlich`, `+ SUMMARY;LANGUAGE=de;X-UNKNOWN="semi;colon":New\; title`,
			`- SUMMARY:Besprechung\, wöchentlich`, `+ SUMMARY:New\; title`, "stamps", "stamps of the occurrence"}},
		{"place", calendar.Groups{calendar.GroupPlace}, func(c *calendar.Content) { c.Place = "Room 5" }, nil, []string{
			`- LOCATION;ALTREP="http://example.com/room";LANGUAGE=en:Room 4`, `+ LOCATION;LANGUAGE=en:Room 5`,
			`- LOCATION:Room 4`, `+ LOCATION:Room 5`, "stamps", "stamps of the occurrence"}},
		{"categories", calendar.Groups{calendar.GroupCategories}, func(c *calendar.Content) { c.Categories, c.Color = []string{"fun", "WORK", "Home, garden"}, "basil" }, nil, []string{
			"+ COLOR:seagreen", "+ COLOR:seagreen", "stamps", "stamps of the occurrence"}},
		{"one reminder less", calendar.Groups{calendar.GroupReminders}, func(c *calendar.Content) { c.Reminders.Before = c.Reminders.Before[1:] }, nil, []string{
			"- BEGIN:VALARM", "- ACTION:AUDIO", "- TRIGGER;VALUE=DURATION:-PT10M", "- ATTACH;FMTTYPE=audio/basic:ftp://example.com/bell.aud", "- END:VALARM",
			"- BEGIN:VALARM", "- ACTION:DISPLAY", "- TRIGGER:-PT10M", "- DESCRIPTION:x", "- END:VALARM", "stamps", "stamps of the occurrence"}},
		{"availability", calendar.Groups{calendar.GroupAvailability}, func(c *calendar.Content) { c.Availability = calendar.Free }, nil, []string{
			"- TRANSP:OPAQUE", "+ TRANSP:TRANSPARENT", "- X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "+ X-MICROSOFT-CDO-BUSYSTATUS:FREE",
			"+ TRANSP:TRANSPARENT", "stamps", "stamps of the occurrence"}},
		{"an occurrence is cancelled", nil, nil, map[string]calendar.Override{slot.Slot(): {Original: slot, Cancelled: true}}, []string{
			"+ EXDATE;TZID=Europe/Berlin:20260406T091500", "- SEQUENCE:7", "+ SEQUENCE:8", "stamps"}},
		{"an occurrence is not cancelled any more", nil, nil, map[string]calendar.Override{"20260316T081500Z": {}}, []string{
			"- EXDATE;TZID=Europe/Berlin:20260316T091500,20260323T091500", "+ EXDATE;TZID=Europe/Berlin:20260323T091500", "- SEQUENCE:7", "+ SEQUENCE:8", "stamps"}},
		{"the moved occurrence gets a title", nil, nil, map[string]calendar.Override{"20260330T071500Z": {Original: clock("2026-03-30T09:15:00", "Europe/Berlin"),
			Changed: calendar.Groups{calendar.GroupWhen, calendar.GroupTitle}, Content: calendar.Content{Title: "Here only",
				When: calendar.When{Start: clock("2026-03-30T10:00:00", "Europe/Berlin"), End: clock("2026-03-30T11:00:00", "Europe/Berlin")}}}}, []string{
			`- SUMMARY:Besprechung\, wöchentlich`, "+ SUMMARY:Here only", "stamps of the occurrence"}},
		{"the moved occurrence goes on", nil, nil, map[string]calendar.Override{"20260330T071500Z": {Original: clock("2026-03-30T09:15:00", "Europe/Berlin"),
			Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{
				When: calendar.When{Start: clock("2026-03-30T10:00:00", "Europe/Berlin"), End: clock("2026-03-30T12:00:00", "Europe/Berlin")}}}}, []string{
			"- DTEND;TZID=Europe/Berlin:20260330T110000", "+ DTEND;TZID=Europe/Berlin:20260330T120000", "stamps of the occurrence", "+ SEQUENCE:1"}},
		{"half an hour longer", calendar.Groups{calendar.GroupWhen}, func(c *calendar.Content) { c.When.End.Local = "2026-03-09T10:45:00" }, nil, []string{
			"- DURATION:PT1H", "+ DTEND;TZID=Europe/Berlin:20260309T104500", "- SEQUENCE:7", "+ SEQUENCE:8", "stamps"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := file(rich)
			o := parse(t, data)
			e := o.Event()
			change := calendar.Change{Groups: test.groups, Content: e.Content}
			if test.do != nil {
				test.do(&change.Content)
			}
			if test.groups.Has(calendar.GroupWhen) {
				change.Overrides = e.Overrides
			}
			if test.slots != nil {
				change.Overrides = e.Overrides
				for s, v := range test.slots {
					change.Overrides = calendar.WithOverride(change.Overrides, s, v)
					change.Slots = append(change.Slots, s)
				}
			}
			if err := o.Update(change, later); err != nil {
				t.Fatal(err)
			}
			got := differences(unfolded(data), unfolded(o.Bytes()))
			var want []string
			for _, l := range test.want {
				switch l {
				case "stamps":
					want = append(want, "- DTSTAMP:20260101T000000Z", "+ DTSTAMP:20260304T080000Z", "- LAST-MODIFIED:20260102T000000Z", "+ LAST-MODIFIED:20260304T080000Z")
				case "stamps of the occurrence":
					want = append(want, "- DTSTAMP:20260101T000000Z", "+ DTSTAMP:20260304T080000Z", "+ LAST-MODIFIED:20260304T080000Z")
				default:
					want = append(want, l)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("changed:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if f := faults(o); len(f) > 0 {
				t.Errorf("not valid: %v", f)
			}
		})
	}
}

// TestNewOccurrenceIsWhole: a component for one occurrence has the guests and what else the
// series has, or they would be lost for that day.
func TestNewOccurrenceIsWhole(t *testing.T) {
	o := parse(t, file(rich))
	at := clock("2026-04-13T09:15:00", "Europe/Berlin")
	v := calendar.Override{Original: at, Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Guest speaker"}}
	if err := o.Update(calendar.Change{Overrides: map[string]calendar.Override{at.Slot(): v}, Slots: []string{at.Slot()}}, later); err != nil {
		t.Fatal(err)
	}
	var added []string
	for _, d := range differences(unfolded(file(rich)), unfolded(o.Bytes())) {
		if !strings.HasPrefix(d, "+ ") {
			t.Errorf("lost: %s", d)
		}
		added = append(added, d[2:])
	}
	for _, l := range []string{"RECURRENCE-ID;TZID=Europe/Berlin:20260413T091500", "DTEND;TZID=Europe/Berlin:20260413T101500", "DTSTART;X-VOBJ-ORIGINAL-TZID=Europe/Berlin;TZID=Europe/Berlin:20260413T091500",
		`SUMMARY;LANGUAGE=de;X-UNKNOWN="semi;colon":Guest speaker`, "X-KEEP:me", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ANNA@example.com", "SEQUENCE:7", "UID:rich@example.com"} {
		if !slices.Contains(added, l) {
			t.Errorf("the new component is without %s:\n%s", l, strings.Join(added, "\n"))
		}
	}
	if f := faults(o); len(f) > 0 {
		t.Errorf("not valid: %v", f)
	}
	if e := o.Event(); len(e.Overrides) != 4 || !e.Overrides[at.Slot()].Equal(v) {
		t.Errorf("overrides: %+v", e.Overrides)
	}
}

func TestSingleToSeriesAndBack(t *testing.T) {
	single := fullContent()
	o, err := New("u1", calendar.Draft{Content: single}, berlin, now)
	if err != nil {
		t.Fatal(err)
	}
	m := weekly()
	m = m.with(calendar.Override{Original: m.slot(t, 1), Cancelled: true})
	for range 2 {
		if err := o.Update(m.change(calendar.Groups{calendar.GroupWhen}), later); err != nil {
			t.Fatal(err)
		}
		o = reparsed(t, o.Bytes())
		check(t, "made a series", o, m)
		v := retitled("Other")
		v.Original = m.slot(t, 2)
		if err := o.Update(m.with(v).change(nil, v.Original.Slot()), later); err != nil {
			t.Fatal(err)
		}
		check(t, "with an occurrence", o, m.with(v))
		if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: single}, later); err != nil {
			t.Fatal(err)
		}
		o = reparsed(t, o.Bytes())
		check(t, "made single", o, model{content: single})
		if n := len(o.events()); n != 1 {
			t.Errorf("%d components are left", n)
		}
	}
}

func TestZonesAreDefinedAndSwept(t *testing.T) {
	o, err := New("u1", calendar.Draft{Content: fullContent()}, berlin, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []string{"America/New_York", "UTC", "Asia/Kolkata", "Europe/Berlin"} {
		c := fullContent()
		c.When.Start.Zone, c.When.End.Zone = zone, zone
		if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: c}, later); err != nil {
			t.Fatal(err)
		}
		check(t, zone, reparsed(t, o.Bytes()), model{content: c})
		if n, want := len(o.root.subs("VTIMEZONE")), map[bool]int{true: 0, false: 1}[zone == "UTC"]; n != want {
			t.Errorf("in %s the object defines %d zones", zone, n)
		}
	}
	flight := fullContent()
	flight.When.End = clock("2026-03-09T12:00:00", "America/New_York")
	if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: flight}, later); err != nil {
		t.Fatal(err)
	}
	check(t, "a flight", reparsed(t, o.Bytes()), model{content: flight})
}

// TestFloatingTimesStay: a time without a zone stays one, unless its event gets a rule with
// an end, which is a moment.
func TestFloatingTimesStay(t *testing.T) {
	o := parse(t, event("DTSTART:20260309T090000", "DTEND:20260309T100000", "SUMMARY:x"))
	c := o.Event().Content
	c.When.End.Local = "2026-03-09T10:30:00"
	if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: c}, later); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(o.Bytes()), "DTSTART:20260309T090000\r\n") {
		t.Errorf("the start is not as it was:\n%s", o.Bytes())
	}
	check(t, "longer", reparsed(t, o.Bytes()), model{content: c})
	c.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;UNTIL=20260312T080000Z"}
	if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: c}, later); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(o.Bytes()), "DTSTART;TZID=Europe/Berlin:20260309T090000\r\n") {
		t.Errorf("the start is still floating:\n%s", o.Bytes())
	}
	check(t, "repeated", reparsed(t, o.Bytes()), model{content: c})
}

func TestRefusedUpdateChangesNothing(t *testing.T) {
	for name, do := range map[string]func(c *calendar.Content){
		"no such zone":     func(c *calendar.Content) { c.When.Start.Zone = "Mars/Olympus" },
		"end before start": func(c *calendar.Content) { c.When.End.Local = "2026-03-09T08:00:00" },
		"kinds mixed":      func(c *calendar.Content) { c.When.End = calendar.Date(2026, 3, 10) },
		"unknown rule":     func(c *calendar.Content) { c.When.Recurrence.Rules = []string{"RRULE:FREQ=NEVER"} },
	} {
		t.Run(name, func(t *testing.T) {
			o := parse(t, file(rich))
			e := o.Event()
			before := string(o.Bytes())
			c := e.Content
			do(&c)
			err := o.Update(calendar.Change{Groups: calendar.AllGroups, Content: c, Overrides: e.Overrides}, later)
			if calendar.KindOf(err) != calendar.Invalid {
				t.Errorf("error is %v; want invalid", err)
			}
			if string(o.Bytes()) != before {
				t.Errorf("the object was changed:\n%s", o.Bytes())
			}
		})
	}
}
