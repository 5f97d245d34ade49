// Package outlook is the connector to the calendars of Microsoft 365 and
// Outlook.com: calendar.Provider over Microsoft Graph v1.0 with msgraph-sdk-go.
//
// It is the only importer of that SDK, and imports it narrowly (users, models
// and the core, never the root package: half the compile). Of this project it
// imports providers/calendar and providers/signin only.
//
// What is peculiar to Graph and shows:
//
//   - It reads in a window of time (Capabilities.Windowed). The window moves
//     with the clock; see Changes.
//   - An event holds one reminder. Of several, the last one before the start is
//     kept, the one that must not be missed; "as the calendar does by default"
//     becomes Outlook's own defaults, 15 minutes or, all-day, 18 hours.
//   - An edit of an event that has guests makes Graph mail them; there is no
//     parameter against it. The engine holds such edits for the person.
//   - A wall-clock reading that exists twice (a clock going back) is written, and
//     read back, as UTC: in its zone, Graph has no way to say which one is meant.
//   - It has no custom properties that a person would see. Ours are one hidden
//     property (see propertiesID), which delta and the answers of writes do not show.
//   - The names of attachments cost a request for each event that has some.
//   - A series is one rule of a few shapes (Capabilities.Series). Delta reads only
//     hint at what became of its occurrences, so a series is read as a whole each
//     time: see whole.
//   - A new time or rule of a series makes Exchange forget all that was done to its
//     occurrences; the connector does it again. A cancelled occurrence comes
//     back in no other way, so restoring one does the same on purpose: see Update.
package outlook

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

const (
	// daysBack and daysOn are the window that is read, around today in UTC.
	daysBack = 30
	daysOn   = 400
	// maxDrift is how far today may move from a cursor's window before the
	// window is set anew, which takes a full read. Graph fixes the window with the
	// first request of a delta chain.
	maxDrift = 7 * 24 * time.Hour
	// pageSize is what is asked for a page of a delta read. Graph's default is 10.
	pageSize = 200
	// A page that Graph does not get ready in its own time (504) is asked for again by
	// fewer events, down to smallPage, as it is of calendars with many endless series
	// (microsoft-graph-docs#6499); each time it fails alike, or the read never ends.
	pageStep, smallPage = 5, 8
	// maxPages ends a read whose pages never end: 400 000 events are no calendar.
	// (Endless chains were reported by users in 2026.)
	maxPages = 2000
	// titleLimit is the classic limit of Outlook; Graph documents none.
	titleLimit = 255
	// parallel is how many requests Graph serves one app and mailbox at a time
	// (Graph "throttling limits", Outlook service).
	parallel = 4
)

// Provider is one signed-in Microsoft account. It is safe for concurrent use.
type Provider struct {
	me     *users.UserItemRequestBuilder
	graph  adapter
	base   *url.URL
	now    func() time.Time
	page   int
	rate   float64 // requests a second for writes; 0 for a server on this machine
	owners owners
	// plainLists is set once the service refused to expand hidden properties in a
	// list of instances.
	plainLists atomic.Bool
}

// Option changes how a Provider works; for tests and for tuning.
type Option func(*Provider)

// WithClock sets the clock by which the window is laid; time.Now if not given.
func WithClock(now func() time.Time) Option { return func(p *Provider) { p.now = now } }

// WithPageSize sets how many events are asked for on one page.
func WithPageSize(n int) Option { return func(p *Provider) { p.page = n } }

// Open gives the provider of the account that secret keeps signed in, at the
// endpoint e (empty fields: Microsoft's public cloud). hc reaches the server,
// and nil means a client with a time limit. Nothing is sent yet. The error is
// Invalid, when e makes no sense.
func Open(e signin.Endpoint, secret signin.Secret, hc *http.Client, opts ...Option) (*Provider, error) {
	cfg, err := config(e, hc)
	if err != nil {
		return nil, err
	}
	base := baseURL(e)
	source := signin.TokenSource(context.Background(), cfg, secret)
	client, err := signin.NewClient(hc, source, base)
	if err != nil {
		return nil, failed("open account", err)
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, failed("open account", err)
	}
	p := &Provider{base: u, rate: writeRate(u), now: time.Now, page: pageSize, owners: owners{of: map[calendar.CalendarID]calendar.Calendar{}}}
	if p.graph, err = newAdapter(client, base); err != nil {
		return nil, failed("open account", err)
	}
	p.me = users.NewUserItemRequestBuilderInternal(map[string]string{"baseurl": base, "user%2Did": meToken}, p.graph)
	for _, o := range opts {
		o(p)
	}
	return p, nil
}

// held are the field groups that Outlook can hold.
var held = calendar.Groups{
	calendar.GroupWhen, calendar.GroupTitle, calendar.GroupNotes, calendar.GroupPlace,
	calendar.GroupAvailability, calendar.GroupVisibility, calendar.GroupImportance,
	calendar.GroupReminders, calendar.GroupCategories, calendar.GroupProperties,
}

// reads are the groups that are read and cannot be written: a join link is made by
// Teams alone, and attachments would be files to upload.
var reads = calendar.Groups{calendar.GroupLinks}

// propertyLimits keep the JSON of all properties below 32 KB in UTF-16, also where
// half of it has to be escaped. What is longer than one buffer Exchange hands out as
// a stream only ([MS-OXCPRPT], RopOpenStream); what Graph does with such a string
// is not documented.
var propertyLimits = calendar.PropertyLimits{Count: 100, Bytes: 7 << 10}

// What Graph stands of one app and mailbox: 10 000 requests in ten minutes
// ("throttling limits", Outlook service). A create is one, an update reads first.
// 12 a second and a burst of ten seconds' worth make 7 320; the rest is for reading.
const (
	requestsASecond = 12
	updateRequests  = 2
)

// writeRate is the quota of the public service; a server on this machine has none.
func writeRate(base *url.URL) float64 {
	if ip := net.ParseIP(base.Hostname()); ip != nil && ip.IsLoopback() || base.Hostname() == "localhost" {
		return 0
	}
	return requestsASecond
}

// Capabilities implements calendar.Provider.
func (p *Provider) Capabilities() calendar.Capabilities {
	return calendar.Capabilities{
		Groups:        slices.Clone(held),
		Reads:         slices.Clone(reads),
		TitleLimit:    titleLimit,
		NotesHoldJoin: true,
		Series:        seriesFits,
		Override:      overrideFits,
		Windowed:      true,
		Writes:        parallel,
		PerAccount:    true,
		WriteRate:     p.rate,
		UpdateCost:    updateRequests,
		Availability: []calendar.Availability{
			calendar.Free, calendar.Tentative, calendar.Busy, calendar.Away, calendar.Elsewhere,
		},
		Visibility: []calendar.Visibility{
			calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential,
		},
		Categories: true, // by name; their colours are the mailbox's, not the event's
		Reminders:  1,
		Properties: propertyLimits,
		Makes:      true,
	}
}

// owners remembers of each calendar whose it is, to tell the guests of a meeting from
// the person whose calendar it is in, and whether its private events are out of sight.
type owners struct {
	mu sync.Mutex
	of map[calendar.CalendarID]calendar.Calendar
}

func (o *owners) set(c calendar.Calendar) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.of[c.ID] = c
}

func (o *owners) get(cal calendar.CalendarID) (calendar.Calendar, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, ok := o.of[cal]
	return c, ok
}
