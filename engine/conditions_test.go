package engine_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// account is how an account fares.
func (b *bench) account(id state.AccountID) control.AccountState {
	b.Helper()
	all, err := b.face.Accounts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, a := range all {
		if a.ID == id {
			return a
		}
	}
	b.Fatalf("no account %s", id)
	return control.AccountState{}
}

// fails has every call fail from now on, or none.
func (f *fake) fails(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = nil
	if err != nil {
		f.fault = func(string) (before, after error) { return err, nil }
	}
}

// trouble is a failure of a provider.
func trouble(k calendar.Kind, o calendar.Obstacle, cause string) error {
	return &calendar.Error{Op: "list events", Kind: k, Obstacle: o, Err: errors.New(cause)}
}

func TestEachConditionHasItsWordsAndOneWayOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		after time.Duration
		want  control.Condition
		do    control.Do
		words []string
	}{
		{"fine", nil, 0, control.Connected, "", []string{"ann@y.test is connected"}},
		{"revoked", trouble(calendar.SignedOut, "", "invalid_grant (AADSTS50173): it was revoked"), 0, control.NeedsConsent, control.SignInAgain, []string{"has ended", "it was revoked"}},
		{"seven days in testing", trouble(calendar.SignedOut, "", "invalid_grant"), 7*24*time.Hour + time.Hour, control.NeedsConsent, control.SignInAgain, []string{"seven days", "“testing”"}},
		{"after six days it is something else", trouble(calendar.SignedOut, "", "invalid_grant"), 6 * 24 * time.Hour, control.NeedsConsent, control.SignInAgain, []string{"has ended (invalid_grant)"}},
		{"an administrator first", trouble(calendar.SignedOut, calendar.AdminApproval, "AADSTS90094"), 0, control.NeedsAdmin, control.AskIT, []string{"administrator", "AADSTS90094"}},
		{"a policy", trouble(calendar.SignedOut, calendar.BlockedByPolicy, "AADSTS53003: conditional access"), 0, control.Blocked, control.AskIT, []string{"rules block", "conditional access"}},
		{"a permission", trouble(calendar.SignedOut, calendar.ScopeMissing, "insufficientPermissions"), 0, control.LacksScope, control.SignInAgain, []string{"left out"}},
		{"a client id", trouble(calendar.Invalid, calendar.ClientRefused, "invalid_client"), 0, control.ClientRefused, control.GiveClient, []string{"client id", "invalid_client"}},
		{"no network", trouble(calendar.Unavailable, "", "no route to host"), 0, control.Offline, control.SyncNow, []string{"no route to host"}},
		{"a company that looks in", &calendar.Error{Kind: calendar.Unavailable, Err: fmt.Errorf("get: %w", x509.UnknownAuthorityError{})}, 0, control.Offline, control.SyncNow, []string{"unknown authority", "root certificate"}},
		{"too fast", &calendar.Error{Kind: calendar.Throttled, RetryAfter: time.Hour}, 0, control.Throttled, control.JustWait, []string{"patience", "tried again at"}},
		{"no keyring", &calendar.Error{Kind: calendar.Unavailable, Err: fmt.Errorf("read the kept sign-in: %w", secrets.ErrUnavailable)}, 0, control.Offline, control.SyncNow, []string{"keyring does not answer", "Unlock the system's keyring"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.quiet()
			*b.clock = b.clock.Add(c.after)
			b.b.fails(c.err)
			b.sync()
			a := b.account("ann@y.test")
			if a.Condition != c.want || a.WayOut.Do != c.do || (a.WayOut.Text == "") != (c.do == "") {
				t.Errorf("%q, to be mended by %q (%s); want %q by %q", a.Condition, a.WayOut.Do, a.WayOut.Text, c.want, c.do)
			}
			for _, w := range c.words {
				if !strings.Contains(a.Words+" "+a.WayOut.Text, w) {
					t.Errorf("it says %q, want %q in it", a.Words, w)
				}
			}
			if asks := c.do == control.AskIT; asks != strings.Contains(a.ForIT, "Dear IT, ann@y.test: "+string(calendar.ObstacleOf(c.err))) {
				t.Errorf("the text for IT is %q", a.ForIT)
			}
			if until := c.want == control.Throttled; until != a.Until.Equal(b.now().Add(time.Hour)) {
				t.Errorf("until %v", a.Until)
			}
			if c.want == control.Connected {
				return
			}
			t.Logf("%s: %s. %s", a.Condition, a.Words, a.WayOut.Text)
			if other := b.account("ann@x.test"); other.Condition != control.Connected {
				t.Errorf("the other account is %q: %s", other.Condition, other.Words)
			}
			b.restart()
			if again := b.account("ann@y.test"); a.SignedOut && again.Words != a.Words {
				t.Errorf("the next process says %q, this one %q", again.Words, a.Words)
			}
		})
	}
}

// A signed-out account keeps what is to be done, and its cursor, and goes on where it was.
func TestASignedOutAccountGoesOnWhereItWas(t *testing.T) {
	b := newBench(t)
	b.a.add("before")
	b.quiet()
	full := b.b.fulls
	b.b.fails(trouble(calendar.SignedOut, "", "invalid_grant"))
	b.sync()
	b.a.add("meanwhile, here")
	b.b.add("meanwhile, there")
	b.sync()
	calls := len(b.b.calls)
	b.sync()
	if b.b.writes() != 1 || len(b.b.calls) != calls {
		t.Errorf("a signed-out account is written %d times, and asked %d times in a pass", b.b.writes(), len(b.b.calls)-calls)
	}
	b.b.fails(nil)
	if _, err := b.connects(control.NewAccount{ID: "ann@y.test"}); err != nil {
		t.Fatal(err)
	}
	if a := b.account("ann@y.test"); a.Condition != control.Connected || a.SignedOut || a.Obstacle != "" {
		t.Errorf("%+v", a)
	}
	b.quiet()
	b.alike("before, meanwhile, here, meanwhile, there")
	if b.b.fulls != full {
		t.Errorf("it was read as a whole %d times more", b.b.fulls-full)
	}
}

// What a sign-in met is told to whoever waits for it, and shown at an account that
// waits for one; a connected account stays connected.
func TestASignInThatMeetsAnObstacle(t *testing.T) {
	b := newBench(t)
	b.connector.refuse = trouble(calendar.SignedOut, calendar.AdminApproval, "AADSTS90094")
	_, err := b.connects(control.NewAccount{ID: "ann@y.test"})
	e, ok := errors.AsType[*control.Error](err)
	if !ok || e.Condition != control.NeedsAdmin || e.WayOut.Do != control.AskIT || !strings.HasPrefix(e.ForIT, "Dear IT, ann@y.test") {
		t.Fatalf("%+v", err)
	}
	if a := b.account("ann@y.test"); a.Condition != control.Connected {
		t.Errorf("an account that was connected is %q now", a.Condition)
	}
	b.b.fails(trouble(calendar.SignedOut, "", "invalid_grant"))
	b.sync()
	if _, err := b.connects(control.NewAccount{ID: "ann@y.test"}); err == nil {
		t.Fatal("no error")
	}
	if a := b.account("ann@y.test"); a.Condition != control.NeedsAdmin || !strings.Contains(a.Words, "AADSTS90094") {
		t.Errorf("an account that waits for a sign-in is %q: %s", a.Condition, a.Words)
	}
}

func TestAnExtraThatWasNotGivenIsSaid(t *testing.T) {
	b := newBench(t)
	b.connector.lacks = []calendar.Extra{calendar.CopiesCalendar}
	if _, err := b.connects(control.NewAccount{ID: "ann@x.test", Access: &calendar.Access{Extras: b.connector.lacks}}); err != nil {
		t.Fatal(err)
	}
	a := b.account("ann@x.test")
	if a.Condition != control.LacksScope || !strings.Contains(a.Words, "make a calendar for copies") || a.WayOut.Do != control.SignInAgain {
		t.Errorf("%q: %s %+v", a.Condition, a.Words, a.WayOut)
	}
	b.a.add("it works all the same")
	b.quiet()
	b.alike("it works all the same")
}

// Where no keyring answers, a passphrase opens a file; the next process asks for it
// again, and what waited goes on.
func TestSignInsThatWaitForAPassphrase(t *testing.T) {
	b := newBench(t)
	b.quiet()
	dir := t.TempDir()
	reopen := func() {
		t.Helper()
		b.face.Close()
		b.Engine.Close()
		if b.store != nil {
			if err := b.store.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if b.store, err = store.Open(b.path, store.Options{}); err != nil {
			t.Fatal(err)
		}
		b.Engine, err = engine.New(engine.Options{Store: b.store, Secrets: noRing{b.secrets}, Sealed: secrets.Sealed(filepath.Join(dir, "sealed")),
			Plain: secrets.File(filepath.Join(dir, "plain")), Now: b.now, Connectors: map[state.ProviderKind]engine.Connector{state.Google: b.connector}})
		if err != nil {
			t.Fatal(err)
		}
		b.face = control.InProcess(heard{b.Engine})
	}
	reopen()
	code := func(err error) control.ErrorCode {
		if e, ok := errors.AsType[*control.Error](err); ok {
			return e.Code
		}
		return ""
	}
	again := control.NewAccount{ID: "ann@y.test"}
	if _, err := b.connects(again); code(err) != control.CodeSecrets || !strings.Contains(err.Error(), "--passphrase") {
		t.Errorf("without a word where to keep it: %v", err)
	}
	again.PlainSecrets = true
	if _, err := b.connects(again); err != nil || b.account("ann@y.test").Kept != control.InPlainFile {
		t.Errorf("in a plain file: %v, kept in %q", err, b.account("ann@y.test").Kept)
	}
	again.Passphrase = "short"
	if _, err := b.connects(again); code(err) != control.CodeUsage {
		t.Errorf("a short passphrase: %v", err)
	}
	again.Passphrase = "correct horse battery"
	if _, err := b.connects(again); err != nil || b.account("ann@y.test").Kept != control.InSealedFile {
		t.Errorf("with a passphrase: %v, kept in %q", err, b.account("ann@y.test").Kept)
	}
	if _, err := secrets.File(filepath.Join(dir, "plain")).Load("ann@y.test"); !errors.Is(err, secrets.ErrNone) {
		t.Errorf("it is still in the plain file: %v", err)
	}
	b.quiet()

	reopen()
	b.b.add("meanwhile")
	before := len(b.b.calls)
	r := b.sync()
	a := b.account("ann@y.test")
	if a.Condition != control.Locked || a.WayOut.Do != control.Unlock || a.SignedOut || len(b.b.calls) != before {
		t.Errorf("%q, %+v, %d calls", a.Condition, a.WayOut, len(b.b.calls)-before)
	}
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].What, "passphrase") {
		t.Errorf("the pass tells %+v", r.Problems)
	}
	if _, err := b.connects(control.NewAccount{ID: "ann@y.test"}); code(err) != control.CodeLocked {
		t.Errorf("signing in while it is locked: %v", err)
	}
	if err := b.face.Unlock(t.Context(), "something else"); code(err) != control.CodeLocked {
		t.Errorf("the wrong passphrase: %v", err)
	}
	if err := b.face.Unlock(t.Context(), "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	b.quiet()
	b.alike("meanwhile")
	if s, err := b.face.Status(t.Context()); err != nil || len(s.Problems) != 0 {
		t.Errorf("%+v, %v", s.Problems, err)
	}
}

// noRing is a keyring that holds what it did, and answers nobody who asks whether it
// is there.
type noRing struct{ *secrets.InMemory }

func (noRing) Available() error { return secrets.ErrUnavailable }

// Who mistyped an address or a password hears what to look at, not what calls it came through.
func TestASignInThatFailsSaysWhatToLookAt(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for want, err := range map[string]error{
		"the server does not take the name and password": &calendar.Error{Op: "caldav: sign in", Kind: calendar.SignedOut, Err: errors.New("the server does not take the name and password")},
		"nothing answers at this address (connection refused)": fmt.Errorf("wait: %w",
			&calendar.Error{Op: "caldav: sign in", Kind: calendar.Unavailable, Err: refused}),
		"nothing is found at this address (404 Not Found)":             &calendar.Error{Op: "ics: connect", Kind: calendar.NotFound, Err: errors.New("404 Not Found")},
		"there is no such file":                                        &calendar.Error{Op: "ics: connect", Kind: calendar.NotFound, Err: errors.New("there is no such file")},
		"the sign-in page was closed":                                  errors.New("the sign-in page was closed"),
		"caldav: sign in: other":                                       &calendar.Error{Op: "caldav: sign in"},
		"what it answers is no calendar (there is no BEGIN:VCALENDAR)": &calendar.Error{Kind: calendar.Unavailable, Err: errors.New("what it answers is no calendar (there is no BEGIN:VCALENDAR)")},
	} {
		if got := engine.RefusedWords(err); got != want {
			t.Errorf("%v\n says %q\nwant %q", err, got, want)
		}
	}
}

// A calendar that its service cannot show for one event names that event's day and what
// helps; its account is not resting for it.
func TestADamagedEventIsSaid(t *testing.T) {
	for day, want := range map[time.Time]string{
		{}: "“Main” of ann@x.test cannot be read: one of its events is damaged at ",
		time.Date(2026, 4, 7, 0, 0, 0, 0, time.UTC): "“Main” of ann@x.test cannot be read: an event on or about 7 Apr 2026 is damaged at ",
	} {
		b := newBench(t)
		b.a.add("Lunch")
		b.quiet()
		b.a.fault = func(call string) (error, error) {
			if call == "changes" {
				return &calendar.Error{Op: "read changes", Kind: calendar.Other, Err: &calendar.Damaged{Day: day, Err: errors.New("500 ErrorCorruptData")}}, nil
			}
			return nil, nil
		}
		b.b.remove("Lunch")
		r := b.sync()
		if len(r.Problems) != 1 || !strings.HasPrefix(r.Problems[0].What, want) || !strings.Contains(r.Problems[0].WayOut, "delete it there") {
			t.Errorf("%+v", r.Problems)
		}
		if b.a.writes() != 0 {
			t.Error("it was written to unread")
		}
		if x := b.account("ann@x.test"); x.Condition != control.Connected {
			t.Errorf("the account is %s", x.Condition)
		}
	}
}

// Not every refusal is a permission that a new sign-in would give.
func TestRefusalsThatNoSignInMends(t *testing.T) {
	full := &calendar.Error{Op: "create event", Kind: calendar.Other, Err: fmt.Errorf("507: %w", calendar.ErrFull)}
	b := newBench(t)
	b.a.add("Lunch")
	b.b.fault = func(call string) (error, error) {
		if call == "create" {
			return full, nil
		}
		return nil, nil
	}
	if r := b.sync(); len(r.Problems) != 1 || !strings.Contains(r.Problems[0].What, "no room for more at ") || !strings.Contains(r.Problems[0].WayOut, "goes on by itself") {
		t.Errorf("full: %+v", r.Problems)
	}
	b.b.fault = nil
	b.quiet()
	b.alike("Lunch")
	for cause, want := range map[error][2]string{
		calendar.ErrSwitchedOff: {"not switched on for the client id", "enable the calendar API"},
		calendar.ErrNoMailbox:   {"ann@x.test has no mailbox", "Connect another account"},
	} {
		b := newBench(t)
		b.a.fails(&calendar.Error{Op: "list calendars", Kind: calendar.Forbidden, Err: fmt.Errorf("404: %w", cause)})
		r := b.sync()
		if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].What, want[0]) || !strings.Contains(r.Problems[0].WayOut, want[1]) {
			t.Errorf("%v: %+v", cause, r.Problems)
		}
	}
}
