package outlook

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

// withFiles is an event that has attachments.
var withFiles = with(singleEvent, `"hasAttachments":false`, `"hasAttachments":true`)

// files answers as if two files and a picture within the notes were attached, on
// two pages.
func files(r request) reply {
	if strings.Contains(r.Query, "skip") {
		return reply{status: 200, body: `{"value":[{"@odata.type":"#microsoft.graph.referenceAttachment","id":"3","name":"Agenda","isInline":false,"contentType":null,"size":1}]}`}
	}
	return reply{status: 200, body: `{"value":[{"@odata.type":"#microsoft.graph.fileAttachment","id":"1","name":"logo.png","isInline":true,"contentType":"image/png","size":9},
		{"@odata.type":"#microsoft.graph.fileAttachment","id":"2","name":"plan.pdf","isInline":false,"contentType":"application/pdf","size":9}],
		"@odata.nextLink":"` + fakeBase + `/x/attachments?$skip=2"}`}
}

var wantFiles = []calendar.Attachment{{Name: "Agenda", URL: "https://outlook.test/E1"}, {Name: "plan.pdf", URL: "https://outlook.test/E1"}}

func isFiles(r request) bool { return strings.HasSuffix(r.Path, "/attachments") }

func TestAttachmentsAreReadByName(t *testing.T) {
	delta := `{"value":[` + withFiles + `,` + event("B", "v1") + `],` + last(1) + `}`
	answer := func(list func(request) reply) func(request) reply {
		return func(r request) reply {
			switch {
			case isFiles(r):
				return list(r)
			case strings.Contains(r.Path, "delta"):
				return reply{status: 200, body: delta}
			}
			return reply{status: 200, body: withFiles}
		}
	}
	p, f := openFake(t, answer(files))
	e, err := p.Get(t.Context(), "C1", "E1")
	if err != nil || !reflect.DeepEqual(e.Content.Links.Attachments, wantFiles) || len(f.requests()) != 3 {
		t.Errorf("Get: %v, %+v after %d requests", err, e.Content.Links, len(f.requests()))
	}
	if q := f.requests()[1].Query; q != "%24select=name,contentType,isInline,size" && q != "$select=name,contentType,isInline,size" {
		t.Errorf("asked for %s", q)
	}
	ch, err := p.Changes(t.Context(), "C1", "")
	if err != nil || ch.Requests != 3 || len(ch.Events) != 2 || !reflect.DeepEqual(ch.Events[1].Content.Links.Attachments, wantFiles) || ch.Events[0].Content.Links.Attachments != nil {
		t.Errorf("Changes: %v, %+v in %d requests", err, ch.Events, ch.Requests)
	}
	for _, c := range []struct {
		name string
		list reply
		want calendar.Kind
	}{
		{"gone meanwhile", reply{status: 404, body: graphError("ErrorItemNotFound", "")}, -1},
		{"not for us to see", reply{status: 403, body: graphError("ErrorAccessDenied", "")}, -1},
		{"a server that is down", reply{status: 503}, calendar.Unavailable},
		{"throttled", reply{status: 429, header: map[string]string{"Retry-After": "7"}}, calendar.Throttled},
		{"busy with the item", reply{status: 412, body: graphError("ErrorIrresolvableConflict", "")}, calendar.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := openFake(t, answer(func(request) reply { return c.list }))
			e, err := p.Get(t.Context(), "C1", "E1")
			ch, err2 := p.Changes(t.Context(), "C1", "")
			if kindOf(err) != c.want || kindOf(err2) != c.want {
				t.Errorf("Get: %v; Changes: %v; want %v", err, err2, c.want)
			}
			if c.want == -1 && (e.Content.Links.Attachments != nil || len(ch.Events) != 2) {
				t.Errorf("read %+v, %d events", e.Content.Links, len(ch.Events))
			}
			// What was written stays written; its links are then not known.
			got, err := p.Update(t.Context(), "C1", "E1", `W/"v1"`, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}})
			if hidden := got.Unseen.Has(calendar.GroupLinks); err != nil || hidden != (c.want != -1) {
				t.Errorf("Update: %v; links unseen: %v", err, hidden)
			}
		})
	}
}

func TestTheAddressOfAMeeting(t *testing.T) {
	for name, c := range map[string]struct{ meeting, url, want string }{
		"of Teams":      {`{"joinUrl":"https://teams.test/1"}`, `null`, "https://teams.test/1"},
		"of an old one": {`null`, `"https://lync.test/2"`, "https://lync.test/2"},
		"of both":       {`{"joinUrl":"https://teams.test/1"}`, `"https://lync.test/2"`, "https://teams.test/1"},
		"of none":       {`null`, `""`, ""},
	} {
		e := getOne(t, with(with(singleEvent, `"onlineMeeting":null`, `"onlineMeeting":`+c.meeting), `"onlineMeetingUrl":null`, `"onlineMeetingUrl":`+c.url))
		if e.Content.Links.Conference != c.want {
			t.Errorf("%s: %q; want %q", name, e.Content.Links.Conference, c.want)
		}
	}
}

// shown is an event with what an expansion adds.
func shown(e, value string) string {
	return with(e, `"uid"`, `"singleValueExtendedProperties":[{"id":"String {6B1F4C0E-2D53-4C8A-9A7E-51D0C2F7AB36} Name twinday-properties","value":`+fmt.Sprintf("%q", value)+`}],"uid"`)
}

func TestWhatIsNotShownIsUnseen(t *testing.T) {
	both := []string{"'" + markID + "'", "'" + propertiesID + "'"}
	p, f := openFake(t, func(r request) reply {
		switch {
		case strings.Contains(r.Path, "delta"):
			return reply{status: 200, body: `{"value":[` + singleEvent + `],` + last(1) + `}`}
		case r.Method == "GET":
			return reply{status: 200, body: shown(singleEvent, `{"a":"1"}`)}
		}
		return reply{status: 200, body: singleEvent}
	})
	e, err := p.Get(t.Context(), "C1", "E1")
	if err != nil || len(e.Unseen) != 0 || !reflect.DeepEqual(e.Content.Properties, map[string]string{"a": "1"}) {
		t.Errorf("Get: %v, %v, unseen %v", err, e.Content.Properties, e.Unseen)
	}
	for _, id := range both { // with %20 for spaces: in the filter of an expansion the service takes a plus for one
		if q := strings.NewReplacer("%20", " ", "%7B", "{", "%7D", "}", "%27", "'").Replace(f.requests()[0].Query); !strings.Contains(q, "id eq "+id) {
			t.Errorf("%s is not asked for in %s", id, q)
		}
	}
	unseen := calendar.Groups{calendar.GroupProperties}
	if ch, err := p.Changes(t.Context(), "C1", ""); err != nil || !slices.Equal(ch.Events[0].Unseen, unseen) || ch.Events[0].Content.Properties != nil {
		t.Errorf("Changes: %v, %+v", err, ch.Events)
	}
	change := func(groups ...calendar.Group) calendar.Event {
		t.Helper()
		e, err := p.Update(t.Context(), "C1", "E1", `W/"v1"`, calendar.Change{Groups: groups, Content: calendar.Content{Properties: map[string]string{"b": "2"}}})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := change(calendar.GroupTitle); !slices.Equal(e.Unseen, unseen) || e.Content.Properties != nil {
		t.Errorf("after a new title: %v, unseen %v", e.Content.Properties, e.Unseen)
	}
	if e := change(calendar.GroupTitle, calendar.GroupProperties); len(e.Unseen) != 0 || e.Content.Properties["b"] != "2" {
		t.Errorf("after new properties: %v, unseen %v", e.Content.Properties, e.Unseen)
	}
	for _, odd := range []string{"", "{}", "[1]", `{"a":1}`, "null"} {
		if e := getOne(t, shown(singleEvent, odd)); e.Content.Properties != nil {
			t.Errorf("%q is read as %v", odd, e.Content.Properties)
		}
	}
}

// responded is a JSON item with another answer of the owner.
func responded(item, answer string) string {
	if strings.Contains(item, `"responseStatus"`) {
		return with(item, `"response":"organizer"`, `"response":"`+answer+`"`)
	}
	return with(item, `"isAllDay"`, `"responseStatus":{"response":"`+answer+`","time":"2026-03-01T00:00:00Z"},"isAllDay"`)
}

func TestAnAnswerToOneOccurrenceIsSeen(t *testing.T) {
	m := responded(with(master, `"isOrganizer":true`, `"isOrganizer":false`), "accepted")
	slim := func(answers ...string) (out []string) {
		for i, a := range answers {
			out = append(out, responded(instance(fmt.Sprintf("O%d", i), tuesdays[i], ""), a))
		}
		return out
	}
	read := func(m string, list []string) calendar.Event {
		t.Helper()
		p, _ := openFake(t, graphOf(m, list, nil))
		e, err := p.Get(t.Context(), "C1", "M")
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	second := berlinAt("2026-03-24T10:00:00").Slot()
	before := read(m, slim("accepted", "accepted", "none", "accepted"))
	if before.MyResponse != calendar.Accepted || before.Responses != nil || before.Version != `W/"v1"` {
		t.Errorf("all alike: %q, %v at %s", before.MyResponse, before.Responses, before.Version)
	}
	after := read(m, slim("accepted", "tentativelyAccepted", "accepted", "accepted"))
	if want := map[string]calendar.Response{second: calendar.Maybe}; !reflect.DeepEqual(after.Responses, want) || after.Overrides != nil {
		t.Errorf("answers %v, overrides %v; want %v, none", after.Responses, after.Overrides, want)
	}
	if after.Version == before.Version || etag(after.Version) != `W/"v1"` {
		t.Errorf("the version is %s; want another one of the same etag", after.Version)
	}
	// An exception that says nothing else but its answer is no override.
	x := with(exception("X", tuesdays[1], "Planning", "2026-03-24T09:00:00Z"), `:59:00`, `:00:00`)
	x = with(with(x, `"end":{"dateTime":"2026-03-24T09:00:00`, `"end":{"dateTime":"2026-03-24T10:00:00`), `"isOrganizer":true`, `"isOrganizer":false`)
	list := slim("accepted", "declined", "accepted", "accepted")
	list[1] = strings.Replace(strings.Replace(list[1], `"type":"occurrence"`, `"type":"exception","originalStart":"2026-03-24T09:00:00Z"`, 1), `"O1"`, `"X"`, 1)
	of := func(etag string) calendar.Event {
		return read(with(m, `"uid"`, `"exceptionOccurrences":[`+responded(strings.Replace(x, `W/\"v1\"`, etag, 1), "declined")+`],"uid"`), list)
	}
	e := of(`W/\"x1\"`)
	if e.Overrides != nil || e.Responses[second] != calendar.Declined {
		t.Errorf("answers %v, overrides %+v; want one declined, none", e.Responses, e.Overrides)
	}
	// Its own etag is the one in the listing, and counts.
	list[1] = strings.Replace(list[1], `W/\"O1\"`, `W/\"O1-2\"`, 1)
	if now := of(`W/\"x1\"`); now.Version == e.Version {
		t.Errorf("the exception has another etag, the series is still at %s", now.Version)
	}
	// Writes go by what the server knows of a version.
	p, f := openFake(t, func(r request) reply {
		if r.Method == "GET" {
			return graphOf(m, slim("accepted", "tentativelyAccepted", "accepted", "accepted"), nil)(r)
		}
		return reply{status: 200, body: m}
	})
	if _, err := p.Update(t.Context(), "C1", "M", after.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}}); err != nil {
		t.Error(err)
	}
	if got := f.requests()[0].Header.Get("If-Match"); got != `W/"v1"` {
		t.Errorf("If-Match is %s", got)
	}
	if err := p.Delete(t.Context(), "C1", "M", after.Version); err != nil {
		t.Error(err)
	}
	if _, err := p.Update(t.Context(), "C1", "M", before.Version, calendar.Change{}); kindOf(err) != calendar.Conflict {
		t.Errorf("nothing to write, at the version before the answer: %v; want a conflict", err)
	}
}

func TestAServiceThatListsNoHiddenProperties(t *testing.T) {
	own := 0
	p, f := openFake(t, func(r request) reply {
		if strings.HasSuffix(r.Path, "/instances") && strings.Contains(r.Query, "expand") {
			own++
			return reply{status: http.StatusBadRequest, body: graphError("BadRequest", "")}
		}
		return graphOf(master, []string{instance("O0", tuesdays[0], ""), instance("O1", tuesdays[1], ""), instance("O2", tuesdays[2], ""), instance("O3", tuesdays[3], "")}, nil)(r)
	})
	for i, want := range []int{3, 5} {
		if _, err := p.Get(t.Context(), "C1", "M"); err != nil || len(f.requests()) != want || own != 1 {
			t.Errorf("read %d: %v; %d requests so far, %d of them refused; want %d, 1", i+1, err, len(f.requests()), own, want)
		}
	}
}

func TestAnOccurrenceHasItsSeriesPropertiesUnlessItSays(t *testing.T) {
	m := shown(master, `{"a":"1"}`)
	full := with(exception("X", tuesdays[1], "Planning", "2026-03-24T09:00:00Z"), `:59:00`, `:00:00`)
	full = with(full, `"end":{"dateTime":"2026-03-24T09:00:00`, `"end":{"dateTime":"2026-03-24T10:00:00`)
	m = with(m, `"uid"`, `"exceptionOccurrences":[`+full+`],"uid"`)
	for value, want := range map[string]map[string]string{"": nil, `{"a":"1"}`: nil, `{"a":"2"}`: {"a": "2"}, `{}`: {}} {
		x := strings.Replace(instance("X", tuesdays[1], ""), `"type":"occurrence"`, `"type":"exception","originalStart":"2026-03-24T09:00:00Z","uid":"u"`, 1)
		if value != "" {
			x = shown(x, value)
		}
		p, _ := openFake(t, graphOf(m, []string{instance("O0", tuesdays[0], ""), x, instance("O2", tuesdays[2], ""), instance("O3", tuesdays[3], "")}, nil))
		e, err := p.Get(t.Context(), "C1", "M")
		if err != nil {
			t.Fatal(err)
		}
		o, own := e.Overrides[berlinAt("2026-03-24T10:00:00").Slot()]
		if own != (want != nil) || own && (len(o.Content.Properties) != len(want) || o.Content.Properties["a"] != want["a"]) {
			t.Errorf("%q: the override is %+v; want %v", value, o, want)
		}
	}
}

func TestLinksOfAnOccurrence(t *testing.T) {
	meet := func(e, address string) string {
		return with(e, `"onlineMeeting":null`, `"onlineMeeting":{"joinUrl":"`+address+`"}`)
	}
	has := func(e string) string { return with(e, `"hasAttachments":false`, `"hasAttachments":true`) }
	plain := with(exception("X", tuesdays[1], "Planning", "2026-03-24T09:00:00Z"), `:59:00`, `:00:00`)
	plain = with(plain, `"end":{"dateTime":"2026-03-24T09:00:00`, `"end":{"dateTime":"2026-03-24T10:00:00`)
	both := []calendar.Attachment{{Name: "Agenda", URL: "https://outlook.test/E1"}, {Name: "plan.pdf", URL: "https://outlook.test/E1"}}
	for _, c := range []struct {
		name              string
		master, exception string
		want              *calendar.Links // nil: as the series
		requests          int
	}{
		{"none at all", master, plain, nil, 2},
		{"the series' meeting", meet(master, "https://m/1"), meet(plain, "https://m/1"), nil, 2},
		{"a meeting that the exception does not repeat", meet(master, "https://m/1"), plain, nil, 2},
		{"a meeting of its own", meet(master, "https://m/1"), meet(plain, "https://m/2"), &calendar.Links{Conference: "https://m/2"}, 2},
		{"the series' files", has(master), has(plain), nil, 4},
		{"files of its own", master, has(plain), &calendar.Links{Attachments: both}, 4},
		{"the series' files taken off", has(master), plain, &calendar.Links{}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := strings.Replace(instance("X", tuesdays[1], ""), `"type":"occurrence"`, `"type":"exception","originalStart":"2026-03-24T09:00:00Z"`, 1)
			series := graphOf(with(c.master, `"uid"`, `"exceptionOccurrences":[`+c.exception+`],"uid"`),
				[]string{instance("O0", tuesdays[0], ""), x, instance("O2", tuesdays[2], ""), instance("O3", tuesdays[3], "")}, nil)
			p, f := openFake(t, func(r request) reply {
				if isFiles(r) {
					return files(r)
				}
				return series(r)
			})
			e, err := p.Get(t.Context(), "C1", "M")
			if err != nil || len(f.requests()) != c.requests {
				t.Fatalf("%v after %d requests; want %d", err, len(f.requests()), c.requests)
			}
			o, own := e.Overrides[berlinAt("2026-03-24T10:00:00").Slot()]
			if own != (c.want != nil) || own && (!slices.Equal(o.Changed, calendar.Groups{calendar.GroupLinks}) || !reflect.DeepEqual(o.Content.Links, *c.want)) {
				t.Errorf("the override is %+v; want links %+v", o, c.want)
			}
		})
	}
}
