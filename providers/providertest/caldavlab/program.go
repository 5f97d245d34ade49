//go:build linux

package caldavlab

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Program is another program on one of a server's calendars, as providertest.Other wants
// it. It reads and writes iCalendar by its lines, and shares no code with the connector.
type Program struct {
	t      testing.TB
	server *Server
	user   string
	// Path is the calendar's.
	Path string
	n    *int
}

// owner is the address of the calendar's owner, for invitations.
const owner = "alice@example.com"

// NewCalendar makes a calendar in the user's home, and gives a program that works on it.
func (s *Server) NewCalendar(t testing.TB, name string) Program {
	t.Helper()
	return s.NewCalendarOf(t, s.User, name)
}

// NewCalendarOf is NewCalendar in another user's home.
func (s *Server) NewCalendarOf(t testing.TB, user, name string) Program {
	t.Helper()
	p := Program{t: t, server: s, user: user, Path: s.HomeOf(user) + name + "/", n: new(int)}
	p.call("MKCALENDAR", "", "")
	return p
}

// Put stores a resource as it is given.
func (o Program) Put(id calendar.RemoteID, text string) {
	o.t.Helper()
	o.call(http.MethodPut, id, text)
}

// Fill puts many resources into a calendar that is empty: as files, where the server keeps
// them so and takes a new one the slower the more there are, which is Radicale.
func (o Program) Fill(texts map[calendar.RemoteID]string) {
	o.t.Helper()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	for id, text := range texts {
		if o.server.files != "" {
			write(o.t, filepath.Join(o.server.files, o.Path, string(id)), text)
			continue
		}
		slots <- struct{}{}
		wg.Go(func() { o.Put(id, text); <-slots })
	}
	wg.Wait()
	if names := o.Names(); len(names) != len(texts) { // it also has the server read them
		o.t.Fatalf("%d resources were put there, %d are", len(texts), len(names))
	}
}

func (o Program) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// call makes a request as the calendar's owner, and insists that it works.
func (o Program) call(method string, id calendar.RemoteID, body string) string {
	o.t.Helper()
	kind := ""
	if body != "" {
		kind = "text/calendar; charset=utf-8"
	}
	return o.send(method, url.PathEscape(string(id)), kind, body)
}

// report asks the calendar for one.
func (o Program) report(body string) string {
	o.t.Helper()
	return o.send("REPORT", "", "application/xml; charset=utf-8", body)
}

func (o Program) send(method, at, kind, body string) string {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.server.Base+o.Path+at, strings.NewReader(body))
	o.must(err)
	req.SetBasicAuth(o.user, Password)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if method == "REPORT" {
		req.Header.Set("Depth", "1")
	}
	resp, err := http.DefaultClient.Do(req)
	o.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	o.must(err)
	if resp.StatusCode >= 300 || resp.StatusCode == http.StatusMultiStatus && method != "REPORT" {
		o.t.Fatalf("%s %s: %s\n%s\n%s", method, at, resp.Status, text, body)
	}
	return string(text)
}

// idIn is the name of the resource that a response is about.
func idIn(response string) calendar.RemoteID {
	_, rest, _ := strings.Cut(response, "<D:href>")
	path, _, _ := strings.Cut(rest, "</D:href>")
	name, _ := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	return calendar.RemoteID(name)
}

var escaper = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`)

// Berlin is the VTIMEZONE of Europe/Berlin.
const Berlin = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE`

const newYork = `BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:DAYLIGHT
DTSTART:20070311T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE`

var partstats = map[calendar.Response]string{
	calendar.NoResponse: "NEEDS-ACTION", calendar.NeedsAction: "NEEDS-ACTION", calendar.Accepted: "ACCEPTED",
	calendar.Maybe: "TENTATIVE", calendar.Declined: "DECLINED",
}

// calendarOf is an event as such a program writes it.
func (o Program) calendarOf(uid string, e calendar.Event) *part {
	c := e.Content
	p := &part{name: "VEVENT", lines: []string{
		"UID:" + uid, "DTSTAMP:20260101T000000Z", "CREATED:20260101T000000Z", "SUMMARY:" + escaper.Replace(c.Title),
		"DTSTART" + moment(c.When.Start), "DTEND" + moment(c.When.End),
	}}
	p.lines = append(p.lines, c.When.Recurrence.Rules...)
	add := func(format string, args ...any) { p.lines = append(p.lines, fmt.Sprintf(format, args...)) }
	if t := c.Notes.Text(); t != "" {
		add("DESCRIPTION:%s", escaper.Replace(t))
	}
	if c.Place != "" {
		add("LOCATION:%s", escaper.Replace(c.Place))
	}
	if c.Availability == calendar.Free {
		add("TRANSP:TRANSPARENT")
	}
	switch c.Visibility {
	case calendar.Private, calendar.Confidential, calendar.Public:
		add("CLASS:%s", strings.ToUpper(string(c.Visibility)))
	}
	switch c.Importance {
	case calendar.HighImportance:
		add("PRIORITY:1")
	case calendar.LowImportance:
		add("PRIORITY:9")
	}
	for _, n := range c.Categories {
		add("CATEGORIES:%s", escaper.Replace(n))
	}
	for _, a := range c.Links.Attachments {
		add("ATTACH;FILENAME=%s:%s", a.Name, a.URL)
	}
	if c.Links.Conference != "" {
		add("CONFERENCE;VALUE=URI;FEATURE=VIDEO:%s", c.Links.Conference)
	}
	if len(e.Guests) > 0 && e.Organizer.Email == "" {
		add("ORGANIZER;CN=Alice:mailto:%s", owner)
	}
	if e.Organizer.Email != "" {
		add("ORGANIZER;CN=%s:mailto:%s", e.Organizer.Name, e.Organizer.Email)
	}
	for _, g := range e.Guests {
		p.lines = append(p.lines, attendee(g))
	}
	for _, d := range c.Reminders.Before {
		p.parts = append(p.parts, &part{name: "VALARM", lines: []string{
			"ACTION:DISPLAY", "DESCRIPTION:Reminder", fmt.Sprintf("TRIGGER:-PT%dM", int(d/time.Minute))}})
	}
	return &part{name: "VCALENDAR", lines: []string{"VERSION:2.0", "PRODID:-//Another program//EN"}, parts: []*part{parsePart(Berlin), parsePart(newYork), p}}
}

func (o Program) add(cal *part) calendar.RemoteID {
	o.t.Helper()
	*o.n++
	// A name with what has to be escaped in an address.
	id := calendar.RemoteID(fmt.Sprintf("other %d@home+ü.ics", *o.n))
	o.call(http.MethodPut, id, cal.String())
	return id
}

// uid is one that no other event of the account has.
func (o Program) uid() string { return fmt.Sprintf("other-%d-%s", *o.n, strings.Trim(o.Path, "/")) }

// AddEvent makes an event, under a name that has to be escaped in addresses.
func (o Program) AddEvent(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	return o.add(o.calendarOf(o.uid(), e))
}

// AddDetailed makes an event with things of another program.
func (o Program) AddDetailed(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	cal := o.calendarOf(o.uid(), e)
	cal.lines = append(cal.lines, "X-WR-FOREIGN:of the calendar")
	ev := cal.master()
	for name, value := range e.Content.Properties {
		ev.lines = append(ev.lines, "X-TWINDAY-PROPERTY:"+url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	ev.lines = append(ev.lines, "X-CRM;X-KIND=\"a;b\":hidden\\, 1", "GEO:48.2;16.37", "CONTACT:Front desk", "X-MOZ-GENERATION:3")
	ev.parts = append(ev.parts, &part{name: "VALARM", lines: []string{
		"ACTION:EMAIL", "SUMMARY:Mail", "DESCRIPTION:By mail", "ATTENDEE:mailto:" + owner, "TRIGGER;VALUE=DATE-TIME:20300101T090000Z", "X-ALARM:kept"}})
	return o.add(cal)
}

// AddInvitation puts an invitation of the calendar's owner into it.
func (o Program) AddInvitation(e calendar.Event) calendar.RemoteID {
	o.t.Helper()
	e.Guests = append(slices.Clone(e.Guests), calendar.Guest{Person: calendar.Person{Name: "Alice", Email: owner}, Response: calendar.NeedsAction})
	return o.add(o.calendarOf(o.uid(), e))
}

// edit has the program change an event.
func (o Program) edit(id calendar.RemoteID, change func(cal, master *part)) {
	o.t.Helper()
	cal := parsePart(o.call(http.MethodGet, id, ""))
	if m := cal.master(); m != nil { // as programs do, and not all
		m.set("LAST-MODIFIED:" + time.Now().UTC().Format(basic) + "Z")
	}
	change(cal, cal.master())
	o.call(http.MethodPut, id, cal.String())
}

// EditTitle gives the event another title.
func (o Program) EditTitle(id calendar.RemoteID, title string) {
	o.t.Helper()
	o.edit(id, func(cal, m *part) {
		was := m.value("SUMMARY")
		for _, e := range cal.events() { // 'all events': those that have no title of their own
			if e.value("SUMMARY") == was {
				e.set("SUMMARY:" + escaper.Replace(title))
			}
		}
	})
}

// TouchOnly changes what nobody sees.
func (o Program) TouchOnly(id calendar.RemoteID) bool {
	o.t.Helper()
	o.edit(id, func(_, m *part) {
		m.set("DTSTAMP:20270101T000000Z", "LAST-MODIFIED:20270101T000000Z", "X-MOZ-LASTACK:20270101T000000Z")
	})
	return true
}

// Delete removes the event.
func (o Program) Delete(id calendar.RemoteID) {
	o.t.Helper()
	o.call(http.MethodDelete, id, "")
}

// ExpireCursors has the server forget its tokens.
func (o Program) ExpireCursors() bool { return o.server.ExpireTokens() }

// SignOut changes the user's password, until the end of the test.
func (o Program) SignOut() bool {
	o.t.Helper()
	if o.server.Open {
		return false
	}
	o.server.SetPassword(o.t, "changed since")
	o.t.Cleanup(func() { o.server.SetPassword(o.t, Password) })
	return true
}

// Mails are none: none of the servers is told how to send one.
func (o Program) Mails() int { return 0 }

// Unknown is nothing: no server says what it does not know.
func (o Program) Unknown() []string { return nil }

// Rest are the lines that are in no Content, and not the version's.
func (o Program) Rest(id calendar.RemoteID) string {
	o.t.Helper()
	cal := parsePart(o.call(http.MethodGet, id, ""))
	var rest []string
	for _, l := range cal.lines {
		if strings.HasPrefix(l, "X-") {
			rest = append(rest, l)
		}
	}
	for _, e := range cal.events() {
		for _, l := range e.lines {
			if is(l, "ORGANIZER", "ATTENDEE", "X-CRM", "GEO", "CONTACT", "X-MOZ-GENERATION", "ATTACH", "CONFERENCE", "CREATED", "UID") {
				rest = append(rest, sortedParameters(l))
			}
		}
		for _, a := range e.parts {
			if a.value("ACTION") == "EMAIL" {
				slices.Sort(a.lines)
				rest = append(rest, a.lines...)
			}
		}
	}
	slices.Sort(rest)
	return strings.Join(rest, "\n")
}

// occurrence is the component of one occurrence, made of the master if there is none yet.
func (o Program) occurrence(cal, master *part, original calendar.Time) *part {
	for _, e := range cal.events() {
		if e.value("RECURRENCE-ID") == strings.TrimPrefix(moment(original)[strings.LastIndexByte(moment(original), ':'):], ":") {
			return e
		}
	}
	e := &part{name: "VEVENT", lines: slices.Clone(master.lines), parts: slices.Clone(master.parts)}
	e.drop("RRULE", "RDATE", "EXDATE")
	length := duration(master)
	e.set("RECURRENCE-ID"+moment(original), "DTSTART"+moment(original), "DTEND"+moment(after(original, length)))
	cal.parts = append(cal.parts, e)
	return e
}

const basic = "20060102T150405"

// MoveOccurrence gives one occurrence another time.
func (o Program) MoveOccurrence(id calendar.RemoteID, original, start, end calendar.Time) {
	o.t.Helper()
	o.edit(id, func(cal, m *part) {
		o.occurrence(cal, m, original).set("DTSTART"+moment(start), "DTEND"+moment(end))
	})
}

// RetitleOccurrence gives one occurrence another title.
func (o Program) RetitleOccurrence(id calendar.RemoteID, original calendar.Time, title string) {
	o.t.Helper()
	o.edit(id, func(cal, m *part) { o.occurrence(cal, m, original).set("SUMMARY:" + escaper.Replace(title)) })
}

// CancelOccurrence deletes one occurrence.
func (o Program) CancelOccurrence(id calendar.RemoteID, original calendar.Time) {
	o.t.Helper()
	o.edit(id, func(cal, m *part) {
		gone := o.occurrence(cal, m, original)
		cal.parts = slices.DeleteFunc(cal.parts, func(p *part) bool { return p == gone })
		m.lines = append(m.lines, "EXDATE"+moment(original))
	})
}

// Reschedule gives the series another time or rule, and drops its changed occurrences.
func (o Program) Reschedule(id calendar.RemoteID, when calendar.When) {
	o.t.Helper()
	o.edit(id, func(cal, m *part) {
		cal.parts = slices.DeleteFunc(cal.parts, func(p *part) bool { return p.value("RECURRENCE-ID") != "" })
		m.drop("RRULE", "RDATE", "EXDATE")
		m.set("DTSTART"+moment(when.Start), "DTEND"+moment(when.End))
		m.lines = append(m.lines, when.Recurrence.Rules...)
		if !slices.ContainsFunc(cal.parts, func(p *part) bool { return p.value("TZID") == when.Start.Zone }) && when.Start.Zone == "America/New_York" {
			cal.parts = append([]*part{parsePart(newYork)}, cal.parts...)
		}
	})
}

// Split makes the occurrences from one on a series of their own.
func (o Program) Split(id calendar.RemoteID, original calendar.Time, title string) calendar.RemoteID {
	o.t.Helper()
	cal := parsePart(o.call(http.MethodGet, id, ""))
	tail := parsePart(cal.String())
	uid := o.uid() + "-tail"
	first := tail.master()
	length := duration(first)
	first.set("DTSTART"+moment(original), "DTEND"+moment(after(original, length)), "SUMMARY:"+escaper.Replace(title))
	early := func(p *part) bool {
		at := p.value("RECURRENCE-ID")
		return at != "" && at < strings.NewReplacer("-", "", ":", "").Replace(original.Local)
	}
	tail.parts = slices.DeleteFunc(tail.parts, early)
	for _, e := range tail.events() {
		e.set("UID:" + uid)
	}
	if rule := first.value("RRULE"); strings.Contains(rule, "COUNT=") {
		first.set("RRULE:" + rest(rule, o.before(cal.master(), original)))
	}
	o.DeleteFollowing(id, original)
	return o.add(tail)
}

// DeleteFollowing ends the series before an occurrence.
func (o Program) DeleteFollowing(id calendar.RemoteID, original calendar.Time) {
	o.t.Helper()
	at, err := original.Instant()
	o.must(err)
	from := strings.NewReplacer("-", "", ":", "").Replace(original.Local)
	o.edit(id, func(cal, m *part) {
		cal.parts = slices.DeleteFunc(cal.parts, func(p *part) bool { return p.value("RECURRENCE-ID") >= from && p.value("RECURRENCE-ID") != "" })
		m.set("RRULE:" + without(m.value("RRULE"), "COUNT", "UNTIL") + ";UNTIL=" + at.Add(-time.Second).UTC().Format(basic) + "Z")
	})
}

// before is how many occurrences a series has before one.
func (o Program) before(master *part, original calendar.Time) int {
	o.t.Helper()
	when := whenOf(master)
	all, err := when.Occurrences()
	o.must(err)
	n := 0
	for t := range all.All() {
		if t.Local >= original.Local {
			break
		}
		n++
	}
	return n
}

// When is when the event, or the first of the series, is.
func (o Program) When(id calendar.RemoteID) calendar.When {
	o.t.Helper()
	return whenOf(parsePart(o.call(http.MethodGet, id, "")).master())
}

// EditAll gives the event another title and place.
func (o Program) EditAll(id calendar.RemoteID, title, place string) {
	o.t.Helper()
	o.edit(id, func(_, m *part) { m.set("SUMMARY:"+escaper.Replace(title), "LOCATION:"+escaper.Replace(place)) })
}

// Answer gives the owner's answer to an invitation.
func (o Program) Answer(id calendar.RemoteID, original calendar.Time, r calendar.Response) {
	o.t.Helper()
	o.edit(id, func(cal, m *part) {
		e := m
		if !original.IsZero() {
			e = o.occurrence(cal, m, original)
		}
		for i, l := range e.lines {
			if is(l, "ATTENDEE") && strings.HasSuffix(l, "mailto:"+owner) {
				e.lines[i] = attendee(calendar.Guest{Person: calendar.Person{Name: "Alice", Email: owner}, Response: r})
			}
		}
	})
}

// Names lists the calendar's resources.
func (o Program) Names() (out []calendar.RemoteID) {
	o.t.Helper()
	text := o.report(`<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>` +
		`<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter></C:calendar-query>`)
	for _, tag := range []string{"<D:href>", "<href>"} {
		for part := range strings.SplitSeq(text, tag) {
			path, _, ok := strings.Cut(part, strings.Replace(tag, "<", "</", 1))
			if name, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:]); ok && err == nil && name != "" {
				out = append(out, calendar.RemoteID(name))
			}
		}
	}
	return out
}

// Title is an event's.
func (o Program) Title(id calendar.RemoteID) string {
	o.t.Helper()
	return unescaper.Replace(parsePart(o.call(http.MethodGet, id, "")).master().value("SUMMARY"))
}
