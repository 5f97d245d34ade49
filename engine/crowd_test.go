package engine_test

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Another tool that copies Twinday's copies back where they came from would have the two
// make copies of each other's for ever. It ends by itself, is told, and keeps nothing else
// from crossing; what waits for it crosses once the crowd is gone.
func TestAnotherToolThatCopiesOurCopies(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	known := map[calendar.RemoteID]bool{}
	for range 60 {
		b.sync()
		for _, h := range b.b.live() {
			if !known[h.ID] {
				known[h.ID] = true
				b.a.add(h.Content.Title)
			}
		}
	}
	if n, m := len(b.a.live()), len(b.b.live()); n != 21 || m != 20 {
		t.Errorf("%d events, %d copies", n, m)
	}
	const why = "there are 20 others like it in “Main” of ann@x.test, so it is not copied"
	notes := 0
	for _, h := range b.entries(control.HistoryQuery{}) {
		if h.Outcome == state.Noted && strings.Contains(h.Why, why[1:]) {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("told %d times", notes)
	}
	last := b.a.live()[20].ID
	if x := b.whyAt(last); !strings.Contains(strings.Join(x.Calendars[0].Says, "; "), why) {
		t.Errorf("why: %+v", x)
	}
	b.a.add("Dinner")
	b.quiet()
	if !strings.Contains(b.b.titles(), "Dinner") {
		t.Errorf("b has %s", b.b.titles())
	}
	for range 3 {
		b.a.remove("Lunch") // one of the crowd
	}
	b.quiet()
	if n, m := len(b.a.live()), len(b.b.live()); n != 19 || m != 19 {
		t.Errorf("after a clean-up by hand %d events, %d copies", n, m)
	}
}
