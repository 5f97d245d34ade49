//go:build !windows && !darwin

package display_test

import (
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/display"
)

func TestTheDisplayIsLookedFor(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "wayland-7"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, c := range map[string]struct {
		x, wayland, runtime string
		finding             control.Finding
		says, wayOut        string
		has                 bool
	}{
		"none":                       {"", "", dir, control.Note, "there is none here", "in the terminal", false},
		"Wayland":                    {"", "wayland-7", dir, control.OK, "Wayland display wayland-7 is there", "", true},
		"Wayland by its path":        {"", filepath.Join(dir, "wayland-7"), "", control.OK, "is there", "", true},
		"Wayland, nobody there":      {"", "wayland-8", dir, control.Trouble, "wayland-8 (no such file or directory)", "within your desktop's session", true},
		"Wayland, no runtime folder": {"", "wayland-7", "", control.Trouble, "XDG_RUNTIME_DIR is not set", "within your desktop's session", true},
		"X, nobody there":            {":4711.0", "", dir, control.Trouble, "X display :4711.0 (connection refused)", "ssh -X", true},
		"X elsewhere, nobody there":  {"127.0.0.1:1", "", dir, control.Trouble, "connection refused", "ssh -X", true},
		"no name of a display":       {"screen", "", dir, control.Trouble, "no name of a display", "ssh -X", true},
		"one of two":                 {":4711", "wayland-7", dir, control.OK, "Wayland display", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DISPLAY", c.x)
			t.Setenv("WAYLAND_DISPLAY", c.wayland)
			t.Setenv("XDG_RUNTIME_DIR", c.runtime)
			got := display.Check(t.Context())
			if got.Finding != c.finding || !strings.Contains(got.Says, c.says) || !strings.Contains(got.WayOut, c.wayOut) || (c.wayOut == "") != (got.WayOut == "") {
				t.Errorf("%+v", got)
			}
			if display.Here() != c.has {
				t.Errorf("it has one: %t", !c.has)
			}
		})
	}
}

// An X server over TCP, as ssh -X has it.
func TestAForwardedDisplayIsFound(t *testing.T) {
	for n := range 100 {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(6010+n)))
		if err != nil {
			continue // somebody's own
		}
		defer l.Close()
		t.Setenv("WAYLAND_DISPLAY", "")
		t.Setenv("DISPLAY", "localhost:"+strconv.Itoa(10+n)+".0")
		if got := display.Check(t.Context()); got.Finding != control.OK {
			t.Errorf("%+v", got)
		}
		return
	}
	t.Fatal("no port is free")
}
