package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// flow is a sign-in that the person gets through at once.
type flow struct {
	who    string
	known  string // as whom the provider knows them
	err    error
	lacks  []calendar.Extra
	closed chan struct{}
}

func (f flow) URL() string  { return "http://sign.in/" + f.who }
func (f flow) Code() string { return "" }
func (f flow) Close()       { close(f.closed) }
func (f flow) Wait(ctx context.Context) (engine.SignedIn, error) {
	if f.who == "nobody@x.test" {
		<-ctx.Done()
		return engine.SignedIn{}, ctx.Err()
	}
	return engine.SignedIn{Person: calendar.Person{Email: f.who}, Identity: f.known, Secret: "refresh-" + f.who, Lacks: f.lacks}, f.err
}

// connector hands out fakes by the client id that was asked with.
type connector struct {
	fakes      map[string]*fake
	signedOut  []state.AccountID
	asked      engine.SignInWish   // last
	lacks      []calendar.Extra    // what the person leaves out
	refuse     error               // how the next sign-ins end
	known      map[string]string   // identities, by address
	noRevoking error               // why a sign-in cannot be revoked
	unrevoked  bool                // the provider has no way to revoke
	siblings   map[string]siblings // accounts of several calendars
}

func (c *connector) Offers() engine.Offers {
	return engine.Offers{Places: []string{"https://calendars.test/v3", "https://sign.in.test/token"}, Revokes: !c.unrevoked, ConsentPage: "https://consent.test", Extras: []calendar.Permission{{Extra: calendar.CopiesCalendar, Scope: "make", Reason: "make a calendar for copies"}}, TestingLife: 7 * 24 * time.Hour,
		Clouds: []engine.Cloud{{Name: "moon", What: "the cloud on the moon", BaseURL: "https://calendars.moon"}, {Name: "mars", What: "the cloud on Mars", BaseURL: "https://calendars.mars"}}}
}

func (c *connector) CheckClient(x state.Client) (state.Client, error) {
	if x.ID == "bad" {
		return x, &calendar.Error{Op: "client id", Kind: calendar.Invalid, Obstacle: calendar.ClientRefused, Err: errors.New("that is no client id")}
	}
	return state.Client{ID: strings.TrimSpace(x.ID), Secret: x.Secret}, nil
}

func (c *connector) ForIT(w engine.SignInWish, why calendar.Obstacle) string {
	return fmt.Sprintf("Dear IT, %s: %s", w.Endpoint.ClientID, why)
}

func (c *connector) BeginSignIn(_ context.Context, w engine.SignInWish) (engine.SignInFlow, error) {
	c.asked = w
	return flow{who: w.Endpoint.ClientID, known: c.known[w.Endpoint.ClientID], lacks: c.lacks, err: c.refuse, closed: make(chan struct{})}, nil
}

func (c *connector) Open(a state.Account, secret engine.Secret) (calendar.Provider, error) {
	if s, err := secret.Load(context.Background()); err != nil || s != "refresh-"+a.Email {
		return nil, fmt.Errorf("no secret of %s: %q %v", a.Email, s, err)
	}
	if s, ok := c.siblings[a.Email]; ok {
		return s, nil
	}
	return c.fakes[a.Email], nil
}

func (c *connector) SignOut(_ context.Context, a state.Account, _ engine.Secret) error {
	c.signedOut = append(c.signedOut, a.ID)
	return c.noRevoking
}

// bench is an engine on a store in a temporary folder, spoken to as a face does.
type bench struct {
	testing.TB
	*engine.Engine
	face      *control.Client
	store     *store.Store
	path      string
	connector *connector
	secrets   *secrets.InMemory
	clock     *time.Time // not while a pass runs; see now
	reading   *sync.Mutex
	a, b      *fake
	mirror    state.Mirror
	ids       []calendar.RemoteID     // of what fill made
	disk      func(store.Point) error // what the disk says to each touch; nil: yes
	version   string                  // of Twinday
}

func newBench(t testing.TB) *bench {
	t.Helper()
	clock := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	b := &bench{TB: t, clock: &clock, reading: &sync.Mutex{}, secrets: secrets.Memory(), path: filepath.Join(t.TempDir(), "twinday.db")}
	tick := func() time.Time {
		b.reading.Lock()
		defer b.reading.Unlock()
		clock = clock.Add(time.Second)
		return clock
	}
	b.a, b.b = newFake(tick), newFake(tick)
	b.connector = &connector{fakes: map[string]*fake{"ann@x.test": b.a, "ann@y.test": b.b}}
	b.open()
	t.Cleanup(b.close)
	for _, who := range []string{"ann@x.test", "ann@y.test"} {
		b.signIn(who)
	}
	m, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: []state.Member{{Ref: refA}, {Ref: refB}}})
	if err != nil {
		t.Fatal(err)
	}
	b.mirror = m
	return b
}

var (
	refA = state.Ref{Account: "ann@x.test", Calendar: calID}
	refB = state.Ref{Account: "ann@y.test", Calendar: calID}
)

func (b *bench) now() time.Time {
	b.reading.Lock()
	defer b.reading.Unlock()
	return *b.clock
}

func (b *bench) open() {
	b.Helper()
	var err error
	if b.store, err = store.Open(b.path, store.Options{Fallback: true, At: b.touch}); err != nil {
		b.Fatal(err)
	}
	b.Engine, err = engine.New(engine.Options{Store: b.store, Secrets: b.secrets, Now: b.now, Version: b.version,
		Connectors: map[state.ProviderKind]engine.Connector{state.Google: b.connector}})
	if err != nil {
		b.Fatal(err)
	}
	b.face = control.InProcess(heard{b.Engine})
}

func (b *bench) touch(p store.Point) error {
	if b.disk == nil {
		return nil
	}
	return b.disk(p)
}

func (b *bench) close() {
	_, _ = b.face.Status(context.Background())
	hearStore(b.store)
	b.face.Close()
	b.Engine.Close()
	if err := b.store.Check(); err != nil {
		b.Errorf("the store is not sound: %v", err)
	}
	if err := b.store.Close(); err != nil {
		b.Error(err)
	}
}

// restart is a new process on the same folder.
func (b *bench) restart() { b.Helper(); b.close(); b.open() }

func (b *bench) signIn(who string) state.Account {
	b.Helper()
	s, err := b.face.BeginSignIn(b.Context(), control.NewAccount{Provider: state.Google, Endpoint: state.Endpoint{ClientID: who}})
	if err != nil {
		b.Fatal(err)
	}
	a, err := b.face.FinishSignIn(b.Context(), s.ID)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

func (b *bench) sync() control.Report {
	b.Helper()
	r, err := b.face.Sync(b.Context(), control.SyncRequest{})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// quiet syncs until nothing happens, and fails if a further pass writes.
func (b *bench) quiet() {
	b.Helper()
	for range 5 {
		if r := b.sync(); r.Writes()+r.Failed+r.Adopted == 0 {
			before := b.a.writes() + b.b.writes()
			if b.sync(); b.a.writes()+b.b.writes() != before {
				b.Fatal("a pass after quiet wrote")
			}
			return
		}
	}
	b.Fatal("never quiet")
}

func (b *bench) alike(want string) {
	b.Helper()
	if x, y := b.a.titles(), b.b.titles(); x != want || y != want {
		b.Fatalf("want %q on both sides\n a: %q\n b: %q", want, x, y)
	}
}
