// Command shoot makes the pictures in docs/screenshots: the window over made-up worlds,
// drawn by Fyne without a display. `make screenshots` runs it. It is no part of the program.
//
//	go run ./ui/window/shoot [-all] FOLDER
package main

import (
	"context"
	"flag"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/window/pages"
	"github.com/twinday/twinday/ui/window/pretend"
)

// picture is one of them: a page of a world.
type picture struct {
	name, world, page string
	theme             control.Theme
	language          string
	size              fyne.Size
	scale             float32
}

var usual = fyne.NewSize(980, 680)

// inDocs are the pictures that the docs show.
var inDocs = []picture{
	{"home", "lively", "home", control.LightTheme, "en", usual, 1},
	{"home-dark", "lively", "home", control.DarkTheme, "en", usual, 1},
	{"calendars", "lively", "calendars", control.LightTheme, "en", fyne.NewSize(980, 820), 1},
	{"history", "lively", "history", control.LightTheme, "en", usual, 1},
	{"decisions", "lively", "decisions", control.LightTheme, "en", usual, 1},
	{"settings-german", "lively", "settings", control.DarkTheme, "de", fyne.NewSize(980, 820), 1},
}

// all are those to judge the window by: each page, world, theme, language and size.
func all() (out []picture) {
	for world := range pretend.Worlds {
		for _, page := range []string{"home", "calendars", "history", "decisions", "settings"} {
			for _, p := range []picture{
				{theme: control.LightTheme, language: "en", size: usual, scale: 1},
				{theme: control.DarkTheme, language: "de", size: usual, scale: 1},
				{theme: control.LightTheme, language: "de", size: fyne.NewSize(720, 520), scale: 2},
			} {
				p.world, p.page = world, page
				p.name = fmt.Sprintf("%s-%s-%s-%s-%.0f", world, page, p.theme, p.language, p.size.Width)
				out = append(out, p)
			}
		}
	}
	return out
}

func main() {
	every := flag.Bool("all", false, "every page of every world, in all looks")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "shoot takes one folder")
		os.Exit(2)
	}
	pictures := inDocs
	if *every {
		pictures = all()
	}
	for _, p := range pictures {
		if err := p.take(flag.Arg(0)); err != nil {
			fmt.Fprintln(os.Stderr, "shoot:", err)
			os.Exit(1)
		}
	}
}

// The moment of the pictures: the same each time, so that a picture differs when the window
// does.
var moment = time.Date(2026, 11, 24, 15, 4, 0, 0, time.UTC)

func (p picture) take(folder string) error {
	world, ok := pretend.Worlds[p.world]
	if !ok {
		return fmt.Errorf("there is no world %q", p.world)
	}
	app := test.NewApp()
	defer app.Quit()
	assets.Speak(p.language)
	w := world(moment)
	w.Status.Faces = control.Faces{Theme: p.theme, Language: p.language}
	w.Settings.Faces = w.Status.Faces
	engine := pretend.New(w)
	engine.Now = func() time.Time { return moment }
	work := make(chan func(), 1000)
	win := pages.New(app, engine, func(f func()) { work <- f }, pages.Options{Now: engine.Now, AtLogin: pretended{}})
	win.Fyne().Canvas().(software.WindowlessCanvas).SetScale(p.scale)
	win.Fyne().Resize(p.size)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	win.Start(ctx)
	settle(work)
	win.Turn(p.page)
	settle(work)
	// A display lays out anew what has grown; this driver does when the window does.
	win.Fyne().Resize(p.size.AddWidthHeight(1, 1))
	win.Fyne().Resize(p.size)
	settle(work)
	f, err := os.Create(filepath.Join(folder, p.name+".png"))
	if err != nil {
		return err
	}
	if err := png.Encode(f, win.Fyne().Canvas().Capture()); err != nil {
		return err
	}
	return f.Close()
}

// settle runs what the window brings back, until nothing comes any more.
func settle(work chan func()) {
	const rest = 400 * time.Millisecond
	for {
		select {
		case f := <-work:
			f()
		case <-time.After(rest):
			return
		}
	}
}

// pretended starts nothing at login.
type pretended struct{}

func (pretended) Get() (on, hidden bool, err error) { return true, true, nil }
func (pretended) Set(_, _ bool) error               { return nil }
