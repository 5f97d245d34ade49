package pages

import (
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

// atLogin pretends to be what starts at login.
type atLogin struct {
	on, hidden bool
	fail       error
}

func (a *atLogin) Get() (on, hidden bool, err error) { return a.on, a.hidden, a.fail }
func (a *atLogin) Set(on, hidden bool) error         { a.on, a.hidden = on, hidden; return nil }

// settings is the window on its settings page.
func settings(t *testing.T, opt Options, change func(*pretend.World)) *rig {
	t.Helper()
	t.Cleanup(func() { assets.Speak("en") })
	world := pretend.Lively(now)
	if change != nil {
		change(&world)
	}
	r := rigUp(t, world, opt)
	r.until("the status", func() bool { return r.w.known })
	r.w.show(len(r.w.pages) - 1)
	r.until("the settings", func() bool { return r.w.set.known || r.sees("Try again") })
	return r
}

// A calendar server asks for a password, a published calendar for nothing.
func TestClientIDsAreOfServicesThatHaveThem(t *testing.T) {
	r := settings(t, Options{}, func(w *pretend.World) {
		w.Providers = append(pretend.Connectable(""), control.ProviderInfo{Provider: state.CalDAV, Password: true}, control.ProviderInfo{Provider: state.ICS, Feed: true})
	})
	r.until("the services", func() bool { return r.sees("Client id for Google") && r.sees("Client id for Outlook") })
	for _, x := range r.texts() {
		if x == "Client id for CalDAV" || x == "Client id for Published calendar" {
			t.Errorf("%q is offered", x)
		}
	}
}

// turn picks a word of the pick that shows another one now.
func (r *rig) turn(now, want string) {
	r.t.Helper()
	var found *pick
	r.visible(func(o fyne.CanvasObject) {
		if p, ok := o.(*pick); ok && p.Selected == now && found == nil {
			found = p
		}
	})
	if found == nil {
		r.t.Fatalf("nothing shows %q", now)
	}
	found.SetSelected(want)
}

func TestSettingsHoldAtOnce(t *testing.T) {
	login := &atLogin{}
	r := settings(t, Options{AtLogin: login}, nil)
	for _, c := range []struct{ from, to, told string }{
		{"Every 2 minutes", "Every 10 minutes", `"minutes":10`},
		{"Problems and decisions", "Nothing", `"notify":"never"`},
	} {
		r.turn(c.from, c.to)
		r.until(c.told, func() bool { return strings.Contains(strings.Join(r.engine.Calls(), "\n"), c.told) })
	}
	r.turn("No", "With its icon alone")
	r.until("the start at login", func() bool { return login.on && login.hidden })
}

func TestQuietHoursAreKeptWhenTheyAreTyped(t *testing.T) {
	r := settings(t, Options{}, nil)
	var on *check
	r.visible(func(o fyne.CanvasObject) {
		if c, ok := o.(*check); ok {
			on = c
		}
	})
	test.Tap(on)
	r.until("the usual hours", func() bool { return strings.Contains(strings.Join(r.engine.Calls(), "\n"), `"quiet":"22:00-07:00"`) })
	var first *entry
	r.visible(func(o fyne.CanvasObject) {
		if e, ok := o.(*entry); ok && e.Text == "22:00" {
			first = e
		}
	})
	first.SetText("21:30")
	first.FocusLost()
	r.until("the hours that were typed", func() bool { return strings.Contains(strings.Join(r.engine.Calls(), "\n"), `"quiet":"21:30-07:00"`) })
}

func TestWhatIsRefusedIsSaidAndShownAsItWas(t *testing.T) {
	r := settings(t, Options{}, func(w *pretend.World) {
		w.Fail = map[string]error{"ChangeSettings": errors.New("quiet hours: that is no time")}
	})
	r.turn("Every 2 minutes", "Every 5 minutes")
	r.until("what is wrong", func() bool { return r.sees("Quiet hours: that is no time") })
	r.until("as it was", func() bool {
		was := false
		r.visible(func(o fyne.CanvasObject) {
			if p, ok := o.(*pick); ok && p.Selected == "Every 2 minutes" {
				was = true
			}
		})
		return was
	})
}

func TestLanguageAndThemeChangeWhatIsShownAtOnce(t *testing.T) {
	r := settings(t, Options{}, nil)
	r.engine.Change(func(w *pretend.World) { w.Status.Faces = control.Faces{Language: "de", Theme: control.DarkTheme} })
	r.until("German", func() bool { return assets.Spoken() == "de" && r.w.shown == len(r.w.pages)-1 })
	r.until("the page again", func() bool { return r.w.set.known })
	if got := r.w.app.Settings().Theme().Color(theme.ColorNameBackground, theme.VariantLight); got != dark[theme.ColorNameBackground] {
		t.Errorf("the background is %v", got.(color.NRGBA))
	}
	r.engine.Change(func(w *pretend.World) { w.Status.Faces = control.Faces{Language: "en"} })
	r.until("English", func() bool { return r.sees("Start at login") || r.sees("Look for changes") })
	r.w.show(1)
	r.until("the calendars are still there", func() bool { return r.sees("Work – Calendar") || len(r.w.cals.list) > 0 })
}

func TestTheProxyIsSetByHand(t *testing.T) {
	r := settings(t, Options{}, nil)
	r.tap("Change…")
	var third *option
	r.visible(func(o fyne.CanvasObject) {
		if x, ok := o.(*option); ok && x.title.Text == "This one" {
			third = x
		}
	})
	test.Tap(third)
	fill := map[string]string{"http://proxy.example:8080, https://…, socks5://…": "http://p.example:3128"}
	n := 0
	r.visible(func(o fyne.CanvasObject) {
		if e, ok := o.(*entry); ok {
			if text, ok := fill[e.PlaceHolder]; ok {
				e.SetText(text)
			} else if e.Password {
				e.SetText("s3cret")
			} else if e.PlaceHolder == "" && e.Text == "" {
				e.SetText("ann")
			}
			n++
		}
	})
	if n < 4 {
		t.Fatalf("%d entries", n)
	}
	r.tap("Save")
	r.until("the proxy", func() bool {
		told := strings.Join(r.engine.Calls(), "\n")
		return strings.Contains(told, `"proxy":"http://p.example:3128","proxyUser":"ann"`) && strings.Contains(told, `"proxyPassword":"s3cret"`)
	})
	r.until("it is shown", func() bool { return r.sees("http://p.example:3128") && len(r.w.popups) == 0 })
}

func TestSettingsAndMirrorsGoToAFileAndBack(t *testing.T) {
	var kept []byte
	opt := Options{
		SaveFile: func(_ *Window, name string, content []byte, done func(error)) {
			if name != "twinday-setup.json" {
				t.Errorf("the file is called %s", name)
			}
			kept = content
			done(nil)
		},
		OpenFile: func(_ *Window, done func([]byte, error)) { done(kept, nil) },
	}
	r := settings(t, opt, func(w *pretend.World) {
		w.TakenOver = control.TakenOver{Mirrors: []state.Mirror{{Name: "Home and work"}}, Left: []control.LeftMirror{{Name: "Club", Why: "bo@club.test is not connected here"}}, Connect: []control.SetupAccount{{}}}
	})
	r.tap("Export…")
	r.until("a file", func() bool { return strings.Contains(string(kept), `"mirrors": [`) })
	r.tap("Import…")
	r.until("what comes of it", func() bool {
		return r.sees("The mirror “Home and work” is made.") && r.sees("Not “Club”: bo@club.test is not connected here.")
	})
	r.tap("Take over")
	r.until("it is taken over", func() bool { return strings.Contains(strings.Join(r.engine.Calls(), "\n"), "dry: false") })
	kept = []byte("no JSON")
	r.tap("Import…")
	r.until("a word on it", func() bool { return r.sees("This is no file of settings and mirrors.") })
}

// The dialogs are Fyne's own here.
func TestAFileIsChosenWhereThePersonLikes(t *testing.T) {
	r := settings(t, Options{}, nil)
	folder := t.TempDir()
	r.w.app.Preferences().SetString("fyne:fileDialogLastFolder", storage.NewFileURI(folder).String())
	fyneButton := func(label string) (found *widget.Button) {
		for _, o := range test.LaidOutObjects(r.w.win.Canvas().Overlays().Top()) {
			if b, ok := o.(*widget.Button); ok && b.Text == label {
				found = b
			}
		}
		if found == nil {
			t.Fatalf("the dialog has no button %q", label)
		}
		return found
	}
	saved := errors.New("not yet")
	saveFile(r.w, "setup.json", []byte("{}"), func(err error) { saved = err })
	test.Tap(fyneButton("Save"))
	if content, err := os.ReadFile(filepath.Join(folder, "setup.json")); saved != nil || err != nil || string(content) != "{}" {
		t.Errorf("%v; %q, %v", saved, content, err)
	}
	opened := false
	openFile(r.w, func([]byte, error) { opened = true })
	test.Tap(fyneButton("Cancel"))
	if opened || r.w.win.Canvas().Overlays().Top() != nil {
		t.Error("thinking better of it leaves something")
	}
}

func TestTheReportIsSeenBeforeItIsSaved(t *testing.T) {
	var kept []byte
	r := settings(t, Options{SaveFile: func(_ *Window, _ string, content []byte, done func(error)) { kept = content; done(nil) }},
		func(w *pretend.World) { w.Report = "Twinday 1.2.3\n[account 1] is connected\n" })
	r.tap("Show…")
	r.until("the report", func() bool { return r.sees("[account 1] is connected") })
	if kept != nil {
		t.Error("it was saved unseen")
	}
	r.tap("Save…")
	if string(kept) != "Twinday 1.2.3\n[account 1] is connected\n" || len(r.w.popups) != 0 {
		t.Errorf("%q", kept)
	}
}

func TestClosingTheWindowIsExplainedOnce(t *testing.T) {
	r := lively(t)
	r.w.leave()
	if !r.sees("its icon stays in the tray") {
		t.Fatal("nothing is said")
	}
	r.tap("Cancel")
	if r.w.ctx.Err() != nil {
		t.Fatal("it closed all the same")
	}
	r.w.leave()
	r.tap("Close the window")
	r.until("it remembers, and closes", func() bool {
		return strings.Contains(strings.Join(r.engine.Calls(), "\n"), `"toldToClose":true`) && r.w.ctx.Err() != nil
	})
	again := rigUp(t, pretend.World{Status: control.Status{Faces: control.Faces{ToldToClose: true}}}, Options{})
	again.until("the status", func() bool { return again.w.known })
	again.w.leave()
	if again.w.ctx.Err() == nil {
		t.Error("it is said a second time")
	}
}

func TestAnotherProcessNamesThePage(t *testing.T) {
	r := lively(t)
	for i, name := range pageNames {
		r.w.Turn(name)
		if r.w.shown != i {
			t.Errorf("%s is not shown", name)
		}
		r.w.Turn("no such page")
		if r.w.shown != i {
			t.Error("a name that is none turned the page")
		}
	}
	if len(pageNames) != len(r.w.pages) {
		t.Errorf("%d pages have %d names", len(r.w.pages), len(pageNames))
	}
}
