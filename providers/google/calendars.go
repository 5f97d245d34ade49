package google

import (
	"context"
	"errors"
	"fmt"
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
			p.remember(c.ID, c.Zone)
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
		// owner, writer, and writerWithoutPrivateAccess (which came in 2026).
		Writable: e.AccessRole == "owner" || strings.HasPrefix(e.AccessRole, "writer"),
		Details:  e.AccessRole != "freeBusyReader" && e.AccessRole != "none" && e.AccessRole != "",
	}
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

func (p *Provider) remember(cal calendar.CalendarID, zone string) {
	if zone == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.zones[cal] = zone
}

// zone is the calendar's own zone, asked for if it was never heard; "" if the
// calendar is not in the account's list.
func (p *Provider) zone(ctx context.Context, op string, cal calendar.CalendarID) (string, error) {
	p.mu.Lock()
	zone, ok := p.zones[cal]
	p.mu.Unlock()
	if ok {
		return zone, nil
	}
	entry, err := p.api.CalendarList.Get(string(cal)).Context(ctx).Do()
	if err != nil {
		if err = translateRead(op, cal, "", err); calendar.KindOf(err) == calendar.NotFound {
			return "", nil
		}
		return "", err
	}
	p.remember(cal, entry.TimeZone)
	return entry.TimeZone, nil
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
