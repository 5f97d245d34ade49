package calendar_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

func TestRuleText(t *testing.T) {
	for in, want := range map[string]string{
		"FREQ=DAILY":                              "RRULE:FREQ=DAILY",
		"RRULE:FREQ=DAILY;INTERVAL=1;WKST=MO":     "RRULE:FREQ=DAILY",
		"WKST=SU;BYDAY=FR,MO,FR;FREQ=WEEKLY":      "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;WKST=SU",
		"rrule:freq=monthly;byday=+1mo, -1FR;":    "RRULE:FREQ=MONTHLY;BYDAY=-1FR,1MO",
		"FREQ=DAILY;UNTIL=20260101T000000Z":       "RRULE:FREQ=DAILY;UNTIL=20260101T000000Z",
		"FREQ=DAILY;UNTIL=20260101T000000":        "RRULE:FREQ=DAILY;UNTIL=20260101T000000",
		"FREQ=DAILY;UNTIL=20260101":               "RRULE:FREQ=DAILY;UNTIL=20260101",
		"FREQ=YEARLY;BYSECOND=60;X-A=B;COUNT=007": "RRULE:FREQ=YEARLY;COUNT=7;BYSECOND=59",
	} {
		r, err := calendar.ParseRule(in)
		if err != nil || r.String() != want {
			t.Errorf("%s is %s (%v), want %s", in, r, err, want)
		}
	}
	r, err := calendar.ParseRule("FREQ=MONTHLY;BYDAY=-1FR;INTERVAL=2;UNTIL=20260101T120000Z;WKST=SU")
	if err != nil {
		t.Fatal(err)
	}
	if r.Freq != calendar.Monthly || r.Interval != 2 || r.WeekStart != time.Sunday ||
		!slices.Equal(r.ByDay, []calendar.WeekdayNum{{Day: time.Friday, N: -1}}) ||
		r.Until != (calendar.Time{Local: "2026-01-01T12:00:00", Zone: "UTC"}) {
		t.Errorf("%+v", r)
	}
}

func TestCanonicalRules(t *testing.T) {
	monday := at("2026-01-05T09:00:00", "Europe/Berlin")
	for name, c := range map[string]struct {
		start calendar.Time
		rules []string
		want  []string
	}{
		"parts in order, INTERVAL=1 dropped":  {monday, []string{"RRULE:WKST=MO;BYDAY=WE,MO;INTERVAL=1;FREQ=WEEKLY"}, []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,WE"}},
		"weekly means start's weekday":        {monday, []string{"RRULE:FREQ=WEEKLY"}, []string{"RRULE:FREQ=WEEKLY;BYDAY=MO"}},
		"monthly means start's day":           {monday, []string{"RRULE:FREQ=MONTHLY"}, []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=5"}},
		"yearly means start's day and month":  {monday, []string{"RRULE:FREQ=YEARLY"}, []string{"RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5"}},
		"yearly in a month means start's day": {monday, []string{"RRULE:FREQ=YEARLY;BYMONTH=1,6"}, []string{"RRULE:FREQ=YEARLY;BYMONTH=1,6;BYMONTHDAY=5"}},
		"every twelve months is every year":   {monday, []string{"RRULE:FREQ=MONTHLY;INTERVAL=24"}, []string{"RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYMONTHDAY=5"}},
		"a month picked monthly is yearly":    {monday, []string{"RRULE:FREQ=MONTHLY;BYMONTH=1;BYDAY=1MO"}, []string{"RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1MO"}},
		"the first Monday by position":        {monday, []string{"RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1"}, []string{"RRULE:FREQ=MONTHLY;BYDAY=1MO"}},
		"the last of all days":                {monday, []string{"RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1"}, []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"}},
		"the last working day stays":          {monday, []string{"RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR"}, []string{"RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"}},
		"daily on working days is weekly":     {monday, []string{"RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"}, []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"}},
		"weekly on all days is daily":         {monday, []string{"RRULE:FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH,FR,SA"}, []string{"RRULE:FREQ=DAILY"}},
		"a century of months is years":        {monday, []string{"RRULE:FREQ=MONTHLY;INTERVAL=1200"}, []string{"RRULE:FREQ=YEARLY;INTERVAL=100;BYMONTH=1;BYMONTHDAY=5"}},
		"every seven days is weekly":          {monday, []string{"RRULE:FREQ=DAILY;INTERVAL=14"}, []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"}},
		"every Monday of the month is weekly": {monday, []string{"RRULE:FREQ=MONTHLY;BYDAY=MO"}, []string{"RRULE:FREQ=WEEKLY;BYDAY=MO"}},
		"WKST means nothing every week":       {monday, []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,SU;WKST=SU"}, []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,SU"}},
		"WKST means nothing within the week":  {monday, []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU"}, []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"}},
		"WKST matters around it":              {monday, []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"}, []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=TU"}},
		"start's own time of day":             {monday, []string{"RRULE:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0"}, []string{"RRULE:FREQ=DAILY"}},
		"another time of day stays":           {monday, []string{"RRULE:FREQ=DAILY;BYHOUR=9,17"}, []string{"RRULE:FREQ=DAILY;BYHOUR=9,17"}},
		"UNTIL is the last occurrence":        {monday, []string{"RRULE:FREQ=WEEKLY;UNTIL=20260201T225959Z"}, []string{"RRULE:FREQ=WEEKLY;UNTIL=20260126T080000Z;BYDAY=MO"}},
		"UNTIL as a date":                     {monday, []string{"RRULE:FREQ=WEEKLY;UNTIL=20260126"}, []string{"RRULE:FREQ=WEEKLY;UNTIL=20260126T080000Z;BYDAY=MO"}},
		"UNTIL of dates":                      {at("2026-01-05", ""), []string{"RRULE:FREQ=WEEKLY;UNTIL=20260201T000000Z"}, []string{"RRULE:FREQ=WEEKLY;UNTIL=20260126;BYDAY=MO"}},
		"UNTIL counts what EXDATE takes":      {monday, []string{"RRULE:FREQ=WEEKLY;UNTIL=20260126T080000Z", "EXDATE:20260126T080000Z"}, []string{"RRULE:FREQ=WEEKLY;UNTIL=20260126T080000Z;BYDAY=MO"}},
		"UNTIL before start stays":            {monday, []string{"RRULE:FREQ=WEEKLY;UNTIL=20250126"}, []string{"RRULE:FREQ=WEEKLY;UNTIL=20250126T225959Z;BYDAY=MO"}},
		"UNTIL for ever":                      {monday, []string{"RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z"}, []string{"RRULE:FREQ=WEEKLY;BYDAY=MO"}},
		"lines in order, RDATEs as one": {monday, []string{"RDATE;TZID=Europe/Berlin:20260203T100000", "RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20260201T090000Z,20260203T090000Z", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260105T080000Z"},
			[]string{"RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=MO", "RDATE:20260201T090000Z,20260203T090000Z"}},
		"RDATEs of dates": {at("2026-01-05", ""), []string{"RDATE;VALUE=DATE:20260203,20260201"}, []string{"RDATE;VALUE=DATE:20260201,20260203"}},
		"a single event":  {monday, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := calendar.CanonicalRules(c.start, c.rules)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q\n got %q (%v)\nwant %q", c.rules, got, err, c.want)
			}
		})
	}
}

var hostileRules = map[string]struct{ rule, names string }{
	"every second for ever":                    {"RRULE:FREQ=SECONDLY", "FREQ=SECONDLY"},
	"every minute for ever":                    {"RRULE:FREQ=MINUTELY", "FREQ=MINUTELY"},
	"every minute for years":                   {"RRULE:FREQ=MINUTELY;UNTIL=20991231T000000Z", "FREQ=MINUTELY"},
	"every minute of every day":                {"RRULE:FREQ=DAILY;BYHOUR=" + upTo(23) + ";BYMINUTE=" + upTo(59), "FREQ=DAILY"},
	"every minute of every hour":               {"RRULE:FREQ=HOURLY;BYMINUTE=" + upTo(59), "FREQ=HOURLY"},
	"a second of the day, in a second's steps": {"RRULE:FREQ=SECONDLY;INTERVAL=7;COUNT=2;BYHOUR=3;BYMINUTE=0;BYSECOND=0;BYMONTHDAY=1;BYYEARDAY=2", "FREQ=SECONDLY"},
	"every second of two years":                {"RRULE:FREQ=YEARLY;COUNT=2;BYHOUR=" + upTo(23) + ";BYMINUTE=" + upTo(59) + ";BYSECOND=" + upTo(59), "BYSECOND"},
	"an interval of none":                      {"RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL"},
	"an interval backwards":                    {"RRULE:FREQ=DAILY;INTERVAL=-1", "INTERVAL"},
	"an interval without end":                  {"RRULE:FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL"},
	"an interval of a million years":           {"RRULE:FREQ=YEARLY;INTERVAL=1000000", "INTERVAL"},
	"an interval of 1 201 months":              {"RRULE:FREQ=MONTHLY;INTERVAL=1201", "INTERVAL"},
	"a million times":                          {"RRULE:FREQ=DAILY;COUNT=1000000", "COUNT"},
	"no times":                                 {"RRULE:FREQ=DAILY;COUNT=0", "COUNT"},
	"two ends":                                 {"RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260101", "COUNT and UNTIL"},
	"10 000 weekdays":                          {"RRULE:FREQ=WEEKLY;BYDAY=" + strings.Repeat("MO,", 3333) + "MO", "characters"},
	"10 000 characters of no weekday":          {"RRULE:FREQ=WEEKLY;BYDAY=" + strings.Repeat("X", 10000), "characters"},
	"a line of a megabyte":                     {"EXDATE:" + strings.Repeat("20260101T000000Z,", 60000), "characters"},
	"20 000 dates":                             {"RDATE;VALUE=DATE:" + strings.Repeat("20260101,", 20000), "RDATE"},
	"20 000 commas":                            {"RDATE:" + strings.Repeat(",", 20000), "RDATE"},
	"EXRULE":                                   {"EXRULE:FREQ=DAILY", "EXRULE"},
	"a DTSTART":                                {"DTSTART:20260101T000000Z", "DTSTART"},
	"nothing":                                  {"", "RRULE"},
	"a rule without FREQ":                      {"RRULE:COUNT=2", "FREQ"},
	"a frequency of its own":                   {"RRULE:FREQ=FORTNIGHTLY", "FREQ"},
	"a part twice":                             {"RRULE:FREQ=DAILY;FREQ=DAILY", "FREQ"},
	"a part without value":                     {"RRULE:FREQ=DAILY;BYDAY=", "BYDAY"},
	"a part of its own":                        {"RRULE:FREQ=DAILY;BYEASTER=1", "BYEASTER"},
	"another calendar":                         {"RRULE:RSCALE=CHINESE;FREQ=YEARLY", "RSCALE"},
	"moving days that a month lacks":           {"RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD", "SKIP"},
	"a month out of range":                     {"RRULE:FREQ=YEARLY;BYMONTH=13", "BYMONTH"},
	"a month day of none":                      {"RRULE:FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"},
	"a weekday's 54th":                         {"RRULE:FREQ=YEARLY;BYDAY=54MO", "BYDAY"},
	"an hour before the day":                   {"RRULE:FREQ=DAILY;BYHOUR=-1", "BYHOUR"},
	"a week number in a month":                 {"RRULE:FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO"},
	"positions in a week number's year":        {"RRULE:FREQ=YEARLY;BYWEEKNO=3;BYSETPOS=1", "BYSETPOS"},
	"a month day in a week":                    {"RRULE:FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY"},
	"a year day in a month":                    {"RRULE:FREQ=MONTHLY;BYYEARDAY=3", "BYYEARDAY"},
	"an end that is no date":                   {"RRULE:FREQ=DAILY;UNTIL=20261301", "UNTIL"},
	"an exception in no zone":                  {"EXDATE;TZID=Nowhere/Land:20260101T000000", "Nowhere/Land"},
}

func upTo(n int) string {
	var list []string
	for i := range n + 1 {
		list = append(list, fmt.Sprint(i))
	}
	return strings.Join(list, ",")
}

func TestHostileRulesAreRefused(t *testing.T) {
	start := at("2026-01-05T09:00:00", "Europe/Berlin")
	for name, c := range hostileRules {
		t.Run(name, func(t *testing.T) {
			o, err := series(start, c.rule).Occurrences()
			var refusal *calendar.Error
			if !errors.As(err, &refusal) || refusal.Kind != calendar.Invalid || refusal.Field != "recurrence" {
				t.Fatalf("got %v, %v", o, err)
			}
			if !strings.Contains(err.Error(), c.names) || len(err.Error()) > 200 {
				t.Errorf("%q does not name %s in short", err, c.names)
			}
			if _, err := calendar.CanonicalRules(start, []string{c.rule}); calendar.KindOf(err) != calendar.Invalid {
				t.Errorf("canonical rules: %v", err)
			}
		})
	}
	for name, w := range map[string]calendar.When{
		"every hour of an all-day event": series(at("2026-01-05", ""), "RRULE:FREQ=HOURLY"),
		"no start":                       series(calendar.Time{}, "RRULE:FREQ=DAILY"),
		"a start in no zone":             series(at("2026-01-05T09:00:00", "Nowhere"), "RRULE:FREQ=DAILY"),
		"nine rules":                     series(start, slices.Repeat([]string{"RRULE:FREQ=DAILY"}, 9)...),
	} {
		if _, err := w.Occurrences(); calendar.KindOf(err) != calendar.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The shapes that would keep rrule-go busy, or for ever: each must come to an end.
func TestRulesWithoutOccurrencesEnd(t *testing.T) {
	start := at("2026-01-05T09:00:00", "Europe/Berlin")
	for _, rule := range []string{
		"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31;COUNT=9",
		"FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3",
		"FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
		"FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
		"FREQ=DAILY;BYDAY=MO;BYSETPOS=2;COUNT=50000",
		"FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
		"FREQ=HOURLY;BYSETPOS=2",
		"FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7",
		"FREQ=SECONDLY;INTERVAL=3600;BYSECOND=7",
		"FREQ=SECONDLY;INTERVAL=901;COUNT=50000;BYSETPOS=-2",
		"FREQ=SECONDLY;INTERVAL=901;COUNT=50000;BYMONTHDAY=31;BYMONTH=11;BYHOUR=3;BYMINUTE=0",
		"FREQ=SECONDLY;INTERVAL=901;COUNT=3;BYYEARDAY=1;BYMONTHDAY=2;BYHOUR=3;BYMINUTE=0;BYSECOND=0",
		"FREQ=MINUTELY;INTERVAL=16;COUNT=3;BYYEARDAY=1;BYMONTHDAY=2",
	} {
		o := occurrences(t, series(start, "RRULE:"+rule))
		if got := slices.Collect(o.All()); !slices.Equal(got, []calendar.Time{start}) {
			t.Errorf("%s: %v", rule, got[:min(len(got), 5)])
		}
		for x := range o.Between(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %v", rule, x)
		}
		if _, ok := o.Ordinal(at("2200-01-01T09:00:00", "Europe/Berlin")); ok {
			t.Errorf("%s: found what is not there", rule)
		}
	}
}

func FuzzRule(f *testing.F) {
	for _, c := range hostileRules {
		f.Add(c.rule, "2026-01-05T09:00:00", "Europe/Berlin")
	}
	for _, rule := range []string{
		"RRULE:FREQ=YEARLY;BYDAY=1MO,WE,-53SU;BYMONTH=2,12;INTERVAL=3",
		"RRULE:FREQ=YEARLY;BYWEEKNO=1,-1,53;WKST=SA;UNTIL=20300101T000000Z",
		"RRULE:FREQ=WEEKLY;BYSETPOS=2,-1;BYDAY=MO,FR;BYHOUR=1,2,3;COUNT=50000",
		"RRULE:FREQ=MINUTELY;INTERVAL=61;BYHOUR=2,3;BYMINUTE=7;UNTIL=20260301",
		"RRULE:FREQ=SECONDLY;COUNT=20;BYSECOND=7,60;BYYEARDAY=-366",
		`RDATE;TZID="America/New_York":20260101T090000,20260329T023000`,
		"EXDATE;VALUE=DATE:20260101,20260102,",
	} {
		f.Add(rule, "2024-02-29T02:30:00", "Australia/Lord_Howe")
		f.Add(rule, "2024-12-30", "")
	}
	f.Fuzz(func(t *testing.T, rule, local, zone string) {
		start := calendar.Time{Local: local, Zone: zone}
		if r, err := calendar.ParseRule(rule); err == nil {
			again, err := calendar.ParseRule(r.String())
			if err != nil || again.String() != r.String() {
				t.Fatalf("%q is %s, read again %s (%v)", rule, r, again, err)
			}
		}
		o, err := series(start, rule).Occurrences()
		if err != nil {
			if calendar.KindOf(err) != calendar.Invalid {
				t.Fatalf("%q: %v", rule, err)
			}
			return
		}
		list := first(o, 50)
		for i, x := range list {
			a, err := x.Instant()
			if err != nil {
				t.Fatalf("%q: %v", rule, err)
			}
			if i > 0 {
				if b, err := list[i-1].Instant(); err != nil || !b.Before(a) {
					t.Fatalf("%q: %v after %v", rule, x, list[i-1])
				}
			}
			if !o.Has(x) {
				t.Fatalf("%q: %v is not found again", rule, x)
			}
		}
		canonical, err := calendar.CanonicalRules(start, []string{rule})
		if err != nil {
			t.Fatalf("%q: %v", rule, err)
		}
		if again, err := calendar.CanonicalRules(start, canonical); err != nil || !slices.Equal(again, canonical) {
			t.Fatalf("%q: %q, then %q (%v)", rule, canonical, again, err)
		}
		if _, exdates, err := calendar.SplitExdates(start, []string{rule}); err != nil || len(exdates) > 0 {
			return
		}
		if got := first(occurrences(t, series(start, canonical...)), 50); !slices.Equal(got, list) {
			t.Fatalf("%q from %v is not %q:\n%v\n%v", rule, start, canonical, list, got)
		}
	})
}

func BenchmarkRefusal(b *testing.B) {
	start := at("2026-01-05T09:00:00", "Europe/Berlin")
	for _, name := range []string{"every second for ever", "10 000 weekdays", "an interval of none", "a line of a megabyte"} {
		w := series(start, hostileRules[name].rule)
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Occurrences(); err == nil {
					b.Fatal("not refused")
				}
			}
		})
	}
}
