package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// Limits of one agenda: what a person can take in at a glance, many times over.
const (
	maxAgendaDays    = 62
	maxAgendaEvents  = 5000 // looked at, a calendar
	maxAgendaEntries = 5000
	agendaBatch      = 200 // read in one transaction
)

// Agenda tells what lies between two moments, each meeting once wherever it stands. It
// goes by what was last read.
func (e *Engine) Agenda(ctx context.Context, q control.AgendaQuery) (control.Agenda, error) {
	if !q.From.Before(q.To) || q.To.Sub(q.From) > maxAgendaDays*24*time.Hour {
		return control.Agenda{}, usage("from %s to %s: an agenda goes forward, and over %d days at most", q.From.Format(time.RFC3339), q.To.Format(time.RFC3339), maxAgendaDays)
	}
	h, err := e.gather(true, nil)
	if err != nil {
		return control.Agenda{}, err
	}
	a := &agenda{q: q, house: h, lenses: map[agendaLens]*mapping.Mapping{}, at: map[agendaKey]int{}, out: control.Agenda{Entries: []control.AgendaEntry{}}}
	type wanted struct {
		ref state.Ref
		ids []calendar.RemoteID
	}
	var all []wanted
	err = e.Store.View(func(tx *store.Tx) error {
		for _, m := range h.mirrors {
			for _, x := range m.Members {
				if x.Off || slices.ContainsFunc(all, func(w wanted) bool { return w.ref == x.Ref }) {
					continue
				}
				ids, more := tx.EventsBetween(x.Ref, q.From, q.To, maxAgendaEvents)
				a.out.More = a.out.More || more
				all = append(all, wanted{x.Ref, ids})
			}
		}
		return nil
	})
	if err != nil {
		return a.out, err
	}
	for _, w := range all {
		for ids := range slices.Chunk(w.ids, agendaBatch) { // nobody's write waits for long
			if err := ctx.Err(); err != nil {
				return a.out, err
			}
			err := e.Store.View(func(tx *store.Tx) error {
				for _, id := range ids {
					if err := a.event(tx, w.ref, id); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return a.out, err
			}
		}
	}
	for i := range a.out.Entries {
		slices.SortFunc(a.out.Entries[i].Places, func(x, y control.AgendaPlace) int {
			if x.Home != y.Home && x.Home {
				return -1
			} else if x.Home != y.Home {
				return 1
			}
			return compareRefs(x.Ref, y.Ref)
		})
	}
	slices.SortFunc(a.out.Entries, func(x, y control.AgendaEntry) int {
		s, _ := x.Start.Instant()
		t, _ := y.Start.Instant()
		return cmp.Or(s.Compare(t), cmp.Compare(x.Title, y.Title), compareRefs(x.Places[0].Ref, y.Places[0].Ref), cmp.Compare(x.Places[0].Event, y.Places[0].Event))
	})
	return a.out, nil
}

// agendaKey is what makes two sightings the same meeting.
type agendaKey struct {
	entity state.EntityID
	ref    state.Ref         // of one that is linked with nothing
	event  calendar.RemoteID // likewise
	slot   string
}

// agenda is one under way.
type agenda struct {
	q      control.AgendaQuery
	house  *house
	lenses map[agendaLens]*mapping.Mapping
	at     map[agendaKey]int // in out.Entries
	out    control.Agenda
}

// agendaLens is a way that copies take.
type agendaLens struct {
	mirror   state.MirrorID
	from, to state.Ref
}

// detail is the level in force for the copy of an entity: a private one shows less than
// its mirror says.
func (a *agenda) detail(ent state.Entity, ref state.Ref) state.Detail {
	i := slices.IndexFunc(a.house.mirrors, func(m state.Mirror) bool { return m.ID == ent.Records[ref].Mirror })
	if i < 0 || ent.Home == ref {
		return state.Everything
	}
	m := a.house.mirrors[i]
	key := agendaLens{m.ID, ent.Home, ref}
	if a.lenses[key] == nil {
		a.lenses[key] = reconcile.Direction(m, ent.Home, ref, a.house.members)
	}
	return a.lenses[key].Level(mapping.Source{Content: ent.Base, Facts: ent.Facts})
}

// event adds the occurrences of one event that lie there.
func (a *agenda) event(tx *store.Tx, ref state.Ref, id calendar.RemoteID) error {
	rep, ok, err := tx.Replica(ref, id)
	if err != nil || !ok || rep.Deleted || rep.Event.Cancelled {
		return err
	}
	key := agendaKey{ref: ref, event: id}
	place := control.AgendaPlace{Ref: ref, Event: id}
	alone := "" // the slot of an occurrence that stands by itself
	if of, linked, err := tx.EntityOf(ref, id); err != nil {
		return err
	} else if linked {
		ent, ok, err := tx.Entity(of)
		if err != nil {
			return err
		}
		if ok {
			key = agendaKey{entity: of}
			place.Home = ent.Home == ref
			for _, p := range ent.Records[ref].Parts {
				if p.ID == id {
					alone = p.Slot
				}
			}
			place.Detail = a.detail(ent, ref)
		}
	}
	ev := rep.Event
	when := ev.Content.When
	if when.Recurrence.IsZero() {
		key.slot = alone
		a.add(key, place, ev.Content, ev.Facts(), alone != "", alone)
		return nil
	}
	occurrences, err := when.Occurrences()
	if err != nil {
		return nil // nobody can say when it is
	}
	start, err1 := when.Start.Instant()
	end, err2 := when.End.Instant()
	if err1 != nil || err2 != nil {
		return nil
	}
	told := func(slot calendar.Time, content calendar.Content) {
		key.slot = slot.Slot()
		a.add(key, place, content, ev.Facts(), true, key.slot)
	}
	for slot := range occurrences.Between(a.q.From.Add(start.Sub(end)-24*time.Hour), a.q.To.Add(24*time.Hour)) {
		if _, other := ev.Overrides[slot.Slot()]; other {
			continue
		}
		if a.out.More {
			break
		}
		told(slot, ev.Content.Occurrence(calendar.Override{Original: slot}))
	}
	for _, o := range ev.Overrides { // wherever they were moved to
		if !o.Cancelled {
			told(o.Original, ev.Content.Occurrence(o))
		}
	}
	return nil
}

// add tells of a meeting in one calendar, if it lies there. What it is like at home counts.
func (a *agenda) add(key agendaKey, place control.AgendaPlace, c calendar.Content, f calendar.Facts, series bool, slot string) {
	if !a.within(c.When) {
		return
	}
	place.Title = c.Title
	i, known := a.at[key]
	if !known {
		if len(a.out.Entries) >= maxAgendaEntries {
			a.out.More = true
			return
		}
		i = len(a.out.Entries)
		a.at[key] = i
		a.out.Entries = append(a.out.Entries, control.AgendaEntry{Entity: key.entity, Slot: key.slot, Series: series})
	}
	x := &a.out.Entries[i]
	x.Places = append(x.Places, place)
	if !known || place.Home {
		x.Title, x.Place, x.Start, x.End, x.Availability = c.Title, c.Place, c.When.Start, c.When.End, c.Availability
		x.Declined = f.Response(slot) == calendar.Declined
	}
}

// within reports whether a time lies between the two moments.
func (a *agenda) within(w calendar.When) bool {
	if w.AllDay() {
		return w.Start.Local < dateAfter(a.q.To) && w.End.Local > a.q.From.Format(time.DateOnly)
	}
	start, err := w.Start.Instant()
	if err != nil {
		return false
	}
	end, err := w.End.Instant()
	if err != nil {
		return false
	}
	return start.Before(a.q.To) && (end.After(a.q.From) || end.Equal(start) && !start.Before(a.q.From))
}

// dateAfter is the first date that is wholly after t, or begins with it.
func dateAfter(t time.Time) string {
	if h, m, s := t.Clock(); h+m+s > 0 {
		t = t.AddDate(0, 0, 1)
	}
	return t.Format(time.DateOnly)
}
