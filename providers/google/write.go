package google

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// sendUpdates is said with every write: no mail to anyone.
const sendUpdates = "none"

// Get implements calendar.Provider. The id of one occurrence is an event's only
// where the occurrence stands alone.
func (p *Provider) Get(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	const op = "google: get event"
	g, err := p.api.Events.Get(string(cal), string(id)).Context(ctx).Do()
	if err != nil {
		return calendar.Event{}, translateRead(op, cal, id, err)
	}
	r := &reader{p: p, op: op, cal: cal}
	if g.RecurringEventId != "" && g.Status != "cancelled" {
		master, err := r.get(ctx, g.RecurringEventId)
		if err != nil {
			return calendar.Event{}, err
		}
		if master != nil || !standsAlone(g) {
			return calendar.Event{}, &calendar.Error{Op: op, Kind: calendar.NotFound, Calendar: cal, Event: id,
				Err: errors.New("this is one occurrence of a series")}
		}
	}
	return r.event(ctx, g)
}

// Create implements calendar.Provider. The key becomes the event's id, which
// Google never gives to another event. Cancelled occurrences go along as EXDATE,
// changed ones follow one by one.
func (p *Provider) Create(ctx context.Context, cal calendar.CalendarID, d calendar.Draft) (calendar.Event, error) {
	const op = "google: create event"
	id, err := eventID(d.Key)
	if err != nil {
		return calendar.Event{}, at(err, op, cal, "")
	}
	body, err := insertBody(id, d.Mark, d.Content)
	if err != nil {
		return calendar.Event{}, at(err, op, cal, calendar.RemoteID(id))
	}
	body.Recurrence = withExdates(body.Recurrence, cancelledSlots(d.Content.When, d.Overrides))
	g, err := p.api.Events.Insert(string(cal), body).SendUpdates(sendUpdates).Context(ctx).Do()
	if err != nil {
		err = translate(op, cal, calendar.RemoteID(id), err)
		if calendar.KindOf(err) == calendar.Conflict {
			return p.taken(ctx, cal, calendar.RemoteID(id), err)
		}
		return calendar.Event{}, err
	}
	r := &reader{p: p, op: op, cal: cal}
	if len(g.Recurrence) == 0 {
		return r.event(ctx, g)
	}
	// It was made by this very request: it cannot have exceptions.
	zone, err := p.zoneFor(ctx, op, cal, g)
	if err != nil {
		return calendar.Event{}, err
	}
	w := &writer{reader: r, now: series{master: g, zone: zone}}
	return w.bring(ctx, slices.Sorted(maps.Keys(d.Overrides)), d.Overrides)
}

// taken finds out who holds the id that an insert collided with: the event of
// the same key, alive or deleted. A deleted event's id stays taken for ever,
// even when the event itself can no longer be read (GAMADV-X#82).
func (p *Provider) taken(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, collision error) (calendar.Event, error) {
	e, err := p.Get(ctx, cal, id)
	if calendar.KindOf(err) == calendar.NotFound {
		var a *apiError
		if errors.As(collision, &a) && !(answer{reasons: a.reasons}).has("duplicate") {
			return calendar.Event{}, collision // another kind of conflict: the id is free
		}
		return calendar.Event{}, &calendar.Error{Op: "google: create event", Kind: calendar.Gone, Calendar: cal, Event: id,
			Err: fmt.Errorf("the id belongs to an event deleted long ago: %w", collision)}
	}
	return e, err
}

// Update implements calendar.Provider with patches: attendees, conference, and
// whatever this version does not know of, are not in the body and stay.
func (p *Provider) Update(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version,
	c calendar.Change) (calendar.Event, error) {
	const op = "google: update event"
	if err := needVersion(op, cal, id, v); err != nil {
		return calendar.Event{}, err
	}
	r := &reader{p: p, op: op, cal: cal}
	if isSeries(v) {
		was, err := r.current(ctx, id, v)
		if err != nil {
			return calendar.Event{}, err
		}
		return (&writer{reader: r, now: was}).change(ctx, c)
	}
	var now *gcal.Event
	if needsNow(c.Groups) {
		var err error
		if now, err = r.over(ctx, id, v); err != nil {
			return calendar.Event{}, err
		}
	}
	body, err := patchBody(c.Groups, c.Content, now)
	if err != nil {
		return calendar.Event{}, at(err, op, cal, id)
	}
	sign(body, c.Mark)
	body.Recurrence = withExdates(body.Recurrence, cancelledSlots(c.Content.When, c.Overrides))
	g, err := r.patch(ctx, string(id), string(v), body)
	if err != nil {
		return calendar.Event{}, err
	}
	w := &writer{reader: r}
	w.answered(g)
	switch {
	case g.Status == "cancelled" || len(g.Recurrence) == 0 && len(c.Slots) == 0:
		return r.event(ctx, g)
	case len(g.Recurrence) == 0: // the rest of a series that was being made single
		if w.now, err = r.whole(ctx, g); err != nil {
			return calendar.Event{}, err
		}
		return w.becameSingle(ctx, g)
	}
	return w.becameSeries(ctx, g, c)
}

// Delete implements calendar.Provider. Deleting a master deletes its occurrences.
func (p *Provider) Delete(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	const op = "google: delete event"
	if err := needVersion(op, cal, id, v); err != nil {
		return err
	}
	etag := string(v)
	if isSeries(v) {
		was, err := (&reader{p: p, op: op, cal: cal}).current(ctx, id, v)
		if err != nil {
			return err
		}
		etag = was.master.Etag
	}
	call := p.api.Events.Delete(string(cal), string(id)).SendUpdates(sendUpdates).Context(ctx)
	call.Header().Set("If-Match", etag)
	err := translate(op, cal, id, call.Do())
	if calendar.KindOf(err) == calendar.Conflict {
		// A tombstone has a version of its own: the conflict may be that someone
		// else was first.
		switch _, now := p.Get(ctx, cal, id); calendar.KindOf(now) {
		case calendar.NotFound, calendar.Gone:
			return now
		}
	}
	return err
}

// needVersion refuses to write without one: If-Match would be missing, and the
// write could go over anything.
func needVersion(op string, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	if v != "" {
		return nil
	}
	return &calendar.Error{Op: op, Kind: calendar.Conflict, Calendar: cal, Event: id, Err: errors.New("no version to write over was given")}
}

// at says where an error of building a request belongs.
func at(err error, op string, cal calendar.CalendarID, id calendar.RemoteID) error {
	if e, ok := errors.AsType[*calendar.Error](err); ok {
		out := *e
		out.Op, out.Calendar, out.Event = op, cal, id
		return &out
	}
	return &calendar.Error{Op: op, Kind: calendar.Other, Calendar: cal, Event: id, Err: err}
}
