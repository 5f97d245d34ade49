package signin

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

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
	if meaning := meanings[e.Detail]; meaning != "" {
		s += ": " + meaning
	} else if meaning := meanings[e.Code]; meaning != "" {
		s += ": " + meaning
	}
	return s
}

// meanings are what codes mean to a person, as far as they tell more than that the
// sign-in has ended. (Microsoft "Microsoft Entra authentication and authorization
// error codes"; Google guides "Using OAuth 2.0 to Access Google APIs" and "OAuth 2.0
// for iOS & Desktop Apps".)
var meanings = map[string]string{
	"AADSTS50057":   "the account is switched off",
	"AADSTS50076":   "a second factor is asked for",
	"AADSTS50079":   "a second factor has to be set up",
	"AADSTS50105":   "the organisation has not assigned the app to this person",
	"AADSTS50133":   "the password was changed or has expired",
	"AADSTS50173":   "it was revoked, or the password was changed",
	"AADSTS50020":   "the account belongs to another organisation than the client id lets in",
	"AADSTS50194":   "the client id is for one organisation only",
	"AADSTS53000":   "the device does not follow the organisation's rules",
	"AADSTS53001":   "the device is not joined to the organisation",
	"AADSTS53002":   "the app is not among those that the organisation approved",
	"AADSTS53003":   "the organisation's conditional access blocks it",
	"AADSTS53004":   "the organisation asks for a second factor to be set up first",
	"AADSTS65001":   "neither the person nor an administrator has agreed to it",
	"AADSTS65004":   "it was declined",
	"AADSTS70008":   "it was not used for too long",
	"AADSTS70043":   "the organisation asks for a fresh sign-in now and then",
	"AADSTS700016":  "the client id is unknown there",
	"AADSTS700082":  "it was not used for too long",
	"AADSTS700025":  "a desktop app sends no client secret: leave it out",
	"AADSTS7000112": "the app is switched off",
	"AADSTS7000218": "the app is not registered as a desktop app: allow public client flows in its registration, under Authentication",
	"AADSTS90094":   "an administrator has to agree first",
	"AADSTS90095":   "an administrator has to agree first",
	"AADSTS9002332": "the client id is for work and school accounts only",

	"admin_policy_enforced": "the organisation's administrator blocks the app",
	"deleted_client":        "the client id was deleted",
	"expired_token":         "the code was not typed in time",
	"bad_verification_code": "the code is unknown",
	"invalid_rapt":          "the organisation asks for a fresh sign-in now and then",
	"org_internal":          "the client id is for members of its own organisation only",
	"redirect_uri_mismatch": "the client id is not one of a desktop app",
}

// Microsoft says that its numbers may change and are not for apps to decide by. They
// decide nothing here but which way out is shown, for what 'error' alone leaves open:
// whether a person can mend it.
var (
	adminCodes  = []string{"AADSTS90094", "AADSTS90095"}
	policyCodes = []string{
		"AADSTS50057", "AADSTS50105", "AADSTS53000", "AADSTS53001", "AADSTS53002", "AADSTS53003", "AADSTS53004", "AADSTS7000112",
	}
	clientCodes = []string{"AADSTS50020", "AADSTS50194", "AADSTS700016", "AADSTS9002332", "AADSTS7000218", "AADSTS700025"}
)

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
		"account_selection_required", "invalid_rapt", "admin_policy_enforced", "expired_token", "bad_verification_code",
	}
	// The client id or what we ask for is wrong; asking again does not help.
	misconfigured = []string{
		"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type",
		"unsupported_response_type", "redirect_uri_mismatch", "org_internal", "deleted_client", "invalid_resource",
	}
	// unknownClient are those of them that another client id mends.
	unknownClient = []string{"invalid_client", "unauthorized_client", "redirect_uri_mismatch", "org_internal", "deleted_client"}
	declined      = []string{"access_denied", "authorization_declined"}

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
		out.Kind, out.Field, out.Obstacle, out.RetryAfter = calendar.Throttled, "", "", calendar.WaitAsked(re.Response.Header.Get("Retry-After"), re.Response.Header.Get("Date"))
	case oe.Status >= 500:
		out.Kind, out.Field, out.Obstacle = calendar.Unavailable, "", ""
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
	case slices.Contains(declined, oe.Code):
		e.Kind = calendar.Forbidden
	case oe.Code == "slow_down":
		e.Kind = calendar.Throttled
	case slices.Contains(tryLater, oe.Code):
		e.Kind = calendar.Unavailable
	}
	switch {
	case slices.Contains(adminCodes, oe.Detail), op == opSignIn && oe.Code == "consent_required":
		// A person who could agree alone was asked to, on the provider's page.
		e.Kind, e.Obstacle = calendar.SignedOut, calendar.AdminApproval
	case slices.Contains(policyCodes, oe.Detail), oe.Code == "admin_policy_enforced":
		e.Kind, e.Obstacle = calendar.SignedOut, calendar.BlockedByPolicy
	case slices.Contains(clientCodes, oe.Detail), slices.Contains(unknownClient, oe.Code):
		e.Kind, e.Field, e.Obstacle = calendar.Invalid, "client id", calendar.ClientRefused
	}
	return e
}
