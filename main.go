// Twinday keeps calendars of different accounts alike. This package reads the
// command line, wires the parts together and picks a role: tray and engine, the
// window, or one command. Nothing else: every decision is made elsewhere.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/adrg/xdg"
	"golang.org/x/term"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/network"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/display"
	"github.com/twinday/twinday/ui/terminal"
	"github.com/twinday/twinday/ui/tray"
	"github.com/twinday/twinday/ui/window"
)

// What this program was built from, set by the linker (Makefile): the version, the
// commit, and when that was made. A build by hand knows none of it.
var version, commit, date string

func main() {
	assets.Speak("") // as the system is set to, until it is known what the person chose
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends what does not end by itself
	p := program{ring: secrets.Keyring("twinday")}
	os.Exit(terminal.Execute(ctx, p.deps(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// program is what the roles have in common.
type program struct {
	ring secrets.Keeper // where sign-ins are kept
}

// deps hands the commands what they may not reach for themselves.
func (p program) deps() terminal.Deps {
	out := int(os.Stdout.Fd())
	d := terminal.Deps{
		Version:  programVersion(),
		Commit:   commit,
		Date:     date,
		DataDir:  cmp.Or(os.Getenv("TWINDAY_DATA"), filepath.Join(xdg.DataHome, "twinday")),
		Connect:  p.connect,
		Start:    p.start,
		Window:   p.window,
		Simulate: simulate,
		Restore:  restore,
		Desktop: func(ctx context.Context) []control.Check {
			return []control.Check{tray.Check(ctx), display.Check(ctx)}
		},
		AtLogin:  func(dataDir string) terminal.AtLogin { return atLogin(dataDir) },
		Demo:     demoStage,
		Terminal: term.IsTerminal(out),
	}
	if d.Terminal {
		d.Width, _, _ = term.GetSize(out)
		d.Interactive = term.IsTerminal(int(os.Stdin.Fd()))
		d.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && showsColors(out)
	}
	d.ReadSecret = func() (string, error) {
		typed, err := term.ReadPassword(int(os.Stdin.Fd()))
		return string(typed), err
	}
	if display.Here() {
		d.OpenURL = openURL
	}
	return d
}

func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" && info.Main.Version != "(devel)" {
		return cmp.Or(info.Main.Version, "dev")
	}
	return cmp.Or(version, "dev")
}

// host is an engine in this process, on a data folder that is its alone.
type host struct {
	dir    string
	engine *engine.Engine
	store  *store.Store
	log    *slog.Logger
	work   sync.WaitGroup // what runs on the engine until its ctx ends
}

// lockPatience is how long a command waits for another one to end, which is the
// engine for its own run. A first pass over full calendars takes minutes.
const lockPatience = 2 * time.Minute

// become opens the data folder's store and makes its engine.
func become(dir string, wait time.Duration, o engine.Options) (*host, error) {
	st, err := store.Open(storeFile(dir), store.Options{Timeout: wait, Fallback: true})
	if err != nil {
		return nil, err
	}
	o.Store, o.Version = st, programVersion()
	e, err := engine.New(o)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return &host{dir: dir, engine: e, store: st, log: o.Log}, nil
}

// listenRetry is how often it is tried again to say where the engine listens, in
// a folder that takes nothing now.
const listenRetry = time.Minute

// serve lets other processes speak to the engine, and keeps it syncing, until
// ctx ends. A full disk, or a folder that can only be read, is the engine's to
// tell; meanwhile the tray of this process is its only face.
func (h *host) serve(ctx context.Context) error {
	l, err := control.Listen(h.dir)
	if err != nil && !store.Refused(err) {
		return err
	}
	h.work.Go(func() {
		for err != nil {
			h.log.Warn("the engine cannot be spoken to yet", "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(listenRetry):
			}
			l, err = control.Listen(h.dir)
		}
		defer l.Close()
		if err := control.Serve(ctx, l, h.engine); err != nil {
			h.log.Error("the engine cannot be spoken to any more", "error", err)
		}
	})
	h.work.Go(func() { h.engine.Run(ctx) })
	return nil
}

// close ends the engine. The context given to serve has ended before.
func (h *host) close() {
	h.engine.Close()
	h.work.Wait()
	if err := h.store.Close(); err != nil {
		h.log.Error("the store did not close", "error", err)
	}
}

// find reaches the engine of a data folder: the running one (client), or one
// that is made here (own). It waits up to patience while another process holds
// the store and cannot be spoken to, or not yet.
func find(ctx context.Context, dir string, patience time.Duration, o engine.Options) (client *control.Client, own *host, err error) {
	const step = 300 * time.Millisecond // between two looks whether there is somebody to speak to
	for end := time.Now().Add(patience); ; {
		client, err = control.Dial(ctx, dir)
		if !errors.Is(err, control.ErrNoEngine) {
			return client, nil, err
		}
		own, err = become(dir, step, o)
		var locked *store.LockedError
		if !errors.As(err, &locked) || time.Now().After(end) {
			return nil, own, err
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
}

// options are those of an engine that works for a person, on the data folder dir.
func (p program) options(dir string, log *slog.Logger, show func() error, quit func()) engine.Options {
	way := network.New(time.Now)
	return engine.Options{
		Connectors: connectors(time.Now, way.Client()), Clients: builtIn(), Secrets: p.ring, Network: func(n state.Network, password string) error {
			return way.Use(network.Settings{Proxy: n.Proxy, User: n.ProxyUser, Password: password, Bypass: n.Bypass, Roots: n.RootCertificate})
		}, Plain: secrets.File(filepath.Join(dir, "secrets.json")),
		Reach: way.Reach, Sealed: sealed(dir, log), Log: log, LogTail: logTail(dir), ShowWindow: show, Quit: quit,
	}
}

// sealed is the file of sign-ins that a passphrase opens. Where nobody is there to be
// asked for it, a file may hold it that only its owner can read.
func sealed(dir string, log *slog.Logger) *secrets.SealedFile {
	f := secrets.Sealed(filepath.Join(dir, "secrets.sealed"))
	name := os.Getenv("TWINDAY_PASSPHRASE_FILE")
	if name == "" || !f.Made() {
		return f
	}
	typed, err := os.ReadFile(name)
	if err == nil {
		err = f.Unlock(strings.TrimRight(string(typed), "\r\n"))
	}
	if err != nil {
		log.Error("the sign-ins stay locked: the passphrase in TWINDAY_PASSPHRASE_FILE does not open them", "error", err)
	}
	return f
}

// connect reaches the running engine for a command, or is the engine for it.
func (p program) connect(ctx context.Context, o terminal.ConnectOptions) (control.Backend, func(), error) {
	log := slog.New(slog.DiscardHandler)
	if o.Verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	w := &windows{dir: o.DataDir, log: log}
	return p.reach(ctx, o, log, func(running context.Context) error { return w.open(running, "") })
}

// reach is connect with a say in what an engine made here does when it is asked
// to show the window.
func (p program) reach(ctx context.Context, o terminal.ConnectOptions, log *slog.Logger, show func(context.Context) error) (control.Backend, func(), error) {
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return nil, nil, err
	}
	if o.RunningOnly {
		c, err := control.Dial(ctx, dir)
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}
	running, stop := context.WithCancel(ctx)
	var own *host
	quit := func() { // the command that this engine works for ends with it
		stop()
		go own.engine.Close()
	}
	client, own, err := find(ctx, dir, cmp.Or(o.Patience, lockPatience), p.options(dir, log, func() error { return show(running) }, quit))
	switch {
	case err != nil:
		stop()
		return nil, nil, err
	case client != nil:
		return client, func() { client.Close(); stop() }, nil
	}
	if o.Loop {
		if err := own.serve(running); err != nil {
			stop()
			own.close()
			return nil, nil, err
		}
	}
	client = control.InProcess(own.engine)
	return client, func() { stop(); client.Close(); own.close() }, nil
}

// start is the role of `twinday` alone: tray and engine.
func (p program) start(ctx context.Context, o terminal.StartOptions) error {
	if handedOver() {
		return nil
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return err
	}
	log, err := logTo(dir, o.Verbose)
	if err != nil {
		return err
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	w := &windows{dir: dir, log: log}
	client, own, err := find(ctx, dir, lockPatience, p.options(dir, log, func() error { return w.open(ctx, "") }, quit))
	if err != nil {
		return err
	}
	if client != nil { // it runs already: two of them would be one too many
		defer client.Close()
		if o.Hidden {
			return nil
		}
		return client.ShowWindow(ctx)
	}
	defer own.close()
	defer quit()
	if err := own.serve(ctx); err != nil {
		return err
	}
	err = own.face(ctx, w, o.Hidden, o.Say)
	quit()
	w.wait()
	return err
}

// trayRetry is how often a desktop without a tray is asked again: at login it
// may start after Twinday, and extensions come and go.
const trayRetry = 15 * time.Second

// face shows the tray icon, and the window unless hidden, until the person quits
// or ctx ends. Without a tray the window is the face; without a display there
// is none, and the engine goes on.
func (h *host) face(ctx context.Context, w *windows, hidden bool, say io.Writer) error {
	opt := tray.Options{Version: h.engine.Version, OpenWindow: func(page string) {
		if err := w.open(ctx, page); err != nil {
			h.log.Error("the window does not open", "error", err)
		}
	}}
	h.work.Go(func() { tray.Notify(ctx, h.engine, opt) })
	for first := true; ; first = false {
		noTray := tray.Host(ctx) != nil
		w.setNoTray(noTray)
		if first {
			switch {
			case noTray && !display.Here():
				fmt.Fprintln(say, "twinday: "+assets.Text("there is no tray and no display here; syncing goes on without them, until 'twinday quit' or Ctrl-C"))
			case !hidden && display.Here():
				if err := w.open(ctx, ""); err != nil {
					h.log.Error("the window does not open", "error", err)
				}
			}
		}
		err := tray.Run(ctx, h.engine, opt)
		if !errors.Is(err, tray.ErrNoTray) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(trayRetry):
		}
	}
}

// window is the role of the window's own process. It outlives no engine.
func (p program) window(ctx context.Context, o terminal.WindowOptions) error {
	if !display.Here() {
		return errors.New(assets.Text("there is no display here to open a window on; 'twinday --help' lists the commands that need none"))
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return err
	}
	log, err := logTo(dir, false)
	if err != nil {
		return err
	}
	visible := func(context.Context) error { return nil }
	backend, done, err := p.reach(ctx, terminal.ConnectOptions{DataDir: dir, Loop: true}, log, visible)
	if err != nil {
		return err
	}
	defer done()
	opt := window.Options{NoTray: o.NoTray, Page: o.Page, AtLogin: atLogin(dir), Demo: startDemo}
	if !term.IsTerminal(int(os.Stdin.Fd())) { // a person started it there
		opt.Raise = raises(os.Stdin)
	}
	return window.Run(ctx, backend, opt)
}
