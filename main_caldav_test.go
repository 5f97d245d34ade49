//go:build linux

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
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/providertest/caldavlab"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

const onCalDAV = "caldav"

// davPair is a calendar of a simulated service and one on Cyrus that mirror each other,
// by the real connectors and the real engine.
type davPair struct {
	t      *testing.T
	engine *engine.Engine
	kind   string // of the simulated side: onGoogle or onOutlook
	sim    *simulator.Simulator
	cal    string // the simulated calendar
	server caldavlab.Program
	wire   *toHosts
	clock  time.Time
	opts   engine.Options
}

// toHosts sends what is for a simulator there, and all else over the network.
type toHosts struct {
	simulated http.RoundTripper
	// fault, if there is one, says of a request whether it is lost on the way, or its
	// answer on the way back.
	fault func(*http.Request) (request, answer bool)
}

var errLost = errors.New("lost on purpose")

// RoundTrip implements http.RoundTripper.
func (r *toHosts) RoundTrip(req *http.Request) (*http.Response, error) {
	var lost, unheard bool
	if r.fault != nil {
		lost, unheard = r.fault(req)
	}
	if lost {
		return nil, errLost
	}
	way := http.DefaultTransport
	if strings.HasSuffix(req.URL.Host, ".test") {
		way = r.simulated
	}
	resp, err := way.RoundTrip(req)
	if err == nil && unheard {
		resp.Body.Close()
		return nil, errLost
	}
	return resp, err
}

func newDavPair(t *testing.T, cyrus *caldavlab.Server, kind, name string) *davPair {
	t.Helper()
	p := &davPair{t: t, kind: kind, server: cyrus.NewCalendar(t, name), clock: springtime}
	var mu sync.Mutex
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		p.clock = p.clock.Add(time.Millisecond)
		return p.clock
	}
	service := map[string]simulator.Service{onGoogle: simulator.Google, onOutlook: simulator.Outlook}[kind]
	var err error
	if p.sim, err = simulator.New(service, simulator.Options{Owner: owner(kind), Zone: "Europe/Berlin", Now: now, AutoApprove: true}); err != nil {
		t.Fatal(err)
	}
	p.cal = p.sim.Mailbox().Calendars[0].ID
	p.wire = &toHosts{simulated: simulator.Transport(map[string]http.Handler{kind + ".test": p.sim})}
	hc := &http.Client{Transport: p.wire}
	st, err := store.Open(filepath.Join(t.TempDir(), "twinday.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept := secrets.Memory()
	p.opts = engine.Options{Store: st, Secrets: kept, Now: now, Connectors: connectors(now, hc), Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if p.engine, err = engine.New(p.opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.engine.Close()
		if err := errors.Join(st.Check(), st.Close()); err != nil {
			t.Error(err)
		}
	})
	ends := p.sim.Endpoints("http://" + kind + ".test")
	a := state.Account{ID: state.AccountID(kind), Provider: state.ProviderKind(kind), Email: owner(kind).Email, Endpoint: state.Endpoint{
		BaseURL: ends.BaseURL, AuthURL: ends.AuthURL, TokenURL: ends.TokenURL, ClientID: ends.ClientID, ClientSecret: ends.ClientSecret}}
	if err := kept.Save(kind, grant(t, hc, a.Provider, ends)); err != nil {
		t.Fatal(err)
	}
	if err := st.Update(func(tx *store.Tx) error { return tx.PutAccount(a) }); err != nil {
		t.Fatal(err)
	}
	// As a person connects it: by the server's address, a name and a password.
	s, err := p.engine.BeginSignIn(t.Context(), control.NewAccount{Provider: state.CalDAV, ID: onCalDAV, Endpoint: state.Endpoint{BaseURL: cyrus.Base},
		Login: &control.Login{User: cyrus.User, Password: caldavlab.Password}})
	if err == nil {
		_, err = p.engine.FinishSignIn(t.Context(), s.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	cals, err := p.engine.Calendars(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	var members []state.Member
	for _, c := range cals {
		if c.Ref.Account != onCalDAV && c.Primary || c.Ref.Account == onCalDAV && string(c.Ref.Calendar) == p.server.Path {
			members = append(members, state.Member{Ref: c.Ref})
		}
	}
	if _, err := p.engine.AddMirror(t.Context(), control.NewMirror{Members: members}); err != nil {
		t.Fatal(err)
	}
	return p
}

// agenda is what a side shows. Cyrus expands its own.
func (p *davPair) agenda(side string) (out []mailbox.Occurrence) {
	p.t.Helper()
	from, to := springtime.AddDate(0, 0, -25), springtime.AddDate(0, 0, 390)
	if side != onCalDAV {
		list, err := p.sim.Agenda(p.cal, from, to)
		if err != nil {
			p.t.Fatal(err)
		}
		return list
	}
	for _, o := range p.server.Agenda(from, to) {
		out = append(out, mailbox.Occurrence{Series: string(o.ID), Slot: o.Slot, Start: o.Start, End: o.End, AllDay: o.AllDay, Title: o.Title, Place: o.Place})
	}
	return out
}

func (p *davPair) pass(story string) control.Report {
	p.t.Helper()
	r, err := p.engine.Sync(context.Background(), control.SyncRequest{})
	if err != nil || r.Failed > 0 || len(r.Problems) > 0 {
		p.t.Fatalf("%s: %v, problems %+v, steps %v", story, err, r.Problems, told(r, func(s control.StepResult) bool { return s.Error != "" }))
	}
	return r
}

// sync runs a pass, lets what the guard against mass deletion holds go, and insists that
// both sides show the same and that one more pass writes nothing.
func (p *davPair) sync(story string) {
	p.t.Helper()
	if r := p.pass(story); r.Held > 0 {
		held, err := p.engine.Held(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		d := control.Decide{Decision: state.Apply}
		for _, h := range held {
			d.IDs = append(d.IDs, h.ID)
		}
		if err := p.engine.Decide(p.t.Context(), d); err != nil {
			p.t.Fatal(err)
		}
		if r := p.pass(story); r.Held > 0 {
			p.t.Fatalf("%s: held: %v", story, told(r, func(s control.StepResult) bool { return s.Held != "" }))
		}
	}
	sim, dav := p.agenda(p.kind), p.agenda(onCalDAV)
	slices.SortFunc(sim, mailbox.CompareOccurrences)
	slices.SortFunc(dav, mailbox.CompareOccurrences)
	for i := range max(len(sim), len(dav)) {
		if i < len(sim) && i < len(dav) && mailbox.CompareOccurrences(sim[i], dav[i]) == 0 {
			continue
		}
		p.t.Fatalf("%s: %s shows %d, Cyrus %d; the first difference:\n%+v\n%+v", story, p.kind, len(sim), len(dav), sim[min(i, len(sim)):min(i+1, len(sim))], dav[min(i, len(dav)):min(i+1, len(dav))])
	}
	if r := p.pass(story); r.Writes() > 0 {
		p.t.Fatalf("%s: a further pass writes: %v", story, told(r, func(s control.StepResult) bool { return s.Held == "" && s.Kind != state.Skip }))
	}
	if c, mails := p.sim.Counters(), p.sim.Mailbox().Mails(); len(c.Unknown) > 0 || len(mails) > 0 {
		p.t.Fatalf("%s: unknown %v, mails %v", story, c.Unknown, mails)
	}
}

// series are the series of a side by the first word of their titles, with the slots of
// their occurrences; of those that were split, the part that begins first.
func (p *davPair) series(side string) map[string]aSeries {
	p.t.Helper()
	out := map[string]aSeries{}
	for _, o := range p.agenda(side) {
		name, _, _ := strings.Cut(o.Title, " ")
		s, known := out[name]
		if !known && o.Slot == "" {
			continue
		}
		if !known {
			s.id = o.Series
		}
		if o.Series == s.id && o.Slot != "" {
			s.slots = append(s.slots, o.Slot)
			slices.Sort(s.slots)
		}
		out[name] = s
	}
	return out
}

type aSeries struct {
	id    string
	slots []string
}

// davActs are the acts of main_series_test.go, in another program on the server.
var davActs = map[string]func(o caldavlab.Program, id calendar.RemoteID, title string, at func(int) calendar.Time, n int){
	"drag one": func(o caldavlab.Program, id calendar.RemoteID, _ string, at func(int) calendar.Time, n int) {
		w := o.When(id).At(at(n / 2))
		o.MoveOccurrence(id, at(n/2), later(w.Start, 2*time.Hour), later(w.End, 2*time.Hour))
	},
	"cancel one": func(o caldavlab.Program, id calendar.RemoteID, _ string, at func(int) calendar.Time, _ int) {
		o.CancelOccurrence(id, at(1))
	},
	"retitle one": func(o caldavlab.Program, id calendar.RemoteID, title string, at func(int) calendar.Time, _ int) {
		o.RetitleOccurrence(id, at(2), title+" (retro)")
	},
	"edit all": func(o caldavlab.Program, id calendar.RemoteID, title string, _ func(int) calendar.Time, _ int) {
		o.EditAll(id, title+" all", "Room 7")
	},
	"move all": func(o caldavlab.Program, id calendar.RemoteID, _ string, _ func(int) calendar.Time, _ int) {
		w := o.When(id)
		w.Start, w.End = later(w.Start, time.Hour), later(w.End, time.Hour)
		o.Reschedule(id, w)
	},
	"change the rule": func(o caldavlab.Program, id calendar.RemoteID, _ string, _ func(int) calendar.Time, _ int) {
		w := o.When(id)
		w.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=7"}
		o.Reschedule(id, w)
	},
	"change the zone": func(o caldavlab.Program, id calendar.RemoteID, _ string, _ func(int) calendar.Time, _ int) {
		w := o.When(id)
		w.Start.Zone, w.End.Zone = "America/New_York", "America/New_York"
		o.Reschedule(id, w)
	},
	"split": func(o caldavlab.Program, id calendar.RemoteID, title string, at func(int) calendar.Time, n int) {
		o.Split(id, at(n/2), title+" from now on")
	},
	"delete following": func(o caldavlab.Program, id calendar.RemoteID, _ string, at func(int) calendar.Time, n int) {
		o.DeleteFollowing(id, at(n/2))
	},
	"delete all": func(o caldavlab.Program, id calendar.RemoteID, _ string, _ func(int) calendar.Time, _ int) {
		o.Delete(id)
	},
	"make it single": func(o caldavlab.Program, id calendar.RemoteID, _ string, _ func(int) calendar.Time, _ int) {
		w := o.When(id)
		w.Recurrence = calendar.Recurrence{}
		o.Reschedule(id, w)
	},
}

// later is t with its wall clock d later.
func later(t calendar.Time, d time.Duration) calendar.Time {
	m := mailbox.Moment{Local: t.Local}
	clock(&m, d)
	t.Local = m.Local
	return t
}

// do has a person on one side do something to a series. False if there is nothing left to
// do it to, or the service refuses.
func (p *davPair) do(side, name string, s aSeries, a act) bool {
	p.t.Helper()
	if len(s.slots) < 3 {
		return false
	}
	if side == onCalDAV {
		id := calendar.RemoteID(s.id)
		w := p.server.When(id)
		davActs[a.name](p.server, id, name, func(i int) calendar.Time { return w.Original(s.slots[i]) }, len(s.slots))
		return true
	}
	err := a.do(p.sim, p.cal, s.id, s.slots)
	if err != nil && !errors.Is(err, mailbox.ErrRefused) {
		p.t.Fatalf("%s on %s: %v", a.name, side, err)
	}
	return err == nil
}

// Every act, on either side, followed by every act on either side, with the series born on
// either, against Google and against Outlook: one pass makes both sides alike, a further
// one writes nothing. Each world holds one series for every two acts, so that passes
// are few where the server's time counts.
func TestEveryEditOfASeriesWithCalDAV(t *testing.T) {
	cyrus := caldavlab.Cyrus(t)
	var combinations, idle atomic.Int64
	t.Run("worlds", func(t *testing.T) { // ends when all of its parallel tests have
		for _, kind := range []string{onGoogle, onOutlook} {
			for _, home := range []string{kind, onCalDAV} {
				for _, x := range []string{kind, onCalDAV} {
					for _, y := range []string{kind, onCalDAV} {
						name := fmt.Sprintf("%s-%s-%s-%s", kind, home, x, y)
						t.Run(fmt.Sprintf("born on %s, first on %s, then on %s, with %s", home, x, y, kind), func(t *testing.T) {
							t.Parallel()
							p := newDavPair(t, cyrus, kind, name)
							for i := range acts {
								for j := range acts {
									e := tuesdays()
									e.Title = fmt.Sprintf("%02d-%02d", i, j)
									if home == onCalDAV {
										p.addOnCalDAV(e)
									} else if _, err := p.sim.AddSeries(p.cal, e); err != nil {
										t.Fatal(err)
									}
								}
							}
							p.sync("at first")
							if n := len(p.agenda(onCalDAV)); n != 10*len(acts)*len(acts) {
								t.Fatalf("there are %d meetings at first", n)
							}
							for step, side := range []string{x, y} {
								found := p.series(side)
								for i := range acts {
									for j := range acts {
										title := fmt.Sprintf("%02d-%02d", i, j)
										a := acts[[]int{i, j}[step]]
										if !p.do(side, title, found[title], a) {
											idle.Add(1)
										}
									}
								}
								p.sync([]string{"after the first", "after both"}[step])
							}
							combinations.Add(int64(len(acts) * len(acts)))
						})
					}
				}
			}
		}
	})
	t.Logf("%d combinations of edit × side × order; %d acts found nothing left to do", combinations.Load(), idle.Load())
}

func (p *davPair) addOnCalDAV(e mailbox.Event) {
	p.t.Helper()
	at := func(m mailbox.Moment) calendar.Time { return calendar.Time{Local: m.Local, Zone: m.Zone} }
	p.server.AddEvent(calendar.Event{Content: calendar.Content{Title: e.Title, Availability: calendar.Busy,
		When: calendar.When{Start: at(e.Start), End: at(e.End), Recurrence: calendar.Recurrence{Rules: e.Recurrence}}}})
}
