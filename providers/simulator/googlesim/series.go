package googlesim

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// A series is its master and its exceptions, each an event of its own with its
// own id and version. An instance that nobody changed exists only when it is asked for.

// maxExpansion is how many occurrences of an endless rule are expanded, as
// observed: two years of a daily one. Rules that end have a bound of our own, so
// that an end in the year 4000 is no burden.
const (
	maxExpansion = 730
	maxCounted   = 5000
)

// goneMonths is for how long the instances of a deleted series are reported
// (googleapis/google-api-ruby-client#860).
const goneMonths = 6

var (
	instanceID = regexp.MustCompile(`^(.+)_(\d{8}(?:T\d{6}Z)?)$`)
	tailID     = regexp.MustCompile(`^(.+)_R\d{8}(?:T\d{6})?$`)
)

// stem is what the instance ids of a master begin with: those of a tail that the
// web page split off do not carry its _R part.
func stem(master string) string {
	if m := tailID.FindStringSubmatch(master); m != nil {
		return m[1]
	}
	return master
}

func isMaster(e *mailbox.Event) bool { return len(e.Recurrence) > 0 }

// lookup finds an event, or makes the instance that an id names. Such an
// instance is not stored.
func (s *Server) lookup(cal *mailbox.Calendar, id string) *mailbox.Event {
	if e := cal.Events[id]; e != nil {
		return e
	}
	m := instanceID.FindStringSubmatch(id)
	if m == nil {
		return nil
	}
	if e := instance(cal.Events[m[1]], m[2]); e != nil {
		return e
	}
	for _, tail := range tails(cal, m[1]) {
		if e := instance(tail, m[2]); e != nil {
			return e
		}
	}
	return nil
}

// tails are the series that were split off one with this stem, by id.
func tails(cal *mailbox.Calendar, stem string) []*mailbox.Event {
	var out []*mailbox.Event
	for id, e := range cal.Events {
		if strings.HasPrefix(id, stem+"_R") && tailID.MatchString(id) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

func byID(a, b *mailbox.Event) int { return cmp.Compare(a.ID, b.ID) }

// instance makes the instance at a slot as the master has it; nil if the rule
// has no such slot.
func instance(master *mailbox.Event, slot string) *mailbox.Event {
	if master == nil || !isMaster(master) {
		return nil
	}
	at, err := mailbox.SlotMoment(slot, or(master.Start.Zone, "UTC"))
	if err != nil {
		return nil
	}
	rules, err := master.Rules()
	if err != nil || !rules.Has(at) {
		return nil
	}
	return instanceAt(master, at)
}

func instanceAt(master *mailbox.Event, at mailbox.Moment) *mailbox.Event {
	e := master.Clone()
	e.ID = stem(master.ID) + "_" + at.Slot()
	e.Series, e.Original = master.ID, at
	e.Start, e.End = master.At(at)
	e.Recurrence = nil
	return e
}

// exceptions are the stored instances of a master, by id: edited and cancelled.
func exceptions(cal *mailbox.Calendar, master string) []*mailbox.Event {
	var out []*mailbox.Event
	for _, e := range cal.Events {
		if e.Series == master {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

// masterOf is the master of an exception; nil if this calendar has none, as when
// somebody was invited to one occurrence only.
func masterOf(cal *mailbox.Calendar, e *mailbox.Event) *mailbox.Event {
	if e.Series == "" {
		return nil
	}
	return cal.Events[e.Series]
}

// orphaned: the series was deleted as a whole, and the instance with it.
func orphaned(cal *mailbox.Calendar, e *mailbox.Event) bool {
	m := masterOf(cal, e)
	return m != nil && m.Deleted
}

func dead(cal *mailbox.Calendar, e *mailbox.Event) bool { return e.Deleted || orphaned(cal, e) }

// exclusion: a cancelled instance of a series that lives. Lists always tell of
// it (reference, parameter showDeleted).
func exclusion(cal *mailbox.Calendar, e *mailbox.Event) bool {
	m := masterOf(cal, e)
	return e.Deleted && m != nil && !m.Deleted && isMaster(m)
}

// present is an event as it is answered: an instance of a deleted series is
// cancelled.
func present(cal *mailbox.Calendar, e *mailbox.Event) *mailbox.Event {
	if e.Deleted || !orphaned(cal, e) {
		return e
	}
	e = e.Clone()
	e.Deleted, e.Status = true, "cancelled"
	return e
}

// unchanged are the instances of a master that no exception stands for, whose
// time by the rule touches a window (see inWindow), in order; bounded as the
// service's own expansion is, or all of a window that ends.
func (s *Server) unchanged(cal *mailbox.Calendar, master *mailbox.Event, from, to time.Time, bounded bool) []*mailbox.Event {
	rules, err := master.Rules()
	if err != nil {
		return nil // such a rule came past the API; it shows nothing
	}
	loc := zoneOf(cal)
	var out []*mailbox.Event
	seen := 0
	for at := range rules.Between(widen(master, from, to)) {
		e := instanceAt(master, at)
		if !overlaps(e, from, to, loc) {
			continue
		}
		if cal.Events[e.ID] == nil {
			out = append(out, e)
		}
		if seen++; bounded && (seen == maxCounted || rules.Endless && seen == maxExpansion) {
			break
		}
	}
	return out
}

// widen is a window for starts that misses nothing that overlaps the given one:
// earlier by the series' length, and by a day for dates.
func widen(master *mailbox.Event, from, to time.Time) (time.Time, time.Time) {
	if !from.IsZero() {
		from = from.Add(master.Start.UTC.Sub(master.End.UTC)).Add(-26 * time.Hour)
	}
	if !to.IsZero() {
		to = to.Add(26 * time.Hour)
	}
	return from, to
}

// expanded replaces masters by their unchanged instances; a deleted one by what
// is reported of it.
func (s *Server) expanded(cal *mailbox.Calendar, events []*mailbox.Event, from, to time.Time) []*mailbox.Event {
	var out []*mailbox.Event
	for _, e := range events {
		if !isMaster(e) {
			out = append(out, e)
			continue
		}
		since, until := from, to
		if e.Deleted {
			since = e.Updated
			if from.After(since) {
				since = from
			}
			if end := e.Updated.AddDate(0, goneMonths, 0); until.IsZero() || end.Before(until) {
				until = end
			}
		}
		out = append(out, s.unchanged(cal, e, since, until, true)...)
	}
	return out
}

// visible is all that a person sees in a window: single events and instances,
// those of an exception whose slot is gone included.
func (s *Server) visible(cal *mailbox.Calendar, from, to time.Time) []*mailbox.Event {
	loc := zoneOf(cal)
	var out []*mailbox.Event
	for _, e := range s.Mailbox.Live(cal) {
		switch {
		case orphaned(cal, e):
		case isMaster(e):
			out = append(out, s.unchanged(cal, e, from, to, false)...)
		case overlaps(e, from, to, loc):
			out = append(out, e)
		}
	}
	return out
}

// follow brings the exceptions after a changed master: members that were never
// touched on them follow, the others stay. What becomes of an exception whose
// slot is gone is a switch.
func (c *call) follow(cal *mailbox.Calendar, before, master *mailbox.Event, changed []string) {
	list := exceptions(cal, master.ID)
	switch {
	case !isMaster(before): // a new series begins without a past
		for _, x := range list {
			delete(cal.Events, x.ID)
		}
		return
	case !isMaster(master):
		for _, x := range list {
			if !x.Deleted {
				c.Mailbox.Remove(cal, x)
			}
		}
		return
	}
	rules, err := master.Rules()
	for _, x := range list {
		if c.Switches.DropOrphans && (err != nil || !rules.Has(x.Original)) {
			delete(cal.Events, x.ID)
			continue
		}
		if !x.Deleted && c.followOne(cal, before, master, x, changed) {
			c.Mailbox.Touch(cal, x)
		}
	}
}

// notFollowed are the members that every exception has for itself.
var notFollowed = []string{"start", "end", "recurrence", "status", "sequence", "eventType"}

func (c *call) followOne(cal *mailbox.Calendar, before, master, x *mailbox.Event, changed []string) bool {
	follows := false
	d, from := c.writable(x), c.writable(master)
	for _, name := range changed {
		if slices.Contains(notFollowed, name) || slices.Contains(x.Own, name) {
			continue
		}
		follows = true
		if v, ok := from[name]; ok {
			d[name] = v
		} else {
			delete(d, name)
		}
	}
	// A new length, the start being as it was.
	if slices.Contains(changed, "end") && !slices.Contains(changed, "start") &&
		!slices.Contains(x.Own, "start") && !slices.Contains(x.Own, "end") && before.Start == master.Start {
		_, end := master.At(x.Original)
		d["end"] = writableMoment(end)
		follows = true
	}
	next := x.Clone()
	if !follows || c.read(cal, next, d) != nil {
		return false
	}
	*x = *next
	return true
}

// restrict ignores a visibility of one instance that is less restrictive than it
// was (reference, property visibility); a more restrictive one is spread.
func restrict(e, next *mailbox.Event) {
	rank := func(v string) int {
		return slices.Index([]string{"public", "default", "private", "confidential"}, or(v, "default"))
	}
	if e.Series != "" && rank(next.Sensitivity) < rank(e.Sensitivity) {
		next.Sensitivity = e.Sensitivity
	}
}

// spread gives the visibility of one instance to all of its series.
func (c *call) spread(cal *mailbox.Calendar, e *mailbox.Event) {
	master := masterOf(cal, e)
	if master == nil {
		return
	}
	master.Sensitivity = e.Sensitivity
	c.Mailbox.Touch(cal, master)
	for _, x := range exceptions(cal, master.ID) {
		if x.ID != e.ID && !x.Deleted {
			x.Sensitivity = e.Sensitivity
			c.Mailbox.Touch(cal, x)
		}
	}
}

// keep stores an instance that was made only to be changed.
func (c *call) keep(cal *mailbox.Calendar, e *mailbox.Event) {
	if e.Series == "" {
		return
	}
	if cal.Events[e.ID] == nil {
		cal.Events[e.ID] = e
	}
	if m := masterOf(cal, e); m != nil && c.Switches.InstanceTouchesMaster {
		c.Mailbox.TouchQuietly(cal, m)
	}
}

// died and revived tell of the exceptions of a series that was deleted or came back.
func (c *call) died(cal *mailbox.Calendar, e *mailbox.Event) {
	if c.Switches.ExceptionsTrickle || c.Switches.ExceptionsTrickleAlive {
		c.retell(cal, e)
	}
}

func (c *call) retell(cal *mailbox.Calendar, e *mailbox.Event) {
	for _, x := range exceptions(cal, e.ID) {
		c.Mailbox.TouchQuietly(cal, x)
	}
}
