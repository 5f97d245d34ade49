//go:build cgo || !darwin

package tray

import (
	"context"
	"time"

	"fyne.io/systray"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// Run shows the icon until ctx ends or the person chooses Quit, which also asks
// the engine to end. It returns an ErrNoTray at once when there is no tray to
// show it in. Call it on the main goroutine (macOS insists), once a process.
func Run(ctx context.Context, backend control.Backend, opt Options) error {
	if err := Host(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	if opt.OpenWindow != nil {
		systray.SetOnTapped(func() { go opt.OpenWindow("") })
	}
	first := func() {
		systray.SetTitle("Twinday")
		systray.SetIcon(iconBytes(assets.TrayIdle))
		systray.SetTooltip("Twinday")
	}
	var m *menu
	loop(ctx, first, func() { m = newMenu(ctx, cancel, backend, opt) }, func() { go follow(ctx, backend, m.show) })
	return nil
}

// menu is the tray's menu. Labels change in place: a rebuilt menu would lose
// the click of a person who has it open.
type menu struct {
	shown                     look
	status, sync, open, quit  *systray.MenuItem
	pauseHour, pauseDay, play *systray.MenuItem
	decide                    *systray.MenuItem
	version                   *systray.MenuItem // nil if it is not known
	programVersion            string
}

func newMenu(ctx context.Context, quit func(), backend control.Backend, opt Options) *menu {
	m := &menu{programVersion: opt.Version}
	m.status = systray.AddMenuItem(assets.Text("Starting"), "")
	m.status.Disable()
	systray.AddSeparator()
	m.sync = systray.AddMenuItem("", "")
	on(m.sync, func() {
		call(ctx, "sync", syncTimeout, func(ctx context.Context) error {
			_, err := backend.Sync(ctx, control.SyncRequest{})
			return err
		})
	})
	pause := func(until func(now time.Time) time.Time) func() {
		return func() {
			call(ctx, "pause", callTimeout, func(ctx context.Context) error {
				return backend.Pause(ctx, until(time.Now()))
			})
		}
	}
	m.pauseHour = systray.AddMenuItem("", "")
	on(m.pauseHour, pause(func(now time.Time) time.Time { return now.Add(time.Hour) }))
	m.pauseDay = systray.AddMenuItem("", "")
	on(m.pauseDay, pause(assets.Tomorrow))
	m.play = systray.AddMenuItem("", "")
	on(m.play, pause(func(time.Time) time.Time { return time.Time{} }))
	m.play.Hide()
	systray.AddSeparator()
	m.open, m.decide = systray.AddMenuItem("", ""), systray.AddMenuItem("", "")
	m.decide.Hide()
	if opt.OpenWindow != nil {
		on(m.open, func() { opt.OpenWindow("") })
		on(m.decide, func() { opt.OpenWindow("decisions") })
	} else {
		m.open.Disable()
		m.decide.Disable()
	}
	systray.AddSeparator()
	if opt.Version != "" {
		m.version = systray.AddMenuItem("", "")
		m.version.Disable()
	}
	m.quit = systray.AddMenuItem("", "")
	on(m.quit, func() {
		call(ctx, "quit", callTimeout, backend.Quit)
		quit()
	})
	m.label()
	return m
}

// label writes what stands in the menu all the time, in the person's language.
func (m *menu) label() {
	m.sync.SetTitle(assets.Text("Sync now"))
	m.pauseHour.SetTitle(assets.Text("Pause for 1 hour"))
	m.pauseDay.SetTitle(assets.Text("Pause until tomorrow"))
	m.play.SetTitle(assets.Text("Resume"))
	m.open.SetTitle(assets.Text("Open Twinday"))
	m.decide.SetTitle(assets.Text("Decisions ({{.N}})", "N", assets.Number(m.shown.held)))
	if m.version != nil {
		m.version.SetTitle(assets.Text("Version {{.Version}}", "Version", m.programVersion))
	}
	m.quit.SetTitle(assets.Text("Quit"))
}

// on calls f for each click, each on its own goroutine: systray drops a click
// that comes while nobody listens.
func on(item *systray.MenuItem, f func()) {
	go func() {
		for range item.ClickedCh {
			go f()
		}
	}()
}

// show changes what differs from what is shown. Only follow calls it.
func (m *menu) show(l look) {
	if l.icon != m.shown.icon {
		systray.SetIcon(iconBytes(l.icon))
	}
	if l.tooltip != m.shown.tooltip {
		systray.SetTooltip(l.tooltip)
		systray.SetTitle(l.tooltip) // some hosts show the title instead
	}
	if l.line != m.shown.line {
		m.status.SetTitle(l.line)
	}
	if l.paused != m.shown.paused {
		for _, item := range []*systray.MenuItem{m.pauseHour, m.pauseDay} {
			if l.paused {
				item.Hide()
			} else {
				item.Show()
			}
		}
		if l.paused {
			m.play.Show()
		} else {
			m.play.Hide()
		}
	}
	before := m.shown
	m.shown = l
	if l.held != before.held {
		if l.held > 0 {
			m.decide.Show()
		} else {
			m.decide.Hide()
		}
	}
	if l.held != before.held || l.tongue != before.tongue {
		m.label()
	}
}
