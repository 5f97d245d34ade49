//go:build linux || freebsd || openbsd || netbsd

package tray

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

const (
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
	itemIface   = "org.kde.StatusNotifierItem"
	menuIface   = "com.canonical.dbusmenu"
)

// lonelyBus is the configuration of a bus that starts no service when it is asked for: on
// a developer's desktop a notification would start the one that shows them.
const lonelyBus = `<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// privateBus starts a session bus for this test alone and gives its address.
func privateBus(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, lonelyBus, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--print-address=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("dbus-daemon (Debian package dbus) is needed: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

// panel is a pretended tray host on a bus: it shows nothing, but reads icons
// and menus and clicks on them as a desktop's panel does.
type panel struct {
	t          *testing.T
	ctx        context.Context
	conn       *dbus.Conn
	registered chan trayItem
	signals    chan *dbus.Signal
}

// trayItem is an icon that registered.
type trayItem struct {
	p    *panel
	dest string
	path dbus.ObjectPath
}

// watcherObject answers as org.kde.StatusNotifierWatcher.
type watcherObject struct{ p *panel }

// RegisterStatusNotifierItem is called by the program, with a path on its own
// connection or a bus name.
func (w watcherObject) RegisterStatusNotifierItem(sender dbus.Sender, service string) *dbus.Error {
	it := trayItem{p: w.p, dest: service, path: "/StatusNotifierItem"}
	if strings.HasPrefix(service, "/") {
		it.dest, it.path = string(sender), dbus.ObjectPath(service)
	}
	w.p.registered <- it
	return nil
}

func newPanel(t *testing.T, addr string) *panel {
	t.Helper()
	conn, err := dbus.Connect(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // for a test that hangs
	t.Cleanup(cancel)
	p := &panel{t: t, ctx: ctx, conn: conn, registered: make(chan trayItem, 10), signals: make(chan *dbus.Signal, 1000)}
	p.must(conn.Export(watcherObject{p}, watcherPath, watcherName))
	_, err = prop.Export(conn, watcherPath, prop.Map{watcherName: {
		"IsStatusNotifierHostRegistered": {Value: true, Emit: prop.EmitTrue},
		"ProtocolVersion":                {Value: int32(0), Emit: prop.EmitTrue},
		"RegisteredStatusNotifierItems":  {Value: []string{}, Emit: prop.EmitTrue},
	}})
	p.must(err)
	p.must(conn.AddMatchSignal(dbus.WithMatchInterface(itemIface)))
	p.must(conn.AddMatchSignal(dbus.WithMatchInterface(menuIface)))
	conn.Signal(p.signals)
	p.appear()
	return p
}

func (p *panel) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// appear and vanish take and leave the bus name, as a panel that starts and ends.
func (p *panel) appear() {
	p.t.Helper()
	r, err := p.conn.RequestName(watcherName, dbus.NameFlagDoNotQueue)
	p.must(err)
	if r != dbus.RequestNameReplyPrimaryOwner {
		p.t.Fatalf("%s is taken", watcherName)
	}
}

func (p *panel) vanish() {
	p.t.Helper()
	_, err := p.conn.ReleaseName(watcherName)
	p.must(err)
}

// item waits for an icon to register.
func (p *panel) item() trayItem {
	p.t.Helper()
	select {
	case it := <-p.registered:
		return it
	case <-p.ctx.Done():
		p.t.Fatal("no icon registered")
		return trayItem{}
	}
}

// until looks again after each signal of the icon, until ok.
func (p *panel) until(what string, ok func() bool) {
	p.t.Helper()
	for !ok() {
		select {
		case <-p.signals:
		case <-p.ctx.Done():
			p.t.Fatalf("never: %s", what)
		}
	}
}

func (i trayItem) property(name string) dbus.Variant {
	i.p.t.Helper()
	v, err := i.p.conn.Object(i.dest, i.path).GetProperty(itemIface + "." + name)
	i.p.must(err)
	return v
}

// text reads a property that is one.
func (i trayItem) text(name string) string {
	i.p.t.Helper()
	s, _ := i.property(name).Value().(string)
	return s
}

// tooltip is the title part of the tooltip.
func (i trayItem) tooltip() string {
	i.p.t.Helper()
	var tip struct {
		Name  string
		Icons []struct {
			W, H int32
			Pix  []byte
		}
		Title, Text string
	}
	i.p.must(i.property("ToolTip").Store(&tip))
	return tip.Title
}

// icon decodes the picture: ARGB in network byte order, not premultiplied.
func (i trayItem) icon() *image.NRGBA {
	i.p.t.Helper()
	var px []struct {
		W, H int32
		Pix  []byte
	}
	i.p.must(i.property("IconPixmap").Store(&px))
	if len(px) == 0 {
		i.p.t.Fatal("no picture")
	}
	m := image.NewNRGBA(image.Rect(0, 0, int(px[0].W), int(px[0].H)))
	for k := 0; k+3 < len(px[0].Pix); k += 4 {
		b := px[0].Pix[k:]
		m.SetNRGBA(k/4%int(px[0].W), k/4/int(px[0].W), color.NRGBA{A: b[0], R: b[1], G: b[2], B: b[3]})
	}
	return m
}

// activate is a left click on the icon.
func (i trayItem) activate() {
	i.p.t.Helper()
	i.p.must(i.p.conn.Object(i.dest, i.path).Call(itemIface+".Activate", 0, int32(0), int32(0)).Err)
}

// entry is one line of the menu.
type entry struct {
	id      int32
	label   string
	enabled bool
}

// menu reads the lines that can be seen, without separators.
func (i trayItem) menu() []entry {
	i.p.t.Helper()
	type node struct {
		ID    int32
		Props map[string]dbus.Variant
		Kids  []dbus.Variant
	}
	var rev uint32
	var root node
	i.p.must(i.p.conn.Object(i.dest, i.menuPath()).Call(menuIface+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&rev, &root))
	var out []entry
	for _, k := range root.Kids {
		var n node
		i.p.must(dbus.Store([]any{k.Value()}, &n))
		flag := func(name string) bool { // both are true where they are not given
			v, ok := n.Props[name]
			return !ok || v.Value() != false
		}
		label, ok := n.Props["label"].Value().(string)
		if ok && label != "" && flag("visible") {
			out = append(out, entry{n.ID, label, flag("enabled")})
		}
	}
	return out
}

func (i trayItem) menuPath() dbus.ObjectPath {
	path, _ := i.property("Menu").Value().(dbus.ObjectPath)
	return path
}

// find gives the line with this label.
func (i trayItem) find(label string) (entry, bool) {
	for _, e := range i.menu() {
		if e.label == label {
			return e, true
		}
	}
	return entry{}, false
}

// click is the person choosing a line of the menu.
func (i trayItem) click(label string) {
	i.p.t.Helper()
	e, ok := i.find(label)
	if !ok {
		i.p.t.Fatalf("no menu line %q in %v", label, i.menu())
	}
	i.p.must(i.p.conn.Object(i.dest, i.menuPath()).Call(menuIface+".Event", 0, e.id, "clicked", dbus.MakeVariant(int32(0)), uint32(0)).Err)
}
