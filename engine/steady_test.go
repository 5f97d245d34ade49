package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// trio is an engine that runs in virtual time: Ann's two calendars mirror each
// other, and one of them mirrors a third, whose service is about to break.
type trio struct {
	*testing.T
	engine  *engine.Engine
	store   *store.Store
	commits atomic.Int64
	a, b    *fake
	broken  *stuck
}

// stuck is a fake some of whose calls hang.
type stuck struct {
	*fake
	hangs map[string]bool
}

func (s *stuck) hang(ctx context.Context, call string) error {
	s.mu.Lock()
	hangs := s.hangs[call]
	s.mu.Unlock()
	if !hangs {
		return nil
	}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute): // the connectors' own limit of a request
	}
	return s.err(calendar.Unavailable)
}

func (s *stuck) set(calls ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs = map[string]bool{}
	for _, c := range calls {
		s.hangs[c] = true
	}
}

func (s *stuck) Calendars(ctx context.Context) ([]calendar.Calendar, error) {
	if err := s.hang(ctx, "calendars"); err != nil {
		return nil, err
	}
	return s.fake.Calendars(ctx)
}

func (s *stuck) Changes(ctx context.Context, c calendar.CalendarID, since calendar.Cursor) (calendar.Changes, error) {
	if err := s.hang(ctx, "changes"); err != nil {
		return calendar.Changes{}, err
	}
	return s.fake.Changes(ctx, c, since)
}

func (s *stuck) Create(ctx context.Context, c calendar.CalendarID, d calendar.Draft) (calendar.Event, error) {
	if err := s.hang(ctx, "create"); err != nil {
		return calendar.Event{}, err
	}
	return s.fake.Create(ctx, c, d)
}

type trioConnector map[state.AccountID]calendar.Provider

func (c trioConnector) ForIT(engine.SignInWish, calendar.Obstacle) string { return "" }
func (c trioConnector) CheckClient(x state.Client) (state.Client, error)  { return x, nil }
func (c trioConnector) Offers() engine.Offers                             { return engine.Offers{} }
func (c trioConnector) BeginSignIn(context.Context, engine.SignInWish) (engine.SignInFlow, error) {
	return nil, nil
}
func (c trioConnector) Open(a state.Account, _ engine.Secret) (calendar.Provider, error) {
	return c[a.ID], nil
}
func (c trioConnector) SignOut(context.Context, state.Account, engine.Secret) error { return nil }

func newTrio(t *testing.T, change ...func(*engine.Options)) *trio {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))) // the fakes' events are of that week
	x := &trio{T: t, a: newFake(time.Now), b: newFake(time.Now), broken: &stuck{fake: newFake(time.Now)}}
	st, err := store.Open(filepath.Join(t.TempDir(), "twinday.db"), store.Options{At: func(p store.Point) error {
		if p.Do == store.ToCommit {
			x.commits.Add(1)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	x.store = st
	c := trioConnector{"a": x.a, "b": x.b, "broken": x.broken}
	err = st.Update(func(tx *store.Tx) error {
		for id := range c {
			if err := tx.PutAccount(state.Account{ID: id, Provider: state.Google, Email: string(id) + "@x.test"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o := engine.Options{Store: st, Secrets: secrets.Memory(), Random: func() float64 { return 0 },
		Connectors: map[state.ProviderKind]engine.Connector{state.Google: c}}
	for _, f := range change {
		f(&o)
	}
	x.engine, err = engine.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.engine.Calendars(t.Context(), "", true); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]state.AccountID{{"a", "b"}, {"a", "broken"}} {
		if _, err := x.engine.AddMirror(t.Context(), control.NewMirror{Name: string(pair[1]), Members: []state.Member{
			{Ref: state.Ref{Account: pair[0], Calendar: calID}}, {Ref: state.Ref{Account: pair[1], Calendar: calID}}}}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); x.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		x.engine.Close()
		if err := st.Check(); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// crossing is how long it takes until an event of a's is in another calendar.
func (x *trio) crossing(title string, to *fake, most time.Duration) time.Duration {
	x.Helper()
	x.a.add(title)
	began := time.Now()
	for !strings.Contains(to.titles(), title) {
		if time.Since(began) > most {
			x.Fatalf("%q has not crossed within %s", title, most)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(began)
}

// The interval's passes wait like any other while someone else has the turn: of two at
// once, each would take the other's writes for ones that were cut off.
func TestTheIntervalWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTrio(t)
		x.crossing("First", x.b, engine.IdleInterval+time.Second)
		release := x.engine.HoldTurn()
		x.a.add("Second")
		time.Sleep(3 * engine.IdleInterval)
		if strings.Contains(x.b.titles(), "Second") {
			t.Error("a pass ran while another had the turn")
		}
		release()
		time.Sleep(engine.IdleInterval)
		if !strings.Contains(x.b.titles(), "Second") {
			t.Error("no pass ran when the turn was free")
		}
	})
}

// One account that hangs, in its reads or in its writes, for hours, does not keep
// the others waiting: a change between them takes as long as it always does. Once
// it is back, it has everything.
func TestABrokenAccountDelaysNobody(t *testing.T) {
	for _, hangs := range [][]string{{"changes", "calendars"}, {"changes"}, {"create"}, {"create", "changes", "calendars"}} {
		t.Run(strings.Join(hangs, " and "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newTrio(t)
				x.crossing("First", x.b, engine.IdleInterval+time.Second)
				var well time.Duration
				for i := range 4 { // while changes flow
					well = max(well, x.crossing(fmt.Sprint("Well ", i), x.b, engine.ActiveInterval+time.Second))
					time.Sleep(time.Second)
				}
				x.broken.set(hangs...)
				var worst time.Duration
				var took []string
				for i := range 20 {
					d := x.crossing(fmt.Sprint("Hung ", i), x.b, time.Minute)
					worst = max(worst, d)
					took = append(took, d.String())
					time.Sleep(time.Duration(i%7*5) * time.Second)
				}
				// A pass has five seconds' patience before it goes on without.
				if limit := engine.ActiveInterval + 5*time.Second + time.Second; worst > limit {
					t.Errorf("a change took %s, at most %s is promised: %v", worst, limit, took)
				}
				t.Logf("slowest change: %s when all is well, %s beside an account that hangs", well, worst)
				s, err := x.engine.Status(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				told := slices.ContainsFunc(s.Problems, func(p control.ProblemNote) bool {
					return p.Account == "broken" && strings.HasPrefix(p.What, "Google does not answer for broken@x.test; tried again at ") && p.WayOut != ""
				})
				if !told && slices.Contains(hangs, "calendars") {
					t.Errorf("it is not shown: %+v", s.Problems)
				}
				if slices.ContainsFunc(s.Problems, func(p control.ProblemNote) bool { return p.Account != "broken" }) {
					t.Errorf("others are blamed: %+v", s.Problems)
				}
				calls := x.broken.count("calendars") + x.broken.count("changes") + x.broken.count("create")
				time.Sleep(time.Hour)
				// Every ten minutes one try, or two where the cheap call is answered.
				if n := x.broken.count("calendars") + x.broken.count("changes") + x.broken.count("create") - calls; n > 6*5 {
					t.Errorf("%d calls in an hour", n)
				}
				x.broken.set()
				r, err := x.engine.Sync(t.Context(), control.SyncRequest{})
				if err != nil || len(r.Problems) > 0 {
					t.Errorf("'Sync now' does not try at once: %v, %+v", err, r.Problems)
				}
				time.Sleep(time.Minute)
				if a, c := x.a.titles(), x.broken.titles(); a != c {
					t.Errorf("the one that is back lacks something:\n%s\n%s", a, c)
				}
				if s, err = x.engine.Status(t.Context()); err != nil || s.Activity != control.Fine {
					t.Errorf("status %s %q, %v", s.Activity, s.Summary, err)
				}
			})
		})
	}
}

// A first read that takes minutes keeps nobody waiting, and is not lost.
func TestASlowReadIsWaitedForByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTrio(t)
		time.Sleep(time.Minute)
		x.broken.add("Far away")
		x.broken.between = func(call string) {
			if call == "changes" {
				time.Sleep(3 * time.Minute)
			}
		}
		x.a.add("Near")
		began := time.Now()
		if _, err := x.engine.Sync(t.Context(), control.SyncRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := x.a.titles(); got != "Far away, Near" || time.Since(began) < 3*time.Minute {
			t.Errorf("whoever asks waits for all: %q after %s", got, time.Since(began))
		}
	})
}

// Whoever asks waits for writes that take long, and nothing is read once more for that;
// whoever wants to change something meanwhile need not wait for them.
func TestWritesAreWaitedForUnlessSomebodyElseComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTrio(t)
		time.Sleep(time.Minute)
		if err := x.engine.Pause(t.Context(), time.Now().Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		x.b.between = func(call string) {
			if call == "create" {
				time.Sleep(time.Second)
			}
		}
		sync := func(wave string) (read int) {
			for i := range 100 {
				x.a.add(fmt.Sprint(wave, i))
			}
			before := x.a.count("changes") + x.b.count("changes")
			r, err := x.engine.Sync(t.Context(), control.SyncRequest{})
			if err != nil || r.Created != 200 || r.Failed != 0 {
				t.Errorf("%s: %d created, %d failed: %v", wave, r.Created, r.Failed, err)
			}
			return x.a.count("changes") + x.b.count("changes") - before
		}
		if n := sync("Alone "); n != 2 {
			t.Errorf("two calendars were read %d times", n)
		}
		var waited time.Duration
		go func() {
			time.Sleep(21 * time.Second)
			began := time.Now()
			x.engine.HoldTurn()()
			waited = time.Since(began)
		}()
		if sync("Disturbed "); waited == 0 || waited > 5*time.Second {
			t.Errorf("somebody else waited for %s", waited)
		}
	})
}

// A backlog is committed in ever larger groups, as long as they are written fast.
func TestABacklogIsCommittedInGrowingGroups(t *testing.T) {
	for _, c := range []struct {
		name        string
		write       time.Duration
		least, most int // intents that are open at once
		commits     int64
	}{
		{"fast", time.Millisecond, 256, 256, 30},
		{"slow", time.Second, 32, 32, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newTrio(t)
				time.Sleep(time.Minute)
				if err := x.engine.Pause(t.Context(), time.Now().Add(24*time.Hour)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				most := 0
				x.b.between = func(call string) {
					if call != "create" {
						return
					}
					err := x.store.View(func(tx *store.Tx) error {
						all, err := tx.Intents()
						n := 0
						for _, in := range all {
							if in.Step.Ref.Account == "b" {
								n++
							}
						}
						most = max(most, n)
						return err
					})
					if err != nil {
						t.Error(err)
					}
					time.Sleep(c.write)
				}
				for i := range 500 {
					x.a.add(fmt.Sprint("Event ", i))
				}
				before := x.commits.Load()
				if r, err := x.engine.Sync(t.Context(), control.SyncRequest{}); err != nil || r.Created != 1000 {
					t.Fatalf("%d created: %v", r.Created, err)
				}
				if n := x.commits.Load() - before; most < c.least || most > c.most || n > c.commits {
					t.Errorf("%d intents at once, %d commits", most, n)
				}
			})
		})
	}
}
