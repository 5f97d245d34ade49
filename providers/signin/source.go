package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/oauth2"

	"github.com/twinday/twinday/providers/calendar"
)

const (
	opRefresh = "refresh the sign-in"
	opRevoke  = "revoke the sign-in"
	// maxAnswer is far more than a revocation answer needs.
	maxAnswer = 64 << 10
)

// Source hands out access tokens of one account and refreshes them, one refresh
// at a time. A rotated refresh token is saved before the access token that came
// with it is used. Once the provider said that the refresh token is dead, it
// is not asked again until the Secret holds another one. Safe for concurrent use.
type Source struct {
	ctx    context.Context
	cfg    Config
	secret Secret

	mu     sync.Mutex // never held while waiting
	flight *flight    // the refresh under way, if any

	// Touched only by the flight under way, or under mu when there is none.
	token   *oauth2.Token // the present access token
	have    kept          // what the secret holds, or should hold
	unsaved bool          // have was not written yet
	dead    error         // why have.RefreshToken is of no use
}

// flight is one refresh that any number of callers wait for.
type flight struct {
	done  chan struct{}
	token *oauth2.Token
	err   error
}

// TokenSource returns the access tokens of the account that secret keeps.
// Nothing is read or asked before the first token is wanted. ctx gives its
// values only; cancelling it does not end the source.
func TokenSource(ctx context.Context, cfg Config, secret Secret) *Source {
	return &Source{ctx: context.WithoutCancel(ctx), cfg: cfg, secret: secret}
}

// FreshSource hands out the access token of a grant just made, and nothing once
// that has expired: for a first look at an account whose secret is not kept yet.
func FreshSource(g Grant) *Source {
	return &Source{ctx: context.Background(), secret: noSecret{}, token: g.Token}
}

type noSecret struct{}

func (noSecret) Load(context.Context) (string, error) { return "", nil }
func (noSecret) Save(context.Context, string) error   { return nil }

// Token is TokenContext without an end, for x/oauth2.
func (s *Source) Token() (*oauth2.Token, error) { return s.TokenContext(s.ctx) }

// TokenContext returns a valid access token, refreshed if need be. A refresh
// goes on when ctx ends, or a rotated token could be lost. Errors are those of
// TokenError; also SignedOut if no sign-in is kept, and Unavailable if the
// secret could not be read or saved.
func (s *Source) TokenContext(ctx context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	if s.flight == nil && s.token.Valid() && !s.unsaved {
		defer s.mu.Unlock()
		return s.token, nil
	}
	f := s.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		s.flight = f
		go s.fly(f)
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return nil, &calendar.Error{Op: opRefresh, Kind: calendar.Unavailable, Err: ctx.Err()}
	}
}

// Forget drops an access token that the provider no longer takes (401), so that
// the next call refreshes. A newer token stays.
func (s *Source) Forget(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil && s.token != nil && s.token.AccessToken == accessToken {
		s.token = nil
	}
}

func (s *Source) fly(f *flight) {
	ctx, cancel := context.WithTimeout(s.ctx, requestTimeout)
	defer cancel()
	f.token, f.err = s.refresh(ctx)
	s.mu.Lock()
	s.flight = nil
	s.mu.Unlock()
	close(f.done)
}

func (s *Source) refresh(ctx context.Context) (*oauth2.Token, error) {
	if s.unsaved { // an earlier save failed: first of all, again
		if err := s.save(ctx); err != nil {
			return nil, err
		}
		if s.token.Valid() {
			return s.token, nil
		}
	}
	k, err := load(ctx, s.secret)
	if err != nil {
		return nil, err
	}
	if s.dead != nil && k.RefreshToken == s.have.RefreshToken {
		return nil, s.dead
	}
	s.have, s.dead = k, nil

	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.cfg.client())
	fresh, err := s.cfg.oauth("").TokenSource(ctx, &oauth2.Token{RefreshToken: k.RefreshToken}).Token()
	if err != nil {
		err = TokenError(opRefresh, err)
		if calendar.KindOf(err) == calendar.SignedOut {
			s.dead = err
		}
		return nil, err
	}
	s.token = fresh
	if fresh.RefreshToken != k.RefreshToken { // x/oauth2 keeps the old one if the answer has none
		s.have.RefreshToken = fresh.RefreshToken
		if err := s.save(ctx); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

func (s *Source) save(ctx context.Context) error {
	s.unsaved = true
	if err := s.secret.Save(ctx, s.have.String()); err != nil {
		return &calendar.Error{Op: opRefresh, Kind: calendar.Unavailable, Err: fmt.Errorf("keep the new sign-in: %w", err)}
	}
	s.unsaved = false
	return nil
}

// load reads what secret keeps.
func load(ctx context.Context, secret Secret) (kept, error) {
	text, err := secret.Load(ctx)
	if err != nil {
		return kept{}, &calendar.Error{Op: opRefresh, Kind: calendar.Unavailable, Err: fmt.Errorf("read the kept sign-in: %w", err)}
	}
	var k kept
	// The decoder's words could quote the secret: they are left out.
	if text == "" || json.Unmarshal([]byte(text), &k) != nil || k.RefreshToken == "" {
		return kept{}, &calendar.Error{Op: opRefresh, Kind: calendar.SignedOut, Err: errors.New("no sign-in is kept for this account")}
	}
	return k, nil
}

// Revoke tells the provider to forget the sign-in that secret keeps (RFC 7009). It
// is nil if there is nothing to revoke: no RevokeURL, no sign-in, or one that is
// dead already. The secret itself is the caller's to delete.
func Revoke(ctx context.Context, cfg Config, secret Secret) error {
	if cfg.RevokeURL == "" {
		return nil
	}
	k, err := load(ctx, secret)
	if calendar.KindOf(err) == calendar.SignedOut {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.RevokeURL,
		strings.NewReader(url.Values{"token": {k.RefreshToken}}.Encode()))
	if err != nil {
		return &calendar.Error{Op: opRevoke, Kind: calendar.Invalid, Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := cfg.client().Do(req)
	if err != nil {
		return &calendar.Error{Op: opRevoke, Kind: calendar.Unavailable, Err: err}
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	var answer struct {
		Error string `json:"error"`
	}
	json.Unmarshal(body, &answer) //nolint:errcheck // what cannot be read has no code
	if answer.Error == "invalid_token" {
		return nil
	}
	return TokenError(opRevoke, &oauth2.RetrieveError{Response: resp, ErrorCode: answer.Error})
}
