package outlook

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// event is the request builder of one event, always through its calendar: by
// /me/events a series of a shared calendar is not found.
func (p *Provider) event(cal calendar.CalendarID, id calendar.RemoteID) *users.ItemCalendarsItemEventsEventItemRequestBuilder {
	return p.me.Calendars().ByCalendarId(string(cal)).Events().ByEventId(string(id))
}

// written turns the answer to a write of groups into the neutral language. Graph
// shows extended properties only when it is asked to expand them, which a write
// cannot: those just written are as they were sent, else they are Unseen. So are links,
// where the attachments cannot be read; the write has happened all the same.
func (p *Provider) written(ctx context.Context, cal calendar.CalendarID, e models.Eventable, groups calendar.Groups, c calendar.Content) calendar.Event {
	var requests int
	out := neutral(e, func() string { return p.owner(ctx, cal, &requests) })
	if !groups.Has(calendar.GroupProperties) {
		out.Unseen = out.Unseen.With(calendar.GroupProperties)
	} else if len(c.Properties) > 0 {
		out.Content.Properties = maps.Clone(c.Properties)
	}
	list, err := p.attachments(ctx, cal, e, &requests)
	if err != nil {
		out.Unseen = out.Unseen.With(calendar.GroupLinks)
	}
	out.Content.Links.Attachments = list
	p.veil(ctx, cal, &out, &requests)
	return out
}

// Get implements calendar.Provider. A series is read as a whole: see whole.
func (p *Provider) Get(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	s, err := p.whole(ctx, cal, id)
	if err != nil {
		f := failedOn("get event", cal, id, err)
		if f.Kind == calendar.Conflict {
			f.Kind = calendar.Unavailable // the server is busy with the item; a read has no version to miss
		}
		return calendar.Event{}, f
	}
	return s.event, nil
}

func (p *Provider) read(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID,
	query *users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters) (models.Eventable, error) {
	if cal == "" || id == "" { // an empty segment would ask for the list
		return nil, &calendar.Error{Op: "get", Kind: calendar.NotFound, Err: errors.New("no id")}
	}
	e, err := p.event(cal, id).Get(ctx, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetRequestConfiguration{
		Headers: headers(), QueryParameters: query,
	})
	if err == nil && (e == nil || val(e.GetId()) == "") {
		err = errNoBody
	}
	return e, err
}

// Create implements calendar.Provider. The key goes along as transactionId: the
// same one again gives the event made first (same content), or
// ErrorDuplicateTransactionId with its id (other content), whereupon it is read.
// Of a series, the overrides are written after its master: what an earlier try
// left out is made up for, what was done to an occurrence since stays.
//
// How long Graph keeps a key, and what it does with the key of a deleted event,
// is not documented: both a new event and Gone can come of it.
func (p *Provider) Create(ctx context.Context, cal calendar.CalendarID, d calendar.Draft) (calendar.Event, error) {
	const op = "create event"
	if cal == "" {
		return calendar.Event{}, &calendar.Error{Op: "outlook: " + op, Kind: calendar.NotFound, Err: errors.New("no calendar")}
	}
	if why := seriesRefusal(d.Content.When, d.Overrides); why != "" {
		return calendar.Event{}, refused(op, cal, calendar.GroupWhen, "%s", why)
	}
	began := p.now()
	made, err := p.writeTimes(func(zones zoneNames) (models.Eventable, error) {
		body, err := draftEvent(d, zones)
		if err != nil {
			return nil, refused(op, cal, calendar.GroupWhen, "%w", err)
		}
		return p.me.Calendars().ByCalendarId(string(cal)).Events().Post(ctx, body,
			&users.ItemCalendarsItemEventsRequestBuilderPostRequestConfiguration{Headers: headers()})
	})
	id, early := existing(err), true
	if id == "" {
		if err == nil && (made == nil || val(made.GetId()) == "") {
			err = errNoBody
		}
		if err != nil {
			return calendar.Event{}, failedOn(op, cal, "", err)
		}
		id = calendar.RemoteID(val(made.GetId()))
		created := utc(made.GetCreatedDateTime())
		early = !created.IsZero() && began.Sub(created) > answerAge
	}
	if !early && (!isMaster(made) || len(d.Overrides) == 0 && justMade(made)) {
		e := p.written(ctx, cal, made, held, d.Content)
		if e.Mark == (calendar.Mark{}) {
			e.Mark = d.Mark // accepted; Graph tells it only when it is asked to expand it
		}
		return e, nil
	}
	return p.complete(ctx, cal, id, d, early)
}

// justMade reports whether nothing happened to an event since it was created.
func justMade(e models.Eventable) bool {
	created, updated := utc(e.GetCreatedDateTime()), utc(e.GetLastModifiedDateTime())
	return !created.IsZero() && updated.Sub(created) <= time.Second
}

// answerAge is how old a created event may be and still be new, with room for
// clocks that differ. An older one was made by an earlier try: whether it is
// still there is looked up.
const answerAge = 5 * time.Minute

// existing is the id of the event that the key belongs to, if err says so. The
// status is 400 by most reports, 409 by some.
func existing(err error) calendar.RemoteID {
	oe, ok := errors.AsType[*odataerrors.ODataError](err)
	if !ok || oe.GetErrorEscaped() == nil || val(oe.GetErrorEscaped().GetCode()) != "ErrorDuplicateTransactionId" {
		return ""
	}
	id, _ := oe.GetErrorEscaped().GetAdditionalData()["@event.existingEventId"].(*string)
	return calendar.RemoteID(val(id))
}

// writeTimes sends a write with zones by their IANA names and, if the server
// does not know one, once more with Windows names. The first try wrote nothing.
func (p *Provider) writeTimes(send func(zoneNames) (models.Eventable, error)) (models.Eventable, error) {
	e, err := send(ianaNames)
	if a := answerOf(err); a != nil && a.is("TimeZoneNotSupportedException") {
		return send(windowsNames)
	}
	return e, err
}

// unchanged is an update with nothing to write: the event, if its version is v.
func (p *Provider) unchanged(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) (calendar.Event, error) {
	e, err := p.Get(ctx, cal, id)
	if err == nil && e.Version != v {
		return calendar.Event{}, failedOn("update event", cal, id, errStale)
	}
	return e, err
}

var errStale = &calendar.Error{Op: "compare versions", Kind: calendar.Conflict, Err: errors.New("the event has changed since it was read")}

// Delete implements calendar.Provider. Whether Graph honours If-Match on DELETE
// is not known for sure, so the version is read and compared right before, and
// sent along as well: where it is ignored, an edit between the two requests
// would be lost with the event (it goes to Deleted Items, not for ever).
func (p *Provider) Delete(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	const op = "delete event"
	now, err := p.read(ctx, cal, id, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{Select: []string{"id"}})
	if err == nil && string(version(now)) != etag(v) {
		err = errStale
	}
	if err == nil {
		h := headers()
		h.Add("If-Match", etag(v))
		err = p.event(cal, id).Delete(ctx, &users.ItemCalendarsItemEventsEventItemRequestBuilderDeleteRequestConfiguration{Headers: h})
	}
	if err == nil {
		return nil
	}
	return failedOn(op, cal, id, err)
}
