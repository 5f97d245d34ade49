package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
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

// fake is one account with one calendar, in memory: versions, keys, a change
// log, and faults by the call. The real connectors are tested elsewhere; this
// keeps the engine's own tests free of their SDKs.
type fake struct {
	mu       sync.Mutex
	events   map[calendar.RemoteID]*held
	log      []calendar.RemoteID
	oldest   int // cursors below have expired
	seq      int
	clock    func() time.Time
	unsure   bool   // tombstones may mean something else
	noSeries string // why it holds no series
	calls    []string
	fault    func(call string) (before, after error)
	between  func(call string)       // another client, just before a write takes effect
	hidden   func(title string) bool // what complete listings leave out
	denied   bool                    // and get does not find
	gone     bool                    // the calendar is, with all of its events
}

type held struct {
	calendar.Event
	key  calendar.Key
	dead bool
}

func (h *held) override(slot string, o calendar.Override) {
	if h.Overrides == nil {
		h.Overrides = map[string]calendar.Override{}
	}
	if h.Overrides[slot] = o; o.IsZero() {
		delete(h.Overrides, slot)
	}
}

const calID = calendar.CalendarID("main")

func newFake(clock func() time.Time) *fake {
	return &fake{events: map[calendar.RemoteID]*held{}, clock: clock}
}

func (f *fake) err(k calendar.Kind) error {
	return &calendar.Error{Op: "fake", Kind: k, Err: errors.New("on purpose")}
}

// call counts a call and runs its effect between the faults that are due.
func (f *fake) call(name string, effect func() error) error {
	f.mu.Lock()
	between := f.between
	f.mu.Unlock()
	if between != nil {
		between(name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	var before, after error
	if f.fault != nil {
		before, after = f.fault(name)
	}
	if before != nil {
		return before
	}
	return cmp.Or(effect(), after)
}

func (f *fake) touch(h *held) {
	f.seq++
	h.Version = calendar.Version(strconv.Itoa(f.seq))
	h.Updated = f.clock()
	f.log = append(f.log, h.ID)
}

func (f *fake) Capabilities() calendar.Capabilities {
	return calendar.Capabilities{Groups: calendar.AllGroups, Writes: 2, Series: func(calendar.When) string { return f.noSeries }}
}

func (f *fake) Calendars(context.Context) (out []calendar.Calendar, err error) {
	err = f.call("calendars", func() error {
		if f.gone {
			return nil
		}
		out = []calendar.Calendar{{ID: calID, Name: "Main", Writable: true, Details: true, Primary: true}}
		return nil
	})
	return out, err
}

func (f *fake) Changes(_ context.Context, _ calendar.CalendarID, since calendar.Cursor) (out calendar.Changes, err error) {
	err = f.call("changes", func() error {
		if f.gone {
			return f.err(calendar.NotFound)
		}
		from := 0
		if since != "" {
			from, _ = strconv.Atoi(string(since))
		}
		if since != "" && from < f.oldest {
			return f.err(calendar.CursorExpired)
		}
		out = calendar.Changes{Complete: since == "", Next: calendar.Cursor(strconv.Itoa(len(f.log))), Requests: 1}
		ids := slices.Clone(f.log[from:])
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			if h := f.events[id]; !h.dead && since == "" && f.hidden != nil && f.hidden(h.Content.Title) {
				continue
			} else if !h.dead {
				out.Events = append(out.Events, h.Event)
			} else if since != "" {
				out.Removed = append(out.Removed, calendar.Removal{ID: id, Certain: !f.unsure})
			}
		}
		return nil
	})
	return out, err
}

func (f *fake) find(id calendar.RemoteID) (*held, error) {
	h, ok := f.events[id]
	switch {
	case !ok, f.gone:
		return nil, f.err(calendar.NotFound)
	case h.dead:
		return nil, f.err(calendar.Gone)
	}
	return h, nil
}

func (f *fake) Get(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID) (out calendar.Event, err error) {
	err = f.call("get", func() error {
		h, err := f.find(id)
		if err == nil && f.denied && f.hidden != nil && f.hidden(h.Content.Title) {
			err = f.err(calendar.NotFound)
		}
		if err == nil {
			out = h.Event
		}
		return err
	})
	return out, err
}

func (f *fake) Create(_ context.Context, _ calendar.CalendarID, d calendar.Draft) (out calendar.Event, err error) {
	err = f.call("create", func() error {
		for _, h := range f.events {
			if h.key == d.Key {
				if h.dead {
					return f.err(calendar.Gone)
				}
				out = h.Event
				return nil
			}
		}
		h := &held{key: d.Key, Event: calendar.Event{ID: calendar.RemoteID("made-" + d.Key[:8]), UID: string(d.Key), Organized: true,
			Created: f.clock(), Mark: d.Mark, Content: d.Content, Overrides: maps.Clone(d.Overrides)}}
		h.Content.Place = strings.TrimSpace(h.Content.Place) // providers tidy up
		f.events[h.ID] = h
		f.touch(h)
		out = h.Event
		return nil
	})
	return out, err
}

func (f *fake) Respond(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID, v calendar.Version, r calendar.Response) error {
	return f.call("respond", func() error {
		h, err := f.find(id)
		if err != nil {
			return err
		}
		if h.Version != v {
			return f.err(calendar.Conflict)
		}
		h.MyResponse = r
		f.touch(h)
		return nil
	})
}

func (f *fake) Update(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID, v calendar.Version, c calendar.Change) (out calendar.Event, err error) {
	err = f.call("update", func() error {
		h, err := f.find(id)
		if err != nil {
			return err
		}
		if h.Version != v {
			return f.err(calendar.Conflict)
		}
		for _, g := range c.Groups {
			h.Content = h.Content.Take(g, c.Content)
		}
		h.Overrides = maps.Clone(h.Overrides)
		if c.Groups.Has(calendar.GroupWhen) {
			h.Overrides = maps.Clone(c.Overrides)
		}
		for _, slot := range c.Slots {
			h.override(slot, c.Overrides[slot])
		}
		f.touch(h)
		out = h.Event
		return nil
	})
	return out, err
}

func (f *fake) Delete(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	return f.call("delete", func() error {
		h, err := f.find(id)
		if err != nil {
			return nil
		}
		if h.Version != v {
			return f.err(calendar.Conflict)
		}
		h.dead = true
		f.touch(h)
		return nil
	})
}

// The other client.

func (f *fake) add(title string, change ...func(*calendar.Event)) calendar.RemoteID {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := calendar.RemoteID(fmt.Sprintf("own-%d", len(f.events)))
	start := time.Date(2026, 3, 11, 9, 0, 0, 0, time.UTC)
	h := &held{Event: calendar.Event{ID: id, UID: string(id) + "@" + title, Organized: true, Created: f.clock(), Content: calendar.Content{Title: title,
		When: calendar.When{Start: calendar.At(start, time.UTC), End: calendar.At(start.Add(time.Hour), time.UTC)}}}}
	for _, c := range change {
		c(&h.Event)
	}
	f.events[id] = h
	f.touch(h)
	return id
}

func (f *fake) edit(title string, change func(*calendar.Content)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.one(title)
	change(&h.Content)
	f.touch(h)
}

func (f *fake) remove(title string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.one(title)
	h.dead = true
	f.touch(h)
}

func (f *fake) one(title string) *held {
	for _, h := range f.events {
		if !h.dead && h.Content.Title == title {
			return h
		}
	}
	panic("no event " + title)
}

func (f *fake) titles() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, h := range f.events {
		if !h.dead {
			out = append(out, h.Content.Title)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (f *fake) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (f *fake) writes() int { return f.count("create") + f.count("update") + f.count("delete") }

// flow is a sign-in that the person gets through at once.
type flow struct {
	who    string
	err    error
	closed chan struct{}
}

func (f flow) URL() string { return "http://sign.in/" + f.who }
func (f flow) Close()      { close(f.closed) }
func (f flow) Wait(ctx context.Context) (calendar.Person, string, error) {
	if f.who == "nobody@x.test" {
		<-ctx.Done()
		return calendar.Person{}, "", ctx.Err()
	}
	return calendar.Person{Email: f.who}, "refresh-" + f.who, f.err
}

// connector hands out fakes by the client id that was asked with.
type connector struct {
	fakes     map[string]*fake
	signedOut []state.AccountID
}

func (c *connector) BeginSignIn(_ context.Context, e state.Endpoint) (engine.SignInFlow, error) {
	return flow{who: e.ClientID, closed: make(chan struct{})}, nil
}

func (c *connector) Open(a state.Account, secret engine.Secret) (calendar.Provider, error) {
	if s, err := secret.Load(context.Background()); err != nil || s != "refresh-"+a.Email {
		return nil, fmt.Errorf("no secret of %s: %q %v", a.Email, s, err)
	}
	return c.fakes[a.Email], nil
}

func (c *connector) SignOut(_ context.Context, a state.Account, _ engine.Secret) error {
	c.signedOut = append(c.signedOut, a.ID)
	return nil
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
	ids       []calendar.RemoteID // of what fill made
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
	if b.store, err = store.Open(b.path, store.Options{}); err != nil {
		b.Fatal(err)
	}
	b.Engine, err = engine.New(engine.Options{Store: b.store, Secrets: b.secrets, Now: b.now,
		Connectors: map[state.ProviderKind]engine.Connector{state.Google: b.connector}})
	if err != nil {
		b.Fatal(err)
	}
	b.face = control.InProcess(b.Engine)
}

func (b *bench) close() {
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
