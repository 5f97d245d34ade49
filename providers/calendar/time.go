package calendar

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones do not depend on the machine
)

const (
	dateLayout  = "2006-01-02"
	clockLayout = "2006-01-02T15:04:05"
)

// Time is either a date (an all-day boundary: no zone, ever) or a wall clock
// in an IANA zone. The zero Time means "not given".
//
// It is a comparable value: two Times are == exactly when they have the same
// reading in the same zone. The same moment read in two zones is two Times.
type Time struct {
	// Local is "2006-01-02" for a date, "2006-01-02T15:04:05" for a wall clock.
	Local string `json:"local,omitempty"`
	// Zone is the IANA name of the wall clock's zone; empty for a date.
	Zone string `json:"zone,omitempty"`
	// Later tells the second of two moments apart where the wall clock reads
	// the same twice (the hour that a clock going back repeats).
	Later bool `json:"later,omitempty"`
}

// Date returns the all-day boundary year-month-day.
func Date(year int, month time.Month, day int) Time {
	return Time{Local: time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(dateLayout)}
}

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Time, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil {
		return Time{}, fmt.Errorf("calendar: %q is not a date like 2006-01-02", s)
	}
	return Time{Local: t.Format(dateLayout)}, nil
}

// At returns the wall clock that shows the instant t in loc, to the second.
// loc's name must be an IANA name (or "UTC").
func At(t time.Time, loc *time.Location) Time {
	t = t.In(loc).Truncate(time.Second)
	w := Time{Local: t.Format(clockLayout), Zone: loc.String()}
	if first, err := w.Instant(); err == nil && !first.Equal(t) {
		w.Later = true
	}
	return w
}

// Clock returns the wall clock local ("2006-01-02T15:04:05") in zone, after
// checking that both exist. Parts of a second are cut off, as At does.
func Clock(local, zone string) (Time, error) {
	t, err := time.Parse(clockLayout, local) // takes fractions, and hours of one digit
	if err != nil {
		return Time{}, fmt.Errorf("calendar: %q is not a wall clock like 2006-01-02T15:04:05", local)
	}
	if _, err := LoadZone(zone); err != nil {
		return Time{}, err
	}
	return Time{Local: t.Format(clockLayout), Zone: zone}, nil
}

// IsZero reports whether no time is given.
func (t Time) IsZero() bool { return t.Local == "" }

// IsDate reports whether t is an all-day boundary.
func (t Time) IsDate() bool { return len(t.Local) == len(dateLayout) }

// Instant returns the moment at which a wall clock shows t, following RFC 5545
// §3.3.5: a reading that exists twice means the first (unless Later), a reading
// that a clock going forward skips is taken with the offset before the gap. A
// date has no instant of its own; Instant gives its midnight in UTC, which is
// fit for ordering only.
func (t Time) Instant() (time.Time, error) {
	if t.IsDate() {
		return time.Parse(dateLayout, t.Local)
	}
	naive, err := time.Parse(clockLayout, t.Local)
	if err != nil {
		return time.Time{}, fmt.Errorf("calendar: %q is not a wall clock", t.Local)
	}
	loc, err := LoadZone(t.Zone)
	if err != nil {
		return time.Time{}, err
	}
	// A zone's offset differs by hours at most, so the offsets in force a day
	// before and a day after frame every change that could matter.
	_, before := naive.Add(-24 * time.Hour).In(loc).Zone()
	_, after := naive.Add(24 * time.Hour).In(loc).Zone()
	first := naive.Add(-time.Duration(before) * time.Second)
	second := naive.Add(-time.Duration(after) * time.Second)
	reads := func(u time.Time) bool { return u.In(loc).Format(clockLayout) == t.Local }
	switch {
	case t.Later && reads(first) && reads(second):
		return second.UTC(), nil
	case reads(first):
		return first.UTC(), nil
	case reads(second):
		return second.UTC(), nil
	default: // in a gap: the offset before it
		return first.UTC(), nil
	}
}

// String shows t as "2026-03-15" or "2026-03-15T12:00:00[Europe/Berlin]".
func (t Time) String() string {
	if t.IsDate() || t.IsZero() {
		return t.Local
	}
	return t.Local + "[" + t.Zone + "]"
}

// Slot is the key of one occurrence of a series: its original start, as an
// instant in UTC ("20260315T110000Z") or as a date ("20260315"). Two readings of
// one moment in different zones have one Slot.
func (t Time) Slot() string {
	i, err := t.Instant()
	if err != nil {
		return t.String()
	}
	if t.IsDate() {
		return i.Format("20060102")
	}
	return i.UTC().Format("20060102T150405Z")
}

// LoadZone finds an IANA zone by name. The table is built into the program, so
// the answer does not depend on the machine. An empty name and "Local" are
// refused: a meeting's zone is never the laptop's by accident.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" || ofThisMachine(name) {
		return nil, fmt.Errorf("calendar: a wall clock needs an IANA time zone, got %q", name)
	}
	if loc, ok := loadedZones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("calendar: %q is not an IANA time zone", name)
	}
	loadedZones.Store(name, loc) // there are as many as the table has: it cannot grow without end
	return loc, nil
}

// ofThisMachine reports whether a name means something only where it is read: the
// machine's own zone, and the leap-second tables that some systems add.
func ofThisMachine(name string) bool {
	return name == "localtime" || name == "posixrules" || name == "Factory" ||
		strings.HasPrefix(name, "right/") || strings.HasPrefix(name, "posix/")
}

// loadedZones are those that were loaded: reading one anew costs more than all the rest
// of finding an instant.
var loadedZones sync.Map
