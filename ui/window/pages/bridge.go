package pages

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// patience is how long the bridge waits for what.
type patience struct {
	first time.Duration // for the first status, before the engine counts as not answering
	retry time.Duration // before a broken stream is begun again
	beat  time.Duration // without news, before the engine is asked whether it is there; also how often "3 minutes ago" is renewed
	gap   time.Duration // between two statuses that are shown: a repaint costs
}

var usual = patience{first: 5 * time.Second, retry: 2 * time.Second, beat: 15 * time.Second, gap: 300 * time.Millisecond}

// Start begins to bring the engine's news to the window, until ctx ends or the
// window is closed. Call it once.
func (w *Window) Start(ctx context.Context) {
	context.AfterFunc(ctx, w.cancel)
	b := &bridge{w: w, patience: usual}
	go b.follow(w.ctx)
	go b.pulse(w.ctx)
	go b.attend(w.ctx)
}

// bridge takes the engine's statuses to Fyne's goroutine, the newest only: a
// window that is busy never has more than one waiting.
type bridge struct {
	w *Window
	patience

	mu      sync.Mutex
	newest  control.Status
	waiting bool // newest is on its way to the window
	heard   time.Time
}

// follow listens to the engine's stream, and begins again when it breaks.
func (b *bridge) follow(ctx context.Context) {
	for ctx.Err() == nil {
		late := time.AfterFunc(b.first, func() { b.lost(ctx) })
		err := b.w.backend.Watch(ctx, func(s control.Status) error {
			late.Stop()
			b.bring(s)
			return pause(ctx, b.gap)
		})
		late.Stop()
		if ctx.Err() != nil {
			return
		}
		slog.Debug("window: the engine's status stream ended", "err", err)
		b.lost(ctx)
		_ = pause(ctx, b.retry)
	}
}

// pulse renews what depends on the time, and notices an engine that went silent.
func (b *bridge) pulse(ctx context.Context) {
	for pause(ctx, b.beat) == nil {
		b.w.do(b.w.update)
		b.mu.Lock()
		silent := time.Since(b.heard) > b.beat
		b.mu.Unlock()
		if !silent {
			continue
		}
		ask, cancel := context.WithTimeout(ctx, b.first)
		s, err := b.w.backend.Status(ask)
		cancel()
		if err != nil {
			b.lost(ctx)
			continue
		}
		b.bring(s)
	}
}

// attend tells the engine that the window is open. Whether it is heard shows elsewhere.
func (b *bridge) attend(ctx context.Context) {
	for {
		ask, cancel := context.WithTimeout(ctx, b.first)
		if err := b.w.backend.Attend(ask); err != nil {
			slog.Debug("window: the engine does not know that somebody looks", "err", err)
		}
		cancel()
		if pause(ctx, b.beat) != nil {
			return
		}
	}
}

// bring hands a status to the window.
func (b *bridge) bring(s control.Status) {
	b.mu.Lock()
	b.newest, b.heard = s, time.Now()
	already := b.waiting
	b.waiting = true
	b.mu.Unlock()
	if already {
		return
	}
	b.w.do(func() {
		b.mu.Lock()
		s := b.newest
		b.waiting = false
		b.mu.Unlock()
		b.w.hear(s)
	})
}

func (b *bridge) lost(ctx context.Context) {
	if ctx.Err() == nil {
		b.w.do(func() { setShown(b.w.banner, true); b.w.home.answering(false) })
	}
}

// pause waits, or returns an error when ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hear takes in a status of the engine.
func (w *Window) hear(s control.Status) {
	setShown(w.banner, false)
	w.home.answering(true)
	before := w.status
	first := !w.known
	w.status, w.known = s, true
	w.face(s.Faces)
	if w.calendars == nil || !sameCalendarsNeeded(before, s) {
		w.listCalendars(false)
	}
	if first || before.Pass != s.Pass || before.Activity != s.Activity {
		w.hist.stale()
	}
	w.update()
}

// update shows status and time on the page in view.
func (w *Window) update() {
	if w.status.Version != "" {
		setText(w.version, "Twinday "+w.status.Version)
	}
	waits := assets.Text("Decisions")
	if w.status.Held > 0 {
		waits = assets.Text("Decisions ({{.N}})", "N", assets.Number(w.status.Held))
	}
	if b := w.nav[slices.Index(pageNames, "decisions")]; b.Text != waits {
		b.SetText(waits)
	}
	w.pages[w.shown].update()
}

// listCalendars asks for the names and colours of the calendars.
func (w *Window) listCalendars(fresh bool) {
	if w.listing {
		return
	}
	w.listing = true
	call(w, w.opt.CallTimeout, func(ctx context.Context) ([]state.Calendar, error) {
		return w.backend.Calendars(ctx, "", fresh)
	}, func(list []state.Calendar, err error) {
		w.listing = false
		if err != nil {
			slog.Warn("window: calendars cannot be listed", "err", err)
			return
		}
		list = coloured(list)
		w.calendars = make(map[state.Ref]state.Calendar, len(list))
		for _, c := range list {
			w.calendars[c.Ref] = c
		}
		w.cals.list = list
		w.update()
	})
}

// sameCalendarsNeeded reports whether the calendars known under a do for b.
func sameCalendarsNeeded(a, b control.Status) bool {
	return reflect.DeepEqual(a.Accounts, b.Accounts) && len(a.Mirrors) == len(b.Mirrors)
}
