//go:build windows || (darwin && cgo)

package tray

import (
	"context"

	"fyne.io/systray"
)

// loop shows the icon until ctx ends. It sets what the icon shows first, which takes an
// icon that is there, builds the menu, then calls ready.
func loop(ctx context.Context, first, build, ready func()) {
	defer context.AfterFunc(ctx, systray.Quit)()
	systray.Run(func() { first(); build(); ready() }, nil)
}
