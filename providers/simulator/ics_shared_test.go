package simulator

import (
	"os"
	"path/filepath"
	"testing"
)

// realCalendars are what the exports of real programs hold: single events,
// series, problems.
var realCalendars = map[string][3]int{
	"Germany_Holidays.ics":                  {34, 0, 0},
	"after_many_events_in_order.ics":        {2, 2, 0},
	"bad_rrule_missing_until_event.ics":     {0, 0, 1},
	"discourse_no_dtend.ics":                {4, 0, 0},
	"each_week_but_two_deleted.ics":         {0, 1, 0},
	"end_before_start_event.ics":            {0, 0, 1},
	"event_10_times.ics":                    {0, 1, 0},
	"fablab_cottbus.ics":                    {27, 1, 0},
	"issue_15_duplicated_events.ics":        {3, 0, 0},
	"issue_20_exdate_ignored.ics":           {0, 1, 0},
	"issue_223_thunderbird.ics":             {0, 1, 0},
	"issue_27_t1.ics":                       {0, 1, 0},
	"issue_36_recurrence_ID_format.ics":     {0, 2, 0},
	"issue_48_dst.ics":                      {1, 12, 0},
	"issue_62_moved_event.ics":              {0, 1, 0},
	"machbar_16_feb_2019.ics":               {34, 24, 0},
	"multiple_rrule.ics":                    {0, 1, 0},
	"one_day_event_repeat_every_day.ics":    {0, 1, 0},
	"rdate_hackerpublicradio.ics":           {0, 1, 0},
	"recurring_events_changed_duration.ics": {0, 2, 0},
	"recurring_events_moved.ics":            {0, 2, 0},
	"several_events_at_the_same_time.ics":   {10, 0, 0},
	"three_events_one_edited.ics":           {0, 1, 0},
}

// TestRealCalendars reads exports of real programs. They may not be copied into
// the project: the test runs where they lie beside it.
func TestRealCalendars(t *testing.T) {
	const folder = "../../../shared/data/ics"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("../shared/data/ics is not beside the project")
	}
	files, err := filepath.Glob(folder + "/*.ics")
	if err != nil || len(files) < len(realCalendars) {
		t.Fatalf("found %d files (%v), want at least %d", len(files), err, len(realCalendars))
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			for _, options := range [][]LoadOption{nil, {KeepSeries()}} {
				f, err := os.Open(file)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				m := berlinMailbox()
				got, err := LoadICS(m, "primary", f, name, options...)
				if err != nil {
					t.Fatal(err)
				}
				want, known := realCalendars[name]
				if counts := [3]int{got.Events, got.Series, len(got.Problems)}; known && counts != want {
					t.Errorf("got %v, want %v (singles, series, problems); %v", counts, want, got.Problems)
				}
				if stored := len(m.Events("primary")); options == nil && stored != got.Events {
					t.Errorf("stored %d, want %d", stored, got.Events)
				}
			}
		})
	}
}
