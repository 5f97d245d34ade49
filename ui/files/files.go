// Package files writes the files that a face keeps for the person, and says what is wrong
// with one. It knows of no face, and must not import Fyne or the engine.
package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinday/twinday/assets"
)

// WriteWhole writes a file for its owner alone: all of it or, when the disk is full or the
// computer goes off, what was there before. A link stays one; what is no file (a pipe, a
// terminal) is written as it is.
func WriteWhole(name string, text []byte) error {
	if i, err := os.Stat(name); err == nil && !i.Mode().IsRegular() {
		return os.WriteFile(name, text, 0o600)
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Trouble is why a file cannot be read or written, in the person's language where it is
// one of the usual reasons.
func Trouble(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return assets.Text("there is no such file or folder")
	case errors.Is(err, fs.ErrPermission):
		return assets.Text("you have no right to it")
	}
	return err.Error()
}
