// Package graphsim serves a mailbox.Mailbox as the calendar part of Microsoft
// Graph v1.0, as unforgiving as the real service: paging, delta rounds, etags,
// rewriting of bodies and zones, mails to guests, error bodies, throttling.
//
// It may not import a connector, providers/calendar or a Microsoft SDK: it would
// agree with their mistakes. Where sources disagree, mailbox.GraphSwitches and
// Quirks hold both readings. Series keep Exchange's patterns and are expanded here,
// apart from the recurrence that clients use.
package graphsim

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/record"
)

// Limits of the service.
const (
	defaultPage   = 10      // events per page; Microsoft states no number, migration guides of third parties do
	maxPage       = 1000    // a larger $top or odata.maxpagesize is capped
	maxBody       = 4 << 20 // bytes of a request
	maxConcurrent = 4       // requests per app and mailbox, Microsoft "throttling limits"
	maxRequests   = 10000   // per app and mailbox in ten minutes, the same page
	requestWindow = 10 * time.Minute
	maxBatch      = 20 // requests of a $batch, Microsoft "JSON batching"
	maxAttendees  = 500
	maxSubject    = 255 // characters; the classic Outlook limit, see GraphSwitches.AcceptLongSubject
)

// Options say what is served.
type Options struct {
	Mailbox  *mailbox.Mailbox
	Switches mailbox.GraphSwitches
	Quirks   Quirks
	// Auth returns the scopes of a bearer token (without "Bearer "); any error is
	// answered with 401. Nil lets everybody in.
	Auth   func(bearer string) (scopes []string, err error)
	Record *record.Recorder // may be nil
	Now    func() time.Time // default: the mailbox's clock
}

// Quirks are misbehaviours seen in the field that need the service's inside, and
// limits. The zero value is a service on a good day, with its real limits.
type Quirks struct {
	// Delta rounds: an empty page before every page; items in opposite order; the
	// last item of a page again on the next one; one unchanged event in every
	// round; tombstones of events outside the window in the first round.
	EmptyPages, ReversedPages, RepeatItems, ReplayUnchanged, InitialTombstones bool
	// EndlessLinks makes delta pages link to themselves and never end.
	EndlessLinks bool
	// ForeignHost is the host that next and delta links name instead of our own.
	ForeignHost string
	// DeltaLag is how long a change is seen by get but not yet by lists and delta.
	DeltaLag time.Duration

	// How a dead delta token is answered: 410 or 400 (0: 410), the code
	// (default SyncStateNotFound; also resyncRequired, SyncStateInvalid), and
	// whether a Location to start over from comes with it.
	DeadTokenStatus   int
	DeadTokenCode     string
	DeadTokenLocation bool

	// LateBump: so long after a write of a client the service touches the event
	// once more without changing it (a link was injected, a free/busy was computed).
	LateBump time.Duration
	// CorruptEvent is the id of an event that cannot be converted: every page
	// that holds it is answered with 500 ErrorCorruptData.
	CorruptEvent string
	// SlowPages: a page of delta that may hold more events than so many is not ready in
	// time, and answered with 504 UnknownError (microsoft-graph-docs#6499, with endless
	// series). 0: all are.
	SlowPages int
	// FewZones refuses IANA names that are not the main one of a Windows zone, which are
	// about those that Microsoft lists ("dateTimeTimeZone resource type"). Off: all.
	FewZones bool
	// Teams: the account has Teams, so isOnlineMeeting works. Consumer accounts
	// ignore it silently.
	Teams bool
	// LaterReading reads a wall clock that comes twice as its second instant
	// (standard time, as .NET does). Off: the first, as in RFC 5545. Microsoft
	// says nothing of it for Graph.
	LaterReading bool
	// AcceptGuestEdits lets a guest change what the organizer owns, locally. Off:
	// 403. Microsoft documents neither.
	AcceptGuestEdits bool
	// ResetOnTouch: a PATCH of a series that names start or end discards its
	// exceptions even if they stay as they are. Off: only if they change.
	ResetOnTouch bool
	// MasterTombstoneOnly: when a series goes, delta has a tombstone for its master
	// alone. Off: for each of its occurrences too. Nothing is published of it.
	MasterTombstoneOnly bool
	// MaxConcurrent is how many requests may run at once (0: 4, less than 0: any).
	MaxConcurrent int
	// MaxRequests is how many may come in ten minutes (0: 10,000, less than 0: any).
	MaxRequests int
	// ClockSkew is added to the Date header.
	ClockSkew time.Duration
}

// Server is the service. It is an http.Handler, safe for concurrent use.
type Server struct {
	opts     Options
	mb       *mailbox.Mailbox
	now      func() time.Time
	inFlight atomic.Int64

	mu       sync.Mutex
	quirks   Quirks
	requests uint64    // ever, for request ids
	window   time.Time // start of the present throttling window
	used     int       // requests in it
	throttle throttle
	claims   string // of the next CAE challenge
	late     []lateBump
}

type throttle struct {
	left  int
	after time.Duration
}

type lateBump struct {
	due        time.Time
	cal, event string
}

// New returns a server over the mailbox and gives the mailbox Graph's kind of
// ids: base64url, about 150 characters. A primary calendar that still has the
// owner's address as its id and name is renamed to what Graph would call it.
func New(o Options) *Server {
	s := &Server{opts: o, mb: o.Mailbox, now: o.Now, quirks: o.Quirks}
	if s.now == nil {
		s.now = o.Mailbox.Now
	}
	if s.opts.Record == nil {
		s.opts.Record = &record.Recorder{}
	}
	m := o.Mailbox
	m.Lock()
	defer m.Unlock()
	m.EventID = func() string { return longID("AAMkAGUx", m.NewID(52)) }
	m.CalendarID = func() string { return longID("AAMkAGQ0", m.NewID(52)) }
	m.EventUID = func(id string) string {
		sum := sha256.Sum256([]byte(id))
		return "040000008200E00074C5B7101A82E00800000000" + strings.ToUpper(hex.EncodeToString(sum[:28]))
	}
	for _, c := range m.Calendars {
		if c.Primary && c.ID == m.Owner.Email {
			c.ID = m.CalendarID()
			if c.Name == m.Owner.Email {
				c.Name = "Calendar"
			}
		}
	}
	return s
}

// longID is an id of the length that clients must be able to keep.
func longID(prefix, seed string) string {
	a, b := sha512.Sum512([]byte(seed)), sha256.Sum256([]byte("tail"+seed))
	return prefix + base64.URLEncoding.EncodeToString(append(a[:], b[:11]...)) + base64.URLEncoding.EncodeToString(b[12:]) // ends in "="
}

// SetQuirks changes the quirks while the server runs.
func (s *Server) SetQuirks(change func(*Quirks)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.quirks)
}

// Throttle answers the next n requests (inner ones of a $batch too) with 429
// ApplicationThrottled. retryAfter is in whole seconds; 0 leaves the header out.
func (s *Server) Throttle(n int, retryAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttle = throttle{n, retryAfter}
}

// ChallengeClaims answers the next request with 401 insufficient_claims and
// these claims (JSON), though its token is good: continuous access evaluation.
func (s *Server) ChallengeClaims(claims string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims = claims
}

// MoveEvent moves a live event to another calendar as Outlook does: it gets a
// new id there, keeps its iCalUId and its immutable id, and leaves a tombstone.
func (s *Server) MoveEvent(from, to, id string) error {
	s.mb.Lock()
	defer s.mb.Unlock()
	src, dst := s.mb.Calendar(from), s.mb.Calendar(to)
	if src == nil || dst == nil {
		return mailbox.ErrNoCalendar
	}
	e := src.Events[id]
	if e == nil || e.Deleted {
		return fmt.Errorf("%w: %s", mailbox.ErrNoEvent, id)
	}
	moved := e.Clone()
	moved.ID = s.mb.EventID()
	s.mb.Remove(src, e)
	dst.Events[moved.ID] = moved
	s.mb.Touch(dst, moved)
	return nil
}

// ChangeCalendarID gives a calendar a new id, as was reported to happen shortly
// after a calendar is made (microsoftgraph/microsoft-graph-docs#11296). It returns
// the new id; the old one answers 404.
func (s *Server) ChangeCalendarID(id string) (string, error) {
	s.mb.Lock()
	defer s.mb.Unlock()
	c := s.mb.Calendar(id)
	if c == nil {
		return "", mailbox.ErrNoCalendar
	}
	c.ID = s.mb.CalendarID()
	s.mb.TouchCalendar(c)
	return c.ID, nil
}

func (s *Server) look() Quirks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quirks
}

// Kind names a request ("events.list", "calendarView.delta", "unknown") and says
// whether it asks for a change. The requests inside a $batch are counted by the
// server itself.
func (s *Server) Kind(r *http.Request) (kind string, write bool) {
	rt, err := s.route(r)
	if err != nil {
		return "unknown", r.Method != http.MethodGet
	}
	return rt.kind, rt.write
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	s.headers(w, r)
	limit := int64(s.look().MaxConcurrent)
	if limit == 0 {
		limit = maxConcurrent
	}
	if limit > 0 && n > limit {
		s.answer(w, r, nil, throttled("MailboxConcurrency", time.Second))
		return
	}
	s.serve(w, r)
}

// serve is a request behind the concurrency gate; those of a $batch come here
// one after the other.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	rep, err := s.handle(r)
	s.answer(w, r, rep, err)
}

func (s *Server) headers(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	s.mu.Lock()
	s.requests++
	id := longGUID(s.requests)
	skew := s.quirks.ClockSkew
	s.mu.Unlock()
	h.Set("request-id", id)
	client := r.Header.Get("client-request-id")
	if client == "" {
		client = id
	}
	h.Set("client-request-id", client)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SIM00001"}}`)
	h.Set("Date", s.now().Add(skew).UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "private")
}

func longGUID(n uint64) string {
	sum := sha256.Sum256(fmt.Append(nil, "request", n))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// gate is what stands before every handler: throttling, then the token and its
// scopes.
func (s *Server) gate(r *http.Request, rt route) *apiError {
	s.mu.Lock()
	now := s.now()
	if now.Sub(s.window) >= requestWindow || s.window.IsZero() {
		s.window, s.used = now, 0
	}
	s.used++
	limit := s.quirks.MaxRequests
	if limit == 0 {
		limit = maxRequests
	}
	over, wait := limit > 0 && s.used > limit, s.window.Add(requestWindow).Sub(now)
	var forced *apiError
	if s.throttle.left > 0 {
		s.throttle.left--
		forced = throttled("RequestRate", s.throttle.after)
	}
	s.mu.Unlock()
	switch {
	case forced != nil:
		return forced
	case over:
		return throttled("RequestRate", wait)
	case s.opts.Auth == nil:
		return nil
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" {
		return unauthorized("Access token is empty.")
	}
	scopes, err := s.opts.Auth(bearer)
	if err != nil {
		return unauthorized("Access token has expired or is not yet valid.")
	}
	s.mu.Lock()
	claims := s.claims
	s.claims = ""
	s.mu.Unlock()
	if claims != "" {
		e := unauthorized("Continuous access evaluation resulted in challenge.")
		e.header["WWW-Authenticate"] += `, error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
		return e
	}
	return allowed(rt, scopes)
}

// allowed checks the scopes as the pages of each method list them.
func allowed(rt route, scopes []string) *apiError {
	has := func(names ...string) bool {
		for _, sc := range scopes {
			sc = sc[strings.LastIndex(sc, "/")+1:]
			for _, n := range names {
				if strings.EqualFold(sc, n) {
					return true
				}
			}
		}
		return false
	}
	ok := true
	switch {
	case rt.kind == "me.get":
		ok = has("User.Read", "User.ReadWrite", "User.ReadBasic.All")
	case strings.HasPrefix(rt.kind, "mailboxSettings."), strings.HasPrefix(rt.kind, "outlook."):
		ok = has("MailboxSettings.Read", "MailboxSettings.ReadWrite", "User.Read")
	case rt.kind == "batch": // each inner request is checked
	case rt.write:
		ok = has("Calendars.ReadWrite")
	default:
		ok = has("Calendars.Read", "Calendars.ReadWrite")
	}
	if ok {
		return nil
	}
	if rt.kind == "me.get" {
		return fault(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	return accessDenied()
}

// bumpLate touches what a late bump is due for. The caller holds the mailbox.
func (s *Server) bumpLate() {
	s.mu.Lock()
	var due []lateBump
	rest := s.late[:0]
	for _, b := range s.late {
		if s.now().Before(b.due) {
			rest = append(rest, b)
		} else {
			due = append(due, b)
		}
	}
	s.late = rest
	s.mu.Unlock()
	for _, b := range due {
		if c := s.mb.Calendar(b.cal); c != nil {
			if e := c.Events[b.event]; e != nil && !e.Deleted {
				s.mb.Touch(c, e)
			}
		}
	}
}

// wrote notes that the request wrote an event or an occurrence.
func (c *call) wrote(cal *mailbox.Calendar, it item) {
	if c.s.opts.Switches.Rewrites {
		c.after = append(c.after, func() { c.s.tidy(cal, it) })
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if d := c.s.quirks.LateBump; d > 0 {
		c.s.late = append(c.s.late, lateBump{c.s.now().Add(d), cal.ID, it.stored().ID})
	}
}
