package googlesim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// weekly is a series on four Tuesdays that crosses the change of the clocks on
// 29 March: 3, 10 March at 09:00Z, 24, 31 March (17 March is excluded).
const weekly = `{"id":"tues1","summary":"Stand-up","location":"Room 1",` + zoned + `,
	"recurrence":["RRULE:FREQ=WEEKLY;COUNT=5","EXDATE:20260317T090000Z"]}`

const events = "calendars/primary/events"

// series is a bench with the weekly series in it.
func series(t *testing.T, switches ...func(*mailbox.GoogleSwitches)) *bench {
	b := newBench(t, switches...)
	b.want(200, "POST", events, weekly)
	return b
}

// some lists an answer's items as "id/status".
func some(a answer) string {
	var out []string
	for _, i := range a.items() {
		out = append(out, i["id"].(string)+"/"+i["status"].(string))
	}
	return strings.Join(out, " ")
}

func wantItems(t *testing.T, what string, a answer, want string) {
	t.Helper()
	if got := some(a); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func wantRead(t *testing.T, b *bench, params, want string) string {
	t.Helper()
	ids, token := b.read(params)
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("list?%s:\n got %s\nwant %s", params, got, want)
	}
	return token
}

func TestRulesAreStoredTheServicesWay(t *testing.T) {
	keep := func(s *mailbox.GoogleSwitches) { s.KeepRuleText = true }
	week := func(s *mailbox.GoogleSwitches) { s.AddWeekStart = true }
	for _, c := range []struct {
		name, lines, want string
		switches          []func(*mailbox.GoogleSwitches)
	}{
		{"INTERVAL=1 goes, parts are ordered", `"RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=TU;COUNT=4;WKST=SU"`, "RRULE:FREQ=WEEKLY;WKST=SU;COUNT=4;BYDAY=TU", nil},
		{"lower case is raised", `"RRULE:freq=daily;until=20260401T000000z"`, "RRULE:FREQ=DAILY;UNTIL=20260401T000000Z", nil},
		{"other intervals stay", `"RRULE:FREQ=DAILY;BYMONTH=3;INTERVAL=10"`, "RRULE:FREQ=DAILY;INTERVAL=10;BYMONTH=3", nil},
		{"dates stay as they come", `"RDATE;TZID=Europe/Berlin:20260304T100000","EXDATE:20260303T090000Z"`,
			"RDATE;TZID=Europe/Berlin:20260304T100000 EXDATE:20260303T090000Z", nil},
		{"a rule that excludes", `"RRULE:FREQ=DAILY;COUNT=9","EXRULE:FREQ=WEEKLY;INTERVAL=1"`, "RRULE:FREQ=DAILY;COUNT=9 EXRULE:FREQ=WEEKLY", nil},
		{"the last day of a shorter month", `"RRULE:FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD;RSCALE=GREGORIAN"`,
			"RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", nil},
		{"kept as sent, by switch", `"RRULE:FREQ=WEEKLY;INTERVAL=1;COUNT=4"`, "RRULE:FREQ=WEEKLY;INTERVAL=1;COUNT=4", []func(*mailbox.GoogleSwitches){keep}},
		{"a week start added, by switch", `"RRULE:FREQ=WEEKLY;BYDAY=TU"`, "RRULE:FREQ=WEEKLY;WKST=MO;BYDAY=TU", []func(*mailbox.GoogleSwitches){week}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.switches...)
			a := b.want(200, "POST", events, `{`+zoned+`,"recurrence":[`+c.lines+`]}`)
			got, _ := a.body["recurrence"].([]any)
			if s := strings.Trim(fmt.Sprint(got), "[]"); s != c.want {
				t.Errorf("stored %s\n  want %s", s, c.want)
			}
		})
	}
}

func TestInstancesAreFoundByTheirParameters(t *testing.T) {
	const all = "tues1_20260303T090000Z/confirmed tues1_20260310T090000Z/confirmed tues1_20260324T090000Z/confirmed tues1_20260331T080000Z/confirmed"
	for _, c := range []struct{ name, query, want string }{
		{"all, by wall clock over the change of the clocks", "", all},
		{"timeMin is inclusive here", "?timeMin=2026-03-24T10:00:00Z", "tues1_20260324T090000Z/confirmed tues1_20260331T080000Z/confirmed"},
		{"timeMax is exclusive", "?timeMax=2026-03-10T09:00:00Z", "tues1_20260303T090000Z/confirmed"},
		{"one by its original start", "?originalStart=2026-03-31T10:00:00%2B02:00", "tues1_20260331T080000Z/confirmed"},
		{"none by an excluded start", "?originalStart=2026-03-17T09:00:00Z", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := series(t)
			wantItems(t, c.query, b.want(200, "GET", events+"/tues1/instances"+c.query, ""), c.want)
		})
	}
	b := series(t)
	first := b.want(200, "GET", events+"/tues1/instances?maxResults=3", "")
	rest := b.want(200, "GET", events+"/tues1/instances?maxResults=3&pageToken="+first.text("nextPageToken"), "")
	if got := some(first) + " " + some(rest); got != all {
		t.Errorf("two pages: %s", got)
	}
	if first.text("nextSyncToken")+rest.text("nextSyncToken") != "" {
		t.Error("instances gave a sync token")
	}
	one := b.want(200, "GET", events+"/tues1_20260331T080000Z?timeZone=UTC", "")
	for path, want := range map[string]string{
		"start/dateTime": "2026-03-31T08:00:00Z", "start/timeZone": "Europe/Berlin", "originalStartTime/dateTime": "2026-03-31T08:00:00Z",
		"recurringEventId": "tues1", "iCalUID": "tues1@google.com", "summary": "Stand-up",
	} {
		if got := one.text(strings.Split(path, "/")...); got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
	if _, ok := one.body["recurrence"]; ok {
		t.Error("an instance has a rule")
	}
	for _, id := range []string{"tues1_20260317T090000Z", "tues1_20260304T090000Z", "tues1_20260303", "tues1_20260303T090000Z_20260303T090000Z"} {
		b.want(404, "GET", events+"/"+id, "")
	}
}

func TestInstancesOfOtherThings(t *testing.T) {
	b := series(t)
	b.add("single", "Lunch")
	wantItems(t, "of a single event", b.want(200, "GET", events+"/single/instances", ""), "single/confirmed")
	wantItems(t, "of an instance", b.want(200, "GET", events+"/tues1_20260310T090000Z/instances", ""), "tues1_20260310T090000Z/confirmed")
	b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "")
	wantItems(t, "of a cancelled instance", b.want(200, "GET", events+"/tues1_20260310T090000Z/instances", ""), "")
	b.want(404, "GET", events+"/nothing/instances", "")

	b.want(200, "POST", events, `{"id":"ho1idai","start":{"date":"2026-03-28"},"end":{"date":"2026-03-30"},"recurrence":["RRULE:FREQ=YEARLY;UNTIL=20280328"]}`)
	a := b.want(200, "GET", events+"/ho1idai/instances", "")
	wantItems(t, "of an all-day series", a, "ho1idai_20260328/confirmed ho1idai_20270328/confirmed ho1idai_20280328/confirmed")
	last := a.items()[2]
	if got := fmt.Sprint(last["start"], last["end"], last["originalStartTime"]); got != "map[date:2028-03-28] map[date:2028-03-30] map[date:2028-03-28]" {
		t.Errorf("dates %s", got)
	}
	wantItems(t, "by a date", b.want(200, "GET", events+"/ho1idai/instances?originalStart=2027-03-28", ""), "ho1idai_20270328/confirmed")

	b.want(200, "POST", events, `{"id":"dai1s",`+zoned+`,"recurrence":["RRULE:FREQ=DAILY"]}`)
	if n := len(b.want(200, "GET", events+"/dai1s/instances?maxResults=2500", "").items()); n != maxExpansion {
		t.Errorf("an endless series has %d instances, want %d", n, maxExpansion)
	}
	b.want(200, "POST", events, `{"id":"m0n31","start":{"date":"2026-01-31"},"end":{"date":"2026-02-01"},"recurrence":["RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=3;SKIP=BACKWARD"]}`)
	wantItems(t, "skipping backward", b.want(200, "GET", events+"/m0n31/instances", ""), "m0n31_20260131/confirmed m0n31_20260228/confirmed m0n31_20260331/confirmed")
	b.want(200, "POST", events, `{"id":"minus1",`+zoned+`,"recurrence":["RRULE:FREQ=DAILY;COUNT=4","EXRULE:FREQ=DAILY;INTERVAL=2"]}`)
	wantItems(t, "less a rule", b.want(200, "GET", events+"/minus1/instances", ""), "minus1_20260304T090000Z/confirmed minus1_20260306T090000Z/confirmed")
}

func TestOneInstanceIsChanged(t *testing.T) {
	b := series(t)
	token := wantRead(t, b, "", "tues1/confirmed")
	before := b.want(200, "GET", events+"/tues1", "")
	a := b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"summary":"Retro",
		"start":{"dateTime":"2026-03-11T15:00:00+01:00"},"end":{"dateTime":"2026-03-11T16:00:00+01:00"}}`)
	if a.text("recurringEventId") != "tues1" || a.text("originalStartTime", "dateTime") != "2026-03-10T10:00:00+01:00" ||
		a.text("start", "dateTime") != "2026-03-11T15:00:00+01:00" || a.text("iCalUID") != "tues1@google.com" || a.text("location") != "Room 1" {
		t.Errorf("the exception: %s", a.raw)
	}
	if b.want(200, "GET", events+"/tues1", "").text("etag") != before.text("etag") {
		t.Error("the master's etag moved")
	}
	if a.text("etag") == before.text("etag") {
		t.Error("the exception has its master's etag")
	}
	wantRead(t, b, "syncToken="+token, "tues1_20260310T090000Z/confirmed")
	wantRead(t, b, "", "tues1/confirmed tues1_20260310T090000Z/confirmed")
	wantRead(t, b, "singleEvents=true&orderBy=startTime",
		"tues1_20260303T090000Z/confirmed tues1_20260310T090000Z/confirmed tues1_20260324T090000Z/confirmed tues1_20260331T080000Z/confirmed")
	// An old version is refused for the instance too.
	b.with("If-Match", before.text("etag")).want(412, "PATCH", events+"/tues1_20260310T090000Z", `{"summary":"x"}`)
	// A full update that sends it back as it was read changes nothing but what it says.
	u := b.want(200, "PUT", events+"/tues1_20260310T090000Z", strings.Replace(a.raw, "Retro", "Review", 1))
	if u.text("summary") != "Review" || u.text("start", "dateTime") != "2026-03-11T15:00:00+01:00" {
		t.Errorf("after the update: %s", u.raw)
	}
	b.want(400, "PATCH", events+"/tues1_20260310T090000Z", `{"recurrence":["RRULE:FREQ=DAILY"]}`)
	if got := b.want(200, "GET", events+"/tues1", ""); strings.Contains(fmt.Sprint(got.body["recurrence"]), "20260310") {
		t.Error("the master got an EXDATE")
	}
}

func TestOneInstanceIsCancelled(t *testing.T) {
	for name, cancel := range map[string]func(*bench){
		"deleted": func(b *bench) { b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "") },
		"patched": func(b *bench) { b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"status":"cancelled"}`) },
		"edited, then gone": func(b *bench) {
			b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"summary":"Retro"}`)
			b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := series(t)
			_, token := b.read("")
			cancel(b)
			for _, q := range []string{"", "&syncToken=" + token} {
				items := b.want(200, "GET", events+"?"+q, "").items()
				x := items[len(items)-1]
				delete(x, "etag")
				want := "map[id:tues1_20260310T090000Z kind:calendar#event originalStartTime:map[dateTime:2026-03-10T10:00:00+01:00 timeZone:Europe/Berlin] recurringEventId:tues1 status:cancelled]"
				if got := fmt.Sprint(x); got != want {
					t.Errorf("listed %s\n  want %s", got, want)
				}
			}
			const left = "tues1_20260303T090000Z/confirmed tues1_20260324T090000Z/confirmed tues1_20260331T080000Z/confirmed"
			wantItems(t, "instances", b.want(200, "GET", events+"/tues1/instances", ""), left)
			wantItems(t, "instances with deleted ones", b.want(200, "GET", events+"/tues1/instances?showDeleted=true", ""),
				strings.Replace(left, "confirmed ", "confirmed tues1_20260310T090000Z/cancelled ", 1))
			wantRead(t, b, "singleEvents=true&orderBy=startTime", left)
			wantRead(t, b, "singleEvents=true&orderBy=startTime&showDeleted=true", strings.Replace(left, "confirmed ", "confirmed tues1_20260310T090000Z/cancelled ", 1))
			b.want(410, "DELETE", events+"/tues1_20260310T090000Z", "")
			if a := b.want(200, "GET", events+"/tues1_20260310T090000Z", ""); a.text("status") != "cancelled" {
				t.Errorf("get: %s", a.raw)
			}
			// Taken out of the trash.
			b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"status":"confirmed"}`)
			wantRead(t, b, "", "tues1/confirmed tues1_20260310T090000Z/confirmed")
		})
	}
}

func TestListsTellOfDeletedSeries(t *testing.T) {
	const (
		edited = "tues1_20260324T090000Z"
		gone   = "tues1_20260310T090000Z"
	)
	deleted := func(t *testing.T, switches ...func(*mailbox.GoogleSwitches)) (*bench, string) {
		b := series(t, switches...)
		b.want(204, "DELETE", events+"/"+gone, "")
		b.want(200, "PATCH", events+"/"+edited, `{"summary":"Retro"}`)
		_, token := b.read("")
		b.want(204, "DELETE", events+"/tues1", "")
		return b, token
	}
	b, token := deleted(t)
	wantRead(t, b, "", "")
	wantRead(t, b, "showDeleted=true", "tues1/cancelled "+gone+"/cancelled "+edited+"/cancelled")
	wantRead(t, b, "iCalUID=tues1@google.com&showDeleted=true", "tues1/cancelled "+gone+"/cancelled "+edited+"/cancelled")
	wantRead(t, b, "syncToken="+token, "tues1/cancelled")
	wantRead(t, b, "singleEvents=true", "")
	if ids, _ := b.read("singleEvents=true&showDeleted=true"); slices.Contains(ids, "tues1/cancelled") || !slices.Contains(ids, gone+"/cancelled") {
		t.Errorf("single deleted instances: %v", ids)
	}
	b.want(410, "DELETE", events+"/"+edited, "")
	b.want(403, "PATCH", events+"/"+edited, `{"summary":"x"}`)
	if a := b.want(200, "GET", events+"/"+edited, ""); a.text("status") != "cancelled" {
		t.Errorf("an exception of a deleted series: %s", a.raw)
	}
	_, token = b.read("")
	b.want(200, "PATCH", events+"/tues1", `{"status":"confirmed"}`)
	wantRead(t, b, "syncToken="+token, "tues1/confirmed "+gone+"/cancelled "+edited+"/confirmed")

	b, token = deleted(t, func(s *mailbox.GoogleSwitches) { s.ExceptionsTrickle = true })
	wantRead(t, b, "syncToken="+token, "tues1/cancelled "+gone+"/cancelled "+edited+"/cancelled")
	b, token = deleted(t, func(s *mailbox.GoogleSwitches) { s.ExceptionsTrickleAlive = true })
	wantRead(t, b, "syncToken="+token, "tues1/cancelled "+gone+"/cancelled "+edited+"/confirmed")
	wantRead(t, b, "", "")
	b, _ = deleted(t, func(s *mailbox.GoogleSwitches) { s.DeadMastersListed = true })
	a := b.want(200, "GET", events, "")
	wantItems(t, "a dead master", a, "tues1/cancelled")
	if a.items()[0]["recurrence"] == nil {
		t.Error("it came without its recurrence")
	}
}

func TestSearchByUIDFindsTheWholeSeries(t *testing.T) {
	b := series(t)
	b.add("other", "Lunch")
	b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "")
	b.want(200, "PATCH", events+"/tues1_20260324T090000Z", `{"summary":"Retro"}`)
	wantRead(t, b, "iCalUID=tues1@google.com&showDeleted=true",
		"tues1/confirmed tues1_20260310T090000Z/cancelled tues1_20260324T090000Z/confirmed")
	b.want(409, "POST", events, `{"iCalUID":"tues1@google.com",`+hour+`}`)
}

func TestExceptionsMayComeBeforeTheirMaster(t *testing.T) {
	b := series(t, func(s *mailbox.GoogleSwitches) { s.Reversed, s.PageLimit = true, 1 })
	b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "")
	wantRead(t, b, "", "tues1_20260310T090000Z/cancelled tues1/confirmed")
	if first := b.want(200, "GET", events, ""); some(first) != "tues1_20260310T090000Z/cancelled" || first.text("nextPageToken") == "" {
		t.Errorf("first page: %s", first.raw)
	}
}

func TestAnExceptionMayHaveNoMasterHere(t *testing.T) {
	b := newBench(t)
	at, err := mailbox.At("2026-03-10T10:00:00", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	b.box.AddEvent("primary", mailbox.Event{ID: "far_20260310T090000Z", UID: "far@x", Title: "Guest once", Series: "far", Original: at, Start: at, End: at})
	wantRead(t, b, "", "far_20260310T090000Z/confirmed")
	wantRead(t, b, "singleEvents=true", "far_20260310T090000Z/confirmed")
	if a := b.want(200, "GET", events+"/far_20260310T090000Z", ""); a.text("recurringEventId") != "far" {
		t.Errorf("%s", a.raw)
	}
	b.want(404, "GET", events+"/far", "")
}

func TestWindowsOfSeries(t *testing.T) {
	b := series(t)
	for q, want := range map[string]string{
		"timeMin=2026-03-31T07:00:00Z":                                      "tues1/confirmed",
		"timeMin=2026-03-31T09:00:00Z":                                      "", // ended with the last occurrence
		"timeMin=2026-03-11T00:00:00Z&timeMax=2026-03-18T00:00:00Z":         "", // the week without
		"timeMin=2026-03-04T00:00:00Z&timeMax=2026-03-11T00:00:00Z":         "tues1/confirmed",
		"timeMax=2026-03-03T09:00:00Z":                                      "",
		"singleEvents=true&timeMin=2026-03-10T09:30:00Z&maxResults=1":       "tues1_20260310T090000Z/confirmed tues1_20260324T090000Z/confirmed tues1_20260331T080000Z/confirmed",
		"singleEvents=true&timeMax=2026-03-10T09:00:00Z&eventTypes=default": "tues1_20260303T090000Z/confirmed",
	} {
		wantRead(t, b, q, want)
	}
	// The head of a series that was split is listed although it ended before.
	tail, err := b.server.SplitSeries("primary", "tues1", "20260324T090000Z", nil)
	if err != nil {
		t.Fatal(err)
	}
	wantRead(t, b, "timeMin=2026-03-23T00:00:00Z", "tues1/confirmed "+tail+"/confirmed")
}

func TestExceptionsFollowTheirMasterWhereTheyWereNotTouched(t *testing.T) {
	b := series(t)
	b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"summary":"Retro"}`)
	b.want(200, "PATCH", events+"/tues1_20260331T080000Z", `{"start":{"dateTime":"2026-03-31T12:00:00+02:00"},"end":{"dateTime":"2026-03-31T12:30:00+02:00"}}`)
	_, token := b.read("")
	b.want(200, "PATCH", events+"/tues1", `{"summary":"Daily","location":"Room 2","colorId":"5","reminders":{"useDefault":false}}`)
	wantRead(t, b, "syncToken="+token, "tues1/confirmed tues1_20260310T090000Z/confirmed tues1_20260331T080000Z/confirmed")
	for id, want := range map[string]string{
		"tues1_20260303T090000Z": "Daily Room 2 5", "tues1_20260310T090000Z": "Retro Room 2 5", "tues1_20260331T080000Z": "Daily Room 2 5",
	} {
		a := b.want(200, "GET", events+"/"+id, "")
		if got := a.text("summary") + " " + a.text("location") + " " + a.text("colorId"); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	// A new length goes to those that keep the series' time.
	_, token = b.read("")
	b.want(200, "PATCH", events+"/tues1", `{"end":{"dateTime":"2026-03-03T12:00:00+01:00"}}`)
	wantRead(t, b, "syncToken="+token, "tues1/confirmed tues1_20260310T090000Z/confirmed")
	if got := b.want(200, "GET", events+"/tues1_20260310T090000Z", "").text("end", "dateTime"); got != "2026-03-10T12:00:00+01:00" {
		t.Errorf("end %s", got)
	}
}

func TestANewTimeRenamesTheInstances(t *testing.T) {
	later := `{"start":{"dateTime":"2026-03-03T11:00:00+01:00"},"end":{"dateTime":"2026-03-03T12:00:00+01:00"}}`
	for _, c := range []struct {
		drop                 bool
		list, single, agenda string
	}{
		{false, "tues1/confirmed tues1_20260310T090000Z/confirmed tues1_20260324T090000Z/cancelled",
			"tues1_20260303T100000Z/confirmed tues1_20260310T090000Z/confirmed tues1_20260310T100000Z/confirmed tues1_20260317T100000Z/confirmed tues1_20260324T100000Z/confirmed tues1_20260331T090000Z/confirmed", "6"},
		{true, "tues1/confirmed",
			"tues1_20260303T100000Z/confirmed tues1_20260310T100000Z/confirmed tues1_20260317T100000Z/confirmed tues1_20260324T100000Z/confirmed tues1_20260331T090000Z/confirmed", "5"},
	} {
		b := series(t, func(s *mailbox.GoogleSwitches) { s.DropOrphans = c.drop })
		b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"summary":"Retro"}`)
		b.want(204, "DELETE", events+"/tues1_20260324T090000Z", "")
		_, token := b.read("")
		a := b.want(200, "PATCH", events+"/tues1", later)
		if a.body["sequence"] != 1.0 {
			t.Errorf("sequence %v", a.body["sequence"])
		}
		wantRead(t, b, "syncToken="+token, "tues1/confirmed")
		wantRead(t, b, "", c.list)
		wantRead(t, b, "singleEvents=true&orderBy=startTime", c.single)
		b.want(404, "GET", events+"/tues1_20260303T090000Z", "")
		list, err := b.server.Agenda("primary", b.clock.AddDate(0, -1, 0), b.clock.AddDate(1, 0, 0))
		if err != nil || fmt.Sprint(len(list)) != c.agenda {
			t.Errorf("a person sees %v, %v", list, err)
		}
	}
}

func TestASingleEventBecomesASeriesAndBack(t *testing.T) {
	b := newBench(t)
	b.add("once1", "Lunch")
	a := b.want(200, "PATCH", events+"/once1", `{"recurrence":["RRULE:FREQ=DAILY;COUNT=3"]}`)
	if a.text("id") != "once1" || a.body["recurrence"] == nil || a.body["sequence"] != 1.0 {
		t.Errorf("as a series: %s", a.raw)
	}
	b.want(200, "PATCH", events+"/once1_20260304T090000Z", `{"summary":"Late lunch"}`)
	b.want(204, "DELETE", events+"/once1_20260305T090000Z", "")
	_, token := b.read("")
	if a := b.want(200, "PATCH", events+"/once1", `{"recurrence":null}`); a.body["recurrence"] != nil {
		t.Errorf("as a single event: %s", a.raw)
	}
	wantRead(t, b, "syncToken="+token, "once1/confirmed once1_20260304T090000Z/cancelled")
	wantRead(t, b, "", "once1/confirmed")
	// A series again has no past.
	b.want(200, "PATCH", events+"/once1", `{"recurrence":["RRULE:FREQ=DAILY;COUNT=2"]}`)
	wantRead(t, b, "singleEvents=true", "once1_20260303T090000Z/confirmed once1_20260304T090000Z/confirmed")
	// What an update does not send is cleared, the rule too.
	b.want(200, "PUT", events+"/once1", `{`+zoned+`}`)
	wantRead(t, b, "singleEvents=true", "once1/confirmed")
}

func TestAnInstanceMayTouchItsMaster(t *testing.T) {
	b := series(t, func(s *mailbox.GoogleSwitches) { s.InstanceTouchesMaster = true })
	tag := b.want(200, "GET", events+"/tues1", "").text("etag")
	_, token := b.read("")
	b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "")
	wantRead(t, b, "syncToken="+token, "tues1/confirmed tues1_20260310T090000Z/cancelled")
	b.with("If-Match", tag).want(412, "PATCH", events+"/tues1", `{"summary":"x"}`)
}

func TestVisibilityOfOneInstance(t *testing.T) {
	b := series(t)
	b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"visibility":"private"}`)
	for _, id := range []string{"tues1", "tues1_20260303T090000Z", "tues1_20260310T090000Z"} {
		if got := b.want(200, "GET", events+"/"+id, "").text("visibility"); got != "private" {
			t.Errorf("%s is %q, want private: the stricter one goes to all", id, got)
		}
	}
	b.want(200, "PATCH", events+"/tues1_20260324T090000Z", `{"visibility":"public","summary":"x"}`)
	if a := b.want(200, "GET", events+"/tues1_20260324T090000Z", ""); a.text("visibility") != "private" || a.text("summary") != "x" {
		t.Errorf("the looser one counted: %s", a.raw)
	}
}

func TestASeriesMovesWithItsExceptions(t *testing.T) {
	b := series(t)
	dest := b.box.AddCalendar(mailbox.Calendar{Name: "Work"}).ID
	b.want(200, "PATCH", events+"/tues1_20260310T090000Z", `{"summary":"Retro"}`)
	b.want(204, "DELETE", events+"/tues1_20260324T090000Z", "")
	if a := b.want(403, "POST", events+"/tues1_20260310T090000Z/move?destination="+dest, ""); a.reason() != "cannotChangeOrganizerOfInstance" {
		t.Errorf("an instance: %s", a.raw)
	}
	_, token := b.read("")
	b.want(200, "POST", events+"/tues1/move?destination="+dest, "")
	wantRead(t, b, "syncToken="+token, "tues1/cancelled")
	wantRead(t, b, "", "")
	wantItems(t, "at its new place", b.want(200, "GET", "calendars/"+dest+"/events", ""),
		"tues1/confirmed tues1_20260310T090000Z/confirmed tues1_20260324T090000Z/cancelled")
}

func TestMailsForASeriesGoOutOnce(t *testing.T) {
	b := newBench(t)
	b.want(200, "POST", events+"?sendUpdates=all", `{"id":"tues1",`+zoned+`,"recurrence":["RRULE:FREQ=WEEKLY"],"attendees":[{"email":"kim@x.example"}]}`)
	b.want(200, "PATCH", events+"/tues1?sendUpdates=all", `{"summary":"New"}`)
	b.want(200, "PATCH", events+"/tues1_20260310T090000Z?sendUpdates=all", `{"location":"Attic"}`)
	b.want(204, "DELETE", events+"/tues1_20260317T090000Z?sendUpdates=all", "")
	b.want(200, "PATCH", events+"/tues1_20260324T090000Z", `{"location":"Cellar"}`)
	b.want(204, "DELETE", events+"/tues1?sendUpdates=all", "")
	if got := b.mails(); got != "invitation kim@x.example, update kim@x.example, update kim@x.example, cancellation kim@x.example, cancellation kim@x.example" {
		t.Errorf("mails: %s", got)
	}
}

func TestFreeBusySeesOccurrences(t *testing.T) {
	b := series(t)
	b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "")
	a := b.want(200, "POST", "freeBusy", `{"timeMin":"2026-03-01T00:00:00Z","timeMax":"2026-04-30T00:00:00Z","items":[{"id":"primary"}]}`)
	got := strings.Count(a.raw, `"start"`)
	if got != 3 {
		t.Errorf("%d busy times, want 3: %s", got, a.raw)
	}
}

func TestLaggingListsHideNewExceptions(t *testing.T) {
	b := series(t, func(s *mailbox.GoogleSwitches) { s.ListLag = time.Hour })
	b.clock = b.clock.Add(2 * time.Hour)
	b.want(204, "DELETE", events+"/tues1_20260310T090000Z", "")
	wantRead(t, b, "", "tues1/confirmed")
	b.clock = b.clock.Add(2 * time.Hour)
	wantRead(t, b, "", "tues1/confirmed tues1_20260310T090000Z/cancelled")
}
