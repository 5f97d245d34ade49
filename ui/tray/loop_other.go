//go:build windows || (darwin && cgo)

package tray

import (
	"context"

	"fyne.io/systray"
)

// loop shows the icon until ctx ends. It builds the menu, then calls ready.
func loop(ctx context.Context, build, ready func()) {
	defer context.AfterFunc(ctx, systray.Quit)()
	systray.Run(func() { build(); ready() }, nil)
}
