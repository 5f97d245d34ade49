package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"filippo.io/age"
)

// workFactor is the cost of trying a passphrase, as a power of two: scrypt with N=2^17
// takes 128 MB and half a second, which OWASP's "Password Storage Cheat Sheet" asks for.
const workFactor = 17

// SealedFile keeps secrets in a file that a passphrase opens. The passphrase opens a
// key, and the key the secrets, so that saving one costs nothing. Nothing is read or
// kept before Unlock; then the key stays in memory until the process ends.
//
// Each change writes a new file, as with PlainFile.
type SealedFile struct {
	path string
	work int
	mu   sync.Mutex
	key  *age.X25519Identity // nil: locked
}

// Sealed makes a Keeper on the file at path, which Unlock makes if there is none.
func Sealed(path string) *SealedFile { return &SealedFile{path: path, work: workFactor} }

// sealed is the file: both are age files ("age-encryption.org/v1"). Key holds an X25519
// identity, to a passphrase; Box the JSON of the secrets by account, to that identity.
type sealed struct {
	Key []byte `json:"key"`
	Box []byte `json:"box"`
}

// Made reports whether there is such a file.
func (f *SealedFile) Made() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.read()
	return err != nil || s.Key != nil
}

// Locked reports whether the passphrase has still to be given.
func (f *SealedFile) Locked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.key == nil
}

// Unlock opens the file with its passphrase, or makes it with a new one. ErrPassphrase
// if it is not the file's, ErrShort if it is too short for a new file.
func (f *SealedFile) Unlock(passphrase string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.read()
	if err != nil {
		return err
	}
	if s.Key == nil {
		return f.make(passphrase)
	}
	if passphrase == "" {
		return ErrPassphrase
	}
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return errors.New("the passphrase cannot be used")
	}
	text, err := open(s.Key, id)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return ErrPassphrase
	}
	if err != nil {
		return unreadable(f.path)
	}
	key, err := age.ParseX25519Identity(string(text))
	if err != nil {
		return unreadable(f.path)
	}
	if _, err := f.secrets(s, key); err != nil {
		return err
	}
	f.key = key
	return nil
}

// make begins a file with no secrets.
func (f *SealedFile) make(passphrase string) error {
	if utf8.RuneCountInString(passphrase) < ShortestPassphrase {
		return ErrShort
	}
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return errors.New("the passphrase cannot be used")
	}
	to.SetWorkFactor(f.work)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make a key for the secrets: %w", err)
	}
	lid, err := seal([]byte(key.String()), to)
	if err != nil {
		return err
	}
	if err := f.write(lid, map[string]string{}, key); err != nil {
		return err
	}
	f.key = key
	return nil
}

// Load is Keeper's; ErrLocked before Unlock.
func (f *SealedFile) Load(account string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, all, err := f.opened()
	if err != nil {
		return "", err
	}
	secret, ok := all[account]
	if !ok {
		return "", ErrNone
	}
	return secret, nil
}

// Save is Keeper's; ErrLocked before Unlock.
func (f *SealedFile) Save(account, secret string) error {
	if err := checkSize(account, secret); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	lid, all, err := f.opened()
	if err != nil {
		return err
	}
	all[account] = secret
	return f.write(lid, all, f.key)
}

// Delete is Keeper's; ErrLocked before Unlock.
func (f *SealedFile) Delete(account string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	lid, all, err := f.opened()
	if err != nil {
		return err
	}
	if _, ok := all[account]; !ok {
		return nil
	}
	delete(all, account)
	return f.write(lid, all, f.key)
}

// Plain is false: other programs of the same person cannot read the file.
func (f *SealedFile) Plain() bool { return false }

// opened reads the file with the key that Unlock found.
func (f *SealedFile) opened() (lid []byte, all map[string]string, err error) {
	if f.key == nil {
		return nil, nil, ErrLocked
	}
	s, err := f.read()
	if err != nil {
		return nil, nil, err
	}
	all, err = f.secrets(s, f.key)
	return s.Key, all, err
}

func (f *SealedFile) read() (s sealed, err error) {
	err = readFile(f.path, &s)
	return s, err
}

// secrets opens the box.
func (f *SealedFile) secrets(s sealed, key *age.X25519Identity) (map[string]string, error) {
	text, err := open(s.Box, key)
	if err != nil {
		return nil, unreadable(f.path)
	}
	var all map[string]string
	if json.Unmarshal(text, &all) != nil || all == nil {
		return nil, unreadable(f.path)
	}
	return all, nil
}

func (f *SealedFile) write(lid []byte, all map[string]string, key *age.X25519Identity) error {
	text, err := json.Marshal(all)
	if err != nil {
		return errors.New("the secrets cannot be written as JSON")
	}
	box, err := seal(text, key.Recipient())
	if err != nil {
		return err
	}
	return writeFile(f.path, sealed{Key: lid, Box: box})
}

func seal(text []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, errors.New("the secrets cannot be encrypted")
	}
	return out.Bytes(), nil
}

func open(raw []byte, id age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(raw), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
