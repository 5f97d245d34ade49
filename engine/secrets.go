package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// This file is about where sign-ins are kept: in the keyring if one answers, else in a
// file that a passphrase opens, or, if the person says so, in a plain one.

// settingPlace says where an account's secret is. Its values are older than the sealed
// file: "false" is the keyring, "true" the plain file.
const settingPlace = "plain secret of "

func placeSetting(id state.AccountID) string { return settingPlace + string(id) }

type place string

const (
	inKeyring place = "false"
	inPlain   place = "true"
	inSealed  place = "sealed"
)

func (e *Engine) placeOf(k secrets.Keeper) place {
	switch {
	case k.Plain():
		return inPlain
	case e.Sealed != nil && k == secrets.Keeper(e.Sealed):
		return inSealed
	}
	return inKeyring
}

// keptAs are the places in the faces' words.
var keptAs = map[place]control.Kept{inKeyring: control.InKeyring, inSealed: control.InSealedFile, inPlain: control.InPlainFile}

// keeper picks where a new account's secret is kept.
func (e *Engine) keeper(req control.NewAccount) (secrets.Keeper, error) {
	why := e.noKeyring()
	switch {
	case why == nil:
		return e.Secrets, nil
	case e.Sealed != nil && req.Passphrase != "":
		return e.Sealed, e.Unlock(e.ctx, req.Passphrase)
	case e.Sealed != nil && !e.Sealed.Locked():
		return e.Sealed, nil
	case req.PlainSecrets && e.Plain != nil:
		return e.Plain, nil
	case e.Sealed != nil && e.Sealed.Made():
		return nil, locked()
	}
	return nil, &control.Error{Code: control.CodeSecrets, Message: fmt.Sprintf("no keyring answers (%v), so the sign-in cannot be kept there; "+
		"start or unlock a keyring, choose a passphrase for a file of its own (--passphrase), or agree to a plain file that only you can read (--plain-secrets)", why)}
}

// noKeyring is why no keyring can be used, nil if one answers.
func (e *Engine) noKeyring() error {
	if e.Secrets == nil {
		return errors.New("this build has none")
	}
	if probe, ok := e.Secrets.(interface{ Available() error }); ok {
		return probe.Available()
	}
	return nil
}

func locked() error {
	return &control.Error{Code: control.CodeLocked, Message: "the sign-ins are locked: 'twinday unlock' asks for your passphrase"}
}

// Unlock opens the file of sign-ins with the person's passphrase, or makes it. What
// waited for it goes on at once.
func (e *Engine) Unlock(_ context.Context, passphrase string) error {
	if e.Sealed == nil {
		return usage("this Twinday keeps no file with a passphrase")
	}
	err := e.Sealed.Unlock(passphrase)
	switch {
	case errors.Is(err, secrets.ErrPassphrase):
		return &control.Error{Code: control.CodeLocked, Message: "that is not the passphrase; without it, sign in to the accounts again after moving the file secrets.sealed away"}
	case errors.Is(err, secrets.ErrShort):
		return usage("%v", err)
	case err != nil:
		return err
	}
	if err := e.useNetwork(); err != nil { // its proxy's password is there, too
		return err
	}
	e.statusChanged()
	e.poke()
	return nil
}

// place is where the secret of a connected account is.
func (e *Engine) place(id state.AccountID) (p place, err error) {
	err = e.Store.View(func(tx *store.Tx) error { p = placeIn(tx, id); return nil })
	return p, err
}

func placeIn(tx *store.Tx, id state.AccountID) place {
	p, ok := tx.Setting(placeSetting(id))
	if !ok {
		return inKeyring
	}
	return place(p)
}

// locked reports whether an account waits for the passphrase.
func (e *Engine) locked(id state.AccountID) bool {
	if e.Sealed == nil || !e.Sealed.Locked() {
		return false
	}
	p, err := e.place(id)
	return err == nil && p == inSealed
}

// forgetElsewhere deletes what an earlier sign-in left in another place than now.
func (e *Engine) forgetElsewhere(id state.AccountID, now secrets.Keeper) {
	places := []secrets.Keeper{e.Plain}
	if e.Sealed != nil && !e.Sealed.Locked() {
		places = append(places, e.Sealed)
	}
	for _, k := range places {
		if k == nil || k == now {
			continue
		}
		if err := k.Delete(string(id)); err != nil {
			e.Log.Warn("a secret of an earlier sign-in could not be deleted", "account", id, "cause", cause(err))
		}
	}
}

// secretOf is where the secret of a connected account is.
func (e *Engine) secretOf(id state.AccountID) Secret { return keptSecret{e, id} }

type keptSecret struct {
	e  *Engine
	id state.AccountID
}

func (s keptSecret) keeper() (secrets.Keeper, error) {
	p, err := s.e.place(s.id)
	if err != nil {
		return nil, err
	}
	switch {
	case p == inPlain && s.e.Plain != nil:
		return s.e.Plain, nil
	case p == inSealed && s.e.Sealed != nil:
		return s.e.Sealed, nil
	case s.e.Secrets == nil:
		return nil, fmt.Errorf("engine: nowhere to keep the sign-in of %s", s.id)
	}
	return s.e.Secrets, nil
}

// Load reads the secret.
func (s keptSecret) Load(context.Context) (string, error) {
	k, err := s.keeper()
	if err != nil {
		return "", err
	}
	secret, err := k.Load(string(s.id))
	if errors.Is(err, secrets.ErrNone) {
		return "", nil
	}
	return secret, err
}

// Save keeps a new secret in place of the old one.
func (s keptSecret) Save(_ context.Context, secret string) error {
	k, err := s.keeper()
	if err != nil {
		return err
	}
	return k.Save(string(s.id), secret)
}
