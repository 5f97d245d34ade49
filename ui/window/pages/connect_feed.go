package pages

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// feed asks where a calendar is published, and for a name and a password if it wants them;
// then req is connected.
func (w *Window) feed(req control.NewAccount) {
	where := newEntry(assets.Text("Address: https://…, webcal://…, or a file"), w.escape, w.shortcut)
	user := newEntry(assets.Text("Your name there, if it wants one"), w.escape, w.shortcut)
	password := newEntry(assets.Text("Password, if it wants one"), w.escape, w.shortcut)
	password.Password = true
	ok := important(newButton(assets.Text("Connect"), nil, nil, w.escape), widget.HighImportance)
	check := func(string) {
		setEnabled(ok, strings.TrimSpace(where.Text) != "" && (strings.TrimSpace(user.Text) == "") == (password.Text == ""))
	}
	where.OnChanged, user.OnChanged, password.OnChanged = check, check, check
	where.SetText(req.Endpoint.BaseURL) // of a try that failed
	if req.Login != nil {
		user.SetText(req.Login.User)
	}
	check("")
	submitBy(ok, where, user, password)

	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	ok.OnTapped = func() {
		p.close()
		req.Endpoint.BaseURL, req.Login = strings.TrimSpace(where.Text), nil
		if name := strings.TrimSpace(user.Text); name != "" {
			req.Login = &control.Login{User: name, Password: password.Text}
		}
		w.signIn(req)
	}
	rows := container.NewVBox(
		prose(assets.Text("Its publisher shows the address, often as “subscribe” or “iCal”. A private address is as good as a password: Twinday keeps it as one.")),
		where, user, password)
	p = w.popup(connectTitle(req.Provider), fyne.NewSize(560, 340), rows, cancel, ok)
	w.win.Canvas().Focus(where)
}
