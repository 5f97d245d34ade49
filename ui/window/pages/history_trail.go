package pages

import (
	"sort"

	"github.com/twinday/twinday/store/state"
)

// trail is the history as far as it was fetched, newest first, in rows: passes that did
// several things have a row of their own above them. Of entries far from the view only
// their numbers are kept: a hundred thousand take some megabytes.
type trail struct {
	marks []mark
	rows  []int32 // an index of marks; of a pass's own row ^ the index of its first
	plain bool    // no rows for passes
	kept  map[uint64]state.HistoryEntry
}

// mark is what is kept of every entry.
type mark struct {
	seq, pass uint64
	sort      entrySort
}

// entrySort is what is counted of a pass.
type entrySort uint8

const (
	wasMade entrySort = iota
	wasChanged
	wasDeleted
	wasLinked
	wasTrouble
	wasNoted
)

func sortOf(h state.HistoryEntry) entrySort {
	switch {
	case h.Amiss():
		return wasTrouble
	case h.Outcome != state.Done: // nothing was written
		return wasNoted
	}
	switch h.Kind {
	case state.Create:
		return wasMade
	case state.Update, state.Answer:
		return wasChanged
	case state.Delete:
		return wasDeleted
	case state.Adopt:
		return wasLinked
	}
	return wasNoted
}

// keptAround is how many entries on either side of the view are kept whole, and keptMost
// how many in all before the others are let go.
const keptAround, keptMost = 400, 1500

// keep takes entries whole, at being the index of what is in view.
func (t *trail) keep(entries []state.HistoryEntry, at int) {
	if t.kept == nil {
		t.kept = map[uint64]state.HistoryEntry{}
	}
	for _, h := range entries {
		t.kept[h.Seq] = h
	}
	if len(t.kept) <= keptMost || len(t.marks) == 0 {
		return
	}
	newest := t.marks[max(min(at-keptAround, len(t.marks)-1), 0)].seq
	oldest := t.marks[min(max(at+keptAround, 0), len(t.marks)-1)].seq
	for seq := range t.kept {
		if seq > newest || seq < oldest {
			delete(t.kept, seq)
		}
	}
}

func marksOf(entries []state.HistoryEntry) []mark {
	var out []mark
	for _, h := range entries {
		out = append(out, mark{h.Seq, h.Pass, sortOf(h)})
	}
	return out
}

// older takes entries that come after all that is known.
func (t *trail) older(entries []state.HistoryEntry, at int) {
	from := len(t.marks)
	t.marks = append(t.marks, marksOf(entries)...)
	for from > 0 && from < len(t.marks) && t.marks[from].pass == t.marks[from-1].pass {
		from-- // its pass goes on: it may need a row now
	}
	t.lay(from)
	t.keep(entries, at)
}

// newer takes entries that come before all that is known.
func (t *trail) newer(entries []state.HistoryEntry, at int) {
	t.marks = append(marksOf(entries), t.marks...)
	t.lay(0)
	t.keep(entries, at+len(entries))
}

// lay makes the rows anew from an entry on.
func (t *trail) lay(from int) {
	if from == 0 {
		t.rows = t.rows[:0]
	} else {
		t.rows = t.rows[:t.row(from)]
		if n := len(t.rows); n > 0 && t.rows[n-1] < 0 {
			t.rows = t.rows[:n-1]
		}
	}
	for i := from; i < len(t.marks); i++ {
		first := i == 0 || t.marks[i].pass != t.marks[i-1].pass
		if first && !t.plain && i+1 < len(t.marks) && t.marks[i].pass == t.marks[i+1].pass {
			t.rows = append(t.rows, ^int32(i))
		}
		t.rows = append(t.rows, int32(i))
	}
}

// row is where an entry stands.
func (t *trail) row(index int) int {
	return sort.Search(len(t.rows), func(r int) bool {
		i := int(t.rows[r])
		if i < 0 {
			return ^i > index
		}
		return i >= index
	})
}

// at is the entry of a row, or the first of the pass that the row is about.
func (t *trail) at(row int) (index int, ofPass bool) {
	if i := int(t.rows[row]); i < 0 {
		return ^i, true
	} else {
		return i, false
	}
}

// find is the index of an entry; -1 if it is not known.
func (t *trail) find(seq uint64) int {
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].seq <= seq })
	if i == len(t.marks) || t.marks[i].seq != seq {
		return -1
	}
	return i
}

// pass counts what a pass did, from its first entry on. whole says that all of its
// entries are known.
func (t *trail) pass(first int) (counts [wasNoted + 1]int, whole bool) {
	for i := first; i < len(t.marks); i++ {
		if t.marks[i].pass != t.marks[first].pass {
			return counts, true
		}
		counts[t.marks[i].sort]++
	}
	return counts, false
}

// grouped reports whether an entry stands below a row of its pass.
func (t *trail) grouped(i int) bool {
	same := func(k int) bool { return k >= 0 && k < len(t.marks) && t.marks[k].pass == t.marks[i].pass }
	return !t.plain && (same(i-1) || same(i+1))
}
