package terminal

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// providerNames are the providers as people write them.
var providerNames = map[state.ProviderKind]string{state.Google: "Google", state.Outlook: "Outlook", state.CalDAV: "CalDAV", state.ICS: "ICS feed"}

func providerName(k state.ProviderKind) string {
	if n, ok := providerNames[k]; ok {
		return n
	}
	return string(k)
}

func (a *app) mirrorCommand() *cobra.Command {
	return family(&cobra.Command{Use: "mirror", Short: "Choose which calendars are kept alike, and what copies show"},
		a.mirrorAdd(), a.mirrorList(), a.mirrorShow(), a.mirrorEdit(), a.mirrorPreview(), a.mirrorTakeOver(), a.mirrorRemove())
}

const mirrorAddHelp = `Keep two or more calendars alike. A member is written ACCOUNT/CALENDAR, the
account by its id or mail address, the calendar by its id, its name, or as
"primary". ':send' after it says that nothing is ever written there, ':receive'
that nothing born there goes out.`

func (a *app) mirrorAdd() *cobra.Command {
	var members []string
	var name string
	c := &cobra.Command{
		Use: "add --member ACCOUNT/CALENDAR --member ACCOUNT/CALENDAR", Short: "Keep calendars alike",
		Long:    mirrorAddHelp,
		Example: "  twinday mirror add --member home/primary --member work/Calendar --name Us\n  twinday mirror add --member work/Calendar:send --member home/Busy:receive",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := noArgs(cmd, args); err != nil {
				return err
			}
			if len(members) < 2 {
				return usage("a mirror needs at least two calendars: --member ACCOUNT/CALENDAR --member ACCOUNT/CALENDAR")
			}
			return nil
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			req := control.NewMirror{Name: name}
			find := memberFinder{b, map[state.AccountID][]state.Calendar{}}
			for _, word := range members {
				m, err := find.member(ctx, word)
				if err != nil {
					return err
				}
				req.Members = append(req.Members, m)
			}
			m, err := b.AddMirror(ctx, req)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, m)
			}
			a.say("Mirror %s (%s) keeps these alike from the next pass on:", m.ID, clean(m.Name))
			names := namesOf(ctx, b)
			for _, x := range m.Members {
				a.say("  %s", clean(memberLabel(names, x)))
			}
			a.sayLimits(ctx, b, m.Members)
			a.say("'twinday sync --dry-run' shows what that will do, 'twinday sync' does it.")
			return nil
		}),
	}
	c.Flags().StringArrayVar(&members, "member", nil, "a `calendar`: ACCOUNT/CALENDAR[:send|:receive]; at least two")
	c.Flags().StringVar(&name, "name", "", "how to call the mirror (default: from its calendars)")
	must(c.RegisterFlagCompletionFunc("member", a.completeCalendars))
	return c
}

func memberLabel(n names, m state.Member) string {
	s := n.of(m.Ref)
	switch m.Direction {
	case state.SendOnly:
		s += " (sends only)"
	case state.TakeOnly:
		s += " (receives only)"
	}
	if m.Off {
		s += " (off)"
	}
	return s
}

func (a *app) mirrorList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the mirrors", Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			all, err := b.Mirrors(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, list(all))
			}
			if len(all) == 0 {
				a.say("No mirror yet. 'twinday mirror add --member ACCOUNT/CALENDAR --member ACCOUNT/CALENDAR' makes one.")
				return nil
			}
			a.print(a.mirrorTable(all, namesOf(ctx, b)))
			return nil
		}),
	}
}

func (a *app) mirrorTable(all []control.MirrorState, n names) *table {
	t := newTable("MIRROR", "NAME~", "EVENTS", "PENDING", "LAST SYNC", "CALENDARS~", "STATE~")
	for _, m := range all {
		var members []string
		for _, x := range m.Members {
			members = append(members, memberLabel(n, x))
		}
		condition := "fine"
		switch {
		case m.Trouble != "":
			condition = m.Trouble
		case m.Watching != nil:
			condition = watchingWords(m, a.Now())
		case m.Paused:
			condition = "paused"
		}
		last := ago(m.LastSync, a.Now())
		if last == "" {
			last = "never"
		}
		t.add(string(m.ID), m.Name, fmt.Sprint(m.Events), fmt.Sprint(m.Pending), last, strings.Join(members, ", "), condition)
	}
	return t
}

func (a *app) mirrorRemove() *cobra.Command {
	var copies string
	c := &cobra.Command{
		Use: "remove MIRROR", Aliases: []string{"rm"}, Short: "End a mirror",
		Long: "End a mirror. Its copies stay as plain events (--copies keep), or are removed\n" +
			"(--copies remove). Without the flag a person at a terminal is asked; a script\n" +
			"keeps them.",
		ValidArgsFunction: a.completeMirrors,
		Args:              oneArg("the mirror's id or name as 'twinday mirror list' shows it"),
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			m, err := findMirror(ctx, b, args[0])
			if err != nil {
				return err
			}
			if copies == "" {
				if copies, err = a.askCopies(fmt.Sprintf("Mirror %s has %s linked", m.ID, count(m.Events, "event"))); err != nil {
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
				a.say("Mirror %s is gone; its copies stay as plain events.", m.ID)
			} else {
				a.say("Mirror %s is gone, and %s with it.", m.ID, countCopies(r.Deleted))
			}
			a.problems(r.Problems, namesOf(ctx, b))
			return a.verdict(r, nil)
		}),
	}
	copiesFlag(c, &copies)
	return c
}

func countCopies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}

// askCopies asks what becomes of copies; whoever cannot answer keeps them, for that
// can be undone.
func (a *app) askCopies(of string) (string, error) {
	if !a.Interactive || a.json {
		return "keep", nil
	}
	answers := bufio.NewScanner(a.in)
	for range 3 {
		fmt.Fprintf(a.out, "%s. Keep its copies as plain events, or remove them? [keep/remove] ", of)
		if !answers.Scan() {
			fmt.Fprintln(a.out)
			break
		}
		switch s := strings.ToLower(strings.TrimSpace(answers.Text())); s {
		case "keep", "k":
			return "keep", nil
		case "remove", "r":
			return "remove", nil
		}
	}
	return "", usage("nothing was done: say --copies keep or --copies remove")
}

// copiesFlag adds --copies, and checks it.
func copiesFlag(c *cobra.Command, copies *string) {
	args := c.Args
	c.Args = func(cmd *cobra.Command, list []string) error {
		if *copies != "" && *copies != "keep" && *copies != "remove" {
			return usage("--copies is keep or remove, not %q", *copies)
		}
		return args(cmd, list)
	}
	c.Flags().StringVar(copies, "copies", "", "keep or remove the copies it made")
	must(c.RegisterFlagCompletionFunc("copies", cobra.FixedCompletions([]string{"keep", "remove"}, cobra.ShellCompDirectiveNoFileComp)))
}
