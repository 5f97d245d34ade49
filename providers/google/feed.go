package google

import (
	"context"
	"slices"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// feed gathers the items of all pages, the last word on each, under the event
// that they are part of, in the order in which the events were first named. An
// exception may come before its master, on an earlier page.
type feed struct {
	complete bool
	zone     string
	order    []string
	events   map[string]*named
}

// named is what a read says of one event.
type named struct {
	item        *gcal.Event // the single event or the master; nil if it was not named
	occurrences []*gcal.Event
}

func newFeed(complete bool) *feed {
	return &feed{complete: complete, events: map[string]*named{}}
}

func (f *feed) add(items []*gcal.Event) {
	for _, g := range items {
		switch {
		case g == nil:
		case g.RecurringEventId == "":
			f.event(g.Id).item = g
		default:
			n := f.event(g.RecurringEventId)
			n.occurrences = append(slices.DeleteFunc(n.occurrences, func(o *gcal.Event) bool { return o.Id == g.Id }), g)
		}
	}
}

func (f *feed) event(id string) *named {
	if f.events[id] == nil {
		f.events[id] = &named{}
		f.order = append(f.order, id)
	}
	return f.events[id]
}

// changes says what the items mean. A complete read holds every exception itself;
// after an increment each touched series is read whole, once.
func (f *feed) changes(ctx context.Context, r *reader) (calendar.Changes, error) {
	out := calendar.Changes{Complete: f.complete}
	for _, id := range f.order {
		n := f.events[id]
		switch g := n.item; {
		case g == nil:
			if err := f.withoutMaster(ctx, r, id, n.occurrences, &out); err != nil {
				return calendar.Changes{}, err
			}
		case g.Status == "cancelled":
			// Only id and status of a deleted event are promised, and it may come
			// with all its details all the same, even in a full read. Of a deleted
			// series occurrences may follow, alive or not; they count for nothing.
			remove(&out, id)
		case len(g.Recurrence) == 0:
			out.Events = append(out.Events, fromGoogle(g, f.zone))
		case f.complete:
			out.Events = append(out.Events, r.assemble(g, n.occurrences, f.zone).event())
		default:
			if err := r.touched(ctx, g, n.occurrences, &out); err != nil {
				return calendar.Changes{}, err
			}
		}
	}
	return out, nil
}

func remove(out *calendar.Changes, ids ...string) {
	for _, id := range ids {
		out.Removed = append(out.Removed, calendar.Removal{ID: calendar.RemoteID(id), Certain: true})
	}
}

// withoutMaster is about occurrences whose master the read does not name: it did
// not change, is deleted, or was never in this calendar.
func (f *feed) withoutMaster(ctx context.Context, r *reader, id string, occurrences []*gcal.Event, out *calendar.Changes) error {
	alive := slices.ContainsFunc(occurrences, func(g *gcal.Event) bool { return g.Status != "cancelled" })
	if f.complete && !alive {
		return nil // a complete read names every master that there is
	}
	master, err := r.get(ctx, id)
	switch {
	case err != nil:
		return err
	case master == nil:
		for _, g := range occurrences {
			switch {
			case standsAlone(g):
				out.Events = append(out.Events, fromGoogle(g, f.zone))
			case !f.complete:
				remove(out, g.Id) // should it have stood alone before
			}
		}
		return nil
	case master.Status == "cancelled":
		if !f.complete {
			remove(out, id)
		}
		return nil
	case len(master.Recurrence) == 0:
		if f.complete {
			out.Events = append(out.Events, fromGoogle(master, f.zone))
		}
		return nil // the remnants of a series that was made a single event
	}
	return r.touched(ctx, master, occurrences, out)
}

// touched reads the whole of a series that a read names a part of.
func (r *reader) touched(ctx context.Context, master *gcal.Event, named []*gcal.Event, out *calendar.Changes) error {
	e, err := r.event(ctx, master)
	if calendar.KindOf(err) == calendar.Gone { // meanwhile
		remove(out, master.Id)
		return nil
	}
	if err != nil {
		return err
	}
	out.Events = append(out.Events, e)
	for _, g := range named {
		if standsAlone(g) {
			remove(out, g.Id) // it may have stood alone until the series came
		}
	}
	return nil
}
