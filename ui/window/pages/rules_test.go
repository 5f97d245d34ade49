package pages

import (
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

func TestRulesInWords(t *testing.T) {
	for _, c := range []struct {
		rules []string
		want  string
	}{
		{nil, ""},
		{[]string{"RRULE:FREQ=DAILY"}, "every day"},
		{[]string{"RRULE:FREQ=DAILY;INTERVAL=3;COUNT=1"}, "every 3 days, once"},
		{[]string{"RRULE:FREQ=WEEKLY;COUNT=8;BYDAY=TU,TH"}, "every week on Tue and Thu, 8 times"},
		{[]string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR"}, "every 2 weeks on weekdays"},
		{[]string{"RRULE:FREQ=WEEKLY;BYDAY=MO,WE,SU"}, "every week on Mon, Wed and Sun"},
		{[]string{"RRULE:FREQ=MONTHLY;BYDAY=-1FR"}, "every month on the last Fri"},
		{[]string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=6"}, "every month on the 1st and 15th, 6 times"},
		{[]string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"}, "every month on the last day"},
		{[]string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=11,22,23"}, "every month on the 11th, 22nd and 23rd"},
		{[]string{"RRULE:FREQ=MONTHLY;BYSETPOS=-2;BYDAY=MO,TU,WE,TH,FR"}, "every month on the 2nd to last weekday"},
		{[]string{"RRULE:FREQ=MONTHLY;BYSETPOS=1;BYDAY=SA,SU"}, "every month on the 1st weekend day"},
		{[]string{"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"}, "every year on the last Sun in Mar"},
		{[]string{"RRULE:FREQ=YEARLY"}, "every year"},
		// The last moment in UTC is the evening before in Los Angeles' calendar, as the series counts its days.
		{[]string{"RRULE:FREQ=WEEKLY;UNTIL=20261201T055959Z"}, "every week, until Mon 30 Nov 2026"},
		{[]string{"RRULE:FREQ=WEEKLY;UNTIL=20261201"}, "every week, until Tue 1 Dec 2026"},
		{[]string{"RRULE:FREQ=DAILY;COUNT=2", "RDATE:20261224T100000,20261231T100000"}, "every day, 2 times and on 2 more days"},
		{[]string{"RRULE:FREQ=YEARLY;BYWEEKNO=20"}, "repeats by the rule FREQ=YEARLY;BYWEEKNO=20"},
		{[]string{"RRULE:FREQ=YEARLY;BYDAY=20MO"}, "repeats by the rule FREQ=YEARLY;BYDAY=20MO"},
		{[]string{"RRULE:FREQ=YEARLY;BYDAY=MO"}, "repeats by the rule FREQ=YEARLY;BYDAY=MO"},
		{[]string{"RRULE:FREQ=HOURLY"}, "repeats by the rule FREQ=HOURLY"},
		{[]string{"RRULE:nonsense"}, "repeats by the rule nonsense"},
		{[]string{"X-OTHER:1"}, "repeats"},
	} {
		w := calendar.When{Start: calendar.Time{Local: "2026-11-24T10:00:00", Zone: "America/Los_Angeles"}, Recurrence: calendar.Recurrence{Rules: c.rules}}
		if got := repeatText(w); got != c.want {
			t.Errorf("%v: %q, want %q", c.rules, got, c.want)
		}
	}
}
