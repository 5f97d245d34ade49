package caldav

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/icalendar"
)

const calendarsBody = `<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/" xmlns:A="http://apple.com/ns/ical/"><D:prop>` +
	`<D:resourcetype/><D:displayname/><D:owner/><D:current-user-principal/><D:current-user-privilege-set/>` +
	`<C:supported-calendar-component-set/><C:calendar-timezone/><C:calendar-timezone-id/><A:calendar-color/>` +
	`</D:prop></D:propfind>`

// Calendars implements calendar.Provider: the calendars for events in the account's
// homes. Task lists, subscriptions and the scheduling boxes are none.
func (p *Provider) Calendars(ctx context.Context) ([]calendar.Calendar, error) {
	const op = "caldav: list calendars"
	who, err := p.me(ctx, op)
	if err != nil {
		return nil, err
	}
	var out []calendar.Calendar
	for _, home := range who.homes {
		r := request{op: op, method: "PROPFIND", at: home, depth: "1", body: []byte(calendarsBody)}
		var found []resource
		_, from, err := p.wire.multistatus(ctx, r, func(one resource) error { found = append(found, one); return nil })
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			if one.isCalendar() {
				out = append(out, p.listed(from, one, who))
			}
		}
	}
	return out, nil
}

// isCalendar reports whether the resource is a calendar of events. Where the components
// are not told it may hold any (RFC 4791 §5.2.3).
func (r resource) isCalendar() bool {
	if r.props.Type.Calendar == nil || r.props.Type.Subscribed != nil {
		return false
	}
	if r.props.Components == nil || len(r.props.Components.List) == 0 {
		return true
	}
	for _, c := range r.props.Components.List {
		if strings.EqualFold(c.Name, "VEVENT") {
			return true
		}
	}
	return false
}

func (p *Provider) listed(from *url.URL, r resource, who principal) calendar.Calendar {
	r.path = strings.TrimSuffix(r.path, "/") + "/"
	c := calendar.Calendar{ID: p.wire.idOf(from, r), Name: strings.TrimSpace(r.props.DisplayName), Color: color(r.props.Color), Zone: zoneIn(r.props)}
	if c.Name == "" {
		c.Name = lastPart(r.path)
	}
	owner := r.props.Owner.Href
	c.Shared = owner != "" && !samePath(owner, who.path)
	if !c.Shared && len(who.addresses) > 0 {
		c.Owner = who.addresses[0]
	}
	return c.WithRole(r.role(c.Shared))
}

// role is what the privileges say (RFC 3744 §3, RFC 4791 §6.1). A server that does not
// tell them refuses what is not allowed.
func (r resource) role(shared bool) calendar.Role {
	writer := calendar.RoleOwner
	if shared {
		writer = calendar.RoleWriter
	}
	rights := r.props.Privileges
	switch {
	case rights == nil:
		return writer
	case rights.has("all", "write") || rights.has("write-content") && rights.has("bind"):
		return writer
	case rights.has("read"):
		return calendar.RoleReader
	case rights.has("read-free-busy"):
		return calendar.RoleBusyReader
	}
	return ""
}

// samePath compares two addresses of one server, however they are escaped.
func samePath(a, b string) bool {
	plain := func(s string) string {
		u, err := url.Parse(strings.TrimSpace(s))
		if err != nil {
			return s
		}
		return strings.TrimSuffix(u.Path, "/")
	}
	return plain(a) == plain(b)
}

func lastPart(path string) string {
	path = strings.TrimSuffix(path, "/")
	path = path[strings.LastIndexByte(path, '/')+1:]
	if name, err := url.PathUnescape(path); err == nil {
		return name
	}
	return path
}

// hexColor is Apple's, with or without how opaque it is.
var hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}`)

func color(s string) string { return strings.ToLower(hexColor.FindString(strings.TrimSpace(s))) }

// zoneIn is a calendar's own zone (RFC 7809 §5.2, RFC 4791 §5.2.2), "" if it has none that
// is known here.
func zoneIn(have props) string {
	names := []string{strings.TrimSpace(have.ZoneID)}
	for line := range strings.Lines(have.Zone) {
		for _, name := range []string{"X-LIC-LOCATION:", "TZID:"} {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), name); ok {
				names = append(names, v)
			}
		}
	}
	for _, n := range names {
		if _, err := calendar.LoadZone(n); n != "" && err == nil {
			return n
		}
	}
	return ""
}

// MakeCalendar implements calendar.Maker. Several of one name are allowed.
func (p *Provider) MakeCalendar(ctx context.Context, name, zone string) (calendar.Calendar, error) {
	const op = "caldav: make calendar"
	who, err := p.me(ctx, op)
	if err != nil {
		return calendar.Calendar{}, err
	}
	at := strings.TrimSuffix(who.homes[0], "/") + "/twinday-" + strings.ToLower(rand.Text()) + "/"
	r := request{op: op, method: "MKCALENDAR", at: at, body: makeBody(name, zone)}
	resp, from, err := p.wire.send(ctx, r)
	if err != nil {
		if s := statusIn(err); s == http.StatusNotFound || s == http.StatusMethodNotAllowed || s == http.StatusNotImplemented {
			err = r.fail(calendar.Forbidden, errors.New("this server lets no program make calendars; make one in its own web page"))
		}
		return calendar.Calendar{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusMultiStatus { // some properties were refused, so nothing was made (RFC 4791 §5.3.1)
		return calendar.Calendar{}, r.fail(calendar.Forbidden, errors.New("the server refuses a calendar's name or kind"))
	}
	c := calendar.Calendar{ID: p.wire.idOf(from, resource{path: from.EscapedPath()}), Name: name, Zone: zone}
	list, err := p.Calendars(ctx)
	if err != nil { // it is there all the same
		return c.WithRole(calendar.RoleOwner), nil
	}
	for _, l := range list {
		if l.ID == c.ID {
			return l, nil
		}
	}
	return calendar.Calendar{}, r.fail(calendar.Other, errors.New("the new calendar is not among the account's"))
}

func makeBody(name, zone string) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>`)
	_ = xml.EscapeText(&b, []byte(name)) // a buffer takes all
	b.WriteString(`</D:displayname><C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>`)
	if zone != "" {
		b.WriteString(`<C:calendar-timezone>`)
		_ = xml.EscapeText(&b, zoneObject(zone))
		b.WriteString(`</C:calendar-timezone>`)
	}
	b.WriteString(`</D:prop></D:set></C:mkcalendar>`)
	return b.Bytes()
}

// zoneObject is the iCalendar object with a zone in it that RFC 4791 §5.2.2 wants: that of
// an event there, without the event. Empty for a zone that is none.
func zoneObject(zone string) []byte {
	start := calendar.Time{Local: "2026-01-01T00:00:00", Zone: zone}
	obj, err := icalendar.New("zone", calendar.Draft{Content: calendar.Content{When: calendar.When{Start: start, End: start}}}, icalendar.Owner{}, time.Time{})
	if err != nil {
		return nil
	}
	text := string(obj.Bytes())
	from, to := strings.Index(text, "BEGIN:VEVENT"), strings.Index(text, "END:VEVENT\r\n")
	if from < 0 || to < 0 {
		return nil
	}
	return []byte(text[:from] + text[to+len("END:VEVENT\r\n"):])
}
