//go:build linux

package caldav_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/caldav"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/providertest"
	"github.com/twinday/twinday/providers/providertest/caldavlab"
	"github.com/twinday/twinday/providers/signin"
)

func TestProviderOnRadicale(t *testing.T) { testProvider(t, caldavlab.Radicale) }
func TestProviderOnXandikos(t *testing.T) { testProvider(t, caldavlab.Xandikos) }
func TestProviderOnCyrus(t *testing.T)    { testProvider(t, caldavlab.Cyrus) }

// testProvider signs in to a server as a person does, and runs the suite there.
func testProvider(t *testing.T, start func(testing.TB) *caldavlab.Server) {
	t.Parallel()
	s := start(t)
	login := caldav.Login{URL: s.Base, User: s.User, Password: caldavlab.Password}
	a, err := caldav.SignIn(t.Context(), login, nil)
	if at, bad := url.PathUnescape(a.Home); err != nil || bad != nil || at != s.Base+s.Home {
		t.Fatalf("signed in as %+v, %v; want %s", a, err, s.Home)
	}
	n := 0
	providertest.Run(t, providertest.Setup{Now: time.Now(), Many: 60, ForgetsKeys: true, NamesByKey: true, OnePage: s.Name == "radicale", Open: func(t *testing.T) providertest.Account {
		n++
		o := s.NewCalendar(t, fmt.Sprintf("test-%d", n))
		p, err := caldav.Open(signin.Endpoint{BaseURL: a.Home}, memory(a.Secret), http.DefaultClient, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		caldav.SetPageSize(p, 25)
		account := providertest.Account{Provider: p, Calendar: calendar.CalendarID((&url.URL{Path: o.Path}).EscapedPath()), Makes: true, Other: o}
		if s.Name == "radicale" {
			account.ReadOnly = calendar.CalendarID((&url.URL{Path: s.Home + "holidays/"}).EscapedPath())
		}
		return account
	}})
}

// changing is a sign-in that may change; it counts how often it was read.
type changing struct {
	text  string
	loads int
}

func (c *changing) Load(context.Context) (string, error) { c.loads++; return c.text, nil }

func (c *changing) Save(context.Context, string) error { panic("nothing changes a password here") }

// A keyring is asked once, not for every request, and again when the server refuses what
// it held: a new password works at once, and a wrong one is no endless loop.
func TestThePasswordIsReadAgainWhenItIsRefused(t *testing.T) {
	valid, asked := "first", 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if _, password, _ := r.BasicAuth(); password != valid {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)
	secret := &changing{text: `{"user":"alice","password":"first"}`}
	p, err := caldav.Open(signin.Endpoint{BaseURL: srv.URL}, secret, http.DefaultClient, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	remove := func() error { return p.Delete(t.Context(), "/cal/", "event.ics", `"v"`) }
	for range 3 {
		if err := remove(); err != nil {
			t.Fatal(err)
		}
	}
	if secret.loads != 1 {
		t.Errorf("read %d times", secret.loads)
	}
	valid = "second"
	asked = 0
	if err := remove(); calendar.KindOf(err) != calendar.SignedOut || asked != 1 {
		t.Errorf("the old password: %v after %d requests", err, asked)
	}
	secret.text = `{"user":"alice","password":"second"}`
	if err := remove(); err != nil {
		t.Errorf("the new password: %v", err)
	}
}
