package pages

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// planTimeout is how long a plan may take: it reads calendars, after a pass that may
// be under way.
const planTimeout = 10 * time.Minute

// change shows what a changed mirror would do and, agreed to, changes it. A change
// that does nothing is made at once. done is called when it is made, or left to be.
func (w *Window) change(is, want state.Mirror, done func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	wait := w.wait(assets.Text("Looking what changes…"), assets.Text("The calendars are read. Nothing is written."), assets.Text("Cancel"), cancel)
	call(w, planTimeout, func(c context.Context) (control.Change, error) {
		c, stop := context.WithCancel(c)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		return control.PlanChange(c, w.backend, is, want)
	}, func(c control.Change, err error) {
		if ctx.Err() != nil { // the person gave up
			return
		}
		wait.close()
		copies := is.Guests == want.Guests && is.Invitations == want.Invitations && is.Conflicts == want.Conflicts
		switch {
		case err != nil:
			w.planFailed(err, func() { w.change(is, want, done) })
		case c.Weighty():
			w.showPlan(c, copies, func(shown *popup) {
				w.makeChange(want, c.Agreed(), func() { shown.close(); done() })
			})
		default:
			w.makeChange(want, c.Agreed(), done)
		}
	})
}

// makeChange has the engine change a mirror. The person may leave while it is at it:
// a pass that is under way is waited for.
func (w *Window) makeChange(want state.Mirror, seen []string, done func()) {
	answered, left := false, false
	wait := w.wait(assets.Text("Changing the mirror…"), assets.Text("It goes on when you close this."), assets.Text("Close"), func() {
		if !answered {
			left = true
			done()
		}
	})
	call(w, planTimeout, func(ctx context.Context) (state.Mirror, error) {
		return w.backend.ChangeMirror(ctx, control.ChangeMirror{Mirror: want, Seen: seen})
	}, func(m state.Mirror, err error) {
		answered = true
		wait.close()
		if err != nil {
			w.tell(assets.Text("The mirror could not be changed"), err)
			return
		}
		w.heardMirror(m)
		if !left {
			done()
		}
	})
}

// wait is a dialog for as long as an answer is awaited, so that nothing is changed
// under it. closed is called when it closes, by whomever.
func (w *Window) wait(title, note, leave string, closed func()) *popup {
	bar := widget.NewProgressBarInfinite()
	var p *popup
	p = w.popup(title, fyne.NewSize(360, 150), container.NewVBox(faint(note), bar), newButton(leave, nil, func() { p.close() }, w.escape))
	p.closed = func() {
		bar.Stop()
		closed()
	}
	return p
}

// heardMirror takes the engine's answer for news: the next change must not begin with
// what the mirror was before.
func (w *Window) heardMirror(m state.Mirror) {
	w.status.Mirrors = slices.Clone(w.status.Mirrors)
	for i := range w.status.Mirrors {
		if w.status.Mirrors[i].ID == m.ID {
			w.status.Mirrors[i].Mirror = m
		}
	}
	w.pages[w.shown].update()
}

// planFailed says why there is no plan, and offers to try again.
func (w *Window) planFailed(err error, again func()) {
	if errors.Is(err, context.Canceled) {
		return
	}
	var p *popup
	back := newButton(assets.Text("Back"), nil, func() { p.close() }, w.escape)
	retry := important(newButton(assets.Text("Try again"), nil, func() { p.close(); again() }, w.escape), widget.HighImportance)
	p = w.popup(assets.Text("What would change is not known"), fyne.NewSize(480, 200), container.NewVBox(
		prose(say.Capital(reason(err))), faint(assets.Text("Nothing was changed."))), back, retry)
}

// faint is dim text that wraps.
func faint(s string) *widget.Label {
	l := prose(s)
	l.Importance = widget.LowImportance
	return l
}

// showPlan shows what a change does, before it is made. copies says that only copies
// can be meant, so that nothing at home is deleted.
func (w *Window) showPlan(c control.Change, copies bool, apply func(shown *popup)) {
	small, large := fyne.NewSize(520, 200), fyne.NewSize(680, 520)
	sum := prose(planLine(c, copies))
	sum.TextStyle.Bold = true
	head := container.NewVBox(sum)
	for _, x := range c.Plan.Problems {
		line := prose(say.Capital(strings.TrimSpace(say.Stopped(assets.Said(x.What)) + " " + assets.Said(x.WayOut))))
		line.Importance = widget.DangerImportance
		head.Add(line)
	}
	if c.Paused {
		head.Add(faint(assets.Text("The mirror is paused: this happens once it is resumed.")))
	}
	if c.Due > 0 {
		head.Add(faint(assets.Count("Besides, {{.N}} changes are due with or without this.", c.Due)))
	}
	steps := slices.DeleteFunc(slices.Clone(c.Plan.Steps), func(s control.StepResult) bool { return s.Kind == state.Skip })
	list := w.planList(steps, c.Agreed(), copies)
	list.Hide()
	var p *popup
	var fold *button
	fold = newButton(assets.Count("Show all {{.N}}", len(steps)), theme.MenuExpandIcon(), func() {
		size := small
		setShown(list, !list.Visible())
		fold.Text, fold.Icon = assets.Count("Show all {{.N}}", len(steps)), theme.MenuExpandIcon()
		if list.Visible() {
			fold.Text, fold.Icon, size = assets.Text("Hide the list"), theme.MenuDropDownIcon(), large
		}
		fold.Refresh()
		p.resize(size)
	}, w.escape)
	fold.Importance = widget.LowImportance
	if len(steps) > 0 {
		head.Add(container.NewHBox(fold))
	}
	back := newButton(assets.Text("Back"), nil, func() { p.close() }, w.escape)
	ok := important(newButton(assets.Text("Apply"), nil, func() { apply(p) }, w.escape), widget.HighImportance)
	p = w.popup(assets.Text("What this changes"), small, container.NewBorder(head, nil, nil, nil, list), back, ok)
}

// planList lists steps, of copies only or of events anywhere. What cannot be seen is
// not drawn.
func (w *Window) planList(steps []control.StepResult, agreed []string, copies bool) *keptList {
	l := &keptList{keeper: keeper{escape: w.escape}}
	l.Length = func() int { return len(steps) }
	l.CreateItem = func() fyne.CanvasObject { return lines(bold(""), dim("")) }
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		s, row := steps[i], o.(*fyne.Container)
		if slices.Contains(agreed, s.Fact) {
			s.Held = "" // this is the question about it
		}
		title := s.Title
		if title == "" {
			title = assets.Text("(no title)")
		}
		setText(row.Objects[0].(*widget.Label), title)
		setText(row.Objects[1].(*widget.Label), w.stepLine(s.Step, copies))
	}
	l.HideSeparators = true
	l.ExtendBaseWidget(l)
	return l
}

// keptList is Fyne's List, but keeps Escape, and Return chooses a row as the space bar does.
type keptList struct {
	widget.List
	keeper
}

// TypedKey handles keys while the list has the focus.
func (l *keptList) TypedKey(e *fyne.KeyEvent) {
	switch {
	case l.leaves(e):
	case e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter:
		l.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	default:
		l.List.TypedKey(e)
	}
}

// stepLine says what a step will do, and why.
func (w *Window) stepLine(s state.Step, copies bool) string {
	why := assets.Said(s.Reason)
	s.Groups = untold(s.Groups, why)
	line := stepWords(s, w.name(s.Ref))
	if copies && s.Kind == state.Delete {
		line = assets.Text("Remove the copy in {{.Where}}", "Where", w.name(s.Ref))
	}
	if s.Held != "" {
		line = assets.Text("Waits for your decision: {{.Step}}", "Step", line)
	}
	if why != "" {
		line += " · " + why
	}
	return line
}

// stepWords says what a step will do; where is the calendar's name.
func stepWords(s state.Step, where string) string {
	switch s.Kind {
	case state.Delete:
		return assets.Text("Delete in {{.Where}}", "Where", where)
	case state.Create:
		return assets.Text("Create in {{.Where}}", "Where", where)
	case state.Adopt:
		return assets.Text("Link with the one in {{.Where}}", "Where", where)
	case state.Unlink:
		return assets.Text("Leave alone in {{.Where}}", "Where", where)
	case state.Answer:
		return assets.Text("Answer the invitation in {{.Where}}", "Where", where)
	}
	if len(s.Groups) > 0 && len(s.Groups) <= 3 {
		return assets.Text("Change in {{.Where}}: {{.What}}", "Where", where, "What", groupNames(s.Groups))
	}
	return assets.Text("Change in {{.Where}}", "Where", where)
}

// planLine sums up what a change does, in words and numbers.
func planLine(c control.Change, copies bool) string {
	parts, held := say.Planned(c.Plan, c.Agreed(), copies)
	if held > 0 {
		parts = append(parts, assets.Count("{{.N}} changes wait for your decision", held))
	}
	if copies && len(parts) > 0 {
		parts = append(parts, assets.Text("nothing at home is deleted"))
	}
	if len(parts) == 0 {
		return assets.Text("As far as could be read, no event changes.")
	}
	return joinComma(parts) + "."
}
