package outlook

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// Update implements calendar.Provider. It writes groups that Outlook can hold;
// others are left out. Notes of an online meeting are refused as Invalid if they
// would change: they hold Teams' join block, and without it the meeting is off
// (Graph "Update event"). So are notes that hold pictures, which calendar.Notes does
// not know and the write would take away; not those of single occurrences. That takes
// a read before the write, as a new time does.
//
// A series is written master first, then occurrence by occurrence. Exchange
// forgets all overrides when a master's time or rule changes, so all of
// c.Overrides is then written again, whatever Slots says. It does so too, on
// purpose, where a cancelled occurrence shall stand again: that is possible in
// no other way. In between, the series is seen without overrides. An occurrence
// that goes back to the rule gets the master's values; Exchange keeps calling it
// an exception, but it reads as none.
//
// The answer to a write shows no hidden properties: unless they were written
// with it, they are Unseen in what Update returns of a single event.
//
// What a person changes while a series is written is not in what Update returns, or it
// would pass for what Outlook made of the write: it comes with the next read, under
// another version.
//
// A master is written under its version, an occurrence under its own, read
// right before. When an occurrence turns out to have changed half-way, the error is
// Unavailable, since part of the change has happened.
func (p *Provider) Update(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version,
	c calendar.Change) (calendar.Event, error) {
	const op = "update event"
	groups := c.Groups.With() // in order, for one body a wish
	for _, g := range calendar.AllGroups {
		if !held.Has(g) {
			groups = groups.Without(g)
		}
	}
	if len(groups) == 0 && len(c.Slots) == 0 {
		return p.unchanged(ctx, cal, id, v)
	}
	if cal == "" || id == "" {
		return calendar.Event{}, failedOn(op, cal, id, &calendar.Error{Op: op, Kind: calendar.NotFound, Err: errors.New("no id")})
	}
	if groups.Has(calendar.GroupWhen) {
		if why := seriesRefusal(c.Content.When, c.Overrides); why != "" {
			e := refused(op, cal, calendar.GroupWhen, "%s", why)
			e.Event = id
			return calendar.Event{}, e
		}
	}
	u := update{p: p, ctx: ctx, cal: cal, id: id, want: c}
	e, err := u.run(groups, v)
	if err != nil {
		return calendar.Event{}, failedOn(op, cal, id, u.settled(err))
	}
	return e, nil
}

// seriesRefusal says why Outlook cannot hold a series as a whole.
func seriesRefusal(w calendar.When, overrides map[string]calendar.Override) string {
	if w.Recurrence.IsZero() {
		return ""
	}
	if why := seriesFits(w); why != "" {
		return why
	}
	for _, slot := range calendar.Slots(nil, overrides) {
		if why := overrideFits(w, overrides[slot]); why != "" {
			return why
		}
	}
	return ""
}

// update is one change on its way.
type update struct {
	p    *Provider
	ctx  context.Context
	cal  calendar.CalendarID
	id   calendar.RemoteID
	want calendar.Change

	writes  int                          // requests that changed something
	answers map[string]calendar.Override // what the occurrences that were written became, by slot
}

// settled says what a failure means once something has been written: a conflict
// is then no promise that nothing was.
func (u *update) settled(err error) error {
	e := failed("write series", err)
	if u.writes > 0 && (e.Kind == calendar.Conflict || e.Kind == calendar.NotFound || e.Kind == calendar.Gone) {
		return &calendar.Error{Op: "write series", Kind: calendar.Unavailable, Err: err}
	}
	return err
}

func (u *update) run(groups calendar.Groups, v calendar.Version) (calendar.Event, error) {
	var err error
	wasSeries := false
	if groups.Has(calendar.GroupNotes) || groups.Has(calendar.GroupWhen) {
		if groups, wasSeries, err = u.before(groups, v); err != nil {
			return calendar.Event{}, err
		}
	}
	retimed := groups.Has(calendar.GroupWhen)
	var answer models.Eventable // of the master
	if len(groups) > 0 {
		changed, err := u.master(groups, v, wasSeries)
		if err != nil {
			return calendar.Event{}, err
		}
		if changed != nil && val(changed.GetId()) != "" {
			if !isMaster(changed) {
				return u.p.written(u.ctx, u.cal, changed, groups, u.want.Content), nil
			}
			v, answer = version(changed), changed
		} else {
			v = "" // written; the answer was empty
		}
	}
	s, err := u.p.whole(u.ctx, u.cal, u.id)
	if err != nil {
		return calendar.Event{}, err
	}
	if v != "" && s.event.Version != v && u.writes == 0 {
		return calendar.Event{}, errStale
	}
	if answer != nil {
		for _, g := range compared(calendar.Diff(content(answer), content(s.master))) {
			s.event.Content = s.event.Content.Take(g, neutral(answer, func() string { return "" }).Content)
			s.event.Version = version(answer)
		}
	}
	if s.event.Content.When.Recurrence.IsZero() || len(u.want.Slots) == 0 && !retimed {
		return s.event, nil
	}
	return u.overrides(s, retimed)
}

// before reads what a write depends on: whether the event is a series now, and
// whether its notes may be written.
func (u *update) before(groups calendar.Groups, v calendar.Version) (calendar.Groups, bool, error) {
	now, err := u.p.read(u.ctx, u.cal, u.id, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{
		Select: []string{"id", "type", "body", "isOnlineMeeting"},
	})
	if err != nil {
		return nil, false, err
	}
	if string(version(now)) != etag(v) {
		return nil, false, errStale
	}
	if online := val(now.GetIsOnlineMeeting()); groups.Has(calendar.GroupNotes) && (online || pictured(now)) {
		switch {
		case content(now).Notes == u.want.Content.Notes:
			groups = groups.Without(calendar.GroupNotes)
		case online:
			return nil, false, onlineNotes(u.cal)
		default:
			return nil, false, refused("write notes", u.cal, calendar.GroupNotes, "the notes hold pictures, which would be lost; edit them in Outlook")
		}
	}
	return groups, isMaster(now), nil
}

// pictured reports whether an event's notes hold pictures.
func pictured(e models.Eventable) bool {
	b := e.GetBody()
	return b != nil && is(b.GetContentType(), models.HTML_BODYTYPE) && strings.Contains(strings.ToLower(val(b.GetContent())), "<img")
}

func onlineNotes(cal calendar.CalendarID) error {
	return refused("write notes", cal, calendar.GroupNotes, "the notes hold the join details of an online meeting; edit them in Outlook")
}

// master writes groups to the single event or the master.
func (u *update) master(groups calendar.Groups, v calendar.Version, wasSeries bool) (models.Eventable, error) {
	e, err := u.p.writeTimes(func(zones zoneNames) (models.Eventable, error) {
		body, err := patchEvent(groups, u.want.Content, zones)
		if err != nil {
			return nil, refused("update event", u.cal, calendar.GroupWhen, "%w", err)
		}
		if err := sign(body, u.want.Mark); err != nil {
			return nil, err
		}
		if wasSeries && groups.Has(calendar.GroupWhen) && u.want.Content.When.Recurrence.IsZero() {
			body.SetAdditionalData(map[string]any{"recurrence": nil}) // the setter would leave null out
		}
		return u.patch(u.id, v, body)
	})
	if err == nil {
		u.writes++
	}
	return e, err
}

func (u *update) patch(id calendar.RemoteID, v calendar.Version, body models.Eventable) (models.Eventable, error) {
	h := headers()
	if v != "" {
		h.Add("If-Match", etag(v))
	}
	return u.p.event(u.cal, id).Patch(u.ctx, body,
		&users.ItemCalendarsItemEventsEventItemRequestBuilderPatchRequestConfiguration{Headers: h})
}

// complete makes a created series what its draft says: it writes the overrides
// that its occurrences do not have yet. An occurrence that has become anything else
// than what the rule says is left alone, be it by an earlier try or by a person. So is
// a series to which guests were invited since an earlier try: they would get mail.
//
// If the server refuses one of the overrides, the series is deleted again, unless
// it was there early, before this call: Invalid says that nothing was written.
func (p *Provider) complete(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, d calendar.Draft, early bool) (calendar.Event, error) {
	const op = "create event"
	s, err := p.whole(ctx, cal, id)
	if err != nil {
		e := failedOn(op, cal, id, err)
		if e.Kind == calendar.NotFound {
			e.Kind = calendar.Gone
		}
		return calendar.Event{}, e
	}
	todo := map[string]calendar.Override{}
	if !s.event.Content.When.Recurrence.IsZero() && len(s.event.Guests) == 0 {
		for slot, o := range d.Overrides {
			if _, done := s.event.Overrides[slot]; !done && !o.IsZero() && overrideFits(s.event.Content.When, o) == "" {
				todo[slot] = o
			}
		}
	}
	if len(todo) == 0 {
		return s.event, nil
	}
	u := update{p: p, ctx: ctx, cal: cal, id: id, want: calendar.Change{Overrides: todo, Slots: calendar.Slots(nil, todo)}}
	e, err := u.overrides(s, false)
	if err == nil {
		return e, nil
	}
	f := failedOn(op, cal, id, u.settled(err))
	if f.Kind == calendar.Invalid && !early {
		if err := p.event(cal, id).Delete(ctx, &users.ItemCalendarsItemEventsEventItemRequestBuilderDeleteRequestConfiguration{Headers: headers()}); err != nil {
			f.Kind = calendar.Unavailable
		}
	}
	return calendar.Event{}, f
}

// nudged is the pattern with a range that says the same in another way, so that
// Exchange takes it for a new one and forgets what was done to the occurrences.
// Were we cut off before the true range is written again, nothing would be lost.
func (p pattern) nudged(w calendar.When) (pattern, error) {
	rule, err := w.Occurrences()
	if err != nil {
		return p, err
	}
	last, ends := rule.Last()
	switch {
	case !ends:
		p.end = forEver + "-08-31"
	case p.count > 0:
		p.count, p.end = 0, last.Local[:len(time.DateOnly)]
	default:
		n, ok := rule.Ordinal(last)
		if !ok || n > maxCount {
			day, err := time.Parse(time.DateOnly, p.end)
			if err != nil {
				return p, err
			}
			// Too many to count; one day more has no further occurrence, or one
			// that is gone again in a moment.
			p.end = day.AddDate(0, 0, 1).Format(time.DateOnly)
			return p, nil
		}
		p.count, p.end = n, ""
	}
	return p, nil
}
