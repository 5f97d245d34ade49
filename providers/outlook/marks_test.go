package outlook_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/graphsim"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// Marks are listed in a request or a few, also where the service does not take the
// filter for them; those of what changed since, on demand.
func TestMarked(t *testing.T) {
	for _, filter := range []bool{true, false} {
		t.Run(fmt.Sprintf("filter=%v", filter), func(t *testing.T) {
			w := newWorld(t, mailbox.GraphSwitches{}, graphsim.Quirks{})
			p := w.open(&secret{text: signin.GrantSecret(w.grant())})
			want := map[calendar.RemoteID]calendar.Mark{}
			var last calendar.Event
			var middle time.Time
			for i := range 6 {
				start := calendar.At(now.Add(time.Duration(24+i)*time.Hour), time.UTC)
				d := calendar.Draft{Key: calendar.Key(fmt.Sprintf("%032x", i+1)), Content: calendar.Content{Title: "Busy", When: calendar.When{Start: start, End: start}}}
				if i%2 == 0 {
					d.Mark = calendar.Mark{Installation: "i'1", Mirror: "m1", Entity: fmt.Sprint("e", i)}
				}
				e, err := p.Create(t.Context(), w.cal, d)
				if err != nil {
					t.Fatal(err)
				}
				if d.Mark != (calendar.Mark{}) {
					want[e.ID], last = d.Mark, e
				}
				if i == 3 {
					for range 2000 { // two seconds: Graph's filter is asked by the second
						middle = w.clock()
					}
				}
			}
			if !filter {
				w.sim.AddFault(simulator.Fault{Match: "events.list", Status: http.StatusBadRequest, Count: 1})
			}
			got, requests, err := p.Marked(t.Context(), w.cal, time.Time{})
			maps.DeleteFunc(got, func(_ calendar.RemoteID, m calendar.Mark) bool { return m == calendar.Mark{} })
			if err != nil || len(got) != len(want) || got[last.ID] != want[last.ID] || requests < 1 {
				t.Errorf("%v, %d requests, %v; want %v", got, requests, err, want)
			}
			got, _, err = p.Marked(t.Context(), w.cal, middle)
			if err != nil || len(got) != 2 || got[last.ID] != want[last.ID] {
				t.Errorf("since %s: %v, %v; want that of %s and an empty one", middle, got, err, last.ID)
			}
			w.sim.AddFault(simulator.Fault{Match: "events.list", Status: http.StatusServiceUnavailable, Count: 1})
			if _, _, err := p.Marked(t.Context(), w.cal, time.Time{}); calendar.KindOf(err) != calendar.Unavailable {
				t.Errorf("an outage gives %v", err)
			}
			if c := w.sim.Counters(); len(c.Unknown) > 0 {
				t.Errorf("unknown requests %v", c.Unknown)
			}
		})
	}
}
