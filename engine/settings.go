package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"golang.org/x/text/language"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

const settingSettings = "settings"

// Settings are what the person set for all accounts.
func (e *Engine) Settings(context.Context) (control.Settings, error) {
	s := control.Settings{}
	err := e.Store.View(func(tx *store.Tx) error {
		if kept, ok := tx.Setting(settingSettings); ok {
			return json.Unmarshal([]byte(kept), &s)
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("engine: settings: %w", err)
	}
	if s.Clients == nil {
		s.Clients = map[state.ProviderKind]state.Client{}
	}
	return s, nil
}

// ChangeSettings replaces them. What makes no sense is refused, and nothing is kept.
func (e *Engine) ChangeSettings(ctx context.Context, s control.Settings) (control.Settings, error) {
	clients := map[state.ProviderKind]state.Client{}
	for _, kind := range slices.Sorted(maps.Keys(s.Clients)) {
		if _, ok := e.Connectors[kind]; ok && s.Clients[kind] == (state.Client{}) {
			continue // the built-in one
		}
		client, err := e.CheckClient(ctx, control.CheckClient{Provider: kind, Client: s.Clients[kind]})
		if err != nil {
			return s, err
		}
		clients[kind] = client
	}
	s.Clients = clients
	var err error
	if s.Rhythm, err = s.Rhythm.Tidy(); err != nil {
		return s, usage("%s", err)
	}
	if err := sensible(s.Faces); err != nil {
		return s, err
	}
	before, err := e.Settings(ctx)
	if err != nil {
		return s, err
	}
	password, keeper, err := e.newPassword(s)
	if err != nil {
		return s, err
	}
	if e.Network != nil {
		if err := e.Network(s.Network, password); err != nil {
			return s, usage("the network's %s: %s", fieldOf(err), cause(err))
		}
	}
	s.ProxyPassword, s.PlainSecrets = "", false
	switch {
	case keeper != nil:
		if err := keeper.Save(string(proxySecret), password); err != nil {
			return s, fmt.Errorf("engine: keep the proxy's password: %w", err)
		}
		err = e.Store.Update(func(tx *store.Tx) error { return tx.SetSetting(placeSetting(proxySecret), string(e.placeOf(keeper))) })
	case s.Network.ProxyUser == "" && before.Network.ProxyUser != "":
		err = e.forgetPassword()
	}
	if err != nil {
		return s, err
	}
	if err := e.keepSettings(s); err != nil {
		return s, err
	}
	after := s
	after.Faces = before.Faces
	if !reflect.DeepEqual(before, after) { // a way out that failed before may work now
		e.hurry()
		e.poke()
	}
	e.statusChanged()
	return s, nil
}

// sensible refuses words that no face knows.
func sensible(f control.Faces) error {
	if _, err := language.Parse(f.Language); f.Language != "" && err != nil {
		return usage("%q is no language: write a tag like de", f.Language)
	}
	switch f.Theme {
	case control.SystemTheme, control.LightTheme, control.DarkTheme:
	default:
		return usage("there is no theme %q; there are light and dark, and the system's", f.Theme)
	}
	switch f.Notify {
	case control.NotifyProblems, control.NotifyChanges, control.NotifyNever:
	default:
		return usage("notifications are about problems (the default), all or never, not %q", f.Notify)
	}
	return nil
}

// CheckClient tells whether a client id looks like one to sign in with.
func (e *Engine) CheckClient(_ context.Context, req control.CheckClient) (state.Client, error) {
	c, ok := e.Connectors[req.Provider]
	if !ok {
		return state.Client{}, e.noProvider(req.Provider)
	}
	client, err := c.CheckClient(req.Client)
	if err != nil {
		return state.Client{}, usage("the client id for %s: %s", serviceName(req.Provider), cause(err))
	}
	return client, nil
}

// proxySecret is what the proxy's password is kept as: no account can be called so.
const proxySecret state.AccountID = "the proxy's password"

// newPassword is the proxy's password under new settings, and if it is new, where to keep
// it: as a sign-in would be.
func (e *Engine) newPassword(s control.Settings) (password string, where secrets.Keeper, err error) {
	switch {
	case s.Network.ProxyUser == "":
		return "", nil, nil
	case s.ProxyPassword == "":
		password, err = e.password()
		return password, nil, err
	}
	where, err = e.keeper(control.NewAccount{PlainSecrets: s.PlainSecrets})
	return s.ProxyPassword, where, err
}

func (e *Engine) forgetPassword() error {
	k, err := keptSecret{e, proxySecret}.keeper()
	if err != nil {
		return err
	}
	return k.Delete(string(proxySecret))
}

func (e *Engine) password() (string, error) {
	if e.locked(proxySecret) {
		return "", nil // it comes with the passphrase
	}
	return keptSecret{e, proxySecret}.Load(context.Background())
}

// useNetwork gets out as the settings say. A password that cannot be read now leaves the
// proxy to refuse, which is shown as any failure to reach a service.
func (e *Engine) useNetwork() error {
	if e.Network == nil {
		return nil
	}
	s, err := e.Settings(context.Background())
	if err != nil {
		return err
	}
	password := ""
	if s.Network.ProxyUser != "" {
		if password, err = e.password(); err != nil {
			e.Log.Warn("the proxy's password cannot be read", "cause", cause(err))
		}
	}
	if err := e.Network(s.Network, password); err != nil {
		e.Log.Error("the network's settings cannot be used", "cause", cause(err))
	}
	return nil
}

func fieldOf(err error) string {
	if e, ok := errors.AsType[*calendar.Error](err); ok && e.Field != "" {
		return e.Field
	}
	return "settings"
}

// rhythm is when to sync; the usual one where the settings cannot be read, which a pass
// will tell of.
func (e *Engine) rhythm() state.Rhythm {
	s, err := e.Settings(context.Background())
	if err != nil {
		return state.Rhythm{}
	}
	return s.Rhythm
}

func (e *Engine) keepSettings(s control.Settings) error {
	kept, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("engine: settings: %w", err)
	}
	return e.Store.Update(func(tx *store.Tx) error { return tx.SetSetting(settingSettings, string(kept)) })
}

// client is what an account is signed in as: what the person gave for it, else for all of
// its provider's, else what was built in.
func (e *Engine) client(c Connector, req control.NewAccount) (state.Client, error) {
	if own := (state.Client{ID: req.Endpoint.ClientID, Secret: req.Endpoint.ClientSecret}); own.ID != "" {
		if req.Endpoint.AuthURL != "" { // at an address of one's own, anything may be a client
			return own, nil
		}
		return c.CheckClient(own)
	}
	s, err := e.Settings(context.Background())
	if err != nil {
		return state.Client{}, err
	}
	if own, ok := s.Clients[req.Provider]; ok {
		return own, nil
	}
	return e.Clients[req.Provider], nil
}
