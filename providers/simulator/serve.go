package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// ServeOptions say which simulator runs alone, and where.
type ServeOptions struct {
	Service Service
	// Listen is "127.0.0.1:8801"; port 0 picks a free one. Only loopback: the
	// control endpoint asks nobody who they are.
	Listen string
	// EventsFile is an .ics file that the primary calendar begins with; none if empty.
	EventsFile string
	// Out takes the line of JSON that says where everything is (ServeLine). Log
	// takes a line for each thing in the file that could not be read; may be nil.
	Out, Log io.Writer
	// AutoApprove answers the sign-in page at once, as if the person agreed.
	AutoApprove bool
}

// ServeLine is the one line of JSON that a stand-alone simulator prints.
type ServeLine struct {
	Service      Service `json:"service"`
	BaseURL      string  `json:"baseURL"`
	AuthorizeURL string  `json:"authorizeURL"`
	TokenURL     string  `json:"tokenURL"`
	ControlURL   string  `json:"controlURL"`
	ClientID     string  `json:"clientID"`
	ClientSecret string  `json:"clientSecret,omitempty"`
	Loaded       *Loaded `json:"loaded,omitempty"` // what became of the events file
}

// Serve runs one simulator with its control endpoint until ctx ends, which is no
// error. The line is printed once requests are answered.
func Serve(ctx context.Context, o ServeOptions) error {
	if err := checkLoopback(o.Listen); err != nil {
		return err
	}
	s, err := New(o.Service, Options{AutoApprove: o.AutoApprove})
	if err != nil {
		return err
	}
	var loaded *Loaded
	if o.EventsFile != "" {
		l, err := s.LoadFile(o.EventsFile)
		if err != nil {
			return err
		}
		loaded = &l
		for _, p := range l.Problems {
			if o.Log != nil {
				_, _ = fmt.Fprintln(o.Log, p)
			}
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	server := &http.Server{Handler: s.WithControl(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	e := s.Endpoints("http://" + listener.Addr().String())
	err = json.NewEncoder(o.Out).Encode(ServeLine{
		Service: o.Service, BaseURL: e.BaseURL, AuthorizeURL: e.AuthURL, TokenURL: e.TokenURL, ControlURL: e.ControlURL,
		ClientID: e.ClientID, ClientSecret: e.ClientSecret, Loaded: loaded,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("simulator: print where it listens: %w", err), server.Close())
	}
	select {
	case err := <-served:
		return fmt.Errorf("simulator: %w", err)
	case <-ctx.Done():
		_ = server.Close() // whoever is being answered knows it is a simulator
		<-served
		return nil
	}
}

// WithControl is the simulator and its control endpoint as one handler.
func (s *Simulator) WithControl() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(ControlPath, ControlHandler(s))
	mux.Handle("/", s)
	return mux
}

// LoadFile is Load for a file.
func (s *Simulator) LoadFile(path string) (Loaded, error) {
	f, err := os.Open(path)
	if err != nil {
		return Loaded{}, fmt.Errorf("simulator: %w", err)
	}
	defer f.Close()
	return s.Load(f, filepath.Base(path))
}

// Load reads iCalendar text into the primary calendar; see LoadInto.
func (s *Simulator) Load(r io.Reader, name string) (Loaded, error) {
	return s.LoadInto("primary", r, name)
}

// checkLoopback refuses an address that others could reach.
func checkLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("simulator: %q is no address to listen on: write it like 127.0.0.1:8801", listen)
	}
	if host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return fmt.Errorf("simulator: %s could be reached from outside, and a simulator trusts everybody: listen on 127.0.0.1", listen)
	}
	return nil
}
