package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
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
	stays   bool             // judged never to go home, so that nobody was asked
	amended bool             // the copy shows it otherwise than it was put
	rescued bool             // it was found under a write of ours
	updated time.Time
	wish    bool // it was made here: the person's undo
}

// folding is what fold learns of one entity and derive goes by.
type folding struct {
	from    state.Ref                      // where the latest change came from
	was     calendar.When                  // its time before
	changed bool                           // the base did
	waiting map[state.Ref]bool             // deleted there, and the person must say what that means
	timed   map[state.Ref]calendar.Content // where a person changed its time, and to what

	heldGroups calendar.Groups   // changed on two sides, and the person must say which stands
	heldSlots  []string          // likewise
	contested  []asked           // the edits of both
	rules      map[string]string // by which rule a slot's edit stands
	wished     bool              // an undo was folded in this pass
	wish       state.Image       // the occurrences of it
}

// fold merges what was observed into the base: three-way, by field group, for the
// event itself and for each of its occurrences.
func (r *reconciler) fold(e *state.Entity) folding {
	f := folding{from: e.Home, was: e.Base.When, waiting: map[state.Ref]bool{}, timed: map[state.Ref]calendar.Content{}, rules: map[string]string{}}
	base, overrides := e.Base, maps.Clone(e.Overrides)
	edits := map[calendar.Group][]edit{}
	var slots []slotEdit
	var vanished []state.Ref
	var forestalled []slotEdit
	facts := e.Facts
	r.asked = nil
	var saved []rescue
	for _, ref := range refs(*e) {
		for i := range e.Records[ref].Parts {
			p := &e.Records[ref].Parts[i]
			r.restored(ref, p)
			rep, ok := r.Replicas[ref][p.ID]
			if p.ID == "" || !ok {
				continue
			}
			if rep.Deleted || rep.Event.Cancelled {
				r.rescueGone(*e, ref, p, "deleted there")
				switch {
				case p.Gone:
				case e.Records[ref].Out && !e.Deleted:
					r.outGone(*e, ref, p)
				case p.Leaving && !e.Deleted: // what we were about to do
					p.Gone = true
					forestalled = append(forestalled, slotEdit{ref: ref, slot: p.Slot})
				case e.Records[ref].Kept, e.Records[ref].Out:
					p.Gone = true // that what is kept, or is to go, is gone means nothing at home
				case p.Slot == "":
					vanished = append(vanished, ref)
				default:
					slots = append(slots, slotEdit{ref: ref, part: p.Slot, slot: p.Slot, cancel: yes, updated: rep.Event.Updated})
				}
				continue
			}
			if p.Gone { // restored from the provider's bin
				p.Gone = false
				if e.Deleted {
					undelete(e)
					f.from = ref
					remakeGone(e)
				}
			}
			p.Version = rep.Event.Version
			if ref == e.Home {
				facts, e.UID = rep.Event.Facts(), rep.Event.UID
			}
			if e.Records[ref].Kept {
				r.rescueGone(*e, ref, p, "crossed no more")
				continue
			}
			overtaken := overtake(p, rep.Event)
			if p.Slot != "" {
				slots = append(slots, r.aloneEdits(*e, ref, p, rep)...)
			} else {
				for g, ed := range r.edits(*e, ref, p, rep) {
					edits[g] = append(edits[g], ed)
				}
				slots = append(slots, r.overrideEdits(*e, ref, p, rep)...)
			}
			if p.Rescued != nil {
				saved = append(saved, rescue{ref, p, rep.Event, overtaken})
			}
		}
	}
	for _, ed := range edits[calendar.GroupWhen] {
		f.timed[ed.ref] = ed.now
	}
	slots = r.outdated(e, edits, slots)
	slots = r.permit(e, facts, edits, slots)
	r.wish(e, &f, facts, edits)
	for _, g := range calendar.AllGroups {
		r.merge(e, &f, g, edits[g])
	}
	r.mergeSlots(e, &f, slots)
	for _, s := range saved {
		r.saved(*e, f, s)
	}
	e.Facts = facts // what the copies showed so far was told of the old ones
	undone := f.wished && e.Wish.Gone
	if e.Deleted && (f.changed || f.holds()) && !e.Left && !undone && !r.calledOff(*e) {
		r.note(*e, state.Noted, f.from, nil, "deleted in "+r.name(goneFrom(*e, e.Home))+" but changed in "+r.name(f.from)+" meanwhile: it is kept", calendar.Content{}, e.Base)
		undelete(e)
		if p := whole(*e, e.Home); p.Gone && (f.holds() || r.behind(*e, e.Home)) && r.mayYetMove(e.Home, p.ID, true) {
			p.Gone, f.waiting[e.Home] = false, true // vanish has it made again, if it was not moved
		}
		remakeGone(e)
	}
	for _, ref := range vanished {
		r.vanish(e, &f, ref)
	}
	if e.Deleted {
		r.withdraw(e, f)
	}
	for _, ed := range forestalled {
		r.forestalled(*e, ed.ref, ed.slot)
	}
	remember(e, base, overrides)
	if f.changed && !f.wished && e.Wish != nil && e.Wish.Folded {
		e.Wish = nil // the person has gone on
	}
	return f
}

// outdated refuses edits of copies that still showed what another mapping gave: the
// present one cannot tell what they mean.
func (r *reconciler) outdated(e *state.Entity, edits map[calendar.Group][]edit, slots []slotEdit) []slotEdit {
	const why = "it was made on what the copy showed before its mapping changed"
	old := func(ref state.Ref) bool {
		rec := e.Records[ref]
		return ref != e.Home && rec.Mapping != "" && rec.Mapping != r.mapping(*e, ref).Digest()
	}
	for _, g := range calendar.AllGroups {
		edits[g] = slices.DeleteFunc(edits[g], func(ed edit) bool {
			if !old(ed.ref) || calendar.Equal(g, r.project(*e, ed.ref), whole(*e, ed.ref).Wrote) {
				return false
			}
			r.refuse(e, g, ed, why)
			return true
		})
	}
	return slices.DeleteFunc(slots, func(ed slotEdit) bool {
		if ed.cancel != unsaid || !old(ed.ref) {
			return false
		}
		r.refuseSlot(e, ed, why)
		return true
	})
}

// rescue is a part where edits were rescued, what is there now, and what the person has
// changed once more since.
type rescue struct {
	ref       state.Ref
	part      *state.Part
	now       calendar.Event
	overtaken []state.Image
}

// overtake leaves of the edits rescued in a part those that still lie under our write. It
// returns those that the person has changed once more.
func overtake(p *state.Part, now calendar.Event) []state.Image {
	if p.Rescued == nil {
		return nil
	}
	var again state.Image
	for _, g := range p.Rescued.Groups {
		if !calendar.Equal(g, now.Content, p.Read) {
			again = again.With(g, now.Content)
		}
	}
	whole := map[string]bool{} // nothing of the rescued edit is left over
	for _, slot := range p.Rescued.Slots {
		is, was := now.Overrides[slot], p.ReadOverrides[slot]
		if over := p.Rescued.Overrides[slot].Edited(is, was); !is.Equal(was) {
			again, whole[slot] = again.WithSlot(slot, over), over.Equal(is)
		}
	}
	left := p.Rescued.Under(again, p.Rescued.Updated)
	over := left.Overtaken
	left.Overtaken = nil
	left.Groups = left.Groups.Without(again.Groups...)
	left.Slots = slices.DeleteFunc(left.Slots, func(slot string) bool { return whole[slot] })
	p.Rescued = &left
	return over
}

// overtook tells of rescued edits that the person has made anew, where they no longer
// saw them.
func (r *reconciler) overtook(e state.Entity, ref state.Ref, p *state.Part, lost state.Image) {
	why := " was changed again in " + r.name(ref) + " before the change before that was taken over: the later one counts"
	one := func(ed slotEdit) {
		n := r.note(e, state.Overridden, ref, ed.set, r.slotWords(e, []string{ed.slot})+why, ed.content, r.occurrence(e, ed.slot))
		n.Slots, n.Was, n.Became = []string{ed.slot}, r.lostSlot(e, ed), state.Image{}.WithSlot(ed.slot, e.Overrides[ed.slot])
		n.BeforeOverrides, n.AfterOverrides = n.Was.Overrides, n.Became.Overrides
	}
	if p.Slot != "" {
		one(slotEdit{ref: ref, part: p.Slot, slot: p.Slot, set: lost.Groups, content: lost.Content})
		return
	}
	for _, g := range lost.Groups {
		n := r.note(e, state.Overridden, ref, calendar.Groups{g}, "its "+words(calendar.Groups{g})+why,
			calendar.Content{}.Take(g, lost.Content), calendar.Content{}.Take(g, e.Base))
		n.Was, n.Became = r.lost(e, ref, calendar.Groups{g}, lost.Content), state.Image{}.With(g, e.Base)
	}
	for _, slot := range lost.Slots {
		o := lost.Overrides[slot]
		ed := slotEdit{ref: ref, slot: slot, set: o.Changed, now: o, content: o.Content}
		if o.Cancelled {
			ed.cancel = yes
		}
		one(ed)
	}
}

// saved lets go of rescued edits that are folded in: what is there is still the write of
// ours that lay over them. Those about which the person is asked stay.
func (r *reconciler) saved(e state.Entity, f folding, s rescue) {
	p := s.part
	for _, lost := range s.overtaken {
		r.overtook(e, s.ref, p, lost)
	}
	if p.Rescued == nil {
		return
	}
	groups, slots := r.waits(f, s.ref)
	old, kept := *p.Rescued, state.Rescued{Updated: p.Rescued.Updated}
	for _, g := range old.Groups {
		if p.Slot == "" && groups.Has(g) || p.Slot != "" && slices.Contains(slots, p.Slot) {
			kept.Image = kept.With(g, old.Content)
			continue
		}
		p.Read = p.Read.Take(g, s.now.Content)
	}
	for _, slot := range old.Slots {
		if slices.Contains(slots, slot) {
			kept.Image = kept.WithSlot(slot, old.Overrides[slot])
			continue
		}
		readOverride(p, slot, s.now.Overrides[slot])
	}
	if p.Rescued = nil; !kept.IsZero() {
		p.Rescued = &kept
	}
}

// waits tells which edits of a member wait for the person, the conflicts that it may
// have no part in included.
func (r *reconciler) waits(f folding, ref state.Ref) (calendar.Groups, []string) {
	groups, slots := slices.Clone(f.heldGroups), slices.Clone(f.heldSlots)
	for _, a := range r.asked {
		if a.ref == ref {
			groups, slots = groups.With(a.groups...), append(slots, slotsOf(a.slots)...)
		}
	}
	return groups, slots
}

// asked are edits made in one member about which the person is asked.
type asked struct {
	ref     state.Ref
	groups  calendar.Groups
	content calendar.Content
	slots   []slotEdit
}

// withdraw takes back what was asked about an event that is deleted now; the edits are
// kept in history.
func (r *reconciler) withdraw(e *state.Entity, f folding) {
	for _, a := range slices.Concat(r.asked, f.contested) {
		r.keepAsked(*e, a, "was deleted in "+r.name(goneFrom(*e, f.from)))
	}
	r.out.Steps = slices.DeleteFunc(r.out.Steps, func(s state.Step) bool {
		return s.Entity == e.ID && s.Kind == state.Update && len(s.Undoes) == 0 && (s.Held == state.HoldGuests || s.Held == state.HoldConflict)
	})
	clear(e.Conflicts)
}

// keepAsked keeps in history edits about which the person was asked, and what became of
// the event before they said anything.
func (r *reconciler) keepAsked(e state.Entity, a asked, became string) {
	why := " changed in " + r.name(a.ref) + " and waited for your decision when it " + became
	if len(a.groups) > 0 {
		r.note(e, state.Overridden, a.ref, a.groups, words(a.groups)+why, a.content, calendar.Content{})
	}
	for _, ed := range a.slots {
		r.note(e, state.Overridden, a.ref, ed.set, r.slotWords(e, []string{ed.slot})+why, ed.content, calendar.Content{})
	}
}

// edits lists what the person changed in one member since it was last read.
func (r *reconciler) edits(e state.Entity, ref state.Ref, p *state.Part, rep state.Replica) map[calendar.Group]edit {
	out := map[calendar.Group]edit{}
	for _, g := range r.groups(e, ref) {
		switch {
		case !calendar.Equal(g, rep.Event.Content, p.Read):
			out[g] = edit{ref: ref, now: rep.Event.Content, updated: rep.Event.Updated}
		case p.Rescued != nil && p.Rescued.Groups.Has(g):
			// Our own unfinished write lies over it now: written again once merged.
			out[g] = edit{ref: ref, now: p.Rescued.Content, updated: p.Rescued.Updated, rescued: true}
			p.Dirty = p.Dirty.With(g)
		}
	}
	return out
}

// rescueGone lets go of an edit that was rescued on a part that is deleted now, or kept as
// it is, and keeps it in history: our own write lies over it.
func (r *reconciler) rescueGone(e state.Entity, ref state.Ref, p *state.Part, became string) {
	lost := p.Rescued
	if lost == nil {
		return
	}
	p.Rescued = nil
	for _, before := range lost.Overtaken {
		r.overtook(e, ref, p, before)
	}
	n := r.note(e, state.Overridden, ref, lost.Groups, "it was changed in "+r.name(ref)+", and "+became+" before that was taken over", lost.Content, calendar.Content{})
	n.Slots, n.BeforeOverrides = lost.Slots, lost.Overrides
	n.Was = r.lost(e, ref, lost.Groups, lost.Content)
	for _, g := range n.Was.Groups {
		n.Became = n.Became.With(g, e.Base)
	}
}

// asLinked reports whether a copy shows a group as it was when it was linked, otherwise than the
// event: linking wrote nothing.
func asLinked(p state.Part, g calendar.Group) bool {
	return p.Found.Groups.Has(g) && calendar.Equal(g, p.Read, p.Found.Content)
}

// groups are the field groups that count in a member: at home all that it reads, in
// a copy those that travel.
func (r *reconciler) groups(e state.Entity, ref state.Ref) calendar.Groups {
	if ref == e.Home {
		return r.Members[ref].Capabilities.Read()
	}
	return r.mapping(e, ref).Groups()
}

// mapping leads from an entity's home to the member of a record.
func (r *reconciler) mapping(e state.Entity, ref state.Ref) *mapping.Mapping {
	return r.direction(e.Records[ref].Mirror, e.Home, ref)
}

// direction is the mapping by which a mirror leads from one member to another.
func (r *reconciler) direction(by state.MirrorID, home, target state.Ref) *mapping.Mapping {
	key := direction{by, home, target}
	if m, ok := r.mappings[key]; ok {
		return m
	}
	r.mappings[key] = Direction(r.mirror(by), home, target, r.Members)
	return r.mappings[key]
}

// Direction is the mapping by which a mirror leads from one member to another. One
// that makes no sense lets nothing cross, and says why.
func Direction(by state.Mirror, home, target state.Ref, members map[state.Ref]Member) *mapping.Mapping {
	side := func(ref state.Ref) mapping.Side {
		m := members[ref]
		return mapping.Side{Name: m.Name, Account: m.Account, Addresses: m.Addresses, Capabilities: m.Capabilities}
	}
	m, _ := mapping.New(by.Mapping(home, target), side(home), side(target))
	return m
}

// Way is the mapping by which events that are born in home come to another calendar; nil
// if no mirror at work brings them there.
func (in *Input) Way(home, target state.Ref) *mapping.Mapping {
	by, ok := in.targets(home)[target]
	if !ok {
		return nil
	}
	return Direction(in.mirror(by), home, target, in.Members)
}

// mirror is the mirror with an id; the zero mirror if it is gone.
func (in *Input) mirror(id state.MirrorID) state.Mirror {
	i := slices.IndexFunc(in.Mirrors, func(m state.Mirror) bool { return m.ID == id })
	if i < 0 {
		return state.Mirror{}
	}
	return in.Mirrors[i]
}

// source is an entity as mappings see it.
func (r *reconciler) source(e state.Entity) mapping.Source {
	return mapping.Source{Content: e.Base, Facts: e.Facts}
}

// shape is what a member should hold, by part, or why nothing.
func (r *reconciler) shape(e state.Entity, ref state.Ref) mapping.Shape {
	if ref == e.Home {
		return mapping.Shape{Parts: map[string]mapping.Want{"": {Content: e.Base, Overrides: e.Overrides}}}
	}
	return r.mapping(e, ref).Shape(r.source(e), e.Overrides, r.Now.Add(-Past), r.Now.Add(Future))
}

// project is what a member should show of the event itself.
func (r *reconciler) project(e state.Entity, ref state.Ref) calendar.Content {
	if ref == e.Home {
		return e.Base
	}
	return r.mapping(e, ref).Get(r.source(e))
}

// whole is the part of a record that holds the event itself; nil where the
// record has only single occurrences.
func whole(e state.Entity, ref state.Ref) *state.Part { return e.Part(ref, "") }

// private groups are seen by the calendar's owner only: guests hear nothing of them
// (but see unheard).
var private = calendar.Groups{calendar.GroupReminders, calendar.GroupCategories, calendar.GroupProperties, calendar.GroupAvailability}

// refuse marks a group to be written again as it was, and says so in history.
func (r *reconciler) refuse(e *state.Entity, g calendar.Group, ed edit, why string) *state.HistoryEntry {
	if r.forever(e, ed.ref, g, ed.now, true) {
		return nil
	}
	p := whole(*e, ed.ref)
	lost := calendar.Content{}.Take(g, ed.now)
	p.Read = p.Read.Take(g, ed.now)
	p.Dirty = p.Dirty.With(g)
	n := r.note(*e, state.Reverted, ed.ref, calendar.Groups{g}, "the change of its "+words(calendar.Groups{g})+" in "+r.name(ed.ref)+" is taken back: "+why,
		lost, calendar.Content{}.Take(g, r.project(*e, ed.ref)))
	n.Was, n.Became = r.lost(*e, ed.ref, calendar.Groups{g}, ed.now), state.Image{}.With(g, e.Base)
	return n
}

// atHome is what an edit of a group, made in a member, means at home, and whether a lens
// leads there.
func (r *reconciler) atHome(e state.Entity, ref state.Ref, g calendar.Group, here mapping.Source, now calendar.Content) (calendar.Content, mapping.Verdict) {
	if ref == e.Home {
		return mapping.AtHome(g, here.Content, now, r.Members[e.Home].Capabilities), mapping.Carried
	}
	return r.mapping(e, ref).Put(g, here, now)
}

// merge folds one group's edits into the base. Of several different ones the
// latest wins, a tie goes to the home; what loses is kept in history.
func (r *reconciler) merge(e *state.Entity, f *folding, g calendar.Group, edits []edit) {
	var carried []edit
	for _, ed := range edits {
		if ed.wish {
			ed.home = e.Base.Take(g, ed.now)
			carried = append(carried, ed)
			continue
		}
		now := ed.now
		if ed.ref != e.Home && g == calendar.GroupNotes {
			now = r.mapping(*e, ed.ref).WithoutOldBlock(r.source(*e), whole(*e, ed.ref).Wrote, now)
		}
		home, verdict := r.atHome(*e, ed.ref, g, r.source(*e), now)
		if verdict == mapping.Carried && now.Notes != ed.now.Notes {
			verdict = mapping.Amended
		}
		if ed.stays && verdict != mapping.Own { // what the event has become since would carry it
			verdict = mapping.Refused
		}
		switch verdict {
		case mapping.Refused:
			r.refuse(e, g, ed, r.refusal(*e, g))
			continue
		case mapping.Own:
			p := whole(*e, ed.ref)
			p.Read = p.Read.Take(g, ed.now)
			continue
		}
		if why := r.unfit(*e, ed.ref, home.When); g == calendar.GroupWhen && why != "" {
			if n := r.refuse(e, g, ed, r.name(e.Home)+" cannot hold it: "+why); n != nil {
				n.Unfit = true
			}
			continue
		}
		ed.home, ed.amended = home, verdict == mapping.Amended
		carried = append(carried, ed)
	}
	if len(carried) == 0 {
		delete(e.Conflicts, string(g))
		return
	}
	// A question that waits answers nothing, so it does not count as a rewriting.
	ruling := r.contest(e, f, g, carried)
	if ruling.held {
		return
	}
	winner := carried[ruling.winner]
	carried = slices.DeleteFunc(carried, func(ed edit) bool { return !ed.wish && r.forever(e, ed.ref, g, ed.now, ed.amended) })
	if len(carried) == 0 {
		return
	}
	if !slices.ContainsFunc(carried, func(ed edit) bool { return ed.ref == winner.ref && ed.wish == winner.wish }) {
		winner = slices.MaxFunc(carried, func(a, b edit) int { return laterEdit(*e, a, b) })
	}
	before, known := e.Base, r.project(*e, winner.ref)
	e.Base = winner.home
	if !calendar.Equal(g, before, e.Base) {
		if p := whole(*e, winner.ref); !winner.wish && (winner.rescued || p.Dirty.Has(g) || !calendar.Equal(g, known, p.Wrote) || asLinked(*p, g)) {
			n := r.note(*e, state.Overridden, winner.ref, calendar.Groups{g}, words(calendar.Groups{g})+" was changed in "+r.name(winner.ref)+" before an earlier change had reached it; the later one was kept",
				calendar.Content{}.Take(g, before), calendar.Content{}.Take(g, e.Base))
			n.Was, n.Became = state.Image{}.With(g, before), state.Image{}.With(g, e.Base)
		}
		f.changed = true
		f.from = winner.ref
	}
	kept := "the later change"
	if ruling.rule != "conflicts: latest" {
		kept = "the change"
	}
	for _, ed := range carried {
		if ed.wish {
			if !calendar.Equal(g, ed.home, winner.home) {
				n := r.note(*e, state.Overridden, e.Home, calendar.Groups{g}, "its "+words(calendar.Groups{g})+" was changed in "+r.name(winner.ref)+" after you undid "+entryWords(e.Wish.Undoes)+": that change was kept",
					calendar.Content{}.Take(g, ed.now), calendar.Content{}.Take(g, e.Base))
				n.Was, n.Became = state.Image{}.With(g, ed.home), state.Image{}.With(g, e.Base)
			}
			continue
		}
		p := whole(*e, ed.ref)
		p.Read = p.Read.Take(g, ed.now)
		if calendar.Equal(g, ed.home, winner.home) {
			if p.Wrote = p.Wrote.Take(g, r.project(*e, ed.ref)); ed.amended {
				p.Dirty = p.Dirty.With(g)
			}
			continue
		}
		p.Dirty = p.Dirty.With(g)
		n := r.note(*e, state.Overridden, ed.ref, calendar.Groups{g},
			words(calendar.Groups{g})+" was changed on two sides; "+kept+", in "+r.name(winner.ref)+", was kept",
			calendar.Content{}.Take(g, ed.now), calendar.Content{}.Take(g, e.Base))
		n.From, n.Rule = winner.ref, ruling.rule
		n.Was, n.Became = state.Image{}.With(g, ed.home), state.Image{}.With(g, e.Base)
	}
}

// refusal says why no lens carries an edit of a copy home.
func (r *reconciler) refusal(e state.Entity, g calendar.Group) string {
	if g == calendar.GroupNotes && r.Members[e.Home].Capabilities.NotesHoldJoin && e.Base.Links.Conference != "" {
		return "in " + r.name(e.Home) + " they hold the link to join, and can be changed there only"
	}
	return "the copy shows only a part of it"
}

// unfit says why the home calendar cannot hold a time that a copy was given.
func (r *reconciler) unfit(e state.Entity, ref state.Ref, w calendar.When) string {
	if ref == e.Home || w.Recurrence.IsZero() {
		return ""
	}
	fits := r.Members[e.Home].Capabilities.Series
	if fits == nil {
		return "it holds no series"
	}
	return fits(w)
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

// note adds to the history what is worth knowing. What is returned is of use until
// the next note.
func (r *reconciler) note(e state.Entity, o state.Outcome, ref state.Ref, gs calendar.Groups, why string, before, after calendar.Content) *state.HistoryEntry {
	r.out.Notes = append(r.out.Notes, state.HistoryEntry{Time: r.Now, Outcome: o, Entity: e.ID, Mirror: e.Records[ref].Mirror,
		Ref: ref, Title: e.Base.Title, Groups: gs, Why: upper(why), Before: before, After: after,
		Home: e.Home, HadGuests: e.Facts.HasGuests()})
	return &r.out.Notes[len(r.out.Notes)-1]
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// digest identifies an edit: where, and what it says.
func digest(ref state.Ref, gs calendar.Groups, c calendar.Content, slots []slotEdit) string {
	said := make([]string, len(slots))
	for i, s := range slots {
		said[i] = s.String()
	}
	slices.Sort(said)
	body, err := json.Marshal(struct {
		Ref     state.Ref
		Groups  calendar.Groups
		Content calendar.Content
		Slots   []string
	}{ref, gs, over(calendar.Content{}, gs, c), said})
	if err != nil {
		panic(err) // plain data always marshals
	}
	return shortSum(body)
}

// digestOf is a digest of what was said, in order.
func digestOf(said []string) string { return shortSum([]byte(strings.Join(said, "\x00"))) }

func shortSum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:6])
}
