package google

import (
	"slices"
	"sync"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// maxWritten is how many occurrences are remembered at most. Each is forgotten as
// soon as a list shows it, so that there are few, unless lists are far behind.
const maxWritten = 5000

// written remembers the occurrences that were written and that lists do not show
// yet: a write is seen by get at once, but may come into lists a little later
// (Nylas guide 'two-way sync', observed). Without it, a series read in that time
// would look as if a person had put the occurrence back to the rule.
type written struct {
	mu    sync.Mutex
	items map[writtenKey]*gcal.Event
}

type writtenKey struct {
	cal calendar.CalendarID
	id  string
}

func (w *written) keep(cal calendar.CalendarID, g *gcal.Event) {
	if g.RecurringEventId == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.items == nil {
		w.items = map[writtenKey]*gcal.Event{}
	}
	if len(w.items) < maxWritten {
		w.items[writtenKey{cal, g.Id}] = g
	}
}

// complete puts into a series what was written to it and is not listed yet. A
// master that changed after the write may have done away with the occurrence:
// then the list is believed.
func (w *written) complete(cal calendar.CalendarID, s series) series {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, g := range w.items {
		if key.cal != cal || g.RecurringEventId != s.master.Id {
			continue
		}
		i := slices.IndexFunc(s.exceptions, func(x *gcal.Event) bool { return x.Id == g.Id })
		switch {
		case instant(s.master.Updated).After(instant(g.Updated)),
			i >= 0 && !instant(g.Updated).After(instant(s.exceptions[i].Updated)):
			delete(w.items, key)
		case i >= 0:
			s.exceptions[i] = g
		default:
			s.exceptions = append(s.exceptions, g)
		}
	}
	return s
}
