// Package control is the engine's local interface: the types that the faces
// (tray, window, terminal) and people's own scripts speak, the Client they
// speak through, and the server that the engine puts behind it.
//
// The wire is HTTP with JSON, and server-sent events for the status stream,
// over a unix socket in the runtime folder (0600), or, when no engine is
// running, over an in-process transport to an engine of one's own. Both go
// through the same code. It imports no engine, store or connector.
package control

import (
	"context"
	"log/slog"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Version of the interface; it is the first part of every path ("/v1/status").
// It grows when a field changes its meaning or goes; new fields do not count.
const Version = 1

// Activity is what the engine is at, in one word.
type Activity string

// The activities, from calm to needing attention. The tray's icon shows one.
const (
	Starting Activity = "starting"
	Fine     Activity = "fine"    // all is well, waiting for the next pass
	Syncing  Activity = "syncing" // a pass is running
	Paused   Activity = "paused"
	NeedsYou Activity = "needs you" // something is held for a decision
	Problem  Activity = "problem"   // something fails; Problems says what
	Empty    Activity = "empty"     // nothing to do: no account or no mirror yet
)

// Status is the state of everything at a glance.
type Status struct {
	Activity Activity  `json:"activity"`
	Summary  string    `json:"summary"`           // one sentence for people
	LastSync time.Time `json:"lastSync,omitzero"` // end of the last pass in which everything went well
	NextSync time.Time `json:"nextSync,omitzero"`
	// LastBackup is when the store was last copied into the folder backups beside it.
	LastBackup time.Time `json:"lastBackup,omitzero"`
	// PausedUntil is set while paused; far in the future means "until resumed".
	PausedUntil time.Time      `json:"pausedUntil,omitzero"`
	Pass        uint64         `json:"pass"` // number of the last pass
	Mirrors     []MirrorState  `json:"mirrors"`
	Accounts    []AccountState `json:"accounts"`
	Problems    []ProblemNote  `json:"problems,omitempty"`
	Held        int            `json:"held"` // steps that wait for a decision
	DataDir     string         `json:"dataDir"`
	Version     string         `json:"version"` // of the program
	// Installation is this one.
	Installation Installation `json:"installation,omitzero"`
	// Quiet is set in the quiet hours, till their end: nothing is synced by itself then.
	Quiet time.Time `json:"quiet,omitzero"`
	Faces Faces     `json:"faces,omitzero"`
	// Progress is set while a pass writes.
	Progress *Progress `json:"progress,omitempty"`
}

// MirrorState is a mirror and how it fares.
type MirrorState struct {
	state.Mirror
	Events   int       `json:"events"`  // linked events
	Pending  int       `json:"pending"` // steps still to be done
	LastSync time.Time `json:"lastSync,omitzero"`
	Trouble  string    `json:"trouble,omitempty"`
	// Watching is set while another installation keeps the mirror: this one reads, and
	// writes nothing, until it is told to take over.
	Watching *Watching `json:"watching,omitempty"`
}

// Watching says who keeps a mirror instead of this installation.
type Watching struct {
	Installation string    `json:"installation"`    // the beginning of its id
	Seen         time.Time `json:"seen,omitzero"`   // when it was last seen at work
	Stale        bool      `json:"stale,omitempty"` // so long ago that it may be gone
}

// Installation is how people tell this Twinday from another.
type Installation struct {
	ID   string `json:"id"`   // the beginning of the id that stands in its marks
	Name string `json:"name"` // the computer's
}

// ProblemNote is one thing that is not well: what, where, and the way out.
type ProblemNote struct {
	Account state.AccountID `json:"account,omitempty"`
	Ref     state.Ref       `json:"ref,omitzero"`
	What    string          `json:"what"`             // in a person's words
	Detail  string          `json:"detail,omitempty"` // the failure as it came, for a report
	WayOut  string          `json:"wayOut,omitempty"`
	Since   time.Time       `json:"since"`
}

// NewAccount asks for an account to be signed in.
type NewAccount struct {
	Provider state.ProviderKind `json:"provider"`
	// ID is how it shall be called here; minted from the mail address if empty.
	ID       state.AccountID `json:"id,omitempty"`
	Endpoint state.Endpoint  `json:"endpoint,omitzero"`
	// Cloud is the name of a national cloud (ProviderInfo.Clouds), instead of an endpoint.
	Cloud string `json:"cloud,omitempty"`
	// Access is what the person lets Twinday do with it: nothing beyond the least if it
	// is left out, or as before for an account that is known.
	Access *calendar.Access `json:"access,omitempty"`
	// Device asks for a code that is typed on another machine, for one without a browser.
	Device bool `json:"device,omitempty"`
	// Login lets in without a browser, where a provider knows accounts by a name and a
	// password (ProviderInfo.Password); Endpoint.BaseURL says where.
	Login *Login `json:"login,omitempty"`
	// Passphrase opens the file in which the refresh token is kept where no keyring
	// answers, or begins it.
	Passphrase string `json:"passphrase,omitempty"`
	// PlainSecrets agrees to keep the refresh token in a 0600 file where no
	// keyring answers.
	PlainSecrets bool `json:"plainSecrets,omitempty"`
}

// Login is a name and a password, best an app password made for this, or a bearer token.
// It is only ever taken, never given.
type Login struct {
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token,omitempty"`
}

// LogValue keeps it out of logs.
func (Login) LogValue() slog.Value { return slog.StringValue("a login") }

// SignIn is a sign-in under way: the person opens URL in a browser (with Code: on any
// machine, and types it there), and Client.FinishSignIn waits for the end of it. With a
// Login there is no URL, and the end comes at once.
type SignIn struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Code    string    `json:"code,omitempty"`
	Expires time.Time `json:"expires"`
}

// NewMirror asks for a mirror. Name is minted from the calendars' names if empty.
type NewMirror struct {
	Name    string         `json:"name,omitempty"`
	Members []state.Member `json:"members"`
	// Mappings say what copies show from the first pass on.
	Mappings []state.PairMapping `json:"mappings,omitempty"`
	// LeftOut are events that shall not be copied or linked by it.
	LeftOut []state.LeftOut `json:"leftOut,omitempty"`
}

// ChangeMirror asks for a mirror to become as it is here: name, members, mappings
// and rules.
type ChangeMirror struct {
	state.Mirror
	// Seen are the facts of deletions in the plan that the person saw (PlanMirror)
	// and agreed to: they are not asked about again.
	Seen []string `json:"seen,omitempty"`
}

// PreviewRequest asks what the copies of one event look like, or would.
type PreviewRequest struct {
	// Event is its id in a calendar, or its title (in any case of letters, or a
	// part of it that only one event has).
	Event string `json:"event"`
	// Mirror leaves out the others, if it is not empty.
	Mirror state.MirrorID `json:"mirror,omitempty"`
	// At picks an occurrence of a series by its original start (calendar.Time.Slot),
	// if it is not empty.
	At string `json:"at,omitempty"`
	// As asks about a mirror that there is not, or as it is not yet: what Meeting would
	// look like, had it been made up in each of its calendars. Event stays empty.
	As      *state.Mirror    `json:"as,omitempty"`
	Meeting calendar.Content `json:"meeting,omitzero"`
}

// Preview is one event and what its copy in one calendar looks like.
type Preview struct {
	Mirror state.MirrorID    `json:"mirror"`
	From   state.Ref         `json:"from"`
	To     state.Ref         `json:"to"`
	Event  calendar.RemoteID `json:"event"`
	At     string            `json:"at,omitempty"`
	Title  string            `json:"title,omitempty"`
	// Skipped is why there is no copy, empty if there is one.
	Skipped string         `json:"skipped,omitempty"`
	Detail  state.Detail   `json:"detail,omitempty"` // the level in force for this event
	Fields  []PreviewField `json:"fields,omitempty"`
}

// PreviewField is one field of an event, in words.
type PreviewField struct {
	Field calendar.Group `json:"field"`
	Home  string         `json:"home,omitempty"`
	Copy  string         `json:"copy,omitempty"`
	Lens  string         `json:"lens"` // which one made the copy's: "copy", "constant “Busy”"
}

// RemoveMirror asks for a mirror to end.
type RemoveMirror struct {
	ID state.MirrorID `json:"id"`
	// KeepCopies leaves the copies as plain events; otherwise they are removed.
	KeepCopies bool `json:"keepCopies,omitempty"`
}

// SyncRequest asks for a pass.
type SyncRequest struct {
	DryRun bool `json:"dryRun,omitempty"` // reads, decides, writes nothing anywhere
}

// Report is what a pass did, or with DryRun would do.
type Report struct {
	Pass     uint64        `json:"pass"`
	DryRun   bool          `json:"dryRun,omitempty"`
	Began    time.Time     `json:"began"`
	Ended    time.Time     `json:"ended"`
	Steps    []StepResult  `json:"steps"`
	Created  int           `json:"created"`
	Updated  int           `json:"updated"`
	Deleted  int           `json:"deleted"`
	Adopted  int           `json:"adopted"`
	Held     int           `json:"held"`
	Failed   int           `json:"failed"`
	Skipped  int           `json:"skipped"`
	Requests int           `json:"requests"` // calls made to read
	Problems []ProblemNote `json:"problems,omitempty"`
}

// Writes is how many changes the pass made at providers.
func (r Report) Writes() int { return r.Created + r.Updated + r.Deleted }

// Count sums up the steps anew. An answer to an invitation counts as an update.
func (r *Report) Count() {
	r.Created, r.Updated, r.Deleted, r.Adopted, r.Held, r.Failed, r.Skipped = 0, 0, 0, 0, 0, 0, 0
	for _, s := range r.Steps {
		switch {
		case s.Held != "":
			r.Held++
		case s.Error != "":
			r.Failed++
		case s.Kind == state.Create:
			r.Created++
		case s.Kind == state.Update, s.Kind == state.Answer:
			r.Updated++
		case s.Kind == state.Delete:
			r.Deleted++
		case s.Kind == state.Adopt:
			r.Adopted++
		case s.Kind == state.Skip:
			r.Skipped++
		}
	}
}

// StepResult is a step and how it went.
type StepResult struct {
	state.Step
	Error string `json:"error,omitempty"`
}

// HistoryQuery picks entries, newest first.
type HistoryQuery struct {
	Limit  int            `json:"limit,omitempty"`  // at most; 0 means 100
	Before uint64         `json:"before,omitempty"` // only entries with a smaller Seq
	Mirror state.MirrorID `json:"mirror,omitempty"`
	Entity state.EntityID `json:"entity,omitempty"`
	Text   string         `json:"text,omitempty"` // in the title, case folded
	Pass   uint64         `json:"pass,omitempty"`
	// Event picks the entries of one event, those before it was made again included:
	// by its id in a calendar, its title or a part of it that only one has. It may be
	// gone by now.
	Event string `json:"event,omitempty"`
	// Calendar picks what happened there, or came from there.
	Calendar state.Ref        `json:"calendar,omitzero"`
	Kinds    []state.StepKind `json:"kinds,omitempty"` // any of them
	// Amiss picks what a person should look at: state.HistoryEntry.Amiss.
	Amiss bool      `json:"amiss,omitempty"`
	Since time.Time `json:"since,omitzero"` // at this time or later
	Until time.Time `json:"until,omitzero"` // before this time
}

// HistoryPage is a part of the history that was looked through for a query.
type HistoryPage struct {
	Entries []state.HistoryEntry `json:"entries"`
	// Next is HistoryQuery.Before of the next part; 0 if there is no more. A part may
	// have fewer entries than the limit, or none, and be followed by others.
	Next uint64 `json:"next,omitempty"`
}

// Decide says what to do with held steps.
type Decide struct {
	IDs      []string       `json:"ids"`
	Decision state.Decision `json:"decision"`
}

// ErrorCode tells scripts what kind of failure an Error is.
type ErrorCode string

// The codes.
const (
	CodeUsage    ErrorCode = "usage"     // the request makes no sense
	CodeNotFound ErrorCode = "not found" // no such account, mirror, calendar …
	CodeFailed   ErrorCode = "failed"
	CodeSecrets  ErrorCode = "secrets" // no keyring answers; Passphrase and PlainSecrets were not given
	CodeLocked   ErrorCode = "locked"  // the passphrase is not given, or not the right one
)

// Error is every failure that the engine reports to a face.
type Error struct {
	Code    ErrorCode `json:"code"`
	Message string    `json:"message"` // names the thing and the way out
	// Of a sign-in that failed: what stands in its way, what to do about it, and the text
	// for IT where only they can help.
	Condition Condition `json:"condition,omitempty"`
	WayOut    WayOut    `json:"wayOut,omitzero"`
	ForIT     string    `json:"forIT,omitempty"`
}

// Error gives the message.
func (e *Error) Error() string { return e.Message }

// AttendedFor is how long Backend.Attend holds: a window that was killed is not long taken
// for one that is open.
const AttendedFor = 45 * time.Second

// Backend is what the engine offers. The server calls it, Client has the same
// methods over the wire. Every error that a face can act on is an *Error.
type Backend interface {
	Status(ctx context.Context) (Status, error)
	// Watch calls f with the present status and again after each change (at most
	// a few times a second), until ctx ends or f returns an error; nil when the
	// engine ends.
	Watch(ctx context.Context, f func(Status) error) error

	BeginSignIn(ctx context.Context, req NewAccount) (SignIn, error)
	// FinishSignIn waits until the person is through, and returns the account.
	FinishSignIn(ctx context.Context, id string) (state.Account, error)
	CancelSignIn(ctx context.Context, id string) error
	Accounts(ctx context.Context) ([]AccountState, error)
	// Providers lists what can be connected, and what can be ticked.
	Providers(ctx context.Context) ([]ProviderInfo, error)
	// Settings are what holds for all accounts; ChangeSettings replaces them, and refuses
	// what makes no sense.
	Settings(ctx context.Context) (Settings, error)
	ChangeSettings(ctx context.Context, s Settings) (Settings, error)
	// Setup is what the person has set up, without anything private to sign in with;
	// TakeSetup takes such a one over.
	Setup(ctx context.Context) (Setup, error)
	TakeSetup(ctx context.Context, req TakeSetup) (TakenOver, error)
	// Diagnostics is a report for people who help.
	Diagnostics(ctx context.Context) (Diagnostics, error)
	// Checkup looks at all that the engine needs, within seconds: the store and its folder,
	// the keyring, the way to the accounts' servers, the clock, and each sign-in.
	Checkup(ctx context.Context) ([]Check, error)
	// CheckClient tells whether a client id looks like one to sign in with, and gives it
	// tidied up, out of what was pasted. Nothing is kept, and nobody is asked: it can be
	// called at each letter. What is wrong is an Error with CodeUsage.
	CheckClient(ctx context.Context, req CheckClient) (state.Client, error)
	// Unlock opens the file of sign-ins with its passphrase.
	Unlock(ctx context.Context, passphrase string) error
	// RemoveAccount ends the account's part in mirrors, revokes the sign-in where the
	// provider has a way to, and forgets the secret.
	RemoveAccount(ctx context.Context, req RemoveAccount) (Disconnected, error)

	// Calendars lists the calendars of one account, of all if empty. Fresh asks
	// the providers again.
	Calendars(ctx context.Context, account state.AccountID, fresh bool) ([]state.Calendar, error)

	// MakeCalendar makes a calendar, and lists it. Where a permission is missing the
	// Error's Condition is LacksScope (AccountState.Makes says so beforehand).
	MakeCalendar(ctx context.Context, req NewCalendar) (state.Calendar, error)

	Mirrors(ctx context.Context) ([]MirrorState, error)
	AddMirror(ctx context.Context, req NewMirror) (state.Mirror, error)
	// ChangeMirror replaces name, members, mappings and rules of the mirror with this
	// id. A mapping that makes no sense is refused, with the place in it.
	ChangeMirror(ctx context.Context, req ChangeMirror) (state.Mirror, error)
	// PlanMirror is what the next pass would do if the mirror with this id were as it
	// is here, or if it were there, where the id is empty. It reads the calendars, and
	// writes nothing anywhere.
	PlanMirror(ctx context.Context, m state.Mirror) (Report, error)
	// Preview tells what copies of an event look like, field by field, in each
	// calendar that it reaches. It goes by what was last read.
	Preview(ctx context.Context, req PreviewRequest) ([]Preview, error)
	RemoveMirror(ctx context.Context, req RemoveMirror) (Report, error)
	// TakeOver has this installation keep a mirror that another one keeps
	// (MirrorState.Watching).
	TakeOver(ctx context.Context, id state.MirrorID) error

	// Duplicates reads the calendars of a mirror (all if it is empty) and lists what is
	// there several times; CleanUp removes what it listed, by a pass.
	Duplicates(ctx context.Context, id state.MirrorID) (Duplicates, error)
	CleanUp(ctx context.Context, req CleanUp) (Report, error)

	// Sync runs a pass now and waits for its end.
	Sync(ctx context.Context, req SyncRequest) (Report, error)
	// Pause stops syncing until the time given; the zero time resumes.
	Pause(ctx context.Context, until time.Time) error

	History(ctx context.Context, q HistoryQuery) ([]state.HistoryEntry, error)
	// HistoryPage looks through a bounded part of the history, for a face that shows what
	// there is so far. It does not take HistoryQuery.Event.
	HistoryPage(ctx context.Context, q HistoryQuery) (HistoryPage, error)
	// HistoryDetail tells one entry field by field.
	HistoryDetail(ctx context.Context, seq uint64) (HistoryDetail, error)
	// Undo takes changes back, through a plan and a pass like any other change. It
	// reads the calendars first. An entry that cannot be undone is an error; of a pass
	// such entries are told and left.
	Undo(ctx context.Context, req UndoRequest) (UndoReport, error)
	// Why tells why an event is where it is, or not. It goes by what was last read; more
	// than one explanation means that several events are called so.
	Why(ctx context.Context, req WhyRequest) ([]Explanation, error)
	// Agenda is what lies between two moments, at most a few weeks apart, by what was
	// last read; Days is how much was done on each of the last days, oldest first.
	Agenda(ctx context.Context, q AgendaQuery) (Agenda, error)
	Days(ctx context.Context, n int) ([]DayCount, error)
	Held(ctx context.Context) ([]state.Held, error)
	Decide(ctx context.Context, d Decide) error

	// Attend says that a person has Twinday open before them: for AttendedFor calendars are
	// looked at as closely as while changes flow. A face says so again before that is over.
	Attend(ctx context.Context) error
	// ShowWindow asks the running tray to open the window.
	ShowWindow(ctx context.Context) error
	// Quit ends the running engine and its tray.
	Quit(ctx context.Context) error
}
