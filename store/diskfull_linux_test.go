package store

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

const childStore = "TWINDAY_TEST_FULL_DISK"

// TestAFileThatMayNotGrow meets a real refusal of the system: a child process
// whose files may not become longer (setrlimit(2)).
func TestAFileThatMayNotGrow(t *testing.T) {
	path := os.Getenv(childStore)
	if path == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAFileThatMayNotGrow$", "-test.v")
		cmd.Env = append(os.Environ(), childStore+"="+filepath.Join(t.TempDir(), "twinday.db"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	s := reopen(t, path)
	putTheme(t, s, "dark")
	putTheme(t, s, "dark")
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(info.Size()), Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	isFull(t, s, s.Update(large))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	update(t, s, large)
}
