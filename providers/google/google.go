// Package google connects a Google account: Google Calendar API v3 through
// google.golang.org/api/calendar/v3, spoken in the neutral language of
// providers/calendar.
//
// Of this project it imports providers/calendar and providers/signin only.
package google

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	gcal "google.golang.org/api/calendar/v3"
	"google.golang.org/api/option"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// The addresses of Google's public service. The authorize address is that of
// Google's guide 'OAuth 2.0 for iOS & Desktop Apps'; x/oauth2/google still has an older one.
const (
	publicBase  = "https://www.googleapis.com/calendar/v3/"
	publicAuth  = "https://accounts.google.com/o/oauth2/v2/auth"
	publicToken = "https://oauth2.googleapis.com/token"
)

// Places are the servers that an account speaks to: its calendars', and the one that renews
// its sign-in. The browser's is not among them.
func Places() []string { return []string{publicBase, publicToken} }

// Limits of an event's texts, in characters. The description's is documented (what is longer is
// cut without a word); the other two are not, and are observed by third parties.
const (
	notesLimit = 8192
	titleLimit = 1024
	placeLimit = 1024
)

// Permissions are what Twinday asks of Google for an access: the narrowest scopes that
// keeping calendars alike needs, and one for each extra that Google has.
func Permissions(a calendar.Access) []calendar.Permission {
	list := []calendar.Permission{
		{Scope: gcal.CalendarEventsScope, Reason: "see and change the events of your calendars"},
		{Scope: gcal.CalendarCalendarlistReadonlyScope, Reason: "see the list of your calendars"},
	}
	if a.ReadOnly {
		list[0] = calendar.Permission{Scope: gcal.CalendarEventsReadonlyScope, Reason: "see the events of your calendars"}
	}
	for _, x := range Extras() {
		if a.Has(x.Extra) {
			list = append(list, x)
		}
	}
	return list
}

// TestingLife is how long a sign-in lasts while the client id's project is in 'testing'
// (Google guide 'Using OAuth 2.0 to Access Google APIs', refresh token expiration).
const TestingLife = 7 * 24 * time.Hour

// Extras are the extras that Google has. Calendars that others share need none here.
func Extras() []calendar.Permission {
	return []calendar.Permission{
		{Extra: calendar.CopiesCalendar, Scope: gcal.CalendarAppCreatedScope, Reason: "make a calendar of its own for copies"},
	}
}

// Provider is one signed-in Google account. It implements calendar.Provider.
type Provider struct {
	api *gcal.Service

	mu    sync.Mutex
	known map[calendar.CalendarID]known // as last heard

	rate    float64 // units a second that may be written; 0 for a server on this machine
	written written
}

var _ calendar.Provider = (*Provider)(nil)

// ConsentPage is where a person sees which apps they let in, and takes that back.
const ConsentPage = "https://myaccount.google.com/connections"

// Config is how an account signs in, with the access that its person gives. hc, which
// may be nil, reaches the token address. Invalid without a client id, with the way out.
func Config(e signin.Endpoint, a calendar.Access, hc *http.Client) (signin.Config, error) {
	if e.ClientID == "" {
		return signin.Config{}, &calendar.Error{Op: "google: sign in", Kind: calendar.Invalid, Field: "client id", Obstacle: calendar.ClientRefused, Err: errors.New(
			"no client id is set, and Google knows apps by nothing else: make one of type 'Desktop app' at https://console.cloud.google.com/apis/credentials and give it with --client-id and --client-secret")}
	}
	cfg := config(e, hc)
	cfg.Permissions = Permissions(a)
	// A refresh token comes only with both (Google guide 'Using OAuth 2.0 to Access Google APIs').
	cfg.AuthParams = map[string]string{"access_type": "offline", "prompt": "consent"}
	return cfg, nil
}

// Identify says whose account a fresh grant is for: the id of the primary calendar
// is the account's mail address, and reading it needs no scope beyond ours.
// Forbidden if a scope was unticked on the consent page.
func Identify(ctx context.Context, e signin.Endpoint, g signin.Grant, hc *http.Client) (calendar.Person, error) {
	const op = "google: identify the account"
	p, err := open(e, signin.FreshSource(g), hc)
	if err != nil {
		return calendar.Person{}, err
	}
	entry, err := p.api.CalendarList.Get("primary").Context(ctx).Do()
	if err != nil {
		return calendar.Person{}, translateRead(op, "", "", err)
	}
	if entry.Id == "" {
		return calendar.Person{}, &calendar.Error{Op: op, Kind: calendar.Other, Err: errors.New("the primary calendar has no id")}
	}
	return calendar.Person{Email: entry.Id}, nil
}

// Open returns the account that secret keeps signed in. It does no I/O: a
// missing or dead sign-in shows as SignedOut from the first call on.
func Open(e signin.Endpoint, secret signin.Secret, hc *http.Client) (*Provider, error) {
	return open(e, signin.TokenSource(context.Background(), config(e, hc), secret), hc)
}

func open(e signin.Endpoint, src *signin.Source, hc *http.Client) (*Provider, error) {
	const op = "google: open the account"
	base, err := baseURL(e.BaseURL)
	if err != nil {
		return nil, &calendar.Error{Op: op, Kind: calendar.Invalid, Field: "endpoint", Err: err}
	}
	client, err := signin.NewClient(hc, src, base)
	if err != nil {
		return nil, err
	}
	client.Transport = wire{client.Transport}
	api, err := gcal.NewService(context.Background(), option.WithEndpoint(base), option.WithHTTPClient(client))
	if err != nil {
		return nil, &calendar.Error{Op: op, Kind: calendar.Other, Err: err}
	}
	api.UserAgent = "Twinday"
	return &Provider{api: api, rate: writeRate(base), known: map[calendar.CalendarID]known{}}, nil
}

// SignOut revokes the sign-in at Google. The secret is the caller's to delete.
func SignOut(ctx context.Context, e signin.Endpoint, secret signin.Secret, hc *http.Client) error {
	return signin.Revoke(ctx, config(e, hc), secret)
}

func config(e signin.Endpoint, hc *http.Client) signin.Config {
	c := signin.Config{
		AuthURL:      publicAuth,
		TokenURL:     publicToken,
		ClientID:     e.ClientID,
		ClientSecret: e.ClientSecret,
		RedirectHost: "127.0.0.1", // Google guide 'OAuth 2.0 for iOS & Desktop Apps', loopback
		HTTPClient:   hc,
	}
	if e.AuthURL != "" {
		c.AuthURL = e.AuthURL
	}
	if e.TokenURL != "" {
		c.TokenURL = e.TokenURL
	}
	// Google revokes beside where it hands out: …/token, …/revoke.
	if base, ok := strings.CutSuffix(c.TokenURL, "/token"); ok {
		c.RevokeURL = base + "/revoke"
	}
	return c
}

// baseURL completes an API address as a person gives it. The library replaces
// its whole base path with the given one and resolves against it, so that a
// missing scheme means https and a missing slash at the end loses the last part of the path.
func baseURL(s string) (string, error) {
	if s == "" {
		return publicBase, nil
	}
	if !strings.Contains(s, "://") {
		scheme := "https://"
		if u, err := url.Parse(scheme + s); err == nil && isLoopback(u.Hostname()) {
			scheme = "http://"
		}
		s = scheme + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("%q is no web address like %s", s, publicBase)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/calendar/v3/"
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u.String(), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// What Google stands of one person: 600 units in any minute, of which a patch
// takes three and every other call one (guide 'Manage quotas', since May 2026).
// Ten seconds' worth may come at once, so that 8 a second make 560 in a minute;
// the rest is for reading.
const (
	unitsASecond = 8
	patchUnits   = 3
)

// writeRate is the quota of the public service; a server on this machine has none.
func writeRate(base string) float64 {
	if u, err := url.Parse(base); err == nil && isLoopback(u.Hostname()) {
		return 0
	}
	return unitsASecond
}

// Capabilities implements calendar.Provider.
func (p *Provider) Capabilities() calendar.Capabilities {
	return calendar.Capabilities{
		Groups:     slices.Clone(heldGroups),
		Reads:      calendar.Groups{calendar.GroupLinks},
		TitleLimit: titleLimit,
		PlaceLimit: placeLimit,
		NotesLimit: notesLimit,
		Series:     holds,
		// Quick writes to one calendar may be refused at any time (Google guide
		// 'Manage quotas', operational limits), so: one after the other.
		Writes:       1,
		WriteRate:    p.rate,
		UpdateCost:   patchUnits,
		Availability: []calendar.Availability{calendar.Free, calendar.Tentative, calendar.Busy},
		// It is the event's own status (reference of Events, status), which guests see;
		// free and busy are each calendar's own.
		SharedAvailability: []calendar.Availability{calendar.Tentative},
		Visibility:         []calendar.Visibility{calendar.DefaultVisibility, calendar.Public, calendar.Private, calendar.Confidential},
		Colors:             slices.Clone(calendar.Colors),
		Reminders:          maxReminders,
		ReminderLimit:      maxReminderMin * time.Minute,
		DefaultReminders:   true,
		Properties:         propertyLimits,
		Makes:              true,
		MakesWith:          calendar.CopiesCalendar,
	}
}
