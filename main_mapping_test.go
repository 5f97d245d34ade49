package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
)

// wire hands requests on, and keeps what each side was sent while it listens.
type wire struct {
	http.RoundTripper
	mu     sync.Mutex
	listen bool
	sent   map[string][]string // by host: method, address and body of every request
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	listen := w.listen
	w.mu.Unlock()
	if !listen {
		return w.RoundTripper.RoundTrip(req)
	}
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	address, err := url.PathUnescape(req.URL.String())
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	if w.sent == nil {
		w.sent = map[string][]string{}
	}
	w.sent[req.URL.Host] = append(w.sent[req.URL.Host], req.Method+" "+address+"\n"+string(body))
	w.mu.Unlock()
	return w.RoundTripper.RoundTrip(req)
}

// heard is what a side was sent since the last call, from the first one on.
func (p *pair) heard(side string) []string {
	p.wire.mu.Lock()
	defer p.wire.mu.Unlock()
	out := p.wire.sent[side+".test"]
	p.wire.listen, p.wire.sent = true, nil
	return out
}

func other(side string) string {
	if side == onGoogle {
		return onOutlook
	}
	return onGoogle
}

// mirror is the pair's mirror as it is now.
func (p *pair) mirror() state.Mirror {
	p.t.Helper()
	all, err := p.engine.Mirrors(context.Background())
	p.must(err)
	return all[0].Mirror
}

// change changes the mirror as a person does who saw no plan.
func (p *pair) change(f func(*state.Mirror)) {
	p.t.Helper()
	m := p.mirror()
	f(&m)
	_, err := p.engine.ChangeMirror(context.Background(), control.ChangeMirror{Mirror: m})
	p.must(err)
}

// maps has copies show what a mapping says, in both directions.
func (p *pair) maps(m state.Mapping) {
	p.t.Helper()
	p.change(func(mirror *state.Mirror) { mirror.Mappings = []state.PairMapping{{Mapping: m}} })
}

// add makes an event in a service's own app, single or a series.
func (p *pair) add(side string, e mailbox.Event) (id string) {
	p.t.Helper()
	if len(e.Recurrence) > 0 {
		id, err := p.sides[side].AddSeries(p.cals[side], e)
		p.must(err)
		return id
	}
	return p.sides[side].Mailbox().AddEvent(p.cals[side], e).ID
}

// edit changes an event in a service's own app; all of it, if it is a series.
func (p *pair) edit(side, id string, f func(*mailbox.Event)) {
	p.t.Helper()
	if e := p.event(side, id); e.Recurrence != nil || e.Pattern != nil {
		p.must(p.sides[side].EditSeries(p.cals[side], id, f))
		return
	}
	p.must(p.sides[side].Mailbox().EditEvent(p.cals[side], id, f))
}

func (p *pair) event(side, id string) mailbox.Event {
	p.t.Helper()
	e := p.sides[side].Mailbox().Event(p.cals[side], id)
	if e == nil {
		p.t.Fatalf("%s has no event %s", side, id)
	}
	return *e
}

// events are those of a side that are not exceptions of another one.
func (p *pair) events(side string) []mailbox.Event {
	return slices.DeleteFunc(p.sides[side].Mailbox().Events(p.cals[side]), func(e mailbox.Event) bool { return e.Series != "" })
}

// only is the one event of a side.
func (p *pair) only(side string) mailbox.Event {
	p.t.Helper()
	all := p.events(side)
	if len(all) != 1 {
		p.t.Fatalf("%s holds %d events", side, len(all))
	}
	return all[0]
}

// at is a moment of a spring day in Berlin.
func at(day, hour int) mailbox.Moment {
	return mailbox.Moment{Local: fmt.Sprintf("2026-03-%02dT%02d:00:00", day, hour), Zone: "Europe/Berlin"}
}

// field is one field of an event as its service keeps it, in words.
type field struct{ Name, Value string }

// webLink is the address of an event in Outlook, which is long and different in each run.
var webLink = regexp.MustCompile(`(http://outlook\.test/)owa\S+`)

// fields are all that a meeting has in a service, read from the service itself and
// not through a connector.
func fields(side string, e mailbox.Event) []field {
	var out []field
	add := func(name, value string) { out = append(out, field{name, value}) }
	clock := func(m mailbox.Moment) string {
		if m.Date != "" {
			return m.Date
		}
		return strings.Replace(m.Local[:16], "T", " ", 1)
	}
	rule := strings.Join(e.Recurrence, " ")
	if p, ok := e.Pattern["pattern"].(map[string]any); ok {
		rule = fmt.Sprint(p["type"], " ", p["daysOfWeek"])
	}
	people := func(list []mailbox.Attendee) (lines []string) {
		for _, a := range list {
			lines = append(lines, fmt.Sprintf("%s <%s> %s, %s", a.Name, a.Email, a.Type, a.Response))
		}
		return lines
	}
	var attached, reminders []string
	for _, a := range e.Attachments {
		attached = append(attached, a.Title+" "+a.URL)
	}
	if e.Reminders != nil {
		for _, r := range *e.Reminders {
			reminders = append(reminders, fmt.Sprint(r.Minutes, " min"))
		}
	}
	props := func(m map[string]string) string {
		var lines []string
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if v := m[k]; strings.Contains(strings.ToLower(k), "twinday") && !strings.Contains(k, "properties") {
				continue // the mark, which differs in each run
			} else if _, name, ok := strings.Cut(k, " Name "); ok {
				lines = append(lines, name+" "+v)
			} else {
				lines = append(lines, k+"="+v)
			}
		}
		return strings.Join(lines, "\n")
	}
	add("title", e.Title)
	add("time", clock(e.Start)+" – "+clock(e.End)[11:]+" "+e.Start.Zone)
	add("rule", rule)
	add("place", e.Place)
	add("notes", webLink.ReplaceAllString(calendar.NotesFromHTML(e.Body).Text(), "${1}…"))
	add("shows as", strings.TrimSpace(e.ShowAs+" "+strings.TrimPrefix(e.Status, "confirmed")))
	add("visibility", e.Sensitivity)
	add("importance", e.Importance)
	add("reminders", strings.Join(reminders, ", "))
	add("colour", e.ColorID)
	add("categories", strings.Join(e.Categories, ", "))
	add("organizer", e.Organizer.Email)
	add("guests", strings.Join(people(e.Attendees), "\n"))
	add("conference", e.Conference)
	add("attachments", strings.Join(attached, "\n"))
	add("properties", props(e.Shared))
	add("hidden", props(e.Private))
	return slices.DeleteFunc(out, func(f field) bool { return f.Value == "" })
}

// board is a meeting with all that a service can give it.
func board(side string, series bool) mailbox.Event {
	e := mailbox.Event{Title: "Board meeting", Place: "Room 12", Start: at(10, 9), End: at(10, 10),
		Body:       `<p>Please bring</p><ul><li>the budget</li><li>the plan</li></ul><p>More in <a href="https://wiki.example/board">the wiki</a>.</p>`,
		BodyIsHTML: true,
		Attendees: []mailbox.Attendee{
			{Person: owner(side), Type: "required", Response: "accepted"},
			{Person: mailbox.Person{Name: "Kim", Email: "kim@example.org"}, Type: "required", Response: "accepted"},
			{Person: mailbox.Person{Name: "Lee", Email: "lee@example.org"}, Type: "optional", Response: "tentative"},
			{Person: mailbox.Person{Name: "Room 12", Email: "room12@example.org"}, Type: "resource", Response: "accepted"}},
		Attachments: []mailbox.Attachment{{Title: "Agenda", URL: "https://files.example/agenda"}},
		Reminders:   &[]mailbox.Reminder{{Method: "popup", Minutes: 10}, {Method: "popup", Minutes: 1440}},
	}
	if series {
		e.Recurrence = tuesdays().Recurrence
	}
	if side == onGoogle {
		e.ShowAs, e.Sensitivity, e.ColorID = "busy", "default", "11" // tomato
		e.Conference = "https://meet.google.com/abc-defg-hij"
		e.Shared, e.Private = map[string]string{"crm": "4711"}, map[string]string{"elsewhere": "of another program"}
		return e
	}
	e.ShowAs, e.Sensitivity, e.Importance = "oof", "normal", "high"
	e.Categories = []string{"Red category", "Board"}
	e.Conference = "https://teams.example/join/42"
	e.Body += `<div><a href="https://teams.example/join/42">Join the meeting now</a></div>`
	*e.Reminders = (*e.Reminders)[:1]
	e.Private = map[string]string{propertiesInOutlook: `{"crm":"4711"}`, "String {00020329-0000-0000-C000-000000000046} Name elsewhere": "of another program"}
	return e
}

// propertiesInOutlook is where a copy in Outlook keeps properties of other programs.
const propertiesInOutlook = "String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties"

// rework is what a person does to a copy of it: all that they see.
func rework(side string, e *mailbox.Event) {
	e.Title, e.Place = "Board meeting, extended", "Room 14"
	e.Body = strings.Replace(e.Body, "the budget", "the new budget", 1)
	e.End.Local = strings.Replace(e.End.Local, "T10:", "T12:", 1)
	if side == onGoogle {
		e.Status, e.ColorID = "tentative", "9" // blueberry
	} else {
		e.ShowAs, e.Categories = "tentative", []string{"Blue category"}
	}
}

// A meeting with all that one can have crosses, is changed in its copy, and goes
// home: what the copy shows, as it was changed; all else, guests above all, as it was.
// What guests would hear of waits, is taken back or goes at once, as the mirror says.
func TestAFullMeetingThereAndBack(t *testing.T) {
	for _, test := range []struct {
		home   string
		online bool // the notes of an online meeting in Outlook cannot be written
		mails  int  // that the service sends on its own once the change is applied
	}{{onGoogle, true, 0}, {onOutlook, true, 3}, {onOutlook, false, 3}} {
		for _, series := range []bool{false, true} {
			for _, rule := range []state.GuestRule{state.AskGuests, state.RevertGuests, state.ApplyGuests} {
				name := fmt.Sprintf("born on %s, online %v, series %v, guests %q", test.home, test.online, series, rule)
				t.Run(name, func(t *testing.T) {
					e := board(test.home, series)
					if !test.online {
						e.Conference = ""
						e.Body, _, _ = strings.Cut(e.Body, "<div>")
					}
					thereAndBack(t, test.home, e, rule, test.mails)
				})
			}
		}
	}
}

func thereAndBack(t *testing.T, home string, e mailbox.Event, rule state.GuestRule, mails int) {
	p := newPair(t, mailbox.Switches{})
	p.change(func(m *state.Mirror) { m.Guests = rule })
	target, id := other(home), p.add(home, e)
	atHome := func() []field { return fields(home, p.event(home, id)) }
	p.settled("at first")
	p.quiet("at first")
	before, copied := atHome(), p.only(target)
	shown := fields(target, copied)
	same(t, "the copy", shown, copyOfBoard(home, before))

	p.edit(target, copied.ID, func(e *mailbox.Event) { rework(target, e) })
	edited := fields(target, p.only(target))
	own, all, put := changes(home, before)
	onCopy := with(edited, map[string]string{"notes": notesOf(edited)})
	if held := home == onOutlook && e.Conference != ""; held {
		delete(all, "notes")
		onCopy = with(edited, map[string]string{"notes": notesOf(shown)})
		defer p.noted(state.Reverted, "hold the link to join")
	}
	r := p.pass("edited")
	switch rule {
	case state.AskGuests:
		held := slices.DeleteFunc(slices.Clone(r.Steps), func(s control.StepResult) bool { return s.Held == "" })
		if len(held) != 1 || held[0].Held != state.HoldGuests || !strings.Contains(held[0].Reason, "Kim, Lee and Room 12") {
			t.Fatalf("held: %+v", told(r, func(control.StepResult) bool { return true }))
		}
		same(t, "at home, while it waits", atHome(), with(before, own))
		p.quiet("it waits")
		p.must(p.engine.Decide(context.Background(), control.Decide{IDs: []string{held[0].Fact}, Decision: state.Apply}))
		p.settled("applied")
	case state.RevertGuests:
		all, onCopy, mails = own, with(shown, put), 0
		fallthrough
	default:
		if r.Held > 0 {
			t.Fatalf("held: %v", told(r, func(control.StepResult) bool { return true }))
		}
	}
	same(t, "at home, after", atHome(), with(before, all))
	same(t, "the copy, after", fields(target, p.only(target)), onCopy)
	if n := len(p.sides[home].Mailbox().Mails()); n != mails || len(p.sides[target].Mailbox().Mails()) != 0 {
		t.Errorf("%d mails from %s, want %d; from %s %v", n, home, mails, target, p.sides[target].Mailbox().Mails())
	}
	p.sides[home].ResetCounters()
	p.quiet("after")
	if rule == state.AskGuests {
		t.Log(table([]string{"", "at home, before", "its copy", "the copy, edited", "at home, after", "the copy, after"},
			before, shown, edited, atHome(), fields(target, p.only(target))))
	}
}

// noted insists that the history says so.
func (p *pair) noted(o state.Outcome, words string) {
	p.t.Helper()
	h, err := p.engine.History(context.Background(), control.HistoryQuery{})
	p.must(err)
	if !slices.ContainsFunc(h, func(x state.HistoryEntry) bool { return x.Outcome == o && strings.Contains(x.Why, words) }) {
		p.t.Errorf("the history does not say that something was %s: %q", o, words)
	}
}

func same(t *testing.T, what string, got, want []field) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// with is a list in which some fields have another value; an empty one is left out.
func with(list []field, values map[string]string) []field {
	out := slices.Clone(list)
	for i := range out {
		if v, ok := values[out[i].Name]; ok {
			out[i].Value = v
		}
	}
	return slices.DeleteFunc(out, func(f field) bool { return f.Value == "" })
}

func notesOf(list []field) string {
	return list[slices.IndexFunc(list, func(f field) bool { return f.Name == "notes" })].Value
}

const (
	boardNotes  = "Please bring\n- the budget\n- the plan\nMore in the wiki (https://wiki.example/board)."
	boardGuests = "Guests: Kim (accepted), Lee (tentative), Room 12 (accepted)\n"
)

// changes are what rework makes of the fields at home: those that guests hear nothing
// of, all of them, and those of the former as the copy shows them.
func changes(home string, before []field) (own, all, put map[string]string) {
	if home == onGoogle {
		// That a meeting is tentative is for its guests as well there.
		own = map[string]string{"colour": "9"}
		put = map[string]string{"categories": "Blue category"}
	} else {
		own = map[string]string{"shows as": "tentative", "categories": "Blue category, Board"}
		put = map[string]string{"shows as": "busy tentative", "colour": "9"}
	}
	all = maps.Clone(own)
	if home == onGoogle {
		all["shows as"] = "busy tentative"
	}
	all["title"], all["place"], all["time"] = "Board meeting, extended", "Room 14", "2026-03-10 09:00 – 12:00 Europe/Berlin"
	all["notes"] = strings.Replace(notesOf(before), "the budget", "the new budget", 1)
	return own, all, put
}

// copyOfBoard is what the other service shows of the board's meeting.
func copyOfBoard(home string, before []field) []field {
	value := map[string]string{}
	for _, f := range before {
		value[f.Name] = f.Value
	}
	block := "\n\n———\n" + boardGuests
	if join := value["conference"]; join != "" {
		block += "Join: " + join + "\n"
	}
	out := []field{{"title", "Board meeting"}, {"time", "2026-03-10 09:00 – 10:00 Europe/Berlin"}}
	if home == onGoogle {
		if value["rule"] != "" {
			out = append(out, field{"rule", "weekly [tuesday]"})
		}
		return append(out, field{"place", "Room 12"}, field{"notes", boardNotes + block + "Attachments: Agenda https://files.example/agenda"},
			field{"shows as", "busy"}, field{"visibility", "normal"}, field{"importance", "normal"}, field{"categories", "Red category"},
			field{"organizer", owner(onOutlook).Email}, field{"hidden", `twinday-properties {"crm":"4711"}`})
	}
	if value["rule"] != "" {
		out = append(out, field{"rule", "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=TU"})
	}
	notes := value["notes"]
	out = append(out, field{"place", "Room 12"}, field{"notes", notes + block + "Attachments: Agenda http://outlook.test/…\nImportance: high"},
		field{"shows as", "busy"}, field{"visibility", "default"}, field{"colour", "11"}, field{"organizer", owner(onGoogle).Email})
	if value["rule"] != "" { // Graph shows those of a single event to who asks for it by its id only
		out = append(out, field{"properties", "crm=4711"})
	}
	return out
}

// table sets lists of fields beside each other, long ones cut into lines.
func table(heads []string, lists ...[]field) string {
	const width = 34
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\n%s\n", strings.Join(heads, "\t"))
	var names []string
	for _, l := range lists {
		for i, f := range l {
			if !slices.Contains(names, f.Name) {
				names = slices.Insert(names, min(i, len(names)), f.Name)
			}
		}
	}
	for _, name := range names {
		cells := [][]string{{name}}
		for _, l := range lists {
			var lines []string
			for _, f := range l {
				if f.Name == name {
					lines = cutLines(f.Value, width)
				}
			}
			cells = append(cells, lines)
		}
		for row := 0; slices.ContainsFunc(cells, func(c []string) bool { return row < len(c) }); row++ {
			for i, c := range cells {
				if i > 0 {
					fmt.Fprint(w, "\t")
				}
				if row < len(c) {
					fmt.Fprint(w, c[row])
				}
			}
			fmt.Fprintln(w)
		}
	}
	_ = w.Flush() // a strings.Builder takes all
	return b.String()
}

// cutLines cuts text into lines of at most so many characters.
func cutLines(s string, width int) (out []string) {
	for line := range strings.SplitSeq(s, "\n") {
		r := []rune(line)
		for len(r) > width {
			at := width
			for i := width; i > width/2; i-- {
				if r[i] == ' ' {
					at = i
					break
				}
			}
			out = append(out, string(r[:at]))
			r = r[at:]
		}
		out = append(out, strings.TrimSpace(string(r)))
	}
	return out
}
