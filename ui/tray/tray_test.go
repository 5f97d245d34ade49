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
			look{icon: assets.TrayIdle, line: "Starting", tooltip: "Twinday: Starting"}},
		{"all is well", control.Status{Activity: control.Fine, Summary: "All agree", LastSync: now.Add(-time.Minute)},
			look{icon: assets.TrayFine, line: "All agree", tooltip: "Twinday: All agree\nLast sync: 15:03"}},
		{"paused for an hour", control.Status{Activity: control.Paused, Summary: "Paused", PausedUntil: now.Add(time.Hour)},
			look{icon: assets.TrayPaused, line: "Paused until 16:04", tooltip: "Twinday: Paused until 16:04", paused: true}},
		{"paused for good", control.Status{Activity: control.Paused, Summary: "Paused", PausedUntil: assets.UntilResumed(now)},
			look{icon: assets.TrayPaused, line: "Paused until resumed", tooltip: "Twinday: Paused until resumed", paused: true}},
		{"a problem", control.Status{Activity: control.Problem, Summary: "Signed out"},
			look{icon: assets.TrayProblem, line: "Signed out", tooltip: "Twinday: Signed out"}},
	} {
		if got := lookOf(c.s, now); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
