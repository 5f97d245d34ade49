package caldav_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/caldav"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// answers has the server answer one kind of question with these words instead.
func (q *quirky) answers(what string, responses ...string) {
	q.fail = func(asked string) (int, string, string) {
		if asked != what {
			return 0, "", ""
		}
		w := httptest.NewRecorder()
		q.multistatus(w, responses...)
		return http.StatusMultiStatus, "Content-Type: application/xml", w.Body.String()
	}
}

// A listing that says of itself that it is not whole names nothing that is gone.
func TestAListingThatEndsEarlyIsNoListing(t *testing.T) {
	q := newQuirky(t)
	q.noSync = true
	p := q.open()
	for _, n := range []string{"a", "b"} {
		q.put(n+".ics", event(n, strings.ToUpper(n)))
	}
	ch, _ := q.titles(p, "")
	q.put("c.ics", event("c", "C"))
	for _, self := range []string{"/home/cal/", "/home/cal"} {
		q.answers("PROPFIND1", q.answer("a.ics", false), `<D:response><D:href>`+self+`</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status></D:response>`)
		got, err := p.Changes(t.Context(), quirkyCal, ch.Next)
		q.want("the error for "+self, calendar.KindOf(err), calendar.Unavailable)
		q.want("what is gone", len(got.Removed), 0)
	}
}

// A page that ends early names the collection with or without its slash.
func TestPagesOfACollectionWithoutItsSlash(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	q.put("a.ics", event("a", "A"))
	q.put("b.ics", event("b", "B"))
	pages := 0
	q.fail = func(asked string) (int, string, string) {
		if pages++; asked != "sync" || pages > 1 {
			return 0, "", ""
		}
		w := httptest.NewRecorder()
		q.multistatus(w, q.answer("a.ics", true), `<D:response><D:href>/home/cal</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status></D:response>`, "<D:sync-token>t1</D:sync-token>")
		return http.StatusMultiStatus, "Content-Type: application/xml", w.Body.String()
	}
	_, got := q.titles(p, "")
	q.want("all pages", got, "A B")
}

// One response may be about several resources (RFC 4918 §14.24).
func TestOneResponseForSeveralResources(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	for _, n := range []string{"a", "b", "c"} {
		q.put(n+".ics", event(n, strings.ToUpper(n)))
	}
	ch, _ := q.titles(p, "")
	q.answers("sync", `<D:response><D:href>/home/cal/a.ics</D:href><D:href>/home/cal/b.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>`, "<D:sync-token>t9</D:sync-token>")
	_, got := q.titles(p, ch.Next)
	q.want("what is gone", got, "-a.ics -b.ics")
}

// What XML cannot say, and servers pass on from one event, hides none of the others.
func TestEventsThatAreNoXML(t *testing.T) {
	for name, c := range map[string]struct{ title, want string }{
		"a control character":         {"A\x0bB", "A B"},
		"one by its number":           {"A&#11;B", "A B"},
		"one by its number in hex":    {"A&#x0B;B", "A B"},
		"no character at all":         {"A&#xFFFF;B", "A B"},
		"a character by its number":   {"A&#252;B", "AüB"},
		"Latin-1":                     {"M\xfcller", "Müller"},
		"a character cut in two":      {"A\xc3", "AÃ"},
		"an ampersand and a number":   {"A&amp;#11;B", "A&#11;B"},
		"characters of all alphabets": {"Ж日\U0001F600", "Ж日\U0001F600"},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuirky(t)
			q.put("a.ics", event("a", "%"))
			q.put("b.ics", event("b", "Beside it"))
			q.answers("sync", strings.Replace(q.answer("a.ics", true), "%", c.title, 1), q.answer("b.ics", true), "<D:sync-token>t2</D:sync-token>")
			_, got := q.titles(q.open(), "")
			q.want("the events", strings.ReplaceAll(got, "a.ics", ""), c.want+" Beside it")
		})
	}
}

// A time without a zone is the calendar's own, however the line says that it is a time.
func TestTimesWithoutAZone(t *testing.T) {
	for line, want := range map[string]string{
		"DTSTART:20260301T100000":                                 "Europe/Berlin",
		"DTSTART;VALUE=DATE-TIME:20260301T100000":                 "Europe/Berlin",
		"dtstart;X-FROM=phone:20260301T100000":                    "Europe/Berlin",
		"DTSTART:20260301T100000Z":                                "UTC",
		"DTSTART;VALUE=DATE-TIME;TZID=Asia/Tokyo:20260301T100000": "Asia/Tokyo",
	} {
		q := newQuirky(t)
		q.put("a.ics", strings.NewReplacer("DTSTART:20260301T100000Z", line, "DTEND:20260301T110000Z", "DURATION:PT1H").Replace(event("a", "A")))
		q.answers("PROPFIND0", `<D:response><D:href>/home/cal/</D:href><D:propstat><D:prop><C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`)
		ch, _ := q.titles(q.open(), "")
		q.want(line, ch.Events[0].Content.When.Start.Zone, want)
	}
}

// A calendar without end is refused before it fills the memory, in whatever way it comes.
func TestACalendarWithoutEnd(t *testing.T) {
	for name, set := range map[string]func(*quirky){
		"in pages":                func(q *quirky) { q.page = 10 },
		"without events in it":    func(q *quirky) { q.noData = true },
		"as a listing of ETags":   func(q *quirky) { q.noSync = true },
		"exactly as long as that": func(*quirky) {},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuirky(t)
			set(q)
			p := q.open()
			const most = 30
			caldav.SetMostEvents(p, most)
			for i := range most {
				q.put(fmt.Sprintf("%02d.ics", i), event(fmt.Sprint(i), "X"))
			}
			if ch, err := p.Changes(t.Context(), quirkyCal, ""); err != nil || len(ch.Events) != most {
				t.Fatalf("%d events, %v", len(ch.Events), err)
			}
			q.put("99.ics", event("99", "X"))
			_, err := p.Changes(t.Context(), quirkyCal, "")
			q.want("one more", calendar.KindOf(err), calendar.Other)
			if !strings.Contains(fmt.Sprint(err), "more than 30 events") {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// A network that is down says nothing of how long the server's answers are: the listings
// are asked for as before.
func TestAnOutageMakesNoListingLean(t *testing.T) {
	q := newQuirky(t)
	q.put("a.ics", event("a", "A"))
	fails := true
	p := q.openWith(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if fails {
			return nil, errors.New("no route to host")
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
	if _, err := p.Changes(t.Context(), quirkyCal, ""); calendar.KindOf(err) != calendar.Unavailable {
		t.Fatal(err)
	}
	fails = false
	_, got := q.titles(p, "")
	q.want("after it", says(got, q.since()), "A sync")

	q.cut = true
	if _, err := p.Changes(t.Context(), quirkyCal, ""); calendar.KindOf(err) != calendar.Unavailable {
		t.Fatal(err)
	}
	q.cut = false
	q.since()
	_, got = q.titles(p, "")
	q.want("after an answer that broke off", says(got, q.since()), "A sync multiget")
}

// A calendar that was made is told, though it cannot be looked at: told as a failure, it
// would be made once more.
func TestACalendarThatWasMadeIsTold(t *testing.T) {
	made, fails := "", false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &quirky{}
		switch {
		case r.Method == "MKCALENDAR":
			made, fails = r.URL.Path, true
			w.WriteHeader(http.StatusCreated)
		case fails:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			q.multistatus(w, `<D:response><D:href>/home/</D:href><D:propstat><D:prop><C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set>`+
				`</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`)
		}
	}))
	t.Cleanup(srv.Close)
	p, err := caldav.Open(signin.Endpoint{BaseURL: srv.URL + "/home/"}, memory(`{"user":"alice","password":"secret"}`), nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.MakeCalendar(t.Context(), "Copies", "Europe/Berlin")
	if err != nil || string(c.ID) != made || c.Name != "Copies" || !c.Writable {
		t.Errorf("it is told as %+v, %v; made was %s", c, err, made)
	}
}

// A server that mails the organizer of itself is not made to: the invitation is answered in
// its own app. One that does not is answered.
func TestAnswersThatWouldBeMailed(t *testing.T) {
	invitation := strings.Replace(event("a", "Board"), "SUMMARY", "ORGANIZER:mailto:ada@example.com\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:alice@example.com\r\nSUMMARY", 1)
	for _, schedules := range []bool{false, true} {
		q := newQuirky(t)
		q.schedules = schedules
		q.put("a.ics", invitation)
		who := `<D:response><D:href>/home/</D:href><D:propstat><D:prop><C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set><C:calendar-user-address-set>` +
			`<D:href>mailto:alice@example.com</D:href></C:calendar-user-address-set></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`
		q.answers("PROPFIND0", who)
		p := q.open()
		e, err := p.Get(t.Context(), quirkyCal, "a.ics")
		if err != nil || e.Organized || e.MyResponse != calendar.NeedsAction {
			t.Fatalf("the invitation is %+v, %v", e, err)
		}
		err = p.Respond(t.Context(), quirkyCal, e.ID, e.Version, calendar.Accepted)
		want := calendar.Kind(-1)
		if schedules {
			want = calendar.Forbidden
		}
		q.want(fmt.Sprintf("where the server mails by itself: %t", schedules), calendar.KindOf(err), want)
		if answered := strings.Contains(q.objects["a.ics"], "PARTSTAT=ACCEPTED"); answered == schedules {
			t.Errorf("the event is now\n%s", q.objects["a.ics"])
		}
		// Whether it is declined by it, a deletion does not let the server say (newQuirky insists).
		now, err := p.Get(t.Context(), quirkyCal, "a.ics")
		if err == nil {
			err = p.Delete(t.Context(), quirkyCal, now.ID, now.Version)
		}
		if err != nil || len(q.objects) > 0 {
			t.Errorf("deleted: %v", err)
		}
	}
}

// What a server says is shown to people and kept in a log: no more of it than fits there.
func TestRefusalsAreShort(t *testing.T) {
	q := newQuirky(t)
	p := q.open()
	for name, answer := range map[string]struct {
		status       int
		header, body string
	}{
		"a long condition":   {403, "", `<D:error xmlns:D="DAV:"><D:` + strings.Repeat("x", 10_000) + `/></D:error>`},
		"many conditions":    {403, "", `<D:error xmlns:D="DAV:">` + strings.Repeat("<D:valid-resourcetype/>", 1000) + `</D:error>`},
		"a long media type":  {207, "Content-Type: text/" + strings.Repeat("x", 10_000), ""},
		"one inside of 207":  {207, "Content-Type: application/xml", `<D:multistatus xmlns:D="DAV:"><D:response><D:href>%zz</D:href></D:response></D:multistatus>`},
		"the last of a many": {507, "", `<D:error xmlns:D="DAV:">` + strings.Repeat("<D:a/>", 5) + `<D:quota-not-exceeded/></D:error>`},
	} {
		q.fail = func(string) (int, string, string) { return answer.status, answer.header, answer.body }
		_, err := p.Get(t.Context(), quirkyCal, "a.ics")
		if err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: %d characters, %.400v", name, len(fmt.Sprint(err)), err)
		}
	}
}
