package steady

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// When an account is left alone, and for how long.
const (
	// RowOfFailures is how many calls in a row must get no usable answer. Calls
	// that run at the same time count once: it is one blip to them all.
	RowOfFailures = 3
	// hang is how long a call without an answer takes to be enough by itself: the
	// others, and the person, are not to wait for two more.
	hang = 20 * time.Second
	// A storm: so many of the last calls failed, though not in a row.
	stormOf, stormAt = 20, 12

	// FirstRest is as long as the closest interval between two passes; a second
	// failed try doubles it, and so on.
	FirstRest = 15 * time.Second
	// LongestRest is what a person waits at most for a service that is back.
	LongestRest = 10 * time.Minute
	// A rest that follows another one within this is a longer one, although a call
	// went well in between: what answers reads may still hang on every write.
	relapse = 5 * time.Minute
	// spread lengthens a rest by up to a tenth, so that accounts that fell
	// silent together do not come back together.
	spread = 0.1
)

// Rest is how long an account is left alone, and why.
type Rest struct {
	Since time.Time // of the first failure
	Until time.Time // when it is tried again
	Cause error     // the last failure
}

// Resting is the cause of a refusal to ask an account that is left alone.
// Nothing was sent; its *calendar.Error is Throttled.
type Resting struct{ Rest }

// Error says until when.
func (r *Resting) Error() string {
	return fmt.Sprintf("it does not answer, and is left alone until %s", r.Until.Format(time.RFC3339))
}

// Rest tells whether the account is left alone.
func (p *Provider) Rest() (Rest, bool) {
	p.breaker.mu.Lock()
	defer p.breaker.mu.Unlock()
	return p.breaker.rest, p.breaker.open
}

// Hurry ends a rest now: the next Knock may come at once.
func (p *Provider) Hurry() {
	p.breaker.mu.Lock()
	defer p.breaker.mu.Unlock()
	if now := p.o.Now(); p.breaker.open && p.breaker.rest.Until.After(now) {
		p.breaker.rest.Until = now
	}
}

// Knock tries an account whose rest is over with one cheap call, and ends the
// rest if it answers. nil at once if the account is not left alone.
func (p *Provider) Knock(ctx context.Context) error {
	rest, open := p.Rest()
	if !open {
		return nil
	}
	if now := p.o.Now(); now.Before(rest.Until) {
		return p.breaker.refuses(now)
	}
	_, err := attempt(ctx, p, knockLimit, p.inner.Calendars)
	if calendar.KindOf(err) == calendar.Unavailable || ctx.Err() != nil {
		return err
	}
	return nil // any answer shows that someone is there
}

// breaker keeps calls from an account that does not answer. Open is the
// electrician's word: nothing flows.
type breaker struct {
	mu     sync.Mutex
	open   bool
	rest   Rest
	length time.Duration // of the last rest
	closed time.Time     // when it ended

	row    int       // failures in a row
	since  time.Time // of the first of them
	ended  time.Time // when the last failure that counted was over
	recent [stormOf]bool
	calls  int // that recent knows of
}

// refuses is the answer to a call while the account is left alone, else nil.
func (b *breaker) refuses(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return nil
	}
	return &calendar.Error{Op: "leave the account alone", Kind: calendar.Throttled, RetryAfter: max(b.rest.Until.Sub(now), time.Second), Err: &Resting{b.rest}}
}

// heard takes note of how a call went, and reports whether a rest began, went on
// or ended by it.
func (b *breaker) heard(err error, began, now time.Time, random func() float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	failed := calendar.KindOf(err) == calendar.Unavailable
	if !failed {
		was := b.open
		if was {
			b.open, b.closed, b.calls = false, now, 0
		}
		b.row = 0
		b.note(false)
		return was
	}
	if b.open {
		if began.Before(b.ended) {
			return false // it was under way when the rest began
		}
		b.begin(err, now, random)
		return true
	}
	b.note(true)
	if b.row == 0 {
		b.since = began
	}
	if b.row == 0 || began.After(b.ended) || began.Equal(b.ended) {
		b.row++
		b.ended = now
	}
	if b.row < RowOfFailures && now.Sub(began) < hang && !b.storm() {
		return false
	}
	b.begin(err, now, random)
	return true
}

// begin begins a rest, or the next one.
func (b *breaker) begin(err error, now time.Time, random func() float64) {
	switch {
	case b.length > 0 && (b.open || now.Sub(b.closed) < relapse):
		b.length = min(2*b.length, LongestRest)
	default:
		b.length = FirstRest
	}
	if !b.open {
		b.rest.Since = b.since
	}
	b.open, b.row, b.ended = true, 0, now
	b.rest.Cause = err
	b.rest.Until = now.Add(b.length + time.Duration(random()*spread*float64(b.length)))
}

func (b *breaker) note(failed bool) {
	b.recent[b.calls%stormOf] = failed
	b.calls++
}

func (b *breaker) storm() bool {
	n := 0
	for i := range min(b.calls, stormOf) {
		if b.recent[i] {
			n++
		}
	}
	return n >= stormAt
}

// quiet is the time in which a provider wants to hear nothing.
type quiet struct {
	mu    sync.Mutex
	until time.Time
	row   int // of 'too fast' without a time
}

func (q *quiet) left(now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.until.Sub(now)
}

// heard takes note of a 'too fast'.
func (q *quiet) heard(err error, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err == nil {
		q.row = 0
	}
	if calendar.KindOf(err) != calendar.Throttled {
		return
	}
	wait := calendar.RetryAfter(err)
	if wait == 0 {
		wait = min(firstWait<<min(q.row, 10), longestQuiet)
		q.row++
	}
	if until := now.Add(wait); until.After(q.until) {
		q.until = until
	}
}
