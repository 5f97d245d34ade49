package oauthsim

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// begin asks for a device's code.
func (l *lab) begin() (code, user string) {
	l.t.Helper()
	status, out := l.ask(url.Values{"client_id": {"cid"}, "scope": {"offline_access Calendars.ReadWrite"}})
	if status != 200 || out["interval"] != 5.0 || out["expires_in"] != 900.0 || out["verification_uri_complete"] != nil {
		l.t.Fatalf("%d %v", status, out)
	}
	return out["device_code"].(string), out["user_code"].(string)
}

func (l *lab) ask(f url.Values) (int, map[string]any) {
	l.t.Helper()
	return l.form(l.url+"/common/oauth2/v2.0/devicecode", f)
}

// poll waits so many seconds and asks whether the person is through.
func (l *lab) poll(code string, seconds int) (int, map[string]any) {
	l.t.Helper()
	l.now = l.now.Add(time.Duration(seconds) * time.Second)
	return l.token("grant_type", deviceGrant, "device_code", code)
}

// answer types the code and decides.
func (l *lab) answer(user, decision string) {
	l.t.Helper()
	_, _, page := l.post(l.url+devicePath, url.Values{"user_code": {" " + strings.ToLower(user) + " "}})
	m := ticketRE.FindStringSubmatch(page)
	if m == nil {
		l.t.Fatalf("no form:\n%s", page)
	}
	if status, _, page := l.post(l.url+devicePath, url.Values{"ticket": {m[1]}, "decision": {decision}}); status != 200 || !strings.Contains(page, "go back to your device") {
		l.t.Fatalf("%d\n%s", status, page)
	}
}

func TestDeviceCode(t *testing.T) {
	l := newLab(t, Options{Service: Outlook, ClientID: "cid"})
	code, user := l.begin()
	steps := []struct {
		wait   int
		status int
		want   string
	}{
		{1, 400, "slow_down"}, {5, 400, "slow_down"}, {15, 400, "authorization_pending"}, {14, 400, "slow_down"}, {20, 400, "authorization_pending"},
	}
	for i, s := range steps {
		if status, out := l.poll(code, s.wait); status != s.status || out["error"] != s.want {
			t.Errorf("poll %d after %d s: %d %v, want %s", i, s.wait, status, out["error"], s.want)
		}
	}
	l.answer(user, "approve")
	if status, out := l.poll(code, 20); status != 200 || out["refresh_token"] == nil || out["scope"] != "https://graph.microsoft.com/Calendars.ReadWrite" {
		t.Errorf("approved: %d %v", status, out)
	}
	if status, out := l.poll(code, 20); status != 400 || out["error"] != "invalid_grant" {
		t.Errorf("a second use: %d %v", status, out)
	}
}

func TestDeviceCodeThatComesToNothing(t *testing.T) {
	l := newLab(t, Options{Service: Outlook, ClientID: "cid"})
	code, user := l.begin()
	l.answer(user, "deny")
	if status, out := l.poll(code, 5); status != 400 || out["error"] != "authorization_declined" {
		t.Errorf("declined: %d %v", status, out)
	}
	late, user := l.begin()
	if status, out := l.poll(late, 900); status != 400 || out["error"] != "expired_token" {
		t.Errorf("late: %d %v", status, out)
	}
	if status, _, page := l.post(l.url+devicePath, url.Values{"user_code": {user}}); status != 400 || !strings.Contains(page, "Check the code") {
		t.Errorf("an expired code is taken: %d", status)
	}
	if status, out := l.poll("guess", 5); status != 400 || out["error"] != "bad_verification_code" {
		t.Errorf("guessed: %d %v", status, out)
	}
	if status, out := l.ask(url.Values{"client_id": {"other"}, "scope": {"Calendars.Read"}}); status != 400 || out["error"] != "unauthorized_client" {
		t.Errorf("another client: %d %v", status, out)
	}
	if status, out := l.ask(url.Values{"client_id": {"cid"}, "scope": {"Calendar.Write"}}); status != 400 || out["error"] != "invalid_scope" {
		t.Errorf("an unknown scope: %d %v", status, out)
	}
	if status, out := newLab(t, Options{Service: Google}).token("grant_type", deviceGrant, "device_code", "x"); status != 400 || out["error"] != "unsupported_grant_type" {
		t.Errorf("google: %d %v", status, out)
	}
}

func TestOrganisationsObject(t *testing.T) {
	for service, refused := range map[string]string{Google: "admin_policy_enforced", Outlook: "invalid_grant"} {
		l := newLab(t, Options{Service: service, AutoApprove: true})
		_, rt := l.signIn()
		l.SetRule(Blocked)
		if status, h, page := l.get(l.askFor()); status != 400 || h.Get("Location") != "" || !strings.Contains(page, "lock") {
			t.Errorf("%s: %d, %s", service, status, page)
		}
		if status, out := l.token("grant_type", "refresh_token", "refresh_token", rt); status != 400 || out["error"] != refused {
			t.Errorf("%s: a refresh gave %d %v", service, status, out)
		}
		l.SetRule(NoRule)
		if status, _ := l.token("grant_type", "refresh_token", "refresh_token", rt); status != 200 {
			t.Errorf("%s: lifted, and a refresh gave %d", service, status)
		}
	}
	l := newLab(t, Options{Service: Outlook})
	l.SetRule(AdminFirst)
	u := l.askFor()
	_, _, page := l.get(u)
	m := ticketRE.FindStringSubmatch(page)
	if m == nil || !strings.Contains(page, "Need admin approval") || strings.Contains(page, "approve\"") {
		t.Fatalf("the page:\n%s", page)
	}
	status, h, _ := l.post(u, url.Values{"ticket": {m[1]}, "decision": {"approve"}})
	if q := l.landed(status, h); q.Get("error") != "access_denied" || !strings.HasPrefix(q.Get("error_description"), "AADSTS90094") {
		t.Errorf("came back with %v", q)
	}
}

func TestGrantsEndInMoreWaysThanOne(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		o      Options
		after  time.Duration
		do     func(*Server)
		number float64 // 0: it lives
	}{
		"outlook, 89 days unused":     {Options{Service: Outlook}, 89 * day, nil, 0},
		"outlook, 90 days unused":     {Options{Service: Outlook}, 90 * day, nil, 700082},
		"outlook, a changed password": {Options{Service: Outlook}, day, (*Server).ChangePassword, 50133},
		"outlook, revoked":            {Options{Service: Outlook}, day, (*Server).RevokeAll, 50173},
		"outlook, expired on demand":  {Options{Service: Outlook}, day, (*Server).ExpireRefreshTokens, 700082},
		"google, a changed password":  {Options{Service: Google}, day, (*Server).ChangePassword, 0},
		"google, half a year unused":  {Options{Service: Google}, 183 * day, nil, -1},
		"google, a week":              {Options{Service: Google}, 7 * day, nil, 0},
		"google, a week in testing":   {Options{Service: Google, Testing: true}, 7 * day, nil, -1},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.AutoApprove = true
			l := newLab(t, c.o)
			_, rt := l.signIn()
			l.now = l.now.Add(c.after)
			if c.do != nil {
				c.do(l.Server)
			}
			status, out := l.token("grant_type", "refresh_token", "refresh_token", rt)
			if alive := c.number == 0; alive != (status == 200) {
				t.Fatalf("%d %v", status, out)
			}
			if c.number > 0 && out["error_codes"].([]any)[0] != c.number {
				t.Errorf("it died of %v, want %v", out["error_codes"], c.number)
			}
		})
	}
}
