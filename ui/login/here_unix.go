//go:build !windows

package login

import (
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"
)

func here() place {
	if runtime.GOOS == "darwin" {
		return launchAgent{filepath.Join(xdg.Home, "Library", "LaunchAgents")}
	}
	return xdgEntry{filepath.Join(xdg.ConfigHome, "autostart")}
}
