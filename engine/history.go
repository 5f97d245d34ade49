package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// maxHistory is how many entries are read at once: a page is whole in memory.
const maxHistory = 1000

// History lists entries, newest first.
func (e *Engine) History(ctx context.Context, q control.HistoryQuery) ([]state.HistoryEntry, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	f := store.HistoryFilter{Before: q.Before, Limit: min(q.Limit, maxHistory), Mirror: q.Mirror, Entity: q.Entity, Text: q.Text, Pass: q.Pass, Kind: q.Kind, Amiss: q.Amiss}
	out := []state.HistoryEntry{}
	if q.Event == "" {
		err := e.eachHistory(ctx, f, func(x state.HistoryEntry) bool {
			out = append(out, x)
			return len(out) < f.Limit
		})
		return out, err
	}
	h, err := e.gather(true, nil)
	if err != nil {
		return nil, err
	}
	var id state.EntityID
	if err := e.Store.View(func(tx *store.Tx) (err error) { id, err = e.toldOf(tx, h, q.Event); return }); err != nil {
		return nil, err
	}
	// What an undo made again was another entity before.
	entities, undone, most := map[state.EntityID]bool{id: true}, map[uint64]bool{}, f.Limit
	f.Entity, f.Limit = "", 0
	err = e.eachHistory(ctx, f, func(x state.HistoryEntry) bool {
		if undone[x.Seq] && x.Entity != "" {
			entities[x.Entity] = true
		}
		if entities[x.Entity] {
			out = append(out, x)
			for _, seq := range x.Undoes {
				undone[seq] = true
			}
		}
		return len(out) < most
	})
	return out, err
}

// toldOf finds the one entity that a word means: an event that is there, by id, title or
// part of it; else one that the history tells of.
func (e *Engine) toldOf(tx *store.Tx, h *house, word string) (state.EntityID, error) {
	word = strings.TrimSpace(word)
	found, err := e.named(tx, h, word)
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
		all, err := tx.History(store.HistoryFilter{})
		if err != nil {
			return "", err
		}
		want := folded(word)
		for _, same := range []func(x state.HistoryEntry) bool{
			func(x state.HistoryEntry) bool { return string(x.Entity) == word },
			func(x state.HistoryEntry) bool { return folded(x.Title) == want },
			func(x state.HistoryEntry) bool { return strings.Contains(folded(x.Title), want) },
		} {
			for _, x := range all {
				if x.Entity != "" && same(x) && !slices.Contains(ids, x.Entity) {
					ids, names = append(ids, x.Entity), append(names, fmt.Sprintf("%s (%s)", x.Entity, x.Title))
				}
			}
			if len(ids) > 0 {
				break
			}
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
func (e *Engine) HistoryDetail(_ context.Context, seq uint64) (control.HistoryDetail, error) {
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
		later, err := tx.History(store.HistoryFilter{After: seq})
		if err != nil {
			return err
		}
		for _, y := range later { // newest first
			if slices.Contains(y.Undoes, seq) {
				out.UndoneBy = y.Seq
			}
		}
		u := undoing{Engine: e, h: h, entities: map[state.EntityID]state.Entity{}, again: map[state.EntityID]state.EntityID{}}
		_, out.CannotUndo, err = u.undo(tx, x)
		return err
	})
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

// scanAtOnce is how many entries one transaction looks at: a few milliseconds.
const scanAtOnce = 2000

// eachHistory hands over the entries that a filter picks, newest first, until f has enough.
// It looks at them in bounded transactions, so what is written meanwhile may be missing.
func (e *Engine) eachHistory(ctx context.Context, filter store.HistoryFilter, f func(state.HistoryEntry) bool) error {
	filter.Scan = scanAtOnce
	for {
		var part []state.HistoryEntry
		var rest uint64
		if err := e.Store.View(func(tx *store.Tx) (err error) { part, rest, err = tx.HistoryPart(filter); return }); err != nil {
			return err
		}
		for _, x := range part {
			if !f(x) {
				return nil
			}
		}
		if rest == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil { // nobody waits for it any more
			return err
		}
		filter.Before = rest
	}
}
