package googlesim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// getEvent answers with a deleted event too: 200, status cancelled.
func (c *call) getEvent() (any, error) {
	cal, err := c.calendar(c.vars["calendarId"])
	if err != nil {
		return nil, err
	}
	e := c.lookup(cal, c.vars["eventId"])
	if e == nil || dead(cal, e) && !exclusion(cal, e) && c.Switches.TombstonesPurged {
		return nil, notFound()
	}
	e = present(cal, e)
	if err := c.ifNoneMatch(etag(e.Change)); err != nil {
		return nil, err
	}
	return c.answer(cal, e)
}

// withToken are the parameters that may not stand beside a sync token
// (reference, parameter syncToken).
var withToken = []string{
	"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
}

// listQuery is what a list asks for.
type listQuery struct {
	showDeleted, single bool
	min, max, updated   time.Time
	words               []string
	uid                 string
	private, shared     []string
	types               []string
	order               string
}

func (c *call) listQuery() (listQuery, error) {
	q := c.query
	l := listQuery{
		showDeleted: q.Get("showDeleted") == "true",
		single:      q.Get("singleEvents") == "true",
		words:       strings.Fields(lower(q.Get("q"))),
		uid:         q.Get("iCalUID"),
		private:     q["privateExtendedProperty"],
		shared:      q["sharedExtendedProperty"],
		types:       q["eventTypes"],
		order:       q.Get("orderBy"),
	}
	var err error
	for name, at := range map[string]*time.Time{"timeMin": &l.min, "timeMax": &l.max, "updatedMin": &l.updated} {
		if *at, err = parseInstant(name, q.Get(name)); err != nil {
			return l, err
		}
	}
	for _, p := range slices.Concat(l.private, l.shared) {
		if name, _, ok := strings.Cut(p, "="); !ok || name == "" {
			return l, badRequest("Invalid value for: extended property constraint " + p)
		}
	}
	switch {
	case l.order == "startTime" && !l.single:
		return l, badRequest("The requested ordering is not available for the particular query.")
	case !l.min.IsZero() && !l.max.IsZero() && !l.max.After(l.min):
		return l, timeRangeEmpty("timeMax")
	}
	horizon := c.Switches.UpdatedMinHorizon
	if horizon == 0 {
		horizon = 28 * 24 * time.Hour
	}
	if !l.updated.IsZero() && l.updated.Before(c.Now().Add(-horizon)) {
		return l, &apiError{status: 410, domain: "calendar", reason: "updatedMinTooLongAgo",
			message:      "The requested minimum modification time lies too far in the past.",
			locationType: "parameter", location: "updatedMin"}
	}
	return l, nil
}

// listEvents is a full read, an increment, or a further page of either.
func (c *call) listEvents() (any, error) {
	cal, err := c.calendar(c.vars["calendarId"])
	if err != nil {
		return nil, err
	}
	v, err := c.view(cal)
	if err != nil {
		return nil, err
	}
	l, err := c.listQuery()
	if err != nil {
		return nil, err
	}
	token := c.query.Get("syncToken")
	if token != "" {
		if err := c.checkIncrement(); err != nil {
			return nil, err
		}
	}
	var p *page
	switch {
	case c.query.Get("pageToken") != "":
		if p, err = c.turnPage(); err == nil && p.delta && (c.Switches.TokenExpiresMidPaging || p.token.Seq < cal.OldestCursor) {
			err = fullSyncRequired()
		}
	case token != "":
		p, err = c.increment(cal, token)
	default:
		p, err = c.fullRead(cal, l), nil
	}
	if err != nil {
		return nil, err
	}
	return c.eventsPage(cal, p, l, v)
}

// checkIncrement refuses what may not stand beside a sync token.
func (c *call) checkIncrement() error {
	for _, name := range withToken {
		if c.query.Has(name) {
			e := badRequest("Sync token cannot be used with the parameter " + name + ".")
			e.locationType, e.location = "parameter", name
			return e
		}
	}
	if c.query.Get("showDeleted") == "false" {
		e := badRequest("Sync token cannot be used with showDeleted=false.")
		e.locationType, e.location = "parameter", "showDeleted"
		return e
	}
	return nil
}

// syncHash covers the parameters that must be the same in every increment.
func (c *call) syncHash() string {
	return c.queryHash(append([]string{"pageToken", "syncToken", "maxResults", "showDeleted"}, withToken...)...)
}

// fullRead makes the snapshot of a list without a token.
func (c *call) fullRead(cal *mailbox.Calendar, l listQuery) *page {
	p := &page{query: c.queryHash("pageToken"), final: true}
	// Orders and searches yield no token; a window does.
	for _, name := range withToken {
		if c.query.Has(name) && name != "timeMin" && name != "timeMax" {
			p.final = false
		}
	}
	p.token = syncToken{List: cal.ID, Seq: c.horizon(cal), Query: c.syncHash()}
	if c.Switches.SyncKeepsWindow {
		p.token.Min, p.token.Max = l.min, l.max
	}
	events := c.Mailbox.All(cal)
	if c.Switches.ListLag > 0 {
		seen := map[string]bool{}
		for _, ch := range cal.Log {
			seen[ch.EventID] = seen[ch.EventID] || ch.Seq <= p.token.Seq
		}
		events = slices.DeleteFunc(events, func(e *mailbox.Event) bool { return !seen[e.ID] })
	}
	if l.single {
		events = c.expanded(cal, events, l.min, l.max)
	}
	loc := zoneOf(cal)
	slices.SortStableFunc(events, func(a, b *mailbox.Event) int {
		switch l.order {
		case "startTime":
			return instant(a.Start, loc).Compare(instant(b.Start, loc))
		case "updated":
			return a.Updated.Compare(b.Updated)
		}
		// 'An unspecified, stable order.'
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	c.snapshot(p, events)
	// The filter comes before the page is cut, but for what changes meanwhile.
	p.ids = slices.DeleteFunc(p.ids, func(id string) bool { return !c.listed(cal, c.lookup(cal, id), l) })
	return p
}

func (c *call) snapshot(p *page, events []*mailbox.Event) {
	for _, e := range events {
		p.ids = append(p.ids, e.ID)
	}
	if c.Switches.Reversed {
		slices.Reverse(p.ids)
	}
	p.empty = c.Switches.EmptyPages && len(p.ids) > 0
}

// increment makes the snapshot of what changed since a token.
func (c *call) increment(cal *mailbox.Calendar, text string) (*page, error) {
	t, err := c.openSyncToken(text, cal.ID, c.syncHash())
	if err != nil {
		return nil, err
	}
	if t.Seq < cal.OldestCursor {
		return nil, fullSyncRequired()
	}
	horizon := max(c.horizon(cal), t.Seq)
	events := c.Mailbox.ChangesBetween(cal, t.Seq, horizon)
	loc := zoneOf(cal)
	events = slices.DeleteFunc(events, func(e *mailbox.Event) bool {
		return !e.Deleted && !inWindow(cal, e, t.Min, t.Max, loc)
	})
	if c.query.Get("singleEvents") == "true" {
		events = c.expanded(cal, events, t.Min, t.Max)
	}
	if c.Switches.Redeliver {
		if old := c.Mailbox.ChangesBetween(cal, 0, t.Seq); len(old) > 0 {
			again := old[len(old)-1]
			events = append([]*mailbox.Event{again}, slices.DeleteFunc(events, func(e *mailbox.Event) bool { return e == again })...)
		}
	}
	p := &page{query: c.queryHash("pageToken"), final: true, same: text, delta: true}
	p.token = t
	p.token.Seq = horizon
	c.snapshot(p, events)
	return p, nil
}

// eventsPage renders one page of a list.
func (c *call) eventsPage(cal *mailbox.Calendar, p *page, l listQuery, v view) (any, error) {
	tag := etag(max(c.lastChange(cal), cal.Change))
	if err := c.ifNoneMatch(tag); err != nil {
		return nil, err
	}
	answer := obj{
		"kind":             "calendar#events",
		"etag":             tag,
		"summary":          cal.Name,
		"updated":          c.lastUpdate(cal).UTC().Format(createdLayout),
		"timeZone":         cal.Zone,
		"accessRole":       v.role,
		"defaultReminders": defaultReminders(cal),
	}
	if cal.Notes != "" {
		answer["description"] = cal.Notes
	}
	limit := 250
	if n := c.number("maxResults"); n > 0 {
		limit = min(n, 2500) // more is cut, not refused
	}
	items := []any{}
	for _, id := range c.next(p, limit, answer) {
		e := c.lookup(cal, id)
		if e == nil || !p.delta && !c.listed(cal, e, l) || p.delta && !typed(e, l) {
			continue // it changed since the first page, or is of no asked-for type
		}
		if !p.delta || !c.Switches.ExceptionsTrickleAlive {
			e = present(cal, e)
		}
		details := l.showDeleted && v.role != "freeBusyReader" && c.isSelf(cal, e.Organizer.Email) ||
			c.Switches.TombstonesKeepDetails || !p.delta && isMaster(e) && c.Switches.DeadMastersListed
		if e.Deleted && !details {
			items = append(items, showTombstone(e, v))
			continue
		}
		items = append(items, c.show(cal, e, v))
	}
	answer["items"] = items
	return answer, nil
}

func (c *call) lastChange(cal *mailbox.Calendar) uint64 {
	if len(cal.Log) == 0 {
		return 0
	}
	return cal.Log[len(cal.Log)-1].Seq
}

func (c *call) lastUpdate(cal *mailbox.Calendar) time.Time {
	if len(cal.Log) == 0 {
		return time.Unix(0, 0)
	}
	return cal.Log[len(cal.Log)-1].Time
}

// typed holds an event against eventTypes. Of a tombstone no more than the id
// is guaranteed, so it always passes.
func typed(e *mailbox.Event, l listQuery) bool {
	return len(l.types) == 0 || e.Deleted || slices.Contains(l.types, or(e.Type, "default"))
}

// listed holds an event against a full list's filters.
func (c *call) listed(cal *mailbox.Calendar, e *mailbox.Event, l listQuery) bool {
	if e == nil {
		return false // it went since the first page
	}
	told := exclusion(cal, e) && !l.single || isMaster(e) && c.Switches.DeadMastersListed
	switch {
	// updatedMin: 'entries deleted since this time will always be included regardless of showDeleted'.
	case dead(cal, e) && !told && !l.showDeleted && l.updated.IsZero():
		return false
	case !typed(e, l), !l.updated.IsZero() && e.Updated.Before(l.updated), l.uid != "" && e.UID != l.uid:
		return false
	case !inWindow(cal, e, l.min, l.max, zoneOf(cal)):
		return false
	case !c.hasProperties(e.Private, l.private), !c.hasProperties(e.Shared, l.shared):
		return false
	case l.single && isMaster(e):
		return false // its instances stand for it
	}
	return hasWords(e, l.words)
}

// inWindow: min is the exclusive lower bound of the end, max the exclusive upper
// bound of the start. A series is in it when its rule has an occurrence there;
// the head of a split one was also seen when it had ended before
// (phw198/OutlookGoogleCalendarSync#1910).
func inWindow(cal *mailbox.Calendar, e *mailbox.Event, from, to time.Time, loc *time.Location) bool {
	if !isMaster(e) || from.IsZero() && to.IsZero() {
		return overlaps(e, from, to, loc)
	}
	rules, err := e.Rules()
	if err != nil || len(tails(cal, stem(e.ID))) > 0 {
		return to.IsZero() || instant(e.Start, loc).Before(to)
	}
	for at := range rules.Between(widen(e, from, to)) {
		if overlaps(instanceAt(e, at), from, to, loc) {
			return true
		}
	}
	return false
}

// overlaps is inWindow for one occurrence.
func overlaps(e *mailbox.Event, from, to time.Time, loc *time.Location) bool {
	return (from.IsZero() || instant(e.End, loc).After(from)) && (to.IsZero() || instant(e.Start, loc).Before(to))
}

func (c *call) hasProperties(have map[string]string, want []string) bool {
	hits := 0
	for _, w := range want {
		name, value, _ := strings.Cut(w, "=")
		if v, ok := have[name]; ok && v == value {
			hits++
		}
	}
	if c.Switches.PropertiesAnyOf {
		return len(want) == 0 || hits > 0
	}
	return hits == len(want)
}

func hasWords(e *mailbox.Event, words []string) bool {
	text := []string{e.Title, e.Body, e.Place, e.Organizer.Name, e.Organizer.Email}
	for _, a := range e.Attendees {
		text = append(text, a.Name, a.Email)
	}
	all := lower(strings.Join(text, "\n"))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(all, w) })
}
