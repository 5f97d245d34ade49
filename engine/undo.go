package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// Undo takes back one change, or those of a pass. What is asked for becomes a wish on
// the entity, committed before anything is written; a pass carries it out, through the
// plan and its guard. A crash in between loses nothing and does nothing twice: the wish
// is there or it is not.
func (e *Engine) Undo(ctx context.Context, req control.UndoRequest) (control.UndoReport, error) {
	ctx, done := e.carriedOn(ctx)
	defer done()
	e.awaitAll(ctx, patience)
	e.passing.Lock()
	defer e.passing.Unlock()
	out := control.UndoReport{Report: control.Report{DryRun: true, Began: e.Now(), Steps: []control.StepResult{}}, Undone: []control.UndoNote{}, Left: []control.UndoNote{}}
	if (req.Entry == 0) == (req.Pass == 0) {
		return out, usage("say what to undo: an entry of the history by its number, or a pass")
	}
	h, err := e.gather(true, nil)
	if err != nil {
		return out, err
	}
	out.Report.Pass = h.pass
	_, requests, err := e.visit(ctx, h, settleNothing, 0) // what was changed since must be known
	if err != nil {
		return out, err
	}
	if err := e.closeUnsettled(h); err != nil {
		return out, err
	}
	out.Report.Requests = requests
	// First by itself: a plan of it shows what it means, and which deletions were seen.
	u := undoing{Engine: e, h: h, force: req.Force}
	if err := e.Store.View(func(tx *store.Tx) error { return u.collect(tx, req) }); err != nil {
		return out, err
	}
	out.Undone, out.Left = u.done, u.left
	h.wished = u.entities
	plan, err := e.plan(h, true, state.Mirror{})
	if err != nil {
		return out, err
	}
	h.wished = nil
	plan = slices.DeleteFunc(plan, func(s state.Step) bool { return len(s.Undoes) == 0 })
	if req.DryRun || len(u.done) == 0 {
		for _, s := range plan {
			out.Report.Steps = append(out.Report.Steps, control.StepResult{Step: s})
		}
		out.Report.Ended = e.Now()
		out.Report.Problems = e.problemList(slices.Collect(maps.Values(h.accounts)))
		out.Report.Count()
		return out, nil
	}
	u = undoing{Engine: e, h: h, force: req.Force, mint: true}
	err = e.Store.Update(func(tx *store.Tx) error {
		if err := u.collect(tx, req); err != nil {
			return err
		}
		for _, ent := range u.entities {
			if err := tx.PutEntity(ent); err != nil {
				return err
			}
			if err := tx.SetPending(ent.ID); err != nil {
				return err
			}
		}
		for _, s := range plan {
			if s.Kind != state.Delete || s.Fact == "" || s.Held == state.HoldGuests || !slices.Contains(req.Seen, s.Fact) {
				continue
			}
			if err := tx.PutHeld(state.Held{ID: s.Fact, Step: s, Since: e.Now(), Decision: state.Apply}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Undone, out.Left = u.done, u.left
	out.Report, err = e.passes(ctx, control.SyncRequest{})
	out.Report.Requests += requests
	return out, err
}

// undoing collects the wishes of one undo.
type undoing struct {
	*Engine
	h        *house
	force    bool
	mint     bool // entities get lasting ids
	entities map[state.EntityID]state.Entity
	again    map[state.EntityID]state.EntityID // events that are made again, by what they were
	done     []control.UndoNote
	left     []control.UndoNote
}

// collect makes the wishes. The error is an entry that cannot be undone, or the store's.
func (u *undoing) collect(tx *store.Tx, req control.UndoRequest) error {
	u.entities, u.again = map[state.EntityID]state.Entity{}, map[state.EntityID]state.EntityID{}
	u.done, u.left = []control.UndoNote{}, []control.UndoNote{}
	if req.Entry != 0 {
		entry, ok, err := tx.HistoryEntry(req.Entry)
		if err != nil {
			return err
		}
		if !ok {
			return notFound("the history has no entry %d; `twinday history` shows those there are", req.Entry)
		}
		says, why, err := u.undo(tx, entry)
		if err != nil {
			return err
		}
		if why != "" {
			return &control.Error{Code: control.CodeFailed, Message: fmt.Sprintf("entry %d (“%s”) cannot be undone: %s", entry.Seq, entry.Title, why)}
		}
		u.done = append(u.done, control.UndoNote{Entry: entry.Seq, Title: entry.Title, Ref: entry.Ref, Says: says})
		return nil
	}
	entries, err := tx.History(store.HistoryFilter{Pass: req.Pass})
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(x state.HistoryEntry) bool {
		tidied := x.Kind == state.Update && len(x.Groups) == 0 && x.Was.IsZero() // a leftover of a series
		return x.Outcome != state.Done || x.Kind == state.Adopt || tidied
	})
	if len(entries) == 0 {
		return notFound("pass %d changed nothing that the history knows of; `twinday history` shows what passes did", req.Pass)
	}
	// Newest first; but an occurrence may need its rule back, which another entry brings.
	var later []state.HistoryEntry
	for i := 0; i < len(entries)+len(later); i++ {
		first := i < len(entries)
		entry := slices.Concat(entries, later)[i]
		says, why, err := u.undo(tx, entry)
		if err != nil {
			return err
		}
		if first && why == noOccurrence {
			later = append(later, entry)
			continue
		}
		note := control.UndoNote{Entry: entry.Seq, Title: entry.Title, Ref: entry.Ref, Says: says}
		if why == "" {
			u.done = append(u.done, note)
			continue
		}
		note.Says = why
		u.left = append(u.left, note)
	}
	return nil
}

// undo adds the wish that takes one entry back, or says why there is none. says is what
// is worth knowing of it.
func (u *undoing) undo(tx *store.Tx, x state.HistoryEntry) (says, why string, err error) {
	switch {
	case x.Outcome == state.Noted:
		return "", "it only notes something, and nothing was changed", nil
	case x.Outcome == state.Failed:
		return "", "it failed, so there is nothing to take back", nil
	case x.Kind == state.Adopt:
		return "", "two events that were there already were linked, and nothing was written", nil
	case x.Kind == state.Answer:
		return "", "an invitation was answered: answer it otherwise in its own calendar", nil
	}
	ent, there, err := u.entity(tx, x.Entity)
	if err != nil {
		return "", "", err
	}
	switch {
	case x.Kind == state.Delete && (x.Slot == "" || len(x.Was.Groups) == len(calendar.AllGroups)):
		return u.bringBack(tx, x, ent, there)
	case !there || ent.Deleted:
		return "", "the event is gone; undo its deletion first", nil
	case x.Kind == state.Create && x.Was.IsZero():
		why, err = u.takeAway(tx, x, ent)
	default:
		why, err = u.putBack(tx, x, ent)
	}
	return "", why, err
}

// entity is one as it is with the wishes so far.
func (u *undoing) entity(tx *store.Tx, id state.EntityID) (state.Entity, bool, error) {
	if again, ok := u.again[id]; ok {
		id = again
	}
	if ent, ok := u.entities[id]; ok {
		return ent, true, nil
	}
	if id == "" {
		return state.Entity{}, false, nil
	}
	return tx.Entity(id)
}

// wish adds to the wish of an entity. Older entries come later: what they were stands.
func (u *undoing) wish(ent state.Entity, x state.HistoryEntry, change func(*state.Wish)) {
	w := state.Wish{Asked: u.Now(), Mirror: x.Mirror}
	if ent.Wish != nil && !ent.Wish.Folded {
		w = *ent.Wish
	}
	if w.Mirror == "" {
		for _, ref := range slices.SortedFunc(maps.Keys(ent.Records), compareRefs) {
			if w.Mirror == "" {
				w.Mirror = ent.Records[ref].Mirror
			}
		}
	}
	change(&w)
	if w.Gone {
		w.Out, w.In = nil, nil
	}
	w.Undoes = append(slices.Clone(w.Undoes), x.Seq)
	slices.Sort(w.Undoes)
	ent.Wish = &w
	u.entities[ent.ID] = ent
}

// noOccurrence is why an occurrence cannot be put back.
const noOccurrence = "the series no longer has the occurrence"

// putBack has fields and occurrences put back as they were, everywhere.
func (u *undoing) putBack(tx *store.Tx, x state.HistoryEntry, ent state.Entity) (why string, err error) {
	const byHand = "; enter it by hand ('twinday history show' tells it)"
	was := x.Was
	switch {
	case !was.IsZero():
	case len(x.Groups) == 0 && len(x.Slots) == 0:
		return "nothing was changed by it that could be put back", nil
	case x.Outcome != state.Done:
		return "nothing leads from what was entered in " + u.name(x.Ref) + " to the event at home" + byHand, nil
	default:
		return "the event was not changed by it: " + u.name(x.Ref) + " was brought in line with what its mirror shows there ('twinday mirror edit' changes that)", nil
	}
	for _, g := range was.Groups { // a home that only shows a field cannot be told another value
		if !u.h.members[ent.Home].Capabilities.Groups.Has(g) {
			was.Groups = was.Groups.Without(g)
		}
	}
	if was.IsZero() {
		return u.name(ent.Home) + " lets nobody but its own programs change that", nil
	}
	if ent.Wish != nil && ent.Wish.Folded && slices.Contains(slices.Collect(maps.Values(u.again)), ent.ID) {
		// It is made again by this undo: as it was before that change, too.
		if ent.Home == x.Home { // elsewhere less may be seen of it
			ent.Base, ent.Overrides = overlay(was, ent.Base, ent.Overrides)
		}
		u.wishBack(ent, x)
		return "", nil
	}
	groups, slots := was.Differs(ent.Base, ent.Overrides)
	wished := ent.Wish != nil && !ent.Wish.Folded
	if len(groups) == 0 && len(slots) == 0 && !wished {
		return "it is so already", nil
	}
	when := ent.Base.When
	if wished && ent.Wish.Groups.Has(calendar.GroupWhen) {
		when = ent.Wish.Content.When
	}
	if occurrences, err := when.Occurrences(); !was.Groups.Has(calendar.GroupWhen) {
		for _, slot := range slots {
			if err != nil || !occurrences.Has(when.Original(slot)) {
				return noOccurrence, nil
			}
		}
	}
	if why, err := u.unchangeable(tx, ent); err != nil || why != "" {
		return why, err
	}
	if !u.force && !wished {
		since, err := u.since(tx, x, ent)
		if err != nil || since != "" {
			return since, err
		}
	}
	u.wish(ent, x, func(w *state.Wish) { w.Image = w.Over(was) })
	return "", nil
}

// unchangeable says why nothing of an event can be changed at home, or nothing.
func (u *undoing) unchangeable(tx *store.Tx, ent state.Entity) (string, error) {
	if why := u.closed(ent.Home); why != "" {
		return why, nil
	}
	if p := ent.Part(ent.Home, ""); p != nil && p.ID != "" {
		rep, ok, err := tx.Replica(ent.Home, p.ID)
		if err != nil {
			return "", err
		}
		if ok && !rep.Deleted && !rep.Event.Organized {
			return "only its organizer can change this meeting", nil
		}
	}
	return "", nil
}

func (u *undoing) name(ref state.Ref) string { return u.h.name(ref) }

// since says what was changed of the same fields since an entry, or nothing.
func (u *undoing) since(tx *store.Tx, x state.HistoryEntry, ent state.Entity) (string, error) {
	const way = "; --force undoes it all the same, and that change with it"
	groups, slots := x.Became.Differs(ent.Base, ent.Overrides)
	if len(groups) > 0 {
		return fmt.Sprintf("its %s was changed since, to %s", groups[0], inQuotes(groups[0], ent.Base)) + way, nil
	}
	if len(slots) > 0 {
		return "the occurrence was changed since" + way, nil
	}
	for ref, rec := range ent.Records {
		for _, p := range rec.Parts {
			rep, ok, err := tx.Replica(ref, p.ID)
			if err != nil {
				return "", err
			}
			if p.ID == "" || !ok || rep.Deleted || rec.Kept {
				continue
			}
			fresh := calendar.Diff(rep.Event.Content, p.Read).And(x.Was.Groups)
			if p.Slot == "" && len(fresh) > 0 {
				return fmt.Sprintf("its %s was changed in %s just now, to %s", fresh[0], u.name(ref), inQuotes(fresh[0], rep.Event.Content)) + way, nil
			}
			for _, slot := range calendar.Slots(rep.Event.Overrides, p.ReadOverrides) {
				if p.Slot == "" && slices.Contains(x.Was.Slots, slot) {
					return "the occurrence was changed in " + u.name(ref) + " just now" + way, nil
				}
			}
		}
	}
	return "", nil
}

func inQuotes(g calendar.Group, c calendar.Content) string {
	if text := strings.Join(strings.Fields(mapping.Words(g, c)), " "); text != "" {
		return "“" + text + "”"
	}
	return "nothing"
}

// takeAway takes back that an event was made: a copy goes and is not made again, a home
// goes with all of its copies.
func (u *undoing) takeAway(tx *store.Tx, x state.HistoryEntry, ent state.Entity) (string, error) {
	const notThere = "the copy is not there any more"
	if x.Ref == ent.Home {
		if x.Home != x.Ref { // the event itself was moved there since
			return notThere, nil
		}
		if ent.Wish != nil && ent.Wish.Gone {
			u.wish(ent, x, func(*state.Wish) {})
			return "", nil
		}
		if why, err := u.unchangeable(tx, ent); err != nil || why != "" {
			return why, err
		}
		for ref, rec := range ent.Records {
			for _, p := range rec.Parts {
				rep, ok, err := tx.Replica(ref, p.ID)
				if err != nil {
					return "", err
				}
				var changed bool
				if ok && p.ID != "" && !rep.Deleted {
					changed = len(calendar.Diff(rep.Event.Content, p.Read)) > 0 || len(calendar.Slots(rep.Event.Overrides, p.ReadOverrides)) > 0
				}
				if ref == ent.Home && p.Slot == "" && len(calendar.Diff(p.Read, x.After)) > 0 {
					changed = true
				}
				if changed && !u.force {
					return "it was changed since in " + u.name(ref) + "; --force takes it away all the same", nil
				}
			}
		}
		u.wish(ent, x, func(w *state.Wish) { w.Gone = true })
		return "", nil
	}
	if x.Slot != "" {
		others, err := u.othersOf(tx, x, ent)
		if err != nil || others {
			return "it is one occurrence of a series that is told here in single events, and others were there before: cancel it instead", err
		}
	}
	rec, ok := ent.Records[x.Ref]
	live := rec.Live()
	switch {
	case !ok || rec.Out || !live:
		return notThere, nil
	case rec.Kept:
		return "the copy no longer takes part in its mirror: delete it in " + u.name(x.Ref), nil
	case u.closed(x.Ref) != "":
		return u.closed(x.Ref), nil
	}
	u.wish(ent, x, func(w *state.Wish) {
		if !slices.Contains(w.Out, x.Ref) && !w.Gone {
			w.Out = append(slices.Clone(w.Out), x.Ref)
		}
	})
	return "", nil
}

// othersOf reports whether a series that is told in single events has some in the calendar
// of an entry that its pass did not make.
func (u *undoing) othersOf(tx *store.Tx, x state.HistoryEntry, ent state.Entity) (bool, error) {
	made, err := tx.History(store.HistoryFilter{Pass: x.Pass, Entity: x.Entity})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(ent.Records[x.Ref].Parts, func(p state.Part) bool {
		return p.Live() && !slices.ContainsFunc(made, func(y state.HistoryEntry) bool {
			return y.Kind == state.Create && y.Ref == x.Ref && y.Slot == p.Slot
		})
	}), nil
}

// bringBack takes back that an event was taken away.
func (u *undoing) bringBack(tx *store.Tx, x state.HistoryEntry, ent state.Entity, there bool) (says, why string, err error) {
	if there && !u.homeless(ent) {
		rec := ent.Records[x.Ref]
		part := ent.Part(x.Ref, x.Slot)
		switch {
		case u.again[x.Entity] == ent.ID && x.Ref != ent.Home && u.ways().Way(ent.Home, x.Ref) == nil:
			return "", "it is made again in " + u.name(ent.Home) + ", from where no mirror leads there", nil
		case ent.Deleted, ent.Wish != nil && ent.Wish.Back && u.entities[ent.ID].ID != "":
			u.wishBack(ent, x)
			return u.without(x), "", nil
		case rec.Out:
			u.wish(ent, x, func(w *state.Wish) {
				if !slices.Contains(w.In, x.Ref) {
					w.In = append(slices.Clone(w.In), x.Ref)
				}
			})
			return "", "", nil
		case part != nil && part.Live():
			return "", "it is there again", nil
		}
		return "", "it crosses no more by the rules of its mirror: 'twinday why' tells which, 'twinday mirror edit' changes them", nil
	}
	base, overrides := x.Was.Content, x.Was.Overrides
	if x.Was.IsZero() {
		return "", "the history does not know enough of the event: enter it by hand ('twinday history show' tells it)", nil
	}
	home, why := u.birthplace(x)
	if why != "" {
		return "", why, nil
	}
	if !u.force && !x.Duplicate { // of a duplicate it is known that others are there
		for ref := range u.h.members {
			if len(tx.AlikeByLook(ref, base.Title, base.When.Start, base.When.End)) > 0 {
				return "", "there is an event with its title and times in " + u.name(ref) + "; --force makes another", nil
			}
		}
	}
	id := state.EntityID(fmt.Sprintf("again%d", len(u.again)+1))
	if u.mint { // its home will have a UID that is not known yet, and the copies are to be known by something
		id = tx.NextEntityID()
		id = id.WithFingerprint(u.Store.Installation() + " " + string(id))
	}
	if home != x.Home {
		base, overrides = u.copied(x, home)
	}
	u.again[x.Entity] = id
	u.entities[id] = state.Entity{ID: id, Home: home, Base: base, Overrides: overrides, Facts: calendar.Facts{Organized: true}, Made: u.Now(),
		Records: map[state.Ref]state.Record{home: {Parts: []state.Part{{}}}},
		Wish:    &state.Wish{Asked: u.Now(), Undoes: []uint64{x.Seq}, Mirror: x.Mirror, Back: true, Folded: true}}
	return u.without(x), "", nil
}

// wishBack adds an entry to the wish that brings its event back.
func (u *undoing) wishBack(ent state.Entity, x state.HistoryEntry) {
	if ent.Wish != nil && ent.Wish.Folded && ent.Wish.Back && !ent.Deleted { // made again by another entry of this undo
		w := *ent.Wish
		w.Undoes = append(slices.Clone(w.Undoes), x.Seq)
		slices.Sort(w.Undoes)
		ent.Wish = &w
		u.entities[ent.ID] = ent
		return
	}
	u.wish(ent, x, func(w *state.Wish) { w.Back = true })
}

// without says what is different about an event that is made again.
func (u *undoing) without(x state.HistoryEntry) string {
	if x.HadGuests {
		return "it is made again without its guests: nobody is invited, and nobody hears of it"
	}
	return ""
}

// overlay lays an image over an event.
func overlay(i state.Image, c calendar.Content, overrides map[string]calendar.Override) (calendar.Content, map[string]calendar.Override) {
	for _, g := range i.Groups {
		c = c.Take(g, i.Content)
	}
	for _, slot := range i.Slots {
		overrides = calendar.WithOverride(overrides, slot, i.Overrides[slot])
	}
	return c, overrides
}
