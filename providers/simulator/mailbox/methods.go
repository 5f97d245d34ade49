package mailbox

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// New returns a mailbox with one primary calendar, which has the owner's
// address as its id, as Google has it. The zone is an IANA name; now is the
// clock of the whole mailbox.
func New(owner Person, zone string, now func() time.Time) *Mailbox {
	m := &Mailbox{Owner: owner, Zone: zone, Now: now}
	m.EventID = func() string { return m.NewID(26) }
	m.EventUID = func(id string) string { return id + "@google.com" }
	m.CalendarID = func() string { return m.NewID(52) + "@group.calendar.google.com" }
	m.InsertCalendar(&Calendar{ID: owner.Email, Name: owner.Email, Primary: true})
	return m
}

// Lock takes the mailbox for reading or changing.
func (m *Mailbox) Lock() { m.mu.Lock() }

// Unlock gives it back.
func (m *Mailbox) Unlock() { m.mu.Unlock() }

// Calendar returns the calendar with this id, or the primary one for "primary";
// nil if there is none or it was deleted. The caller holds the lock.
func (m *Mailbox) Calendar(id string) *Calendar {
	for _, c := range m.Calendars {
		if !c.Deleted && (c.ID == id || id == "primary" && c.Primary) {
			return c
		}
	}
	return nil
}

// InsertCalendar adds a calendar and fills what is empty: id, zone (the
// mailbox's), role ("owner"). The caller holds the lock.
func (m *Mailbox) InsertCalendar(c *Calendar) *Calendar {
	if c.ID == "" {
		c.ID = m.CalendarID()
	}
	if c.Zone == "" {
		c.Zone = m.Zone
	}
	if c.Role == "" {
		c.Role = "owner"
	}
	if c.Events == nil {
		c.Events = map[string]*Event{}
	}
	c.Change = m.bump()
	c.EntryChange = c.Change
	m.Calendars = append(m.Calendars, c)
	return c
}

// NewID mints the next id: n characters of lower-case base32hex (at most 52),
// the same ones in every run and others for every owner.
func (m *Mailbox) NewID(n int) string {
	m.minted++
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(m.Owner.Email+"\x00"), m.minted))
	id := strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
	return id[:min(n, len(id))]
}

// Seq is the number of the last change in the whole mailbox. The caller holds
// the lock.
func (m *Mailbox) Seq() uint64 { return m.seq }

func (m *Mailbox) bump() uint64 { m.seq++; return m.seq }

// Insert stores a new event and fills what is empty: id, UID, times, status,
// type, organizer and creator (the owner). It logs the change. An event or a
// tombstone under the same id is replaced: callers check for it first. The
// caller holds the lock.
func (m *Mailbox) Insert(c *Calendar, e *Event) *Event {
	if e.ID == "" {
		e.ID = m.EventID()
	}
	if e.UID == "" {
		e.UID = m.EventUID(e.ID)
	}
	if e.Created.IsZero() {
		e.Created = m.Now().UTC()
	}
	if e.Status == "" {
		e.Status = "confirmed"
	}
	if e.Type == "" {
		e.Type = "default"
	}
	if e.Organizer == (Person{}) {
		e.Organizer = m.organizerOf(c)
	}
	if e.Creator == (Person{}) {
		e.Creator = m.Owner
	}
	c.Events[e.ID] = e
	m.Touch(c, e)
	return e
}

// organizerOf is who organises what is made in a calendar: the owner in the
// primary one, the calendar itself in a secondary one.
func (m *Mailbox) organizerOf(c *Calendar) Person {
	if c.Primary {
		return m.Owner
	}
	return Person{Name: c.Name, Email: c.ID}
}

// Touch records that an event changed: a new Change number (so a new etag), a
// new Updated, an entry in the calendar's log. It returns the number. The
// caller holds the lock.
func (m *Mailbox) Touch(c *Calendar, e *Event) uint64 {
	e.Updated = m.Now().UTC()
	return m.TouchQuietly(c, e)
}

// TouchQuietly is Touch without a new Updated, as Google does for a change of
// reminders (discovery document, property 'updated'). The caller holds the lock.
func (m *Mailbox) TouchQuietly(c *Calendar, e *Event) uint64 {
	e.Change = m.bump()
	c.Log = append(c.Log, Change{Seq: e.Change, EventID: e.ID, Time: m.Now()})
	return e.Change
}

// TouchUnlogged gives an event a new Change number that no increment tells of.
// The caller holds the lock.
func (m *Mailbox) TouchUnlogged(e *Event) uint64 {
	e.Change = m.bump()
	return e.Change
}

// TouchCalendar records that a calendar itself changed, not the account's entry
// for it. The caller holds the lock.
func (m *Mailbox) TouchCalendar(c *Calendar) { c.Change = m.bump() }

// RemoveCalendar takes a calendar from the account. The caller holds the lock.
func (m *Mailbox) RemoveCalendar(c *Calendar) {
	c.Deleted = true
	m.TouchCalendar(c)
	m.TouchEntry(c)
}

// TouchEntry records that only the account's entry for a calendar changed. The
// caller holds the lock.
func (m *Mailbox) TouchEntry(c *Calendar) { c.EntryChange = m.bump() }

// Remove makes an event a tombstone: its content stays, its id stays taken. The
// caller holds the lock.
func (m *Mailbox) Remove(c *Calendar, e *Event) uint64 {
	e.Deleted, e.Status = true, "cancelled"
	return m.Touch(c, e)
}

// Transfer moves an event to another calendar under the same id, a series with
// its exceptions; a tombstone stays behind. It returns the event at its new
// place. The caller holds the lock and has checked that the id is free there.
func (m *Mailbox) Transfer(from, to *Calendar, e *Event) *Event {
	moved := e.Clone()
	moved.Organizer = m.organizerOf(to)
	m.Remove(from, e)
	to.Events[moved.ID] = moved
	m.Touch(to, moved)
	for _, x := range m.All(from) {
		if x.Series == e.ID {
			x = x.Clone()
			x.Organizer = moved.Organizer
			to.Events[x.ID] = x
			m.Touch(to, x)
		}
	}
	return moved
}

// ChangesSince returns every event (tombstones too) that changed after seq,
// each once and in its newest state, in the order of their last changes. The
// events are the stored ones: copy before changing. The caller holds the lock.
func (m *Mailbox) ChangesSince(c *Calendar, seq uint64) []*Event {
	return m.ChangesBetween(c, seq, m.seq)
}

// ChangesBetween is ChangesSince as it was when until was the last change: an
// event that changed again after that is left out, its time will come.
func (m *Mailbox) ChangesBetween(c *Calendar, since, until uint64) []*Event {
	first := sort.Search(len(c.Log), func(i int) bool { return c.Log[i].Seq > since })
	seen := map[string]bool{}
	var out []*Event
	for _, ch := range slices.Backward(c.Log[first:]) {
		// Only the entry of an event's last change counts.
		if seen[ch.EventID] {
			continue
		}
		seen[ch.EventID] = true
		if e := c.Events[ch.EventID]; e != nil && ch.Seq <= until {
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out
}

// Live returns the events of a calendar that are not deleted, in the order of
// their last changes. They are the stored ones. The caller holds the lock.
func (m *Mailbox) Live(c *Calendar) []*Event {
	return slices.DeleteFunc(m.All(c), func(e *Event) bool { return e.Deleted })
}

// All returns the events and tombstones of a calendar in the order of their
// last changes. They are the stored ones. The caller holds the lock.
func (m *Mailbox) All(c *Calendar) []*Event {
	out := make([]*Event, 0, len(c.Events))
	for _, e := range c.Events {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *Event) int {
		if a.Change < b.Change {
			return -1
		}
		return 1
	})
	return out
}

// Expire makes every cursor into the calendar that was handed out so far
// invalid. The caller holds the lock.
func (m *Mailbox) Expire(c *Calendar) { c.OldestCursor = m.bump() }

// Send puts a mail into the outbox, unless it would go to the mailbox's own
// owner: a service never writes to the person who acts. It reports whether the
// mail was sent. The caller holds the lock.
func (m *Mailbox) Send(mail Mail) bool {
	if mail.To == "" || strings.EqualFold(mail.To, m.Owner.Email) {
		return false
	}
	if mail.Time.IsZero() {
		mail.Time = m.Now().UTC()
	}
	m.Outbox = append(m.Outbox, mail)
	return true
}

// Mails returns a copy of the outbox. It takes the lock.
func (m *Mailbox) Mails() []Mail {
	m.Lock()
	defer m.Unlock()
	return slices.Clone(m.Outbox)
}

// At returns the moment of a wall clock ("2006-01-02T15:04:05") in an IANA
// zone, or, for a bare date, that of an all-day boundary, whose UTC is midnight
// UTC of the date and only good for ordering. Clock times that a change of the
// clocks skips or repeats are read as RFC 5545 section 3.3.5 says.
func At(text, zone string) (Moment, error) {
	if len(text) == len(time.DateOnly) {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return Moment{}, fmt.Errorf("mailbox: date %q: %w", text, err)
		}
		return Moment{Date: text, UTC: t}, nil
	}
	t, err := instant(text, zone)
	if err != nil {
		return Moment{}, fmt.Errorf("mailbox: time %q in %q: %w", text, zone, err)
	}
	return Moment{Local: text, Zone: zone, UTC: t}, nil
}
