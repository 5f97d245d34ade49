package store

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// The index of what is when stands beside the look-alikes, as keys that begin with 'w':
// a short event stands under its start, whatever lasts longer, series above all, under
// its end. A day's slack on both sides makes up for dates, which are in no zone.
const (
	spanShort = 's' // start, end
	spanLong  = 'e' // end, start

	shortSpan = 14 * 24 * time.Hour
	spanSlack = 24 * time.Hour

	// finiteCount is up to how many occurrences a COUNT is counted out for its end; what
	// has more is taken to go on for ever.
	finiteCount = 1000
)

// EventsBetween lists the live events of a calendar that may lie between two moments,
// at most so many, and reports whether there are more. A series is listed whenever it
// goes on at that time; whether an occurrence of it lies there is for the caller to see.
func (t *Tx) EventsBetween(ref state.Ref, from, to time.Time, most int) (ids []calendar.RemoteID, more bool) {
	b := t.byRef(bucketAlike, ref)
	if b == nil || most <= 0 {
		return nil, false
	}
	begin, end := from.Add(-spanSlack).Unix(), to.Add(spanSlack).Unix()
	walk := func(kind byte, first int64, take func(a, b int64) (yes, goOn bool)) {
		prefix := []byte{'w', kind}
		c := b.Cursor()
		for k, _ := c.Seek(append(bytes.Clone(prefix), sortable(first)...)); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			if len(k) < spanBytes {
				continue
			}
			yes, goOn := take(unsorted(k[2:]), unsorted(k[10:]))
			if !goOn {
				return
			}
			if !yes {
				continue
			}
			if len(ids) == most {
				more = true
				return
			}
			ids = append(ids, calendar.RemoteID(k[spanBytes:]))
		}
	}
	walk(spanShort, begin-int64(shortSpan/time.Second), func(starts, ends int64) (bool, bool) { return ends >= begin, starts <= end })
	walk(spanLong, begin, func(_, starts int64) (bool, bool) { return starts <= end, true })
	return ids, more
}

// spanBytes is how long a key is before the event's id.
const spanBytes = 2 + 8 + 8

// spanKey is the key under which an event stands in the index of what is when; nil for
// one whose times cannot be read.
func spanKey(l look) []byte {
	when := l.Event.Content.When
	start, err := when.Start.Instant()
	if err != nil {
		return nil
	}
	end, err := when.End.Instant()
	if err != nil || end.Before(start) {
		end = start
	}
	first, last := start.Unix(), end.Unix()
	if !when.Recurrence.IsZero() {
		last = seriesEnd(when, end.Sub(start))
		for _, o := range l.Event.Overrides { // an occurrence may be moved past the others
			if from, err := o.Content.When.Start.Instant(); err == nil && !o.Content.When.Start.IsZero() {
				first = min(first, from.Unix())
			}
			if to, err := o.Content.When.End.Instant(); err == nil && !o.Content.When.End.IsZero() {
				last = max(last, to.Unix())
			}
		}
	}
	key := []byte{'w', spanShort}
	if when.Recurrence.IsZero() && last-first <= int64(shortSpan/time.Second) {
		key = append(append(key, sortable(first)...), sortable(last)...)
	} else {
		key[1] = spanLong
		key = append(append(key, sortable(last)...), sortable(first)...)
	}
	return append(key, l.Event.ID...)
}

// seriesEnd is when the last occurrence is over, or a moment after that.
func seriesEnd(when calendar.When, length time.Duration) int64 {
	counted := false
	var until int64 = math.MinInt64
	for _, line := range when.Recurrence.Rules {
		r, err := calendar.ParseRule(line)
		switch {
		case err != nil || r.Count > finiteCount: // an RDATE, or what nobody can expand
			return math.MaxInt64
		case r.Count > 0:
			counted = true
		case r.Until.IsZero():
			return math.MaxInt64
		default:
			at := r.Until
			if at.Zone == "" && !at.IsDate() {
				at.Zone = when.Start.Zone
			}
			t, err := at.Instant()
			if err != nil {
				return math.MaxInt64
			}
			until = max(until, t.Add(length+2*spanSlack).Unix())
		}
	}
	if counted {
		occurrences, err := when.Occurrences()
		if err != nil {
			return math.MaxInt64
		}
		last, ok := occurrences.Last()
		t, err := last.Instant()
		if !ok || err != nil {
			return math.MaxInt64
		}
		until = max(until, t.Add(length+spanSlack).Unix())
	}
	return until
}

func sortable(seconds int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(seconds)^1<<63)
}

func unsorted(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// indexSpans makes the index of what is when for a store that has none yet.
func indexSpans(tx *bolt.Tx) error {
	replicas := tx.Bucket(bucketReplicas)
	return replicas.ForEachBucket(func(ref []byte) error {
		alike, err := tx.Bucket(bucketAlike).CreateBucketIfNotExists(ref)
		if err != nil {
			return err
		}
		return replicas.Bucket(ref).ForEach(func(_, raw []byte) error {
			var l look
			if err := decodeLook(raw, &l); err != nil || l.Deleted {
				return err
			}
			if key := spanKey(l); key != nil {
				return alike.Put(key, nil)
			}
			return nil
		})
	})
}
