// Package pages is what Twinday's window shows: its pages, dialogs and widgets,
// and the bridge that brings the engine's news to them. It speaks to the engine
// through control.Backend only, is handed its fyne.App, and must not import
// fyne.io/fyne/v2/app: so its tests need neither cgo nor a display.
//
// Everything in here runs on Fyne's one goroutine, except what call and the
// bridge start; those come back through the executor.
package pages

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// Options of the window. The zero value is right for the program.
type Options struct {
	// NoTray says that there is no tray icon, so that closing the window must
	// ask whether to go on without a face.
	NoTray bool
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// OpenURL opens an address in the person's browser; the app's if nil.
	OpenURL func(*url.URL) error
	// AtLogin is asked whether Twinday starts at login; nil where that cannot be set.
	AtLogin AtLogin
	// SaveFile and OpenFile let the person choose a file; dialogs of the window's if nil.
	SaveFile func(w *Window, name string, content []byte, done func())
	OpenFile func(w *Window, done func([]byte, error))
	// Demo starts the demo, in a process of its own; nil where it cannot be started.
	Demo func() error
	// CallTimeout is how long the engine may take to answer; 15 s if zero. A
	// pass and a sign-in have limits of their own.
	CallTimeout time.Duration
}

const (
	// A pass may take long: the first one copies whole calendars.
	syncTimeout = 2 * time.Hour
	// Removing a mirror deletes its copies, one request each.
	removeTimeout = 30 * time.Minute
)

// Window is the whole window. Its methods belong on Fyne's goroutine.
type Window struct {
	opt     Options
	app     fyne.App
	win     fyne.Window
	backend control.Backend
	do      func(func())
	ctx     context.Context
	cancel  context.CancelFunc

	known     bool // whether status was ever heard
	status    control.Status
	calendars map[state.Ref]state.Calendar // nil until listed
	listing   bool                         // a listing of calendars is under way

	banner    fyne.CanvasObject // shown while the engine does not answer
	version   *widget.Label
	nav       []*button
	pages     []page
	home      *home
	cals      *calendarsPage
	hist      *historyPage
	decide    *decisionsPage
	set       *settingsPage
	faces     control.Faces // as shown
	shown     int
	popups    []*popup
	saveIn    string // the folder where a file was last kept
	shortcuts map[string]func()
}

// page is one page of the window.
type page interface {
	object() fyne.CanvasObject
	// update shows w.status, w.calendars and the time.
	update()
	// enter is called when the page comes into view.
	enter()
}

// New builds the window, without showing it. do runs a function on Fyne's
// goroutine: fyne.Do in the program.
func New(app fyne.App, backend control.Backend, do func(func()), opt Options) *Window {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.OpenURL == nil {
		opt.OpenURL = app.OpenURL
	}
	if opt.CallTimeout == 0 {
		opt.CallTimeout = 15 * time.Second
	}
	if opt.SaveFile == nil {
		opt.SaveFile = saveFile
	}
	if opt.OpenFile == nil {
		opt.OpenFile = openFile
	}
	app.Settings().SetTheme(newLook(control.SystemTheme))
	app.SetIcon(fyne.NewStaticResource("twinday.png", assets.AppIcon()))
	w := &Window{opt: opt, app: app, backend: backend, do: do, win: app.NewWindow("Twinday"), shown: -1}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.win.SetOnClosed(w.cancel)
	w.win.SetCloseIntercept(w.leave)
	w.build()
	w.keys()
	w.win.Resize(fyne.NewSize(980, 680))
	w.win.CenterOnScreen()
	w.show(0)
	return w
}

// Fyne is the window as Fyne knows it.
func (w *Window) Fyne() fyne.Window { return w.win }

// Closed is closed when the window is, or when the ctx of Start ended.
func (w *Window) Closed() <-chan struct{} { return w.ctx.Done() }

func (w *Window) build() {
	w.home, w.cals, w.hist, w.decide, w.set = newHome(w), newCalendarsPage(w), newHistoryPage(w), newDecisionsPage(w), newSettingsPage(w)
	w.pages, w.nav = []page{w.home, w.cals, w.hist, w.decide, w.set}, nil
	titles := []string{assets.Text("Home"), assets.Text("Calendars"), assets.Text("History"), assets.Text("Decisions"), assets.Text("Settings")}
	icons := []fyne.Resource{theme.HomeIcon(), theme.CalendarIcon(), theme.HistoryIcon(), theme.QuestionIcon(), theme.SettingsIcon()}
	side := container.NewVBox()
	body := container.NewStack()
	for i, p := range w.pages {
		b := newButton(titles[i], icons[i], func() { w.show(i) }, w.escape)
		b.Alignment = widget.ButtonAlignLeading
		b.Importance = widget.LowImportance
		w.nav = append(w.nav, b)
		side.Add(b)
		p.object().Hide()
		body.Add(p.object())
	}
	w.version = short("")
	w.version.SizeName = theme.SizeNameCaptionText
	side.Add(layout.NewSpacer())
	side.Add(w.version)
	nav := newBackdrop(colorNav, 0, container.New(layout.NewCustomPaddedLayout(12, 4, 10, 10), width(140, side)))

	w.banner = newBackdrop(theme.ColorNameButton, 0, container.NewPadded(container.NewHBox(
		widget.NewIcon(theme.NewWarningThemedResource(theme.WarningIcon())),
		widget.NewLabel(assets.Text("Twinday’s engine is not answering. Trying again…")))))
	w.banner.Hide()
	w.win.SetPadded(false)
	w.win.SetContent(container.NewBorder(w.banner, nil, nav, nil, body))
}

// face takes on the language and the appearance that the person chose, in whatever face.
func (w *Window) face(f control.Faces) {
	before := w.faces
	w.faces = f
	if f.Theme != before.Theme {
		w.app.Settings().SetTheme(newLook(f.Theme))
	}
	if f.Language == before.Language {
		return
	}
	assets.Speak(f.Language)
	for len(w.popups) > 0 {
		w.escape()
	}
	at, offset, list := w.shown, w.set.root.Offset, w.cals.list
	w.build()
	w.cals.list, w.set.root.Offset = list, offset
	w.shown = -1
	w.show(at)
}

// Turn turns to the page of this name: "home", "calendars", "history", "decisions" or
// "settings". A name that is none changes nothing.
func (w *Window) Turn(name string) {
	if i := slices.Index(pageNames, name); i >= 0 {
		w.show(i)
	}
}

// pageNames are what other processes call the pages, in their order.
var pageNames = []string{"home", "calendars", "history", "decisions", "settings"}

// show turns to a page.
func (w *Window) show(i int) {
	if w.shown == i {
		return
	}
	w.shown = i
	for k, p := range w.pages {
		setShown(p.object(), k == i)
		w.nav[k].Importance = widget.LowImportance
		if k == i {
			w.nav[k].Importance = widget.MediumImportance
		}
		w.nav[k].Refresh()
	}
	w.pages[i].update()
	w.pages[i].enter()
}

// keys makes Ctrl+R sync, Ctrl+1 to Ctrl+5 turn pages and Escape close dialogs.
func (w *Window) keys() {
	w.shortcuts = map[string]func(){}
	add := func(key fyne.KeyName, f func()) {
		s := &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
		w.shortcuts[s.ShortcutName()] = func() {
			if len(w.popups) == 0 {
				f()
			}
		}
		w.win.Canvas().AddShortcut(s, func(fyne.Shortcut) { w.shortcuts[s.ShortcutName()]() })
	}
	add(fyne.KeyR, func() { w.home.sync() })
	for i, key := range []fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5} {
		add(key, func() { w.show(i) })
	}
	w.win.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			w.escape()
		}
	})
}

// shortcut runs one of the window's shortcuts, if it is one.
func (w *Window) shortcut(s fyne.Shortcut) bool {
	f, ok := w.shortcuts[s.ShortcutName()]
	if ok {
		f()
	}
	return ok
}

// name is what a calendar is called.
func (w *Window) name(ref state.Ref) string {
	if c, ok := w.calendars[ref]; ok && c.Name != "" {
		return c.Name
	}
	if ref.Calendar == "" {
		return string(ref.Account)
	}
	return string(ref.Calendar)
}

// accountName is what an account is called in a line of text.
func (w *Window) accountName(id state.AccountID) string {
	for _, a := range w.status.Accounts {
		if a.ID == id && a.Email != "" {
			return a.Email
		}
	}
	return string(id)
}

// place is a calendar and whose it is: "Calendar (ada@work.example)".
func (w *Window) place(ref state.Ref) string {
	name, account := w.name(ref), w.accountName(ref.Account)
	if name == account { // a main calendar at Google is called like its account
		return name
	}
	return name + " (" + account + ")"
}

// mirror is one of the engine's mirrors, as last heard.
func (w *Window) mirror(id state.MirrorID) (state.Mirror, bool) {
	for _, m := range w.status.Mirrors {
		if m.ID == id {
			return m.Mirror, true
		}
	}
	return state.Mirror{}, false
}

// call asks the engine for something, off Fyne's goroutine, and brings the
// answer back to it. When the window closes meanwhile, done is not called.
func call[T any](w *Window, limit time.Duration, f func(context.Context) (T, error), done func(T, error)) {
	go func() {
		ctx, cancel := context.WithTimeout(w.ctx, limit)
		defer cancel()
		v, err := f(ctx)
		if w.ctx.Err() == nil {
			w.do(func() { done(v, err) })
		}
	}()
}

// ask is call for what gives no answer but an error.
func (w *Window) ask(limit time.Duration, f func(context.Context) error, done func(error)) {
	call(w, limit, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) },
		func(_ struct{}, err error) { done(err) })
}

// tell shows what went wrong, in the engine's words. A nil error says nothing.
func (w *Window) tell(title string, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	var p *popup
	ok := important(newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape), widget.HighImportance)
	p = w.popup(title, fyne.NewSize(440, 160), prose(say.Capital(reason(err))), ok)
}

// reason is what went wrong, in the engine's words.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return assets.Text("Twinday’s engine did not answer in time. Try again in a moment.")
	}
	return assets.Said(err.Error())
}

// confirm asks before something is done. Doing is the button's word.
func (w *Window) confirm(title string, body fyne.CanvasObject, doing string, how widget.Importance, yes func()) {
	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	ok := important(newButton(doing, nil, func() { p.close(); yes() }, w.escape), how)
	p = w.popup(title, fyne.NewSize(460, 200), body, cancel, ok)
}

// leave closes the window. Where that hides Twinday altogether it asks first; where the
// tray's icon stays, it says once that the sync does.
func (w *Window) leave() {
	switch {
	case w.opt.NoTray:
		w.askBeforeClose()
	case !w.known || w.status.Faces.ToldToClose:
		w.win.Close()
	default:
		w.tellBeforeClose()
	}
}

// tellBeforeClose says that closing the window ends no sync, and remembers that it did.
func (w *Window) tellBeforeClose() {
	for len(w.popups) > 0 {
		w.escape()
	}
	told := func(then func(context.Context) error) func() {
		return func() {
			w.ask(w.opt.CallTimeout, func(ctx context.Context) error {
				s, err := w.backend.Settings(ctx)
				if err == nil {
					s.Faces.ToldToClose = true
					_, err = w.backend.ChangeSettings(ctx, s)
				}
				if err != nil {
					slog.Warn("window: it will say once more that closing it ends no sync", "err", err)
				}
				return then(ctx)
			}, func(error) { w.win.Close() })
		}
	}
	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	quit := newButton(assets.Text("Quit Twinday"), nil, told(w.backend.Quit), w.escape)
	ok := important(newButton(assets.Text("Close the window"), nil, told(func(context.Context) error { return nil }), w.escape), widget.HighImportance)
	p = w.popup(assets.Text("Twinday goes on syncing"), fyne.NewSize(480, 200),
		prose(assets.Text("Closing the window does not end it: its icon stays in the tray, and a click there brings the window back. You are told this once.")), cancel, quit, ok)
}

// askBeforeClose lets the person choose what becomes of the syncing when the
// window is the only face.
func (w *Window) askBeforeClose() {
	if len(w.popups) > 0 {
		w.escape()
	}
	var p *popup
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	quit := newButton(assets.Text("Quit Twinday"), nil, func() {
		w.ask(w.opt.CallTimeout, w.backend.Quit, func(error) { w.win.Close() })
	}, w.escape)
	keep := important(newButton(assets.Text("Keep syncing"), nil, w.win.Close, w.escape), widget.HighImportance)
	p = w.popup(assets.Text("Close the window?"), fyne.NewSize(480, 200),
		prose(assets.Text("This desktop shows no tray icon. Twinday can go on syncing without a window; start it again to see it.")), cancel, quit, keep)
}
