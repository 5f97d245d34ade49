package caldav

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

const (
	// pageSize is how many resources are asked for at once, where the server counts
	// (RFC 6578 §3.7): about 6 MB of events.
	pageSize = 5000
	// maxPages ends a listing that does not end. A server's own pages may be small.
	maxPages = 2000
	// maxEvents and maxHeld bound one reading, in events and in bytes of them: it is all in
	// memory at once. The engine is measured with 100 000 events.
	maxEvents = 250_000
	maxHeld   = 512 << 20
)

// cursor is what a calendar.Cursor of this connector holds: a sync-token, or, where the
// server has no sync-collection, what was there.
type cursor struct {
	Version int    `json:"v"`
	Token   string `json:"t,omitempty"`
	// Least and Most are between how many resources there are: as many as were last
	// counted, without those removed since, and with those added or changed.
	Least int `json:"n,omitempty"`
	Most  int `json:"m,omitempty"`
	// CTag is the collection's, and Known are hashes of its resources' ETags by name.
	CTag  string            `json:"c,omitempty"`
	Known map[string]string `json:"k,omitempty"`
}

const cursorVersion = 1

func (c cursor) encode() calendar.Cursor {
	c.Version = cursorVersion
	b, _ := json.Marshal(c) // numbers and strings: cannot fail
	return calendar.Cursor(b)
}

func decode(since calendar.Cursor) (cursor, error) {
	var c cursor
	if since == "" {
		return c, nil
	}
	if json.Unmarshal([]byte(since), &c) != nil || c.Version != cursorVersion || c.Token == "" && c.Known == nil {
		return c, errors.New("the cursor cannot be read")
	}
	return c, nil
}

// item is one resource as a read saw it.
type item struct {
	etag, data string
	modified   string // when, by the server's clock, as HTTP writes it; "" if it does not say
	removed    bool
}

// reading is one read of a calendar's changes.
type reading struct {
	p        *Provider
	r        request // op and calendar
	at       string  // the collection's address
	items    map[string]item
	requests int
	held     int // bytes of the items
}

// keep notes one resource, or refuses a calendar that has too many.
func (g *reading) keep(name string, i item) error {
	g.held += len(i.data) - len(g.items[name].data)
	g.items[name] = i
	switch {
	case len(g.items) > g.p.most:
		return g.r.fail(calendar.Other, tooMany(g.p.most))
	case g.held > maxHeld:
		return g.r.fail(calendar.Other, fmt.Errorf("the calendar holds more than %d MB of events", maxHeld>>20))
	}
	return nil
}

func tooMany(most int) error { return fmt.Errorf("the calendar holds more than %d events", most) }

// Changes implements calendar.Provider.
func (p *Provider) Changes(ctx context.Context, cal calendar.CalendarID, since calendar.Cursor) (calendar.Changes, error) {
	r := request{op: "caldav: read changes", cal: cal}
	at, err := p.collection(r)
	if err != nil {
		return calendar.Changes{}, err
	}
	c, err := decode(since)
	if err != nil {
		return calendar.Changes{}, r.fail(calendar.CursorExpired, err)
	}
	g := &reading{p: p, r: r, at: at.String(), items: map[string]item{}}
	if c.Known == nil {
		out, err := g.synced(ctx, c)
		if err != errNoSync {
			return out, err
		}
		clear(g.items)
	}
	return g.listed(ctx, c)
}

// errNoSync says that the server has no sync-collection.
var errNoSync = errors.New("no sync-collection")

// synced reads by sync-collection (RFC 6578).
func (g *reading) synced(ctx context.Context, c cursor) (calendar.Changes, error) {
	token, seen := c.Token, map[string]bool{}
	for more := true; more; {
		var err error
		last := token
		if token, more, err = g.page(ctx, last); err != nil {
			if errors.Is(err, errBroken) || timedOut(err) {
				g.p.leaner(g.r.cal) // too long an answer, perhaps: the next try is in smaller pieces
			}
			if last != c.Token {
				return calendar.Changes{}, err
			}
			return calendar.Changes{}, g.meant(ctx, c, err)
		}
		if seen[token] && more || len(seen) > maxPages {
			return calendar.Changes{}, g.r.fail(calendar.Other, errors.New("the pages of the listing go in circles"))
		}
		seen[token] = true
	}
	if token == "" {
		return calendar.Changes{}, g.r.fail(calendar.Other, errors.New("the listing has no sync-token to go on from"))
	}
	out := calendar.Changes{Complete: c.Token == ""}
	next := cursor{Token: token, Least: c.Least, Most: c.Most}
	if err := g.count(ctx, &out, &next); err != nil {
		return calendar.Changes{}, err
	}
	return g.finish(ctx, out, next)
}

// timedOut reports whether a server that was reached did not answer in time.
func timedOut(err error) bool {
	op, dialing := errors.AsType[*net.OpError](err)
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout() && !(dialing && op.Op == "dial")
}

// page reads one page, and says whether there is more (RFC 6578 §3.6).
func (g *reading) page(ctx context.Context, token string) (next string, more bool, err error) {
	lean := g.p.isLean(g.r.cal)
	r := g.r.to("REPORT", g.at)
	r.body = syncBody(token, lean, g.p.pageSize)
	g.requests++
	next, _, err = g.p.wire.multistatus(ctx, r, func(one resource) error {
		name := one.name()
		switch {
		case one.status == http.StatusInsufficientStorage && (name == "" || samePath(one.path, g.at)):
			more = true
		case name == "" || one.props.Type.Collection != nil:
		case one.status == http.StatusNotFound || one.status == http.StatusGone:
			return g.keep(name, item{removed: true})
		case one.status >= 400:
			return r.fail(calendar.Unavailable, fmt.Errorf("the listing says %d of an event", one.status))
		default:
			return g.keep(name, item{etag: one.props.ETag, modified: one.props.Modified, data: one.props.Data})
		}
		return nil
	})
	return next, more, err
}

func syncBody(token string, lean bool, pageSize int) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>
<D:sync-collection xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:sync-token>`)
	_ = xml.EscapeText(&b, []byte(token)) // a buffer takes all
	b.WriteString(`</D:sync-token><D:sync-level>1</D:sync-level>`)
	// Cyrus pages by this; those that cannot ignore it (RFC 6578 §3.7).
	fmt.Fprintf(&b, `<D:limit><D:nresults>%d</D:nresults></D:limit>`, pageSize)
	b.WriteString(`<D:prop><D:getetag/><D:resourcetype/>`)
	if !lean { // not a property by the letter (RFC 4791 §9.6), and shown by most: it saves a request
		b.WriteString(`<C:calendar-data/><D:getlastmodified/>`)
	}
	b.WriteString(`</D:prop></D:sync-collection>`)
	return b.Bytes()
}

// meant says what the refusal of a first page means. Servers differ in how they refuse a
// token that they no longer know: 403 with a precondition as RFC 6578 §3.2 has it, 409,
// 412, 410, or (Xandikos) 500; and in how they say that they have no such report.
func (g *reading) meant(ctx context.Context, c cursor, err error) error {
	if calendar.KindOf(err) == calendar.CursorExpired {
		return err
	}
	status := statusIn(err)
	switch status {
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusGone:
		if c.Token != "" {
			return g.r.fail(calendar.CursorExpired, err)
		}
	case http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusNotImplemented, http.StatusInsufficientStorage:
	default:
		return err
	}
	about, trouble := g.collection(ctx)
	if trouble != nil {
		return trouble // the calendar itself cannot be read
	}
	syncs := slices.ContainsFunc(about.Reports.Reports, func(r report) bool { return r.Report.Sync != nil })
	switch {
	case c.Token != "":
		return g.r.fail(calendar.CursorExpired, err)
	case !syncs && about.SyncToken == "":
		return errNoSync
	}
	// It has the report, and does not take it with the events in it.
	if g.p.leaner(g.r.cal) {
		return g.r.fail(calendar.Unavailable, err)
	}
	return err
}

func (p *Provider) isLean(cal calendar.CalendarID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lean[cal]
}

// leaner has listings ask for no events from now on; false if they did so already.
func (p *Provider) leaner(cal calendar.CalendarID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.lean[cal]
	p.lean[cal] = true
	return !was
}

const collectionBody = `<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:" xmlns:S="http://calendarserver.org/ns/"><D:prop>` +
	`<D:resourcetype/><D:supported-report-set/><D:sync-token/><S:getctag/></D:prop></D:propfind>`

// collection reads the calendar's own properties.
func (g *reading) collection(ctx context.Context) (props, error) {
	r := g.r.to("PROPFIND", g.at)
	r.depth, r.body = "0", []byte(collectionBody)
	g.requests++
	var about props
	_, _, err := g.p.wire.multistatus(ctx, r, func(one resource) error {
		about = one.props
		if one.status >= 400 {
			return r.fail((&refusal{status: one.status}).kind(r.method), &refusal{status: one.status})
		}
		return nil
	})
	if err == nil && about.Type.Calendar == nil {
		err = r.fail(calendar.NotFound, errNoCalendar)
	}
	return about, err
}

// count keeps track of how many resources there are, and finds out whether an increment
// is one: DAViCal answers a token that it no longer knows with a list of everything, in
// which what was deleted is simply absent. An answer that might be that is held against
// the names that are there; if it has them all, it is complete.
func (g *reading) count(ctx context.Context, out *calendar.Changes, next *cursor) error {
	live, removed := 0, 0
	for _, i := range g.items {
		if i.removed {
			removed++
		} else {
			live++
		}
	}
	switch {
	case out.Complete:
		next.Least, next.Most = live, live
	case removed > 0 || live == 0 || live*2 < next.Least || next.Most == 0: // of nothing, nothing can be missing
		next.Least, next.Most = max(0, next.Least-removed), next.Most+live
	default:
		there, err := g.names(ctx)
		if err != nil {
			return err
		}
		next.Least, next.Most = len(there), len(there)
		out.Complete = len(there) == live && !slices.ContainsFunc(slices.Collect(maps.Keys(there)), func(n string) bool {
			_, told := g.items[n]
			return !told
		})
	}
	return nil
}

const namesBody = `<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getetag/></D:prop></D:propfind>`

// names lists the resources and their ETags.
func (g *reading) names(ctx context.Context) (map[string]string, error) {
	r := g.r.to("PROPFIND", g.at)
	r.depth, r.body = "1", []byte(namesBody)
	g.requests++
	there := map[string]string{}
	_, _, err := g.p.wire.multistatus(ctx, r, func(one resource) error {
		name := one.name()
		switch {
		case one.status >= 400: // of the collection: 507, for one, if there is more than it lists
			return r.fail(calendar.Unavailable, fmt.Errorf("the listing says %d of an event, or of itself", one.status))
		case name == "" || one.props.Type.Collection != nil:
		default:
			there[name] = one.props.ETag
		}
		if len(there) > g.p.most {
			return r.fail(calendar.Other, tooMany(g.p.most))
		}
		return nil
	})
	return there, err
}

// listed reads by the collection's ctag and its resources' ETags, as clients did before
// RFC 6578: what differs from the cursor has changed.
func (g *reading) listed(ctx context.Context, c cursor) (calendar.Changes, error) {
	about, err := g.collection(ctx) // before the listing: what changes between shows next time
	if err != nil {
		return calendar.Changes{}, err
	}
	out := calendar.Changes{Complete: c.Known == nil}
	if c.Known != nil && c.CTag != "" && about.CTag == c.CTag {
		return g.finish(ctx, out, c)
	}
	there, err := g.names(ctx)
	if err != nil {
		return calendar.Changes{}, err
	}
	next := cursor{CTag: about.CTag, Known: make(map[string]string, len(there))}
	for name, etag := range there {
		if etag != "" { // else it is read each time
			next.Known[name] = short(etag)
		}
		if was, ok := c.Known[name]; !ok || was != next.Known[name] {
			g.items[name] = item{etag: etag}
		}
	}
	for name := range c.Known {
		if _, ok := there[name]; !ok {
			g.items[name] = item{removed: true}
		}
	}
	return g.finish(ctx, out, next)
}

// short is a hash that tells ETags of one resource apart.
func short(etag string) string {
	sum := sha256.Sum256([]byte(etag))
	return hex.EncodeToString(sum[:6])
}

// finish fetches what a listing did not show, and puts it all into neutral words.
func (g *reading) finish(ctx context.Context, out calendar.Changes, next cursor) (calendar.Changes, error) {
	var missing []string
	for name, i := range g.items {
		switch {
		case i.removed:
			out.Removed = append(out.Removed, calendar.Removal{ID: calendar.RemoteID(name), Certain: true})
		case i.data == "":
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 && len(missing)+len(out.Removed) == len(g.items) && next.Token != "" {
		g.p.leaner(g.r.cal) // it shows no events: not to be asked for again
	}
	slices.Sort(missing)
	slices.SortFunc(out.Removed, func(a, b calendar.Removal) int { return cmp.Compare(a.ID, b.ID) })
	requests, err := g.p.fetch(ctx, g.r, g.at, missing, g.keep)
	g.requests += requests
	if err != nil {
		return calendar.Changes{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(g.items)) {
		i := g.items[name]
		if i.removed { // or since the listing: the next read says so
			continue
		}
		e, err := g.p.event(ctx, g.r, name, i)
		switch {
		case err == nil:
			out.Events = append(out.Events, e)
		case errors.Is(err, errNoMeeting):
		default:
			return calendar.Changes{}, err
		}
	}
	out.Next, out.Requests = next.encode(), g.requests
	return out, nil
}

const (
	// batchSize bounds a multiget: servers build its answer in memory, and some refuse
	// long ones.
	batchSize = 200
)

// fetch reads resources by name, in batches (RFC 4791 §7.9). What is not there any more
// is handed over as removed; an answer that leaves one out is an error.
func (p *Provider) fetch(ctx context.Context, r request, at string, names []string, each func(string, item) error) (requests int, err error) {
	for batch := range slices.Chunk(names, batchSize) {
		open := map[string]bool{}
		for _, n := range batch {
			open[n] = true
		}
		r := r.to("REPORT", at)
		r.body = multigetBody(at, batch)
		requests++
		_, _, err := p.wire.multistatus(ctx, r, func(one resource) error {
			name := one.name()
			if !open[name] {
				return nil
			}
			delete(open, name)
			switch {
			case one.status == http.StatusNotFound || one.status == http.StatusGone:
				return each(name, item{removed: true})
			case one.props.Data == "":
				return r.fail(calendar.Unavailable, fmt.Errorf("the server does not show an event that it lists (%d)", one.status))
			default:
				return each(name, item{etag: one.props.ETag, modified: one.props.Modified, data: one.props.Data})
			}
		})
		if err == nil && len(open) > 0 {
			err = r.fail(calendar.Unavailable, fmt.Errorf("%w: %d of %d", errShort, len(open), len(batch)))
		}
		if err != nil {
			return requests, err
		}
	}
	return requests, nil
}

// errShort is an answer that says nothing of some that it was asked for.
var errShort = errors.New("the server left out events that it was asked for")

func multigetBody(at string, names []string) []byte {
	base := at
	if i := strings.Index(at, "://"); i >= 0 {
		if j := strings.IndexByte(at[i+3:], '/'); j >= 0 {
			base = at[i+3+j:]
		}
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>
<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><D:getlastmodified/><C:calendar-data/></D:prop>`)
	for _, n := range names {
		b.WriteString("<D:href>")
		_ = xml.EscapeText(&b, []byte(base+escape(n)))
		b.WriteString("</D:href>")
	}
	b.WriteString(`</C:calendar-multiget>`)
	return b.Bytes()
}
