// Package steady makes a provider bearable: it is a calendar.Provider around
// another one that tries failed reads again, waits as long as the provider asks,
// keeps below its rate, ends calls that hang, and leaves an account alone for a
// while when it does not answer at all (see Rest).
//
// A write is never tried again here. After a time-out it may have happened, and
// what lies over or under it by then may be a person's edit: only the engine's
// journal, which keeps what was there before, can tell (engine/settle.go).
//
// Of this project it imports providers/calendar only. Clock, waiting and chance
// are handed in.
package steady

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"

	"github.com/twinday/twinday/providers/calendar"
)

// Limits of a call, and of how often it is made.
const (
	// ReadTries and ReadPatience bound what is done for one read: the next pass
	// comes in 15 seconds to two minutes, and reads again by itself.
	ReadTries    = 4
	ReadPatience = 20 * time.Second
	// Brief is the longest wait that is slept through within a call. Whoever asks
	// for more gets it from the engine, which leaves the account alone meanwhile.
	Brief = 10 * time.Second

	firstWait   = time.Second     // before the second try, then twice as long each time
	longestWait = 8 * time.Second // of those
	jitter      = time.Second     // at most, on top: Google's guide 'Manage quotas' has a second
	// longestQuiet is how long writes rest at most after a provider said 'too
	// fast' without saying for how long: the guide's own maximum.
	longestQuiet = 64 * time.Second

	// lookLimit ends a call that is one or two requests; the connectors' own limit
	// of a request is a minute.
	lookLimit = 30 * time.Second
	// knockLimit ends the one cheap call that an account is tried with.
	knockLimit = 15 * time.Second
	// readLimit ends the reading of one calendar: thousands of pages or series.
	readLimit = 10 * time.Minute
	// A write is a request or two, and some more for every override of a series.
	writeLimit        = 30 * time.Second
	overrideLimit     = 5 * time.Second
	longestWriteLimit = 10 * time.Minute

	// burst is how many seconds' worth of writes may come at once: ten of sixty
	// keeps any minute below 7/6 of the rate, which the rates take into account.
	burst = 10
)

// Options are what a Provider lives on.
type Options struct {
	Now func() time.Time
	// Sleep waits. nil: nothing waits, so nothing is tried twice, nothing is paced
	// and no 'too fast' is waited for; for tests that have a clock and no time.
	Sleep func(context.Context, time.Duration) error
	// Random draws from [0, 1).
	Random func() float64
	// Changed is called after the account went to rest or came back; may be nil.
	Changed func()
}

// Provider is an account's provider, made steady. Make one with New.
type Provider struct {
	inner   calendar.Provider
	o       Options
	caps    calendar.Capabilities
	bucket  *rate.Limiter // nil: no limit
	breaker breaker
	quiet   quiet
}

var _ calendar.Provider = (*Provider)(nil)

// New makes p steady.
func New(p calendar.Provider, o Options) *Provider {
	s := &Provider{inner: p, o: o, caps: p.Capabilities()}
	if r := s.caps.WriteRate; r > 0 {
		s.bucket = rate.NewLimiter(rate.Limit(r), max(1, int(r*burst)))
	}
	return s
}

// Capabilities implements calendar.Provider.
func (p *Provider) Capabilities() calendar.Capabilities { return p.inner.Capabilities() }

// Calendars implements calendar.Provider.
func (p *Provider) Calendars(ctx context.Context) ([]calendar.Calendar, error) {
	return read(ctx, p, lookLimit, p.inner.Calendars)
}

// Changes implements calendar.Provider.
func (p *Provider) Changes(ctx context.Context, cal calendar.CalendarID, since calendar.Cursor) (calendar.Changes, error) {
	return read(ctx, p, readLimit, func(ctx context.Context) (calendar.Changes, error) { return p.inner.Changes(ctx, cal, since) })
}

// Marked lists the marks of a calendar's events, where the provider keeps them apart
// from its changes; none where it does not.
func (p *Provider) Marked(ctx context.Context, cal calendar.CalendarID, since time.Time) (map[calendar.RemoteID]calendar.Mark, int, error) {
	m, ok := p.inner.(interface {
		Marked(context.Context, calendar.CalendarID, time.Time) (map[calendar.RemoteID]calendar.Mark, int, error)
	})
	if !ok {
		return nil, 0, nil
	}
	requests := 0
	marks, err := read(ctx, p, readLimit, func(ctx context.Context) (map[calendar.RemoteID]calendar.Mark, error) {
		marks, n, err := m.Marked(ctx, cal, since)
		requests += n
		return marks, err
	})
	return marks, requests, err
}

// MakeCalendar makes a calendar, where the provider can (calendar.Maker). It is asked
// once: after Unavailable it may have been made.
func (p *Provider) MakeCalendar(ctx context.Context, name, zone string) (calendar.Calendar, error) {
	m, ok := p.inner.(calendar.Maker)
	if !ok {
		return calendar.Calendar{}, &calendar.Error{Op: "make calendar", Kind: calendar.Forbidden, Err: errNoMaker}
	}
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return m.MakeCalendar(ctx, name, zone)
}

// Get implements calendar.Provider.
func (p *Provider) Get(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	return read(ctx, p, lookLimit, func(ctx context.Context) (calendar.Event, error) {
		ev, err := p.inner.Get(ctx, cal, id)
		return ev, checked("get event", ev, err)
	})
}

// Prepare passes on what is about to be changed (calendar.Preparer). It is asked once, and
// not of an account that rests: the changes tell what is wrong.
func (p *Provider) Prepare(ctx context.Context, cal calendar.CalendarID, ids []calendar.RemoteID) {
	inner, ok := p.inner.(calendar.Preparer)
	if _, resting := p.Rest(); !ok || resting {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	inner.Prepare(ctx, cal, ids)
}

// Create implements calendar.Provider.
func (p *Provider) Create(ctx context.Context, cal calendar.CalendarID, d calendar.Draft) (calendar.Event, error) {
	return write(ctx, p, 1, len(d.Overrides), func(ctx context.Context) (calendar.Event, error) {
		ev, err := p.inner.Create(ctx, cal, d)
		return ev, checked("create event", ev, err)
	})
}

// Update implements calendar.Provider.
func (p *Provider) Update(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, c calendar.Change) (calendar.Event, error) {
	more := len(c.Slots)
	if c.Groups.Has(calendar.GroupWhen) { // they may all be written again
		more = max(more, len(c.Overrides))
	}
	return write(ctx, p, p.updateCost(), more, func(ctx context.Context) (calendar.Event, error) {
		ev, err := p.inner.Update(ctx, cal, id, v, c)
		return ev, checked("update event", ev, err)
	})
}

// Respond implements calendar.Provider.
func (p *Provider) Respond(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, r calendar.Response) error {
	_, err := write(ctx, p, p.updateCost(), 0, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, p.inner.Respond(ctx, cal, id, v, r)
	})
	return err
}

// Delete implements calendar.Provider.
func (p *Provider) Delete(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	_, err := write(ctx, p, 1, 0, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, p.inner.Delete(ctx, cal, id, v)
	})
	return err
}

// checked is err, or that an event without an id is no answer: what was written
// may have happened, and it cannot be kept.
func checked(op string, ev calendar.Event, err error) error {
	if err == nil && ev.ID == "" {
		return &calendar.Error{Op: op, Kind: calendar.Unavailable, Err: errNoID}
	}
	return err
}

var errNoMaker = errors.New("this service lets no app make calendars")

var errNoID = errors.New("the answer is an event without an id")

func (p *Provider) updateCost() int { return max(1, p.caps.UpdateCost) }

// read makes a call that may be made again, and makes it again where that helps.
func read[T any](ctx context.Context, p *Provider, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	began := p.o.Now()
	grow := backoff.NewExponentialBackOff()
	grow.InitialInterval, grow.MaxInterval, grow.Multiplier = firstWait, longestWait, 2
	grow.RandomizationFactor = 0 // the chance is drawn below, from what was handed in
	doubted := false             // a refused sign-in was tried once more
	for try := 1; ; try++ {
		out, err := once(ctx, p, limit, call)
		if _, resting := p.Rest(); err == nil || resting || try == ReadTries || p.o.Sleep == nil || ctx.Err() != nil {
			return out, err
		}
		wait := grow.NextBackOff()
		switch calendar.KindOf(err) {
		case calendar.Unavailable:
		case calendar.Throttled:
			wait = max(wait, calendar.RetryAfter(err))
		case calendar.SignedOut:
			// Google was seen to say a bare 'Unauthorized' that did not last; a sign-in
			// that has really ended is not asked for again (signin.Source).
			if doubted || calendar.ObstacleOf(err) != "" {
				return out, err
			}
			doubted = true
		default:
			return out, err
		}
		if wait > Brief {
			return out, err
		}
		wait += time.Duration(p.o.Random() * float64(jitter))
		if p.o.Now().Add(wait).Sub(began) > ReadPatience || p.o.Sleep(ctx, wait) != nil {
			return out, err
		}
	}
}

// write makes a call once, in its turn. cost is what it takes from the bucket,
// and more how many overrides come with it, each as dear as an update.
func write[T any](ctx context.Context, p *Provider, cost, more int, call func(context.Context) (T, error)) (T, error) {
	if err := p.pace(ctx, cost+more*p.updateCost()); err != nil {
		var none T
		return none, err
	}
	out, err := once(ctx, p, min(writeLimit+time.Duration(more)*overrideLimit, longestWriteLimit), call)
	if calendar.KindOf(err) == calendar.SignedOut && calendar.ObstacleOf(err) == "" && p.o.Sleep != nil && p.stillSignedIn(ctx) {
		// Nothing was written: the engine does it again.
		err = &calendar.Error{Op: "write", Kind: calendar.Throttled, RetryAfter: firstWait, Err: err}
	}
	return out, err
}

// stillSignedIn asks once more, with a read, whether a sign-in that was refused
// has really ended: a person would have to go through the browser again.
func (p *Provider) stillSignedIn(ctx context.Context) bool {
	if p.o.Sleep(ctx, firstWait) != nil {
		return false
	}
	_, err := p.Calendars(ctx)
	return calendar.KindOf(err) != calendar.SignedOut
}

// pace waits for the bucket.
func (p *Provider) pace(ctx context.Context, cost int) error {
	if p.bucket == nil || p.o.Sleep == nil {
		return nil
	}
	for cost > 0 {
		n := min(cost, p.bucket.Burst())
		cost -= n
		now := p.o.Now()
		r := p.bucket.ReserveN(now, n)
		if d := r.DelayFrom(now); d > 0 {
			if err := p.o.Sleep(ctx, d); err != nil {
				r.CancelAt(p.o.Now())
				// Nothing was sent: not to be settled.
				return &calendar.Error{Op: "wait for a turn", Kind: calendar.Throttled, Err: err}
			}
		}
	}
	return nil
}

// once makes a call within its time limit, unless the account is to be left alone.
func once[T any](ctx context.Context, p *Provider, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	var none T
	if err := p.breaker.refuses(p.o.Now()); err != nil {
		return none, err
	}
	if p.o.Sleep != nil {
		left := p.quiet.left(p.o.Now())
		if left > Brief {
			return none, &calendar.Error{Op: "wait as long as was asked", Kind: calendar.Throttled, RetryAfter: left, Err: errQuiet}
		}
		if left > 0 {
			if err := p.o.Sleep(ctx, left); err != nil {
				return none, &calendar.Error{Op: "wait as long as was asked", Kind: calendar.Throttled, Err: err}
			}
		}
	}
	return attempt(ctx, p, limit, call)
}

var errQuiet = errors.New("the provider asked for patience")

// attempt makes a call within its time limit and takes note of how it went.
func attempt[T any](ctx context.Context, p *Provider, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	began := p.o.Now()
	limited, cancel := context.WithTimeout(ctx, limit)
	out, err := call(limited)
	cancel()
	if ctx.Err() != nil {
		return out, err // given up by the caller: the provider is not to blame
	}
	p.quiet.heard(err, p.o.Now())
	if p.breaker.heard(err, began, p.o.Now(), p.o.Random) && p.o.Changed != nil {
		p.o.Changed()
	}
	return out, err
}
