package outlook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
	"golang.org/x/sync/errgroup"

	"github.com/twinday/twinday/providers/calendar"
)

// cursorVersion is 3 since links are read in full and answers to single occurrences,
// 2 since series are read whole: what an older version read has to be read anew.
const cursorVersion = 3

// cursor is where a delta read goes on, and the window it was begun with. Graph
// keeps the window inside the link too; parameters given later have no effect.
type cursor struct {
	V    int       `json:"v"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Link string    `json:"link"`
}

// window is the span to read at now: whole days, so that two reads of one day
// ask for the same.
func window(now time.Time) (from, to time.Time) {
	day := now.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -daysBack), day.AddDate(0, 0, daysOn)
}

// resume reads a cursor back. It is of no use (CursorExpired) when it is none of
// ours, when it points to another server, or when its window has been left behind.
func (p *Provider) resume(since calendar.Cursor) (cursor, error) {
	var c cursor
	expired := func(format string, args ...any) (cursor, error) {
		return cursor{}, &calendar.Error{Op: "resume", Kind: calendar.CursorExpired, Err: fmt.Errorf(format, args...)}
	}
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.V != cursorVersion || c.Link == "" {
		return expired("the cursor is not one that this version wrote")
	}
	if u, err := url.Parse(c.Link); err != nil || u.Scheme != p.base.Scheme || u.Host != p.base.Host {
		return expired("the cursor belongs to another server")
	}
	from, _ := window(p.now())
	if from.Sub(c.From).Abs() > maxDrift {
		return expired("the window that is read has moved on from %s", c.From.Format(time.DateOnly))
	}
	return c, nil
}

// Changes implements calendar.Provider, by calendarView/delta.
//
// The window is 30 days back to 400 days on, in whole days (UTC). It is fixed in
// the cursor; when today has moved from it by more than 7 days, Changes says
// CursorExpired, so that the next read lays it anew and the engine compares.
//
// A tombstone is never Certain: it may mean that the event left the window. An
// event that comes more than once in a read, or with a tombstone too, is read by
// its id.
//
// Of a series, delta gives hints alone: the master in full, exceptions in full,
// other occurrences as stubs, of a cancelled one nothing at all, and all of them
// in any order and on any page. So whatever comes of a series makes it read as a
// whole (see whole), once. Ids of occurrences among the tombstones name nothing
// that is known, and harm nobody. An exception whose series is not in this
// calendar (an invitation to one meeting of it) is a single event.
//
// Delta shows no hidden properties: of a single event they are Unseen. Each changed
// event that has attachments takes one more request.
func (p *Provider) Changes(ctx context.Context, cal calendar.CalendarID, since calendar.Cursor) (calendar.Changes, error) {
	const op = "read changes"
	if cal == "" {
		return calendar.Changes{}, &calendar.Error{Op: "outlook: " + op, Kind: calendar.NotFound, Err: errors.New("no calendar")}
	}
	r := round{p: p, ctx: ctx, cal: cal}
	c := cursor{V: cursorVersion}
	if since == "" {
		c.From, c.To = window(p.now())
		r.out.Complete, r.out.Window = true, calendar.Window{From: c.From, To: c.To}
	} else {
		var err error
		if c, err = p.resume(since); err != nil {
			return calendar.Changes{}, failedOn(op, cal, "", err)
		}
	}
	link, err := r.pages(c)
	if err == nil {
		err = r.settle()
	}
	if err != nil {
		e := failedOn(op, cal, "", err)
		if e.Kind == calendar.Conflict {
			e.Kind = calendar.Unavailable // a read has no version to miss
		}
		return calendar.Changes{}, p.damage(ctx, cal, c, e)
	}
	c.Link = link
	next, err := json.Marshal(c)
	if err != nil {
		return calendar.Changes{}, failedOn(op, cal, "", err)
	}
	r.out.Next = calendar.Cursor(next)
	return r.out, nil
}

// round is one delta read from its first page to its delta link.
type round struct {
	p   *Provider
	ctx context.Context
	cal calendar.CalendarID
	out calendar.Changes

	items   map[calendar.RemoteID]models.Eventable // the last state that came; nil: a tombstone
	order   []calendar.RemoteID
	unclear map[calendar.RemoteID]bool                // to be read by id: came twice, unlike, or is a series
	parts   map[calendar.RemoteID][]calendar.RemoteID // exceptions that came, by their masters
}

// pages reads all pages and returns the delta link.
func (r *round) pages(c cursor) (string, error) {
	r.items, r.unclear = map[calendar.RemoteID]models.Eventable{}, map[calendar.RemoteID]bool{}
	r.parts = map[calendar.RemoteID][]calendar.RemoteID{}
	builder := r.p.me.Calendars().ByCalendarId(string(r.cal)).CalendarView().Delta()
	query := &users.ItemCalendarsItemCalendarViewDeltaRequestBuilderGetQueryParameters{
		StartDateTime: ptr(c.From.Format(time.RFC3339)),
		EndDateTime:   ptr(c.To.Format(time.RFC3339)),
	}
	link, size := c.Link, r.p.page
	seen := map[string]bool{link: true}
	for range maxPages {
		if link != "" {
			builder, query = builder.WithUrl(link), nil
		}
		page, err := builder.GetAsDeltaGetResponse(r.ctx, &users.ItemCalendarsItemCalendarViewDeltaRequestBuilderGetRequestConfiguration{
			Headers:         headers(fmt.Sprintf("odata.maxpagesize=%d", size)),
			QueryParameters: query,
		})
		r.out.Requests++
		if err == nil && page == nil {
			err = errNoBody
		}
		if a := answerOf(err); a != nil && a.status == http.StatusGatewayTimeout && size > smallPage {
			size = max(smallPage, size/pageStep)
			continue // the same page, of fewer events
		}
		if err != nil {
			return "", expiry(link, err)
		}
		for _, e := range page.GetValue() {
			r.take(e)
		}
		if last := val(page.GetOdataDeltaLink()); last != "" {
			return last, r.p.checkLink(last, nil)
		}
		link = val(page.GetOdataNextLink())
		if link == "" {
			return "", errors.New("the page names neither a next page nor an end")
		}
		if err := r.p.checkLink(link, seen); err != nil {
			return "", err
		}
	}
	return "", errEndless
}

// expiry turns a failure on a link with a token into CursorExpired if the token
// is of no use any more: any 410, and 400 with one of the known codes.
func expiry(link string, err error) error {
	a := answerOf(err)
	if a == nil || !strings.Contains(link, "token") {
		return err
	}
	if a.status == http.StatusGone || a.status == http.StatusBadRequest && a.is(stale...) {
		return &calendar.Error{Op: "go on", Kind: calendar.CursorExpired, Err: a}
	}
	return err
}

// checkLink refuses a link to another server, which would get the sign-in, and,
// with seen, one that came before: the pages would never end.
func (p *Provider) checkLink(link string, seen map[string]bool) error {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != p.base.Scheme || u.Host != p.base.Host {
		return &calendar.Error{Op: "go on", Kind: calendar.Other, Err: errors.New("the server points to another host for the next page")}
	}
	if seen[link] {
		return errEndless
	}
	if seen != nil {
		seen[link] = true
	}
	return nil
}

// take notes one item of a page. Graph says neither in which order they come nor
// that they come once.
func (r *round) take(e models.Eventable) {
	id := calendar.RemoteID(val(e.GetId()))
	if id == "" {
		return
	}
	_, removed := e.GetAdditionalData()["@removed"]
	if removed {
		e = nil
	} else if of := calendar.RemoteID(val(e.GetSeriesMasterId())); of != "" && !isMaster(e) {
		if isException(e) && !slices.Contains(r.parts[of], id) {
			r.parts[of] = append(r.parts[of], id)
		}
		r.dirty(of)
		return
	} else if isMaster(e) {
		r.dirty(id)
		return
	}
	before, again := r.items[id]
	if !again {
		r.order = append(r.order, id)
	} else if (before == nil) != (e == nil) || e != nil && version(before) != version(e) {
		r.unclear[id] = true
	}
	r.items[id] = e
}

// dirty notes that an event is to be read by its id.
func (r *round) dirty(id calendar.RemoteID) {
	if _, again := r.items[id]; !again {
		r.items[id] = nil
		r.order = append(r.order, id)
	}
	r.unclear[id] = true
}

// settle turns what came into Events and Removed, reading again what is unclear.
func (r *round) settle() error {
	var ids []calendar.RemoteID
	for _, id := range r.order {
		if r.unclear[id] {
			ids = append(ids, id)
		}
	}
	read, err := r.read(ids)
	if err != nil {
		return err
	}
	attached, err := r.attachments()
	if err != nil {
		return err
	}
	var alone []calendar.RemoteID
	for _, id := range r.order {
		e, ok := read[id]
		switch {
		case ok && e.ID != "":
			r.out.Events = append(r.out.Events, e)
		case ok:
			r.remove(id)
			alone = append(alone, r.parts[id]...)
		case r.items[id] != nil:
			e := neutral(r.items[id], func() string { return r.p.owner(r.ctx, r.cal, &r.out.Requests) })
			e.Content.Links.Attachments = attached[id]
			e.Unseen = calendar.Groups{calendar.GroupProperties}
			r.p.veil(r.ctx, r.cal, &e, &r.out.Requests)
			r.out.Events = append(r.out.Events, e)
		default:
			r.remove(id)
		}
	}
	if read, err = r.read(alone); err != nil {
		return err
	}
	for _, id := range alone {
		if e := read[id]; e.ID != "" {
			r.out.Events = append(r.out.Events, e)
		} else {
			r.remove(id)
		}
	}
	slices.SortFunc(r.out.Events, func(a, b calendar.Event) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return nil
}

// parallelReads is how many events are read at a time: one less than Graph
// serves, for a write that may be on its way.
const parallelReads = parallel - 1

// read reads events by id; those that are not there come back as zero.
func (r *round) read(ids []calendar.RemoteID) (map[calendar.RemoteID]calendar.Event, error) {
	out := map[calendar.RemoteID]calendar.Event{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(r.ctx)
	g.SetLimit(parallelReads)
	for _, id := range ids {
		g.Go(func() error {
			s, err := r.p.whole(ctx, r.cal, id)
			requests := s.requests
			absent := func() bool { k := kindOf(err); return err != nil && (k == calendar.NotFound || k == calendar.Gone) }
			if absent() { // what was just listed is asked for twice before it counts as gone
				s, err = r.p.whole(ctx, r.cal, id)
				requests += s.requests
			}
			mu.Lock()
			defer mu.Unlock()
			r.out.Requests += requests
			if err != nil && !absent() {
				return err
			}
			out[id] = s.event
			return nil
		})
	}
	return out, g.Wait()
}

// attachments reads those of the single events that delta gave in full.
func (r *round) attachments() (map[calendar.RemoteID][]calendar.Attachment, error) {
	out := map[calendar.RemoteID][]calendar.Attachment{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(r.ctx)
	g.SetLimit(parallelReads)
	for _, id := range r.order {
		if e := r.items[id]; e != nil && !r.unclear[id] && val(e.GetHasAttachments()) {
			g.Go(func() error {
				requests := 0
				list, err := r.p.attachments(ctx, r.cal, e, &requests)
				mu.Lock()
				defer mu.Unlock()
				r.out.Requests += requests
				out[id] = list
				return err
			})
		}
	}
	return out, g.Wait()
}

// remove notes a tombstone. In a complete read it says nothing: what is not
// listed is not there.
func (r *round) remove(id calendar.RemoteID) {
	if !r.out.Complete {
		r.out.Removed = append(r.out.Removed, calendar.Removal{ID: id})
	}
}
