package providertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// bench is what one subtest works on. Its verbs fail the test on any error.
type bench struct {
	t     *testing.T
	ctx   context.Context
	s     Setup
	p     calendar.Provider
	cal   calendar.CalendarID
	acc   Account
	other Other
	caps  calendar.Capabilities
	keys  int
	// mailsAllowed is set by a subtest that edits events with guests at a
	// service that cannot be kept from mailing.
	mailsAllowed bool
}

// newBench opens a fresh account and, at the end of the subtest, insists on
// what holds for all of them: no mail, nothing the server does not know.
func newBench(t *testing.T, s Setup) *bench {
	t.Helper()
	acc := s.Open(t)
	b := &bench{
		t: t, ctx: t.Context(), s: s, p: acc.Provider, cal: acc.Calendar, acc: acc,
		other: acc.Other, caps: acc.Provider.Capabilities(),
	}
	before := b.other.Mails()
	t.Cleanup(func() {
		if n := b.other.Mails() - before; n != 0 && !b.mailsAllowed {
			t.Errorf("the service sent %d mails; want none", n)
		}
		for _, u := range b.other.Unknown() {
			t.Errorf("the server does not know: %s", u)
		}
	})
	return b
}

// at is a wall clock on the n-th day from now, in a zone.
func (b *bench) at(day, hour, minute int, zone string) calendar.Time {
	b.t.Helper()
	d := b.s.Now.UTC().AddDate(0, 0, day)
	c, err := calendar.Clock(fmt.Sprintf("%sT%02d:%02d:00", d.Format("2006-01-02"), hour, minute), zone)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// date is the n-th day from now.
func (b *bench) date(day int) calendar.Time {
	d := b.s.Now.UTC().AddDate(0, 0, day)
	return calendar.Date(d.Year(), d.Month(), d.Day())
}

// meeting is plain content that every service can hold: an hour on the n-th day.
func (b *bench) meeting(day int, title string) calendar.Content {
	c := calendar.Content{
		When:         calendar.When{Start: b.at(day, 10, 0, "Europe/Berlin"), End: b.at(day, 11, 0, "Europe/Berlin")},
		Title:        title,
		Availability: calendar.Busy,
	}
	return c
}

// full is meeting with something in every group that the service can hold.
func (b *bench) full(day int, title string) calendar.Content {
	c := b.meeting(day, title)
	c.Notes = calendar.NotesFromText("Bring the plan.\nAnd the keys.")
	c.Place = "Room 5"
	c.Visibility = calendar.Private
	c.Reminders = calendar.Reminders{Before: []time.Duration{20 * time.Minute}}
	if b.caps.Groups.Has(calendar.GroupImportance) {
		c.Importance = calendar.HighImportance
	}
	if b.caps.Groups.Has(calendar.GroupCategories) {
		c = b.labels(c, 0, category)
	}
	if b.caps.Groups.Has(calendar.GroupProperties) {
		c.Properties = map[string]string{"crm": "4711"}
	}
	return c
}

// key mints a key that no other call of this subtest gets, nor, by the time of
// day, one of an earlier run against the same real server.
func (b *bench) key() calendar.Key {
	b.keys++
	return calendar.Key(fmt.Sprintf("%016x%08x%08x", time.Now().UnixNano(), fnv32(b.t.Name()), b.keys))
}

func fnv32(s string) uint32 {
	h := uint32(2166136261)
	for _, c := range []byte(s) {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

func (b *bench) create(c calendar.Content) calendar.Event {
	b.t.Helper()
	return b.createKey(b.key(), c)
}

func (b *bench) createKey(k calendar.Key, c calendar.Content) calendar.Event {
	b.t.Helper()
	e, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: k, Content: c})
	if err != nil {
		b.t.Fatalf("create %q: %v", c.Title, err)
	}
	if e.ID == "" || e.Version == "" {
		b.t.Fatalf("create %q gave id %q, version %q; want both", c.Title, e.ID, e.Version)
	}
	return e
}

func (b *bench) get(id calendar.RemoteID) calendar.Event {
	b.t.Helper()
	e, err := b.p.Get(b.ctx, b.cal, id)
	if err != nil {
		b.t.Fatalf("get: %v", err)
	}
	if len(e.Unseen) > 0 {
		b.t.Errorf("get does not show %v; want a read by id to show all", e.Unseen)
	}
	return e
}

func (b *bench) update(e calendar.Event, groups calendar.Groups, want calendar.Content) calendar.Event {
	b.t.Helper()
	got, err := b.p.Update(b.ctx, b.cal, e.ID, e.Version, calendar.Change{Groups: groups, Content: want})
	if err != nil {
		b.t.Fatalf("update %v: %v", groups, err)
	}
	if got.ID != e.ID {
		b.t.Fatalf("update gave the event another id: %q, was %q", got.ID, e.ID)
	}
	return got
}

func (b *bench) delete(e calendar.Event) {
	b.t.Helper()
	if err := b.p.Delete(b.ctx, b.cal, e.ID, e.Version); err != nil {
		b.t.Fatalf("delete: %v", err)
	}
}

func (b *bench) changes(since calendar.Cursor) calendar.Changes {
	b.t.Helper()
	ch, err := b.p.Changes(b.ctx, b.cal, since)
	if err != nil {
		b.t.Fatalf("changes: %v", err)
	}
	if ch.Next == "" {
		b.t.Fatal("changes gave no cursor to go on from")
	}
	return ch
}

// find picks the event with this id out of a read; it must be there once.
func (b *bench) find(ch calendar.Changes, id calendar.RemoteID) calendar.Event {
	b.t.Helper()
	var found []calendar.Event
	for _, e := range ch.Events {
		if e.ID == id {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("the read names the event %d times; want once", len(found))
	}
	return found[0]
}

// wantKind insists that err is a *calendar.Error of one of these kinds.
func (b *bench) wantKind(what string, err error, kinds ...calendar.Kind) {
	b.t.Helper()
	var ce *calendar.Error
	if !errors.As(err, &ce) {
		b.t.Errorf("%s: got %v; want a *calendar.Error that says %v", what, err, kinds)
		return
	}
	if !slices.Contains(kinds, ce.Kind) {
		b.t.Errorf("%s: got %v; want one that says %v", what, err, kinds)
	}
}

// wantSame insists that two observations of one event agree in all that a
// person sees, and in the version. What one of them says it does not show counts
// for nothing.
func (b *bench) wantSame(what string, got, want calendar.Event) {
	b.t.Helper()
	if got.Version != want.Version {
		b.t.Errorf("%s: version %q; want %q", what, got.Version, want.Version)
	}
	if got.MyResponse != want.MyResponse || !maps.Equal(got.Responses, want.Responses) {
		b.t.Errorf("%s: our answer is %q, %v; want %q, %v", what, got.MyResponse, got.Responses, want.MyResponse, want.Responses)
	}
	b.wantContent(what, got.Content, want.Content, unseen(calendar.AllGroups, got, want))
}

// wantContent insists that got and want agree in the groups. The order of
// category names is the service's.
func (b *bench) wantContent(what string, got, want calendar.Content, groups calendar.Groups) {
	b.t.Helper()
	got.Categories, want.Categories = slices.Sorted(slices.Values(got.Categories)), slices.Sorted(slices.Values(want.Categories))
	for _, g := range calendar.Diff(got, want) {
		if groups.Has(g) {
			b.t.Errorf("%s: %s differs\n got %s\nwant %s", what, g, show(g, got), show(g, want))
		}
	}
}

func show(g calendar.Group, c calendar.Content) string {
	switch g {
	case calendar.GroupWhen:
		return fmt.Sprintf("%v to %v %q", c.When.Start, c.When.End, c.When.Recurrence.Rules)
	case calendar.GroupTitle:
		return fmt.Sprintf("%q", c.Title)
	case calendar.GroupNotes:
		return fmt.Sprintf("%q", c.Notes.HTML)
	case calendar.GroupPlace:
		return fmt.Sprintf("%q", c.Place)
	case calendar.GroupAvailability:
		return fmt.Sprintf("%q", c.Availability)
	case calendar.GroupVisibility:
		return fmt.Sprintf("%q", c.Visibility)
	case calendar.GroupImportance:
		return fmt.Sprintf("%q", c.Importance)
	case calendar.GroupReminders:
		return fmt.Sprintf("%+v", c.Reminders)
	case calendar.GroupCategories:
		return fmt.Sprintf("%q %q", c.Categories, c.Color)
	case calendar.GroupLinks:
		return fmt.Sprintf("%+v", c.Links)
	case calendar.GroupProperties:
		return fmt.Sprintf("%q", c.Properties)
	}
	return ""
}
