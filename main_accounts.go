package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/providers/caldav"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/google"
	"github.com/twinday/twinday/providers/ics"
	"github.com/twinday/twinday/providers/outlook"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/store/state"
)

// The OAuth clients that this build signs in as, set by the linker (Makefile). A desktop
// client's secret is none, in Google's own words.
var googleClientID, googleClientSecret, microsoftClientID string

// builtIn are the clients that were built in.
func builtIn() map[state.ProviderKind]state.Client {
	return map[state.ProviderKind]state.Client{
		state.Google:  {ID: googleClientID, Secret: googleClientSecret},
		state.Outlook: {ID: microsoftClientID},
	}
}

// connectors are the providers' packages as the engine wants them; now is the
// clock by which they know which events are near, hc reaches the servers (nil:
// the packages' own).
func connectors(now func() time.Time, hc *http.Client) map[state.ProviderKind]engine.Connector {
	return map[state.ProviderKind]engine.Connector{
		state.Google: connector{
			config: google.Config, identify: google.Identify, signOut: google.SignOut, hc: hc, forIT: google.ForIT, check: google.CheckClient,
			offers: engine.Offers{Places: google.Places(), Extras: google.Extras(), TestingLife: google.TestingLife, ConsentPage: google.ConsentPage, Revokes: true},
			open:   func(e signin.Endpoint, s signin.Secret) (calendar.Provider, error) { return google.Open(e, s, hc) },
		},
		state.Outlook: connector{
			config: outlook.Config, identify: outlook.Identify, signOut: outlook.SignOut, hc: hc, forIT: outlook.ForIT, check: outlook.CheckClient,
			offers: engine.Offers{Places: outlook.Places(), Extras: outlook.Extras(), Device: true, Clouds: clouds(), ConsentPage: outlook.ConsentPage},
			open: func(e signin.Endpoint, s signin.Secret) (calendar.Provider, error) {
				return outlook.Open(e, s, hc, outlook.WithClock(now))
			},
		},
		state.CalDAV: byPassword{hc: hc, now: now},
		state.ICS:    published{hc: hc, now: now},
	}
}

// clouds are Microsoft's, in the engine's terms.
func clouds() (list []engine.Cloud) {
	for _, c := range outlook.Clouds() {
		list = append(list, engine.Cloud(c))
	}
	return list
}

// connector is one provider's package. The engine knows neither it nor signin,
// so this stands between.
type connector struct {
	hc       *http.Client
	offers   engine.Offers
	forIT    func(signin.Endpoint, calendar.Access, calendar.Obstacle) string
	check    func(id, secret string) (string, string, error)
	config   func(signin.Endpoint, calendar.Access, *http.Client) (signin.Config, error)
	identify func(context.Context, signin.Endpoint, signin.Grant, *http.Client) (calendar.Person, error)
	open     func(signin.Endpoint, signin.Secret) (calendar.Provider, error)
	signOut  func(context.Context, signin.Endpoint, signin.Secret, *http.Client) error
}

// Offers says what can be asked of the provider.
func (c connector) Offers() engine.Offers { return c.offers }

// CheckClient reads a client id as it was pasted.
func (c connector) CheckClient(x state.Client) (state.Client, error) {
	id, secret, err := c.check(x.ID, x.Secret)
	return state.Client{ID: id, Secret: secret}, err
}

// ForIT is a text to send to a person's IT.
func (c connector) ForIT(w engine.SignInWish, why calendar.Obstacle) string {
	return c.forIT(signin.Endpoint(w.Endpoint), w.Access, why)
}

// BeginSignIn starts a sign-in.
func (c connector) BeginSignIn(ctx context.Context, w engine.SignInWish) (engine.SignInFlow, error) {
	cfg, err := c.config(signin.Endpoint(w.Endpoint), w.Access, c.hc)
	if err != nil {
		return nil, err
	}
	out := &flow{connector: c, endpoint: signin.Endpoint(w.Endpoint)}
	if w.Device {
		out.way, err = signin.BeginDevice(ctx, cfg)
	} else {
		out.way, err = signin.Begin(ctx, cfg)
	}
	return out, err
}

// Open returns an account's provider.
func (c connector) Open(a state.Account, secret engine.Secret) (calendar.Provider, error) {
	return c.open(signin.Endpoint(a.Reach()), secret)
}

// SignOut revokes an account's sign-in.
func (c connector) SignOut(ctx context.Context, a state.Account, secret engine.Secret) error {
	return c.signOut(ctx, signin.Endpoint(a.Reach()), secret, c.hc)
}

// flow is a sign-in under way that ends with who signed in.
type flow struct {
	way
	connector connector
	endpoint  signin.Endpoint
}

// way is a *signin.Flow or a *signin.Device.
type way interface {
	URL() string
	Code() string
	Wait(context.Context) (signin.Grant, error)
	Close() error
}

// Wait returns who signed in, and the secret to keep.
func (f *flow) Wait(ctx context.Context) (engine.SignedIn, error) {
	grant, err := f.way.Wait(ctx)
	if err != nil {
		return engine.SignedIn{}, err
	}
	who, err := f.connector.identify(ctx, f.endpoint, grant, f.connector.hc)
	if err != nil {
		return engine.SignedIn{}, err
	}
	return engine.SignedIn{Person: who, Identity: signin.Subject(grant.IDToken), Secret: signin.GrantSecret(grant), Lacks: grant.Lacks}, nil
}

// Close gives the sign-in up.
func (f *flow) Close() { _ = f.way.Close() }

// byPassword is providers/caldav as the engine wants it: accounts are let in by a name and
// a password, without a browser.
type byPassword struct {
	hc  *http.Client
	now func() time.Time
}

// Offers says what can be asked of a calendar server.
func (byPassword) Offers() engine.Offers {
	o := engine.Offers{Password: true}
	for _, p := range caldav.Presets() {
		o.Presets = append(o.Presets, engine.Preset(p))
	}
	return o
}

// CheckClient refuses: such servers know people, not apps.
func (byPassword) CheckClient(state.Client) (state.Client, error) {
	return state.Client{}, &calendar.Error{Op: "caldav: client id", Kind: calendar.Invalid, Field: "client id", Err: errors.New("a calendar server knows no client ids")}
}

// ForIT has no text: nobody has to let an app in.
func (byPassword) ForIT(engine.SignInWish, calendar.Obstacle) string { return "" }

// BeginSignIn has all that it needs: Wait does the rest.
func (c byPassword) BeginSignIn(_ context.Context, w engine.SignInWish) (engine.SignInFlow, error) {
	return admission{c.hc, caldav.Login{URL: w.Endpoint.BaseURL, User: w.Login.User, Password: w.Login.Password, Token: w.Login.Token}}, nil
}

// Open returns an account's provider.
func (c byPassword) Open(a state.Account, secret engine.Secret) (calendar.Provider, error) {
	return caldav.Open(signin.Endpoint(a.Reach()), secret, c.hc, c.now)
}

// SignOut has nothing to revoke: an app password is its owner's to delete.
func (byPassword) SignOut(context.Context, state.Account, engine.Secret) error { return nil }

// admission is a sign-in by name and password.
type admission struct {
	hc *http.Client
	l  caldav.Login
}

// URL is none: no browser is needed.
func (admission) URL() string { return "" }

// Code is none.
func (admission) Code() string { return "" }

// Close gives up nothing.
func (admission) Close() {}

// Wait finds the account's calendars, which proves the name and password.
func (f admission) Wait(ctx context.Context) (engine.SignedIn, error) {
	found, err := caldav.SignIn(ctx, f.l, f.hc)
	if err != nil {
		return engine.SignedIn{}, err
	}
	return engine.SignedIn{Person: found.Person, Identity: found.Identity, Secret: found.Secret, BaseURL: found.Home}, nil
}

// published is providers/ics as the engine wants it: an account is an address that is read.
type published struct {
	hc  *http.Client
	now func() time.Time
}

// Offers says what can be asked of a published calendar: to be read.
func (published) Offers() engine.Offers { return engine.Offers{Feed: true} }

// CheckClient refuses: who reads a published calendar is not asked.
func (published) CheckClient(state.Client) (state.Client, error) {
	return state.Client{}, &calendar.Error{Op: "ics: client id", Kind: calendar.Invalid, Field: "client id", Err: errors.New("a published calendar knows no client ids")}
}

// ForIT has no text: nobody has to let an app in.
func (published) ForIT(engine.SignInWish, calendar.Obstacle) string { return "" }

// BeginSignIn has all that it needs: Wait does the rest.
func (c published) BeginSignIn(_ context.Context, w engine.SignInWish) (engine.SignInFlow, error) {
	return firstReading{with: c, feed: ics.Feed{URL: w.Endpoint.BaseURL, User: w.Login.User, Password: w.Login.Password}}, nil
}

// Open returns the feed. Its address is in the secret: it may be one by itself.
func (c published) Open(_ state.Account, secret engine.Secret) (calendar.Provider, error) {
	return ics.Open(secret, c.hc, c.now, calendar.NameOf(time.Local)), nil
}

// SignOut has nothing to revoke.
func (published) SignOut(context.Context, state.Account, engine.Secret) error { return nil }

// firstReading is the connecting of a published calendar.
type firstReading struct {
	admission // no browser is needed
	with      published
	feed      ics.Feed
}

// Wait reads the feed, which proves the address.
func (f firstReading) Wait(ctx context.Context) (engine.SignedIn, error) {
	found, err := ics.SignIn(ctx, f.feed, f.with.hc, f.with.now)
	if err != nil {
		return engine.SignedIn{}, err
	}
	return engine.SignedIn{Person: calendar.Person{Name: found.Name}, Identity: found.Identity, Secret: found.Secret, BaseURL: found.Where}, nil
}
