package calendar

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong at a provider, in the only terms the engine knows.
// Connectors translate once; the engine branches on nothing else.
type Kind int

// The closed set of kinds. Each says what may have happened and what to do.
const (
	// Other is a fault that fits nothing below: a bug, or an answer that makes
	// no sense. It is shown, and the step is tried again later.
	Other Kind = iota
	// NotFound: no such event or calendar, or no access to it. For a calendar
	// it never means "empty".
	NotFound
	// Gone: it existed and was deleted. From Create it means that the key
	// belongs to an event deleted since; the next try needs a new generation.
	Gone
	// CursorExpired: the cursor is of no use; read everything, then compare.
	CursorExpired
	// Conflict: the version is not the latest (412), or the key is taken by
	// other content (409). Nothing was written. Read again, decide again.
	Conflict
	// Throttled: too fast. Nothing was written; wait at least RetryAfter.
	Throttled
	// SignedOut: the account must sign in again. Nothing was written.
	SignedOut
	// Forbidden: this account may not do that (scope, policy, not the
	// organizer). Nothing was written; do not try again unchanged.
	Forbidden
	// ReadOnly: the calendar cannot be written by this account.
	ReadOnly
	// Invalid: the provider refuses this content (Field says which, if known).
	// Nothing was written; do not try again unchanged.
	Invalid
	// Unavailable: no usable answer (network, time-out, 5xx). A write may or
	// may not have happened: settle it before anything else.
	Unavailable
)

var kindNames = [...]string{
	"other", "not found", "gone", "cursor expired", "conflict", "throttled",
	"signed out", "forbidden", "read-only", "invalid", "unavailable",
}

// String names the kind as in "cursor expired".
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "other"
	}
	return kindNames[k]
}

// Obstacle is what stands between an account and its sign-in, beyond the sign-in
// itself.
type Obstacle string

// The obstacles, each with its own way out.
const (
	// AdminApproval: the organisation wants an administrator to allow the app first.
	AdminApproval Obstacle = "admin approval"
	// BlockedByPolicy: the organisation has decided against this app, person or device.
	BlockedByPolicy Obstacle = "policy"
	// ScopeMissing: a permission was left out when the person agreed.
	ScopeMissing Obstacle = "scope missing"
	// ClientRefused: the provider does not take the client id that Twinday signs in as.
	ClientRefused Obstacle = "client refused"
)

// Error is every failure a Provider returns.
type Error struct {
	Op         string        // what was tried: "google: update event"
	Kind       Kind          // what it means
	Calendar   CalendarID    // where, if known
	Event      RemoteID      // on what, if known
	Field      string        // the refused field, with Invalid
	RetryAfter time.Duration // at least this long, with Throttled; 0 if not said
	Obstacle   Obstacle      // why a new sign-in alone does not help, "" if it does
	Err        error         // the cause, in the provider's words
}

// Error reads "google: update event: conflict: Precondition Failed".
func (e *Error) Error() string {
	s := e.Op + ": " + e.Kind.String()
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Err != nil {
		s += fmt.Sprintf(": %v", e.Err)
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Causes that have a way out of their own; errors.Is finds them. The first two come with
// Forbidden, the last with Other: what was refused for it is tried again.
var (
	// ErrSwitchedOff: the service's calendars were not switched on for the client id
	// that Twinday signs in as.
	ErrSwitchedOff = errors.New("calendars are not switched on for this client id")
	// ErrNoMailbox: the account has no calendars, for it has no mailbox there.
	ErrNoMailbox = errors.New("the account has no mailbox")
	// ErrFull: the account's storage takes nothing more.
	ErrFull = errors.New("the account's storage is full")
)

// Damaged is the cause of a read that fails since the service itself cannot read one of the
// events: until a person mends or deletes it there, nothing of the calendar is to be had.
type Damaged struct {
	Day time.Time // about when that event is, in UTC; zero if it was not found out
	Err error     // in the provider's words
}

// Error says so.
func (e *Damaged) Error() string {
	return fmt.Sprintf("the service cannot read one of its events: %v", e.Err)
}

// Unwrap gives the cause.
func (e *Damaged) Unwrap() error { return e.Err }

// KindOf finds the kind of err, Other if it is none of ours, and -1 for nil.
func KindOf(err error) Kind {
	if err == nil {
		return -1
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}

// ObstacleOf finds the obstacle that err tells of, "" if none.
func ObstacleOf(err error) Obstacle {
	var e *Error
	if errors.As(err, &e) {
		return e.Obstacle
	}
	return ""
}

// RetryAfter is the wait a provider asked for, 0 if none.
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
