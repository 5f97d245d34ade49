package terminal

import (
	"context"
	"time"

	"github.com/spf13/cobra"
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

const restoreHelp = `Put a backup in the place of the store, in which Twinday keeps what it knows: when
it is damaged, or to go back behind a mistake. Twinday makes a backup every day, in
the folder 'backups' of the data folder. The newest one is taken, or that of a day
or file that is named. What is there now is kept beside it.

Quit Twinday first. The sync after it reads all calendars anew and compares them;
calendars are changed by no more than what it finds to differ.`

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore [DAY|FILE]", Short: "Put a backup of what Twinday knows back", Long: restoreHelp,
		Example: "  twinday quit\n  twinday restore\n  twinday restore 2026-03-14",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("'%s' takes one day or file, got %q too", cmd.CommandPath(), args[1])
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
				a.say("! %s is not whole, and was passed over.", clean(p))
			}
			a.say("The backup of %s is back in its place.", n.Made.In(a.Now().Location()).Format("2 January 2006 15:04"))
			if n.Kept != "" {
				a.say("What was there before is kept as %s.", clean(n.Kept))
			}
			a.say("The next sync reads all calendars anew: 'twinday sync --dry-run' shows what it would do.")
			return nil
		}),
	}
}
