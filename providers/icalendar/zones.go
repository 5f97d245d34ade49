package icalendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

const (
	// maxZoneYears is in how many years a custom zone is compared with those known.
	maxZoneYears = 4
	// maxOnsets bounds the changes of one custom zone that are worked out: two a year for
	// as long as anybody has kept summer time.
	maxOnsets = 1000
	// maxZoneRules bounds the rules of all custom zones of one file that are worked out:
	// two a zone, and a file seldom has more than ten zones.
	maxZoneRules = 500
)

// zones finds the zone that a TZID of one file means. It is only a name within its file
// (RFC 5545 §3.2.19): an IANA name, a Windows name, a name with an IANA name inside, or
// anything at all, told by its VTIMEZONE alone.
type zones struct {
	defined map[string]*component
	years   []int // that the events begin in: where a custom zone is compared

	mu    sync.Mutex
	known map[string]zone
	rules int // how many more are worked out
}

// zone is what a TZID means. One with neither a name nor onsets is unknown.
type zone struct {
	iana   string
	onsets []onset // where no IANA zone is the same
}

func newZones(defined, events []*component) *zones {
	z := &zones{defined: map[string]*component{}, known: map[string]zone{}, rules: maxZoneRules}
	for _, c := range defined {
		if id := c.text("TZID"); id != "" && z.defined[id] == nil {
			z.defined[id] = c
		}
	}
	for _, c := range events {
		l, _ := c.get("DTSTART")
		if v := strings.TrimSpace(l.value()); len(v) >= 4 {
			if y, err := strconv.Atoi(v[:4]); err == nil && y > 1900 && y < 2200 && !slices.Contains(z.years, y) && len(z.years) < maxZoneYears {
				z.years = append(z.years, y)
			}
		}
	}
	return z
}

// find is what a TZID means in this file.
func (z *zones) find(tzid string) zone {
	z.mu.Lock()
	defer z.mu.Unlock()
	found, ok := z.known[tzid]
	if !ok {
		found = z.resolve(tzid)
		z.known[tzid] = found
	}
	return found
}

func (z *zones) resolve(tzid string) zone {
	if name, ok := z.named(tzid); ok {
		return zone{iana: name}
	}
	c := z.defined[tzid]
	if c == nil {
		return zone{}
	}
	for _, p := range []string{"X-LIC-LOCATION", "TZID-ALIAS-OF"} { // libical's; RFC 7808 §7.2
		if name, ok := z.named(c.text(p)); ok {
			return zone{iana: name}
		}
	}
	onsets := z.onsetsOf(c)
	if name := sameClock(onsets, z.years); name != "" {
		return zone{iana: name}
	}
	return zone{onsets: onsets}
}

// named finds the IANA zone that a name says: it is one, Windows' name of one, or one
// stands at its end ("/mozilla.org/20050126_1/Europe/Berlin").
func (z *zones) named(name string) (string, bool) {
	name = strings.Trim(strings.TrimSpace(name), `"`)
	if name == "" {
		return "", false
	}
	if w, ok := calendar.ZoneOfWindows(name); ok {
		return w, true
	}
	switch name {
	case "Etc/UTC", "Etc/GMT", "GMT", "Z", "tzone://Microsoft/Utc":
		return "UTC", true
	}
	for rest := name; ; {
		if _, err := calendar.LoadZone(rest); err == nil {
			return rest, true
		}
		_, after, ok := strings.Cut(rest, "/")
		if !ok {
			return "", false
		}
		rest = after
	}
}

// onset is a moment from which a VTIMEZONE has a new offset, in seconds east.
type onset struct {
	at     time.Time
	offset int
}

// onsetsOf works out the observances of a VTIMEZONE (RFC 5545 §3.6.5) around the years of
// the events, in order of time.
func (z *zones) onsetsOf(c *component) []onset {
	if len(z.years) == 0 {
		return nil
	}
	from := time.Date(slices.Min(z.years)-1, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(slices.Max(z.years)+2, 1, 1, 0, 0, 0, 0, time.UTC)
	var onsets []onset
	for _, o := range append(c.subs("STANDARD"), c.subs("DAYLIGHT")...) {
		before, ok1 := parseOffset(o.text("TZOFFSETFROM"))
		after, ok2 := parseOffset(o.text("TZOFFSETTO"))
		start, err := time.Parse("20060102T150405", strings.TrimSuffix(strings.TrimSpace(o.text("DTSTART")), "Z"))
		if !ok1 || !ok2 || err != nil {
			continue
		}
		walls := []time.Time{start}
		for _, l := range o.all("RDATE") {
			for v := range strings.SplitSeq(l.value(), ",") {
				if t, err := time.Parse("20060102T150405", strings.TrimSuffix(strings.TrimSpace(v), "Z")); err == nil {
					walls = append(walls, t)
				}
			}
		}
		for _, l := range o.all("RRULE") {
			if z.rules--; z.rules < 0 {
				return nil
			}
			walls = append(walls, observances(l.value(), start, before, from, to)...)
		}
		for _, wall := range walls {
			if len(onsets) < maxOnsets {
				onsets = append(onsets, onset{wall.Add(-time.Duration(before) * time.Second), after})
			}
		}
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return a.at.Compare(b.at) })
	return onsets
}

// observances lists the wall clocks of a zone's rule, as if they were UTC.
func observances(rule string, start time.Time, offset int, from, to time.Time) (walls []time.Time) {
	r, err := calendar.ParseRule(rule)
	if err != nil || r.Freq > calendar.Daily {
		return nil
	}
	if until, err := r.Until.Instant(); err == nil && r.Until.Zone == "UTC" {
		r.Until = calendar.At(until.Add(time.Duration(offset)*time.Second), time.UTC)
	}
	w := calendar.When{Start: calendar.At(start, time.UTC), Recurrence: calendar.Recurrence{Rules: []string{r.String()}}}
	occurrences, err := w.Occurrences()
	if err != nil {
		return nil
	}
	for t := range occurrences.Between(from, to) {
		if len(walls) == maxOnsets {
			break
		}
		if wall, err := t.Instant(); err == nil {
			walls = append(walls, wall)
		}
	}
	return walls
}

func offsetAt(onsets []onset, t time.Time) int {
	offset := onsets[0].offset
	for _, o := range onsets {
		if o.at.After(t) {
			break
		}
		offset = o.offset
	}
	return offset
}

// instantOf is the moment at which the clocks of a custom zone show a wall clock, which is
// given as if it were UTC: the first, where there are two (RFC 5545 §3.3.5).
func instantOf(onsets []onset, wall time.Time) time.Time {
	before := offsetAt(onsets, wall.Add(-24*time.Hour))
	after := offsetAt(onsets, wall.Add(24*time.Hour))
	first, second := wall.Add(-time.Duration(before)*time.Second), wall.Add(-time.Duration(after)*time.Second)
	if offsetAt(onsets, first) != before && offsetAt(onsets, second) == after {
		return second
	}
	return first
}

// likelyZones are tried first, so that of many zones with the same clocks the best known
// is taken.
var likelyZones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago",
	"America/Denver", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney",
}

// sameClock finds a zone that has the same offset on each day of the years given; "" if
// there is none.
func sameClock(onsets []onset, years []int) string {
	if len(onsets) == 0 {
		return ""
	}
	for _, name := range append(slices.Clone(likelyZones), calendar.MainZones()...) {
		if loc, err := calendar.LoadZone(name); err == nil && agrees(onsets, loc, years) {
			return name
		}
	}
	return ""
}

func agrees(onsets []onset, loc *time.Location, years []int) bool {
	for _, year := range years {
		for day := range 366 {
			t := time.Date(year, 1, 1+day, 12, 0, 0, 0, time.UTC)
			if _, offset := t.In(loc).Zone(); offset != offsetAt(onsets, t) {
				return false
			}
		}
	}
	return true
}

// parseOffset reads "+0100" or "-053000" as seconds east (RFC 5545 §3.3.14).
func parseOffset(s string) (seconds int, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) != 5 && len(s) != 7 {
		return 0, false
	}
	n, err := strconv.Atoi(s[1:])
	if err != nil || n < 0 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	if len(s) == 5 {
		n *= 100
	}
	seconds = n/10000*3600 + n/100%100*60 + n%100
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func formatOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
