package graphsim

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

func TestAFreshEventHasTheServicesDefaults(t *testing.T) {
	l := newLab(t)
	a := l.must(201, "POST", "/me/events", `{"@odata.type":"#microsoft.graph.event","subject":"Lunch",`+
		`"start":{"dateTime":"2026-03-15T12:00:00","timeZone":"Pacific Standard Time"},"end":{"dateTime":"2026-03-15T23:30:00.5","timeZone":"Europe/Paris"}}`)
	stampText := "2026-03-01T09:00:00Z"
	want := map[string]any{
		"isReminderOn": true, "reminderMinutesBeforeStart": 15.0, "showAs": "busy", "importance": "normal", "sensitivity": "normal",
		"isAllDay": false, "isCancelled": false, "isDraft": false, "isOrganizer": true, "responseRequested": true,
		"allowNewTimeProposals": true, "hideAttendees": false, "isOnlineMeeting": false, "onlineMeetingProvider": "unknown",
		"onlineMeeting": nil, "onlineMeetingUrl": nil, "seriesMasterId": nil, "transactionId": nil, "recurrence": nil,
		"attendees": []any{}, "categories": []any{}, "locations": []any{}, "hasAttachments": false, "type": "singleInstance",
		"responseStatus": map[string]any{"response": "organizer", "time": "0001-01-01T00:00:00Z"},
		"organizer":      map[string]any{"emailAddress": map[string]any{"name": "Ada Example", "address": "ada@example.com"}},
		"body":           map[string]any{"contentType": "html", "content": ""}, "bodyPreview": "",
		"location":              map[string]any{"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": map[string]any{}, "coordinates": map[string]any{}},
		"start":                 map[string]any{"dateTime": "2026-03-15T19:00:00.0000000", "timeZone": "UTC"},
		"end":                   map[string]any{"dateTime": "2026-03-15T22:30:00.0000000", "timeZone": "UTC"},
		"originalStartTimeZone": "Pacific Standard Time", "originalEndTimeZone": "Europe/Paris",
		"createdDateTime": stampText, "lastModifiedDateTime": stampText, "subject": "Lunch",
	}
	for k, v := range want {
		if got, ok := a.body[k]; !ok || !reflect.DeepEqual(got, v) {
			t.Errorf("%s: %v, want %v", k, got, v)
		}
	}
	for k := range a.body {
		if _, ok := want[k]; !ok && !slices.Contains([]string{"@odata.context", "@odata.etag", "id", "changeKey", "iCalUId", "webLink"}, k) {
			t.Errorf("unexpected %s", k)
		}
	}
	if id := a.text("id"); len(id) < 120 || strings.ContainsAny(id, "+/") {
		t.Errorf("id %q: want about 150 characters of base64url", id)
	}
	if a.text("@odata.etag") != `W/"`+a.text("changeKey")+`"` || a.header.Get("ETag") != a.text("@odata.etag") {
		t.Errorf("etag %q, key %q", a.text("@odata.etag"), a.text("changeKey"))
	}
	if loc := a.header.Get("Location"); !strings.HasPrefix(loc, l.url+"/v1.0/me/") || l.call("GET", loc, "").text("id") != a.text("id") {
		t.Errorf("Location %q", loc)
	}
	l.noUnknown()
}

func TestTimesAndZones(t *testing.T) {
	for name, tc := range map[string]struct {
		start, end, more  string // JSON of dateTimeTimeZone
		prefer            string
		status            int
		code              string
		gotStart, gotZone string // in UTC or the preferred zone
		original          string
		keepAllDayZone    bool
	}{
		"Windows name":        {start: `"2026-07-01T10:00:00","timeZone":"W. Europe Standard Time"`, gotStart: "2026-07-01T08:00:00.0000000", gotZone: "UTC", original: "W. Europe Standard Time"},
		"IANA name":           {start: `"2026-07-01T10:00:00","timeZone":"Europe/Berlin"`, gotStart: "2026-07-01T08:00:00.0000000", gotZone: "UTC", original: "Europe/Berlin"},
		"no zone means UTC":   {start: `"2026-07-01T10:00:00"`, gotStart: "2026-07-01T10:00:00.0000000", gotZone: "UTC", original: "UTC"},
		"an offset wins":      {start: `"2026-07-01T12:30:00+02:00","timeZone":"Asia/Tokyo"`, gotStart: "2026-07-01T10:30:00.0000000", gotZone: "UTC", original: "Asia/Tokyo"},
		"Z wins":              {start: `"2026-07-01T12:30:00Z","timeZone":"Asia/Tokyo"`, gotStart: "2026-07-01T12:30:00.0000000", gotZone: "UTC", original: "Asia/Tokyo"},
		"a preferred zone":    {start: `"2026-07-01T10:00:00","timeZone":"UTC"`, prefer: "Pacific Standard Time", gotStart: "2026-07-01T03:00:00.0000000", gotZone: "Pacific Standard Time", original: "UTC"},
		"winter and summer":   {start: `"2026-01-05T10:00:00","timeZone":"Europe/Berlin"`, gotStart: "2026-01-05T09:00:00.0000000", gotZone: "UTC", original: "Europe/Berlin"},
		"unknown zone":        {start: `"2026-07-01T10:00:00","timeZone":"Mars/Olympus"`, status: 400, code: "TimeZoneNotSupportedException"},
		"abbreviation":        {start: `"2026-07-01T10:00:00","timeZone":"EST"`, status: 400, code: "TimeZoneNotSupportedException"},
		"no time at all":      {start: `"soon","timeZone":"UTC"`, status: 400, code: "ErrorInvalidRequest"},
		"unknown preference":  {start: `"2026-07-01T10:00:00","timeZone":"UTC"`, prefer: "Nowhere", status: 400, code: "TimeZoneNotSupportedException"},
		"end before start":    {start: `"2036-07-01T10:00:00","timeZone":"UTC"`, end: `"2036-07-01T09:00:00","timeZone":"UTC"`, status: 400, code: "ErrorCalendarEndDateIsEarlierThanStartDate"},
		"longer than 5 years": {start: `"2026-07-01T10:00:00","timeZone":"UTC"`, end: `"2032-07-01T09:00:00","timeZone":"UTC"`, status: 400, code: "ErrorCalendarDurationIsTooLong"},
		"no length":           {start: `"2026-07-01T10:00:00","timeZone":"UTC"`, end: `"2026-07-01T10:00:00","timeZone":"UTC"`, gotStart: "2026-07-01T10:00:00.0000000", gotZone: "UTC", original: "UTC"},
		"all day": {start: `"2026-07-01T00:00:00","timeZone":"Europe/Berlin"`, end: `"2026-07-02T00:00:00","timeZone":"Europe/Berlin"`, more: `,"isAllDay":true`,
			gotStart: "2026-07-01T00:00:00.0000000", gotZone: "UTC", original: "UTC"},
		"all day, bare dates": {start: `"2026-07-01","timeZone":"UTC"`, end: `"2026-07-03","timeZone":"UTC"`, more: `,"isAllDay":true`,
			gotStart: "2026-07-01T00:00:00.0000000", gotZone: "UTC", original: "UTC"},
		"all day stays put in any zone": {start: `"2026-07-01T00:00:00","timeZone":"UTC"`, end: `"2026-07-02T00:00:00","timeZone":"UTC"`, more: `,"isAllDay":true`,
			prefer: "Asia/Tokyo", gotStart: "2026-07-01T00:00:00.0000000", gotZone: "Asia/Tokyo", original: "UTC"},
		"all day, zone kept": {start: `"2026-07-01T00:00:00","timeZone":"Europe/Berlin"`, end: `"2026-07-02T00:00:00","timeZone":"Europe/Berlin"`, more: `,"isAllDay":true`,
			keepAllDayZone: true, gotStart: "2026-07-01T00:00:00.0000000", gotZone: "UTC", original: "Europe/Berlin"},
		"all day, not midnight":     {start: `"2026-07-01T10:00:00","timeZone":"UTC"`, end: `"2026-07-02T00:00:00","timeZone":"UTC"`, more: `,"isAllDay":true`, status: 400, code: "ErrorInvalidRequest"},
		"all day, end not midnight": {start: `"2026-07-01T00:00:00","timeZone":"UTC"`, end: `"2026-07-02T01:00:00","timeZone":"UTC"`, more: `,"isAllDay":true`, status: 400, code: "ErrorInvalidRequest"},
		"all day, two zones":        {start: `"2026-07-01T00:00:00","timeZone":"UTC"`, end: `"2026-07-02T00:00:00","timeZone":"Europe/Berlin"`, more: `,"isAllDay":true`, status: 400, code: "ErrorInvalidRequest"},
		"all day, no length":        {start: `"2026-07-01T00:00:00","timeZone":"UTC"`, end: `"2026-07-01T00:00:00","timeZone":"UTC"`, more: `,"isAllDay":true`, status: 400, code: "ErrorInvalidRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, func(o *Options) { o.Switches.KeepAllDayZone = tc.keepAllDayZone })
			if tc.end == "" {
				tc.end = `"2026-07-01T23:00:00","timeZone":"UTC"`
				if strings.HasPrefix(tc.start, `"2026-01`) {
					tc.end = `"2026-01-05T23:00:00","timeZone":"UTC"`
				}
			}
			var headers []string
			if tc.prefer != "" {
				headers = []string{`Prefer: outlook.timezone="` + tc.prefer + `"`}
			}
			a := l.call("POST", "/me/events", `{"start":{"dateTime":`+tc.start+`},"end":{"dateTime":`+tc.end+`}`+tc.more+`}`, headers...)
			if tc.status != 0 {
				if a.status != tc.status || a.code() != tc.code {
					t.Errorf("%d %v, want %d %s", a.status, a.body, tc.status, tc.code)
				}
				return
			}
			if a.status != 201 {
				t.Fatalf("%d %v", a.status, a.body)
			}
			start := a.body["start"].(map[string]any)
			if start["dateTime"] != tc.gotStart || start["timeZone"] != tc.gotZone || a.text("originalStartTimeZone") != tc.original {
				t.Errorf("start %v, original zone %q", start, a.text("originalStartTimeZone"))
			}
			if tc.prefer != "" && a.header.Get("Preference-Applied") != `outlook.timezone="`+tc.prefer+`"` {
				t.Errorf("Preference-Applied %q", a.header.Get("Preference-Applied"))
			}
		})
	}
}

func TestClockChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		wall, zone string
		later      bool
		want       string
	}{
		"twice: the first":       {"2026-10-25T02:30:00", "Europe/Berlin", false, "2026-10-25T00:30:00"},
		"twice: the later":       {"2026-10-25T02:30:00", "Europe/Berlin", true, "2026-10-25T01:30:00"},
		"twice, west: the first": {"2026-11-01T01:30:00", "Eastern Standard Time", false, "2026-11-01T05:30:00"},
		"twice, west: the later": {"2026-11-01T01:30:00", "Eastern Standard Time", true, "2026-11-01T06:30:00"},
		"skipped":                {"2026-03-29T02:30:00", "Europe/Berlin", false, "2026-03-29T01:30:00"},
		"an hour after":          {"2026-03-29T03:30:00", "Europe/Berlin", true, "2026-03-29T01:30:00"},
		"an ordinary day":        {"2026-03-28T02:30:00", "Europe/Berlin", true, "2026-03-28T01:30:00"},
	} {
		m, err := parseMoment(map[string]any{"dateTime": tc.wall, "timeZone": tc.zone}, true, tc.later)
		if err != nil || instant(m).Format(wallLayout) != tc.want {
			t.Errorf("%s: %v %v, want %s", name, m, err, tc.want)
		}
	}
}

func TestPatchIsSparse(t *testing.T) {
	full := meeting(5, `"body":{"contentType":"text","content":"notes"}`, `"location":{"displayName":"Room 5"}`, `"categories":["Red","Blue"]`,
		`"showAs":"oof"`, `"sensitivity":"private"`, `"importance":"high"`, `"isReminderOn":false`, `"reminderMinutesBeforeStart":30`, `"transactionId":"T1"`)
	for name, tc := range map[string]struct {
		patch string
		code  string
		want  map[string]any // what changed
	}{
		"nothing":                  {`{}`, "", map[string]any{}},
		"subject":                  {`{"subject":"New"}`, "", map[string]any{"subject": "New"}},
		"null subject":             {`{"subject":null}`, "", map[string]any{"subject": ""}},
		"null body":                {`{"body":null}`, "", map[string]any{"body": map[string]any{"contentType": "html", "content": ""}, "bodyPreview": ""}},
		"null place":               {`{"location":null}`, "", map[string]any{"location": locationJSON("", nil), "locations": []any{}}},
		"no categories":            {`{"categories":[]}`, "", map[string]any{"categories": []any{}}},
		"enumerations in capitals": {`{"showAs":"FREE","importance":"Low"}`, "", map[string]any{"showAs": "free", "importance": "low"}},
		"reminder on":              {`{"isReminderOn":true}`, "", map[string]any{"isReminderOn": true}},
		"minutes alone":            {`{"reminderMinutesBeforeStart":5}`, "", map[string]any{"reminderMinutesBeforeStart": 5.0}},
		"null recurrence":          {`{"recurrence":null}`, "", map[string]any{}},
		"end alone":                {`{"end":{"dateTime":"2026-03-05T12:00:00","timeZone":"Europe/Berlin"}}`, "", map[string]any{"end": map[string]any{"dateTime": "2026-03-05T11:00:00.0000000", "timeZone": "UTC"}}},
		"read-only is ignored":     {`{"iCalUId":"mine","transactionId":"T2"}`, "", map[string]any{}},
		"all-day alone":            {`{"isAllDay":true}`, "ErrorInvalidRequest", nil},
		"time without zone":        {`{"start":{"dateTime":"2026-03-05T10:30:00"}}`, "TimeZoneNotSupportedException", nil},
		"null start":               {`{"start":null}`, "ErrorPropertyValidationFailure", nil},
		"unknown property":         {`{"title":"x"}`, "RequestBodyRead", nil},
		"unknown inner one":        {`{"location":{"name":"x"}}`, "RequestBodyRead", nil},
		"wrong type":               {`{"isAllDay":"yes"}`, "RequestBodyRead", nil},
		"wrong enumeration":        {`{"showAs":"gone"}`, "RequestBodyRead", nil},
		"fraction of a minute":     {`{"reminderMinutesBeforeStart":1.5}`, "RequestBodyRead", nil},
		"not JSON":                 {`{"subject":`, "UnableToDeserializePostBody", nil},
		"an array":                 {`[]`, "UnableToDeserializePostBody", nil},
		"long subject":             {`{"subject":"` + strings.Repeat("x", 256) + `"}`, "ErrorPropertyValidationFailure", nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			id, etag := l.add(full)
			before := l.must(200, "GET", "/me/events/"+id, "").body
			a := l.call("PATCH", "/me/events/"+id, tc.patch)
			after := l.must(200, "GET", "/me/events/"+id, "").body
			if tc.code != "" {
				if a.status < 400 || a.code() != tc.code || !reflect.DeepEqual(before, after) {
					t.Fatalf("%d %v, want %s and an event as before", a.status, a.body, tc.code)
				}
				return
			}
			if a.status != 200 || !reflect.DeepEqual(a.body, after) {
				t.Fatalf("%d, and the answer is not what is read: %v", a.status, a.body)
			}
			if after["@odata.etag"] == etag {
				t.Error("the etag did not move")
			}
			changed := map[string]any{}
			for k, v := range after {
				if !reflect.DeepEqual(before[k], v) && !slices.Contains([]string{"@odata.etag", "changeKey", "lastModifiedDateTime"}, k) {
					changed[k] = v
				}
			}
			if !reflect.DeepEqual(changed, tc.want) {
				t.Errorf("changed %v, want %v", changed, tc.want)
			}
		})
	}
}

func TestLongSubjectBySwitch(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Switches.AcceptLongSubject = true })
	long := strings.Repeat("ü", 300)
	id, _ := l.add(meeting(5))
	if a := l.must(200, "PATCH", "/me/events/"+id, `{"subject":"`+long+`"}`); a.text("subject") != long {
		t.Error("cut")
	}
}

func TestUnknownThingsAreRefusedAndRecorded(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(5))
	for _, tc := range []struct {
		method, path, body, code string
		status                   int
	}{
		{"GET", "/me/messages", "", "BadRequest", 400},
		{"GET", "/me/events/" + id + "/guests", "", "BadRequest", 400},
		{"PUT", "/me/events/" + id, meeting(5), "Request_BadRequest", 405},
		{"GET", "/me/events?$filtre=x", "", "BadRequest", 400},
		{"GET", "/me/events?sendNotification=false", "", "BadRequest", 400},
		{"DELETE", "/me/events/" + id + "?sendNotification=false", "", "BadRequest", 400},
		{"GET", "/me/events?$select=title", "", "RequestBroker--ParseUri", 400},
		{"POST", "/me/events", meeting(6, `"colour":"red"`), "RequestBodyRead", 400},
		{"POST", "/me/events/" + id + "/accept", `{"sendReply":false}`, "RequestBodyRead", 400},
		{"GET", "/users/bob@example.com/events", "", "ErrorInvalidUser", 404},
	} {
		before := len(l.record.Snapshot().Unknown)
		a := l.call(tc.method, tc.path, tc.body)
		if a.status != tc.status || a.code() != tc.code {
			t.Errorf("%s %s: %d %v", tc.method, tc.path, a.status, a.body)
		}
		if len(l.record.Snapshot().Unknown) == before {
			t.Errorf("%s %s was not recorded", tc.method, tc.path)
		}
	}
	for _, u := range l.record.Snapshot().Unknown {
		if strings.Contains(u, id) {
			t.Errorf("an id in the record: %s", u)
		}
	}
}

func TestWhatIsNotBuiltYetSaysSo(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(5))
	for _, tc := range []struct{ method, path, body string }{
		{"POST", "/me/events/" + id + "/attachments", `{"name":"a.txt"}`},
		{"GET", "/me/events/" + id + "?$expand=instances", ""},
		{"POST", "/me/calendar/getSchedule", `{"schedules":[]}`},
	} {
		if a := l.call(tc.method, tc.path, tc.body); a.status != 501 || a.code() != "NotImplemented" {
			t.Errorf("%s %s: %d %v", tc.method, tc.path, a.status, a.body)
		}
	}
	if n := l.record.Snapshot(); len(n.NotImplemented) != 3 || len(n.Unknown) != 0 {
		t.Errorf("recorded %v, unknown %v", n.NotImplemented, n.Unknown)
	}
}

func TestBodiesAreRewritten(t *testing.T) {
	for name, tc := range map[string]struct {
		kind, content string
		has, hasNot   []string
		text, preview string
	}{
		"text":  {"text", "line 1\nline <2>", []string{"<!-- converted from text -->", `<div class="PlainText">line 1<br>` + "\r\n" + "line &lt;2&gt;</div>"}, nil, "line 1\r\nline <2>\r\n", "line 1\r\nline <2>"},
		"html":  {"html", `<p onclick="x()">Hi <b>you</b></p><script>alert(1)</script>`, []string{"<html>\r\n<head>\r\n<meta http-equiv", "<p>Hi <b>you</b></p>"}, []string{"script", "onclick", "converted"}, "Hi you\r\n", "Hi you"},
		"link":  {"html", `<a href="https://example.com/x">site</a> <a href="javascript:evil()">bad</a>`, []string{`href="https://example.com/x"`}, []string{"javascript"}, "site<https://example.com/x> bad\r\n", "site<https://example.com/x> bad"},
		"empty": {"html", " ", nil, []string{"html"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			body := map[string]string{"contentType": tc.kind, "content": tc.content}
			id, _ := l.add(meeting(5, `"body":`+jsonText(body)))
			a := l.must(200, "GET", "/me/events/"+id, "")
			stored := a.body["body"].(map[string]any)["content"].(string)
			for _, s := range tc.has {
				if !strings.Contains(stored, s) {
					t.Errorf("no %q in %q", s, stored)
				}
			}
			for _, s := range tc.hasNot {
				if strings.Contains(stored, s) {
					t.Errorf("%q in %q", s, stored)
				}
			}
			if strings.Contains(strings.ReplaceAll(stored, "\r\n", ""), "\n") {
				t.Errorf("a bare line feed in %q", stored)
			}
			if a.text("bodyPreview") != tc.preview {
				t.Errorf("preview %q", a.text("bodyPreview"))
			}
			a = l.must(200, "GET", "/me/events/"+id, "", `Prefer: outlook.body-content-type="text"`)
			if b := a.body["body"].(map[string]any); b["contentType"] != "text" || b["content"] != tc.text {
				t.Errorf("as text %q", b)
			}
			again := l.must(200, "PATCH", "/me/events/"+id, `{"body":`+jsonText(map[string]string{"contentType": "html", "content": stored})+`}`)
			if got := again.body["body"].(map[string]any)["content"]; got != stored {
				t.Errorf("written back it became %q, was %q", got, stored)
			}
		})
	}
}

func TestIfMatch(t *testing.T) {
	l := newLab(t)
	id, old := l.add(meeting(5))
	fresh := l.must(200, "PATCH", "/me/events/"+id, `{"subject":"Two"}`, "If-Match: "+old).text("@odata.etag")
	for _, verb := range []string{"PATCH", "DELETE"} {
		body := map[string]string{"PATCH": `{"subject":"Three"}`}[verb]
		if a := l.call(verb, "/me/events/"+id, body, "If-Match: "+old); a.status != 412 || a.code() != "ErrorIrresolvableConflict" {
			t.Errorf("%s: %d %v", verb, a.status, a.body)
		}
	}
	if a := l.must(200, "GET", "/me/events/"+id, ""); a.text("subject") != "Two" {
		t.Errorf("a refused write was done: %v", a.text("subject"))
	}
	l.must(204, "DELETE", "/me/events/"+id, "", "If-Match: "+fresh)
	for _, verb := range []string{"GET", "DELETE"} {
		if a := l.call(verb, "/me/events/"+id, ""); a.status != 404 || a.code() != "ErrorItemNotFound" {
			t.Errorf("%s of a deleted event: %d %v", verb, a.status, a.body)
		}
	}
	mild := newLab(t, func(o *Options) { o.Switches.DeleteIgnoresIfMatch = true })
	id, old = mild.add(meeting(5))
	mild.must(200, "PATCH", "/me/events/"+id, `{"subject":"Two"}`)
	mild.must(204, "DELETE", "/me/events/"+id, "", "If-Match: "+old)
}

func TestTheServiceTouchesEventsByItself(t *testing.T) {
	l := newLab(t)
	id, etag := l.add(meeting(5))
	if err := l.mb.TouchOnly("primary", id); err != nil {
		t.Fatal(err)
	}
	if a := l.must(200, "GET", "/me/events/"+id, ""); a.text("@odata.etag") == etag {
		t.Error("TouchOnly left the etag")
	}
	l.SetQuirks(func(q *Quirks) { q.LateBump = 3 * time.Second })
	written := l.must(200, "PATCH", "/me/events/"+id, `{"subject":"New"}`)
	if a := l.must(200, "GET", "/me/events/"+id, ""); a.text("@odata.etag") != written.text("@odata.etag") {
		t.Error("bumped too early")
	}
	l.clock = l.clock.Add(3 * time.Second)
	if a := l.must(200, "GET", "/me/events/"+id, ""); a.text("@odata.etag") == written.text("@odata.etag") || a.text("subject") != "New" {
		t.Error("no late bump, or more than a bump")
	}
	bumped := l.must(200, "GET", "/me/events/"+id, "").text("@odata.etag")
	l.clock = l.clock.Add(3 * time.Second)
	if a := l.must(200, "GET", "/me/events/"+id, ""); a.text("@odata.etag") != bumped {
		t.Error("bumped twice")
	}
}

func TestTransactionID(t *testing.T) {
	for status, mild := range map[int]bool{409: false, 400: true} {
		l := newLab(t, func(o *Options) { o.Switches.DuplicateTransactionIs400 = mild })
		body := meeting(5, `"transactionId":"T1"`)
		first := l.must(201, "POST", "/me/events", body)
		if again := l.must(201, "POST", "/me/events", body); again.text("id") != first.text("id") || len(l.mb.Events("primary")) != 1 {
			t.Error("the same create made a second event")
		}
		check := func(why string, a answer) {
			t.Helper()
			e, _ := a.body["error"].(map[string]any)
			if a.status != status || a.code() != "ErrorDuplicateTransactionId" || e["@event.existingEventId"] != first.text("id") {
				t.Errorf("%s: %d %v", why, a.status, a.body)
			}
		}
		check("other content", l.call("POST", "/me/events", meeting(6, `"transactionId":"T1"`)))
		other := l.must(201, "POST", "/me/calendars", `{"name":"Other"}`).text("id")
		check("other calendar", l.call("POST", "/me/calendars/"+other+"/events", body))
		l.must(204, "DELETE", "/me/events/"+first.text("id"), "")
		check("after deletion", l.call("POST", "/me/events", body))
		l.must(201, "POST", "/me/events", meeting(5, `"transactionId":"T2"`))
	}
}

func TestExtendedPropertiesHideUntilAskedFor(t *testing.T) {
	const prop, other = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark", "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Other"
	l := newLab(t)
	id, _ := l.add(meeting(5, `"singleValueExtendedProperties":[{"id":"`+prop+`","value":"it's 1"}]`))
	l.add(meeting(6))
	expand := "?$expand=singleValueExtendedProperties($filter=" + escaped("id eq '"+prop+"' or id eq '"+other+"'") + ")"
	if a := l.must(200, "GET", "/me/events/"+id, ""); a.body["singleValueExtendedProperties"] != nil {
		t.Error("shown unasked")
	}
	want := []any{map[string]any{"id": prop, "value": "it's 1"}}
	if a := l.must(200, "GET", "/me/events/"+id+expand, ""); !reflect.DeepEqual(a.body["singleValueExtendedProperties"], want) {
		t.Error(a.body["singleValueExtendedProperties"])
	}
	l.must(200, "PATCH", "/me/events/"+id, `{"singleValueExtendedProperties":[{"id":"`+other+`","value":"2"}]}`)
	if a := l.must(200, "GET", "/me/events/"+id+expand, ""); len(a.body["singleValueExtendedProperties"].([]any)) != 2 {
		t.Error("writing one property lost another")
	}
	for filter, n := range map[string]int{
		"ep/id eq '" + prop + "' and ep/value eq 'it''s 1'": 1,
		"ep/id eq '" + prop + "'":                           1,
		"ep/id eq '" + prop + "' and ep/value eq 'its'":     0,
		"ep/id eq '" + strings.ToUpper(prop) + "'":          0,
	} {
		a := l.must(200, "GET", "/me/events?$filter="+escaped("singleValueExtendedProperties/Any(ep: "+filter+")"), "")
		if len(a.items()) != n {
			t.Errorf("%s: %d events, want %d", filter, len(a.items()), n)
		}
	}
	if a := l.call("PATCH", "/me/events/"+id, `{"singleValueExtendedProperties":[{"id":"Mark","value":"2"}]}`); a.status != 400 {
		t.Errorf("a malformed id was taken: %d", a.status)
	}
	l.noUnknown()
}

func TestOpenExtensions(t *testing.T) {
	l := newLab(t)
	id, etag := l.add(meeting(5))
	path := "/me/events/" + id + "/extensions"
	l.must(201, "POST", path, `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"com.example.sync","mark":"a"}`)
	l.must(200, "PATCH", path+"/com.example.sync", `{"other":"b","mark":null}`)
	a := l.must(200, "GET", path+"/Microsoft.OutlookServices.OpenTypeExtension.com.example.sync", "")
	if a.text("mark") != "a" || a.text("other") != "b" {
		t.Errorf("null must not remove a member: %v", a.body)
	}
	a = l.must(200, "GET", "/me/events/"+id+"?$expand="+escaped("extensions($filter=id eq 'com.example.sync')"), "")
	if len(a.body["extensions"].([]any)) != 1 || a.text("@odata.etag") == etag {
		t.Errorf("%v", a.body["extensions"])
	}
	l.must(204, "DELETE", path+"/com.example.sync", "")
	if a := l.call("GET", path+"/com.example.sync", ""); a.status != 404 {
		t.Error(a.status)
	}
	l.noUnknown()
}

func TestImmutableIDsSurviveAMove(t *testing.T) {
	const pref = `Prefer: IdType="ImmutableId"`
	l := newLab(t)
	other := l.must(201, "POST", "/me/calendars", `{"name":"Other"}`).text("id")
	id, _ := l.add(meeting(5))
	fixed := l.must(200, "GET", "/me/events/"+id, "", pref).text("id")
	if fixed == id || l.must(200, "GET", "/me/events/"+fixed, "").text("id") != id {
		t.Error("either type of id must be taken, and the preference decides which is shown")
	}
	if err := l.MoveEvent("primary", other, id); err != nil {
		t.Fatal(err)
	}
	moved := "/me/calendars/" + other + "/events/" + fixed
	if a := l.must(200, "GET", moved, "", pref); a.text("id") != fixed {
		t.Error("the immutable id changed")
	}
	if a := l.must(200, "GET", moved, ""); a.text("id") == id {
		t.Error("the usual id must change")
	}
}

func TestEventsOfASharedCalendar(t *testing.T) {
	l := newLab(t)
	shared := l.mb.AddCalendar(mailbox.Calendar{Name: "Team", Role: "reader", Entry: map[string]any{"ownerAddress": "boss@example.com"}})
	e := l.mb.AddEvent(shared.ID, mailbox.Event{Title: "Secret", Sensitivity: "private", Start: mailbox.Moment{Local: "2026-03-05T10:00:00"}, End: mailbox.Moment{Local: "2026-03-05T11:00:00"}})
	path := "/me/calendars/" + shared.ID + "/events/" + e.ID
	if a := l.must(200, "GET", path, ""); a.text("subject") != "Private appointment" || a.body["isOrganizer"] != true {
		t.Errorf("%v %v", a.text("subject"), a.body["isOrganizer"])
	}
	if a := l.call("GET", "/me/events/"+e.ID, ""); a.status != 404 {
		t.Errorf("a shared calendar's event without its calendar: %d", a.status)
	}
	for _, tc := range [][3]string{{"PATCH", path, `{"subject":"x"}`}, {"DELETE", path, ""}, {"POST", "/me/calendars/" + shared.ID + "/events", meeting(5)}} {
		if a := l.call(tc[0], tc[1], tc[2]); a.status != 403 || a.code() != "ErrorAccessDenied" {
			t.Errorf("%s: %d %v", tc[0], a.status, a.body)
		}
	}
}

func TestSelectKeepsIdAndEtag(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(5))
	a := l.must(200, "GET", "/me/events/"+id+"?$select=subject,originalStart", "")
	if got := slices.Sorted(maps.Keys(a.body)); !slices.Equal(got, []string{"@odata.context", "@odata.etag", "id", "originalStart", "subject"}) {
		t.Error(got)
	}
	if _, ok := l.must(200, "GET", "/me/events/"+id, "").body["originalStart"]; ok {
		t.Error("originalStart comes unasked")
	}
}
