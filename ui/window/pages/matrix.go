package pages

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// maxColumns is how many mirrors the matrix has columns for; with more it would not fit.
const maxColumns = 4

// columnWidth is that of a mirror in the matrix.
const columnWidth = 118

// matrixHead are the names of the mirrors, above the cells of an account's calendars.
func (p *calendarsPage) matrixHead() fyne.CanvasObject {
	row := container.NewHBox()
	for _, m := range p.columns() {
		l := small(m.Name)
		l.Alignment = fyne.TextAlignCenter
		row.Add(width(columnWidth, l))
	}
	return container.New(layout.NewCustomPaddedLayout(-14, -8, 0, 0), container.NewBorder(nil, nil, nil, row))
}

// columns are the mirrors that the matrix shows; none where there are too many.
func (p *calendarsPage) columns() []control.MirrorState {
	if len(p.drawn.mirrors) > maxColumns {
		return nil
	}
	return p.drawn.mirrors
}

// cells are a calendar's part in each mirror, to be changed.
func (p *calendarsPage) cells(c state.Calendar) fyne.CanvasObject {
	row := container.NewHBox()
	for _, m := range p.columns() {
		row.Add(width(columnWidth, p.cell(m.Mirror, c)))
	}
	return row
}

// partName says in which way a calendar takes part in a mirror, in few words.
func partName(m state.Mirror, ref state.Ref) string {
	i := slices.IndexFunc(m.Members, func(x state.Member) bool { return x.Ref == ref })
	switch {
	case i < 0:
		return "–"
	case m.Members[i].Off:
		return assets.Text("off")
	case m.Members[i].Direction == state.SendOnly:
		return assets.Text("sends")
	case m.Members[i].Direction == state.TakeOnly:
		return assets.Text("receives")
	}
	return assets.Text("both ways")
}

// cell is one calendar's part in one mirror. It opens the ways there are.
func (p *calendarsPage) cell(m state.Mirror, c state.Calendar) fyne.CanvasObject {
	b := newButton(partName(m, c.Ref), nil, nil, p.w.escape)
	b.Importance = widget.LowImportance
	if i := slices.IndexFunc(m.Members, func(x state.Member) bool { return x.Ref == c.Ref }); i >= 0 && !m.Members[i].Off {
		b.Importance = widget.MediumImportance
	}
	b.reveal = revealIn(p.root.(*container.Scroll))
	items := p.parts(m, c)
	if len(items) == 0 {
		b.Disable()
	}
	b.OnTapped = func() {
		widget.ShowPopUpMenuAtRelativePosition(fyne.NewMenu("", items...), p.w.win.Canvas(), fyne.NewPos(0, b.Size().Height), b)
	}
	return b
}

// parts are the ways in which a calendar can take part in a mirror, but the one it does.
func (p *calendarsPage) parts(m state.Mirror, c state.Calendar) (items []*fyne.MenuItem) {
	at := slices.IndexFunc(m.Members, func(x state.Member) bool { return x.Ref == c.Ref })
	as := func(x state.Member) func() {
		return func() {
			n := m
			n.Members = slices.Clone(m.Members)
			if at < 0 {
				n.Members = append(n.Members, x)
			} else {
				n.Members[at] = x
			}
			p.changeMirror(m.ID, n)
		}
	}
	add := func(words string, x state.Member) {
		if at < 0 || m.Members[at] != x {
			items = append(items, fyne.NewMenuItem(words, as(x)))
		}
	}
	if c.Details && !c.Missing { // else it can be no member
		if c.Writable {
			add(assets.Text("Both ways"), state.Member{Ref: c.Ref})
		}
		add(assets.Text("Sends only: nothing is written here"), state.Member{Ref: c.Ref, Direction: state.SendOnly})
		if c.Writable {
			add(assets.Text("Receives only: what is born here stays here"), state.Member{Ref: c.Ref, Direction: state.TakeOnly})
		}
	}
	if at >= 0 {
		off := m.Members[at]
		if off.Off = true; !m.Members[at].Off {
			items = append(items, fyne.NewMenuItem(assets.Text("Switch off for now"), as(off)))
		}
		if len(m.Members) > 2 {
			items = append(items, fyne.NewMenuItem(assets.Text("Take out of the mirror"), func() { p.takeOut(m, c.Ref) }))
		}
	}
	return items
}

// changeMirror shows what a change of members does, and makes it. Until it is made the
// page shows what is true.
func (p *calendarsPage) changeMirror(id state.MirrorID, want state.Mirror) {
	is, ok := p.w.mirror(id)
	p.draw()
	if ok {
		p.w.change(is, want, func() {})
	}
}

// takeOut asks before a calendar leaves a mirror: its copies stay where they are.
func (p *calendarsPage) takeOut(m state.Mirror, ref state.Ref) {
	body := container.NewVBox(
		prose(assets.Text("“{{.Calendar}}” is no longer kept alike by “{{.Mirror}}”. What is in it stays, copies too, as plain events.", "Calendar", p.w.name(ref), "Mirror", m.Name)))
	p.w.confirm(assets.Text("Take it out of the mirror?"), body, assets.Text("Take it out"), widget.HighImportance, func() {
		want := m
		want.Members = slices.DeleteFunc(slices.Clone(m.Members), func(x state.Member) bool { return x.Ref == ref })
		want.Mappings = slices.DeleteFunc(slices.Clone(m.Mappings), func(x state.PairMapping) bool { return x.From == ref || x.To == ref })
		if len(want.Mappings) == 0 {
			want.Mappings = nil
		}
		if won, ok := m.Conflicts.Member(); ok && won == ref {
			want.Conflicts = state.LatestWins
		}
		p.changeMirror(m.ID, want)
	})
}

// pauseButton stops one mirror, or has it go on.
func (p *calendarsPage) pauseButton(m state.Mirror) *button {
	want := m
	want.Paused = !m.Paused
	label, icon := assets.Text("Pause"), theme.MediaPauseIcon()
	if m.Paused {
		label, icon = assets.Text("Resume"), theme.MediaPlayIcon()
	}
	return newButton(label, icon, func() { p.changeMirror(m.ID, want) }, p.w.escape)
}
