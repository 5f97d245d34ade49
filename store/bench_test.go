package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// batch is how many events one transaction of these benchmarks takes; figures are
// a transaction. 100 with a sync to the disk each is about a page of a first read.
const batch = 100

func benchStore(b *testing.B, entities int) *Store {
	b.Helper()
	s, err := Open(filepath.Join(b.TempDir(), "twinday.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for from := 0; from < entities; from += 1000 {
		err := s.Update(func(tx *Tx) error {
			for i := from; i < min(from+1000, entities); i++ {
				if err := putLinked(tx, i, 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// putLinked puts event i as a pass would: two replicas and their entity.
func putLinked(tx *Tx, i, version int) error {
	id := fmt.Sprintf("%08x", i*2654435761) // scattered, like providers' ids
	r := replica(id, fmt.Sprintf("Meeting %d", i))
	r.Event.Version = calendar.Version(fmt.Sprint(version))
	r.Event.Content.Notes.HTML = strings.Repeat("<p>agenda</p>", 30)
	e := entity(state.EntityID("e"+counter(uint64(i))), map[state.Ref][]string{work: {id}, home: {id}})
	e.Base = r.Event.Content
	for _, record := range e.Records {
		record.Parts[0].Wrote, record.Parts[0].Read = r.Event.Content, r.Event.Content
	}
	for _, ref := range []state.Ref{work, home} {
		if err := tx.PutReplica(ref, r); err != nil {
			return err
		}
	}
	return tx.PutEntity(e)
}

func BenchmarkFirstReadOf100LinkedEvents(b *testing.B) {
	s := benchStore(b, 0)
	next := 0
	for b.Loop() {
		err := s.Update(func(tx *Tx) error {
			for range batch {
				if err := putLinked(tx, next, 0); err != nil {
					return err
				}
				next++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChangeOf10LinkedEvents(b *testing.B) {
	for _, size := range []int{1_000, 20_000} {
		b.Run(fmt.Sprintf("among %d", size), func(b *testing.B) {
			s := benchStore(b, size)
			round := 0
			for b.Loop() {
				round++
				err := s.Update(func(tx *Tx) error {
					for i := range 10 {
						if err := putLinked(tx, (round*7919+i*104729)%size, round); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	s := benchStore(b, 20_000)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := Open(s.Path(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBackup(b *testing.B) {
	s := benchStore(b, 20_000)
	for b.Loop() {
		if _, err := s.Backup(b.Context(), noon); err != nil {
			b.Fatal(err)
		}
	}
	_, size, err := s.Slack()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(size)/(1<<20), "MB")
}

// BenchmarkUpdateBesideABackup is what a pass waits for, at worst.
func BenchmarkUpdateBesideABackup(b *testing.B) {
	s := benchStore(b, 20_000)
	worst, n := time.Duration(0), 0
	for b.Loop() {
		done := make(chan error, 1)
		go func() {
			_, err := s.Backup(b.Context(), noon)
			done <- err
		}()
		for running := true; running; {
			began := time.Now()
			if err := s.Update(func(tx *Tx) error { tx.NextPass(); return nil }); err != nil {
				b.Fatal(err)
			}
			worst, n = max(worst, time.Since(began)), n+1
			select {
			case err := <-done:
				if running = false; err != nil {
					b.Fatal(err)
				}
			default:
			}
		}
	}
	b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
	b.ReportMetric(float64(n)/float64(b.N), "updates/op")
}

func BenchmarkCompact(b *testing.B) {
	s := benchStore(b, 20_000)
	for b.Loop() {
		if err := s.Compact(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// What lies in a week costs what lies in it, however much there is besides.
func BenchmarkEventsOfAWeek(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "twinday.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.Close() })
			for from := 0; from < n; from += 1000 {
				err := s.Update(func(tx *Tx) error {
					for i := from; i < from+1000; i++ {
						r := replica(fmt.Sprintf("%08x", i*2654435761), fmt.Sprintf("Meeting %d", i))
						start := noon.AddDate(0, 0, i%(n/50)-n/100) // 50 a day
						r.Event.Content.When = calendar.When{Start: calendar.At(start, time.UTC), End: calendar.At(start.Add(time.Hour), time.UTC)}
						if err := tx.PutReplica(work, r); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				err := s.View(func(tx *Tx) error {
					if ids, _ := tx.EventsBetween(work, noon, noon.AddDate(0, 0, 7), 5000); len(ids) < 300 {
						return fmt.Errorf("%d events", len(ids))
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
