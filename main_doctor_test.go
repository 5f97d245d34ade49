package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/terminal"
)

// patient is a computer on which Twinday keeps two accounts alike, one at each service, and
// all is well: it has a display and starts Twinday at login.
type patient struct {
	*shell
	google, outlook simulatorLine
}

func newPatient(t *testing.T) *patient {
	s := newShell(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	runtime := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	screen, err := net.Listen("unix", filepath.Join(runtime, "wayland-0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	t.Setenv("WAYLAND_DISPLAY", "wayland-0")
	s.deps.AtLogin = func(string) terminal.AtLogin { return starts{} }
	s.deps.OpenURL = nil
	soon := tomorrow(t, s)
	m := &patient{shell: s}
	m.google = s.account("google", "home", calendarOf(meeting("a@test", "Choir", soon)))
	m.outlook = s.account("outlook", "work", calendarOf())
	must[state.Mirror](s, "mirror", "add", "--member", "home/primary", "--member", "work/primary")
	must[control.Report](s, "sync")
	return m
}

// starts is a start at login, which is no test's to change.
type starts struct{}

func (starts) Get() (on, hidden bool, err error) { return true, true, nil }
func (starts) Set(bool, bool) error              { return errors.New("not in a test") }
func (starts) Gone() (bool, error)               { return false, nil }

// doctor runs it both ways, and finds the checks by their names.
func (m *patient) doctor() (found map[string]control.Check, exit int) {
	m.t.Helper()
	began := time.Now()
	out, errs, exit := m.run("doctor", "--json")
	if took := time.Since(began); took > 20*time.Second {
		m.t.Errorf("it takes %v", took)
	}
	var list []control.Check
	if err := json.Unmarshal([]byte(out), &list); err != nil || errs != "" {
		m.t.Fatalf("%v in %q, %s", err, out, errs)
	}
	found = map[string]control.Check{}
	for _, c := range list {
		found[c.Name] = c
		if c.Finding == control.Trouble && c.WayOut == "" {
			m.t.Errorf("nothing helps: %+v", c)
		}
	}
	private := []string{m.dir, "127.0.0.1", "Choir", "@", "home/"}
	for _, p := range private {
		if strings.Contains(out, p) {
			m.t.Errorf("it tells %q: %s", p, out)
		}
	}
	return found, exit
}

func TestDoctorOfAHealthyMachine(t *testing.T) {
	m := newPatient(t)
	check := func(when string) {
		t.Helper()
		found, exit := m.doctor()
		if exit != terminal.ExitDone {
			t.Errorf("%s: exit %d", when, exit)
		}
		for name, c := range found {
			odd := slices.Contains([]string{"twinday", "backup", "tray"}, name) // not running, too new, not here
			if c.Finding != control.OK && !(odd && c.Finding == control.Note) {
				t.Errorf("%s: %+v", when, c)
			}
		}
		for _, name := range []string{"twinday", "store", "folder", "backup", "keyring", "network", "clock", "account 1", "account 2", "syncing", "tray", "display", "autostart"} {
			if found[name].Name == "" {
				t.Errorf("%s: %s is not looked at", when, name)
			}
		}
	}
	check("by itself")
	_, done, err := quiet.connect(t.Context(), terminal.ConnectOptions{DataDir: m.dir, Loop: true})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if found, _ := m.doctor(); found["twinday"].Says != "it is running, and answers" {
		t.Errorf("%+v", found["twinday"])
	}
}

// Everything that may be broken on a computer, and the remedy that is named.
func TestDoctorOfABrokenMachine(t *testing.T) {
	for _, test := range []struct {
		name   string
		breaks func(*patient)
		check  string
		says   string
		helps  string
	}{
		{"no bus", func(m *patient) { m.t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere") }, "tray", "does not answer", "Log out"},
		{"no display", func(m *patient) { m.t.Setenv("WAYLAND_DISPLAY", "wayland-9") }, "display", "does not answer", "within your desktop's session"},
		{"no keyring", func(m *patient) {
			m.t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
			m.deps.Connect = program{ring: secrets.Keyring("twinday's test")}.connect
		}, "keyring", "2 sign-ins are in it", "--passphrase"},
		{"a damaged store without a backup", func(m *patient) { m.overwrite() }, "store", "damaged", "no backup of it. Move twinday.db"},
		{"a damaged store with a backup", func(m *patient) {
			s, err := store.Open(storeFile(m.dir), store.Options{})
			if err != nil {
				m.t.Fatal(err)
			}
			if _, err := s.Backup(m.t.Context(), time.Now()); err != nil {
				m.t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				m.t.Fatal(err)
			}
			m.overwrite()
		}, "store", "damaged", "'twinday restore'"},
		{"no store of ours", func(m *patient) {
			if err := os.WriteFile(storeFile(m.dir), make([]byte, 1<<16), 0o600); err != nil {
				m.t.Fatal(err)
			}
		}, "store", "no store of Twinday", "'twinday restore'"},
		{"another command at work", func(m *patient) {
			s, err := store.Open(storeFile(m.dir), store.Options{})
			if err != nil {
				m.t.Fatal(err)
			}
			m.t.Cleanup(func() { _ = s.Close() })
		}, "store", "another Twinday is using it", "Wait for the command"},
		{"a revoked sign-in", func(m *patient) { m.control(m.google, "sign-in", `{"revoke":true}`) }, "account 1", "sign-in has ended", "Sign in again"},
		{"an administrator's rule", func(m *patient) { m.control(m.outlook, "sign-in", `{"expireAccessTokens":true,"rule":"blocked"}`) }, "account 2", "rules block Twinday", "text to your IT"},
		{"a service that is down", func(m *patient) { m.control(m.outlook, "faults", `{"status":503,"count":-1}`) }, "account 2", "cannot be reached", "See 'network'"},
		{"an unreachable host", func(m *patient) {
			club := m.publishes(time.Now)
			club.Close()
		}, "network", "the server of account 1 cannot be reached: connection refused", "Check the network"},
		{"a wrong clock", func(m *patient) {
			m.publishes(func() time.Time { return time.Now().Add(-26 * time.Hour) })
			for _, id := range []string{"home", "work"} { // whose servers agree with this computer
				if _, errs, exit := m.run("account", "remove", id, "--copies", "keep"); exit != terminal.ExitDone {
					m.t.Fatal(errs)
				}
			}
		}, "clock", "26 hours ahead", "set-ntp"},
		{"a proxy that is not there", func(m *patient) { // loopback is never reached through one
			must[control.Settings](m.shell, "settings", "set", "--proxy", "http://127.0.0.1:1")
			e := m.with("elsewhere", state.Account{Provider: state.ICS, Name: "Elsewhere", Endpoint: state.Endpoint{BaseURL: "http://calendars.invalid/"}})
			if e != nil {
				m.t.Fatal(e)
			}
		}, "network", "the proxy does not let Twinday through", "--proxy none"},
		{"a file that others can read", func(m *patient) {
			if err := errors.Join(os.Chmod(m.dir, 0o755), os.WriteFile(filepath.Join(m.dir, "secrets.json"), []byte("{}"), 0o644)); err != nil {
				m.t.Fatal(err)
			}
		}, "folder", "can read 1 file", "chmod -R go="},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newPatient(t)
			test.breaks(m)
			found, exit := m.doctor()
			c := found[test.check]
			if exit != terminal.ExitFailed || c.Finding != control.Trouble || !strings.Contains(c.Says, test.says) || !strings.Contains(c.WayOut, test.helps) {
				t.Errorf("exit %d, %+v\nwant %q and %q", exit, c, test.says, test.helps)
			}
		})
	}
}

// A machine without a desktop is not a broken one.
func TestDoctorOfAServerWithoutADesktop(t *testing.T) {
	m := newPatient(t)
	t.Setenv("WAYLAND_DISPLAY", "")
	found, exit := m.doctor()
	if exit != terminal.ExitDone || found["display"].Finding != control.Note || found["tray"].Finding != control.Note {
		t.Errorf("exit %d, %+v, %+v", exit, found["display"], found["tray"])
	}
}

// overwrite spoils the store, as a failing disk does.
func (m *patient) overwrite() {
	m.t.Helper()
	f, err := os.OpenFile(storeFile(m.dir), os.O_RDWR, 0)
	if err != nil {
		m.t.Fatal(err)
	}
	junk := make([]byte, 4*os.Getpagesize())
	if _, err := f.WriteAt(junk[:len(junk)-64], 64); err != nil {
		m.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		m.t.Fatal(err)
	}
}

// control has the hand behind a simulator do something.
func (m *patient) control(sim simulatorLine, call, body string) {
	m.t.Helper()
	res, err := http.Post(sim.ControlURL+call, "application/json", strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		m.t.Fatalf("%s %s: %s", call, body, res.Status)
	}
}

// publishes connects a calendar that a server with a clock of its own publishes.
func (m *patient) publishes(clock func() time.Time) *httptest.Server {
	m.t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", clock().UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte(calendarOf()))
	}))
	m.t.Cleanup(srv.Close)
	if _, errs, exit := m.run("account", "add", "ics", "--id", "club", "--url", srv.URL+"/fixtures.ics"); exit != terminal.ExitDone {
		m.t.Fatal(errs)
	}
	return srv
}

// with puts an account into the store that could not be connected here.
func (m *patient) with(id state.AccountID, a state.Account) error {
	s, err := store.Open(storeFile(m.dir), store.Options{})
	if err != nil {
		return err
	}
	a.ID = id
	return errors.Join(s.Update(func(tx *store.Tx) error { return tx.PutAccount(a) }), s.Close())
}
