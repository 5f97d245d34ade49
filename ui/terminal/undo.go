package terminal

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
)

func undoHelp() string {
	return assets.Text(`Take back one change, or all that a pass changed.

An updated event gets back what it was before, in all of its calendars; an edit that
lost or was taken back is put in after all; a deleted event is made again, without
guests if it had some; a copy that was made goes, and is not made again, while its
event stays. What was changed since is left, unless --force says otherwise.

What the undo would do is shown first, and a person at a terminal is asked; a script
says --yes. It is a change like others: a meeting with guests waits for your decision,
and an undo can itself be undone. 'twinday history' shows the numbers of entries,
'twinday history show ID' one of them and its pass.`)
}

func (a *app) undoCommand() *cobra.Command {
	var req control.UndoRequest
	var yes bool
	c := &cobra.Command{
		Use: "undo ID", Short: assets.Text("Take a change back, or a whole pass"), Long: undoHelp(),
		Example: "  twinday undo 12 --dry-run\n  twinday undo 12\n  twinday undo --pass 7 --yes",
		Args: func(cmd *cobra.Command, args []string) (err error) {
			if err := notBoth(cmd, "dry-run", "yes"); err != nil {
				return err
			}
			if cmd.Flags().Changed("pass") {
				if len(args) > 0 || req.Pass == 0 {
					return usage(assets.Text("say an entry's number, or --pass and the number of a pass"))
				}
				return nil
			}
			if err := oneArg(assets.Text("an entry's number as 'twinday history' shows it (or --pass N)"))(cmd, args); err != nil {
				return err
			}
			req.Entry, err = entryNumber(args[0])
			return err
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error { return a.undo(ctx, b, req, yes) }),
	}
	f := c.Flags()
	f.Uint64Var(&req.Pass, "pass", 0, assets.Text("undo all that this pass changed, by its `number`"))
	f.BoolVar(&req.Force, "force", false, assets.Text("undo also what was changed since"))
	f.BoolVar(&req.DryRun, "dry-run", false, assets.Text("show what would be done, and do nothing"))
	f.BoolVarP(&yes, "yes", "y", false, assets.Text("do not ask"))
	return c
}

// undo shows what an undo would do, asks, and has it done.
func (a *app) undo(ctx context.Context, b control.Backend, req control.UndoRequest, yes bool) error {
	n := namesOf(ctx, b)
	look := req
	look.DryRun = true
	plan, err := b.Undo(ctx, look)
	if err != nil {
		return err
	}
	seen := control.Change{Plan: plan.Report}.Agreed()
	waits := waiting(plan.Report, seen)
	if !a.json {
		a.undoPlan(plan, seen, n)
	}
	switch {
	case req.DryRun && a.json:
		return after(waits, a.undoJSON(plan))
	case req.DryRun:
		a.say(assets.Text("Nothing was changed."))
		return after(waits, nil)
	case len(plan.Undone) == 0 && a.json:
		return a.undoJSON(plan)
	case len(plan.Undone) == 0:
		return nil
	case !yes:
		if !a.Interactive || a.json {
			return usage(assets.Text("nothing was undone: say --yes to undo it, or --dry-run to look only"))
		}
		if ok, err := a.confirm(assets.Text("Undo it?")); err != nil || !ok {
			if err == nil {
				a.say(assets.Text("Nothing was changed."))
			}
			return err
		}
	}
	req.Seen = seen
	out, err := b.Undo(ctx, req)
	if err != nil {
		return err
	}
	if a.json {
		return a.verdict(out.Report, a.undoJSON(out))
	}
	a.problems(out.Report.Problems, n)
	if line := reportLine(out.Report); line != "" {
		a.say(line)
	}
	if out.Report.Writes() > 0 {
		a.say(assets.Text("'twinday undo --pass {{.Pass}}' takes that back.", "Pass", out.Report.Pass))
	}
	return a.verdict(out.Report, nil)
}

func (a *app) undoJSON(r control.UndoReport) error {
	r.Report.Steps, r.Undone, r.Left = list(r.Report.Steps), list(r.Undone), list(r.Left)
	return writeJSON(a.out, r)
}

// undoPlan prints what an undo would do.
func (a *app) undoPlan(r control.UndoReport, seen []string, n names) {
	a.plan(MirrorEdit{Plan: r.Report}, seen, planLine(r.Report, seen, false), n)
	for _, u := range r.Undone {
		if u.Says != "" {
			a.say("  " + assets.Text("entry {{.ID}}, “{{.Title}}”: {{.Why}}", "ID", u.Entry, "Title", clean(u.Title), "Why", say.Sentence(clean(assets.Said(u.Says)))))
		}
	}
	for _, u := range r.Left {
		a.say("  " + assets.Text("entry {{.ID}}, “{{.Title}}”, is left: {{.Why}}", "ID", u.Entry, "Title", clean(u.Title), "Why", say.Sentence(clean(assets.Said(u.Says)))))
	}
	if len(r.Undone) == 0 {
		a.say(assets.Text("Nothing of it can be undone."))
	}
}
