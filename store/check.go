package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// maxFindings is how many findings Check reports; more help nobody.
const maxFindings = 50

// Check verifies the whole store and returns every finding, joined: that all
// values can be read and stand under their own id; that the index of events, the
// counts, the look-alikes and the work lists say what entities and replicas say;
// that no event is part of two entities; and that bbolt's pages
// are whole. It reads everything and keeps writers waiting: for tests and
// diagnostics.
//
// It does not ask that a linked event has a replica: a part is recorded when it
// was written, its replica when it was read.
func (s *Store) Check() error { return s.CheckWithin(context.Background()) }

// CheckWithin is Check for as long as ctx lets it, for writers wait meanwhile: the error of
// ctx if not all was seen by then. Only bbolt's own look at the pages, the last and shortest
// part, cannot be cut off.
func (s *Store) CheckWithin(ctx context.Context) error {
	s.swap.RLock()
	defer s.swap.RUnlock()
	var findings []error
	err := s.guard(func() error {
		tx, err := s.db.Begin(!s.db.IsReadOnly()) // bbolt's check must not run beside a writer
		if err != nil {
			return err
		}
		defer tx.Rollback()
		c := &checker{ctx: ctx, t: &Tx{s: s, b: tx}}
		c.all()
		if err := ctx.Err(); err != nil { // what was compared was not all there
			return err
		}
		// Reading all values touched all pages where a fault can be caught; only
		// then let bbolt walk them in a goroutine of its own.
		for err := range tx.Check() {
			c.found("pages: %w", err)
		}
		findings = c.findings
		return nil
	})
	if err != nil {
		return err
	}
	if more := len(findings) - maxFindings; more > 0 {
		findings = append(findings[:maxFindings], fmt.Errorf("and %d more", more))
	}
	return errors.Join(findings...)
}

type checker struct {
	ctx      context.Context
	t        *Tx
	findings []error
}

func (c *checker) found(format string, args ...any) {
	c.findings = append(c.findings, fmt.Errorf(format, args...))
}

func (c *checker) all() {
	checkValues(c, bucketAccounts, func(a state.Account) string { return string(a.ID) })
	checkValues(c, bucketCalendars, func(v state.Calendar) string { return string(refKey(v.Ref)) })
	checkValues(c, bucketMirrors, func(m state.Mirror) string { return string(m.ID) })
	checkValues(c, bucketIntents, func(i state.Intent) string { return i.ID })
	checkValues(c, bucketHeld, func(h state.Held) string { return h.ID })
	checkValues(c, bucketHistory, func(e state.HistoryEntry) string { return string(seqKey(e.Seq)) })
	c.history()
	c.entities()
	c.replicas()
	c.work()
	for _, name := range [][]byte{bucketMeta, bucketSettings, bucketCursors} {
		c.read(name)
	}
	if c.t.LastPass(); c.t.err != nil {
		c.findings = append(c.findings, c.t.err)
	}
}

// checkValues reads every value of a bucket and compares its id with its key.
func checkValues[T any](c *checker, name []byte, id func(T) string) {
	checkValuesIn(c, c.t.bucket(name), name, id, func(T) {})
}

func checkValuesIn[T any](c *checker, b *bolt.Bucket, name []byte, id func(T) string, also func(T)) {
	_ = eachIn(b, func(k, raw []byte) error {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		var v T
		if err := c.t.decode(name, k, raw, &v); err != nil {
			c.findings = append(c.findings, err)
			return nil
		}
		if id(v) != string(k) {
			c.found("%s: %q stands under %q", name, id(v), k)
		}
		also(v)
		return nil
	})
}

// read touches every page of a bucket.
func (c *checker) read(name []byte) {
	_ = eachIn(c.t.bucket(name), func(k, v []byte) error {
		if v == nil {
			c.found("%s: %q is a bucket", name, k)
		}
		return nil
	})
}

// history: the entries are one unbroken run, up to the sequence.
func (c *checker) history() {
	b, last := c.t.bucket(bucketHistory), uint64(0)
	_ = eachIn(b, func(k, _ []byte) error {
		if len(k) != 8 {
			c.found("history: key %x", k)
			return nil
		}
		seq := binary.BigEndian.Uint64(k)
		if last != 0 && seq != last+1 {
			c.found("history: %d follows %d", seq, last)
		}
		last = seq
		return nil
	})
	if last > b.Sequence() {
		c.found("history: entry %d is beyond the sequence %d", last, b.Sequence())
	}
}

// entities: the index and the counts are what the records say, no more, no less.
func (c *checker) entities() {
	want := map[state.Ref]map[calendar.RemoteID]state.EntityID{}
	counts := map[state.Ref]int{}
	checkValuesIn(c, c.t.bucket(bucketEntities), bucketEntities, func(e state.Entity) string { return string(e.ID) }, func(e state.Entity) {
		l := entityLinks(e)
		for ref, events := range l {
			if want[ref] == nil {
				want[ref] = map[calendar.RemoteID]state.EntityID{}
			}
			for event := range events {
				if other, taken := want[ref][event]; taken {
					c.found("entities: event %q of %s is part of %s and of %s", event, ref, other, e.ID)
				}
				want[ref][event] = e.ID
			}
			if l.lives(ref) {
				counts[ref]++
			}
		}
	})
	for _, ref := range c.t.refsOf(bucketIndex) {
		_ = eachIn(c.t.byRef(bucketIndex, ref), func(k, v []byte) error {
			event := calendar.RemoteID(k)
			if by := want[ref][event]; string(by) != string(v) {
				c.found("index: event %q of %s is said to be of entity %q, but is of %q", event, ref, v, by)
			}
			delete(want[ref], event)
			return nil
		})
	}
	for ref, events := range want {
		for event, by := range events {
			c.found("index: event %q of %s, of entity %s, is not in it", event, ref, by)
		}
	}
	for _, ref := range c.t.refsOf(bucketLinked) {
		if said := c.t.CountLinked(ref); said != counts[ref] {
			c.found("linked: %s is said to have %d entities, but has %d", ref, said, counts[ref])
		}
		delete(counts, ref)
	}
	for ref, n := range counts {
		c.found("linked: the %d entities of %s are not counted", n, ref)
	}
}

// replicas: each stands under its own id, and the look-alikes know exactly the
// live ones.
func (c *checker) replicas() {
	refs := c.t.refsOf(bucketReplicas)
	for _, ref := range refs {
		want := map[string]bool{}
		id := func(r state.Replica) string { return string(r.Event.ID) }
		checkValuesIn(c, c.t.byRef(bucketReplicas, ref), bucketReplicas, id, func(r state.Replica) {
			for _, key := range alikeKeys(lookOf(r)) {
				want[string(key)] = true
			}
		})
		for _, key := range keys(c.t.byRef(bucketAlike, ref), nil) {
			if !want[key] {
				c.found("alike: %s: %x is there for no replica", ref, key)
			}
			delete(want, key)
		}
		for key := range want {
			c.found("alike: %s: %x of a replica is not there", ref, key)
		}
	}
	for _, ref := range c.t.refsOf(bucketAlike) {
		if !slices.Contains(refs, ref) && len(keys(c.t.byRef(bucketAlike, ref), nil)) > 0 {
			c.found("alike: %s has no replicas", ref)
		}
	}
}

// work: the lists name what can be found.
func (c *checker) work() {
	for _, id := range c.t.PendingEntities() {
		if c.t.bucket(bucketEntities).Get([]byte(id)) == nil {
			c.found("pending: there is no entity %q", id)
		}
	}
	for _, key := range keys(c.t.bucket(bucketDirty), nil) {
		if strings.Count(key, "\x00") != 2 {
			c.found("dirty: key %q", key)
		}
	}
}
