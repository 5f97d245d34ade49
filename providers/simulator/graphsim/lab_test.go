package graphsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// lab is a server over one mailbox, with a clock that the test moves.
type lab struct {
	*Server
	t      *testing.T
	clock  time.Time
	record *record.Recorder
	url    string
	scopes []string
}

func newLab(t *testing.T, change ...func(*Options)) *lab {
	t.Helper()
	l := &lab{t: t, clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), record: &record.Recorder{}, scopes: []string{"Calendars.ReadWrite", "User.Read"}}
	now := func() time.Time { return l.clock }
	o := Options{
		Mailbox: mailbox.New(mailbox.Person{Name: "Ada Example", Email: "ada@example.com"}, "Europe/Berlin", now), Record: l.record,
		Auth: func(b string) ([]string, error) {
			if b != "good" {
				return nil, errors.New("bad")
			}
			return l.scopes, nil
		},
	}
	for _, f := range change {
		f(&o)
	}
	l.Server = New(o)
	srv := httptest.NewServer(l.Server)
	t.Cleanup(srv.Close)
	l.url = srv.URL
	return l
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

func (a answer) code() string {
	e, _ := a.body["error"].(map[string]any)
	s, _ := e["code"].(string)
	return s
}

func (a answer) items() []map[string]any {
	var out []map[string]any
	list, _ := a.body["value"].([]any)
	for _, x := range list {
		out = append(out, x.(map[string]any))
	}
	return out
}

func (a answer) text(key string) string {
	s, _ := a.body[key].(string)
	return s
}

// call sends a request. The path starts behind /v1.0 or is a whole address;
// headers are "Name: value"; the body is JSON text.
func (l *lab) call(method, path, body string, headers ...string) answer {
	l.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = l.url + "/v1.0" + path
	}
	req, err := http.NewRequestWithContext(l.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer good")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		if k == "Prefer" {
			req.Header.Add(k, v)
		} else {
			req.Header.Set(k, v)
		}
	}
	return l.send(req)
}

func (l *lab) send(req *http.Request) answer {
	l.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	if len(bytes.TrimSpace(raw)) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			l.t.Fatalf("%s %s: %v: %s", req.Method, req.URL.Path, err, raw)
		}
	}
	return a
}

// must is call with an expected status.
func (l *lab) must(status int, method, path, body string, headers ...string) answer {
	l.t.Helper()
	a := l.call(method, path, body, headers...)
	if a.status != status {
		l.t.Fatalf("%s %s: %d %v, want %d", method, path, a.status, a.body, status)
	}
	return a
}

// meeting is the JSON of an event on a day of March 2026, 10 to 11 in Berlin.
func meeting(day int, more ...string) string {
	return fmt.Sprintf(`{"subject":"Meeting %[1]d","start":{"dateTime":"2026-03-%02[1]dT10:00:00","timeZone":"Europe/Berlin"},`+
		`"end":{"dateTime":"2026-03-%02[1]dT11:00:00","timeZone":"Europe/Berlin"}%[2]s}`, day, strings.Join(append([]string{""}, more...), ","))
}

// add creates an event and returns its id and etag.
func (l *lab) add(body string) (id, etag string) {
	l.t.Helper()
	a := l.must(201, "POST", "/me/events", body)
	return a.text("id"), a.text("@odata.etag")
}

const march = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"

// round follows a delta round to its end and returns all items and the delta link.
func (l *lab) round(path string, headers ...string) (items []map[string]any, link string) {
	l.t.Helper()
	for range 100 {
		a := l.must(200, "GET", path, "", headers...)
		items = append(items, a.items()...)
		next, delta := a.text("@odata.nextLink"), a.text("@odata.deltaLink")
		if (next == "") == (delta == "") {
			l.t.Fatalf("a page must have exactly one link: next %q, delta %q", next, delta)
		}
		if delta != "" {
			return items, delta
		}
		path = next
	}
	l.t.Fatal("the round never ends")
	return nil, ""
}

// said describes delta items in short: "Meeting 5" or "-id".
func said(items []map[string]any) []string {
	out := []string{}
	for _, it := range items {
		if _, gone := it["@removed"]; gone {
			out = append(out, "removed")
		} else {
			out = append(out, it["subject"].(string))
		}
	}
	return out
}

func (l *lab) noUnknown() {
	l.t.Helper()
	if u := l.record.Snapshot().Unknown; len(u) > 0 {
		l.t.Errorf("recorded as unknown: %v", u)
	}
}

func escaped(s string) string { return url.QueryEscape(s) }

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
