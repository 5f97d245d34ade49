package pretend

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// looksACall is how many entries HistoryPage looks at, as the engine does.
const looksACall = 20_000

// History picks from the world's history.
func (e *Engine) History(ctx context.Context, q control.HistoryQuery) ([]state.HistoryEntry, error) {
	out := []state.HistoryEntry{}
	limit := cmp.Or(q.Limit, 100)
	for {
		page, err := e.HistoryPage(ctx, q)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Entries...)
		if q.Before = page.Next; page.Next == 0 || len(out) >= limit {
			return out[:min(len(out), limit)], nil
		}
	}
}

// HistoryPage picks from a part of the world's history. Of an event it picks what has its
// title.
func (e *Engine) HistoryPage(ctx context.Context, q control.HistoryQuery) (control.HistoryPage, error) {
	page := control.HistoryPage{Entries: []state.HistoryEntry{}}
	if err := e.enter(ctx, "History", ""); err != nil {
		return page, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, q)
	all := e.world.History
	if q.Before != 0 {
		all = all[sort.Search(len(all), func(i int) bool { return all[i].Seq < q.Before }):]
	}
	limit := cmp.Or(q.Limit, 100)
	for i, h := range all {
		if i == looksACall || len(page.Entries) == limit {
			page.Next = h.Seq + 1
			break
		}
		if h.Time.Before(q.Since) { // and so are all that follow
			break
		}
		if takes(q, h) {
			page.Entries = append(page.Entries, h)
		}
	}
	return page, nil
}

// Asked are the queries of the history so far.
func (e *Engine) Asked() []control.HistoryQuery {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked)
}

func takes(q control.HistoryQuery, h state.HistoryEntry) bool {
	return strings.Contains(strings.ToLower(h.Title), strings.ToLower(q.Text)) &&
		(q.Mirror == "" || q.Mirror == h.Mirror) &&
		(q.Entity == "" || q.Entity == h.Entity) &&
		(q.Pass == 0 || q.Pass == h.Pass) &&
		(q.Event == "" || q.Event == h.Title || q.Event == string(h.Entity)) &&
		(q.Calendar == state.Ref{} || q.Calendar == h.Ref || q.Calendar == h.From) &&
		(len(q.Kinds) == 0 || slices.Contains(q.Kinds, h.Kind)) &&
		(!q.Amiss || h.Amiss()) &&
		(q.Since.IsZero() || !h.Time.Before(q.Since)) &&
		(q.Until.IsZero() || h.Time.Before(q.Until))
}

// HistoryDetail tells one entry. What failed or only notes something cannot be undone.
func (e *Engine) HistoryDetail(ctx context.Context, seq uint64) (control.HistoryDetail, error) {
	if err := e.enter(ctx, "HistoryDetail", fmt.Sprint(seq)); err != nil {
		return control.HistoryDetail{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.world.History {
		if h.Seq != seq {
			continue
		}
		d := control.HistoryDetail{HistoryEntry: h, Fields: []control.FieldChange{}, CannotUndo: e.world.CannotUndo, Forced: e.world.CannotUndo != ""}
		switch {
		case h.Outcome == state.Failed:
			d.CannotUndo = "it failed, so there is nothing to take back"
		case h.Outcome == state.Noted:
			d.CannotUndo = "it only notes something, and nothing was changed"
		case h.Kind == state.Adopt:
			d.CannotUndo = "two events that were there already were linked, and nothing was written"
		}
		for _, g := range h.Groups {
			f := control.FieldChange{Field: g, Before: words(g, h.Before), After: words(g, h.After)}
			if f.Changed = f.Before != f.After; f.Changed {
				d.Fields = append(d.Fields, f)
			}
		}
		return d, nil
	}
	return control.HistoryDetail{}, &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("the history has no entry %d", seq)}
}

// words are some fields as the engine would tell them.
func words(g calendar.Group, c calendar.Content) string {
	switch g {
	case calendar.GroupTitle:
		return c.Title
	case calendar.GroupPlace:
		return c.Place
	case calendar.GroupNotes:
		return c.Notes.Text()
	case calendar.GroupWhen:
		return c.When.Start.String()
	}
	return ""
}

// Undo says what the world's Undoing says; without force it fails where the world says
// that things cannot be undone.
func (e *Engine) Undo(ctx context.Context, req control.UndoRequest) (control.UndoReport, error) {
	if err := e.enter(ctx, "Undo", "Undo "+plain(req)); err != nil {
		return control.UndoReport{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.world.CannotUndo != "" && !req.Force && req.Entry != 0 {
		return control.UndoReport{}, &control.Error{Code: control.CodeFailed, Message: fmt.Sprintf("entry %d cannot be undone: %s", req.Entry, e.world.CannotUndo)}
	}
	out := e.world.Undoing
	out.Report.DryRun = req.DryRun
	if len(out.Undone)+len(out.Left) == 0 {
		for _, h := range e.world.History {
			if req.Entry == h.Seq || req.Pass != 0 && req.Pass == h.Pass {
				out.Undone = append(out.Undone, control.UndoNote{Entry: h.Seq, Title: h.Title, Ref: h.Ref})
			}
		}
	}
	return out, nil
}

// Why says what the world says of any event.
func (e *Engine) Why(ctx context.Context, req control.WhyRequest) ([]control.Explanation, error) {
	if err := e.enter(ctx, "Why", "Why "+plain(req)); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.world.Why), nil
}
