package engine_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// internet answers knocks: every server is there and tells b's time, but for what is said.
type internet struct {
	b       *bench
	mu      sync.Mutex
	asked   []string
	trouble map[string]error
	skew    map[string]time.Duration
	silent  bool // servers tell no time
}

func (n *internet) reach(_ context.Context, address string) (time.Time, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, address)
	if err := n.trouble[address]; err != nil {
		return time.Time{}, err
	}
	if n.silent {
		return time.Time{}, nil
	}
	return n.b.now().Add(n.skew[address]), nil
}

const (
	calendarsTest = "https://calendars.test/"
	signInTest    = "https://sign.in.test/"
)

func newCheckup(t *testing.T) (*bench, *internet) {
	b := newBench(t)
	n := &internet{b: b, trouble: map[string]error{}, skew: map[string]time.Duration{}}
	b.Engine.Reach = n.reach
	return b, n
}

// checkup is what a check-up finds, by name; several of one name are joined.
func (b *bench) checkup() map[string]control.Check {
	b.Helper()
	list, err := b.face.Checkup(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	out := map[string]control.Check{}
	for _, c := range list {
		if c.Says == "" || c.Finding == control.Trouble && c.WayOut == "" {
			b.Errorf("a check that says too little: %+v", c)
		}
		if was, ok := out[c.Name]; ok {
			c.Says, c.WayOut = was.Says+" | "+c.Says, was.WayOut+" | "+c.WayOut
		}
		out[c.Name] = c
	}
	return out
}

func TestACheckUpOfWhatIsWell(t *testing.T) {
	b, n := newCheckup(t)
	b.sync()
	if _, err := b.store.Backup(t.Context(), b.now()); err != nil {
		t.Fatal(err)
	}
	list, err := b.face.Checkup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
		if c.Finding != control.OK || c.WayOut != "" {
			t.Errorf("%+v", c)
		}
	}
	if want := []string{"store", "folder", "backup", "keyring", "network", "clock", "account 1", "account 2", "syncing"}; !slices.Equal(names, want) {
		t.Errorf("looked at %q, want %q", names, want)
	}
	slices.Sort(n.asked)
	if want := []string{calendarsTest, signInTest}; !slices.Equal(n.asked, want) {
		t.Errorf("asked %q, want %q once each, and nothing but the host", n.asked, want)
	}
	if b.a.writes()+b.b.writes() != 0 {
		t.Error("looking wrote to a calendar")
	}
	if _, err := b.secrets.Load("a test entry"); !errors.Is(err, secrets.ErrNone) {
		t.Errorf("the test entry is still in the keyring: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(b.path), "*")); len(files) != 2 {
		t.Errorf("it leaves %q behind", files)
	}
}

// Each thing that may be broken, and what it is said to need.
func TestACheckUpNamesWhatHelps(t *testing.T) {
	lookup := &net.DNSError{Err: "no such host", Name: "calendars.test", IsNotFound: true}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, test := range []struct {
		name    string
		breaks  func(*bench, *internet)
		check   string
		finding control.Finding
		says    string
		wayOut  string
	}{
		{"offline", func(_ *bench, n *internet) { n.trouble[calendarsTest], n.trouble[signInTest] = lookup, lookup },
			"network", control.Trouble, "seems to be offline", "Connect this computer"},
		{"one server's name is gone", func(_ *bench, n *internet) { n.trouble[signInTest] = lookup },
			"network", control.Trouble, "sign.in.test cannot be reached: its name is not found", "DNS"},
		{"refused", func(_ *bench, n *internet) { n.trouble[calendarsTest], n.trouble[signInTest] = refused, refused },
			"network", control.Trouble, "calendars.test, sign.in.test cannot be reached: connection refused", "Check the network"},
		{"no answer", func(_ *bench, n *internet) {
			n.trouble[calendarsTest] = fmt.Errorf("knock: %w", context.DeadlineExceeded)
		},
			"network", control.Trouble, "no answer within 5s", "firewall"},
		{"a proxy that refuses", func(_ *bench, n *internet) {
			n.trouble[calendarsTest] = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New("it wants a name and a password")}
		}, "network", control.Trouble, "the proxy does not let Twinday through (it wants a name and a password)", "--proxy-password"},
		{"a company that looks into what passes", func(_ *bench, n *internet) {
			n.trouble[calendarsTest] = fmt.Errorf("tls: %w", x509.UnknownAuthorityError{})
		},
			"network", control.Trouble, "certificate that this computer does not know", "--root-certificate"},
		{"a clock that is years off", func(_ *bench, n *internet) {
			n.trouble[calendarsTest] = x509.CertificateInvalidError{Reason: x509.Expired}
		},
			"network", control.Trouble, "by this computer's clock", "date and time"},
		{"a hotel's page", func(_ *bench, n *internet) {
			n.trouble[calendarsTest] = x509.HostnameError{Certificate: &x509.Certificate{}, Host: "calendars.test"}
		},
			"network", control.Trouble, "something else answers in its place", "hotel"},
		{"a clock that is behind", func(_ *bench, n *internet) {
			n.skew[calendarsTest], n.skew[signInTest] = 7*time.Minute, 8*time.Minute
		},
			"clock", control.Trouble, "7 minutes behind", "set-ntp"},
		{"a clock that is ahead", func(_ *bench, n *internet) {
			n.skew[calendarsTest], n.skew[signInTest] = -3*time.Hour, -3*time.Hour
		},
			"clock", control.Trouble, "3 hours ahead", "set-ntp"},
		{"one server's clock is wrong", func(_ *bench, n *internet) { n.skew[signInTest] = time.Hour }, "clock", control.OK, "agrees", ""},
		{"no server tells the time", func(_ *bench, n *internet) { n.silent = true }, "clock", control.Note, "no server told", ""},
		{"no keyring", func(b *bench, _ *internet) {
			b.Engine.Secrets = deadRing{errors.New("on purpose")}
		}, "keyring", control.Trouble, "does not answer (on purpose); 2 sign-ins are in it", "--passphrase"},
		{"a keyring that forgets", func(b *bench, _ *internet) { b.Engine.Secrets = liar{b.secrets} }, "keyring", control.Trouble, "gives back something else", "--passphrase"},
		{"a revoked sign-in", func(b *bench, _ *internet) {
			b.a.fault = func(string) (before, after error) { return b.a.err(calendar.SignedOut), nil }
		}, "account 1", control.Trouble, "Google: its sign-in has ended", "Sign in again"},
		{"an organisation's rule", func(b *bench, _ *internet) {
			b.b.fault = func(string) (before, after error) {
				return &calendar.Error{Op: "list", Kind: calendar.SignedOut, Obstacle: calendar.AdminApproval, Err: errors.New("on purpose")}, nil
			}
		}, "account 2", control.Trouble, "administrator", "text to your IT"},
		{"a service that is down", func(b *bench, _ *internet) {
			b.b.fault = func(string) (before, after error) { return b.b.err(calendar.Unavailable), nil }
		}, "account 2", control.Trouble, "cannot be reached", "See 'network'"},
		{"a service that asks for patience", func(b *bench, _ *internet) {
			b.b.fault = func(string) (before, after error) { return b.b.err(calendar.Throttled), nil }
		}, "account 2", control.Note, "asks for patience", "Nothing to do"},
		{"a refusal", func(b *bench, _ *internet) {
			b.b.fault = func(string) (before, after error) { return b.b.err(calendar.Forbidden), nil }
		}, "account 2", control.Trouble, "does not give the list", "allow Twinday"},
		{"a folder that can only be read", func(b *bench, _ *internet) {
			b.disk = func(store.Point) error { return syscall.EROFS }
		}, "folder", control.Trouble, "can only be read", "yours to write"},
		{"a full disk", func(b *bench, _ *internet) { b.disk = func(store.Point) error { return syscall.ENOSPC } }, "folder", control.Trouble, "disk is full", "Free some space"},
		{"a disk that fails", func(b *bench, _ *internet) { b.disk = func(store.Point) error { return syscall.EIO } }, "folder", control.Trouble, "takes no file (input/output error)", "Look at the disk"},
		{"files that others can read", func(b *bench, _ *internet) {
			if err := errors.Join(os.Chmod(filepath.Dir(b.path), 0o755), os.Chmod(b.path, 0o644)); err != nil {
				b.Fatal(err)
			}
		}, "folder", control.Trouble, "can read 1 file", "chmod -R go="},
		{"no backup", func(*bench, *internet) {}, "backup", control.Note, "none yet", "autostart"},
		{"an old backup", func(b *bench, _ *internet) {
			if _, err := b.store.Backup(b.Context(), b.now().AddDate(0, 0, -9)); err != nil {
				b.Fatal(err)
			}
		}, "backup", control.Note, "9 days old", "autostart"},
		{"never synced", func(*bench, *internet) {}, "syncing", control.Note, "no good sync yet", "'twinday sync'"},
		{"paused", func(b *bench, _ *internet) {
			if err := b.face.Pause(b.Context(), b.now().Add(time.Hour)); err != nil {
				b.Fatal(err)
			}
		}, "syncing", control.Note, "paused", "'twinday resume'"},
		{"no mirror", func(b *bench, _ *internet) {
			if _, err := b.face.RemoveMirror(b.Context(), control.RemoveMirror{ID: b.mirror.ID, KeepCopies: true}); err != nil {
				b.Fatal(err)
			}
		}, "syncing", control.Note, "no calendars mirror", "'twinday mirror add'"},
		{"a calendar that is gone", func(b *bench, _ *internet) {
			b.sync()
			b.b.gone, b.b.more = true, []calendar.Calendar{calendar.Calendar{ID: "other", Name: "Other"}.WithRole(calendar.RoleOwner)}
			b.sync()
		}, "syncing", control.Trouble, "1 thing is wrong", "'twinday status'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, n := newCheckup(t)
			test.breaks(b, n)
			got := b.checkup()[test.check]
			b.disk = nil // else the test's own end fails
			if got.Finding != test.finding || !strings.Contains(got.Says, test.says) || !strings.Contains(got.WayOut, test.wayOut) {
				t.Errorf("%+v\nwant %s: %q, %q", got, test.finding, test.says, test.wayOut)
			}
			for _, private := range []string{"ann@", filepath.Dir(b.path), b.mirror.Name} {
				if strings.Contains(got.Says+got.WayOut, private) {
					t.Errorf("it tells %q: %+v", private, got)
				}
			}
		})
	}
}

func TestACheckUpOfNobody(t *testing.T) {
	b, n := newCheckup(t)
	for _, id := range []state.AccountID{refA.Account, refB.Account} {
		if _, err := b.face.RemoveAccount(t.Context(), control.RemoveAccount{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	b.Engine.Secrets = deadRing{errors.New("on purpose")}
	got := b.checkup()
	if k := got["keyring"]; k.Finding != control.Note || !strings.Contains(k.WayOut, "--passphrase") {
		t.Errorf("%+v", k)
	}
	if got["network"].Finding != control.Note || got["syncing"].Finding != control.Note || len(n.asked) != 0 {
		t.Errorf("%+v; asked %q", got, n.asked)
	}
}

// Of a store that takes too long nothing is said that was not seen.
func TestACheckUpOfALargeStore(t *testing.T) {
	b, _ := newCheckup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	list, err := b.Engine.Checkup(ctx)
	if err != nil || list[0].Finding != control.Note || !strings.Contains(list[0].Says, "too large to be checked within 5s") {
		t.Errorf("%+v, %v", list[0], err)
	}
	if list[1].Finding != control.OK {
		t.Errorf("%+v", list[1])
	}
}

// A server of a person's own is theirs to know: it is called by its account.
func TestACheckUpNamesNoServerOfOnesOwn(t *testing.T) {
	b, n := newCheckup(t)
	for i, at := range []string{"https://cloud.ann.test:8443/dav/ann/", "file:///home/ann/timetable.ics"} {
		id := fmt.Sprint("own", i)
		err := b.store.Update(func(tx *store.Tx) error {
			return tx.PutAccount(state.Account{ID: state.AccountID(id), Provider: state.Google, Email: "ann@x.test", Endpoint: state.Endpoint{BaseURL: at}})
		})
		if err := errors.Join(err, b.secrets.Save(id, "refresh-ann@x.test")); err != nil {
			t.Fatal(err)
		}
	}
	n.trouble["https://cloud.ann.test:8443/"] = &net.DNSError{Err: "no such host", Name: "cloud.ann.test", IsNotFound: true}
	got := b.checkup()["network"]
	if got.Says != "the server of account 3 cannot be reached: its name is not found" || slices.ContainsFunc(n.asked, func(a string) bool { return strings.HasPrefix(a, "file") }) {
		t.Errorf("%+v; asked %q", got, n.asked)
	}
}

func TestACheckUpOfSignInsInFiles(t *testing.T) {
	b, _ := newCheckup(t)
	file := filepath.Join(t.TempDir(), "secrets.sealed")
	b.Engine.Sealed = secrets.Sealed(file)
	b.Engine.Plain = secrets.File(filepath.Join(t.TempDir(), "secrets.json"))
	if err := b.Engine.Unlock(t.Context(), "correct horse"); err != nil {
		t.Fatal(err)
	}
	places := map[string]secrets.Keeper{"sealed": b.Engine.Sealed, "true": b.Engine.Plain}
	for place, id := range map[string]state.AccountID{"sealed": refA.Account, "true": refB.Account} {
		err := b.store.Update(func(tx *store.Tx) error { return tx.SetSetting("plain secret of "+string(id), place) })
		if err := errors.Join(err, places[place].Save(string(id), "refresh-"+string(id))); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.checkup()["keyring"]; got.Finding != control.Note || !strings.Contains(got.Says, "1 sign-in is in a file with a passphrase, 1 sign-in is in a plain file") || !strings.Contains(got.WayOut, "moves to the keyring") {
		t.Errorf("%+v", got)
	}
	b.Engine.Secrets = deadRing{errors.New("on purpose")}
	b.Engine.Sealed = secrets.Sealed(file)
	got := b.checkup()
	if k := got["keyring"]; k.Finding != control.Note || k.WayOut != "" {
		t.Errorf("nobody needs the keyring: %+v", k)
	}
	if a := got["account 1"]; a.Finding != control.Trouble || !strings.Contains(a.WayOut, "'twinday unlock'") {
		t.Errorf("locked: %+v", a)
	}
}

// deadRing is a keyring that does not answer.
type deadRing struct{ why error }

func (r deadRing) Available() error            { return fmt.Errorf("%w: %w", secrets.ErrUnavailable, r.why) }
func (r deadRing) Load(string) (string, error) { return "", r.Available() }
func (r deadRing) Save(string, string) error   { return r.Available() }
func (r deadRing) Delete(string) error         { return r.Available() }
func (r deadRing) Plain() bool                 { return false }

// liar is a keyring that keeps something else than it is given.
type liar struct{ *secrets.InMemory }

func (l liar) Load(account string) (string, error) {
	kept, err := l.InMemory.Load(account)
	return "not " + kept, err
}
