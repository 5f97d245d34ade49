package outlook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/twinday/twinday/providers/calendar"
)

// match tells which listed item stands for which occurrence of the rule. Graph's
// patterns have one a day at most, so it goes by days of the series' own clock:
// clocks that Exchange reads differently around a change do not matter.
type match struct {
	s        *series
	rule     *calendar.Occurrences
	expected []calendar.Time
	byDay    map[string]calendar.Time
	days     func(time.Time) []string
}

// occurrenceDays gives the days that an originalStart of this series may mean. For
// an all-day series it is a midnight in some zone, not always the one that
// the series names (microsoftgraph/microsoft-graph-docs#2804).
func occurrenceDays(master models.Eventable) func(time.Time) []string {
	zone := seriesZone(master)
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		loc = time.UTC
	}
	if !val(master.GetIsAllDay()) {
		return func(t time.Time) []string { return []string{t.In(loc).Format(time.DateOnly)} }
	}
	return func(t time.Time) []string {
		if t.In(loc).Format(time.TimeOnly) == "00:00:00" {
			return []string{t.In(loc).Format(time.DateOnly)}
		}
		return []string{t.UTC().Add(12 * time.Hour).Format(time.DateOnly)} // the nearest midnight
	}
}

// slot finds the occurrence of the rule on one of the days.
func (m *match) slot(days ...string) (calendar.Time, bool) {
	for _, day := range days {
		if t, ok := m.byDay[day]; ok {
			return t, true
		}
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			continue
		}
		for t := range m.rule.Between(d.AddDate(0, 0, -1), d.AddDate(0, 0, 2)) {
			if t.Local[:len(time.DateOnly)] == day {
				return t, true
			}
		}
	}
	return calendar.Time{}, false
}

// take files the listed items under their slots. An item that says which one it
// is comes first; an exception that does not gets what is left beside it.
func (m *match) take(items []models.Eventable) {
	var unnamed []models.Eventable
	for _, e := range items {
		t, ok := calendar.Time{}, false
		switch at, known := instant(e.GetStart()); {
		case isException(e):
			if e.GetOriginalStart() != nil {
				t, ok = m.slot(m.days(*e.GetOriginalStart())...)
			} else {
				unnamed = append(unnamed, e)
			}
		case val(e.GetIsAllDay()):
			t, ok = m.slot(datePart(e.GetStart()).Local)
		case known:
			t, ok = m.slot(m.days(at)...)
		}
		if ok {
			m.file(t, e)
		}
	}
	for _, e := range unnamed {
		at, ok := instant(e.GetStart())
		if !ok {
			continue
		}
		// It lies between its neighbours, so the nearest free occurrence is its own.
		best, distance := calendar.Time{}, time.Duration(0)
		for _, t := range m.expected {
			if _, taken := m.s.found[t.Slot()]; taken {
				continue
			}
			if i, err := t.Instant(); err == nil && (best.IsZero() || i.Sub(at).Abs() < distance) {
				best, distance = t, i.Sub(at).Abs()
			}
		}
		if !best.IsZero() {
			m.file(best, e)
		}
	}
}

func (m *match) file(t calendar.Time, e models.Eventable) {
	m.s.found[t.Slot()] = occurrence{id: calendar.RemoteID(val(e.GetId())), version: version(e), slot: t, item: e}
}

// edited are the exceptions that came in full with the master, by id.
func (m *match) edited() map[string]models.Eventable {
	out := map[string]models.Eventable{}
	for _, e := range m.s.master.GetExceptionOccurrences() {
		if id := val(e.GetId()); id != "" && e.GetStart() != nil && e.GetBody() != nil && e.GetShowAs() != nil {
			out[id] = e // the documentation also speaks of ids alone
		}
	}
	return out
}

// withoutContent is the span of the listed exceptions of which no more than
// times is known; nil if there are none.
func (m *match) withoutContent(edited map[string]models.Eventable) []time.Time {
	var list []models.Eventable
	for _, o := range m.s.found {
		if isException(o.item) && edited[string(o.id)] == nil {
			list = append(list, o.item)
		}
	}
	return around(list)
}

// beyond is the span of the exceptions that were not listed, and do not say which
// occurrence they are; nil if there are none.
func (m *match) beyond(edited map[string]models.Eventable) []time.Time {
	listed := map[string]bool{}
	for _, o := range m.s.found {
		listed[string(o.id)] = true
	}
	var list []models.Eventable
	for id, e := range edited {
		if !listed[id] && e.GetOriginalStart() == nil {
			list = append(list, e)
		}
	}
	return around(list)
}

// around is a span that meets the items, or as many as one listing may span.
func around(items []models.Eventable) []time.Time {
	var span []time.Time
	for _, e := range items {
		from, ok1 := instant(e.GetStart())
		to, ok2 := instant(e.GetEnd())
		if !ok1 || !ok2 {
			continue
		}
		// A day on both sides: all-day ones are midnights in a zone of their own.
		from, to = from.AddDate(0, 0, -1), to.AddDate(0, 0, 1)
		if span == nil {
			span = []time.Time{from, to}
		}
		if from.Before(span[0]) {
			span[0] = from
		}
		if to.After(span[1]) {
			span[1] = to
		}
	}
	if span != nil && span[1].Sub(span[0]) > maxSpan {
		span[1] = span[0].Add(maxSpan)
	}
	return span
}

// overrides puts together what differs from the rule.
func (m *match) overrides(edited map[string]models.Eventable, at span) map[string]calendar.Override {
	out := map[string]calendar.Override{}
	for slot, o := range m.s.found {
		if e := edited[string(o.id)]; e != nil && isException(o.item) {
			if x := m.s.overrideOf(o.slot, e); !x.IsZero() {
				out[slot] = x
			}
		}
	}
	for _, e := range edited { // beyond what was listed, but with its slot
		if t, ok := m.unlisted(e); ok {
			if x := m.s.overrideOf(t, e); !x.IsZero() {
				out[t.Slot()] = x
			}
		}
	}
	for _, id := range m.s.master.GetCancelledOccurrences() { // "OID.<master>.2026-03-15", in the series' zone
		if t, ok := m.slot(id[max(0, len(id)-len(time.DateOnly)):]); ok && m.s.found[t.Slot()].id == "" {
			out[t.Slot()] = calendar.Override{Original: t, Cancelled: true}
		}
	}
	for i, t := range m.expected {
		if _, ok := out[t.Slot()]; ok || m.s.found[t.Slot()].id != "" || i < at.head || i >= len(m.expected)-at.tail {
			continue
		}
		out[t.Slot()] = calendar.Override{Original: t, Cancelled: true}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// responses are the owner's answers to single occurrences, where they differ from
// the one to the series. "None" is no answer, whatever the series has.
func (m *match) responses(edited map[string]models.Eventable) map[string]calendar.Response {
	out := map[string]calendar.Response{}
	note := func(slot string, e models.Eventable) {
		if r := response(e.GetResponseStatus()); r != calendar.NoResponse && r != m.s.event.MyResponse {
			out[slot] = r
		}
	}
	for slot, o := range m.s.found {
		if e := edited[string(o.id)]; e != nil && e.GetResponseStatus() != nil {
			note(slot, e)
		} else {
			note(slot, o.item)
		}
	}
	for _, e := range edited {
		if t, ok := m.unlisted(e); ok {
			note(t.Slot(), e)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// unlisted is the slot of an exception beyond what was listed, if it says so.
func (m *match) unlisted(e models.Eventable) (calendar.Time, bool) {
	if e.GetOriginalStart() == nil {
		return calendar.Time{}, false
	}
	t, ok := m.slot(m.days(*e.GetOriginalStart())...)
	return t, ok && m.s.found[t.Slot()].id == ""
}

// version is the master's etag and, if there are exceptions or answers of their
// own, what they are at after it. An edit of an occurrence was seen to change the
// master's etag too; that an answer to one does is written nowhere.
func (m *match) version(edited map[string]models.Eventable) calendar.Version {
	parts := map[string]string{}
	for id, e := range edited {
		parts[id] = string(version(e))
	}
	for _, o := range m.s.found {
		if isException(o.item) {
			parts[string(o.id)] = cmp.Or(string(o.version), parts[string(o.id)])
		}
	}
	for slot, r := range m.s.event.Responses {
		parts[slot] = string(r)
	}
	if len(parts) == 0 {
		return m.s.event.Version
	}
	sum := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(parts)) {
		fmt.Fprintf(sum, "%s\n%s\n", k, parts[k])
	}
	return m.s.event.Version + calendar.Version(hex.EncodeToString(sum.Sum(nil)[:8]))
}
