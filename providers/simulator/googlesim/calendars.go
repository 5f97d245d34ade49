package googlesim

import (
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// showEntry renders the account's entry for a calendar.
func (s *Server) showEntry(cal *mailbox.Calendar) obj {
	d := obj{"kind": "calendar#calendarListEntry", "etag": etag(cal.EntryChange), "id": cal.ID}
	if cal.Deleted || cal.Unlisted {
		d["deleted"] = true
		return d
	}
	d["summary"] = cal.Name
	d["timeZone"] = cal.Zone
	d["accessRole"] = cal.Role
	d["colorId"] = "14"
	d["backgroundColor"] = or(cal.Color, calendarColors["14"])
	d["foregroundColor"] = "#000000"
	d["selected"] = true
	d["conferenceProperties"] = obj{"allowedConferenceSolutionTypes": []any{"hangoutsMeet"}}
	if cal.Notes != "" {
		d["description"] = cal.Notes
	}
	if cal.Place != "" {
		d["location"] = cal.Place
	}
	for k, v := range cal.Entry {
		d[k] = copyValue(v)
	}
	d["defaultReminders"] = defaultReminders(cal)
	if cal.Hidden {
		d["hidden"] = true // 'only returned when the calendar is hidden'
	}
	if cal.Primary {
		d["primary"] = true
	} else if cal.Role == "owner" {
		d["dataOwner"] = s.Mailbox.Owner.Email
	}
	return d
}

func defaultReminders(cal *mailbox.Calendar) []any {
	if l, ok := cal.Entry["defaultReminders"].([]any); ok {
		return l
	}
	if cal.Primary {
		return []any{obj{"method": "popup", "minutes": int64(10)}}
	}
	return []any{}
}

// listCalendars is a full list or an increment of entries.
func (c *call) listCalendars() (any, error) {
	token := c.query.Get("syncToken")
	if token != "" {
		for _, name := range []string{"minAccessRole", "showOwnOrganizationOnly"} {
			if c.query.Has(name) {
				return nil, badRequest("Sync token cannot be used with the parameter " + name + ".")
			}
		}
		if c.query.Get("showDeleted") == "false" || c.query.Get("showHidden") == "false" {
			return nil, badRequest("Sync token cannot be used with showDeleted=false or showHidden=false.")
		}
	}
	hash := c.queryHash("pageToken", "syncToken", "maxResults", "showDeleted", "showHidden")
	var p *page
	var err error
	switch {
	case c.query.Get("pageToken") != "":
		p, err = c.turnPage()
	case token != "":
		p, err = c.entryIncrement(token, hash)
	default:
		p = &page{query: c.queryHash("pageToken"), final: true}
		p.token = syncToken{List: "calendarList", Seq: c.Mailbox.Seq(), Query: hash}
		for _, cal := range c.Mailbox.Calendars {
			if c.entryListed(cal) {
				p.ids = append(p.ids, cal.ID)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	limit := 100
	if n := c.number("maxResults"); n > 0 {
		limit = min(n, 250)
	}
	var newest uint64
	for _, cal := range c.Mailbox.Calendars {
		newest = max(newest, cal.EntryChange)
	}
	if err := c.ifNoneMatch(etag(newest)); err != nil {
		return nil, err
	}
	answer := obj{"kind": "calendar#calendarList", "etag": etag(newest)}
	items := []any{}
	for _, id := range c.next(p, limit, answer) {
		if i := slices.IndexFunc(c.Mailbox.Calendars, func(cal *mailbox.Calendar) bool { return cal.ID == id }); i >= 0 {
			items = append(items, c.showEntry(c.Mailbox.Calendars[i]))
		}
	}
	answer["items"] = items
	return answer, nil
}

// entryIncrement: deleted and hidden entries always come; changes of read-only
// properties and of access rights never do.
func (c *call) entryIncrement(token, hash string) (*page, error) {
	t, err := c.openSyncToken(token, "calendarList", hash)
	if err != nil {
		return nil, err
	}
	p := &page{query: c.queryHash("pageToken"), final: true, same: token, delta: true}
	p.token = t
	p.token.Seq = c.Mailbox.Seq()
	for _, cal := range c.Mailbox.Calendars {
		if cal.EntryChange > t.Seq {
			p.ids = append(p.ids, cal.ID)
		}
	}
	return p, nil
}

func (c *call) entryListed(cal *mailbox.Calendar) bool {
	switch {
	case cal.Deleted, cal.Unlisted:
		return c.query.Get("showDeleted") == "true"
	case cal.Hidden && c.query.Get("showHidden") != "true":
		return false
	}
	least := c.query.Get("minAccessRole")
	return least == "" || atLeast(cal.Role, least)
}

// entry finds a calendar that is on the account's list.
func (c *call) entry() (*mailbox.Calendar, error) {
	cal, err := c.calendar(c.vars["calendarId"])
	if err == nil && cal.Unlisted {
		return nil, notFound()
	}
	return cal, err
}

func (c *call) getEntry() (any, error) {
	cal, err := c.entry()
	if err != nil {
		return nil, err
	}
	if err := c.ifNoneMatch(etag(cal.EntryChange)); err != nil {
		return nil, err
	}
	return c.showEntry(cal), nil
}

// entryMembers are those of the entry that a client may write and that are kept as they come.
var entryMembers = []string{"colorId", "summaryOverride", "selected", "defaultReminders", "notificationSettings"}

func (c *call) patchEntry() (any, error) {
	cal, err := c.entry()
	if err != nil {
		return nil, err
	}
	if err := c.ifMatch(etag(cal.EntryChange)); err != nil {
		return nil, err
	}
	before := c.showEntry(cal)
	entry := obj{}
	for k, v := range cal.Entry {
		entry[k] = copyValue(v)
	}
	for _, name := range entryMembers {
		v, given := c.body[name]
		switch {
		case given && v == nil:
			delete(entry, name)
		case given:
			entry[name] = v
		}
	}
	if rows, ok := entry["defaultReminders"].([]any); ok {
		if _, err := readReminderRows(rows); err != nil {
			return nil, err
		}
	}
	if id, _ := entry["colorId"].(string); id != "" {
		if calendarColors[id] == "" {
			return nil, invalid("Invalid color id.")
		}
		entry["backgroundColor"] = calendarColors[id]
	}
	if c.query.Get("colorRgbFormat") == "true" {
		for _, name := range []string{"backgroundColor", "foregroundColor"} {
			if v, _ := c.body[name].(string); v != "" {
				entry[name] = v
			}
		}
	}
	cal.Entry = entry
	if hidden, ok := c.body["hidden"].(bool); ok {
		cal.Hidden = hidden
	}
	if len(difference(before, c.showEntry(cal))) > 0 {
		c.Mailbox.TouchEntry(cal)
	}
	return c.showEntry(cal), nil
}

// showCalendar renders the calendar itself, which has an etag of its own.
func (s *Server) showCalendar(cal *mailbox.Calendar) obj {
	d := obj{
		"kind": "calendar#calendar", "etag": etag(cal.Change), "id": cal.ID,
		"summary": cal.Name, "timeZone": cal.Zone,
		"conferenceProperties": obj{"allowedConferenceSolutionTypes": []any{"hangoutsMeet"}},
	}
	if cal.Notes != "" {
		d["description"] = cal.Notes
	}
	if cal.Place != "" {
		d["location"] = cal.Place
	}
	if !cal.Primary && cal.Role == "owner" {
		d["dataOwner"] = s.Mailbox.Owner.Email
	}
	return d
}

func (c *call) getCalendar() (any, error) {
	cal, err := c.calendar(c.vars["calendarId"])
	if err != nil {
		return nil, err
	}
	if err := c.ifNoneMatch(etag(cal.Change)); err != nil {
		return nil, err
	}
	return c.showCalendar(cal), nil
}

// insertCalendar mints the id and subscribes the account as owner.
func (c *call) insertCalendar() (any, error) {
	if s, _ := c.body["summary"].(string); s == "" {
		return nil, required("Missing title.")
	}
	cal := &mailbox.Calendar{Role: "owner", Zone: "UTC"}
	if err := c.readCalendar(cal); err != nil {
		return nil, err
	}
	c.Mailbox.InsertCalendar(cal)
	c.created[cal.ID] = true
	return c.showCalendar(cal), nil
}

func (c *call) readCalendar(cal *mailbox.Calendar) error {
	for name, at := range map[string]*string{
		"summary": &cal.Name, "description": &cal.Notes, "location": &cal.Place, "timeZone": &cal.Zone,
	} {
		v, given := c.body[name]
		if !given {
			continue
		}
		s, _ := v.(string)
		if name == "timeZone" {
			if _, ok := loadZone(s); !ok {
				return invalid("Invalid time zone value.")
			}
		}
		*at = s
	}
	if c.body["labelProperties"] != nil {
		c.Record.NotImplemented("event labels")
		return notImplemented("event labels")
	}
	return nil
}

// patchCalendar leaves the etag alone when nothing changes, as was observed.
func (c *call) patchCalendar() (any, error) {
	cal, err := c.ownedCalendar()
	if err != nil {
		return nil, err
	}
	next := *cal
	if err := c.readCalendar(&next); err != nil {
		return nil, err
	}
	changed := len(difference(c.showCalendar(cal), c.showCalendar(&next))) > 0
	*cal = next
	if changed {
		c.Mailbox.TouchCalendar(cal)
	}
	return c.showCalendar(cal), nil
}

func (c *call) deleteCalendar() (any, error) {
	cal, err := c.ownedCalendar()
	if err != nil {
		return nil, err
	}
	if cal.Primary {
		return nil, forbidden("The primary calendar cannot be deleted.")
	}
	c.Mailbox.RemoveCalendar(cal)
	return nil, errNoContent
}

func (c *call) ownedCalendar() (*mailbox.Calendar, error) {
	cal, err := c.calendar(c.vars["calendarId"])
	if err != nil {
		return nil, err
	}
	if c.role(cal) != "owner" {
		return nil, needsRole("owner")
	}
	return cal, c.ifMatch(etag(cal.Change))
}

// queryFreeBusy merges the busy times of each calendar.
func (c *call) queryFreeBusy() (any, error) {
	minText, _ := c.body["timeMin"].(string)
	maxText, _ := c.body["timeMax"].(string)
	if minText == "" || maxText == "" {
		return nil, required("Required")
	}
	from, err := parseInstant("timeMin", minText)
	if err != nil {
		return nil, err
	}
	to, err := parseInstant("timeMax", maxText)
	if err != nil {
		return nil, err
	}
	if !to.After(from) {
		return nil, timeRangeEmpty("timeMax")
	}
	loc := time.UTC
	if z, _ := c.body["timeZone"].(string); z != "" {
		var ok bool
		if loc, ok = loadZone(z); !ok {
			return nil, invalid("Invalid time zone definition.")
		}
	}
	calendars := obj{}
	rows, _ := c.body["items"].([]any)
	for _, r := range rows {
		row, _ := r.(obj)
		id, _ := row["id"].(string)
		if cal := c.Mailbox.Calendar(id); cal != nil {
			calendars[id] = obj{"busy": c.busy(cal, from, to, loc)}
		} else {
			calendars[id] = obj{"busy": []any{}, "errors": []any{obj{"domain": "global", "reason": "notFound"}}}
		}
	}
	return obj{
		"kind": "calendar#freeBusy", "calendars": calendars,
		"timeMin": from.UTC().Format(createdLayout), "timeMax": to.UTC().Format(createdLayout),
	}, nil
}

func (c *call) busy(cal *mailbox.Calendar, from, to time.Time, loc *time.Location) []any {
	type span struct{ from, to time.Time }
	var spans []span
	own := zoneOf(cal)
	for _, e := range c.visible(cal, from, to) {
		declined := slices.ContainsFunc(e.Attendees, func(a mailbox.Attendee) bool {
			return c.isSelf(cal, a.Email) && a.Response == "declined"
		})
		if e.ShowAs == "free" || declined || e.Type == "workingLocation" {
			continue
		}
		spans = append(spans, span{instant(e.Start, own), instant(e.End, own)})
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var merged []span
	for _, s := range spans {
		if n := len(merged); n > 0 && !s.from.After(merged[n-1].to) {
			if s.to.After(merged[n-1].to) {
				merged[n-1].to = s.to
			}
			continue
		}
		merged = append(merged, s)
	}
	out := []any{}
	for _, s := range merged {
		out = append(out, obj{"start": s.from.In(loc).Format(time.RFC3339), "end": s.to.In(loc).Format(time.RFC3339)})
	}
	return out
}

// settings are the person's; the zone is the mailbox's.
func (c *call) settings() [][2]string {
	return [][2]string{
		{"autoAddHangouts", "false"}, {"dateFieldOrder", "DMY"}, {"defaultEventLength", "60"},
		{"format24HourTime", "true"}, {"hideInvitations", "false"}, {"hideWeekends", "false"}, {"locale", "en"},
		{"remindOnRespondedEventsOnly", "false"}, {"showDeclinedEvents", "true"}, {"timezone", c.Mailbox.Zone},
		{"useKeyboardShortcuts", "true"}, {"weekStart", "1"},
	}
}

func showSetting(s [2]string) obj {
	return obj{"kind": "calendar#setting", "etag": `"0"`, "id": s[0], "value": s[1]}
}

func (c *call) listSettings() (any, error) {
	hash := c.queryHash("pageToken", "syncToken", "maxResults")
	var p *page
	var err error
	switch token := c.query.Get("syncToken"); {
	case c.query.Get("pageToken") != "":
		p, err = c.turnPage()
	case token != "":
		var t syncToken
		t, err = c.openSyncToken(token, "settings", hash)
		p = &page{query: c.queryHash("pageToken"), final: true, same: token, token: t}
	default:
		p = &page{query: c.queryHash("pageToken"), final: true}
		p.token = syncToken{List: "settings", Seq: c.Mailbox.Seq(), Query: hash}
		for _, s := range c.settings() {
			p.ids = append(p.ids, s[0])
		}
	}
	if err != nil {
		return nil, err
	}
	limit := 100
	if n := c.number("maxResults"); n > 0 {
		limit = min(n, 250)
	}
	answer := obj{"kind": "calendar#settings", "etag": `"0"`}
	items := []any{}
	for _, id := range c.next(p, limit, answer) {
		for _, s := range c.settings() {
			if s[0] == id {
				items = append(items, showSetting(s))
			}
		}
	}
	answer["items"] = items
	return answer, nil
}

func (c *call) getSetting() (any, error) {
	for _, s := range c.settings() {
		if strings.EqualFold(s[0], c.vars["setting"]) {
			return showSetting(s), nil
		}
	}
	return nil, notFound()
}
