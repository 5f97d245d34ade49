package assets

import (
	"strings"
	"time"
)

// Ago says how long before now t was, in one coarse unit: "3 minutes ago".
// The zero time is "never"; what is less than 10 seconds old is "just now".
func Ago(now, t time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return Text("never")
	case d < 10*time.Second:
		return Text("just now")
	case d < time.Minute:
		return Count("{{.N}} seconds ago", int(d/(10*time.Second))*10)
	case d < time.Hour:
		return Count("{{.N}} minutes ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return Count("{{.N}} hours ago", int(d/time.Hour))
	default:
		return Count("{{.N}} days ago", int(d/(24*time.Hour)))
	}
}

// In says how long after now t is, in one coarse unit: "in 3 minutes". What is
// past or within 10 seconds is "now".
func In(now, t time.Time) string {
	switch d := t.Sub(now); {
	case d < 10*time.Second:
		return Text("now")
	case d < time.Minute:
		return Count("in {{.N}} seconds", int(d/(10*time.Second))*10)
	case d < time.Hour:
		return Count("in {{.N}} minutes", int((d+30*time.Second)/time.Minute))
	case d < 24*time.Hour:
		return Count("in {{.N}} hours", int((d+30*time.Minute)/time.Hour))
	default:
		return Count("in {{.N}} days", int((d+12*time.Hour)/(24*time.Hour)))
	}
}

// Moment is t on the wall clock of now's zone, as short as it can be told from
// other days: "14:32", "Mon 14:32", "24 Nov 14:32", "24 Nov 2025".
func Moment(now, t time.Time) string {
	t = t.In(now.Location())
	switch d := now.Sub(t); {
	case t.IsZero():
		return Text("never")
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return Clock(t)
	case d.Abs() < 6*24*time.Hour:
		return dated(t, Text("Mon 15:04"))
	case t.Year() == now.Year():
		return dated(t, Text("2 Jan 15:04"))
	default:
		return dated(t, Text("2 Jan 2006"))
	}
}

// Clock is the time of day of t, on its own wall clock: "14:32".
func Clock(t time.Time) string { return dated(t, Text("15:04")) }

// ClockSeconds is Clock to the second: "14:32:07".
func ClockSeconds(t time.Time) string { return dated(t, Text("15:04:05")) }

// Day is the date of t with its weekday: "Mon 24 Nov 2025".
func Day(t time.Time) string { return dated(t, Text("Mon 2 Jan 2006")) }

// DayOfYear is Day without the year: "Mon 24 Nov".
func DayOfYear(t time.Time) string { return dated(t, Text("Mon 2 Jan")) }

// DaySeconds is the day and the time to the second, without the year: "24 Nov 14:32:07".
func DaySeconds(t time.Time) string { return dated(t, Text("2 Jan 15:04:05")) }

// Date is the date of t in the shortest form that has the year: "24 Nov 2025".
func Date(t time.Time) string { return dated(t, Text("2 Jan 2006")) }

// Weekday is the name of t's weekday in short: "Mon".
func Weekday(t time.Time) string { return name(t.Format("Mon")) }

// ShortDay is the name of a weekday in short: "Mon".
func ShortDay(d time.Weekday) string { return name(d.String()[:3]) }

// ShortMonth is the name of a month in short: "Nov".
func ShortMonth(m time.Month) string { return name(m.String()[:3]) }

// Month is t's month and year: "November 2025".
func Month(t time.Time) string { return dated(t, Text("January 2006")) }

// Stamp is date and time to the second: "Mon 24 Nov 2025, 14:32:07".
func Stamp(t time.Time) string { return Day(t) + ", " + ClockSeconds(t) }

// When is date and time to the minute: "Mon 24 Nov 2025, 14:32".
func When(t time.Time) string { return Day(t) + ", " + Clock(t) }

// dated writes t in a layout of package time, with the names of weekdays and months in the
// person's language.
func dated(t time.Time, layout string) string {
	var b strings.Builder
	for layout != "" {
		at, token := len(layout), ""
		for _, x := range []string{"Monday", "January", "Mon", "Jan"} { // the longer ones first
			if i := strings.Index(layout, x); i >= 0 && i < at {
				at, token = i, x
			}
		}
		b.WriteString(t.Format(layout[:at]))
		if token != "" {
			b.WriteString(name(t.Format(token)))
		}
		layout = layout[at+len(token):]
	}
	return b.String()
}

// name is a weekday's or month's English name in the person's language.
func name(english string) string {
	switch english {
	case "Mon":
		return Text("Mon")
	case "Tue":
		return Text("Tue")
	case "Wed":
		return Text("Wed")
	case "Thu":
		return Text("Thu")
	case "Fri":
		return Text("Fri")
	case "Sat":
		return Text("Sat")
	case "Sun":
		return Text("Sun")
	case "Monday":
		return Text("Monday")
	case "Tuesday":
		return Text("Tuesday")
	case "Wednesday":
		return Text("Wednesday")
	case "Thursday":
		return Text("Thursday")
	case "Friday":
		return Text("Friday")
	case "Saturday":
		return Text("Saturday")
	case "Sunday":
		return Text("Sunday")
	case "Jan":
		return Text("Jan")
	case "Feb":
		return Text("Feb")
	case "Mar":
		return Text("Mar")
	case "Apr":
		return Text("Apr")
	case "May":
		return Text("May")
	case "Jun":
		return Text("Jun")
	case "Jul":
		return Text("Jul")
	case "Aug":
		return Text("Aug")
	case "Sep":
		return Text("Sep")
	case "Oct":
		return Text("Oct")
	case "Nov":
		return Text("Nov")
	case "Dec":
		return Text("Dec")
	case "January":
		return Text("January")
	case "February":
		return Text("February")
	case "March":
		return Text("March")
	case "April":
		return Text("April")
	case "June":
		return Text("June")
	case "July":
		return Text("July")
	case "August":
		return Text("August")
	case "September":
		return Text("September")
	case "October":
		return Text("October")
	case "November":
		return Text("November")
	case "December":
		return Text("December")
	}
	return english
}

// Tomorrow is when a pause "until tomorrow" ends: six in the morning of the
// next day, on the wall clock of now's zone.
func Tomorrow(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 6, 0, 0, 0, now.Location())
}

// UntilResumed is when a pause "until I resume" ends: never, as far as anyone
// will see.
func UntilResumed(now time.Time) time.Time { return now.AddDate(100, 0, 0) }

// PauseEnd says until when syncing is paused: "until 15:30", or "until resumed"
// for what is farther off than a year.
func PauseEnd(now, until time.Time) string {
	if until.Sub(now) > 365*24*time.Hour {
		return Text("until resumed")
	}
	return Text("until {{.When}}", "When", Moment(now, until))
}
