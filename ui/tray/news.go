package tray

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// A notification is for what needs the person. What passes by itself is told of only once
// it has lasted.
const (
	lastsOther   = 5 * time.Minute // a failure that a later pass may mend
	lastsOffline = 24 * time.Hour  // no network, or a service that asked to wait
	// sayAgain is how long a problem that comes and goes is told of once.
	sayAgain = 24 * time.Hour
)

// notice is one notification. One with the same key takes the place of the one before.
type notice struct {
	key, title, body string
	action           string // the word on its button
	page             string // that the button opens
	urgent           bool
}

// notifier shows notices the way the desktop does. Its calls may take a moment.
type notifier interface {
	show(notice) error
	hide(key string)
	close()
}

// Notify tells the person through the desktop's notifications what needs them, until ctx
// ends. Where the desktop has none, nobody is told; the tray and the window say the same.
func Notify(ctx context.Context, backend control.Backend, opt Options) {
	n := newNotifier(ctx, opt)
	defer n.close()
	var past news
	tongue := ""
	for ctx.Err() == nil {
		err := backend.Watch(ctx, func(s control.Status) error {
			speak(&tongue, s)
			show, hide := past.of(s, time.Now())
			if s.Faces.Notify == control.NotifyChanges && past.quietBefore(s) {
				show = append(show, past.crossed(ctx, backend)...)
			}
			for _, key := range hide {
				n.hide(key)
			}
			for _, x := range show {
				if err := n.show(x); err != nil {
					slog.Warn("tray: no notification could be shown", "err", err)
				}
			}
			return nil
		})
		if ctx.Err() != nil {
			return
		}
		slog.Warn("tray: the engine's status stream ended", "err", err)
		select {
		case <-time.After(retryWait):
		case <-ctx.Done():
		}
	}
}

// news is what the person was told of, and what may have to be.
type news struct {
	stands map[string]time.Time // since when a problem does
	told   map[string]time.Time // when it was told of
	up     map[string]bool      // notices that are shown
	held   int
	pass   uint64
	seq    uint64 // of the last entry of the history that was looked at
	begun  bool
}

const keyHeld, keyCrossed = "held", "crossed"

// of decides what a status gives to tell, and which notices have had their day.
func (n *news) of(s control.Status, now time.Time) (show []notice, hide []string) {
	if n.stands == nil {
		n.stands, n.told, n.up = map[string]time.Time{}, map[string]time.Time{}, map[string]bool{}
	}
	if !s.Quiet.IsZero() { // it can wait for the morning
		return nil, nil
	}
	if s.Faces.Notify == control.NotifyNever {
		n.held = s.Held
		return nil, n.down(func(string) bool { return true })
	}
	there := map[string]bool{}
	for _, p := range s.Problems {
		key := fmt.Sprint("problem ", p.Account, " ", p.Ref)
		there[key] = true
		if _, ok := n.stands[key]; !ok {
			n.stands[key] = now
		}
		told, before := n.told[key]
		if now.Sub(n.stands[key]) < lasts(p, s.Accounts) || before && now.Sub(told) < sayAgain {
			continue
		}
		n.told[key], n.up[key] = now, true
		show = append(show, notice{key: key, title: assets.Said(p.What), body: assets.Said(p.WayOut), action: assets.Text("Open Twinday"), page: "home", urgent: true})
	}
	for key := range n.stands {
		if !there[key] {
			delete(n.stands, key)
		}
	}
	if s.Held > n.held {
		n.up[keyHeld] = true
		show = append(show, notice{key: keyHeld, title: assets.Count("{{.N}} changes wait for your decision", s.Held), body: assets.Text("Nothing of it is done until you have looked."),
			action: assets.Text("Decide…"), page: "decisions"})
	}
	n.held = s.Held
	return show, n.down(func(key string) bool {
		return key == keyHeld && s.Held == 0 || key != keyHeld && key != keyCrossed && !there[key]
	})
}

// down takes notices off the list of those that are shown.
func (n *news) down(gone func(key string) bool) (hide []string) {
	for key := range n.up {
		if gone(key) {
			hide = append(hide, key)
			delete(n.up, key)
		}
	}
	slices.Sort(hide)
	return hide
}

// lasts is how long a problem has to stand before it is told of.
func lasts(p control.ProblemNote, accounts []control.AccountState) time.Duration {
	for _, a := range accounts {
		if a.ID != p.Account || p.Ref != (state.Ref{}) {
			continue
		}
		switch a.Condition {
		case control.Offline, control.Throttled:
			return lastsOffline
		case control.Connected, "":
		default: // it waits for the person
			return 0
		}
	}
	return lastsOther
}

// quietBefore reports whether a pass has ended since the last time.
func (n *news) quietBefore(s control.Status) bool {
	if s.Activity == control.Syncing || s.Pass == n.pass || !s.Quiet.IsZero() {
		return false
	}
	n.pass = s.Pass
	return true
}

// crossed asks the history what crossed since the last time.
func (n *news) crossed(ctx context.Context, backend control.Backend) []notice {
	const most = 100
	list, err := backend.History(ctx, control.HistoryQuery{Limit: most})
	if err != nil {
		slog.Warn("tray: the history cannot be read", "err", err)
		return nil
	}
	seq, begun := n.seq, n.begun
	n.begun = true
	if len(list) > 0 {
		n.seq = max(n.seq, list[0].Seq)
	}
	if !begun {
		return nil
	}
	return crossing(list, seq)
}

// crossing is the notice of what entries after seq tell; none if they tell nothing.
func crossing(list []state.HistoryEntry, seq uint64) []notice {
	titles, n := []string{}, 0
	for _, h := range list {
		if h.Seq <= seq || h.Outcome != state.Done || h.Kind != state.Create && h.Kind != state.Update && h.Kind != state.Delete {
			continue
		}
		n++
		if h.Title != "" && !slices.Contains(titles, h.Title) {
			titles = append(titles, h.Title)
		}
	}
	if n == 0 {
		return nil
	}
	const named = 3
	body := ""
	for i, t := range titles[:min(len(titles), named)] {
		if i > 0 {
			body += "\n"
		}
		body += t
	}
	if len(titles) > named {
		body += "\n" + assets.Count("and {{.N}} more", len(titles)-named)
	}
	return []notice{{key: keyCrossed, title: assets.Count("{{.N}} changes crossed", n), body: body, action: assets.Text("Show in History"), page: "history"}}
}
