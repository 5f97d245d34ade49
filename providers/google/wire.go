package google

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// maxAnswer is far more than a page of events with long notes.
const maxAnswer = 64 << 20

// wire lets only answers of Calendar's through: a list says its items or its kind
// ("calendar#events"), all else has an id. The library would read an empty
// object as a list of nothing, or as an event without an id.
type wire struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := cmp.Or(w.next, http.DefaultTransport).RoundTrip(r)
	if err != nil || resp.StatusCode < 200 || resp.StatusCode >= 300 || resp.StatusCode == http.StatusNoContent {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, &calendar.Error{Op: "connect", Kind: calendar.Other, Err: fmt.Errorf("the answer is longer than %d MB", maxAnswer>>20)}
	}
	var answer struct {
		Kind  string          `json:"kind"`
		ID    string          `json:"id"`
		Items json.RawMessage `json:"items"`
	}
	err = json.Unmarshal(body, &answer)
	if err != nil || answer.ID == "" && len(answer.Items) == 0 && !strings.HasPrefix(answer.Kind, "calendar#") {
		return nil, &calendar.Error{Op: "connect", Kind: calendar.Unavailable,
			Err: fmt.Errorf("an answer (%d) that is not Calendar's; a network may ask for a sign-in of its own", resp.StatusCode)}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
