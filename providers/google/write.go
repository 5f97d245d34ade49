package google

import (
	"context"
	"errors"
	"fmt"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// sendUpdates is said with every write: no mail to anyone.
const sendUpdates = "none"

// Get implements calendar.Provider.
func (p *Provider) Get(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	const op = "google: get event"
	g, err := p.api.Events.Get(string(cal), string(id)).Context(ctx).Do()
	if err != nil {
		return calendar.Event{}, translateRead(op, cal, id, err)
	}
	return p.read(ctx, op, cal, g)
}

// Create implements calendar.Provider. The key becomes the event's id, which
// Google never gives to another event.
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
	g, err := p.api.Events.Insert(string(cal), body).SendUpdates(sendUpdates).Context(ctx).Do()
	if err != nil {
		err = translate(op, cal, calendar.RemoteID(id), err)
		if calendar.KindOf(err) == calendar.Conflict {
			return p.taken(ctx, cal, calendar.RemoteID(id), err)
		}
		return calendar.Event{}, err
	}
	return p.read(ctx, op, cal, g)
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

// Update implements calendar.Provider with a patch: attendees, conference, and
// whatever this version does not know of, are not in the body and stay.
func (p *Provider) Update(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version,
	c calendar.Change) (calendar.Event, error) {
	const op = "google: update event"
	if err := needVersion(op, cal, id, v); err != nil {
		return calendar.Event{}, err
	}
	body, err := patchBody(c.Groups, c.Content)
	if err != nil {
		return calendar.Event{}, at(err, op, cal, id)
	}
	call := p.api.Events.Patch(string(cal), string(id), body).SendUpdates(sendUpdates).Context(ctx)
	call.Header().Set("If-Match", string(v))
	g, err := call.Do()
	if err != nil {
		return calendar.Event{}, translate(op, cal, id, err)
	}
	return p.read(ctx, op, cal, g)
}

// Delete implements calendar.Provider.
func (p *Provider) Delete(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	const op = "google: delete event"
	if err := needVersion(op, cal, id, v); err != nil {
		return err
	}
	call := p.api.Events.Delete(string(cal), string(id)).SendUpdates(sendUpdates).Context(ctx)
	call.Header().Set("If-Match", string(v))
	err := translate(op, cal, id, call.Do())
	switch calendar.KindOf(err) {
	case calendar.NotFound, calendar.Gone:
		return nil
	case calendar.Conflict:
		// A tombstone has a version of its own: the conflict may be that someone
		// else was first.
		switch _, now := p.Get(ctx, cal, id); calendar.KindOf(now) {
		case calendar.NotFound, calendar.Gone:
			return nil
		}
	}
	return err
}

// read turns an answer into an event. A cancelled one is deleted: get answers
// 200 for it (reference of events.get), and so does a patch on a tombstone.
func (p *Provider) read(ctx context.Context, op string, cal calendar.CalendarID, g *gcal.Event) (calendar.Event, error) {
	if g.Status == "cancelled" {
		return calendar.Event{}, &calendar.Error{Op: op, Kind: calendar.Gone, Calendar: cal, Event: calendar.RemoteID(g.Id),
			Err: errors.New("the event was deleted")}
	}
	zone := ""
	if needsCalendarZone(g) {
		var err error
		if zone, err = p.zone(ctx, op, cal); err != nil {
			return calendar.Event{}, err
		}
	}
	return fromGoogle(g, zone), nil
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
