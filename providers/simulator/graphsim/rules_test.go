package graphsim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// TestRulesThatExchangeHolds: a rule becomes a pattern, which reads as a rule
// that means the same.
func TestRulesThatExchangeHolds(t *testing.T) {
	for text, tc := range map[string]struct{ start, kind, line string }{
		"FREQ=DAILY;INTERVAL=3":                                 {"2026-03-02", "daily", ""},
		"FREQ=DAILY;BYDAY=MO,WE":                                {"2026-03-02", "weekly", "FREQ=WEEKLY;BYDAY=MO,WE"},
		"FREQ=WEEKLY":                                           {"2026-03-02", "weekly", "FREQ=WEEKLY;BYDAY=MO"},
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU":            {"2026-03-02", "weekly", ""},
		"FREQ=WEEKLY;BYDAY=MO;COUNT=5":                          {"2026-03-02", "weekly", ""},
		"FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T080000Z":           {"2026-03-02", "weekly", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T215959Z"},
		"FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T075959Z":           {"2026-03-02", "weekly", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260329T215959Z"},
		"FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330":                   {"2026-03-02", "weekly", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T215959Z"},
		"FREQ=WEEKLY;BYHOUR=10;BYMINUTE=0":                      {"2026-03-02", "weekly", "FREQ=WEEKLY;BYDAY=MO"},
		"FREQ=MONTHLY":                                          {"2026-03-02", "absoluteMonthly", "FREQ=MONTHLY;BYMONTHDAY=2"},
		"FREQ=MONTHLY;BYMONTHDAY=-1":                            {"2026-03-31", "absoluteMonthly", ""},
		"FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1":          {"2026-03-30", "absoluteMonthly", ""},
		"FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1":             {"2026-03-29", "absoluteMonthly", ""},
		"FREQ=MONTHLY;BYDAY=1MO":                                {"2026-03-02", "relativeMonthly", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1"},
		"FREQ=MONTHLY;INTERVAL=2;BYDAY=-1TU":                    {"2026-03-31", "relativeMonthly", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU;BYSETPOS=-1"},
		"FREQ=MONTHLY;BYDAY=MO":                                 {"2026-03-02", "weekly", "FREQ=WEEKLY;BYDAY=MO"},
		"FREQ=YEARLY":                                           {"2026-03-02", "absoluteYearly", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2"},
		"FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31":                   {"2026-03-31", "absoluteYearly", ""},
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1":    {"2026-02-28", "absoluteYearly", ""},
		"FREQ=YEARLY;BYMONTH=3;BYDAY=1MO":                       {"2026-03-02", "relativeYearly", "FREQ=YEARLY;BYMONTH=3;BYDAY=MO;BYSETPOS=1"},
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=9": {"2026-03-31", "relativeMonthly", ""},
	} {
		start, err := mailbox.At(tc.start+"T10:00:00", "Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		e := &mailbox.Event{Start: start, End: start}
		p, _, err := parseLines([]string{"RRULE:" + text}, e)
		if err != nil || p.kind != tc.kind {
			t.Errorf("%s: %s, %v", text, p.kind, err)
			continue
		}
		p.zone = "Europe/Berlin"
		want := tc.line
		if want == "" {
			want = text
		}
		got := p.line(e)
		if sortedParts(got) != sortedParts("RRULE:"+want) {
			t.Errorf("%s: reads %s, want %s", text, got, want)
		}
		again, _, err := parseLines([]string{got}, e)
		if again.zone = p.zone; err != nil || again != p {
			t.Errorf("%s: %s is another pattern: %+v, want %+v (%v)", text, got, again, p, err)
		}
	}
}

// sortedParts makes two spellings of a rule comparable.
func sortedParts(line string) string {
	parts := map[string]any{}
	for part := range strings.SplitSeq(strings.TrimPrefix(line, "RRULE:"), ";") {
		name, value, _ := strings.Cut(part, "=")
		days := map[string]any{}
		for d := range strings.SplitSeq(value, ",") {
			days[d] = true
		}
		parts[name] = days
	}
	return jsonText(parts)
}

func TestRulesThatExchangeCannotHold(t *testing.T) {
	start, err := mailbox.At("2026-03-31T10:00:00", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	e := &mailbox.Event{Start: start, End: start}
	for _, lines := range [][]string{
		{"RRULE:FREQ=HOURLY"}, {"RRULE:FREQ=MONTHLY"}, {"RRULE:FREQ=MONTHLY;BYMONTHDAY=31"}, {"RRULE:FREQ=MONTHLY;BYMONTHDAY=-2"},
		{"RRULE:FREQ=MONTHLY;BYMONTHDAY=1,31"}, {"RRULE:FREQ=MONTHLY;BYDAY=5TU"}, {"RRULE:FREQ=MONTHLY;BYDAY=1TU,5TU"},
		{"RRULE:FREQ=MONTHLY;BYDAY=TU;BYSETPOS=5"}, {"RRULE:FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=31"}, {"RRULE:FREQ=YEARLY;BYDAY=13TU"},
		{"RRULE:FREQ=YEARLY;BYWEEKNO=14"}, {"RRULE:FREQ=YEARLY;BYYEARDAY=90"}, {"RRULE:FREQ=YEARLY;BYMONTH=3,4"}, {"RRULE:FREQ=DAILY;INTERVAL=2;BYDAY=TU"},
		{"RRULE:FREQ=DAILY;BYMONTH=3"}, {"RRULE:FREQ=DAILY;BYHOUR=10,16"}, {"RRULE:FREQ=WEEKLY;BYDAY=MO"}, {"RRULE:FREQ=DAILY;COUNT=1000"},
		{"RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"}, {"RRULE:FREQ=DAILY", "RDATE:20260405T080000Z"}, {"EXDATE:20260405"}, {"nonsense"},
		{"RRULE:FREQ=DAILY;UNTIL=soon"}, {"RRULE:FREQ=WEEKLY;BYDAY=1TU"},
	} {
		if p, _, err := parseLines(lines, e); err == nil {
			t.Errorf("%v: taken as %+v", lines, p)
		}
	}
	l := newLab(t)
	_, err = l.AddSeries("primary", mailbox.Event{Start: start, End: start, Recurrence: []string{"RRULE:FREQ=HOURLY"}})
	if err == nil || !strings.Contains(err.Error(), "FREQ=HOURLY") {
		t.Errorf("the reason is missing: %v", err)
	}
}

// TestPatternsAgreeWithTheOracle: for every rule of the oracle that Exchange
// holds, the occurrences are those on which other libraries agree.
func TestPatternsAgreeWithTheOracle(t *testing.T) {
	n := 0
	for line := range strings.SplitSeq(strings.TrimSpace(string(shared(t, "rrule_oracle.jsonl"))), "\n") {
		var tc struct {
			ID, RRule, DTStart, TZ, Value string
			ExDates, Expected             []string
			Complete                      bool
		}
		if err := json.Unmarshal([]byte(line), &tc); err != nil {
			t.Fatal(err)
		}
		e := &mailbox.Event{AllDay: tc.Value == "DATE"}
		if e.Start = (mailbox.Moment{Local: tc.DTStart, Zone: tc.TZ}); e.AllDay {
			e.Start = mailbox.Moment{Date: tc.DTStart, Zone: "UTC"}
		}
		e.Start = momentAt(wallOf(e.Start), e.Start, false)
		e.End = e.Start
		p, _, err := parseLines([]string{"RRULE:" + tc.RRule}, e)
		if err != nil || len(tc.ExDates) > 0 || len(tc.Expected) == 0 {
			continue
		}
		if n++; e.Start.Zone == "" {
			t.Fatalf("%s: no zone", tc.ID)
		}
		p.zone = e.Start.Zone
		e.Pattern = p.json()
		all, got := seriesOf(e, false), []string{}
		for day := range p.occurrences(p.start) {
			if len(got) == len(tc.Expected) {
				if tc.Complete {
					got = append(got, "more")
				}
				break
			}
			start, _ := all.slot(day)
			if e.AllDay {
				got = append(got, start.Date)
			} else {
				got = append(got, instant(start).Format(time.RFC3339))
			}
		}
		if !slices.Equal(got, tc.Expected) {
			t.Errorf("%s %s from %s[%s]:\n got %v\nwant %v", tc.ID, tc.RRule, tc.DTStart, tc.TZ, got, tc.Expected)
		}
	}
	if n < 500 {
		t.Errorf("only %d rules of the oracle are held", n)
	}
	t.Logf("%d rules", n)
}

// TestPatternsMeanTheirRules compares the expansion with a slow count over days.
func TestPatternsMeanTheirRules(t *testing.T) {
	for text, fits := range map[string]func(time.Time) bool{
		"FREQ=DAILY;INTERVAL=7":              func(d time.Time) bool { return d.Weekday() == time.Monday },
		"FREQ=WEEKLY;BYDAY=MO,TH":            func(d time.Time) bool { return d.Weekday() == time.Monday || d.Weekday() == time.Thursday },
		"FREQ=MONTHLY;BYMONTHDAY=2":          func(d time.Time) bool { return d.Day() == 2 },
		"FREQ=MONTHLY;BYDAY=1MO":             func(d time.Time) bool { return d.Weekday() == time.Monday && d.Day() <= 7 },
		"FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2": func(d time.Time) bool { return d.Day() == 2 && d.Month() == time.March },
		"FREQ=YEARLY;BYMONTH=3;BYDAY=1MO": func(d time.Time) bool {
			return d.Weekday() == time.Monday && d.Day() <= 7 && d.Month() == time.March
		},
		"FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=2": func(d time.Time) bool {
			return d.Day() == 2 && ((d.Year()-1970)*12+int(d.Month())-3)%5 == 0
		},
	} {
		start := mailbox.Moment{Date: "1970-03-02", Zone: "UTC"} // a Monday
		p, _, err := parseLines([]string{"RRULE:" + text}, &mailbox.Event{Start: start, End: start, AllDay: true})
		if err != nil {
			t.Fatal(text, err)
		}
		from, to := dayNumber(time.Date(2025, 2, 20, 0, 0, 0, 0, time.UTC)), dayNumber(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC))
		var want, got []string
		for d := from; d < to; d++ {
			if fits(civil(d)) {
				want = append(want, dayText(d))
			}
		}
		for d := range p.occurrences(from) {
			if d >= to {
				break
			}
			got = append(got, dayText(d))
		}
		if jsonText(got) != jsonText(want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
