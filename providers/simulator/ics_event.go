package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// icsEvent is a VEVENT as the mailbox stores it, and what only the loader needs.
type icsEvent struct {
	*mailbox.Event                  // a series has its rules in Recurrence, its EXDATEs not
	line           int              // of its BEGIN
	ruleLine       int              // of the first rule of a series
	original       mailbox.Moment   // RECURRENCE-ID; zero for a master or single event
	without        []mailbox.Moment // EXDATE
}

// key is what an event must have alone in its calendar.
func (e icsEvent) key() string {
	if e.original == (mailbox.Moment{}) {
		return e.UID
	}
	return e.UID + "\x00" + e.original.Slot()
}

// event reads one VEVENT. It reports what makes it unreadable and returns false.
func (l *icsLoader) event(c *icsComponent, floating string) (icsEvent, bool) {
	uid := c.text("UID")
	start, ok := c.get("DTSTART")
	if !ok {
		l.problem(c.line, uid, "left out: the event has no DTSTART")
		return icsEvent{}, false
	}
	from, err := l.moment(start, uid, floating)
	if err != nil {
		l.problem(start.line, uid, "left out: DTSTART: %v", err)
		return icsEvent{}, false
	}
	to, line, err := l.end(c, from, uid, floating)
	if err != nil {
		l.problem(line, uid, "left out: %v", err)
		return icsEvent{}, false
	}
	from, to = allDayByFlag(c, from, to)
	e := icsEvent{line: c.line, Event: &mailbox.Event{
		UID:         uid,
		Title:       c.text("SUMMARY"),
		Place:       c.text("LOCATION"),
		Start:       from,
		End:         to,
		AllDay:      from.Date != "",
		ShowAs:      showAs(c),
		Sensitivity: strings.ToLower(c.text("CLASS")),
		Importance:  importance(c.text("PRIORITY")),
		Status:      strings.ToLower(c.text("STATUS")),
		Created:     stamp(c, "CREATED"),
		Updated:     stamp(c, "LAST-MODIFIED", "DTSTAMP"),
		Conference:  cmp.Or(c.text("X-GOOGLE-CONFERENCE"), c.text("X-MICROSOFT-SKYPETEAMSMEETINGURL"), c.text("CONFERENCE")),
		Reminders:   reminders(c, from, to),
	}}
	// RFC 5545 §3.8.7.4: without a SEQUENCE it is 0.
	e.Sequence, _ = strconv.Atoi(c.text("SEQUENCE"))
	e.Body, e.BodyIsHTML = body(c)
	for _, p := range c.all("CATEGORIES") {
		for _, name := range splitText(p.Value, ',') {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(e.Categories, name) {
				e.Categories = append(e.Categories, name)
			}
		}
	}
	e.Organizer, e.Attendees = people(c)
	for _, p := range c.all("ATTACH") {
		// An embedded file has no link, and contents are never copied.
		if strings.Contains(p.Value, "://") {
			e.Attachments = append(e.Attachments, mailbox.Attachment{
				Title: p.Params.Get("FILENAME"), URL: p.Value, MIMEType: p.Params.Get("FMTTYPE"),
			})
		}
	}
	return l.recurrence(c, e, floating)
}

// moment reads DTSTART, DTEND or RECURRENCE-ID: a date, a time in UTC, in a
// zone, or floating (RFC 5545 §3.3.5), which is read in the zone given.
func (l *icsLoader) moment(p icsProp, uid, floating string) (mailbox.Moment, error) {
	v := strings.TrimSpace(p.Value)
	// The form of the value counts, not VALUE=DATE, which many forget.
	if len(v) == len("20060102") {
		t, err := time.Parse("20060102", v)
		if err != nil {
			return mailbox.Moment{}, fmt.Errorf("%q is no date", v)
		}
		return mailbox.At(t.Format(time.DateOnly), "")
	}
	digits, utc := strings.CutSuffix(v, "Z")
	t, err := time.Parse("20060102T150405", digits)
	if err != nil {
		return mailbox.Moment{}, fmt.Errorf("%s is no date or time", quoteStart(v))
	}
	zone := floating
	tzid := p.Params.Get("TZID")
	switch {
	case utc:
		zone = "UTC"
	case tzid != "":
		if found := l.zones.find(tzid); found != "" {
			zone = found
			break
		}
		if !l.reported[tzid] {
			l.reported[tzid] = true
			l.problem(p.line, uid, "time zone %s is unknown: its times are read in %s", quoteStart(tzid), floating)
		}
	}
	return mailbox.At(t.Format("2006-01-02T15:04:05"), zone)
}

var errEndBeforeStart = errors.New("the event ends before it starts")

// end finds the end of an event: DTEND, else DURATION, else one day for a date
// and no time at all for a time (RFC 5545 §3.6.1). It returns the line to blame.
func (l *icsLoader) end(c *icsComponent, start mailbox.Moment, uid, floating string) (mailbox.Moment, int, error) {
	if p, ok := c.get("DTEND"); ok {
		end, err := l.moment(p, uid, floating)
		switch {
		case err != nil:
			return mailbox.Moment{}, p.line, fmt.Errorf("DTEND: %w", err)
		case (end.Date == "") != (start.Date == ""):
			return mailbox.Moment{}, p.line, errors.New("DTSTART and DTEND are not both dates or both times")
		case end.UTC.Before(start.UTC):
			return mailbox.Moment{}, p.line, errEndBeforeStart
		case end.Date != "" && end.Date == start.Date:
			// The last day instead of the day after it: a common slip.
			end, err = mailbox.At(end.UTC.AddDate(0, 0, 1).Format(time.DateOnly), "")
		}
		return end, p.line, err
	}
	var length time.Duration
	if p, ok := c.get("DURATION"); ok {
		var err error
		if length, err = p.Duration(); err != nil {
			return mailbox.Moment{}, p.line, fmt.Errorf("DURATION: %s is no duration", quoteStart(p.Value))
		}
		if length < 0 {
			return mailbox.Moment{}, p.line, errEndBeforeStart
		}
	}
	if start.Date != "" {
		days := max(1, int(length/(24*time.Hour)))
		end, err := mailbox.At(start.UTC.AddDate(0, 0, days).Format(time.DateOnly), "")
		return end, c.line, err
	}
	loc, err := time.LoadLocation(start.Zone)
	if err != nil {
		return mailbox.Moment{}, c.line, err
	}
	instant := start.UTC.Add(length)
	end, err := mailbox.At(instant.In(loc).Format("2006-01-02T15:04:05"), start.Zone)
	end.UTC = instant // in the hour that comes twice the wall clock alone would not tell
	return end, c.line, err
}

// allDayByFlag makes dates of the midnights with which Exchange writes an
// all-day event ([MS-OXCICAL] X-MICROSOFT-CDO-ALLDAYEVENT).
func allDayByFlag(c *icsComponent, start, end mailbox.Moment) (mailbox.Moment, mailbox.Moment) {
	const midnight = "T00:00:00"
	first, ok1 := strings.CutSuffix(start.Local, midnight)
	last, ok2 := strings.CutSuffix(end.Local, midnight)
	if !strings.EqualFold(c.text("X-MICROSOFT-CDO-ALLDAYEVENT"), "TRUE") || !ok1 || !ok2 || first >= last {
		return start, end
	}
	from, err1 := mailbox.At(first, "")
	to, err2 := mailbox.At(last, "")
	if err1 != nil || err2 != nil {
		return start, end
	}
	return from, to
}

// showAs reads what the event does to free/busy: Exchange's own property says
// more than TRANSP, which is opaque unless it says otherwise.
func showAs(c *icsComponent) string {
	switch strings.ToUpper(c.text("X-MICROSOFT-CDO-BUSYSTATUS")) {
	case "FREE":
		return "free"
	case "TENTATIVE":
		return "tentative"
	case "BUSY":
		return "busy"
	case "OOF":
		return "oof"
	case "WORKINGELSEWHERE":
		return "workingElsewhere"
	}
	if strings.EqualFold(c.text("TRANSP"), "TRANSPARENT") {
		return "free"
	}
	return "busy"
}

// importance reads PRIORITY, where 1 to 4 is high, 5 medium and 6 to 9 low
// (RFC 5545 §3.8.1.9).
func importance(priority string) string {
	switch n, _ := strconv.Atoi(priority); {
	case n >= 1 && n <= 4:
		return "high"
	case n >= 6 && n <= 9:
		return "low"
	}
	return "normal"
}

// body prefers the HTML that Outlook writes beside the plain text.
func body(c *icsComponent) (text string, isHTML bool) {
	for _, p := range c.all("X-ALT-DESC") {
		if strings.EqualFold(p.Params.Get("FMTTYPE"), "text/html") {
			return unescapeText(p.Value), true
		}
	}
	return c.text("DESCRIPTION"), false
}

// stamp reads the first of these properties that holds a time; zone-less ones
// are taken as UTC, which RFC 5545 §3.8.7 demands.
func stamp(c *icsComponent, names ...string) time.Time {
	for _, name := range names {
		t, err := time.Parse("20060102T150405", strings.TrimSuffix(c.text(name), "Z"))
		if err == nil {
			return t
		}
	}
	return time.Time{}
}

// reminders reads the alarms; nil (the calendar's default) if there are none.
// Alarms after the start are dropped: neither service can hold one.
func reminders(c *icsComponent, start, end mailbox.Moment) *[]mailbox.Reminder {
	var list *[]mailbox.Reminder
	for _, alarm := range c.children {
		trigger, ok := alarm.get("TRIGGER")
		if alarm.name != "VALARM" || !ok {
			continue
		}
		if list == nil {
			list = &[]mailbox.Reminder{}
		}
		var before time.Duration
		if at, err := time.Parse("20060102T150405Z", trigger.Value); err == nil {
			before = start.UTC.Sub(at)
		} else if d, err := trigger.Duration(); err == nil {
			before = -d
			if trigger.Params.Get("RELATED") == "END" {
				before -= end.UTC.Sub(start.UTC)
			}
		} else {
			continue
		}
		r := mailbox.Reminder{Method: "popup", Minutes: int(before / time.Minute)}
		if strings.EqualFold(alarm.text("ACTION"), "EMAIL") {
			r.Method = "email"
		}
		if r.Minutes >= 0 && !slices.Contains(*list, r) {
			*list = append(*list, r)
		}
	}
	return list
}

// people reads ORGANIZER and ATTENDEE.
func people(c *icsComponent) (organizer mailbox.Person, guests []mailbox.Attendee) {
	if p, ok := c.get("ORGANIZER"); ok {
		organizer = person(p)
	}
	for _, p := range c.all("ATTENDEE") {
		a := mailbox.Attendee{Person: person(p), Type: "required", Response: "needsAction"}
		if a.Email == "" {
			continue // nobody that a mail could reach
		}
		switch strings.ToUpper(p.Params.Get("ROLE")) {
		case "OPT-PARTICIPANT", "NON-PARTICIPANT":
			a.Type = "optional"
		}
		switch strings.ToUpper(p.Params.Get("CUTYPE")) {
		case "ROOM", "RESOURCE":
			a.Type = "resource"
		}
		switch strings.ToUpper(p.Params.Get("PARTSTAT")) {
		case "ACCEPTED":
			a.Response = "accepted"
		case "TENTATIVE":
			a.Response = "tentative"
		case "DECLINED":
			a.Response = "declined"
		}
		guests = append(guests, a)
	}
	return organizer, guests
}

func person(p icsProp) mailbox.Person {
	who := mailbox.Person{Name: p.Params.Get("CN")}
	if v := strings.TrimSpace(p.Value); len(v) > len("mailto:") && strings.EqualFold(v[:len("mailto:")], "mailto:") {
		who.Email = v[len("mailto:"):]
	} else if at := p.Params.Get("EMAIL"); at != "" {
		who.Email = at // RFC 7986 §6.2
	}
	return who
}
