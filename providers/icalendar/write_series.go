package icalendar

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// rewrite brings the occurrences of a series about, under its new master content want.
// The master's own component is written by then.
func (o *Object) rewrite(s series, want calendar.Content, c calendar.Change, now time.Time) error {
	// With a time, the whole set is given; else only what is named.
	retimed := c.Groups.Has(calendar.GroupWhen)
	set := maps.Clone(s.set)
	named := map[string]bool{}
	for _, slot := range c.Slots {
		named[slot] = true
	}
	if retimed {
		set = c.Overrides
	} else {
		for slot := range named {
			delete(set, slot)
			if v := c.Overrides[slot]; !v.IsZero() {
				if set == nil {
					set = map[string]calendar.Override{}
				}
				set[slot] = v
			}
		}
	}
	parts := s.at
	if retimed {
		parts = o.carried(s, want.When)
		for _, part := range s.lost {
			o.remove(part)
		}
	}
	master := s.master
	sequence := false // the master's, for what only its EXDATEs say
	if retimed && !s.lone {
		kept := map[string]bool{}
		for slot, v := range set {
			kept[slot] = v.Cancelled
		}
		o.dropExdates(master, func(slot string) bool { return !kept[slot] })
	}
	for _, slot := range slices.Sorted(maps.Keys(set)) {
		v, part := set[slot], parts[slot]
		delete(parts, slot)
		original := want.When.Original(slot)
		if original.IsZero() {
			return invalid("recurrence", errors.New("an occurrence has no slot"))
		}
		if v.Cancelled {
			if part != nil && !s.set[slot].Cancelled || part != nil && retimed {
				o.remove(part)
				part = nil
				sequence = true
			}
			if part == nil && !s.lone && o.addExdate(master, original, want.When) {
				sequence = true
			}
			continue
		}
		content := want.Occurrence(v)
		if err := checkWhen(content.When); err != nil {
			return invalid(string(calendar.GroupWhen), err)
		}
		if !s.lone && o.dropExdates(master, func(x string) bool { return x == slot }) {
			sequence = true
		}
		fresh := part == nil
		if fresh {
			part = o.occurrence(master, now)
		} else if part.word("STATUS") == "CANCELLED" {
			part.setWord("STATUS", master.word("STATUS"))
		}
		groups := c.Groups
		if fresh || retimed || named[slot] {
			groups = writes
		}
		was := o.read(part).content
		if sameMoments(was.When, content.When) && !retimed && !fresh {
			groups = groups.Without(calendar.GroupWhen)
		}
		moved := !sameMoments(was.When, content.When)
		changed := o.patch(part, was, content, groups, now)
		if o.setOriginal(part, original) || fresh {
			changed = true
		}
		if changed {
			touch(part, now, (moved || s.set[slot].Cancelled) && !fresh)
		}
	}
	// What is left says nothing else than the master, or is to.
	for _, slot := range slices.Sorted(maps.Keys(parts)) {
		part := parts[slot]
		if named[slot] || retimed {
			if s.lone {
				o.backToMaster(part, want, now)
				continue
			}
			o.remove(part)
			sequence = true
			continue
		}
		if o.patch(part, o.read(part).content, want.Occurrence(calendar.Override{Original: want.When.Original(slot)}), c.Groups.Without(calendar.GroupWhen), now) {
			touch(part, now, false)
		}
	}
	for slot := range named {
		if set[slot].IsZero() && !s.lone {
			if o.dropExdates(master, func(x string) bool { return x == slot }) {
				sequence = true
			}
			o.plainPeriod(master, slot)
		}
	}
	if sequence && !s.lone {
		touch(master, now, true)
	}
	return nil
}

// backToMaster makes a lone occurrence as the first one is, at its own time.
func (o *Object) backToMaster(part *component, want calendar.Content, now time.Time) {
	content := want.Occurrence(calendar.Override{Original: inZone(o.original(part), want.When.Start.Zone)})
	if o.patch(part, o.read(part).content, content, writes, now) {
		touch(part, now, true)
	}
}

// carried are the components of occurrences by the slots they have under a new time or
// rule: the third stays the third. What has no such occurrence is removed.
func (o *Object) carried(s series, w calendar.When) map[string]*component {
	out := map[string]*component{}
	was, err1 := s.content.When.Occurrences()
	is, err2 := w.Occurrences()
	for _, slot := range slices.Sorted(maps.Keys(s.at)) {
		part := s.at[slot]
		if err1 != nil || err2 != nil {
			o.remove(part)
			continue
		}
		original := s.content.When.Original(slot)
		if is.Has(original) {
			out[slot] = part
			continue
		}
		n, ok := was.Ordinal(original)
		if !ok {
			o.remove(part)
			continue
		}
		var to calendar.Time
		for t := range is.All() {
			if n--; n == 0 {
				to = t
				break
			}
		}
		if slot := to.Slot(); to.IsZero() || out[slot] != nil {
			o.remove(part)
		} else {
			out[slot] = part
		}
	}
	return out
}

// occurrence adds a component for one occurrence: the master's, without its rule. Guests
// and organizer are in it, or the guests would be taken off that occurrence (RFC 5546 §3.2.2).
func (o *Object) occurrence(master *component, now time.Time) *component {
	c := master.clone()
	c.drop("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
	if _, has := c.get("CREATED"); has {
		c.set(stampLine("CREATED", now))
	}
	at := len(o.root.items)
	for i, it := range o.root.items {
		if it.sub != nil && it.sub.name == "VEVENT" {
			at = i + 1
		}
	}
	o.root.items = slices.Insert(o.root.items, at, item{sub: c})
	return c
}

func (o *Object) remove(c *component) {
	o.root.dropFunc(func(it item) bool { return it.sub == c })
}

// setOriginal writes RECURRENCE-ID, of the type and in the zone of DTSTART (RFC 5545
// §3.8.4.4), unless it says so already, or in UTC. It says whether it did.
func (o *Object) setOriginal(c *component, original calendar.Time) bool {
	l, has := c.get("RECURRENCE-ID")
	if has {
		t, err := o.time(l, l.value())
		if err == nil && t.IsDate() == original.IsDate() && t.Slot() == original.Slot() && (t.Zone == original.Zone || t.Zone == "UTC") {
			return false
		}
	}
	o.defineZone(original)
	c.set(o.timeLine("RECURRENCE-ID", original, l.params()))
	return true
}

// setRules writes the rule set, if it is another, and says so.
func (o *Object) setRules(c *component, was, want calendar.When) bool {
	if want.Recurrence.IsZero() {
		return c.drop("RRULE", "RDATE", "EXDATE", "EXRULE")
	}
	if was.Start.IsDate() != want.Start.IsDate() {
		c.drop("EXDATE")
	}
	if slices.Equal(was.Recurrence.Rules, want.Recurrence.Rules) {
		return false
	}
	c.drop("RRULE", "RDATE", "EXRULE")
	for _, rule := range want.Recurrence.Rules {
		l := readLine(rule, 0)
		if l.name != "RDATE" {
			c.add(l)
			continue
		}
		// A date list is in UTC in the neutral language; here on the clock of the series.
		for v := range strings.SplitSeq(l.value(), ",") {
			if t := want.Original(v); !t.IsZero() {
				o.defineZone(t)
				c.add(o.timeLine("RDATE", t, nil))
			}
		}
	}
	return true
}

// addExdate takes an occurrence out, and says whether it was not out already.
func (o *Object) addExdate(c *component, original calendar.Time, w calendar.When) bool {
	out := false
	slot := original.Slot()
	o.eachDate(c, "EXDATE", w.Start, func(_ string, x string) bool {
		out = out || x == slot
		return true
	})
	if out {
		return false
	}
	o.defineZone(original)
	c.add(o.timeLine("EXDATE", original, nil))
	return true
}

// dropExdates puts occurrences back in, and says whether there were any.
func (o *Object) dropExdates(c *component, gone func(slot string) bool) bool {
	dropped := false
	l, _ := c.get("DTSTART")
	start, err := o.time(l, l.value())
	if err != nil {
		return false
	}
	o.eachDate(c, "EXDATE", start.Time, func(_, slot string) bool {
		if gone(slot) {
			dropped = true
			return false
		}
		return true
	})
	return dropped
}

// plainPeriod makes the date of a slot one without a length of its own.
func (o *Object) plainPeriod(c *component, slot string) {
	for i, it := range c.items {
		if it.sub != nil || it.name != "RDATE" || !strings.Contains(it.value(), "/") {
			continue
		}
		var rest []string
		var plain []line
		for v := range strings.SplitSeq(it.value(), ",") {
			from, _, period := strings.Cut(v, "/")
			if t, err := o.time(it.line, from); period && err == nil && t.Slot() == slot {
				plain = append(plain, o.timeLine("RDATE", t.Time, nil))
			} else {
				rest = append(rest, v)
			}
		}
		if len(plain) == 0 {
			continue
		}
		c.items = slices.Delete(c.items, i, i+1)
		if len(rest) > 0 {
			c.add(newLine("RDATE", strings.Join(rest, ","), it.params()...))
		}
		c.add(plain...)
		return
	}
}

// eachDate goes through the dates of the lines of a name, each with its slot in the series
// that begins at start, and drops those that are not to be kept.
func (o *Object) eachDate(c *component, name string, start calendar.Time, keep func(value, slot string) bool) {
	out := c.items[:0:0]
	for _, it := range c.items {
		if it.sub != nil || it.name != name {
			out = append(out, it)
			continue
		}
		var values []string
		all := strings.Split(it.value(), ",")
		for _, v := range all {
			t, err := o.time(it.line, v)
			if err != nil {
				values = append(values, v)
				continue
			}
			at := t.Time
			if at.IsDate() && !start.IsDate() { // that day, at the time of start
				at = calendar.Time{Local: at.Local + start.Local[len("2006-01-02"):], Zone: start.Zone}
			} else if start.IsDate() && !at.IsDate() {
				at = calendar.Time{Local: at.Local[:len("2006-01-02")]}
			}
			if keep(v, at.Slot()) {
				values = append(values, v)
			}
		}
		switch {
		case len(values) == len(all):
			out = append(out, it)
		case len(values) > 0:
			out = append(out, item{line: newLine(name, strings.Join(values, ","), it.params()...)})
		}
	}
	c.items = out
}
