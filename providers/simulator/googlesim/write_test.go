package googlesim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

const hour = `"start":{"dateTime":"2026-03-03T10:00:00+01:00"},"end":{"dateTime":"2026-03-03T11:00:00+01:00"}`

func TestInsertIsRefusedAsTheServiceDoes(t *testing.T) {
	for _, c := range []struct {
		name, query, body string
		status            int
		reason, message   string // message: a part of it
	}{
		{"nothing at all: the end is looked at first", "", ``, 400, "required", "Missing end time."},
		{"no start", "", `{"end":{"date":"2026-03-04"}}`, 400, "required", "Missing start time."},
		{"date against dateTime", "", `{"start":{"date":"2026-03-03"},"end":{"dateTime":"2026-03-03T10:00:00Z"}}`, 400, "invalid", "must either both be date"},
		{"both kinds in one", "", `{"start":{"date":"2026-03-03","dateTime":"2026-03-03T10:00:00Z"},"end":{"date":"2026-03-04"}}`, 400, "invalid", "Invalid start time."},
		{"end before start", "", `{"start":{"dateTime":"2026-03-03T10:00:00Z"},"end":{"dateTime":"2026-03-03T09:00:00Z"}}`, 400, "timeRangeEmpty", "time range is empty"},
		{"all-day of no day", "", `{"start":{"date":"2026-03-03"},"end":{"date":"2026-03-03"}}`, 400, "timeRangeEmpty", "time range is empty"},
		{"no offset and no zone", "", `{"start":{"dateTime":"2026-03-03T10:00:00"},"end":{"dateTime":"2026-03-03T11:00:00Z"}}`, 400, "invalid", "Missing time zone definition for start time."},
		{"a Windows zone", "", `{"start":{"dateTime":"2026-03-03T10:00:00","timeZone":"W. Europe Standard Time"},"end":{"dateTime":"2026-03-03T11:00:00Z"}}`, 400, "invalid", "Invalid time zone definition for start time."},
		{"a date that is none", "", `{"start":{"date":"2026-02-30"},"end":{"date":"2026-03-04"}}`, 400, "invalid", "Invalid format"},
		{"an id with a w", "", `{"id":"wxyz1",` + hour + `}`, 400, "invalid", "Invalid resource id value."},
		{"an id too short", "", `{"id":"abcd",` + hour + `}`, 400, "invalid", "Invalid resource id value."},
		{"id and iCalUID", "", `{"id":"abcde","iCalUID":"u@x",` + hour + `}`, 400, "invalid", "Only one of id and iCalUID"},
		{"an unknown field", "", `{"sumary":"x",` + hour + `}`, 400, "badRequest", `Unknown name "sumary"`},
		{"an unknown field below", "", `{"start":{"dateTime":"2026-03-03T10:00:00Z","tz":"UTC"},"end":{"date":"2026-03-04"}}`, 400, "badRequest", `Unknown name "tz" at 'event.start'`},
		{"a sequence as text", "", `{"sequence":"1",` + hour + `}`, 400, "badRequest", "want an integer"},
		{"no JSON", "", `{`, 400, "parseError", "Parse Error"},
		{"an unknown parameter", "?sendUpdate=all", `{` + hour + `}`, 400, "badRequest", "sendUpdate"},
		{"a value out of the list", "?sendUpdates=some", `{` + hour + `}`, 400, "invalidParameter", "sendUpdates"},
		{"a truth that is none", "?supportsAttachments=1", `{` + hour + `}`, 400, "invalidParameter", "supportsAttachments"},
		{"defaults and overrides", "", `{"reminders":{"useDefault":true,"overrides":[{"method":"popup","minutes":5}]},` + hour + `}`, 400, "cannotUseDefaultRemindersAndSpecifyOverride", "Cannot specify both"},
		{"an override without minutes", "", `{"reminders":{"useDefault":false,"overrides":[{"method":"popup"}]},` + hour + `}`, 400, "required", "minutes"},
		{"an override beyond four weeks", "", `{"reminders":{"useDefault":false,"overrides":[{"method":"popup","minutes":40321}]},` + hour + `}`, 400, "invalid", "minutes"},
		{"an override of another kind", "", `{"reminders":{"useDefault":false,"overrides":[{"method":"sms","minutes":1}]},` + hour + `}`, 400, "invalid", "method"},
		{"a guest without address", "", `{"attendees":[{"displayName":"Kim"}],` + hour + `}`, 400, "required", "email"},
		{"a guest with no address", "", `{"attendees":[{"email":"Kim"}],` + hour + `}`, 400, "invalid", "email"},
		{"a mail event", "", `{"eventType":"fromGmail",` + hour + `}`, 400, "eventTypeRestriction", "cannot be created"},
		{"focus time all day", "", `{"eventType":"focusTime","start":{"date":"2026-03-03"},"end":{"date":"2026-03-04"}}`, 400, "eventTypeRestriction", "must be timed"},
		{"a working location in private", "", `{"eventType":"workingLocation",` + hour + `}`, 400, "eventTypeRestriction", "public, transparent"},
		{"another type's properties", "", `{"focusTimeProperties":{"chatStatus":"available"},` + hour + `}`, 400, "invalid", "focusTimeProperties"},
		{"an unknown event type", "", `{"eventType":"party",` + hour + `}`, 400, "invalid", "party"},
		{"an unknown colour", "", `{"colorId":"12",` + hour + `}`, 400, "invalid", "color"},
		{"a source that is no web page", "", `{"source":{"url":"file:///x"},` + hour + `}`, 400, "invalid", "source"},
		{"a series without zones", "", `{"recurrence":["RRULE:FREQ=DAILY"],` + hour + `}`, 400, "invalid", "Missing time zone definition for start time."},
		{"a series whose end has no zone", "", `{"recurrence":["RRULE:FREQ=DAILY"],"start":{"dateTime":"2026-03-03T10:00:00Z","timeZone":"UTC"},"end":{"dateTime":"2026-03-03T11:00:00Z"}}`, 400, "invalid", "Missing time zone definition for end time."},
		{"a rule and its DTSTART", "", `{"recurrence":["DTSTART:20260303T100000Z","RRULE:FREQ=DAILY"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
		{"a rule without its name", "", `{"recurrence":["FREQ=DAILY"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
		{"a rule that ends twice", "", `{"recurrence":["RRULE:FREQ=DAILY;COUNT=3;UNTIL=20260401T000000Z"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
		{"an end without Z", "", `{"recurrence":["RRULE:FREQ=DAILY;UNTIL=20260401T000000"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
		{"a date to end a timed series", "", `{"recurrence":["RRULE:FREQ=DAILY;UNTIL=20260401"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
		{"an instant to end an all-day series", "", `{"recurrence":["RRULE:FREQ=DAILY;UNTIL=20260401T000000Z"],"start":{"date":"2026-03-03"},"end":{"date":"2026-03-04"}}`, 400, "invalid", "Invalid recurrence rule."},
		{"only exclusions", "", `{"recurrence":["EXDATE:20260303T100000Z"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
		{"a floating exclusion", "", `{"recurrence":["RRULE:FREQ=DAILY","EXDATE:20260303T100000"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
		{"a rule that bursts", "", `{"recurrence":["RRULE:FREQ=SECONDLY"],` + zoned + `}`, 400, "invalid", "Invalid recurrence rule."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			a := b.want(c.status, "POST", "calendars/primary/events"+c.query, c.body)
			if a.reason() != c.reason || !strings.Contains(a.message(), c.message) {
				t.Errorf("reason %q, message %q, want %q, %q", a.reason(), a.message(), c.reason, c.message)
			}
			if n := len(b.box.Events("primary")); n != 0 {
				t.Errorf("%d events were made all the same", n)
			}
		})
	}
}

func TestOnlyWhatIsUndeclaredIsNotedAsUnknown(t *testing.T) {
	b := newBench(t)
	b.want(400, "POST", "calendars/primary/events?foo=1", `{`+hour+`}`)
	b.want(400, "POST", "calendars/primary/events", `{"bar":1,`+hour+`}`)
	b.want(400, "POST", "calendars/primary/events", `{"summary":1,`+hour+`}`)
	b.want(404, "GET", "calendars/primary/meetings", ``)
	b.want(400, "GET", "calendars/primary/events?fields=items(title)", ``)
	b.want(400, "POST", "calendars/primary/events", `{}`)
	b.want(501, "GET", "calendars/primary/acl", ``)
	got := b.record.Snapshot()
	if len(got.Unknown) != 5 {
		t.Errorf("unknown: %q", got.Unknown)
	}
	if fmt.Sprint(got.NotImplemented) != "[acl.list]" {
		t.Errorf("not implemented: %q", got.NotImplemented)
	}
}

func TestANewEventComesBackAsTheServiceShowsIt(t *testing.T) {
	b := newBench(t)
	a := b.want(200, "POST", "calendars/primary/events", `{"id":"abcde","summary":"Lunch",
		"description":"`+strings.Repeat("ä", 9000)+`",
		"start":{"dateTime":"2026-07-01T12:00:00.5Z","timeZone":"America/New_York"},
		"end":{"dateTime":"2026-07-01T09:00:00","timeZone":"America/New_York"},
		"guestsCanInviteOthers":true,"transparency":"opaque","visibility":"default",
		"extendedProperties":{"private":{"`+strings.Repeat("k", 45)+`":"x","twin":"`+strings.Repeat("v", 1100)+`"}},
		"kind":"x","etag":"x","created":"x","htmlLink":"x","creator":{"email":"x@y"},"organizer":{"email":"x@y"}}`)
	if got := len([]rune(a.text("description"))); got != 8192 {
		t.Errorf("description of %d characters, want 8192", got)
	}
	for path, want := range map[string]string{
		"start/dateTime": "2026-07-01T14:00:00+02:00", // in the calendar's zone
		"start/timeZone": "America/New_York",          // the event's own
		"end/dateTime":   "2026-07-01T15:00:00+02:00",
		"iCalUID":        "abcde@google.com",
		"status":         "confirmed", "eventType": "default", "kind": "calendar#event",
		"creator/email": "robin@example.com", "organizer/email": "robin@example.com",
		"transparency": "", "visibility": "",
	} {
		if got := a.text(strings.Split(path, "/")...); got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
	private := a.body["extendedProperties"].(obj)["private"].(obj)
	if len(private) != 1 || len(private["twin"].(string)) != 1024 {
		t.Errorf("properties were not cut: %d, %d", len(private), len(private["twin"].(string)))
	}
	if _, ok := a.body["guestsCanInviteOthers"]; ok {
		t.Error("a default was sent")
	}
	if tag := a.text("etag"); !strings.HasPrefix(tag, `"3`) || strings.Trim(tag, `"0123456789`) != "" {
		t.Errorf("etag %s is no quoted number", tag)
	}
	other := b.want(200, "GET", "calendars/primary/events/abcde?timeZone=Asia/Tokyo", "")
	if got := other.text("start", "dateTime"); got != "2026-07-01T21:00:00+09:00" {
		t.Errorf("asked for in Tokyo's time: %s", got)
	}
}

func TestAnIdStaysTakenForEver(t *testing.T) {
	b := newBench(t)
	b.add("abcde", "Once")
	body := `{"id":"abcde",` + hour + `}`
	if a := b.want(409, "POST", "calendars/primary/events", body); a.reason() != "duplicate" {
		t.Errorf("reason %q", a.reason())
	}
	b.want(204, "DELETE", "calendars/primary/events/abcde", "")
	b.want(409, "POST", "calendars/primary/events", body)
	if a := b.want(410, "DELETE", "calendars/primary/events/abcde", ""); a.reason() != "deleted" {
		t.Errorf("second delete: %q", a.reason())
	}
	if a := b.want(200, "GET", "calendars/primary/events/abcde", ""); a.text("status") != "cancelled" {
		t.Errorf("get of a deleted event: %s", a.raw)
	}
	b.want(404, "DELETE", "calendars/primary/events/never", "")
	// Patch without a status leaves it deleted, with one it lives again.
	if a := b.want(200, "PATCH", "calendars/primary/events/abcde", `{"summary":"Twice"}`); a.text("status") != "cancelled" {
		t.Errorf("a patch revived it: %s", a.raw)
	}
	if a := b.want(200, "PATCH", "calendars/primary/events/abcde", `{"status":"confirmed"}`); a.text("status") != "confirmed" {
		t.Errorf("it did not come back: %s", a.raw)
	}
	if ids, _ := b.read(""); fmt.Sprint(ids) != "[abcde/confirmed]" {
		t.Errorf("listed: %v", ids)
	}
	b.want(200, "PATCH", "calendars/primary/events/abcde", `{"status":"cancelled"}`)
	if n := len(b.box.Events("primary")); n != 0 {
		t.Error("status cancelled did not delete")
	}
}

func TestPatchMergesAndUpdateReplaces(t *testing.T) {
	full := `{"id":"abcde","summary":"S","description":"D","location":"L","colorId":"5","transparency":"transparent",
		"attendees":[{"email":"kim@example.org"},{"email":"lee@example.org"}],
		"extendedProperties":{"private":{"a":"1","b":"2"},"shared":{"c":"3"}},
		"reminders":{"useDefault":false,"overrides":[{"method":"popup","minutes":0}]},` + hour + `}`
	for _, c := range []struct{ name, method, body, want string }{
		{"a patch leaves what it does not name", "PATCH", `{"summary":"T"}`,
			"T|D|L|5|transparent|2|map[a:1 b:2]|map[c:3]|false"},
		{"null clears", "PATCH", `{"description":null,"location":null,"colorId":null,"transparency":null}`,
			"S|||||2|map[a:1 b:2]|map[c:3]|false"},
		{"empty text clears", "PATCH", `{"summary":""}`, "|D|L|5|transparent|2|map[a:1 b:2]|map[c:3]|false"},
		{"objects merge, null deletes a key", "PATCH", `{"extendedProperties":{"private":{"a":null,"z":"9"}}}`,
			"S|D|L|5|transparent|2|map[b:2 z:9]|map[c:3]|false"},
		{"of shared ones, too", "PATCH", `{"extendedProperties":{"shared":{"c":null,"d":"4"}}}`,
			"S|D|L|5|transparent|2|map[a:1 b:2]|map[d:4]|false"},
		{"lists are replaced whole", "PATCH", `{"attendees":[{"email":"kim@example.org"}]}`,
			"S|D|L|5|transparent|1|map[a:1 b:2]|map[c:3]|false"},
		{"an empty reminders object changes nothing in a patch", "PATCH", `{"reminders":{}}`,
			"S|D|L|5|transparent|2|map[a:1 b:2]|map[c:3]|false"},
		{"back to the default reminders", "PATCH", `{"reminders":{"useDefault":true,"overrides":null}}`,
			"S|D|L|5|transparent|2|map[a:1 b:2]|map[c:3]|true"},
		{"an update clears what it does not send", "PUT", `{"summary":"T",` + hour + `}`, "T|||||0|map[]|map[]|true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.want(200, "POST", "calendars/primary/events", full)
			a := b.want(200, c.method, "calendars/primary/events/abcde", c.body)
			guests, _ := a.body["attendees"].([]any)
			x, _ := a.body["extendedProperties"].(obj)
			private, _ := x["private"].(obj)
			shared, _ := x["shared"].(obj)
			got := fmt.Sprintf("%s|%s|%s|%s|%s|%d|%v|%v|%v", a.text("summary"), a.text("description"), a.text("location"),
				a.text("colorId"), a.text("transparency"), len(guests), private, shared, a.body["reminders"].(obj)["useDefault"])
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestSwitchingBetweenAllDayAndTimedNeedsNulls(t *testing.T) {
	b := newBench(t)
	b.add("abcde", "Day")
	b.want(400, "PATCH", "calendars/primary/events/abcde", `{"start":{"date":"2026-03-03"},"end":{"date":"2026-03-04"}}`)
	a := b.want(200, "PATCH", "calendars/primary/events/abcde",
		`{"start":{"date":"2026-03-03","dateTime":null,"timeZone":null},"end":{"date":"2026-03-04","dateTime":null,"timeZone":null}}`)
	if a.text("start", "date") != "2026-03-03" || a.text("start", "dateTime") != "" {
		t.Errorf("start: %s", a.raw)
	}
}

func TestConditionsGuardWritesAndSaveReads(t *testing.T) {
	b := newBench(t)
	first := b.add("abcde", "One").text("etag")
	second := b.with("If-Match", first).want(200, "PATCH", "calendars/primary/events/abcde", `{"summary":"Two"}`).text("etag")
	if first == second {
		t.Fatal("the etag did not move")
	}
	for _, c := range [][2]string{{"PATCH", `{"summary":"x"}`}, {"PUT", `{` + hour + `}`}, {"DELETE", ""}} {
		a := b.with("If-Match", first).want(412, c[0], "calendars/primary/events/abcde", c[1])
		if a.reason() != "conditionNotMet" || a.message() != "Precondition Failed" {
			t.Errorf("%s: %s", c[0], a.raw)
		}
	}
	a := b.with("If-None-Match", second).want(304, "GET", "calendars/primary/events/abcde", "")
	if a.raw != "" {
		t.Errorf("a 304 with a body: %s", a.raw)
	}
	b.with("If-None-Match", first).want(200, "GET", "calendars/primary/events/abcde", "")
	b.with("If-Match", "*").want(204, "DELETE", "calendars/primary/events/abcde", "")
}

func TestRemindersLeaveTheTimeOfTheLastChangeAlone(t *testing.T) {
	b := newBench(t)
	before := b.add("abcde", "One")
	_, token := b.read("")
	after := b.want(200, "PATCH", "calendars/primary/events/abcde", `{"reminders":{"useDefault":false}}`)
	if before.text("updated") != after.text("updated") || before.text("etag") == after.text("etag") {
		t.Errorf("updated %s -> %s, etag %s -> %s", before.text("updated"), after.text("updated"), before.text("etag"), after.text("etag"))
	}
	if ids, _ := b.read("syncToken=" + token); len(ids) != 1 {
		t.Errorf("increment: %v", ids)
	}
}

func TestANoOpPatchMovesTheETagUnlessSwitched(t *testing.T) {
	for _, keep := range []bool{false, true} {
		b := newBench(t, func(s *mailbox.GoogleSwitches) { s.NoOpPatchKeepsETag = keep })
		before := b.add("abcde", "One").text("etag")
		after := b.want(200, "PATCH", "calendars/primary/events/abcde", `{"summary":"One"}`).text("etag")
		if (before == after) != keep {
			t.Errorf("keep %v: %s -> %s", keep, before, after)
		}
	}
}

func TestTheSequenceGrowsWithTimeAndPlace(t *testing.T) {
	b := newBench(t)
	b.add("abcde", "One")
	sequence := func(body string) any {
		return b.want(200, "PATCH", "calendars/primary/events/abcde", body).body["sequence"]
	}
	if got := sequence(`{"summary":"x"}`); got != 0.0 {
		t.Errorf("after a new title: %v", got)
	}
	if got := sequence(`{"end":{"dateTime":"2026-03-03T12:00:00+01:00"}}`); got != 1.0 {
		t.Errorf("after a new time: %v", got)
	}
	if got := sequence(`{"sequence":7}`); got != 7.0 {
		t.Errorf("after a written one: %v", got)
	}
	a := b.want(400, "PATCH", "calendars/primary/events/abcde", `{"sequence":3}`)
	if !strings.HasPrefix(a.message(), "Invalid sequence value.") {
		t.Errorf("message %q", a.message())
	}
}

func TestConferenceDataNeedsItsVersion(t *testing.T) {
	b := newBench(t)
	body := `{"summary":"Call","conferenceData":{"createRequest":{"requestId":"r1","conferenceSolutionKey":{"type":"hangoutsMeet"}}},` + hour + `}`
	if a := b.want(200, "POST", "calendars/primary/events", body); a.body["conferenceData"] != nil {
		t.Error("it was not ignored")
	}
	a := b.want(200, "POST", "calendars/primary/events?conferenceDataVersion=1", body)
	if !strings.HasPrefix(a.text("hangoutLink"), "https://meet.google.com/") {
		t.Errorf("no conference: %s", a.raw)
	}
	path := "calendars/primary/events/" + a.text("id")
	if a := b.want(200, "PUT", path, `{`+hour+`}`); a.text("hangoutLink") == "" {
		t.Error("an update of version 0 cleared it")
	}
	if a := b.want(200, "PATCH", path+"?conferenceDataVersion=1", `{"conferenceData":null}`); a.text("hangoutLink") != "" {
		t.Errorf("null did not clear it: %s", a.raw)
	}
}

func TestMoveAnswersCancelledAndLeavesATombstone(t *testing.T) {
	b := newBench(t)
	b.box.AddCalendar(mailbox.Calendar{ID: "team@group.calendar.google.com", Name: "Team"})
	b.add("abcde", "Away")
	_, token := b.read("")
	a := b.want(200, "POST", "calendars/primary/events/abcde/move?destination=team@group.calendar.google.com", "")
	if a.text("status") != "cancelled" || a.text("organizer", "email") != "team@group.calendar.google.com" {
		t.Errorf("answer %s", a.raw)
	}
	if ids, _ := b.read("syncToken=" + token); fmt.Sprint(ids) != "[abcde/cancelled]" {
		t.Errorf("here: %v", ids)
	}
	if got := b.want(200, "GET", "calendars/team@group.calendar.google.com/events", "").ids(); got != "abcde" {
		t.Errorf("there: %s", got)
	}
	b.want(400, "POST", "calendars/primary/events/abcde/move", "")
}

func TestImportMakesAPrivateCopyAndMailsNobody(t *testing.T) {
	body := `{"iCalUID":"6F140ABD@x","organizer":{"email":"boss@example.org"},"attendees":[{"email":"robin@example.com"}],` + hour + `}`
	b := newBench(t)
	a := b.want(200, "POST", "calendars/primary/events/import", body)
	if !strings.HasPrefix(a.text("id"), "_") || a.text("organizer", "email") != "boss@example.org" {
		t.Errorf("answer %s", a.raw)
	}
	b.want(409, "POST", "calendars/primary/events/import", body)
	b.want(400, "POST", "calendars/primary/events/import", `{`+hour+`}`)
	b.want(400, "POST", "calendars/primary/events/import?sendUpdates=all", body)
	if b.mails() != "" {
		t.Errorf("mails: %s", b.mails())
	}
	b = newBench(t, func(s *mailbox.GoogleSwitches) { s.ImportReplaces = true })
	b.want(200, "POST", "calendars/primary/events/import", body)
	b.want(200, "POST", "calendars/primary/events/import", body)
	if n := len(b.box.Events("primary")); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestMailsGoOutOnlyWhenAskedFor(t *testing.T) {
	guests := `"attendees":[{"email":"robin@example.com"},{"email":"kim@gmail.com"},{"email":"lee@example.com"}]`
	for _, c := range []struct{ name, query, want string }{
		{"the default is none", "", ""},
		{"none", "?sendUpdates=none", ""},
		{"all but the own address", "?sendUpdates=all", "invitation kim@gmail.com, invitation lee@example.com"},
		{"the deprecated form", "?sendNotifications=true", "invitation kim@gmail.com, invitation lee@example.com"},
		{"not to Google's", "?sendUpdates=externalOnly", "invitation lee@example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.want(200, "POST", "calendars/primary/events"+c.query, `{`+guests+`,`+hour+`}`)
			if got := b.mails(); got != c.want {
				t.Errorf("mails %q, want %q", got, c.want)
			}
		})
	}
	b := newBench(t)
	path := "calendars/primary/events/abcde"
	b.want(200, "POST", "calendars/primary/events", `{"id":"abcde",`+guests+`,`+hour+`}`)
	b.want(200, "PATCH", path+"?sendUpdates=all", `{"colorId":"3","reminders":{"useDefault":false}}`)
	b.want(200, "PATCH", path+"?sendUpdates=all", `{"summary":"New","attendees":[{"email":"kim@gmail.com"},{"email":"new@example.org"}]}`)
	b.want(204, "DELETE", path+"?sendUpdates=all", "")
	want := "cancellation lee@example.com, update kim@gmail.com, invitation new@example.org, cancellation kim@gmail.com, cancellation new@example.org"
	if got := b.mails(); got != want {
		t.Errorf("mails\n got %s\nwant %s", got, want)
	}
}

func TestGuestsMayNotChangeWhatTheOrganizerOwns(t *testing.T) {
	b := newBench(t)
	guest := mailbox.Event{ID: "invited", Title: "Board", Organizer: mailbox.Person{Email: "boss@example.org"},
		Start: mailbox.Moment{Local: "2026-03-03T10:00:00"}, End: mailbox.Moment{Local: "2026-03-03T11:00:00"},
		Attendees: []mailbox.Attendee{{Person: mailbox.Person{Email: "robin@example.com"}}, {Person: mailbox.Person{Email: "kim@example.org"}}}}
	b.box.AddEvent("primary", guest)
	path := "calendars/primary/events/invited"
	for _, body := range []string{`{"summary":"x"}`, `{"location":"x"}`, `{"end":{"dateTime":"2026-03-03T12:00:00+01:00"}}`,
		`{"attendees":[{"email":"robin@example.com"}]}`, `{"status":"tentative"}`,
		`{"extendedProperties":{"private":{"a":"b"},"shared":{"a":"b"}}}`} {
		if a := b.want(403, "PATCH", path, body); a.reason() != "forbiddenForNonOrganizer" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	b.want(403, "PUT", path, `{`+hour+`}`)
	for _, body := range []string{`{"colorId":"3"}`, `{"reminders":{"useDefault":false}}`, `{"transparency":"transparent"}`,
		`{"extendedProperties":{"private":{"a":"b"}}}`} {
		b.want(200, "PATCH", path, body)
	}
	mild := newBench(t, func(s *mailbox.GoogleSwitches) { s.GuestsEditShared = true })
	mild.box.AddEvent("primary", guest)
	mild.want(200, "PATCH", path, `{"extendedProperties":{"shared":{"a":"b"}}}`)
	a := b.want(200, "PATCH", path+"?sendUpdates=all", `{"attendeesOmitted":true,"attendees":[{"email":"robin@example.com","responseStatus":"accepted"}]}`)
	if n := len(a.body["attendees"].([]any)); n != 2 {
		t.Errorf("the other guests are gone: %s", a.raw)
	}
	if got := b.mails(); got != "response boss@example.org" {
		t.Errorf("mails %q", got)
	}
}

func TestAnAnswerIsOnlyOnesOwn(t *testing.T) {
	b := newBench(t)
	row := func(email, response string) mailbox.Attendee {
		return mailbox.Attendee{Person: mailbox.Person{Email: email}, Type: "required", Response: response}
	}
	at := mailbox.Moment{Local: "2026-03-03T10:00:00"}
	b.box.AddEvent("primary", mailbox.Event{ID: "invited", Start: at, End: at, Organizer: mailbox.Person{Email: "boss@example.org"},
		Attendees: []mailbox.Attendee{row("robin@example.com", "needsAction"), row("kim@example.org", "needsAction")}})
	// Of the rows only the own one counts; without attendeesOmitted the list is the list.
	a := b.want(200, "PATCH", "calendars/primary/events/invited",
		`{"attendeesOmitted":true,"attendees":[{"email":"kim@example.org","responseStatus":"declined"},{"email":"robin@example.com","responseStatus":"tentative"}]}`)
	if !strings.Contains(a.raw, `"tentative"`) || strings.Contains(a.raw, `"declined"`) {
		t.Errorf("answered %s", a.raw)
	}
	if a := b.want(403, "PATCH", "calendars/primary/events/invited",
		`{"attendees":[{"email":"robin@example.com","responseStatus":"accepted"}]}`); a.reason() != "forbiddenForNonOrganizer" {
		t.Errorf("the others were dropped: %s", a.raw)
	}
	if got := b.mails(); got != "" {
		t.Errorf("mails %q", got)
	}
}

func TestAnAddOnRewritesWhatIsWritten(t *testing.T) {
	b := newBench(t, func(s *mailbox.GoogleSwitches) { s.Rewrites = true })
	path := "calendars/primary/events/abcde"
	sent := `"summary":"Lunch","location":"Café","description":"one\ntwo",` + hour
	read := func(want ...any) string {
		t.Helper()
		a := b.want(200, "GET", path, "")
		if got := []any{a.body["summary"], a.body["location"], a.body["description"]}; !slices.Equal(got, want) {
			t.Errorf("read %q, want %q", got, want)
		}
		return a.body["etag"].(string)
	}
	made := b.want(200, "POST", "calendars/primary/events", `{"id":"abcde",`+sent+`}`)
	if made.body["summary"] != "Lunch" {
		t.Errorf("answered %s", made.raw)
	}
	tidy := read("LUNCH", "CAFÉ", "one\ntwo\nchecked by compliance")
	if tidy == made.body["etag"] {
		t.Error("rewritten under the version of the write")
	}
	if again := read("LUNCH", "CAFÉ", "one\ntwo\nchecked by compliance"); again != tidy {
		t.Error("rewritten by a read")
	}
	for range 3 { // and again after each write
		b.want(200, "PATCH", path, `{"summary":"Lunch","description":"<b>one</b>"}`)
		if next := read("LUNCH", "CAFÉ", "<b>one</b><br>checked by compliance"); next == tidy {
			t.Error("not rewritten after another write")
		}
	}
	colored := b.want(200, "PATCH", path, `{"colorId":"3"}`)
	if next := read("LUNCH", "CAFÉ", "<b>one</b><br>checked by compliance"); next != colored.body["etag"] {
		t.Error("rewritten though there was nothing to tidy up")
	}
	b.want(204, "DELETE", path, "")
	if got := b.mails(); got != "" {
		t.Errorf("mails %q", got)
	}
}

func TestAQuickWriteLimitIsPerCalendar(t *testing.T) {
	b := newBench(t, func(s *mailbox.GoogleSwitches) { s.QuickWrites, s.QuickWriteWindow = 2, 1e12 })
	b.add("aaaaa", "1")
	b.add("bbbbb", "2")
	a := b.want(403, "DELETE", "calendars/primary/events/aaaaa", "")
	if a.reason() != "rateLimitExceeded" {
		t.Errorf("reason %q", a.reason())
	}
	other := b.box.AddCalendar(mailbox.Calendar{Name: "Other"})
	b.want(200, "POST", "calendars/"+other.ID+"/events", `{`+hour+`}`)
}

func TestSomeEventsMayOnlyBeChangedInPart(t *testing.T) {
	at := mailbox.Moment{Local: "2026-03-03T10:00:00"}
	for _, c := range []struct {
		name      string
		event     mailbox.Event
		good, bad string
		status    int
		reason    string
	}{
		{"from a mail", mailbox.Event{Type: "fromGmail"}, `{"colorId":"3"}`, `{"summary":"x"}`, 400, "eventTypeRestriction"},
		{"a birthday", mailbox.Event{Type: "birthday"}, `{"summary":"Kim"}`, `{"location":"x"}`, 400, "eventTypeRestriction"},
		{"locked", mailbox.Event{Extra: obj{"locked": true}}, `{"colorId":"3"}`, `{"location":"x"}`, 403, "forbidden"},
	} {
		b := newBench(t)
		c.event.ID, c.event.Title, c.event.Start, c.event.End = "special", "Special", at, at
		b.box.AddEvent("primary", c.event)
		path := "calendars/primary/events/special"
		b.want(200, "PATCH", path, c.good)
		if a := b.want(c.status, "PATCH", path, c.bad); a.reason() != c.reason {
			t.Errorf("%s: %s", c.name, a.raw)
		}
		a := b.want(400, "PATCH", path, `{"eventType":"outOfOffice"}`)
		if a.reason() != "eventTypeRestriction" {
			t.Errorf("%s: another type: %s", c.name, a.raw)
		}
	}
}

func TestOnlyTheOrganizerMoves(t *testing.T) {
	b := newBench(t)
	other := b.box.AddCalendar(mailbox.Calendar{Name: "Other"})
	at := mailbox.Moment{Local: "2026-03-03T10:00:00"}
	b.box.AddEvent("primary", mailbox.Event{ID: "invited", Start: at, End: at, Organizer: mailbox.Person{Email: "boss@example.org"}})
	b.box.AddEvent("primary", mailbox.Event{ID: "focus", Start: at, End: at, Type: "focusTime"})
	if a := b.want(403, "POST", "calendars/primary/events/invited/move?destination="+other.ID, ""); a.reason() != "forbiddenForNonOrganizer" {
		t.Errorf("a guest: %s", a.raw)
	}
	if a := b.want(400, "POST", "calendars/primary/events/focus/move?destination="+other.ID, ""); a.reason() != "eventTypeRestriction" {
		t.Errorf("focus time: %s", a.raw)
	}
}

func TestAttachmentsNeedTheirParameter(t *testing.T) {
	b := newBench(t)
	one := `{"fileUrl":"https://x.test/a","title":"A"}`
	body := func(n int) string {
		return `{"attachments":[` + strings.Repeat(one+",", n-1) + one + `],` + hour + `}`
	}
	if a := b.want(200, "POST", "calendars/primary/events", body(1)); a.body["attachments"] != nil {
		t.Error("it was not ignored")
	}
	b.want(400, "POST", "calendars/primary/events?supportsAttachments=true", body(26))
	a := b.want(200, "POST", "calendars/primary/events?supportsAttachments=true", body(25))
	if n := len(a.body["attachments"].([]any)); n != 25 {
		t.Errorf("%d attachments", n)
	}
}

func TestRoomsGetNoMail(t *testing.T) {
	b := newBench(t)
	b.want(200, "POST", "calendars/primary/events?sendUpdates=all",
		`{"attendees":[{"email":"room@resource.calendar.google.com","resource":true}],`+hour+`}`)
	if b.mails() != "" {
		t.Errorf("mails: %s", b.mails())
	}
}

func TestTheQuotaIsASlidingMinute(t *testing.T) {
	b := newBench(t, func(s *mailbox.GoogleSwitches) { s.UnitsPerMinute = 5 })
	b.add("abcde", "One")
	b.want(200, "PATCH", "calendars/primary/events/abcde", `{"summary":"x"}`)
	if a := b.want(403, "PATCH", "calendars/primary/events/abcde", `{"summary":"y"}`); a.reason() != "rateLimitExceeded" {
		t.Errorf("a patch costs three: %s", a.raw)
	}
	b.want(200, "GET", "calendars/primary/events/abcde", "")
	b.want(403, "GET", "calendars/primary/events/abcde", "")
	b.clock = b.clock.Add(2 * 60e9)
	b.want(200, "GET", "calendars/primary/events/abcde", "")
}

func TestSwitchesOfDeletedEvents(t *testing.T) {
	b := newBench(t, func(s *mailbox.GoogleSwitches) {
		s.UpdateDeletedForbidden, s.TombstonesPurged, s.TombstonesKeepDetails = true, true, true
	})
	b.add("abcde", "Kept")
	_, token := b.read("")
	b.delete("abcde")
	b.want(403, "PUT", "calendars/primary/events/abcde", `{"status":"confirmed",`+hour+`}`)
	b.want(404, "GET", "calendars/primary/events/abcde", "")
	if got := b.want(200, "GET", "calendars/primary/events?syncToken="+token, "").items(); len(got) != 1 || got[0]["summary"] != "Kept" || got[0]["status"] != "cancelled" {
		t.Errorf("tombstone: %v", got)
	}
}

func TestTitlesAreTrimmedBySwitch(t *testing.T) {
	for trim, want := range map[bool]string{false: " a ", true: "a"} {
		b := newBench(t, func(s *mailbox.GoogleSwitches) { s.TrimTitles = trim })
		if got := b.add("abcde", " a ").text("summary"); got != want {
			t.Errorf("trim %v: %q", trim, got)
		}
	}
}

func TestTheSecondOfTwoHoursAlikeIsKept(t *testing.T) {
	b := newBench(t)
	a := b.want(200, "POST", "calendars/primary/events",
		`{"id":"abcde","start":{"dateTime":"2026-10-25T02:30:00+01:00"},"end":{"dateTime":"2026-10-25T03:30:00+01:00"}}`)
	if got := a.text("start", "dateTime"); got != "2026-10-25T02:30:00+01:00" {
		t.Errorf("start %s", got)
	}
	a = b.want(200, "PATCH", "calendars/primary/events/abcde", `{"summary":"x"}`)
	if got := a.text("start", "dateTime"); got != "2026-10-25T02:30:00+01:00" || a.body["sequence"] != 0.0 {
		t.Errorf("after a patch of the title: start %s, sequence %v", got, a.body["sequence"])
	}
}
