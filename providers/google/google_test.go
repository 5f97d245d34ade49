package google_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/google"
	"github.com/twinday/twinday/providers/providertest"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// now is the present of the simulated account.
var now = time.Date(2026, 2, 2, 9, 0, 0, 0, time.UTC)

// world is one simulated Google account, served on a loopback port.
type world struct {
	t   *testing.T
	sim *simulator.Simulator
	e   signin.Endpoint
	hc  *http.Client
	cal string
}

func newWorld(t *testing.T, switches mailbox.GoogleSwitches) *world {
	t.Helper()
	return newWorldAt(t, switches, ticking(now))
}

func newWorldAt(t *testing.T, switches mailbox.GoogleSwitches, clock func() time.Time) *world {
	t.Helper()
	sim, err := simulator.New(simulator.Google, simulator.Options{
		Now: clock, AutoApprove: true, Switches: mailbox.Switches{Google: switches},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	at := sim.Endpoints(srv.URL)
	return &world{t: t, sim: sim, hc: srv.Client(), cal: sim.Mailbox().Owner.Email, e: signin.Endpoint{
		BaseURL: at.BaseURL, AuthURL: at.AuthURL, TokenURL: at.TokenURL, ClientID: at.ClientID, ClientSecret: at.ClientSecret,
	}}
}

// ticking is a clock that goes on a millisecond with every look, so that no two
// changes are of the same time.
func ticking(from time.Time) func() time.Time {
	var mu sync.Mutex
	t := from
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		t = t.Add(time.Millisecond)
		return t
	}
}

// secret is a keyring of one.
type secret struct {
	mu   sync.Mutex
	text string
}

func (s *secret) Load(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text, nil
}

func (s *secret) Save(_ context.Context, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
	return nil
}

// grant signs in as a person would, with a browser that agrees to everything.
func (w *world) grant() signin.Grant {
	w.t.Helper()
	cfg, err := google.Config(w.e, calendar.Access{}, w.hc)
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := signin.Begin(w.t.Context(), cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	resp, err := http.Get(f.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	page, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	g, err := f.Wait(w.t.Context())
	if err != nil {
		w.t.Fatalf("sign in: %v\n%s", err, page)
	}
	return g
}

func (w *world) open(s signin.Secret) *google.Provider {
	w.t.Helper()
	p, err := google.Open(w.e, s, w.hc)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestProvider(t *testing.T) {
	for name, switches := range map[string]mailbox.GoogleSwitches{
		"as the harsher sources say": {PageLimit: 25},
		"as the milder sources say": {PageLimit: 25, DropOrphans: true, InstanceTouchesMaster: true, KeepRuleText: true,
			SyncKeepsWindow: true, NoOpPatchKeepsETag: false, BadTokenGone: true,
			TokenUnchangedWhenEmpty: true, AcceptTimeWithoutZone: true, AcceptIDWithUID: true, GuestsEditShared: true},
		"with empty pages, newest first, and tombstones in full": {PageLimit: 25, EmptyPages: true, Reversed: true, TombstonesKeepDetails: true,
			AddWeekStart: true, ExceptionsTrickle: true, ExceptionsTrickleAlive: true, DeadMastersListed: true},
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, providertest.Setup{Now: now, Many: 60, Open: func(t *testing.T) providertest.Account {
				w := newWorld(t, switches)
				holidays := w.sim.Mailbox().AddCalendar(mailbox.Calendar{Name: "Holidays", Role: "reader"})
				return providertest.Account{
					Provider: w.open(&secret{text: signin.GrantSecret(w.grant())}),
					Calendar: calendar.CalendarID(w.cal),
					ReadOnly: calendar.CalendarID(holidays.ID),
					Other:    other{w},
				}
			}})
		})
	}
}

func TestSigningInAndOut(t *testing.T) {
	w := newWorld(t, mailbox.GoogleSwitches{})
	g := w.grant()
	who, err := google.Identify(t.Context(), w.e, g, w.hc)
	if err != nil || who.Email != w.cal {
		t.Errorf("Identify: %+v, %v; want %s", who, err, w.cal)
	}
	kept := &secret{text: signin.GrantSecret(g)}
	p := w.open(kept)
	if cals, err := p.Calendars(t.Context()); err != nil || len(cals) != 1 || !cals[0].Primary || !cals[0].Writable {
		t.Errorf("Calendars: %+v, %v", cals, err)
	}
	if err := google.SignOut(t.Context(), w.e, kept, w.hc); err != nil {
		t.Errorf("SignOut: %v", err)
	}
	if _, err := p.Calendars(t.Context()); calendar.KindOf(err) != calendar.SignedOut {
		t.Errorf("after signing out: %v", err)
	}
	if err := google.SignOut(t.Context(), w.e, kept, w.hc); err != nil {
		t.Errorf("SignOut again: %v", err)
	}
}

func TestAWriteWhoseAnswerIsLost(t *testing.T) {
	w := newWorld(t, mailbox.GoogleSwitches{})
	p := w.open(&secret{text: signin.GrantSecret(w.grant())})
	d := calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: calendar.Content{
		Title: "Once", When: calendar.When{Start: calendar.Date(2026, 3, 1), End: calendar.Date(2026, 3, 2)}}}
	w.sim.AddFault(simulator.Fault{Match: "events.insert", DropAfter: true})
	if _, err := p.Create(t.Context(), calendar.CalendarID(w.cal), d); calendar.KindOf(err) != calendar.Unavailable {
		t.Fatalf("Create: %v", err)
	}
	e, err := p.Create(t.Context(), calendar.CalendarID(w.cal), d)
	if err != nil || e.Content.Title != "Once" || len(w.sim.Mailbox().Events(w.cal)) != 1 {
		t.Errorf("Create again: %+v, %v; %d events", e, err, len(w.sim.Mailbox().Events(w.cal)))
	}
}

func TestAServiceThatRewritesWhatItIsGiven(t *testing.T) {
	w := newWorld(t, mailbox.GoogleSwitches{Rewrites: true})
	p := w.open(&secret{text: signin.GrantSecret(w.grant())})
	cal := calendar.CalendarID(w.cal)
	begin, err := p.Changes(t.Context(), cal, "")
	if err != nil {
		t.Fatal(err)
	}
	c := calendar.Content{Title: "Lunch", Place: "Café", Notes: calendar.NotesFromText("one"), Availability: calendar.Busy,
		When: calendar.When{Start: calendar.Date(2026, 3, 1), End: calendar.Date(2026, 3, 2)}}
	made, err := p.Create(t.Context(), cal, calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: c})
	if err != nil || made.Content.Title != "Lunch" {
		t.Fatalf("Create: %+v, %v", made, err)
	}
	cursor := begin.Next
	for range 3 { // it says what was written, and then holds something else, for ever
		ch, err := p.Changes(t.Context(), cal, cursor)
		if err != nil || len(ch.Events) != 1 {
			t.Fatalf("Changes: %+v, %v", ch, err)
		}
		now := ch.Events[0]
		if now.Version == made.Version || now.Content.Title != "LUNCH" || now.Content.Notes.Text() != "one\nchecked by compliance" {
			t.Errorf("read %+v", now)
		}
		made, err = p.Update(t.Context(), cal, now.ID, now.Version, calendar.Change{Groups: calendar.Groups{calendar.GroupTitle, calendar.GroupNotes}, Content: c})
		if err != nil || made.Content.Title != "Lunch" || made.Content.Notes.Text() != "one" {
			t.Fatalf("Update: %+v, %v", made, err)
		}
		cursor = ch.Next
	}
}

// other edits the simulated mailbox past the provider.
type other struct{ *world }

func (o other) AddEvent(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	return o.add(o.event(e))
}

func (o other) add(m mailbox.Event) calendar.RemoteID {
	o.t.Helper()
	if len(m.Recurrence) > 0 {
		id, err := o.sim.AddSeries(o.cal, m)
		o.must(err)
		return calendar.RemoteID(id)
	}
	made := o.sim.Mailbox().AddEvent(o.cal, m)
	if made == nil {
		o.t.Fatal("the simulated calendar is not there")
	}
	return calendar.RemoteID(made.ID)
}

// answers are Google's words for the responses.
var answers = map[calendar.Response]string{
	calendar.NoResponse: "needsAction", calendar.NeedsAction: "needsAction", calendar.Accepted: "accepted",
	calendar.Maybe: "tentative", calendar.Declined: "declined",
}

// event is e as the mailbox holds it.
func (o other) event(e calendar.Event) mailbox.Event {
	c := e.Content
	m := mailbox.Event{
		Title: c.Title, Body: c.Notes.HTML, BodyIsHTML: true, Place: c.Place,
		Start: moment(c.When.Start), End: moment(c.When.End), Recurrence: c.When.Recurrence.Rules,
		ShowAs: "busy", Sensitivity: string(c.Visibility), Shared: c.Properties, Conference: c.Links.Conference,
	}
	if i := slices.Index(calendar.Colors, c.Color); i >= 0 {
		m.ColorID = strconv.Itoa(i + 1)
	}
	for _, a := range c.Links.Attachments {
		m.Attachments = append(m.Attachments, mailbox.Attachment{Title: a.Name, URL: a.URL})
	}
	if c.Availability == calendar.Free {
		m.ShowAs = "free"
	}
	reminders := []mailbox.Reminder{}
	for _, d := range c.Reminders.Before {
		reminders = append(reminders, mailbox.Reminder{Method: "popup", Minutes: int(d.Minutes())})
	}
	if !c.Reminders.Default {
		m.Reminders = &reminders
	}
	for _, g := range e.Guests {
		a := mailbox.Attendee{Person: mailbox.Person{Name: g.Name, Email: g.Email}, Type: "required", Response: answers[g.Response]}
		if g.Optional {
			a.Type = "optional"
		}
		m.Attendees = append(m.Attendees, a)
	}
	return m
}

// AddDetailed adds what another program keeps for itself, too.
func (o other) AddDetailed(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	m := o.event(e)
	m.Private = map[string]string{"crm": "hidden", "other": "hidden too"} // named as shared ones are
	m.Extra = map[string]any{"guestsCanSeeOtherGuests": false, "source": map[string]any{"title": "CRM", "url": "https://crm.example/1"}}
	return o.add(m)
}

// AddInvitation is what Google does with an invitation that came in.
func (o other) AddInvitation(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	m := o.event(e)
	m.Organizer, m.Creator = mailbox.Person(e.Organizer), mailbox.Person(e.Organizer)
	m.Attendees = append(m.Attendees,
		mailbox.Attendee{Person: mailbox.Person(e.Organizer), Type: "required", Response: "accepted"},
		mailbox.Attendee{Person: o.sim.Mailbox().Owner, Type: "required", Response: "needsAction"})
	return o.add(m)
}

func (o other) Answer(id calendar.RemoteID, original calendar.Time, r calendar.Response) {
	o.t.Helper()
	answer := func(e *mailbox.Event) {
		for i := range e.Attendees {
			if e.Attendees[i].Email == o.cal {
				e.Attendees[i].Response = answers[r]
			}
		}
	}
	if original.IsZero() {
		o.must(o.sim.EditSeries(o.cal, string(id), answer)) // or a single event
		return
	}
	o.must(o.sim.EditOccurrence(o.cal, string(id), original.Slot(), answer))
}

func moment(t calendar.Time) mailbox.Moment {
	if t.IsDate() {
		return mailbox.Moment{Date: t.Local}
	}
	at, _ := t.Instant()
	return mailbox.Moment{Local: t.Local, Zone: t.Zone, UTC: at}
}

func (o other) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o other) EditTitle(id calendar.RemoteID, title string) {
	o.t.Helper()
	o.must(o.sim.EditSeries(o.cal, string(id), func(e *mailbox.Event) { e.Title = title })) // or a single event
}

func (o other) TouchOnly(id calendar.RemoteID) bool {
	o.t.Helper()
	o.must(o.sim.Mailbox().TouchOnly(o.cal, string(id)))
	return true
}

func (o other) Delete(id calendar.RemoteID) {
	o.t.Helper()
	o.must(o.sim.Mailbox().DeleteEvent(o.cal, string(id)))
}

func (o other) ExpireCursors() bool {
	o.t.Helper()
	o.must(o.sim.Mailbox().ExpireCursors(o.cal))
	return true
}

// SignOut is a person who took the permission back on Google's account page.
func (o other) SignOut() bool {
	o.sim.AddFault(simulator.Fault{Match: "oauth.token", Count: -1, Status: 400, Reason: "invalid_grant"})
	o.sim.AddFault(simulator.Fault{Count: -1, Status: 401, Reason: "authError"})
	return true
}

func (o other) Mails() int { return len(o.sim.Mailbox().Mails()) }

func (o other) Unknown() []string { return o.sim.Counters().Unknown }

func (o other) Rest(id calendar.RemoteID) string {
	o.t.Helper()
	e := o.sim.Mailbox().Event(o.cal, string(id))
	if e == nil {
		o.t.Fatalf("no event %s", id)
	}
	return fmt.Sprintf("%v %v %v %v %v %q", e.Attendees, e.Private, e.Extra, e.Attachments, e.Organizer, e.Conference)
}

// What a person does to a series with the mouse, in Google's own app.

func (o other) MoveOccurrence(id calendar.RemoteID, original, start, end calendar.Time) {
	o.t.Helper()
	o.must(o.sim.EditOccurrence(o.cal, string(id), original.Slot(), func(e *mailbox.Event) {
		e.Start, e.End = moment(start), moment(end)
	}))
}

func (o other) RetitleOccurrence(id calendar.RemoteID, original calendar.Time, title string) {
	o.t.Helper()
	o.must(o.sim.EditOccurrence(o.cal, string(id), original.Slot(), func(e *mailbox.Event) { e.Title = title }))
}

func (o other) CancelOccurrence(id calendar.RemoteID, original calendar.Time) {
	o.t.Helper()
	o.must(o.sim.CancelOccurrence(o.cal, string(id), original.Slot()))
}

func (o other) Reschedule(id calendar.RemoteID, when calendar.When) {
	o.t.Helper()
	o.must(o.sim.EditSeries(o.cal, string(id), func(e *mailbox.Event) {
		e.Start, e.End, e.Recurrence = moment(when.Start), moment(when.End), when.Recurrence.Rules
	}))
}

func (o other) Split(id calendar.RemoteID, original calendar.Time, title string) calendar.RemoteID {
	o.t.Helper()
	tail, err := o.sim.SplitSeries(o.cal, string(id), original.Slot(), func(e *mailbox.Event) { e.Title = title })
	o.must(err)
	return calendar.RemoteID(tail)
}
