package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// accessInterval is how often an account is asked whether a calendar that could
// only be read may be written again.
const accessInterval = 5 * time.Minute

// errShut is a calendar that takes nothing any more.
var errShut = errors.New("its owner lets you read it, and no longer change it")

// takesNothing reports whether a refused write means the whole calendar and not
// just that event, or may: what is to be written there waits. An event is given up
// only when it is known that others would be taken.
func (e *Engine) takesNothing(ctx context.Context, ref state.Ref, a state.Account) bool {
	list, err := e.list(ctx, a)
	if err != nil {
		return true
	}
	at := slices.IndexFunc(list, func(c state.Calendar) bool { return c.Ref == ref })
	return at >= 0 && !list[at].Writable
}

// stands reports, as a trouble, that a calendar has gone: then an event of it that
// is not found says nothing. It takes one request.
func stands(ctx context.Context, p calendar.Provider, ref state.Ref) error {
	list, err := p.Calendars(ctx)
	if err == nil && !slices.ContainsFunc(list, func(c calendar.Calendar) bool { return c.ID == ref.Calendar }) {
		err = &calendar.Error{Op: "look for the calendar", Kind: calendar.NotFound, Calendar: ref.Calendar, Err: errNoCalendar}
	}
	return err
}

// findShut marks the writes that were refused because the whole calendar takes
// nothing, and reports whether there are some.
func (l lane) findShut(ctx context.Context, jobs []*job) bool {
	refused := func(j *job) bool { // Graph says no more than 'forbidden'
		k := calendar.KindOf(j.err)
		return k == calendar.ReadOnly || k == calendar.Forbidden
	}
	if !slices.ContainsFunc(jobs, refused) || !l.takesNothing(ctx, l.ref, l.h.accounts[l.ref.Account]) {
		return false
	}
	for _, j := range jobs {
		j.shut = refused(j)
	}
	return true
}

// shut lists the calendars of a house that should take changes, and may not be written.
func shut(h *house) map[state.Ref]bool {
	out := map[state.Ref]bool{}
	for _, m := range h.mirrors {
		for _, x := range m.Members {
			if !m.Paused && !x.Off && x.Direction != state.SendOnly && !h.members[x.Ref].Writable {
				out[x.Ref] = true
			}
		}
	}
	return out
}

// refresh takes over which calendars may be written, as it was learnt since the
// pass began (what waits for that is planned now or stays as it is), and which
// have been read before.
func (e *Engine) refresh(h *house) error {
	return e.Store.View(func(tx *store.Tx) error {
		list, err := tx.Calendars("")
		for _, c := range list {
			if m, ok := h.members[c.Ref]; ok {
				m.Writable = c.Writable
				m.Capabilities.HidesPrivate = c.Role.HidesPrivate()
				h.members[c.Ref] = m
			}
		}
		for ref, m := range h.members {
			cursor, _, err := tx.Cursor(ref)
			if err != nil {
				return err
			}
			m.Known = cursor != ""
			h.members[ref] = m
		}
		return err
	})
}

// shutTrouble is what is shown of a calendar that should take changes and may not be written.
func shutTrouble(ref state.Ref) error {
	return &calendar.Error{Op: "write", Kind: calendar.ReadOnly, Calendar: ref.Calendar, Err: errShut}
}
