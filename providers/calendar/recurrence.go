package calendar

import (
	"iter"
	"time"
)

// Occurrences are the starts of a series, generated from its rules as they are
// asked for. It holds no open resources, never changes, and may be used from
// several goroutines.
//
// The rules repeat the wall clock of the series' zone (or dates), whatever its
// offset does: a reading that a clock going forward skips is moved forward by
// the gap's length, one that exists twice means the first (RFC 5545 §3.3.5,
// §3.3.10). COUNT counts before EXDATE takes anything away. Start itself is always an
// occurrence, unless an EXDATE names it or UNTIL lies before it; where it does
// not match its rule it is the first one, as in Google Calendar. Nothing is
// generated after the year 4500, where Exchange's calendar ends.
type Occurrences struct {
	set *occurrenceSet
}

// Occurrences prepares the series' occurrences; for a single event there is one.
// The work that a hostile rule can cause is bounded, here and in the methods.
// What cannot be expanded is refused with an Error of Kind Invalid and Field
// "recurrence".
func (w When) Occurrences() (*Occurrences, error) {
	set, err := newOccurrenceSet(w.Start, w.Recurrence.Rules)
	if err != nil {
		return nil, err
	}
	return &Occurrences{set}, nil
}

// All gives the occurrences in order, each with its reading in the series' zone.
// A rule without end gives them as long as they are taken.
func (o *Occurrences) All() iter.Seq[Time] {
	return o.times(minMoment, maxMoment)
}

// Between gives the occurrences that start at or after from and before to, in
// order. Dates count from midnight UTC, as in Time.Instant. It costs about the
// same however long ago the series began, unless its rule has a COUNT.
func (o *Occurrences) Between(from, to time.Time) iter.Seq[Time] {
	return o.times(ceilSecond(from), ceilSecond(to))
}

// Has reports whether the rules generate an occurrence that starts at t, whether
// or not an EXDATE takes it away: whether an override can stand there.
func (o *Occurrences) Has(t Time) bool {
	at, ok := o.set.moment(t)
	if !ok {
		return false
	}
	for range o.set.slots(at, at+1) {
		return true
	}
	return false
}

// Ordinal tells which occurrence t is: 1 for the first. EXDATEs are counted like
// the others, so that a number stays when another occurrence is cancelled. It
// is false if t is no occurrence, or comes after the first 50 000.
func (o *Occurrences) Ordinal(t Time) (int, bool) {
	at, ok := o.set.moment(t)
	if !ok || !o.Has(t) {
		return 0, false
	}
	n := 0
	for s := range o.set.slots(minMoment, at+1) {
		if n++; s.at == at {
			return n, true
		}
		if n >= maxRuleCount {
			break
		}
	}
	return 0, false
}

// First is the first occurrence; false if there is none.
func (o *Occurrences) First() (Time, bool) {
	for t := range o.All() {
		return t, true
	}
	return Time{}, false
}

// Last is the last occurrence of a series that ends; false if it does not end,
// or has no occurrence.
func (o *Occurrences) Last() (Time, bool) {
	return o.set.last()
}
