package googlesim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// syncToken says up to which change a client has read one list.
type syncToken struct {
	List  string    `json:"l"` // calendar id, or calendarList
	Seq   uint64    `json:"s"`
	Query string    `json:"q"`          // hash of the parameters that must stay the same
	Min   time.Time `json:"a,omitzero"` // window of the first read, if tokens keep it
	Max   time.Time `json:"b,omitzero"`
	Nonce int       `json:"n"` // an empty increment returns another token
}

func (t syncToken) String() string {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // texts, numbers and times
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// openSyncToken reads a token for this list and query.
func (c *call) openSyncToken(text, listName, query string) (syncToken, error) {
	var t syncToken
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &t) != nil || t.List != listName {
		if c.Switches.BadTokenGone {
			return t, fullSyncRequired()
		}
		return t, badSyncToken()
	}
	if t.Seq > c.Mailbox.Seq() {
		return t, fullSyncRequired() // of another life of the simulator
	}
	if t.Query != query {
		// 'All other query parameters should be the same as for the initial
		// synchronization to avoid undefined behavior': undefined is refused here.
		return t, badRequest("Sync token cannot be used with other parameters than it was made with.")
	}
	return t, nil
}

func (c *call) nonce() int { c.tokens++; return c.tokens }

// page is what is left of a list after its first page: a snapshot of the ids,
// so that nothing is skipped or doubled when the calendar changes meanwhile.
type page struct {
	query string // hash of list and all parameters but pageToken
	ids   []string
	at    int
	empty bool // the next answer is an empty page (switch EmptyPages)
	token syncToken
	final bool   // a sync token ends the list
	same  string // the token to repeat when nothing changed
	delta bool   // the list is an increment
}

// maxPages bounds the page tokens that are kept.
const maxPages = 512

func (c *call) keepPage(p *page) string {
	token := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "page-%d", c.nonce()))
	c.pages[token] = p
	c.pageOrder = append(c.pageOrder, token)
	if len(c.pageOrder) > maxPages {
		delete(c.pages, c.pageOrder[0])
		c.pageOrder = c.pageOrder[1:]
	}
	return token
}

// turnPage finds the page of a page token. It must be asked for with the same
// list and the same parameters.
func (c *call) turnPage() (*page, error) {
	p := c.pages[c.query.Get("pageToken")]
	if p == nil || p.query != c.queryHash("pageToken") {
		return nil, badParameter("pageToken", "Invalid page token value.")
	}
	n := *p
	return &n, nil
}

// queryHash is a fingerprint of path and parameters, without those named and
// without those that do not touch the result.
func (c *call) queryHash(without ...string) string {
	without = append(without, "alt", "prettyPrint", "quotaUser", "key", "userIp", "fields", "oauth_token")
	q := url.Values{}
	for k, v := range c.query {
		if !slices.Contains(without, k) {
			q[k] = slices.Sorted(slices.Values(v))
		}
	}
	sum := sha256.Sum256([]byte(c.r.URL.EscapedPath() + "?" + q.Encode()))
	return hex.EncodeToString(sum[:8])
}

// next cuts the ids of one page off the snapshot and puts the page token or the
// sync token into the answer, never both.
func (c *call) next(p *page, limit int, answer obj) []string {
	if n := c.Switches.PageLimit; n > 0 {
		limit = min(limit, n)
	}
	if p.empty {
		p.empty = false
		answer["nextPageToken"] = c.keepPage(p)
		return nil
	}
	end := min(p.at+limit, len(p.ids))
	ids := p.ids[p.at:end]
	p.at = end
	switch {
	case end < len(p.ids):
		p.empty = c.Switches.EmptyPages
		answer["nextPageToken"] = c.keepPage(p)
	case p.final && p.same != "" && c.Switches.TokenUnchangedWhenEmpty && len(p.ids) == 0:
		answer["nextSyncToken"] = p.same
	case p.final:
		p.token.Nonce = c.nonce()
		answer["nextSyncToken"] = p.token.String()
	}
	return ids
}

// horizon is the last change that lists show already; writes are seen by get at once.
func (c *call) horizon(cal *mailbox.Calendar) uint64 {
	if c.Switches.ListLag == 0 {
		return c.Mailbox.Seq()
	}
	seen := c.Now().Add(-c.Switches.ListLag)
	for _, ch := range slices.Backward(cal.Log) {
		if !ch.Time.After(seen) {
			return ch.Seq
		}
	}
	return 0
}

func lower(s string) string { return strings.ToLower(s) }
