package pages

import (
	"context"
	"errors"
	"slices"
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

// account is the card of one account and its calendars.
func (p *calendarsPage) account(a control.AccountState) fyne.CanvasObject {
	title := a.Name
	if title == "" {
		title = p.w.accountName(a.ID)
	}
	disconnect := newButton(assets.Text("Disconnect…"), nil, func() { p.disconnect(a) }, p.w.escape)
	disconnect.Importance = widget.LowImportance
	actions := container.NewHBox()
	if a.Condition != "" {
		actions.Add(badge(say.Condition(a.Condition), conditionLook(a.Condition)))
	}
	if b := p.w.mendButton(a); b != nil {
		actions.Add(b)
	}
	actions.Add(disconnect)
	rows := []fyne.CanvasObject{bold(title), dim(say.Provider(a.Provider) + " · " + p.w.accountName(a.ID))}
	card := []fyne.CanvasObject{container.New(withActions{least: 200}, lines(rows...), container.NewVBox(actions))}
	if special := accountBadges(a); len(special) > 0 {
		card = append(card, container.New(layout.NewCustomPaddedLayout(-6, 0, 8, 0), container.New(layout.NewRowWrapLayout(), special...)))
	}
	if a.Condition != control.Connected && a.Condition != "" {
		words := prose(say.Stopped(assets.Said(a.Words)))
		words.Importance = conditionLook(a.Condition)
		says := []fyne.CanvasObject{words}
		if a.WayOut.Text != "" {
			says = append(says, faint(assets.Said(a.WayOut.Text)))
		}
		card = append(card, lines(says...))
	}
	if len(p.columns()) > 0 {
		card = append(card, p.matrixHead())
	}
	for _, c := range p.list {
		if c.Ref.Account == a.ID {
			card = append(card, p.calendar(c))
		}
	}
	if a.Makes != "" {
		make := newButton(assets.Text("New calendar for copies…"), theme.ContentAddIcon(), func() { p.w.newCalendar(a) }, p.w.escape)
		make.Importance = widget.LowImportance
		card = append(card, container.NewHBox(make))
	}
	return panel(card...)
}

// conditionLook is how loud a condition is: what waits for somebody, or what passes.
func conditionLook(c control.Condition) widget.Importance {
	switch c {
	case control.Connected:
		return widget.SuccessImportance
	case control.Offline, control.Throttled, control.LacksScope:
		return widget.WarningImportance
	}
	return widget.DangerImportance
}

// accountBadges say what is special about an account's sign-in.
func accountBadges(a control.AccountState) (out []fyne.CanvasObject) {
	if a.Kept == control.InPlainFile {
		out = append(out, badge(assets.Text("sign-in in a plain file"), widget.WarningImportance))
	}
	if a.Kept == control.InSealedFile {
		out = append(out, badge(assets.Text("sign-in under a passphrase"), widget.MediumImportance))
	}
	if a.Access.ReadOnly {
		out = append(out, badge(assets.Text("only read"), widget.MediumImportance))
	}
	return out
}

// mendButton does the one thing that helps an account; nil if there is none to do.
func (w *Window) mendButton(a control.AccountState) fyne.CanvasObject {
	var label string
	var icon fyne.Resource
	var do func()
	switch a.WayOut.Do {
	case control.SignInAgain:
		label, icon, do = assets.Text("Sign in again…"), theme.LoginIcon(), func() { w.signIn(again(a.Account)) }
	case control.AskIT:
		label, icon, do = assets.Text("Text for IT…"), theme.ContentCopyIcon(), func() { w.forIT(a.Words, a.ForIT, again(a.Account)) }
	case control.GiveClient:
		label, do = assets.Text("Give another client id…"), func() { w.guide(again(a.Account)) }
	case control.Unlock:
		label, do = assets.Text("Unlock…"), func() { w.unlock(func(string) {}) }
	case control.SyncNow:
		label, icon, do = assets.Text("Try again now"), theme.ViewRefreshIcon(), w.home.sync
	default:
		return nil
	}
	return important(newButton(label, icon, do, w.escape), widget.HighImportance)
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
	right := container.NewVBox(width(200, note))
	if len(p.columns()) > 0 {
		right = container.NewVBox(p.cells(c))
	}
	return container.NewBorder(nil, nil, container.NewHBox(width(8, layout.NewSpacer()), swatch(c.Color)), right, p.w.named(c))
}

// named is a calendar's name, with what there is to know about it below.
func (w *Window) named(c state.Calendar) fyne.CanvasObject {
	about := container.New(layout.NewRowWrapLayout())
	for _, b := range calendarBadges(c) {
		about.Add(badge(b.text, b.look))
	}
	about.Hidden = len(about.Objects) == 0
	return container.New(tight{gap: -6, middle: true}, text(w.name(c.Ref)), about)
}

// calendarBadge is one thing to know about a calendar.
type calendarBadge struct {
	text string
	look widget.Importance
}

// calendarBadges say what a calendar can be used for (docs/calendars.md).
func calendarBadges(c state.Calendar) (out []calendarBadge) {
	add := func(look widget.Importance, text string) { out = append(out, calendarBadge{text, look}) }
	if c.Primary {
		add(widget.LowImportance, assets.Text("main calendar"))
	}
	switch {
	case c.Shared && c.Owner != "":
		add(widget.LowImportance, assets.Text("shared by {{.Owner}}", "Owner", cutWord(c.Owner, 28)))
	case c.Shared:
		add(widget.LowImportance, assets.Text("shared"))
	}
	switch {
	case c.Missing:
		add(widget.DangerImportance, assets.Text("gone"))
	case !c.Details:
		add(widget.WarningImportance, assets.Text("free/busy only"))
	default:
		if !c.Writable {
			add(widget.MediumImportance, assets.Text("read-only"))
		}
		if c.Role.HidesPrivate() {
			add(widget.MediumImportance, assets.Text("hides private events"))
		}
	}
	if c.Hidden && !c.Missing {
		add(widget.LowImportance, assets.Text("hidden in its own app"))
	}
	return out
}

// newCalendar makes a calendar for copies, or leads to the permission that it takes.
func (w *Window) newCalendar(a control.AccountState) {
	title := assets.Text("New calendar for copies")
	allow := func() {
		req := again(a.Account)
		req.Access = &calendar.Access{ReadOnly: a.Access.ReadOnly, Extras: with(a.Access.Extras, calendar.CopiesCalendar, true)}
		w.signIn(req)
	}
	if a.Makes == control.MakesTicked {
		w.confirm(title, prose(assets.Text("{{.Provider}} lets Twinday make a calendar only when you allow it. Sign in again and tick that box; nothing else changes. Or make a calendar there yourself, and choose it here.", "Provider", brand(a.Provider))),
			assets.Text("Allow it…"), widget.HighImportance, allow)
		return
	}
	name := newEntry(assets.Text("Name"), w.escape, w.shortcut)
	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	ok := important(newButton(assets.Text("Make calendar"), nil, nil, w.escape), widget.HighImportance)
	ok.Disable()
	name.OnChanged = func(s string) { setEnabled(ok, strings.TrimSpace(s) != "") }
	ok.OnTapped = func() {
		ok.Disable()
		call(w, w.opt.CallTimeout, func(ctx context.Context) (state.Calendar, error) {
			return w.backend.MakeCalendar(ctx, control.NewCalendar{Account: a.ID, Name: strings.TrimSpace(name.Text)})
		}, func(_ state.Calendar, err error) {
			var e *control.Error
			switch {
			case errors.As(err, &e) && e.Condition == control.LacksScope:
				p.close()
				w.offer(assets.Text("The calendar could not be made"), e, assets.Text("Allow it…"), allow)
			case err != nil:
				ok.Enable()
				w.tell(assets.Text("The calendar could not be made"), err)
			default:
				p.close()
				w.listCalendars(false)
			}
		})
	}
	name.OnSubmitted = func(string) {
		if !ok.Disabled() {
			ok.OnTapped()
		}
	}
	p = w.popup(title, fyne.NewSize(460, 200), container.NewVBox(
		prose(assets.Text("It is made in {{.Account}}. Mirror another calendar to it, and its copies stand apart from your own events.", "Account", w.accountName(a.ID))), name), cancel, ok)
	w.win.Canvas().Focus(name)
}

// disconnect asks what becomes of an account's copies, says what becomes of its
// sign-in, and does it.
func (p *calendarsPage) disconnect(a control.AccountState) {
	w, k := p.w, keeper{escape: p.w.escape}
	var end, stay []string
	for _, m := range p.drawn.mirrors {
		others := slices.DeleteFunc(slices.Clone(m.Members), func(x state.Member) bool { return x.Ref.Account == a.ID })
		switch {
		case len(others) == len(m.Members):
		case len(others) < 2:
			end = append(end, assets.Text("“{{.Name}}”", "Name", cut(m.Name, 40)))
		default:
			stay = append(stay, assets.Text("“{{.Name}}”", "Name", cut(m.Name, 40)))
		}
	}
	body := container.NewVBox()
	if len(end) > 0 {
		body.Add(prose(assets.Text("These mirrors end: {{.Mirrors}}.", "Mirrors", joinComma(end))))
	}
	if len(stay) > 0 {
		body.Add(prose(assets.Text("These go on without it: {{.Mirrors}}.", "Mirrors", joinComma(stay))))
	}
	remove := false
	if len(end)+len(stay) > 0 {
		gone := assets.Text("The copies in it are deleted, and those of its events elsewhere. Your own events stay in any case.")
		if a.SignedOut {
			gone = assets.Text("The copies of its events elsewhere are deleted. Those in it stay, because it is signed out.")
		}
		for _, o := range newOptions(
			[]string{assets.Text("Keep the copies"), assets.Text("Remove the copies")},
			[]string{assets.Text("They stay where they are, as plain events."), gone},
			0, func(i int) { remove = i == 1 }, k) {
			body.Add(o)
		}
	}
	body.Add(notice(theme.InfoIcon(), revokes(a.Provider)))
	w.confirm(assets.Text("Disconnect {{.Account}}?", "Account", w.accountName(a.ID)), body, assets.Text("Disconnect"), widget.DangerImportance, func() {
		wait := widget.NewProgressBarInfinite()
		var busy *popup
		hide := newButton(assets.Text("Go on in the background"), nil, func() { busy.close() }, w.escape)
		busy = w.popup(assets.Text("Disconnecting {{.Account}}", "Account", w.accountName(a.ID)), fyne.NewSize(460, 140), wait, hide)
		busy.closed = wait.Stop
		call(w, removeTimeout, func(ctx context.Context) (control.Disconnected, error) {
			return w.backend.RemoveAccount(ctx, control.RemoveAccount{ID: a.ID, RemoveCopies: remove})
		}, func(d control.Disconnected, err error) {
			busy.close()
			if err != nil {
				w.tell(assets.Text("{{.Account}} could not be disconnected", "Account", w.accountName(a.ID)), err)
				return
			}
			w.disconnected(a, d)
		})
	})
}

// revokes says beforehand what becomes of the permission at a provider.
func revokes(kind state.ProviderKind) string {
	switch kind {
	case state.Google:
		return assets.Text("Twinday forgets its sign-in, and Google takes the permission back: other computers on which you use Twinday with this account have to sign in again.")
	case state.Outlook:
		return assets.Text("Twinday forgets its sign-in. Microsoft has no way for an app to give the permission back; you are told afterwards where you can.")
	}
	return assets.Text("Twinday forgets its sign-in.")
}

// disconnected tells what became of an account.
func (w *Window) disconnected(a control.AccountState, d control.Disconnected) {
	who := a.Email
	if who == "" {
		who = string(a.ID)
	}
	body := container.NewVBox(prose(assets.Text("Signed out of {{.Account}}, and forgot it.", "Account", who)))
	if d.Report.Deleted > 0 {
		body.Add(prose(assets.Count("{{.N}} copies were removed.", d.Report.Deleted)))
	}
	if d.Left > 0 {
		left := prose(assets.Count("{{.N}} copies in it could not be removed, because it was signed out.", d.Left))
		left.Importance = widget.WarningImportance
		body.Add(left)
	}
	if d.Words != "" {
		body.Add(prose(say.Stopped(say.Capital(assets.Said(d.Words)))))
	}
	var p *popup
	ok := important(newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape), widget.HighImportance)
	buttons := []fyne.CanvasObject{ok}
	if d.ConsentPage != "" {
		buttons = []fyne.CanvasObject{newButton(assets.Text("Open the page"), nil, func() { _ = w.open(d.ConsentPage) }, w.escape), ok}
	}
	p = w.popup(assets.Text("Disconnected"), fyne.NewSize(480, 200), body, buttons...)
}
