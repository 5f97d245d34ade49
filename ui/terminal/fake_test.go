package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// now is the time in all tests: a Monday.
var now = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// fake is an engine without an inside: it answers from its fields and notes
// what it was told to do.
type fake struct {
	mu        sync.Mutex
	login     fakeLogin
	accounts  []control.AccountState
	calendars []state.Calendar
	newer     []state.Calendar // listed only when asked afresh
	mirrors   []control.MirrorState
	history   []state.HistoryEntry // newest first
	held      []state.Held
	problems  []control.ProblemNote
	report    control.Report
	paused    time.Time
	due       control.Report       // what the next pass does anyway
	change    []control.StepResult // what it does besides if the mirror is changed
	previews  map[string][]control.Preview
	undo      control.UndoReport
	details   map[uint64]control.HistoryDetail
	whys      map[string][]control.Explanation
	twice     control.Duplicates
	settings  control.Settings
	refuse    error // what a mapping is told that makes no sense
	fail      error
	checks    []control.Check
	told      []string

	watched  func(f func(control.Status) error) error
	finish   func(ctx context.Context) error
	syncHook func()
}

func (f *fake) tell(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, fmt.Sprintf(format, args...))
}

func (f *fake) Status(context.Context) (control.Status, error) {
	s := control.Status{
		Activity: control.Fine, Summary: "All is well: 31 events alike", Pass: 7,
		Accounts: f.accounts, Mirrors: f.mirrors, Problems: f.problems, PausedUntil: f.paused,
		DataDir: "/data", Version: "1.2.3",
	}
	if len(f.mirrors) > 0 {
		s.LastSync, s.NextSync = now.Add(-3*time.Minute), now.Add(2*time.Minute)
		s.LastBackup = now.Add(-5 * time.Hour)
	} else {
		s.Activity, s.Summary = control.Empty, "No account is connected yet"
	}
	for _, h := range f.held {
		if h.Decision == state.Undecided {
			s.Held++
		}
	}
	if s.Held > 0 {
		s.Activity, s.Summary = control.NeedsYou, "2 changes wait for your decision"
	}
	return s, f.fail
}

func (f *fake) Watch(ctx context.Context, show func(control.Status) error) error {
	if f.watched != nil {
		return f.watched(show)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f *fake) BeginSignIn(_ context.Context, req control.NewAccount) (control.SignIn, error) {
	asked, _ := json.Marshal(req) // plain data
	f.tell("begin sign-in %s", asked)
	if req.ID == "nokeyring" && !req.PlainSecrets {
		return control.SignIn{}, &control.Error{Code: control.CodeSecrets, Message: "no keyring answers on this machine"}
	}
	s := control.SignIn{ID: "s1", URL: "https://sign.in/?client=" + string(req.Provider), Expires: now.Add(10 * time.Minute)}
	if req.Login != nil || req.Provider == state.ICS {
		s.URL = ""
	}
	if req.Device {
		s.Code = "GHKLMNPQR"
	}
	return s, f.fail
}

func (f *fake) FinishSignIn(ctx context.Context, id string) (state.Account, error) {
	if f.finish != nil {
		if err := f.finish(ctx); err != nil {
			return state.Account{}, err
		}
	}
	return state.Account{ID: "me", Provider: state.Google, Email: "me@example.org", Name: "Me", Added: now}, nil
}

func (f *fake) CancelSignIn(_ context.Context, id string) error {
	f.tell("cancel sign-in %s", id)
	return nil
}

func (f *fake) Accounts(context.Context) ([]control.AccountState, error) { return f.accounts, f.fail }

func (f *fake) Providers(context.Context) ([]control.ProviderInfo, error) {
	own := map[bool]control.ClientSource{true: control.OwnClient}
	return []control.ProviderInfo{{Provider: state.Google, Client: own[f.settings.Clients[state.Google].ID != ""]}, {Provider: state.Outlook, Client: control.BuiltInClient, Device: true, Extras: []control.ExtraInfo{{Extra: calendar.SharedCalendars, Reason: "see calendars of others"}}},
		{Provider: state.CalDAV, Password: true, Presets: []control.PresetInfo{
			{Name: "iCloud", URL: "https://caldav.icloud.com", Hint: "Your address, and an app-specific password."},
			{Name: "Nextcloud", URL: "https://HOST/remote.php/dav", Hint: "Your name there, and an app password."}}}}, f.fail
}

func (f *fake) Settings(context.Context) (control.Settings, error) { return f.settings, f.fail }

func (f *fake) Setup(context.Context) (control.Setup, error) {
	s := control.Setup{Version: control.SetupVersion, Settings: f.settings}
	for _, m := range f.mirrors {
		s.Mirrors = append(s.Mirrors, m.Mirror)
	}
	return s, f.fail
}

func (f *fake) TakeSetup(_ context.Context, req control.TakeSetup) (control.TakenOver, error) {
	f.tell("take setup of version %d, dry: %t", req.Version, req.DryRun)
	return control.TakenOver{Mirrors: []state.Mirror{{Name: "Home and work"}}, Left: []control.LeftMirror{{Name: "Club", Why: "bo@club.test is not connected here"}},
		Connect: []control.SetupAccount{{Provider: state.Google, Email: "bo@club.test"}}}, f.fail
}

func (f *fake) Diagnostics(context.Context) (control.Diagnostics, error) {
	return control.Diagnostics{Name: "report.txt", Text: "Twinday 1.2.3\n"}, f.fail
}

func (f *fake) Checkup(context.Context) ([]control.Check, error) { return f.checks, f.fail }

func (f *fake) CheckClient(_ context.Context, req control.CheckClient) (state.Client, error) {
	return req.Client, f.fail
}

func (f *fake) ChangeSettings(_ context.Context, s control.Settings) (control.Settings, error) {
	asked, _ := json.Marshal(s) // plain data
	f.tell("change settings %s", asked)
	f.settings = s
	return s, f.fail
}

func (f *fake) Unlock(_ context.Context, passphrase string) error {
	f.tell("unlock %q", passphrase)
	if passphrase != "correct horse" {
		return &control.Error{Code: control.CodeLocked, Message: "that is not the passphrase"}
	}
	return nil
}

func (f *fake) RemoveAccount(_ context.Context, req control.RemoveAccount) (control.Disconnected, error) {
	f.tell("remove account %s, copies too: %v", req.ID, req.RemoveCopies)
	d := control.Disconnected{Account: state.Account{ID: req.ID}, Revoked: true, Words: "Google has taken the permission back; other computers on which you use Twinday with this account have to sign in again", Report: control.Report{Steps: []control.StepResult{}}}
	if req.RemoveCopies {
		d.Report.Deleted, d.Left = 3, 1
	}
	return d, f.fail
}

func (f *fake) Calendars(_ context.Context, account state.AccountID, fresh bool) ([]state.Calendar, error) {
	all := f.calendars
	if fresh {
		all = append(all[:len(all):len(all)], f.newer...)
	}
	var out []state.Calendar
	for _, c := range all {
		if account == "" || c.Ref.Account == account {
			out = append(out, c)
		}
	}
	return out, f.fail
}

func (f *fake) MakeCalendar(_ context.Context, req control.NewCalendar) (state.Calendar, error) {
	f.tell("make calendar %q in %s, zone %q", req.Name, req.Account, req.Zone)
	if req.Account == "home" {
		return state.Calendar{}, &control.Error{Code: control.CodeFailed, Condition: control.LacksScope, Message: "home was not asked for the permission to make a calendar, or did not get it",
			WayOut: control.WayOut{Do: control.SignInAgain, Text: "Sign in again and tick it."}}
	}
	return state.Calendar{Ref: state.Ref{Account: req.Account, Calendar: "new-1"}, Calendar: calendar.Calendar{ID: "new-1", Name: req.Name, Zone: req.Zone}.WithRole(calendar.RoleOwner)}, f.fail
}

func (f *fake) Mirrors(context.Context) ([]control.MirrorState, error) { return f.mirrors, f.fail }

func (f *fake) AddMirror(_ context.Context, req control.NewMirror) (state.Mirror, error) {
	name := req.Name
	if name == "" {
		name = "Home and Work"
	}
	return state.Mirror{ID: "m9", Name: name, Members: req.Members, Mappings: req.Mappings, Created: now}, f.fail
}

func (f *fake) ChangeMirror(_ context.Context, req control.ChangeMirror) (state.Mirror, error) {
	m, err := json.Marshal(req.Mirror.Mappings)
	f.tell("change mirror %s: %s, guests %q, invitations %q, mappings %s, seen %v", req.ID, req.Name, req.Guests, req.Invitations, m, req.Seen)
	if req.Conflicts != "" {
		f.tell("conflicts %q", req.Conflicts)
	}
	if f.refuse != nil {
		return state.Mirror{}, f.refuse
	}
	return req.Mirror, err
}

// PlanMirror plans what is due anyway, and what a mirror's change brings with it.
func (f *fake) PlanMirror(_ context.Context, m state.Mirror) (control.Report, error) {
	r := control.Report{DryRun: true, Began: now, Ended: now, Steps: slices.Clone(f.due.Steps), Problems: f.due.Problems}
	if f.refuse != nil {
		return r, f.refuse
	}
	is := f.mirrors[0].Mirror
	if is.Paused = m.Paused; !reflect.DeepEqual(is, m) { // a pause is no change of its own
		r.Steps = append(r.Steps, f.change...)
	}
	return r, f.fail
}

func (f *fake) Preview(_ context.Context, req control.PreviewRequest) ([]control.Preview, error) {
	f.tell("preview %+v", req)
	all, ok := f.previews[strings.ToLower(req.Event)]
	if !ok {
		return nil, &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("no calendar of a mirror has an event %q", req.Event)}
	}
	return all, f.fail
}

func (f *fake) Duplicates(_ context.Context, id state.MirrorID) (control.Duplicates, error) {
	f.tell("duplicates of %q", id)
	return f.twice, f.fail
}

func (f *fake) CleanUp(_ context.Context, req control.CleanUp) (control.Report, error) {
	f.tell("clean up %+v", req)
	r := control.Report{Pass: 8, Began: now, Ended: now.Add(time.Second), Steps: []control.StepResult{}}
	for _, g := range f.twice.Groups {
		for _, x := range g.Go {
			r.Deleted++
			r.Steps = append(r.Steps, control.StepResult{Step: state.Step{Kind: state.Delete, Title: g.Title, Ref: x.Ref, Reason: "a duplicate of “" + g.Title + "”, which stays: you had it cleaned up"}})
		}
	}
	return r, f.fail
}

func (f *fake) TakeOver(_ context.Context, id state.MirrorID) error {
	f.tell("take over mirror %s", id)
	return f.fail
}

func (f *fake) RemoveMirror(_ context.Context, req control.RemoveMirror) (control.Report, error) {
	f.tell("remove mirror %s, keep copies: %t", req.ID, req.KeepCopies)
	r := control.Report{Pass: 8, Began: now, Ended: now.Add(time.Second), Steps: []control.StepResult{}}
	if !req.KeepCopies {
		r.Deleted = 12
	}
	return r, f.fail
}

func (f *fake) Sync(_ context.Context, req control.SyncRequest) (control.Report, error) {
	if f.syncHook != nil {
		f.syncHook()
	}
	r := f.report
	r.DryRun = req.DryRun
	return r, f.fail
}

func (f *fake) Pause(_ context.Context, until time.Time) error {
	f.paused = until
	return nil
}

func (f *fake) History(_ context.Context, q control.HistoryQuery) ([]state.HistoryEntry, error) {
	var out []state.HistoryEntry
	for _, e := range f.history {
		if q.Event != "" && !strings.EqualFold(e.Title, q.Event) || q.Pass > 0 && e.Pass != q.Pass || q.Before > 0 && e.Seq >= q.Before || q.Mirror != "" && e.Mirror != q.Mirror ||
			!strings.Contains(strings.ToLower(e.Title), strings.ToLower(q.Text)) || q.Limit > 0 && len(out) == q.Limit {
			continue
		}
		out = append(out, e)
	}
	return out, f.fail
}

func (f *fake) HistoryPage(ctx context.Context, q control.HistoryQuery) (control.HistoryPage, error) {
	entries, err := f.History(ctx, q)
	return control.HistoryPage{Entries: entries}, err
}

func (f *fake) HistoryDetail(_ context.Context, seq uint64) (control.HistoryDetail, error) {
	d, ok := f.details[seq]
	if !ok {
		return d, &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("the history has no entry %d", seq)}
	}
	return d, f.fail
}

func (f *fake) Undo(_ context.Context, req control.UndoRequest) (control.UndoReport, error) {
	f.tell("undo %+v", req)
	if req.Entry == 1 {
		return control.UndoReport{}, &control.Error{Code: control.CodeFailed, Message: "entry 1 (“”) cannot be undone: it only notes something, and nothing was changed"}
	}
	r := f.undo
	if !req.DryRun {
		r.Report = control.Report{Pass: 9, Began: now, Ended: now.Add(time.Second), Updated: 2}
	}
	return r, f.fail
}

func (f *fake) Why(_ context.Context, req control.WhyRequest) ([]control.Explanation, error) {
	all, ok := f.whys[strings.ToLower(req.Event)]
	if !ok {
		return nil, &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("no mirrored calendar has an event %q", req.Event)}
	}
	return all, f.fail
}

// Agenda and Days are not asked for by commands.
func (f *fake) Agenda(context.Context, control.AgendaQuery) (control.Agenda, error) {
	return control.Agenda{}, f.fail
}

func (f *fake) Days(context.Context, int) ([]control.DayCount, error) { return nil, f.fail }

func (f *fake) Held(context.Context) ([]state.Held, error) { return f.held, f.fail }

func (f *fake) Decide(_ context.Context, d control.Decide) error {
	f.tell("%s %s", d.Decision, strings.Join(d.IDs, " "))
	return nil
}

func (f *fake) Attend(context.Context) error     { f.tell("attend"); return nil }
func (f *fake) ShowWindow(context.Context) error { f.tell("show window"); return nil }
func (f *fake) Quit(context.Context) error       { f.tell("quit"); return nil }

// The calendars of the fake's world.
var (
	homeCal  = state.Ref{Account: "home", Calendar: "me@gmail.com"}
	workCal  = state.Ref{Account: "work", Calendar: "AAMkAGI2TG93AAA="}
	teamCal  = state.Ref{Account: "work", Calendar: "AAMkAGI2TG93BBB="}
	otherCal = state.Ref{Account: "work", Calendar: "AAMkAGI2TG93CCC="}
)

// worlds are the states of the fake that the stories in testdata play in.
var worlds = map[string]func() *fake{
	"empty": func() *fake { return &fake{} },
	"usual": usual,
	"well": func() *fake {
		f := usual()
		f.login.on = true
		f.checks = []control.Check{{Name: "store", Finding: control.OK, Says: "it opens, is of version 2, and its own check finds nothing wrong"}, {Name: "account 1", Finding: control.OK, Says: "Google: its sign-in works, with 2 calendars"}}
		return f
	},
	"unwell": func() *fake {
		f := usual()
		f.login = fakeLogin{on: true, gone: true}
		f.checks = []control.Check{{Name: "store", Finding: control.OK, Says: "it opens, is of version 2, and its own check finds nothing wrong"},
			{Name: "clock", Finding: control.Trouble, Says: "this computer's clock is 7 minutes behind", WayOut: "Have the system set its clock by itself (date and time in its settings; on Linux 'timedatectl set-ntp true'). Sign-ins fail on a wrong clock, and what lies near is taken for past."},
			{Name: "account 1", Finding: control.Note, Says: "Google: the service asks for patience; tried again at 09:45", WayOut: "Nothing to do: Twinday waits as long as the provider asks."}}
		return f
	},
	"held": func() *fake {
		f := usual()
		f.held = []state.Held{
			{ID: "a1b2c3", Since: now.Add(-time.Hour), Step: state.Step{Kind: state.Delete, Ref: workCal, Title: "Board meeting",
				Reason: "deleted in home", Held: state.HoldGuests, Before: timedContent("Board meeting", "2026-03-05T10:00:00", "2026-03-05T11:00:00")}},
			{ID: "a1ffff", Since: now.Add(-time.Hour), Step: state.Step{Kind: state.Update, Ref: workCal, Title: "Lunch",
				Reason: "time changed in home", Held: state.HoldGuests, Want: timedContent("Lunch", "2026-03-06T12:00:00", "2026-03-06T13:00:00")}},
			{ID: "777777", Since: now.Add(-time.Hour), Decision: state.Drop, Step: state.Step{Kind: state.Delete, Ref: homeCal, Title: "Holiday",
				Reason: "deleted in work", Held: state.HoldMassDeletion, Before: calendar.Content{Title: "Holiday", When: calendar.When{Start: calendar.Date(2026, 3, 7), End: calendar.Date(2026, 3, 8)}}}},
		}
		f.report.Held = 2
		return f
	},
	"shared": func() *fake { // a calendar in each role
		f := usual()
		f.calendars = f.calendars[:1]
		for i, c := range []calendar.Calendar{
			calendar.Calendar{Name: "Choir", Shared: true, Owner: "bob@example.org"}.WithRole(calendar.RoleWriter),
			calendar.Calendar{Name: "Office", Shared: true}.WithRole(calendar.RolePublicWriter),
			calendar.Calendar{Name: "Boss", Shared: true, Owner: "eve@example.org"}.WithRole(calendar.RoleReader),
			calendar.Calendar{Name: "Holidays", Shared: true}.WithRole(calendar.RolePublicReader),
			calendar.Calendar{Name: "Room", Shared: true}.WithRole(calendar.RoleBusyReader),
			calendar.Calendar{Name: "Old plans", Hidden: true}.WithRole(calendar.RoleOwner),
		} {
			c.ID = calendar.CalendarID(fmt.Sprint("c", i))
			f.calendars = append(f.calendars, state.Calendar{Ref: state.Ref{Account: "home", Calendar: c.ID}, Calendar: c})
		}
		f.calendars = append(f.calendars, state.Calendar{Ref: state.Ref{Account: "work", Calendar: "c9"}, Missing: true,
			Calendar: calendar.Calendar{ID: "c9", Name: "Gone"}.WithRole(calendar.RoleOwner)})
		return f
	},
	"mapped": mapped,
	"told":   told,
	"contested": func() *fake {
		f := mapped()
		f.held = []state.Held{{ID: "c0ffee", Since: now, Step: state.Step{Kind: state.Update, Mirror: "m1", Ref: homeCal, From: workCal, Title: "Lunch", Held: state.HoldConflict,
			Reason: "its title was changed on two sides: later in “Calendar” to “Brunch”, and in “Private” to “Dinner”", Want: timedContent("Brunch", "2026-03-05T12:00:00", "2026-03-05T13:00:00")}}}
		return f
	},
	"watching": func() *fake {
		f := usual()
		f.mirrors[0].Watching = &control.Watching{Installation: "3f2k9a", Seen: now.Add(-time.Hour)}
		f.report = control.Report{Pass: 8, Began: now, Ended: now.Add(time.Second)}
		return f
	},
	"twice": func() *fake {
		f := usual()
		lunch := timedContent("Lunch", "2026-03-05T12:00:00", "2026-03-05T13:00:00")
		at := func(ref state.Ref, id calendar.RemoteID, days, copies int, why string) control.DuplicateEvent {
			return control.DuplicateEvent{Ref: ref, ID: id, Title: "Lunch", When: lunch.When, Created: now.AddDate(0, 0, -days), Copies: copies, Why: why}
		}
		f.twice = control.Duplicates{Stray: []control.DuplicateEvent{at(workCal, "x9", 90, 0, "another Twinday (3f2k9a) made it as a copy, and its event is in no calendar that is mirrored here")},
			Groups: []control.DuplicateGroup{{ID: "0a1b2c3d", Title: "Lunch", When: lunch.When, Stays: at(homeCal, "x1", 30, 1, "it is linked with other calendars"),
				Go:   []control.DuplicateEvent{at(homeCal, "x2", 20, 0, ""), at(homeCal, "x3", 10, 1, "")},
				Kept: []control.DuplicateEvent{at(homeCal, "x4", 5, 0, "it has guests, who would hear of its end")}}}}
		return f
	},
	"planned": planned,
	"refusing": func() *fake {
		f := usual()
		f.refuse = &control.Error{Code: control.CodeUsage, Message: "mapping 1, title: template: at 1: unknown field {{titel}}; there are {{title}}, {{place}} and others"}
		return f
	},
	"guests": func() *fake {
		f := usual()
		f.held = []state.Held{{ID: "a1b2c3", Since: now, Step: state.Step{Kind: state.Delete, Mirror: "m1", Ref: homeCal, Title: "Board meeting", Held: state.HoldGuests,
			Reason: "its copy was deleted in work, and Ada Lovelace, Charles Babbage, Grace Hopper and 3 other guests would hear of its end", Before: timedContent("Board meeting", "2026-03-05T10:00:00", "2026-03-05T11:00:00")}}}
		return f
	},
	"waiting": func() *fake { // one account in each condition
		f := usual()
		f.accounts = nil
		for i, c := range []struct {
			condition control.Condition
			words     string
			do        control.Do
			forIT     string
		}{
			{control.Connected, "x is connected", "", ""},
			{control.NeedsConsent, "The sign-in of a2 at Outlook has ended (revoked)", control.SignInAgain, ""},
			{control.NeedsAdmin, "Your organisation wants an administrator to allow Twinday before a3 can use Outlook (code 90094)", control.AskIT, "Hello,\n\nplease allow it.\n"},
			{control.Blocked, "Your organisation's rules block Twinday for a4 at Outlook (code 53003)", control.AskIT, "Hello,\n\nplease let it in.\n"},
			{control.ClientRefused, "Outlook does not accept the client id that Twinday uses for a5 (code 700016)", control.GiveClient, ""},
			{control.LacksScope, "A permission that Twinday needs was left out for a6 at Outlook", control.SignInAgain, ""},
			{control.Locked, "The sign-in of a7 waits for your passphrase", control.Unlock, ""},
			{control.Offline, "Outlook cannot be reached for a8 (EOF)", control.SyncNow, ""},
			{control.Throttled, "Outlook asks for patience with a9; tried again at 10:15", control.JustWait, ""},
		} {
			x := control.AccountState{Account: state.Account{ID: state.AccountID(fmt.Sprintf("a%d", i+1)), Provider: state.Outlook, Email: fmt.Sprintf("a%d@x.example", i+1)},
				Condition: c.condition, Words: c.words, WayOut: control.WayOut{Do: c.do, Text: "Nothing to do: Twinday waits as long as the provider asks."}, ForIT: c.forIT, Kept: control.InKeyring}
			f.accounts = append(f.accounts, x)
		}
		f.accounts[0].Kept = control.InPlainFile
		f.finish = func(context.Context) error {
			return &control.Error{Code: control.CodeFailed, Message: "sign-in: your organisation wants an administrator to allow Twinday", Condition: control.NeedsAdmin,
				WayOut: control.WayOut{Do: control.AskIT, Text: "Send the ready-made text to your IT, and sign in when they have agreed."}, ForIT: "Hello,\n\nplease allow it.\n"}
		}
		return f
	},
	"trouble": func() *fake {
		f := usual()
		f.accounts[1].SignedOut, f.accounts[1].Trouble = true, "the sign-in was revoked"
		f.accounts[1].Condition, f.accounts[1].Words = control.NeedsConsent, "The sign-in was revoked"
		f.accounts[1].WayOut.Do = control.SignInAgain
		f.mirrors[0].Trouble = "work is signed out"
		f.problems = []control.ProblemNote{{Account: "work", What: "The account is signed out", WayOut: "Sign in again with 'twinday account add outlook --id work'.", Since: now}}
		f.report = control.Report{Pass: 8, Began: now, Ended: now.Add(time.Second), Problems: f.problems}
		return f
	},
	"refused": func() *fake {
		f := usual()
		f.report.Failed, f.report.Created, f.report.Held = 1, 0, 1
		f.report.Steps[0].Error = "google: create event: invalid (title): too long"
		return f
	},
	"broken": func() *fake {
		f := usual()
		f.fail = &control.Error{Code: control.CodeFailed, Message: "the store cannot be read: it is damaged; a copy is kept beside it"}
		return f
	},
}

func timedContent(title, start, end string) calendar.Content {
	return calendar.Content{Title: title, When: calendar.When{
		Start: calendar.Time{Local: start, Zone: "Europe/Berlin"}, End: calendar.Time{Local: end, Zone: "Europe/Berlin"}}}
}

func usual() *fake {
	return &fake{
		accounts: []control.AccountState{
			{Account: state.Account{ID: "home", Provider: state.Google, Email: "me@gmail.com", Name: "Me", Added: now.AddDate(0, -1, 0)},
				Condition: control.Connected, Words: "me@gmail.com is connected to Google", Kept: control.InKeyring},
			{Account: state.Account{ID: "work", Provider: state.Outlook, Email: "me@work.example", Name: "Me", Added: now.AddDate(0, -1, 0)},
				Condition: control.Connected, Words: "me@work.example is connected to Outlook", Kept: control.InKeyring},
		},
		calendars: []state.Calendar{
			{Ref: homeCal, Calendar: calendar.Calendar{ID: homeCal.Calendar, Name: "Private", Primary: true, Writable: true, Details: true}},
			{Ref: workCal, Calendar: calendar.Calendar{ID: workCal.Calendar, Name: "Calendar", Primary: true, Writable: true, Details: true}},
			{Ref: teamCal, Calendar: calendar.Calendar{ID: teamCal.Calendar, Name: "Team", Details: true}},
			{Ref: otherCal, Calendar: calendar.Calendar{ID: otherCal.Calendar, Name: "Team"}},
		},
		newer: []state.Calendar{
			{Ref: state.Ref{Account: "home", Calendar: "x7"}, Calendar: calendar.Calendar{ID: "x7", Name: "Made a moment ago", Writable: true, Details: true}},
		},
		mirrors: []control.MirrorState{{
			Mirror: state.Mirror{ID: "m1", Name: "Home and Work", Created: now.AddDate(0, -1, 0), Members: []state.Member{
				{Ref: homeCal}, {Ref: workCal, Direction: state.SendOnly}}},
			Events: 31, Pending: 2, LastSync: now.Add(-3 * time.Minute),
		}},
		history: []state.HistoryEntry{
			{Seq: 3, Time: now.Add(-time.Minute), Pass: 7, Kind: state.Delete, Outcome: state.Done, Mirror: "m1", Ref: workCal, From: homeCal, Title: "Dentist", Why: "deleted in home"},
			{Seq: 2, Time: now.Add(-2 * time.Hour), Pass: 6, Kind: state.Update, Outcome: state.Failed, Mirror: "m1", Ref: homeCal, From: workCal,
				Title: "Escape \x1b[31mred\x07 and a very long title that no terminal wants to see whole", Why: "title changed in work"},
			{Seq: 1, Time: now.AddDate(0, 0, -3), Pass: 1, Outcome: state.Noted, Ref: homeCal, Why: "two events that were there already were linked, and nothing was written"},
		},
		report: control.Report{Pass: 8, Began: now, Ended: now.Add(1234 * time.Millisecond), Created: 1, Adopted: 1, Skipped: 1, Requests: 2, Steps: []control.StepResult{
			{Step: state.Step{Kind: state.Create, Entity: "e1", Mirror: "m1", Ref: homeCal, Title: "Stand-up", Reason: "new in work"}},
			{Step: state.Step{Kind: state.Adopt, Entity: "e2", Mirror: "m1", Ref: workCal, Title: "Lunch", Reason: "same title and times as in work: linked, nothing is written"}},
			{Step: state.Step{Kind: state.Skip, Entity: "e3", Mirror: "m1", Ref: homeCal, Title: "Gym", Reason: "all-day events do not cross"}},
		}},
	}
}

// mapped is the usual world with a calendar more and something set.
func mapped() *fake {
	f := usual()
	m := &f.mirrors[0].Mirror
	m.Members = []state.Member{{Ref: homeCal}, {Ref: workCal}, {Ref: teamCal, Direction: state.TakeOnly}}
	m.Guests, m.Invitations = state.RevertGuests, state.PutBackInvitation
	m.Mappings = []state.PairMapping{
		{Mapping: state.Mapping{Detail: state.TitleAndTime}},
		{To: teamCal, Mapping: state.Mapping{Detail: state.BusyOnly, Title: &state.TextLens{Lens: state.ConstantLens, Text: "Busy", Prefix: "Ada: "},
			Filter: state.Filter{Days: []state.Weekday{"MO", "TU", "WE", "TH", "FR"}, Hours: "08:00-18:00"}}},
		{From: teamCal, To: workCal, Mapping: state.Mapping{}},
	}
	f.previews = map[string][]control.Preview{
		"dentist": {
			{Mirror: "m1", From: homeCal, To: workCal, Event: "ev1", Title: "Dentist", Detail: state.TitleAndTime, Fields: []control.PreviewField{
				{Field: calendar.GroupWhen, Home: "Mon 2 Mar 10:00–10:45 Europe/Berlin", Copy: "Mon 2 Mar 10:00–10:45 Europe/Berlin", Lens: "copy"},
				{Field: calendar.GroupTitle, Home: "Dentist", Copy: "Dentist", Lens: "copy"},
				{Field: calendar.GroupNotes, Home: "Bring the card.\n\n\x1b[31mFloor 3", Lens: "omit"},
				{Field: calendar.GroupReminders, Home: "10m", Lens: "none"},
			}},
			{Mirror: "m1", From: homeCal, To: teamCal, Event: "ev1", Title: "Dentist", Skipped: "it lies outside of the hours that cross (08:00-18:00)"},
		},
		"lunch": {
			{Mirror: "m1", From: homeCal, To: workCal, Event: "ev2", Title: "Lunch"},
			{Mirror: "m1", From: homeCal, To: teamCal, Event: "ev2", Title: "Lunch"},
			{Mirror: "m1", From: workCal, To: homeCal, Event: "ev3", Title: "Lunch with Bob"},
		},
		"stand-up": {{Mirror: "m1", From: workCal, To: homeCal, Event: "ev4", At: "2026-03-02T09:00:00", Title: "Stand-up", Fields: []control.PreviewField{
			{Field: calendar.GroupNotes, Home: "one\ntwo", Copy: "one\ntwo", Lens: "copy"}}}},
		"alone": {},
	}
	return f
}

// told is that world with something to tell of the past.
func told() *fake {
	f := mapped()
	update := state.HistoryEntry{Seq: 12, Time: now.Add(-time.Minute), Pass: 7, Kind: state.Update, Outcome: state.Done, Mirror: "m1", Ref: workCal, From: homeCal, Title: "Dentist",
		Groups: calendar.Groups{calendar.GroupTitle, calendar.GroupNotes}, Why: "title and notes changed in “Private”", Requests: 2}
	lost := state.HistoryEntry{Seq: 11, Time: now.Add(-time.Hour), Pass: 6, Outcome: state.Overridden, Mirror: "m1", Ref: workCal, From: homeCal, Title: "Dentist",
		Groups: calendar.Groups{calendar.GroupTitle}, Why: "Title was changed on two sides; the change, in “Private”, was kept", Rule: "conflicts: ask"}
	undone := state.HistoryEntry{Seq: 13, Time: now, Pass: 8, Kind: state.Update, Outcome: state.Done, Mirror: "m1", Ref: homeCal, From: homeCal, Title: "Dentist",
		Groups: calendar.Groups{calendar.GroupTitle}, Why: "title put back as it was: you undid entry 12", Undoes: []uint64{12}}
	f.history = append([]state.HistoryEntry{undone, update, lost}, f.history...)
	title := control.FieldChange{Field: calendar.GroupTitle, Before: "Dentist", After: "Dentist, at last", Changed: true}
	f.details = map[uint64]control.HistoryDetail{
		12: {HistoryEntry: update, UndoneBy: 13, CannotUndo: "it is so already", Fields: []control.FieldChange{title,
			{Field: calendar.GroupNotes, Before: "Bring the card.\n\nFloor 3", After: "Bring the card, and do not forget the papers that they have asked for twice by now", Changed: true},
			{Field: calendar.GroupWhen, At: "20260312T090000Z", Before: "as in the series", After: "cancelled", Changed: true}}},
		11: {HistoryEntry: lost, Fields: []control.FieldChange{title}},
		13: {HistoryEntry: undone, Fields: []control.FieldChange{title}, CannotUndo: "its title was changed since, to “Pub”; --force undoes it all the same, and that change with it"},
	}
	f.undo = control.UndoReport{
		Report: control.Report{DryRun: true, Steps: []control.StepResult{
			{Step: state.Step{Kind: state.Update, Mirror: "m1", Ref: homeCal, Title: "Dentist", Reason: "title put back as it was: you undid entry 12", Undoes: []uint64{12}}},
			{Step: state.Step{Kind: state.Delete, Mirror: "m1", Ref: workCal, Title: "Gym", Reason: "taken away again: you undid entry 12", Held: state.HoldMassDeletion, Fact: "gym", Undoes: []uint64{12}}},
		}},
		Undone: []control.UndoNote{{Entry: 12, Title: "Dentist"}, {Entry: 10, Title: "Board", Says: "it is made again without its guests: nobody is invited, and nobody hears of it"}},
		Left:   []control.UndoNote{{Entry: 9, Title: "Pub", Says: "its title was changed since, to “Bar”; --force undoes it all the same, and that change with it"}},
	}
	f.whys = map[string][]control.Explanation{
		"dentist": {{Title: "Dentist", Home: homeCal, Event: "ev1", Entity: "e1", Born: "It was born in “Private” of home on 1 Mar 2026",
			Calendars: []control.Reach{
				{Ref: workCal, Mirror: "m1", There: true, Detail: state.TitleAndTime, Says: []string{"it crosses by the mirror “Home and Work”", "it was here before Twinday: it was linked with its twin, and a mirror that ends keeps it"}},
				{Ref: teamCal, Mirror: "m1", Says: []string{"the mirror “Home and Work” lets it not cross: it lies outside of the hours that cross (08:00-18:00)"}},
			},
			Waits: []string{"held for your decision (conflict), update in work: title changed in work; 'twinday held' shows it"}, Last: []state.HistoryEntry{undone, update}}},
		"lunch": {{Title: "Lunch", Home: homeCal, Event: "ev2"}, {Title: "Lunch", Home: workCal, Event: "ev3"}},
	}
	return f
}

// planned is that world, in which a change does much, beside what is due anyway.
func planned() *fake {
	f := mapped()
	f.due.Steps = []control.StepResult{
		{Step: state.Step{Kind: state.Create, Mirror: "m1", Ref: workCal, Title: "New one", Reason: "new in home"}},
		{Step: state.Step{Kind: state.Delete, Mirror: "m1", Ref: homeCal, Title: "Real one", Reason: "deleted in work", Held: state.HoldMassDeletion, Fact: "real"}},
	}
	f.change = []control.StepResult{
		{Step: state.Step{Kind: state.Update, Mirror: "m1", Ref: workCal, Title: "Dentist", Groups: calendar.Groups{calendar.GroupTitle}, Reason: "the mapping changed"}},
		{Step: state.Step{Kind: state.Update, Mirror: "m1", Ref: workCal, Title: "Lunch", Groups: calendar.Groups{calendar.GroupTitle}, Reason: "the mapping changed"}},
		{Step: state.Step{Kind: state.Delete, Mirror: "m1", Ref: workCal, Title: "Gym", Reason: "out of scope: Saturday", Held: state.HoldMassDeletion, Fact: "gym"}},
	}
	return f
}

// fakeLogin is what starts at login.
type fakeLogin struct{ on, hidden, gone bool }

func (l *fakeLogin) Get() (on, hidden bool, err error) { return l.on, l.hidden, nil }
func (l *fakeLogin) Gone() (bool, error)               { return l.gone, nil }
func (l *fakeLogin) Set(on, hidden bool) error         { l.on, l.hidden = on, hidden; return nil }
