package icalendar

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
)

var (
	now    = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	later  = now.Add(48 * time.Hour)
	berlin = Owner{Zone: "Europe/Berlin", Addresses: []string{"mailto:anna@example.com"}}
)

func clock(local, zone string) calendar.Time { return calendar.Time{Local: local, Zone: zone} }

// file makes CRLF lines of a literal with indentation.
func file(lines string) []byte {
	var b strings.Builder
	for l := range strings.Lines(strings.TrimSpace(lines)) {
		b.WriteString(strings.TrimLeft(strings.TrimRight(l, "\n"), "\t") + "\r\n")
	}
	return []byte(b.String())
}

func parse(t *testing.T, data []byte) *Object {
	t.Helper()
	o, complaints, err := Parse(data, berlin)
	if err != nil || len(complaints) > 0 {
		t.Fatalf("parse: %v %v\n%s", complaints, err, data)
	}
	return o
}

// reread is what the object says after it was written and read again.
func reread(t *testing.T, o *Object) calendar.Event {
	t.Helper()
	return parse(t, o.Bytes()).Event()
}

func fullContent() calendar.Content {
	return calendar.Content{
		When:         calendar.When{Start: clock("2026-03-09T09:15:00", "Europe/Berlin"), End: clock("2026-03-09T10:15:00", "Europe/Berlin")},
		Title:        "Semi;colon, comma \\ backslash, \"quotes\" and 🦊",
		Notes:        calendar.NotesFromHTML("<p>Some <b>bold</b> words; and, more.</p><ul><li>one</li><li>two</li></ul>"),
		Place:        "Room 4, 東京",
		Availability: calendar.Away,
		Visibility:   calendar.Private,
		Importance:   calendar.HighImportance,
		Reminders:    calendar.Reminders{Before: []time.Duration{0, 10 * time.Minute, 25 * time.Hour}},
		Categories:   []string{"Work", "With, comma"},
		Color:        "tomato",
		Properties:   map[string]string{"com.example=x": "a;b,c\nd", "plain": "1"},
	}
}

func TestNewReadsBack(t *testing.T) {
	mark := calendar.Mark{Installation: "i-1", Mirror: "m-1", Entity: "e-1"}
	o, err := New("u1@twinday", calendar.Draft{Mark: mark, Content: fullContent()}, berlin, now)
	if err != nil {
		t.Fatal(err)
	}
	e := reread(t, o)
	if d := cmp.Diff(fullContent(), e.Content); d != "" {
		t.Errorf("read back differently (-want +got):\n%s\n%s", d, o.Bytes())
	}
	if e.Mark != mark || e.UID != "u1@twinday" || !e.Organized || e.HasGuests() || !e.Updated.Equal(now) || !e.Created.Equal(now) {
		t.Errorf("read back as %+v", e)
	}
	for _, l := range strings.Split(string(o.Bytes()), "\r\n") {
		if len(l) > 75 {
			t.Errorf("a line of %d octets: %s", len(l), l)
		}
		if strings.HasPrefix(l, "ORGANIZER") || strings.HasPrefix(l, "ATTENDEE") {
			t.Errorf("a copy has %s", l)
		}
	}
}
