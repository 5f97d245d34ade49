package graphsim

import (
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// stored are the live events of a calendar as /events lists them: single events
// and masters; exceptions by a switch, as sources disagree.
func (c *call) stored(cal *mailbox.Calendar) []item {
	var out []item
	for _, e := range c.visible(cal) {
		out = append(out, whole(e))
		if e.Pattern != nil && c.s.opts.Switches.ExceptionsInEvents {
			out = append(out, c.series(e).exceptions()...)
		}
	}
	return out
}

// expanded are the single events and occurrences that meet a window.
func (c *call) expanded(cal *mailbox.Calendar, from, to time.Time) []item {
	var out []item
	for _, e := range c.visible(cal) {
		switch {
		case e.Pattern != nil:
			out = append(out, c.series(e).within(from, to)...)
		case overlaps(e, from, to):
			out = append(out, whole(e))
		}
	}
	return out
}

// instances are the occurrences of one series in a window, deleted ones left out
// (Microsoft "List instances").
func (c *call) instances() (*reply, *apiError) {
	if err := c.allowQuery(append([]string{"startDateTime", "endDateTime"}, listParams...)...); err != nil {
		return nil, err
	}
	from, to, err := c.window()
	if err != nil {
		return nil, err
	}
	cal, it, err := c.find(false)
	if err != nil {
		return nil, err
	}
	var in []item
	if it.Pattern != nil {
		in = c.series(it.Event).within(from, to)
	}
	return c.list(cal, in, true)
}

// originalStart is the instant of the slot, whatever became of the occurrence;
// of an all-day one midnight in its zone (microsoftgraph/microsoft-graph-docs#2804).
func (c *call) originalStart(it item) any {
	if it.master == nil {
		return nil
	}
	start, _ := c.series(it.master).slot(it.day)
	return instant(start).Format(stamp)
}

// cancelledOccurrences are the ids that beta calls occurrenceId; v1.0 was seen
// with and without them.
func (c *call) cancelledOccurrences(it item) []any {
	out := []any{}
	if it.Pattern == nil || !c.s.opts.Switches.CancelledOccurrences {
		return out
	}
	for _, day := range c.series(it.Event).cancelled() {
		out = append(out, "OID."+c.id(it)+"."+day)
	}
	return out
}

func (c *call) exceptionOccurrences(cal *mailbox.Calendar, it item) []any {
	out := []any{}
	if it.Pattern == nil {
		return out
	}
	for _, x := range c.series(it.Event).exceptions() {
		out = append(out, c.eventJSON(cal, x))
	}
	return out
}
