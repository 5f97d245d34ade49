package google

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

func TestWhatGoogleMeans(t *testing.T) {
	body := func(reason, message string) string {
		return fmt.Sprintf(`{"error":{"errors":[{"domain":"global","reason":%q,"message":%q}],"message":%q}}`, reason, message, message)
	}
	cases := []struct {
		name   string
		status int
		body   string
		header http.Header
		want   calendar.Kind
		wait   time.Duration
		field  string
	}{
		{name: "content", status: 400, body: body("invalid", "Invalid value for: x"), want: calendar.Invalid},
		{name: "empty time span", status: 400, body: `{"error":{"errors":[{"domain":"calendar","reason":"timeRangeEmpty","message":"The specified time range is empty.","locationType":"parameter","location":"timeMax"}],"message":"The specified time range is empty."}}`, want: calendar.Invalid, field: "when"},
		{name: "time zone", status: 400, body: body("invalid", "Invalid time zone definition for start time."), want: calendar.Invalid, field: "when"},
		{name: "sequence", status: 400, body: body("invalid", "Invalid sequence value. The specified sequence number is below the current one."), want: calendar.Conflict},
		{name: "sync token", status: 400, body: body("invalid", "Invalid sync token value."), want: calendar.CursorExpired},
		{name: "event type, 400", status: 400, body: body("eventTypeRestriction", "m"), want: calendar.Forbidden},
		{name: "event type, 403", status: 403, body: body("eventTypeRestriction", "m"), want: calendar.Forbidden},
		{name: "token", status: 401, body: body("authError", "Invalid Credentials"), want: calendar.SignedOut},
		{name: "user rate", status: 403, body: body("userRateLimitExceeded", "User Rate Limit Exceeded"), want: calendar.Throttled},
		{name: "rate with a wait", status: 403, body: body("rateLimitExceeded", "Rate Limit Exceeded"), header: http.Header{"Retry-After": {"5"}}, want: calendar.Throttled, wait: 5 * time.Second},
		{name: "rate with a date", status: 429, body: body("rateLimitExceeded", "m"), header: http.Header{"Retry-After": {"Fri, 02 Jan 2026 03:04:35 GMT"}, "Date": {"Fri, 02 Jan 2026 03:04:05 GMT"}}, want: calendar.Throttled, wait: 30 * time.Second},
		{name: "day's rate", status: 403, body: body("rateLimitExceeded", "Quota exceeded for quota metric 'Queries' and limit 'Queries per day' of service"), want: calendar.Throttled, wait: time.Hour},
		{name: "usage", status: 403, body: body("quotaExceeded", "Calendar usage limits exceeded."), want: calendar.Throttled, wait: time.Hour},
		{name: "scope", status: 403, body: `{"error":{"code":403,"message":"Request had insufficient authentication scopes.","errors":[{"message":"Insufficient Permission","domain":"global","reason":"insufficientPermissions"}],"status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}`, want: calendar.SignedOut},
		{name: "not the organizer", status: 403, body: body("forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer of the event."), want: calendar.Forbidden},
		{name: "access level", status: 403, body: body("requiredAccessLevel", "You need to have writer access to this calendar."), want: calendar.ReadOnly},
		{name: "forbidden", status: 403, body: body("forbidden", "Forbidden"), want: calendar.ReadOnly},
		{name: "not switched on", status: 403, body: body("accessNotConfigured", "m"), want: calendar.Forbidden},
		{name: "not found", status: 404, body: body("notFound", "Not Found"), want: calendar.NotFound},
		{name: "duplicate", status: 409, body: body("duplicate", "m"), want: calendar.Conflict},
		{name: "full sync", status: 410, body: body("fullSyncRequired", "m"), want: calendar.CursorExpired},
		{name: "too long ago", status: 410, body: body("updatedMinTooLongAgo", "m"), want: calendar.CursorExpired},
		{name: "deleted", status: 410, body: body("deleted", "Resource has been deleted"), want: calendar.Gone},
		{name: "precondition", status: 412, body: body("conditionNotMet", "Precondition Failed"), want: calendar.Conflict},
		{name: "too many, bare", status: 429, want: calendar.Throttled},
		{name: "backend", status: 500, body: body("backendError", "Backend Error"), want: calendar.Unavailable},
		{name: "bare", status: 503, want: calendar.Unavailable},
		{name: "a proxy's page", status: 403, body: "<html>blocked by your company</html>", want: calendar.Unavailable},
		{name: "odd", status: 418, body: body("teapot", "m"), want: calendar.Other},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Response{StatusCode: c.status, Header: c.header, Body: io.NopCloser(strings.NewReader(c.body))}
			if r.Header == nil {
				r.Header = http.Header{}
			}
			err := translate("google: test", "cal", "ev", fmt.Errorf("call: %w", googleapi.CheckResponse(r)))
			e, ok := errors.AsType[*calendar.Error](err)
			if !ok || e.Kind != c.want || e.Calendar != "cal" || e.Event != "ev" || e.Field != c.field {
				t.Fatalf("translated to %#v, want %v", err, c.want)
			}
			if off := errors.Is(err, calendar.ErrSwitchedOff); off != (c.name == "not switched on") {
				t.Errorf("switched off: %v", off)
			}
			if e.RetryAfter != c.wait {
				t.Errorf("wait = %v, want %v", e.RetryAfter, c.wait)
			}
			if strings.Contains(e.Error(), "<html") {
				t.Errorf("the error shows a page: %v", e)
			}
		})
	}
}

func TestFailuresBeforeAndBelowGoogle(t *testing.T) {
	wrap := func(err error) error { return &url.Error{Op: "Get", URL: "https://x", Err: err} }
	cases := []struct {
		name string
		err  error
		want calendar.Kind
	}{
		{"the sign-in is dead", wrap(&calendar.Error{Op: "refresh the sign-in", Kind: calendar.SignedOut, Err: &signin.OAuthError{Code: "invalid_grant"}}), calendar.SignedOut},
		{"an oauth error as x/oauth2 makes it", wrap(&oauth2.RetrieveError{ErrorCode: "invalid_grant"}), calendar.SignedOut},
		{"the network", wrap(errors.New("connection refused")), calendar.Unavailable},
		{"a cut answer", io.ErrUnexpectedEOF, calendar.Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := translate("google: test", "cal", "", c.err)
			if calendar.KindOf(err) != c.want || !strings.HasPrefix(err.Error(), "google: test: ") {
				t.Errorf("translated to %v, want %v", err, c.want)
			}
		})
	}
	if translate("x", "", "", nil) != nil || translateRead("x", "", "", nil) != nil {
		t.Error("nil became an error")
	}
}

func TestTheAddressAPersonGives(t *testing.T) {
	for given, want := range map[string]string{
		"":                                       publicBase,
		"https://www.googleapis.com/calendar/v3": publicBase,
		"http://127.0.0.1:8080/calendar/v3/":     "http://127.0.0.1:8080/calendar/v3/",
		"127.0.0.1:8080/calendar/v3":             "http://127.0.0.1:8080/calendar/v3/",
		"localhost:8080":                         "http://localhost:8080/calendar/v3/",
		"proxy.example.com/google":               "https://proxy.example.com/google/",
		"https://proxy.example.com/":             "https://proxy.example.com/calendar/v3/",
	} {
		if got, err := baseURL(given); err != nil || got != want {
			t.Errorf("baseURL(%q) = %q, %v; want %q", given, got, err, want)
		}
	}
	for _, s := range []string{"ftp://x/", "https://", "https://x/?a=b", "http://u:p@x/", "ht tp://x"} {
		if got, err := baseURL(s); err == nil {
			t.Errorf("baseURL(%q) = %q", s, got)
		}
		if _, err := Open(signin.Endpoint{BaseURL: s}, nil, nil); calendar.KindOf(err) != calendar.Invalid {
			t.Errorf("Open(%q): %v", s, err)
		}
	}
}

func TestSigningInNeedsAClientID(t *testing.T) {
	_, err := Config(signin.Endpoint{}, calendar.Access{}, nil)
	if calendar.KindOf(err) != calendar.Invalid || !strings.Contains(err.Error(), "--client-id") {
		t.Errorf("Begin: %v", err)
	}
}

func TestWhereASignInGoes(t *testing.T) {
	cfg, err := Config(signin.Endpoint{ClientID: "id"}, calendar.Access{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := signin.Begin(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	u, _ := url.Parse(f.URL())
	q := u.Query()
	if u.Host != "accounts.google.com" || u.Path != "/o/oauth2/v2/auth" || q.Get("access_type") != "offline" || q.Get("prompt") != "consent" ||
		q.Get("scope") != "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly" ||
		!strings.HasPrefix(q.Get("redirect_uri"), "http://127.0.0.1:") {
		t.Errorf("URL = %s", f.URL())
	}
	if c := config(signin.Endpoint{TokenURL: "http://127.0.0.1:1/token"}, nil); c.RevokeURL != "http://127.0.0.1:1/revoke" {
		t.Errorf("revoke at %s", c.RevokeURL)
	}
	if c := config(signin.Endpoint{}, nil); c.RevokeURL != "https://oauth2.googleapis.com/revoke" {
		t.Errorf("revoke at %s", c.RevokeURL)
	}
}

func TestIdentify(t *testing.T) {
	grant := signin.Grant{Token: &oauth2.Token{AccessToken: "access"}, Scopes: scopesOf(calendar.Access{})}
	s := &script{t: t, answers: []reply{{200, `{"id":"ada@example.com","summary":"Ada"}`, nil}}}
	who, err := Identify(t.Context(), signin.Endpoint{}, grant, &http.Client{Transport: s})
	if err != nil || who.Email != "ada@example.com" {
		t.Errorf("Identify: %+v, %v", who, err)
	}
	s.wantLines("GET /users/me/calendarList/primary")
}

func scopesOf(a calendar.Access) []string {
	var list []string
	for _, p := range Permissions(a) {
		list = append(list, strings.TrimPrefix(p.Scope, "https://www.googleapis.com/auth/"))
	}
	return list
}

// An update never asks for more: what each access asks for is written down here.
func TestWhatIsAskedOfGoogle(t *testing.T) {
	for want, a := range map[string]calendar.Access{
		"calendar.events calendar.calendarlist.readonly":          {},
		"calendar.events.readonly calendar.calendarlist.readonly": {ReadOnly: true},
		"calendar.events calendar.calendarlist.readonly calendar.app.created": {
			Extras: []calendar.Extra{calendar.CopiesCalendar, calendar.SharedCalendars}},
	} {
		if got := strings.Join(scopesOf(a), " "); got != want {
			t.Errorf("%+v asks for %s, want %s", a, got, want)
		}
	}
	for _, p := range append(Permissions(calendar.Access{}), Extras()...) {
		if p.Reason == "" {
			t.Errorf("%s is asked for without a reason", p.Scope)
		}
	}
}

func TestTheTextForIT(t *testing.T) {
	text := ForIT(signin.Endpoint{ClientID: "123-abc.apps.googleusercontent.com"}, calendar.Access{ReadOnly: true}, calendar.BlockedByPolicy)
	for _, want := range []string{"123-abc.apps.googleusercontent.com", "calendar.events.readonly: see the events of your calendars", "API controls", "https://admin.google.com/"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it:\n%s", want, text)
		}
	}
}

// A token without a permission is refused with 403; only another sign-in helps.
func TestAMissingScopeIsTheSignIns(t *testing.T) {
	body := `{"error":{"code":403,"message":"Request had insufficient authentication scopes.","errors":[{"reason":"insufficientPermissions"}],"status":"PERMISSION_DENIED"}}`
	err := translate("google: list", "", "", &googleapi.Error{Code: 403, Body: body})
	if calendar.KindOf(err) != calendar.SignedOut || calendar.ObstacleOf(err) != calendar.ScopeMissing {
		t.Error(err)
	}
}
