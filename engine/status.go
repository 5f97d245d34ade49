package engine

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// throttledFor is how long an account is left alone when a provider says 'too
// fast' without saying for how long.
const throttledFor = time.Minute

// watchPace is the least time between two statuses that Watch sends.
const watchPace = 200 * time.Millisecond

// problemKey is what a problem is about: a calendar, or an account as a whole.
type problemKey struct {
	account state.AccountID
	ref     state.Ref
}

// trouble takes note of a provider's failure: shown with its cause and the way
// out, and heeded by the next passes. ref may name the account only.
func (e *Engine) trouble(ctx context.Context, ref state.Ref, err error) {
	if ctx.Err() != nil || e.told(ref.Account, err) {
		return // we gave up ourselves: nothing is wrong with the provider; or it is shown
	}
	if e.unsaved(err) { // nor here
		return
	}
	switch calendar.KindOf(err) {
	case calendar.Throttled:
		wait := cmp.Or(calendar.RetryAfter(err), throttledFor)
		e.mu.Lock()
		e.waits[ref.Account] = e.Now().Add(wait)
		e.mu.Unlock()
		e.problem(ref.Account, state.Ref{}, err)
	case calendar.SignedOut:
		e.signedOut(ref.Account, err)
		e.problem(ref.Account, state.Ref{}, err)
	default:
		if calendar.ObstacleOf(err) != "" { // nor does it help to ask again
			e.signedOut(ref.Account, err)
			ref.Calendar = ""
		}
		if ref.Calendar == "" {
			ref = state.Ref{Account: ref.Account}
		}
		e.problem(ref.Account, ref, err)
	}
}

func (e *Engine) signedOut(id state.AccountID, trouble error) {
	words := e.inPlainWords(id, state.Ref{}, trouble)
	err := e.Store.Update(func(tx *store.Tx) error {
		a, ok, err := tx.Account(id)
		if err != nil || !ok {
			return err
		}
		a.SignedOut, a.Trouble, a.Obstacle = true, words, calendar.ObstacleOf(trouble)
		return tx.PutAccount(a)
	})
	if err != nil {
		e.Log.Error("an account's state could not be kept", "account", id, "error", err)
	}
}

func (e *Engine) problem(id state.AccountID, ref state.Ref, err error) {
	key := problemKey{account: id}
	if ref.Calendar != "" {
		key.ref = ref
	}
	note := control.ProblemNote{Account: id, Ref: key.ref, What: e.inPlainWords(id, key.ref, err), Detail: err.Error(), WayOut: wayOut(err), Since: e.Now()}
	e.Log.Warn("a problem", "account", id, "calendar", key.ref, "kind", calendar.KindOf(err).String(), "cause", cause(err))
	e.mu.Lock()
	if old, ok := e.problems[key]; ok {
		note.Since = old.Since
	}
	e.problems[key] = note
	if calendar.KindOf(err) == calendar.Unavailable {
		e.unreached[key] = true
	} else {
		delete(e.unreached, key)
	}
	e.mu.Unlock()
	e.statusChanged()
}

// cause is the innermost of an error: what went wrong, without the calls and the
// addresses it came through.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// inPlainWords says what a failure means to a person; the chain of calls it came
// through is for the log.
func (e *Engine) inPlainWords(id state.AccountID, ref state.Ref, err error) string {
	service, who, name := e.names(id, ref)
	if odd, ok := errors.AsType[*suspicion](err); ok {
		return fmt.Sprintf("%s of %s is not believed: %v", name, who, odd)
	}
	if words := e.signInWords(id, err, service, who); words != "" {
		return words
	}
	switch {
	case errors.Is(err, errNoCalendar):
		return fmt.Sprintf("%s is not among the calendars of %s any more: it was deleted, taken off the list, or is shared no longer", name, who)
	case errors.Is(err, errBusyOnly):
		return fmt.Sprintf("%s of %s shows no more than when its events are", name, who)
	}
	switch {
	case errors.Is(err, calendar.ErrSwitchedOff):
		return fmt.Sprintf("At %s, calendars are not switched on for the client id that Twinday uses for %s", service, who)
	case errors.Is(err, calendar.ErrNoMailbox):
		return fmt.Sprintf("%s has no mailbox at %s, and so no calendars", who, service)
	case errors.Is(err, calendar.ErrFull):
		return fmt.Sprintf("There is no room for more at %s for %s", service, who)
	}
	if bad, ok := errors.AsType[*calendar.Damaged](err); ok {
		if bad.Day.IsZero() {
			return fmt.Sprintf("%s of %s cannot be read: one of its events is damaged at %s", name, who, service)
		}
		return fmt.Sprintf("%s of %s cannot be read: an event on or about %s is damaged at %s", name, who, bad.Day.Format("2 Jan 2006"), service)
	}
	switch calendar.KindOf(err) {
	case calendar.Unavailable:
		return fmt.Sprintf("%s cannot be reached for %s (%v)", service, who, cause(err))
	case calendar.Throttled:
		e.mu.Lock()
		until := e.waits[id]
		e.mu.Unlock()
		if until.IsZero() {
			return fmt.Sprintf("%s asks for patience with %s", service, who)
		}
		return fmt.Sprintf("%s asks for patience with %s; tried again at %s", service, who, clockTime(until))
	case calendar.NotFound, calendar.Gone:
		return fmt.Sprintf("%s of %s cannot be found any more", name, who)
	case calendar.Forbidden:
		return fmt.Sprintf("%s does not allow that for %s (%v)", service, who, cause(err))
	case calendar.ReadOnly:
		return fmt.Sprintf("%s of %s can only be read", name, who)
	}
	return fmt.Sprintf("Something is wrong with %s at %s (%v)", who, service, cause(err))
}

// names are how a person calls the service, the account and the calendar.
func (e *Engine) names(id state.AccountID, ref state.Ref) (service, who, name string) {
	service, who, name = "The service", string(id), "a calendar"
	read := e.Store.View(func(tx *store.Tx) error {
		a, ok, err := tx.Account(id)
		if err != nil || !ok {
			return err
		}
		who = cmp.Or(a.Email, who)
		service = serviceName(a.Provider)
		list, err := tx.Calendars(id)
		for _, c := range list {
			if c.Ref == ref {
				name = "“" + c.Name + "”"
			}
		}
		return err
	})
	if read != nil {
		e.Log.Error("a problem's names cannot be read", "error", read)
	}
	return service, who, name
}

// wayOut says what a person can do about an error.
func wayOut(err error) string {
	if odd, ok := errors.AsType[*suspicion](err); ok {
		if odd.short {
			return "Nothing is deleted, and nothing is written to it; Twinday reads it again by itself."
		}
		return fmt.Sprintf("Nothing is deleted, and nothing is written to it. If you emptied it yourself: Twinday believes it when it still looks so at %s.", clockTime(odd.until))
	}
	if calendar.KindOf(err) == calendar.SignedOut || calendar.ObstacleOf(err) != "" {
		return wayIn(conditionOf(calendar.ObstacleOf(err))).Text
	}
	if errors.Is(err, secrets.ErrUnavailable) {
		return unlockKeyring
	}
	switch {
	case errors.Is(err, errNoCalendar):
		return "Nothing of it is touched meanwhile. Put it back on the account's list, or take it out of its mirror."
	case errors.Is(err, errBusyOnly):
		return "Nothing of it is touched meanwhile. Ask its owner to show you its events' details, or take it out of its mirror."
	}
	switch {
	case errors.Is(err, calendar.ErrSwitchedOff):
		return "Open the client id's project in the service's console, and enable the calendar API there; it takes some minutes to show. Twinday goes on by itself."
	case errors.Is(err, calendar.ErrNoMailbox):
		return "Connect another account of yours; at work, ask your IT whether this one's mailbox is in the cloud."
	case errors.Is(err, calendar.ErrFull):
		return "Delete or move away what takes up the account's storage (mails, too); then Twinday goes on by itself."
	}
	if _, ok := errors.AsType[*calendar.Damaged](err); ok {
		return "Nothing of it is touched meanwhile. Find the event in the service's own app (it does not open, or shows only a part), and delete it there; then Twinday goes on by itself."
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "Your network looks into what passes (or somebody does): give Twinday your company's root certificate in the settings, or use another network."
	}
	switch calendar.KindOf(err) {
	case calendar.Throttled:
		return "Nothing to do: Twinday waits as long as the provider asks."
	case calendar.Unavailable:
		return "Check the network; Twinday tries again by itself."
	case calendar.NotFound:
		return "See whether the calendar is still there, and whether you may still see it."
	case calendar.Forbidden:
		return "Sign in again and allow Twinday to read and change your calendars."
	case calendar.ReadOnly:
		return "Ask the calendar's owner for the right to change it, or let it only send."
	}
	return "Twinday tries again by itself; if it goes on, please report it."
}

// mended forgets the problems of a calendar that has just answered.
func (e *Engine) mended(ref state.Ref) {
	e.mu.Lock()
	_, a := e.problems[problemKey{account: ref.Account}]
	_, b := e.problems[problemKey{ref.Account, ref}]
	for _, k := range []problemKey{{account: ref.Account}, {ref.Account, ref}} {
		delete(e.problems, k)
		delete(e.unreached, k)
	}
	e.mu.Unlock()
	if a || b {
		e.statusChanged()
	}
}

// problemList is all that is not well: accounts that must sign in again, and what
// failed last.
func (e *Engine) problemList(accounts []state.Account) []control.ProblemNote {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []control.ProblemNote
	for _, p := range e.problems {
		out = append(out, p)
	}
	for _, a := range accounts {
		if _, told := e.problems[problemKey{account: a.ID}]; a.SignedOut && !told {
			out = append(out, control.ProblemNote{Account: a.ID, What: a.Trouble, WayOut: wayIn(conditionOf(a.Obstacle)).Text, Since: a.Added})
		}
	}
	slices.SortFunc(out, func(a, b control.ProblemNote) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), compareRefs(a.Ref, b.Ref))
	})
	return out
}

// waiting reports whether a provider asked for patience.
func (e *Engine) waiting(id state.AccountID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.Now().Before(e.waits[id])
}

func (e *Engine) setRunning(on bool) {
	e.mu.Lock()
	e.running = on
	e.mu.Unlock()
	e.statusChanged()
}

const (
	settingLastSync = "last good sync"
	settingSynced   = "last sync of " // and the mirror's id
	settingProblems = "problems"
)

// passed takes note of a finished pass: the last good sync outlives the process.
func (e *Engine) passed(h *house, r control.Report) error {
	if r.DryRun {
		return nil
	}
	if r.Writes() > 0 || r.Adopted > 0 {
		e.mu.Lock()
		e.changedAt = r.Ended
		e.mu.Unlock()
	}
	ended := r.Ended.UTC().Format(time.RFC3339Nano)
	problems, err := json.Marshal(e.problemList(slices.Collect(maps.Values(h.accounts))))
	if err != nil {
		return err
	}
	return e.Store.Update(func(tx *store.Tx) error {
		if len(r.Problems) == 0 && r.Failed == 0 {
			if err := tx.SetSetting(settingLastSync, ended); err != nil {
				return err
			}
		}
		if err := tx.SetSetting(settingProblems, string(problems)); err != nil {
			return err
		}
		if err := tx.CountDay(r.Ended.Format(time.DateOnly), 0, r.Requests); err != nil {
			return err
		}
		for _, m := range h.mirrors {
			unread := slices.ContainsFunc(m.Members, func(x state.Member) bool { return !x.Off && !h.members[x.Ref].Ready })
			if m.Paused || unread {
				continue
			}
			if err := tx.SetSetting(settingSynced+string(m.ID), ended); err != nil {
				return err
			}
		}
		return nil
	})
}

// recallProblems takes up what the last process knew to be wrong.
func (e *Engine) recallProblems() error {
	return e.Store.View(func(tx *store.Tx) error {
		var notes []control.ProblemNote
		if kept, ok := tx.Setting(settingProblems); ok {
			if err := json.Unmarshal([]byte(kept), &notes); err != nil {
				return fmt.Errorf("engine: %w", err)
			}
		}
		for _, n := range notes {
			e.problems[problemKey{n.Account, n.Ref}] = n
		}
		return nil
	})
}

// settingTime reads a moment that was kept; zero if there is none.
func settingTime(tx *store.Tx, key string) time.Time {
	s, _ := tx.Setting(key)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// statusChanged wakes those who watch.
func (e *Engine) statusChanged() {
	e.mu.Lock()
	close(e.changed)
	e.changed = make(chan struct{})
	e.mu.Unlock()
}

// Status is the state at a glance.
func (e *Engine) Status(context.Context) (control.Status, error) {
	s := control.Status{Version: e.Version, PausedUntil: e.pausedUntil(), Accounts: []control.AccountState{}}
	var accounts []state.Account
	cut := 0 // steps of a pass that was cut off
	err := e.Store.View(func(tx *store.Tx) error {
		var err error
		if accounts, err = tx.Accounts(); err != nil {
			return err
		}
		s.Problems = e.problemList(accounts)
		intents, err := tx.Intents()
		if err != nil {
			return err
		}
		cut = len(intents)
		s.Pass, s.LastSync = tx.LastPass(), settingTime(tx, settingLastSync)
		if s.Mirrors, err = e.mirrorStates(tx); err != nil {
			return err
		}
		s.Installation = e.installation(tx)
		held, err := tx.AllHeld()
		for _, x := range held {
			if x.Decision == state.Undecided {
				s.Held++
			}
		}
		return err
	})
	if err != nil {
		return s, fmt.Errorf("engine: %w", err)
	}
	s.Problems = append(e.lockedNotes(accounts), s.Problems...)
	if s.Accounts, err = e.accountStates(accounts); err != nil {
		return s, fmt.Errorf("engine: %w", err)
	}
	settings, err := e.Settings(context.Background())
	if err != nil {
		return s, err
	}
	s.Faces, s.Quiet = settings.Faces, settings.Rhythm.QuietUntil(e.Now())
	s.DataDir = filepath.Dir(e.Store.Path())
	e.storeState(&s)
	s.Progress = e.progress()
	e.mu.Lock()
	s.NextSync = e.nextSync
	running := e.running
	e.mu.Unlock()
	if !e.Now().Before(s.PausedUntil) {
		s.PausedUntil = time.Time{}
	}
	s.Activity, s.Summary = glance(s, running || e.anyBusy(), cut)
	return s, nil
}

// glance puts the state into one word and one sentence.
func glance(s control.Status, running bool, cut int) (control.Activity, string) {
	events := 0
	for _, m := range s.Mirrors {
		events += m.Events
	}
	switch {
	case !s.PausedUntil.IsZero():
		return control.Paused, "Paused"
	case running:
		return control.Syncing, "Syncing…"
	case s.Held > 0:
		return control.NeedsYou, fmt.Sprintf("%s for your decision", plural(s.Held, "change waits", "changes wait"))
	case len(s.Problems) > 0:
		return control.Problem, s.Problems[0].What
	case len(s.Accounts) == 0:
		return control.Empty, "No account is connected yet"
	case len(s.Mirrors) == 0:
		return control.Empty, "No calendars mirror each other yet"
	case cut > 0:
		return control.Starting, "A sync was cut off; the next one finishes it"
	case watched(s) != "":
		return control.Fine, watched(s)
	case s.LastSync.IsZero():
		return control.Starting, "Not synced yet"
	}
	return control.Fine, fmt.Sprintf("All is well: %s alike", plural(events, "event", "events"))
}

// watched says in words that mirrors are kept elsewhere, nothing if none is.
func watched(s control.Status) string {
	var who string
	n := 0
	for _, m := range s.Mirrors {
		if m.Watching != nil {
			n++
			who = fmt.Sprintf("“%s” is kept by another Twinday (%s)", m.Name, m.Watching.Installation)
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "Only watching: " + who
	}
	return fmt.Sprintf("Only watching: %d mirrors are kept by another Twinday", n)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Watch calls f with the status, now and after each change.
func (e *Engine) Watch(ctx context.Context, f func(control.Status) error) error {
	for e.ctx.Err() == nil {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		s, err := e.Status(ctx)
		if err != nil {
			return err
		}
		if err := f(s); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.ctx.Done():
			return nil
		case <-changed:
		}
		pace := time.NewTimer(watchPace)
		select {
		case <-ctx.Done():
			pace.Stop()
			return ctx.Err()
		case <-pace.C:
		}
	}
	return nil
}
