package signin_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator/oauthsim"
)

// service is a simulated sign-in service, and how a connector would describe it.
func service(t *testing.T, o oauthsim.Options) (*oauthsim.Server, signin.Config) {
	t.Helper()
	o.Owner = oauthsim.Person{Name: "Ada Sample", Email: "ada@example.com"}
	o.AutoApprove = true
	o.ClientID = "client"
	s := oauthsim.New(o)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	authorize, token, revoke := s.Paths()
	cfg := signin.Config{AuthURL: srv.URL + authorize, TokenURL: srv.URL + token, ClientID: "client", HTTPClient: srv.Client()}
	if o.Service == oauthsim.Google {
		cfg.RedirectHost, cfg.RevokeURL = "127.0.0.1", srv.URL+revoke
		cfg.AuthParams = map[string]string{"access_type": "offline", "prompt": "consent"}
		cfg.Permissions = []calendar.Permission{
			{Scope: "https://www.googleapis.com/auth/calendar.events", Reason: "change your events"},
			{Scope: "https://www.googleapis.com/auth/calendar.calendarlist.readonly", Reason: "see your list"},
			{Scope: "https://www.googleapis.com/auth/calendar.app.created", Extra: calendar.CopiesCalendar, Reason: "make a calendar"},
		}
	} else {
		cfg.RedirectHost = "localhost"
		cfg.DeviceURL = srv.URL + "/common/oauth2/v2.0/devicecode"
		cfg.Scopes = []string{"openid", "profile", "email", "offline_access"}
		cfg.Permissions = []calendar.Permission{{Scope: "Calendars.ReadWrite", Reason: "change your events"}}
	}
	return s, cfg
}

func signIn(t *testing.T, cfg signin.Config) (signin.Grant, error) {
	t.Helper()
	f, err := signin.Begin(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	resp, err := http.Get(f.URL())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return f.Wait(t.Context())
}

func TestAgainstTheSimulatedServices(t *testing.T) {
	for name, o := range map[string]oauthsim.Options{
		"Google":                         {Service: oauthsim.Google},
		"Microsoft":                      {Service: oauthsim.Outlook},
		"Microsoft, stricter than it is": {Service: oauthsim.Outlook, StrictRotation: true},
		"Microsoft, with scopes as they were asked for": {Service: oauthsim.Outlook, PlainScopes: true},
	} {
		t.Run(name, func(t *testing.T) {
			s, cfg := service(t, o)
			g, err := signIn(t, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if m := g.Missing("calendar.events", "calendars.readwrite"); len(m) != 1 || g.Lacks != nil {
				t.Errorf("scopes %v, extras that are missing %v", g.Scopes, g.Lacks)
			}
			if o.Service == oauthsim.Outlook {
				if email, who := signin.Claims(g.IDToken); email != "ada@example.com" || who != "Ada Sample" {
					t.Errorf("claims = %q, %q", email, who)
				}
			}
			kept := &memory{text: signin.GrantSecret(g)}
			src := signin.TokenSource(t.Context(), cfg, kept)
			for range 3 {
				tok, err := src.Token()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Authorize(tok.AccessToken); err != nil {
					t.Errorf("the token is not taken: %v", err)
				}
				if strings.Contains(kept.text, tok.AccessToken) {
					t.Error("an access token was kept")
				}
				src.Forget(tok.AccessToken)
			}
			if rotated := o.Service == oauthsim.Outlook; rotated != (len(kept.saves) == 3) {
				t.Errorf("saved %d times", len(kept.saves))
			}
			s.FailNextToken(503, "temporarily_unavailable")
			if _, err := src.Token(); calendar.KindOf(err) != calendar.Unavailable {
				t.Errorf("with the service down: %v", err)
			}
			if err := signin.Revoke(t.Context(), cfg, kept); err != nil {
				t.Errorf("Revoke: %v", err)
			}
			if o.Service == oauthsim.Outlook { // which knows no revocation
				s.RevokeAll()
			}
			if _, err := src.Token(); calendar.KindOf(err) != calendar.SignedOut || !strings.Contains(err.Error(), "invalid_grant") {
				t.Errorf("after the end of the grant: %v", err)
			}
		})
	}
}

func TestWhatTheConsentPageMayAnswer(t *testing.T) {
	t.Run("declined", func(t *testing.T) {
		s, cfg := service(t, oauthsim.Options{Service: oauthsim.Outlook})
		s.FailNextAuthorize("access_denied")
		if _, err := signIn(t, cfg); calendar.KindOf(err) != calendar.Forbidden {
			t.Errorf("Wait: %v", err)
		}
	})
	t.Run("an extra unticked", func(t *testing.T) {
		s, cfg := service(t, oauthsim.Options{Service: oauthsim.Google})
		s.NarrowScopes([]string{cfg.Permissions[0].Scope, cfg.Permissions[1].Scope})
		g, err := signIn(t, cfg)
		if err != nil || !slices.Equal(g.Lacks, []calendar.Extra{calendar.CopiesCalendar}) {
			t.Errorf("it lacks %v, %v", g.Lacks, err)
		}
	})
	t.Run("no lasting permission", func(t *testing.T) {
		_, cfg := service(t, oauthsim.Options{Service: oauthsim.Google, OmitRefreshToken: true})
		if _, err := signIn(t, cfg); calendar.KindOf(err) != calendar.Forbidden {
			t.Errorf("Wait: %v", err)
		}
	})
	t.Run("another client's secret", func(t *testing.T) {
		_, cfg := service(t, oauthsim.Options{Service: oauthsim.Outlook})
		cfg.ClientSecret = "not for public clients"
		if _, err := signIn(t, cfg); calendar.KindOf(err) != calendar.Invalid {
			t.Errorf("Wait: %v", err)
		}
	})
}

var againRE = regexp.MustCompile(`id="again" href="([^"]+)"`)

// What nothing works without is asked for again, at once and in the browser, where the
// person still is.
func TestABoxLeftEmptyIsAskedForAgain(t *testing.T) {
	s, cfg := service(t, oauthsim.Options{Service: oauthsim.Google})
	f, err := signin.Begin(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s.NarrowScopes([]string{cfg.Permissions[0].Scope})
	first := f.URL()
	status, page := browse(t, first)
	m := againRE.FindStringSubmatch(page)
	if status != 200 || m == nil || !strings.Contains(page, "see your list") || strings.Contains(page, "change your events") || strings.Contains(page, "make a calendar") {
		t.Fatalf("%d:\n%s", status, page)
	}
	again := html.UnescapeString(m[1])
	q, p := query(t, first), query(t, again)
	for _, k := range []string{"state", "code_challenge"} {
		if q.Get(k) == p.Get(k) || p.Get(k) == "" {
			t.Errorf("%s is used twice", k)
		}
	}
	if status, _ := browse(t, q.Get("redirect_uri")+"/?code=x&state="+q.Get("state")); status != 409 {
		t.Errorf("the first state is still taken: %d", status)
	}
	s.NarrowScopes(nil)
	if _, page := browse(t, again); !strings.Contains(page, "You are signed in") {
		t.Errorf("the second time:\n%s", page)
	}
	if g, err := f.Wait(t.Context()); err != nil || g.Lacks != nil {
		t.Errorf("%v, %v", g.Lacks, err)
	}
}

func TestABoxLeftEmptyForGood(t *testing.T) {
	s, cfg := service(t, oauthsim.Options{Service: oauthsim.Google})
	s.NarrowScopes([]string{cfg.Permissions[0].Scope})
	for name, end := range map[string]func(*signin.Flow, string){
		"given up": func(f *signin.Flow, _ string) { f.Close() },
		"asked often enough": func(f *signin.Flow, page string) {
			for range 10 {
				m := againRE.FindStringSubmatch(page)
				if m == nil {
					break
				}
				_, page = browse(t, html.UnescapeString(m[1]))
			}
			if !strings.Contains(page, "You are not signed in") {
				t.Errorf("the last page:\n%s", page)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := signin.Begin(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, page := browse(t, f.URL())
			end(f, page)
			_, err = f.Wait(t.Context())
			if calendar.KindOf(err) != calendar.Forbidden || calendar.ObstacleOf(err) != calendar.ScopeMissing || !strings.Contains(err.Error(), "see your list") {
				t.Errorf("Wait: %v", err)
			}
		})
	}
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// What stands in the way of a sign-in, and who can take it away.
func TestObstacles(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(*oauthsim.Server)
		first bool // it shows when signing in, else when refreshing
		kind  calendar.Kind
		want  calendar.Obstacle
		says  string
	}{
		{"declined", func(s *oauthsim.Server) { s.FailNextAuthorizeAs("access_denied", 65004) }, true, calendar.Forbidden, "", "declined"},
		{"an administrator first", func(s *oauthsim.Server) { s.SetRule(oauthsim.AdminFirst) }, true, calendar.SignedOut, calendar.AdminApproval, "administrator has to agree"},
		{"nobody has agreed", func(s *oauthsim.Server) { s.FailNextAuthorizeAs("consent_required", 65001) }, true, calendar.SignedOut, calendar.AdminApproval, "AADSTS65001"},
		{"not assigned", func(s *oauthsim.Server) { s.FailNextAuthorizeAs("access_denied", 50105) }, true, calendar.SignedOut, calendar.BlockedByPolicy, "has not assigned"},
		{"a web app's client", func(s *oauthsim.Server) { s.FailNextTokenAs(401, "invalid_client", 7000218) }, true, calendar.Invalid, calendar.ClientRefused, "allow public client flows"},
		{"a client of another organisation", func(s *oauthsim.Server) { s.FailNextAuthorizeAs("invalid_request", 50194) }, true, calendar.Invalid, calendar.ClientRefused, "one organisation only"},
		{"conditional access", func(s *oauthsim.Server) { s.SetRule(oauthsim.Blocked) }, false, calendar.SignedOut, calendar.BlockedByPolicy, "conditional access"},
		{"a second factor", func(s *oauthsim.Server) { s.FailNextTokenAs(400, "interaction_required", 50076) }, false, calendar.SignedOut, "", "second factor"},
		{"a changed password", (*oauthsim.Server).ChangePassword, false, calendar.SignedOut, "", "password was changed"},
		{"revoked", (*oauthsim.Server).RevokeAll, false, calendar.SignedOut, "", "revoked"},
		{"unused for 90 days", (*oauthsim.Server).ExpireRefreshTokens, false, calendar.SignedOut, "", "not used for too long"},
		{"a client that was deleted", func(s *oauthsim.Server) { s.FailNextTokenAs(400, "unauthorized_client", 700016) }, false, calendar.Invalid, calendar.ClientRefused, "unknown there"},
		{"a bad day", func(s *oauthsim.Server) { s.FailNextTokenAs(503, "invalid_client", 53003) }, false, calendar.Unavailable, "", "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, cfg := service(t, oauthsim.Options{Service: oauthsim.Outlook})
			if c.first {
				c.do(s)
			}
			g, err := signIn(t, cfg)
			if !c.first {
				if err != nil {
					t.Fatal(err)
				}
				c.do(s)
				_, err = signin.TokenSource(t.Context(), cfg, &memory{text: signin.GrantSecret(g)}).Token()
			}
			if calendar.KindOf(err) != c.kind || calendar.ObstacleOf(err) != c.want || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("%v; %v with %q wanted", err, c.kind, c.want)
			}
		})
	}
	t.Run("blocked by a Google administrator", func(t *testing.T) {
		s, cfg := service(t, oauthsim.Options{Service: oauthsim.Google})
		g, err := signIn(t, cfg)
		if err != nil {
			t.Fatal(err)
		}
		s.SetRule(oauthsim.Blocked)
		_, err = signin.TokenSource(t.Context(), cfg, &memory{text: signin.GrantSecret(g)}).Token()
		if calendar.KindOf(err) != calendar.SignedOut || calendar.ObstacleOf(err) != calendar.BlockedByPolicy {
			t.Error(err)
		}
	})
}
