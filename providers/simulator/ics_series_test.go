package simulator

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// agenda is what a person sees from a day on for some years, one sorted line each.
func agenda(t *testing.T, s *Simulator, from time.Time, years int) []string {
	t.Helper()
	list, err := s.Agenda("primary", from, from.AddDate(years, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range list {
		out = append(out, line(o))
	}
	slices.Sort(out)
	return out
}

func line(o mailbox.Occurrence) string {
	text := o.Start.Format("2006-01-02 15:04") + o.End.Format("–15:04")
	if o.AllDay {
		text = o.Start.Format(time.DateOnly) + o.End.Format("–01-02")
	}
	if text += " " + o.Title; o.Place != "" {
		text += " @ " + o.Place
	}
	return text
}

// refusal is how Outlook says what it cannot hold, in words of its own.
var refusal = regexp.MustCompile(`left out: .*(RDATE|BYMONTHDAY=1,15)$`)

func TestSeriesCrossIntoTheServiceWhole(t *testing.T) {
	text := readTestdata(t, "series.ics")
	common := []string{
		"2026-07-14 06:00–06:30 Stand-up @ Room 3",
		"2026-07-14 08:00–08:00 Single",
		"2026-07-14 09:00–09:00 Once a series, now single",
		"2026-07-14–07-15 Birthday",
		"2026-07-21 07:00–07:30 Stand-up that an EXDATE took away",
		"2026-07-28 09:00–09:30 Stand-up, later @ Terrace",
		"2026-07-28 10:00–11:00 Invited to this one only",
		"2026-08-04 10:00–11:00 Invited to this one too",
		"2026-08-25 06:00–06:30 Stand-up @ Room 3",
		"2026-09-01 06:30–07:00 Stand-up, from now on?",
		"2026-09-02 06:00–06:30 Stand-up of a Wednesday",
		"2026-09-08 06:00–06:30 Stand-up @ Room 3",
		"2027-07-15–07-16 Birthday, a day late",
		"2028-07-14–07-15 Birthday",
		"2029-07-14–07-15 Birthday",
	}
	googleOnly := []string{
		"2026-07-15–07-16 Rent", "2026-08-01–08-02 Rent", "2026-08-15–08-16 Rent", "2026-09-01–09-02 Rent",
		"2026-10-30 13:00–14:00 On three days", "2026-11-02 14:00–15:00 On three days", "2026-11-05 15:00–16:00 On three days",
	}
	// What the loaders have to say, and what Outlook's has.
	both := []string{
		"test.ics:4: left out: line 12 has a newer event with the same UID (standup)",
		"test.ics:40: RANGE=THISANDFUTURE is taken for this occurrence alone: the following ones stay as they were (standup)",
		"test.ics:45: kept as an event of its own: its series has no occurrence then (standup)",
		"test.ics:52: kept as an event of its own: an EXDATE takes away the occurrence that it changes (standup)",
	}
	outlookOnly := []string{
		"test.ics:89: left out: … RDATE (dates)",
		"test.ics:96: left out: … BYMONTHDAY=1,15 (rent)",
	}
	last := []string{
		"test.ics:102: left out: the series has no occurrence (never)",
		"test.ics:117: left out: line 111 has the same UID (twice)",
	}
	for _, test := range []struct {
		service  Service
		agenda   []string
		problems []string
		want     Loaded
	}{
		{Google, append(common, googleOnly...), slices.Concat(both, last), Loaded{Events: 6, Series: 4, Changed: 3, Cancelled: 4}},
		{Outlook, common, slices.Concat(both, outlookOnly, last), Loaded{Events: 6, Series: 2, Changed: 3, Cancelled: 4}},
	} {
		t.Run(string(test.service), func(t *testing.T) {
			s := berlin(t, test.service)
			got := loadInto(t, s, text)
			slices.Sort(test.agenda)
			if diff := cmp.Diff(test.agenda, agenda(t, s, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 4)); diff != "" {
				t.Errorf("the person sees (-want +got):\n%s", diff)
			}
			var named []string
			for _, p := range got.Problems {
				named = append(named, fmt.Sprintf("%s (%s)", refusal.ReplaceAllString(p.String(), "left out: … $1"), p.UID))
			}
			if diff := cmp.Diff(test.problems, named); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if got.Problems = nil; !cmp.Equal(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
