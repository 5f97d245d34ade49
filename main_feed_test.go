package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// club is a calendar that somebody publishes at a private address, and makes anew, with
// new UIDs, whenever it is asked for.
type club struct {
	events []string // "20260309T180000Z Training RRULE:…"
	half   bool     // the answer is cut off
	asked  []string // methods
	made   int
}

func (c *club) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked = append(c.asked, r.Method)
	if r.URL.Path != "/private-1234/fixtures.ics" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	c.made++
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Club//EN", "X-WR-CALNAME:Rowing club"}
	for i, e := range c.events {
		start, rest, _ := strings.Cut(e, " ")
		title, rule, _ := strings.Cut(rest, " ")
		lines = append(lines, "BEGIN:VEVENT", fmt.Sprintf("UID:%d-%d", c.made, i), "DTSTAMP:20260302T000000Z", "DTSTART:"+start, "DURATION:PT1H", "SUMMARY:"+title)
		if rule != "" {
			lines = append(lines, rule)
		}
		lines = append(lines, "ORGANIZER:mailto:coach@club.test", "ATTENDEE:mailto:all@club.test", "END:VEVENT")
	}
	text := strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")
	if c.half {
		text = text[:len(text)/2]
	}
	_, _ = io.WriteString(w, text)
}

// TestPublishedCalendar connects one as a person does, and mirrors it into Google: what is
// published appears, changes and goes there, half an answer changes nothing, and what a
// person does to a copy is taken back; the feed is only ever read, and nobody gets a mail.
func TestPublishedCalendar(t *testing.T) {
	feed := &club{events: []string{"20260309T180000Z Training RRULE:FREQ=WEEKLY;COUNT=8", "20260314T130000Z Regatta", "20260401T190000Z Party"}}
	clock := springtime
	now := func() time.Time { clock = clock.Add(time.Millisecond); return clock }
	sim, err := simulator.New(simulator.Google, simulator.Options{Owner: owner(onGoogle), Zone: "Europe/Berlin", Now: now, AutoApprove: true})
	if err != nil {
		t.Fatal(err)
	}
	hc := &http.Client{Transport: simulator.Transport(map[string]http.Handler{"google.test": sim, "club.test": feed})}
	st, err := store.Open(filepath.Join(t.TempDir(), "twinday.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept := secrets.Memory()
	var log strings.Builder
	e, err := engine.New(engine.Options{Store: st, Secrets: kept, Now: now, Connectors: connectors(now, hc), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		if err := errors.Join(st.Check(), st.Close()); err != nil {
			t.Error(err)
		}
	})
	ends := sim.Endpoints("http://google.test")
	google := state.Account{ID: onGoogle, Provider: state.Google, Email: owner(onGoogle).Email, Endpoint: state.Endpoint{
		BaseURL: ends.BaseURL, AuthURL: ends.AuthURL, TokenURL: ends.TokenURL, ClientID: ends.ClientID, ClientSecret: ends.ClientSecret}}
	if err := errors.Join(kept.Save(onGoogle, grant(t, hc, google.Provider, ends)), st.Update(func(tx *store.Tx) error { return tx.PutAccount(google) })); err != nil {
		t.Fatal(err)
	}
	connect := func(id state.AccountID, url string) (state.Account, error) {
		s, err := e.BeginSignIn(t.Context(), control.NewAccount{Provider: state.ICS, ID: id, Endpoint: state.Endpoint{BaseURL: url}})
		if err != nil {
			return state.Account{}, err
		}
		if s.URL != "" {
			t.Errorf("a browser is sent to %s", s.URL)
		}
		return e.FinishSignIn(t.Context(), s.ID)
	}
	const address = "http://club.test/private-1234/fixtures.ics"
	for _, wrong := range []string{"", "ftp://club.test/x", "http://club.test/nowhere.ics", filepath.Join(t.TempDir(), "no.ics")} {
		if _, err := connect("", wrong); err == nil || strings.Contains(err.Error(), "1234") {
			t.Errorf("%q is connected: %v", wrong, err)
		}
	}
	a, err := connect("", address)
	if err != nil {
		t.Fatal(err)
	}
	if !a.SignedIn.Equal(a.Added) || a.ID != "rowing-club" || a.Name != "Rowing club" || !a.Access.ReadOnly || strings.Contains(fmt.Sprintf("%+v", a), "1234") {
		t.Errorf("connected as %+v", a)
	}
	if _, err := connect("second", address); err == nil || !strings.Contains(err.Error(), "Rowing club is connected already") {
		t.Errorf("the same feed once more: %v", err)
	}
	if again, err := connect(a.ID, address+"?moved"); err != nil || again.ID != a.ID {
		t.Errorf("a new address of a known feed: %+v %v", again, err)
	}
	cals, err := e.Calendars(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	var members []state.Member
	for _, c := range cals {
		switch {
		case c.Ref.Account == a.ID && c.Writable:
			t.Errorf("the feed can be written: %+v", c)
		case c.Ref.Account == a.ID:
			members = append(members, state.Member{Ref: c.Ref, Direction: state.SendOnly})
		case c.Primary:
			members = append(members, state.Member{Ref: c.Ref})
		}
	}
	if _, err := e.AddMirror(t.Context(), control.NewMirror{Members: members}); err != nil {
		t.Fatal(err)
	}
	shows := func(story string, want ...string) {
		t.Helper()
		r, err := e.Sync(context.Background(), control.SyncRequest{})
		if err != nil || r.Failed > 0 {
			t.Fatalf("%s: %v %+v", story, err, r)
		}
		got := map[string]int{}
		list, err := sim.Agenda(sim.Mailbox().Calendars[0].ID, springtime, springtime.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			got[fmt.Sprintf("%s %s", o.Start.UTC().Format("0102T15"), o.Title)]++
		}
		var all []string
		for k, n := range got {
			if n > 1 {
				t.Errorf("%s: %s is there %d times", story, k, n)
			}
			if !strings.HasSuffix(k, "Training") {
				all = append(all, k)
			}
		}
		slices.Sort(all)
		if !slices.Equal(all, want) {
			t.Errorf("%s: Google shows %v; want %v", story, all, want)
		}
		if n := len(got) - len(all); n != 8 {
			t.Errorf("%s: %d trainings; want 8", story, n)
		}
		clock = clock.Add(20 * time.Minute)
		if r, err := e.Sync(context.Background(), control.SyncRequest{}); err != nil || r.Writes() > 0 {
			t.Errorf("%s: a further pass writes %d, %v", story, r.Writes(), err)
		}
		clock = clock.Add(20 * time.Minute)
	}
	shows("at first", "0314T13 Regatta", "0401T19 Party")
	feed.events = []string{feed.events[2], feed.events[0], "20260315T130000Z Regatta", "20260501T100000Z Opening"}
	shows("moved, made, in another order", "0315T13 Regatta", "0401T19 Party", "0501T10 Opening")
	feed.events = feed.events[:3]
	shows("called off", "0315T13 Regatta", "0401T19 Party")

	feed.half = true
	r, err := e.Sync(context.Background(), control.SyncRequest{})
	if err != nil || r.Writes() > 0 || len(r.Problems) != 1 || !strings.Contains(fmt.Sprint(r.Problems), "cut off") {
		t.Errorf("half an answer: %v, %d writes, problems %+v", err, r.Writes(), r.Problems)
	}
	feed.half = false
	clock = clock.Add(time.Hour)
	shows("and whole again", "0315T13 Regatta", "0401T19 Party")

	all := feed.events
	feed.events = nil
	r, err = e.Sync(context.Background(), control.SyncRequest{})
	if err != nil || r.Writes() > 0 {
		t.Errorf("suddenly empty: %v, %d writes", err, r.Writes())
	}
	feed.events = all
	clock = clock.Add(time.Hour)
	shows("and full again", "0315T13 Regatta", "0401T19 Party")

	clock = time.Date(2026, 4, 10, 12, 0, 0, 0, time.UTC)
	feed.events = feed.events[:2]
	shows("what is over left the feed, and was not called off", "0315T13 Regatta", "0401T19 Party")

	box := sim.Mailbox()
	for _, ev := range box.Events(box.Calendars[0].ID) {
		if len(ev.Attendees) > 0 {
			t.Errorf("a copy has guests: %+v", ev)
		}
	}
	if mails := box.Mails(); len(mails) > 0 {
		t.Errorf("mails: %v", mails)
	}
	for _, m := range feed.asked {
		if m != http.MethodGet {
			t.Errorf("the feed was sent %s", m)
		}
	}
	if strings.Contains(log.String(), "1234") {
		t.Errorf("the private address is in the log:\n%s", log.String())
	}
}
