package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// A day passes in virtual time: the real engine with both real SDKs, against both
// simulators over the in-memory transport. People edit on both sides; every
// change is on the other side within the active interval and one pass, an idle
// hour costs one request a calendar and pass, and nothing is written for nothing.
func TestADayInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t)
		g, o := d.sims[state.Google], d.sims[state.Outlook]
		var worst time.Duration
		appears := func(s *simulator.Simulator, title string) {
			t.Helper()
			began := time.Now()
			for {
				for _, ev := range s.Mailbox().Events(d.calendar(s)) {
					if ev.Title == title && !ev.Deleted {
						worst = max(worst, time.Since(began))
						return
					}
				}
				if time.Since(began) > engine.IdleInterval+engine.ActiveInterval {
					t.Fatalf("%q did not appear within %s", title, time.Since(began))
				}
				time.Sleep(time.Second)
			}
		}
		d.add(g, "First of the day")
		appears(o, "First of the day")
		worst = 0 // from now on changes flow
		for i := range 20 {
			from, to := g, o
			if i%2 == 1 {
				from, to = o, g
			}
			title := fmt.Sprint("Meeting ", i)
			d.add(from, title)
			appears(to, title)
			time.Sleep(time.Duration(i) * time.Second)
		}
		if limit := engine.ActiveInterval + time.Second; worst > limit {
			t.Errorf("a change took %s while changes were flowing, at most %s is promised", worst, limit)
		}
		time.Sleep(engine.ActiveFor + engine.IdleInterval)
		g.ResetCounters()
		o.ResetCounters()
		const idle = time.Hour
		time.Sleep(idle)
		for kind, s := range d.sims {
			c := s.Counters()
			if c.Writes != 0 {
				t.Errorf("%s: %d writes in an idle hour: %v", kind, c.Writes, c.Kinds)
			}
			if passes := int(idle / engine.IdleInterval); c.Requests > passes+1 {
				t.Errorf("%s: %d requests in an idle hour of %d passes: %v", kind, c.Requests, passes, c.Kinds)
			}
		}
		time.Sleep(23 * time.Hour) // the rest of the day
		for kind, s := range d.sims {
			c := s.Counters()
			if c.Writes != 0 || len(c.Unknown) != 0 || len(s.Mailbox().Mails()) != 0 {
				t.Errorf("%s: writes %d, unknown %v, mails %v", kind, c.Writes, c.Unknown, s.Mailbox().Mails())
			}
			if n := len(s.Mailbox().Events(d.calendar(s))); n != 21 {
				t.Errorf("%s holds %d events, 21 were made", kind, n)
			}
		}
		t.Logf("slowest change while active: %s", worst)
	})
}

// day is an engine with two signed-in accounts and a mirror of their calendars,
// running in a synctest bubble.
type day struct {
	sims   map[state.ProviderKind]*simulator.Simulator
	engine *engine.Engine
}

func newDay(t *testing.T) *day {
	t.Helper()
	d := &day{sims: map[state.ProviderKind]*simulator.Simulator{}}
	hosts := map[string]http.Handler{}
	for kind, service := range map[state.ProviderKind]simulator.Service{state.Google: simulator.Google, state.Outlook: simulator.Outlook} {
		s, err := simulator.New(service, simulator.Options{Owner: mailbox.Person{Name: "Ann", Email: "ann@" + string(kind) + ".test"},
			Zone: "Europe/Berlin", Now: time.Now, AutoApprove: true})
		if err != nil {
			t.Fatal(err)
		}
		d.sims[kind] = s
		hosts[string(kind)+".test"] = s
	}
	hc := &http.Client{Transport: simulator.Transport(hosts)}
	st, err := store.Open(filepath.Join(t.TempDir(), "twinday.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept := secrets.Memory()
	e, err := engine.New(engine.Options{Store: st, Secrets: kept, Connectors: connectors(time.Now, hc)})
	if err != nil {
		t.Fatal(err)
	}
	d.engine = e
	m := state.Mirror{ID: "m1", Name: "day"}
	for kind, s := range d.sims {
		ends := s.Endpoints("http://" + string(kind) + ".test")
		a := state.Account{ID: state.AccountID(kind), Provider: kind, Endpoint: state.Endpoint{BaseURL: ends.BaseURL, AuthURL: ends.AuthURL,
			TokenURL: ends.TokenURL, ClientID: ends.ClientID, ClientSecret: ends.ClientSecret}}
		if err := kept.Save(string(a.ID), grant(t, hc, kind, ends)); err != nil {
			t.Fatal(err)
		}
		if err := st.Update(func(tx *store.Tx) error { return tx.PutAccount(a) }); err != nil {
			t.Fatal(err)
		}
	}
	cals, err := e.Calendars(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cals {
		if c.Primary {
			m.Members = append(m.Members, state.Member{Ref: c.Ref})
		}
	}
	if _, err := e.AddMirror(t.Context(), control.NewMirror{Members: m.Members}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		e.Close()
		if err := st.Check(); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *day) calendar(s *simulator.Simulator) string {
	m := s.Mailbox()
	m.Lock()
	defer m.Unlock()
	return m.Calendars[0].ID
}

// add is a person making an event for tomorrow in the service's own app.
func (d *day) add(s *simulator.Simulator, title string) {
	at := func(h int) mailbox.Moment {
		w := time.Now().In(time.UTC).AddDate(0, 0, 1).Truncate(24 * time.Hour).Add(time.Duration(h) * time.Hour)
		return mailbox.Moment{Local: w.Format("2006-01-02T15:04:05"), Zone: "UTC", UTC: w}
	}
	s.Mailbox().AddEvent(d.calendar(s), mailbox.Event{Title: title, Start: at(9), End: at(10)})
}

// grant signs in without a browser or a socket, and returns the secret to keep.
func grant(t testing.TB, hc *http.Client, kind state.ProviderKind, ends simulator.Endpoints) string {
	t.Helper()
	scopes, redirect := "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly", "http://127.0.0.1:9999"
	secret := ends.ClientSecret
	if kind == state.Outlook {
		scopes, redirect, secret = "openid profile email offline_access Calendars.ReadWrite", "http://localhost:9999", ""
	}
	c := oauth2.Config{ClientID: ends.ClientID, ClientSecret: secret, RedirectURL: redirect, Scopes: strings.Fields(scopes),
		Endpoint: oauth2.Endpoint{AuthURL: ends.AuthURL, TokenURL: ends.TokenURL, AuthStyle: oauth2.AuthStyleInParams}}
	verifier := oauth2.GenerateVerifier()
	noRedirect := *hc
	noRedirect.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := noRedirect.Get(c.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oauth2.AccessTypeOffline))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("%s: sign-in answers %s, Location %q", kind, res.Status, res.Header.Get("Location"))
	}
	tok, err := c.Exchange(context.WithValue(context.Background(), oauth2.HTTPClient, hc), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return signin.GrantSecret(signin.Grant{Token: tok, Scopes: c.Scopes})
}
