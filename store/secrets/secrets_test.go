package secrets

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

var (
	_ Keeper = (*InMemory)(nil)
	_ Keeper = (*OSKeyring)(nil)
	_ Keeper = (*PlainFile)(nil)
	_ Keeper = (*SealedFile)(nil)
)

const token = "1//0secret-REFRESH-token<&>"

// fakeRing is a keyring in memory; fail and block stand for a bad day.
type fakeRing struct {
	mu     sync.Mutex
	kept   map[string]string
	fail   error
	block  chan struct{} // a call waits until it is closed
	inside int           // calls running
	most   int           // calls that ever ran at once
	sets   int
	crash  int // the set that fails, counted from 1; 0: none
}

var errCrash = errors.New("the machine went down")

func (r *fakeRing) enter() error {
	r.mu.Lock()
	r.inside++
	r.most = max(r.most, r.inside)
	block := r.block
	r.mu.Unlock()
	if block != nil {
		<-block
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside--
	return r.fail
}

func (r *fakeRing) Get(service, account string) (string, error) {
	if err := r.enter(); err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.kept[service+account]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return s, nil
}

func (r *fakeRing) Set(service, account, secret string) error {
	if err := r.enter(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(secret) > 2560 { // as on Windows
		return keyring.ErrSetDataTooBig
	}
	if r.sets++; r.sets == r.crash {
		return errCrash
	}
	if r.kept == nil {
		r.kept = map[string]string{}
	}
	r.kept[service+account] = secret
	return nil
}

func (r *fakeRing) Delete(service, account string) error {
	if err := r.enter(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.kept[service+account]; !ok {
		return keyring.ErrNotFound
	}
	delete(r.kept, service+account)
	return nil
}

func TestEveryKeeperKeepsReplacesAndForgets(t *testing.T) {
	for name, keeper := range map[string]Keeper{
		"memory":  Memory(),
		"file":    File(filepath.Join(t.TempDir(), "data", "secrets.json")),
		"keyring": onRing("twinday-test", &fakeRing{}),
		"sealed":  unlocked(t, filepath.Join(t.TempDir(), "data", "secrets.sealed")),
	} {
		t.Run(name, func(t *testing.T) {
			expect := func(account, want string, wantErr error) {
				t.Helper()
				if got, err := keeper.Load(account); got != want || !errors.Is(err, wantErr) {
					t.Errorf("Load(%s) = %q, %v; want %q, %v", account, got, err, want, wantErr)
				}
			}
			do := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			expect("anna", "", ErrNone)
			do(keeper.Delete("anna"))
			do(keeper.Save("anna", "first"))
			do(keeper.Save("ben", ""))
			do(keeper.Save("anna", token))
			expect("anna", token, nil)
			expect("ben", "", nil)
			do(keeper.Delete("anna"))
			expect("anna", "", ErrNone)
			expect("ben", "", nil)

			do(keeper.Save("anna", strings.Repeat("x", Limit)))
			err := keeper.Save("anna", strings.Repeat("y", Limit+1))
			if !errors.Is(err, ErrTooBig) || !strings.Contains(err.Error(), "20481") || strings.Contains(err.Error(), "yy") {
				t.Errorf("one byte too many gave %v", err)
			}
			expect("anna", strings.Repeat("x", Limit), nil)
		})
	}
}

func TestKeyringDoesNotWaitForAPromptForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeRing{block: make(chan struct{})}
		k := onRing("twinday-test", r)
		began := time.Now()
		if err := k.Save("anna", "first"); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("a keyring that hangs gave %v", err)
		}
		if took := time.Since(began); took != keyringTimeout {
			t.Errorf("gave up after %v, want %v", took, keyringTimeout)
		}
		if err := k.Save("anna", "never"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a second call behind it gave %v", err)
		}
		close(r.block) // the person unlocks
		synctest.Wait()
		if got, err := k.Load("anna"); got != "first" || err != nil {
			t.Errorf("after unlocking: %q, %v; want the call that had begun, and not the one that had not", got, err)
		}
	})
}

func TestKeyringCallsRunOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeRing{block: make(chan struct{})}
		k := onRing("twinday-test", r)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := k.Save("anna", "x"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(r.block)
		wg.Wait()
		if r.most != 1 {
			t.Errorf("%d calls ran at once", r.most)
		}
	})
}

func TestKeyringAvailable(t *testing.T) {
	if err := onRing("s", &fakeRing{}).Available(); err != nil {
		t.Errorf("an empty keyring: %v", err)
	}
	cause := errors.New("dbus: no session bus")
	err := onRing("s", &fakeRing{fail: cause}).Available()
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, cause) {
		t.Errorf("no keyring: %v, want ErrUnavailable with the cause", err)
	}
}

func TestNoErrorShowsTheSecret(t *testing.T) {
	r := &fakeRing{fail: errors.New("security: cannot add " + token + " to keychain")}
	if err := onRing("s", r).Save("anna", token); err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("keyring: %v", err)
	}
	path := filepath.Join(t.TempDir(), "secrets.json")
	for name, damage := range map[string]string{
		"cut off":     `{"secrets": {"anna": "` + token,
		"no JSON":     token,
		"other shape": `{"secrets": "` + token + `"}`,
		"null":        `{"secrets": null}`,
		"empty":       ``,
	} {
		if err := os.WriteFile(path, []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		_, loadErr := File(path).Load("anna")
		for what, err := range map[string]error{
			"load": loadErr, "save": File(path).Save("anna", token), "delete": File(path).Delete("anna"),
		} {
			if err == nil || strings.Contains(err.Error(), token) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "character") {
				t.Errorf("%s, %s: %v; want an error with the path and nothing of what is in it", name, what, err)
			}
		}
		if now, err := os.ReadFile(path); string(now) != damage {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "secrets.json")
	f := File(path)
	if err := f.Save("anna", token); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if mode(path) != 0o600 || mode(filepath.Dir(path)) != 0o700 {
		t.Errorf("modes are %o and %o", mode(path), mode(filepath.Dir(path)))
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := File(path).Load("anna"); got != token || err != nil {
		t.Errorf("Load = %q, %v", got, err)
	}
	if mode(path) != 0o600 {
		t.Errorf("a file open to others stayed %o", mode(path))
	}
	// A process died while it wrote: the next change takes away what it left.
	if err := os.WriteFile(path+".new", []byte(`{"secrets": {"berta"`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.Save("anna", token); err != nil || mode(path) != 0o600 {
		t.Errorf("saved after a crash: %v, mode %o", err, mode(path))
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("left over: %v", names)
	}
	if !f.Plain() || Memory().Plain() || Keyring("s").Plain() {
		t.Error("only the file is plain")
	}
}

// Windows' credential manager holds 2 560 bytes an entry; what is longer goes into several.
func TestAKeyringHoldsWhatIsLongerThanOneEntry(t *testing.T) {
	r := &fakeRing{}
	k := onRing("twinday-test", r)
	lengths := []int{1, entryLimit, entryLimit + 1, 2*entryLimit + 7, Limit, 1}
	want := []int{1, 1, 3, 4, 9, 1}
	for i, n := range lengths {
		secret := strings.Repeat("ab", n)[:n]
		if err := k.Save("anna", secret); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if got, err := k.Load("anna"); got != secret || err != nil {
			t.Errorf("%d bytes came back as %d, %v", n, len(got), err)
		}
		if len(r.kept) != want[i] {
			t.Errorf("%d bytes are in %d entries, want %d", n, len(r.kept), want[i])
		}
	}
	if err := k.Save("anna", strings.Repeat("x", Limit)); err != nil {
		t.Fatal(err)
	}
	if err := k.Delete("anna"); err != nil || len(r.kept) != 0 {
		t.Errorf("forgotten, and there are %d entries, %v", len(r.kept), err)
	}
}

// A rotated token must be the old one or the new one, whenever the machine stops.
func TestAKeyringNeverHoldsHalfASecret(t *testing.T) {
	before, after := strings.Repeat("b", 2*entryLimit), strings.Repeat("a", 3*entryLimit)
	for crash := 1; ; crash++ {
		r := &fakeRing{}
		if err := onRing("twinday-test", r).Save("anna", before); err != nil {
			t.Fatal(err)
		}
		r.sets, r.crash = 0, crash
		err := onRing("twinday-test", r).Save("anna", after)
		got, loadErr := onRing("twinday-test", r).Load("anna")
		if loadErr != nil || got != before && got != after {
			t.Fatalf("after set %d failed: %d bytes, %v", crash, len(got), loadErr)
		}
		if err == nil {
			if got != after || crash < 4 {
				t.Errorf("saved in %d sets, and %.1s is kept", crash-1, got)
			}
			return
		}
		if got != before || strings.Contains(err.Error(), "aaa") {
			t.Errorf("after set %d failed, %.1s is kept: %v", crash, got, err)
		}
	}
}

const passphrase = "correct horse battery"

// cheap is a sealed file whose passphrase costs little to try.
func cheap(path string) *SealedFile {
	f := Sealed(path)
	f.work = 10
	return f
}

func unlocked(t *testing.T, path string) *SealedFile {
	t.Helper()
	f := cheap(path)
	if err := f.Unlock(passphrase); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestASealedFileOpensToItsPassphraseAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "secrets.sealed")
	f := cheap(path)
	if f.Made() || !f.Locked() {
		t.Error("there is a file before there is a passphrase")
	}
	if err := f.Unlock("seven77"); !errors.Is(err, ErrShort) || f.Made() {
		t.Errorf("a short passphrase: %v", err)
	}
	if err := f.Unlock(passphrase); err != nil {
		t.Fatal(err)
	}
	if err := f.Save("anna", token); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(raw), token) || strings.Contains(string(raw), "anna") {
		t.Errorf("the file tells: %s, %v", raw, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %o", info.Mode().Perm())
	}

	g := cheap(path) // the next process
	if !g.Made() || !g.Locked() {
		t.Error("it is open without its passphrase")
	}
	_, err = g.Load("anna")
	for what, err := range map[string]error{"load": err, "save": g.Save("anna", "x"), "delete": g.Delete("anna")} {
		if !errors.Is(err, ErrLocked) {
			t.Errorf("%s while it is locked: %v", what, err)
		}
	}
	for _, wrong := range []string{"", "correct horse batterz", "seven77"} {
		if err := g.Unlock(wrong); !errors.Is(err, ErrPassphrase) || !g.Locked() {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := g.Unlock(passphrase); err != nil || g.Locked() {
		t.Fatal(err)
	}
	if got, err := g.Load("anna"); got != token || err != nil {
		t.Errorf("Load = %q, %v", got, err)
	}
	if now, _ := os.ReadFile(path); string(now) != string(raw) {
		t.Error("the file was changed by what only read it")
	}
}

func TestADamagedSealedFileIsLeftAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.sealed")
	f := unlocked(t, path)
	if err := f.Save("anna", token); err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(path)
	for name, damage := range map[string]string{
		"cut off":      string(good[:len(good)/2]),
		"another box":  strings.Replace(string(good), `"box": "`, `"box": "YWdl`, 1),
		"another key":  strings.Replace(string(good), `"key": "`, `"key": "YWdl`, 1),
		"without both": "{}",
	} {
		if err := os.WriteFile(path, []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.Save("anna", "x"); name != "another key" && err == nil {
			t.Errorf("%s: it was written over", name)
		}
		if err := cheap(path).Unlock(passphrase); name != "without both" && (err == nil || errors.Is(err, ErrPassphrase)) {
			t.Errorf("%s: Unlock gave %v", name, err)
		}
	}
}
