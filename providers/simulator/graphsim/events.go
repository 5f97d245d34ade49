package graphsim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

var listParams = []string{"$select", "$filter", "$orderby", "$top", "$skip", "$expand", "$count"}

func (c *call) listEvents() (*reply, *apiError) {
	if err := c.allowQuery(listParams...); err != nil {
		return nil, err
	}
	cal, err := c.cal(false)
	if err != nil {
		return nil, err
	}
	return c.list(cal, c.stored(cal), false)
}

// listView is the calendar expanded over a window: single events and occurrences
// that meet it, no masters.
func (c *call) listView() (*reply, *apiError) {
	if err := c.allowQuery(append([]string{"startDateTime", "endDateTime"}, listParams...)...); err != nil {
		return nil, err
	}
	from, to, err := c.window()
	if err != nil {
		return nil, err
	}
	cal, err := c.cal(false)
	if err != nil {
		return nil, err
	}
	return c.list(cal, c.expanded(cal, from, to), true)
}

func (c *call) list(cal *mailbox.Calendar, events []item, byStart bool) (*reply, *apiError) {
	v, err := c.parseView()
	if err != nil {
		return nil, err
	}
	keep, err := c.parseFilter()
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(it item) bool { return !keep(it) })
	if err := c.order(events, byStart); err != nil {
		return nil, err
	}
	page, next, err := pageOf(c, events)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, e := range page {
		if err := c.corrupt(e.Event); err != nil {
			return nil, err
		}
		items = append(items, c.show(cal, e, v))
	}
	return c.listed("users('me')/calendars('"+cal.ID+"')/events", items, next, len(events)), nil
}

// corrupt is the one item that breaks a whole page.
func (c *call) corrupt(e *mailbox.Event) *apiError {
	if c.quirks.CorruptEvent == "" || c.quirks.CorruptEvent != e.ID {
		return nil
	}
	return fault(http.StatusInternalServerError, "ErrorCorruptData", "Data is corrupt.")
}

func (c *call) getEvent() (*reply, *apiError) {
	if err := c.allowQuery("$select", "$expand"); err != nil {
		return nil, err
	}
	v, err := c.parseView()
	if err != nil {
		return nil, err
	}
	cal, e, err := c.find(false)
	if err != nil {
		return nil, err
	}
	if err := c.corrupt(e.Event); err != nil {
		return nil, err
	}
	return c.one(http.StatusOK, cal, e, v), nil
}

// one answers a single event, with its etag as a header too.
func (c *call) one(status int, cal *mailbox.Calendar, it item, v view) *reply {
	body := c.show(cal, it, v)
	body["@odata.context"] = c.base() + "/v1.0/$metadata#users('me')/calendars('" + cal.ID + "')/events/$entity"
	return &reply{status: status, body: body, header: map[string]string{"ETag": etag(it.Event)}}
}

// createEvent makes an event and invites its guests. A transactionId makes it
// safe to send again: the same content answers with the event that is there,
// other content is refused (observed by third parties; status by switch).
func (c *call) createEvent() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	cal, err := c.cal(true)
	if err != nil {
		return nil, err
	}
	print := fingerprint(cal, c.body)
	if err := c.accept("event", c.body, true); err != nil {
		return nil, err
	}
	txn, _ := c.body["transactionId"].(string)
	if txn != "" {
		if where, e := c.byTransaction(txn); e != nil {
			if e.CreatedBy == print && !e.Deleted {
				return c.created(where, e), nil
			}
			return nil, c.duplicate(e)
		}
	}
	e := &mailbox.Event{Organizer: calendarOwner(c.mb, cal), TransactionID: txn, CreatedBy: print}
	if err := c.apply(cal, e, c.body, true); err != nil {
		return nil, err
	}
	c.mb.Insert(cal, e)
	c.wrote(cal, whole(e))
	if !c.unsent(e) {
		c.mailAll(e, "invitation", e.Attendees)
	}
	return c.created(cal, e), nil
}

func (c *call) created(cal *mailbox.Calendar, e *mailbox.Event) *reply {
	rep := c.one(http.StatusCreated, cal, whole(e), view{})
	rep.header["Location"] = c.base() + "/v1.0/me/calendars/" + cal.ID + "/events/" + c.id(whole(e))
	return rep
}

// fingerprint tells one create request from another.
func fingerprint(cal *mailbox.Calendar, body map[string]any) string {
	b, err := json.Marshal(body) // keys in order
	if err != nil {
		panic(err) // it came from JSON
	}
	sum := sha256.Sum256(append([]byte(cal.ID+"\n"), b...))
	return hex.EncodeToString(sum[:])
}

func (c *call) byTransaction(txn string) (*mailbox.Calendar, *mailbox.Event) {
	for _, cal := range c.mb.Calendars {
		for _, e := range cal.Events {
			if e.TransactionID == txn {
				return cal, e
			}
		}
	}
	return nil, nil
}

func (c *call) duplicate(e *mailbox.Event) *apiError {
	status := http.StatusConflict
	if c.s.opts.Switches.DuplicateTransactionIs400 {
		status = http.StatusBadRequest
	}
	err := fault(status, "ErrorDuplicateTransactionId",
		"Your request can't be completed. The TransactionId specified in the request has already been used to create a different event.")
	err.extra = map[string]any{"@event.existingEventId": c.id(whole(e))}
	return err
}

// updateEvent is a sparse PATCH under If-Match. The etag moves with every one,
// also when nothing else does.
func (c *call) updateEvent() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	cal, it, err := c.find(true)
	if err != nil {
		return nil, err
	}
	if err := c.ifMatch(it); err != nil {
		return nil, err
	}
	if c.body == nil {
		return nil, badRequest("UnableToDeserializePostBody", "were unable to deserialize")
	}
	if err := c.accept("event", c.body, false); err != nil {
		return nil, err
	}
	if it.master != nil {
		return c.updateOccurrence(cal, it)
	}
	e := it.Event
	if !isOrganizer(c.mb, cal, e) && !c.quirks.AcceptGuestEdits && touches(c.body, meetingFields) {
		return nil, accessDenied()
	}
	next := e.Clone()
	if err := c.apply(cal, next, c.body, false); err != nil {
		return nil, err
	}
	before := e.Clone()
	c.replace(cal, e, next)
	c.wrote(cal, it)
	c.mailUpdate(cal, before, e)
	return c.one(http.StatusOK, cal, it, view{}), nil
}

func touches(body map[string]any, fields []string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { _, ok := body[f]; return ok })
}

// deleteEvent moves the event to Deleted Items; an organizer's guests are told.
func (c *call) deleteEvent() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	cal, it, err := c.find(true)
	if err != nil {
		return nil, err
	}
	if !c.s.opts.Switches.DeleteIgnoresIfMatch {
		if err := c.ifMatch(it); err != nil {
			return nil, err
		}
	}
	c.remove(cal, it)
	return &reply{status: http.StatusNoContent}, nil
}

// remove deletes an event, a whole series or one occurrence.
func (c *call) remove(cal *mailbox.Calendar, it item) {
	if isOrganizer(c.mb, cal, it.Event) && !c.unsent(it.Event) {
		c.mailAll(it.Event, "cancellation", it.Attendees)
	}
	if it.master != nil {
		deleteSlot(it)
		c.mb.Touch(cal, it.master)
		return
	}
	c.mb.Remove(cal, it.Event)
}

func (c *call) calendarOfEvent() (*reply, *apiError) {
	if err := c.allowQuery("$select"); err != nil {
		return nil, err
	}
	cal, _, err := c.find(false)
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, body: c.calendarJSON(cal)}, nil
}
