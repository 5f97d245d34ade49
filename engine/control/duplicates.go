package control

import (
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Duplicates is what a calendar holds twice, and what a clean-up would do about it.
type Duplicates struct {
	Groups []DuplicateGroup `json:"groups"`
	// Stray are copies that another installation made and whose events cannot be
	// found. They are told, and not touched.
	Stray []DuplicateEvent `json:"stray"`
}

// DuplicateGroup is one meeting that is there several times: same title, same times,
// same calendar.
type DuplicateGroup struct {
	// ID names the events as they were seen: when one of them changes, it is another.
	ID    string           `json:"id"`
	Title string           `json:"title"`
	When  calendar.When    `json:"when"`
	Stays DuplicateEvent   `json:"stays"`
	Go    []DuplicateEvent `json:"go"`
	// Kept would go, but must not; Why says why.
	Kept []DuplicateEvent `json:"kept,omitempty"`
}

// DuplicateEvent is one of several events that look alike.
type DuplicateEvent struct {
	Ref     state.Ref         `json:"ref"`
	ID      calendar.RemoteID `json:"id"`
	Title   string            `json:"title,omitempty"`
	When    calendar.When     `json:"when,omitzero"`
	Created time.Time         `json:"created,omitzero"`
	Copies  int               `json:"copies,omitempty"` // in other calendars; they go with it
	Why     string            `json:"why,omitempty"`
}

// CleanUp asks for duplicates to be removed.
type CleanUp struct {
	Mirror state.MirrorID `json:"mirror,omitempty"` // of its calendars only; all if empty
	Groups []string       `json:"groups"`           // ids, as Duplicates gave them
}
