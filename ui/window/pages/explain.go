package pages

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// why says why an event is where it is, or not: its id in a calendar, or its title.
func (w *Window) why(event string) {
	call(w, w.opt.CallTimeout, func(ctx context.Context) ([]control.Explanation, error) {
		return w.backend.Why(ctx, control.WhyRequest{Event: event})
	}, func(all []control.Explanation, err error) {
		if err != nil {
			w.tell(assets.Text("There is no explanation"), err)
			return
		}
		rows := container.NewVBox()
		for _, x := range all {
			rows.Add(w.explanation(x))
		}
		if len(all) == 0 {
			rows.Add(prose(assets.Text("No event is called so any more.")))
		}
		var p *popup
		ok := important(newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape), widget.HighImportance)
		p = w.popup(assets.Text("Why is it here?"), fyne.NewSize(600, 460), container.NewVScroll(rows), ok)
	})
}

// explanation is all there is to say about one event.
func (w *Window) explanation(x control.Explanation) fyne.CanvasObject {
	rows := []fyne.CanvasObject{bold(titleOf(x.Title)), prose(sentence(assets.Said(x.Born)))}
	for _, r := range x.Calendars {
		var icon fyne.Resource = theme.NewSuccessThemedResource(theme.ConfirmIcon())
		if !r.There {
			icon = theme.NewDisabledResource(theme.CancelIcon())
		}
		says := w.place(r.Ref)
		for _, s := range r.Says {
			says += "\n" + sentence(assets.Said(s))
		}
		rows = append(rows, notice(icon, says))
	}
	for _, s := range x.Waits {
		rows = append(rows, notice(theme.NewWarningThemedResource(theme.InfoIcon()), sentence(assets.Said(s))))
	}
	return newBackdrop(theme.ColorNameBackground, 8, container.NewPadded(container.NewVBox(rows...)))
}

// undo shows what undoing would do, and does it if the person agrees.
func (p *historyPage) undo(req control.UndoRequest) {
	w := p.w
	ctx, cancel := context.WithCancel(w.ctx)
	wait := w.wait(assets.Text("Looking what changes…"), assets.Text("The calendars are read. Nothing is written."), assets.Text("Cancel"), cancel)
	req.DryRun = true
	call(w, planTimeout, func(c context.Context) (control.UndoReport, error) {
		c, stop := context.WithCancel(c)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		return w.backend.Undo(c, req)
	}, func(u control.UndoReport, err error) {
		if ctx.Err() != nil { // the person gave up
			return
		}
		wait.close()
		if err != nil {
			w.tell(assets.Text("It cannot be undone"), err)
			return
		}
		p.showUndo(req, u)
	})
}

// showUndo shows the plan of an undo.
func (p *historyPage) showUndo(req control.UndoRequest, u control.UndoReport) {
	w := p.w
	rows := container.NewVBox()
	for _, s := range u.Report.Steps {
		rows.Add(lines(bold(titleOf(s.Title)), dim(w.stepLine(s.Step, false))))
	}
	if len(u.Report.Steps) == 0 && len(u.Undone) > 0 {
		rows.Add(prose(assets.Text("Nothing has to be written for it.")))
	}
	for _, n := range u.Undone {
		if n.Says != "" {
			rows.Add(notice(theme.InfoIcon(), titleOf(n.Title)+": "+assets.Said(n.Says)))
		}
	}
	for _, n := range u.Left {
		rows.Add(notice(theme.NewWarningThemedResource(theme.WarningIcon()), assets.Text("Left as it is: {{.Title}}. {{.Why}}", "Title", titleOf(n.Title), "Why", sentence(assets.Said(n.Says)))))
	}
	var d *popup
	buttons := []fyne.CanvasObject{newButton(assets.Text("Back"), nil, func() { d.close() }, w.escape)}
	if len(u.Left) > 0 && !req.Force {
		rows.Add(faint(assets.Text("What was changed since is left, so that nobody’s later change is lost. You can have it undone all the same; what is replaced stays in History.")))
		buttons = append(buttons, newButton(assets.Text("Undo that too…"), nil, func() {
			d.close()
			req.Force = true
			p.undo(req)
		}, w.escape))
	}
	do := important(newButton(assets.Text("Undo"), nil, nil, w.escape), widget.HighImportance)
	do.OnTapped = func() {
		do.Disable()
		req.DryRun = false
		for _, s := range u.Report.Steps { // these deletions were seen
			if s.Fact != "" {
				req.Seen = append(req.Seen, s.Fact)
			}
		}
		d.close()
		wait := w.wait(assets.Text("Undoing…"), assets.Text("It goes on when you close this."), assets.Text("Close"), func() {})
		call(w, syncTimeout, func(ctx context.Context) (control.UndoReport, error) { return w.backend.Undo(ctx, req) },
			func(_ control.UndoReport, err error) {
				wait.close()
				p.stale()
				w.tell(assets.Text("It could not be undone"), err)
			})
	}
	setEnabled(do, len(u.Undone) > 0)
	d = w.popup(assets.Text("What undoing does"), fyne.NewSize(600, 420), container.NewVScroll(rows), append(buttons, do)...)
}
