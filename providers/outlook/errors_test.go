package outlook

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

func TestAnswersAreTranslated(t *testing.T) {
	html := map[string]string{"Content-Type": "text/html"}
	for _, c := range []struct {
		name  string
		reply reply
		want  calendar.Kind
		wait  time.Duration
	}{
		{"throttled, seconds", reply{429, map[string]string{"Retry-After": "7"}, graphError("ApplicationThrottled", ""), nil}, calendar.Throttled, 7 * time.Second},
		{"throttled, not said how long", reply{429, nil, graphError("ApplicationThrottled", ""), nil}, calendar.Throttled, 0},
		{"throttled, no body", reply{429, map[string]string{"Retry-After": "2"}, "", nil}, calendar.Throttled, 2 * time.Second},
		{"throttled as 503", reply{503, map[string]string{"Retry-After": "3"}, graphError("ServiceUnavailable", ""), nil}, calendar.Throttled, 3 * time.Second},
		{"unavailable", reply{503, nil, graphError("ServiceUnavailable", ""), nil}, calendar.Unavailable, 0},
		{"gateway in HTML", reply{502, html, "<html>Bad Gateway</html>", nil}, calendar.Unavailable, 0},
		{"gateway, throttled in HTML", reply{429, map[string]string{"Content-Type": "text/html", "Retry-After": "1"}, "<html>", nil}, calendar.Throttled, time.Second},
		{"gateway, nothing", reply{504, nil, "", nil}, calendar.Unavailable, 0},
		{"error cut short", reply{500, nil, `{"error":{"code":"Err`, nil}, calendar.Unavailable, 0},
		{"answer cut short", reply{200, nil, `{"id":"E1","subj`, nil}, calendar.Unavailable, 0},
		{"answer in HTML", reply{200, html, "<html>Welcome to the hotel</html>", nil}, calendar.Unavailable, 0},
		{"answer empty", reply{200, nil, "", nil}, calendar.Unavailable, 0},
		{"answer of another shape", reply{200, nil, `{"hello":"world"}`, nil}, calendar.Unavailable, 0},
		{"redirect", reply{302, map[string]string{"Location": "https://login.hotel.test/"}, "", nil}, calendar.Unavailable, 0},
		{"no connection", reply{err: errors.New("connection reset by peer")}, calendar.Unavailable, 0},
		{"corrupt item", reply{500, nil, graphError("ErrorCorruptData", ""), nil}, calendar.Unavailable, 0},
		{"not found", reply{404, nil, graphError("ErrorItemNotFound", ""), nil}, calendar.NotFound, 0},
		{"malformed id", reply{400, nil, graphError("ErrorInvalidIdMalformed", ""), nil}, calendar.NotFound, 0},
		{"404 of a proxy", reply{404, html, "<html>", nil}, calendar.Other, 0},
		{"404 with a code of no meaning to us", reply{404, nil, graphError("UnknownError", ""), nil}, calendar.Other, 0},
		{"mailbox has no licence", reply{404, nil, graphError("MailboxNotEnabledForRESTAPI", ""), nil}, calendar.Forbidden, 0},
		{"gone", reply{410, nil, graphError("ErrorItemNotFound2", ""), nil}, calendar.Gone, 0},
		{"forbidden", reply{403, nil, graphError("ErrorAccessDenied", ""), nil}, calendar.Forbidden, 0},
		{"mailbox full", reply{403, nil, graphError("ErrorQuotaExceeded", ""), nil}, calendar.Other, 0},
		{"token refused", reply{401, map[string]string{"WWW-Authenticate": `Bearer realm="", claims=unquoted`}, graphError("InvalidAuthenticationToken", ""), nil}, calendar.SignedOut, 0},
		{"bad request", reply{400, nil, graphError("ErrorInvalidRequest", ""), nil}, calendar.Invalid, 0},
		{"too large", reply{413, nil, "", nil}, calendar.Invalid, 0},
		{"item busy on a read", reply{412, nil, graphError("ErrorIrresolvableConflict", ""), nil}, calendar.Unavailable, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := openFake(t, always(c.reply))
			_, err := p.Get(t.Context(), "C1", "E1")
			ce, ok := errors.AsType[*calendar.Error](err)
			if !ok || ce.Kind != c.want || ce.RetryAfter != c.wait {
				t.Fatalf("got %#v; want %v, wait %v", err, c.want, c.wait)
			}
			if full := errors.Is(err, calendar.ErrFull); full != (c.name == "mailbox full") {
				t.Errorf("full: %v", full)
			}
			if none := errors.Is(err, calendar.ErrNoMailbox); none != (c.name == "mailbox has no licence") {
				t.Errorf("no mailbox: %v", none)
			}
			if ce.Calendar != "C1" || ce.Event != "E1" || !strings.HasPrefix(ce.Op, "outlook: ") {
				t.Errorf("does not say where: %+v", ce)
			}
			if strings.Contains(err.Error(), "graph.test") {
				t.Errorf("tells the address: %v", err)
			}
		})
	}
}

func TestWriteAnswersAreTranslated(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply reply
		want  calendar.Kind
		field string
	}{
		{"stale version", reply{412, nil, graphError("ErrorIrresolvableConflict", ""), nil}, calendar.Conflict, ""},
		{"conflict", reply{409, nil, graphError("ErrorIrresolvableConflict", ""), nil}, calendar.Conflict, ""},
		{"end before start", reply{400, nil, graphError("ErrorCalendarEndDateIsEarlierThanStartDate", ""), nil}, calendar.Invalid, "when"},
		{"deleted", reply{404, nil, graphError("ErrorItemNotFound", ""), nil}, calendar.NotFound, ""},
		{"time-out of a gateway", reply{504, nil, "", nil}, calendar.Unavailable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, f := openFake(t, always(c.reply))
			_, err := p.Update(t.Context(), "C1", "E1", `W/"v1"`, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{}})
			ce, ok := errors.AsType[*calendar.Error](err)
			if !ok || ce.Kind != c.want || ce.Field != c.field {
				t.Errorf("got %#v; want %v (%s)", err, c.want, c.field)
			}
			if n := len(f.requests()); n != 1 {
				t.Errorf("sent %d requests; want no retries", n)
			}
		})
	}
}

// A 401 is answered once with a fresh token, body and all.
func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	first := true
	p, f := openFake(t, func(r request) reply {
		if first {
			first = false
			return reply{status: 401, body: graphError("InvalidAuthenticationToken", "")}
		}
		return reply{status: 200, body: singleEvent}
	})
	if _, err := p.Update(t.Context(), "C1", "E1", `W/"v1"`, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "T"}}); err != nil {
		t.Fatal(err)
	}
	r := f.requests()
	if len(r) != 2 || r[0].Body != `{"subject":"T"}` || r[1].Body != r[0].Body || f.token != 2 {
		t.Errorf("sent %+v with %d tokens", r, f.token)
	}
}

func TestBeginAndIdentify(t *testing.T) {
	if _, err := Config(signin.Endpoint{}, calendar.Access{}, nil); kindOf(err) != calendar.Invalid || !strings.Contains(err.Error(), "--client-id") {
		t.Errorf("without a client id: %v; want Invalid with the way out", err)
	}
	for _, c := range []struct{ name, base, auth, wantAuth, scope string }{
		{"public cloud", "", "", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?", "+Calendars.ReadWrite&"},
		{"US government", "https://graph.microsoft.us/v1.0", "", "https://login.microsoftonline.us/common/oauth2/v2.0/authorize?", "https%3A%2F%2Fgraph.microsoft.us%2FCalendars.ReadWrite&"},
		{"China", "https://microsoftgraph.chinacloudapi.cn/v1.0", "", "https://login.partner.microsoftonline.cn/common/", "https%3A%2F%2Fmicrosoftgraph.chinacloudapi.cn%2FCalendars.ReadWrite&"},
		{"own addresses", "http://127.0.0.1:1/v1.0", "http://127.0.0.1:1/auth", "http://127.0.0.1:1/auth?", "+Calendars.ReadWrite&"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := Config(signin.Endpoint{BaseURL: c.base, AuthURL: c.auth, TokenURL: strings.Replace(c.auth, "/auth", "/token", 1), ClientID: "app"}, calendar.Access{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			flow, err := signin.Begin(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer flow.Close()
			u := flow.URL()
			if !strings.HasPrefix(u, c.wantAuth) || !strings.Contains(u, c.scope) || !strings.Contains(u, "redirect_uri=http%3A%2F%2Flocalhost%3A") ||
				!strings.Contains(u, "openid+profile+email+offline_access") || !strings.Contains(u, "code_challenge_method=S256") || strings.Contains(u, "client_secret") {
				t.Errorf("the sign-in address is %s", u)
			}
		})
	}
	// {"email":"robin@outlook.test","name":"Robin"}
	id := "x.eyJlbWFpbCI6InJvYmluQG91dGxvb2sudGVzdCIsIm5hbWUiOiJSb2JpbiJ9.x"
	got, err := Identify(t.Context(), signin.Endpoint{}, signin.Grant{IDToken: id, Scopes: []string{"openid", "https://graph.microsoft.com/Calendars.ReadWrite"}}, nil)
	if want := (calendar.Person{Name: "Robin", Email: "robin@outlook.test"}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := Identify(t.Context(), signin.Endpoint{}, signin.Grant{Scopes: []string{"Calendars.ReadWrite"}}, nil); kindOf(err) != calendar.Other {
		t.Errorf("without an id token: %v; want Other", err)
	}
	m := &memory{text: "secret"}
	if err := SignOut(t.Context(), signin.Endpoint{}, m, nil); err != nil || m.text != "" {
		t.Errorf("sign out: %v, kept %q", err, m.text)
	}
}

// An update never asks for more: what each access asks for is written down here.
func TestWhatIsAskedOfMicrosoft(t *testing.T) {
	all := []calendar.Extra{calendar.CopiesCalendar, calendar.SharedCalendars}
	for _, c := range []struct {
		base, want string
		access     calendar.Access
	}{
		{"", "Calendars.ReadWrite", calendar.Access{}},
		{"", "Calendars.Read", calendar.Access{ReadOnly: true}},
		{"", "Calendars.ReadWrite Calendars.ReadWrite.Shared", calendar.Access{Extras: all}},
		{"", "Calendars.Read Calendars.Read.Shared", calendar.Access{Extras: all, ReadOnly: true}},
		{"https://graph.microsoft.us/v1.0", "https://graph.microsoft.us/Calendars.ReadWrite https://graph.microsoft.us/Calendars.ReadWrite.Shared",
			calendar.Access{Extras: all[1:]}},
	} {
		var got []string
		for _, p := range Permissions(signin.Endpoint{BaseURL: c.base}, c.access) {
			got = append(got, p.Scope)
			if p.Reason == "" {
				t.Errorf("%s is asked for without a reason", p.Scope)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v asks for %v, want %s", c.access, got, c.want)
		}
	}
}

func TestOpenRefusesANonsenseAddress(t *testing.T) {
	for _, base := range []string{"graph", "://", "/v1.0"} {
		if _, err := Open(signin.Endpoint{BaseURL: base, ClientID: "app"}, &memory{}, &http.Client{}); kindOf(err) != calendar.Invalid {
			t.Errorf("%q: %v; want Invalid", base, err)
		}
	}
}

func TestACancelledContextIsKeptInside(t *testing.T) {
	p, _ := openFake(t, always(reply{status: 200, body: singleEvent}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Get(ctx, "C1", "E1"); !errors.Is(err, context.Canceled) || kindOf(err) != calendar.Unavailable {
		t.Errorf("got %v", err)
	}
}
