// Package tray is Twinday's icon in the desktop's tray: state at a glance, and
// a menu for what is wanted often. It speaks to the engine through
// control.Backend only, and must not import Fyne: its process stays small.
package tray

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// Options of the tray.
type Options struct {
	// OpenWindow is called, on a goroutine of its own, when the person wants to
	// see the window: "home", "decisions" or "history" of it, any page if it is empty.
	// It should return at once.
	OpenWindow func(page string)
	// Version of the program, shown in the menu; may be empty.
	Version string
}

// ErrNoTray says that this desktop shows no tray icons, now at least. What wraps
// it is a sentence that says why.
var ErrNoTray = errors.New("no tray")

// Why a desktop with a session bus shows none.
var (
	errNoBus     = errors.New("there is no D-Bus session")
	errSilentBus = errors.New("the D-Bus session does not answer")
)

// hostLimit is how long a desktop may take to say whether it shows tray icons.
const hostLimit = 2 * time.Second

// Check looks whether there is a tray to show the icon in. It starts nothing.
func Check(ctx context.Context) control.Check {
	ctx, cancel := context.WithTimeout(ctx, hostLimit)
	defer cancel()
	c := control.Check{Name: "tray", Finding: control.Note}
	switch err := Host(ctx); {
	case err == nil:
		c.Finding, c.Says = control.OK, assets.Text("this desktop shows tray icons")
	case errors.Is(err, errNoBus):
		c.Says, c.WayOut = assets.Text("there is no D-Bus session here, so there is no tray icon, and no notifications"), assets.Text("Nothing to do on a machine without a desktop. On one with, start Twinday from its menu, or log out and in.")
	case errors.Is(err, errSilentBus):
		c.Finding, c.Says, c.WayOut = control.Trouble, assets.Text("the D-Bus session here does not answer, so there is no tray icon, no notifications and no keyring"), assets.Text("Log out of your desktop and in again, or start Twinday from its menu.")
	default:
		c.Says, c.WayOut = assets.Text("nothing on this desktop shows tray icons"), assets.Text("On GNOME install the extension AppIndicator (Debian and Ubuntu: gnome-shell-extension-appindicator); on other desktops add a tray to the panel. The window shows the same: 'twinday window'.")
	}
	return c
}

const (
	// callTimeout is how long a click's request may take; a pass has longer.
	callTimeout = 15 * time.Second
	syncTimeout = 30 * time.Minute
	// retryWait is the wait before asking an engine again that did not answer.
	retryWait = 2 * time.Second
)

// look is all that the tray shows of a status.
type look struct {
	icon    assets.TrayIcon
	line    string // the menu's first line
	tooltip string
	paused  bool
	held    int // changes that wait for a decision
	tongue  string
}

// lookOf decides how a status looks.
func lookOf(s control.Status, now time.Time) look {
	l := look{icon: assets.TrayIdle, line: assets.Said(s.Summary), paused: s.Activity == control.Paused, held: s.Held, tongue: s.Faces.Language}
	switch s.Activity {
	case control.Fine:
		l.icon = assets.TrayFine
	case control.Syncing:
		l.icon = assets.TraySyncing
	case control.Paused:
		l.icon = assets.TrayPaused
		if !s.PausedUntil.IsZero() {
			l.line = assets.Text("Paused {{.Until}}", "Until", assets.PauseEnd(now, s.PausedUntil))
		}
	case control.NeedsYou:
		l.icon = assets.TrayNeedsYou
	case control.Problem:
		l.icon = assets.TrayProblem
	case control.Starting, control.Empty:
	}
	if l.line == "" {
		l.line = assets.Text("Starting")
	}
	l.tooltip = "Twinday: " + l.line
	if !s.LastSync.IsZero() {
		l.tooltip += "\n" + assets.Text("Last sync: {{.When}}", "When", assets.Moment(now, s.LastSync))
	}
	return l
}

// lost is how it looks when the engine does not answer.
func lost() look {
	line := assets.Text("Twinday’s engine is not answering")
	return look{icon: assets.TrayProblem, line: line, tooltip: "Twinday: " + line}
}

// follow shows each status of the engine, until ctx ends. An engine that does
// not answer is asked again.
func follow(ctx context.Context, backend control.Backend, show func(look)) {
	tongue := ""
	for ctx.Err() == nil {
		err := backend.Watch(ctx, func(s control.Status) error {
			speak(&tongue, s)
			show(lookOf(s, time.Now()))
			return nil
		})
		if ctx.Err() != nil {
			return
		}
		slog.Warn("tray: the engine's status stream ended", "err", err)
		show(lost())
		select {
		case <-time.After(retryWait):
		case <-ctx.Done():
		}
	}
}

// speak takes on the language that the person chose, if it is another than before.
func speak(tongue *string, s control.Status) {
	if s.Faces.Language != *tongue {
		*tongue = s.Faces.Language
		assets.Speak(*tongue)
	}
}

// call asks the engine for something, and logs what went wrong: the engine's
// status shows the rest.
func call(ctx context.Context, what string, limit time.Duration, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := f(ctx); err != nil {
		slog.Warn("tray: request failed", "request", what, "err", err)
	}
}
