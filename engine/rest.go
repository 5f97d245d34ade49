package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/steady"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// This file is about accounts that are left alone for a while: because they do
// not answer (a rest, by engine/steady), or because they asked for it (waits).

// Wait sleeps for d, or until ctx ends.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// steady makes an account's provider bearable, and shows when it goes to rest.
func (e *Engine) steady(id state.AccountID, p calendar.Provider) *steady.Provider {
	var s *steady.Provider
	s = steady.New(p, steady.Options{Now: e.Now, Sleep: e.Sleep, Random: e.Random, Changed: func() {
		rest, on := s.Rest()
		e.rested(id, rest, on)
	}})
	return s
}

// resting reports whether an account is left alone just now.
func (e *Engine) resting(p *steady.Provider) bool {
	rest, on := p.Rest()
	return on && e.Now().Before(rest.Until)
}

// hurry has all accounts that are left alone tried in the next pass.
func (e *Engine) hurry() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.providers {
		p.Hurry()
	}
}

// nextTry is how long it is until an account that is left alone is tried again.
func (e *Engine) nextTry(now time.Time) time.Duration {
	next := time.Duration(math.MaxInt64)
	at := func(t time.Time) {
		if t.After(now) {
			next = min(next, max(t.Sub(now), time.Second))
		}
	}
	for id, p := range e.providers {
		if rest, on := p.Rest(); on {
			at(rest.Until)
		}
		at(e.waits[id])
	}
	return next
}

// brief reports whether a failure is a 'too fast' that the very next calls wait out.
func (e *Engine) brief(err error) bool {
	if e.Sleep == nil || calendar.KindOf(err) != calendar.Throttled || isResting(err) {
		return false
	}
	wait := calendar.RetryAfter(err)
	return wait > 0 && wait <= steady.Brief
}

func isResting(err error) bool {
	_, ok := errors.AsType[*steady.Resting](err)
	return ok
}

// rested shows that an account is left alone, or that it is back.
func (e *Engine) rested(id state.AccountID, rest steady.Rest, on bool) {
	key := problemKey{account: id}
	if !on {
		e.Log.Info("the account answers again", "account", id)
		e.mu.Lock()
		delete(e.problems, key)
		e.mu.Unlock()
		e.statusChanged()
		return
	}
	service, who, _ := e.names(id, state.Ref{})
	e.Log.Warn("an account is left alone", "account", id, "until", rest.Until, "cause", cause(rest.Cause))
	note := control.ProblemNote{Account: id, What: fmt.Sprintf("%s does not answer for %s; tried again at %s", service, who, clockTime(rest.Until)),
		Detail: rest.Cause.Error(), WayOut: checkNetwork, Since: rest.Since}
	if errors.Is(rest.Cause, secrets.ErrUnavailable) {
		note.What, note.WayOut = noKeyringWords(who), unlockKeyring
	}
	e.mu.Lock()
	for k := range e.unreached { // one word for all of its calendars
		if k.account == id {
			delete(e.problems, k)
			delete(e.unreached, k)
		}
	}
	e.problems[key] = note
	e.mu.Unlock()
	e.statusChanged()
}

// told reports whether a failure is part of what the account's rest says already.
func (e *Engine) told(id state.AccountID, err error) bool {
	e.mu.Lock()
	p := e.providers[id]
	e.mu.Unlock()
	if isResting(err) {
		return true
	}
	if p == nil || calendar.KindOf(err) != calendar.Unavailable {
		return false
	}
	_, on := p.Rest()
	return on
}

func clockTime(t time.Time) string { return t.Local().Format("15:04") }
