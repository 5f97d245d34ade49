package graphsim

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// week is a lab with five weekly Mondays from 2 March 2026, the second edited
// and the third deleted.
func week(t *testing.T, change ...func(*Options)) (l *lab, master string, ids []string) {
	t.Helper()
	l = newLab(t, change...)
	master, _ = l.add(recurring(2, weekly, numbered(5)))
	for _, it := range l.instancesOf(master, year) {
		ids = append(ids, it["id"].(string))
	}
	l.must(200, "PATCH", "/me/events/"+ids[1], `{"subject":"Edited"}`)
	l.must(204, "DELETE", "/me/events/"+ids[2], "")
	return l, master, ids
}

func at(from, to string) string {
	return `"start":{"dateTime":"2026-` + from + `","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-` + to + `","timeZone":"Europe/Berlin"}`
}

func TestAnOccurrenceHasAllThatItsSeriesHas(t *testing.T) {
	l := newLab(t)
	master, _ := l.add(recurring(2, weekly, numbered(3), `"body":{"contentType":"text","content":"notes"}`, `"location":{"displayName":"Hall"}`, guests("bob"), `"categories":["Red"]`))
	whole := l.must(200, "GET", "/me/events/"+master, "").body
	items := l.instancesOf(master, year)
	for i, it := range items {
		one := l.must(200, "GET", "/me/events/"+it["id"].(string), "").body
		delete(one, "@odata.context")
		if jsonText(one) != jsonText(it) {
			t.Errorf("%d: by id it is %s\nin the list %s", i, jsonText(one), jsonText(it))
		}
		for k := range whole {
			switch k {
			case "id", "iCalUId", "start", "end", "changeKey", "@odata.etag", "type", "seriesMasterId", "recurrence", "webLink", "@odata.context":
				continue
			}
			if jsonText(it[k]) != jsonText(whole[k]) {
				t.Errorf("%d: %s is %v, the series has %v", i, k, it[k], whole[k])
			}
		}
		if it["type"] != "occurrence" || it["seriesMasterId"] != master || it["recurrence"] != nil || it["iCalUId"] == whole["iCalUId"] {
			t.Errorf("%d: %v", i, it)
		}
		sel := l.must(200, "GET", "/me/events/"+it["id"].(string)+"?$select=originalStart", "").body
		if got := slices.Sorted(maps.Keys(sel)); sel["originalStart"] != "2026-03-"+[]string{"02", "09", "16"}[i]+"T09:00:00Z" || len(got) != 4 {
			t.Errorf("%d: %v", i, sel)
		}
	}
	const pref = `Prefer: IdType="ImmutableId"`
	first := l.must(200, "GET", "/me/events/"+items[0]["id"].(string), "", pref)
	if again := l.must(200, "GET", "/me/events/"+first.text("id"), ""); first.text("id") == items[0]["id"] || again.text("id") != items[0]["id"] || first.text("seriesMasterId") == master {
		t.Error("occurrences have ids of both types")
	}
	l.noUnknown()
}

func TestAnEditedOccurrenceIsAnException(t *testing.T) {
	l, master, ids := week(t)
	before := l.must(200, "GET", "/me/events/"+master, "").text("@odata.etag")
	a := l.must(200, "PATCH", "/me/events/"+ids[3], `{`+at("03-24T15:00:00", "03-24T16:30:00")+`}`)
	if a.text("type") != "exception" || a.text("id") != ids[3] || a.text("subject") != "Meeting 2" || a.text("seriesMasterId") != master {
		t.Errorf("%v", a.body)
	}
	if got := l.must(200, "GET", "/me/events/"+ids[3]+"?$select=originalStart,start", "").body; got["originalStart"] != "2026-03-23T09:00:00Z" || starts([]map[string]any{got})[0] != "03-24T14:00" {
		t.Errorf("%v", got)
	}
	if l.must(200, "GET", "/me/events/"+master, "").text("@odata.etag") == before {
		t.Error("the series has no new version")
	}
	if back := l.must(200, "PATCH", "/me/events/"+ids[3], `{`+at("03-23T10:00:00", "03-23T11:00:00")+`}`); back.text("type") != "exception" {
		t.Error("set back it stays an exception")
	}
	for _, body := range []string{`{"recurrence":null}`, `{` + recurrence(daily, noEnd+`,"startDate":"2026-03-02"`) + `}`} {
		if a := l.call("PATCH", "/me/events/"+ids[3], body); a.status != 400 {
			t.Errorf("%s: %d", body, a.status)
		}
	}
	for _, verb := range []string{"GET", "PATCH", "DELETE"} {
		if a := l.call(verb, "/me/events/"+ids[2], map[string]string{"PATCH": `{"subject":"x"}`}[verb]); a.status != 404 || a.code() != "ErrorItemNotFound" {
			t.Errorf("%s of a deleted occurrence: %d %s", verb, a.status, a.code())
		}
	}
	for _, id := range []string{occurrenceID(master, dayNumber(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC))), occurrenceID(master, 1<<20)} {
		if a := l.call("GET", "/me/events/"+id, ""); a.status != 404 {
			t.Errorf("no occurrence on that day: %d", a.status)
		}
	}
	l.noUnknown()
}

func TestWhatIsNotModifiedFollowsTheSeries(t *testing.T) {
	l, master, ids := week(t)
	l.must(200, "PATCH", "/me/events/"+master, `{"subject":"New","showAs":"free"}`)
	got := l.must(200, "GET", "/me/events/"+ids[1], "")
	if got.text("subject") != "Edited" || got.text("showAs") != "free" {
		t.Errorf("subject %q, showAs %q", got.text("subject"), got.text("showAs"))
	}
	if items := l.instancesOf(master, year); types(items) != "1 exception 3 occurrence" || items[0]["subject"] != "New" {
		t.Errorf("%s", types(items))
	}
}

func TestOccurrencesDoNotCrossTheirNeighbours(t *testing.T) {
	for name, tc := range map[string]struct {
		from, to string
		ok       bool
	}{
		"within its day":                 {"03-23T22:00:00", "03-23T23:00:00", true},
		"the day before the next":        {"03-29T10:00:00", "03-29T11:00:00", true},
		"the day of the next, earlier":   {"03-30T05:00:00", "03-30T06:00:00", false},
		"past the next":                  {"03-31T10:00:00", "03-31T11:00:00", false},
		"where a deleted one was":        {"03-16T10:00:00", "03-16T11:00:00", true},
		"the day after the previous":     {"03-10T00:30:00", "03-10T01:00:00", true},
		"the day of the previous, later": {"03-09T20:00:00", "03-09T21:00:00", false},
		"long enough to meet the next":   {"03-29T10:00:00", "03-30T10:30:00", false},
		"up to the start of the next":    {"03-29T10:00:00", "03-30T10:00:00", true},
	} {
		l, _, ids := week(t)
		a := l.call("PATCH", "/me/events/"+ids[3], `{`+at(tc.from, tc.to)+`}`)
		if tc.ok && a.status != 200 || !tc.ok && (a.status != 400 || a.code() != "ErrorOccurrenceCrossingBoundary") {
			t.Errorf("%s: %d %s", name, a.status, a.code())
		}
	}
	l := newLab(t)
	master, _ := l.add(recurring(2, daily, noEnd))
	it := l.instancesOf(master, "startDateTime=2036-05-05T00:00:00Z&endDateTime=2036-05-06T00:00:00Z")[0]
	a := l.call("PATCH", "/me/events/"+it["id"].(string), `{"start":{"dateTime":"2036-05-06T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2036-05-06T11:00:00","timeZone":"Europe/Berlin"}}`)
	if e, _ := a.body["error"].(map[string]any); e["message"] != "Modified occurrence is crossing or overlapping adjacent occurrence." {
		t.Errorf("a daily meeting moves within its day only: %v", a.body)
	}
}

func TestPatchesOfASeries(t *testing.T) {
	kept, reset := "1 exception 3 occurrence", "5 occurrence"
	same := recurrence(weekly, numbered(5)+`,"startDate":"2026-03-02"`)
	for name, tc := range map[string]struct{ patch, want, code string }{
		"subject":                     {`"subject":"x"`, kept, ""},
		"the same recurrence":         {same, kept, ""},
		"the same, zone by Windows":   {recurrence(weekly, numbered(5)+`,"startDate":"2026-03-02","recurrenceTimeZone":"W. Europe Standard Time"`), kept, ""},
		"the same times":              {at("03-02T10:00:00", "03-02T11:00:00"), kept, ""},
		"end only":                    {`"end":{"dateTime":"2026-03-02T11:30:00","timeZone":"Europe/Berlin"}`, reset, ""},
		"start and end":               {at("03-02T09:00:00", "03-02T10:00:00"), reset, ""},
		"range":                       {recurrence(weekly, numbered(4)+`,"startDate":"2026-03-02"`), "4 occurrence", ""},
		"pattern":                     {recurrence(daily, numbered(9)+`,"startDate":"2026-03-02"`), "9 occurrence", ""},
		"zone without recurrence":     {`"start":{"dateTime":"2026-03-02T10:00:00","timeZone":"Asia/Tokyo"},"end":{"dateTime":"2026-03-02T11:00:00","timeZone":"Asia/Tokyo"}`, kept, "ErrorPropertyValidationFailure"},
		"zone with recurrence":        {`"start":{"dateTime":"2026-03-02T10:00:00","timeZone":"Asia/Tokyo"},"end":{"dateTime":"2026-03-02T11:00:00","timeZone":"Asia/Tokyo"},` + same, reset, ""},
		"another spelling of it":      {strings.ReplaceAll(at("03-02T10:00:00", "03-02T11:00:00"), "Europe/Berlin", "Europe/Vienna"), kept, ""},
		"another day, no recurrence":  {at("03-03T10:00:00", "03-03T11:00:00"), kept, "ErrorInvalidRecurrenceRange"},
		"another day with recurrence": {at("03-03T10:00:00", "03-03T11:00:00") + `,` + recurrence(`"type":"weekly","interval":1,"daysOfWeek":["tuesday"]`, numbered(5)+`,"startDate":"2026-03-03"`), reset, ""},
		"longer than its interval":    {`"end":{"dateTime":"2026-03-09T11:30:00","timeZone":"Europe/Berlin"}`, kept, "ErrorOccurrenceTimeSpanTooBig"},
		"no recurrence any more":      {`"recurrence":null`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l, master, _ := week(t)
			a := l.call("PATCH", "/me/events/"+master, `{`+tc.patch+`}`)
			if a.code() != tc.code || (tc.code == "") != (a.status == 200) {
				t.Fatalf("%d %s", a.status, a.code())
			}
			if got := types(l.instancesOf(master, year)); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	l, master, _ := week(t, func(o *Options) { o.Quirks.ResetOnTouch = true })
	l.must(200, "PATCH", "/me/events/"+master, `{`+at("03-02T10:00:00", "03-02T11:00:00")+`}`)
	if got := types(l.instancesOf(master, year)); got != reset {
		t.Errorf("touched only, by switch: %s", got)
	}
}

func TestSingleToSeriesAndBack(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(2))
	a := l.must(200, "PATCH", "/me/events/"+id, `{`+recurrence(weekly, numbered(3)+`,"startDate":"2026-03-02"`)+`}`)
	if a.text("id") != id || a.text("type") != "seriesMaster" || types(l.instancesOf(id, year)) != "3 occurrence" {
		t.Errorf("%v", a.body)
	}
	first := l.instancesOf(id, year)[0]["id"].(string)
	l.must(200, "PATCH", "/me/events/"+first, `{`+at("03-03T15:00:00", "03-03T16:00:00")+`}`)
	a = l.must(200, "PATCH", "/me/events/"+id, `{"recurrence":null}`)
	if a.text("id") != id || a.text("type") != "singleInstance" || starts([]map[string]any{a.body})[0] != "03-02T09:00" || a.body["recurrence"] != nil {
		t.Errorf("%v", a.body)
	}
	if a := l.call("GET", "/me/events/"+first, ""); a.status != 404 {
		t.Errorf("the occurrence is still there: %d", a.status)
	}
}

func TestWhoHearsOfASeries(t *testing.T) {
	l := newLab(t)
	master, _ := l.add(recurring(2, weekly, numbered(5), guests("bob")))
	ids := l.instancesOf(master, year)
	expect := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, m := range l.mb.Mails() {
			got = append(got, m.Kind)
		}
		l.mb.Outbox = nil
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	expect("created", "invitation")
	l.must(200, "PATCH", "/me/events/"+ids[1]["id"].(string), `{"subject":"x"}`)
	expect("one edited", "update")
	l.must(200, "PATCH", "/me/events/"+ids[2]["id"].(string), `{"showAs":"free"}`)
	expect("own view of one")
	l.must(200, "PATCH", "/me/events/"+master, `{"subject":"y"}`)
	expect("series with two exceptions", "update", "update", "update")
	l.must(204, "DELETE", "/me/events/"+ids[3]["id"].(string), "")
	expect("one deleted", "cancellation")
	l.must(204, "DELETE", "/me/events/"+master, "")
	expect("all deleted", "cancellation")
}

func TestListsOfSeries(t *testing.T) {
	l, master, _ := week(t)
	l.add(meeting(4))
	for path, want := range map[string]string{
		"/me/events": "1 seriesMaster 1 singleInstance",
		"/me/events?$filter=" + escaped("type eq 'seriesMaster'"):                              "1 seriesMaster",
		"/me/calendarView?" + march:                                                            "1 exception 3 occurrence 1 singleInstance",
		"/me/calendarView?startDateTime=2026-03-09T09:30:00Z&endDateTime=2026-03-09T09:31:00Z": "1 exception",
		"/me/calendarView?startDateTime=2026-03-16T00:00:00Z&endDateTime=2026-03-17T00:00:00Z": "",
	} {
		if got := types(l.must(200, "GET", path, "").items()); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if a := l.call("GET", "/me/events/"+master+"/instances?startDateTime=2026-03-01T00:00:00Z", ""); a.status != 400 || a.code() != "ErrorInvalidParameter" {
		t.Errorf("instances without an end: %d %s", a.status, a.code())
	}
	a := l.must(200, "GET", "/me/events/"+master+"/instances?"+march+"&$top=3", "")
	rest := l.must(200, "GET", a.text("@odata.nextLink"), "")
	if got := append(starts(a.items()), starts(rest.items())...); !slices.Equal(got, []string{"03-02T09:00", "03-09T09:00", "03-23T09:00", "03-30T08:00"}) || rest.text("@odata.nextLink") != "" {
		t.Errorf("pages of instances: %v", got)
	}
	with, _, _ := week(t, func(o *Options) { o.Switches.ExceptionsInEvents = true })
	if got := types(with.must(200, "GET", "/me/events", "").items()); got != "1 exception 1 seriesMaster" {
		t.Errorf("exceptions by switch: %s", got)
	}
}

func TestDeletedAndChangedOccurrencesOfAMaster(t *testing.T) {
	for _, filled := range []bool{false, true} {
		l, master, ids := week(t, func(o *Options) { o.Switches.CancelledOccurrences = filled })
		a := l.must(200, "GET", "/me/events/"+master+"?$select=subject,cancelledOccurrences&$expand=exceptionOccurrences", "")
		want := []any{}
		if filled {
			want = []any{"OID." + master + ".2026-03-16"}
		}
		if jsonText(a.body["cancelledOccurrences"]) != jsonText(want) {
			t.Errorf("%v: %v", filled, a.body["cancelledOccurrences"])
		}
		x := a.body["exceptionOccurrences"].([]any)
		if len(x) != 1 || x[0].(map[string]any)["id"] != ids[1] {
			t.Errorf("exceptions %v", x)
		}
		for _, m := range misfits("event", numbers(t, a.body), "event") {
			t.Error(m)
		}
		if plain := l.must(200, "GET", "/me/events/"+master, "").body; plain["cancelledOccurrences"] != nil || plain["exceptionOccurrences"] != nil {
			t.Error("they come unasked")
		}
	}
}

func TestSeriesOfSpecialKinds(t *testing.T) {
	const window = "startDateTime=2026-03-20T00:00:00Z&endDateTime=2026-04-10T00:00:00Z"
	for name, tc := range map[string]struct {
		body string
		want []string // start and end in UTC
	}{
		"all day": {`{"isAllDay":true,"start":{"dateTime":"2026-03-26","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-27","timeZone":"Europe/Berlin"},` +
			recurrence(daily, numbered(2)+`,"startDate":"2026-03-26","recurrenceTimeZone":"Europe/Berlin"`) + `}`,
			[]string{"03-26T00:00 03-27T00:00", "03-27T00:00 03-28T00:00"}},
		"several days": {`{"start":{"dateTime":"2026-03-21T22:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-23T06:00:00","timeZone":"Europe/Berlin"},` +
			recurrence(`"type":"weekly","interval":1,"daysOfWeek":["saturday"]`, numbered(2)+`,"startDate":"2026-03-21"`) + `}`,
			[]string{"03-21T21:00 03-23T05:00", "03-28T21:00 03-30T04:00"}},
		"since 1971": {`{"start":{"dateTime":"1971-03-01T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"1971-03-01T11:00:00","timeZone":"Europe/Berlin"},` +
			recurrence(`"type":"weekly","interval":2,"daysOfWeek":["monday"]`, noEnd+`,"startDate":"1971-03-01"`) + `}`,
			[]string{"03-30T08:00 03-30T09:00"}},
		"two zones": {`{"start":{"dateTime":"2026-03-22T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-22T12:00:00","timeZone":"America/New_York"},` +
			recurrence(daily, numbered(1)+`,"startDate":"2026-03-22"`) + `}`,
			[]string{"03-22T09:00 03-22T16:00"}},
		"a start that the clocks skip": {`{"start":{"dateTime":"2026-03-29T02:30:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-29T03:30:00","timeZone":"Europe/Berlin"},` +
			recurrence(daily, numbered(2)+`,"startDate":"2026-03-29"`) + `}`,
			[]string{"03-29T01:30 03-29T01:30", "03-30T00:30 03-30T01:30"}},
		"half an hour at Lord Howe": {`{"start":{"dateTime":"2026-04-04T10:00:00","timeZone":"Lord Howe Standard Time"},"end":{"dateTime":"2026-04-04T11:00:00","timeZone":"Lord Howe Standard Time"},` +
			recurrence(daily, numbered(2)+`,"startDate":"2026-04-04"`) + `}`,
			[]string{"04-03T23:00 04-04T00:00", "04-04T23:30 04-05T00:30"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			id, _ := l.add(tc.body)
			var got []string
			for _, it := range l.instancesOf(id, window) {
				end := it["end"].(map[string]any)["dateTime"].(string)
				got = append(got, starts([]map[string]any{it})[0]+" "+strings.TrimPrefix(end[:16], "2026-"))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestExtensionsAndPropertiesOfOneOccurrence(t *testing.T) {
	l, master, ids := week(t)
	l.must(201, "POST", "/me/events/"+ids[3]+"/extensions", `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"a","x":1}`)
	l.must(200, "PATCH", "/me/events/"+ids[4], `{"singleValueExtendedProperties":[{"id":"String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark","value":"1"}]}`)
	for id, want := range map[string]int{ids[3]: 1, ids[4]: 0, master: 0} {
		if got := l.must(200, "GET", "/me/events/"+id+"/extensions", "").items(); len(got) != want {
			t.Errorf("%d extensions, want %d", len(got), want)
		}
	}
	found := l.must(200, "GET", "/me/calendarView?"+march+"&$filter="+escaped("singleValueExtendedProperties/Any(ep: ep/id eq 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark')"), "").items()
	if len(found) != 1 || found[0]["id"] != ids[4] {
		t.Errorf("found %d", len(found))
	}
}

func TestGuestsAnswerOneOccurrence(t *testing.T) {
	l := newLab(t)
	master, err := l.AddSeries("primary", mailbox.Event{Title: "Theirs", Organizer: mailbox.Person{Email: "boss@example.com"},
		Attendees:  []mailbox.Attendee{{Person: l.mb.Owner, Response: "needsAction"}},
		Start:      mailbox.Moment{Local: "2026-03-02T10:00:00", Zone: "Europe/Berlin"},
		End:        mailbox.Moment{Local: "2026-03-02T11:00:00", Zone: "Europe/Berlin"},
		Recurrence: []string{"RRULE:FREQ=WEEKLY;COUNT=3"}})
	if err != nil {
		t.Fatal(err)
	}
	items := l.instancesOf(master, year)
	l.must(202, "POST", "/me/events/"+items[0]["id"].(string)+"/accept", `{}`)
	l.must(202, "POST", "/me/events/"+items[1]["id"].(string)+"/decline", `{}`)
	items = l.instancesOf(master, year)
	if types(items) != "1 exception 1 occurrence" || items[0]["responseStatus"].(map[string]any)["response"] != "accepted" ||
		items[1]["responseStatus"].(map[string]any)["response"] != "notResponded" {
		t.Errorf("%s %v", types(items), items[0]["responseStatus"])
	}
	if a := l.call("PATCH", "/me/events/"+items[1]["id"].(string), `{"subject":"mine"}`); a.status != 403 {
		t.Errorf("a guest edits: %d", a.status)
	}
}

func TestAStartThatMovedOnMayBeSentAgain(t *testing.T) {
	l := newLab(t)
	body := recurring(4, weekly, numbered(3)) // a Wednesday; the series is on Mondays
	id, _ := l.add(body)
	l.must(204, "DELETE", "/me/events/"+l.instancesOf(id, year)[1]["id"].(string), "")
	for _, again := range []string{body, `{` + recurrence(weekly, numbered(3)+`,"startDate":"2026-03-04"`) + `}`} {
		l.must(200, "PATCH", "/me/events/"+id, again)
		if got := starts(l.instancesOf(id, year)); !slices.Equal(got, []string{"03-09T09:00", "03-23T09:00"}) {
			t.Errorf("%v", got)
		}
	}
}

func TestAnEtagOfAnOccurrenceIsItsSeries(t *testing.T) {
	l, _, ids := week(t)
	old := l.must(200, "GET", "/me/events/"+ids[3], "").text("@odata.etag")
	l.must(200, "PATCH", "/me/events/"+ids[4], `{"subject":"x"}`)
	if a := l.call("PATCH", "/me/events/"+ids[3], `{"subject":"y"}`, "If-Match: "+old); a.status != 412 {
		t.Errorf("another occurrence changed: %d", a.status)
	}
	fresh := l.must(200, "GET", "/me/events/"+ids[3], "").text("@odata.etag")
	l.must(200, "PATCH", "/me/events/"+ids[3], `{"subject":"y"}`, "If-Match: "+fresh)
}
