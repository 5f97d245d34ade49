// Package simulator is Google Calendar and Microsoft Graph (its calendar part)
// as local HTTP servers over one in-memory mailbox model each: sign-in, the
// service, request counts, faults on demand. They are plain http.Handlers, for
// net/http, for tests without sockets (see Transport) and for the demo.
//
// It shares no code with the connectors or their SDKs, and may import neither:
// it would agree with their mistakes.
package simulator

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/googlesim"
	"github.com/twinday/twinday/providers/simulator/graphsim"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/oauthsim"
	"github.com/twinday/twinday/providers/simulator/record"
)

// Service names a simulated service.
type Service string

// The services.
const (
	Google  Service = "google"
	Outlook Service = "outlook"
)

// ControlPath is where the control endpoint lives beside the service.
const ControlPath = "/control/"

// Options say whose mailbox is simulated and how.
type Options struct {
	Owner mailbox.Person   // default: a sample person
	Zone  string           // IANA; default "Europe/Berlin"
	Now   func() time.Time // default time.Now

	// AutoApprove answers the authorize page at once, as if the person agreed.
	AutoApprove bool
	// ClientID and ClientSecret are what the client must present; defaults exist.
	ClientID, ClientSecret string

	// Rand makes the sign-in's secrets; default crypto/rand.
	Rand io.Reader

	Switches mailbox.Switches
	// Quirks are Graph's further misbehaviours.
	Quirks graphsim.Quirks
}

// Endpoints are the addresses a client needs.
type Endpoints struct {
	BaseURL      string `json:"baseUrl"`
	AuthURL      string `json:"authUrl"`
	TokenURL     string `json:"tokenUrl"`
	ControlURL   string `json:"controlUrl"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret,omitempty"`
}

// service is the simulated API of a service.
type service interface {
	http.Handler
	// Kind names the request ("events.list") and says whether it asks for a change.
	Kind(r *http.Request) (kind string, write bool)
}

// Simulator is one account at one service. It is an http.Handler.
type Simulator struct {
	service Service
	options Options
	mailbox *mailbox.Mailbox
	api     service
	signIn  *oauthsim.Server
	graph   *graphsim.Server // nil for Google
	record  *record.Recorder
	faults  faultList
}

// New returns a simulator of the service with one empty primary calendar.
func New(s Service, o Options) (*Simulator, error) {
	if s != Google && s != Outlook {
		return nil, fmt.Errorf("simulator: no such service as %q: want google or outlook", s)
	}
	if o.Owner.Email == "" {
		o.Owner = mailbox.Person{Name: "Robin Sample", Email: "robin@" + string(s) + ".example"}
	}
	if o.Zone == "" {
		o.Zone = "Europe/Berlin"
	}
	if _, err := time.LoadLocation(o.Zone); err != nil {
		return nil, fmt.Errorf("simulator: zone: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ClientID == "" {
		o.ClientID = "twinday-simulated-client"
	}
	if o.ClientSecret == "" && s == Google {
		o.ClientSecret = "simulated-and-no-secret"
	}
	sim := &Simulator{
		service: s,
		options: o,
		mailbox: mailbox.New(o.Owner, o.Zone, o.Now),
		record:  &record.Recorder{},
	}
	sim.signIn = oauthsim.New(oauthsim.Options{
		Service:      string(s),
		Owner:        oauthsim.Person(o.Owner),
		AutoApprove:  o.AutoApprove,
		Now:          o.Now,
		Rand:         o.Rand,
		ClientID:     o.ClientID,
		ClientSecret: o.ClientSecret,
	})
	if s == Google {
		sim.api = googlesim.New(googlesim.Options{
			Mailbox:  sim.mailbox,
			Switches: o.Switches.Google,
			Auth:     sim.signIn.Authorize,
			Record:   sim.record,
			Now:      o.Now,
		})
		return sim, nil
	}
	sim.graph = graphsim.New(graphsim.Options{
		Mailbox:  sim.mailbox,
		Switches: o.Switches.Graph,
		Quirks:   o.Quirks,
		Auth:     sim.signIn.Authorize,
		Record:   sim.record,
		Now:      o.Now,
	})
	sim.api = sim.graph
	return sim, nil
}

// Service returns which service this is.
func (s *Simulator) Service() Service { return s.service }

// Mailbox is the model behind the service: what another client changes.
func (s *Simulator) Mailbox() *mailbox.Mailbox { return s.mailbox }

// SignIn is the OAuth side: expiry, revocation, narrower grants.
func (s *Simulator) SignIn() *oauthsim.Server { return s.signIn }

// Graph is the server of Outlook, for its quirks while it runs; nil for Google.
func (s *Simulator) Graph() *graphsim.Server { return s.graph }

// Counters returns what was counted since the start or the last reset, mails included.
func (s *Simulator) Counters() record.Counts {
	c := s.record.Snapshot()
	for _, m := range s.mailbox.Mails() {
		c.Mails[m.Kind]++
	}
	return c
}

// ResetCounters starts all counts anew and empties the outbox.
func (s *Simulator) ResetCounters() {
	s.record.Reset()
	s.mailbox.Lock()
	s.mailbox.Outbox = nil
	s.mailbox.Unlock()
}

// Endpoints returns the addresses for a client when the simulator is served at
// base, such as "http://127.0.0.1:8080".
func (s *Simulator) Endpoints(base string) Endpoints {
	base = strings.TrimSuffix(base, "/")
	e := Endpoints{
		ControlURL:   base + ControlPath,
		ClientID:     s.options.ClientID,
		ClientSecret: s.options.ClientSecret,
	}
	if s.service == Google {
		e.BaseURL = base + "/calendar/v3/"
		e.AuthURL = base + "/o/oauth2/v2/auth"
		e.TokenURL = base + "/token"
	} else {
		e.BaseURL = base + "/v1.0"
		e.AuthURL = base + "/common/oauth2/v2.0/authorize"
		e.TokenURL = base + "/common/oauth2/v2.0/token"
	}
	return e
}

// ServeHTTP answers one request: sign-in or service, behind the faults.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if kind, ok := s.signInKind(r); ok {
		s.record.SignIn(kind)
		s.serve(w, r, kind, s.signIn)
		return
	}
	kind, write := s.api.Kind(r)
	s.record.Request(kind, write)
	s.serve(w, r, kind, s.api)
}

// signInKind names a request of the sign-in endpoints.
func (s *Simulator) signInKind(r *http.Request) (string, bool) {
	if !s.signIn.Handles(r.URL.Path) {
		return "", false
	}
	switch last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; last {
	case "token", "revoke":
		return "oauth." + last, true
	case "auth", "authorize":
		return "oauth.authorize", true
	}
	return "oauth.other", true
}

// serve runs the handler behind the first fault that matches.
func (s *Simulator) serve(w http.ResponseWriter, r *http.Request, kind string, h http.Handler) {
	f, ok := s.faults.take(kind, r, s.options.Now())
	if !ok {
		h.ServeHTTP(w, r)
		return
	}
	s.record.Fault()
	if f.Delay > 0 && !sleep(r.Context(), f.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case f.DropBefore:
		panic(http.ErrAbortHandler)
	case f.DropAfter:
		h.ServeHTTP(newDiscard(), r)
		panic(http.ErrAbortHandler)
	case f.TruncateBody || f.DropMidBody:
		truncated(w, r, h, f.DropMidBody)
	case f.spoilsLists():
		spoilList(w, r, h, f)
	case f.answers():
		if f.After {
			h.ServeHTTP(newDiscard(), r)
		}
		s.answer(w, kind, f)
	case f.DelayAfter > 0:
		b := &buffered{header: http.Header{}}
		h.ServeHTTP(b, r.WithContext(context.WithoutCancel(r.Context())))
		if !sleep(r.Context(), f.DelayAfter) {
			panic(http.ErrAbortHandler)
		}
		b.copyTo(w)
	default: // only a delay
		h.ServeHTTP(w, r)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
