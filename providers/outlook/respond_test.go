package outlook

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

func TestRespondSends(t *testing.T) {
	invited := with(with(singleEvent, `"isOrganizer":true`, `"isOrganizer":false`), `"response":"organizer"`, `"response":"notResponded"`)
	none := with(invited, `"notResponded"`, `"none"`)
	guest := `"attendees":[{"type":"required","status":{"response":"none","time":"0001-01-01T00:00:00Z"},"emailAddress":{"name":"R","address":"ROBIN@outlook.test"}}]`
	for _, c := range []struct {
		name   string
		event  string
		r      calendar.Response
		answer reply
		want   calendar.Kind
		sent   string // "" for nothing
	}{
		{"accept", invited, calendar.Accepted, reply{status: 202}, -1, "accept"},
		{"perhaps", invited, calendar.Maybe, reply{status: 202}, -1, "tentativelyAccept"},
		{"decline", invited, calendar.Declined, reply{status: 202}, -1, "decline"},
		{"by name alone", with(none, `"attendees":[]`, guest), calendar.Accepted, reply{status: 202}, -1, "accept"},
		{"answered so already", with(invited, `"notResponded"`, `"accepted"`), calendar.Accepted, reply{status: 500}, -1, ""},
		{"no answer", invited, calendar.NeedsAction, reply{status: 202}, calendar.Invalid, ""},
		{"one's own", singleEvent, calendar.Accepted, reply{status: 202}, calendar.Invalid, ""},
		{"not invited", none, calendar.Accepted, reply{status: 202}, calendar.Invalid, ""},
		{"changed", with(invited, `W/\"v1\"`, `W/\"v2\"`), calendar.Accepted, reply{status: 202}, calendar.Conflict, ""},
		{"gone in between", invited, calendar.Accepted, reply{status: 404, body: graphError("ErrorItemNotFound", "")}, calendar.NotFound, "accept"},
		{"refused", invited, calendar.Accepted, reply{status: 400, body: graphError("ErrorInvalidRequest", "")}, calendar.Invalid, "accept"},
		{"touched by the server", invited, calendar.Accepted, reply{status: 409, body: graphError("ErrorIrresolvableConflict", "")}, calendar.Conflict, "accept"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var posts []request
			p, _ := openFake(t, func(r request) reply {
				switch {
				case r.Method == "POST":
					posts = append(posts, r)
					return c.answer
				case strings.HasSuffix(r.Path, "/C1"):
					return reply{status: 200, body: `{"id":"C1","owner":{"name":"Robin","address":"robin@outlook.test"}}`}
				}
				return reply{status: 200, body: c.event}
			})
			if err := p.Respond(t.Context(), "C1", "E1", `W/"v1"0123456789abcdef`, c.r); kindOf(err) != c.want {
				t.Errorf("got %v; want %v", err, c.want)
			}
			if c.sent == "" {
				if len(posts) != 0 {
					t.Errorf("sent %+v", posts)
				}
				return
			}
			if len(posts) != 1 || !strings.HasSuffix(posts[0].Path, "/calendars/C1/events/E1/"+c.sent) || !sameJSON(t, strings.ToLower(posts[0].Body), `{"sendresponse":false}`) {
				t.Errorf("sent %+v", posts)
			}
		})
	}
}
