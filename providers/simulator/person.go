package simulator

import (
	"fmt"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// Occurrence is one meeting in a person's view; see mailbox.Occurrence.
type Occurrence = mailbox.Occurrence

// This file is a person in the service's own app, for series; single events are
// changed through the Mailbox. mailbox.Hands says what each of it means, and
// which errors it gives.

// hands are the service's, if it has them.
func (s *Simulator) hands() (mailbox.Hands, error) {
	h, ok := s.api.(mailbox.Hands)
	if !ok {
		return nil, fmt.Errorf("simulator: %s: %w: series", s.service, mailbox.ErrRefused)
	}
	return h, nil
}

// Hands are the person as a whole, for a test that hands them on.
func (s *Simulator) Hands() (mailbox.Hands, error) { return s.hands() }

// AddSeries stores a series; e.Recurrence holds RFC 5545 lines.
func (s *Simulator) AddSeries(cal string, e mailbox.Event) (id string, err error) {
	h, err := s.hands()
	if err != nil {
		return "", err
	}
	return h.AddSeries(cal, e)
}

// MoveOccurrence drags one occurrence by the wall clock.
func (s *Simulator) MoveOccurrence(cal, id, slot string, by time.Duration) error {
	return s.act(func(h mailbox.Hands) error { return h.MoveOccurrence(cal, id, slot, by) })
}

// EditOccurrence changes one occurrence through f.
func (s *Simulator) EditOccurrence(cal, id, slot string, f func(*mailbox.Event)) error {
	return s.act(func(h mailbox.Hands) error { return h.EditOccurrence(cal, id, slot, f) })
}

// CancelOccurrence deletes one occurrence.
func (s *Simulator) CancelOccurrence(cal, id, slot string) error {
	return s.act(func(h mailbox.Hands) error { return h.CancelOccurrence(cal, id, slot) })
}

// RestoreOccurrence takes a cancelled occurrence back.
func (s *Simulator) RestoreOccurrence(cal, id, slot string) error {
	return s.act(func(h mailbox.Hands) error { return h.RestoreOccurrence(cal, id, slot) })
}

// EditSeries changes 'all events' through f.
func (s *Simulator) EditSeries(cal, id string, f func(*mailbox.Event)) error {
	return s.act(func(h mailbox.Hands) error { return h.EditSeries(cal, id, f) })
}

// SplitSeries changes 'this and following events' through f.
func (s *Simulator) SplitSeries(cal, id, slot string, f func(*mailbox.Event)) (tailID string, err error) {
	h, err := s.hands()
	if err != nil {
		return "", err
	}
	return h.SplitSeries(cal, id, slot, f)
}

// DeleteFollowing ends the series before the slot.
func (s *Simulator) DeleteFollowing(cal, id, slot string) error {
	return s.act(func(h mailbox.Hands) error { return h.DeleteFollowing(cal, id, slot) })
}

// DeleteSeries deletes 'all events'.
func (s *Simulator) DeleteSeries(cal, id string) error {
	return s.act(func(h mailbox.Hands) error { return h.DeleteSeries(cal, id) })
}

// ToSingle makes a series one event under the same id.
func (s *Simulator) ToSingle(cal, id string) error {
	return s.act(func(h mailbox.Hands) error { return h.ToSingle(cal, id) })
}

// ToSeries makes a single event a series under the same id.
func (s *Simulator) ToSeries(cal, id, rule string) error {
	return s.act(func(h mailbox.Hands) error { return h.ToSeries(cal, id, rule) })
}

// Occurrences are what the person sees of one series between two moments.
func (s *Simulator) Occurrences(cal, id string, from, to time.Time) ([]Occurrence, error) {
	h, err := s.hands()
	if err != nil {
		return nil, err
	}
	return h.Occurrences(cal, id, from, to)
}

// Agenda is everything that the person sees in a calendar between two moments.
func (s *Simulator) Agenda(cal string, from, to time.Time) ([]Occurrence, error) {
	h, err := s.hands()
	if err != nil {
		return nil, err
	}
	return h.Agenda(cal, from, to)
}

func (s *Simulator) act(f func(mailbox.Hands) error) error {
	h, err := s.hands()
	if err != nil {
		return err
	}
	return f(h)
}
