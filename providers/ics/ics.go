// Package ics connects a calendar that somebody publishes as an iCalendar file: at an
// address of the web (https, http, webcal), or in a file of this machine. It is a source
// alone: nothing is ever written to it.
//
// A feed is read with one conditional request, and believed whole or not at all: what was
// cut off, is no calendar, or is too large is an error. That a feed which suddenly holds
// far less is not believed at once is the engine's guard, as for every calendar.
//
// Of this project it imports providers/calendar, providers/icalendar and
// providers/signin only.
package ics

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/icalendar"
	"github.com/twinday/twinday/providers/signin"
)

// theCalendar is the id of the one calendar that a feed is.
const theCalendar calendar.CalendarID = "feed"

// How often a feed is asked for again, at most. Engines look every few seconds while
// changes flow; whoever publishes a feed has not reckoned with that. The longer rest is
// for feeds that ask for it (RFC 7986 §5.7), the longest that a person would wait.
const (
	shortRest = time.Minute
	longRest  = 15 * time.Minute
	// emptyFor is how long a feed must be empty for that to be true: as long as the engine
	// doubts a calendar that lists far less than before.
	emptyFor = time.Hour
)

// Provider is one feed. It implements calendar.Provider.
type Provider struct {
	hc     *http.Client
	secret signin.Secret
	now    func() time.Time
	zone   string

	reads sync.Mutex // one read of the feed at a time
	mu    sync.Mutex
	last  *snapshot
	known []entry   // what the events of last are called
	empty time.Time // since when the feed is suddenly empty; zero if it is not
}

var _ calendar.Provider = (*Provider)(nil)

// Open returns the feed whose address the secret keeps. It does no I/O: an address that is
// none, or is not kept, shows from the first call on. now tells when to ask again, zone
// (IANA) where the person is, for times that are the same hour wherever one is.
func Open(secret signin.Secret, hc *http.Client, now func() time.Time, zone string) *Provider {
	return &Provider{hc: client(hc), secret: secret, now: now, zone: zone}
}

// Capabilities implements calendar.Provider: what iCalendar can say. Its calendar is not
// writable, so nothing of it is used to write.
func (p *Provider) Capabilities() calendar.Capabilities {
	c := icalendar.Capabilities()
	c.Writes = 1
	return c
}

// Calendars lists the one there is.
func (p *Provider) Calendars(ctx context.Context) ([]calendar.Calendar, error) {
	s, _, err := p.read(ctx, "ics: list calendars", nil)
	if err != nil {
		return nil, err
	}
	c := calendar.Calendar{ID: theCalendar, Name: s.name(), Color: s.info.Color, Zone: s.info.Zone, Shared: true, Primary: true}
	return []calendar.Calendar{c.WithRole(calendar.RoleReader)}, nil
}

// Changes implements calendar.Provider. Whatever changed, it lists everything: a feed has
// no other way to tell.
func (p *Provider) Changes(ctx context.Context, cal calendar.CalendarID, since calendar.Cursor) (calendar.Changes, error) {
	const op = "ics: read changes"
	if cal != theCalendar {
		return calendar.Changes{}, noCalendar(op, cal)
	}
	var before cursor
	if since != "" {
		if err := json.Unmarshal([]byte(since), &before); err != nil || before.Form != cursorForm {
			return calendar.Changes{}, &calendar.Error{Op: op, Kind: calendar.CursorExpired, Calendar: cal, Err: errors.New("it was made by another Twinday")}
		}
	}
	p.mu.Lock()
	if p.known == nil {
		p.known = before.Known
	}
	p.mu.Unlock()
	s, requests, err := p.read(ctx, op, &before)
	if err != nil {
		return calendar.Changes{}, err
	}
	out := calendar.Changes{Requests: requests, Next: since}
	if s == nil { // as it was at the cursor
		return out, nil
	}
	if err := p.believes(s, before.Known); err != nil {
		return calendar.Changes{}, &calendar.Error{Op: op, Kind: calendar.Unavailable, Calendar: cal, Err: err}
	}
	events, known := name(s.events, before.Known)
	p.mu.Lock()
	p.last, p.known = s, known
	p.mu.Unlock()
	next := cursor{Form: cursorForm, At: short(s.url), ETag: s.etag, Modified: s.modified, Digest: digestOf(known), Known: known}
	if out.Next, err = next.text(); err != nil {
		return calendar.Changes{}, &calendar.Error{Op: op, Calendar: cal, Err: err}
	}
	if since != "" && next.Digest == before.Digest {
		return out, nil
	}
	out.Events, out.Complete, out.Window = events, true, window(events, p.now())
	return out, nil
}

// believes refuses for a while what is whole and yet empty, where there was something: so a
// publisher's fault looks, and there is nobody else to ask. (That a feed lost many of its
// events, the engine's guards see.)
func (p *Provider) believes(s *snapshot, before []entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(s.events) > 0 || len(before) == 0 {
		p.empty = time.Time{}
		return nil
	}
	if p.empty.IsZero() {
		p.empty = s.at
	}
	if p.now().Sub(p.empty) < emptyFor {
		return errors.New("the feed is suddenly empty: this is believed after an hour")
	}
	return nil
}

// Get implements calendar.Provider, from the feed as it was last read.
func (p *Provider) Get(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	const op = "ics: read an event"
	if cal != theCalendar {
		return calendar.Event{}, noCalendar(op, cal)
	}
	s, _, err := p.read(ctx, op, nil)
	if err != nil {
		return calendar.Event{}, err
	}
	p.mu.Lock()
	known := p.known
	p.mu.Unlock()
	if err := p.believes(s, known); err != nil {
		return calendar.Event{}, &calendar.Error{Op: op, Kind: calendar.Unavailable, Calendar: cal, Event: id, Err: err}
	}
	events, _ := name(s.events, known)
	for _, e := range events {
		if e.ID == id {
			return e, nil
		}
	}
	return calendar.Event{}, &calendar.Error{Op: op, Kind: calendar.NotFound, Calendar: cal, Event: id, Err: errors.New("the feed does not hold it")}
}

// Create implements calendar.Provider: a feed is ReadOnly, as all that would write says.
func (p *Provider) Create(_ context.Context, cal calendar.CalendarID, _ calendar.Draft) (calendar.Event, error) {
	return calendar.Event{}, readOnly("ics: create event", cal, "")
}

// Update implements calendar.Provider.
func (p *Provider) Update(_ context.Context, cal calendar.CalendarID, id calendar.RemoteID, _ calendar.Version, _ calendar.Change) (calendar.Event, error) {
	return calendar.Event{}, readOnly("ics: update event", cal, id)
}

// Respond implements calendar.Provider.
func (p *Provider) Respond(_ context.Context, cal calendar.CalendarID, id calendar.RemoteID, _ calendar.Version, _ calendar.Response) error {
	return readOnly("ics: respond", cal, id)
}

// Delete implements calendar.Provider.
func (p *Provider) Delete(_ context.Context, cal calendar.CalendarID, id calendar.RemoteID, _ calendar.Version) error {
	return readOnly("ics: delete event", cal, id)
}

func readOnly(op string, cal calendar.CalendarID, id calendar.RemoteID) error {
	return &calendar.Error{Op: op, Kind: calendar.ReadOnly, Calendar: cal, Event: id, Err: errors.New("a feed is published by others: it can only be read")}
}

func noCalendar(op string, cal calendar.CalendarID) error {
	return &calendar.Error{Op: op, Kind: calendar.NotFound, Calendar: cal, Err: errors.New("a feed is one calendar, and not this")}
}

// Feed is where a feed is, as a person gives it.
type Feed struct {
	// URL is its address: https, http, webcal or file. It may be a secret by itself
	// ("private address"), and is kept as one.
	URL string
	// User and Password are for a feed that wants them, over https alone.
	User, Password string
}

// Found is a feed that was read.
type Found struct {
	Name string // its own, else its host's or file's
	// Identity stands for the address, and does not tell it.
	Identity string
	Where    string // what may be shown of the address: the host, or the file
	Secret   string // to keep
}

// SignIn reads a feed for the first time, which proves that it is one.
func SignIn(ctx context.Context, f Feed, hc *http.Client, now func() time.Time) (Found, error) {
	const op = "ics: connect"
	u, err := address(f)
	if err != nil {
		return Found{}, &calendar.Error{Op: op, Kind: calendar.Invalid, Field: "address", Err: err}
	}
	k := kept{URL: u.String(), User: f.User, Password: f.Password}
	text, err := json.Marshal(k)
	if err != nil {
		return Found{}, &calendar.Error{Op: op, Err: err}
	}
	s, _, err := Open(given(text), hc, now, "UTC").read(ctx, op, nil)
	if err != nil {
		return Found{}, err
	}
	where := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}).String()
	if u.Scheme == "file" {
		where = u.String()
	}
	return Found{Name: s.name(), Identity: short(u.String()), Where: where, Secret: string(text)}, nil
}

// given is a secret that is not kept yet.
type given string

// Load returns it.
func (g given) Load(context.Context) (string, error) { return string(g), nil }

// Save has nowhere to keep another.
func (g given) Save(context.Context, string) error {
	return errors.New("ics: a sign-in that is not kept")
}
