//go:build linux

package caldav_test

import (
	"context"
	"fmt"
	"net/http"
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

// memory is a sign-in that is kept.
type memory string

func (m memory) Load(context.Context) (string, error) { return string(m), nil }

func (m memory) Save(context.Context, string) error { panic("nothing changes a password here") }
