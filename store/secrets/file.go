package secrets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// maxFile is the longest file of secrets that is read, in bytes: some dozens of
// accounts at Limit.
const maxFile = 1 << 20

// PlainFile keeps secrets as they are in a file that only its owner can read.
// Use it only when the person has said yes to that.
//
// Each change writes a new file beside it and puts that in its place, so that a
// crash leaves the old one or the new one. A file that cannot be understood is
// never overwritten. Only one process may use it: whoever holds the store.
type PlainFile struct {
	path string
	mu   sync.Mutex
}

// File makes a Keeper on the file at path, which is made with its folder when
// the first secret is saved.
func File(path string) *PlainFile { return &PlainFile{path: path} }

// content is the file: {"secrets": {"ACCOUNT": "SECRET"}}.
type content struct {
	Secrets map[string]string `json:"secrets"`
}

// Load is Keeper's.
func (f *PlainFile) Load(account string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.read()
	if err != nil {
		return "", err
	}
	secret, ok := c.Secrets[account]
	if !ok {
		return "", ErrNone
	}
	return secret, nil
}

// Save is Keeper's.
func (f *PlainFile) Save(account, secret string) error {
	if err := checkSize(account, secret); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.read()
	if err != nil {
		return err
	}
	c.Secrets[account] = secret
	return f.write(c)
}

// Delete is Keeper's.
func (f *PlainFile) Delete(account string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.read()
	if err != nil {
		return err
	}
	if _, ok := c.Secrets[account]; !ok {
		return nil
	}
	delete(c.Secrets, account)
	return f.write(c)
}

// Plain is true.
func (f *PlainFile) Plain() bool { return true }

// read gives what the file holds, nothing if there is none.
func (f *PlainFile) read() (content, error) {
	c := content{Secrets: map[string]string{}}
	err := readFile(f.path, &c)
	if err == nil && c.Secrets == nil {
		err = unreadable(f.path)
	}
	return c, err
}

func (f *PlainFile) write(c content) error { return writeFile(f.path, c) }

// readFile reads a file of JSON into v, which it leaves as it is if there is none. It
// takes back rights that others have on the file.
func readFile(path string, v any) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the secrets: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return fmt.Errorf("the secrets in %s can be read by others, and that cannot be changed: %w", path, err)
		}
	}
	if info.Size() > maxFile {
		return unreadable(path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the secrets: %w", err)
	}
	// The decoder's own error may quote what it read: it goes no further.
	if json.Unmarshal(raw, v) != nil {
		return unreadable(path)
	}
	return nil
}

func unreadable(path string) error {
	return fmt.Errorf("the file of secrets %s cannot be understood, and was left as it is: move it away and sign in again", path)
}

// writeFile puts v as JSON in the place of a file.
func writeFile(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return errors.New("the secrets cannot be written as JSON")
	}
	if err := replace(path, append(raw, '\n')); err != nil {
		return fmt.Errorf("keep the secrets in %s: %w", path, err)
	}
	return nil
}

func replace(path string, raw []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := path + ".new" // always the same: what a crash left there goes
	_ = os.Remove(name)
	temp, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	_, err = temp.Write(raw)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		return err
	}
	if d, err := os.Open(dir); err == nil { // where folders can be synced at all
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}
