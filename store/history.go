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
}

func (f HistoryFilter) takes(e state.HistoryEntry) bool {
	return (f.Mirror == "" || e.Mirror == f.Mirror) &&
		(f.Entity == "" || e.Entity == f.Entity) &&
		(f.Pass == 0 || e.Pass == f.Pass) &&
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
	if f.Before == 0 {
		f.Before = math.MaxUint64
	}
	var out []state.HistoryEntry
	c := t.bucket(bucketHistory).Cursor()
	step := c.Prev
	if k, _ := c.Seek(seqKey(f.Before)); k == nil {
		step = c.Last
	}
	for k, raw := step(); k != nil && (f.Limit == 0 || len(out) < f.Limit); k, raw = c.Prev() {
		var e state.HistoryEntry
		if binary.BigEndian.Uint64(k) <= f.After {
			break
		}
		if err := t.decode(bucketHistory, k, raw, &e); err != nil {
			return nil, err
		}
		if f.takes(e) {
			out = append(out, e)
		}
	}
	return out, nil
}

// HistoryEntry reads one entry.
func (t *Tx) HistoryEntry(seq uint64) (state.HistoryEntry, bool, error) {
	return get[state.HistoryEntry](t, bucketHistory, seqKey(seq))
}

// Prune drops the oldest entries: those from before keep (none if zero), and
// those beyond the newest max (none if 0). It returns how many.
func (t *Tx) Prune(keep time.Time, max int) (int, error) {
	b := t.bucket(bucketHistory)
	newest, _ := b.Cursor().Last()
	if newest == nil {
		return 0, nil
	}
	last, dropped := binary.BigEndian.Uint64(newest), 0
	c := b.Cursor()
	for k, raw := c.First(); k != nil; k, raw = c.First() {
		var e struct {
			Time time.Time `json:"time"`
		}
		if err := t.decode(bucketHistory, k, raw, &e); err != nil {
			return dropped, err
		}
		// Entries are only ever dropped from the old end, so there is none missing between.
		beyond := max > 0 && last-binary.BigEndian.Uint64(k) >= uint64(max)
		if !beyond && !e.Time.Before(keep) {
			break
		}
		if err := b.Delete(k); err != nil {
			return dropped, err
		}
		dropped++
	}
	return dropped, nil
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
