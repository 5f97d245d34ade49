package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// guests is the JSON member for these addresses.
func guests(names ...string) string {
	var list []string
	for _, n := range names {
		list = append(list, fmt.Sprintf(`{"type":"required","emailAddress":{"name":"%[1]s","address":"%[1]s@example.com"}}`, n))
	}
	return `"attendees":[` + strings.Join(list, ",") + `]`
}

// mails says what left since the last look: "update bob".
func (l *lab) mails() []string {
	out := []string{}
	for _, m := range l.mb.Mails() {
		out = append(out, m.Kind+" "+strings.TrimSuffix(m.To, "@example.com"))
	}
	l.mb.Lock()
	l.mb.Outbox = nil
	l.mb.Unlock()
	return out
}

func TestWhatMailsGuests(t *testing.T) {
	for name, tc := range map[string]struct {
		method, body string
		want         []string
	}{
		"a new title":               {"PATCH", `{"subject":"New"}`, []string{"update bob", "update eve"}},
		"a new time":                {"PATCH", span("2026-03-05T12:00:00", "2026-03-05T13:00:00"), []string{"update bob", "update eve"}},
		"the same title again":      {"PATCH", `{"subject":"Meeting 5"}`, []string{"update bob", "update eve"}},
		"own reminder":              {"PATCH", `{"reminderMinutesBeforeStart":5}`, []string{}},
		"own category and status":   {"PATCH", `{"categories":["x"],"showAs":"free"}`, []string{}},
		"a guest more":              {"PATCH", `{` + guests("bob", "eve", "sue") + `}`, []string{"invitation sue"}},
		"a guest less":              {"PATCH", `{` + guests("bob") + `}`, []string{"cancellation eve"}},
		"a guest more and new time": {"PATCH", `{"location":{"displayName":"Hall"},` + guests("bob", "sue") + `}`, []string{"invitation sue", "update bob", "cancellation eve"}},
		"deleted":                   {"DELETE", "", []string{"cancellation bob", "cancellation eve"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			id, _ := l.add(meeting(5, guests("bob", "eve", "ada")))
			if got := l.mails(); !slices.Equal(got, []string{"invitation bob", "invitation eve"}) {
				t.Fatalf("on creation: %v", got)
			}
			want := 200
			if tc.method == "DELETE" {
				want = 204
			}
			body := strings.Replace(tc.body, `"attendees":[`, `"attendees":[{"emailAddress":{"address":"ada@example.com"}},`, 1)
			l.must(want, tc.method, "/me/events/"+id, body)
			if got := l.mails(); !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

func TestAGuestsAnswerIsNotTheOrganizersToWrite(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(5, guests("bob", "eve")))
	if err := l.mb.Respond("primary", id, "bob@example.com", "accepted"); err != nil {
		t.Fatal(err)
	}
	l.must(200, "PATCH", "/me/events/"+id, `{"attendees":[{"emailAddress":{"address":"BOB@example.com"},"status":{"response":"declined"}},`+
		`{"emailAddress":{"address":"sue@example.com"},"status":{"response":"accepted"}}]}`)
	got := []string{}
	for _, x := range l.must(200, "GET", "/me/events/"+id, "").body["attendees"].([]any) {
		m := x.(map[string]any)
		got = append(got, fmt.Sprint(m["emailAddress"].(map[string]any)["address"], " ", m["status"].(map[string]any)["response"]))
	}
	if want := []string{"BOB@example.com accepted", "sue@example.com none"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestDraftsBySwitch(t *testing.T) {
	for honour, want := range map[bool][]string{true: {}, false: {"invitation bob"}} {
		l := newLab(t, func(o *Options) { o.Switches.HonourIsDraft = honour })
		id, _ := l.add(meeting(5, guests("bob"), `"isDraft":true`))
		if got := l.mails(); !slices.Equal(got, want) {
			t.Errorf("honoured %v: %v", honour, got)
		}
		if honour {
			l.must(200, "PATCH", "/me/events/"+id, `{"isDraft":false}`)
			if got := l.mails(); !slices.Equal(got, []string{"invitation bob"}) {
				t.Errorf("sent: %v", got)
			}
		}
	}
}

// invited puts a meeting of somebody else into the calendar.
func (l *lab) invited() string {
	return l.mb.AddEvent("primary", mailbox.Event{
		Title: "Review", Start: mailbox.Moment{Local: "2026-03-05T10:00:00"}, End: mailbox.Moment{Local: "2026-03-05T11:00:00"},
		Organizer: mailbox.Person{Name: "Bob", Email: "bob@example.com"}, Attendees: []mailbox.Attendee{{Person: l.mb.Owner, Type: "required", Response: "needsAction"}},
	}).ID
}

func TestAnswersToAnInvitation(t *testing.T) {
	for action, tc := range map[string]struct{ response, showAs string }{
		"accept": {"accepted", "busy"}, "tentativelyAccept": {"tentativelyAccepted", "tentative"}, "decline": {"", ""},
	} {
		l := newLab(t)
		id := l.invited()
		before := l.must(200, "GET", "/me/events/"+id, "")
		if rs := before.body["responseStatus"].(map[string]any); rs["response"] != "notResponded" || before.body["isOrganizer"] != false {
			t.Errorf("%v", rs)
		}
		l.must(202, "POST", "/me/events/"+id+"/"+action, `{"comment":"hi","sendResponse":true}`)
		if got := l.mails(); !slices.Equal(got, []string{"response bob"}) {
			t.Errorf("%s: %v", action, got)
		}
		a := l.call("GET", "/me/events/"+id, "")
		if tc.response == "" {
			if a.status != 404 {
				t.Errorf("a declined meeting stays: %d", a.status)
			}
			continue
		}
		if rs := a.body["responseStatus"].(map[string]any); rs["response"] != tc.response || a.text("showAs") != tc.showAs || a.text("@odata.etag") == before.text("@odata.etag") {
			t.Errorf("%s: %v %v", action, rs, a.text("showAs"))
		}
		l.must(202, "POST", "/me/events/"+id+"/microsoft.graph."+action, `{"sendResponse":false}`)
		if got := l.mails(); len(got) != 0 {
			t.Errorf("%s without an answer: %v", action, got)
		}
	}
}

func TestRolesInAMeeting(t *testing.T) {
	l := newLab(t)
	theirs := l.invited()
	ours, _ := l.add(meeting(6, guests("bob")))
	l.mails()
	if a := l.call("POST", "/me/events/"+theirs+"/cancel", `{"comment":"no"}`); a.status != 400 || !strings.Contains(fmt.Sprint(a.body), "You need to be an organizer") {
		t.Errorf("a guest cancels: %d %v", a.status, a.body)
	}
	if a := l.call("POST", "/me/events/"+ours+"/accept", `{}`); a.status != 400 {
		t.Errorf("the organizer accepts: %d", a.status)
	}
	if a := l.call("PATCH", "/me/events/"+theirs, `{"subject":"Mine"}`); a.status != 403 {
		t.Errorf("a guest renames: %d", a.status)
	}
	l.must(200, "PATCH", "/me/events/"+theirs, `{"showAs":"free","categories":["x"],"isReminderOn":false}`)
	l.must(204, "DELETE", "/me/events/"+theirs, "")
	if got := l.mails(); len(got) != 0 {
		t.Errorf("a guest's own changes mail %v", got)
	}
	l.must(202, "POST", "/me/events/"+ours+"/cancel", `{"comment":"no"}`)
	if got := l.mails(); !slices.Equal(got, []string{"cancellation bob"}) || l.call("GET", "/me/events/"+ours, "").status != 404 {
		t.Errorf("cancelled: %v", got)
	}
}

func TestOnlineMeetings(t *testing.T) {
	plain := newLab(t)
	if a := plain.must(201, "POST", "/me/events", meeting(5, `"isOnlineMeeting":true`)); a.body["isOnlineMeeting"] != false {
		t.Error("an account without Teams made a Teams meeting")
	}
	l := newLab(t, func(o *Options) { o.Quirks.Teams = true })
	a := l.must(201, "POST", "/me/events", meeting(5, `"isOnlineMeeting":true`, `"body":{"contentType":"text","content":"agenda"}`))
	join, _ := a.body["onlineMeeting"].(map[string]any)["joinUrl"].(string)
	if body := a.body["body"].(map[string]any)["content"].(string); join == "" || !strings.Contains(body, join) || !strings.Contains(body, "agenda") {
		t.Errorf("join %q, body %q", join, body)
	}
	path := "/me/events/" + a.text("id")
	if a = l.must(200, "PATCH", path, `{"isOnlineMeeting":false}`); a.body["isOnlineMeeting"] != true {
		t.Error("an online meeting cannot be made an ordinary one")
	}
	if a = l.must(200, "PATCH", path, `{"body":{"contentType":"text","content":"new"}}`); a.body["isOnlineMeeting"] != false {
		t.Error("a body without the meeting's block must disable it")
	}
}
