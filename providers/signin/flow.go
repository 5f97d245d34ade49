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
	cfg   Config
	oauth *oauth2.Config

	server *http.Server
	ctx    context.Context // of the exchange; ends with Close
	cancel context.CancelFunc

	mu   sync.Mutex
	turn turn   // the one callback that is waited for
	used string // the state of the last one that came
	left int    // how often the person is asked again for what was left out
	part error  // why the last grant was not enough

	close  sync.Once
	result chan outcome
	closed chan struct{}
}

// turn is one way to the provider and back.
type turn struct{ state, verifier string }

func newTurn() turn { return turn{rand.Text(), oauth2.GenerateVerifier()} }

type outcome struct {
	grant Grant
	err   error
}

const (
	opSignIn = "sign in"
	// asksAgain is how often a person who left boxes unticked is sent back to them.
	asksAgain = 3
	// pageGrace is how long Close waits for the browser to take the last page.
	pageGrace = 2 * time.Second
	// headerTimeout ends a connection on which nothing is asked.
	headerTimeout = 10 * time.Second
	// maxHeader is far above what a browser sends to a loopback address.
	maxHeader = 64 << 10
)

var errNoClient = &calendar.Error{Op: opSignIn, Kind: calendar.Invalid, Field: "client id", Obstacle: calendar.ClientRefused, Err: errors.New("no client id is set")}

// Begin listens on a free loopback port and makes state and PKCE verifier. The
// flow outlives ctx and runs until Wait returns or Close is called.
func Begin(ctx context.Context, cfg Config) (*Flow, error) {
	if cfg.ClientID == "" {
		return nil, errNoClient
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
		oauth:  cfg.oauth("http://" + net.JoinHostPort(cfg.RedirectHost, strconv.Itoa(port))),
		turn:   newTurn(),
		left:   asksAgain,
		result: make(chan outcome, 1),
		closed: make(chan struct{}),
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
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.address()
}

func (f *Flow) address() string {
	opts := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(f.turn.verifier)}
	for k, v := range f.cfg.AuthParams {
		opts = append(opts, oauth2.SetAuthURLParam(k, v))
	}
	return f.oauth.AuthCodeURL(f.turn.state, opts...)
}

// Code is empty: there is nothing to type (Device has one).
func (f *Flow) Code() string { return "" }

// Wait returns when the browser came back and the code was exchanged, or when ctx
// ends or the flow is closed. Whatever the end, the flow is over. Errors are
// *calendar.Error: Forbidden when the person declined or left out what nothing works
// without (ScopeMissing), and those of TokenError.
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
		return Grant{}, f.gaveUp(errors.New("it was cancelled"))
	case <-ctx.Done():
		return Grant{}, f.gaveUp(fmt.Errorf("the browser did not come back: %w", ctx.Err()))
	}
}

// gaveUp is the end of a sign-in that nobody finished: what was left out, if the
// person got that far.
func (f *Flow) gaveUp(why error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.part != nil {
		return f.part
	}
	return &calendar.Error{Op: opSignIn, Kind: calendar.SignedOut, Err: why}
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
	t, status := f.take(q.Get("state"))
	if status != http.StatusOK {
		writePage(w, status, pageStray)
		return
	}
	grant, err := f.finish(q, t)
	if err == nil {
		if missing := f.cfg.lacks(grant); len(missing) > 0 {
			err = leftOut(missing)
			if again := f.askAgain(err); again != "" {
				writePage(w, http.StatusOK, missingPage(missing, again))
				return
			}
		}
	}
	if err != nil {
		writePage(w, http.StatusOK, failurePage(err))
		grant = Grant{}
	} else {
		writePage(w, http.StatusOK, pageDone)
	}
	f.result <- outcome{grant, err}
}

// take uses up the turn that a callback belongs to.
func (f *Flow) take(state string) (turn, int) {
	same := func(want string) bool {
		return want != "" && subtle.ConstantTimeCompare([]byte(state), []byte(want)) == 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case same(f.used):
		return turn{}, http.StatusConflict
	case !same(f.turn.state):
		return turn{}, http.StatusBadRequest
	}
	t := f.turn
	f.used, f.turn = t.state, turn{}
	return t, http.StatusOK
}

// askAgain begins another turn and returns its address, "" when it was asked often
// enough. why is what Wait returns if the person does not take it.
func (f *Flow) askAgain(why error) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return ""
	}
	f.left--
	f.part, f.turn = why, newTurn()
	return f.address()
}

// leftOut says which permissions a person did not give.
func leftOut(missing []calendar.Permission) error {
	var list []string
	for _, p := range missing {
		list = append(list, fmt.Sprintf("“%s” (%s)", p.Reason, p.Scope))
	}
	return &calendar.Error{Op: opSignIn, Kind: calendar.Forbidden, Obstacle: calendar.ScopeMissing,
		Err: fmt.Errorf("a permission was left out on the provider's page: %s; sign in again and tick every box", strings.Join(list, ", "))}
}

// finish turns the callback's query into a grant.
func (f *Flow) finish(q url.Values, t turn) (Grant, error) {
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
	token, err := f.oauth.Exchange(ctx, code, oauth2.VerifierOption(t.verifier))
	return f.cfg.grant(token, err)
}
