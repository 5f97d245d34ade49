package pages

import (
	"cmp"
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// planRow is a line of the plan: the head of a group, or one of its steps.
type planRow struct {
	group *planGroup
	step  int // in group.steps; -1 for the head
}

// planGroup are the steps of one kind in one calendar.
type planGroup struct {
	ref   state.Ref
	steps []control.StepResult
	folds bool // only its head is shown
	fixed bool // nothing to be unticked
}

// firstPlan is what the first pass of a mirror will do, each line to be unticked.
type firstPlan struct {
	f      *setupFlow
	m      state.Mirror
	groups []*planGroup
	off    map[int]bool // steps that were unticked, by their place in all
	all    []control.StepResult
	place  map[*planGroup][]int // of their steps, in all
	rows   []planRow
	list   *keptList
	sum    *widget.Label
	start  *button
}

// look reads the calendars and shows the plan.
func (f *setupFlow) look() {
	w, m := f.w, f.choice.mirror()
	ctx, cancel := context.WithCancel(w.ctx)
	bar := widget.NewProgressBarInfinite()
	back := newButton(assets.Text("Back"), nil, func() { cancel(); bar.Stop(); f.turn(stepChoose) }, w.escape)
	f.show(panel(bold(assets.Text("Reading the calendars…")), faint(assets.Text("Nothing is written. Of large calendars this takes a minute or two.")), bar,
		container.NewHBox(layout.NewSpacer(), back)))
	call(w, planTimeout, func(c context.Context) (control.Report, error) {
		c, stop := context.WithCancel(c)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		return w.backend.PlanMirror(c, m)
	}, func(r control.Report, err error) {
		bar.Stop()
		if ctx.Err() != nil { // the person went back
			return
		}
		if err != nil {
			again := important(newButton(assets.Text("Try again"), nil, func() { f.turn(stepLook) }, w.escape), widget.HighImportance)
			f.show(panel(bold(assets.Text("The calendars could not be read")), prose(say.Capital(reason(err))),
				container.NewHBox(layout.NewSpacer(), newButton(assets.Text("Back"), nil, func() { f.turn(stepChoose) }, w.escape), again)))
			return
		}
		newFirstPlan(f, m, r).show(r)
	})
}

func newFirstPlan(f *setupFlow, m state.Mirror, r control.Report) *firstPlan {
	p := &firstPlan{f: f, m: m, off: map[int]bool{}, place: map[*planGroup][]int{}}
	for _, s := range r.Steps {
		if s.Mirror == "" || s.Kind == state.Skip || s.Mirror == "new" {
			p.all = append(p.all, s) // what other mirrors have to do besides is theirs
		}
	}
	slices.SortStableFunc(p.all, func(a, b control.StepResult) int { // as a calendar shows them
		return cmp.Or(cmp.Compare(about(a).When.Start.Local, about(b).When.Start.Local), cmp.Compare(a.Title, b.Title))
	})
	type key struct {
		kind state.StepKind
		ref  state.Ref
	}
	groups := map[key]*planGroup{}
	for i, s := range p.all {
		k := key{s.Kind, s.Ref}
		if s.Kind == state.Skip {
			k.ref = state.Ref{}
		}
		g := groups[k]
		if g == nil {
			g = &planGroup{ref: s.Ref, fixed: s.Kind != state.Create && s.Kind != state.Adopt}
			groups[k] = g
			p.groups = append(p.groups, g)
		}
		g.steps = append(g.steps, s)
		p.place[g] = append(p.place[g], i)
	}
	order := []state.StepKind{state.Create, state.Adopt, state.Update, state.Delete, state.Answer, state.Unlink, state.Skip}
	slices.SortStableFunc(p.groups, func(a, b *planGroup) int {
		return cmp.Compare(slices.Index(order, a.steps[0].Kind), slices.Index(order, b.steps[0].Kind))
	})
	for _, g := range p.groups {
		g.folds = len(p.all) > 12
	}
	return p
}

// about is the event that a step is about.
func about(s control.StepResult) calendar.Content {
	if s.Kind == state.Create {
		return s.Want
	}
	return s.Before
}

// groupWords says what the n steps of a group that are ticked have in common; where is
// the calendar's name.
func groupWords(g *planGroup, n int, where string) string {
	switch g.steps[0].Kind {
	case state.Create:
		return assets.Count("{{.N}} are made in {{.Where}}", n, "Where", where)
	case state.Adopt:
		return assets.Count("{{.N}} are there already in {{.Where}}, and are linked", n, "Where", where)
	case state.Skip:
		return assets.Count("{{.N}} are left out", n)
	}
	return assets.Count("{{.N}} change in {{.Where}}", n, "Where", where)
}

// show draws the plan.
func (p *firstPlan) show(r control.Report) {
	w := p.f.w
	p.sum = prose("")
	p.sum.TextStyle.Bold = true
	head := container.NewVBox(p.sum)
	for _, x := range r.Problems {
		l := prose(say.Capital(assets.Said(x.What)) + " " + assets.Said(x.WayOut))
		l.Importance = widget.DangerImportance
		head.Add(l)
	}
	if len(p.all) > 0 {
		head.Add(faint(assets.Text("Untick what shall not be touched: it never will be. Linking writes nothing.")))
	}
	p.list = &keptList{keeper: keeper{escape: w.escape}}
	p.list.Length = func() int { return len(p.rows) }
	p.list.CreateItem = func() fyne.CanvasObject { return newPlanLine() }
	p.list.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) { p.fill(p.rows[i], o.(*planLineView)) }
	p.list.OnSelected = func(i widget.ListItemID) { // by space or a click
		p.list.Unselect(i)
		p.tap(p.rows[i])
	}
	p.list.HideSeparators = true
	p.list.ExtendBaseWidget(p.list)
	back := newButton(assets.Text("Back"), nil, func() { p.f.turn(stepChoose) }, w.escape)
	p.start = important(newButton(assets.Text("Start"), theme.ConfirmIcon(), p.begin, w.escape), widget.HighImportance)
	p.lay()
	foot := container.NewHBox(layout.NewSpacer(), back, p.start)
	body := newBackdrop(theme.ColorNameBackground, 8, tall(300, p.list))
	page := container.NewBorder(head, nil, nil, nil, body)
	if p.f.scroll.reveal != nil {
		p.f.show(container.NewVBox(panel(page), container.New(layout.NewCustomPaddedLayout(8, 0, 0, 0), foot)))
		return
	}
	p.f.show(container.NewBorder(nil, container.New(layout.NewCustomPaddedLayout(8, 0, 0, 0), foot), nil, nil, page))
}

// lay lists the rows anew, and sums up.
func (p *firstPlan) lay() {
	p.rows = nil
	for _, g := range p.groups {
		p.rows = append(p.rows, planRow{g, -1})
		for i := range g.steps {
			if !g.folds {
				p.rows = append(p.rows, planRow{g, i})
			}
		}
	}
	made, linked, left := 0, 0, len(p.off)
	for i, s := range p.all {
		switch {
		case p.off[i]:
		case s.Kind == state.Create:
			made++
		case s.Kind == state.Adopt:
			linked++
		case s.Kind == state.Skip:
			left++
		}
	}
	var parts []string
	if made > 0 {
		parts = append(parts, assets.Count("{{.N}} copies are made", made))
	}
	if linked > 0 {
		parts = append(parts, assets.Count("{{.N}} events are linked", linked))
	}
	if left > 0 {
		parts = append(parts, assets.Count("{{.N}} are left out", left))
	}
	line := assets.Text("There is nothing to do yet: what you add from now on crosses.")
	if len(parts) > 0 {
		line = say.Capital(joinComma(parts))
	}
	setText(p.sum, line)
	p.list.Refresh()
}

// tap unticks a line or ticks it again; the line of a group unfolds it.
func (p *firstPlan) tap(r planRow) {
	if r.step < 0 {
		r.group.folds = !r.group.folds
		p.lay()
		return
	}
	if r.group.fixed {
		return
	}
	p.tick([]int{p.place[r.group][r.step]}, p.off[p.place[r.group][r.step]])
}

// tick says of steps that they shall be done or not.
func (p *firstPlan) tick(steps []int, on bool) {
	for _, i := range steps {
		if on {
			delete(p.off, i)
		} else {
			p.off[i] = true
		}
	}
	p.lay()
}

// fill shows a row.
func (p *firstPlan) fill(r planRow, o *planLineView) {
	g := r.group
	setShown(o.fold, r.step < 0)
	setShown(o.check, !g.fixed)
	setShown(o.head, r.step < 0)
	setShown(o.line, r.step >= 0)
	if r.step < 0 {
		icon := theme.MenuDropDownIcon()
		if g.folds {
			icon = theme.MenuExpandIcon()
		}
		o.fold.SetResource(icon)
		off := 0
		for _, i := range p.place[g] {
			if p.off[i] {
				off++
			}
		}
		setText(o.head, groupWords(g, len(g.steps)-off, p.f.w.name(g.ref)))
		o.set(off < len(g.steps), func(on bool) { p.tick(p.place[g], on) })
		return
	}
	s, at := g.steps[r.step], p.place[g][r.step]
	o.title.Importance = widget.MediumImportance
	if p.off[at] {
		o.title.Importance = widget.LowImportance
	}
	o.title.SetText(titleOf(s.Title))
	note := dayText(about(s).When)
	if s.Kind == state.Skip {
		note = say.Capital(assets.Said(s.Reason))
	}
	o.note.SetText(note)
	o.set(!p.off[at], func(on bool) { p.tick([]int{at}, on) })
}

// begin makes the mirror, without what was unticked.
func (p *firstPlan) begin() {
	w := p.f.w
	var out []control.StepResult
	for i, s := range p.all {
		if p.off[i] {
			out = append(out, s)
		}
	}
	p.start.Disable()
	req := control.NewMirror{Name: p.m.Name, Members: p.m.Members, Mappings: p.m.Mappings, LeftOut: control.LeaveOut(out)}
	call(w, planTimeout, func(ctx context.Context) (state.Mirror, error) { return w.backend.AddMirror(ctx, req) },
		func(_ state.Mirror, err error) {
			if err != nil {
				p.start.Enable()
				w.tell(assets.Text("The mirror could not be made"), err)
				return
			}
			p.f.done()
		})
}

// planLineView is a row of the plan. Rows are used again for others as they scroll.
type planLineView struct {
	widget.BaseWidget
	fold    *widget.Icon
	check   *widget.Check
	head    *widget.Label // of a group
	line    fyne.CanvasObject
	title   *widget.Label
	note    *widget.Label
	content fyne.CanvasObject
}

func newPlanLine() *planLineView {
	l := &planLineView{fold: widget.NewIcon(theme.MenuExpandIcon()), check: widget.NewCheck("", nil), head: bold(""), title: text(""), note: dim("")}
	l.note.Alignment = fyne.TextAlignTrailing
	l.line = container.NewGridWithColumns(2, l.title, l.note)
	l.content = container.NewBorder(nil, nil, container.NewHBox(container.NewCenter(container.NewGridWrap(fyne.NewSize(20, 20), l.fold)), l.check), nil,
		container.NewStack(l.head, l.line))
	l.ExtendBaseWidget(l)
	return l
}

// set shows a tick, and says what a tap on it does.
func (l *planLineView) set(on bool, tapped func(bool)) {
	l.check.OnChanged = nil
	l.check.SetChecked(on)
	l.check.OnChanged = tapped
}

// CreateRenderer is Fyne's way to draw a widget.
func (l *planLineView) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(l.content)
}
