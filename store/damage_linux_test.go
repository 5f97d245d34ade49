package store

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// TestAFolderThatMayNotBeRead runs as anybody: root lays its rights down for the
// thread of this test, for it may read everything (setfsuid(2)).
func TestAFolderThatMayNotBeRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	path := filepath.Join(dir, "twinday.db")
	s := reopen(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	if root := os.Geteuid() == 0; root {
		const nobody = 65534
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		defer syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0)
	}
	noAccess(t, path)
}

// TestAFaultOfTheMemoryMapIsDamage cuts the file off under the open store, so that
// touching its map faults: in bbolt, and in what reads a value that bbolt gave.
func TestAFaultOfTheMemoryMapIsDamage(t *testing.T) {
	good := goodFile(t)
	for name, read := range map[string]func(tx *Tx, cut func()) error{
		"in bbolt": func(tx *Tx, cut func()) error {
			cut()
			return tx.EachReplica(work, func(state.Replica) error { return nil })
		},
		"in a value": func(tx *Tx, cut func()) error {
			raw := tx.byRef(bucketReplicas, work).Get([]byte("0-0"))
			cut()
			var e calendar.Event
			return tx.decode(bucketReplicas, []byte("0-0"), raw, &e)
		},
	} {
		path := filepath.Join(t.TempDir(), "twinday.db")
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.View(func(tx *Tx) error {
			return read(tx, func() {
				if err := os.Truncate(path, int64(2*pageSizeOf(good))); err != nil {
					t.Error(err)
				}
			})
		})
		if !isDamaged(err) || s.damaged.Load() == nil {
			t.Errorf("%s: %T: %v", name, err, err)
		}
	}
}
