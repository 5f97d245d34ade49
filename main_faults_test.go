package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/graphsim"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// weather is a running engine in virtual time, with both real connectors, and
// services that do terrible things.
type weather struct {
	t      *testing.T
	engine *engine.Engine
	store  *store.Store
	kept   *secrets.InMemory
	hc     *http.Client
	sims   map[string]*simulator.Simulator
	cals   map[string]string
	began  time.Time
	loose  bool            // which edits survive is not looked at, only that both sides agree
	titles map[string]bool // what must be there in the end
	gone   map[string]bool // and what must not
	made   int
}

// climate is what must be set before a service starts.
type climate struct {
	switches mailbox.Switches
	quirks   graphsim.Quirks
	skew     time.Duration // of the services' clocks
}

func newWeather(t *testing.T, c climate) *weather {
	t.Helper()
	w := &weather{t: t, kept: secrets.Memory(), sims: map[string]*simulator.Simulator{}, cals: map[string]string{}, began: time.Now(),
		titles: map[string]bool{}, gone: map[string]bool{}}
	hosts := map[string]http.Handler{}
	var err error
	for side, service := range map[string]simulator.Service{onGoogle: simulator.Google, onOutlook: simulator.Outlook} {
		if w.sims[side], err = simulator.New(service, simulator.Options{Owner: mailbox.Person{Name: "Ann", Email: "ann@" + side + ".test"},
			Zone: "Europe/Berlin", Now: func() time.Time { return time.Now().Add(c.skew) }, AutoApprove: true, Switches: c.switches, Quirks: c.quirks}); err != nil {
			t.Fatal(err)
		}
		hosts[side+".test"] = w.sims[side]
	}
	w.hc = &http.Client{Transport: simulator.Transport(hosts), Timeout: time.Minute}
	if w.store, err = store.Open(filepath.Join(t.TempDir(), "twinday.db"), store.Options{}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if os.Getenv("TWINDAY_LOG") != "" {
		log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	random := rand.New(rand.NewPCG(1, 1))
	if w.engine, err = engine.New(engine.Options{Store: w.store, Secrets: w.kept, Connectors: connectors(time.Now, w.hc), Random: random.Float64, Log: log}); err != nil {
		t.Fatal(err)
	}
	for side := range w.sims {
		w.signIn(side)
	}
	cals, err := w.engine.Calendars(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	var members []state.Member
	for _, c := range cals {
		if c.Primary {
			members = append(members, state.Member{Ref: c.Ref})
			w.cals[string(c.Ref.Account)] = w.sims[string(c.Ref.Account)].Mailbox().Calendars[0].ID
		}
	}
	if _, err := w.engine.AddMirror(t.Context(), control.NewMirror{Members: members}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		w.engine.Close()
		if err := errors.Join(w.store.Check(), w.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// signIn is a person who signs in, at first or again.
func (w *weather) signIn(side string) {
	w.t.Helper()
	ends := w.sims[side].Endpoints("http://" + side + ".test")
	a := state.Account{ID: state.AccountID(side), Provider: state.ProviderKind(side), Email: "ann@" + side + ".test", Endpoint: state.Endpoint{BaseURL: ends.BaseURL,
		AuthURL: ends.AuthURL, TokenURL: ends.TokenURL, ClientID: ends.ClientID, ClientSecret: ends.ClientSecret}}
	if err := errors.Join(w.kept.Save(side, grant(w.t, w.hc, a.Provider, ends)), w.store.Update(func(tx *store.Tx) error { return tx.PutAccount(a) })); err != nil {
		w.t.Fatal(err)
	}
}

func (w *weather) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// add is a person making a meeting.
func (w *weather) add(side string) string {
	w.made++
	title := fmt.Sprintf("Meeting %d", w.made)
	day := w.began.AddDate(0, 0, 1+w.made%20).UTC().Truncate(24 * time.Hour).Add(time.Duration(8+w.made%9) * time.Hour)
	at := func(t time.Time) mailbox.Moment {
		return mailbox.Moment{Local: t.Format("2006-01-02T15:04:05"), Zone: "UTC", UTC: t}
	}
	if w.sims[side].Mailbox().AddEvent(w.cals[side], mailbox.Event{Title: title, Start: at(day), End: at(day.Add(time.Hour))}) != nil {
		w.titles[title] = true // else the calendar is not there just now
	}
	return title
}

// find is a meeting's id on a side; empty if it is not there (yet).
func (w *weather) find(side, title string) string {
	for _, e := range w.sims[side].Mailbox().Events(w.cals[side]) {
		if e.Title == title {
			return e.ID
		}
	}
	return ""
}

// rename has a person change what is there under a title; each title is used once.
func (w *weather) rename(side, title string) {
	id := w.find(side, title)
	if id == "" {
		return
	}
	to := title + "'"
	w.must(w.sims[side].Mailbox().EditEvent(w.cals[side], id, func(e *mailbox.Event) { e.Title, e.Place = to, "Room "+to }))
	delete(w.titles, title)
	w.titles[to], w.gone[title] = true, true
}

func (w *weather) remove(side, title string) {
	if id := w.find(side, title); id != "" {
		w.must(w.sims[side].Mailbox().DeleteEvent(w.cals[side], id))
		delete(w.titles, title)
		w.gone[title] = true
	}
}

// series makes one on a side.
func (w *weather) series(side string) string {
	w.made++
	e := mailbox.Event{Title: fmt.Sprintf("Series %d", w.made), Recurrence: []string{"RRULE:FREQ=WEEKLY;COUNT=6"}}
	day := w.began.AddDate(0, 0, 3).UTC().Format(time.DateOnly)
	e.Start, e.End = mailbox.Moment{Local: day + "T09:00:00", Zone: "Europe/Berlin"}, mailbox.Moment{Local: day + "T09:30:00", Zone: "Europe/Berlin"}
	id, err := w.sims[side].AddSeries(w.cals[side], e)
	w.must(err)
	w.titles[e.Title] = true
	return id
}

func (w *weather) agenda(side string) []mailbox.Occurrence {
	list, err := w.sims[side].Agenda(w.cals[side], w.began.AddDate(0, 0, -20), w.began.AddDate(0, 0, 380))
	w.must(err)
	return list
}

// differs says in what the two calendars differ, empty if they agree.
func (w *weather) differs() string {
	g, o := w.agenda(onGoogle), w.agenda(onOutlook)
	for i := range max(len(g), len(o)) {
		switch {
		case i >= len(o):
			return fmt.Sprintf("Google has %+v, Outlook ends", g[i])
		case i >= len(g):
			return fmt.Sprintf("Outlook has %+v, Google ends", o[i])
		case mailbox.CompareOccurrences(g[i], o[i]) != 0:
			return fmt.Sprintf("Google has %+v\nOutlook has %+v", g[i], o[i])
		}
	}
	return ""
}

// converged insists that all is well: alike, nothing twice, nothing lost, no mail,
// no odd request, nothing open, no problem, and quiet.
func (w *weather) converged(within time.Duration) {
	w.t.Helper()
	left := func() string {
		if d := w.differs(); d != "" {
			return d
		}
		s, err := w.engine.Status(context.Background())
		w.must(err)
		var open []state.Intent
		w.must(w.store.View(func(tx *store.Tx) (err error) { open, err = tx.Intents(); return }))
		if len(open) > 0 {
			return fmt.Sprintf("open intents: %d, the first %+v", len(open), open[0])
		}
		if s.Activity != control.Fine || len(s.Problems) > 0 || s.Held > 0 {
			held, _ := w.engine.Held(context.Background())
			return fmt.Sprintf("status %s %q, problems %+v, held %d %+v", s.Activity, s.Summary, s.Problems, s.Held, held)
		}
		return ""
	}
	end := time.Now().Add(within)
	for why := left(); why != ""; why = left() {
		if time.Now().After(end) {
			w.t.Errorf("after %s: %s", within, why)
			return
		}
		time.Sleep(5 * time.Second)
	}
	for side, s := range w.sims {
		count := map[string]int{}
		for _, e := range s.Mailbox().Events(w.cals[side]) {
			if e.Series == "" {
				count[e.Title]++
			}
		}
		for title := range w.titles {
			if count[title] > 1 || count[title] == 0 && !w.loose {
				w.t.Errorf("%s holds %d of %q", side, count[title], title)
			}
		}
		for title := range w.gone {
			if count[title] != 0 && !w.titles[title] && !w.loose {
				w.t.Errorf("%s still holds %d of %q", side, count[title], title)
			}
		}
		c := s.Counters()
		if len(c.Unknown) > 0 || len(c.NotImplemented) > 0 || len(s.Mailbox().Mails()) > 0 {
			w.t.Errorf("%s: unknown %v, not implemented %v, mails %v", side, c.Unknown, c.NotImplemented, s.Mailbox().Mails())
		}
		s.ResetCounters()
	}
	time.Sleep(15 * time.Minute)
	for side, s := range w.sims {
		if c := s.Counters(); c.Writes > 0 {
			w.t.Errorf("%s: %d writes when all is quiet: %v", side, c.Writes, c.Kinds)
		}
	}
	if d := w.differs(); d != "" {
		w.t.Error(d)
	}
}

// calm is life before the weather changes: a few meetings and a series from each
// side, alike.
func (w *weather) calm() (titles []string, series map[string]string) {
	w.t.Helper()
	series = map[string]string{}
	for _, side := range []string{onGoogle, onOutlook} {
		for range 5 {
			titles = append(titles, w.add(side))
		}
		series[side] = w.series(side)
	}
	_, err := w.engine.Sync(context.Background(), control.SyncRequest{})
	w.must(err)
	w.converged(20 * time.Minute)
	return titles, series
}

// edits are what people do meanwhile, each in its own minute.
func (w *weather) edits(titles []string, series map[string]string) {
	g, o := onGoogle, onOutlook
	w.add(g)
	w.rename(g, titles[0])
	w.remove(o, titles[1])
	time.Sleep(time.Minute)
	w.add(o)
	w.rename(o, titles[2])
	w.rename(g, titles[6])
	time.Sleep(time.Minute)
	for _, side := range []string{g, o} {
		occurrences, err := w.sims[side].Occurrences(w.cals[side], series[side], w.began, w.began.AddDate(0, 3, 0))
		if errors.Is(err, mailbox.ErrNoCalendar) {
			continue
		}
		w.must(err)
		w.must(w.sims[side].EditOccurrence(w.cals[side], series[side], occurrences[2].Slot, func(e *mailbox.Event) { e.Title = "Retro of " + side }))
		w.must(w.sims[side].CancelOccurrence(w.cals[side], series[side], occurrences[4].Slot))
	}
	w.remove(g, titles[7])
	w.add(g)
	time.Sleep(3 * time.Minute)
	w.rename(o, titles[3])
	w.add(o)
}

// plight is one thing that goes wrong.
type plight struct {
	name    string
	climate climate
	faults  []simulator.Fault                          // on either service
	begin   func(w *weather, side string) (end func()) // beyond faults; may be nil
	only    string                                     // on this service alone
}

const all = -1

func always(f simulator.Fault) []simulator.Fault { f.Count = all; return []simulator.Fault{f} }

// often hits some of many requests.
func often(p float64, f simulator.Fault) []simulator.Fault {
	f.Count, f.Probability, f.Seed = all, p, 7
	return []simulator.Fault{f}
}

// onWrites has the fault for every kind of write.
func onWrites(p float64, f simulator.Fault) (list []simulator.Fault) {
	for i, method := range []string{"POST /", "PATCH /", "DELETE /"} {
		g := f
		g.Match, g.Count, g.Probability, g.Seed = method, all, p, uint64(i+1)
		list = append(list, g)
	}
	return list
}

var plights = []plight{
	{name: "requests hang before they do anything", faults: often(0.3, simulator.Fault{Delay: time.Hour})},
	{name: "every request hangs", faults: always(simulator.Fault{Delay: time.Hour})},
	{name: "writes hang after they took effect", faults: onWrites(0.5, simulator.Fault{DelayAfter: time.Hour})},
	{name: "every write hangs after it took effect", faults: onWrites(1, simulator.Fault{DelayAfter: time.Hour})},
	{name: "connections cut before the work", faults: often(0.4, simulator.Fault{DropBefore: true})},
	{name: "connections cut after the work", faults: often(0.4, simulator.Fault{DropAfter: true})},
	{name: "no connection", faults: always(simulator.Fault{DropBefore: true})},
	{name: "bodies cut in the middle", faults: often(0.4, simulator.Fault{DropMidBody: true})},
	{name: "half bodies called whole", faults: often(0.4, simulator.Fault{TruncateBody: true})},
	{name: "every body is half", faults: always(simulator.Fault{TruncateBody: true})},
	{name: "HTML with 502", faults: often(0.4, simulator.Fault{Status: 502, HTMLBody: true})},
	{name: "HTML with 404", faults: often(0.4, simulator.Fault{Status: 404, HTMLBody: true})},
	{name: "HTML with 200, as a hotel's network has it", faults: always(simulator.Fault{Status: 200, HTMLBody: true})},
	{name: "nothing with 404", faults: often(0.4, simulator.Fault{Status: 404, EmptyBody: true})},
	{name: "nothing with 410", faults: often(0.4, simulator.Fault{Status: 410, EmptyBody: true})},
	{name: "nothing with 504", faults: often(0.4, simulator.Fault{Status: 504, EmptyBody: true})},
	{name: "nothing with 200", faults: often(0.4, simulator.Fault{Status: 200, EmptyBody: true})},
	{name: "an empty object with 200", faults: often(0.4, simulator.Fault{Body: "{}"})},
	{name: "an empty object done", faults: onWrites(0.5, simulator.Fault{Body: "{}", After: true})},
	{name: "429 with a time", faults: often(0.3, simulator.Fault{Status: 429, RetryAfter: 7 * time.Second})},
	{name: "429 with a long time", faults: often(0.2, simulator.Fault{Status: 429, RetryAfter: 3 * time.Minute})},
	{name: "429 without a time", faults: often(0.3, simulator.Fault{Status: 429})},
	{name: "403 rate limit", only: onGoogle, faults: often(0.3, simulator.Fault{Status: 403, Reason: "rateLimitExceeded"})},
	{name: "403 user rate limit", only: onGoogle, faults: often(0.3, simulator.Fault{Status: 403, Reason: "userRateLimitExceeded"})},
	{name: "403 quota", only: onGoogle, faults: []simulator.Fault{{Status: 403, Reason: "quotaExceeded", Match: "POST /"}}},
	{name: "503 with a time", only: onOutlook, faults: often(0.3, simulator.Fault{Status: 503, RetryAfter: 5 * time.Second})},
	{name: "500 storm", faults: often(0.7, simulator.Fault{Status: 500})},
	{name: "503 storm after the work", faults: often(0.6, simulator.Fault{Status: 503, After: true})},
	{name: "503 for all", faults: always(simulator.Fault{Status: 503})},
	{name: "504 storm on writes, after the work", faults: onWrites(0.6, simulator.Fault{Status: 504, After: true})},
	{name: "401 once", faults: []simulator.Fault{{Status: 401, Nth: 2}}},
	{name: "401 three times in mid-pass", faults: []simulator.Fault{{Status: 401, Nth: 2, Count: 3}}},
	{name: "access tokens expire", begin: func(w *weather, side string) func() { w.sims[side].SignIn().ExpireAccessTokens(); return nil }},
	{name: "the sign-in server fails", begin: func(w *weather, side string) func() { w.sims[side].SignIn().ExpireAccessTokens(); return nil },
		faults: []simulator.Fault{{Match: "oauth.token", Status: 503, Count: 6}}},
	{name: "revoked", begin: func(w *weather, side string) func() {
		w.sims[side].SignIn().RevokeAll()
		return func() { w.signIn(side) }
	}},
	{name: "410 in the middle of paging", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{PageLimit: 2}}, quirks: graphsim.Quirks{EmptyPages: true}},
		faults: []simulator.Fault{{Match: "events.list", Nth: 2, Count: 1, Status: 410}, {Match: "*elta*", Nth: 2, Status: 410}}},
	{name: "cursors expire", begin: func(w *weather, side string) func() {
		w.must(w.sims[side].Mailbox().ExpireCursors(w.cals[side]))
		return nil
	}},
	{name: "a full read that lists nothing", begin: func(w *weather, side string) func() {
		w.must(w.sims[side].Mailbox().ExpireCursors(w.cals[side]))
		return nil
	},
		faults: []simulator.Fault{{Match: "events.list", Nth: 2, DropItems: -1}, {Match: "*elta*", Nth: 2, DropItems: -1}}},
	{name: "full reads that leave some out", begin: func(w *weather, side string) func() {
		w.must(w.sims[side].Mailbox().ExpireCursors(w.cals[side]))
		return nil
	},
		faults: []simulator.Fault{{Match: "events.list", Nth: 2, DropItems: 5}, {Match: "*elta*", Nth: 2, DropItems: 5}}},
	{name: "empty pages", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{EmptyPages: true, PageLimit: 2}}, quirks: graphsim.Quirks{EmptyPages: true}}},
	{name: "shuffled pages", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{PageLimit: 4}}}, faults: []simulator.Fault{
		{Match: "events.list", ShuffleItems: true, Count: all}, {Match: "*elta*", ShuffleItems: true, Count: all}}},
	{name: "reversed pages", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{Reversed: true, PageLimit: 2}}, quirks: graphsim.Quirks{ReversedPages: true}}},
	{name: "stale lists", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{ListLag: 40 * time.Second}}, quirks: graphsim.Quirks{DeltaLag: 40 * time.Second}}},
	{name: "stale lists and cursors that expire", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{ListLag: 40 * time.Second}}, quirks: graphsim.Quirks{DeltaLag: 40 * time.Second}},
		begin: func(w *weather, side string) func() {
			w.must(w.sims[side].Mailbox().ExpireCursors(w.cals[side]))
			return nil
		}},
	{name: "repeated deltas", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{Redeliver: true}}, quirks: graphsim.Quirks{ReplayUnchanged: true, RepeatItems: true}}},
	{name: "items twice", faults: []simulator.Fault{{Match: "events.list", RepeatItems: true, Count: all}, {Match: "*elta*", RepeatItems: true, Count: all}}},
	{name: "the calendar is gone for a while", begin: func(w *weather, side string) func() {
		w.must(w.sims[side].Mailbox().Unsubscribe(w.cals[side]))
		return func() { w.must(w.sims[side].Mailbox().Resubscribe(w.cals[side])) }
	}},
	{name: "the calendar can only be read for a while", begin: func(w *weather, side string) func() {
		w.loose = true // what is born there and edited elsewhere is taken back
		w.must(w.sims[side].Mailbox().SetRole(w.cals[side], "reader"))
		return func() { w.must(w.sims[side].Mailbox().SetRole(w.cals[side], "owner")) }
	}},
	{name: "clocks an hour behind", climate: climate{skew: -time.Hour}},
	{name: "clocks a day ahead", climate: climate{skew: 26 * time.Hour}},
	{name: "quotas", climate: climate{switches: mailbox.Switches{Google: mailbox.GoogleSwitches{UnitsPerMinute: 60, QuickWrites: 2}}, quirks: graphsim.Quirks{MaxRequests: 400, MaxConcurrent: 2}}},
}

// strike begins a plight on one side, and returns what ends it.
func (w *weather) strike(p plight, side string) (end func()) {
	synctest.Wait() // no pass is halfway: the faults count its requests from the first
	var after func()
	if p.begin != nil {
		after = p.begin(w, side)
	}
	for _, f := range p.faults {
		w.sims[side].AddFault(f)
	}
	return func() {
		w.sims[side].ClearFaults()
		if after != nil {
			after()
		}
	}
}

// Every fault, at each service, while people go on editing: once it is over, both
// calendars agree, nothing is there twice or lost, nobody got a mail, no request
// was odd, no write is left open, and all is quiet.
func TestEveryFault(t *testing.T) {
	for _, p := range plights {
		for _, side := range []string{onGoogle, onOutlook} {
			if p.only != "" && p.only != side || p.faults == nil && p.begin == nil && side == onOutlook {
				continue // of a climate alone both have their share at once
			}
			t.Run(p.name+" at "+side, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWeather(t, p.climate)
					titles, series := w.calm()
					end := w.strike(p, side)
					w.edits(titles, series)
					time.Sleep(5 * time.Minute)
					end()
					w.converged(90 * time.Minute)
				})
			})
		}
	}
}

// Several faults at once on both sides, by chance. TWINDAY_SEEDS runs more seeds.
func TestRandomFaults(t *testing.T) {
	for seed := range seedsOr(t, 12) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(uint64(seed), 5))
				c := plights[random.IntN(len(plights))].climate
				w := newWeather(t, c)
				titles, series := w.calm()
				var struck []string
				for round := range 2 {
					var ends []func()
					for range 1 + random.IntN(3) {
						p, side := plights[random.IntN(len(plights))], []string{onGoogle, onOutlook}[random.IntN(2)]
						if p.only != "" && p.only != side || slices.Contains(struck, p.name+" at "+side) {
							continue
						}
						struck = append(struck, p.name+" at "+side)
						faults := slices.Clone(p.faults)
						for i := range faults {
							faults[i].Seed = random.Uint64()
						}
						p.faults = faults
						ends = append(ends, w.strike(p, side))
					}
					if round == 0 {
						w.edits(titles, series)
					} else {
						w.add(onGoogle)
						w.add(onOutlook)
						w.rename(onGoogle, titles[4])
						w.remove(onOutlook, titles[8])
					}
					time.Sleep(time.Duration(random.IntN(600)) * time.Second)
					for _, end := range ends {
						end()
					}
				}
				for side := range w.sims { // so many refusals may look like the end of a sign-in
					accounts, err := w.engine.Accounts(t.Context())
					w.must(err)
					if slices.ContainsFunc(accounts, func(a control.AccountState) bool { return string(a.ID) == side && a.SignedOut }) {
						w.signIn(side)
					}
				}
				w.converged(90 * time.Minute)
				if t.Failed() {
					t.Logf("seed %d: %s", seed, strings.Join(struck, "; "))
				}
			})
		})
	}
}
