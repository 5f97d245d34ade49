package outlook

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

const (
	publicBase = "https://graph.microsoft.com/v1.0"
	calendars  = "Calendars.ReadWrite"
)

// clouds are the hosts of Graph and of the sign-in that belongs to them
// (Microsoft identity platform "National clouds").
var clouds = map[string]string{
	"graph.microsoft.com":             "https://login.microsoftonline.com",
	"graph.microsoft.us":              "https://login.microsoftonline.us",
	"dod-graph.microsoft.us":          "https://login.microsoftonline.us",
	"microsoftgraph.chinacloudapi.cn": "https://login.partner.microsoftonline.cn",
}

// baseURL is where Graph answers, without a slash at the end.
func baseURL(e signin.Endpoint) string {
	return strings.TrimSuffix(cmp.Or(e.BaseURL, publicBase), "/")
}

// config is how an account signs in. 'common' takes both work and personal
// accounts. Microsoft registers http://localhost for desktop apps, any port, and
// not 127.0.0.1 ("Redirect URI restrictions and limitations").
func config(e signin.Endpoint, hc *http.Client) (signin.Config, error) {
	base, err := url.Parse(baseURL(e))
	if err != nil || base.Host == "" {
		return signin.Config{}, &calendar.Error{Op: "outlook: connect", Kind: calendar.Invalid, Field: "endpoint",
			Err: errors.New("the base URL is no web address like " + publicBase)}
	}
	login := cmp.Or(clouds[base.Host], clouds["graph.microsoft.com"]) + "/common/oauth2/v2.0/"
	scope := calendars
	if _, national := clouds[base.Host]; national && base.Host != "graph.microsoft.com" {
		scope = "https://" + base.Host + "/" + calendars // short names mean the public cloud
	}
	return signin.Config{
		AuthURL:  cmp.Or(e.AuthURL, login+"authorize"),
		TokenURL: cmp.Or(e.TokenURL, login+"token"),
		ClientID: e.ClientID,
		// A public client must not send one (AADSTS700025): only if the person set it.
		ClientSecret: e.ClientSecret,
		Scopes:       []string{"openid", "profile", "email", "offline_access", scope},
		RedirectHost: "localhost",
		AuthParams:   map[string]string{"prompt": "select_account"},
		HTTPClient:   hc,
	}, nil
}

// Begin starts a sign-in in the browser. Errors are *calendar.Error; Invalid
// without a client id, with the way out.
func Begin(ctx context.Context, e signin.Endpoint, hc *http.Client) (*signin.Flow, error) {
	if e.ClientID == "" {
		return nil, &calendar.Error{Op: "outlook: sign in", Kind: calendar.Invalid, Field: "client id",
			Err: errors.New("no client id is set: register an app at https://entra.microsoft.com (App registrations, " +
				"'Mobile and desktop applications', redirect http://localhost, public client flows allowed) and give its 'Application (client) ID' with --client-id")}
	}
	cfg, err := config(e, hc)
	if err != nil {
		return nil, err
	}
	return signin.Begin(ctx, cfg)
}

// Identify tells whose account was granted, from the id token. Forbidden if the
// person did not allow calendars, Other if the token names nobody. Nothing is sent.
func Identify(_ context.Context, e signin.Endpoint, g signin.Grant, _ *http.Client) (calendar.Person, error) {
	const op = "outlook: sign in"
	cfg, err := config(e, nil)
	if err != nil {
		return calendar.Person{}, err
	}
	if missing := g.Missing(cfg.Scopes...); len(missing) > 0 {
		return calendar.Person{}, &calendar.Error{Op: op, Kind: calendar.Forbidden,
			Err: errors.New("access to the calendars was not granted (" + strings.Join(missing, ", ") + "); sign in again and allow it")}
	}
	email, name := signin.Claims(g.IDToken)
	if email == "" {
		return calendar.Person{}, &calendar.Error{Op: op, Kind: calendar.Other,
			Err: errors.New("the sign-in does not say whose account it is (no address in the id token)")}
	}
	return calendar.Person{Name: name, Email: email}, nil
}

// SignOut forgets the account here. Microsoft offers apps no way to revoke
// their own refresh token: it stays valid, unknown to anyone, until it
// expires (90 days unused) or the person removes the app at
// https://account.live.com/consent/Manage or https://myapps.microsoft.com.
func SignOut(ctx context.Context, _ signin.Endpoint, secret signin.Secret, _ *http.Client) error {
	if err := secret.Save(ctx, ""); err != nil {
		return &calendar.Error{Op: "outlook: sign out", Kind: calendar.Unavailable, Err: err}
	}
	return nil
}
