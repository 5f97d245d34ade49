package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// subjects follows a list to its end.
func (l *lab) subjects(path string, headers ...string) (all []string, pages int) {
	l.t.Helper()
	for path != "" {
		a := l.must(200, "GET", path, "", headers...)
		for _, it := range a.items() {
			all = append(all, strings.TrimPrefix(fmt.Sprint(it["subject"]), "Meeting "))
		}
		path = a.text("@odata.nextLink")
		if pages++; pages > 50 {
			l.t.Fatal("the list never ends")
		}
	}
	return all, pages
}

func TestListsComeInPagesOfTen(t *testing.T) {
	l := newLab(t)
	for d := range 23 {
		l.add(meeting(d + 1))
		l.clock = l.clock.Add(time.Second)
	}
	for name, tc := range map[string]struct {
		query, header string
		pages         int
	}{
		"default":     {"", "", 3},
		"$top":        {"$top=7", "", 4},
		"all at once": {"$top=5000", "", 1},
		"maxpagesize": {"", "Prefer: odata.maxpagesize=12", 2},
	} {
		for _, path := range []string{"/me/events?", "/me/calendarView?" + march + "&"} {
			var headers []string
			if tc.header != "" {
				headers = []string{tc.header}
			}
			got, pages := l.subjects(path+tc.query, headers...)
			slices.Sort(got)
			if len(slices.Compact(got)) != 23 || pages != tc.pages {
				t.Errorf("%s of %s: %d events on %d pages", name, path, len(got), pages)
			}
		}
	}
	if a := l.must(200, "GET", "/me/events?$count=true&$skip=20&$top=2", ""); a.body["@odata.count"] != 23.0 || len(a.items()) != 2 {
		t.Errorf("%v, %d items", a.body["@odata.count"], len(a.items()))
	}
}

func TestSkipIsARealOffset(t *testing.T) {
	l := newLab(t)
	var ids []string
	for d := range 12 {
		id, _ := l.add(meeting(d + 1))
		ids = append(ids, id)
		l.clock = l.clock.Add(time.Second)
	}
	a := l.must(200, "GET", "/me/events", "")
	l.must(204, "DELETE", "/me/events/"+ids[0], "")
	if rest := l.must(200, "GET", a.text("@odata.nextLink"), "").items(); len(rest) != 1 {
		t.Errorf("%d events after a deletion between the pages: offset paging must miss one", len(rest))
	}
}

func TestFilters(t *testing.T) {
	l := newLab(t)
	first := l.must(201, "POST", "/me/events", meeting(3))
	l.clock = l.clock.Add(time.Hour)
	l.add(meeting(4))
	l.add(`{"subject":"It's","start":{"dateTime":"2026-03-05","timeZone":"UTC"},"end":{"dateTime":"2026-03-06","timeZone":"UTC"},"isAllDay":true}`)
	for filter, want := range map[string][]string{
		"iCalUId eq '" + first.text("iCalUId") + "'":                                        {"3"},
		"start/dateTime ge '2026-03-03T09:00:00' and end/dateTime le '2026-03-04T09:59:59'": {"3"},
		"start/dateTime ge '2026-03-03T09:00:01'":                                           {"4", "It's"},
		"lastModifiedDateTime ge 2026-03-01T09:30:00Z":                                      {"4", "It's"},
		"createdDateTime lt 2026-03-01T09:30:00Z":                                           {"3"},
		"subject eq 'It''s'":                                                                {"It's"},
		"startswith(subject,'it')":                                                          {"It's"},
		"isAllDay eq false":                                                                 {"3", "4"},
		"type eq 'seriesMaster'":                                                            nil,
	} {
		got, _ := l.subjects("/me/events?$filter=" + escaped(filter))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
	for filter, code := range map[string]string{
		"importance eq 'high'":          "ErrorInvalidRequest",
		"subject eq 'a' or type eq 'b'": "ErrorInvalidRequest",
		"transactionId eq 'T'":          "InefficientFilter",
		"titel eq 'x'":                  "RequestBroker--ParseUri",
		"start/dateTime ge 2026":        "ErrorInvalidRequest",
	} {
		if a := l.call("GET", "/me/events?$filter="+escaped(filter), ""); a.status != 400 || a.code() != code {
			t.Errorf("%s: %d %v, want %s", filter, a.status, a.body, code)
		}
	}
}

func TestOrder(t *testing.T) {
	l := newLab(t)
	for _, d := range []int{7, 3, 5} {
		l.add(meeting(d))
		l.clock = l.clock.Add(time.Second)
	}
	for query, want := range map[string][]string{
		"/me/events":                         {"7", "3", "5"},
		"/me/events?$orderby=start/dateTime": {"3", "5", "7"},
		"/me/events?$orderby=" + escaped("createdDateTime desc"): {"5", "3", "7"},
		"/me/calendarView?" + march:                              {"3", "5", "7"},
	} {
		if got, _ := l.subjects(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v", query, got)
		}
	}
	if a := l.call("GET", "/me/events?$orderby=bodyPreview", ""); a.status != 400 {
		t.Error(a.status)
	}
}

func TestCalendarViewIsAWindow(t *testing.T) {
	l := newLab(t)
	for _, x := range [][3]string{
		{"ends at the start", "2026-02-28T23:00:00", "2026-03-01T00:00:00"},
		{"reaches in", "2026-02-28T23:00:00", "2026-03-01T00:00:01"},
		{"spans all", "2026-02-01T00:00:00", "2026-05-01T00:00:00"},
		{"starts at the end", "2026-04-01T00:00:00", "2026-04-01T01:00:00"},
		{"no length at the start", "2026-03-01T00:00:00", "2026-03-01T00:00:00"},
	} {
		l.must(201, "POST", "/me/events", `{"subject":"`+x[0]+`",`+span(x[1], x[2])[1:])
	}
	want := []string{"no length at the start", "reaches in", "spans all"}
	for name, window := range map[string]string{
		"UTC":           march,
		"small letters": "startdatetime=2026-03-01T00:00:00Z&enddatetime=2026-04-01T00:00:00Z",
		"no offset":     "startDateTime=2026-03-01T00:00:00&endDateTime=2026-04-01T00:00:00",
		"an offset":     "startDateTime=" + escaped("2026-03-01T02:00:00+02:00") + "&endDateTime=" + escaped("2026-04-01T02:00:00+02:00"),
	} {
		got, _ := l.subjects("/me/calendarView?"+window, `Prefer: outlook.timezone="Tokyo Standard Time"`)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, bad := range []string{"", "startDateTime=2026-03-01T00:00:00Z", "startDateTime=x&endDateTime=y", "startDateTime=2026-04-01&endDateTime=2026-03-01"} {
		if a := l.call("GET", "/me/calendarView?"+bad, ""); a.status != 400 || a.code() != "ErrorInvalidParameter" {
			t.Errorf("%q: %d %v", bad, a.status, a.body)
		}
	}
}

func TestCalendars(t *testing.T) {
	l := newLab(t)
	made := l.must(201, "POST", "/me/calendars", `{"name":"Private","color":"lightBlue"}`)
	id := made.text("id")
	if made.text("color") != "lightBlue" || made.body["canEdit"] != true || made.body["isDefaultCalendar"] != false || made.text("hexColor") != "" {
		t.Errorf("%v", made.body)
	}
	if a := l.call("POST", "/me/calendars", `{"name":"private"}`); a.status != 409 || a.code() != "ErrorFolderExists" {
		t.Errorf("%d %v", a.status, a.body)
	}
	l.mb.AddCalendar(mailbox.Calendar{Name: "Holidays", Role: "reader"})
	for i := range 10 {
		l.mb.AddCalendar(mailbox.Calendar{Name: fmt.Sprint("More ", i)})
	}
	var names []string
	path := "/me/calendars"
	for path != "" {
		a := l.must(200, "GET", path, "")
		for _, it := range a.items() {
			names = append(names, it["name"].(string))
			if it["name"] == "Holidays" && (it["canEdit"] != false || it["canShare"] != false) {
				t.Errorf("%v", it)
			}
		}
		path = a.text("@odata.nextLink")
	}
	if len(names) != 13 || names[0] != "Calendar" {
		t.Errorf("over all pages: %v", names)
	}
	l.must(200, "PATCH", "/me/calendars/"+id, `{"name":"Family"}`)
	l.must(201, "POST", "/me/calendars/"+id+"/events", meeting(5))
	l.must(204, "DELETE", "/me/calendars/"+id, "")
	for _, p := range []string{"", "/events", "/calendarView?" + march} {
		if a := l.call("GET", "/me/calendars/"+id+p, ""); a.status != 404 || a.code() != "ErrorItemNotFound" {
			t.Errorf("%s of a deleted calendar: %d %v", p, a.status, a.body)
		}
	}
	if a := l.call("GET", "/me/calendars/"+id+"/calendarView/delta?"+march, ""); a.status != 404 || a.code() != "ErrorSyncFolderNotFound" {
		t.Errorf("%d %v", a.status, a.body)
	}
	if a := l.call("DELETE", "/me/calendar", ""); a.status != 400 {
		t.Errorf("the default calendar went: %d", a.status)
	}
	group := l.must(200, "GET", "/me/calendarGroups", "").items()[0]["id"].(string)
	if a := l.must(200, "GET", "/me/calendarGroups/"+group+"/calendars?$select=name", ""); len(a.items()) != 10 || a.items()[0]["canEdit"] != nil {
		t.Errorf("%v", a.items())
	}
	l.noUnknown()
}

func TestACalendarMayChangeItsID(t *testing.T) {
	l := newLab(t)
	old := l.must(201, "POST", "/me/calendars", `{"name":"Other"}`).text("id")
	path := "/me/calendars/" + old + "/calendarView/delta?" + march
	_, link := l.round(path)
	id, err := l.ChangeCalendarID(old)
	if err != nil || id == old {
		t.Fatalf("%q %v", id, err)
	}
	if a := l.call("GET", link, ""); a.status != 404 {
		t.Errorf("%d %v", a.status, a.body)
	}
	if a := l.must(200, "GET", "/me/calendars/"+id, ""); a.text("name") != "Other" {
		t.Errorf("%v", a.body)
	}
}

func TestTheAccount(t *testing.T) {
	l := newLab(t)
	l.scopes = append(l.scopes, "MailboxSettings.Read")
	if a := l.must(200, "GET", "/me?$select=displayName,mail", ""); a.text("mail") != "ada@example.com" || a.body["id"] != nil {
		t.Errorf("%v", a.body)
	}
	if a := l.must(200, "GET", "/me/mailboxSettings/timeZone", ""); a.text("value") != "W. Europe Standard Time" {
		t.Errorf("%v", a.body)
	}
	if a := l.must(200, "GET", "/me/outlook/supportedTimeZones", ""); len(a.items()) < 130 {
		t.Errorf("%d zones", len(a.items()))
	}
	l.add(meeting(5, `"categories":["Red"]`))
	if a := l.must(200, "GET", "/me/outlook/masterCategories", ""); len(a.items()) != 1 || a.items()[0]["displayName"] != "Red" {
		t.Errorf("%v", a.body)
	}
}

func TestEveryZoneLoadsAndNamesItself(t *testing.T) {
	seen := map[string]string{}
	for name, iana := range windowsZones {
		if _, ok := location(name); !ok {
			t.Errorf("%s: %s does not load", name, iana)
		}
		if other, twice := seen[iana]; twice {
			t.Errorf("%s and %s both stand for %s", name, other, iana)
		}
		seen[iana] = name
	}
}
