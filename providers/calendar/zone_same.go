package calendar

import (
	"strconv"
	"strings"
	"sync"
	"time"
	"unique"
)

// The years in which two zones must agree to be the same: those that meetings are in.
// Before them nobody looks, and after them a table only repeats itself.
var (
	zonesFrom  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	zonesUntil = time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC)
)

// SameZone reports whether two IANA zones are the same by meaning: of one name, or
// with the same offset from UTC at every moment from 2020 to 2040. So an alias is the
// same as what it stands for (Europe/Kiev, Europe/Kyiv), and so are Berlin and Paris:
// providers and devices put one for the other. Berlin and Algiers are not: their
// clocks agree in winter only. A name that is no zone is the same as itself alone.
func SameZone(a, b string) bool {
	if a == b {
		return true
	}
	ca, ok := zoneClock(a)
	if !ok {
		return false
	}
	cb, ok := zoneClock(b)
	return ok && ca == cb
}

// NameOf finds an IANA name for a zone that may have none, as a machine's own: its own name
// if it is one, else a zone with the same clocks; "UTC" if there is none.
func NameOf(loc *time.Location) string {
	if _, err := LoadZone(loc.String()); err == nil {
		return loc.String()
	}
	clock := unique.Make(clockOf(loc))
	for _, name := range MainZones() {
		if c, ok := zoneClock(name); ok && c == clock {
			return name
		}
	}
	return "UTC"
}

// zoneClock is what the clocks of a zone do; false if there is no such zone.
func zoneClock(name string) (unique.Handle[string], bool) {
	if c, ok := zoneClocks.Load(name); ok {
		return c.(unique.Handle[string]), true
	}
	loc, err := LoadZone(name)
	if err != nil {
		return unique.Handle[string]{}, false
	}
	c := unique.Make(clockOf(loc))
	zoneClocks.Store(name, c) // there are as many as the table has: it cannot grow without end
	return c, true
}

// zoneClocks are those that were worked out: walking the changes of a zone costs a
// thousand times more than comparing two.
var zoneClocks sync.Map

// clockOf writes down every change of offset in the years that count, and the offset
// from then on. A change of the name alone (GMT, WET) is none.
func clockOf(loc *time.Location) string {
	var b strings.Builder
	last := 0
	for t := zonesFrom; t.Before(zonesUntil); {
		_, offset := t.In(loc).Zone()
		if b.Len() == 0 || offset != last {
			b.WriteString(strconv.FormatInt(t.Unix(), 36) + ":" + strconv.Itoa(offset) + " ")
		}
		last = offset
		_, end := t.In(loc).ZoneBounds()
		if end.IsZero() { // it never changes again
			break
		}
		// Beyond a zone's table Go takes every year for one of 365 days: on the last day
		// of 2040 the end it gives is not after the time asked for (time/zoneinfo.go, tzset).
		if !end.After(t) {
			end = t.Add(time.Hour)
		}
		t = end
	}
	return b.String()
}
