package simulator

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is a misbehaviour on demand. The first fault in the list that matches a
// request and is due answers it.
type Fault struct {
	// Match is a kind ("events.insert", "events.*", "oauth.token") or a method and
	// the start of a path ("POST /calendar/v3/calendars/"); empty matches every
	// request to the service, but no sign-in.
	Match string `json:"match,omitempty"`
	// Nth is the first matching request that is hit, counted from 1; 0 means 1.
	Nth int `json:"nth,omitempty"`
	// Count is how many are hit from there on; 0 means 1, less than 0 all.
	Count int `json:"count,omitempty"`
	// Probability is the chance that a due request is hit; 0 means 1. Seed makes
	// the draws.
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`

	// Lasts ends the fault so long after it was added; 0: never.
	Lasts time.Duration `json:"lasts,omitempty"`

	// Delay comes before all else. A request that is given up meanwhile is dropped.
	// DelayAfter comes once the service has done its work: whoever gives up then
	// does not know that it took effect.
	Delay      time.Duration `json:"delay,omitempty"`
	DelayAfter time.Duration `json:"delayAfter,omitempty"`
	// DropBefore cuts the connection before anything happens, DropAfter once the
	// service has done its work: the client cannot tell them apart.
	DropBefore bool `json:"dropBefore,omitempty"`
	DropAfter  bool `json:"dropAfter,omitempty"`
	// TruncateBody answers 200 with half of the body and calls it whole;
	// DropMidBody cuts the connection there. The service has done its work.
	TruncateBody bool `json:"truncateBody,omitempty"`
	DropMidBody  bool `json:"dropMidBody,omitempty"`

	// What a list answers is spoilt, page by page, and its links and tokens stay:
	// DropItems leaves out so many of its items (less than 0: all), RepeatItems
	// says the last one twice, ShuffleItems mixes them, by Seed.
	DropItems    int  `json:"dropItems,omitempty"`
	RepeatItems  bool `json:"repeatItems,omitempty"`
	ShuffleItems bool `json:"shuffleItems,omitempty"`

	// Status, Reason and Message make an answer in the service's own form. Reason
	// is Google's reason, Graph's code or OAuth's error; both have defaults by status.
	Status  int    `json:"status,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// RetryAfter sets the header, in whole seconds; 0: no header.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// After: the service does its work before the answer of Status is given.
	After bool `json:"after,omitempty"`
	// Body replaces the answer's body; HTMLBody makes it an HTML page, EmptyBody
	// leaves it out.
	Body      string `json:"body,omitempty"`
	HTMLBody  bool   `json:"htmlBody,omitempty"`
	EmptyBody bool   `json:"emptyBody,omitempty"`
	// Header is set on the answer.
	Header map[string]string `json:"header,omitempty"`

	draw uint64 // for ShuffleItems, of this hit
}

func (f Fault) spoilsLists() bool { return f.DropItems != 0 || f.RepeatItems || f.ShuffleItems }

func (f Fault) answers() bool { return f.Status != 0 || f.Body != "" || f.HTMLBody || f.EmptyBody }

// AddFault puts a fault at the end of the list.
func (s *Simulator) AddFault(f Fault) { s.faults.add(f, s.options.Now()) }

// ClearFaults removes all faults.
func (s *Simulator) ClearFaults() { s.faults.clear() }

// armed is a fault and how often it matched and hit.
type armed struct {
	Fault
	added      time.Time
	seen, hits int
	rand       *rand.Rand
}

type faultList struct {
	mu   sync.Mutex
	list []*armed
}

func (l *faultList) add(f Fault, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, &armed{Fault: f, added: now, rand: rand.New(rand.NewPCG(f.Seed, 0))})
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// take counts the request against every fault that matches it, and returns the
// first that is due.
func (l *faultList) take(kind string, r *http.Request, now time.Time) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var hit *armed
	for _, f := range l.list {
		if !f.matches(kind, r) || f.Lasts > 0 && !now.Before(f.added.Add(f.Lasts)) {
			continue
		}
		f.seen++
		if hit != nil || f.seen < max(f.Nth, 1) || f.Count >= 0 && f.hits >= max(f.Count, 1) {
			continue
		}
		if f.Probability > 0 && f.rand.Float64() >= f.Probability {
			continue
		}
		f.hits++
		hit = f
	}
	if hit == nil {
		return Fault{}, false
	}
	out := hit.Fault
	if out.ShuffleItems {
		out.draw = hit.rand.Uint64()
	}
	return out, true
}

func (f *armed) matches(kind string, r *http.Request) bool {
	if f.Match == "" {
		return !strings.HasPrefix(kind, "oauth.")
	}
	if method, prefix, ok := strings.Cut(f.Match, " "); ok {
		return r.Method == method && strings.HasPrefix(r.URL.EscapedPath(), prefix)
	}
	ok, err := path.Match(f.Match, kind)
	return err == nil && ok
}

// answer writes a fault's answer in the form of the service.
func (s *Simulator) answer(w http.ResponseWriter, kind string, f Fault) {
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
	body, contentType := []byte(f.Body), "application/json; charset=UTF-8"
	switch {
	case f.HTMLBody:
		contentType = "text/html; charset=UTF-8"
		if f.Body == "" {
			body = []byte("<!DOCTYPE html><html><title>Error</title><body><h1>" + http.StatusText(status) + "</h1></body></html>")
		}
	case f.EmptyBody:
		body, contentType = nil, ""
	case f.Body != "":
	case strings.HasPrefix(kind, "oauth."):
		body = oauthError(f)
	case s.service == Google:
		body = googleError(status, f)
	default:
		body = graphError(status, f, s.options.Now())
	}
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is its own affair
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps of texts and numbers come here
	}
	return b
}

func oauthError(f Fault) []byte {
	return mustJSON(map[string]any{
		"error":             first(f.Reason, "invalid_grant"),
		"error_description": first(f.Message, "Token has been expired or revoked."),
	})
}

// googleReasons are the usual reason, domain and message of a status, from
// Google's guide 'Handle API errors'.
var googleReasons = map[int][3]string{
	400: {"badRequest", "global", "Bad Request"},
	401: {"authError", "global", "Invalid Credentials"},
	403: {"rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"},
	404: {"notFound", "global", "Not Found"},
	409: {"conflict", "global", "Conflict"},
	410: {"fullSyncRequired", "calendar", "Sync token is no longer valid, a full sync is required."},
	412: {"conditionNotMet", "global", "Precondition Failed"},
	429: {"rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"},
	500: {"backendError", "global", "Backend Error"},
	502: {"backendError", "global", "Backend Error"},
	503: {"backendError", "global", "Backend Error"},
	504: {"backendError", "global", "Backend Error"},
}

// googleMessages are the messages and domains of reasons that share a status.
var googleMessages = map[string][2]string{
	"userRateLimitExceeded":    {"usageLimits", "User Rate Limit Exceeded"},
	"quotaExceeded":            {"usageLimits", "Calendar usage limits exceeded."},
	"dailyLimitExceeded":       {"usageLimits", "Daily Limit Exceeded"},
	"insufficientPermissions":  {"global", "Request had insufficient authentication scopes."},
	"forbidden":                {"global", "Forbidden"},
	"requiredAccessLevel":      {"calendar", "You need to have writer access to this calendar."},
	"forbiddenForNonOrganizer": {"calendar", "Shared properties can only be changed by the organizer of the event."},
	"deleted":                  {"global", "Resource has been deleted"},
	"updatedMinTooLongAgo":     {"calendar", "The requested minimum modification time lies too far in the past."},
	"duplicate":                {"global", "The requested identifier already exists."},
	"eventTypeRestriction":     {"calendar", "The operation is not allowed for this event type."},
}

func googleError(status int, f Fault) []byte {
	usual := googleReasons[status]
	domain, message := usual[1], usual[2]
	if m, ok := googleMessages[f.Reason]; ok {
		domain, message = m[0], m[1]
	}
	message = first(f.Message, message, http.StatusText(status))
	item := map[string]any{
		"domain":  first(domain, "global"),
		"reason":  first(f.Reason, usual[0], "backendError"),
		"message": message,
	}
	if item["reason"] == "fullSyncRequired" {
		item["locationType"], item["location"] = "parameter", "syncToken"
	}
	return mustJSON(map[string]any{"error": map[string]any{
		"errors": []any{item}, "code": status, "message": message,
	}})
}

// graphCodes are the usual code and message of a status, from Microsoft's page
// 'Microsoft Graph error responses' and 'Throttling guidance'.
var graphCodes = map[int][2]string{
	400: {"ErrorInvalidRequest", "The request is invalid."},
	401: {"InvalidAuthenticationToken", "Access token has expired or is not yet valid."},
	403: {"ErrorAccessDenied", "Access is denied. Check credentials and try again."},
	404: {"ErrorItemNotFound", "The specified object was not found in the store."},
	409: {"ErrorIrresolvableConflict", "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item."},
	410: {"SyncStateNotFound", "The sync state generation is not found; a full synchronisation is required."},
	412: {"ErrorIrresolvableConflict", "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item."},
	429: {"ApplicationThrottled", "Application is over its MailboxConcurrency limit."},
	500: {"InternalServerError", "An internal server error occurred. The operation failed."},
	503: {"ServiceUnavailable", "The service is temporarily unavailable."},
	504: {"GatewayTimeout", "The server did not answer in time."},
}

func graphError(status int, f Fault, now time.Time) []byte {
	usual := graphCodes[status]
	return mustJSON(map[string]any{"error": map[string]any{
		"code":    first(f.Reason, usual[0], "UnknownError"),
		"message": first(f.Message, usual[1], http.StatusText(status)),
		"innerError": map[string]any{
			"date":       now.UTC().Format("2006-01-02T15:04:05"),
			"request-id": "00000000-0000-4000-8000-000000000000",
		},
	}})
}

// discard is a ResponseWriter for an answer that nobody will see.
type discard struct{ header http.Header }

func newDiscard() discard                     { return discard{header: http.Header{}} }
func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// buffered is a ResponseWriter that keeps the answer.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffered) Header() http.Header { return b.header }
func (b *buffered) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}
func (b *buffered) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

// copyTo gives the answer away.
func (b *buffered) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), b.header)
	b.WriteHeader(http.StatusOK)
	w.WriteHeader(b.status)
	_, _ = w.Write(b.body.Bytes()) // see answer; nothing goes with 204
}

// spoilList runs the handler and changes the items of the list that it answers
// with, if it does: Google's "items", Graph's "value".
func spoilList(w http.ResponseWriter, r *http.Request, h http.Handler, f Fault) {
	r.Header.Del("Accept-Encoding")
	b := &buffered{header: http.Header{}}
	h.ServeHTTP(b, r)
	var answer map[string]json.RawMessage
	if json.Unmarshal(b.body.Bytes(), &answer) == nil {
		for _, name := range []string{"items", "value"} {
			var items []json.RawMessage
			if answer[name] == nil || json.Unmarshal(answer[name], &items) != nil {
				continue
			}
			if f.RepeatItems && len(items) > 0 {
				items = append(items, items[len(items)-1])
			}
			if f.ShuffleItems {
				rand.New(rand.NewPCG(f.draw, 0)).Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
			}
			if n := f.DropItems; n < 0 || n > len(items) {
				items = []json.RawMessage{}
			} else {
				items = items[:len(items)-n]
			}
			answer[name] = mustJSON(items)
		}
		b.body.Reset()
		b.body.Write(mustJSON(answer))
		b.header.Del("Content-Length")
	}
	b.copyTo(w)
}

// truncated runs the handler and gives away half of its body; with cut, the
// connection ends there.
func truncated(w http.ResponseWriter, r *http.Request, h http.Handler, cut bool) {
	r.Header.Del("Accept-Encoding") // half of a gzip stream would hide the half of the JSON
	b := &buffered{header: w.Header()}
	h.ServeHTTP(b, r)
	body := b.body.Bytes()
	half := body[:len(body)/2]
	length := len(half)
	if cut {
		length = len(body)
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	b.WriteHeader(http.StatusOK)
	w.WriteHeader(b.status)
	_, _ = w.Write(half) // see answer
	if cut {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}
