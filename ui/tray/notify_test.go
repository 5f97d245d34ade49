//go:build linux || freebsd || openbsd || netbsd

package tray

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

const (
	noticesName = "org.freedesktop.Notifications"
	noticesPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// board is a pretended notification service on a bus.
type board struct {
	t     *testing.T
	conn  *dbus.Conn
	words []string // its capabilities

	mu   sync.Mutex
	last uint32
	up   map[uint32]string
	told chan string
}

// Notify is the specification's. It notes what a person would see.
func (b *board) Notify(app string, replaces uint32, icon, summary, body string, actions []string, hints map[string]dbus.Variant, timeout int32) (uint32, *dbus.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := replaces
	if id == 0 {
		b.last++
		id = b.last
	}
	b.up[id] = summary
	b.told <- fmt.Sprintf("%d %s: %s %q %s %d", id, app, summary, actions, hints["desktop-entry"], timeout)
	return id, nil
}

// CloseNotification is the specification's.
func (b *board) CloseNotification(id uint32) *dbus.Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told <- fmt.Sprintf("closed %d %s", id, b.up[id])
	delete(b.up, id)
	return nil
}

// GetCapabilities is the specification's.
func (b *board) GetCapabilities() ([]string, *dbus.Error) { return b.words, nil }

// GetServerInformation is the specification's.
func (b *board) GetServerInformation() (name, vendor, version, spec string, _ *dbus.Error) {
	return "board", "test", "1", "1.2", nil
}

func newBoard(t *testing.T, addr string, words ...string) *board {
	t.Helper()
	conn, err := dbus.Connect(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	b := &board{t: t, conn: conn, words: words, up: map[uint32]string{}, told: make(chan string, 100)}
	if err := conn.Export(b, noticesPath, noticesName); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(noticesName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *board) says(want string) {
	b.t.Helper()
	select {
	case got := <-b.told:
		if got != want {
			b.t.Fatalf("told %s, want %s", got, want)
		}
	case <-time.After(20 * time.Second): // for a test that hangs
		b.t.Fatalf("never told %s", want)
	}
}

func TestNotificationsComeAndGoWithTheirProblem(t *testing.T) {
	for _, buttons := range []bool{true, false} {
		t.Run(fmt.Sprintf("buttons: %t", buttons), func(t *testing.T) {
			addr := privateBus(t)
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", addr)
			var words []string
			action := `[]`
			if buttons {
				words, action = []string{"body", "actions"}, `["default" "Open Twinday" "open" "Open Twinday"]`
			}
			b := newBoard(t, addr, words...)
			e := pretend.New(pretend.World{Status: control.Status{Activity: control.Fine}})
			opened := make(chan string, 10)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				Notify(ctx, e, Options{OpenWindow: func(page string) { opened <- page }})
			}()
			e.Change(func(w *pretend.World) {
				w.Status.Accounts = []control.AccountState{{Account: state.Account{ID: "bo"}, Condition: control.NeedsConsent}}
				w.Status.Problems = []control.ProblemNote{{Account: "bo", What: "Signed out of Outlook", WayOut: "Sign in again"}}
			})
			b.says(`1 Twinday: Signed out of Outlook ` + action + ` "app.twinday.Twinday" -1`)
			if buttons {
				if err := b.conn.Emit(noticesPath, noticesName+".ActionInvoked", uint32(7), "default"); err != nil { // another program's
					t.Fatal(err)
				}
				if err := b.conn.Emit(noticesPath, noticesName+".ActionInvoked", uint32(1), "open"); err != nil {
					t.Fatal(err)
				}
				select {
				case page := <-opened:
					if page != "home" {
						t.Errorf("it opens %q", page)
					}
				case <-time.After(20 * time.Second):
					t.Fatal("a click on it does nothing")
				}
			}
			e.Change(func(w *pretend.World) { w.Status.Problems = nil })
			b.says("closed 1 Signed out of Outlook")

			cancel()
			<-ended
			if len(opened) != 0 {
				t.Errorf("the window was opened again: %q", <-opened)
			}
		})
	}
}

func TestNoNotificationServiceIsNoTrouble(t *testing.T) {
	for _, addr := range []string{privateBus(t), "unix:path=/nowhere"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", addr)
		n := newNotifier(t.Context(), Options{})
		if err := n.show(notice{key: "x", title: "X"}); err == nil {
			t.Errorf("on %s nobody shows it, and no error says so", addr)
		}
		n.hide("x")
		n.close()
	}
}
