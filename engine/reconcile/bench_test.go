package reconcile

import (
	"fmt"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

// BenchmarkManyOverrides edits every occurrence of a meeting with guests on its copy,
// all of them between two passes.
func BenchmarkManyOverrides(b *testing.B) {
	for _, n := range []int{50, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b, "a", "b")
			w.mirrors[0].Guests = "apply"
			daily := hour(9)
			daily.Recurrence.Rules = []string{fmt.Sprintf("RRULE:FREQ=DAILY;COUNT=%d", n)}
			w.add("a", "Stand-up", withGuest, at(daily), notes("Agenda"))
			w.settle()
			occurrences, err := daily.Occurrences()
			if err != nil {
				b.Fatal(err)
			}
			round := 0
			for b.Loop() {
				round++
				w.edit("b", w.the("b", "Stand-up").ID, func(e *calendar.Event) {
					e.Overrides = map[string]calendar.Override{}
					for at := range occurrences.All() {
						e.Overrides[at.Slot()] = calendar.Override{Original: at, Changed: calendar.Groups{calendar.GroupPlace}, Content: calendar.Content{Place: fmt.Sprint("Room ", round)}}
					}
				})
				w.pass()
			}
		})
	}
}
