package store

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/twinday/twinday/store/state"
)

// HistoryFilter picks entries of the history. Zero fields pick all.
type HistoryFilter struct {
	Before uint64 // only entries with a smaller Seq
	After  uint64 // only entries with a larger Seq
	Limit  int    // at most so many; 0: no limit
	Mirror state.MirrorID
	Entity state.EntityID
	Pass   uint64
	Text   string // in the title, without regard to case and spacing
	Kind   state.StepKind
	Amiss  bool // only what failed, was overridden or was taken back
	// Scan is how many entries are looked at, at most; 0: no limit. Who wants more asks
	// again, in another transaction: a long one keeps the file from being tidied up.
	Scan int
}

func (f HistoryFilter) takes(e state.HistoryEntry) bool {
	return (f.Mirror == "" || e.Mirror == f.Mirror) &&
		(f.Entity == "" || e.Entity == f.Entity) &&
		(f.Pass == 0 || e.Pass == f.Pass) &&
		(f.Kind == "" || e.Kind == f.Kind) &&
		(!f.Amiss || e.Outcome == state.Failed || e.Outcome == state.Overridden || e.Outcome == state.Reverted) &&
		(f.Text == "" || strings.Contains(plainTitle(e.Title), plainTitle(f.Text)))
}

// AppendHistory adds an entry and sets its Seq.
func (t *Tx) AppendHistory(e *state.HistoryEntry) error {
	b := t.bucket(bucketHistory)
	seq, err := b.NextSequence()
	if err != nil {
		return err
	}
	e.Seq = seq
	raw, err := encode(e)
	if err != nil {
		return err
	}
	return b.Put(seqKey(seq), raw)
}

// History lists entries, newest first.
func (t *Tx) History(f HistoryFilter) ([]state.HistoryEntry, error) {
	out, _, err := t.HistoryPart(f)
	return out, err
}

// HistoryPart is History, and where to go on: the Before of what was not looked at because
// of Scan or Limit; 0 if that was all.
func (t *Tx) HistoryPart(f HistoryFilter) (out []state.HistoryEntry, rest uint64, err error) {
	if f.Before == 0 {
		f.Before = math.MaxUint64
	}
	c := t.bucket(bucketHistory).Cursor()
	step := c.Prev
	if k, _ := c.Seek(seqKey(f.Before)); k == nil {
		step = c.Last
	}
	last := uint64(0)
	for k, raw := step(); k != nil; k, raw = c.Prev() {
		seq := binary.BigEndian.Uint64(k)
		if seq <= f.After {
			break
		}
		if f.Limit > 0 && len(out) == f.Limit || f.Scan > 0 && last > 0 && f.Before-seq > uint64(f.Scan) {
			return out, last, nil
		}
		last = seq
		if f.Before == math.MaxUint64 { // the first
			f.Before = seq + 1
		}
		var e state.HistoryEntry
		if err := t.decode(bucketHistory, k, raw, &e); err != nil {
			return nil, 0, err
		}
		if f.takes(e) {
			out = append(out, e)
		}
	}
	return out, 0, nil
}

// HistoryEntry reads one entry.
func (t *Tx) HistoryEntry(seq uint64) (state.HistoryEntry, bool, error) {
	return get[state.HistoryEntry](t, bucketHistory, seqKey(seq))
}

// Retention says how much history is kept. What goes first beyond one of the
// limits is dropped. Zero fields are no limit.
type Retention struct {
	Since   time.Time // no entry from before
	Entries int       // at most so many
	Bytes   int64     // at most so much, as it is stored
}

// HistoryBeyond is the newest entry that is beyond r, by its Seq; 0 if all can
// stay. It reads what it counts, and no more than r allows to be kept: in a View,
// nobody waits for it.
func (t *Tx) HistoryBeyond(r Retention) (uint64, error) {
	var beyond uint64
	b := t.bucket(bucketHistory)
	c := b.Cursor()
	if r.Entries > 0 || r.Bytes > 0 {
		n, bytes := 0, int64(0)
		for k, raw := c.Last(); k != nil; k, raw = c.Prev() {
			n, bytes = n+1, bytes+int64(len(k)+len(raw))
			if r.Entries > 0 && n > r.Entries || r.Bytes > 0 && bytes > r.Bytes {
				beyond = binary.BigEndian.Uint64(k)
				break
			}
		}
	}
	if r.Since.IsZero() {
		return beyond, nil
	}
	for k, raw := c.Seek(seqKey(beyond + 1)); k != nil; k, raw = c.Next() {
		var e struct {
			Time time.Time `json:"time"`
		}
		if err := t.decode(bucketHistory, k, raw, &e); err != nil {
			return beyond, err
		}
		if !e.Time.Before(r.Since) {
			break
		}
		beyond = binary.BigEndian.Uint64(k)
	}
	return beyond, nil
}

// DropHistory drops the oldest entries, up to and including through, but at most
// so many at once. It returns how many; fewer than most means that it is done.
func (t *Tx) DropHistory(through uint64, most int) (dropped int, err error) {
	b := t.bucket(bucketHistory)
	c := b.Cursor()
	for k, _ := c.First(); k != nil && binary.BigEndian.Uint64(k) <= through && dropped < most; k, _ = c.First() {
		if err := b.Delete(k); err != nil {
			return dropped, err
		}
		dropped++
	}
	return dropped, nil
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
