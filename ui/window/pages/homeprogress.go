package pages

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// worthwhile is how many changes a pass has at least for its progress to be shown: fewer
// are done before anybody has read of them.
const worthwhile = 20

// homeProgress is the part of home that says how far a long pass is.
type homeProgress struct {
	w    *Window
	root fyne.CanvasObject
	bar  *widget.ProgressBar
	wait *widget.ProgressBarInfinite
	line *widget.Label
	rest *widget.Label
}

func newHomeProgress(w *Window) *homeProgress {
	p := &homeProgress{w: w, bar: widget.NewProgressBar(), wait: widget.NewProgressBarInfinite(), line: bold(""), rest: faint("")}
	p.bar.TextFormatter = func() string { return "" }
	p.wait.Stop()
	p.wait.Hide()
	p.root = panel(p.line, p.bar, p.wait, p.rest)
	p.root.Hide()
	return p
}

func (p *homeProgress) update() {
	s := p.w.status
	long := s.Progress != nil && s.Progress.Total >= worthwhile
	reading := s.Progress == nil && s.Activity == control.Syncing && s.LastSync.IsZero() && len(s.Mirrors) > 0
	setShown(p.root, long || reading)
	setShown(p.bar, long)
	if reading != p.wait.Visible() {
		setShown(p.wait, reading)
		if reading {
			p.wait.Start()
		} else {
			p.wait.Stop() // it would repaint the window for ever
		}
	}
	safe := assets.Text("You can close the window at any time: it goes on, and after a restart too.")
	switch {
	case reading:
		setText(p.line, assets.Text("Reading the calendars…"))
		setText(p.rest, safe)
	case long:
		x := s.Progress
		setText(p.line, assets.Text("{{.Done}} of {{.Total}} changes done", "Done", assets.Number(x.Done), "Total", assets.Number(x.Total)))
		if v := float64(x.Done) / float64(x.Total); v != p.bar.Value {
			p.bar.SetValue(v)
		}
		if x.Rate > 0 {
			setText(p.rest, assets.Count("{{.N}} a minute", max(int(x.Rate+0.5), 1))+", "+timeLeft(x.Left)+". "+safe)
		} else {
			setText(p.rest, safe)
		}
	}
}

// timeLeft says how long something takes still.
func timeLeft(d time.Duration) string {
	switch {
	case d < time.Minute:
		return assets.Text("less than a minute left")
	case d < time.Hour:
		return assets.Count("{{.N}} minutes left", int((d+30*time.Second)/time.Minute))
	}
	return assets.Count("{{.N}} hours left", int((d+30*time.Minute)/time.Hour))
}
