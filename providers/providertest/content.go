package providertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// roundTrip creates an event with c, insists that it is read back alike by
// create, get and a full read in the groups, and gives it as read.
func (b *bench) roundTrip(c calendar.Content, groups ...calendar.Group) calendar.Event {
	b.t.Helper()
	made := b.create(c)
	b.wantEvent(fmt.Sprintf("create %q", c.Title), made, c, groups)
	got := b.get(made.ID)
	b.wantContent(fmt.Sprintf("get %q", c.Title), got.Content, c, groups)
	b.wantSame(fmt.Sprintf("get %q", c.Title), got, made)
	b.wantSame(fmt.Sprintf("full read of %q", c.Title), b.find(b.changes(""), made.ID), made)
	return made
}

func timesRoundTrip(b *bench) {
	for _, zone := range []string{
		"UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo",
		"Asia/Kolkata", "Australia/Adelaide", "Asia/Kathmandu", "Pacific/Auckland",
	} {
		c := b.meeting(3, "An hour in "+zone)
		c.When = calendar.When{Start: b.at(3, 9, 15, zone), End: b.at(3, 10, 15, zone)}
		b.roundTrip(c, calendar.GroupWhen)
	}
	flight := b.meeting(8, "Flight")
	flight.When = calendar.When{Start: b.at(8, 10, 5, "Europe/Berlin"), End: b.at(8, 12, 50, "America/New_York")}
	b.roundTrip(flight, calendar.GroupWhen)
	night := b.meeting(9, "Over midnight")
	night.When = calendar.When{Start: b.at(9, 22, 0, "Europe/Berlin"), End: b.at(10, 6, 0, "Europe/Berlin")}
	b.roundTrip(night, calendar.GroupWhen)
	point := b.meeting(10, "No length at all")
	point.When = calendar.When{Start: b.at(10, 12, 0, "Europe/Berlin"), End: b.at(10, 12, 0, "Europe/Berlin")}
	b.roundTrip(point, calendar.GroupWhen)
	midnight := b.meeting(12, "Midnight to midnight, yet timed")
	midnight.When = calendar.When{Start: b.at(12, 0, 0, "Europe/Berlin"), End: b.at(13, 0, 0, "Europe/Berlin")}
	b.roundTrip(midnight, calendar.GroupWhen)

	for days := 1; days <= 3; days++ {
		c := b.meeting(14, fmt.Sprintf("All day, %d days", days))
		c.When = calendar.When{Start: b.date(14), End: b.date(14 + days)}
		b.roundTrip(c, calendar.GroupWhen)
	}
}

// clockChange finds the next moment after from at which zone's clocks change
// by a jump forward or back, within the year.
func clockChange(from time.Time, loc *time.Location, forward bool) (time.Time, bool) {
	t := from.UTC().Truncate(time.Hour)
	for range 390 * 24 {
		next := t.Add(time.Hour)
		_, a := t.In(loc).Zone()
		_, z := next.In(loc).Zone()
		if (forward && z > a) || (!forward && z < a) {
			return next, true
		}
		t = next
	}
	return time.Time{}, false
}

func clockChanges(b *bench) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York"} {
		loc, err := calendar.LoadZone(zone)
		if err != nil {
			b.t.Fatal(err)
		}
		gap, ok1 := clockChange(b.s.Now.AddDate(0, 0, 2), loc, true)
		fold, ok2 := clockChange(b.s.Now.AddDate(0, 0, 2), loc, false)
		if !ok1 || !ok2 {
			b.t.Fatalf("%s has no clock change within the year", zone)
		}
		// A reading that the clocks skip: half an hour after the last one before
		// the gap.
		skipped := calendar.At(gap.Add(-time.Second), loc)
		naive, err := time.Parse("2006-01-02T15:04:05", skipped.Local)
		if err != nil {
			b.t.Fatal(err)
		}
		skipped.Local = naive.Add(30*time.Minute + time.Second).Format("2006-01-02T15:04:05")
		spans := []struct {
			name  string
			start calendar.Time
			end   calendar.Time
		}{
			{"before and after the jump forward", calendar.At(gap.Add(-30*time.Minute), loc), calendar.At(gap.Add(30*time.Minute), loc)},
			{"starts at a reading that is skipped", skipped, calendar.At(gap.Add(90*time.Minute), loc)},
			{"before and after the jump back", calendar.At(fold.Add(-90*time.Minute), loc), calendar.At(fold.Add(90*time.Minute), loc)},
			{"first of two same readings", calendar.At(fold.Add(-30*time.Minute), loc), calendar.At(fold.Add(-15*time.Minute), loc)},
			{"second of two same readings", calendar.At(fold.Add(30*time.Minute), loc), calendar.At(fold.Add(45*time.Minute), loc)},
			{"from the first to the second", calendar.At(fold.Add(-30*time.Minute), loc), calendar.At(fold.Add(30*time.Minute), loc)},
		}
		for _, s := range spans {
			c := b.meeting(3, zone+": "+s.name)
			c.When = calendar.When{Start: s.start, End: s.end}
			made := b.roundTrip(c)
			b.wantInstant(c.Title+": start", made.Content.When.Start, s.start)
			b.wantInstant(c.Title+": end", made.Content.When.End, s.end)
			again := b.update(made, calendar.Groups{calendar.GroupWhen}, made.Content)
			b.wantInstant(c.Title+": start, written back", again.Content.When.Start, s.start)
		}
	}
}

// wantInstant insists on the moment only: a service may have no way to tell
// the zone and the second of two same readings at once.
func (b *bench) wantInstant(what string, got, want calendar.Time) {
	b.t.Helper()
	g, err1 := got.Instant()
	w, err2 := want.Instant()
	if err1 != nil || err2 != nil || !g.Equal(w) {
		b.t.Errorf("%s: got %v = %v %v; want %v = %v %v", what, got, g, err1, want, w, err2)
	}
}

func switchAllDay(b *bench) {
	timed := b.full(3, "Switched")
	day := calendar.Content{When: calendar.When{Start: b.date(4), End: b.date(6)}}
	now := b.create(timed)
	whenOnly := calendar.Groups{calendar.GroupWhen}
	for i, want := range []calendar.Content{day, timed, day} {
		now = b.update(now, whenOnly, want)
		b.wantEvent(fmt.Sprintf("switch %d", i+1), now, timed.Take(calendar.GroupWhen, want),
			b.caps.Groups.Without(calendar.GroupNotes))
		b.wantSame(fmt.Sprintf("get after switch %d", i+1), b.get(now.ID), now)
	}
}

func textsRoundTrip(b *bench) {
	for _, s := range []string{
		"Plain", "Ärger im Büro", "東京で会議", "اجتماع", "🦊 fox & <b>hound</b> \"quoted\" 'n' more",
		"semi;colon, comma \\ backslash", "https://example.com/?a=1&b=2#x", strings.Repeat("long ", 40) + "end",
	} {
		c := b.meeting(3, s)
		c.Place = s
		b.roundTrip(c, calendar.GroupTitle, calendar.GroupPlace)
	}
	if b.caps.TitleLimit > 0 {
		b.roundTrip(b.meeting(3, strings.Repeat("ü", b.caps.TitleLimit)), calendar.GroupTitle)
	}
}

func notesRoundTrip(b *bench) {
	if !b.caps.Groups.Has(calendar.GroupNotes) {
		return
	}
	for _, n := range []calendar.Notes{
		calendar.NotesFromText("One line."),
		calendar.NotesFromText("One line.\nAnother.\n\nA third, after an empty one."),
		calendar.NotesFromText("5 < 6 && \"a\" > 'b' &amp; &lt;b&gt; © é"),
		calendar.NotesFromText("🦊🎉 日本語 עברית"),
		calendar.NotesFromText("See https://example.com/join?id=1&pwd=2 for more"),
		calendar.NotesFromHTML("<p>Some <b>bold</b> and <i>italic</i> words.</p><p>Second paragraph.</p>"),
		calendar.NotesFromHTML("<ul><li>one</li><li>two &amp; three</li></ul>"),
		calendar.NotesFromHTML(`<a href="https://example.com/a?b=1&amp;c=2">a link</a><br>and a line`),
	} {
		c := b.meeting(3, "With notes")
		c.Notes = n
		b.wantNotes("create", b.roundTrip(c), n)
	}
	c := b.meeting(3, "Notes written later")
	made := b.create(c)
	c.Notes = calendar.NotesFromHTML("<p>Written <b>later</b></p>")
	b.wantNotes("update", b.update(made, calendar.Groups{calendar.GroupNotes}, c), c.Notes)
}

// wantNotes insists on the text, with white space folded: services wrap and
// rewrite the HTML around it.
func (b *bench) wantNotes(what string, e calendar.Event, want calendar.Notes) {
	b.t.Helper()
	fold := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if got := fold(e.Content.Notes.Text()); got != fold(want.Text()) {
		b.t.Errorf("%s: notes read as %q; want %q", what, got, fold(want.Text()))
	}
	if got, w := strings.Count(strings.TrimSpace(e.Content.Notes.Text()), "\n") > 0, strings.Count(strings.TrimSpace(want.Text()), "\n") > 0; got != w {
		b.t.Errorf("%s: the notes' lines ran together or apart: %q; want %q", what, e.Content.Notes.Text(), want.Text())
	}
}

func longNotes(b *bench) {
	if !b.caps.Groups.Has(calendar.GroupNotes) {
		return
	}
	text := func(n int) string {
		var s strings.Builder
		for i := 0; s.Len() < n; i++ {
			fmt.Fprintf(&s, "line %d of a long agenda\n", i)
		}
		return strings.TrimSpace(s.String())
	}
	c := b.meeting(3, "Long notes within the limit")
	size := 40_000
	if l := b.caps.NotesLimit; l > 0 {
		size = l / 2 // room for the HTML around it
	}
	c.Notes = calendar.NotesFromText(text(size))
	b.wantNotes("within the limit", b.roundTrip(c), c.Notes)
	if b.caps.NotesLimit == 0 {
		return
	}
	c = b.meeting(4, "Long notes beyond the limit")
	c.Notes = calendar.NotesFromText(text(2 * b.caps.NotesLimit))
	made, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: b.key(), Content: c})
	if err != nil {
		b.wantKind("notes beyond the limit", err, calendar.Invalid)
		return
	}
	b.wantSame("get of cut notes", b.get(made.ID), made)
	if made.Content.Notes == c.Notes {
		b.t.Errorf("notes of twice NotesLimit (%d) were kept whole: the limit is told wrong", b.caps.NotesLimit)
	}
	if got := made.Content.Notes.Text(); len(got) < b.caps.NotesLimit/4 {
		b.t.Errorf("of notes beyond the limit only %d bytes were kept", len(got))
	}
}

func clearing(b *bench) {
	c := b.full(3, "To be cleared")
	now := b.create(c)
	for _, g := range []calendar.Group{
		calendar.GroupNotes, calendar.GroupPlace, calendar.GroupReminders, calendar.GroupTitle, calendar.GroupVisibility,
		calendar.GroupImportance, calendar.GroupCategories, calendar.GroupProperties,
	} {
		if !b.caps.Groups.Has(g) {
			continue
		}
		want := now.Content.Take(g, calendar.Content{})
		now = b.written("clearing "+string(g), now, g, want)
	}
	bare := b.meeting(3, "")
	b.roundTrip(bare, calendar.GroupTitle, calendar.GroupNotes, calendar.GroupPlace, calendar.GroupReminders,
		calendar.GroupCategories, calendar.GroupProperties)
}

func availabilities(b *bench) {
	now := b.create(b.meeting(3, "Availability"))
	for _, a := range slices.Concat(b.caps.Availability, b.caps.Availability[:1]) {
		c := b.meeting(4, "Created "+string(a))
		c.Availability = a
		b.roundTrip(c, calendar.GroupAvailability)
		now = b.update(now, calendar.Groups{calendar.GroupAvailability}, c)
		b.wantContent("updated to "+string(a), now.Content, c, calendar.Groups{calendar.GroupAvailability})
	}
}

func visibilities(b *bench) {
	now := b.create(b.meeting(3, "Visibility"))
	for _, v := range slices.Concat(b.caps.Visibility, b.caps.Visibility[:1]) {
		c := b.meeting(4, "Created "+string(v))
		c.Visibility = v
		b.roundTrip(c, calendar.GroupVisibility)
		now = b.update(now, calendar.Groups{calendar.GroupVisibility}, c)
		b.wantContent("updated to "+string(v), now.Content, c, calendar.Groups{calendar.GroupVisibility})
	}
}

func otherGroups(b *bench) {
	now := b.create(b.meeting(3, "Changing"))
	check := func(c calendar.Content, g calendar.Group) {
		b.t.Helper()
		if !b.caps.Groups.Has(g) {
			return
		}
		b.roundTrip(c, g)
		now = b.update(now, calendar.Groups{g}, c)
		b.wantContent("update", now.Content, c, calendar.Groups{g})
	}
	c := b.meeting(4, "Importance")
	for _, i := range []calendar.Importance{calendar.LowImportance, calendar.HighImportance, calendar.NormalImportance} {
		c.Importance = i
		check(c, calendar.GroupImportance)
	}
	c = b.meeting(4, "Reminders")
	for _, d := range []time.Duration{0, 5 * time.Minute, 90 * time.Minute, 24 * time.Hour, 7 * 24 * time.Hour} {
		c.Reminders = calendar.Reminders{Before: []time.Duration{d}}
		check(c, calendar.GroupReminders)
	}
	c.Reminders = calendar.Reminders{}
	check(c, calendar.GroupReminders)
}
