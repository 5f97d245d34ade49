package icalendar

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// series is an object taken apart: a master, and a component of its own for every
// occurrence that is not as the rule has it. A single event is a master alone.
type series struct {
	master *component
	// lone: there is no master, for the owner is only invited to some occurrences of
	// another's series (RFC 4791 §4.1). The first of them stands for it; if there are
	// several, they are a series of dates.
	lone bool

	reading // of the master, with its rule
	// at is the component of each slot, set what that says, the EXDATEs among them.
	at   map[string]*component
	set  map[string]calendar.Override
	lost []*component // a second one of a slot, or of no slot at all
}

// malformed says of the first line that is none which it is, in words for the history.
func malformed(events []*component) string {
	for _, c := range events {
		for _, it := range c.items {
			if it.sub == nil && it.name == "" {
				return "line " + strconv.Itoa(it.number) + " of it has no name and no colon: it is left out"
			}
		}
	}
	return ""
}

// Event is the object in the neutral language, without ID and Version. One whose times or
// rule make no sense is of UnknownType, with what can be read of it: it keeps its place.
func (o *Object) Event() calendar.Event {
	s := o.series()
	e := calendar.Event{
		UID:       s.master.text("UID"),
		Created:   s.master.stamp("CREATED"),
		Cancelled: s.master.word("STATUS") == "CANCELLED",
		Mark:      markOf(s.master),
		WebLink:   webLink(s.master.text("URL")),
		Content:   s.content,
		Doubt:     cmp.Or(s.doubt, malformed(o.events())),
	}
	if s.err != nil {
		e.Type = calendar.UnknownType
		e.Doubt = s.err.Error()
	}
	events := o.events()
	for _, c := range events {
		at := c.stamp("LAST-MODIFIED")
		if at.IsZero() {
			at = c.stamp("DTSTAMP") // RFC 5545 §3.8.7.2: without METHOD, when it was last revised
		}
		if at.After(e.Updated) {
			e.Updated = at
		}
	}
	if i := slices.Index(events, s.master); i > 0 { // its answer is the owner's to the whole
		events = slices.Concat(events[i:], events[:i])
	}
	o.people(&e, events)
	for slot, c := range s.at {
		if a, ok := o.answer(c); ok && !e.Organized && a != e.MyResponse && !s.set[slot].Cancelled {
			if e.Responses == nil {
				e.Responses = map[string]calendar.Response{}
			}
			e.Responses[slot] = a
		}
	}
	if len(s.set) > 0 {
		e.Overrides = s.set
	}
	return e
}

// answer is the owner's own to one component.
func (o *Object) answer(c *component) (calendar.Response, bool) {
	for _, l := range c.all("ATTENDEE") {
		if o.owner.is(l.value()) || o.owner.is(l.param("EMAIL")) {
			return responseOf(l.param("PARTSTAT")), true
		}
	}
	return calendar.NoResponse, false
}

// series takes the object apart.
func (o *Object) series() series {
	var s series
	var parts []*component
	for _, c := range o.events() {
		if _, is := c.get("RECURRENCE-ID"); is {
			parts = append(parts, c)
		} else if s.master == nil || newer(c, s.master) {
			s.lost = appendIf(s.lost, s.master)
			s.master = c
		} else {
			s.lost = append(s.lost, c)
		}
	}
	s.lone = s.master == nil
	if s.lone {
		s.master = o.first(parts)
	}
	s.reading = o.read(s.master)
	if s.err != nil {
		s.lost = append(s.lost, parts...)
		return s
	}
	if s.lone {
		if len(parts) == 1 {
			return s
		}
		s.dates(o, parts)
	}
	exdates, err := o.rulesOf(s.master, &s.reading, s.lone)
	if err != nil {
		s.err = err
		s.lost = append(s.lost, parts...)
		return s
	}
	if s.content.When.Recurrence.IsZero() {
		// Occurrences of what does not repeat: a rule was taken off and they were forgotten.
		s.lost = append(s.lost, parts...)
		return s
	}
	s.err = s.occurrences(o, parts, exdates)
	return s
}

func appendIf(list []*component, c *component) []*component {
	if c == nil {
		return list
	}
	return append(list, c)
}

// newer reports whether of two components for one thing the first counts (RFC 5546 §2.1.5).
func newer(a, b *component) bool {
	sequence := func(c *component) int { n, _ := strconv.Atoi(c.word("SEQUENCE")); return n }
	return cmp.Or(cmp.Compare(sequence(a), sequence(b)), a.stamp("DTSTAMP").Compare(b.stamp("DTSTAMP"))) > 0
}

// first is the earliest of some occurrences.
func (o *Object) first(parts []*component) *component {
	return slices.MinFunc(parts, func(a, b *component) int {
		x, y := o.original(a), o.original(b)
		i, _ := x.Instant()
		j, _ := y.Instant()
		return i.Compare(j)
	})
}

// original is the RECURRENCE-ID of a component, zero if it cannot be read.
func (o *Object) original(c *component) calendar.Time {
	l, _ := c.get("RECURRENCE-ID")
	t, err := o.time(l, l.value())
	if err != nil {
		return calendar.Time{}
	}
	return t.Time
}

// dates makes a series of lone occurrences: it has those dates and no rule.
func (s *series) dates(o *Object, parts []*component) {
	w := s.content.When
	start := inZone(o.original(s.master), w.Start.Zone)
	if start.IsZero() || start.IsDate() != w.AllDay() {
		s.err = errors.New("its occurrences cannot be told apart")
		return
	}
	var list []string
	for _, c := range parts {
		if t := o.original(c); c != s.master && t.IsDate() == start.IsDate() && !t.IsZero() {
			list = append(list, t.Slot())
		}
	}
	s.content.When = w.At(start)
	if start.IsDate() {
		s.content.When.Recurrence.Rules = []string{"RDATE;VALUE=DATE:" + strings.Join(list, ",")}
	} else {
		s.content.When.Recurrence.Rules = []string{"RDATE:" + strings.Join(list, ",")}
	}
}

// rulesOf reads the rule set of a master into r, and gives its EXDATEs. On an error the
// lines stay as they are.
func (o *Object) rulesOf(c *component, r *reading, lone bool) (exdates []calendar.Time, err error) {
	start := r.content.When.Start
	lines := r.content.When.Recurrence.Rules
	if !lone {
		for _, l := range c.all("RRULE", "RDATE", "EXDATE", "EXRULE") {
			if strings.TrimSpace(l.value()) != "" { // "RRULE:" is seen in feeds, for no rule
				lines = append(lines, o.plainDates(l))
			}
		}
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "EXDATE") }) {
		return nil, nil
	}
	r.content.When.Recurrence.Rules = lines
	kept, exdates, err := calendar.SplitExdates(start, lines)
	if err != nil {
		return nil, err
	}
	canonical, err := calendar.CanonicalRules(start, kept)
	if err != nil {
		return nil, err
	}
	r.content.When.Recurrence.Rules = canonical
	return exdates, nil
}

// plainDates is a line of dates with its zone by its IANA name; where there is none, in UTC.
func (o *Object) plainDates(l line) string {
	if l.name == "RRULE" || l.name == "EXRULE" {
		return l.name + ":" + strings.TrimSpace(l.value())
	}
	var list []string
	zone, dates := "", false
	for v := range strings.SplitSeq(l.value(), ",") {
		v, _, _ = strings.Cut(v, "/") // of a period, its start
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		t, err := o.time(l, v)
		switch {
		case err != nil:
			list = append(list, v) // who reads the rule refuses it
		case t.IsDate():
			dates = true
			list = append(list, basicForm(t.Time))
		case t.Zone == "UTC":
			list = append(list, basicForm(t.Time)+"Z")
		default:
			zone = t.Zone
			list = append(list, basicForm(t.Time))
		}
	}
	name := l.name
	switch {
	case dates:
		name += ";VALUE=DATE"
	case zone != "":
		name += ";TZID=" + zone
	}
	return name + ":" + strings.Join(list, ",")
}

// occurrences compares the components of single occurrences, which are there in full, with
// what the master says they would be. An error means that the rule cannot be expanded, or
// that a component speaks of all that follow it.
func (s *series) occurrences(o *Object, parts []*component, exdates []calendar.Time) error {
	w := s.content.When
	rule, err := w.Occurrences()
	if err != nil {
		return err
	}
	s.at, s.set = map[string]*component{}, map[string]calendar.Override{}
	for slot, v := range o.periods(s.master, s.content) {
		s.set[slot] = v
	}
	for _, c := range parts {
		l, _ := c.get("RECURRENCE-ID")
		if l.param("RANGE") != "" {
			return errors.New("one change of it is for all occurrences that follow (RANGE): that cannot be mirrored")
		}
		t, err := o.time(l, l.value())
		if err != nil {
			s.lost = append(s.lost, c)
			continue
		}
		original, ok := onClock(t.Time, w, rule)
		if !ok {
			s.lost = append(s.lost, c)
			continue
		}
		slot := original.Slot()
		if old := s.at[slot]; old != nil && !newer(c, old) {
			s.lost = append(s.lost, c)
			continue
		} else if old != nil {
			s.lost = append(s.lost, old)
		}
		v := o.override(c, original, s.content)
		if !rule.Has(original) { // a person still sees it, if it lives
			if v.Cancelled {
				s.lost = append(s.lost, c)
				continue
			}
			if !v.Changed.Has(calendar.GroupWhen) {
				v.Changed = v.Changed.With(calendar.GroupWhen)
				v.Content.When = w.At(original)
			}
		}
		s.at[slot], s.set[slot] = c, v
	}
	for _, t := range exdates {
		// A component for an occurrence that is taken out as well: some programs leave
		// the EXDATE in when they change an occurrence, and show the change.
		if slot := t.Slot(); s.at[slot] == nil && rule.Has(t) {
			s.set[slot] = calendar.Override{Original: t, Cancelled: true}
		}
	}
	maps.DeleteFunc(s.set, func(_ string, v calendar.Override) bool { return v.IsZero() })
	return nil
}

// onClock is the start by the rule that a RECURRENCE-ID means: on the clock of the series,
// whatever zone it is written in. A date on a series of times means that day's occurrence.
func onClock(t calendar.Time, w calendar.When, rule *calendar.Occurrences) (calendar.Time, bool) {
	switch {
	case t.IsDate() == w.AllDay():
		return inZone(t, w.Start.Zone), true
	case t.IsDate():
		day := calendar.Time{Local: t.Local + "T00:00:00", Zone: w.Start.Zone}
		from, err := day.Instant()
		if err != nil {
			return calendar.Time{}, false
		}
		for at := range rule.Between(from, from.Add(24*time.Hour)) {
			return at, true
		}
		return calendar.Time{}, false
	default:
		return calendar.Time{Local: t.Local[:10]}, true
	}
}

// override compares one component with what the master says it would be.
func (o *Object) override(c *component, original calendar.Time, master calendar.Content) calendar.Override {
	v := calendar.Override{Original: original}
	if c.word("STATUS") == "CANCELLED" {
		v.Cancelled = true
		return v
	}
	r := o.read(c)
	plain := master.Occurrence(v)
	if r.err != nil || sameMoments(r.content.When, plain.When) {
		r.content.When = plain.When
	}
	for _, g := range calendar.Diff(r.content, plain) {
		v.Changed = append(v.Changed, g)
		v.Content = v.Content.Take(g, r.content)
	}
	return v
}

// periods are the dates of a series that have a length of their own (RDATE of VALUE=PERIOD),
// by slot.
func (o *Object) periods(master *component, content calendar.Content) map[string]calendar.Override {
	out := map[string]calendar.Override{}
	for _, l := range master.all("RDATE") {
		for v := range strings.SplitSeq(l.value(), ",") {
			from, to, ok := strings.Cut(v, "/")
			start, err := o.time(l, from)
			if !ok || err != nil || start.IsDate() || content.When.AllDay() {
				continue
			}
			end, err := o.time(l, to)
			if err != nil {
				d, err := parseDuration(to)
				if err != nil {
					continue
				}
				if end.Time, err = d.after(start.Time); err != nil {
					continue
				}
			}
			original := inZone(start.Time, content.When.Start.Zone)
			w := calendar.When{Start: original, End: inZone(end.Time, content.When.End.Zone)}
			if sameMoments(w, content.When.At(original)) {
				continue
			}
			out[original.Slot()] = calendar.Override{Original: original, Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: w}}
		}
	}
	return out
}

// inZone is the same moment as a wall clock of another zone; a date stays.
func inZone(t calendar.Time, zone string) calendar.Time {
	at, err := t.Instant()
	loc, zoneErr := calendar.LoadZone(zone)
	if t.IsDate() || err != nil || zoneErr != nil {
		return t
	}
	return calendar.At(at, loc)
}

// sameMoments reports whether two times are the same on every clock: an occurrence may be
// written in another zone than its master and still be where the rule has it.
func sameMoments(a, b calendar.When) bool {
	return a.AllDay() == b.AllDay() && a.Start.Slot() == b.Start.Slot() && a.End.Slot() == b.End.Slot()
}
