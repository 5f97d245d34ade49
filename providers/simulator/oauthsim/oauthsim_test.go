package oauthsim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	verifier   = "correct-horse-battery-staple-correct-horse-battery"
	calScope   = googlePrefix + "calendar.events"
	listScope  = googlePrefix + "calendar.calendarlist.readonly"
	googleBack = "http://127.0.0.1:4711/done"
	msBack     = "http://localhost:4711"
)

// lab is a server with a clock that the test moves and a client that does not
// follow redirects.
type lab struct {
	*Server
	t   *testing.T
	now time.Time
	url string
}

func newLab(t *testing.T, o Options) *lab {
	t.Helper()
	l := &lab{t: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	o.Owner = Person{Name: "Ada Example", Email: "ada@example.com"}
	o.Now = func() time.Time { return l.now }
	l.Server = New(o)
	srv := httptest.NewServer(l.Server)
	t.Cleanup(srv.Close)
	l.url = srv.URL
	return l
}

func challenge(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// askFor is a good authorize query; kv overrides it, "" removes.
func (l *lab) askFor(kv ...string) string {
	q := url.Values{
		"client_id": {"cid"}, "response_type": {"code"}, "state": {"s t+a/t&e"},
		"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"},
	}
	path := "/o/oauth2/v2/auth"
	q.Set("redirect_uri", googleBack)
	q.Set("scope", "openid email profile "+calScope+" "+listScope)
	if l.opts.Service == Outlook {
		path = "/common/oauth2/v2.0/authorize"
		q.Set("redirect_uri", msBack)
		q.Set("scope", "openid email profile offline_access User.Read https://graph.microsoft.com/Calendars.ReadWrite")
	}
	for i := 0; i < len(kv); i += 2 {
		if q.Set(kv[i], kv[i+1]); kv[i+1] == "" {
			q.Del(kv[i])
		}
	}
	return l.url + path + "?" + q.Encode()
}

func (l *lab) do(req *http.Request) (int, http.Header, string) {
	l.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func (l *lab) get(u string) (int, http.Header, string) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), "GET", u, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.do(req)
}

func (l *lab) post(u string, f url.Values) (int, http.Header, string) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), "POST", u, strings.NewReader(f.Encode()))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return l.do(req)
}

// landed is the query that the client would receive.
func (l *lab) landed(status int, h http.Header) url.Values {
	l.t.Helper()
	if status != http.StatusFound {
		l.t.Fatalf("no redirect, status %d", status)
	}
	u, err := url.Parse(h.Get("Location"))
	if err != nil {
		l.t.Fatal(err)
	}
	return u.Query()
}

func (l *lab) code(kv ...string) string {
	l.t.Helper()
	status, h, _ := l.get(l.askFor(kv...))
	q := l.landed(status, h)
	if q.Get("code") == "" {
		l.t.Fatalf("no code: %v", q)
	}
	return q.Get("code")
}

func (l *lab) tokenURL() string { return l.url + l.pick("/token", "/common/oauth2/v2.0/token") }

func (l *lab) token(kv ...string) (int, map[string]any) {
	l.t.Helper()
	f := url.Values{"client_id": {"cid"}}
	for i := 0; i < len(kv); i += 2 {
		f.Set(kv[i], kv[i+1])
	}
	return l.form(l.tokenURL(), f)
}

// form posts one and reads the JSON that it is answered with.
func (l *lab) form(u string, f url.Values) (int, map[string]any) {
	l.t.Helper()
	status, _, body := l.post(u, f)
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		l.t.Fatalf("%v: %s", err, body)
	}
	return status, out
}

func (l *lab) exchange(code string, kv ...string) (int, map[string]any) {
	l.t.Helper()
	return l.token(append([]string{"grant_type", "authorization_code", "code", code,
		"redirect_uri", l.pick(googleBack, msBack), "code_verifier", verifier}, kv...)...)
}

// signIn goes the whole way and returns the tokens.
func (l *lab) signIn() (access, refresh string) {
	l.t.Helper()
	status, out := l.exchange(l.code())
	if status != 200 {
		l.t.Fatalf("exchange: %d %v", status, out)
	}
	refresh, _ = out["refresh_token"].(string)
	return out["access_token"].(string), refresh
}

func claimsOf(t *testing.T, token any) map[string]any {
	t.Helper()
	parts := strings.Split(token.(string), ".")
	if len(parts) != 3 {
		t.Fatalf("id_token has %d parts", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSignInGivesTokensAndIdentity(t *testing.T) {
	for _, tc := range []struct {
		service, scope string
		claims         []string
	}{
		{Google, "openid " + googlePrefix + "userinfo.email " + googlePrefix + "userinfo.profile " + calScope + " " + listScope,
			[]string{"aud", "azp", "email", "email_verified", "exp", "iat", "iss", "name", "sub"}},
		{Outlook, "openid email profile https://graph.microsoft.com/User.Read https://graph.microsoft.com/Calendars.ReadWrite",
			[]string{"aud", "email", "exp", "iat", "iss", "name", "oid", "preferred_username", "sub", "tid", "ver"}},
	} {
		t.Run(tc.service, func(t *testing.T) {
			l := newLab(t, Options{Service: tc.service, AutoApprove: true})
			status, h, _ := l.get(l.askFor())
			q := l.landed(status, h)
			if q.Get("state") != "s t+a/t&e" {
				t.Errorf("state came back as %q", q.Get("state"))
			}
			status, out := l.exchange(q.Get("code"))
			if status != 200 || out["token_type"] != "Bearer" || out["expires_in"] != 3599.0 || out["refresh_token"] == nil {
				t.Fatalf("token answer %d %v", status, out)
			}
			if out["scope"] != tc.scope {
				t.Errorf("scope %q, want %q", out["scope"], tc.scope)
			}
			c := claimsOf(t, out["id_token"])
			if got := slices.Sorted(maps.Keys(c)); !slices.Equal(got, tc.claims) {
				t.Errorf("claims %v, want %v", got, tc.claims)
			}
			if c["email"] != "ada@example.com" || c["aud"] != "cid" {
				t.Errorf("claims say %v", c)
			}
			scopes, err := l.Authorize(out["access_token"].(string))
			if err != nil || !slices.Contains(scopes, l.pick(calScope, "Calendars.ReadWrite")) {
				t.Errorf("Authorize: %v %v", scopes, err)
			}
		})
	}
}

func TestMicrosoftGivesOnlyWhatWasAskedFor(t *testing.T) {
	l := newLab(t, Options{Service: Outlook, AutoApprove: true})
	_, out := l.exchange(l.code("scope", "Calendars.Read"))
	if out["refresh_token"] != nil || out["id_token"] != nil {
		t.Errorf("refresh token without offline_access, or id token without openid: %v", out)
	}
}

func TestAuthorizeRefusesOnItsOwnPage(t *testing.T) {
	for name, tc := range map[string]struct{ service, key, value, code string }{
		"google: no client":                    {Google, "client_id", "", "invalid_request"},
		"google: other client":                 {Google, "client_id", "evil", "invalid_client"},
		"google: localhost by name":            {Google, "redirect_uri", "http://localhost:80/", "redirect_uri_mismatch"},
		"google: public address":               {Google, "redirect_uri", "http://example.com/", "redirect_uri_mismatch"},
		"google: https loopback":               {Google, "redirect_uri", "https://127.0.0.1:1/", "redirect_uri_mismatch"},
		"google: unknown scope":                {Google, "scope", "calender", "invalid_scope"},
		"google: plain PKCE":                   {Google, "code_challenge_method", "plain", "invalid_request"},
		"google: no PKCE":                      {Google, "code_challenge", "", "invalid_request"},
		"google: implicit flow":                {Google, "response_type", "token", "unsupported_response_type"},
		"outlook: loopback address":            {Outlook, "redirect_uri", "http://127.0.0.1:4711", "invalid_request"},
		"outlook: IPv6":                        {Outlook, "redirect_uri", "http://[::1]:4711", "invalid_request"},
		"outlook: path that is not registered": {Outlook, "redirect_uri", "http://localhost:4711/done", "invalid_request"},
		"outlook: query in the address":        {Outlook, "redirect_uri", "http://localhost:4711/?a=b", "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{Service: tc.service, AutoApprove: true, ClientID: "cid"})
			status, h, body := l.get(l.askFor(tc.key, tc.value))
			if status != 400 || h.Get("Location") != "" || !strings.Contains(body, "Error: "+tc.code) {
				t.Errorf("status %d, location %q, page:\n%s", status, h.Get("Location"), body)
			}
		})
	}
}

func TestMicrosoftReturnsRequestFaultsToTheClient(t *testing.T) {
	for _, tc := range []struct{ key, value, code string }{
		{"scope", "Calendar.Write", "invalid_scope"},
		{"scope", "", "invalid_request"},
		{"response_mode", "form_post", "invalid_request"},
		{"code_challenge_method", "", "invalid_request"},
	} {
		l := newLab(t, Options{Service: Outlook, AutoApprove: true})
		status, h, _ := l.get(l.askFor(tc.key, tc.value))
		if q := l.landed(status, h); q.Get("error") != tc.code || q.Get("state") == "" {
			t.Errorf("%s=%q: came back with %v", tc.key, tc.value, q)
		}
	}
}

func TestRedirectMayUseAnyPort(t *testing.T) {
	for service, addrs := range map[string][]string{
		Google:  {"http://127.0.0.1:1/x", "http://[::1]:65535"},
		Outlook: {"http://localhost", "http://localhost:9999", "http://localhost:9999/"},
	} {
		l := newLab(t, Options{Service: service, AutoApprove: true})
		for _, a := range addrs {
			l.code("redirect_uri", a)
		}
	}
	l := newLab(t, Options{Service: Outlook, AutoApprove: true, RedirectPath: "/auth"})
	l.code("redirect_uri", "http://localhost:5/auth")
	if status, _, _ := l.get(l.askFor("redirect_uri", "http://localhost:5/Auth")); status != 400 {
		t.Error("the path is case-sensitive, yet /Auth was taken for /auth")
	}
}

var ticketRE = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

func TestConsentPage(t *testing.T) {
	for name, tc := range map[string]struct {
		service string
		form    url.Values
		denied  bool
		scopes  []string
	}{
		"google: all approved": {Google, url.Values{"decision": {"approve"}, "scope": {calScope, listScope}}, false, []string{"openid", "email", "profile", calScope, listScope}},
		"google: one unticked": {Google, url.Values{"decision": {"approve"}, "scope": {listScope}}, false, []string{"openid", "email", "profile", listScope}},
		"google: denied":       {Google, url.Values{"decision": {"deny"}, "scope": {calScope}}, true, nil},
		"outlook: approved":    {Outlook, url.Values{"decision": {"approve"}}, false, []string{"openid", "email", "profile", "offline_access", "User.Read", "Calendars.ReadWrite"}},
		"outlook: no decision": {Outlook, url.Values{}, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{Service: tc.service})
			u := l.askFor()
			_, _, body := l.get(u)
			m := ticketRE.FindStringSubmatch(body)
			if m == nil {
				t.Fatalf("no form:\n%s", body)
			}
			tc.form.Set("ticket", m[1])
			status, h, _ := l.post(u, tc.form)
			q := l.landed(status, h)
			if tc.denied {
				if q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") == "" {
					t.Errorf("came back with %v", q)
				}
				return
			}
			_, out := l.exchange(q.Get("code"))
			scopes, err := l.Authorize(out["access_token"].(string))
			if err != nil || !slices.Equal(scopes, tc.scopes) {
				t.Errorf("granted %v %v, want %v", scopes, err, tc.scopes)
			}
			if status, _, _ := l.post(u, tc.form); status != 400 {
				t.Errorf("the same form worked twice: %d", status)
			}
		})
	}
}

func TestCodeIsBound(t *testing.T) {
	for name, tc := range map[string]struct {
		key, value    string
		google, azure string
		number        float64
	}{
		"wrong verifier":   {"code_verifier", strings.Repeat("x", 50), "invalid_grant", "invalid_grant", 501481},
		"missing verifier": {"code_verifier", "", "invalid_grant", "invalid_grant", 501481},
		"short verifier":   {"code_verifier", "short", "invalid_grant", "invalid_grant", 501481},
		"other redirect":   {"redirect_uri", "http://localhost:1", "redirect_uri_mismatch", "invalid_client", 500112},
		"other client":     {"client_id", "cid2", "invalid_grant", "invalid_grant", 9002313},
		"unknown code":     {"code", "guess", "invalid_grant", "invalid_grant", 9002313},
		"other grant type": {"grant_type", "password", "unsupported_grant_type", "unsupported_grant_type", 70003},
		"no code":          {"code", "", "invalid_request", "invalid_request", 900144},
	} {
		for _, service := range []string{Google, Outlook} {
			t.Run(service+"/"+name, func(t *testing.T) {
				l := newLab(t, Options{Service: service, AutoApprove: true})
				code := l.code()
				status, out := l.exchange(code, tc.key, tc.value)
				if want := l.pick(tc.google, tc.azure); status != 400 || out["error"] != want {
					t.Fatalf("%d %v, want %s", status, out, want)
				}
				if service == Outlook {
					if n := out["error_codes"].([]any)[0]; n != tc.number {
						t.Errorf("error code %v", n)
					}
					for _, k := range []string{"error_description", "timestamp", "trace_id", "correlation_id"} {
						if s, _ := out[k].(string); s == "" {
							t.Errorf("no %s", k)
						}
					}
				}
				if status, out := l.exchange(code); status != 200 {
					t.Errorf("a failed try must not use up the code: %d %v", status, out)
				}
			})
		}
	}
}

func TestCodeWorksOnceAndForTenMinutes(t *testing.T) {
	for _, service := range []string{Google, Outlook} {
		l := newLab(t, Options{Service: service, AutoApprove: true})
		used, old := l.code(), l.code()
		if status, _ := l.exchange(used); status != 200 {
			t.Fatal(status)
		}
		if status, out := l.exchange(used); status != 400 || out["error"] != "invalid_grant" {
			t.Errorf("%s: second use: %d %v", service, status, out)
		}
		l.now = l.now.Add(codeLife)
		if status, out := l.exchange(old); status != 400 || out["error"] != "invalid_grant" {
			t.Errorf("%s: late use: %d %v", service, status, out)
		}
	}
}

func TestClientSecret(t *testing.T) {
	g := newLab(t, Options{Service: Google, AutoApprove: true, ClientSecret: "shh"})
	code := g.code()
	if status, out := g.exchange(code, "client_secret", "wrong"); status != 401 || out["error"] != "invalid_client" {
		t.Errorf("wrong secret: %d %v", status, out)
	}
	if status, out := g.exchange(code, "client_secret", "shh"); status != 200 {
		t.Errorf("right secret: %d %v", status, out)
	}
	m := newLab(t, Options{Service: Outlook, AutoApprove: true})
	code = m.code()
	status, out := m.exchange(code, "client_secret", "shh")
	if status != 401 || out["error"] != "invalid_client" || !strings.HasPrefix(out["error_description"].(string), "AADSTS700025: ") {
		t.Errorf("public client with a secret: %d %v", status, out)
	}
}

func TestRefresh(t *testing.T) {
	g := newLab(t, Options{Service: Google, AutoApprove: true})
	_, rt := g.signIn()
	status, out := g.token("grant_type", "refresh_token", "refresh_token", rt)
	if status != 200 || out["refresh_token"] != nil {
		t.Errorf("google: %d %v", status, out)
	}
	if status, out = g.token("grant_type", "refresh_token", "refresh_token", rt, "client_id", "cid2"); status != 400 || out["error"] != "invalid_grant" {
		t.Errorf("another client's token: %d %v", status, out)
	}
	for strict, second := range map[bool]int{false: 200, true: 400} {
		m := newLab(t, Options{Service: Outlook, AutoApprove: true, StrictRotation: strict})
		_, rt = m.signIn()
		status, out = m.token("grant_type", "refresh_token", "refresh_token", rt)
		if next := out["refresh_token"]; status != 200 || next == nil || next == rt {
			t.Errorf("outlook: %d %v", status, out)
		}
		if status, out = m.token("grant_type", "refresh_token", "refresh_token", rt); status != second {
			t.Errorf("strict %v: the old token gave %d %v", strict, status, out)
		}
	}
}

func TestTokensDie(t *testing.T) {
	l := newLab(t, Options{Service: Google, AutoApprove: true})
	at, rt := l.signIn()
	if _, err := l.Authorize(""); !errors.Is(err, ErrMissingToken) {
		t.Errorf("empty: %v", err)
	}
	if _, err := l.Authorize("ya29.guess"); !errors.Is(err, ErrUnknownToken) {
		t.Errorf("guessed: %v", err)
	}
	l.now = l.now.Add(accessLife - time.Second)
	if _, err := l.Authorize(at); err != nil {
		t.Errorf("before its end: %v", err)
	}
	l.now = l.now.Add(time.Second)
	if _, err := l.Authorize(at); !errors.Is(err, ErrExpiredToken) {
		t.Errorf("at its end: %v", err)
	}
	_, out := l.token("grant_type", "refresh_token", "refresh_token", rt)
	at = out["access_token"].(string)
	l.ExpireAccessTokens()
	if _, err := l.Authorize(at); !errors.Is(err, ErrExpiredToken) {
		t.Errorf("after ExpireAccessTokens: %v", err)
	}
	l.RevokeAll()
	if status, out := l.token("grant_type", "refresh_token", "refresh_token", rt); status != 400 ||
		out["error"] != "invalid_grant" || out["error_description"] != "Token has been expired or revoked." {
		t.Errorf("after RevokeAll: %d %v", status, out)
	}
}

func TestRevokeKillsThePair(t *testing.T) {
	l := newLab(t, Options{Service: Google, AutoApprove: true})
	at, rt := l.signIn()
	if status, _, body := l.post(l.url+"/revoke", url.Values{"token": {rt}}); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if _, err := l.Authorize(at); !errors.Is(err, ErrUnknownToken) {
		t.Errorf("access token lives on: %v", err)
	}
	if status, _, body := l.post(l.url+"/revoke", url.Values{"token": {at}}); status != 400 || !strings.Contains(body, `"invalid_token"`) {
		t.Errorf("second revocation: %d %s", status, body)
	}
}

func TestFaultsOnDemand(t *testing.T) {
	l := newLab(t, Options{Service: Outlook, AutoApprove: true})
	_, rt := l.signIn()
	l.FailNextToken(400, "interaction_required")
	if status, out := l.token("grant_type", "refresh_token", "refresh_token", rt); status != 400 || out["error"] != "interaction_required" || out["claims"] == nil {
		t.Errorf("%d %v", status, out)
	}
	if status, _ := l.token("grant_type", "refresh_token", "refresh_token", rt); status != 200 {
		t.Errorf("the fault stayed: %d", status)
	}
	l.NarrowScopes([]string{"User.Read"})
	if _, out := l.exchange(l.code()); out["scope"] != "openid email profile https://graph.microsoft.com/User.Read" {
		t.Errorf("narrowed scope %v", out["scope"])
	}
	l.FailNextAuthorize("consent_required")
	status, h, _ := l.get(l.askFor())
	if q := l.landed(status, h); q.Get("error") != "consent_required" {
		t.Errorf("came back with %v", q)
	}
	if got := l.Counts(); got["authorize"] != 3 || got["code"] != 2 || got["refresh"] != 2 {
		t.Errorf("counts %v", got)
	}
}

func TestGoogleForgetsTheOldestRefreshToken(t *testing.T) {
	l := newLab(t, Options{Service: Google, AutoApprove: true})
	_, first := l.signIn()
	_, second := l.signIn()
	for range maxRefresh - 1 {
		l.signIn()
	}
	if status, _ := l.token("grant_type", "refresh_token", "refresh_token", first); status != 400 {
		t.Errorf("the oldest of 101 tokens lives: %d", status)
	}
	if status, _ := l.token("grant_type", "refresh_token", "refresh_token", second); status != 200 {
		t.Errorf("the second oldest died: %d", status)
	}
}

func TestDiscoveryNamesWhatIsServed(t *testing.T) {
	for service, path := range map[string]string{
		Google: "/.well-known/openid-configuration", Outlook: "/common/v2.0/.well-known/openid-configuration",
	} {
		l := newLab(t, Options{Service: service, AutoApprove: true})
		_, _, body := l.get(l.url + path)
		var d map[string]any
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			t.Fatal(err)
		}
		if d["token_endpoint"] != l.tokenURL() || !strings.HasPrefix(l.askFor(), d["authorization_endpoint"].(string)+"?") {
			t.Errorf("%s: %v", service, d)
		}
		if !l.Handles(path) || l.Handles("/v1.0/me") || l.Handles("/calendar/v3/users/me/calendarList") {
			t.Errorf("%s: Handles mixes up sign-in and calendar paths", service)
		}
	}
}
