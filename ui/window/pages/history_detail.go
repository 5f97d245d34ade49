package pages

import (
	"cmp"
	"context"
	"strings"

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

// showDetail puts something beside the list, under its title.
func (p *historyPage) showDetail(title, when string, actions fyne.CanvasObject, rows ...fyne.CanvasObject) *container.Scroll {
	done := newButton("", theme.CancelIcon(), p.list.UnselectAll, p.w.escape)
	done.Importance = widget.LowImportance
	head := prose(cut(title, 140))
	head.TextStyle.Bold, head.SizeName = true, theme.SizeNameSubHeadingText
	all := container.NewBorder(lines(head, faint(when)), nil, nil, nil)
	scroll := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 8, 0, 12), container.New(tight{gap: -8}, rows...)))
	top := container.NewVBox(container.NewBorder(nil, nil, nil, container.NewVBox(done), all))
	if actions != nil {
		top.Add(actions)
	}
	inner := container.NewBorder(top, nil, nil, nil, scroll)
	p.detail.Objects = []fyne.CanvasObject{newBackdrop(colorPanel, 10, container.NewPadded(inner))}
	p.detail.Show()
	p.both.Refresh()
	inner.Refresh() // text that wraps knows its height now that it knows its width
	return scroll
}

// showEntry tells one entry: first what the list knows, then what the engine adds.
func (p *historyPage) showEntry(h state.HistoryEntry) {
	p.drawEntry(control.HistoryDetail{HistoryEntry: h}, false)
	call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (control.HistoryDetail, error) {
		return p.w.backend.HistoryDetail(ctx, h.Seq)
	}, func(d control.HistoryDetail, err error) {
		if p.chosen == h.Seq && !p.ofPass && err == nil {
			p.drawEntry(d, true)
		}
	})
}

// drawEntry draws an entry; whole says that the engine's words are there.
func (p *historyPage) drawEntry(d control.HistoryDetail, whole bool) {
	h := d.HistoryEntry
	var actions fyne.CanvasObject
	if h.Entity != "" {
		undo := newButton(assets.Text("Undo…"), theme.ContentUndoIcon(), func() { p.w.undo(control.UndoRequest{Entry: h.Seq}) }, p.w.escape)
		setEnabled(undo, whole && d.CannotUndo == "")
		buttons := container.NewHBox(undo)
		if p.about == "" {
			buttons.Add(newButton(assets.Text("Its whole story"), nil, func() { p.tell(h.Entity, h.Title) }, p.w.escape))
		}
		buttons.Add(newButton(assets.Text("Why is it here?"), nil, func() { p.w.why(control.WhyRequest{Entity: h.Entity}, h.Title) }, p.w.escape))
		actions = container.NewHScroll(buttons)
	}
	rows := []fyne.CanvasObject{prose(happened(h, p.w.name(h.Ref)))}
	if h.From != (state.Ref{}) && h.From != h.Ref {
		rows = append(rows, faint(assets.Text("From {{.From}} to {{.To}}", "From", p.w.place(h.From), "To", p.w.place(h.Ref))))
	}
	if h.Why != "" {
		rows = append(rows, section(assets.Text("Why")), prose(say.Stopped(say.Capital(assets.Said(h.Why)))))
	}
	if changes := p.changes(d); changes != nil {
		rows = append(rows, section(assets.Text("What changed")), changes)
	}
	if whole && d.CannotUndo != "" && h.Entity != "" {
		rows = append(rows, section(assets.Text("Why it cannot be undone")), prose(undoWhy(d.CannotUndo)))
		if d.Forced {
			rows = append(rows, container.NewHBox(newButton(assets.Text("Undo it all the same…"), nil, func() { p.w.undoByForce(h.Seq) }, p.w.escape)))
		}
	}
	if d.UndoneBy != 0 {
		rows = append(rows, notice(theme.ContentUndoIcon(), assets.Text("This was undone.")))
	}
	var facts []string
	if h.Pass != 0 {
		facts = append(facts, assets.Text("Sync {{.N}}", "N", h.Pass))
	}
	if h.Requests > 0 {
		facts = append(facts, assets.Count("{{.N}} requests", h.Requests))
	}
	if h.Rule != "" {
		facts = append(facts, assets.Text("decided by the rule {{.Rule}}", "Rule", h.Rule))
	}
	if len(facts) > 0 {
		rows = append(rows, container.New(layout.NewCustomPaddedLayout(10, 0, 0, 0), faint(strings.Join(facts, " · "))))
	}
	p.showDetail(titleOf(h.Title), assets.Stamp(h.Time.In(p.w.opt.Now().Location())), actions, rows...)
}

// section is a small heading in details.
func section(s string) fyne.CanvasObject {
	l := bold(s)
	return container.New(layout.NewCustomPaddedLayout(12, 4, 0, 0), l)
}

// changes are the fields of an entry before and after, side by side; nil if there are
// none.
func (p *historyPage) changes(d control.HistoryDetail) fyne.CanvasObject {
	h := d.HistoryEntry
	var table comparison
	for _, g := range detailGroups(h) {
		table.add(groupName(g), groupText(g, h.Before), groupText(g, h.After))
	}
	at := ""
	for _, f := range d.Fields {
		if f.At == h.Slot || !f.Changed { // those of the event itself are there already
			continue
		}
		if f.At != at {
			at = f.At
			table.part(slotText(at, h.Before.When, h.After.When))
		}
		table.add(groupName(f.Field), assets.Said(f.Before), assets.Said(f.After))
	}
	return table.object(h.Kind)
}

// slotText is an original start in words.
func slotText(slot string, whens ...calendar.When) string {
	for _, w := range whens {
		if !w.Start.IsZero() {
			return assets.Text("On {{.Day}}", "Day", cmp.Or(whenText(calendar.When{Start: w.Original(slot)}), slot))
		}
	}
	return slot
}

// comparison is a table of fields before and after.
type comparison struct {
	rows        []fyne.CanvasObject
	was, is, of int // how many rows have something before, after, and how many there are
}

func (c *comparison) add(name, before, after string) {
	c.of++
	was, is := prose(cmp.Or(before, "–")), prose(cmp.Or(after, "–"))
	was.Importance = widget.LowImportance
	if before != "" {
		c.was++
	}
	if after != "" {
		c.is++
	}
	c.rows = append(c.rows, lines(small(name), container.NewGridWithColumns(2, was, is)))
}

// part begins the fields of something else: an occurrence.
func (c *comparison) part(title string) { c.rows = append(c.rows, section(title)) }

// object is the table. Of what was made, only what it is then is shown, and of what was
// deleted only what it was.
func (c *comparison) object(kind state.StepKind) fyne.CanvasObject {
	if c.of == 0 {
		return nil
	}
	one := -1
	if c.was == 0 || kind == state.Create && c.was == 0 {
		one = 1
	} else if c.is == 0 {
		one = 0
	}
	if one >= 0 {
		for _, r := range c.rows {
			row, ok := r.(*fyne.Container)
			if !ok || len(row.Objects) != 2 {
				continue
			}
			grid := row.Objects[1].(*fyne.Container)
			l := grid.Objects[one].(*widget.Label)
			l.Importance = widget.MediumImportance
			grid.Layout, grid.Objects = layout.NewStackLayout(), []fyne.CanvasObject{l}
		}
	} else {
		c.rows = append([]fyne.CanvasObject{container.NewGridWithColumns(2, small(assets.Text("Before")), small(assets.Text("After")))}, c.rows...)
	}
	return newBackdrop(theme.ColorNameBackground, 8, container.New(layout.NewCustomPaddedLayout(0, 2, 2, 2), container.New(tight{gap: -6}, c.rows...)))
}

// small is a dim word in small letters.
func small(s string) *widget.Label {
	l := dim(s)
	l.SizeName = theme.SizeNameCaptionText
	return l
}

// showPass tells what a pass did, and offers to take it back.
func (p *historyPage) showPass(h state.HistoryEntry, first int) {
	counts, whole := p.trail.pass(first)
	undo := newButton(assets.Text("Undo this sync…"), theme.ContentUndoIcon(), func() { p.w.undoPass(h.Pass) }, p.w.escape)
	says := countsLine(counts)
	rows := []fyne.CanvasObject{prose(says)}
	if !whole && p.next != 0 {
		rows = append(rows, faint(assets.Text("It did more than is listed so far.")))
	}
	if p.filtered() {
		rows = append(rows, faint(assets.Text("Only what the filters let through is counted.")))
	}
	rows = append(rows, faint(assets.Text("A sync reads what changed in the calendars and carries it to the others. To undo it takes back all that it changed; what cannot be taken back is told first.")))
	p.showDetail(assets.Text("Sync {{.N}}", "N", h.Pass), assets.Stamp(h.Time.In(p.w.opt.Now().Location())), container.NewHBox(undo), rows...)
}
