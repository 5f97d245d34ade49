package caldav_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/caldav"
	"github.com/twinday/twinday/providers/calendar"
)

func TestExpiredTokens(t *testing.T) {
	for _, quirk := range []struct {
		name         string
		status       int
		precondition string
	}{
		{"as RFC 6578 says it", 403, "valid-sync-token"},
		{"without a word of why", 403, ""},
		{"as a conflict", 409, ""},
		{"as a failed precondition", 412, ""},
		{"as gone", 410, ""},
		{"as a bad request", 400, ""},
		{"as a fault of its own, like Xandikos", 500, ""},
	} {
		t.Run(quirk.name, func(t *testing.T) {
			q := newQuirky(t)
			q.expired, q.precondition = quirk.status, quirk.precondition
			p := q.open()
			q.put("a.ics", event("a", "A"))
			ch, _ := q.titles(p, "")
			q.oldest = 99
			_, err := p.Changes(t.Context(), quirkyCal, ch.Next)
			q.want("the error", calendar.KindOf(err), calendar.CursorExpired)
			ch, got := q.titles(p, "")
			q.want("the full read", says(got, ch.Complete), "A true")
		})
	}
}

// A server that is out of order does not expire what it will know again.
func TestATokenOutlivesAnOutage(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	q.put("a.ics", event("a", "A"))
	ch, _ := q.titles(p, "")
	for _, status := range []int{500, 502, 503, 504} {
		q.fail = func(string) (int, string, string) { return status, "", "" }
		_, err := p.Changes(t.Context(), quirkyCal, ch.Next)
		q.want(fmt.Sprint(status), calendar.KindOf(err), calendar.Unavailable)
	}
	q.fail = nil
	_, got := q.titles(p, ch.Next)
	q.want("after it", got, "")
}

// DAViCal answers a token that it forgot with everything there is.
func TestAFullListForAnExpiredToken(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	for _, n := range []string{"a", "b", "c", "d"} {
		q.put(n+".ics", event(n, strings.ToUpper(n)))
	}
	ch, _ := q.titles(p, "")
	q.remove("b.ics")
	q.put("e.ics", event("e", "E"))
	q.oldest = 99
	ch, got := q.titles(p, ch.Next)
	q.want("what it is taken for", says(got, ch.Complete), "A C D E true")

	// An increment that is as long is one all the same.
	q.oldest = 0
	for _, n := range []string{"a", "c", "e"} {
		q.put(n+".ics", event(n, strings.ToUpper(n)+"2"))
	}
	ch, got = q.titles(p, ch.Next)
	q.want("an increment", says(got, ch.Complete), "A2 C2 E2 false")
}

func TestPages(t *testing.T) {
	q := newQuirky(t)
	q.page = 3
	p := q.open()
	for i := range 8 {
		q.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprint(i), fmt.Sprint(i)))
	}
	ch, got := q.titles(p, "")
	q.want("all pages", got, "0 1 2 3 4 5 6 7")
	q.want("requests", says(ch.Requests, q.since()), "3 sync sync sync")
	q.want("complete", ch.Complete, true)

	q.loop = true
	_, err := p.Changes(t.Context(), quirkyCal, "")
	q.want("pages without end", calendar.KindOf(err), calendar.Other)
}

func TestAServerWithoutEventsInItsListing(t *testing.T) {
	q := newQuirky(t)
	q.noData = true
	p := q.open()
	const n = 450
	for i := range n {
		q.put(fmt.Sprintf("%03d.ics", i), event(fmt.Sprint(i), fmt.Sprint(i)))
	}
	ch, _ := q.titles(p, "")
	q.want("events", len(ch.Events), n)
	q.want("bounded batches", q.since(), "sync multiget multiget multiget")
	q.put("000.ics", event("0", "again"))
	_, got := q.titles(p, ch.Next)
	q.want("an increment", got, "again")
}

// What a multiget leaves out is not gone.
func TestShortAnswers(t *testing.T) {
	q := newQuirky(t)
	q.noData = true
	p := q.open()
	for _, n := range []string{"a", "b"} {
		q.put(n+".ics", event(n, strings.ToUpper(n)))
	}
	for status, want := range map[int]calendar.Kind{0: calendar.Unavailable, 403: calendar.Unavailable, 500: calendar.Unavailable} {
		q.forgets = map[string]int{"b.ics": status}
		_, err := p.Changes(t.Context(), quirkyCal, "")
		q.want(fmt.Sprintf("a multiget with %d inside", status), calendar.KindOf(err), want)
		_, err = p.Get(t.Context(), quirkyCal, "b.ics")
		q.want(fmt.Sprintf("get with %d inside", status), calendar.KindOf(err), want)
	}
	q.forgets = map[string]int{"c.ics": 0} // DAViCal leaves out what is not there
	_, err := p.Get(t.Context(), quirkyCal, "c.ics")
	q.want("get of what is not there", calendar.KindOf(err), calendar.NotFound)
	q.forgets = map[string]int{"b.ics": 404} // deleted since it was listed
	_, got := q.titles(p, "")
	q.want("one that went meanwhile", got, "A")
}

func TestCutAnswers(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	q.put("a.ics", event("a", "A"))
	ch, _ := q.titles(p, "")
	for name, set := range map[string]func(bool){"cut": func(b bool) { q.cut = b }, "a page of HTML": func(b bool) { q.html = b }} {
		set(true)
		for _, since := range []calendar.Cursor{"", ch.Next} {
			_, err := p.Changes(t.Context(), quirkyCal, since)
			q.want(name, calendar.KindOf(err), calendar.Unavailable)
		}
		set(false)
	}
}

// One event that XML or iCalendar cannot hold hides no other, and is no deletion.
func TestEventsThatCannotBeRead(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	q.put("a.ics", event("a", "A\x0bB"))
	q.put("b.ics", "no calendar at all")
	q.put("c.ics", strings.NewReplacer("VEVENT", "VTODO", "DTEND", "DUE").Replace(event("c", "C")))
	ch, err := p.Changes(t.Context(), quirkyCal, "")
	broken := calendar.Event{ID: "b.ics", Version: calendar.Version(q.etag("b.ics")), Type: calendar.UnknownType,
		Doubt: "b.ics, no iCalendar file: there is no BEGIN:VCALENDAR"}
	if err != nil || len(ch.Events) != 2 || len(ch.Removed) != 0 || ch.Events[0].Content.Title != "A B" || !reflect.DeepEqual(ch.Events[1], broken) {
		t.Errorf("the read is %+v, %v", ch, err)
	}
	if got, err := p.Get(t.Context(), quirkyCal, "b.ics"); err != nil || !reflect.DeepEqual(got, broken) {
		t.Errorf("the broken one is got as %+v, %v", got, err)
	}
	_, err = p.Update(t.Context(), quirkyCal, "b.ics", broken.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}})
	q.want("an update of the broken one", calendar.KindOf(err), calendar.Other)
}

func TestAServerWithoutSync(t *testing.T) {
	for _, noCTag := range []bool{false, true} {
		t.Run(fmt.Sprintf("without a ctag: %v", noCTag), func(t *testing.T) {
			q := newQuirky(t)
			q.noSync, q.noCTag = true, noCTag
			p := q.open()
			for _, n := range []string{"a", "b", "c"} {
				q.put(n+".ics", event(n, strings.ToUpper(n)))
			}
			ch, got := q.titles(p, "")
			q.want("the full read", says(got, ch.Complete), "A B C true")
			q.since()
			ch, got = q.titles(p, ch.Next)
			q.want("with nothing changed", says(got, ch.Complete), " false")
			if !noCTag {
				q.want("requests", says(ch.Requests, q.since()), "1 PROPFIND0")
			}
			q.put("b.ics", event("b", "B2"))
			q.remove("c.ics")
			q.put("d.ics", event("d", "D"))
			q.since()
			ch, got = q.titles(q.open(), ch.Next) // another run of the program
			q.want("an increment", says(got, ch.Complete), "B2 D -c.ics false")
			q.want("requests", q.since(), "PROPFIND0 PROPFIND1 multiget")
		})
	}
}

// A server that is out of order while it is first read is not taken for an old one.
func TestAnOutageIsNoLackOfSync(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	q.put("a.ics", event("a", "A"))
	q.fail = func(what string) (int, string, string) {
		if what == "sync" {
			return 500, "", ""
		}
		return 0, "", ""
	}
	for range 2 {
		_, err := p.Changes(t.Context(), quirkyCal, "")
		q.want("while it is out of order", calendar.KindOf(err), calendar.Unavailable)
	}
	q.fail = nil
	ch, got := q.titles(p, "")
	q.want("after it", says(got, ch.Complete), "A true")
}

func TestWritesAndWhatIsHeld(t *testing.T) {
	for name, set := range map[string]func(*quirky){
		"strong":                 func(*quirky) {},
		"weak":                   func(q *quirky) { q.weak = true },
		"none in the answer":     func(q *quirky) { q.noPutETag = true },
		"none, and it is mended": func(q *quirky) { q.noPutETag, q.mends = true, true },
		"none at all":            func(q *quirky) { q.noETag, q.noPutETag = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuirky(t)
			set(q)
			p := q.open()
			c := calendar.Content{Title: "One", When: calendar.When{Start: calendar.Date(2026, 3, 1), End: calendar.Date(2026, 3, 2)}, Availability: calendar.Busy}
			made, err := p.Create(t.Context(), quirkyCal, calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: c})
			if err != nil {
				t.Fatal(err)
			}
			if now, err := p.Get(t.Context(), quirkyCal, made.ID); err != nil || now.Version != made.Version || now.Content.Title != made.Content.Title {
				t.Errorf("made as %q %q, read as %q %q, %v", made.Version, made.Content.Title, now.Version, now.Content.Title, err)
			}
			c.Title = "Two"
			change := calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: c}
			now, err := p.Update(t.Context(), quirkyCal, made.ID, made.Version, change)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Update(t.Context(), quirkyCal, made.ID, "\"another\"", change)
			q.want("a stale update", calendar.KindOf(err), calendar.Conflict)
			q.want("a stale deletion", calendar.KindOf(p.Delete(t.Context(), quirkyCal, made.ID, "\"another\"")), calendar.Conflict)
			if err := p.Delete(t.Context(), quirkyCal, made.ID, now.Version); err != nil {
				t.Error(err)
			}
			q.want("what is left", len(q.objects), 0)
		})
	}
}

// Events that are about to be changed are read together.
func TestPrepare(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	for _, n := range []string{"a", "b", "c"} {
		q.put(n+".ics", event(n, strings.ToUpper(n)))
	}
	ch, _ := q.titles(p, "")
	q.since()
	var ids []calendar.RemoteID
	for _, e := range ch.Events {
		ids = append(ids, e.ID)
	}
	p.Prepare(t.Context(), quirkyCal, ids)
	q.put("c.ics", event("c", "Edited meanwhile"))
	for i, e := range ch.Events {
		e.Content.Title += "2"
		_, err := p.Update(t.Context(), quirkyCal, e.ID, e.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: e.Content})
		if i < 2 && err != nil {
			t.Error(err)
		} else if i == 2 {
			q.want("the one that was edited meanwhile", calendar.KindOf(err), calendar.Conflict)
		}
	}
	q.want("requests", q.since(), "multiget PUT PUT PUT")
	if !strings.Contains(q.objects["a.ics"], "SUMMARY:A2") || !strings.Contains(q.objects["a.ics"], "X-KEPT:yes") {
		t.Errorf("the event is now\n%s", q.objects["a.ics"])
	}
	// What was read ahead is used once.
	_, err := p.Update(t.Context(), quirkyCal, "a.ics", ch.Events[0].Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: ch.Events[0].Content})
	q.want("the version from before", calendar.KindOf(err), calendar.Conflict)
}

func TestRefusals(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	q.put("a.ics", event("a", "A"))
	ch, _ := q.titles(p, "")
	e := ch.Events[0]
	precondition := func(ns, name string) string {
		return fmt.Sprintf(`<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><%s:%s/></D:error>`, ns, name)
	}
	for _, r := range []struct {
		name         string
		status       int
		header, body string
		read, write  calendar.Kind
		wait         time.Duration
	}{
		{"signed out", 401, "", "", calendar.SignedOut, calendar.SignedOut, 0},
		{"too fast", 429, "Retry-After: 30", "", calendar.Throttled, calendar.Throttled, 30 * time.Second},
		{"overloaded, and says until when", 503, "Retry-After: 120", "", calendar.Throttled, calendar.Throttled, 2 * time.Minute},
		{"overloaded", 503, "", "", calendar.Unavailable, calendar.Unavailable, 0},
		{"behind a gateway", 502, "", "", calendar.Unavailable, calendar.Unavailable, 0},
		{"locked", 423, "", "", calendar.Unavailable, calendar.Unavailable, 0},
		{"no right to write", 403, "", precondition("D", "need-privileges"), calendar.Forbidden, calendar.ReadOnly, 0},
		{"full", 507, "", "", calendar.Forbidden, calendar.Other, 0},
		{"full, by the quota", 403, "", precondition("D", "quota-not-exceeded"), calendar.Forbidden, calendar.Other, 0},
		{"not to its taste", 403, "", precondition("C", "valid-calendar-data"), calendar.Invalid, calendar.Invalid, 0},
		{"too large", 413, "", "", calendar.Invalid, calendar.Invalid, 0},
	} {
		q.fail = func(what string) (int, string, string) { return r.status, r.header, r.body }
		_, err := p.Get(t.Context(), quirkyCal, e.ID)
		q.want(r.name+", get", calendar.KindOf(err), r.read)
		q.want(r.name+", the wait", calendar.RetryAfter(err), r.wait)
		_, err = p.Create(t.Context(), quirkyCal, calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: e.Content})
		q.want(r.name+", create", calendar.KindOf(err), r.write)
		q.want(r.name+", is it full", errors.Is(err, calendar.ErrFull), strings.HasPrefix(r.name, "full"))
		q.want(r.name+", delete", calendar.KindOf(p.Delete(t.Context(), quirkyCal, e.ID, e.Version)), r.write)
	}
}

// The UID of a copy that a person moved to another calendar of the account is taken
// there (Cyrus, Fastmail): the next try needs another key.
func TestATakenUID(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	c := calendar.Content{Title: "One", When: calendar.When{Start: calendar.Date(2026, 3, 1), End: calendar.Date(2026, 3, 2)}}
	d := calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: c}
	at := "/home/another/x.ics"
	q.fail = func(what string) (int, string, string) {
		if what != "PUT" {
			return 0, "", ""
		}
		return 403, "", `<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><C:no-uid-conflict><D:href>` + at + `</D:href></C:no-uid-conflict></D:error>`
	}
	_, err := p.Create(t.Context(), quirkyCal, d)
	q.want("in another calendar", calendar.KindOf(err), calendar.Gone)
	q.put("x.ics", event(string(d.Key), "Renamed"))
	at = "/home/cal/x.ics"
	e, err := p.Create(t.Context(), quirkyCal, d)
	q.want("in this one", says(e.ID, e.Content.Title, err), "x.ics Renamed <nil>")
}

func TestWhereThePasswordGoes(t *testing.T) {
	var asked []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for _, to := range []string{"https://example.com/", "http://example.com/dav/"} {
		srv := httptest.NewServer(http.RedirectHandler(to, http.StatusMovedPermanently))
		_, err := caldav.SignIn(t.Context(), caldav.Login{URL: srv.URL, User: "alice", Password: "secret"}, nil)
		if calendar.KindOf(err) != calendar.Forbidden {
			t.Errorf("led to %s: %v", to, err)
		}
		srv.Close()
	}
	// On one machine: method, body and sign-in survive the redirect.
	srv := httptest.NewServer(http.RedirectHandler(other.URL+"/x/", http.StatusFound))
	defer srv.Close()
	if _, err := caldav.SignIn(t.Context(), caldav.Login{URL: srv.URL, User: "alice", Password: "secret"}, nil); err == nil {
		t.Error("a server that says nothing was signed in to")
	}
	if len(asked) == 0 || asked[0] != "PROPFIND Basic YWxpY2U6c2VjcmV0" {
		t.Errorf("the other server was asked %q", asked)
	}
	for _, l := range []caldav.Login{{URL: "http://example.com", User: "a", Password: "b"}, {URL: "https://a:b@example.com", User: "a", Password: "b"},
		{URL: "ftp://example.com", User: "a", Password: "b"}, {URL: "https://example.com", User: "a"}, {}} {
		if _, err := caldav.SignIn(t.Context(), l, nil); calendar.KindOf(err) != calendar.Invalid {
			t.Errorf("%+v: %v", l, err)
		}
	}
}
