package engine_test

import (
	"fmt"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

// BenchmarkFirstSync makes n events cross to an empty calendar in memory.
func BenchmarkFirstSync(b *testing.B) {
	for _, n := range []int{1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := newBench(b)
				w.fill(n)
				b.StartTimer()
				if r := w.sync(); r.Created != n {
					b.Fatalf("%d created", r.Created)
				}
			}
		})
	}
}

// BenchmarkTenChanges is a pass with ten changes among n linked events.
func BenchmarkTenChanges(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newBench(b)
			w.fill(n)
			w.quiet()
			i := 0
			for b.Loop() {
				i++
				for k := range 10 {
					id := w.ids[k*n/10]
					w.a.mu.Lock()
					h := w.a.events[id]
					h.Content.Place = fmt.Sprint("Room ", i)
					w.a.touch(h)
					w.a.mu.Unlock()
				}
				if r := w.sync(); r.Updated != 10 {
					b.Fatalf("%d updated", r.Updated)
				}
			}
		})
	}
}

// BenchmarkQuietPass is a pass in which nothing changed, with 10 000 linked events.
func BenchmarkQuietPass(b *testing.B) {
	w := newBench(b)
	w.fill(10000)
	w.quiet()
	for b.Loop() {
		w.sync()
	}
}

// BenchmarkStatus is one look at the state at a glance, with 10 000 linked events.
func BenchmarkStatus(b *testing.B) {
	w := newBench(b)
	w.fill(10000)
	w.quiet()
	for b.Loop() {
		if _, err := w.face.Status(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func (b *bench) fill(n int) {
	for i := range n {
		b.ids = append(b.ids, b.a.add(fmt.Sprint("Event ", i), func(e *calendar.Event) {
			e.Content.Notes = calendar.NotesFromText("some notes on it, as people write them")
		}))
	}
}
