//go:build !cgo && !ci

package window

import (
	"context"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// Run needs cgo; this build has no window.
func Run(context.Context, control.Backend, Options) error {
	return noWindow(assets.Text("this program was built without it (CGO_ENABLED=0); the tray and the commands in a terminal work"))
}
