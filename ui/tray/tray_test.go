package tray

import (
	"testing"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

func TestLook(t *testing.T) {
	now := time.Date(2026, 11, 24, 15, 4, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		s    control.Status
		want look
	}{
		{"nothing known yet", control.Status{Activity: control.Starting},
			look{assets.TrayIdle, "Starting", "Twinday: Starting", false}},
		{"all is well", control.Status{Activity: control.Fine, Summary: "All agree", LastSync: now.Add(-time.Minute)},
			look{assets.TrayFine, "All agree", "Twinday: All agree\nLast sync: 15:03", false}},
		{"paused for an hour", control.Status{Activity: control.Paused, Summary: "Paused", PausedUntil: now.Add(time.Hour)},
			look{assets.TrayPaused, "Paused until 16:04", "Twinday: Paused until 16:04", true}},
		{"paused for good", control.Status{Activity: control.Paused, Summary: "Paused", PausedUntil: assets.UntilResumed(now)},
			look{assets.TrayPaused, "Paused until resumed", "Twinday: Paused until resumed", true}},
		{"a problem", control.Status{Activity: control.Problem, Summary: "Signed out"},
			look{assets.TrayProblem, "Signed out", "Twinday: Signed out", false}},
	} {
		if got := lookOf(c.s, now); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
