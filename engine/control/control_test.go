package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// calls is every method of Backend but Watch, each asked in a few ways.
var calls = map[string]func(context.Context, Backend) (any, error){
	"status":         func(ctx context.Context, b Backend) (any, error) { return b.Status(ctx) },
	"begin sign-in":  func(ctx context.Context, b Backend) (any, error) { return b.BeginSignIn(ctx, full[NewAccount]()) },
	"finish sign-in": func(ctx context.Context, b Backend) (any, error) { return b.FinishSignIn(ctx, "s1") },
	"cancel sign-in": func(ctx context.Context, b Backend) (any, error) { return nil, b.CancelSignIn(ctx, "s1") },
	"accounts":       func(ctx context.Context, b Backend) (any, error) { return b.Accounts(ctx) },
	"remove account": func(ctx context.Context, b Backend) (any, error) {
		return b.RemoveAccount(ctx, RemoveAccount{ID: "ada+x@example.com"})
	},
	"remove an account with an odd id": func(ctx context.Context, b Backend) (any, error) {
		return b.RemoveAccount(ctx, RemoveAccount{ID: "a/b c%2F?d=e#f é", RemoveCopies: true})
	},
	"calendars of all":       func(ctx context.Context, b Backend) (any, error) { return b.Calendars(ctx, "", false) },
	"calendars of one, anew": func(ctx context.Context, b Backend) (any, error) { return b.Calendars(ctx, "a+b&c=d@e.f", true) },
	"new calendar":           func(ctx context.Context, b Backend) (any, error) { return b.MakeCalendar(ctx, full[NewCalendar]()) },
	"mirrors":                func(ctx context.Context, b Backend) (any, error) { return b.Mirrors(ctx) },
	"add mirror":             func(ctx context.Context, b Backend) (any, error) { return b.AddMirror(ctx, full[NewMirror]()) },
	"change mirror":          func(ctx context.Context, b Backend) (any, error) { return b.ChangeMirror(ctx, full[ChangeMirror]()) },
	"plan mirror":            func(ctx context.Context, b Backend) (any, error) { return b.PlanMirror(ctx, full[state.Mirror]()) },
	"preview":                func(ctx context.Context, b Backend) (any, error) { return b.Preview(ctx, full[PreviewRequest]()) },
	"change a mirror to let all responses cross": func(ctx context.Context, b Backend) (any, error) {
		none := []calendar.Response{} // which is not the default
		return b.ChangeMirror(ctx, ChangeMirror{Mirror: state.Mirror{ID: "m1", Mappings: []state.PairMapping{
			{Mapping: state.Mapping{Filter: state.Filter{Responses: &none}}}}}})
	},
	"remove mirror": func(ctx context.Context, b Backend) (any, error) { return b.RemoveMirror(ctx, full[RemoveMirror]()) },
	"remove mirror and its copies": func(ctx context.Context, b Backend) (any, error) {
		return b.RemoveMirror(ctx, RemoveMirror{ID: "m1"})
	},
	"sync":                  func(ctx context.Context, b Backend) (any, error) { return b.Sync(ctx, SyncRequest{}) },
	"dry run":               func(ctx context.Context, b Backend) (any, error) { return b.Sync(ctx, full[SyncRequest]()) },
	"pause":                 func(ctx context.Context, b Backend) (any, error) { return nil, b.Pause(ctx, full[time.Time]()) },
	"resume":                func(ctx context.Context, b Backend) (any, error) { return nil, b.Pause(ctx, time.Time{}) },
	"history":               func(ctx context.Context, b Backend) (any, error) { return b.History(ctx, HistoryQuery{}) },
	"entry":                 func(ctx context.Context, b Backend) (any, error) { return b.HistoryDetail(ctx, 1<<53+1) },
	"undo":                  func(ctx context.Context, b Backend) (any, error) { return b.Undo(ctx, full[UndoRequest]()) },
	"why":                   func(ctx context.Context, b Backend) (any, error) { return b.Why(ctx, full[WhyRequest]()) },
	"search":                func(ctx context.Context, b Backend) (any, error) { return b.History(ctx, full[HistoryQuery]()) },
	"page of a search":      func(ctx context.Context, b Backend) (any, error) { return b.HistoryPage(ctx, full[HistoryQuery]()) },
	"held":                  func(ctx context.Context, b Backend) (any, error) { return b.Held(ctx) },
	"decide":                func(ctx context.Context, b Backend) (any, error) { return nil, b.Decide(ctx, full[Decide]()) },
	"agenda":                func(ctx context.Context, b Backend) (any, error) { return b.Agenda(ctx, full[AgendaQuery]()) },
	"days":                  func(ctx context.Context, b Backend) (any, error) { return b.Days(ctx, full[int]()) },
	"attending":             func(ctx context.Context, b Backend) (any, error) { return nil, b.Attend(ctx) },
	"window":                func(ctx context.Context, b Backend) (any, error) { return nil, b.ShowWindow(ctx) },
	"quitting":              func(ctx context.Context, b Backend) (any, error) { return nil, b.Quit(ctx) },
	"duplicates":            func(ctx context.Context, b Backend) (any, error) { return b.Duplicates(ctx, full[state.MirrorID]()) },
	"clean up":              func(ctx context.Context, b Backend) (any, error) { return b.CleanUp(ctx, full[CleanUp]()) },
	"take over":             func(ctx context.Context, b Backend) (any, error) { return nil, b.TakeOver(ctx, full[state.MirrorID]()) },
	"what can be connected": func(ctx context.Context, b Backend) (any, error) { return b.Providers(ctx) },
	"settings":              func(ctx context.Context, b Backend) (any, error) { return b.Settings(ctx) },
	"setup":                 func(ctx context.Context, b Backend) (any, error) { return b.Setup(ctx) },
	"taking a setup":        func(ctx context.Context, b Backend) (any, error) { return b.TakeSetup(ctx, full[TakeSetup]()) },
	"checkup":               func(ctx context.Context, b Backend) (any, error) { return b.Checkup(ctx) },
	"diagnostics":           func(ctx context.Context, b Backend) (any, error) { return b.Diagnostics(ctx) },
	"changing settings":     func(ctx context.Context, b Backend) (any, error) { return b.ChangeSettings(ctx, full[Settings]()) },
	"checking a client id":  func(ctx context.Context, b Backend) (any, error) { return b.CheckClient(ctx, full[CheckClient]()) },
	"unlocking":             func(ctx context.Context, b Backend) (any, error) { return nil, b.Unlock(ctx, "correct horse") },
}

// wires are the ways in which a face reaches a backend.
var wires = map[string]func(*testing.T, Backend) *Client{
	"in process": func(t *testing.T, b Backend) *Client {
		c := InProcess(b)
		t.Cleanup(c.Close)
		return c
	},
	"over a socket": func(t *testing.T, b Backend) *Client {
		shortFolders(t)
		return dial(t, engineOn(t, t.TempDir(), b).dataDir)
	},
	"over loopback TCP": func(t *testing.T, b Backend) *Client {
		noSockets(t)
		return dial(t, engineOn(t, t.TempDir(), b).dataDir)
	},
}

func TestEveryCallArrivesAsItWasMade(t *testing.T) {
	for wire, client := range wires {
		t.Run(wire, func(t *testing.T) {
			b := &recorder{}
			c := client(t, b)
			for name, call := range calls {
				want, err := call(t.Context(), b)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				asked := b.forget()
				got, err := call(t.Context(), c)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s: the answer has changed on the way (-sent +come):\n%s", name, d)
				}
				if d := cmp.Diff(asked, b.forget()); d != "" {
					t.Errorf("%s: the question has changed on the way (-sent +come):\n%s", name, d)
				}
			}
		})
	}
}

func TestEveryFailureArrivesWithItsCode(t *testing.T) {
	for name, c := range map[string]struct {
		fail error
		want Error
	}{
		"wrong usage":            {&Error{Code: CodeUsage, Message: "that makes no sense"}, Error{Code: CodeUsage, Message: "that makes no sense"}},
		"no such thing":          {&Error{Code: CodeNotFound, Message: "no account \"x\""}, Error{Code: CodeNotFound, Message: "no account \"x\""}},
		"no keyring":             {&Error{Code: CodeSecrets, Message: "no keyring answers"}, Error{Code: CodeSecrets, Message: "no keyring answers"}},
		"a failure":              {&Error{Code: CodeFailed, Message: "google is away"}, Error{Code: CodeFailed, Message: "google is away"}},
		"with context around it": {fmt.Errorf("engine: %w", &Error{Code: CodeUsage, Message: "no"}), Error{Code: CodeUsage, Message: "no"}},
		"an error without code":  {errors.New("disk full"), Error{Code: CodeFailed, Message: "disk full"}},
	} {
		t.Run(name, func(t *testing.T) {
			cl := InProcess(&recorder{fail: c.fail})
			defer cl.Close()
			for what, call := range calls {
				_, err := call(t.Context(), cl)
				var got *Error
				if !errors.As(err, &got) || *got != c.want {
					t.Errorf("%s: came as %#v, want %+v", what, err, c.want)
				}
			}
		})
	}
}

func TestWatchTellsEveryStatusUntilItsEnd(t *testing.T) {
	for wire, client := range wires {
		t.Run(wire, func(t *testing.T) {
			first, second := full[Status](), Status{Activity: Fine, Summary: "two\nlines\n\ndata: no"}
			b := &recorder{left: make(chan struct{}), watch: func() []*Status { return []*Status{&first, &second, {}} }}
			c := client(t, b)
			ctx, enough := context.WithCancel(t.Context())
			var got []Status
			err := c.Watch(ctx, func(s Status) error {
				if got = append(got, s); len(got) == 3 {
					enough()
				}
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v, want context.Canceled", err)
			}
			if d := cmp.Diff([]Status{first, second, {}}, got); d != "" {
				t.Errorf("-said +heard:\n%s", d)
			}
			<-b.left // the engine learns that nobody watches any more
		})
	}
}

func TestWatchEndsWithTheErrorOfItsListener(t *testing.T) {
	b := &recorder{left: make(chan struct{}), watch: func() []*Status { return []*Status{{}, {}} }}
	c := InProcess(b)
	defer c.Close()
	enough, heard := errors.New("enough"), 0
	if err := c.Watch(t.Context(), func(Status) error { heard++; return enough }); err != enough || heard != 1 {
		t.Errorf("ended with %v after %d, want its own error after 1", err, heard)
	}
	<-b.left
}

// While one client waits in a call and one watches, others are served.
func TestClientsDoNotWaitForEachOther(t *testing.T) {
	for wire, client := range map[string]func(*testing.T, Backend) [2]*Client{
		"in process": func(t *testing.T, b Backend) [2]*Client {
			c := InProcess(b)
			t.Cleanup(c.Close)
			return [2]*Client{c, c}
		},
		"over a socket": func(t *testing.T, b Backend) [2]*Client {
			shortFolders(t)
			e := engineOn(t, t.TempDir(), b)
			return [2]*Client{dial(t, e.dataDir), dial(t, e.dataDir)}
		},
	} {
		t.Run(wire, func(t *testing.T) {
			var both sync.WaitGroup
			both.Add(2)
			b := &recorder{watch: func() []*Status { return []*Status{{}} }}
			b.meet = func() { both.Done(); both.Wait() } // nobody gets on before the other is there
			cs := client(t, b)
			watching, ctx := make(chan struct{}), t.Context()
			go func() { _ = cs[0].Watch(ctx, func(Status) error { close(watching); return nil }) }()
			<-watching
			errs := make(chan error)
			for _, c := range cs {
				go func() { _, err := c.Sync(ctx, SyncRequest{}); errs <- err }()
			}
			for range cs {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// synctest fails when a goroutine is left.
func TestCloseEndsAllThatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &recorder{left: make(chan struct{})}
		c := InProcess(b)
		if _, err := c.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
		watched := make(chan error, 1)
		go func() { watched <- c.Watch(context.Background(), func(Status) error { return nil }) }()
		synctest.Wait()
		c.Close()
		if err := <-watched; !errors.Is(err, ErrNoEngine) {
			t.Errorf("the watch ended with %v, want ErrNoEngine", err)
		}
		<-b.left
		if _, err := c.Status(context.Background()); !errors.Is(err, ErrNoEngine) {
			t.Errorf("a call after Close: %v, want ErrNoEngine", err)
		}
		c.Close() // twice does no harm
	})
}

func TestACallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		forever := make(chan struct{})
		c := InProcess(&recorder{meet: func() { <-forever }})
		if _, err := c.Sync(ctx, SyncRequest{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v, want context.DeadlineExceeded", err)
		}
		close(forever)
		c.Close()
	})
}

func TestReportCountsItsWrites(t *testing.T) {
	r := Report{Created: 1, Updated: 10, Deleted: 100, Adopted: 1000, Held: 1000, Failed: 1000, Skipped: 1000}
	if r.Writes() != 111 {
		t.Errorf("%d writes, want what was created, updated and deleted: 111", r.Writes())
	}
}

// Every call that there is was tried above.
func TestNoCallIsForgotten(t *testing.T) {
	b := &recorder{}
	for _, call := range calls {
		_, _ = call(t.Context(), b)
	}
	tried := b.forget()
	for _, name := range methodsOf[Backend]() {
		if name == "Watch" {
			continue
		}
		if !slices.ContainsFunc(tried, func(s string) bool { return len(s) > len(name) && s[:len(name)+1] == name+"[" }) {
			t.Errorf("%s has no test", name)
		}
	}
}
