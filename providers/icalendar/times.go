package icalendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

const stampLayout = "20060102T150405Z"

// stampLine is a moment in UTC.
func stampLine(name string, t time.Time) line {
	return newLine(name, t.UTC().Format(stampLayout))
}

// stamp reads a moment in UTC, zero if it is none.
func (c *component) stamp(name string) time.Time {
	l, _ := c.get(name)
	t, err := time.Parse(stampLayout, strings.TrimSpace(l.value()))
	if err != nil {
		return time.Time{}
	}
	return t
}

// moment is a time as a line gives it, and what had to be guessed about it.
type moment struct {
	calendar.Time
	floating bool // it names no zone: it is read in the owner's
	doubt    string
}

// time reads one value of a line (RFC 5545 §3.3.4 and §3.3.5).
func (o *Object) time(l line, value string) (moment, error) {
	value = strings.ToUpper(strings.TrimSpace(value))
	if len(value) == len("20060102") {
		t, err := time.Parse("20060102", value)
		if err != nil {
			return moment{}, fmt.Errorf("%s is no date", l.name)
		}
		return moment{Time: calendar.Date(t.Year(), t.Month(), t.Day())}, nil
	}
	utc := strings.HasSuffix(value, "Z")
	wall, err := time.Parse("20060102T150405", strings.TrimSuffix(value, "Z"))
	if err != nil {
		return moment{}, fmt.Errorf("%s is no date and no time", l.name)
	}
	in := func(zone string) calendar.Time {
		return calendar.Time{Local: wall.Format("2006-01-02T15:04:05"), Zone: zone}
	}
	tzid := l.param("TZID")
	switch {
	case utc:
		return moment{Time: in("UTC")}, nil
	case tzid == "":
		return moment{Time: in(o.owner.zone()), floating: true}, nil
	}
	switch z := o.zones.find(tzid); {
	case z.iana != "":
		return moment{Time: in(z.iana)}, nil
	case z.onsets != nil:
		return moment{Time: calendar.At(instantOf(z.onsets, wall), time.UTC),
			doubt: "its time zone is none that is known: the time is right now, and may be off when the clocks change"}, nil
	}
	return moment{Time: in(o.owner.zone()), doubt: "its time zone is not said: it is taken for the calendar's own"}, nil
}

// timeLine writes a time as the line of a name, in the file's own name for its zone; the
// zone is to be defined by then (defineZone). Kept are other parameters.
func (o *Object) timeLine(name string, t calendar.Time, kept []parameter) line {
	var params []parameter
	for _, p := range kept {
		if p.name != "TZID" && p.name != "VALUE" {
			params = append(params, p)
		}
	}
	value := basicForm(t)
	switch {
	case t.IsDate():
		params = append(params, parameter{"VALUE", "DATE"})
	case t.Later || t.Zone == "UTC":
		// The second of two same readings has no other spelling (RFC 5545 §3.3.5).
		if at, err := t.Instant(); err == nil {
			value = at.UTC().Format(stampLayout)
		}
	default:
		params = append(params, parameter{"TZID", encodeParam(o.tzidOf(t.Zone))})
	}
	return newLine(name, value, params...)
}

// basicForm writes a date or a wall clock, without its zone.
func basicForm(t calendar.Time) string { return punctuation.Replace(t.Local) }

var punctuation = strings.NewReplacer("-", "", ":", "")

// duration is a DURATION (RFC 5545 §3.3.6). Days and weeks are nominal: over a change of
// the clocks they are no 24 hours.
type duration struct {
	negative bool
	days     int
	rest     time.Duration
}

// maxDuration bounds what is believed of a duration: a hundred years.
const maxDuration = 36_525 * 24 * time.Hour

func parseDuration(s string) (duration, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	bad := fmt.Errorf("it is no duration")
	var d duration
	switch {
	case strings.HasPrefix(s, "-"):
		d.negative, s = true, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	s, ok := strings.CutPrefix(s, "P")
	if !ok || s == "" {
		return d, bad
	}
	units := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	clock := false
	for s != "" {
		if s[0] == 'T' {
			clock, s = true, s[1:]
			continue
		}
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		count, err := strconv.Atoi(s[:n])
		if err != nil || n == len(s) || count > int(maxDuration/time.Second) {
			return d, bad
		}
		unit := s[n]
		s = s[n+1:]
		switch {
		case unit == 'W' && !clock:
			d.days += 7 * count
		case unit == 'D' && !clock:
			d.days += count
		case clock && units[unit] != 0:
			if time.Duration(count) > maxDuration/units[unit] {
				return d, bad
			}
			d.rest += time.Duration(count) * units[unit]
		default:
			return d, bad
		}
		if d.days > int(maxDuration/(24*time.Hour)) || d.rest > maxDuration {
			return d, bad
		}
	}
	return d, nil
}

// exact is the duration with days of 24 hours.
func (d duration) exact() time.Duration {
	n := time.Duration(d.days)*24*time.Hour + d.rest
	if d.negative {
		return -n
	}
	return n
}

// after is the time a duration after t.
func (d duration) after(t calendar.Time) (calendar.Time, error) {
	if d.negative {
		return t, nil
	}
	if t.IsDate() {
		at, err := t.Instant()
		if err != nil {
			return calendar.Time{}, err
		}
		at = at.AddDate(0, 0, d.days+int(d.rest/(24*time.Hour)))
		return calendar.Date(at.Year(), at.Month(), at.Day()), nil
	}
	if d.days > 0 {
		wall, err := time.Parse("2006-01-02T15:04:05", t.Local)
		if err != nil {
			return calendar.Time{}, err
		}
		t.Local = wall.AddDate(0, 0, d.days).Format("2006-01-02T15:04:05")
	}
	if d.rest == 0 {
		return t, nil
	}
	loc, err := calendar.LoadZone(t.Zone)
	if err != nil {
		return calendar.Time{}, err
	}
	at, err := t.Instant()
	if err != nil {
		return calendar.Time{}, err
	}
	return calendar.At(at.Add(d.rest), loc), nil
}

// formatBefore writes a time before something, as a trigger: "-PT15M", "-P1D".
func formatBefore(d time.Duration) string {
	if d == 0 {
		return "PT0S"
	}
	s := "-P"
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	if days > 0 {
		s += strconv.Itoa(int(days)) + "D"
	}
	if rest > 0 {
		s += "T"
		for _, u := range []struct {
			unit time.Duration
			name string
		}{{time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
			if n := rest / u.unit; n > 0 {
				s += strconv.Itoa(int(n)) + u.name
			}
			rest %= u.unit
		}
	}
	return s
}
