package google

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// Waits where Google's answer means hours but gives no Retry-After.
const (
	// The anti-abuse limit on invitations, events and calendars lasts for hours
	// (Google guide 'Manage quotas'; observed by third parties).
	usageWait = time.Hour
	// A day's quota comes back at midnight Pacific time; asking every hour finds that.
	dailyWait = time.Hour
)

// apiError is the cause that a *calendar.Error of this connector carries.
type apiError struct {
	status  int
	reasons []string
	message string
}

// Error reads "Precondition Failed (412 conditionNotMet)".
func (e *apiError) Error() string {
	s := strings.Join(append([]string{strconv.Itoa(e.status)}, e.reasons...), " ")
	if e.message == "" {
		return http.StatusText(e.status) + " (" + s + ")"
	}
	return e.message + " (" + s + ")"
}

// Is reports whether the Calendar API was not switched on in the client id's project
// (Google guide 'Handle API errors'; SERVICE_DISABLED is what newer front ends say).
func (e *apiError) Is(target error) bool {
	return target == calendar.ErrSwitchedOff && (answer{reasons: e.reasons}).has("accessNotConfigured", "SERVICE_DISABLED")
}

// maxMessage keeps a surprising message from filling the screen.
const maxMessage = 300

// translate says what a failed call means, as *calendar.Error. nil stays nil.
// It follows Google's guide 'Handle API errors': the status alone does not say
// it, the reason does.
func translate(op string, cal calendar.CalendarID, id calendar.RemoteID, err error) error {
	if err == nil {
		return nil
	}
	out := &calendar.Error{Op: op, Kind: calendar.Unavailable, Calendar: cal, Event: id, Err: err}
	// The sign-in failed before the request was sent: it comes wrapped in *url.Error.
	if inner, ok := errors.AsType[*calendar.Error](err); ok {
		out.Kind, out.Field, out.RetryAfter, out.Obstacle = inner.Kind, inner.Field, inner.RetryAfter, inner.Obstacle
		out.Err = fmt.Errorf("%s: %w", inner.Op, inner.Err)
		return out
	}
	if _, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return translate(op, cal, id, signin.TokenError("refresh the sign-in", err))
	}
	ge, ok := errors.AsType[*googleapi.Error](err)
	if !ok { // the network, a time-out, a cut or garbled answer
		return out
	}
	a := answerOf(ge)
	cause := &apiError{status: ge.Code, reasons: a.reasons, message: a.message}
	out.Err = cause
	// A proxy's or load balancer's page is nothing that Calendar said, and an empty
	// 404 or 410 must not look like a deletion: Calendar says it in words.
	if !a.isGoogle && (ge.Body != "" || ge.Code == http.StatusNotFound || ge.Code == http.StatusGone) {
		cause.message = "an answer that is not Calendar's"
		return out
	}
	out.RetryAfter = calendar.WaitAsked(ge.Header.Get("Retry-After"), ge.Header.Get("Date"))
	out.Kind, out.Field = a.kind(ge.Code)
	if a.scopeMissing() {
		out.Kind, out.Obstacle = calendar.SignedOut, calendar.ScopeMissing
	}
	if out.Kind == calendar.Throttled && out.RetryAfter == 0 {
		out.RetryAfter = a.wait()
	}
	return out
}

// translateRead is translate for a request that asks for no change: a refusal
// there is about seeing, not about writing.
func translateRead(op string, cal calendar.CalendarID, id calendar.RemoteID, err error) error {
	err = translate(op, cal, id, err)
	if e, ok := errors.AsType[*calendar.Error](err); ok && e.Kind == calendar.ReadOnly {
		e.Kind = calendar.Forbidden
	}
	return err
}

// answer is an error body. The library keeps neither domain nor location.
type answer struct {
	isGoogle bool
	reasons  []string
	message  string
	location string
}

func answerOf(ge *googleapi.Error) answer {
	var body struct {
		Error *struct {
			Message string `json:"message"`
			Errors  []struct {
				Reason   string `json:"reason"`
				Message  string `json:"message"`
				Location string `json:"location"`
			} `json:"errors"`
			Details []struct {
				Reason string `json:"reason"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal([]byte(ge.Body), &body) != nil || body.Error == nil {
		return answer{}
	}
	a := answer{isGoogle: true, message: body.Error.Message}
	for _, e := range body.Error.Errors {
		a.reasons = append(a.reasons, e.Reason)
		if a.message == "" {
			a.message = e.Message
		}
		if a.location == "" {
			a.location = e.Location
		}
	}
	for _, d := range body.Error.Details { // front-end errors say it here
		if d.Reason != "" && !slices.Contains(a.reasons, d.Reason) {
			a.reasons = append(a.reasons, d.Reason)
		}
	}
	if r := []rune(a.message); len(r) > maxMessage {
		a.message = string(r[:maxMessage]) + "…"
	}
	return a
}

func (a answer) has(reasons ...string) bool {
	return slices.ContainsFunc(a.reasons, func(r string) bool { return slices.Contains(reasons, r) })
}

func (a answer) says(part string) bool {
	return strings.Contains(strings.ToLower(a.message), strings.ToLower(part))
}

// scopeMissing reports whether the sign-in lacks a permission: only another one helps.
func (a answer) scopeMissing() bool {
	return a.has("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
}

func (a answer) kind(status int) (calendar.Kind, string) {
	if a.has("eventTypeRestriction") { // with 400 or 403
		return calendar.Forbidden, ""
	}
	switch status {
	case http.StatusBadRequest:
		switch {
		case a.says("sync token"): // a token that Google cannot read; treated as expired by Thunderbird too
			return calendar.CursorExpired, ""
		case a.says("invalid sequence value"): // someone else's change came between
			return calendar.Conflict, ""
		}
		return calendar.Invalid, a.field()
	case http.StatusUnauthorized:
		return calendar.SignedOut, ""
	case http.StatusForbidden:
		switch {
		case a.has("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"):
			return calendar.Throttled, ""
		case a.has("requiredAccessLevel", "forbidden"):
			return calendar.ReadOnly, ""
		}
		return calendar.Forbidden, ""
	case http.StatusNotFound:
		return calendar.NotFound, ""
	case http.StatusConflict, http.StatusPreconditionFailed:
		return calendar.Conflict, ""
	case http.StatusGone:
		if a.has("fullSyncRequired", "updatedMinTooLongAgo") || a.says("sync token") {
			return calendar.CursorExpired, ""
		}
		return calendar.Gone, ""
	case http.StatusRequestEntityTooLarge:
		return calendar.Invalid, ""
	case http.StatusTooManyRequests:
		return calendar.Throttled, ""
	case http.StatusRequestTimeout:
		return calendar.Unavailable, ""
	}
	if status >= 500 {
		return calendar.Unavailable, ""
	}
	return calendar.Other, ""
}

// field guesses which part of the content Google refuses.
func (a answer) field() string {
	for _, part := range []string{"time zone", "start time", "end time", "start and end", "time range"} {
		if a.says(part) {
			return string(calendar.GroupWhen)
		}
	}
	if a.has("timeRangeEmpty") {
		return string(calendar.GroupWhen)
	}
	return a.location
}

// wait is how long a throttled account should rest where Google did not say.
func (a answer) wait() time.Duration {
	switch {
	case a.has("quotaExceeded"):
		return usageWait
	case a.has("dailyLimitExceeded"), a.says("per day"):
		return dailyWait
	}
	return 0
}
