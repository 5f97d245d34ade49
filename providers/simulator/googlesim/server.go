// Package googlesim is Google Calendar API v3 as an http.Handler over a
// mailbox. It imports the mailbox model and nothing of Google's.
package googlesim

import (
	"net/http"
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

// Server answers under /calendar/v3/.
type Server struct{ Options }

// New returns a server.
func New(o Options) *Server { return &Server{o} }

// Kind names the request by its method in the discovery document.
func (s *Server) Kind(r *http.Request) (string, bool) { return "unknown", r.Method != http.MethodGet }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
