package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
)

const exportHelp = `Write settings and mirrors to a file, to keep them or to take them to another
computer: 'twinday setup import' takes them over there. There are no events in it and
nothing with which to sign in.`

const importHelp = `Take over what 'twinday setup export' wrote. Settings are replaced, mirrors added to
those that are there. A mirror waits for its accounts to be connected; once they are,
the same file can be taken over again. --dry-run says what would come of it.`

const diagnosticsHelp = `Print a report for people who help: versions, counts, kinds of failures, the end of the
log. Names, addresses, titles and ids are taken out of it; still, read it before you
send it.`

func (a *app) setupCommand() *cobra.Command {
	var dry bool
	export := &cobra.Command{
		Use: "export FILE", Short: "Write settings and mirrors to a file", Long: exportHelp, Args: oneArg("a file, or - for standard output"),
		Example: "  twinday setup export twinday.json",
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			s, err := b.Setup(ctx)
			if err != nil {
				return err
			}
			text, err := json.MarshalIndent(s, "", "  ")
			if err != nil {
				return err
			}
			if args[0] == "-" {
				_, err := fmt.Fprintf(a.out, "%s\n", text)
				return err
			}
			if err := os.WriteFile(args[0], append(text, '\n'), 0o600); err != nil {
				return fmt.Errorf("the setup cannot be kept: %w", err)
			}
			if a.json {
				return writeJSON(a.out, s)
			}
			a.say("Settings and %s are in %s.", count(len(s.Mirrors), "mirror"), clean(args[0]))
			return nil
		}),
	}
	take := &cobra.Command{
		Use: "import FILE", Short: "Take settings and mirrors over", Long: importHelp, Args: oneArg("a file"),
		Example: "  twinday setup import twinday.json --dry-run",
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			text, err := readSmall(args[0])
			if err != nil {
				return err
			}
			req := control.TakeSetup{DryRun: dry}
			if err := json.Unmarshal([]byte(text), &req.Setup); err != nil {
				return usage("%s is no setup of Twinday: %v", args[0], err)
			}
			t, err := b.TakeSetup(ctx, req)
			if err != nil {
				return err
			}
			return a.showTaken(t, dry)
		}),
	}
	take.Flags().BoolVar(&dry, "dry-run", false, "only say what would come of it")
	return family(&cobra.Command{Use: "setup", Short: "Keep settings and mirrors in a file, or take them over"}, export, take)
}

// showTaken says what became of a setup.
func (a *app) showTaken(t control.TakenOver, dry bool) error {
	if a.json {
		return writeJSON(a.out, t)
	}
	verb := "There is now"
	if dry {
		verb = "There would be"
	}
	for _, m := range t.Mirrors {
		a.say("+ %s the mirror “%s”.", verb, clean(m.Name))
	}
	for _, m := range t.Left {
		a.say("! Not “%s”: %s.", clean(m.Name), clean(m.Why))
	}
	for _, x := range t.Connect {
		a.say("  'twinday account add %s' connects %s.", x.Provider, clean(x.Email))
	}
	if len(t.Mirrors)+len(t.Left) == 0 {
		a.say("There is no mirror in it.")
	}
	return nil
}

func (a *app) diagnosticsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diagnostics", Short: "Print a report for people who help", Long: diagnosticsHelp, Args: noArgs,
		Example: "  twinday diagnostics > report.txt",
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			d, err := b.Diagnostics(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, d)
			}
			_, err = fmt.Fprint(a.out, d.Text)
			return err
		}),
	}
}
