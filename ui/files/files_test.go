package files

import (
	"os"
	"path/filepath"
	"testing"
)

// A file is replaced whole: who reads the old file to its end gets the old one, not a mix,
// and nothing is left beside it.
func TestAFileIsReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "twinday.json")
	if err := os.WriteFile(name, []byte("the old one"), 0o644); err != nil {
		t.Fatal(err)
	}
	old, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteWhole(name, []byte("new")); err != nil {
		t.Fatal(err)
	}
	now, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(old, now) {
		t.Error("the old file was written over in place")
	}
	if got, _ := os.ReadFile(name); string(got) != "new" {
		t.Errorf("the file says %q", got)
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("left beside it: %v", names)
	}
}

// Where the new file cannot take its place, what was there stays, and no half one with it.
func TestNothingHalfIsLeft(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "gone", "twinday.json")
	if err := WriteWhole(name, []byte("new")); err == nil {
		t.Error("a file in a folder that is not there was written")
	}
	if err := WriteWhole(dir, []byte("new")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("left there: %v", names)
	}
}
