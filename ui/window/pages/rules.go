package pages

import (
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/providers/calendar"
)

// repeatText is how a series repeats, in words: "every 2 weeks on Tue and Thu, 8
// times". What cannot be put in words is shown as the rule it is; empty for a
// single event.
func repeatText(w calendar.When) string {
	var parts []string
	dates := 0
	for _, line := range w.Recurrence.Rules {
		if rule, ok := strings.CutPrefix(line, "RRULE:"); ok {
			parts = append(parts, ruleText(rule, w.Start))
		} else if strings.HasPrefix(line, "RDATE") {
			dates += strings.Count(line, ",") + 1
		}
	}
	if dates > 0 {
		parts = append(parts, assets.Count("on {{.N}} more days", dates))
	}
	if len(parts) == 0 && !w.Recurrence.IsZero() {
		return assets.Text("repeats")
	}
	return both(parts)
}

// ruleText is one RRULE value of a series that begins at start, in words.
func ruleText(rule string, start calendar.Time) string {
	r, err := calendar.ParseRule(rule)
	if err != nil {
		return assets.Text("repeats by the rule {{.Rule}}", "Rule", rule)
	}
	on, ok := ruleDays(r)
	if !ok {
		return assets.Text("repeats by the rule {{.Rule}}", "Rule", rule)
	}
	s := ruleEvery(r)
	if on != "" {
		s += " " + on
	}
	if len(r.ByMonth) > 0 {
		var months []string
		for _, m := range r.ByMonth {
			months = append(months, assets.ShortMonth(time.Month(m)))
		}
		s += " " + assets.Text("in {{.Months}}", "Months", both(months))
	}
	switch {
	case r.Count > 0:
		s += ", " + assets.Count("{{.N}} times", r.Count)
	case !r.Until.IsZero():
		s += ", " + assets.Text("until {{.When}}", "When", lastDay(r.Until, start))
	}
	return s
}

// ruleEvery is the rule's pace: "every 2 weeks".
func ruleEvery(r calendar.Rule) string {
	switch r.Freq {
	case calendar.Yearly:
		return assets.Count("every {{.N}} years", r.Interval)
	case calendar.Monthly:
		return assets.Count("every {{.N}} months", r.Interval)
	case calendar.Weekly:
		return assets.Count("every {{.N}} weeks", r.Interval)
	}
	return assets.Count("every {{.N}} days", r.Interval) // ruleDays has refused what is faster
}

// ruleDays says on which days of its period a rule falls: "on Tue and Thu", "on
// the last Fri"; empty where its start says so. Not ok is what has no plain words.
func ruleDays(r calendar.Rule) (words string, ok bool) {
	if r.Freq > calendar.Daily || len(r.ByWeekNo)+len(r.ByYearDay)+len(r.ByHour)+len(r.ByMinute)+len(r.BySecond) > 0 || len(r.BySetPos) > 1 {
		return "", false
	}
	switch {
	case len(r.ByDay) > 0 && len(r.ByMonthDay) > 0:
		return "", false
	case r.Freq == calendar.Yearly && len(r.ByMonth) == 0 && len(r.ByDay)+len(r.ByMonthDay) > 0:
		return "", false // of each week or month of the year: nobody reads "every year" so
	case len(r.ByMonthDay) > 0:
		if len(r.BySetPos) > 0 {
			return "", false
		}
		var days []string
		for _, d := range r.ByMonthDay {
			if d < 0 {
				days = append(days, assets.Text("{{.Which}} day", "Which", nth(d)))
			} else {
				days = append(days, nth(d))
			}
		}
		return assets.Text("on the {{.Days}}", "Days", both(days)), true
	case len(r.BySetPos) == 1:
		kind := dayKind(r.ByDay)
		if r.Freq != calendar.Monthly || kind == "" {
			return "", false
		}
		return assets.Text("on the {{.Days}}", "Days", nth(r.BySetPos[0])+" "+kind), true
	case len(r.ByDay) == 0:
		return "", true
	}
	var days []string
	counted := 0
	for _, d := range r.ByDay {
		name := assets.ShortDay(d.Day)
		if d.N != 0 {
			counted++
			name = nth(d.N) + " " + name
		}
		days = append(days, name)
	}
	switch {
	case counted == len(days):
		return assets.Text("on the {{.Days}}", "Days", both(days)), true
	case counted > 0:
		return "", false
	case len(days) > 1 && dayKind(r.ByDay) == assets.Text("weekday"):
		return assets.Text("on weekdays"), true
	}
	return assets.Text("on {{.Days}}", "Days", both(days)), true
}

// dayKind is what a set of whole weekdays has in common: "Fri", "weekday",
// "weekend day", "day"; empty if nothing.
func dayKind(days []calendar.WeekdayNum) string {
	var has [7]bool
	n := 0
	for _, d := range days {
		if d.N != 0 {
			return ""
		}
		has[d.Day], n = true, n+1
	}
	ends := has[time.Saturday] && has[time.Sunday]
	switch {
	case n == 1:
		return assets.ShortDay(days[0].Day)
	case n == 7:
		return assets.Text("day")
	case n == 2 && ends:
		return assets.Text("weekend day")
	case n == 5 && !has[time.Saturday] && !has[time.Sunday]:
		return assets.Text("weekday")
	}
	return ""
}

// nth is "1st", "22nd", and counted from the end "last", "2nd to last".
func nth(n int) string {
	if n == -1 {
		return assets.Text("last")
	}
	switch {
	case n == -2:
		return assets.Text("2nd to last")
	case n == -3:
		return assets.Text("3rd to last")
	case n < 0:
		return assets.Text("{{.Nth}} to last", "Nth", nth(-n))
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		return assets.Text("{{.N}}st", "N", n)
	case n%10 == 2:
		return assets.Text("{{.N}}nd", "N", n)
	case n%10 == 3:
		return assets.Text("{{.N}}rd", "N", n)
	}
	return assets.Text("{{.N}}th", "N", n)
}

// lastDay is the day of a rule's end, on the wall clock of its series.
func lastDay(until, start calendar.Time) string {
	day := until.Local
	if zone, err := calendar.LoadZone(start.Zone); err == nil && until.Zone != "" && start.Zone != "" {
		if t, err := until.Instant(); err == nil {
			day = t.In(zone).Format(time.DateOnly)
		}
	}
	t, err := time.Parse(time.DateOnly, day[:min(len(day), len(time.DateOnly))])
	if err != nil {
		return day
	}
	return assets.Day(t)
}

// both joins words as a person does: "a", "a and b", "a, b and c".
func both(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(s string) bool { return s == "" })
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return assets.Text("{{.These}} and {{.Last}}", "These", strings.Join(words[:last], ", "), "Last", words[last])
}
