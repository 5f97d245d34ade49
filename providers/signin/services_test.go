package signin_test

import (
	"net/http"
	"net/http/httptest"
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
		cfg.Scopes = []string{"https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/calendar.calendarlist.readonly"}
	} else {
		cfg.RedirectHost = "localhost"
		cfg.Scopes = []string{"openid", "profile", "email", "offline_access", "Calendars.ReadWrite"}
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
			if m := g.Missing(cfg.Scopes...); m != nil {
				t.Errorf("missing scopes %v of %v", m, g.Scopes)
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
	t.Run("a box unticked", func(t *testing.T) {
		s, cfg := service(t, oauthsim.Options{Service: oauthsim.Google})
		s.NarrowScopes(cfg.Scopes[:1])
		g, err := signIn(t, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if m := g.Missing(cfg.Scopes...); len(m) != 1 || m[0] != cfg.Scopes[1] {
			t.Errorf("missing %v", m)
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
