package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
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
		c, ok := e.Connectors[kind]
		if !ok {
			return s, usage("there is no provider %q; there are google and outlook", kind)
		}
		if s.Clients[kind] == (state.Client{}) {
			continue // the built-in one
		}
		client, err := c.CheckClient(s.Clients[kind])
		if err != nil {
			return s, usage("the client id for %s: %s", serviceName(kind), cause(err))
		}
		clients[kind] = client
	}
	s.Clients = clients
	return s, e.keepSettings(s)
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
