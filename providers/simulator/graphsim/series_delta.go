package graphsim

import (
	"slices"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// unit is one item of a delta round. One change of a series has several: its
// master, in full even when its own dates lie outside the window, exceptions in
// full, and the other occurrences as stubs (microsoftgraph/microsoft-graph-docs#7632).
type unit struct {
	item
	removed bool
	part    int  // its number among those of the change, from 1
	last    bool // of the change
}

// deltaUnits are the units of the next page. Those of one series may be split
// over pages; by a switch they are not, as a pull request to Microsoft's
// documentation has it (#4501).
func (c *call) deltaUnits(cal *mailbox.Calendar, t token, size int) (page []unit, more bool) {
	var events []*mailbox.Event
	if t.First {
		events = slices.DeleteFunc(c.mb.All(cal), func(e *mailbox.Event) bool {
			return e.Change > t.Upto || e.Change <= t.After || !c.quirks.InitialTombstones && c.gone(e, t)
		})
	} else {
		events = slices.DeleteFunc(c.mb.ChangesSince(cal, t.After), func(e *mailbox.Event) bool { return e.Change > t.Upto })
	}
	for _, e := range events {
		units := c.unitsOf(e, t)
		if e.Change == t.At {
			units = units[min(t.Part, len(units)):]
		}
		room := size - len(page)
		switch {
		case len(units) == 0:
			continue
		case room <= 0:
			return page, true
		case len(units) > room && !c.s.opts.Switches.SeriesOnOnePage:
			return append(page, units[:room]...), true
		}
		page = append(page, units...)
	}
	return page, false
}

// unitsOf is what a change of an event brings.
func (c *call) unitsOf(e *mailbox.Event, t token) []unit {
	var units []unit
	add := func(it item, removed bool) { units = append(units, unit{item: it, removed: removed}) }
	gone := c.gone(e, t)
	switch add(whole(e), gone); {
	case t.Open: // no occurrences without a window
	case e.Pattern != nil && e.Deleted:
		if !t.First && !c.quirks.MasterTombstoneOnly {
			for _, it := range c.series(e).within(t.From, t.To) {
				add(it, true)
			}
		}
	case e.Pattern != nil && !gone:
		s := c.series(e)
		for _, it := range s.within(t.From, t.To) {
			add(it, false)
		}
		// An exception that was dragged out of the window is gone from it; an
		// occurrence that was deleted has no tombstone at all.
		for _, it := range s.exceptions() {
			slot := *it.Event
			slot.Start, slot.End = s.slot(it.day)
			if !t.First && overlaps(&slot, t.From, t.To) && !overlaps(it.Event, t.From, t.To) {
				add(it, true)
			}
		}
	default:
		if f, ok := e.Extra["formerSeries"].(former); ok && !t.First && f.change > t.Since {
			for _, it := range c.series(f.series).within(t.From, t.To) {
				it.master = e
				add(it, true)
			}
		}
	}
	for i := range units {
		units[i].part, units[i].last = i+1, i == len(units)-1
	}
	return units
}

// unitByID is the unit that was delivered last, as it is now.
func (c *call) unitByID(cal *mailbox.Calendar, t token) (unit, bool) {
	masters, _, _ := splitID(t.Last)
	for _, id := range append([]string{t.Last}, masters...) {
		if e := cal.Events[id]; e != nil {
			for _, u := range c.unitsOf(e, t) {
				if u.ID == t.Last {
					return u, true
				}
			}
		}
	}
	return unit{}, false
}

// gone: deleted, or not in the window. The service cannot tell the client which.
func (c *call) gone(e *mailbox.Event, t token) bool {
	switch {
	case e.Deleted:
		return true
	case t.Open:
		return false
	case e.Pattern != nil:
		return !c.series(e).meets(t.From, t.To)
	}
	return !overlaps(e, t.From, t.To)
}

// deltaItem is the full event, a stub for an occurrence, or a tombstone: also for
// what left the window or never was in it.
func (c *call) deltaItem(cal *mailbox.Calendar, u unit) any {
	const typ = "#microsoft.graph.event"
	switch {
	case u.removed:
		return map[string]any{"@odata.type": typ, "id": c.id(u.item), "@removed": map[string]any{"reason": "deleted"}}
	case u.typ() == "occurrence":
		return map[string]any{
			"@odata.type": typ, "@odata.etag": etag(u.Event), "id": c.id(u.item), "type": "occurrence",
			"seriesMasterId": c.id(whole(u.master)), "start": c.momentJSON(u.Start), "end": c.momentJSON(u.End),
		}
	}
	out := c.eventJSON(cal, u.item)
	out["@odata.type"] = typ
	return out
}
