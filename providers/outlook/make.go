package outlook

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

var _ calendar.Maker = (*Provider)(nil)

// MakeCalendar implements calendar.Maker with the least scope there is for writing
// (Graph "Create calendar", Calendars.ReadWrite). Graph's calendars have no zone of
// their own. They are folders, whose names are unique: Conflict for one that is taken.
func (p *Provider) MakeCalendar(ctx context.Context, name, _ string) (calendar.Calendar, error) {
	const op = "make calendar"
	body := models.NewCalendar()
	body.SetName(&name)
	made, err := p.me.Calendars().Post(ctx, body, &users.ItemCalendarsRequestBuilderPostRequestConfiguration{Headers: headers()})
	if err == nil && (made == nil || val(made.GetId()) == "") {
		err = errNoBody
	}
	if err != nil {
		return calendar.Calendar{}, failed(op, err)
	}
	c := neutralCalendar(made)
	p.owners.set(c)
	return c, nil
}
