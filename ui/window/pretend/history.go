package pretend

import (
	"context"
	"fmt"

	"github.com/twinday/twinday/engine/control"
)

// HistoryDetail tells one entry, without its fields in words.
func (e *Engine) HistoryDetail(ctx context.Context, seq uint64) (control.HistoryDetail, error) {
	if err := e.enter(ctx, "HistoryDetail", fmt.Sprint(seq)); err != nil {
		return control.HistoryDetail{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.world.History {
		if h.Seq == seq {
			return control.HistoryDetail{HistoryEntry: h, Fields: []control.FieldChange{}}, nil
		}
	}
	return control.HistoryDetail{}, &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("the history has no entry %d", seq)}
}

// Undo says that all of it is undone.
func (e *Engine) Undo(ctx context.Context, req control.UndoRequest) (control.UndoReport, error) {
	if err := e.enter(ctx, "Undo", fmt.Sprintf("%+v", req)); err != nil {
		return control.UndoReport{}, err
	}
	return control.UndoReport{Undone: []control.UndoNote{{Entry: req.Entry}}, Left: []control.UndoNote{}}, nil
}

// Why says what the world says of any event.
func (e *Engine) Why(ctx context.Context, req control.WhyRequest) ([]control.Explanation, error) {
	if err := e.enter(ctx, "Why", req.Event); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.world.Why, nil
}
