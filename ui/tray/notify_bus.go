//go:build linux || freebsd || openbsd || netbsd

package tray

import (
	"context"
	"errors"
	"sync"

	"github.com/esiqveland/notify"
	"github.com/godbus/dbus/v5"
)

// busNotifier speaks to the desktop's notification service (freedesktop.org, Desktop
// Notifications Specification 1.2). Fyne's own way to it asks for notifications that never
// go, and offers no button.
type busNotifier struct {
	ctx  context.Context
	open func(page string)

	mu       sync.Mutex
	conn     *dbus.Conn
	service  notify.Notifier
	up       map[string]uint32 // by key
	pages    map[uint32]string
	hasWords bool // the service shows buttons
}

func newNotifier(ctx context.Context, opt Options) notifier {
	return &busNotifier{ctx: ctx, open: opt.OpenWindow, up: map[string]uint32{}, pages: map[uint32]string{}}
}

var errNoNotifications = errors.New("nothing on this desktop shows notifications")

// reach connects at first use, and again after the bus went. mu is held.
func (b *busNotifier) reach() error {
	if b.service != nil && b.conn.Connected() {
		return nil
	}
	address, err := busAddress()
	if err != nil {
		return err
	}
	conn, err := dbus.Connect(address, dbus.WithContext(b.ctx)) // one of our own: systray closes the shared one
	if err != nil {
		return err
	}
	service, err := notify.New(conn, notify.WithOnAction(b.chosen))
	if err != nil {
		_ = conn.Close()
		return err
	}
	b.conn, b.service = conn, service
	words, err := service.GetCapabilities()
	if err != nil { // nobody is there, and none was started by asking
		return errors.Join(errNoNotifications, err)
	}
	b.hasWords = false
	for _, w := range words {
		b.hasWords = b.hasWords || w == "actions"
	}
	return nil
}

func (b *busNotifier) show(x notice) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.reach(); err != nil {
		return err
	}
	n := notify.Notification{AppName: "Twinday", AppIcon: desktopID, ReplacesID: b.up[x.key], Summary: x.title, Body: x.body, ExpireTimeout: notify.ExpireTimeoutSetByNotificationServer,
		Hints: map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant(desktopID)}}
	if b.hasWords && b.open != nil && x.action != "" { // "default" is a click anywhere on it
		n.Actions = []notify.Action{notify.NewDefaultAction(x.action), {Key: "open", Label: x.action}}
	}
	if x.urgent {
		n.SetUrgency(notify.UrgencyNormal)
	} else {
		n.SetUrgency(notify.UrgencyLow)
	}
	id, err := b.service.SendNotification(n)
	if err != nil {
		return err
	}
	b.up[x.key], b.pages[id] = id, x.page
	return nil
}

// chosen is called when the person clicks on a notification, also on others' ones.
func (b *busNotifier) chosen(s *notify.ActionInvokedSignal) {
	b.mu.Lock()
	page, ours := b.pages[s.ID]
	b.mu.Unlock()
	if ours && b.open != nil {
		go b.open(page)
	}
}

func (b *busNotifier) hide(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id, ok := b.up[key]
	if !ok || b.service == nil {
		return
	}
	delete(b.up, key)
	delete(b.pages, id)
	_, _ = b.service.CloseNotification(id) // it may be gone already
}

func (b *busNotifier) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.service != nil {
		_ = b.service.Close()
		_ = b.conn.Close()
	}
}
