package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/terminal"
)

// shell runs commands as a person would, on a data folder and a keyring of the test.
type shell struct {
	t    *testing.T
	deps terminal.Deps
	dir  string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	// No test may open a window on the developer's desktop.
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	p := program{ring: secrets.Memory()}
	return &shell{t: t, deps: p.deps(), dir: t.TempDir()}
}

// run runs one command line to its end.
func (s *shell) run(args ...string) (out, errs string, exit int) {
	s.t.Helper()
	var o, e bytes.Buffer
	exit = terminal.Execute(s.t.Context(), s.deps, append([]string{"--data", s.dir}, args...), strings.NewReader(""), &o, &e)
	return o.String(), e.String(), exit
}

// must runs a command that has to succeed, and reads its JSON.
func must[T any](s *shell, args ...string) T {
	s.t.Helper()
	out, errs, exit := s.run(append(args, "--json")...)
	if exit != terminal.ExitDone {
		s.t.Fatalf("twinday %s: exit %d: %s%s", strings.Join(args, " "), exit, out, errs)
	}
	var v T
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		s.t.Fatalf("twinday %s: %v in %s", strings.Join(args, " "), err, out)
	}
	return v
}

// background runs a command that goes on, and hands back the lines it prints;
// it ends with the test.
func (s *shell) background(args ...string) *bufio.Scanner {
	s.t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var errs bytes.Buffer
		if exit := terminal.Execute(ctx, s.deps, append([]string{"--data", s.dir}, args...), strings.NewReader(""), w, &errs); exit != terminal.ExitDone {
			s.t.Errorf("twinday %s: exit %d: %s", strings.Join(args, " "), exit, &errs)
		}
		_ = w.Close()
	}()
	s.t.Cleanup(func() {
		cancel()
		_ = r.Close()
		<-ended
	})
	return bufio.NewScanner(r)
}

// simulatorLine is what 'twinday simulate' prints.
type simulatorLine struct{ BaseURL, AuthorizeURL, TokenURL, ControlURL, ClientID, ClientSecret string }

// account signs in to a simulated service with 'account add', visiting the page
// that it prints.
func (s *shell) account(service, id string, events string) simulatorLine {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), service+".ics")
	if err := os.WriteFile(file, []byte(events), 0o600); err != nil {
		s.t.Fatal(err)
	}
	lines := s.background("simulate", service, "--auto-approve", "--events", file)
	lines.Scan()
	var sim simulatorLine
	if err := json.Unmarshal(lines.Bytes(), &sim); err != nil {
		s.t.Fatalf("simulate %s: %v in %q", service, err, lines.Text())
	}
	add := s.background("account", "add", service, "--id", id, "--endpoint", sim.BaseURL, "--auth-url", sim.AuthorizeURL,
		"--token-url", sim.TokenURL, "--client-id", sim.ClientID, "--client-secret", sim.ClientSecret, "--json")
	var begun control.SignIn
	if !add.Scan() || json.Unmarshal(add.Bytes(), &begun) != nil {
		s.t.Fatalf("account add %s prints %q first", service, add.Text())
	}
	res, err := http.Get(begun.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	var a state.Account
	if !add.Scan() || json.Unmarshal(add.Bytes(), &a) != nil || string(a.ID) != id {
		s.t.Fatalf("account add %s prints %q at its end", service, add.Text())
	}
	for add.Scan() { // until it let go of the store
	}
	return sim
}

// calendarOf wraps events in a calendar.
func calendarOf(events ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + strings.Join(events, "") + "END:VCALENDAR\r\n"
}

func meeting(uid, title string, day string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" + day + "T100000Z\r\nDTEND:" + day + "T110000Z\r\nSUMMARY:" + title + "\r\nEND:VEVENT\r\n"
}

func TestTheWholePathByCommands(t *testing.T) {
	s := newShell(t)
	soon := tomorrow(t, s)
	s.account("google", "home", calendarOf(meeting("a@test", "Choir", soon), meeting("both@test", "Lunch", soon)))
	s.account("outlook", "work", calendarOf(meeting("b@test", "Stand-up", soon), meeting("both@test", "Lunch", soon)))

	if all := must[[]control.AccountState](s, "account", "list"); len(all) != 2 {
		t.Fatalf("accounts: %+v", all)
	}
	m := must[state.Mirror](s, "mirror", "add", "--member", "home/primary", "--member", "work/primary")
	plan := must[control.Report](s, "sync", "--dry-run")
	if plan.Created != 2 || plan.Adopted != 1 {
		t.Errorf("the plan creates %d and links %d, want 2 and 1: %+v", plan.Created, plan.Adopted, plan.Steps)
	}
	if r := must[control.Report](s, "sync"); r.Created != 2 || r.Adopted != 1 || r.Writes() != 2 {
		t.Errorf("the first pass: %+v", r)
	}
	if r := must[control.Report](s, "sync"); r.Writes() != 0 {
		t.Errorf("the second pass writes: %+v", r.Steps)
	}
	h := must[[]state.HistoryEntry](s, "history", "--text", "choir")
	if len(h) != 1 || h[0].Kind != state.Create || h[0].Ref.Account != "work" {
		t.Errorf("the history of Choir: %+v", h)
	}
	st := must[control.Status](s, "status")
	if len(st.Mirrors) != 1 || st.Mirrors[0].ID != m.ID || st.Mirrors[0].Events != 3 {
		t.Errorf("the status: %+v", st)
	}
	if r := must[control.Report](s, "mirror", "remove", string(m.ID), "--copies", "remove"); r.Deleted != 2 {
		t.Errorf("removing the mirror removes %d copies, want 2", r.Deleted)
	}
	must[state.Account](s, "account", "remove", "work")
	if all := must[[]control.AccountState](s, "account", "list"); len(all) != 1 {
		t.Errorf("accounts: %+v", all)
	}
}

// Each command is an engine of its own here, so the answer must come from the store.
func TestTheLastGoodSyncIsVisibleToTheNextCommand(t *testing.T) {
	s := newShell(t)
	soon := tomorrow(t, s)
	s.account("google", "home", calendarOf(meeting("a@test", "Choir", soon)))
	s.account("outlook", "work", calendarOf())
	must[state.Mirror](s, "mirror", "add", "--member", "home/primary", "--member", "work/primary")
	r := must[control.Report](s, "sync")
	if st := must[control.Status](s, "status"); !st.LastSync.Equal(r.Ended) || !st.Mirrors[0].LastSync.Equal(r.Ended) {
		t.Errorf("last sync %v, of the mirror %v; the pass ended at %v", st.LastSync, st.Mirrors[0].LastSync, r.Ended)
	}
}

// tomorrow is tomorrow's date by the clock that the commands go by, as iCalendar
// writes it: within every provider's window.
func tomorrow(t *testing.T, s *shell) string {
	t.Helper()
	now := must[control.Status](s, "pause", "--for", "24h").PausedUntil
	must[control.Status](s, "resume")
	return now.UTC().Format("20060102")
}

func TestDemoOnTheSampleCalendars(t *testing.T) {
	s := newShell(t)
	sum := must[terminal.DemoSummary](s, "demo")
	// Two meetings are deleted, and the six that stand for a series in Outlook.
	if !sum.OK || sum.Adopted != 2 || sum.Created < 60 || sum.Deleted != 8 || len(sum.Unreadable) > 0 {
		t.Errorf("%+v", sum)
	}
	// Outlook holds one series less, as the events that it stands for.
	home, work := sum.Sides[0], sum.Sides[1]
	if home.Series != 13 || work.Series != 12 || home.Shown < 500 || work.Shown < home.Shown {
		t.Errorf("%+v", sum.Sides)
	}
}

func TestDemoPrintsWhatCrosses(t *testing.T) {
	s := newShell(t)
	out, errs, exit := s.run("demo", "--headless")
	if exit != terminal.ExitDone || errs != "" {
		t.Fatalf("exit %d: %s", exit, errs)
	}
	for _, want := range []string{
		"Signed in to Google as robin@home.example", "Signed in to Outlook as robin@work.example", "FROM → TO",
		"created     Dentist at the old bridge", "deleted     Dentist (bring the card)",
		"drags its 2nd time an hour later", "updated     Running with Jo and Kim", "created     Palms (6 times)",
		"0 duplicates, 0 mails, 0 unknown requests, 0 writes on the last pass.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("not printed: %q\nin:\n%s", want, out)
		}
	}
}

// Real calendars, as people export them: what cannot be read is named, and the
// rest crosses whole, series included, whichever side it begins on.
func TestDemoOnRealCalendars(t *testing.T) {
	files, _ := filepath.Glob("../shared/data/ics/*.ics")
	if len(files) == 0 {
		t.Skip("the real calendars are not here (../shared/data/ics)")
	}
	crossed, series := 0, 0
	for i := range files {
		home, work := files[i], files[(i+1)%len(files)]
		t.Run(filepath.Base(home)+" and "+filepath.Base(work), func(t *testing.T) {
			s := newShell(t)
			sum := must[terminal.DemoSummary](s, "demo", "--home", home, "--work", work)
			if !sum.OK {
				t.Errorf("%+v", sum)
			}
			for _, u := range sum.Unreadable {
				if u.File == "" || u.Reason == "" {
					t.Errorf("unreadable, but not said what or why: %+v", u)
				}
			}
			crossed += sum.Created - editsThatCreate
			for _, side := range sum.Sides {
				series += side.Series - seriesOfTheEdits
				t.Logf("%s: %d events, %d series, %d shown", side.Name, side.Events, side.Series, side.Shown)
			}
		})
	}
	if crossed < 150 || series < 100 {
		t.Errorf("only %d of the real events crossed, and both sides hold %d series: are they still where the demo looks?", crossed, series)
	}
}

// editsThatCreate is how many copies the demo's own edits make: three meetings,
// three series and the tail of one, of which one is six events in Outlook.
const editsThatCreate = 3 + 3 + 6

// seriesOfTheEdits is how many series they leave on each side.
const seriesOfTheEdits = 3

func TestDemoNamesAFileThatIsNotThere(t *testing.T) {
	_, errs, exit := newShell(t).run("demo", "--headless", "--work", "nowhere.ics")
	if exit != terminal.ExitFailed || !strings.Contains(errs, "nowhere.ics") {
		t.Errorf("exit %d: %s", exit, errs)
	}
}

// quiet is a program with a keyring in memory.
var quiet = program{ring: secrets.Memory()}

func TestASecondCommandSpeaksToTheFirstOnesEngine(t *testing.T) {
	dir := t.TempDir()
	_, done, err := quiet.connect(t.Context(), terminal.ConnectOptions{DataDir: dir, Loop: true})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	second, done2, err := quiet.connect(t.Context(), terminal.ConnectOptions{DataDir: dir, RunningOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer done2()
	if s, err := second.Status(t.Context()); err != nil || s.Version == "" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestACommandWaitsForOneThatIsTheEngineForItsOwnRun(t *testing.T) {
	dir := t.TempDir()
	_, done, err := quiet.connect(t.Context(), terminal.ConnectOptions{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := quiet.connect(t.Context(), terminal.ConnectOptions{DataDir: dir, RunningOnly: true}); !errors.Is(err, control.ErrNoEngine) {
		t.Errorf("an engine for one run cannot be spoken to: %v", err)
	}
	type answer struct {
		done func()
		err  error
	}
	second := make(chan answer, 1)
	go func() {
		_, done, err := quiet.connect(context.WithoutCancel(t.Context()), terminal.ConnectOptions{DataDir: dir})
		second <- answer{done, err}
	}()
	done()
	if a := <-second; a.err != nil {
		t.Error(a.err)
	} else {
		a.done()
	}
}

func TestTwindayGoesOnWithoutTrayAndDisplayUntilToldToQuit(t *testing.T) {
	s := newShell(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	running := make(chan int, 1)
	var said bytes.Buffer
	go func() {
		running <- terminal.Execute(t.Context(), s.deps, []string{"--data", s.dir, "--hidden"}, strings.NewReader(""), io.Discard, &said)
	}()
	// Until somebody is there to be told.
	for {
		out, errs, exit := s.run("quit")
		if exit != terminal.ExitDone {
			t.Fatalf("exit %d: %s%s", exit, out, errs)
		}
		if out == "" {
			break
		}
		select {
		case exit := <-running:
			t.Fatalf("it ended by itself, with %d", exit)
		default:
		}
	}
	if exit := <-running; exit != terminal.ExitDone {
		t.Errorf("exit %d", exit)
	}
	if !strings.Contains(said.String(), "no tray and no display") {
		t.Errorf("it said %q", &said)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "twinday.log")); err != nil {
		t.Error(err)
	}
}

func TestTheWindowSaysWhenThereIsNoDisplay(t *testing.T) {
	_, errs, exit := newShell(t).run("window")
	if exit != terminal.ExitFailed || !strings.Contains(errs, "there is no display here") {
		t.Errorf("exit %d: %s", exit, errs)
	}
}

func TestALogThatGrewIsPutAside(t *testing.T) {
	was := slog.Default()
	defer slog.SetDefault(was)
	dir := t.TempDir()
	name := filepath.Join(dir, "twinday.log")
	if err := os.WriteFile(name, make([]byte, maxLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := logTo(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("hello")
	now, _ := os.ReadFile(name)
	old, _ := os.Stat(name + ".1")
	if !bytes.Contains(now, []byte("hello")) || len(now) > 1000 || old == nil {
		t.Errorf("the log has %d bytes, the old one is %v", len(now), old)
	}
}

func TestALogThatGrowsIsPutAside(t *testing.T) {
	was := slog.Default()
	defer slog.SetDefault(was)
	dir := t.TempDir()
	log, err := logTo(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	const line = 10_000
	for range 3 * maxLog / line {
		log.Info(strings.Repeat("x", line))
	}
	log.Info("hello")
	name := filepath.Join(dir, "twinday.log")
	for _, file := range []string{name, name + ".1"} {
		if fi, err := os.Stat(file); err != nil || fi.Size() > maxLog+2*line {
			t.Errorf("%s is %v, %v", file, fi, err)
		}
	}
	if now, _ := os.ReadFile(name); !bytes.Contains(now, []byte("hello")) {
		t.Error("the last line is not in it")
	}
}

func TestTheWindowIsRaisedOnceALine(t *testing.T) {
	in, out := io.Pipe()
	wishes := raises(in)
	for range 2 {
		if _, err := io.WriteString(out, "\n"); err != nil {
			t.Fatal(err)
		}
		<-wishes
	}
	out.Close()
}
