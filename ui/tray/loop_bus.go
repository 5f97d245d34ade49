//go:build linux || freebsd || openbsd || netbsd

package tray

import (
	"context"

	"fyne.io/systray"
)

// loop shows the icon until ctx ends. It sets what the icon shows first, builds the menu,
// and calls ready once the icon is on the bus: systray makes the title that is set by then
// the item's id, under which hosts remember what the person did with it.
func loop(ctx context.Context, first, build, ready func()) {
	first()
	built := make(chan struct{})
	start, end := systray.RunWithExternalLoop(func() { build(); close(built) }, nil)
	start()
	<-built
	ready()
	<-ctx.Done()
	end()
}
