package signin

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/twinday/twinday/providers/calendar"
)

// Transport adds the account's access token to requests for one host, and
// refuses any other: a link or redirect to elsewhere must not take the token along.
//
// A 401 drops the token and the request is sent once more with a fresh one; a
// server that asks who we are has done nothing yet.
type Transport struct {
	Source *Source
	// Origin is scheme and host of the API ("https://www.googleapis.com"); path
	// and query are ignored.
	Origin *url.URL
	// Base sends the requests; nil means http.DefaultTransport.
	Base http.RoundTripper
}

// NewClient returns a client for the API at baseURL that adds src's tokens to what
// it sends there and refuses other hosts. It takes transport and time limit from
// hc, which may be nil.
func NewClient(hc *http.Client, src *Source, baseURL string) (*http.Client, error) {
	origin, err := url.Parse(baseURL)
	if err != nil || origin.Scheme == "" || origin.Host == "" {
		return nil, &calendar.Error{Op: "connect", Kind: calendar.Invalid, Field: "endpoint",
			Err: fmt.Errorf("%q is no web address like https://host/path", baseURL)}
	}
	if hc == nil {
		hc = &http.Client{Timeout: apiTimeout}
	}
	c := *hc
	c.Transport = &Transport{Source: src, Origin: origin, Base: hc.Transport}
	return &c, nil
}

// apiTimeout ends an API request that hangs, its body included, where the
// caller has set no limit: the largest page takes a few seconds.
const apiTimeout = 2 * requestTimeout

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != t.Origin.Scheme || r.URL.Host != t.Origin.Host {
		closeBody(r)
		return nil, &calendar.Error{Op: "connect", Kind: calendar.Other,
			Err: fmt.Errorf("refused to send the sign-in of %s to another host: %s", t.Origin.Host, r.URL.Host)}
	}
	resp, used, err := t.send(r, r.Body)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	t.Source.Forget(used)
	body := r.Body
	if body != nil && body != http.NoBody {
		if r.GetBody == nil {
			return resp, nil
		}
		if body, err = r.GetBody(); err != nil {
			return resp, nil
		}
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) //nolint:errcheck // only to reuse the connection
	resp.Body.Close()
	resp, _, err = t.send(r, body)
	return resp, err
}

// send sends a copy of r with a token, and says which one.
func (t *Transport) send(r *http.Request, body io.ReadCloser) (resp *http.Response, used string, err error) {
	token, err := t.Source.TokenContext(r.Context())
	if err != nil {
		if body != nil {
			body.Close()
		}
		return nil, "", err
	}
	r = r.Clone(r.Context())
	r.Body = body
	token.SetAuthHeader(r)
	resp, err = cmp.Or(t.Base, http.DefaultTransport).RoundTrip(r)
	return resp, token.AccessToken, err
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}
