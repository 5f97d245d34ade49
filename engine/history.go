package engine

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// maxHistory is how many entries are read at once: a page is whole in memory.
const maxHistory = 1000

// looksAtOnce is how many entries one transaction looks at, some milliseconds' worth, and
// looksACall how many HistoryPage does, so that a face hears soon how far it got.
const looksAtOnce, looksACall = 1000, 20_000

// History lists entries, newest first.
func (e *Engine) History(ctx context.Context, q control.HistoryQuery) ([]state.HistoryEntry, error) {
	if q.Event != "" {
		return e.story(ctx, q)
	}
	f := filterOf(q)
	out, _, err := e.browse(ctx, f, math.MaxInt)
	return out, err
}

// HistoryPage looks through a part of the history.
func (e *Engine) HistoryPage(ctx context.Context, q control.HistoryQuery) (control.HistoryPage, error) {
	if q.Event != "" {
		return control.HistoryPage{}, usage("the story of an event is not told in parts: name its entity instead")
	}
	entries, next, err := e.browse(ctx, filterOf(q), looksACall)
	return control.HistoryPage{Entries: entries, Next: next}, err
}

func filterOf(q control.HistoryQuery) store.HistoryFilter {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	return store.HistoryFilter{Before: q.Before, Limit: min(q.Limit, maxHistory), Mirror: q.Mirror, Entity: q.Entity, Text: q.Text, Pass: q.Pass,
		Calendar: q.Calendar, Kinds: q.Kinds, Amiss: q.Amiss, Since: q.Since, Until: q.Until}
}

// browse looks through the history, at so many entries at most, in short transactions: one
// that is long keeps the store from using its space again, and a pass from its end. next
// is where to go on; 0 at the end.
func (e *Engine) browse(ctx context.Context, f store.HistoryFilter, most int) (out []state.HistoryEntry, next uint64, err error) {
	out = []state.HistoryEntry{}
	limit, looked := f.Limit, 0
	for {
		var page store.HistoryPage
		err := e.Store.View(func(tx *store.Tx) (err error) {
			page, err = tx.ScanHistory(f, min(looksAtOnce, most-looked))
			return err
		})
		if err != nil {
			return out, 0, err
		}
		out, looked = append(out, page.Entries...), looked+page.Looked
		if page.Next == 0 || looked >= most || limit > 0 && len(out) >= limit {
			return out, page.Next, nil
		}
		if f.Before = page.Next; limit > 0 {
			f.Limit = limit - len(out)
		}
		if err := ctx.Err(); err != nil {
			return out, 0, err
		}
	}
}

// story lists the entries of one event.
func (e *Engine) story(ctx context.Context, q control.HistoryQuery) ([]state.HistoryEntry, error) {
	h, err := e.gather(true, nil)
	if err != nil {
		return nil, err
	}
	id, err := e.toldOf(ctx, h, q.Event)
	if err != nil {
		return nil, err
	}
	f := filterOf(q)
	limit := f.Limit
	f.Entity, f.Limit = "", 0
	out := []state.HistoryEntry{}
	// What an undo made again was another entity before.
	entities, undone := map[state.EntityID]bool{id: true}, map[uint64]bool{}
	for {
		all, next, err := e.browse(ctx, f, looksAtOnce)
		if err != nil {
			return nil, err
		}
		for _, x := range all {
			if undone[x.Seq] && x.Entity != "" {
				entities[x.Entity] = true
			}
			if !entities[x.Entity] {
				continue
			}
			if out = append(out, x); len(out) == limit {
				return out, nil
			}
			for _, seq := range x.Undoes {
				undone[seq] = true
			}
		}
		if f.Before = next; next == 0 {
			return out, nil
		}
	}
}

// toldOf finds the one entity that a word means: an event that is there, by id, title or
// part of it; else one that the history tells of.
func (e *Engine) toldOf(ctx context.Context, h *house, word string) (state.EntityID, error) {
	word = strings.TrimSpace(word)
	var found []homeEvent
	err := e.Store.View(func(tx *store.Tx) (err error) { found, err = e.named(tx, h, word); return err })
	if err != nil {
		return "", err
	}
	ids, names := []state.EntityID{}, []string{}
	for _, f := range found {
		if f.entity.ID != "" {
			ids = append(ids, f.entity.ID)
			names = append(names, fmt.Sprintf("%s (%s, in %s)", f.id, f.entity.Base.Title, h.members[f.ref].Name))
		}
	}
	if len(ids) == 0 {
		byID, _, err := e.browse(ctx, store.HistoryFilter{Entity: state.EntityID(word), Limit: 1}, math.MaxInt)
		if err != nil || len(byID) > 0 {
			return state.EntityID(word), err
		}
		titled := map[state.EntityID]string{} // a title or a part of it: of each one
		exact := false
		for f := (store.HistoryFilter{Text: word}); ; {
			all, next, err := e.browse(ctx, f, looksAtOnce)
			if err != nil {
				return "", err
			}
			for _, x := range all {
				same := folded(x.Title) == folded(word)
				if same && !exact {
					exact, ids, titled = true, nil, map[state.EntityID]string{}
				}
				if _, known := titled[x.Entity]; x.Entity != "" && same == exact && !known {
					titled[x.Entity] = x.Title
					ids = append(ids, x.Entity)
				}
			}
			if f.Before = next; next == 0 {
				break
			}
		}
		for _, id := range ids {
			names = append(names, fmt.Sprintf("%s (%s)", id, titled[id]))
		}
	}
	switch len(ids) {
	case 0:
		return "", notFound("neither a mirrored calendar nor the history has an event %q", word)
	case 1:
		return ids[0], nil
	}
	return "", notFound("several events are called %q; say which by its id: %s", word, strings.Join(names[:min(len(names), maxPreviewed)], ", "))
}

// HistoryDetail tells one entry field by field.
func (e *Engine) HistoryDetail(ctx context.Context, seq uint64) (control.HistoryDetail, error) {
	out := control.HistoryDetail{}
	h, err := e.gather(true, nil)
	if err != nil {
		return out, err
	}
	err = e.Store.View(func(tx *store.Tx) error {
		x, ok, err := tx.HistoryEntry(seq)
		if err != nil {
			return err
		}
		if !ok {
			return notFound("the history has no entry %d; `twinday history` shows those there are", seq)
		}
		out.HistoryEntry, out.Fields = x, fieldChanges(x)
		u := undoing{Engine: e, h: h, entities: map[state.EntityID]state.Entity{}, again: map[state.EntityID]state.EntityID{}}
		if _, out.CannotUndo, err = u.undo(tx, x); err != nil || out.CannotUndo == "" {
			return err
		}
		u = undoing{Engine: e, h: h, force: true, entities: map[state.EntityID]state.Entity{}, again: map[state.EntityID]state.EntityID{}}
		_, why, err := u.undo(tx, x)
		out.Forced = why == ""
		return err
	})
	if err != nil {
		return out, err
	}
	undos, _, err := e.browse(ctx, store.HistoryFilter{After: seq, Undoing: seq}, math.MaxInt)
	for _, x := range undos { // newest first
		out.UndoneBy = x.Seq
	}
	return out, err
}

// fieldChanges are the fields of an entry in words.
func fieldChanges(x state.HistoryEntry) []control.FieldChange {
	groups := x.Groups
	if len(groups) == 0 {
		groups = calendar.Diff(x.Before, x.After)
	}
	if len(x.Was.Slots) > 0 && x.Kind == "" {
		groups = nil // of an occurrence: below
	}
	out := []control.FieldChange{}
	for _, g := range groups {
		c := control.FieldChange{Field: g, At: x.Slot, Before: mapping.Words(g, x.Before), After: mapping.Words(g, x.After)}
		c.Changed = c.Before != c.After
		if c.Before != "" || c.After != "" {
			out = append(out, c)
		}
	}
	for _, slot := range x.Slots {
		before, after := x.BeforeOverrides[slot], x.AfterOverrides[slot]
		if before.Equal(after) {
			continue
		}
		for _, g := range calendar.AllGroups {
			c := control.FieldChange{Field: g, At: slot, Before: occurrenceWords(g, before), After: occurrenceWords(g, after)}
			if c.Changed = c.Before != c.After; c.Changed {
				out = append(out, c)
			}
		}
	}
	return out
}

// occurrenceWords is a field of an occurrence for a person.
func occurrenceWords(g calendar.Group, o calendar.Override) string {
	switch {
	case o.Cancelled && g == calendar.GroupWhen:
		return "cancelled"
	case o.Cancelled, !o.Changed.Has(g):
		return "as in the series"
	}
	if w := mapping.Words(g, o.Content); w != "" {
		return w
	}
	return "nothing"
}
