package providertest

import (
	"fmt"

	"github.com/twinday/twinday/providers/calendar"
)

func emptyCalendar(b *bench) {
	ch := b.changes("")
	if !ch.Complete || len(ch.Events) != 0 || len(ch.Removed) != 0 {
		b.t.Errorf("complete %v, %d events, %d removed; want a complete read of nothing", ch.Complete, len(ch.Events), len(ch.Removed))
	}
	if windowed := ch.Window != (calendar.Window{}); windowed != b.caps.Windowed {
		b.t.Errorf("the read names window %v; Windowed is %v", ch.Window, b.caps.Windowed)
	}
	if b.caps.Windowed && (!ch.Window.From.Before(b.s.Now) || !ch.Window.To.After(b.s.Now)) {
		b.t.Errorf("the window %v does not hold the present, %v", ch.Window, b.s.Now)
	}
	if ch.Requests < 1 {
		b.t.Errorf("the read counted %d requests", ch.Requests)
	}
}

func secondReadEmpty(b *bench) {
	b.create(b.meeting(3, "There already"))
	ch := b.changes("")
	for i := range 3 {
		ch = b.changes(ch.Next)
		if ch.Complete || len(ch.Events) != 0 || len(ch.Removed) != 0 {
			b.t.Fatalf("read %d with nothing changed: complete %v, %d events, %d removed; want nothing",
				i+2, ch.Complete, len(ch.Events), len(ch.Removed))
		}
		if ch.Requests != 1 {
			b.t.Errorf("read %d with nothing changed took %d requests; want 1", i+2, ch.Requests)
		}
	}
}

func othersChanges(b *bench) {
	kept, edited, deleted := b.create(b.meeting(3, "Kept")), b.create(b.meeting(4, "To edit")), b.create(b.meeting(5, "To delete"))
	cursor := b.changes("").Next
	b.other.EditTitle(edited.ID, "Edited")
	b.other.Delete(deleted.ID)
	added := b.other.AddEvent(calendar.Event{Content: b.full(6, "Added")})

	ch := b.changes(cursor)
	if ch.Complete {
		b.t.Error("an incremental read says it is complete")
	}
	if got := b.find(ch, edited.ID); got.Content.Title != "Edited" || got.Version == edited.Version {
		b.t.Errorf("the edited event is read as %q, version changed: %v", got.Content.Title, got.Version != edited.Version)
	}
	b.wantSame("the added event", b.find(ch, added), b.get(added))
	if len(ch.Events) != 2 {
		b.t.Errorf("the read has %d events; want the edited and the added one", len(ch.Events))
	}
	if len(ch.Removed) != 1 || ch.Removed[0].ID != deleted.ID {
		b.t.Errorf("removed is %v; want the deleted event", ch.Removed)
	}
	for _, e := range ch.Events {
		if e.ID == kept.ID {
			b.t.Error("an event that nobody touched is in the read")
		}
	}
}

func touchOnly(b *bench) {
	made := b.create(b.full(3, "Untouched by people"))
	cursor := b.changes("").Next
	if !b.other.TouchOnly(made.ID) {
		b.t.Log("this server offers no way to touch an event")
		return
	}
	got := b.find(b.changes(cursor), made.ID)
	if got.Version == made.Version {
		b.t.Error("the version is as before the touch")
	}
	b.wantEvent("after a touch", got, made.Content, calendar.AllGroups)
}

func cursorReplay(b *bench) {
	cursor := b.changes("").Next
	one := b.create(b.meeting(3, "One"))
	first := b.changes(cursor)
	b.find(first, one.ID)
	two := b.create(b.meeting(4, "Two"))
	replay := b.changes(cursor)
	b.find(replay, one.ID)
	b.find(replay, two.ID)
	b.find(b.changes(first.Next), two.ID)
}

func expiredCursor(b *bench) {
	kept := b.create(b.meeting(3, "Kept"))
	cursor := b.changes("").Next
	added := b.other.AddEvent(calendar.Event{Content: b.meeting(4, "Added while we slept")})
	if !b.other.ExpireCursors() {
		b.t.Log("this server offers no way to expire a cursor")
		return
	}
	_, err := b.p.Changes(b.ctx, b.cal, cursor)
	b.wantKind("an expired cursor", err, calendar.CursorExpired)
	ch := b.changes("")
	if !ch.Complete || len(ch.Events) != 2 {
		b.t.Errorf("the full read after it: complete %v, %d events; want both events", ch.Complete, len(ch.Events))
	}
	b.find(ch, kept.ID)
	b.find(ch, added)
	if next := b.changes(ch.Next); len(next.Events)+len(next.Removed) != 0 {
		b.t.Error("the read after the full one is not empty")
	}
}

func foreignCursor(b *bench) {
	_, err := b.p.Changes(b.ctx, b.cal, "not a cursor of ours")
	b.wantKind("a cursor that is none of ours", err, calendar.CursorExpired)
}

func manyEvents(b *bench) {
	n := b.s.Many
	want := map[calendar.RemoteID]string{}
	for i := range n {
		title := fmt.Sprintf("Event %d of %d", i+1, n)
		want[b.other.AddEvent(calendar.Event{Content: b.meeting(1+i%300, title)})] = title
	}
	ch := b.changes("")
	if ch.Requests < 2 && !b.s.OnePage {
		b.t.Errorf("%d events took %d request; the setup's Many is too small to need a second page", n, ch.Requests)
	}
	for _, e := range ch.Events {
		if want[e.ID] != e.Content.Title {
			b.t.Errorf("event %q is read as %q; want %q (each once)", e.ID, e.Content.Title, want[e.ID])
		}
		delete(want, e.ID)
	}
	if len(want) != 0 {
		b.t.Errorf("%d of %d events are missing", len(want), n)
	}
}
