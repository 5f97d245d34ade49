package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// errProxyWants says that the proxy lets nobody through without a name and a password, or
// not with these. It looks like any failure to get past a proxy (net/http's "proxyconnect").
var errProxyWants = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New("it wants a name and a password")}

// errProxyForeign says that it wants them in a way that is not spoken here: then no name and
// no password helps.
var errProxyForeign = &net.OpError{Op: "proxyconnect", Net: "tcp",
	Err: errors.New("it wants NTLM or Kerberos, which Twinday does not speak; a proxy on this computer that does, such as Px, can stand in between")}

// proxyWants is which of the two an answer means (RFC 9110 §11.7.1).
func proxyWants(h http.Header) error {
	offers := strings.ToLower(strings.Join(h.Values("Proxy-Authenticate"), ","))
	if !strings.Contains(offers, "basic") && (strings.Contains(offers, "ntlm") || strings.Contains(offers, "negotiate") || strings.Contains(offers, "kerberos")) {
		return errProxyForeign
	}
	return errProxyWants
}

// Reach knocks at a server, this way: any answer of its shows that it is there. The time is
// the server's, as its answer tells it (RFC 9110 §6.6.1); zero if it does not.
func (n *Network) Reach(ctx context.Context, address string) (time.Time, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("network: %w", err)
	}
	r.Header.Set("Cache-Control", "no-cache") // what a cache kept has an old time
	res, err := n.RoundTrip(r)                // no redirect is followed: the first answer is enough
	if err != nil {
		return time.Time{}, fmt.Errorf("network: %w", err)
	}
	_ = res.Body.Close() // HEAD: there is none
	if res.StatusCode == http.StatusProxyAuthRequired {
		return time.Time{}, fmt.Errorf("network: %w", proxyWants(res.Header))
	}
	at, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return time.Time{}, nil
	}
	age, _ := strconv.Atoi(res.Header.Get("Age")) // none: 0
	return at.Add(time.Duration(age) * time.Second), nil
}

// refusedByProxy tells why a proxy opens no tunnel; net/http alone would hand on the text of
// its answer.
func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	if res.StatusCode == http.StatusProxyAuthRequired {
		return proxyWants(res.Header)
	}
	return nil
}
