package googlesim

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// fill adds n events through another client.
func (b *bench) fill(n int) {
	for i := range n {
		day := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format("2006-01-02T15:04:05")
		b.box.AddEvent("primary", mailbox.Event{ID: fmt.Sprintf("event%03d", i), Title: fmt.Sprint("Event ", i),
			Start: mailbox.Moment{Local: day}, End: mailbox.Moment{Local: day}})
	}
}

func (b *bench) edit(id, title string) {
	b.t.Helper()
	if err := b.box.EditEvent("primary", id, func(e *mailbox.Event) { e.Title = title }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) delete(id string) {
	b.t.Helper()
	if err := b.box.DeleteEvent("primary", id); err != nil {
		b.t.Fatal(err)
	}
}

func TestPagesAreComplete(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*mailbox.GoogleSwitches)
		params string
	}{
		{"by default 250 a page", func(*mailbox.GoogleSwitches) {}, ""},
		{"small pages", func(*mailbox.GoogleSwitches) {}, "maxResults=7"},
		{"the service's own cap", func(s *mailbox.GoogleSwitches) { s.PageLimit = 11 }, "maxResults=2500"},
		{"more than 2500 is cut, not refused", func(*mailbox.GoogleSwitches) {}, "maxResults=99999"},
		{"empty pages between", func(s *mailbox.GoogleSwitches) { s.EmptyPages = true }, "maxResults=50"},
		{"the other way round", func(s *mailbox.GoogleSwitches) { s.Reversed = true }, "maxResults=50"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.change)
			b.fill(260)
			ids, token := b.read(c.params)
			unique := slices.Compact(slices.Sorted(slices.Values(ids)))
			if len(ids) != 260 || len(unique) != 260 || token == "" {
				t.Errorf("%d events, %d different, token %q", len(ids), len(unique), token)
			}
		})
	}
	b := newBench(t)
	b.fill(260)
	if n := len(b.want(200, "GET", "calendars/primary/events", "").items()); n != 250 {
		t.Errorf("a first page of %d", n)
	}
	b.want(400, "GET", "calendars/primary/events?maxResults=0", "")
}

func TestAnEmptyPageCanStandBeforeEveryOther(t *testing.T) {
	b := newBench(t, func(s *mailbox.GoogleSwitches) { s.EmptyPages = true })
	b.fill(3)
	a := b.want(200, "GET", "calendars/primary/events", "")
	if len(a.items()) != 0 || a.text("nextPageToken") == "" || a.text("nextSyncToken") != "" {
		t.Errorf("first page: %s", a.raw)
	}
}

func TestAPageTokenIsBoundToCalendarAndQuery(t *testing.T) {
	b := newBench(t)
	other := b.box.AddCalendar(mailbox.Calendar{Name: "Other"})
	b.fill(3)
	token := url.QueryEscape(b.want(200, "GET", "calendars/primary/events?maxResults=1", "").text("nextPageToken"))
	b.want(400, "GET", "calendars/primary/events?pageToken="+token, "")
	b.want(400, "GET", "calendars/"+other.ID+"/events?maxResults=1&pageToken="+token, "")
	b.want(400, "GET", "calendars/primary/events?maxResults=1&pageToken=nonsense", "")
	b.want(200, "GET", "calendars/primary/events?maxResults=1&pageToken="+token, "")
	b.want(200, "GET", "calendars/primary/events?maxResults=1&pageToken="+token, "") // asked again, same answer
}

func TestNothingIsLostThatChangesWhilePaging(t *testing.T) {
	b := newBench(t)
	b.fill(4)
	first := b.want(200, "GET", "calendars/primary/events?maxResults=2", "")
	b.edit("event000", "edited meanwhile")
	b.delete("event003")
	b.fill(5) // stores event004 anew, and the others again
	second := b.want(200, "GET", "calendars/primary/events?maxResults=2&pageToken="+url.QueryEscape(first.text("nextPageToken")), "")
	ids, _ := b.read("syncToken=" + second.text("nextSyncToken"))
	for _, id := range []string{"event000/confirmed", "event003/confirmed", "event004/confirmed"} {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is not in the next increment: %v", id, ids)
		}
	}
}

func TestAnIncrementHoldsEachChangeOnceInItsNewestState(t *testing.T) {
	b := newBench(t)
	b.fill(3)
	_, token := b.read("")
	b.edit("event001", "a")
	b.edit("event002", "b")
	b.edit("event001", "c")
	b.delete("event000")
	a := b.want(200, "GET", "calendars/primary/events?syncToken="+token, "")
	if got := a.ids(); got != "event002 event001 event000" {
		t.Errorf("changed: %s", got)
	}
	items := a.items()
	if items[1]["summary"] != "c" {
		t.Errorf("not the newest state: %v", items[1])
	}
	if got := len(items[2]); got != 4 { // kind, etag, id, status
		t.Errorf("a tombstone with more than is guaranteed: %v", items[2])
	}
	ids, next := b.read("syncToken=" + a.text("nextSyncToken"))
	if len(ids) != 0 || next == "" || next == token {
		t.Errorf("a quiet increment: %v, token %q", ids, next)
	}
	if again, _ := b.read("syncToken=" + token); len(again) != 3 {
		t.Errorf("an old token answers %v", again)
	}
}

func TestAnIncrementPagesUnderTheSameToken(t *testing.T) {
	b := newBench(t)
	b.fill(5)
	_, token := b.read("")
	for i := range 5 {
		b.edit(fmt.Sprintf("event%03d", i), "x")
	}
	ids, next := b.read("maxResults=2&syncToken=" + token)
	if len(ids) != 5 || next == "" {
		t.Errorf("%v, token %q", ids, next)
	}
}

func TestSyncTokensAreRefusedAsTheServiceDoes(t *testing.T) {
	b := newBench(t)
	b.fill(1)
	_, token := b.read("singleEvents=false")
	list := "calendars/primary/events?syncToken=" + token
	for _, p := range []string{
		"iCalUID=x", "orderBy=updated", "privateExtendedProperty=a%3Db", "q=x", "sharedExtendedProperty=a%3Db",
		"timeMin=2026-01-01T00:00:00Z", "timeMax=2026-01-01T00:00:00Z", "updatedMin=2026-03-01T00:00:00Z", "showDeleted=false",
	} {
		if a := b.want(400, "GET", list+"&singleEvents=false&"+p, ""); a.reason() != "badRequest" {
			t.Errorf("%s: %s", p, a.raw)
		}
	}
	b.want(200, "GET", list+"&singleEvents=false&showDeleted=true", "")
	b.want(200, "GET", list+"&singleEvents=false&maxResults=10", "")
	b.want(400, "GET", list+"&singleEvents=true", "") // other parameters than at first
	b.want(400, "GET", list+"&singleEvents=false&eventTypes=default", "")
	a := b.want(400, "GET", "calendars/primary/events?syncToken=nonsense", "")
	if a.message() != "Invalid sync token value." {
		t.Errorf("message %q", a.message())
	}
	if err := b.box.ExpireCursors("primary"); err != nil {
		t.Fatal(err)
	}
	a = b.want(410, "GET", list+"&singleEvents=false", "")
	if a.reason() != "fullSyncRequired" || !strings.Contains(a.raw, `"location":"syncToken"`) {
		t.Errorf("expired: %s", a.raw)
	}
	paged := newBench(t)
	paged.fill(3)
	_, token = paged.read("")
	paged.edit("event000", "x")
	paged.edit("event001", "x")
	page := paged.want(200, "GET", "calendars/primary/events?maxResults=1&syncToken="+token, "").text("nextPageToken")
	if err := paged.box.ExpireCursors("primary"); err != nil {
		t.Fatal(err)
	}
	paged.want(410, "GET", "calendars/primary/events?maxResults=1&syncToken="+token+"&pageToken="+url.QueryEscape(page), "")
	future := syncToken{List: "robin@example.com", Seq: 1 << 40, Query: "x"}.String()
	b.want(410, "GET", "calendars/primary/events?syncToken="+future, "")
}

func TestSearchesAndOrdersYieldNoToken(t *testing.T) {
	b := newBench(t)
	b.fill(2)
	for params, want := range map[string]bool{
		"": true, "showDeleted=true": true, "timeMin=2026-01-01T00:00:00Z": true, "eventTypes=default": true,
		"q=event": false, "orderBy=updated": false, "orderBy=startTime&singleEvents=true": false, "iCalUID=x": false,
	} {
		if _, token := b.read(params); (token != "") != want {
			t.Errorf("%q: token %q", params, token)
		}
	}
}

func TestFullListsAreFiltered(t *testing.T) {
	b := newBench(t)
	b.fill(4) // on 3, 4, 5, 6 March at 9:00 in Berlin, for no time at all
	b.delete("event003")
	b.box.AddEvent("primary", mailbox.Event{ID: "allday", Title: "Fair", UID: "fair@x", Type: "outOfOffice",
		Start: mailbox.Moment{Date: "2026-03-10"}, End: mailbox.Moment{Date: "2026-03-11"},
		Private: map[string]string{"a": "1", "b": "2"}})
	for params, want := range map[string]string{
		"":                              "event000 event001 event002 allday",
		"showDeleted=true":              "event000 event001 event002 event003 allday",
		"q=FAIR":                        "allday",
		"iCalUID=fair@x":                "allday",
		"eventTypes=outOfOffice":        "allday",
		"privateExtendedProperty=a%3D1": "allday",
		"privateExtendedProperty=a%3D1&privateExtendedProperty=b%3D3": "",
		"timeMin=2026-03-04T08:00:00Z":                                "event002 allday", // the end must lie after
		"timeMax=2026-03-04T08:00:00Z":                                "event000",        // the start before
		"timeMin=2026-03-10T22:59:00Z":                                "allday",          // ends at midnight in Berlin
		"timeMin=2026-03-10T23:00:00Z":                                "",
		"orderBy=startTime&singleEvents=true":                         "event000 event001 event002 allday",
		"updatedMin=2026-03-02T08:00:00Z":                             "event000 event001 event002 event003 allday",
	} {
		if got := b.want(200, "GET", "calendars/primary/events?"+params, "").ids(); got != want {
			t.Errorf("%s\n got %q\nwant %q", params, got, want)
		}
	}
	for params, reason := range map[string]string{
		"orderBy=startTime": "badRequest",
		"timeMin=2026-03-04T08:00:00Z&timeMax=2026-03-04T08:00:00Z": "timeRangeEmpty",
		"timeMin=2026-03-04":              "badRequest",
		"privateExtendedProperty=a":       "badRequest",
		"eventTypes=party":                "invalidParameter",
		"timeZone=Mars/Base":              "invalid",
		"orderBy=updated&orderBy=updated": "invalidParameter",
	} {
		if a := b.want(400, "GET", "calendars/primary/events?"+params, ""); a.reason() != reason {
			t.Errorf("%s: %s, want %s", params, a.reason(), reason)
		}
	}
	if a := b.want(410, "GET", "calendars/primary/events?updatedMin=2020-01-01T00:00:00Z", ""); a.reason() != "updatedMinTooLongAgo" {
		t.Errorf("reason %q", a.reason())
	}
}

func TestSwitchesOfIncrements(t *testing.T) {
	run := func(change func(*mailbox.GoogleSwitches), first string, edit func(*bench)) (ids []string, before, after string) {
		b := newBench(t, change)
		b.fill(2)
		_, before = b.read(first)
		if edit != nil {
			edit(b)
		}
		ids, after = b.read("syncToken=" + before)
		return ids, before, after
	}
	window := "timeMin=2026-03-04T00:00:00Z"
	outside := func(b *bench) { b.edit("event000", "x") }
	if ids, _, _ := run(func(*mailbox.GoogleSwitches) {}, window, outside); len(ids) != 1 {
		t.Errorf("the window was kept: %v", ids)
	}
	if ids, _, _ := run(func(s *mailbox.GoogleSwitches) { s.SyncKeepsWindow = true }, window, outside); len(ids) != 0 {
		t.Errorf("the window was not kept: %v", ids)
	}
	if ids, _, _ := run(func(s *mailbox.GoogleSwitches) { s.Redeliver = true }, "", nil); len(ids) != 1 {
		t.Errorf("nothing was delivered again: %v", ids)
	}
	if _, a, b := run(func(s *mailbox.GoogleSwitches) { s.TokenUnchangedWhenEmpty = true }, "", nil); a != b {
		t.Error("the token changed")
	}
	hidden := func(b *bench) {
		b.want(200, "PATCH", "calendars/primary/events/event000", `{"reminders":{"useDefault":false}}`)
	}
	if ids, _, _ := run(func(s *mailbox.GoogleSwitches) { s.RemindersHidden = true }, "", hidden); len(ids) != 0 {
		t.Errorf("the reminder is seen: %v", ids)
	}
	gone := newBench(t, func(s *mailbox.GoogleSwitches) { s.BadTokenGone, s.TokenExpiresMidPaging = true, true })
	gone.want(410, "GET", "calendars/primary/events?syncToken=nonsense", "")
	gone.fill(3)
	_, token := gone.read("")
	gone.edit("event000", "x")
	gone.edit("event001", "x")
	page := gone.want(200, "GET", "calendars/primary/events?maxResults=1&syncToken="+token, "").text("nextPageToken")
	gone.want(410, "GET", "calendars/primary/events?maxResults=1&syncToken="+token+"&pageToken="+url.QueryEscape(page), "")
}

func TestAWriteIsSeenByGetBeforeItIsListed(t *testing.T) {
	b := newBench(t, func(s *mailbox.GoogleSwitches) { s.ListLag = time.Hour })
	b.fill(1)
	b.clock = b.clock.Add(2 * time.Hour)
	_, token := b.read("")
	b.add("fresh", "New")
	b.want(200, "GET", "calendars/primary/events/fresh", "")
	ids, token := b.read("syncToken=" + token)
	if len(ids) != 0 {
		t.Errorf("seen at once: %v", ids)
	}
	if ids, _ := b.read(""); fmt.Sprint(ids) != "[event000/confirmed]" {
		t.Errorf("full list: %v", ids)
	}
	b.clock = b.clock.Add(2 * time.Hour)
	if ids, _ := b.read("syncToken=" + token); fmt.Sprint(ids) != "[fresh/confirmed]" {
		t.Errorf("never seen: %v", ids)
	}
}

func TestPartialResponses(t *testing.T) {
	b := newBench(t)
	b.add("abcde", "One")
	for fields, want := range map[string]string{
		"items(id,start/dateTime),nextSyncToken": `{"items":[{"id":"abcde","start":{"dateTime":"2026-03-03T10:00:00+01:00"}}],"nextSyncToken"`,
		"items/id":                               `{"items":[{"id":"abcde"}]}`,
		"items(end(date))":                       `{"items":[{"end":{}}]}`,
		"kind,accessRole":                        `{"accessRole":"owner","kind":"calendar#events"}`,
		"items(creator/*)":                       `{"items":[{"creator":{"displayName":"Robin","email":"robin@example.com","self":true}}]}`,
		"items(id),items/status":                 `{"items":[{"id":"abcde","status":"confirmed"}]}`,
	} {
		if got := b.want(200, "GET", "calendars/primary/events?fields="+url.QueryEscape(fields), "").raw; !strings.HasPrefix(got, want) {
			t.Errorf("%s\n got %s\nwant %s", fields, got, want)
		}
	}
	for _, fields := range []string{"items(id", "item", "items(id))", "items(nope)", ",", "items()"} {
		b.want(400, "GET", "calendars/primary/events?fields="+url.QueryEscape(fields), "")
	}
}

func TestTokensAndScopes(t *testing.T) {
	b := newBench(t)
	b.add("abcde", "Secret plan")
	own := b.box.AddCalendar(mailbox.Calendar{Name: "Mine"})
	foreign := b.box.AddCalendar(mailbox.Calendar{Name: "Theirs", Role: "writer"})
	for _, c := range []struct {
		token, method, path string
		status              int
		reason              string
	}{
		{"", "GET", "calendars/primary/events", 401, "required"},
		{"stale", "GET", "calendars/primary/events", 401, "authError"},
		{"none", "GET", "calendars/primary/events", 403, "insufficientPermissions"},
		{"sync", "GET", "calendars/primary/events", 200, ""},
		{"sync", "GET", "users/me/calendarList", 200, ""},
		{"sync", "GET", "calendars/primary", 403, "insufficientPermissions"},
		{"sync", "GET", "users/me/settings", 403, "insufficientPermissions"},
		{"sync", "GET", "colors", 200, ""},
		{"owned", "GET", "calendars/" + own.ID + "/events", 200, ""},
		{"owned", "GET", "calendars/" + foreign.ID + "/events", 403, "insufficientPermissions"},
		{"owned", "GET", "users/me/calendarList", 403, "insufficientPermissions"},
		{"created", "GET", "calendars/primary/events", 404, "notFound"},
		{"busy", "DELETE", "calendars/primary/events/abcde", 403, "insufficientPermissions"},
	} {
		b.token = c.token
		if a := b.want(c.status, c.method, c.path, ""); a.reason() != c.reason {
			t.Errorf("%s %s: %q, want %q", c.token, c.path, a.reason(), c.reason)
		}
	}
	b.token = "none"
	if a := b.want(403, "POST", "calendars/primary/events", "{}"); !strings.Contains(a.raw, `"calendar.v3.Events.Insert"`) ||
		!strings.Contains(a.raw, "ACCESS_TOKEN_SCOPE_INSUFFICIENT") || !strings.Contains(a.raw, "PERMISSION_DENIED") {
		t.Errorf("details: %s", a.raw)
	}
	b.token = "busy"
	if a := b.want(200, "GET", "calendars/primary/events", ""); strings.Contains(a.raw, "Secret") || a.text("accessRole") != "freeBusyReader" {
		t.Errorf("free/busy shows %s", a.raw)
	}
	b.token = "created"
	made := b.want(200, "POST", "calendars", `{"summary":"App"}`)
	b.want(200, "GET", "calendars/"+made.text("id")+"/events", "")
}

func TestRolesDecideWhatIsSeenAndWritten(t *testing.T) {
	for _, c := range []struct {
		role            string
		write           int
		plain, personal bool // what is seen
	}{
		{"owner", 200, true, true},
		{"writer", 200, true, true},
		{"writerWithoutPrivateAccess", 200, true, false},
		{"reader", 403, true, false},
		{"freeBusyReader", 403, false, false},
	} {
		b := newBench(t)
		b.add("plain", "Open plan")
		b.want(200, "POST", "calendars/primary/events", `{"id":"personal","summary":"Doctor","visibility":"private",`+hour+`}`)
		_, token := b.read("")
		if err := b.box.SetRole("primary", c.role); err != nil {
			t.Fatal(err)
		}
		b.want(410, "GET", "calendars/primary/events?syncToken="+token, "")
		raw := b.want(200, "GET", "calendars/primary/events", "").raw
		if strings.Contains(raw, "Open plan") != c.plain || strings.Contains(raw, "Doctor") != c.personal {
			t.Errorf("%s sees %s", c.role, raw)
		}
		a := b.want(c.write, "POST", "calendars/primary/events", `{`+hour+`}`)
		if c.write == 403 && a.reason() != "requiredAccessLevel" {
			t.Errorf("%s: reason %q", c.role, a.reason())
		}
		if c.role == "writerWithoutPrivateAccess" {
			b.want(403, "PATCH", "calendars/primary/events/personal", `{"summary":"x"}`)
		}
	}
}

func TestIdsWithSlashesAndSignsAreRouted(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"en.usa#holiday@group.v.calendar.google.com", "a b/c+d@x", "primary/events"} {
		b.box.AddCalendar(mailbox.Calendar{ID: id, Name: id, Role: "reader"})
		if a := b.want(200, "GET", "users/me/calendarList/"+url.PathEscape(id), ""); a.text("id") != id {
			t.Errorf("%s: %s", id, a.raw)
		}
	}
	if a := b.want(200, "GET", "calendars/primary", ""); a.text("id") != "robin@example.com" {
		t.Errorf("primary is %s", a.text("id"))
	}
}

func TestTheListOfCalendars(t *testing.T) {
	b := newBench(t)
	work := b.box.AddCalendar(mailbox.Calendar{Name: "Work", Color: "#112233"})
	b.box.AddCalendar(mailbox.Calendar{ID: "hid", Name: "Hidden", Hidden: true, Role: "reader"})
	list := "users/me/calendarList"
	first := b.want(200, "GET", list, "")
	if got := first.ids(); got != "robin@example.com "+work.ID {
		t.Errorf("listed: %s", got)
	}
	if e := first.items()[0]; e["primary"] != true || e["accessRole"] != "owner" || e["timeZone"] != "Europe/Berlin" {
		t.Errorf("primary: %v", e)
	}
	if got := b.want(200, "GET", list+"?showHidden=true&minAccessRole=reader", "").items(); len(got) != 3 || got[2]["hidden"] != true {
		t.Errorf("with hidden ones: %v", got)
	}
	page := b.want(200, "GET", list+"?maxResults=1", "")
	if len(page.items()) != 1 || page.text("nextPageToken") == "" || page.text("nextSyncToken") != "" {
		t.Errorf("first page: %s", page.raw)
	}
	token := first.text("nextSyncToken")
	// A new title is a change of the calendar, not of the entry: increments are silent.
	b.want(200, "PATCH", "calendars/"+work.ID, `{"summary":"Labour"}`)
	if got := b.want(200, "GET", list+"?syncToken="+token, "").items(); len(got) != 0 {
		t.Errorf("an increment tells of a title: %v", got)
	}
	a := b.want(200, "PATCH", list+"/"+work.ID, `{"colorId":"7","summaryOverride":"Job"}`)
	if a.text("backgroundColor") != "#42d692" || a.text("summaryOverride") != "Job" || a.text("summary") != "Labour" {
		t.Errorf("patched: %s", a.raw)
	}
	if err := b.box.Unsubscribe("hid"); err != nil {
		t.Fatal(err)
	}
	got := b.want(200, "GET", list+"?syncToken="+token, "").items()
	if len(got) != 2 || got[1]["deleted"] != true {
		t.Errorf("increment: %v", got)
	}
	b.want(400, "GET", list+"?syncToken="+token+"&showDeleted=false", "")
	b.want(400, "GET", list+"?syncToken="+token+"&minAccessRole=reader", "")
	b.want(404, "GET", "calendars/hid/events", "")
}

func TestCalendarsAreMadeChangedAndDeleted(t *testing.T) {
	b := newBench(t)
	b.want(400, "POST", "calendars", `{}`)
	a := b.want(200, "POST", "calendars", `{"summary":"New","timeZone":"Asia/Tokyo"}`)
	path := "calendars/" + a.text("id")
	if got := b.want(200, "PATCH", path, `{"summary":"New"}`).text("etag"); got != a.text("etag") {
		t.Error("a patch of nothing moved the etag")
	}
	if got := b.want(200, "PATCH", path, `{"summary":"Newer"}`).text("etag"); got == a.text("etag") {
		t.Error("a patch left the etag")
	}
	b.with("If-Match", a.text("etag")).want(412, "DELETE", path, "")
	b.want(204, "DELETE", path, "")
	b.want(404, "GET", path, "")
	b.want(403, "DELETE", "calendars/primary", "")
	b.want(400, "PATCH", "calendars/primary", `{"timeZone":"Mars/Base"}`)
}

func TestColorsSettingsAndFreeBusy(t *testing.T) {
	b := newBench(t)
	a := b.want(200, "GET", "colors", "")
	if len(a.body["event"].(obj)) != 11 || len(a.body["calendar"].(obj)) != 24 {
		t.Errorf("colors: %s", a.raw)
	}
	if got := b.want(200, "GET", "users/me/settings/timezone", "").text("value"); got != "Europe/Berlin" {
		t.Errorf("zone %q", got)
	}
	b.want(404, "GET", "users/me/settings/nothing", "")
	s := b.want(200, "GET", "users/me/settings", "")
	if got := b.want(200, "GET", "users/me/settings?syncToken="+s.text("nextSyncToken"), "").items(); len(got) != 0 {
		t.Errorf("settings changed: %v", got)
	}
	b.add("aaaaa", "One") // 10 to 11
	b.want(200, "POST", "calendars/primary/events", `{"start":{"dateTime":"2026-03-03T10:30:00+01:00"},"end":{"dateTime":"2026-03-03T12:00:00+01:00"}}`)
	b.want(200, "POST", "calendars/primary/events", `{"transparency":"transparent","start":{"date":"2026-03-03"},"end":{"date":"2026-03-04"}}`)
	q := `{"timeMin":"2026-03-03T00:00:00Z","timeMax":"2026-03-04T00:00:00Z","items":[{"id":"primary"},{"id":"nobody"}]}`
	a = b.want(200, "POST", "freeBusy", q)
	if want := `"primary":{"busy":[{"end":"2026-03-03T11:00:00Z","start":"2026-03-03T09:00:00Z"}]}`; !strings.Contains(a.raw, want) {
		t.Errorf("busy: %s", a.raw)
	}
	if !strings.Contains(a.raw, `"nobody":{"busy":[],"errors":[{"domain":"global","reason":"notFound"}]}`) {
		t.Errorf("nobody: %s", a.raw)
	}
	b.want(400, "POST", "freeBusy", `{}`)
}

func TestAGuestListCanBeCut(t *testing.T) {
	b := newBench(t)
	b.want(200, "POST", "calendars/primary/events", `{"id":"abcde","attendees":[{"email":"a@x.org"},{"email":"robin@example.com"}],`+hour+`}`)
	a := b.want(200, "GET", "calendars/primary/events/abcde?maxAttendees=1", "")
	if l := a.body["attendees"].([]any); len(l) != 1 || l[0].(obj)["self"] != true || a.body["attendeesOmitted"] != true {
		t.Errorf("guests: %s", a.raw)
	}
}

func TestKindsNameRequestsAsTheDocumentDoes(t *testing.T) {
	b := newBench(t)
	for request, want := range map[string]string{
		"GET calendars/a/events": "events.list", "GET calendars/a/events/import": "events.get",
		"POST calendars/a/events/import": "events.import", "POST calendars/a/events/x/move": "events.move",
		"GET users/me/calendarList": "calendarList.list", "POST freeBusy": "freebusy.query", "PUT x": "unknown",
	} {
		method, path, _ := strings.Cut(request, " ")
		r := newRequest(method, path)
		kind, write := b.server.Kind(r)
		if kind != want || write != (method != "GET" && want != "freebusy.query") {
			t.Errorf("%s: %s, write %v", request, kind, write)
		}
	}
}

func TestTokensAreOpaqueToUrls(t *testing.T) {
	b := newBench(t)
	_, token := b.read("")
	if _, err := base64.RawURLEncoding.DecodeString(token); err != nil || url.QueryEscape(token) != token {
		t.Errorf("token %q", token)
	}
}
