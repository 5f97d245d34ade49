package outlook

import (
	"context"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// Respond implements calendar.Provider. The organizer gets no mail. An action has
// no If-Match, so the version is read and compared right before: a change between
// the two requests is answered unseen. An answer that stands already is not sent
// again.
//
// A declined event leaves the calendar, unless the person has set that declined
// ones are kept.
func (p *Provider) Respond(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, r calendar.Response) error {
	const op = "respond"
	refuse := func(why string) error {
		e := refused(op, cal, "", "%s", why)
		e.Event = id
		return e
	}
	if r != calendar.Accepted && r != calendar.Maybe && r != calendar.Declined {
		return refuse("an invitation is accepted, tentatively or not, or declined")
	}
	now, err := p.read(ctx, cal, id, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{
		Select: []string{"id", "isOrganizer", "responseStatus", "attendees"},
	})
	if err == nil && string(version(now)) != etag(v) {
		err = errStale
	}
	if err != nil {
		return failedOn(op, cal, id, err)
	}
	if !p.invited(ctx, cal, now) {
		return refuse("there is no invitation to answer: the calendar's owner is the organizer, or is not invited")
	}
	if response(now.GetResponseStatus()) == r {
		return nil
	}
	item, send := p.event(cal, id), ptr(false)
	switch r {
	case calendar.Accepted:
		body := users.NewItemCalendarsItemEventsItemAcceptPostRequestBody()
		body.SetSendResponse(send)
		err = item.Accept().Post(ctx, body, &users.ItemCalendarsItemEventsItemAcceptRequestBuilderPostRequestConfiguration{Headers: headers()})
	case calendar.Maybe:
		body := users.NewItemCalendarsItemEventsItemTentativelyAcceptPostRequestBody()
		body.SetSendResponse(send)
		err = item.TentativelyAccept().Post(ctx, body, &users.ItemCalendarsItemEventsItemTentativelyAcceptRequestBuilderPostRequestConfiguration{Headers: headers()})
	default:
		body := users.NewItemCalendarsItemEventsItemDeclinePostRequestBody()
		body.SetSendResponse(send)
		err = item.Decline().Post(ctx, body, &users.ItemCalendarsItemEventsItemDeclineRequestBuilderPostRequestConfiguration{Headers: headers()})
	}
	if err != nil {
		return failedOn(op, cal, id, err)
	}
	return nil
}

// invited reports whether the calendar's owner is a guest of the event: by an answer
// that is asked for or given (invited through a list, the address is not among the
// guests), or by name.
func (p *Provider) invited(ctx context.Context, cal calendar.CalendarID, e models.Eventable) bool {
	if val(e.GetIsOrganizer()) {
		return false
	}
	if response(e.GetResponseStatus()) != calendar.NoResponse {
		return true
	}
	if len(e.GetAttendees()) == 0 {
		return false
	}
	var requests int
	me := p.owner(ctx, cal, &requests)
	for _, a := range e.GetAttendees() {
		if me != "" && strings.EqualFold(person(a).Email, me) {
			return true
		}
	}
	return false
}
