// Package window is Twinday's window in the program: it starts Fyne, shows what
// ui/window/pages builds, and says in a sentence why no window can be shown
// where that is so. It is the one place that imports fyne.io/fyne/v2/app, and
// with it cgo and OpenGL.
package window

import (
	"errors"
	"os"
	"runtime"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/ui/window/pages"
)

// Options of the window.
type Options struct {
	// NoTray says that there is no tray icon, so that closing the window must
	// ask whether to go on without a face.
	NoTray bool
	// Page is the one to begin with: "home", "calendars", "history", "decisions" or
	// "settings"; home if it is none of them.
	Page string
	// Raise brings the window to the front with each value, on the page that it names, if
	// any; may be nil.
	Raise <-chan string
	// AtLogin is asked whether Twinday starts at login; nil where that cannot be set.
	AtLogin pages.AtLogin
	// Demo starts the demo, in a process of its own; nil where it cannot be started.
	Demo func() error
}

// ErrNoWindow says that no window can be shown here. What wraps it is a
// sentence that says why and what to do.
var ErrNoWindow = errors.New("no window")

// noWindow is an ErrNoWindow with that sentence, in the person's language.
type noWindow string

func (w noWindow) Error() string { return assets.Text("no window: {{.Why}}", "Why", string(w)) }

func (noWindow) Is(target error) bool { return target == ErrNoWindow }

// hasDisplay reports whether there is a display to show a window on. Fyne
// panics where there is none.
func hasDisplay() bool {
	switch runtime.GOOS {
	case "linux", "freebsd", "openbsd", "netbsd":
		return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	}
	return true
}
