package googlesim

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// etag is the version of a resource: a quoted whole number, opaque to clients.
func etag(change uint64) string { return fmt.Sprintf("%q", fmt.Sprint(3_500_000_000_000_000+change)) }

// address is the identity of a calendar among people: 'self' means this
// calendar and not this user.
func (s *Server) address(c *mailbox.Calendar) string {
	if c.Primary {
		return s.Mailbox.Owner.Email
	}
	return c.ID
}

func (s *Server) isSelf(c *mailbox.Calendar, email string) bool {
	return email != "" && strings.EqualFold(email, s.address(c))
}

// writable are the members of an event that a client may write, in wire form.
// A patch is merged into it and it is read back, so there is one way in.
func (s *Server) writable(e *mailbox.Event) obj {
	d := obj{
		"status":    or(e.Status, "confirmed"),
		"sequence":  int64(e.Sequence),
		"eventType": or(e.Type, "default"),
		"start":     writableMoment(e.Start),
		"end":       writableMoment(e.End),
	}
	for k, v := range e.Extra {
		d[k] = copyValue(v)
	}
	put := func(name, v string) {
		if v != "" {
			d[name] = v
		}
	}
	put("summary", e.Title)
	put("description", e.Body)
	put("location", e.Place)
	put("colorId", e.ColorID)
	if e.ShowAs == "free" {
		d["transparency"] = "transparent"
	}
	switch e.Sensitivity {
	case "public", "private", "confidential":
		d["visibility"] = e.Sensitivity
	}
	if len(e.Attendees) > 0 {
		d["attendees"] = writableAttendees(e)
	}
	if e.Reminders == nil {
		d["reminders"] = obj{"useDefault": true}
	} else {
		r := obj{"useDefault": false}
		if len(*e.Reminders) > 0 {
			r["overrides"] = showReminders(*e.Reminders)
		}
		d["reminders"] = r
	}
	if len(e.Private)+len(e.Shared) > 0 {
		x := obj{}
		if len(e.Private) > 0 {
			x["private"] = showProperties(e.Private)
		}
		if len(e.Shared) > 0 {
			x["shared"] = showProperties(e.Shared)
		}
		d["extendedProperties"] = x
	}
	if len(e.Attachments) > 0 {
		var l []any
		for _, a := range e.Attachments {
			item := obj{"fileUrl": a.URL}
			if a.Title != "" {
				item["title"] = a.Title
			}
			if a.MIMEType != "" {
				item["mimeType"] = a.MIMEType
			}
			l = append(l, item)
		}
		d["attachments"] = l
	}
	if len(e.Recurrence) > 0 {
		var l []any
		for _, line := range e.Recurrence {
			l = append(l, line)
		}
		d["recurrence"] = l
	}
	if e.Conference != "" && d["conferenceData"] == nil {
		d["conferenceData"] = meet(e.Conference)
	}
	return d
}

// meetPrefix begins the join URLs of Google's own conferences.
const meetPrefix = "https://meet.google.com/"

// meet is the conference data of a join URL; that of another service comes from
// an add-on (reference of Events, conferenceData.conferenceSolution.key.type).
func meet(join string) obj {
	id := join[strings.LastIndexByte(join, '/')+1:]
	solution := obj{"key": obj{"type": "addOn"}, "name": "Meeting"}
	if strings.HasPrefix(join, meetPrefix) {
		solution = obj{"key": obj{"type": "hangoutsMeet"}, "name": "Google Meet"}
	}
	return obj{
		"conferenceId":       id,
		"conferenceSolution": solution,
		"entryPoints":        []any{obj{"entryPointType": "video", "uri": join, "label": strings.TrimPrefix(join, "https://")}},
	}
}

func writableMoment(m mailbox.Moment) obj {
	loc, ok := loadZone(m.Zone)
	if !ok {
		loc = time.UTC
	}
	return showMoment(m, loc)
}

func writableAttendees(e *mailbox.Event) []any {
	l := make([]any, len(e.Attendees))
	for i, a := range e.Attendees {
		row := obj{"email": a.Email, "responseStatus": or(a.Response, "needsAction")}
		for k, v := range a.Extra {
			row[k] = copyValue(v)
		}
		if a.Name != "" {
			row["displayName"] = a.Name
		}
		switch a.Type {
		case "optional":
			row["optional"] = true
		case "resource":
			row["resource"] = true
		}
		l[i] = row
	}
	return l
}

func showReminders(rs []mailbox.Reminder) []any {
	l := make([]any, len(rs))
	for i, r := range rs {
		l[i] = obj{"method": r.Method, "minutes": int64(r.Minutes)}
	}
	return l
}

func showProperties(m map[string]string) obj {
	o := obj{}
	for k, v := range m {
		o[k] = v
	}
	return o
}

func copyValue(v any) any {
	switch v := v.(type) {
	case obj:
		o := obj{}
		for k, x := range v {
			o[k] = copyValue(x)
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = copyValue(x)
		}
		return l
	}
	return v
}

// view is how events are to be shown.
type view struct {
	loc          *time.Location
	role         string
	maxAttendees int // 0: all
}

// view makes one from the request and the calendar.
func (c *call) view(cal *mailbox.Calendar) (view, error) {
	v := view{loc: zoneOf(cal), role: c.role(cal)}
	if z := c.query.Get("timeZone"); z != "" {
		loc, ok := loadZone(z)
		if !ok {
			return v, &apiError{status: 400, reason: "invalid", message: "Invalid time zone definition.",
				locationType: "parameter", location: "timeZone"}
		}
		v.loc = loc
	}
	v.maxAttendees = c.number("maxAttendees")
	return v, nil
}

// show renders an event in full, or as little as the role allows.
func (s *Server) show(cal *mailbox.Calendar, e *mailbox.Event, v view) obj {
	d := obj{
		"kind":      "calendar#event",
		"etag":      etag(e.Change),
		"id":        e.ID,
		"status":    or(e.Status, "confirmed"),
		"created":   e.Created.Truncate(time.Second).UTC().Format(createdLayout),
		"updated":   e.Updated.UTC().Format(createdLayout),
		"iCalUID":   e.UID,
		"eventType": or(e.Type, "default"),
		"start":     showMoment(e.Start, v.loc),
		"end":       showMoment(e.End, v.loc),
	}
	if e.ShowAs == "free" {
		d["transparency"] = "transparent"
	}
	showSeries(d, e, v)
	private := e.Sensitivity == "private" || e.Sensitivity == "confidential"
	if v.role == "freeBusyReader" || private && (v.role == "reader" || v.role == "writerWithoutPrivateAccess") {
		d["visibility"] = "private" // no title, no details
		return d
	}
	for k, x := range s.writable(e) {
		if k != "start" && k != "end" {
			d[k] = x
		}
	}
	// Defaults are not sent.
	drop := func(name string, value any) {
		if d[name] == value {
			delete(d, name)
		}
	}
	drop("guestsCanInviteOthers", true)
	drop("guestsCanSeeOtherGuests", true)
	drop("guestsCanModify", false)
	drop("anyoneCanAddSelf", false)
	drop("privateCopy", false)
	drop("locked", false)
	drop("endTimeUnspecified", false)
	d["htmlLink"] = "https://www.google.com/calendar/event?eid=" +
		base64.RawURLEncoding.EncodeToString([]byte(e.ID+" "+s.address(cal)))
	d["creator"] = s.showPerson(cal, e.Creator)
	d["organizer"] = s.showPerson(cal, e.Organizer)
	if e.Conference != "" && strings.HasPrefix(e.Conference, meetPrefix) {
		d["hangoutLink"] = e.Conference
	}
	if !strings.EqualFold(e.Creator.Email, s.Mailbox.Owner.Email) {
		delete(d, "source") // only its creator sees it
	}
	s.showGuests(cal, e, v, d)
	return d
}

func (s *Server) showPerson(cal *mailbox.Calendar, p mailbox.Person) obj {
	o := obj{"email": p.Email}
	if p.Name != "" {
		o["displayName"] = p.Name
	}
	if s.isSelf(cal, p.Email) {
		o["self"] = true
	}
	return o
}

// showGuests marks the rows of the organizer and of this calendar, and leaves
// only the latter when there are more than asked for.
func (s *Server) showGuests(cal *mailbox.Calendar, e *mailbox.Event, v view, d obj) {
	rows, _ := d["attendees"].([]any)
	var self []any
	for _, r := range rows {
		row := r.(obj)
		email, _ := row["email"].(string)
		if strings.EqualFold(email, e.Organizer.Email) {
			row["organizer"] = true
		}
		if s.isSelf(cal, email) {
			row["self"] = true
			self = append(self, row)
		}
	}
	if v.maxAttendees == 0 || len(rows) <= v.maxAttendees {
		return
	}
	d["attendeesOmitted"] = true
	delete(d, "attendees")
	if self != nil {
		d["attendees"] = self
	}
}

// showSeries names the series of an instance and the slot it stands for, which
// may be rendered in another zone than the master's times.
func showSeries(d obj, e *mailbox.Event, v view) {
	if e.Series != "" {
		d["recurringEventId"] = e.Series
		d["originalStartTime"] = showMoment(e.Original, v.loc)
	}
}

// showTombstone is what is guaranteed of a deleted event, or of a cancelled instance.
func showTombstone(e *mailbox.Event, v view) obj {
	d := obj{"kind": "calendar#event", "etag": etag(e.Change), "id": e.ID, "status": "cancelled"}
	showSeries(d, e, v)
	return d
}
