package reconcile

import (
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// What cannot be understood is nobody's edit.

// puzzling reports whether one of an entity's events cannot be understood now. What it
// says is no edit and no reason to take copies away: nothing of the entity is touched until
// it can be understood again, or is gone.
func (r *reconciler) puzzling(e *state.Entity) (waits bool) {
	for _, ref := range refs(*e) {
		for i := range e.Records[ref].Parts {
			p := &e.Records[ref].Parts[i]
			rep, ok := r.Replicas[ref][p.ID]
			if !p.Live() || !ok || rep.Deleted || rep.Event.Type != calendar.UnknownType {
				continue
			}
			waits = true
			why := "it stays as it is everywhere; in " + r.name(ref) + ": " + puzzle(rep.Event)
			if p.Version != rep.Event.Version { // once for each
				p.Version = rep.Event.Version
				r.note(*e, state.Noted, ref, nil, why, p.Read, p.Read)
			}
			r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Skip, Entity: e.ID, Mirror: e.Records[ref].Mirror, Ref: ref, From: ref,
				Event: p.ID, Slot: p.Slot, Title: e.Base.Title, Before: p.Read, Reason: why})
		}
	}
	if !waits {
		return false
	}
	for _, ref := range refs(*e) {
		for _, p := range e.Records[ref].Parts {
			if _, ok := r.Replicas[ref][p.ID]; ok && p.ID != "" {
				r.out.Waiting = append(r.out.Waiting, Found{ref, p.ID}) // what was changed of the others counts then
			}
		}
	}
	return true
}

// puzzle says of an event of UnknownType what it is.
func puzzle(ev calendar.Event) string {
	if ev.Doubt != "" {
		return "it cannot be understood (" + ev.Doubt + ")"
	}
	return "events of this kind (" + string(ev.Type) + ") do not cross"
}
