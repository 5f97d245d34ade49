package providertest

import (
	"context"
	"errors"

	"github.com/twinday/twinday/providers/calendar"
)

// everyCall calls each method of the provider that does I/O once, on cal.
func (b *bench) everyCall(ctx context.Context, p calendar.Provider, cal calendar.CalendarID, e calendar.Event, f func(what string, err error)) {
	_, err := p.Changes(ctx, cal, "")
	f("changes", err)
	_, err = p.Get(ctx, cal, e.ID)
	f("get", err)
	_, err = p.Create(ctx, cal, calendar.Draft{Key: b.key(), Content: b.meeting(3, "Must not be made")})
	f("create", err)
	_, err = p.Update(ctx, cal, e.ID, e.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: b.meeting(3, "Must not be written")})
	f("update", err)
	f("respond", p.Respond(ctx, cal, e.ID, e.Version, calendar.Accepted))
	f("delete", p.Delete(ctx, cal, e.ID, e.Version))
}

func unknownCalendar(b *bench) {
	made := b.create(b.meeting(3, "Elsewhere"))
	b.everyCall(b.ctx, b.p, "no-such-calendar", made, func(what string, err error) {
		if what == "delete" {
			return // gone is gone
		}
		b.wantKind(what+" in an unknown calendar", err, calendar.NotFound)
	})
	b.wantSame("the event in its own calendar", b.get(made.ID), made)
}

func readOnlyCalendar(b *bench) {
	if b.acc.ReadOnly == "" {
		b.t.Log("this account has no read-only calendar")
		return
	}
	if _, err := b.p.Changes(b.ctx, b.acc.ReadOnly, ""); err != nil {
		b.t.Errorf("a read-only calendar cannot be read: %v", err)
	}
	_, err := b.p.Create(b.ctx, b.acc.ReadOnly, calendar.Draft{Key: b.key(), Content: b.meeting(3, "Must not be made")})
	b.wantKind("create in a read-only calendar", err, calendar.ReadOnly, calendar.Forbidden)
}

func cancelledContext(b *bench) {
	made := b.create(b.meeting(3, "Still here"))
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	check := func(what string, err error) {
		b.t.Helper()
		if !errors.Is(err, context.Canceled) {
			b.t.Errorf("%s with a cancelled context: got %v; want context.Canceled inside", what, err)
		}
		b.wantKind(what+" with a cancelled context", err, calendar.Unavailable)
	}
	_, err := b.p.Calendars(ctx)
	check("calendars", err)
	b.everyCall(ctx, b.p, b.cal, made, check)
	b.wantSame("the event after it", b.get(made.ID), made)
}

func signedOut(b *bench) {
	made := b.create(b.meeting(3, "Still here"))
	if !b.other.SignOut() {
		b.t.Log("this server offers no way to refuse a sign-in")
		return
	}
	check := func(what string, err error) {
		b.t.Helper()
		b.wantKind(what+" after the sign-in was refused", err, calendar.SignedOut)
	}
	_, err := b.p.Calendars(b.ctx)
	check("calendars", err)
	b.everyCall(b.ctx, b.p, b.cal, made, check)
}
