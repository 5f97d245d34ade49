package icalendar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// patience is many times what any file may take. Each of those below took minutes to hours
// where the work grew with the square of their length.
const patience = 30 * time.Second

// TestAFileOfWhateverShapeIsReadInTime: anybody can invite anybody, and a feed is whatever
// its address answers. What is large or many of it must not hold a sync up.
func TestAFileOfWhateverShapeIsReadInTime(t *testing.T) {
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const (
		head = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260101T100000Z\n"
		tail = "END:VEVENT\nEND:VCALENDAR\n"
	)
	parts := func(n int) string {
		var b strings.Builder
		day := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
		for i := range n {
			fmt.Fprintf(&b, "BEGIN:VEVENT\nUID:a\nDTSTART:20260101T100000Z\nRECURRENCE-ID:%s\nEND:VEVENT\n", day.AddDate(0, 0, i).Format(stampLayout))
		}
		return b.String()
	}
	zone := "BEGIN:VTIMEZONE\nTZID:odd\nBEGIN:STANDARD\nDTSTART:19010101T000000\nTZOFFSETFROM:+0113\nTZOFFSETTO:+0114\n" +
		strings.Repeat("RRULE:FREQ=DAILY\n", 100_000) + "END:STANDARD\nEND:VTIMEZONE\n"
	far := "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:21990101T100000Z\nDTSTART;TZID=odd:21990101T100000\nEND:VEVENT\n"
	for name, c := range map[string]struct {
		file string
		said string // of the object, or why it is refused
	}{
		"guests":      {head + lines(300_000, "ATTENDEE:mailto:a%d@x.test\n") + tail, "300000 guests"},
		"categories":  {head + "CATEGORIES:" + lines(600_000, "c%d,") + "\n" + tail, "600000 categories"},
		"occurrences": {head + "RRULE:FREQ=DAILY\nEND:VEVENT\n" + parts(maxParts-1) + "END:VCALENDAR\n", "9998 overrides"},
		"too many":    {head + "RRULE:FREQ=DAILY\nEND:VEVENT\n" + parts(maxParts) + "END:VCALENDAR\n", errParts.Error()},
		"lines":       {head + strings.Repeat("a\n", maxLines+1) + tail, "it has more than 2000000 lines"},
		"a zone's rules": {"BEGIN:VCALENDAR\n" + zone + "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=odd:20260101T100000\n" + "RRULE:FREQ=YEARLY\nEND:VEVENT\n" +
			far + "END:VCALENDAR\n", "its time zone is not said: it is taken for the calendar's own"},
	} {
		t.Run(name, func(t *testing.T) {
			var said string
			within(t, func() {
				o, _, err := Parse([]byte(c.file), berlin)
				if err != nil {
					said = err.Error()
					return
				}
				e := o.Event()
				said = fmt.Sprintf("%d guests, %d categories, %d overrides, %s", len(e.Guests), len(e.Content.Categories), len(e.Overrides), e.Doubt)
			})
			if !strings.Contains(said, c.said) {
				t.Errorf("it is said to be %s; want %s", said, c.said)
			}
		})
	}
	t.Run("a feed of one UID", func(t *testing.T) {
		within(t, func() {
			text := "BEGIN:VCALENDAR\n" + parts(maxParts-1) + lines(60_000, "BEGIN:VEVENT\nUID:a\nDTSTART:20260101T10%04d\nEND:VEVENT\n") + "END:VCALENDAR\n"
			if objects, _, _, err := ParseFeed(strings.NewReader(text), berlin); err != nil || len(objects) != 60_000 {
				t.Errorf("%d objects, %v; want one for each start", len(objects), err)
			}
		})
	})
}

// within ends the test where f does not end.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("it takes longer than %v", patience)
	}
}

// TestComplaintsEnd: a file of nothing but faults is complained of so often, and no more.
func TestComplaintsEnd(t *testing.T) {
	_, _, complaints, err := ParseFeed(strings.NewReader("BEGIN:VCALENDAR\n"+strings.Repeat("no line\n", 5000)+"END:VCALENDAR\n"), Owner{})
	if err != nil || len(complaints) != maxComplaints {
		t.Errorf("%d complaints, %v; want %d", len(complaints), err, maxComplaints)
	}
}
