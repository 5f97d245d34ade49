package caldav

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

const (
	// maxRedirects ends a chain of them: well-known, a canonical host, a slash.
	maxRedirects = 5
	// maxAnswer bounds one answer: 5 000 events take about 6 MB.
	maxAnswer = 256 << 20
	// maxErrorBody bounds what is read of a refusal.
	maxErrorBody = 64 << 10
)

// wire speaks WebDAV to one account's servers.
type wire struct {
	hc   *http.Client
	base *url.URL // that relative addresses are taken against
	auth authorize
}

// authorize gives the value of Authorization; anew, because a server refused the last one.
type authorize func(ctx context.Context, anew bool) (string, error)

// request is one call. Its address is relative to the base or whole.
type request struct {
	op     string
	method string
	at     string
	depth  string // "0", "1", or "" for none
	header map[string]string
	body   []byte
	kind   string // of the body; XML if empty
	cal    calendar.CalendarID
	event  calendar.RemoteID
}

// to is another call for the same purpose, about the same event.
func (r request) to(method, at string) request {
	return request{op: r.op, method: method, at: at, cal: r.cal, event: r.event}
}

// fail is what went wrong with the request, as *calendar.Error.
func (r request) fail(kind calendar.Kind, err error) error {
	return &calendar.Error{Op: r.op, Kind: kind, Calendar: r.cal, Event: r.event, Err: err}
}

// newWire makes one. The client it is given may be shared: it is copied, since
// redirects are followed here, with their method, body and sign-in.
func newWire(hc *http.Client, base *url.URL, auth authorize) *wire {
	own := http.Client{Timeout: requestTimeout}
	if hc != nil {
		own = *hc
	}
	own.Jar = nil // a session's cookie outlives the password that it was given for
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &wire{hc: &own, base: base, auth: auth}
}

// send makes the call. The answer's status is below 300, its body the caller's to
// close and bounded; anything else is a *calendar.Error, with a *refusal inside if the
// server gave an answer. It also tells where the answer came from, redirects followed.
func (w *wire) send(ctx context.Context, r request) (*http.Response, *url.URL, error) {
	at, err := w.base.Parse(r.at)
	if err != nil {
		return nil, nil, r.fail(calendar.Other, withoutAddress(err))
	}
	auth, err := w.auth(ctx, false)
	if err != nil {
		return nil, nil, errorIn(r, err)
	}
	for hops := 0; ; hops++ {
		if err := safe(w.base, at); err != nil {
			return nil, nil, r.fail(calendar.Forbidden, err)
		}
		resp, err := w.once(ctx, r, at, auth)
		if err != nil {
			return nil, nil, r.fail(calendar.Unavailable, withoutAddress(err))
		}
		if resp.StatusCode < 300 {
			resp.Body = &bounded{resp.Body, maxAnswer}
			return resp, at, nil
		}
		if resp.StatusCode == http.StatusUnauthorized {
			if another, err := w.auth(ctx, true); err == nil && another != auth {
				resp.Body.Close()
				auth = another
				continue
			}
		}
		location := resp.Header.Get("Location")
		next := resp.StatusCode < 400 && resp.StatusCode != http.StatusNotModified && location != ""
		if !next {
			return nil, nil, refused(r, resp)
		}
		resp.Body.Close()
		if at, err = at.Parse(location); err != nil || hops >= maxRedirects {
			return nil, nil, r.fail(calendar.Other, errors.New("the server's redirects lead nowhere"))
		}
	}
}

func (w *wire) once(ctx context.Context, r request, at *url.URL, auth string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, at.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", "application/xml; charset=utf-8")
		if r.kind != "" {
			req.Header.Set("Content-Type", r.kind)
		}
	}
	if r.depth != "" {
		req.Header.Set("Depth", r.depth)
	}
	req.Header.Set("User-Agent", "Twinday")
	req.Header.Set("Authorization", auth)
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	return w.hc.Do(req)
}

// safe says why an address may not be given the sign-in: it must be encrypted, but on
// this machine, and of one owner with the base. iCloud has a host for every few people
// (p42-caldav.icloud.com), so the host alone may differ.
func safe(base, at *url.URL) error {
	switch {
	case at.Scheme == "http" && isLoopback(at.Hostname()) && base.Scheme == "http":
	case at.Scheme != "https":
		return fmt.Errorf("a password is only sent over https, and the server leads to %s://%s", at.Scheme, at.Host)
	}
	if at.Hostname() == base.Hostname() || isLoopback(at.Hostname()) && isLoopback(base.Hostname()) || owner(at) != "" && owner(at) == owner(base) {
		return nil
	}
	return fmt.Errorf("%s leads to %s, which may be another's; if you trust it, connect the account with that address", base.Host, at.Host)
}

// owner is the domain that somebody registered, "" for addresses.
func owner(u *url.URL) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(u.Hostname())
	if err != nil || net.ParseIP(u.Hostname()) != nil {
		return ""
	}
	return domain
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// withoutAddress takes the address out of a failed call's words: it may hold names.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// bounded is a body that ends in an error, not silently, where it is too long.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is longer than %d MB", maxAnswer>>20)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// credentials are the text that is kept of a sign-in.
type credentials struct {
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token,omitempty"` // a bearer token, instead of the two
}

func (c credentials) text() string {
	b, _ := json.Marshal(c) // strings: cannot fail
	return string(b)
}

// header is the value of Authorization (RFC 7617, RFC 6750).
func (c credentials) header() string {
	if c.Token != "" {
		return "Bearer " + c.Token
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password))
}

// kept is the sign-in that a secret holds. It is read once, and again after a server
// refused it: a new password works at once, and a keyring is not asked for each request.
type kept struct {
	secret signin.Secret

	mu   sync.Mutex
	read credentials
}

func (k *kept) header(ctx context.Context, anew bool) (string, error) {
	c, err := k.credentials(ctx, anew)
	return c.header(), err
}

func (k *kept) credentials(ctx context.Context, anew bool) (credentials, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.read != (credentials{}) && !anew {
		return k.read, nil
	}
	k.read = credentials{}
	text, err := k.secret.Load(ctx)
	if err != nil {
		return credentials{}, err
	}
	var c credentials
	if text == "" || json.Unmarshal([]byte(text), &c) != nil {
		return credentials{}, &calendar.Error{Op: "caldav: sign in", Kind: calendar.SignedOut, Err: errors.New("no password is kept for this account")}
	}
	k.read = c
	return c, nil
}

// parseAddress completes an address as a person gives it: https where nothing is said,
// but http on this machine.
func parseAddress(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "://") {
		scheme := "https://"
		if u, err := url.Parse(scheme + s); err == nil && isLoopback(u.Hostname()) {
			scheme = "http://"
		}
		s = scheme + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("that is no address like https://cloud.example.com/dav")
	case u.User != nil:
		return nil, errors.New("give name and password by themselves, not within the address")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("a password is only sent over https")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}
