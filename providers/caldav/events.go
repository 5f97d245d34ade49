package caldav

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/icalendar"
)

var errNoMeeting = errors.New("it is no event, but a task or a note")

// unreadable says why a resource cannot be understood, in the words of providers/icalendar,
// which quote nothing of it.
type unreadable struct{ why error }

func (u *unreadable) Error() string {
	return "the server's event cannot be understood: " + u.why.Error()
}

// escape is a resource's name as it stands in an address.
func escape(name string) string { return url.PathEscape(name) }

// version is an event's Version: its ETag. Where a server gives none, it is what the
// resource holds.
//
// A Schedule-Tag, which stays when the server itself notes a guest's answer (RFC 6638
// §3.2.10), is no condition of a write: on Cyrus it stays as well when the person's own
// answer changes in another program, and a write past that would take the answer for
// known, so that no other calendar hears of it. The stricter ETag loses nothing: after a
// Conflict the engine reads again before it writes.
func (i item) version() calendar.Version {
	if i.etag != "" {
		return calendar.Version(i.etag)
	}
	sum := sha256.Sum256([]byte(i.data))
	return calendar.Version(hashed + hex.EncodeToString(sum[:]))
}

// hashed marks a version that is no ETag.
const hashed = "sha256:"

// matches is the If-Match of the resource as it was read. RFC 9110 §13.1.1 compares it
// strongly, so a weak ETag matches never by the letter. Some are weak only because a
// proxy compressed the answer, so the strong form goes beside it: whichever the server
// knows it by.
func (i item) matches() string {
	if i.etag == "" {
		return "*" // it is there, at least; what it is was read just before
	}
	if strong, weak := strings.CutPrefix(i.etag, "W/"); weak {
		return i.etag + ", " + strong
	}
	return i.etag
}

// strong reports whether an ETag says that exactly what was sent is held (RFC 4791 §5.3.4).
func strong(etag string) bool { return etag != "" && !strings.HasPrefix(etag, "W/") }

// event is a resource in neutral words. One that cannot be understood is of UnknownType: it
// hides no other, is taken for gone by nobody, and history tells of it.
func (p *Provider) event(ctx context.Context, r request, name string, i item) (calendar.Event, error) {
	r.event = calendar.RemoteID(name)
	obj, err := p.parse(ctx, r, i.data)
	if bad, ok := errors.AsType[*unreadable](err); ok {
		return calendar.Event{ID: r.event, Version: i.version(), Type: calendar.UnknownType, Doubt: name + ", " + bad.why.Error()}, nil
	}
	if err != nil {
		return calendar.Event{}, err
	}
	return told(r, obj, i), nil
}

// told is an object's event as the request's resource.
func told(r request, obj *icalendar.Object, i item) calendar.Event {
	e := obj.Event()
	e.ID, e.Version = r.event, i.version()
	if at, err := http.ParseTime(i.modified); err == nil { // programs may forget to say so in the event
		e.Updated = at
	}
	return e
}

// parse reads a resource. The error has errNoMeeting or an *unreadable inside.
func (p *Provider) parse(ctx context.Context, r request, data string) (*icalendar.Object, error) {
	owner, err := p.owner(ctx, r, data)
	if err != nil {
		return nil, err
	}
	obj, _, err := icalendar.Parse([]byte(data), owner)
	switch {
	case errors.Is(err, icalendar.ErrNoEvent):
		return nil, r.fail(calendar.NotFound, fmt.Errorf("%w: %w", errNoMeeting, err))
	case err != nil:
		return nil, r.fail(calendar.Other, &unreadable{err})
	}
	return obj, nil
}

// owner says whose calendar it is, as far as the resource asks for that: who one is where
// people are invited, and the calendar's zone where a time has none.
func (p *Provider) owner(ctx context.Context, r request, data string) (o icalendar.Owner, err error) {
	if strings.Contains(data, "ORGANIZER") || strings.Contains(data, "ATTENDEE") {
		who, err := p.me(ctx, r.op)
		if err != nil {
			return o, err
		}
		o.Addresses = who.addresses
		if c, err := p.secret.credentials(ctx, false); err == nil && len(o.Addresses) == 0 && strings.Contains(c.User, "@") {
			o.Addresses = []string{c.User} // Radicale tells none
		}
	}
	if floats(data) {
		if o.Zone, err = p.zone(ctx, r); err != nil {
			return o, err
		}
	}
	return o, nil
}

// start is a start that is a wall clock and no moment; its parameters may name the zone.
var start = regexp.MustCompile(`(?im)^DTSTART((?:;[^:\r\n]*)?):\d{8}T\d{6}[ \t]*\r?$`)

// floats reports whether an event's start is a wall clock without a zone.
func floats(data string) bool {
	for part := range strings.SplitSeq(data, "BEGIN:VEVENT") {
		part, _, event := strings.Cut(part, "END:VEVENT")
		if m := start.FindStringSubmatch(part); event && m != nil && !strings.Contains(strings.ToUpper(m[1]), ";TZID=") {
			return true
		}
	}
	return false
}

// zone is a calendar's own zone, asked for once; "" if it has none.
func (p *Provider) zone(ctx context.Context, r request) (string, error) {
	p.mu.Lock()
	zone, known := p.zones[r.cal]
	p.mu.Unlock()
	if known {
		return zone, nil
	}
	at, err := p.collection(r)
	if err != nil {
		return "", err
	}
	r = r.to("PROPFIND", at.String())
	r.depth, r.body = "0", []byte(calendarsBody)
	_, _, err = p.wire.multistatus(ctx, r, func(one resource) error { zone = zoneIn(one.props); return nil })
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.zones[r.cal] = zone
	return zone, nil
}
