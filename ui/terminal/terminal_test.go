package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

var update = flag.Bool("update", false, "write the stories in testdata anew")

// run is one command line against a fake engine, which is spoken to over the
// real wire.
type run struct {
	fake        *fake
	args        []string
	stdin       string
	person      bool // at a terminal
	width       int
	out, errs   bytes.Buffer
	exit        int
	opened      []string
	connections []ConnectOptions
	noEngine    bool // none is running
	unopened    error
	direct      bool // no wire between command and fake
}

func (r *run) do(ctx context.Context) {
	d := Deps{
		Version: "1.2.3", Commit: "0123456789", Date: "2026-11-26T02:51:26Z", DataDir: "/home/me/twinday", Now: func() time.Time { return now },
		Connect: func(_ context.Context, o ConnectOptions) (control.Backend, func(), error) {
			r.connections = append(r.connections, o)
			if o.RunningOnly && r.noEngine {
				return nil, nil, control.ErrNoEngine
			}
			if r.unopened != nil {
				return nil, nil, r.unopened
			}
			if r.direct {
				return r.fake, func() {}, nil
			}
			c := control.InProcess(r.fake)
			return c, c.Close, nil
		},
		Start: func(_ context.Context, o StartOptions) error {
			r.fake.tell("start on %s, hidden: %t", o.DataDir, o.Hidden)
			return r.fake.fail
		},
		Window: func(_ context.Context, o WindowOptions) error {
			r.fake.tell("window %+v", o)
			return nil
		},
		Simulate: func(_ context.Context, o SimulateOptions, out, _ io.Writer) error {
			r.fake.tell("simulate %+v", o)
			fmt.Fprintln(out, `{"baseURL":"http://127.0.0.1:8801/"}`)
			return nil
		},
		Restore: func(_ context.Context, o RestoreOptions) (RestoreNote, error) {
			r.fake.tell("restore %+v", o)
			n := RestoreNote{From: o.DataDir + "/backups/twinday-2026-03-01T090000Z.db", Made: now.Add(-24 * time.Hour), Kept: o.DataDir + "/twinday.db.replaced"}
			if o.From == "" {
				n.Passed = []string{o.DataDir + "/backups/twinday-2026-03-02T090000Z.db"}
			}
			return n, r.fake.fail
		},
		Desktop: func(context.Context) []control.Check {
			return []control.Check{{Name: "tray", Finding: control.OK, Says: assets.Text("this desktop shows tray icons")}, {Name: "display", Finding: control.Note, Says: assets.Text("there is none here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window opens"), WayOut: assets.Text("Everything works without it, in the terminal ('twinday --help').")}}
		},
		AtLogin:  func(string) AtLogin { return &r.fake.login },
		OpenURL:  func(u string) error { r.opened = append(r.opened, u); return nil },
		Terminal: r.person, Interactive: r.person, Width: r.width,
	}
	r.exit = Execute(ctx, d, r.args, strings.NewReader(r.stdin), &r.out, &r.errs)
}

// TestStories runs the command lines in testdata/*.txtar. The first line of a
// file names its world, and the language if it is not English; a section is a command line, with <text for what is
// typed, @person for a terminal and @WIDTH for its width, and holds what is
// printed, what was told to the engine, and the exit code.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			story, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(story.Comment), "\n")
			name, tongue, _ := strings.Cut(strings.TrimPrefix(first, "world: "), " in ")
			world := worlds[name]
			if world == nil {
				t.Fatalf("the first line is %q: name a world", first)
			}
			t.Cleanup(func() { assets.Speak("en") })
			for i, section := range story.Files {
				r := parseRun(t, section.Name)
				assets.Speak("en") // until the fake says otherwise
				r.fake = world()
				r.fake.settings.Faces.Language = tongue
				r.do(t.Context())
				got := r.transcript()
				if *update {
					story.Files[i].Data = []byte(got)
					continue
				}
				if diff := cmp.Diff(string(section.Data), got); diff != "" {
					t.Errorf("%s (-want +got; -update writes it anew):\n%s", section.Name, diff)
				}
				if tongue != "" {
					noEnglish(t, section.Name, got)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(story), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var (
	englishWords = regexp.MustCompile(`\b(the|is|are|of|and|which|with|its|it|says|shows|waits|there|from)\b`)
	// ofPeople is what people wrote in English, so that no language changes it.
	ofPeople = strings.NewReplacer("Bring the card, and do not forget the papers that they have asked for twice by now", "", "Bring the card.", "",
		"red and a very long title that no terminal wants to see whole", "", "Home and Wo", "", "Home and wo", "", "please allow it.", "", "Lunch with Bob", "")
	hyphened = regexp.MustCompile(`\S*-\S*`) // flags, and words that are typed
)

// noEnglish fails for what a person gets to read in English though they speak another
// language. What was told to the engine, and JSON, is not for them.
func noEnglish(t *testing.T, command, transcript string) {
	t.Helper()
	for line := range strings.Lines(transcript) {
		if strings.HasPrefix(line, "told: ") || strings.HasPrefix(strings.TrimPrefix(line, "stderr: "), "{") || strings.Contains(line, "  twinday ") {
			continue
		}
		if word := englishWords.FindString(hyphened.ReplaceAllString(ofPeople.Replace(line), "")); word != "" {
			t.Errorf("%s: %q is English: %s", command, word, line)
		}
	}
}

func parseRun(t *testing.T, line string) *run {
	t.Helper()
	line, ok := strings.CutPrefix(line, "$ twinday")
	if !ok {
		t.Fatalf("section %q is no command line", line)
	}
	r := &run{}
	for _, word := range splitQuoted(line) {
		switch {
		case word == "@person":
			r.person = true
		case word == "@idle":
			r.noEngine = true
		case strings.HasPrefix(word, "@"):
			n, err := strconv.Atoi(word[1:])
			if err != nil {
				t.Fatal(err)
			}
			r.width = n
		case strings.HasPrefix(word, "<"):
			r.stdin += word[1:] + "\n"
		default:
			r.args = append(r.args, word)
		}
	}
	return r
}

// splitQuoted splits at spaces, except within 'quotes'.
func splitQuoted(s string) []string {
	const space, nothing = "\x00", "\x01"
	parts := strings.Split(strings.ReplaceAll(s, "''", nothing), "'")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], " ", space)
	}
	words := strings.Fields(strings.Join(parts, ""))
	for i := range words {
		words[i] = strings.NewReplacer(space, " ", nothing, "").Replace(words[i])
	}
	return words
}

func (r *run) transcript() string {
	var b strings.Builder
	b.WriteString(r.out.String())
	for line := range strings.Lines(r.errs.String()) {
		b.WriteString("stderr: " + line)
	}
	for _, x := range r.fake.told {
		b.WriteString("told: " + x + "\n")
	}
	for _, x := range r.opened {
		b.WriteString("browser: " + x + "\n")
	}
	if r.exit != 0 {
		fmt.Fprintf(&b, "exit: %d\n", r.exit)
	}
	return b.String()
}

func TestVersionSaysWhatTheProgramWasBuiltFrom(t *testing.T) {
	r := &run{fake: usual(), args: []string{"version"}}
	r.do(t.Context())
	if got, want := r.transcript(), "Twinday 1.2.3 (commit 0123456789 of 2026-11-26T02:51:26Z, interface 1)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.args = append(r.args, "--json")
	r.out.Reset()
	r.do(t.Context())
	var got VersionNote
	if err := json.Unmarshal(r.out.Bytes(), &got); err != nil || got != (VersionNote{"1.2.3", "0123456789", "2026-11-26T02:51:26Z", control.Version}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnUnderstoodCommandSaysWhichFolder(t *testing.T) {
	for _, args := range [][]string{
		{"status", "--data", "/elsewhere", "--verbose"},
		{"--data=/elsewhere", "-v", "status"},
	} {
		r := &run{fake: usual(), args: args}
		r.do(t.Context())
		want := []ConnectOptions{{DataDir: "/elsewhere", RunningOnly: true}, {DataDir: "/elsewhere", Verbose: true}} // the first asks for the language
		if diff := cmp.Diff(want, r.connections); diff != "" {
			t.Errorf("%v connects to (-want +got):\n%s", args, diff)
		}
	}
}

// mute is an engine that stands still when it is asked for the settings.
type mute struct{ *fake }

func (mute) Settings(ctx context.Context) (control.Settings, error) {
	<-ctx.Done()
	return control.Settings{}, ctx.Err()
}

func TestAnEngineThatStandsStillHoldsNobodyUpForItsLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errs bytes.Buffer
		began := time.Now()
		exit := Execute(t.Context(), Deps{Version: "1.2.3", Connect: func(context.Context, ConnectOptions) (control.Backend, func(), error) {
			return mute{usual()}, func() {}, nil
		}}, []string{"mirror", "list"}, nil, &out, &errs)
		if exit != ExitDone || !strings.HasPrefix(out.String(), "MIRROR") || time.Since(began) > 2*languagePatience {
			t.Errorf("exit %d after %v: %s%s", exit, time.Since(began), &out, &errs)
		}
	})
}

// What is told at length fits into a terminal, in every language, whatever the language's
// words are like.
func TestHelpFitsIntoATerminal(t *testing.T) {
	t.Cleanup(func() { assets.Speak("en") })
	for _, l := range assets.Languages {
		assets.Speak(l.Tag)
		texts := map[string]string{"help json": schemaHead(), "help mapping": mappingHead()}
		a := &app{Deps: Deps{Now: time.Now}}
		root := a.root()
		insist(root)
		var walk func(c *cobra.Command)
		walk = func(c *cobra.Command) {
			texts[c.CommandPath()+" --help"] = c.Long
			for _, k := range c.Commands() {
				walk(k)
			}
		}
		walk(root)
		for command, text := range texts {
			for line := range strings.SplitSeq(text, "\n") {
				if w := runewidth.StringWidth(line); w > 88 && !strings.HasPrefix(line, "  ") || line != strings.TrimRight(line, " ") {
					t.Errorf("%s, %s: a line of %d cells: %q", l.Tag, command, w, line)
				}
			}
		}
	}
}

// Every command that can print JSON is in the documented list, and the list
// names no other.
func TestTheSchemaListsEveryCommand(t *testing.T) {
	a := &app{Deps: Deps{Now: time.Now}}
	var have []string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() {
			have = append(have, strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), "twinday"), " "))
		}
		for _, k := range c.Commands() {
			walk(k)
		}
	}
	walk(a.root())
	have = slices.DeleteFunc(have, func(s string) bool {
		// Roles that run until they are ended, 'quit' that has nothing to say, and
		// the families that insist on one of their commands.
		return slices.Contains([]string{"", "window", "quit", "simulate", "account", "calendar", "mirror", "setup"}, s)
	})
	var listed []string
	for _, s := range shapes() {
		listed = append(listed, s.command)
	}
	slices.Sort(have)
	slices.Sort(listed)
	if diff := cmp.Diff(have, listed); diff != "" {
		t.Errorf("commands that print JSON, and 'twinday help json' (-have +listed):\n%s", diff)
	}
}

// What a command prints with --json is one document a line, with no field that
// the documentation does not name.
func TestJSONIsAsDocumented(t *testing.T) {
	for args, into := range map[string]any{
		"account list":                                &[]control.AccountState{},
		"account remove home":                         &control.Disconnected{},
		"calendar list --fresh":                       &[]state.Calendar{},
		"mirror list":                                 &[]control.MirrorState{},
		"mirror remove m1":                            &control.Report{},
		"mirror show m1":                              &state.Mirror{},
		"mirror show --keys":                          &[]SettingNote{},
		"mirror preview dentist":                      &[]control.Preview{},
		"mirror edit m1 --detail busy-only --yes":     &MirrorEdit{},
		"mirror edit m1 --detail busy-only --dry-run": &MirrorEdit{},
		"mirror add --member home/primary --member work/primary":           &state.Mirror{},
		"mirror add --member home/primary --member work/primary --dry-run": &MirrorEdit{},
		"sync":            &control.Report{},
		"sync --dry-run":  &control.Report{},
		"status":          &control.Status{},
		"history":         &[]state.HistoryEntry{},
		"history Dentist": &[]state.HistoryEntry{},
		"history show 12": &control.HistoryDetail{},
		"undo 12 --yes":   &control.UndoReport{},
		"why dentist":     &[]control.Explanation{},
		"held":            &[]state.Held{},
		"held drop --all": &control.Decide{},
		"pause --for 1h":  &control.Status{},
		"resume":          &control.Status{},
		"version":         &VersionNote{},
	} {
		t.Run(args, func(t *testing.T) {
			r := &run{fake: told(), args: append(strings.Fields(args), "--json")}
			r.do(t.Context())
			if r.exit != ExitDone || r.errs.Len() > 0 {
				t.Fatalf("exit %d: %s", r.exit, &r.errs)
			}
			if n := strings.Count(r.out.String(), "\n"); n != 1 {
				t.Errorf("printed %d lines, want one", n)
			}
			dec := json.NewDecoder(&r.out)
			dec.DisallowUnknownFields()
			if err := dec.Decode(into); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAListWithNothingInItIsNoNull(t *testing.T) {
	for _, args := range []string{"account list", "calendar list", "mirror list", "history", "held"} {
		r := &run{fake: &fake{}, args: append(strings.Fields(args), "--json")}
		r.do(t.Context())
		if got := r.out.String(); got != "[]\n" {
			t.Errorf("%s --json prints %q, want []", args, got)
		}
	}
}

func TestSigningInPrintsTheAddressBeforeItWaits(t *testing.T) {
	f := usual()
	r := &run{fake: f, args: []string{"account", "add", "google", "--json"}}
	f.finish = func(context.Context) error {
		if !strings.Contains(r.out.String(), `"url":"https://sign.in/?client=google"`) {
			t.Errorf("the address is not out yet: %q", &r.out)
		}
		return nil
	}
	r.do(t.Context())
	dec := json.NewDecoder(&r.out)
	var s control.SignIn
	var a state.Account
	if err := errors.Join(dec.Decode(&s), dec.Decode(&a)); err != nil || s.ID != "s1" || a.ID != "me" {
		t.Errorf("two lines, sign-in then account: %+v, %+v, %v", s, a, err)
	}
}

func TestCtrlCGivesASignInUp(t *testing.T) {
	f := usual()
	ctx, cancel := context.WithCancel(t.Context())
	f.finish = func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	r := &run{fake: f, args: []string{"account", "add", "google"}}
	r.do(ctx)
	if r.exit != ExitFailed || !slices.Contains(f.told, "cancel sign-in s1") {
		t.Errorf("exit %d, told %q", r.exit, f.told)
	}
}

func TestWatchPrintsEachChangeOnce(t *testing.T) {
	for _, flag := range []string{"--json=false", "--json"} {
		t.Run(flag, func(t *testing.T) {
			f := usual()
			f.history = f.history[2:] // one old entry, which is not to be shown
			f.syncHook = func() { f.history = usual().history }
			ctx, cancel := context.WithCancel(t.Context())
			f.watched = func(show func(control.Status) error) error {
				for pass := range uint64(3) {
					if err := show(control.Status{Activity: control.Fine, Pass: pass}); err != nil {
						return err
					}
				}
				f.history = append([]state.HistoryEntry{{Seq: 4, Time: now, Kind: state.Create, Outcome: state.Done, Ref: homeCal, From: workCal, Title: "Late"}}, f.history...)
				err := show(control.Status{Activity: control.Problem, Summary: "Something is wrong.", Pass: 3})
				cancel() // Ctrl-C
				return errors.Join(err, ctx.Err())
			}
			r := &run{fake: f, direct: true, args: []string{"sync", "--watch", flag}}
			r.do(ctx)
			if r.exit != ExitDone {
				t.Errorf("exit %d: %s", r.exit, &r.errs)
			}
			if !r.connections[len(r.connections)-1].Loop {
				t.Error("watching alone needs an engine that goes on syncing")
			}
			if flag == "--json" {
				var seqs []uint64
				for dec := json.NewDecoder(&r.out); dec.More(); {
					var e state.HistoryEntry
					if err := dec.Decode(&e); err != nil {
						t.Fatal(err)
					}
					seqs = append(seqs, e.Seq)
				}
				if !slices.Equal(seqs, []uint64{2, 3, 4}) {
					t.Errorf("printed the entries %v, want 2, 3, 4", seqs)
				}
				return
			}
			want := `TIME      WHAT        TITLE                               FROM → TO
07:30:00  failed      Escape [31mred and a very long ti…  work/Calendar → home/Private
09:29:00  deleted     Dentist                             home/Private → work/Calendar
09:30:00  created     Late                                work/Calendar → home/Private
`
			if diff := cmp.Diff(want, r.out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := r.errs.String(); got != "twinday: Something is wrong.\n" {
				t.Errorf("standard error: %q", got)
			}
		})
	}
}

func TestLongHistoriesAreReadPageByPage(t *testing.T) {
	f := &fake{}
	for seq := uint64(450); seq > 0; seq-- {
		f.history = append(f.history, state.HistoryEntry{Seq: seq})
	}
	got, err := since(t.Context(), f, 30)
	if err != nil || len(got) != 420 || got[0].Seq != 31 || got[419].Seq != 450 {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

func TestPauseEndsWhenPeopleMean(t *testing.T) {
	for _, c := range []struct{ span, until, want string }{
		{span: "90m", want: "2026-03-02T11:00:00Z"},
		{span: "3d", want: "2026-03-05T09:30:00Z"},
		{until: "17:30", want: "2026-03-02T17:30:00Z"},
		{until: "08:00", want: "2026-03-03T08:00:00Z"}, // tomorrow's
		{until: "2026-03-09", want: "2026-03-09T00:00:00Z"},
		{until: "2026-03-09 07:15", want: "2026-03-09T07:15:00Z"},
		{until: "2026-03-09T07:15:00+02:00", want: "2026-03-09T05:15:00Z"},
	} {
		got, err := pauseEnd(c.span, c.until, now)
		if err != nil || got.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("--for %q --until %q: %v, %v; want %s", c.span, c.until, got, err, c.want)
		}
	}
}
