package providertest

import (
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// sharedCalendars are listed as what they are, and what they keep to themselves is
// said to be unseen, not taken for empty.
func sharedCalendars(b *bench) {
	if len(b.acc.Shared) == 0 {
		b.t.Log("this account has no shared calendars")
		return
	}
	list, err := b.p.Calendars(b.ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	for role, id := range b.acc.Shared {
		at := slices.IndexFunc(list, func(c calendar.Calendar) bool { return c.ID == id })
		if at < 0 {
			b.t.Errorf("the calendar shared as %q is not listed", role)
			continue
		}
		c := list[at]
		if !c.Shared || c.Writable != role.Writes() || c.Role != role && role != calendar.RoleBusyReader {
			b.t.Errorf("the calendar shared as %q is listed as %+v", role, c)
		}
		ch, err := b.p.Changes(b.ctx, id, "")
		if role == calendar.RoleBusyReader {
			b.wantKind("reading a calendar of which only free and busy times are shared", err, calendar.Forbidden)
			continue
		}
		if err != nil || len(ch.Events) != 1 {
			b.t.Errorf("the calendar shared as %q reads as %+v, %v; want its one private event", role, ch.Events, err)
			continue
		}
		got, err := b.p.Get(b.ctx, id, ch.Events[0].ID)
		if err != nil {
			b.t.Error(err)
			continue
		}
		for what, e := range map[string]calendar.Event{"changes": ch.Events[0], "get": got} {
			hidden, secret := e.Unseen.Has(calendar.GroupTitle), strings.Contains(e.Content.Title, PrivateTitle)
			if hidden != role.HidesPrivate() || secret == role.HidesPrivate() {
				b.t.Errorf("shared as %q, %s shows the private event as %q, unseen %v", role, what, e.Content.Title, e.Unseen)
			}
			if e.Unseen.Has(calendar.GroupWhen) || e.Content.When.Start.IsZero() {
				b.t.Errorf("shared as %q, %s does not show when the private event is: %+v", role, what, e.Content.When)
			}
		}
	}
}

// PrivateTitle is the title of the private event in each of Account.Shared.
const PrivateTitle = "Nobody's business"

// makingCalendars makes one and works in it.
func makingCalendars(b *bench) {
	maker, ok := b.p.(calendar.Maker)
	if ok != b.caps.Makes {
		b.t.Errorf("it is a calendar.Maker: %v, and says %v", ok, b.caps.Makes)
	}
	if !ok || !b.acc.Makes {
		b.t.Log("this account makes no calendars")
		return
	}
	made, err := maker.MakeCalendar(b.ctx, "Copies & co.", "Europe/Vienna")
	if err != nil {
		b.t.Fatal(err)
	}
	list, err := b.p.Calendars(b.ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	at := slices.IndexFunc(list, func(c calendar.Calendar) bool { return c.ID == made.ID })
	if at < 0 || made.ID == b.cal {
		b.t.Fatalf("the new calendar %+v is not listed: %+v", made, list)
	}
	if c := list[at]; c.Name != "Copies & co." || c.Role != calendar.RoleOwner || !c.Writable || c.Shared || c.Primary || c.Zone != made.Zone || made.Name != c.Name || !made.Writable {
		b.t.Errorf("made as %+v, listed as %+v", made, c)
	}
	e, err := b.p.Create(b.ctx, made.ID, calendar.Draft{Key: b.key(), Content: b.meeting(3, "In the new one")})
	if err != nil {
		b.t.Fatal(err)
	}
	if ch, err := b.p.Changes(b.ctx, made.ID, ""); err != nil || len(ch.Events) != 1 || ch.Events[0].ID != e.ID {
		b.t.Errorf("the new calendar holds %+v, %v", ch.Events, err)
	}
	again, err := maker.MakeCalendar(b.ctx, "Copies & co.", "")
	if calendar.KindOf(err) != calendar.Conflict && (err != nil || again.ID == made.ID) {
		b.t.Errorf("the same name again: %+v, %v; want another calendar, or Conflict", again, err)
	}
}
