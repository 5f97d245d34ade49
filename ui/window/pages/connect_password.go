package pages

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
)

// login asks where the calendars are, and for a name and a password; then req is signed
// in. Services that people know by name come first.
func (w *Window) login(req control.NewAccount, info control.ProviderInfo) {
	where := newEntry(assets.Text("Address of the server"), w.escape, w.shortcut)
	user := newEntry(assets.Text("Your name there, often a mail address"), w.escape, w.shortcut)
	password := newEntry(assets.Text("Password, best one made for Twinday"), w.escape, w.shortcut)
	password.Password = true
	hint := prose("")
	ok := important(newButton(assets.Text("Connect"), nil, nil, w.escape), widget.HighImportance)
	check := func(string) {
		complete := strings.TrimSpace(where.Text) != "" && !strings.Contains(where.Text, "HOST") && strings.TrimSpace(user.Text) != "" && password.Text != ""
		setEnabled(ok, complete)
	}
	where.OnChanged, user.OnChanged, password.OnChanged = check, check, check

	rows := container.NewVBox()
	first := user     // what the keyboard begins with
	if req.ID == "" { // an account that is known stays where it is
		var names []string
		for _, p := range info.Presets {
			names = append(names, p.Name)
		}
		choose := func(i int) {
			p := control.PresetInfo{}
			if i < len(info.Presets) {
				p = info.Presets[i]
			}
			where.SetText(p.URL)
			hint.SetText(assets.Said(p.Hint))
			setShown(hint, p.Hint != "")
			check("")
		}
		at := 0
		if tried := req.Endpoint.BaseURL; tried != "" {
			if at = slices.IndexFunc(info.Presets, func(p control.PresetInfo) bool { return p.URL == tried }); at < 0 {
				at = len(info.Presets)
			}
		}
		choose(at)
		if req.Endpoint.BaseURL != "" {
			where.SetText(req.Endpoint.BaseURL)
		}
		rows.Add(framed(newPick(append(names, assets.Text("Another server")), at, choose, keeper{escape: w.escape})))
		rows.Add(where)
	} else {
		where.SetText(req.Endpoint.BaseURL)
		hint.Hide()
	}
	if req.Login != nil { // of a try that failed
		user.SetText(req.Login.User)
		first = password
	}
	rows.Add(hint)
	rows.Add(user)
	rows.Add(password)
	check("")
	submitBy(ok, where, user, password)

	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	ok.OnTapped = func() {
		p.close()
		req.Endpoint.BaseURL = strings.TrimSpace(where.Text)
		req.Login = &control.Login{User: strings.TrimSpace(user.Text), Password: password.Text}
		w.signIn(req)
	}
	p = w.popup(assets.Text("Connect {{.Provider}}", "Provider", say.Provider(req.Provider)), fyne.NewSize(560, 360), container.NewVScroll(rows), cancel, ok)
	w.win.Canvas().Focus(first)
}

// loginAgain signs an account in anew that goes by a name and a password.
func (w *Window) loginAgain(req control.NewAccount) {
	call(w, w.opt.CallTimeout, w.backend.Providers, func(list []control.ProviderInfo, err error) {
		for _, x := range list {
			if err == nil && x.Provider == req.Provider {
				w.login(req, x)
			}
		}
		if err != nil {
			w.notSignedIn(req, err)
		}
	})
}
