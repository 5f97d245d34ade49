package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// readsAtOnce is how many calendars of one account are read at the same time:
// Graph stands four requests a mailbox.
const readsAtOnce = 3

// calendarsAtOnce is how many calendars are read, or written, at the same time: no
// limit. A simulation sets it to 1, so that the same seed does the same.
var calendarsAtOnce = -1

// pull reads each calendar's changes, all pages or none, into the store. A
// calendar that cannot be read changes nothing, and nothing is made in it. The
// error is the store's.
func (e *Engine) pull(ctx context.Context, h *house) (requests int, err error) {
	var mu sync.Mutex
	lanes := map[state.AccountID]*errgroup.Group{}
	for id := range h.reach {
		lanes[id] = &errgroup.Group{}
		lanes[id].SetLimit(readsAtOnce)
	}
	var all errgroup.Group
	all.SetLimit(calendarsAtOnce)
	for _, ref := range h.refs {
		all.Go(func() error {
			done := make(chan error, 1)
			lanes[ref.Account].Go(func() error {
				n, trouble, err := e.pullOne(ctx, h, ref)
				mu.Lock()
				requests += n
				m := h.members[ref]
				m.Ready = trouble == nil && err == nil
				h.members[ref] = m
				mu.Unlock()
				if trouble != nil {
					e.trouble(ctx, ref, trouble)
				} else {
					e.mended(ref)
				}
				done <- err
				return nil
			})
			return <-done
		})
	}
	err = all.Wait()
	return requests, err
}

// pullOne reads one calendar. trouble is the provider's, err the store's.
func (e *Engine) pullOne(ctx context.Context, h *house, ref state.Ref) (requests int, trouble, err error) {
	p := h.reach[ref.Account]
	var cursor calendar.Cursor
	if err := e.Store.View(func(tx *store.Tx) (err error) { cursor, _, err = tx.Cursor(ref); return }); err != nil {
		return 0, nil, err
	}
	ch, trouble := p.Changes(ctx, ref.Calendar, cursor)
	requests = max(ch.Requests, 1)
	if calendar.KindOf(trouble) == calendar.CursorExpired && cursor != "" {
		e.Log.Info("the cursor has expired: reading everything", "calendar", ref)
		ch, trouble = p.Changes(ctx, ref.Calendar, "")
		requests += max(ch.Requests, 1)
	}
	if trouble != nil {
		return requests, trouble, nil
	}
	unsure, err := e.unsure(ref, ch)
	if err != nil {
		return requests, nil, err
	}
	var gone []calendar.RemoteID
	var unseen []calendar.Event
	for _, id := range unsure {
		requests++
		at := slices.IndexFunc(ch.Events, func(ev calendar.Event) bool { return ev.ID == id })
		switch ev, trouble := p.Get(ctx, ref.Calendar, id); calendar.KindOf(trouble) {
		case -1:
			if at >= 0 {
				ch.Events[at] = ev
			} else {
				unseen = append(unseen, ev)
			}
		case calendar.NotFound, calendar.Gone:
			gone = append(gone, id)
			if at >= 0 {
				ch.Events = slices.Delete(ch.Events, at, at+1)
			}
		default:
			return requests, trouble, nil
		}
	}
	for _, r := range ch.Removed {
		if r.Certain {
			gone = append(gone, r.ID)
		}
	}
	return requests, nil, e.Store.Update(func(tx *store.Tx) error {
		for _, ev := range ch.Events {
			if err := e.observe(tx, ref, ev, false); err != nil {
				return err
			}
		}
		for _, ev := range unseen {
			if err := e.observe(tx, ref, ev, true); err != nil {
				return err
			}
		}
		for _, id := range gone {
			if err := e.observeGone(tx, ref, id); err != nil {
				return err
			}
		}
		return tx.SetCursor(ref, ch.Next)
	})
}

// unsure lists the events to be asked for one by one. Their absence may mean
// something else than a deletion: ambiguous tombstones, and what a complete listing
// does not name. Or the listing shows a state that is no later than the one we know,
// and another, or what we know to be deleted: it may be late, and not know yet of what
// was done since; taken for news, it would undo that.
func (e *Engine) unsure(ref state.Ref, ch calendar.Changes) ([]calendar.RemoteID, error) {
	listed := map[calendar.RemoteID]bool{}
	for _, ev := range ch.Events {
		listed[ev.ID] = true
	}
	for _, r := range ch.Removed {
		if r.Certain {
			listed[r.ID] = true
		}
	}
	var out []calendar.RemoteID
	err := e.Store.View(func(tx *store.Tx) error {
		for _, ev := range ch.Events {
			rep, known, err := tx.Replica(ref, ev.ID)
			if err != nil {
				return err
			}
			if !known && ev.Mark.Installation == e.Store.Installation() {
				out = append(out, ev.ID) // ours, and forgotten: it may be deleted
			}
			if known && (rep.Deleted || rep.Event.Version != ev.Version) && !ev.Updated.IsZero() && !ev.Updated.After(rep.Event.Updated) {
				out = append(out, ev.ID)
			}
		}
		for _, r := range ch.Removed {
			if listed[r.ID] {
				continue
			}
			rep, known, err := tx.Replica(ref, r.ID)
			if err != nil {
				return err
			}
			if known && !rep.Deleted {
				out = append(out, r.ID)
			}
		}
		if !ch.Complete {
			return nil
		}
		return tx.EachReplica(ref, func(rep state.Replica) error {
			if !rep.Deleted && !rep.Unseen && !listed[rep.Event.ID] {
				out = append(out, rep.Event.ID)
			}
			return nil
		})
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// observe keeps what a calendar holds of one event. Unchanged events, met again
// in a complete listing, cost nothing further.
func (e *Engine) observe(tx *store.Tx, ref state.Ref, ev calendar.Event, unseen bool) error {
	old, known, err := tx.Replica(ref, ev.ID)
	if err != nil {
		return err
	}
	ev = complete(ev, old.Event.Content)
	if err := tx.PutReplica(ref, state.Replica{Event: ev, Seen: e.Now(), Unseen: unseen}); err != nil {
		return err
	}
	if known && !old.Deleted && old.Event.Version == ev.Version && old.Event.Cancelled == ev.Cancelled {
		return nil
	}
	return tx.MarkDirty(ref, ev.ID)
}

// complete fills in what a read did not show with what was known of it.
func complete(ev calendar.Event, known calendar.Content) calendar.Event {
	for _, g := range ev.Unseen {
		ev.Content = ev.Content.Take(g, known)
	}
	ev.Unseen = nil
	return ev
}

func (e *Engine) observeGone(tx *store.Tx, ref state.Ref, id calendar.RemoteID) error {
	rep, known, err := tx.Replica(ref, id)
	if err != nil || !known || rep.Deleted {
		return err // never known: nothing to us
	}
	rep.Deleted, rep.Seen = true, e.Now()
	if err := tx.PutReplica(ref, rep); err != nil {
		return err
	}
	return tx.MarkDirty(ref, id)
}

// reread asks for one event again after it changed under a write of ours.
func (e *Engine) reread(ctx context.Context, p calendar.Provider, ref state.Ref, id calendar.RemoteID) error {
	ev, trouble := p.Get(ctx, ref.Calendar, id)
	switch calendar.KindOf(trouble) {
	case -1:
		return e.Store.Update(func(tx *store.Tx) error {
			if err := e.observe(tx, ref, ev, false); err != nil {
				return err
			}
			return tx.MarkDirty(ref, id)
		})
	case calendar.NotFound, calendar.Gone:
		return e.Store.Update(func(tx *store.Tx) error { return e.observeGone(tx, ref, id) })
	}
	return fmt.Errorf("engine: read again: %w", trouble)
}
