package signin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

func TestARotatedTokenIsSavedFirst(t *testing.T) {
	s := newServer(t)
	kept := &memory{text: `{"refresh_token":"refresh-1","token_type":"Bearer","scopes":["one"]}`}
	src := signin.TokenSource(t.Context(), s.config(), kept)

	s.refresh = fresh("access-2", "refresh-2")
	kept.fail = errors.New("keyring is locked")
	if tok, err := src.Token(); tok != nil || calendar.KindOf(err) != calendar.Unavailable {
		t.Fatalf("a token that could not be saved was handed out: %v, %v", tok, err)
	}
	kept.fail = nil
	tok, err := src.Token()
	if err != nil || tok.AccessToken != "access-2" {
		t.Fatalf("Token: %v, %v", tok, err)
	}
	if want := `{"refresh_token":"refresh-2","token_type":"Bearer","scopes":["one"]}`; kept.text != want {
		t.Errorf("kept %s, want %s", kept.text, want)
	}
	if len(s.requests) != 1 {
		t.Errorf("%d refreshes, want 1: the rotated token was not lost", len(s.requests))
	}

	src.Forget("access-1") // some older one
	if _, err := src.Token(); err != nil || len(s.requests) != 1 {
		t.Errorf("forgetting another token asked again (%v)", err)
	}
	src.Forget("access-2")
	s.refresh = fresh("access-3", "")
	if tok, err := src.Token(); err != nil || tok.AccessToken != "access-3" || len(kept.saves) != 1 {
		t.Errorf("Token: %v, %v; %d saves", tok, err, len(kept.saves))
	}
	if got := s.requests[1].Get("refresh_token"); got != "refresh-2" {
		t.Errorf("refreshed with %q", got)
	}
}

func TestRefreshesAreOneAtATime(t *testing.T) {
	s := newServer(t)
	s.refresh = fresh("access-2", "refresh-2")
	src := signin.TokenSource(t.Context(), s.config(), &memory{text: `{"refresh_token":"refresh-1"}`})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if tok, err := src.Token(); err != nil || tok.AccessToken != "access-2" {
				t.Errorf("Token: %v, %v", tok, err)
			}
		})
	}
	wg.Wait()
	if len(s.requests) != 1 {
		t.Errorf("%d refreshes, want 1", len(s.requests))
	}
}

func TestARefreshThatFails(t *testing.T) {
	cases := []struct {
		name   string
		status int
		body   string
		want   calendar.Kind
		says   string
		asks   int // requests that two tries make
	}{
		{"revoked", 400, `{"error":"invalid_grant","error_description":"Token has been expired or revoked."}`, calendar.SignedOut, "invalid_grant", 1},
		{"idle for 90 days", 400, `{"error":"invalid_grant","error_description":"AADSTS700082: refresh-1 of ada@example.com has expired","error_codes":[700082]}`, calendar.SignedOut, "invalid_grant (AADSTS700082)", 1},
		{"new terms to accept", 400, `{"error":"interaction_required"}`, calendar.SignedOut, "interaction_required", 1},
		{"blocked by the administrator", 400, `{"error":"admin_policy_enforced"}`, calendar.SignedOut, "admin_policy_enforced", 1},
		{"wrong client", 401, `{"error":"invalid_client"}`, calendar.Invalid, "client id", 2},
		{"wrong scope", 400, `{"error":"invalid_scope"}`, calendar.Invalid, "scope", 2},
		{"busy", 400, `{"error":"temporarily_unavailable"}`, calendar.Unavailable, "temporarily_unavailable", 2},
		{"broken", 503, `<html>refresh-1</html>`, calendar.Unavailable, "503", 2},
		{"broken, but with a code", 500, `{"error":"invalid_grant"}`, calendar.Unavailable, "invalid_grant", 2},
		{"too fast", 429, `{"error":"rate_limited"}`, calendar.Throttled, "rate_limited", 2},
		{"nonsense", 200, `{"refresh-1"`, calendar.Unavailable, "", 2},
		{"an unknown refusal", 400, `refresh-1`, calendar.Other, "400", 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t)
			s.refresh = failing(c.status, c.body)
			kept := &memory{text: `{"refresh_token":"refresh-1"}`}
			src := signin.TokenSource(t.Context(), s.config(), kept)
			for range 2 {
				_, err := src.Token()
				if calendar.KindOf(err) != c.want || !strings.Contains(err.Error(), c.says) {
					t.Errorf("Token: %v, want %v", err, c.want)
				}
				if strings.Contains(err.Error(), "refresh-1") || strings.Contains(err.Error(), "ada@") {
					t.Errorf("the error tells a secret: %v", err)
				}
				if c.want == calendar.Throttled && calendar.RetryAfter(err) != 7*time.Second {
					t.Errorf("wait = %v", calendar.RetryAfter(err))
				}
			}
			if len(s.requests) != c.asks {
				t.Errorf("asked %d times, want %d", len(s.requests), c.asks)
			}
		})
	}
}

func TestANewSignInEndsBeingSignedOut(t *testing.T) {
	s := newServer(t)
	s.refresh = failing(400, `{"error":"invalid_grant"}`)
	kept := &memory{text: `{"refresh_token":"refresh-1"}`}
	src := signin.TokenSource(t.Context(), s.config(), kept)
	src.Token()
	kept.Save(t.Context(), `{"refresh_token":"refresh-9"}`)
	s.refresh = fresh("access-9", "")
	if tok, err := src.Token(); err != nil || tok.AccessToken != "access-9" {
		t.Errorf("Token: %v, %v", tok, err)
	}
}

func TestNoSignInIsKept(t *testing.T) {
	for _, text := range []string{"", "{}", "refresh-1", `{"refresh_token":7}`} {
		src := signin.TokenSource(t.Context(), newServer(t).config(), &memory{text: text})
		_, err := src.Token()
		if calendar.KindOf(err) != calendar.SignedOut || strings.Contains(err.Error(), "refresh-1") {
			t.Errorf("with %q: %v", text, err)
		}
	}
}

func TestWaitingForARefreshCanBeGivenUp(t *testing.T) {
	s := newServer(t)
	release := make(chan struct{})
	s.refresh = func(w http.ResponseWriter, token string) {
		<-release
		fresh("access-2", "refresh-2")(w, token)
	}
	kept := &memory{text: `{"refresh_token":"refresh-1"}`}
	src := signin.TokenSource(t.Context(), s.config(), kept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.TokenContext(ctx); !errors.Is(err, context.Canceled) || calendar.KindOf(err) != calendar.Unavailable {
		t.Errorf("TokenContext: %v", err)
	}
	close(release)
	if tok, err := src.Token(); err != nil || tok.AccessToken != "access-2" || len(kept.saves) != 1 {
		t.Errorf("the refresh did not go on: %v, %v", tok, err)
	}
}

func TestTheTokenGoesToOneHostOnly(t *testing.T) {
	s := newServer(t)
	s.refresh = fresh("access-2", "")
	var got []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
		}
	}))
	defer api.Close()
	src := signin.TokenSource(t.Context(), s.config(), &memory{text: `{"refresh_token":"refresh-1"}`})
	c, err := signin.NewClient(nil, src, api.URL+"/v1/")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Get(api.URL + "/v1/x")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(got) != 1 || got[0] != "Bearer access-2" {
		t.Errorf("Authorization = %q", got)
	}
	for _, u := range []string{"http://elsewhere.invalid/", strings.Replace(api.URL, "http:", "https:", 1), api.URL + "/away"} {
		if resp, err := c.Get(u); err == nil || !strings.Contains(err.Error(), "another host") {
			t.Errorf("GET %s: %v, %v", u, resp, err)
		}
	}
	if _, err := signin.NewClient(nil, src, "not-an-address"); calendar.KindOf(err) != calendar.Invalid {
		t.Errorf("NewClient: %v", err)
	}
}

func TestATokenThatIsNoLongerTakenIsRefreshedOnce(t *testing.T) {
	s := newServer(t)
	s.refresh = fresh("stale", "")
	var bodies []string
	takes := "good"
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(b))
		if r.Header.Get("Authorization") != "Bearer "+takes {
			w.WriteHeader(401)
		}
		s.mu.Lock()
		s.refresh = fresh("good", "")
		s.mu.Unlock()
	}))
	defer api.Close()
	src := signin.TokenSource(t.Context(), s.config(), &memory{text: `{"refresh_token":"refresh-1"}`})
	c, err := signin.NewClient(nil, src, api.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Post(api.URL, "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || len(bodies) != 2 || bodies[1] != "hello" {
		t.Errorf("status %d, bodies %q", resp.StatusCode, bodies)
	}
	takes = "nothing any more"
	resp, err = c.Get(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 || len(bodies) != 4 {
		t.Errorf("status %d after %d requests: a lasting 401 must come through", resp.StatusCode, len(bodies))
	}
}
