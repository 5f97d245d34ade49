package ics

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// meeting is one event of a feed.
type meeting struct {
	uid, title, start string // start in UTC
	more              []string
}

// file is a feed of these events, as a server makes it at a moment: DTSTAMP is that moment,
// as in Google's (and many others').
func file(at time.Time, ms ...meeting) string {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Club//EN", "X-WR-CALNAME:Club"}
	for _, m := range ms {
		lines = append(lines, "BEGIN:VEVENT", "DTSTAMP:"+at.Format("20060102T150405Z"), "DTSTART:"+m.start, "DURATION:PT1H", "SUMMARY:"+m.title)
		if m.uid != "" {
			lines = append(lines, "UID:"+m.uid)
		}
		lines = append(append(lines, m.more...), "END:VEVENT")
	}
	return strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")
}

// bench is a feed on a server, and a clock.
type bench struct {
	*testing.T
	p        *Provider
	clock    time.Time
	server   *httptest.Server
	body     func() string
	tag      string // ETag, "" for none
	modified string // Last-Modified
	answer   func(w http.ResponseWriter, r *http.Request) bool
	asked    []*http.Request
}

func newBench(t *testing.T, ms ...meeting) *bench {
	b := &bench{T: t, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	b.body = func() string { return file(b.clock, ms...) }
	b.server = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(b.server.Close)
	b.p = b.open(kept{URL: b.server.URL + "/private-1234/club.ics"})
	return b
}

func (b *bench) open(k kept) *Provider {
	text, err := json.Marshal(k)
	if err != nil {
		b.Fatal(err)
	}
	return Open(given(text), b.server.Client(), func() time.Time { return b.clock }, "Europe/Berlin")
}

// serve follows RFC 9110 §13.2.2: If-None-Match counts before If-Modified-Since.
func (b *bench) serve(w http.ResponseWriter, r *http.Request) {
	b.asked = append(b.asked, r)
	if b.answer != nil && b.answer(w, r) {
		return
	}
	if b.tag != "" {
		w.Header().Set("ETag", b.tag)
	}
	if b.modified != "" {
		w.Header().Set("Last-Modified", b.modified)
	}
	if since := r.Header.Get("If-None-Match"); since != "" && since == b.tag ||
		since == "" && b.modified != "" && r.Header.Get("If-Modified-Since") == b.modified {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, _ = io.WriteString(w, b.body())
}

// holds sets what the feed holds from now on, a while later.
func (b *bench) holds(ms ...meeting) {
	b.clock = b.clock.Add(longRest)
	b.body = func() string { return file(b.clock, ms...) }
}

func (b *bench) changes(since calendar.Cursor) calendar.Changes {
	b.Helper()
	ch, err := b.p.Changes(b.Context(), theCalendar, since)
	if err != nil {
		b.Fatal(err)
	}
	return ch
}

// ids are the events' by title.
func ids(ch calendar.Changes) map[string]calendar.RemoteID {
	out := map[string]calendar.RemoteID{}
	for _, e := range ch.Events {
		out[e.Content.Title] = e.ID
	}
	return out
}

var club = []meeting{
	{"1", "Training", "20260309T180000Z", []string{"RRULE:FREQ=WEEKLY;COUNT=10", "EXDATE:20260316T180000Z"}},
	{"2", "Match", "20260314T130000Z", nil},
	{"3", "Party", "20260401T190000Z", []string{"LOCATION:Club house"}},
}

func TestReads(t *testing.T) {
	b := newBench(t, club...)
	b.tag = `W/"1"`
	cals, err := b.p.Calendars(t.Context())
	if err != nil || len(cals) != 1 || cals[0].Name != "Club" || cals[0].Writable || cals[0].Role != calendar.RoleReader || !cals[0].Details {
		t.Fatalf("calendars: %+v %v", cals, err)
	}
	ch := b.changes("")
	if !ch.Complete || len(ch.Events) != 3 || len(ids(ch)) != 3 || len(b.asked) != 1 {
		t.Errorf("first: %+v after %d requests", ch, len(b.asked))
	}
	if e := ch.Events[0]; e.Content.When.Recurrence.IsZero() || !e.Overrides["20260316T180000Z"].Cancelled || e.Version == "" {
		t.Errorf("the series is %+v", e)
	}
	got, err := b.p.Get(t.Context(), theCalendar, ids(ch)["Party"])
	if err != nil || got.Content.Place != "Club house" || got.ID != ids(ch)["Party"] {
		t.Errorf("get: %+v %v", got, err)
	}
	if _, err := b.p.Get(t.Context(), theCalendar, "nobody"); calendar.KindOf(err) != calendar.NotFound {
		t.Errorf("get of what is not there: %v", err)
	}
	if len(b.asked) != 1 {
		t.Errorf("%d requests for one look", len(b.asked))
	}
	for _, cal := range []calendar.CalendarID{"", "other"} {
		if _, err := b.p.Changes(t.Context(), cal, ""); calendar.KindOf(err) != calendar.NotFound {
			t.Errorf("calendar %q: %v", cal, err)
		}
	}
	if _, err := b.p.Changes(t.Context(), theCalendar, "{}"); calendar.KindOf(err) != calendar.CursorExpired {
		t.Errorf("an alien cursor: %v", err)
	}
}

// TestNothingNew: one conditional request, whatever the server knows to answer it with, and
// the same after a new start.
func TestNothingNew(t *testing.T) {
	for name, set := range map[string]func(b *bench){
		"ETag":          func(b *bench) { b.tag = `"abc"` },
		"weak ETag":     func(b *bench) { b.tag = `W/"abc"`; b.modified = "Mon, 02 Mar 2026 07:00:00 GMT" },
		"Last-Modified": func(b *bench) { b.modified = "Mon, 02 Mar 2026 07:00:00 GMT" },
		"nothing":       func(*bench) {},
		"another ETag daily": func(b *bench) {
			b.answer = func(http.ResponseWriter, *http.Request) bool { b.tag = fmt.Sprintf("%q", b.clock); return false }
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, club...)
			set(b)
			cursor := b.changes("").Next
			for range 3 {
				b.clock = b.clock.Add(longRest)
				before := len(b.asked)
				ch := b.changes(cursor)
				if ch.Complete || len(ch.Events) > 0 || len(ch.Removed) > 0 || len(b.asked) != before+1 || ch.Requests != 1 {
					t.Errorf("nothing new: %+v after %d requests", ch, len(b.asked)-before)
				}
				cursor = ch.Next
				b.p = b.open(kept{URL: b.server.URL + "/private-1234/club.ics"}) // a new start
			}
			last := b.asked[len(b.asked)-1].Header
			if name != "nothing" && last.Get("If-None-Match")+last.Get("If-Modified-Since") == "" {
				t.Errorf("the request was not conditional: %v", last)
			}
			if last.Get("If-None-Match") != "" && last.Get("If-Modified-Since") != "" {
				t.Errorf("two conditions at once: %v", last)
			}
		})
	}
}

// TestRests: whoever publishes a feed has not reckoned with being asked every few seconds.
func TestRests(t *testing.T) {
	for refresh, want := range map[string]int{"": 20, "REFRESH-INTERVAL;VALUE=DURATION:PT5M": 4, "X-PUBLISHED-TTL:P1D": 2, "X-PUBLISHED-TTL:PT1S": 20} {
		b := newBench(t, club...)
		body := b.body
		b.body = func() string { return strings.Replace(body(), "VERSION:2.0", "VERSION:2.0\r\n"+refresh, 1) }
		cursor := calendar.Cursor("")
		for range 20 * 4 { // every quarter of a minute for 20 minutes
			cursor = b.changes(cursor).Next
			b.clock = b.clock.Add(15 * time.Second)
		}
		if len(b.asked) != want {
			t.Errorf("%q: asked %d times in 20 minutes; want %d", refresh, len(b.asked), want)
		}
	}
	// A cursor of before is told all the same what has changed since.
	b := newBench(t, club...)
	old := b.changes("").Next
	b.holds(club[:2]...)
	if ch := b.changes(old); !ch.Complete || len(ch.Events) != 2 {
		t.Errorf("news: %+v", ch)
	}
	if ch := b.changes(old); !ch.Complete || len(ch.Events) != 2 || ch.Requests != 0 {
		t.Errorf("news to the same cursor, within the rest: %+v", ch)
	}
}

func TestNews(t *testing.T) {
	b := newBench(t, club...)
	first := b.changes("")
	changed := slices.Clone(club)
	changed[1].start = "20260315T130000Z"
	changed[2].title = "Summer party"
	b.holds(append(changed, meeting{"4", "Match", "20260321T130000Z", nil})...)
	second := b.changes(first.Next)
	if !second.Complete || len(second.Events) != 4 {
		t.Fatalf("news: %+v", second)
	}
	same := 0
	for _, e := range second.Events {
		for _, was := range first.Events {
			if e.ID == was.ID && e.Version == was.Version {
				same++
			}
		}
	}
	a, z := ids(first), second.Events
	if same != 1 || z[0].ID != a["Training"] || z[1].ID != a["Match"] || z[2].ID != a["Party"] || z[3].ID == z[1].ID {
		t.Errorf("%d are as before; ids %v, then %v", same, a, ids(second))
	}
	b.holds(changed[0], changed[2])
	if third := b.changes(second.Next); !third.Complete || len(third.Events) != 2 {
		t.Errorf("two gone: %+v", third)
	}
}

// TestUIDsThatChange: events keep their ids in feeds that make new UIDs at every read, or
// none, whatever else changes meanwhile, in whatever order, and over a new start.
func TestUIDsThatChange(t *testing.T) {
	for name, uid := range map[string]func(read, i int) string{
		"new at every read": func(read, i int) string { return fmt.Sprintf("%d-%d@gen", read, i) },
		"none":              func(int, int) string { return "" },
		"by position":       func(_, i int) string { return fmt.Sprintf("row-%d", i) },
		"one for all":       func(int, int) string { return "calendar" },
		"by position, anew": func(read, i int) string { return fmt.Sprintf("%d", read*1000+i) },
	} {
		t.Run(name, func(t *testing.T) {
			var all []meeting
			for i := range 40 {
				all = append(all, meeting{"", fmt.Sprintf("Event %d", i%30), fmt.Sprintf("202603%02dT%02d0000Z", 1+i%20, 8+i%7), nil})
			}
			read := 0
			with := func(ms []meeting) []meeting {
				read++
				out := slices.Clone(ms)
				for i := range out {
					out[i].uid = uid(read, i)
				}
				return out
			}
			b := newBench(t, with(all)...)
			first := b.changes("")
			if n := len(first.Events); n != 40 {
				t.Fatalf("%d events are read", n)
			}
			distinct := map[calendar.RemoteID]bool{}
			where := map[string]calendar.RemoteID{}
			for _, e := range first.Events {
				distinct[e.ID] = true
				where[e.Content.When.Start.Slot()+e.Content.Title] = e.ID
			}
			if len(distinct) != 40 {
				t.Fatalf("%d ids for 40 events", len(distinct))
			}
			b.holds(with(all)...)
			b.p = b.open(kept{URL: b.server.URL + "/private-1234/club.ics"})
			if again := b.changes(first.Next); again.Complete {
				t.Errorf("nothing changed but UIDs, and it is told as news")
			}
			slices.Reverse(all)
			all[3].more = []string{"LOCATION:Moved here"}
			gone := all[7]
			all = slices.Delete(all, 7, 8)
			b.holds(with(all)...)
			second := b.changes(first.Next)
			if !second.Complete || len(second.Events) != 39 {
				t.Fatalf("one changed, one gone: %d events, complete %v", len(second.Events), second.Complete)
			}
			changed := 0
			for _, e := range second.Events {
				if where[e.Content.When.Start.Slot()+e.Content.Title] != e.ID {
					t.Errorf("%v %s is another event now", e.Content.When.Start, e.Content.Title)
				}
				if !slices.ContainsFunc(first.Events, func(was calendar.Event) bool { return was.ID == e.ID && was.Version == e.Version }) {
					changed++
				}
			}
			if changed != 1 {
				t.Errorf("%d events are told as changed; want one", changed)
			}
			for _, e := range second.Events {
				if e.ID == where[gone.start+gone.title] {
					t.Errorf("the id of what is gone went to %v %s", e.Content.When.Start, e.Content.Title)
				}
			}
		})
	}
}

// TestPartialAnswersAreRefused: what is not there to its end says nothing.
func TestPartialAnswersAreRefused(t *testing.T) {
	whole := file(time.Now(), club...)
	packed := func(s string, cut int) string {
		var b strings.Builder
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, s)
		_ = z.Close()
		return b.String()[:b.Len()-cut]
	}
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		kind   calendar.Kind
		wait   time.Duration
	}{
		"shorter than it said": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = io.WriteString(w, whole[:len(whole)/2])
		}, calendar.Unavailable, 0},
		"shorter, up to an event's end": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, whole[:strings.LastIndex(whole, "BEGIN:VEVENT")])
		}, calendar.Unavailable, 0},
		"without its last line": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.TrimSuffix(whole, "END:VCALENDAR\r\n"))
		}, calendar.Unavailable, 0},
		"connection lost": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, whole[:len(whole)/2])
			panic(http.ErrAbortHandler)
		}, calendar.Unavailable, 0},
		"packed, cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, packed(whole, 9))
		}, calendar.Unavailable, 0},
		"a sign-in page": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<!DOCTYPE html><title>Welcome to the hotel</title>")
		}, calendar.Unavailable, 0},
		"nothing": {func(http.ResponseWriter, *http.Request) {}, calendar.Unavailable, 0},
		"a part, as asked": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, whole)
		}, calendar.Unavailable, 0},
		"no content":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, calendar.Unavailable, 0},
		"wrong password": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, calendar.SignedOut, 0},
		"forbidden":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, calendar.Forbidden, 0},
		"no such feed":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, calendar.NotFound, 0},
		"taken away":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, calendar.NotFound, 0},
		"broken":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, calendar.Unavailable, 0},
		"too fast": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusTooManyRequests)
		}, calendar.Throttled, 90 * time.Second},
		"away until": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "Mon, 02 Mar 2026 08:15:00 GMT")
			w.Header().Set("Retry-After", "Mon, 02 Mar 2026 08:20:00 GMT")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, calendar.Throttled, 5 * time.Minute},
		"away": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, calendar.Unavailable, 0},
		"for ever": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "99999999999")
			w.WriteHeader(http.StatusTooManyRequests)
		}, calendar.Throttled, 24 * time.Hour},
		"round and round":   {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, calendar.Unavailable, 0},
		"more than it may":  {func(w http.ResponseWriter, _ *http.Request) { endless(w) }, calendar.Other, 0},
		"unasked for a 304": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, calendar.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, club...)
			if name != "unasked for a 304" {
				b.tag = `"1"`
			}
			cursor := b.changes("").Next
			b.clock = b.clock.Add(longRest)
			b.answer = func(w http.ResponseWriter, r *http.Request) bool { test.answer(w, r); return true }
			_, err := b.p.Changes(t.Context(), theCalendar, cursor)
			if calendar.KindOf(err) != test.kind || calendar.RetryAfter(err) != test.wait {
				t.Errorf("error is %v, wait %v; want %v, %v", err, calendar.RetryAfter(err), test.kind, test.wait)
			}
			if err != nil && (strings.Contains(err.Error(), "1234") || strings.Contains(err.Error(), "hotel")) {
				t.Errorf("the error tells the private address, or what was answered: %v", err)
			}
			var e *calendar.Error
			if !errors.As(err, &e) || e.Op == "" || e.Calendar != theCalendar {
				t.Errorf("the error does not say what was tried, and where: %+v", e)
			}
			b.answer = nil // and afterwards all is as before
			if ch := b.changes(cursor); ch.Complete {
				t.Errorf("after it, nothing is new, and yet: %+v", ch)
			}
		})
	}
}

// endless answers without end, packed: small on the way, and never over.
func endless(w http.ResponseWriter) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	line := []byte(strings.Repeat("X", 1<<20) + "\r\n")
	for range maxFeed>>20 + 2 {
		if _, err := z.Write(line); err != nil {
			return
		}
	}
	_ = z.Close()
}

func TestRedirectsStaySafe(t *testing.T) {
	b := newBench(t, club...)
	safe := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, b.server.URL, http.StatusFound)
			return
		}
		b.serve(w, r)
	}))
	defer safe.Close()
	p := func(at string) error {
		text, _ := json.Marshal(kept{URL: at, User: "ann", Password: "secret"})
		_, err := Open(given(text), safe.Client(), func() time.Time { return b.clock }, "Europe/Berlin").Changes(t.Context(), theCalendar, "")
		return err
	}
	if err := p(safe.URL + "/down"); calendar.KindOf(err) != calendar.Unavailable || len(b.asked) > 0 {
		t.Errorf("from https to http: %v, %d requests", err, len(b.asked))
	}
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/up" {
			http.Redirect(w, r, safe.URL, http.StatusMovedPermanently)
			return true
		}
		return false
	}
	if err := p(b.server.URL + "/up"); err != nil {
		t.Errorf("from http to https: %v", err)
	}
}

// TestARedirectDoesNotTellTheAddress: the address is the secret of many feeds, and where it
// leads to is another's server.
func TestARedirectDoesNotTellTheAddress(t *testing.T) {
	b := newBench(t, club...)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), "1234") {
				t.Errorf("%s tells it: %q", name, values)
			}
		}
		_, _ = io.WriteString(w, b.body())
	}))
	defer other.Close()
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL, http.StatusFound)
		return true
	}
	if ch := b.changes(""); len(ch.Events) != len(club) {
		t.Errorf("%d events come by way of the redirect", len(ch.Events))
	}
}

func TestPassword(t *testing.T) {
	b := newBench(t, club...)
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		user, password, ok := r.BasicAuth()
		if ok && user == "ann" && password == "secret" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	if _, err := b.p.Calendars(t.Context()); calendar.KindOf(err) != calendar.SignedOut {
		t.Errorf("without a password: %v", err)
	}
	found, err := SignIn(t.Context(), Feed{URL: b.server.URL + "/private-1234/x.ics", User: "ann", Password: "secret"}, b.server.Client(), time.Now)
	if err != nil || found.Name != "Club" || strings.Contains(found.Where, "1234") || !strings.HasPrefix(found.Where, b.server.URL) {
		t.Fatalf("%+v %v", found, err)
	}
	if _, err := Open(given(found.Secret), b.server.Client(), time.Now, "UTC").Calendars(t.Context()); err != nil {
		t.Errorf("with what was kept: %v", err)
	}
	if _, err := Open(given(""), nil, time.Now, "UTC").Calendars(t.Context()); calendar.KindOf(err) != calendar.SignedOut {
		t.Errorf("with nothing kept: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com/a.ics":                 "https://example.com/a.ics",
		"webcal://example.com/a.ics?x=1#top":        "https://example.com/a.ics?x=1",
		"WEBCALS://Example.com/a.ics":               "https://Example.com/a.ics",
		"example.com/a.ics":                         "https://example.com/a.ics",
		" http://example.com/a.ics ":                "http://example.com/a.ics",
		"file:///home/ann/my calendar.ics":          "file:///home/ann/my%20calendar.ics",
		"file://localhost/home/ann/a.ics":           "file:///home/ann/a.ics",
		"/home/ann/50% off.ics":                     "file:///home/ann/50%25%20off.ics",
		"ftp://example.com/a.ics":                   "",
		"https:///a.ics":                            "",
		"https://ann:secret@example.com/a.ics":      "",
		"file://server/share/a.ics":                 "",
		"javascript:alert(1)":                       "",
		"https://example.com/%zz":                   "",
		"":                                          "",
		"http://example.com/a.ics with a password":  "",
		"http://127.0.0.1/a.ics with a password":    "http://127.0.0.1/a.ics",
		"https://example.com/a.ics with a password": "https://example.com/a.ics",
		"file:///a.ics with a password":             "",
	} {
		f := Feed{URL: strings.TrimSuffix(in, " with a password")}
		if f.URL != in {
			f.User, f.Password = "ann", "secret"
		}
		got, err := address(f)
		if (err != nil) != (want == "") || err == nil && got.String() != want {
			t.Errorf("%q is %v, %v; want %q", in, got, err, want)
		}
	}
}

// TestFilesOfWindows: their paths have drives and backslashes, an address has neither.
func TestFilesOfWindows(t *testing.T) {
	for typed, want := range map[string]string{
		`C:\Users\Ann\my calendar.ics`:    "file:///C:/Users/Ann/my%20calendar.ics",
		`c:/Users/Ann/a.ics`:              "file:///c:/Users/Ann/a.ics",
		`\\server\share\50% off.ics`:      "file:////server/share/50%25%20off.ics",
		`host\a.ics`:                      "",
		"calendars.example.com/a.ics":     "",
		"file:///C:/Users/Ann/a.ics":      "",
		"https://calendars.example.com/a": "",
	} {
		got, ok := fileURL(typed, true)
		if got != want || ok != (want != "") {
			t.Errorf("%s is the address %q, %t; want %q", typed, got, ok, want)
		}
		if !ok {
			continue
		}
		u, err := url.Parse(got)
		if err != nil || u.Host != "" || !strings.EqualFold(fileName(u.Path, true), strings.ReplaceAll(typed, "/", `\`)) {
			t.Errorf("%s leads to the file %q, %v", typed, fileName(u.Path, true), err)
		}
	}
	if got := fileName("/home/ann/a.ics", false); got != "/home/ann/a.ics" {
		t.Errorf("elsewhere it leads to %q", got)
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "my club's 100%.ics")
	clock := time.Now()
	write := func(s string) {
		if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Second) // so that the file's own time is another, on any system
		if err := os.Chtimes(name, clock, clock); err != nil {
			t.Fatal(err)
		}
	}
	now := func() time.Time { return clock }
	write(file(clock, club...))
	found, err := SignIn(t.Context(), Feed{URL: name}, nil, now)
	if err != nil || found.Name != "Club" || found.Where != (&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String() {
		t.Fatalf("%+v %v", found, err)
	}
	p := Open(given(found.Secret), nil, now, "UTC")
	changes := func(c calendar.Cursor) (calendar.Changes, error) { return p.Changes(t.Context(), theCalendar, c) }
	ch, err := changes("")
	if err != nil || len(ch.Events) != 3 {
		t.Fatalf("%+v %v", ch, err)
	}
	if again, err := changes(ch.Next); err != nil || again.Complete {
		t.Errorf("nothing new: %+v %v", again, err)
	}
	write(file(clock, club[:2]...))
	if news, err := changes(ch.Next); err != nil || len(news.Events) != 2 { // at once: it is this machine's
		t.Errorf("news: %+v %v", news, err)
	}
	write(file(clock, club...)[:200]) // a program is writing it just now
	if _, err := changes(ch.Next); calendar.KindOf(err) != calendar.Unavailable {
		t.Errorf("half a file: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := changes(ch.Next); calendar.KindOf(err) != calendar.NotFound || strings.Contains(err.Error(), "club") {
		t.Errorf("no file: %v", err)
	}
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := changes(ch.Next); calendar.KindOf(err) != calendar.Invalid {
		t.Errorf("a folder: %v", err)
	}
}

// TestWindow: what is over leaves many feeds; what is ahead does not.
func TestWindow(t *testing.T) {
	b := newBench(t, meeting{"1", "Next", "20260309T100000Z", nil}, meeting{"2", "Weekly", "20200106T100000Z", []string{"RRULE:FREQ=WEEKLY"}})
	if w := b.changes("").Window; !w.From.Equal(b.clock) || !w.To.Equal(forEver) {
		t.Errorf("a feed of what is ahead covers %v", w)
	}
	b.holds(meeting{"0", "Last month", "20260209T100000Z", nil}, meeting{"1", "Next", "20260309T100000Z", nil})
	if w := b.changes("").Window; !w.From.Equal(time.Date(2026, 2, 9, 11, 0, 0, 0, time.UTC)) {
		t.Errorf("a feed from last month on covers %v", w)
	}
	b.holds()
	if ch := b.changes(""); !ch.Window.From.Equal(b.clock) || !ch.Complete {
		t.Errorf("an empty feed covers %v", ch.Window)
	}
}

// TestFloatingTimes: a time without a zone is that hour where the person is, unless the feed
// says where it is from.
func TestFloatingTimes(t *testing.T) {
	b := newBench(t, meeting{"1", "Bell", "20260706T080000", nil})
	if at := b.changes("").Events[0].Content.When.Start; at.Local != "2026-07-06T08:00:00" || at.Zone != "Europe/Berlin" {
		t.Errorf("read as %v", at)
	}
	body := b.body
	b.holds()
	b.body = func() string {
		return strings.Replace(body(), "VERSION:2.0", "VERSION:2.0\r\nX-WR-TIMEZONE:America/New_York", 1)
	}
	if at := b.changes("").Events[0].Content.When.Start; at.Local != "2026-07-06T08:00:00" || at.Zone != "America/New_York" {
		t.Errorf("of a feed with a zone, read as %v", at)
	}
}

// TestSuddenlyEmpty: what is whole and holds nothing is believed late, and then it is.
func TestSuddenlyEmpty(t *testing.T) {
	b := newBench(t, club...)
	cursor := b.changes("").Next
	b.holds()
	for range 4 {
		if _, err := b.p.Changes(t.Context(), theCalendar, cursor); calendar.KindOf(err) != calendar.Unavailable || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%v: %v", b.clock, err)
		}
		b.clock = b.clock.Add(14 * time.Minute)
	}
	b.holds(club...) // it was a fault
	if ch := b.changes(cursor); ch.Complete {
		t.Errorf("as it was: %+v", ch)
	}
	b.holds()
	if _, err := b.p.Changes(t.Context(), theCalendar, cursor); err == nil {
		t.Error("empty anew, and believed at once")
	}
	b.clock = b.clock.Add(emptyFor)
	if ch := b.changes(cursor); !ch.Complete || len(ch.Events) != 0 {
		t.Errorf("after an hour: %+v", ch)
	}
	if ch := newBench(t).changes(""); !ch.Complete { // one that never held anything
		t.Errorf("a new one: %+v", ch)
	}
}

// TestNobodyIsToldGoneByAnEmptyFeed: what is not believed of the whole is not of one event.
func TestNobodyIsToldGoneByAnEmptyFeed(t *testing.T) {
	b := newBench(t, club...)
	ch := b.changes("")
	id := ch.Events[0].ID
	b.holds()
	for range 2 {
		if _, err := b.p.Get(t.Context(), theCalendar, id); calendar.KindOf(err) != calendar.Unavailable {
			t.Errorf("of an event in a feed that is suddenly empty: %v", err)
		}
	}
	b.clock = b.clock.Add(emptyFor)
	if _, err := b.p.Get(t.Context(), theCalendar, id); calendar.KindOf(err) != calendar.NotFound {
		t.Errorf("after an hour: %v", err)
	}
}

// TestManyEventsAlikeAreNamed in time: some programs give one UID to all that they write.
func TestManyEventsAlikeAreNamed(t *testing.T) {
	events := make([]calendar.Event, 4*maxEvents)
	named := make(chan []calendar.Event)
	go func() { out, _ := name(events, nil); named <- out }()
	select {
	case out := <-named:
		seen := map[calendar.RemoteID]bool{}
		for _, e := range out {
			seen[e.ID] = true
		}
		if len(seen) != len(events) {
			t.Errorf("%d events have %d names", len(events), len(seen))
		}
	case <-time.After(time.Minute):
		t.Error("it takes more than a minute")
	}
}

func TestNothingIsWritten(t *testing.T) {
	b := newBench(t, club...)
	e := b.changes("").Events[0]
	ctx := context.Background()
	_, err1 := b.p.Create(ctx, theCalendar, calendar.Draft{Key: "k", Content: e.Content})
	_, err2 := b.p.Update(ctx, theCalendar, e.ID, e.Version, calendar.Change{Groups: calendar.AllGroups, Content: e.Content})
	err3 := b.p.Delete(ctx, theCalendar, e.ID, e.Version)
	err4 := b.p.Respond(ctx, theCalendar, e.ID, e.Version, calendar.Accepted)
	for _, err := range []error{err1, err2, err3, err4} {
		if calendar.KindOf(err) != calendar.ReadOnly {
			t.Errorf("a write is %v; want read-only", err)
		}
	}
	for _, r := range b.asked {
		if r.Method != http.MethodGet {
			t.Errorf("it sent %s", r.Method)
		}
	}
}
