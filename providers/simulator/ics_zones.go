package simulator

import (
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on the machine

	"github.com/teambition/rrule-go"
)

// icsZones finds the IANA zone that a TZID of one file means. TZID is only a
// name within its file (RFC 5545 §3.2.19): an IANA name, a Windows name, a name
// with an IANA name inside, or anything at all, told by its VTIMEZONE alone.
type icsZones struct {
	defined map[string]*icsComponent // VTIMEZONE by TZID
	years   []int                    // that the file's events lie in: where offsets are compared
	known   map[string]string        // answers so far; "" means unknown
}

func newICSZones(calendars []*icsComponent) *icsZones {
	z := &icsZones{defined: map[string]*icsComponent{}, known: map[string]string{}}
	for _, cal := range calendars {
		for _, c := range cal.children {
			switch c.name {
			case "VTIMEZONE":
				if id := c.text("TZID"); id != "" && z.defined[id] == nil {
					z.defined[id] = c
				}
			case "VEVENT":
				if p, ok := c.get("DTSTART"); ok && len(p.Value) >= 4 {
					if y, err := strconv.Atoi(p.Value[:4]); err == nil && !slices.Contains(z.years, y) && len(z.years) < 3 {
						z.years = append(z.years, y)
					}
				}
			}
		}
	}
	return z
}

// find returns the IANA name for a TZID, or "" if nothing tells.
func (z *icsZones) find(tzid string) string {
	if name, ok := z.known[tzid]; ok {
		return name
	}
	name := z.resolve(tzid)
	z.known[tzid] = name
	return name
}

func (z *icsZones) resolve(tzid string) string {
	if name := ianaName(tzid); name != "" {
		return name
	}
	c := z.defined[tzid]
	if c != nil {
		// libical and Evolution write the IANA name here.
		if name := ianaName(c.text("X-LIC-LOCATION")); name != "" {
			return name
		}
	}
	// "/mozilla.org/20050126_1/Europe/Berlin": a globally unique id whose end is the name.
	for rest := tzid; ; {
		_, after, ok := strings.Cut(rest, "/")
		if !ok {
			break
		}
		if name := ianaName(after); name != "" {
			return name
		}
		rest = after
	}
	if c != nil {
		return z.compare(c)
	}
	return ""
}

// ianaName returns the IANA name that name is, spelled exactly so or as
// Windows spells it; "" if it is none.
func ianaName(name string) string {
	name = strings.Trim(strings.TrimSpace(name), `"`)
	if name == "" || name == "Local" { // which LoadLocation takes for the machine's zone
		return ""
	}
	if _, err := time.LoadLocation(name); err == nil {
		return name
	}
	return windowsZones[name]
}

// compare finds a zone whose offsets are those that the VTIMEZONE defines, on
// every day of the years that matter; "" if there is none. Zones that agree
// there are the same for this file.
func (z *icsZones) compare(c *icsComponent) string {
	rules := zoneOnsets(c, z.years)
	if len(rules) == 0 {
		return ""
	}
	candidates := append([]string{"UTC"}, likelyZones...)
	for _, w := range sortedWindowsZones {
		candidates = append(candidates, windowsZones[w])
	}
	for _, name := range candidates {
		loc, err := time.LoadLocation(name)
		if err == nil && z.agrees(rules, loc) {
			return name
		}
	}
	return ""
}

// likelyZones are tried first, so that of many zones with the same offsets the
// best known is taken.
var likelyZones = []string{
	"Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago",
	"America/Denver", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney",
}

func (z *icsZones) agrees(rules []onset, loc *time.Location) bool {
	for _, year := range z.years {
		for day := range 365 {
			t := time.Date(year, 1, 1+day, 12, 0, 0, 0, time.UTC)
			if _, offset := t.In(loc).Zone(); offset != offsetAt(rules, t) {
				return false
			}
		}
	}
	return len(z.years) > 0
}

// onset is a moment from which a VTIMEZONE has a new offset, in seconds east.
type onset struct {
	at     time.Time
	offset int
}

// zoneOnsets expands the observances of a VTIMEZONE (RFC 5545 §3.6.5) around
// the years given, in order of time.
func zoneOnsets(c *icsComponent, years []int) []onset {
	if len(years) == 0 {
		return nil
	}
	from := time.Date(slices.Min(years)-1, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(slices.Max(years)+1, 1, 1, 0, 0, 0, 0, time.UTC)
	var onsets []onset
	for _, o := range c.children {
		if o.name != "STANDARD" && o.name != "DAYLIGHT" {
			continue
		}
		before, ok1 := parseOffset(o.text("TZOFFSETFROM"))
		after, ok2 := parseOffset(o.text("TZOFFSETTO"))
		start, err := time.Parse("20060102T150405", strings.TrimSuffix(o.text("DTSTART"), "Z"))
		if !ok1 || !ok2 || err != nil {
			continue
		}
		walls := []time.Time{start}
		for _, p := range o.all("RDATE") {
			for _, v := range strings.Split(p.Value, ",") {
				if t, err := time.Parse("20060102T150405", strings.TrimSuffix(v, "Z")); err == nil {
					walls = append(walls, t)
				}
			}
		}
		for _, p := range o.all("RRULE") {
			walls = append(walls, expandYearly(p.Value, start, from, to)...)
		}
		for _, wall := range walls {
			onsets = append(onsets, onset{wall.Add(-time.Duration(before) * time.Second), after})
		}
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return a.at.Compare(b.at) })
	return onsets
}

// expandYearly lists the wall clocks of a zone's yearly rule. Other rules occur
// in no VTIMEZONE and could run for ever.
func expandYearly(rule string, start, from, to time.Time) (walls []time.Time) {
	defer func() { _ = recover() }() // the library has panicked on odd rules; then there is no rule
	opt, err := rrule.StrToROption(rule)
	if err != nil || opt.Freq != rrule.YEARLY {
		return nil
	}
	// Exchange's zones begin in 1601; the library's durations end after 292 years.
	if start.Before(from) && opt.Interval <= 1 && opt.Count == 0 {
		start = start.AddDate(from.Year()-start.Year(), 0, 0)
	}
	opt.Dtstart = start
	r, err := rrule.NewRRule(*opt)
	if err != nil {
		return nil
	}
	return r.Between(from, to, true)
}

func offsetAt(onsets []onset, t time.Time) int {
	if len(onsets) == 0 {
		return 0
	}
	offset := onsets[0].offset
	for _, o := range onsets {
		if o.at.After(t) {
			break
		}
		offset = o.offset
	}
	return offset
}

// parseOffset reads "+0100" or "-053000" as seconds east.
func parseOffset(s string) (seconds int, ok bool) {
	if len(s) != 5 && len(s) != 7 {
		return 0, false
	}
	n, err := strconv.Atoi(s[1:])
	if err != nil || s[0] != '+' && s[0] != '-' {
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
