package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"unicode"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Replica reads what a calendar held of one event when last read.
func (t *Tx) Replica(ref state.Ref, id calendar.RemoteID) (state.Replica, bool, error) {
	return getIn[state.Replica](t, t.byRef(bucketReplicas, ref), bucketReplicas, []byte(id))
}

// PutReplica keeps what a calendar was read to hold of one event, and keeps the
// look-alikes in step: those know live replicas only.
func (t *Tx) PutReplica(ref state.Ref, r state.Replica) error {
	id := r.Event.ID
	if err := checkID("an event", string(id)); err != nil {
		return err
	}
	b, err := t.makeByRef(bucketReplicas, ref)
	if err != nil {
		return err
	}
	before, err := t.looks(b, id)
	if err != nil {
		return err
	}
	raw, err := encode(r)
	if err != nil {
		return err
	}
	if err := b.Put([]byte(id), raw); err != nil {
		return err
	}
	return t.reindexLooks(ref, before, alikeKeys(lookOf(r)))
}

// DeleteReplica forgets what was read of one event. A dirty mark on it stays.
func (t *Tx) DeleteReplica(ref state.Ref, id calendar.RemoteID) error {
	b := t.byRef(bucketReplicas, ref)
	if b == nil {
		return nil
	}
	before, err := t.looks(b, id)
	if err != nil {
		return err
	}
	if err := b.Delete([]byte(id)); err != nil {
		return err
	}
	return t.reindexLooks(ref, before, nil)
}

// EachReplica hands every replica of a calendar to f, by remote id, until f
// returns an error. f may put and delete replicas.
func (t *Tx) EachReplica(ref state.Ref, f func(state.Replica) error) error {
	return each(t, bucketReplicas, func() *bolt.Bucket { return t.byRef(bucketReplicas, ref) }, f)
}

// DropReplicas forgets all that was read of a calendar, dirty marks too. The
// cursor stays: drop it as well to read everything again.
func (t *Tx) DropReplicas(ref state.Ref) error {
	if err := t.dropByRef(bucketReplicas, ref); err != nil {
		return err
	}
	if err := t.dropByRef(bucketAlike, ref); err != nil {
		return err
	}
	prefix := append(refKey(ref), 0)
	dirty := t.bucket(bucketDirty)
	for _, id := range keys(dirty, prefix) {
		if err := dirty.Delete(append(append(refKey(ref), 0), id...)); err != nil {
			return err
		}
	}
	return nil
}

// AlikeByUID lists the live events of a calendar with this iCalendar UID. An
// empty UID is like no other.
func (t *Tx) AlikeByUID(ref state.Ref, uid string) []calendar.RemoteID {
	if uid == "" {
		return nil
	}
	return t.alike(ref, uidPrefix(uid))
}

// AlikeByLook lists the live events of a calendar with this title and these
// times. Titles compare without regard to case and to how words are spaced; times
// as moments, whatever their zone, and never a date with a wall clock. Whether a
// candidate repeats in the same way is for the caller to see.
func (t *Tx) AlikeByLook(ref state.Ref, title string, start, end calendar.Time) []calendar.RemoteID {
	return t.alike(ref, lookPrefix(title, start, end))
}

// AlikeByFingerprint lists the live events of a calendar whose UID has this
// fingerprint (state.Fingerprint): those of which a marked copy may be one.
func (t *Tx) AlikeByFingerprint(ref state.Ref, fingerprint string) []calendar.RemoteID {
	if hash := state.FingerprintHash(fingerprint); hash != nil {
		return t.alikePast(ref, 'u', hash)
	}
	return nil
}

// AlikeByMark lists the live events of a calendar that bear a mark which leads to an
// event with this fingerprint.
func (t *Tx) AlikeByMark(ref state.Ref, fingerprint string) []calendar.RemoteID {
	if hash := state.FingerprintHash(fingerprint); hash != nil {
		return t.alike(ref, append([]byte{'m'}, hash...))
	}
	return nil
}

// alikePast is alike for the beginning of a hash.
func (t *Tx) alikePast(ref state.Ref, kind byte, hash []byte) []calendar.RemoteID {
	var out []calendar.RemoteID
	for _, rest := range keys(t.byRef(bucketAlike, ref), append([]byte{kind}, hash...)) {
		if n := hashBytes - len(hash); len(rest) > n {
			out = append(out, calendar.RemoteID(rest[n:]))
		}
	}
	return out
}

func (t *Tx) alike(ref state.Ref, prefix []byte) []calendar.RemoteID {
	var out []calendar.RemoteID
	for _, id := range keys(t.byRef(bucketAlike, ref), prefix) {
		out = append(out, calendar.RemoteID(id))
	}
	return out
}

// look is the part of a replica's JSON that the look-alikes and the index of what is
// when go by.
type look struct {
	Event struct {
		ID      calendar.RemoteID `json:"id"`
		UID     string            `json:"uid"`
		Mark    calendar.Mark     `json:"mark"`
		Content struct {
			Title string        `json:"title"`
			When  calendar.When `json:"when"`
		} `json:"content"`
		Overrides map[string]lookOverride `json:"overrides"`
	} `json:"event"`
	Deleted bool `json:"deleted"`
}

type lookOverride struct {
	Content struct {
		When calendar.When `json:"when"`
	} `json:"content"`
}

func lookOf(r state.Replica) look {
	var l look
	l.Event.ID, l.Event.UID, l.Event.Mark, l.Deleted = r.Event.ID, r.Event.UID, r.Event.Mark, r.Deleted
	l.Event.Content.Title = r.Event.Content.Title
	l.Event.Content.When = r.Event.Content.When
	for slot, o := range r.Event.Overrides {
		if o.Content.When.Start.IsZero() {
			continue
		}
		moved := l.Event.Overrides[slot]
		moved.Content.When = o.Content.When
		if l.Event.Overrides == nil {
			l.Event.Overrides = map[string]lookOverride{}
		}
		l.Event.Overrides[slot] = moved
	}
	return l
}

func decodeLook(raw []byte, l *look) error { return json.Unmarshal(raw, l) }

// looks are the keys under which the replica in b is found now.
func (t *Tx) looks(b *bolt.Bucket, id calendar.RemoteID) ([][]byte, error) {
	l, ok, err := getIn[look](t, b, bucketReplicas, []byte(id))
	if err != nil || !ok {
		return nil, err
	}
	return alikeKeys(l), nil
}

func alikeKeys(l look) [][]byte {
	if l.Deleted {
		return nil
	}
	when := l.Event.Content.When
	out := [][]byte{append(lookPrefix(l.Event.Content.Title, when.Start, when.End), l.Event.ID...)}
	if l.Event.UID != "" {
		out = append(out, append(uidPrefix(l.Event.UID), l.Event.ID...))
	}
	if hash := state.FingerprintHash(state.EntityID(l.Event.Mark.Entity).Fingerprint()); hash != nil {
		out = append(out, append(append([]byte{'m'}, hash...), l.Event.ID...))
	}
	if key := spanKey(l); key != nil {
		out = append(out, key)
	}
	return out
}

func (t *Tx) reindexLooks(ref state.Ref, before, after [][]byte) error {
	if len(before) == 0 && len(after) == 0 {
		return nil
	}
	b, err := t.makeByRef(bucketAlike, ref)
	if err != nil {
		return err
	}
	has := func(set [][]byte, key []byte) bool {
		for _, k := range set {
			if bytes.Equal(k, key) {
				return true
			}
		}
		return false
	}
	for _, k := range before {
		if !has(after, k) {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
	}
	for _, k := range after {
		if !has(before, k) {
			if err := b.Put(k, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func uidPrefix(uid string) []byte { return hashed('u', uid) }

func lookPrefix(title string, start, end calendar.Time) []byte {
	return hashed('l', plainTitle(title), start.Slot(), end.Slot())
}

// hashBytes is how much of a hash a key holds.
const hashBytes = 16

// hashed is kind and a hash: keys stay short whatever the text.
func hashed(kind byte, texts ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return append([]byte{kind}, sum[:hashBytes]...)
}

// plainTitle is a title for comparing: trimmed, words one space apart, case
// folded (Unicode simple folding, as strings.EqualFold).
func plainTitle(s string) string {
	return strings.Map(fold, strings.Join(strings.Fields(s), " "))
}

// fold maps all runes that differ in case only to the smallest of them.
func fold(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}
