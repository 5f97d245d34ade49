package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// filter is a state.Filter that is ready to be asked.
type filter struct {
	state.Filter
	include, exclude *regexp.Regexp
	days             map[time.Weekday]bool // nil: all
	from, to         time.Duration         // of a day, over midnight if to comes first; both 0: all of it
}

func newFilter(f state.Filter) (filter, error) {
	out := filter{Filter: f}
	pattern := func(what, s string) (*regexp.Regexp, error) {
		if s == "" {
			return nil, nil
		}
		re, err := regexp.Compile("(?i)" + s)
		if err != nil {
			return nil, fmt.Errorf("filter: %s: %w", what, err)
		}
		return re, nil
	}
	var err error
	if out.include, err = pattern("title to include", f.Include); err != nil {
		return out, err
	}
	if out.exclude, err = pattern("title to exclude", f.Exclude); err != nil {
		return out, err
	}
	if len(f.Days) > 0 {
		out.days = map[time.Weekday]bool{}
		for _, d := range f.Days {
			day, err := d.Weekday()
			if err != nil {
				return out, fmt.Errorf("filter: %w", err)
			}
			out.days[day] = true
		}
	}
	if out.from, out.to, err = f.Clock(); err != nil {
		return out, fmt.Errorf("filter: %w", err)
	}
	return out, nil
}

// skips says in words why an event, or an occurrence, does not cross; nothing if it
// does. The time of the week is a question of its own: see offTime.
func (m *Mapping) skips(s Source) string {
	f := m.filter
	if m.broken != nil {
		return "its mapping cannot be used: " + m.broken.Error()
	}
	types := f.Types
	if types == nil {
		types = state.DefaultTypes
	}
	declined := []calendar.Response{calendar.Declined}
	if f.Responses != nil {
		declined = *f.Responses
	}
	answer := s.Facts.Response(s.Slot)
	shown := tokens(s.Content)
	switch {
	case s.Facts.Type == calendar.UnknownType || !slices.Contains(types, s.Facts.Type):
		return "events of this kind (" + m.value("type", s) + ") do not cross"
	case answer != calendar.NoResponse && slices.Contains(declined, answer):
		if answer == calendar.Declined {
			return "you declined it"
		}
		return "your answer to it is “" + string(answer) + "”"
	case f.Invited != state.Cross && m.invited(s.Facts):
		return "the other account is invited to it too: each has it from its organizer"
	case len(f.Availability) > 0 && !slices.Contains(f.Availability, s.Availability):
		return "events that show as " + string(s.Availability) + " do not cross"
	case s.When.AllDay() && f.AllDay == state.None:
		return "all-day events do not cross"
	case s.When.AllDay() && f.AllDay == state.BusyAllDay && s.Availability == calendar.Free:
		return "all-day events that take no time do not cross"
	case len(f.With) > 0 && !slices.ContainsFunc(shown, func(t string) bool { return has(f.With, t) }):
		return "it has none of the categories that cross (" + strings.Join(f.With, ", ") + ")"
	case f.include != nil && !f.include.MatchString(s.Title):
		return "its title does not match “" + f.Include + "”"
	case f.exclude != nil && f.exclude.MatchString(s.Title):
		return "its title matches “" + f.Exclude + "”, which is left out"
	}
	if i := slices.IndexFunc(shown, func(t string) bool { return has(f.Without, t) }); i >= 0 {
		return "its category “" + shown[i] + "” does not cross"
	}
	if m.target.Capabilities.HidesPrivate {
		if v := m.Get(s).Visibility; v == calendar.Private || v == calendar.Confidential {
			return "its copy would be private, and you have no sight of private events in “" + m.target.Name + "”: it could never be changed or removed again"
		}
	}
	return ""
}

// invited reports whether the target's person takes part in the meeting already.
func (m *Mapping) invited(f calendar.Facts) bool {
	own := func(p calendar.Person) bool { return p.Email != "" && has(m.target.Addresses, p.Email) }
	return f.HasGuests() && (!f.Organized && own(f.Organizer) || slices.ContainsFunc(f.Guests, func(g calendar.Guest) bool { return own(g.Person) }))
}

// timed reports whether the time of the week counts at all.
func (f filter) timed() bool { return f.days != nil || f.clocked() }

// clocked reports whether the time of day counts.
func (f filter) clocked() bool { return f.from != f.to }

// offTime says in words why an event's time lies outside of the days and hours that
// cross; nothing if some of it lies within. The wall clock of its own zone counts.
func (f filter) offTime(w calendar.When) string {
	if !f.timed() {
		return ""
	}
	start, err1 := wallClock(w.Start)
	end, err2 := wallClock(w.End)
	if err1 != nil || err2 != nil {
		return "" // times that cannot be read are told elsewhere
	}
	if !end.After(start) {
		end = start.Add(time.Second) // what lasts no time is still there
	}
	const aDay = 24 * time.Hour
	day := start.Truncate(aDay)
	for day = day.Add(-aDay); day.Before(end) && day.Before(start.Add(9*aDay)); day = day.Add(aDay) { // a longer span has each day whole
		from, to := day, day.Add(aDay)
		if f.clocked() && !w.AllDay() {
			from, to = day.Add(f.from), day.Add(f.to)
			if f.to < f.from { // the night belongs to the day on which it begins
				to = to.Add(aDay)
			}
		}
		if (f.days == nil || f.days[day.Weekday()]) && start.Before(to) && from.Before(end) {
			return ""
		}
	}
	switch {
	case f.days == nil:
		return "it lies outside of the hours that cross (" + f.Hours + ")"
	case f.clocked() && !w.AllDay():
		return "it lies outside of the days and hours that cross"
	}
	return "it lies on a day that does not cross"
}

// wallClock is the reading of a time, as if it were UTC.
func wallClock(t calendar.Time) (time.Time, error) {
	if t.IsDate() {
		return time.Parse(time.DateOnly, t.Local)
	}
	return time.Parse("2006-01-02T15:04:05", t.Local)
}

// Window is how far back and ahead new events cross by the mapping's own word; the
// zero durations leave it to the caller.
func (m *Mapping) Window() (past, future time.Duration) {
	const day = 24 * time.Hour
	return time.Duration(m.filter.Past) * day, time.Duration(m.filter.Future) * day
}
