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
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// pair is a Google and an Outlook calendar that mirror each other, by the real
// connectors and the real engine, over the in-memory transport, on a clock that
// stands still but for a second a reading.
type pair struct {
	t      testing.TB
	engine *engine.Engine
	sides  map[string]*simulator.Simulator
	cals   map[string]string
	wire   *wire
	clock  time.Time
	// startsOnly: ends are not compared. In the night in which the clock skips the
	// start, Exchange, which keeps both ends as wall clocks (MS-OXOCAL's start and
	// end time offsets), and Google, which keeps the length, end at different moments.
	startsOnly bool
}

// Where the stories of series play: spring, so that Berlin's and New York's
// clocks change in between.
var springtime = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	onGoogle  = "google"
	onOutlook = "outlook"
)

func newPair(t testing.TB, switches mailbox.Switches) *pair {
	t.Helper()
	p := &pair{t: t, sides: map[string]*simulator.Simulator{}, cals: map[string]string{}, clock: springtime}
	now := func() time.Time { p.clock = p.clock.Add(time.Second); return p.clock }
	hosts := map[string]http.Handler{}
	kept := secrets.Memory()
	st, err := store.Open(filepath.Join(t.TempDir(), "twinday.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	services := map[string]simulator.Service{onGoogle: simulator.Google, onOutlook: simulator.Outlook}
	for side, service := range services {
		if p.sides[side], err = simulator.New(service, simulator.Options{Owner: owner(side),
			Zone: "Europe/Berlin", Now: now, AutoApprove: true, Switches: switches}); err != nil {
			t.Fatal(err)
		}
		hosts[side+".test"] = p.sides[side]
	}
	p.wire = &wire{RoundTripper: simulator.Transport(hosts)}
	hc := &http.Client{Transport: p.wire}
	p.engine, err = engine.New(engine.Options{Store: st, Secrets: kept, Now: now, Connectors: connectors(now, hc),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.engine.Close()
		if err := errors.Join(st.Check(), st.Close()); err != nil {
			t.Error(err)
		}
	})
	var members []state.Member
	for side, s := range p.sides {
		ends := s.Endpoints("http://" + side + ".test")
		a := state.Account{ID: state.AccountID(side), Provider: state.ProviderKind(side), Email: owner(side).Email, Endpoint: state.Endpoint{
			BaseURL: ends.BaseURL, AuthURL: ends.AuthURL, TokenURL: ends.TokenURL, ClientID: ends.ClientID, ClientSecret: ends.ClientSecret}}
		if err := kept.Save(side, grant(t, hc, a.Provider, ends)); err != nil {
			t.Fatal(err)
		}
		if err := st.Update(func(tx *store.Tx) error { return tx.PutAccount(a) }); err != nil {
			t.Fatal(err)
		}
	}
	cals, err := p.engine.Calendars(context.Background(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cals {
		if c.Primary {
			members = append(members, state.Member{Ref: c.Ref})
			m := p.sides[string(c.Ref.Account)].Mailbox()
			p.cals[string(c.Ref.Account)] = m.Calendars[0].ID
		}
	}
	if _, err := p.engine.AddMirror(context.Background(), control.NewMirror{Members: members}); err != nil {
		t.Fatal(err)
	}
	return p
}

// owner is whose account it is on a side.
func owner(side string) mailbox.Person {
	return mailbox.Person{Name: "Ann", Email: "ann@" + side + ".test"}
}

// sync runs one pass, insists that both people see the same, that one more pass
// writes nothing, that no guest got a mail and that no request was odd.
func (p *pair) sync(story string) {
	p.t.Helper()
	p.settled(story)
	p.alike(story)
	p.quiet(story)
}

// pass runs one pass, in which nothing may fail.
func (p *pair) pass(story string) control.Report {
	p.t.Helper()
	r, err := p.engine.Sync(context.Background(), control.SyncRequest{})
	if err != nil || r.Failed > 0 || len(r.Problems) > 0 {
		p.t.Fatalf("%s: %v, problems %+v, steps %v", story, err, r.Problems, told(r, func(s control.StepResult) bool { return s.Error != "" }))
	}
	return r
}

// settled is a pass after which nothing waits for the person.
func (p *pair) settled(story string) control.Report {
	p.t.Helper()
	r := p.pass(story)
	if r.Held > 0 {
		p.t.Fatalf("%s: held: %v", story, told(r, func(s control.StepResult) bool { return s.Held != "" }))
	}
	return r
}

// quiet insists that one more pass writes nothing, that nobody got a mail and that
// no request was odd.
func (p *pair) quiet(story string) {
	p.t.Helper()
	p.silent(story)
	for side := range p.sides {
		p.sides[side].ResetCounters()
	}
	if r := p.pass(story); r.Writes() > 0 {
		p.t.Fatalf("%s: a further pass writes: %v", story, told(r, func(s control.StepResult) bool { return s.Held == "" && s.Kind != state.Skip }))
	}
	p.silent(story)
	for side, s := range p.sides {
		if c := s.Counters(); c.Writes > 0 {
			p.t.Fatalf("%s: %s: %d writes", story, side, c.Writes)
		}
	}
}

// silent insists that since the counters began nobody got a mail, and no request
// was odd.
func (p *pair) silent(story string) {
	p.t.Helper()
	for side, s := range p.sides {
		c, mails := s.Counters(), s.Mailbox().Mails()
		if len(c.Unknown) > 0 || len(c.NotImplemented) > 0 || len(mails) > 0 {
			p.t.Fatalf("%s: %s: unknown %v, not implemented %v, mails %v", story, side, c.Unknown, c.NotImplemented, mails)
		}
	}
}

// told is those steps of a report in words that are asked for.
func told(r control.Report, which func(control.StepResult) bool) (out []string) {
	for _, s := range r.Steps {
		if which(s) {
			out = append(out, fmt.Sprintf("%s %s in %s: %s %v %v %s %s", s.Kind, s.Title, s.Ref, s.Reason, s.Groups, s.Slots, s.Held, s.Error))
		}
	}
	return out
}

func (p *pair) agenda(side string) []mailbox.Occurrence {
	p.t.Helper()
	// The edges are cut off: what hangs over them is in one service's window and
	// not in the other's.
	list, err := p.sides[side].Agenda(p.cals[side], springtime.AddDate(0, 0, -25), springtime.AddDate(0, 0, 390))
	if err != nil {
		p.t.Fatalf("%s: %v", side, err)
	}
	return list
}

func (p *pair) alike(story string) {
	p.t.Helper()
	show := func(list []mailbox.Occurrence, from int) string {
		var b strings.Builder
		for _, o := range list[from:min(len(list), from+6)] {
			fmt.Fprintf(&b, "  %s – %s %v %q %q\n", o.Start.Format("2006-01-02 15:04"), o.End.Format("15:04"), o.AllDay, o.Title, o.Place)
		}
		return b.String()
	}
	g, o := p.agenda(onGoogle), p.agenda(onOutlook)
	for i := range max(len(g), len(o)) {
		if i < min(len(g), len(o)) {
			if p.startsOnly {
				o[i].End = g[i].End
			}
			if mailbox.CompareOccurrences(g[i], o[i]) == 0 {
				continue
			}
		}
		p.t.Fatalf("%s: Google shows %d, Outlook %d; from the first difference on, Google\n%sOutlook\n%s", story, len(g), len(o), show(g, min(i, len(g))), show(o, min(i, len(o))))
	}
}

// first finds the series that begins first in what a side shows, and the slots
// of its occurrences.
func (p *pair) first(side string) (id string, slots []string) {
	for _, o := range p.agenda(side) {
		if id == "" && o.Slot != "" {
			id = o.Series
		}
		if o.Series == id && o.Slot != "" {
			slots = append(slots, o.Slot)
		}
	}
	slices.Sort(slots) // by original start, whatever was moved
	return id, slots
}

// act is something a person does to a series in the service's own app.
type act struct {
	name string
	do   func(h *simulator.Simulator, cal, id string, slots []string) error
}

// clock moves a wall clock by hours, within its zone.
func clock(m *mailbox.Moment, by time.Duration) {
	if t, err := time.Parse("2006-01-02T15:04:05", m.Local); err == nil {
		m.Local = t.Add(by).Format("2006-01-02T15:04:05")
	}
}

var acts = []act{
	{"drag one", func(h *simulator.Simulator, cal, id string, slots []string) error {
		return h.MoveOccurrence(cal, id, slots[len(slots)/2], 2*time.Hour)
	}},
	{"cancel one", func(h *simulator.Simulator, cal, id string, slots []string) error {
		return h.CancelOccurrence(cal, id, slots[1])
	}},
	{"retitle one", func(h *simulator.Simulator, cal, id string, slots []string) error {
		return h.EditOccurrence(cal, id, slots[2], func(e *mailbox.Event) { e.Title += " (retro)" })
	}},
	{"edit all", func(h *simulator.Simulator, cal, id string, _ []string) error {
		return h.EditSeries(cal, id, func(e *mailbox.Event) { e.Title, e.Place = e.Title+" all", "Room 7" })
	}},
	{"move all", func(h *simulator.Simulator, cal, id string, _ []string) error {
		return h.EditSeries(cal, id, func(e *mailbox.Event) { clock(&e.Start, time.Hour); clock(&e.End, time.Hour) })
	}},
	{"change the rule", func(h *simulator.Simulator, cal, id string, _ []string) error {
		return h.EditSeries(cal, id, func(e *mailbox.Event) { e.Recurrence = []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=7"} })
	}},
	{"change the zone", func(h *simulator.Simulator, cal, id string, _ []string) error {
		return h.EditSeries(cal, id, func(e *mailbox.Event) { e.Start.Zone, e.End.Zone = "America/New_York", "America/New_York" })
	}},
	{"split", func(h *simulator.Simulator, cal, id string, slots []string) error {
		_, err := h.SplitSeries(cal, id, slots[len(slots)/2], func(e *mailbox.Event) {
			e.Title += " from now on"
			clock(&e.Start, time.Hour)
			clock(&e.End, time.Hour)
		})
		return err
	}},
	{"delete following", func(h *simulator.Simulator, cal, id string, slots []string) error {
		return h.DeleteFollowing(cal, id, slots[len(slots)/2])
	}},
	{"delete all", func(h *simulator.Simulator, cal, id string, _ []string) error { return h.DeleteSeries(cal, id) }},
	{"make it single", func(h *simulator.Simulator, cal, id string, _ []string) error { return h.ToSingle(cal, id) }},
}

// do has a person on one side do something; false if there is nothing left to do
// it to, or the service refuses.
func (p *pair) do(side string, a act) bool {
	p.t.Helper()
	id, slots := p.first(side)
	if len(slots) < 3 {
		return false
	}
	err := a.do(p.sides[side], p.cals[side], id, slots)
	if errors.Is(err, mailbox.ErrRefused) {
		return false
	}
	if err != nil {
		p.t.Fatalf("%s on %s: %v", a.name, side, err)
	}
	return true
}

// tuesdays is a weekly meeting over Berlin's change to summer time.
func tuesdays() mailbox.Event {
	return mailbox.Event{Title: "Stand-up", Recurrence: []string{"RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=10"},
		Start: mailbox.Moment{Local: "2026-03-10T09:00:00", Zone: "Europe/Berlin"}, End: mailbox.Moment{Local: "2026-03-10T09:30:00", Zone: "Europe/Berlin"}}
}

// Every act, on either side, followed by every act on either side: one pass makes
// both sides alike, a further one writes nothing, nothing is there twice.
func TestEveryEditOfASeriesOnEverySideInEveryOrder(t *testing.T) {
	var combinations, idle atomic.Int64
	sides := []string{onGoogle, onOutlook}
	t.Run("edits", func(t *testing.T) { // ends when all of its parallel tests have
		for _, home := range sides {
			for _, x := range sides {
				for _, a := range acts {
					t.Run(fmt.Sprintf("born on %s, %s on %s", home, a.name, x), func(t *testing.T) {
						t.Parallel()
						for _, y := range sides {
							for _, b := range acts {
								p := newPair(t, mailbox.Switches{})
								if _, err := p.sides[home].AddSeries(p.cals[home], tuesdays()); err != nil {
									t.Fatal(err)
								}
								story := fmt.Sprintf("born on %s, %s on %s, then %s on %s", home, a.name, x, b.name, y)
								p.sync(story + " (at first)")
								p.do(x, a)
								p.sync(story + " (after the first)")
								if !p.do(y, b) {
									idle.Add(1)
								}
								p.sync(story)
								combinations.Add(1)
							}
						}
					})
				}
			}
		}
	})
	t.Logf("%d combinations of edit × side × order, in %d of them the second found nothing left to do", combinations.Load(), idle.Load())
}

// The same where sources disagree on what the services do: an act on the side
// where the series was born, followed by one on the other side.
func TestEditsOfSeriesWhereSourcesDisagree(t *testing.T) {
	var combinations atomic.Int64
	t.Run("edits", func(t *testing.T) {
		for name, switches := range map[string]mailbox.Switches{
			"milder": {
				Google: mailbox.GoogleSwitches{DropOrphans: true, InstanceTouchesMaster: true, SplitKeepsExceptions: true, KeepRuleText: true},
				Graph:  mailbox.GraphSwitches{CancelledOccurrences: true, SeriesOnOnePage: true, ExceptionsInEvents: true, KeepAllDayZone: true},
			},
			"in any order": {Google: mailbox.GoogleSwitches{ExceptionsTrickle: true, DeadMastersListed: true, AddWeekStart: true, Redeliver: true,
				EmptyPages: true, Reversed: true, PageLimit: 3}},
			"the dead move": {Google: mailbox.GoogleSwitches{ExceptionsTrickle: true, ExceptionsTrickleAlive: true, TombstonesKeepDetails: true}},
		} {
			for _, home := range []string{onGoogle, onOutlook} {
				for _, a := range acts {
					t.Run(fmt.Sprintf("%s, born on %s, %s", name, home, a.name), func(t *testing.T) {
						t.Parallel()
						other := map[string]string{onGoogle: onOutlook, onOutlook: onGoogle}[home]
						for _, b := range acts {
							p := newPair(t, switches)
							if _, err := p.sides[home].AddSeries(p.cals[home], tuesdays()); err != nil {
								t.Fatal(err)
							}
							story := fmt.Sprintf("%s, then %s on %s", a.name, b.name, other)
							p.sync(story + " (at first)")
							p.do(home, a)
							p.sync(story + " (after the first)")
							p.do(other, b)
							p.sync(story)
							combinations.Add(1)
						}
					})
				}
			}
		}
	})
	t.Logf("%d combinations of edits and disputed behaviour", combinations.Load())
}

// Series that cross clock changes, or are unusual in another way, show the same
// instants on both sides for two years, whichever side they were born on.
func TestUnusualSeriesOverTwoYears(t *testing.T) {
	at := func(local, zone string) mailbox.Moment { return mailbox.Moment{Local: local, Zone: zone} }
	day := func(d string) mailbox.Moment { return mailbox.Moment{Date: d} }
	cases := []struct {
		name       string
		rule       string
		start, end mailbox.Moment
		allDay     bool
		skipped    bool // a clock skips its start
		fewest     int  // occurrences in two years, at least
	}{
		{"daily in New York, at an hour that one night skips", "RRULE:FREQ=DAILY", at("2026-03-01T02:30:00", "America/New_York"), at("2026-03-01T03:30:00", "America/New_York"), false, true, 700},
		{"daily in Berlin, at an hour that comes twice one night", "RRULE:FREQ=DAILY", at("2026-03-01T02:15:00", "Europe/Berlin"), at("2026-03-01T02:45:00", "Europe/Berlin"), false, false, 700},
		{"weekly on Lord Howe, whose clocks move half an hour", "RRULE:FREQ=WEEKLY;BYDAY=MO,TH", at("2026-03-05T01:45:00", "Australia/Lord_Howe"), at("2026-03-05T02:15:00", "Australia/Lord_Howe"), false, false, 200},
		{"since 1996", "RRULE:FREQ=YEARLY", day("1996-05-17"), day("1996-05-18"), true, false, 2},
		{"three days in a row, all-day, every other week", "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU", day("2026-03-08"), day("2026-03-10"), true, false, 100},
		{"last Friday of the month", "RRULE:FREQ=MONTHLY;BYDAY=-1FR", at("2026-03-27T16:00:00", "America/Los_Angeles"), at("2026-03-27T17:00:00", "America/Los_Angeles"), false, false, 23},
		{"a flight: lands in another zone", "RRULE:FREQ=WEEKLY;COUNT=60", at("2026-03-06T22:00:00", "Europe/Berlin"), at("2026-03-07T01:00:00", "America/New_York"), false, false, 60},
	}
	for _, home := range []string{onGoogle, onOutlook} {
		for _, c := range cases {
			t.Run(c.name+", born on "+home, func(t *testing.T) {
				p := newPair(t, mailbox.Switches{})
				p.startsOnly = c.skipped
				if _, err := p.sides[home].AddSeries(p.cals[home], mailbox.Event{Title: "Series", Recurrence: []string{c.rule}, Start: c.start, End: c.end, AllDay: c.allDay}); err != nil {
					t.Fatal(err)
				}
				p.sync(c.name)
				var lists [2][]mailbox.Occurrence
				for i, side := range []string{onGoogle, onOutlook} {
					var err error
					if lists[i], err = p.sides[side].Agenda(p.cals[side], springtime, springtime.AddDate(2, 0, 0)); err != nil {
						t.Fatal(err)
					}
				}
				if len(lists[0]) < c.fewest || len(lists[0]) != len(lists[1]) {
					t.Fatalf("Google shows %d, Outlook %d, at least %d were expected", len(lists[0]), len(lists[1]), c.fewest)
				}
				for i := range lists[0] {
					if g, o := lists[0][i], lists[1][i]; !g.Start.Equal(o.Start) || !p.startsOnly && !g.End.Equal(o.End) || g.AllDay != o.AllDay {
						t.Fatalf("occurrence %d: Google %s – %s, Outlook %s – %s", i+1, g.Start, g.End, o.Start, o.End)
					}
				}
				t.Logf("%d instants are the same on both sides", len(lists[0]))
			})
		}
	}
}

// Rules that Exchange cannot hold cross as single events inside the window, and
// an edit of one of those goes home to its occurrence.
func TestRulesThatOutlookCannotHold(t *testing.T) {
	for _, rule := range []string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31", "RRULE:FREQ=YEARLY;BYMONTH=3,6;BYDAY=2TU", "RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO"} {
		t.Run(rule, func(t *testing.T) {
			p := newPair(t, mailbox.Switches{})
			google, outlook := p.sides[onGoogle], p.sides[onOutlook]
			e := tuesdays()
			e.Recurrence = []string{rule}
			e.Start.Local, e.End.Local = "2026-03-31T09:00:00", "2026-03-31T09:30:00"
			if strings.Contains(rule, "=1,15") {
				e.Start.Local, e.End.Local = "2026-04-01T09:00:00", "2026-04-01T09:30:00"
			} else if strings.Contains(rule, "MO") && !strings.Contains(rule, "BYMONTH") {
				e.Start.Local, e.End.Local = "2026-04-06T09:00:00", "2026-04-06T09:30:00"
			} else if strings.Contains(rule, "YEARLY") {
				e.Start.Local, e.End.Local = "2026-03-10T09:00:00", "2026-03-10T09:30:00"
			}
			id, err := google.AddSeries(p.cals[onGoogle], e)
			if err != nil {
				t.Fatal(err)
			}
			p.sync("at first")
			singles := p.agenda(onOutlook)
			if len(singles) < 2 || singles[0].Slot != "" {
				t.Fatalf("Outlook shows %+v", singles)
			}
			edited := singles[1]
			if err := outlook.Mailbox().EditEvent(p.cals[onOutlook], edited.Series, func(ev *mailbox.Event) { ev.Title = "Special" }); err != nil {
				t.Fatal(err)
			}
			p.sync("one retitled in Outlook")
			if got := p.agenda(onGoogle)[1]; got.Title != "Special" || got.Series != id {
				t.Errorf("Google shows %+v", got)
			}
			if err := outlook.Mailbox().DeleteEvent(p.cals[onOutlook], singles[0].Series); err != nil {
				t.Fatal(err)
			}
			p.sync("one deleted in Outlook")
			if err := google.EditSeries(p.cals[onGoogle], id, func(ev *mailbox.Event) { ev.Recurrence = []string{"RRULE:FREQ=WEEKLY;COUNT=30"} }); err != nil {
				t.Fatal(err)
			}
			p.sync("a rule that Outlook can hold")
			if err := google.EditSeries(p.cals[onGoogle], id, func(ev *mailbox.Event) { ev.Recurrence = []string{rule} }); err != nil {
				t.Fatal(err)
			}
			p.sync("back again")
			if err := google.DeleteSeries(p.cals[onGoogle], id); err != nil {
				t.Fatal(err)
			}
			p.sync("deleted")
			if left := p.agenda(onOutlook); len(left) != 0 {
				t.Errorf("Outlook still shows %+v", left)
			}
		})
	}
}

// A series with 500 changed occurrences crosses, and one more change is one change.
func TestSeriesWithManyOverrides(t *testing.T) {
	p := newPair(t, mailbox.Switches{})
	google := p.sides[onGoogle]
	e := tuesdays()
	e.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=500"}
	id, err := google.AddSeries(p.cals[onGoogle], e)
	if err != nil {
		t.Fatal(err)
	}
	occurrences, err := google.Occurrences(p.cals[onGoogle], id, springtime, springtime.AddDate(2, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range occurrences {
		if err := google.EditOccurrence(p.cals[onGoogle], id, o.Slot, func(ev *mailbox.Event) { ev.Title = fmt.Sprint("Day ", i+1) }); err != nil {
			t.Fatal(err)
		}
	}
	p.sync("at first")
	if got := p.agenda(onOutlook); len(got) < 380 || got[379].Title != "Day 380" {
		t.Fatalf("Outlook shows %d", len(got))
	}
	if err := google.EditOccurrence(p.cals[onGoogle], id, occurrences[7].Slot, func(ev *mailbox.Event) { ev.Title = "Eighth" }); err != nil {
		t.Fatal(err)
	}
	p.sides[onOutlook].ResetCounters()
	if _, err := p.engine.Sync(t.Context(), control.SyncRequest{}); err != nil {
		t.Fatal(err)
	}
	if c := p.sides[onOutlook].Counters(); c.Writes != 1 {
		t.Errorf("one changed occurrence makes %d writes: %v", c.Writes, c.Kinds)
	}
	p.sync("one more")
}
