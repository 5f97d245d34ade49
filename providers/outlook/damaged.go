package outlook

import (
	"context"
	"errors"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// corrupt is the code of an event that Exchange cannot convert. It comes in place of the
// page that would show it, each time (Exchange Web Services "ResponseCode"; davmail#395), so
// that no read of the calendar gets past it.
const corrupt = "ErrorCorruptData"

// damage turns the failure of a read over an event that cannot be converted into one that a
// person can do something about: Other, for the service is there and trying again does not
// help, and about which day the event is.
func (p *Provider) damage(ctx context.Context, cal calendar.CalendarID, c cursor, e *calendar.Error) *calendar.Error {
	if a, ok := errors.AsType[*answer](e); !ok || !a.is(corrupt) {
		return e
	}
	out := *e
	out.Kind, out.Err = calendar.Other, &calendar.Damaged{Day: p.damagedDay(ctx, cal, c.From, c.To), Err: e.Err}
	return &out
}

// damagedDay halves a span until a day of it is left that cannot be listed; zero if all
// of it can.
func (p *Provider) damagedDay(ctx context.Context, cal calendar.CalendarID, from, to time.Time) time.Time {
	const day = 24 * time.Hour
	for to.Sub(from) > day {
		half := from.Add(to.Sub(from) / 2).Truncate(day)
		if p.unlistable(ctx, cal, from, half) {
			to = half
		} else {
			from = half
		}
	}
	if !p.unlistable(ctx, cal, from, to) {
		return time.Time{}
	}
	return from
}

// unlistable reports whether a list of a span meets an event that cannot be converted.
func (p *Provider) unlistable(ctx context.Context, cal calendar.CalendarID, from, to time.Time) bool {
	_, err := p.me.Calendars().ByCalendarId(string(cal)).CalendarView().Get(ctx, &users.ItemCalendarsItemCalendarViewRequestBuilderGetRequestConfiguration{
		Headers: headers(),
		QueryParameters: &users.ItemCalendarsItemCalendarViewRequestBuilderGetQueryParameters{
			StartDateTime: ptr(from.Format(time.RFC3339)),
			EndDateTime:   ptr(to.Format(time.RFC3339)),
			Top:           ptr(int32(1000)), // the most there is; of a fuller span the day may stay unknown
		},
	})
	a := answerOf(err)
	return a != nil && a.is(corrupt)
}
