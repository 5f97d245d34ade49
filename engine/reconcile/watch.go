package reconcile

import (
	"slices"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Hold is who keeps a mirror, as far as is known. Two installations that both wrote
// would answer each other for ever; so the one that finds the other's marks only
// watches: it reads, links what the other makes, and writes nothing.
type Hold struct {
	// Since is when this installation began to keep the mirror; zero: it has not yet
	// read all of it, and whoever left marks there keeps it.
	Since time.Time
	// Watched: another installation keeps it.
	Watched bool
}

// Claim is what says that another installation keeps a mirror.
type Claim struct {
	Installation string
	At           time.Time // when it was last seen at work, by the provider's clock
}

// claim takes note of a foreign mark on a copy of a mirror. changed: it was another
// one before, so that the other has written since.
func (r *reconciler) claim(by state.MirrorID, ev calendar.Event, changed bool) {
	if by == "" || !r.foreign(ev.Mark) {
		return
	}
	since := r.Holds[by].Since
	if !changed && !since.IsZero() && !ev.Created.After(since) {
		return // from before this installation took over
	}
	at := ev.Created
	if ev.Updated.After(at) {
		at = ev.Updated
	}
	if old, ok := r.out.Claims[by]; ok && !at.After(old.At) {
		return
	}
	if r.out.Claims == nil {
		r.out.Claims = map[state.MirrorID]Claim{}
	}
	r.out.Claims[by] = Claim{ev.Mark.Installation, at}
}

// remarked notices copies of an entity that another installation has written since
// they were linked.
func (r *reconciler) remarked(e state.Entity) {
	for ref, rec := range e.Records {
		for _, p := range rec.Parts {
			if rep, ok := r.Replicas[ref][p.ID]; ok && ref != e.Home && rep.Event.Mark.Installation != p.By {
				r.claim(rec.Mirror, rep.Event, true)
			}
		}
	}
}

// unwatched takes out the steps that another installation does.
func (r *reconciler) unwatched(steps []state.Step) []state.Step {
	return slices.DeleteFunc(steps, func(s state.Step) bool {
		return (s.Kind.Writes() || s.Held != "") && r.watched(s)
	})
}

func (r *reconciler) watched(s state.Step) bool {
	e := r.byID[s.Entity]
	by := s.Mirror
	if by == "" {
		by = e.Records[s.Ref].Mirror
	}
	if by == "" && s.From != e.Home {
		by = e.Records[s.From].Mirror // a write at home: of the mirror that the change came by
	}
	if by != "" {
		return r.Holds[by].Watched
	}
	for _, rec := range e.Records {
		if r.Holds[rec.Mirror].Watched {
			return true
		}
	}
	return false
}

// fill links what is still to be made of an event to what another installation, or a
// write of ours whose outcome was lost, has made of it.
func (r *reconciler) fill(e *state.Entity, ref state.Ref) {
	rec := e.Records[ref]
	unmade := func(p state.Part) bool { return p.ID == "" && !p.Gone }
	if !r.Members[ref].Ready { // what is there now is not known, nor what an open write has made
		return
	}
	if !slices.ContainsFunc(rec.Parts, unmade) {
		return
	}
	claimed := r.claimed(*e, ref)
	if len(claimed) == 0 {
		return
	}
	want := map[string]mapping.Want{}
	all := r.shape(*e, ref).Parts
	for _, p := range rec.Parts {
		if w, ok := all[p.Slot]; ok && unmade(p) {
			want[p.Slot] = w
		}
	}
	var restored *calendar.Event // we made it for the same event, before both were deleted: it may look otherwise
	for _, made := range r.adoptParts(e, ref, want, claimed) {
		p := e.Part(ref, made.Slot)
		made.Generation = p.Generation
		*p = made
		if ev := r.replica(ref, made.ID).Event; restored == nil && ev.Mark.Installation == r.Installation && ev.Mark.Entity != string(e.ID) {
			restored = &ev
		}
	}
	if restored != nil {
		r.out.Steps = append(r.out.Steps, r.linked(*e, ref, *restored, "its mark says that it is a copy from "+r.name(e.Home)))
	}
}
