// Package secrets keeps one secret an account, a refresh token, outside the
// store: in the system's keyring, or with the person's consent in a file that
// only they can read.
//
// It imports go-keyring and the standard library only. A secret's bytes never
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
)

// Limit is the longest secret that is kept, in bytes: what Windows' credential
// manager holds (CRED_MAX_CREDENTIAL_BLOB_SIZE, 5 × 512).
const Limit = 2560

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
