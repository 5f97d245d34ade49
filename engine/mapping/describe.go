package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Field is one field of an event in words: at home, on the copy, and the lens
// between them.
type Field struct {
	Group            calendar.Group
	Home, Copy, Lens string
}

// Describe tells field by field what the copy of an event shows. Fields that are
// empty on both sides are left out.
func (m *Mapping) Describe(s Source) []Field {
	shown, lenses := m.Get(s), m.lenses(s)
	var out []Field
	for _, g := range calendar.AllGroups {
		f := Field{Group: g, Home: Words(g, s.Content), Copy: Words(g, shown)}
		switch l := lenses[g]; {
		case l != nil:
			f.Lens = l.String()
		case g == calendar.GroupLinks && (shown.Notes != calendar.Notes{}):
			f.Lens = "told in the notes"
		case !m.target.Capabilities.Groups.Has(g):
			f.Lens = m.target.Name + " holds none"
		default:
			f.Lens = m.home.Name + " holds none"
		}
		if f.Home != "" || f.Copy != "" {
			out = append(out, f)
		}
	}
	return out
}

// Level is the level of detail in force for an event.
func (m *Mapping) Level(s Source) state.Detail {
	if m.capped && s.private() {
		return state.BusyOnly
	}
	return m.told.Detail
}

// Words is the value of a group for a person, empty if there is none.
func Words(g calendar.Group, c calendar.Content) string {
	switch g {
	case calendar.GroupWhen:
		return whenText(c.When)
	case calendar.GroupTitle:
		return c.Title
	case calendar.GroupNotes:
		return c.Notes.Text()
	case calendar.GroupPlace:
		return c.Place
	case calendar.GroupAvailability:
		return string(c.Availability)
	case calendar.GroupVisibility:
		return string(c.Visibility)
	case calendar.GroupImportance:
		return string(c.Importance)
	case calendar.GroupReminders:
		return remindersText(c.Reminders)
	case calendar.GroupCategories:
		return strings.Join(tokens(c), ", ")
	case calendar.GroupLinks:
		return strings.Join(slices.DeleteFunc([]string{c.Links.Conference, attachmentsText(c.Links.Attachments)}, func(s string) bool { return s == "" }), ", ")
	case calendar.GroupProperties:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(c.Properties)) {
			out = append(out, k+"="+c.Properties[k])
		}
		return strings.Join(out, ", ")
	}
	return ""
}

// whenText is "2026-03-15 12:00 – 13:00 Europe/Berlin", with the rule of a series.
func whenText(w calendar.When) string {
	if w.Start.IsZero() {
		return ""
	}
	start, end := strings.Replace(w.Start.Local, "T", " ", 1), strings.Replace(w.End.Local, "T", " ", 1)
	s := start + " – " + end
	if first, err := w.End.Instant(); w.AllDay() && err == nil {
		if last := first.AddDate(0, 0, -1).Format(time.DateOnly); last == start { // the end is exclusive
			s = start
		} else {
			s = start + " – " + last
		}
	} else if len(start) > 16 && len(end) > 16 {
		s = start[:16] + " – " + end[:16]
		if start[:10] == end[:10] {
			s = start[:16] + " – " + end[11:16]
		}
		s += " " + w.Start.Zone
	}
	if len(w.Recurrence.Rules) > 0 {
		s += ", " + strings.Join(w.Recurrence.Rules, " ")
	}
	return s
}

func remindersText(r calendar.Reminders) string {
	if r.Default {
		return "as the calendar does by default"
	}
	var out []string
	for _, d := range r.Before {
		out = append(out, spanText(d)+" before")
	}
	return strings.Join(out, ", ")
}

// spanText is "10 min", "1 h 30 min", "2 d".
func spanText(d time.Duration) string {
	var out []string
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if n := d / u.unit; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, u.name))
			d -= n * u.unit
		}
	}
	if len(out) == 0 {
		return "0 min"
	}
	return strings.Join(out, " ")
}
