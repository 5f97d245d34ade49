package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/terminal"
)

// shared is a second mirror in a day: of a calendar in each account that others share.
type shared struct {
	*day
	t    *testing.T
	g, o *simulator.Simulator
	cal  map[*simulator.Simulator]string
}

func newShared(t *testing.T) *shared {
	t.Helper()
	s := &shared{day: newDay(t), t: t, cal: map[*simulator.Simulator]string{}}
	s.g, s.o = s.sims[state.Google], s.sims[state.Outlook]
	var members []state.Member
	for kind, sim := range s.sims {
		c := sim.Mailbox().AddCalendar(mailbox.Calendar{Name: "Team"})
		s.cal[sim] = c.ID
		members = append(members, state.Member{Ref: s.ref(kind)})
	}
	if _, err := s.engine.Calendars(t.Context(), "", true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.AddMirror(t.Context(), control.NewMirror{Name: "Teams", Members: members}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shared) ref(kind state.ProviderKind) state.Ref {
	ref, err := state.ParseRef(string(kind) + "/" + s.cal[s.sims[kind]])
	if err != nil {
		s.t.Fatal(err)
	}
	return ref
}

// make is a person making an event in the shared calendar, in the service's own app.
func (s *shared) make(sim *simulator.Simulator, title string) string {
	w := time.Now().UTC().AddDate(0, 0, 3).Truncate(24 * time.Hour)
	at := func(h int) mailbox.Moment {
		w := w.Add(time.Duration(h) * time.Hour)
		return mailbox.Moment{Local: w.Format("2006-01-02T15:04:05"), Zone: "UTC", UTC: w}
	}
	return sim.Mailbox().AddEvent(s.cal[sim], mailbox.Event{Title: title, Start: at(9), End: at(10)}).ID
}

func (s *shared) titles(sim *simulator.Simulator) string {
	var list []string
	for _, e := range sim.Mailbox().Events(s.cal[sim]) {
		list = append(list, e.Title)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// holds checks what the shared calendars hold, a while from now.
func (s *shared) holds(after time.Duration, google, outlook string) {
	s.t.Helper()
	time.Sleep(after)
	if g, o := s.titles(s.g), s.titles(s.o); g != google || o != outlook {
		s.t.Errorf("Google holds %q, want %q; Outlook %q, want %q", g, google, o, outlook)
	}
}

// troubled checks what the status says, and that only the shared mirror stands.
func (s *shared) troubled(says string) {
	s.t.Helper()
	st, err := s.engine.Status(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	switch {
	case says == "" && len(st.Problems) > 0:
		s.t.Errorf("there is %+v", st.Problems)
	case says != "" && (len(st.Problems) != 1 || !strings.Contains(st.Problems[0].What, says) || st.Problems[0].WayOut == ""):
		s.t.Errorf("there is %+v, want %q", st.Problems, says)
	}
	for _, m := range st.Mirrors {
		if bad := m.Trouble != ""; bad != (says != "" && m.Name == "Teams") {
			s.t.Errorf("“%s” says %q", m.Name, m.Trouble)
		}
	}
}

// noted checks that the history says it of a calendar, once.
func (s *shared) noted(kind state.ProviderKind, says string) {
	s.t.Helper()
	l, err := s.engine.History(s.t.Context(), control.HistoryQuery{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, x := range l {
		if x.Outcome == state.Noted && x.Ref == s.ref(kind) && strings.Contains(x.Why, says) {
			n++
		}
	}
	if n != 1 {
		s.t.Errorf("the history says %q %d times", says, n)
	}
}

func (s *shared) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Both real connectors against both simulators: whatever becomes of a shared calendar
// is said, stops its own mirror at most, and costs nobody an event.
func TestWhatBecomesOfSharedCalendarsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShared(t)
		const soon = 12 * time.Minute
		list := func() { // as once a day, which the engine's own tests wait for
			_, err := s.engine.Calendars(t.Context(), "", true)
			s.do(err)
		}
		home, away := s.make(s.g, "Standup"), s.make(s.o, "Review")
		s.holds(soon, "Review, Standup", "Review, Standup")
		g, o, team := s.g.Mailbox(), s.o.Mailbox(), s.cal[s.g]

		s.do(g.Rename(team, "Crew"))
		list()
		s.holds(soon, "Review, Standup", "Review, Standup")
		s.noted(state.Google, "the calendar “Team” is called “Crew” now")
		s.troubled("")

		// The owner lets us see free and busy times only.
		s.do(g.SetRole(team, "freeBusyReader"))
		s.holds(soon, "Review, Standup", "Review, Standup")
		s.noted(state.Google, "no more than when its events are")
		s.troubled("shows no more than when its events are")
		s.make(s.o, "Meanwhile")
		s.holds(soon, "Review, Standup", "Meanwhile, Review, Standup")
		s.do(g.SetRole(team, "owner"))
		s.holds(soon, "Meanwhile, Review, Standup", "Meanwhile, Review, Standup")
		s.troubled("")

		// They let us write, and see no private events: one of theirs, and a copy of
		// ours that they made private, go out of sight.
		s.do(g.SetRole(team, "writerWithoutPrivateAccess"))
		var copied string
		for _, e := range g.Events(team) {
			if e.Title == "Review" {
				copied = e.ID
			}
		}
		for _, id := range []string{home, copied} {
			s.do(g.EditEvent(team, id, func(e *mailbox.Event) { e.Sensitivity = "private" }))
		}
		list()
		time.Sleep(soon)
		s.noted(state.Google, "private events of this calendar show no details any more")
		if e := o.Event(s.cal[s.o], away); e.Title != "Review" || e.Deleted {
			t.Errorf("the home of the copy that went out of sight is %q", e.Title)
		}
		s.troubled("")
		s.do(g.SetRole(team, "owner"))
		for _, id := range []string{home, copied} {
			s.do(g.EditEvent(team, id, func(e *mailbox.Event) { e.Sensitivity = "" }))
		}
		s.holds(soon, "Meanwhile, Review, Standup", "Meanwhile, Review, Standup")

		// Read-only, and back.
		s.do(g.SetRole(team, "reader"))
		s.make(s.o, "Later")
		s.holds(soon, "Meanwhile, Review, Standup", "Later, Meanwhile, Review, Standup")
		s.noted(state.Google, "this calendar can only be read now")
		s.troubled("can only be read")
		s.do(g.SetRole(team, "owner"))
		s.holds(soon, "Later, Meanwhile, Review, Standup", "Later, Meanwhile, Review, Standup")

		// Taken off the list at Google, where its id is as good as before.
		s.do(g.SetListed(team, false))
		list()
		s.make(s.o, "Off the list")
		s.add(s.o, "In the main one")
		s.holds(soon, "Later, Meanwhile, Review, Standup", "Later, Meanwhile, Off the list, Review, Standup")
		s.noted(state.Google, "is not in the account's list any more")
		s.troubled("is not among the calendars of google any more")
		if mains := g.Events(s.calendar(s.g)); len(mains) != 1 {
			t.Errorf("the other mirror's calendar holds %d events", len(mains))
		}
		s.do(g.SetListed(team, true))
		s.holds(soon, "Later, Meanwhile, Off the list, Review, Standup", "Later, Meanwhile, Off the list, Review, Standup")

		// Deleted in Outlook.
		s.do(o.Unsubscribe(s.cal[s.o]))
		time.Sleep(soon)
		s.troubled("is not among the calendars of outlook any more")
		if got := s.titles(s.g); got != "Later, Meanwhile, Off the list, Review, Standup" {
			t.Errorf("Google holds %q", got)
		}
		for kind, sim := range s.sims {
			if c := sim.Counters(); len(c.Unknown) != 0 || len(sim.Mailbox().Mails()) != 0 {
				t.Errorf("%s: unknown %v, mails %v", kind, c.Unknown, sim.Mailbox().Mails())
			}
		}
	})
}

// A new calendar for copies, in both services.
func TestACalendarForCopiesInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t)
		made, err := d.engine.MakeCalendar(t.Context(), control.NewCalendar{Account: "outlook", Name: "Copies"})
		if err != nil || made.Name != "Copies" || !made.Writable {
			t.Fatalf("%+v, %v", made, err)
		}
		if _, err := d.engine.MakeCalendar(t.Context(), control.NewCalendar{Account: "outlook", Name: "Copies"}); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("again: %v", err)
		}
		// The sign-in of the test ticked nothing.
		if _, err := d.engine.MakeCalendar(t.Context(), control.NewCalendar{Account: "google", Name: "Copies"}); err == nil || !strings.Contains(err.Error(), "permission") {
			t.Errorf("without the permission: %v", err)
		}
		list, err := d.engine.Accounts(t.Context())
		if err != nil || list[0].Makes != control.MakesTicked || list[1].Makes != control.CanMake || list[0].Condition != control.Connected {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// Disconnecting one side takes the copies away, all of them and nothing else, and the
// permission back where that can be done.
func TestDisconnectingInVirtualTime(t *testing.T) {
	for _, kind := range []state.ProviderKind{state.Google, state.Outlook} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShared(t)
				s.make(s.g, "Standup")
				s.make(s.o, "Review")
				s.holds(12*time.Minute, "Review, Standup", "Review, Standup")
				got, err := s.engine.RemoveAccount(t.Context(), control.RemoveAccount{ID: state.AccountID(kind), RemoveCopies: true})
				if err != nil || got.Report.Deleted != 2 || got.Left != 0 {
					t.Fatalf("%+v, %v", got, err)
				}
				s.holds(time.Hour, "Standup", "Review")
				revoked := s.sims[kind].SignIn().Counts()["revoke"]
				if kind == state.Google && (revoked != 1 || !got.Revoked || got.ConsentPage != "") ||
					kind == state.Outlook && (revoked != 0 || got.Revoked || got.ConsentPage != "https://myapps.microsoft.com" || !strings.Contains(got.Words, got.ConsentPage)) {
					t.Errorf("%d requests to revoke; %+v", revoked, got)
				}
				for kind, sim := range s.sims {
					if len(sim.Mailbox().Mails()) != 0 {
						t.Errorf("%s: mails %v", kind, sim.Mailbox().Mails())
					}
				}
			})
		})
	}
}

// Who signs in again is known again, by any name.
func TestTheSameAccountTwice(t *testing.T) {
	s := newShell(t)
	for _, service := range []string{"google", "outlook"} {
		sim := s.account(service, "first-"+service, "")
		add := s.background("account", "add", service, "--endpoint", sim.BaseURL, "--auth-url", sim.AuthorizeURL,
			"--token-url", sim.TokenURL, "--client-id", sim.ClientID, "--client-secret", sim.ClientSecret, "--json")
		var begun control.SignIn
		if !add.Scan() || json.Unmarshal(add.Bytes(), &begun) != nil {
			t.Fatalf("account add %s prints %q first", service, add.Text())
		}
		res, err := http.Get(begun.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		var a state.Account
		if !add.Scan() || json.Unmarshal(add.Bytes(), &a) != nil || string(a.ID) != "first-"+service || !a.SignedIn.After(a.Added) {
			t.Errorf("%s: the second sign-in is %s", service, add.Bytes())
		}
		if known := a.Identity != ""; known != (service == "outlook") {
			t.Errorf("%s: its identity is %q", service, a.Identity)
		}
		for add.Scan() { // until it let go of the store
		}
	}
	if all := must[[]control.AccountState](s, "account", "list"); len(all) != 2 {
		t.Errorf("%+v", all)
	}
	if out, errs, exit := s.run("calendar", "add", "first-google", "Copies"); exit != terminal.ExitFailed || !strings.Contains(errs, "account add google --id first-google --copies-calendar") {
		t.Errorf("exit %d: %s%s", exit, out, errs)
	}
}
