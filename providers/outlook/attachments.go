package outlook

import (
	"cmp"
	"context"
	"slices"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// attachmentFields leave out what a file holds: without them each comes whole.
var attachmentFields = []string{"name", "contentType", "isInline", "size"}

// attachments are the names of what is attached to an event, each with the address of
// the event in Outlook: a file has no address that others can open, and that of a
// file in OneDrive is in beta only. Pictures within the notes are left out. They are
// sorted, since no order is promised.
//
// One request if the event says that it has some (inline ones alone do not count),
// else none. An event that is gone meanwhile has none; the next read tells. So has one
// whose attachments may not be seen, in a calendar that somebody shares: it must not
// keep the whole calendar from being read.
func (p *Provider) attachments(ctx context.Context, cal calendar.CalendarID, e models.Eventable, requests *int) ([]calendar.Attachment, error) {
	if !val(e.GetHasAttachments()) {
		return nil, nil
	}
	builder := p.event(cal, calendar.RemoteID(val(e.GetId()))).Attachments()
	query := &users.ItemCalendarsItemEventsItemAttachmentsRequestBuilderGetQueryParameters{Select: attachmentFields}
	var out []calendar.Attachment
	seen := map[string]bool{}
	for range maxPages {
		*requests++
		page, err := builder.Get(ctx, &users.ItemCalendarsItemEventsItemAttachmentsRequestBuilderGetRequestConfiguration{
			Headers: headers(), QueryParameters: query,
		})
		if err == nil && page == nil {
			err = errNoBody
		}
		if k := kindOf(err); err != nil && (k == calendar.NotFound || k == calendar.Gone || k == calendar.Forbidden) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, a := range page.GetValue() {
			if !val(a.GetIsInline()) {
				out = append(out, calendar.Attachment{Name: val(a.GetName()), URL: val(e.GetWebLink())})
			}
		}
		next := val(page.GetOdataNextLink())
		if next == "" {
			slices.SortFunc(out, func(a, b calendar.Attachment) int { return cmp.Compare(a.Name, b.Name) })
			return out, nil
		}
		if err := p.checkLink(next, seen); err != nil {
			return nil, err
		}
		builder, query = builder.WithUrl(next), nil
	}
	return nil, errEndless
}

// attachedToOccurrences reads the attachments of exceptions that have some where
// their master has none. Where both have some, they are taken to be the same:
// reading each exception's would cost a request an occurrence.
func (p *Provider) attachedToOccurrences(ctx context.Context, cal calendar.CalendarID, s *series, edited map[string]models.Eventable) error {
	s.attached = map[string][]calendar.Attachment{}
	if val(s.master.GetHasAttachments()) {
		return nil
	}
	for id, e := range edited {
		list, err := p.attachments(ctx, cal, e, &s.requests)
		if err != nil {
			return err
		}
		s.attached[id] = list
	}
	return nil
}
