package graphsim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// apiError is a refusal in the service's own form.
type apiError struct {
	status    int
	code, msg string
	header    map[string]string
	extra     map[string]any // further members of "error"
}

// reply is a success.
type reply struct {
	status int
	body   any // nil: empty
	header map[string]string
}

func fault(status int, code, msg string) *apiError {
	return &apiError{status: status, code: code, msg: msg, header: map[string]string{}}
}

func badRequest(code, msg string) *apiError { return fault(http.StatusBadRequest, code, msg) }

func notFound() *apiError {
	return fault(http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
}

func accessDenied() *apiError {
	return fault(http.StatusForbidden, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

func conflict() *apiError {
	return fault(http.StatusPreconditionFailed, "ErrorIrresolvableConflict",
		"The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.")
}

func notImplemented(what string) *apiError {
	return fault(http.StatusNotImplemented, "NotImplemented", "The simulator cannot do this yet: "+what)
}

func unauthorized(msg string) *apiError {
	e := fault(http.StatusUnauthorized, "InvalidAuthenticationToken", msg)
	e.header["WWW-Authenticate"] = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`
	return e
}

// throttled is the 429 of Exchange; which is MailboxConcurrency, RequestRate or
// IncomingBytes. The wait is rounded up to seconds; 0 leaves the header out.
func throttled(which string, wait time.Duration) *apiError {
	e := fault(http.StatusTooManyRequests, "ApplicationThrottled", "Application is over its "+which+" limit.")
	if wait > 0 {
		e.header["Retry-After"] = strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	}
	return e
}

// answer writes a reply or an error; the request ids are in the header already.
func (s *Server) answer(w http.ResponseWriter, _ *http.Request, rep *reply, err *apiError) {
	h := w.Header()
	if err != nil {
		inner := map[string]any{
			"date":              s.now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        h.Get("request-id"),
			"client-request-id": h.Get("client-request-id"),
		}
		body := map[string]any{"code": err.code, "message": err.msg, "innerError": inner}
		for k, v := range err.extra {
			body[k] = v
		}
		rep = &reply{status: err.status, body: map[string]any{"error": body}, header: err.header}
	}
	for k, v := range rep.header {
		h.Set(k, v)
	}
	if rep.body == nil {
		w.WriteHeader(rep.status)
		return
	}
	b, jerr := json.Marshal(rep.body)
	if jerr != nil { // everything here is made of plain values
		http.Error(w, jerr.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8")
	h.Set("OData-Version", "4.0")
	w.WriteHeader(rep.status)
	_, _ = w.Write(b) // a reader that went away needs no answer
}
