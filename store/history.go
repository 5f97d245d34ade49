package store

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/store/state"
)

// HistoryFilter picks entries of the history. Zero fields pick all.
type HistoryFilter struct {
	Before   uint64 // only entries with a smaller Seq
	After    uint64 // only entries with a larger Seq
	Limit    int    // at most so many; 0: no limit
	Mirror   state.MirrorID
	Entity   state.EntityID
	Pass     uint64
	Text     string           // in the title, without regard to case and spacing
	Calendar state.Ref        // where it happened, or came from
	Kinds    []state.StepKind // any of them
	Amiss    bool             // only those that a person should look at
	Since    time.Time        // at this time or later
	Until    time.Time        // before this time
	Undoing  uint64           // the entry that they undo
}

func (f HistoryFilter) takes(e state.HistoryEntry) bool {
	return (f.Mirror == "" || e.Mirror == f.Mirror) &&
		(f.Entity == "" || e.Entity == f.Entity) &&
		(f.Pass == 0 || e.Pass == f.Pass) &&
		(f.Text == "" || strings.Contains(plainTitle(e.Title), plainTitle(f.Text))) &&
		(f.Calendar == state.Ref{} || e.Ref == f.Calendar || e.From == f.Calendar) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) &&
		(!f.Amiss || e.Amiss()) &&
		(f.Since.IsZero() || !e.Time.Before(f.Since)) &&
		(f.Until.IsZero() || e.Time.Before(f.Until)) &&
		(f.Undoing == 0 || slices.Contains(e.Undoes, f.Undoing))
}

// needles are what the stored form of every entry that f takes contains: of each list
// one of them. To look for them costs a small part of what decoding does.
func (f HistoryFilter) needles() (all [][][]byte, err error) {
	add := func(key string, values ...any) {
		var any [][]byte
		for _, v := range values {
			raw, e := encode(v)
			if e != nil {
				err = e
			}
			any = append(any, append([]byte(key), raw...))
		}
		if len(any) > 0 {
			all = append(all, any)
		}
	}
	if f.Mirror != "" {
		add(`"mirror":`, f.Mirror)
	}
	if f.Entity != "" {
		add(`"entity":`, f.Entity)
	}
	if f.Calendar != (state.Ref{}) {
		add("", f.Calendar)
	}
	if f.Undoing != 0 {
		all = append(all, [][]byte{[]byte(`"undoes":`)})
	}
	kinds := []any{}
	for _, k := range f.Kinds {
		kinds = append(kinds, k)
	}
	add(`"kind":`, kinds...)
	if f.Amiss {
		add(`"outcome":`, state.Failed, state.Overridden, state.Reverted)
	}
	return all, err
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

// History lists entries, newest first. It looks at as many as it takes: where people
// wait, or the history may be long, ScanHistory does it in steps.
func (t *Tx) History(f HistoryFilter) ([]state.HistoryEntry, error) {
	page, err := t.ScanHistory(f, math.MaxInt)
	return page.Entries, err
}

// HistoryPage is a step of looking through the history.
type HistoryPage struct {
	Entries []state.HistoryEntry
	// Next is HistoryFilter.Before of the next step; 0 if there is no more.
	Next uint64
	// Looked is how many entries were looked at.
	Looked int
}

// clockSlack is how far the times of entries may be from their order: a computer's
// clock is put right now and then.
const clockSlack = 24 * time.Hour

// ScanHistory lists entries, newest first, and looks at so many at most.
func (t *Tx) ScanHistory(f HistoryFilter, most int) (HistoryPage, error) {
	page := HistoryPage{}
	if f.Before == 0 {
		f.Before = math.MaxUint64
	}
	needles, err := f.needles()
	if err != nil {
		return page, err
	}
	if !f.Until.IsZero() {
		first, err := t.firstInHistory(func(e stamp) bool { return e.Time.After(f.Until.Add(clockSlack)) })
		if err != nil {
			return page, err
		}
		f.Before = min(f.Before, first)
	}
	if f.Pass != 0 { // passes are counted in their order
		first, err := t.firstInHistory(func(e stamp) bool { return e.Pass > f.Pass })
		if err != nil {
			return page, err
		}
		f.Before = min(f.Before, first)
	}
	c := t.bucket(bucketHistory).Cursor()
	step := c.Prev
	if k, _ := c.Seek(seqKey(f.Before)); k == nil {
		step = c.Last
	}
	for k, raw := step(); k != nil; k, raw = c.Prev() {
		seq := binary.BigEndian.Uint64(k)
		if seq <= f.After {
			break
		}
		if page.Looked >= most || f.Limit > 0 && len(page.Entries) >= f.Limit {
			page.Next = seq + 1
			break
		}
		page.Looked++
		if !containsAll(raw, needles) {
			continue
		}
		if f.Text != "" || !f.Since.IsZero() || f.Pass != 0 {
			var head stamp
			if err := t.decode(bucketHistory, k, raw, &head); err != nil {
				return page, err
			}
			if head.Pass < f.Pass || head.Time.Before(f.Since.Add(-clockSlack)) {
				break
			}
			if f.Text != "" && !strings.Contains(plainTitle(head.Title), plainTitle(f.Text)) {
				continue
			}
		}
		var e state.HistoryEntry
		if err := t.decode(bucketHistory, k, raw, &e); err != nil {
			return page, err
		}
		if f.takes(e) {
			page.Entries = append(page.Entries, e)
		}
	}
	return page, nil
}

// stamp is what is read of an entry that may not be wanted.
type stamp struct {
	Time  time.Time `json:"time"`
	Pass  uint64    `json:"pass"`
	Title string    `json:"title"`
}

func containsAll(raw []byte, needles [][][]byte) bool {
	for _, any := range needles {
		if !slices.ContainsFunc(any, func(n []byte) bool { return bytes.Contains(raw, n) }) {
			return false
		}
	}
	return true
}

// firstInHistory finds the first entry from which on is holds, by its Seq; one more than
// there are if it never does.
func (t *Tx) firstInHistory(is func(stamp) bool) (uint64, error) {
	c := t.bucket(bucketHistory).Cursor()
	first, _ := c.First()
	last, _ := c.Last()
	if first == nil {
		return 1, nil
	}
	from, end := binary.BigEndian.Uint64(first), binary.BigEndian.Uint64(last)+1
	for from < end {
		mid := from + (end-from)/2
		k, raw := c.Seek(seqKey(mid))
		if k == nil {
			end = mid
			continue
		}
		var e stamp
		if err := t.decode(bucketHistory, k, raw, &e); err != nil {
			return 0, err
		}
		if is(e) {
			end = mid
		} else {
			from = binary.BigEndian.Uint64(k) + 1
		}
	}
	return end, nil
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
