package network_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/network"
)

// authority signs certificates, as a company's own does.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, until time.Time) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Acme Root"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	return authority{sign(t, tmpl, tmpl, key, key), key}
}

func sign(t *testing.T, tmpl, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

// serves is a TLS server of a host whose certificate the authority signed.
func (a authority) serves(t *testing.T, host string) *httptest.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}, a.cert, key, a.key)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello from "+host) }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{c.Raw}, PrivateKey: key}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// hopper passes connections on to one server, whatever host is asked for, and notes
// what it was asked for and as whom.
type hopper struct {
	target string
	mu     sync.Mutex
	asked  []string
}

func (h *hopper) note(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, s)
}

func (h *hopper) heard() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := strings.Join(h.asked, ", ")
	h.asked = nil
	return out
}

func (h *hopper) join(c net.Conn) {
	to, err := net.Dial("tcp", h.target)
	if err != nil {
		c.Close()
		return
	}
	go func() { _, _ = io.Copy(to, c); to.Close() }()
	_, _ = io.Copy(c, to)
	c.Close()
}

// ServeHTTP is an HTTP proxy that wants Ann's password.
func (h *hopper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, _ := strings.CutPrefix(r.Header.Get("Proxy-Authorization"), "Basic ")
	who, _ := base64.StdEncoding.DecodeString(user)
	h.note(fmt.Sprintf("%s %s as %q", r.Method, r.Host, who))
	if string(who) != "ann:p@ss" {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	// The connection is taken over before the client hears yes: what it sends then must not
	// be read by the server first.
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		c.Close()
		return
	}
	h.join(c)
}

// socks is a SOCKS5 proxy that wants Ann's password (RFC 1928, RFC 1929).
func (h *hopper) socks(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if err := h.greet(c); err != nil {
					c.Close()
					return
				}
				h.join(c)
			}()
		}
	}()
	return l.Addr().String()
}

func (h *hopper) greet(c net.Conn) error {
	read := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(c, b)
		return b
	}
	read(int(read(2)[1])) // the methods that are offered
	_, _ = c.Write([]byte{5, 2})
	user := read(int(read(2)[1]))
	pass := read(int(read(1)[0]))
	if string(user)+":"+string(pass) != "ann:p@ss" {
		h.note(fmt.Sprintf("refused %q", user))
		_, _ = c.Write([]byte{1, 1})
		return errors.New("refused")
	}
	_, _ = c.Write([]byte{1, 0})
	read(4) // version, command, reserved, address type: a name
	host := read(int(read(1)[0]))
	h.note(fmt.Sprintf("SOCKS %s:%d as %q", host, binary.BigEndian.Uint16(read(2)), user))
	_, err := c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return err
}

// get asks for a page.
func get(n *network.Network, address string) (string, error) {
	res, err := n.Client().Get(address)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

func TestTheWayOutGoesThroughAProxyAndTrustsACompanysRoot(t *testing.T) {
	a := newAuthority(t, time.Now().Add(time.Hour))
	h := &hopper{target: a.serves(t, "calendar.test").Listener.Addr().String()}
	plain := httptest.NewServer(h)
	defer plain.Close()
	secure := a.serves(t, "proxy.test") // its handler is replaced
	secure.Config.Handler = h
	for name, c := range map[string]struct{ proxy, says string }{
		"http":   {plain.URL, `CONNECT calendar.test:443 as "ann:p@ss"`},
		"https":  {secure.URL, `CONNECT calendar.test:443 as "ann:p@ss"`},
		"socks5": {"socks5://" + h.socks(t), `SOCKS calendar.test:443 as "ann"`},
	} {
		t.Run(name, func(t *testing.T) {
			n := network.New(time.Now)
			s := network.Settings{Proxy: c.proxy, User: "ann", Password: "p@ss", Roots: a.pem()}
			if err := n.Use(s); err != nil {
				t.Fatal(err)
			}
			page, err := get(n, "https://calendar.test/")
			if said := h.heard(); err != nil || page != "hello from calendar.test" || said != c.says {
				t.Errorf("%q, %v; the proxy was asked for %s, want %s", page, err, said, c.says)
			}
			s.Password = "wrong-p@ss"
			if err := n.Use(s); err != nil {
				t.Fatal(err)
			}
			if _, err := get(n, "https://calendar.test/"); err == nil || strings.Contains(err.Error(), "wrong-p") {
				t.Errorf("with the wrong password: %v", err)
			}
			_, err = n.Reach(t.Context(), "https://calendar.test/")
			if refused, ok := errors.AsType[*net.OpError](err); !ok || refused.Op != map[bool]string{false: "proxyconnect", true: "socks connect"}[name == "socks5"] {
				t.Errorf("with the wrong password, a knock: %v", err)
			}
			h.heard()
			s.Password, s.Roots = "p@ss", ""
			if err := n.Use(s); err != nil {
				t.Fatal(err)
			}
			if _, err := get(n, "https://calendar.test/"); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("without the root: %v", err)
			}
			h.heard()
			s.Roots, s.Bypass = a.pem(), ".test"
			if err := n.Use(s); err != nil {
				t.Fatal(err)
			}
			if _, err := get(n, "https://calendar.test/"); err == nil || h.heard() != "" {
				t.Errorf("a host that is reached without it went through the proxy: %v", err)
			}
		})
	}
}

// Any answer will do, and nobody is followed elsewhere.
func TestAKnockTellsTheServersTime(t *testing.T) {
	date := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	answers := map[string]string{"/": date.Format(http.TimeFormat), "/cached": date.Add(-time.Minute).Format(http.TimeFormat), "/odd": "today"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			t.Errorf("it is asked to %s", r.Method)
		}
		w.Header().Set("Date", answers[r.URL.Path])
		w.Header().Set("Location", "/odd")
		if r.URL.Path == "/cached" {
			w.Header().Set("Age", "60")
		}
		w.WriteHeader(map[string]int{"/": http.StatusFound, "/cached": http.StatusNotFound, "/odd": http.StatusInternalServerError, "/proxy": http.StatusProxyAuthRequired}[r.URL.Path])
	}))
	defer s.Close()
	n := network.New(time.Now)
	for path, want := range map[string]time.Time{"/": date, "/cached": date, "/odd": {}} {
		if got, err := n.Reach(t.Context(), s.URL+path); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	if _, err := n.Reach(t.Context(), s.URL+"/proxy"); err == nil {
		t.Error("a proxy that refuses is taken for the server")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Reach(ctx, s.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	s.Close()
	if _, err := n.Reach(t.Context(), s.URL); err == nil {
		t.Error("nobody answers, and it is said that somebody does")
	}
}

// This machine is never reached through a proxy, and 'none' means none.
func TestThisMachineIsReachedDirectly(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "here") }))
	defer s.Close()
	n := network.New(time.Now)
	for _, proxy := range []string{network.System, network.Direct, "http://127.0.0.1:1", "socks5://127.0.0.1:1"} {
		if err := n.Use(network.Settings{Proxy: proxy}); err != nil {
			t.Fatal(err)
		}
		if page, err := get(n, s.URL); err != nil || page != "here" {
			t.Errorf("through %q: %q, %v", proxy, page, err)
		}
	}
	if n.Client().Timeout == 0 {
		t.Error("a call has no end")
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	good, old := newAuthority(t, time.Now().Add(time.Hour)), newAuthority(t, time.Now().Add(-time.Minute))
	leaf := good.serves(t, "calendar.test").TLS.Certificates[0].Certificate[0]
	n := network.New(time.Now)
	for name, c := range map[string]struct {
		s     network.Settings
		field string
		says  string
	}{
		"no scheme":            {network.Settings{Proxy: "proxy.example:8080"}, "proxy", "http://"},
		"no port":              {network.Settings{Proxy: "http://proxy.example"}, "proxy", "port"},
		"a page":               {network.Settings{Proxy: "http://proxy.example:80/proxy.pac"}, "proxy", "port"},
		"another scheme":       {network.Settings{Proxy: "ftp://proxy.example:21"}, "proxy", "socks5://"},
		"a password within it": {network.Settings{Proxy: "http://ann:hunter2@proxy.example:80"}, "proxy", "by themselves"},
		"nonsense":             {network.Settings{Proxy: "http://ann:hunter2@%zz"}, "proxy", "no address"},
		"no certificate":       {network.Settings{Roots: "hello"}, "root certificate", "no certificate"},
		"a key":                {network.Settings{Roots: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))}, "root certificate", "private key"},
		"half a certificate":   {network.Settings{Roots: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf[:50]}))}, "root certificate", "cannot be read"},
		"a server's":           {network.Settings{Roots: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf}))}, "root certificate", "no root certificate"},
		"an expired one":       {network.Settings{Roots: good.pem() + old.pem()}, "root certificate", "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			err := n.Use(c.s)
			e, ok := errors.AsType[*calendar.Error](err)
			if !ok || e.Kind != calendar.Invalid || e.Field != c.field || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v; want %s: %s", err, c.field, c.says)
			}
		})
	}
}

// Connections of calls that are made at once are used again by the next ones.
func TestConnectionsAreUsedAgain(t *testing.T) {
	const atOnce = 8
	var mu sync.Mutex
	seen := map[string]bool{}
	came, gate := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.RemoteAddr] = true
		mu.Unlock()
		came <- struct{}{}
		<-gate // answered when all have come
	}))
	t.Cleanup(s.Close)
	client := network.New(time.Now).Client()
	for range 5 {
		var calls sync.WaitGroup
		for range atOnce {
			calls.Go(func() {
				resp, err := client.Get(s.URL)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			})
		}
		for range atOnce {
			<-came
		}
		for range atOnce {
			gate <- struct{}{}
		}
		calls.Wait()
	}
	if len(seen) > 2*atOnce { // one may still be on its way back when it is wanted
		t.Errorf("%d connections", len(seen))
	}
}

// A proxy that speaks Windows' ways only is not asked for by another name and password.
func TestAProxyThatWantsWhatIsNotSpoken(t *testing.T) {
	for offers, want := range map[string]string{"NTLM, Negotiate": "NTLM or Kerberos", "Negotiate, Basic realm=\"x\"": "a name and a password", "": "a name and a password"} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, o := range strings.Split(offers, ", ") {
				w.Header().Add("Proxy-Authenticate", o)
			}
			w.WriteHeader(http.StatusProxyAuthRequired)
		}))
		n := network.New(time.Now)
		if err := n.Use(network.Settings{Proxy: proxy.URL}); err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{"https://calendar.test/", "http://calendar.test/"} {
			if _, err := n.Reach(t.Context(), address); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q, %s: %v", offers, address, err)
			}
		}
		proxy.Close()
	}
}
