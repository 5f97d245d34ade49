package googlesim

import (
	"net/http"
	"strings"
)

// apiError is an error answer. Its forms and texts are those of Google's guide
// 'Handle API errors' and of captured answers.
type apiError struct {
	status       int
	domain       string // default "global"
	reason       string
	message      string
	locationType string // "parameter" or "header"
	location     string
	// front is for what the front end answers before the Calendar backend:
	// a status name, a longer message, details.
	frontStatus  string
	frontMessage string
	details      []any
	// unknown is what a strict answer notes for the test.
	unknown string
}

func (e *apiError) Error() string { return e.reason + ": " + e.message }

// body is the JSON of the error.
func (e *apiError) body() obj {
	item := obj{"domain": or(e.domain, "global"), "reason": e.reason, "message": e.message}
	if e.location != "" {
		item["locationType"], item["location"] = e.locationType, e.location
	}
	inner := obj{"errors": []any{item}, "code": e.status, "message": or(e.frontMessage, e.message)}
	if e.frontStatus != "" {
		inner["status"] = e.frontStatus
	}
	if e.details != nil {
		inner["details"] = e.details
	}
	return obj{"error": inner}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func invalid(message string) *apiError {
	return &apiError{status: 400, reason: "invalid", message: message}
}

func required(message string) *apiError {
	return &apiError{status: 400, reason: "required", message: message}
}

func badRequest(message string) *apiError {
	return &apiError{status: 400, reason: "badRequest", message: message}
}

func badParameter(name, message string) *apiError {
	return &apiError{status: 400, reason: "invalidParameter", message: message, locationType: "parameter", location: name}
}

// unknownInput is the strict answer to what the API does not declare. Google
// itself is laxer in places; this catches a client's typing errors.
func unknownInput(what, message string) *apiError {
	return &apiError{status: 400, reason: "badRequest", message: message, unknown: what}
}

func eventTypeRestriction(message string) *apiError {
	return &apiError{status: 400, domain: "calendar", reason: "eventTypeRestriction", message: message}
}

func timeRangeEmpty(location string) *apiError {
	e := &apiError{status: 400, domain: "calendar", reason: "timeRangeEmpty", message: "The specified time range is empty."}
	if location != "" {
		e.locationType, e.location = "parameter", location
	}
	return e
}

func notFound() *apiError {
	return &apiError{status: 404, reason: "notFound", message: "Not Found"}
}

func forbidden(message string) *apiError {
	return &apiError{status: 403, reason: "forbidden", message: message}
}

func needsRole(role string) *apiError {
	return &apiError{status: 403, domain: "calendar", reason: "requiredAccessLevel",
		message: "You need to have " + role + " access to this calendar."}
}

func forNonOrganizer() *apiError {
	return &apiError{status: 403, domain: "calendar", reason: "forbiddenForNonOrganizer",
		message: "Shared properties can only be changed by the organizer of the event."}
}

func duplicate() *apiError {
	return &apiError{status: 409, reason: "duplicate", message: "The requested identifier already exists."}
}

func gone() *apiError {
	return &apiError{status: 410, reason: "deleted", message: "Resource has been deleted"}
}

func fullSyncRequired() *apiError {
	return &apiError{status: 410, domain: "calendar", reason: "fullSyncRequired",
		message:      "Sync token is no longer valid, a full sync is required.",
		locationType: "parameter", location: "syncToken"}
}

func badSyncToken() *apiError { return invalid("Invalid sync token value.") }

func preconditionFailed() *apiError {
	return &apiError{status: 412, reason: "conditionNotMet", message: "Precondition Failed",
		locationType: "header", location: "If-Match"}
}

func notImplemented(what string) *apiError {
	return &apiError{status: http.StatusNotImplemented, reason: "notImplemented",
		message: "The simulator does not implement " + what + " yet."}
}

func rateLimited() *apiError {
	return &apiError{status: 403, domain: "usageLimits", reason: "rateLimitExceeded", message: "Rate Limit Exceeded"}
}

func conflict() *apiError {
	return &apiError{status: 409, reason: "conflict", message: "Conflict"}
}

func loginRequired() *apiError {
	return &apiError{status: 401, reason: "required", message: "Login Required.",
		locationType: "header", location: "Authorization", frontStatus: "UNAUTHENTICATED",
		frontMessage: "Request is missing required authentication credential. Expected OAuth 2 access token, " +
			"login cookie or other valid authentication credential. " +
			"See https://developers.google.com/identity/sign-in/web/devconsole-project."}
}

func badCredentials() *apiError {
	return &apiError{status: 401, reason: "authError", message: "Invalid Credentials",
		locationType: "header", location: "Authorization", frontStatus: "UNAUTHENTICATED",
		frontMessage: "Request had invalid authentication credentials. Expected OAuth 2 access token, " +
			"login cookie or other valid authentication credential. " +
			"See https://developers.google.com/identity/sign-in/web/devconsole-project."}
}

// insufficientScopes names the method as Google does: calendar.v3.Events.Insert.
func insufficientScopes(kind string) *apiError {
	resource, method, _ := strings.Cut(kind, ".")
	title := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	return &apiError{status: 403, reason: "insufficientPermissions", message: "Insufficient Permission",
		frontStatus:  "PERMISSION_DENIED",
		frontMessage: "Request had insufficient authentication scopes.",
		details: []any{obj{
			"@type":  "type.googleapis.com/google.rpc.ErrorInfo",
			"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
			"domain": "googleapis.com",
			"metadata": obj{
				"method":  "calendar.v3." + title(resource) + "." + title(method),
				"service": "calendar-json.googleapis.com",
			},
		}}}
}
