package signin_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// server is a small OAuth server: it approves everyone, checks PKCE, and
// answers refreshes with what the test put into refresh.
type server struct {
	*httptest.Server
	mu        sync.Mutex
	authorize url.Values // the last authorize request
	challenge string
	redirect  string
	scope     string // granted; "" leaves it out of the answer
	noRefresh bool
	deny      string // error to send back with the redirect
	refresh   func(w http.ResponseWriter, token string)
	requests  []url.Values // of the token endpoint
	revoked   []string
	revoke    int // status
}

func newServer(t *testing.T) *server {
	s := &server{scope: "one two", revoke: 200}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		q := r.URL.Query()
		s.authorize, s.challenge, s.redirect = q, q.Get("code_challenge"), q.Get("redirect_uri")
		back := url.Values{"state": {q.Get("state")}}
		if s.deny != "" {
			back.Set("error", s.deny)
		} else {
			back.Set("code", "code-1")
		}
		http.Redirect(w, r, s.redirect+"/?"+back.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.PostForm)
		if r.PostForm.Get("grant_type") == "refresh_token" {
			s.refresh(w, r.PostForm.Get("refresh_token"))
			return
		}
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != s.challenge || r.PostForm.Get("redirect_uri") != s.redirect {
			answer(w, 400, map[string]any{"error": "invalid_grant"})
			return
		}
		a := map[string]any{"access_token": "access-1", "token_type": "Bearer", "expires_in": 3599, "id_token": idToken("ada@example.com", "Ada")}
		if !s.noRefresh {
			a["refresh_token"] = "refresh-1"
		}
		if s.scope != "" {
			a["scope"] = s.scope
		}
		answer(w, 200, a)
	})
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.revoked = append(s.revoked, r.PostForm.Get("token"))
		if s.revoke != 200 {
			answer(w, s.revoke, map[string]any{"error": "invalid_token"})
		}
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func idToken(email, name string) string {
	b, _ := json.Marshal(map[string]string{"email": email, "name": name})
	return "e30." + base64.RawURLEncoding.EncodeToString(b) + ".c2ln"
}

func (s *server) config() signin.Config {
	return signin.Config{
		AuthURL: s.URL + "/authorize", TokenURL: s.URL + "/token", RevokeURL: s.URL + "/revoke",
		ClientID: "client", Scopes: []string{"one", "two"}, HTTPClient: s.Client(),
		AuthParams: map[string]string{"prompt": "consent"},
	}
}

// browse opens a page as a browser would and returns its text.
func browse(t *testing.T, address string) (status int, page string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// memory is a Secret.
type memory struct {
	mu    sync.Mutex
	text  string
	saves []string
	fail  error
}

func (m *memory) Load(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text, nil
}

func (m *memory) Save(_ context.Context, s string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.text = s
	m.saves = append(m.saves, s)
	return nil
}

func TestASignInEndsWithAGrant(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "localhost"} {
		t.Run(host, func(t *testing.T) {
			s := newServer(t)
			cfg := s.config()
			cfg.RedirectHost = host
			f, err := signin.Begin(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			status, page := browse(t, f.URL())
			if status != 200 || !strings.Contains(page, "You are signed in") || !strings.Contains(page, "prefers-color-scheme: dark") {
				t.Errorf("the browser ended on %d:\n%s", status, page)
			}
			if strings.Contains(page, "http://") || strings.Contains(page, "https://") || strings.Contains(page, "src=") {
				t.Error("the page needs the network")
			}
			g, err := f.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if g.Token.RefreshToken != "refresh-1" || g.Token.AccessToken != "access-1" || !slices.Equal(g.Scopes, []string{"one", "two"}) {
				t.Errorf("grant = %+v", g)
			}
			if email, name := signin.Claims(g.IDToken); email != "ada@example.com" || name != "Ada" {
				t.Errorf("claims = %q, %q", email, name)
			}
			q := s.authorize
			if q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" || q.Get("prompt") != "consent" || q.Get("scope") != "one two" {
				t.Errorf("authorize request = %v", q)
			}
			if u, _ := url.Parse(q.Get("redirect_uri")); u.Hostname() != host || u.Path != "" {
				t.Errorf("redirect_uri = %s", q.Get("redirect_uri"))
			}
			if _, ok := s.requests[0]["client_secret"]; ok {
				t.Error("a public client sent a secret")
			}
			if _, err := http.Get(q.Get("redirect_uri")); err == nil {
				t.Error("the port is still open after the sign-in")
			}
		})
	}
}

func TestOnlyTheRightCallbackCounts(t *testing.T) {
	s := newServer(t)
	f, err := signin.Begin(t.Context(), s.config())
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(f.URL())
	back := u.Query().Get("redirect_uri")
	for path, want := range map[string]int{
		"/?code=x&state=wrong": 400, "/?code=x": 400, "/?error=access_denied": 400,
		"/favicon.ico": 404, "/other?code=x&state=" + u.Query().Get("state"): 404,
	} {
		if status, _ := browse(t, back+path); status != want {
			t.Errorf("GET %s: %d, want %d", path, status, want)
		}
	}
	browse(t, f.URL())
	if status, page := browse(t, back+"/?code=again&state="+u.Query().Get("state")); status != 409 || strings.Contains(page, "You are signed in") {
		t.Errorf("a second callback: %d", status)
	}
	if _, err := f.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.requests) != 1 {
		t.Errorf("%d token requests, want 1", len(s.requests))
	}
}

func TestASignInThatFails(t *testing.T) {
	cases := []struct {
		name string
		set  func(*server)
		want calendar.Kind
		page string
	}{
		{"declined", func(s *server) { s.deny = "access_denied" }, calendar.Forbidden, "permission was not given"},
		{"admin approval needed", func(s *server) { s.deny = "consent_required" }, calendar.SignedOut, "organisation has to agree"},
		{"a second factor is due", func(s *server) { s.deny = "interaction_required" }, calendar.SignedOut, "not accepted"},
		{"unknown client", func(s *server) { s.deny = "unauthorized_client" }, calendar.Invalid, "client id"},
		{"strange error", func(s *server) { s.deny = "<b>code-1" }, calendar.Other, "went wrong"},
		{"no refresh token", func(s *server) { s.noRefresh = true }, calendar.Forbidden, "permission was not given"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t)
			c.set(s)
			f, err := signin.Begin(t.Context(), s.config())
			if err != nil {
				t.Fatal(err)
			}
			if _, page := browse(t, f.URL()); !strings.Contains(page, c.page) {
				t.Errorf("page says:\n%s", page)
			}
			_, err = f.Wait(t.Context())
			if calendar.KindOf(err) != c.want {
				t.Errorf("Wait: %v, want %v", err, c.want)
			}
			if strings.Contains(err.Error(), "code-1") {
				t.Errorf("the error repeats what was sent: %v", err)
			}
		})
	}
	t.Run("no client id", func(t *testing.T) {
		if _, err := signin.Begin(t.Context(), signin.Config{}); calendar.KindOf(err) != calendar.Invalid {
			t.Errorf("Begin: %v", err)
		}
	})
	t.Run("given up", func(t *testing.T) {
		f, err := signin.Begin(t.Context(), newServer(t).config())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait: %v", err)
		}
	})
	t.Run("closed meanwhile", func(t *testing.T) {
		f, err := signin.Begin(t.Context(), newServer(t).config())
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if _, err := f.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "cancelled") {
			t.Errorf("Wait: %v", err)
		}
	})
}

func TestGrantMissing(t *testing.T) {
	g := signin.Grant{Scopes: []string{"https://graph.microsoft.com/Calendars.ReadWrite", "https://www.googleapis.com/auth/calendar.events"}}
	if m := g.Missing("openid", "offline_access", "calendars.readwrite", "https://www.googleapis.com/auth/calendar.events"); m != nil {
		t.Errorf("missing %v", m)
	}
	if m := g.Missing("https://www.googleapis.com/auth/calendar.calendarlist.readonly"); len(m) != 1 {
		t.Errorf("missing %v", m)
	}
}

func TestClaimsOfWhatIsNoIDToken(t *testing.T) {
	for _, s := range []string{"", "a.b", "a.!.c", "a.e30.c", "a." + base64.RawURLEncoding.EncodeToString([]byte("[]")) + ".c"} {
		if e, n := signin.Claims(s); e != "" || n != "" {
			t.Errorf("Claims(%q) = %q, %q", s, e, n)
		}
	}
}

func TestRevoke(t *testing.T) {
	s := newServer(t)
	kept := &memory{text: `{"refresh_token":"refresh-1"}`}
	if err := signin.Revoke(t.Context(), s.config(), kept); err != nil || !slices.Equal(s.revoked, []string{"refresh-1"}) {
		t.Errorf("Revoke: %v, revoked %v", err, s.revoked)
	}
	s.revoke = 400
	if err := signin.Revoke(t.Context(), s.config(), kept); err != nil {
		t.Errorf("Revoke of a dead token: %v", err)
	}
	s.revoke = 503
	if err := signin.Revoke(t.Context(), s.config(), &memory{}); err != nil {
		t.Errorf("Revoke of nothing: %v", err)
	}
	bare := s.config()
	bare.RevokeURL = ""
	if err := signin.Revoke(t.Context(), bare, kept); err != nil {
		t.Errorf("Revoke where there is no such thing: %v", err)
	}
}

func TestTheKeptSecretHasNoAccessToken(t *testing.T) {
	s := newServer(t)
	f, err := signin.Begin(t.Context(), s.config())
	if err != nil {
		t.Fatal(err)
	}
	browse(t, f.URL())
	g, err := f.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"refresh_token":"refresh-1","token_type":"Bearer","scopes":["one","two"]}`
	if got := signin.GrantSecret(g); got != want {
		t.Errorf("secret = %s\nwant     %s", got, want)
	}
}

func fresh(access, refresh string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		a := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3599}
		if refresh != "" {
			a["refresh_token"] = refresh
		}
		answer(w, 200, a)
	}
}

func failing(status int, body string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}
