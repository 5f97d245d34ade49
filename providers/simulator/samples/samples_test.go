package samples

import (
	"bytes"
	"regexp"
	"testing"
	"time"
)

func TestSamplesLieAroundTheDay(t *testing.T) {
	starts := regexp.MustCompile(`(?m)^DTSTART[^\r\n:]*:(\d{8})`)
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
				for _, m := range starts.FindAllSubmatch(ics, -1) {
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
