package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// lastTold is how many of an event's last changes an explanation tells.
const lastTold = 5

// Why tells why an event is where it is, or is not, or looks as it does.
func (e *Engine) Why(_ context.Context, req control.WhyRequest) ([]control.Explanation, error) {
	h, found, err := e.whyOf(req)
	if err != nil {
		return nil, err
	}
	for ref, m := range h.members { // nothing is read now: it goes by what was read last
		m.Ready = true
		h.members[ref] = m
	}
	out := []control.Explanation{}
	for _, f := range found {
		x, err := e.explain(h, f)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// whyOf finds the events that are asked about.
func (e *Engine) whyOf(req control.WhyRequest) (*house, []homeEvent, error) {
	if req.Entity == "" {
		return e.meant(req.Event, ", 'twinday history --event' tells of those that are gone")
	}
	h, err := e.gather(true, nil)
	if err != nil {
		return nil, nil, err
	}
	var found []homeEvent
	err = e.Store.View(func(tx *store.Tx) error {
		ent, ok, err := tx.Entity(req.Entity)
		if err == nil && (!ok || ent.Deleted || len(ent.Records[ent.Home].Parts) == 0) {
			err = notFound("the event is gone from all mirrored calendars; the history tells what became of it")
		}
		found = append(found, homeEvent{ref: ent.Home, entity: ent})
		if err == nil {
			found[0].id = ent.Records[ent.Home].Parts[0].ID
		}
		return err
	})
	return h, found, err
}

func (e *Engine) explain(h *house, f homeEvent) (control.Explanation, error) {
	x := control.Explanation{Home: f.ref, Event: f.id, Entity: f.entity.ID, Calendars: []control.Reach{}, Last: []state.HistoryEntry{}}
	h.looked = []store.DirtyEvent{{Ref: f.ref, ID: f.id}}
	steps, err := e.plan(h, true, state.Mirror{})
	h.looked = nil
	if err != nil {
		return x, err
	}
	steps = slices.DeleteFunc(steps, func(s state.Step) bool {
		return s.Entity != f.entity.ID && f.entity.ID != "" || f.entity.ID == "" && (s.Ref != f.ref || s.Event != f.id)
	})
	return x, e.Store.View(func(tx *store.Tx) error {
		rep, known, err := tx.Replica(f.ref, f.id)
		if err != nil {
			return err
		}
		x.Title = cmp.Or(f.entity.Base.Title, rep.Event.Content.Title)
		x.Born = e.born(h, f, rep, known)
		var previews []control.Preview
		if err := e.previews(tx, h, control.PreviewRequest{}, f, &previews); err != nil {
			return err
		}
		for _, p := range previews {
			x.Calendars = append(x.Calendars, e.reach(h, f, p, steps))
		}
		for _, ref := range slices.SortedFunc(maps.Keys(f.entity.Records), compareRefs) {
			if ref != f.ref && !slices.ContainsFunc(previews, func(p control.Preview) bool { return p.To == ref }) {
				r := control.Reach{Ref: ref, Mirror: f.entity.Records[ref].Mirror, There: f.entity.Records[ref].Live()}
				r.Says = append(e.recordSays(h, f.entity, ref), "no mirror at work leads there now: what is there is left as it is")
				x.Calendars = append(x.Calendars, r)
			}
		}
		x.Waits = e.outstandingOf(h, f, steps)
		if len(x.Calendars) == 0 {
			x.Waits = append(x.Waits, "no mirror takes it anywhere: "+e.name(h, f.ref)+" sends to no other calendar")
		}
		if f.entity.ID == "" {
			return nil
		}
		x.Last, err = tx.History(store.HistoryFilter{Entity: f.entity.ID, Limit: lastTold})
		x.Last = slices.Concat([]state.HistoryEntry{}, x.Last)
		return err
	})
}

func (e *Engine) name(h *house, ref state.Ref) string {
	if n := h.members[ref].Name; n != "" {
		return "“" + n + "” of " + string(ref.Account)
	}
	return ref.String()
}

// born says where an event comes from.
func (e *Engine) born(h *house, f homeEvent, rep state.Replica, known bool) string {
	s := "It was born in " + e.name(h, f.ref)
	if created := rep.Event.Created; !created.IsZero() {
		s += " on " + created.Local().Format("2 Jan 2006")
	}
	switch {
	case !known || f.entity.Part(f.ref, "") != nil && f.entity.Part(f.ref, "").ID == "":
		s += ", and is still to be made there"
	case !rep.Event.Organized:
		s += ", as an invitation of " + cmp.Or(rep.Event.Organizer.Name, rep.Event.Organizer.Email, "somebody else")
	case rep.Event.HasGuests():
		s += fmt.Sprintf(", with %s", plural(len(rep.Event.Guests), "guest", "guests"))
	}
	if !f.entity.Made.IsZero() {
		s += "; Twinday has known it since " + f.entity.Made.Local().Format("2 Jan 2006 15:04")
	}
	return s
}

// reach tells of an event in one calendar that a mirror leads to.
func (e *Engine) reach(h *house, f homeEvent, p control.Preview, steps []state.Step) control.Reach {
	r := control.Reach{Ref: p.To, Mirror: p.Mirror, Detail: p.Detail, Says: []string{}}
	rec, linked := f.entity.Records[p.To]
	r.There = rec.Live()
	mirror := ""
	if i := slices.IndexFunc(h.mirrors, func(m state.Mirror) bool { return m.ID == p.Mirror }); i >= 0 {
		mirror = "the mirror “" + h.mirrors[i].Name + "”"
	}
	skipped := func(s state.Step) bool { return s.Kind == state.Skip && (s.Ref == p.To || f.entity.ID == "") }
	switch i := slices.IndexFunc(steps, skipped); {
	case p.Skipped != "" && r.There:
		r.Says = append(r.Says, "by "+mirror+" it would not cross: "+p.Skipped)
	case p.Skipped != "":
		r.Says = append(r.Says, mirror+" lets it not cross: "+p.Skipped)
	case rec.Out:
		r.Says = append(r.Says, "you undid the making of its copy here: it is not made again until you undo that")
	case i >= 0:
		r.Says = append(r.Says, steps[i].Reason)
	case r.There:
		r.Says = append(r.Says, "it crosses by "+mirror)
	case linked && slices.ContainsFunc(rec.Parts, func(x state.Part) bool { return x.Gone }):
		r.Says = append(r.Says, "its copy here was deleted, and its home stays")
	default:
		r.Says = append(r.Says, "it crosses by "+mirror+" with the next pass")
	}
	r.Says = append(r.Says, e.recordSays(h, f.entity, p.To)...)
	return r
}

// recordSays is what is particular about an event in one calendar.
func (e *Engine) recordSays(h *house, ent state.Entity, ref state.Ref) (out []string) {
	rec := ent.Records[ref]
	if rec.Adopted {
		out = append(out, "it was here before Twinday: it was linked with its twin, and a mirror that ends keeps it")
	}
	if rec.Kept {
		out = append(out, "it crosses no more, and what is here of it is kept as it was then")
	}
	for _, p := range rec.Parts {
		if p.Refused != "" {
			out = append(out, e.name(h, ref)+" refused it: "+p.Refused)
		}
		for _, key := range slices.Sorted(maps.Keys(p.Rewrites)) {
			if rw := p.Rewrites[key]; reconcile.Endless(rw) {
				what, is := strings.CutPrefix(key, "slot ")
				if is {
					what = "the occurrence at " + what
				}
				out = append(out, fmt.Sprintf("%s is left as it is found here: the service or another program changed it each time it was written (last %s)", what, rw.Last.Local().Format("2 Jan 15:04")))
			}
		}
	}
	if len(rec.Parts) > 1 || len(rec.Parts) == 1 && rec.Parts[0].Slot != "" {
		out = append(out, "its series is told here in single events")
	}
	return out
}

// outstandingOf is what is held, refused, or still to be done about an event.
func (e *Engine) outstandingOf(h *house, f homeEvent, steps []state.Step) (out []string) {
	for _, s := range steps {
		switch {
		case s.Held != "":
			out = append(out, fmt.Sprintf("held for your decision (%s), %s in %s: %s; 'twinday held' shows it", s.Held, s.Kind, e.name(h, s.Ref), s.Reason))
		case s.Kind == state.Skip && f.entity.ID == "" && len(h.mirrors) > 0:
			continue // told for each calendar
		case s.Kind.Writes(), s.Kind == state.Adopt:
			out = append(out, fmt.Sprintf("the next pass would %s it in %s: %s", s.Kind, e.name(h, s.Ref), s.Reason))
		}
	}
	if w := f.entity.Wish; w != nil && !w.Folded {
		out = append(out, "an undo of yours is under way, asked for on "+w.Asked.UTC().Format(time.DateTime))
	}
	return out
}
