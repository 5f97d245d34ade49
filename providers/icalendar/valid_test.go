package icalendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// faults lists what RFC 5545 and RFC 4791 §4.1 forbid in an object.
func faults(o *Object) []string {
	var out []string
	add := func(c *component, format string, args ...any) {
		out = append(out, c.name+": "+fmt.Sprintf(format, args...))
	}
	defined := map[string]bool{}
	for _, z := range o.root.subs("VTIMEZONE") {
		if id := z.text("TZID"); defined[id] {
			add(z, "%s is defined twice", id)
		} else {
			defined[id] = true
		}
		if len(z.subs("STANDARD"))+len(z.subs("DAYLIGHT")) == 0 {
			add(z, "no observance")
		}
		for _, x := range append(z.subs("STANDARD"), z.subs("DAYLIGHT")...) {
			for _, name := range []string{"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} { // §3.6.5
				if len(x.all(name)) != 1 {
					add(x, "%d of %s", len(x.all(name)), name)
				}
			}
		}
	}
	if len(o.root.all("METHOD")) > 0 {
		add(o.root, "METHOD in a stored object")
	}
	masters, slots := 0, map[string]bool{}
	events := o.events()
	for _, c := range events {
		for _, name := range []string{"UID", "DTSTAMP", "DTSTART"} { // §3.6.1
			if len(c.all(name)) != 1 {
				add(c, "%d of %s", len(c.all(name)), name)
			}
		}
		for _, name := range []string{"DTEND", "DURATION", "SUMMARY", "DESCRIPTION", "LOCATION", "CLASS", "TRANSP", "STATUS", "PRIORITY",
			"SEQUENCE", "CREATED", "LAST-MODIFIED", "RECURRENCE-ID", "RRULE", "COLOR", "ORGANIZER", busyStatus, altNotes, markEntity} {
			if len(c.all(name)) > 1 {
				add(c, "%d of %s", len(c.all(name)), name)
			}
		}
		if c.text("UID") != events[0].text("UID") {
			add(c, "another UID")
		}
		if c.has("DTEND") && c.has("DURATION") {
			add(c, "an end and a duration")
		}
		start, _ := c.get("DTSTART")
		if end, ok := c.get("DTEND"); ok && isDateLine(end) != isDateLine(start) {
			add(c, "DTSTART and DTEND are of two kinds")
		}
		if rule, ok := c.get("RRULE"); ok {
			// §3.3.10: UNTIL is of the kind of DTSTART, and in UTC unless that is floating.
			_, until, found := strings.Cut(rule.value(), "UNTIL=")
			until, _, _ = strings.Cut(until, ";")
			if found && isDateLine(start) != (len(until) == 8) {
				add(c, "UNTIL=%s for %s", until, start.text)
			}
		}
		if l, ok := c.get("RECURRENCE-ID"); ok {
			if c.has("RRULE") || c.has("RDATE") || c.has("EXDATE") {
				add(c, "an occurrence with a rule")
			}
			if t, err := o.time(l, l.value()); err != nil || slots[t.Slot()] {
				add(c, "RECURRENCE-ID %s is there twice: %v", l.text, err)
			} else {
				slots[t.Slot()] = true
			}
		} else if masters++; masters > 1 {
			add(c, "a second master")
		}
		for _, l := range c.all("EXDATE", "RDATE") {
			if isDateLine(l) != isDateLine(start) {
				add(c, "%s for %s", l.text, start.text)
			}
		}
		if l, ok := c.get(altNotes); ok && words(o.notesOf(c).Text()) != words(c.text("DESCRIPTION")) {
			add(c, "%s says something else than DESCRIPTION", l.name)
		} else if ok && o.notesOf(c).IsPlain() {
			add(c, "%s is stale", l.name)
		}
		for _, it := range c.items {
			if it.sub == nil && it.param("TZID") != "" && !defined[it.param("TZID")] {
				add(c, "the zone of %s is not defined", it.text)
			}
			if it.sub != nil && it.sub.name == "VALARM" && (len(it.sub.all("ACTION")) != 1 || len(it.sub.all("TRIGGER")) != 1 ||
				it.sub.word("ACTION") == "DISPLAY" && !it.sub.has("DESCRIPTION")) { // §3.6.6
				add(it.sub, "incomplete")
			}
		}
		for _, name := range []string{"DTSTAMP", "LAST-MODIFIED", "CREATED"} {
			if l, ok := c.get(name); ok {
				if _, err := time.Parse(stampLayout, l.value()); err != nil {
					add(c, "%s is not in UTC", l.text)
				}
			}
		}
	}
	for l := range strings.SplitSeq(string(o.Bytes()), "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") {
			out = append(out, "a line is not folded: "+l)
		}
	}
	slices.Sort(out)
	return out
}

func isDateLine(l line) bool {
	v, _, _ := strings.Cut(l.value(), ",")
	return len(strings.TrimSpace(v)) == len("20060102") && l.param("VALUE") == "DATE"
}
