// Package caldav connects an account on any CalDAV server (RFC 4791): iCloud, Fastmail,
// Nextcloud, a company's or one's own. It speaks in the neutral language of
// providers/calendar.
//
// An event is one calendar object resource: its RemoteID is the resource's name in its
// collection, its Version the ETag. What is written is the resource as the server gave
// it, with the changed groups put into it (providers/icalendar), under If-Match; so what
// other programs keep in it stays.
//
// The client is this package's own: of the library there is, emersion/go-webdav v0.6.0,
// the CalDAV part has no sync-collection and no conditional writes, and takes a
// successful PUT with a weak ETag for a failure.
//
// Of this project it imports providers/calendar, providers/icalendar and
// providers/signin only.
package caldav

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/icalendar"
	"github.com/twinday/twinday/providers/signin"
)

// requestTimeout ends a call that hangs, where the caller's client has no limit of its own.
const requestTimeout = 60 * time.Second

// writesAtOnce is how many writes go to one calendar together. Each is a resource of its
// own; servers that can work side by side gain by it, the others queue them.
const writesAtOnce = 8

// Provider is one account. It implements calendar.Provider.
type Provider struct {
	wire   *wire
	secret *kept
	now    func() time.Time // for the stamps of what is written

	pageSize int
	most     int // events that a calendar may hold

	mu       sync.Mutex
	self     *principal                   // once it was asked for
	lean     map[calendar.CalendarID]bool // its sync-collection shows no events
	zones    map[calendar.CalendarID]string
	prepared map[preparedKey]item // read ahead of an update
}

var (
	_ calendar.Provider = (*Provider)(nil)
	_ calendar.Maker    = (*Provider)(nil)
)

// Open returns the account whose calendars are below e.BaseURL, the address that SignIn
// found, and whose sign-in the secret keeps. It does no I/O: a missing or dead sign-in
// shows as SignedOut from the first call on. now is the clock that stamps what is written.
func Open(e signin.Endpoint, secret signin.Secret, hc *http.Client, now func() time.Time) (*Provider, error) {
	base, err := parseAddress(e.BaseURL)
	if err != nil {
		return nil, &calendar.Error{Op: "caldav: open the account", Kind: calendar.Invalid, Field: "address", Err: err}
	}
	if !strings.HasSuffix(base.Path, "/") {
		base = base.JoinPath("/")
	}
	k := &kept{secret: secret}
	return &Provider{
		wire: newWire(hc, base, k.header), secret: k, now: now, pageSize: pageSize, most: maxEvents,
		lean: map[calendar.CalendarID]bool{}, zones: map[calendar.CalendarID]string{}, prepared: map[preparedKey]item{},
	}, nil
}

// Capabilities implements calendar.Provider. iCalendar bounds nothing; what a server
// does not take it refuses, in words.
func (p *Provider) Capabilities() calendar.Capabilities {
	c := icalendar.Capabilities()
	c.Writes = writesAtOnce
	c.Makes = true
	return c
}

// collection is the address of a calendar; NotFound if the id is none of ours.
func (p *Provider) collection(r request) (*url.URL, error) {
	u, err := p.wire.base.Parse(string(r.cal))
	if err != nil || !strings.HasSuffix(u.Path, "/") || !strings.HasPrefix(string(r.cal), "/") && u.Host == p.wire.base.Host {
		return nil, r.fail(calendar.NotFound, errNoCalendar)
	}
	return u, nil
}

// address is that of an event's resource.
func (p *Provider) address(r request) (string, error) {
	u, err := p.collection(r)
	if err != nil {
		return "", err
	}
	if r.event == "" || r.event == "." || r.event == ".." {
		return "", r.fail(calendar.NotFound, errNoEvent)
	}
	return u.String() + url.PathEscape(string(r.event)), nil
}

// idOf is a calendar's id: its path on the account's server, or its whole address where
// that is another one.
func (w *wire) idOf(from *url.URL, r resource) calendar.CalendarID {
	u, err := from.Parse(r.path)
	if err != nil {
		return ""
	}
	if !strings.Contains(strings.ToUpper(r.path), "%2F") { // @ and %40 are one id
		u.RawPath = ""
	}
	if r.host != "" {
		u.Host = r.host
	}
	if u.Host == w.base.Host {
		return calendar.CalendarID(u.EscapedPath())
	}
	return calendar.CalendarID(u.String())
}

// principal is who the account is, as its server says.
type principal struct {
	path      string
	addresses []string // mail addresses, lower case
	inbox     string   // of scheduling; "" if the server does none
	name      string
	homes     []string
}

// me says who the account is; it is asked for once.
func (p *Provider) me(ctx context.Context, op string) (principal, error) {
	p.mu.Lock()
	self := p.self
	p.mu.Unlock()
	if self != nil {
		return *self, nil
	}
	found, _, err := p.wire.whoami(ctx, op, p.wire.base.String())
	if err != nil {
		return principal{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.self = &found
	return found, nil
}
