package outlook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	jsonser "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
)

// sentPattern is a patternedRecurrence as it goes over the wire.
type sentPattern struct {
	Pattern struct {
		Type, Index, FirstDayOfWeek string
		Interval, Month, DayOfMonth int
		DaysOfWeek                  []string
	}
	Range struct {
		Type, StartDate, EndDate, RecurrenceTimeZone string
		NumberOfOccurrences                          int
	}
}

func sent(t require, r models.PatternedRecurrenceable) sentPattern {
	t.Helper()
	w := jsonser.NewJsonSerializationWriter()
	defer w.Close()
	if err := w.WriteObjectValue("", r); err != nil {
		t.Fatalf("%v", err)
	}
	b, err := w.GetSerializedContent()
	if err != nil {
		t.Fatalf("%v", err)
	}
	var p sentPattern
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return p
}

// require is *testing.T or *rapid.T.
type require interface {
	Helper()
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// words is the pattern in short: "relativeMonthly/2 last monday,friday".
func (p sentPattern) words() string {
	s := p.Pattern.Type
	if p.Pattern.Interval != 1 {
		s += fmt.Sprintf("/%d", p.Pattern.Interval)
	}
	if p.Pattern.Index != "" {
		s += " " + p.Pattern.Index
	}
	if p.Pattern.DaysOfWeek != nil {
		s += " " + strings.Join(p.Pattern.DaysOfWeek, ",")
	}
	if p.Pattern.DayOfMonth != 0 {
		s += fmt.Sprintf(" day %d", p.Pattern.DayOfMonth)
	}
	if p.Pattern.Month != 0 {
		s += fmt.Sprintf(" month %d", p.Pattern.Month)
	}
	if p.Pattern.FirstDayOfWeek != "" {
		s += " from " + p.Pattern.FirstDayOfWeek
	}
	switch p.Range.Type {
	case "numbered":
		s += fmt.Sprintf(", %d times", p.Range.NumberOfOccurrences)
	case "endDate":
		s += ", to " + p.Range.EndDate
	}
	return s
}

// expand lists the dates of a pattern before a date, as Microsoft's pages say it:
// day by day, asking of each whether it belongs. (Graph "recurrencePattern
// resource type"; a day that a month lacks is its last one, EWS "DayOfMonth".)
func (p sentPattern) expand(before string) (dates []string) {
	start, _ := time.Parse(time.DateOnly, p.Range.StartDate)
	names := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	on := func(d time.Time) bool { return slices.Contains(p.Pattern.DaysOfWeek, names[d.Weekday()]) }
	monthLength := func(d time.Time) int { return time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day() }
	days := func(a, b time.Time) int { return int(b.Sub(a) / (24 * time.Hour)) }
	for d := start; d.Format(time.DateOnly) < before; d = d.AddDate(0, 0, 1) {
		if p.Range.Type == "endDate" && d.Format(time.DateOnly) > p.Range.EndDate ||
			p.Range.Type == "numbered" && len(dates) == p.Range.NumberOfOccurrences {
			break
		}
		periods := 0
		switch p.Pattern.Type {
		case "daily":
			periods = days(start, d)
		case "weekly":
			first := slices.Index(names, p.Pattern.FirstDayOfWeek)
			weekOf := func(d time.Time) time.Time { return d.AddDate(0, 0, -((int(d.Weekday()) - first + 7) % 7)) }
			periods = days(weekOf(start), weekOf(d)) / 7
		case "absoluteMonthly", "relativeMonthly":
			periods = (d.Year()-start.Year())*12 + int(d.Month()-start.Month())
		default:
			periods = d.Year() - start.Year()
		}
		if periods%p.Pattern.Interval != 0 || p.Pattern.Month != 0 && int(d.Month()) != p.Pattern.Month {
			continue
		}
		belongs := true
		switch p.Pattern.Type {
		case "weekly":
			belongs = on(d)
		case "absoluteMonthly", "absoluteYearly":
			belongs = d.Day() == min(p.Pattern.DayOfMonth, monthLength(d))
		case "relativeMonthly", "relativeYearly":
			var all []int
			for i := range monthLength(d) {
				if x := time.Date(d.Year(), d.Month(), i+1, 0, 0, 0, 0, time.UTC); on(x) {
					all = append(all, i+1)
				}
			}
			at := slices.Index([]string{"first", "second", "third", "fourth", "last"}, p.Pattern.Index)
			if at == 4 {
				at = len(all) - 1
			}
			belongs = d.Day() == all[at]
		}
		if belongs {
			dates = append(dates, d.Format(time.DateOnly))
		}
	}
	return dates
}

// sameOccurrences insists that the pattern, by Graph's rules, and the rule give
// the same occurrences over years, and that the pattern reads back as that rule.
func sameOccurrences(t require, w calendar.When, years int) {
	t.Helper()
	p, err := patternOf(w)
	if err != nil {
		t.Fatalf("%v", err)
	}
	zone := w.Start.Zone
	if w.AllDay() {
		zone = "UTC"
	}
	o, err := w.Occurrences()
	if err != nil {
		t.Fatalf("%v", err)
	}
	start, _ := time.Parse(time.DateOnly, w.Start.Local[:10])
	end := start.AddDate(years, 0, 0)
	var want []string
	for x := range o.All() {
		if x.Local[:10] >= end.Format(time.DateOnly) {
			break
		}
		want = append(want, x.Slot())
	}
	var got []string
	for _, date := range sent(t, p.graph(zone)).expand(end.Format(time.DateOnly)) {
		got = append(got, calendar.Time{Local: date + w.Start.Local[10:], Zone: w.Start.Zone}.Slot())
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q from %s\nas a pattern %v\nas a rule    %v", w.Recurrence.Rules, w.Start, short(got), short(want))
	}
	if len(got) == 0 {
		t.Fatalf("%q from %s: nothing to compare", w.Recurrence.Rules, w.Start)
	}

	back, err := readPattern(p.graph(zone))
	if err != nil {
		t.Fatalf("%v", err)
	}
	read, err := back.repeated(calendar.When{Start: w.Start, End: w.End})
	if err != nil {
		t.Fatalf("%v", err)
	}
	lines, err := calendar.CanonicalRules(w.Start, w.Recurrence.Rules)
	if err != nil {
		t.Fatalf("%v", err)
	}
	again, err := patternOf(read)
	if err != nil || sent(t, again.graph(zone)).words() != sent(t, p.graph(zone)).words() {
		t.Fatalf("%q reads back as %q, which is another pattern: %v", lines, read.Recurrence.Rules, err)
	}
	ro, err := read.Occurrences()
	if err != nil {
		t.Fatalf("%v", err)
	}
	i := 0
	for x := range ro.All() {
		if x.Local[:10] >= end.Format(time.DateOnly) {
			break
		}
		if i >= len(want) || x.Slot() != want[i] {
			t.Fatalf("%q reads back as %q, which has %s", lines, read.Recurrence.Rules, x)
		}
		i++
	}
	if i != len(want) {
		t.Fatalf("%q reads back as %q, which has %d occurrences; want %d", lines, read.Recurrence.Rules, i, len(want))
	}
}

func short(s []string) []string { return s[:min(len(s), 12)] }

func repeating(start, length, rules string) calendar.When {
	w := calendar.When{Start: calendar.Time{Local: start, Zone: "Europe/Berlin"}}
	if len(start) == len("2026-03-02") {
		w.Start.Zone = ""
	}
	d, err := time.ParseDuration(length)
	if err != nil {
		panic(err)
	}
	layout := wallLayout(w.Start)
	at, err := time.Parse(layout, start)
	if err != nil {
		panic(err)
	}
	w.End = calendar.Time{Local: at.Add(d).Format(layout), Zone: w.Start.Zone}
	w.Recurrence.Rules = strings.Split(rules, "\n")
	return w
}

// Every shape of rule: the pattern that it crosses as, or "" and why it is
// expanded into single events instead.
func TestEveryShapeOfRule(t *testing.T) {
	// 2 March 2026 is a Monday, the first of the month.
	const monday, last = "2026-03-02T10:00:00", "2026-03-31T10:00:00"
	for _, c := range []struct{ start, rule, want, why string }{
		{monday, "FREQ=DAILY", "daily", ""},
		{monday, "FREQ=DAILY;INTERVAL=3", "daily/3", ""},
		{monday, "FREQ=DAILY;INTERVAL=999", "daily/999", ""},
		{monday, "FREQ=DAILY;INTERVAL=1000", "", "every 999 at most"},
		{monday, "FREQ=DAILY;INTERVAL=14", "weekly/2 monday from monday", ""},
		{monday, "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "weekly monday,tuesday,wednesday,thursday,friday from monday", ""},
		{monday, "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "daily", ""},
		{monday, "FREQ=DAILY;INTERVAL=2;BYDAY=MO,WE", "", "left out of a daily"},
		{monday, "FREQ=DAILY;BYMONTHDAY=2", "absoluteMonthly day 2", ""},
		{monday, "FREQ=DAILY;BYMONTH=3", "", "some months only"},

		{monday, "FREQ=WEEKLY", "weekly monday from monday", ""},
		{monday, "FREQ=WEEKLY;BYDAY=MO", "weekly monday from monday", ""},
		{monday, "FREQ=WEEKLY;BYDAY=FR,MO", "weekly monday,friday from monday", ""},
		{monday, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "weekly/2 sunday,monday from monday", ""},
		{monday, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU", "weekly/2 sunday,monday from tuesday", ""},
		{monday, "FREQ=WEEKLY;INTERVAL=99", "weekly/99 monday from monday", ""},
		{monday, "FREQ=WEEKLY;INTERVAL=100", "", "every 99 at most"},
		{monday, "FREQ=WEEKLY;BYDAY=TU", "", "does not follow the rule"},
		{monday, "FREQ=WEEKLY;BYDAY=MO;BYMONTH=3,4", "", "some months only"},
		{monday, "FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=1", "", "certain weekdays"},

		{monday, "FREQ=MONTHLY", "absoluteMonthly day 2", ""},
		{monday, "FREQ=MONTHLY;BYMONTHDAY=2", "absoluteMonthly day 2", ""},
		{"2026-03-28T10:00:00", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28", "absoluteMonthly/3 day 28", ""},
		{"2026-03-29T10:00:00", "FREQ=MONTHLY;BYMONTHDAY=29", "", "not every month has a day 29"},
		{"2026-03-30T10:00:00", "FREQ=MONTHLY", "", "not every month has a day 30"},
		{last, "FREQ=MONTHLY;BYMONTHDAY=31", "", "not every month has a day 31"},
		{last, "FREQ=MONTHLY;BYMONTHDAY=-1", "absoluteMonthly day 31", ""},
		{"2026-03-29T10:00:00", "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1", "absoluteMonthly day 29", ""},
		{"2026-03-30T10:00:00", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "absoluteMonthly day 30", ""},
		{"2026-03-30T10:00:00", "FREQ=MONTHLY;BYMONTHDAY=27,28,29,30;BYSETPOS=-1", "absoluteMonthly day 30", ""},
		{last, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "absoluteMonthly day 31", ""},
		{"2026-03-31T10:00:00", "FREQ=MONTHLY;BYMONTHDAY=29,31;BYSETPOS=-1", "", "one day of the month"},
		{"2026-03-30T10:00:00", "FREQ=MONTHLY;BYMONTHDAY=-2", "", "one day of the month"},
		{monday, "FREQ=MONTHLY;BYMONTHDAY=2,16", "", "one day of the month"},
		{monday, "FREQ=MONTHLY;BYDAY=1MO", "relativeMonthly first monday", ""},
		{"2026-03-24T10:00:00", "FREQ=MONTHLY;INTERVAL=2;BYDAY=4TU", "relativeMonthly/2 fourth tuesday", ""},
		{last, "FREQ=MONTHLY;BYDAY=-1TU", "relativeMonthly last tuesday", ""},
		{last, "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=-1", "relativeMonthly last tuesday", ""},
		{last, "FREQ=MONTHLY;BYDAY=5TU", "", "not number 5"},
		{"2026-03-24T10:00:00", "FREQ=MONTHLY;BYDAY=-2TU", "", "not number -2"},
		{monday, "FREQ=MONTHLY;BYDAY=1MO,3MO", "", "one day a month"},
		{monday, "FREQ=MONTHLY;BYDAY=MO", "weekly monday from monday", ""},
		{monday, "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO", "", "one day a month"},
		{monday, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "relativeMonthly first monday,tuesday,wednesday,thursday,friday", ""},
		{last, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "relativeMonthly last monday,tuesday,wednesday,thursday,friday", ""},
		{"2026-03-01T10:00:00", "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1", "relativeMonthly first sunday,saturday", ""},
		{monday, "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=2", "absoluteMonthly day 2", ""},
		{last, "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=-1", "absoluteMonthly day 31", ""},
		{monday, "FREQ=MONTHLY;BYDAY=MO,TH;BYSETPOS=1", "", "one weekday, working days"},
		{monday, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,3", "", "one day a month"},
		{"2026-03-09T10:00:00", "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=8,9,10,11,12,13,14", "relativeMonthly second monday", ""},
		{"2026-03-30T10:00:00", "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=-7,-6,-5,-4,-3,-2,-1", "relativeMonthly last monday", ""},
		{"2026-03-13T10:00:00", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "", "one day a month"},
		{monday, "FREQ=MONTHLY;INTERVAL=12", "absoluteYearly day 2 month 3", ""},
		{monday, "FREQ=MONTHLY;INTERVAL=24;BYDAY=1MO", "relativeYearly/2 first monday month 3", ""},
		{monday, "FREQ=MONTHLY;BYMONTH=3;BYDAY=1MO", "relativeYearly first monday month 3", ""},
		{monday, "FREQ=MONTHLY;BYMONTH=3,9;BYDAY=1MO", "", "some months only"},

		{monday, "FREQ=YEARLY", "absoluteYearly day 2 month 3", ""},
		{monday, "FREQ=YEARLY;INTERVAL=4;BYMONTH=3;BYMONTHDAY=2", "absoluteYearly/4 day 2 month 3", ""},
		{last, "FREQ=YEARLY", "absoluteYearly day 31 month 3", ""},
		{"2026-04-30T10:00:00", "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=-1", "absoluteYearly day 30 month 4", ""},
		{"2028-02-29T10:00:00", "FREQ=YEARLY", "", "not every month has a day 29"},
		{"2026-02-28T10:00:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "absoluteYearly day 29 month 2", ""},
		{"2026-02-28T10:00:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1", "absoluteYearly day 29 month 2", ""},
		{monday, "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO", "relativeYearly first monday month 3", ""},
		{last, "FREQ=YEARLY;BYMONTH=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "relativeYearly last monday,tuesday,wednesday,thursday,friday month 3", ""},
		{"2026-03-02T10:00:00", "FREQ=YEARLY;BYDAY=9MO", "", "has one month"},
		{monday, "FREQ=YEARLY;BYDAY=MO", "weekly monday from monday", ""},
		{monday, "FREQ=YEARLY;BYMONTH=3;BYDAY=MO", "", "some months only"},
		{monday, "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=2", "", "some months only"},
		{monday, "FREQ=YEARLY;BYWEEKNO=10;BYDAY=MO", "", "weeks or days of the year"},
		{"2026-04-10T10:00:00", "FREQ=YEARLY;BYYEARDAY=100", "", "weeks or days of the year"},

		{monday, "FREQ=HOURLY;INTERVAL=8", "", "several times a day"},
		{monday, "FREQ=MINUTELY;INTERVAL=240;COUNT=6", "", "several times a day"},
		{monday, "FREQ=DAILY;BYHOUR=10", "daily", ""},
		{monday, "FREQ=DAILY;BYHOUR=10,16", "", "several times a day"},

		{monday, "FREQ=DAILY;COUNT=10", "daily, 10 times", ""},
		{monday, "FREQ=DAILY;COUNT=999", "daily, 999 times", ""},
		{monday, "FREQ=DAILY;COUNT=1000", "", "after 999 meetings at most"},
		{monday, "FREQ=WEEKLY;UNTIL=20260331T220000Z", "weekly monday from monday, to 2026-03-30", ""},
		{monday, "FREQ=WEEKLY;UNTIL=20260330T080000Z", "weekly monday from monday, to 2026-03-30", ""},
		{monday, "FREQ=WEEKLY;UNTIL=20260330T075959Z", "weekly monday from monday, to 2026-03-23", ""},
		{monday, "FREQ=WEEKLY;UNTIL=20260330", "weekly monday from monday, to 2026-03-30", ""},
		{monday, "FREQ=WEEKLY;UNTIL=99991231T235959Z", "weekly monday from monday", ""},
		{monday, "FREQ=WEEKLY;UNTIL=20260101T000000Z", "", "no meeting before it ends"},

		{monday, "RRULE:FREQ=DAILY\nRDATE:20260501T080000Z", "", "one rule and no dates"},
		{monday, "RDATE:20260501T080000Z", "", "one rule and no dates"},
		{monday, "RRULE:FREQ=WEEKLY\nRRULE:FREQ=MONTHLY", "", "one rule and no dates"},
		{monday, "RRULE:FREQ=DAILY\nEXDATE:20260303T090000Z", "", "one rule and no dates"},
		{monday, "RRULE:FREQ=SOMETIMES", "", "SOMETIMES"},

		{"2026-03-29T02:30:00", "FREQ=WEEKLY", "", "exactly once"}, // skipped on that day
		{"2026-10-25T02:30:00", "FREQ=WEEKLY", "", "exactly once"}, // shown twice on that day
		{"2026-03-02T02:30:00", "FREQ=DAILY", "daily", ""},
	} {
		rules := c.rule
		if !strings.Contains(rules, ":") {
			rules = "RRULE:" + rules
		}
		for _, start := range []string{c.start, c.start[:10]} {
			if start != c.start && (c.want == "" || strings.Contains(rules, "0Z") || strings.Contains(rules, "9Z") || strings.Contains(rules, "BYHOUR")) {
				continue // of a time of day
			}
			t.Run(strings.ReplaceAll(c.rule, "\n", " ")+" from "+start, func(t *testing.T) {
				length := "1h"
				if start != c.start {
					length = "24h"
				}
				w := repeating(start, length, rules)
				got := ""
				why := seriesFits(w)
				if why == "" {
					p, err := patternOf(w)
					if err != nil {
						t.Fatal(err)
					}
					got = sent(t, p.graph("UTC")).words()
				}
				if got != c.want || c.want == "" && (why == "" || !strings.Contains(why, c.why)) {
					t.Fatalf("crosses as %q (%s); want %q (%s)", got, why, c.want, c.why)
				}
				if c.want != "" {
					sameOccurrences(t, w, 12)
				}
			})
		}
	}
}

func TestHowLongAMeetingOfASeriesMayBe(t *testing.T) {
	for _, c := range []struct {
		start, length, rule string
		ok                  bool
	}{
		{"2026-03-02", "24h", "RRULE:FREQ=DAILY", true},
		{"2026-03-02", "48h", "RRULE:FREQ=DAILY", false},
		{"2026-03-02", "48h", "RRULE:FREQ=DAILY;INTERVAL=2", true},
		{"2026-03-02T22:00:00", "4h", "RRULE:FREQ=DAILY", true},
		{"2026-03-02", "72h", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE", false},
		{"2026-03-02", "48h", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE", true},
		{"2026-03-02", "72h", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", true},
		{"2026-03-02", "72h", "RRULE:FREQ=WEEKLY;BYDAY=MO,SU", false},
		{"2026-03-02", "168h", "RRULE:FREQ=WEEKLY;BYDAY=MO", true},
		{"2026-03-02", "240h", "RRULE:FREQ=MONTHLY;BYMONTHDAY=2", true},
		{"2026-03-02", "720h", "RRULE:FREQ=MONTHLY;BYMONTHDAY=2", false},
		{"2026-03-02T10:00:00", "-1h", "RRULE:FREQ=DAILY", false},
	} {
		if why := seriesFits(repeating(c.start, c.length, c.rule)); (why == "") != c.ok {
			t.Errorf("%s long, %s: %q; want it taken: %v", c.length, c.rule, why, c.ok)
		}
	}
	flight := repeating("2026-03-02T10:00:00", "8h", "RRULE:FREQ=DAILY")
	flight.End.Zone = "America/New_York"
	if why := seriesFits(flight); why != "" {
		t.Errorf("a flight every day: %s", why)
	}
}

// Whatever rule is taken, in whatever zone, it has the same occurrences there.
func TestPatternsRepeatAsTheirRules(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata", "UTC", ""}
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		date := time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 9000).Draw(t, "day"))
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		w := calendar.When{Start: calendar.Time{Local: date.Format(time.DateOnly)}}
		if zone == "" {
			w.End = calendar.Time{Local: date.AddDate(0, 0, 1).Format(time.DateOnly)}
		} else {
			clock := fmt.Sprintf("T%02d:%02d:00", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.SampledFrom([]int{0, 15, 30}).Draw(t, "minute"))
			w.Start.Local, w.Start.Zone = w.Start.Local+clock, zone
			w.End = w.Start
		}
		start := strings.ToUpper(date.Weekday().String()[:2])
		some := func() string {
			list := append(rapid.SliceOfN(rapid.SampledFrom(days), 0, 3).Draw(t, "days"), start)
			slices.Sort(list)
			return strings.Join(slices.Compact(list), ",")
		}
		inMonth := (date.Day()-1)/7 + 1
		last := date.AddDate(0, 0, 1).Day() == 1
		rule := rapid.SampledFrom([]string{
			"FREQ=DAILY",
			"FREQ=DAILY;BYDAY=" + some(),
			"FREQ=WEEKLY;BYDAY=" + some() + ";WKST=" + rapid.SampledFrom(days).Draw(t, "week start"),
			"FREQ=MONTHLY",
			fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%d", date.Day()),
			fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s", inMonth, start),
			"FREQ=MONTHLY;BYDAY=-1" + start,
			"FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
			"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=" + rapid.SampledFrom([]string{"1", "2", "3", "4", "-1"}).Draw(t, "position"),
			"FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=" + rapid.SampledFrom([]string{"1", "2", "3", "4", "-1"}).Draw(t, "position"),
			"FREQ=YEARLY",
			fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", date.Month(), inMonth, start),
			fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%d", date.Month(), map[bool]int{true: -1, false: date.Day()}[last]),
		}).Draw(t, "rule")
		rule += fmt.Sprintf(";INTERVAL=%d", rapid.IntRange(1, 5).Draw(t, "interval"))
		switch rapid.IntRange(0, 2).Draw(t, "end") {
		case 1:
			rule += fmt.Sprintf(";COUNT=%d", rapid.IntRange(1, 40).Draw(t, "count"))
		case 2:
			rule += ";UNTIL=" + date.AddDate(0, 0, rapid.IntRange(1, 1500).Draw(t, "until")).Format("20060102")
		}
		w.Recurrence.Rules = []string{"RRULE:" + rule}
		if seriesFits(w) != "" {
			return
		}
		taken++
		sameOccurrences(t, w, 8)
	})
	if taken < 30 {
		t.Errorf("only %d rules were taken", taken)
	}
}

func TestOverridesThatOutlookTakes(t *testing.T) {
	weekly := repeating("2026-03-02T10:00:00", "1h", "RRULE:FREQ=WEEKLY;COUNT=4")
	daily := repeating("2026-03-02T10:00:00", "1h", "RRULE:FREQ=DAILY")
	days := repeating("2026-03-02", "48h", "RRULE:FREQ=WEEKLY")
	berlin := func(s string) calendar.Time { return calendar.Time{Local: s, Zone: "Europe/Berlin"} }
	to := func(from, to string) calendar.Override {
		w := calendar.When{Start: berlin(from), End: berlin(to)}
		if len(from) == 10 {
			w = calendar.When{Start: calendar.Time{Local: from}, End: calendar.Time{Local: to}}
		}
		return calendar.Override{Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: w}}
	}
	for _, c := range []struct {
		name   string
		series calendar.When
		slot   string
		o      calendar.Override
		ok     bool
	}{
		{"cancelled", weekly, "2026-03-09T10:00:00", calendar.Override{Cancelled: true}, true},
		{"another title", weekly, "2026-03-09T10:00:00", calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}}, true},
		{"a slot that the rule does not have", weekly, "2026-03-10T10:00:00", calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}}, false},
		{"a slot after the last", weekly, "2026-03-30T10:00:00", calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}}, false},
		{"later that day", weekly, "2026-03-09T10:00:00", to("2026-03-09T15:00:00", "2026-03-09T16:00:00"), true},
		{"to the day before the next", weekly, "2026-03-09T10:00:00", to("2026-03-15T23:00:00", "2026-03-15T23:59:00"), true},
		{"over midnight to the day of the next, and out in time", weekly, "2026-03-09T10:00:00", to("2026-03-15T23:00:00", "2026-03-16T09:00:00"), true},
		{"into the time of the next", weekly, "2026-03-09T10:00:00", to("2026-03-15T23:00:00", "2026-03-16T10:30:00"), false},
		{"to the day of the next", weekly, "2026-03-09T10:00:00", to("2026-03-16T08:00:00", "2026-03-16T09:00:00"), false},
		{"past the next", weekly, "2026-03-09T10:00:00", to("2026-03-18T08:00:00", "2026-03-18T09:00:00"), false},
		{"to the day after the previous", weekly, "2026-03-09T10:00:00", to("2026-03-03T00:30:00", "2026-03-03T01:00:00"), true},
		{"to the day of the previous, after it", weekly, "2026-03-09T10:00:00", to("2026-03-02T20:00:00", "2026-03-02T21:00:00"), false},
		{"before the previous", weekly, "2026-03-09T10:00:00", to("2026-03-01T20:00:00", "2026-03-01T21:00:00"), false},
		{"the first, as early as one likes", weekly, "2026-03-02T10:00:00", to("2026-01-01T10:00:00", "2026-01-01T11:00:00"), true},
		{"the last, as late as one likes", weekly, "2026-03-23T10:00:00", to("2026-07-01T10:00:00", "2026-07-01T11:00:00"), true},
		{"daily, within its day", daily, "2026-03-04T10:00:00", to("2026-03-04T00:00:00", "2026-03-04T23:59:00"), true},
		{"daily, to another day", daily, "2026-03-04T10:00:00", to("2026-03-05T00:00:00", "2026-03-05T01:00:00"), false},
		{"the day by the series' clock, not by the guest's", daily, "2026-03-04T10:00:00",
			calendar.Override{Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: calendar.When{
				Start: calendar.Time{Local: "2026-03-05T06:00:00", Zone: "Asia/Tokyo"}, End: calendar.Time{Local: "2026-03-05T07:00:00", Zone: "Asia/Tokyo"}}}}, true},
		{"all-day, one day later", days, "2026-03-09", to("2026-03-10", "2026-03-12"), true},
		{"all-day, up to the next", days, "2026-03-09", to("2026-03-14", "2026-03-16"), true},
		{"all-day, into the next", days, "2026-03-09", to("2026-03-15", "2026-03-17"), false},
		{"all-day, into the previous", days, "2026-03-09", to("2026-03-03", "2026-03-05"), false},
		{"all-day, right after the previous", days, "2026-03-09", to("2026-03-04", "2026-03-06"), true},
		{"end before start", weekly, "2026-03-09T10:00:00", to("2026-03-09T15:00:00", "2026-03-09T14:00:00"), false},
	} {
		c.o.Original = berlin(c.slot)
		if len(c.slot) == 10 {
			c.o.Original = calendar.Time{Local: c.slot}
		}
		if why := overrideFits(c.series, c.o); (why == "") != c.ok {
			t.Errorf("%s: %q; want it taken: %v", c.name, why, c.ok)
		}
	}
}

// What is written to make Exchange forget overrides must say the same.
func TestANudgedRangeEndsAtTheSameMeeting(t *testing.T) {
	for _, rule := range []string{"FREQ=DAILY", "FREQ=WEEKLY;COUNT=5", "FREQ=WEEKLY;UNTIL=20260420", "FREQ=DAILY;COUNT=999", "FREQ=MONTHLY;BYDAY=1MO;UNTIL=20280101"} {
		w := repeating("2026-03-02T10:00:00", "1h", "RRULE:"+rule)
		p, err := patternOf(w)
		if err != nil {
			t.Fatal(err)
		}
		n, err := p.nudged(w)
		if err != nil {
			t.Fatal(err)
		}
		a, b := sent(t, p.graph("UTC")), sent(t, n.graph("UTC"))
		if a.Range == b.Range || !slices.Equal(a.expand("2030-01-01"), b.expand("2030-01-01")) {
			t.Errorf("%s: range %+v, nudged %+v", rule, a.Range, b.Range)
		}
		back, err := n.repeated(calendar.When{Start: w.Start, End: w.End})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(rule, "FREQ=DAILY") && !strings.Contains(rule, "COUNT") && back.Recurrence.Rules[0] != "RRULE:FREQ=DAILY" {
			// read in between, it must not look like a person's edit
			if r, err := readPattern(n.graph("UTC")); err != nil || r.end != "" {
				t.Errorf("%s reads as ending on %q in between", rule, r.end)
			}
		}
	}
}
