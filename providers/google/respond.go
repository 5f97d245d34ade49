package google

import (
	"context"
	"errors"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// Respond implements calendar.Provider. A declined invitation stays in Google's
// calendar. Of a series it is the answer to all occurrences; those that were
// answered on their own keep their answers.
func (p *Provider) Respond(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, a calendar.Response) error {
	const op = "google: respond"
	invalid := func(text string) error {
		return &calendar.Error{Op: op, Kind: calendar.Invalid, Field: "response", Calendar: cal, Event: id, Err: errors.New(text)}
	}
	status := sendResponse(a)
	if status == "" {
		return invalid("there is no answer like " + string(a))
	}
	if err := needVersion(op, cal, id, v); err != nil {
		return err
	}
	r := &reader{p: p, op: op, cal: cal}
	g, err := r.over(ctx, id, v)
	if err != nil {
		return err
	}
	own := ownRow(g)
	switch {
	case g.Organizer != nil && g.Organizer.Self:
		return invalid("this calendar's owner organises the event")
	case own == nil:
		return invalid("this calendar's owner is not invited")
	case own.ResponseStatus == status:
		return nil
	}
	// With attendeesOmitted the one row stands for a change of the own answer alone
	// (reference of Events, attendeesOmitted). What the row does not say is cleared.
	_, err = r.patch(ctx, string(id), g.Etag, &gcal.Event{AttendeesOmitted: true, Attendees: []*gcal.EventAttendee{{
		Email: own.Email, DisplayName: own.DisplayName, Optional: own.Optional, Resource: own.Resource,
		AdditionalGuests: own.AdditionalGuests, Comment: own.Comment, ResponseStatus: status,
	}}})
	return err
}

// over reads the resource that a write of the event goes over, a single event or a
// master, and insists on the version.
func (r *reader) over(ctx context.Context, id calendar.RemoteID, v calendar.Version) (*gcal.Event, error) {
	if isSeries(v) {
		s, err := r.current(ctx, id, v)
		return s.master, err
	}
	g, err := r.p.api.Events.Get(string(r.cal), string(id)).Context(ctx).Do()
	switch {
	case err != nil:
		return nil, translateRead(r.op, r.cal, id, err)
	case g.Status == "cancelled":
		return nil, r.gone(g.Id)
	case g.Etag != string(v):
		return nil, &calendar.Error{Op: r.op, Kind: calendar.Conflict, Calendar: r.cal, Event: id, Err: errors.New("the event has changed")}
	}
	return g, nil
}

// ownRow is the row of this calendar among the attendees; nil if there is none.
func ownRow(g *gcal.Event) *gcal.EventAttendee {
	for _, a := range g.Attendees {
		if a.Self {
			return a
		}
	}
	return nil
}

func sendResponse(a calendar.Response) string {
	switch a {
	case calendar.NeedsAction:
		return "needsAction"
	case calendar.Accepted:
		return "accepted"
	case calendar.Maybe:
		return "tentative"
	case calendar.Declined:
		return "declined"
	}
	return ""
}
