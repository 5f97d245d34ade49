package mailbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

func moment(t *testing.T, text, zone string) Moment {
	t.Helper()
	m, err := At(text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSlotsOfRules(t *testing.T) {
	for _, c := range []struct{ name, start, zone, lines, want string }{
		{"by wall clock over the change of the clocks", "2026-03-22T10:00:00", "Europe/Berlin", "RRULE:FREQ=WEEKLY;COUNT=2", "20260322T090000Z 20260329T080000Z"},
		{"a skipped clock time goes forward", "2026-03-28T02:30:00", "Europe/Berlin", "RRULE:FREQ=DAILY;COUNT=3", "20260328T013000Z 20260329T013000Z 20260330T003000Z"},
		{"a repeated one is the first", "2026-10-24T02:30:00", "Europe/Berlin", "RRULE:FREQ=DAILY;COUNT=2", "20261024T003000Z 20261025T003000Z"},
		{"half an hour on Lord Howe", "2026-04-04T09:00:00", "Australia/Lord_Howe", "RRULE:FREQ=DAILY;COUNT=2", "20260403T220000Z 20260404T223000Z"},
		{"dates", "2026-12-31", "", "RRULE:FREQ=DAILY;COUNT=2", "20261231 20270101"},
		{"exclusions and extra dates", "2026-03-03", "", "RRULE:FREQ=DAILY;COUNT=3 EXDATE;VALUE=DATE:20260304 RDATE;VALUE=DATE:20260310", "20260303 20260305 20260310"},
		{"less a rule", "2026-03-03", "", "RRULE:FREQ=DAILY;COUNT=4 EXRULE:FREQ=DAILY;INTERVAL=2", "20260304 20260306"},
		{"the last day of short months", "2026-01-31", "", "RRULE:FREQ=MONTHLY;COUNT=3;RSCALE=GREGORIAN;SKIP=BACKWARD", "20260131 20260228 20260331"},
		{"28 February for a leap day", "2028-02-29", "", "RRULE:FREQ=YEARLY;COUNT=2;RSCALE=GREGORIAN;SKIP=BACKWARD", "20280229 20290228"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := Event{Start: moment(t, c.start, c.zone), Recurrence: strings.Fields(c.lines)}
			rules, err := e.Rules()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for m := range rules.Between(time.Time{}, time.Time{}) {
				got = append(got, m.Slot())
				again, err := SlotMoment(m.Slot(), c.zone)
				if err != nil || again != m || !rules.Has(again) {
					t.Errorf("%s read back: %+v, %v, want %+v", m.Slot(), again, err, m)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			if rules.Endless {
				t.Error("it ends")
			}
		})
	}
}

func TestDragKeepsTheLength(t *testing.T) {
	for _, c := range []struct {
		start, end, zone string
		by               time.Duration
		want             string
	}{
		{"2026-03-28T10:00:00", "2026-03-28T11:00:00", "Europe/Berlin", 24 * time.Hour, "2026-03-29T10:00:00 2026-03-29T11:00:00"},
		{"2026-03-28T01:30:00", "2026-03-28T03:30:00", "Europe/Berlin", 24 * time.Hour, "2026-03-29T01:30:00 2026-03-29T04:30:00"},
		{"2026-03-28", "2026-03-30", "", -48 * time.Hour, "2026-03-26 2026-03-28"},
	} {
		e := Event{Start: moment(t, c.start, c.zone), End: moment(t, c.end, c.zone)}
		if err := e.Drag(c.by); err != nil {
			t.Fatal(err)
		}
		if got := e.Start.Date + e.Start.Local + " " + e.End.Date + e.End.Local; got != c.want {
			t.Errorf("%s by %s: %s, want %s", c.start, c.by, got, c.want)
		}
	}
	e := Event{Start: moment(t, "2026-03-28", ""), End: moment(t, "2026-03-29", "")}
	if err := e.Drag(time.Hour); !errors.Is(err, ErrRefused) {
		t.Errorf("an all-day event by an hour: %v", err)
	}
}

func TestOrderAndWindowOfOccurrences(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 3, 3, h, 0, 0, 0, time.UTC) }
	day := Occurrence{Start: at(0), End: at(24), AllDay: true, Title: "z"}
	night := Occurrence{Start: at(0), End: at(24), Title: "a"}
	if CompareOccurrences(day, night) >= 0 || CompareOccurrences(night, day) <= 0 {
		t.Error("all-day comes first")
	}
	other := night
	other.Series, other.Slot = "x", "y"
	if CompareOccurrences(night, other) != 0 {
		t.Error("ids count")
	}
	for _, c := range []struct {
		start, end int
		want       bool
	}{{8, 9, false}, {8, 10, true}, {9, 9, true}, {11, 11, false}, {10, 20, true}, {11, 12, false}, {0, 24, true}} {
		if got := (Occurrence{Start: at(c.start), End: at(c.end)}).Overlaps(at(9), at(11)); got != c.want {
			t.Errorf("%d to %d: %v", c.start, c.end, got)
		}
	}
}

func TestInstantsOfClockTimes(t *testing.T) {
	for _, c := range []struct{ local, zone, want string }{
		{"2026-07-01T12:00:00", "Europe/Berlin", "20260701T100000Z"},
		{"2026-03-29T02:30:00", "Europe/Berlin", "20260329T013000Z"},       // skipped
		{"2026-03-29T03:30:00", "Europe/Berlin", "20260329T013000Z"},       // what it moves to
		{"2026-03-29T10:00:00", "Europe/Berlin", "20260329T080000Z"},       // the day of the change
		{"2026-10-25T02:30:00", "Europe/Berlin", "20261025T003000Z"},       // twice
		{"2026-10-25T10:00:00", "Europe/Berlin", "20261025T090000Z"},       // after it
		{"2026-04-05T01:45:00", "Australia/Lord_Howe", "20260404T144500Z"}, // half an hour, twice
		{"2011-12-30T10:00:00", "Pacific/Apia", "20111230T200000Z"},        // a skipped day
	} {
		if got := moment(t, c.local, c.zone).Slot(); got != c.want {
			t.Errorf("%s in %s is %s, want %s", c.local, c.zone, got, c.want)
		}
		first, err := calendar.Time{Local: c.local, Zone: c.zone}.Instant()
		if err != nil || !first.Equal(moment(t, c.local, c.zone).UTC) {
			t.Errorf("%s in %s: the product reads %s, %v", c.local, c.zone, first, err)
		}
	}
}
