package icalendar

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// The years for which a zone is written out. Its rules of today are written as rules, and
// go on; a zone that keeps none (Morocco's summer time stops for Ramadan) has dates to the
// last of these years.
const (
	zoneFrom  = 2000
	zoneUntil = 2037
)

// tzidOf is the file's own name for an IANA zone: one that is defined in it and means that
// zone, else the IANA name.
func (o *Object) tzidOf(iana string) string {
	if o.zones.defined[iana] != nil {
		return iana
	}
	var ids []string
	for id := range o.zones.defined {
		if o.zones.find(id).iana == iana {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		return slices.Min(ids)
	}
	return iana
}

// defineZone puts the VTIMEZONE of a time that is to be written into the object, if it
// needs one that is not there (RFC 5545 §3.2.19).
func (o *Object) defineZone(t calendar.Time) {
	if t.IsDate() || t.Zone == "UTC" || t.Later || o.zones.defined[o.tzidOf(t.Zone)] != nil {
		return
	}
	from := zoneFrom
	if at, err := t.Instant(); err == nil {
		from = min(from, at.Year()-1)
	}
	c := usualZone(t.Zone, from)
	o.zones.defined[t.Zone] = c
	at := slices.IndexFunc(o.root.items, func(it item) bool { return it.sub != nil })
	if at < 0 {
		at = len(o.root.items)
	}
	o.root.items = slices.Insert(o.root.items, at, item{sub: c})
}

// usual are the definitions from zoneFrom on that were made so far, by zone. They are the
// same each time, and most of the work of writing a small event.
var usual sync.Map

// usualZone is timezone, made once for the usual years.
func usualZone(iana string, from int) *component {
	if from != zoneFrom {
		return timezone(iana, from)
	}
	c, ok := usual.Load(iana)
	if !ok {
		c, _ = usual.LoadOrStore(iana, timezone(iana, from))
	}
	return c.(*component).clone()
}

// sweepZones removes the definitions of IANA zones that no line names any more: an event
// that travels would gather them.
func (o *Object) sweepZones() {
	used := map[string]bool{}
	var look func(c *component)
	look = func(c *component) {
		for _, it := range c.items {
			switch {
			case it.sub != nil && it.sub.name != "VTIMEZONE":
				look(it.sub)
			case it.sub == nil && strings.Contains(strings.ToUpper(it.text), "TZID="):
				used[it.param("TZID")] = true
			}
		}
	}
	look(o.root)
	o.root.dropFunc(func(it item) bool {
		if it.sub == nil || it.sub.name != "VTIMEZONE" {
			return false
		}
		id := it.sub.text("TZID")
		if _, err := calendar.LoadZone(id); err != nil || used[id] {
			return false
		}
		delete(o.zones.defined, id)
		return true
	})
}

// change is one change of a zone's offset.
type change struct {
	wall     time.Time // what the clocks showed, as if it were UTC
	from, to int       // seconds east
	name     string    // from then on
	summer   bool
}

// timezone writes a zone from the built-in table (RFC 5545 §3.6.5), from the change before
// a year on. Changes that follow a rule are one observance; those that follow none are
// dates.
func timezone(iana string, year int) *component {
	out := &component{name: "VTIMEZONE", closed: true}
	out.add(newLine("TZID", iana))
	loc, err := calendar.LoadZone(iana)
	if err != nil { // cannot be: a time was read in it
		return out
	}
	changes := changesOf(loc, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
	var odd []change
	for len(changes) > 0 {
		same, rest := split(changes, func(same []change, c change) bool { return c.alike(changes[0]) && follows(append(same, c)) })
		if changes = rest; len(same) < minRule {
			odd = append(odd, same...)
			continue
		}
		out.items = append(out.items, item{sub: observance(same, true)})
	}
	for len(odd) > 0 {
		same, rest := split(odd, func(_ []change, c change) bool {
			return c.from == odd[0].from && c.to == odd[0].to && c.name == odd[0].name && c.summer == odd[0].summer
		})
		odd = rest
		out.items = append(out.items, item{sub: observance(same, false)})
	}
	return out
}

// minRule is how many changes make a rule: a few may be alike by chance.
const minRule = 4

// split parts changes, in their order, by what belongs to those taken before.
func split(list []change, belongs func(same []change, c change) bool) (same, rest []change) {
	for _, c := range list {
		if belongs(same, c) {
			same = append(same, c)
		} else {
			rest = append(rest, c)
		}
	}
	return same, rest
}

// changesOf lists the changes of a zone's clocks from the last one before a moment on; of
// one that never changes, its offset as if it had begun in 1970.
func changesOf(loc *time.Location, from time.Time) []change {
	begin, _ := from.In(loc).ZoneBounds()
	if begin.IsZero() {
		begin = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var out []change
	for t := begin; t.Year() <= zoneUntil; {
		_, before := t.Add(-time.Second).In(loc).Zone()
		name, after := t.In(loc).Zone()
		if before != after || len(out) == 0 {
			out = append(out, change{t.UTC().Add(time.Duration(before) * time.Second), before, after, name, t.In(loc).IsDST()})
		}
		_, end := t.In(loc).ZoneBounds()
		if end.IsZero() || !end.After(t) {
			break
		}
		t = end
	}
	return out
}

// alike reports whether two changes could be of one yearly rule.
func (c change) alike(d change) bool {
	return c.from == d.from && c.to == d.to && c.name == d.name && c.summer == d.summer && c.wall.Month() == d.wall.Month() &&
		c.wall.Weekday() == d.wall.Weekday() && c.wall.Format("150405") == d.wall.Format("150405")
}

// follows reports whether changes are one a year without a gap, in the same week of the
// month: within seven days of it, or within its last seven.
func follows(list []change) bool {
	low, high, last := 31, 1, 31
	for i, c := range list {
		if i > 0 && c.wall.Year() != list[i-1].wall.Year()+1 {
			return false
		}
		low, high = min(low, c.wall.Day()), max(high, c.wall.Day())
		last = min(last, c.wall.Day()+31-monthLength(c.wall))
	}
	return high-low < 7 || last > 24
}

func monthLength(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// observance writes changes from one offset to another: by a rule, or as dates.
func observance(list []change, byRule bool) *component {
	first, last := list[0], list[len(list)-1]
	out := &component{name: "STANDARD", closed: true}
	if first.summer {
		out.name = "DAYLIGHT"
	}
	out.add(newLine("TZOFFSETFROM", formatOffset(first.from)), newLine("TZOFFSETTO", formatOffset(first.to)))
	if !strings.ContainsAny(first.name, "+-") { // the table's stand-in where there is no name
		out.add(newLine("TZNAME", escapeText(first.name)))
	}
	out.add(newLine("DTSTART", first.wall.Format("20060102T150405")))
	if !byRule {
		for _, c := range list[1:] {
			out.add(newLine("RDATE", c.wall.Format("20060102T150405")))
		}
		return out
	}
	rule := fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;%s", int(first.wall.Month()), dayRule(list))
	if last.wall.Year() < zoneUntil {
		rule += ";UNTIL=" + last.wall.Add(-time.Duration(last.from)*time.Second).Format(stampLayout)
	}
	out.add(newLine("RRULE", rule))
	return out
}

// dayRule says on which day of the month changes fall: the last Sunday, the second one, or
// that in seven days.
func dayRule(list []change) string {
	low, high, last := 31, 1, 31
	for _, c := range list {
		low, high = min(low, c.wall.Day()), max(high, c.wall.Day())
		last = min(last, c.wall.Day()+31-monthLength(c.wall))
	}
	day := strings.ToUpper(list[0].wall.Weekday().String()[:2])
	if last > 24 && (high > 28 || high-low >= 7) {
		return "BYDAY=-1" + day
	}
	if (low-1)/7 == (high-1)/7 {
		return fmt.Sprintf("BYDAY=%d%s", (low-1)/7+1, day)
	}
	from := high - 6
	if from < 1 {
		from = 1
	}
	days := make([]string, 0, 7)
	for d := from; d < from+7; d++ {
		days = append(days, fmt.Sprint(d))
	}
	return "BYDAY=" + day + ";BYMONTHDAY=" + strings.Join(days, ",")
}
