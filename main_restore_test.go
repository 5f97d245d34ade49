package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/ui/terminal"
)

func TestADamagedStoreIsPutBackAsItsErrorSays(t *testing.T) {
	s := newShell(t)
	if _, errs, exit := s.run("restore"); exit != terminal.ExitFailed || !strings.Contains(errs, "there is no backup") {
		t.Errorf("without a backup: exit %d: %s", exit, errs)
	}
	file := storeFile(s.dir)
	st, err := store.Open(file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Backup(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, errs, exit := s.run("restore"); exit != terminal.ExitFailed || !strings.Contains(errs, "twinday quit") {
		t.Errorf("beside a running engine: exit %d: %s", exit, errs)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[len(b)/4:], bytes.Repeat([]byte{0xEE}, len(b)*3/4))
	copy(b[8192:], bytes.Repeat([]byte{0xEE}, 8192))
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, exit := s.run("status"); exit != terminal.ExitFailed || !strings.Contains(errs, "twinday restore --data "+s.dir) {
		t.Errorf("damaged: exit %d: %s", exit, errs)
	}
	n := must[terminal.RestoreNote](s, "restore")
	if kept, err := os.ReadFile(n.Kept); err != nil || !bytes.Equal(kept, b) {
		t.Errorf("what was there is not kept: %+v, %v", n, err)
	}
	if out, errs, exit := s.run("status"); exit != terminal.ExitDone || !strings.Contains(out, "last backup just now") {
		t.Errorf("restored: exit %d: %s%s", exit, out, errs)
	}
}
