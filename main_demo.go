package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/samples"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/ui/display"
	"github.com/twinday/twinday/ui/terminal"
)

// demoZone is where the sample calendars' person lives.
const demoZone = "Europe/Berlin"

// headerPatience ends a connection to a simulator on which nothing is asked.
const headerPatience = 10 * time.Second

// demoStage puts two simulators and an engine on a data folder of its own
// together, for the terminal to play on.
func demoStage(ctx context.Context, o terminal.DemoOptions) (_ *terminal.DemoStage, err error) {
	var closing []func()
	closeAll := func() {
		for i := len(closing) - 1; i >= 0; i-- {
			closing[i]()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	clock := &shiftedClock{}
	stage := &terminal.DemoStage{Zone: demoZone, Now: clock.now, Browser: &http.Client{Timeout: time.Minute}, Close: closeAll}
	home, err := newDemoSide(simulator.Google, "robin@home.example", clock.now)
	if err != nil {
		return nil, err
	}
	work, err := newDemoSide(simulator.Outlook, "robin@work.example", clock.now)
	if err != nil {
		return nil, err
	}
	stage.Home, stage.Work = home, work
	var starts []time.Time
	for side, file := range map[*demoSide]string{home: o.Home, work: o.Work} {
		if file == "" {
			continue
		}
		loaded, err := side.sim.LoadFile(file)
		if err != nil {
			return nil, err
		}
		stage.Unreadable = append(stage.Unreadable, unreadable(loaded)...)
		for _, e := range side.mail.Events("primary") {
			starts = append(starts, e.Start.UTC)
		}
	}
	if day, ok := terminal.DemoDay(starts, time.Now()); ok {
		clock.moveTo(day)
		stage.Day = day
	}
	for side, sample := range map[*demoSide]func(time.Time) []byte{home: samples.Home, work: samples.Work} {
		if side == home && o.Home != "" || side == work && o.Work != "" {
			continue
		}
		loaded, err := side.sim.Load(bytes.NewReader(sample(clock.now())), "sample")
		if err != nil {
			return nil, err
		}
		stage.Unreadable = append(stage.Unreadable, unreadable(loaded)...)
	}
	for _, side := range []*demoSide{home, work} {
		base, stop, err := serveLoopback(ctx, side.sim)
		if err != nil {
			return nil, err
		}
		closing = append(closing, stop)
		side.endpoints = side.sim.Endpoints(base)
	}

	dir, err := os.MkdirTemp("", "twinday-demo-")
	if err != nil {
		return nil, err
	}
	closing = append(closing, func() { _ = os.RemoveAll(dir) })
	log := slog.New(slog.DiscardHandler)
	if o.Verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	w := &windows{dir: dir, log: log}
	showing, quit := context.WithCancel(ctx)
	closing = append(closing, quit)
	h, err := become(dir, 0, engine.Options{
		Connectors: connectors(clock.now, nil), Now: clock.now, Sleep: engine.Wait, Secrets: secrets.Memory(), Log: log, ShowWindow: func() error { return w.open(showing, "") }, Quit: quit,
	})
	if err != nil {
		return nil, err
	}
	client := control.InProcess(h.engine)
	stage.Backend = client
	closing = append(closing, func() { quit(); client.Close(); h.close() })
	if !o.Headless && display.Here() {
		stage.Show = func(ctx context.Context) error {
			defer context.AfterFunc(ctx, quit)()
			if err := h.serve(showing); err != nil {
				return err
			}
			err := h.face(showing, w, false, o.Say)
			quit()
			w.wait()
			return err
		}
	}
	return stage, nil
}

// startDemo starts the demo in a process of its own, with a data folder, a tray icon and a
// window of its own. It goes on when this process ends.
func startDemo() error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("%s: %w", assets.Text("the demo cannot be started"), err)
	}
	cmd := exec.CommandContext(context.Background(), exe, "demo") // nobody but its own Quit ends it
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", assets.Text("the demo cannot be started"), err)
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// unreadable are a file's problems in the demo's words.
func unreadable(l simulator.Loaded) (list []terminal.Unreadable) {
	for _, p := range l.Problems {
		list = append(list, terminal.Unreadable{File: p.File, Line: p.Line, Reason: p.Reason})
	}
	return list
}

// shiftedClock runs as the real one does, on another day.
type shiftedClock struct{ by time.Duration }

func (c *shiftedClock) now() time.Time { return time.Now().Add(c.by) }

// moveTo makes it now the day t. Only before anybody looks at the clock.
func (c *shiftedClock) moveTo(t time.Time) { c.by = time.Until(t) }

// serveLoopback serves h on a free port of this machine, until stop is called.
func serveLoopback(ctx context.Context, h http.Handler) (base string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: headerPatience, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = srv.Serve(l) }() // ends with Close only
	return "http://" + l.Addr().String(), func() { _ = srv.Close() }, nil
}

// simulate is the role of a simulated service on its own.
func simulate(ctx context.Context, o terminal.SimulateOptions, out, log io.Writer) error {
	return simulator.Serve(ctx, simulator.ServeOptions{
		Service: simulator.Service(o.Service), Listen: o.Listen, EventsFile: o.Events, AutoApprove: o.AutoApprove, Out: out, Log: log,
	})
}
