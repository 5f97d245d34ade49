package control

import (
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// AccountState is an account and how it fares: one condition, a sentence, and the one
// way out.
type AccountState struct {
	state.Account
	Condition Condition `json:"condition"`
	Words     string    `json:"words"` // what the condition means, for people
	WayOut    WayOut    `json:"wayOut,omitzero"`
	// Until is when the account is tried again, with Offline and Throttled.
	Until time.Time `json:"until,omitzero"`
	// ForIT is a text to send to the organisation's IT, where only they can help.
	ForIT string `json:"forIT,omitempty"`
	Kept  Kept   `json:"kept"`
	// Makes says whether Client.MakeCalendar works here.
	Makes Making `json:"makes,omitempty"`
}

// RemoveAccount asks for an account to be disconnected.
type RemoveAccount struct {
	ID state.AccountID `json:"id"`
	// RemoveCopies removes the copies in its calendars, and those of its events elsewhere;
	// otherwise they stay as plain events.
	RemoveCopies bool `json:"removeCopies,omitempty"`
}

// Disconnected is what became of an account.
type Disconnected struct {
	state.Account
	Report Report `json:"report"` // of the removal of copies
	// Left is how many copies in it were to be removed and are still there: it was signed
	// out, so that nobody could.
	Left int `json:"left,omitempty"`
	// Revoked says that the provider has taken the permission back; else ConsentPage is
	// where the person can.
	Revoked     bool   `json:"revoked"`
	ConsentPage string `json:"consentPage,omitempty"`
	Words       string `json:"words"` // of that, for people
}

// NewCalendar asks for a calendar to be made in an account.
type NewCalendar struct {
	Account state.AccountID `json:"account"`
	Name    string          `json:"name"`
	// Zone is its time zone (IANA), the account's own if it is empty.
	Zone string `json:"zone,omitempty"`
}

// Making says whether an account can make calendars.
type Making string

// The answers; "" is no.
const (
	CanMake     Making = "yes"
	MakesTicked Making = "with permission" // not until calendar.CopiesCalendar is ticked, at a new sign-in
)

// Condition is the state of an account in one word.
type Condition string

// The conditions. From NeedsConsent to Locked the account waits for somebody, and its
// mirrors with it; nothing of theirs is lost. Offline and Throttled pass by themselves.
const (
	Connected     Condition = "connected"
	NeedsConsent  Condition = "needs consent" // the sign-in has ended: revoked, a new password, too old
	NeedsAdmin    Condition = "needs admin approval"
	Blocked       Condition = "blocked by policy"
	ClientRefused Condition = "client refused" // the provider does not take the client id
	LacksScope    Condition = "scope missing"  // a permission was left out
	Locked        Condition = "locked"         // the passphrase of its sign-in has to be given
	Offline       Condition = "offline"
	Throttled     Condition = "throttled"
)

// WayOut is what a person can do about a condition, in a sentence, and as the one thing
// that a button does.
type WayOut struct {
	Do   Do     `json:"do"`
	Text string `json:"text"`
}

// Do is what a button does.
type Do string

// What there is to do.
const (
	SignInAgain Do = "sign in"   // BeginSignIn with the account's id
	AskIT       Do = "ask IT"    // show ForIT, to be sent
	GiveClient  Do = "client id" // ask for another client id, then sign in
	Unlock      Do = "unlock"    // ask for the passphrase: Client.Unlock
	SyncNow     Do = "sync now"
	JustWait    Do = "wait" // nothing: it passes
)

// Kept says where an account's sign-in is kept.
type Kept string

// The places. A face marks the plain file: other programs of the person can read it.
const (
	InKeyring    Kept = "keyring"
	InSealedFile Kept = "file with a passphrase"
	InPlainFile  Kept = "plain file"
)

// UnlockRequest is the body of POST /unlock.
type UnlockRequest struct {
	Passphrase string `json:"passphrase"`
}

// ProviderInfo is a provider and what can be asked of it.
type ProviderInfo struct {
	Provider state.ProviderKind `json:"provider"`
	Extras   []ExtraInfo        `json:"extras"`
	Device   bool               `json:"device"` // NewAccount.Device is possible
	// Client says whether there is a client id to sign in with; without one, the person
	// has to give theirs (docs/clients.md).
	Client ClientSource `json:"client,omitempty"`
	// Clouds are those apart from the public one.
	Clouds []CloudInfo `json:"clouds,omitempty"`
	// Feed says that its accounts are published calendars, which are only read:
	// NewAccount.Endpoint.BaseURL is the address, of the web (https, webcal) or a file
	// (file), and Login for those that want one.
	Feed bool `json:"feed,omitempty"`
	// Password says that NewAccount.Login is wanted, and Presets are services to choose
	// from, the most used first.
	Password bool         `json:"password,omitempty"`
	Presets  []PresetInfo `json:"presets,omitempty"`
}

// PresetInfo is a service that people know by name: its address, in which HOST is the
// person's to say, and what name and password it wants.
type PresetInfo struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	Hint string `json:"hint"`
}

// CloudInfo is a national cloud: its name, for NewAccount.Cloud, and what it is.
type CloudInfo struct {
	Name string `json:"name"`
	What string `json:"what"`
}

// ClientSource says whose client id sign-ins use.
type ClientSource string

// The sources; "" is none.
const (
	BuiltInClient ClientSource = "built in"
	OwnClient     ClientSource = "own" // Settings.Clients
)

// CheckClient is a client id as pasted, to be looked at.
type CheckClient struct {
	Provider state.ProviderKind `json:"provider"`
	state.Client
}

// Settings are what the person set for all accounts.
type Settings struct {
	// Clients are OAuth clients of the person's own, by provider. The id may be given as
	// pasted, Google's also as the JSON that its console offers for download.
	Clients map[state.ProviderKind]state.Client `json:"clients"`
	Network state.Network                       `json:"network,omitzero"`
	// ProxyPassword is only ever taken, never given; left out, the one that is kept stays.
	ProxyPassword string `json:"proxyPassword,omitempty"`
	// PlainSecrets agrees to keep it in a 0600 file where no keyring answers; taken only.
	PlainSecrets bool `json:"plainSecrets,omitempty"`
	// Rhythm is when Twinday syncs by itself, Faces how it looks and when it speaks up.
	Rhythm state.Rhythm `json:"rhythm,omitzero"`
	Faces  Faces        `json:"faces,omitzero"`
}

// Faces are what the person wants of the tray and the window. The zero value is right
// for most.
type Faces struct {
	// Language is a tag (BCP 47) of those that the faces speak; the system's if empty.
	Language string `json:"language,omitempty"`
	Theme    Theme  `json:"theme,omitempty"`
	Notify   Notify `json:"notify,omitempty"`
	// ToldToClose is set once the person was told that closing the window ends no sync.
	ToldToClose bool `json:"toldToClose,omitempty"`
}

// Theme is whether the window is light or dark.
type Theme string

// The themes; as the system has it if empty.
const (
	SystemTheme Theme = ""
	LightTheme  Theme = "light"
	DarkTheme   Theme = "dark"
)

// Notify is what Twinday speaks up about by itself.
type Notify string

// What there is to choose.
const (
	NotifyProblems Notify = ""      // what needs the person: problems, and decisions
	NotifyChanges  Notify = "all"   // what crossed between calendars as well
	NotifyNever    Notify = "never" // the tray's icon says it
)

// ExtraInfo is a permission to tick, and its reason.
type ExtraInfo struct {
	Extra  calendar.Extra `json:"extra"`
	Reason string         `json:"reason"`
}
