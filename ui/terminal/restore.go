package terminal

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
)

// RestoreOptions says which backup is put back where.
type RestoreOptions struct {
	DataDir string
	From    string // a file, or the day of a backup; empty: the newest one
}

// RestoreNote is what `twinday restore` did.
type RestoreNote struct {
	From   string    `json:"from"`             // the backup's file
	Made   time.Time `json:"made"`             // when the backup was made
	Kept   string    `json:"kept,omitempty"`   // where the file is that was there before
	Passed []string  `json:"passed,omitempty"` // newer backups that are not whole
}

func restoreHelp() string {
	return assets.Text(`Put a backup in the place of the store, in which Twinday keeps what it knows: when
it is damaged, or to go back behind a mistake. Twinday makes a backup every day, in
the folder 'backups' of the data folder. The newest one is taken, or that of a day
or file that is named. What is there now is kept beside it.

Quit Twinday first. The sync after it reads all calendars anew and compares them;
calendars are changed by no more than what it finds to differ.`)
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore [" + assets.Text("DAY|FILE") + "]", Short: assets.Text("Put a backup of what Twinday knows back"), Long: restoreHelp(),
		Example: "  twinday quit\n  twinday restore\n  twinday restore 2026-03-14",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(assets.Text("'{{.Command}}' takes one day or file, got “{{.Word}}” too", "Command", cmd.CommandPath(), "Word", args[1]))
			}
			return nil
		},
		RunE: a.run(func(ctx context.Context, args []string) error {
			o := RestoreOptions{DataDir: a.dataDir}
			if len(args) > 0 {
				o.From = args[0]
			}
			n, err := a.Restore(ctx, o)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, n)
			}
			for _, p := range n.Passed {
				a.say("! " + assets.Text("{{.File}} is not whole, and was passed over.", "File", clean(p)))
			}
			a.say(assets.Text("The backup of {{.When}} is back in its place.", "When", assets.When(n.Made.In(a.Now().Location()))))
			if n.Kept != "" {
				a.say(assets.Text("What was there before is kept as {{.File}}.", "File", clean(n.Kept)))
			}
			a.say(assets.Text("The next sync reads all calendars anew: 'twinday sync --dry-run' shows what it would do."))
			return nil
		}),
	}
}
