package terminal

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
)

func (a *app) windowCommand() *cobra.Command {
	var o WindowOptions
	c := &cobra.Command{
		Use: "window", Short: assets.Text("Open the window"),
		Long: assets.Text(`Open the window, in a process of its own. It speaks to the running engine;
'twinday' alone starts one and opens the window as well.`),
		Args: noArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			o.DataDir = a.dataDir
			return a.Window(ctx, o)
		}),
	}
	c.Flags().StringVar(&o.Page, "page", "", assets.Text("`page` to begin with: home, calendars, history, decisions, settings"))
	c.Flags().BoolVar(&o.NoTray, "no-tray", false, assets.Text("there is no tray icon to come back to"))
	must(c.Flags().MarkHidden("no-tray"))
	return c
}

func (a *app) quitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "quit", Short: assets.Text("End the running engine and its tray icon"), Args: noArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			asked := false
			err := a.connected(ctx, ConnectOptions{RunningOnly: true}, func(b control.Backend) error {
				asked = true
				return b.Quit(ctx)
			})
			switch {
			case !errors.Is(err, control.ErrNoEngine):
				return err
			case !asked:
				a.say(assets.Text("Twinday is not running."))
			}
			return nil // else it was gone before its answer was
		}),
	}
}

func simulateHelp() string {
	return assets.Text(`Run a simulator of Google Calendar or Microsoft Graph on this machine, to try
things out or to test against. It prints one line of JSON with its base URL,
authorize URL and token URL (for 'twinday account add'), and runs until Ctrl-C.`)
}

func (a *app) simulateCommand() *cobra.Command {
	var o SimulateOptions
	c := &cobra.Command{
		Use: "simulate google|outlook", Short: assets.Text("Run a simulated calendar service"), Long: simulateHelp(),
		Example:   "  twinday simulate google --listen 127.0.0.1:8801 --events my.ics",
		ValidArgs: []string{"google", "outlook"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || (args[0] != "google" && args[0] != "outlook") {
				return usage(assets.Text("'{{.Command}}' needs to know which service: google or outlook", "Command", cmd.CommandPath()))
			}
			if _, _, err := net.SplitHostPort(o.Listen); err != nil {
				return usage(assets.Text("--listen “{{.Address}}” is no address: write it like 127.0.0.1:8801", "Address", o.Listen))
			}
			return nil
		},
		RunE: a.run(func(ctx context.Context, args []string) error {
			o.Service = args[0]
			err := a.Simulate(ctx, o, a.out, a.errs)
			if ctx.Err() != nil {
				return nil // Ctrl-C is how it ends
			}
			return err
		}),
	}
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:0", assets.Text("address to listen on; port 0 picks a free one"))
	c.Flags().StringVar(&o.Events, "events", "", assets.Text("an .ics file with the events it begins with"))
	c.Flags().BoolVar(&o.AutoApprove, "auto-approve", false, assets.Text("sign everybody in at once, without a page to click on"))
	must(c.MarkFlagFilename("events", "ics"))
	return c
}

// VersionNote is what `twinday version --json` prints.
type VersionNote struct {
	Version   string `json:"version"`   // of the program
	Interface int    `json:"interface"` // control.Version
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: assets.Text("Print the version"), Args: noArgs,
		RunE: a.run(func(context.Context, []string) error {
			if a.json {
				return writeJSON(a.out, VersionNote{a.Version, control.Version})
			}
			a.say(assets.Text("Twinday {{.Version}} (interface {{.Interface}})", "Version", a.Version, "Interface", control.Version))
			return nil
		}),
	}
}

// completionPatience is how long a shell waits for names before it goes without.
const completionPatience = 2 * time.Second

// complete asks the engine for words while a person presses Tab.
func (a *app) complete(cmd *cobra.Command, f func(context.Context, control.Backend) ([]cobra.Completion, error)) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, done := context.WithTimeout(ctx, completionPatience)
	defer done()
	var words []cobra.Completion
	err := a.connected(ctx, ConnectOptions{}, func(b control.Backend) (err error) {
		words, err = f(ctx, b)
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeAccounts(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.complete(cmd, func(ctx context.Context, b control.Backend) (words []cobra.Completion, err error) {
		all, err := b.Accounts(ctx)
		for _, x := range all {
			words = append(words, cobra.CompletionWithDesc(string(x.ID), say.Provider(x.Provider)))
		}
		return words, err
	})
}

func (a *app) completeCalendars(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.complete(cmd, func(ctx context.Context, b control.Backend) (words []cobra.Completion, err error) {
		all, err := b.Calendars(ctx, "", false)
		for _, x := range all {
			words = append(words, cobra.CompletionWithDesc(x.Ref.String(), clean(x.Name)))
		}
		return words, err
	})
}

func (a *app) completeMirrors(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.complete(cmd, func(ctx context.Context, b control.Backend) (words []cobra.Completion, err error) {
		all, err := b.Mirrors(ctx)
		for _, x := range all {
			words = append(words, cobra.CompletionWithDesc(string(x.ID), clean(x.Name)))
		}
		return words, err
	})
}

func (a *app) completeHeld(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.complete(cmd, func(ctx context.Context, b control.Backend) (words []cobra.Completion, err error) {
		all, err := b.Held(ctx)
		for _, x := range all {
			words = append(words, cobra.CompletionWithDesc(x.ID, clean(stepName(x.Step.Kind)+" "+x.Step.Title)))
		}
		return words, err
	})
}
