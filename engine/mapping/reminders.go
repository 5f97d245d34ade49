package mapping

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// What "as the calendar does by default" becomes where a target has no such
// default: Outlook's own.
const (
	usualReminder       = 15 * time.Minute
	usualReminderAllDay = 18 * time.Hour
)

// reminderLens is the lens of the reminders. But for a copying one, reminders on a
// copy are the person's own.
type reminderLens struct {
	kind          state.Choice
	timed, allDay []time.Duration // when fixed
	target        calendar.Capabilities
	words         string
}

func newReminderLens(l state.ReminderLens, target calendar.Capabilities) (lens, error) {
	out := reminderLens{kind: l.Lens, target: target, words: string(l.Lens)}
	if l.Lens != state.Fixed {
		return out, nil
	}
	var err error
	if out.timed, out.allDay, err = l.Times(); err != nil {
		return nil, err
	}
	out.words = fmt.Sprintf("fixed %s", strings.Join(append(slices.Clone(l.Before), l.AllDay...), ", "))
	return out, nil
}

func (l reminderLens) get(s Source, c *calendar.Content) {
	switch l.kind {
	case state.Copy:
		c.Reminders = l.fit(s.Reminders, s.When.AllDay())
	case state.Fixed:
		before := l.timed
		if s.When.AllDay() {
			before = l.allDay
		}
		c.Reminders = l.fit(calendar.Reminders{Before: before}, s.When.AllDay())
	default:
		c.Reminders = calendar.Reminders{}
	}
}

// fit is what the target holds of reminders: where it holds only some, the last
// ones before the start, which must not be missed.
func (l reminderLens) fit(r calendar.Reminders, allDay bool) calendar.Reminders {
	if r.Default {
		switch {
		case l.target.DefaultReminders:
			return calendar.Reminders{Default: true}
		case allDay:
			r = calendar.Reminders{Before: []time.Duration{usualReminderAllDay}}
		default:
			r = calendar.Reminders{Before: []time.Duration{usualReminder}}
		}
	}
	before := slices.Clone(r.Before)
	if limit := l.target.ReminderLimit; limit > 0 {
		for i := range before {
			before[i] = min(before[i], limit)
		}
	}
	slices.Sort(before)
	before = slices.Compact(before)
	if n := l.target.Reminders; n > 0 && len(before) > n {
		before = before[:n]
	}
	if len(before) == 0 {
		before = nil
	}
	return calendar.Reminders{Before: before}
}

// put keeps those earlier reminders of the home that the copy had no room for.
func (l reminderLens) put(s Source, edited calendar.Content) (calendar.Content, Verdict) {
	if l.kind != state.Copy {
		return s.Content, Own
	}
	home := s.Content
	home.Reminders = calendar.Reminders{Default: edited.Reminders.Default, Before: slices.Clone(edited.Reminders.Before)}
	slices.Sort(home.Reminders.Before)
	n := len(home.Reminders.Before)
	if s.Reminders.Default || n == 0 || l.target.Reminders == 0 || n < l.target.Reminders {
		return home, Carried
	}
	for _, b := range s.Reminders.Before {
		if b > home.Reminders.Before[n-1] && !slices.Contains(l.fit(s.Reminders, s.When.AllDay()).Before, b) {
			home.Reminders.Before = append(home.Reminders.Before, b)
		}
	}
	return home, Carried
}

func (l reminderLens) String() string { return l.words }
