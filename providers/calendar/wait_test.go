package calendar_test

import (
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

func TestWaitAsked(t *testing.T) {
	const now = "Tue, 10 Mar 2026 09:30:00 GMT"
	for s, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "soon": 0, "NaN": 0,
		"30": 30 * time.Second, " 30 ": 30 * time.Second, "0.4": 400 * time.Millisecond,
		"99999999999": 24 * time.Hour, "1e99": 24 * time.Hour,
		"Tue, 10 Mar 2026 09:31:30 GMT":    90 * time.Second,
		"Tuesday, 10-Mar-26 09:31:30 GMT":  90 * time.Second,
		"Tue Mar 10 09:31:30 2026":         90 * time.Second,
		"Tue, 10 Mar 2026 09:00:00 GMT":    0,
		"Fri, 10 Mar 2226 09:00:00 GMT":    24 * time.Hour,
		"Tue, 10 Mar 2026 09:31:30 +01:00": 0,
	} {
		if got := calendar.WaitAsked(s, now); got != want {
			t.Errorf("%q is %v; want %v", s, got, want)
		}
	}
	if got := calendar.WaitAsked("Tue, 10 Mar 2026 09:31:30 GMT", ""); got != 0 {
		t.Errorf("a date in an answer without one is %v", got)
	}
}
