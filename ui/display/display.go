// Package display knows whether there is a screen here to open windows on. Of this project it
// imports engine/control and assets alone.
package display

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// Here reports whether windows can be opened, by what the session says. Fyne panics
// where it is not so.
func Here() bool {
	return !asked() || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// asked reports whether the environment says where the screen is. Windows and macOS have one.
func asked() bool { return runtime.GOOS != "windows" && runtime.GOOS != "darwin" }

// dialLimit is how long a display may take to answer: it is on this machine, or one hop away.
const dialLimit = 2 * time.Second

// Check looks whether the display that the session names is there.
func Check(ctx context.Context) control.Check {
	c := control.Check{Name: "display", Finding: control.OK}
	if !asked() {
		c.Says = assets.Text("this system always has one")
		return c
	}
	if !Here() {
		c.Finding, c.Says, c.WayOut = control.Note, assets.Text("there is none here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window opens"), assets.Text("Everything works without it, in the terminal ('twinday --help').")
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	var failed []string
	for _, d := range []struct {
		what, name string
		where      func(string) (network, address string, err error)
	}{{assets.Text("Wayland display"), os.Getenv("WAYLAND_DISPLAY"), wayland}, {assets.Text("X display"), os.Getenv("DISPLAY"), x11}} {
		if d.name == "" {
			continue
		}
		if err := dial(ctx, d.name, d.where); err != nil {
			failed = append(failed, fmt.Sprintf("%s %s (%s)", d.what, d.name, assets.Said(err.Error())))
			continue
		}
		c.Says = assets.Text("{{.Display}} is there; the window, and nothing else, needs OpenGL on it as well", "Display", d.what+" "+d.name)
		return c
	}
	c.Finding, c.Says = control.Trouble, assets.Text("it does not answer: {{.Displays}}", "Displays", strings.Join(failed, ", "))
	c.WayOut = assets.Text("Start Twinday from within your desktop's session; over ssh, 'ssh -X' brings a display along. Everything works without it, in the terminal ('twinday --help').")
	return c
}

func dial(ctx context.Context, name string, where func(string) (string, string, error)) error {
	network, address, err := where(name)
	if err != nil {
		return err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil && network == "unix" && runtime.GOOS == "linux" && strings.HasPrefix(address, x11Folder) {
		conn, err = d.DialContext(ctx, network, "@"+address) // X servers on Linux listen there as well
	}
	if err != nil {
		for errors.Unwrap(err) != nil { // the address is told already
			err = errors.Unwrap(err)
		}
		return err
	}
	return conn.Close()
}

// wayland is where a compositor listens (libwayland's wl_display_connect).
func wayland(name string) (network, address string, err error) {
	if !filepath.IsAbs(name) {
		dir := os.Getenv("XDG_RUNTIME_DIR")
		if dir == "" {
			return "", "", errors.New(assets.Text("XDG_RUNTIME_DIR is not set"))
		}
		name = filepath.Join(dir, name)
	}
	return "unix", name, nil
}

const (
	x11Folder = "/tmp/.X11-unix/"
	x11Port   = 6000 // and the display's number
)

// x11 is where an X server listens, by its display's name, [host]:number[.screen] (X(7)).
func x11(name string) (network, address string, err error) {
	if strings.HasPrefix(name, "/") { // XQuartz
		path, _, _ := strings.Cut(name, ".")
		return "unix", path, nil
	}
	at := strings.LastIndexByte(name, ':')
	if at < 0 {
		return "", "", errors.New(assets.Text("that is no name of a display, such as :0"))
	}
	host, number := name[:at], name[at+1:]
	number, _, _ = strings.Cut(number, ".")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return "", "", errors.New(assets.Text("that is no name of a display, such as :0"))
	}
	if host == "" || host == "unix" {
		return "unix", x11Folder + "X" + number, nil
	}
	return "tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.FormatUint(x11Port+n, 10)), nil
}
