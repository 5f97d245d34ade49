//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/providertest/caldavlab"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
)

// davPeople are people with a calendar on Cyrus and one on a simulated service, a network
// that loses requests and answers, and a program that is ended and started again. What
// they did is kept, and held against what is there once all is calm.
type davPeople struct {
	*davPair
	random *rand.Rand
	n      int
	events map[string]*anEvent // by the first word of the title
}

// anEvent is what people did to an event since all was last calm.
type anEvent struct {
	titles  map[string]string // the last one that a side gave it
	seen    []string          // given by a side that deleted it after: a pass may have seen them between
	deleted bool              // by anyone: then it may be there or not
	gone    bool
}

// davRounds is the budget: people's doings, each time followed by passes under faults.
const davRounds = 24

// TestPeopleFaultsAndCalDAV: whatever people do on both sides while requests and answers
// are lost and the program ends, in the end both sides show the same, each event once,
// nothing that nobody deleted is missing, and no title that a person gave is lost.
func TestPeopleFaultsAndCalDAV(t *testing.T) {
	cyrus := caldavlab.Cyrus(t)
	t.Run("with", func(t *testing.T) {
		for _, kind := range []string{onGoogle, onOutlook} {
			for seed := range uint64(2) {
				t.Run(fmt.Sprintf("%s, seed %d", kind, seed), func(t *testing.T) {
					t.Parallel()
					p := &davPeople{davPair: newDavPair(t, cyrus, kind, fmt.Sprintf("people-%s-%d", kind, seed)),
						random: rand.New(rand.NewPCG(seed, 7)), events: map[string]*anEvent{}}
					for round := range davRounds {
						for range 1 + p.random.IntN(5) {
							p.live()
						}
						p.stormy()
						if round%4 == 3 {
							p.calm(fmt.Sprintf("round %d", round))
						}
					}
				})
			}
		}
	})
}

// stormy are a few passes while things go wrong.
func (p *davPeople) stormy() {
	p.t.Helper()
	left := -1 // requests until the network is gone altogether
	if p.random.IntN(3) == 0 {
		left = p.random.IntN(12)
	}
	p.setFault(func(*http.Request) (request, answer bool) {
		if left--; left == -1 {
			left = 0
			return true, false
		}
		switch p.random.IntN(12) {
		case 0:
			return true, false
		case 1:
			return false, true
		}
		return false, false
	})
	for range 2 {
		if _, err := p.engine.Sync(p.t.Context(), control.SyncRequest{}); err != nil {
			p.t.Fatal(err)
		}
		p.clock = p.clock.Add(20 * time.Minute)
		if p.random.IntN(4) == 0 {
			p.live() // between two passes
		}
	}
	p.setFault(nil)
	if p.random.IntN(3) == 0 {
		p.engine.Close()
		var err error
		if p.engine, err = engine.New(p.opts); err != nil {
			p.t.Fatal(err)
		}
	}
}

// setFault changes the network's manners, between passes; requests come from several
// goroutines.
func (p *davPeople) setFault(f func(*http.Request) (bool, bool)) {
	if f == nil {
		p.wire.fault = nil
		return
	}
	turns := make(chan struct{}, 1)
	p.wire.fault = func(r *http.Request) (bool, bool) {
		turns <- struct{}{}
		defer func() { <-turns }()
		return f(r)
	}
}

// calm lets everything settle, and judges.
func (p *davPeople) calm(story string) {
	p.t.Helper()
	p.clock = p.clock.Add(6 * time.Hour)
	for range 6 {
		r, err := p.engine.Sync(p.t.Context(), control.SyncRequest{})
		if err != nil {
			p.t.Fatal(err)
		}
		p.clock = p.clock.Add(time.Hour)
		if r.Writes() == 0 && r.Failed == 0 && r.Held == 0 && len(r.Problems) == 0 {
			break
		}
		p.apply(story)
	}
	p.sync(story)
	p.judge(story)
}

// apply lets go what waits for the person.
func (p *davPeople) apply(story string) {
	p.t.Helper()
	held, err := p.engine.Held(p.t.Context())
	if err != nil {
		p.t.Fatalf("%s: %v", story, err)
	}
	d := control.Decide{Decision: state.Apply}
	for _, h := range held {
		d.IDs = append(d.IDs, h.ID)
	}
	if len(d.IDs) == 0 {
		return
	}
	if err := p.engine.Decide(p.t.Context(), d); err != nil {
		p.t.Fatalf("%s: %v", story, err)
	}
}

// judge holds what is there against what people did.
func (p *davPeople) judge(story string) {
	p.t.Helper()
	titles, ids := map[string][]string{}, map[string][]string{}
	for _, o := range p.agenda(onCalDAV) {
		name, _, _ := strings.Cut(o.Title, " ")
		if !slices.Contains(titles[name], o.Title) {
			titles[name] = append(titles[name], o.Title)
		}
		if !slices.Contains(ids[name], o.Series) {
			ids[name] = append(ids[name], o.Series)
		}
	}
	for name, e := range p.events {
		there := titles[name]
		switch {
		case len(there) == 0 && !e.deleted:
			p.t.Fatalf("%s: %s is gone, and nobody deleted it", story, name)
		case len(ids[name]) > 1:
			p.t.Fatalf("%s: %s is there %d times", story, name, len(ids[name]))
		case len(there) > 0 && len(e.titles) > 0:
			given := false
			for _, title := range e.titles {
				given = given || slices.Contains(there, title)
			}
			if !given && slices.ContainsFunc(e.seen, func(title string) bool { return slices.Contains(there, title) }) {
				given = p.overridden(name, e.titles)
			}
			if !given {
				p.t.Fatalf("%s: %s is called %q; people called it %q; deleted %v\n%s", story, name, there, e.titles, e.deleted, p.told(name))
			}
		}
		if e.gone = len(there) == 0; e.gone {
			delete(p.events, name)
			continue
		}
		e.titles, e.seen, e.deleted = map[string]string{}, nil, false
	}
	for name := range titles {
		if p.events[name] == nil {
			p.t.Fatalf("%s: %s is back", story, name)
		}
	}
}

// overridden reports whether the history has every one of an event's titles as one that lost.
func (p *davPeople) overridden(name string, titles map[string]string) bool {
	p.t.Helper()
	list, err := p.engine.History(p.t.Context(), control.HistoryQuery{Text: name})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, title := range titles {
		if !slices.ContainsFunc(list, func(h state.HistoryEntry) bool { return h.Outcome == state.Overridden && h.Before.Title == title }) {
			return false
		}
	}
	return true
}

// told is what the history tells of an event.
func (p *davPeople) told(name string) string {
	p.t.Helper()
	list, err := p.engine.History(p.t.Context(), control.HistoryQuery{Text: name, Limit: 40})
	if err != nil {
		p.t.Fatal(err)
	}
	var b strings.Builder
	for _, h := range slices.Backward(list) {
		fmt.Fprintf(&b, "  pass %d: %s %s %s %s: %q to %q %v %s\n", h.Pass, h.Time.Format("01-02 15:04"), h.Kind, h.Outcome, h.Ref.Account, h.Before.Title, h.After.Title, h.Groups, h.Why)
	}
	return b.String()
}

// live is one thing that somebody does.
func (p *davPeople) live() {
	p.t.Helper()
	side := []string{p.kind, onCalDAV}[p.random.IntN(2)]
	if len(p.events) < 4 || p.random.IntN(4) == 0 {
		p.add(side)
		return
	}
	var names []string
	ids, series := map[string]string{}, map[string]bool{}
	for _, o := range p.agenda(side) {
		name, _, _ := strings.Cut(o.Title, " ")
		if ids[name] == "" {
			names, ids[name], series[name] = append(names, name), o.Series, o.Slot != ""
		}
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	name := names[p.random.IntN(len(names))]
	e, id := p.events[name], ids[name]
	if e == nil {
		return // what was deleted on the other side, and is still here
	}
	title := fmt.Sprintf("%s called %d", name, p.random.IntN(1000))
	what := p.random.IntN(8)
	switch {
	case what == 0:
		e.deleted = true
		if title, ok := e.titles[side]; ok { // gone before anyone saw it, perhaps
			e.seen = append(e.seen, title)
			delete(e.titles, side)
		}
		if side == onCalDAV {
			p.server.Delete(calendar.RemoteID(id))
		} else if series[name] {
			p.must(p.sim.DeleteSeries(p.cal, id))
		} else {
			p.must(p.sim.Mailbox().DeleteEvent(p.cal, id))
		}
	case what < 5:
		e.titles[side] = title
		if side == onCalDAV {
			p.server.EditTitle(calendar.RemoteID(id), title)
		} else {
			p.edit(id, series[name], func(m *mailbox.Event) { m.Title = title })
		}
	default: // an hour later
		if side == onCalDAV {
			w := p.server.When(calendar.RemoteID(id))
			w.Start, w.End = later(w.Start, time.Hour), later(w.End, time.Hour)
			p.server.Reschedule(calendar.RemoteID(id), w)
		} else {
			p.edit(id, series[name], func(m *mailbox.Event) { clock(&m.Start, time.Hour); clock(&m.End, time.Hour) })
		}
	}
}

// edit changes an event on the simulated side.
func (p *davPeople) edit(id string, series bool, f func(*mailbox.Event)) {
	p.t.Helper()
	if series {
		p.must(p.sim.EditSeries(p.cal, id, f))
	} else {
		p.must(p.sim.Mailbox().EditEvent(p.cal, id, f))
	}
}

func (p *davPeople) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// add makes an event, of which every third is a series.
func (p *davPeople) add(side string) {
	p.t.Helper()
	p.n++
	e := tuesdays()
	e.Title = fmt.Sprintf("E%03d", p.n)
	day := springtime.AddDate(0, 0, 1+p.random.IntN(60)).Format("2006-01-02")
	hour := 8 + p.random.IntN(6)
	e.Start.Local, e.End.Local = fmt.Sprintf("%sT%02d:00:00", day, hour), fmt.Sprintf("%sT%02d:30:00", day, hour)
	e.Recurrence = nil
	series := p.n%3 == 0
	if series {
		e.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=5"}
	}
	p.events[e.Title] = &anEvent{titles: map[string]string{}}
	switch {
	case side == onCalDAV:
		p.addOnCalDAV(e)
	case series:
		_, err := p.sim.AddSeries(p.cal, e)
		p.must(err)
	default:
		p.sim.Mailbox().AddEvent(p.cal, e)
	}
}
