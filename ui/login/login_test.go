package login

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// awkward is a program in a folder that a careless quoting breaks.
var awkward = []string{`/opt/my "apps" $HOME/100% \wine/twinday`, "--data", "/home/ann/day & night/it's"}

func TestWhatIsSetIsWhatIsFound(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not there yet")
	for name, p := range map[string]place{"XDG autostart": xdgEntry{dir}, "launch agent": launchAgent{dir}} {
		s := &Starter{awkward, p}
		for _, want := range []struct{ on, hidden bool }{{}, {on: true}, {on: true, hidden: true}, {}, {}} {
			if err := s.Set(want.on, want.hidden); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if on, hidden, err := s.Get(); err != nil || on != want.on || hidden != want.hidden {
				t.Errorf("%s: on %t, hidden %t, %v, want %+v", name, on, hidden, err, want)
			}
			command, err := p.read()
			wanted := awkward
			switch {
			case !want.on:
				wanted = nil
			case want.hidden:
				wanted = append(slices.Clone(awkward), "--hidden")
			}
			if err != nil || !slices.Equal(command, wanted) {
				t.Errorf("%s: the command is %q, %v", name, command, err)
			}
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: it leaves %v behind", name, left)
		}
	}
}

func TestAProgramThatIsGoneIsNoticed(t *testing.T) {
	program := filepath.Join(t.TempDir(), "twinday")
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	s := &Starter{[]string{program}, xdgEntry{t.TempDir()}}
	gone := func(want bool) {
		t.Helper()
		if got, err := s.Gone(); got != want || err != nil {
			t.Errorf("gone: %t, %v", got, err)
		}
	}
	gone(false) // nothing starts
	if err := s.Set(true, true); err != nil {
		t.Fatal(err)
	}
	gone(false)
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	gone(true)
}

func TestAnEntryThatTheDesktopSwitchedOffIsOff(t *testing.T) {
	x := xdgEntry{t.TempDir()}
	for _, off := range []string{"Hidden=true\n", "X-GNOME-Autostart-enabled=false\n"} {
		if err := os.WriteFile(x.file(), []byte("[Desktop Entry]\nExec=twinday --hidden\n"+off), 0o600); err != nil {
			t.Fatal(err)
		}
		if on, _, err := (&Starter{awkward, x}).Get(); err != nil || on {
			t.Errorf("with %q it is on: %t, %v", off, on, err)
		}
	}
}

// GLib, which GNOME, Xfce and others read entries with, knows an entry by its program: no
// program, no entry. So nothing starts, and nobody is told off, once Twinday is uninstalled.
func TestAnEntryWhoseProgramIsGoneStartsNothing(t *testing.T) {
	home := filepath.Join(t.TempDir(), `my "apps" $HOME \wine`) // GLib 2.74 finds no program with a % in its path
	program := filepath.Join(home, "twinday")
	started := filepath.Join(home, "started")
	x := xdgEntry{t.TempDir()}
	if err := x.write([]string{program, started}); err != nil {
		t.Fatal(err)
	}
	// The specification's own word for it, for desktops that look no further.
	if text, err := os.ReadFile(x.file()); err != nil || !strings.Contains(string(text), "\nTryExec="+strings.ReplaceAll(program, `\`, `\\`)+"\n") {
		t.Errorf("no TryExec of %s in %s, %v", program, text, err)
	}
	launch := func() (string, error) { // until what it started has ended, too: that writes to the same output
		out, err := exec.Command("gio", "launch", x.file()).CombinedOutput()
		return string(out), err
	}
	if out, err := launch(); err == nil {
		t.Errorf("an entry without its program is taken for one: %s", out)
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho yes >\"$1\"\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := launch(); err != nil {
		t.Fatalf("gio (Debian package libglib2.0-bin): %v: %s", err, out)
	}
	if said, err := os.ReadFile(started); err != nil || string(said) != "yes\n" {
		t.Errorf("it says %q, %v", said, err)
	}
}

// The desktop's own checker has no complaint, where it is installed.
func TestTheDesktopEntryIsValid(t *testing.T) {
	x := xdgEntry{t.TempDir()}
	if err := x.write(awkward); err != nil {
		t.Fatal(err)
	}
	checker, err := exec.LookPath("desktop-file-validate")
	if err != nil {
		t.Fatal("desktop-file-validate (Debian package desktop-file-utils) is needed")
	}
	if out, err := exec.Command(checker, x.file()).CombinedOutput(); err != nil || strings.Contains(string(out), "error") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestAnEntryThatCannotBeWrittenLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "entry")
	if err := os.MkdirAll(filepath.Join(name, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := write(name, "text"); err == nil {
		t.Error("a folder was replaced")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v", left, err)
	}
}
