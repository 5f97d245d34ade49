package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// unit is what a clean-up keeps or removes as one: an event that belongs to no entity,
// or an entity with all its copies.
type unit struct {
	home    reconcile.Found
	event   calendar.Event // at home
	entity  state.Entity   // ID is empty for an unlinked event
	look    string
	content calendar.Content
	in      map[state.Ref]bool // where it is; true: born there or unlinked, false: as a copy
	live    int
	guests  bool
	of      string // whose copy it is by its mark, where that one is gone or has another here
}

// Duplicates reads the calendars of a mirror, of all if none is named, and lists what
// is there several times. Nothing is written.
func (e *Engine) Duplicates(ctx context.Context, id state.MirrorID) (control.Duplicates, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	defer e.alone()()
	out, _, err := e.duplicates(ctx, id)
	return out, err
}

// CleanUp removes the duplicates of some groups by a pass. The person has seen each of
// them: the guard does not ask again. What was removed is in history.
func (e *Engine) CleanUp(ctx context.Context, req control.CleanUp) (control.Report, error) {
	if err := e.decideCleanUp(context.WithoutCancel(ctx), req); err != nil {
		return control.Report{}, err
	}
	return e.Sync(ctx, control.SyncRequest{})
}

func (e *Engine) decideCleanUp(ctx context.Context, req control.CleanUp) error {
	defer e.alone()()
	found, units, err := e.duplicates(ctx, req.Mirror)
	if err != nil {
		return err
	}
	var goes []control.DuplicateEvent
	titles := map[reconcile.Found]string{}
	for _, id := range req.Groups {
		i := slices.IndexFunc(found.Groups, func(g control.DuplicateGroup) bool { return g.ID == id })
		if i < 0 {
			return notFound("there are no duplicates %q any more, or they have changed; `twinday duplicates` shows what there is", id)
		}
		for _, x := range found.Groups[i].Go {
			goes = append(goes, x)
			titles[reconcile.Found{Ref: x.Ref, ID: x.ID}] = found.Groups[i].Title
		}
	}
	return e.Store.Update(func(tx *store.Tx) error {
		for _, x := range goes {
			f := reconcile.Found{Ref: x.Ref, ID: x.ID}
			if err := e.condemn(tx, units[f], "a duplicate of “"+titles[f]+"”, which stays: you had it cleaned up"); err != nil {
				return err
			}
		}
		return nil
	})
}

// condemn has a unit deleted in the next pass, as decided by the person.
func (e *Engine) condemn(tx *store.Tx, u unit, why string) error {
	ent := u.entity
	if ent.ID == "" {
		ent = state.Entity{ID: tx.NextEntityID(), Home: u.home.Ref, Base: u.event.Content, Overrides: u.event.Overrides, Facts: u.event.Facts(),
			UID: u.event.UID, Made: e.Now(), Records: map[state.Ref]state.Record{u.home.Ref: {Parts: []state.Part{{ID: u.event.ID,
				Version: u.event.Version, Wrote: u.event.Content, Read: u.event.Content, WroteOverrides: u.event.Overrides, ReadOverrides: u.event.Overrides}}}}}
	}
	ent.Deleted, ent.Duplicate, ent.Why = true, true, why
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	fact := reconcile.GoneFact(ent)
	step := state.Step{Kind: state.Delete, Entity: ent.ID, Ref: u.home.Ref, Event: u.home.ID, Before: ent.Base, Title: ent.Base.Title, Reason: why, Fact: fact}
	if err := tx.PutHeld(state.Held{ID: fact, Step: step, Since: e.Now(), Decision: state.Apply}); err != nil {
		return err
	}
	return tx.SetPending(ent.ID)
}

// duplicates reads the calendars, and finds what is there several times.
func (e *Engine) duplicates(ctx context.Context, id state.MirrorID) (control.Duplicates, map[reconcile.Found]unit, error) {
	out := control.Duplicates{Groups: []control.DuplicateGroup{}, Stray: []control.DuplicateEvent{}}
	h, err := e.gather(true, nil)
	if err != nil {
		return out, nil, err
	}
	var refs []state.Ref
	for _, m := range h.mirrors {
		if id != "" && m.ID != id {
			continue
		}
		if err := e.mine(m); err != nil && id != "" {
			return out, nil, err
		} else if err != nil {
			continue // another installation's to clean up
		}
		for _, x := range m.Members {
			if !x.Off && !slices.Contains(refs, x.Ref) {
				refs = append(refs, x.Ref)
			}
		}
	}
	if len(refs) == 0 {
		return out, nil, notFound("there is no mirror %q that this Twinday keeps; `twinday mirror list` shows them", id)
	}
	slices.SortFunc(refs, compareRefs)
	if _, _, err := e.visit(ctx, h, settleNothing, 0); err != nil {
		return out, nil, err
	}
	for _, ref := range refs {
		if !h.members[ref].Ready {
			return out, nil, &control.Error{Code: control.CodeFailed, Message: "“" + h.members[ref].Name + "” cannot be read now, so what it holds twice is not known; try again later"}
		}
	}
	units := map[reconcile.Found]unit{}
	err = e.Store.View(func(tx *store.Tx) error {
		for _, ref := range refs {
			if err := e.unitsOf(tx, h, ref, units); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return out, nil, err
	}
	group(&out, units, refs, h)
	return out, units, nil
}

// unitsOf adds the units that have an event in a calendar.
func (e *Engine) unitsOf(tx *store.Tx, h *house, ref state.Ref, units map[reconcile.Found]unit) error {
	return tx.EachReplica(ref, func(r state.Replica) error {
		ev := r.Event
		if r.Deleted || ev.Cancelled || ev.Type == calendar.UnknownType {
			return nil
		}
		id, linked, err := tx.EntityOf(ref, ev.ID)
		if err != nil {
			return err
		}
		if !linked {
			u := unit{home: reconcile.Found{Ref: ref, ID: ev.ID}, event: ev, content: ev.Content, in: map[state.Ref]bool{ref: true}, live: 1, guests: ev.HasGuests()}
			if err := e.strayOf(tx, h, ref, &u); err != nil {
				return err
			}
			u.look = lookOf(u.content)
			units[u.home] = u
			return nil
		}
		ent, ok, err := tx.Entity(id)
		if err != nil || !ok || ent.Deleted {
			return err
		}
		whole := ent.Part(ent.Home, "")
		if whole == nil || ent.Part(ref, "") == nil || ent.Part(ref, "").ID != ev.ID {
			return nil // one occurrence that stands alone
		}
		home := reconcile.Found{Ref: ent.Home, ID: whole.ID}
		u, ok := units[home]
		if !ok {
			rep, _, err := tx.Replica(home.Ref, home.ID)
			if err != nil {
				return err
			}
			u = unit{home: home, event: rep.Event, entity: ent, content: ent.Base, look: lookOf(ent.Base), in: map[state.Ref]bool{}, guests: ent.Facts.HasGuests()}
			for _, rec := range ent.Records {
				if rec.Live() {
					u.live++
				}
			}
		}
		u.in[ref] = ref == ent.Home
		units[home] = u
		return nil
	})
}

// strayOf tells what an unlinked event that another installation marked is a copy of.
func (e *Engine) strayOf(tx *store.Tx, h *house, ref state.Ref, u *unit) error {
	m := u.event.Mark
	if m == (calendar.Mark{}) || m.Installation == e.Store.Installation() {
		return nil
	}
	u.of = "another Twinday (" + reconcile.Short(m.Installation) + ") made it as a copy"
	print := state.EntityID(m.Entity).Fingerprint()
	for other := range h.members {
		for _, id := range tx.AlikeByFingerprint(other, print) {
			owner, linked, err := tx.EntityOf(other, id)
			if err != nil || !linked {
				if err != nil {
					return err
				}
				continue
			}
			if ent, ok, err := tx.Entity(owner); err != nil {
				return err
			} else if ok && ent.Home == other && ent.Part(ref, "") != nil {
				u.content = ent.Base // whatever the copy shows of it
			}
		}
	}
	return nil
}

// lookOf is what two events of one title, by meaning, and the same times have in common.
func lookOf(c calendar.Content) string {
	return strings.ToLower(strings.Join(strings.Fields(c.Title), " ")) + "\x00" + c.When.Start.Slot() + "\x00" + c.When.End.Slot() + "\x00" +
		strings.Join(c.When.Recurrence.Rules, "\n")
}

// group finds the units that look alike in one calendar. That two copies look alike
// there says nothing: they are their homes', and a copy may show little.
func group(out *control.Duplicates, units map[reconcile.Found]unit, refs []state.Ref, h *house) {
	byLook := map[string][]unit{}
	for _, u := range units {
		byLook[u.look] = append(byLook[u.look], u)
	}
	grouped := map[reconcile.Found]bool{}
	for _, alike := range byLook {
		slices.SortFunc(alike, compareUnits)
		for _, ref := range refs {
			var there []unit
			born := false
			for _, u := range alike {
				if isHome, in := u.in[ref]; in && !grouped[u.home] {
					there = append(there, u)
					born = born || isHome
				}
			}
			if len(there) < 2 || !born {
				continue
			}
			for _, u := range there {
				grouped[u.home] = true
			}
			out.Groups = append(out.Groups, groupOf(there, h))
		}
	}
	for _, u := range units {
		if u.of != "" && !grouped[u.home] {
			x := eventOf(u)
			x.Why = u.of + ", and its event is in no calendar that is mirrored here"
			out.Stray = append(out.Stray, x)
		}
	}
	slices.SortFunc(out.Groups, func(a, b control.DuplicateGroup) int {
		return cmp.Or(cmp.Compare(a.When.Start.Slot(), b.When.Start.Slot()), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(out.Stray, func(a, b control.DuplicateEvent) int {
		return cmp.Or(compareRefs(a.Ref, b.Ref), cmp.Compare(a.When.Start.Slot(), b.When.Start.Slot()), cmp.Compare(a.ID, b.ID))
	})
}

// compareUnits puts first what stays: the one with guests, else the one that is
// linked to most, else the oldest.
func compareUnits(a, b unit) int {
	return cmp.Or(first(a.guests, b.guests), first(a.of == "", b.of == ""), first(a.entity.ID != "", b.entity.ID != ""), cmp.Compare(b.live, a.live),
		a.event.Created.Compare(b.event.Created), compareRefs(a.home.Ref, b.home.Ref), cmp.Compare(a.home.ID, b.home.ID))
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func groupOf(there []unit, h *house) control.DuplicateGroup {
	g := control.DuplicateGroup{Title: there[0].content.Title, When: there[0].content.When, Stays: eventOf(there[0]), Go: []control.DuplicateEvent{}}
	g.Stays.Why = "it is the oldest"
	switch s := there[0]; {
	case s.guests:
		g.Stays.Why = "it has guests"
	case s.live > there[1].live || s.entity.ID != "" && there[1].entity.ID == "":
		g.Stays.Why = "it is linked with other calendars"
	}
	sum := sha256.New()
	for _, u := range there {
		fmt.Fprintf(sum, "%s\x00%s\x00%s\x00", u.home.Ref, u.home.ID, u.event.Version)
	}
	g.ID = hex.EncodeToString(sum.Sum(nil)[:4])
	for _, u := range there[1:] {
		x := eventOf(u)
		x.Why = u.of
		switch {
		case u.guests:
			x.Why = "it has guests, who would hear of its end"
			g.Kept = append(g.Kept, x)
		case !h.members[u.home.Ref].Writable:
			x.Why = "its calendar can only be read"
			g.Kept = append(g.Kept, x)
		default:
			g.Go = append(g.Go, x)
		}
	}
	return g
}

func eventOf(u unit) control.DuplicateEvent {
	return control.DuplicateEvent{Ref: u.home.Ref, ID: u.home.ID, Title: u.event.Content.Title, When: u.event.Content.When,
		Created: u.event.Created.Truncate(time.Second), Copies: max(0, u.live-1)}
}
