package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// meetingFields are the organizer's: to write one of them tells every guest,
// even if its value stays (the harsher reading of Microsoft "Update event").
var meetingFields = []string{"subject", "body", "start", "end", "isAllDay", "location", "locations", "recurrence",
	"attendees", "isOnlineMeeting", "importance", "sensitivity", "responseRequested", "allowNewTimeProposals", "hideAttendees"}

// unsent reports whether the event is a draft whose mails wait (observed by
// third parties, not documented).
func (c *call) unsent(e *mailbox.Event) bool {
	return c.s.opts.Switches.HonourIsDraft && flag(e, "isDraft", false)
}

func (c *call) mailAll(e *mailbox.Event, kind string, guests []mailbox.Attendee) {
	for _, a := range guests {
		c.mb.Send(mailbox.Mail{Kind: kind, To: a.Email, EventID: e.ID, Title: e.Title})
	}
}

// mailUpdate sends what an organizer's PATCH causes: with 'attendees' alone only
// to those whom it changes, else to everybody (Microsoft "Update event").
func (c *call) mailUpdate(cal *mailbox.Calendar, before, after *mailbox.Event) {
	if !isOrganizer(c.mb, cal, after) || c.unsent(after) {
		return
	}
	if c.unsent(before) { // the draft leaves now
		c.mailAll(after, "invitation", after.Attendees)
		return
	}
	among := func(list []mailbox.Attendee, a mailbox.Attendee) int {
		return slices.IndexFunc(list, func(b mailbox.Attendee) bool { return strings.EqualFold(a.Email, b.Email) })
	}
	// At most the guests were written: who stays as before hears nothing.
	onlyGuests := !touches(c.body, slices.DeleteFunc(slices.Clone(meetingFields), func(f string) bool { return f == "attendees" }))
	var added, stayed, removed []mailbox.Attendee
	for _, a := range after.Attendees {
		switch i := among(before.Attendees, a); {
		case i < 0:
			added = append(added, a)
		case !onlyGuests || before.Attendees[i].Type != a.Type:
			stayed = append(stayed, a)
		}
	}
	for _, b := range before.Attendees {
		if among(after.Attendees, b) < 0 {
			removed = append(removed, b)
		}
	}
	c.mailAll(after, "invitation", added)
	c.mailAll(after, "update", stayed)
	c.mailAll(after, "cancellation", removed)
	if after.Pattern != nil && len(stayed) > 0 {
		// One mail for the series and one for every exception (the same page).
		for _, it := range c.series(after).exceptions() {
			c.mailAll(it.Event, "update", it.Attendees)
		}
	}
}

// actionShapes are the parameters of the actions; their names are taken in any
// case, as the metadata and the documentation differ.
var actionParams = map[string][]string{
	"accept": {"comment", "sendresponse"}, "tentativelyAccept": {"comment", "sendresponse", "proposednewtime"},
	"decline": {"comment", "sendresponse", "proposednewtime"}, "cancel": {"comment"}, "forward": {"comment", "torecipients"},
	"snoozeReminder": {"newremindertime"}, "dismissReminder": {}, "permanentDelete": {},
}

// act runs an action on an event.
func (c *call) act() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	args := map[string]any{}
	for k, v := range c.body {
		if strings.Contains(k, "@") {
			continue
		}
		args[strings.ToLower(k)] = v
		if !slices.Contains(actionParams[c.name], strings.ToLower(k)) {
			c.s.opts.Record.Unknown(c.kind + " body: " + k)
			return nil, badRequest("RequestBodyRead", "The parameter '"+k+"' does not exist on the action '"+c.name+"'.")
		}
	}
	cal, e, err := c.find(true)
	if err != nil {
		return nil, err
	}
	switch c.name {
	case "accept", "tentativelyAccept", "decline":
		err = c.respond(cal, e, args)
	case "cancel":
		if !isOrganizer(c.mb, cal, e.Event) {
			return nil, badRequest("ErrorInvalidRequest", "You need to be an organizer to cancel a meeting.")
		}
		c.remove(cal, e)
	case "forward":
		err = c.forward(e.Event, args)
	case "permanentDelete":
		c.remove(cal, e)
		return &reply{status: http.StatusNoContent}, nil
	case "snoozeReminder", "dismissReminder": // nothing of the event changes
	}
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusAccepted}, nil
}

// respond sets the owner's answer; the organizer is told unless sendResponse is
// false. A new time can be proposed to an organizer who takes it, and in a response
// only (Microsoft "event: decline"). A declined event leaves the calendar, or by a
// switch stays as free.
func (c *call) respond(cal *mailbox.Calendar, it item, args map[string]any) *apiError {
	e := it.Event
	if it.master != nil {
		e = it.Clone()
	}
	if isOrganizer(c.mb, cal, e) {
		return badRequest("ErrorInvalidRequest", "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.")
	}
	send, err := boolean(args, "sendresponse", true)
	if err != nil {
		return err
	}
	if args["proposednewtime"] != nil && (!send || !flag(e, "allowNewTimeProposals", true)) {
		return badRequest("ErrorInvalidRequest", "A new time cannot be proposed for this meeting.")
	}
	answer := map[string]string{"accept": "accepted", "tentativelyAccept": "tentative", "decline": "declined"}[c.name]
	me := slices.IndexFunc(e.Attendees, func(a mailbox.Attendee) bool { return strings.EqualFold(a.Email, c.mb.Owner.Email) })
	if me < 0 {
		e.Attendees = append(e.Attendees, mailbox.Attendee{Person: c.mb.Owner, Type: "required"})
		me = len(e.Attendees) - 1
	}
	e.Attendees[me].Response = answer
	if e.Extra == nil {
		e.Extra = map[string]any{}
	}
	e.Extra["respondedAt"] = c.s.now()
	if send {
		c.mb.Send(mailbox.Mail{Kind: "response", To: organizer(c.mb, cal, e).Email, EventID: e.ID, Title: e.Title})
	}
	switch {
	case c.name == "decline" && c.s.opts.Switches.KeepDeclined:
		e.ShowAs = "free"
	case c.name == "decline":
		if it.master == nil {
			c.mb.Remove(cal, e)
			return nil
		}
		deleteSlot(it)
		c.mb.Touch(cal, it.master)
		return nil
	case c.name == "accept":
		e.ShowAs = "busy"
	default:
		e.ShowAs = "tentative"
	}
	if it.master != nil {
		setException(it, e, []string{"attendees", "showAs"})
	}
	c.mb.Touch(cal, it.stored())
	return nil
}

func (c *call) forward(e *mailbox.Event, args map[string]any) *apiError {
	list, _ := args["torecipients"].([]any)
	var to []mailbox.Attendee
	for _, x := range list {
		m, _ := x.(map[string]any)
		addr, _ := m["emailAddress"].(map[string]any)
		email, _ := addr["address"].(string)
		if !strings.Contains(email, "@") {
			return badRequest("ErrorInvalidRecipients", "At least one recipient is not valid.")
		}
		to = append(to, mailbox.Attendee{Person: mailbox.Person{Email: email}})
	}
	if len(to) == 0 {
		return badRequest("ErrorInvalidRecipients", "At least one recipient is not valid.")
	}
	c.mailAll(e, "invitation", to)
	return nil
}

// boolean reads a parameter of an action; absent ones have their default.
func boolean(args map[string]any, name string, otherwise bool) (bool, *apiError) {
	v, ok := args[name]
	if !ok || v == nil {
		return otherwise, nil
	}
	b, ok := v.(bool)
	if !ok {
		return false, badRequest("RequestBodyRead", "Cannot convert a value to the expected type 'Boolean'.")
	}
	return b, nil
}
