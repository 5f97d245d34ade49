package outlook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

const publicBase = "https://graph.microsoft.com/v1.0"

// Places are the servers that an account of the public cloud speaks to: its calendars', and
// the one that renews its sign-in.
func Places() []string { return []string{publicBase, clouds["graph.microsoft.com"]} }

// Permissions are what Twinday asks of Microsoft for an access, at an endpoint: the
// narrowest scopes that keeping calendars alike needs, and one for each extra that
// Microsoft has.
func Permissions(e signin.Endpoint, a calendar.Access) []calendar.Permission {
	calendars := calendar.Permission{Scope: "Calendars.ReadWrite", Reason: "see and change the events of your calendars"}
	if a.ReadOnly {
		calendars = calendar.Permission{Scope: "Calendars.Read", Reason: "see the events of your calendars"}
	}
	list := []calendar.Permission{calendars}
	for _, x := range Extras() {
		if !a.Has(x.Extra) {
			continue
		}
		if x.Extra == calendar.SharedCalendars && a.ReadOnly {
			x.Scope = "Calendars.Read.Shared"
		}
		list = append(list, x)
	}
	base, err := url.Parse(baseURL(e))
	if err != nil {
		return list
	}
	if _, national := clouds[base.Host]; national && base.Host != "graph.microsoft.com" {
		for i := range list { // short names mean the public cloud
			list[i].Scope = "https://" + base.Host + "/" + list[i].Scope
		}
	}
	return list
}

// Extras are the extras that Microsoft has. Making a calendar for copies needs none here.
func Extras() []calendar.Permission {
	return []calendar.Permission{
		{Extra: calendar.SharedCalendars, Scope: "Calendars.ReadWrite.Shared", Reason: "see and change calendars that others share with you"},
	}
}

// Cloud is one of Microsoft's national clouds.
type Cloud struct {
	Name, What string
	BaseURL    string // the sign-in that belongs to it is found by it
}

// Clouds are Microsoft's national clouds (Graph "National cloud deployments"). Apps are
// registered in each apart.
func Clouds() []Cloud {
	return []Cloud{
		{"us-gov", "Microsoft's cloud for US Government (GCC High)", "https://graph.microsoft.us/v1.0"},
		{"us-dod", "Microsoft's cloud for US Government (DoD)", "https://dod-graph.microsoft.us/v1.0"},
		{"china", "Microsoft's cloud in China (21Vianet)", "https://microsoftgraph.chinacloudapi.cn/v1.0"},
	}
}

// ConsentPage is where a person sees which apps they let in, and takes that back; a
// personal account's is at https://account.live.com/consent/Manage.
const ConsentPage = "https://myapps.microsoft.com"

// oneCloud refuses half of a cloud: a sign-in that is not the one of where the calendars
// are would hand one service's tokens to another.
func oneCloud(e signin.Endpoint, base *url.URL) error {
	login, known := clouds[base.Host]
	for _, at := range []string{e.AuthURL, e.TokenURL} {
		u, err := url.Parse(at)
		switch {
		case err != nil:
			return err
		case at == "" && !known:
			return fmt.Errorf("%s is none of Microsoft's: say where its accounts sign in and get their tokens, too", base.Host)
		case at == "" || login == "https://"+u.Host:
		case known:
			return fmt.Errorf("the calendars at %s belong to the sign-in at %s, not to one at %s", base.Host, login, u.Host)
		case slices.Contains(slices.Collect(maps.Values(clouds)), "https://"+u.Host):
			return fmt.Errorf("the sign-in at %s is for Microsoft's own calendars, not for those at %s", u.Host, base.Host)
		}
	}
	return nil
}

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
	token := cmp.Or(e.TokenURL, login+"token")
	device := "" // Microsoft's is beside the token address
	if at, ok := strings.CutSuffix(token, "/token"); ok {
		device = at + "/devicecode"
	}
	return signin.Config{
		AuthURL:   cmp.Or(e.AuthURL, login+"authorize"),
		TokenURL:  token,
		DeviceURL: device,
		ClientID:  e.ClientID,
		// A public client must not send one (AADSTS700025): only if the person set it.
		ClientSecret: e.ClientSecret,
		Scopes:       []string{"openid", "profile", "email", "offline_access"},
		RedirectHost: "localhost",
		AuthParams:   map[string]string{"prompt": "select_account"},
		HTTPClient:   hc,
	}, nil
}

// Config is how an account signs in, with the access that its person gives. Errors are
// *calendar.Error; Invalid without a client id, with the way out.
func Config(e signin.Endpoint, a calendar.Access, hc *http.Client) (signin.Config, error) {
	if e.ClientID == "" {
		return signin.Config{}, &calendar.Error{Op: "outlook: sign in", Kind: calendar.Invalid, Field: "client id", Obstacle: calendar.ClientRefused,
			Err: errors.New("no client id is set: register an app at https://entra.microsoft.com (App registrations, " +
				"'Mobile and desktop applications', redirect http://localhost, public client flows allowed) and give its 'Application (client) ID' with --client-id")}
	}
	cfg, err := config(e, hc)
	if err != nil {
		return cfg, err
	}
	base, _ := url.Parse(baseURL(e)) // config could
	if err := oneCloud(e, base); err != nil {
		return cfg, &calendar.Error{Op: "outlook: sign in", Kind: calendar.Invalid, Field: "endpoint", Err: err}
	}
	cfg.Permissions = Permissions(e, a)
	return cfg, nil
}

// Identify tells whose account was granted, from the id token. Other if the token
// names nobody. Nothing is sent.
func Identify(_ context.Context, _ signin.Endpoint, g signin.Grant, _ *http.Client) (calendar.Person, error) {
	email, name := signin.Claims(g.IDToken)
	if email == "" {
		return calendar.Person{}, &calendar.Error{Op: "outlook: sign in", Kind: calendar.Other,
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
