package outlook

import (
	"context"
	"fmt"
	"regexp"
	"slices"
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
			p.owners.set(n)
			out = append(out, n)
		}
		next := val(page.GetOdataNextLink())
		if next == "" {
			return shared(out), nil
		}
		if err := p.checkLink(next, seen); err != nil {
			return nil, failed(op, err)
		}
		builder, query = builder.WithUrl(next), nil
	}
	return nil, failed(op, errEndless)
}

// shared marks the calendars of others: those whose owner is not the default one's.
func shared(list []calendar.Calendar) []calendar.Calendar {
	me := ""
	for _, c := range list {
		if c.Primary {
			me = c.Owner
		}
	}
	for i, c := range list {
		list[i].Shared = me != "" && c.Owner != "" && !strings.EqualFold(c.Owner, me)
	}
	return list
}

// owner is the mail address of the person whose calendar it is, "" if that
// cannot be learnt. requests counts up when it had to be asked for.
func (p *Provider) owner(ctx context.Context, cal calendar.CalendarID, requests *int) string {
	return p.known(ctx, cal, requests).Owner
}

// known is whose calendar it is and as what it was listed, nothing if that cannot be learnt.
func (p *Provider) known(ctx context.Context, cal calendar.CalendarID, requests *int) calendar.Calendar {
	if c, ok := p.owners.get(cal); ok {
		return c
	}
	*requests++
	c, err := p.me.Calendars().ByCalendarId(string(cal)).Get(ctx, &users.ItemCalendarsCalendarItemRequestBuilderGetRequestConfiguration{
		Headers:         headers(),
		QueryParameters: &users.ItemCalendarsCalendarItemRequestBuilderGetQueryParameters{Select: []string{"id", "owner", "canEdit", "canShare", "canViewPrivateItems"}},
	})
	if err != nil || c == nil {
		return calendar.Calendar{}
	}
	n := neutralCalendar(c)
	n.ID = cal
	p.owners.set(n)
	return n
}

// veil marks what a private item does not show to someone without the right to see it:
// only when it is (Graph resource calendar, canViewPrivateItems). What is shown instead
// of its title is nothing that anyone wrote.
func (p *Provider) veil(ctx context.Context, cal calendar.CalendarID, e *calendar.Event, requests *int) {
	c := e.Content
	if c.Visibility != calendar.Private || c.Notes.HTML != "" || c.Place != "" || len(c.Categories) > 0 || len(e.Guests) > 0 {
		return
	}
	if p.known(ctx, cal, requests).Role.HidesPrivate() {
		e.Unseen = calendar.Veiled(append(slices.Clone(held), reads...))
	}
}

func neutralCalendar(c models.Calendarable) calendar.Calendar {
	out := calendar.Calendar{
		ID:      calendar.CalendarID(val(c.GetId())),
		Name:    val(c.GetName()),
		Color:   color(val(c.GetHexColor()), c.GetColor()),
		Primary: val(c.GetIsDefaultCalendar()),
	}.WithRole(role(c))
	if o := c.GetOwner(); o != nil {
		out.Owner = val(o.GetAddress())
	}
	return out
}

// role is what the account may do (Graph resource calendar: canShare is the owner's
// alone, canEdit is true for an owner and for those who were given the right to write).
// That only free and busy times are shared shows when the events are read: Forbidden.
func role(c models.Calendarable) calendar.Role {
	edits, sees := val(c.GetCanEdit()), val(c.GetCanViewPrivateItems())
	switch {
	case edits && val(c.GetCanShare()):
		return calendar.RoleOwner
	case edits && sees:
		return calendar.RoleWriter
	case edits:
		return calendar.RolePublicWriter
	case sees:
		return calendar.RoleReader
	}
	return calendar.RolePublicReader
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
