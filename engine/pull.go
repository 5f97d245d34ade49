package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// readsAtOnce is how many calendars of one account are read at the same time:
// Graph stands four requests a mailbox.
const readsAtOnce = 3

// calendarsAtOnce is how many calendars are read, or written, at the same time: no
// limit. A simulation sets it to 1, so that the same seed does the same; then
// accounts are also called one after the other, and waited for.
var calendarsAtOnce = -1

// atOnce is so many at the same time, or one by one in a simulation.
func atOnce(n int) int {
	if calendarsAtOnce == 1 {
		return 1
	}
	return n
}

// look reads one calendar, all pages or none. The error is the store's.
func (e *Engine) look(ctx context.Context, p calendar.Provider, ref state.Ref) (r reading, err error) {
	var cursor calendar.Cursor
	if err := e.Store.View(func(tx *store.Tx) (err error) { cursor, _, err = tx.Cursor(ref); return }); err != nil {
		return r, err
	}
	r.began = e.Now()
	r.changes, r.trouble = p.Changes(ctx, ref.Calendar, cursor)
	r.requests = max(r.changes.Requests, 1)
	if calendar.KindOf(r.trouble) == calendar.CursorExpired && cursor != "" {
		e.Log.Info("the cursor has expired: reading everything", "calendar", ref)
		r.changes, r.trouble = p.Changes(ctx, ref.Calendar, "")
		r.requests += max(r.changes.Requests, 1)
	}
	if r.trouble != nil {
		return r, nil
	}
	if r.trouble, err = e.withMarks(ctx, p, ref, &r); r.trouble != nil || err != nil {
		return r, err
	}
	return r, e.confirm(ctx, p, ref, &r)
}

// observe keeps what a calendar holds of one event. Unchanged events, met again
// in a complete listing, cost nothing further.
func (e *Engine) observe(tx *store.Tx, ref state.Ref, ev calendar.Event, unseen bool) error {
	old, known, err := tx.Replica(ref, ev.ID)
	if err != nil {
		return err
	}
	ev.Overrides = completeOverrides(ev, old.Event.Overrides)
	ev = complete(ev, old.Event.Content)
	ev.Mark = cmp.Or(ev.Mark, old.Event.Mark) // a read that shows none says nothing: nobody takes marks off
	if err := tx.PutReplica(ref, state.Replica{Event: ev, Seen: e.Now(), Unseen: unseen}); err != nil {
		return err
	}
	if known && !old.Deleted && old.Event.Version == ev.Version && old.Event.Cancelled == ev.Cancelled && old.Event.Type == ev.Type {
		return readBack(tx, ref, old.Event, ev)
	}
	return tx.MarkDirty(ref, ev.ID)
}

// readBack takes over what a calendar shows of the same state otherwise than before: a
// write's answer was what had been sent, and this is what became of it. What was a
// person's doing before stays that.
func readBack(tx *store.Tx, ref state.Ref, was, is calendar.Event) error {
	groups, slots := calendar.Diff(was.Content, is.Content), calendar.Slots(was.Overrides, is.Overrides)
	if len(groups) == 0 && len(slots) == 0 {
		return nil
	}
	id, linked, err := tx.EntityOf(ref, is.ID)
	if err != nil || !linked {
		return err
	}
	ent, _, err := tx.Entity(id)
	if err != nil {
		return err
	}
	parts := ent.Records[ref].Parts
	for i := range parts {
		p := &parts[i]
		if p.ID != is.ID || p.Version != is.Version {
			continue
		}
		for _, g := range groups {
			if calendar.Equal(g, was.Content, p.Read) {
				p.Read = p.Read.Take(g, is.Content)
			}
		}
		for _, slot := range slots {
			if was.Overrides[slot].Equal(p.ReadOverrides[slot]) {
				p.ReadOverrides = calendar.WithOverride(p.ReadOverrides, slot, is.Overrides[slot])
			}
		}
	}
	return tx.PutEntity(ent)
}

// complete fills in what a read did not show with what was known of it.
func complete(ev calendar.Event, known calendar.Content) calendar.Event {
	for _, g := range ev.Unseen {
		ev.Content = ev.Content.Take(g, known)
	}
	ev.Unseen = nil
	return ev
}

// completeOverrides does the same for the occurrences of a series whose title is out of
// sight: what made them differ is, too.
func completeOverrides(ev calendar.Event, known map[string]calendar.Override) map[string]calendar.Override {
	out := ev.Overrides
	if !ev.Unseen.Has(calendar.GroupTitle) {
		return out
	}
	for slot, was := range known {
		now := out[slot]
		if was.Cancelled || now.Cancelled {
			continue
		}
		now.Original = was.Original
		for _, g := range was.Changed.And(ev.Unseen) {
			now.Content, now.Changed = now.Content.Take(g, was.Content), now.Changed.With(g)
		}
		out = calendar.WithOverride(out, slot, now)
	}
	return out
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

// reread asks for one event again after it changed under a write of ours. The error is
// the store's.
func (e *Engine) reread(ctx context.Context, p calendar.Provider, ref state.Ref, id calendar.RemoteID) (trouble, err error) {
	ev, trouble := p.Get(ctx, ref.Calendar, id)
	switch calendar.KindOf(trouble) {
	case -1:
		return nil, e.Store.Update(func(tx *store.Tx) error {
			if err := e.observe(tx, ref, ev, false); err != nil {
				return err
			}
			return tx.MarkDirty(ref, id)
		})
	case calendar.NotFound, calendar.Gone:
		if trouble := stands(ctx, p, ref); trouble != nil {
			return trouble, nil
		}
		return nil, e.Store.Update(func(tx *store.Tx) error { return e.observeGone(tx, ref, id) })
	}
	return fmt.Errorf("engine: read again: %w", trouble), nil
}
