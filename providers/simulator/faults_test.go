package simulator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crypto/sha256"
	"encoding/base64"

	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// lab is a simulator with a client that has signed in through the real path.
type lab struct {
	t      *testing.T
	sim    *simulator.Simulator
	base   string
	client *http.Client
	token  string
}

const redirect = "http://127.0.0.1:4000/"

var scopes = map[simulator.Service]string{
	simulator.Google:  "https://www.googleapis.com/auth/calendar",
	simulator.Outlook: "offline_access Calendars.ReadWrite",
}

func newLab(t *testing.T, s simulator.Service) *lab {
	t.Helper()
	sim, err := simulator.New(s, simulator.Options{AutoApprove: true})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, sim: sim}
	l.client = &http.Client{
		Transport:     simulator.Transport(map[string]http.Handler{"sim.test": sim}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	l.signIn(s)
	return l
}

// signIn walks authorize with PKCE and token.
func (l *lab) signIn(s simulator.Service) {
	l.t.Helper()
	e := l.sim.Endpoints("http://sim.test")
	l.base = strings.TrimSuffix(e.BaseURL, "/") + "/"
	to := redirect
	if s == simulator.Outlook {
		to = "http://localhost:4000/"
	}
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	res, err := l.client.Get(e.AuthURL + "?" + url.Values{
		"client_id": {e.ClientID}, "redirect_uri": {to}, "response_type": {"code"}, "scope": {scopes[s]},
		"state": {"st"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}.Encode())
	if err != nil {
		l.t.Fatal(err)
	}
	back, err := res.Location()
	if err := errors.Join(err, res.Body.Close()); err != nil {
		l.t.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {to},
		"client_id": {e.ClientID}, "code_verifier": {verifier},
	}
	if e.ClientSecret != "" {
		form.Set("client_secret", e.ClientSecret)
	}
	res, err = l.client.PostForm(e.TokenURL, form)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	var tok struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&tok); err != nil || tok.AccessToken == "" {
		l.t.Fatalf("no token: %d %v", res.StatusCode, err)
	}
	l.token = tok.AccessToken
}

// do returns status, header, body and error of a request to the service.
func (l *lab) do(method, path, body string) (int, http.Header, string, error) {
	req, err := http.NewRequest(method, l.base+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := l.client.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, string(b), errors.Join(err, res.Body.Close())
}

const newEvent = `{"summary":"x","start":{"dateTime":"2026-03-03T10:00:00Z"},"end":{"dateTime":"2026-03-03T11:00:00Z"}}`

func (l *lab) insert() (int, http.Header, string, error) {
	return l.do("POST", "calendars/primary/events", newEvent)
}

func (l *lab) live() int { return len(l.sim.Mailbox().Events("primary")) }

func TestFaultsAnswerInGooglesForm(t *testing.T) {
	for _, c := range []struct {
		name         string
		fault        simulator.Fault
		status       int
		body, header string
		live         int
	}{
		{"throttled", simulator.Fault{Status: 429, RetryAfter: 1500 * time.Millisecond}, 429, `"reason":"rateLimitExceeded"`, "2", 0},
		{"throttled per user", simulator.Fault{Status: 403, Reason: "userRateLimitExceeded"}, 403, `"message":"User Rate Limit Exceeded"`, "", 0},
		{"quota", simulator.Fault{Status: 403, Reason: "quotaExceeded"}, 403, `"domain":"usageLimits"`, "", 0},
		{"backend", simulator.Fault{Status: 503}, 503, `"reason":"backendError"`, "", 0},
		{"backend after the work", simulator.Fault{Status: 503, After: true}, 503, `"reason":"backendError"`, "", 1},
		{"an HTML page", simulator.Fault{Status: 502, HTMLBody: true}, 502, `<h1>Bad Gateway</h1>`, "", 0},
		{"any body", simulator.Fault{Body: `{"half":`}, 200, `{"half":`, "", 0},
		{"sync token", simulator.Fault{Status: 410}, 410, `"location":"syncToken"`, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, simulator.Google)
			c.fault.Match = "events.insert"
			l.sim.AddFault(c.fault)
			status, header, body, err := l.insert()
			if err != nil || status != c.status || !strings.Contains(body, c.body) || header.Get("Retry-After") != c.header {
				t.Errorf("%d %q %v, Retry-After %q", status, body, err, header.Get("Retry-After"))
			}
			if l.live() != c.live {
				t.Errorf("%d events", l.live())
			}
			if status, _, _, err := l.insert(); status != 200 || err != nil {
				t.Errorf("it hits twice: %d %v", status, err)
			}
			if got := l.sim.Counters(); got.Faults != 1 || got.Kinds["events.insert"] != 2 || got.Writes != 2 {
				t.Errorf("counters %+v", got)
			}
		})
	}
}

func TestFaultsCutTheConnection(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault simulator.Fault
		live  int
	}{
		{"before the work", simulator.Fault{DropBefore: true}, 0},
		{"after the work", simulator.Fault{DropAfter: true}, 1},
		{"in the middle of the answer", simulator.Fault{DropMidBody: true}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, simulator.Google)
			l.sim.AddFault(c.fault)
			if status, _, _, err := l.insert(); err == nil {
				t.Errorf("no error, status %d", status)
			}
			if l.live() != c.live {
				t.Errorf("%d events", l.live())
			}
		})
	}
}

func TestATruncatedBodyIsWholeForHTTPAndBrokenForJSON(t *testing.T) {
	l := newLab(t, simulator.Google)
	l.sim.AddFault(simulator.Fault{TruncateBody: true})
	status, _, body, err := l.insert()
	if status != 200 || err != nil || body == "" || json.Valid([]byte(body)) {
		t.Errorf("%d %q %v", status, body, err)
	}
}

func TestAFaultHitsWhenItIsDue(t *testing.T) {
	run := func(f simulator.Fault, requests ...string) string {
		l := newLab(t, simulator.Google)
		l.sim.ResetCounters()
		l.sim.AddFault(f)
		var got []string
		for _, r := range requests {
			method, path, _ := strings.Cut(r, " ")
			body := ""
			if method == "POST" {
				body = newEvent
			}
			status, _, _, err := l.do(method, path, body)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(status))
		}
		return strings.Join(got, " ")
	}
	list, insert := "GET calendars/primary/events", "POST calendars/primary/events"
	for _, c := range []struct {
		name  string
		fault simulator.Fault
		want  string
	}{
		{"the first of any kind", simulator.Fault{Status: 500}, "500 200 200 200 200"},
		{"the second list", simulator.Fault{Match: "events.list", Nth: 2, Status: 500}, "200 200 500 200 200"},
		{"two of a pattern", simulator.Fault{Match: "events.*", Nth: 2, Count: 2, Status: 500}, "200 500 500 200 200"},
		{"all from a point", simulator.Fault{Nth: 3, Count: -1, Status: 500}, "200 200 500 500 500"},
		{"by method and path", simulator.Fault{Match: "POST /calendar/v3/calendars/", Count: -1, Status: 500}, "200 500 200 500 200"},
		{"no sign-in is meant", simulator.Fault{Match: "oauth.token", Status: 500}, "200 200 200 200 200"},
	} {
		if got := run(c.fault, list, insert, list, insert, list); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	half := simulator.Fault{Count: -1, Probability: 0.5, Seed: 7, Status: 500}
	requests := make([]string, 40)
	for i := range requests {
		requests[i] = list
	}
	a, b := run(half, requests...), run(half, requests...)
	if hits := strings.Count(a, "500"); a != b || hits < 10 || hits > 30 {
		t.Errorf("by chance: %s\nand again: %s", a, b)
	}
}

func TestFaultsCanBeTakenBack(t *testing.T) {
	l := newLab(t, simulator.Google)
	l.sim.AddFault(simulator.Fault{Count: -1, Status: 500})
	l.sim.ClearFaults()
	if status, _, _, err := l.insert(); status != 200 || err != nil {
		t.Errorf("%d %v", status, err)
	}
}

func TestADelayPassesInVirtualTimeAndCanBeGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, simulator.Google)
		l.sim.AddFault(simulator.Fault{Delay: 10 * time.Second, Count: 2})
		begin := time.Now()
		if status, _, _, err := l.insert(); status != 200 || err != nil {
			t.Errorf("%d %v", status, err)
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("it took %v", took)
		}
		l.client.Timeout = time.Second
		if _, _, _, err := l.insert(); err == nil {
			t.Error("no error")
		}
		synctest.Wait()
		if l.live() != 1 {
			t.Errorf("%d events: the abandoned one was made", l.live())
		}
	})
}

func TestOAuthFaults(t *testing.T) {
	l := newLab(t, simulator.Google)
	l.sim.AddFault(simulator.Fault{Match: "oauth.token", Status: 400})
	res, err := l.client.PostForm(l.sim.Endpoints("http://sim.test").TokenURL, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if want := `{"error":"invalid_grant","error_description":"Token has been expired or revoked."}`; string(b) != want {
		t.Errorf("body %s", b)
	}
}

func TestFaultsAnswerInGraphsForm(t *testing.T) {
	l := newLab(t, simulator.Outlook)
	if status, _, body, err := l.do("GET", "me/calendars", ""); status != 200 || err != nil {
		t.Fatalf("%d %v %s", status, err, body)
	}
	l.sim.AddFault(simulator.Fault{Status: 429, RetryAfter: time.Second})
	status, header, body, err := l.do("GET", "me/calendars", "")
	if status != 429 || err != nil || header.Get("Retry-After") != "1" || !strings.Contains(body, `"code":"ApplicationThrottled"`) {
		t.Errorf("%d %s %v", status, body, err)
	}
}

func TestCountersAreReset(t *testing.T) {
	l := newLab(t, simulator.Google)
	status, _, _, err := l.do("POST", "calendars/primary/events?sendUpdates=all",
		strings.Replace(newEvent, "{", `{"attendees":[{"email":"kim@example.org"}],`, 1))
	if status != 200 || err != nil {
		t.Fatal(status, err)
	}
	if _, _, _, err := l.do("GET", "nowhere", ""); err != nil {
		t.Fatal(err)
	}
	c := l.sim.Counters()
	if c.Mails["invitation"] != 1 || c.Writes != 1 || c.Requests != 2 || len(c.Unknown) != 1 || c.Kinds["oauth.token"] != 1 {
		t.Errorf("counters %+v", c)
	}
	l.sim.ResetCounters()
	if c := l.sim.Counters(); len(c.Mails)+c.Writes+c.Requests+len(c.Unknown)+len(c.Kinds) != 0 {
		t.Errorf("after the reset %+v", c)
	}
}

func TestARevokedGrantIsRefusedByTheService(t *testing.T) {
	l := newLab(t, simulator.Google)
	l.sim.SignIn().RevokeAll()
	if status, _, body, err := l.insert(); status != 401 || err != nil || !strings.Contains(body, "authError") {
		t.Errorf("%d %s %v", status, body, err)
	}
}

func TestNewRefusesWhatItCannotPlay(t *testing.T) {
	if _, err := simulator.New("caldav", simulator.Options{}); err == nil {
		t.Error("an unknown service")
	}
	if _, err := simulator.New(simulator.Google, simulator.Options{Zone: "Mars/Base"}); err == nil {
		t.Error("an unknown zone")
	}
	sim, err := simulator.New(simulator.Google, simulator.Options{Owner: mailbox.Person{Email: "kim@example.org"}})
	if err != nil || sim.Mailbox().Calendar("primary").ID != "kim@example.org" {
		t.Error("not the owner's calendar", err)
	}
}
