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
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// desk is two services with their simulators, and the computers that sync them: each
// with a store of its own.
type desk struct {
	t     testing.TB
	sims  map[string]*simulator.Simulator
	hc    *http.Client
	clock time.Time
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, sims: map[string]*simulator.Simulator{}, clock: springtime}
	hosts := map[string]http.Handler{}
	for side, service := range map[string]simulator.Service{onGoogle: simulator.Google, onOutlook: simulator.Outlook} {
		s, err := simulator.New(service, simulator.Options{Owner: mailbox.Person{Name: "Ann", Email: "ann@" + side + ".test"},
			Zone: "Europe/Berlin", Now: d.now, AutoApprove: true})
		d.must(err)
		d.sims[side], hosts[side+".test"] = s, s
	}
	d.hc = &http.Client{Transport: simulator.Transport(hosts)}
	return d
}

func (d *desk) now() time.Time { d.clock = d.clock.Add(time.Second); return d.clock }

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// computer is one installation.
type computer struct {
	*desk
	engine *engine.Engine
	cals   []state.Calendar
}

// computer signs in to both services with an empty store.
func (d *desk) computer() *computer {
	d.t.Helper()
	st, err := store.Open(filepath.Join(d.t.TempDir(), "twinday.db"), store.Options{})
	d.must(err)
	kept := secrets.Memory()
	c := &computer{desk: d}
	c.engine, err = engine.New(engine.Options{Store: st, Secrets: kept, Now: d.now, Connectors: connectors(d.now, d.hc),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	d.must(err)
	d.t.Cleanup(func() {
		c.engine.Close()
		if err := errors.Join(st.Check(), st.Close()); err != nil {
			d.t.Error(err)
		}
	})
	for side, s := range d.sims {
		ends := s.Endpoints("http://" + side + ".test")
		a := state.Account{ID: state.AccountID(side), Provider: state.ProviderKind(side), Endpoint: state.Endpoint{BaseURL: ends.BaseURL,
			AuthURL: ends.AuthURL, TokenURL: ends.TokenURL, ClientID: ends.ClientID, ClientSecret: ends.ClientSecret}}
		d.must(kept.Save(side, grant(d.t, d.hc, a.Provider, ends)))
		d.must(st.Update(func(tx *store.Tx) error { return tx.PutAccount(a) }))
	}
	c.cals, err = c.engine.Calendars(context.Background(), "", true)
	d.must(err)
	return c
}

// primary is a side's main calendar; other is one by its name.
func (c *computer) primary(side string) state.Ref {
	return c.calendar(func(x state.Calendar) bool { return string(x.Ref.Account) == side && x.Primary })
}

func (c *computer) other(side, name string) state.Ref {
	return c.calendar(func(x state.Calendar) bool { return string(x.Ref.Account) == side && x.Name == name })
}

func (c *computer) calendar(is func(state.Calendar) bool) state.Ref {
	c.t.Helper()
	i := slices.IndexFunc(c.cals, is)
	if i < 0 {
		c.t.Fatalf("no such calendar among %+v", c.cals)
	}
	return c.cals[i].Ref
}

// mirror keeps calendars alike, with copies at a level of detail.
func (c *computer) mirror(detail state.Detail, refs ...state.Ref) state.Mirror {
	c.t.Helper()
	var req control.NewMirror
	for _, r := range refs {
		req.Members = append(req.Members, state.Member{Ref: r})
	}
	m, err := c.engine.AddMirror(context.Background(), req)
	c.must(err)
	if detail != "" {
		m.Mappings = []state.PairMapping{{Mapping: state.Mapping{Detail: detail}}}
		m, err = c.engine.ChangeMirror(context.Background(), control.ChangeMirror{Mirror: m})
		c.must(err)
	}
	return m
}

func (c *computer) sync() control.Report {
	c.t.Helper()
	r, err := c.engine.Sync(context.Background(), control.SyncRequest{})
	if err != nil || r.Failed > 0 || len(r.Problems) > 0 {
		c.t.Fatalf("%+v, %v", r, err)
	}
	return r
}

// settle syncs until nothing is written.
func (c *computer) settle() {
	c.t.Helper()
	for range 6 {
		if c.sync().Writes() == 0 {
			return
		}
	}
	c.t.Fatal("never quiet")
}

// cal is the id of a side's main calendar in its simulator.
func (d *desk) cal(side string) string { return d.sims[side].Mailbox().Calendars[0].ID }

func (d *desk) add(side, cal, title string, day, hour int) string {
	d.t.Helper()
	at := func(h int) mailbox.Moment {
		return mailbox.Moment{Local: fmt.Sprintf("2026-03-%02dT%02d:00:00", day, h), Zone: "Europe/Berlin"}
	}
	e := d.sims[side].Mailbox().AddEvent(cal, mailbox.Event{Title: title, Start: at(hour), End: at(hour + 1)})
	if e == nil {
		d.t.Fatalf("no calendar %s", cal)
	}
	return e.ID
}

// all is what a calendar holds, sorted: titles, and the times of what tells no title.
func (d *desk) all(side, cal string) string {
	var out []string
	for _, e := range d.sims[side].Mailbox().Events(cal) {
		out = append(out, e.Title+" "+e.Start.UTC.Format("02T15"))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (d *desk) writes() (n int) {
	for _, s := range d.sims {
		c := s.Counters()
		n += c.Writes
		if len(c.Unknown) > 0 || len(s.Mailbox().Mails()) > 0 {
			d.t.Errorf("unknown requests %v, mails %v", c.Unknown, s.Mailbox().Mails())
		}
	}
	return n
}

func (d *desk) reset() {
	for _, s := range d.sims {
		s.ResetCounters()
	}
}

// The store is lost: whatever the copies show, each is known for the copy that it
// is; nothing is written, nothing is made twice, and edits cross again.
func TestALostStoreAtEachLevelOfDetail(t *testing.T) {
	for _, detail := range []state.Detail{state.Everything, state.TitleAndTime, state.BusyOnly} {
		t.Run(string(detail), func(t *testing.T) {
			d := newDesk(t)
			c := d.computer()
			c.mirror(detail, c.primary(onGoogle), c.primary(onOutlook))
			lunch := d.add(onGoogle, d.cal(onGoogle), "Lunch", 10, 12)
			d.add(onGoogle, d.cal(onGoogle), "Lunch too", 10, 12)
			d.add(onOutlook, d.cal(onOutlook), "Dentist", 11, 9)
			for _, side := range []string{onGoogle, onOutlook} {
				_, err := d.sims[side].AddSeries(d.cal(side), tuesdays())
				d.must(err)
			}
			weekdays := tuesdays() // a rule that Outlook cannot hold
			weekdays.Title = "Odd"
			weekdays.Recurrence = []string{"RRULE:FREQ=MONTHLY;COUNT=3;BYMONTHDAY=5,20"}
			_, err := d.sims[onGoogle].AddSeries(d.cal(onGoogle), weekdays)
			d.must(err)
			c.settle()
			google, outlook := d.all(onGoogle, d.cal(onGoogle)), d.all(onOutlook, d.cal(onOutlook))
			c.engine.Close()

			d.reset()
			next := d.computer()
			m := next.mirror(detail, next.primary(onGoogle), next.primary(onOutlook))
			r := next.sync()
			if n := d.writes(); n != 0 || r.Writes() != 0 {
				t.Errorf("the first pass wrote %d: %+v", n, r.Steps)
			}
			if err := next.engine.TakeOver(context.Background(), m.ID); err != nil {
				t.Fatal(err)
			}
			next.settle()
			if n := d.writes(); n != 0 {
				t.Errorf("%d requests wrote", n)
			}
			if g, o := d.all(onGoogle, d.cal(onGoogle)), d.all(onOutlook, d.cal(onOutlook)); g != google || o != outlook {
				t.Errorf("Google\n  had %s\n  has %s\nOutlook\n  had %s\n  has %s", google, g, outlook, o)
			}
			d.must(d.sims[onGoogle].Mailbox().EditEvent(d.cal(onGoogle), lunch, func(e *mailbox.Event) {
				e.Start.Local, e.End.Local, e.Start.UTC, e.End.UTC = "2026-03-10T17:00:00", "2026-03-10T18:00:00", time.Time{}, time.Time{}
			}))
			next.settle()
			if got := d.all(onOutlook, d.cal(onOutlook)); len(got) != len(outlook) || !strings.Contains(got, "10T16") {
				t.Errorf("after an edit Outlook shows %s, before it %s", got, outlook)
			}
		})
	}
}

// A meeting is moved to another calendar of its account. Its one copy stays what it
// is; when the other calendar is mirrored elsewhere, it goes.
func TestAMeetingMovesToAnotherCalendar(t *testing.T) {
	for _, side := range []string{onGoogle, onOutlook} {
		for _, mirrored := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s mirrored=%v", side, mirrored), func(t *testing.T) {
				d := newDesk(t)
				far := map[string]string{onGoogle: onOutlook, onOutlook: onGoogle}[side]
				d.sims[side].Mailbox().AddCalendar(mailbox.Calendar{Name: "Second"})
				d.sims[far].Mailbox().AddCalendar(mailbox.Calendar{Name: "Third"})
				second := d.sims[side].Mailbox().Calendars[1].ID
				c := d.computer()
				near := c.primary(side)
				c.mirror("", near, c.primary(far))
				if mirrored {
					c.mirror("", c.other(side, "Second"), c.primary(far))
				} else {
					c.mirror("", c.other(side, "Second"), c.other(far, "Third"))
				}
				id := d.add(side, d.cal(side), "Lunch", 10, 12)
				c.settle()
				copies := d.sims[far].Mailbox().Events(d.cal(far))
				if len(copies) != 1 {
					t.Fatalf("%d copies", len(copies))
				}
				d.reset()
				if side == onGoogle {
					d.must(d.sims[side].Mailbox().MoveEvent(d.cal(side), second, id))
				} else {
					d.must(d.sims[side].Graph().MoveEvent(d.cal(side), second, id))
				}
				c.settle()
				now := d.sims[far].Mailbox().Events(d.cal(far))
				switch {
				case mirrored && (len(now) != 1 || now[0].ID != copies[0].ID || d.writes() != 0):
					t.Errorf("the copy was written: %d requests, now %+v", d.writes(), now)
				case !mirrored && len(now) != 0:
					t.Errorf("the copy is still there: %+v", now)
				}
				d.must(d.sims[side].Mailbox().EditEvent(second, d.sims[side].Mailbox().Events(second)[0].ID, func(e *mailbox.Event) { e.Title = "Brunch" }))
				c.settle()
				if mirrored {
					if now := d.all(far, d.cal(far)); now != "Brunch 10T11" {
						t.Errorf("after an edit the copy is %q", now)
					}
				} else if now := d.all(far, d.sims[far].Mailbox().Calendars[1].ID); now != "Brunch 10T11" {
					t.Errorf("the other mirror's copy is %q", now)
				}
			})
		}
	}
}

// Two computers on one mirror, with the services' own ways of showing marks.
func TestTwoComputers(t *testing.T) {
	d := newDesk(t)
	first := d.computer()
	first.mirror("", first.primary(onGoogle), first.primary(onOutlook))
	d.add(onGoogle, d.cal(onGoogle), "Lunch", 10, 12)
	first.settle()
	second := d.computer()
	m := second.mirror("", second.primary(onGoogle), second.primary(onOutlook))
	who := func(c *computer) string {
		t.Helper()
		s, err := c.engine.Status(context.Background())
		d.must(err)
		if s.Mirrors[0].Watching == nil {
			return ""
		}
		return s.Mirrors[0].Watching.Installation
	}
	d.reset()
	second.sync()
	d.add(onGoogle, d.cal(onGoogle), "Supper", 10, 19)
	second.sync()
	if d.writes() != 0 || who(second) == "" || who(first) != "" {
		t.Fatalf("%d writes; the second one watches %q, the first one %q", d.writes(), who(second), who(first))
	}
	first.settle()
	second.sync()
	d.clock = d.clock.Add(time.Hour)
	d.must(second.engine.TakeOver(context.Background(), m.ID))
	d.clock = d.clock.Add(time.Hour)
	d.add(onGoogle, d.cal(onGoogle), "Dinner", 11, 19)
	second.settle()
	d.reset()
	first.sync()
	d.add(onOutlook, d.cal(onOutlook), "Breakfast", 12, 8)
	first.sync()
	if d.writes() != 0 || who(first) == "" || who(second) != "" {
		t.Errorf("%d writes; the first one watches %q, the second one %q", d.writes(), who(first), who(second))
	}
	second.settle()
	first.sync()
	const want = "Breakfast 12T07, Dinner 11T18, Lunch 10T11, Supper 10T18"
	if g, o := d.all(onGoogle, d.cal(onGoogle)), d.all(onOutlook, d.cal(onOutlook)); g != want || o != want {
		t.Errorf("Google shows %s, Outlook %s", g, o)
	}
}
