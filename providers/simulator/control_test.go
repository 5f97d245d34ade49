package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// controlLab is a simulator whose control endpoint is called in memory.
type controlLab struct {
	*testing.T
	sim *Simulator
}

func newControlLab(t *testing.T, s Service) controlLab {
	t.Helper()
	now := time.Date(2026, 7, 14, 9, 0, 0, 0, time.UTC)
	sim, err := New(s, Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return controlLab{t, sim}
}

// call makes a request and decodes its answer into out (nil: not looked at).
func (l controlLab) call(method, path, body string, out any) int {
	l.Helper()
	w := httptest.NewRecorder()
	l.sim.WithControl().ServeHTTP(w, httptest.NewRequestWithContext(l.Context(), method, ControlPath+path, strings.NewReader(body)))
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			l.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code
}

func TestControlEditsEventsAsAnotherClient(t *testing.T) {
	for _, s := range []Service{Google, Outlook} {
		t.Run(string(s), func(t *testing.T) {
			l := newControlLab(t, s)
			var made, changed ControlEvent
			l.call("POST", "events", `{"title":"Dentist","start":"2026-07-15T10:00:00","end":"2026-07-15T10:45:00","place":"Bridge Street"}`, &made)
			want := ControlEvent{
				ID: made.ID, UID: made.UID, Title: "Dentist", Place: "Bridge Street", ShowAs: "busy", Status: "confirmed",
				Start: "2026-07-15T10:00:00", End: "2026-07-15T10:45:00", Zone: "Europe/Berlin",
			}
			if diff := cmp.Diff(want, made); diff != "" || made.ID == "" || made.UID == "" {
				t.Fatalf("added (-want +got):\n%s", diff)
			}
			before := l.sim.Mailbox().Event("primary", made.ID).Change

			l.call("PATCH", "events/"+made.ID, `{"start":"2026-07-16T11:00:00","end":"2026-07-16T11:45:00","notes":"bring the card","title":"Dentist!"}`, &changed)
			want.Start, want.End, want.Notes, want.Title = "2026-07-16T11:00:00", "2026-07-16T11:45:00", "bring the card", "Dentist!"
			if diff := cmp.Diff(want, changed); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
			if after := l.sim.Mailbox().Event("primary", made.ID).Change; after <= before {
				t.Error("the edit gave the event no new version")
			}

			var list []ControlEvent
			l.call("GET", "events?calendar=primary", "", &list)
			if diff := cmp.Diff([]ControlEvent{want}, list); diff != "" {
				t.Errorf("listed (-want +got):\n%s", diff)
			}
			if code := l.call("DELETE", "events/"+made.ID, "", nil); code != http.StatusOK {
				t.Errorf("delete: %d", code)
			}
			l.call("GET", "events", "", &list)
			if len(list) != 0 || !l.sim.Mailbox().Event("primary", made.ID).Deleted {
				t.Errorf("after the deletion: %v", list)
			}
			if c := l.sim.Counters(); c.Requests != 0 {
				t.Errorf("control calls were counted as %d requests", c.Requests)
			}
		})
	}
}

func TestControlEditTimes(t *testing.T) {
	for _, test := range []struct{ name, edit, start, end, zone string }{
		{"all-day", `{"start":"2026-07-20","end":"2026-07-22"}`, "2026-07-20", "2026-07-22", ""},
		{"another zone for both", `{"zone":"Asia/Tokyo"}`, "2026-07-15T10:00:00", "2026-07-15T11:00:00", "Asia/Tokyo"},
		{"the end alone", `{"end":"2026-07-15T12:00:00"}`, "2026-07-15T10:00:00", "2026-07-15T12:00:00", "America/New_York"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newControlLab(t, Google)
			var made, got ControlEvent
			l.call("POST", "events", `{"title":"x","start":"2026-07-15T10:00:00","end":"2026-07-15T11:00:00","zone":"America/New_York"}`, &made)
			l.call("PATCH", "events/"+made.ID, test.edit, &got)
			if got.Start != test.start || got.End != test.end || got.Zone != test.zone {
				t.Errorf("got %s to %s in %q", got.Start, got.End, got.Zone)
			}
		})
	}
}

func TestControlRefusals(t *testing.T) {
	l := newControlLab(t, Google)
	e := l.sim.Mailbox().AddEvent("primary", mailbox.Event{
		ID: "evt", Title: "as it was", Start: mailbox.Moment{Date: "2026-07-15"}, End: mailbox.Moment{Date: "2026-07-16"},
	})
	for _, test := range []struct {
		name, method, path, body string
		code                     int
		want                     string
	}{
		{"no such event", "PATCH", "events/none", `{"title":"x"}`, 404, "no such event"},
		{"no such event to delete", "DELETE", "events/none", "", 404, "no such event"},
		{"no such calendar", "GET", "events?calendar=none", "", 404, "no such calendar: none"},
		{"a misspelt field", "PATCH", "events/evt", `{"titel":"x"}`, 400, `unknown field "titel"`},
		{"no JSON", "POST", "events", `title=x`, 400, "body:"},
		{"no times", "POST", "events", `{"title":"x"}`, 400, "start and end are needed"},
		{"half a date", "PATCH", "events/evt", `{"start":"2026-07"}`, 400, "start: "},
		{"mixed kinds", "PATCH", "events/evt", `{"title":"lost","end":"2026-07-15T10:00:00"}`, 400, "not both dates or both times"},
		{"end before start", "PATCH", "events/evt", `{"end":"2026-07-14"}`, 400, "ends before it starts"},
		{"a strange showAs", "PATCH", "events/evt", `{"showAs":"away"}`, 400, "showAs"},
		{"a fault with a bad time", "POST", "faults", `{"delay":"soon"}`, 400, "invalid duration"},
		{"a fault with a misspelt field", "POST", "faults", `{"stat":500}`, 400, "stat"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := controlLab{t, l.sim}
			var answer struct{ Error string }
			if code := l.call(test.method, test.path, test.body, &answer); code != test.code || !strings.Contains(answer.Error, test.want) {
				t.Errorf("got %d %q, want %d %q", code, answer.Error, test.code, test.want)
			}
			if now := l.sim.Mailbox().Event("primary", "evt"); now.Title != e.Title || now.End != e.End {
				t.Errorf("a refused edit changed the event to %+v", now)
			}
		})
	}
	if code := l.call("PUT", "events", "", nil); code != http.StatusMethodNotAllowed {
		t.Errorf("PUT events: %d, want 405", code)
	}
}

func TestControlCountersAndMails(t *testing.T) {
	l := newControlLab(t, Google)
	w := httptest.NewRecorder()
	l.sim.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/calendar/v3/users/me/calendarList", nil))
	l.sim.Mailbox().Lock()
	l.sim.Mailbox().Send(mailbox.Mail{Kind: "invitation", To: "ada@example.com", EventID: "e", Title: "Lunch"})
	l.sim.Mailbox().Unlock()

	var counts struct {
		Requests int
		Mails    map[string]int
	}
	l.call("GET", "counters", "", &counts)
	if counts.Requests != 1 || counts.Mails["invitation"] != 1 {
		t.Errorf("counters: %+v, want one request and one invitation", counts)
	}
	var mails []controlMail
	l.call("GET", "mails", "", &mails)
	if len(mails) != 1 || mails[0].To != "ada@example.com" || mails[0].Title != "Lunch" {
		t.Errorf("mails: %+v", mails)
	}
	l.call("POST", "counters/reset", "", nil)
	l.call("GET", "counters", "", &counts)
	if counts.Requests != 0 {
		t.Errorf("after the reset: %+v", counts)
	}
}

func TestControlFaults(t *testing.T) {
	l := newControlLab(t, Google)
	get := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		l.sim.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/calendar/v3/users/me/calendarList", nil))
		return w
	}
	l.call("POST", "faults", `[{"status":503,"retryAfter":"90s"},{"status":500,"count":-1}]`, nil)
	if w := get(); w.Code != 503 || w.Header().Get("Retry-After") != "90" {
		t.Errorf("got %d, Retry-After %q; want the first fault", w.Code, w.Header().Get("Retry-After"))
	}
	if w := get(); w.Code != 500 {
		t.Errorf("got %d, want the second fault", w.Code)
	}
	l.call("DELETE", "faults", "", nil)
	if w := get(); w.Code != 401 {
		t.Errorf("got %d, want the service itself, which asks for a sign-in", w.Code)
	}
}

func TestControlCursorsAndSignIn(t *testing.T) {
	l := newControlLab(t, Outlook)
	if code := l.call("POST", "expire-cursors", "", nil); code != 200 {
		t.Errorf("expire-cursors: %d", code)
	}
	if c := l.sim.Mailbox().Calendars[0]; c.OldestCursor == 0 {
		t.Error("no cursor expired")
	}
	if code := l.call("POST", "sign-in", `{"autoApprove":true,"revoke":true,"expireAccessTokens":true}`, nil); code != 200 {
		t.Errorf("sign-in: %d", code)
	}
	// With the switch on, the page sends the browser back at once.
	w := httptest.NewRecorder()
	l.sim.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/common/oauth2/v2.0/authorize?response_type=code&client_id="+
		l.sim.Endpoints("").ClientID+"&redirect_uri=http%3A%2F%2Flocalhost%3A1%2F&scope=openid+offline_access&state=s"+
		"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256", nil))
	body, _ := io.ReadAll(w.Result().Body)
	if w.Code != http.StatusFound {
		t.Errorf("authorize: %d %s, want a redirect", w.Code, body)
	}
}

func TestControlTellsWhatItCan(t *testing.T) {
	l := newControlLab(t, Google)
	var help struct{ Calls []string }
	l.call("GET", "", "", &help)
	var cals []controlCalendar
	l.call("GET", "calendars", "", &cals)
	if len(help.Calls) == 0 || len(cals) != 1 || !cals[0].Primary {
		t.Errorf("help %v, calendars %v", help, cals)
	}
	for _, c := range help.Calls {
		method, path, _ := strings.Cut(c, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, ControlPath+strings.ReplaceAll(path, "{id}", "x"), strings.NewReader("{}"))
		w := httptest.NewRecorder()
		l.sim.WithControl().ServeHTTP(w, r)
		if ct := w.Header().Get("Content-Type"); ct != "application/json" {
			t.Errorf("%s is named and not there: %d %s", c, w.Code, ct)
		}
	}
}
