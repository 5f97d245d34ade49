package store

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
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
