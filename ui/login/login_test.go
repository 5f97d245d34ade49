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
