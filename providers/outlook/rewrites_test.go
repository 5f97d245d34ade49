package outlook_test

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/simulator/graphsim"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// A service that rewrites what it gets is read as it rewrote; writes still arrive.
func TestAServiceThatRewrites(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{}, mailbox.GraphSwitches{Rewrites: true})
	ch, err := g.p.Changes(t.Context(), g.cal, "")
	if err != nil {
		t.Fatal(err)
	}
	start := calendar.Time{Local: "2026-02-10T10:00:00", Zone: "Europe/Berlin"}
	end := calendar.Time{Local: "2026-02-10T11:00:00", Zone: "Europe/Berlin"}
	made, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: calendar.Content{
		Title: "Planning", Place: "Room 5", Notes: calendar.NotesFromText("bring it"), When: calendar.When{Start: start, End: end}}})
	if err != nil || made.Content.Title != "Planning" || made.Content.Notes.Text() != "bring it" {
		t.Fatalf("created %+v, %v; want what was written", made.Content, err)
	}
	next := func() calendar.Event {
		t.Helper()
		if ch, err = g.p.Changes(t.Context(), g.cal, ch.Next); err != nil || len(ch.Events) != 1 {
			t.Fatalf("changes: %+v, %v", ch.Events, err)
		}
		return ch.Events[0]
	}
	now := next()
	if now.Version == made.Version || now.Content.Title != "PLANNING" || now.Content.Place != "ROOM 5" ||
		!strings.HasPrefix(now.Content.Notes.Text(), "bring it") || !strings.HasSuffix(now.Content.Notes.Text(), "checked by compliance") {
		t.Errorf("read again it is %+v", now.Content)
	}
	if _, err := g.p.Update(t.Context(), g.cal, made.ID, made.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}}); calendar.KindOf(err) != calendar.Conflict {
		t.Errorf("writing under the version of the create: %v; want a conflict", err)
	}
	for range 3 { // for ever
		if _, err := g.p.Update(t.Context(), g.cal, made.ID, now.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Planning"}}); err != nil {
			t.Fatal(err)
		}
		before := now.Version
		if now = next(); now.Content.Title != "PLANNING" || now.Version == before {
			t.Errorf("after another write it is %q", now.Content.Title)
		}
	}
}

func TestASeriesOnAServiceThatRewrites(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{}, mailbox.GraphSwitches{Rewrites: true})
	c := series("FREQ=WEEKLY")
	list := set(retitled("2026-02-10T10:00", "Guests"), cancelled("2026-02-17T10:00"), moved("2026-02-24T10:00", "2026-02-25T12:00", "2026-02-25T13:00"))
	e, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: c, Overrides: list})
	if err != nil {
		t.Fatal(err)
	}
	again := func() {
		t.Helper()
		before := e.Version
		if e, err = g.p.Get(t.Context(), g.cal, e.ID); err != nil || e.Version == before {
			t.Fatalf("read again: version %s, %v; want another one than that of the write", e.Version, err)
		}
	}
	again()
	for slot, o := range list {
		if got := e.Overrides[slot]; got.Cancelled != o.Cancelled || got.Content.Title != strings.ToUpper(o.Content.Title) || !calendar.Equal(calendar.GroupWhen, got.Content, o.Content) {
			t.Errorf("%s is %+v; want %+v, rewritten", slot, got, o)
		}
	}
	if e.Content.Title != strings.ToUpper(c.Title) || len(e.Overrides) != len(list) {
		t.Errorf("made %q with %+v", e.Content.Title, e.Overrides)
	}
	want := c
	want.Title = "Other words"
	e, err = g.p.Update(t.Context(), g.cal, e.ID, e.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: want,
		Overrides: e.Overrides})
	if err == nil {
		again()
	}
	if err != nil || e.Content.Title != "OTHER WORDS" || len(e.Overrides) != len(list) {
		t.Errorf("updated to %q with %+v, %v", e.Content.Title, e.Overrides, err)
	}
	// A cancelled occurrence that comes back takes a reset, and all others again.
	for slot, o := range list {
		if o.Cancelled {
			delete(list, slot)
			e, err = g.p.Update(t.Context(), g.cal, e.ID, e.Version, calendar.Change{Overrides: list, Slots: []string{slot}})
		}
	}
	if err == nil {
		again()
	}
	if err != nil || len(e.Overrides) != 2 {
		t.Errorf("restored: %+v, %v", e.Overrides, err)
	}
}
