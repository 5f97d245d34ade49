// Package icalendar translates between iCalendar (RFC 5545, and RFC 7986 where it is in
// use) and the neutral language. It is what the connectors for CalDAV and for ICS feeds
// have in common.
//
// An update patches the object that was read: each property is written only where it
// reads otherwise than it should, and all else (unknown properties, parameters, alarms,
// the order of lines) stays to the letter. For that it keeps the content lines
// themselves. github.com/emersion/go-ical, which the simulator reads with, cannot serve
// here: it keeps properties and parameters in maps and so loses their order, gives up a
// whole file for one bad line, panics on some, and refuses to write what a server has
// stored and a person wants to keep.
//
// It is pure: no I/O, no clock; the time of a write is handed in. It imports nothing of
// this project but providers/calendar. Nothing here ever adds an ORGANIZER or an
// ATTENDEE, so no copy can start a server's scheduling (RFC 6638).
package icalendar

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// productID names the program that made an object (RFC 5545 §3.7.3).
const productID = "-//Twinday//Twinday//EN"

// ErrNoEvent is the error for an object that is sound and holds no event: a task, a
// journal entry, free/busy time.
var ErrNoEvent = errors.New("it holds no event")

var errParts = fmt.Errorf("an event of it has more than %d changed occurrences", maxParts)

// Owner is whose calendar an object is in.
type Owner struct {
	// Zone is the IANA zone in which times without one are read (floating times, RFC 5545
	// §3.3.5), UTC if empty.
	Zone string
	// Addresses are the owner's calendar user addresses (RFC 6638 §2.4.1), with or
	// without "mailto:". Of an invitation to none of them the owner is not the organizer.
	Addresses []string
}

// is reports whether an address is one of the owner's.
func (w Owner) is(address string) bool {
	address = mailOf(address)
	return address != "" && slices.ContainsFunc(w.Addresses, func(a string) bool { return strings.EqualFold(mailOf(a), address) })
}

func (w Owner) zone() string {
	if _, err := calendar.LoadZone(w.Zone); err == nil {
		return w.Zone
	}
	return "UTC"
}

// Object is one calendar object resource (RFC 4791 §4.1): all components of one UID, with
// every line it came with. It is not safe for concurrent use.
type Object struct {
	root  *component
	zones *zones
	owner Owner
}

// Parse reads one object. What cannot be used of it is complained of and kept. It is an
// error if the object is cut off, holds events of several UIDs, or no event (ErrNoEvent).
func Parse(data []byte, owner Owner) (*Object, []Complaint, error) {
	if len(data) > maxObject {
		return nil, nil, tooLarge(maxObject)
	}
	lines, err := unfold(data)
	if err != nil {
		return nil, nil, err
	}
	roots, complaints, err := tree(lines)
	if err != nil {
		return nil, complaints, err
	}
	roots = slices.DeleteFunc(roots, func(c *component) bool { return c.name != "VCALENDAR" })
	switch {
	case len(roots) == 0:
		return nil, complaints, errNotCalendar
	case len(roots) > 1: // RFC 4791 §4.1: one
		return nil, complaints, fmt.Errorf("line %d: a second VCALENDAR in one object", roots[1].number)
	case !allClosed(roots[0]):
		return nil, complaints, errors.New("it is cut off: an END is missing")
	}
	o := &Object{root: roots[0], owner: owner}
	events := o.events()
	if len(events) == 0 {
		return nil, complaints, ErrNoEvent
	}
	if len(events) > maxParts {
		return nil, complaints, errParts
	}
	for _, c := range events[1:] {
		if c.text("UID") != events[0].text("UID") {
			return nil, complaints, fmt.Errorf("line %d: an event of another UID in one object", c.number)
		}
	}
	o.zones = newZones(o.root.subs("VTIMEZONE"), events)
	return o, complaints, nil
}

func allClosed(c *component) bool {
	return c.closed && !slices.ContainsFunc(c.items, func(it item) bool { return it.sub != nil && !allClosed(it.sub) })
}

// New makes the object of a draft, which is to have this UID. The error is of Kind Invalid.
func New(uid string, d calendar.Draft, owner Owner, now time.Time) (*Object, error) {
	event := &component{name: "VEVENT", closed: true}
	event.add(newLine("UID", escapeText(uid)), stampLine("DTSTAMP", now), stampLine("CREATED", now),
		newLine("SEQUENCE", "0"))
	root := &component{name: "VCALENDAR", closed: true}
	root.add(newLine("VERSION", "2.0"), newLine("PRODID", productID))
	root.items = append(root.items, item{sub: event})
	o := &Object{root: root, zones: newZones(nil, nil), owner: owner}
	content := d.Content
	if content.Availability == "" {
		content.Availability = calendar.Busy
	}
	err := o.Update(calendar.Change{Groups: writes, Content: content, Overrides: d.Overrides, Mark: d.Mark}, now)
	if err != nil {
		return nil, err
	}
	for _, c := range o.events() {
		c.set(newLine("SEQUENCE", "0"))
	}
	return o, nil
}

// UID is the object's own.
func (o *Object) UID() string { return o.events()[0].text("UID") }

// SetUID gives the object another UID, in all of its components.
func (o *Object) SetUID(uid string) {
	for _, c := range o.events() {
		c.set(newLine("UID", escapeText(uid)))
	}
}

// Bytes is the object as iCalendar.
func (o *Object) Bytes() []byte {
	var b bytes.Buffer
	o.root.write(&b)
	return b.Bytes()
}

func (o *Object) events() []*component { return o.root.subs("VEVENT") }

// Capabilities are what iCalendar can hold; a connector adds what its service says. Links
// are read only: a conference has properties for it that differ by program, and
// attachments may be managed by the server (RFC 8607).
func Capabilities() calendar.Capabilities {
	return calendar.Capabilities{
		Groups:       slices.Clone(writes),
		Reads:        calendar.Groups{calendar.GroupLinks},
		Series:       holds,
		Availability: []calendar.Availability{calendar.Free, calendar.Tentative, calendar.Busy, calendar.Away, calendar.Elsewhere},
		// STATUS is the event's own, which guests see; TRANSP is each attendee's (RFC 5546 §3.2).
		SharedAvailability: []calendar.Availability{calendar.Tentative},
		Visibility:         []calendar.Visibility{calendar.DefaultVisibility, calendar.Private, calendar.Confidential},
		Categories:         true,
		Colors:             slices.Clone(calendar.Colors),
	}
}

// writes are the groups that an update can write.
var writes = calendar.AllGroups.Without(calendar.GroupLinks)

// holds says why a series cannot be held, "" if it can: RFC 5545 holds what can be
// expanded here, but for a second rule, which it advises against (§3.8.5.3) and many
// programs do not look at.
func holds(w calendar.When) string {
	rules := 0
	for _, line := range w.Recurrence.Rules {
		if strings.HasPrefix(line, "RRULE") {
			rules++
		}
	}
	if rules > 1 {
		return "a series has one rule in iCalendar"
	}
	if _, err := w.Occurrences(); err != nil {
		return err.Error()
	}
	return ""
}

// mailOf is the mail address of a calendar user address, in lower case; of one that is no
// mail address, itself.
func mailOf(address string) string {
	address = strings.TrimSpace(address)
	if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
		address = address[7:]
	}
	return strings.ToLower(strings.TrimSpace(address))
}
