package terminal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func (a *app) calendarCommand() *cobra.Command {
	return family(&cobra.Command{Use: "calendar", Short: "List the calendars of the accounts, and make new ones"}, a.calendarList(), a.calendarAdd())
}

func (a *app) calendarList() *cobra.Command {
	var account string
	var fresh bool
	ls := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the calendars of the accounts", Args: noArgs,
		Long: "List the calendars of the accounts, with what each can be used for. Names, rights\n" +
			"and the like are asked for once a day, and now with --fresh (or --refresh).",
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			var id state.AccountID
			if account != "" {
				x, err := findAccount(ctx, b, account)
				if err != nil {
					return err
				}
				id = x.ID
			}
			cals, err := b.Calendars(ctx, id, fresh)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, list(cals))
			}
			if len(cals) == 0 {
				a.say("No calendars. 'twinday account add google' or 'twinday account add outlook' signs in to an account.")
				return nil
			}
			t := newTable("CALENDAR", "NAME~", "WHAT~")
			for _, c := range cals {
				t.add(c.Ref.String(), c.Name, calendarTraits(c))
			}
			a.print(t)
			return nil
		}),
	}
	ls.Flags().StringVar(&account, "account", "", "of this account only")
	ls.Flags().BoolVar(&fresh, "fresh", false, "ask the providers again")
	ls.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.Replace(name, "refresh", "fresh", 1))
	})
	must(ls.RegisterFlagCompletionFunc("account", a.completeAccounts))
	return ls
}

// calendarTraits say what a calendar is to its account, and can be used for.
func calendarTraits(c state.Calendar) string {
	var s []string
	if c.Primary {
		s = append(s, "primary")
	}
	switch {
	case c.Shared && c.Owner != "":
		s = append(s, "shared by "+c.Owner)
	case c.Shared && c.Writable:
		s = append(s, "shared")
	}
	switch {
	case c.Missing:
		s = append(s, "not there any more")
	case !c.Details:
		s = append(s, "free/busy only")
	default:
		if !c.Writable {
			s = append(s, "read-only")
		}
		if c.Role.HidesPrivate() {
			s = append(s, "private events without details")
		}
	}
	if c.Hidden {
		s = append(s, "hidden in its own app")
	}
	return strings.Join(s, ", ")
}

// sayLimits tells of members that a mirror cannot keep wholly alike.
func (a *app) sayLimits(ctx context.Context, b control.Backend, members []state.Member) {
	cals, err := b.Calendars(ctx, "", false)
	if err != nil {
		return // the mirror is made all the same
	}
	for _, x := range members {
		at := slices.IndexFunc(cals, func(c state.Calendar) bool { return c.Ref == x.Ref })
		if at < 0 || !cals[at].Role.HidesPrivate() {
			continue
		}
		s := "Private events of “" + clean(cals[at].Name) + "” show you no details: they cross without."
		if x.Direction != state.SendOnly {
			s += " Copies that would be private do not go there."
		}
		a.say("%s", s)
	}
}

const calendarAddHelp = `Make a calendar in an account, for copies say. At Google this takes a permission
that is ticked at the sign-in ('twinday account add google --copies-calendar'); at
Microsoft it takes none.`

func (a *app) calendarAdd() *cobra.Command {
	var req control.NewCalendar
	c := &cobra.Command{
		Use: "add ACCOUNT NAME", Short: "Make a calendar in an account", Long: calendarAddHelp,
		Example:           "  twinday calendar add home 'Copies of work'",
		ValidArgsFunction: a.completeAccounts,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || strings.TrimSpace(args[1]) == "" {
				return usage("'%s' takes an account, and the new calendar's name: put one of several words in quotes", cmd.CommandPath())
			}
			return nil
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			x, err := findAccount(ctx, b, args[0])
			if err != nil {
				return err
			}
			req.Account, req.Name = x.ID, args[1]
			made, err := b.MakeCalendar(ctx, req)
			if e, ok := errors.AsType[*control.Error](err); ok && e.Condition == control.LacksScope && !a.json {
				flags := ""
				for _, f := range extraFlags { // what was ticked before stays so
					if f.extra == calendar.CopiesCalendar || x.Access.Has(f.extra) {
						flags += " --" + f.flag
					}
				}
				return &control.Error{Code: e.Code, Message: fmt.Sprintf("%s. 'twinday account add %s --id %s%s' signs in again and asks for it", strings.TrimRight(e.Message, "."), x.Provider, x.ID, flags)}
			}
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, made)
			}
			a.say("Made %s (%s).", made.Ref, clean(made.Name))
			return nil
		}),
	}
	c.Flags().StringVar(&req.Zone, "zone", "", "its time `zone`, such as Europe/Vienna (google; default: the account's)")
	return c
}
