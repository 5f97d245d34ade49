package pages

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// duplicates shows what a mirror's calendars hold several times, and removes what the
// person leaves ticked.
func (w *Window) duplicates(m state.Mirror) {
	wait := widget.NewProgressBarInfinite()
	rows := container.NewVBox(prose(assets.Text("Reading the calendars…")), wait)
	scroll := container.NewVScroll(rows)
	k := keeper{escape: w.escape, reveal: revealIn(scroll)}
	ctx, cancel := context.WithCancel(w.ctx)
	var p *popup
	end := newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape)
	remove := important(newButton(assets.Text("Remove"), nil, nil, w.escape), widget.DangerImportance)
	remove.Hide()
	p = w.popup(assets.Text("Duplicates in “{{.Mirror}}”", "Mirror", cut(m.Name, 40)), fyne.NewSize(460, 180), scroll, end, remove)
	p.closed = func() { wait.Stop(); cancel() }
	fill := func(objects ...fyne.CanvasObject) {
		wait.Stop()
		rows.RemoveAll()
		for _, o := range objects {
			rows.Add(o)
		}
		scroll.Refresh() // adding to a container does not repaint it
	}
	call(w, removeTimeout, func(context.Context) (control.Duplicates, error) { return w.backend.Duplicates(ctx, m.ID) }, func(found control.Duplicates, err error) {
		if ctx.Err() != nil { // closed meanwhile
			return
		}
		if err != nil {
			fill(prose(say.Capital(reason(err))))
			return
		}
		chosen, count := map[string]bool{}, 0
		show := func() {
			remove.SetText(assets.Count("Remove {{.N}} events", count))
			setEnabled(remove, count > 0)
		}
		var cards []fyne.CanvasObject
		for _, g := range found.Groups {
			var tick fyne.CanvasObject
			if len(g.Go) > 0 {
				chosen[g.ID] = true
				count += len(g.Go)
				tick = newCheck("", true, func(on bool) {
					if chosen[g.ID] = on; on {
						count += len(g.Go)
					} else {
						count -= len(g.Go)
					}
					show()
				}, k)
			}
			cards = append(cards, w.duplicateCard(g, tick))
		}
		if len(found.Groups) == 0 {
			cards = append(cards, prose(assets.Text("Nothing is there twice.")))
		} else {
			cards = append([]fyne.CanvasObject{prose(assets.Text("These are there several times: same title, same times, same calendar. What goes can be brought back."))}, cards...)
		}
		if len(found.Stray) > 0 {
			var left []fyne.CanvasObject
			left = append(left, bold(assets.Text("Left alone")))
			for _, x := range found.Stray {
				left = append(left, text(x.Title+" · "+whenText(x.When)+" · "+w.name(x.Ref)), faint(say.Capital(assets.Said(x.Why))))
			}
			cards = append(cards, lines(left...))
		}
		fill(cards...)
		if len(cards) > 1 {
			p.resize(fyne.NewSize(680, 520))
		}
		if count == 0 {
			return
		}
		show()
		remove.Show()
		p.pop.Refresh()
		remove.OnTapped = func() {
			remove.Disable()
			req := control.CleanUp{Mirror: m.ID, Groups: []string{}}
			for _, g := range found.Groups { // in their order
				if chosen[g.ID] {
					req.Groups = append(req.Groups, g.ID)
				}
			}
			call(w, removeTimeout, func(ctx context.Context) (control.Report, error) { return w.backend.CleanUp(ctx, req) }, func(r control.Report, err error) {
				p.close()
				if err != nil {
					w.tell(assets.Text("The duplicates could not be removed"), err)
					return
				}
				w.cleanedUp(r)
			})
		}
	})
}

// duplicateCard is one meeting that is there several times. tick is nil if all of it stays.
func (w *Window) duplicateCard(g control.DuplicateGroup, tick fyne.CanvasObject) fyne.CanvasObject {
	title := g.Title
	if title == "" {
		title = assets.Text("(no title)")
	}
	rows := container.NewVBox(lines(bold(title), dim(whenText(g.When))))
	row := func(label string, look widget.Importance, x control.DuplicateEvent) {
		says := w.name(x.Ref)
		if !x.Created.IsZero() {
			says += " · " + assets.Text("made {{.Day}}", "Day", assets.Day(x.Created.In(w.opt.Now().Location())))
		}
		if x.Why != "" {
			says += " · " + assets.Said(x.Why)
		}
		if look == widget.DangerImportance && x.Copies > 0 {
			says += " · " + assets.Count("{{.N}} copies elsewhere go with it", x.Copies)
		}
		rows.Add(container.NewBorder(nil, nil, width(64, badge(label, look)), nil, prose(says)))
	}
	row(assets.Text("stays"), widget.SuccessImportance, g.Stays)
	for _, x := range g.Go {
		row(assets.Text("goes"), widget.DangerImportance, x)
	}
	for _, x := range g.Kept {
		row(assets.Text("stays"), widget.SuccessImportance, x)
	}
	var left fyne.CanvasObject
	if tick != nil {
		left = container.NewVBox(tick)
	}
	return newBackdrop(theme.ColorNameBackground, 8, container.NewPadded(container.NewBorder(nil, nil, left, nil, rows)))
}

// cleanedUp tells how the removal went, and how to take it back.
func (w *Window) cleanedUp(r control.Report) {
	body := container.NewVBox(prose(assets.Count("{{.N}} events were removed.", r.Deleted)))
	warn := func(s string) {
		t := prose(s)
		t.Importance = widget.WarningImportance
		body.Add(t)
	}
	if r.Failed > 0 {
		warn(assets.Count("{{.N}} steps failed; History says why.", r.Failed))
	}
	if r.Held > 0 {
		warn(assets.Count("{{.N}} changes wait for your decision", r.Held) + ".")
	}
	if r.Deleted > 0 {
		body.Add(faint(assets.Text("To bring them back: twinday undo --pass {{.Pass}}", "Pass", strconv.FormatUint(r.Pass, 10))))
	}
	var p *popup
	history := newButton(assets.Text("Show in History"), nil, func() { p.close(); w.show(2) }, w.escape)
	ok := important(newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape), widget.HighImportance)
	p = w.popup(assets.Text("Duplicates removed"), fyne.NewSize(460, 180), body, history, ok)
}

// watching says that another Twinday keeps a mirror, and offers to take it over.
func (w *Window) watching(m control.MirrorState) fyne.CanvasObject {
	says := assets.Text("Only watching: another Twinday ({{.Who}}) keeps this mirror.", "Who", m.Watching.Installation)
	if !m.Watching.Seen.IsZero() {
		says += " " + assets.Text("It was at work {{.Ago}}.", "Ago", assets.Ago(w.opt.Now(), m.Watching.Seen))
	}
	over := newButton(assets.Text("Take over…"), nil, func() {
		body := prose(assets.Text("From now on this Twinday keeps “{{.Mirror}}”. The other one notices, and only watches.", "Mirror", cut(m.Name, 60)))
		w.confirm(assets.Text("Take this mirror over?"), body, assets.Text("Take over"), widget.HighImportance, func() {
			w.ask(w.opt.CallTimeout, func(ctx context.Context) error { return w.backend.TakeOver(ctx, m.ID) },
				func(err error) { w.tell(assets.Text("The mirror could not be taken over"), err) })
		})
	}, w.escape)
	if m.Watching.Stale { // it may be gone: somebody has to
		over.Importance = widget.HighImportance
	}
	return container.NewBorder(nil, nil, nil, container.NewCenter(over), notice(theme.VisibilityIcon(), says))
}
