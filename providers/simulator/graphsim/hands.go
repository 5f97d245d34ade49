package graphsim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// This file is a person in Outlook: mailbox.Hands over the same rules that a
// request meets. It sends no mails and counts as no request.

var _ mailbox.Hands = (*Server)(nil)

// refused wraps what the service would answer.
func refused(err *apiError) error {
	return fmt.Errorf("%w: %s: %s", mailbox.ErrRefused, err.code, err.msg)
}

// acted runs f on a live event under the lock.
func (s *Server) acted(cal, id string, f func(*mailbox.Calendar, *mailbox.Event) error) error {
	s.mb.Lock()
	defer s.mb.Unlock()
	c := s.mb.Calendar(cal)
	if c == nil {
		return fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, cal)
	}
	e := c.Events[id]
	if e == nil || e.Deleted {
		return fmt.Errorf("%w: %s", mailbox.ErrNoEvent, id)
	}
	return f(c, e)
}

// onSeries is acted for a series.
func (s *Server) onSeries(cal, id string, f func(*mailbox.Calendar, series) error) error {
	return s.acted(cal, id, func(c *mailbox.Calendar, e *mailbox.Event) error {
		if e.Pattern == nil {
			return fmt.Errorf("%w: %s is no series", mailbox.ErrNoOccurrence, id)
		}
		return f(c, s.seriesOf(e))
	})
}

func (s *Server) seriesOf(e *mailbox.Event) series { return seriesOf(e, s.look().LaterReading) }

// onSlot is onSeries with the day of one of its slots, which may be cancelled.
func (s *Server) onSlot(cal, id, slot string, f func(*mailbox.Calendar, series, int) error) error {
	return s.onSeries(cal, id, func(c *mailbox.Calendar, all series) error {
		day, ok := slotDay(slot, all.e)
		if !ok || !all.has(day) || all.name(day) != slot {
			return fmt.Errorf("%w: %s", mailbox.ErrNoOccurrence, slot)
		}
		return f(c, all, day)
	})
}

// onOccurrence is onSlot for an occurrence that is there.
func (s *Server) onOccurrence(cal, id, slot string, f func(*mailbox.Calendar, item) error) error {
	return s.onSlot(cal, id, slot, func(c *mailbox.Calendar, all series, day int) error {
		it, ok := all.at(day)
		if !ok {
			return fmt.Errorf("%w: %s was cancelled", mailbox.ErrNoOccurrence, slot)
		}
		return f(c, it)
	})
}

// name is the slot of a day, as mailbox.Hands spells it.
func (s series) name(day int) string {
	start, _ := s.slot(day)
	if s.e.AllDay {
		return civil(day).Format("20060102")
	}
	return instant(start).Format("20060102T150405Z")
}

// settle works out the moments that a person gave as dates or wall clocks.
func (s *Server) settle(cal *mailbox.Calendar, e *mailbox.Event) error {
	later := s.look().LaterReading
	e.AllDay = e.Start.Date != ""
	for _, m := range []*mailbox.Moment{&e.Start, &e.End} {
		m.Zone = orElse(m.Zone, cal.Zone)
		if e.AllDay && !s.opts.Switches.KeepAllDayZone {
			m.Zone = "UTC"
		}
		loc, ok := location(m.Zone)
		if !ok {
			return refused(badZone(m.Zone))
		}
		text := m.Local
		switch {
		case e.AllDay:
			text = m.Date
		case text == "" && !m.UTC.IsZero():
			text = m.UTC.In(loc).Format(wallLayout)
		}
		t, ok := parseWall(text, time.UTC, false)
		if !ok {
			return refused(badRequest("ErrorInvalidRequest", "no time: "+text))
		}
		given := m.UTC
		*m = momentAt(t, mailbox.Moment{Zone: m.Zone, Date: m.Date}, later)
		if !e.AllDay && !given.IsZero() && given.In(loc).Format(wallLayout) == m.Local {
			m.UTC = given.UTC() // of an hour that comes twice, the one it was
		}
	}
	if err := checkOrder(e); err != nil {
		return refused(err)
	}
	return nil
}

// recur gives an event the pattern and fits both to each other.
func (s *Server) recur(e *mailbox.Event, p pattern) error {
	p.zone = "" // the event's
	err := p.required(p.days != [7]bool{}, s.opts.Switches.AcceptDaySubsets)
	if err == nil {
		err = p.settle(e, true, s.opts.Switches.KeepAllDayZone)
	}
	if err != nil {
		return refused(err)
	}
	e.Pattern, e.Recurrence = p.json(), nil
	return nil
}

// recurLines is recur for RFC 5545 lines; their EXDATEs become deleted occurrences.
func (s *Server) recurLines(e *mailbox.Event, lines []string) error {
	p, cancelled, err := parseLines(lines, e)
	if err != nil {
		return fmt.Errorf("%w: %w", mailbox.ErrRefused, err)
	}
	if err := s.recur(e, p); err != nil {
		return err
	}
	all := s.seriesOf(e)
	for _, day := range cancelled {
		if it, ok := all.at(day); ok && all.has(day) {
			deleteSlot(it)
		}
	}
	return nil
}

// AddSeries is mailbox.Hands. A rule that Exchange cannot hold is ErrRefused with
// the reason. Exceptions by slot are taken over.
func (s *Server) AddSeries(cal string, e mailbox.Event) (string, error) {
	s.mb.Lock()
	defer s.mb.Unlock()
	c := s.mb.Calendar(cal)
	if c == nil {
		return "", fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, cal)
	}
	n := e.Clone()
	given := n.Exceptions
	n.Exceptions = nil
	if err := s.settle(c, n); err != nil {
		return "", err
	}
	if err := s.recurLines(n, n.Recurrence); err != nil {
		return "", err
	}
	for _, slot := range slices.Sorted(maps.Keys(given)) {
		if err := s.takeOver(c, n, slot, given[slot]); err != nil {
			return "", err
		}
	}
	s.mb.Insert(c, n)
	return n.ID, nil
}

// takeOver makes a given exception one of the series.
func (s *Server) takeOver(c *mailbox.Calendar, master *mailbox.Event, slot string, x *mailbox.Event) error {
	all := s.seriesOf(master)
	day, ok := slotDay(slot, master)
	if !ok || !all.has(day) {
		return fmt.Errorf("%w: %s", mailbox.ErrNoOccurrence, slot)
	}
	it, ok := all.at(day)
	if !ok {
		return nil // an EXDATE has it too
	}
	if x.Deleted || x.Status == "cancelled" {
		deleteSlot(it)
		return nil
	}
	return s.change(c, it, func(e *mailbox.Event) {
		start, end := x.Start, x.End
		for _, put := range fields {
			put(e, x)
		}
		if e.Start, e.End = start, end; start == (mailbox.Moment{}) {
			e.Start, e.End = it.Start, it.End
		}
	})
}

// change edits one occurrence through f, without touching its series.
func (s *Server) change(c *mailbox.Calendar, it item, f func(*mailbox.Event)) error {
	next := it.Clone()
	f(next)
	if next.Deleted {
		deleteSlot(it)
		return nil
	}
	if err := s.settle(c, next); err != nil {
		return err
	}
	if err := s.stays(it, next, s.look().LaterReading); err != nil {
		return refused(err)
	}
	if sameTimes(it.Event, next) {
		next.Start, next.End = it.Start, it.End
	}
	if changed := differences(next, it.Event); len(changed) > 0 {
		setException(it, next, changed)
	}
	return nil
}

// MoveOccurrence is mailbox.Hands.
func (s *Server) MoveOccurrence(cal, id, slot string, by time.Duration) error {
	return s.EditOccurrence(cal, id, slot, func(e *mailbox.Event) {
		for _, m := range []*mailbox.Moment{&e.Start, &e.End} {
			*m = momentAt(wallOf(*m).Add(by), *m, s.look().LaterReading)
		}
	})
}

// EditOccurrence is mailbox.Hands. An occurrence cannot come to the day of its
// neighbours: ErrRefused.
func (s *Server) EditOccurrence(cal, id, slot string, f func(*mailbox.Event)) error {
	return s.onOccurrence(cal, id, slot, func(c *mailbox.Calendar, it item) error {
		if err := s.change(c, it, f); err != nil {
			return err
		}
		s.mb.Touch(c, it.master)
		return nil
	})
}

// CancelOccurrence is mailbox.Hands.
func (s *Server) CancelOccurrence(cal, id, slot string) error {
	return s.onOccurrence(cal, id, slot, func(c *mailbox.Calendar, it item) error {
		deleteSlot(it)
		s.mb.Touch(c, it.master)
		return nil
	})
}

// RestoreOccurrence is mailbox.Hands: Exchange does not offer it, so ErrRefused.
func (s *Server) RestoreOccurrence(cal, id, slot string) error {
	return s.onSlot(cal, id, slot, func(_ *mailbox.Calendar, all series, day int) error {
		if _, there := all.at(day); there {
			return fmt.Errorf("%w: %s was not cancelled", mailbox.ErrNoOccurrence, slot)
		}
		return fmt.Errorf("%w: Exchange brings no deleted occurrence back", mailbox.ErrRefused)
	})
}

// EditSeries is mailbox.Hands. Another time, zone or rule discards what was done
// to single occurrences, as Exchange does.
func (s *Server) EditSeries(cal, id string, f func(*mailbox.Event)) error {
	return s.onSeries(cal, id, func(c *mailbox.Calendar, all series) error {
		return s.editSeries(c, all, f)
	})
}

func (s *Server) editSeries(c *mailbox.Calendar, all series, f func(*mailbox.Event)) error {
	next := all.e.Clone()
	if err := s.rewrite(c, next, all.p, f); err != nil {
		return err
	}
	if next.Deleted {
		s.mb.Remove(c, all.e)
		return nil
	}
	s.replace(c, all.e, next)
	return nil
}

// rewrite lets f change a series that has the pattern p, and works out what
// became of its pattern and its exceptions.
func (s *Server) rewrite(c *mailbox.Calendar, e *mailbox.Event, p pattern, f func(*mailbox.Event)) error {
	before, line := e.Clone(), p.line(e)
	e.Recurrence = []string{line}
	f(e)
	e.ID, e.UID = before.ID, before.UID
	if e.Deleted {
		return nil
	}
	if err := s.settle(c, e); err != nil {
		return err
	}
	lines := e.Recurrence
	if slices.Equal(lines, []string{line}) {
		p.start = dayOf(e.Start)
		if err := s.recur(e, p); err != nil {
			return err
		}
	} else {
		e.Exceptions = nil
		if len(lines) == 0 {
			e.Pattern, e.Recurrence = nil, nil
			return nil
		}
		return s.recurLines(e, lines)
	}
	if before.Pattern == nil || !patternOf(e).same(patternOf(before)) || !sameTimes(before, e) {
		e.Exceptions = nil
	}
	return nil
}

// SplitSeries is mailbox.Hands: the old series ends before the slot, which
// discards its exceptions, and a new one begins.
func (s *Server) SplitSeries(cal, id, slot string, f func(*mailbox.Event)) (tail string, err error) {
	err = s.onSlot(cal, id, slot, func(c *mailbox.Calendar, all series, day int) error {
		if day == all.first {
			tail = id
			return s.editSeries(c, all, f)
		}
		p := all.p
		p.start = day
		if p.count > 0 {
			for d := range all.p.occurrences(all.p.start) {
				if d >= day {
					break
				}
				p.count--
			}
		}
		e := all.e.Clone()
		e.ID, e.UID, e.TransactionID, e.CreatedBy, e.Created = "", "", "", "", time.Time{}
		e.Exceptions, e.Pattern = nil, nil
		e.Start, e.End = all.slot(day)
		if err := s.rewrite(c, e, p, f); err != nil {
			return err
		}
		s.endBefore(c, all, day)
		tail = s.mb.Insert(c, e).ID
		return nil
	})
	return tail, err
}

// endBefore gives the series an end date before the day.
func (s *Server) endBefore(c *mailbox.Calendar, all series, day int) {
	next := all.e.Clone()
	p := all.p
	p.rangeType, p.end, p.count = "endDate", day-1, 0
	next.Pattern, next.Exceptions = p.json(), nil
	s.replace(c, all.e, next)
}

// DeleteFollowing is mailbox.Hands.
func (s *Server) DeleteFollowing(cal, id, slot string) error {
	return s.onSlot(cal, id, slot, func(c *mailbox.Calendar, all series, day int) error {
		if day == all.first {
			s.mb.Remove(c, all.e)
			return nil
		}
		s.endBefore(c, all, day)
		return nil
	})
}

// DeleteSeries is mailbox.Hands.
func (s *Server) DeleteSeries(cal, id string) error {
	return s.onSeries(cal, id, func(c *mailbox.Calendar, all series) error {
		s.mb.Remove(c, all.e)
		return nil
	})
}

// ToSingle is mailbox.Hands.
func (s *Server) ToSingle(cal, id string) error {
	return s.onSeries(cal, id, func(c *mailbox.Calendar, all series) error {
		next := all.e.Clone()
		next.Pattern, next.Exceptions = nil, nil
		s.replace(c, all.e, next)
		return nil
	})
}

// ToSeries is mailbox.Hands. A rule that Exchange cannot hold is ErrRefused.
func (s *Server) ToSeries(cal, id, rule string) error {
	return s.acted(cal, id, func(c *mailbox.Calendar, e *mailbox.Event) error {
		next := e.Clone()
		next.Exceptions = nil
		if err := s.settle(c, next); err != nil {
			return err
		}
		if err := s.recurLines(next, []string{rule}); err != nil {
			return err
		}
		s.replace(c, e, next)
		return nil
	})
}

// Occurrences is mailbox.Hands.
func (s *Server) Occurrences(cal, id string, from, to time.Time) (out []mailbox.Occurrence, err error) {
	err = s.acted(cal, id, func(_ *mailbox.Calendar, e *mailbox.Event) error {
		out = s.seen(e, from, to)
		return nil
	})
	slices.SortStableFunc(out, mailbox.CompareOccurrences)
	return out, err
}

// Agenda is mailbox.Hands.
func (s *Server) Agenda(cal string, from, to time.Time) ([]mailbox.Occurrence, error) {
	s.mb.Lock()
	defer s.mb.Unlock()
	c := s.mb.Calendar(cal)
	if c == nil {
		return nil, fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, cal)
	}
	var out []mailbox.Occurrence
	for _, e := range s.mb.Live(c) {
		out = append(out, s.seen(e, from, to)...)
	}
	slices.SortStableFunc(out, mailbox.CompareOccurrences)
	return out, nil
}

// seen is what of one event belongs to an agenda.
func (s *Server) seen(e *mailbox.Event, from, to time.Time) []mailbox.Occurrence {
	items := []item{whole(e)}
	var all series
	if e.Pattern != nil {
		all = s.seriesOf(e)
		const around = 36 * time.Hour // a date counts in UTC there, in its zone here
		items = all.within(from.Add(-around), to.Add(around))
	}
	var out []mailbox.Occurrence
	for _, it := range items {
		o := mailbox.Occurrence{Series: e.ID, Start: instant(it.Start), End: instant(it.End), AllDay: it.AllDay, Title: it.Title, Place: it.Place}
		if it.AllDay {
			o.Start, o.End = wallOf(it.Start), wallOf(it.End)
		}
		if it.master != nil {
			o.Slot = all.name(it.day)
		}
		if o.Overlaps(from, to) {
			out = append(out, o)
		}
	}
	return out
}
