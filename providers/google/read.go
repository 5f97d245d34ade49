package google

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// The private extended properties that are the mark of a copy.
const (
	markInstallation = "twindayInstallation"
	markMirror       = "twindayMirror"
	markEntity       = "twindayEntity"
)

// fromGoogle reads one resource: a single event, a master without its
// exceptions, or an occurrence as if it were single. calendarZone is the zone of its calendar, used where
// the event's own is absent or unknown here; "" if that is not known either.
//
// An event whose times or rule make no sense keeps its place in the calendar,
// as UnknownType and without times that cannot be read: one such event must not
// stop all others.
func fromGoogle(g *gcal.Event, calendarZone string) calendar.Event {
	when, err := whenOf(g, calendarZone)
	e := calendar.Event{
		ID:      calendar.RemoteID(g.Id),
		Version: calendar.Version(g.Etag),
		UID:     g.ICalUID,
		Type:    typeOf(g.EventType),
		Created: instant(g.Created),
		Updated: instant(g.Updated),
		WebLink: g.HtmlLink,
		Mark:    markOf(g.ExtendedProperties),
		Content: calendar.Content{
			When:         when,
			Title:        g.Summary, // may be absent: an untitled event
			Notes:        notesOf(g.Description),
			Place:        g.Location,
			Availability: availabilityOf(g),
			Visibility:   visibilityOf(g.Visibility),
			Reminders:    remindersOf(g.Reminders),
			Color:        colorOf(g.ColorId),
			Links:        linksOf(g),
			Properties:   propertiesOf(g),
		},
	}
	if err != nil {
		e.Type = calendar.UnknownType
	}
	readPeople(&e, g)
	return e
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func typeOf(s string) calendar.EventType {
	switch s {
	case "", "default":
		return calendar.Meeting
	case "focusTime":
		return calendar.FocusTime
	case "outOfOffice":
		return calendar.AwayTime
	case "workingLocation":
		return calendar.WorkingLocation
	case "birthday":
		return calendar.Birthday
	case "fromGmail":
		return calendar.FromMail
	}
	return calendar.UnknownType
}

func markOf(p *gcal.EventExtendedProperties) calendar.Mark {
	if p == nil {
		return calendar.Mark{}
	}
	return calendar.Mark{Installation: p.Private[markInstallation], Mirror: p.Private[markMirror], Entity: p.Private[markEntity]}
}

func whenOf(g *gcal.Event, calendarZone string) (calendar.When, error) {
	if g.Start == nil {
		return calendar.When{}, fmt.Errorf("it has no start")
	}
	start, err := timeOf(g.Start, calendarZone)
	if err != nil {
		return calendar.When{}, err
	}
	var ruleErr error
	w := calendar.When{Start: start, End: start}
	if w.Recurrence, err = rulesOf(start, g.Recurrence); err != nil {
		ruleErr = err
	}
	switch {
	case g.End != nil:
		end := *g.End
		if end.TimeZone == "" { // with a zone at the start only, both are read in it
			end.TimeZone = g.Start.TimeZone
		}
		if w.End, err = timeOf(&end, calendarZone); err != nil {
			return calendar.When{}, err
		}
		if w.End.IsDate() != start.IsDate() {
			return calendar.When{}, fmt.Errorf("it starts with a date and ends with a time, or the other way round")
		}
	case start.IsDate(): // RFC 5545 §3.6.1: a date without an end is that day
		day, err := start.Instant()
		if err != nil {
			return calendar.When{}, err
		}
		day = day.AddDate(0, 0, 1)
		w.End = calendar.Date(day.Year(), day.Month(), day.Day())
	}
	return w, ruleErr
}

// timeOf reads one end of an event. The instant is authoritative, the event's
// zone says how it reads on a wall: dateTime comes rendered in the calendar's zone,
// timeZone is the event's own (reference of Events, start.timeZone).
func timeOf(d *gcal.EventDateTime, calendarZone string) (calendar.Time, error) {
	if d.Date != "" {
		return calendar.ParseDate(d.Date)
	}
	zone := "UTC"
	for _, z := range []string{d.TimeZone, calendarZone} {
		if _, err := calendar.LoadZone(z); err == nil {
			zone = z
			break
		}
	}
	t, err := time.Parse(time.RFC3339, d.DateTime)
	if err != nil { // no offset: a wall clock of that zone
		if _, local := time.Parse("2006-01-02T15:04:05", d.DateTime); local == nil {
			return calendar.Clock(d.DateTime, zone)
		}
		return calendar.Time{}, fmt.Errorf("%q is not a time", d.DateTime)
	}
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		return calendar.Time{}, err
	}
	return calendar.At(t, loc), nil
}

// needsCalendarZone reports whether g cannot be read without its calendar's zone.
func needsCalendarZone(g *gcal.Event) bool {
	if g.Start == nil || g.Start.Date != "" {
		return false
	}
	_, err := calendar.LoadZone(g.Start.TimeZone)
	return err != nil
}

// The description is plain text or HTML, and nothing says which. What has a
// known element or an entity is taken for HTML; "<TBC>" and "a@b.c" in angle brackets are text.
var (
	htmlHint = regexp.MustCompile(`(?i)</?(a|b|strong|i|em|u|ins|br|p|div|span|font|ul|ol|li|h[1-6]|hr|pre|code|blockquote|table|tbody|thead|tr|td|th|html|head|body|meta|style|html-blob)(\s[^<>]*)?/?>|&(lt|gt|amp|quot|apos|nbsp|#\d+|#x[0-9a-f]+);`)
	// htmlLines are elements that break lines by themselves. Without any, Google
	// shows the line breaks of the source.
	htmlLines = regexp.MustCompile(`(?i)<(br|p|div|ul|ol|li|h[1-6]|pre|table|html|body|html-blob)(\s[^<>]*)?/?>`)
)

func notesOf(s string) calendar.Notes {
	if !htmlHint.MatchString(s) {
		return calendar.NotesFromText(s)
	}
	if !htmlLines.MatchString(s) {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "<br>")
	}
	return calendar.NotesFromHTML(s)
}

func availabilityOf(g *gcal.Event) calendar.Availability {
	switch {
	case g.EventType == "workingLocation": // always transparent (guide 'Event types')
		return calendar.Elsewhere
	case g.Transparency == "transparent":
		return calendar.Free
	case g.EventType == "outOfOffice":
		return calendar.Away
	case g.Status == "tentative":
		return calendar.Tentative
	}
	return calendar.Busy // opaque is the default, and usually absent
}

func visibilityOf(s string) calendar.Visibility {
	switch s {
	case "public":
		return calendar.Public
	case "private":
		return calendar.Private
	case "confidential":
		return calendar.Confidential
	}
	return calendar.DefaultVisibility
}

// colorOf is the name of a colour by its id; one that is not known is none.
func colorOf(id string) string {
	i, err := strconv.Atoi(id)
	if err != nil || i < 1 || i > len(calendar.Colors) {
		return ""
	}
	return calendar.Colors[i-1]
}

// propertiesOf are the shared properties, which are meant for all copies of an
// event; nil if there are none.
func propertiesOf(g *gcal.Event) map[string]string {
	if g.ExtendedProperties == nil || len(g.ExtendedProperties.Shared) == 0 {
		return nil
	}
	return maps.Clone(g.ExtendedProperties.Shared)
}

// remindersOf reads the alarms that pop up; mails are no alarm that a copy could repeat.
func remindersOf(r *gcal.EventReminders) calendar.Reminders {
	if r == nil || r.UseDefault {
		return calendar.Reminders{Default: r != nil}
	}
	var out calendar.Reminders
	for _, o := range r.Overrides {
		if o.Method == "popup" {
			out.Before = append(out.Before, time.Duration(o.Minutes)*time.Minute)
		}
	}
	slices.Sort(out.Before)
	out.Before = slices.Compact(out.Before)
	return out
}

func linksOf(g *gcal.Event) calendar.Links {
	l := calendar.Links{Conference: g.HangoutLink}
	if l.Conference == "" && g.ConferenceData != nil {
		for _, p := range g.ConferenceData.EntryPoints {
			if p.EntryPointType == "video" {
				l.Conference = p.Uri
				break
			}
		}
	}
	for _, a := range g.Attachments {
		l.Attachments = append(l.Attachments, calendar.Attachment{Name: a.Title, URL: a.FileUrl})
	}
	return l
}

// readPeople reads organizer and guests. 'self' means this calendar, so on a
// secondary calendar the person's own row is a guest like any other.
func readPeople(e *calendar.Event, g *gcal.Event) {
	e.Organized = len(g.Attendees) == 0
	if o := g.Organizer; o != nil {
		e.Organizer = calendar.Person{Name: o.DisplayName, Email: o.Email}
		e.Organized = e.Organized || o.Self
	}
	for _, a := range g.Attendees {
		if a.Self {
			if !e.Organized {
				e.MyResponse = responseOf(a.ResponseStatus)
			}
			continue
		}
		e.Guests = append(e.Guests, calendar.Guest{
			Person:   calendar.Person{Name: a.DisplayName, Email: a.Email},
			Optional: a.Optional,
			Resource: a.Resource,
			Response: responseOf(a.ResponseStatus),
		})
	}
}

func responseOf(s string) calendar.Response {
	switch s {
	case "needsAction":
		return calendar.NeedsAction
	case "accepted":
		return calendar.Accepted
	case "tentative":
		return calendar.Maybe
	case "declined":
		return calendar.Declined
	}
	return calendar.NoResponse
}
