package caldav

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

var (
	errNoCalendar  = errors.New("there is no such calendar")
	errNoEvent     = errors.New("there is no such event")
	errNoPrincipal = errors.New("no calendars are found at this address: it may be another one, or the server may not speak CalDAV")
)

// Login is what a person gives to connect an account: where, and a name and password
// (many services want an app password made for this), or a bearer token.
type Login struct {
	URL      string
	User     string
	Password string
	Token    string
}

// Account is what SignIn found.
type Account struct {
	// Home is where the account's calendars are, for Open.
	Home string
	// Person is whose it is: as the server says, else as the name to sign in with tells.
	Person calendar.Person
	// Identity is as whom the server knows the person: the address of its principal.
	Identity string
	// Secret is the text to keep.
	Secret string
}

// SignIn finds an account's calendars from the address that a person gave, which may be
// that of the server, of the person or of one calendar, and proves the sign-in
// (RFC 6764 §6: the address, its well-known one, the principal, its home set).
func SignIn(ctx context.Context, l Login, hc *http.Client) (Account, error) {
	const op = "caldav: sign in"
	base, err := parseAddress(l.URL)
	if err != nil {
		return Account{}, &calendar.Error{Op: op, Kind: calendar.Invalid, Field: "address", Err: err}
	}
	if l.Token == "" && (l.User == "" || l.Password == "") {
		return Account{}, &calendar.Error{Op: op, Kind: calendar.Invalid, Field: "password", Err: errors.New("a name and a password are needed")}
	}
	c := credentials{User: l.User, Password: l.Password, Token: l.Token}
	w := newWire(hc, base, func(context.Context, bool) (string, error) { return c.header(), nil })
	var first error
	for _, at := range []string{base.String(), "/.well-known/caldav", "/"} {
		who, from, err := w.whoami(ctx, op, at)
		if err == nil && len(who.homes) > 0 {
			home, err := from.Parse(who.homes[0])
			if err == nil {
				err = safe(base, home)
			}
			if err != nil {
				return Account{}, &calendar.Error{Op: op, Kind: calendar.Forbidden, Err: err}
			}
			person := calendar.Person{Name: who.name, Email: l.User}
			if len(who.addresses) > 0 && !slices.Contains(who.addresses, strings.ToLower(l.User)) {
				person.Email = who.addresses[0]
			}
			return Account{Home: home.String(), Person: person, Identity: who.path, Secret: c.text()}, nil
		}
		if err == nil {
			err = &calendar.Error{Op: op, Kind: calendar.NotFound, Err: errNoPrincipal}
		}
		switch kind := calendar.KindOf(err); {
		case kind == calendar.SignedOut, kind == calendar.Throttled, kind == calendar.Forbidden && statusIn(err) == 0, ctx.Err() != nil:
			return Account{}, err // another address makes no difference
		}
		if first == nil {
			first = err
		}
	}
	return Account{}, first
}

const whoBody = `<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop>` +
	`<D:current-user-principal/><D:displayname/><C:calendar-home-set/><C:calendar-user-address-set/><C:schedule-inbox-URL/>` +
	`</D:prop></D:propfind>`

// whoami asks who the account is, from any address of its server: there for the
// principal, and the principal for the rest, unless it is that already. It also tells
// where the answer came from.
func (w *wire) whoami(ctx context.Context, op, at string) (principal, *url.URL, error) {
	for range 2 {
		r := request{op: op, method: "PROPFIND", at: at, depth: "0", body: []byte(whoBody)}
		var got resource
		_, from, err := w.multistatus(ctx, r, func(one resource) error { got = one; return nil })
		if err != nil {
			return principal{}, nil, err
		}
		next := got.props.Principal.Href
		if len(got.props.HomeSet.Hrefs) > 0 {
			who := principal{path: got.path, name: got.props.DisplayName, homes: got.props.HomeSet.Hrefs, inbox: got.props.Inbox.Href}
			if next != "" {
				who.path = next
			}
			for _, a := range got.props.Addresses.Hrefs {
				if plain, err := url.PathUnescape(a); err == nil { // Xandikos escapes it
					a = plain
				}
				if mail, ok := cutFold(strings.TrimSpace(a), "mailto:"); ok && mail != "" {
					who.addresses = append(who.addresses, strings.ToLower(mail))
				}
			}
			return who, from, nil
		}
		if next == "" {
			return principal{}, nil, r.fail(calendar.NotFound, errNoPrincipal)
		}
		to, err := from.Parse(next)
		if err != nil {
			return principal{}, nil, r.fail(calendar.Other, withoutAddress(err))
		}
		at = to.String()
	}
	return principal{}, nil, &calendar.Error{Op: op, Kind: calendar.NotFound, Err: errNoPrincipal}
}

// cutFold is strings.CutPrefix, whatever the case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
