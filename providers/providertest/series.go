package providertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// seriesTests are the promises about series; they are kept by providers that
// can hold any.
func seriesTests(t *testing.T, s Setup) {
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"rules are read back as written", rulesRoundTrip},
		{"a series is created with its overrides", createWithOverrides},
		{"a read of a series is quiet", seriesEcho},
		{"the same key gives the whole series", seriesKeyTwice},
		{"a new title of the series leaves its overrides", titleLeavesOverrides},
		{"other groups of the series leave its overrides", groupsLeaveOverrides},
		{"one occurrence is written, the others stay", writeOneSlot},
		{"an occurrence is cancelled", cancelSlot},
		{"an occurrence goes back to the rule", backToTheRule},
		{"an override becomes another one", overrideChanges},
		{"the same change again changes nothing", seriesChangeTwice},
		{"a new time of the series takes its overrides along", newTime},
		{"a new rule drops what it has no occurrence for", newRule},
		{"a series in another zone keeps its wall clock", newZone},
		{"a single event becomes a series, and single again", singleAndSeries},
		{"a series changes between timed and all-day", seriesAllDay},
		{"a series is deleted whole", deleteSeries},
		{"a series carries its mark", seriesMark},

		{"occurrences have colours, categories and properties of their own", seriesDetails},
		{"an invitation to a series is answered", respondingToSeries},
		{"the owner's answers to single occurrences are read", ownAnswers},

		{"another client's changed occurrence is read", othersOccurrence},
		{"another client's change and back is no override", othersBack},
		{"another client's several changes are one event", othersSeveral},
		{"another client's change of all is read", othersReschedule},
		{"another client's split gives two series", othersSplit},
		{"another client's deletion of a series is one removal", othersDelete},
		{"a version is stale once an occurrence changed", staleSeries},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newBench(t, s)) })
	}
}

func rulesRoundTrip(b *bench) {
	timed := func(zone string) calendar.When {
		return calendar.When{Start: b.at(3, 9, 15, zone), End: b.at(3, 10, 15, zone)}
	}
	held := 0
	for _, w := range []calendar.When{
		timed("Europe/Berlin"), timed("America/New_York"), timed("UTC"), timed("Asia/Kolkata"),
		{Start: b.date(3), End: b.date(4)},
		{Start: b.date(3), End: b.date(6)},
	} {
		d := day(w.Start)
		next := day(b.later(w.Start, 24*time.Hour))
		month, date := w.Start.Local[5:7], w.Start.Local[8:10]
		until := func(days int) string {
			return b.later(w.Start, time.Duration(days)*24*time.Hour).Slot()
		}
		nth := int((w.Start.Local[8]-'0')*10+w.Start.Local[9]-'1')/7 + 1
		if nth == 5 {
			nth = -1
		}
		for _, rule := range []string{
			"FREQ=WEEKLY;BYDAY=" + d,
			"FREQ=WEEKLY;INTERVAL=3;BYDAY=" + d,
			"FREQ=WEEKLY;INTERVAL=2;BYDAY=" + d + "," + next + ";WKST=SU",
			"FREQ=WEEKLY;INTERVAL=2;BYDAY=" + d + "," + next,
			"FREQ=WEEKLY;BYDAY=" + d + ";COUNT=5",
			"FREQ=WEEKLY;BYDAY=" + d + ";UNTIL=" + until(5*7),
			"FREQ=DAILY;INTERVAL=4;COUNT=10",
			"FREQ=DAILY;INTERVAL=4;UNTIL=" + until(40),
			"FREQ=MONTHLY;BYMONTHDAY=" + date,
			fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s;COUNT=6", nth, d),
			"FREQ=YEARLY;BYMONTH=" + month + ";BYMONTHDAY=" + date,
		} {
			c := b.meeting(3, "By the rule "+rule)
			c.When = w
			c = b.repeated(c, "RRULE:"+rule)
			if why := b.caps.Series(c.When); why != "" {
				b.t.Logf("not held, %s: %s", rule, why)
				continue
			}
			held++
			b.roundTrip(c, calendar.GroupWhen)
		}
	}
	if held == 0 {
		b.t.Error("not one of these rules can be held")
	}
}

// mixed is a weekly series and one override of every kind.
func (b *bench) mixed(title string) (calendar.Content, []calendar.Override) {
	c := b.weekly(title)
	at := b.slots(c.When, 8)
	return c, b.held(c.When,
		cancelled(at[1]), b.delayed(at[2], 3*time.Hour), retitled(at[3], "Another subject"),
		both(b.delayed(at[4], 26*time.Hour), "Later, and another subject"), cancelled(at[5]))
}

func createWithOverrides(b *bench) {
	start := b.changes("").Next
	c, list := b.mixed("Staff meeting")
	made := b.createSeries(c, list...)
	b.wantWhole("the increment", b.only("the increment", b.changes(start), made.ID), made)
	b.settled("created", made)

	days := b.meeting(5, "Two days away, every second week")
	days.When = calendar.When{Start: b.date(5), End: b.date(7)}
	days = b.repeated(days, "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY="+day(b.date(5)))
	if why := b.caps.Series(days.When); why != "" {
		b.t.Logf("not held: %s", why)
		return
	}
	at := b.slots(days.When, 5)
	b.settled("created, all-day", b.createSeries(days, b.held(days.When,
		cancelled(at[1]),
		moved(at[2], b.later(at[2], 24*time.Hour), b.later(at[2], 4*24*time.Hour)),
		retitled(at[3], "Two other days"))...))
}

func seriesEcho(b *bench) {
	c, list := b.mixed("Staff meeting")
	cursor := b.changes("").Next
	made := b.createSeries(c, list...)
	for range 2 { // the same cursor again says the same
		b.wantWhole("our own series", b.only("our own series", b.changes(cursor), made.ID), made)
	}
	b.wantWhole("second get", b.get(made.ID), b.get(made.ID))
	cursor = b.settled("created", made)
	for range 2 {
		ch := b.changes(cursor)
		if len(ch.Events)+len(ch.Removed) != 0 || ch.Requests != 1 {
			b.t.Errorf("a read with nothing changed has %d events, %d removed, %d requests; want one request for nothing",
				len(ch.Events), len(ch.Removed), ch.Requests)
		}
		cursor = ch.Next
	}
}

func seriesKeyTwice(b *bench) {
	c, list := b.mixed("Once")
	d := calendar.Draft{Key: b.key(), Content: c, Overrides: overrides(list...)}
	first, err := b.p.Create(b.ctx, b.cal, d)
	if err != nil {
		b.t.Fatal(err)
	}
	again, err := b.p.Create(b.ctx, b.cal, d)
	if err != nil {
		b.t.Fatal(err)
	}
	b.wantWhole("the same key", again, first)
	b.other.EditTitle(first.ID, "As edited since")
	again, err = b.p.Create(b.ctx, b.cal, d)
	if err != nil {
		b.t.Fatal(err)
	}
	if again.ID != first.ID || again.Content.Title != "As edited since" {
		b.t.Errorf("the same key gave %q; want the series as edited since", again.Content.Title)
	}
	b.settled("the same key after an edit", again)
}

func titleLeavesOverrides(b *bench) {
	c, list := b.mixed("Before")
	now := b.createSeries(c, list...)
	c.Title = "After"
	updated := b.change(now, calendar.Groups{calendar.GroupTitle}, c, now.Overrides)
	b.wantSeries("new title", updated, c, overrides(list...))
	if updated.Version == now.Version {
		b.t.Error("a new title left the version as it was")
	}
	b.settled("new title", updated)
}

func groupsLeaveOverrides(b *bench) {
	c, list := b.mixed("Staff meeting")
	now := b.createSeries(c, list...)
	want := b.full(3, c.Title)
	want.When = c.When
	groups := b.caps.Groups.Without(calendar.GroupWhen)
	updated := b.change(now, groups, want, now.Overrides)
	b.wantEvent("new groups", updated, want, groups.Without(calendar.GroupNotes))
	b.wantSeries("new groups", updated, want, overrides(list...))
	b.settled("new groups", updated)
}

func writeOneSlot(b *bench) {
	c, list := b.mixed("Staff meeting")
	now := b.createSeries(c, list...)
	at := b.slots(c.When, 8)
	for _, o := range b.held(c.When, retitled(at[6], "Guest speaker"), b.delayed(at[7], time.Hour), retitled(at[0], "First one")) {
		want := plus(now.Overrides, o)
		updated := b.override(now, want)
		b.wantSeries("one more override", updated, c, want)
		if updated.Version == now.Version {
			b.t.Error("an override left the version of the series as it was")
		}
		b.settled("one more override", updated)
		now = updated
	}
}

func cancelSlot(b *bench) {
	c, list := b.mixed("Staff meeting")
	now := b.createSeries(c, list...)
	// one that is as the rule has it, and one each that is moved and retitled
	for _, slot := range append(b.slots(c.When, 1), b.slots(c.When, 4)[2:]...) {
		want := plus(now.Overrides, cancelled(slot))
		now = b.override(now, want)
		b.wantSeries("cancelled", now, c, want)
	}
	b.settled("cancelled", now)
}

func backToTheRule(b *bench) {
	c, list := b.mixed("Staff meeting")
	now := b.createSeries(c, list...)
	want := overrides(list...)
	for _, o := range list {
		delete(want, o.Original.Slot())
		now = b.override(now, want)
		b.wantSeries(fmt.Sprintf("without the override of %v", o.Original), now, c, want)
	}
	b.settled("without overrides", now)

	// those that were written later, and so in another way
	at := b.slots(c.When, 8)
	want = overrides(b.held(c.When, cancelled(at[6]), b.delayed(at[7], time.Hour), retitled(at[0], "First one"))...)
	now = b.override(now, want)
	b.wantSeries("overridden again", now, c, want)
	now = b.override(now, nil)
	b.wantSeries("without overrides again", now, c, nil)
	b.settled("without overrides again", now)
}

func overrideChanges(b *bench) {
	c := b.weekly("Staff meeting")
	slot := b.slots(c.When, 3)[2]
	now := b.createSeries(c)
	for _, o := range b.held(c.When,
		retitled(slot, "Another subject"), b.delayed(slot, time.Hour), both(b.delayed(slot, 2*time.Hour), "Both"),
		cancelled(slot), b.delayed(slot, 25*time.Hour), cancelled(slot), retitled(slot, "Back again")) {
		now = b.override(now, overrides(o))
		b.wantSeries(showOverride(overrides(o), slot.Slot()), now, c, overrides(o))
	}
	b.settled("changed often", now)
}

func seriesChangeTwice(b *bench) {
	c := b.weekly("Staff meeting")
	now := b.createSeries(c)
	_, list := b.mixed("")
	want := overrides(list...)
	c.Title = "New title"
	change := calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: c, Overrides: want, Slots: calendar.Slots(nil, want)}
	for range 3 {
		updated, err := b.p.Update(b.ctx, b.cal, now.ID, now.Version, change)
		if err != nil {
			b.t.Fatal(err)
		}
		now = updated
		b.wantSeries("the same change", now, c, want)
	}
	b.settled("the same change", now)
}

func newTime(b *bench) {
	c, list := b.mixed("Staff meeting")
	now := b.createSeries(c, list...)
	c.When.Start, c.When.End = b.later(c.When.Start, 2*time.Hour), b.later(c.When.End, 2*time.Hour)
	c = b.repeated(c, c.When.Recurrence.Rules...)
	at := b.slots(c.When, 6)
	want := overrides(b.held(c.When,
		cancelled(at[1]), b.delayed(at[2], 3*time.Hour), retitled(at[3], "Another subject"),
		both(b.delayed(at[4], 26*time.Hour), "Later, and another subject"), cancelled(at[5]))...)
	updated := b.change(now, calendar.Groups{calendar.GroupWhen}, c, want)
	b.wantSeries("two hours later", updated, c, want)
	b.settled("two hours later", updated)
}

func newRule(b *bench) {
	c, list := b.mixed("Staff meeting")
	now := b.createSeries(c, list...)
	at := b.slots(c.When, 4)
	c = b.repeated(c, "RRULE:FREQ=WEEKLY;BYDAY="+day(c.When.Start)+";UNTIL="+at[3].Slot())
	want := map[string]calendar.Override{}
	for _, o := range list {
		for _, slot := range at {
			if o.Original == slot {
				want[slot.Slot()] = o
			}
		}
	}
	updated := b.change(now, calendar.Groups{calendar.GroupWhen}, c, want)
	b.wantSeries("shortened", updated, c, want)
	b.settled("shortened", updated)

	// made longer again, nothing of what was cut off comes back
	c = b.repeated(c, "RRULE:FREQ=WEEKLY;BYDAY="+day(c.When.Start))
	updated = b.change(updated, calendar.Groups{calendar.GroupWhen}, c, want)
	b.wantSeries("lengthened", updated, c, want)
	b.settled("lengthened", updated)
}

func newZone(b *bench) {
	c := b.weekly("Call")
	now := b.createSeries(c)
	c.When.Start.Zone, c.When.End.Zone = "America/New_York", "America/New_York"
	c = b.repeated(c, c.When.Recurrence.Rules...)
	want := overrides(cancelled(b.slots(c.When, 2)[1]))
	updated := b.change(now, calendar.Groups{calendar.GroupWhen}, c, want)
	b.wantSeries("in another zone", updated, c, want)
	b.settled("in another zone", updated)
}

func singleAndSeries(b *bench) {
	single := b.meeting(3, "Once, often, once")
	now := b.create(single)
	c := b.weekly(single.Title)
	_, list := b.mixed("")
	want := overrides(list...)
	now = b.change(now, calendar.Groups{calendar.GroupWhen}, c, want)
	b.wantSeries("made a series", now, c, want)
	b.settled("made a series", now)
	now = b.change(now, calendar.Groups{calendar.GroupWhen}, single, nil)
	b.wantSeries("made single", now, single, nil)
	b.settled("made single", now)
	if n := len(b.changes("").Events); n != 1 {
		b.t.Errorf("the calendar holds %d events; want the single one", n)
	}
	now = b.change(now, calendar.Groups{calendar.GroupWhen}, c, nil)
	b.wantSeries("made a series again", now, c, nil)
	b.settled("made a series again", now)
}

func seriesAllDay(b *bench) {
	timed := b.weekly("Timed, all-day, timed")
	day1 := timed
	day1.When = calendar.When{Start: b.date(3), End: b.date(4)}
	day1 = b.repeated(day1, "RRULE:FREQ=WEEKLY;BYDAY="+day(b.date(3)))
	now := b.createSeries(timed, cancelled(b.slots(timed.When, 2)[1]))
	want := overrides(cancelled(b.slots(day1.When, 2)[1]), retitled(b.slots(day1.When, 3)[2], "Special"))
	now = b.change(now, calendar.Groups{calendar.GroupWhen}, day1, want)
	b.wantSeries("all-day", now, day1, want)
	b.settled("all-day", now)
	want = overrides(cancelled(b.slots(timed.When, 2)[1]))
	now = b.change(now, calendar.Groups{calendar.GroupWhen}, timed, want)
	b.wantSeries("timed again", now, timed, want)
	b.settled("timed again", now)
}

func deleteSeries(b *bench) {
	c, list := b.mixed("To be deleted")
	made := b.createSeries(c, list...)
	cursor := b.changes("").Next
	b.delete(made)
	b.wantKind("deleted again", b.p.Delete(b.ctx, b.cal, made.ID, made.Version), calendar.NotFound, calendar.Gone)
	_, err := b.p.Get(b.ctx, b.cal, made.ID)
	b.wantKind("get of a deleted series", err, calendar.NotFound, calendar.Gone)
	b.gone("deleted", b.changes(cursor), made.ID)
}

// gone insists that a read says of a series that it is removed, and nothing else.
func (b *bench) gone(what string, ch calendar.Changes, id calendar.RemoteID) {
	b.t.Helper()
	if len(ch.Events) != 0 || len(ch.Removed) != 1 || ch.Removed[0].ID != id {
		b.t.Errorf("%s: the read has events %v, removed %v; want one removal", what, ch.Events, ch.Removed)
	}
	full := b.changes("")
	if len(full.Events) != 0 {
		b.t.Errorf("%s: a full read still holds %d events", what, len(full.Events))
	}
	if next := b.changes(full.Next); len(next.Events) != 0 {
		b.t.Errorf("%s: a later read brings %d events back", what, len(next.Events))
	}
}

func seriesMark(b *bench) {
	c, list := b.mixed("Marked")
	mark := calendar.Mark{Installation: "i-7f", Mirror: "m-1", Entity: "e-0042"}
	made, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: b.key(), Mark: mark, Content: c, Overrides: overrides(list...)})
	if err != nil {
		b.t.Fatal(err)
	}
	c.Title = "Marked, edited"
	b.change(made, calendar.Groups{calendar.GroupTitle}, c, nil)
	if got := b.get(made.ID); made.Mark != mark || got.Mark != mark {
		b.t.Errorf("mark is read as %+v, then %+v; want %+v", made.Mark, got.Mark, mark)
	}
}
