package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// maxPreviewed is how many events of one name are told apart: nobody reads on.
const maxPreviewed = 20

// Preview tells what copies of an event look like in each calendar that it reaches.
func (e *Engine) Preview(_ context.Context, req control.PreviewRequest) ([]control.Preview, error) {
	if req.As != nil {
		return e.previewAs(*req.As, req.Meeting)
	}
	h, found, err := e.meant(req.Event, "")
	if err != nil {
		return nil, err
	}
	out := []control.Preview{}
	err = e.Store.View(func(tx *store.Tx) error {
		for _, f := range found {
			if err := e.previews(tx, h, req, f, &out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// previewAs tells what a made-up meeting would look like, each way of a mirror that may
// not be there yet.
func (e *Engine) previewAs(m state.Mirror, meeting calendar.Content) ([]control.Preview, error) {
	m, err := e.proposed(m)
	if err != nil {
		return nil, err
	}
	h, err := e.gather(true, &m)
	if err != nil {
		return nil, err
	}
	src := mapping.Source{Content: meeting, Facts: calendar.Facts{Organized: true}}
	out := []control.Preview{}
	for _, from := range m.Members {
		for _, to := range m.Members {
			if from.Ref == to.Ref || from.Off || to.Off || from.Direction == state.TakeOnly || to.Direction == state.SendOnly {
				continue
			}
			x := reconcile.Direction(m, from.Ref, to.Ref, h.members)
			p := control.Preview{Mirror: m.ID, From: from.Ref, To: to.Ref, Title: meeting.Title}
			if p.Skipped = x.Crossing(src); p.Skipped == "" {
				p.Detail = x.Level(src)
				for _, d := range x.Describe(src) {
					p.Fields = append(p.Fields, control.PreviewField{Field: d.Group, Home: d.Home, Copy: d.Copy, Lens: d.Lens})
				}
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// homeEvent is an event where it was born.
type homeEvent struct {
	ref    state.Ref
	id     calendar.RemoteID
	entity state.Entity // Home is empty if there is none
}

// meant finds the events that a request names. hint says what else may help when there
// is none.
func (e *Engine) meant(event, hint string) (*house, []homeEvent, error) {
	word := strings.TrimSpace(event)
	if word == "" {
		return nil, nil, usage("say which event: its title, a part of it, or its id")
	}
	h, err := e.gather(true, nil)
	if err != nil {
		return nil, nil, err
	}
	var found []homeEvent
	err = e.Store.View(func(tx *store.Tx) (err error) { found, err = e.named(tx, h, word); return err })
	if err == nil && len(found) == 0 {
		err = notFound("no mirrored calendar has an event %q; 'twinday sync' reads them anew%s", word, hint)
	}
	return h, found, err
}

// folded is how titles are compared: whatever their case and white space.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// named finds the events that a word means: by id, else by title, else by a part of
// the title. A copy means its home event.
func (e *Engine) named(tx *store.Tx, h *house, word string) ([]homeEvent, error) {
	want := folded(word)
	var byID, byTitle, byPart []homeEvent
	for ref := range h.members {
		err := tx.EachReplica(ref, func(r state.Replica) error {
			title := folded(r.Event.Content.Title)
			var list *[]homeEvent
			switch {
			case r.Deleted:
				return nil
			case string(r.Event.ID) == word:
				list = &byID
			case title == want:
				list = &byTitle
			case strings.Contains(title, want):
				list = &byPart
			default:
				return nil
			}
			f := homeEvent{ref: ref, id: r.Event.ID}
			id, linked, err := tx.EntityOf(ref, r.Event.ID)
			if err != nil {
				return err
			}
			if ent, ok, err := tx.Entity(id); err != nil {
				return err
			} else if linked && ok {
				f = homeEvent{ent.Home, ent.Records[ent.Home].Parts[0].ID, ent}
			}
			if !slices.ContainsFunc(*list, func(x homeEvent) bool { return x.ref == f.ref && x.id == f.id }) {
				*list = append(*list, f)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, list := range [][]homeEvent{byID, byTitle, byPart} {
		if len(list) > 0 {
			slices.SortFunc(list, func(a, b homeEvent) int {
				if a.ref != b.ref {
					return compareRefs(a.ref, b.ref)
				}
				return strings.Compare(string(a.id), string(b.id))
			})
			return list[:min(len(list), maxPreviewed)], nil
		}
	}
	return nil, nil
}

// previews adds what one event looks like in each calendar.
func (e *Engine) previews(tx *store.Tx, h *house, req control.PreviewRequest, f homeEvent, out *[]control.Preview) error {
	rep, ok, err := tx.Replica(f.ref, f.id)
	if err != nil || !ok {
		return err
	}
	src := mapping.Source{Content: rep.Event.Content, Facts: rep.Event.Facts()}
	overrides := rep.Event.Overrides
	if f.entity.ID != "" {
		src, overrides = mapping.Source{Content: f.entity.Base, Facts: f.entity.Facts}, f.entity.Overrides
	}
	shown := src
	if req.At != "" {
		slot, err := slotAt(src.When, req.At)
		if err != nil {
			return err
		}
		o, ok := overrides[slot.Slot()]
		if !ok {
			o = calendar.Override{Original: slot}
		}
		if o.Cancelled {
			return notFound("the occurrence at %s of “%s” is cancelled", req.At, src.Title)
		}
		shown = mapping.Source{Content: src.Content.Occurrence(o), Facts: src.Facts, Slot: slot.Slot()}
	}
	reached := map[state.Ref]bool{}
	for _, m := range h.mirrors {
		home := slices.IndexFunc(m.Members, func(x state.Member) bool { return x.Ref == f.ref && !x.Off && x.Direction != state.TakeOnly })
		if home < 0 || m.Paused {
			continue
		}
		for _, t := range m.Members {
			if reached[t.Ref] || t.Ref == f.ref || t.Off || t.Direction == state.SendOnly {
				continue
			}
			reached[t.Ref] = true
			if req.Mirror != "" && req.Mirror != m.ID {
				continue
			}
			*out = append(*out, e.preview(h, m, f, t.Ref, src, shown, overrides, rep))
		}
	}
	return nil
}

// preview is what one event looks like in one calendar.
func (e *Engine) preview(h *house, m state.Mirror, f homeEvent, target state.Ref, src, shown mapping.Source, overrides map[string]calendar.Override, rep state.Replica) control.Preview {
	p := control.Preview{Mirror: m.ID, From: f.ref, To: target, Event: f.id, At: shown.Slot, Title: shown.Title}
	x := reconcile.Direction(m, f.ref, target, h.members)
	linked := f.entity.Part(target, "") != nil && f.entity.Part(target, "").ID != ""
	if !linked {
		if p.Skipped = reconcile.TooFar(rep, e.Now(), x); p.Skipped != "" {
			return p
		}
	}
	if shown.Slot != "" {
		p.Skipped = x.Crossing(shown)
	} else {
		p.Skipped = x.Shape(src, overrides, e.Now().Add(-reconcile.Past), e.Now().Add(reconcile.Future)).Skipped
	}
	if p.Skipped != "" {
		return p
	}
	p.Detail = x.Level(shown)
	for _, d := range x.Describe(shown) {
		p.Fields = append(p.Fields, control.PreviewField{Field: d.Group, Home: d.Home, Copy: d.Copy, Lens: d.Lens})
	}
	return p
}

// slotAt reads the original start of an occurrence: its slot, or a wall clock or date
// as the series has it.
func slotAt(w calendar.When, word string) (calendar.Time, error) {
	at := w.Original(word)
	if at.IsZero() {
		for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
			t, err := time.Parse(layout, word)
			if err != nil {
				continue
			}
			at = calendar.Date(t.Date())
			if !w.AllDay() {
				at = calendar.Time{Local: t.Format("2006-01-02T15:04:05"), Zone: w.Start.Zone}
			}
			break
		}
	}
	occurrences, err := w.Occurrences()
	if err == nil && !w.Recurrence.IsZero() && occurrences.Has(at) {
		return at, nil
	}
	return calendar.Time{}, notFound("there is no occurrence at %q; write its start by the rule, like %s", word, w.Start.Local)
}
