package reconcile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// edit is one field group that a person changed in one member.
type edit struct {
	ref     state.Ref
	now     calendar.Content
	home    calendar.Content // the base, with this edit put home
	updated time.Time
}

// folding is what fold learns of one entity and derive goes by.
type folding struct {
	from    state.Ref          // where the latest change came from
	changed calendar.Groups    // groups of the base that changed
	waiting map[state.Ref]bool // deleted there, and the person must say what that means
	frozen  string             // why nothing can be done with it now
}

// fold merges what was observed into the base: three-way, by field group.
func (r *reconciler) fold(e *state.Entity) folding {
	f := folding{from: e.Home, waiting: map[state.Ref]bool{}}
	edits := map[calendar.Group][]edit{}
	var vanished []state.Ref
	for _, ref := range refs(*e) {
		p := &e.Records[ref].Parts[0]
		rep, ok := r.Replicas[ref][p.ID]
		if p.ID == "" || !ok {
			continue
		}
		if rep.Deleted || rep.Event.Cancelled {
			if !p.Gone {
				vanished = append(vanished, ref)
			}
			continue
		}
		if rep.Event.Content.When.Recurrence.Rules != nil || len(rep.Event.Overrides) > 0 {
			f.frozen = "it has become a recurring series in " + r.name(ref) + ", and those do not cross yet"
			return f
		}
		if p.Gone { // restored from the provider's bin
			p.Gone = false
			if e.Deleted {
				e.Deleted = false
				f.from = ref
				remakeGone(e)
			}
		}
		p.Version = rep.Event.Version
		if ref == e.Home {
			e.Guests, e.UID, e.Type = rep.Event.HasGuests(), rep.Event.UID, rep.Event.Type
		}
		for g, ed := range r.edits(*e, ref, rep) {
			edits[g] = append(edits[g], ed)
		}
		p.Rescued = nil
	}
	r.permit(e, edits)
	for _, g := range calendar.AllGroups {
		r.merge(e, &f, g, edits[g])
	}
	for _, ref := range vanished {
		r.vanish(e, &f, ref)
	}
	return f
}

// edits lists what the person changed in one member since it was last read.
func (r *reconciler) edits(e state.Entity, ref state.Ref, rep state.Replica) map[calendar.Group]edit {
	p := e.Records[ref].Parts[0]
	out := map[calendar.Group]edit{}
	for _, g := range r.groups(e, ref) {
		switch {
		case !calendar.Equal(g, rep.Event.Content, p.Read):
			out[g] = edit{ref: ref, now: rep.Event.Content, updated: rep.Event.Updated}
		case p.Rescued != nil && p.Rescued.Groups.Has(g):
			// Our own unfinished write lies over it now: written again once merged.
			out[g] = edit{ref: ref, now: p.Rescued.Content, updated: p.Rescued.Updated}
			e.Records[ref].Parts[0].Dirty = e.Records[ref].Parts[0].Dirty.With(g)
		}
	}
	return out
}

// groups are the field groups that count in a member: at home all it can hold,
// in a copy those that travel.
func (r *reconciler) groups(e state.Entity, ref state.Ref) calendar.Groups {
	if ref == e.Home {
		return r.Members[ref].Capabilities.Groups
	}
	return r.mapping(e, ref).Groups()
}

func (r *reconciler) mapping(e state.Entity, ref state.Ref) mapping.Mapping {
	return mapping.Mapping{Home: r.Members[e.Home].Capabilities, Target: r.Members[ref].Capabilities}
}

// project is what a member should hold.
func (r *reconciler) project(e state.Entity, ref state.Ref) calendar.Content {
	if ref == e.Home {
		return e.Base
	}
	return r.mapping(e, ref).Get(e.Base)
}

// private groups are seen by the calendar's owner only: guests hear nothing of them.
var private = calendar.Groups{calendar.GroupReminders, calendar.GroupCategories, calendar.GroupProperties, calendar.GroupAvailability}

// permit takes out of edits those of copies that may not go home: they are
// refused, or wait for the person.
func (r *reconciler) permit(e *state.Entity, edits map[calendar.Group][]edit) {
	held := map[state.Ref]calendar.Groups{}
	for _, g := range calendar.AllGroups {
		edits[g] = slices.DeleteFunc(edits[g], func(ed edit) bool {
			if ed.ref == e.Home {
				return false
			}
			if why := r.forbidden(*e, ed.ref); why != "" {
				r.refuse(e, g, ed, why)
				return true
			}
			if !e.Guests || private.Has(g) {
				return false
			}
			held[ed.ref] = held[ed.ref].With(g)
			return true
		})
	}
	for _, ref := range refs(*e) {
		groups, ok := held[ref]
		if !ok {
			continue
		}
		now := r.replica(ref, e.Records[ref].Parts[0].ID)
		want := e.Base
		for _, g := range groups {
			if home, ok := r.mapping(*e, ref).Put(g, want, now.Event.Content); ok {
				want = home
			}
		}
		fact := "edit:" + string(e.ID) + ":" + digest(ref, groups, now.Event.Content)
		decision, known := r.Decisions[fact]
		for _, g := range groups {
			ed := edit{ref: ref, now: now.Event.Content, updated: now.Event.Updated}
			switch decision {
			case state.Apply:
				edits[g] = append(edits[g], ed)
			case state.Drop:
				r.refuse(e, g, ed, "you chose not to change a meeting with guests")
			}
		}
		if !known || decision == state.Undecided {
			r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Update, Entity: e.ID, Mirror: e.Records[ref].Mirror,
				Ref: e.Home, From: ref, Event: e.Records[e.Home].Parts[0].ID, Groups: groups, Want: want, Before: e.Base, Title: e.Base.Title,
				Held: state.HoldGuests, Fact: fact,
				Reason: words(groups) + " changed in " + r.name(ref) + ", and the meeting has guests who would hear of it"})
		}
	}
}

// forbidden says why edits made in a copy cannot go home at all, or nothing.
func (r *reconciler) forbidden(e state.Entity, ref state.Ref) string {
	for _, m := range r.Mirrors {
		if m.ID != e.Records[ref].Mirror {
			continue
		}
		here, _ := member(m, ref)
		home, _ := member(m, e.Home)
		if here.Direction == state.TakeOnly || home.Direction == state.SendOnly {
			return "the mirror “" + m.Name + "” takes no changes from " + r.name(ref) + " home"
		}
	}
	if !r.Members[e.Home].Writable {
		return r.name(e.Home) + " is read-only"
	}
	if home, ok := r.Replicas[e.Home][e.Records[e.Home].Parts[0].ID]; ok && !home.Deleted && !home.Event.Organized {
		return "only its organizer can change this meeting"
	}
	return ""
}

// refuse marks a group to be written again as it was, and says so in history.
func (r *reconciler) refuse(e *state.Entity, g calendar.Group, ed edit, why string) {
	p := &e.Records[ed.ref].Parts[0]
	lost := calendar.Content{}.Take(g, ed.now)
	p.Read = p.Read.Take(g, ed.now)
	p.Dirty = p.Dirty.With(g)
	r.note(*e, state.Reverted, ed.ref, calendar.Groups{g}, "the change of its "+words(calendar.Groups{g})+" in "+r.name(ed.ref)+" is taken back: "+why,
		lost, calendar.Content{}.Take(g, r.project(*e, ed.ref)))
}

// merge folds one group's edits into the base. Of several different ones the
// latest wins, a tie goes to the home; what loses is kept in history.
func (r *reconciler) merge(e *state.Entity, f *folding, g calendar.Group, edits []edit) {
	var carried []edit
	for _, ed := range edits {
		home, ok := e.Base.Take(g, ed.now), true
		if ed.ref != e.Home {
			home, ok = r.mapping(*e, ed.ref).Put(g, e.Base, ed.now)
		}
		if !ok {
			r.refuse(e, g, ed, "the copy shows only a part of it")
			continue
		}
		ed.home = home
		carried = append(carried, ed)
	}
	if len(carried) == 0 {
		return
	}
	winner := slices.MaxFunc(carried, func(a, b edit) int {
		return cmp.Or(a.updated.Compare(b.updated), compareBool(a.ref == e.Home, b.ref == e.Home), cmp.Compare(b.ref.String(), a.ref.String()))
	})
	before := e.Base
	e.Base = winner.home
	if !calendar.Equal(g, before, e.Base) {
		f.changed = f.changed.With(g)
		f.from = winner.ref
	}
	for _, ed := range carried {
		p := &e.Records[ed.ref].Parts[0]
		p.Read = p.Read.Take(g, ed.now)
		if calendar.Equal(g, ed.home, winner.home) {
			p.Wrote = p.Wrote.Take(g, r.project(*e, ed.ref))
			continue
		}
		p.Dirty = p.Dirty.With(g)
		r.note(*e, state.Overridden, ed.ref, calendar.Groups{g},
			words(calendar.Groups{g})+" was changed on two sides; the later change, in "+r.name(winner.ref)+", was kept",
			calendar.Content{}.Take(g, ed.now), calendar.Content{}.Take(g, e.Base))
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// vanish decides what it means that the event is gone from one member.
func (r *reconciler) vanish(e *state.Entity, f *folding, ref state.Ref) {
	p := &e.Records[ref].Parts[0]
	rep := r.replica(ref, p.ID)
	home := ref == e.Home
	calledOff := home && (rep.Event.Cancelled || !rep.Event.Organized) // by its organizer, which beats an edit
	switch {
	case e.Deleted:
		p.Gone = true
	case len(f.changed) > 0 && !calledOff:
		remake(p)
		r.note(*e, state.Noted, ref, nil, "deleted in "+r.name(ref)+" but changed in "+r.name(f.from)+" at the same time: it is kept", calendar.Content{}, e.Base)
	case home:
		p.Gone = true
		e.Deleted, f.from = true, ref
	case !r.organized(*e):
		// An invitation: taking its copy away is the person's way to hide it.
		p.Gone = true
		r.note(*e, state.Noted, ref, nil, "its copy was deleted in "+r.name(ref)+"; the meeting has another organizer, so only the copy is gone", p.Read, calendar.Content{})
	case r.forbidden(*e, ref) != "":
		remake(p)
		r.note(*e, state.Reverted, ref, nil, "its deletion in "+r.name(ref)+" is taken back: "+r.forbidden(*e, ref), p.Read, e.Base)
	case e.Guests:
		fact := fmt.Sprintf("delete:%s:%s:%d", e.ID, digest(ref, nil, calendar.Content{}), p.Generation)
		decision := r.Decisions[fact]
		switch decision {
		case state.Apply:
			p.Gone = true
			e.Deleted, f.from = true, ref
		case state.Drop:
			remake(p)
		default:
			f.waiting[ref] = true
			r.out.Steps = append(r.out.Steps, state.Step{Kind: state.Delete, Entity: e.ID, Mirror: e.Records[ref].Mirror,
				Ref: e.Home, From: ref, Event: e.Records[e.Home].Parts[0].ID, Before: e.Base, Title: e.Base.Title, Held: state.HoldGuests, Fact: fact,
				Reason: "its copy was deleted in " + r.name(ref) + ", and the meeting has guests who would hear of its end"})
		}
	default:
		p.Gone = true
		e.Deleted, f.from = true, ref
	}
}

// organized reports whether the person organises the home event.
func (r *reconciler) organized(e state.Entity) bool {
	rep, ok := r.Replicas[e.Home][e.Records[e.Home].Parts[0].ID]
	return !ok || rep.Event.Organized
}

// remake turns a part that was deleted into one still to be made.
func remake(p *state.Part) { *p = state.Part{Slot: p.Slot, Generation: p.Generation + 1} }

func remakeGone(e *state.Entity) {
	for _, rec := range e.Records {
		for i := range rec.Parts {
			if rec.Parts[i].Gone {
				remake(&rec.Parts[i])
			}
		}
	}
}

func (r *reconciler) note(e state.Entity, o state.Outcome, ref state.Ref, gs calendar.Groups, why string, before, after calendar.Content) {
	r.out.Notes = append(r.out.Notes, state.HistoryEntry{Time: r.Now, Outcome: o, Entity: e.ID, Mirror: e.Records[ref].Mirror,
		Ref: ref, Title: e.Base.Title, Groups: gs, Why: upper(why), Before: before, After: after})
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// digest identifies an edit: where, and what it says.
func digest(ref state.Ref, gs calendar.Groups, c calendar.Content) string {
	var taken calendar.Content
	for _, g := range gs {
		taken = taken.Take(g, c)
	}
	body, err := json.Marshal(struct {
		Ref     state.Ref
		Groups  calendar.Groups
		Content calendar.Content
	}{ref, gs, taken})
	if err != nil {
		panic(err) // plain data always marshals
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:6])
}
