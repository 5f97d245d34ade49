package graphsim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// changeKey is made of the event and its last change.
func changeKey(e *mailbox.Event) string {
	sum := sha256.Sum256([]byte(e.ID))
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(sum[:8], e.Change))
}

func etag(e *mailbox.Event) string { return `W/"` + changeKey(e) + `"` }

// eventJSON is the full event as it is answered, with the defaults of a fresh
// one (Microsoft "Create event", its samples).
func (c *call) eventJSON(cal *mailbox.Calendar, it item) map[string]any {
	e := it.Event
	minutes, on := reminder(e)
	out := map[string]any{
		"@odata.etag": etag(e), "id": c.id(it), "changeKey": changeKey(e), "iCalUId": e.UID, "type": it.typ(),
		"createdDateTime": e.Created.UTC().Format(stamp), "lastModifiedDateTime": e.Updated.UTC().Format(stamp),
		"subject": e.Title, "categories": orEmpty(e.Categories), "importance": orElse(e.Importance, "normal"),
		"sensitivity": sensitivity(e), "showAs": orElse(e.ShowAs, "busy"),
		"isAllDay": e.AllDay, "isCancelled": e.Status == "cancelled", "isOrganizer": isOrganizer(c.mb, cal, e),
		"isDraft": flag(e, "isDraft", false), "isReminderOn": on, "reminderMinutesBeforeStart": minutes,
		"responseRequested":     flag(e, "responseRequested", true),
		"allowNewTimeProposals": flag(e, "allowNewTimeProposals", true), "hideAttendees": flag(e, "hideAttendees", false),
		"hasAttachments": hasAttachments(e), "seriesMasterId": nil, "recurrence": nil, "transactionId": nil,
		"isOnlineMeeting": false, "onlineMeetingProvider": "unknown", "onlineMeeting": nil, "onlineMeetingUrl": nil,
		"originalStartTimeZone": orElse(e.Start.Zone, "UTC"), "originalEndTimeZone": orElse(e.End.Zone, "UTC"),
		"start": c.momentJSON(e.Start), "end": c.momentJSON(e.End),
		"organizer":      map[string]any{"emailAddress": addressJSON(organizer(c.mb, cal, e))},
		"responseStatus": responseStatus(c.mb, cal, e),
		"webLink":        c.base() + "/owa/?itemid=" + e.ID + "&exvsurl=1&path=/calendar/item",
	}
	if it.master != nil {
		out["seriesMasterId"] = c.id(whole(it.master))
	}
	if e.Pattern != nil {
		out["recurrence"] = e.Pattern
	}
	if e.TransactionID != "" {
		out["transactionId"] = e.TransactionID
	}
	if e.Conference != "" {
		out["isOnlineMeeting"], out["onlineMeetingProvider"] = true, "teamsForBusiness"
		out["onlineMeeting"] = map[string]any{"joinUrl": e.Conference}
	}
	out["location"], out["locations"] = locationsJSON(e)
	stored := storedBody(e)
	if c.prefer.text {
		out["body"] = map[string]any{"contentType": "text", "content": toText(stored)}
	} else {
		out["body"] = map[string]any{"contentType": "html", "content": stored}
	}
	out["bodyPreview"] = preview(stored)
	guests := []any{}
	for _, a := range e.Attendees {
		guests = append(guests, map[string]any{
			"type": orElse(a.Type, "required"), "emailAddress": addressJSON(a.Person),
			"status": map[string]any{"response": response(a.Response), "time": zeroStamp},
		})
	}
	out["attendees"] = guests
	if !seesPrivate(cal) && sensitivity(e) == "private" {
		hide(out)
	}
	return out
}

// hide leaves of a private item what a person without the right to it sees.
func hide(out map[string]any) {
	out["subject"], out["bodyPreview"] = "Private appointment", ""
	out["body"] = map[string]any{"contentType": "html", "content": ""}
	out["location"], out["locations"] = locationJSON("", nil), []any{}
	out["attendees"], out["categories"] = []any{}, []string{}
}

// storedBody is the body as Exchange keeps it, also when another client put
// something else into the mailbox.
func storedBody(e *mailbox.Event) string {
	switch {
	case strings.HasPrefix(e.Body, "<html>\r\n<head>\r\n"+metaLine):
		return e.Body
	case e.BodyIsHTML:
		return wrapHTML(e.Body)
	}
	return wrapText(e.Body)
}

// reminder is the one reminder that Exchange can hold; nil means the default.
func reminder(e *mailbox.Event) (minutes int, on bool) {
	minutes = 15
	if v, ok := e.Extra["reminderMinutesBeforeStart"].(int); ok {
		minutes = v
	}
	switch {
	case e.Reminders == nil:
		return minutes, true
	case len(*e.Reminders) == 0:
		return minutes, false
	}
	return (*e.Reminders)[0].Minutes, true
}

func sensitivity(e *mailbox.Event) string {
	switch e.Sensitivity {
	case "personal", "private", "confidential":
		return e.Sensitivity
	}
	return "normal"
}

// isOrganizer: whoever owns the calendar organises what nobody else does. A
// secondary calendar that stands as the organizer is Google's way; here it is
// the owner.
func isOrganizer(m *mailbox.Mailbox, cal *mailbox.Calendar, e *mailbox.Event) bool {
	return strings.EqualFold(organizer(m, cal, e).Email, calendarOwner(m, cal).Email)
}

func organizer(m *mailbox.Mailbox, cal *mailbox.Calendar, e *mailbox.Event) mailbox.Person {
	if e.Organizer.Email == "" || e.Organizer.Email == cal.ID {
		return calendarOwner(m, cal)
	}
	return e.Organizer
}

// calendarOwner is the account's owner, or who shared the calendar: its entry's
// "ownerName" and "ownerAddress".
func calendarOwner(m *mailbox.Mailbox, cal *mailbox.Calendar) mailbox.Person {
	if cal.Role == "owner" {
		return m.Owner
	}
	p := mailbox.Person{Name: "Someone Else", Email: "someone.else@example.com"}
	if v, ok := cal.Entry["ownerAddress"].(string); ok {
		p.Email = v
	}
	if v, ok := cal.Entry["ownerName"].(string); ok {
		p.Name = v
	}
	return p
}

func seesPrivate(cal *mailbox.Calendar) bool { return cal.Role == "owner" || cal.Role == "writer" }

func responseStatus(m *mailbox.Mailbox, cal *mailbox.Calendar, e *mailbox.Event) map[string]any {
	if isOrganizer(m, cal, e) {
		return map[string]any{"response": "organizer", "time": zeroStamp}
	}
	out := map[string]any{"response": "none", "time": zeroStamp}
	for _, a := range e.Attendees {
		if strings.EqualFold(a.Email, m.Owner.Email) {
			if out["response"] = response(a.Response); out["response"] == "none" {
				out["response"] = "notResponded"
			}
			if t, ok := e.Extra["respondedAt"].(time.Time); ok {
				out["time"] = t.UTC().Format(stamp)
			}
		}
	}
	return out
}

func response(model string) string {
	switch model {
	case "accepted", "declined":
		return model
	case "tentative":
		return "tentativelyAccepted"
	}
	return "none"
}

func addressJSON(p mailbox.Person) map[string]any {
	return map[string]any{"name": orElse(p.Name, p.Email), "address": p.Email}
}

// locationsJSON is location and locations, which mirror each other. Details that
// were written stay as long as the place still reads the same.
func locationsJSON(e *mailbox.Event) (map[string]any, []any) {
	details, _ := e.Extra["locations"].([]any)
	if len(details) == 0 || placeOf(details) != e.Place {
		if e.Place == "" {
			return locationJSON("", nil), []any{}
		}
		return locationJSON(e.Place, nil), []any{locationJSON(e.Place, nil)}
	}
	list := make([]any, len(details))
	for i, d := range details {
		m := d.(map[string]any)
		name, _ := m["displayName"].(string)
		list[i] = locationJSON(name, m)
	}
	first := list[0].(map[string]any)
	if len(list) > 1 {
		first = locationJSON(e.Place, nil)
	}
	return first, list
}

func locationJSON(name string, details map[string]any) map[string]any {
	out := map[string]any{"displayName": name, "locationType": "default", "uniqueIdType": "unknown", "address": map[string]any{}, "coordinates": map[string]any{}}
	if name != "" {
		out["uniqueId"], out["uniqueIdType"] = name, "private"
	}
	for _, k := range []string{"locationType", "address", "coordinates", "locationEmailAddress", "locationUri", "uniqueId", "uniqueIdType"} {
		if v := details[k]; v != nil {
			out[k] = v
		}
	}
	return out
}

// placeOf joins the names of several places as the singular property shows them.
func placeOf(locations []any) string {
	var names []string
	for _, l := range locations {
		if name, _ := l.(map[string]any)["displayName"].(string); name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, "; ")
}

func flag(e *mailbox.Event, name string, otherwise bool) bool {
	if v, ok := e.Extra[name].(bool); ok {
		return v
	}
	return otherwise
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
