package googlesim

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

var _ mailbox.Hands = (*Server)(nil)

// This file is a person in Google's web page. What they do is stored the way a
// request's change is; see mailbox.Hands for what each method means.

// hand is a call that no request made: it mails nobody.
func (s *Server) hand() *call { return &call{Server: s, query: url.Values{}} }

// open finds a calendar and one of its events: a series, or with a slot one of
// its occurrences. The caller holds the lock.
func (s *Server) open(calID, id, slot string) (*mailbox.Calendar, *mailbox.Event, error) {
	cal := s.Mailbox.Calendar(calID)
	if cal == nil {
		return nil, nil, fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, calID)
	}
	e := cal.Events[id]
	if e == nil || dead(cal, e) {
		return nil, nil, fmt.Errorf("%w: %s", mailbox.ErrNoEvent, id)
	}
	if slot == "" {
		return cal, e, nil
	}
	x := cal.Events[stem(id)+"_"+slot]
	if x == nil {
		x = instance(e, slot)
	}
	if x == nil || x.Series != id {
		return nil, nil, fmt.Errorf("%w: %s of %s", mailbox.ErrNoOccurrence, slot, id)
	}
	return cal, x, nil
}

// edit changes a live event, or one occurrence when slot is given. What changes
// nothing writes nothing.
func (s *Server) edit(calID, id, slot string, f func(*mailbox.Event) error) error {
	s.Mailbox.Lock()
	defer s.Mailbox.Unlock()
	cal, e, err := s.open(calID, id, slot)
	if err != nil {
		return err
	}
	if e.Deleted {
		return fmt.Errorf("%w: %s of %s is cancelled", mailbox.ErrNoOccurrence, slot, id)
	}
	next := e.Clone()
	if err := f(next); err != nil {
		return err
	}
	next.ID, next.Series, next.Original, next.Deleted = e.ID, e.Series, e.Original, false
	mailbox.Settle(next, cal)
	if err := s.settleRules(next); err != nil {
		return err
	}
	restrict(e, next)
	changed := difference(s.writable(e), s.writable(next))
	if len(changed) == 0 {
		return nil
	}
	s.hand().store(cal, e, next, changed)
	return nil
}

// settleRules brings the lines of a person into the stored form.
func (s *Server) settleRules(e *mailbox.Event) error {
	if len(e.Recurrence) == 0 {
		return nil
	}
	if e.Series != "" {
		return fmt.Errorf("%w: an occurrence has no rule", mailbox.ErrRefused)
	}
	if err := s.setRecurrence(e, slices.Clone(e.Recurrence)); err != nil {
		return fmt.Errorf("%w: %w", mailbox.ErrRefused, err)
	}
	return nil
}

// AddSeries implements mailbox.Hands.
func (s *Server) AddSeries(calID string, e mailbox.Event) (string, error) {
	s.Mailbox.Lock()
	defer s.Mailbox.Unlock()
	cal := s.Mailbox.Calendar(calID)
	if cal == nil {
		return "", fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, calID)
	}
	n := e.Clone()
	mailbox.Settle(n, cal)
	if len(n.Recurrence) == 0 {
		return "", fmt.Errorf("%w: a series without a rule", mailbox.ErrRefused)
	}
	if err := s.settleRules(n); err != nil {
		return "", err
	}
	return s.Mailbox.Insert(cal, n).ID, nil
}

// MoveOccurrence implements mailbox.Hands.
func (s *Server) MoveOccurrence(cal, id, slot string, by time.Duration) error {
	return s.edit(cal, id, slot, func(e *mailbox.Event) error { return e.Drag(by) })
}

// EditOccurrence implements mailbox.Hands.
func (s *Server) EditOccurrence(cal, id, slot string, f func(*mailbox.Event)) error {
	return s.edit(cal, id, slot, func(e *mailbox.Event) error { f(e); return nil })
}

// CancelOccurrence implements mailbox.Hands.
func (s *Server) CancelOccurrence(calID, id, slot string) error {
	return s.with(calID, id, slot, func(c *call, cal *mailbox.Calendar, e *mailbox.Event) error {
		if e.Deleted {
			return fmt.Errorf("%w: %s of %s is cancelled", mailbox.ErrNoOccurrence, slot, id)
		}
		c.remove(cal, e)
		return nil
	})
}

// RestoreOccurrence implements mailbox.Hands: out of the trash, as it was.
func (s *Server) RestoreOccurrence(calID, id, slot string) error {
	return s.with(calID, id, slot, func(c *call, cal *mailbox.Calendar, e *mailbox.Event) error {
		if !e.Deleted {
			return fmt.Errorf("%w: %s of %s is not in the trash", mailbox.ErrNoOccurrence, slot, id)
		}
		e.Deleted, e.Status = false, "confirmed"
		c.keep(cal, e)
		c.Mailbox.Touch(cal, e)
		return nil
	})
}

// EditSeries implements mailbox.Hands.
func (s *Server) EditSeries(cal, id string, f func(*mailbox.Event)) error {
	return s.edit(cal, id, "", func(e *mailbox.Event) error { f(e); return nil })
}

// ToSingle implements mailbox.Hands.
func (s *Server) ToSingle(cal, id string) error {
	return s.edit(cal, id, "", func(e *mailbox.Event) error {
		rules, err := e.Rules()
		if err != nil {
			return err
		}
		if first, ok := rules.First(); ok {
			e.Start, e.End = e.At(first)
		}
		e.Recurrence = nil
		return nil
	})
}

// ToSeries implements mailbox.Hands.
func (s *Server) ToSeries(cal, id, rule string) error {
	return s.edit(cal, id, "", func(e *mailbox.Event) error { e.Recurrence = []string{rule}; return nil })
}

// DeleteSeries implements mailbox.Hands.
func (s *Server) DeleteSeries(calID, id string) error {
	return s.with(calID, id, "", func(c *call, cal *mailbox.Calendar, e *mailbox.Event) error {
		c.remove(cal, e)
		return nil
	})
}

// DeleteFollowing implements mailbox.Hands. Later exceptions go with their
// slots, and increments tell of them.
func (s *Server) DeleteFollowing(calID, id, slot string) error {
	return s.with(calID, id, slot, func(c *call, cal *mailbox.Calendar, x *mailbox.Event) error {
		master := cal.Events[id]
		head, _, err := cutRules(master, x.Original)
		if errors.Is(err, errFirstSlot) {
			c.remove(cal, master)
			return nil
		} else if err != nil {
			return err
		}
		c.trim(cal, master, head)
		for _, y := range exceptions(cal, id) {
			if !y.Deleted && !y.Original.UTC.Before(x.Original.UTC) {
				c.remove(cal, y)
			}
		}
		return nil
	})
}

// SplitSeries implements mailbox.Hands. The new series gets the id that the web
// page gives it and all that the old one carried, private properties included.
func (s *Server) SplitSeries(calID, id, slot string, f func(*mailbox.Event)) (tail string, err error) {
	err = s.with(calID, id, slot, func(c *call, cal *mailbox.Calendar, x *mailbox.Event) error {
		master := cal.Events[id]
		head, rest, err := cutRules(master, x.Original)
		if err != nil {
			return err
		}
		next := master.Clone()
		next.ID = stem(id) + "_R" + strings.TrimSuffix(x.Original.Slot(), "Z")
		next.UID, next.Created, next.Sequence = "", time.Time{}, 0
		next.Start, next.End = master.At(x.Original)
		next.Recurrence = rest
		keep := *next
		if f != nil {
			f(next)
		}
		next.ID, next.UID = keep.ID, ""
		mailbox.Settle(next, cal)
		if err := c.settleRules(next); err != nil {
			return err
		}
		tail = next.ID
		c.trim(cal, master, head)
		c.Mailbox.Insert(cal, next)
		c.handOver(cal, master, next, x.Original)
		return nil
	})
	if errors.Is(err, errFirstSlot) {
		return id, s.EditSeries(calID, id, f)
	}
	return tail, err
}

// handOver settles the exceptions from a slot on, whose series was split there:
// they are reset, or go to the new series with their slots.
func (c *call) handOver(cal *mailbox.Calendar, master, tail *mailbox.Event, from mailbox.Moment) {
	rules, err := tail.Rules()
	for _, x := range exceptions(cal, master.ID) {
		if x.Original.UTC.Before(from.UTC) {
			continue
		}
		fits := err == nil && rules.Has(x.Original)
		switch {
		case fits && c.Switches.SplitKeepsExceptions:
			x.Series, x.UID = tail.ID, tail.UID // all occurrences of a series share its iCalUID
			c.Mailbox.Touch(cal, x)
		case fits:
			delete(cal.Events, x.ID) // the id is now that of an instance of the tail
		case !x.Deleted:
			c.remove(cal, x)
		}
	}
}

// trim gives a series fewer occurrences.
func (c *call) trim(cal *mailbox.Calendar, e *mailbox.Event, rules []string) {
	e.Recurrence = rules
	e.Sequence++
	c.Mailbox.Touch(cal, e)
}

// remove deletes an event or an occurrence.
func (c *call) remove(cal *mailbox.Calendar, e *mailbox.Event) {
	c.keep(cal, e)
	c.Mailbox.Remove(cal, e)
	c.died(cal, e)
}

// with runs f on a live series, or on one of its occurrences.
func (s *Server) with(calID, id, slot string, f func(*call, *mailbox.Calendar, *mailbox.Event) error) error {
	s.Mailbox.Lock()
	defer s.Mailbox.Unlock()
	cal, e, err := s.open(calID, id, slot)
	if err != nil {
		return err
	}
	return f(s.hand(), cal, e)
}

// errFirstSlot: there is nothing before the slot.
var errFirstSlot = errors.New("googlesim: the first occurrence")

// cutRules divides the lines of a series at a slot: head ends a second (or a
// day) before it, rest begins there with what is left of COUNT.
func cutRules(master *mailbox.Event, at mailbox.Moment) (head, rest []string, err error) {
	rules, err := master.Rules()
	if err != nil {
		return nil, nil, err
	}
	if first, ok := rules.First(); !ok || !first.UTC.Before(at.UTC) {
		return nil, nil, errFirstSlot
	}
	until := "UNTIL=" + at.UTC.Add(-time.Second).Format("20060102T150405Z")
	if at.Date != "" {
		until = "UNTIL=" + at.UTC.AddDate(0, 0, -1).Format("20060102")
	}
	for _, line := range master.Recurrence {
		name, value, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(name, "RRULE"):
			var h, r []string
			for p := range strings.SplitSeq(value, ";") {
				var count int
				if n, _ := fmt.Sscanf(p, "COUNT=%d", &count); n == 1 {
					r = append(r, fmt.Sprintf("COUNT=%d", max(1, count-rules.Before(at))))
					continue
				}
				r = append(r, p)
				if !strings.HasPrefix(p, "UNTIL=") {
					h = append(h, p)
				}
			}
			head = append(head, name+":"+strings.Join(append(h, until), ";"))
			rest = append(rest, name+":"+strings.Join(r, ";"))
		case strings.HasPrefix(name, "RDATE"):
			h, r := cutDates(master, name, value, at)
			head, rest = append(head, h...), append(rest, r...)
		default:
			head, rest = append(head, line), append(rest, line)
		}
	}
	return head, rest, nil
}

// cutDates divides an RDATE line at a slot.
func cutDates(master *mailbox.Event, name, value string, at mailbox.Moment) (head, rest []string) {
	var h, r []string
	for item := range strings.SplitSeq(value, ",") {
		one := *master
		one.Recurrence = []string{name + ":" + item}
		later := false
		if rules, err := one.Rules(); err == nil {
			for m := range rules.Between(at.UTC, time.Time{}) {
				later = later || !m.UTC.Equal(master.Start.UTC)
			}
		}
		if later {
			r = append(r, item)
		} else {
			h = append(h, item)
		}
	}
	if h != nil {
		head = []string{name + ":" + strings.Join(h, ",")}
	}
	if r != nil {
		rest = []string{name + ":" + strings.Join(r, ",")}
	}
	return head, rest
}

// Occurrences implements mailbox.Hands.
func (s *Server) Occurrences(calID, id string, from, to time.Time) ([]mailbox.Occurrence, error) {
	s.Mailbox.Lock()
	defer s.Mailbox.Unlock()
	cal, _, err := s.open(calID, id, "")
	if err != nil {
		return nil, err
	}
	return s.seen(cal, from, to, func(e *mailbox.Event) bool { return e.ID == id || e.Series == id }), nil
}

// Agenda implements mailbox.Hands.
func (s *Server) Agenda(calID string, from, to time.Time) ([]mailbox.Occurrence, error) {
	s.Mailbox.Lock()
	defer s.Mailbox.Unlock()
	cal := s.Mailbox.Calendar(calID)
	if cal == nil {
		return nil, fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, calID)
	}
	return s.seen(cal, from, to, func(*mailbox.Event) bool { return true }), nil
}

func (s *Server) seen(cal *mailbox.Calendar, from, to time.Time, of func(*mailbox.Event) bool) []mailbox.Occurrence {
	out := []mailbox.Occurrence{}
	// Wider by a day on both sides: there dates count by the calendar's zone.
	for _, e := range s.visible(cal, from.Add(-26*time.Hour), to.Add(26*time.Hour)) {
		o := mailbox.Occurrence{
			Series: or(e.Series, e.ID), Start: e.Start.UTC, End: e.End.UTC,
			AllDay: e.Start.Date != "", Title: e.Title, Place: e.Place,
		}
		if e.Series != "" {
			o.Slot = e.Original.Slot()
		}
		if of(e) && o.Overlaps(from, to) {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, mailbox.CompareOccurrences)
	return out
}
