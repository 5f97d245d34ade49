package google

import (
	"context"
	"errors"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

var _ calendar.Maker = (*Provider)(nil)

// MakeCalendar implements calendar.Maker. It takes the scope of the extra
// CopiesCalendar; without it the answer is Forbidden, with the obstacle ScopeMissing:
// the rest of the sign-in is as good as before. Google allows several of one name.
func (p *Provider) MakeCalendar(ctx context.Context, name, zone string) (calendar.Calendar, error) {
	const op = "google: make calendar"
	made, err := p.api.Calendars.Insert(&gcal.Calendar{Summary: name, TimeZone: zone}).Context(ctx).Do()
	if err != nil {
		err = translate(op, "", "", err)
		if e, ok := errors.AsType[*calendar.Error](err); ok && e.Obstacle == calendar.ScopeMissing {
			e.Kind = calendar.Forbidden
		}
		return calendar.Calendar{}, err
	}
	p.remember(calendar.CalendarID(made.Id), made.TimeZone, calendar.RoleOwner)
	c := calendar.Calendar{ID: calendar.CalendarID(made.Id), Name: made.Summary, Zone: made.TimeZone, Owner: made.DataOwner}
	return c.WithRole(calendar.RoleOwner), nil // its maker is subscribed as owner (reference of calendars.insert)
}
