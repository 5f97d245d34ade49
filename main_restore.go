package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/ui/terminal"
)

// storeFile is where the store of a data folder is.
func storeFile(dir string) string { return filepath.Join(dir, "twinday.db") }

// restore puts a backup in the place of a data folder's store. No engine may be
// running on it.
func restore(ctx context.Context, o terminal.RestoreOptions) (terminal.RestoreNote, error) {
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return terminal.RestoreNote{}, err
	}
	r, err := store.Restore(ctx, storeFile(dir), o.From, store.Options{Now: time.Now})
	return terminal.RestoreNote{From: r.From.Path, Made: r.From.Time, Kept: r.Kept, Passed: r.Passed}, err
}
