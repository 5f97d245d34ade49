package terminal

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// providerNames are the providers as people write them.
var providerNames = map[state.ProviderKind]string{state.Google: "Google", state.Outlook: "Outlook"}

func providerName(k state.ProviderKind) string {
	if n, ok := providerNames[k]; ok {
		return n
	}
	return string(k)
}

func (a *app) accountCommand() *cobra.Command {
	return family(&cobra.Command{Use: "account", Short: "Sign in to accounts, list them, forget them"},
		a.accountAdd(), a.accountList(), a.accountRemove())
}

const accountAddHelp = `Sign in to a Google or Outlook account. The address to open in a browser is
printed; Twinday waits until the person is through there and finishes by itself.
Signing in to an account that is known already mends one that was signed out.

Twinday asks for the least that it needs: to see the list of your calendars, and to
see and change their events. What needs more is yours to tick:
  --copies-calendar    make a calendar of its own for copies (google)
  --shared             see and change calendars that others share with you (outlook)
  --mailbox-settings   see the mailbox's zone and its categories' colours (outlook)
and with --read-only nothing can be changed: the account only sends.

On a machine without a browser, --device prints a code to type on any other one
(outlook). Google has no such way in: open the printed address anywhere, and when
the browser ends on an address that it cannot open, give that to curl here.

The sign-in is kept in the system's keyring. Where none answers, --plain-secrets
agrees to keep it in a file that only you can read.

The other flags are for other places than the public ones (a national cloud, a
client of your own, a simulator).`

func (a *app) accountAdd() *cobra.Command {
	var req control.NewAccount
	var id string
	var noBrowser, readOnly bool
	ticked := map[calendar.Extra]*bool{}
	c := &cobra.Command{
		Use:       "add google|outlook",
		Short:     "Sign in to an account",
		Long:      accountAddHelp,
		Example:   "  twinday account add google\n  twinday account add outlook --id work",
		ValidArgs: []string{string(state.Google), string(state.Outlook)},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || providerNames[state.ProviderKind(args[0])] == "" {
				return usage("'%s' needs to know which provider: google or outlook", cmd.CommandPath())
			}
			return nil
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			req.Provider, req.ID = state.ProviderKind(args[0]), state.AccountID(id)
			access := calendar.Access{ReadOnly: readOnly}
			for _, x := range extraFlags {
				if *ticked[x.extra] {
					access.Extras = append(access.Extras, x.extra)
				}
			}
			if readOnly || len(access.Extras) > 0 {
				req.Access = &access
			}
			return a.signIn(ctx, b, req, !noBrowser)
		}),
	}
	f := c.Flags()
	f.StringVar(&id, "id", "", "how to call the account here (default: from its mail address)")
	f.StringVar(&req.Endpoint.BaseURL, "endpoint", "", "URL of the calendar service")
	f.StringVar(&req.Endpoint.AuthURL, "auth-url", "", "URL of the sign-in page")
	f.StringVar(&req.Endpoint.TokenURL, "token-url", "", "URL of the token service")
	f.StringVar(&req.Endpoint.ClientID, "client-id", "", "OAuth client to sign in as")
	f.StringVar(&req.Endpoint.ClientSecret, "client-secret", "", "its 'secret' (a desktop client's is none)")
	f.BoolVar(&req.PlainSecrets, "plain-secrets", false, "keep the sign-in in a file where no keyring answers")
	f.BoolVar(&noBrowser, "no-browser", false, "print the address only")
	f.BoolVar(&req.Device, "device", false, "sign in by a code that is typed on another machine")
	f.BoolVar(&readOnly, "read-only", false, "ask for no right to change anything")
	for _, x := range extraFlags {
		ticked[x.extra] = f.Bool(x.flag, false, x.help)
	}
	return c
}

// extraFlags tick permissions beyond the least.
var extraFlags = []struct {
	extra      calendar.Extra
	flag, help string
}{
	{calendar.CopiesCalendar, "copies-calendar", "also allow: make a calendar of its own for copies"},
	{calendar.SharedCalendars, "shared", "also allow: calendars that others share with you"},
	{calendar.MailboxSettings, "mailbox-settings", "also allow: the mailbox's zone and its categories' colours"},
}

// signIn goes through one sign-in, from the address to the account.
func (a *app) signIn(ctx context.Context, b control.Backend, req control.NewAccount, browse bool) error {
	s, err := b.BeginSignIn(ctx, req)
	if err != nil {
		return secretsWayOut(err)
	}
	if a.json {
		if err := writeJSON(a.out, s); err != nil {
			return err
		}
	} else if s.Code != "" {
		a.say("Open this address in a browser on any machine, and type the code %s there:\n\n  %s\n", s.Code, s.URL)
		a.say("Waiting for you to finish there; Ctrl-C cancels …")
	} else {
		a.say("Open this address in a browser to sign in to %s:\n\n  %s\n", providerName(req.Provider), s.URL)
		if browse && a.Terminal && a.OpenURL != nil && a.OpenURL(s.URL) == nil {
			a.say("(It was sent to your browser.)")
		}
		a.say("Waiting for you to finish there; Ctrl-C cancels …")
	}
	account, err := b.FinishSignIn(ctx, s.ID)
	if err != nil {
		if ctx.Err() != nil {
			// The engine may live on: it shall not wait for somebody who left.
			cancel, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer done()
			_ = b.CancelSignIn(cancel, s.ID)
		}
		return secretsWayOut(err)
	}
	if a.json {
		return writeJSON(a.out, account)
	}
	a.say("Signed in: %s. 'twinday calendar list --account %s' shows its calendars.", accountLabel(account), account.ID)
	return nil
}

// secretsWayOut names the flag that agrees to a file, where no keyring answers.
func secretsWayOut(err error) error {
	if e, ok := err.(*control.Error); ok && e.Code == control.CodeSecrets && !strings.Contains(e.Message, "--plain-secrets") {
		return &control.Error{Code: e.Code, Message: e.Message + " (--plain-secrets agrees to keep the sign-in in a file that only you can read)"}
	}
	return err
}

// accountLabel is the id, with the address where that says something else.
func accountLabel(x state.Account) string {
	if x.Email == "" || x.Email == string(x.ID) {
		return string(x.ID)
	}
	return fmt.Sprintf("%s (%s)", x.ID, x.Email)
}

func (a *app) accountList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the accounts", Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			all, err := b.Accounts(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, list(all))
			}
			if len(all) == 0 {
				a.say("No account yet. 'twinday account add google' or 'twinday account add outlook' signs in to one.")
				return nil
			}
			a.print(accountTable(all))
			return nil
		}),
	}
}

func accountTable(all []state.Account) *table {
	t := newTable("ACCOUNT", "PROVIDER", "ADDRESS~", "STATE~")
	for _, x := range all {
		condition := "signed in"
		switch {
		case x.SignedOut:
			condition = fmt.Sprintf("signed out: 'twinday account add %s --id %s' mends it", x.Provider, x.ID)
		case x.Trouble != "":
			condition = x.Trouble
		}
		t.add(string(x.ID), providerName(x.Provider), x.Email, condition)
	}
	return t
}

func (a *app) accountRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove ACCOUNT", Aliases: []string{"rm"}, Short: "Sign out of an account and forget it",
		Long: "Sign out of an account and forget it. It leaves its mirrors; the copies in it\n" +
			"and its copies elsewhere stay as plain events.",
		Args:              oneArg("the account as 'twinday account list' shows it"),
		ValidArgsFunction: a.completeAccounts,
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			x, err := findAccount(ctx, b, args[0])
			if err != nil {
				return err
			}
			if err := b.RemoveAccount(ctx, x.ID); err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, x)
			}
			a.say("Signed out of %s and forgot it.", accountLabel(x))
			return nil
		}),
	}
}

func (a *app) calendarCommand() *cobra.Command {
	var account string
	var fresh bool
	ls := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the calendars of the accounts", Args: noArgs,
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
	must(ls.RegisterFlagCompletionFunc("account", a.completeAccounts))
	return family(&cobra.Command{Use: "calendar", Short: "List the calendars of the accounts"}, ls)
}

func calendarTraits(c state.Calendar) string {
	var s []string
	if c.Primary {
		s = append(s, "primary")
	}
	switch {
	case c.Missing:
		s = append(s, "not there any more")
	case !c.Details:
		s = append(s, "free/busy only")
	case !c.Writable:
		s = append(s, "read-only")
	}
	return strings.Join(s, ", ")
}

func (a *app) mirrorCommand() *cobra.Command {
	return family(&cobra.Command{Use: "mirror", Short: "Choose which calendars are kept alike, and what copies show"},
		a.mirrorAdd(), a.mirrorList(), a.mirrorShow(), a.mirrorEdit(), a.mirrorPreview(), a.mirrorRemove())
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
		Args: func(cmd *cobra.Command, args []string) error {
			if copies != "" && copies != "keep" && copies != "remove" {
				return usage("--copies is keep or remove, not %q", copies)
			}
			return oneArg("the mirror's id or name as 'twinday mirror list' shows it")(cmd, args)
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			m, err := findMirror(ctx, b, args[0])
			if err != nil {
				return err
			}
			if copies == "" {
				if copies, err = a.askCopies(m); err != nil {
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
	c.Flags().StringVar(&copies, "copies", "", "keep or remove the copies it made")
	must(c.RegisterFlagCompletionFunc("copies", cobra.FixedCompletions([]string{"keep", "remove"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func countCopies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}

// askCopies asks what becomes of a leaving mirror's copies; whoever cannot
// answer keeps them, for that can be undone.
func (a *app) askCopies(m control.MirrorState) (string, error) {
	if !a.Interactive || a.json {
		return "keep", nil
	}
	answers := bufio.NewScanner(a.in)
	for range 3 {
		fmt.Fprintf(a.out, "Mirror %s has %s linked. Keep its copies as plain events, or remove them? [keep/remove] ", m.ID, count(m.Events, "event"))
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
