package samples

import (
	"bytes"
	"regexp"
	"testing"
	"time"
)

func TestSamplesLieAroundTheDay(t *testing.T) {
	starts := regexp.MustCompile(`(?m)^DTSTART[^\r\n:]*:(\d{8})`)
	series := regexp.MustCompile(`(?ms)^RRULE:`)
	for _, test := range []struct{ name, now, first, last string }{
		{"on the Monday the files were written for", "2026-01-05", "2026-01-01", "2026-02-11"},
		{"on the Sunday of that week", "2026-01-11", "2026-01-01", "2026-02-11"},
		{"a week later", "2026-01-12", "2026-01-08", "2026-02-18"},
		{"in summer, over a change of the clock", "2026-07-15", "2026-07-09", "2026-08-19"},
		{"in a leap year", "2028-02-29", "2028-02-24", "2028-04-05"},
		{"before they were written", "2025-12-31", "2025-12-25", "2026-02-04"},
	} {
		t.Run(test.name, func(t *testing.T) {
			now, err := time.Parse(time.DateOnly, test.now)
			if err != nil {
				t.Fatal(err)
			}
			first, last := time.Time{}, time.Time{}
			for _, ics := range [][]byte{Work(now), Home(now)} {
				ics = ics[bytes.Index(ics, []byte("BEGIN:VEVENT")):]
				for event := range bytes.SplitSeq(ics, []byte("END:VEVENT")) {
					m := starts.FindSubmatch(event)
					if m == nil || series.Match(event) {
						continue
					}
					d, err := time.Parse("20060102", string(m[1]))
					if err != nil {
						t.Fatal(err)
					}
					if first.IsZero() || d.Before(first) {
						first = d
					}
					if d.After(last) {
						last = d
					}
				}
			}
			if f, l := first.Format(time.DateOnly), last.Format(time.DateOnly); f != test.first || l != test.last {
				t.Errorf("events from %s to %s, want %s to %s", f, l, test.first, test.last)
			}
		})
	}
}

func TestMonthlySeriesBeginOnADayOfTheirRule(t *testing.T) {
	find := func(ics []byte, title string) time.Time {
		for event := range bytes.SplitSeq(ics, []byte("END:VEVENT")) {
			if bytes.Contains(event, []byte("SUMMARY:"+title)) {
				return day(starts.FindSubmatch(event)[1])
			}
		}
		t.Fatalf("no event is called %q", title)
		return time.Time{}
	}
	for week := range 160 {
		now := base.AddDate(0, 0, 7*week)
		review, bills := find(Work(now), "Month-end review"), find(Home(now), "Pay the bills")
		if review.Weekday() != time.Friday || review.AddDate(0, 0, 7).Month() == review.Month() || review.Before(now) || review.After(now.AddDate(0, 0, 40)) {
			t.Errorf("from %s on the review begins on %s, %s", now.Format(time.DateOnly), review.Weekday(), review.Format(time.DateOnly))
		}
		if bills.Day() != 1 && bills.Day() != 15 || bills.Before(now) || bills.After(now.AddDate(0, 0, 16)) {
			t.Errorf("from %s on the bills begin on %s", now.Format(time.DateOnly), bills.Format(time.DateOnly))
		}
	}
}

func TestZonesKeepTheirRules(t *testing.T) {
	for name, ics := range map[string][]byte{"work": Work(base.AddDate(1, 0, 0)), "home": Home(base.AddDate(1, 0, 0))} {
		if !bytes.Contains(ics, []byte("\r\nDTSTART:19700329T020000\r\n")) {
			t.Errorf("%s: the zone's own start was moved", name)
		}
		if bytes.Contains(ics, []byte("\r\r")) || bytes.Count(ics, []byte("\n")) != bytes.Count(ics, []byte("\r\n")) {
			t.Errorf("%s: lines do not end in CRLF", name)
		}
		for n, line := range bytes.Split(ics, []byte("\r\n")) {
			if len(line) > 75 {
				t.Errorf("%s:%d: longer than 75 octets", name, n+1)
			}
		}
	}
}

func TestTheFilesAreNotTouched(t *testing.T) {
	before := bytes.Clone(work)
	Work(base.AddDate(3, 0, 0))
	if !bytes.Equal(before, work) {
		t.Error("Work changed the embedded file")
	}
}
