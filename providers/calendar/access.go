package calendar

import "slices"

// Access is what a person lets Twinday do with an account. The zero value is the
// least that keeping calendars alike needs: reading the calendars, and changing
// events in them. It is asked for when the account is connected, and an update of
// Twinday never asks for more.
type Access struct {
	// ReadOnly asks for no right to change anything: the account can only send.
	ReadOnly bool `json:"readOnly,omitempty"`
	// Extras are further permissions that the person ticked.
	Extras []Extra `json:"extras,omitempty"`
}

// Has reports whether an extra was ticked.
func (a Access) Has(x Extra) bool { return slices.Contains(a.Extras, x) }

// Extra is a permission beyond the least, which a person ticks for its reason.
type Extra string

// The extras there are. A provider offers some of them.
const (
	CopiesCalendar  Extra = "copies calendar"  // make a calendar for copies
	SharedCalendars Extra = "shared calendars" // calendars that others share with the account
)

// Permission is one thing that a provider is asked to let Twinday do.
type Permission struct {
	Extra  Extra  // "" for those without which nothing works
	Scope  string // in the provider's words
	Reason string // in a person's: "read and change your events"
}
