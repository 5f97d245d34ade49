package store

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// entityPrefix is how much of the installation's id begins an entity's id: 30
// bits, so that ids of a lost store do not come again.
const entityPrefix = 6

// Entity reads one entity.
func (t *Tx) Entity(id state.EntityID) (state.Entity, bool, error) {
	return get[state.Entity](t, bucketEntities, []byte(id))
}

// HasEntity reports whether there is one, without reading it.
func (t *Tx) HasEntity(id state.EntityID) bool {
	return t.bucket(bucketEntities).Get([]byte(id)) != nil
}

// StoredEntity is an entity as it is stored, for UnchangedEntity.
func (t *Tx) StoredEntity(id state.EntityID) []byte {
	return bytes.Clone(t.bucket(bucketEntities).Get([]byte(id)))
}

// UnchangedEntity reports whether an entity is still as it was stored then.
func (t *Tx) UnchangedEntity(id state.EntityID, stored []byte) bool {
	return stored != nil && bytes.Equal(t.bucket(bucketEntities).Get([]byte(id)), stored)
}

// Entities hands every entity to f, by id, until f returns an error. f may put
// and delete entities.
func (t *Tx) Entities(f func(state.Entity) error) error {
	return each(t, bucketEntities, func() *bolt.Bucket { return t.bucket(bucketEntities) }, f)
}

// PutEntity adds or replaces an entity, and keeps in step whose the events are
// (EntityOf) and how many are linked (CountLinked). *TakenError if one of its
// parts belongs to another entity already: nothing is changed then, and the
// transaction may go on. Put or delete that one first.
func (t *Tx) PutEntity(e state.Entity) error {
	for ref, record := range e.Records {
		if err := checkRef(ref); err != nil {
			return err
		}
		for _, p := range record.Parts {
			if p.ID == "" {
				continue
			}
			if err := checkID("an event", string(p.ID)); err != nil {
				return err
			}
		}
	}
	before, err := t.linksOf(e.ID)
	if err != nil {
		return err
	}
	after := entityLinks(e)
	for ref, events := range after {
		for event := range events {
			by, taken, err := t.EntityOf(ref, event)
			if err != nil {
				return err
			}
			if taken && by != e.ID {
				return &TakenError{Ref: ref, Event: event, By: by}
			}
		}
	}
	if err := t.relink(e.ID, before, after); err != nil {
		return err
	}
	return t.put(bucketEntities, "an entity", string(e.ID), e)
}

// DeleteEntity forgets an entity, whose its events are, and its pending mark.
func (t *Tx) DeleteEntity(id state.EntityID) error {
	before, err := t.linksOf(id)
	if err != nil {
		return err
	}
	if err := t.relink(id, before, nil); err != nil {
		return err
	}
	if err := t.ClearPending(id); err != nil {
		return err
	}
	return t.bucket(bucketEntities).Delete([]byte(id))
}

// EntityOf finds the entity that an event is a part of, gone parts included.
func (t *Tx) EntityOf(ref state.Ref, id calendar.RemoteID) (state.EntityID, bool, error) {
	b := t.byRef(bucketIndex, ref)
	if b == nil {
		return "", false, nil
	}
	raw := b.Get([]byte(id))
	return state.EntityID(raw), raw != nil, nil
}

// NextEntityID mints the id of a new entity: "e", six characters of the
// installation's id and a counter, sorted by age. It is never used again, not
// even after the store was lost, once the transaction is committed. In a View it
// makes the transaction fail.
func (t *Tx) NextEntityID() state.EntityID {
	return state.EntityID("e" + t.s.installation[:entityPrefix] + counter(t.next(bucketEntities)))
}

// counter is n in base 36, padded so that two thousand million sort by age.
func counter(n uint64) string {
	s := strconv.FormatUint(n, 36)
	return strings.Repeat("0", max(0, 6-len(s))) + s
}

// CountLinked is how many entities have a part in a calendar that is made and
// not gone. It is kept, not counted.
func (t *Tx) CountLinked(ref state.Ref) int {
	raw := t.bucket(bucketLinked).Get(refKey(ref))
	if len(raw) != 8 {
		return 0
	}
	return int(binary.BigEndian.Uint64(raw))
}

// links are the events of an entity: which, and whether they are there still.
type links map[state.Ref]map[calendar.RemoteID]bool

// lives reports whether any part in ref is there still.
func (l links) lives(ref state.Ref) bool {
	for _, there := range l[ref] {
		if there {
			return true
		}
	}
	return false
}

func (l links) add(ref state.Ref, id calendar.RemoteID, gone bool) {
	if id == "" {
		return // still to be made
	}
	if l[ref] == nil {
		l[ref] = map[calendar.RemoteID]bool{}
	}
	l[ref][id] = l[ref][id] || !gone
}

func entityLinks(e state.Entity) links {
	l := links{}
	for ref, record := range e.Records {
		for _, p := range record.Parts {
			l.add(ref, p.ID, p.Gone)
			if p.Before != nil {
				l.add(ref, p.Before.ID, true)
			}
		}
	}
	return l
}

// linksOf are the links of the entity as it is stored.
func (t *Tx) linksOf(id state.EntityID) (links, error) {
	type parts struct {
		Records map[state.Ref]struct {
			Parts []struct {
				ID     calendar.RemoteID `json:"id"`
				Gone   bool              `json:"gone"`
				Before *struct {
					ID calendar.RemoteID `json:"id"`
				} `json:"before"`
			} `json:"parts"`
		} `json:"records"`
	}
	e, _, err := get[parts](t, bucketEntities, []byte(id))
	if err != nil {
		return nil, err
	}
	l := links{}
	for ref, record := range e.Records {
		for _, p := range record.Parts {
			l.add(ref, p.ID, p.Gone)
			if p.Before != nil {
				l.add(ref, p.Before.ID, true)
			}
		}
	}
	return l, nil
}

// relink changes the index and the counts from before to after.
func (t *Tx) relink(id state.EntityID, before, after links) error {
	for ref, events := range before {
		b, err := t.makeByRef(bucketIndex, ref)
		if err != nil {
			return err
		}
		for event := range events {
			if _, stays := after[ref][event]; !stays {
				if err := b.Delete([]byte(event)); err != nil {
					return err
				}
			}
		}
		if before.lives(ref) && !after.lives(ref) {
			if err := t.count(ref, -1); err != nil {
				return err
			}
		}
	}
	for ref, events := range after {
		b, err := t.makeByRef(bucketIndex, ref)
		if err != nil {
			return err
		}
		for event := range events {
			if string(b.Get([]byte(event))) == string(id) {
				continue
			}
			if err := b.Put([]byte(event), []byte(id)); err != nil {
				return err
			}
		}
		if after.lives(ref) && !before.lives(ref) {
			if err := t.count(ref, +1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Tx) count(ref state.Ref, by int) error {
	n := t.CountLinked(ref) + by
	if n <= 0 {
		return t.bucket(bucketLinked).Delete(refKey(ref))
	}
	return t.bucket(bucketLinked).Put(refKey(ref), binary.BigEndian.AppendUint64(nil, uint64(n)))
}
