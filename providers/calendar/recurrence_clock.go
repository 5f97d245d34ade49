package calendar

import (
	"fmt"
	"math"
	"time"
)

// Seconds since 1970: of an instant, or of a wall clock read as if it were UTC.
const (
	minMoment = math.MinInt64 / 4
	// maxMoment is the start of the year 4501: Exchange's calendar ends in 4500.
	maxMoment int64 = 79_870_665_600
)

// slot is one occurrence: the instant and what the series' clock shows then. For
// a date both are its midnight as if in UTC.
type slot struct {
	at, wall int64
	later    bool // the second time that the clock shows wall
}

// clock gives wall clocks of one zone their instants, by the rules of
// Time.Instant, without looking the zone up again for every one. It remembers
// the span of the last answer, so a clock is for one goroutine.
type clock struct {
	zone string
	loc  *time.Location // nil: dates

	low, high int64 // wall clocks from low to before high are off ahead of UTC
	off       int64
}

// newClock returns the clock of start's zone, after checking start.
func newClock(start Time) (*clock, error) {
	if _, err := start.wall(); err != nil {
		return nil, invalidRule("start: %w", err)
	}
	if start.IsDate() {
		return &clock{}, nil
	}
	loc, err := LoadZone(start.Zone)
	if err != nil {
		return nil, invalidRule("start: %w", err)
	}
	return &clock{zone: start.Zone, loc: loc}, nil
}

// again is a clock of the same zone for another goroutine.
func (c *clock) again() *clock { return &clock{zone: c.zone, loc: c.loc} }

func (c *clock) dates() bool { return c.loc == nil }

// wall is the reading of t as if it were UTC.
func (t Time) wall() (int64, error) {
	layout := clockLayout
	if t.IsDate() {
		layout = dateLayout
	}
	w, err := time.Parse(layout, t.Local)
	if err != nil {
		return 0, fmt.Errorf("calendar: %q is no date or wall clock", t.Local)
	}
	return w.Unix(), nil
}

// at is the slot of a wall clock: the first of two, or moved over a gap.
func (c *clock) at(wall int64) slot {
	s, _ := c.resolve(wall)
	return s
}

// resolve is at, and tells whether wall lies in a gap.
func (c *clock) resolve(wall int64) (s slot, gap bool) {
	if c.dates() {
		return slot{at: wall, wall: wall}, false
	}
	if c.low <= wall && wall < c.high {
		return slot{at: wall - c.off, wall: wall}, false
	}
	before, after := c.offset(wall-daySeconds), c.offset(wall+daySeconds)
	first, second := wall-before, wall-after
	switch {
	case c.offset(first) == before:
		if before == after {
			c.remember(first, before)
		}
		return slot{at: first, wall: wall}, false
	case c.offset(second) == after:
		return slot{at: second, wall: wall}, false
	default:
		return slot{at: first, wall: first + c.offset(first)}, true
	}
}

// read is the slot of an instant.
func (c *clock) read(at int64) slot {
	if c.dates() {
		return slot{at: at, wall: at}
	}
	wall := at + c.offset(at)
	return slot{at: at, wall: wall, later: c.at(wall).at != at}
}

func (c *clock) offset(at int64) int64 {
	_, off := time.Unix(at, 0).In(c.loc).Zone()
	return int64(off)
}

// remember keeps the span around an instant in which the offset stays, less a
// day at either end, where resolve has to look.
func (c *clock) remember(at, off int64) {
	from, to := time.Unix(at, 0).In(c.loc).ZoneBounds()
	c.off, c.low, c.high = off, minMoment, maxMoment+2*daySeconds
	if !from.IsZero() {
		c.low = from.Unix() + off + 2*daySeconds
	}
	if !to.IsZero() {
		c.high = to.Unix() + off - 2*daySeconds
	}
}

// time is the slot as a Time of the clock's zone.
func (c *clock) time(s slot) Time {
	t := time.Unix(s.wall, 0).UTC()
	if c.dates() {
		return Time{Local: t.Format(dateLayout)}
	}
	return Time{Local: t.Format(clockLayout), Zone: c.zone, Later: s.later}
}

func floorDay(wall int64) int64 { return floorDiv(wall, daySeconds) * daySeconds }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// ceilSecond is the first whole second at or after t.
func ceilSecond(t time.Time) int64 {
	s := t.Unix()
	if t.Nanosecond() > 0 {
		s++
	}
	return s
}
