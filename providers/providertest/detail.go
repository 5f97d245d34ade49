package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// Detailer is an Other that can make an event with all that a home event may
// carry, what the provider under test only reads included.
type Detailer interface {
	// AddDetailed is AddEvent with every field of e's Content that the service has:
	// Properties as another program sets those that are meant for every copy,
	// Categories, Color, Importance, and Links (an online meeting with this address,
	// attachments by name and, where the service keeps one, by address); and with
	// e.Guests and their answers. Besides e it gives the event hidden things of
	// another program that are in no Content (Google: private extended properties;
	// Graph: an extension that this provider does not read), which Rest shows. No mail
	// that this causes counts.
	AddDetailed(e calendar.Event) calendar.RemoteID
}

// Answerer is an Inviter that can also answer as the calendar's owner does in the
// service's own app. Its AddInvitation takes a series, too.
type Answerer interface {
	Inviter
	// Answer gives the owner's answer to the event, or, unless original is zero, to
	// the one occurrence of a series that starts there by the rule. No mail that
	// this causes counts.
	Answer(id calendar.RemoteID, original calendar.Time, r calendar.Response)
}

// category is a name that services take for a category.
const category = "Twinday test"

// color is one of the colours that the service can hold, the first of them or a
// later one; empty if it holds none.
func (b *bench) color(i int) string {
	if len(b.caps.Colors) == 0 {
		return ""
	}
	return b.caps.Colors[i%len(b.caps.Colors)]
}

// labels is the content with what the service can hold of categories: names, or,
// where it has none of those, a colour.
func (b *bench) labels(c calendar.Content, color int, names ...string) calendar.Content {
	c.Categories, c.Color = nil, ""
	if b.caps.Categories {
		c.Categories = names
	} else {
		c.Color = b.color(color)
	}
	return c
}

// unseen are the groups without those that the read of e does not show.
func unseen(groups calendar.Groups, events ...calendar.Event) calendar.Groups {
	for _, e := range events {
		groups = groups.Without(e.Unseen...)
	}
	return groups
}

// wantEvent is wantContent, in those of the groups that the event's read shows.
func (b *bench) wantEvent(what string, got calendar.Event, want calendar.Content, groups calendar.Groups) {
	b.t.Helper()
	b.wantContent(what, got.Content, want, unseen(groups, got))
}

// written updates one group, and insists that it is read back as wanted, by the
// answer as far as that shows it and by get.
func (b *bench) written(what string, e calendar.Event, g calendar.Group, want calendar.Content) calendar.Event {
	b.t.Helper()
	got := b.update(e, calendar.Groups{g}, want)
	b.wantEvent(what, got, e.Content.Take(g, want), unseen(calendar.AllGroups, e))
	now := b.get(e.ID)
	b.wantSame(what+", get", now, got)
	b.wantContent(what+", get", now.Content, want, calendar.Groups{g})
	if got.Version == e.Version {
		b.t.Errorf("%s: the version is as before", what)
	}
	return now
}

func labels(b *bench) {
	if !b.caps.Groups.Has(calendar.GroupCategories) {
		return
	}
	if !b.caps.Categories && len(b.caps.Colors) == 0 {
		b.t.Fatal("categories can be held, it is said, but neither names nor colours")
	}
	for _, c := range b.caps.Colors {
		if !slices.Contains(calendar.Colors, c) {
			b.t.Errorf("%q is told as a colour, and is none", c)
		}
	}
	now := b.create(b.meeting(3, "Coloured"))
	for i, color := range b.caps.Colors {
		c := b.meeting(4, "Created "+color)
		c.Color = color
		if i < 3 { // all of them are updated to below
			b.roundTrip(c, calendar.GroupCategories)
		}
		now = b.written("updated to "+color, now, calendar.GroupCategories, c)
	}
	now = b.written("without a colour", now, calendar.GroupCategories, b.meeting(3, ""))
	if !b.caps.Categories {
		return
	}
	c := b.meeting(4, "Two categories")
	c.Categories = []string{"Zebra, with a comma", category}
	b.roundTrip(c, calendar.GroupCategories)
	now = b.written("two categories", now, calendar.GroupCategories, c)
	c.Categories = []string{category, "Zebra, with a comma", "Überstunden"}
	now = b.written("three, in another order", now, calendar.GroupCategories, c)
	c.Categories = []string{"Überstunden"}
	now = b.written("one left", now, calendar.GroupCategories, c)
	c.Categories = nil
	b.written("no categories", now, calendar.GroupCategories, c)
}

func properties(b *bench) {
	if !b.caps.Groups.Has(calendar.GroupProperties) {
		return
	}
	mark := calendar.Mark{Installation: "i-7f", Mirror: "m-1", Entity: "e-0042"}
	c := b.meeting(4, "With properties")
	c.Properties = map[string]string{"crm": "4711", "room.id": "Zürich 5", "JSON": `{"a":"<b>&"}`}
	b.roundTrip(c, calendar.GroupProperties)
	now, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: b.key(), Mark: mark, Content: b.meeting(3, "Marked")})
	if err != nil {
		b.t.Fatal(err)
	}
	now = b.get(now.ID)
	for _, step := range []struct {
		what string
		want map[string]string
	}{
		{"three set", c.Properties},
		{"one changed, one added", map[string]string{"crm": "4712", "room.id": "Zürich 5", "JSON": `{"a":"<b>&"}`, "new": "x"}},
		{"one removed", map[string]string{"crm": "4712", "JSON": `{"a":"<b>&"}`, "new": "x"}},
		{"all others for one", map[string]string{"other": "y"}},
		{"cleared", nil},
		{"set again", map[string]string{"crm": "1"}},
	} {
		c.Properties = step.want
		now = b.written(step.what, now, calendar.GroupProperties, c)
		if now.Mark != mark {
			b.t.Errorf("%s: the mark is read as %+v; want %+v", step.what, now.Mark, mark)
		}
	}
	b.wantSame("full read", b.find(b.changes(""), now.ID), now)
	b.propertyLimits()
}

// propertyLimits insists that what is within the told limits is kept whole, and
// that what is beyond them spoils nothing.
func (b *bench) propertyLimits() {
	b.t.Helper()
	name, value := 30, 500
	if l := b.caps.Properties.Name; l > 0 {
		name = l
	}
	if l := b.caps.Properties.Value; l > 0 {
		value = l
	}
	c := b.meeting(5, "As long as can be")
	c.Properties = map[string]string{strings.Repeat("n", name): strings.Repeat("ü", value)}
	b.roundTrip(c, calendar.GroupProperties)
	for what, p := range map[string][2]string{
		"name":  {strings.Repeat("n", b.caps.Properties.Name+1), "x"},
		"value": {"long", strings.Repeat("v", b.caps.Properties.Value+1)},
	} {
		if what == "name" && b.caps.Properties.Name == 0 || what == "value" && b.caps.Properties.Value == 0 {
			continue
		}
		c := b.meeting(5, "A "+what+" that is too long")
		c.Properties = map[string]string{"good": "kept", p[0]: p[1]}
		made, err := b.p.Create(b.ctx, b.cal, calendar.Draft{Key: b.key(), Content: c})
		if err != nil {
			b.wantKind("a "+what+" that is too long", err, calendar.Invalid)
			continue
		}
		got := b.get(made.ID).Content.Properties
		if got["good"] != "kept" {
			b.t.Errorf("beside a %s that is too long another property is read as %q", what, got["good"])
		}
		if got[p[0]] == p[1] {
			b.t.Errorf("a %s beyond the limit was kept whole: the limit is told wrong", what)
		}
	}
}

// detailed makes an event with all that a home event may carry.
func (b *bench) detailed(d Detailer, day int) (calendar.RemoteID, calendar.Event) {
	b.t.Helper()
	c := b.full(day, "Board meeting")
	c.Links = calendar.Links{
		Conference: "https://video.example.com/j/123?pwd=a%20b",
		Attachments: []calendar.Attachment{
			{Name: "Agenda", URL: "https://files.example.com/agenda?x=1&y=2"}, {Name: "Minutes.pdf", URL: "https://files.example.com/minutes"},
		},
	}
	e := calendar.Event{Content: c, Guests: []calendar.Guest{
		{Person: calendar.Person{Name: "Ada", Email: "ada@example.com"}, Response: calendar.Accepted},
		{Person: calendar.Person{Name: "Bob", Email: "bob@example.com"}, Optional: true, Response: calendar.Declined},
		{Person: calendar.Person{Name: "Cem", Email: "cem@example.com"}, Response: calendar.Maybe},
	}}
	id := d.AddDetailed(e)
	b.mailsAllowed = true // making it may have mailed; what comes is counted by the caller
	return id, e
}

// wantDetails insists that all that the provider reads is read: links by name,
// since a service may keep an attachment without its address; the link is then none,
// or the event's own.
func (b *bench) wantDetails(what string, got calendar.Event, want calendar.Content) {
	b.t.Helper()
	reads := unseen(b.caps.Read(), got).Without(calendar.GroupNotes)
	b.wantContent(what, got.Content, want, reads.Without(calendar.GroupLinks))
	if !reads.Has(calendar.GroupLinks) {
		return
	}
	gotLinks, wantLinks := got.Content.Links, want.Links
	if gotLinks.Conference != wantLinks.Conference {
		b.t.Errorf("%s: the conference is %q; want %q", what, gotLinks.Conference, wantLinks.Conference)
	}
	if len(gotLinks.Attachments) != len(wantLinks.Attachments) {
		b.t.Errorf("%s: the attachments are %v; want %v", what, gotLinks.Attachments, wantLinks.Attachments)
		return
	}
	for i, w := range wantLinks.Attachments {
		if a := gotLinks.Attachments[i]; a.Name != w.Name || a.URL != "" && a.URL != w.URL && a.URL != got.WebLink {
			b.t.Errorf("%s: attachment %d is %v; want %v", what, i+1, a, w)
		}
	}
}

func details(b *bench) {
	d, ok := b.other.(Detailer)
	if !ok {
		b.t.Log("this setup offers no other client that makes events in full detail")
		return
	}
	cursor := b.changes("").Next
	id, e := b.detailed(d, 6)
	got, rest, mails := b.get(id), b.other.Rest(id), b.other.Mails()
	b.wantDetails("get", got, e.Content)
	for _, w := range e.Guests {
		i := slices.IndexFunc(got.Guests, func(g calendar.Guest) bool { return g.Email == w.Email })
		if i < 0 || got.Guests[i] != w {
			b.t.Errorf("the guests are %v; want %v among them", got.Guests, w)
		}
	}
	b.wantSame("changes", b.find(b.changes(cursor), id), got)
	b.wantSame("full read", b.find(b.changes(""), id), got)
	// What is written leaves what is only read, and what is not even that.
	for _, g := range b.caps.Groups.Without(calendar.GroupWhen) {
		want := got.Content
		switch g {
		case calendar.GroupTitle:
			want.Title = "Board meeting, new title"
		case calendar.GroupCategories:
			want = b.labels(want, 3, "Another test")
		case calendar.GroupProperties:
			want.Properties = map[string]string{"other": "y"}
		case calendar.GroupReminders:
			want.Reminders = calendar.Reminders{}
		default:
			continue
		}
		got = b.written("update of "+string(g), got, g, want)
	}
	if now := b.other.Rest(id); now != rest {
		b.t.Errorf("what lies outside of the content changed\n got %s\nwant %s", now, rest)
	}
	if n := b.other.Mails() - mails; n != 0 && !b.s.MailsGuests {
		b.t.Errorf("the updates mailed %d guests", n)
	}
}

// invited puts an invitation into the calendar and reads it.
func (b *bench) invited(c calendar.Content) (Inviter, calendar.Event) {
	b.t.Helper()
	inviter, ok := b.other.(Inviter)
	if !ok {
		b.t.Log("this setup offers no way to be invited")
		return nil, calendar.Event{}
	}
	b.mailsAllowed = true // the inviting may mail; what follows is counted by the caller
	return inviter, b.get(inviter.AddInvitation(calendar.Event{
		Organizer: calendar.Person{Name: "Ada", Email: "ada@example.com"}, Content: c,
		Guests: []calendar.Guest{{Person: calendar.Person{Name: "Bob", Email: "bob@example.com"}}},
	}))
}

// respond answers e, and gives it as it then is; the second is false if the
// service took it out of the calendar, as it may with what was declined.
func (b *bench) respond(e calendar.Event, r calendar.Response) (calendar.Event, bool) {
	b.t.Helper()
	if err := b.p.Respond(b.ctx, b.cal, e.ID, e.Version, r); err != nil {
		b.t.Fatalf("respond %q: %v", r, err)
	}
	now, err := b.p.Get(b.ctx, b.cal, e.ID)
	if k := calendar.KindOf(err); err != nil && r == calendar.Declined && (k == calendar.NotFound || k == calendar.Gone) {
		return calendar.Event{}, false
	}
	if err != nil {
		b.t.Fatalf("get after responding %q: %v", r, err)
	}
	if now.MyResponse != r {
		b.t.Errorf("after responding %q the answer is read as %q", r, now.MyResponse)
	}
	if fmt.Sprint(now.Guests) != fmt.Sprint(e.Guests) || now.Organizer != e.Organizer {
		b.t.Errorf("after responding %q the guests are %v of %v; want %v of %v", r, now.Guests, now.Organizer, e.Guests, e.Organizer)
	}
	// Some services show on the calendar how it was answered: a Maybe as tentative.
	b.wantContent(fmt.Sprintf("after responding %q", r), now.Content, e.Content, calendar.AllGroups.Without(calendar.GroupAvailability))
	return now, true
}

func responding(b *bench) {
	inviter, e := b.invited(b.full(6, "Come all"))
	if inviter == nil {
		return
	}
	mails := b.other.Mails()
	for _, r := range []calendar.Response{calendar.Accepted, calendar.Maybe, calendar.Accepted, calendar.Declined} {
		cursor, stale := b.changes("").Next, e.Version
		now, there := b.respond(e, r)
		if !there {
			b.gone("after declining", b.changes(cursor), e.ID)
			break
		}
		if now.Version == stale {
			b.t.Errorf("after responding %q the version is as before", r)
		}
		b.wantKind("responding to a stale version", b.p.Respond(b.ctx, b.cal, e.ID, stale, calendar.Declined), calendar.Conflict)
		if got := b.find(b.changes(cursor), e.ID); got.MyResponse != r {
			b.t.Errorf("after responding %q the change is read as %q", r, got.MyResponse)
		}
		e = now
	}
	b.wantKind("responding to an event that never was",
		b.p.Respond(b.ctx, b.cal, "nosuchevent00000000000000000000", e.Version, calendar.Accepted), calendar.NotFound)
	if n := b.other.Mails() - mails; n != 0 {
		b.t.Errorf("responding mailed %d people", n)
	}
}

func respondingToOneself(b *bench) {
	made := b.create(b.meeting(3, "My own"))
	b.mailsAllowed = true // making the second may mail; the rest is counted below
	withGuests := b.get(b.foreign(4))
	mails := b.other.Mails()
	for what, e := range map[string]calendar.Event{"an event of one's own": made, "one with guests": withGuests} {
		b.wantKind("responding to "+what, b.p.Respond(b.ctx, b.cal, e.ID, e.Version, calendar.Accepted), calendar.Invalid)
		b.wantSame(what+", after it", b.get(e.ID), e)
	}
	if n := b.other.Mails() - mails; n != 0 {
		b.t.Errorf("responding mailed %d people", n)
	}
}

func respondingToSeries(b *bench) {
	if _, ok := b.other.(Answerer); !ok {
		b.t.Log("this setup offers no invitation to a series")
		return
	}
	_, e := b.invited(b.weekly("Come every week"))
	mails := b.other.Mails()
	for _, r := range []calendar.Response{calendar.Accepted, calendar.Maybe} {
		now, _ := b.respond(e, r)
		if len(now.Overrides) != 0 || len(now.Responses) != 0 {
			b.t.Errorf("after responding %q to all, overrides are %v and other answers %v; want none", r, now.Overrides, now.Responses)
		}
		b.wantKind("responding to a stale version", b.p.Respond(b.ctx, b.cal, e.ID, e.Version, calendar.Declined), calendar.Conflict)
		e = now
	}
	b.settled("answered", e)
	if n := b.other.Mails() - mails; n != 0 {
		b.t.Errorf("responding mailed %d people", n)
	}
}

func ownAnswers(b *bench) {
	answerer, ok := b.other.(Answerer)
	if !ok {
		b.t.Log("this setup offers no other client that answers invitations")
		return
	}
	_, e := b.invited(b.weekly("Come every week"))
	at := b.slots(e.Content.When, 5)
	answerer.Answer(e.ID, calendar.Time{}, calendar.Accepted)
	e = b.get(e.ID)
	cursor := b.changes("").Next
	want := map[string]calendar.Response{}
	for _, step := range []struct {
		what string
		slot calendar.Time
		r    calendar.Response
	}{
		{"one occurrence, perhaps", at[1], calendar.Maybe},
		{"another one, perhaps", at[3], calendar.Maybe},
		{"the first of them as the series", at[1], calendar.Accepted},
	} {
		answerer.Answer(e.ID, step.slot, step.r)
		want[step.slot.Slot()] = step.r
		maps.DeleteFunc(want, func(_ string, r calendar.Response) bool { return r == calendar.Accepted })
		now := b.answered(step.what, cursor, e.ID)
		if now.Version == e.Version {
			b.t.Errorf("%s: the version of the series is as before", step.what)
		}
		if now.MyResponse != calendar.Accepted || !maps.Equal(now.Responses, want) {
			b.t.Errorf("%s: the answer is %q, those of occurrences are %v; want %q, %v", step.what, now.MyResponse, now.Responses, calendar.Accepted, want)
		}
		b.wantAnswersOnly(step.what, now)
		cursor, e = b.settled(step.what, now), now
	}
	// Declined: some services take the occurrence out of the calendar.
	answerer.Answer(e.ID, at[2], calendar.Declined)
	now := b.answered("one declined", cursor, e.ID)
	slot := at[2].Slot()
	if now.Version == e.Version || now.Responses[slot] != calendar.Declined && !now.Overrides[slot].Cancelled {
		b.t.Errorf("one declined: its answer is %q, its override %v", now.Responses[slot], now.Overrides[slot])
	}
	b.settled("one declined", now)
}

// answered is the series in the read since a cursor, and alike by get. The read may
// also say of an occurrence that it is no event of its own (any more).
func (b *bench) answered(what string, since calendar.Cursor, id calendar.RemoteID) calendar.Event {
	b.t.Helper()
	ch := b.changes(since)
	e := b.find(ch, id)
	if len(ch.Events) != 1 || slices.ContainsFunc(ch.Removed, func(r calendar.Removal) bool { return r.ID == id }) {
		b.t.Errorf("%s: the read has %d events, removed %v; want the series alone", what, len(ch.Events), ch.Removed)
	}
	b.wantWhole(what+", get", b.get(id), e)
	return e
}

// wantAnswersOnly insists that the overrides say no more than how an answered
// occurrence shows on the calendar.
func (b *bench) wantAnswersOnly(what string, e calendar.Event) {
	b.t.Helper()
	for slot, o := range e.Overrides {
		if o.Cancelled || len(o.Changed.Without(calendar.GroupAvailability)) > 0 {
			b.t.Errorf("%s: there is an override of %s: %s", what, slot, showOverride(e.Overrides, slot))
		}
	}
	b.wantForm(what, e)
}

// seriesDetails is about what only single occurrences have.
func seriesDetails(b *bench) {
	c := b.labels(b.weekly("In detail"), 0, category)
	if b.caps.Groups.Has(calendar.GroupProperties) {
		c.Properties = map[string]string{"crm": "4711", "other": "x"}
	}
	made := b.createSeries(c)
	at := b.slots(c.When, 4)
	b.wantContent("get", b.get(made.ID).Content, c, calendar.Groups{calendar.GroupCategories, calendar.GroupProperties})
	var list []calendar.Override
	if b.caps.Groups.Has(calendar.GroupCategories) {
		list = append(list, calendar.Override{Original: at[1], Changed: calendar.Groups{calendar.GroupCategories},
			Content: b.labels(calendar.Content{}, 4, "Another test")})
	}
	if b.caps.Groups.Has(calendar.GroupProperties) {
		list = append(list, calendar.Override{Original: at[2], Changed: calendar.Groups{calendar.GroupProperties},
			Content: calendar.Content{Properties: map[string]string{"crm": "1"}}})
	}
	list = b.held(c.When, list...)
	now := b.override(b.get(made.ID), overrides(list...))
	b.wantOverrides("occurrences in detail", b.get(now.ID), overrides(list...))
	now = b.override(b.get(made.ID), nil)
	b.wantOverrides("back to the rule", b.get(now.ID), nil)
}
