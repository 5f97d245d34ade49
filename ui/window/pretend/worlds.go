package pretend

import (
	"fmt"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Worlds are the worlds to look at, by name.
var Worlds = map[string]func(now time.Time) World{
	"lively": Lively, "empty": Empty, "clientless": Clientless, "alone": Alone, "trouble": Trouble, "long": Long, "accounts": Accounts, "unplanned": Unplanned, "crowded": Crowded, "one account": OneAccount, "first pass": FirstPass,
}

// Refs of the calendars in Lively.
var (
	Work   = state.Ref{Account: "ada@lovelace.example", Calendar: "ada@lovelace.example"}
	Team   = state.Ref{Account: "ada@lovelace.example", Calendar: "team"}
	Office = state.Ref{Account: "ada@outlook.example", Calendar: "AAMk-calendar"}
	Choir  = state.Ref{Account: "ada@outlook.example", Calendar: "AAMk-choir"}
	Family = state.Ref{Account: "family@home.example", Calendar: "family@home.example"}
)

// Empty is a first start: no account yet.
func Empty(time.Time) World {
	return World{Status: control.Status{
		Activity: control.Empty, Summary: "No account is connected yet", Version: "0.1.0",
		Mirrors: []control.MirrorState{}, Accounts: []control.AccountState{},
	}}
}

// Clientless is a first start of a build without client ids.
func Clientless(now time.Time) World {
	w := Empty(now)
	w.Providers = Connectable("")
	return w
}

// Alone has accounts but no mirror.
func Alone(now time.Time) World {
	w := Lively(now)
	w.Status.Activity, w.Status.Summary = control.Empty, "Nothing to do yet: choose which calendars mirror each other"
	w.Status.Mirrors, w.Held, w.History = nil, nil, nil
	w.Status.LastSync, w.Status.NextSync = time.Time{}, time.Time{}
	return w
}

// OneAccount has connected the first of two.
func OneAccount(now time.Time) World {
	w := Alone(now)
	w.Status.Accounts, w.Calendars = w.Status.Accounts[2:], w.Calendars[6:]
	return w
}

// FirstPass is under way.
func FirstPass(now time.Time) World {
	w := Lively(now)
	w.Held, w.History, w.Agenda = nil, nil, nil
	s := &w.Status
	s.Activity, s.Summary, s.LastSync, s.NextSync = control.Syncing, "Syncing…", time.Time{}, time.Time{}
	s.Mirrors = s.Mirrors[:1]
	s.Mirrors[0].Events, s.Mirrors[0].Pending, s.Mirrors[0].LastSync = 312, 1322, time.Time{}
	s.Progress = &control.Progress{Done: 312, Total: 1634, Began: now.Add(-3 * time.Minute), Rate: 104, Left: 12*time.Minute + 40*time.Second}
	return w
}

// Lively is a person with three accounts, two mirrors and some history.
func Lively(now time.Time) World {
	w := World{
		Status: control.Status{
			Activity: control.NeedsYou, Summary: "2 changes wait for your decision",
			LastSync: now.Add(-100 * time.Second), NextSync: now.Add(50 * time.Second), Pass: 482,
			Accounts: []control.AccountState{
				{Account: state.Account{ID: Work.Account, Provider: state.Google, Email: "ada@lovelace.example", Name: "Ada Lovelace", Added: now.AddDate(0, -2, 0)}, Condition: control.Connected},
				{Account: state.Account{ID: Office.Account, Provider: state.Outlook, Email: "ada@outlook.example", Name: "Ada King", Added: now.AddDate(0, -2, 0)}, Condition: control.Connected},
				{Account: state.Account{ID: Family.Account, Provider: state.Google, Email: "family@home.example", Name: "Family", Added: now.AddDate(0, -1, 0)}, Condition: control.Connected},
			},
			Mirrors: []control.MirrorState{
				{Mirror: state.Mirror{ID: "m1", Name: "Work – Office", Members: []state.Member{{Ref: Work}, {Ref: Office}}, Created: now.AddDate(0, -2, 0),
					Mappings: []state.PairMapping{{To: Office, Mapping: state.Mapping{Version: state.MappingVersion, Detail: state.BusyOnly,
						Filter: state.Filter{Days: []state.Weekday{"MO", "TU", "WE", "TH", "FR"}, Exclude: `lunch|1:1`, Past: 30}}}}},
					Events: 128, LastSync: now.Add(-100 * time.Second)},
				{Mirror: state.Mirror{ID: "m2", Name: "Family life", Members: []state.Member{
					{Ref: Family}, {Ref: Choir, Direction: state.SendOnly}, {Ref: Team, Direction: state.TakeOnly, Off: true}}, Created: now.AddDate(0, -1, 0),
					Mappings: []state.PairMapping{{From: Choir, Mapping: state.Mapping{Version: state.MappingVersion, Detail: state.TitleAndTime,
						Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Choir] "}, Reminders: &state.ReminderLens{Lens: state.Fixed, Before: []string{"1h"}}}}}},
					Events: 1, Pending: 3, LastSync: now.Add(-100 * time.Second)},
			},
			DataDir: "/home/ada/.local/share/twinday", Version: "0.1.0",
		},
		Calendars: []state.Calendar{
			{Ref: Work, Calendar: calendar.Calendar{ID: Work.Calendar, Name: "Work", Color: "#4285f4", Primary: true, Writable: true, Details: true}},
			{Ref: Team, Calendar: calendar.Calendar{ID: Team.Calendar, Name: "Team plans", Color: "#0b8043", Writable: true, Details: true}},
			{Ref: state.Ref{Account: Work.Account, Calendar: "holidays"}, Calendar: calendar.Calendar{ID: "holidays", Name: "Holidays in Germany", Color: "#f4511e", Details: true}},
			{Ref: Office, Calendar: calendar.Calendar{ID: Office.Calendar, Name: "Calendar", Color: "#0078d4", Primary: true, Writable: true, Details: true}},
			{Ref: Choir, Calendar: calendar.Calendar{ID: Choir.Calendar, Name: "Choir", Color: "#8764b8", Writable: true, Details: true}},
			{Ref: state.Ref{Account: Office.Account, Calendar: "boss"}, Calendar: calendar.Calendar{ID: "boss", Name: "Charles (free/busy)"}},
			{Ref: Family, Calendar: calendar.Calendar{ID: Family.Calendar, Name: "Family", Color: "#d81b60", Primary: true, Writable: true, Details: true}},
		},
		Held: []state.Held{
			{ID: "h1", Since: now.Add(-40 * time.Minute), Step: state.Step{Kind: state.Update, Mirror: "m1", Ref: Work, Title: "Budget review", Held: state.HoldGuests,
				Groups: calendar.Groups{calendar.GroupWhen}, Reason: "the time changed in Calendar, and Grace Hopper, Charles Babbage, Annabella Byron-Milbanke and 1 other guest would hear of it",
				Before: calendar.Content{Title: "Budget review", When: hour("2026-11-24T14:00:00", "2026-11-24T15:00:00")},
				Want:   calendar.Content{Title: "Budget review", When: hour("2026-11-24T16:00:00", "2026-11-24T17:00:00")}}},
			{ID: "h2", Since: now.Add(-3 * time.Hour), Step: state.Step{Kind: state.Delete, Mirror: "m2", Ref: Family, Title: "School play", Held: state.HoldMassDeletion,
				Reason: "12 of 40 events of this mirror are gone in Choir; deletions above the limit wait",
				Before: calendar.Content{Title: "School play", Place: "Aula", When: calendar.When{Start: calendar.Time{Local: "2026-12-12"}, End: calendar.Time{Local: "2026-12-13"}}}}},
		},
	}
	w.History = history(now, 260)
	w.Agenda, w.Days, w.FirstPlan = agenda(now), days(now), firstPlan()
	w.Due, w.Plan = steps(1, state.Update, Work, "Stand-up", "the place changed in Calendar"), changes()
	return w
}

// changes are what a change of a mirror does in the worlds.
func changes() []control.StepResult {
	all := steps(12, state.Update, Office, "Design review", "what copies show was changed")
	gone := steps(3, state.Delete, Office, "Market day", "it is on a Saturday")
	for i := range gone {
		gone[i].Held, gone[i].Fact = state.HoldMassDeletion, fmt.Sprintf("gone%d", i+1)
	}
	return append(all, gone...)
}

// steps are n steps of one kind.
func steps(n int, kind state.StepKind, ref state.Ref, title, why string) (out []control.StepResult) {
	for i := range n {
		s := state.Step{Kind: kind, Mirror: "m1", Ref: ref, Event: calendar.RemoteID(fmt.Sprintf("%s%d", kind, i)), Title: title, Reason: why}
		if n > 1 {
			s.Title = fmt.Sprintf("%s %d", title, i+1)
		}
		if kind == state.Update {
			s.Groups = calendar.Groups{calendar.GroupTitle, calendar.GroupPlace, calendar.GroupNotes}
		}
		out = append(out, control.StepResult{Step: s})
	}
	return out
}

// Unplanned is a world in which no change can be planned.
func Unplanned(now time.Time) World {
	w := Lively(now)
	w.Fail = map[string]error{"PlanMirror": &control.Error{Code: control.CodeFailed,
		Message: "the calendar Calendar of ada@outlook.example cannot be read: Microsoft ended the sign-in; sign in again under Calendars"}}
	return w
}

func hour(from, to string) calendar.When {
	return calendar.When{Start: Clock(from), End: Clock(to)}
}

// history makes n entries, newest first.
func history(now time.Time, n int) []state.HistoryEntry {
	before := calendar.Content{Title: "Design review", Place: "Room 4", Availability: calendar.Busy, When: hour("2026-11-24T10:00:00", "2026-11-24T11:00:00")}
	after := before
	after.When, after.Place = hour("2026-11-24T11:30:00", "2026-11-24T12:30:00"), "Room 7, second floor"
	all := calendar.Diff(calendar.Content{}, before)
	base := []state.HistoryEntry{
		{Kind: state.Update, Outcome: state.Done, Mirror: "m1", Ref: Office, From: Work, Title: "Design review", Groups: calendar.Groups{calendar.GroupWhen, calendar.GroupPlace},
			Why: "moved in Work", Before: before, After: after},
		{Kind: state.Create, Outcome: state.Done, Mirror: "m1", Ref: Work, From: Office, Title: "Dentist", Groups: all, Why: "new in Calendar", After: before.Take(calendar.GroupTitle, calendar.Content{Title: "Dentist"})},
		{Kind: state.Delete, Outcome: state.Done, Mirror: "m2", Ref: Family, From: Choir, Title: "Rehearsal", Groups: all, Why: "deleted in Choir", Before: before.Take(calendar.GroupTitle, calendar.Content{Title: "Rehearsal"})},
		{Kind: state.Update, Outcome: state.Failed, Mirror: "m1", Ref: Office, From: Work, Title: "Quarterly numbers", Groups: calendar.Groups{calendar.GroupNotes},
			Why: "Outlook did not answer; it is tried again in the next pass", Before: before, After: before.Take(calendar.GroupNotes, calendar.Content{Notes: calendar.Notes{HTML: "<p>Bring the <b>numbers</b> &amp; coffee</p>"}})},
		{Kind: state.Adopt, Outcome: state.Done, Mirror: "m1", Ref: Office, From: Work, Title: "Stand-up", Why: "the same meeting was already in both calendars"},
		{Kind: state.Update, Outcome: state.Overridden, Mirror: "m1", Ref: Work, From: Office, Title: "Lunch with Charles", Groups: calendar.Groups{calendar.GroupPlace}, Why: "changed on both sides; the later edit in Work won", Before: before, After: after},
		{Outcome: state.Reverted, Mirror: "m2", Ref: Choir, From: Choir, Title: "Concert", Groups: calendar.Groups{calendar.GroupVisibility}, Why: "privacy is a property of the copy and never goes home", Before: before, After: before},
		{Kind: state.Skip, Outcome: state.Noted, Mirror: "m1", Ref: Office, From: Work, Title: "Weekly series", Why: "series come with a later version"},
	}
	var out []state.HistoryEntry
	at := now.Add(-100 * time.Second)
	for i := range n {
		h := base[i%len(base)]
		h.Seq, h.Pass, h.Time, h.Entity = uint64(n-i), uint64(482-i/3), at, state.EntityID(fmt.Sprintf("e%d", i))
		at = at.Add(-time.Duration(3+i*7%90) * time.Minute)
		out = append(out, h)
	}
	return out
}

// Trouble has an account that must sign in again and a mirror that stands.
func Trouble(now time.Time) World {
	w := Lively(now)
	s := &w.Status
	s.Activity, s.Summary = control.Problem, "2 problems keep calendars apart"
	s.LastSync = now.Add(-26 * time.Hour)
	s.Accounts[1].Trouble, s.Accounts[1].SignedOut = "Microsoft ended the sign-in: the password was changed", true
	s.Accounts[1].Condition, s.Accounts[1].Words = control.NeedsConsent, s.Accounts[1].Trouble
	s.Accounts[1].WayOut = control.WayOut{Do: control.SignInAgain, Text: "Sign in again; nothing is lost meanwhile."}
	s.Problems = []control.ProblemNote{
		{Account: Office.Account, What: "Twinday is signed out of ada@outlook.example: the password was changed.", WayOut: "Sign in again.", Since: now.Add(-26 * time.Hour)},
		{Account: Family.Account, Ref: Family, What: "Google does not let Twinday write to the calendar Family any more.", WayOut: "Ask its owner for the right to make changes, or take it out of the mirror Family life.", Since: now.Add(-2 * time.Hour)},
	}
	s.Mirrors[0].Trouble, s.Mirrors[0].LastSync = "Office cannot be reached: signed out", now.Add(-26*time.Hour)
	s.Mirrors[1].Trouble = "Family cannot be written"
	w.Held = nil
	return w
}

// Accounts has an account in each of several conditions, calendars of each kind, a
// mirror that another Twinday keeps, and events that are there twice.
func Accounts(now time.Time) World {
	w := Lively(now)
	w.Held = nil
	s := &w.Status
	s.Activity, s.Summary = control.Problem, "3 accounts need you"
	s.Mirrors[1].Watching = &control.Watching{Installation: "7f3a9c", Seen: now.Add(-3 * time.Minute)}
	ada, king, family := &s.Accounts[0], &s.Accounts[1], &s.Accounts[2]
	ada.Makes, ada.Kept = control.MakesTicked, control.InPlainFile
	king.Makes, king.Kept = control.CanMake, control.InKeyring
	king.SignedOut, king.Condition, king.Words = true, control.NeedsConsent, "The sign-in of ada@outlook.example at Microsoft has ended (the password was changed)"
	king.WayOut = control.WayOut{Do: control.SignInAgain, Text: "Sign in again; nothing is lost meanwhile."}
	family.Access.ReadOnly, family.Condition, family.Words = true, control.Throttled, "Google asks for patience with family@home.example; tried again at 15:20"
	family.WayOut = control.WayOut{Do: control.JustWait, Text: "Nothing to do: Twinday waits as long as the provider asks."}
	add := func(id, email string, c control.Condition, words string, out control.WayOut) {
		s.Accounts = append(s.Accounts, control.AccountState{Account: state.Account{ID: state.AccountID(id), Provider: state.Outlook, Email: email, Name: id}, Condition: c, Words: words, WayOut: out, Kept: control.InKeyring})
	}
	add("Analytical Engines", "ada@engines.example", control.NeedsAdmin, "An administrator of engines.example has to agree before ada@engines.example can sign in", control.WayOut{Do: control.AskIT, Text: "Send the ready-made text to your IT, and sign in when they have agreed."})
	s.Accounts[3].ForIT = "Hello,\n\nI would like to use Twinday with my account ada@engines.example. It asks for:\n\n  Calendars.ReadWrite: see and change the events of your calendars\n\nAn administrator agrees here:\n\n  https://login.example/engines.example/adminconsent?client_id=0000\n"
	add("Choir society", "choir@society.example", control.Locked, "The sign-in of choir@society.example is in a file that waits for its passphrase", control.WayOut{Do: control.Unlock, Text: "Give the passphrase of your sign-ins."})
	s.Accounts[4].Kept = control.InSealedFile
	w.Calendars[1] = state.Calendar{Ref: Team, Calendar: calendar.Calendar{ID: Team.Calendar, Name: "Team plans", Color: "#0b8043", Shared: true, Owner: "grace@lovelace.example"}.WithRole(calendar.RolePublicWriter)}
	w.Calendars[2].Hidden = true
	w.Calendars[4].Missing = true
	w.Duplicates = duplicates(now)
	w.CleanedUp = control.Report{Pass: 483, Deleted: 2}
	w.Disconnected = control.Disconnected{Left: 3, ConsentPage: "https://myapps.microsoft.com", Words: "Microsoft has no way for an app to give back what you allowed it. Twinday has forgotten its sign-in; to take the permission itself back, remove Twinday at https://myapps.microsoft.com"}
	return w
}

// duplicates are two meetings that are there several times, and a stray copy.
func duplicates(now time.Time) control.Duplicates {
	made := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	return control.Duplicates{
		Groups: []control.DuplicateGroup{
			{ID: "g1", Title: "Stand-up", When: hour("2026-11-24T09:00:00", "2026-11-24T09:15:00"),
				Stays: control.DuplicateEvent{Ref: Work, ID: "s1", Created: made(40), Why: "linked with other calendars"},
				Go:    []control.DuplicateEvent{{Ref: Work, ID: "s2", Created: made(12), Copies: 1}}},
			{ID: "g2", Title: "Budget review", When: hour("2026-11-24T14:00:00", "2026-11-24T15:00:00"),
				Stays: control.DuplicateEvent{Ref: Work, ID: "b1", Created: made(9), Why: "has guests"},
				Go:    []control.DuplicateEvent{{Ref: Work, ID: "b2", Created: made(8)}},
				Kept:  []control.DuplicateEvent{{Ref: Work, ID: "b3", Created: made(7), Why: "has guests, too"}}},
		},
		Stray: []control.DuplicateEvent{{Ref: Office, ID: "x", Title: "Lunch", When: hour("2026-11-25T12:00:00", "2026-11-25T13:00:00"), Why: "another Twinday made this copy, and its event cannot be found"}},
	}
}

// Long has names that do not fit.
func Long(now time.Time) World {
	w := Lively(now)
	const long = "Überregionale Arbeitsgruppe für Kalenderabgleichsverfahren und verwandte Angelegenheiten der Verwaltung 会議 שלום"
	s := &w.Status
	s.Summary = "128 events are being copied from " + long + " to a calendar with an equally long name"
	s.Activity = control.Syncing
	for i := range w.Calendars {
		w.Calendars[i].Name = fmt.Sprintf("%d %s", i+1, long)
	}
	for i := range s.Accounts {
		s.Accounts[i].Name = long
		s.Accounts[i].Email = "a.very.long.mail.address.of.a.person.with.many.names@subdomain.of.a.subdomain.example.com"
	}
	for i := range s.Mirrors {
		s.Mirrors[i].Name = long
		s.Mirrors[i].Events = 123456
	}
	for i := range w.History {
		w.History[i].Title = fmt.Sprintf("%s %d", long, i)
		w.History[i].Why = "because " + long
	}
	for i := range w.Held {
		w.Held[i].Step.Title = long
	}
	for i := range w.Agenda {
		w.Agenda[i].Title = long
	}
	for i := range w.Plan {
		w.Plan[i].Title, w.Plan[i].Reason = long, "because "+long
	}
	return w
}
