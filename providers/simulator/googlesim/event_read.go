package googlesim

import (
	"maps"
	"net/mail"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// Limits of the event resource, from the discovery document and Google's guides.
const (
	maxDescription   = 8192 // characters; longer ones are cut silently
	maxPropertyName  = 44   // longer ones are dropped silently
	maxPropertyValue = 1024 // longer ones are cut silently
	maxProperties    = 300
	maxPropertyBytes = 32 << 10
	maxOverrides     = 5
	maxMinutes       = 40320 // four weeks
	maxAttachments   = 25
)

// verbatim are writable members that are stored as they come, in Extra.
var verbatim = []string{
	"anyoneCanAddSelf", "guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests",
	"source", "focusTimeProperties", "outOfOfficeProperties", "workingLocationProperties",
	"birthdayProperties", "privateCopy", "conferenceData",
}

// kept are members of Extra that only the service writes.
var kept = []string{"locked", "endTimeUnspecified", "gadget"}

// validID holds a client's id against the reference: base32hex, 5 to 1024 characters.
func validID(id string) bool {
	return len(id) >= 5 && len(id) <= 1024 && strings.Trim(id, "abcdefghijklmnopqrstuv0123456789") == ""
}

// read makes the event what the writable document says. Members that a client
// cannot write are ignored.
func (c *call) read(cal *mailbox.Calendar, e *mailbox.Event, d obj) error {
	text := func(name string) string { s, _ := d[name].(string); return s }
	e.Title, e.Place = text("summary"), text("location")
	if c.Switches.TrimTitles {
		e.Title, e.Place = strings.TrimSpace(e.Title), strings.TrimSpace(e.Place)
	}
	e.Body = cut(text("description"), maxDescription)
	e.BodyIsHTML = false
	if err := c.readTimes(cal, e, d); err != nil {
		return err
	}
	if err := c.readChoices(e, d); err != nil {
		return err
	}
	if err := readReminders(e, d["reminders"]); err != nil {
		return err
	}
	if err := readProperties(e, d["extendedProperties"]); err != nil {
		return err
	}
	if err := c.readAttendees(cal, e, d); err != nil {
		return err
	}
	if err := readAttachments(e, d["attachments"]); err != nil {
		return err
	}
	if err := c.readVerbatim(e, d); err != nil {
		return err
	}
	if err := c.readRecurrence(e, d); err != nil {
		return err
	}
	return c.checkEventType(cal, e)
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

// readTimes checks the end first, as the service does.
func (c *call) readTimes(cal *mailbox.Calendar, e *mailbox.Event, d obj) error {
	end, err := c.parseMoment(cal, "end", d["end"])
	if err != nil {
		return err
	}
	start, err := c.parseMoment(cal, "start", d["start"])
	if err != nil {
		return err
	}
	if (start.Date == "") != (end.Date == "") {
		return invalid("Start and end times must either both be date or both be dateTime.")
	}
	// A timed event may last no time at all, an all-day one may not.
	if end.UTC.Before(start.UTC) || start.Date != "" && start.Date == end.Date {
		return timeRangeEmpty("")
	}
	e.Start, e.End, e.AllDay = start, end, start.Date != ""
	return nil
}

// choice takes one of a closed set of values, or the default when absent.
func choice(d obj, name, fallback string, values ...string) (string, error) {
	v, _ := d[name].(string)
	if v == "" {
		return fallback, nil
	}
	if !slices.Contains(values, v) {
		return "", invalid("Invalid value for: " + v + " is not a valid value")
	}
	return v, nil
}

// readChoices reads the members with closed sets of values, and the sequence.
func (c *call) readChoices(e *mailbox.Event, d obj) error {
	transparency, err := choice(d, "transparency", "opaque", "opaque", "transparent")
	if err != nil {
		return err
	}
	if free := transparency == "transparent"; free != (e.ShowAs == "free") || e.ShowAs == "" {
		e.ShowAs = "busy"
		if free {
			e.ShowAs = "free"
		}
	}
	if e.Sensitivity, err = choice(d, "visibility", "default", "default", "public", "private", "confidential"); err != nil {
		return err
	}
	if e.Status, err = choice(d, "status", "confirmed", "confirmed", "tentative", "cancelled"); err != nil {
		return err
	}
	kind, err := choice(d, "eventType", "default",
		"default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation")
	if err != nil {
		return err
	}
	if e.Type != "" && e.Type != kind {
		return eventTypeRestriction("Event type cannot be changed.")
	}
	e.Type = kind
	e.ColorID, _ = d["colorId"].(string)
	if _, ok := eventColors[e.ColorID]; e.ColorID != "" && !ok {
		return invalid("Invalid color id.")
	}
	if n, ok := d["sequence"].(int64); ok {
		if int(n) < e.Sequence {
			return invalid("Invalid sequence value. The specified sequence number is below the current sequence " +
				"number of the resource. Re-fetch the resource and use its sequence number on the following request.")
		}
		e.Sequence = int(n)
	}
	return nil
}

// readReminders: defaults exclude overrides, and an empty object turns nothing off.
func readReminders(e *mailbox.Event, v any) error {
	m, _ := v.(obj)
	useDefault, given := m["useDefault"].(bool)
	rows, _ := m["overrides"].([]any)
	if useDefault && len(rows) > 0 {
		return &apiError{status: 400, domain: "calendar", reason: "cannotUseDefaultRemindersAndSpecifyOverride",
			message: "Cannot specify both default reminders and overrides at the same time."}
	}
	if useDefault || !given && len(rows) == 0 {
		e.Reminders = nil
		return nil
	}
	rs, err := readReminderRows(rows)
	if err != nil {
		return err
	}
	e.Reminders = &rs
	return nil
}

func readReminderRows(rows []any) ([]mailbox.Reminder, error) {
	if len(rows) > maxOverrides {
		return nil, invalid("Too many reminders.")
	}
	rs := []mailbox.Reminder{}
	for _, r := range rows {
		row, _ := r.(obj)
		method, _ := row["method"].(string)
		minutes, ok := row["minutes"].(int64)
		switch {
		case method == "":
			return nil, required("Missing reminder method.")
		case method != "email" && method != "popup":
			return nil, invalid("Invalid reminder method.")
		case !ok:
			return nil, required("Missing reminder minutes.")
		case minutes < 0 || minutes > maxMinutes:
			return nil, invalid("Invalid reminder minutes.")
		}
		rs = append(rs, mailbox.Reminder{Method: method, Minutes: int(minutes)})
	}
	return rs, nil
}

// readProperties drops long names and cuts long values without a word, as
// Google's guide 'Extended properties' says.
func readProperties(e *mailbox.Event, v any) error {
	m, _ := v.(obj)
	size := 0
	one := func(v any) map[string]string {
		in, _ := v.(obj)
		var out map[string]string
		for k, x := range in {
			s, ok := x.(string)
			if !ok || utf8.RuneCountInString(k) > maxPropertyName {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			out[k] = cut(s, maxPropertyValue)
			size += len(k) + len(out[k])
		}
		return out
	}
	private, shared := one(m["private"]), one(m["shared"])
	if len(private)+len(shared) > maxProperties || size > maxPropertyBytes {
		return invalid("Too many extended properties.")
	}
	e.Private, e.Shared = private, shared
	return nil
}

// readAttendees replaces the list; with attendeesOmitted only the own row counts.
func (c *call) readAttendees(cal *mailbox.Calendar, e *mailbox.Event, d obj) error {
	rows, _ := d["attendees"].([]any)
	before := e.Attendees
	var out []mailbox.Attendee
	for _, r := range rows {
		a, err := readAttendee(r, before)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(out, func(b mailbox.Attendee) bool { return strings.EqualFold(a.Email, b.Email) }) {
			out = append(out, a)
		}
	}
	if omitted, _ := d["attendeesOmitted"].(bool); omitted {
		merged := slices.Clone(before)
		for i := range merged {
			for _, a := range out {
				if strings.EqualFold(a.Email, merged[i].Email) && c.isSelf(cal, a.Email) {
					merged[i] = a
				}
			}
		}
		out = merged
	}
	e.Attendees = out
	return nil
}

func readAttendee(v any, before []mailbox.Attendee) (mailbox.Attendee, error) {
	row, _ := v.(obj)
	email, _ := row["email"].(string)
	if email == "" {
		return mailbox.Attendee{}, required("Missing attendee email.")
	}
	if p, err := mail.ParseAddress(email); err != nil || p.Address != email {
		return mailbox.Attendee{}, invalid("Invalid attendee email.")
	}
	response, err := choice(row, "responseStatus", "needsAction", "needsAction", "declined", "tentative", "accepted")
	if err != nil {
		return mailbox.Attendee{}, err
	}
	a := mailbox.Attendee{Type: "required", Response: response}
	a.Email = email
	a.Name, _ = row["displayName"].(string)
	if o, _ := row["optional"].(bool); o {
		a.Type = "optional"
	}
	if o, _ := row["resource"].(bool); o {
		a.Type = "resource"
	}
	for _, old := range before {
		// 'resource' can only be set when the guest is added.
		if strings.EqualFold(old.Email, email) && (old.Type == "resource") != (a.Type == "resource") {
			a.Type = old.Type
		}
	}
	for _, name := range []string{"comment", "additionalGuests"} {
		if x := row[name]; x != nil && x != "" && x != int64(0) {
			if a.Extra == nil {
				a.Extra = obj{}
			}
			a.Extra[name] = x
		}
	}
	return a, nil
}

func readAttachments(e *mailbox.Event, v any) error {
	rows, _ := v.([]any)
	if len(rows) > maxAttachments {
		return invalid("Too many attachments.")
	}
	e.Attachments = nil
	for _, r := range rows {
		row, _ := r.(obj)
		var a mailbox.Attachment
		a.URL, _ = row["fileUrl"].(string)
		a.Title, _ = row["title"].(string)
		a.MIMEType, _ = row["mimeType"].(string)
		if a.URL == "" {
			return required("Missing attachment file URL.")
		}
		e.Attachments = append(e.Attachments, a)
	}
	return nil
}

// readVerbatim stores what has no field of its own.
func (c *call) readVerbatim(e *mailbox.Event, d obj) error {
	extra := obj{}
	for _, name := range kept {
		if v, ok := e.Extra[name]; ok {
			extra[name] = v
		}
	}
	for _, name := range verbatim {
		if v := d[name]; v != nil {
			extra[name] = copyValue(v)
		}
	}
	if src, ok := extra["source"].(obj); ok {
		u, _ := src["url"].(string)
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			return invalid("Invalid source URL.")
		}
	}
	e.Conference = ""
	if data, ok := extra["conferenceData"].(obj); ok {
		c.readConference(e, extra, data)
	}
	e.Extra = nil
	if len(extra) > 0 {
		e.Extra = extra
	}
	return nil
}

// readConference answers a request for a new conference at once, as was
// observed; the reference says it may be pending.
func (c *call) readConference(e *mailbox.Event, extra, data obj) {
	if req, ok := data["createRequest"].(obj); ok && data["entryPoints"] == nil {
		id := c.Mailbox.NewID(10)
		e.Conference = "https://meet.google.com/" + id[:3] + "-" + id[3:7] + "-" + id[7:]
		made := meet(e.Conference)
		req["status"] = obj{"statusCode": "success"}
		made["createRequest"] = req
		extra["conferenceData"] = made
		return
	}
	points, _ := data["entryPoints"].([]any)
	for _, p := range points {
		point, _ := p.(obj)
		if point["entryPointType"] == "video" {
			e.Conference, _ = point["uri"].(string)
			if reflect.DeepEqual(data, meet(e.Conference)) {
				delete(extra, "conferenceData") // it can be made again
			}
			return
		}
	}
}

// checkEventType holds the event against the rules of its type (Google guide
// 'Event types').
func (c *call) checkEventType(cal *mailbox.Calendar, e *mailbox.Event) error {
	blocks := map[string]string{
		"birthdayProperties": "birthday", "focusTimeProperties": "focusTime",
		"outOfOfficeProperties": "outOfOffice", "workingLocationProperties": "workingLocation",
	}
	for _, name := range slices.Sorted(maps.Keys(blocks)) {
		if e.Extra[name] != nil && e.Type != blocks[name] {
			return invalid("The property " + name + " is not allowed for this event type.")
		}
	}
	switch e.Type {
	case "focusTime", "outOfOffice":
		if !cal.Primary || e.AllDay {
			return eventTypeRestriction("Events of this type must be timed and on the primary calendar.")
		}
	case "workingLocation":
		oneDay := !e.AllDay || e.End.UTC.Sub(e.Start.UTC).Hours() == 24
		if !cal.Primary || e.Sensitivity != "public" || e.ShowAs != "free" || !oneDay || e.Extra["workingLocationProperties"] == nil {
			return eventTypeRestriction("A working location event must be public, transparent, on the primary calendar " +
				"and either timed or all-day for exactly one day.")
		}
	}
	return nil
}
