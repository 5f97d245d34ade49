package control

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// HistoryDetail is one entry of the history, field by field in words.
type HistoryDetail struct {
	state.HistoryEntry
	Fields []FieldChange `json:"fields"`
	// CannotUndo is why it cannot be undone, empty if it can.
	CannotUndo string `json:"cannotUndo,omitempty"`
	// Forced: UndoRequest.Force undoes it all the same, and what came after it is lost.
	Forced   bool   `json:"forced,omitempty"`
	UndoneBy uint64 `json:"undoneBy,omitempty"` // the first entry that undid it
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
	Event string `json:"event,omitempty"`
	// Entity is the event as the history names it, instead.
	Entity state.EntityID `json:"entity,omitempty"`
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

// values is a query as it stands behind a path.
func (q HistoryQuery) values() url.Values {
	v := url.Values{}
	set := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}
	set("mirror", string(q.Mirror))
	set("entity", string(q.Entity))
	set("text", q.Text)
	set("event", q.Event)
	if q.Calendar != (state.Ref{}) {
		set("calendar", q.Calendar.String())
	}
	for _, k := range q.Kinds {
		v.Add("kind", string(k))
	}
	if q.Amiss {
		set("amiss", "true")
	}
	for key, n := range map[string]uint64{"pass": q.Pass, "limit": uint64(max(q.Limit, 0)), "before": q.Before} {
		if n > 0 {
			set(key, strconv.FormatUint(n, 10))
		}
	}
	for key, t := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !t.IsZero() {
			set(key, t.Format(time.RFC3339Nano))
		}
	}
	return v
}

// historyQuery reads what values wrote.
func historyQuery(r *http.Request) (HistoryQuery, error) {
	q := HistoryQuery{Mirror: state.MirrorID(r.FormValue("mirror")), Entity: state.EntityID(r.FormValue("entity")),
		Text: r.FormValue("text"), Event: r.FormValue("event"), Amiss: r.FormValue("amiss") == "true"}
	wrong := func(key, what string) error {
		return &Error{Code: CodeUsage, Message: fmt.Sprintf("%s %q is not %s", key, r.FormValue(key), what)}
	}
	var err error
	if s := r.FormValue("calendar"); s != "" {
		if q.Calendar, err = state.ParseRef(s); err != nil {
			return q, &Error{Code: CodeUsage, Message: err.Error()}
		}
	}
	for _, k := range r.Form["kind"] {
		q.Kinds = append(q.Kinds, state.StepKind(k))
	}
	if s := r.FormValue("limit"); s != "" {
		if q.Limit, err = strconv.Atoi(s); err != nil {
			return q, wrong("limit", "a number")
		}
	}
	for key, n := range map[string]*uint64{"pass": &q.Pass, "before": &q.Before} {
		if s := r.FormValue(key); s != "" {
			if *n, err = strconv.ParseUint(s, 10, 64); err != nil {
				return q, wrong(key, "a number")
			}
		}
	}
	for key, t := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if s := r.FormValue(key); s != "" {
			if *t, err = time.Parse(time.RFC3339, s); err != nil {
				return q, wrong(key, "a time like 2026-11-24T15:04:05Z")
			}
		}
	}
	return q, nil
}
