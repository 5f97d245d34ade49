package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// maxListPages ends a calendar list that does not end: 250 a page.
const maxListPages = 100

// Calendars implements calendar.Provider: every calendar of the account's list,
// hidden ones too. It is always read whole: an incremental list does not tell of
// renamed calendars or changed roles (reference of calendarList.list, syncToken).
func (p *Provider) Calendars(ctx context.Context) ([]calendar.Calendar, error) {
	const op = "google: list calendars"
	var out []calendar.Calendar
	pages := pager{op: op}
	for token := ""; ; {
		call := p.api.CalendarList.List().MaxResults(250).ShowHidden(true).Context(ctx)
		if token != "" {
			call.PageToken(token)
		}
		page, err := call.Do()
		if err != nil {
			return nil, translateRead(op, "", "", err)
		}
		for _, entry := range page.Items {
			if entry.Deleted {
				continue
			}
			c := listed(entry)
			p.remember(c.ID, c.Zone, c.Role)
			out = append(out, c)
		}
		if token = page.NextPageToken; token == "" {
			return out, nil
		}
		if err := pages.next(token, maxListPages); err != nil {
			return nil, err
		}
	}
}

func listed(e *gcal.CalendarListEntry) calendar.Calendar {
	c := calendar.Calendar{
		ID:      calendar.CalendarID(e.Id),
		Name:    e.Summary,
		Color:   strings.ToLower(e.BackgroundColor),
		Owner:   e.DataOwner,
		Primary: e.Primary,
		Hidden:  e.Hidden,
	}.WithRole(roles[e.AccessRole])
	// 'owner' is a right that several may have, the data owner is one; without one named
	// (reference of calendarList, dataOwner: of secondary calendars) the role tells.
	c.Shared = !e.Primary && c.Role != calendar.RoleOwner
	if e.SummaryOverride != "" {
		c.Name = e.SummaryOverride
	}
	if e.Primary && c.Owner == "" {
		c.Owner = e.Id
	}
	if _, err := calendar.LoadZone(e.TimeZone); err == nil {
		c.Zone = e.TimeZone
	}
	return c
}

// roles are Google's access roles (reference of calendarList, accessRole; the one
// without private access came in 2026). A reader does not see private events' details
// either. What is not here shows nothing.
var roles = map[string]calendar.Role{
	"owner":                      calendar.RoleOwner,
	"writer":                     calendar.RoleWriter,
	"writerWithoutPrivateAccess": calendar.RolePublicWriter,
	"reader":                     calendar.RolePublicReader,
	"freeBusyReader":             calendar.RoleBusyReader,
}

// known is what was last heard of a calendar.
type known struct {
	zone string
	role calendar.Role
}

func (p *Provider) remember(cal calendar.CalendarID, zone string, role calendar.Role) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.known[cal]
	if zone != "" {
		k.zone = zone
	}
	if role != "" {
		k.role = role
	}
	p.known[cal] = k
}

// zone is the calendar's own zone, asked for if it was never heard; "" if the
// calendar is not in the account's list.
func (p *Provider) zone(ctx context.Context, op string, cal calendar.CalendarID) (string, error) {
	p.mu.Lock()
	k := p.known[cal]
	p.mu.Unlock()
	if k.zone != "" {
		return k.zone, nil
	}
	k, err := p.ask(ctx, op, cal)
	return k.zone, err
}

// ask asks for one calendar's entry.
func (p *Provider) ask(ctx context.Context, op string, cal calendar.CalendarID) (known, error) {
	entry, err := p.api.CalendarList.Get(string(cal)).Context(ctx).Do()
	if err != nil {
		if err = translateRead(op, cal, "", err); calendar.KindOf(err) == calendar.NotFound {
			return known{}, nil
		}
		return known{}, err
	}
	k := known{entry.TimeZone, roles[entry.AccessRole]}
	p.remember(cal, k.zone, k.role)
	return k, nil
}

// veil marks what a private event does not show to someone without the right to see
// it: only when it is. That is nothing that anyone did to it.
func (p *Provider) veil(ctx context.Context, op string, cal calendar.CalendarID, e *calendar.Event) error {
	c := e.Content
	if c.Visibility != calendar.Private && c.Visibility != calendar.Confidential || c.Title != "" || c.Notes.HTML != "" || c.Place != "" {
		return nil
	}
	p.mu.Lock()
	k := p.known[cal]
	p.mu.Unlock()
	if k.role == "" {
		var err error
		if k, err = p.ask(ctx, op, cal); err != nil {
			return err
		}
	}
	if k.role.HidesPrivate() {
		e.Unseen = calendar.Veiled(append(slices.Clone(heldGroups), calendar.GroupLinks))
	}
	return nil
}

// pager watches over a listing: it must end, and must not go in circles.
type pager struct {
	op    string
	cal   calendar.CalendarID
	seen  map[string]bool
	pages int
}

// next notes that the page after token is read next.
func (g *pager) next(token string, limit int) error {
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	g.pages++
	switch {
	case g.seen[token]:
		return &calendar.Error{Op: g.op, Kind: calendar.Other, Calendar: g.cal, Err: errors.New("the pages from Google go in circles")}
	case g.pages >= limit:
		return &calendar.Error{Op: g.op, Kind: calendar.Other, Calendar: g.cal, Err: fmt.Errorf("more than %d pages", limit)}
	}
	g.seen[token] = true
	return nil
}
