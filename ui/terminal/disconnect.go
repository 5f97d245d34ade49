package terminal

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
)

func (a *app) accountRemove() *cobra.Command {
	var copies string
	c := &cobra.Command{
		Use: "remove " + assets.Text("ACCOUNT"), Aliases: []string{"rm"}, Short: assets.Text("Sign out of an account and forget it"),
		Long: assets.Text(`Sign out of an account and forget it. It leaves its mirrors. The copies in it and
those of its events elsewhere stay as plain events (--copies keep), or are removed
(--copies remove). Without the flag a person at a terminal is asked; a script keeps
them. Google takes the permission back, for all computers on which you use Twinday
with the account; Microsoft has no way for an app to, and you are told where you can.`),
		Args:              oneArg(assets.Text("the account as 'twinday account list' shows it")),
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
			a.say(assets.Text("Signed out of {{.Account}}, and forgot it.", "Account", accountLabel(x.Account)))
			if copies == "remove" {
				a.say(assets.Count("{{.N}} copies were removed.", d.Report.Deleted))
			}
			if d.Left > 0 {
				a.say(assets.Count("{{.N}} copies in it could not be removed, because it was signed out.", d.Left))
			}
			if d.Words != "" {
				a.say(say.Sentence(assets.Said(d.Words)))
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
	return a.askCopies(assets.Count("{{.Account}} takes part in {{.N}} mirrors.", n, "Account", accountLabel(x.Account)))
}
