// Package oauthsim plays the sign-in servers of Google and Microsoft: the
// consent page, authorization code with PKCE, device code, refresh, revocation and
// OIDC discovery, with the services' own paths and error bodies, and hooks to make
// tokens die and organisations object.
//
// It knows no calendar: whoever serves one asks Authorize about a bearer token.
// It imports nothing of this project and no OAuth library, so it cannot agree
// with a client's mistakes.
package oauthsim

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The two services that a Server can play.
const (
	Google  = "google"
	Outlook = "outlook"
)

// Why a bearer token is refused.
var (
	// ErrMissingToken: the request carries no bearer token.
	ErrMissingToken = errors.New("oauthsim: no access token")
	// ErrUnknownToken: this server did not mint the token, or it was revoked.
	ErrUnknownToken = errors.New("oauthsim: unknown access token")
	// ErrExpiredToken: the token was good once; a refresh would help.
	ErrExpiredToken = errors.New("oauthsim: access token has expired")
)

const (
	codeLife    = 10 * time.Minute // "codes live about ten minutes", Microsoft "authorization code flow"
	accessLife  = 3599 * time.Second
	maxForm     = 64 << 10 // bytes of a form; real ones are below 8 KiB
	maxRefresh  = 100      // live refresh tokens per Google account and client: the oldest dies silently
	maxPending  = 1000     // consent pages that nobody answered
	msTenant    = "72f7d9c4-7a0f-4a6e-9a3c-5d1f6f0f2b11"
	graphPrefix = "https://graph.microsoft.com/"
)

// Person is the account's owner, who is always the one signed in.
type Person struct{ Name, Email string }

// Options say which service is played, and for whom.
type Options struct {
	Service string // Google or Outlook
	Owner   Person

	// AutoApprove answers the authorize request with a redirect at once, as if
	// the owner had pressed Approve.
	AutoApprove bool

	Now  func() time.Time // default time.Now
	Rand io.Reader        // for secrets and ids, default crypto/rand

	// ClientID is the only client that is known; empty admits any.
	ClientID string
	// ClientSecret is compared when a Google client sends one (desktop clients
	// do, though it is no secret: Google guide "OAuth 2.0 for mobile & desktop
	// apps"). Empty admits any. Microsoft's public clients may not send one.
	ClientSecret string
	// RequireSecret refuses a Google client that sends no secret: sources
	// disagree whether the parameter is optional.
	RequireSecret bool

	// RedirectPath is the path of the registered Microsoft redirect
	// http://localhost{RedirectPath}. The port is ignored for matching, the path
	// is not (Microsoft "Redirect URI restrictions").
	RedirectPath string

	// StrictRotation kills an old Microsoft refresh token when it is used. The
	// real service does not ("refresh tokens aren't revoked when used").
	StrictRotation bool
	// PlainScopes returns Microsoft scopes as they were asked for instead of
	// with the resource in front ("https://graph.microsoft.com/User.Read").
	PlainScopes bool
	// Testing is a Google project whose consent screen is not published: its refresh
	// tokens die seven days after consent (Google "Using OAuth 2.0 to Access Google
	// APIs", refresh token expiration).
	Testing bool
	// OmitRefreshToken leaves the refresh token out of every answer.
	OmitRefreshToken bool
}

// Server is one service's sign-in server. It is safe for concurrent use.
type Server struct {
	opts Options
	mux  *http.ServeMux
	key  []byte // of id_token signatures

	mu          sync.Mutex
	autoApprove bool
	pending     map[string]*request // consent pages shown, by ticket
	codes       map[string]*code
	access      map[string]*access
	refresh     map[string]*grant
	refreshOrd  []string           // refresh tokens in the order they were minted
	narrow      []string           // nil: consent is full
	devices     map[string]*device // by device code
	failToken   *failure
	failAuth    *failure
	rule        Rule
	counts      map[string]int
}

// request is an authorize request that was found to be in order.
type request struct {
	client, redirect, state, challenge, nonce string
	scopes                                    []string
	prompt                                    string
	adminFirst                                bool    // its page has no other way than back
	device                                    *device // whose code was typed, if this is no redirect
}

// code is an authorization code, kept after its use to recognise a second one.
type code struct {
	request
	granted []string
	expires time.Time
	used    bool
}

// grant is what the owner allowed one client; every token hangs on one.
type grant struct {
	client  string
	scopes  []string
	nonce   string
	revoked bool
	number  int       // AADSTS, of why it was revoked
	given   time.Time // when the owner agreed
	used    time.Time // when it last gave a token
}

type access struct {
	grant   *grant
	scopes  []string
	expires time.Time
}

type failure struct {
	status int
	code   string
	aadsts int
}

// Rule is what the owner's organisation holds of this client.
type Rule string

// The rules.
const (
	NoRule Rule = ""
	// AdminFirst: only an administrator may agree (Microsoft). Who has agreed already
	// is not touched.
	AdminFirst Rule = "admin first"
	// Blocked: nobody gets in, and nobody stays in: conditional access at Microsoft,
	// an administrator's access control at Google.
	Blocked Rule = "blocked"
)

// New makes a server for one account of a service. It panics on an unknown
// service, which is a mistake of the program.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	s := &Server{
		opts: o, mux: http.NewServeMux(), autoApprove: o.AutoApprove,
		pending: map[string]*request{}, codes: map[string]*code{}, access: map[string]*access{},
		refresh: map[string]*grant{}, counts: map[string]int{}, devices: map[string]*device{},
	}
	s.key = s.random(32)
	switch o.Service {
	case Google:
		s.mux.HandleFunc("/o/oauth2/v2/auth", s.authorize)
		s.mux.HandleFunc("POST /token", s.token)
		s.mux.HandleFunc("POST /revoke", s.revoke)
		s.mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	case Outlook:
		s.mux.HandleFunc("/{tenant}/oauth2/v2.0/authorize", s.authorize)
		s.mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
		s.mux.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", s.deviceCode)
		s.mux.HandleFunc("GET "+devicePath, s.devicePage)
		s.mux.HandleFunc("POST "+devicePath, s.deviceDecide)
		s.mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	default:
		panic("oauthsim: unknown service " + o.Service)
	}
	return s
}

// ServeHTTP answers the service's sign-in paths; any other path is 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	s.mux.ServeHTTP(w, r)
}

// Handles says whether the path belongs to the sign-in server, for one that
// serves a calendar under the same address.
func (s *Server) Handles(path string) bool {
	if s.opts.Service == Google {
		return path == "/token" || path == "/revoke" || path == "/.well-known/openid-configuration" ||
			strings.HasPrefix(path, "/o/oauth2/")
	}
	return path == devicePath || strings.Contains(path, "/oauth2/v2.0/") || strings.HasSuffix(path, "/.well-known/openid-configuration")
}

// Authorize says which scopes a bearer token carries (without the "Bearer "
// prefix; Microsoft's without the resource in front). The error is
// ErrMissingToken, ErrUnknownToken or ErrExpiredToken.
func (s *Server) Authorize(bearer string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bearer == "" {
		return nil, ErrMissingToken
	}
	a := s.access[bearer]
	if a == nil || a.grant.revoked {
		return nil, ErrUnknownToken
	}
	if !s.opts.Now().Before(a.expires) {
		return nil, ErrExpiredToken
	}
	return slices.Clone(a.scopes), nil
}

// SetAutoApprove switches the consent page off (true) or on.
func (s *Server) SetAutoApprove(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.autoApprove = on
}

// ExpireAccessTokens makes every access token expire now; refresh tokens live on.
func (s *Server) ExpireAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.access {
		a.expires = s.opts.Now()
	}
}

// RevokeAll kills every grant, as when the owner removes the app from the
// account or an administrator ends the session: refreshing gives invalid_grant.
func (s *Server) RevokeAll() { s.revokeAll(50173, true) }

// ChangePassword kills every Microsoft grant, as a changed password does (Microsoft
// "Refresh tokens", token revocation). Google's live on: a password ends only those with
// Gmail scopes (Google "Using OAuth 2.0 to Access Google APIs").
func (s *Server) ChangePassword() {
	if s.opts.Service == Outlook {
		s.revokeAll(50133, false)
	}
}

// ExpireRefreshTokens kills every grant, as when none was used for too long (Microsoft:
// 90 days; Google: six months). Access tokens live to their end.
func (s *Server) ExpireRefreshTokens() { s.revokeAll(700082, false) }

func (s *Server) revokeAll(number int, access bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kill := func(g *grant) {
		if !g.revoked {
			g.revoked, g.number = true, number
		}
	}
	for token, g := range s.refresh {
		if access {
			kill(g)
			continue
		}
		dead := *g // what hangs on the old one goes on
		kill(&dead)
		s.refresh[token] = &dead
	}
	for _, a := range s.access {
		if access {
			kill(a.grant)
		}
	}
}

// SetRule makes the owner's organisation object, until NoRule is set.
func (s *Server) SetRule(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rule = r
}

// NarrowScopes limits what further consents grant to these scopes, as when the
// owner unticks boxes; nil grants everything that is asked for again.
func (s *Server) NarrowScopes(scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.narrow = slices.Clone(scopes)
}

// FailNextToken makes the next token request fail with this HTTP status and
// OAuth error code, such as 400 "interaction_required" or 503
// "temporarily_unavailable". The code stays unused, the refresh token alive.
func (s *Server) FailNextToken(status int, code string) { s.FailNextTokenAs(status, code, 50076) }

// FailNextTokenAs is FailNextToken with one of Microsoft's numbers: 53003 for AADSTS53003.
func (s *Server) FailNextTokenAs(status int, code string, aadsts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failToken = &failure{status, code, aadsts}
}

// FailNextAuthorize makes the next authorize request return to the client with
// this error code, such as "consent_required" or "access_denied".
func (s *Server) FailNextAuthorize(code string) { s.FailNextAuthorizeAs(code, 0) }

// FailNextAuthorizeAs is FailNextAuthorize with one of Microsoft's numbers.
func (s *Server) FailNextAuthorizeAs(code string, aadsts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failAuth = &failure{code: code, aadsts: aadsts}
}

// Counts is how many requests came, by kind: "authorize", "code", "refresh", "revoke",
// "device" (a code was asked for), "poll" (whether it was typed).
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.counts))
	for k, v := range s.counts {
		out[k] = v
	}
	return out
}

// random reads n bytes of the injected source; without randomness no secret can
// be minted, so a failing source is fatal.
func (s *Server) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.opts.Rand, b); err != nil {
		panic("oauthsim: random source: " + err.Error())
	}
	return b
}

func (s *Server) secret(prefix string) string {
	return prefix + base64.RawURLEncoding.EncodeToString(s.random(48))
}

func (s *Server) guid() string {
	h := hex.EncodeToString(s.random(16))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Paths are where the server listens by default: the consent page, the token
// endpoint and revocation, which Microsoft does not have (""). Microsoft's are
// also there under any other tenant: see Handles.
func (s *Server) Paths() (authorize, token, revoke string) {
	if s.opts.Service == Google {
		return "/o/oauth2/v2/auth", "/token", "/revoke"
	}
	return "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token", ""
}
