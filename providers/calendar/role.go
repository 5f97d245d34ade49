package calendar

import (
	"context"
	"slices"
)

// Role is what an account may do in a calendar. Empty where it was listed by an
// older Twinday.
type Role string

// The roles, from most to least. Google has all but Reader (a reader there sees no
// private events); Microsoft tells all but BusyReader, which shows when it is read.
const (
	RoleOwner  Role = "owner"
	RoleWriter Role = "writer"
	// RolePublicWriter changes all events but private ones, of which it sees only when
	// they are.
	RolePublicWriter Role = "writer without private events"
	RoleReader       Role = "reader"
	// RolePublicReader sees of private events only when they are.
	RolePublicReader Role = "reader without private events"
	// RoleBusyReader sees of all events only when they are.
	RoleBusyReader Role = "free/busy reader"
)

// Writes reports whether events can be made and changed.
func (r Role) Writes() bool { return r == RoleOwner || r == RoleWriter || r == RolePublicWriter }

// HidesPrivate reports whether private events show no details.
func (r Role) HidesPrivate() bool {
	return r == RolePublicWriter || r == RolePublicReader || r == RoleBusyReader
}

// WithRole is the calendar as an account with the role has it.
func (c Calendar) WithRole(r Role) Calendar {
	c.Role, c.Writable, c.Details = r, r.Writes(), r != RoleBusyReader && r != ""
	return c
}

// Veiled are the groups that a private event does not show to a role that hides them:
// all but when it is and that it is private.
func Veiled(held Groups) Groups {
	return slices.DeleteFunc(slices.Clone(held), func(g Group) bool {
		return g == GroupWhen || g == GroupAvailability || g == GroupVisibility
	})
}

// Maker is a Provider that can make calendars (Capabilities.Makes). An account without
// the extra that this takes gets Forbidden.
type Maker interface {
	// MakeCalendar makes a calendar of this name, in this zone (IANA, "" for the
	// account's own; not every service has one), owned by the account. Conflict where
	// one of that name exists and the service allows no second. After Unavailable it
	// may have been made: list the calendars.
	MakeCalendar(ctx context.Context, name, zone string) (Calendar, error)
}
