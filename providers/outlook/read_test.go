package outlook

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

func getOne(t *testing.T, body string) calendar.Event {
	t.Helper()
	p, _ := openFake(t, func(r request) reply {
		if r.Path == "/v1.0/me/calendars/C1" {
			return reply{status: 200, body: `{"id":"C1","owner":{"name":"Robin","address":"Robin@Outlook.test"}}`}
		}
		return reply{status: 200, body: body}
	})
	e, err := p.Get(t.Context(), "C1", "E1")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEventIsRead(t *testing.T) {
	got := getOne(t, with(singleEvent, `"recurrence":null`,
		`"recurrence":null,"singleValueExtendedProperties":[{"id":"String {6B1F4C0E-2D53-4C8A-9A7E-51D0C2F7AB36} Name twinday","value":"{\"installation\":\"i\",\"mirror\":\"m\",\"entity\":\"e\"}"}]`))
	want := calendar.Event{
		ID: "E1", Version: `W/"v1"`, UID: "040000008200E",
		Organizer: calendar.Person{Name: "Robin", Email: "robin@outlook.test"}, Organized: true,
		Created: time.Date(2026, 3, 10, 9, 30, 0, 123456700, time.UTC),
		Updated: time.Date(2026, 3, 10, 9, 30, 1, 123456700, time.UTC),
		WebLink: "https://outlook.test/E1",
		Mark:    calendar.Mark{Installation: "i", Mirror: "m", Entity: "e"},
		Content: calendar.Content{
			When: calendar.When{
				Start: calendar.Time{Local: "2026-03-15T13:00:00", Zone: "Europe/Berlin"},
				End:   calendar.Time{Local: "2026-03-15T09:00:00", Zone: "America/New_York"},
			},
			Title: "Planning", Notes: calendar.NotesFromHTML("Bring the <b>plan</b>"), Place: "Room 5",
			Availability: calendar.Away, Visibility: calendar.Private, Importance: calendar.HighImportance,
			Reminders: calendar.Reminders{Before: []time.Duration{20 * time.Minute}}, Categories: []string{"Blue"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestTimesAreRead(t *testing.T) {
	at := func(local, zone string) calendar.Time { return calendar.Time{Local: local, Zone: zone} }
	for _, c := range []struct {
		name, start, zone string
		allDay            bool
		want              calendar.Time
	}{
		{"Windows zone", `{"dateTime":"2026-07-01T10:00:00.0000000","timeZone":"UTC"}`, "Pacific Standard Time", false, at("2026-07-01T03:00:00", "America/Los_Angeles")},
		{"IANA zone", `{"dateTime":"2026-07-01T10:00:00.0000000","timeZone":"UTC"}`, "Asia/Kolkata", false, at("2026-07-01T15:30:00", "Asia/Kolkata")},
		{"retired Windows name", `{"dateTime":"2026-07-01T10:00:00.0000000","timeZone":"UTC"}`, "Mexico Standard Time", false, at("2026-07-01T04:00:00", "America/Mexico_City")},
		{"custom zone nobody knows", `{"dateTime":"2026-07-01T10:00:00.0000000","timeZone":"UTC"}`, "tzone://Microsoft/Custom", false, at("2026-07-01T10:00:00", "UTC")},
		{"Microsoft's UTC", `{"dateTime":"2026-07-01T10:00:00.0000000","timeZone":"UTC"}`, "tzone://Microsoft/Utc", false, at("2026-07-01T10:00:00", "UTC")},
		{"no zone at all", `{"dateTime":"2026-07-01T10:00:00.0000000","timeZone":"UTC"}`, "", false, at("2026-07-01T10:00:00", "UTC")},
		{"the laptop's zone is never meant", `{"dateTime":"2026-07-01T10:00:00.0000000","timeZone":"UTC"}`, "Local", false, at("2026-07-01T10:00:00", "UTC")},
		{"second of two same readings", `{"dateTime":"2026-10-25T01:30:00.0000000","timeZone":"UTC"}`, "Europe/Berlin", false,
			calendar.Time{Local: "2026-10-25T02:30:00", Zone: "Europe/Berlin", Later: true}},
		{"server that did not obey and answers in its own zone", `{"dateTime":"2026-07-01T12:00:00.0000000","timeZone":"W. Europe Standard Time"}`, "Europe/Berlin", false, at("2026-07-01T12:00:00", "Europe/Berlin")},
		{"offset inside wins", `{"dateTime":"2026-07-01T10:00:00Z","timeZone":"Pacific Standard Time"}`, "UTC", false, at("2026-07-01T10:00:00", "UTC")},
		{"all-day keeps its date", `{"dateTime":"2026-07-01T00:00:00.0000000","timeZone":"UTC"}`, "Pacific/Auckland", true, calendar.Time{Local: "2026-07-01"}},
		{"not a time", `{"dateTime":"soon","timeZone":"UTC"}`, "UTC", false, calendar.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := with(singleEvent, `{"dateTime":"2026-03-15T12:00:00.0000000","timeZone":"UTC"}`, c.start)
			body = with(body, `"originalStartTimeZone":"W. Europe Standard Time"`, `"originalStartTimeZone":"`+c.zone+`"`)
			if c.allDay {
				body = with(body, `"isAllDay":false`, `"isAllDay":true`)
			}
			e := getOne(t, body)
			if got := e.Content.When.Start; got != c.want {
				t.Errorf("got %+v; want %+v", got, c.want)
			}
			guessed := c.zone == "tzone://Microsoft/Custom" || c.zone == "Local"
			if (e.Doubt != "") != guessed || guessed && !strings.Contains(e.Doubt, c.zone) {
				t.Errorf("doubt %q", e.Doubt)
			}
		})
	}
}

func TestGuestsAreRead(t *testing.T) {
	attendee := func(address, kind, response string) string {
		return `{"type":"` + kind + `","status":{"response":"` + response + `","time":"0001-01-01T00:00:00Z"},"emailAddress":{"name":"N","address":"` + address + `"}}`
	}
	guest := func(address string, r calendar.Response) calendar.Guest {
		return calendar.Guest{Person: calendar.Person{Name: "N", Email: address}, Response: r}
	}
	room := guest("room@x.test", calendar.Accepted)
	room.Resource = true
	maybe := guest("bob@x.test", calendar.Maybe)
	maybe.Optional = true
	for _, c := range []struct {
		name, organizer, isOrganizer, attendees, mine string
		organized                                     bool
		guests                                        []calendar.Guest
		response                                      calendar.Response
	}{
		{"my meeting, with myself among the attendees", "robin@outlook.test", "true",
			attendee("ROBIN@outlook.test", "required", "organizer") + "," + attendee("room@x.test", "resource", "accepted") + "," + attendee("bob@x.test", "optional", "tentativelyAccepted"),
			"organizer", true, []calendar.Guest{room, maybe}, calendar.NoResponse},
		{"invited by another", "ada@x.test", "false",
			attendee("ada@x.test", "required", "none") + "," + attendee("robin@outlook.test", "required", "accepted"),
			"accepted", false, []calendar.Guest{guest("ada@x.test", calendar.NoResponse)}, calendar.Accepted},
		{"invited alone", "ada@x.test", "false", attendee("robin@outlook.test", "required", "none"), "notResponded", false, nil, calendar.NeedsAction},
		{"nobody is invited", "ada@x.test", "false", "", "none", true, nil, calendar.NoResponse},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := with(singleEvent, `"attendees":[]`, `"attendees":[`+c.attendees+`]`)
			body = with(body, `"isOrganizer":true`, `"isOrganizer":`+c.isOrganizer)
			body = with(body, `"address":"robin@outlook.test"}},"onlineMeeting"`, `"address":"`+c.organizer+`"}},"onlineMeeting"`)
			body = with(body, `"responseStatus":{"response":"organizer"`, `"responseStatus":{"response":"`+c.mine+`"`)
			got := getOne(t, body)
			if got.Organized != c.organized || !reflect.DeepEqual(got.Guests, c.guests) || got.MyResponse != c.response {
				t.Errorf("organized %v, guests %+v, response %q; want %v, %+v, %q", got.Organized, got.Guests, got.MyResponse, c.organized, c.guests, c.response)
			}
		})
	}
}

func TestPeculiarEventsAreRead(t *testing.T) {
	e := getOne(t, with(with(singleEvent, `"onlineMeeting":null`, `"onlineMeeting":{"joinUrl":"https://teams.test/j"}`), `"isCancelled":false`, `"isCancelled":true`))
	if e.Content.Links.Conference != "https://teams.test/j" || !e.Cancelled {
		t.Errorf("conference %q, cancelled %v", e.Content.Links.Conference, e.Cancelled)
	}
	e = getOne(t, with(with(singleEvent, `"type":"singleInstance"`, `"type":"exception"`), `"seriesMasterId":null`, `"seriesMasterId":"M"`))
	if !e.Content.When.Recurrence.IsZero() || e.Type != calendar.Meeting {
		t.Errorf("an exception read by its own id is %+v; want a single event", e)
	}
	e = getOne(t, with(with(with(singleEvent, `"subject":"Planning"`, `"subject":null`), `"isReminderOn":true`, `"isReminderOn":false`),
		`"body":{"contentType":"html","content":"<html><head><style>p{}</style></head>\r\n<body>Bring the <b>plan</b></body></html>"}`, `"body":{"contentType":"html","content":""}`))
	if e.Content.Title != "" || e.Content.Notes != (calendar.Notes{}) || !reflect.DeepEqual(e.Content.Reminders, calendar.Reminders{}) {
		t.Errorf("empty fields are read as %+v", e.Content)
	}
	e = getOne(t, with(singleEvent, `"showAs":"oof"`, `"showAs":"unknown"`))
	if e.Content.Availability != calendar.Busy {
		t.Errorf("unknown availability is read as %q", e.Content.Availability)
	}
}
