package engine

import (
	"fmt"

	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// mostAlike is how many events of one title and one time a calendar may have linked before
// a further one is not copied. A program that copies Twinday's copies back where they came
// from makes a new look-alike for every copy, for ever; people, even of a calendar that
// many share ("Vacation"), hardly come to so many.
const mostAlike = 20

// crowd is an event that is not copied, for too many look like it.
type crowd struct {
	found reconcile.Found
	event calendar.Event
	alike int
}

// crowd counts the linked events of a calendar that look like one of it that is not
// linked. A mark says more than looks.
func (l *loader) crowd(f reconcile.Found, ev calendar.Event) (n int, err error) {
	if ev.Mark != (calendar.Mark{}) {
		return 0, nil
	}
	for _, id := range l.tx.AlikeByLook(f.Ref, ev.Content.Title, ev.Content.When.Start, ev.Content.When.End) {
		_, linked, err := l.tx.EntityOf(f.Ref, id)
		if err != nil {
			return 0, err
		}
		if linked {
			n++
		}
	}
	return n, nil
}

// crowded has the events of crowds wait, says why, and tells of each crowd once.
func (e *Engine) crowded(h *house, out *reconcile.Output, dryRun bool) {
	for _, c := range h.crowds {
		why := fmt.Sprintf("there are %d others like it in %s, so it is not copied: another program may be copying what Twinday copies; 'twinday duplicates' lists them", c.alike, e.name(h, c.found.Ref))
		out.Waiting = append(out.Waiting, c.found)
		out.Steps = append(out.Steps, state.Step{Kind: state.Skip, Ref: c.found.Ref, Event: c.found.ID,
			Title: c.event.Content.Title, Before: c.event.Content, Reason: why})
		if look := fmt.Sprint(c.found.Ref, c.event.Content.Title, c.event.Content.When.Start); !dryRun && !e.crowdsTold[look] {
			e.crowdsTold[look] = true
			out.Notes = append(out.Notes, state.HistoryEntry{Time: e.Now(), Outcome: state.Noted, Ref: c.found.Ref, Home: c.found.Ref,
				Title: c.event.Content.Title, Why: "T" + why[1:], Before: c.event.Content, After: c.event.Content, HadGuests: c.event.HasGuests()})
		}
	}
}
