package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// This file keeps the lists of calendars up to date, says what became of those that are
// mirrored, and makes new ones.

// listInterval is how often an account's calendars are listed anyway: names, colours,
// rights and zones change seldom, and no service tells of all of it in its changes.
const listInterval = 24 * time.Hour

// settingListed is when an account's calendars were last listed; and its id.
const settingListed = "calendars listed of "

var (
	errNoCalendar  = errors.New("the account has it no longer")
	errNoCalendars = errors.New("the list of calendars is empty, which no account's is")
	errBusyOnly    = errors.New("its owner lets you see no more than when its events are")
)

// lookOver lists an account's calendars when that is due: once a day, and more often
// where one that takes part is not there, or may not be written. The house keeps what
// it knew; see refresh.
func (e *Engine) lookOver(ctx context.Context, h *house, id state.AccountID, refs []state.Ref) {
	closed := shut(h)
	odd := slices.ContainsFunc(refs, func(r state.Ref) bool { return closed[r] || e.unusable(r) != nil })
	e.relist(ctx, h.accounts[id], map[bool]time.Duration{false: listInterval, true: accessInterval}[odd])
}

// relist lists an account's calendars if that is so long ago.
func (e *Engine) relist(ctx context.Context, a state.Account, after time.Duration) {
	if e.Now().Sub(e.listedAt(a.ID)) < after {
		return
	}
	if _, err := e.list(ctx, a); err != nil {
		e.Log.Info("an account's calendars could not be listed", "account", a.ID, "cause", cause(err))
	}
}

func (e *Engine) listedAt(id state.AccountID) (at time.Time) {
	e.mu.Lock()
	at, ok := e.listed[id]
	e.mu.Unlock()
	if ok {
		return at
	}
	if err := e.Store.View(func(tx *store.Tx) error { at = settingTime(tx, settingListed+string(id)); return nil }); err != nil {
		e.Log.Error("when an account's calendars were listed cannot be read", "account", id, "error", err)
	}
	return at
}

// unusable is why a calendar takes no part, by the last list: it is not there, or shows
// nothing of its events. What it held is kept as it was.
func (e *Engine) unusable(ref state.Ref) (trouble error) {
	err := e.Store.View(func(tx *store.Tx) error {
		list, err := tx.Calendars(ref.Account)
		for _, c := range list {
			switch {
			case c.Ref != ref:
			case c.Missing:
				trouble = &calendar.Error{Op: "look for the calendar", Kind: calendar.NotFound, Calendar: ref.Calendar, Err: errNoCalendar}
			case !c.Details:
				trouble = &calendar.Error{Op: "read changes", Kind: calendar.Forbidden, Calendar: ref.Calendar, Err: errBusyOnly}
			}
		}
		return err
	})
	return cmp.Or(trouble, err)
}

// shunned looks after calendars that a service no longer lets us read: the list tells
// what became of them.
func (e *Engine) shunned(ctx context.Context, a state.Account, readings map[state.Ref]reading) {
	for ref, r := range readings {
		switch calendar.KindOf(r.trouble) {
		case calendar.NotFound, calendar.Gone, calendar.Forbidden, calendar.ReadOnly:
			e.mu.Lock()
			_, told := e.problems[problemKey{a.ID, ref}]
			e.mu.Unlock()
			e.relist(ctx, a, map[bool]time.Duration{true: accessInterval}[told]) // news are looked into at once
			if trouble := e.unusable(ref); trouble != nil {
				r.trouble = trouble
				readings[ref] = r
			}
		}
	}
}

// keepList keeps an account's calendars, and notes what became of those in mirrors.
// What waited for one that may be written again is looked at anew.
func (e *Engine) keepList(id state.AccountID, list []state.Calendar) error {
	if len(list) == 0 {
		return &calendar.Error{Op: "list calendars", Kind: calendar.Unavailable, Err: errNoCalendars}
	}
	now := e.Now()
	err := e.Store.Update(func(tx *store.Tx) error {
		before, err := tx.Calendars(id)
		if err != nil {
			return err
		}
		if err := tx.PutCalendars(id, list); err != nil {
			return err
		}
		if err := tx.SetSetting(settingListed+string(id), now.UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
		after, err := tx.Calendars(id)
		if err != nil {
			return err
		}
		ms, err := mirrors(tx)
		if err != nil {
			return err
		}
		for _, was := range before {
			at := slices.IndexFunc(after, func(c state.Calendar) bool { return c.Ref == was.Ref })
			if at < 0 {
				continue // dropped: no mirror has it
			}
			is := after[at]
			words := became(was, is)
			for _, m := range ms {
				if !m.Has(is.Ref) {
					continue
				}
				for _, w := range words {
					note := &state.HistoryEntry{Time: now, Pass: tx.LastPass(), Outcome: state.Noted, Mirror: m.ID, Ref: is.Ref, Title: is.Name, Why: w}
					if err := tx.AppendHistory(note); err != nil {
						return err
					}
				}
				words = nil // said once
				if is.Writable && !was.Writable || was.Missing && !is.Missing || is.Details && !was.Details {
					if err := reconsider(tx, m); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.listed[id] = now
	e.mu.Unlock()
	e.statusChanged()
	return nil
}

// became says what happened to a calendar between two lists, in words.
func became(was, is state.Calendar) (words []string) {
	say := func(yes bool, format string, args ...any) {
		if yes {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(is.Missing && !was.Missing, "this calendar is not in the account's list any more: its mirror stops there, and what it held is kept as it was")
	say(was.Missing && !is.Missing, "this calendar is in the account's list again")
	if is.Missing {
		return words
	}
	say(was.Name != is.Name, "the calendar “%s” is called “%s” now", was.Name, is.Name)
	say(is.Hidden && !was.Hidden, "this calendar is hidden in the service's own list; it is mirrored all the same")
	say(was.Hidden && !is.Hidden, "this calendar is shown in the service's own list again")
	switch {
	case was.Details && !is.Details:
		say(true, "its owner lets you see no more than when its events are: its mirror stops there, and what it held is kept as it was")
	case !was.Details && is.Details:
		say(true, "its events show their details again")
	case was.Writable && !is.Writable:
		say(true, "this calendar can only be read now: what is to be written there waits")
	case !was.Writable && is.Writable:
		say(true, "this calendar can be changed again")
	}
	if was.Details && is.Details && was.Role != "" {
		say(is.Role.HidesPrivate() && !was.Role.HidesPrivate(), "private events of this calendar show no details any more: what is known of them is kept as it was")
		say(was.Role.HidesPrivate() && !is.Role.HidesPrivate(), "private events of this calendar show their details now")
	}
	return words
}

// MakeCalendar makes a calendar in an account, for copies say.
func (e *Engine) MakeCalendar(ctx context.Context, req control.NewCalendar) (state.Calendar, error) {
	ctx, done := e.carriedOn(ctx)
	defer done()
	name := strings.TrimSpace(req.Name)
	if name == "" {
		return state.Calendar{}, usage("the new calendar needs a name")
	}
	accounts, err := e.accounts()
	if err != nil {
		return state.Calendar{}, err
	}
	at := slices.IndexFunc(accounts, func(a state.Account) bool { return a.ID == req.Account })
	if at < 0 {
		return state.Calendar{}, notFound("there is no account %q; `twinday account list` shows them", req.Account)
	}
	a := accounts[at]
	p, err := e.provider(a)
	if err != nil {
		return state.Calendar{}, err
	}
	if why := e.cannotMake(a, p.Capabilities()); why != nil {
		return state.Calendar{}, why
	}
	fail := func(err error) (state.Calendar, error) {
		if calendar.ObstacleOf(err) == calendar.ScopeMissing {
			return state.Calendar{}, e.lacksMaking(a)
		}
		if calendar.KindOf(err) == calendar.Conflict {
			return state.Calendar{}, usage("%s has a calendar “%s” already: choose another name", a.ID, name)
		}
		e.trouble(ctx, state.Ref{Account: a.ID}, err)
		return state.Calendar{}, fmt.Errorf("%s", e.inPlainWords(a.ID, state.Ref{}, err))
	}
	before, err := e.list(ctx, a)
	if err != nil {
		return fail(err)
	}
	if slices.ContainsFunc(before, func(c state.Calendar) bool { return strings.EqualFold(c.Name, name) && !c.Shared }) {
		return fail(&calendar.Error{Op: "make calendar", Kind: calendar.Conflict})
	}
	made, trouble := p.MakeCalendar(ctx, name, req.Zone)
	if trouble != nil && calendar.KindOf(trouble) != calendar.Unavailable {
		return fail(trouble)
	}
	after, err := e.list(ctx, a) // after an unknown outcome it tells whether it was made
	for _, c := range after {
		isNew := !slices.ContainsFunc(before, func(b state.Calendar) bool { return b.Ref == c.Ref })
		if trouble == nil && c.ID == made.ID || trouble != nil && isNew && c.Name == name {
			return c, nil
		}
	}
	if trouble = cmp.Or(trouble, err); trouble != nil {
		return fail(trouble)
	}
	// Made, and not listed yet.
	c := state.Calendar{Ref: state.Ref{Account: a.ID, Calendar: made.ID}, Calendar: made}
	return c, e.keepList(a.ID, append(after, c))
}

// cannotMake is why an account makes no calendars, nil if it does.
func (e *Engine) cannotMake(a state.Account, c calendar.Capabilities) error {
	switch {
	case !c.Makes:
		return usage("%s lets no app make calendars: make one there yourself", serviceName(a.Provider))
	case a.Access.ReadOnly:
		return usage("%s is only read, so no calendar can be made in it", a.ID)
	case c.MakesWith != "" && (!a.Access.Has(c.MakesWith) || slices.Contains(a.Lacks, c.MakesWith)):
		return e.lacksMaking(a)
	}
	return nil
}

// lacksMaking is what is said where the permission to make calendars was not given.
func (e *Engine) lacksMaking(a state.Account) error {
	return &control.Error{Code: control.CodeFailed, Condition: control.LacksScope,
		Message: fmt.Sprintf("%s was not asked for the permission to make a calendar, or did not get it", a.ID),
		WayOut: control.WayOut{Do: control.SignInAgain, Text: "Sign in again and tick “make a calendar of its own for copies”; or make one in " +
			serviceName(a.Provider) + " yourself, and choose it here."}}
}

// making says whether an account can make calendars.
func (e *Engine) making(a state.Account) control.Making {
	p, err := e.provider(a)
	if err != nil || !p.Capabilities().Makes || a.Access.ReadOnly {
		return ""
	}
	if e.cannotMake(a, p.Capabilities()) != nil {
		return control.MakesTicked
	}
	return control.CanMake
}
