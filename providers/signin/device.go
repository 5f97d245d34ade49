package signin

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/twinday/twinday/providers/calendar"
)

// Device is one sign-in under way on a machine without a browser: the person opens
// URL on any other one and types Code there (RFC 8628).
type Device struct {
	cfg    Config
	oauth  *oauth2.Config
	asked  *oauth2.DeviceAuthResponse
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
}

// BeginDevice asks the provider for a code to type. Errors are those of TokenError,
// and Invalid where the provider has no such way in.
func BeginDevice(ctx context.Context, cfg Config) (*Device, error) {
	if cfg.ClientID == "" {
		return nil, errNoClient
	}
	if cfg.DeviceURL == "" {
		return nil, &calendar.Error{Op: opSignIn, Kind: calendar.Invalid, Field: "device code",
			Err: errors.New("this provider lets nobody into calendars by a code that is typed elsewhere: sign in with a browser")}
	}
	d := &Device{cfg: cfg, oauth: cfg.oauth("")}
	ask, done := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, cfg.client()), requestTimeout)
	defer done()
	var err error
	if d.asked, err = d.oauth.DeviceAuth(ask); err != nil {
		return nil, TokenError(opSignIn, err)
	}
	if u, err := url.Parse(d.asked.VerificationURI); err != nil || u.Host == "" || d.asked.UserCode == "" || d.asked.DeviceCode == "" {
		return nil, &calendar.Error{Op: opSignIn, Kind: calendar.Unavailable, Err: errors.New("the provider gave no code to type")}
	}
	d.ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return d, nil
}

// URL is the page on which the code is typed.
func (d *Device) URL() string { return d.asked.VerificationURI }

// Code is what the person types there.
func (d *Device) Code() string { return d.asked.UserCode }

// Wait asks, as often as the provider allows, until the person is through, the code
// has expired (SignedOut), ctx ends or Close is called. Errors are those of Flow.Wait.
func (d *Device) Wait(ctx context.Context) (Grant, error) {
	defer d.cancel()
	ctx, stop := context.WithCancel(context.WithValue(ctx, oauth2.HTTPClient, d.cfg.client()))
	defer stop()
	defer context.AfterFunc(d.ctx, stop)()
	token, err := d.poll(ctx)
	if err != nil {
		var why error
		switch {
		case d.ctx.Err() != nil:
			why = errors.New("it was cancelled")
		case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
			why = fmt.Errorf("the code was not typed in time: %w", err)
		}
		if why != nil {
			return Grant{}, &calendar.Error{Op: opSignIn, Kind: calendar.SignedOut, Err: why}
		}
	}
	g, err := d.cfg.grant(token, err)
	if err != nil {
		return Grant{}, err
	}
	if missing := d.cfg.lacks(g); len(missing) > 0 {
		return Grant{}, leftOut(missing)
	}
	return g, nil
}

// poll asks until there is an answer. A network that is gone for a while does not end
// the sign-in: it is asked more slowly (RFC 8628 §3.5).
func (d *Device) poll(ctx context.Context) (*oauth2.Token, error) {
	if !d.asked.Expiry.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d.asked.Expiry)
		defer cancel()
	}
	for {
		token, err := d.oauth.DeviceAccessToken(ctx, d.asked)
		if err == nil || ctx.Err() != nil || calendar.KindOf(TokenError(opSignIn, err)) != calendar.Unavailable {
			return token, err
		}
		d.asked.Interval += slower
	}
}

// slower is by how many seconds: as for slow_down.
const slower = 5

// Close ends Wait.
func (d *Device) Close() error {
	d.cancel()
	return nil
}
