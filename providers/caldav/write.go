package caldav

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/icalendar"
)

const (
	icsKind = "text/calendar; charset=utf-8"
	suffix  = ".ics"
)

// Create implements calendar.Provider. The key is the resource's name and the event's
// UID, so it is made once however often it is asked for. No two calendars share a key,
// so neither do they share a UID, which Cyrus refuses.
func (p *Provider) Create(ctx context.Context, cal calendar.CalendarID, d calendar.Draft) (calendar.Event, error) {
	name := string(d.Key) + suffix
	r := request{op: "caldav: create event", cal: cal, event: calendar.RemoteID(name)}
	at, err := p.address(r)
	if err != nil {
		return calendar.Event{}, err
	}
	obj, err := icalendar.New(string(d.Key), d, icalendar.Owner{}, p.now())
	if err != nil {
		return calendar.Event{}, invalid(r, err)
	}
	e, err := p.put(ctx, r, at, obj, "If-None-Match", "*")
	switch {
	case err == nil:
		return e, nil
	case statusIn(err) == http.StatusPreconditionFailed: // it is there: an earlier try made it
		return p.Get(ctx, cal, r.event)
	case failedIn(err).has("no-uid-conflict"):
		return p.elsewhere(ctx, r, err)
	}
	return calendar.Event{}, err
}

// elsewhere is the event that has the key's UID under another name: what an earlier try
// made, or, moved to another calendar of the account since, no event of this one.
func (p *Provider) elsewhere(ctx context.Context, r request, err error) (calendar.Event, error) {
	at, trouble := p.collection(r)
	if trouble != nil {
		return calendar.Event{}, trouble
	}
	if href := failedIn(err).href; href != "" {
		if u, bad := at.Parse(strings.TrimSpace(href)); bad == nil && strings.HasPrefix(u.Path, at.Path) {
			if name := (resource{path: u.EscapedPath()}).name(); name != "" {
				return p.Get(ctx, r.cal, calendar.RemoteID(name))
			}
		}
	}
	return calendar.Event{}, r.fail(calendar.Gone, err)
}

// put writes a resource under a condition, and gives the event as the server holds it
// by that.
func (p *Provider) put(ctx context.Context, r request, at string, obj *icalendar.Object, condition, value string) (calendar.Event, error) {
	r = r.to(http.MethodPut, at)
	r.kind, r.body, r.header = icsKind, obj.Bytes(), map[string]string{condition: value}
	resp, _, err := p.wire.send(ctx, r)
	if err != nil {
		return calendar.Event{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusMultiStatus { // Xandikos says so that it did not
		return calendar.Event{}, refusedInside(r, resp)
	}
	i := item{etag: resp.Header.Get("ETag"), data: string(r.body), modified: cmp.Or(resp.Header.Get("Last-Modified"), resp.Header.Get("Date"))}
	if !strong(i.etag) { // what it holds is something else (RFC 4791 §5.3.4)
		return p.Get(ctx, r.cal, r.event)
	}
	return told(r, obj, i), nil
}

// refusedInside reads the refusal that an answer of 207 holds.
func refusedInside(r request, resp *http.Response) error {
	cause := &refusal{status: http.StatusMultiStatus}
	_, err := readMultistatus(resp.Body, func(one resource) error {
		if one.status >= 400 || len(one.failed.names) > 0 {
			cause.status, cause.failed = one.status, one.failed
		}
		return nil
	})
	if err != nil || cause.status < 400 {
		return r.fail(calendar.Unavailable, errors.New("the answer does not say whether the event was written"))
	}
	return refusedWith(r, cause, resp.Header)
}

// invalid is content that iCalendar cannot hold.
func invalid(r request, err error) error {
	if e, ok := errors.AsType[*calendar.Error](err); ok {
		return errorIn(r, e)
	}
	return r.fail(calendar.Invalid, err)
}

// Get implements calendar.Provider. It asks as listings do, so that the version is theirs:
// a proxy may give a plain GET another ETag.
func (p *Provider) Get(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	r := request{op: "caldav: read event", cal: cal, event: id}
	i, err := p.read(ctx, r)
	if err != nil {
		return calendar.Event{}, err
	}
	return p.event(ctx, r, string(id), i)
}

// read reads one resource, NotFound if it is not there.
func (p *Provider) read(ctx context.Context, r request) (item, error) {
	if _, err := p.address(r); err != nil {
		return item{}, err
	}
	at, err := p.collection(r)
	if err != nil {
		return item{}, err
	}
	var got item
	_, err = p.fetch(ctx, r, at.String(), []string{string(r.event)}, func(_ string, i item) error { got = i; return nil })
	if errors.Is(err, errShort) { // DAViCal leaves out what is not there; to be sure, ask plainly
		got, err = p.readPlainly(ctx, r)
	}
	if err == nil && got.removed {
		err = r.fail(calendar.NotFound, errNoEvent)
	}
	return got, err
}

func (p *Provider) readPlainly(ctx context.Context, r request) (item, error) {
	at, err := p.address(r)
	if err != nil {
		return item{}, err
	}
	resp, _, err := p.wire.send(ctx, r.to(http.MethodHead, at))
	if err != nil {
		return item{}, err
	}
	resp.Body.Close()
	return item{}, r.fail(calendar.Unavailable, fmt.Errorf("%w, though it is there", errShort))
}

// Update implements calendar.Provider.
func (p *Provider) Update(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, c calendar.Change) (calendar.Event, error) {
	r := request{op: "caldav: update event", cal: cal, event: id}
	return p.rewrite(ctx, r, v, func(obj *icalendar.Object) error { return obj.Update(c, p.now()) })
}

// rewrite reads an event, has it changed, and writes it back if it is as it was read.
func (p *Provider) rewrite(ctx context.Context, r request, v calendar.Version, change func(*icalendar.Object) error) (calendar.Event, error) {
	at, err := p.address(r)
	if err != nil {
		return calendar.Event{}, err
	}
	now, ahead := p.taken(r, v)
	if !ahead {
		if now, err = p.read(ctx, r); err != nil {
			return calendar.Event{}, err
		}
	}
	if now.version() != v {
		return calendar.Event{}, r.fail(calendar.Conflict, errChanged)
	}
	obj, err := p.parse(ctx, r, now.data)
	if err != nil {
		return calendar.Event{}, err
	}
	before := string(obj.Bytes())
	if err := change(obj); err != nil {
		return calendar.Event{}, invalid(r, err)
	}
	if string(obj.Bytes()) == before {
		return p.event(ctx, r, string(r.event), now)
	}
	e, err := p.put(ctx, r, at, obj, "If-Match", now.matches())
	if statusIn(err) == http.StatusNotFound || statusIn(err) == http.StatusConflict {
		err = r.fail(calendar.NotFound, err)
	}
	return e, err
}

var errChanged = errors.New("it was changed meanwhile")

// Delete implements calendar.Provider. A server that sends mail is asked not to
// (RFC 6638 §8.1); it may send cancellations all the same where guests are invited.
func (p *Provider) Delete(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	r := request{op: "caldav: delete event", cal: cal, event: id}
	at, err := p.address(r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(v), hashed) { // no condition that the server knows
		now, err := p.read(ctx, r)
		if err != nil {
			return err
		}
		if now.version() != v {
			return r.fail(calendar.Conflict, errChanged)
		}
		v = ""
	}
	r = r.to(http.MethodDelete, at)
	r.header = map[string]string{"Schedule-Reply": "F", "If-Match": item{etag: string(v)}.matches()}
	resp, _, err := p.wire.send(ctx, r)
	if err != nil {
		return p.deleted(ctx, r, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusMultiStatus {
		return refusedInside(r, resp)
	}
	return nil
}

// deleted is what a refused deletion means: a server may say of what is not there that
// the condition fails (RFC 9110 §13.1.1).
func (p *Provider) deleted(ctx context.Context, r request, err error) error {
	if calendar.KindOf(err) != calendar.Conflict {
		return err
	}
	if _, gone := p.read(ctx, r); calendar.KindOf(gone) == calendar.NotFound {
		return gone
	}
	return err
}
