package calendar

import (
	"maps"
	"time"
)

// Occurrence is the content of one occurrence of a series: the master's, at the
// slot's own time with the master's length, under what the override changes.
func (master Content) Occurrence(o Override) Content {
	c := master
	c.When = master.When.At(o.Original)
	for _, g := range o.Changed {
		c = c.Take(g, o.Content)
	}
	c.When.Recurrence = Recurrence{}
	return c
}

// At is when the occurrence of a slot happens by the rule: from its slot on, for
// exactly as long as the first one (for dates: as many days).
func (w When) At(slot Time) When {
	start, err1 := w.Start.Instant()
	end, err2 := w.End.Instant()
	at, err3 := slot.Instant()
	if err1 != nil || err2 != nil || err3 != nil {
		return When{Start: slot, End: slot}
	}
	if slot.IsDate() {
		length := int(end.Sub(start).Hours() / 24)
		last := at.AddDate(0, 0, length)
		return When{Start: slot, End: Date(last.Year(), last.Month(), last.Day())}
	}
	zone, err := LoadZone(w.End.Zone)
	if err != nil {
		zone = time.UTC
	}
	return When{Start: slot, End: At(at.Add(end.Sub(start)), zone)}
}

// WithOverride returns the set with the override of one slot in it, or, where that
// says nothing, without the slot. The set given stays as it was.
func WithOverride(set map[string]Override, slot string, o Override) map[string]Override {
	set = maps.Clone(set)
	if o.IsZero() {
		delete(set, slot)
		return set
	}
	if set == nil {
		set = map[string]Override{}
	}
	set[slot] = o
	return set
}

// Original is the time that a slot (Time.Slot) stands for, in the zone of the
// series; zero if the slot is none.
func (w When) Original(slot string) Time {
	if t, err := time.Parse("20060102", slot); err == nil {
		return Date(t.Year(), t.Month(), t.Day())
	}
	t, err := time.Parse("20060102T150405Z", slot)
	if err != nil {
		return Time{}
	}
	zone, err := LoadZone(w.Start.Zone)
	if err != nil {
		zone = time.UTC
	}
	return At(t, zone)
}
