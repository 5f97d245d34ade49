// Package signin signs an account in with OAuth 2 and keeps it signed in:
// authorization code with PKCE over a loopback redirect (RFC 8252, RFC 7636),
// device code (RFC 8628), token refresh, and revocation. It knows no provider by name; the connectors
// fill in a Config.
//
// It imports the standard library, golang.org/x/oauth2 and providers/calendar
// (for the kinds of errors), and must not import a connector, an SDK or the store.
package signin

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/twinday/twinday/providers/calendar"
)

// Endpoint is where an account's provider answers, and as which OAuth client
// Twinday asks. Empty fields mean the provider's public ones. Its fields are
// those of state.Endpoint, so that one converts to the other.
type Endpoint struct {
	BaseURL      string
	AuthURL      string
	TokenURL     string
	ClientID     string
	ClientSecret string // of a desktop client: no secret at all
}

// Secret keeps what an account needs to stay signed in: the text that
// GrantSecret makes. It holds the refresh token and the granted scopes, never
// an access token.
type Secret interface {
	// Load returns the kept text, "" if there is none.
	Load(ctx context.Context) (string, error)
	// Save replaces it.
	Save(ctx context.Context, secret string) error
}

// Config is one provider's way to sign in.
type Config struct {
	AuthURL   string // where the browser goes
	TokenURL  string // where codes and refresh tokens are exchanged
	RevokeURL string // RFC 7009; empty where the provider has none
	DeviceURL string // RFC 8628; empty where it lets nobody into calendars so

	ClientID     string
	ClientSecret string // sent only if set; desktop clients are public ones

	// Scopes are asked for beside those of Permissions: who it is, offline access.
	Scopes      []string
	Permissions []calendar.Permission
	// RedirectHost is the name of this machine in the redirect address:
	// "127.0.0.1" (Google's advice) or "localhost" (all that Microsoft
	// registers for desktop apps). Empty means "127.0.0.1".
	RedirectHost string
	// AuthParams are further parameters of the authorize request.
	AuthParams map[string]string
	// HTTPClient reaches TokenURL and RevokeURL; nil means one with a time limit.
	HTTPClient *http.Client
}

// requestTimeout ends a token request that hangs: such answers take well under
// a second, and everything that the account does waits for them.
const requestTimeout = 30 * time.Second

var defaultClient = &http.Client{Timeout: requestTimeout}

func (c Config) client() *http.Client {
	if c.HTTPClient != nil {
		return c.HTTPClient
	}
	return defaultClient
}

// oauth is c in the words of x/oauth2. Client credentials go into the form:
// both providers want them there, and a public client has no password for a header.
func (c Config) oauth(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     c.ClientID,
		ClientSecret: c.ClientSecret,
		Endpoint:     oauth2.Endpoint{AuthURL: c.AuthURL, TokenURL: c.TokenURL, DeviceAuthURL: c.DeviceURL, AuthStyle: oauth2.AuthStyleInParams},
		RedirectURL:  redirect,
		Scopes:       c.asked(),
	}
}

// asked are all scopes that are asked for.
func (c Config) asked() []string {
	list := slices.Clone(c.Scopes)
	for _, p := range c.Permissions {
		list = append(list, p.Scope)
	}
	return list
}

// lacks lists the permissions without which nothing works and that were not granted.
func (c Config) lacks(g Grant) []calendar.Permission {
	return slices.DeleteFunc(slices.Clone(c.Permissions), func(p calendar.Permission) bool {
		return p.Extra != "" || len(g.Missing(p.Scope)) == 0
	})
}

// grant is what a token endpoint gave for a code.
func (c Config) grant(token *oauth2.Token, err error) (Grant, error) {
	if err != nil {
		return Grant{}, TokenError(opSignIn, err)
	}
	if token.RefreshToken == "" {
		return Grant{}, &calendar.Error{Op: opSignIn, Kind: calendar.Forbidden,
			Err: errors.New("the provider gave no lasting permission (no refresh token); sign in again and allow offline access")}
	}
	g := Grant{Token: token, Scopes: c.asked()} // no 'scope' in the answer: as asked (RFC 6749 §5.1)
	if s, _ := token.Extra("scope").(string); s != "" {
		g.Scopes = strings.Fields(s)
	}
	g.IDToken, _ = token.Extra("id_token").(string)
	for _, p := range c.Permissions {
		if p.Extra != "" && len(g.Missing(p.Scope)) > 0 {
			g.Lacks = append(g.Lacks, p.Extra)
		}
	}
	return g, nil
}

// Grant is what a finished sign-in gave.
type Grant struct {
	Token *oauth2.Token
	// Scopes are those that were granted, which may be fewer than were asked
	// for: Google lets a person untick them one by one.
	Scopes []string
	// Lacks are the extras that were asked for and not granted.
	Lacks []calendar.Extra
	// IDToken is the OpenID Connect id token, empty if none was asked for.
	IDToken string
}

// Missing lists those of the wanted scopes that were not granted. Scopes are
// compared by what follows the last slash, in any case: Microsoft answers
// "https://graph.microsoft.com/Calendars.ReadWrite" for "Calendars.ReadWrite".
// The OpenID Connect scopes are never missing; providers leave them out of the answer.
func (g Grant) Missing(want ...string) []string {
	have := map[string]bool{"openid": true, "profile": true, "email": true, "offline_access": true}
	for _, s := range g.Scopes {
		have[shortScope(s)] = true
	}
	var missing []string
	for _, s := range want {
		if !have[shortScope(s)] {
			missing = append(missing, s)
		}
	}
	return missing
}

func shortScope(s string) string {
	return strings.ToLower(s[strings.LastIndexByte(s, '/')+1:])
}

// kept is the JSON that a Secret keeps.
type kept struct {
	RefreshToken string   `json:"refresh_token"`
	TokenType    string   `json:"token_type,omitempty"`
	Scopes       []string `json:"scopes,omitempty"`
}

func (k kept) String() string {
	b, _ := json.Marshal(k) // strings only: cannot fail
	return string(b)
}

// GrantSecret is the text to keep of a grant: refresh token, token type and
// granted scopes as JSON.
func GrantSecret(g Grant) string {
	return kept{g.Token.RefreshToken, g.Token.Type(), g.Scopes}.String()
}

// Claims reads the mail address and the name from an id token. The signature is
// not checked: the token came straight from the token endpoint over TLS, which
// OpenID Connect Core 1.0 §3.1.3.7 (6) accepts instead. So it must never be used on a token
// from anywhere else. What cannot be read is "".
func Claims(idToken string) (email, name string) {
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return "", ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return "", ""
	}
	var c struct {
		Email             string `json:"email"`
		PreferredUsername string `json:"preferred_username"`
		UPN               string `json:"upn"`
		Name              string `json:"name"`
	}
	if json.Unmarshal(payload, &c) != nil {
		return "", ""
	}
	return cmp.Or(c.Email, c.PreferredUsername, c.UPN), c.Name
}
