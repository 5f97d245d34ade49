// Package terminal is Twinday as commands: accounts, calendars, mirrors, passes,
// history, the demo. It parses a command line, asks the engine through
// engine/control, and prints for people or, with --json, for scripts.
//
// Of this project it imports engine/control, store/state, providers/calendar, assets
// and ui/say only; everything else that a command needs is handed in by main as Deps.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// The exit codes of every command.
const (
	ExitDone   = 0 // what was asked for is done
	ExitFailed = 1 // something failed; standard error says what
	ExitUsage  = 2 // the command line makes no sense
	ExitHeld   = 3 // done, and something is held for the person's decision
)

// Deps is what the commands need from the rest of the program.
type Deps struct {
	Version string // of the program
	Commit  string // that it was built from, "" if nobody said
	Date    string // of that commit, RFC 3339
	DataDir string // the data folder when --data does not name one

	// Connect reaches the engine of a data folder: the running one, or one that
	// lives until done is called.
	Connect func(ctx context.Context, o ConnectOptions) (b control.Backend, done func(), err error)
	// Start is `twinday` alone: tray and engine, until it is told to quit.
	Start func(ctx context.Context, o StartOptions) error
	// Window is `twinday window`: the window's own process, until it is closed.
	Window func(ctx context.Context, o WindowOptions) error
	// Simulate is `twinday simulate`: runs until ctx ends. Its line of JSON goes to
	// out, what it could not read to log.
	Simulate func(ctx context.Context, o SimulateOptions, out, log io.Writer) error
	// Demo sets the demo's stage.
	Demo func(ctx context.Context, o DemoOptions) (*DemoStage, error)

	// Restore is `twinday restore`: puts a backup in the place of the store.
	Restore func(ctx context.Context, o RestoreOptions) (RestoreNote, error)

	// Desktop looks whether there are a tray and a display here.
	Desktop func(ctx context.Context) []control.Check
	// AtLogin is about Twinday with this data folder.
	AtLogin func(dataDir string) AtLogin

	// ReadSecret reads what the person types without showing it; nil where it cannot.
	ReadSecret func() (string, error)
	// OpenURL shows an address in the person's browser; nil where there is none.
	OpenURL func(url string) error
	Now     func() time.Time // nil means time.Now

	// Terminal says that a person reads standard output, Interactive that they
	// can answer questions as well, Color that they want emphasis. Width is that
	// of the terminal in cells, 0 for no limit.
	Terminal, Interactive, Color bool
	Width                        int
}

// ConnectOptions says which engine a command needs.
type ConnectOptions struct {
	DataDir string
	// Loop keeps an engine of one's own syncing, and open to other commands,
	// instead of waiting for calls only.
	Loop bool
	// RunningOnly refuses to become the engine: control.ErrNoEngine then.
	RunningOnly bool
	// Patience is how long to wait while another command is at work; 0: for minutes, as a
	// first sync takes.
	Patience time.Duration
	Verbose  bool // log to standard error
}

// StartOptions says how the tray and its engine start.
type StartOptions struct {
	DataDir string
	Hidden  bool // open no window
	Verbose bool
	Say     io.Writer // takes a sentence for the person, should there be one
}

// WindowOptions says what the window shows.
type WindowOptions struct {
	DataDir string
	Page    string // to begin with; any if empty
	NoTray  bool   // there is no icon: closing the window hides Twinday altogether
}

// SimulateOptions says which simulator runs, and where.
type SimulateOptions struct {
	Service string // "google" or "outlook"
	Listen  string // host:port
	Events  string // an .ics file, or empty
	// AutoApprove answers the sign-in page at once, as if the person agreed.
	AutoApprove bool
}

// Execute runs one command line (without the program's name) and returns the
// exit code. It prints errors itself, as "twinday: what went wrong, the way out".
func Execute(ctx context.Context, d Deps, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if d.Now == nil {
		d.Now = time.Now
	}
	a := &app{Deps: d, in: stdin, out: stdout, errs: stderr}
	a.speak(ctx, args)
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for "the process's own"
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	insist(root)
	cmd, err := root.ExecuteContextC(ctx)
	a.json = a.json || a.scripted // flags are not read yet when a command is unknown
	return a.finish(cmd, err)
}

// languagePatience is how long an engine may take to say which language the person chose.
const languagePatience = time.Second

// speak takes on the language in which the command speaks. Scripts get English. A person
// gets the language chosen in Twinday, as far as an engine runs that can be asked before
// the command line is read; else that of the process, which is the system's.
func (a *app) speak(ctx context.Context, args []string) {
	early := pflag.NewFlagSet("", pflag.ContinueOnError)
	early.ParseErrorsAllowlist.UnknownFlags = true
	early.Usage = func() {}
	early.BoolP("help", "h", false, "")
	early.BoolVar(&a.scripted, "json", false, "")
	early.StringVar(&a.dataDir, "data", a.DataDir, "")
	_ = early.Parse(args) // what is wrong with them is told later
	if a.scripted {
		assets.Speak("en")
		return
	}
	ctx, done := context.WithTimeout(ctx, languagePatience)
	defer done()
	b, leave, err := a.Connect(ctx, ConnectOptions{DataDir: a.dataDir, RunningOnly: true})
	if err != nil {
		return
	}
	defer leave()
	a.speakAsSet(ctx, b)
}

// speakAsSet takes on the language that the person chose in Twinday, once.
func (a *app) speakAsSet(ctx context.Context, b control.Backend) {
	if a.scripted || a.spoken {
		return
	}
	ctx, done := context.WithTimeout(ctx, languagePatience)
	defer done()
	s, err := b.Settings(ctx)
	if a.spoken = err == nil; a.spoken && s.Faces.Language != "" {
		assets.Speak(s.Faces.Language)
	}
}

// app is one run of the program as a command.
type app struct {
	Deps
	in        io.Reader
	out, errs io.Writer

	dataDir string
	json    bool
	verbose bool

	scripted bool // --json is on the command line
	spoken   bool // the language that the person chose is known
	ran      bool // the command line was understood and the command began
}

// errHeld ends a command whose work is done while something waits for the person.
var errHeld = errors.New("something is held for a decision")

// usageError is a command line that makes no sense.
type usageError struct{ error }

func usage(text string) error { return usageError{errors.New(text)} }

// finish turns what a command returned into words and an exit code.
func (a *app) finish(cmd *cobra.Command, err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, errHeld):
		return ExitHeld
	case errors.Is(err, errUnwell):
		return ExitFailed
	case errors.Is(err, context.Canceled) && cmd.Context().Err() != nil:
		a.complain(assets.Text("stopped"), control.CodeFailed)
		return ExitFailed
	}
	code, exit := control.CodeFailed, ExitFailed
	var u usageError
	var e *control.Error
	switch {
	case errors.As(err, &e):
		code = e.Code
		if code == control.CodeUsage {
			exit = ExitUsage
		}
	case errors.As(err, &u), !a.ran:
		code, exit = control.CodeUsage, ExitUsage
	}
	message := strings.TrimSpace(assets.Said(err.Error()))
	if exit == ExitUsage && !a.json {
		if !strings.Contains(message, "\n") {
			message = strings.TrimRight(message, ".") + "."
		}
		message += "\n" + assets.Text("Try '{{.Command}} --help'.", "Command", cmd.CommandPath())
	}
	if e != nil && a.json { // what stands in the way of a sign-in, too
		told := *e
		told.Message = message
		writeJSON(a.errs, map[string]any{"error": told})
		return exit
	}
	a.complain(message, code)
	return exit
}

// complain prints one error: a sentence, or with --json a control.Error under
// "error", in one line.
func (a *app) complain(message string, code control.ErrorCode) {
	if a.json {
		writeJSON(a.errs, map[string]any{"error": control.Error{Code: code, Message: message}})
		return
	}
	fmt.Fprintf(a.errs, "twinday: %s\n", message)
}

// run wraps a command's body: from here on an error is no longer about usage.
func (a *app) run(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.ran = true
		return f(cmd.Context(), args)
	}
}

// ask wraps a body that asks the engine.
func (a *app) ask(f func(ctx context.Context, b control.Backend, args []string) error) func(*cobra.Command, []string) error {
	return a.run(func(ctx context.Context, args []string) error {
		return a.connected(ctx, ConnectOptions{}, func(b control.Backend) error { return f(ctx, b, args) })
	})
}

// connected calls f with the engine of the data folder.
func (a *app) connected(ctx context.Context, o ConnectOptions, f func(control.Backend) error) error {
	o.DataDir, o.Verbose = a.dataDir, a.verbose
	b, done, err := a.Connect(ctx, o)
	if err != nil {
		return err
	}
	defer done()
	a.speakAsSet(ctx, b)
	return f(b)
}

func init() {
	// A double click in Windows' Explorer is how people start a tray program;
	// cobra's own answer to one is "this is a command line tool".
	cobra.MousetrapHelpText = ""
}

func rootHelp() string {
	return assets.Text(`Twinday keeps calendars of different accounts alike: what is added, moved or
cancelled in one appears, moves or goes in the others.

Alone it starts the tray icon with the engine and opens the window. The commands
below do the same without a window; they speak to the running engine, or are the
engine for as long as they run.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something is held for a decision.`)
}

const rootExample = `  twinday account add google
  twinday account add outlook
  twinday calendar list
  twinday mirror add --member me@gmail.com/primary --member me@work.com/Calendar
  twinday sync --dry-run
  twinday sync --watch`

// root builds the tree of commands.
func (a *app) root() *cobra.Command {
	var start StartOptions
	root := &cobra.Command{
		Use:           "twinday",
		Short:         assets.Text("Keep calendars of different accounts alike"),
		Long:          rootHelp(),
		Example:       rootExample,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			start.DataDir, start.Verbose, start.Say = a.dataDir, a.verbose, a.errs
			return a.Start(ctx, start)
		}),
	}
	root.Flags().BoolVar(&start.Hidden, "hidden", false, assets.Text("open no window (for the start at login)"))
	p := root.PersistentFlags()
	p.StringVar(&a.dataDir, "data", a.DataDir, assets.Text("`folder` in which Twinday keeps what it knows (or TWINDAY_DATA)"))
	p.BoolVar(&a.json, "json", false, assets.Text("print JSON for scripts: see 'twinday help json'"))
	p.BoolVarP(&a.verbose, "verbose", "v", false, assets.Text("log what the engine does to standard error"))
	p.BoolP("help", "h", false, assets.Text("say how the command is used"))
	must(root.MarkPersistentFlagDirname("data"))
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.help)

	root.AddGroup(
		&cobra.Group{ID: groupSetUp, Title: assets.Text("Set up:")},
		&cobra.Group{ID: groupSync, Title: assets.Text("Sync:")},
		&cobra.Group{ID: groupTry, Title: assets.Text("Try out:")})
	grouped(root, groupSetUp, a.accountCommand(), a.unlockCommand(), a.settingsCommand(), a.calendarCommand(), a.mirrorCommand(), a.autostartCommand(), a.setupCommand(), a.restoreCommand())
	grouped(root, groupSync, a.syncCommand(), a.statusCommand(), a.historyCommand(), a.undoCommand(), a.whyCommand(), a.heldCommand(), a.duplicatesCommand(),
		a.pauseCommand(), a.resumeCommand(), a.windowCommand(), a.quitCommand(), a.doctorCommand(), a.diagnosticsCommand())
	grouped(root, groupTry, a.demoCommand(), a.simulateCommand())
	root.AddCommand(a.versionCommand(), a.mappingTopic(), a.jsonTopic())
	return root
}

// Commands is the tree of commands to read, in English, for a manual that names dataDir as
// the usual data folder; none of them can be run.
func Commands(dataDir string) *cobra.Command {
	assets.Speak("en")
	a := &app{Deps: Deps{DataDir: dataDir}}
	root := a.root()
	insist(root)
	root.DisableAutoGenTag = true
	return root
}

// insist makes cobra's own commands refuse a shell or a topic that they do not
// know; by themselves they would print some help and call it done.
func insist(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var help, completion *cobra.Command
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			completion = family(c)
		case "help":
			help = c
			c.Args = func(_ *cobra.Command, args []string) error {
				if _, rest, err := root.Find(args); err != nil || len(rest) > 0 {
					return usage(assets.Text("there is no help on “{{.Words}}”", "Words", strings.Join(args, " ")))
				}
				return nil
			}
		}
	}
	translateCobra(help, completion)
}

const (
	groupSetUp = "set up"
	groupSync  = "sync"
	groupTry   = "try"
)

func grouped(root *cobra.Command, group string, cmds ...*cobra.Command) {
	for _, c := range cmds {
		c.GroupID = group
	}
	root.AddCommand(cmds...)
}

// family is a command that only groups others: it insists on one of them, and
// names the nearest when a word is mistyped.
func family(c *cobra.Command, children ...*cobra.Command) *cobra.Command {
	c.AddCommand(children...)
	if c.RunE == nil {
		c.RunE = func(c *cobra.Command, _ []string) error {
			var names []string
			for _, k := range c.Commands() {
				names = append(names, k.Name())
			}
			return usage(assets.Text("'{{.Command}}' needs to know what to do: {{.Commands}}", "Command", c.CommandPath(), "Commands", orList(names)))
		}
	}
	c.Args = knownCommand
	return c
}

// knownCommand refuses a word that is no command, and names the nearest.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return usage(assets.Text("'{{.Command}}' has no command “{{.Word}}”; perhaps you mean {{.Near}}", "Command", c.CommandPath(), "Word", args[0], "Near", orList(near)))
	}
	return usage(assets.Text("'{{.Command}}' has no command “{{.Word}}”", "Command", c.CommandPath(), "Word", args[0]))
}

// noArgs refuses any argument.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(assets.Text("'{{.Command}}' takes no argument, got “{{.Word}}”", "Command", cmd.CommandPath(), "Word", args[0]))
	}
	return nil
}

// notBoth refuses two flags that contradict each other.
func notBoth(cmd *cobra.Command, one, other string) error {
	if cmd.Flags().Changed(one) && cmd.Flags().Changed(other) {
		return usage(assets.Text("--{{.One}} and --{{.Other}} contradict each other: say one of them", "One", one, "Other", other))
	}
	return nil
}

// oneArg insists on exactly one argument, called what in the complaint.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(assets.Text("'{{.Command}}' takes one argument, {{.What}}", "Command", cmd.CommandPath(), "What", what))
		}
		return nil
	}
}

// must is for mistakes in the tree of commands itself.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func orList(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return assets.Text("{{.These}} or {{.Last}}", "These", strings.Join(words[:len(words)-1], ", "), "Last", words[len(words)-1])
}
