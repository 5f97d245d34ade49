package outlook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	khttp "github.com/microsoft/kiota-http-go"
	jsonser "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"

	"github.com/twinday/twinday/providers/calendar"
)

// meToken stands for the signed-in person in the SDK's paths ("/users/{id}").
const meToken = "me-token-to-replace"

// maxAnswer is far more than a page of events with long notes.
const maxAnswer = 64 << 20

// adapter is what the SDK's request builders send through.
type adapter = abstractions.RequestAdapter

// newAdapter builds the SDK's request adapter by hand, with a fixed chain.
//
// The SDK's own default chain is not used: it comes in random order, so that in
// about half of all clients a retried write carries 'Content-Encoding: gzip' on
// a plain body; and its retries are not ours to count. Compression and redirects
// are left out. Serialisers are handed in instead of being registered
// globally. The account's token, the check of the host and the one repeat after a
// 401 are signin.Transport's, below all this.
func newAdapter(authorised *http.Client, base string) (adapter, error) {
	client := &http.Client{
		Timeout: authorised.Timeout,
		Transport: khttp.NewCustomTransportWithParentTransport(
			&wire{next: authorised.Transport, places: make(chan struct{}, parallel)},
			core.NewGraphTelemetryHandler(&core.GraphClientOptions{GraphServiceVersion: "v1.0"}),
			khttp.NewParametersNameDecodingHandler(),
			khttp.NewUserAgentHandler(),
		),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, core.GraphClientOptions{},
		jsonser.NewJsonParseNodeFactory(), jsonser.NewJsonSerializationWriterFactory(), client)
	if err != nil {
		return nil, err
	}
	a.SetBaseUrl(base)
	return a, nil
}

// wire is the last stop before the token is added: it makes requests and
// answers fit for both ends, and lets no more of them run at once than Graph
// serves: reads of several calendars and writes do not know of each other.
type wire struct {
	next   http.RoundTripper
	places chan struct{}
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case w.places <- struct{}{}:
		defer func() { <-w.places }() // the whole answer has been read by then: see settle
	case <-r.Context().Done():
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, r.Context().Err()
	}
	r = r.Clone(r.Context())
	// The SDK's own handler does this on the decoded path only, which breaks ids
	// with a slash (older Exchange ids have some).
	r.URL.Path = strings.Replace(r.URL.Path, "/users/"+meToken, "/me", 1)
	r.URL.RawPath = strings.Replace(r.URL.RawPath, "/users/"+meToken, "/me", 1)
	if r.Body != nil && r.Body != http.NoBody {
		// With a length and a second copy, the request can be sent again after a 401.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body.Close()
		r.ContentLength = int64(len(body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	return settle(resp)
}

// settle reads the whole answer and takes out what the SDK trips over: an error
// in HTML or broken JSON (a gateway's) would lose its status, a claims challenge can
// panic its parser and no refresh would meet it, and a redirect would be taken
// for an answer.
func settle(resp *http.Response) (*http.Response, error) {
	defer resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return nil, &calendar.Error{Op: "connect", Kind: calendar.Unavailable,
			Err: fmt.Errorf("the server redirects elsewhere (%d); a network may ask for a sign-in of its own", resp.StatusCode)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, &calendar.Error{Op: "connect", Kind: calendar.Other, Err: fmt.Errorf("the answer is longer than %d MB", maxAnswer>>20)}
	}
	isJSON := strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json")
	if resp.StatusCode < 300 && !isAnswer(resp, body) {
		return nil, &calendar.Error{Op: "connect", Kind: calendar.Unavailable,
			Err: fmt.Errorf("an answer (%d) that is not Graph's; a network may ask for a sign-in of its own", resp.StatusCode)}
	}
	if resp.StatusCode >= 400 {
		resp.Header.Del("WWW-Authenticate")
		if !isJSON || !json.Valid(body) {
			body = nil
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// isAnswer reports whether a success is one: a thing with an id, or a list. An
// empty object would read as a list of nothing, or a series without occurrences.
func isAnswer(resp *http.Response, body []byte) bool {
	if resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusAccepted {
		return true // of a deletion, or an action
	}
	var answer struct{ ID, Value json.RawMessage }
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	return len(answer.ID) > 2 && answer.ID[0] == '"' || len(answer.Value) > 0
}

// headers are those of every request: times in UTC, ids that survive a move
// within the mailbox (the links of a delta read do not carry them along). One joined
// value, since the SDK sends several in random order.
func headers(more ...string) *abstractions.RequestHeaders {
	h := abstractions.NewRequestHeaders()
	h.Add("Prefer", strings.Join(append([]string{`outlook.timezone="UTC"`, `IdType="ImmutableId"`}, more...), ", "))
	return h
}
