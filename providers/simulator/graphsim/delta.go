package graphsim

import (
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// token is what a next or delta link carries: the window of the first request
// (no later one moves it) and how far the client has come. Nothing of Prefer is
// in it.
type token struct {
	Calendar string    `json:"c"`
	Open     bool      `json:"o,omitempty"` // events/delta: no window
	From     time.Time `json:"f"`
	To       time.Time `json:"t"`
	Since    uint64    `json:"s"`           // changes up to here were delivered before this round
	Upto     uint64    `json:"u,omitempty"` // of a next link: the round ends here
	After    uint64    `json:"a,omitempty"` // of a next link: delivered up to here
	First    bool      `json:"i,omitempty"` // the round of a first request
	At       uint64    `json:"x,omitempty"` // of a next link: the change that was cut in two
	Part     int       `json:"y,omitempty"` // how much of it was delivered
	Blank    bool      `json:"b,omitempty"` // the empty page before this one was served
	Paging   bool      `json:"p,omitempty"` // of a next link
	Last     string    `json:"l,omitempty"` // the last item that was delivered
	Round    int       `json:"r,omitempty"` // tokens change every round
}

func (t token) String() string {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // plain values
	}
	sum := crc32.ChecksumIEEE(b)
	b = append(b, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
	return "R0us" + base64.RawURLEncoding.EncodeToString(b)
}

func parseToken(text string) (token, bool) {
	var t token
	raw, ok := strings.CutPrefix(text, "R0us")
	b, err := base64.RawURLEncoding.DecodeString(raw)
	if !ok || err != nil || len(b) < 4 {
		return t, false
	}
	b, tail := b[:len(b)-4], b[len(b)-4:]
	sum := crc32.ChecksumIEEE(b)
	if [4]byte(tail) != [4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)} {
		return t, false
	}
	return t, json.Unmarshal(b, &t) == nil
}

// deltaView is calendarView/delta (Microsoft "event: delta", and what clients saw).
func (c *call) deltaView() (*reply, *apiError) { return c.delta(false) }

// deltaEvents is events/delta, which v1.0 has for some accounts only
// (microsoftgraph/msgraph-metadata#608).
func (c *call) deltaEvents() (*reply, *apiError) {
	if !c.s.opts.Switches.EventsDelta {
		return nil, badRequest("ErrorInvalidRequest", "Change tracking is not supported against 'microsoft.graph.event'.")
	}
	return c.delta(true)
}

func (c *call) delta(open bool) (*reply, *apiError) {
	for _, k := range []string{"$select", "$expand", "$filter", "$orderby", "$search", "$top"} {
		if _, ok := c.param(k); ok {
			c.s.opts.Record.Unknown("parameter " + k + " of " + c.kind)
			return nil, badRequest("ErrorInvalidUrlQuery",
				"The following parameters are not supported with change tracking over the 'Events' resource: '$orderby, $filter, $select, $expand, $search, $top'.")
		}
	}
	if err := c.allowQuery("startDateTime", "endDateTime", "$skiptoken", "$deltatoken"); err != nil {
		return nil, err
	}
	cal, err := c.cal(false)
	if err != nil {
		if err.code == "ErrorItemNotFound" {
			err.code, err.msg = "ErrorSyncFolderNotFound", "The specified folder was not found in the store."
		}
		return nil, err
	}
	t, err := c.startOrResume(cal, open)
	if err != nil {
		return nil, err
	}
	return c.deltaPage(cal, t)
}

// startOrResume reads the token, or starts over with a window.
func (c *call) startOrResume(cal *mailbox.Calendar, open bool) (token, *apiError) {
	text, isSkip := c.param("$skiptoken")
	if !isSkip {
		text, _ = c.param("$deltatoken")
	}
	if text == "" { // an empty token, as in the Location of a 410, starts over
		t := token{Calendar: cal.ID, Open: open, First: true, Upto: c.lagged(cal)}
		if open {
			return t, nil
		}
		var err *apiError
		t.From, t.To, err = c.window()
		return t, err
	}
	t, ok := parseToken(text)
	if !ok || t.Calendar != cal.ID || t.Open != open || isSkip != t.Paging {
		return t, malformedID()
	}
	if max(t.Since, t.Upto) < cal.OldestCursor {
		return t, c.deadToken(t)
	}
	if !isSkip {
		t.Upto, t.After = max(c.lagged(cal), t.Since), t.Since
	}
	return t, nil
}

// deadToken is a token that the service has forgotten (Microsoft "Use delta query
// to track changes"; the 400 variants were seen by clients).
func (c *call) deadToken(t token) *apiError {
	status := c.quirks.DeadTokenStatus
	if status == 0 {
		status = http.StatusGone
	}
	err := fault(status, orElse(c.quirks.DeadTokenCode, "SyncStateNotFound"), "The sync state generation is not found; sync again from the start.")
	if c.quirks.DeadTokenLocation {
		q := url.Values{"$deltatoken": {""}}
		if !t.Open {
			q.Set("startDateTime", t.From.Format(time.RFC3339))
			q.Set("endDateTime", t.To.Format(time.RFC3339))
		}
		err.header["Location"] = c.link(q)
	}
	return err
}

// deltaPage delivers the next page of a round, in the order of the last changes.
// What changes while the client pages comes in the next round.
func (c *call) deltaPage(cal *mailbox.Calendar, t token) (*reply, *apiError) {
	if c.quirks.EmptyPages && !t.Blank {
		t.Blank = true
		return c.deltaReply(nil, t, true), nil
	}
	size := defaultPage
	if c.prefer.maxPage > 0 {
		size = c.prefer.maxPage
	}
	if slow := c.quirks.SlowPages; slow > 0 && size > slow {
		return nil, fault(http.StatusGatewayTimeout, "UnknownError", "")
	}
	page, more := c.deltaUnits(cal, t, size)
	var items []any
	add := func(u unit) *apiError {
		if err := c.corrupt(u.Event); err != nil {
			return err
		}
		items = append(items, c.deltaItem(cal, u))
		return nil
	}
	if again, ok := c.unitByID(cal, t); c.quirks.RepeatItems && ok {
		if err := add(again); err != nil {
			return nil, err
		}
	}
	for _, u := range page {
		if err := add(u); err != nil {
			return nil, err
		}
	}
	if c.quirks.ReplayUnchanged && !t.First && !more {
		for _, e := range c.mb.Live(cal) {
			if e.Change <= t.Since && !c.gone(e, t) {
				for _, u := range c.unitsOf(e, t) {
					if err := add(u); err != nil {
						return nil, err
					}
				}
				break
			}
		}
	}
	if c.quirks.ReversedPages {
		slices.Reverse(items)
	}
	for _, u := range page {
		t.At, t.Part, t.Last = u.stored().Change, u.part, u.ID
		if u.last {
			t.After, t.Part = t.At, 0
		}
	}
	t.Blank = false
	return c.deltaReply(items, t, more || c.quirks.EndlessLinks), nil
}

// deltaReply is a page with exactly one link.
func (c *call) deltaReply(items []any, t token, more bool) *reply {
	if items == nil {
		items = []any{}
	}
	body := map[string]any{"@odata.context": c.base() + "/v1.0/$metadata#Collection(event)", "value": items}
	if t.Paging = more; more {
		body["@odata.nextLink"] = c.link(url.Values{"$skiptoken": {t.String()}})
	} else {
		next := token{Calendar: t.Calendar, Open: t.Open, From: t.From, To: t.To, Since: t.Upto, Round: t.Round + 1}
		body["@odata.deltaLink"] = c.link(url.Values{"$deltatoken": {next.String()}})
	}
	return &reply{status: http.StatusOK, body: body}
}
