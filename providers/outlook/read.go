package outlook

import (
	"fmt"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/twinday/twinday/providers/calendar"
)

// neutral turns an event as Graph gives it, with times in UTC, into the neutral
// language; of a series, its master alone. owner is asked for the calendar
// owner's address only if there are attendees and the owner is not the organizer.
// Attachments are not in it (see attachments), and hidden properties only if the
// request expanded them.
//
// A series whose pattern cannot be read is of UnknownType: left alone.
func neutral(e models.Eventable, owner func() string) calendar.Event {
	out := calendar.Event{
		ID:         calendar.RemoteID(val(e.GetId())),
		Version:    version(e),
		UID:        val(e.GetICalUId()),
		Cancelled:  val(e.GetIsCancelled()),
		Organizer:  person(e.GetOrganizer()),
		MyResponse: response(e.GetResponseStatus()),
		Created:    utc(e.GetCreatedDateTime()),
		Updated:    utc(e.GetLastModifiedDateTime()),
		WebLink:    val(e.GetWebLink()),
		Mark:       readMark(e),
		Content:    content(e),
	}
	out.Content.Properties = readProperties(e)
	out.Doubt = zoneDoubt(e)
	if isMaster(e) {
		w, err := seriesWhen(e)
		if err != nil {
			out.Type = calendar.UnknownType
		} else {
			out.Content.When = w
		}
	}
	attendees := e.GetAttendees()
	isOrganizer := val(e.GetIsOrganizer())
	out.Organized = isOrganizer || len(attendees) == 0
	if len(attendees) == 0 {
		return out
	}
	me := out.Organizer.Email
	if !isOrganizer {
		me = owner()
	}
	for _, a := range attendees {
		g := calendar.Guest{
			Person:   person(a),
			Optional: is(a.GetTypeEscaped(), models.OPTIONAL_ATTENDEETYPE),
			Resource: is(a.GetTypeEscaped(), models.RESOURCE_ATTENDEETYPE),
			Response: response(a.GetStatus()),
		}
		if me != "" && strings.EqualFold(g.Email, me) {
			continue
		}
		out.Guests = append(out.Guests, g)
	}
	return out
}

// version is the etag; W/"<changeKey>" where the answer left it out.
func version(e models.Eventable) calendar.Version {
	if s, ok := e.GetAdditionalData()["@odata.etag"].(*string); ok && val(s) != "" {
		return calendar.Version(*s)
	}
	if k := val(e.GetChangeKey()); k != "" {
		return calendar.Version(`W/"` + k + `"`)
	}
	return ""
}

func content(e models.Eventable) calendar.Content {
	c := calendar.Content{
		When:         when(e),
		Title:        val(e.GetSubject()),
		Availability: availability(e.GetShowAs()),
		Visibility:   visibility(e.GetSensitivity()),
		Importance:   importance(e.GetImportance()),
		Categories:   e.GetCategories(),
	}
	if len(c.Categories) == 0 {
		c.Categories = nil
	}
	if b := e.GetBody(); b != nil {
		if is(b.GetContentType(), models.TEXT_BODYTYPE) {
			c.Notes = calendar.NotesFromText(val(b.GetContent()))
		} else {
			c.Notes = calendar.NotesFromHTML(val(b.GetContent()))
		}
	}
	if l := e.GetLocation(); l != nil {
		c.Place = val(l.GetDisplayName())
	}
	if val(e.GetIsReminderOn()) {
		c.Reminders.Before = []time.Duration{time.Duration(val(e.GetReminderMinutesBeforeStart())) * time.Minute}
	}
	if m := e.GetOnlineMeeting(); m != nil {
		c.Links.Conference = val(m.GetJoinUrl())
	}
	if c.Links.Conference == "" { // Skype's, before there was onlineMeeting
		c.Links.Conference = val(e.GetOnlineMeetingUrl())
	}
	return c
}

// isMaster reports whether e stands for a whole series.
func isMaster(e models.Eventable) bool {
	return is(e.GetTypeEscaped(), models.SERIESMASTER_EVENTTYPE) || e.GetRecurrence() != nil
}

// isException reports whether e is an occurrence that was changed, now or ever.
func isException(e models.Eventable) bool {
	return is(e.GetTypeEscaped(), models.EXCEPTION_EVENTTYPE)
}

// when reads the times of one meeting. Graph gives an instant (in UTC, as asked) and, apart
// from it, the zone in which the event was written. All-day events are read as
// midnight to midnight whatever zone is asked for: their dates are taken as
// they stand (an instant would move the day).
func when(e models.Eventable) calendar.When {
	var w calendar.When
	if val(e.GetIsAllDay()) {
		w.Start, w.End = datePart(e.GetStart()), datePart(e.GetEnd())
	} else {
		w.Start = clock(e.GetStart(), val(e.GetOriginalStartTimeZone()))
		w.End = clock(e.GetEnd(), val(e.GetOriginalEndTimeZone()))
	}
	return w
}

func datePart(d models.DateTimeTimeZoneable) calendar.Time {
	if d == nil || len(val(d.GetDateTime())) < 10 {
		return calendar.Time{}
	}
	t, err := calendar.ParseDate(val(d.GetDateTime())[:10])
	if err != nil {
		return calendar.Time{}
	}
	return t
}

// zoneDoubt says in words that an event's zone is not known: such as
// "tzone://Microsoft/Custom", which has no public definition. Its moments are
// right, but a series in it may be an hour off after a clock change. The mailbox's
// own zone would be a better guess; reading it takes a permission
// (MailboxSettings.Read) that is not asked for.
func zoneDoubt(e models.Eventable) string {
	name := val(e.GetOriginalStartTimeZone())
	if _, known := ianaZone(name); known || name == "" || val(e.GetIsAllDay()) {
		return ""
	}
	if isMaster(e) {
		return fmt.Sprintf("its time zone %q is not known; it is taken to repeat by %s", name, seriesZone(e))
	}
	return fmt.Sprintf("its time zone %q is not known; its times are taken over as moments", name)
}

// clock is the instant that d tells, on a wall clock in the zone the event was
// written in; on UTC's where that zone is not known.
func clock(d models.DateTimeTimeZoneable, zone string) calendar.Time {
	i, ok := instant(d)
	if !ok {
		return calendar.Time{}
	}
	name, ok := ianaZone(zone)
	if !ok {
		name = "UTC"
	}
	loc, err := calendar.LoadZone(name)
	if err != nil {
		loc = time.UTC
	}
	return calendar.At(i, loc)
}

// instant reads a dateTimeTimeZone: a naive reading with up to seven decimals in
// its zone. An offset or Z inside wins over the zone, as it does for Graph.
func instant(d models.DateTimeTimeZoneable) (time.Time, bool) {
	if d == nil {
		return time.Time{}, false
	}
	s := val(d.GetDateTime())
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, true
	}
	naive, err := time.Parse("2006-01-02T15:04:05", s) // takes a fraction too
	if err != nil {
		return time.Time{}, false
	}
	zone, ok := ianaZone(val(d.GetTimeZone()))
	if !ok {
		zone = "UTC"
	}
	t, err := calendar.Time{Local: naive.Format("2006-01-02T15:04:05"), Zone: zone}.Instant()
	return t, err == nil
}

func availability(s *models.FreeBusyStatus) calendar.Availability {
	if s == nil {
		return calendar.Busy
	}
	switch *s {
	case models.FREE_FREEBUSYSTATUS:
		return calendar.Free
	case models.TENTATIVE_FREEBUSYSTATUS:
		return calendar.Tentative
	case models.OOF_FREEBUSYSTATUS:
		return calendar.Away
	case models.WORKINGELSEWHERE_FREEBUSYSTATUS:
		return calendar.Elsewhere
	}
	return calendar.Busy // 'unknown' too: better shown occupied than free
}

func visibility(s *models.Sensitivity) calendar.Visibility {
	switch val(s) {
	case models.PERSONAL_SENSITIVITY:
		return calendar.Personal
	case models.PRIVATE_SENSITIVITY:
		return calendar.Private
	case models.CONFIDENTIAL_SENSITIVITY:
		return calendar.Confidential
	}
	return calendar.DefaultVisibility
}

func importance(i *models.Importance) calendar.Importance {
	if i == nil {
		return calendar.NormalImportance
	}
	switch *i {
	case models.LOW_IMPORTANCE:
		return calendar.LowImportance
	case models.HIGH_IMPORTANCE:
		return calendar.HighImportance
	}
	return calendar.NormalImportance
}

func response(s models.ResponseStatusable) calendar.Response {
	if s == nil {
		return calendar.NoResponse
	}
	switch val(s.GetResponse()) {
	case models.TENTATIVELYACCEPTED_RESPONSETYPE:
		return calendar.Maybe
	case models.ACCEPTED_RESPONSETYPE:
		return calendar.Accepted
	case models.DECLINED_RESPONSETYPE:
		return calendar.Declined
	case models.NOTRESPONDED_RESPONSETYPE:
		return calendar.NeedsAction
	}
	return calendar.NoResponse
}

func person(r models.Recipientable) calendar.Person {
	if r == nil || r.GetEmailAddress() == nil {
		return calendar.Person{}
	}
	return calendar.Person{Name: val(r.GetEmailAddress().GetName()), Email: val(r.GetEmailAddress().GetAddress())}
}

// utc is a provider's time stamp; zero for none and for the year 1 that Graph
// says instead of null.
func utc(t *time.Time) time.Time {
	if t == nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

func is[T comparable](p *T, want T) bool { return p != nil && *p == want }
