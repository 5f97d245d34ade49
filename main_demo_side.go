package main

import (
	"errors"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/terminal"
)

// demoSide is a simulated account as another client of it sees it.
type demoSide struct {
	sim       *simulator.Simulator
	mail      *mailbox.Mailbox
	endpoints simulator.Endpoints
}

func newDemoSide(service simulator.Service, owner string, now func() time.Time) (*demoSide, error) {
	sim, err := simulator.New(service, simulator.Options{
		Owner: mailbox.Person{Name: "Robin Sample", Email: owner}, Zone: demoZone, Now: now, AutoApprove: true,
	})
	if err != nil {
		return nil, err
	}
	return &demoSide{sim: sim, mail: sim.Mailbox()}, nil
}

func (s *demoSide) Provider() state.ProviderKind { return state.ProviderKind(s.sim.Service()) }

func (s *demoSide) Name() string {
	if s.sim.Service() == simulator.Google {
		return "Google"
	}
	return "Outlook"
}

func (s *demoSide) Endpoint() state.Endpoint {
	e := s.endpoints
	return state.Endpoint{BaseURL: e.BaseURL, AuthURL: e.AuthURL, TokenURL: e.TokenURL, ClientID: e.ClientID, ClientSecret: e.ClientSecret}
}

func (s *demoSide) Counts() terminal.DemoCounts {
	c := s.sim.Counters()
	n := terminal.DemoCounts{Writes: c.Writes, Unknown: c.Unknown}
	for _, mails := range c.Mails {
		n.Mails += mails
	}
	return n
}

func (s *demoSide) Events() []terminal.DemoEvent {
	var out []terminal.DemoEvent
	for _, e := range s.mail.Events("primary") {
		if e.Series == "" { // Google's exceptions are part of their series
			out = append(out, demoEvent(e))
		}
	}
	return out
}

func (s *demoSide) Agenda(from, to time.Time) ([]terminal.DemoEvent, error) {
	list, err := s.sim.Agenda("primary", from, to)
	if err != nil {
		return nil, err
	}
	var out []terminal.DemoEvent
	for _, o := range list {
		start, end := calendar.At(o.Start, time.UTC), calendar.At(o.End, time.UTC)
		if o.AllDay {
			start, end = calendar.Date(o.Start.Date()), calendar.Date(o.End.Date())
		}
		out = append(out, terminal.DemoEvent{ID: o.Series, Slot: o.Slot, Title: o.Title, Place: o.Place, Start: start, End: end})
	}
	return out, nil
}

// demoEvent is a stored event in the demo's words.
func demoEvent(e mailbox.Event) terminal.DemoEvent {
	return terminal.DemoEvent{
		ID: e.ID, UID: e.UID, Title: e.Title, Notes: e.Body, Place: e.Place, Start: fromMoment(e.Start), End: fromMoment(e.End),
		Repeats: len(e.Recurrence) > 0 || e.Pattern != nil,
		Apart:   e.Status == "cancelled" || e.Type != "" && e.Type != "default",
		Private: e.Sensitivity == "private" || e.Sensitivity == "confidential" || e.Sensitivity == "personal",
	}
}

func fromMoment(m mailbox.Moment) calendar.Time {
	if m.Date != "" {
		return calendar.Time{Local: m.Date}
	}
	return calendar.At(m.UTC, time.UTC)
}

// toMoment leaves the instant to the mailbox.
func toMoment(t calendar.Time) mailbox.Moment {
	if t.IsDate() {
		return mailbox.Moment{Date: t.Local}
	}
	return mailbox.Moment{Local: t.Local, Zone: t.Zone}
}

// fromDemo is a new event as the mailbox takes it.
func fromDemo(e terminal.DemoEvent) mailbox.Event {
	return mailbox.Event{
		Title: e.Title, Body: e.Notes, Place: e.Place, Start: toMoment(e.Start), End: toMoment(e.End), ShowAs: "busy",
	}
}

func (s *demoSide) Add(e terminal.DemoEvent) (string, error) {
	made := s.mail.AddEvent("primary", fromDemo(e))
	if made == nil {
		return "", mailbox.ErrNoCalendar
	}
	return made.ID, nil
}

func (s *demoSide) Edit(id string, change func(*terminal.DemoEvent)) error {
	return s.mail.EditEvent("primary", id, func(e *mailbox.Event) {
		before := demoEvent(*e)
		after := before
		change(&after)
		e.Title, e.Place = after.Title, after.Place
		if after.Notes != before.Notes {
			e.Body, e.BodyIsHTML = after.Notes, false
		}
		if after.Start != before.Start || after.End != before.End {
			e.Start, e.End = toMoment(after.Start), toMoment(after.End)
		}
	})
}

func (s *demoSide) Delete(id string) error {
	if e := s.mail.Event("primary", id); e != nil && demoEvent(*e).Repeats {
		return s.sim.DeleteSeries("primary", id)
	}
	return s.mail.DeleteEvent("primary", id)
}

func (s *demoSide) AddSeries(e terminal.DemoEvent, rule string) (string, error) {
	made := fromDemo(e)
	made.Recurrence = []string{rule}
	return s.sim.AddSeries("primary", made)
}

func (s *demoSide) MoveOccurrence(id, slot string, by time.Duration) error {
	return s.sim.MoveOccurrence("primary", id, slot, by)
}

func (s *demoSide) CancelOccurrence(id, slot string) error {
	return s.sim.CancelOccurrence("primary", id, slot)
}

func (s *demoSide) RenameSeries(id, title string) error {
	return s.sim.EditSeries("primary", id, func(e *mailbox.Event) { e.Title = title })
}

func (s *demoSide) SplitSeries(id, slot string, by time.Duration) (tail string, err error) {
	var bad error
	tail, err = s.sim.SplitSeries("primary", id, slot, func(e *mailbox.Event) { bad = e.Drag(by) })
	return tail, errors.Join(err, bad)
}

func (s *demoSide) DeleteFollowing(id, slot string) error {
	return s.sim.DeleteFollowing("primary", id, slot)
}
