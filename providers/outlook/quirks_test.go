package outlook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/outlook"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/graphsim"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// graph is the bare service, in memory, with its misbehaviours at hand.
type graph struct {
	*graphsim.Server
	mb   *mailbox.Mailbox
	cal  calendar.CalendarID
	p    *outlook.Provider
	sent []string // hosts that were asked
	mu   sync.Mutex
	log  []string // calls of Graph, "PATCH /events/{master} {body}", ids by their names
	ids  map[string]string
	// meddle, if set, is called before each call of Graph.
	meddle func(call string)
	// lose, if set, tells whether the answer of a call of Graph gets lost.
	lose func(r *http.Request) bool
}

// RoundTrip leads to the service, and answers token requests.
func (g *graph) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	g.sent = append(g.sent, r.URL.Host)
	g.mu.Unlock()
	if r.URL.Host == "login.test" {
		body := `{"access_token":"at","token_type":"Bearer","expires_in":3600}`
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body)), Request: r}, nil
	}
	call := g.note(r)
	if g.meddle != nil {
		g.meddle(call)
	}
	resp, err := simulator.Transport(map[string]http.Handler{"graph.test": g.Server}).RoundTrip(r)
	if err == nil && g.lose != nil && g.lose(r) {
		resp.Body.Close()
		return nil, errors.New("the connection was reset")
	}
	return resp, err
}

// note logs a call, without its query, and with a word for an If-Match header.
// It gives the call without header and body.
func (g *graph) note(r *http.Request) (call string) {
	path := strings.TrimPrefix(r.URL.Path, "/v1.0/me/calendars/"+string(g.cal))
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := g.ids[p]; ok {
			parts[i] = name
		}
	}
	call = r.Method + " " + strings.Join(parts, "/")
	line := call
	if r.Header.Get("If-Match") != "" {
		line += " if-match"
	}
	var object any
	if json.Unmarshal(body, &object) == nil { // members in order
		body, _ = json.Marshal(object)
		line += " " + string(body)
	}
	g.log = append(g.log, line)
	return call
}

// get asks Graph itself, past the provider and the log.
func (g *graph) get(t *testing.T, path string, into any) {
	t.Helper()
	req, err := http.NewRequest("GET", "http://graph.test/v1.0/me/calendars/"+string(g.cal)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer at")
	req.Header.Set("Prefer", `IdType="ImmutableId"`)
	resp, err := simulator.Transport(map[string]http.Handler{"graph.test": g.Server}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
}

// calls gives the calls of Graph since the last time.
func (g *graph) calls() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.log
	g.log = nil
	return out
}

func newGraph(t *testing.T, quirks graphsim.Quirks, switches ...mailbox.GraphSwitches) *graph {
	t.Helper()
	switches = append(switches, mailbox.GraphSwitches{})
	clock := ticking(now)
	g := &graph{mb: mailbox.New(mailbox.Person{Name: "Robin", Email: "robin@outlook.test"}, "Europe/Berlin", clock)}
	g.Server = graphsim.New(graphsim.Options{Mailbox: g.mb, Quirks: quirks, Switches: switches[0], Now: clock})
	g.cal = calendar.CalendarID(g.mb.Calendars[0].ID)
	var err error
	g.p, err = outlook.Open(signin.Endpoint{BaseURL: "http://graph.test/v1.0", TokenURL: "https://login.test/token", ClientID: "app"},
		&secret{text: `{"refresh_token":"rt"}`}, &http.Client{Transport: g}, outlook.WithClock(clock), outlook.WithPageSize(7))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// fill makes n events and returns their titles.
func (g *graph) fill(n int) map[string]bool {
	titles := map[string]bool{}
	for i := range n {
		title := fmt.Sprintf("Event %d", i)
		g.mb.AddEvent(string(g.cal), mailbox.Event{Title: title,
			Start: mailbox.Moment{Local: now.AddDate(0, 0, i).Format("2006-01-02") + "T10:00:00", Zone: "Europe/Berlin"},
			End:   mailbox.Moment{Local: now.AddDate(0, 0, i).Format("2006-01-02") + "T11:00:00", Zone: "Europe/Berlin"}})
		titles[title] = true
	}
	return titles
}

func TestReadsSurviveWhatDeltaDoes(t *testing.T) {
	for name, quirks := range map[string]graphsim.Quirks{
		"empty pages":                  {EmptyPages: true},
		"any order":                    {ReversedPages: true},
		"items twice":                  {RepeatItems: true},
		"unchanged events again":       {ReplayUnchanged: true},
		"tombstones in the first read": {InitialTombstones: true},
		"all of it":                    {EmptyPages: true, ReversedPages: true, RepeatItems: true, ReplayUnchanged: true, InitialTombstones: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t, quirks)
			titles := g.fill(30)
			ch, err := g.p.Changes(t.Context(), g.cal, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range ch.Events {
				if !titles[e.Content.Title] {
					t.Errorf("%q came twice or never was", e.Content.Title)
				}
				delete(titles, e.Content.Title)
			}
			if len(titles) != 0 || len(ch.Removed) != 0 {
				t.Errorf("missing %v, removed %v", titles, ch.Removed)
			}
			gone := g.mb.Events(string(g.cal))[3]
			if err := g.mb.DeleteEvent(string(g.cal), gone.ID); err != nil {
				t.Fatal(err)
			}
			ch, err = g.p.Changes(t.Context(), g.cal, ch.Next)
			if err != nil || ch.Complete || len(ch.Removed) != 1 || len(ch.Events) > 1 {
				t.Errorf("after a deletion: %d events, removed %v, %v", len(ch.Events), ch.Removed, err)
			}
		})
	}
}

func TestReadsThatCannotEnd(t *testing.T) {
	for name, quirks := range map[string]graphsim.Quirks{
		"endless links":         {EndlessLinks: true},
		"links to another host": {ForeignHost: "evil.test"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t, quirks)
			g.fill(20)
			ch, err := g.p.Changes(t.Context(), g.cal, "")
			if k := calendar.KindOf(err); k != calendar.Other && k != calendar.Unavailable || ch.Next != "" || len(ch.Events) != 0 {
				t.Errorf("got %d events, cursor %q, %v; want an error alone", len(ch.Events), ch.Next, err)
			}
			if len(g.sent) > 2100 {
				t.Errorf("sent %d requests", len(g.sent))
			}
			for _, host := range g.sent {
				if host != "graph.test" && host != "login.test" {
					t.Errorf("asked %s", host)
				}
			}
		})
	}
}

// A page that is too much for the service is asked for by fewer events, or a large
// calendar could never be read.
func TestPagesThatAreNotReadyInTime(t *testing.T) {
	for slow, requests := range map[int]int{200: 1, 40: 1 + 2, 10: 2 + 8} {
		g := newGraph(t, graphsim.Quirks{SlowPages: slow})
		outlook.WithPageSize(200)(g.p)
		titles := g.fill(60)
		ch, err := g.p.Changes(t.Context(), g.cal, "")
		if err != nil || len(ch.Events) != len(titles) || ch.Next == "" || ch.Requests != requests {
			t.Errorf("%d: %d events of %d, cursor %q, %d requests, %v", slow, len(ch.Events), len(titles), ch.Next, ch.Requests, err)
		}
	}
	g := newGraph(t, graphsim.Quirks{SlowPages: 1})
	if _, err := g.p.Changes(t.Context(), g.cal, ""); calendar.KindOf(err) != calendar.Unavailable {
		t.Errorf("never ready: %v", err)
	}
}

// One event that Exchange cannot convert keeps its whole calendar from being read. It is no
// outage, which would rest the account with all its calendars: a person has to look for
// the event, and is told about when it is.
func TestACorruptEventIsFound(t *testing.T) {
	for _, at := range []int{0, 9, 59} {
		g := newGraph(t, graphsim.Quirks{})
		g.fill(60)
		bad := g.mb.Events(string(g.cal))[at]
		first, err := g.p.Changes(t.Context(), g.cal, "")
		if err != nil {
			t.Fatal(err)
		}
		g.SetQuirks(func(q *graphsim.Quirks) { q.CorruptEvent = bad.ID })
		if _, err := g.p.Changes(t.Context(), g.cal, first.Next); err != nil {
			t.Errorf("%s, of which nothing is news: %v", bad.Title, err)
		}
		g.sent = nil
		ch, err := g.p.Changes(t.Context(), g.cal, "")
		damaged, ok := errors.AsType[*calendar.Damaged](err)
		if calendar.KindOf(err) != calendar.Other || !ok || ch.Next != "" || len(ch.Events) != 0 {
			t.Fatalf("%s: got %d events, cursor %q, %v", bad.Title, len(ch.Events), ch.Next, err)
		}
		if day := damaged.Day.Format(time.DateOnly); day != bad.Start.Local[:len(time.DateOnly)] {
			t.Errorf("%s is looked for on %s, and is on %s", bad.Title, day, bad.Start.Local)
		}
		if len(g.sent) > 25 {
			t.Errorf("sent %d requests", len(g.sent))
		}
	}
}

func TestDeadTokensOfAllKinds(t *testing.T) {
	for _, status := range []int{400, 410} {
		for _, code := range []string{"SyncStateNotFound", "resyncRequired", "SyncStateInvalid"} {
			g := newGraph(t, graphsim.Quirks{DeadTokenStatus: status, DeadTokenCode: code, DeadTokenLocation: true})
			ch, err := g.p.Changes(t.Context(), g.cal, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := g.mb.ExpireCursors(string(g.cal)); err != nil {
				t.Fatal(err)
			}
			if _, err = g.p.Changes(t.Context(), g.cal, ch.Next); calendar.KindOf(err) != calendar.CursorExpired {
				t.Errorf("%d %s: %v; want the cursor to expire", status, code, err)
			}
		}
	}
}

func TestThrottlingAndChallenges(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{})
	g.Throttle(1, 17*time.Second)
	if _, err := g.p.Calendars(t.Context()); calendar.KindOf(err) != calendar.Throttled || calendar.RetryAfter(err) != 17*time.Second {
		t.Errorf("throttled: %v, wait %v", err, calendar.RetryAfter(err))
	}
	g.ChallengeClaims(`{"access_token":{"nbf":{"essential":true}}}`)
	if _, err := g.p.Calendars(t.Context()); err != nil {
		t.Errorf("after a challenge that a fresh token meets: %v", err)
	}
}

// The service touches an event seconds after a write: a new version, and
// nothing else.
func TestALateTouchChangesTheVersionOnly(t *testing.T) {
	g := newGraph(t, graphsim.Quirks{LateBump: time.Millisecond})
	made, err := g.p.Create(t.Context(), g.cal, calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: calendar.Content{Title: "T",
		When: calendar.When{Start: calendar.Date(2026, 3, 1), End: calendar.Date(2026, 3, 2)}, Notes: calendar.NotesFromText("N")}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.p.Get(t.Context(), g.cal, made.ID)
	if err != nil || got.Version == made.Version || len(calendar.Diff(got.Content, made.Content)) != 0 {
		t.Errorf("got %q, %v, differs in %v", got.Version, err, calendar.Diff(got.Content, made.Content))
	}
	if err := g.p.Delete(t.Context(), g.cal, made.ID, made.Version); calendar.KindOf(err) != calendar.Conflict {
		t.Errorf("delete on the version from before: %v; want Conflict", err)
	}
}
