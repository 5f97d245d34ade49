package control

import (
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// HistoryDetail is one entry of the history, field by field in words.
type HistoryDetail struct {
	state.HistoryEntry
	Fields []FieldChange `json:"fields"`
	// CannotUndo is why it cannot be undone, empty if it can.
	CannotUndo string `json:"cannotUndo,omitempty"`
	UndoneBy   uint64 `json:"undoneBy,omitempty"` // the first entry that undid it
}

// FieldChange is one field before and after, in words.
type FieldChange struct {
	Field calendar.Group `json:"field"`
	// At is the original start of the occurrence of a series, empty for the event itself.
	At      string `json:"at,omitempty"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
	Changed bool   `json:"changed,omitempty"`
}

// UndoRequest asks for changes to be taken back: one entry of the history, or all that
// a pass changed.
type UndoRequest struct {
	Entry uint64 `json:"entry,omitempty"`
	Pass  uint64 `json:"pass,omitempty"`
	// Force undoes what was changed since, too.
	Force bool `json:"force,omitempty"`
	// DryRun only tells what would be done.
	DryRun bool `json:"dryRun,omitempty"`
	// Seen are the facts of deletions in the plan that the person saw and agreed to.
	Seen []string `json:"seen,omitempty"`
}

// UndoReport is what an undo did, or with DryRun would do.
type UndoReport struct {
	// Report is that of the pass that carried it out; with DryRun its steps are the
	// undo's own.
	Report Report     `json:"report"`
	Undone []UndoNote `json:"undone"` // entries that are undone
	Left   []UndoNote `json:"left"`   // and those that are not, with the reason
}

// UndoNote is one entry and what becomes of it.
type UndoNote struct {
	Entry uint64    `json:"entry"`
	Title string    `json:"title,omitempty"`
	Ref   state.Ref `json:"ref,omitzero"`
	Says  string    `json:"says,omitempty"` // a sentence worth knowing: why not, or what is different now
}

// WhyRequest asks why an event is where it is, or is not, or looks as it does.
type WhyRequest struct {
	// Event is its id in a calendar, its title, or a part of it that only one has.
	Event string `json:"event"`
}

// Explanation is all that there is to say about one event.
type Explanation struct {
	Title  string            `json:"title,omitempty"`
	Home   state.Ref         `json:"home"`
	Event  calendar.RemoteID `json:"event"` // at home
	Entity state.EntityID    `json:"entity,omitempty"`
	Born   string            `json:"born"` // a sentence: where it comes from
	// Calendars are those that it could reach.
	Calendars []Reach `json:"calendars"`
	// Waits are sentences on what is held, refused, or still to be written.
	Waits []string             `json:"waits,omitempty"`
	Last  []state.HistoryEntry `json:"last"` // its last changes, newest first
}

// Reach is an event in one other calendar.
type Reach struct {
	Ref    state.Ref      `json:"ref"`
	Mirror state.MirrorID `json:"mirror,omitempty"`
	// There: a part of the event is in this calendar.
	There  bool         `json:"there"`
	Detail state.Detail `json:"detail,omitempty"` // the level in force
	Says   []string     `json:"says"`             // sentences
}
