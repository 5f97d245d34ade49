package pages

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/window/pretend"
)

var now = time.Date(2026, 11, 24, 15, 4, 0, 0, time.UTC)

// rig is the window over a pretended engine. The test's goroutine is Fyne's:
// what the window brings back waits in work until the test runs it.
type rig struct {
	t      *testing.T
	engine *pretend.Engine
	w      *Window
	work   chan func()
	opened []string         // addresses that the browser was asked for
	hang   <-chan time.Time // for a test that hangs
}

// rigUp builds the window and starts the bridge.
func rigUp(t *testing.T, world pretend.World, opt Options) *rig {
	t.Helper()
	app := test.NewTempApp(t)
	r := &rig{t: t, engine: pretend.New(world), work: make(chan func(), 1000), hang: time.After(20 * time.Second)}
	r.engine.Now = func() time.Time { return now }
	opt.Now = r.engine.Now
	opt.OpenURL = func(u *url.URL) error { r.opened = append(r.opened, u.String()); return nil }
	r.w = New(app, r.engine, func(f func()) { r.work <- f }, opt)
	r.w.win.Resize(fyne.NewSize(980, 680))
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	context.AfterFunc(ctx, r.w.cancel)
	b := &bridge{w: r.w, patience: patience{first: time.Minute, retry: time.Millisecond, beat: time.Hour}}
	go b.follow(r.w.ctx)
	return r
}

// lively is the window over the lively world, once it shows it.
func lively(t *testing.T) *rig {
	t.Helper()
	r := rigUp(t, pretend.Lively(now), Options{})
	r.until("the calendars' names", func() bool { return r.sees("Work – Calendar") })
	return r
}

// until runs what the window brings back, until ok.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	for !ok() {
		select {
		case f := <-r.work:
			f()
		case <-r.hang:
			r.t.Fatalf("never: %s; the window shows:\n%s", what, strings.Join(r.texts(), "\n"))
		}
	}
}

// visible walks what can be seen, dialogs last.
func (r *rig) visible(f func(fyne.CanvasObject)) {
	c := r.w.win.Canvas()
	walk(c.Content(), f)
	for _, o := range c.Overlays().List() {
		walk(o, f)
	}
}

func walk(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	f(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, k := range o.Objects {
			walk(k, f)
		}
	case *container.Scroll:
		walk(o.Content, f)
	case fyne.Widget:
		for _, k := range test.WidgetRenderer(o).Objects() {
			walk(k, f)
		}
	}
}

// texts are the labels and buttons that can be seen.
func (r *rig) texts() (out []string) {
	r.visible(func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widget.Label:
			out = append(out, o.Text)
		case *button:
			out = append(out, o.Text)
		case *check:
			out = append(out, o.Text)
		case *widget.Hyperlink:
			out = append(out, o.Text)
		}
	})
	return out
}

// sees reports whether some text that can be seen contains s.
func (r *rig) sees(s string) bool {
	return slices.ContainsFunc(r.texts(), func(x string) bool { return strings.Contains(x, s) })
}

// button finds the last button that can be seen with this label.
func (r *rig) button(label string) *button {
	r.t.Helper()
	var found *button
	r.visible(func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok && b.Text == label {
			found = b
		}
	})
	if found == nil {
		r.t.Fatalf("no button %q; the window shows:\n%s", label, strings.Join(r.texts(), "\n"))
	}
	return found
}

func (r *rig) tap(label string) {
	r.t.Helper()
	test.Tap(r.button(label))
}

// entry finds the last field that can be seen with this placeholder.
func (r *rig) entry(placeholder string) *entry {
	r.t.Helper()
	var found *entry
	r.visible(func(o fyne.CanvasObject) {
		if e, ok := o.(*entry); ok && e.PlaceHolder == placeholder {
			found = e
		}
	})
	if found == nil {
		r.t.Fatalf("no field %q; the window shows:\n%s", placeholder, strings.Join(r.texts(), "\n"))
	}
	return found
}

// choose taps the last option that can be seen with this title.
func (r *rig) choose(title string) {
	r.t.Helper()
	var found *option
	r.visible(func(o fyne.CanvasObject) {
		if x, ok := o.(*option); ok && x.title.Text == title {
			found = x
		}
	})
	if found == nil {
		r.t.Fatalf("no option %q; the window shows:\n%s", title, strings.Join(r.texts(), "\n"))
	}
	test.Tap(found)
}

// tick taps the last check box that can be seen with this label.
func (r *rig) tick(label string) {
	r.t.Helper()
	all := r.checks()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Text == label {
			test.Tap(all[i])
			return
		}
	}
	r.t.Fatalf("no check box %q; the window shows:\n%s", label, strings.Join(r.texts(), "\n"))
}

// checks are the check boxes that can be seen, dialogs last.
func (r *rig) checks() (out []*widget.Check) {
	r.visible(func(o fyne.CanvasObject) {
		switch c := o.(type) {
		case *widget.Check:
			out = append(out, c)
		case *check:
			out = append(out, &c.Check)
		}
	})
	return out
}

// called waits until the engine was asked for something.
func (r *rig) called(call string) {
	r.t.Helper()
	for {
		next := r.engine.NextCall()
		if slices.Contains(r.engine.Calls(), call) {
			return
		}
		select {
		case <-next:
		case f := <-r.work:
			f()
		case <-r.hang:
			r.t.Fatalf("never called: %s; but %q", call, r.engine.Calls())
		}
	}
}

func TestHomeTellsTheStateAtAGlance(t *testing.T) {
	r := lively(t)
	for _, s := range []string{
		"2 changes wait for your decision", "Last sync 1 minute ago · next in 50 seconds", "Decide…",
		"Work – Office", "128 events · synced 1 minute ago",
		"Family – Choir (sends only) – Team plans (off)", "1 event · 3 changes on their way · synced 1 minute ago",
	} {
		if !r.sees(s) {
			t.Errorf("home does not say %q", s)
		}
	}
	r.engine.Change(func(w *pretend.World) { *w = pretend.Trouble(now) })
	r.until("the problems", func() bool { return r.sees("2 problems keep calendars apart") })
	for _, s := range []string{"Twinday is signed out of ada@outlook.example: the password was changed.", "Sign in again.", "since Mon 13:04", "Office cannot be reached: signed out", "Last sync 1 day ago"} {
		if !r.sees(s) {
			t.Errorf("home does not say %q", s)
		}
	}
	if r.sees("Decide…") {
		t.Error("nothing waits any more, and home still asks for a decision")
	}
	r.tap("Sign in again…")
	r.called("BeginSignIn outlook ada@outlook.example plain=false")
}

func TestSyncPauseAndResume(t *testing.T) {
	r := lively(t)
	r.tap("Sync now")
	if !r.button("Syncing…").Disabled() {
		t.Error("a pass can be asked for twice")
	}
	r.called("Sync")
	r.until("the pass is over", func() bool { return r.sees("Sync now") })

	r.tap("Pause")
	menu := r.w.win.Canvas().Overlays().Top()
	if menu == nil {
		t.Fatal("no menu")
	}
	r.w.win.Canvas().Overlays().Remove(menu)
	r.w.home.pause(now.Add(time.Hour))
	r.until("the pause", func() bool { return r.sees("paused until 16:04") })
	r.tap("Resume")
	r.called("Resume")
	r.until("no pause", func() bool { return r.sees("All calendars agree") })
}

func TestAMemberIsSwitchedOffAndOnAgain(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	r.until("the mirrors", func() bool { return len(r.checks()) == 5 })
	test.Tap(r.checks()[1])
	r.called("ChangeMirror m1 ada@lovelace.example//off=false AAMk-calendar//off=true")
	r.until("it is off", func() bool { return !r.checks()[1].Checked })

	r.engine.Change(func(w *pretend.World) { w.Fail = map[string]error{"ChangeMirror": errors.New("no such luck")} })
	test.Tap(r.checks()[1])
	r.until("the reason", func() bool { return r.sees("No such luck") })
	if r.checks()[1].Checked {
		t.Error("the switch shows what the engine refused")
	}
	r.tap("Close")
	if r.sees("No such luck") {
		t.Error("the message stays")
	}
}

func TestADirectionIsChosen(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	var ways []*widget.Select
	r.visible(func(o fyne.CanvasObject) {
		if s, ok := o.(*widget.Select); ok {
			ways = append(ways, s)
		}
	})
	if len(ways) != 5 || ways[3].Selected != "sends only" || !ways[4].Disabled() {
		t.Fatalf("%d directions are shown", len(ways))
	}
	ways[0].SetSelected("receives only")
	r.called("ChangeMirror m1 ada@lovelace.example/receive/off=false AAMk-calendar//off=false")
}

func TestAMirrorIsMadeAndRemoved(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	r.tap("New mirror…")
	boxes := r.checks()[5:] // those of the dialog: only what can be read
	if len(boxes) != 6 {
		t.Fatalf("%d calendars are offered, want the 6 that can be read", len(boxes))
	}
	test.Tap(boxes[2])
	if !r.button("Continue").Disabled() {
		t.Error("one calendar makes no mirror")
	}
	test.Tap(boxes[4])
	r.tap("Continue")
	r.until("the plan", func() bool { return r.sees("86 are made in Calendar") })
	r.tap("Start")
	r.called(`AddMirror "" ada@lovelace.example/holidays/send ada@outlook.example/AAMk-choir`)
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })

	for _, c := range []struct {
		choose string
		want   string
	}{
		{"", "RemoveMirror m1 keep=false"},
		{"Keep the copies as plain events", "RemoveMirror m2 keep=true"},
	} {
		m := r.w.status.Mirrors[0].Mirror
		r.w.cals.removeMirror(m)
		r.visible(func(o fyne.CanvasObject) {
			if g, ok := o.(*widget.RadioGroup); ok && c.choose != "" {
				g.SetSelected(c.choose)
			}
		})
		r.tap("Remove")
		r.called(c.want)
		r.until("the mirror is gone", func() bool { return r.w.status.Mirrors[0].ID != m.ID })
	}
}

func TestKeyboard(t *testing.T) {
	r := lively(t)
	press := func(key fyne.KeyName) {
		s := &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
		if !r.w.shortcut(s) {
			t.Errorf("%s is no shortcut", s.ShortcutName())
		}
	}
	press(fyne.Key3)
	if r.w.shown != 2 {
		t.Error("Ctrl+3 does not show the history")
	}
	press(fyne.Key1)
	press(fyne.KeyR)
	r.called("Sync")
	r.tap("Decide…")
	if pageNames[r.w.shown] != "decisions" {
		t.Error("what waits is not shown")
	}
	press(fyne.Key1)
	r.w.connect("")
	press(fyne.Key2)
	if r.w.shown != 0 {
		t.Error("a page was turned behind a dialog")
	}
	r.w.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if len(r.w.popups) != 0 {
		t.Error("Escape does not close the dialog")
	}
}

func TestAButtonIsPressedByTheKeyboard(t *testing.T) {
	app := test.NewTempApp(t)
	pressed := 0
	b := newButton("Next week", nil, func() { pressed++ }, nil)
	win := app.NewWindow("")
	win.SetContent(b)
	ring := func() bool {
		return slices.Contains(test.LaidOutObjects(b), fyne.CanvasObject(b.ring)) && b.ring.Visible()
	}
	if ring() {
		t.Error("it looks as if the keyboard were there")
	}
	win.Canvas().Focus(b)
	if !ring() {
		t.Error("nothing shows where the keyboard is")
	}
	for i, k := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
		b.TypedKey(&fyne.KeyEvent{Name: k})
		if pressed != i+1 || win.Canvas().Focused() != b {
			t.Errorf("%s: pressed %d times, and the keyboard is at %v", k, pressed, win.Canvas().Focused())
		}
	}
	b.Disable()
	if b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}); pressed != 3 {
		t.Error("it is off, and was pressed")
	}
	win.Canvas().Unfocus()
	if ring() {
		t.Error("it looks as if the keyboard were still there")
	}
}

func TestAHangingEngineNeverFreezesTheWindow(t *testing.T) {
	r := rigUp(t, pretend.Lively(now), Options{CallTimeout: time.Millisecond})
	r.until("the state", func() bool { return r.sees("Sync now") && r.w.calendars != nil })
	r.engine.Change(func(w *pretend.World) { w.Hang = true })
	// Each of these returns at once, or the test would not end: the engine
	// answers no call until its context ends.
	r.tap("Sync now")
	r.tap("Calendars")
	r.tap("History")
	r.tap("Home")
	r.w.home.pause(now.Add(time.Hour))
	if !r.sees("Syncing…") {
		t.Error("the window does not show that it waits")
	}
	r.until("the person hears of it", func() bool { return r.sees("Twinday’s engine did not answer in time.") })
}

func TestAnEngineThatIsGoneIsSaidAndComesBack(t *testing.T) {
	r := lively(t)
	r.engine.Change(func(w *pretend.World) { w.Fail = map[string]error{"Watch": errors.New("connection refused")} })
	r.until("the banner", func() bool { return r.sees("Twinday’s engine is not answering. Trying again…") })
	if !r.button("Sync now").Disabled() {
		t.Error("a pass can be asked for from an engine that is gone")
	}
	if !r.sees("Work – Office") {
		t.Error("what was known is gone from the page")
	}
	r.engine.Change(func(w *pretend.World) { w.Fail = nil })
	r.until("no banner", func() bool { return !r.sees("not answering") })
}

func TestTheNewestStatusOnlyWaitsForABusyWindow(t *testing.T) {
	r := lively(t)
	r.until("quiet", func() bool { return len(r.work) == 0 })
	b := &bridge{w: r.w}
	for i := range 1000 {
		b.bring(control.Status{Pass: uint64(i)})
	}
	if len(r.work) != 1 {
		t.Errorf("%d statuses wait for the window", len(r.work))
	}
	r.until("the newest", func() bool { return r.w.status.Pass == 999 })
}

func TestClosingTheOnlyFaceAsks(t *testing.T) {
	r := rigUp(t, pretend.Lively(now), Options{NoTray: true})
	r.until("the state", func() bool { return r.sees("Sync now") })
	r.w.askBeforeClose()
	r.tap("Cancel")
	if r.w.ctx.Err() != nil || len(r.engine.Calls()) != 0 {
		t.Fatal("cancelled, and yet something happened")
	}
	r.w.askBeforeClose()
	r.tap("Quit Twinday")
	r.called("Quit")
	r.until("the window is closed", func() bool { return r.w.ctx.Err() != nil })
}

// Long names must not push a page wider than the window.
func TestLongNamesAreCut(t *testing.T) {
	r := rigUp(t, pretend.Long(now), Options{})
	r.until("the calendars' names", func() bool { return r.w.calendars != nil })
	for i, p := range r.w.pages {
		r.w.show(i)
		if i == 2 {
			r.until("the history", func() bool { return len(r.w.hist.marks) > 0 })
			r.w.hist.list.Select(0)
		}
		if got := p.object().MinSize().Width; got > 800 {
			t.Errorf("page %d wants to be %.0f wide", i, got)
		}
	}
	if got := r.w.win.Content().MinSize(); got.Width > 980 || got.Height > 680 {
		t.Errorf("the window wants to be %v", got)
	}
}
