package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/files"
)

func exportHelp() string {
	return assets.Text(`Write settings and mirrors to a file, to keep them or to take them to another
computer: 'twinday setup import' takes them over there. There are no events in it and
nothing with which to sign in.`)
}

func importHelp() string {
	return assets.Text(`Take over what 'twinday setup export' wrote. Settings are replaced, mirrors added to
those that are there. A mirror waits for its accounts to be connected; once they are,
the same file can be taken over again. --dry-run says what would come of it.`)
}

func diagnosticsHelp() string {
	return assets.Text(`Print a report for people who help: versions, counts, kinds of failures, the end of the
log. Names, addresses, titles and ids are taken out of it; still, read it before you
send it.`)
}

func (a *app) setupCommand() *cobra.Command {
	var dry bool
	export := &cobra.Command{
		Use: "export " + assets.Text("FILE"), Short: assets.Text("Write settings and mirrors to a file"), Long: exportHelp(), Args: oneArg(assets.Text("a file, or - for standard output")),
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
			if err := files.WriteWhole(args[0], append(text, '\n')); err != nil {
				return errors.New(assets.Text("the setup cannot be kept: {{.Why}}", "Why", files.Trouble(err)))
			}
			if a.json {
				return writeJSON(a.out, s)
			}
			a.say(assets.Count("Settings and {{.N}} mirrors are in {{.File}}.", len(s.Mirrors), "File", clean(args[0])))
			return nil
		}),
	}
	take := &cobra.Command{
		Use: "import " + assets.Text("FILE"), Short: assets.Text("Take settings and mirrors over"), Long: importHelp(), Args: oneArg(assets.Text("a file")),
		Example: "  twinday setup import twinday.json --dry-run",
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			text, err := readSmall(args[0])
			if err != nil {
				return err
			}
			req := control.TakeSetup{DryRun: dry}
			if err := json.Unmarshal([]byte(text), &req.Setup); err != nil {
				return usage(assets.Text("{{.File}} is no setup of Twinday: {{.Why}}", "File", args[0], "Why", err))
			}
			t, err := b.TakeSetup(ctx, req)
			if err != nil {
				return err
			}
			return a.showTaken(t, dry)
		}),
	}
	take.Flags().BoolVar(&dry, "dry-run", false, assets.Text("only say what would come of it"))
	return family(&cobra.Command{Use: "setup", Short: assets.Text("Keep settings and mirrors in a file, or take them over")}, export, take)
}

// showTaken says what became of a setup.
func (a *app) showTaken(t control.TakenOver, dry bool) error {
	if a.json {
		return writeJSON(a.out, t)
	}
	for _, m := range t.Mirrors {
		says := assets.Text("There is now the mirror “{{.Name}}”.", "Name", clean(m.Name))
		if dry {
			says = assets.Text("There would be the mirror “{{.Name}}”.", "Name", clean(m.Name))
		}
		a.say("+ " + says)
	}
	for _, m := range t.Left {
		a.say("! " + assets.Text("Not “{{.Name}}”: {{.Why}}.", "Name", clean(m.Name), "Why", clean(assets.Said(m.Why))))
	}
	for _, x := range t.Connect {
		a.say("  " + assets.Text("'twinday account add {{.Provider}}' connects {{.Account}}.", "Provider", x.Provider, "Account", clean(x.Email)))
	}
	if len(t.Mirrors)+len(t.Left) == 0 {
		a.say(assets.Text("There is no mirror in it."))
	}
	return nil
}

func (a *app) diagnosticsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diagnostics", Short: assets.Text("Print a report for people who help"), Long: diagnosticsHelp(), Args: noArgs,
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
