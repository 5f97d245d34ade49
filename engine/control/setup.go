package control

import (
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// SetupVersion is that of Setup as it is written now. It grows when a field changes its
// meaning; a newer one is refused, since it may say what this program would pass over.
const SetupVersion = 1

// Setup is what a person has set up: settings and mirrors, to be kept in a file or taken to
// another computer. There are no events in it, and nothing with which to sign in.
type Setup struct {
	Version  int            `json:"version"`
	Made     time.Time      `json:"made"`
	Program  string         `json:"program"` // the version that made it
	Settings Settings       `json:"settings"`
	Accounts []SetupAccount `json:"accounts"`
	Mirrors  []state.Mirror `json:"mirrors"`
	// Names are what the calendars of the mirrors are called, by "account/calendar".
	Names map[string]string `json:"names,omitempty"`
}

// SetupAccount is an account that mirrors in a Setup speak of.
type SetupAccount struct {
	ID       state.AccountID    `json:"id"` // in the mirrors; another one may know it by another
	Provider state.ProviderKind `json:"provider"`
	Email    string             `json:"email,omitempty"`
	Access   calendar.Access    `json:"access,omitzero"`
}

// TakenOver is what became of a Setup that was taken over.
type TakenOver struct {
	// Mirrors are those that were made, or with DryRun would be.
	Mirrors []state.Mirror `json:"mirrors"`
	// Left are mirrors that were not, each with the reason. Once that is mended, the same
	// Setup can be taken over again.
	Left []LeftMirror `json:"left"`
	// Connect are accounts that mirrors wait for.
	Connect []SetupAccount `json:"connect,omitempty"`
}

// LeftMirror is a mirror of a Setup that was not made, and why.
type LeftMirror struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// TakeSetup asks for a Setup to be taken over: settings are replaced, mirrors added to those
// that are there.
type TakeSetup struct {
	Setup
	DryRun bool `json:"dryRun,omitempty"`
}

// Diagnostics is a report on how Twinday fares, for people who help: versions, counts, kinds
// of failures, and the end of the log. What is private is taken out: names, addresses, titles,
// and what the person's folders and computer are called.
type Diagnostics struct {
	Name string `json:"name"` // of a file to keep it in
	Text string `json:"text"`
}
