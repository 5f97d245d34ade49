package outlook

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// marksPerPage is asked for: such an item is an id and a short text.
const marksPerPage = 500

// hasMark is the filter for events with a mark of ours, whatever it says (Graph, "Get
// singleValueLegacyExtendedProperty": an event matches if Any of its properties does).
const hasMark = "singleValueExtendedProperties/Any(ep: ep/id eq '" + markID + "')"

// Marked lists the marks of a calendar's events that changed since then, empty ones
// included; of all that have one if since is zero. A delta read shows no hidden
// properties, and this is the one listing that does. A service that does not take the
// filter is asked for all events, with their hidden properties expanded.
func (p *Provider) Marked(ctx context.Context, cal calendar.CalendarID, since time.Time) (map[calendar.RemoteID]calendar.Mark, int, error) {
	const op = "list marks"
	if cal == "" {
		return nil, 0, &calendar.Error{Op: "outlook: " + op, Kind: calendar.NotFound, Err: errors.New("no calendar")}
	}
	filters := []string{hasMark, ""}
	if !since.IsZero() {
		filters = []string{"lastModifiedDateTime ge " + since.UTC().Format("2006-01-02T15:04:05Z")}
	}
	total := 0
	for i, filter := range filters {
		marks, requests, err := p.marked(ctx, cal, filter)
		total += requests
		if a := answerOf(err); a != nil && a.status == http.StatusBadRequest && i+1 < len(filters) {
			continue
		}
		if err != nil {
			e := failedOn(op, cal, "", err)
			if e.Kind == calendar.Conflict {
				e.Kind = calendar.Unavailable // a read has no version to miss
			}
			return nil, total, e
		}
		return marks, total, nil
	}
	panic("unreachable: the last filter is tried to its end")
}

// marked reads all pages of one filter.
func (p *Provider) marked(ctx context.Context, cal calendar.CalendarID, filter string) (map[calendar.RemoteID]calendar.Mark, int, error) {
	marks, requests := map[calendar.RemoteID]calendar.Mark{}, 0
	builder := p.me.Calendars().ByCalendarId(string(cal)).Events()
	query := &users.ItemCalendarsItemEventsRequestBuilderGetQueryParameters{
		Select: []string{"id"}, Expand: []string{"singleValueExtendedProperties($filter=id eq '" + markID + "')"}, Top: ptr(int32(marksPerPage)),
	}
	if filter != "" {
		query.Filter = &filter
	}
	seen := map[string]bool{}
	for range maxPages {
		page, err := builder.Get(ctx, &users.ItemCalendarsItemEventsRequestBuilderGetRequestConfiguration{Headers: headers(), QueryParameters: query})
		requests++
		if err == nil && page == nil {
			err = errNoBody
		}
		if err != nil {
			return nil, requests, err
		}
		for _, e := range page.GetValue() {
			marks[calendar.RemoteID(val(e.GetId()))] = readMark(e)
		}
		next := val(page.GetOdataNextLink())
		if next == "" {
			return marks, requests, nil
		}
		if err := p.checkLink(next, seen); err != nil {
			return nil, requests, err
		}
		builder, query = builder.WithUrl(next), nil
	}
	return nil, requests, errEndless
}
