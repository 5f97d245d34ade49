// Package reconcile decides. Reconcile is a pure function from what is
// remembered and what was read to what is to be remembered and done: no I/O, no
// clock, no randomness, no map order. The preview, a dry run and the engine run
// this one function.
//
// It imports store/state, engine/mapping and providers/calendar only.
package reconcile

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Window is how far from now events are mirrored: those that ended before Past
// ago or start after Future from now are left alone until linked.
const (
	Past   = 30 * 24 * time.Hour
	Future = 400 * 24 * time.Hour
)

// forever is as far ahead as no event is.
const forever = math.MaxInt64

// Member is what Reconcile must know of a calendar.
type Member struct {
	Name         string   // for reasons
	Account      string   // the account's mail address, or how it is called here
	Addresses    []string // mail addresses that are the person's own there
	Capabilities calendar.Capabilities
	Writable     bool
	// Ready: read completely in this pass. Nothing is made in a calendar whose
	// present content is not known.
	Ready bool
	// Known: read completely in an earlier pass, so that what it held is among the
	// replicas. Others need not wait for such a calendar.
	Known bool
	// Read is when that reading began; zero if it does not matter.
	Read time.Time
}

// Found is an event that belongs to no entity yet.
type Found struct {
	Ref state.Ref
	ID  calendar.RemoteID
}

// Input is the part of the world that changed, and what is needed to decide on it.
type Input struct {
	Now time.Time
	// Installation is ours, as it stands in the marks that were written by this store.
	Installation string
	Mirrors      []state.Mirror // in order of creation
	Members      map[state.Ref]Member
	// Entities to reconsider, and the latest observation of every part they have.
	// Those are among them that the mark of a found event names or leads to.
	Entities []state.Entity
	Replicas map[state.Ref]map[calendar.RemoteID]state.Replica
	// Found events, live ones, with their replicas in Replicas.
	Found []Found
	// Alike lists for a found event the unlinked events elsewhere that may be the
	// same meeting (same UID, same title and times, a mark of one that leads to the
	// other, or what its copy would show there), replicas in Replicas. So it does for
	// the home of an entity.
	Alike map[Found][]Found
	// Moves lead from events of entities that are gone to where the same event (by its
	// UID) is now, unlinked, in another calendar of the account. Origins lead from
	// found events to linked ones of the same UID in the same account.
	Moves, Origins map[Found]Found
	// Unsure lists of calendars that are read, but not written to now, the entities of which
	// a copy may have been made there by a request that is not settled.
	Unsure map[state.Ref][]state.EntityID
	// Holds say of each mirror who keeps it.
	Holds map[state.MirrorID]Hold
	// Decisions on held steps, by fact; an undecided one is there too.
	Decisions map[string]state.Decision
	// Linked is how many events each mirror links, for the guard.
	Linked map[state.MirrorID]int
	// Unasked are the events that were deleted within AtOnce before, with nobody asked,
	// and when.
	Unasked map[state.MirrorID]map[state.EntityID]time.Time
	// Mint gives ids to new entities.
	Mint func() state.EntityID
}

// Output is the new state and the plan.
type Output struct {
	// Entities as they are now to be remembered. One with Deleted and no live
	// part is to be forgotten.
	Entities []state.Entity
	// Steps in the order in which they should be done. Held ones wait.
	Steps []state.Step
	// Unasked are the events that the steps delete with nobody asked, by mirror.
	Unasked map[state.MirrorID][]state.EntityID
	// Notes for history: overridden and reverted edits.
	Notes []state.HistoryEntry
	// Waiting are events that cannot be judged before another calendar was read:
	// they are to be looked at again.
	Waiting []Found
	// Claims are signs that another installation keeps a mirror. Where one is new, the
	// plan is to be made again, with the mirror watched.
	Claims map[state.MirrorID]Claim
}

// Reconcile folds what was read into the bases, then derives what to write.
func Reconcile(in Input) Output {
	r := &reconciler{Input: in, linkedNow: map[Found]bool{}, judged: map[Found]bool{}, mappings: map[direction]*mapping.Mapping{},
		byID: map[state.EntityID]state.Entity{}, byPrint: map[string][]state.EntityID{}, linkedMark: map[calendar.Mark]bool{}}
	slices.SortFunc(r.Entities, func(a, b state.Entity) int { return cmp.Compare(a.ID, b.ID) })
	for _, e := range r.Entities {
		r.know(e)
	}
	homes := map[Found][]Found{} // of what looks as the copy of another one would
	for _, f := range in.Found {
		for _, a := range in.Alike[f] {
			if r.shown(f, r.replica(f.Ref, f.ID).Event.Content, a) {
				homes[a] = append(homes[a], f)
			}
		}
	}
	if len(homes) > 0 {
		r.Alike = maps.Clone(in.Alike)
	}
	for a, homes := range homes { // from a copy its home is not looked up
		r.Alike[a] = append(slices.Clip(r.Alike[a]), homes...)
	}
	slices.SortFunc(r.Found, func(a, b Found) int { // what may be a home comes before what may be its copy
		return cmp.Or(compareBool(r.marked(a), r.marked(b)), compareBool(homes[a] != nil, homes[b] != nil), compareFound(a, b))
	})
	for _, e := range r.Entities {
		r.entity(e)
	}
	r.out.Steps = slices.Grow(r.out.Steps, len(r.Found)) // of most of them one is made
	for _, f := range r.Found {
		r.judged[f] = false
	}
	for _, f := range r.Found {
		r.found(f)
	}
	r.out.Steps = r.unwatched(r.out.Steps)
	r.out.Unasked = in.guard(r.out.Steps)
	r.setFree()
	slices.SortStableFunc(r.out.Steps, func(a, b state.Step) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]),
			cmp.Compare(a.Ref.String(), b.Ref.String()), cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Slot, b.Slot))
	})
	return r.out
}

// What exists is told first, what is new next, and deletions last: should the
// pass be cut off, more is there rather than less.
var order = map[state.StepKind]int{state.Adopt: 0, state.Unlink: 1, state.Create: 2, state.Update: 3, state.Answer: 4, state.Delete: 5, state.Skip: 6}

func compareFound(a, b Found) int {
	return cmp.Or(cmp.Compare(a.Ref.String(), b.Ref.String()), cmp.Compare(a.ID, b.ID))
}

type reconciler struct {
	Input
	out        Output
	linkedNow  map[Found]bool
	judged     map[Found]bool                  // whether a found event has had its turn
	mappings   map[direction]*mapping.Mapping  // made so far
	asked      []asked                         // about the entity in hand
	moving     bool                            // the entity in hand: conflicts are not asked about
	staying    []staying                       // where deleted events stay, if nothing of their deletion is held
	byID       map[state.EntityID]state.Entity // as they are now
	linkedMark map[calendar.Mark]bool          // those on events of entities, also of copies that are let go of; false if on homes only
	byPrint    map[string][]state.EntityID     // by the fingerprints of their home's UID, and of the marks on their events
}

// direction is one way that events go by a mirror.
type direction struct {
	mirror       state.MirrorID
	home, target state.Ref
}

// entity reconsiders a known entity: fold, then derive.
func (r *reconciler) entity(e state.Entity) {
	e = clone(e)
	if r.puzzling(&e) {
		r.remember(e)
		return
	}
	r.remarked(e)
	if e.Deleted && r.Decisions[GoneFact(e)] == state.Drop { // first: what was changed of it counts
		r.note(e, state.Noted, e.Home, nil, "you chose not to delete it: it is put back where it is missing", calendar.Content{}, e.Base)
		r.goOn(&e)
	}
	r.outlasts(&e)
	left := r.follow(&e)
	f := r.fold(&e)
	if !e.Deleted {
		r.extend(&e)
	}
	r.derive(&e, f)
	r.remember(e)
	for _, g := range left {
		r.derive(&g, folding{from: g.Home})
		r.remember(g)
	}
}

// targets maps the calendars that an event born in home should reach to the
// mirror that brings it there: the first one, if several would.
func (in *Input) targets(home state.Ref) map[state.Ref]state.MirrorID {
	out := map[state.Ref]state.MirrorID{}
	for _, m := range in.Mirrors {
		h, ok := member(m, home)
		if m.Paused || !ok || h.Off || h.Direction == state.TakeOnly {
			continue
		}
		for _, t := range m.Members {
			if _, has := out[t.Ref]; !has && t.Ref != home && !t.Off && t.Direction != state.SendOnly {
				out[t.Ref] = m.ID
			}
		}
	}
	return out
}

// takesPart reports whether any mirror at work has ref as a member.
func (r *reconciler) takesPart(ref state.Ref) bool {
	return slices.ContainsFunc(r.Mirrors, func(m state.Mirror) bool {
		x, ok := member(m, ref)
		return ok && !x.Off && !m.Paused
	})
}

// together reports whether one mirror at work has both.
func (r *reconciler) together(a, b state.Ref) bool { return r.goes(a, b) || r.goes(b, a) }

// goes reports whether a mirror at work brings what is born in a calendar to another one.
func (r *reconciler) goes(home, target state.Ref) bool {
	_, ok := r.targets(home)[target]
	return ok
}

func member(m state.Mirror, ref state.Ref) (state.Member, bool) {
	i := slices.IndexFunc(m.Members, func(x state.Member) bool { return x.Ref == ref })
	if i < 0 {
		return state.Member{}, false
	}
	return m.Members[i], true
}

func (r *reconciler) replica(ref state.Ref, id calendar.RemoteID) state.Replica {
	return r.Replicas[ref][id]
}

// name is a calendar in a person's words.
func (r *reconciler) name(ref state.Ref) string {
	if n := r.Members[ref].Name; n != "" {
		return "“" + n + "”"
	}
	return ref.String()
}

// plural groups are several things by their names.
var plural = calendar.Groups{calendar.GroupNotes, calendar.GroupReminders, calendar.GroupCategories, calendar.GroupLinks, calendar.GroupProperties}

// words lists groups for a reason: "title and place".
func words(gs calendar.Groups) string {
	s := make([]string, len(gs))
	for i, g := range gs {
		s[i] = string(g)
		if g == calendar.GroupWhen {
			s[i] = "time"
		}
	}
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

// clone copies an entity as deeply as Reconcile changes it.
func clone(e state.Entity) state.Entity {
	records := make(map[state.Ref]state.Record, len(e.Records))
	for ref, rec := range e.Records {
		rec.Parts = slices.Clone(rec.Parts)
		for i := range rec.Parts {
			rec.Parts[i].WroteOverrides = maps.Clone(rec.Parts[i].WroteOverrides)
			rec.Parts[i].ReadOverrides = maps.Clone(rec.Parts[i].ReadOverrides)
			rec.Parts[i].Rewrites = maps.Clone(rec.Parts[i].Rewrites)
		}
		records[ref] = rec
	}
	e.Records, e.Overrides, e.Conflicts = records, maps.Clone(e.Overrides), maps.Clone(e.Conflicts)
	if e.Conflicts == nil {
		e.Conflicts = map[string]state.Conflict{}
	}
	return e
}

// refs lists an entity's members: home first, the others by name.
func refs(e state.Entity) []state.Ref {
	out := []state.Ref{e.Home}
	for ref := range e.Records {
		if ref != e.Home {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out[1:], func(a, b state.Ref) int { return cmp.Compare(a.String(), b.String()) })
	return out
}
