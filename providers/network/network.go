// Package network is Twinday's way out of the machine: through the proxy that the
// system or the person says, trusting the roots that they trust, and never without an end.
//
// Of this project it imports providers/calendar only. A proxy's password is in no error.
package network

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mattn/go-ieproxy"
	"golang.org/x/net/http/httpproxy"

	"github.com/twinday/twinday/providers/calendar"
)

// Every call ends: what opens a connection, its handshake, and the call as a whole with
// its body. The largest page of events takes a few seconds.
const (
	dialTimeout = 15 * time.Second
	tlsTimeout  = 15 * time.Second
	callTimeout = 60 * time.Second
)

// keptOpen is how many connections to one host outlast their call: as many as a connector
// writes at once, or each write would begin with a handshake.
const keptOpen = 8

// The proxies that are no address.
const (
	System = ""     // as the system says: its settings, or the environment (HTTPS_PROXY, NO_PROXY)
	Direct = "none" // none, whatever the system says
)

// Settings say how to get out.
type Settings struct {
	// Proxy is System, Direct or an address: http://host:port, https://…, socks5://….
	Proxy          string
	User, Password string // of the proxy, if it wants them
	// Bypass lists hosts that are reached without it, as NO_PROXY does:
	// "intranet.example,.example.com,10.0.0.0/8". This machine always is.
	Bypass string
	// Roots are certificates, in PEM, that are trusted beside the system's.
	Roots string
}

// Network is a way out that can be changed while it is in use. It is an
// http.RoundTripper, safe for concurrent use.
type Network struct {
	now     func() time.Time
	current atomic.Pointer[http.Transport]
}

// New makes a way out as the system says. now tells which certificates are too old.
func New(now func() time.Time) *Network {
	n := &Network{now: now}
	n.current.Store(transport())
	return n
}

// Client is a client that goes this way.
func (n *Network) Client() *http.Client { return &http.Client{Transport: n, Timeout: callTimeout} }

// RoundTrip implements http.RoundTripper.
func (n *Network) RoundTrip(r *http.Request) (*http.Response, error) {
	return n.current.Load().RoundTrip(r)
}

// Use changes the way. Requests under way keep theirs. Invalid, with the field ("proxy" or
// "root certificate"), if the settings make no sense; then nothing has changed.
func (n *Network) Use(s Settings) error {
	t := transport()
	switch s.Proxy {
	case System:
		ieproxy.ReloadConf()
	case Direct:
		t.Proxy = nil
	default:
		address, err := proxyURL(s)
		if err != nil {
			return wrong("proxy", err)
		}
		choose := (&httpproxy.Config{HTTPProxy: address, HTTPSProxy: address, NoProxy: s.Bypass}).ProxyFunc()
		t.Proxy = func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
	}
	if s.Roots != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		certs, err := certificates(s.Roots)
		if err != nil {
			return wrong("root certificate", err)
		}
		for _, c := range certs {
			if n.now().After(c.NotAfter) {
				return wrong("root certificate", fmt.Errorf("%s has expired on %s", nameOf(c), c.NotAfter.Format(time.DateOnly)))
			}
			pool.AddCert(c)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	n.current.Swap(t).CloseIdleConnections()
	return nil
}

// transport is Go's own, with its limits.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = ieproxy.GetProxyFunc()
	t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: dialTimeout}).DialContext
	t.TLSHandshakeTimeout = tlsTimeout
	t.OnProxyConnectResponse = refusedByProxy
	t.MaxIdleConnsPerHost = keptOpen
	return t
}

func wrong(field string, err error) error {
	return &calendar.Error{Op: "network", Kind: calendar.Invalid, Field: field, Err: err}
}

// proxyURL is the address of a proxy that was given by hand, credentials included.
func proxyURL(s Settings) (string, error) {
	u, err := url.Parse(s.Proxy)
	if err != nil { // the parser's words would quote it
		return "", errors.New("that is no address; write it like http://proxy.example:8080")
	}
	switch {
	case u.User != nil:
		return "", errors.New("give name and password by themselves, not within the address")
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return "", errors.New("write it with what it speaks: http://, https:// or socks5://")
	case u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return "", errors.New("write it as host and port, like http://proxy.example:8080")
	case s.User != "":
		u.User = url.UserPassword(s.User, s.Password)
	}
	u.Path = ""
	return u.String(), nil
}

// certificates reads roots in PEM.
func certificates(text string) (list []*x509.Certificate, err error) {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("the file holds a %s; only certificates belong here", strings.ToLower(block.Type))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("one of the certificates cannot be read")
		}
		if !c.IsCA {
			return nil, fmt.Errorf("%s is no root certificate: ask your IT for that of whoever signed it", nameOf(c))
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("there is no certificate in it: it is text that begins with -----BEGIN CERTIFICATE-----")
	}
	return list, nil
}

func nameOf(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return "“" + c.Subject.CommonName + "”"
	}
	return "“" + c.Subject.String() + "”"
}
