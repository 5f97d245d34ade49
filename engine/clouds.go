package engine

import (
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// Cloud is a provider's service apart from the public one, for a state's own agencies
// say. Where it answers and where its accounts sign in belong together, so that it has
// one name and no parts.
type Cloud struct {
	Name    string // as in NewAccount.Cloud
	What    string // in a person's words
	BaseURL string // by which the connector knows the rest
}

// intoCloud has an account reached where the cloud that was named is.
func intoCloud(o Offers, req *control.NewAccount) error {
	if req.Cloud == "" {
		return nil
	}
	at := slices.IndexFunc(o.Clouds, func(c Cloud) bool { return c.Name == req.Cloud })
	if at < 0 {
		var names []string
		for _, c := range o.Clouds {
			names = append(names, c.Name)
		}
		if len(names) == 0 {
			return usage("%s has one cloud only: leave %q out", serviceName(req.Provider), req.Cloud)
		}
		return usage("there is no cloud %q; there are %s", req.Cloud, strings.Join(names, ", "))
	}
	if req.Endpoint.BaseURL != "" || req.Endpoint.AuthURL != "" || req.Endpoint.TokenURL != "" {
		return usage("a cloud says where its calendars and its sign-in are: leave those addresses out, or %q", req.Cloud)
	}
	req.Endpoint.BaseURL = o.Clouds[at].BaseURL
	return nil
}

// knownInCloud refuses to sign in to a cloud as the client that was built in for the
// public one: each has registrations of its own.
func (e *Engine) knownInCloud(o Offers, req control.NewAccount, client state.Client) error {
	at := slices.IndexFunc(o.Clouds, func(c Cloud) bool { return c.BaseURL == req.Endpoint.BaseURL })
	if at < 0 || client.ID != "" && client != e.Clients[req.Provider] {
		return nil
	}
	return usage("%s knows only apps that are registered there: give the client id of one (docs/clients.md)", o.Clouds[at].What)
}
