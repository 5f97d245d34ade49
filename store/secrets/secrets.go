// Package secrets keeps one secret an account, a refresh token, outside the
// store: in the system's keyring, in a file that a passphrase opens, or with the
// person's consent in a file that only they can read.
//
// It imports go-keyring, age and the standard library only. A secret's bytes never
// appear in an error.
package secrets

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Keeper keeps the secrets. Its methods are safe for concurrent use.
type Keeper interface {
	// Load returns the secret of an account, ErrNone if none is kept.
	Load(account string) (string, error)
	// Save keeps or replaces the secret of an account.
	Save(account, secret string) error
	// Delete forgets the secret of an account; nil if there was none.
	Delete(account string) error
	// Plain reports whether secrets are kept where other programs of the same
	// person can simply read them.
	Plain() bool
}

var (
	// ErrNone says that no secret is kept for the account.
	ErrNone = errors.New("no secret is kept for this account: sign in again")
	// ErrUnavailable says that the system's keyring does not answer.
	ErrUnavailable = errors.New("the system's keyring does not answer")
	// ErrTooBig says that a secret is longer than Limit.
	ErrTooBig = errors.New("the secret is too long to be kept")
	// ErrLocked says that a file waits for its passphrase.
	ErrLocked = errors.New("the sign-ins are locked: they wait for your passphrase")
	// ErrPassphrase says that a passphrase is not the right one.
	ErrPassphrase = errors.New("that is not the passphrase")
	// ErrShort says that a new passphrase is too short.
	ErrShort = fmt.Errorf("a passphrase needs at least %d characters", ShortestPassphrase)
)

const (
	// Limit is the longest secret that is kept, in bytes. Microsoft promises nothing
	// about the length of its refresh tokens; those of work accounts have been seen
	// to be about 2 000 long.
	Limit = 8 * entryLimit
	// entryLimit is the most that one entry of a keyring holds: Windows' credential
	// manager has the least (CRED_MAX_CREDENTIAL_BLOB_SIZE, 5 × 512).
	entryLimit = 2560
	// ShortestPassphrase is the least that is taken, in characters: what NIST
	// SP 800-63B asks of passwords that people choose.
	ShortestPassphrase = 8
)

func checkSize(account, secret string) error {
	if len(secret) > Limit {
		return fmt.Errorf("%s: %w: %d bytes, the limit is %d", account, ErrTooBig, len(secret), Limit)
	}
	return nil
}

// without gives err, or if its text holds the secret, an error whose text does not.
func without(err error, secret string) error {
	if err == nil || secret == "" || !strings.Contains(err.Error(), secret) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), secret, "[secret]"))
}

// InMemory keeps secrets until the process ends.
type InMemory struct {
	mu   sync.Mutex
	kept map[string]string
}

// Memory makes a Keeper for tests and the demo.
func Memory() *InMemory { return &InMemory{kept: map[string]string{}} }

// Load is Keeper's.
func (m *InMemory) Load(account string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	secret, ok := m.kept[account]
	if !ok {
		return "", ErrNone
	}
	return secret, nil
}

// Save is Keeper's.
func (m *InMemory) Save(account, secret string) error {
	if err := checkSize(account, secret); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[account] = secret
	return nil
}

// Delete is Keeper's.
func (m *InMemory) Delete(account string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, account)
	return nil
}

// Plain is false: nothing is written anywhere.
func (m *InMemory) Plain() bool { return false }
