package outlook_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/simulator/graphsim"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

const seriesKey = calendar.Key("00112233445566778899aabbccddeeff")

// series is a meeting at ten in Berlin from 3 February 2026, a Tuesday, on.
func series(rule string) calendar.Content {
	c := calendar.Content{Title: "Staff meeting", Availability: calendar.Busy,
		When: calendar.When{Start: clockOn("2026-02-03T10:00"), End: clockOn("2026-02-03T11:00")}}
	lines, err := calendar.CanonicalRules(c.When.Start, []string{"RRULE:" + rule})
	if err != nil {
		panic(err)
	}
	c.When.Recurrence.Rules = lines
	return c
}

func clockOn(local string) calendar.Time {
	return calendar.Time{Local: local + ":00", Zone: "Europe/Berlin"}
}

func cancelled(slot string) calendar.Override {
	return calendar.Override{Original: clockOn(slot), Cancelled: true}
}

func retitled(slot, title string) calendar.Override {
	return calendar.Override{Original: clockOn(slot), Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: title}}
}

func moved(slot, from, to string) calendar.Override {
	return calendar.Override{Original: clockOn(slot), Changed: calendar.Groups{calendar.GroupWhen},
		Content: calendar.Content{When: calendar.When{Start: clockOn(from), End: clockOn(to)}}}
}

func set(list ...calendar.Override) map[string]calendar.Override {
	if len(list) == 0 {
		return nil
	}
	out := map[string]calendar.Override{}
	for _, o := range list {
		out[o.Original.Slot()] = o
	}
	return out
}

// make creates a series, names its occurrences for the log, and then overrides some.
func (g *graph) make(t *testing.T, c calendar.Content, list ...calendar.Override) calendar.Event {
	t.Helper()
	e, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: seriesKey, Content: c})
	if err != nil {
		t.Fatal(err)
	}
	g.name(t, e)
	if list != nil {
		e, _ = g.update(t, e, nil, c, list...)
	}
	g.wants(t, "made", e, c, list...)
	return e
}

// name gives the ids of a series and its occurrences names for the log: "M", and
// "M 2026-02-10".
func (g *graph) name(t *testing.T, e calendar.Event) {
	t.Helper()
	if g.ids == nil {
		g.ids = map[string]string{}
	}
	g.ids[string(e.ID)] = "M"
	var page struct {
		Value []struct{ ID, OriginalStart string }
	}
	g.get(t, "/events/"+string(e.ID)+"/instances?startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z&$top=500&$select=originalStart", &page)
	for _, x := range page.Value {
		g.ids[x.ID] = "M " + x.OriginalStart[:10]
	}
	g.calls()
}

func (g *graph) wants(t *testing.T, what string, e calendar.Event, c calendar.Content, list ...calendar.Override) {
	t.Helper()
	for _, group := range []calendar.Group{calendar.GroupWhen, calendar.GroupTitle} {
		if !calendar.Equal(group, e.Content, c) {
			t.Errorf("%s: %s\n got %+v\nwant %+v", what, group, e.Content, c)
		}
	}
	for _, slot := range calendar.Slots(e.Overrides, set(list...)) {
		t.Errorf("%s: %s\n got %+v\nwant %+v", what, slot, e.Overrides[slot], set(list...)[slot])
	}
}

// update writes a change, insists on what comes of it, and tells the calls it took.
func (g *graph) update(t *testing.T, e calendar.Event, groups calendar.Groups, c calendar.Content, list ...calendar.Override) (calendar.Event, []string) {
	t.Helper()
	g.calls()
	got, err := g.p.Update(t.Context(), g.cal, e.ID, e.Version, calendar.Change{Groups: groups, Content: c, Overrides: set(list...),
		Slots: calendar.Slots(e.Overrides, set(list...))})
	if err != nil {
		t.Fatal(err)
	}
	calls := g.calls()
	g.wants(t, "updated", got, c, list...)
	whole, err := g.p.Get(t.Context(), g.cal, e.ID)
	got.Unseen = nil // of a single event, hidden properties
	if err != nil || !reflect.DeepEqual(whole, got) {
		t.Errorf("read again (%v)\n got %+v\nwant %+v", err, whole, got)
	}
	return got, calls
}

// Most of Europe repeats its meetings in zones that Microsoft does not list. They are written
// by the name of one with the same clocks, and read as nothing new.
func TestZonesThatMicrosoftDoesNotList(t *testing.T) {
	for _, zone := range []string{"Europe/Vienna", "Europe/Zurich", "Europe/Rome", "Europe/Madrid", "Europe/Amsterdam", "Europe/Oslo", "America/Toronto", "Asia/Hong_Kong", "Europe/Dublin"} {
		g := newGraph(t, graphsim.Quirks{FewZones: true})
		c := series("FREQ=WEEKLY;BYDAY=TU")
		c.When.Start.Zone, c.When.End.Zone = zone, zone
		e := g.make(t, c)
		if e.Doubt != "" || e.Content.When.Start.Zone == "UTC" {
			t.Errorf("%s: read in %s, with the doubt %q", zone, e.Content.When.Start.Zone, e.Doubt)
		}
		c.When.Start.Local, c.When.End.Local = "2026-02-03T14:00:00", "2026-02-03T15:00:00"
		g.update(t, e, calendar.Groups{calendar.GroupWhen}, c)
	}
}

const weekly = `{"pattern":{"daysOfWeek":["tuesday"],"firstDayOfWeek":"monday","interval":1,"type":"weekly"},"range":{"recurrenceTimeZone":"Europe/Berlin","startDate":"2026-02-03","type":"noEnd"}}`

func timesOf(from, to string) string {
	return `"end":{"dateTime":"` + to + `","timeZone":"Europe/Berlin"},"isAllDay":false,"start":{"dateTime":"` + from + `","timeZone":"Europe/Berlin"}`
}

// What goes over the wire, call by call. A GET of M and its instances is the
// reading of the whole series.
func TestSeriesAreWritten(t *testing.T) {
	read := []string{"GET /events/M", "GET /events/M/instances"}
	mixed := []calendar.Override{cancelled("2026-02-10T10:00"), moved("2026-02-17T10:00", "2026-02-18T12:00", "2026-02-18T13:00"), retitled("2026-02-24T10:00", "Guests")}
	later := series("FREQ=WEEKLY")
	later.When.Start, later.When.End = clockOn("2026-02-03T12:00"), clockOn("2026-02-03T13:00")
	atNoon := []calendar.Override{cancelled("2026-02-10T12:00"), retitled("2026-02-24T12:00", "Guests")}
	counted := series("FREQ=WEEKLY;COUNT=12")
	single := series("FREQ=WEEKLY")
	single.When.Recurrence = calendar.Recurrence{}
	renamed := series("FREQ=WEEKLY")
	renamed.Title = "All hands"

	for _, c := range []struct {
		name   string
		was    calendar.Content
		had    []calendar.Override
		groups calendar.Groups
		want   calendar.Content
		list   []calendar.Override
		calls  []string
	}{
		{"a title of the series, and nothing of its occurrences", series("FREQ=WEEKLY"), mixed, calendar.Groups{calendar.GroupTitle}, renamed, mixed, slices.Concat(
			[]string{`PATCH /events/M if-match {"subject":"All hands"}`}, read)},
		{"one occurrence cancelled", series("FREQ=WEEKLY"), nil, nil, series("FREQ=WEEKLY"), mixed[:1], slices.Concat(
			read, []string{"DELETE /events/M 2026-02-10 if-match"}, read)},
		{"one occurrence moved", series("FREQ=WEEKLY"), nil, nil, series("FREQ=WEEKLY"), mixed[1:2], slices.Concat(
			read, []string{"PATCH /events/M 2026-02-17 if-match {" + timesOf("2026-02-18T12:00:00", "2026-02-18T13:00:00") + "}"}, read)},
		{"several at once, each on its own version", series("FREQ=WEEKLY"), nil, nil, series("FREQ=WEEKLY"), mixed, slices.Concat(
			read, []string{
				"DELETE /events/M 2026-02-10 if-match",
				"GET /events/M 2026-02-24", `PATCH /events/M 2026-02-24 if-match {"subject":"Guests"}`,
				"GET /events/M 2026-02-17", "PATCH /events/M 2026-02-17 if-match {" + timesOf("2026-02-18T12:00:00", "2026-02-18T13:00:00") + "}",
			}, read)},
		{"an edited one back to the rule", series("FREQ=WEEKLY"), mixed, nil, series("FREQ=WEEKLY"), []calendar.Override{mixed[0], mixed[2]}, slices.Concat(
			read, []string{"PATCH /events/M 2026-02-17 if-match {" + timesOf("2026-02-17T10:00:00", "2026-02-17T11:00:00") + "}"}, read)},
		{"only what differs of an override is written", series("FREQ=WEEKLY"), mixed, nil, series("FREQ=WEEKLY"),
			[]calendar.Override{mixed[0], mixed[1], retitled("2026-02-24T10:00", "Other guests")}, slices.Concat(
				read, []string{`PATCH /events/M 2026-02-24 if-match {"subject":"Other guests"}`}, read)},
		{"a cancelled one back: all is reset, and the rest done again", series("FREQ=WEEKLY"), []calendar.Override{mixed[0], mixed[2]}, nil, series("FREQ=WEEKLY"), mixed[2:], slices.Concat(
			read, []string{
				`PATCH /events/M if-match {"recurrence":` + strings.Replace(weekly, `"recurrenceTimeZone":"Europe/Berlin","startDate":"2026-02-03","type":"noEnd"`,
					`"endDate":"4500-08-31","recurrenceTimeZone":"Europe/Berlin","startDate":"2026-02-03","type":"endDate"`, 1) + "}",
				`PATCH /events/M if-match {"recurrence":` + weekly + "}",
			}, read, []string{`PATCH /events/M 2026-02-24 if-match {"subject":"Guests"}`}, read)},
		{"a new time: the overrides are done again", series("FREQ=WEEKLY"), mixed, calendar.Groups{calendar.GroupWhen}, later, atNoon, slices.Concat(
			[]string{"GET /events/M", "PATCH /events/M if-match {" + strings.Replace(timesOf("2026-02-03T12:00:00", "2026-02-03T13:00:00"), `"start"`, `"recurrence":`+weekly+`,"start"`, 1) + "}"},
			read, []string{"DELETE /events/M 2026-02-10 if-match", "GET /events/M 2026-02-24", `PATCH /events/M 2026-02-24 if-match {"subject":"Guests"}`}, read)},
		{"a new end of the rule", series("FREQ=WEEKLY"), nil, calendar.Groups{calendar.GroupWhen}, counted, nil, slices.Concat(
			[]string{"GET /events/M", "PATCH /events/M if-match {" + strings.Replace(timesOf("2026-02-03T10:00:00", "2026-02-03T11:00:00"), `"start"`,
				`"recurrence":`+strings.Replace(strings.Replace(weekly, `"range":{`, `"range":{"numberOfOccurrences":12,`, 1), "noEnd", "numbered", 1)+`,"start"`, 1) + "}"}, read)},
		{"made single", series("FREQ=WEEKLY"), mixed, calendar.Groups{calendar.GroupWhen}, single, nil,
			[]string{"GET /events/M", "PATCH /events/M if-match {" + strings.Replace(timesOf("2026-02-03T10:00:00", "2026-02-03T11:00:00"), `"start"`, `"recurrence":null,"start"`, 1) + "}"}},
		{"made a series", single, nil, calendar.Groups{calendar.GroupWhen}, series("FREQ=WEEKLY"), nil, slices.Concat(
			[]string{"GET /events/M", "PATCH /events/M if-match {" + strings.Replace(timesOf("2026-02-03T10:00:00", "2026-02-03T11:00:00"), `"start"`, `"recurrence":`+weekly+`,"start"`, 1) + "}"}, read)},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t, graphsim.Quirks{})
			e := g.make(t, c.was, c.had...)
			_, calls := g.update(t, e, c.groups, c.want, c.list...)
			if !slices.Equal(calls, c.calls) {
				t.Errorf("sent\n%s\nwant\n%s", strings.Join(calls, "\n"), strings.Join(c.calls, "\n"))
			}
		})
	}
}

func TestASeriesIsCreated(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{})
	list := []calendar.Override{cancelled("2026-02-10T10:00"), retitled("2026-02-24T10:00", "Guests")}
	_, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: seriesKey, Content: series("FREQ=WEEKLY"), Overrides: set(list...)})
	if err != nil {
		t.Fatal(err)
	}
	calls := g.calls()
	verbs := []string{}
	for _, c := range calls {
		verb, rest, _ := strings.Cut(c, " ")
		if strings.Contains(rest, "/instances") {
			verb = "LIST"
		}
		verbs = append(verbs, verb)
	}
	if got := strings.Join(verbs, " "); got != "POST GET LIST DELETE GET PATCH GET LIST" {
		t.Errorf("sent %s", got)
	}
	if want := `"recurrence":` + weekly; !strings.Contains(calls[0], want) || !strings.Contains(calls[0], `"transactionId":"00112233-4455-6677-8899-aabbccddeeff"`) {
		t.Errorf("sent %s\nwant %s in it", calls[0], want)
	}

	// Plain, it takes one request.
	g.calls()
	e, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: "ffffffffffffffffffffffffffffffff", Content: series("FREQ=DAILY;COUNT=3")})
	if n := len(g.calls()); err != nil || n != 1 || e.Overrides != nil {
		t.Errorf("a plain series: %v, %d calls, overrides %v", err, n, e.Overrides)
	}
	g.wants(t, "plain", e, series("FREQ=DAILY;COUNT=3"))
}

// Cut off anywhere, the same create brings about the rest; what a person did in the
// meantime stays.
func TestACreateIsCompleted(t *testing.T) {
	list := []calendar.Override{cancelled("2026-02-10T10:00"), retitled("2026-02-17T10:00", "Guests"), retitled("2026-02-24T10:00", "Others")}
	d := calendar.Draft{Key: seriesKey, Content: series("FREQ=WEEKLY"), Overrides: set(list...)}
	for cut := range 10 {
		g := newGraph(t, graphsim.Quirks{})
		n := 0
		g.lose = func(*http.Request) bool { n++; return n == cut+1 }
		_, err := g.p.Create(t.Context(), g.cal, d)
		g.lose = nil
		if (err != nil) != (n > cut) || err != nil && calendar.KindOf(err) != calendar.Unavailable {
			t.Fatalf("cut after call %d of %d: %v", cut+1, n, err)
		}
		e, err := g.p.Create(t.Context(), g.cal, d)
		if err != nil {
			t.Fatal(err)
		}
		g.wants(t, fmt.Sprintf("cut after call %d", cut+1), e, d.Content, list...)
		if n := len(g.mb.Events(string(g.cal))); n != 1 {
			t.Errorf("cut after call %d: %d series", cut+1, n)
		}
	}
	g := newGraph(t, graphsim.Quirks{})
	e := g.make(t, d.Content, list...)
	theirs := retitled("2026-02-17T10:00", "Theirs")
	if _, err := g.p.Update(t.Context(), g.cal, e.ID, e.Version, calendar.Change{Content: d.Content,
		Overrides: set(list[0], theirs, list[2]), Slots: []string{theirs.Original.Slot()}}); err != nil {
		t.Fatal(err)
	}
	e, err := g.p.Create(t.Context(), g.cal, d)
	if err != nil {
		t.Fatal(err)
	}
	g.wants(t, "edited since", e, d.Content, list[0], theirs, list[2])
}

// A series was made, and guests were invited to it before it was made whole: they would get
// mail of the rest, so it is told as it is.
func TestACreateIsNotCompletedBeforeGuests(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{})
	d := calendar.Draft{Key: seriesKey, Content: series("FREQ=WEEKLY"), Overrides: set(retitled("2026-02-17T10:00", "Guests"))}
	g.lose = func(r *http.Request) bool { return r.Method == http.MethodPost }
	if _, err := g.p.Create(t.Context(), g.cal, d); err == nil {
		t.Fatal("the answer was not lost")
	}
	g.lose = nil
	made := g.mb.Events(string(g.cal))[0]
	if err := g.EditSeries(string(g.cal), made.ID, func(e *mailbox.Event) {
		e.Attendees = []mailbox.Attendee{{Person: mailbox.Person{Email: "gus@example.com"}, Type: "required"}}
	}); err != nil {
		t.Fatal(err)
	}
	mails := len(g.mb.Mails())
	e, err := g.p.Create(t.Context(), g.cal, d)
	if err != nil || len(e.Guests) != 1 || len(e.Overrides) != 0 || len(g.mb.Mails()) != mails {
		t.Errorf("%v; guests %v, overrides %v, %d mails", err, e.Guests, e.Overrides, len(g.mb.Mails())-mails)
	}
}

// Cut off anywhere, the same change under the version that is there then brings
// about the rest.
func TestAnUpdateIsCompleted(t *testing.T) {
	later := series("FREQ=WEEKLY")
	later.When.Start, later.When.End = clockOn("2026-02-03T12:00"), clockOn("2026-02-03T13:00")
	for _, c := range []struct {
		name   string
		groups calendar.Groups
		want   calendar.Content
		list   []calendar.Override
	}{
		{"occurrences", nil, series("FREQ=WEEKLY"), []calendar.Override{cancelled("2026-02-17T10:00"), moved("2026-03-03T10:00", "2026-03-04T08:00", "2026-03-04T09:30")}},
		{"restored", nil, series("FREQ=WEEKLY"), []calendar.Override{retitled("2026-02-24T10:00", "Guests")}},
		{"a new time", calendar.Groups{calendar.GroupWhen}, later, []calendar.Override{cancelled("2026-02-10T12:00"), retitled("2026-02-24T12:00", "Guests")}},
	} {
		for cut := range 14 {
			g := newGraph(t, graphsim.Quirks{})
			e := g.make(t, series("FREQ=WEEKLY"), cancelled("2026-02-10T10:00"), retitled("2026-02-24T10:00", "Guests"))
			change := calendar.Change{Groups: c.groups, Content: c.want, Overrides: set(c.list...), Slots: calendar.Slots(e.Overrides, set(c.list...))}
			n := 0
			g.lose = func(*http.Request) bool { n++; return n == cut+1 }
			_, err := g.p.Update(t.Context(), g.cal, e.ID, e.Version, change)
			g.lose = nil
			if (err != nil) != (n > cut) || err != nil && calendar.KindOf(err) != calendar.Unavailable {
				t.Fatalf("%s, cut after call %d of %d: %v", c.name, cut+1, n, err)
			}
			now, err := g.p.Get(t.Context(), g.cal, e.ID)
			if err != nil {
				t.Fatal(err)
			}
			got, err := g.p.Update(t.Context(), g.cal, e.ID, now.Version, change)
			if err != nil {
				t.Fatal(err)
			}
			g.wants(t, fmt.Sprintf("%s, cut after call %d", c.name, cut+1), got, c.want, c.list...)
		}
	}
}

func TestAnEditMeanwhileIsNotOverwritten(t *testing.T) {
	list := []calendar.Override{retitled("2026-02-10T10:00", "First"), retitled("2026-02-17T10:00", "Second")}
	for _, c := range []struct {
		name   string
		before string // the call before which a person edits the second occurrence
		want   calendar.Kind
	}{
		{"before the series is read", "GET /events/M", calendar.Conflict},
		{"before the first write", "PATCH /events/M 2026-02-10", calendar.Conflict},
		{"after the first write", "GET /events/M 2026-02-17", calendar.Unavailable},
	} {
		g := newGraph(t, graphsim.Quirks{})
		e := g.make(t, series("FREQ=WEEKLY"))
		done := false
		g.meddle = func(call string) {
			if done || call != c.before {
				return
			}
			done = true
			if err := g.EditOccurrence(string(g.cal), g.mb.Events(string(g.cal))[0].ID, list[1].Original.Slot(), func(e *mailbox.Event) { e.Title = "Theirs" }); err != nil {
				t.Error(err)
			}
		}
		_, err := g.p.Update(t.Context(), g.cal, e.ID, e.Version, calendar.Change{Content: e.Content, Overrides: set(list...), Slots: calendar.Slots(nil, set(list...))})
		g.meddle = nil
		if calendar.KindOf(err) != c.want || !done {
			t.Errorf("%s: %v; want %v", c.name, err, c.want)
		}
		now, err := g.p.Get(t.Context(), g.cal, e.ID)
		if title := now.Overrides[list[1].Original.Slot()].Content.Title; err != nil || title != "Theirs" {
			t.Errorf("%s: the second is called %q (%v)", c.name, title, err)
		}
	}
}

// Hidden properties, which other programs write, are no less an edit.
func TestAnEditOfPropertiesMeanwhileIsNotOverwritten(t *testing.T) {
	const id = "String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties"
	own := func(slot, value string) calendar.Override {
		return calendar.Override{Original: clockOn(slot), Changed: calendar.Groups{calendar.GroupProperties},
			Content: calendar.Content{Properties: map[string]string{"crm": value}}}
	}
	list := []calendar.Override{own("2026-02-10T10:00", "1"), own("2026-02-17T10:00", "2")}
	g := newGraph(t, graphsim.Quirks{})
	e := g.make(t, series("FREQ=WEEKLY"), list...)
	list[0], list[1] = own("2026-02-10T10:00", "3"), own("2026-02-17T10:00", "4")
	theirs := own("2026-02-17T10:00", "theirs")
	done := false
	g.meddle = func(call string) {
		if done || call != "GET /events/M 2026-02-17" {
			return
		}
		done = true
		if err := g.EditOccurrence(string(g.cal), g.mb.Events(string(g.cal))[0].ID, theirs.Original.Slot(), func(e *mailbox.Event) {
			e.Private = map[string]string{id: `{"crm":"theirs"}`}
		}); err != nil {
			t.Error(err)
		}
	}
	_, err := g.p.Update(t.Context(), g.cal, e.ID, e.Version, calendar.Change{Content: e.Content, Overrides: set(list...), Slots: calendar.Slots(nil, set(list...))})
	g.meddle = nil
	if calendar.KindOf(err) != calendar.Unavailable || !done {
		t.Errorf("%v; want it to be unavailable", err)
	}
	now, err := g.p.Get(t.Context(), g.cal, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	g.wants(t, "half done", now, e.Content, list[0], theirs)
}

// Two neighbours that are moved towards each other: Capabilities.Override sees one
// at a time, the server both.
func TestWhatTheServerRefusesIsInvalid(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{})
	const key = calendar.Key("0123456789abcdef0123456789abcdef")
	crossing := set(moved("2026-02-10T10:00", "2026-02-15T10:00", "2026-02-15T11:00"), moved("2026-02-17T10:00", "2026-02-14T10:00", "2026-02-14T11:00"))
	_, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: key, Content: series("FREQ=WEEKLY"), Overrides: crossing})
	if ce, ok := errors.AsType[*calendar.Error](err); !ok || ce.Kind != calendar.Invalid || ce.Field != "when" {
		t.Errorf("crossing neighbours: %v; want Invalid (when)", err)
	}
	if n := len(g.mb.Events(string(g.cal))); n != 0 {
		t.Errorf("Invalid left %d events behind", n)
	}
	g.calls()
	for name, o := range map[string]calendar.Override{
		"past the next": moved("2026-02-10T10:00", "2026-02-18T10:00", "2026-02-18T11:00"),
		"no occurrence": retitled("2026-02-11T10:00", "Title"),
	} {
		_, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: seriesKey, Content: series("FREQ=WEEKLY"), Overrides: set(o)})
		if ce, ok := errors.AsType[*calendar.Error](err); !ok || ce.Kind != calendar.Invalid || ce.Field != "when" || len(g.calls()) != 0 {
			t.Errorf("%s: %v; want Invalid (when), unsent", name, err)
		}
	}
	// Neighbours that make room for each other are written in an order that works.
	e := g.make(t, series("FREQ=WEEKLY"), moved("2026-02-10T10:00", "2026-02-06T10:00", "2026-02-06T11:00"), moved("2026-02-17T10:00", "2026-02-11T10:00", "2026-02-11T11:00"))
	e, _ = g.update(t, e, nil, e.Content, moved("2026-02-10T10:00", "2026-02-12T10:00", "2026-02-12T11:00"), moved("2026-02-17T10:00", "2026-02-20T10:00", "2026-02-20T11:00"))
	g.update(t, e, nil, e.Content, moved("2026-02-10T10:00", "2026-02-06T10:00", "2026-02-06T11:00"), moved("2026-02-17T10:00", "2026-02-11T10:00", "2026-02-11T11:00"))
}

func TestSeriesSurviveWhatDeltaDoes(t *testing.T) {
	for name, quirks := range map[string]graphsim.Quirks{
		"in order":                     {},
		"empty pages":                  {EmptyPages: true},
		"any order":                    {ReversedPages: true},
		"items twice":                  {RepeatItems: true},
		"unchanged events again":       {ReplayUnchanged: true},
		"tombstones in the first read": {InitialTombstones: true},
		"a touch resets":               {ResetOnTouch: true},
		"the later reading":            {LaterReading: true},
		"all of it":                    {EmptyPages: true, ReversedPages: true, RepeatItems: true, ReplayUnchanged: true, InitialTombstones: true},
	} {
		for _, switches := range []mailbox.GraphSwitches{{}, {CancelledOccurrences: true, SeriesOnOnePage: true, ExceptionsInEvents: true, KeepAllDayZone: true}} {
			t.Run(fmt.Sprintf("%s, cancelled ones named %v", name, switches.CancelledOccurrences), func(t *testing.T) {
				g := newGraph(t, quirks, switches)
				g.fill(3)
				list := []calendar.Override{cancelled("2026-02-10T10:00"), moved("2026-02-17T10:00", "2026-02-18T12:00", "2026-02-18T13:00"), retitled("2026-10-27T10:00", "Guests")}
				made := g.make(t, series("FREQ=WEEKLY"), list...)
				ch, err := g.p.Changes(t.Context(), g.cal, "")
				if err != nil {
					t.Fatal(err)
				}
				if len(ch.Events) != 4 || len(ch.Removed) != 0 {
					t.Errorf("%d events, %d removed; want three and the series", len(ch.Events), len(ch.Removed))
				}
				see := func(what string, ch calendar.Changes, c calendar.Content, list ...calendar.Override) {
					t.Helper()
					n := 0
					for _, e := range ch.Events {
						if e.ID == made.ID {
							g.wants(t, what, e, c, list...)
							n++
						}
					}
					if n != 1 {
						t.Errorf("%s: the series comes %d times", what, n)
					}
				}
				see("first read", ch, made.Content, list...)
				id := g.mb.Events(string(g.cal))[3].ID
				if err := g.CancelOccurrence(string(g.cal), id, clockOn("2026-03-10T10:00").Slot()); err != nil {
					t.Fatal(err)
				}
				list = append(list, cancelled("2026-03-10T10:00"))
				if ch, err = g.p.Changes(t.Context(), g.cal, ch.Next); err != nil {
					t.Fatal(err)
				}
				see("one cancelled", ch, made.Content, list...)
				if err := g.EditOccurrence(string(g.cal), id, clockOn("2026-02-17T10:00").Slot(), func(e *mailbox.Event) { e.Title = "Theirs" }); err != nil {
					t.Fatal(err)
				}
				list[1].Changed, list[1].Content.Title = list[1].Changed.With(calendar.GroupTitle), "Theirs"
				if ch, err = g.p.Changes(t.Context(), g.cal, ch.Next); err != nil {
					t.Fatal(err)
				}
				see("one retitled", ch, made.Content, list...)
				if err := g.DeleteSeries(string(g.cal), id); err != nil {
					t.Fatal(err)
				}
				if ch, err = g.p.Changes(t.Context(), g.cal, ch.Next); err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(ch.Removed, calendar.Removal{ID: made.ID}) || slices.ContainsFunc(ch.Events, func(e calendar.Event) bool { return e.ID == made.ID }) {
					t.Errorf("deleted: %d events, removed %v", len(ch.Events), ch.Removed)
				}
			})
		}
	}
}

// A read takes two requests a series that changed, whatever became of it.
func TestASeriesIsReadWithTwoRequests(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{}, mailbox.GraphSwitches{SeriesOnOnePage: true})
	made := g.make(t, series("FREQ=MONTHLY;BYMONTHDAY=3;COUNT=5"), cancelled("2026-03-03T10:00"), retitled("2026-04-03T10:00", "Guests"))
	ch, err := g.p.Changes(t.Context(), g.cal, "")
	if err != nil || ch.Requests != 1+2 {
		t.Errorf("a full read: %d requests, %v; want the page and two", ch.Requests, err)
	}
	id := g.mb.Events(string(g.cal))[0].ID
	for _, slot := range []string{"2026-02-03T10:00", "2026-05-03T10:00", "2026-06-03T10:00"} {
		if err := g.EditOccurrence(string(g.cal), id, clockOn(slot).Slot(), func(e *mailbox.Event) { e.Title = slot }); err != nil {
			t.Fatal(err)
		}
	}
	ch, err = g.p.Changes(t.Context(), g.cal, ch.Next)
	if err != nil || ch.Requests != 1+2 || len(ch.Events) != 1 || len(ch.Events[0].Overrides) != 5 || ch.Events[0].ID != made.ID {
		t.Errorf("after three edits: %d requests, %+v, %v", ch.Requests, ch.Events, err)
	}
	if ch, err = g.p.Changes(t.Context(), g.cal, ch.Next); err != nil || ch.Requests != 1 {
		t.Errorf("nothing changed: %d requests, %v", ch.Requests, err)
	}
}

// Overrides from long before the window stay seen, and those after it too where
// the service names them.
func TestOverridesFarFromNow(t *testing.T) {
	for _, named := range []bool{false, true} {
		g := newGraph(t, graphsim.Quirks{}, mailbox.GraphSwitches{CancelledOccurrences: named})
		c := series("FREQ=WEEKLY")
		c.When.Start, c.When.End = clockOn("2024-01-02T10:00"), clockOn("2024-01-02T11:00")
		list := []calendar.Override{cancelled("2024-01-09T10:00"), moved("2024-07-02T10:00", "2024-07-03T10:00", "2024-07-03T11:00"),
			cancelled("2025-06-03T10:00"), retitled("2028-05-02T10:00", "Far on")}
		far := cancelled("2029-05-01T10:00")
		e, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: seriesKey, Content: c, Overrides: set(append(list, far)...)})
		if err != nil {
			t.Fatal(err)
		}
		if named {
			list = append(list, far)
		}
		g.wants(t, fmt.Sprintf("cancelled ones named %v", named), e, c, list...)
	}
}

func TestAllDaySeries(t *testing.T) {
	day := func(s string) calendar.Time { return calendar.Time{Local: s} }
	c := calendar.Content{Title: "Duty", Availability: calendar.Busy, When: calendar.When{Start: day("2026-02-03"), End: day("2026-02-04"),
		Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=DAILY"}}}}
	list := []calendar.Override{{Original: day("2026-02-05"), Cancelled: true},
		{Original: day("2026-02-07"), Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Off duty"}}}
	for _, zone := range []string{"UTC", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles", "Pacific/Honolulu"} {
		g := newGraph(t, graphsim.Quirks{}, mailbox.GraphSwitches{KeepAllDayZone: true})
		// Outlook itself makes it in the zone of the mailbox.
		id, err := g.AddSeries(string(g.cal), mailbox.Event{Title: "Duty", Start: mailbox.Moment{Date: "2026-02-03", Zone: zone}, End: mailbox.Moment{Date: "2026-02-04", Zone: zone},
			Recurrence: []string{"RRULE:FREQ=DAILY"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.CancelOccurrence(string(g.cal), id, "20260205"); err != nil {
			t.Fatal(err)
		}
		if err := g.EditOccurrence(string(g.cal), id, "20260207", func(e *mailbox.Event) { e.Title = "Off duty" }); err != nil {
			t.Fatal(err)
		}
		ch, err := g.p.Changes(t.Context(), g.cal, "")
		if err != nil || len(ch.Events) != 1 {
			t.Fatalf("%s: %d events, %v", zone, len(ch.Events), err)
		}
		g.wants(t, zone, ch.Events[0], c, list...)
	}
}

// Whole days of a zone whose clocks change, at the hours that clocks skip or
// repeat: nothing of it is an edit.
func TestClockChangesAreNoOverrides(t *testing.T) {
	for _, later := range []bool{false, true} {
		for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"} {
			for _, at := range [][2]string{{"T01:30:00", "T02:30:00"}, {"T02:15:00", "T03:15:00"}, {"T23:30:00", "T23:45:00"}, {"T00:00:00", "T01:00:00"}} {
				g := newGraph(t, graphsim.Quirks{LaterReading: later})
				c := calendar.Content{Title: "Backup", Availability: calendar.Busy, When: calendar.When{
					Start: calendar.Time{Local: "2026-01-20" + at[0], Zone: zone}, End: calendar.Time{Local: "2026-01-20" + at[1], Zone: zone},
					Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=DAILY"}}}}
				e, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: seriesKey, Content: c})
				if err != nil {
					t.Fatal(err)
				}
				if e, err = g.p.Get(t.Context(), g.cal, e.ID); err != nil {
					t.Fatal(err)
				}
				g.wants(t, zone+at[0], e, c)
			}
		}
	}
}

func TestASeriesThatVanishesWhileItIsRead(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{})
	g.make(t, series("FREQ=WEEKLY"), retitled("2026-02-24T10:00", "Guests"))
	id := g.mb.Events(string(g.cal))[0].ID
	g.meddle = func(call string) {
		if call == "GET /events/M" {
			_ = g.DeleteSeries(string(g.cal), id)
		}
	}
	ch, err := g.p.Changes(t.Context(), g.cal, "")
	if err != nil || len(ch.Events) != 0 || len(ch.Removed) != 0 {
		t.Errorf("%d events, removed %v, %v; want nothing", len(ch.Events), ch.Removed, err)
	}
}
