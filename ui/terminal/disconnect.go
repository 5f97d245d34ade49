package terminal

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
)

func (a *app) accountRemove() *cobra.Command {
	var copies string
	c := &cobra.Command{
		Use: "remove ACCOUNT", Aliases: []string{"rm"}, Short: "Sign out of an account and forget it",
		Long: "Sign out of an account and forget it. It leaves its mirrors. The copies in it and\n" +
			"those of its events elsewhere stay as plain events (--copies keep), or are removed\n" +
			"(--copies remove). Without the flag a person at a terminal is asked; a script keeps\n" +
			"them. Google takes the permission back, for all computers on which you use Twinday\n" +
			"with the account; Microsoft has no way for an app to, and you are told where you can.",
		Args:              oneArg("the account as 'twinday account list' shows it"),
		ValidArgsFunction: a.completeAccounts,
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			x, err := findAccount(ctx, b, args[0])
			if err != nil {
				return err
			}
			if copies == "" {
				if copies, err = a.askCopiesOf(ctx, b, x); err != nil {
					return err
				}
			}
			d, err := b.RemoveAccount(ctx, control.RemoveAccount{ID: x.ID, RemoveCopies: copies == "remove"})
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, d)
			}
			a.say("Signed out of %s and forgot it.", accountLabel(x.Account))
			if copies == "remove" {
				a.say("%s went with it.", countCopies(d.Report.Deleted))
			}
			if d.Left > 0 {
				a.say("%s in it could not be removed, because it was signed out.", countCopies(d.Left))
			}
			if d.Words != "" {
				a.say("%s.", d.Words)
			}
			return nil
		}),
	}
	copiesFlag(c, &copies)
	return c
}

// askCopiesOf asks what becomes of an account's copies, if it takes part in a mirror.
func (a *app) askCopiesOf(ctx context.Context, b control.Backend, x control.AccountState) (string, error) {
	all, err := b.Mirrors(ctx)
	if err != nil {
		return "", err
	}
	n := 0
	for _, m := range all {
		for _, member := range m.Members {
			if member.Ref.Account == x.ID {
				n++
				break
			}
		}
	}
	if n == 0 {
		return "keep", nil
	}
	return a.askCopies(fmt.Sprintf("%s takes part in %s", accountLabel(x.Account), count(n, "mirror")))
}
