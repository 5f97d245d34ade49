package calendar_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

func at(local, zone string) calendar.Time { return calendar.Time{Local: local, Zone: zone} }

// readings are the first n occurrences as the series' clock shows them.
func readings(t *testing.T, start calendar.Time, n int, rules ...string) string {
	t.Helper()
	var list []string
	for _, o := range first(occurrences(t, series(start, rules...)), n) {
		list = append(list, o.Local)
	}
	return strings.Join(list, " ")
}

// What rrule-go does wrong on its own, or silently.
func TestFaultsOfTheLibraryAreMended(t *testing.T) {
	for name, c := range map[string]struct {
		start string
		rules []string
		want  string // dates
	}{
		"BYDAY mixing plain and numbered: both": {"2026-01-05", []string{"RRULE:FREQ=MONTHLY;BYDAY=1MO,WE;COUNT=6"},
			"2026-01-05 2026-01-07 2026-01-14 2026-01-21 2026-01-28 2026-02-02"},
		"BYDAY mixing plain and last": {"2026-01-05", []string{"RRULE:FREQ=MONTHLY;BYDAY=MO,-2TU;COUNT=6"},
			"2026-01-05 2026-01-12 2026-01-19 2026-01-20 2026-01-26 2026-02-02"},
		"BYDAY mixing plain and numbered over a year": {"2026-01-01", []string{"RRULE:FREQ=YEARLY;BYDAY=-1FR,TH;UNTIL=20260115"},
			"2026-01-01 2026-01-08 2026-01-15"},
		"WEEKLY with BYSETPOS counts the whole first week": {"2026-01-07", []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=3"},
			"2026-01-07 2026-01-14 2026-01-21"},
		"BYWEEKNO without BYDAY is start's weekday": {"2026-05-13", []string{"RRULE:FREQ=YEARLY;BYWEEKNO=20;COUNT=3"},
			"2026-05-13 2027-05-19 2028-05-17"},
		"week 1 may begin in December": {"2024-12-30", []string{"RRULE:FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=3"},
			"2024-12-30 2025-12-29 2027-01-04"},
		"the last week may end in January": {"2027-01-03", []string{"RRULE:FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU;COUNT=3"},
			"2027-01-03 2028-01-02 2028-12-31"},
		"a number that no month reaches": {"2026-02-02", []string{"RRULE:FREQ=MONTHLY;BYDAY=53MO;COUNT=3"}, "2026-02-02"},
		"a number from the end that no month reaches": {"2026-01-05", []string{"RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=-53MO,1MO;COUNT=2"},
			"2026-01-05 2027-01-04"},
		"several RRULEs are merged": {"2026-01-05", []string{"RRULE:FREQ=WEEKLY;COUNT=3", "RRULE:FREQ=MONTHLY;BYMONTHDAY=12,13;UNTIL=20260212"},
			"2026-01-05 2026-01-12 2026-01-13 2026-01-19 2026-02-12"},
		"RDATE adds, once": {"2026-01-05", []string{"RDATE;VALUE=DATE:20260120,20260112,20260106", "RRULE:FREQ=WEEKLY;COUNT=2"},
			"2026-01-05 2026-01-06 2026-01-12 2026-01-20"},
		"RDATE without a rule": {"2026-01-05", []string{"RDATE;VALUE=DATE:20260120"}, "2026-01-05 2026-01-20"},
		"COUNT counts before EXDATE": {"2026-01-05", []string{"RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260106"},
			"2026-01-05 2026-01-07"},
		"EXDATE takes RDATE and start": {"2026-01-05", []string{"RRULE:FREQ=DAILY;COUNT=2", "RDATE;VALUE=DATE:20260110", "EXDATE;VALUE=DATE:20260105,20260110"},
			"2026-01-06"},
		"start that does not match is the first":  {"2026-01-06", []string{"RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"}, "2026-01-06 2026-01-12 2026-01-19"},
		"UNTIL before start leaves nothing":       {"2026-01-06", []string{"RRULE:FREQ=DAILY;UNTIL=20260105"}, ""},
		"the 30th of February: start alone":       {"2026-01-06", []string{"RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"}, "2026-01-06"},
		"a February that never has a week 30":     {"2026-01-06", []string{"RRULE:FREQ=YEARLY;BYMONTH=2;BYWEEKNO=30"}, "2026-01-06"},
		"a last day that is never a first Monday": {"2026-01-06", []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;BYDAY=1MO"}, "2026-01-06"},
		"the 29th of February":                    {"2024-02-29", []string{"RRULE:FREQ=YEARLY;COUNT=3"}, "2024-02-29 2028-02-29 2032-02-29"},
		"the last day as Outlook means the 31st":  {"2026-01-31", []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1;COUNT=3"}, "2026-01-31 2026-02-28 2026-03-30"},
		"a number where it means nothing":         {"2026-01-05", []string{"RRULE:FREQ=WEEKLY;BYDAY=1MO;COUNT=2"}, "2026-01-05 2026-01-12"},
		"times of day mean nothing to a date":     {"2026-01-05", []string{"RRULE:FREQ=DAILY;BYHOUR=9,17;COUNT=2"}, "2026-01-05 2026-01-06"},
		"UNTIL with a time on dates":              {"2026-01-05", []string{"RRULE:FREQ=DAILY;UNTIL=20260106T235959Z"}, "2026-01-05 2026-01-06"},
		"EXDATE with a time on dates":             {"2026-01-05", []string{"RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260106T000000Z"}, "2026-01-05"},
		"a period's start counts":                 {"2026-01-05", []string{"RDATE;VALUE=PERIOD:20260107T100000Z/PT1H"}, "2026-01-05 2026-01-07"},
		"no rule: one":                            {"2026-01-05", nil, "2026-01-05"},
		"lower case, spaces, semicolon, X- part":  {"2026-01-05", []string{"rrule:freq=weekly; byday=mo, we;x-note=1;count=3;"}, "2026-01-05 2026-01-07 2026-01-12"},
		"RSCALE and SKIP as RFC 7529 spells none": {"2026-01-31", []string{"RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;COUNT=2"}, "2026-01-31 2026-03-31"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := readings(t, at(c.start, ""), 20, c.rules...); got != c.want {
				t.Errorf("%q\n got %s\nwant %s", c.rules, got, c.want)
			}
		})
	}
	t.Run("duplicate hours", func(t *testing.T) {
		got := readings(t, at("2026-01-05T09:00:00", "Europe/Berlin"), 9, "RRULE:FREQ=DAILY;BYHOUR=9,9,17;COUNT=3")
		if want := "2026-01-05T09:00:00 2026-01-05T17:00:00 2026-01-06T09:00:00"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("hours that steps of a day never meet", func(t *testing.T) {
		got := readings(t, at("2026-01-05T09:00:00", "Europe/Berlin"), 9, "RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=10")
		if want := "2026-01-05T09:00:00"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("positions that no minute has", func(t *testing.T) {
		got := readings(t, at("2026-01-05T09:00:00", "Europe/Berlin"), 9, "RRULE:FREQ=MINUTELY;INTERVAL=15;BYSETPOS=2")
		if want := "2026-01-05T09:00:00"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestClocksThatChange(t *testing.T) {
	for name, c := range map[string]struct {
		start calendar.Time
		rules []string
		want  string // readings
		utc   string // instants
	}{
		"a gap is jumped by its length": {at("2026-03-28T02:30:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;COUNT=3"},
			"2026-03-28T02:30:00 2026-03-29T03:30:00 2026-03-30T02:30:00", "01:30 01:30 00:30"},
		"a start in the gap keeps its wall clock": {at("2026-03-29T02:30:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;COUNT=2"},
			"2026-03-29T03:30:00 2026-03-30T02:30:00", "01:30 00:30"},
		"a fold means the first": {at("2026-10-24T02:30:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;COUNT=3"},
			"2026-10-24T02:30:00 2026-10-25T02:30:00 2026-10-26T02:30:00", "00:30 00:30 01:30"},
		"a start in the second hour": {calendar.Time{Local: "2026-10-25T02:30:00", Zone: "Europe/Berlin", Later: true}, []string{"RRULE:FREQ=DAILY;COUNT=2"},
			"2026-10-25T02:30:00 2026-10-26T02:30:00", "01:30 01:30"},
		"Lord Howe changes by half an hour": {at("2026-10-03T02:15:00", "Australia/Lord_Howe"), []string{"RRULE:FREQ=DAILY;COUNT=3"},
			"2026-10-03T02:15:00 2026-10-04T02:45:00 2026-10-05T02:15:00", "15:45 15:45 15:15"},
		"Istanbul gave up changing in 2016": {at("2015-12-01T09:00:00", "Europe/Istanbul"), []string{"RRULE:FREQ=YEARLY;COUNT=3"},
			"2015-12-01T09:00:00 2016-12-01T09:00:00 2017-12-01T09:00:00", "07:00 06:00 06:00"},
		"Samoa left out a day": {at("2011-12-29T10:00:00", "Pacific/Apia"), []string{"RRULE:FREQ=DAILY;COUNT=4"},
			"2011-12-29T10:00:00 2011-12-31T10:00:00 2012-01-01T10:00:00", "20:00 20:00 20:00"},
		"every quarter of an hour through a gap, in order and once": {at("2026-03-29T01:30:00", "Europe/Berlin"), []string{"RRULE:FREQ=MINUTELY;INTERVAL=15;UNTIL=20260329T013000Z"},
			"2026-03-29T01:30:00 2026-03-29T01:45:00 2026-03-29T03:00:00 2026-03-29T03:15:00 2026-03-29T03:30:00", "00:30 00:45 01:00 01:15 01:30"},
		"UNTIL is an instant": {at("2026-03-28T08:00:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;UNTIL=20260329T065959Z"},
			"2026-03-28T08:00:00 2026-03-29T08:00:00", "07:00 06:00"},
		"UNTIL as a date is the whole day there": {at("2026-03-28T23:30:00", "America/New_York"), []string{"RRULE:FREQ=DAILY;UNTIL=20260329"},
			"2026-03-28T23:30:00 2026-03-29T23:30:00", "03:30 03:30"},
		"UNTIL without a zone is the series' clock": {at("2026-03-28T23:30:00", "America/New_York"), []string{"RRULE:FREQ=DAILY;UNTIL=20260329T233000"},
			"2026-03-28T23:30:00 2026-03-29T23:30:00", "03:30 03:30"},
		"EXDATE in the gap": {at("2026-03-28T02:30:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;COUNT=3", `EXDATE;TZID="Europe/Berlin":20260329T023000`},
			"2026-03-28T02:30:00 2026-03-30T02:30:00", "01:30 00:30"},
		"EXDATEs listed backwards over a change": {at("2026-03-28T02:15:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;COUNT=6", "EXDATE;TZID=Europe/Berlin:20260402T021500,20260401T021500,20260331T021500,20260328T021500"},
			"2026-03-29T03:15:00 2026-03-30T02:15:00", "01:15 00:15"},
		"EXDATE in another zone": {at("2026-03-28T02:30:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;COUNT=2", "EXDATE;TZID=America/New_York:20260327T213000"},
			"2026-03-29T03:30:00", "01:30"},
		"EXDATE as a date": {at("2026-03-28T02:30:00", "Europe/Berlin"), []string{"RRULE:FREQ=DAILY;COUNT=2", "EXDATE;VALUE=DATE:20260328"},
			"2026-03-29T03:30:00", "01:30"},
		"RDATE in UTC is read in the series' zone": {at("2026-03-28T02:30:00", "Europe/Berlin"), []string{"RDATE:20260401T120000Z"},
			"2026-03-28T02:30:00 2026-04-01T14:00:00", "01:30 12:00"},
	} {
		t.Run(name, func(t *testing.T) {
			o := occurrences(t, series(c.start, c.rules...))
			var local, utc []string
			for _, x := range first(o, 20) {
				i, err := x.Instant()
				if err != nil {
					t.Fatal(err)
				}
				local, utc = append(local, x.Local), append(utc, i.Format("15:04"))
				if x.Zone != c.start.Zone {
					t.Errorf("%v is not in the series' zone", x)
				}
				if !o.Has(x) || !o.Has(calendar.At(i, time.UTC)) {
					t.Errorf("%v is not found again", x)
				}
			}
			if got := strings.Join(local, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := strings.Join(utc, " "); got != c.utc {
				t.Errorf("got %s UTC, want %s", got, c.utc)
			}
		})
	}
}

func TestSeriesFromLongAgo(t *testing.T) {
	o := occurrences(t, series(at("1985-03-04T08:30:00", "America/New_York"), "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"))
	var got []string
	for x := range o.Between(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) {
		got = append(got, instant(t, x))
	}
	// 1 071 fortnights after the first; the clock went forward on 8 March 2026.
	if want := []string{"2026-03-09T12:30:00Z", "2026-03-23T12:30:00Z"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n, ok := o.Ordinal(at("2026-03-23T08:30:00", "America/New_York")); !ok || n != 1072 {
		t.Errorf("number %d %v, want 1072", n, ok)
	}
	if _, ok := o.Last(); ok {
		t.Error("an endless series has a last occurrence")
	}
}

// Outlook gives birthdays without a year the leap year 1604; the library is asked
// more than once on the way to today.
func TestSeriesOlderThanTheCalendarsCycle(t *testing.T) {
	o := occurrences(t, series(at("1604-02-29", ""), "RRULE:FREQ=YEARLY;COUNT=100"))
	// 1700, 1800 and 1900 have no such day.
	if last, ok := o.Last(); !ok || last.Local != "2012-02-29" {
		t.Errorf("the hundredth leap day is %v %v", last, ok)
	}
}

func TestLookups(t *testing.T) {
	o := occurrences(t, series(at("2026-01-05T09:00:00", "Europe/Berlin"), "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20260105T080000Z,20260126T080000Z"))
	if got, ok := o.First(); !ok || got.Local != "2026-01-12T09:00:00" {
		t.Errorf("first is %v %v", got, ok)
	}
	if got, ok := o.Last(); !ok || got.Local != "2026-01-19T09:00:00" {
		t.Errorf("last is %v %v", got, ok)
	}
	if !o.Has(at("2026-01-26T09:00:00", "Europe/Berlin")) {
		t.Error("a slot that an EXDATE takes away is still a slot")
	}
	if n, ok := o.Ordinal(at("2026-01-19T03:00:00", "America/New_York")); !ok || n != 3 {
		t.Errorf("number %d %v, want 3 in any zone", n, ok)
	}
	for _, no := range []calendar.Time{{}, at("2026-01-19", ""), at("2026-01-19T09:00:01", "Europe/Berlin"), at("2026-02-02T09:00:00", "Europe/Berlin"), at("nonsense", "Europe/Berlin"), at("2026-01-19T09:00:00", "Nowhere")} {
		if o.Has(no) {
			t.Errorf("has %v", no)
		}
		if n, ok := o.Ordinal(no); ok {
			t.Errorf("%v is number %d", no, n)
		}
	}
	none := occurrences(t, series(at("2026-01-05", ""), "RRULE:FREQ=DAILY;UNTIL=20260101"))
	if x, ok := none.First(); ok {
		t.Errorf("first of none is %v", x)
	}
	if x, ok := none.Last(); ok {
		t.Errorf("last of none is %v", x)
	}
}

func TestSplitExdates(t *testing.T) {
	start := at("2026-03-28T02:30:00", "Europe/Berlin")
	rules := []string{"EXDATE:20260330T003000Z", "RRULE:FREQ=DAILY", "exdate;VALUE=DATE:20260328", "RDATE:20260401T120000Z", "EXDATE;TZID=America/New_York:20260328T213000,20260329T203000"}
	kept, exdates, err := calendar.SplitExdates(start, rules)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{rules[1], rules[3]}; !slices.Equal(kept, want) {
		t.Errorf("kept %q, want %q", kept, want)
	}
	want := []calendar.Time{start, at("2026-03-29T03:30:00", "Europe/Berlin"), at("2026-03-30T02:30:00", "Europe/Berlin")}
	if !slices.Equal(exdates, want) {
		t.Errorf("exdates %v, want %v", exdates, want)
	}
	if _, _, err := calendar.SplitExdates(start, []string{"EXDATE:tomorrow"}); calendar.KindOf(err) != calendar.Invalid {
		t.Errorf("a date that is none: %v", err)
	}
}

func BenchmarkYearOfADailySeriesSince1985(b *testing.B) {
	w := series(at("1985-01-01T09:00:00", "Europe/Berlin"), "RRULE:FREQ=DAILY")
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		n := 0
		for range occurrences(b, w).Between(from, from.AddDate(1, 0, 0)) {
			n++
		}
		if n != 365 {
			b.Fatalf("%d occurrences", n)
		}
	}
}

func BenchmarkHas(b *testing.B) {
	o := occurrences(b, series(at("1985-01-01T09:00:00", "Europe/Berlin"), "RRULE:FREQ=DAILY"))
	slot := at("2026-05-05T09:00:00", "Europe/Berlin")
	for b.Loop() {
		if !o.Has(slot) {
			b.Fatal("not found")
		}
	}
}
