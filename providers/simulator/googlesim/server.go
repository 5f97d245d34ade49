// Package googlesim is Google Calendar API v3 as an http.Handler over a
// mailbox, as strict as the real service and stricter: what the discovery
// document does not declare is refused and noted. It imports the mailbox model
// and nothing of Google's.
//
// Texts, orders of checks and forms come from the discovery document, Google's
// guides and answers captured by third parties; what they disagree on is a
// mailbox.GoogleSwitches.
package googlesim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/record"
)

// Options are what a server needs.
type Options struct {
	Mailbox  *mailbox.Mailbox
	Switches mailbox.GoogleSwitches
	// Auth returns the scopes of an access token; an error means 401.
	Auth   func(bearer string) (scopes []string, err error)
	Record *record.Recorder
	Now    func() time.Time
}

// Server answers under /calendar/v3/. It is an http.Handler.
type Server struct {
	Options
	// All below is guarded by the mailbox's lock.
	pages     map[string]*page
	pageOrder []string
	tokens    int                    // page and sync tokens handed out
	created   map[string]bool        // calendars made through the API
	writes    map[string][]time.Time // recent writes by calendar, for QuickWrites
	units     []time.Time            // quota units of the last minute, for UnitsPerMinute
}

// New returns a server.
func New(o Options) *Server {
	return &Server{
		Options: o,
		pages:   map[string]*page{},
		created: map[string]bool{},
		writes:  map[string][]time.Time{},
	}
}

// maxBody bounds a request body; Google's own bound for this API is near it.
const maxBody = 1 << 20

// scopePrefix begins every Calendar scope.
const scopePrefix = "https://www.googleapis.com/auth/"

// call is one request on its way.
type call struct {
	*Server
	r     *http.Request
	w     http.ResponseWriter
	route *route
	vars  map[string]string
	query url.Values
	body  obj
	// busyOnly: the token shows no more than free and busy times.
	busyOnly bool
	// ownedOnly and createdOnly: the token reaches only such calendars.
	ownedOnly, createdOnly bool
}

// Kind names the request by its method in the discovery document ("events.list")
// and says whether it asks for a change.
func (s *Server) Kind(r *http.Request) (kind string, write bool) {
	rt, _ := find(r)
	if rt == nil {
		return "unknown", r.Method != http.MethodGet
	}
	return rt.kind, rt.write()
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Server: s, r: r, w: w}
	answer, err := c.run()
	if err != nil {
		c.fail(err)
		return
	}
	c.succeed(answer)
}

// run does everything up to the answer.
func (c *call) run() (any, error) {
	c.route, c.vars = find(c.r)
	if c.route == nil {
		c.Record.Unknown("route " + c.r.Method + " " + c.r.URL.Path)
		return nil, notFound()
	}
	if err := c.readQuery(); err != nil {
		return nil, err
	}
	if err := c.authorize(); err != nil {
		return nil, err
	}
	if c.route.handle == nil {
		c.Record.NotImplemented(c.route.kind)
		return nil, notImplemented(c.route.kind)
	}
	if err := c.checkQuery(); err != nil {
		return nil, err
	}
	var keep mask
	if f := c.query.Get("fields"); f != "" && c.route.answer != nil {
		var err error
		if keep, err = parseMask(f, c.route.answer); err != nil {
			return nil, err
		}
	}
	if err := c.readBody(); err != nil {
		return nil, err
	}
	c.Mailbox.Lock()
	defer c.Mailbox.Unlock()
	if err := c.spend(); err != nil {
		return nil, err
	}
	answer, err := c.route.handle(c)
	if err != nil || answer == nil {
		return nil, err
	}
	return keep.apply(answer), nil
}

// authorize checks the token and its scopes.
func (c *call) authorize() error {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		token = c.query.Get("oauth_token")
	}
	if token == "" {
		return loginRequired()
	}
	scopes, err := c.Auth(token)
	if err != nil {
		return badCredentials()
	}
	suffices := strings.Fields(c.route.scopes)
	var good []string
	for _, s := range scopes {
		if short, ok := strings.CutPrefix(s, scopePrefix); ok && slices.Contains(suffices, short) {
			good = append(good, short)
		}
	}
	good = slices.DeleteFunc(good, func(s string) bool { return s == "calendar.events.public.readonly" })
	if len(good) == 0 {
		return insufficientScopes(c.route.kind)
	}
	only := func(match ...string) bool {
		return !slices.ContainsFunc(good, func(s string) bool { return !slices.Contains(match, s) })
	}
	if strings.HasPrefix(c.route.kind, "events.") {
		c.busyOnly = only("calendar.events.freebusy")
		c.ownedOnly = only("calendar.events.owned", "calendar.events.owned.readonly", "calendar.events.freebusy")
	}
	c.createdOnly = c.route.kind != "colors.get" && c.route.kind != "calendars.insert" && only("calendar.app.created")
	return nil
}

// spend takes the request's quota units from the sliding minute.
func (c *call) spend() error {
	if c.Switches.UnitsPerMinute == 0 {
		return nil
	}
	cost := 1
	if c.route.kind == "events.patch" {
		cost = 3
	}
	now := c.Now()
	c.units = slices.DeleteFunc(c.units, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(c.units)+cost > c.Switches.UnitsPerMinute {
		e := rateLimited()
		e.message = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service " +
			"'calendar-json.googleapis.com' for consumer 'project_number:1'."
		return e
	}
	c.units = append(c.units, slices.Repeat([]time.Time{now}, cost)...)
	return nil
}

// readQuery parses the parameters.
func (c *call) readQuery() error {
	q, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return badRequest("Bad Request")
	}
	c.query = q
	return nil
}

// checkQuery holds the parameters against the declared ones.
func (c *call) checkQuery() error {
	declared := map[string]string{}
	for _, p := range strings.Fields(commonParams + " " + c.route.params) {
		name, kind, _ := strings.Cut(p, ":")
		declared[name] = kind
	}
	for _, name := range slices.Sorted(mapKeys(c.query)) {
		kind, ok := declared[name]
		if !ok {
			e := unknownInput("parameter "+c.route.kind+"?"+name, "Unknown parameter: "+name+".")
			e.locationType, e.location = "parameter", name
			return e
		}
		kind, values, _ := strings.Cut(kind, "=")
		if len(c.query[name]) > 1 && !strings.Contains(kind, "*") {
			e := badParameter(name, "Parameter "+name+" is not repeatable.")
			e.unknown = "repeated parameter " + c.route.kind + "?" + name
			return e
		}
		for _, v := range c.query[name] {
			if err := checkParameter(name, v, strings.Trim(kind, "*!"), values); err != nil {
				return err
			}
		}
	}
	for name, kind := range declared {
		if strings.Contains(kind, "!") && c.query.Get(name) == "" {
			return &apiError{status: 400, reason: "required", message: "Required parameter: " + name,
				locationType: "parameter", location: name}
		}
	}
	return nil
}

func checkParameter(name, v, kind, values string) error {
	bad := func() error { return badParameter(name, "Invalid value '"+v+"' for parameter "+name+".") }
	switch {
	case kind == "boolean" && v != "true" && v != "false":
		return bad()
	case kind == "integer":
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil {
			return bad()
		}
		if (name == "maxResults" || name == "maxAttendees") && n < 1 {
			return badParameter(name, "Invalid value '"+v+"'. Values must be within the range: [1, 2147483647]")
		}
	case values != "" && !slices.Contains(strings.Split(values, "|"), v):
		return bad()
	}
	return nil
}

// readBody decodes and checks the request body. A method without one refuses it.
func (c *call) readBody() error {
	raw, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	if err != nil || len(raw) > maxBody {
		return &apiError{status: 413, reason: "uploadTooLarge", message: "Request Too Large"}
	}
	if c.route.body == nil {
		if len(bytes.TrimSpace(raw)) > 0 && c.r.Method != http.MethodPost {
			return unknownInput("body of "+c.route.kind, "This method takes no body.")
		}
		return nil
	}
	c.body = obj{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return &apiError{status: 400, reason: "parseError", message: "Parse Error"}
	}
	name, _, _ := strings.Cut(c.route.kind, ".")
	v, err = check(strings.TrimSuffix(name, "s"), v, c.route.body)
	if err != nil {
		return err
	}
	m, ok := v.(obj)
	if !ok {
		return &apiError{status: 400, reason: "parseError", message: "Parse Error"}
	}
	c.body = m
	return nil
}

// errNotModified asks for a 304.
var errNotModified = errors.New("not modified")

// errNoContent asks for a 204.
var errNoContent = errors.New("no content")

func (c *call) fail(err error) {
	switch {
	case errors.Is(err, errNotModified):
		c.w.WriteHeader(http.StatusNotModified)
		return
	case errors.Is(err, errNoContent):
		c.w.WriteHeader(http.StatusNoContent)
		return
	}
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		panic(err) // every error of a handler is one of ours
	}
	if e.unknown != "" {
		c.Record.Unknown(e.unknown)
	}
	if e.status == http.StatusUnauthorized {
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/"`)
	}
	c.write(e.status, e.body())
}

func (c *call) succeed(answer any) {
	if m, ok := answer.(obj); ok {
		if etag, ok := m["etag"].(string); ok {
			c.w.Header().Set("ETag", etag)
		}
	}
	c.write(http.StatusOK, answer)
}

// write sends JSON, compressed if the client can take it.
func (c *call) write(status int, v any) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	if err := enc.Encode(v); err != nil {
		panic(err) // only maps, lists, texts, numbers come here
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	h.Set("Vary", "Origin, X-Origin, Referer, Accept-Encoding")
	if strings.Contains(c.r.Header.Get("Accept-Encoding"), "gzip") {
		var packed bytes.Buffer
		z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
		if err == nil {
			_, err = z.Write(out.Bytes())
		}
		if err = errors.Join(err, z.Close()); err != nil {
			panic(err) // memory does not fail
		}
		h.Set("Content-Encoding", "gzip")
		out = packed
	}
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(out.Bytes()) // a client that went away is its own affair
}
