package graphsim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// call is one request on its way through its handler, which runs under the
// mailbox's lock.
type call struct {
	*route
	s      *Server
	r      *http.Request
	mb     *mailbox.Mailbox
	query  url.Values
	prefer prefer
	body   map[string]any // decoded with json.Number; nil without a body
	quirks Quirks
	after  []func() // what happens once the answer has been made
}

// handle runs a request behind the concurrency gate.
func (s *Server) handle(r *http.Request) (*reply, *apiError) {
	rt, err := s.route(r)
	if err != nil {
		s.opts.Record.Unknown("route " + r.Method + " " + pathShape(r.URL.Path))
		return nil, err
	}
	if err := s.gate(r, rt); err != nil {
		return nil, err
	}
	c := &call{route: &rt, s: s, r: r, mb: s.mb, quirks: s.look()}
	var perr error
	if c.query, perr = url.ParseQuery(r.URL.RawQuery); perr != nil {
		return nil, badRequest("BadRequest", "The query specified in the URI is not valid.")
	}
	if c.prefer, err = parsePrefer(r.Header.Values("Prefer")); err != nil {
		return nil, err
	}
	if c.body, err = readBody(r); err != nil {
		return nil, err
	}
	if rt.kind == "batch" {
		return rt.run(c) // its inner requests take the lock, one by one
	}
	s.mb.Lock()
	defer s.mb.Unlock()
	s.bumpLate()
	rep, err := rt.run(c)
	if err == nil {
		c.prefer.applied(rep)
	}
	for _, f := range c.after {
		f()
	}
	return rep, err
}

// pathShape hides ids: what is unknown is noted once, not once an event.
func pathShape(path string) string {
	segs := strings.Split(path, "/")
	for i, sg := range segs {
		if len(sg) > 40 || strings.Contains(sg, "@") {
			segs[i] = "{id}"
		}
	}
	return strings.Join(segs, "/")
}

// readBody decodes a JSON object, compressed or not: the SDKs gzip by default.
func readBody(r *http.Request) (map[string]any, *apiError) {
	if r.Body == nil || r.Method == http.MethodGet {
		return nil, nil
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, badRequest("BadRequest", "The request body could not be read.")
	}
	if len(raw) == 0 {
		return nil, nil
	}
	switch enc := strings.ToLower(r.Header.Get("Content-Encoding")); enc {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err == nil {
			raw, err = io.ReadAll(io.LimitReader(z, maxBody+1))
		}
		if err != nil { // such as a plain body under this header
			return nil, badRequest("BadRequest", "The request body is not valid gzip.")
		}
	default:
		return nil, fault(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "Content-Encoding "+enc+" is not supported.")
	}
	if len(raw) > maxBody {
		return nil, fault(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request is too large.")
	}
	if r.Method == http.MethodDelete {
		return nil, nil
	}
	ct := r.Header.Get("Content-Type")
	if ct == "" {
		return nil, badRequest("BadRequest", "Write requests (excluding DELETE) must contain the Content-Type header declaration.")
	}
	if media, _, _ := strings.Cut(ct, ";"); strings.TrimSpace(strings.ToLower(media)) != "application/json" {
		return nil, fault(http.StatusUnsupportedMediaType, "RequestBodyRead", "A supported MIME type could not be found that matches the content type of the request.")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var body map[string]any
	if err := d.Decode(&body); err != nil || body == nil {
		return nil, badRequest("UnableToDeserializePostBody", "were unable to deserialize")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest("UnableToDeserializePostBody", "were unable to deserialize")
	}
	return body, nil
}

// cal is the calendar that the path names; /me/events and /me/calendarView mean
// the default one. write asks for the right to change it.
func (c *call) cal(write bool) (*mailbox.Calendar, *apiError) {
	id := c.calendar
	if c.whole {
		id = "primary"
	}
	cal := c.mb.Calendar(id)
	switch {
	case cal == nil && id != "primary" && !wellFormed(id):
		return nil, malformedID()
	case cal == nil:
		return nil, notFound()
	case cal.Role == "freeBusyReader", write && !canEdit(cal):
		return nil, accessDenied()
	}
	return cal, nil
}

// find is the event or occurrence that the path names, in its calendar. Without a calendar in
// the path only one's own calendars are searched: events of a shared calendar
// answer 404 there, as observed by third parties.
func (c *call) find(write bool) (*mailbox.Calendar, item, *apiError) {
	cals := c.mb.Calendars
	if !c.whole {
		cal, err := c.cal(write)
		if err != nil {
			return nil, item{}, err
		}
		cals = []*mailbox.Calendar{cal}
	}
	for _, cal := range cals {
		if cal.Deleted || c.whole && cal.Role != "owner" {
			continue
		}
		if it, ok := c.itemByID(cal, c.event); ok {
			return cal, it, nil
		}
	}
	if !wellFormed(c.event) {
		return nil, item{}, malformedID()
	}
	return nil, item{}, notFound()
}

// eventByID takes either type of id, as Graph does.
func eventByID(cal *mailbox.Calendar, id string) *mailbox.Event {
	if e := cal.Events[id]; e != nil || !strings.HasPrefix(id, immutablePrefix) {
		return e
	}
	var gone *mailbox.Event
	for _, e := range cal.Events {
		if immutableID(e) == id {
			if !e.Deleted {
				return e
			}
			gone = e
		}
	}
	return gone
}

const immutablePrefix = "AAkALgAA"

// immutableID hangs on the iCalUId, which moves do not change.
func immutableID(e *mailbox.Event) string { return longID(immutablePrefix, e.UID) }

// id is the item's id of the type that was asked for.
func (c *call) id(it item) string {
	switch {
	case !c.prefer.immutable:
		return it.ID
	case it.master != nil:
		return occurrenceID(immutableID(it.master), it.day)
	}
	return immutableID(it.Event)
}

func wellFormed(id string) bool {
	if len(id) < 40 {
		return false
	}
	for _, ch := range id {
		if (ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z') && (ch < '0' || ch > '9') && !strings.ContainsRune("-_=+/", ch) {
			return false
		}
	}
	return true
}

func malformedID() *apiError { return badRequest("ErrorInvalidIdMalformed", "Id is malformed.") }

func canEdit(cal *mailbox.Calendar) bool {
	return cal.Role == "owner" || strings.HasPrefix(cal.Role, "writer")
}

// base is our own address, as the client spelled it.
func (c *call) base() string {
	scheme := "http"
	if c.r.TLS != nil || c.r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + c.r.Host
}

// allowQuery refuses and notes every parameter that is not named. Names are
// compared without regard to case, as the service does.
func (c *call) allowQuery(names ...string) *apiError {
	for k := range c.query {
		known := false
		for _, n := range names {
			known = known || strings.EqualFold(k, n)
		}
		if !known {
			c.s.opts.Record.Unknown("parameter " + k + " of " + c.kind)
			return badRequest("BadRequest", "The query specified in the URI is not valid. The query parameter '"+k+"' is not supported.")
		}
	}
	return nil
}

// param is a query parameter, whatever the case of its name.
func (c *call) param(name string) (string, bool) {
	for k, v := range c.query {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0], true
		}
	}
	return "", false
}

// ifMatch compares the If-Match header with the event's etag.
func (c *call) ifMatch(it item) *apiError {
	if v := c.r.Header.Get("If-Match"); v != "" && v != "*" && v != etag(it.Event) {
		return conflict()
	}
	return nil
}
