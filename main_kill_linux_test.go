package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/record"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/terminal"
)

// The built program is killed (SIGKILL: it is told nothing) again and again while
// it syncs, at any moment from its start to its end, and people go on editing in
// both calendars, between its lives and during them. Both services are processes
// of their own that live through all of it. Nothing is ever there twice; and
// whenever the program may run to its end, both calendars agree, show the last
// edits and nothing that was deleted, no write is left open, nobody got a mail, and
// all is quiet.
//
// It runs on the real clock, so the moments differ from run to run. TWINDAY_KILLS
// says how often to kill, TWINDAY_SEED what people do and how the moments are drawn.
// Only on Linux can a program be kept from the keyring of who runs the test.
func TestKilledAtAnyMoment(t *testing.T) {
	kills, seed := numberOr(t, "TWINDAY_KILLS", 200), numberOr(t, "TWINDAY_SEED", 1)
	t.Logf("seed %d", seed)
	d := newDoomed(t, seed)
	for range 20 {
		d.act(calm)
	}
	for d.killed < kills {
		if d.lives++; d.lives > 3*kills {
			t.Fatalf("only %d of %d lives could be ended early", d.killed, d.lives)
		}
		for range 1 + d.random.IntN(3) {
			d.act(calm)
		}
		d.live()
		if d.killed >= d.judged+20 {
			d.judge()
		}
	}
	d.judge()
	d.clean()
	t.Logf("%d lives, %d ended by a kill; %d acts of people, %d meetings; %d writes were found open and settled; a pass takes %s",
		d.lives, d.killed, d.acts, len(d.meetings), len(d.open), d.takes.Round(time.Millisecond))
	for _, when := range moments {
		t.Logf("killed %s: %d", when, d.in[when])
		if d.in[when] < kills/50 {
			t.Errorf("of %d kills only %d came %s: this shows little", kills, d.in[when], when)
		}
	}
}

// numberOr is a number from the environment, or the usual one.
func numberOr(t *testing.T, name string, usual int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(usual)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// The moments of a pass at which it may be killed.
const (
	starting = "before the first request"
	reading  = "with reads only"
	writing  = "with writes open"
	written  = "with writes, and none open"
)

var moments = []string{starting, reading, writing, written}

// doomed is the built program, the two services, and the people.
type doomed struct {
	people
	twinday string // the binary
	dir     string // its data folder
	env     []string
	takes   time.Duration // how long a pass takes, about

	lives, killed, judged int
	in                    map[string]int  // kills by their moments
	open                  map[string]bool // the writes that were found open, by their intents' ids
}

// newDoomed builds the program, starts the services, and signs in to both.
func newDoomed(t *testing.T, seed int) *doomed {
	t.Helper()
	d := &doomed{dir: t.TempDir(), takes: 100 * time.Millisecond, in: map[string]int{}, open: map[string]bool{},
		people: people{T: t, random: rand.New(rand.NewPCG(uint64(seed), 9)), today: time.Now()}}
	d.history = d.told
	d.twinday = filepath.Join(t.TempDir(), "twinday")
	// Without what only debuggers read, it is linked in half the time.
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-w", "-o", d.twinday, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// No window, no keyring of the developer's, no engine of the developer's.
	d.env = append(os.Environ(), "DISPLAY=", "WAYLAND_DISPLAY=", "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(d.dir, "none"),
		"XDG_RUNTIME_DIR="+t.TempDir())
	for _, service := range []string{onGoogle, onOutlook} {
		d.sides = append(d.sides, d.serve(service))
	}
	d.command("mirror", "add", "--member", onGoogle+"/primary", "--member", onOutlook+"/primary")
	return d
}

// process is a twinday that runs.
type process struct {
	*exec.Cmd
	said, complained bytes.Buffer
	ended            chan struct{}
}

func (d *doomed) start(out io.Writer, args ...string) *process {
	d.Helper()
	p := &process{Cmd: exec.CommandContext(d.Context(), d.twinday, append([]string{"--data", d.dir}, args...)...), ended: make(chan struct{})}
	p.Env, p.Stderr, p.Stdout = d.env, &p.complained, &p.said
	if out != nil {
		p.Stdout = out
	}
	p.WaitDelay = 5 * time.Second // a window of its own may live a moment longer
	if err := p.Start(); err != nil {
		d.Fatal(err)
	}
	go func() { _ = p.Wait(); close(p.ended) }()
	d.Cleanup(func() { _ = p.Process.Kill(); <-p.ended })
	return p
}

// command runs a command to its end.
func (d *doomed) command(args ...string) string {
	d.Helper()
	return d.ends(args, terminal.ExitDone)
}

// ends runs a command to an end that is one of these.
func (d *doomed) ends(args []string, exits ...int) string {
	d.Helper()
	p := d.start(nil, append(args, "--json")...)
	if <-p.ended; !slices.Contains(exits, p.ProcessState.ExitCode()) {
		d.Fatalf("twinday %s: %s: %s%s", strings.Join(args, " "), p.ProcessState, &p.said, &p.complained)
	}
	return p.said.String()
}

// serve starts a service for the length of the test, and signs in to it.
func (d *doomed) serve(service string) *side {
	d.Helper()
	r, w := io.Pipe()
	d.start(w, "simulate", service, "--listen", "127.0.0.1:0", "--auto-approve")
	var sim simulatorLine
	d.must(json.NewDecoder(r).Decode(&sim))
	s := &side{T: d.T, name: service, url: sim.ControlURL}

	r, w = io.Pipe()
	add := d.start(w, "account", "add", service, "--id", service, "--plain-secrets", "--endpoint", sim.BaseURL, "--auth-url", sim.AuthorizeURL,
		"--token-url", sim.TokenURL, "--client-id", sim.ClientID, "--client-secret", sim.ClientSecret, "--json")
	lines := json.NewDecoder(r)
	var begun control.SignIn
	var a state.Account
	d.must(lines.Decode(&begun))
	res, err := http.Get(begun.URL)
	d.must(err)
	_ = res.Body.Close()
	if err := lines.Decode(&a); err != nil || string(a.ID) != service {
		d.Fatalf("account add %s: %v, %+v, %s", service, err, a, &add.complained)
	}
	<-add.ended
	// So quick a service would hardly ever be caught at work: it takes a moment
	// before the work, or after it and before the answer.
	s.must("POST", "faults", []simulatorFault{
		{DelayAfter: "4ms", Count: all, Probability: 0.5, Seed: d.random.Uint64()}, {Delay: "2ms", Count: all},
	}, nil)
	return s
}

// simulatorFault is a fault as the control endpoint takes it.
type simulatorFault struct {
	Delay       string  `json:"delay,omitempty"`
	DelayAfter  string  `json:"delayAfter,omitempty"`
	Count       int     `json:"count"`
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`
}

// live runs a pass, alone or as the first of an engine that stays, and kills it at
// some moment. Meanwhile somebody may do something.
func (d *doomed) live() {
	d.Helper()
	before := d.count()
	args := []string{"sync"}
	if d.random.IntN(5) == 0 {
		args = append(args, "--watch")
	}
	moment := time.Duration(d.random.Float64() * float64(d.takes))
	busy := time.Duration(-1)
	if d.random.IntN(2) == 0 {
		busy = time.Duration(d.random.Float64() * float64(moment))
	}
	began := time.Now()
	p := d.start(nil, args...)
	if busy >= 0 && !p.endedBy(began.Add(busy)) {
		d.act(amid)
	}
	p.endedBy(began.Add(moment))
	_ = p.Process.Kill() // it may have ended by now
	<-p.ended
	after := d.count()
	open := d.look()
	if p.ProcessState.Exited() {
		d.takes = (3*d.takes + time.Since(began)) / 4
		if !slices.Contains([]int{terminal.ExitDone, terminal.ExitFailed, terminal.ExitHeld}, p.ProcessState.ExitCode()) {
			d.Fatalf("twinday %s: %s: %s%s", strings.Join(args, " "), p.ProcessState, &p.said, &p.complained)
		}
		d.tell("a life to its end, open: %s", opened(open))
		return
	}
	d.killed++
	for _, in := range open {
		d.open[in.ID] = true
	}
	d.takes += d.takes / 50
	when := starting
	switch {
	case len(open) > 0:
		when = writing
	case after.Writes > before.Writes:
		when = written
	case after.Requests > before.Requests:
		when = reading
	}
	d.in[when]++
	d.tell("killed (%d) after %s, open: %s", d.killed, moment, opened(open))
}

// opened tells of open writes.
func opened(open []state.Intent) string {
	var all []string
	for _, in := range open {
		all = append(all, fmt.Sprintf("%s %q on %s %v %v, try %d", in.Step.Kind, in.Step.Title, in.Step.Ref.Account, in.Step.Groups, in.Step.Slots, in.Attempt))
	}
	return fmt.Sprintf("%d %s", len(open), strings.Join(all, "; "))
}

// endedBy waits until the process has ended, but no longer than until then.
func (p *process) endedBy(then time.Time) bool {
	alarm := time.NewTimer(time.Until(then))
	defer alarm.Stop()
	select {
	case <-p.ended:
		return true
	case <-alarm.C:
		return false
	}
}

// count is what both services counted.
func (d *doomed) count() (sum record.Counts) {
	d.Helper()
	for _, s := range d.sides {
		var c record.Counts
		s.must("GET", "counters", nil, &c)
		if len(c.Unknown) > 0 || len(c.NotImplemented) > 0 || len(c.Mails) > 0 {
			d.fail("%s: unknown %v, not implemented %v, mails %v", s.name, c.Unknown, c.NotImplemented, c.Mails)
		}
		sum.Requests += c.Requests
		sum.Writes += c.Writes
	}
	return sum
}

// look looks at what a dead program left: a store that is whole, and nothing
// twice. It returns the writes that are open.
func (d *doomed) look() (open []state.Intent) {
	d.Helper()
	d.remembered(func(tx *store.Tx) (err error) { open, err = tx.Intents(); return })
	for _, m := range d.meetings {
		m.open = false
	}
	for _, in := range open {
		if n := meetingNumber(in.Step.Title); n >= 0 {
			d.meetings[n].open = true
		}
	}
	for _, s := range d.sides {
		for n, list := range s.view().events {
			if len(list) > 1 {
				d.fail("%s shows %s %d times", s.name, meetingName(n), len(list))
			}
		}
	}
	return open
}

// remembered reads the store that nobody has open.
func (d *doomed) remembered(f func(*store.Tx) error) {
	d.Helper()
	st, err := store.Open(storeFile(d.dir), store.Options{ReadOnly: true})
	d.must(err)
	d.must(errors.Join(st.Check(), st.View(f), st.Close()))
}

// quietPasses is how many passes may go by until one finds nothing to do.
const quietPasses = 8

// judge lets passes run to their end until there is nothing left to do, and looks
// whether all is well.
func (d *doomed) judge() {
	d.Helper()
	d.judged = d.killed
	var r control.Report
	for i := 0; i == 0 || r.Writes() > 0 || r.Adopted > 0 || r.Held > 0; i++ {
		began := time.Now()
		r = d.sync()
		d.takes = (3*d.takes + time.Since(began)) / 4
		d.tell("a pass: %v", told(r, func(s control.StepResult) bool { return s.Kind != state.Skip }))
		if i == quietPasses {
			d.fail("after %d passes there is still something to do", i)
		}
	}
	if open := d.look(); len(open) > 0 {
		d.fail("%d writes are left open, the first %+v", len(open), open[0])
	}
	d.compare()
	d.count()
	for _, s := range d.sides {
		s.must("POST", "counters/reset", nil, nil)
	}
	d.command("sync")
	if c := d.count(); c.Writes > 0 {
		d.fail("%d writes when all is quiet", c.Writes)
	}
}

// sync is a pass. What it asks about the people say yes to: minutes of their time go by in
// seconds of ours, and so more is deleted at once than usual.
func (d *doomed) sync() (r control.Report) {
	d.Helper()
	d.must(json.Unmarshal([]byte(d.ends([]string{"sync"}, terminal.ExitDone, terminal.ExitHeld)), &r))
	if r.Held > 0 {
		d.command("held", "apply", "--all")
	}
	return r
}

// told is what the history tells of events with a text in their title, newest first.
func (d *doomed) told(text string) (entries []string) {
	d.Helper()
	d.remembered(func(tx *store.Tx) error {
		h, err := tx.History(store.HistoryFilter{Text: text})
		for _, e := range h {
			raw, err := json.Marshal(e)
			d.must(err)
			entries = append(entries, string(raw))
		}
		return err
	})
	return entries
}

// clean insists that so many deaths left nothing behind in the data folder.
func (d *doomed) clean() {
	d.Helper()
	files, err := os.ReadDir(d.dir)
	d.must(err)
	for _, f := range files {
		if !slices.Contains([]string{"twinday.db", "secrets.json", "backups", "engine.json"}, f.Name()) {
			d.Errorf("%s is left in the data folder", f.Name())
		}
	}
}

func (d *doomed) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// side is a service as people see it, through its control endpoint.
type side struct {
	*testing.T
	name, url string
}

// call asks the control endpoint, and returns the status of its answer.
func (s *side) call(method, path string, body, answer any) (int, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	switch raw, err = io.ReadAll(res.Body); {
	case err != nil:
		return 0, err
	case res.StatusCode != http.StatusOK:
		return res.StatusCode, fmt.Errorf("%s: %s %s: %s: %s", s.name, method, path, res.Status, raw)
	case answer != nil:
		err = json.Unmarshal(raw, answer)
	}
	return res.StatusCode, err
}

func (s *side) must(method, path string, body, answer any) {
	s.Helper()
	if _, err := s.call(method, path, body, answer); err != nil {
		s.Fatal(err)
	}
}

// view is what a calendar holds, by the numbers of the meetings.
type view struct {
	events map[int][]simulator.ControlEvent
	rows   map[int][]row
}

// row is a line of the agenda; Occurrence is its original start.
type row struct {
	Occurrence string    `json:"occurrence"`
	Title      string    `json:"title"`
	Place      string    `json:"place"`
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
}

func (s *side) view() view {
	s.Helper()
	v := view{map[int][]simulator.ControlEvent{}, map[int][]row{}}
	var events []simulator.ControlEvent
	s.must("GET", "events", nil, &events)
	for _, e := range events {
		n := meetingNumber(e.Title)
		v.events[n] = append(v.events[n], e)
	}
	// From yesterday on, for longer than any meeting here.
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	var rows []row
	s.must("GET", "agenda?from="+day(-1)+"&to="+day(200), nil, &rows)
	for _, r := range rows {
		n := meetingNumber(r.Title)
		v.rows[n] = append(v.rows[n], r)
	}
	return v
}
