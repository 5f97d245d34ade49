//go:build wine

// Package windows_test starts the built Windows programs in Wine: unpacked from their
// zip, in a folder with a space in its name, for a person who has never had Twinday.
// `make test-windows` runs it; what Wine is not, Windows may still show.
package windows_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"debug/pe"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// The wine that runs 64-bit programs; /usr/bin/wine of Debian wants the 32-bit one, too.
const wine64 = "/usr/lib/wine/wine64"

// patience is how long the slow things may take: Wine's first start, a window.
const patience = 2 * time.Minute

// machine is a Windows of the test's own, with Twinday unpacked in it.
type machine struct {
	*testing.T
	drive   string // its C:
	display string // where its windows show; none if empty
}

const unpacked = `C:\People's programs\Twinday`

// newMachine installs a Windows, and Twinday on it.
func newMachine(t *testing.T, display string) *machine {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "wine")
	m := &machine{T: t, drive: filepath.Join(prefix, "drive_c"), display: display}
	env := m.command(wine64).Env
	t.Cleanup(func() { // of this machine alone; ends what is left running
		end := exec.Command("wineserver", "-k", "-w")
		end.Env = env
		_ = end.Run()
	})
	if out, err := m.command(wine64, "wineboot", "-i").CombinedOutput(); err != nil {
		t.Fatalf("wineboot (Debian packages wine, wine64): %v\n%s", err, out)
	}
	// Windows' bcryptprimitives.dll has one function that Go needs, and Wine 8 no such DLL.
	source := filepath.Join(t.TempDir(), "random.c")
	if err := os.WriteFile(source, []byte(`#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
`), 0o600); err != nil {
		t.Fatal(err)
	}
	dll := filepath.Join(m.drive, "windows/system32/bcryptprimitives.dll")
	if out, err := exec.Command("x86_64-w64-mingw32-gcc", "-shared", "-O2", "-o", dll, source, "-ladvapi32").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m.unpack()
	return m
}

// release opens the zip that make packages-windows built.
func release(t *testing.T) *zip.ReadCloser {
	t.Helper()
	name := os.Getenv("TWINDAY_ZIP")
	r, err := zip.OpenReader(name)
	if err != nil {
		t.Fatalf("TWINDAY_ZIP, which make test-windows sets: %v", err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func (m *machine) unpack() {
	m.Helper()
	if err := os.CopyFS(filepath.Join(m.drive, "People's programs"), release(m.T)); err != nil {
		m.Fatal(err)
	}
}

// command is one of the Linux machine's, with the Wine of this one.
func (m *machine) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(m.Context(), name, args...)
	cmd.WaitDelay = patience
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"DISPLAY", "WAYLAND_DISPLAY", "TWINDAY_DATA"}, name) || strings.HasPrefix(name, "XDG_")
	})
	cmd.Env = append(cmd.Env, "WINEPREFIX="+filepath.Dir(m.drive), "LC_ALL=C.UTF-8", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml,winemenubuilder.exe=")
	if m.display != "" {
		cmd.Env = append(cmd.Env, "DISPLAY="+m.display, "LIBGL_ALWAYS_SOFTWARE=1")
	}
	return cmd
}

// said is what a command printed, and how it ended.
type said struct {
	out, errs string
	code      int
}

// twinday runs bin\twinday.exe as a terminal does, with these words for it to read.
func (m *machine) twinday(in string, args ...string) said {
	m.Helper()
	cmd := m.command(wine64, append([]string{unpacked + `\bin\twinday.exe`}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		m.Fatal(err)
	}
	return said{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// asked is what a command answers with --json.
func asked[T any](m *machine, args ...string) (answer T) {
	m.Helper()
	s := m.twinday("", append(args, "--json")...)
	if err := json.Unmarshal([]byte(s.out), &answer); err != nil || s.code != 0 {
		m.Fatalf("%v --json: exit %d, %v\n%s%s", args, s.code, err, s.out, s.errs)
	}
	return answer
}

// eventually waits until f is satisfied.
func (m *machine) eventually(what string, f func() bool) {
	m.Helper()
	for end := time.Now().Add(patience); !f(); {
		if time.Now().After(end) {
			m.Fatalf("after %v still not so: %s", patience, what)
		}
		select {
		case <-m.Context().Done():
			m.Fatal("given up")
		case <-time.After(200 * time.Millisecond): // other processes are looked at: there is nothing to wait on
		}
	}
}

// TestTheProgramsAreWhatWindowsExpects looks at them as Windows does before it runs them.
func TestTheProgramsAreWhatWindowsExpects(t *testing.T) {
	const gui, console = 2, 3 // IMAGE_SUBSYSTEM_WINDOWS_GUI, _CUI
	z := release(t)
	var names []string
	var day time.Time
	for _, f := range z.File {
		names = append(names, f.Name)
		if day.IsZero() {
			day = f.Modified
		}
		if !f.Modified.Equal(day) || len(f.Extra) > 0 {
			t.Errorf("%s is of %v, the first of %v: the zip tells when it was made (%d bytes more)", f.Name, f.Modified, day, len(f.Extra))
		}
	}
	want := []string{"Twinday/", "Twinday/LICENCES-OF-PARTS.txt", "Twinday/LICENSE.txt", "Twinday/Twinday.exe", "Twinday/bin/", "Twinday/bin/twinday.exe"}
	if !slices.Equal(names, want) {
		t.Errorf("the zip holds %q, want %q", names, want)
	}
	for name, subsystem := range map[string]uint16{"Twinday/Twinday.exe": gui, "Twinday/bin/twinday.exe": console} {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pe.NewFile(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		h := p.OptionalHeader.(*pe.OptionalHeader64)
		if h.Subsystem != subsystem {
			t.Errorf("%s is of subsystem %d, want %d", name, h.Subsystem, subsystem)
		}
		if p.TimeDateStamp != 0 {
			t.Errorf("%s was linked at %v: another build has other bytes", name, time.Unix(int64(p.TimeDateStamp), 0))
		}
		rsrc := p.Section(".rsrc")
		if rsrc == nil {
			t.Errorf("%s has no resources", name)
			continue
		}
		resources, err := rsrc.Data()
		if err != nil {
			t.Fatal(err)
		}
		for _, needed := range []string{"GLFW_ICON", "ProductVersion", os.Getenv("TWINDAY_VERSION")} {
			if needed == "" || !bytes.Contains(resources, wide(needed)) {
				t.Errorf("%s has no %q among its resources", name, needed)
			}
		}
		if !bytes.Contains(resources, []byte("PerMonitorV2")) {
			t.Errorf("%s has no manifest", name)
		}
		imported, err := p.ImportedLibraries()
		if err != nil {
			t.Fatal(err)
		}
		for _, dll := range imported {
			if strings.HasPrefix(strings.ToLower(dll), "lib") {
				t.Errorf("%s needs %s, which no Windows has", name, dll)
			}
		}
	}
}

func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func TestATerminalWithoutADesktop(t *testing.T) {
	m := newMachine(t, "")
	for _, test := range []struct {
		args      []string
		code      int
		out, errs string // parts of what is printed
	}{
		{[]string{"version"}, 0, os.Getenv("TWINDAY_VERSION"), ""},
		{[]string{"--help"}, 0, "twinday [command]", ""},
		{[]string{"status"}, 0, "no account is connected", ""},
		{[]string{"account", "list"}, 0, "", ""},
		{[]string{"doctor"}, 0, "the system's keyring took a test entry", ""},
		{[]string{"statsu"}, 2, "", "no command"},
		{[]string{"quit"}, 0, "not running", ""},
	} {
		s := m.twinday("", test.args...)
		if s.code != test.code || !strings.Contains(strings.ToLower(s.out), strings.ToLower(test.out)) || !strings.Contains(s.errs, test.errs) {
			t.Errorf("twinday %v: exit %d, want %d, %q and %q:\n%s\n%s", test.args, s.code, test.code, test.out, test.errs, s.out, s.errs)
		}
	}

	t.Run("a pipe in and out", func(t *testing.T) {
		script := "@\"" + unpacked + "\\bin\\twinday.exe\" help json | find \"duplicates\"\r\n"
		if err := os.WriteFile(filepath.Join(m.drive, "pipe.bat"), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := m.command(wine64, "cmd", "/c", `C:\pipe.bat`).CombinedOutput()
		if lines := strings.TrimSpace(string(out)); err != nil || !strings.Contains(lines, "duplicates") || strings.Contains(lines, "stdout") {
			t.Errorf("%v: %q", err, out)
		}
	})

	t.Run("the tests that only Windows can run", func(t *testing.T) {
		exe := filepath.Join(m.drive, "login.test.exe")
		build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", exe, "github.com/twinday/twinday/ui/login")
		build.Env = append(os.Environ(), "GOOS=windows", "CC=x86_64-w64-mingw32-gcc")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if out, err := m.command(wine64, exe, "-test.v", "-test.run=RunKey").CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestTheRunKey") {
			t.Errorf("%v: %s", err, out)
		}
	})

	t.Run("data lies in its place, and no socket that others could open", func(t *testing.T) {
		data := m.local()
		if _, err := os.Stat(filepath.Join(data, "twinday", "twinday.db")); err != nil {
			t.Error(err)
		}
		for _, dir := range []string{data, filepath.Join(data, "Temp")} {
			if found, _ := filepath.Glob(filepath.Join(dir, "twinday-*")); found != nil {
				t.Errorf("left behind: %v", found)
			}
		}
	})

	t.Run("the demo's meetings cross", func(t *testing.T) {
		tail := asked[struct {
			OK      bool
			Created int
			Sides   []struct{ Shown int }
		}](m, "demo", "--headless")
		if !tail.OK || tail.Created == 0 || len(tail.Sides) != 2 || tail.Sides[0].Shown == 0 {
			t.Errorf("%+v", tail)
		}
	})
}

// TestSignInsAndSyncs is the whole path with accounts: the sign-in by a browser, what is
// kept of it in Windows' Credential Manager, a sync, and all of it taken back.
func TestSignInsAndSyncs(t *testing.T) {
	m := newMachine(t, "")
	agenda := map[string]string{"google": "Choir", "outlook": "Stand-up"}
	for service, title := range agenda {
		day := time.Now().AddDate(0, 0, 1).Format("20060102")
		events := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:" + title + "@test\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" +
			day + "T100000Z\r\nDTEND:" + day + "T110000Z\r\nSUMMARY:" + title + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		if err := os.WriteFile(filepath.Join(m.drive, service+".ics"), []byte(events), 0o600); err != nil {
			t.Fatal(err)
		}
		sim := next[struct{ BaseURL, AuthorizeURL, TokenURL, ClientID, ClientSecret string }](m, m.begin("simulate", service, "--auto-approve", "--events", `C:\`+service+".ics"))
		add := m.begin("account", "add", service, "--id", service, "--endpoint", sim.BaseURL, "--auth-url", sim.AuthorizeURL,
			"--token-url", sim.TokenURL, "--client-id", sim.ClientID, "--client-secret", sim.ClientSecret, "--json")
		res, err := http.Get(next[struct{ URL string }](m, add).URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if a := next[struct{ ID string }](m, add); a.ID != service {
			t.Fatalf("signed in as %+v", a)
		}
		for add.Scan() { // until it let go of the store
		}
	}
	mirror := asked[struct{ ID string }](m, "mirror", "add", "--member", "google/primary", "--member", "outlook/primary")
	type report struct{ Created, Deleted int }
	if r := asked[report](m, "sync"); r.Created != 2 {
		t.Errorf("the first sync: %+v", r)
	}
	if r := asked[report](m, "sync"); r.Created != 0 {
		t.Errorf("the second sync: %+v", r)
	}
	local := filepath.Join(m.local(), "twinday")
	for _, file := range []string{"secrets.json", "secrets.sealed"} {
		if _, err := os.Stat(filepath.Join(local, file)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("sign-ins are in %s, and not in the Credential Manager: %v", file, err)
		}
	}
	if kept := m.credentials(); kept == 0 {
		t.Error("there is no sign-in in the Credential Manager")
	}

	if r := asked[report](m, "mirror", "remove", mirror.ID, "--copies", "remove"); r.Deleted != 2 {
		t.Errorf("removing the mirror removes %d copies, want 2", r.Deleted)
	}
	for service := range agenda {
		if s := m.twinday("", "account", "remove", service); s.code != 0 {
			t.Error(s)
		}
	}
	if kept := m.credentials(); kept != 0 {
		t.Errorf("%d sign-ins are left in the Credential Manager", kept)
	}
}

// begin runs a command that goes on, and hands back the lines that it prints.
func (m *machine) begin(args ...string) *bufio.Scanner {
	m.Helper()
	cmd := m.command(wine64, append([]string{unpacked + `\bin\twinday.exe`}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return bufio.NewScanner(out)
}

// next is the next line that a command prints.
func next[T any](m *machine, lines *bufio.Scanner) (line T) {
	m.Helper()
	lines.Scan()
	if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
		m.Fatalf("%v in %q", err, lines.Text())
	}
	return line
}

// credentials counts Twinday's entries where Wine keeps those of the Credential Manager.
func (m *machine) credentials() int {
	out, _ := m.command(wine64, "reg", "query", `HKCU\Software\Wine\Credential Manager`).Output() // an error if there is none
	return strings.Count(string(out), "twinday")
}

// screen starts a display of the test's own.
func screen(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Process.Kill(); _ = x.Wait() })
	_ = w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb (Debian package xvfb) shows no display: %v", err)
	}
	return ":" + strings.TrimSpace(number)
}

// TestADesktop is a person's day with it: they click, log out and in, and take it off.
func TestADesktop(t *testing.T) {
	m := newMachine(t, screen(t))

	// Nothing but the one value; what else starts at login is not ours.
	const run = `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`
	registry := func(args ...string) string {
		t.Helper()
		out, err := m.command(wine64, append([]string{"reg"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("reg %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	registry("add", run, "/v", "another", "/d", `C:\another.exe`)
	if s := m.twinday("", "autostart", "on"); s.code != 0 {
		t.Fatal(s)
	}
	if value := registry("query", run); !strings.Contains(value, `"`+unpacked+`\Twinday.exe" --hidden`) {
		t.Errorf("what starts at login is not the quoted path of Twinday.exe:\n%s", value)
	}

	// Wine's boot starts what the Run key names, as a login does.
	if err := m.command(wine64, "wineboot").Run(); err != nil { // what it starts would hold on to its output
		t.Fatal(err)
	}
	type address struct{ Network, Address, Token string }
	engine := filepath.Join(m.local(), "twinday", "engine.json")
	m.eventually("the engine that the login started says where it listens", func() bool {
		var a address
		body, err := os.ReadFile(engine)
		return err == nil && json.Unmarshal(body, &a) == nil && a.Network == "tcp" && strings.HasPrefix(a.Address, "127.0.0.1:") && a.Token != ""
	})
	if names, programs := m.windows(), m.running(); slices.Contains(names, "Twinday") || !slices.Equal(programs, []string{`Twinday.exe`, `bin\twinday.exe`}) {
		t.Errorf("--hidden shows a window: %q, and %q run", names, programs)
	}

	// Wine shows a tray of its own where the desktop has none, as long as it has an icon.
	m.eventually("the tray has an icon", func() bool { return slices.Contains(m.windows(), "Wine System Tray") })
	if out, err := m.command("xdotool", "search", "--name", "^Wine System Tray$", "mousemove", "--window", "%1", "10", "10", "click", "1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m.eventually("a click on the icon opens the window", func() bool { return slices.Contains(m.windows(), "Twinday") })
	m.quits()

	start := m.command(wine64, unpacked+`\Twinday.exe`)
	if err := start.Start(); err != nil {
		t.Fatal(err)
	}
	m.eventually("a start opens the window", func() bool { return slices.Contains(m.windows(), "Twinday") })
	for _, name := range m.windows() {
		if strings.Contains(strings.ToLower(name), ".exe") { // a console is named after its program
			t.Errorf("there is a console: %q", name)
		}
	}
	m.quits()
	if err := start.Wait(); err != nil {
		t.Errorf("Twinday.exe ended with %v", err)
	}

	// What cannot start says so, where nobody sees its standard error.
	wrong := m.command(wine64, unpacked+`\Twinday.exe`, "--data", `C:\windows\win.ini`)
	if err := wrong.Start(); err != nil {
		t.Fatal(err)
	}
	m.eventually("a message shows", func() bool { return slices.Contains(m.windows(), "Twinday") })
	if out, err := m.command("xdotool", "search", "--onlyvisible", "--name", "^Twinday$", "windowfocus", "key", "Return").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := wrong.Wait(); wrong.ProcessState.ExitCode() != 1 {
		t.Errorf("what could not start ended with %v", err)
	}

	// Started by Explorer, the program for terminals leaves it to the one without a console.
	explorer := m.command(wine64, "explorer", "/desktop=shell,1200x800", unpacked+`\bin\twinday.exe`)
	if err := explorer.Start(); err != nil {
		t.Fatal(err)
	}
	m.eventually("the tray's process and the window's run, and the one without a console", func() bool {
		return slices.Equal(m.running(), []string{`Twinday.exe`, `bin\twinday.exe`, `bin\twinday.exe`})
	})
	m.quits()

	if log, err := os.ReadFile(filepath.Join(m.local(), "twinday", "twinday.log")); err != nil || strings.Contains(strings.ToLower(string(log)), "error") {
		t.Errorf("the log has an error in it, or there is none: %v\n%s", err, log)
	}

	if s := m.twinday("", "autostart", "off"); s.code != 0 {
		t.Error(s)
	}
	if left := registry("query", run); strings.Contains(strings.ToLower(left), "twinday") || !strings.Contains(left, "another.exe") {
		t.Errorf("what is left in the Run key:\n%s", left)
	}
}

// quits ends Twinday, and waits until nothing of it is left.
func (m *machine) quits() {
	m.Helper()
	if s := m.twinday("", "quit"); s.code != 0 {
		m.Error(s)
	}
	m.eventually("all of it ended", func() bool { return len(m.running()) == 0 })
}

// running are the programs of Twinday's that run on this machine, by their paths below its
// folder. Wine 8's tasklist lists none; Linux knows.
func (m *machine) running() (list []string) {
	m.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		m.Fatal(err)
	}
	for _, p := range processes {
		environ, _ := os.ReadFile(filepath.Join(p, "environ")) // it may just have ended
		line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		program, _, _ := strings.Cut(string(line), "\x00")
		if name, ours := strings.CutPrefix(program, unpacked+`\`); ours && strings.Contains("\x00"+string(environ), "\x00WINEPREFIX="+filepath.Dir(m.drive)+"\x00") {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// windows are the names of those that show.
func (m *machine) windows() []string {
	out, _ := m.command("xdotool", "search", "--onlyvisible", "--name", ".", "getwindowname", "%@").Output() // none is an error
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// local is where Windows keeps a person's data that stays on the machine.
func (m *machine) local() string {
	m.Helper()
	found, err := filepath.Glob(filepath.Join(m.drive, "users", "*", "AppData", "Local"))
	found = slices.DeleteFunc(found, func(p string) bool { return strings.Contains(p, "Public") })
	if err != nil || len(found) != 1 {
		m.Fatalf("this machine's people: %v, %v", found, err)
	}
	return found[0]
}
