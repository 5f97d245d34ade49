package pages

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

// accounts is the Calendars page over the world of many conditions.
func accounts(t *testing.T) *rig {
	t.Helper()
	r := rigUp(t, pretend.Accounts(now), Options{})
	r.until("the calendars' names", func() bool { return r.sees("Work – Calendar") })
	r.tap("Calendars")
	return r
}

// labelled lists the words on the buttons of an object that can be seen.
func labelled(o fyne.CanvasObject) (out []string) {
	walk(o, func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok {
			out = append(out, b.Text)
		}
	})
	return out
}

// said are the words of an object that can be seen.
func said(o fyne.CanvasObject) string {
	var out []string
	walk(o, func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok {
			out = append(out, l.Text)
		}
	})
	return strings.Join(out, "\n")
}

func TestEachConditionHasItsWordsAndOneButton(t *testing.T) {
	r := lively(t)
	for _, c := range []struct {
		condition control.Condition
		do        control.Do
		badge     string
		button    string
		look      widget.Importance
	}{
		{control.Connected, "", "connected", "", widget.SuccessImportance},
		{control.NeedsConsent, control.SignInAgain, "signed out", "Sign in again…", widget.DangerImportance},
		{control.NeedsAdmin, control.AskIT, "IT has to agree", "Text for IT…", widget.DangerImportance},
		{control.Blocked, control.AskIT, "blocked by IT", "Text for IT…", widget.DangerImportance},
		{control.ClientRefused, control.GiveClient, "client id refused", "Give another client id…", widget.DangerImportance},
		{control.LacksScope, control.SignInAgain, "a permission is missing", "Sign in again…", widget.WarningImportance},
		{control.Locked, control.Unlock, "locked", "Unlock…", widget.DangerImportance},
		{control.Offline, control.SyncNow, "offline", "Try again now", widget.WarningImportance},
		{control.Throttled, control.JustWait, "asked to wait", "", widget.WarningImportance},
	} {
		card := r.w.cals.account(control.AccountState{Account: state.Account{ID: "x", Provider: state.Google, Email: "x@x.example"},
			Condition: c.condition, Words: "The words of it", WayOut: control.WayOut{Do: c.do, Text: "The way out of it."}})
		want := []string{"Disconnect…"}
		if c.button != "" {
			want = []string{c.button, "Disconnect…"}
		}
		if got := labelled(card); !slices.Equal(got, want) {
			t.Errorf("%s: buttons %q, want %q", c.condition, got, want)
		}
		text := said(card)
		if !strings.Contains(text, c.badge) {
			t.Errorf("%s: the card does not say %q but\n%s", c.condition, c.badge, text)
		}
		if well := c.condition == control.Connected; well == strings.Contains(text, "The words of it") || well == strings.Contains(text, "The way out of it.") {
			t.Errorf("%s: the card says\n%s", c.condition, text)
		}
		if got := conditionLook(c.condition); got != c.look {
			t.Errorf("%s: looks like %v", c.condition, got)
		}
	}
}

func TestTheButtonOfAConditionDoesIt(t *testing.T) {
	r := accounts(t)
	r.tap("Sign in again…")
	r.called("BeginSignIn outlook ada@outlook.example plain=false")
	r.tap("Cancel")
	r.tap("Text for IT…")
	r.tap("Copy the text")
	if got := r.w.app.Clipboard().Content(); !strings.Contains(got, "https://login.example/engines.example/adminconsent") || !r.sees("Copied") {
		t.Errorf("the clipboard holds %q", got)
	}
	r.tap("Close")
	r.tap("Unlock…")
	r.entry("Passphrase").SetText("correct horse")
	r.tap("Unlock")
	r.called("Unlock")
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })
}

func TestWhereASignInIsKeptIsMarked(t *testing.T) {
	for kept, want := range map[control.Kept]string{control.InPlainFile: "sign-in in a plain file", control.InSealedFile: "sign-in under a passphrase", control.InKeyring: ""} {
		var got string
		for _, b := range accountBadges(control.AccountState{Kept: kept}) {
			got += said(b)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", kept, got, want)
		}
	}
}

func TestProblemsOnHomeOfferTheWayOut(t *testing.T) {
	world := pretend.Accounts(now)
	a := world.Status.Accounts[4]
	world.Status.Problems = []control.ProblemNote{{Account: a.ID, What: a.Words, WayOut: a.WayOut.Text, Since: now}}
	r := rigUp(t, world, Options{})
	r.until("the problem", func() bool { return r.sees(a.Words) })
	r.tap("Unlock…")
	if !r.sees("Unlock your sign-ins") {
		t.Error("no passphrase is asked for")
	}
}

func TestCalendarsSayWhatTheyCanBeUsedFor(t *testing.T) {
	of := func(c calendar.Calendar) state.Calendar { return state.Calendar{Calendar: c} }
	for _, c := range []struct {
		name string
		cal  state.Calendar
		want string
	}{
		{"one's own", of(calendar.Calendar{}.WithRole(calendar.RoleOwner)), ""},
		{"the main one", of(calendar.Calendar{Primary: true}.WithRole(calendar.RoleOwner)), "main calendar"},
		{"another's", of(calendar.Calendar{Shared: true, Owner: "grace@x.example"}.WithRole(calendar.RoleWriter)), "shared by grace@x.example"},
		{"another's, private events apart", of(calendar.Calendar{Shared: true}.WithRole(calendar.RolePublicWriter)), "shared, hides private events"},
		{"to be read", of(calendar.Calendar{}.WithRole(calendar.RoleReader)), "read-only"},
		{"to be read, private events apart", of(calendar.Calendar{}.WithRole(calendar.RolePublicReader)), "read-only, hides private events"},
		{"free and busy times", of(calendar.Calendar{}.WithRole(calendar.RoleBusyReader)), "free/busy only"},
		{"hidden", of(calendar.Calendar{Hidden: true}.WithRole(calendar.RoleOwner)), "hidden in its own app"},
		{"gone", state.Calendar{Missing: true, Calendar: calendar.Calendar{Hidden: true}.WithRole(calendar.RoleReader)}, "gone"},
	} {
		var got []string
		for _, b := range calendarBadges(c.cal) {
			got = append(got, b.text)
		}
		if joinComma(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnAccountIsDisconnectedOnlyWhenConfirmed(t *testing.T) {
	r := accounts(t)
	office, google := r.w.status.Accounts[1], r.w.status.Accounts[0]
	r.w.cals.disconnect(office)
	for _, s := range []string{"These mirrors end: “Work – Office”.", "These go on without it: “Family life”.", "Those in it stay, because it is signed out.", "Microsoft has no way for an app to give the permission back"} {
		if !r.sees(s) {
			t.Errorf("the dialog does not say %q", s)
		}
	}
	r.tap("Cancel")
	if len(r.engine.Calls()) != 0 {
		t.Errorf("cancelled, and yet: %v", r.engine.Calls())
	}
	r.w.cals.disconnect(office)
	r.tap("Disconnect")
	r.called("RemoveAccount ada@outlook.example")
	r.until("what became of it", func() bool { return r.sees("Signed out of ada@outlook.example, and forgot it.") })
	for _, s := range []string{"3 copies in it could not be removed, because it was signed out.", "remove Twinday at https://myapps.microsoft.com."} {
		if !r.sees(s) {
			t.Errorf("the result does not say %q", s)
		}
	}
	r.tap("Open the page")
	if !slices.Equal(r.opened, []string{"https://myapps.microsoft.com"}) {
		t.Errorf("opened %q", r.opened)
	}
	r.tap("Close")
	r.until("the account is gone", func() bool { return !r.sees("Ada King") })

	r.engine.Change(func(w *pretend.World) {
		w.Disconnected = control.Disconnected{Revoked: true, Words: "Google has taken the permission back", Report: control.Report{Deleted: 1}}
	})
	r.w.cals.disconnect(google)
	if !r.sees("Google takes the permission back") {
		t.Error("it is not said what becomes of the permission")
	}
	r.choose("Remove the copies")
	r.tap("Disconnect")
	r.called("RemoveAccount ada@lovelace.example with its copies")
	r.until("what became of it", func() bool {
		return r.sees("1 copy was removed.") && r.sees("Google has taken the permission back.")
	})
}

func TestANewCalendarIsMade(t *testing.T) {
	r := accounts(t)
	r.w.newCalendar(r.w.status.Accounts[1])
	if !r.button("Make calendar").Disabled() {
		t.Error("a calendar without a name can be made")
	}
	r.entry("Name").SetText(" Copies ")
	r.tap("Make calendar")
	r.called(`MakeCalendar {"account":"ada@outlook.example","name":"Copies"}`)
	r.until("it is listed", func() bool { return len(r.w.popups) == 0 && r.sees("Copies") })

	r.w.newCalendar(r.w.status.Accounts[0]) // Google wants to be asked
	r.tap("Allow it…")
	r.called(`BeginSignIn google ada@lovelace.example plain=false access={"extras":["copies calendar"]}`)
}
