package pages

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
	"github.com/twinday/twinday/ui/window/pretend"
)

// connecting is the dialog that connects an account of a provider, open.
func connecting(t *testing.T, world pretend.World, kind state.ProviderKind) *rig {
	t.Helper()
	r := rigUp(t, world, Options{})
	r.until("the first step", func() bool { return r.sees("Connect Google…") })
	if kind == state.CalDAV {
		r.tap("Another service…")
	} else {
		r.tap("Connect " + say.Provider(kind) + "…")
	}
	r.until("what can be connected", func() bool { return r.sees("What Twinday may do there") })
	return r
}

func TestSignInOpensTheBrowserAndWaits(t *testing.T) {
	r := connecting(t, pretend.Empty(now), state.Google)
	r.tap("Continue")
	r.until("the browser", func() bool { return len(r.opened) == 1 })
	r.called(`BeginSignIn google  plain=false access={}`)
	if r.opened[0] != "https://sign-in.example/google" || !r.sees("Your browser shows Google’s sign-in page.") || r.sees("Copy the code") {
		t.Errorf("opened %v; the window shows:\n%s", r.opened, strings.Join(r.texts(), "\n"))
	}
	r.tap("Copy its address")
	if got := r.w.app.Clipboard().Content(); got != r.opened[0] {
		t.Errorf("the clipboard holds %q", got)
	}
	r.engine.Change(func(w *pretend.World) {
		w.Status.Accounts = []control.AccountState{{Account: state.Account{ID: "new", Provider: state.Google, Email: "new@example.com"}}}
	})
	r.until("the dialog closes by itself", func() bool { return len(r.w.popups) == 0 && r.sees("new@example.com") })

	r.w.signIn(control.NewAccount{Provider: state.Outlook})
	r.until("the browser again", func() bool { return len(r.opened) == 2 })
	r.tap("Cancel")
	r.called("CancelSignIn outlook")
}

func TestWhatTwindayMayDoIsTicked(t *testing.T) {
	r := connecting(t, pretend.Empty(now), state.Google)
	const made, shared = "Make a calendar of its own for copies", "See and change calendars that others share with you"
	if !r.sees(made) || r.sees(shared) || r.sees("Sign in with a code") {
		t.Errorf("of Google the dialog offers:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tick(made)
	r.choose("Only see events")
	if c := r.checks()[0]; c.Checked || !c.Disabled() {
		t.Error("a calendar is to be made where nothing may be changed")
	}
	r.choose("See and change events")
	r.tick(made)
	r.choose("Outlook, Microsoft 365") // what was ticked for Google is none of Microsoft's
	if r.sees(made) || !r.sees(shared) {
		t.Errorf("of Microsoft the dialog offers:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tick(shared)
	r.tick(shared)
	r.tick(shared)
	r.choose("Only see events")
	r.tap("Continue")
	r.called(`BeginSignIn outlook  plain=false access={"readOnly":true,"extras":["shared calendars"]}`)
}

// In a national cloud the built-in client is unknown: its own is asked for first.
func TestAnAccountInANationalCloud(t *testing.T) {
	world := pretend.Empty(now)
	world.Providers = pretend.Connectable(control.BuiltInClient)
	r := connecting(t, world, state.Outlook)
	const apart = "Apps are registered there apart"
	if r.sees(apart) {
		t.Error("the public cloud is warned about")
	}
	r.pickWith("In the public cloud, as nearly all are").SetSelected("Microsoft's cloud in China (21Vianet)")
	if !r.sees(apart) {
		t.Errorf("nothing says that it needs a client id of its own:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tap("Continue")
	if !r.sees("Open the page") {
		t.Errorf("no client id is asked for:\n%s", strings.Join(r.texts(), "\n"))
	}

	world.Providers = pretend.Connectable(control.OwnClient)
	r = connecting(t, world, state.Outlook)
	r.pickWith("In the public cloud, as nearly all are").SetSelected("Microsoft's cloud in China (21Vianet)")
	r.tap("Continue")
	r.called(`BeginSignIn outlook  plain=false access={} cloud=china`)
}

func TestACodeIsShownWhenAskedFor(t *testing.T) {
	r := connecting(t, pretend.Empty(now), state.Outlook)
	r.tick("Sign in with a code, in a browser on any device")
	r.tap("Continue")
	r.until("the code", func() bool { return r.sees("GTHK-LPWM") })
	if len(r.opened) > 0 || !r.sees("Open https://sign-in.example/device in a browser on any device") {
		t.Errorf("opened %v; the window shows:\n%s", r.opened, strings.Join(r.texts(), "\n"))
	}
	r.tap("Copy the code")
	if got := r.w.app.Clipboard().Content(); got != "GTHK-LPWM" {
		t.Errorf("the clipboard holds %q", got)
	}
	r.tap("Cancel")
	r.called("CancelSignIn outlook")
}

func TestSignInWithoutAKeyringAsksFirst(t *testing.T) {
	for _, c := range []struct {
		name, want string
		answer     func(*rig)
	}{
		{"a passphrase", "BeginSignIn google  plain=false access={} passphrase", func(r *rig) {
			if !r.button("Continue").Disabled() {
				r.t.Error("no passphrase is one, too")
			}
			r.entry("Passphrase").SetText("correct horse")
			r.entry("The same once more").SetText("correct hose")
			if !r.button("Continue").Disabled() {
				r.t.Error("a slip would lock the person out")
			}
			r.entry("The same once more").SetText("correct horse")
		}},
		{"a plain file", "BeginSignIn google  plain=true access={}", func(r *rig) {
			r.entry("Passphrase").SetText("changed my mind")
			r.choose("In a plain file")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := pretend.Empty(now)
			world.Fail = map[string]error{"BeginSignIn": &control.Error{Code: control.CodeSecrets, Message: "no keyring answers"}}
			r := connecting(t, world, state.Google)
			r.tap("Continue")
			r.until("the question", func() bool { return r.sees("No keyring answers") })
			r.engine.Change(func(w *pretend.World) { w.Fail = nil })
			c.answer(r)
			r.tap("Continue")
			r.called(c.want)
		})
	}
}

func TestSignInAsksForThePassphraseOfALockedFile(t *testing.T) {
	world := pretend.Empty(now)
	world.Fail = map[string]error{
		"BeginSignIn": &control.Error{Code: control.CodeLocked, Message: "the sign-ins are locked"},
		"Unlock":      &control.Error{Code: control.CodeLocked, Message: "that is not the passphrase"},
	}
	r := connecting(t, world, state.Google)
	r.tap("Continue")
	r.until("the question", func() bool { return r.sees("Unlock your sign-ins") })
	r.entry("Passphrase").SetText("wrong")
	r.tap("Unlock")
	r.until("the refusal", func() bool { return r.sees("That is not the passphrase") })
	r.engine.Change(func(w *pretend.World) { w.Fail = nil })
	r.entry("Passphrase").SetText("right")
	r.tap("Unlock")
	r.called("BeginSignIn google  plain=false access={} passphrase")
}

func TestAFailedSignInOffersTheOneThingThatHelps(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		see  []string
		do   string
	}{
		{"IT has to agree", &control.Error{Message: "lovelace.example lets no app in", Condition: control.NeedsAdmin, ForIT: "Dear IT,\nhttps://login.example/adminconsent",
			WayOut: control.WayOut{Do: control.AskIT, Text: "Send it."}}, []string{"Lovelace.example lets no app in", "Dear IT,\nhttps://login.example/adminconsent"}, "Copy the text"},
		{"another client id", &control.Error{Message: "Google does not know the client id", WayOut: control.WayOut{Do: control.GiveClient, Text: "Give another client id, and sign in with it."}},
			[]string{"Google does not know the client id", "Give another client id, and sign in with it."}, "Give another client id…"},
		{"a box was left out", &control.Error{Message: "a box was not ticked", WayOut: control.WayOut{Do: control.SignInAgain, Text: "Sign in again and tick every box."}},
			[]string{"A box was not ticked", "Sign in again and tick every box."}, "Sign in again…"},
		{"offline", &control.Error{Message: "Google does not answer", WayOut: control.WayOut{Do: control.SyncNow, Text: "Check the network."}}, []string{"Google does not answer", "Check the network."}, ""},
		{"something else", errors.New("no such luck"), []string{"No such luck"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := pretend.Empty(now)
			world.Fail = map[string]error{"BeginSignIn": c.err}
			r := connecting(t, world, state.Google)
			r.tap("Continue")
			r.until("the reason", func() bool { return r.sees(c.see[0]) })
			for _, s := range c.see {
				if !r.sees(s) {
					t.Errorf("the dialog does not say %q", s)
				}
			}
			if c.do == "" {
				r.tap("Close")
				return
			}
			r.tap(c.do)
			switch c.do {
			case "Copy the text":
				if got := r.w.app.Clipboard().Content(); got != c.see[1] {
					t.Errorf("the clipboard holds %q", got)
				}
				r.engine.Change(func(w *pretend.World) { w.Fail = nil })
				r.tap("They agreed: sign in…")
				r.until("the browser", func() bool { return len(r.opened) == 1 })
			case "Sign in again…":
				r.until("the reason again", func() bool { return r.sees(c.see[0]) })
			default:
				if !r.sees("A client id for Google") {
					t.Error("no guide")
				}
			}
		})
	}
}

func TestTheGuideChecksWhatIsPastedAndKeepsIt(t *testing.T) {
	for _, c := range []struct {
		kind        state.ProviderKind
		field, good string
		see         []string
		kept        string
	}{
		{state.Google, "Client id, or what is in the downloaded file", "1-a.apps.googleusercontent.com",
			[]string{"Create client", "Desktop app", "Publish app", "ends every sign-in after seven days"},
			`{"google":{"id":"1-a.apps.googleusercontent.com","secret":"GOCSPX-x"},"outlook":{"id":"mine"}}`},
		{state.Outlook, "Application (client) ID", "00001111-aaaa-2222-bbbb-3333cccc4444",
			[]string{"New registration", "Public client/native (mobile & desktop)", "http://localhost", "Make no client secret"},
			`{"outlook":{"id":"00001111-aaaa-2222-bbbb-3333cccc4444"}}`},
	} {
		t.Run(say.Provider(c.kind), func(t *testing.T) {
			world := pretend.Empty(now)
			world.Providers = pretend.Connectable("")
			world.Settings.Clients = map[state.ProviderKind]state.Client{state.Outlook: {ID: "mine"}}
			r := connecting(t, world, c.kind)
			if !r.sees("lets apps in only under a client id") {
				t.Error("it is not said that a client id is missing")
			}
			r.tap("Continue")
			for _, s := range c.see {
				if !r.sees(s) {
					t.Errorf("the guide does not say %q", s)
				}
			}
			ok := func() *button { return r.button("Save and sign in") }
			r.entry(c.field).SetText("no id")
			r.until("what is wrong", func() bool { return r.sees("that is none") })
			if !ok().Disabled() {
				t.Error("what makes no sense can be saved")
			}
			r.entry(c.field).SetText(" " + c.good)
			if c.kind == state.Google {
				r.entry("Client secret").SetText("GOCSPX-x")
			}
			r.until("that it is right", func() bool { return r.sees("That looks right: " + c.good) })
			r.entry(c.field).SetText("")
			if !ok().Disabled() || r.sees("That looks right") {
				t.Error("nothing can be saved")
			}
			r.entry(c.field).SetText(c.good)
			r.until("that it is right again", func() bool { return !ok().Disabled() })
			r.tap("Save and sign in")
			r.called(`ChangeSettings {"clients":` + c.kept + `}`)
			r.called("BeginSignIn " + string(c.kind) + "  plain=false access={}")
		})
	}
}

func TestAnAccountWithAClientIDOfItsOwnGetsAnother(t *testing.T) {
	r := rigUp(t, pretend.Lively(now), Options{})
	r.w.guide(control.NewAccount{Provider: state.Google, ID: "ada", Endpoint: state.Endpoint{ClientID: "old"}})
	r.entry("Client id, or what is in the downloaded file").SetText("2-b.apps.googleusercontent.com")
	r.until("that it is right", func() bool { return r.sees("That looks right") })
	r.tap("Save and sign in")
	r.called("BeginSignIn google ada plain=false client=2-b.apps.googleusercontent.com")
	for _, c := range r.engine.Calls() {
		if strings.HasPrefix(c, "ChangeSettings") {
			t.Errorf("the other accounts got it, too: %s", c)
		}
	}
}

// A calendar server wants a name and a password, and no browser. Known ones come first.
func TestConnectingACalendarServer(t *testing.T) {
	world := pretend.Empty(now)
	world.Providers = append(pretend.Connectable(control.BuiltInClient), control.ProviderInfo{Provider: state.CalDAV, Password: true, Presets: []control.PresetInfo{
		{Name: "iCloud", URL: "https://caldav.icloud.com", Hint: "An app-specific password."},
		{Name: "Nextcloud", URL: "https://HOST/remote.php/dav", Hint: "An app password."}}})
	r := connecting(t, world, state.CalDAV)
	if r.sees("lets apps in only under a client id") || r.sees("Only if you want it") {
		t.Errorf("a client id is asked for, or nothing is offered to tick; the dialog shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tap("Continue")
	r.until("the form", func() bool { return r.sees("An app-specific password.") })
	server := r.pickWith("Nextcloud")
	r.entry("Your name there, often a mail address").SetText("ann@icloud.com")
	r.entry("Password, best one made for Twinday").SetText("abcd-efgh")
	r.pickOption(server, "Nextcloud")
	if !r.button("Connect").Disabled() || !r.sees("An app password.") {
		t.Error("an address with HOST in it is good enough")
	}
	r.pickOption(server, "iCloud")
	r.entry("Password, best one made for Twinday").TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	r.until("the sign-in", func() bool { return r.sees("Looking…") })
	r.called(`BeginSignIn caldav  plain=false access={} at=https://caldav.icloud.com user=ann@icloud.com`)
	if len(r.opened) != 0 || r.sees("Open the page again") {
		t.Errorf("opened %v", r.opened)
	}
}

// A mistyped password costs no more than to type it again.
func TestAFailedSignInIsTriedAgainWithWhatWasTyped(t *testing.T) {
	world := pretend.Empty(now)
	world.Providers = []control.ProviderInfo{{Provider: state.ICS, Feed: true},
		{Provider: state.CalDAV, Password: true, Presets: []control.PresetInfo{{Name: "iCloud", URL: "https://caldav.icloud.com", Hint: "An app-specific password."}}}}
	world.Fail = map[string]error{"BeginSignIn": &control.Error{Code: control.CodeFailed, Message: "no"}}
	r := connecting(t, world, state.CalDAV)
	r.tap("Continue")
	r.until("the form", func() bool { return r.sees("An app-specific password.") })
	r.pickOption(r.pickWith("iCloud"), "Another server")
	r.entry("Address of the server").SetText("https://cloud.example")
	r.entry("Your name there, often a mail address").SetText("ann")
	r.entry("Password, best one made for Twinday").SetText("abcd")
	r.tap("Connect")
	r.until("what went wrong", func() bool { return r.sees("CalDAV could not be connected") })
	r.tap("Try again…")
	r.until("the form again", func() bool { return r.sees("Connect CalDAV") })
	where, user, password := r.entry("Address of the server"), r.entry("Your name there, often a mail address"), r.entry("Password, best one made for Twinday")
	if where.Text != "https://cloud.example" || user.Text != "ann" || password.Text != "" || r.pickWith("iCloud").Selected != "Another server" {
		t.Errorf("the form begins with %q, %q, %q at %q", where.Text, user.Text, password.Text, r.pickWith("iCloud").Selected)
	}
	if r.w.win.Canvas().Focused() != fyne.Focusable(password) {
		t.Error("the keyboard is not at the password")
	}
	r.tap("Cancel")

	r.w.signIn(control.NewAccount{Provider: state.ICS, Endpoint: state.Endpoint{BaseURL: "https://club.example/fixtures.ics"}})
	r.until("what went wrong", func() bool { return r.sees("could not be connected") })
	r.tap("Try again…")
	if got := r.entry("Address: https://…, webcal://…, or a file").Text; got != "https://club.example/fixtures.ics" {
		t.Errorf("the address is %q now", got)
	}
}

// A published calendar is an address, and no more is asked.
func TestConnectingAPublishedCalendar(t *testing.T) {
	world := pretend.Empty(now)
	world.Providers = append(pretend.Connectable(control.BuiltInClient), control.ProviderInfo{Provider: state.ICS, Feed: true})
	r := connecting(t, world, state.Google)
	if !r.sees("What Twinday may do there") {
		t.Error("nothing is asked of Google")
	}
	r.choose("A published calendar")
	if r.sees("What Twinday may do there") || r.sees("lets apps in only under a client id") {
		t.Error("more is asked than where it is")
	}
	r.tap("Continue")
	r.until("the form", func() bool { return r.sees("Its publisher shows the address") })
	if !r.button("Connect").Disabled() {
		t.Error("no address is good enough")
	}
	r.entry("Address: https://…, webcal://…, or a file").SetText(" webcal://club.example/fixtures.ics ")
	r.entry("Your name there, if it wants one").SetText("ann")
	if !r.button("Connect").Disabled() {
		t.Error("a name without a password is good enough")
	}
	r.entry("Password, if it wants one").SetText("secret")
	r.tap("Connect")
	r.until("the sign-in", func() bool { return r.sees("Looking…") })
	r.called(`BeginSignIn ics  plain=false at=webcal://club.example/fixtures.ics user=ann`)
}
