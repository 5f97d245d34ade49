package pages

import (
	"cmp"
	"context"
	"errors"
	"net/url"
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

// services are what can be connected, in the order in which it is offered.
var services = []state.ProviderKind{state.Google, state.Outlook, state.CalDAV, state.ICS}

// connectButton leads to the sign-in of an account of one provider.
func connectButton(w *Window, kind state.ProviderKind) *button {
	label := assets.Text("Connect {{.Provider}}…", "Provider", say.Provider(kind))
	if kind == state.CalDAV { // few know its name, and published calendars are there, too
		label = assets.Text("Another service…")
	}
	return newButton(label, theme.LoginIcon(), func() { w.connect(kind) }, w.escape)
}

// connect asks which account, and what Twinday may do there; kind is chosen already.
func (w *Window) connect(kind state.ProviderKind) {
	rows := container.NewVBox(prose(assets.Text("Looking…")))
	scroll := container.NewVScroll(rows)
	k := keeper{escape: w.escape, reveal: revealIn(scroll)}
	size := fyne.NewSize(560, 630)
	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	next := important(newButton(assets.Text("Continue"), nil, nil, w.escape), widget.HighImportance)
	next.Disable()
	p = w.popup(assets.Text("Connect an account"), size, scroll, cancel, next)
	call(w, w.opt.CallTimeout, w.backend.Providers, func(list []control.ProviderInfo, err error) {
		rows.RemoveAll()
		if err != nil {
			rows.Add(prose(say.Capital(reason(err))))
			scroll.Refresh()
			return
		}
		slices.SortStableFunc(list, func(a, b control.ProviderInfo) int {
			return cmp.Compare(slices.Index(services, a.Provider), slices.Index(services, b.Provider))
		})
		at := 0
		var names, notes []string
		for i, x := range list {
			if x.Provider == kind {
				at = i
			}
			names, notes = append(names, serviceName(x.Provider)), append(notes, serviceNote(x.Provider))
		}
		var access calendar.Access
		device, cloud := false, ""
		asked := container.NewVBox() // what depends on the provider
		wish := bold(assets.Text("Only if you want it"))
		may := container.NewVBox() // nothing is to be chosen where all that can be done is to read
		var makes *check           // of no use where nothing may be changed
		narrow := func() {
			if makes != nil {
				makes.SetChecked(makes.Checked && !access.ReadOnly)
				setEnabled(makes, !access.ReadOnly)
			}
		}
		show := func(i int) {
			at, access.Extras, device, cloud, makes = i, nil, false, "", nil
			asked.RemoveAll()
			for _, x := range list[i].Extras {
				tick := newCheck(say.Capital(assets.Said(x.Reason)), false, func(on bool) {
					access.Extras = with(access.Extras, x.Extra, on)
				}, k)
				if x.Extra == calendar.CopiesCalendar {
					makes = tick
				}
				asked.Add(tick)
			}
			narrow()
			if list[i].Device {
				asked.Add(newCheck(assets.Text("Sign in with a code, in a browser on any device"), false, func(on bool) { device = on }, k))
			}
			setShown(wish, len(asked.Objects) > 0)
			if len(list[i].Clouds) > 0 {
				asked.Add(cloudPick(list[i], func(name string) {
					cloud = name
					asked.Refresh()
					rows.Refresh()
					scroll.Refresh()
				}, k))
			}
			if list[i].Client == "" && !list[i].Password && !list[i].Feed {
				asked.Add(notice(theme.InfoIcon(), assets.Text("{{.Provider}} lets apps in only under a client id, and this Twinday was built without one. The next step shows how to make yours, once and for free.", "Provider", brand(list[i].Provider))))
			}
			if may.Show(); list[i].Feed {
				may.Hide()
			}
			asked.Refresh()
			scroll.Refresh()
		}
		for _, o := range newOptions(names, notes, at, show, k) {
			rows.Add(o)
		}
		rows.Add(may)
		may.Add(bold(assets.Text("What Twinday may do there")))
		for _, o := range newOptions(
			[]string{assets.Text("See and change events"), assets.Text("Only see events")},
			[]string{assets.Text("Its calendars can be mirrored in both directions."), assets.Text("Its events are copied elsewhere; nothing in it is ever changed.")},
			0, func(i int) { access.ReadOnly = i == 1; narrow() }, k) {
			may.Add(o)
		}
		may.Add(wish)
		may.Add(asked)
		show(at)
		next.OnTapped = func() {
			p.close()
			req := control.NewAccount{Provider: list[at].Provider, Access: &access, Device: device, Cloud: cloud}
			if list[at].Feed {
				w.feed(control.NewAccount{Provider: list[at].Provider})
				return
			}
			if list[at].Password {
				w.login(req, list[at])
				return
			}
			if list[at].Client == "" || cloud != "" && list[at].Client != control.OwnClient {
				w.guide(req)
				return
			}
			w.signIn(req)
		}
		next.Enable()
		w.win.Canvas().Focus(next)
	})
}

// cloudPick asks in which of the provider's clouds the account is; "" is the public one,
// where nearly all are.
func cloudPick(p control.ProviderInfo, chosen func(name string), k keeper) fyne.CanvasObject {
	words := []string{assets.Text("In the public cloud, as nearly all are")}
	for _, c := range p.Clouds {
		words = append(words, say.Capital(assets.Said(c.What)))
	}
	apart := prose(assets.Text("Apps are registered there apart: it takes a client id that was made in that cloud's own portal."))
	apart.Hide()
	pick := newPick(words, 0, func(i int) {
		if setShown(apart, i > 0); i == 0 {
			chosen("")
			return
		}
		chosen(p.Clouds[i-1].Name)
		k.show(apart)
	}, k)
	return container.NewVBox(bold(assets.Text("Where the account is")), container.New(layout.NewCustomPaddedLayout(0, 0, 8, 8), framed(pick)), apart)
}

// connectTitle stands above a dialog that connects an account.
func connectTitle(kind state.ProviderKind) string {
	if kind == state.ICS {
		return assets.Text("Connect a published calendar")
	}
	return assets.Text("Connect {{.Provider}}", "Provider", say.Provider(kind))
}

// with is a list with or without one of its kind.
func with(all []calendar.Extra, x calendar.Extra, on bool) (out []calendar.Extra) {
	for _, y := range all {
		if y != x {
			out = append(out, y)
		}
	}
	if on {
		out = append(out, x)
	}
	return out
}

// again asks for the same account to be signed in anew.
func again(a state.Account) control.NewAccount {
	if a.Provider == state.ICS { // what is shown of its address is not all of it
		return control.NewAccount{Provider: a.Provider, ID: a.ID}
	}
	return control.NewAccount{Provider: a.Provider, ID: a.ID, Endpoint: a.Endpoint}
}

// signIn opens the provider's page in the browser and waits for the end of it;
// closing the dialog gives up.
func (w *Window) signIn(req control.NewAccount) {
	if req.Provider == state.ICS && req.Endpoint.BaseURL == "" {
		w.feed(req)
		return
	}
	if req.Provider == state.CalDAV && req.Login == nil {
		w.loginAgain(req)
		return
	}
	ctx, cancel := context.WithCancel(w.ctx)
	provider := say.Provider(req.Provider)
	line := prose(assets.Text("Looking…"))
	if req.Provider != state.ICS && req.Provider != state.CalDAV { // those want no browser
		line.SetText(assets.Text("Asking {{.Provider}} for a sign-in page…", "Provider", provider))
	}
	code := short("")
	code.Importance, code.TextStyle.Bold, code.SizeName, code.Selectable = widget.MediumImportance, true, theme.SizeNameHeadingText, true
	copyCode := newButton(assets.Text("Copy the code"), theme.ContentCopyIcon(), func() { w.app.Clipboard().SetContent(code.Text) }, w.escape)
	codes := container.NewCenter(container.NewHBox(code, copyCode))
	codes.Hide()
	wait := widget.NewProgressBarInfinite()
	link := widget.NewHyperlink(assets.Text("Open the page again"), nil)
	copyLink := newButton(assets.Text("Copy its address"), theme.ContentCopyIcon(), nil, w.escape)
	copyLink.Importance = widget.LowImportance
	more := container.NewHBox(link, copyLink)
	more.Hide()
	var p *popup
	stop := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	size := fyne.NewSize(480, 220)
	p = w.popup(connectTitle(req.Provider), size, container.NewVBox(line, codes, wait, more), stop)

	var id string
	done := false
	p.closed = func() {
		wait.Stop()
		cancel()
		if id != "" && !done {
			w.ask(w.opt.CallTimeout, func(ctx context.Context) error { return w.backend.CancelSignIn(ctx, id) }, func(error) {})
		}
	}
	fail := func(err error) {
		done = true
		gone := ctx.Err() != nil // the person gave up
		p.close()
		if !gone {
			w.notSignedIn(req, err)
		}
	}
	call(w, w.opt.CallTimeout, func(context.Context) (control.SignIn, error) {
		return w.backend.BeginSignIn(ctx, req)
	}, func(s control.SignIn, err error) {
		if err != nil {
			fail(err)
			return
		}
		id = s.ID
		if ctx.Err() != nil { // closed meanwhile
			w.ask(w.opt.CallTimeout, func(ctx context.Context) error { return w.backend.CancelSignIn(ctx, id) }, func(error) {})
			return
		}
		open := func() error { return w.open(s.URL) }
		if s.URL == "" { // a name and a password: nothing is left to do
			line.SetText(assets.Text("Looking…"))
			open = func() error { return nil }
		} else {
			more.Show()
			line.SetText(assets.Text("Your browser shows {{.Provider}}’s sign-in page. Sign in there and come back: this goes on by itself.", "Provider", provider))
		}
		if s.Code != "" {
			line.SetText(assets.Text("Open {{.URL}} in a browser on any device, and type this code there. This goes on by itself.", "URL", s.URL))
			link.SetText(assets.Text("Open it here"))
			code.SetText(s.Code)
			codes.Show()
		}
		link.OnTapped = func() { _ = open() }
		copyLink.OnTapped = func() { w.app.Clipboard().SetContent(s.URL) }
		if s.Code == "" {
			if err := open(); err != nil {
				line.SetText(assets.Text("Your browser could not be opened. Open this address yourself: {{.URL}}", "URL", s.URL))
			}
		}
		p.resize(size)
		go func() {
			_, err := w.backend.FinishSignIn(ctx, s.ID)
			w.do(func() {
				if err != nil {
					fail(err)
					return
				}
				done = true
				p.close()
				w.listCalendars(true)
				if len(w.status.Mirrors) > 0 { // else home leads on
					w.show(1)
				}
			})
		}()
	})
}

// open shows an address in the person's browser.
func (w *Window) open(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	return w.opt.OpenURL(u)
}

// notSignedIn says why a sign-in failed, and offers the one thing that helps.
func (w *Window) notSignedIn(req control.NewAccount, err error) {
	title := assets.Text("{{.Provider}} could not be connected", "Provider", say.Provider(req.Provider))
	var e *control.Error
	switch {
	case !errors.As(err, &e):
		w.tell(title, err)
	case e.Code == control.CodeSecrets && !req.PlainSecrets:
		w.keepWhere(req)
	case e.Code == control.CodeLocked:
		w.unlock(func(passphrase string) { req.Passphrase = passphrase; w.signIn(req) })
	case e.WayOut.Do == control.AskIT && e.ForIT != "":
		w.forIT(e.Message, e.ForIT, req)
	case e.WayOut.Do == control.GiveClient:
		w.offer(title, e, assets.Text("Give another client id…"), func() { w.guide(req) })
	case e.WayOut.Do == control.SignInAgain:
		w.offer(title, e, assets.Text("Sign in again…"), func() { w.signIn(req) })
	case req.Provider == state.ICS:
		w.offer(title, e, assets.Text("Try again…"), func() { w.feed(req) })
	case req.Login != nil:
		w.offer(title, e, assets.Text("Try again…"), func() { w.loginAgain(req) })
	default:
		w.offer(title, e, "", nil)
	}
}

// offer tells what went wrong, with the way out in words and as a button, if there is one.
func (w *Window) offer(title string, e *control.Error, doing string, do func()) {
	body := container.NewVBox(prose(say.Capital(assets.Said(e.Message))))
	if e.WayOut.Text != "" {
		body.Add(prose(assets.Said(e.WayOut.Text)))
	}
	var p *popup
	end := newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape)
	buttons := []fyne.CanvasObject{end}
	if do != nil {
		buttons = append(buttons, important(newButton(doing, nil, func() { p.close(); do() }, w.escape), widget.HighImportance))
	}
	p = w.popup(title, fyne.NewSize(480, 180), body, buttons...)
}

// forIT shows the text that a person's IT needs, to be copied.
func (w *Window) forIT(why, text string, req control.NewAccount) {
	body := widget.NewLabel(text)
	body.Wrapping, body.Selectable = fyne.TextWrapWord, true
	var p *popup
	end := newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape)
	agreed := newButton(assets.Text("They agreed: sign in…"), nil, func() { p.close(); w.signIn(req) }, w.escape)
	copied := important(newButton(assets.Text("Copy the text"), theme.ContentCopyIcon(), nil, w.escape), widget.HighImportance)
	copied.OnTapped = func() {
		w.app.Clipboard().SetContent(text)
		copied.SetText(assets.Text("Copied"))
	}
	head := container.NewVBox(prose(say.Stopped(say.Capital(assets.Said(why)))), faint(assets.Text("This text says all that your IT needs. Send it to them.")))
	p = w.popup(assets.Text("Your IT has to agree first"), fyne.NewSize(620, 480),
		container.NewBorder(head, nil, nil, nil, newBackdrop(theme.ColorNameBackground, 8, container.NewVScroll(body))), end, agreed, copied)
}

// keepWhere asks where a sign-in is kept that no keyring takes.
func (w *Window) keepWhere(req control.NewAccount) {
	k := keeper{escape: w.escape}
	first, second := w.secretEntry(assets.Text("Passphrase")), w.secretEntry(assets.Text("The same once more"))
	fields := container.NewVBox(first, second, faint(assets.Text("Without it nobody can read the file, you neither. Twinday asks for it after each start.")))
	plainly := false
	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	ok := important(newButton(assets.Text("Continue"), nil, func() {
		p.close()
		req.PlainSecrets, req.Passphrase = plainly, first.Text
		if plainly {
			req.Passphrase = ""
		}
		w.signIn(req)
	}, w.escape), widget.HighImportance)
	able := func() { setEnabled(ok, plainly || first.Text != "" && first.Text == second.Text) }
	first.OnChanged = func(string) { able() }
	second.OnChanged = first.OnChanged
	submitBy(ok, first, second)
	able()
	body := container.NewVBox(prose(assets.Text("Twinday keeps sign-ins in the desktop’s keyring, and none answers here. Where shall this one be kept?")))
	for _, o := range newOptions(
		[]string{assets.Text("In a file that a passphrase locks"), assets.Text("In a plain file")},
		[]string{assets.Text("Safe from other programs."), assets.Text("Only you can read it, but so can every program that you run.")},
		0, func(i int) { plainly = i == 1; setShown(fields, !plainly); able() }, k) {
		body.Add(o)
	}
	body.Add(fields)
	p = w.popup(assets.Text("No keyring answers"), fyne.NewSize(500, 340), body, cancel, ok)
}

// submitBy has Return in an entry do what a button does, once that can be done.
func submitBy(b *button, entries ...*entry) {
	for _, e := range entries {
		e.OnSubmitted = func(string) {
			if !b.Disabled() {
				b.OnTapped()
			}
		}
	}
}

// secretEntry is an entry whose text is not shown.
func (w *Window) secretEntry(placeholder string) *entry {
	e := newEntry(placeholder, w.escape, w.shortcut)
	e.Password = true
	return e
}

// unlock asks for the passphrase of the file of sign-ins until it is the right one.
func (w *Window) unlock(then func(passphrase string)) {
	pass := w.secretEntry(assets.Text("Passphrase"))
	line := prose(assets.Text("Twinday keeps your sign-ins in a file that a passphrase locks. It is needed once after each start."))
	size := fyne.NewSize(460, 200)
	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	ok := important(newButton(assets.Text("Unlock"), nil, nil, w.escape), widget.HighImportance)
	ok.OnTapped = func() {
		ok.Disable()
		word := pass.Text
		w.ask(w.opt.CallTimeout, func(ctx context.Context) error { return w.backend.Unlock(ctx, word) }, func(err error) {
			if err != nil {
				line.Importance = widget.DangerImportance
				line.SetText(say.Capital(reason(err)))
				p.resize(size)
				ok.Enable()
				return
			}
			p.close()
			then(word)
		})
	}
	ok.Disable()
	pass.OnChanged = func(s string) { setEnabled(ok, strings.TrimSpace(s) != "") }
	submitBy(ok, pass)
	p = w.popup(assets.Text("Unlock your sign-ins"), size, container.NewVBox(line, pass), cancel, ok)
	w.win.Canvas().Focus(pass)
}
