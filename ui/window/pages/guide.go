package pages

import (
	"context"
	"image/color"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// guideStep is one step on the way to a client id: what to do, on which page, and what
// there is to press or choose there, as it looks.
type guideStep struct {
	text string
	page string // its address; "" for the page of the step before
	see  []seen
	warn string // what happens without; "" for nothing worth a word
}

// seen is something on a provider's page. One without a name is a button.
type seen struct{ name, value string }

// The steps of docs/clients.md, where the reasons stand. What is on the pages is in the
// providers' words, as their pages have it in English.
//
// https://developers.google.com/workspace/guides/create-credentials#desktop-app
// https://learn.microsoft.com/entra/identity-platform/quickstart-register-app
func guideSteps(kind state.ProviderKind) []guideStep {
	if kind == state.Google {
		return []guideStep{
			{assets.Text("Create a project. Any name will do."), "https://console.cloud.google.com/projectcreate", []seen{{"Project name", "Twinday"}, {"", "Create"}}, ""},
			{assets.Text("Switch on the calendar interface for it."), "https://console.cloud.google.com/apis/library/calendar-json.googleapis.com", []seen{{"", "Enable"}}, ""},
			{assets.Text("Say who may use it: give a name and your address. With a Workspace account choose Internal, which spares you the last step."),
				"https://console.cloud.google.com/auth/overview", []seen{{"", "Get started"}, {"Audience", "External"}}, ""},
			{assets.Text("Make the client. No other type works: a web application refuses the address on your own machine to which the browser comes back."),
				"https://console.cloud.google.com/auth/clients", []seen{{"", "Create client"}, {"Application type", "Desktop app"}}, ""},
			{assets.Text("Download it, and paste what is in the file below; or paste id and secret."), "", []seen{{"", "Download JSON"}}, ""},
			{assets.Text("Publish it. At the sign-in Google then warns that it has not verified the app: go on by Advanced."),
				"https://console.cloud.google.com/auth/audience", []seen{{"", "Publish app"}},
				assets.Text("While it is in testing, Google ends every sign-in after seven days, and lets in only test users that you list.")},
		}
	}
	return []guideStep{
		{assets.Text("Register an app. A personal account without a directory gets one with a free Azure account; or ask your organisation’s IT."),
			"https://entra.microsoft.com", []seen{{"", "App registrations"}, {"", "New registration"}, {"Name", "Twinday"}}, ""},
		{assets.Text("Say whose accounts may sign in."), "", []seen{{"Supported account types", "Accounts in any organizational directory and personal Microsoft accounts"}}, ""},
		{assets.Text("Choose where the browser comes back to: exactly this, without a path."), "", []seen{{"Redirect URI", "Public client/native (mobile & desktop)"}, {"URI", "http://localhost"}, {"", "Register"}}, ""},
		{assets.Text("For signing in by a code, open Authentication, Settings, and allow it."), "", []seen{{"Allow public client flows", "Yes"}, {"", "Save"}}, ""},
		{assets.Text("Copy the id from the app’s overview, and paste it below. Make no client secret: a desktop app must not send one."), "", []seen{{"Application (client) ID", "00001111-aaaa-2222-…"}}, ""},
	}
}

// guide shows how to make a client id and takes it; then req is signed in with it.
func (w *Window) guide(req control.NewAccount) {
	w.giveClient(req, assets.Text("Save and sign in"), w.signIn)
}

// giveClient shows how to make a client id and takes it; doing is the button's word, and
// then goes on with req.
func (w *Window) giveClient(req control.NewAccount, doing string, then func(control.NewAccount)) {
	steps := container.NewVBox()
	for i, s := range guideSteps(req.Provider) {
		steps.Add(w.guideStep(i+1, s))
	}
	scroll := container.NewVScroll(steps)
	id := newEntry(assets.Text("Application (client) ID"), w.escape, w.shortcut)
	secret := newEntry(assets.Text("Client secret"), w.escape, w.shortcut)
	fields := container.NewVBox(id)
	if req.Provider == state.Google {
		id.SetPlaceHolder(assets.Text("Client id, or what is in the downloaded file"))
		fields.Add(secret)
	}
	verdict := prose(assets.Text("It is checked as you type."))
	verdict.Importance = widget.LowImportance
	fields.Add(verdict)

	var p *popup
	var client state.Client // the one that was checked
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	ok := important(newButton(doing, nil, nil, w.escape), widget.HighImportance)
	ok.Disable()
	tell := func(text string, how widget.Importance) {
		verdict.Importance = how
		verdict.SetText(text)
		setEnabled(ok, how == widget.SuccessImportance)
	}
	typed := 0
	check := func(string) {
		typed++
		now := typed
		pasted := control.CheckClient{Provider: req.Provider, Client: state.Client{ID: id.Text, Secret: secret.Text}}
		ok.Disable() // until this one is checked
		if strings.TrimSpace(id.Text) == "" {
			tell(assets.Text("It is checked as you type."), widget.LowImportance)
			return
		}
		call(w, w.opt.CallTimeout, func(ctx context.Context) (state.Client, error) { return w.backend.CheckClient(ctx, pasted) },
			func(c state.Client, err error) {
				switch {
				case now != typed: // something else stands there by now
				case err != nil:
					tell(say.Capital(reason(err)), widget.DangerImportance)
				default:
					client = c
					tell(assets.Text("That looks right: {{.ID}}", "ID", c.ID), widget.SuccessImportance)
				}
			})
	}
	id.OnChanged, secret.OnChanged = check, check
	ok.OnTapped = func() {
		ok.Disable()
		if req.Endpoint.ClientID != "" { // this account has one of its own
			p.close()
			req.Endpoint.ClientID, req.Endpoint.ClientSecret = client.ID, client.Secret
			then(req)
			return
		}
		w.ask(w.opt.CallTimeout, func(ctx context.Context) error { return w.setClient(ctx, req.Provider, client) }, func(err error) {
			if err != nil {
				tell(say.Capital(reason(err)), widget.DangerImportance)
				ok.Enable() // it was no fault of what stands there
				return
			}
			p.close()
			then(req)
		})
	}
	p = w.popup(assets.Text("A client id for {{.Provider}}", "Provider", brand(req.Provider)), fyne.NewSize(680, 620),
		container.NewBorder(nil, fields, nil, nil, newBackdrop(theme.ColorNameBackground, 8, scroll)), cancel, ok)
}

// setClient makes a client id the one for all accounts of a provider.
func (w *Window) setClient(ctx context.Context, kind state.ProviderKind, c state.Client) error {
	s, err := w.backend.Settings(ctx)
	if err != nil {
		return err
	}
	clients := map[state.ProviderKind]state.Client{kind: c}
	for k, x := range s.Clients {
		if k != kind {
			clients[k] = x
		}
	}
	s.Clients = clients
	_, err = w.backend.ChangeSettings(ctx, s)
	return err
}

// guideStep draws a step: its number, what to do, and a little of the page.
func (w *Window) guideStep(n int, s guideStep) fyne.CanvasObject {
	digit := canvas.NewText(strconv.Itoa(n), color.White) // on the primary colour, which is dark in both themes
	digit.TextStyle.Bold = true
	disc := container.NewGridWrap(fyne.NewSize(26, 26), newBackdrop(theme.ColorNamePrimary, 13, container.NewCenter(digit)))
	rows := container.NewVBox(prose(s.text))
	page := container.New(layout.NewRowWrapLayout())
	for _, x := range s.see {
		value := widget.NewLabel(x.value)
		if x.name == "" {
			value.TextStyle.Bold = true
			page.Add(pill(value, theme.ColorNameButton, theme.ColorNamePrimary))
			continue
		}
		field := pill(value, theme.ColorNameInputBackground, theme.ColorNameInputBorder)
		page.Add(container.NewHBox(badge(x.name, widget.LowImportance), field))
	}
	var link fyne.CanvasObject
	if s.page != "" {
		l := widget.NewHyperlink(assets.Text("Open the page"), nil)
		l.OnTapped = func() { _ = w.open(s.page) }
		link = container.NewVBox(l)
	}
	if s.warn != "" {
		t := prose(s.warn)
		t.Importance = widget.WarningImportance
		rows.Add(t)
	}
	rows.Add(container.NewBorder(nil, nil, nil, link, container.New(layout.NewCustomPaddedLayout(6, 6, 8, 0), page)))
	return container.NewBorder(nil, nil, container.NewVBox(container.New(layout.NewCustomPaddedLayout(6, 0, 8, 0), disc)), nil, rows)
}
