package store

import (
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// DirtyEvent is an event that was read as changed and not reconciled since.
type DirtyEvent struct {
	Ref state.Ref
	ID  calendar.RemoteID
}

// MarkDirty notes that an event must be reconciled. It belongs into the
// transaction that keeps what was read.
func (t *Tx) MarkDirty(ref state.Ref, id calendar.RemoteID) error {
	if err := checkRef(ref); err != nil {
		return err
	}
	if err := checkID("an event", string(id)); err != nil {
		return err
	}
	return t.bucket(bucketDirty).Put(dirtyKey(ref, id), nil)
}

// ClearDirty notes that an event was reconciled.
func (t *Tx) ClearDirty(ref state.Ref, id calendar.RemoteID) error {
	return t.bucket(bucketDirty).Delete(dirtyKey(ref, id))
}

// DirtyEvents lists what must be reconciled, by calendar and id.
func (t *Tx) DirtyEvents() []DirtyEvent {
	var out []DirtyEvent
	for _, key := range keys(t.bucket(bucketDirty), nil) {
		account, rest, _ := strings.Cut(key, "\x00")
		cal, id, _ := strings.Cut(rest, "\x00")
		out = append(out, DirtyEvent{
			Ref: state.Ref{Account: state.AccountID(account), Calendar: calendar.CalendarID(cal)},
			ID:  calendar.RemoteID(id),
		})
	}
	return out
}

func dirtyKey(ref state.Ref, id calendar.RemoteID) []byte {
	return append(append(refKey(ref), 0), id...)
}

// SetPending notes that an entity has steps outstanding.
func (t *Tx) SetPending(id state.EntityID) error {
	if err := checkID("an entity", string(id)); err != nil {
		return err
	}
	return t.bucket(bucketPending).Put([]byte(id), nil)
}

// ClearPending notes that an entity has no steps outstanding.
func (t *Tx) ClearPending(id state.EntityID) error {
	return t.bucket(bucketPending).Delete([]byte(id))
}

// PendingEntities lists the entities with steps outstanding.
func (t *Tx) PendingEntities() []state.EntityID {
	var out []state.EntityID
	for _, key := range keys(t.bucket(bucketPending), nil) {
		out = append(out, state.EntityID(key))
	}
	return out
}

// RebuildIndexes makes every index anew from accounts, replicas and entities.
// What is dirty or pending cannot be told from them without the rules, so every
// replica becomes dirty and every entity pending: the next pass looks at
// everything once.
func (t *Tx) RebuildIndexes() error {
	for _, name := range rebuildable {
		if err := t.b.DeleteBucket(name); err != nil {
			return err
		}
		if _, err := t.b.CreateBucket(name); err != nil {
			return err
		}
	}
	err := t.Entities(func(e state.Entity) error {
		if err := t.relink(e.ID, nil, entityLinks(e)); err != nil {
			return err
		}
		return t.SetPending(e.ID)
	})
	if err != nil {
		return err
	}
	for _, ref := range t.refsOf(bucketReplicas) {
		err := t.EachReplica(ref, func(r state.Replica) error {
			if err := t.MarkDirty(ref, r.Event.ID); err != nil {
				return err
			}
			return t.reindexLooks(ref, nil, alikeKeys(lookOf(r)))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// refsOf lists the calendars that have a bucket within name.
func (t *Tx) refsOf(name []byte) []state.Ref {
	var out []state.Ref
	for _, key := range keys(t.bucket(name), nil) {
		account, cal, _ := strings.Cut(key, "\x00")
		out = append(out, state.Ref{Account: state.AccountID(account), Calendar: calendar.CalendarID(cal)})
	}
	return out
}

// PutIntent adds or replaces the journal entry of a step.
func (t *Tx) PutIntent(i state.Intent) error {
	return t.put(bucketIntents, "an intent", i.ID, i)
}

// DeleteIntent ends an intent. It belongs into the transaction that keeps the
// step's result.
func (t *Tx) DeleteIntent(id string) error {
	return t.bucket(bucketIntents).Delete([]byte(id))
}

// Intents lists the open intents, oldest first.
func (t *Tx) Intents() ([]state.Intent, error) {
	return list[state.Intent](t, bucketIntents, nil)
}

// NextIntentID mints the id of a new intent, sorted by age. In a View it makes
// the transaction fail.
func (t *Tx) NextIntentID() string { return "i" + counter(t.next(bucketIntents)) }

// PutHeld adds or replaces a step that waits for the person.
func (t *Tx) PutHeld(h state.Held) error { return t.put(bucketHeld, "a held step", h.ID, h) }

// Held reads one held step.
func (t *Tx) Held(id string) (state.Held, bool, error) {
	return get[state.Held](t, bucketHeld, []byte(id))
}

// AllHeld lists the held steps, decided or not.
func (t *Tx) AllHeld() ([]state.Held, error) { return list[state.Held](t, bucketHeld, nil) }

// DeleteHeld forgets a held step and its decision.
func (t *Tx) DeleteHeld(id string) error { return t.bucket(bucketHeld).Delete([]byte(id)) }

// eachIn hands key and value of a whole bucket on, nested buckets with a nil value.
func eachIn(b *bolt.Bucket, f func(k, v []byte) error) error {
	if b == nil {
		return nil
	}
	return b.ForEach(f)
}
