package caldav

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/twinday/twinday/providers/calendar"
)

// refusal is a server's answer that is no success: the cause that a *calendar.Error of
// this connector carries.
type refusal struct {
	status int
	failed conditions
}

// Error reads "403 Forbidden (no-uid-conflict)".
func (e *refusal) Error() string {
	s := fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
	for _, n := range e.failed.names {
		s += " (" + n + ")"
	}
	return s
}

// refused says what an answer means, as *calendar.Error, and closes its body.
func refused(r request, resp *http.Response) error {
	defer resp.Body.Close()
	cause := &refusal{status: resp.StatusCode}
	cause.failed = readConditions(io.LimitReader(resp.Body, maxErrorBody))
	return refusedWith(r, cause, resp.Header)
}

func refusedWith(r request, cause *refusal, h http.Header) error {
	out := &calendar.Error{Op: r.op, Calendar: r.cal, Event: r.event, Err: cause, RetryAfter: calendar.WaitAsked(h.Get("Retry-After"), h.Get("Date"))}
	out.Kind = cause.kind(r.method)
	if out.Kind == calendar.Unavailable && cause.status == http.StatusServiceUnavailable && out.RetryAfter > 0 {
		out.Kind = calendar.Throttled // "temporarily overloaded" (RFC 9110 §15.6.4), and says until when
	}
	if out.Kind != calendar.Throttled {
		out.RetryAfter = 0
	}
	if out.Kind == calendar.SignedOut {
		out.Err = fmt.Errorf("the server does not take the name and password (%w); many want an app password made for this", cause)
	}
	return out
}

// readConditions reads a DAV:error body; none if it is something else.
func readConditions(body io.Reader) (c conditions) {
	d := xml.NewDecoder(body)
	for {
		t, err := d.Token()
		if err != nil {
			return conditions{}
		}
		if start, ok := t.(xml.StartElement); ok {
			if start.Name.Local != "error" || d.DecodeElement(&c, &start) != nil {
				return conditions{}
			}
			return c
		}
	}
}

// Is reports whether the person's storage is full (RFC 4331 §6; RFC 4918 §11.5).
func (e *refusal) Is(target error) bool { return target == calendar.ErrFull && e.full() }

func (e *refusal) full() bool {
	return e.failed.has("quota-not-exceeded", "sufficient-disk-space") || e.status == http.StatusInsufficientStorage
}

// kind follows RFC 4918 §11 and §16, RFC 4791 §5.3.2.1 and RFC 6638 §3.2.4.1.
func (e *refusal) kind(method string) calendar.Kind {
	reads := method == "PROPFIND" || method == "REPORT" || method == http.MethodGet || method == http.MethodOptions
	switch {
	case e.failed.has("valid-sync-token"):
		return calendar.CursorExpired
	case e.failed.has("no-uid-conflict"):
		return calendar.Conflict
	case e.failed.has("need-privileges") && !reads:
		return calendar.ReadOnly
	case e.full() && !reads:
		return calendar.Other // there will be room again; what is refused for good is not asked for a second time
	case e.full():
		return calendar.Forbidden
	case e.failed.has("valid-calendar-data", "valid-calendar-object-resource", "supported-calendar-data", "supported-calendar-component",
		"max-resource-size", "min-date-time", "max-date-time", "max-instances", "max-attendees-per-instance",
		"allowed-organizer-scheduling-object-change", "allowed-attendee-scheduling-object-change", "unique-scheduling-object-resource",
		"same-organizer-in-all-components"):
		return calendar.Invalid
	}
	switch e.status {
	case http.StatusUnauthorized:
		return calendar.SignedOut
	case http.StatusForbidden, http.StatusPaymentRequired:
		return calendar.Forbidden
	case http.StatusMethodNotAllowed:
		if reads {
			return calendar.NotFound // it is there, and is no WebDAV resource
		}
		return calendar.ReadOnly
	case http.StatusNotFound:
		return calendar.NotFound
	case http.StatusGone:
		return calendar.Gone
	case http.StatusConflict:
		if method == http.MethodPut {
			return calendar.NotFound // the collection is not there (RFC 4918 §9.7.1)
		}
		return calendar.Conflict
	case http.StatusPreconditionFailed:
		return calendar.Conflict
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return calendar.Invalid
	case http.StatusTooManyRequests:
		return calendar.Throttled
	case http.StatusLocked, http.StatusRequestTimeout, http.StatusTooEarly:
		return calendar.Unavailable
	}
	if e.status >= 500 {
		return calendar.Unavailable
	}
	return calendar.Other
}

// statusIn is the status of the answer that err carries, 0 if there was none.
func statusIn(err error) int {
	if e, ok := errors.AsType[*refusal](err); ok {
		return e.status
	}
	return 0
}

// failedIn are the conditions that err carries.
func failedIn(err error) conditions {
	if e, ok := errors.AsType[*refusal](err); ok {
		return e.failed
	}
	return conditions{}
}

// errorIn gives an error of another's the request's place.
func errorIn(r request, err error) error {
	out := &calendar.Error{Op: r.op, Kind: calendar.Unavailable, Calendar: r.cal, Event: r.event, Err: err}
	if inner, ok := errors.AsType[*calendar.Error](err); ok {
		out.Kind, out.Field, out.RetryAfter, out.Obstacle = inner.Kind, inner.Field, inner.RetryAfter, inner.Obstacle
	}
	return out
}
