package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// remember puts n entries into the history, one a minute up to now, three a pass, each
// with so many sentences of notes.
func (b *bench) remember(n, sentences int) {
	b.Helper()
	notes := calendar.Notes{HTML: "<p>" + strings.Repeat("Bring the numbers, and coffee. ", sentences) + "</p>"}
	for from := 0; from < n; from += 5000 {
		err := b.store.Update(func(tx *store.Tx) error {
			for i := from; i < min(from+5000, n); i++ {
				e := state.HistoryEntry{Time: b.now().Add(time.Duration(i-n) * time.Minute), Pass: uint64(1 + i/3), Kind: state.Update, Outcome: state.Done,
					Entity: state.EntityID(fmt.Sprint("e", i%(n/20+1))), Mirror: b.mirror.ID, Ref: refB, From: refA, Title: fmt.Sprint("Meeting ", i), Why: "notes changed in “Main”",
					Groups: calendar.Groups{calendar.GroupNotes}, Before: calendar.Content{Title: fmt.Sprint("Meeting ", i), Notes: notes}, After: calendar.Content{Title: fmt.Sprint("Meeting ", i), Notes: notes}}
				switch {
				case i == n/10:
					e.Kind, e.Title, e.Ref = state.Create, "Dentist", refA
				case i%(n/4+1) == 7:
					e.Outcome = state.Failed
				}
				if err := tx.AppendHistory(&e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func TestALongHistoryIsLookedThroughInParts(t *testing.T) {
	b := newBench(t)
	const n = 41_000
	b.remember(n, 0)
	parts, found := 0, []state.HistoryEntry{}
	for q := (control.HistoryQuery{Text: "dentist"}); ; {
		page, err := b.face.HistoryPage(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		parts, found = parts+1, append(found, page.Entries...)
		if page.Next != 0 && q.Before != 0 && q.Before-page.Next > 20_000 {
			t.Errorf("one call looked at %d entries", q.Before-page.Next)
		}
		if q.Before = page.Next; q.Before == 0 {
			break
		}
	}
	if len(found) != 1 || found[0].Seq != n/10+1 || parts != 3 {
		t.Errorf("%d entries were found in %d parts", len(found), parts)
	}
	for name, q := range map[string]control.HistoryQuery{
		"the entry's kind":     {Kinds: []state.StepKind{state.Create}},
		"the entry's calendar": {Calendar: refA, Text: "DENTIST"},
		"the entry's pass":     {Pass: 1 + n/10/3, Kinds: []state.StepKind{state.Create}},
		"its day":              {Since: found[0].Time, Until: found[0].Time.Add(time.Second)},
		"the whole of history": {Text: "dentist"},
	} {
		if got := b.entries(q); len(got) != 1 || got[0].Seq != found[0].Seq {
			t.Errorf("%s: %d entries", name, len(got))
		}
	}
	for _, x := range b.entries(control.HistoryQuery{Amiss: true}) {
		if x.Outcome != state.Failed {
			t.Errorf("no problem: %+v", x)
		}
	}
	if _, err := b.face.HistoryPage(t.Context(), control.HistoryQuery{Event: "Dentist"}); err == nil {
		t.Error("a story is told in parts")
	}
	story := b.entries(control.HistoryQuery{Event: "Meeting 7"})
	if len(story) == 0 || story[len(story)-1].Entity != "e7" {
		t.Errorf("the story of a meeting that is gone: %d entries", len(story))
	}
}

// BenchmarkHistory is one answer to the window, out of 100 000 entries.
func BenchmarkHistory(b *testing.B) {
	w := newBench(b)
	const n = 100_000
	w.remember(n, 12)
	for _, c := range []struct {
		name string
		q    control.HistoryQuery
	}{
		{"newest", control.HistoryQuery{}},
		{"oldest", control.HistoryQuery{Before: 101}},
		{"a pass", control.HistoryQuery{Pass: 1000}},
		{"a day", control.HistoryQuery{Since: w.now().AddDate(0, 0, -30), Until: w.now().AddDate(0, 0, -29)}},
		{"a meeting", control.HistoryQuery{Entity: "e77"}},
		{"problems", control.HistoryQuery{Amiss: true}},
		{"a title that is rare", control.HistoryQuery{Text: "dentist"}},
	} {
		b.Run("part/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.HistoryPage(b.Context(), c.q); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("all/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if l, err := w.History(b.Context(), c.q); err != nil || len(l) == 0 {
					b.Fatal(len(l), err)
				}
			}
		})
	}
}
