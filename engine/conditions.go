package engine

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// This file says how accounts fare: a condition, a sentence, and the one way out.

// conditionOf is the condition of a sign-in that has ended.
func conditionOf(o calendar.Obstacle) control.Condition {
	switch o {
	case calendar.AdminApproval:
		return control.NeedsAdmin
	case calendar.BlockedByPolicy:
		return control.Blocked
	case calendar.ScopeMissing:
		return control.LacksScope
	case calendar.ClientRefused:
		return control.ClientRefused
	}
	return control.NeedsConsent
}

const (
	checkNetwork  = "Check the network; Twinday tries again by itself, and at once when you sync now."
	unlockKeyring = "Unlock the system's keyring, or start it; Twinday tries again by itself, and at once when you sync now."
)

// wayIn is the way out of each condition.
func wayIn(c control.Condition) control.WayOut {
	switch c {
	case control.NeedsConsent:
		return control.WayOut{Do: control.SignInAgain, Text: "Sign in again; nothing is lost meanwhile."}
	case control.NeedsAdmin:
		return control.WayOut{Do: control.AskIT, Text: "Send the ready-made text to your IT, and sign in when they have agreed."}
	case control.Blocked:
		return control.WayOut{Do: control.AskIT, Text: "Send the ready-made text to your IT, and sign in when they let Twinday in."}
	case control.LacksScope:
		return control.WayOut{Do: control.SignInAgain, Text: "Sign in again and tick every box."}
	case control.ClientRefused:
		return control.WayOut{Do: control.GiveClient, Text: "Give another client id, and sign in with it."}
	case control.Locked:
		return control.WayOut{Do: control.Unlock, Text: "Give the passphrase of your sign-ins."}
	case control.Offline:
		return control.WayOut{Do: control.SyncNow, Text: checkNetwork}
	case control.Throttled:
		return control.WayOut{Do: control.JustWait, Text: "Nothing to do: Twinday waits as long as the provider asks."}
	}
	return control.WayOut{}
}

// signInWords are the sentence for a sign-in that has ended or cannot be read, "" for
// any other failure.
func (e *Engine) signInWords(id state.AccountID, err error, service, who string) string {
	if errors.Is(err, secrets.ErrUnavailable) {
		return noKeyringWords(who)
	}
	obstacle := calendar.ObstacleOf(err)
	if calendar.KindOf(err) != calendar.SignedOut && obstacle == "" {
		return ""
	}
	switch why := cause(err); obstacle {
	case calendar.AdminApproval:
		return fmt.Sprintf("Your organisation wants an administrator to allow Twinday before %s can use %s (%s)", who, service, why)
	case calendar.BlockedByPolicy:
		return fmt.Sprintf("Your organisation's rules block Twinday for %s at %s (%s)", who, service, why)
	case calendar.ScopeMissing:
		return fmt.Sprintf("A permission that Twinday needs was left out for %s at %s", who, service)
	case calendar.ClientRefused:
		return fmt.Sprintf("%s does not accept the client id that Twinday uses for %s (%s)", service, who, why)
	default:
		if e.diedOfTesting(id) {
			return fmt.Sprintf("The sign-in of %s at %s has ended after seven days, as %s does while the client id's project is in “testing”: publish it there, or this comes back every week", who, service, service)
		}
		return fmt.Sprintf("The sign-in of %s at %s has ended (%s)", who, service, why)
	}
}

func noKeyringWords(who string) string {
	return fmt.Sprintf("The system's keyring does not answer, so that the sign-in of %s cannot be read", who)
}

// diedOfTesting reports whether a sign-in ended when those of an unpublished client id do.
func (e *Engine) diedOfTesting(id state.AccountID) bool {
	died := false
	err := e.Store.View(func(tx *store.Tx) error {
		a, ok, err := tx.Account(id)
		if c := e.Connectors[a.Provider]; ok && c != nil && !a.SignedIn.IsZero() {
			life, age := c.Offers().TestingLife, e.Now().Sub(a.SignedIn)
			// Twinday asks for a new access token every hour, so it shows within one; a
			// machine that slept shows it the next day.
			died = life > 0 && age >= life && age < life+24*time.Hour
		}
		return err
	})
	return err == nil && died
}

// accountStates says how the accounts fare.
func (e *Engine) accountStates(accounts []state.Account) ([]control.AccountState, error) {
	places := map[state.AccountID]place{}
	err := e.Store.View(func(tx *store.Tx) error {
		for _, a := range accounts {
			places[a.ID] = placeIn(tx, a.ID)
		}
		return nil
	})
	list := []control.AccountState{}
	for _, a := range accounts {
		s := control.AccountState{Account: a, Kept: cmp.Or(keptAs[places[a.ID]], control.InKeyring)}
		helps := e.judge(&s, places[a.ID] == inSealed && e.Sealed != nil && e.Sealed.Locked())
		s.WayOut = wayIn(s.Condition)
		s.Makes = e.making(a)
		if s.Condition == control.Offline {
			s.WayOut.Text = cmp.Or(helps, s.WayOut.Text)
		}
		if s.WayOut.Do == control.AskIT {
			s.ForIT = e.forIT(a.Provider, SignInWish{Endpoint: a.Reach(), Access: a.Access}, a.Obstacle)
		}
		list = append(list, s)
	}
	return list, err
}

// lockedNotes are the problems of accounts that wait for the passphrase.
func (e *Engine) lockedNotes(accounts []state.Account) (list []control.ProblemNote) {
	for _, a := range accounts {
		if e.locked(a.ID) {
			list = append(list, control.ProblemNote{Account: a.ID, What: lockedWords(cmp.Or(a.Email, string(a.ID))), WayOut: wayIn(control.Locked).Text, Since: e.began})
		}
	}
	return list
}

func lockedWords(who string) string {
	return fmt.Sprintf("The sign-in of %s waits for your passphrase", who)
}

// judge finds an account's condition, and its words; helps is what the problem that
// shows it says of the way out.
func (e *Engine) judge(s *control.AccountState, locked bool) (helps string) {
	service, who := serviceName(s.Provider), cmp.Or(s.Email, string(s.ID))
	e.mu.Lock()
	p, wait := e.providers[s.ID], e.waits[s.ID]
	note := e.problems[problemKey{account: s.ID}]
	var away []problemKey // what of it cannot be reached
	for k := range e.unreached {
		if k.account == s.ID {
			away = append(away, k)
		}
	}
	slices.SortFunc(away, func(a, b problemKey) int { return compareRefs(a.ref, b.ref) })
	if len(away) > 0 {
		note = e.problems[away[0]]
	}
	e.mu.Unlock()
	switch {
	case locked:
		s.Condition, s.Words = control.Locked, lockedWords(who)
	case s.SignedOut:
		s.Condition, s.Words = conditionOf(s.Obstacle), s.Trouble
	case p != nil && e.resting(p):
		rest, _ := p.Rest()
		s.Condition, s.Words, s.Until = control.Offline, note.What, rest.Until
		if s.Words == "" {
			s.Words = fmt.Sprintf("%s does not answer for %s", service, who)
		}
	case e.Now().Before(wait):
		s.Condition, s.Until = control.Throttled, wait
		s.Words = fmt.Sprintf("%s asks for patience with %s; tried again at %s", service, who, clockTime(wait))
	case len(away) > 0:
		s.Condition, s.Words = control.Offline, note.What
	case len(s.Lacks) > 0:
		s.Condition = control.LacksScope
		s.Words = fmt.Sprintf("%s did not give all that was ticked for %s: “%s” is missing; the rest works", service, who, strings.Join(e.reasons(*s), "”, “"))
	default:
		s.Condition, s.Words = control.Connected, fmt.Sprintf("%s is connected to %s", who, service)
	}
	return note.WayOut
}

// reasons are what an account lacks, in a person's words.
func (e *Engine) reasons(s control.AccountState) (list []string) {
	c := e.Connectors[s.Provider]
	for _, x := range s.Lacks {
		reason := string(x)
		if c != nil {
			for _, p := range c.Offers().Extras {
				if p.Extra == x {
					reason = p.Reason
				}
			}
		}
		list = append(list, reason)
	}
	return list
}

func (e *Engine) forIT(kind state.ProviderKind, w SignInWish, why calendar.Obstacle) string {
	if c := e.Connectors[kind]; c != nil {
		return c.ForIT(w, why)
	}
	return ""
}

// notSignedIn is a sign-in that failed, for a person. An account that waits for one
// learns what stands in its way now; one that is connected stays so.
func (e *Engine) notSignedIn(req control.NewAccount, err error) error {
	service, obstacle := serviceName(req.Provider), calendar.ObstacleOf(err)
	out := &control.Error{Code: control.CodeFailed, Message: "sign-in: " + refusedWords(err)}
	if obstacle == "" {
		return out
	}
	out.Condition = conditionOf(obstacle)
	out.WayOut = wayIn(out.Condition)
	if out.WayOut.Do == control.AskIT {
		out.ForIT = e.forIT(req.Provider, SignInWish{Endpoint: req.Endpoint, Access: *req.Access}, obstacle)
	}
	words := e.signInWords(req.ID, err, service, cmp.Or(string(req.ID), "you"))
	if obstacle == calendar.ScopeMissing || obstacle == calendar.ClientRefused {
		words = cause(err) // names the permission, or how to come by a client id
	}
	out.Message = "sign-in: " + words
	kept := e.Store.Update(func(tx *store.Tx) error {
		a, ok, err := tx.Account(req.ID)
		if err != nil || !ok || !a.SignedOut {
			return err
		}
		a.Obstacle, a.Trouble = obstacle, words
		return tx.PutAccount(a)
	})
	if kept != nil {
		e.Log.Error("an account's state could not be kept", "account", req.ID, "error", kept)
	}
	e.statusChanged()
	return out
}

// refusedWords says why a sign-in failed that nothing but another address, name or password
// mends: without the calls it came through.
func refusedWords(err error) string {
	at, ok := errors.AsType[*calendar.Error](err)
	if !ok || at.Err == nil {
		return err.Error()
	}
	if _, ok := errors.AsType[net.Error](at); ok && at.Kind == calendar.Unavailable {
		return fmt.Sprintf("nothing answers at this address (%s)", cause(err))
	}
	if at.Kind == calendar.NotFound && cause(err) == "404 Not Found" {
		return "nothing is found at this address (404 Not Found)"
	}
	return at.Err.Error()
}

func serviceName(k state.ProviderKind) string {
	return cmp.Or(map[state.ProviderKind]string{state.Google: "Google", state.Outlook: "Outlook"}[k], "The service")
}
