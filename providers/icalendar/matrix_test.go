package icalendar

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
)

// model is a series in the neutral language: what an object must say after each edit.
type model struct {
	content   calendar.Content
	overrides map[string]calendar.Override
}

// settle takes out of the overrides what is as the master has it.
func (m model) settle() model {
	out := map[string]calendar.Override{}
	for slot, o := range m.overrides {
		if o.Cancelled {
			out[slot] = calendar.Override{Original: o.Original, Cancelled: true}
			continue
		}
		plain := m.content.Occurrence(calendar.Override{Original: o.Original})
		settled := calendar.Override{Original: o.Original}
		for _, g := range o.Changed {
			if !calendar.Equal(g, o.Content, plain) {
				settled.Changed = append(settled.Changed, g)
				settled.Content = settled.Content.Take(g, o.Content)
			}
		}
		if !settled.IsZero() {
			out[slot] = settled
		}
	}
	if len(out) == 0 {
		out = nil
	}
	m.overrides = out
	return m
}

// slot is the n-th occurrence, from 0.
func (m model) slot(t failer, n int) calendar.Time {
	occurrences, err := m.content.When.Occurrences()
	if err != nil {
		t.Fatalf("occurrences: %v", err)
	}
	for at := range occurrences.All() {
		if n == 0 {
			return at
		}
		n--
	}
	t.Fatalf("the series has no such occurrence")
	return calendar.Time{}
}

type failer interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// edit is one thing that a person does to a series. It gives the new model and, for a
// write through Update, the change.
type edit struct {
	name string
	do   func(t failer, m model) (model, calendar.Change)
}

func (m model) change(groups calendar.Groups, slots ...string) calendar.Change {
	return calendar.Change{Groups: groups, Content: m.content, Overrides: m.overrides, Slots: slots}
}

func (m model) with(o calendar.Override) model {
	m.overrides = calendar.WithOverride(m.overrides, o.Original.Slot(), o)
	return m
}

func shift(t calendar.Time, d time.Duration) calendar.Time {
	at, err := t.Instant()
	if err != nil {
		panic(err)
	}
	if t.IsDate() {
		at = at.Add(d)
		return calendar.Date(at.Year(), at.Month(), at.Day())
	}
	loc, err := calendar.LoadZone(t.Zone)
	if err != nil {
		panic(err)
	}
	return calendar.At(at.Add(d), loc)
}

// shiftWall moves the reading of a clock; a date by a day.
func shiftWall(t calendar.Time, d time.Duration) calendar.Time {
	if t.IsDate() {
		return shift(t, 24*time.Hour)
	}
	at, err := time.Parse("2006-01-02T15:04:05", t.Local)
	if err != nil {
		panic(err)
	}
	t.Local = at.Add(d).Format("2006-01-02T15:04:05")
	return t
}

func occurrenceEdit(name string, n int, do func(m model, at calendar.Time) calendar.Override) edit {
	return edit{name, func(t failer, m model) (model, calendar.Change) {
		at := m.slot(t, n)
		o := do(m, at)
		o.Original = at
		m = m.with(o)
		return m.settle(), m.change(nil, at.Slot())
	}}
}

func retitled(title string) calendar.Override {
	return calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: title}}
}

// retime is a new time or rule of the series: its overrides keep their number.
func retime(name string, do func(w calendar.When) calendar.When) edit {
	return edit{name, func(t failer, m model) (model, calendar.Change) {
		was := m
		m.content.When = do(m.content.When)
		rules, err := calendar.CanonicalRules(m.content.When.Start, m.content.When.Recurrence.Rules)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m.content.When.Recurrence.Rules = rules
		m.overrides = nil
		before, _ := was.content.When.Occurrences()
		after, _ := m.content.When.Occurrences()
		for _, o := range was.overrides {
			n, ok := before.Ordinal(o.Original)
			if !ok {
				continue
			}
			for at := range after.All() {
				if n--; n == 0 {
					o.Original = at
					if o.Changed.Has(calendar.GroupWhen) {
						o.Content.When = m.content.When.At(shift(at, 3*time.Hour))
					}
					m = m.with(o)
					break
				}
			}
		}
		m = m.settle()
		return m, m.change(calendar.Groups{calendar.GroupWhen})
	}}
}

func groupEdit(name string, g calendar.Group, do func(c *calendar.Content)) edit {
	return edit{name, func(_ failer, m model) (model, calendar.Change) {
		do(&m.content)
		change := m.change(calendar.Groups{g})
		change.Overrides = nil
		return m.settle(), change
	}}
}

var edits = []edit{
	groupEdit("a new title for all", calendar.GroupTitle, func(c *calendar.Content) { c.Title = "Everybody's subject" }),
	groupEdit("other notes for all", calendar.GroupNotes, func(c *calendar.Content) { c.Notes = calendar.NotesFromText("other\nnotes") }),
	groupEdit("another alarm for all", calendar.GroupReminders, func(c *calendar.Content) {
		c.Reminders = calendar.Reminders{Before: []time.Duration{time.Hour}}
	}),
	groupEdit("free for all", calendar.GroupAvailability, func(c *calendar.Content) { c.Availability = calendar.Free }),
	occurrenceEdit("the third is called otherwise", 2, func(model, calendar.Time) calendar.Override { return retitled("Special") }),
	occurrenceEdit("the third is called as all soon are", 2, func(model, calendar.Time) calendar.Override { return retitled("Everybody's subject") }),
	occurrenceEdit("the third is moved", 2, func(m model, at calendar.Time) calendar.Override {
		w := m.content.When.At(shift(at, 3*time.Hour))
		if at.IsDate() {
			w = m.content.When.At(shift(at, 24*time.Hour))
		}
		return calendar.Override{Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: w}}
	}),
	occurrenceEdit("the third is cancelled", 2, func(model, calendar.Time) calendar.Override { return calendar.Override{Cancelled: true} }),
	occurrenceEdit("the third is as the rule has it", 2, func(model, calendar.Time) calendar.Override { return calendar.Override{} }),
	occurrenceEdit("the first is cancelled", 0, func(model, calendar.Time) calendar.Override { return calendar.Override{Cancelled: true} }),
	occurrenceEdit("the first is called otherwise", 0, func(model, calendar.Time) calendar.Override { return retitled("The first") }),
	retime("an hour later", func(w calendar.When) calendar.When {
		w.Start, w.End = shiftWall(w.Start, time.Hour), shiftWall(w.End, time.Hour)
		return w
	}),
	retime("half an hour longer", func(w calendar.When) calendar.When {
		w.End = shiftWall(w.End, 30*time.Minute)
		return w
	}),
	retime("in another zone", func(w calendar.When) calendar.When {
		if w.AllDay() {
			return w
		}
		w.Start.Zone, w.End.Zone = "America/New_York", "America/New_York"
		return w
	}),
	retime("all-day", func(w calendar.When) calendar.When {
		w.Start = calendar.Time{Local: w.Start.Local[:10]}
		w.End = shift(w.Start, 48*time.Hour)
		w.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY"}
		return w
	}),
	retime("at noon", func(w calendar.When) calendar.When {
		w.Start = clock(w.Start.Local[:10]+"T12:00:00", "Europe/Berlin")
		w.End = clock(w.Start.Local[:10]+"T12:45:00", "Europe/Berlin")
		w.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;UNTIL=20260701T100000Z"}
		return w
	}),
	retime("every second week", func(w calendar.When) calendar.When {
		w.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;INTERVAL=2"}
		return w
	}),
	retime("five times", func(w calendar.When) calendar.When {
		w.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=5"}
		return w
	}),
	retime("with a date of its own", func(w calendar.When) calendar.When {
		name := "RDATE:"
		if w.AllDay() {
			name = "RDATE;VALUE=DATE:"
		}
		w.Recurrence.Rules = append(slices.Clone(w.Recurrence.Rules), name+shift(w.Start, 26*time.Hour).Slot())
		return w
	}),
}

func weekly() model {
	c := fullContent()
	c.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;BYDAY=MO"}
	return model{content: c}
}

// Sides: who makes an edit. One writes through Update, the other is another program that
// writes the whole object in its own way.
type side struct {
	name  string
	write func(t failer, o *Object, m model, c calendar.Change) *Object
}

var sides = []side{
	{"ours", func(t failer, o *Object, _ model, c calendar.Change) *Object {
		if err := o.Update(c, later); err != nil {
			t.Fatalf("update: %v", err)
		}
		return reparsed(t, o.Bytes())
	}},
	{"another program's", func(t failer, _ *Object, m model, _ calendar.Change) *Object {
		return reparsed(t, foreign(m))
	}},
}

func reparsed(t failer, data []byte) *Object {
	o, complaints, err := Parse(data, berlin)
	if err != nil || len(complaints) > 0 {
		t.Fatalf("parse: %v %v\n%s", complaints, err, data)
	}
	return o
}

// foreign writes a series as another program would: its own names for zones, moments of
// occurrences in UTC, lengths as DURATION, a cancelled occurrence as a component.
func foreign(m model) []byte {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	zones := map[string]string{"Europe/Berlin": "W. Europe Standard Time", "America/New_York": "/citadel.org/20210210_1/America/New_York", "UTC": "UTC"}
	at := func(name string, t calendar.Time) {
		if t.IsDate() {
			p("%s;VALUE=DATE:%s", name, basicForm(t))
		} else {
			p("%s;TZID=%s:%s", name, zones[t.Zone], basicForm(t))
		}
	}
	component := func(c calendar.Content, original calendar.Time, cancelled bool) {
		p("BEGIN:VEVENT")
		p("UID:u1@other")
		p("DTSTAMP:20260101T000000Z")
		p("SEQUENCE:3")
		at("DTSTART", c.When.Start)
		from, _ := c.When.Start.Instant()
		to, _ := c.When.End.Instant()
		if c.When.AllDay() {
			p("DURATION:P%dD", int(to.Sub(from).Hours()/24))
		} else {
			p("DURATION:PT%dM", int(to.Sub(from).Minutes()))
		}
		if original.IsZero() {
			for _, r := range c.When.Recurrence.Rules {
				p("%s", r)
			}
		} else if original.IsDate() {
			p("RECURRENCE-ID;VALUE=DATE:%s", original.Slot())
		} else {
			p("RECURRENCE-ID:%s", original.Slot())
		}
		if cancelled {
			p("STATUS:CANCELLED")
		}
		p("X-OTHER;X-P=\"a:b\":kept")
		p("SUMMARY;LANGUAGE=de:%s", escapeText(c.Title))
		if !c.Notes.IsZero() {
			p("DESCRIPTION:%s", escapeText(c.Notes.Text()))
		}
		if !c.Notes.IsPlain() {
			p("X-ALT-DESC;FMTTYPE=text/html:<!DOCTYPE html><html><body>%s</body></html>", escapeText(c.Notes.HTML))
		}
		p("LOCATION:%s", escapeText(c.Place))
		p("CLASS:%s", map[calendar.Visibility]string{"": "PUBLIC", calendar.Private: "PRIVATE"}[c.Visibility])
		p("TRANSP:%s", map[bool]string{true: "TRANSPARENT", false: "OPAQUE"}[c.Availability == calendar.Free])
		p("X-MICROSOFT-CDO-BUSYSTATUS:%s", map[calendar.Availability]string{calendar.Free: "FREE", calendar.Away: "OOF", calendar.Busy: "BUSY"}[c.Availability])
		p("PRIORITY:2")
		for _, s := range c.Categories {
			p("CATEGORIES:%s", escapeText(s))
		}
		p("COLOR:Red")
		for _, k := range slices.Sorted(maps.Keys(c.Properties)) {
			p("X-TWINDAY-PROPERTY:%s", strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(k, "=", "%3D"), ",", "%2C")+"="+c.Properties[k], "\n", "%0A"))
		}
		for _, d := range c.Reminders.Before {
			p("BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;RELATED=START:-PT%dM\r\nEND:VALARM", int(d.Minutes()))
		}
		p("END:VEVENT")
	}
	p("BEGIN:VCALENDAR")
	p("PRODID:-//Other//EN")
	p("VERSION:2.0")
	p("%s", outlookZone("W. Europe Standard Time", "+0200", "+0100", "BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU"))
	p("%s", outlookZone("/citadel.org/20210210_1/America/New_York", "-0400", "-0500", "BYMONTH=3;BYDAY=2SU", "BYMONTH=11;BYDAY=1SU"))
	for _, slot := range slices.Backward(slices.Sorted(maps.Keys(m.overrides))) { // before the master
		o := m.overrides[slot]
		component(m.content.Occurrence(o), o.Original, o.Cancelled)
	}
	component(m.content, calendar.Time{}, false)
	p("END:VCALENDAR")
	return []byte(b.String())
}

// outlookZone is a zone as Outlook and Exchange write it: the rules of today, since 1601.
func outlookZone(tzid, summer, winter, begins, ends string) string {
	return strings.Join([]string{"BEGIN:VTIMEZONE", "TZID:" + tzid,
		"BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:" + summer, "TZOFFSETTO:" + winter, "RRULE:FREQ=YEARLY;INTERVAL=1;" + ends, "END:STANDARD",
		"BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:" + winter, "TZOFFSETTO:" + summer, "RRULE:FREQ=YEARLY;INTERVAL=1;" + begins, "END:DAYLIGHT",
		"END:VTIMEZONE"}, "\r\n")
}

// check holds an object against the model, and against the grammar.
func check(t failer, what string, o *Object, m model) {
	for _, fault := range faults(o) {
		t.Errorf("%s: %s\n%s", what, fault, o.Bytes())
	}
	e := o.Event()
	if e.Type != calendar.Meeting || e.Doubt != "" {
		t.Errorf("%s: type %q, doubt %q\n%s", what, e.Type, e.Doubt, o.Bytes())
		return
	}
	for _, g := range calendar.AllGroups {
		if !calendar.Equal(g, e.Content, m.content) {
			t.Errorf("%s: %s of the series is %s\n%s", what, g, cmp.Diff(calendar.Content{}.Take(g, m.content), calendar.Content{}.Take(g, e.Content)), o.Bytes())
		}
	}
	if differ := calendar.Slots(m.overrides, e.Overrides); len(differ) > 0 {
		t.Errorf("%s: overrides differ in %v (-want +got):\n%s\n%s", what, differ, cmp.Diff(m.overrides, e.Overrides), o.Bytes())
	}
}

// TestMatrix makes two edits of a series, in both orders, each by us or by another
// program, after which the object must say exactly what the two edits say.
func TestMatrix(t *testing.T) {
	n := 0
	for _, first := range edits {
		for _, second := range edits {
			for _, a := range sides {
				for _, b := range sides {
					n++
					name := fmt.Sprintf("%s (%s), then %s (%s)", first.name, a.name, second.name, b.name)
					t.Run(name, func(t *testing.T) {
						m := weekly()
						m = m.with(calendar.Override{Original: m.slot(t, 4), Cancelled: true})
						late := retitled("Fifth")
						late.Original = m.slot(t, 5)
						m = m.with(late)
						o := reparsed(t, foreign(m))
						check(t, "at first", o, m)
						m, c := first.do(t, m)
						o = a.write(t, o, m, c)
						check(t, "after the first edit", o, m)
						m, c = second.do(t, m)
						o = b.write(t, o, m, c)
						check(t, "after the second edit", o, m)
						again := string(o.Bytes())
						if err := o.Update(c, later.Add(time.Hour)); err != nil {
							t.Fatal(err)
						}
						check(t, "after the second edit once more", o, m)
						if c.Groups == nil && b.name == "ours" && again != string(o.Bytes()) {
							t.Errorf("the same edit once more changed the file:\n%s\n%s", again, o.Bytes())
						}
					})
				}
			}
		}
	}
	t.Logf("%d cases", n)
}

// TestManyEdits makes long runs of the same edits.
func TestManyEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := weekly()
		o, err := New("u1@twinday", calendar.Draft{Content: m.content}, berlin, now)
		if err != nil {
			t.Fatalf("new: %v", err)
		}
		for range rapid.IntRange(1, 12).Draw(t, "edits") {
			e := rapid.SampledFrom(edits).Draw(t, "edit")
			s := rapid.SampledFrom(sides).Draw(t, "side")
			var c calendar.Change
			m, c = e.do(t, m)
			o = s.write(t, o, m, c)
			check(t, e.name+" ("+s.name+")", o, m)
		}
	})
}
