package outlook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
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
	if a := answerOf(err); a != nil && a.status == http.StatusBadRequest && !a.is("ErrorInvalidIdMalformed") {
		// Not every version of the service takes the newer properties.
		*requests++
		return p.read(ctx, cal, id, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{Expand: []string{hiddenExpanded}})
	}
	return e, err
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
		if a := answerOf(err); a == nil || a.status != http.StatusBadRequest || a.is("ErrorInvalidIdMalformed") {
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

// match tells which listed item stands for which occurrence of the rule. Graph's
// patterns have one a day at most, so it goes by days of the series' own clock:
// clocks that Exchange reads differently around a change do not matter.
type match struct {
	s        *series
	rule     *calendar.Occurrences
	expected []calendar.Time
	byDay    map[string]calendar.Time
	days     func(time.Time) []string
}

// occurrenceDays gives the days that an originalStart of this series may mean. For
// an all-day series it is a midnight in some zone, not always the one that
// the series names (microsoftgraph/microsoft-graph-docs#2804).
func occurrenceDays(master models.Eventable) func(time.Time) []string {
	zone := seriesZone(master)
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		loc = time.UTC
	}
	if !val(master.GetIsAllDay()) {
		return func(t time.Time) []string { return []string{t.In(loc).Format(time.DateOnly)} }
	}
	return func(t time.Time) []string {
		if t.In(loc).Format(time.TimeOnly) == "00:00:00" {
			return []string{t.In(loc).Format(time.DateOnly)}
		}
		return []string{t.UTC().Add(12 * time.Hour).Format(time.DateOnly)} // the nearest midnight
	}
}

// slot finds the occurrence of the rule on one of the days.
func (m *match) slot(days ...string) (calendar.Time, bool) {
	for _, day := range days {
		if t, ok := m.byDay[day]; ok {
			return t, true
		}
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			continue
		}
		for t := range m.rule.Between(d.AddDate(0, 0, -1), d.AddDate(0, 0, 2)) {
			if t.Local[:len(time.DateOnly)] == day {
				return t, true
			}
		}
	}
	return calendar.Time{}, false
}

// take files the listed items under their slots. An item that says which one it
// is comes first; an exception that does not gets what is left beside it.
func (m *match) take(items []models.Eventable) {
	var unnamed []models.Eventable
	for _, e := range items {
		t, ok := calendar.Time{}, false
		switch at, known := instant(e.GetStart()); {
		case isException(e):
			if e.GetOriginalStart() != nil {
				t, ok = m.slot(m.days(*e.GetOriginalStart())...)
			} else {
				unnamed = append(unnamed, e)
			}
		case val(e.GetIsAllDay()):
			t, ok = m.slot(datePart(e.GetStart()).Local)
		case known:
			t, ok = m.slot(m.days(at)...)
		}
		if ok {
			m.file(t, e)
		}
	}
	for _, e := range unnamed {
		at, ok := instant(e.GetStart())
		if !ok {
			continue
		}
		// It lies between its neighbours, so the nearest free occurrence is its own.
		best, distance := calendar.Time{}, time.Duration(0)
		for _, t := range m.expected {
			if _, taken := m.s.found[t.Slot()]; taken {
				continue
			}
			if i, err := t.Instant(); err == nil && (best.IsZero() || i.Sub(at).Abs() < distance) {
				best, distance = t, i.Sub(at).Abs()
			}
		}
		if !best.IsZero() {
			m.file(best, e)
		}
	}
}

func (m *match) file(t calendar.Time, e models.Eventable) {
	m.s.found[t.Slot()] = occurrence{id: calendar.RemoteID(val(e.GetId())), version: version(e), slot: t, item: e}
}

// edited are the exceptions that came in full with the master, by id.
func (m *match) edited() map[string]models.Eventable {
	out := map[string]models.Eventable{}
	for _, e := range m.s.master.GetExceptionOccurrences() {
		if id := val(e.GetId()); id != "" && e.GetStart() != nil && e.GetBody() != nil && e.GetShowAs() != nil {
			out[id] = e // the documentation also speaks of ids alone
		}
	}
	return out
}

// withoutContent is the span of the listed exceptions of which no more than
// times is known; nil if there are none.
func (m *match) withoutContent(edited map[string]models.Eventable) []time.Time {
	var list []models.Eventable
	for _, o := range m.s.found {
		if isException(o.item) && edited[string(o.id)] == nil {
			list = append(list, o.item)
		}
	}
	return around(list)
}

// beyond is the span of the exceptions that were not listed, and do not say which
// occurrence they are; nil if there are none.
func (m *match) beyond(edited map[string]models.Eventable) []time.Time {
	listed := map[string]bool{}
	for _, o := range m.s.found {
		listed[string(o.id)] = true
	}
	var list []models.Eventable
	for id, e := range edited {
		if !listed[id] && e.GetOriginalStart() == nil {
			list = append(list, e)
		}
	}
	return around(list)
}

// around is a span that meets the items, or as many as one listing may span.
func around(items []models.Eventable) []time.Time {
	var span []time.Time
	for _, e := range items {
		from, ok1 := instant(e.GetStart())
		to, ok2 := instant(e.GetEnd())
		if !ok1 || !ok2 {
			continue
		}
		// A day on both sides: all-day ones are midnights in a zone of their own.
		from, to = from.AddDate(0, 0, -1), to.AddDate(0, 0, 1)
		if span == nil {
			span = []time.Time{from, to}
		}
		if from.Before(span[0]) {
			span[0] = from
		}
		if to.After(span[1]) {
			span[1] = to
		}
	}
	if span != nil && span[1].Sub(span[0]) > maxSpan {
		span[1] = span[0].Add(maxSpan)
	}
	return span
}

// overrides puts together what differs from the rule.
func (m *match) overrides(edited map[string]models.Eventable, at span) map[string]calendar.Override {
	out := map[string]calendar.Override{}
	for slot, o := range m.s.found {
		if e := edited[string(o.id)]; e != nil && isException(o.item) {
			if x := m.s.overrideOf(o.slot, e); !x.IsZero() {
				out[slot] = x
			}
		}
	}
	for _, e := range edited { // beyond what was listed, but with its slot
		if t, ok := m.unlisted(e); ok {
			if x := m.s.overrideOf(t, e); !x.IsZero() {
				out[t.Slot()] = x
			}
		}
	}
	for _, id := range m.s.master.GetCancelledOccurrences() { // "OID.<master>.2026-03-15", in the series' zone
		if t, ok := m.slot(id[max(0, len(id)-len(time.DateOnly)):]); ok && m.s.found[t.Slot()].id == "" {
			out[t.Slot()] = calendar.Override{Original: t, Cancelled: true}
		}
	}
	for i, t := range m.expected {
		if _, ok := out[t.Slot()]; ok || m.s.found[t.Slot()].id != "" || i < at.head || i >= len(m.expected)-at.tail {
			continue
		}
		out[t.Slot()] = calendar.Override{Original: t, Cancelled: true}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// responses are the owner's answers to single occurrences, where they differ from
// the one to the series. "None" is no answer, whatever the series has.
func (m *match) responses(edited map[string]models.Eventable) map[string]calendar.Response {
	out := map[string]calendar.Response{}
	note := func(slot string, e models.Eventable) {
		if r := response(e.GetResponseStatus()); r != calendar.NoResponse && r != m.s.event.MyResponse {
			out[slot] = r
		}
	}
	for slot, o := range m.s.found {
		if e := edited[string(o.id)]; e != nil && e.GetResponseStatus() != nil {
			note(slot, e)
		} else {
			note(slot, o.item)
		}
	}
	for _, e := range edited {
		if t, ok := m.unlisted(e); ok {
			note(t.Slot(), e)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// unlisted is the slot of an exception beyond what was listed, if it says so.
func (m *match) unlisted(e models.Eventable) (calendar.Time, bool) {
	if e.GetOriginalStart() == nil {
		return calendar.Time{}, false
	}
	t, ok := m.slot(m.days(*e.GetOriginalStart())...)
	return t, ok && m.s.found[t.Slot()].id == ""
}

// version is the master's etag and, if there are exceptions or answers of their
// own, what they are at after it. An edit of an occurrence was seen to change the
// master's etag too; that an answer to one does is written nowhere.
func (m *match) version(edited map[string]models.Eventable) calendar.Version {
	parts := map[string]string{}
	for id, e := range edited {
		parts[id] = string(version(e))
	}
	for _, o := range m.s.found {
		if isException(o.item) {
			parts[string(o.id)] = cmp.Or(string(o.version), parts[string(o.id)])
		}
	}
	for slot, r := range m.s.event.Responses {
		parts[slot] = string(r)
	}
	if len(parts) == 0 {
		return m.s.event.Version
	}
	sum := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(parts)) {
		fmt.Fprintf(sum, "%s\n%s\n", k, parts[k])
	}
	return m.s.event.Version + calendar.Version(hex.EncodeToString(sum.Sum(nil)[:8]))
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
