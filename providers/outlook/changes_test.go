package outlook

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

const deltaPath = "/v1.0/me/calendars/C1/calendarView/delta"

// pages answers a delta read with the given bodies: the first by its window,
// the others by their links, "?$skiptoken=1" and so on.
func pages(t *testing.T, bodies ...string) func(request) reply {
	return func(r request) reply {
		n := 0
		if _, after, ok := strings.Cut(r.Query, "token="); ok {
			fmt.Sscan(after, &n)
		}
		if n >= len(bodies) {
			t.Errorf("asked for page %d of %d: %s?%s", n, len(bodies), r.Path, r.Query)
			return reply{status: 500}
		}
		return reply{status: 200, body: bodies[n]}
	}
}

func next(n int) string { return fmt.Sprintf(`"@odata.nextLink":"%s/more?$skiptoken=%d"`, fakeBase, n) }
func last(n int) string {
	return fmt.Sprintf(`"@odata.deltaLink":"%s/more?$deltatoken=%d"`, fakeBase, n)
}

func event(id, version string) string {
	return with(with(with(singleEvent, `"id":"E1"`, `"id":"`+id+`"`), `W/\"v1\"`, `W/\"`+version+`\"`), `"iCalUId"`, `"IsRoomRequested":false,"iCalUId"`)
}

func tombstone(id string) string { return `{"id":"` + id + `","@removed":{"reason":"deleted"}}` }

func TestAFullReadAsksForTheWindow(t *testing.T) {
	p, f := openFake(t, pages(t,
		`{"value":[`+event("B", "v1")+`],`+next(1)+`}`,
		`{"value":[],`+next(2)+`}`,
		`{"value":[`+event("A", "v1")+`,`+tombstone("T")+`],`+last(3)+`}`))
	ch, err := p.Changes(t.Context(), "C1", "")
	if err != nil {
		t.Fatal(err)
	}
	want := calendar.Window{From: time.Date(2026, 2, 8, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 4, 14, 0, 0, 0, 0, time.UTC)}
	if !ch.Complete || ch.Window != want || ch.Requests != 3 || len(ch.Events) != 2 || len(ch.Removed) != 0 {
		t.Errorf("got complete %v, window %v, %d requests, %d events, %d removed", ch.Complete, ch.Window, ch.Requests, len(ch.Events), len(ch.Removed))
	}
	r := f.requests()
	if !strings.HasPrefix(r[0].Path, deltaPath) || !strings.Contains(r[0].Query, "startDateTime=2026-02-08T00%3A00%3A00Z") || !strings.Contains(r[0].Query, "endDateTime=2027-04-14T00%3A00%3A00Z") {
		t.Errorf("asked for %s?%s", r[0].Path, r[0].Query)
	}
	if r[1].Query != "$skiptoken=1" || r[1].Header.Get("Prefer") != r[0].Header.Get("Prefer") {
		t.Errorf("the second page was asked for as %+v", r[1])
	}
}

func TestAnIncrementalReadFollowsItsLink(t *testing.T) {
	p, f := openFake(t, pages(t, `{"value":[],`+last(1)+`}`, `{"value":[`+tombstone("T")+`,`+event("A", "v2")+`],`+last(2)+`}`, `{"value":[],`+last(2)+`}`))
	ch, err := p.Changes(t.Context(), "C1", "")
	if err != nil {
		t.Fatal(err)
	}
	if ch, err = p.Changes(t.Context(), "C1", ch.Next); err != nil {
		t.Fatal(err)
	}
	if ch.Complete || ch.Window != (calendar.Window{}) || len(ch.Events) != 1 || len(ch.Removed) != 1 || ch.Removed[0] != (calendar.Removal{ID: "T"}) {
		t.Errorf("got %+v; want one event and one tombstone that is not certain", ch)
	}
	if ch, err = p.Changes(t.Context(), "C1", ch.Next); err != nil || ch.Requests != 1 || len(f.requests()) != 3 {
		t.Errorf("nothing changed: %d requests, %v", ch.Requests, err)
	}
}

func TestWhatComesTwiceIsReadAgain(t *testing.T) {
	delta := pages(t, `{"value":[],`+last(1)+`}`,
		`{"value":[`+event("old", "v2")+`,`+event("same", "v1")+`,`+event("back", "v1")+`,`+event("gone", "v1")+`],`+next(2)+`}`,
		`{"value":[`+event("old", "v1")+`,`+event("same", "v1")+`,`+tombstone("back")+`,`+tombstone("gone")+`],`+last(3)+`}`)
	p, _ := openFake(t, func(r request) reply {
		switch id := r.Path[strings.LastIndex(r.Path, "/")+1:]; {
		case id == "gone":
			return reply{status: 404, body: graphError("ErrorItemNotFound", "")}
		case id == "old" || id == "back":
			return reply{status: 200, body: event(id, "v9")}
		}
		return delta(r)
	})
	ch, err := p.Changes(t.Context(), "C1", "")
	if err == nil {
		ch, err = p.Changes(t.Context(), "C1", ch.Next)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := map[calendar.RemoteID]calendar.Version{}
	for _, e := range ch.Events {
		got[e.ID] = e.Version
	}
	if len(ch.Events) != 3 || got["old"] != `W/"v9"` || got["back"] != `W/"v9"` || got["same"] != `W/"v1"` {
		t.Errorf("events are %v", got)
	}
	if len(ch.Removed) != 1 || ch.Removed[0].ID != "gone" || ch.Requests != 6 {
		t.Errorf("removed %v after %d requests", ch.Removed, ch.Requests)
	}
}

func TestADeadCursorSaysSo(t *testing.T) {
	good := func(link string, from time.Time) calendar.Cursor {
		return calendar.Cursor(fmt.Sprintf(`{"v":3,"from":%q,"to":%q,"link":%q}`, from.Format(time.RFC3339), from.AddDate(0, 0, 430).Format(time.RFC3339), link))
	}
	link := fakeBase + "/more?$deltatoken=1"
	from, _ := window(fakeNow)
	for _, c := range []struct {
		name     string
		cursor   calendar.Cursor
		reply    reply
		want     calendar.Kind
		requests int
	}{
		{"410", good(link, from), reply{410, nil, graphError("SyncStateNotFound", ""), nil}, calendar.CursorExpired, 1},
		{"410 with a place to start from", good(link, from), reply{410, map[string]string{"Location": fakeBase + "/x?$deltatoken="}, graphError("resyncRequired", ""), nil}, calendar.CursorExpired, 1},
		{"410 without a body", good(link, from), reply{410, nil, "", nil}, calendar.CursorExpired, 1},
		{"400 with the code, in other letters", good(link, from), reply{400, nil, graphError("syncStateNotFound", ""), nil}, calendar.CursorExpired, 1},
		{"400 malformed", good(link, from), reply{400, nil, graphError("ErrorInvalidIdMalformed", ""), nil}, calendar.CursorExpired, 1},
		{"400 of another kind", good(link, from), reply{400, nil, graphError("ErrorInvalidRequest", ""), nil}, calendar.Invalid, 1},
		{"the calendar is gone", good(link, from), reply{404, nil, graphError("ErrorItemNotFound", ""), nil}, calendar.NotFound, 1},
		{"unavailable is not expired", good(link, from), reply{503, nil, "", nil}, calendar.Unavailable, 1},
		{"window of 7 days ago still serves", good(link, from.AddDate(0, 0, -7)), reply{503, nil, "", nil}, calendar.Unavailable, 1},
		{"window of 8 days ago", good(link, from.AddDate(0, 0, -8)), reply{}, calendar.CursorExpired, 0},
		{"window of the future", good(link, from.AddDate(0, 0, 8)), reply{}, calendar.CursorExpired, 0},
		{"another server", good("https://evil.test/v1.0/more?$deltatoken=1", from), reply{}, calendar.CursorExpired, 0},
		{"nonsense", "x", reply{}, calendar.CursorExpired, 0},
		{"of an earlier version", `{"v":1,"link":"` + calendar.Cursor(link) + `"}`, reply{}, calendar.CursorExpired, 0},
		{"of a later version", `{"v":3,"link":"` + calendar.Cursor(link) + `"}`, reply{}, calendar.CursorExpired, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, f := openFake(t, always(c.reply))
			_, err := p.Changes(t.Context(), "C1", c.cursor)
			if kindOf(err) != c.want || len(f.requests()) != c.requests {
				t.Errorf("got %v after %d requests; want %v after %d", err, len(f.requests()), c.want, c.requests)
			}
		})
	}
}

func TestAReadThatDoesNotEndOrLeadsAstrayFails(t *testing.T) {
	for name, body := range map[string]string{
		"the same page again":       `{"value":[],` + next(0) + `}`,
		"a page of another host":    `{"value":[],"@odata.nextLink":"https://evil.test/v1.0/x?$skiptoken=1"}`,
		"an end on another host":    `{"value":[],"@odata.deltaLink":"https://evil.test/v1.0/x?$deltatoken=1"}`,
		"another scheme":            `{"value":[],"@odata.nextLink":"http://graph.test/v1.0/x?$skiptoken=1"}`,
		"neither a page nor an end": `{"value":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			p, f := openFake(t, always(reply{status: 200, body: body}))
			ch, err := p.Changes(t.Context(), "C1", "")
			if k := kindOf(err); k != calendar.Other && k != calendar.Unavailable || ch.Next != "" {
				t.Errorf("got %+v, %v; want an error and no cursor", ch, err)
			}
			if n := len(f.requests()); n > 2 {
				t.Errorf("sent %d requests", n)
			}
		})
	}
}

// A failure on any page fails the read: all pages or none.
func TestAFailureHalfWayGivesNothing(t *testing.T) {
	p, _ := openFake(t, func(r request) reply {
		if strings.Contains(r.Query, "token") {
			return reply{status: 503}
		}
		return reply{status: 200, body: `{"value":[` + event("A", "v1") + `],` + next(1) + `}`}
	})
	ch, err := p.Changes(t.Context(), "C1", "")
	if kindOf(err) != calendar.Unavailable || len(ch.Events) != 0 || ch.Next != "" {
		t.Errorf("got %+v, %v", ch, err)
	}
}

func TestCalendarsAreListedWhole(t *testing.T) {
	p, f := openFake(t, func(r request) reply {
		if strings.Contains(r.Query, "skip=") {
			return reply{status: 200, body: `{"value":[{"id":"C2","name":"Birthdays","color":"lightGreen","hexColor":"","canEdit":false,"owner":{"address":"Robin@outlook.test"}},{"id":"C3","name":"Sam","canEdit":true,"canViewPrivateItems":false,"owner":{"address":"sam@outlook.test"}}]}`}
		}
		return reply{status: 200, body: `{"value":[{"id":"C1","name":"Calendar","color":"auto","hexColor":"#0078D4","isDefaultCalendar":true,"canEdit":true,"canShare":true,"canViewPrivateItems":true,"owner":{"name":"Robin","address":"robin@outlook.test"}}],
			"@odata.nextLink":"` + fakeBase + `/me/calendars?$skip=1"}`}
	})
	got, err := p.Calendars(t.Context())
	want := []calendar.Calendar{
		{ID: "C1", Name: "Calendar", Color: "#0078d4", Owner: "robin@outlook.test", Primary: true, Role: calendar.RoleOwner, Writable: true, Details: true},
		{ID: "C2", Name: "Birthdays", Color: "#87d28e", Owner: "Robin@outlook.test", Role: calendar.RolePublicReader, Details: true},
		{ID: "C3", Name: "Sam", Owner: "sam@outlook.test", Shared: true, Role: calendar.RolePublicWriter, Writable: true, Details: true},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if r := f.requests(); len(r) != 2 || r[0].Query != "$top=100" || r[1].Query != "$skip=1" {
		t.Errorf("asked %+v", r)
	}
	p, _ = openFake(t, always(reply{status: 412, body: graphError("ErrorIrresolvableConflict", "")}))
	if _, err := p.Calendars(t.Context()); kindOf(err) != calendar.Unavailable {
		t.Errorf("a 412 on the list: %v; want Unavailable", err)
	}
}
