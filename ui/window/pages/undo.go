package pages

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
)

// undoPass takes back all that a pass changed, once its plan was seen.
func (w *Window) undoPass(pass uint64) { w.undo(control.UndoRequest{Pass: pass}) }

// undoByForce takes back what was changed since, once the person knows what that means.
func (w *Window) undoByForce(entry uint64) {
	body := container.NewVBox(
		prose(assets.Text("The same was changed again after this. To undo it all the same brings back what was there before, and what came after it is lost.")),
		faint(assets.Text("You see what happens before it does.")))
	w.confirm(assets.Text("Undo it all the same?"), body, assets.Text("Show what happens"), widget.HighImportance, func() {
		w.undo(control.UndoRequest{Entry: entry, Force: true})
	})
}

// undo shows what an undo would do and, agreed to, does it.
func (w *Window) undo(req control.UndoRequest) {
	req.DryRun = true
	w.undoing(assets.Text("Looking what would change…"), assets.Text("The calendars are read. Nothing is written."), assets.Text("Cancel"), req, func(r control.UndoReport) {
		w.showUndo(req, r)
	})
}

// undoing asks the engine for an undo. done is not called when it fails, or when the
// person does not wait for it.
func (w *Window) undoing(title, note, leave string, req control.UndoRequest, done func(control.UndoReport)) {
	ctx, cancel := context.WithCancel(w.ctx)
	wait := w.wait(title, note, leave, func() {
		if req.DryRun {
			cancel()
		}
	})
	left := false
	closed := wait.closed
	wait.closed = func() { left = true; closed() }
	call(w, planTimeout, func(c context.Context) (control.UndoReport, error) {
		c, stop := context.WithCancel(c)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		return w.backend.Undo(c, req)
	}, func(r control.UndoReport, err error) {
		gone := left
		wait.close()
		cancel()
		w.hist.stale()
		switch {
		case gone && req.DryRun:
		case err != nil:
			w.tell(assets.Text("It cannot be undone"), err)
		default:
			done(r)
		}
	})
}

// showUndo shows the plan of an undo.
func (w *Window) showUndo(req control.UndoRequest, r control.UndoReport) {
	plan := control.Change{Plan: r.Report}
	sum := prose(undoLine(req, r))
	sum.TextStyle.Bold = true
	head := container.NewVBox(sum)
	if len(r.Report.Steps) > 0 {
		head.Add(prose(planLine(plan, false)))
	}
	for _, n := range r.Undone {
		if n.Says != "" {
			head.Add(faint(titleOf(n.Title) + ": " + say.Stopped(assets.Said(n.Says))))
		}
	}
	if req.Force {
		head.Add(notice(theme.NewWarningThemedResource(theme.WarningIcon()), assets.Text("What was changed since is given up with it.")))
	}
	for _, x := range r.Report.Problems {
		line := prose(say.Capital(strings.TrimSpace(say.Stopped(assets.Said(x.What)) + " " + assets.Said(x.WayOut))))
		line.Importance = widget.DangerImportance
		head.Add(line)
	}
	body := container.NewBorder(head, nil, nil, nil)
	var p *popup
	buttons := []fyne.CanvasObject{newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)}
	lists := container.NewVBox()
	if len(r.Report.Steps) > 0 {
		lists.Add(bold(assets.Text("What happens")))
		for _, s := range r.Report.Steps[:min(len(r.Report.Steps), maxTold)] {
			lists.Add(lines(text(titleOf(s.Title)), faint(w.stepLine(s.Step, false))))
		}
		lists.Add(andMore(len(r.Report.Steps)))
	}
	if len(r.Left) > 0 {
		lists.Add(bold(assets.Text("What stays as it is")))
		for _, n := range r.Left[:min(len(r.Left), maxTold)] {
			lists.Add(lines(text(titleOf(n.Title)), faint(undoWhy(n.Says))))
		}
		lists.Add(andMore(len(r.Left)))
		if !req.Force && len(r.Undone)+len(r.Left) > 0 {
			lists.Add(container.NewHBox(newButton(assets.Text("Also undo what was changed since…"), nil, func() {
				p.close()
				req.Force = true
				w.undo(req)
			}, w.escape)))
		}
	}
	body.Add(container.NewVScroll(lists))
	if len(r.Undone) > 0 {
		how := widget.HighImportance
		if r.Report.Deleted > 0 {
			how = widget.DangerImportance
		}
		buttons = append(buttons, important(newButton(assets.Text("Undo"), theme.ContentUndoIcon(), func() {
			p.close()
			req.DryRun, req.Seen = false, plan.Agreed()
			w.undoing(assets.Text("Undoing…"), assets.Text("It goes on when you close this."), assets.Text("Close"), req, w.undone)
		}, w.escape), how))
	}
	title := assets.Text("Undo this change?")
	if req.Pass != 0 {
		title = assets.Text("Undo this sync?")
	}
	told := len(r.Report.Steps) + len(r.Left)
	p = w.popup(title, fyne.NewSize(620, float32(min(240+72*told, 500))), body, buttons...)
}

// undoWhy says why something cannot be undone, without the terminal's way to do it all the
// same: the window has one of its own.
func undoWhy(says string) string {
	why, _, _ := strings.Cut(says, "; --force")
	return say.Stopped(say.Capital(assets.Said(why)))
}

// maxTold is how many lines of a plan are listed one by one.
const maxTold = 100

// andMore says how many are not listed; nothing if all are.
func andMore(of int) fyne.CanvasObject {
	l := faint(assets.Count("and {{.N}} more", of-maxTold))
	setShown(l, of > maxTold)
	return l
}

// undoLine says how much is undone.
func undoLine(req control.UndoRequest, r control.UndoReport) string {
	switch {
	case len(r.Undone) == 0:
		return assets.Text("Nothing of it can be undone.")
	case req.Pass == 0:
		return assets.Text("“{{.Title}}” becomes as it was before.", "Title", cut(titleOf(r.Undone[0].Title), 80))
	}
	line := assets.Count("{{.N}} changes are undone", len(r.Undone))
	if len(r.Left) > 0 {
		line += ", " + assets.Count("{{.N}} stay as they are", len(r.Left))
	}
	return line + "."
}

// undone says how it went, where there is more to say than the history does.
func (w *Window) undone(r control.UndoReport) {
	var says []string
	if n := r.Report.Held; n > 0 {
		says = append(says, assets.Count("{{.N}} changes wait for you under Decisions.", n))
	}
	if n := r.Report.Failed; n > 0 {
		says = append(says, assets.Count("{{.N}} changes failed; they are tried again in the next sync.", n))
	}
	if len(says) == 0 {
		return
	}
	var p *popup
	ok := important(newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape), widget.HighImportance)
	p = w.popup(assets.Text("Undone, but for something"), fyne.NewSize(440, 180), prose(strings.Join(says, " ")), ok)
}
