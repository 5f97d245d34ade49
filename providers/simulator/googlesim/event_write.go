package googlesim

import (
	"encoding/base32"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// insertEvent creates an event. If-Match means nothing here: the uniqueness of
// ids is the guard.
func (c *call) insertEvent() (any, error) {
	cal, err := c.writableCalendar(c.vars["calendarId"])
	if err != nil {
		return nil, err
	}
	id, _ := c.body["id"].(string)
	uid, _ := c.body["iCalUID"].(string)
	if id != "" && !validID(id) {
		return nil, invalid("Invalid resource id value.")
	}
	if id != "" && uid != "" && !c.Switches.AcceptIDWithUID {
		return nil, invalid("Only one of id and iCalUID may be given.")
	}
	// The id of a deleted event stays taken for ever.
	if id != "" && cal.Events[id] != nil || uid != "" && byUID(cal, uid) != nil {
		return nil, duplicate()
	}
	kind, _ := c.body["eventType"].(string)
	switch kind {
	case "fromGmail":
		return nil, eventTypeRestriction("Events of this type cannot be created.")
	case "birthday":
		c.Record.NotImplemented("birthdays: they are series")
		return nil, notImplemented("birthdays")
	}
	c.gateBody(nil)
	e := &mailbox.Event{ID: id, UID: uid, Creator: c.Mailbox.Owner}
	if err := c.read(cal, e, c.body); err != nil {
		return nil, err
	}
	return c.created1(cal, e, true)
}

// importEvent makes a private copy of somebody's event. It never mails.
func (c *call) importEvent() (any, error) {
	cal, err := c.writableCalendar(c.vars["calendarId"])
	if err != nil {
		return nil, err
	}
	uid, _ := c.body["iCalUID"].(string)
	if uid == "" {
		return nil, required("Missing iCalUID.")
	}
	if kind, _ := c.body["eventType"].(string); kind != "" && kind != "default" {
		return nil, eventTypeRestriction("Only default events can be imported.")
	}
	c.gateBody(nil)
	// Observed form of the id of an imported event.
	e := &mailbox.Event{UID: uid, Creator: c.Mailbox.Owner, ID: "_" + strings.ToLower(
		base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(uid)))}
	if old := byUID(cal, uid); old != nil {
		if !c.Switches.ImportReplaces {
			return nil, duplicate()
		}
		e.ID, e.Created, e.Creator = old.ID, old.Created, old.Creator
	}
	if err := c.read(cal, e, c.body); err != nil {
		return nil, err
	}
	if o, ok := c.body["organizer"].(obj); ok {
		e.Organizer.Email, _ = o["email"].(string)
		e.Organizer.Name, _ = o["displayName"].(string)
	}
	return c.created1(cal, e, false)
}

// created1 stores a new event and answers with it.
func (c *call) created1(cal *mailbox.Calendar, e *mailbox.Event, mails bool) (any, error) {
	if err := c.quickWrite(cal); err != nil {
		return nil, err
	}
	e.Deleted = e.Status == "cancelled"
	c.Mailbox.Insert(cal, e)
	if mails && !e.Deleted {
		for _, a := range e.Attendees {
			c.mail("invitation", a, cal, e)
		}
	}
	return c.written(cal, e)
}

// updateEvent replaces all that a client may write: what is not sent is cleared.
func (c *call) updateEvent() (any, error) {
	return c.change(func(e *mailbox.Event) (obj, error) {
		if e.Deleted && c.Switches.UpdateDeletedForbidden {
			return nil, forbidden("Forbidden")
		}
		d := c.body
		if d["status"] == nil && e.Deleted {
			d["status"] = "cancelled"
		}
		for _, name := range []string{"sequence", "eventType"} {
			if d[name] == nil {
				d[name] = c.writable(e)[name]
			}
		}
		return d, nil
	})
}

// patchEvent merges: objects member by member, lists and single values whole,
// null clears.
func (c *call) patchEvent() (any, error) {
	return c.change(func(e *mailbox.Event) (obj, error) {
		return merge(c.writable(e), c.body), nil
	})
}

func merge(into, patch obj) obj {
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(into, k)
		case obj:
			below, _ := into[k].(obj)
			if below == nil {
				below = obj{}
			}
			into[k] = merge(below, v)
		default:
			into[k] = v
		}
	}
	return into
}

// gateBody drops what is ignored without its version parameter, in silence as
// the service does; an existing event keeps its own.
func (c *call) gateBody(e *mailbox.Event) {
	var stored obj
	if e != nil {
		stored = c.writable(e)
	}
	keep := func(name string) {
		delete(c.body, name)
		if v, ok := stored[name]; ok {
			c.body[name] = v
		}
	}
	if c.number("conferenceDataVersion") != 1 {
		keep("conferenceData")
	}
	if c.query.Get("supportsAttachments") != "true" {
		keep("attachments")
	}
	if c.number("eventLabelVersion") == 1 {
		c.Record.NotImplemented("event labels")
	}
}

// change is patch and update: document says what the event shall be.
func (c *call) change(document func(*mailbox.Event) (obj, error)) (any, error) {
	cal, e, err := c.writableEvent()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"id", "iCalUID"} {
		if v, _ := c.body[name].(string); v != "" && v != map[string]string{"id": e.ID, "iCalUID": e.UID}[name] {
			return nil, invalid("The property " + name + " cannot be changed.")
		}
	}
	c.gateBody(e)
	d, err := document(e)
	if err != nil {
		return nil, err
	}
	next := e.Clone()
	if err := c.read(cal, next, d); err != nil {
		return nil, err
	}
	restrict(e, next)
	changed := difference(c.writable(e), c.writable(next))
	if err := c.mayChange(cal, e, next, changed); err != nil {
		return nil, err
	}
	if err := c.quickWrite(cal); err != nil {
		return nil, err
	}
	c.store(cal, e, next, changed)
	return c.written(cal, e)
}

// store commits a changed event, with the version, the mails and the sequence
// that the change asks for.
func (c *call) store(cal *mailbox.Calendar, e, next *mailbox.Event, changed []string) {
	before := e.Clone()
	wasDeleted := e.Deleted
	next.Deleted = next.Status == "cancelled"
	// RFC 5546 section 2.1.4: a new time is a new sequence; so was observed of places.
	moved := slices.ContainsFunc(changed, func(n string) bool {
		return n == "start" || n == "end" || n == "location" || n == "recurrence"
	})
	if moved && next.Sequence == e.Sequence {
		next.Sequence++
	}
	if next.Series != "" {
		for _, n := range changed {
			if !slices.Contains(next.Own, n) {
				next.Own = append(next.Own, n)
			}
		}
	}
	*e = *next
	if len(changed) == 0 && c.Switches.NoOpPatchKeepsETag {
		return
	}
	c.keep(cal, e)
	if e.Series != "" && slices.Contains(changed, "visibility") {
		c.spread(cal, e)
	}
	switch {
	case len(changed) == 1 && changed[0] == "reminders":
		// 'Changing reminders does not also change the updated property.'
		if c.Switches.RemindersHidden {
			c.Mailbox.TouchUnlogged(e)
		} else {
			c.Mailbox.TouchQuietly(cal, e)
		}
		return
	default:
		c.Mailbox.Touch(cal, e)
	}
	if isMaster(before) || isMaster(e) {
		c.follow(cal, before, e, changed)
	}
	if e.Deleted && !wasDeleted {
		c.died(cal, e)
	} else if wasDeleted && !e.Deleted {
		c.retell(cal, e)
	}
	switch {
	case e.Deleted && !wasDeleted:
		c.mailCancellations(cal, before)
	case e.Deleted:
	default:
		c.mailChange(cal, before, e, changed)
	}
}

// difference names the members in which two writable documents differ.
func difference(a, b obj) []string {
	var names []string
	for k := range a {
		if !reflect.DeepEqual(a[k], b[k]) {
			names = append(names, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	return names
}

// sharedMembers are those that only the organizer may change, unless guests may.
var sharedMembers = []string{
	"summary", "description", "location", "start", "end", "endTimeUnspecified", "recurrence", "attachments",
	"conferenceData", "guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests", "anyoneCanAddSelf", "sequence",
}

// gmailMembers are those that may change on an event made from a mail.
var gmailMembers = []string{
	"colorId", "reminders", "visibility", "transparency", "status", "extendedProperties",
}

// birthdayMembers are those that may change on a birthday.
var birthdayMembers = []string{"summary", "colorId", "reminders", "start", "end"}

// mayChange holds a change against organizer, event type, privacy and lock.
func (c *call) mayChange(cal *mailbox.Calendar, e, next *mailbox.Event, changed []string) error {
	if locked, _ := e.Extra["locked"].(bool); locked {
		for _, n := range changed {
			if slices.Contains(sharedMembers[:7], n) {
				return forbidden("The event is locked.")
			}
		}
	}
	allowed := map[string][]string{"fromGmail": gmailMembers, "birthday": birthdayMembers}[e.Type]
	if allowed != nil {
		for _, n := range changed {
			if !slices.Contains(allowed, n) {
				return eventTypeRestriction("The property " + n + " cannot be changed for this event type.")
			}
		}
	}
	modify, _ := e.Extra["guestsCanModify"].(bool)
	if c.isSelf(cal, e.Organizer.Email) || modify {
		return nil
	}
	for _, n := range changed {
		if slices.Contains(sharedMembers, n) {
			return forNonOrganizer()
		}
	}
	// What the reference lists as changeable on an event made from a mail is not
	// shared with anyone.
	if e.Type != "fromGmail" && c.changesShared(e, next) {
		return forNonOrganizer()
	}
	if slices.Contains(changed, "attendees") && !reflect.DeepEqual(c.others(cal, e), c.others(cal, next)) {
		return forNonOrganizer()
	}
	return nil
}

// changesShared reports a change that all guests would see, of members that are
// only partly shared. Taking the event out of one's own calendar, and back, is
// each guest's own.
func (c *call) changesShared(e, next *mailbox.Event) bool {
	certain := e.Status != next.Status && e.Status != "cancelled" && next.Status != "cancelled"
	return certain || !c.Switches.GuestsEditShared && !maps.Equal(e.Shared, next.Shared)
}

// others are the guests without this calendar's own row.
func (c *call) others(cal *mailbox.Calendar, e *mailbox.Event) []mailbox.Attendee {
	return slices.DeleteFunc(slices.Clone(e.Attendees), func(a mailbox.Attendee) bool { return c.isSelf(cal, a.Email) })
}

// deleteEvent leaves a tombstone; a second time it is gone.
func (c *call) deleteEvent() (any, error) {
	cal, e, err := c.writableEvent()
	if err != nil {
		return nil, err
	}
	if e.Deleted {
		return nil, gone()
	}
	if err := c.quickWrite(cal); err != nil {
		return nil, err
	}
	c.remove(cal, e)
	c.mailCancellations(cal, e)
	return nil, errNoContent
}

// moveEvent changes the organizer: the event goes to another calendar under its id.
// The answer says 'cancelled' although the event lives on, as was observed.
func (c *call) moveEvent() (any, error) {
	cal, e, err := c.writableEvent()
	if err != nil {
		return nil, err
	}
	dest, err := c.writableCalendar(c.query.Get("destination"))
	if err != nil {
		return nil, err
	}
	switch {
	case e.Deleted:
		return nil, gone()
	case e.Type != "default":
		return nil, eventTypeRestriction("Only default events can be moved.")
	case e.Series != "":
		return nil, &apiError{status: 403, domain: "calendar", reason: "cannotChangeOrganizerOfInstance",
			message: "Cannot change the organizer of an instance."}
	case !c.isSelf(cal, e.Organizer.Email):
		return nil, forNonOrganizer()
	case dest == cal || dest.Events[e.ID] != nil && !dest.Events[e.ID].Deleted:
		return nil, duplicate()
	}
	if err := c.quickWrite(cal); err != nil {
		return nil, err
	}
	moved := c.Mailbox.Transfer(cal, dest, e)
	c.died(cal, e)
	for _, a := range moved.Attendees {
		c.mail("update", a, dest, moved)
	}
	answer, err := c.answer(dest, moved)
	if d, ok := answer.(obj); ok {
		d["status"] = "cancelled"
	}
	return answer, err
}

// written answers a write, and lets the add-on of the switch Rewrites at the event:
// the answer still shows what was written.
func (c *call) written(cal *mailbox.Calendar, e *mailbox.Event) (any, error) {
	answer, err := c.answer(cal, e)
	if c.Switches.Rewrites && err == nil && !e.Deleted {
		c.rewrite(cal, e)
	}
	return answer, err
}

// checked is the line that the add-on puts below the notes.
const checked = "checked by compliance"

// rewrite does once more what the add-on does. What is so already stays, with its
// version.
func (c *call) rewrite(cal *mailbox.Calendar, e *mailbox.Event) {
	next := e.Clone()
	next.Title, next.Place = strings.ToUpper(e.Title), strings.ToUpper(e.Place)
	if !strings.Contains(e.Body, checked) {
		gap := "\n"
		switch {
		case e.Body == "":
			gap = ""
		case strings.Contains(e.Body, "<"):
			gap = "<br>"
		}
		next.Body = cut(e.Body+gap+checked, maxDescription)
	}
	if changed := difference(c.writable(e), c.writable(next)); len(changed) > 0 {
		c.hand().store(cal, e, next, changed)
	}
}

// answer renders the event that was written.
func (c *call) answer(cal *mailbox.Calendar, e *mailbox.Event) (any, error) {
	v, err := c.view(cal)
	if err != nil {
		return nil, err
	}
	return c.show(cal, e, v), nil
}

func byUID(cal *mailbox.Calendar, uid string) *mailbox.Event {
	for _, id := range slices.Sorted(maps.Keys(cal.Events)) {
		if cal.Events[id].UID == uid && cal.Events[id].Series == "" {
			return cal.Events[id]
		}
	}
	return nil
}

// quickWrite refuses writes to one calendar that come too fast, as Google's
// guide 'Manage quotas' warns it may at any time.
func (c *call) quickWrite(cal *mailbox.Calendar) error {
	if c.Switches.QuickWrites == 0 {
		return nil
	}
	window := c.Switches.QuickWriteWindow
	if window == 0 {
		window = time.Second
	}
	now := c.Now()
	recent := slices.DeleteFunc(c.writes[cal.ID], func(t time.Time) bool { return now.Sub(t) >= window })
	c.writes[cal.ID] = recent
	if len(recent) >= c.Switches.QuickWrites {
		if c.Switches.QuickWriteConflict {
			return conflict()
		}
		return rateLimited()
	}
	c.writes[cal.ID] = append(recent, now)
	return nil
}
