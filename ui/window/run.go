//go:build cgo || ci

package window

import (
	"context"
	"image/color"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/window/pages"
)

// appearLimit is how long a window may take to be painted first. Where OpenGL
// is missing, Fyne logs an error and runs on with no window at all.
const appearLimit = 10 * time.Second

// endLimit is how long a closed window may take to end. Its last step is in the
// hands of the graphics driver, and a process that hangs there would be a ghost.
const endLimit = 5 * time.Second

// Run shows the window until it is closed or ctx ends. It returns an
// ErrNoWindow where there can be none. Call it on the main goroutine, once a
// process; the process should end with it.
func Run(ctx context.Context, backend control.Backend, opt Options) error {
	if !hasDisplay() {
		return noWindow(assets.Text("there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set); 'twinday status' and the other commands work without one"))
	}
	// Fyne ends on these too; this way the bridge to the engine ends first.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := app.NewWithID("app.twinday.Twinday")
	w := pages.New(a, backend, fyne.Do, pages.Options{NoTray: opt.NoTray, AtLogin: opt.AtLogin, Demo: opt.Demo})
	w.Turn(opt.Page)
	win := w.Fyne()
	win.SetMaster()

	var painted, failed atomic.Bool
	win.SetContent(container.NewStack(win.Content(), witness(&painted)))
	a.Lifecycle().SetOnStarted(func() {
		w.Start(ctx)
		time.AfterFunc(appearLimit, func() {
			if !painted.Load() {
				failed.Store(true)
				fyne.Do(a.Quit)
			}
		})
	})
	defer context.AfterFunc(ctx, func() { fyne.Do(a.Quit) })()
	returned := make(chan struct{})
	defer close(returned)
	go func() {
		<-w.Closed()
		select {
		case <-returned:
		case <-time.After(endLimit):
			slog.Error("window: the graphics driver does not let go of the window")
			os.Exit(0)
		}
	}()
	go func() {
		for {
			select {
			case page := <-opt.Raise:
				fyne.Do(func() { w.Turn(page); win.RequestFocus() })
			case <-w.Closed():
				return
			}
		}
	}()
	win.Show()
	a.Run()
	if failed.Load() {
		return noWindow(assets.Text("this desktop cannot draw it, since OpenGL does not work here; a graphics driver (on Debian: libgl1-mesa-dri) mends that, and the commands in a terminal work without"))
	}
	return nil
}

// witness is an invisible spot that notes when the window is painted.
func witness(painted *atomic.Bool) fyne.CanvasObject {
	spot := canvas.NewRasterWithPixels(func(int, int, int, int) color.Color {
		painted.Store(true)
		return color.Transparent
	})
	return container.NewWithoutLayout(sized(spot))
}

func sized(o fyne.CanvasObject) fyne.CanvasObject {
	o.Resize(fyne.NewSize(1, 1))
	return o
}
