package simulator

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// realCalendars are what the exports of real programs hold, as Google stores
// them: single events, series, their changed and their cancelled occurrences,
// problems.
var realCalendars = map[string][5]int{
	"Germany_Holidays.ics":                  {34, 0, 0, 0, 0},
	"after_many_events_in_order.ics":        {2, 2, 3, 5, 0},
	"bad_rrule_missing_until_event.ics":     {0, 0, 0, 0, 1},
	"discourse_no_dtend.ics":                {4, 0, 0, 0, 0},
	"each_week_but_two_deleted.ics":         {0, 1, 0, 2, 0},
	"end_before_start_event.ics":            {0, 0, 0, 0, 1},
	"event_10_times.ics":                    {0, 1, 0, 0, 0},
	"fablab_cottbus.ics":                    {27, 1, 0, 0, 0},
	"issue_15_duplicated_events.ics":        {3, 0, 0, 0, 0},
	"issue_20_exdate_ignored.ics":           {0, 1, 0, 9, 0},
	"issue_223_thunderbird.ics":             {0, 1, 2, 0, 0},
	"issue_27_t1.ics":                       {0, 1, 0, 1, 0},
	"issue_36_recurrence_ID_format.ics":     {0, 2, 3, 0, 0},
	"issue_48_dst.ics":                      {1, 12, 0, 14, 0},
	"issue_62_moved_event.ics":              {0, 1, 1, 0, 0},
	"machbar_16_feb_2019.ics":               {34, 24, 6, 5, 0},
	"multiple_rrule.ics":                    {0, 1, 0, 0, 0},
	"one_day_event_repeat_every_day.ics":    {0, 1, 0, 0, 0},
	"rdate_hackerpublicradio.ics":           {0, 1, 0, 0, 0},
	"recurring_events_changed_duration.ics": {0, 2, 4, 0, 0},
	"recurring_events_moved.ics":            {0, 2, 3, 0, 0},
	"several_events_at_the_same_time.ics":   {10, 0, 0, 0, 0},
	"three_events_one_edited.ics":           {0, 1, 1, 0, 0},
}

// onOutlook are those that Exchange holds otherwise.
var onOutlook = map[string][5]int{
	// An occurrence lies beyond its neighbour: it stands alone.
	"after_many_events_in_order.ics": {3, 2, 2, 6, 1},
	// Two rules, and dates.
	"multiple_rrule.ics":          {0, 0, 0, 0, 1},
	"rdate_hackerpublicradio.ics": {0, 0, 0, 0, 1},
}

// TestRealCalendars reads exports of real programs, and lets the person of one
// service see what that of the other sees. They may not be copied into the
// project: the test runs where they lie beside it.
func TestRealCalendars(t *testing.T) {
	const folder = "../../../shared/data/ics"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("../shared/data/ics is not beside the project")
	}
	files, err := filepath.Glob(folder + "/*.ics")
	if err != nil || len(files) < len(realCalendars) {
		t.Fatalf("found %d files (%v), want at least %d", len(files), err, len(realCalendars))
	}
	occurrences := 0
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			seen := map[Service][]string{}
			series := map[Service]int{}
			for _, service := range []Service{Google, Outlook} {
				s := berlin(t, service)
				got, err := s.LoadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				want, known := realCalendars[name]
				if other, ok := onOutlook[name]; ok && service == Outlook {
					want = other
				}
				counts := [5]int{got.Events, got.Series, got.Changed, got.Cancelled, len(got.Problems)}
				if known && counts != want {
					t.Errorf("%s: got %v, want %v (singles, series, changed, cancelled, problems); %v", service, counts, want, got.Problems)
				}
				seen[service] = agenda(t, s, time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), 20)
				series[service] = got.Series
			}
			if series[Google] != series[Outlook] {
				return // Exchange cannot hold one of them
			}
			if diff := cmp.Diff(seen[Google], seen[Outlook]); diff != "" {
				t.Errorf("the two services show one file differently (-google +outlook):\n%s", diff)
			}
			occurrences += len(seen[Google])
		})
	}
	if occurrences < 1000 {
		t.Errorf("only %d occurrences were compared", occurrences)
	}
}
