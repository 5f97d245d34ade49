package signin

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/oauth2"

	"github.com/twinday/twinday/providers/calendar"
)

// OAuthError is what an authorize or token endpoint answered. It holds only the
// provider's codes: descriptions may name the person, and bodies may hold tokens.
type OAuthError struct {
	Code   string // RFC 6749 'error': "invalid_grant"; empty if the answer had none
	Detail string // Microsoft's number, "AADSTS700082", if there was one
	Status int    // HTTP status, 0 if it came with the redirect
}

// Error reads "invalid_grant (AADSTS700082)".
func (e *OAuthError) Error() string {
	s := e.Code
	if s == "" {
		s = fmt.Sprintf("the sign-in server answered %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	return s
}

var (
	aadsts = regexp.MustCompile(`AADSTS\d+`)
	// oauthCode is what RFC 6749 error codes look like; anything else could be
	// an echo of what we sent.
	oauthCode = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,60}$`)
)

// Error kinds by RFC 6749 (and OpenID Connect, and the providers' own) error code.
var (
	// A new sign-in mends these. admin_policy_enforced is Google's answer when a
	// Workspace administrator has blocked the app.
	signInAgain = []string{
		"invalid_grant", "interaction_required", "login_required", "consent_required",
		"account_selection_required", "invalid_rapt", "admin_policy_enforced",
	}
	// The client id or what we ask for is wrong; asking again does not help.
	misconfigured = []string{
		"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type",
		"unsupported_response_type", "redirect_uri_mismatch", "org_internal", "deleted_client", "invalid_resource",
	}
	tryLater = []string{"temporarily_unavailable", "server_error"}
)

// TokenError says what a failure of a token endpoint means, as *calendar.Error:
// SignedOut when only a new sign-in helps, Unavailable when the answer was missing
// or none (the network, a time-out, 5xx), Throttled, Invalid when the client id or
// the request is at fault, Forbidden when it was declined, else Other. The cause
// holds the provider's error code and never a token. An error that is a
// *calendar.Error already comes back as it is, nil as nil.
func TokenError(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*calendar.Error](err); ok {
		return err
	}
	re, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok { // no answer, or one that is not OAuth's
		return &calendar.Error{Op: op, Kind: calendar.Unavailable, Err: err}
	}
	oe := &OAuthError{Detail: aadsts.FindString(re.ErrorDescription)}
	if oauthCode.MatchString(re.ErrorCode) {
		oe.Code = re.ErrorCode
	}
	out := codeError(op, oe)
	if re.Response == nil {
		return out
	}
	oe.Status = re.Response.StatusCode
	switch {
	case oe.Status == http.StatusTooManyRequests:
		out.Kind, out.RetryAfter = calendar.Throttled, retryAfter(re.Response.Header)
	case oe.Status >= 500:
		out.Kind = calendar.Unavailable
	}
	return out
}

func codeError(op string, oe *OAuthError) *calendar.Error {
	e := &calendar.Error{Op: op, Err: oe}
	switch {
	case slices.Contains(signInAgain, oe.Code):
		e.Kind = calendar.SignedOut
	case slices.Contains(misconfigured, oe.Code):
		e.Kind, e.Field = calendar.Invalid, "client id"
		if oe.Code == "invalid_scope" {
			e.Field = "scope"
		}
	case oe.Code == "access_denied":
		e.Kind = calendar.Forbidden
	case oe.Code == "slow_down":
		e.Kind = calendar.Throttled
	case slices.Contains(tryLater, oe.Code):
		e.Kind = calendar.Unavailable
	}
	return e
}

// retryAfter reads the header in seconds (RFC 9110 §10.2.3); a date is too rare
// at token endpoints to depend on the clock for it.
func retryAfter(h http.Header) time.Duration {
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	return 0
}
