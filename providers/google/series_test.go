package google

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// A weekly hour in Berlin, from 5 March 2026 on; the clocks go forward on 29 March.
func weeklyMaster() *gcal.Event {
	return &gcal.Event{
		Id: "abc", ICalUID: "abc@google.com", Etag: `"1"`, Status: "confirmed", Summary: "Weekly", Updated: "2026-01-01T00:00:00.000Z",
		Start:      &gcal.EventDateTime{DateTime: "2026-03-05T10:00:00+01:00", TimeZone: "Europe/Berlin"},
		End:        &gcal.EventDateTime{DateTime: "2026-03-05T11:00:00+01:00", TimeZone: "Europe/Berlin"},
		Recurrence: []string{"EXDATE:20260319T090000Z", "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=TH"},
	}
}

// occurrenceAt is the occurrence of the series at an instant, in full, as Google gives it.
func occurrenceAt(slot string) *gcal.Event {
	at, _ := time.Parse("20060102T150405Z", slot)
	return &gcal.Event{
		Id: "abc_" + slot, ICalUID: "abc@google.com", Etag: `"x` + slot + `"`, Status: "confirmed", Summary: "Weekly", RecurringEventId: "abc",
		OriginalStartTime: &gcal.EventDateTime{DateTime: at.Format(time.RFC3339)},
		Start:             &gcal.EventDateTime{DateTime: at.Format(time.RFC3339), TimeZone: "Europe/Berlin"},
		End:               &gcal.EventDateTime{DateTime: at.Add(time.Hour).Format(time.RFC3339), TimeZone: "Europe/Berlin"},
	}
}

func cancelledAt(slot string) *gcal.Event {
	g := occurrenceAt(slot)
	return &gcal.Event{Id: g.Id, Etag: g.Etag, Status: "cancelled", RecurringEventId: "abc", OriginalStartTime: g.OriginalStartTime}
}

func TestWhatMakesAnOverride(t *testing.T) {
	with := func(slot string, f func(*gcal.Event)) *gcal.Event {
		g := occurrenceAt(slot)
		f(g)
		return g
	}
	berlin := func(local string) calendar.Time { return clock(t, local, "Europe/Berlin") }
	const summer = "20260402T080000Z" // 10:00 by the wall clock, after the change
	cases := []struct {
		name string
		item *gcal.Event
		slot string
		want calendar.Override
	}{
		{"an occurrence just as the rule has it", occurrenceAt("20260312T090000Z"), "20260312T090000Z", calendar.Override{}},
		{"as the rule has it after the clocks changed", occurrenceAt(summer), summer, calendar.Override{}},
		{"cancelled, with nothing but ids", cancelledAt("20260312T090000Z"), "20260312T090000Z", calendar.Override{Cancelled: true}},
		{"excluded by a line of the rule", nil, "20260319T090000Z", calendar.Override{Cancelled: true}},
		{"excluded, and cancelled as well", cancelledAt("20260319T090000Z"), "20260319T090000Z", calendar.Override{Cancelled: true}},
		{"excluded, with a resource left from before", occurrenceAt("20260319T090000Z"), "20260319T090000Z", calendar.Override{Cancelled: true}},
		{"another title", with(summer, func(g *gcal.Event) { g.Summary = "Special" }), summer,
			calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Special"}}},
		{"its title taken away", with(summer, func(g *gcal.Event) { g.Summary = "" }), summer,
			calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}}},
		{"moved by an hour", with(summer, func(g *gcal.Event) {
			g.Start.DateTime, g.End.DateTime = "2026-04-02T11:00:00+02:00", "2026-04-02T12:00:00+02:00"
		}), summer, calendar.Override{Changed: calendar.Groups{calendar.GroupWhen},
			Content: calendar.Content{When: calendar.When{Start: berlin("2026-04-02T11:00:00"), End: berlin("2026-04-02T12:00:00")}}}},
		{"made longer", with(summer, func(g *gcal.Event) { g.End.DateTime = "2026-04-02T10:00:00Z" }), summer,
			calendar.Override{Changed: calendar.Groups{calendar.GroupWhen},
				Content: calendar.Content{When: calendar.When{Start: berlin("2026-04-02T10:00:00"), End: berlin("2026-04-02T12:00:00")}}}},
		{"made all-day", with(summer, func(g *gcal.Event) {
			g.Start, g.End = &gcal.EventDateTime{Date: "2026-04-02"}, &gcal.EventDateTime{Date: "2026-04-03"}
		}), summer, calendar.Override{Changed: calendar.Groups{calendar.GroupWhen},
			Content: calendar.Content{When: calendar.When{Start: calendar.Date(2026, 4, 2), End: calendar.Date(2026, 4, 3)}}}},
		{"in place, named in another zone", with(summer, func(g *gcal.Event) {
			g.Start.TimeZone, g.End.TimeZone = "America/New_York", "America/New_York"
			g.OriginalStartTime.DateTime = "2026-04-02T04:00:00-04:00"
		}), summer, calendar.Override{}},
		{"in place, without a zone of its own", with(summer, func(g *gcal.Event) { g.Start.TimeZone, g.End.TimeZone = "", "" }), summer, calendar.Override{}},
		{"of a time that the rule does not have, still there", with("20260403T080000Z", func(g *gcal.Event) { g.Summary = "Orphan" }), "20260403T080000Z",
			calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Orphan"}}},
		{"of a day, when the series was all-day", with(summer, func(g *gcal.Event) {
			g.OriginalStartTime = &gcal.EventDateTime{Date: "2026-04-02"}
			g.Summary = "Orphan"
		}), summer, calendar.Override{}},
		{"without its original start", with(summer, func(g *gcal.Event) { g.OriginalStartTime = nil; g.Summary = "?" }), summer, calendar.Override{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := series{master: weeklyMaster()}
			if c.item != nil {
				s.exceptions = []*gcal.Event{c.item}
			}
			e := s.event()
			if !slices.Equal(e.Content.When.Recurrence.Rules, []string{"RRULE:FREQ=WEEKLY;BYDAY=TH"}) || e.Type != calendar.Meeting {
				t.Fatalf("series read as %+v", e)
			}
			got, ok := e.Overrides[c.slot]
			if !got.Equal(c.want) || ok == c.want.IsZero() {
				t.Errorf("override %+v (there: %v)\nwant %+v", got, ok, c.want)
			}
			if ok && (got.Original.Slot() != c.slot || got.Original.Zone != "Europe/Berlin") {
				t.Errorf("original is %v", got.Original)
			}
		})
	}
}

func TestTheVersionOfASeries(t *testing.T) {
	title := func(slot, text string) *gcal.Event {
		g := occurrenceAt(slot)
		g.Summary = text
		return g
	}
	a, b := title("20260312T090000Z", "A"), title("20260326T090000Z", "B")
	v := func(f func(*gcal.Event), list ...*gcal.Event) calendar.Version {
		m := weeklyMaster()
		f(m)
		return series{master: m, exceptions: list}.event().Version
	}
	same := func(*gcal.Event) {}
	base := v(same, a, b)
	if !isSeries(base) || isSeries(`"3346892308754000"`) {
		t.Errorf("the version of a series, %s, is not told from an etag", base)
	}
	newer := *b
	newer.Etag = `"99"`
	for what, other := range map[string]calendar.Version{
		"a changed master":     v(func(m *gcal.Event) { m.Etag = `"2"` }, a, b),
		"a changed occurrence": v(same, a, &newer),
		"an occurrence less":   v(same, a),
		"one more, cancelled":  v(same, a, b, cancelledAt("20260409T080000Z")),
	} {
		if other == base {
			t.Errorf("%s leaves the version as it was", what)
		}
	}
	for what, other := range map[string]calendar.Version{
		"another order":                 v(same, b, a),
		"an occurrence like its master": v(same, a, b, occurrenceAt("20260409T080000Z")),
		"an orphan":                     v(same, a, b, title("20260410T080000Z", "orphan")),
	} {
		if other != base {
			t.Errorf("%s changes the version, though not all reads show it", what)
		}
	}
}

func TestARuleThatCannotBeReadKeepsItsPlace(t *testing.T) {
	for _, lines := range [][]string{
		{"RRULE:FREQ=SECONDLY"}, {"RRULE:FREQ=WEEKLY", "EXRULE:FREQ=MONTHLY"}, {"RRULE:FREQ=DAILY;INTERVAL=0"}, {"nonsense"},
	} {
		m := weeklyMaster()
		m.Recurrence = lines
		e := series{master: m, exceptions: []*gcal.Event{cancelledAt("20260312T090000Z")}}.event()
		if e.Type != calendar.UnknownType || e.Content.Title != "Weekly" || !slices.Equal(e.Content.When.Recurrence.Rules, lines) || !isSeries(e.Version) {
			t.Errorf("%v: read as %+v", lines, e)
		}
	}
}

func TestWhichSeriesAreHeld(t *testing.T) {
	start := clock(t, "2026-03-05T10:00:00", "Europe/Berlin")
	for rule, held := range map[string]bool{
		"":                                      true,
		"RRULE:FREQ=DAILY":                      true,
		"RRULE:FREQ=WEEKLY;BYDAY=TH;INTERVAL=2": true,
		"RRULE:FREQ=MONTHLY;BYMONTHDAY=5,10,-1": true,
		"RRULE:FREQ=MONTHLY;BYDAY=TH;BYSETPOS=1,3": true,
		"RRULE:FREQ=YEARLY;COUNT=3":                true,
		"RRULE:FREQ=HOURLY;COUNT=3":                false,
		"RRULE:FREQ=MINUTELY;COUNT=3":              false,
		"RRULE:FREQ=SECONDLY":                      false,
		"RRULE:FREQ=DAILY;INTERVAL=0":              false,
	} {
		w := calendar.When{Start: start, End: start}
		if rule != "" {
			w.Recurrence.Rules = []string{rule}
		}
		if why := holds(w); (why == "") != held {
			t.Errorf("%s: %q", rule, why)
		}
	}
}

// What follows goes over the wire. The shapes are those of a list.

const (
	seriesItem = `{"id":"ser","iCalUID":"u","etag":"\"1\"","status":"confirmed","summary":"S","updated":"2026-01-01T00:00:00.000Z","recurrence":["RRULE:FREQ=DAILY"],"start":{"date":"2026-01-02"},"end":{"date":"2026-01-03"}}`
	movedItem  = `{"id":"ser_20260106","iCalUID":"u","etag":"\"2\"","status":"confirmed","summary":"moved","recurringEventId":"ser","originalStartTime":{"date":"2026-01-06"},"start":{"date":"2026-01-07"},"end":{"date":"2026-01-08"}}`
	goneItem   = `{"id":"ser_20260105","etag":"\"3\"","status":"cancelled","recurringEventId":"ser","originalStartTime":{"date":"2026-01-05"}}`
	notThere   = `{"error":{"errors":[{"domain":"global","reason":"notFound","message":"Not Found"}],"code":404,"message":"Not Found"}}`
	invited    = `{"id":"far_20260106","iCalUID":"v","etag":"\"4\"","status":"confirmed","summary":"Just this one","recurringEventId":"far","originalStartTime":{"date":"2026-01-06"},` +
		`"start":{"date":"2026-01-06"},"end":{"date":"2026-01-07"},"organizer":{"email":"boss@example.com"},"attendees":[{"email":"boss@example.com"},{"email":"me@example.com","self":true}]}`
	wholeLine = "GET /calendars/cal/events?iCalUID=u&maxResults=2500&showDeleted=true&singleEvents=false"
)

var increment = cursor{cursorVersion, queryHash(), "s1"}.encode()

func TestAnIncrementReadsEachTouchedSeriesOnce(t *testing.T) {
	p, s := scripted(t,
		page(next("p2"), goneItem, item("a", "A")),
		page(last("s2"), movedItem, strings.Replace(movedItem, "20260106", "20260110", 1)),
		reply{200, seriesItem, nil},
		page(next("w2"), movedItem),
		page(last(""), goneItem, seriesItem, `{"id":"other_20260105","status":"cancelled","recurringEventId":"other","originalStartTime":{"date":"2026-01-05"}}`))
	ch, err := p.Changes(t.Context(), "cal", increment)
	if err != nil {
		t.Fatal(err)
	}
	if got := titles(ch.Events); !slices.Equal(got, []string{"ser=S", "a=A"}) || len(ch.Removed) != 0 || ch.Requests != 5 {
		t.Errorf("changes = %v, removed %v, %d requests", got, ch.Removed, ch.Requests)
	}
	if o := ch.Events[0].Overrides; len(o) != 2 || !o["20260105"].Cancelled || !o["20260106"].Changed.Has(calendar.GroupWhen) {
		t.Errorf("overrides = %+v", o)
	}
	s.wantLines("GET /calendars/cal/events?maxResults=2500&singleEvents=false&syncToken=s1",
		"GET /calendars/cal/events?maxResults=2500&pageToken=p2&singleEvents=false&syncToken=s1",
		"GET /calendars/cal/events/ser", wholeLine, strings.Replace(wholeLine, "&show", "&pageToken=w2&show", 1))
}

func TestFullReadAndIncrementSayTheSameOfASeries(t *testing.T) {
	p, _ := scripted(t,
		page(next("p2"), goneItem, movedItem), page(last("s1"), seriesItem),
		page(last("s2"), seriesItem), page(last(""), seriesItem, movedItem, goneItem),
		reply{200, seriesItem, nil}, page(last(""), seriesItem, movedItem, goneItem))
	full, err := p.Changes(t.Context(), "cal", "")
	if err != nil || len(full.Events) != 1 {
		t.Fatalf("full read: %+v, %v", full, err)
	}
	inc, err := p.Changes(t.Context(), "cal", full.Next)
	if err != nil || len(inc.Events) != 1 {
		t.Fatalf("increment: %+v, %v", inc, err)
	}
	got, err := p.Get(t.Context(), "cal", "ser")
	if err != nil {
		t.Fatal(err)
	}
	for what, e := range map[string]calendar.Event{"increment": inc.Events[0], "get": got} {
		if e.Version != full.Events[0].Version || len(calendar.Slots(e.Overrides, full.Events[0].Overrides)) != 0 || len(e.Overrides) != 2 {
			t.Errorf("%s: %+v\nfull read: %+v", what, e, full.Events[0])
		}
	}
}

func TestOccurrencesWithoutTheirSeries(t *testing.T) {
	dead := reply{200, `{"id":"ser","status":"cancelled","recurrence":["RRULE:FREQ=DAILY"]}`, nil}
	absent := reply{404, notThere, nil}
	uninvited := `{"id":"far_20260106","status":"cancelled","recurringEventId":"far","originalStartTime":{"date":"2026-01-06"}}`
	cases := []struct {
		name    string
		since   calendar.Cursor
		answers []reply
		events  []string
		removed []string
	}{
		{"full read: cancelled ones are not even asked about", "", []reply{page(last("s"), goneItem)}, nil, nil},
		{"full read: a living one of a deleted series", "", []reply{page(last("s"), movedItem), dead}, nil, nil},
		{"full read: a living one of a series purged long ago", "", []reply{page(last("s"), movedItem), absent}, nil, nil},
		{"full read: a deleted series listed with its occurrences", "", []reply{page(last("s"), movedItem, `{"id":"ser","status":"cancelled"}`)}, nil, []string{"ser"}},
		{"full read: invited to one occurrence", "", []reply{page(last("s"), invited), absent}, []string{"far_20260106=Just this one"}, nil},
		{"increment: invited to one occurrence", increment, []reply{page(last("s"), invited), absent}, []string{"far_20260106=Just this one"}, nil},
		{"increment: that occurrence called off", increment, []reply{page(last("s"), uninvited), absent}, nil, []string{"far_20260106"}},
		{"increment: the series deleted, its occurrences after it", increment, []reply{page(last("s"), `{"id":"ser","status":"cancelled"}`, movedItem, goneItem)}, nil, []string{"ser"}},
		{"increment: occurrences before the news of the deletion", increment, []reply{page(last("s"), movedItem, `{"id":"ser","status":"cancelled"}`)}, nil, []string{"ser"}},
		{"increment: occurrences trickle in later", increment, []reply{page(last("s"), movedItem), dead}, nil, []string{"ser"}},
		{"increment: of a series that is single now", increment, []reply{page(last("s"), goneItem), {200, item("ser", "Single"), nil}}, nil, nil},
		{"increment: the series is made single", increment, []reply{page(last("s"), goneItem, item("ser", "Single"))}, []string{"ser=Single"}, nil},
		{"increment: deleted between two requests", increment, []reply{page(last("s"), seriesItem),
			page(last(""), `{"id":"ser","status":"cancelled","updated":"2026-01-01T00:00:01.000Z"}`)}, nil, []string{"ser"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, _ := scripted(t, c.answers...)
			ch, err := p.Changes(t.Context(), "cal", c.since)
			if err != nil {
				t.Fatal(err)
			}
			var removed []string
			for _, r := range ch.Removed {
				removed = append(removed, string(r.ID))
			}
			if !slices.Equal(titles(ch.Events), c.events) || !slices.Equal(removed, c.removed) {
				t.Errorf("events %v, removed %v; want %v, %v", titles(ch.Events), removed, c.events, c.removed)
			}
			for _, e := range ch.Events {
				if !e.Content.When.Recurrence.IsZero() || isSeries(e.Version) {
					t.Errorf("%s is a series: %+v", e.ID, e)
				}
			}
		})
	}
}

func TestAReadOfASeriesThatFailsGivesNothing(t *testing.T) {
	for name, answers := range map[string][]reply{
		"on its master":     {page(last("s"), goneItem), {503, "", nil}},
		"on its exceptions": {page(last("s"), seriesItem), {503, "", nil}},
		"on a second page":  {page(last("s"), seriesItem), page(next("w2"), movedItem), {503, "", nil}},
		"in circles":        {page(last("s"), seriesItem), page(next("w2"), movedItem), page(next("w2"), movedItem)},
	} {
		p, _ := scripted(t, answers...)
		if ch, err := p.Changes(t.Context(), "cal", increment); err == nil || ch.Next != "" || ch.Events != nil {
			t.Errorf("%s: %+v, %v", name, ch, err)
		}
	}
}

func TestGetOfOneOccurrence(t *testing.T) {
	p, _ := scripted(t, reply{200, movedItem, nil}, reply{200, seriesItem, nil}, reply{200, invited, nil}, reply{404, notThere, nil})
	if _, err := p.Get(t.Context(), "cal", "ser_20260106"); calendar.KindOf(err) != calendar.NotFound {
		t.Errorf("an occurrence of a series: %v; want it not found as an event", err)
	}
	if e, err := p.Get(t.Context(), "cal", "far_20260106"); err != nil || e.ID != "far_20260106" || e.Version != `"4"` {
		t.Errorf("an occurrence that stands alone: %+v, %v", e, err)
	}
}

func TestASeriesWithoutAnICalUID(t *testing.T) {
	bare := strings.Replace(seriesItem, `"iCalUID":"u",`, "", 1)
	plain := `{"id":"ser_20260103","etag":"\"1\"","summary":"S","recurringEventId":"ser","originalStartTime":{"date":"2026-01-03"},"start":{"date":"2026-01-03"},"end":{"date":"2026-01-04"}}`
	p, s := scripted(t, reply{200, bare, nil}, page(last(""), plain, goneItem, movedItem))
	e, err := p.Get(t.Context(), "cal", "ser")
	if err != nil || len(e.Overrides) != 2 {
		t.Errorf("Get: %+v, %v", e, err)
	}
	s.wantLines("GET /calendars/cal/events/ser", "GET /calendars/cal/events/ser/instances?maxResults=2500&showDeleted=true")
}

// wholeOf is what a read of the series answers: the master, then the list.
func wholeOf(master string, exceptions ...string) []reply {
	return []reply{{200, master, nil}, page(last(""), append(exceptions, master)...)}
}

func versionOf(t *testing.T, replies []reply) calendar.Version {
	t.Helper()
	p, _ := scripted(t, replies...)
	e, err := p.Get(t.Context(), "cal", "ser")
	if err != nil {
		t.Fatal(err)
	}
	return e.Version
}

func TestWhatAnUpdateOfOccurrencesSends(t *testing.T) {
	at := func(day int) calendar.Time { return calendar.Date(2026, 1, day) }
	title := func(day int, text string) calendar.Override {
		return calendar.Override{Original: at(day), Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: text}}
	}
	excluded := strings.Replace(seriesItem, `["RRULE:FREQ=DAILY"]`, `["RRULE:FREQ=DAILY","EXDATE;VALUE=DATE:20260108,20260109"]`, 1)
	alive := strings.Replace(seriesItem, `["RRULE:FREQ=DAILY"]`, `["RRULE:FREQ=DAILY","EXDATE;VALUE=DATE:20260106"]`, 1)
	answer := `{"id":"ser_x","etag":"\"9\"","status":"confirmed"}`
	const patch = "PATCH /calendars/cal/events/%s?sendUpdates=none"
	cases := []struct {
		name   string
		master string
		slots  []string
		want   calendar.Override // of slots[0]
		line   string
		match  string
		body   string
	}{
		{"a new override", seriesItem, []string{"20260120"}, title(20, "Special"), "ser_20260120", "", `{"summary":"Special"}`},
		{"a cancellation", seriesItem, []string{"20260120"}, calendar.Override{Original: at(20), Cancelled: true}, "ser_20260120", "", `{"status":"cancelled"}`},
		{"of a moved one: over its version", seriesItem, []string{"20260106"}, calendar.Override{Original: at(6), Cancelled: true}, "ser_20260106", `"2"`, `{"status":"cancelled"}`},
		{"a moved one back to the rule: only what it changed", seriesItem, []string{"20260106"}, calendar.Override{}, "ser_20260106", `"2"`,
			`{"end":{"date":"2026-01-07","dateTime":null,"timeZone":null},"start":{"date":"2026-01-06","dateTime":null,"timeZone":null},"summary":"S"}`},
		{"moved no more, another title instead", seriesItem, []string{"20260106"}, title(6, "Special"), "ser_20260106", `"2"`,
			`{"end":{"date":"2026-01-07","dateTime":null,"timeZone":null},"start":{"date":"2026-01-06","dateTime":null,"timeZone":null},"summary":"Special"}`},
		{"a cancelled one back to the rule: everything", seriesItem, []string{"20260105"}, calendar.Override{}, "ser_20260105", `"3"`,
			`{"colorId":null,"description":"","end":{"date":"2026-01-06","dateTime":null,"timeZone":null},"location":"","reminders":{"overrides":[],"useDefault":false},` +
				`"start":{"date":"2026-01-05","dateTime":null,"timeZone":null},"status":"confirmed","summary":"S","transparency":"opaque","visibility":"default"}`},
		{"an exclusion of the rule back: the line goes", excluded, []string{"20260108"}, calendar.Override{}, "ser", `"1"`,
			`{"recurrence":["RRULE:FREQ=DAILY","EXDATE;VALUE=DATE:20260109"]}`},
		{"cancelled already", seriesItem, []string{"20260105"}, calendar.Override{Original: at(5), Cancelled: true}, "", "", ""},
		{"excluded already", excluded, []string{"20260108"}, calendar.Override{Original: at(8), Cancelled: true}, "", "", ""},
		{"excluded, and there still by itself", alive, []string{"20260106"}, calendar.Override{Original: at(6), Cancelled: true}, "ser_20260106", `"2"`, `{"status":"cancelled"}`},
		{"as the rule has it already", seriesItem, []string{"20260120"}, calendar.Override{}, "", "", ""},
		{"a slot that the rule does not have", seriesItem, []string{"20250101"}, calendar.Override{Original: calendar.Date(2025, 1, 1), Cancelled: true}, "", "", ""},
		{"only what Google cannot hold", seriesItem, []string{"20260120"}, calendar.Override{Original: at(20),
			Changed: calendar.Groups{calendar.GroupCategories}, Content: calendar.Content{Categories: []string{"Red"}}}, "", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			whole := wholeOf(c.master, movedItem, goneItem)
			v := versionOf(t, whole)
			answers := slices.Clone(whole)
			if c.line != "" {
				a := answer
				if c.line == "ser" {
					a = c.master
				}
				answers = append(answers, reply{200, a, nil})
				if c.line == "ser" { // after the master: its exceptions
					answers = append(answers, whole[1])
				} else { // after an occurrence: everything
					answers = append(answers, whole...)
				}
			}
			p, s := scripted(t, answers...)
			// The exclusion that the answers keep repeating must not be wanted away again.
			overrides := map[string]calendar.Override{
				"20260105": {Original: at(5), Cancelled: true},
				"20260106": {Original: at(6), Changed: calendar.Groups{calendar.GroupWhen, calendar.GroupTitle},
					Content: calendar.Content{Title: "moved", When: calendar.When{Start: at(7), End: at(8)}}},
			}
			delete(overrides, c.slots[0])
			if !c.want.IsZero() {
				overrides[c.slots[0]] = c.want
			}
			if c.line == "ser" {
				// Google answers with the line gone.
				without := strings.Replace(c.master, "20260108,", "", 1)
				s.answers[2].body = without
				s.answers[3] = page(last(""), movedItem, goneItem, without)
			}
			_, err := p.Update(t.Context(), "cal", "ser", v, calendar.Change{Overrides: overrides, Slots: c.slots})
			if err != nil {
				t.Fatal(err)
			}
			var writes []asked
			for _, a := range s.asked {
				if !strings.HasPrefix(a.line, "GET") {
					writes = append(writes, a)
				}
			}
			if c.line == "" {
				if len(writes) != 0 {
					t.Errorf("sent %+v", writes)
				}
				return
			}
			if len(writes) != 1 || writes[0].line != fmt.Sprintf(patch, c.line) || writes[0].body != c.body || writes[0].ifMatch != c.match {
				t.Errorf("sent %+v\nwant %s %s If-Match %s", writes, c.line, c.body, c.match)
			}
		})
	}
}

func TestAMastersTitleThatOccurrencesDidNotFollow(t *testing.T) {
	// Moved, and with the title that the series had until now.
	stuck := strings.Replace(movedItem, `"summary":"moved"`, `"summary":"S"`, 1)
	renamed := strings.NewReplacer(`"summary":"S"`, `"summary":"T"`, `"etag":"\"1\""`, `"etag":"\"5\""`).Replace(seriesItem)
	whole := wholeOf(seriesItem, stuck)
	v := versionOf(t, whole)
	p, s := scripted(t, whole[0], whole[1], reply{200, renamed, nil}, page(last(""), stuck, renamed),
		reply{200, strings.Replace(stuck, `"summary":"S"`, `"summary":"T"`, 1), nil},
		reply{200, renamed, nil}, page(last(""), strings.Replace(stuck, `"summary":"S"`, `"summary":"T"`, 1), renamed))
	moved := calendar.Override{Original: calendar.Date(2026, 1, 6), Changed: calendar.Groups{calendar.GroupWhen},
		Content: calendar.Content{When: calendar.When{Start: calendar.Date(2026, 1, 7), End: calendar.Date(2026, 1, 8)}}}
	want := map[string]calendar.Override{"20260106": moved}
	e, err := p.Update(t.Context(), "cal", "ser", v, calendar.Change{
		Groups: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "T"}, Overrides: want})
	if err != nil || e.Content.Title != "T" || len(calendar.Slots(e.Overrides, want)) != 0 {
		t.Fatalf("Update: %+v, %v", e, err)
	}
	if a := s.asked[2]; a.body != `{"summary":"T"}` || a.ifMatch != `"1"` {
		t.Errorf("the master was sent %+v", a)
	}
	if a := s.asked[4]; !strings.Contains(a.line, "ser_20260106") || !strings.Contains(a.body, `"summary":"T"`) || a.ifMatch != `"2"` {
		t.Errorf("the occurrence was sent %+v", a)
	}
}

func TestTheOccurrencesOfASplitTailHaveTheIDsOfItsHead(t *testing.T) {
	tail := strings.Replace(seriesItem, `"id":"ser"`, `"id":"ser_R20260102"`, 1)
	list := page(last(""), tail)
	v := versionOf(t, []reply{{200, tail, nil}, list})
	p, s := scripted(t, reply{200, tail, nil}, list,
		page(last(""), `{"id":"ser_20260120","recurringEventId":"ser_R20260102","originalStartTime":{"date":"2026-01-20"}}`),
		reply{200, `{"id":"ser_20260120","etag":"\"9\"","updated":"2026-01-01T00:00:01.000Z","status":"cancelled","recurringEventId":"ser_R20260102","originalStartTime":{"date":"2026-01-20"}}`, nil},
		reply{200, tail, nil}, list)
	slot := calendar.Date(2026, 1, 20)
	e, err := p.Update(t.Context(), "cal", "ser_R20260102", v, calendar.Change{Slots: []string{"20260120"},
		Overrides: map[string]calendar.Override{"20260120": {Original: slot, Cancelled: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if !e.Overrides["20260120"].Cancelled {
		t.Errorf("what a list that is behind does not show yet is read as undone: %+v", e.Overrides)
	}
	if got := s.asked[2].line; got != "GET /calendars/cal/events/ser_R20260102/instances?originalStart=2026-01-20&showDeleted=true" {
		t.Errorf("asked %s", got)
	}
	if got := s.asked[3].line; got != "PATCH /calendars/cal/events/ser_20260120?sendUpdates=none" {
		t.Errorf("wrote %s", got)
	}
}

func TestAnOccurrenceThatGoogleDoesNotHave(t *testing.T) {
	whole := wholeOf(seriesItem)
	v := versionOf(t, whole)
	change := calendar.Change{Slots: []string{"20260120"},
		Overrides: map[string]calendar.Override{"20260120": {Original: calendar.Date(2026, 1, 20), Cancelled: true}}}
	for name, c := range map[string]struct {
		master reply
		want   calendar.Kind
	}{
		"while the series lives":  {whole[0], calendar.Invalid},
		"as the series is gone":   {reply{200, `{"id":"ser","status":"cancelled"}`, nil}, calendar.Gone},
		"as the series is purged": {reply{404, notThere, nil}, calendar.Gone},
	} {
		p, _ := scripted(t, whole[0], whole[1], reply{404, notThere, nil}, c.master)
		if _, err := p.Update(t.Context(), "cal", "ser", v, change); calendar.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestWhatACreateOfASeriesSends(t *testing.T) {
	start := clock(t, "2026-03-05T10:00:00", "Europe/Berlin")
	slot := func(local string) calendar.Time { return clock(t, local, "Europe/Berlin") }
	c := calendar.Content{Title: "Weekly", When: calendar.When{Start: start, End: clock(t, "2026-03-05T11:00:00", "Europe/Berlin"),
		Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=WEEKLY;BYDAY=TH"}}}}
	overrides := map[string]calendar.Override{}
	for _, o := range []calendar.Override{
		{Original: slot("2026-04-02T10:00:00"), Cancelled: true},
		{Original: slot("2026-03-12T10:00:00"), Cancelled: true},
		{Original: slot("2026-03-13T10:00:00"), Cancelled: true}, // a Friday: no occurrence
		{Original: slot("2026-03-26T10:00:00"), Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Special"}},
	} {
		overrides[o.Original.Slot()] = o
	}
	made := `{"id":"new","iCalUID":"u","etag":"\"1\"","summary":"Weekly","recurrence":["EXDATE:20260312T090000Z,20260402T080000Z","RRULE:FREQ=WEEKLY;BYDAY=TH"],` +
		`"start":{"dateTime":"2026-03-05T10:00:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-05T11:00:00+01:00","timeZone":"Europe/Berlin"}}`
	special := `{"id":"new_20260326T090000Z","iCalUID":"u","etag":"\"2\"","status":"confirmed","summary":"Special","recurringEventId":"new","originalStartTime":{"dateTime":"2026-03-26T10:00:00+01:00"},` +
		`"start":{"dateTime":"2026-03-26T10:00:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-26T11:00:00+01:00","timeZone":"Europe/Berlin"}}`
	p, s := scripted(t, reply{200, made, nil}, reply{200, special, nil}, reply{200, made, nil}, page(last(""), made, special))
	e, err := p.Create(t.Context(), "cal", calendar.Draft{Key: key, Content: c, Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	delete(overrides, slot("2026-03-13T10:00:00").Slot())
	if len(calendar.Slots(e.Overrides, overrides)) != 0 {
		t.Errorf("overrides = %+v", e.Overrides)
	}
	s.wantLines("POST /calendars/cal/events?sendUpdates=none", "PATCH /calendars/cal/events/new_20260326T090000Z?sendUpdates=none",
		"GET /calendars/cal/events/new", wholeLine)
	if !strings.Contains(s.asked[0].body, `"recurrence":["RRULE:FREQ=WEEKLY;BYDAY=TH","EXDATE:20260312T090000Z,20260402T080000Z"]`) {
		t.Errorf("sent %s", s.asked[0].body)
	}
	if s.asked[1].body != `{"summary":"Special"}` {
		t.Errorf("sent %s", s.asked[1].body)
	}
}
