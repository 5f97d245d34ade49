package terminal

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

func (a *app) accountCommand() *cobra.Command {
	return family(&cobra.Command{Use: "account", Short: assets.Text("Sign in to accounts, list them, forget them")},
		a.accountAdd(), a.accountList(), a.accountAskIT(), a.accountRemove())
}

func accountAddHelp() string {
	return assets.Text(`Connect an account. For Google and Outlook, the address to open in a browser is
printed; Twinday waits until the person is through there and finishes by itself.
Signing in to an account that is known already mends one that was signed out.

A calendar server that speaks CalDAV lets you in by a name and a password: --service
names one of the known ones (icloud, fastmail, nextcloud, mailbox.org, posteo, zoho,
radicale), or --url says where it is; --user is your name there. The password is asked
for, or read from standard input. Best is an app password, made for Twinday alone.

A calendar that somebody publishes (ics) is an address and no more: of the web, or a
file. It is only read. With --user, a password is asked for as well. The same --id with
another --url says where it has moved to.

Twinday asks for the least that it needs: to see the list of your calendars, and to
see and change their events. What needs more is yours to tick:
  --copies-calendar    make a calendar of its own for copies (google)
  --shared             see and change calendars that others share with you (outlook)
and with --read-only nothing can be changed: the account only sends.

On a machine without a browser, --device prints a code to type on any other one
(outlook). Google has no such way in: open the printed address anywhere, and when
the browser ends on an address that it cannot open, give that to curl here.

The sign-in is kept in the system's keyring. Where none answers, --passphrase asks
for one and keeps it in a file that opens to that alone ('twinday unlock'), or
--plain-secrets agrees to a file that only you can read, and your other programs.

A national cloud of Microsoft's (--cloud) is one name for both where its calendars
are and where its accounts sign in; it knows only apps that are registered there
(--client-id). The other flags are for other places still, such as a simulator.`)
}

func (a *app) accountAdd() *cobra.Command {
	var req control.NewAccount
	var id string
	var noBrowser, readOnly, sealed bool
	var login caldavLogin
	ticked := map[calendar.Extra]*bool{}
	c := &cobra.Command{
		Use:       "add google|outlook|caldav|ics",
		Short:     assets.Text("Sign in to an account"),
		Long:      accountAddHelp(),
		Example:   "  twinday account add google\n  twinday account add outlook --id work\n  twinday account add caldav --service icloud --user me@icloud.com\n  twinday account add caldav --url https://cloud.example.com/remote.php/dav --user me\n  twinday account add ics --url webcal://club.example/fixtures.ics\n  twinday account add ics --url ~/timetable.ics",
		ValidArgs: []string{string(state.Google), string(state.Outlook), string(state.CalDAV), string(state.ICS)},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(cmd.ValidArgs, args[0]) {
				return usage(assets.Text("'{{.Command}}' needs to know which provider: google, outlook, caldav or ics", "Command", cmd.CommandPath()))
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
			if sealed {
				var err error
				if req.Passphrase, err = a.passphraseTwice(); err != nil {
					return err
				}
			}
			if req.Provider == state.ICS {
				if err := a.feed(&req, login); err != nil {
					return err
				}
			} else if req.Provider == state.CalDAV || login != (caldavLogin{}) {
				if err := a.login(ctx, b, &req, login); err != nil {
					return err
				}
			}
			return a.signIn(ctx, b, req, !noBrowser)
		}),
	}
	f := c.Flags()
	f.StringVar(&id, "id", "", assets.Text("how to call the account here (default: from its mail address)"))
	f.StringVar(&login.url, "url", "", assets.Text("where the calendar server, or the published calendar, is (caldav, ics)"))
	f.StringVar(&login.user, "user", "", assets.Text("your name there (caldav, ics)"))
	f.StringVar(&login.service, "service", "", assets.Text("a known calendar server, by its name (caldav)"))
	f.BoolVar(&login.token, "bearer", false, assets.Text("what is asked for is a bearer token, not a password (caldav)"))
	f.StringVar(&req.Cloud, "cloud", "", assets.Text("sign in to a national cloud: us-gov, us-dod or china (outlook)"))
	must(c.RegisterFlagCompletionFunc("cloud", cobra.FixedCompletions([]string{"us-gov", "us-dod", "china"}, cobra.ShellCompDirectiveNoFileComp)))
	f.StringVar(&req.Endpoint.BaseURL, "endpoint", "", assets.Text("URL of the calendar service"))
	f.StringVar(&req.Endpoint.AuthURL, "auth-url", "", assets.Text("URL of the sign-in page"))
	f.StringVar(&req.Endpoint.TokenURL, "token-url", "", assets.Text("URL of the token service"))
	f.StringVar(&req.Endpoint.ClientID, "client-id", "", assets.Text("OAuth client to sign in as"))
	f.StringVar(&req.Endpoint.ClientSecret, "client-secret", "", assets.Text("its 'secret' (a desktop client's is none)"))
	f.BoolVar(&sealed, "passphrase", false, assets.Text("where no keyring answers, ask for the passphrase of a file of sign-ins"))
	f.BoolVar(&req.PlainSecrets, "plain-secrets", false, assets.Text("keep the sign-in in a file where no keyring answers"))
	f.BoolVar(&noBrowser, "no-browser", false, assets.Text("print the address only"))
	f.BoolVar(&req.Device, "device", false, assets.Text("sign in by a code that is typed on another machine"))
	f.BoolVar(&readOnly, "read-only", false, assets.Text("ask for no right to change anything"))
	for _, x := range extraFlags {
		ticked[x.extra] = f.Bool(x.flag, false, extraHelp(x.extra))
	}
	return c
}

// extraFlags tick permissions beyond the least.
var extraFlags = []struct {
	extra calendar.Extra
	flag  string
}{
	{calendar.CopiesCalendar, "copies-calendar"}, {calendar.SharedCalendars, "shared"},
}

// extraHelp says what such a permission allows.
func extraHelp(x calendar.Extra) string {
	switch x {
	case calendar.CopiesCalendar:
		return assets.Text("also allow: make a calendar of its own for copies")
	case calendar.SharedCalendars:
		return assets.Text("also allow: calendars that others share with you")
	}
	return ""
}

// signIn goes through one sign-in, from the address to the account.
func (a *app) signIn(ctx context.Context, b control.Backend, req control.NewAccount, browse bool) error {
	s, err := b.BeginSignIn(ctx, req)
	if err != nil {
		return a.failed(err)
	}
	if a.json {
		if err := writeJSON(a.out, s); err != nil {
			return err
		}
	} else if req.Provider == state.ICS {
		a.say(assets.Text("Reading it …"))
	} else if s.URL == "" {
		a.say(assets.Text("Looking for your calendars …"))
	} else if s.Code != "" {
		a.say(assets.Text("Open this address in a browser on any machine, and type the code {{.Code}} there:", "Code", s.Code) + "\n\n  " + s.URL + "\n")
		a.say(assets.Text("Waiting for you to finish there; Ctrl-C cancels …"))
	} else {
		a.say(assets.Text("Open this address in a browser to sign in to {{.Provider}}:", "Provider", say.Provider(req.Provider)) + "\n\n  " + s.URL + "\n")
		if browse && a.Terminal && a.OpenURL != nil && a.OpenURL(s.URL) == nil {
			a.say(assets.Text("(It was sent to your browser.)"))
		}
		a.say(assets.Text("Waiting for you to finish there; Ctrl-C cancels …"))
	}
	account, err := b.FinishSignIn(ctx, s.ID)
	if err != nil {
		if ctx.Err() != nil {
			// The engine may live on: it shall not wait for somebody who left.
			cancel, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer done()
			_ = b.CancelSignIn(cancel, s.ID)
		}
		return a.failed(err)
	}
	if a.json {
		return writeJSON(a.out, account)
	}
	done := assets.Text("Signed in: {{.Account}}.", "Account", accountLabel(account))
	again := account.SignedIn.After(account.Added) // it was known, by whatever name it was asked for
	switch feed := req.Provider == state.ICS; {
	case feed && again:
		done = assets.Text("Connected again: {{.Account}}.", "Account", accountLabel(account))
	case feed:
		done = assets.Text("Connected: {{.Account}}.", "Account", accountLabel(account))
	case again:
		done = assets.Text("Signed in again: {{.Account}}.", "Account", accountLabel(account))
	}
	a.say(done + " " + assets.Text("'twinday calendar list --account {{.ID}}' shows its calendars.", "ID", account.ID))
	return nil
}

// failed says what went wrong with a sign-in, and what helps.
func (a *app) failed(err error) error {
	e, ok := errors.AsType[*control.Error](err)
	if !ok || a.json {
		return secretsWayOut(err)
	}
	if e.ForIT != "" {
		a.say(assets.Text("This text says all that your IT needs:") + "\n\n" + indent(e.ForIT))
	}
	if e.WayOut.Text != "" {
		return &control.Error{Code: e.Code, Message: say.Stopped(assets.Said(e.Message)) + " " + assets.Said(e.WayOut.Text)}
	}
	return secretsWayOut(err)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// secretsWayOut names the flag that agrees to a file, where no keyring answers.
func secretsWayOut(err error) error {
	if e, ok := err.(*control.Error); ok && e.Code == control.CodeSecrets && !strings.Contains(e.Message, "--plain-secrets") {
		return &control.Error{Code: e.Code, Message: assets.Said(e.Message) + " " + assets.Text("(--plain-secrets agrees to keep the sign-in in a file that only you can read)")}
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
		Use: "list", Aliases: []string{"ls"}, Short: assets.Text("List the accounts"), Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			all, err := b.Accounts(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, list(all))
			}
			if len(all) == 0 {
				a.say(assets.Text("No account yet. 'twinday account add google' or 'twinday account add outlook' signs in to one."))
				return nil
			}
			a.print(accountTable(all))
			a.sayConditions(all)
			return nil
		}),
	}
}

func accountTable(all []control.AccountState) *table {
	t := newTable(assets.Text("ACCOUNT | PROVIDER | ADDRESS~ | STATE~"))
	for _, x := range all {
		condition := say.Condition(x.Condition)
		if x.Kept == control.InPlainFile {
			condition += ", " + assets.Text("sign-in in a plain file")
		}
		t.add(string(x.ID), say.Provider(x.Provider), cmp.Or(x.Email, x.Name), condition)
	}
	return t
}

// sayConditions says of each account that is not well what is wrong, and the one way out.
func (a *app) sayConditions(all []control.AccountState) {
	for _, x := range all {
		if x.Condition != control.Connected {
			a.say(fmt.Sprintf("! %s: %s %s", x.ID, say.Stopped(clean(assets.Said(x.Words))), wayOutOf(x)))
		}
	}
}

// wayOutOf is the way out of an account's condition as a command.
func wayOutOf(x control.AccountState) string {
	again := fmt.Sprintf("twinday account add %s --id %s", x.Provider, x.ID)
	switch x.Provider {
	case state.CalDAV:
		again += " --user …"
	case state.ICS:
		again += " --url …"
	}
	switch x.WayOut.Do {
	case control.SignInAgain:
		return assets.Text("'{{.Command}}' signs in again.", "Command", again)
	case control.AskIT:
		return assets.Text("'twinday account ask-it {{.ID}}' prints a text for your IT; when they have agreed, '{{.Command}}' signs in.", "ID", x.ID, "Command", again)
	case control.GiveClient:
		return assets.Text("'{{.Command}}' signs in with another one.", "Command", again+" --client-id …")
	case control.Unlock:
		return assets.Text("'twinday unlock' asks for it.")
	case control.SyncNow:
		return assets.Text("'twinday sync' tries again now; Twinday does by itself.")
	}
	return assets.Said(x.WayOut.Text)
}

// AskITNote is what 'account ask-it' prints with --json.
type AskITNote struct {
	Text string `json:"text"`
}

func (a *app) accountAskIT() *cobra.Command {
	return &cobra.Command{
		Use: "ask-it " + assets.Text("ACCOUNT"), Short: assets.Text("Print a text for the IT of an organisation that does not let Twinday in"),
		Args:              oneArg(assets.Text("the account as 'twinday account list' shows it")),
		ValidArgsFunction: a.completeAccounts,
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			x, err := findAccount(ctx, b, args[0])
			if err != nil {
				return err
			}
			if x.ForIT == "" {
				return &control.Error{Code: control.CodeUsage, Message: assets.Text("{{.Account}} needs nothing of your IT; its state is: {{.State}}", "Account", accountLabel(x.Account), "State", say.Condition(x.Condition))}
			}
			if a.json {
				return writeJSON(a.out, AskITNote{x.ForIT})
			}
			_, err = fmt.Fprint(a.out, x.ForIT)
			return err
		}),
	}
}

// UnlockNote is what 'unlock' prints with --json.
type UnlockNote struct {
	Unlocked bool `json:"unlocked"`
}

func (a *app) unlockCommand() *cobra.Command {
	return &cobra.Command{
		Use: "unlock", Short: assets.Text("Give the passphrase of the file of sign-ins"),
		Long: assets.Text(`Give the passphrase of the file in which sign-ins are kept where no keyring
answers. It is asked for, or read from standard input. The running Twinday needs
it once after each start. Where nobody is there to be asked, the environment's
TWINDAY_PASSPHRASE_FILE names a file that it is read from.`),
		Args: noArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			err := a.connected(ctx, ConnectOptions{RunningOnly: true}, func(b control.Backend) error {
				pass, err := a.passphrase(assets.Text("Passphrase"))
				if err != nil {
					return err
				}
				return b.Unlock(ctx, pass)
			})
			switch {
			case errors.Is(err, control.ErrNoEngine):
				return &control.Error{Code: control.CodeFailed, Message: assets.Text("no Twinday is running that could be unlocked; for single commands let TWINDAY_PASSPHRASE_FILE name a file that holds the passphrase")}
			case err != nil:
				return err
			case a.json:
				return writeJSON(a.out, UnlockNote{true})
			}
			a.say(assets.Text("The sign-ins are unlocked."))
			return nil
		}),
	}
}

// passphraseTwice is passphrase for one that may be new: a slip would lock the person out.
func (a *app) passphraseTwice() (string, error) {
	first, err := a.passphrase(assets.Text("Passphrase"))
	if err != nil || !a.Interactive {
		return first, err
	}
	again, err := a.passphrase(assets.Text("The same once more"))
	if err == nil && again != first {
		err = usage(assets.Text("the two passphrases are not the same: nothing was done"))
	}
	return first, err
}

// passphrase asks the person for a secret, unseen, or reads a line of standard input.
func (a *app) passphrase(prompt string) (string, error) {
	if a.Interactive && a.ReadSecret != nil {
		fmt.Fprint(a.errs, prompt+": ")
		defer fmt.Fprintln(a.errs)
		return a.ReadSecret()
	}
	in := bufio.NewScanner(a.in)
	if !in.Scan() {
		return "", usage(assets.Text("it is read from standard input, and there is none: {{.What}}", "What", assets.MidLine(prompt)))
	}
	return in.Text(), nil
}
