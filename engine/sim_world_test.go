package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// sim is a pretend world: calendars with people who act on them, the engine on its
// store, and the terrible things that happen to it. All that happens is decided by
// the seed and the script. A process that dies is one whose calls no longer reach
// anything: from that moment no request has an effect and no transaction is
// committed, and when it has unwound another one opens the file.
type sim struct {
	setup
	seed  uint64
	clock time.Time
	dir   string
	say   func(format string, args ...any) // tells what happens; may be nil

	*engine.Engine
	store     *store.Store
	secrets   *secrets.InMemory
	connector *connector
	fakes     []*fake
	refs      []state.Ref
	mirror    state.Mirror // as it was set last

	point     int             // I/O points passed in this pass
	due       map[int][]entry // what is to happen at them
	fault     *entry          // what befalls the next request
	dead      bool            // the process
	running   bool            // a pass is
	leaving   bool            // the mirror is being removed
	points    [][]string      // the I/O points of each pass, by name
	perPass   []int           // how many they were
	tidyLists bool            // lists are in time, and complete

	oracle
	counts
	failure string // the first invariant that did not hold, and how
}

// counts are what a simulation did.
type counts struct{ steps, passes, faults, crashes, points, writes int }

func (c *counts) add(d counts) {
	c.steps, c.passes, c.faults = c.steps+d.steps, c.passes+d.passes, c.faults+d.faults
	c.crashes, c.points, c.writes = c.crashes+d.crashes, c.points+d.points, c.writes+d.writes
}

var errDead = &calendar.Error{Op: "simulation", Kind: calendar.Unavailable, Err: errors.New("the process is dead")}

// newSim makes the world of a seed, in a folder of its own.
func newSim(seed uint64, su setup, say func(string, ...any)) (*sim, error) {
	dir, err := os.MkdirTemp(fastTemp(), "twinday-sim")
	if err != nil {
		return nil, err
	}
	s := &sim{setup: su, seed: seed, clock: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), dir: dir, say: say,
		secrets: secrets.Memory(), connector: &connector{fakes: map[string]*fake{}}, due: map[int][]entry{}, oracle: newOracle()}
	for i, k := range su.kinds {
		f := newFake(func() time.Time { s.clock = s.clock.Add(time.Second); return s.clock })
		f.quirks = k.quirks
		f.between = func(call string) { s.enter(i, call) }
		f.fault = func(call string) (error, error) { return s.befall(i, call) }
		f.born = func(h *held, d calendar.Draft) { s.born(i, h, d) }
		s.habits(f, i)
		s.settleIn(i, f)
	}
	if err := s.open(); err != nil {
		return s, err
	}
	for i := range s.fakes {
		if err := s.signIn(i); err != nil {
			return s, err
		}
	}
	var members []state.Member
	for i, r := range s.refs {
		members = append(members, state.Member{Ref: r, Direction: su.directions[i]})
	}
	if s.mirror, err = s.AddMirror(context.Background(), control.NewMirror{Members: members}); err != nil {
		return s, err
	}
	s.mirror.Guests, s.mirror.Invitations, s.mirror.Conflicts = su.guests, su.invitations, su.conflicts
	s.look = su.shows
	return s, s.change()
}

// fastTemp is a folder in memory, where there is one: a simulation waits for its disk.
func fastTemp() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

func (s *sim) close() {
	if s.store != nil {
		_, _ = hear(s.Status(context.Background()))
		hearStore(s.store)
		s.Engine.Close()
		s.store.Close()
	}
	os.RemoveAll(s.dir)
}

// open is a process that starts on the file.
func (s *sim) open() (err error) {
	if s.store, err = store.Open(filepath.Join(s.dir, "twinday.db"), store.Options{Now: func() time.Time { return s.clock }, Around: s.around}); err != nil {
		return err
	}
	s.Engine, err = engine.New(engine.Options{Store: s.store, Secrets: s.secrets, Now: func() time.Time { return s.clock }, Random: func() float64 { return 0 },
		Log:        slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1})),
		Connectors: map[state.ProviderKind]engine.Connector{state.Google: s.connector}})
	return err
}

// reopen is another process after one has died.
func (s *sim) reopen() {
	s.Engine.Close()
	if err := s.store.Close(); err != nil {
		s.fail("E", "the store does not close: %v", err)
	}
	s.dead = false
	if err := s.open(); err != nil {
		s.fail("E", "the store does not open again: %v", err)
	}
}

func (s *sim) signIn(i int) error {
	s.fakes[i].signedOut = false
	f, err := s.BeginSignIn(context.Background(), control.NewAccount{Provider: state.Google, Endpoint: state.Endpoint{ClientID: string(s.refs[i].Account)}})
	if err != nil {
		return err
	}
	_, err = s.FinishSignIn(context.Background(), f.ID)
	return err
}

// change has the mirror as it is in s.
func (s *sim) change() error {
	s.mirror.Mappings = s.look.mappings(s.refs)
	m, err := s.ChangeMirror(context.Background(), control.ChangeMirror{Mirror: s.mirror})
	if err == nil {
		s.mirror = m
	}
	return err
}

// fail takes note of the first invariant that does not hold.
func (s *sim) fail(what, format string, args ...any) {
	if s.failure == "" {
		s.failure = what + ": " + fmt.Sprintf(format, args...)
		s.tell("VIOLATION %s", s.failure)
	}
}

func (s *sim) tell(format string, args ...any) {
	if s.say != nil {
		s.say(format, args...)
	}
}

// The I/O points: before and after each request, and each transaction.

// reach passes one point, and has happen what is due there. may says whether people
// can act just now.
func (s *sim) reach(name string, may bool) {
	if !s.running {
		return
	}
	s.point++
	s.counts.points++
	if n := len(s.points) - 1; s.tidyLists && n >= 0 {
		s.points[n] = append(s.points[n], name)
	}
	for _, e := range s.due[s.point] {
		switch {
		case e.verb == "crash":
			s.dead = true
			s.crashes++
			s.tell("    the process dies at point %d, %s", s.point, name)
		case faults[e.verb]:
			s.fault = &e
		case may:
			s.act(e)
		default:
			s.due[s.point+1] = append(s.due[s.point+1], e)
		}
	}
}

// around stands around every transaction.
func (s *sim) around(update func() error) error {
	if s.dead {
		return errDead
	}
	if s.reach("before a commit", true); s.dead {
		return errDead
	}
	err := update()
	if s.reach("after a commit", true); s.dead {
		return errDead
	}
	return err
}

func writes(call string) bool {
	return call != "changes" && call != "get" && call != "calendars" && call != "marked"
}

// enter comes before a request.
func (s *sim) enter(i int, call string) {
	if s.dead {
		return
	}
	if s.reach("before "+call+" in "+s.name(i), true); s.dead {
		return
	}
	s.tell("      %s in %s", call, s.name(i))
	if writes(call) {
		s.counts.writes++
		s.permitted(i, call)
	}
}

// befall says what befalls a request: before it has its effect, or after.
func (s *sim) befall(i int, call string) (before, after error) {
	f := s.fakes[i]
	if s.dead {
		return errDead, nil
	}
	if e := s.fault; e != nil && (e.verb != "expire" || call == "changes") {
		s.fault = nil
		s.faults++
		s.tell("    %s in %s: %s", call, s.name(i), e.verb)
		switch e.verb {
		case "down":
			before = f.err(calendar.Unavailable)
		case "lost":
			after = f.err(calendar.Unavailable)
		case "odd":
			before = f.err(calendar.Other)
		case "slow":
			before = &calendar.Error{Op: "fake", Kind: calendar.Throttled, RetryAfter: time.Duration(e.arg%900) * time.Second}
		case "out":
			f.signedOut = true
		case "expire":
			f.expired = true
		}
	}
	if f.signedOut {
		before = cmp.Or(before, f.err(calendar.SignedOut))
	}
	if before != nil {
		return before, nil
	}
	if s.reach("after "+call+" in "+s.name(i), false); s.dead {
		after = errDead
	}
	return nil, after
}

// faults befall requests.
var faults = map[string]bool{"down": true, "lost": true, "odd": true, "slow": true, "out": true, "expire": true}

// habits are what a service does now and then by itself: lists that are late, shuffled,
// short, and tell of what was told before.
func (s *sim) habits(f *fake, i int) {
	r := rand.New(rand.NewPCG(s.seed, uint64(i)))
	f.lag = func() int {
		if s.calm || s.tidyLists || r.IntN(6) > 0 {
			return 0
		}
		return 1 + r.IntN(3)
	}
	f.glitch = func(c *calendar.Changes, before []logged) {
		r.Shuffle(len(c.Events), func(i, j int) { c.Events[i], c.Events[j] = c.Events[j], c.Events[i] })
		if s.calm || s.tidyLists {
			return
		}
		if c.Complete && len(c.Events) > 0 && r.IntN(3) == 0 { // short
			n := r.IntN(len(c.Events))
			for _, e := range c.Events[n:] { // they come later, or nobody could ever know of them
				if !slices.ContainsFunc(f.late, func(l logged) bool { return l.event.ID == e.ID }) {
					f.late = append(f.late, logged{event: e, late: 1})
				}
			}
			s.tell("    the listing of %s is short of %d", s.name(i), len(c.Events)-n)
			c.Events = c.Events[:n]
		}
		if !c.Complete && len(before) > 0 && r.IntN(3) == 0 { // told again, as listings know it
			l := before[len(before)-1-r.IntN(min(len(before), 4))]
			for _, x := range f.log {
				if x.event.ID == l.event.ID {
					l = x
				}
			}
			told := slices.ContainsFunc(c.Events, func(e calendar.Event) bool { return e.ID == l.event.ID }) ||
				slices.ContainsFunc(c.Removed, func(x calendar.Removal) bool { return x.ID == l.event.ID })
			if !told {
				f.show(c, l)
			}
		}
	}
}

func (s *sim) name(i int) string { return fmt.Sprintf("%c", 'A'+i) }

// pass runs a pass, with what is due in it.
func (s *sim) pass() control.Report {
	return s.run(func() (control.Report, error) { return s.Sync(context.Background(), control.SyncRequest{}) })
}

// run runs a pass in some way.
func (s *sim) run(sync func() (control.Report, error)) control.Report {
	s.point, s.running = 0, true
	s.start()
	s.showMoved()
	s.points = append(s.points, nil)
	r, err := hear(sync())
	s.running, s.due, s.fault = false, map[int][]entry{}, nil
	s.passes++
	s.perPass = append(s.perPass, s.point)
	for _, x := range r.Steps {
		s.tell("    %s %s %q in %s%s: %s%s", s.clock.Format("15:04:05"), x.Kind, x.Title, s.name(slices.Index(s.refs, x.Ref)), prefixed(" at ", x.Slot), x.Reason,
			prefixed("; held: ", string(x.Held))+prefixed("; failed: ", x.Error))
	}
	switch {
	case s.dead:
		s.reopen()
	case err != nil:
		s.fail("E", "a pass failed: %v", err)
	}
	if s.failure == "" {
		s.hold(r, err == nil && len(r.Problems) == 0 && r.Failed == 0)
	}
	return r
}

func prefixed(p, s string) string {
	if s == "" {
		return ""
	}
	return p + s
}

// do does one entry of a script.
func (s *sim) do(e entry) {
	s.steps++
	if e.at > 0 {
		s.due[e.at] = append(s.due[e.at], e)
		return
	}
	s.clock = s.clock.Add(time.Duration(1+e.arg%7) * 3 * time.Minute)
	if e.verb == "pass" {
		s.tell("pass")
		s.pass()
		return
	}
	switch e.verb {
	case "undo":
		s.person(e).undo()
		return
	case "forget":
		s.forget()
		return
	}
	s.act(e)
}

// settle lets everyone rest, decides all that waits, and runs passes until nothing
// happens any more.
func (s *sim) settle() {
	ctx := context.Background()
	s.calm = true
	s.tell("everyone rests")
	s.due, s.fault = map[int][]entry{}, nil
	for i, f := range s.fakes {
		f.readOnly, f.expired = false, false
		if err := s.signIn(i); err != nil {
			s.fail("E", "sign in again: %v", err)
		}
	}
	if _, err := s.Calendars(ctx, "", true); err != nil {
		s.fail("E", "list calendars: %v", err)
	}
	s.mirror.Paused = false
	for i := range s.mirror.Members {
		s.mirror.Members[i].Off = false
	}
	if err := s.change(); err != nil {
		s.fail("E", "change the mirror: %v", err)
	}
	const enough = 16
	quiet := 0
	for n := 0; s.failure == "" && quiet < 2; n++ {
		if n == enough {
			s.fail("I1", "not quiet after %d passes", enough)
			return
		}
		s.clock = s.clock.Add(time.Hour)
		before := s.counts.writes
		late := slices.ContainsFunc(s.fakes, func(f *fake) bool { return len(f.late) > 0 })
		held := s.decideAll(n)
		s.stepsIn()
		s.tell("pass %d at rest", n+1)
		r := s.pass()
		if s.stepsIn() {
			quiet = 0
			continue
		}
		settling := s.waiting() // for the lists of the next pass, as what is found gone: it may have been moved
		if s.counts.writes == before && !held && !late && !settling && r.Held+r.Adopted+r.Failed == 0 && len(r.Problems) == 0 {
			quiet++
		} else if quiet > 0 {
			s.fail("I4", "a pass after quiet did something: %d writes, %d held, %d adopted, %d failed, %v", s.counts.writes-before, r.Held, r.Adopted, r.Failed, r.Problems)
		}
	}
}

// waiting reports whether the store has something left to look at, or to do.
func (s *sim) waiting() (some bool) {
	err := s.store.View(func(tx *store.Tx) error {
		open, err := tx.Intents()
		some = len(open)+len(tx.DirtyEvents())+len(tx.PendingEntities()) > 0
		return err
	})
	if err != nil {
		s.fail("E", "%v", err)
	}
	return some
}

// decideAll decides all that is held.
func (s *sim) decideAll(n int) bool {
	held, err := s.Held(context.Background())
	if err != nil {
		s.fail("E", "held: %v", err)
	}
	for k, x := range held {
		s.decide(x, (int(s.seed)+k+n)%3 > 0)
	}
	return len(held) > 0
}

func (s *sim) decide(x state.Held, apply bool) {
	d := state.Drop
	if apply {
		d = state.Apply
		s.agreed[x.Step.Entity] = true
		if x.Step.Held == state.HoldGuests {
			s.heard[x.Step.Entity] = true
		}
	}
	if !apply {
		s.keepLeft(x.Step.Entity)
	}
	s.tell("decide: %s what is held of %q (%s)", d, x.Step.Title, x.Step.Reason)
	if err := s.Decide(context.Background(), control.Decide{IDs: []string{x.ID}, Decision: d}); err != nil {
		s.fail("E", "decide: %v", err)
	}
}

// leave removes the mirror with its copies.
func (s *sim) leave() {
	if s.failure != "" {
		return
	}
	want := s.own()
	s.running, s.leaving = false, true
	if _, err := s.RemoveMirror(context.Background(), control.RemoveMirror{ID: s.mirror.ID}); err != nil {
		s.fail("I10", "the mirror cannot be removed: %v", err)
		return
	}
	if got := s.everything(); !slices.Equal(got, want) {
		s.fail("I10", "after the mirror was removed there is\n  %s\ninstead of\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// recount tells the history, for whoever looks into a failure.
func (s *sim) recount() {
	s.tell("history:")
	l := s.history()
	slices.Reverse(l)
	for _, h := range l {
		s.tell("  pass %d %s: %s %s %q in %s: %s", h.Pass, h.Time.Format("2 Jan 15:04:05"), h.Outcome, h.Kind, h.Title, s.name(slices.Index(s.refs, h.Ref)), h.Why)
	}
}
