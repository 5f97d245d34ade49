package simulator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestControlMakesMeetingsInFullDetail(t *testing.T) {
	const both = `"title":"Board","start":"2026-07-15T10:00:00","end":"2026-07-15T11:00:00",
		"guests":["kim@example.org",{"email":"lee@example.org","name":"Lee","response":"declined","optional":true}],
		"conference":"https://video.example/j/1","attachments":[{"name":"Agenda","url":"https://files.example/1"}],"reminders":[10,30]`
	minutes := []int{10, 30}
	common := ControlDetail{
		Responses: map[string]string{"lee@example.org": "declined"}, Conference: "https://video.example/j/1",
		Attachments: []ControlAttachment{{"Agenda", "https://files.example/1"}}, Reminders: &minutes,
	}
	for s, c := range map[Service]struct {
		own  string
		want func(*ControlDetail)
		edit string
		then func(*ControlDetail)
	}{
		Google: {`,"color":"tomato","properties":{"crm":"4711"},"type":"outOfOffice"`,
			func(d *ControlDetail) {
				d.Color, d.Type, d.Properties = "tomato", "outOfOffice", map[string]string{"crm": "4711"}
			},
			`{"color":"","properties":{},"reminders":"default","conference":"","attachments":[],"organizer":{"email":"boss@example.org","name":"Boss"},
				"guests":[{"email":"robin@google.example","response":"accepted"}]}`,
			func(d *ControlDetail) {
				*d = ControlDetail{Type: "outOfOffice", Organizer: "boss@example.org", Responses: map[string]string{"robin@google.example": "accepted"}}
			}},
		Outlook: {`,"categories":["Red category","Board"],"importance":"high"`,
			func(d *ControlDetail) { d.Categories, d.Importance = []string{"Red category", "Board"}, "high" },
			`{"categories":["Board"],"importance":"low","reminders":[]}`,
			func(d *ControlDetail) {
				d.Categories, d.Importance, d.Reminders = []string{"Board"}, "low", &[]int{}
			}},
	} {
		t.Run(string(s), func(t *testing.T) {
			l := newControlLab(t, s)
			var made, changed ControlEvent
			l.call("POST", "events", `{`+both+c.own+`}`, &made)
			want := common
			c.want(&want)
			if diff := cmp.Diff(want, made.ControlDetail); diff != "" || len(made.Guests) != 2 {
				t.Errorf("added %v (-want +got):\n%s", made.Guests, diff)
			}
			l.call("PATCH", "events/"+made.ID, c.edit, &changed)
			c.then(&want)
			if diff := cmp.Diff(want, changed.ControlDetail); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
			if n := len(l.sim.Mailbox().Mails()); n != 0 {
				t.Errorf("%d mails", n)
			}
		})
	}
}

func TestControlAnswersOneOccurrence(t *testing.T) {
	l := newControlLab(t, Google)
	var made ControlEvent
	l.call("POST", "events", `{"title":"Weekly","start":"2026-07-15","end":"2026-07-16","recurrence":["RRULE:FREQ=WEEKLY"],
		"organizer":"boss@example.org","guests":[{"email":"robin@google.example","response":"accepted"}]}`, &made)
	l.call("PATCH", "events/"+made.ID+"?occurrence=20260722", `{"guests":[{"email":"robin@google.example","response":"declined"}]}`, nil)
	e := l.sim.Mailbox().Event("primary", made.ID+"_20260722")
	if e == nil || e.Attendees[0].Response != "declined" || e.Title != "Weekly" {
		t.Errorf("the occurrence is %+v", e)
	}
}

func TestControlRefusesDetailsThatTheServiceHasNot(t *testing.T) {
	for _, c := range []struct {
		s          Service
		edit, want string
	}{
		{Google, `"importance":"high"`, "importance: google has none"},
		{Google, `"categories":["Red"]`, "categories: google has none"},
		{Outlook, `"color":"tomato"`, "color: outlook has none"},
		{Outlook, `"properties":{"a":"b"}`, "properties: outlook has none"},
		{Outlook, `"importance":"urgent"`, "importance"},
		{Google, `"color":"mauve"`, "color"},
		{Google, `"type":"holiday"`, "type"},
		{Google, `"reminders":"soon"`, "reminders"},
		{Google, `"guests":[{"response":"accepted"}]`, "no mail address"},
		{Google, `"guests":[{"email":"a@b.c","response":"yes"}]`, "response"},
		{Google, `"guests":[{"email":"a@b.c","answer":"accepted"}]`, "answer"},
	} {
		var answer struct{ Error string }
		l := newControlLab(t, c.s)
		if code := l.call("POST", "events", `{"title":"x","start":"2026-07-15","end":"2026-07-16",`+c.edit+`}`, &answer); code != 400 || !strings.Contains(answer.Error, c.want) {
			t.Errorf("%s: %d %q, want %q", c.edit, code, answer.Error, c.want)
		}
	}
}
