package google

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/twinday/twinday/providers/calendar"
)

const (
	// pageSize is the largest page that events.list gives.
	pageSize = 2500
	// maxPages ends a listing that does not end. Pages may be small or empty, so
	// this is far above what the largest calendar needs.
	maxPages = 2000
	// query is everything that must stay the same between a full read and the
	// reads that go on from its sync token (reference of events.list,
	// syncToken: else "undefined behavior"). showDeleted and orderBy are
	// left out on purpose: a token excludes the one, and the other is reported to cost the token
	// (googleapis/google-api-ruby-client#312). singleEvents is false: with
	// true, deleting a series leaves most of it behind (google-api-ruby-client#860).
	query = "maxResults=2500&singleEvents=false"
)

// cursor is what a calendar.Cursor of this connector holds.
type cursor struct {
	Version int    `json:"v"`
	Query   string `json:"q"` // hash of the query that the token belongs to
	Token   string `json:"t"`
}

// cursorVersion 1 left the exceptions of series out: what it read is to be read again.
const cursorVersion = 2

func queryHash() string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:8])
}

func (c cursor) encode() calendar.Cursor {
	b, _ := json.Marshal(c) // numbers and strings: cannot fail
	return calendar.Cursor(b)
}

// token is the sync token of a cursor, "" for the empty one.
func token(since calendar.Cursor) (string, error) {
	if since == "" {
		return "", nil
	}
	var c cursor
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.Token == "" {
		return "", errors.New("the cursor cannot be read")
	}
	if c.Version != cursorVersion || c.Query != queryHash() {
		return "", errors.New("the cursor belongs to another version of Twinday")
	}
	return c.Token, nil
}

// errBusyOnly ends a read: events without their details are no news of them.
var errBusyOnly = errors.New("of this calendar Google shows only when its events are")

// Changes implements calendar.Provider. An increment names masters and changed
// occurrences one by one; of every series that it touches, the whole is read.
func (p *Provider) Changes(ctx context.Context, cal calendar.CalendarID, since calendar.Cursor) (calendar.Changes, error) {
	const op = "google: read changes"
	syncToken, err := token(since)
	if err != nil {
		return calendar.Changes{}, &calendar.Error{Op: op, Kind: calendar.CursorExpired, Calendar: cal, Err: err}
	}
	pages := pager{op: op, cal: cal}
	r := &reader{p: p, op: op, cal: cal}
	feed := newFeed(syncToken == "")
	for pageToken := ""; ; {
		call := p.api.Events.List(string(cal)).MaxResults(pageSize).SingleEvents(false).Context(ctx)
		if syncToken != "" {
			call.SyncToken(syncToken) // with every page
		}
		if pageToken != "" {
			call.PageToken(pageToken)
		}
		page, err := call.Do()
		r.requests++
		if err != nil {
			return calendar.Changes{}, translateRead(op, cal, "", err)
		}
		if page.AccessRole == "freeBusyReader" || page.AccessRole == "none" {
			return calendar.Changes{}, &calendar.Error{Op: op, Kind: calendar.Forbidden, Calendar: cal, Err: errBusyOnly}
		}
		p.remember(cal, page.TimeZone, roles[page.AccessRole])
		feed.add(page.Items)
		feed.zone = page.TimeZone
		if page.NextPageToken == "" {
			if page.NextSyncToken == "" {
				return calendar.Changes{}, &calendar.Error{Op: op, Kind: calendar.Other, Calendar: cal,
					Err: errors.New("the last page from Google has no sync token")}
			}
			out, err := feed.changes(ctx, r)
			if err != nil {
				return calendar.Changes{}, err
			}
			for i := range out.Events {
				if err := p.veil(ctx, op, cal, &out.Events[i]); err != nil {
					return calendar.Changes{}, err
				}
			}
			out.Next = cursor{cursorVersion, queryHash(), page.NextSyncToken}.encode()
			out.Requests = r.requests
			return out, nil
		}
		pageToken = page.NextPageToken
		if err := pages.next(pageToken, maxPages); err != nil {
			return calendar.Changes{}, err
		}
	}
}
