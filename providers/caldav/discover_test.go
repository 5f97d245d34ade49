package caldav_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/caldav"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// internet is a few hosts, each with its answers: what a PROPFIND of a path says, or where
// a path leads. It notes who was shown which sign-in.
type internet struct {
	answers map[string]string // "host/path": a multistatus' responses, or "-> address"
	shown   []string          // "scheme://host sign-in"
}

// RoundTrip implements http.RoundTripper.
func (n *internet) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	if s := r.URL.Scheme + "://" + r.URL.Host + " " + r.Header.Get("Authorization"); !slices.Contains(n.shown, s) {
		n.shown = append(n.shown, s)
	}
	w := httptest.NewRecorder()
	said, ok := n.answers[r.URL.Host+r.URL.Path]
	switch to, leads := strings.CutPrefix(said, "-> "); {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case leads:
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusMovedPermanently)
	default:
		if r.Header.Get("Depth") == "0" { // itself alone
			said, _, _ = strings.Cut(said, "</D:response>")
			said += "</D:response>"
		}
		(&quirky{}).multistatus(w, said)
	}
	return w.Result(), nil
}

// has is one response: a resource with these properties.
func has(path, props string) string {
	return "<D:response><D:href>" + path + "</D:href><D:propstat><D:prop>" + props + "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
}

const (
	aliceBasic = "Basic YWxpY2U6c2VjcmV0"
	principal  = "<D:current-user-principal><D:href>/42/principal/</D:href></D:current-user-principal>"
)

func homeSet(at string) string {
	return principal + "<C:calendar-home-set><D:href>" + at + "</D:href></C:calendar-home-set>"
}

// icloud is as iCloud is: the calendars of every few people are on a host of their own.
func icloud() *internet {
	return &internet{answers: map[string]string{
		"caldav.icloud.com/":              has("/", principal),
		"caldav.icloud.com/42/principal/": has("/42/principal/", homeSet("https://p42-caldav.icloud.com:443/42/calendars/")),
		"p42-caldav.icloud.com:443/42/calendars/": has("/42/calendars/", principal) +
			has("/42/calendars/home/", `<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>Home</D:displayname><A:calendar-color xmlns:A="http://apple.com/ns/ical/">#FF2968FF</A:calendar-color><C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>`) +
			has("/42/calendars/tasks/", `<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>Reminders</D:displayname><C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>`),
		"p42-caldav.icloud.com:443/42/principal/": has("/42/principal/", homeSet("https://p42-caldav.icloud.com:443/42/calendars/")),
	}}
}

func TestCalendarsOnAHostOfTheirOwn(t *testing.T) {
	for name, login := range map[string]struct {
		caldav.Login
		auth string
	}{
		"with an app password":  {caldav.Login{URL: "https://caldav.icloud.com", User: "alice", Password: "secret"}, aliceBasic},
		"with a bearer's token": {caldav.Login{URL: "caldav.icloud.com", Token: "tok"}, "Bearer tok"},
	} {
		t.Run(name, func(t *testing.T) {
			n := icloud()
			hc := &http.Client{Transport: n}
			a, err := caldav.SignIn(t.Context(), login.Login, hc)
			if err != nil || a.Home != "https://p42-caldav.icloud.com:443/42/calendars/" {
				t.Fatalf("signed in as %+v, %v", a, err)
			}
			p, err := caldav.Open(signin.Endpoint{BaseURL: a.Home}, memory(a.Secret), hc, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			list, err := p.Calendars(t.Context())
			if err != nil || len(list) != 1 || list[0].ID != "/42/calendars/home/" || list[0].Name != "Home" || list[0].Color != "#ff2968" || !list[0].Writable {
				t.Errorf("the calendars are %+v, %v", list, err)
			}
			want := []string{"https://caldav.icloud.com " + login.auth, "https://p42-caldav.icloud.com:443 " + login.auth}
			if !slices.Equal(n.shown, want) {
				t.Errorf("the sign-in was shown to %q; want %q", n.shown, want)
			}
		})
	}
}

// A password is shown to nobody else, whatever a server says of where the calendars are.
func TestASignInStaysWithItsOwner(t *testing.T) {
	const other = "https://icloud.com.example.net/42/calendars/"
	for name, answers := range map[string]map[string]string{
		"a home elsewhere":              {"caldav.icloud.com/": has("/", homeSet(other))},
		"a principal elsewhere":         {"caldav.icloud.com/": has("/", "<D:current-user-principal><D:href>"+other+"</D:href></D:current-user-principal>")},
		"a redirect elsewhere":          {"caldav.icloud.com/": "-> " + other},
		"a redirect to the open":        {"caldav.icloud.com/": "-> http://caldav.icloud.com/"},
		"a home in the open":            {"caldav.icloud.com/": has("/", homeSet("http://p42-caldav.icloud.com/42/calendars/"))},
		"a redirect by way of its own":  {"caldav.icloud.com/": "-> https://p42-caldav.icloud.com/", "p42-caldav.icloud.com/": "-> " + other},
		"another's below a public name": {"caldav.icloud.com/": "-> https://com/"},
	} {
		t.Run(name, func(t *testing.T) {
			n := &internet{answers: answers}
			_, err := caldav.SignIn(t.Context(), caldav.Login{URL: "https://caldav.icloud.com", User: "alice", Password: "secret"}, &http.Client{Transport: n})
			if calendar.KindOf(err) != calendar.Forbidden || strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("it is %v", err)
			}
			for _, s := range n.shown {
				if s != "https://caldav.icloud.com "+aliceBasic && s != "https://p42-caldav.icloud.com "+aliceBasic {
					t.Errorf("the sign-in was shown to %s", s)
				}
			}
		})
	}
}

// A server is found by its well-known address (RFC 6764 §6), and redirects end.
func TestTheWellKnownAddress(t *testing.T) {
	n := &internet{answers: map[string]string{
		"example.com/.well-known/caldav": "-> https://dav.example.com/dav/",
		"dav.example.com/dav/":           has("/dav/", homeSet("/dav/alice/")),
	}}
	login := caldav.Login{URL: "https://example.com/some/page", User: "alice", Password: "secret"}
	a, err := caldav.SignIn(t.Context(), login, &http.Client{Transport: n})
	if err != nil || a.Home != "https://dav.example.com/dav/alice/" {
		t.Errorf("signed in as %+v, %v", a, err)
	}
	for at := range n.answers {
		n.answers[at] = "-> https://example.com/.well-known/caldav"
	}
	if _, err := caldav.SignIn(t.Context(), login, &http.Client{Transport: n}); err == nil {
		t.Error("signed in by going round in circles")
	}
}

// Each service that is offered by name is an address that can be signed in to once its
// blanks are filled in.
func TestPresets(t *testing.T) {
	down := errors.New("no network here")
	hc := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, down })}
	for _, preset := range caldav.Presets() {
		url := strings.NewReplacer("HOST", "dav.example.com", "USER", "alice").Replace(preset.URL)
		_, err := caldav.SignIn(t.Context(), caldav.Login{URL: url, User: "alice", Password: "secret"}, hc)
		if !errors.Is(err, down) || !strings.HasPrefix(preset.URL, "https://") || preset.Name == "" || preset.Hint == "" {
			t.Errorf("%+v: %v", preset, err)
		}
	}
}

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
