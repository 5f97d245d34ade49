package main

import (
	"context"
	"net/http"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/google"
	"github.com/twinday/twinday/providers/outlook"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/store/state"
)

// connectors are the providers' packages as the engine wants them; now is the
// clock by which they know which events are near, hc reaches the servers (nil:
// the packages' own).
func connectors(now func() time.Time, hc *http.Client) map[state.ProviderKind]engine.Connector {
	return map[state.ProviderKind]engine.Connector{
		state.Google: connector{
			begin: google.Begin, identify: google.Identify, signOut: google.SignOut, hc: hc,
			open: func(e signin.Endpoint, s signin.Secret) (calendar.Provider, error) { return google.Open(e, s, hc) },
		},
		state.Outlook: connector{
			begin: outlook.Begin, identify: outlook.Identify, signOut: outlook.SignOut, hc: hc,
			open: func(e signin.Endpoint, s signin.Secret) (calendar.Provider, error) {
				return outlook.Open(e, s, hc, outlook.WithClock(now))
			},
		},
	}
}

// connector is one provider's package. The engine knows neither it nor signin,
// so this stands between.
type connector struct {
	hc       *http.Client
	begin    func(context.Context, signin.Endpoint, *http.Client) (*signin.Flow, error)
	identify func(context.Context, signin.Endpoint, signin.Grant, *http.Client) (calendar.Person, error)
	open     func(signin.Endpoint, signin.Secret) (calendar.Provider, error)
	signOut  func(context.Context, signin.Endpoint, signin.Secret, *http.Client) error
}

// BeginSignIn starts a sign-in.
func (c connector) BeginSignIn(ctx context.Context, e state.Endpoint) (engine.SignInFlow, error) {
	f, err := c.begin(ctx, signin.Endpoint(e), c.hc)
	if err != nil {
		return nil, err
	}
	return &flow{f, c, signin.Endpoint(e)}, nil
}

// Open returns an account's provider.
func (c connector) Open(a state.Account, secret engine.Secret) (calendar.Provider, error) {
	return c.open(signin.Endpoint(a.Endpoint), secret)
}

// SignOut revokes an account's sign-in.
func (c connector) SignOut(ctx context.Context, a state.Account, secret engine.Secret) error {
	return c.signOut(ctx, signin.Endpoint(a.Endpoint), secret, c.hc)
}

// flow is a sign-in under way that ends with who signed in.
type flow struct {
	*signin.Flow
	connector connector
	endpoint  signin.Endpoint
}

// Wait returns who signed in, and the secret to keep.
func (f *flow) Wait(ctx context.Context) (calendar.Person, string, error) {
	grant, err := f.Flow.Wait(ctx)
	if err != nil {
		return calendar.Person{}, "", err
	}
	who, err := f.connector.identify(ctx, f.endpoint, grant, f.connector.hc)
	if err != nil {
		return calendar.Person{}, "", err
	}
	return who, signin.GrantSecret(grant), nil
}

// Close gives the sign-in up.
func (f *flow) Close() { _ = f.Flow.Close() }
