package terminal

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

func (a *app) mirrorCommand() *cobra.Command {
	return family(&cobra.Command{Use: "mirror", Short: assets.Text("Choose which calendars are kept alike, and what copies show")},
		a.mirrorAdd(), a.mirrorList(), a.mirrorShow(), a.mirrorEdit(), a.mirrorPreview(), a.mirrorTakeOver(), a.mirrorRemove())
}

func mirrorAddHelp() string {
	return assets.Text(`Keep two or more calendars alike. A member is written ACCOUNT/CALENDAR, the
account by its id or mail address, the calendar by its id, its name, or as
"primary". ':send' after it says that nothing is ever written there, ':receive'
that nothing born there goes out.

What copies show is said with --detail and --set, as in 'twinday mirror edit';
--from and --to say where that holds.

A running Twinday begins at once; --dry-run shows what it would do before.`)
}

func (a *app) mirrorAdd() *cobra.Command {
	var members []string
	var e mirrorEdit
	c := &cobra.Command{
		Use: "add --member " + assets.Text("ACCOUNT/CALENDAR") + " --member " + assets.Text("ACCOUNT/CALENDAR"), Short: assets.Text("Keep calendars alike"),
		Long:    mirrorAddHelp(),
		Example: "  twinday mirror add --member home/primary --member work/Calendar --name Us --dry-run\n  twinday mirror add --member home/primary --member work/Calendar --name Us\n  twinday mirror add --member work/Calendar:send --member home/Busy:receive --detail busy-only\n  twinday mirror add --member home/primary --member work/Calendar --to work/Calendar --set 'title.prefix=[Home] '",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := noArgs(cmd, args); err != nil {
				return err
			}
			if len(members) < 2 {
				return usage(assets.Text("a mirror needs at least two calendars: --member ACCOUNT/CALENDAR --member ACCOUNT/CALENDAR"))
			}
			if err := e.readSets(); err != nil {
				return err
			}
			if len(e.set) == 0 && (e.from != "" || e.to != "") {
				return usage(assets.Text("--from and --to say where a setting holds: say which, with --detail or --set"))
			}
			return nil
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			var m state.Mirror
			find := memberFinder{b, map[state.AccountID][]state.Calendar{}}
			for _, word := range members {
				x, err := find.member(ctx, word)
				if err != nil {
					return err
				}
				m.Members = append(m.Members, x)
			}
			names := namesOf(ctx, b)
			m, _, err := e.changed(ctx, b, m, nil, names)
			if err != nil {
				return err
			}
			if e.dryRun {
				return a.planNew(ctx, b, m, names)
			}
			if m, err = b.AddMirror(ctx, control.NewMirror{Name: m.Name, Members: m.Members, Mappings: m.Mappings}); err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, m)
			}
			a.say(assets.Text("Mirror {{.ID}} ({{.Name}}) keeps these alike from the next pass on:", "ID", m.ID, "Name", clean(m.Name)))
			for _, x := range m.Members {
				a.say("  " + clean(memberLabel(names, x)))
			}
			a.sayLimits(ctx, b, m.Members)
			a.say(assets.Text("'twinday sync' makes one now; a running Twinday does so by itself, and 'twinday history' shows what it did."))
			return nil
		}),
	}
	c.Flags().StringArrayVar(&members, "member", nil, assets.Text("a `calendar`: ACCOUNT/CALENDAR[:send|:receive]; at least two"))
	c.Flags().StringVar(&e.name, "name", "", assets.Text("how to call the mirror (default: from its calendars)"))
	c.Flags().BoolVar(&e.dryRun, "dry-run", false, assets.Text("show what the first pass would do, and make no mirror"))
	e.shows(c)
	must(c.RegisterFlagCompletionFunc("member", a.completeCalendars))
	must(c.RegisterFlagCompletionFunc("from", a.completeCalendars))
	must(c.RegisterFlagCompletionFunc("to", a.completeCalendars))
	return c
}

// planNew shows what the first pass of a mirror would do that is not there yet.
func (a *app) planNew(ctx context.Context, b control.Backend, m state.Mirror, n names) error {
	out := MirrorEdit{Mirror: m}
	var err error
	if out.Plan, err = b.PlanMirror(ctx, m); err != nil {
		return err
	}
	if a.json {
		return after(waiting(out.Plan, nil), writeJSON(a.out, out))
	}
	a.plan(out, nil, planLine(out.Plan, nil, false), n)
	a.sayLimits(ctx, b, m.Members)
	a.say(assets.Text("Nothing was changed."))
	return after(waiting(out.Plan, nil), nil)
}

func memberLabel(n names, m state.Member) string {
	s := n.of(m.Ref)
	switch m.Direction {
	case state.SendOnly:
		s += " (" + assets.Text("sends only") + ")"
	case state.TakeOnly:
		s += " (" + assets.Text("receives only") + ")"
	}
	if m.Off {
		s += " (" + assets.Text("off") + ")"
	}
	return s
}

func (a *app) mirrorList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: assets.Text("List the mirrors"), Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			all, err := b.Mirrors(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, list(all))
			}
			if len(all) == 0 {
				a.say(assets.Text("No mirror yet. 'twinday mirror add --member ACCOUNT/CALENDAR --member ACCOUNT/CALENDAR' makes one."))
				return nil
			}
			a.print(a.mirrorTable(all, namesOf(ctx, b)))
			return nil
		}),
	}
}

func (a *app) mirrorTable(all []control.MirrorState, n names) *table {
	t := newTable(assets.Text("MIRROR | NAME~ | EVENTS | PENDING | LAST SYNC | CALENDARS~ | STATE~"))
	for _, m := range all {
		var members []string
		for _, x := range m.Members {
			members = append(members, memberLabel(n, x))
		}
		condition := assets.Text("fine")
		switch {
		case m.Trouble != "":
			condition = assets.Said(m.Trouble)
		case m.Watching != nil:
			condition = watchingWords(m, a.Now())
		case m.Paused:
			condition = assets.Text("paused")
		}
		t.add(string(m.ID), m.Name, assets.Number(m.Events), assets.Number(m.Pending), assets.Ago(a.Now(), m.LastSync), strings.Join(members, ", "), condition)
	}
	return t
}

func (a *app) mirrorRemove() *cobra.Command {
	var copies string
	c := &cobra.Command{
		Use: "remove " + assets.Text("MIRROR"), Aliases: []string{"rm"}, Short: assets.Text("End a mirror"),
		Long: assets.Text(`End a mirror. Its copies stay as plain events (--copies keep), or are removed
(--copies remove). Without the flag a person at a terminal is asked; a script
keeps them.`),
		ValidArgsFunction: a.completeMirrors,
		Args:              oneArg(assets.Text("the mirror's id or name as 'twinday mirror list' shows it")),
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			m, err := findMirror(ctx, b, args[0])
			if err != nil {
				return err
			}
			if copies == "" {
				if copies, err = a.askCopies(assets.Count("Mirror {{.ID}} has {{.N}} events linked.", m.Events, "ID", m.ID)); err != nil {
					return err
				}
			}
			r, err := b.RemoveMirror(ctx, control.RemoveMirror{ID: m.ID, KeepCopies: copies == "keep"})
			if err != nil {
				return err
			}
			if a.json {
				return a.verdict(r, writeJSON(a.out, r))
			}
			if copies == "keep" {
				a.say(assets.Text("Mirror {{.ID}} is gone; its copies stay as plain events.", "ID", m.ID))
			} else {
				a.say(assets.Count("Mirror {{.ID}} is gone, and {{.N}} copies with it.", r.Deleted, "ID", m.ID))
			}
			a.problems(r.Problems, namesOf(ctx, b))
			return a.verdict(r, nil)
		}),
	}
	copiesFlag(c, &copies)
	return c
}

// askCopies asks what becomes of copies; whoever cannot answer keeps them, for that
// can be undone.
func (a *app) askCopies(of string) (string, error) {
	if !a.Interactive || a.json {
		return "keep", nil
	}
	answers := bufio.NewScanner(a.in)
	keep, remove := assets.Text("keep"), assets.Text("remove")
	for range 3 {
		answer, ok := a.prompt(answers, of+" "+assets.Text("Keep its copies as plain events, or remove them?"), keep, remove)
		switch {
		case !ok:
		case means(answer, keep, "keep"):
			return "keep", nil
		case means(answer, remove, "remove"):
			return "remove", nil
		default:
			continue
		}
		break
	}
	return "", usage(assets.Text("nothing was done: say --copies keep or --copies remove"))
}

// copiesFlag adds --copies, and checks it.
func copiesFlag(c *cobra.Command, copies *string) {
	args := c.Args
	c.Args = func(cmd *cobra.Command, list []string) error {
		if *copies != "" && *copies != "keep" && *copies != "remove" {
			return usage(assets.Text("--copies is keep or remove, not “{{.Word}}”", "Word", *copies))
		}
		return args(cmd, list)
	}
	c.Flags().StringVar(copies, "copies", "", assets.Text("keep or remove the copies it made"))
	must(c.RegisterFlagCompletionFunc("copies", cobra.FixedCompletions([]string{"keep", "remove"}, cobra.ShellCompDirectiveNoFileComp)))
}
