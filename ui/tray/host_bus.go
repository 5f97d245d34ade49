//go:build linux || freebsd || openbsd || netbsd

package tray

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/godbus/dbus/v5"
)

// watcherName is owned on the session bus by whatever shows tray icons, as the
// StatusNotifierItem specification of freedesktop.org says.
const watcherName = "org.kde.StatusNotifierWatcher"

// Host reports whether there is a tray to show the icon in: nil if so, else an
// ErrNoTray. It starts nothing: a session bus is looked for, never launched.
func Host(ctx context.Context) error {
	addr, err := busAddress()
	if err != nil {
		return err
	}
	conn, err := dbus.Connect(addr, dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("%w: %w (%w)", ErrNoTray, errSilentBus, err)
	}
	defer func() { _ = conn.Close() }()
	var owned bool
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&owned); err != nil {
		return fmt.Errorf("%w: %w (%w)", ErrNoTray, errSilentBus, err)
	}
	if !owned {
		return fmt.Errorf("%w: nothing on this desktop shows tray icons (GNOME needs the AppIndicator extension)", ErrNoTray)
	}
	return nil
}

// desktopID is what the program's desktop entry and icon are called.
const desktopID = "app.twinday.Twinday"

// busAddress is where the person's session bus is. A bus is never launched: it would
// outlive the program.
func busAddress() (string, error) {
	addr := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if addr == "" {
		dir := os.Getenv("XDG_RUNTIME_DIR")
		if dir == "" {
			dir = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
		}
		socket := filepath.Join(dir, "bus")
		if _, err := os.Stat(socket); err != nil {
			return "", fmt.Errorf("%w: %w here", ErrNoTray, errNoBus)
		}
		addr = "unix:path=" + dbus.EscapeBusAddressValue(socket)
	}
	return addr, nil
}
