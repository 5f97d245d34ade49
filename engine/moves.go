package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// lookAgain reads those calendars once more that may hold the other half of a move:
// an event went from one calendar of an account, or came to one, after the others
// were read in this pass. Without it, every deletion in an account with several
// calendars would have to wait for the next pass. A list may be late, so the event that
// one that came may have been is asked for, too (in the same calendar if it was moved there
// and back), and one that went is asked for by its id in the others: a moved event keeps it
// (Google, events.move). Of two that came, or were left alone, either may be the one that
// went: linked as look-alikes, they would go together once its list says so, and both of one
// calendar (moved there and back) would be copied. A calendar that is off is not read, so what
// may have come from there is asked for by its id, or it would wait until that is on.
func (e *Engine) lookAgain(ctx context.Context, h *house) (requests int, err error) {
	siblings := map[state.AccountID][]state.Ref{}
	for _, ref := range h.refs {
		if h.members[ref].Ready {
			siblings[ref.Account] = append(siblings[ref.Account], ref)
		}
	}
	off := map[state.AccountID][]state.Ref{}
	for _, ref := range slices.SortedFunc(maps.Keys(h.members), compareRefs) {
		if h.reach[ref.Account] != nil && !slices.Contains(h.refs, ref) {
			off[ref.Account] = append(off[ref.Account], ref)
		}
	}
	var again []state.Ref
	var origins, alike, went []store.DirtyEvent
	picked := map[state.Ref]bool{}
	err = e.Store.View(func(tx *store.Tx) error {
		for _, d := range tx.DirtyEvents() {
			if len(siblings[d.Ref.Account])+len(off[d.Ref.Account]) < 2 {
				continue
			}
			rep, known, err := tx.Replica(d.Ref, d.ID)
			if err != nil {
				return err
			}
			_, linked, err := tx.EntityOf(d.Ref, d.ID)
			if err != nil || !known || linked != rep.Deleted || rep.Event.UID == "" {
				if err != nil {
					return err
				}
				continue
			}
			for _, ref := range off[d.Ref.Account] {
				from, err := linkedAlike(tx, ref, rep.Event.UID)
				if err != nil {
					return err
				}
				if from != "" && !linked {
					origins = append(origins, store.DirtyEvent{Ref: ref, ID: from})
				}
			}
			for _, ref := range siblings[d.Ref.Account] {
				if ref == d.Ref && linked {
					continue
				}
				if linked {
					went = append(went, store.DirtyEvent{Ref: ref, ID: d.ID})
				}
				if !linked {
					for _, id := range tx.AlikeByUID(ref, rep.Event.UID) {
						if x := (store.DirtyEvent{Ref: ref, ID: id}); x != d {
							alike = append(alike, d, x)
						}
					}
					from, err := linkedAlike(tx, ref, rep.Event.UID)
					if err != nil {
						return err
					}
					if from == "" {
						continue
					}
					origins = append(origins, store.DirtyEvent{Ref: ref, ID: from})
				}
				if ref == d.Ref || picked[ref] || !h.members[ref].Read.Before(rep.Seen) {
					continue
				}
				picked[ref] = true
				again = append(again, ref)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, ref := range again {
		r, err := e.look(ctx, h.reach[ref.Account], ref)
		if requests += r.requests; err != nil {
			return requests, err
		}
		m := h.members[ref]
		m.Ready, m.Read = r.trouble == nil, r.began
		h.members[ref] = m
		if r.trouble != nil {
			e.trouble(ctx, ref, r.trouble)
		} else if err := e.take(ref, r); err != nil {
			return requests, err
		}
	}
	asked := map[store.DirtyEvent]bool{}
	for _, x := range slices.Concat(origins[:min(len(origins), askAtMost)], alike[:min(len(alike), 2*askEach)]) {
		if asked[x] {
			continue
		}
		asked[x] = true
		n, err := e.askThere(ctx, h, x)
		if requests += n; err != nil {
			return requests, err
		}
	}
	for _, w := range went[:min(len(went), askEach)] {
		asked, err := e.askArrived(ctx, h, w)
		if requests += asked; err != nil {
			return requests, err
		}
	}
	return requests, nil
}

// askArrived asks whether an event that went from another calendar is in this one, if
// nothing has said so.
func (e *Engine) askArrived(ctx context.Context, h *house, w store.DirtyEvent) (requests int, err error) {
	known := false
	err = e.Store.View(func(tx *store.Tx) (err error) { _, known, err = tx.Replica(w.Ref, w.ID); return err })
	if err != nil || known || !h.members[w.Ref].Ready {
		return 0, err
	}
	ev, trouble := h.reach[w.Ref.Account].Get(ctx, w.Ref.Calendar, w.ID)
	switch calendar.KindOf(trouble) {
	case -1:
		return 1, e.Store.Update(func(tx *store.Tx) error { return e.observe(tx, w.Ref, ev, false) })
	case calendar.NotFound, calendar.Gone:
		return 1, nil
	}
	m := h.members[w.Ref]
	m.Ready = false // what went has to wait until it is known
	h.members[w.Ref] = m
	e.trouble(ctx, w.Ref, trouble)
	return 1, nil
}

// askThere asks whether an event is still where it was seen, if nothing has said that it is not.
func (e *Engine) askThere(ctx context.Context, h *house, x store.DirtyEvent) (requests int, err error) {
	gone := false
	err = e.Store.View(func(tx *store.Tx) error {
		rep, known, err := tx.Replica(x.Ref, x.ID)
		gone = !known || rep.Deleted
		return err
	})
	off := !slices.Contains(h.refs, x.Ref)
	if err != nil || gone || !off && !h.members[x.Ref].Ready {
		return 0, err
	}
	p := h.reach[x.Ref.Account]
	_, trouble := p.Get(ctx, x.Ref.Calendar, x.ID)
	if k := calendar.KindOf(trouble); k == calendar.NotFound || k == calendar.Gone {
		if trouble = stands(ctx, p, x.Ref); trouble == nil {
			return 1, e.Store.Update(func(tx *store.Tx) error { return e.observeGone(tx, x.Ref, x.ID) })
		}
	}
	if trouble != nil && !off { // what came has to wait until it is known
		m := h.members[x.Ref]
		m.Ready = false
		h.members[x.Ref] = m
		e.trouble(ctx, x.Ref, trouble)
	}
	return 1, nil
}

// linkedAlike is the first linked, live event of a calendar with a UID; empty if
// there is none.
func linkedAlike(tx *store.Tx, ref state.Ref, uid string) (calendar.RemoteID, error) {
	for _, id := range tx.AlikeByUID(ref, uid) {
		if _, linked, err := tx.EntityOf(ref, id); err != nil || linked {
			return id, err
		}
	}
	return "", nil
}

// moves notes where the events of an entity are now that are gone from where they were.
// An item that its provider still answers for under the old calendar, but shows
// in another one under the same id, has moved too: Graph's immutable ids name an item
// wherever it is. Moved there and back it may be another item in the same calendar.
func (l *loader) moves(ent state.Entity) error {
	for ref, rec := range ent.Records {
		for _, p := range rec.Parts {
			rep, known := l.in.Replicas[ref][p.ID]
			over := p.Gone && (!ent.Deleted || ref != ent.Home) // of a home that is gone it may show late
			if p.Slot != "" || over || !known || !rep.Deleted && !rep.Unseen {
				continue
			}
			for _, other := range slices.SortedFunc(maps.Keys(l.h.members), compareRefs) {
				if other.Account != ref.Account {
					continue
				}
				list, err := l.unlinked(other, l.tx.AlikeByUID(other, rep.Event.UID))
				if err != nil {
					return err
				}
				for _, to := range list {
					if rep.Deleted || to.ID == p.ID {
						l.in.Moves[reconcile.Found{Ref: ref, ID: p.ID}] = to
					}
				}
			}
		}
	}
	return nil
}

// origin notes where a found event may have been moved from, and loads what was taken for
// deleted there and has copies still.
func (l *loader) origin(f reconcile.Found, ev calendar.Event) error {
	for other := range l.h.members {
		for _, copied := range l.tx.AlikeByMark(other, state.Fingerprint(ev.UID)) {
			if of, linked, err := l.tx.EntityOf(other, copied); err != nil {
				return err
			} else if !linked {
				continue
			} else if err := l.entity(of); err != nil {
				return err
			}
		}
		if other.Account != f.Ref.Account || other == f.Ref {
			continue
		}
		id, err := linkedAlike(l.tx, other, ev.UID)
		if err != nil {
			return err
		}
		if id == "" {
			continue
		}
		from := reconcile.Found{Ref: other, ID: id}
		if have, ok := l.in.Origins[f]; !ok || compareRefs(other, have.Ref) < 0 {
			l.in.Origins[f] = from
		}
		if err := l.either(other, id); err != nil { // its entity follows it, if it has moved
			return err
		}
	}
	return nil
}
