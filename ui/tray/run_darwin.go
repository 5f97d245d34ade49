//go:build darwin && !cgo

package tray

import (
	"context"
	"fmt"

	"github.com/twinday/twinday/engine/control"
)

// Run needs cgo on macOS; this build has no tray.
func Run(context.Context, control.Backend, Options) error {
	return fmt.Errorf("%w: this program was built without the part that macOS needs for it", ErrNoTray)
}
