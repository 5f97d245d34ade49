package outlook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/outlook"
	"github.com/twinday/twinday/providers/providertest"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/graphsim"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// now is the present of the simulated account.
var now = time.Date(2026, 2, 2, 9, 0, 0, 0, time.UTC)

// world is one simulated Microsoft account, served on a loopback port.
type world struct {
	t     *testing.T
	sim   *simulator.Simulator
	e     signin.Endpoint
	hc    *http.Client
	cal   calendar.CalendarID
	clock func() time.Time
	// token is another client's.
	token string
}

func newWorld(t *testing.T, switches mailbox.GraphSwitches, quirks graphsim.Quirks) *world {
	t.Helper()
	clock := ticking(now)
	sim, err := simulator.New(simulator.Outlook, simulator.Options{
		Now: clock, AutoApprove: true, Switches: mailbox.Switches{Graph: switches}, Quirks: quirks,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	at := sim.Endpoints(srv.URL)
	w := &world{t: t, sim: sim, hc: srv.Client(), clock: clock, e: signin.Endpoint{
		BaseURL: at.BaseURL, AuthURL: at.AuthURL, TokenURL: at.TokenURL, ClientID: at.ClientID, ClientSecret: at.ClientSecret,
	}}
	w.token = w.grant().Token.AccessToken
	for _, c := range sim.Mailbox().Calendars {
		if c.Primary {
			w.cal = calendar.CalendarID(c.ID)
		}
	}
	return w
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
	cfg, err := outlook.Config(w.e, calendar.Access{}, w.hc)
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

func (w *world) open(s signin.Secret) *outlook.Provider {
	w.t.Helper()
	p, err := outlook.Open(w.e, s, w.hc, outlook.WithClock(w.clock), outlook.WithPageSize(25))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestProvider(t *testing.T) {
	// Tombstones of occurrences are left out: the suite wants a removed series to be
	// one removal, and nobody can tell such an id from a series'.
	quirks := graphsim.Quirks{MasterTombstoneOnly: true}
	for name, switches := range map[string]mailbox.GraphSwitches{
		"as the harsher sources say": {},
		"as the milder sources say": {KeepAllDayZone: true, AcceptLongSubject: true, DuplicateTransactionIs400: true,
			DeleteIgnoresIfMatch: true, OldRefreshTokenWorks: true, CancelledOccurrences: true, SeriesOnOnePage: true, KeepDeclined: true},
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, providertest.Setup{Now: now, Many: 60, MailsGuests: true, Open: func(t *testing.T) providertest.Account {
				w := newWorld(t, switches, quirks)
				holidays := w.sim.Mailbox().AddCalendar(mailbox.Calendar{Name: "Holidays", Role: "reader"})
				return providertest.Account{
					Provider: w.open(&secret{text: signin.GrantSecret(w.grant())}),
					Calendar: w.cal,
					ReadOnly: calendar.CalendarID(holidays.ID),
					Other:    other{w},
				}
			}})
		})
	}
}

func TestSigningInAndOut(t *testing.T) {
	w := newWorld(t, mailbox.GraphSwitches{}, graphsim.Quirks{})
	g := w.grant()
	who, err := outlook.Identify(t.Context(), w.e, g, w.hc)
	if owner := w.sim.Mailbox().Owner; err != nil || who.Email != owner.Email || who.Name != owner.Name {
		t.Errorf("Identify: %+v, %v; want %+v", who, err, owner)
	}
	kept := &secret{text: signin.GrantSecret(g)}
	p := w.open(kept)
	if cals, err := p.Calendars(t.Context()); err != nil || len(cals) != 1 || !cals[0].Primary || !cals[0].Writable {
		t.Errorf("Calendars: %+v, %v", cals, err)
	}
	if err := outlook.SignOut(t.Context(), w.e, kept, w.hc); err != nil || kept.text != "" {
		t.Errorf("SignOut: %v, kept %q", err, kept.text)
	}
	if _, err := w.open(kept).Calendars(t.Context()); calendar.KindOf(err) != calendar.SignedOut {
		t.Errorf("after signing out: %v", err)
	}
}

func TestAWriteWhoseAnswerIsLost(t *testing.T) {
	w := newWorld(t, mailbox.GraphSwitches{}, graphsim.Quirks{})
	p := w.open(&secret{text: signin.GrantSecret(w.grant())})
	d := calendar.Draft{Key: "00112233445566778899aabbccddeeff", Content: calendar.Content{
		Title: "Once", When: calendar.When{Start: calendar.Date(2026, 3, 1), End: calendar.Date(2026, 3, 2)}}}
	w.sim.AddFault(simulator.Fault{Match: "events.create", DropAfter: true})
	if _, err := p.Create(t.Context(), w.cal, d); calendar.KindOf(err) != calendar.Unavailable {
		t.Fatalf("Create: %v", err)
	}
	e, err := p.Create(t.Context(), w.cal, d)
	if n := len(w.sim.Mailbox().Events(string(w.cal))); err != nil || e.Content.Title != "Once" || n != 1 {
		t.Errorf("Create again: %+v, %v; %d events", e, err, n)
	}
}

func TestTheWindowIsLaidAnewAfterAWeek(t *testing.T) {
	w := newWorld(t, mailbox.GraphSwitches{}, graphsim.Quirks{})
	days := 0
	p, err := outlook.Open(w.e, &secret{text: signin.GrantSecret(w.grant())}, w.hc,
		outlook.WithClock(func() time.Time { return now.AddDate(0, 0, days) }))
	if err != nil {
		t.Fatal(err)
	}
	far := calendar.Time{Local: now.AddDate(0, 0, 405).Format("2006-01-02") + "T12:00:00", Zone: "UTC"}
	id := other{w}.AddEvent(calendar.Event{Content: calendar.Content{Title: "Far away", When: calendar.When{Start: far, End: far}}})
	ch, err := p.Changes(t.Context(), w.cal, "")
	if err != nil || len(ch.Events) != 0 {
		t.Fatalf("first read: %v, %v; want nothing in the window", ch.Events, err)
	}
	days = 7
	if ch, err = p.Changes(t.Context(), w.cal, ch.Next); err != nil || ch.Complete {
		t.Fatalf("after a week: %+v, %v", ch, err)
	}
	days = 8
	if _, err = p.Changes(t.Context(), w.cal, ch.Next); calendar.KindOf(err) != calendar.CursorExpired {
		t.Fatalf("after more than a week: %v; want the cursor to expire", err)
	}
	ch, err = p.Changes(t.Context(), w.cal, "")
	if err != nil || !ch.Complete || len(ch.Events) != 1 || ch.Events[0].ID != id {
		t.Errorf("read anew: %+v, %v; want the event that came into the window", ch, err)
	}
}

// other acts through Graph as another program would, with requests of its own
// making; what no request can do, it does to the mailbox.
type other struct{ *world }

// call sends a request and returns the answer's object.
func (o other) call(method, path string, body map[string]any) map[string]any {
	o.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			o.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, o.e.BaseURL+"/me/calendars/"+url.PathEscape(string(o.cal))+path, in)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Prefer", `IdType="ImmutableId"`)
	resp, err := o.hc.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		o.t.Fatalf("another client: %s: %s\n%s", method, resp.Status, text)
	}
	var out map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			o.t.Fatal(err)
		}
	}
	return out
}

func at(id calendar.RemoteID) string { return "/events/" + url.PathEscape(string(id)) }

func (o other) AddEvent(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	c := e.Content
	graph := func(t calendar.Time) map[string]any {
		if t.IsDate() {
			return map[string]any{"dateTime": t.Local + "T00:00:00", "timeZone": "UTC"}
		}
		return map[string]any{"dateTime": t.Local, "timeZone": t.Zone}
	}
	body := map[string]any{
		"subject": c.Title, "start": graph(c.When.Start), "end": graph(c.When.End), "isAllDay": c.When.AllDay(),
		"body":     map[string]any{"contentType": "text", "content": c.Notes.Text()},
		"location": map[string]any{"displayName": c.Place}, "categories": []string{"Theirs"}, "allowNewTimeProposals": false,
	}
	if c.Visibility != calendar.DefaultVisibility {
		body["sensitivity"] = string(c.Visibility)
	}
	if len(c.Reminders.Before) > 0 {
		body["reminderMinutesBeforeStart"] = int(c.Reminders.Before[0].Minutes())
	}
	var guests []any
	for _, g := range e.Guests {
		kind := "required"
		if g.Optional {
			kind = "optional"
		}
		guests = append(guests, map[string]any{"type": kind, "emailAddress": map[string]any{"name": g.Name, "address": g.Email}})
	}
	if guests != nil {
		body["attendees"] = guests
	}
	var props []any
	for k, v := range c.Properties {
		props = append(props, map[string]any{"id": "String {00020329-0000-0000-c000-000000000046} Name " + k, "value": v})
	}
	if props != nil {
		body["singleValueExtendedProperties"] = props
	}
	id, _ := o.call("POST", "/events", body)["id"].(string)
	return calendar.RemoteID(id)
}

// AddDetailed makes an event with an online meeting, attachments and answers: what
// no request can do, Outlook and the guests do.
func (o other) AddDetailed(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	id := o.AddEvent(e)
	c := e.Content
	props, err := json.Marshal(c.Properties)
	o.must(err)
	o.call("PATCH", at(id), map[string]any{
		"categories": c.Categories, "importance": string(c.Importance), "showAs": string(c.Availability),
		"singleValueExtendedProperties": []any{
			map[string]any{"id": "String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties", "value": string(props)},
			map[string]any{"id": "String {00020329-0000-0000-c000-000000000046} Name theirs", "value": "hidden"},
		},
	})
	o.call("POST", at(id)+"/extensions", map[string]any{"@odata.type": "microsoft.graph.openTypeExtension",
		"extensionName": "com.example.theirs", "theirs": "too"})
	answers := map[calendar.Response]string{calendar.Accepted: "accepted", calendar.Declined: "declined", calendar.Maybe: "tentative"}
	o.must(o.sim.Mailbox().EditEvent(string(o.cal), o.stored(id).ID, func(m *mailbox.Event) {
		m.Conference = c.Links.Conference
		m.Attachments = []mailbox.Attachment{{Title: "logo.png", URL: "cid:logo", MIMEType: "image/png"}}
		for _, a := range c.Links.Attachments {
			m.Attachments = append(m.Attachments, mailbox.Attachment{Title: a.Name, URL: a.URL})
		}
		for i, g := range e.Guests {
			m.Attendees[i].Response = answers[g.Response]
		}
	}))
	return id
}

// Answer is the owner's answer in Outlook, without a mail.
func (o other) Answer(id calendar.RemoteID, original calendar.Time, r calendar.Response) {
	o.t.Helper()
	if !original.IsZero() {
		start, err := original.Instant()
		o.must(err)
		q := url.Values{"startDateTime": {start.AddDate(0, 0, -3).Format(time.RFC3339)}, "endDateTime": {start.AddDate(0, 0, 3).Format(time.RFC3339)}, "$select": {"originalStart"}}
		list, _ := o.call("GET", at(id)+"/instances?"+q.Encode(), nil)["value"].([]any)
		id = ""
		for _, x := range list {
			m, _ := x.(map[string]any)
			if text, _ := m["originalStart"].(string); strings.HasPrefix(text, start.UTC().Format("2006-01-02T15:04:05")) {
				name, _ := m["id"].(string)
				id = calendar.RemoteID(name)
			}
		}
	}
	action := map[calendar.Response]string{calendar.Accepted: "accept", calendar.Declined: "decline", calendar.Maybe: "tentativelyAccept"}[r]
	o.call("POST", at(id)+"/"+action, map[string]any{"sendResponse": false})
}

// AddInvitation does what the mail system does with an invitation that came in.
func (o other) AddInvitation(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	box := o.sim.Mailbox()
	m := mailbox.Event{Title: e.Content.Title, Start: moment(e.Content.When.Start), End: moment(e.Content.When.End),
		Recurrence: e.Content.When.Recurrence.Rules, Organizer: mailbox.Person(e.Organizer), Attendees: []mailbox.Attendee{{Person: box.Owner, Type: "required", Response: "needsAction"}}}
	for _, g := range e.Guests {
		m.Attendees = append(m.Attendees, mailbox.Attendee{Person: mailbox.Person(g.Person), Type: "required", Response: "needsAction"})
	}
	if m.Recurrence == nil {
		return o.shown(box.AddEvent(string(o.cal), m).UID)
	}
	id, err := o.hands().AddSeries(string(o.cal), m)
	o.must(err)
	return o.shown(box.Event(string(o.cal), id).UID)
}

// shown is the id under which Graph shows what the mailbox holds.
func (o other) shown(uid string) calendar.RemoteID {
	o.t.Helper()
	found, _ := o.call("GET", "/events?$filter="+url.QueryEscape("iCalUId eq '"+uid+"'"), nil)["value"].([]any)
	if len(found) != 1 {
		o.t.Fatalf("the event is listed %d times", len(found))
	}
	id, _ := found[0].(map[string]any)["id"].(string)
	return calendar.RemoteID(id)
}

func (o other) EditTitle(id calendar.RemoteID, title string) {
	o.t.Helper()
	o.call("PATCH", at(id), map[string]any{"subject": title})
}

func (o other) Delete(id calendar.RemoteID) {
	o.t.Helper()
	o.call("DELETE", at(id), nil)
}

// stored is the event as the mailbox holds it.
func (o other) stored(id calendar.RemoteID) mailbox.Event {
	o.t.Helper()
	uid := o.call("GET", at(id)+"?$select=iCalUId", nil)["iCalUId"]
	for _, e := range o.sim.Mailbox().Events(string(o.cal)) {
		if e.UID == uid {
			return e
		}
	}
	o.t.Fatalf("the mailbox holds no event %s", id)
	return mailbox.Event{}
}

// hands is the person in Outlook itself.
func (o other) hands() mailbox.Hands {
	o.t.Helper()
	h, err := o.sim.Hands()
	o.must(err)
	return h
}

func moment(t calendar.Time) mailbox.Moment {
	if t.IsDate() {
		return mailbox.Moment{Date: t.Local}
	}
	return mailbox.Moment{Local: t.Local, Zone: t.Zone}
}

func (o other) MoveOccurrence(id calendar.RemoteID, original, start, end calendar.Time) {
	o.t.Helper()
	o.must(o.hands().EditOccurrence(string(o.cal), o.stored(id).ID, original.Slot(), func(e *mailbox.Event) {
		e.Start, e.End = moment(start), moment(end)
	}))
}

func (o other) RetitleOccurrence(id calendar.RemoteID, original calendar.Time, title string) {
	o.t.Helper()
	o.must(o.hands().EditOccurrence(string(o.cal), o.stored(id).ID, original.Slot(), func(e *mailbox.Event) { e.Title = title }))
}

func (o other) CancelOccurrence(id calendar.RemoteID, original calendar.Time) {
	o.t.Helper()
	o.must(o.hands().CancelOccurrence(string(o.cal), o.stored(id).ID, original.Slot()))
}

func (o other) Reschedule(id calendar.RemoteID, when calendar.When) {
	o.t.Helper()
	o.must(o.hands().EditSeries(string(o.cal), o.stored(id).ID, func(e *mailbox.Event) {
		e.Start, e.End, e.Recurrence = moment(when.Start), moment(when.End), when.Recurrence.Rules
	}))
}

// Split is done with the care of a good program: what the new end of the head makes
// Outlook forget of its occurrences is done again.
func (o other) Split(id calendar.RemoteID, original calendar.Time, title string) calendar.RemoteID {
	o.t.Helper()
	at, err := original.Instant()
	o.must(err)
	cal, head, hands := string(o.cal), o.stored(id).ID, o.hands()
	seen := func() map[string]mailbox.Occurrence {
		list, err := hands.Occurrences(cal, head, now.AddDate(-1, 0, 0), at)
		o.must(err)
		out := map[string]mailbox.Occurrence{}
		for _, x := range list {
			out[x.Slot] = x
		}
		return out
	}
	before := seen()
	tail, err := hands.SplitSeries(cal, head, original.Slot(), func(e *mailbox.Event) { e.Title = title })
	o.must(err)
	for slot, x := range seen() {
		was, ok := before[slot]
		switch {
		case !ok:
			o.must(hands.CancelOccurrence(cal, head, slot))
		case was != x:
			o.must(hands.EditOccurrence(cal, head, slot, func(e *mailbox.Event) {
				e.Title = was.Title
				for m, t := range map[*mailbox.Moment]time.Time{&e.Start: was.Start, &e.End: was.End} {
					*m, err = mailbox.MomentOf(t, m.Zone)
					o.must(err)
				}
			}))
		}
	}
	for _, e := range o.sim.Mailbox().Events(cal) {
		if e.ID == tail {
			return o.shown(e.UID)
		}
	}
	o.t.Fatalf("the mailbox holds no event %s", tail)
	return ""
}

func (o other) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o other) TouchOnly(id calendar.RemoteID) bool {
	o.t.Helper()
	o.must(o.sim.Mailbox().TouchOnly(string(o.cal), o.stored(id).ID))
	return true
}

func (o other) ExpireCursors() bool {
	o.t.Helper()
	o.must(o.sim.Mailbox().ExpireCursors(string(o.cal)))
	return true
}

// SignOut is a person who took the permission back, or changed the password.
func (o other) SignOut() bool {
	o.sim.SignIn().RevokeAll()
	return true
}

func (o other) Mails() int { return len(o.sim.Mailbox().Mails()) }

func (o other) Unknown() []string { return o.sim.Counters().Unknown }

func (o other) Rest(id calendar.RemoteID) string {
	o.t.Helper()
	e := o.stored(id)
	for _, covered := range []string{"locations", "reminderMinutesBeforeStart"} {
		delete(e.Extra, covered) // other names of what Content has
	}
	delete(e.Private, "String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties")
	return fmt.Sprintf("%v %v %v %v %v %v %q", e.Attendees, e.Private, e.Extensions, e.Extra, e.Attachments, e.Organizer, e.Conference)
}
