// Package state holds the types of all that Twinday remembers: accounts,
// mirrors, entities with their records, intents and history. Pure data: it
// imports providers/calendar only, and does no I/O.
package state

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// AccountID names an account in this installation, as the person sees it in the
// terminal: lower-case letters, digits, '.', '-', '_', '@' and '+'. It holds no slash.
type AccountID string

// LogValue hides the name, which is often a mail address: logs get a short digest
// that tells accounts apart.
func (id AccountID) LogValue() slog.Value { return slog.StringValue("account " + digest(string(id))) }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// MirrorID names a mirror; minted, short, stable.
type MirrorID string

// EntityID names an entity; minted, never reused.
type EntityID string

// Ref is one calendar of one account.
type Ref struct {
	Account  AccountID           `json:"account"`
	Calendar calendar.CalendarID `json:"calendar"`
}

// String is "ACCOUNT/CALENDAR", the way the terminal writes it.
func (r Ref) String() string { return string(r.Account) + "/" + string(r.Calendar) }

// LogValue hides the ids, which are often mail addresses.
func (r Ref) LogValue() slog.Value {
	return slog.StringValue("account " + digest(string(r.Account)) + " calendar " + digest(string(r.Calendar)))
}

// ParseRef reads "ACCOUNT/CALENDAR". The calendar's id may hold slashes.
func ParseRef(s string) (Ref, error) {
	account, cal, ok := strings.Cut(s, "/")
	if !ok || account == "" || cal == "" {
		return Ref{}, fmt.Errorf("%q is no calendar: write it as ACCOUNT/CALENDAR, as `twinday calendar list` shows it", s)
	}
	return Ref{AccountID(account), calendar.CalendarID(cal)}, nil
}

// MarshalText lets a Ref be a key of a JSON object.
func (r Ref) MarshalText() ([]byte, error) {
	if r == (Ref{}) {
		return nil, nil
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (r *Ref) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*r = Ref{}
		return nil
	}
	*r, err = ParseRef(string(b))
	return err
}

// ProviderKind says which connector serves an account.
type ProviderKind string

// The kinds there are.
const (
	Google  ProviderKind = "google"
	Outlook ProviderKind = "outlook"
	CalDAV  ProviderKind = "caldav"
	ICS     ProviderKind = "ics" // a published calendar, which is only read
)

// Account is one signed-in identity. Its secret is kept apart, in the keyring.
type Account struct {
	ID       AccountID    `json:"id"`
	Provider ProviderKind `json:"provider"`
	Email    string       `json:"email,omitempty"`
	Name     string       `json:"name,omitempty"`
	// Identity is as whom the provider knows its person, whatever the address; "" if it
	// does not say.
	Identity string   `json:"identity,omitempty"`
	Endpoint Endpoint `json:"endpoint,omitzero"`
	// Client is what it was signed in as, which its refresh token belongs to. Endpoint
	// has one only if the person gave it for this account.
	Client   Client    `json:"client,omitzero"`
	Added    time.Time `json:"added"`
	SignedIn time.Time `json:"signedIn,omitzero"` // last
	// Access is what its person lets Twinday do with it; Lacks are those of its extras
	// that were not given on the provider's page.
	Access calendar.Access  `json:"access,omitzero"`
	Lacks  []calendar.Extra `json:"lacks,omitempty"`
	// Trouble is why the account cannot be used just now, empty when it can.
	Trouble string `json:"trouble,omitempty"`
	// SignedOut says that Trouble can only be mended by signing in again, and Obstacle
	// what has to be done before that helps, if anything.
	SignedOut bool              `json:"signedOut,omitempty"`
	Obstacle  calendar.Obstacle `json:"obstacle,omitempty"`
}

// Endpoint is where an account's provider answers, and as which OAuth client
// Twinday asks. Empty fields mean the provider's public ones.
type Endpoint struct {
	BaseURL      string `json:"baseURL,omitempty"`
	AuthURL      string `json:"authURL,omitempty"`
	TokenURL     string `json:"tokenURL,omitempty"`
	ClientID     string `json:"clientID,omitempty"`
	ClientSecret string `json:"clientSecret,omitempty"` // of a desktop client: no secret at all
}

// Client is an OAuth client: what a provider knows Twinday as.
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty"` // of a desktop client: no secret at all
}

// Network is how Twinday gets out of the machine.
type Network struct {
	// Proxy is empty for the system's, "none", or http://host:port, https://… or socks5://….
	Proxy string `json:"proxy,omitempty"`
	// ProxyUser is who the proxy knows; the password is with the sign-ins.
	ProxyUser string `json:"proxyUser,omitempty"`
	// Bypass lists hosts that are reached without it, as NO_PROXY does.
	Bypass string `json:"bypass,omitempty"`
	// RootCertificate is trusted beside the system's, in PEM.
	RootCertificate string `json:"rootCertificate,omitempty"`
}

// Reach is where the account answers, and as which client it was signed in.
func (a Account) Reach() Endpoint {
	e := a.Endpoint
	if a.Client.ID != "" {
		e.ClientID, e.ClientSecret = a.Client.ID, a.Client.Secret
	}
	return e
}

// Calendar is a calendar of an account as last listed.
type Calendar struct {
	Ref Ref `json:"ref"`
	calendar.Calendar
	// Missing says that the last listing did not name it.
	Missing bool `json:"missing,omitempty"`
}

// Direction says in which way a member takes part in its mirror.
type Direction string

// The directions.
const (
	TwoWay   Direction = ""        // events born here go out, copies come in, edits travel both ways
	SendOnly Direction = "send"    // events born here go out; nothing is ever written here
	TakeOnly Direction = "receive" // copies come in; nothing born here goes out
)

// Member is one calendar's part in a mirror.
type Member struct {
	Ref       Ref       `json:"ref"`
	Direction Direction `json:"direction,omitempty"`
	Off       bool      `json:"off,omitempty"` // toggled off: neither read nor written
}

// Mirror is a named set of member calendars kept alike.
type Mirror struct {
	ID      MirrorID  `json:"id"`
	Name    string    `json:"name"`
	Members []Member  `json:"members"`
	Paused  bool      `json:"paused,omitempty"`
	Created time.Time `json:"created"`
	// Mappings say what copies show, and of which events; where none fits, everything.
	Mappings    []PairMapping  `json:"mappings,omitempty"`
	Guests      GuestRule      `json:"guests,omitempty"`
	Invitations InvitationRule `json:"invitations,omitempty"`
	Conflicts   ConflictRule   `json:"conflicts,omitempty"`
	LeftOut     []LeftOut      `json:"leftOut,omitempty"`
}

// LeftOut is an event that the person left out of a mirror: it is neither copied to a
// calendar nor linked with one there, as long as it has no copy yet.
type LeftOut struct {
	From  Ref               `json:"from"` // where it was born
	Event calendar.RemoteID `json:"event"`
	To    Ref               `json:"to,omitzero"` // nowhere at all if empty
}

// LeavesOut reports whether an event was left out on its way into a calendar.
func (m Mirror) LeavesOut(from Ref, event calendar.RemoteID, to Ref) bool {
	return slices.ContainsFunc(m.LeftOut, func(x LeftOut) bool {
		return x.From == from && x.Event == event && (x.To == (Ref{}) || x.To == to)
	})
}

// Has reports whether ref is a member, on or off.
func (m Mirror) Has(ref Ref) bool {
	for _, x := range m.Members {
		if x.Ref == ref {
			return true
		}
	}
	return false
}

// Replica is what a calendar held when last read, one event of it.
type Replica struct {
	Event calendar.Event `json:"event"`
	Seen  time.Time      `json:"seen"` // by our clock
	// Deleted: read as gone. Unseen: left the provider's window, still there.
	Deleted bool `json:"deleted,omitempty"`
	Unseen  bool `json:"unseen,omitempty"`
}

// Entity is the identity of one event across members.
type Entity struct {
	ID    EntityID         `json:"id"`
	Home  Ref              `json:"home"`
	Base  calendar.Content `json:"base"`  // what all members agreed on
	Facts calendar.Facts   `json:"facts"` // of the home event, as last read
	UID   string           `json:"uid,omitempty"`
	// Overrides of the base, by slot; sparse.
	Overrides map[string]calendar.Override `json:"overrides,omitempty"`
	// Records, at most one a member; the home has one too.
	Records map[Ref]Record `json:"records"`
	// Answer is what the person's invitation at home is still to be answered with.
	Answer calendar.Response `json:"answer,omitempty"`
	// Deleted: agreed to be gone; kept until every record is. Why says in words why,
	// where its parts do not.
	Deleted bool   `json:"deleted,omitempty"`
	Why     string `json:"why,omitempty"`
	// Duplicate: it is deleted as one of several that are alike. Left: a move left it
	// behind; the event is elsewhere, so that an edit made here meanwhile does not keep it.
	Duplicate bool `json:"duplicate,omitempty"`
	Left      bool `json:"left,omitempty"`
	// Moves is how often its home was moved to another calendar: what is made after that
	// has other keys than what was made and let go of before.
	Moves int       `json:"moves,omitempty"`
	Made  time.Time `json:"made"`
	// Heard is what the person agreed that guests hear of, as long as it is not written.
	Heard Heard `json:"heard,omitzero"`
	// Was is what the last change of the base replaced.
	Was Image `json:"was,omitzero"`
	// Wish is an undo that is under way.
	Wish *Wish `json:"wish,omitempty"`
	// Conflicts that wait for the person, by field group, or slot ("slot " before it).
	Conflicts map[string]Conflict `json:"conflicts,omitempty"`
}

// Heard is a change that guests hear of.
type Heard struct {
	Groups calendar.Groups `json:"groups,omitempty"`
	Slots  []string        `json:"slots,omitempty"`
	Gone   bool            `json:"gone,omitempty"` // that it ends
}

// Part finds the part of an entity in a member, under its slot; nil if there is
// none. The part may be changed through the pointer.
func (e Entity) Part(ref Ref, slot string) *Part {
	parts := e.Records[ref].Parts
	for i := range parts {
		if parts[i].Slot == slot {
			return &parts[i]
		}
	}
	return nil
}

// Live reports whether anything of an entity is there, as far as is known.
func (e Entity) Live() bool {
	for _, r := range e.Records {
		if r.Live() {
			return true
		}
	}
	return false
}

// Record is what an entity is in one member.
type Record struct {
	Parts  []Part   `json:"parts"`
	Mirror MirrorID `json:"mirror,omitempty"` // by which mirror it came here; empty at home
	// Adopted: the event was here before Twinday; a leaving mirror keeps it.
	Adopted bool `json:"adopted,omitempty"`
	// Mapping is the digest of the mapping by which all that is here was written.
	Mapping string `json:"mapping,omitempty"`
	// Kept: the event crosses no more, and what is here of it is left as it is.
	Kept bool `json:"kept,omitempty"`
	// Out: the person undid the making of the copy; there is none until that is
	// undone in turn.
	Out bool `json:"out,omitempty"`
}

// Live reports whether any part of it is there, as far as is known.
func (r Record) Live() bool { return slices.ContainsFunc(r.Parts, Part.Live) }

// WasHere reports whether a part was here before Twinday.
func (r Record) WasHere(p Part) bool { return r.Adopted && !p.Made }

// Part is one event of a record: the single event or series master, or an
// occurrence kept apart (Slot).
type Part struct {
	Slot    string            `json:"slot,omitempty"`
	ID      calendar.RemoteID `json:"id,omitempty"` // empty: still to be made
	Version calendar.Version  `json:"version,omitempty"`
	// Generation of the key: grows when a deleted part must be made again.
	Generation int `json:"generation,omitempty"`
	// Made: by Twinday, even where the event itself was here before.
	Made bool `json:"made,omitempty"`
	// By is the installation whose mark was on it when it was linked; empty for ours.
	By string `json:"by,omitempty"`
	// Bore is the mark that ours replaced: who copied the copy before has that one.
	Bore calendar.Mark `json:"bore,omitzero"`
	// The shadow pair: what we asked the provider to hold, what it gave back.
	Wrote calendar.Content `json:"wrote"`
	Read  calendar.Content `json:"read"`
	// The shadow pair of the overrides of a series, by slot.
	WroteOverrides map[string]calendar.Override `json:"wroteOverrides,omitempty"`
	ReadOverrides  map[string]calendar.Override `json:"readOverrides,omitempty"`
	// Dirty groups and slots were changed here and refused: they are to be
	// written again.
	Dirty      calendar.Groups `json:"dirty,omitempty"`
	DirtySlots []string        `json:"dirtySlots,omitempty"`
	// Rescued is a person's edit that was found under an unfinished write of ours
	// (and overwritten by it): the next reconcile takes it for a change made here.
	Rescued *Rescued `json:"rescued,omitempty"`
	// Found is what was here otherwise than we would have made it when the part was
	// linked, as long as nothing is written over it.
	Found Image `json:"found,omitzero"`
	// Rewrites tell of values that were written here and came back otherwise, by
	// field group or slot: a field that is rewritten for ever is left alone.
	Rewrites map[string]Rewrite `json:"rewrites,omitempty"`
	// Before is what was deleted here and is to be made again: restored from the
	// provider's bin meanwhile, it is that again, and nothing is made.
	Before *Part `json:"before,omitempty"`
	// Leaving: we are taking it away though the event goes on; that it is gone then
	// means nothing.
	Leaving bool `json:"leaving,omitempty"`
	// Gone: deleted in this member (by the person or by us).
	Gone bool `json:"gone,omitempty"`
	// Refused: the provider called the wanted content invalid; not tried again
	// until it changes. Holds the provider's words.
	Refused string `json:"refused,omitempty"`
	// RefusedAt is when it last refused a deletion, which is tried again in time.
	RefusedAt time.Time `json:"refusedAt,omitzero"`
}

// Live reports whether the part is there, as far as is known: made, and not gone since.
func (p Part) Live() bool { return p.ID != "" && !p.Gone }

// Rewrite is a value that was found where another had been written.
type Rewrite struct {
	Found  string    `json:"found"`  // digest of what was found
	Wanted string    `json:"wanted"` // digest of what was to be there
	Count  int       `json:"count"`  // how often in a row, the same each time
	Quick  int       `json:"quick"`  // how often in quick succession, the same or not, each answered with a write there
	Last   time.Time `json:"last"`
}

// Rescued holds a person's edit that must not be lost. A slot that is not in its
// Overrides was put back to the rule.
type Rescued struct {
	Image
	Updated time.Time `json:"updated"`
	// Overtaken are earlier edits of what the person has changed once more since, oldest
	// first: for the history.
	Overtaken []Image `json:"overtaken,omitempty"`
}

// Under is r with a later edit over it; what that hides is overtaken.
func (r Rescued) Under(later Image, updated time.Time) Rescued {
	if later.IsZero() {
		return r
	}
	var hidden Image
	groups, slots := r.Differs(later.Content, later.Overrides)
	for _, g := range groups {
		if later.Groups.Has(g) {
			hidden = hidden.With(g, r.Content)
		}
	}
	for _, slot := range slots {
		if slices.Contains(later.Slots, slot) {
			hidden = hidden.WithSlot(slot, r.Overrides[slot])
		}
	}
	if r.Image, r.Updated = r.Over(later), updated; !hidden.IsZero() {
		r.Overtaken = append(slices.Clone(r.Overtaken), hidden)
	}
	return r
}

// StepKind says what a step does.
type StepKind string

// The kinds of steps.
const (
	Create StepKind = "create"
	Update StepKind = "update"
	Delete StepKind = "delete"
	Adopt  StepKind = "adopt"
	Unlink StepKind = "unlink"
	Answer StepKind = "answer" // an invitation is answered, without a mail
	Skip   StepKind = "skip"   // left alone, with the reason
	// TakeOver: a mirror that another installation kept is kept by this one.
	TakeOver StepKind = "take over"
)

// Writes reports whether a step of this kind sends something to a provider.
func (k StepKind) Writes() bool { return k == Create || k == Update || k == Delete || k == Answer }

// HoldReason says why a step waits for the person; empty when it does not.
type HoldReason string

// The reasons to hold.
const (
	HoldGuests       HoldReason = "guests"
	HoldMassDeletion HoldReason = "mass deletion"
	// HoldConflict: one field was changed on two sides, and the mirror's rule is to
	// ask. To apply it takes the later edit, which the step shows; to drop it takes
	// the other one.
	HoldConflict HoldReason = "conflict"
	HoldTakeOver HoldReason = "another Twinday"
)

// Step is one desired result: 'this entity in this calendar looks so, if its
// version is v'.
type Step struct {
	Kind   StepKind          `json:"kind"`
	Entity EntityID          `json:"entity"`
	Mirror MirrorID          `json:"mirror,omitempty"`
	Ref    Ref               `json:"ref"`
	From   Ref               `json:"from,omitzero"`  // where the change came from
	Slot   string            `json:"slot,omitempty"` // which part
	Event  calendar.RemoteID `json:"event,omitempty"`
	// IfVersion is the version the step was decided on.
	IfVersion calendar.Version `json:"ifVersion,omitempty"`
	Groups    calendar.Groups  `json:"groups,omitempty"` // of an update
	Want      calendar.Content `json:"want,omitzero"`
	Before    calendar.Content `json:"before,omitzero"`
	// Of a series: all overrides it shall have, those to be written, those it had.
	Overrides       map[string]calendar.Override `json:"overrides,omitempty"`
	Slots           []string                     `json:"slots,omitempty"`
	BeforeOverrides map[string]calendar.Override `json:"beforeOverrides,omitempty"`
	Response        calendar.Response            `json:"response,omitempty"` // of an answer
	Title           string                       `json:"title,omitempty"`    // of the event, for people
	Reason          string                       `json:"reason"`             // one sentence: why
	Held            HoldReason                   `json:"held,omitempty"`
	// Fact identifies what a held step would do, for a decision to stick to.
	Fact string `json:"fact,omitempty"`
	// For the history: where the event was born and whether it has guests, what the
	// base was before the change and what it became, and which entries it undoes.
	Home      Ref      `json:"home,omitzero"`
	HadGuests bool     `json:"hadGuests,omitempty"`
	Was       Image    `json:"was,omitzero"`
	Became    Image    `json:"became,omitzero"`
	Undoes    []uint64 `json:"undoes,omitempty"`
	// Duplicate: of a deletion, because others are alike.
	Duplicate bool `json:"duplicate,omitempty"`
	// Born is the event's id at home, of what is created or linked.
	Born calendar.RemoteID `json:"born,omitempty"`
}

// Intent is the journal entry of a step, committed before its request is sent.
type Intent struct {
	ID      string       `json:"id"`
	Step    Step         `json:"step"`
	Key     calendar.Key `json:"key,omitempty"`
	Began   time.Time    `json:"began"`
	Attempt int          `json:"attempt"`
	// Seen are the states read before each further try: pre-images.
	Seen []Snapshot `json:"seen,omitempty"`
}

// Snapshot is what an event held at one moment.
type Snapshot struct {
	Content   calendar.Content             `json:"content"`
	Overrides map[string]calendar.Override `json:"overrides,omitempty"`
	Updated   time.Time                    `json:"updated,omitzero"` // by the provider's clock
}

// Decision is what the person said about a held step.
type Decision string

// The decisions.
const (
	Undecided Decision = ""
	Apply     Decision = "apply"
	Drop      Decision = "drop"
)

// Held is a step that waits for the person.
type Held struct {
	ID       string    `json:"id"` // the step's Fact
	Step     Step      `json:"step"`
	Since    time.Time `json:"since"`
	Decision Decision  `json:"decision,omitempty"`
}

// Outcome says how a change went.
type Outcome string

// The outcomes of a history entry.
const (
	Done       Outcome = "done"
	Failed     Outcome = "failed"
	Overridden Outcome = "overridden" // an edit that lost against another; kept here
	Reverted   Outcome = "reverted"   // an edit of a copy that cannot go home
	Noted      Outcome = "noted"      // nothing was written; worth knowing
)

// HistoryEntry is one change, or one thing worth knowing.
type HistoryEntry struct {
	Seq     uint64          `json:"seq"` // ascending, unique
	Time    time.Time       `json:"time"`
	Pass    uint64          `json:"pass"`
	Kind    StepKind        `json:"kind,omitempty"`
	Outcome Outcome         `json:"outcome"`
	Entity  EntityID        `json:"entity,omitempty"`
	Mirror  MirrorID        `json:"mirror,omitempty"`
	Ref     Ref             `json:"ref,omitzero"`
	From    Ref             `json:"from,omitzero"` // where the change came from
	Title   string          `json:"title,omitempty"`
	Groups  calendar.Groups `json:"groups,omitempty"`
	Why     string          `json:"why"`
	// Rule is the mirror's rule that decided, as `mirror edit` takes it; empty where
	// none had to.
	Rule string `json:"rule,omitempty"`
	// What Ref held before and after, of an edit that lost: what was entered there,
	// and what stands instead. Of occurrences those in Slots.
	Before          calendar.Content             `json:"before,omitzero"`
	After           calendar.Content             `json:"after,omitzero"`
	Slots           []string                     `json:"slots,omitempty"`
	BeforeOverrides map[string]calendar.Override `json:"beforeOverrides,omitempty"`
	AfterOverrides  map[string]calendar.Override `json:"afterOverrides,omitempty"`
	Slot            string                       `json:"slot,omitempty"` // of an occurrence that stands alone
	// Requests is how many calls to the calendar's connector the change took, further
	// tries after a crash included. A call is one request, but for the writing of a
	// series with its occurrences, which may take the connector several.
	Requests int `json:"requests,omitempty"`
	// For an undo: where the event was born and whether it had guests, what an undo
	// puts back at home, what must still stand there for it, and which entries this one
	// undoes.
	Home      Ref      `json:"home,omitzero"`
	HadGuests bool     `json:"hadGuests,omitempty"`
	Was       Image    `json:"was,omitzero"`
	Became    Image    `json:"became,omitzero"`
	Undoes    []uint64 `json:"undoes,omitempty"`
	// Duplicate: it was removed because others are alike.
	Duplicate bool `json:"duplicate,omitempty"`
	// Unfit: the event's own calendar has no way to hold what was entered, so it was not
	// even asked to.
	Unfit bool `json:"unfit,omitempty"`
}

// Amiss reports whether a person should look at an entry: what failed, what the event's own
// calendar refused or cannot hold, and an edit that lost with nobody having said which one counts. What
// went as the person decided, by a rule, a direction or what copies show, is not amiss.
func (e HistoryEntry) Amiss() bool {
	switch e.Outcome {
	case Failed:
		return true
	case Overridden:
		return e.Rule == "" || e.Rule == "conflicts: "+LatestWins.Words()
	case Reverted:
		return e.Kind != "" || e.Unfit // it was being written; else it is taken back without a try
	}
	return false
}
