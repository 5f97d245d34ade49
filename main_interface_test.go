package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/terminal"
)

// TestInterfaceExamplesWork runs every example of docs/interface.md, as people copy them, on a
// running engine. What they say of calendars, events and files is put in the place of theirs.
func TestInterfaceExamplesWork(t *testing.T) {
	for _, needed := range []string{"curl", "jq"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Fatalf("%s is needed (Debian package %[1]s)", needed)
		}
	}
	m := newPatient(t)
	h := must[[]state.HistoryEntry](m.shell, "history", "--text", "Choir")
	ids := map[string]calendar.CalendarID{}
	for _, c := range must[[]state.Calendar](m.shell, "calendar", "list") {
		ids[string(c.Ref.Account)] = c.Ref.Calendar
	}
	mirrors := must[[]control.MirrorState](m.shell, "mirror", "list")
	_, done, err := m.deps.Connect(t.Context(), terminal.ConnectOptions{DataDir: m.dir, Loop: true})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	page, err := os.ReadFile("docs/interface.md")
	if err != nil {
		t.Fatal(err)
	}
	ours := strings.NewReplacer("~/.local/share/twinday", m.dir, "home/primary", "home/"+string(ids["home"]), "work/Calendar", "work/"+string(ids["work"]),
		"Dentist", "Choir", "/m1", "/"+string(mirrors[0].ID), `"m1"`, strconv.Quote(string(mirrors[0].ID)), `"entry":12`, fmt.Sprintf(`"entry":%d`, h[0].Seq))

	// A curl that tells when an answer was a refusal, and lets nothing go on for ever (28).
	work := t.TempDir()
	real, _ := exec.LookPath("curl")
	curl := fmt.Sprintf("#!/bin/sh\n%s --fail-with-body --max-time 3 \"$@\"\ncode=$?\n[ $code = 0 ] || [ $code = 28 ] || echo \"$code: $*\" >> %s/refused\n", real, work)
	if err := os.WriteFile(filepath.Join(work, "curl"), []byte(curl), 0o700); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, block := range examples(string(page)) {
		if strings.Contains(block, "Bearer") { // of another system
			continue
		}
		ran += strings.Count(block, "curl ")
		script := "socket=$(jq -r .address " + m.dir + "/engine.json)\n" + ours.Replace(block)
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
		cmd.Dir, cmd.Env = work, append(os.Environ(), "PATH="+work+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		refused, _ := os.ReadFile(filepath.Join(work, "refused"))
		if err != nil || len(refused) > 0 {
			t.Errorf("%s\n%v\n%s%s", block, err, out, refused)
		}
		_ = os.Remove(filepath.Join(work, "refused"))
	}
	if ran < 20 {
		t.Errorf("only %d calls were found: does the page write them otherwise now?", ran)
	}
}

// examples are the blocks of a page that a shell can run: what they print is left out.
func examples(page string) (blocks []string) {
	var b strings.Builder
	for _, line := range append(strings.Split(page, "\n"), "") {
		code, in := strings.CutPrefix(line, "    ")
		switch {
		case in && (b.Len() > 0 || strings.Contains(code, "curl ") || strings.Contains(code, "=$(")):
			if strings.HasPrefix(code, "[{") || strings.HasPrefix(code, `  "fields"`) {
				continue
			}
			b.WriteString(code + "\n")
		case b.Len() > 0:
			blocks = append(blocks, b.String())
			b.Reset()
		}
	}
	return blocks
}
