package signin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator/oauthsim"
)

// direct sends requests to a handler without sockets, so that time can be virtual.
// While down is set there is no network.
type direct struct {
	h    http.Handler
	down bool
}

func (d *direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.down {
		return nil, errors.New("no route to host")
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	return w.Result(), nil
}

// phone is a person with another machine.
type phone struct {
	t *testing.T
	c *http.Client
}

var ticketRE = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

func (p phone) post(address string, f url.Values) string {
	p.t.Helper()
	resp, err := p.c.PostForm(address, f)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

func (p phone) types(d *signin.Device, decision string) {
	p.t.Helper()
	m := ticketRE.FindStringSubmatch(p.post(d.URL(), url.Values{"user_code": {d.Code()}}))
	if m == nil {
		p.t.Fatal("the code is not taken")
	}
	p.post(d.URL(), url.Values{"ticket": {m[1]}, "decision": {decision}})
}

func TestSigningInByACode(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(p phone, s *oauthsim.Server, w *direct, d *signin.Device)
		kind calendar.Kind // -1: signed in
		want string
		took time.Duration
	}{
		{"approved in a minute", func(p phone, _ *oauthsim.Server, _ *direct, d *signin.Device) {
			time.Sleep(61 * time.Second)
			p.types(d, "approve")
		}, -1, "", 65 * time.Second},
		{"declined", func(p phone, _ *oauthsim.Server, _ *direct, d *signin.Device) { p.types(d, "deny") }, calendar.Forbidden, "authorization_declined", 5 * time.Second},
		{"never typed", func(phone, *oauthsim.Server, *direct, *signin.Device) {}, calendar.SignedOut, "not typed in time", 15 * time.Minute},
		{"asked to slow down", func(p phone, s *oauthsim.Server, _ *direct, d *signin.Device) {
			s.FailNextToken(400, "slow_down")
			p.types(d, "approve")
		}, -1, "", 15 * time.Second},
		{"without a network for a while", func(p phone, _ *oauthsim.Server, w *direct, d *signin.Device) {
			p.types(d, "approve")
			w.down = true
			time.Sleep(12 * time.Second)
			w.down = false
		}, -1, "", 15 * time.Second},
		{"blocked", func(p phone, s *oauthsim.Server, _ *direct, d *signin.Device) { s.SetRule(oauthsim.Blocked) }, calendar.SignedOut, "conditional access", 5 * time.Second},
		{"not enough granted", func(p phone, s *oauthsim.Server, _ *direct, d *signin.Device) {
			s.NarrowScopes([]string{"User.Read"})
			p.types(d, "approve")
		}, calendar.Forbidden, "change your events", 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := oauthsim.New(oauthsim.Options{Service: oauthsim.Outlook, ClientID: "client", Owner: oauthsim.Person{Email: "ada@example.com"}})
				wire := &direct{h: s}
				cfg := signin.Config{
					TokenURL: "http://login.test/common/oauth2/v2.0/token", DeviceURL: "http://login.test/common/oauth2/v2.0/devicecode",
					ClientID: "client", HTTPClient: &http.Client{Transport: wire},
					Scopes:      []string{"openid", "email", "profile", "offline_access"},
					Permissions: []calendar.Permission{{Scope: "Calendars.ReadWrite", Reason: "change your events"}},
				}
				d, err := signin.BeginDevice(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				if d.URL() != "http://login.test/common/oauth2/deviceauth" || len(d.Code()) != 9 {
					t.Errorf("%s at %s", d.Code(), d.URL())
				}
				began := time.Now()
				go c.do(phone{t, &http.Client{Transport: &direct{h: s}}}, s, wire, d)
				g, err := d.Wait(t.Context())
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %v, want %v", took, c.took)
				}
				if c.kind == -1 {
					if email, _ := signin.Claims(g.IDToken); err != nil || email != "ada@example.com" || g.Token.RefreshToken == "" {
						t.Errorf("%q, %v", email, err)
					}
					return
				}
				if calendar.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v; want %v: %s", err, c.kind, c.want)
				}
			})
		})
	}
}

func TestASignInByACodeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := oauthsim.New(oauthsim.Options{Service: oauthsim.Outlook, ClientID: "client"})
		cfg := signin.Config{TokenURL: "http://login.test/common/oauth2/v2.0/token", DeviceURL: "http://login.test/common/oauth2/v2.0/devicecode",
			ClientID: "client", HTTPClient: &http.Client{Transport: &direct{h: s}}, Scopes: []string{"offline_access"}}
		for name, end := range map[string]func(*signin.Device, context.CancelFunc){
			"it was cancelled":  func(d *signin.Device, _ context.CancelFunc) { d.Close() },
			"not typed in time": func(_ *signin.Device, cancel context.CancelFunc) { cancel() },
		} {
			d, err := signin.BeginDevice(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				time.Sleep(7 * time.Second)
				end(d, cancel)
			}()
			if _, err := d.Wait(ctx); calendar.KindOf(err) != calendar.SignedOut || !strings.Contains(err.Error(), name) {
				t.Errorf("Wait: %v, want %s", err, name)
			}
			cancel()
		}
	})
}

func TestWhereNoCodeCanBeHad(t *testing.T) {
	_, cfg := service(t, oauthsim.Options{Service: oauthsim.Google})
	if _, err := signin.BeginDevice(t.Context(), cfg); calendar.KindOf(err) != calendar.Invalid || !strings.Contains(err.Error(), "with a browser") {
		t.Errorf("Google: %v", err)
	}
	_, cfg = service(t, oauthsim.Options{Service: oauthsim.Outlook})
	cfg.ClientID = "another"
	if _, err := signin.BeginDevice(t.Context(), cfg); calendar.ObstacleOf(err) != calendar.ClientRefused {
		t.Errorf("another client: %v", err)
	}
	cfg.ClientID = ""
	if _, err := signin.BeginDevice(t.Context(), cfg); calendar.KindOf(err) != calendar.Invalid {
		t.Errorf("no client: %v", err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"user_code":"X"}`) }))
	defer s.Close()
	cfg.ClientID, cfg.DeviceURL = "client", s.URL
	if _, err := signin.BeginDevice(t.Context(), cfg); calendar.KindOf(err) != calendar.Unavailable {
		t.Errorf("half an answer: %v", err)
	}
}
