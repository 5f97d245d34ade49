package providertest

import (
	"slices"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// SeriesOther is an Other that can also do to a series what a person does with
// a mouse. An occurrence is named by its start by the rule.
type SeriesOther interface {
	// MoveOccurrence gives one occurrence another time ('only this event').
	MoveOccurrence(id calendar.RemoteID, original, start, end calendar.Time)
	// RetitleOccurrence gives one occurrence another title ('only this event').
	RetitleOccurrence(id calendar.RemoteID, original calendar.Time, title string)
	// CancelOccurrence deletes one occurrence ('only this event').
	CancelOccurrence(id calendar.RemoteID, original calendar.Time)
	// Reschedule gives the series another time or rule ('all events'). What
	// becomes of its overrides is the service's own business.
	Reschedule(id calendar.RemoteID, when calendar.When)
	// Split gives the occurrences from original on another title ('this and
	// following events'), and tells the id of the series that they become.
	Split(id calendar.RemoteID, original calendar.Time, title string) calendar.RemoteID
}

// seriesOther is the other client, if it can do that.
func (b *bench) seriesOther() (SeriesOther, bool) {
	o, ok := b.other.(SeriesOther)
	if !ok {
		b.t.Log("this setup offers no other client that edits series")
	}
	return o, ok
}

func othersOccurrence(b *bench) {
	other, ok := b.seriesOther()
	if !ok {
		return
	}
	c := b.weekly("Staff meeting")
	made := b.createSeries(c)
	at := b.slots(c.When, 5)
	want := map[string]calendar.Override{}
	cursor, version := b.changes("").Next, made.Version
	for _, step := range []struct {
		what string
		act  func()
		want calendar.Override
	}{
		{"retitled", func() { other.RetitleOccurrence(made.ID, at[1], "Another subject") }, retitled(at[1], "Another subject")},
		{"moved", func() {
			other.MoveOccurrence(made.ID, at[2], b.later(at[2], 25*time.Hour), b.later(at[2], 27*time.Hour))
		}, moved(at[2], b.later(at[2], 25*time.Hour), b.later(at[2], 27*time.Hour))},
		{"cancelled", func() { other.CancelOccurrence(made.ID, at[3]) }, cancelled(at[3])},
		{"retitled, moved before", func() { other.RetitleOccurrence(made.ID, at[2], "Later") },
			both(moved(at[2], b.later(at[2], 25*time.Hour), b.later(at[2], 27*time.Hour)), "Later")},
		{"cancelled, retitled before", func() { other.CancelOccurrence(made.ID, at[1]) }, cancelled(at[1])},
		{"the first one, cancelled", func() { other.CancelOccurrence(made.ID, at[0]) }, cancelled(at[0])},
	} {
		step.act()
		want = plus(want, step.want)
		ch := b.changes(cursor)
		got := b.only(step.what, ch, made.ID)
		b.wantSeries(step.what, got, c, want)
		if got.Version == version {
			b.t.Errorf("%s: the version of the series is as before", step.what)
		}
		cursor, version = ch.Next, got.Version
	}
	b.settled("after all", b.get(made.ID))
}

func othersBack(b *bench) {
	other, ok := b.seriesOther()
	if !ok {
		return
	}
	c := b.weekly("Staff meeting")
	made := b.createSeries(c)
	at := b.slots(c.When, 3)
	cursor := b.changes("").Next
	other.MoveOccurrence(made.ID, at[1], b.later(at[1], 4*time.Hour), b.later(at[1], 5*time.Hour))
	other.MoveOccurrence(made.ID, at[1], at[1], b.later(at[1], time.Hour))
	other.RetitleOccurrence(made.ID, at[2], "Another subject")
	other.RetitleOccurrence(made.ID, at[2], c.Title)
	for _, e := range b.changes(cursor).Events {
		if e.ID != made.ID {
			b.t.Errorf("the read names %q beside the series", e.ID)
		}
	}
	got := b.get(made.ID)
	b.wantSeries("there and back", got, c, nil)
	b.settled("there and back", got)
}

func othersSeveral(b *bench) {
	other, ok := b.seriesOther()
	if !ok {
		return
	}
	c, list := b.mixed("Staff meeting")
	made := b.createSeries(c, list...)
	second := b.createSeries(b.weekly("Another series"))
	at := b.slots(c.When, 9)
	cursor := b.changes("").Next
	other.CancelOccurrence(made.ID, at[6])
	other.RetitleOccurrence(made.ID, at[7], "Seventh")
	b.other.EditTitle(made.ID, "All hands")
	other.MoveOccurrence(made.ID, at[8], b.later(at[8], time.Hour), b.later(at[8], 2*time.Hour))
	c.Title = "All hands"
	want := plus(overrides(list...), cancelled(at[6]), retitled(at[7], "Seventh"), b.delayed(at[8], time.Hour))
	got := b.only("several changes", b.changes(cursor), made.ID)
	b.wantSeries("several changes", got, c, want)
	b.settled("several changes", got)
	b.wantWhole("the series nobody touched", b.get(second.ID), second)
}

func othersReschedule(b *bench) {
	other, ok := b.seriesOther()
	if !ok {
		return
	}
	c, list := b.mixed("Staff meeting")
	made := b.createSeries(c, list...)
	cursor := b.changes("").Next
	later := c
	later.When.Start, later.When.End = b.later(c.When.Start, 30*time.Minute), b.later(c.When.End, 30*time.Minute)
	shorter := b.repeated(later, "RRULE:FREQ=WEEKLY;BYDAY="+day(c.When.Start)+";COUNT=3")
	for _, want := range []calendar.Content{b.repeated(later, c.When.Recurrence.Rules...), shorter} {
		other.Reschedule(made.ID, want.When)
		ch := b.changes(cursor)
		got := b.only("rescheduled", ch, made.ID)
		b.wantContent("rescheduled", got.Content, want, calendar.Groups{calendar.GroupWhen, calendar.GroupTitle})
		b.wantForm("rescheduled", got)
		cursor = b.settled("rescheduled", got)
	}
	// and what is there now can be brought to any wanted state
	now := b.get(made.ID)
	want := overrides(cancelled(b.slots(shorter.When, 3)[2]), retitled(b.slots(shorter.When, 2)[1], "Second"))
	now = b.override(now, want)
	b.wantSeries("written to after it", now, shorter, want)
	b.settled("written to after it", now)
}

func othersSplit(b *bench) {
	other, ok := b.seriesOther()
	if !ok {
		return
	}
	c, list := b.mixed("Head")
	made := b.createSeries(c, list...)
	at := b.slots(c.When, 4)
	cursor := b.changes("").Next
	tailID := other.Split(made.ID, at[3], "Tail")
	ch := b.changes(cursor)
	if len(ch.Events) != 2 || len(ch.Removed) != 0 {
		b.t.Errorf("the read has %d events, %d removed; want head and tail", len(ch.Events), len(ch.Removed))
	}
	head, tail := b.find(ch, made.ID), b.find(ch, tailID)
	if head.Content.Title != "Head" || tail.Content.Title != "Tail" {
		b.t.Errorf("head is %q, tail is %q", head.Content.Title, tail.Content.Title)
	}
	got := append(b.within(head.Content.When, 90), b.within(tail.Content.When, 90)...)
	if want := b.within(c.When, 90); !slices.Equal(got, want) {
		b.t.Errorf("head and tail together have\n%v; the series had\n%v", got, want)
	}
	want := map[string]calendar.Override{}
	for _, o := range list {
		if slices.Contains(at[:3], o.Original) {
			want[o.Original.Slot()] = o
		}
	}
	b.wantOverrides("head", head, want)
	b.wantForm("tail", tail)
	b.settled("head", head)
	b.settled("tail", tail)
	b.delete(b.get(tailID))
	b.wantWhole("the head without its tail", b.get(made.ID), head)
}

func othersDelete(b *bench) {
	c, list := b.mixed("To be deleted")
	made := b.createSeries(c, list...)
	cursor := b.changes("").Next
	if other, ok := b.seriesOther(); ok {
		other.CancelOccurrence(made.ID, b.slots(c.When, 1)[0])
	}
	b.other.Delete(made.ID)
	b.gone("deleted by another client", b.changes(cursor), made.ID)
}

func staleSeries(b *bench) {
	other, ok := b.seriesOther()
	if !ok {
		return
	}
	c, list := b.mixed("Staff meeting")
	made := b.createSeries(c, list...)
	at := b.slots(c.When, 8)
	other.RetitleOccurrence(made.ID, at[6], "By another client")
	now := b.get(made.ID)
	if now.Version == made.Version {
		b.t.Error("a changed occurrence left the version of the series as it was")
	}
	edited := made.Content
	edited.Title = "Too late"
	for what, change := range map[string]calendar.Change{
		"a title":        {Groups: calendar.Groups{calendar.GroupTitle}, Content: edited, Overrides: made.Overrides},
		"another slot":   {Content: made.Content, Overrides: plus(made.Overrides, cancelled(at[7])), Slots: []string{at[7].Slot()}},
		"the same slot":  {Content: made.Content, Overrides: plus(made.Overrides, cancelled(at[6])), Slots: []string{at[6].Slot()}},
		"no slot at all": {Content: made.Content, Overrides: made.Overrides},
	} {
		_, err := b.p.Update(b.ctx, b.cal, made.ID, made.Version, change)
		b.wantKind("update of "+what+" on a stale version", err, calendar.Conflict)
	}
	err := b.p.Delete(b.ctx, b.cal, made.ID, made.Version)
	b.wantKind("delete on a stale version", err, calendar.Conflict)
	b.wantWhole("after all refusals", b.get(made.ID), now)
	b.delete(now)
}
