package calendar_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
)

// ruleText draws a rule that RFC 5545 allows for an event from start on.
func ruleText(t *rapid.T, start calendar.Time) string {
	freq := rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY"}).Draw(t, "freq")
	parts := []string{"FREQ=" + freq}
	add := func(name string, values ...string) { parts = append(parts, name+"="+strings.Join(values, ",")) }
	maybe := func(label string) bool { return rapid.IntRange(0, 2).Draw(t, label) == 0 }
	numbers := func(label string, low, high, most int) (list []string) {
		for _, n := range rapid.SliceOfN(rapid.IntRange(low, high), 1, most).Draw(t, label) {
			if n != 0 {
				list = append(list, fmt.Sprint(n))
			}
		}
		return list
	}
	if maybe("has interval") {
		add("INTERVAL", fmt.Sprint(rapid.SampledFrom([]int{1, 2, 3, 4, 7, 12, 14, 24}).Draw(t, "interval")))
	}
	if maybe("has months") {
		if rapid.IntRange(0, 4).Draw(t, "all months") == 0 {
			add("BYMONTH", "1,2,3,4,5,6,7,8,9,10,11,12")
		} else {
			add("BYMONTH", numbers("months", 1, 12, 3)...)
		}
	}
	weeks := false
	if freq == "YEARLY" && rapid.IntRange(0, 5).Draw(t, "has weeks") == 0 {
		if list := numbers("weeks", -53, 53, 3); len(list) > 0 {
			add("BYWEEKNO", list...)
			weeks = true
		}
	}
	if freq == "YEARLY" && rapid.IntRange(0, 5).Draw(t, "has year days") == 0 {
		if list := numbers("year days", -366, 366, 20); len(list) > 0 {
			add("BYYEARDAY", list...)
		}
	}
	if freq != "WEEKLY" && maybe("has month days") {
		if list := numbers("month days", -31, 31, 5); len(list) > 0 {
			add("BYMONTHDAY", list...)
		}
	}
	if rapid.Bool().Draw(t, "has days") {
		var days []string
		for _, d := range rapid.SliceOfN(rapid.SampledFrom([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}), 1, 7).Draw(t, "days") {
			if n := rapid.IntRange(-6, 6).Draw(t, "nth"); !weeks && (freq == "YEARLY" || freq == "MONTHLY") && n != 0 && n != 6 {
				d = fmt.Sprint(n) + d
			}
			days = append(days, d)
		}
		if rapid.IntRange(0, 5).Draw(t, "all days") == 0 {
			days = []string{"MO,TU,WE,TH,FR,SA,SU"}
		}
		add("BYDAY", days...)
	}
	if !weeks && rapid.IntRange(0, 3).Draw(t, "has positions") == 0 {
		if list := numbers("positions", -6, 6, 3); len(list) > 0 {
			add("BYSETPOS", list...)
		}
	}
	if !start.IsDate() && rapid.IntRange(0, 4).Draw(t, "has hours") == 0 {
		add("BYHOUR", numbers("hours", 1, 23, 3)...)
	}
	if maybe("has week start") {
		add("WKST", rapid.SampledFrom([]string{"MO", "SU", "SA", "TH"}).Draw(t, "week start"))
	}
	switch rapid.IntRange(0, 2).Draw(t, "end") {
	case 1:
		add("COUNT", fmt.Sprint(rapid.IntRange(1, 60).Draw(t, "count")))
	case 2:
		until := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-200, 3000).Draw(t, "until"))
		if start.IsDate() {
			add("UNTIL", until.Format("20060102"))
		} else {
			add("UNTIL", until.Format("20060102T150405Z"))
		}
	}
	return "RRULE:" + strings.Join(parts, ";")
}

func startTime(t *rapid.T) calendar.Time {
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(t, "start day"))
	zone := rapid.SampledFrom([]string{"", "", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}).Draw(t, "zone")
	if zone == "" {
		return calendar.Time{Local: day.Format("2006-01-02")}
	}
	minutes := rapid.IntRange(0, 24*60-1).Draw(t, "minute of day")
	return calendar.Time{Local: day.Add(time.Duration(minutes) * time.Minute).Format("2006-01-02T15:04:05"), Zone: zone}
}

func series(start calendar.Time, rules ...string) calendar.When {
	return calendar.When{Start: start, End: start, Recurrence: calendar.Recurrence{Rules: rules}}
}

func occurrences(t rapid.TB, w calendar.When) *calendar.Occurrences {
	t.Helper()
	o, err := w.Occurrences()
	if err != nil {
		t.Fatalf("%v %q: %v", w.Start, w.Recurrence.Rules, err)
	}
	return o
}

// first takes at most n occurrences before the year 2100.
func first(o *calendar.Occurrences, n int) (list []calendar.Time) {
	for at := range o.All() {
		if len(list) == n || at.Local >= "2100" {
			break
		}
		list = append(list, at)
	}
	return list
}

func TestCanonicalRulesKeepEveryOccurrence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := startTime(t)
		rule := ruleText(t, start)
		canonical, err := calendar.CanonicalRules(start, []string{rule})
		if err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		a, b := first(occurrences(t, series(start, rule)), 80), first(occurrences(t, series(start, canonical...)), 80)
		if !slices.Equal(a, b) {
			t.Fatalf("%v %s is not %s:\n%v\n%v", start, rule, canonical, a, b)
		}
		if again, err := calendar.CanonicalRules(start, canonical); err != nil || !slices.Equal(again, canonical) {
			t.Fatalf("%v %s: %q, then %q (%v)", start, rule, canonical, again, err)
		}
		parsed, err := calendar.ParseRule(rule)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := calendar.ParseRule(parsed.String()); err != nil || again.String() != parsed.String() {
			t.Fatalf("%s is written %s, read again %s (%v)", rule, parsed, again, err)
		}
	})
}

func TestWindowsShowWhatTheWholeListShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := startTime(t)
		w := series(start, ruleText(t, start))
		o := occurrences(t, w)
		begin, err := start.Instant()
		if err != nil {
			t.Fatal(err)
		}
		from := begin.AddDate(0, 0, rapid.IntRange(-10, 12000).Draw(t, "from"))
		to := from.AddDate(0, 0, rapid.IntRange(0, 800).Draw(t, "days"))
		var want []calendar.Time
		for at := range o.All() {
			i, err := at.Instant()
			if err != nil {
				t.Fatal(err)
			}
			if !i.Before(to) {
				break
			}
			if !i.Before(from) {
				want = append(want, at)
			}
		}
		if got := slices.Collect(o.Between(from, to)); !slices.Equal(got, want) {
			t.Fatalf("%v %q from %v to %v:\n%v\n%v", start, w.Recurrence.Rules, from, to, got, want)
		}
	})
}

// A second opinion on dates: walk every day of every period and ask whether the
// rule names it, straight from the table in RFC 5545 §3.3.10.
func TestDatesAgreeWithACalendarWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(t, "start day"))
		start := calendar.Time{Local: day.Format("2006-01-02")}
		text := ruleText(t, start)
		rule, err := calendar.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		end := day.AddDate(16, 0, 0)
		want := walk(rule, day, end)
		if got := slices.Collect(occurrences(t, series(start, text)).Between(day, end)); !slices.Equal(got, want) {
			t.Fatalf("%v %s:\n got %v\nwant %v", start, text, got, want)
		}
	})
}

func walk(r calendar.Rule, start, end time.Time) (list []calendar.Time) {
	weekOffset := func(d time.Time) int { return int(d.Weekday()-r.WeekStart+7) % 7 }
	isoWeek := func(d time.Time) (year, week int) {
		d = d.AddDate(0, 0, 3-weekOffset(d))
		return d.Year(), (d.YearDay() + 6) / 7
	}
	if len(r.ByDay)+len(r.ByMonthDay)+len(r.ByYearDay) == 0 {
		switch {
		case r.Freq == calendar.Weekly || len(r.ByWeekNo) > 0:
			r.ByDay = []calendar.WeekdayNum{{Day: start.Weekday()}}
		case r.Freq == calendar.Yearly:
			r.ByMonthDay = []int{start.Day()}
			if len(r.ByMonth) == 0 {
				r.ByMonth = []int{int(start.Month())}
			}
		case r.Freq == calendar.Monthly:
			r.ByMonthDay = []int{start.Day()}
		}
	}
	either := func(list []int, n, size int) bool {
		return len(list) == 0 || slices.Contains(list, n) || slices.Contains(list, n-size-1)
	}
	named := func(d time.Time) bool {
		monthDays := time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		yearDays := time.Date(d.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
		if len(r.ByMonth) > 0 && !slices.Contains(r.ByMonth, int(d.Month())) ||
			!either(r.ByMonthDay, d.Day(), monthDays) || !either(r.ByYearDay, d.YearDay(), yearDays) {
			return false
		}
		if len(r.ByWeekNo) > 0 {
			year, week := isoWeek(d)
			_, weeks := isoWeek(time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC))
			if !either(r.ByWeekNo, week, weeks) {
				return false
			}
		}
		n, size := d.Day(), monthDays
		if r.Freq == calendar.Yearly && len(r.ByMonth) == 0 {
			n, size = d.YearDay(), yearDays
		}
		return len(r.ByDay) == 0 || slices.ContainsFunc(r.ByDay, func(w calendar.WeekdayNum) bool {
			return w.Day == d.Weekday() && (w.N == 0 || r.Freq > calendar.Monthly ||
				w.N == (n-1)/7+1 || -w.N == (size-n)/7+1)
		})
	}
	period := func(d time.Time) int {
		switch r.Freq {
		case calendar.Yearly:
			if len(r.ByWeekNo) > 0 {
				year, _ := isoWeek(d)
				return year
			}
			return d.Year()
		case calendar.Monthly:
			return d.Year()*12 + int(d.Month())
		case calendar.Weekly:
			return int(d.AddDate(0, 0, -weekOffset(d)).Unix() / 86400 / 7)
		}
		return int(d.Unix() / 86400)
	}
	count := 0
	out := func(d time.Time) {
		if count++; (r.Count == 0 || count <= r.Count) && (r.Until.IsZero() || d.Format("2006-01-02") <= r.Until.Local) && d.Before(end) {
			list = append(list, calendar.Time{Local: d.Format("2006-01-02")})
		}
	}
	out(start) // an occurrence, whether or not it matches
	for d := start.AddDate(0, 0, -400); d.Before(end.AddDate(1, 0, 0)); {
		p := period(d)
		var set []time.Time
		for ; period(d) == p; d = d.AddDate(0, 0, 1) {
			if named(d) {
				set = append(set, d)
			}
		}
		if (p-period(start))%r.Interval != 0 {
			continue
		}
		for i, d := range set {
			if either(r.BySetPos, i+1, len(set)) && d.After(start) {
				out(d)
			}
		}
	}
	return list
}

// Every reading has the instant that Time.Instant gives it.
func TestOccurrencesFollowTheClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{
			"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca",
			"Pacific/Apia", "Africa/Cairo", "Europe/Istanbul", "Asia/Tehran", "Antarctica/Troll", "UTC",
		}).Draw(t, "zone")
		day := time.Date(1985, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 18000).Draw(t, "start day"))
		day = day.Add(time.Duration(rapid.IntRange(0, 95).Draw(t, "quarter of an hour")) * 15 * time.Minute)
		start := calendar.Time{Local: day.Format("2006-01-02T15:04:05"), Zone: zone}
		var want []string
		for i := range 400 {
			at, err := calendar.Time{Local: day.AddDate(0, 0, i).Format("2006-01-02T15:04:05"), Zone: zone}.Instant()
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, at.Format(time.RFC3339))
		}
		want = slices.Compact(want)
		var got []string
		for at := range occurrences(t, series(start, "RRULE:FREQ=DAILY;COUNT=400")).All() {
			i, err := at.Instant()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, i.Format(time.RFC3339))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v daily:\n got %v\nwant %v", start, got, want)
		}
	})
}
