package pages

import (
	"context"
	"image/color"
	"reflect"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// homeWeek is the part of home that shows the next days, all calendars in one picture.
type homeWeek struct {
	w      *Window
	root   fyne.CanvasObject
	view   *weekView
	title  *widget.Label
	note   *widget.Label // why nothing is shown, or not all
	today  *button
	legend *fyne.Container

	from    time.Time // the first day that is shown; zero for today
	asked   weekAsked // what the answer under way, or the last one, is about
	loading bool
	shown   control.Agenda
	named   map[state.Ref]state.Calendar // of which the legend tells
	told    []state.Ref
}

// weekAsked is what an agenda depends on.
type weekAsked struct {
	from time.Time
	pass uint64
	busy bool // the pass was under way
}

func newHomeWeek(w *Window) *homeWeek {
	h := &homeWeek{w: w}
	h.view = newWeekView(func(ref state.Ref) color.Color { return hexColor(w.calendars[ref].Color) }, h.card, h.list)
	h.view.resized = h.titled
	h.view.escape = w.escape
	h.title = bold("")
	h.title.SizeName = theme.SizeNameSubHeadingText
	h.today = newButton(assets.Text("Today"), nil, func() { h.turn(time.Time{}) }, w.escape)
	h.today.Importance = widget.LowImportance
	back := newButton("", theme.NavigateBackIcon(), func() { h.turn(h.start().AddDate(0, 0, -h.view.days)) }, w.escape)
	on := newButton("", theme.NavigateNextIcon(), func() { h.turn(h.start().AddDate(0, 0, h.view.days)) }, w.escape)
	back.Importance, on.Importance = widget.LowImportance, widget.LowImportance
	h.note = faint("")
	h.note.Hide()
	h.legend = container.New(layout.NewRowWrapLayoutWithCustomPadding(2, 0))
	h.root = panel(container.NewBorder(nil, nil, nil, container.NewHBox(h.today, back, on), h.title), h.note, h.view,
		container.New(layout.NewCustomPaddedLayout(0, 0, 6, 0), h.legend))
	return h
}

// start is the first day that is shown, a midnight of the person's.
func (h *homeWeek) start() time.Time {
	if !h.from.IsZero() {
		return h.from
	}
	now := h.w.opt.Now()
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
}

// turn goes to other days; the zero time stays with today as the days go by.
func (h *homeWeek) turn(to time.Time) {
	if h.from = to; !to.IsZero() {
		h.from = time.Time{}
		if today := h.start(); !to.Equal(today) {
			h.from = to
		}
	}
	h.update()
}

// update asks for the meetings anew when they may be others, and moves the line of the
// present.
func (h *homeWeek) update() {
	s := h.w.status
	setShown(h.root, len(s.Mirrors) > 0)
	if len(s.Mirrors) == 0 {
		return
	}
	setShown(h.today, !h.from.IsZero())
	refs, named := mirrored(s.Mirrors), reflect.DeepEqual(h.named, h.w.calendars)
	if !named || !slices.Equal(refs, h.told) {
		h.named, h.told = h.w.calendars, refs
		if h.tell(); !named {
			h.view.Refresh()
		}
	}
	if now := h.w.opt.Now(); dayOf(now, h.view.now) != 0 || h.view.start.IsZero() {
		h.view.now = now
		h.draw()
	}
	h.view.tick(h.w.opt.Now())
	asked := weekAsked{h.start(), s.Pass, s.Activity == control.Syncing}
	if asked == h.asked || h.loading && asked.from.Equal(h.asked.from) {
		return
	}
	if !asked.from.Equal(h.asked.from) { // at once, what is known of it comes
		h.shown = control.Agenda{}
		h.draw()
	}
	h.asked, h.loading = asked, true
	call(h.w, h.w.opt.CallTimeout, func(ctx context.Context) (control.Agenda, error) {
		return h.w.backend.Agenda(ctx, control.AgendaQuery{From: asked.from, To: asked.from.AddDate(0, 0, weekDays)})
	}, func(a control.Agenda, err error) {
		if !h.asked.from.Equal(asked.from) {
			return // the person has turned on
		}
		h.loading = false
		switch {
		case err != nil:
			setText(h.note, say.Capital(reason(err)))
			setShown(h.note, true)
			return
		case a.More:
			setText(h.note, assets.Text("There are too many meetings to show them all."))
		}
		setShown(h.note, a.More)
		if !reflect.DeepEqual(a, h.shown) {
			h.shown = a
			h.draw()
		}
	})
}

// draw shows the days.
func (h *homeWeek) draw() {
	h.view.show(h.start(), h.shown.Entries)
	h.titled()
}

// titled says which days are shown.
func (h *homeWeek) titled() {
	first := h.start()
	last := first.AddDate(0, 0, h.view.days-1)
	setText(h.title, assets.DayOfYear(first)+" – "+assets.DayOfYear(last))
	if h.view.days == 1 {
		setText(h.title, assets.DayOfYear(first))
	}
}

// mirrored are the calendars that mirrors keep alike, each once.
func mirrored(ms []control.MirrorState) (out []state.Ref) {
	for _, m := range ms {
		for _, x := range m.Members {
			if !x.Off && !slices.Contains(out, x.Ref) {
				out = append(out, x.Ref)
			}
		}
	}
	return out
}

// tell draws which colour is whose.
func (h *homeWeek) tell() {
	h.legend.RemoveAll()
	for _, ref := range h.told {
		l := short(cut(h.w.name(ref), 28))
		l.SizeName = theme.SizeNameCaptionText
		h.legend.Add(container.New(layout.NewCustomPaddedHBoxLayout(-4), swatch(h.named[ref].Color), l))
	}
	l := short(assets.Text("in several calendars"))
	l.SizeName = theme.SizeNameCaptionText
	badge := container.NewCenter(container.NewGridWrap(fyne.NewSize(14, 14), widget.NewIcon(theme.NewDisabledResource(linkIcon))))
	h.legend.Add(container.New(layout.NewCustomPaddedHBoxLayout(-4), badge, l))
	h.legend.Refresh()
}

// card tells of one meeting, and leads on from there.
func (h *homeWeek) card(x control.AgendaEntry) {
	w := h.w
	rows := container.NewVBox(prose(h.when(x)))
	if x.Place != "" {
		rows.Objects = []fyne.CanvasObject{lines(rows.Objects[0], faint(cut(x.Place, 200)))}
	}
	places := column()
	for _, p := range x.Places {
		var notes []string
		if p.Home && len(x.Places) > 1 {
			notes = append(notes, assets.Text("its home"))
		}
		if p.Title != x.Title {
			notes = append(notes, assets.Text("as “{{.Title}}”", "Title", cut(p.Title, 60)))
		}
		if p.Detail != state.Everything && p.Title == x.Title {
			notes = append(notes, detailName(p.Detail))
		}
		line := lines(text(w.place(p.Ref)))
		if len(notes) > 0 {
			line.Add(dim(joinComma(notes)))
		}
		places.Add(container.NewBorder(nil, nil, swatch(w.calendars[p.Ref].Color), nil, line))
	}
	rows.Add(newBackdrop(theme.ColorNameBackground, 8, container.New(layout.NewCustomPaddedLayout(4, 4, 8, 4), places)))
	var p *popup
	end := newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape)
	why := newButton(assets.Text("Why is it here?"), nil, func() { p.close(); w.why(control.WhyRequest{Event: string(x.Places[0].Event)}, x.Title) }, w.escape)
	buttons := []fyne.CanvasObject{end, why}
	if x.Entity != "" {
		buttons = append(buttons, important(newButton(assets.Text("Its history"), nil, func() {
			p.close()
			w.hist.tell(x.Entity, x.Title)
			w.Turn("history")
		}, w.escape), widget.HighImportance))
	}
	p = w.popup(cut(titleOf(x.Title), 60), fyne.NewSize(440, 240), container.NewVScroll(rows), buttons...)
	p.resize(fyne.NewSize(440, rows.MinSize().Height+130))
}

// when says when a meeting is, in the person's zone.
func (h *homeWeek) when(x control.AgendaEntry) string {
	from, to, allDay := span(x, h.start().Location())
	s := assets.When(from)
	switch last := to.Add(-time.Nanosecond); {
	case allDay && !last.Before(from.AddDate(0, 0, 1)):
		s = assets.Day(from) + " – " + assets.Day(last)
	case allDay:
		s = assets.Day(from) + ", " + assets.Text("all day")
	case dayOf(to, from) == 0:
		s += " – " + assets.Clock(to)
	default:
		s += " – " + assets.When(to)
	}
	if x.Series {
		s += ", " + assets.Text("repeats")
	}
	return s
}

// list shows meetings for which there was no room, each to be opened.
func (h *homeWeek) list(all []control.AgendaEntry) {
	var p *popup
	l := &keptList{keeper: keeper{escape: h.w.escape}}
	l.Length = func() int { return len(all) }
	l.CreateItem = func() fyne.CanvasObject { return lines(bold(""), dim("")) }
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		row := o.(*fyne.Container)
		setText(row.Objects[0].(*widget.Label), titleOf(all[i].Title))
		setText(row.Objects[1].(*widget.Label), h.when(all[i]))
	}
	l.OnSelected = func(i widget.ListItemID) {
		p.close()
		h.card(all[i])
	}
	l.HideSeparators = true
	l.ExtendBaseWidget(l)
	end := newButton(assets.Text("Close"), nil, func() { p.close() }, h.w.escape)
	p = h.w.popup(assets.Count("{{.N}} more meetings", len(all)), fyne.NewSize(440, 360), l, end)
}
