// Package pretend is an engine for looking at the faces and for testing them:
// a control.Backend with made-up accounts, calendars, mirrors and history. It
// syncs nothing, and no part of the program uses it.
package pretend

import (
	"context"
	"encoding/json"
	"errors"
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

// Engine is the pretended engine. Its fields say what the faces shall see;
// change them through Change only, once it is in use.
type Engine struct {
	Now func() time.Time // time.Now if nil

	mu       sync.Mutex
	changed  chan struct{} // closed and renewed at each change
	noted    chan struct{} // closed and renewed at each call that is noted
	calls    []string
	attended int
	asked    []control.HistoryQuery
	world    World
}

// World is all that the pretended engine knows.
type World struct {
	Status    control.Status
	Calendars []state.Calendar
	History   []state.HistoryEntry // newest first
	Held      []state.Held
	// CannotUndo is why nothing can be undone without force, and Undoing what an undo does.
	CannotUndo string
	Undoing    control.UndoReport
	// Due are the steps of the next pass, Plan those that any change of what copies
	// show, or of a mirror's rules, brings with it; PlanProblems is what the planning
	// could not see.
	Due, Plan    []control.StepResult
	PlanProblems []control.ProblemNote
	// PlanMembers has a change of members bring Plan with it as well.
	PlanMembers bool
	// Providers are what can be connected: by default Google and Outlook, each with a
	// client id that was built in.
	Providers []control.ProviderInfo
	Settings  control.Settings
	// Disconnected is what becomes of any account that is removed, Duplicates what is
	// there several times, and CleanedUp how its removal goes.
	Disconnected control.Disconnected
	Duplicates   control.Duplicates
	CleanedUp    control.Report
	// Agenda is what the calendars hold, Days what was done lately, oldest first; Previews
	// are what copies look like, by the title of their event.
	Agenda   []control.AgendaEntry
	Days     []control.DayCount
	Previews map[string][]control.Preview
	// FirstPlan is what the first pass of a new mirror does.
	FirstPlan []control.StepResult
	// TakenOver is what becomes of a setup that is taken over; Report is the text of the
	// diagnostics.
	TakenOver control.TakenOver
	// Why explains any event.
	Why    []control.Explanation
	Report string
	// Fail answers a call, by the method's name, with an error.
	Fail map[string]error
	// Hang makes every call wait for the end of its context.
	Hang bool
}

var _ control.Backend = (*Engine)(nil)

// New makes an engine that knows the given world.
func New(w World) *Engine {
	return &Engine{world: w, changed: make(chan struct{}), noted: make(chan struct{})}
}

// Change edits the world and tells those who watch.
func (e *Engine) Change(f func(*World)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(&e.world)
	close(e.changed)
	e.changed = make(chan struct{})
}

// Calls are the calls made so far that ask for something to be done, as in
// "Pause 2026-01-02T03:04:05Z".
func (e *Engine) Calls() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// NextCall is closed when one more call comes to those that Calls lists.
func (e *Engine) NextCall() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.noted
}

// enter begins a call: notes it, if it does something, and fails or hangs as told.
func (e *Engine) enter(ctx context.Context, method, note string) error {
	e.mu.Lock()
	if note != "" {
		e.calls = append(e.calls, note)
		close(e.noted)
		e.noted = make(chan struct{})
	}
	hang, fail := e.world.Hang, e.world.Fail[method]
	e.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return fail
}

func (e *Engine) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

func (e *Engine) status() control.Status {
	s := e.world.Status
	s.Accounts, s.Mirrors = slices.Clone(s.Accounts), slices.Clone(s.Mirrors)
	for i := range s.Mirrors {
		s.Mirrors[i].Members = slices.Clone(s.Mirrors[i].Members)
		s.Mirrors[i].Mappings = slices.Clone(s.Mirrors[i].Mappings)
	}
	s.Held = len(e.world.Held)
	return s
}

// Status gives the world's status.
func (e *Engine) Status(ctx context.Context) (control.Status, error) {
	if err := e.enter(ctx, "Status", ""); err != nil {
		return control.Status{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status(), nil
}

// Watch calls f now and after each Change.
func (e *Engine) Watch(ctx context.Context, f func(control.Status) error) error {
	for {
		if err := e.enter(ctx, "Watch", ""); err != nil {
			return err
		}
		e.mu.Lock()
		s, changed := e.status(), e.changed
		e.mu.Unlock()
		if err := f(s); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// BeginSignIn gives a made-up address, and with Device a code.
func (e *Engine) BeginSignIn(ctx context.Context, req control.NewAccount) (control.SignIn, error) {
	note := fmt.Sprintf("BeginSignIn %s %s plain=%v", req.Provider, req.ID, req.PlainSecrets)
	if req.Access != nil {
		note += " access=" + plain(req.Access)
	}
	if req.Passphrase != "" {
		note += " passphrase"
	}
	if req.Endpoint.ClientID != "" {
		note += " client=" + req.Endpoint.ClientID
	}
	s := control.SignIn{ID: string(req.Provider), URL: "https://sign-in.example/" + string(req.Provider), Expires: e.now().Add(10 * time.Minute)}
	if req.Cloud != "" {
		note += " cloud=" + req.Cloud
	}
	if req.Device {
		note += " device"
		s.Code, s.URL = "GTHK-LPWM", "https://sign-in.example/device"
	}
	if req.Login != nil {
		note += " at=" + req.Endpoint.BaseURL + " user=" + req.Login.User
		s.URL = ""
	}
	if err := e.enter(ctx, "BeginSignIn", note); err != nil {
		return control.SignIn{}, err
	}
	return s, nil
}

// FinishSignIn waits until the world has an account of the provider that was
// begun with and that is called "new@example.com".
func (e *Engine) FinishSignIn(ctx context.Context, id string) (state.Account, error) {
	for {
		if err := e.enter(ctx, "FinishSignIn", ""); err != nil {
			return state.Account{}, err
		}
		e.mu.Lock()
		i := slices.IndexFunc(e.world.Status.Accounts, func(a control.AccountState) bool {
			return string(a.Provider) == id && a.Email == "new@example.com"
		})
		if i >= 0 {
			defer e.mu.Unlock()
			return e.world.Status.Accounts[i].Account, nil
		}
		changed := e.changed
		e.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return state.Account{}, ctx.Err()
		}
	}
}

// CancelSignIn is noted.
func (e *Engine) CancelSignIn(ctx context.Context, id string) error {
	return e.enter(ctx, "CancelSignIn", "CancelSignIn "+id)
}

// Accounts lists the world's accounts.
func (e *Engine) Accounts(ctx context.Context) ([]control.AccountState, error) {
	s, err := e.Status(ctx)
	return s.Accounts, err
}

// Providers lists the world's.
func (e *Engine) Providers(ctx context.Context) ([]control.ProviderInfo, error) {
	if err := e.enter(ctx, "Providers", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.world.Providers != nil {
		return slices.Clone(e.world.Providers), nil
	}
	return Connectable(control.BuiltInClient), nil
}

// Connectable is Google and Outlook with what each lets a person tick.
func Connectable(client control.ClientSource) []control.ProviderInfo {
	return []control.ProviderInfo{
		{Provider: state.Google, Client: client, Extras: []control.ExtraInfo{{Extra: calendar.CopiesCalendar, Reason: "make a calendar of its own for copies"}}},
		{Provider: state.Outlook, Client: client, Device: true, Extras: []control.ExtraInfo{
			{Extra: calendar.SharedCalendars, Reason: "see and change calendars that others share with you"}},
			Clouds: []control.CloudInfo{{Name: "us-gov", What: "Microsoft's cloud for US Government (GCC High)"}, {Name: "china", What: "Microsoft's cloud in China (21Vianet)"}}},
	}
}

// Settings are the world's.
func (e *Engine) Settings(ctx context.Context) (control.Settings, error) {
	if err := e.enter(ctx, "Settings", ""); err != nil {
		return control.Settings{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.world.Settings, nil
}

// Setup is what the world has set up.
func (e *Engine) Setup(ctx context.Context) (control.Setup, error) {
	if err := e.enter(ctx, "Setup", ""); err != nil {
		return control.Setup{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := control.Setup{Version: control.SetupVersion, Settings: e.world.Settings}
	for _, m := range e.world.Status.Mirrors {
		s.Mirrors = append(s.Mirrors, m.Mirror)
	}
	return s, nil
}

// TakeSetup answers with World.TakenOver.
func (e *Engine) TakeSetup(ctx context.Context, req control.TakeSetup) (control.TakenOver, error) {
	if err := e.enter(ctx, "TakeSetup", fmt.Sprintf("TakeSetup %d mirrors, dry: %t", len(req.Mirrors), req.DryRun)); err != nil {
		return control.TakenOver{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.world.TakenOver, nil
}

// Diagnostics answers with World.Report.
func (e *Engine) Diagnostics(ctx context.Context) (control.Diagnostics, error) {
	if err := e.enter(ctx, "Diagnostics", ""); err != nil {
		return control.Diagnostics{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return control.Diagnostics{Name: "twinday-report.txt", Text: e.world.Report}, nil
}

// Checkup finds that all is well: no page shows it.
func (e *Engine) Checkup(ctx context.Context) ([]control.Check, error) {
	return []control.Check{{Name: "store", Finding: control.OK, Says: "it is pretended"}}, e.enter(ctx, "Checkup", "")
}

// ChangeSettings replaces the world's.
func (e *Engine) ChangeSettings(ctx context.Context, s control.Settings) (control.Settings, error) {
	if err := e.enter(ctx, "ChangeSettings", "ChangeSettings "+plain(s)); err != nil {
		return s, err
	}
	e.Change(func(w *World) { w.Settings = s })
	return s, nil
}

// CheckClient takes what ends like an id of Google's, or looks like one of Microsoft's.
func (e *Engine) CheckClient(ctx context.Context, req control.CheckClient) (state.Client, error) {
	if err := e.enter(ctx, "CheckClient", ""); err != nil {
		return state.Client{}, err
	}
	c := state.Client{ID: strings.TrimSpace(req.ID), Secret: strings.TrimSpace(req.Secret)}
	if req.Provider == state.Google && strings.HasSuffix(c.ID, ".apps.googleusercontent.com") || req.Provider == state.Outlook && strings.Count(c.ID, "-") == 4 {
		return c, nil
	}
	return c, &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf("the client id for %s: that is none", req.Provider)}
}

// Unlock is noted.
func (e *Engine) Unlock(ctx context.Context, _ string) error { return e.enter(ctx, "Unlock", "Unlock") }

// RemoveAccount takes an account and its calendars out of the world.
func (e *Engine) RemoveAccount(ctx context.Context, req control.RemoveAccount) (control.Disconnected, error) {
	id := req.ID
	note := "RemoveAccount " + string(id)
	if req.RemoveCopies {
		note += " with its copies"
	}
	if err := e.enter(ctx, "RemoveAccount", note); err != nil {
		return control.Disconnected{}, err
	}
	var out control.Disconnected
	e.Change(func(w *World) {
		out = w.Disconnected
		w.Status.Accounts = slices.DeleteFunc(slices.Clone(w.Status.Accounts), func(a control.AccountState) bool { return a.ID == id })
		w.Calendars = slices.DeleteFunc(slices.Clone(w.Calendars), func(c state.Calendar) bool { return c.Ref.Account == id })
	})
	return out, nil
}

// Calendars lists the world's calendars.
func (e *Engine) Calendars(ctx context.Context, account state.AccountID, _ bool) ([]state.Calendar, error) {
	if err := e.enter(ctx, "Calendars", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.world.Calendars), func(c state.Calendar) bool {
		return account != "" && c.Ref.Account != account
	}), nil
}

// MakeCalendar adds a calendar to an account.
func (e *Engine) MakeCalendar(ctx context.Context, req control.NewCalendar) (state.Calendar, error) {
	c := state.Calendar{Ref: state.Ref{Account: req.Account, Calendar: calendar.CalendarID(req.Name)},
		Calendar: calendar.Calendar{ID: calendar.CalendarID(req.Name), Name: req.Name, Zone: req.Zone}.WithRole(calendar.RoleOwner)}
	if err := e.enter(ctx, "MakeCalendar", "MakeCalendar "+plain(req)); err != nil {
		return c, err
	}
	e.Change(func(w *World) { w.Calendars = append(slices.Clone(w.Calendars), c) })
	return c, nil
}

// Mirrors lists the world's mirrors.
func (e *Engine) Mirrors(ctx context.Context) ([]control.MirrorState, error) {
	s, err := e.Status(ctx)
	return s.Mirrors, err
}

// AddMirror adds a mirror with no events.
func (e *Engine) AddMirror(ctx context.Context, req control.NewMirror) (state.Mirror, error) {
	var names []string
	for _, m := range req.Members {
		name := m.Ref.String()
		if m.Direction != state.TwoWay {
			name += "/" + string(m.Direction)
		}
		names = append(names, name)
	}
	note := fmt.Sprintf("AddMirror %q %s", req.Name, strings.Join(names, " "))
	if len(req.Mappings) > 0 {
		note += " mappings=" + plain(req.Mappings)
	}
	if len(req.LeftOut) > 0 {
		note += " left out=" + plain(req.LeftOut)
	}
	if err := e.enter(ctx, "AddMirror", note); err != nil {
		return state.Mirror{}, err
	}
	m := state.Mirror{Name: req.Name, Members: req.Members, Mappings: req.Mappings, LeftOut: req.LeftOut, Created: e.now()}
	if m.Name == "" {
		m.Name = strings.Join(names, " – ")
	}
	e.Change(func(w *World) {
		m.ID = state.MirrorID(fmt.Sprintf("m%d", len(w.Status.Mirrors)+1))
		w.Status.Mirrors = append(w.Status.Mirrors, control.MirrorState{Mirror: m})
	})
	return m, nil
}

// plain is data as it is noted.
func plain(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// mirror is a mirror as it is now.
func (e *Engine) mirror(id state.MirrorID) (m state.Mirror, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.world.Status.Mirrors {
		if x.ID == id {
			return x.Mirror, true
		}
	}
	return m, false
}

// ChangeMirror replaces a mirror. Mappings, rules and what was seen are noted where
// they change something.
func (e *Engine) ChangeMirror(ctx context.Context, req control.ChangeMirror) (state.Mirror, error) {
	m := req.Mirror
	note := "ChangeMirror " + string(m.ID)
	for _, x := range m.Members {
		note += fmt.Sprintf(" %s/%s/off=%v", x.Ref.Calendar, x.Direction, x.Off)
	}
	was, _ := e.mirror(m.ID)
	if !reflect.DeepEqual(was.Mappings, m.Mappings) {
		note += " mappings=" + plain(m.Mappings)
	}
	if was.Guests != m.Guests {
		note += fmt.Sprintf(" guests=%q", m.Guests)
	}
	if was.Invitations != m.Invitations {
		note += fmt.Sprintf(" invitations=%q", m.Invitations)
	}
	if len(req.Seen) > 0 {
		note += " seen=" + strings.Join(req.Seen, ",")
	}
	if err := e.enter(ctx, "ChangeMirror", note); err != nil {
		return state.Mirror{}, err
	}
	found := false
	e.Change(func(w *World) {
		w.Status.Mirrors = slices.Clone(w.Status.Mirrors)
		for i := range w.Status.Mirrors {
			if w.Status.Mirrors[i].ID == m.ID {
				w.Status.Mirrors[i].Mirror, found = m, true
			}
		}
	})
	if !found {
		return m, &control.Error{Code: control.CodeNotFound, Message: "there is no mirror " + string(m.ID)}
	}
	return m, nil
}

// PlanMirror finds what is due, and for a mirror that shows otherwise or has other
// rules what the world's Plan says.
func (e *Engine) PlanMirror(ctx context.Context, m state.Mirror) (control.Report, error) {
	if err := e.enter(ctx, "PlanMirror", ""); err != nil {
		return control.Report{}, err
	}
	if m.ID == "" {
		e.mu.Lock()
		defer e.mu.Unlock()
		r := control.Report{DryRun: true, Began: e.now(), Ended: e.now(), Steps: slices.Clone(e.world.FirstPlan), Problems: e.world.PlanProblems}
		r.Count()
		return r, nil
	}
	was, ok := e.mirror(m.ID)
	if !ok {
		return control.Report{}, &control.Error{Code: control.CodeNotFound, Message: "there is no mirror " + string(m.ID)}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	r := control.Report{DryRun: true, Began: e.now(), Ended: e.now(), Steps: slices.Clone(e.world.Due), Problems: e.world.PlanProblems}
	if !reflect.DeepEqual(was.Mappings, m.Mappings) || was.Guests != m.Guests || was.Invitations != m.Invitations || e.world.PlanMembers && !reflect.DeepEqual(was.Members, m.Members) {
		r.Steps = append(r.Steps, e.world.Plan...)
	}
	return r, nil
}

// Agenda picks from the world's.
func (e *Engine) Agenda(ctx context.Context, q control.AgendaQuery) (control.Agenda, error) {
	if err := e.enter(ctx, "Agenda", ""); err != nil {
		return control.Agenda{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var a control.Agenda
	for _, x := range e.world.Agenda {
		from, _ := x.Start.Instant()
		to, _ := x.End.Instant()
		if from.Before(q.To) && to.After(q.From) {
			a.Entries = append(a.Entries, x)
		}
	}
	return a, nil
}

// Days gives the last of the world's.
func (e *Engine) Days(ctx context.Context, n int) ([]control.DayCount, error) {
	if err := e.enter(ctx, "Days", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.world.Days[max(0, len(e.world.Days)-n):]), nil
}

// Preview knows the world's.
func (e *Engine) Preview(ctx context.Context, req control.PreviewRequest) ([]control.Preview, error) {
	if err := e.enter(ctx, "Preview", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if req.As != nil {
		return previewsAs(*req.As, req.Meeting), nil
	}
	if p, ok := e.world.Previews[req.Event]; ok {
		return p, nil
	}
	return nil, &control.Error{Code: control.CodeNotFound, Message: "there is no event " + req.Event}
}

// Duplicates finds the world's.
func (e *Engine) Duplicates(ctx context.Context, id state.MirrorID) (control.Duplicates, error) {
	if err := e.enter(ctx, "Duplicates", "Duplicates "+string(id)); err != nil {
		return control.Duplicates{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.world.Duplicates, nil
}

// CleanUp ends as the world says.
func (e *Engine) CleanUp(ctx context.Context, req control.CleanUp) (control.Report, error) {
	if err := e.enter(ctx, "CleanUp", "CleanUp "+plain(req)); err != nil {
		return control.Report{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.world.CleanedUp, nil
}

// TakeOver ends the watching of a mirror.
func (e *Engine) TakeOver(ctx context.Context, id state.MirrorID) error {
	if err := e.enter(ctx, "TakeOver", fmt.Sprintf("TakeOver %s", id)); err != nil {
		return err
	}
	e.Change(func(w *World) {
		w.Status.Mirrors = slices.Clone(w.Status.Mirrors)
		for i := range w.Status.Mirrors {
			if w.Status.Mirrors[i].ID == id {
				w.Status.Mirrors[i].Watching = nil
			}
		}
	})
	return nil
}

// RemoveMirror takes a mirror out of the world.
func (e *Engine) RemoveMirror(ctx context.Context, req control.RemoveMirror) (control.Report, error) {
	if err := e.enter(ctx, "RemoveMirror", fmt.Sprintf("RemoveMirror %s keep=%v", req.ID, req.KeepCopies)); err != nil {
		return control.Report{}, err
	}
	e.Change(func(w *World) {
		w.Status.Mirrors = slices.DeleteFunc(slices.Clone(w.Status.Mirrors), func(m control.MirrorState) bool { return m.ID == req.ID })
	})
	return control.Report{}, nil
}

// Sync counts a pass.
func (e *Engine) Sync(ctx context.Context, req control.SyncRequest) (control.Report, error) {
	if err := e.enter(ctx, "Sync", "Sync"); err != nil {
		return control.Report{}, err
	}
	if req.DryRun {
		return control.Report{}, errors.New("pretend: no dry run")
	}
	e.Change(func(w *World) { w.Status.Pass++; w.Status.LastSync = e.now() })
	return control.Report{}, nil
}

// Pause sets or ends the pause.
func (e *Engine) Pause(ctx context.Context, until time.Time) error {
	note := "Pause " + until.UTC().Format(time.RFC3339)
	if until.IsZero() {
		note = "Resume"
	}
	if err := e.enter(ctx, "Pause", note); err != nil {
		return err
	}
	e.Change(func(w *World) {
		w.Status.PausedUntil = until
		w.Status.Activity, w.Status.Summary = control.Paused, "Syncing is paused"
		if until.IsZero() {
			w.Status.Activity, w.Status.Summary = control.Fine, "All calendars agree"
		}
	})
	return nil
}

// Held lists what waits.
func (e *Engine) Held(ctx context.Context) ([]state.Held, error) {
	if err := e.enter(ctx, "Held", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.world.Held), nil
}

// Decide takes the steps off the list.
func (e *Engine) Decide(ctx context.Context, d control.Decide) error {
	if err := e.enter(ctx, "Decide", fmt.Sprintf("Decide %s %s", d.Decision, strings.Join(d.IDs, " "))); err != nil {
		return err
	}
	e.Change(func(w *World) {
		w.Held = slices.DeleteFunc(slices.Clone(w.Held), func(h state.Held) bool { return slices.Contains(d.IDs, h.ID) })
	})
	return nil
}

// Attend is counted: Attended.
func (e *Engine) Attend(ctx context.Context) error {
	e.mu.Lock()
	e.attended++
	e.mu.Unlock()
	return e.enter(ctx, "Attend", "")
}

// Attended is how often a face said that it is open.
func (e *Engine) Attended() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.attended
}

// ShowWindow is noted.
func (e *Engine) ShowWindow(ctx context.Context) error {
	return e.enter(ctx, "ShowWindow", "ShowWindow")
}

// Quit is noted.
func (e *Engine) Quit(ctx context.Context) error { return e.enter(ctx, "Quit", "Quit") }

// Clock is a wall clock of Berlin for made-up events.
func Clock(local string) calendar.Time {
	return calendar.Time{Local: local, Zone: "Europe/Berlin"}
}
