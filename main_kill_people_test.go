package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// people do things in both calendars, and know what must be there in the end.
type people struct {
	*testing.T
	random   *rand.Rand
	today    time.Time
	sides    []*side
	meetings []*appointment // by number
	words    int            // used so far: none is used twice
	acts     int
	deleted  int                        // since both sides agreed last
	history  func(text string) []string // what the program tells of events with a text in their title
	story    []string
}

// appointment is a single meeting or a series, and all that people said of it.
type appointment struct {
	n                  int
	title, place, when said
	allDay             bool
	count, every       int               // of a series: how many, how many days apart
	changed            map[int]*occasion // occurrences of which something was said
	ended              bool              // ends at a moment, not after so many
	home               *side             // has guests: nobody edits it elsewhere
	touched            map[*side]bool    // where something was said since both sides agreed last
	gone               bool              // must not be there
	open               bool              // a write of it was cut off
	either             bool              // may be gone or there: nobody can tell what is right
	rests              bool              // is left alone until both sides agree
}

// occasion is what was said of one occurrence.
type occasion struct {
	title, when said
	cancelled   bool
}

// said are the values of which one must be there in the end: the one said last,
// and those said on the other side by somebody who had not seen it.
type said []string

func (s *said) say(seen, now string) {
	*s = append(slices.DeleteFunc(slices.Clone(*s), func(v string) bool { return v == seen }), now)
}

func (s said) has(v string) bool { return slices.Contains(s, v) }

// when is a time as it is said: a day, or a wall clock in Berlin and how long.
func when(start time.Time, long time.Duration) string {
	if long >= 24*time.Hour {
		return start.Format(time.DateOnly)
	}
	return fmt.Sprintf("%s for %s", start.In(berlin).Format(wall), long)
}

// whenOf reads what when wrote.
func whenOf(text string) (start time.Time, long time.Duration) {
	clock, length, hours := strings.Cut(text, " for ")
	if !hours {
		start, _ = time.Parse(time.DateOnly, text)
		return start, 24 * time.Hour
	}
	start, _ = time.ParseInLocation(wall, clock, berlin)
	long, _ = time.ParseDuration(length)
	return start, long
}

const wall = "2006-01-02T15:04:05"

var berlin = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

// entry are fields of an event, as the control endpoint takes them.
type entry map[string]any

// timed is a time as the fields of an event.
func timed(text string) entry {
	start, long := whenOf(text)
	if long >= 24*time.Hour {
		return entry{"start": text, "end": start.Add(long).Format(time.DateOnly)}
	}
	return entry{"start": start.Format(wall), "end": start.Add(long).Format(wall), "zone": "Europe/Berlin"}
}

func (f entry) with(name string, value any) entry {
	f = maps.Clone(f)
	f[name] = value
	return f
}

func meetingName(n int) string { return fmt.Sprintf("Meeting %d", n) }

// meetingNumber is which meeting a title is of; -1 for a title that nobody gave.
func meetingNumber(title string) int {
	n, word := -1, 0
	if _, err := fmt.Sscanf(title, "Meeting %d, word %d", &n, &word); err != nil {
		return -1
	}
	return n
}

// word is a text for a meeting that was never used before.
func (p *people) word(kind string, n int) string {
	p.words++
	return fmt.Sprintf("%s %d, word %d", kind, n, p.words)
}

func (p *people) tell(format string, args ...any) {
	p.story = append(p.story, time.Now().Format("05.000 ")+fmt.Sprintf(format, args...))
}

// fail ends the test with what happened since both sides agreed last, and with what the
// program tells of the meeting that the complaint begins with.
func (p *people) fail(format string, args ...any) {
	p.Helper()
	what := fmt.Sprintf(format, args...)
	if n := -1; strings.HasPrefix(what, "Meeting ") {
		_, _ = fmt.Sscanf(what, "Meeting %d", &n)
		for _, entry := range p.history(meetingName(n) + ",") {
			p.Log(entry)
		}
	}
	p.Fatalf("%s\nsince both sides agreed last:\n%s", what, strings.Join(p.story, "\n"))
}

// start is the original start of an occurrence, and slot how services name it.
// When the series begins is never in doubt: see all.
func (m *appointment) start(k int) time.Time {
	start, _ := whenOf(m.when[0])
	y, mo, d := start.Date()
	return time.Date(y, mo, d+k*m.every, start.Hour(), start.Minute(), 0, 0, start.Location())
}

func (m *appointment) slot(k int) string { return m.start(k).UTC().Format("20060102T150405Z") }

// wrong is in what a calendar does not show a meeting as people left it; empty if
// it does.
func (m *appointment) wrong(v view) string {
	events, rows := v.events[m.n], v.rows[m.n]
	switch {
	case m.either:
		return ""
	case m.gone && len(events)+len(rows) > 0:
		return "is still there"
	case m.gone:
		return ""
	}
	switch {
	case len(events) != 1:
		return fmt.Sprintf("is there %d times", len(events))
	case !m.title.has(events[0].Title) || !m.place.has(events[0].Place): // a series that shows it nowhere has it, too
		return fmt.Sprintf("is %q, %q instead of %q, %q", events[0].Title, events[0].Place, m.title, m.place)
	case m.count == 0:
		if len(rows) != 1 {
			return fmt.Sprintf("is shown %d times", len(rows))
		}
		return rows[0].wrong(m.title, m.place, m.when)
	}
	shown := map[string]row{}
	for _, r := range rows {
		if _, twice := shown[r.Occurrence]; twice {
			return "shows twice what was at " + r.Occurrence
		}
		shown[r.Occurrence] = r
	}
	left := m.count
	for k := range m.count {
		r, there := shown[m.slot(k)]
		title, times := m.title, said{}
		for _, w := range m.when {
			_, long := whenOf(w)
			times = append(times, when(m.start(k), long))
		}
		o := m.changed[k]
		if o != nil && o.cancelled {
			left--
			if there {
				return fmt.Sprintf("has its cancelled occurrence %d again", k)
			}
			continue
		}
		if !there {
			return fmt.Sprintf("has lost occurrence %d", k)
		}
		if o != nil && len(o.title) > 0 {
			title = o.title
		}
		if o != nil && len(o.when) > 0 {
			times = o.when
		}
		if why := r.wrong(title, m.place, times); why != "" {
			return fmt.Sprintf("occurrence %d %s", k, why)
		}
	}
	if len(rows) != left {
		return fmt.Sprintf("is shown %d times instead of %d", len(rows), left)
	}
	return ""
}

func (r row) when() string { return when(r.Start, r.End.Sub(r.Start)) }

func (r row) wrong(title, place, times said) string {
	switch {
	case !title.has(r.Title):
		return fmt.Sprintf("has the title %q instead of %q", r.Title, title)
	case !place.has(r.Place):
		return fmt.Sprintf("has the place %q instead of %q", r.Place, place)
	case !times.has(r.when()):
		return fmt.Sprintf("is at %q instead of %q", r.when(), times)
	}
	return ""
}

// fields are all that was said of a meeting.
func (m *appointment) fields() []*said {
	all := []*said{&m.title, &m.place, &m.when}
	for _, o := range m.changed {
		all = append(all, &o.title, &o.when)
	}
	return all
}

// all reports whether who looks at v sees all that was said of a meeting.
func (m *appointment) all(v view) bool {
	return m.wrong(v) == "" && !slices.ContainsFunc(m.fields(), func(s *said) bool { return len(*s) > 1 })
}

// compare insists that both calendars show the same, and that this is what people
// said. Of two edits that did not know of each other the one that is not shown
// must be recorded.
func (p *people) compare() {
	p.Helper()
	var views []view
	for _, s := range p.sides {
		v := s.view()
		views = append(views, v)
		for _, n := range slices.Sorted(maps.Keys(v.events)) {
			if n < 0 || n >= len(p.meetings) {
				p.fail("%s shows what nobody made: %+v", s.name, v.events[n])
			}
		}
		for _, m := range p.meetings {
			if why := m.wrong(v); why != "" {
				p.fail("%s on %s %s", meetingName(m.n), s.name, why)
			}
		}
	}
	for _, m := range p.meetings {
		a, b := views[0].rows[m.n], views[1].rows[m.n]
		if len(a) != len(b) {
			p.fail("%s is shown %d times on %s and %d times on %s", meetingName(m.n), len(a), p.sides[0].name, len(b), p.sides[1].name)
		}
		for i := range a {
			if a[i].Title != b[i].Title || a[i].Place != b[i].Place || a[i].when() != b[i].when() {
				p.fail("%s is %+v on %s and %+v on %s", meetingName(m.n), a[i], p.sides[0].name, b[i], p.sides[1].name)
			}
		}
		if !m.gone && !m.either {
			m.decide(views[0], func(lost string) {
				clock, _, _ := strings.Cut(lost, " for ")
				all := strings.Join(p.history(meetingName(m.n)+","), "\n")
				if !strings.Contains(all, strconv.Quote(clock)) {
					p.fail("%s: %q is neither shown nor recorded", meetingName(m.n), lost)
				}
			})
		}
		m.rests, m.touched = false, map[*side]bool{}
	}
	p.story, p.deleted = nil, 0
}

// decide forgets of several values those that v does not show.
func (m *appointment) decide(v view, lost func(string)) {
	shown := map[string]bool{}
	for _, e := range v.events[m.n] {
		shown[e.Title], shown[e.Place] = true, true
	}
	for _, r := range v.rows[m.n] {
		shown[r.Title], shown[r.Place], shown[r.when()] = true, true, true
	}
	for _, f := range m.fields() {
		if len(*f) < 2 {
			continue
		}
		for _, value := range *f {
			if !shown[value] {
				lost(value)
			}
		}
		*f = slices.DeleteFunc(*f, func(value string) bool { return !shown[value] })
	}
}

// calm is between two lives of the program, amid in one of them.
const (
	calm = false
	amid = true
)

// act is somebody doing something in one of the calendars, or trying to.
func (p *people) act(amid bool) {
	p.Helper()
	s := p.sides[p.random.IntN(len(p.sides))]
	live := 0
	for _, m := range p.meetings {
		if !m.gone && !m.either {
			live++
		}
	}
	if live == 0 || p.random.IntN(100) < max(8, 90-3*live) {
		p.add(s, amid)
		return
	}
	v := s.view()
	for range 50 { // some cannot be done to some
		m := p.meetings[p.random.IntN(len(p.meetings))]
		if m.gone || m.either || m.rests || len(v.events[m.n]) != 1 || m.home != nil && m.home != s {
			continue
		}
		if what := p.edit(s, m, v, amid); what != "" {
			p.acts++
			m.touched[s] = true
			p.tell("%s on %s: %s", meetingName(m.n), s.name, what)
			return
		}
	}
}

// add makes a meeting.
func (p *people) add(s *side, amid bool) {
	p.Helper()
	p.acts++
	m := p.newMeeting()
	start := p.today.In(berlin).AddDate(0, 0, 2+p.random.IntN(40))
	start = time.Date(start.Year(), start.Month(), start.Day(), 8+p.random.IntN(9), p.random.IntN(60), 0, 0, berlin)
	m.when = said{when(start, time.Duration(1+p.random.IntN(6))*10*time.Minute)}
	kind := p.random.IntN(10)
	if kind == 0 {
		m.allDay, m.when = true, said{start.Format(time.DateOnly)}
	}
	f := timed(m.when[0]).with("title", m.title[0]).with("place", m.place[0])
	switch {
	case kind == 1 && !amid: // somebody enters it on both sides
		p.sides[0].must("POST", "events", f, nil)
		p.sides[1].must("POST", "events", f, nil)
		m.rests = true // as long as they are look-alikes
		p.tell("%s on both sides", meetingName(m.n))
		return
	case kind == 2:
		f["guests"], m.home = []string{"kim@guests.example"}, s
	case kind > 6:
		rule := "RRULE:FREQ=DAILY;COUNT=%d"
		m.count, m.every = 3+p.random.IntN(4), 1
		if p.random.IntN(2) == 0 {
			rule, m.every = "RRULE:FREQ=WEEKLY;COUNT=%d", 7
		}
		f["recurrence"] = []string{fmt.Sprintf(rule, m.count)}
	}
	s.must("POST", "events", f, nil)
	m.touched[s] = true
	p.tell("%s on %s: made, %v", meetingName(m.n), s.name, f)
}

func (p *people) newMeeting() *appointment {
	n := len(p.meetings)
	m := &appointment{n: n, title: said{p.word("Meeting", n)}, place: said{p.word("Room", n)}, changed: map[int]*occasion{}, touched: map[*side]bool{}}
	p.meetings = append(p.meetings, m)
	return m
}

// patience is how many meetings are deleted until both sides agree again: of more
// at once Twinday would ask.
const patience = 4

// edit does something to a meeting that s shows as v. It returns what in words,
// nothing if it cannot be done.
func (p *people) edit(s *side, m *appointment, v view, amid bool) string {
	p.Helper()
	rows, event := v.rows[m.n], v.events[m.n][0]
	path := "events/" + url.PathEscape(event.ID)
	all := m.all(v)
	do := func(method, path string, f entry) bool {
		status, err := s.call(method, path, f, nil)
		if err != nil && (!amid || status != 404) { // the program may just have taken it away
			p.fail("%s: %v", meetingName(m.n), err)
		}
		return err == nil
	}
	switch act := p.random.IntN(20); {
	case act < 5:
		now := p.word("Meeting", m.n)
		if do("PATCH", path, entry{"title": now}) {
			m.title.say(event.Title, now)
			return fmt.Sprintf("title %q over %q", now, event.Title)
		}
	case act < 8:
		now := p.word("Room", m.n)
		if do("PATCH", path, entry{"place": now}) {
			m.place.say(event.Place, now)
			return fmt.Sprintf("place %q over %q", now, event.Place)
		}
	case act < 12 && m.count == 0: // move
		start, long := whenOf(rows[0].when())
		now := when(start.AddDate(0, 0, 1), long)
		if !m.allDay {
			now = when(start.Add(time.Duration(1+p.random.IntN(3*24*60))*time.Minute), long)
		}
		if do("PATCH", path, timed(now)) {
			m.when.say(rows[0].when(), now)
			return fmt.Sprintf("at %q instead of %q", now, rows[0].when())
		}
	case act < 15 && m.count > 0:
		return p.editOne(m, rows, path, all, do)
	case act < 17 && m.count > 1 && all:
		return p.editAll(s, m, path, do)
	case act == 17 && m.count == 0 && all && !m.allDay && !amid && m.start(0).Hour() < 17: // let it repeat
		if do("PATCH", path, entry{"recurrence": []string{"RRULE:FREQ=DAILY;COUNT=4"}}) {
			m.count, m.every, m.rests = 4, 1, true
			return "repeats"
		}
	case act > 17 && p.deleted < patience:
		// An edit beats a deletion by somebody who had not seen it. Of a write that was cut
		// off nobody knows whether it was seen.
		unseen := !all && !amid && m.count == 0 && !m.touched[s] && m.wrong(v) != "" && len(m.title)+len(m.place)+len(m.when) == 3
		if (all || unseen) && do("DELETE", path, nil) {
			p.deleted++
			m.either = all && (amid || m.open)
			m.gone, m.rests = all && !m.either, true
			return fmt.Sprintf("deleted (all was seen: %v)", all)
		}
	}
	return ""
}

// editOne does something to one occurrence.
func (p *people) editOne(m *appointment, rows []row, path string, all bool, do func(string, string, entry) bool) string {
	if len(rows) == 0 {
		return ""
	}
	r := rows[p.random.IntN(len(rows))]
	k := 0
	for k < m.count && m.slot(k) != r.Occurrence {
		k++
	}
	o := m.changed[k]
	if o == nil {
		o = &occasion{}
	}
	if k == m.count || o.cancelled {
		return ""
	}
	path += "?occurrence=" + r.Occurrence
	switch p.random.IntN(3) {
	case 0:
		now := p.word("Meeting", m.n)
		if !do("PATCH", path, entry{"title": now}) {
			return ""
		}
		o.title.say(r.Title, now)
		m.changed[k] = o
		return fmt.Sprintf("occurrence %d: title %q over %q", k, now, r.Title)
	case 1:
		_, long := whenOf(r.when())
		now := when(m.start(k).Add(time.Duration(1+p.random.IntN(180))*time.Minute), long)
		if now == r.when() || !do("PATCH", path, timed(now)) {
			return ""
		}
		o.when.say(r.when(), now)
		m.changed[k] = o
		return fmt.Sprintf("occurrence %d: at %q instead of %q", k, now, r.when())
	}
	// Of an occurrence that somebody else changes meanwhile nobody knows what is right.
	if len(o.title)+len(o.when) > 0 && !all || len(rows) < 2 || !do("DELETE", path, nil) {
		return ""
	}
	m.changed[k] = &occasion{cancelled: true}
	return fmt.Sprintf("occurrence %d: cancelled", k)
}

// editAll does something to a whole series that touches its occurrences. A person
// who does so in Outlook resets all that was changed of single ones, as Exchange
// does; one in Google does not, and then Twinday must write them again.
func (p *people) editAll(s *side, m *appointment, path string, do func(string, string, entry) bool) string {
	if len(m.changed) > 0 && s.name == onOutlook {
		return ""
	}
	start, long := whenOf(m.when[0]) // early enough in the day for an occurrence to be moved within it
	k := 1 + p.random.IntN(m.count-1)
	if o := m.changed[k]; o != nil && o.cancelled {
		return ""
	}
	switch p.random.IntN(4) {
	case 0: // begin at another time
		if len(m.changed) > 0 || m.ended { // they would lose their slots, or it would have one more
			return ""
		}
		start = time.Date(start.Year(), start.Month(), start.Day(), 8+p.random.IntN(9), p.random.IntN(60), 0, 0, berlin)
	case 1: // last longer
		long = long%(90*time.Minute) + 10*time.Minute
	case 2: // end earlier
		if !do("DELETE", path+"?following=true&occurrence="+m.slot(k), nil) {
			return ""
		}
		m.cut(k)
		return fmt.Sprintf("ends before occurrence %d", k)
	default: // go on as another one
		tail := p.newMeeting()
		tail.home = m.home
		if !do("PATCH", path+"?following=true&occurrence="+m.slot(k), entry{"title": tail.title[0], "place": tail.place[0]}) {
			tail.gone = true
			return ""
		}
		tail.when, tail.count, tail.every, tail.rests = said{when(m.start(k), long)}, m.count-k, m.every, true
		m.cut(k)
		return fmt.Sprintf("from occurrence %d on is %s", k, meetingName(tail.n))
	}
	now := when(start, long)
	if now == m.when[0] || !do("PATCH", path, timed(now)) {
		return ""
	}
	defer func(was string) { m.when.say(was, now) }(m.when[0])
	m.rests = true
	return fmt.Sprintf("all of it at %q instead of %q", now, m.when[0])
}

// cut ends a series before an occurrence.
func (m *appointment) cut(k int) {
	m.count, m.ended, m.rests = k, true, true
	maps.DeleteFunc(m.changed, func(later int, _ *occasion) bool { return later >= k })
}
