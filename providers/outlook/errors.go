package outlook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"github.com/twinday/twinday/providers/calendar"
)

// answer is a failure in Graph's own terms.
type answer struct {
	status  int
	code    string // "ErrorItemNotFound"; empty if the body was none of Graph's
	message string // for people; not stable
	retry   string // the Retry-After header
	date    string // the Date header
}

// Error reads "412 ErrorIrresolvableConflict: The change key passed in …".
func (a *answer) Error() string {
	s := strconv.Itoa(a.status)
	if a.code == "" {
		return strings.TrimSpace(s + " " + http.StatusText(a.status))
	}
	s += " " + a.code
	if a.message != "" {
		s += ": " + a.message
	}
	return s
}

// Is reports whether the account has no mailbox in Microsoft's cloud, or a full one.
func (a *answer) Is(target error) bool {
	return target == calendar.ErrNoMailbox && a.is("MailboxNotEnabledForRESTAPI") || target == calendar.ErrFull && a.full()
}

func (a *answer) full() bool {
	return a.is("ErrorQuotaExceeded", "quotaLimitReached") || a.status == http.StatusInsufficientStorage
}

// answerOf takes a failure apart; nil if it is no answer of a server.
func answerOf(err error) *answer {
	if oe, ok := errors.AsType[*odataerrors.ODataError](err); ok {
		a := &answer{status: oe.ResponseStatusCode, retry: header(oe.GetResponseHeaders(), "Retry-After"), date: header(oe.GetResponseHeaders(), "Date")}
		if m := oe.GetErrorEscaped(); m != nil {
			a.code, a.message = val(m.GetCode()), val(m.GetMessage())
		}
		return a
	}
	if ae, ok := errors.AsType[*abstractions.ApiError](err); ok {
		return &answer{status: ae.ResponseStatusCode, retry: header(ae.ResponseHeaders, "Retry-After"), date: header(ae.ResponseHeaders, "Date")}
	}
	return nil
}

func header(h *abstractions.ResponseHeaders, name string) string {
	if h == nil {
		return ""
	}
	if v := h.Get(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

func (a *answer) is(codes ...string) bool {
	return slices.ContainsFunc(codes, func(c string) bool { return strings.EqualFold(c, a.code) })
}

// crossing is the code of an occurrence that would come to its neighbour.
const crossing = "ErrorOccurrenceCrossingBoundary"

var (
	// missing are the codes of 404 that mean the thing asked for. A 404 without
	// one of them may come from a proxy, or mean the mailbox, and must not look
	// like a deletion.
	missing = []string{
		"ErrorItemNotFound", "ErrorSyncFolderNotFound", "ErrorFolderNotFound", "ResourceNotFound", "itemNotFound",
		"ErrorCalendarOccurrenceIsDeletedFromRecurrence", "ErrorInvalidFolderId",
	}
	// stale are the codes of a delta token that is of no use any more; they come
	// with 410 and with 400 (Graph "Use delta query", evolution-ews, corso).
	stale = []string{
		"SyncStateNotFound", "ResyncRequired", "SyncStateInvalid", "ErrorInvalidSyncStateData",
		"ErrorInvalidIdMalformed", "ErrorSyncStateNotFound",
	}
	// badTimes are the codes of times and rules that the service does not take
	// (Graph "Update event", Exchange Web Services "ResponseCode").
	badTimes = []string{
		"TimeZoneNotSupportedException", "ErrorCalendarEndDateIsEarlierThanStartDate", "ErrorCalendarDurationIsTooLong",
		crossing, "ErrorInvalidRecurrenceRange", "ErrorInvalidRecurrencePattern", "ErrorRecurrenceEndDateTooBig",
		"ErrorRecurrenceHasNoOccurrence", "ErrorOccurrenceTimeSpanTooBig",
	}
	throttled = []string{"ApplicationThrottled", "TooManyRequests", "activityLimitReached", "ErrorServerBusy"}
)

// kind says what the answer means, and which field a refusal is about.
func (a *answer) kind() (calendar.Kind, string) {
	switch {
	case a.status == http.StatusTooManyRequests, a.is(throttled...),
		a.status == http.StatusServiceUnavailable && a.retry != "": // MailboxConcurrency also comes as 503
		return calendar.Throttled, ""
	case a.status == http.StatusUnauthorized:
		return calendar.SignedOut, ""
	case a.full():
		return calendar.Other, ""
	case a.status == http.StatusForbidden, a.is("MailboxNotEnabledForRESTAPI", "ErrorInvalidUser"):
		return calendar.Forbidden, ""
	case a.is(missing...), a.is("ErrorInvalidIdMalformed"): // an id that is none names nothing
		return calendar.NotFound, ""
	case a.status == http.StatusGone:
		if a.code == "" { // as with 404
			return calendar.Unavailable, ""
		}
		return calendar.Gone, ""
	case a.status == http.StatusConflict, a.status == http.StatusPreconditionFailed:
		return calendar.Conflict, ""
	case a.is(badTimes...):
		return calendar.Invalid, string(calendar.GroupWhen)
	case a.status == http.StatusBadRequest, a.status == http.StatusRequestEntityTooLarge:
		return calendar.Invalid, ""
	case a.status >= 500, a.status == http.StatusRequestTimeout:
		return calendar.Unavailable, ""
	}
	return calendar.Other, ""
}

// failed says what err means. Anything that is no answer of Graph's is
// Unavailable: a write may have happened.
func failed(op string, err error) *calendar.Error {
	out := &calendar.Error{Op: "outlook: " + op, Kind: calendar.Unavailable, Err: err}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return out
	}
	if inner, ok := errors.AsType[*calendar.Error](err); ok {
		out.Kind, out.Field, out.RetryAfter, out.Obstacle, out.Err = inner.Kind, inner.Field, inner.RetryAfter, inner.Obstacle, inner
		return out
	}
	if a := answerOf(err); a != nil {
		out.Kind, out.Field = a.kind()
		out.Err = a
		if out.Kind == calendar.Throttled {
			out.RetryAfter = calendar.WaitAsked(a.retry, a.date)
		}
		return out
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		out.Err = ue.Err // without the address, which holds ids
	}
	return out
}

// kindOf is the kind of what failed says; -1 for nil.
func kindOf(err error) calendar.Kind {
	if err == nil {
		return -1
	}
	return failed("", err).Kind
}

// failedOn is failed about an event or, with an empty id, a calendar.
func failedOn(op string, cal calendar.CalendarID, id calendar.RemoteID, err error) *calendar.Error {
	e := failed(op, err)
	e.Calendar, e.Event = cal, id
	return e
}

// refused is an Invalid that needs no request.
func refused(op string, cal calendar.CalendarID, field calendar.Group, format string, args ...any) *calendar.Error {
	return &calendar.Error{Op: "outlook: " + op, Kind: calendar.Invalid, Calendar: cal, Field: string(field), Err: fmt.Errorf(format, args...)}
}

// val is what p points to, the zero value for nil.
func val[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func ptr[T any](v T) *T { return &v }
