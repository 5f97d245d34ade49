package engine_test

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// garble makes the event with a title one that its connector cannot understand; mend undoes it.
func (f *fake) garble(title string) (mend func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.one(title)
	was := h.Content
	h.Content, h.Type, h.Doubt = calendar.Content{}, calendar.UnknownType, "own-0, it is cut off: an END is missing" // as providers/caldav says it
	f.touch(h)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		h.Content, h.Type, h.Doubt = was, calendar.Meeting, ""
		f.touch(h)
	}
}

func (b *bench) told(of string) (n int) {
	b.Helper()
	for _, x := range b.entries(control.HistoryQuery{}) {
		if x.Outcome == state.Noted && strings.Contains(x.Why, of) {
			n++
		}
	}
	return n
}

// An event that cannot be understood any more was not emptied by anybody, and its copy does
// not go: both stay as they are, what is changed of the copy waits, and history says why, once.
func TestALinkedEventThatCannotBeUnderstood(t *testing.T) {
	const why = "It stays as it is everywhere; in “Main”: it cannot be understood (own-0, it is cut off: an END is missing)"
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	mend := b.a.garble("Lunch")
	b.quiet()
	b.b.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
	b.quiet()
	b.quiet()
	if a, z := b.a.titles(), b.b.titles(); a != "" || z != "Lunch" {
		t.Errorf("a %q, b %q", a, z)
	}
	if n := b.told(why); n != 1 {
		t.Errorf("told %d times: %+v", n, b.entries(control.HistoryQuery{}))
	}
	mend()
	b.quiet()
	if a, z := b.a.live(), b.b.live(); len(a) != 1 || len(z) != 1 || a[0].Content.Place != "Oslo" || a[0].Content.Title != "Lunch" || z[0].Content.Place != "Oslo" {
		t.Errorf("a %+v\nb %+v", a, z)
	}
}

// A new one does not cross, and a person who misses it finds it in the history.
func TestANewEventThatCannotBeUnderstood(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	mend := b.a.garble("Lunch")
	b.quiet()
	b.quiet()
	if n := b.told("It cannot be understood (own-0, it is cut off: an END is missing)"); n != 1 || b.b.titles() != "" {
		t.Errorf("told %d times, b %q", n, b.b.titles())
	}
	mend()
	b.quiet()
	if b.b.titles() != "Lunch" {
		t.Errorf("mended, b has %q", b.b.titles())
	}
}
