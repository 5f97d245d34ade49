package pages

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// AtLogin looks up and changes whether Twinday starts at login, and whether without its
// window. It may take a moment.
type AtLogin interface {
	Get() (on, hidden bool, err error)
	Set(on, hidden bool) error
}

// settingsPage is what the person can set for all of Twinday. What is changed holds at once.
type settingsPage struct {
	w    *Window
	root *container.Scroll
	body *fyne.Container

	settings  control.Settings
	providers []control.ProviderInfo
	known     bool // whether settings were ever read
	on, bare  bool // it starts at login; without its window
	atLogin   bool // whether that is known

	backup *widget.Label
}

func newSettingsPage(w *Window) *settingsPage {
	p := &settingsPage{w: w, body: column(), backup: faint("")}
	p.root = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14), p.body))
	p.body.Add(panel(prose(assets.Text("Looking…"))))
	return p
}

func (p *settingsPage) object() fyne.CanvasObject { return p.root }

func (p *settingsPage) update() {
	setText(p.backup, assets.Text("Last backup: {{.When}}. One is made every day.", "When", assets.Moment(p.w.opt.Now(), p.w.status.LastBackup)))
}

// read is all that the page shows, as it was asked for.
type read struct {
	settings  control.Settings
	providers []control.ProviderInfo
	on, bare  bool
	atLogin   bool
}

// enter reads what is set: other faces may have changed it.
func (p *settingsPage) enter() {
	call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (r read, err error) {
		if r.settings, err = p.w.backend.Settings(ctx); err != nil {
			return r, err
		}
		if r.providers, err = p.w.backend.Providers(ctx); err != nil {
			return r, err
		}
		if p.w.opt.AtLogin != nil {
			r.on, r.bare, err = p.w.opt.AtLogin.Get()
			r.atLogin = err == nil
		}
		return r, nil
	}, func(r read, err error) {
		if err != nil {
			p.body.RemoveAll()
			p.body.Add(panel(prose(say.Capital(reason(err))), container.NewHBox(newButton(assets.Text("Try again"), nil, p.enter, p.w.escape))))
			return
		}
		p.settings, p.providers, p.on, p.bare, p.atLogin, p.known = r.settings, r.providers, r.on, r.bare, r.atLogin, true
		p.draw()
	})
}

// change has the engine keep changed settings, and shows what it made of them.
func (p *settingsPage) change(edit func(*control.Settings)) {
	s := p.settings
	edit(&s)
	if reflect.DeepEqual(s, p.settings) {
		return
	}
	p.settings = s
	call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (control.Settings, error) { return p.w.backend.ChangeSettings(ctx, s) },
		func(kept control.Settings, err error) {
			if err != nil {
				p.w.tell(assets.Text("That was not kept"), err)
				p.enter()
				return
			}
			p.settings = kept
		})
}

// setting is a row of the page: what it is, a word on it, and the control at the right.
func setting(title, note string, control fyne.CanvasObject) fyne.CanvasObject {
	says := []fyne.CanvasObject{prose(title)}
	if note != "" {
		says = append(says, faint(note))
	}
	return container.NewBorder(nil, nil, nil, container.NewVBox(container.New(layout.NewCustomPaddedLayout(3, 0, 8, 0), control)), container.New(tight{gap: -12, middle: true}, says...))
}

// chooser is a pick of a fixed width: controls of one column should be alike.
func chooser(p *pick) fyne.CanvasObject { return width(230, framed(p)) }

func (p *settingsPage) draw() {
	offset := p.root.Offset
	k := keeper{escape: p.w.escape, reveal: revealIn(p.root)}
	p.body.RemoveAll()
	p.body.Add(heading(assets.Text("General")))
	p.body.Add(panel(p.general(k)...))
	p.body.Add(heading(assets.Text("Syncing")))
	p.body.Add(panel(p.rhythm(k)...))
	p.body.Add(heading(assets.Text("Network and sign-in")))
	p.body.Add(panel(p.network(k)...))
	p.body.Add(heading(assets.Text("Your data")))
	p.body.Add(panel(p.data()...))
	p.body.Refresh()
	p.update()
	p.root.ScrollToOffset(offset)
}

func (p *settingsPage) general(k keeper) []fyne.CanvasObject {
	f := p.settings.Faces
	var rows []fyne.CanvasObject
	if p.atLogin {
		at := 0
		if p.on {
			at = map[bool]int{true: 1, false: 2}[p.bare]
		}
		login := newPick([]string{assets.Text("No"), assets.Text("With its icon alone"), assets.Text("With its window")}, at, func(i int) {
			on, hidden := i > 0, i == 1
			p.w.ask(p.w.opt.CallTimeout, func(context.Context) error { return p.w.opt.AtLogin.Set(on, hidden) }, func(err error) {
				p.w.tell(assets.Text("That was not kept"), err)
				if err == nil {
					p.on, p.bare = on, hidden
				}
			})
		}, k)
		rows = append(rows, setting(assets.Text("Start at login"), assets.Text("So that your calendars are alike without a thought."), chooser(login)))
	}
	names, at := []string{assets.Text("As the system has it")}, 0
	for i, l := range assets.Languages {
		names = append(names, l.Name)
		if l.Tag == f.Language {
			at = i + 1
		}
	}
	language := newPick(names, at, func(i int) {
		p.change(func(s *control.Settings) {
			s.Faces.Language = ""
			if i > 0 {
				s.Faces.Language = assets.Languages[i-1].Tag
			}
		})
	}, k)
	themes := []control.Theme{control.SystemTheme, control.LightTheme, control.DarkTheme}
	look := newPick([]string{assets.Text("As the system has it"), assets.Text("Light"), assets.Text("Dark")}, slices.Index(themes, f.Theme), func(i int) {
		p.change(func(s *control.Settings) { s.Faces.Theme = themes[i] })
	}, k)
	notes := []control.Notify{control.NotifyProblems, control.NotifyChanges, control.NotifyNever}
	notify := newPick([]string{assets.Text("Problems and decisions"), assets.Text("What crosses as well"), assets.Text("Nothing")}, slices.Index(notes, f.Notify), func(i int) {
		p.change(func(s *control.Settings) { s.Faces.Notify = notes[i] })
	}, k)
	return append(rows,
		setting(assets.Text("Language"), "", chooser(language)),
		setting(assets.Text("Appearance"), "", chooser(look)),
		setting(assets.Text("Notify me of"), assets.Text("One notification for each problem. When all is well you hear nothing."), chooser(notify)))
}

// intervals are what is offered, in minutes.
var intervals = []int{1, 2, 5, 10, 15, 30, 60}

func (p *settingsPage) rhythm(k keeper) []fyne.CanvasObject {
	r := p.settings.Rhythm
	minutes := intervals
	now := int(r.Interval().Minutes())
	if !slices.Contains(minutes, now) { // set in the terminal
		minutes = append(slices.Clone(minutes), now)
		slices.Sort(minutes)
	}
	var words []string
	for _, m := range minutes {
		words = append(words, assets.Count("Every {{.N}} minutes", m))
	}
	every := newPick(words, slices.Index(minutes, now), func(i int) {
		p.change(func(s *control.Settings) { s.Rhythm.Minutes = minutes[i] })
	}, k)
	from, to, _ := strings.Cut(r.Quiet, "-")
	var first, last *entry
	hours := container.NewHBox()
	keep := func() {
		quiet := ""
		if hours.Visible() {
			quiet = first.Text + "-" + last.Text
		}
		p.change(func(s *control.Settings) { s.Rhythm.Quiet = quiet })
	}
	clock := func(text, otherwise string) *entry {
		e := newEntry("", p.w.escape, p.w.shortcut)
		e.reveal = k.reveal
		if text == "" {
			text = otherwise
		}
		e.SetText(text)
		e.OnSubmitted = func(string) { keep() }
		e.left = keep
		return e
	}
	first, last = clock(from, "22:00"), clock(to, "07:00")
	hours.Objects = []fyne.CanvasObject{width(70, first), short("–"), width(70, last)}
	setShown(hours, r.Quiet != "")
	on := newCheck("", r.Quiet != "", func(on bool) {
		setShown(hours, on)
		keep()
	}, k)
	return []fyne.CanvasObject{
		setting(assets.Text("Look for changes"), assets.Text("More often while changes flow, and at once when you ask."), chooser(every)),
		setting(assets.Text("Quiet hours"), assets.Text("Nothing is synced by itself then, and nobody notified."), container.NewHBox(hours, on)),
	}
}

func (p *settingsPage) network(k keeper) []fyne.CanvasObject {
	n := p.settings.Network
	says := assets.Text("As the system has it")
	switch n.Proxy {
	case "":
	case "none":
		says = assets.Text("No proxy")
	default:
		says = n.Proxy
	}
	rows := []fyne.CanvasObject{setting(assets.Text("Proxy"), says, newButton(assets.Text("Change…"), nil, p.proxy, p.w.escape))}
	root := assets.Text("Those of the system")
	if n.RootCertificate != "" {
		root = assets.Text("Those of the system, and one of yours")
	}
	certificate := newButton(assets.Text("Choose a file…"), nil, func() {
		p.w.opt.OpenFile(p.w, func(text []byte, err error) {
			if err != nil {
				p.w.tell(assets.Text("That was not kept"), err)
				return
			}
			p.changed(func(s *control.Settings) { s.Network.RootCertificate = strings.TrimSpace(string(text)) })
		})
	}, p.w.escape)
	forget := newButton(assets.Text("Remove"), nil, func() { p.changed(func(s *control.Settings) { s.Network.RootCertificate = "" }) }, p.w.escape)
	setShown(forget, n.RootCertificate != "")
	rows = append(rows, setting(assets.Text("Root certificates"), root, container.NewHBox(forget, certificate)))
	for _, x := range p.providers {
		if !x.Password && !x.Feed {
			rows = append(rows, p.client(x))
		}
	}
	return rows
}

// client is as whom one provider's accounts sign in.
func (p *settingsPage) client(x control.ProviderInfo) fyne.CanvasObject {
	says, back := assets.Text("The one that is built in"), false
	switch x.Client {
	case control.OwnClient:
		says, back = assets.Text("Yours: {{.ID}}", "ID", p.settings.Clients[x.Provider].ID), true
	case "":
		says = assets.Text("None yet. It is asked for when you connect an account.")
	}
	own := newButton(assets.Text("Use your own…"), nil, func() {
		p.w.giveClient(control.NewAccount{Provider: x.Provider}, assets.Text("Save"), func(control.NewAccount) { p.enter() })
	}, p.w.escape)
	forget := newButton(assets.Text("Remove"), nil, func() {
		p.changed(func(s *control.Settings) {
			clients := map[state.ProviderKind]state.Client{}
			for kind, c := range s.Clients {
				if kind != x.Provider {
					clients[kind] = c
				}
			}
			s.Clients = clients
		})
	}, p.w.escape)
	setShown(forget, back)
	return setting(assets.Text("Client id for {{.Provider}}", "Provider", say.Provider(x.Provider)), says, container.NewHBox(forget, own))
}

// changed is change for what shows on the page in another place than where it was changed.
func (p *settingsPage) changed(edit func(*control.Settings)) {
	s := p.settings
	edit(&s)
	call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (control.Settings, error) { return p.w.backend.ChangeSettings(ctx, s) },
		func(_ control.Settings, err error) {
			p.w.tell(assets.Text("That was not kept"), err)
			p.enter()
		})
}

// proxy asks for the way out of the machine.
func (p *settingsPage) proxy() {
	n := p.settings.Network
	at := map[string]int{"": 0, "none": 1}[n.Proxy]
	if n.Proxy != "" && n.Proxy != "none" {
		at = 2
	}
	fields := container.NewVBox()
	scroll := container.NewVScroll(container.NewVBox())
	k := keeper{escape: p.w.escape, reveal: revealIn(scroll)}
	entries := map[string]*entry{}
	for _, f := range []struct{ label, hint, text string }{
		{assets.Text("Address"), "http://proxy.example:8080, https://…, socks5://…", map[bool]string{true: n.Proxy}[at == 2]},
		{assets.Text("Name, if it wants one"), "", n.ProxyUser},
		{assets.Text("Password"), map[bool]string{true: assets.Text("as it was")}[n.ProxyUser != ""], ""},
		{assets.Text("Hosts to reach without it"), ".example, 10.0.0.0/8", n.Bypass},
	} {
		e := newEntry(f.hint, p.w.escape, p.w.shortcut)
		e.Password = f.label == assets.Text("Password")
		e.reveal = k.reveal
		e.SetText(f.text)
		entries[f.label] = e
		fields.Add(lines(short(f.label), e))
	}
	setShown(fields, at == 2)
	kinds := newOptions([]string{assets.Text("As the system has it"), assets.Text("No proxy"), assets.Text("This one")}, []string{
		assets.Text("What the system or its administrator set."), assets.Text("Twinday reaches the services directly."), assets.Text("The password is kept where your sign-ins are."),
	}, at, func(i int) { at = i; setShown(fields, i == 2) }, k)
	rows := scroll.Content.(*fyne.Container)
	for _, o := range kinds {
		rows.Add(o)
	}
	rows.Add(fields)
	var d *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { d.close() }, p.w.escape)
	var save *button
	save = important(newButton(assets.Text("Save"), nil, func() {
		s := p.settings
		s.Network.Proxy, s.Network.ProxyUser, s.Network.Bypass, s.ProxyPassword = []string{"", "none", strings.TrimSpace(entries[assets.Text("Address")].Text)}[at], "", "", ""
		if at == 2 {
			s.Network.ProxyUser, s.Network.Bypass = strings.TrimSpace(entries[assets.Text("Name, if it wants one")].Text), strings.TrimSpace(entries[assets.Text("Hosts to reach without it")].Text)
			s.ProxyPassword = entries[assets.Text("Password")].Text
		}
		save.Disable()
		call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (control.Settings, error) { return p.w.backend.ChangeSettings(ctx, s) },
			func(_ control.Settings, err error) {
				save.Enable()
				if err != nil {
					p.w.tell(assets.Text("That was not kept"), err)
					return
				}
				d.close()
				p.enter()
			})
	}, p.w.escape), widget.HighImportance)
	d = p.w.popup(assets.Text("Proxy"), fyne.NewSize(480, 480), scroll, cancel, save)
}

func (p *settingsPage) data() []fyne.CanvasObject {
	folder := p.w.status.DataDir
	open := newButton(assets.Text("Open"), theme.FolderOpenIcon(), func() {
		if err := p.w.opt.OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}); err != nil {
			p.w.tell(assets.Text("That did not work"), err)
		}
	}, p.w.escape)
	rows := []fyne.CanvasObject{
		setting(assets.Text("Data folder"), folder, open),
		container.New(tight{gap: -12, middle: true}, text(assets.Text("Backups")), p.backup),
		setting(assets.Text("Settings and mirrors"), assets.Text("To keep them, or to take them to another computer. No events, nothing to sign in with."), container.NewHBox(
			newButton(assets.Text("Export…"), nil, p.export, p.w.escape), newButton(assets.Text("Import…"), nil, p.load, p.w.escape))),
		setting(assets.Text("Report for people who help"), assets.Text("Versions, counts and failures; what is private is taken out. You see it before it is saved."),
			newButton(assets.Text("Show…"), nil, p.report, p.w.escape)),
	}
	s := p.w.status
	if s.Version != "" {
		who := fmt.Sprintf("Twinday %s", s.Version)
		if s.Installation.ID != "" {
			who += " · " + assets.Text("this one is {{.ID}}", "ID", s.Installation.ID)
		}
		rows = append(rows, faint(who))
	}
	return rows
}
