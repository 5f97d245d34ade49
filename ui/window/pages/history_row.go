package pages

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// historyRow is one line of the list, of an entry or of a pass; it is used again for
// others.
type historyRow struct {
	widget.BaseWidget
	entry, pass      *fyne.Container
	head             *fyne.Container // of an entry: its title and its day
	icon             *widget.Icon
	title, day, what *widget.Label
	when, counts     *widget.Label
	undo             *button
	seq              uint64 // of the pass
}

func newHistoryRow(p *historyPage) *historyRow {
	r := &historyRow{icon: widget.NewIcon(nil), title: bold(""), day: short(""), what: dim(""), when: bold(""), counts: dim("")}
	r.day.SizeName = theme.SizeNameCaptionText
	r.head = container.NewBorder(nil, nil, nil, r.day, r.title)
	r.entry = container.NewBorder(nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 10, 2), r.icon), nil, lines(r.head, r.what))
	r.undo = newButton(assets.Text("Undo…"), nil, nil, p.w.escape)
	r.undo.Importance = widget.LowImportance
	r.undo.OnTapped = func() { p.w.undoPass(r.seq) }
	r.pass = container.NewStack(newBackdrop(theme.ColorNameBackground, 6, container.NewBorder(nil, nil, nil, container.NewCenter(r.undo), lines(r.when, r.counts))))
	r.pass.Hide()
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer is Fyne's way to draw a widget.
func (r *historyRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(r.pass, r.entry))
}

// fill shows an entry or a pass in a row, and fetches what comes near and is not here.
func (p *historyPage) fill(row widget.ListItemID, o fyne.CanvasObject) {
	if row >= len(p.rows) {
		return
	}
	i, ofPass := p.at(row)
	p.inView = i
	h, here := p.kept[p.marks[i].seq]
	r := o.(*historyRow)
	setShown(r.pass, ofPass)
	setShown(r.entry, !ofPass)
	if ofPass {
		p.fillPass(r, i, h, here)
	} else {
		p.fillEntry(r, i, h, here)
	}
	if !here {
		p.missing = i
	}
	switch {
	case p.loading:
	case p.missing >= 0:
		p.fetchAgain()
	case i >= len(p.marks)-historyAhead && p.next != 0:
		p.fetchOlder()
	}
}

func (p *historyPage) fillEntry(r *historyRow, i int, h state.HistoryEntry, here bool) {
	if !here { // it comes in a moment
		r.icon.SetResource(nil)
		for _, l := range []*widget.Label{r.day, r.what} {
			setText(l, "")
		}
		setText(r.title, "…")
		return
	}
	if icon := historyIcon(h); r.icon.Resource == nil || r.icon.Resource.Name() != icon.Name() {
		r.icon.SetResource(icon)
	}
	line := p.line(h)
	if !p.grouped(i) { // else its pass says when
		line = assets.Moment(p.w.opt.Now(), h.Time) + " · " + line
	}
	setText(r.title, titleOf(h.Title))
	if day := eventDay(h); r.day.Text != day {
		r.day.SetText(day)
		r.head.Layout.Layout(r.head.Objects, r.head.Size()) // its width is another
	}
	setText(r.what, line)
}

func (p *historyPage) fillPass(r *historyRow, first int, h state.HistoryEntry, here bool) {
	r.seq = p.marks[first].pass
	when := "…"
	if here {
		when = assets.Moment(p.w.opt.Now(), h.Time)
	}
	setText(r.when, when)
	counts, whole := p.trail.pass(first)
	line := countsLine(counts)
	if !whole && p.next != 0 {
		line += " …"
	}
	setText(r.counts, line)
	setShown(r.undo, counts[wasMade]+counts[wasChanged]+counts[wasDeleted] > 0)
}

// countsLine says what a pass did: "3 created · 1 deleted".
func countsLine(counts [wasNoted + 1]int) string {
	var parts []string
	for sort, words := range []func(int) string{
		wasMade:    func(n int) string { return assets.Count("{{.N}} created", n) },
		wasChanged: func(n int) string { return assets.Count("{{.N}} changed", n) },
		wasDeleted: func(n int) string { return assets.Count("{{.N}} deleted", n) },
		wasLinked:  func(n int) string { return assets.Count("{{.N}} linked", n) },
		wasTrouble: func(n int) string { return assets.Count("{{.N}} problems", n) },
		wasNoted:   func(n int) string { return assets.Count("{{.N}} noted", n) },
	} {
		if n := counts[sort]; n > 0 {
			parts = append(parts, words(n))
		}
	}
	return strings.Join(parts, " · ")
}

// line says what happened, where from and why, in one line.
func (p *historyPage) line(h state.HistoryEntry) string {
	why := assets.Said(h.Why)
	h.Groups = untold(h.Groups, why)
	s := happened(h, p.w.name(h.Ref))
	from := p.w.name(h.From)
	if h.From != (state.Ref{}) && h.From != h.Ref && !strings.Contains(why, from) { // or the reason says it
		s += ", " + assets.Text("from {{.Where}}", "Where", from)
	}
	if why != "" {
		s += " · " + why
	}
	return s
}

// eventDay is the day of the event that an entry is about, which tells apart
// what has the same title.
func eventDay(h state.HistoryEntry) string {
	if h.Kind == state.Delete || h.After.When.Start.IsZero() {
		return dayText(h.Before.When)
	}
	return dayText(h.After.When)
}

func titleOf(title string) string {
	if title == "" {
		return assets.Text("(no title)")
	}
	return title
}

func historyIcon(h state.HistoryEntry) fyne.Resource {
	switch h.Outcome {
	case state.Failed:
		return theme.NewErrorThemedResource(theme.WarningIcon())
	case state.Overridden, state.Reverted:
		return theme.NewWarningThemedResource(theme.ContentUndoIcon())
	}
	switch h.Kind {
	case state.Create:
		return theme.NewSuccessThemedResource(theme.ContentAddIcon())
	case state.Update:
		if len(h.Undoes) > 0 {
			return theme.NewPrimaryThemedResource(theme.ContentUndoIcon())
		}
		return theme.NewPrimaryThemedResource(theme.DocumentCreateIcon())
	case state.Delete:
		return theme.NewDisabledResource(theme.DeleteIcon())
	case state.Adopt:
		return theme.NewPrimaryThemedResource(theme.ConfirmIcon())
	}
	return theme.NewDisabledResource(theme.InfoIcon())
}

// detailGroups are the field groups that an entry's details show: those that
// changed, and of a created or deleted event those that hold something.
func detailGroups(h state.HistoryEntry) calendar.Groups {
	var out calendar.Groups
	for _, g := range calendar.AllGroups {
		changed := h.Groups.Has(g) || len(h.Groups) == 0 && !calendar.Equal(g, h.Before, h.After)
		if changed && (groupText(g, h.Before) != "" || groupText(g, h.After) != "") {
			out = append(out, g)
		}
	}
	return out
}
