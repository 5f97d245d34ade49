package graphsim

import (
	"net/http"
	"reflect"
	"slices"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// applyRecurrence makes a series, ends one, or changes one, after the times were
// written. What changes when the occurrences are (start, end, zone, pattern or
// range) discards everything that was done to single ones: exceptions revert,
// deleted ones come back. The same recurrence sent again keeps them (both
// observed by third parties; [MS-OXOCAL] 3.1.4.7.3.5).
func (c *call) applyRecurrence(before mailbox.Event, e *mailbox.Event, body map[string]any) *apiError {
	rec, sent := body["recurrence"]
	_, timed := body["start"]
	_, ended := body["end"]
	m, _ := rec.(map[string]any)
	keepZone := c.s.opts.Switches.KeepAllDayZone
	switch {
	case sent && m == nil: // the first occurrence is what remains
		e.Pattern, e.Exceptions = nil, nil
		return nil
	case sent:
		p, err := newPattern(m, c.s.opts.Switches.AcceptDaySubsets)
		if err != nil {
			return err
		}
		if err := p.settle(e, timed, keepZone); err != nil {
			return err
		}
		if before.Pattern != nil && !p.same(patternOf(&before)) {
			e.Exceptions = nil
		}
		e.Pattern = p.json()
	case before.Pattern == nil, !timed && !ended:
		return nil
	default:
		p := patternOf(&before)
		if !sameZone(p.zone, orElse(e.Start.Zone, "UTC")) {
			return invalidProperty() // recurrenceTimeZone would disagree
		}
		if dayOf(e.Start) != p.start {
			return invalidRange("The start date of the recurrence is not the date of the event's start.")
		}
		if err := p.fits(e); err != nil {
			return err
		}
	}
	if !sameTimes(&before, e) || c.quirks.ResetOnTouch && (timed || ended) {
		e.Exceptions = nil
	}
	return nil
}

// sameTimes reports whether two events stand at the same time by the same clock.
func sameTimes(a, b *mailbox.Event) bool {
	same := func(x, y mailbox.Moment) bool {
		return wallOf(x).Equal(wallOf(y)) && sameZone(x.Zone, y.Zone)
	}
	return a.AllDay == b.AllDay && same(a.Start, b.Start) && same(a.End, b.End)
}

// replace writes a changed event. What the occurrences of a series were is kept
// when it becomes a single event: delta tells of them once more.
func (c *call) replace(cal *mailbox.Calendar, e, next *mailbox.Event) {
	c.s.replace(cal, e, next)
}

func (s *Server) replace(cal *mailbox.Calendar, e, next *mailbox.Event) {
	old := e.Clone()
	*e = *next
	change := s.mb.Touch(cal, e)
	if old.Pattern != nil && e.Pattern == nil {
		if e.Extra == nil {
			e.Extra = map[string]any{}
		}
		e.Extra["formerSeries"] = former{old, change}
	}
}

// former is the series that a single event was until a change.
type former struct {
	series *mailbox.Event
	change uint64
}

// updateOccurrence is PATCH of one occurrence: it becomes an exception under the
// same id, and the series has a new version.
func (c *call) updateOccurrence(cal *mailbox.Calendar, it item) (*reply, *apiError) {
	if _, ok := c.body["recurrence"]; ok {
		return nil, badRequest("ErrorInvalidRequest", "The recurrence of a single occurrence cannot be set.")
	}
	if !isOrganizer(c.mb, cal, it.Event) && !c.quirks.AcceptGuestEdits && touches(c.body, meetingFields) {
		return nil, accessDenied()
	}
	next := it.Clone()
	if err := c.apply(cal, next, c.body, false); err != nil {
		return nil, err
	}
	if err := c.s.stays(it, next, c.quirks.LaterReading); err != nil {
		return nil, err
	}
	var changed []string
	for k := range c.body {
		changed = append(changed, orElse(fieldOf[k], k))
	}
	before := it.Clone()
	setException(it, next, changed)
	c.mb.Touch(cal, it.master)
	c.wrote(cal, it)
	after, _ := c.series(it.master).at(it.day)
	c.mailUpdate(cal, before, after.Event)
	return c.one(http.StatusOK, cal, after, view{}), nil
}

// stays refuses an occurrence that would come to the day of its neighbours, or
// pass or overlap them (Microsoft "Update event", ErrorOccurrenceCrossingBoundary).
func (s *Server) stays(it item, next *mailbox.Event, later bool) *apiError {
	if sameTimes(it.Event, next) {
		return nil
	}
	crossing := badRequest("ErrorOccurrenceCrossingBoundary", "Modified occurrence is crossing or overlapping adjacent occurrence.")
	all := seriesOf(it.master, later)
	zone := all.p.zone
	day := func(m mailbox.Moment) int {
		if m.Date != "" {
			return dayOf(m)
		}
		return dayNumber(naive(instant(m), zone))
	}
	if prev, ok := all.before(it.day); ok && (day(next.Start) <= day(prev.Start) || instant(next.Start).Before(instant(prev.End))) {
		return crossing
	}
	if after, ok := all.after(it.day); ok && (day(next.Start) >= day(after.Start) || instant(next.End).After(instant(after.Start))) {
		return crossing
	}
	return nil
}

// after is the next occurrence that was not deleted.
func (s series) after(day int) (item, bool) {
	for d := range s.p.occurrences(day + 1) {
		if it, ok := s.at(d); ok {
			return it, true
		}
	}
	return item{}, false
}

// before is the last occurrence ahead of the day that was not deleted.
func (s series) before(day int) (item, bool) {
	// Looking back in growing steps finds it without starting from the beginning.
	for back := 40; ; back *= 4 {
		low := max(day-back, s.p.start)
		var last []int
		for d := range s.p.occurrences(low) {
			if d >= day {
				break
			}
			last = append(last, d)
		}
		for _, d := range slices.Backward(last) {
			if it, ok := s.at(d); ok {
				return it, true
			}
		}
		if low == s.p.start {
			return item{}, false
		}
	}
}

// differences are the fields in which two states of an occurrence differ.
func differences(a, b *mailbox.Event) []string {
	var out []string
	for name, copy := range fields {
		x := b.Clone()
		copy(x, a)
		y := b.Clone()
		copy(y, b)
		if !reflect.DeepEqual(x, y) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
