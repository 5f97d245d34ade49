package google

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gcal "google.golang.org/api/calendar/v3"
	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
)

func decode(t *testing.T, s string) *gcal.Event {
	t.Helper()
	g := &gcal.Event{}
	if err := json.Unmarshal([]byte(s), g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestReadingAWholeEvent(t *testing.T) {
	got := fromGoogle(decode(t, `{
		"kind":"calendar#event","id":"abc","etag":"\"3346892308754000\"","status":"confirmed",
		"htmlLink":"https://calendar.example/abc","created":"2023-01-11T14:00:00.000Z","updated":"2023-01-11T14:09:14.377Z",
		"summary":"Plan","description":"a<br>b &amp; c","location":"Room 5","iCalUID":"abc@google.com","sequence":3,
		"start":{"dateTime":"2026-03-15T12:00:00+01:00","timeZone":"America/New_York"},
		"end":{"dateTime":"2026-03-15T13:00:00+01:00","timeZone":"America/New_York"},
		"transparency":"transparent","visibility":"confidential","eventType":"focusTime",
		"organizer":{"email":"bob@example.com","displayName":"Bob"},
		"attendees":[
			{"email":"bob@example.com","displayName":"Bob","organizer":true,"responseStatus":"accepted"},
			{"email":"ada@example.com","self":true,"responseStatus":"tentative"},
			{"email":"room@example.com","resource":true,"responseStatus":"declined"},
			{"email":"eve@example.com","optional":true,"responseStatus":"needsAction"}],
		"reminders":{"useDefault":false,"overrides":[{"method":"popup","minutes":30},{"method":"email","minutes":60},{"method":"popup","minutes":10},{"method":"popup","minutes":30}]},
		"hangoutLink":"https://meet.example/x","colorId":"7",
		"attachments":[{"title":"Agenda","fileUrl":"https://drive.example/1"}],
		"extendedProperties":{"private":{"twindayInstallation":"i","twindayMirror":"m","twindayEntity":"e","other":"x"},"shared":{"twindayMirror":"no","crm":"4711"}}
	}`), "Europe/Berlin")
	want := calendar.Event{
		ID: "abc", Version: `"3346892308754000"`, UID: "abc@google.com", Type: calendar.FocusTime,
		Organizer: calendar.Person{Name: "Bob", Email: "bob@example.com"}, MyResponse: calendar.Maybe,
		Guests: []calendar.Guest{
			{Person: calendar.Person{Name: "Bob", Email: "bob@example.com"}, Response: calendar.Accepted},
			{Person: calendar.Person{Email: "room@example.com"}, Resource: true, Response: calendar.Declined},
			{Person: calendar.Person{Email: "eve@example.com"}, Optional: true, Response: calendar.NeedsAction},
		},
		Created: time.Date(2023, 1, 11, 14, 0, 0, 0, time.UTC), Updated: time.Date(2023, 1, 11, 14, 9, 14, 377e6, time.UTC),
		WebLink: "https://calendar.example/abc", Mark: calendar.Mark{Installation: "i", Mirror: "m", Entity: "e"},
		Content: calendar.Content{
			When:  calendar.When{Start: clock(t, "2026-03-15T07:00:00", "America/New_York"), End: clock(t, "2026-03-15T08:00:00", "America/New_York")},
			Title: "Plan", Notes: calendar.NotesFromText("a\nb & c"), Place: "Room 5",
			Availability: calendar.Free, Visibility: calendar.Confidential,
			Reminders: calendar.Reminders{Before: []time.Duration{10 * time.Minute, 30 * time.Minute}},
			Links: calendar.Links{Conference: "https://meet.example/x",
				Attachments: []calendar.Attachment{{Name: "Agenda", URL: "https://drive.example/1"}}},
			Color: "peacock", Properties: map[string]string{"twindayMirror": "no", "crm": "4711"},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestReadingABareEvent(t *testing.T) {
	got := fromGoogle(decode(t, `{"id":"abc","etag":"e","start":{"date":"2026-01-02"},"end":{"date":"2026-01-03"},"reminders":{"useDefault":true}}`), "")
	want := calendar.Event{ID: "abc", Version: "e", Organized: true, Content: calendar.Content{
		When:         calendar.When{Start: calendar.Date(2026, 1, 2), End: calendar.Date(2026, 1, 3)},
		Availability: calendar.Busy, Reminders: calendar.Reminders{Default: true}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestReadingTimes(t *testing.T) {
	cases := []struct {
		name         string
		start, end   string
		calendarZone string
		want         calendar.When
	}{
		{"the event's zone, whatever offset it is shown in", `{"dateTime":"2026-07-01T09:00:00-04:00","timeZone":"Europe/Berlin"}`, `{"dateTime":"2026-07-01T14:00:00Z","timeZone":"Europe/London"}`, "Asia/Tokyo",
			calendar.When{Start: clock(t, "2026-07-01T15:00:00", "Europe/Berlin"), End: clock(t, "2026-07-01T15:00:00", "Europe/London")}},
		{"no zone: the calendar's", `{"dateTime":"2026-07-01T09:00:00Z"}`, `{"dateTime":"2026-07-01T10:00:00Z"}`, "Asia/Tokyo",
			calendar.When{Start: clock(t, "2026-07-01T18:00:00", "Asia/Tokyo"), End: clock(t, "2026-07-01T19:00:00", "Asia/Tokyo")}},
		{"no zone at the end: the start's", `{"dateTime":"2026-07-01T09:00:00Z","timeZone":"Europe/Berlin"}`, `{"dateTime":"2026-07-01T10:00:00Z"}`, "Asia/Tokyo",
			calendar.When{Start: clock(t, "2026-07-01T11:00:00", "Europe/Berlin"), End: clock(t, "2026-07-01T12:00:00", "Europe/Berlin")}},
		{"no zone known at all: the instant", `{"dateTime":"2026-07-01T09:00:00+03:00","timeZone":"Mars/Base"}`, `{"dateTime":"2026-07-01T10:00:00+03:00"}`, "Local",
			calendar.When{Start: clock(t, "2026-07-01T06:00:00", "UTC"), End: clock(t, "2026-07-01T07:00:00", "UTC")}},
		{"a zone of an old name keeps it", `{"dateTime":"2026-07-01T09:00:00Z","timeZone":"Europe/Kiev"}`, `{"dateTime":"2026-07-01T09:00:00Z","timeZone":"Europe/Kiev"}`, "",
			calendar.When{Start: clock(t, "2026-07-01T12:00:00", "Europe/Kiev"), End: clock(t, "2026-07-01T12:00:00", "Europe/Kiev")}},
		{"a wall clock without an offset", `{"dateTime":"2026-07-01T09:00:00","timeZone":"Europe/Berlin"}`, `{"dateTime":"2026-07-01T10:00:00"}`, "",
			calendar.When{Start: clock(t, "2026-07-01T09:00:00", "Europe/Berlin"), End: clock(t, "2026-07-01T10:00:00", "Europe/Berlin")}},
		{"dates take no zone", `{"date":"2026-07-01","timeZone":"Europe/Berlin"}`, `{"date":"2026-07-04"}`, "Asia/Tokyo",
			calendar.When{Start: calendar.Date(2026, 7, 1), End: calendar.Date(2026, 7, 4)}},
		{"a date without an end is that day", `{"date":"2026-12-31"}`, `null`, "", calendar.When{Start: calendar.Date(2026, 12, 31), End: calendar.Date(2027, 1, 1)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := fromGoogle(decode(t, `{"id":"x","start":`+c.start+`,"end":`+c.end+`}`), c.calendarZone)
			if got.Content.When.Start != c.want.Start || got.Content.When.End != c.want.End || got.Type != calendar.Meeting {
				t.Errorf("read %v to %v as %q, want %v to %v", got.Content.When.Start, got.Content.When.End, got.Type, c.want.Start, c.want.End)
			}
		})
	}
}

func TestTimesThatMakeNoSenseStopNothing(t *testing.T) {
	for _, s := range []string{
		`{"id":"x","summary":"S"}`,
		`{"id":"x","summary":"S","start":{"dateTime":"tomorrow"},"end":{"dateTime":"2026-07-01T09:00:00Z"}}`,
		`{"id":"x","summary":"S","start":{"date":"2026-07-01"},"end":{"dateTime":"2026-07-01T09:00:00Z"}}`,
		`{"id":"x","summary":"S","start":{},"end":{}}`,
	} {
		got := fromGoogle(decode(t, s), "")
		if got.Type != calendar.UnknownType || !got.Content.When.Start.IsZero() || got.Content.Title != "S" {
			t.Errorf("%s read as %+v", s, got)
		}
	}
}

func TestTheSecond230OfTheNight(t *testing.T) {
	got := fromGoogle(decode(t, `{"id":"x","start":{"dateTime":"2026-10-25T02:30:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-10-25T03:30:00+01:00","timeZone":"Europe/Berlin"}}`), "")
	if s := got.Content.When.Start; !s.Later || s.Local != "2026-10-25T02:30:00" {
		t.Errorf("start = %+v", s)
	}
	sent, err := sendTime(got.Content.When.Start)
	if err != nil || sent.DateTime != "2026-10-25T02:30:00+01:00" {
		t.Errorf("sent as %+v, %v", sent, err)
	}
}

func TestNotesThereAndBack(t *testing.T) {
	cases := []struct {
		name, stored, text string
	}{
		{"plain", "one\ntwo", "one\ntwo"},
		{"plain, with what only looks like tags", "ask <a@b.c> about <TBC>, 3 < 4 & 5 > 4", "ask <a@b.c> about <TBC>, 3 < 4 & 5 > 4"},
		{"HTML from the web page", "one<br>two &amp;&nbsp;three", "one\ntwo & three"},
		{"HTML whose line breaks are those of its source", "see <b>this</b>\nand that", "see this\nand that"},
		{"HTML laid out over lines", "<p>one\n two</p>\n<p>three</p>", "one two\nthree"},
		{"pasted", "<html-blob><u></u>hello</html-blob>", "hello"},
		{"none", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := notesOf(c.stored)
			if n.Text() != c.text {
				t.Errorf("read as %q, want %q", n.Text(), c.text)
			}
			if again := notesOf(sendNotes(n)); again != n {
				t.Errorf("sent as %q, which reads as %q, not %q", sendNotes(n), again.HTML, n.HTML)
			}
		})
	}
	t.Run("text about HTML is sent as HTML", func(t *testing.T) {
		n := calendar.NotesFromText("write <b> or &amp; here")
		if sent := sendNotes(n); notesOf(sent) != n {
			t.Errorf("sent as %q, which reads as %q", sent, notesOf(sent).Text())
		}
	})
}

func TestAnyNotesComeBackAsTheyWereSent(t *testing.T) {
	bits := rapid.SampledFrom([]string{"<", ">", "&", "b", "p", "/", "br", "a@b.c", " ", "  ", "\n", "amp;", "&lt;", "é", "<b>", "</b>", "<br>", "<ul><li>", "</li></ul>", `<a href="https://x/">`, "</a>"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(bits, 0, 12).Draw(t, "notes"), "")
		n := calendar.NotesFromText(s)
		if rapid.Bool().Draw(t, "html") {
			n = calendar.NotesFromHTML(s)
		}
		if again := notesOf(sendNotes(n)); again != n {
			t.Fatalf("%q, sent as %q, is read as %q", n.HTML, sendNotes(n), again.HTML)
		}
	})
}

func TestSmallReadings(t *testing.T) {
	t.Run("an event of one's own has no response", func(t *testing.T) {
		e := fromGoogle(decode(t, `{"id":"x","start":{"date":"2026-01-02"},"organizer":{"email":"a@x","self":true},"attendees":[{"email":"a@x","self":true,"organizer":true,"responseStatus":"accepted"},{"email":"b@x"}]}`), "")
		if !e.Organized || e.MyResponse != calendar.NoResponse || len(e.Guests) != 1 || !e.HasGuests() {
			t.Errorf("read as %+v", e)
		}
	})
	t.Run("a conference of another kind", func(t *testing.T) {
		e := fromGoogle(decode(t, `{"id":"x","start":{"date":"2026-01-02"},"conferenceData":{"entryPoints":[{"entryPointType":"phone","uri":"tel:1"},{"entryPointType":"video","uri":"https://video.example/1"}]}}`), "")
		if e.Content.Links.Conference != "https://video.example/1" {
			t.Errorf("links = %+v", e.Content.Links)
		}
	})
	for s, want := range map[string]calendar.EventType{
		"": calendar.Meeting, "default": calendar.Meeting, "focusTime": calendar.FocusTime, "outOfOffice": calendar.AwayTime,
		"workingLocation": calendar.WorkingLocation, "birthday": calendar.Birthday, "fromGmail": calendar.FromMail, "newThing": calendar.UnknownType,
	} {
		if got := typeOf(s); got != want {
			t.Errorf("type %q read as %q", s, got)
		}
	}
	for want, list := range map[calendar.Availability][]*gcal.Event{
		calendar.Away:      {{EventType: "outOfOffice"}, {EventType: "outOfOffice", Status: "tentative"}},
		calendar.Elsewhere: {{EventType: "workingLocation", Transparency: "transparent"}},
		calendar.Busy:      {{}, {EventType: "focusTime"}, {Status: "confirmed", Transparency: "opaque"}},
		calendar.Tentative: {{Status: "tentative"}, {Status: "tentative", Transparency: "opaque"}},
		calendar.Free:      {{Transparency: "transparent"}, {Status: "tentative", Transparency: "transparent"}, {EventType: "outOfOffice", Transparency: "transparent"}},
	} {
		for _, g := range list {
			if got := availabilityOf(g); got != want {
				t.Errorf("%+v reads as %q; want %q", g, got, want)
			}
		}
	}
	for id, want := range map[string]string{"": "", "1": "lavender", "5": "banana", "11": "tomato", "0": "", "12": "", "x": "", "-1": ""} {
		if got := colorOf(id); got != want || want != "" && sendColor(want) != id {
			t.Errorf("colour %q reads as %q", id, got)
		}
	}
}
