package googlesim

import (
	"regexp"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

const (
	wallLayout    = "2006-01-02T15:04:05"
	createdLayout = "2006-01-02T15:04:05.000Z"
)

var offsetPattern = regexp.MustCompile(`(Z|[+-]\d\d:\d\d)$`)

// loadZone takes IANA names only. Go would also read "" and "Local".
func loadZone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	loc, err := mailbox.LoadZone(name)
	return loc, err == nil
}

// zoneOf is a calendar's zone.
func zoneOf(c *mailbox.Calendar) *time.Location {
	if loc, ok := loadZone(c.Zone); ok {
		return loc
	}
	return time.UTC
}

// parseMoment reads a start or an end. side is "start" or "end". An offset-less
// time without a zone is refused, or read in the calendar's zone by switch.
func (s *Server) parseMoment(c *mailbox.Calendar, side string, v any) (mailbox.Moment, error) {
	m, _ := v.(obj)
	date, _ := m["date"].(string)
	text, _ := m["dateTime"].(string)
	zone, _ := m["timeZone"].(string)
	switch {
	case date == "" && text == "":
		return mailbox.Moment{}, required("Missing " + side + " time.")
	case date != "" && text != "":
		// A patch that switches the kind must null the other members.
		return mailbox.Moment{}, invalid("Invalid " + side + " time.")
	case zone != "":
		if _, ok := loadZone(zone); !ok {
			return mailbox.Moment{}, invalid("Invalid time zone definition for " + side + " time.")
		}
	}
	if date != "" {
		t, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return mailbox.Moment{}, invalid("Invalid value for: Invalid format: \"" + date + "\"")
		}
		return mailbox.Moment{Date: date, Zone: zone, UTC: t}, nil
	}
	text = strings.ToUpper(text)
	if offsetPattern.MatchString(text) {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return mailbox.Moment{}, invalid("Invalid value for: Invalid format: \"" + text + "\"")
		}
		// The instant is what counts; the zone only says how it is shown.
		zone = or(zone, c.Zone)
		loc, _ := loadZone(zone)
		if loc == nil {
			loc = time.UTC
		}
		t = t.Truncate(time.Second)
		return mailbox.Moment{Local: t.In(loc).Format(wallLayout), Zone: zone, UTC: t.UTC()}, nil
	}
	if zone == "" {
		if !s.Switches.AcceptTimeWithoutZone {
			return mailbox.Moment{}, invalid("Missing time zone definition for " + side + " time.")
		}
		zone = c.Zone
	}
	loc, ok := loadZone(zone)
	if !ok {
		return mailbox.Moment{}, invalid("Invalid time zone definition for " + side + " time.")
	}
	wall, _, _ := strings.Cut(text, ".")
	t, err := time.ParseInLocation(wallLayout, wall, loc)
	if err != nil {
		return mailbox.Moment{}, invalid("Invalid value for: Invalid format: \"" + text + "\"")
	}
	return mailbox.Moment{Local: wall, Zone: zone, UTC: t.UTC()}, nil
}

// showMoment renders a start or an end in loc; the zone that is named stays the
// event's own, so offset and zone may disagree. A date is never touched.
func showMoment(m mailbox.Moment, loc *time.Location) obj {
	out := obj{}
	if m.Date != "" {
		out["date"] = m.Date
	} else {
		out["dateTime"] = m.UTC.In(loc).Format(time.RFC3339)
	}
	if m.Zone != "" {
		out["timeZone"] = m.Zone
	}
	return out
}

// instant is when a moment is for comparisons: a date begins in the calendar's zone.
func instant(m mailbox.Moment, loc *time.Location) time.Time {
	if m.Date == "" {
		return m.UTC
	}
	t, err := time.ParseInLocation(time.DateOnly, m.Date, loc)
	if err != nil {
		return m.UTC
	}
	return t
}

// parseInstant reads an RFC 3339 parameter, whose offset is mandatory.
func parseInstant(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, &apiError{status: 400, reason: "badRequest", message: "Bad Request",
			locationType: "parameter", location: name}
	}
	return t.Truncate(time.Second), nil
}
