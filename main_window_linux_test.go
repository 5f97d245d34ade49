package main

import (
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// desktop is the built program on a screen, with two services that are processes of their own
// and an account signed in to at each.
type desktop struct {
	*screen
	*doomed
}

// newDesktop builds the program and signs in; no calendars mirror each other yet.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	s := newScreen(t, 1500, 1080)
	d := &doomed{dir: t.TempDir(), people: people{T: t, random: rand.New(rand.NewPCG(1, 1)), today: time.Now()}}
	d.twinday = filepath.Join(t.TempDir(), "twinday")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-w", "-o", d.twinday, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d.env = append(s.env(), "XDG_RUNTIME_DIR="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	for _, service := range []string{onGoogle, onOutlook} {
		d.sides = append(d.sides, d.serve(service))
	}
	return &desktop{s, d}
}

// quit ends Twinday and its window.
func (d *desktop) quit(app *process) {
	select {
	case <-app.ended:
		return
	default:
	}
	_ = exec.Command(d.twinday, "--data", d.dir, "quit").Run()
	select {
	case <-app.ended:
	case <-time.After(screenPatience):
		d.doomed.Error("it does not end when it is told to quit")
	}
}

// A person opens the window for the first time, and finds their way by what they read.
func TestAPersonAtTheWindow(t *testing.T) {
	d := newDesktop(t)
	app := d.doomed.start(io.Discard)
	t.Cleanup(func() { d.quit(app) })
	d.sees("Home", "Calendars", "History", "Settings")
	d.clicks("Settings")
	d.sees("Quiet hours", "Look for changes", "Start at login")
	d.presses("ctrl+2")
	d.sees("Accounts")
	d.command("settings", "set", "--language", "de")
	d.sees("Einstellungen", "Entscheidungen", "Neuer Spiegel")
	d.quit(app)
	if strings.Contains(app.complained.String(), "panic") {
		t.Error(app.complained.String())
	}
}
