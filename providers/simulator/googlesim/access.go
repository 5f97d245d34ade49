package googlesim

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// roles from least to most.
var roles = []string{"freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"}

func atLeast(role, least string) bool { return slices.Index(roles, role) >= slices.Index(roles, least) }

// role is what the request may do in a calendar: the account's role, less if the
// token's scopes are narrower.
func (c *call) role(cal *mailbox.Calendar) string {
	if c.busyOnly {
		return "freeBusyReader"
	}
	return cal.Role
}

// calendar finds a calendar that the token reaches.
func (c *call) calendar(id string) (*mailbox.Calendar, error) {
	cal := c.Mailbox.Calendar(id)
	if cal == nil || c.createdOnly && !c.created[cal.ID] {
		return nil, notFound()
	}
	if c.ownedOnly && cal.Role != "owner" {
		return nil, insufficientScopes(c.route.kind)
	}
	return cal, nil
}

// writableCalendar is calendar where events may be changed.
func (c *call) writableCalendar(id string) (*mailbox.Calendar, error) {
	cal, err := c.calendar(id)
	if err != nil {
		return nil, err
	}
	if !atLeast(c.role(cal), "writerWithoutPrivateAccess") {
		return nil, needsRole("writer")
	}
	return cal, nil
}

// writableEvent finds the event of the path for a change, and obeys If-Match.
func (c *call) writableEvent() (*mailbox.Calendar, *mailbox.Event, error) {
	cal, err := c.writableCalendar(c.vars["calendarId"])
	if err != nil {
		return nil, nil, err
	}
	e := c.lookup(cal, c.vars["eventId"])
	if e == nil {
		return nil, nil, notFound()
	}
	if c.role(cal) == "writerWithoutPrivateAccess" && (e.Sensitivity == "private" || e.Sensitivity == "confidential") {
		return nil, nil, forbidden("Forbidden")
	}
	// A deleted event is gone whatever version is asked for.
	if dead(cal, e) && c.route.method == "DELETE" {
		return nil, nil, gone()
	}
	if orphaned(cal, e) {
		return nil, nil, forbidden("Forbidden") // its series is deleted
	}
	return cal, e, c.ifMatch(etag(e.Change))
}

// ifMatch refuses a write that was made for another version.
func (c *call) ifMatch(etag string) error {
	if h := c.r.Header.Get("If-Match"); h != "" && !matches(h, etag) {
		return preconditionFailed()
	}
	return nil
}

// ifNoneMatch saves the answer if the client has this version.
func (c *call) ifNoneMatch(etag string) error {
	if h := c.r.Header.Get("If-None-Match"); h != "" && matches(h, etag) {
		c.w.Header().Set("ETag", etag)
		return errNotModified
	}
	return nil
}

func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == etag {
			return true
		}
	}
	return false
}

// number is an integer parameter that was checked before; 0 if absent.
func (c *call) number(name string) int {
	n, err := strconv.Atoi(c.query.Get(name))
	if err != nil {
		return 0
	}
	return n
}

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
