package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// RemoveAccount disconnects an account: its part in mirrors ends, and copies are
// removed or stay as plain events, as chosen; then its sign-in is revoked, where the
// provider has a way to, and forgotten. Nothing is forgotten while copies that are to
// be removed are still there.
func (e *Engine) RemoveAccount(ctx context.Context, req control.RemoveAccount) (control.Disconnected, error) {
	ctx, done := e.carriedOn(ctx)
	defer done()
	defer e.alone()()
	out := control.Disconnected{Report: control.Report{Began: e.Now(), Steps: []control.StepResult{}}}
	h, err := e.gather(false, nil)
	if err != nil {
		return out, err
	}
	out.Report.Pass = h.pass
	a, ok := h.accounts[req.ID]
	if !ok {
		return out, notFound("there is no account %q; `twinday account list` shows them", req.ID)
	}
	out.Account = a
	if req.RemoveCopies {
		if err := e.takeAway(ctx, h, a, &out); err != nil {
			return out, err
		}
	}
	if err := e.Store.Update(func(tx *store.Tx) error { return e.leave(tx, a) }); err != nil {
		return out, err
	}
	e.signOut(ctx, a, &out)
	e.forget(a.ID)
	out.Report.Ended = e.Now()
	e.statusChanged()
	e.poke()
	return out, nil
}

// takeAway removes the copies in an account's calendars, and those of its events
// elsewhere. What is in an account that is signed out stays, for nobody can reach it.
func (e *Engine) takeAway(ctx context.Context, h *house, a state.Account, out *control.Disconnected) error {
	var own []state.Mirror
	for _, m := range h.mirrors {
		if slices.ContainsFunc(m.Members, func(x state.Member) bool { return x.Ref.Account == a.ID }) {
			own = append(own, m)
		}
	}
	for _, m := range own {
		if err := e.mine(m); err != nil {
			return err
		}
	}
	if len(own) == 0 {
		return nil
	}
	var err error
	if _, out.Report.Requests, err = e.visit(ctx, h, settleToLeave, 0); err != nil { // their versions must be the latest
		return err
	}
	err = e.Store.View(func(tx *store.Tx) (err error) { a, _, err = tx.Account(a.ID); return err }) // as the visit found it
	if err != nil {
		return err
	}
	var steps []state.Step
	for _, m := range own {
		if err := e.nothingUnderWay(m); err != nil {
			return err
		}
		all, err := e.copiesOf(m)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.Ref.Account != a.ID && s.From.Account != a.ID {
				continue
			}
			if s.Ref.Account == a.ID && a.SignedOut {
				out.Left++
				continue
			}
			if !h.members[s.Ref].Ready {
				return &control.Error{Code: control.CodeFailed, Message: "the copies in “" + h.members[s.Ref].Name +
					"” cannot be removed now, because it cannot be reached; try again later, or keep the copies"}
			}
			s.Reason = "the account " + string(a.ID) + " was disconnected"
			steps = append(steps, s)
		}
	}
	if out.Report.Steps, _, err = e.push(ctx, h, steps, 0); err != nil {
		return err
	}
	out.Report.Count()
	if out.Report.Failed > 0 {
		return &control.Error{Code: control.CodeFailed, Message: "some copies could not be removed; the account is still connected: try again"}
	}
	return nil
}

// leave takes an account out of its mirrors, and all that is known of it out of the
// store. A mirror that is left with one calendar ends.
func (e *Engine) leave(tx *store.Tx, a state.Account) error {
	id, why := a.ID, "the account of "+cmp.Or(a.Email, string(a.ID))+" was removed"
	ms, err := tx.Mirrors()
	if err != nil {
		return err
	}
	away := func(ref state.Ref) bool { return ref.Account == id }
	var stay []state.Mirror
	for _, m := range ms {
		before := len(m.Members)
		m.Members = slices.DeleteFunc(m.Members, func(x state.Member) bool { return away(x.Ref) })
		if len(m.Members) == before {
			continue
		}
		m.Mappings = slices.DeleteFunc(m.Mappings, func(p state.PairMapping) bool { return away(p.From) || away(p.To) })
		if ref, ok := m.Conflicts.Member(); ok && away(ref) {
			m.Conflicts = state.LatestWins
		}
		if len(m.Members) < 2 {
			err = e.endMirror(tx, m, why)
		} else {
			stay = append(stay, m)
			err = tx.PutMirror(m)
		}
		if err != nil {
			return err
		}
	}
	if err := unlink(tx, func(ref state.Ref, _ state.Record) bool { return away(ref) }); err != nil {
		return err
	}
	if err := e.endWork(tx, why); err != nil {
		return err
	}
	if err := forgetWork(tx, func(s state.Step) bool { return away(s.Ref) || away(s.From) }); err != nil {
		return err
	}
	for _, m := range stay {
		if err := reconsider(tx, m); err != nil {
			return err
		}
	}
	return tx.DeleteAccount(id)
}

// endMirror forgets a mirror and what is known of its copies: they are plain events. why
// is for the history of what was under way.
func (e *Engine) endMirror(tx *store.Tx, m state.Mirror, why string) error {
	if err := unlink(tx, func(_ state.Ref, rec state.Record) bool { return rec.Mirror == m.ID }); err != nil {
		return err
	}
	if err := tx.DeleteMirror(m.ID); err != nil {
		return err
	}
	if err := putLease(tx, m.ID, lease{}); err != nil {
		return err
	}
	if err := e.endWork(tx, why); err != nil {
		return err
	}
	if err := forgetWork(tx, func(s state.Step) bool { return s.Mirror == m.ID }); err != nil {
		return err
	}
	return reconsider(tx, m) // another mirror may want them now
}

// signOut revokes an account's sign-in, where the provider has a way to, and deletes
// the secret in any case.
func (e *Engine) signOut(ctx context.Context, a state.Account, out *control.Disconnected) {
	secret := keptSecret{e, a.ID}
	if c, ok := e.Connectors[a.Provider]; ok {
		o, err := c.Offers(), c.SignOut(ctx, a, secret)
		if err != nil {
			e.Log.Warn("the sign-in could not be revoked at the provider", "account", a.ID, "cause", cause(err))
		}
		if out.Revoked = o.Revokes && err == nil; !out.Revoked {
			out.ConsentPage = o.ConsentPage
		}
		out.Words = revokedWords(serviceName(a.Provider), o, err)
	}
	k, err := secret.keeper()
	if err == nil {
		err = k.Delete(string(a.ID))
	}
	if err != nil && !errors.Is(err, secrets.ErrNone) {
		e.Log.Warn("the secret could not be deleted", "account", a.ID, "cause", cause(err))
	}
}

// revokedWords say what became of the permission at the provider.
func revokedWords(service string, o Offers, err error) string {
	switch {
	case !o.Revokes && o.ConsentPage == "":
		return ""
	case !o.Revokes:
		return fmt.Sprintf("%s has no way for an app to give back what you allowed it. Twinday has forgotten its sign-in; to take the permission itself back, remove Twinday at %s", service, o.ConsentPage)
	case err != nil:
		return fmt.Sprintf("%s could not be told to take the permission back. Twinday has forgotten its sign-in; to make sure, remove Twinday at %s", service, o.ConsentPage)
	}
	return fmt.Sprintf("%s has taken the permission back; other computers on which you use Twinday with this account have to sign in again", service)
}
