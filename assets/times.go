package assets

import "time"

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
		return t.Format("15:04")
	case d.Abs() < 6*24*time.Hour:
		return t.Format("Mon 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	default:
		return t.Format("2 Jan 2006")
	}
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
