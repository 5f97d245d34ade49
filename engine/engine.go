// Package engine is the background engine: when to sync, and the one pass of
// pull, reconcile, push and settle. It keeps everything in the store, decides
// nothing itself (engine/reconcile does) and reaches calendars only through the
// connectors handed to it.
//
// It imports no connector and no face.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/steady"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// Connector makes providers of one kind. Main hands one in per kind.
type Connector interface {
	// Offers says what can be asked of the provider.
	Offers() Offers
	// BeginSignIn starts a sign-in: a URL for the person's browser, and a wait.
	BeginSignIn(ctx context.Context, w SignInWish) (SignInFlow, error)
	// CheckClient reads a client id as a person pasted it; Invalid with what is wrong.
	CheckClient(c state.Client) (state.Client, error)
	// ForIT is a text that a person sends to their IT, about what they wish and what
	// stands in its way.
	ForIT(w SignInWish, why calendar.Obstacle) string
	// Open returns the provider of a signed-in account. It does no I/O.
	Open(a state.Account, secret Secret) (calendar.Provider, error)
	// SignOut revokes the sign-in at the provider, where that is possible.
	SignOut(ctx context.Context, a state.Account, secret Secret) error
}

// SignInFlow is a sign-in under way.
type SignInFlow interface {
	URL() string
	Code() string // to be typed at URL, on any machine; "" where there is none
	Wait(ctx context.Context) (SignedIn, error)
	Close()
}

// Offers is what can be asked of a provider beyond the least.
type Offers struct {
	Extras []calendar.Permission
	Device bool // sign-in by a code that is typed on another machine
	// TestingLife is after how long the provider ends the sign-ins of a client id that its
	// owner has not published; 0 if it does not.
	TestingLife time.Duration
	Clouds      []Cloud
	// Places are the servers that accounts without an address of their own speak to.
	Places []string
	// ConsentPage is where a person sees which apps they let in, and takes that back.
	ConsentPage string
	// Revokes says that Connector.SignOut takes it back; else only the person can.
	Revokes bool
	// Feed says that an account is an address that is read, and nothing else: of the web or
	// of a file. A Login is only for those that want one. The address may be a secret, so
	// the connector keeps it.
	Feed bool
	// Password says that accounts are let in by SignInWish.Login, without a browser, and
	// Presets are services to choose from.
	Password bool
	Presets  []Preset
}

// Preset is a service that people know by name: its address, and what name and password
// it wants.
type Preset struct {
	Name, URL, Hint string
}

// SignInWish is how an account is to be signed in.
type SignInWish struct {
	Endpoint state.Endpoint
	Access   calendar.Access
	Device   bool
	Login    control.Login // where Offers.Password
}

// SignedIn is what a sign-in gave: whose account it is, the secret to keep, and which
// extras were asked for and not given.
type SignedIn struct {
	calendar.Person
	// Identity is as whom the provider knows them, whatever their address; "" if it
	// does not say.
	Identity string
	Secret   string
	Lacks    []calendar.Extra
	// BaseURL is where their calendars were found, if that was to be found out.
	BaseURL string
}

// Secret is where one account's refresh token is kept.
type Secret interface {
	Load(ctx context.Context) (string, error)
	Save(ctx context.Context, secret string) error
}

// How often to look: closely while changes flow or a person has the window open, calmly otherwise.
const (
	ActiveInterval = 15 * time.Second
	IdleInterval   = state.UsualMinutes * time.Minute // unless the person set another (state.Rhythm)
	// ActiveFor is how long after the last change the closer look goes on.
	ActiveFor = 3 * time.Minute
)

// Options is what an engine is made of.
type Options struct {
	Store      *store.Store
	Connectors map[state.ProviderKind]Connector
	// Network is told how to get out of the machine; may be nil.
	Network func(n state.Network, password string) error
	// Clients are the OAuth clients that were built in.
	Clients map[state.ProviderKind]state.Client
	// Secrets keeps refresh tokens; Sealed, which a passphrase opens, or Plain is used
	// instead where Secrets is not available and the person chose it. Any may be nil.
	Secrets, Plain secrets.Keeper
	Sealed         *secrets.SealedFile
	Now            func() time.Time // time.Now if nil
	// Sleep waits between two tries, and for a provider's rate. If it is nil, Wait
	// does, unless there is a Now of one's own: nothing waits by another clock, and
	// no pass leaves anyone behind.
	Sleep func(context.Context, time.Duration) error
	// Random draws from [0, 1), so that not all try again at once; math/rand if nil.
	Random  func() float64
	Log     *slog.Logger // slog.Default() if nil
	Version string
	// Reach knocks at a server by the way out that Network was told, and says what time it is
	// there (zero if the server does not tell); may be nil. An error of package net or crypto is
	// still to be found in what it returns.
	Reach func(ctx context.Context, address string) (time.Time, error)
	// LogTail reads the end of the log, for Diagnostics; may be nil.
	LogTail func() []byte
	// ShowWindow and Quit are what the faces' requests lead to; may be nil.
	ShowWindow func() error
	Quit       func()
}

// Engine keeps calendars alike. It is a control.Backend.
type Engine struct {
	Options
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	began  time.Time

	passing  turn // one pass at a time, and no change of mirrors within one
	errands  errands
	asking   atomic.Int64  // those who wait in Sync
	patience time.Duration // see patience; 0: a pass waits for everyone
	// crowdsTold are the crowds that history told of since the start, by how they look;
	// within a pass only.
	crowdsTold map[string]bool
	wake       chan struct{}
	upkeep     upkeep

	mu        sync.Mutex // guards what follows
	providers map[state.AccountID]*steady.Provider
	signIns   map[string]*signIn
	waits     map[state.AccountID]time.Time // throttled until
	problems  map[problemKey]control.ProblemNote
	unreached map[problemKey]bool // of problems: those that say 'cannot be reached'
	suspects  map[state.Ref]suspect
	listed    map[state.AccountID]time.Time // when its calendars were last listed
	running   bool                          // a pass is
	nextSync  time.Time
	changedAt time.Time              // when a pass last had something to do
	attended  time.Time              // until when a person has a face open
	pending   map[state.MirrorID]int // events with steps to be done, by the last plan
	writing   *control.Progress      // of the pass that writes now; its rate is told by Status
	changed   chan struct{}          // closed and replaced at every change of the status
}

var _ control.Backend = (*Engine)(nil)

// New makes an engine on an open store. Close it when done; the store stays open.
func New(o Options) (*Engine, error) {
	if o.Store == nil {
		return nil, errors.New("engine: no store")
	}
	if o.Now == nil {
		o.Now = time.Now
		if o.Sleep == nil {
			o.Sleep = Wait
		}
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	e := &Engine{
		Options: o, passing: turn{held: make(chan struct{}, 1)}, wake: make(chan struct{}, 1), changed: make(chan struct{}),
		providers: map[state.AccountID]*steady.Provider{}, signIns: map[string]*signIn{},
		waits: map[state.AccountID]time.Time{}, problems: map[problemKey]control.ProblemNote{},
		unreached: map[problemKey]bool{}, suspects: map[state.Ref]suspect{}, listed: map[state.AccountID]time.Time{},
		crowdsTold: map[string]bool{},
	}
	e.errands.of, e.errands.ended = map[state.AccountID]*errand{}, make(chan struct{})
	if o.Sleep != nil {
		e.patience = patience
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.began = e.Now()
	if err := errors.Join(e.recallProblems(), e.nameInstallation()); err != nil {
		return nil, err
	}
	if err := e.tryRefused(); err != nil {
		e.Log.Warn("what was refused is not tried again", "cause", cause(err))
	}
	e.unsaved(o.Store.Unwritable())
	if err := e.useNetwork(); err != nil {
		return nil, err
	}
	if err := e.recallBackup(); err != nil {
		e.Log.Warn("backups cannot be looked for", "cause", cause(err))
	}
	return e, nil
}

// Close ends what is under way and waits for it. A write that was cut off is
// settled by the next engine.
func (e *Engine) Close() {
	e.cancel()
	e.endUpkeep()
	defer e.alone()()
	e.mu.Lock()
	flows := e.signIns
	e.signIns = map[string]*signIn{}
	e.mu.Unlock()
	for _, s := range flows {
		s.flow.Close()
	}
}

// Run syncs on an interval until ctx ends. A pass that fails is shown in the
// status and tried again.
func (e *Engine) Run(ctx context.Context) {
	for {
		if until := e.stillUntil(); !e.Now().Before(until) {
			if _, err := e.turnOf(ctx, control.SyncRequest{}); err != nil && ctx.Err() == nil {
				e.Log.Error("a pass failed", "error", err)
			}
		}
		e.keepUp()
		wait := e.interval()
		e.mu.Lock()
		e.nextSync = e.Now().Add(wait)
		e.mu.Unlock()
		e.statusChanged()
		if !e.nap(ctx, wait) {
			return
		}
	}
}

// A timer stands still while the machine sleeps: one for the end of the night's quiet hours
// would go off in the afternoon. So the clock on the wall is looked at in between, and
// one that went on by more than passed for us tells that the machine was asleep.
const (
	clockLook = 20 * time.Second
	asleep    = 10 * time.Second
)

// nap waits for the next pass: as long as wait, by any clock, or until the machine wakes
// up or somebody pokes. It is false at the end of Run.
func (e *Engine) nap(ctx context.Context, wait time.Duration) bool {
	for due := e.wall().Add(wait); wait > 0; wait -= clockLook {
		look := min(wait, clockLook)
		began := e.wall()
		t := time.NewTimer(look)
		select {
		case <-ctx.Done():
			t.Stop()
			return false
		case <-e.ctx.Done():
			t.Stop()
			return false
		case <-e.wake:
			t.Stop()
			return true
		case <-t.C:
		}
		if now := e.wall(); !now.Before(due) || now.Sub(began) > look+asleep {
			return true
		}
	}
	return true
}

// wall is what the clock on the wall shows. Of two times with a monotonic reading Go would
// compare that, which stands still while the machine sleeps.
func (e *Engine) wall() time.Time { return e.Now().Round(0) }

// stillUntil is until when nothing is synced by itself: paused, or in quiet hours.
func (e *Engine) stillUntil() time.Time {
	until := e.pausedUntil()
	if quiet := e.rhythm().QuietUntil(e.Now()); quiet.After(until) {
		return quiet
	}
	return until
}

// interval is how long to wait for the next pass.
func (e *Engine) interval() time.Duration {
	until := e.stillUntil()
	now := e.Now()
	if until.After(now) {
		return until.Sub(now)
	}
	wait := e.rhythm().Interval()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.changedAt.IsZero() && now.Sub(e.changedAt) < ActiveFor || now.Before(e.attended) {
		wait = min(wait, ActiveInterval)
	}
	return min(wait, e.nextTry(now))
}

// Attend has calendars looked at closely for a while; at once, if nobody had a face open.
func (e *Engine) Attend(context.Context) error {
	e.mu.Lock()
	now := e.Now()
	fresh := !now.Before(e.attended)
	e.attended = now.Add(control.AttendedFor)
	e.mu.Unlock()
	if fresh {
		e.poke()
	}
	return nil
}

// poke makes Run look again at once.
func (e *Engine) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Sync runs a pass now and waits for its end, and for those that it leaves behind.
// Accounts that are left alone are tried at once.
func (e *Engine) Sync(ctx context.Context, req control.SyncRequest) (control.Report, error) {
	const again = 20 // an account is left behind by one pass or two
	e.hurry()
	e.asking.Add(1)
	defer e.asking.Add(-1)
	total, err := e.turnOf(ctx, req)
	for i := range again {
		if err != nil || !e.awaitLate(e.ctx) {
			break
		}
		if i == 0 {
			e.hurry() // what just ended may have begun before anyone asked
		}
		var r control.Report
		r, err = e.turnOf(ctx, req)
		total = join(total, r)
	}
	return total, err
}

// turnOf is passes when nobody else is at one, and waits for that.
func (e *Engine) turnOf(ctx context.Context, req control.SyncRequest) (control.Report, error) {
	ctx, done := e.carriedOn(ctx)
	defer done()
	e.passing.Lock()
	defer e.passing.Unlock()
	return e.passes(ctx, req)
}

// carriedOn is a context for work that goes on when the one who asked for it hangs
// up, but not past Close.
func (e *Engine) carriedOn(ctx context.Context) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(e.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// passes runs a pass. When a calendar was changed by someone else between read and
// write, it looks again, a few times at most.
func (e *Engine) passes(ctx context.Context, req control.SyncRequest) (control.Report, error) {
	const again = 3
	var total control.Report
	for i := range again {
		r, retry, err := e.pass(ctx, req)
		if i == 0 {
			total = r
		} else {
			total = join(total, r)
		}
		if err != nil {
			e.unsaved(err)
			return total, err
		}
		if !retry {
			break
		}
	}
	if !req.DryRun {
		e.saved()
	}
	return total, nil
}

// join is the report of two passes run back to back.
func join(a, b control.Report) control.Report {
	a.Pass, a.Ended, a.Problems = b.Pass, b.Ended, b.Problems
	kept := a.Steps[:0:0]
	for _, s := range a.Steps { // what was not done is told anew by b
		if s.Error == "" && s.Held == "" && s.Kind != state.Skip {
			kept = append(kept, s)
		}
	}
	requests := a.Requests + b.Requests
	a.Steps = append(kept, b.Steps...)
	a.Count()
	a.Requests = requests
	return a
}

// turn is a lock that is waited for on a channel: it is held through waits that
// take virtual time in tests, where a mutex would stand still.
type turn struct {
	held    chan struct{}
	waiting atomic.Int64
}

// Lock takes the turn, once nobody else has it.
func (t *turn) Lock() {
	t.waiting.Add(1)
	t.held <- struct{}{}
	t.waiting.Add(-1)
}

// Unlock gives it back.
func (t *turn) Unlock() { <-t.held }

// wanted reports whether anybody waits for it.
func (t *turn) wanted() bool { return t.waiting.Load() > 0 }

// provider opens an account's provider, once.
func (e *Engine) provider(a state.Account) (*steady.Provider, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p, ok := e.providers[a.ID]; ok {
		return p, nil
	}
	c, ok := e.Connectors[a.Provider]
	if !ok {
		return nil, fmt.Errorf("engine: this Twinday has no connector for %q", a.Provider)
	}
	open, err := c.Open(a, e.secretOf(a.ID))
	if err != nil {
		return nil, err
	}
	p := e.steady(a.ID, open)
	e.providers[a.ID] = p
	return p, nil
}

func (e *Engine) forget(id state.AccountID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.providers, id)
	delete(e.waits, id)
	for k := range e.problems {
		if k.account == id {
			delete(e.problems, k)
			delete(e.unreached, k)
		}
	}
}
