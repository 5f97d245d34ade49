package mailbox

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// This file is 'another client': what a person does to the calendar elsewhere,
// in the service's own web page or on a telephone. All of it takes the lock. It
// is for single events; what a person does to a series is Hands.

// ErrNoCalendar and ErrNoEvent say what an edit did not find.
var (
	ErrNoCalendar = errors.New("mailbox: no such calendar")
	ErrNoEvent    = errors.New("mailbox: no such event")
)

// AddCalendar adds a calendar and fills what is empty (see InsertCalendar).
func (m *Mailbox) AddCalendar(c Calendar) *Calendar {
	m.Lock()
	defer m.Unlock()
	return m.InsertCalendar(&c)
}

// AddEvent stores an event and fills what is empty (see Insert). It returns a
// copy, or nil if there is no such calendar. A Moment may lack its UTC.
func (m *Mailbox) AddEvent(calID string, e Event) *Event {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return nil
	}
	n := e.Clone()
	Settle(n, c)
	return m.Insert(c, n).Clone()
}

// EditEvent changes a live event through f. Setting Deleted in f deletes it;
// the id cannot be changed. The sequence grows when the time or the place
// changed, as RFC 5546 section 2.1.4 asks of an organizer.
func (m *Mailbox) EditEvent(calID, id string, f func(*Event)) error {
	return m.change(calID, id, func(c *Calendar, e *Event) {
		before := *e
		f(e)
		e.ID = before.ID
		Settle(e, c)
		if e.Start != before.Start || e.End != before.End || e.Place != before.Place {
			e.Sequence++
		}
		if e.Deleted {
			m.Remove(c, e)
			return
		}
		m.Touch(c, e)
	})
}

// DeleteEvent makes a live event a tombstone.
func (m *Mailbox) DeleteEvent(calID, id string) error {
	return m.change(calID, id, func(c *Calendar, e *Event) { m.Remove(c, e) })
}

// RestoreEvent takes a tombstone out of the trash: the same id is live again.
func (m *Mailbox) RestoreEvent(calID, id string) error {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
	}
	e := c.Events[id]
	if e == nil || !e.Deleted {
		return fmt.Errorf("%w in the trash: %s", ErrNoEvent, id)
	}
	e.Deleted, e.Status = false, "confirmed"
	m.Touch(c, e)
	return nil
}

// MoveEvent moves a live event to another calendar; a tombstone stays behind.
func (m *Mailbox) MoveEvent(from, to, id string) error {
	return m.change(from, id, func(c *Calendar, e *Event) {
		if dest := m.Calendar(to); dest != nil && dest != c {
			m.Transfer(c, dest, e)
		}
	})
}

// TouchOnly gives a live event a new version though nothing in it changed, as a
// service does when it rewrites what it stores.
func (m *Mailbox) TouchOnly(calID, id string) error {
	return m.change(calID, id, func(c *Calendar, e *Event) { m.Touch(c, e) })
}

// RewriteNotes does to the description what an edit in Google's web page does to
// a plain text: line breaks and special characters become HTML (kidd/org-gcal.el#276).
func (m *Mailbox) RewriteNotes(calID, id string) error {
	return m.change(calID, id, func(c *Calendar, e *Event) {
		e.Body = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r\n", "<br>", "\n", "<br>", "  ", "&nbsp; ").Replace(e.Body)
		m.Touch(c, e)
	})
}

// Respond sets one guest's answer ("accepted", "declined", ...).
func (m *Mailbox) Respond(calID, id, email, response string) error {
	return m.change(calID, id, func(c *Calendar, e *Event) {
		for i := range e.Attendees {
			if e.Attendees[i].Email == email {
				e.Attendees[i].Response = response
			}
		}
		m.Touch(c, e)
	})
}

// Events returns copies of the live events of a calendar, in the order of their
// last changes; nil if there is no such calendar.
func (m *Mailbox) Events(calID string) []Event {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return nil
	}
	live := m.Live(c)
	out := make([]Event, len(live))
	for i, e := range live {
		out[i] = *e.Clone()
	}
	return out
}

// Event returns a copy of an event, tombstone or not; nil if it never existed.
func (m *Mailbox) Event(calID, id string) *Event {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return nil
	}
	return c.Events[id].Clone()
}

// SetRole changes what the account may do in a calendar. Cursors expire with
// it: Google's guide 'Synchronize resources efficiently' names changes of the
// access rights as a cause of a full sync.
func (m *Mailbox) SetRole(calID, role string) error {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
	}
	c.Role = role
	m.TouchCalendar(c) // not the entry: changes of ACLs do not show in calendarList increments
	m.Expire(c)
	return nil
}

// SetListed takes a calendar off the account's list or puts it back there, and nothing
// else (Google reference of calendarList.delete: 'Removes a calendar from the user's
// calendar list'; its events stay where they are).
func (m *Mailbox) SetListed(calID string, listed bool) error {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
	}
	c.Unlisted = !listed
	m.TouchEntry(c)
	return nil
}

// Rename gives a calendar another name.
func (m *Mailbox) Rename(calID, name string) error {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
	}
	c.Name = name
	m.TouchCalendar(c) // not the entry: a title is read-only there, and no increment tells of it
	return nil
}

// Unsubscribe takes a calendar from the account: it is gone for every call.
func (m *Mailbox) Unsubscribe(calID string) error {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
	}
	m.RemoveCalendar(c)
	return nil
}

// Resubscribe brings a calendar back that was unsubscribed: it holds what it held.
func (m *Mailbox) Resubscribe(calID string) error {
	m.Lock()
	defer m.Unlock()
	for _, c := range m.Calendars {
		if c.ID == calID && c.Deleted {
			c.Deleted = false
			m.TouchCalendar(c)
			m.TouchEntry(c)
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
}

// ExpireCursors makes every cursor into the calendar invalid (410).
func (m *Mailbox) ExpireCursors(calID string) error {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
	}
	m.Expire(c)
	return nil
}

func (m *Mailbox) change(calID, id string, f func(*Calendar, *Event)) error {
	m.Lock()
	defer m.Unlock()
	c := m.Calendar(calID)
	if c == nil {
		return fmt.Errorf("%w: %s", ErrNoCalendar, calID)
	}
	e := c.Events[id]
	if e == nil || e.Deleted {
		return fmt.Errorf("%w: %s", ErrNoEvent, id)
	}
	f(c, e)
	return nil
}

// Settle makes the instants of an event fit its wall clocks, and AllDay its
// dates: a person who writes a test gives only the text.
func Settle(e *Event, c *Calendar) {
	for _, m := range []*Moment{&e.Start, &e.End, &e.Original} {
		text, zone := m.Date, m.Zone
		if text == "" {
			text = m.Local
		}
		if zone == "" {
			zone = c.Zone
		}
		if text == "" && !m.UTC.IsZero() {
			if loc, err := LoadZone(zone); err == nil {
				text = m.UTC.In(loc).Format("2006-01-02T15:04:05")
			}
		}
		if at, err := At(text, zone); err == nil {
			// The hour that comes twice: keep a given instant with this wall clock.
			if !m.UTC.IsZero() && at.Date == "" && sameWall(m.UTC, at) {
				at.UTC = m.UTC
			}
			*m = at
		}
	}
	e.AllDay = e.Start.Date != ""
}

// sameWall reports whether an instant reads as the moment's wall clock.
func sameWall(t time.Time, m Moment) bool {
	loc, err := LoadZone(m.Zone)
	return err == nil && t.In(loc).Format("2006-01-02T15:04:05") == m.Local
}
