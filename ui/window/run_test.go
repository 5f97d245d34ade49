package window

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/ui/window/pretend"
)

// TestMain also shows the real window over a made-up world, to be looked at:
// TWINDAY_LOOK=lively go test ./ui/window (see pretend.Worlds for the names).
func TestMain(m *testing.M) {
	name := os.Getenv("TWINDAY_LOOK")
	if name == "" {
		os.Exit(m.Run())
	}
	world, ok := pretend.Worlds[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such world:", name)
		os.Exit(2)
	}
	engine := pretend.New(world(time.Now()))
	engine.Change(func(w *pretend.World) { w.Hang = os.Getenv("TWINDAY_LOOK_HANG") != "" })
	if err := Run(context.Background(), engine, Options{NoTray: os.Getenv("TWINDAY_LOOK_NOTRAY") != ""}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestNoDisplayIsSaid(t *testing.T) {
	if hasDisplay() {
		t.Setenv("DISPLAY", "")
		t.Setenv("WAYLAND_DISPLAY", "")
	}
	if hasDisplay() {
		return // Windows and macOS always have one
	}
	err := Run(t.Context(), pretend.New(pretend.World{}), Options{})
	if !errors.Is(err, ErrNoWindow) || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("got %v, want a sentence that is ErrNoWindow", err)
	}
}
