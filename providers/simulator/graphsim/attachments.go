package graphsim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// inlineURL begins the address of an attachment that is a part of the body, such
// as a picture in a signature (RFC 2392). Of the others, one with an address of
// its own is a reference to a file in a cloud, one without is a file.
const inlineURL = "cid:"

func isInline(a mailbox.Attachment) bool { return strings.HasPrefix(a.URL, inlineURL) }

// hasAttachments: inline ones alone do not count (Microsoft "event resource type").
func hasAttachments(e *mailbox.Event) bool {
	return slices.ContainsFunc(e.Attachments, func(a mailbox.Attachment) bool { return !isInline(a) })
}

// attachments lists what is attached to an event (Microsoft "List attachments").
// Without $select each file comes with its contents. What only one kind has cannot
// be selected, and the address of a reference is beta's alone.
func (c *call) attachments() (*reply, *apiError) {
	if err := c.allowQuery("$select", "$top", "$skip"); err != nil {
		return nil, err
	}
	var sel []string
	if text, ok := c.param("$select"); ok && text != "" {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); shapes["attachment"][name] == (property{}) {
				c.s.opts.Record.Unknown("property attachment." + name + " in a query")
				return nil, badRequest("RequestBroker--ParseUri", "Could not find a property named '"+name+"' on type 'microsoft.graph.attachment'.")
			}
			sel = append(sel, name)
		}
	}
	cal, it, err := c.find(false)
	if err != nil {
		return nil, err
	}
	list := it.Attachments
	if !seesPrivate(cal) && sensitivity(it.Event) == "private" {
		list = nil
	}
	var all []any
	for i, a := range list {
		all = append(all, attachmentJSON(it.Event, i, a, sel))
	}
	page, next, err := pageOf(c, all)
	if err != nil {
		return nil, err
	}
	return c.listed("users('me')/events('"+c.id(it)+"')/attachments", append([]any{}, page...), next, len(all)), nil
}

func attachmentJSON(e *mailbox.Event, i int, a mailbox.Attachment, sel []string) map[string]any {
	out := map[string]any{
		"@odata.type": "#microsoft.graph.fileAttachment", "@odata.mediaContentType": orElse(a.MIMEType, "application/octet-stream"),
		"id": longID("AAMkATTA", e.ID+strconv.Itoa(i)), "lastModifiedDateTime": e.Updated.UTC().Format(stamp),
		"name": a.Title, "contentType": orElse(a.MIMEType, "application/octet-stream"), "isInline": isInline(a), "size": 1000 + len(a.Title),
		"contentId": nil, "contentLocation": nil, "contentBytes": "c2ltdWxhdGVk",
	}
	switch {
	case isInline(a):
		out["contentId"] = strings.TrimPrefix(a.URL, inlineURL)
	case a.URL != "":
		out["@odata.type"], out["contentType"] = "#microsoft.graph.referenceAttachment", nil
		delete(out, "@odata.mediaContentType")
		delete(out, "contentId")
		delete(out, "contentLocation")
		delete(out, "contentBytes")
	}
	if sel != nil {
		for k := range out {
			if !strings.HasPrefix(k, "@") && k != "id" && !slices.Contains(sel, k) {
				delete(out, k)
			}
		}
	}
	return out
}

// Attach adds an attachment as a person does in Outlook, to an event, a whole
// series or, with a slot (see mailbox.Hands), to one occurrence. An address makes it
// a reference, one that begins with "cid:" a picture within the notes; without an
// address it is a file.
func (s *Server) Attach(cal, id, slot string, a mailbox.Attachment) error {
	add := func(e *mailbox.Event) { e.Attachments = append(e.Attachments, a) }
	if slot != "" {
		return s.EditOccurrence(cal, id, slot, add)
	}
	return s.acted(cal, id, func(c *mailbox.Calendar, e *mailbox.Event) error {
		add(e)
		s.mb.Touch(c, e)
		return nil
	})
}
