package google

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// current reads a series and insists on its version.
func (r *reader) current(ctx context.Context, id calendar.RemoteID, v calendar.Version) (series, error) {
	g, err := r.p.api.Events.Get(string(r.cal), string(id)).Context(ctx).Do()
	if err != nil {
		return series{}, translateRead(r.op, r.cal, id, err)
	}
	if g.Status == "cancelled" {
		return series{}, r.gone(g.Id)
	}
	s, err := r.whole(ctx, g)
	if err != nil {
		return series{}, err
	}
	if s.master.Status == "cancelled" {
		return series{}, r.gone(g.Id)
	}
	if s.event().Version != v {
		return series{}, &calendar.Error{Op: r.op, Kind: calendar.Conflict, Calendar: r.cal, Event: id,
			Err: errors.New("the series, or one of its occurrences, has changed")}
	}
	return s, nil
}

// patch writes what body says, over the version etag; "" writes over nothing,
// and is for an occurrence that has no resource yet.
func (r *reader) patch(ctx context.Context, id, etag string, body *gcal.Event) (*gcal.Event, error) {
	call := r.p.api.Events.Patch(string(r.cal), id, body).SendUpdates(sendUpdates).Context(ctx)
	if etag != "" {
		call.Header().Set("If-Match", etag)
	}
	g, err := call.Do()
	if err != nil {
		return nil, translate(r.op, r.cal, calendar.RemoteID(id), err)
	}
	return g, nil
}

// writer changes a series part by part, each over the version it was read at. A
// change that was cut off is brought about by sending it again: what is there
// already is not written twice.
type writer struct {
	*reader
	now     series                 // as last read or answered
	answers map[string]*gcal.Event // to our own writes, by id
	wrote   bool                   // occurrences were written
}

// answered takes note of the answer to a write.
func (w *writer) answered(g *gcal.Event) {
	if w.answers == nil {
		w.answers = map[string]*gcal.Event{}
	}
	w.answers[g.Id] = g
}

// left is the series as our writes left it.
func (w *writer) left() calendar.Event {
	s := series{master: w.now.master, zone: w.now.zone}
	if own := w.answers[s.master.Id]; own != nil {
		s.master = own
	}
	rest := maps.Clone(w.answers)
	delete(rest, s.master.Id)
	for _, g := range w.now.exceptions {
		if own := rest[g.Id]; own != nil {
			g = own
			delete(rest, g.Id)
		}
		s.exceptions = append(s.exceptions, g)
	}
	s.exceptions = slices.AppendSeq(s.exceptions, maps.Values(rest))
	return s.event()
}

// change brings about an update of what was a series until now.
func (w *writer) change(ctx context.Context, c calendar.Change) (calendar.Event, error) {
	was, _, err := w.now.bySlot()
	if err != nil && len(c.Slots) > 0 {
		return calendar.Event{}, w.refuse("recurrence", err)
	}
	body, err := patchBody(c.Groups, c.Content, w.now.master)
	if err != nil {
		return calendar.Event{}, at(err, w.op, w.cal, calendar.RemoteID(w.now.master.Id))
	}
	sign(body, c.Mark)
	retimed := c.Groups.Has(calendar.GroupWhen)
	switch {
	case retimed && len(body.Recurrence) == 0:
		body.NullFields = append(body.NullFields, "Recurrence")
		g, err := w.patch(ctx, w.now.master.Id, w.now.master.Etag, body)
		if err != nil {
			return calendar.Event{}, err
		}
		return w.becameSingle(ctx, g)
	case retimed:
		body.Recurrence = withExdates(body.Recurrence, cancelledSlots(c.Content.When, c.Overrides))
	default:
		body.Recurrence = w.withoutExdates(c)
	}
	if len(c.Groups) > 0 || body.Recurrence != nil {
		g, err := w.patch(ctx, w.now.master.Id, w.now.master.Etag, body)
		if err != nil {
			return calendar.Event{}, err
		}
		w.answered(g)
		if retimed {
			return w.becameSeries(ctx, g, c)
		}
		if w.now, err = w.whole(ctx, g); err != nil {
			return calendar.Event{}, err
		}
	}
	now, _, err := w.now.bySlot()
	if err != nil {
		return w.left(), nil
	}
	// What an occurrence takes over from its master is Google's to decide, and
	// differs by how it was changed before. So, after the master, its
	// occurrences are held against the set that is wanted.
	want := c.Overrides
	if want == nil {
		want = map[string]calendar.Override{}
		for slot, x := range was {
			want[slot] = x.Override
		}
		for _, slot := range c.Slots {
			delete(want, slot)
		}
	}
	slots := slices.Clone(c.Slots)
	for slot, x := range now {
		if o := want[slot]; x.Cancelled || o.Cancelled || slices.Contains(slots, slot) {
			continue
		}
		for _, g := range c.Groups {
			if heldGroups.Has(g) && x.Changed.Has(g) != want[slot].Changed.Has(g) {
				slots = append(slots, slot)
				break
			}
		}
	}
	return w.bring(ctx, slots, want)
}

// becameSeries brings about the overrides after the master was given its time and
// rule. Exceptions from before may have gone, stand where the rule has nothing, or
// come to stand on an occurrence of the new rule (sources differ on what Google
// does): the wanted set alone decides.
func (w *writer) becameSeries(ctx context.Context, g *gcal.Event, c calendar.Change) (calendar.Event, error) {
	var err error
	if w.now, err = w.whole(ctx, g); err != nil {
		return calendar.Event{}, err
	}
	now, orphans, err := w.now.bySlot()
	if err != nil {
		return calendar.Event{}, w.refuse("recurrence", err)
	}
	if err := w.clear(ctx, orphans); err != nil {
		return calendar.Event{}, err
	}
	slots := slices.AppendSeq(slices.Collect(maps.Keys(now)), maps.Keys(c.Overrides))
	return w.bring(ctx, slots, c.Overrides)
}

// becameSingle deletes what occurrences are left after the master was made a single
// event, under its own id.
func (w *writer) becameSingle(ctx context.Context, g *gcal.Event) (calendar.Event, error) {
	if err := w.clear(ctx, w.now.exceptions); err != nil {
		return calendar.Event{}, err
	}
	return w.event(ctx, g)
}

// clear deletes occurrences that the series no longer has. Google leaves them in
// the calendar when a rule is shortened (PipedreamHQ/pipedream#20056).
func (w *writer) clear(ctx context.Context, orphans []*gcal.Event) error {
	for _, g := range orphans {
		if g.Status == "cancelled" {
			continue
		}
		call := w.p.api.Events.Delete(string(w.cal), g.Id).SendUpdates(sendUpdates).Context(ctx)
		err := translate(w.op, w.cal, calendar.RemoteID(g.Id), call.Do())
		if k := calendar.KindOf(err); err != nil && k != calendar.NotFound && k != calendar.Gone {
			return err
		}
		w.wrote = true
		w.answered(&gcal.Event{Id: g.Id, RecurringEventId: g.RecurringEventId, OriginalStartTime: g.OriginalStartTime, Status: "cancelled"})
	}
	return nil
}

// bring makes the slots what they are in want, where they are not so already, and
// reads the whole series again if anything was written.
func (w *writer) bring(ctx context.Context, slots []string, want map[string]calendar.Override) (calendar.Event, error) {
	now, orphans, err := w.now.bySlot()
	if err != nil {
		return calendar.Event{}, w.refuse("recurrence", err)
	}
	master := fromGoogle(w.now.master, w.now.zone).Content
	orphans = slices.DeleteFunc(orphans, func(g *gcal.Event) bool {
		original, ok := originalOf(g, master.When.Start)
		return !ok || !slices.Contains(slots, original.Slot()) || !want[original.Slot()].IsZero()
	})
	if err := w.clear(ctx, orphans); err != nil {
		return calendar.Event{}, err
	}
	occurrences, err := master.When.Occurrences()
	if err != nil {
		return calendar.Event{}, w.refuse("recurrence", err)
	}
	slices.Sort(slots)
	for _, slot := range slices.Compact(slots) {
		original, err := slotTime(slot, master.When.Start)
		if err != nil || !occurrences.Has(original) {
			continue // the rule does not have it, and what was left of it is cleared away
		}
		o := want[slot]
		o.Original = original
		if err := w.occurrence(ctx, now[slot], o, master); err != nil {
			return calendar.Event{}, err
		}
	}
	left := w.left()
	if !w.wrote {
		return left, nil
	}
	after, err := w.get(ctx, w.now.master.Id)
	if err != nil {
		return calendar.Event{}, err
	}
	if after == nil || after.Status == "cancelled" {
		return calendar.Event{}, w.gone(w.now.master.Id)
	}
	if w.now, err = w.whole(ctx, after); err != nil {
		return calendar.Event{}, err
	}
	// What a person has changed meanwhile comes with the next read, under another version:
	// in here, it would pass for what Google made of our writes.
	e := w.now.event()
	if len(calendar.Diff(e.Content, left.Content)) > 0 || len(calendar.Slots(e.Overrides, left.Overrides)) > 0 {
		return left, nil
	}
	return e, nil
}

// occurrence makes one occurrence what is wanted, if it is not so already.
func (w *writer) occurrence(ctx context.Context, now exception, want calendar.Override, master calendar.Content) error {
	// An occurrence may have links of its own, which are only read.
	want.Changed, now.Changed = want.Changed.And(heldGroups), now.Changed.And(heldGroups)
	if want.Content.Categories = nil; want.Content.Color == master.Color { // no names are held
		want.Changed = want.Changed.Without(calendar.GroupCategories)
	}
	lives := now.item != nil && now.item.Status != "cancelled"
	if now.Equal(want) && !(want.Cancelled && lives) { // an EXDATE alone does not hide a resource
		return nil
	}
	over := w.now.master // as which an occurrence without a resource of its own is
	if lives {
		over = now.item
	}
	body := &gcal.Event{Status: "cancelled"}
	if !want.Cancelled {
		groups := want.Changed.With(now.Changed...) // what it no longer changes goes back
		if now.Cancelled {
			groups = heldGroups // what a cancelled occurrence would be is not known
		}
		whole := master.Occurrence(want)
		var err error
		if body, err = patchBody(groups, whole, over); err != nil {
			return at(err, w.op, w.cal, calendar.RemoteID(w.now.master.Id))
		}
		if now.Cancelled { // the one status that brings it back
			if body.Status = "confirmed"; ours(w.now.master) {
				body.Status = certainty(whole.Availability)
			}
		}
	}
	id, etag := "", ""
	if now.item != nil {
		id, etag = now.item.Id, now.item.Etag
	} else {
		var err error
		if id, err = w.instanceID(ctx, w.now.master.Id, want.Original); err != nil {
			return err
		}
	}
	g, err := w.patch(ctx, id, etag, body)
	switch calendar.KindOf(err) {
	case calendar.NotFound, calendar.Gone:
		// Not the series itself is meant by that, unless it is gone, too.
		if master, getErr := w.get(ctx, w.now.master.Id); getErr == nil && (master == nil || master.Status == "cancelled") {
			return w.gone(w.now.master.Id)
		}
		return w.refuse("overrides", fmt.Errorf("there is no occurrence at %s: %w", want.Original, err))
	}
	if err != nil {
		return err
	}
	w.wrote = true
	w.answered(g)
	if g.Status == "cancelled" && !want.Cancelled {
		return &calendar.Error{Op: w.op, Kind: calendar.Conflict, Calendar: w.cal, Event: calendar.RemoteID(w.now.master.Id),
			Err: fmt.Errorf("the occurrence at %s was cancelled meanwhile", want.Original)}
	}
	if now.Cancelled && !want.Cancelled {
		if g, err = w.withoutForgotten(ctx, g, master.Occurrence(want)); err != nil {
			return err
		}
		w.answered(g)
	}
	w.p.written.keep(w.cal, g)
	return nil
}

// withoutForgotten takes from an occurrence that was cancelled the properties that
// it had before: a cancelled one does not show them, so that they were not named
// when it was brought back.
func (w *writer) withoutForgotten(ctx context.Context, g *gcal.Event, want calendar.Content) (*gcal.Event, error) {
	p := sendProperties(want.Properties, g)
	if p == nil || len(p.NullFields) == 0 {
		return g, nil
	}
	return w.patch(ctx, g.Id, g.Etag, &gcal.Event{ExtendedProperties: p})
}

func (w *writer) refuse(field string, err error) error {
	return &calendar.Error{Op: w.op, Kind: calendar.Invalid, Field: field, Calendar: w.cal,
		Event: calendar.RemoteID(w.now.master.Id), Err: err}
}

// withoutExdates is the master's recurrence without the EXDATEs of occurrences
// that shall not be cancelled any more; nil if it can stay as it is.
func (w *writer) withoutExdates(c calendar.Change) []string {
	start := fromGoogle(w.now.master, w.now.zone).Content.When.Start
	kept, exdates, err := calendar.SplitExdates(start, w.now.master.Recurrence)
	if err != nil {
		return nil
	}
	var stay []string
	for _, t := range exdates {
		if slot := t.Slot(); c.Overrides[slot].Cancelled || !slices.Contains(c.Slots, slot) {
			stay = append(stay, slot)
		}
	}
	if len(stay) == len(exdates) {
		return nil
	}
	return withExdates(kept, stay)
}

// cancelledSlots are the slots that a series has and shall not show. An EXDATE of
// any other moment would be without effect (guide 'Calendars and events').
func cancelledSlots(w calendar.When, overrides map[string]calendar.Override) []string {
	occurrences, err := w.Occurrences()
	if err != nil {
		return nil // refused elsewhere
	}
	var out []string
	for slot, o := range overrides {
		t, err := slotTime(slot, w.Start)
		if o.Cancelled && err == nil && occurrences.Has(t) {
			out = append(out, slot)
		}
	}
	slices.Sort(out)
	return out
}

// withExdates adds the slots to the lines of a rule, if there is one: in UTC
// without TZID, which every reader understands, or as dates.
func withExdates(rules, slots []string) []string {
	if len(rules) == 0 || len(slots) == 0 {
		return rules
	}
	name := "EXDATE:"
	if len(slots[0]) == len("20060102") {
		name = "EXDATE;VALUE=DATE:"
	}
	return append(slices.Clone(rules), name+strings.Join(slots, ","))
}
