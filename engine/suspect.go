package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// Absence is believed when a direct look confirms it. How many looks a read may take:
const (
	// askEach is up to how many missing events are asked for one by one. It is
	// well above what a person deletes between two passes.
	askEach = 50
	// sampleOf is how many of more than that are asked for at first, spread over all.
	sampleOf = 20
	// askAtMost bounds the looks of one read where the sample says that some are
	// gone and some are not. The rest counts as out of sight: kept as it is.
	askAtMost = 1000
	// askAtOnce leaves one of the four requests that Graph stands at a time.
	askAtOnce = 3

	// A calendar that suddenly lists far less, and whose missing events all seem
	// not to exist, is believed when it still looks so after this time and so many
	// reads: a mailbox that is being moved or restored looks like that for a while.
	believedAfter = time.Hour
	believedLooks = 3
)

// doubt is what a read leaves open: events that it does not name, or whose
// tombstone may mean something else. Or it shows a state that is no later than the
// one we know, and another, or what we know to be deleted: it may be late, and not
// know yet of what was done since; taken for news, it would undo that.
type doubt struct {
	tombs   []calendar.RemoteID // named by an ambiguous tombstone
	missing []calendar.RemoteID // not named by a complete listing
	left    []calendar.RemoteID // the same, but over before the listing's window: that is why
	stale   []calendar.RemoteID // shown, but perhaps late
	known   int                 // events that were there before, of a complete listing
	listed  int
}

// suspicion is a calendar that is not believed for now. It is the cause of an error.
type suspicion struct {
	ref           state.Ref
	listed, known int
	short         bool // events that it does not list are there
	until         time.Time
}

// Error says what is odd.
func (s *suspicion) Error() string {
	if s.short {
		return fmt.Sprintf("it lists %d of %d events, and some of the others are there", s.listed, s.known)
	}
	return fmt.Sprintf("it suddenly lists %d of %d events", s.listed, s.known)
}

// suspect is since when a calendar is not believed.
type suspect struct {
	since time.Time
	looks int
}

// confirm asks for what a read leaves open. Nothing counts as gone that was not
// asked for, or that others like it do not speak for; a listing that cannot be
// right is a trouble, and the whole read counts for nothing.
func (e *Engine) confirm(ctx context.Context, p calendar.Provider, ref state.Ref, r *reading) error {
	d, err := e.doubts(ref, r.changes, r.doubtful)
	if err != nil {
		return err
	}
	r.forgotten = d.left
	for _, x := range r.changes.Removed {
		if x.Certain {
			r.gone = append(r.gone, x.ID)
		}
	}
	a := asker{ctx: ctx, provider: p, ref: ref, reading: r}
	a.anew(d.stale)
	switch {
	case len(d.tombs) > askEach: // a deletion feed, and a sample: two witnesses
		if rest, all := a.sample(d.tombs, 0); all {
			r.gone = append(r.gone, rest...)
		} else {
			a.upTo(rest, askAtMost)
		}
	default:
		a.each(d.tombs)
	}
	found := len(r.unseen) // those below are of missing
	if len(d.missing) <= askEach {
		a.each(d.missing)
		if r.trouble == nil && short(r.unseen[found:], r.changes.Window) && !e.believes(ref, 0) {
			r.trouble = oddListing(&suspicion{ref: ref, listed: d.listed, known: d.known, short: true})
		}
		if r.trouble == nil {
			e.believe(ref)
		}
		return nil
	}
	rest, all := a.sample(d.missing, e.suspectOf(ref).looks)
	switch odd := all || short(r.unseen[found:], r.changes.Window); {
	case r.trouble != nil:
		return nil
	case odd && !e.believes(ref, believedAfter):
		r.trouble = oddListing(&suspicion{ref: ref, listed: d.listed, known: d.known, short: !all, until: e.suspectOf(ref).since.Add(believedAfter)})
		return nil
	case all:
		r.gone = append(r.gone, rest...)
	default: // they left the window, or are kept out of lists on purpose
		a.upTo(rest, askAtMost)
	}
	if r.trouble == nil {
		e.believe(ref)
	}
	return nil
}

// short reports whether a listing left out what it surely had to name: then it
// may leave out new events too, and its cursor would go on without them.
func short(there []calendar.Event, w calendar.Window) bool {
	inner := calendar.Window{From: w.From.Add(2 * edge), To: w.To.Add(-2 * edge)}
	return slices.ContainsFunc(there, func(ev calendar.Event) bool {
		if w == (calendar.Window{}) {
			return true
		}
		return ev.Content.When.Recurrence.IsZero() && within(ev, inner)
	})
}

func oddListing(s *suspicion) error {
	return &calendar.Error{Op: "read changes", Kind: calendar.Other, Calendar: s.ref.Calendar, Err: s}
}

// suspectOf tells since when a calendar is not believed, and how often it was read since.
func (e *Engine) suspectOf(ref state.Ref) suspect {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.suspects[ref]
}

// believes counts one more suspicious read, and reports whether it has been so
// often enough, and for so long, to be true.
func (e *Engine) believes(ref state.Ref, after time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.suspects[ref]
	if !ok {
		s.since = e.Now()
	}
	s.looks++
	e.suspects[ref] = s
	return s.looks >= believedLooks && e.Now().Sub(s.since) >= after
}

// believe ends a suspicion.
func (e *Engine) believe(ref state.Ref) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.suspects, ref)
}

// asker looks for single events, for one reading.
type asker struct {
	ctx      context.Context
	provider calendar.Provider
	ref      state.Ref
	reading  *reading
}

// each asks for events one by one, and stops at the first trouble.
func (a asker) each(ids []calendar.RemoteID) (gone int) {
	defer func() {
		if gone > 0 && a.reading.trouble == nil { // the calendar may have gone meanwhile
			a.reading.trouble = stands(a.ctx, a.provider, a.ref)
			a.reading.requests++
		}
	}()
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(atOnce(askAtOnce))
	for _, id := range ids {
		g.Go(func() error {
			mu.Lock()
			stop := a.reading.trouble != nil
			mu.Unlock()
			if stop {
				return nil
			}
			ev, trouble := a.get(id)
			mu.Lock()
			defer mu.Unlock()
			a.reading.requests++
			switch calendar.KindOf(trouble) {
			case -1:
				a.reading.unseen = append(a.reading.unseen, ev)
			case calendar.NotFound, calendar.Gone:
				a.reading.gone = append(a.reading.gone, id)
				gone++
			default:
				a.reading.trouble = trouble
			}
			return nil
		})
	}
	_ = g.Wait() // the trouble is kept in the reading
	return gone
}

// anew asks again for events of a listing that may be late, one by one, and puts
// what is there in its place.
func (a asker) anew(ids []calendar.RemoteID) {
	ask := asker{ctx: a.ctx, provider: a.provider, ref: a.ref, reading: &reading{}}
	ask.each(ids)
	r := a.reading
	r.requests += ask.reading.requests
	if r.trouble = ask.reading.trouble; r.trouble != nil {
		return
	}
	r.gone = append(r.gone, ask.reading.gone...)
	again := map[calendar.RemoteID]calendar.Event{}
	for _, ev := range ask.reading.unseen {
		again[ev.ID] = ev
	}
	listed := r.changes.Events
	r.changes.Events = nil
	for _, ev := range listed {
		if now, ok := again[ev.ID]; ok {
			now.Mark = cmp.Or(now.Mark, ev.Mark)
			ev = now
		}
		if !slices.Contains(ask.reading.gone, ev.ID) {
			r.changes.Events = append(r.changes.Events, ev)
		}
	}
}

func (a asker) get(id calendar.RemoteID) (calendar.Event, error) {
	ev, trouble := a.provider.Get(a.ctx, a.ref.Calendar, id)
	if trouble == nil && ev.ID != id {
		trouble = &calendar.Error{Op: "read an event", Kind: calendar.Unavailable, Calendar: a.ref.Calendar, Event: id, Err: errOtherEvent}
	}
	return ev, trouble
}

var errOtherEvent = fmt.Errorf("the answer is another event")

// sample asks for some of many, other ones each time, and returns the rest and
// whether all of the sample are gone.
func (a asker) sample(ids []calendar.RemoteID, turn int) (rest []calendar.RemoteID, all bool) {
	var some []calendar.RemoteID
	stride := len(ids) / sampleOf
	for i, id := range ids {
		if i%stride == turn%stride && len(some) < sampleOf {
			some = append(some, id)
		} else {
			rest = append(rest, id)
		}
	}
	gone := a.each(some)
	return rest, a.reading.trouble == nil && gone == len(some)
}

// upTo asks for as many as may be asked for; the others count as out of sight.
func (a asker) upTo(ids []calendar.RemoteID, most int) {
	n := min(len(ids), most)
	a.each(ids[:n])
	a.reading.forgotten = append(a.reading.forgotten, ids[n:]...)
}

// doubts lists what must be asked for.
func (e *Engine) doubts(ref state.Ref, ch calendar.Changes, doubtful []calendar.RemoteID) (d doubt, err error) {
	d.stale = slices.Clone(doubtful)
	settled := map[calendar.RemoteID]bool{} // named, or certainly gone
	for _, ev := range ch.Events {
		settled[ev.ID] = true
	}
	for _, r := range ch.Removed {
		if r.Certain {
			settled[r.ID] = true
		}
	}
	err = e.Store.View(func(tx *store.Tx) error {
		for _, ev := range ch.Events {
			rep, known, err := tx.Replica(ref, ev.ID)
			if err != nil {
				return err
			}
			forgotten := !known && ev.Mark.Installation == e.Store.Installation() // ours: it may be deleted
			late := known && (rep.Deleted || rep.Event.Version != ev.Version && !ev.Updated.IsZero() && !ev.Updated.After(rep.Event.Updated))
			if forgotten || late {
				d.stale = append(d.stale, ev.ID)
			}
		}
		for _, r := range ch.Removed {
			if settled[r.ID] {
				continue
			}
			settled[r.ID] = true
			rep, known, err := tx.Replica(ref, r.ID)
			if err != nil {
				return err
			}
			if known && !rep.Deleted {
				d.tombs = append(d.tombs, r.ID)
			}
		}
		if !ch.Complete {
			return nil
		}
		d.listed = len(ch.Events)
		return tx.EachReplica(ref, func(rep state.Replica) error {
			if rep.Deleted || rep.Unseen {
				return nil
			}
			d.known++
			switch {
			case settled[rep.Event.ID]:
			case within(rep.Event, ch.Window):
				d.missing = append(d.missing, rep.Event.ID)
			default:
				d.left = append(d.left, rep.Event.ID)
			}
			return nil
		})
	})
	slices.Sort(d.stale)
	d.stale = slices.Compact(d.stale)
	slices.Sort(d.tombs)
	slices.Sort(d.missing)
	return d, err
}

// edge is the room for the zones of all-day events, and for a window's own rounding.
const edge = 48 * time.Hour

// within reports whether a listing of w must name an event: not when it surely
// lies outside. Of a series that is not known.
func within(ev calendar.Event, w calendar.Window) bool {
	when := ev.Content.When
	if w == (calendar.Window{}) || !when.Recurrence.IsZero() {
		return true
	}
	start, err := when.Start.Instant()
	if err != nil {
		return true
	}
	end, err := when.End.Instant()
	if err != nil {
		return true
	}
	return end.After(w.From.Add(-edge)) && start.Before(w.To.Add(edge))
}

// outOfSight keeps an event that a listing no longer shows.
func (e *Engine) outOfSight(tx *store.Tx, ref state.Ref, id calendar.RemoteID) error {
	rep, known, err := tx.Replica(ref, id)
	if err != nil || !known || rep.Deleted {
		return err
	}
	rep.Unseen = true
	return tx.PutReplica(ref, rep)
}
