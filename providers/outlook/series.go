package outlook

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

const (
	// instancesPerPage is asked for; Graph's default is 10.
	instancesPerPage = 500
	// maxSpan is how long a span of occurrences may be: Graph refuses more than
	// 1825 days (microsoftgraph/microsoft-graph-docs#6284). A day to spare.
	maxSpan = 1824 * 24 * time.Hour
	// aheadDays is how far past the window the next occurrences are looked for.
	aheadDays = 1000
	// maxRereads is how often a listing is begun anew because the series changed
	// between its pages.
	maxRereads = 3
)

// series is one event, read whole: of a series the master, and what is known of
// its occurrences.
type series struct {
	event    calendar.Event
	master   models.Eventable
	requests int
	// found are the occurrences that were listed, by their slots.
	found map[string]occurrence
	// attached are the attachments of exceptions that have some where the master
	// has none, by their ids.
	attached map[string][]calendar.Attachment
	paged    bool // a listing took more than one page
}

// occurrence is one item of a series.
type occurrence struct {
	id      calendar.RemoteID
	version calendar.Version
	slot    calendar.Time
	item    models.Eventable // as much of it as was asked for
}

// fields are the properties that an event is made of. Those behind them come only
// when they are named.
var (
	fields = []string{
		"id", "type", "seriesMasterId", "changeKey", "iCalUId", "isCancelled", "isOrganizer", "organizer", "attendees", "responseStatus",
		"createdDateTime", "lastModifiedDateTime", "webLink", "subject", "body", "location", "showAs", "sensitivity",
		"importance", "categories", "isReminderOn", "reminderMinutesBeforeStart", "isOnlineMeeting", "onlineMeeting",
		"onlineMeetingUrl", "hasAttachments",
		"isAllDay", "start", "end", "originalStartTimeZone", "originalEndTimeZone", "recurrence",
	}
	slotFields     = []string{"id", "type", "isAllDay", "start", "end", "originalStart", "responseStatus"}
	hiddenExpanded = "singleValueExtendedProperties($filter=id eq '" + markID + "' or id eq '" + propertiesID + "')"
)

// look reads one item with all that one request can tell: of a master also what
// became of its occurrences, where the service fills that in.
func (p *Provider) look(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, requests *int) (models.Eventable, error) {
	*requests++
	e, err := p.read(ctx, cal, id, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{
		Select: append(slices.Clone(fields), "originalStart", "cancelledOccurrences", "exceptionOccurrences"),
		Expand: []string{hiddenExpanded, "exceptionOccurrences"},
	})
	if unsupported(err) {
		// Not every version of the service takes the newer properties.
		*requests++
		return p.read(ctx, cal, id, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{Expand: []string{hiddenExpanded}})
	}
	return e, err
}

// unsupported reports whether the service did not take the query: it says so with a 400,
// as it does of an id that is none.
func unsupported(err error) bool {
	a := answerOf(err)
	return a != nil && a.status == http.StatusBadRequest && !a.is("ErrorInvalidIdMalformed")
}

// whole reads an event as a whole. Of a series that takes two requests, and
// another page each few hundred occurrences: the item itself and its instances,
// from the start of the series on (five years back at most) to the end of the
// window. An edited occurrence comes with the first (exceptionOccurrences), else
// with a second listing.
//
// A cancelled occurrence is one that the rule has and the listing has not: Graph
// leaves it out everywhere, and fills cancelledOccurrences in some mailboxes
// only. What was done to occurrences beyond that span is known only where the
// service tells it of itself; edited ones take one more listing then. Attachments
// take another request, if there are any.
func (p *Provider) whole(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (*series, error) {
	for range maxRereads {
		s := &series{}
		e, err := p.look(ctx, cal, id, &s.requests)
		if err != nil {
			return s, err
		}
		s.master = e
		s.event = neutral(e, func() string { return p.owner(ctx, cal, &s.requests) })
		if s.event.Content.Links.Attachments, err = p.attachments(ctx, cal, e, &s.requests); err != nil {
			return s, err
		}
		p.veil(ctx, cal, &s.event, &s.requests)
		if !isMaster(e) || s.event.Type == calendar.UnknownType {
			return s, nil
		}
		steady, err := p.gather(ctx, cal, s)
		if k := kindOf(err); err != nil && (k == calendar.NotFound || k == calendar.Gone) {
			// The master was there a moment ago: half a series is none, and none is not "gone".
			return s, &calendar.Error{Op: "read series", Kind: calendar.Unavailable, Err: err}
		}
		if err != nil || steady {
			return s, err
		}
	}
	return &series{}, &calendar.Error{Op: "read series", Kind: calendar.Unavailable, Err: errors.New("it changes while it is read")}
}

// span is the time over which occurrences are listed. Head and tail are how many
// of the rule's occurrences at its ends may be missing from the listing without
// being cancelled: they may have been moved out of it.
type span struct {
	from, to   time.Time
	head, tail int
}

// spanOf lays the span. Its end lies past the window, by the occurrences that one
// inside it could be moved to.
func (p *Provider) spanOf(w calendar.When, o *calendar.Occurrences) (s span) {
	_, s.to = window(p.now())
	var ahead []time.Time
	for t := range o.Between(s.to, s.to.AddDate(0, 0, aheadDays)) {
		if at, err := t.Instant(); err == nil {
			ahead = append(ahead, at)
		}
		if len(ahead) == 2 {
			break
		}
	}
	switch last, ends := o.Last(); {
	case len(ahead) == 2:
		s.to, s.tail = ahead[1], 1
	case len(ahead) == 1:
		s.to, s.tail = ahead[0].AddDate(0, 0, 60), 1
	case ends:
		if at, err := last.Instant(); err == nil && at.Before(s.to) {
			s.to = at.AddDate(0, 0, 60)
		}
	default:
		s.tail = 1
	}
	start, err := w.Start.Instant()
	if err != nil {
		return s
	}
	s.from = start.AddDate(0, 0, -60) // the first one may have been moved ahead
	if oldest := s.to.Add(-maxSpan); s.from.Before(oldest) {
		s.from, s.head = oldest, 2
		if start.After(oldest) {
			s.head = 0
		}
	}
	return s
}

// gather fills in the occurrences and overrides of a master. It is false if the
// series changed between the pages of a listing, which may then miss some.
func (p *Provider) gather(ctx context.Context, cal calendar.CalendarID, s *series) (steady bool, err error) {
	w := s.event.Content.When
	rule, err := w.Occurrences()
	if err != nil {
		s.event.Type = calendar.UnknownType // of a size that nobody meant
		return true, nil
	}
	at := p.spanOf(w, rule)
	m := match{s: s, rule: rule, byDay: map[string]calendar.Time{}, days: occurrenceDays(s.master)}
	s.found = map[string]occurrence{}
	if at.from.Before(at.to) {
		for t := range rule.Between(at.from, at.to) {
			m.expected = append(m.expected, t)
			m.byDay[t.Local[:len(time.DateOnly)]] = t
		}
		items, err := p.instances(ctx, cal, s, at.from, at.to, slotFields)
		if err != nil {
			return false, err
		}
		m.take(items)
		if s.paged {
			if steady, err := p.unchangedSince(ctx, cal, s); err != nil || !steady {
				return false, err
			}
		}
	}
	edited := m.edited()
	if far := m.beyond(edited); len(far) > 0 {
		items, err := p.instances(ctx, cal, s, far[0], far[1], slotFields)
		if err != nil {
			return false, err
		}
		m.take(items)
	}
	if missing := m.withoutContent(edited); len(missing) > 0 {
		items, err := p.instances(ctx, cal, s, missing[0], missing[1], append(slices.Clone(fields), "originalStart"))
		if err != nil {
			return false, err
		}
		for _, e := range items {
			if isException(e) {
				edited[val(e.GetId())] = e
			}
		}
	}
	if err := p.attachedToOccurrences(ctx, cal, s, edited); err != nil {
		return false, err
	}
	s.event.Overrides = m.overrides(edited, at)
	s.event.Responses = m.responses(edited)
	s.event.Version = m.version(edited) // of the responses too
	return true, nil
}

// unchangedSince reports whether the master still has its version. Pages are cut by
// $skip: an occurrence that goes while they are read makes another one be missed.
func (p *Provider) unchangedSince(ctx context.Context, cal calendar.CalendarID, s *series) (bool, error) {
	s.requests++
	now, err := p.read(ctx, cal, s.event.ID, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{Select: []string{"id"}})
	return err == nil && version(now) == s.event.Version, err
}

// instances lists the occurrences of a master that meet a span, those that were
// moved into it included, with their hidden properties where the service shows
// them in a list.
func (p *Provider) instances(ctx context.Context, cal calendar.CalendarID, s *series, from, to time.Time, names []string) ([]models.Eventable, error) {
	if !p.plainLists.Load() {
		items, err := p.list(ctx, cal, s, from, to, names, []string{hiddenExpanded})
		if !unsupported(err) {
			return items, err
		}
	}
	// Other programs expand a calendarView so; whether instances can be is not documented.
	items, err := p.list(ctx, cal, s, from, to, names, nil)
	if err == nil {
		p.plainLists.Store(true)
	}
	return items, err
}

func (p *Provider) list(ctx context.Context, cal calendar.CalendarID, s *series, from, to time.Time, names, expand []string) ([]models.Eventable, error) {
	builder := p.event(cal, s.event.ID).Instances()
	query := &users.ItemCalendarsItemEventsItemInstancesRequestBuilderGetQueryParameters{
		StartDateTime: ptr(from.UTC().Format(time.RFC3339)),
		EndDateTime:   ptr(to.UTC().Format(time.RFC3339)),
		Select:        names,
		Expand:        expand,
		Top:           ptr(int32(instancesPerPage)),
	}
	var out []models.Eventable
	seen := map[string]bool{}
	for range maxPages {
		page, err := builder.Get(ctx, &users.ItemCalendarsItemEventsItemInstancesRequestBuilderGetRequestConfiguration{
			Headers: headers(), QueryParameters: query,
		})
		s.requests++
		if err == nil && page == nil {
			err = errNoBody
		}
		if err != nil {
			return nil, err
		}
		out = append(out, page.GetValue()...)
		next := val(page.GetOdataNextLink())
		if next == "" {
			return out, nil
		}
		if err := p.checkLink(next, seen); err != nil {
			return nil, err
		}
		builder, query, s.paged = builder.WithUrl(next), nil, true
	}
	return nil, errEndless
}

// etag is what of a version the server knows: the master's. What follows it stands
// behind the closing quote.
func etag(v calendar.Version) string {
	if end := strings.LastIndexByte(string(v), '"') + 1; end > 0 {
		return string(v[:end])
	}
	return string(v)
}

// overrideOf is what an exception changes of the master it belongs to.
func (s *series) overrideOf(slot calendar.Time, e models.Eventable) calendar.Override {
	master := s.event.Content
	base := master.Occurrence(calendar.Override{Original: slot})
	c := content(e)
	c.When = inZone(c.When, e, master.When.Start.Zone)
	if sameTimes(base.When, c.When, master.When) {
		c.When = base.When
	}
	c.Properties = base.Properties
	if own := cmp.Or(hidden(e, propertiesID), s.hiddenOf(slot)); own != "" {
		c.Properties = properties(own)
	}
	// An exception without a join link has its master's: a meeting cannot be taken off
	// line again, and no OverrideFlag says whose it is ([MS-OXOCAL] 2.2.1.44.2).
	c.Links.Conference = cmp.Or(c.Links.Conference, base.Links.Conference)
	c.Links.Attachments = base.Links.Attachments
	if has := e.GetHasAttachments(); has != nil && *has != val(s.master.GetHasAttachments()) {
		c.Links.Attachments = s.attached[val(e.GetId())]
	}
	o := calendar.Override{Original: slot}
	for _, g := range calendar.Diff(base, c) {
		if held.Has(g) || reads.Has(g) {
			o.Changed = append(o.Changed, g)
			o.Content = o.Content.Take(g, c)
		}
	}
	return o
}

// hiddenOf is what the listing shows of an exception's properties. An exception
// without any has its master's: whether Exchange hands them down is not documented.
func (s *series) hiddenOf(slot calendar.Time) string {
	if o, ok := s.found[slot.Slot()]; ok {
		return hidden(o.item, propertiesID)
	}
	return ""
}

// sameTimes reports whether an exception stands where the rule has it: at the
// same instants, or the same readings. Where clocks change, Exchange keeps the
// length by the clock, RFC 5545 the exact one; neither is an edit.
func sameTimes(byRule, c, master calendar.When) bool {
	if byRule.AllDay() != c.AllDay() {
		return false
	}
	if byRule.AllDay() {
		return byRule.Start == c.Start && byRule.End == c.End
	}
	at := func(t calendar.Time) time.Time {
		i, err := t.Instant()
		if err != nil {
			return time.Time{}
		}
		return i
	}
	start := at(byRule.Start).Equal(at(c.Start)) || c.Start.Local == byRule.Start.Local && c.Start.Zone == byRule.Start.Zone
	if !start {
		return false
	}
	if at(byRule.End).Equal(at(c.End)) {
		return true
	}
	length, err := wallLength(master)
	if err != nil {
		return false
	}
	own, err := wallLength(c)
	return err == nil && own == length
}

// inZone reads the times of an exception in the zone of its series, where its own
// is unknown, or a Windows name for the same clocks.
func inZone(w calendar.When, e models.Eventable, zone string) calendar.When {
	loc, err := calendar.LoadZone(zone)
	if err != nil || w.AllDay() {
		return w
	}
	for _, x := range []struct {
		t    *calendar.Time
		name string
	}{{&w.Start, val(e.GetOriginalStartTimeZone())}, {&w.End, val(e.GetOriginalEndTimeZone())}} {
		at, err := x.t.Instant()
		if err != nil {
			continue
		}
		own, known := ianaZone(x.name)
		if !known || !strings.EqualFold(own, x.name) && calendar.At(at, loc).Local == x.t.Local {
			*x.t = calendar.At(at, loc)
		}
	}
	return w
}
