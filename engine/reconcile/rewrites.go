package reconcile

import (
	"maps"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// A value that comes back otherwise than it was written, the same way each time, is
// no person's edit but a service's (or another program's) habit. After
// sameRewrites of them within rewriteSpan the field is left as that one has it. A
// habit that says something else after every write is known by its pace: anyRewrites
// that were all answered with a write to the same place, each within rewritePace of the
// one before. (Edits that are carried home as they are may come at any pace.)
const (
	sameRewrites = 3
	rewriteSpan  = 24 * time.Hour
	anyRewrites  = 4
	rewritePace  = 10 * time.Minute
)

// forever takes note of an edit that is about to be answered with a write, here or
// elsewhere, and reports whether it is a rewriting without end: then it is taken as
// read, and nothing is written for it. answered: the write goes to where the edit was
// made.
func (r *reconciler) forever(e *state.Entity, ref state.Ref, g calendar.Group, now calendar.Content, answered bool) bool {
	p := whole(*e, ref)
	found, wanted := calendar.Content{}.Take(g, now), calendar.Content{}.Take(g, p.Wrote)
	if !r.again(p, string(g), digest(ref, calendar.Groups{g}, found, nil), digest(ref, calendar.Groups{g}, wanted, nil), answered) {
		return false
	}
	p.Read, p.Dirty = p.Read.Take(g, now), p.Dirty.Without(g)
	r.note(*e, state.Noted, ref, calendar.Groups{g}, "what is written to its "+words(calendar.Groups{g})+" in "+r.name(ref)+" is changed each time, by the service or another program: it is left so", wanted, found)
	return true
}

// foreverSlot is forever for an occurrence of a series.
func (r *reconciler) foreverSlot(e *state.Entity, ed slotEdit) bool {
	p := e.Part(ed.ref, ed.part)
	wanted := slotEdit{ref: ed.ref, slot: ed.slot, set: p.WroteOverrides[ed.slot].Changed, content: p.WroteOverrides[ed.slot].Content}
	if ed.part != "" {
		wanted.set, wanted.content = ed.set, p.Wrote
	}
	if !r.again(p, slotKey(ed.slot), digest(ed.ref, nil, calendar.Content{}, []slotEdit{ed}), digest(ed.ref, nil, calendar.Content{}, []slotEdit{wanted}), false) {
		return false
	}
	r.seen(e, ed)
	r.note(*e, state.Noted, ed.ref, ed.set, r.slotWords(*e, []string{ed.slot})+" is changed in "+r.name(ed.ref)+" each time it is written, by the service or another program: it is left so", calendar.Content{}, ed.content)
	return true
}

// again counts a rewriting of what is kept under key, and reports whether it has no end.
func (r *reconciler) again(p *state.Part, key, found, wanted string, answered bool) bool {
	old := p.Rewrites[key]
	now := state.Rewrite{Found: found, Wanted: wanted, Count: 1, Last: r.Now}
	since := r.Now.Sub(old.Last)
	if old.Found == found && old.Wanted == wanted && since < rewriteSpan {
		now.Count = old.Count + 1
	}
	if answered {
		now.Quick = 1
		if since < rewritePace {
			now.Quick = old.Quick + 1
		}
	}
	// A new map: the old one may be shared with what was remembered before.
	kept := maps.Clone(p.Rewrites)
	maps.DeleteFunc(kept, func(_ string, w state.Rewrite) bool { return r.Now.Sub(w.Last) >= rewriteSpan })
	if kept == nil {
		kept = map[string]state.Rewrite{}
	}
	kept[key] = now
	p.Rewrites = kept
	return Endless(now)
}

// Endless reports whether a value that comes back otherwise than it was written is left
// alone.
func Endless(w state.Rewrite) bool { return w.Count >= sameRewrites || w.Quick >= anyRewrites }
