package google

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

func item(id, title string) string {
	return fmt.Sprintf(`{"id":%q,"etag":"\"1\"","status":"confirmed","summary":%q,"start":{"date":"2026-01-02"},"end":{"date":"2026-01-03"}}`, id, title)
}

func page(token string, items ...string) reply {
	return reply{200, `{"kind":"calendar#events","timeZone":"Europe/Berlin",` + token + `,"items":[` + strings.Join(items, ",") + `]}`, nil}
}

func next(s string) string { return `"nextPageToken":"` + s + `"` }
func last(s string) string { return `"nextSyncToken":"` + s + `"` }

func titles(events []calendar.Event) (out []string) {
	for _, e := range events {
		out = append(out, string(e.ID)+"="+e.Content.Title)
	}
	return out
}

func TestAFullReadAndOnFromIt(t *testing.T) {
	p, s := scripted(t,
		page(next("p2"), item("a", "A"),
			`{"id":"series_20260105","status":"cancelled","recurringEventId":"series","originalStartTime":{"date":"2026-01-05"}}`),
		page(next("p3")), // an empty page is no end
		page(last("s1"), item("b", "B"), item("a", "A again"),
			`{"id":"series","etag":"\"1\"","summary":"S","recurrence":["RRULE:FREQ=DAILY"],"start":{"date":"2026-01-02"},"end":{"date":"2026-01-03"}}`,
			`{"id":"series_20260106","etag":"\"1\"","recurringEventId":"series","summary":"moved","originalStartTime":{"date":"2026-01-06"},"start":{"date":"2026-01-07"},"end":{"date":"2026-01-08"}}`,
			`{"id":"ghost","status":"cancelled","recurrence":["RRULE:FREQ=DAILY"],"start":{"date":"2026-01-02"},"end":{"date":"2026-01-03"}}`),
		page(last("s2"), item("b", "B2"), `{"id":"a","status":"cancelled"}`),
		page(last("s2")),
	)
	ch, err := p.Changes(t.Context(), "cal", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := titles(ch.Events), []string{"a=A again", "series=S", "b=B"}; !slices.Equal(got, want) {
		t.Errorf("events = %v, want %v", got, want)
	}
	if !ch.Complete || ch.Requests != 3 || ch.Window != (calendar.Window{}) || !slices.Equal(ch.Removed, []calendar.Removal{{ID: "ghost", Certain: true}}) {
		t.Errorf("changes = %+v", ch)
	}
	if r := ch.Events[1].Content.When.Recurrence.Rules; !slices.Equal(r, []string{"RRULE:FREQ=DAILY"}) {
		t.Errorf("rules = %v", r)
	}
	want := map[string]calendar.Override{
		"20260105": {Original: calendar.Date(2026, 1, 5), Cancelled: true},
		"20260106": {Original: calendar.Date(2026, 1, 6), Changed: calendar.Groups{calendar.GroupWhen, calendar.GroupTitle},
			Content: calendar.Content{Title: "moved", When: calendar.When{Start: calendar.Date(2026, 1, 7), End: calendar.Date(2026, 1, 8)}}},
	}
	if got := ch.Events[1].Overrides; len(got) != 2 || len(calendar.Slots(got, want)) != 0 {
		t.Errorf("overrides = %+v", got)
	}
	ch, err = p.Changes(t.Context(), "cal", ch.Next)
	if err != nil || ch.Complete || ch.Requests != 1 || !slices.Equal(titles(ch.Events), []string{"b=B2"}) ||
		!slices.Equal(ch.Removed, []calendar.Removal{{ID: "a", Certain: true}}) {
		t.Errorf("changes = %+v, %v", ch, err)
	}
	if _, err = p.Changes(t.Context(), "cal", ch.Next); err != nil {
		t.Error(err)
	}
	const list = "GET /calendars/cal/events?maxResults=2500&"
	s.wantLines(list+"singleEvents=false", list+"pageToken=p2&singleEvents=false", list+"pageToken=p3&singleEvents=false",
		list+"singleEvents=false&syncToken=s1", list+"singleEvents=false&syncToken=s2")
}

func TestAnIncrementOfSeveralPagesKeepsItsToken(t *testing.T) {
	p, s := scripted(t, page(next("p2"), item("a", "A")), page(last("s2"), item("b", "B")))
	ch, err := p.Changes(t.Context(), "cal", cursor{cursorVersion, queryHash(), "s1"}.encode())
	if err != nil || len(ch.Events) != 2 {
		t.Fatalf("changes = %+v, %v", ch, err)
	}
	s.wantLines("GET /calendars/cal/events?maxResults=2500&singleEvents=false&syncToken=s1",
		"GET /calendars/cal/events?maxResults=2500&pageToken=p2&singleEvents=false&syncToken=s1")
}

func TestReadsThatFailGiveNothing(t *testing.T) {
	failed := func(code int, reason, message string) reply {
		return reply{code, fmt.Sprintf(`{"error":{"errors":[{"domain":"calendar","reason":%q,"message":%q}],"code":%d,"message":%q}}`, reason, message, code, message), nil}
	}
	cases := []struct {
		name    string
		answers []reply
		want    calendar.Kind
	}{
		{"token expired", []reply{failed(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")}, calendar.CursorExpired},
		{"token expired on page 2", []reply{page(next("p2"), item("a", "A")), failed(410, "fullSyncRequired", "x")}, calendar.CursorExpired},
		{"token unreadable", []reply{failed(400, "invalid", "Invalid sync token value.")}, calendar.CursorExpired},
		{"access lost", []reply{failed(404, "notFound", "Not Found")}, calendar.NotFound},
		{"not allowed to read", []reply{failed(403, "forbidden", "Forbidden")}, calendar.Forbidden},
		{"failure on page 2", []reply{page(next("p2"), item("a", "A")), {503, "", nil}}, calendar.Unavailable},
		{"cut in the middle", []reply{{200, `{"items":[{"id":"a"`, nil}}, calendar.Unavailable},
		{"a page of something else", []reply{{200, `<html>`, nil}}, calendar.Unavailable},
		{"no token at the end", []reply{{200, `{"items":[]}`, nil}}, calendar.Other},
		{"pages in a circle", []reply{page(next("p2")), page(next("p3")), page(next("p2"))}, calendar.Other},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, _ := scripted(t, c.answers...)
			ch, err := p.Changes(t.Context(), "cal", cursor{cursorVersion, queryHash(), "s1"}.encode())
			if calendar.KindOf(err) != c.want || ch.Next != "" || ch.Events != nil {
				t.Errorf("changes = %+v, %v; want %v", ch, err, c.want)
			}
		})
	}
	for _, since := range []calendar.Cursor{"x", "{}", `{"v":1,"q":"other","t":"s"}`, `{"v":9,"q":"` + calendar.Cursor(queryHash()) + `","t":"s"}`} {
		p, s := scripted(t)
		if _, err := p.Changes(t.Context(), "cal", since); calendar.KindOf(err) != calendar.CursorExpired {
			t.Errorf("cursor %s: %v", since, err)
		}
		s.wantLines()
	}
}

func TestPagesEnd(t *testing.T) {
	g := pager{op: "test"}
	for i := range 9 {
		if err := g.next(fmt.Sprint(i), 10); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.next("10", 10); calendar.KindOf(err) != calendar.Other {
		t.Errorf("page 11 of at most 10: %v", err)
	}
}

func TestCalendars(t *testing.T) {
	entry := func(s string) string { return `{"kind":"calendar#calendarListEntry",` + s + `}` }
	list := func(token string, entries ...string) reply {
		return reply{200, `{"items":[` + strings.Join(entries, ",") + `]` + token + `}`, nil}
	}
	p, s := scripted(t,
		list(`,"nextPageToken":"p2"`,
			entry(`"id":"ada@example.com","summary":"ada@example.com","timeZone":"Europe/Berlin","accessRole":"owner","primary":true,"backgroundColor":"#AC725E"`),
			entry(`"id":"gone","summary":"Gone","accessRole":"owner","deleted":true`)),
		list(`,"nextSyncToken":"s"`,
			entry(`"id":"team","summary":"Team","summaryOverride":"My team","timeZone":"Mars/Base","accessRole":"writerWithoutPrivateAccess","dataOwner":"bob@example.com","hidden":true`),
			entry(`"id":"en.usa#holiday@group.v.calendar.google.com","summary":"Holidays","accessRole":"reader"`),
			entry(`"id":"boss","summary":"Boss","accessRole":"freeBusyReader"`)))
	got, err := p.Calendars(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []calendar.Calendar{
		{ID: "ada@example.com", Name: "ada@example.com", Color: "#ac725e", Zone: "Europe/Berlin", Owner: "ada@example.com", Primary: true, Role: calendar.RoleOwner, Writable: true, Details: true},
		{ID: "team", Name: "My team", Owner: "bob@example.com", Shared: true, Hidden: true, Role: calendar.RolePublicWriter, Writable: true, Details: true},
		{ID: "en.usa#holiday@group.v.calendar.google.com", Name: "Holidays", Shared: true, Role: calendar.RolePublicReader, Details: true},
		{ID: "boss", Name: "Boss", Shared: true, Role: calendar.RoleBusyReader},
	}
	if !slices.Equal(got, want) {
		t.Errorf("calendars:\n%+v\nwant\n%+v", got, want)
	}
	s.wantLines("GET /users/me/calendarList?maxResults=250&showHidden=true", "GET /users/me/calendarList?maxResults=250&pageToken=p2&showHidden=true")
}
