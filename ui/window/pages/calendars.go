package pages

import (
	"context"
	"reflect"
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

// calendarsPage shows the mirrors, to be switched, and the accounts with their
// calendars.
type calendarsPage struct {
	w    *Window
	root fyne.CanvasObject

	list     []state.Calendar // as last listed
	mirrors  *fyne.Container
	accounts *fyne.Container
	add      *button
	drawn    calendarsState
}

// calendarsState is what the page depends on.
type calendarsState struct {
	accounts []control.AccountState
	mirrors  []control.MirrorState // without what changes at each pass
	list     []state.Calendar
}

func newCalendarsPage(w *Window) *calendarsPage {
	p := &calendarsPage{w: w, mirrors: column(), accounts: column()}
	p.add = newButton(assets.Text("New mirror…"), theme.ContentAddIcon(), w.newMirror, w.escape)
	again := newButton("", theme.ViewRefreshIcon(), func() { w.listCalendars(true) }, w.escape)
	p.root = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14), column(
		heading(assets.Text("Mirrors"), p.add), p.mirrors,
		heading(assets.Text("Accounts"), again,
			newButton(assets.Text("Connect an account…"), theme.LoginIcon(), func() { w.connect(state.Google) }, w.escape)), p.accounts)))
	return p
}

func (p *calendarsPage) object() fyne.CanvasObject { return p.root }
func (p *calendarsPage) enter()                    { p.w.listCalendars(false) }

func (p *calendarsPage) update() {
	if !p.w.known {
		return
	}
	s := calendarsState{accounts: p.w.status.Accounts, list: p.list}
	for _, m := range p.w.status.Mirrors {
		s.mirrors = append(s.mirrors, control.MirrorState{Mirror: m.Mirror, Trouble: m.Trouble, Watching: m.Watching})
	}
	setEnabled(p.add, len(p.usable()) >= 2)
	if !reflect.DeepEqual(s, p.drawn) {
		p.drawn = s
		p.draw()
	}
}

// usable are the calendars that can be members of a mirror: what shows no more than
// free and busy times cannot, and what is read-only only sends.
func (p *calendarsPage) usable() []state.Calendar {
	return slices.DeleteFunc(slices.Clone(p.list), func(c state.Calendar) bool { return !c.Details || c.Missing })
}

func (p *calendarsPage) draw() {
	p.mirrors.RemoveAll()
	for _, m := range p.drawn.mirrors {
		p.mirrors.Add(p.mirror(m))
	}
	if len(p.drawn.mirrors) == 0 {
		hint := assets.Text("No mirror yet. A mirror keeps two or more calendars alike.")
		if len(p.drawn.accounts) == 0 {
			hint = assets.Text("No mirror yet. Connect an account first.")
		}
		p.mirrors.Add(panel(prose(hint)))
	}
	p.accounts.RemoveAll()
	for _, a := range p.drawn.accounts {
		p.accounts.Add(p.account(a))
	}
	if len(p.drawn.accounts) == 0 {
		p.accounts.Add(panel(prose(assets.Text("No account yet. Connect Google or Outlook to see its calendars here."))))
	}
	p.mirrors.Refresh() // adding to a container does not repaint it
	p.accounts.Refresh()
	p.root.Refresh() // and what stands below them moves
}

// mirror is the card of one mirror.
func (p *calendarsPage) mirror(s control.MirrorState) fyne.CanvasObject {
	m := s.Mirror
	remove := newButton("", theme.DeleteIcon(), func() { p.removeMirror(m) }, p.w.escape)
	remove.Importance = widget.LowImportance
	copies := newButton(assets.Text("Settings…"), nil, func() { p.w.showCopies(m) }, p.w.escape)
	twice := newButton(assets.Text("Duplicates…"), nil, func() { p.w.duplicates(m) }, p.w.escape)
	name := bold(m.Name)
	rows := []fyne.CanvasObject{container.NewBorder(nil, nil, nil, container.NewHBox(p.pauseButton(m), twice, copies, remove), name)}
	if m.Paused {
		rows = append(rows, faint(assets.Text("Paused: nothing crosses until you resume it. What changes meanwhile is carried over then.")))
	}
	if s.Trouble != "" {
		t := prose(assets.Said(s.Trouble))
		t.Importance = widget.DangerImportance
		rows = append(rows, t)
	}
	if s.Watching != nil {
		rows = append(rows, p.w.watching(s))
	}
	for i, x := range m.Members {
		rows = append(rows, p.member(m, i, x))
	}
	return panel(rows...)
}

// member is one calendar's row in a mirror's card.
func (p *calendarsPage) member(m state.Mirror, i int, x state.Member) fyne.CanvasObject {
	change := func(f func(*state.Member)) {
		n := m
		n.Members = slices.Clone(m.Members)
		f(&n.Members[i])
		p.changeMirror(m.ID, n)
	}
	on := widget.NewCheck("", nil)
	on.SetChecked(!x.Off)
	on.OnChanged = func(on bool) { change(func(y *state.Member) { y.Off = !on }) }

	directions := []state.Direction{state.TwoWay, state.SendOnly, state.TakeOnly}
	var names []string
	for _, d := range directions {
		names = append(names, directionName(d))
	}
	way := widget.NewSelect(names, nil)
	way.SetSelectedIndex(max(slices.Index(directions, x.Direction), 0))
	way.OnChanged = func(string) { change(func(y *state.Member) { y.Direction = directions[way.SelectedIndex()] }) }
	if x.Off {
		way.Disable()
	}
	shows := dim(outgoing(m, x.Ref))
	shows.Alignment = fyne.TextAlignTrailing
	return container.NewBorder(nil, nil, container.NewHBox(on, swatch(p.w.calendars[x.Ref].Color)), nil,
		container.New(withActions{least: 260}, container.NewGridWithColumns(2, text(p.w.name(x.Ref)), dim(p.w.accountName(x.Ref.Account))),
			container.NewHBox(width(125, shows), width(150, way))))
}

func (p *calendarsPage) removeMirror(m state.Mirror) {
	removeCopies, keep := assets.Text("Remove the copies that Twinday made"), assets.Text("Keep the copies as plain events")
	choice := widget.NewRadioGroup([]string{removeCopies, keep}, nil)
	choice.Required = true
	choice.SetSelected(removeCopies)
	body := container.NewVBox(
		prose(assets.Text("The calendars of “{{.Name}}” will no longer be kept alike. Events that were there before stay in any case.", "Name", cut(m.Name, 60))), choice)
	p.w.confirm(assets.Text("Remove this mirror?"), body, assets.Text("Remove"), widget.DangerImportance, func() {
		call(p.w, removeTimeout, func(ctx context.Context) (control.Report, error) {
			return p.w.backend.RemoveMirror(ctx, control.RemoveMirror{ID: m.ID, KeepCopies: choice.Selected == keep})
		}, func(_ control.Report, err error) { p.w.tell(assets.Text("The mirror could not be removed"), err) })
	})
}
