package terminal

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

func (a *app) calendarCommand() *cobra.Command {
	return family(&cobra.Command{Use: "calendar", Short: assets.Text("List the calendars of the accounts, and make new ones")}, a.calendarList(), a.calendarAdd())
}

func (a *app) calendarList() *cobra.Command {
	var account string
	var fresh bool
	ls := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: assets.Text("List the calendars of the accounts"), Args: noArgs,
		Long: assets.Text(`List the calendars of the accounts, with what each can be used for. Names, rights
and the like are asked for once a day, and now with --fresh (or --refresh).`),
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
				a.say(assets.Text("No calendars. 'twinday account add google' or 'twinday account add outlook' signs in to an account."))
				return nil
			}
			t := newTable(assets.Text("CALENDAR | NAME~ | WHAT~"))
			for _, c := range cals {
				t.add(c.Ref.String(), c.Name, calendarTraits(c))
			}
			a.print(t)
			return nil
		}),
	}
	ls.Flags().StringVar(&account, "account", "", assets.Text("of this account only"))
	ls.Flags().BoolVar(&fresh, "fresh", false, assets.Text("ask the providers again"))
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
		s = append(s, assets.Text("main calendar"))
	}
	switch {
	case c.Shared && c.Owner != "":
		s = append(s, assets.Text("shared by {{.Owner}}", "Owner", c.Owner))
	case c.Shared && c.Writable:
		s = append(s, assets.Text("shared"))
	}
	switch {
	case c.Missing:
		s = append(s, assets.Text("gone"))
	case !c.Details:
		s = append(s, assets.Text("free/busy only"))
	default:
		if !c.Writable {
			s = append(s, assets.Text("read-only"))
		}
		if c.Role.HidesPrivate() {
			s = append(s, assets.Text("hides private events"))
		}
	}
	if c.Hidden {
		s = append(s, assets.Text("hidden in its own app"))
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
		s := assets.Text("Private events of “{{.Calendar}}” show you no details: they cross without.", "Calendar", clean(cals[at].Name))
		if x.Direction != state.SendOnly {
			s += " " + assets.Text("Copies that would be private do not go there.")
		}
		a.say(s)
	}
}

func calendarAddHelp() string {
	return assets.Text(`Make a calendar in an account, for copies say. At Google this takes a permission
that is ticked at the sign-in ('twinday account add google --copies-calendar'); at
Microsoft it takes none.`)
}

func (a *app) calendarAdd() *cobra.Command {
	var req control.NewCalendar
	c := &cobra.Command{
		Use: "add " + assets.Text("ACCOUNT NAME"), Short: assets.Text("Make a calendar in an account"), Long: calendarAddHelp(),
		Example:           "  twinday calendar add home 'Copies of work'",
		ValidArgsFunction: a.completeAccounts,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || strings.TrimSpace(args[1]) == "" {
				return usage(assets.Text("'{{.Command}}' takes an account, and the new calendar's name: put one of several words in quotes", "Command", cmd.CommandPath()))
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
				return &control.Error{Code: e.Code, Message: say.Stopped(assets.Said(e.Message)) + " " +
					assets.Text("'{{.Command}}' signs in again and asks for it", "Command", "twinday account add "+string(x.Provider)+" --id "+string(x.ID)+flags)}
			}
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, made)
			}
			a.say(assets.Text("Made {{.Calendar}} ({{.Name}}).", "Calendar", made.Ref, "Name", clean(made.Name)))
			return nil
		}),
	}
	c.Flags().StringVar(&req.Zone, "zone", "", assets.Text("its time `zone`, such as Europe/Vienna (google; default: the account's)"))
	return c
}
