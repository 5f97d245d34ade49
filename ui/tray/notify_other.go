//go:build !linux && !freebsd && !openbsd && !netbsd

package tray

import (
	"context"

	"github.com/gen2brain/beeep"

	"github.com/twinday/twinday/assets"
)

// plainNotifier shows notices without buttons, which end by themselves: what the system
// offers every program.
type plainNotifier struct{}

func newNotifier(context.Context, Options) notifier {
	beeep.AppName = "Twinday"
	return plainNotifier{}
}

func (plainNotifier) show(x notice) error { return beeep.Notify(x.title, x.body, assets.AppIcon()) }
func (plainNotifier) hide(string)         {}
func (plainNotifier) close()              {}
