package googlesim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/record"
)

// bench is a server with a clock that moves a second with every look at it.
type bench struct {
	t      *testing.T
	box    *mailbox.Mailbox
	server *Server
	record *record.Recorder
	clock  time.Time
	token  string
	header http.Header // of further requests
}

// scopesOf are the test tokens.
var scopesOf = map[string]string{
	"all":     "calendar",
	"sync":    "calendar.events calendar.calendarlist.readonly",
	"busy":    "calendar.events.freebusy",
	"owned":   "calendar.events.owned",
	"created": "calendar.app.created",
	"none":    "",
}

func newBench(t *testing.T, switches ...func(*mailbox.GoogleSwitches)) *bench {
	b := &bench{t: t, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), token: "all", record: &record.Recorder{}, header: http.Header{}}
	now := func() time.Time { b.clock = b.clock.Add(time.Second); return b.clock }
	b.box = mailbox.New(mailbox.Person{Name: "Robin", Email: "robin@example.com"}, "Europe/Berlin", now)
	o := Options{Mailbox: b.box, Record: b.record, Now: now, Auth: func(bearer string) ([]string, error) {
		s, ok := scopesOf[bearer]
		if !ok {
			return nil, errors.New("unknown token")
		}
		var out []string
		for short := range strings.FieldsSeq(s) {
			out = append(out, scopePrefix+short)
		}
		return out, nil
	}}
	for _, f := range switches {
		f(&o.Switches)
	}
	b.server = New(o)
	return b
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   obj
	raw    string
}

// reason is an error's reason and message.
func (a answer) reason() string {
	e, _ := a.body["error"].(obj)
	l, _ := e["errors"].([]any)
	if len(l) == 0 {
		return ""
	}
	return l[0].(obj)["reason"].(string)
}

func (a answer) message() string {
	e, _ := a.body["error"].(obj)
	m, _ := e["message"].(string)
	return m
}

func (a answer) text(path ...string) string {
	var v any = a.body
	for _, p := range path {
		m, _ := v.(obj)
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

func (a answer) items() []obj {
	l, _ := a.body["items"].([]any)
	out := make([]obj, len(l))
	for i, x := range l {
		out[i] = x.(obj)
	}
	return out
}

func (a answer) ids() string {
	var ids []string
	for _, i := range a.items() {
		ids = append(ids, i["id"].(string))
	}
	return strings.Join(ids, " ")
}

// do sends a request; body is JSON text or empty.
func (b *bench) do(method, path, body string) answer {
	b.t.Helper()
	r := httptest.NewRequest(method, "http://google.test/calendar/v3/"+path, strings.NewReader(body))
	for k, v := range b.header {
		r.Header[k] = v
	}
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Result().Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{status: w.Code, header: w.Result().Header, raw: string(raw)}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		if err := d.Decode(&a.body); err != nil {
			b.t.Fatalf("%s %s: body is no JSON: %v\n%s", method, path, err, raw)
		}
		checkEnvelope(b.t, a)
		checkAgainstDiscovery(b.t, b.server, r, a)
	}
	return a
}

// want sends a request that must answer with this status.
func (b *bench) want(status int, method, path, body string) answer {
	b.t.Helper()
	a := b.do(method, path, body)
	if a.status != status {
		b.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, a.status, status, a.raw)
	}
	return a
}

// with sets a header for one request.
func (b *bench) with(name, value string) *bench {
	c := *b
	c.header = http.Header{name: {value}}
	return &c
}

// add stores an event through the API and returns its answer.
func (b *bench) add(id, summary string) answer {
	b.t.Helper()
	return b.want(200, "POST", "calendars/primary/events", `{"id":"`+id+`","summary":"`+summary+`",
		"start":{"dateTime":"2026-03-03T10:00:00+01:00"},"end":{"dateTime":"2026-03-03T11:00:00+01:00"}}`)
}

// read follows all pages of a list and returns the items and the sync token.
func (b *bench) read(params string) (ids []string, token string) {
	b.t.Helper()
	page := ""
	for range 100 {
		a := b.want(200, "GET", "calendars/primary/events?"+params+page, "")
		for _, i := range a.items() {
			ids = append(ids, i["id"].(string)+"/"+i["status"].(string))
		}
		next := a.text("nextPageToken")
		token = a.text("nextSyncToken")
		if next != "" && token != "" {
			b.t.Fatal("a page token and a sync token in one answer")
		}
		if next == "" {
			return ids, token
		}
		page = "&pageToken=" + url.QueryEscape(next)
	}
	b.t.Fatal("the list never ends")
	return nil, ""
}

func (b *bench) mails() string {
	var out []string
	for _, m := range b.box.Mails() {
		out = append(out, m.Kind+" "+m.To)
	}
	return strings.Join(out, ", ")
}

func checkEnvelope(t *testing.T, a answer) {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/json; charset=UTF-8" {
		t.Errorf("content type %q", got)
	}
	if a.status < 400 {
		return
	}
	e, _ := a.body["error"].(obj)
	if e["code"] != float64(a.status) || a.reason() == "" || a.message() == "" {
		t.Errorf("not Google's error form: %s", a.raw)
	}
}

func newRequest(method, path string) *http.Request {
	return httptest.NewRequest(method, "http://google.test/calendar/v3/"+path, nil)
}

// zoned is a time that may recur.
const zoned = `"start":{"dateTime":"2026-03-03T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-03T11:00:00","timeZone":"Europe/Berlin"}`
