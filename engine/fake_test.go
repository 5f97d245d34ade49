package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
)

// fake is one account with one calendar, in memory: versions, keys, a change
// log, and faults by the call. How a service differs from one that keeps whatever it
// is given is in its quirks. The real connectors are tested elsewhere; this keeps
// the engine's own tests free of their SDKs.
type fake struct {
	quirks
	mu        sync.Mutex
	events    map[calendar.RemoteID]*held
	log       []logged
	late      []logged // changes that listings do not show yet
	oldest    int      // cursors below have expired
	expired   bool     // the next one has
	seq       int
	clock     func() time.Time
	noSeries  string // why it holds no series
	invalid   func(calendar.Change) calendar.Group
	readOnly  bool
	signedOut bool
	calls     []string
	mails     []string // what guests were told of: the call, and the event
	fault     func(call string) (before, after error)
	between   func(call string) // another client, just before a write takes effect
	glitch    func(*calendar.Changes, []logged)
	lag       func() int // how many listings a change that was just made is late
	born      func(*held, calendar.Draft)
	hidden    func(title string) bool // what complete listings leave out
	denied    bool                    // and get does not find
	gone      bool                    // the calendar is, with all of its events
	name      string                  // of the calendar; "Main" if empty
	role      calendar.Role           // of the account in it; the owner's if empty
	concealed bool                    // not shown in the service's own list
	unlisted  bool                    // taken off the account's list, and there all the same
	more      []calendar.Calendar     // others of the account
	makes     calendar.Extra          // what making calendars takes; "no": none are made
	own       string                  // what its ids have that no other calendar's of the account have
}

// quirks are what a service does in its own way. Zero: nothing.
type quirks struct {
	holds       *calendar.Capabilities                  // instead of everything
	tidy        func(calendar.Content) calendar.Content // what it keeps of what is written
	blind       bool                                    // the answer to a write is what was sent, whatever it keeps
	unsure      bool                                    // tombstones may mean something else
	forgetsKeys bool                                    // a deleted event's key is free again
	completes   bool                                    // a create that finds its event adds the overrides it lacks
	stepwise    bool                                    // a series takes several requests
	wipes       bool                                    // a new time of a master takes its overrides away
	letsGo      bool                                    // a declined invitation leaves the calendar
	unmarked    bool                                    // changes show no marks: see Marked
	hides       calendar.Groups                         // not shown by deltas, nor by the answer to a write of other groups
	fulls       int                                     // reads of everything
	ahead       time.Duration                           // how far listings see; 0: for ever
}

// logged is an event as it was at one moment.
type logged struct {
	event calendar.Event
	dead  bool
	late  int // listings until it is shown
}

type held struct {
	calendar.Event
	key  calendar.Key
	dead bool
	soul soul            // the simulation's
	from reconcile.Found // where it was moved from
}

func (h *held) override(slot string, o calendar.Override) {
	h.Overrides = calendar.WithOverride(h.Overrides, slot, o)
}

const calID = calendar.CalendarID("main")

func newFake(clock func() time.Time) *fake {
	return &fake{events: map[calendar.RemoteID]*held{}, clock: clock}
}

func (f *fake) err(k calendar.Kind) error {
	return &calendar.Error{Op: "fake", Kind: k, Err: errors.New("on purpose")}
}

// call counts a call and runs its effect between the faults that are due.
func (f *fake) call(name string, effect func() error) error {
	f.mu.Lock()
	between := f.between
	f.mu.Unlock()
	if between != nil {
		between(name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	var before, after error
	if f.fault != nil {
		before, after = f.fault(name)
	}
	if before != nil {
		return before
	}
	return cmp.Or(effect(), after)
}

// write is a call that changes something.
func (f *fake) write(name string, effect func() error) error {
	return f.call(name, func() error {
		if f.readOnly {
			return f.err(calendar.ReadOnly)
		}
		return effect()
	})
}

// touch takes note that an event has changed. What a late change of it is waited
// for, later ones wait for too.
func (f *fake) touch(h *held) {
	f.seq++
	h.Version = calendar.Version(strconv.Itoa(f.seq))
	h.Updated = f.clock()
	l := logged{event: h.Event, dead: h.dead}
	if f.lag != nil {
		l.late = f.lag()
	}
	for _, x := range f.late {
		if x.event.ID == h.ID {
			l.late = max(l.late, x.late)
		}
	}
	if l.late > 0 {
		f.late = append(f.late, l)
	} else {
		f.log = append(f.log, l)
	}
}

func (f *fake) Capabilities() calendar.Capabilities {
	if f.holds != nil {
		return *f.holds
	}
	return calendar.Capabilities{Groups: calendar.AllGroups, Writes: 2, Series: func(calendar.When) string { return f.noSeries },
		Makes: f.makes != "no", MakesWith: f.makes}
}

func (f *fake) MakeCalendar(_ context.Context, name, zone string) (c calendar.Calendar, err error) {
	err = f.call("make", func() error {
		c = calendar.Calendar{ID: calendar.CalendarID("made " + name), Name: name, Zone: zone}.WithRole(calendar.RoleOwner)
		f.more = append(f.more, c)
		return nil
	})
	return c, err
}

func (f *fake) Calendars(context.Context) (out []calendar.Calendar, err error) {
	err = f.call("calendars", func() error {
		if f.gone {
			out = slices.Clone(f.more)
			return nil
		}
		c := calendar.Calendar{ID: calID, Name: cmp.Or(f.name, "Main"), Primary: true, Hidden: f.concealed}.WithRole(cmp.Or(f.role, calendar.RoleOwner))
		c.Writable = c.Writable && !f.readOnly
		out = slices.Clone(f.more)
		if !f.unlisted {
			out = append(out, c)
		}
		return nil
	})
	return out, err
}

func (f *fake) Changes(_ context.Context, _ calendar.CalendarID, since calendar.Cursor) (out calendar.Changes, err error) {
	err = f.call("changes", func() error {
		if f.gone {
			return f.err(calendar.NotFound)
		}
		waiting := f.late
		f.late = nil
		for _, l := range waiting {
			if l.late--; l.late > 0 {
				f.late = append(f.late, l)
			} else {
				f.log = append(f.log, l)
			}
		}
		if since == "" {
			f.fulls++
		}
		from := 0
		if since != "" {
			from, _ = strconv.Atoi(string(since))
		}
		if since != "" && (from < f.oldest || f.expired) {
			f.expired = false
			return f.err(calendar.CursorExpired)
		}
		out = calendar.Changes{Complete: since == "", Next: calendar.Cursor(strconv.Itoa(len(f.log))), Requests: 1}
		last := map[calendar.RemoteID]logged{}
		for _, l := range f.log[from:] {
			last[l.event.ID] = l
		}
		for _, id := range slices.Sorted(maps.Keys(last)) {
			if l := last[id]; l.dead || !out.Complete || f.hidden == nil || !f.hidden(l.event.Content.Title) {
				f.show(&out, l)
			}
		}
		if f.glitch != nil {
			f.glitch(&out, f.log[:from])
		}
		return nil
	})
	return out, err
}

// show adds to a listing what it says of an event.
func (f *fake) show(out *calendar.Changes, l logged) {
	switch {
	case !l.dead && f.sees(l.event):
		if !out.Complete {
			l.event = f.veil(l.event, nil)
		}
		if f.unmarked {
			l.event.Mark = calendar.Mark{}
		}
		out.Events = append(out.Events, l.event)
	case !out.Complete:
		out.Removed = append(out.Removed, calendar.Removal{ID: l.event.ID, Certain: l.dead && !f.unsure})
	}
}

// sees reports whether an event is near enough for a listing.
func (f *fake) sees(ev calendar.Event) bool {
	if f.ahead == 0 {
		return true
	}
	start, err := ev.Content.When.Start.Instant()
	return err != nil || start.Before(f.clock().Add(f.ahead))
}

// veil takes from an answer what the service does not show in it.
func (f *fake) veil(ev calendar.Event, written calendar.Groups) calendar.Event {
	for _, g := range f.hides {
		if !written.Has(g) {
			ev.Content, ev.Unseen = ev.Content.Take(g, calendar.Content{}), ev.Unseen.With(g)
		}
	}
	return ev
}

func (f *fake) find(id calendar.RemoteID) (*held, error) {
	h, ok := f.events[id]
	switch {
	case !ok, f.gone:
		return nil, f.err(calendar.NotFound)
	case h.dead:
		return nil, f.err(calendar.Gone)
	}
	return h, nil
}

func (f *fake) Get(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID) (out calendar.Event, err error) {
	err = f.call("get", func() error {
		h, err := f.find(id)
		if err == nil && f.denied && f.hidden != nil && f.hidden(h.Content.Title) {
			err = f.err(calendar.NotFound)
		}
		if err == nil {
			out = h.Event
		}
		return err
	})
	return out, err
}

// refuses says why the service does not take a series.
func (f *fake) refuses(w calendar.When, overrides map[string]calendar.Override) error {
	c := f.Capabilities()
	if w.Recurrence.IsZero() {
		return nil
	}
	if c.Series == nil || c.Series(w) != "" {
		return f.err(calendar.Invalid)
	}
	for _, o := range overrides {
		if c.Override != nil && c.Override(w, o) != "" {
			return f.err(calendar.Invalid)
		}
	}
	return nil
}

// kept is what the service keeps of a content.
func (f *fake) kept(c calendar.Content) calendar.Content {
	if f.tidy != nil {
		return f.tidy(c)
	}
	return c
}

// bare makes overrides say only what their occurrence has of its own.
func (f *fake) bare(h *held) {
	for slot, o := range h.Overrides {
		if o.Cancelled {
			continue
		}
		plain := h.Content.Occurrence(calendar.Override{Original: o.Original})
		var said calendar.Content
		kept := f.kept(o.Content)
		for _, g := range o.Changed {
			if calendar.Equal(g, kept, plain) {
				o.Changed = o.Changed.Without(g)
			} else {
				said = said.Take(g, kept)
			}
		}
		o.Content = said
		h.override(slot, o)
	}
}

func (f *fake) Create(_ context.Context, _ calendar.CalendarID, d calendar.Draft) (out calendar.Event, err error) {
	var h *held
	err = f.write("create", func() error {
		for _, x := range f.events {
			if x.key == d.Key && !(x.dead && f.forgetsKeys) {
				if x.dead {
					return f.err(calendar.Gone)
				}
				h, out = x, x.Event
				return nil
			}
		}
		if err := f.refuses(d.Content.When, d.Overrides); err != nil {
			return err
		}
		id := calendar.RemoteID(fmt.Sprintf("made-%s%d", f.own, len(f.events)))
		h = &held{key: d.Key, Event: calendar.Event{ID: id, UID: string(d.Key), Organized: true,
			Created: f.clock(), Mark: d.Mark, Content: f.kept(d.Content)}}
		h.Content.Place = strings.TrimSpace(h.Content.Place) // providers tidy up
		if !f.stepwise {
			h.Overrides = maps.Clone(d.Overrides)
			f.bare(h)
		}
		f.events[h.ID] = h
		if f.born != nil {
			f.born(h, d)
		}
		f.touch(h)
		if out = h.Event; f.blind {
			out.Content, out.Overrides = d.Content, d.Overrides
		}
		return nil
	})
	if err != nil || !f.stepwise || h.Created.Before(out.Updated.Add(-time.Second)) && (!f.completes || out.HasGuests()) {
		return out, err
	}
	todo := maps.Clone(d.Overrides)
	maps.DeleteFunc(todo, func(slot string, _ calendar.Override) bool { _, has := out.Overrides[slot]; return has })
	return f.occurrences(out, todo, slices.Sorted(maps.Keys(todo)), 1)
}

// occurrences writes overrides one by one, after the request that gave ev.
func (f *fake) occurrences(ev calendar.Event, want map[string]calendar.Override, slots []string, written int) (calendar.Event, error) {
	for _, slot := range slots {
		occurs, err := ev.Content.When.Occurrences()
		if err != nil || ev.Content.When.Recurrence.IsZero() {
			break
		}
		if o := want[slot]; o.Equal(ev.Overrides[slot]) || !o.IsZero() && !occurs.Has(ev.Content.When.Original(slot)) {
			continue
		}
		err = f.write("occurrence", func() error {
			h, err := f.find(ev.ID)
			if err != nil {
				return err
			}
			if h.Version != ev.Version {
				return f.err(calendar.Conflict)
			}
			f.mail("update", h, nil)
			h.override(slot, want[slot])
			f.bare(h)
			f.touch(h)
			ev = h.Event
			written++
			return nil
		})
		switch k := calendar.KindOf(err); {
		case err != nil && written > 0 && k != calendar.Unavailable: // something has happened: no other kind may be said
			return ev, f.err(calendar.Unavailable)
		case err != nil:
			return ev, err
		}
	}
	return ev, nil
}

// mail is what the service tells guests of a write.
func (f *fake) mail(call string, h *held, groups calendar.Groups) {
	own := calendar.Groups{calendar.GroupReminders, calendar.GroupCategories, calendar.GroupProperties, calendar.GroupAvailability}
	if h.HasGuests() && (len(groups) == 0 || len(groups.Without(own...)) > 0) {
		f.mails = append(f.mails, fmt.Sprintf("%s %s", call, h.ID))
	}
}

func (f *fake) Respond(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID, v calendar.Version, r calendar.Response) error {
	return f.write("respond", func() error {
		h, err := f.find(id)
		if err != nil {
			return err
		}
		if h.Version != v {
			return f.err(calendar.Conflict)
		}
		if h.Organized && f.letsGo {
			return f.err(calendar.Invalid)
		}
		h.MyResponse = r
		h.dead = r == calendar.Declined && f.letsGo
		f.touch(h)
		return nil
	})
}

func (f *fake) Update(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID, v calendar.Version, c calendar.Change) (out calendar.Event, err error) {
	var slots []string
	written := 0
	master := func() error {
		h, err := f.find(id)
		if err != nil {
			return err
		}
		if h.Version != v {
			return f.err(calendar.Conflict)
		}
		if f.invalid != nil {
			if g := f.invalid(c); g != "" {
				return &calendar.Error{Op: "fake", Kind: calendar.Invalid, Field: string(g), Err: errors.New("not here")}
			}
		}
		w := h.Content.When
		if c.Groups.Has(calendar.GroupWhen) {
			w = c.Content.When
		}
		if err := f.refuses(w, c.Overrides); err != nil {
			return err
		}
		f.mail("update", h, c.Groups)
		for _, g := range c.Groups {
			h.Content = h.Content.Take(g, f.kept(c.Content))
		}
		slots = slices.Clone(c.Slots)
		if c.Groups.Has(calendar.GroupWhen) {
			slots = slotsIn(c.Overrides, h.Overrides)
			if f.wipes || w.Recurrence.IsZero() {
				h.Overrides = nil
			}
		}
		if !f.stepwise {
			for _, slot := range slots {
				h.override(slot, c.Overrides[slot])
			}
		}
		h.Mark = cmp.Or(c.Mark, h.Mark)
		f.bare(h)
		if len(c.Groups) > 0 || !f.stepwise {
			f.touch(h)
			written++
		}
		if out = h.Event; f.blind {
			for _, g := range c.Groups {
				out.Content = out.Content.Take(g, c.Content)
			}
			for _, slot := range c.Slots {
				out.Overrides = calendar.WithOverride(out.Overrides, slot, c.Overrides[slot])
			}
		}
		return nil
	}
	if err = f.write("update", master); err == nil && f.stepwise {
		slices.Sort(slots)
		out, err = f.occurrences(out, c.Overrides, slices.Compact(slots), written)
	}
	return f.veil(out, c.Groups), err
}

// slotsIn lists the slots of several sets of overrides.
func slotsIn(sets ...map[string]calendar.Override) (out []string) {
	for _, m := range sets {
		out = slices.AppendSeq(out, maps.Keys(m))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (f *fake) Delete(_ context.Context, _ calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	return f.write("delete", func() error {
		h, err := f.find(id)
		if err != nil {
			return err
		}
		if h.Version != v {
			return f.err(calendar.Conflict)
		}
		f.mail("delete", h, nil)
		h.dead = true
		f.touch(h)
		return nil
	})
}

// The other client.

func (f *fake) add(title string, change ...func(*calendar.Event)) calendar.RemoteID {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := calendar.RemoteID(fmt.Sprintf("own-%d", len(f.events)))
	start := time.Date(2026, 3, 11, 9, 0, 0, 0, time.UTC)
	h := &held{Event: calendar.Event{ID: id, UID: string(id) + "@" + title, Organized: true, Created: f.clock(), Content: calendar.Content{Title: title,
		When: calendar.When{Start: calendar.At(start, time.UTC), End: calendar.At(start.Add(time.Hour), time.UTC)}}}}
	for _, c := range change {
		c(&h.Event)
	}
	f.events[id] = h
	f.touch(h)
	return id
}

func (f *fake) edit(title string, change func(*calendar.Content)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.one(title)
	change(&h.Content)
	f.touch(h)
}

func (f *fake) remove(title string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.one(title)
	h.dead = true
	f.touch(h)
}

func (f *fake) one(title string) *held {
	for _, h := range f.events {
		if !h.dead && h.Content.Title == title {
			return h
		}
	}
	panic("no event " + title)
}

func (f *fake) titles() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, h := range f.events {
		if !h.dead {
			out = append(out, h.Content.Title)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (f *fake) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (f *fake) writes() int { return f.count("create") + f.count("update") + f.count("delete") }
