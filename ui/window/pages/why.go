package pages

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
)

// why tells why an event is where it is, and is not where it is not.
func (w *Window) why(of control.WhyRequest, title string) {
	body := container.NewVBox(faint(assets.Text("Looking…")))
	scroll := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), body))
	var p *popup
	done := important(newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape), widget.HighImportance)
	p = w.popup(assets.Text("Why “{{.Title}}” is here", "Title", cut(titleOf(title), 60)), fyne.NewSize(620, 480), scroll, done)
	call(w, w.opt.CallTimeout, func(ctx context.Context) ([]control.Explanation, error) {
		return w.backend.Why(ctx, of)
	}, func(all []control.Explanation, err error) {
		body.RemoveAll()
		if err != nil {
			body.Add(prose(say.Stopped(say.Capital(reason(err)))))
		}
		for _, x := range all {
			w.explain(body, x)
		}
		scroll.Refresh() // adding to a container does not repaint it
	})
}

// explain adds one explanation.
func (w *Window) explain(body *fyne.Container, x control.Explanation) {
	body.Add(prose(say.Stopped(say.Capital(assets.Said(x.Born)))))
	for _, s := range x.Waits {
		body.Add(notice(theme.NewWarningThemedResource(theme.InfoIcon()), say.Stopped(say.Capital(assets.Said(s)))))
	}
	for _, r := range x.Calendars {
		there := badge(assets.Text("not here"), widget.LowImportance)
		if r.There {
			there = badge(assets.Text("here"), widget.MediumImportance)
		}
		rows := []fyne.CanvasObject{container.NewBorder(nil, nil, swatch(w.calendars[r.Ref].Color), there, bold(w.place(r.Ref)))}
		if r.There && r.Detail != "" {
			rows = append(rows, dim(assets.Text("Shows: {{.Level}}", "Level", detailName(r.Detail))))
		}
		for _, s := range r.Says {
			rows = append(rows, prose(say.Stopped(say.Capital(assets.Said(s)))))
		}
		body.Add(newBackdrop(theme.ColorNameBackground, 8, container.New(layout.NewCustomPaddedLayout(2, 2, 4, 4), lines(rows...))))
	}
	if len(x.Last) == 0 {
		return
	}
	body.Add(section(assets.Text("What happened to it last")))
	for _, h := range x.Last {
		body.Add(lines(text(happened(h, w.name(h.Ref))), dim(assets.Moment(w.opt.Now(), h.Time)+" · "+assets.Said(h.Why))))
	}
}
