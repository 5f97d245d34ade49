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
	mirrors  []state.Mirror
	trouble  []string
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
		s.mirrors, s.trouble = append(s.mirrors, m.Mirror), append(s.trouble, m.Trouble)
	}
	setEnabled(p.add, len(p.writable()) >= 2)
	if !reflect.DeepEqual(s, p.drawn) {
		p.drawn = s
		p.draw()
	}
}

// writable are the calendars that can be members of a mirror.
func (p *calendarsPage) writable() []state.Calendar {
	return slices.DeleteFunc(slices.Clone(p.list), func(c state.Calendar) bool { return !c.Writable || c.Missing })
}

func (p *calendarsPage) draw() {
	p.mirrors.RemoveAll()
	for i, m := range p.drawn.mirrors {
		p.mirrors.Add(p.mirror(m, p.drawn.trouble[i]))
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
}

// mirror is the card of one mirror.
func (p *calendarsPage) mirror(m state.Mirror, trouble string) fyne.CanvasObject {
	remove := newButton("", theme.DeleteIcon(), func() { p.removeMirror(m) }, p.w.escape)
	remove.Importance = widget.LowImportance
	copies := newButton(assets.Text("What copies show…"), nil, func() { p.w.showCopies(m) }, p.w.escape)
	rows := []fyne.CanvasObject{container.NewBorder(nil, nil, nil, container.NewHBox(copies, remove), bold(m.Name))}
	if trouble != "" {
		t := prose(trouble)
		t.Importance = widget.DangerImportance
		rows = append(rows, t)
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
		call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (state.Mirror, error) {
			return p.w.backend.ChangeMirror(ctx, control.ChangeMirror{Mirror: n})
		}, func(_ state.Mirror, err error) {
			if err != nil {
				p.draw() // back to what is true
				p.w.tell(assets.Text("The mirror could not be changed"), err)
			}
		})
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
	return container.NewBorder(nil, nil, container.NewHBox(on, swatch(p.w.calendars[x.Ref].Color)),
		container.NewHBox(width(125, shows), width(150, way)),
		container.NewGridWithColumns(2, text(p.w.name(x.Ref)), dim(p.w.accountName(x.Ref.Account))))
}

// account is the card of one account and its calendars.
func (p *calendarsPage) account(a control.AccountState) fyne.CanvasObject {
	remove := newButton("", theme.DeleteIcon(), func() { p.removeAccount(a) }, p.w.escape)
	remove.Importance = widget.LowImportance
	actions := container.NewHBox(remove)
	title := a.Name
	if title == "" {
		title = p.w.accountName(a.ID)
	}
	rows := []fyne.CanvasObject{bold(title), dim(providerName(a.Provider) + " · " + p.w.accountName(a.ID))}
	if a.Trouble != "" {
		t := prose(a.Trouble)
		t.Importance = widget.DangerImportance
		rows = append(rows, t)
	}
	if a.SignedOut {
		actions.Objects = slices.Insert(actions.Objects, 0, fyne.CanvasObject(important(
			newButton(assets.Text("Sign in again…"), theme.LoginIcon(), func() { p.w.signIn(again(a.Account)) }, p.w.escape), widget.HighImportance)))
	}
	card := []fyne.CanvasObject{container.NewBorder(nil, nil, nil, container.NewVBox(actions), lines(rows...))}
	for _, c := range p.list {
		if c.Ref.Account == a.ID {
			card = append(card, p.calendar(c))
		}
	}
	return panel(card...)
}

// calendar is one calendar's row in its account's card.
func (p *calendarsPage) calendar(c state.Calendar) fyne.CanvasObject {
	var in []string
	for _, m := range p.drawn.mirrors {
		if m.Has(c.Ref) {
			in = append(in, m.Name)
		}
	}
	note := dim("")
	if len(in) > 0 {
		note.SetText(assets.Text("in {{.Mirrors}}", "Mirrors", joinComma(in)))
	}
	return container.NewBorder(nil, nil, container.NewHBox(width(8, layout.NewSpacer()), swatch(c.Color)), nil,
		container.NewGridWithColumns(3, text(p.w.name(c.Ref)), dim(role(c)), note))
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

func (p *calendarsPage) removeAccount(a control.AccountState) {
	body := prose(assets.Text("Twinday signs out of {{.Account}} and its calendars leave their mirrors. Copies that are there stay as plain events.", "Account", p.w.accountName(a.ID)))
	p.w.confirm(assets.Text("Remove this account?"), body, assets.Text("Remove"), widget.DangerImportance, func() {
		p.w.ask(removeTimeout, func(ctx context.Context) error {
			_, err := p.w.backend.RemoveAccount(ctx, control.RemoveAccount{ID: a.ID})
			return err
		},
			func(err error) { p.w.tell(assets.Text("The account could not be removed"), err) })
	})
}
