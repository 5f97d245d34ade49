package login

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinday/twinday/ui/files"
)

// write replaces a file, whole, in a folder that is made where there is none.
func write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return files.WriteWhole(name, []byte(text))
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
