package outlook

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

func berlin(from, to string) calendar.When {
	return calendar.When{Start: calendar.Time{Local: from, Zone: "Europe/Berlin"}, End: calendar.Time{Local: to, Zone: "Europe/Berlin"}}
}

const key = calendar.Key("0123456789abcdef0123456789abcdef")

// Everything is said outright, and nobody is invited.
func TestCreateSends(t *testing.T) {
	for _, c := range []struct {
		name  string
		draft calendar.Draft
		want  string
	}{
		{"a bare event", calendar.Draft{Key: key, Content: calendar.Content{When: berlin("2026-03-15T10:00:00", "2026-03-15T11:00:00")}},
			`{"transactionId":"01234567-89ab-cdef-0123-456789abcdef","subject":"","body":{"contentType":"html","content":""},
			"location":{"displayName":""},"showAs":"busy","sensitivity":"normal","importance":"normal","isReminderOn":false,"categories":[],
			"isAllDay":false,"start":{"dateTime":"2026-03-15T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-15T11:00:00","timeZone":"Europe/Berlin"}}`},
		{"a full event with a mark", calendar.Draft{Key: key, Mark: calendar.Mark{Installation: "i", Mirror: "m", Entity: "e"}, UID: "ignored", Content: calendar.Content{
			When:  calendar.When{Start: calendar.Date(2026, 3, 15), End: calendar.Date(2026, 3, 17)},
			Title: "Trip", Notes: calendar.NotesFromText("a < b\nc"), Place: "Rome", Availability: calendar.Elsewhere,
			Visibility: calendar.Confidential, Importance: calendar.LowImportance, Categories: []string{"Red", "Blue"},
			Reminders: calendar.Reminders{Before: []time.Duration{10 * time.Minute, 24 * time.Hour}},
			Links:     calendar.Links{Conference: "https://meet.test"}, Properties: map[string]string{"x": "y"}, Color: "3",
		}},
			`{"transactionId":"01234567-89ab-cdef-0123-456789abcdef","subject":"Trip","body":{"contentType":"html","content":"a &lt; b<br>c"},
			"location":{"displayName":"Rome"},"showAs":"workingElsewhere","sensitivity":"confidential","importance":"low",
			"isReminderOn":true,"reminderMinutesBeforeStart":10,"categories":["Red","Blue"],"isAllDay":true,
			"start":{"dateTime":"2026-03-15T00:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-03-17T00:00:00","timeZone":"UTC"},
			"singleValueExtendedProperties":[{"id":"String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties","value":"{\"x\":\"y\"}"},
			{"id":"String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday","value":"{\"installation\":\"i\",\"mirror\":\"m\",\"entity\":\"e\"}"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, f := openFake(t, always(reply{status: 201, body: singleEvent}))
			e, err := p.Create(t.Context(), "C1", c.draft)
			if err != nil {
				t.Fatal(err)
			}
			if e.ID != "E1" || e.Mark != c.draft.Mark {
				t.Errorf("gave id %q, mark %+v", e.ID, e.Mark)
			}
			r := f.requests()
			if len(r) != 1 || r[0].Method != "POST" || r[0].Path != "/v1.0/me/calendars/C1/events" || r[0].Query != "" {
				t.Fatalf("sent %+v", r)
			}
			if !sameJSON(t, r[0].Body, c.want) {
				t.Errorf("sent %s\nwant %s", r[0].Body, c.want)
			}
		})
	}
}

func TestUpdateSends(t *testing.T) {
	full := calendar.Content{When: berlin("2026-03-29T02:30:00", "2026-10-25T02:30:00"), Title: "T", Place: "P",
		Availability: calendar.Free, Visibility: calendar.Personal, Importance: calendar.HighImportance, Categories: []string{"Red"},
		Reminders: calendar.Reminders{Default: true}}
	full.When.End.Later = true
	allDay := calendar.Content{When: calendar.When{Start: calendar.Date(2026, 3, 15), End: calendar.Date(2026, 3, 16)}, Reminders: calendar.Reminders{Default: true}}
	for _, c := range []struct {
		name   string
		groups calendar.Groups
		want   calendar.Content
		body   string
	}{
		{"title only", calendar.Groups{calendar.GroupTitle}, full, `{"subject":"T"}`},
		{"title cleared", calendar.Groups{calendar.GroupTitle}, calendar.Content{}, `{"subject":""}`},
		{"place cleared", calendar.Groups{calendar.GroupPlace}, calendar.Content{}, `{"location":{"displayName":""}}`},
		{"categories cleared", calendar.Groups{calendar.GroupCategories}, calendar.Content{}, `{"categories":[]}`},
		{"reminders off", calendar.Groups{calendar.GroupReminders}, calendar.Content{}, `{"isReminderOn":false}`},
		{"properties", calendar.Groups{calendar.GroupProperties}, calendar.Content{Properties: map[string]string{"b": "<&>", "a": "\"ü\""}},
			`{"singleValueExtendedProperties":[{"id":"String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties","value":"{\"a\":\"\\\"ü\\\"\",\"b\":\"<&>\"}"}]}`},
		{"properties cleared", calendar.Groups{calendar.GroupProperties}, calendar.Content{},
			`{"singleValueExtendedProperties":[{"id":"String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties","value":"{}"}]}`},
		{"default reminder", calendar.Groups{calendar.GroupReminders}, full, `{"isReminderOn":true,"reminderMinutesBeforeStart":15}`},
		{"default reminder, all-day", calendar.Groups{calendar.GroupReminders}, allDay, `{"isReminderOn":true,"reminderMinutesBeforeStart":1080}`},
		{"all-day sends flag and both ends", calendar.Groups{calendar.GroupWhen}, allDay,
			`{"isAllDay":true,"start":{"dateTime":"2026-03-15T00:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-03-16T00:00:00","timeZone":"UTC"}}`},
		{"the first of two same readings goes as UTC too", calendar.Groups{calendar.GroupWhen},
			calendar.Content{When: berlin("2026-10-25T02:30:00", "2026-10-25T03:00:00")},
			`{"isAllDay":false,"start":{"dateTime":"2026-10-25T00:30:00","timeZone":"UTC"},"end":{"dateTime":"2026-10-25T03:00:00","timeZone":"Europe/Berlin"}}`},
		{"a skipped reading moves to the same instant, the second of two goes as UTC", calendar.Groups{calendar.GroupWhen}, full,
			`{"isAllDay":false,"start":{"dateTime":"2026-03-29T03:30:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-10-25T01:30:00","timeZone":"UTC"}}`},
		{"groups that Outlook cannot hold are left out", calendar.Groups{calendar.GroupLinks, calendar.GroupVisibility, calendar.GroupImportance, calendar.GroupAvailability}, full,
			`{"showAs":"free","sensitivity":"personal","importance":"high"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, f := openFake(t, always(reply{status: 200, body: singleEvent}))
			if _, err := p.Update(t.Context(), "C1", "E/1+=", `W/"v1"`, calendar.Change{Groups: c.groups, Content: c.want}); err != nil {
				t.Fatal(err)
			}
			r := f.requests()
			if c.groups.Has(calendar.GroupWhen) && len(r) == 2 && r[0].Method == "GET" {
				r = r[1:] // whether it is a series has to be known
			}
			if len(r) != 1 || r[0].Method != "PATCH" || r[0].Path != "/v1.0/me/calendars/C1/events/E%2F1%2B%3D" {
				t.Fatalf("sent %+v", r)
			}
			if got := r[0].Header.Get("If-Match"); got != `W/"v1"` {
				t.Errorf("If-Match is %q", got)
			}
			if !sameJSON(t, r[0].Body, c.body) {
				t.Errorf("sent %s\nwant %s", r[0].Body, c.body)
			}
		})
	}
}

func TestEveryRequestAsksForUTCAndStableIDs(t *testing.T) {
	p, f := openFake(t, func(r request) reply {
		switch {
		case r.Method == "DELETE":
			return reply{status: 204}
		case r.Path == "/v1.0/me/calendars/C1/calendarView/delta()" || r.Path == "/v1.0/me/calendars/C1/calendarView/delta%28%29":
			return reply{status: 200, body: `{"value":[],"@odata.deltaLink":"` + fakeBase + `/x?$deltatoken=1"}`}
		case r.Path == "/v1.0/me/calendars":
			return reply{status: 200, body: `{"value":[]}`}
		}
		return reply{status: 200, body: singleEvent}
	})
	ctx := t.Context()
	_, e1 := p.Calendars(ctx)
	_, e2 := p.Changes(ctx, "C1", "")
	_, e3 := p.Get(ctx, "C1", "E1")
	_, e4 := p.Create(ctx, "C1", calendar.Draft{Key: key, Content: calendar.Content{When: berlin("2026-03-15T10:00:00", "2026-03-15T11:00:00")}})
	_, e5 := p.Update(ctx, "C1", "E1", `W/"v1"`, calendar.Change{Groups: calendar.Groups{calendar.GroupNotes}, Content: calendar.Content{}})
	e6 := p.Delete(ctx, "C1", "E1", `W/"v1"`)
	if err := errors.Join(e1, e2, e3, e4, e5, e6); err != nil {
		t.Fatal(err)
	}
	for _, r := range f.requests() {
		want := `outlook.timezone="UTC", IdType="ImmutableId"`
		if r.Method == "GET" && len(r.Path) > 30 && r.Path[len("/v1.0/me/calendars/C1/"):][:5] == "calen" {
			want += ", odata.maxpagesize=200"
		}
		if got := r.Header.Values("Prefer"); len(got) != 1 || got[0] != want {
			t.Errorf("%s %s: Prefer is %q; want one %q", r.Method, r.Path, got, want)
		}
		if r.Header.Get("Content-Encoding") != "" || r.Header.Get("Authorization") != "Bearer at" {
			t.Errorf("%s %s: encoding %q, authorization %q", r.Method, r.Path, r.Header.Get("Content-Encoding"), r.Header.Get("Authorization"))
		}
	}
}

func TestTheKeyOfAnEarlierCreate(t *testing.T) {
	old := with(singleEvent, `"createdDateTime":"2026-03-10T09:30:00.1234567Z"`, `"createdDateTime":"2026-03-09T09:30:00Z"`)
	notFound := reply{status: 404, body: graphError("ErrorItemNotFound", "")}
	for _, c := range []struct {
		name        string
		post, get   reply
		wantKind    calendar.Kind
		wantID      calendar.RemoteID
		wantRequest int
	}{
		{"same content gives the event again", reply{status: 201, body: singleEvent}, notFound, -1, "E1", 1},
		{"other content names the event, by 400", reply{status: 400, body: graphError("ErrorDuplicateTransactionId", `,"@event.existingEventId":"E1"`)}, reply{status: 200, body: singleEvent}, -1, "E1", 2},
		{"other content names the event, by 409", reply{status: 409, body: graphError("ErrorDuplicateTransactionId", `,"@event.existingEventId":"E1"`)}, reply{status: 200, body: singleEvent}, -1, "E1", 2},
		{"and it was deleted since", reply{status: 400, body: graphError("ErrorDuplicateTransactionId", `,"@event.existingEventId":"E1"`)}, notFound, calendar.Gone, "", 2},
		{"an old event came back, still there", reply{status: 201, body: old}, reply{status: 200, body: old}, -1, "E1", 2},
		{"an old event came back, deleted since", reply{status: 201, body: old}, notFound, calendar.Gone, "", 2},
		{"no id of the other event", reply{status: 409, body: graphError("ErrorDuplicateTransactionId", "")}, notFound, calendar.Conflict, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, f := openFake(t, func(r request) reply {
				if r.Method == "POST" {
					return c.post
				}
				return c.get
			})
			e, err := p.Create(t.Context(), "C1", calendar.Draft{Key: key, Content: calendar.Content{When: berlin("2026-03-15T10:00:00", "2026-03-15T11:00:00")}})
			if kindOf(err) != c.wantKind || e.ID != c.wantID || len(f.requests()) != c.wantRequest {
				t.Errorf("got %q, %v after %d requests; want %q, %v after %d", e.ID, err, len(f.requests()), c.wantID, c.wantKind, c.wantRequest)
			}
		})
	}
}

// A server may not know a zone's IANA name: then its Windows name is tried, and
// UTC where there is none.
func TestZoneTheServerDoesNotKnow(t *testing.T) {
	p, f := openFake(t, func(r request) reply {
		if strings.Contains(r.Body, `"timeZone":"Asia/Kolkata"`) {
			return reply{status: 400, body: graphError("TimeZoneNotSupportedException", "")}
		}
		return reply{status: 200, body: singleEvent}
	})
	when := calendar.When{Start: calendar.Time{Local: "2026-03-15T10:00:00", Zone: "Asia/Kolkata"}, End: calendar.Time{Local: "2026-03-15T10:00:00", Zone: "Europe/Vienna"}}
	if _, err := p.Update(t.Context(), "C1", "E1", `W/"v1"`, calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: when}}); err != nil {
		t.Fatal(err)
	}
	r := f.requests()
	if len(r) != 3 || !sameJSON(t, r[2].Body, `{"isAllDay":false,"start":{"dateTime":"2026-03-15T10:00:00","timeZone":"India Standard Time"},"end":{"dateTime":"2026-03-15T10:00:00","timeZone":"W. Europe Standard Time"}}`) {
		t.Errorf("sent %+v", r)
	}
}

func TestNotesOfAnOnlineMeetingAreLeftAlone(t *testing.T) {
	notesAreLeftAlone(t, with(singleEvent, `"isOnlineMeeting":false`, `"isOnlineMeeting":true`), "online meeting")
}

// calendar.Notes knows no pictures: other notes over them would take them away, and
// neither side nor the history would have them still.
func TestNotesWithPicturesAreLeftAlone(t *testing.T) {
	notesAreLeftAlone(t, with(singleEvent, `Bring the <b>plan</b>`, `Bring the <b>plan</b><IMG src=\"cid:image001.png\">`), "pictures")
}

// notesAreLeftAlone holds that other notes of an event are refused, for a reason, and that the
// same ones keep nothing else from being written.
func notesAreLeftAlone(t *testing.T, event, why string) {
	t.Helper()
	p, f := openFake(t, always(reply{status: 200, body: event}))
	groups := calendar.Groups{calendar.GroupTitle, calendar.GroupNotes}
	_, err := p.Update(t.Context(), "C1", "E1", `W/"v1"`, calendar.Change{Groups: groups, Content: calendar.Content{Title: "T", Notes: calendar.NotesFromText("others")}})
	if ce, ok := errors.AsType[*calendar.Error](err); !ok || ce.Kind != calendar.Invalid || ce.Field != "notes" || !strings.Contains(err.Error(), why) {
		t.Errorf("other notes: %v; want Invalid (notes), %s", err, why)
	}
	if _, err := p.Update(t.Context(), "C1", "E1", `W/"v1"`, calendar.Change{Groups: groups, Content: calendar.Content{Title: "T", Notes: calendar.NotesFromHTML("Bring the <b>plan</b>")}}); err != nil {
		t.Fatal(err)
	}
	r := f.requests()
	if last := r[len(r)-1]; len(r) != 3 || last.Method != "PATCH" || !sameJSON(t, last.Body, `{"subject":"T"}`) {
		t.Errorf("sent %+v; want a patch of the title alone", r)
	}
}

func TestWhatCannotBeWrittenIsRefusedUnsent(t *testing.T) {
	p, f := openFake(t, always(reply{status: 200, body: singleEvent}))
	series := berlin("2026-03-15T10:00:00", "2026-03-15T11:00:00")
	series.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;BYHOUR=10,15"}
	for name, w := range map[string]calendar.When{
		"a rule that no pattern is": series, "no times": {}, "a zone that is none": {Start: calendar.Time{Local: "2026-03-15T10:00:00", Zone: "Mars/Base"}, End: calendar.Time{Local: "2026-03-15T10:00:00", Zone: "Mars/Base"}},
		"a date and a time": {Start: calendar.Date(2026, 3, 15), End: series.End},
	} {
		_, err := p.Create(t.Context(), "C1", calendar.Draft{Key: key, Content: calendar.Content{When: w}})
		if ce, ok := errors.AsType[*calendar.Error](err); !ok || ce.Kind != calendar.Invalid || ce.Field != "when" {
			t.Errorf("%s: %v; want Invalid (when)", name, err)
		}
	}
	if r := f.requests(); len(r) != 0 {
		t.Errorf("sent %+v", r)
	}
}

func TestDeleteComparesFirst(t *testing.T) {
	notFound := reply{status: 404, body: graphError("ErrorItemNotFound", "")}
	for _, c := range []struct {
		name     string
		get, del reply
		want     calendar.Kind
		requests int
	}{
		{"as known", reply{status: 200, body: singleEvent}, reply{status: 204}, -1, 2},
		{"edited since", reply{status: 200, body: with(singleEvent, `W/\"v1\"`, `W/\"v2\"`)}, reply{status: 204}, calendar.Conflict, 1},
		{"edited in between", reply{status: 200, body: singleEvent}, reply{status: 412, body: graphError("ErrorIrresolvableConflict", "")}, calendar.Conflict, 2},
		{"gone already", notFound, reply{status: 204}, calendar.NotFound, 1},
		{"gone in between", reply{status: 200, body: singleEvent}, notFound, calendar.NotFound, 2},
		{"a proxy's 404 is no proof", reply{status: 404, body: "<html>", header: map[string]string{"Content-Type": "text/html"}}, reply{status: 204}, calendar.Other, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, f := openFake(t, func(r request) reply {
				if r.Method == "DELETE" {
					if r.Header.Get("If-Match") != `W/"v1"` {
						t.Errorf("If-Match is %q", r.Header.Get("If-Match"))
					}
					return c.del
				}
				return c.get
			})
			err := p.Delete(t.Context(), "C1", "E1", `W/"v1"`)
			if kindOf(err) != c.want || len(f.requests()) != c.requests {
				t.Errorf("got %v after %d requests; want %v after %d", err, len(f.requests()), c.want, c.requests)
			}
		})
	}
}
