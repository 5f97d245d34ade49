package engine

import (
	"context"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// marker is a provider whose changes do not show the marks of all events, and that
// can be asked for them apart. A listing of marks costs a request or a few, so it
// is asked for only where it decides something: when a calendar is read with an
// empty memory, and when an event without one is met for the first time.
type marker interface {
	// Marked lists the marks of a calendar's events that changed since then, those that
	// have none with an empty one. If since is zero, the marks of all events, and those
	// without one may be left out.
	Marked(ctx context.Context, cal calendar.CalendarID, since time.Time) (marks map[calendar.RemoteID]calendar.Mark, requests int, err error)
}

// clockSlack is how far back from an event's last change its mark is looked for.
const clockSlack = time.Second

// withMarks fills in the marks that a read did not show. An event that is new, and that
// the listing of marks does not name, was deleted meanwhile or is shown by a read that
// is late: it may have been a copy of ours, so it is doubtful. trouble is the
// provider's, err the store's.
func (e *Engine) withMarks(ctx context.Context, p calendar.Provider, ref state.Ref, r *reading) (trouble, err error) {
	m, ok := p.(marker)
	if !ok {
		return nil, nil
	}
	ch := r.changes
	empty := true
	var since time.Time
	var bare []int
	err = e.Store.View(func(tx *store.Tx) error {
		for i, ev := range ch.Events {
			_, known, err := tx.Replica(ref, ev.ID)
			if err != nil {
				return err
			}
			empty = empty && !known
			if known || ev.Mark != (calendar.Mark{}) {
				continue
			}
			bare = append(bare, i)
			if since.IsZero() || ev.Updated.Before(since) {
				since = ev.Updated
			}
		}
		return nil
	})
	if err != nil || len(bare) == 0 {
		return nil, err
	}
	if ch.Complete && empty || since.IsZero() {
		since = time.Time{}
	} else {
		since = since.Add(-clockSlack)
	}
	marks, requests, trouble := m.Marked(ctx, ref.Calendar, since)
	if r.requests += requests; trouble != nil {
		return trouble, nil
	}
	for _, i := range bare {
		mark, named := marks[ch.Events[i].ID]
		if ch.Events[i].Mark = mark; !named && marks != nil && !since.IsZero() {
			r.doubtful = append(r.doubtful, ch.Events[i].ID)
		}
	}
	return nil, nil
}

// ledBy adds to the input what the mark on a found event leads to: the entity that it
// names, and the events that it may be a copy of with their entities.
func (l *loader) ledBy(ev calendar.Event, ref state.Ref) error {
	if ev.Mark == (calendar.Mark{}) {
		return nil
	}
	id := state.EntityID(ev.Mark.Entity)
	if ev.Mark.Installation == l.in.Installation {
		if err := l.entity(id); err != nil {
			return err
		}
	}
	for other := range l.h.members {
		// The home, or one that was made again, and what else is linked by that mark.
		led := append(l.tx.AlikeByFingerprint(other, id.Fingerprint()), l.tx.AlikeByMark(other, id.Fingerprint())...)
		for _, home := range led {
			if other == ref && home == ev.ID {
				continue
			}
			if err := l.either(other, home); err != nil {
				return err
			}
		}
	}
	return nil
}

// alike lists the unlinked events of other calendars that may be the same meeting.
func (l *loader) alike(f reconcile.Found, ev calendar.Event) error {
	var out []reconcile.Found
	led := state.EntityID(ev.Mark.Entity).Fingerprint()
	for ref := range l.h.members { // sorted by Reconcile
		if ref == f.Ref {
			continue
		}
		ids := l.tx.AlikeByUID(ref, ev.UID)
		ids = append(ids, l.tx.AlikeByLook(ref, ev.Content.Title, ev.Content.When.Start, ev.Content.When.End)...)
		if c, ok := l.shown(f.Ref, ref, ev); ok {
			ids = append(ids, l.tx.AlikeByLook(ref, c.Title, c.When.Start, c.When.End)...)
		}
		ids = append(ids, l.tx.AlikeByMark(ref, state.Fingerprint(ev.UID))...)
		ids = append(ids, l.tx.AlikeByFingerprint(ref, led)...)
		ids = append(ids, l.tx.AlikeByMark(ref, led)...)
		list, err := l.unlinked(ref, ids)
		if err != nil {
			return err
		}
		out = append(out, list...)
	}
	l.in.Alike[f] = out
	return nil
}

// shown is what the copy of an event in a member would show, if that is worth looking for.
func (l *loader) shown(home, ref state.Ref, ev calendar.Event) (calendar.Content, bool) {
	way := [2]state.Ref{home, ref}
	m, known := l.ways[way]
	if !known {
		m = l.in.Way(home, ref)
		l.ways[way] = m
	}
	if m == nil {
		return calendar.Content{}, false
	}
	return reconcile.Shown(m, mapping.Source{Content: ev.Content, Facts: ev.Facts()})
}
