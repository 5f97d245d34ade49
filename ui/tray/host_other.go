//go:build !linux && !freebsd && !openbsd && !netbsd

package tray

import "context"

// Host reports whether there is a tray to show the icon in. Windows and macOS
// always have one.
func Host(context.Context) error { return nil }
