package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// day names the weekday of a time as a rule does.
func day(t calendar.Time) string {
	i, _ := t.Instant() // UTC: only good for dates and for times far from midnight
	return strings.ToUpper(i.Weekday().String()[:2])
}

// weekly is an hour every week from the third day on, without end, in a zone
// whose clocks change.
func (b *bench) weekly(title string) calendar.Content {
	c := b.meeting(3, title)
	return b.repeated(c, "RRULE:FREQ=WEEKLY;BYDAY="+day(c.When.Start))
}

// repeated gives c the rules, in canonical form.
func (b *bench) repeated(c calendar.Content, rules ...string) calendar.Content {
	b.t.Helper()
	canonical, err := calendar.CanonicalRules(c.When.Start, rules)
	if err != nil {
		b.t.Fatalf("%q: %v", rules, err)
	}
	c.When.Recurrence.Rules = canonical
	return c
}

// slots are the first n occurrences of a series.
func (b *bench) slots(w calendar.When, n int) []calendar.Time {
	b.t.Helper()
	all, err := w.Occurrences()
	if err != nil {
		b.t.Fatal(err)
	}
	var out []calendar.Time
	for t := range all.All() {
		if out = append(out, t); len(out) == n {
			break
		}
	}
	return out
}

// within are the occurrences of a series in the first n days.
func (b *bench) within(w calendar.When, days int) []string {
	b.t.Helper()
	all, err := w.Occurrences()
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for t := range all.Between(b.s.Now, b.s.Now.AddDate(0, 0, days)) {
		out = append(out, t.Slot())
	}
	return out
}

// later is t with the wall clock d later, or the date by whole days.
func (b *bench) later(t calendar.Time, d time.Duration) calendar.Time {
	b.t.Helper()
	layout := "2006-01-02T15:04:05"
	if t.IsDate() {
		layout = "2006-01-02"
	}
	wall, err := time.Parse(layout, t.Local)
	if err != nil {
		b.t.Fatal(err)
	}
	return calendar.Time{Local: wall.Add(d).Format(layout), Zone: t.Zone}
}

// The overrides that the suite makes.

func cancelled(slot calendar.Time) calendar.Override {
	return calendar.Override{Original: slot, Cancelled: true}
}

func retitled(slot calendar.Time, title string) calendar.Override {
	return calendar.Override{Original: slot, Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: title}}
}

func moved(slot, start, end calendar.Time) calendar.Override {
	return calendar.Override{Original: slot, Changed: calendar.Groups{calendar.GroupWhen},
		Content: calendar.Content{When: calendar.When{Start: start, End: end}}}
}

// delayed is the occurrence of an hour at slot, by d.
func (b *bench) delayed(slot calendar.Time, d time.Duration) calendar.Override {
	return moved(slot, b.later(slot, d), b.later(slot, d+time.Hour))
}

func both(o calendar.Override, title string) calendar.Override {
	o.Changed = o.Changed.With(calendar.GroupTitle)
	o.Content.Title = title
	return o
}

func overrides(list ...calendar.Override) map[string]calendar.Override {
	out := map[string]calendar.Override{}
	for _, o := range list {
		out[o.Original.Slot()] = o
	}
	return out
}

// plus is a set with further overrides in it.
func plus(set map[string]calendar.Override, list ...calendar.Override) map[string]calendar.Override {
	out := maps.Clone(set)
	maps.Copy(out, overrides(list...))
	return out
}

func (b *bench) createSeries(c calendar.Content, list ...calendar.Override) calendar.Event {
	b.t.Helper()
	e, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: b.key(), Content: c, Overrides: overrides(list...)})
	if err != nil {
		b.t.Fatalf("create series %q: %v", c.Title, err)
	}
	if e.ID == "" || e.Version == "" {
		b.t.Fatalf("create series %q gave id %q, version %q; want both", c.Title, e.ID, e.Version)
	}
	b.wantSeries(fmt.Sprintf("create %q", c.Title), e, c, overrides(list...))
	return e
}

// override brings a series' overrides to the wanted set, writing those slots that differ.
func (b *bench) override(e calendar.Event, want map[string]calendar.Override) calendar.Event {
	b.t.Helper()
	return b.change(e, nil, e.Content, want)
}

// change writes groups and overrides at once.
func (b *bench) change(e calendar.Event, groups calendar.Groups, c calendar.Content, want map[string]calendar.Override) calendar.Event {
	b.t.Helper()
	got, err := b.p.Update(b.ctx, b.cal, e.ID, e.Version, calendar.Change{
		Groups: groups, Content: c, Overrides: want, Slots: calendar.Slots(e.Overrides, want)})
	if err != nil {
		b.t.Fatalf("update %v of a series: %v", groups, err)
	}
	if got.ID != e.ID {
		b.t.Fatalf("update gave the series another id: %q, was %q", got.ID, e.ID)
	}
	return got
}

// wantSeries insists on the content that the suite gives a series, and on its
// overrides.
func (b *bench) wantSeries(what string, got calendar.Event, c calendar.Content, want map[string]calendar.Override) {
	b.t.Helper()
	b.wantContent(what, got.Content, c, calendar.Groups{calendar.GroupWhen, calendar.GroupTitle})
	b.wantOverrides(what, got, want)
}

// wantOverrides insists on the overrides, and on their form.
func (b *bench) wantOverrides(what string, got calendar.Event, want map[string]calendar.Override) {
	b.t.Helper()
	for _, slot := range calendar.Slots(got.Overrides, want) {
		b.t.Errorf("%s: the override of %s differs\n got %s\nwant %s", what, slot, showOverride(got.Overrides, slot), showOverride(want, slot))
	}
	b.wantForm(what, got)
}

// wantForm insists that overrides are sparse, keyed by their slot, and of occurrences
// that the rule has.
func (b *bench) wantForm(what string, e calendar.Event) {
	b.t.Helper()
	if len(e.Overrides) == 0 {
		return
	}
	occurrences, err := e.Content.When.Occurrences()
	if err != nil {
		b.t.Errorf("%s: %v", what, err)
		return
	}
	for slot, o := range e.Overrides {
		switch {
		case o.IsZero():
			b.t.Errorf("%s: the override of %s says nothing", what, slot)
		case o.Original.Slot() != slot:
			b.t.Errorf("%s: the override of %v has key %s", what, o.Original, slot)
		case o.Original.Zone != e.Content.When.Start.Zone:
			b.t.Errorf("%s: the override of %v is not in the series' zone", what, o.Original)
		case o.Cancelled && !occurrences.Has(o.Original): // a living one may be left over from an older rule
			b.t.Errorf("%s: the override of %v has no occurrence to stand on", what, o.Original)
		}
		for _, g := range o.Changed {
			held := e.Content
			held.When = e.Content.When.At(o.Original)
			if o.Cancelled || calendar.Equal(g, o.Content, held) {
				b.t.Errorf("%s: the override of %s names %s, which is as in the series", what, slot, g)
			}
		}
		if !o.Content.When.Recurrence.IsZero() {
			b.t.Errorf("%s: the override of %s has a rule of its own", what, slot)
		}
	}
}

func showOverride(set map[string]calendar.Override, slot string) string {
	o, ok := set[slot]
	switch {
	case !ok:
		return "none"
	case o.Cancelled:
		return "cancelled"
	}
	var parts []string
	for _, g := range o.Changed {
		parts = append(parts, string(g)+" "+show(g, o.Content))
	}
	return strings.Join(parts, ", ")
}

// wantWhole is wantSame with the overrides.
func (b *bench) wantWhole(what string, got, want calendar.Event) {
	b.t.Helper()
	b.wantSame(what, got, want)
	hidden := got.Unseen.With(want.Unseen...)
	got.Overrides = showing(got.Overrides, hidden)
	b.wantOverrides(what, got, showing(want.Overrides, hidden))
}

// showing are the overrides without what they say of the groups.
func showing(set map[string]calendar.Override, hidden calendar.Groups) map[string]calendar.Override {
	out := map[string]calendar.Override{}
	for slot, o := range set {
		o.Changed = o.Changed.Without(hidden...)
		out = calendar.WithOverride(out, slot, o)
	}
	return out
}

// settled insists that get and a full read say of the event what was said last,
// once, and gives the cursor to go on from.
func (b *bench) settled(what string, e calendar.Event) calendar.Cursor {
	b.t.Helper()
	b.wantWhole(what+", get", b.get(e.ID), e)
	ch := b.changes("")
	b.wantWhole(what+", full read", b.find(ch, e.ID), e)
	if next := b.changes(ch.Next); len(next.Events)+len(next.Removed) != 0 {
		b.t.Errorf("%s: the read after it has %d events, %d removed; want nothing", what, len(next.Events), len(next.Removed))
	}
	return ch.Next
}

// only insists that a read names this one event, and gives it as read.
func (b *bench) only(what string, ch calendar.Changes, id calendar.RemoteID) calendar.Event {
	b.t.Helper()
	if len(ch.Events) != 1 || len(ch.Removed) != 0 {
		b.t.Errorf("%s: the read has %d events, %d removed; want the series alone", what, len(ch.Events), len(ch.Removed))
	}
	e := b.find(ch, id)
	b.wantWhole(what+", get", b.get(id), e)
	return e
}

// held leaves out what the service says it cannot hold.
func (b *bench) held(w calendar.When, list ...calendar.Override) []calendar.Override {
	return slices.DeleteFunc(list, func(o calendar.Override) bool {
		return b.caps.Override != nil && b.caps.Override(w, o) != ""
	})
}
