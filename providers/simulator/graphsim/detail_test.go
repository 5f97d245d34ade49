package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

func TestAttachmentsAreListed(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(5))
	at := "/me/events/" + id
	attach := func(slot string, a mailbox.Attachment) {
		t.Helper()
		if err := l.Attach("primary", id, slot, a); err != nil {
			t.Fatal(err)
		}
	}
	attach("", mailbox.Attachment{Title: "logo.png", URL: "cid:logo", MIMEType: "image/png"})
	if e := l.must(200, "GET", at, ""); e.body["hasAttachments"] != false {
		t.Error("a picture within the notes alone counts as an attachment")
	}
	attach("", mailbox.Attachment{Title: "plan.pdf", MIMEType: "application/pdf"})
	attach("", mailbox.Attachment{Title: "Minutes", URL: "https://files.example.com/minutes"})
	if e := l.must(200, "GET", at, ""); e.body["hasAttachments"] != true {
		t.Error("two attachments do not count")
	}
	var got []string
	for _, a := range l.must(200, "GET", at+"/attachments?$select=name,contentType,isInline,size", "").items() {
		if a["contentBytes"] != nil || a["lastModifiedDateTime"] != nil || a["id"] == "" {
			t.Errorf("with $select there is %v", a)
		}
		got = append(got, fmt.Sprint(a["name"], " ", a["isInline"], " ", a["contentType"], " ", strings.TrimPrefix(a["@odata.type"].(string), "#microsoft.graph.")))
	}
	if want := []string{"logo.png true image/png fileAttachment", "plan.pdf false application/pdf fileAttachment", "Minutes false <nil> referenceAttachment"}; !slices.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
	whole := l.must(200, "GET", at+"/attachments?$top=2", "")
	if list := whole.items(); len(list) != 2 || list[1]["contentBytes"] == nil || whole.text("@odata.nextLink") == "" {
		t.Errorf("a first page of two, in full: %v", whole.body)
	}
	for _, name := range []string{"contentBytes", "sourceUrl"} { // of one kind only, and of beta
		if a := l.call("GET", at+"/attachments?$select="+name, ""); a.status != 400 {
			t.Errorf("$select=%s: %d", name, a.status)
		}
	}
	l.must(404, "GET", "/me/events/"+longID("AAMkAGUx", "never")+"/attachments", "")

	id, _ = l.add(tuesdays)
	attach("20260310T090000Z", mailbox.Attachment{Title: "for this one"})
	with := 0
	for _, o := range l.must(200, "GET", "/me/events/"+id+"/instances?"+march, "").items() {
		if o["hasAttachments"] == true {
			with++
		}
	}
	if e := l.must(200, "GET", "/me/events/"+id, ""); e.body["hasAttachments"] != false || with != 1 {
		t.Errorf("the series has attachments: %v, and %d of its occurrences; want one of them alone", e.body["hasAttachments"], with)
	}
}

// tuesdays is a series of Tuesdays from March 3 on.
var tuesdays = meeting(3, recurrence(`"type":"weekly","interval":1,"daysOfWeek":["tuesday"]`, `"type":"noEnd","startDate":"2026-03-03"`))

func TestHowAnInvitationIsAnswered(t *testing.T) {
	for _, c := range []struct {
		action, body   string
		status, mails  int
		answer, showAs string // empty: it is gone
	}{
		{"accept", `{"sendResponse":false}`, 202, 0, "accepted", "busy"},
		{"accept", `{"SendResponse":true,"Comment":"yes"}`, 202, 1, "accepted", "busy"},
		{"accept", `{}`, 202, 1, "accepted", "busy"}, // the default is to tell
		{"tentativelyAccept", `{"sendResponse":false}`, 202, 0, "tentativelyAccepted", "tentative"},
		{"decline", `{"sendResponse":false}`, 202, 0, "", ""},
		{"decline", `{"sendResponse":false,"proposedNewTime":{}}`, 400, 0, "notResponded", "busy"},
		{"accept", `{"sendResponse":"false"}`, 400, 0, "notResponded", "busy"},
		{"accept", `{"notify":false}`, 400, 0, "notResponded", "busy"},
	} {
		for _, keep := range []bool{false, true} {
			l := newLab(t, func(o *Options) { o.Switches.KeepDeclined = keep })
			e := l.mb.AddEvent("primary", mailbox.Event{Title: "Come", Organizer: mailbox.Person{Email: "bob@example.com"},
				Start: mailbox.Moment{Local: "2026-03-05T10:00:00"}, End: mailbox.Moment{Local: "2026-03-05T11:00:00"},
				Attendees: []mailbox.Attendee{{Person: l.mb.Owner, Type: "required", Response: "needsAction"}}})
			a := l.call("POST", "/me/events/"+e.ID+"/"+c.action, c.body)
			if a.status != c.status || len(l.mails()) != c.mails {
				t.Errorf("%s %s: %d", c.action, c.body, a.status)
			}
			answer, showAs := c.answer, c.showAs
			if keep && answer == "" {
				answer, showAs = "declined", "free"
			}
			now := l.call("GET", "/me/events/"+e.ID, "")
			if answer == "" {
				if now.status != 404 {
					t.Errorf("%s: it is still there", c.action)
				}
				continue
			}
			if r, _ := now.body["responseStatus"].(map[string]any); r["response"] != answer || now.text("showAs") != showAs {
				t.Errorf("%s %s: answered %v, shown as %s; want %s, %s", c.action, c.body, r, now.text("showAs"), answer, showAs)
			}
		}
	}
}

func TestCollectionsAreNeverNull(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(5, `"categories":["Zebra, with a comma","blue","Blue"]`))
	for _, name := range []string{"categories", "attendees", "locations", "singleValueExtendedProperties"} {
		if a := l.call("PATCH", "/me/events/"+id, `{"`+name+`":null}`); a.status != 400 {
			t.Errorf("%s: null is answered with %d", name, a.status)
		}
	}
	if a := l.call("PATCH", "/me/events/"+id, `{"categories":"blue"}`); a.status != 400 {
		t.Errorf("a single name is answered with %d", a.status)
	}
	got := fmt.Sprint(l.must(200, "GET", "/me/events/"+id, "").body["categories"])
	if want := "[Zebra, with a comma blue Blue]"; got != want {
		t.Errorf("categories are %s, want %s as they were sent", got, want)
	}
	a := l.must(200, "PATCH", "/me/events/"+id, `{"categories":[]}`)
	if got := fmt.Sprint(a.body["categories"]); got != "[]" {
		t.Errorf("cleared, categories are %s", got)
	}
}

func TestATidyUpRuleRewritesWhatClientsWrite(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Switches.Rewrites = true })
	_, link := l.round("/me/calendarView/delta?" + march)
	body := func(a map[string]any) string { return a["body"].(map[string]any)["content"].(string) }
	wrote := func(what string, a answer, title string) {
		t.Helper()
		if a.text("subject") != title || strings.Contains(body(a.body), tidyLine) {
			t.Errorf("%s: the write answers %q, %s; want what was written", what, a.text("subject"), body(a.body))
		}
		var items []map[string]any
		items, link = l.round(link)
		now := l.must(200, "GET", "/me/events/"+a.text("id"), "").body
		if len(items) == 0 || now["subject"] != strings.ToUpper(title) || strings.Count(body(now), tidyLine) != 1 || now["changeKey"] == a.text("changeKey") {
			t.Errorf("%s: afterwards it is %v, %s; delta has %v", what, now["subject"], body(now), said(items))
		}
		again := l.must(200, "GET", "/me/events/"+a.text("id"), "").body
		items, link = l.round(link)
		if again["changeKey"] != now["changeKey"] || len(items) != 0 {
			t.Errorf("%s: it goes on changing by itself: %v", what, said(items))
		}
	}
	a := l.must(201, "POST", "/me/events", meeting(5, `"location":{"displayName":"room 5"},"body":{"contentType":"text","content":"bring it"}`))
	id := "/me/events/" + a.text("id")
	wrote("created", a, "Meeting 5")
	if now := l.must(200, "GET", id, ""); fmt.Sprint(now.body["location"].(map[string]any)["displayName"]) != "ROOM 5" || !strings.Contains(body(now.body), "bring it") {
		t.Errorf("place and notes are %v, %s", now.body["location"], body(now.body))
	}
	wrote("written again", l.must(200, "PATCH", id, `{"subject":"Once more","body":{"contentType":"html","content":"anew"}}`), "Once more")
	if before, after := l.must(200, "GET", id, "").text("changeKey"), l.must(200, "PATCH", id, `{"showAs":"free"}`).text("changeKey"); after == before ||
		l.must(200, "GET", id, "").text("changeKey") != after {
		t.Error("a write that leaves nothing to tidy up does not stand as answered")
	}
	series, _ := l.add(tuesdays)
	_, link = l.round(link)
	one := l.must(200, "GET", "/me/events/"+series+"/instances?"+march, "").items()[1]
	l.must(200, "PATCH", "/me/events/"+one["id"].(string), `{"subject":"Only this one"}`)
	now := l.must(200, "GET", "/me/events/"+one["id"].(string), "")
	if master := l.must(200, "GET", "/me/events/"+series, ""); now.text("subject") != "ONLY THIS ONE" || master.text("subject") != "MEETING 3" {
		t.Errorf("the occurrence is %q, its series %q", now.text("subject"), master.text("subject"))
	}
}
