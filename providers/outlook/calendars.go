package outlook

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// calendarsPerPage is asked for; the list of calendars is paged too.
const calendarsPerPage = 100

// Calendars implements calendar.Provider. It lists all calendars of the
// account, shared ones and subscriptions included; those are not Writable.
func (p *Provider) Calendars(ctx context.Context) ([]calendar.Calendar, error) {
	const op = "list calendars"
	var out []calendar.Calendar
	builder := p.me.Calendars()
	query := &users.ItemCalendarsRequestBuilderGetQueryParameters{Top: ptr(int32(calendarsPerPage))}
	seen := map[string]bool{}
	for range maxPages {
		page, err := builder.Get(ctx, &users.ItemCalendarsRequestBuilderGetRequestConfiguration{Headers: headers(), QueryParameters: query})
		if err == nil && page == nil {
			err = errNoBody
		}
		if err != nil {
			e := failed(op, err)
			if e.Kind == calendar.Conflict {
				e.Kind = calendar.Unavailable // 412 on this read comes and goes (Microsoft Q&A 271870)
			}
			return nil, e
		}
		for _, c := range page.GetValue() {
			if val(c.GetId()) == "" {
				continue
			}
			n := neutralCalendar(c)
			p.owners.set(n.ID, n.Owner)
			out = append(out, n)
		}
		next := val(page.GetOdataNextLink())
		if next == "" {
			return out, nil
		}
		if err := p.checkLink(next, seen); err != nil {
			return nil, failed(op, err)
		}
		builder, query = builder.WithUrl(next), nil
	}
	return nil, failed(op, errEndless)
}

// owner is the mail address of the person whose calendar it is, "" if that
// cannot be learnt. requests counts up when it had to be asked for.
func (p *Provider) owner(ctx context.Context, cal calendar.CalendarID, requests *int) string {
	if a, ok := p.owners.get(cal); ok {
		return a
	}
	*requests++
	c, err := p.me.Calendars().ByCalendarId(string(cal)).Get(ctx, &users.ItemCalendarsCalendarItemRequestBuilderGetRequestConfiguration{
		Headers:         headers(),
		QueryParameters: &users.ItemCalendarsCalendarItemRequestBuilderGetQueryParameters{Select: []string{"id", "owner"}},
	})
	if err != nil || c == nil {
		return ""
	}
	a := neutralCalendar(c).Owner
	p.owners.set(cal, a)
	return a
}

func neutralCalendar(c models.Calendarable) calendar.Calendar {
	out := calendar.Calendar{
		ID:       calendar.CalendarID(val(c.GetId())),
		Name:     val(c.GetName()),
		Color:    color(val(c.GetHexColor()), c.GetColor()),
		Primary:  val(c.GetIsDefaultCalendar()),
		Writable: val(c.GetCanEdit()),
		Details:  true,
	}
	if o := c.GetOwner(); o != nil {
		out.Owner = val(o.GetAddress())
	}
	return out
}

var hexColor = regexp.MustCompile(`^#?[0-9a-fA-F]{6}$`)

// presets are near Outlook's on-screen colours for the named ones, which come
// without a value where the person never chose another.
var presets = map[models.CalendarColor]string{
	models.LIGHTBLUE_CALENDARCOLOR:   "#a6d1f5",
	models.LIGHTGREEN_CALENDARCOLOR:  "#87d28e",
	models.LIGHTORANGE_CALENDARCOLOR: "#fcab73",
	models.LIGHTGRAY_CALENDARCOLOR:   "#c0c0c0",
	models.LIGHTYELLOW_CALENDARCOLOR: "#f6e58d",
	models.LIGHTTEAL_CALENDARCOLOR:   "#4adacc",
	models.LIGHTPINK_CALENDARCOLOR:   "#f08cc0",
	models.LIGHTBROWN_CALENDARCOLOR:  "#cca58b",
	models.LIGHTRED_CALENDARCOLOR:    "#ff8c8c",
}

func color(hex string, preset *models.CalendarColor) string {
	if hexColor.MatchString(hex) {
		return "#" + strings.ToLower(strings.TrimPrefix(hex, "#"))
	}
	if preset == nil {
		return ""
	}
	return presets[*preset]
}

var (
	errNoBody  = fmt.Errorf("the answer has no body")
	errEndless = &calendar.Error{Op: "read pages", Kind: calendar.Other, Err: fmt.Errorf("more than %d pages, or the same page again", maxPages)}
)
