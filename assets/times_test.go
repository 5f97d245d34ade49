package assets

import (
	"testing"
	"time"
)

func TestTimesInWords(t *testing.T) {
	now := time.Date(2026, 11, 24, 15, 4, 5, 0, time.FixedZone("here", 3600))
	for _, c := range []struct {
		what, got, want string
	}{
		{"never", Ago(now, time.Time{}), "never"},
		{"a clock that runs a bit ahead", Ago(now, now.Add(2*time.Second)), "just now"},
		{"seconds, by tens", Ago(now, now.Add(-47*time.Second)), "40 seconds ago"},
		{"one minute", Ago(now, now.Add(-61*time.Second)), "1 minute ago"},
		{"hours", Ago(now, now.Add(-5*time.Hour)), "5 hours ago"},
		{"one day", Ago(now, now.Add(-26*time.Hour)), "1 day ago"},
		{"due", In(now, now.Add(-time.Minute)), "now"},
		{"soon", In(now, now.Add(50*time.Second)), "in 50 seconds"},
		{"minutes are rounded", In(now, now.Add(119*time.Second)), "in 2 minutes"},
		{"today, in another zone", Moment(now, now.UTC().Add(-time.Hour)), "14:04"},
		{"yesterday evening", Moment(now, now.Add(-20*time.Hour)), "Mon 19:04"},
		{"this year", Moment(now, now.AddDate(0, -2, 0)), "24 Sep 15:04"},
		{"another year", Moment(now, now.AddDate(-1, 0, 0)), "24 Nov 2025"},
		{"tomorrow morning", Tomorrow(now).Format(time.RFC3339), "2026-11-25T06:00:00+01:00"},
		{"a pause for an hour", PauseEnd(now, now.Add(time.Hour)), "until 16:04"},
		{"a pause with no end", PauseEnd(now, UntilResumed(now)), "until resumed"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
}
