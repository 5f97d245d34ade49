package mapping

import (
	"maps"
	"slices"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Want is what one part of an event shall be in a member: a single event, or a
// series with its overrides.
type Want struct {
	Content   calendar.Content
	Overrides map[string]calendar.Override
}

// Shape is what an event is in the target: the parts into which it falls there.
// One, under the empty slot, when the target can hold it as it is; else one for
// each occurrence that must stand alone, under its slot.
type Shape struct {
	Parts map[string]Want
	// Skipped is why nothing of the event crosses, in words; then there are no Parts.
	Skipped string
}

// Shape says what an event is in the target. Single occurrences are told for the
// window [from, to).
func (m *Mapping) Shape(home Source, overrides map[string]calendar.Override, from, to time.Time) Shape {
	if home.When.Recurrence.IsZero() {
		if why := m.Crossing(home); why != "" {
			return Shape{Skipped: why}
		}
		return Shape{Parts: map[string]Want{"": {Content: m.Get(home)}}}
	}
	occurrences, err := home.When.Occurrences()
	if err != nil {
		return Shape{Skipped: "its rule cannot be read"} // Reconcile says more
	}
	s := series{m: m, home: home, overrides: overrides, occurrences: occurrences, from: from, to: to}
	why, mixed := s.rule()
	holds := m.target.Capabilities.Series != nil && m.target.Capabilities.Series(home.When) == ""
	switch {
	case why == "" && !mixed && holds:
		return Shape{Parts: s.whole()}
	case why != "" && !mixed:
		if parts := s.only(); len(parts) > 0 {
			return Shape{Parts: parts}
		}
		return Shape{Skipped: why}
	}
	return Shape{Parts: s.expand()}
}

// Crossing says why one event or occurrence does not cross, or nothing.
func (m *Mapping) Crossing(s Source) string {
	if why := m.skips(s); why != "" {
		return why
	}
	return m.filter.offTime(s.When)
}

// series is a series on its way into a target.
type series struct {
	m           *Mapping
	home        Source
	overrides   map[string]calendar.Override
	occurrences *calendar.Occurrences
	from, to    time.Time
}

// rule says why those occurrences that are as the rule has them do not cross, or
// nothing; mixed says that some do and others do not, by the day of the week.
func (s series) rule() (why string, mixed bool) {
	if why = s.m.skips(s.home); why != "" || !s.m.filter.timed() {
		return why, false
	}
	seen := map[time.Weekday]string{}
	n := 0
	for at := range s.occurrences.Between(s.from, s.to) {
		if n++; n > MaxParts {
			break
		}
		clock, err := wallClock(at)
		if err != nil {
			continue
		}
		if _, known := seen[clock.Weekday()]; !known { // the hours are the same each time
			seen[clock.Weekday()] = s.m.filter.offTime(s.home.When.At(at))
		}
	}
	if len(seen) == 0 {
		return s.m.filter.offTime(s.home.When), false
	}
	off := slices.DeleteFunc(slices.Sorted(maps.Values(seen)), func(why string) bool { return why == "" })
	switch len(off) {
	case 0:
		return "", false
	case len(seen):
		return off[0], false
	}
	return "", true
}

// slots are those of which something else is known than what the rule says, sorted.
func (s series) slots() []string {
	out := slices.Collect(maps.Keys(s.overrides))
	for slot := range s.home.Facts.Responses {
		if _, has := s.overrides[slot]; !has && s.occurrences.Has(s.home.When.Original(slot)) {
			out = append(out, slot)
		}
	}
	slices.Sort(out)
	return out
}

// override is what is known of a slot.
func (s series) override(slot string) calendar.Override {
	if o, ok := s.overrides[slot]; ok {
		return o
	}
	return calendar.Override{Original: s.home.When.Original(slot)}
}

// whole is the series with its overrides.
func (s series) whole() map[string]Want {
	master := s.m.Get(s.home)
	out := Want{Content: master, Overrides: map[string]calendar.Override{}}
	parts := map[string]Want{"": out}
	for _, slot := range s.slots() {
		o, alone := s.m.slot(s.home, master, s.override(slot))
		if !o.IsZero() {
			out.Overrides[slot] = o
		}
		if alone {
			parts[slot] = Want{Content: s.m.Get(s.home.Occurrence(s.override(slot)))}
		}
	}
	return parts
}

// slot is what a series on the copy has for one occurrence: cancelled, if it does not
// cross; or if it cannot be told there, and stands alone then.
func (m *Mapping) slot(home Source, master calendar.Content, o calendar.Override) (shown calendar.Override, alone bool) {
	cancelled := calendar.Override{Original: o.Original, Cancelled: true}
	if !o.Cancelled && m.Crossing(home.Occurrence(o)) != "" {
		return cancelled, false
	}
	shown = m.override(home, master, o)
	if fits := m.target.Capabilities.Override; fits != nil && !shown.IsZero() && !o.Cancelled && fits(home.When, shown) != "" {
		return cancelled, true
	}
	return shown, false
}

// Override is what a series on the copy has for one occurrence, as Shape would say.
func (m *Mapping) Override(home Source, o calendar.Override) calendar.Override {
	shown, _ := m.slot(home, m.Get(home), o)
	return shown
}

// only are those occurrences of a series that cross though the series does not.
func (s series) only() map[string]Want {
	parts := map[string]Want{}
	for _, slot := range s.slots() {
		o := s.override(slot)
		at, err := o.Original.Instant()
		if err != nil || o.Cancelled || at.Before(s.from) || !at.Before(s.to) {
			continue
		}
		if x := s.home.Occurrence(o); s.m.Crossing(x) == "" {
			parts[slot] = Want{Content: s.m.Get(x)}
		}
	}
	return parts
}

// expand lists the occurrences in the window as single events.
func (s series) expand() map[string]Want {
	parts := map[string]Want{}
	n := 0
	for at := range s.occurrences.Between(s.from, s.to) {
		if n++; n > MaxParts {
			break
		}
		o := s.override(at.Slot())
		if o.Original.IsZero() {
			o.Original = at
		}
		if x := s.home.Occurrence(o); !o.Cancelled && s.m.Crossing(x) == "" {
			parts[at.Slot()] = Want{Content: s.m.Get(x)}
		}
	}
	return parts
}

// MaxParts bounds how many single events one series may become in a calendar
// that cannot hold it: several a day, over the whole window.
const MaxParts = 2000

// override is what the copy shows of an override: the groups in which its
// occurrence looks otherwise than the master does.
func (m *Mapping) override(home Source, master calendar.Content, o calendar.Override) calendar.Override {
	if o.Cancelled {
		return o
	}
	out := calendar.Override{Original: o.Original}
	shown := m.Get(home.Occurrence(o))
	for _, g := range m.Groups() {
		if g == calendar.GroupWhen && !o.Changed.Has(g) || g != calendar.GroupWhen && calendar.Equal(g, shown, master) {
			continue // as in the master, or different in what the copy does not show
		}
		out.Changed = append(out.Changed, g)
		out.Content = out.Content.Take(g, shown)
	}
	return out
}
