package graphsim

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// apply writes an accepted body into an event. Properties that are absent stay,
// null clears (Microsoft "Update event"). On an error the event is half written:
// callers work on a copy.
func (c *call) apply(cal *mailbox.Calendar, e *mailbox.Event, body map[string]any, create bool) *apiError {
	if body["multiValueExtendedProperties"] != nil || body["attachments"] != nil {
		c.s.opts.Record.NotImplemented("multi-value properties and attachments in a body")
		return notImplemented("multi-value properties and attachments in a body")
	}
	if e.Extra == nil {
		e.Extra = map[string]any{}
	}
	before := *e
	if err := c.applyTimes(e, body, create); err != nil {
		return err
	}
	if err := c.applyRecurrence(before, e, body); err != nil {
		return err
	}
	if err := c.applyText(e, body); err != nil {
		return err
	}
	applyPlace(e, body)
	applyReminder(e, body)
	applyEnum(body, "importance", &e.Importance)
	applyEnum(body, "sensitivity", &e.Sensitivity)
	applyEnum(body, "showAs", &e.ShowAs)
	for _, name := range []string{"responseRequested", "allowNewTimeProposals", "hideAttendees", "isDraft"} {
		if v, ok := body[name]; ok {
			if delete(e.Extra, name); v != nil {
				e.Extra[name] = v
			}
		}
	}
	if v, ok := body["categories"]; ok {
		e.Categories = nil
		list, _ := v.([]any)
		for _, name := range list {
			text, ok := name.(string)
			if !ok {
				return badRequest("RequestBodyRead", "Cannot convert a value to the expected type 'String'.")
			}
			e.Categories = append(e.Categories, text)
		}
	}
	if v, ok := body["attendees"]; ok {
		list, _ := v.([]any)
		guests, err := attendees(list, e.Attendees)
		if err != nil {
			return err
		}
		e.Attendees = guests
	}
	// A Teams link is made once and cannot be unmade; accounts without Teams
	// ignore the flag (observed by third parties).
	if v, _ := body["isOnlineMeeting"].(bool); v && e.Conference == "" && c.quirks.Teams && cal.Role == "owner" {
		e.Conference = "https://teams.microsoft.com/l/meetup-join/" + immutableID(e)
		e.Body = wrapHTML(storedBody(e) + teamsBlock(e))
		e.BodyIsHTML = true
	}
	return c.applyProperties(e, body)
}

func teamsBlock(e *mailbox.Event) string {
	return `<div class="me-email-text"><a href="` + e.Conference + `">Join the meeting now</a></div>`
}

// applyTimes writes start, end and the all-day flag, which hang together.
func (c *call) applyTimes(e *mailbox.Event, body map[string]any, create bool) *apiError {
	flagged, hasFlag := body["isAllDay"]
	start, hasStart := body["start"].(map[string]any)
	end, hasEnd := body["end"].(map[string]any)
	for _, k := range []string{"start", "end"} {
		if v, ok := body[k]; ok && v == nil || create && !ok {
			return badRequest("ErrorPropertyValidationFailure", "At least one property failed validation.")
		}
	}
	if !create && hasFlag && !hasStart {
		return badRequest("ErrorInvalidRequest", "Missing parameters: Event.Start")
	}
	if !create && hasFlag && !hasEnd {
		return badRequest("ErrorInvalidRequest", "Missing parameters: Event.End")
	}
	if !hasStart && !hasEnd {
		return nil
	}
	whole := e.AllDay
	if hasFlag {
		whole, _ = flagged.(bool)
	}
	from, to := e.Start, e.End
	var err *apiError
	if hasStart {
		if from, err = parseMoment(start, create, c.quirks.LaterReading); err != nil {
			return err
		}
	}
	if hasEnd {
		if to, err = parseMoment(end, create, c.quirks.LaterReading); err != nil {
			return err
		}
	}
	for _, m := range []mailbox.Moment{from, to} {
		if c.quirks.FewZones && !listed(m.Zone) {
			return badZone(m.Zone)
		}
	}
	e.AllDay, e.Start, e.End = whole, from, to
	if instant(to).Before(instant(from)) {
		return checkOrder(e)
	}
	if whole {
		if err := allDay(&e.Start, &e.End, c.s.opts.Switches.KeepAllDayZone); err != nil {
			return err
		}
	}
	return checkOrder(e)
}

func (c *call) applyText(e *mailbox.Event, body map[string]any) *apiError {
	if v, ok := body["subject"]; ok {
		e.Title, _ = v.(string)
		if utf8.RuneCountInString(e.Title) > maxSubject && !c.s.opts.Switches.AcceptLongSubject {
			return badRequest("ErrorPropertyValidationFailure", "At least one property failed validation.")
		}
	}
	if v, ok := body["body"]; ok {
		e.Body, e.BodyIsHTML = "", true
		m, _ := v.(map[string]any)
		content, _ := m["content"].(string)
		if m["contentType"] == "html" {
			e.Body = wrapHTML(content)
		} else {
			e.Body = wrapText(content)
		}
		// The meeting lives in its block of the body (Microsoft "Update event").
		if e.Conference != "" && !strings.Contains(e.Body, e.Conference) {
			e.Conference = ""
		}
	}
	return nil
}

// applyPlace: the singular property replaces the list, and the other way round.
func applyPlace(e *mailbox.Event, body map[string]any) {
	var list []any
	one, hasOne := body["location"]
	many, hasMany := body["locations"]
	switch {
	case hasOne && one != nil:
		list = []any{one}
	case hasMany && many != nil:
		list = many.([]any)
	case !hasOne && !hasMany:
		return
	}
	e.Place = placeOf(list)
	if delete(e.Extra, "locations"); e.Place != "" {
		e.Extra["locations"] = list
	}
}

// applyReminder keeps the minutes also while the reminder is off.
func applyReminder(e *mailbox.Event, body map[string]any) {
	minutes, on := reminder(e)
	m, hasMinutes := body["reminderMinutesBeforeStart"]
	o, hasOn := body["isReminderOn"]
	if !hasMinutes && !hasOn {
		return
	}
	if hasMinutes {
		minutes = 15
		if n, ok := m.(json.Number); ok {
			v, _ := n.Int64() // accept checked that it is an Int32
			minutes = int(v)
		}
	}
	if hasOn {
		on = o != false // null means the default, which is on
	}
	if delete(e.Extra, "reminderMinutesBeforeStart"); on {
		e.Reminders = &[]mailbox.Reminder{{Method: "popup", Minutes: minutes}}
		return
	}
	e.Reminders = &[]mailbox.Reminder{}
	e.Extra["reminderMinutesBeforeStart"] = minutes
}

func applyEnum(body map[string]any, name string, field *string) {
	if v, ok := body[name]; ok {
		*field, _ = v.(string) // null clears to the default
	}
}

// attendees replaces the whole list; a guest who stays keeps the answer given,
// because status is ignored on write.
func attendees(list []any, before []mailbox.Attendee) ([]mailbox.Attendee, *apiError) {
	if len(list) > maxAttendees {
		return nil, badRequest("ErrorExceededMaxRecipientLimit", "The event has too many attendees.")
	}
	var out []mailbox.Attendee
	for _, x := range list {
		m := x.(map[string]any)
		addr, _ := m["emailAddress"].(map[string]any)
		email, _ := addr["address"].(string)
		name, _ := addr["name"].(string)
		if !strings.Contains(email, "@") {
			return nil, badRequest("ErrorInvalidRecipients", "At least one recipient is not valid.")
		}
		kind, _ := m["type"].(string)
		a := mailbox.Attendee{Person: mailbox.Person{Name: name, Email: email}, Type: orElse(kind, "required"), Response: "needsAction"}
		for _, b := range before {
			if strings.EqualFold(b.Email, email) {
				a.Response = b.Response
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// propertyID is the spelling of a single-value extended property's id
// (Microsoft "singleValueLegacyExtendedProperty resource type").
var propertyID = regexp.MustCompile(`^(String|Integer|Boolean|Double|Float|Long|Short|SystemTime|CLSID|Binary|Currency|ApplicationTime) ` +
	`(\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\} (Name .+|Id 0x[0-9A-Fa-f]+)|0x[0-9A-Fa-f]+)$`)

// applyProperties merges extended properties by their ids, and on creation open
// extensions by their names.
func (c *call) applyProperties(e *mailbox.Event, body map[string]any) *apiError {
	list, _ := body["singleValueExtendedProperties"].([]any)
	for _, x := range list {
		m := x.(map[string]any)
		id, _ := m["id"].(string)
		value, ok := m["value"].(string)
		if !propertyID.MatchString(id) || !ok {
			return badRequest("ErrorInvalidRequest", "The extended property '"+id+"' is not valid.")
		}
		if e.Private == nil {
			e.Private = map[string]string{}
		}
		e.Private[id] = value
	}
	exts, _ := body["extensions"].([]any)
	for _, x := range exts {
		if err := setExtension(e, x.(map[string]any)); err != nil {
			return err
		}
	}
	return nil
}
