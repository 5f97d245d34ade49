//go:build !cgo && !ci

package window

import (
	"context"
	"fmt"

	"github.com/twinday/twinday/engine/control"
)

// Run needs cgo; this build has no window.
func Run(context.Context, control.Backend, Options) error {
	return fmt.Errorf("%w: this program was built without it (CGO_ENABLED=0); the tray and the commands in a terminal work", ErrNoWindow)
}
