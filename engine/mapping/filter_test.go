package mapping

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func TestFilters(t *testing.T) {
	monday := func(clock, end string) func(*Source) {
		return func(s *Source) {
			s.When = calendar.When{Start: calendar.Time{Local: "2026-03-16T" + clock, Zone: "America/New_York"}, End: calendar.Time{Local: "2026-03-16T" + end, Zone: "America/New_York"}}
		}
	}
	allDay := func(from, to int) func(*Source) {
		return func(s *Source) {
			s.When = calendar.When{Start: calendar.Date(2026, 3, from), End: calendar.Date(2026, 3, to)}
		}
	}
	free := func(s *Source) { s.Availability = calendar.Free }
	answered := func(r calendar.Response) func(*Source) {
		return func(s *Source) {
			s.Facts = calendar.Facts{Organizer: calendar.Person{Email: "grace@work.test"}, Guests: []calendar.Guest{{}}, MyResponse: r}
		}
	}
	for name, c := range map[string]struct {
		f       state.Filter
		home    func(*Source)
		skipped string // a part of the reason; nothing: it crosses
	}{
		"a meeting":             {},
		"a declined one":        {home: answered(calendar.Declined), skipped: "you declined it"},
		"an unanswered one":     {home: answered(calendar.NeedsAction)},
		"declined ones, too":    {f: state.Filter{Responses: &[]calendar.Response{}}, home: answered(calendar.Declined)},
		"only accepted ones":    {f: state.Filter{Responses: &[]calendar.Response{calendar.NeedsAction, calendar.Maybe}}, home: answered(calendar.Maybe), skipped: "your answer to it is “tentative”"},
		"a working location":    {home: func(s *Source) { s.Facts.Type = calendar.WorkingLocation }, skipped: "events of this kind (working location) do not cross"},
		"a birthday":            {home: func(s *Source) { s.Facts.Type = calendar.Birthday }, skipped: "birthday"},
		"an unknown type":       {f: state.Filter{Types: []calendar.EventType{calendar.UnknownType}}, home: func(s *Source) { s.Facts.Type = calendar.UnknownType }, skipped: "unknown"},
		"focus time":            {home: func(s *Source) { s.Facts.Type = calendar.FocusTime }},
		"out of office":         {home: func(s *Source) { s.Facts.Type = calendar.AwayTime }},
		"a birthday, asked for": {f: state.Filter{Types: []calendar.EventType{calendar.Birthday}}, home: func(s *Source) { s.Facts.Type = calendar.Birthday }},
		"the other account is a guest": {home: func(s *Source) {
			s.Facts.Guests = []calendar.Guest{{Person: calendar.Person{Email: "Ada@Home.test"}}}
		}, skipped: "invited to it too"},
		"the other account is the organizer": {home: func(s *Source) {
			s.Facts = calendar.Facts{Organizer: calendar.Person{Email: "ada@home.test"}, Guests: []calendar.Guest{{}}}
		}, skipped: "invited to it too"},
		"the other account is a guest, all the same": {f: state.Filter{Invited: state.Cross}, home: func(s *Source) {
			s.Facts.Guests = []calendar.Guest{{Person: calendar.Person{Email: "ada@home.test"}}}
		}},
		"free, where only busy ones cross":  {f: state.Filter{Availability: []calendar.Availability{calendar.Busy}}, home: free, skipped: "events that show as free"},
		"all-day, where none cross":         {f: state.Filter{AllDay: state.None}, home: allDay(16, 17), skipped: "all-day events do not cross"},
		"all-day and free, where busy do":   {f: state.Filter{AllDay: state.BusyAllDay}, home: func(s *Source) { allDay(16, 17)(s); free(s) }, skipped: "take no time"},
		"all-day and busy, where busy do":   {f: state.Filter{AllDay: state.BusyAllDay}, home: allDay(16, 17)},
		"a category that is asked for":      {f: state.Filter{With: []string{"team"}}, home: func(s *Source) { s.Categories = []string{"Team"} }},
		"without it":                        {f: state.Filter{With: []string{"team"}}, skipped: "none of the categories"},
		"a colour that does not cross":      {f: state.Filter{Without: []string{"Tomato"}}, home: func(s *Source) { s.Color = "tomato" }, skipped: "“tomato” does not cross"},
		"a title that is asked for":         {f: state.Filter{Include: "^lun"}},
		"another one":                       {f: state.Filter{Include: "^dinner"}, skipped: "does not match “^dinner”"},
		"a title that is left out":          {f: state.Filter{Exclude: "UNCH"}, skipped: "which is left out"},
		"on a Monday":                       {f: state.Filter{Days: []state.Weekday{"MO"}}},
		"not on a Monday":                   {f: state.Filter{Days: []state.Weekday{"TU", "SA"}}, skipped: "on a day that does not cross"},
		"from Monday into Tuesday":          {f: state.Filter{Days: []state.Weekday{"TU"}}, home: func(s *Source) { s.When.End.Local = "2026-03-17T00:30:00" }},
		"until midnight is no Tuesday":      {f: state.Filter{Days: []state.Weekday{"TU"}}, home: func(s *Source) { s.When.End.Local = "2026-03-17T00:00:00" }, skipped: "on a day"},
		"an all-day Monday is no Tuesday":   {f: state.Filter{Days: []state.Weekday{"TU"}}, home: allDay(16, 17), skipped: "on a day"},
		"a week has a Tuesday":              {f: state.Filter{Days: []state.Weekday{"TU"}}, home: allDay(18, 27)},
		"in its own zone, within the hours": {f: state.Filter{Hours: "08:00-18:00"}, home: monday("17:30:00", "19:00:00")},
		"outside of the hours":              {f: state.Filter{Hours: "08:00-18:00"}, home: monday("18:00:00", "19:00:00"), skipped: "outside of the hours that cross (08:00-18:00)"},
		"no length, at the first minute":    {f: state.Filter{Hours: "08:00-18:00"}, home: monday("08:00:00", "08:00:00")},
		"hours do not count for a day":      {f: state.Filter{Hours: "08:00-18:00"}, home: allDay(16, 17)},
		"at night, early":                   {f: state.Filter{Hours: "22:00-06:00"}, home: monday("05:00:00", "05:30:00")},
		"at night, at noon":                 {f: state.Filter{Hours: "22:00-06:00"}, home: monday("12:00:00", "12:30:00"), skipped: "outside of the hours"},
		"the night belongs to its evening":  {f: state.Filter{Hours: "22:00-06:00", Days: []state.Weekday{"SU"}}, home: monday("05:00:00", "05:30:00")},
		"days and hours":                    {f: state.Filter{Hours: "08:00-18:00", Days: []state.Weekday{"MO"}}, home: monday("19:00:00", "20:00:00"), skipped: "outside of the days and hours"},
	} {
		why := must(t, state.Mapping{Filter: c.f}, outlooky, outlooky).Crossing(lunch(c.home))
		if (why == "") != (c.skipped == "") || !strings.Contains(why, c.skipped) {
			t.Errorf("%s: %q, want %q", name, why, c.skipped)
		}
	}
}

// A filter looks at each occurrence of a series.
func TestFiltersOfSeries(t *testing.T) {
	from, to := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	slot := func(day int) string { return fmt.Sprintf("202603%02dT110000Z", day) }
	series := lunch(func(s *Source) { s.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=7"} }) // from Monday to Sunday
	changed := func(day int, g calendar.Group, f func(*calendar.Content)) calendar.Override {
		o := calendar.Override{Original: series.When.Original(slot(day)), Changed: calendar.Groups{g}}
		if f(&o.Content); g == calendar.GroupWhen {
			o.Content.When.End = o.Content.When.Start
		}
		return o
	}
	moved := func(day int, local string) calendar.Override {
		return changed(day, calendar.GroupWhen, func(c *calendar.Content) { c.When.Start = calendar.Time{Local: local, Zone: "Europe/Berlin"} })
	}
	named := func(day int, title string) calendar.Override {
		return changed(day, calendar.GroupTitle, func(c *calendar.Content) { c.Title = title })
	}
	for name, c := range map[string]struct {
		f         state.Filter
		facts     calendar.Facts
		overrides []calendar.Override
		whole     bool   // as a series
		gone      []int  // days that are cancelled in it
		alone     []int  // days that stand alone
		skipped   string // all of it
	}{
		"all of it":                            {whole: true},
		"one day renamed to what is left out":  {f: state.Filter{Exclude: "secret"}, overrides: []calendar.Override{named(18, "Secret lunch")}, whole: true, gone: []int{18}},
		"one day declined":                     {facts: calendar.Facts{Responses: map[string]calendar.Response{slot(17): calendar.Declined}}, whole: true, gone: []int{17}},
		"one day accepted of a declined one":   {facts: calendar.Facts{MyResponse: calendar.Declined, Responses: map[string]calendar.Response{slot(19): calendar.Accepted}}, alone: []int{19}},
		"all of it declined":                   {facts: calendar.Facts{MyResponse: calendar.Declined}, skipped: "you declined it"},
		"working days only":                    {f: state.Filter{Days: []state.Weekday{"MO", "TU", "WE", "TH", "FR"}}, alone: []int{16, 17, 18, 19, 20}},
		"one moved to a working day":           {f: state.Filter{Days: []state.Weekday{"MO"}}, overrides: []calendar.Override{moved(21, "2026-03-23T12:00:00")}, alone: []int{16, 21}},
		"in the morning only":                  {f: state.Filter{Hours: "06:00-11:00"}, skipped: "outside of the hours"},
		"one moved to the morning":             {f: state.Filter{Hours: "06:00-11:00"}, overrides: []calendar.Override{moved(18, "2026-03-18T10:00:00")}, alone: []int{18}},
		"one moved out of the hours":           {f: state.Filter{Hours: "11:00-14:00"}, overrides: []calendar.Override{moved(18, "2026-03-18T20:00:00")}, whole: true, gone: []int{18}},
		"one day free, where busy ones cross":  {f: state.Filter{Availability: []calendar.Availability{calendar.Busy}}, overrides: []calendar.Override{changed(20, calendar.GroupAvailability, func(c *calendar.Content) { c.Availability = calendar.Free })}, whole: true, gone: []int{20}},
		"one day of a category that is wanted": {f: state.Filter{With: []string{"Team"}}, overrides: []calendar.Override{changed(20, calendar.GroupCategories, func(c *calendar.Content) { c.Categories = []string{"Team"} })}, alone: []int{20}},
	} {
		t.Run(name, func(t *testing.T) {
			home := series
			home.Facts = c.facts
			home.Facts.Organized = c.facts.MyResponse == "" && c.facts.Responses == nil
			overrides := map[string]calendar.Override{}
			for _, o := range c.overrides {
				overrides[o.Original.Slot()] = o
			}
			shape := must(t, state.Mapping{Filter: c.f}, outlooky, outlooky).Shape(home, overrides, from, to)
			if (shape.Skipped == "") != (c.skipped == "") || !strings.Contains(shape.Skipped, c.skipped) {
				t.Fatalf("skipped: %q, want %q", shape.Skipped, c.skipped)
			}
			whole, is := shape.Parts[""]
			if is != c.whole {
				t.Errorf("as a series: %v", is)
			}
			for day := 16; day <= 22; day++ {
				_, alone := shape.Parts[slot(day)]
				want := false
				for _, d := range c.alone {
					want = want || d == day
				}
				gone := false
				for _, d := range c.gone {
					gone = gone || d == day
				}
				if alone != want || whole.Overrides[slot(day)].Cancelled != gone {
					t.Errorf("day %d: alone %v, want %v; cancelled %v, want %v", day, alone, want, whole.Overrides[slot(day)].Cancelled, gone)
				}
			}
		})
	}
}
