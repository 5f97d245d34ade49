package providertest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

func capabilities(b *bench) {
	c := b.caps
	for _, g := range []calendar.Group{calendar.GroupWhen, calendar.GroupTitle} {
		if !c.Groups.Has(g) {
			b.t.Errorf("cannot hold %s", g)
		}
	}
	if c.Writes < 1 {
		b.t.Errorf("Writes is %d; want at least 1", c.Writes)
	}
	if len(c.Availability) == 0 || len(c.Visibility) == 0 {
		b.t.Error("tells no availability or no visibility that it can hold")
	}
	for _, g := range c.Reads {
		if c.Groups.Has(g) {
			b.t.Errorf("%s is told both as held and as only read", g)
		}
	}
}

func calendars(b *bench) {
	list, err := b.p.Calendars(b.ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	seen := map[calendar.CalendarID]calendar.Calendar{}
	for _, c := range list {
		if _, twice := seen[c.ID]; twice {
			b.t.Errorf("calendar %q is listed twice", c.ID)
		}
		if c.Name == "" {
			b.t.Errorf("calendar %q has no name", c.ID)
		}
		seen[c.ID] = c
	}
	mine, ok := seen[b.cal]
	if !ok || !mine.Writable || !mine.Details {
		b.t.Errorf("the test calendar is listed as %+v (found: %v); want it writable, with details", mine, ok)
	}
	if ro := b.acc.ReadOnly; ro != "" && (seen[ro].ID == "" || seen[ro].Writable) {
		b.t.Errorf("the read-only calendar is listed as %+v; want it there, not writable", seen[ro])
	}
}

func createGetChanges(b *bench) {
	start := b.changes("")
	want := b.full(3, "Planning")
	made := b.create(want)
	held := b.caps.Groups.Without(calendar.GroupNotes)
	b.wantEvent("create", made, want, held)
	if !made.Organized || made.HasGuests() {
		b.t.Errorf("a created event has Organized %v, guests %v; want it organized by us, no guests", made.Organized, made.Guests)
	}
	got := b.get(made.ID)
	b.wantContent("get", got.Content, want, held)
	b.wantSame("get", got, made)
	b.wantSame("second get", b.get(made.ID), got)
	ch := b.changes(start.Next)
	b.wantSame("changes since before", b.find(ch, made.ID), made)
	b.wantSame("full read", b.find(b.changes(""), made.ID), made)
}

func sameKeyTwice(b *bench) {
	k, c := b.key(), b.full(4, "Once")
	first := b.createKey(k, c)
	second := b.createKey(k, c)
	if first.ID != second.ID {
		b.t.Errorf("the same key made two events: %q and %q", first.ID, second.ID)
	}
	if n := len(b.changes("").Events); n != 1 {
		b.t.Errorf("the calendar holds %d events; want 1", n)
	}
}

func sameKeyEdited(b *bench) {
	k, c := b.key(), b.meeting(4, "As first made")
	first := b.createKey(k, c)
	b.other.EditTitle(first.ID, "As edited since")
	again := b.createKey(k, c)
	if again.ID != first.ID || again.Content.Title != "As edited since" {
		b.t.Errorf("same key, same content: got %q in %q; want the edited event, id %q", again.Content.Title, again.ID, first.ID)
	}
	if again.Version == first.Version {
		b.t.Error("same key after an edit gave the version from before the edit")
	}
	again = b.createKey(k, b.meeting(5, "Other content"))
	if again.ID != first.ID || again.Content.Title != "As edited since" {
		b.t.Errorf("same key, other content: got %q in %q; want the edited event, id %q", again.Content.Title, again.ID, first.ID)
	}
}

func keyOfDeleted(b *bench) {
	k, c := b.key(), b.meeting(4, "Made, deleted")
	first := b.createKey(k, c)
	b.delete(first)
	again, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: k, Content: c})
	switch {
	case err != nil:
		b.wantKind("the key of a deleted event", err, calendar.Gone)
		if n := len(b.changes("").Events); n != 0 {
			b.t.Errorf("the calendar holds %d events; want none", n)
		}
	case !b.s.ForgetsKeys:
		b.t.Errorf("the key of a deleted event gave event %q; want Gone", again.ID)
	default:
		if again.ID == first.ID != b.s.NamesByKey {
			b.t.Errorf("the deleted event was %q and came back as %q; NamesByKey is %v", first.ID, again.ID, b.s.NamesByKey)
		}
		b.wantSame("get of the new event", b.get(again.ID), again)
	}
}

func markIsKept(b *bench) {
	mark := calendar.Mark{Installation: "i-7f", Mirror: "m-1", Entity: "e-0042"}
	made, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: b.key(), Mark: mark, Content: b.meeting(3, "Marked")})
	if err != nil {
		b.t.Fatal(err)
	}
	if got := b.get(made.ID); got.Mark != mark {
		b.t.Errorf("mark is read as %+v; want %+v", got.Mark, mark)
	}
	c := made.Content
	c.Title = "Marked, edited"
	b.update(made, calendar.Groups{calendar.GroupTitle}, c)
	if got := b.get(made.ID); got.Mark != mark {
		b.t.Errorf("after an update the mark is read as %+v; want %+v", got.Mark, mark)
	}
	other := calendar.Mark{Installation: "i-99", Mirror: "m-2", Entity: "e-0007"}
	now := b.get(made.ID)
	if _, err := b.p.Update(b.ctx, b.cal, now.ID, now.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: made.Content, Mark: other}); err != nil {
		b.t.Fatal(err)
	}
	if got := b.get(made.ID); got.Mark != other || got.Content.Title != made.Content.Title {
		b.t.Errorf("after another's update %q has the mark %+v; want %+v", got.Content.Title, got.Mark, other)
	}
}

func createdHasNoGuests(b *bench) {
	made := b.create(b.full(3, "Alone"))
	if got := b.get(made.ID); len(got.Guests) != 0 || got.HasGuests() {
		b.t.Errorf("guests are %v; want none", got.Guests)
	}
}

func createsAtOnce(b *bench) {
	const each = 4
	n := b.caps.Writes * each
	var wg sync.WaitGroup
	errs := make([]error, n)
	keys := make([]calendar.Key, n)
	for i := range keys {
		keys[i] = b.key()
	}
	for w := range b.caps.Writes {
		wg.Go(func() {
			for i := w * each; i < (w+1)*each; i++ {
				_, errs[i] = b.p.Create(b.ctx, b.cal, calendar.Draft{Key: keys[i], Content: b.meeting(2+i, fmt.Sprintf("At once %d", i))})
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			b.t.Errorf("create %d: %v", i, err)
		}
	}
	titles := map[string]int{}
	for _, e := range b.changes("").Events {
		titles[e.Content.Title]++
	}
	for i := range n {
		if c := titles[fmt.Sprintf("At once %d", i)]; c != 1 {
			b.t.Errorf("event %d is there %d times; want once", i, c)
		}
	}
}

func updateNamedGroups(b *bench) {
	now := b.get(b.create(b.full(3, "Before")).ID)
	other := calendar.Content{
		When:         calendar.When{Start: b.at(9, 15, 30, "America/New_York"), End: b.at(9, 16, 45, "America/New_York")},
		Title:        "After",
		Notes:        calendar.NotesFromText("Nothing to bring."),
		Place:        "Room 6",
		Availability: calendar.Free,
		Visibility:   calendar.DefaultVisibility,
		Importance:   calendar.HighImportance,
		Reminders:    calendar.Reminders{Before: []time.Duration{5 * time.Minute}},
		Properties:   map[string]string{"crm": "4712"},
	}
	other = b.labels(other, 5, "Another test")
	for _, g := range b.caps.Groups {
		if g == calendar.GroupImportance && now.Content.Importance == other.Importance {
			other.Importance = calendar.LowImportance
		}
		now = b.written("update of "+string(g), now, g, other)
	}
	b.wantSame("full read at the end", b.find(b.changes(""), now.ID), now)
}

// foreign is an event as another program makes it: guests, and things of its own.
func (b *bench) foreign(day int) calendar.RemoteID {
	c := b.full(day, "Board meeting")
	return b.other.AddEvent(calendar.Event{Content: c, Guests: []calendar.Guest{
		{Person: calendar.Person{Name: "Ada", Email: "ada@example.com"}, Response: calendar.Accepted},
		{Person: calendar.Person{Name: "Bob", Email: "bob@example.com"}, Optional: true},
	}})
}

func updateLeavesForeign(b *bench) {
	id := b.foreign(6)
	before, rest, mails := b.get(id), b.other.Rest(id), b.other.Mails()
	if len(before.Guests) != 2 || !before.HasGuests() {
		b.t.Fatalf("guests are read as %v; want two", before.Guests)
	}
	b.mailsAllowed = true // making it may have mailed; from here on is counted below
	want := before.Content
	want.Reminders = calendar.Reminders{Before: []time.Duration{45 * time.Minute}}
	after := b.update(before, calendar.Groups{calendar.GroupReminders}, want)
	want.Title = "Board meeting, new title"
	after = b.update(after, calendar.Groups{calendar.GroupTitle}, want)
	b.wantEvent("update", after, want, calendar.AllGroups)
	if fmt.Sprint(after.Guests) != fmt.Sprint(before.Guests) {
		b.t.Errorf("guests are now %v; want %v", after.Guests, before.Guests)
	}
	if got := b.other.Rest(id); got != rest {
		b.t.Errorf("what lies outside of the content changed\n got %s\nwant %s", got, rest)
	}
	if n := b.other.Mails() - mails; n != 0 && !b.s.MailsGuests {
		b.t.Errorf("the update mailed %d guests", n)
	}
}

func invitation(b *bench) {
	inviter, ok := b.other.(Inviter)
	if !ok {
		b.t.Log("this setup offers no way to be invited")
		return
	}
	b.mailsAllowed = true // the inviting may mail; reading is counted below
	ada, bob := calendar.Person{Name: "Ada", Email: "ada@example.com"}, calendar.Person{Name: "Bob", Email: "bob@example.com"}
	cursor := b.changes("").Next
	id := inviter.AddInvitation(calendar.Event{Organizer: ada, Content: b.meeting(6, "Come all"), Guests: []calendar.Guest{{Person: bob}}})
	mails := b.other.Mails()
	e := b.find(b.changes(cursor), id)
	if e.Organizer.Email != ada.Email || e.Organized || e.MyResponse != calendar.NeedsAction {
		b.t.Errorf("organizer %v, organized by us %v, our response %q; want %v, false, %q",
			e.Organizer, e.Organized, e.MyResponse, ada, calendar.NeedsAction)
	}
	var guests []string
	for _, g := range e.Guests {
		guests = append(guests, g.Email)
	}
	slices.Sort(guests)
	guests = slices.DeleteFunc(guests, func(s string) bool { return s == ada.Email }) // a service may list the organizer
	if len(guests) != 1 || guests[0] != bob.Email {
		b.t.Errorf("guests are %v; want those besides the calendar's owner", e.Guests)
	}
	b.wantSame("get", b.get(id), e)
	if n := b.other.Mails() - mails; n != 0 {
		b.t.Errorf("reading an invitation mailed %d people", n)
	}
}

func updateIsIdempotent(b *bench) {
	made := b.create(b.full(3, "Same again"))
	read := b.get(made.ID)
	again := b.update(read, b.caps.Groups, read.Content)
	b.wantEvent("update with what was read", again, read.Content, calendar.AllGroups)
	b.wantContent("get after it", b.get(made.ID).Content, read.Content, calendar.AllGroups)

	id := b.other.AddEvent(calendar.Event{Content: b.full(5, "Of another client")})
	read = b.get(id)
	again = b.update(read, b.caps.Groups, read.Content)
	b.wantEvent("update of another's event with what was read", again, read.Content, calendar.AllGroups)
}

func staleUpdate(b *bench) {
	made := b.create(b.meeting(3, "First"))
	b.other.EditTitle(made.ID, "Second")
	want := made.Content
	want.Title, want.Place = "Third", "Nowhere"
	_, err := b.p.Update(b.ctx, b.cal, made.ID, made.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle, calendar.GroupPlace}, Content: want})
	b.wantKind("update on a stale version", err, calendar.Conflict)
	if got := b.get(made.ID); got.Content.Title != "Second" || got.Content.Place != "" {
		b.t.Errorf("the event is now %q at %q; want what the other client wrote", got.Content.Title, got.Content.Place)
	}
}

func updateDeleted(b *bench) {
	made := b.create(b.meeting(3, "Short-lived"))
	b.other.Delete(made.ID)
	want := made.Content
	want.Title = "Too late"
	_, err := b.p.Update(b.ctx, b.cal, made.ID, made.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: want})
	b.wantKind("update of a deleted event", err, calendar.NotFound, calendar.Gone, calendar.Conflict)
	_, err = b.p.Get(b.ctx, b.cal, made.ID)
	b.wantKind("get after it", err, calendar.NotFound, calendar.Gone)
}

func deleteTwice(b *bench) {
	made := b.create(b.meeting(3, "To be deleted"))
	cursor := b.changes("").Next
	b.delete(made)
	b.wantKind("deleted again", b.p.Delete(b.ctx, b.cal, made.ID, made.Version), calendar.NotFound, calendar.Gone)
	_, err := b.p.Get(b.ctx, b.cal, made.ID)
	b.wantKind("get of a deleted event", err, calendar.NotFound, calendar.Gone)
	ch := b.changes(cursor)
	if len(ch.Removed) != 1 || ch.Removed[0].ID != made.ID || len(ch.Events) != 0 {
		b.t.Errorf("the next read has events %v, removed %v; want one tombstone", ch.Events, ch.Removed)
	}
	if n := len(b.changes("").Events); n != 0 {
		b.t.Errorf("a full read still holds %d events", n)
	}
}

func staleDelete(b *bench) {
	made := b.create(b.meeting(3, "First"))
	b.other.EditTitle(made.ID, "Second")
	err := b.p.Delete(b.ctx, b.cal, made.ID, made.Version)
	b.wantKind("delete on a stale version", err, calendar.Conflict)
	if got := b.get(made.ID); got.Content.Title != "Second" {
		b.t.Errorf("the event is now %q; want it untouched", got.Content.Title)
	}
	b.delete(b.get(made.ID))
}

func unknownEvent(b *bench) {
	made := b.create(b.meeting(3, "Gone for good"))
	b.other.Delete(made.ID)
	_, err := b.p.Get(b.ctx, b.cal, made.ID)
	b.wantKind("get of an event that another client deleted", err, calendar.NotFound, calendar.Gone)
	err = b.p.Delete(b.ctx, b.cal, made.ID, made.Version)
	b.wantKind("delete of an event that another client deleted", err, calendar.NotFound, calendar.Gone)
	_, err = b.p.Get(b.ctx, b.cal, "nosuchevent00000000000000000000")
	b.wantKind("get of an id that never was", err, calendar.NotFound)
}
