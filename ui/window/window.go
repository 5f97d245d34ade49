// Package window is Twinday's window in the program: it starts Fyne, shows what
// ui/window/pages builds, and says in a sentence why no window can be shown
// where that is so. It is the one place that imports fyne.io/fyne/v2/app, and
// with it cgo and OpenGL.
package window

import (
	"errors"
	"os"
	"runtime"
)

// Options of the window.
type Options struct {
	// NoTray says that there is no tray icon, so that closing the window must
	// ask whether to go on without a face.
	NoTray bool
	// Raise brings the window to the front with each value; may be nil.
	Raise <-chan struct{}
}

// ErrNoWindow says that no window can be shown here. What wraps it is a
// sentence that says why and what to do.
var ErrNoWindow = errors.New("no window")

// hasDisplay reports whether there is a display to show a window on. Fyne
// panics where there is none.
func hasDisplay() bool {
	switch runtime.GOOS {
	case "linux", "freebsd", "openbsd", "netbsd":
		return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	}
	return true
}
