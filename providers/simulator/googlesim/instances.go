package googlesim

import (
	"slices"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// instances lists the occurrences of a series; those of a single event or of an
// instance are the event itself, unless it is cancelled.
func (c *call) instances() (any, error) {
	cal, err := c.calendar(c.vars["calendarId"])
	if err != nil {
		return nil, err
	}
	e := c.lookup(cal, c.vars["eventId"])
	if e == nil {
		return nil, notFound()
	}
	v, err := c.view(cal)
	if err != nil {
		return nil, err
	}
	l := listQuery{showDeleted: c.query.Get("showDeleted") == "true", single: true}
	if c.query.Get("pageToken") != "" {
		p, err := c.turnPage()
		if err != nil {
			return nil, err
		}
		return c.eventsPage(cal, p, l, v)
	}
	list := []*mailbox.Event{e}
	if isMaster(e) {
		if list, err = c.instancesOf(cal, e); err != nil {
			return nil, err
		}
	}
	p := &page{query: c.queryHash("pageToken")}
	for _, x := range list {
		if l.showDeleted || !dead(cal, x) {
			p.ids = append(p.ids, x.ID)
		}
	}
	p.empty = c.Switches.EmptyPages && len(p.ids) > 0
	return c.eventsPage(cal, p, l, v)
}

// instancesOf are the instances of a master that the parameters ask for, in the
// order of their slots: the rule's, and all exceptions, those whose slot is gone
// included.
func (c *call) instancesOf(cal *mailbox.Calendar, master *mailbox.Event) ([]*mailbox.Event, error) {
	from, err := parseInstant("timeMin", c.query.Get("timeMin"))
	if err != nil {
		return nil, err
	}
	to, err := parseInstant("timeMax", c.query.Get("timeMax"))
	if err != nil {
		return nil, err
	}
	if !from.IsZero() && !to.IsZero() && !to.After(from) {
		return nil, timeRangeEmpty("timeMax")
	}
	if !from.IsZero() {
		from = from.Add(-time.Nanosecond) // the bound is inclusive here
	}
	loc := zoneOf(cal)
	list := c.unchanged(cal, master, from, to, true)
	for _, x := range exceptions(cal, master.ID) {
		if overlaps(x, from, to, loc) {
			list = append(list, x)
		}
	}
	if text := c.query.Get("originalStart"); text != "" {
		is, err := originalStart(text)
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(e *mailbox.Event) bool { return !is(e.Original) })
	}
	slices.SortStableFunc(list, func(a, b *mailbox.Event) int { return a.Original.UTC.Compare(b.Original.UTC) })
	return list, nil
}

// originalStart reads the parameter: an instant, or a date for all-day events.
func originalStart(text string) (func(mailbox.Moment) bool, error) {
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return func(m mailbox.Moment) bool { return m.Date == text }, nil
	}
	at, err := parseInstant("originalStart", text)
	if err != nil {
		return nil, err
	}
	return func(m mailbox.Moment) bool { return m.Date == "" && m.UTC.Equal(at) }, nil
}
