package google

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// maxExceptionPages ends the reading of one series. A page holds 2500.
const maxExceptionPages = 200

// reader reads whole series for one call of the provider.
type reader struct {
	p        *Provider
	op       string
	cal      calendar.CalendarID
	requests int
}

// whole reads the exceptions of a master. They share its iCalUID, so that
// events.list finds all of them and the master itself in one request (reference
// of events.list, iCalUID), the cancelled ones with showDeleted. events.instances
// would expand the whole rule instead; it serves a master without an iCalUID.
// Of two series with one iCalUID each exception names its own master. If the
// list does not (yet) hold the master, the given one stands.
func (r *reader) whole(ctx context.Context, master *gcal.Event) (series, error) {
	zone, err := r.p.zoneFor(ctx, r.op, r.cal, master)
	if err != nil {
		return series{}, err
	}
	items, err := r.related(ctx, master.Id, master.ICalUID)
	if err != nil {
		return series{}, err
	}
	return r.assemble(master, items, zone), nil
}

// assemble picks a master and its exceptions out of a list.
func (r *reader) assemble(master *gcal.Event, items []*gcal.Event, zone string) series {
	s := series{master: master, zone: zone}
	at := map[string]int{}
	for _, g := range items {
		switch {
		case g == nil:
		case g.Id == master.Id && !instant(g.Updated).Before(instant(master.Updated)):
			s.master = g
		case g.RecurringEventId == master.Id:
			if i, twice := at[g.Id]; twice {
				s.exceptions[i] = g
				continue
			}
			at[g.Id] = len(s.exceptions)
			s.exceptions = append(s.exceptions, g)
		}
	}
	return r.p.written.complete(r.cal, s)
}

// related lists what belongs to a series.
func (r *reader) related(ctx context.Context, master, uid string) ([]*gcal.Event, error) {
	if uid == "" {
		return r.pages(func(token string) (*gcal.Events, error) {
			call := r.p.api.Events.Instances(string(r.cal), master).ShowDeleted(true).MaxResults(pageSize).Context(ctx)
			if token != "" {
				call.PageToken(token)
			}
			return call.Do()
		})
	}
	return r.pages(func(token string) (*gcal.Events, error) {
		call := r.p.api.Events.List(string(r.cal)).ICalUID(uid).ShowDeleted(true).SingleEvents(false).MaxResults(pageSize).Context(ctx)
		if token != "" {
			call.PageToken(token)
		}
		return call.Do()
	})
}

func (r *reader) pages(get func(token string) (*gcal.Events, error)) ([]*gcal.Event, error) {
	watch := pager{op: r.op, cal: r.cal}
	var items []*gcal.Event
	for token := ""; ; {
		page, err := get(token)
		r.requests++
		if err != nil {
			return nil, translateRead(r.op, r.cal, "", err)
		}
		items = append(items, page.Items...)
		if token = page.NextPageToken; token == "" {
			return items, nil
		}
		if err := watch.next(token, maxExceptionPages); err != nil {
			return nil, err
		}
	}
}

// get reads one resource, deleted ones too: those come as cancelled. nil
// without an error if there is none.
func (r *reader) get(ctx context.Context, id string) (*gcal.Event, error) {
	g, err := r.p.api.Events.Get(string(r.cal), id).Context(ctx).Do()
	r.requests++
	if err = translateRead(r.op, r.cal, calendar.RemoteID(id), err); err != nil {
		if k := calendar.KindOf(err); k == calendar.NotFound || k == calendar.Gone {
			return nil, nil
		}
		return nil, err
	}
	return g, nil
}

// event reads what a resource stands for: a single event, or a whole series. A
// cancelled one is deleted.
func (r *reader) event(ctx context.Context, g *gcal.Event) (calendar.Event, error) {
	e, err := r.plain(ctx, g)
	if err == nil {
		err = r.p.veil(ctx, r.op, r.cal, &e)
	}
	return e, err
}

func (r *reader) plain(ctx context.Context, g *gcal.Event) (calendar.Event, error) {
	switch {
	case g.Status == "cancelled":
		// get answers 200 for it (reference of events.get), and so does a patch on a tombstone.
		return calendar.Event{}, r.gone(g.Id)
	case len(g.Recurrence) > 0:
		s, err := r.whole(ctx, g)
		if err != nil {
			return calendar.Event{}, err
		}
		if s.master.Status == "cancelled" {
			return calendar.Event{}, r.gone(g.Id)
		}
		if len(s.master.Recurrence) > 0 {
			return s.event(), nil
		}
		g = s.master // made a single event meanwhile
	}
	zone, err := r.p.zoneFor(ctx, r.op, r.cal, g)
	if err != nil {
		return calendar.Event{}, err
	}
	return fromGoogle(g, zone), nil
}

func (r *reader) gone(id string) error {
	return &calendar.Error{Op: r.op, Kind: calendar.Gone, Calendar: r.cal, Event: calendar.RemoteID(id),
		Err: errors.New("the event was deleted")}
}

// zoneFor is the calendar's zone if g cannot be read without it.
func (p *Provider) zoneFor(ctx context.Context, op string, cal calendar.CalendarID, g *gcal.Event) (string, error) {
	if !needsCalendarZone(g) {
		return "", nil
	}
	return p.zone(ctx, op, cal)
}

// standsAlone reports whether an occurrence without its series is a meeting of
// its own: someone else invited this calendar to that one occurrence. A living
// occurrence of a series of this calendar's own is a remnant of a deleted one.
func standsAlone(g *gcal.Event) bool {
	return g.Status != "cancelled" && g.Organizer != nil && !g.Organizer.Self && len(g.Attendees) > 0
}

// splitTail is the id of a series that 'this and following events' made: its
// occurrences are named after the series it was cut from (observed by Odoo,
// odoo/odoo#287171).
var splitTail = regexp.MustCompile(`^.+_R\d{8}(T\d{6})?$`)

// instanceID is the id of an occurrence that has no resource yet: the master's id
// and the original start (guide 'Recurring events'). It is never kept: a new
// time of the series renames them all.
func (r *reader) instanceID(ctx context.Context, master string, slot calendar.Time) (string, error) {
	if !splitTail.MatchString(master) {
		return master + "_" + slot.Slot(), nil
	}
	original := slot.Local
	if !slot.IsDate() {
		at, err := slot.Instant()
		if err != nil {
			return "", err
		}
		original = at.Format(time.RFC3339)
	}
	items, err := r.pages(func(token string) (*gcal.Events, error) {
		call := r.p.api.Events.Instances(string(r.cal), master).OriginalStart(original).ShowDeleted(true).Context(ctx)
		if token != "" {
			call.PageToken(token)
		}
		return call.Do()
	})
	if err != nil {
		return "", err
	}
	for _, g := range items {
		if t, ok := originalOf(g, slot); ok && t.Slot() == slot.Slot() {
			return g.Id, nil
		}
	}
	return "", &calendar.Error{Op: r.op, Kind: calendar.Invalid, Field: "overrides", Calendar: r.cal, Event: calendar.RemoteID(master),
		Err: fmt.Errorf("there is no occurrence at %s", slot)}
}
