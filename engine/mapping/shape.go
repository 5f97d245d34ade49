package mapping

import (
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Want is what one part of an event shall be in a member: a single event, or a
// series with its overrides.
type Want struct {
	Content   calendar.Content
	Overrides map[string]calendar.Override
}

// Shape says into which parts an event falls in the target: one, under the empty
// slot, when the target can hold it as it is; else one for each occurrence that
// must stand alone, under its slot. whole is false when the series itself is not
// among them, and only its occurrences in the window [from, to) are.
func (m Mapping) Shape(home calendar.Content, overrides map[string]calendar.Override, from, to time.Time) (parts map[string]Want, whole bool) {
	if home.When.Recurrence.IsZero() {
		return map[string]Want{"": {Content: m.Get(home)}}, true
	}
	if m.Target.Series == nil || m.Target.Series(home.When) != "" {
		return m.expand(home, overrides, from, to), false
	}
	series := Want{Content: m.Get(home), Overrides: map[string]calendar.Override{}}
	parts = map[string]Want{}
	for slot, o := range overrides {
		if o = m.GetOverride(home, o); o.IsZero() {
			continue
		}
		if m.Target.Override != nil && !o.Cancelled && m.Target.Override(home.When, o) != "" {
			series.Overrides[slot] = calendar.Override{Original: o.Original, Cancelled: true}
			parts[slot] = Want{Content: m.Get(home.Occurrence(o))}
			continue
		}
		series.Overrides[slot] = o
	}
	parts[""] = series
	return parts, true
}

// expand lists the occurrences in the window as single events.
func (m Mapping) expand(home calendar.Content, overrides map[string]calendar.Override, from, to time.Time) map[string]Want {
	parts := map[string]Want{}
	occurrences, err := home.When.Occurrences()
	if err != nil {
		return parts // a rule that cannot be read has no copies; Reconcile says why
	}
	n := 0
	for at := range occurrences.Between(from, to) {
		if n++; n > MaxParts {
			break
		}
		o, ok := overrides[at.Slot()]
		if !ok {
			o = calendar.Override{Original: at}
		}
		if !o.Cancelled {
			parts[at.Slot()] = Want{Content: m.Get(home.Occurrence(o))}
		}
	}
	return parts
}

// MaxParts bounds how many single events one series may become in a calendar
// that cannot hold it: several a day, over the whole window.
const MaxParts = 2000

// GetOverride returns what the copy shows of an override: the groups that travel.
func (m Mapping) GetOverride(home calendar.Content, o calendar.Override) calendar.Override {
	if o.Cancelled {
		return o
	}
	out := calendar.Override{Original: o.Original}
	for _, g := range o.Changed {
		if !m.Groups().Has(g) {
			continue
		}
		shown := m.get(g, o.Content)
		if g != calendar.GroupWhen && calendar.Equal(g, shown, m.get(g, home)) {
			continue // different at home, alike in what the copy can show
		}
		out.Changed = append(out.Changed, g)
		out.Content = out.Content.Take(g, shown)
	}
	return out
}
