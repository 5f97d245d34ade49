package graphsim

import (
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

const (
	wallLayout  = "2006-01-02T15:04:05"
	sevenDigits = "2006-01-02T15:04:05.0000000" // of dateTime in answers: no zone, seven decimals
	stamp       = wallLayout + ".9999999Z"      // of createdDateTime and its like: no zeros at the end
	sortable    = sevenDigits + "Z"
	zeroStamp   = "0001-01-01T00:00:00Z"
	maxDuration = 5 * 366 * 24 * time.Hour // ErrorCalendarDurationIsTooLong, from Exchange Web Services
)

func badZone(name string) *apiError {
	return badRequest("TimeZoneNotSupportedException", "A valid TimeZone value must be specified. The following TimeZone value is not supported: '"+name+"'.")
}

// parseMoment reads a dateTimeTimeZone. The wall clock is in the zone; an offset
// or Z inside dateTime wins over the zone, which then only names where it is
// shown (observed by third parties). A missing zone means UTC on creation only;
// later says which reading an hour has that comes twice.
func parseMoment(v map[string]any, create, later bool) (mailbox.Moment, *apiError) {
	text, _ := v["dateTime"].(string)
	name, _ := v["timeZone"].(string)
	if name == "" && create {
		name = "UTC"
	}
	loc, ok := location(name)
	if !ok {
		return mailbox.Moment{}, badZone(name)
	}
	t, ok := parseWall(text, loc, later)
	if !ok {
		return mailbox.Moment{}, badRequest("ErrorInvalidRequest", "The value '"+text+"' of a dateTime is not valid.")
	}
	t = t.Truncate(time.Second)
	m := mailbox.Moment{Local: t.In(loc).Format(wallLayout), Zone: name, UTC: t.UTC()}
	// A reading that the clocks skip stays as it was written: it is the hour at
	// which a series repeats on other days.
	if w, ok := parseWall(text, time.UTC, false); ok && naiveText(text) {
		m.Local = w.Format(wallLayout)
	}
	return m, nil
}

// naiveText reports whether a dateTime has no offset.
func naiveText(text string) bool {
	_, clock, _ := strings.Cut(text, "T")
	return !strings.ContainsAny(clock, "Z+-")
}

// parseWall reads the spellings of dateTime: a bare date, minutes, seconds, any
// number of decimals, with or without an offset.
func parseWall(text string, loc *time.Location, later bool) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	for _, layout := range []string{wallLayout, "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return wall(t, loc, later), true
		}
	}
	return time.Time{}, false
}

// wall is the instant at which the zone's clocks show what t shows in UTC. Of
// two such instants it is the first, or the later one; a reading that the clocks
// skip is taken with the offset before the jump (RFC 5545 section 3.3.5).
func wall(t time.Time, loc *time.Location, later bool) time.Time {
	// No zone changes its clocks twice within two days.
	const near = 26 * time.Hour
	at := func(when time.Time) time.Time {
		_, offset := when.In(loc).Zone()
		return t.Add(-time.Duration(offset) * time.Second)
	}
	before, after := at(t.Add(-near)), at(t.Add(near))
	shows := func(u time.Time) bool { return u.In(loc).Format(wallLayout) == t.Format(wallLayout) }
	switch {
	case shows(after) && (later || !shows(before)):
		return after.In(loc)
	default:
		return before.In(loc)
	}
}

// windowTime reads startDateTime and endDateTime: an offset counts, without one
// it is UTC whatever Prefer says (Microsoft "List calendarView").
func windowTime(text string) (time.Time, bool) {
	// A '+' that was not escaped arrives as a space.
	t, ok := parseWall(strings.Replace(text, " ", "+", 1), time.UTC, false)
	return t.UTC(), ok
}

// instant is the moment's place on the line of time. The wall clock counts, so
// that an edit by another client needs no arithmetic; the stored instant decides
// between the two readings of an hour that comes twice. An all-day boundary is
// midnight in its zone.
func instant(m mailbox.Moment) time.Time {
	loc, ok := location(m.Zone)
	if !ok {
		loc = time.UTC
	}
	if m.Date != "" {
		if t, err := time.Parse(time.DateOnly, m.Date); err == nil {
			return wall(t, loc, false).UTC()
		}
	}
	if m.Local == "" || m.UTC.In(loc).Format(wallLayout) == m.Local {
		return m.UTC.UTC()
	}
	if t, err := time.Parse(wallLayout, m.Local); err == nil {
		return wall(t, loc, false).UTC()
	}
	return m.UTC.UTC()
}

// momentJSON is the moment in the zone that was asked for. All-day boundaries
// are midnights whatever that is.
func (c *call) momentJSON(m mailbox.Moment) map[string]any {
	name := c.prefer.zoneName
	if name == "" {
		name = "UTC"
	}
	text := instant(m).In(c.prefer.zone).Format(sevenDigits)
	if m.Date != "" {
		text = m.Date + "T00:00:00.0000000"
	}
	return map[string]any{"dateTime": text, "timeZone": name}
}

// allDay turns two moments into dates, or says why they are none.
func allDay(start, end *mailbox.Moment, keepZone bool) *apiError {
	for _, x := range []struct {
		name string
		m    *mailbox.Moment
	}{{"Start", start}, {"End", end}} {
		if x.m.Date == "" && !strings.HasSuffix(x.m.Local, "T00:00:00") {
			return badRequest("ErrorInvalidRequest", "The Event."+x.name+" property for an all-day event needs to be set to midnight.")
		}
	}
	if start.Zone != end.Zone {
		return badRequest("ErrorInvalidRequest", "The Event.Start and Event.End properties for an all-day event need to be in the same time zone.")
	}
	for _, m := range []*mailbox.Moment{start, end} {
		if m.Date == "" {
			m.Date = m.Local[:len(time.DateOnly)]
		}
		m.Local = ""
		if !keepZone {
			m.Zone = "UTC" // consumer mailboxes coerce it, observed by third parties
		}
		m.UTC = instant(*m)
	}
	if end.Date == start.Date {
		return badRequest("ErrorInvalidRequest", "The duration of an event marked as All day must be at least 24 hours.")
	}
	return nil
}

// checkOrder refuses an end before the start and a length of years.
func checkOrder(e *mailbox.Event) *apiError {
	d := instant(e.End).Sub(instant(e.Start))
	switch {
	case d < 0:
		return badRequest("ErrorCalendarEndDateIsEarlierThanStartDate", "The end date is earlier than the start date.")
	case d > maxDuration:
		return badRequest("ErrorCalendarDurationIsTooLong", "The event's duration exceeds five years.")
	}
	return nil
}

// overlaps reports whether the event meets the window. One without length counts
// where it stands.
func overlaps(e *mailbox.Event, from, to time.Time) bool {
	s, t := instant(e.Start), instant(e.End)
	if s.Equal(t) {
		return !s.Before(from) && s.Before(to)
	}
	return s.Before(to) && t.After(from)
}
