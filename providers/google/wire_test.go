package google

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// script is Google as a list of answers, each given once, in order. What was
// asked is kept.
type script struct {
	t       *testing.T
	answers []reply
	asked   []asked
}

type reply struct {
	status int
	body   string
	err    error
}

type asked struct {
	line    string // "GET /calendars/cal/events?maxResults=2500"
	body    string // compacted JSON
	ifMatch string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	for k, want := range map[string]string{"alt": "json", "prettyPrint": "false"} {
		if q.Get(k) != want {
			s.t.Errorf("%s=%q", k, q.Get(k))
		}
		q.Del(k)
	}
	a := asked{line: r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), "/calendar/v3"), ifMatch: r.Header.Get("If-Match")}
	if len(q) > 0 {
		a.line += "?" + q.Encode()
	}
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		var compact bytes.Buffer
		if json.Compact(&compact, b) != nil {
			s.t.Errorf("sent no JSON: %s", b)
		}
		a.body = compact.String()
	}
	if got := r.Header.Get("Authorization"); got != "Bearer access" {
		s.t.Errorf("Authorization = %q", got)
	}
	s.asked = append(s.asked, a)
	if len(s.answers) == 0 {
		s.t.Fatalf("unexpected request: %s %s", a.line, a.body)
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next.err != nil {
		return nil, next.err
	}
	return &http.Response{StatusCode: next.status, Status: http.StatusText(next.status), Request: r,
		Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}},
		Body:   io.NopCloser(strings.NewReader(next.body))}, nil
}

// scripted opens a provider that gets the answers, and checks at the end that all were used.
func scripted(t *testing.T, answers ...reply) (*Provider, *script) {
	t.Helper()
	s := &script{t: t, answers: answers}
	src := signin.FreshSource(signin.Grant{Token: &oauth2.Token{AccessToken: "access"}})
	p, err := open(signin.Endpoint{}, src, &http.Client{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if len(s.answers) > 0 {
			t.Errorf("%d answers were never asked for", len(s.answers))
		}
	})
	return p, s
}

func (s *script) wantLines(lines ...string) {
	s.t.Helper()
	for i, a := range s.asked {
		if i >= len(lines) || a.line != lines[i] {
			s.t.Errorf("request %d: %s", i+1, a.line)
		}
	}
	if len(s.asked) != len(lines) {
		s.t.Errorf("%d requests, want %d", len(s.asked), len(lines))
	}
}

func clock(t *testing.T, local, zone string) calendar.Time {
	t.Helper()
	c, err := calendar.Clock(local, zone)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	stored = `{"id":"abc","etag":"\"2\"","status":"confirmed","summary":"Stored","start":{"dateTime":"2026-03-15T12:00:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-15T13:00:00+01:00","timeZone":"Europe/Berlin"}}`
	key    = calendar.Key("00112233445566778899aabbccddeeff")
)

func TestKeysBecomeIDs(t *testing.T) {
	for k, want := range map[calendar.Key]string{
		"00000000000000000000000000000000": "00000000000000000000000000",
		"ffffffffffffffffffffffffffffffff": "vvvvvvvvvvvvvvvvvvvvvvvvvs",
		"08421084210842108421084210842108": "11111111111111111111111110",
	} {
		if got, err := eventID(k); err != nil || got != want {
			t.Errorf("eventID(%s) = %s, %v; want %s", k, got, err, want)
		}
	}
	for _, k := range []calendar.Key{"", "xyz", "0011"} {
		if _, err := eventID(k); calendar.KindOf(err) != calendar.Invalid {
			t.Errorf("eventID(%q): %v", k, err)
		}
	}
}

func TestWhatACreateSends(t *testing.T) {
	id, err := eventID(key)
	if err != nil {
		t.Fatal(err)
	}
	timed := calendar.When{Start: clock(t, "2026-03-15T12:00:00", "Europe/Berlin"), End: clock(t, "2026-03-15T13:00:00", "America/New_York")}
	cases := []struct {
		name  string
		draft calendar.Draft
		want  string
	}{
		{"everything", calendar.Draft{
			Key: key, UID: "ignored@example.com",
			Mark: calendar.Mark{Installation: "i1", Mirror: "m1", Entity: "e1"},
			Content: calendar.Content{
				When: timed, Title: "Lunch", Notes: calendar.NotesFromText("one\ntwo"), Place: "Café",
				Availability: calendar.Free, Visibility: calendar.Private, Importance: calendar.HighImportance,
				Reminders:  calendar.Reminders{Before: []time.Duration{0, 600 * time.Second}},
				Categories: []string{"red"}, Color: "tomato", Links: calendar.Links{Conference: "https://meet.example/x"},
				Properties: map[string]string{"k": "v"},
			}},
			`{"colorId":"11","description":"one\ntwo","end":{"dateTime":"2026-03-15T13:00:00-04:00","timeZone":"America/New_York"},` +
				`"extendedProperties":{"private":{"twindayEntity":"e1","twindayInstallation":"i1","twindayMirror":"m1"},"shared":{"k":"v"}},` +
				`"id":"` + id + `","location":"Café","reminders":{"overrides":[{"method":"popup","minutes":0},{"method":"popup","minutes":10}],"useDefault":false},` +
				`"start":{"dateTime":"2026-03-15T12:00:00+01:00","timeZone":"Europe/Berlin"},"summary":"Lunch","transparency":"transparent","visibility":"private"}`},
		{"a bare day with no alarm", calendar.Draft{Key: key, Content: calendar.Content{
			When: calendar.When{Start: calendar.Date(2026, 1, 2), End: calendar.Date(2026, 1, 3)}}},
			`{"end":{"date":"2026-01-03"},"id":"` + id + `","reminders":{"overrides":[],"useDefault":false},"start":{"date":"2026-01-02"},"visibility":"default"}`},
		{"the calendar's own alarms, tentative, rich notes", calendar.Draft{Key: key, Content: calendar.Content{
			When:  calendar.When{Start: calendar.Date(2026, 1, 2), End: calendar.Date(2026, 1, 3)},
			Notes: calendar.NotesFromHTML("<p>a <b>bold</b> word</p>"), Availability: calendar.Tentative, Reminders: calendar.Reminders{Default: true}}},
			`{"description":"a \u003cb\u003ebold\u003c/b\u003e word","end":{"date":"2026-01-03"},"id":"` + id + `","reminders":{"overrides":[],"useDefault":true},"start":{"date":"2026-01-02"},"status":"tentative","transparency":"opaque","visibility":"default"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, s := scripted(t, reply{200, stored, nil})
			e, err := p.Create(t.Context(), "me@example.com", c.draft)
			if err != nil {
				t.Fatal(err)
			}
			if e.ID != "abc" || e.Version != `"2"` || e.Content.Title != "Stored" {
				t.Errorf("answer read as %+v", e)
			}
			s.wantLines("POST /calendars/me%40example.com/events?sendUpdates=none")
			if s.asked[0].body != c.want {
				t.Errorf("sent\n%s\nwant\n%s", s.asked[0].body, c.want)
			}
		})
	}
}

func TestACreateThatCannotBeSent(t *testing.T) {
	day := calendar.When{Start: calendar.Date(2026, 1, 2), End: calendar.Date(2026, 1, 3)}
	series := day
	series.Recurrence.Rules = []string{"RRULE:FREQ=HOURLY;COUNT=3"}
	mixed := day
	mixed.End = clock(t, "2026-01-03T10:00:00", "Europe/Berlin")
	for name, d := range map[string]calendar.Draft{
		"no key":          {Content: calendar.Content{When: day}},
		"no time":         {Key: key},
		"every hour":      {Key: key, Content: calendar.Content{When: series}},
		"a date and time": {Key: key, Content: calendar.Content{When: mixed}},
		"an unknown zone": {Key: key, Content: calendar.Content{When: calendar.When{
			Start: calendar.Time{Local: "2026-01-02T10:00:00", Zone: "Mars/Base"}, End: calendar.Time{Local: "2026-01-02T11:00:00", Zone: "Mars/Base"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := scripted(t)
			_, err := p.Create(t.Context(), "cal", d)
			var e *calendar.Error
			if !errors.As(err, &e) || e.Kind != calendar.Invalid || e.Field == "" || e.Op == "" || e.Calendar != "cal" {
				t.Errorf("Create: %#v", err)
			}
			s.wantLines()
		})
	}
}

func TestAKeyThatIsTaken(t *testing.T) {
	id, _ := eventID(key)
	const duplicate = `{"error":{"errors":[{"domain":"global","reason":"duplicate","message":"The requested identifier already exists."}],"code":409,"message":"The requested identifier already exists."}}`
	const notFound = `{"error":{"errors":[{"domain":"global","reason":"notFound","message":"Not Found"}],"code":404,"message":"Not Found"}}`
	cases := []struct {
		name     string
		conflict string
		get      reply
		want     calendar.Kind
	}{
		{"by the event itself", duplicate, reply{200, stored, nil}, -1},
		{"by a deleted event", duplicate, reply{200, `{"id":"abc","status":"cancelled"}`, nil}, calendar.Gone},
		{"by an event deleted long ago", duplicate, reply{404, notFound, nil}, calendar.Gone},
		{"by nobody: a collision of writes", strings.ReplaceAll(duplicate, "duplicate", "conflict"), reply{404, notFound, nil}, calendar.Conflict},
		{"and Google falls silent", duplicate, reply{503, "", nil}, calendar.Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, s := scripted(t, reply{409, c.conflict, nil}, c.get)
			e, err := p.Create(t.Context(), "cal", calendar.Draft{Key: key, Content: calendar.Content{
				When: calendar.When{Start: calendar.Date(2026, 1, 2), End: calendar.Date(2026, 1, 3)}}})
			if calendar.KindOf(err) != c.want {
				t.Errorf("Create: %v, want %v", err, c.want)
			}
			if c.want < 0 && e.Content.Title != "Stored" {
				t.Errorf("got %+v", e)
			}
			s.wantLines("POST /calendars/cal/events?sendUpdates=none", "GET /calendars/cal/events/"+id)
		})
	}
}

func TestWhatAnUpdateSends(t *testing.T) {
	full := calendar.Content{
		When:  calendar.When{Start: clock(t, "2026-03-15T12:00:00", "Europe/Berlin"), End: clock(t, "2026-03-15T13:00:00", "Europe/Berlin")},
		Title: "Lunch", Notes: calendar.NotesFromText("one"), Place: "Café", Availability: calendar.Busy, Visibility: calendar.Public,
		Reminders: calendar.Reminders{Before: []time.Duration{900 * time.Second}},
	}
	later := clock(t, "2026-10-25T02:30:00", "Europe/Berlin")
	later.Later = true
	cases := []struct {
		name   string
		groups calendar.Groups
		want   calendar.Content
		body   string
	}{
		{"one group", calendar.Groups{calendar.GroupTitle}, full, `{"summary":"Lunch"}`},
		{"an empty title", calendar.Groups{calendar.GroupTitle}, calendar.Content{}, `{"summary":""}`},
		{"all texts cleared", calendar.Groups{calendar.GroupTitle, calendar.GroupNotes, calendar.GroupPlace}, calendar.Content{},
			`{"description":"","location":"","summary":""}`},
		{"times clear the date", calendar.Groups{calendar.GroupWhen}, full,
			`{"end":{"date":null,"dateTime":"2026-03-15T13:00:00+01:00","timeZone":"Europe/Berlin"},"start":{"date":null,"dateTime":"2026-03-15T12:00:00+01:00","timeZone":"Europe/Berlin"}}`},
		{"dates clear time and zone", calendar.Groups{calendar.GroupWhen},
			calendar.Content{When: calendar.When{Start: calendar.Date(2026, 3, 15), End: calendar.Date(2026, 3, 17)}},
			`{"end":{"date":"2026-03-17","dateTime":null,"timeZone":null},"start":{"date":"2026-03-15","dateTime":null,"timeZone":null}}`},
		{"the second 2:30 of the night", calendar.Groups{calendar.GroupWhen}, calendar.Content{When: calendar.When{Start: later, End: later}},
			`{"end":{"date":null,"dateTime":"2026-10-25T02:30:00+01:00","timeZone":"Europe/Berlin"},"start":{"date":null,"dateTime":"2026-10-25T02:30:00+01:00","timeZone":"Europe/Berlin"}}`},
		{"privacy", calendar.Groups{calendar.GroupVisibility}, full, `{"visibility":"public"}`},
		{"a colour", calendar.Groups{calendar.GroupCategories}, calendar.Content{Color: "lavender"}, `{"colorId":"1"}`},
		{"no colour, but a category", calendar.Groups{calendar.GroupCategories}, calendar.Content{Categories: []string{"Red"}}, `{"colorId":null}`},
		{"a colour that there is not", calendar.Groups{calendar.GroupCategories}, calendar.Content{Color: "mauve"}, `{"colorId":null}`},
		{"privacy back to default", calendar.Groups{calendar.GroupVisibility}, calendar.Content{}, `{"visibility":"default"}`},
		{"what Outlook calls personal", calendar.Groups{calendar.GroupVisibility}, calendar.Content{Visibility: calendar.Personal}, `{"visibility":"private"}`},
		{"alarms", calendar.Groups{calendar.GroupReminders}, full, `{"reminders":{"overrides":[{"method":"popup","minutes":15}],"useDefault":false}}`},
		{"no alarms", calendar.Groups{calendar.GroupReminders}, calendar.Content{}, `{"reminders":{"overrides":[],"useDefault":false}}`},
		{"the default alarms", calendar.Groups{calendar.GroupReminders}, calendar.Content{Reminders: calendar.Reminders{Default: true}}, `{"reminders":{"overrides":[],"useDefault":true}}`},
		{"more alarms than Google holds, one of them months ahead", calendar.Groups{calendar.GroupReminders},
			calendar.Content{Reminders: calendar.Reminders{Before: []time.Duration{60 * time.Second, 61 * time.Second, 120 * time.Second, 180 * time.Second, 240 * time.Second, 9_000_000 * time.Second, 900_000 * time.Second}}},
			`{"reminders":{"overrides":[{"method":"popup","minutes":1},{"method":"popup","minutes":2},{"method":"popup","minutes":3},{"method":"popup","minutes":4},{"method":"popup","minutes":15000}],"useDefault":false}}`},
		{"what Google cannot hold is not sent", calendar.Groups{calendar.GroupImportance, calendar.GroupLinks}, full, `{}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, s := scripted(t, reply{200, stored, nil})
			e, err := p.Update(t.Context(), "a/b c@x", "ev#1", `"1"`, calendar.Change{Groups: c.groups, Content: c.want})
			if err != nil || e.Version != `"2"` {
				t.Fatalf("Update: %+v, %v", e, err)
			}
			s.wantLines("PATCH /calendars/a%2Fb%20c%40x/events/ev%231?sendUpdates=none")
			if a := s.asked[0]; a.body != c.body || a.ifMatch != `"1"` {
				t.Errorf("sent If-Match %s,\n%s\nwant\n%s", a.ifMatch, a.body, c.body)
			}
		})
	}
}

func TestWritesOverWhatHasChanged(t *testing.T) {
	body := func(code int, reason string) reply {
		return reply{code, `{"error":{"errors":[{"domain":"global","reason":"` + reason + `","message":"m"}],"code":0,"message":"m"}}`, nil}
	}
	cases := []struct {
		name           string
		answer         reply
		update, delete calendar.Kind
	}{
		{"edited meanwhile", body(412, "conditionNotMet"), calendar.Conflict, calendar.Conflict},
		{"deleted meanwhile", body(410, "deleted"), calendar.Gone, calendar.Gone},
		{"never there", body(404, "notFound"), calendar.NotFound, calendar.NotFound},
		{"a server's page that is not Google's", reply{404, "<html>no</html>", nil}, calendar.Unavailable, calendar.Unavailable},
		{"cut off", reply{0, "", errors.New("connection reset by peer")}, calendar.Unavailable, calendar.Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, s := scripted(t, c.answer, c.answer)
			lines := []string{"PATCH /calendars/cal/events/ev?sendUpdates=none", "DELETE /calendars/cal/events/ev?sendUpdates=none"}
			if c.delete == calendar.Conflict { // is it there at all?
				s.answers = append(s.answers, reply{200, stored, nil})
				lines = append(lines, "GET /calendars/cal/events/ev")
			}
			_, err := p.Update(t.Context(), "cal", "ev", `"1"`, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{}})
			if calendar.KindOf(err) != c.update {
				t.Errorf("Update: %v, want %v", err, c.update)
			}
			if err := p.Delete(t.Context(), "cal", "ev", `"1"`); calendar.KindOf(err) != c.delete {
				t.Errorf("Delete: %v, want %v", err, c.delete)
			}
			s.wantLines(lines...)
			if s.asked[1].ifMatch != `"1"` {
				t.Error("delete without If-Match")
			}
		})
	}
	t.Run("a delete that someone else was first with", func(t *testing.T) {
		p, _ := scripted(t, body(412, "conditionNotMet"), reply{200, `{"id":"ev","status":"cancelled"}`, nil})
		if err := p.Delete(t.Context(), "cal", "ev", `"1"`); calendar.KindOf(err) != calendar.Gone {
			t.Errorf("Delete: %v", err)
		}
	})
	t.Run("a patch that only touched a tombstone", func(t *testing.T) {
		p, _ := scripted(t, reply{200, `{"id":"ev","status":"cancelled"}`, nil})
		if _, err := p.Update(t.Context(), "cal", "ev", `"1"`, calendar.Change{Groups: nil, Content: calendar.Content{}}); calendar.KindOf(err) != calendar.Gone {
			t.Errorf("Update: %v", err)
		}
	})
	t.Run("without a version nothing is sent", func(t *testing.T) {
		p, s := scripted(t)
		if _, err := p.Update(t.Context(), "cal", "ev", "", calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{}}); calendar.KindOf(err) != calendar.Conflict {
			t.Errorf("Update: %v", err)
		}
		if err := p.Delete(t.Context(), "cal", "ev", ""); calendar.KindOf(err) != calendar.Conflict {
			t.Errorf("Delete: %v", err)
		}
		s.wantLines()
	})
	t.Run("a delete that works", func(t *testing.T) {
		p, _ := scripted(t, reply{204, "", nil})
		if err := p.Delete(t.Context(), "cal", "ev", `"1"`); err != nil {
			t.Errorf("Delete: %v", err)
		}
	})
}

func TestGet(t *testing.T) {
	t.Run("a deleted event", func(t *testing.T) {
		p, _ := scripted(t, reply{200, `{"id":"ev","status":"cancelled","summary":"still here"}`, nil})
		if _, err := p.Get(t.Context(), "cal", "ev"); calendar.KindOf(err) != calendar.Gone {
			t.Errorf("Get: %v", err)
		}
	})
	t.Run("a zone that nobody knows: the calendar's, asked for once", func(t *testing.T) {
		strange := `{"id":"ev","etag":"e","start":{"dateTime":"2026-01-02T03:00:00Z","timeZone":"Mars/Base"},"end":{"dateTime":"2026-01-02T04:00:00Z"}}`
		p, s := scripted(t, reply{200, strange, nil}, reply{200, `{"id":"cal","timeZone":"Asia/Tokyo"}`, nil}, reply{200, strange, nil})
		for range 2 {
			e, err := p.Get(t.Context(), "cal", "ev")
			if err != nil || e.Content.When.Start != clock(t, "2026-01-02T12:00:00", "Asia/Tokyo") {
				t.Errorf("Get: %v, %v", e.Content.When, err)
			}
		}
		s.wantLines("GET /calendars/cal/events/ev", "GET /users/me/calendarList/cal", "GET /calendars/cal/events/ev")
	})
	t.Run("given up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p, _ := scripted(t, reply{0, "", ctx.Err()})
		if _, err := p.Get(ctx, "cal", "ev"); !errors.Is(err, context.Canceled) || calendar.KindOf(err) != calendar.Unavailable {
			t.Errorf("Get: %v", err)
		}
	})
}
