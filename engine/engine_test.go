package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

func TestMeetingsCross(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.b.add("Dentist")
	r := b.sync()
	if r.Created != 2 || r.Writes() != 2 || len(r.Problems) != 0 {
		t.Fatalf("first pass: %+v", r)
	}
	b.alike("Dentist, Lunch")
	if r := b.sync(); r.Writes() != 0 || r.Requests != 2 {
		t.Errorf("second pass: %d writes, %d requests", r.Writes(), r.Requests)
	}
	b.a.edit("Lunch", func(c *calendar.Content) { c.Title = "Brunch" })
	b.quiet()
	b.alike("Brunch, Dentist")
	b.b.edit("Brunch", func(c *calendar.Content) { c.Place = "Oslo" })
	b.quiet()
	if got := b.a.one("Brunch").Content.Place; got != "Oslo" {
		t.Errorf("place at home: %q", got)
	}
	b.b.remove("Brunch")
	b.quiet()
	b.alike("Dentist")
	b.restart()
	b.quiet()
	h, err := b.face.History(t.Context(), control.HistoryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range h {
		kinds = append(kinds, fmt.Sprintf("%s %s %s", e.Kind, e.Title, e.Ref.Account))
	}
	want := []string{"delete Brunch ann@x.test", "update Brunch ann@x.test", "update Brunch ann@y.test", "create Dentist ann@x.test", "create Lunch ann@y.test"}
	slices.Sort(kinds)
	slices.Sort(want)
	if !slices.Equal(kinds, want) {
		t.Errorf("history\n got %v\nwant %v", kinds, want)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	r, err := b.face.Sync(t.Context(), control.SyncRequest{DryRun: true})
	if err != nil || r.Created != 1 || b.a.writes()+b.b.writes() != 0 {
		t.Fatalf("dry run: %+v, %v, %d writes", r, err, b.a.writes()+b.b.writes())
	}
	b.quiet()
	b.alike("Lunch")
}

// A request that times out may have landed or not: whichever it was, and
// whatever a person does meanwhile, there is one event on each side and no edit
// is lost.
func TestUnknownOutcome(t *testing.T) {
	for _, landed := range []bool{false, true} {
		for _, call := range []string{"create", "update", "delete"} {
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s landed=%v restart=%v", call, landed, restart), func(t *testing.T) {
					b := newBench(t)
					b.a.add("Lunch")
					if call != "create" {
						b.quiet()
					}
					switch call {
					case "update":
						b.a.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
					case "delete":
						b.a.remove("Lunch")
					}
					failed := false
					b.b.fault = func(c string) (before, after error) {
						if c != call || failed {
							return nil, nil
						}
						failed = true
						if landed {
							return nil, b.b.err(calendar.Unavailable)
						}
						return b.b.err(calendar.Unavailable), nil
					}
					if r := b.sync(); r.Failed != 1 || len(r.Problems) == 0 {
						t.Fatalf("the failing pass: %+v", r)
					}
					if restart {
						b.restart()
					}
					edited := call == "update" || call == "create" && landed
					if edited {
						b.b.edit("Lunch", func(c *calendar.Content) { c.Notes = calendar.NotesFromText("typed meanwhile") })
					}
					b.quiet()
					want := "Lunch"
					if call == "delete" {
						want = ""
					}
					b.alike(want)
					if edited {
						for _, f := range []*fake{b.a, b.b} {
							if got := f.one("Lunch").Content.Notes.Text(); got != "typed meanwhile" {
								t.Errorf("the edit made meanwhile became %q", got)
							}
						}
					}
					if call == "update" && b.b.one("Lunch").Content.Place != "Oslo" {
						t.Error("the update is lost")
					}
				})
			}
		}
	}
}

// A person edits the very field whose write is unsettled: the write landed, they
// typed over it, and our repetition must not swallow that.
func TestRescuedEdit(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.a.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
	failed := false
	b.b.fault = func(c string) (before, after error) {
		if c == "update" && !failed {
			failed = true
			return nil, b.b.err(calendar.Unavailable)
		}
		return nil, nil
	}
	b.sync()
	b.b.edit("Lunch", func(c *calendar.Content) { c.Place = "Bergen" })
	b.restart()
	b.quiet()
	if x, y := b.a.one("Lunch").Content.Place, b.b.one("Lunch").Content.Place; x != "Bergen" || y != "Bergen" {
		t.Errorf("places %q and %q", x, y)
	}
}

// Until an unfinished create is settled, what it may have made must not be taken
// for a person's event and copied back home.
func TestUnsettledCreateIsNotTakenForAnEvent(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	down := true
	b.b.fault = func(c string) (before, after error) {
		switch {
		case c == "create" && down:
			return nil, b.b.err(calendar.Unavailable) // it landed, and nobody knows
		case c == "create" || c == "update":
			return b.b.err(calendar.Throttled), nil
		}
		return nil, nil
	}
	b.sync()
	down = false
	for range 3 {
		*b.clock = b.clock.Add(time.Hour)
		if r, err := b.face.Sync(t.Context(), control.SyncRequest{DryRun: true}); err != nil || r.Created > 1 {
			t.Errorf("a dry run plans %+v, %v", r.Steps, err)
		}
		b.sync()
		if got := b.a.titles(); got != "Lunch" {
			t.Fatalf("home holds %q", got)
		}
	}
	b.b.fault = nil
	*b.clock = b.clock.Add(time.Hour)
	if r := b.sync(); r.Created != 1 || r.Steps[0].Title != "Lunch" {
		t.Errorf("the settled write is not reported: %+v", r)
	}
	b.quiet()
	b.alike("Lunch")
}

func TestEditBetweenReadAndWrite(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.a.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
	once := false
	b.b.between = func(call string) {
		if call == "update" && !once {
			once = true
			b.b.edit("Lunch", func(c *calendar.Content) { c.Title = "Brunch" })
		}
	}
	r := b.sync() // looks again by itself
	b.alike("Brunch")
	if b.b.one("Brunch").Content.Place != "Oslo" || r.Failed != 0 {
		t.Errorf("after the conflict: %+v, %+v", b.b.one("Brunch").Content, r)
	}
	b.quiet()
}

func TestFailedReadsChangeNothing(t *testing.T) {
	for _, kind := range []calendar.Kind{calendar.Unavailable, calendar.NotFound, calendar.Forbidden, calendar.Throttled, calendar.Other} {
		t.Run(kind.String(), func(t *testing.T) {
			b := newBench(t)
			b.a.add("Lunch")
			b.quiet()
			b.b.fault = func(call string) (error, error) {
				if call == "changes" {
					return b.b.err(kind), nil
				}
				return nil, nil
			}
			b.a.add("Dinner")
			b.a.edit("Lunch", func(c *calendar.Content) { c.Title = "Brunch" })
			before := b.a.writes() + b.b.writes()
			r := b.sync()
			if b.a.writes()+b.b.writes() != before || len(r.Problems) != 1 || r.Problems[0].WayOut == "" {
				t.Fatalf("wrote, or told no problem: %+v", r)
			}
			if n := r.Problems[0]; strings.Contains(n.What, "fake:") || !strings.Contains(n.Detail, "fake: "+kind.String()) {
				t.Errorf("told in these words: %q, in detail %q", n.What, n.Detail)
			}
			b.restart()
			s, err := b.face.Status(t.Context())
			if err != nil || s.Activity != control.Problem {
				t.Errorf("status %v, %v", s.Activity, err)
			}
			b.b.fault = nil
			*b.clock = b.clock.Add(time.Hour)
			b.quiet()
			b.alike("Brunch, Dinner")
		})
	}
}

func TestExpiredCursorDeletesNothing(t *testing.T) {
	b := newBench(t)
	for i := range 20 {
		b.a.add(fmt.Sprint("E", i))
	}
	b.quiet()
	b.a.mu.Lock()
	b.a.oldest = len(b.a.log) + 1
	b.a.mu.Unlock()
	b.a.remove("E3")
	b.quiet()
	if got := strings.Count(b.b.titles(), "E"); got != 19 {
		t.Errorf("%d events left on the other side", got)
	}
}

func TestUnsureTombstones(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.a.add("Dinner")
	b.quiet()
	b.a.unsure = true
	b.a.remove("Lunch") // really gone
	b.a.mu.Lock()
	h := b.a.one("Dinner")
	h.dead = true // a tombstone in the feed …
	b.a.touch(h)
	b.a.mu.Unlock()
	b.a.between = func(call string) {
		if call == "get" { // … of an event that is still there when asked for
			b.a.mu.Lock()
			h.dead = false
			b.a.mu.Unlock()
		}
	}
	b.sync()
	if got := b.b.titles(); got != "Dinner" {
		t.Errorf("the other side holds %q", got)
	}
}

func TestSignedOutAccountRestsAndComesBack(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.b.fault = func(string) (error, error) { return b.b.err(calendar.SignedOut), nil }
	b.a.edit("Lunch", func(c *calendar.Content) { c.Title = "Brunch" })
	b.sync()
	calls := len(b.b.calls)
	for range 2 {
		b.sync()
		if s, err := b.face.Status(t.Context()); err != nil || s.Activity != control.Problem || !strings.Contains(s.Problems[0].WayOut, "Sign in") {
			t.Errorf("status %+v, %v", s, err)
		}
		b.restart()
	}
	if len(b.b.calls) != calls {
		t.Error("a signed-out account was asked again")
	}
	accounts, err := b.face.Accounts(t.Context())
	if err != nil || !accounts[1].SignedOut {
		t.Fatalf("accounts: %+v, %v", accounts, err)
	}
	b.b.fault = nil
	if a := b.signIn("ann@y.test"); a.ID != "ann@y.test" || a.SignedOut {
		t.Fatalf("signed in again as %+v", a)
	}
	b.quiet()
	b.alike("Brunch")
}

func TestRemoveMirror(t *testing.T) {
	for _, keep := range []bool{true, false} {
		t.Run(fmt.Sprintf("keep=%v", keep), func(t *testing.T) {
			b := newBench(t)
			b.a.add("Lunch")
			b.b.add("Dentist")
			b.a.add("Both", func(e *calendar.Event) { e.UID = "same" })
			b.b.add("Both", func(e *calendar.Event) { e.UID = "same" })
			b.quiet()
			r, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID, KeepCopies: keep})
			if err != nil {
				t.Fatal(err)
			}
			if keep {
				b.alike("Both, Dentist, Lunch")
			} else if x, y := b.a.titles(), b.b.titles(); x != "Both, Lunch" || y != "Both, Dentist" || r.Deleted != 2 {
				t.Errorf("a: %s\nb: %s\n%+v", x, y, r)
			}
			b.a.add("Later")
			b.sync()
			if strings.Contains(b.b.titles(), "Later") {
				t.Error("it still mirrors")
			}
			// Made again, it links what is there and makes the rest.
			if _, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: b.mirror.Members}); err != nil {
				t.Fatal(err)
			}
			b.quiet()
			b.alike("Both, Dentist, Later, Lunch")
		})
	}
}

// What a copy must not show, it never shows: not even until a first change of the mirror.
func TestAMirrorIsMadeWithItsMappings(t *testing.T) {
	b := newBench(t)
	if _, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID}); err != nil {
		t.Fatal(err)
	}
	b.a.add("Dentist")
	req := control.NewMirror{Members: b.mirror.Members, Mappings: []state.PairMapping{{From: refA, Mapping: state.Mapping{Detail: state.BusyOnly}}}}
	if _, err := b.face.AddMirror(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	b.quiet()
	if x, y := b.a.titles(), b.b.titles(); x != "Dentist" || y != "Busy" {
		t.Errorf("a: %s\nb: %s", x, y)
	}
	var e *control.Error
	req = control.NewMirror{Members: req.Members, Mappings: []state.PairMapping{{Mapping: state.Mapping{Filter: state.Filter{Hours: "soon"}}}}}
	if _, err := b.face.AddMirror(t.Context(), req); !errors.As(err, &e) || e.Code != control.CodeUsage {
		t.Errorf("hours that are none: %v", err)
	}
}

func TestRemoveAccount(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	if _, err := b.face.RemoveAccount(t.Context(), control.RemoveAccount{ID: "ann@y.test"}); err != nil {
		t.Fatal(err)
	}
	b.alike("Lunch")
	ms, err := b.face.Mirrors(t.Context())
	if err != nil || len(ms) != 0 {
		t.Errorf("mirrors: %v, %v", ms, err)
	}
	if !slices.Equal(b.connector.signedOut, []state.AccountID{"ann@y.test"}) {
		t.Errorf("signed out: %v", b.connector.signedOut)
	}
	if _, err := b.secrets.Load("ann@y.test"); err == nil {
		t.Error("the secret is still there")
	}
	var e *control.Error
	if _, err := b.face.RemoveAccount(t.Context(), control.RemoveAccount{ID: "ann@y.test"}); !errors.As(err, &e) || e.Code != control.CodeNotFound {
		t.Errorf("removed again: %v", err)
	}
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	b := newBench(t)
	member := func(r state.Ref, d state.Direction) state.Member { return state.Member{Ref: r, Direction: d} }
	for name, f := range map[string]func() error{
		"one member":  func() error { return b.add(member(refA, "")) },
		"named twice": func() error { return b.add(member(refA, ""), member(refA, "")) },
		"all send":    func() error { return b.add(member(refA, state.SendOnly), member(refB, state.SendOnly)) },
		"all take":    func() error { return b.add(member(refA, state.TakeOnly), member(refB, state.TakeOnly)) },
		"no such way": func() error { return b.add(member(refA, "up"), member(refB, "")) },
		"no provider": func() error { _, err := b.face.BeginSignIn(t.Context(), control.NewAccount{Provider: "x"}); return err },
		"bad name": func() error {
			_, err := b.face.BeginSignIn(t.Context(), control.NewAccount{Provider: state.Google, ID: "a/b"})
			return err
		},
		"the same again": func() error { return b.add(member(refB, ""), member(refA, "")) },
		"no address": func() error {
			_, err := b.face.BeginSignIn(t.Context(), control.NewAccount{Provider: state.Google, Endpoint: state.Endpoint{AuthURL: "notaurl"}})
			return err
		},
		"bad decision": func() error { return b.face.Decide(t.Context(), control.Decide{Decision: "maybe"}) },
	} {
		var e *control.Error
		if err := f(); !errors.As(err, &e) || e.Code != control.CodeUsage || e.Message == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (b *bench) add(members ...state.Member) error {
	_, err := b.face.AddMirror(b.Context(), control.NewMirror{Members: members})
	return err
}

func TestPauseAndWatch(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan control.Status, 100)
	done := make(chan error, 1)
	go func() { done <- b.face.Watch(ctx, func(s control.Status) error { seen <- s; return nil }) }()
	<-seen
	if err := b.face.Pause(t.Context(), b.clock.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for s := range seen {
		if s.Activity == control.Paused {
			break
		}
	}
	if err := b.face.Pause(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	for s := range seen {
		if s.Activity != control.Paused {
			break
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("watch ended with %v", err)
	}
}

func TestEventTooFarAheadCrossesWhenItsTimeComes(t *testing.T) {
	b := newBench(t)
	b.a.add("Far", func(e *calendar.Event) {
		e.Content.When = calendar.When{Start: calendar.Date(2027, 6, 1), End: calendar.Date(2027, 6, 2)}
	})
	b.quiet()
	if got := b.b.titles(); got != "" {
		t.Fatalf("it crossed at once: %s", got)
	}
	*b.clock = b.clock.AddDate(0, 3, 0)
	b.quiet()
	b.alike("Far")
}

func TestStoreOfAnotherInstallationIsLocked(t *testing.T) {
	b := newBench(t)
	var locked *store.LockedError
	if _, err := store.Open(b.path, store.Options{}); !errors.As(err, &locked) {
		t.Errorf("opened twice: %v", err)
	}
}
