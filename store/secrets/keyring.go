package secrets

import (
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

// keyringTimeout is how long one call may take. A keyring that must be unlocked
// shows a prompt and answers only when the person does; a pass must not wait.
const keyringTimeout = 5 * time.Second

// probe is the account that Available asks for.
const probe = "is a keyring there"

// ring is what is used of go-keyring.
type ring interface {
	Get(service, account string) (string, error)
	Set(service, account, secret string) error
	Delete(service, account string) error
}

// OSKeyring keeps secrets in the system's keyring: Secret Service on Linux and
// BSD, Keychain on macOS, Credential Manager on Windows.
//
// Calls run one after the other, off the caller's goroutine, and fail with
// ErrUnavailable when there is no answer in 5 seconds. A call that the system has
// begun cannot be called back: a Save that timed out may still happen, but always
// before the calls after it.
type OSKeyring struct {
	service string
	ring    ring
	turn    chan struct{} // holds one token while no call runs
}

// Keyring makes a Keeper on the system's keyring. The service names the program
// there.
func Keyring(service string) *OSKeyring { return onRing(service, system{}) }

func onRing(service string, r ring) *OSKeyring {
	k := &OSKeyring{service: service, ring: r, turn: make(chan struct{}, 1)}
	k.turn <- struct{}{}
	return k
}

// Available reports whether a keyring answers: nil, or ErrUnavailable with the
// cause. It may show the system's prompt to unlock.
func (k *OSKeyring) Available() error {
	_, err := k.call(func() (string, error) { return k.ring.Get(k.service, probe) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return err
}

// Load is Keeper's.
func (k *OSKeyring) Load(account string) (string, error) {
	secret, err := k.call(func() (string, error) { return k.get(account) })
	if errors.Is(err, keyring.ErrNotFound) {
		return "", ErrNone
	}
	if err != nil {
		return "", fmt.Errorf("read the sign-in of %s: %w", account, err)
	}
	return secret, nil
}

// Save is Keeper's.
func (k *OSKeyring) Save(account, secret string) error {
	if err := checkSize(account, secret); err != nil {
		return err
	}
	_, err := k.call(func() (string, error) { return "", k.set(account, secret) })
	if errors.Is(err, keyring.ErrSetDataTooBig) {
		// macOS counts the account's and the service's name too.
		return fmt.Errorf("%s: %w: %d bytes, more than this system's keyring holds", account, ErrTooBig, len(secret))
	}
	if err != nil {
		return fmt.Errorf("keep the sign-in of %s: %w", account, err)
	}
	return nil
}

// Delete is Keeper's.
func (k *OSKeyring) Delete(account string) error {
	_, err := k.call(func() (string, error) {
		old := k.parts(account)
		err := k.ring.Delete(k.service, account)
		k.deleteAll(old)
		return "", err
	})
	if err == nil || errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("forget the sign-in of %s: %w", account, err)
}

// Plain is false: the keyring is encrypted, or guarded by the system.
func (k *OSKeyring) Plain() bool { return false }

// call runs f when it is its turn, and waits for it no longer than the timeout,
// the waiting for its turn included.
func (k *OSKeyring) call(f func() (string, error)) (string, error) {
	timeout := time.NewTimer(keyringTimeout)
	defer timeout.Stop()
	select {
	case <-k.turn:
	case <-timeout.C:
		return "", errNoAnswer
	}
	type answer struct {
		secret string
		err    error
	}
	done := make(chan answer, 1)
	go func() {
		secret, err := f()
		k.turn <- struct{}{}
		done <- answer{secret, err}
	}()
	select {
	case a := <-done:
		if a.err != nil && !errors.Is(a.err, keyring.ErrNotFound) && !errors.Is(a.err, keyring.ErrSetDataTooBig) {
			a.err = fmt.Errorf("%w: %w", ErrUnavailable, a.err)
		}
		return a.secret, a.err
	case <-timeout.C:
		return "", errNoAnswer
	}
}

var errNoAnswer = fmt.Errorf("%w within %v: it may be waiting for you to unlock it", ErrUnavailable, keyringTimeout)

// system is go-keyring.
type system struct{}

func (system) Get(service, account string) (string, error) { return keyring.Get(service, account) }
func (system) Set(service, account, secret string) error {
	return keyring.Set(service, account, secret)
}
func (system) Delete(service, account string) error { return keyring.Delete(service, account) }
