package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/twinday/twinday/providers/calendar"
)

// Flow is one sign-in under way: a browser is sent to URL, and comes back to a
// loopback port that the Flow listens on.
type Flow struct {
	cfg      Config
	oauth    *oauth2.Config
	state    string
	verifier string

	server *http.Server
	ctx    context.Context // of the exchange; ends with Close
	cancel context.CancelFunc

	once   sync.Once // the one callback
	close  sync.Once
	result chan outcome
	closed chan struct{}
}

type outcome struct {
	grant Grant
	err   error
}

const (
	opSignIn = "sign in"
	// pageGrace is how long Close waits for the browser to take the last page.
	pageGrace = 2 * time.Second
	// headerTimeout ends a connection on which nothing is asked.
	headerTimeout = 10 * time.Second
	// maxHeader is far above what a browser sends to a loopback address.
	maxHeader = 64 << 10
)

// Begin listens on a free loopback port and makes state and PKCE verifier. The
// flow outlives ctx and runs until Wait returns or Close is called.
func Begin(ctx context.Context, cfg Config) (*Flow, error) {
	if cfg.ClientID == "" {
		return nil, &calendar.Error{Op: opSignIn, Kind: calendar.Invalid, Field: "client id", Err: errors.New("no client id is set")}
	}
	if cfg.RedirectHost == "" {
		cfg.RedirectHost = "127.0.0.1"
	}
	listeners, port, err := listen(ctx, cfg.RedirectHost)
	if err != nil {
		return nil, &calendar.Error{Op: opSignIn, Kind: calendar.Other, Err: err}
	}
	f := &Flow{
		cfg: cfg,
		// Without a path: Microsoft ignores the port of a registered
		// http://localhost but compares the path.
		oauth:    cfg.oauth("http://" + net.JoinHostPort(cfg.RedirectHost, strconv.Itoa(port))),
		state:    rand.Text(),
		verifier: oauth2.GenerateVerifier(),
		result:   make(chan outcome, 1),
		closed:   make(chan struct{}),
	}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.server = &http.Server{
		Handler:           http.HandlerFunc(f.callback),
		ReadHeaderTimeout: headerTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // its lines could hold the code
	}
	for _, l := range listeners {
		go f.server.Serve(l) //nolint:errcheck // ends with Close
	}
	return f, nil
}

// listen takes a free port of 127.0.0.1 and, if the redirect says "localhost"
// (which a browser may look up as either), the same port of ::1 where it can.
func listen(ctx context.Context, host string) ([]net.Listener, int, error) {
	var lc net.ListenConfig
	v4, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, 0, fmt.Errorf("listen for the browser on this machine: %w", err)
	}
	port := v4.Addr().(*net.TCPAddr).Port
	listeners := []net.Listener{v4}
	if host == "localhost" {
		if v6, err := lc.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(port))); err == nil {
			listeners = append(listeners, v6)
		}
	}
	return listeners, port, nil
}

// URL is the address to open in a browser.
func (f *Flow) URL() string {
	opts := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(f.verifier)}
	for k, v := range f.cfg.AuthParams {
		opts = append(opts, oauth2.SetAuthURLParam(k, v))
	}
	return f.oauth.AuthCodeURL(f.state, opts...)
}

// Wait returns when the browser came back and the code was exchanged, or when ctx
// ends or the flow is closed. Whatever the end, the flow is over. Errors are
// *calendar.Error: Forbidden when the person declined, and those of TokenError.
func (f *Flow) Wait(ctx context.Context) (Grant, error) {
	defer f.Close()
	select {
	case o := <-f.result:
		return o.grant, o.err
	default:
	}
	select {
	case o := <-f.result:
		return o.grant, o.err
	case <-f.closed:
		return Grant{}, &calendar.Error{Op: opSignIn, Kind: calendar.SignedOut, Err: errors.New("it was cancelled")}
	case <-ctx.Done():
		return Grant{}, &calendar.Error{Op: opSignIn, Kind: calendar.SignedOut,
			Err: fmt.Errorf("the browser did not come back: %w", ctx.Err())}
	}
}

// Close gives the port back and ends Wait. The browser gets its last page first.
func (f *Flow) Close() error {
	f.close.Do(func() {
		close(f.closed)
		f.cancel()
		ctx, cancel := context.WithTimeout(context.Background(), pageGrace)
		defer cancel()
		if f.server.Shutdown(ctx) != nil {
			f.server.Close()
		}
	})
	return nil
}

// callback serves the loopback port. Only GET / with our state counts, and only
// once: anything else (a favicon, another local page guessing) is answered and
// ignored, so that it can neither finish nor break the sign-in.
func (f *Flow) callback(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" && r.URL.Path != "" || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.state)) != 1 {
		writePage(w, http.StatusBadRequest, pageStray)
		return
	}
	first := false
	f.once.Do(func() { first = true })
	if !first {
		writePage(w, http.StatusConflict, pageStray)
		return
	}
	grant, err := f.finish(q)
	if err != nil {
		writePage(w, http.StatusOK, failurePage(err))
	} else {
		writePage(w, http.StatusOK, pageDone)
	}
	f.result <- outcome{grant, err}
}

// finish turns the callback's query into a grant.
func (f *Flow) finish(q url.Values) (Grant, error) {
	if code := q.Get("error"); code != "" {
		oe := &OAuthError{Detail: aadsts.FindString(q.Get("error_description"))}
		if oauthCode.MatchString(code) {
			oe.Code = code
		} else {
			oe.Code = "unknown_error"
		}
		return Grant{}, codeError(opSignIn, oe)
	}
	code := q.Get("code")
	if code == "" {
		return Grant{}, &calendar.Error{Op: opSignIn, Kind: calendar.Other, Err: errors.New("the browser came back without a code")}
	}
	ctx, cancel := context.WithTimeout(f.ctx, requestTimeout)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, f.cfg.client())
	token, err := f.oauth.Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	if err != nil {
		return Grant{}, TokenError(opSignIn, err)
	}
	if token.RefreshToken == "" {
		return Grant{}, &calendar.Error{Op: opSignIn, Kind: calendar.Forbidden,
			Err: errors.New("the provider gave no lasting permission (no refresh token); sign in again and allow offline access")}
	}
	g := Grant{Token: token, Scopes: f.cfg.Scopes} // no 'scope' in the answer: as asked (RFC 6749 §5.1)
	if s, _ := token.Extra("scope").(string); s != "" {
		g.Scopes = strings.Fields(s)
	}
	g.IDToken, _ = token.Extra("id_token").(string)
	return g, nil
}
