//go:build linux || freebsd || openbsd || netbsd

package tray

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/window/pretend"
)

// TestMain is also the tray program that the tests look at: systray can run
// once a process only, on its main goroutine.
func TestMain(m *testing.M) {
	if os.Getenv("TWINDAY_TEST_TRAY") == "" {
		os.Exit(m.Run())
	}
	if err := trayProgram(); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("ended")
}

// loud prints what is asked of the engine.
type loud struct{ *pretend.Engine }

func (l loud) Sync(ctx context.Context, req control.SyncRequest) (control.Report, error) {
	fmt.Println("sync")
	return l.Engine.Sync(ctx, req)
}

func (l loud) Pause(ctx context.Context, until time.Time) error {
	fmt.Println("pause", !until.IsZero())
	return l.Engine.Pause(ctx, until)
}

func (l loud) Quit(ctx context.Context) error {
	fmt.Println("quit")
	return l.Engine.Quit(ctx)
}

// trayProgram runs the tray; each line on its input is an activity to take on,
// or "lost" for an engine that does not answer.
func trayProgram() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	e := loud{pretend.New(pretend.Lively(time.Now()))}
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			e.Change(func(w *pretend.World) {
				if in.Text() == "lost" {
					w.Fail = map[string]error{"Watch": errors.New("gone")}
					return
				}
				if n, ok := strings.CutPrefix(in.Text(), "held "); ok {
					left, _ := strconv.Atoi(n)
					w.Held = w.Held[:left]
					return
				}
				if tag, ok := strings.CutPrefix(in.Text(), "speak "); ok {
					w.Status.Faces.Language = tag
					return
				}
				w.Status.Activity, w.Status.Summary = control.Activity(in.Text()), "It is "+in.Text()
			})
		}
	}()
	return Run(ctx, e, Options{OpenWindow: func(page string) { fmt.Println(strings.TrimSpace("open " + page)) }, Version: "1.2.3"})
}

// program is the tray program, started.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.Writer
	lines *bufio.Scanner
}

func start(t *testing.T, addr string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "TWINDAY_TEST_TRAY=1", "DBUS_SESSION_BUS_ADDRESS="+addr)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &program{t, cmd, in, bufio.NewScanner(out)}
}

// says waits for the program's next line.
func (p *program) says(want string) {
	p.t.Helper()
	if !p.lines.Scan() {
		p.t.Fatalf("the program ended, and never said %q", want)
	}
	if got := p.lines.Text(); got != want {
		p.t.Fatalf("the program said %q, want %q", got, want)
	}
}

func (p *program) tell(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		p.t.Fatal(err)
	}
}

func labels(entries []entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.label)
		if !e.enabled {
			b.WriteString(" (off)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestTrayShowsTheStateAndObeys(t *testing.T) {
	addr := privateBus(t)
	host := newPanel(t, addr)
	app := start(t, addr)
	it := host.item()

	if got := it.text("Id"); got != "Twinday" {
		t.Errorf("the item's id is %q", got)
	}
	host.until("the first status in the menu", func() bool {
		_, ok := it.find("2 changes wait for your decision")
		return ok
	})
	want := "2 changes wait for your decision (off)\nSync now\nPause for 1 hour\nPause until tomorrow\nOpen Twinday\nDecisions (2)\nVersion 1.2.3 (off)\nQuit\n"
	if got := labels(it.menu()); got != want {
		t.Errorf("the menu is\n%s\nwant\n%s", got, want)
	}
	if got := it.tooltip(); !strings.HasPrefix(got, "Twinday: 2 changes wait for your decision\nLast sync: ") {
		t.Errorf("the tooltip is %q", got)
	}
	if got := it.text("Title"); got != it.tooltip() {
		t.Errorf("the title is %q, unlike the tooltip", got)
	}

	it.click("Sync now")
	app.says("sync")

	before, _ := it.find("Open Twinday")
	it.click("Pause for 1 hour")
	app.says("pause true")
	host.until("Resume instead of Pause", func() bool { _, ok := it.find("Resume"); return ok })
	host.until("the line says until when", func() bool { return strings.HasPrefix(it.menu()[0].label, "Paused until ") })
	if _, ok := it.find("Pause for 1 hour"); ok {
		t.Error("a paused engine can be paused again")
	}
	if after, _ := it.find("Open Twinday"); after.id != before.id {
		t.Error("the menu was rebuilt: an open menu would lose its clicks")
	}
	it.click("Resume")
	app.says("pause false")
	host.until("Pause again", func() bool { _, ok := it.find("Pause until tomorrow"); return ok })

	it.activate()
	app.says("open")
	it.click("Open Twinday")
	app.says("open")
	it.click("Decisions (2)")
	app.says("open decisions")
	app.tell("held 1")
	host.until("one decision less", func() bool { _, ok := it.find("Decisions (1)"); return ok })
	app.tell("held 0")
	host.until("none is left", func() bool { _, ok := it.find("Decisions (0)"); return !ok && len(it.menu()) == 7 })
	app.tell("speak de")
	host.until("German", func() bool { _, ok := it.find("Jetzt abgleichen"); return ok })
	if after, _ := it.find("Twinday öffnen"); after.id != before.id {
		t.Error("the menu was rebuilt for the language")
	}
	app.tell("speak en")
	host.until("English again", func() bool { _, ok := it.find("Sync now"); return ok })

	host.vanish()
	host.appear()
	again := host.item() // the panel was restarted: the icon comes back
	again.click("Quit")
	app.says("quit")
	app.says("ended")
	if err := app.cmd.Wait(); err != nil {
		t.Errorf("the program ended badly: %v", err)
	}
}

func TestTrayIconsArriveWithTheirHalfTransparentEdges(t *testing.T) {
	addr := privateBus(t)
	host := newPanel(t, addr)
	app := start(t, addr)
	it := host.item()
	for _, c := range []struct {
		activity control.Activity
		icon     assets.TrayIcon
	}{
		{control.Fine, assets.TrayFine}, {control.Syncing, assets.TraySyncing}, {control.Problem, assets.TrayProblem},
		{control.NeedsYou, assets.TrayNeedsYou}, {control.Paused, assets.TrayPaused}, {control.Starting, assets.TrayIdle},
	} {
		app.tell(string(c.activity))
		want, err := png.Decode(bytes.NewReader(c.icon.PNG()))
		if err != nil {
			t.Fatal(err)
		}
		host.until(string(c.activity)+" is shown as "+string(c.icon), func() bool {
			got := it.icon()
			if got.Bounds() != want.Bounds() {
				return false
			}
			for y := range got.Rect.Dy() {
				for x := range got.Rect.Dx() {
					w := color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
					if g := got.NRGBAAt(x, y); g != w {
						return false
					}
				}
			}
			return true
		})
	}
	app.tell("lost")
	host.until("the engine does not answer", func() bool {
		_, ok := it.find("Twinday’s engine is not answering")
		return ok
	})
}

func TestTrayEndsWhenItIsToldTo(t *testing.T) {
	addr := privateBus(t)
	host := newPanel(t, addr)
	app := start(t, addr)
	host.item()
	if err := app.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	app.says("ended")
}

func TestATrayIsFound(t *testing.T) {
	addr := privateBus(t)
	newPanel(t, addr)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", addr)
	if got := Check(t.Context()); got.Finding != control.OK || got.WayOut != "" {
		t.Errorf("%+v", got)
	}
}

func TestNoTrayIsSaid(t *testing.T) {
	silent := privateBus(t) // a bus, but nothing that shows icons
	for _, c := range []struct {
		name, addr, says string
		finding          control.Finding
		wayOut           string
	}{
		{"no bus", "", "no D-Bus session", control.Note, "without a desktop"},
		{"a bus that is gone", "unix:path=/nowhere", "does not answer", control.Trouble, "Log out"},
		{"no host", silent, "nothing on this desktop shows tray icons", control.Note, "AppIndicator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", c.addr)
			t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
			err := Run(t.Context(), pretend.New(pretend.World{}), Options{})
			if !errors.Is(err, ErrNoTray) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want ErrNoTray that says %q", err, c.says)
			}
			if got := Check(t.Context()); got.Finding != c.finding || !strings.Contains(got.Says, c.says) || !strings.Contains(got.WayOut, c.wayOut) {
				t.Errorf("a check finds %+v", got)
			}
		})
	}
}
