package store

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// at is an event from start on, with rules.
func at(id string, start, end calendar.Time, rules ...string) state.Replica {
	r := replica(id, id)
	r.Event.Content.When = calendar.When{Start: start, End: end, Recurrence: calendar.Recurrence{Rules: rules}}
	return r
}

func clock(local string) calendar.Time { return calendar.Time{Local: local, Zone: "Europe/Berlin"} }

func between(t *testing.T, s *Store, from, to time.Time, most int) (got []string, more bool) {
	t.Helper()
	view(t, s, func(tx *Tx) error {
		var ids []calendar.RemoteID
		ids, more = tx.EventsBetween(work, from, to, most)
		for _, id := range ids {
			got = append(got, string(id))
		}
		return nil
	})
	slices.Sort(got)
	return got, more
}

// puts keeps replicas of work.
func puts(all ...state.Replica) func(*Tx) error {
	return func(tx *Tx) error {
		for _, r := range all {
			if err := tx.PutReplica(work, r); err != nil {
				return err
			}
		}
		return nil
	}
}

var spanWorld = func() []state.Replica {
	moved := at("moved", clock("2025-01-06T09:00:00"), clock("2025-01-06T10:00:00"), "RRULE:FREQ=WEEKLY;COUNT=3")
	moved.Event.Overrides = map[string]calendar.Override{"20250113T080000Z": {Original: clock("2025-01-13T09:00:00"), Changed: calendar.Groups{calendar.GroupWhen},
		Content: calendar.Content{When: calendar.When{Start: clock("2026-03-16T09:00:00"), End: clock("2026-03-16T10:00:00")}}}}
	gone := at("gone", clock("2026-03-16T09:00:00"), clock("2026-03-16T10:00:00"))
	gone.Deleted = true
	return []state.Replica{
		at("single", clock("2026-03-16T09:00:00"), clock("2026-03-16T10:00:00")),
		at("day", calendar.Time{Local: "2026-03-16"}, calendar.Time{Local: "2026-03-17"}),
		at("leave", calendar.Time{Local: "2025-06-01"}, calendar.Time{Local: "2026-06-01"}),
		at("week before", clock("2026-03-02T09:00:00"), clock("2026-03-02T10:00:00")),
		at("next month", clock("2026-04-16T09:00:00"), clock("2026-04-16T10:00:00")),
		at("for ever", clock("2020-01-06T09:00:00"), clock("2020-01-06T10:00:00"), "RRULE:FREQ=WEEKLY"),
		at("by dates", clock("2020-01-06T09:00:00"), clock("2020-01-06T10:00:00"), "RDATE;TZID=Europe/Berlin:20260316T090000"),
		at("until long ago", clock("2020-01-06T09:00:00"), clock("2020-01-06T10:00:00"), "RRULE:FREQ=WEEKLY;UNTIL=20200601T000000Z"),
		at("counted out", clock("2025-01-06T09:00:00"), clock("2025-01-06T10:00:00"), "RRULE:FREQ=WEEKLY;COUNT=3"),
		at("not yet", clock("2026-05-04T09:00:00"), clock("2026-05-04T10:00:00"), "RRULE:FREQ=WEEKLY"),
		moved, gone,
	}
}()

var spansWanted = []string{"by dates", "day", "for ever", "leave", "moved", "single"}

func TestWhatLiesBetweenTwoMomentsIsFound(t *testing.T) {
	s := tempStore(t)
	update(t, s, puts(spanWorld...))
	from := time.Date(2026, 3, 15, 23, 0, 0, 0, time.UTC)
	got, more := between(t, s, from, from.Add(7*24*time.Hour), 100)
	same(t, "what lies in the week", got, spansWanted)
	if more {
		t.Error("more is said to be there")
	}
	if got, more := between(t, s, from, from.Add(7*24*time.Hour), 2); len(got) != 2 || !more {
		t.Errorf("at most two: %v, more: %v", got, more)
	}
	update(t, s, func(tx *Tx) error {
		gone := spanWorld[0]
		gone.Deleted = true
		moved := at("day", calendar.Time{Local: "2026-04-16"}, calendar.Time{Local: "2026-04-17"})
		return puts(gone, moved)(tx)
	})
	got, _ = between(t, s, from, from.Add(7*24*time.Hour), 100)
	same(t, "after one went and one was moved", got, []string{"by dates", "for ever", "leave", "moved"})
	update(t, s, func(tx *Tx) error { return tx.RebuildIndexes() })
	got, _ = between(t, s, from, from.Add(7*24*time.Hour), 100)
	same(t, "after the indexes were made anew", got, []string{"by dates", "for ever", "leave", "moved"})
}

func TestAnOldStoreLearnsWhatIsWhen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinday.db")
	s, err := open(path, Options{}, migrations[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(puts(spanWorld...)); err != nil {
		t.Fatal(err)
	}
	err = s.db.Update(func(tx *bolt.Tx) error { // version 1 knew nothing of it
		b := tx.Bucket(bucketAlike).Bucket(refKey(work))
		var spans [][]byte
		err := b.ForEach(func(k, _ []byte) error {
			if k[0] == 'w' {
				spans = append(spans, bytes.Clone(k))
			}
			return nil
		})
		for _, k := range spans {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, path)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 15, 23, 0, 0, 0, time.UTC)
	got, _ := between(t, s, from, from.Add(7*24*time.Hour), 100)
	same(t, "what lies in the week", got, spansWanted)
}

// No occurrence of anything is ever missed, and what is far off is left out.
func TestNoOccurrenceIsMissed(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rules := [][]string{nil, {"RRULE:FREQ=DAILY"}, {"RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=5"}, {"RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4"},
		{"RRULE:FREQ=DAILY;UNTIL=20260301T120000Z"}, {"RRULE:FREQ=YEARLY;COUNT=3"}}
	rapid.Check(t, func(rt *rapid.T) {
		start := begin.Add(time.Duration(rapid.IntRange(0, 24*200).Draw(rt, "start")) * time.Hour)
		length := time.Duration(rapid.IntRange(0, 24*30).Draw(rt, "length")) * time.Hour
		rule := rapid.SampledFrom(rules).Draw(rt, "rule")
		from := begin.Add(time.Duration(rapid.IntRange(-24*100, 24*500).Draw(rt, "from")) * time.Hour)
		to := from.Add(time.Duration(rapid.IntRange(1, 24*14).Draw(rt, "days")) * time.Hour)
		r := at("x", calendar.At(start, time.UTC), calendar.At(start.Add(length), time.UTC), rule...)
		occurrences, err := r.Event.Content.When.Occurrences()
		if err != nil {
			rt.Fatal(err)
		}
		there := false
		for o := range occurrences.Between(from.Add(-length), to) {
			at, _ := o.Instant()
			there = there || at.Before(to) && at.Add(length).After(from)
		}
		key := spanKey(lookOf(r))
		a, b := unsorted(key[2:]), unsorted(key[10:])
		if key[1] == spanLong {
			a, b = b, a
		}
		if there && (a > to.Unix() || b < from.Unix()) {
			rt.Fatal(fmt.Sprintf("an occurrence lies between %s and %s, and the key says %d to %d", from, to, a, b))
		}
	})
}
