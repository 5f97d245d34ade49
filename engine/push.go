package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// batch is how many intents are committed at once before their requests go out, and how
// many results after. While a batch takes less than batchTime, the next one is twice as
// large: each commit waits for the disk, twice.
const (
	batch, largestBatch = 32, 256
	batchTime           = 2 * time.Second
)

// errOpen keeps a part alone whose earlier write has not been settled.
var errOpen = errors.New("an earlier change of it is not settled yet")

// errAway stops a lane: the account cannot be written just now.
var errAway = errors.New("not tried: the account cannot be reached just now")

// errLate is a step that goes on when the pass has ended: the next one tells.
var errLate = errors.New("still under way")

// push does the steps, each calendar in a lane of its own. again says that an
// event was changed by someone else meanwhile. The error is the store's.
func (e *Engine) push(ctx context.Context, h *house, plan []state.Step, patience time.Duration) (done []control.StepResult, again bool, err error) {
	type place struct {
		entity state.EntityID
		ref    state.Ref
		slot   string
	}
	open := map[place]bool{}
	intents, err := e.open()
	if err != nil {
		return nil, false, err
	}
	for _, in := range intents {
		open[place{in.Step.Entity, in.Step.Ref, in.Step.Slot}] = true
	}
	results := make([]control.StepResult, len(plan))
	lanes := map[state.Ref][]int{}
	for i, s := range plan {
		results[i].Step = s
		switch {
		case !s.Kind.Writes() || s.Held != "":
		case open[place{s.Entity, s.Ref, s.Slot}]:
			results[i].Error = errOpen.Error()
		case !h.members[s.Ref].Ready:
			results[i].Error = errAway.Error()
		default:
			lanes[s.Ref] = append(lanes[s.Ref], i)
		}
	}
	defer e.writes(lanes)()
	// A provider's limit on writes at once is a calendar's or the whole account's.
	slots := map[any]chan struct{}{}
	for ref := range lanes {
		c := h.members[ref].Capabilities
		if key := slotKey(ref, c); slots[key] == nil {
			slots[key] = make(chan struct{}, max(1, c.Writes))
		}
	}
	sent := map[state.AccountID]*errand{}
	for _, ref := range slices.SortedFunc(maps.Keys(lanes), compareRefs) {
		if sent[ref.Account] != nil {
			continue
		}
		own := slices.Clone(results)
		sent[ref.Account] = e.send(ref.Account, func(ctx context.Context, x *errand) {
			x.results = own
			var mu sync.Mutex
			var g errgroup.Group
			g.SetLimit(calendarsAtOnce)
			for _, r := range slices.SortedFunc(maps.Keys(lanes), compareRefs) {
				if r.Account != ref.Account {
					continue
				}
				x.lane = append(x.lane, lanes[r]...)
				g.Go(func() error {
					l := lane{Engine: e, h: h, ref: r, provider: h.reach[r.Account], slots: slots[slotKey(r, h.members[r].Capabilities)]}
					changed, err := l.run(ctx, lanes[r], own)
					mu.Lock()
					x.again = x.again || changed
					mu.Unlock()
					return err
				})
			}
			x.err = g.Wait()
		})
	}
	// Who asked waits for the end of it in any case. Unless somebody else wants to go on,
	// another pass, which would read everything once more, brings nothing.
	over := e.await(sent, patience, func() bool { return e.asking.Load() > 0 && !e.passing.wanted() })
	for id, x := range sent {
		if over[id] == nil {
			for ref, steps := range lanes {
				for _, i := range steps {
					if ref.Account == id {
						results[i].Error = errLate.Error()
					}
				}
			}
			continue
		}
		for _, i := range x.lane {
			results[i] = x.results[i]
		}
		again = again || x.again
		if err == nil {
			err = x.err
		}
	}
	if err != nil {
		return results, again, err
	}
	return results, again, e.done(results)
}

// done clears the entities that have nothing outstanding any more.
func (e *Engine) done(results []control.StepResult) error {
	outstanding := map[state.EntityID]bool{}
	for _, r := range results {
		if r.Kind != state.Adopt && r.Kind != state.Skip {
			outstanding[r.Entity] = outstanding[r.Entity] || r.Held != "" || r.Error != ""
		}
	}
	return e.Store.Update(func(tx *store.Tx) error {
		for id, is := range outstanding {
			if is {
				continue
			}
			if err := tx.ClearPending(id); err != nil {
				return err
			}
		}
		return nil
	})
}

func slotKey(ref state.Ref, c calendar.Capabilities) any {
	if c.PerAccount {
		return ref.Account
	}
	return ref
}

// lane writes to one calendar.
type lane struct {
	*Engine
	h        *house
	ref      state.Ref
	provider calendar.Provider
	slots    chan struct{}
}

// run does the steps in batches: commit intents, send requests, commit results together
// with the intents of the next batch.
func (l lane) run(ctx context.Context, steps []int, results []control.StepResult) (again bool, err error) {
	size, away := batch, false
	var sent []*job
	for {
		n := min(size, len(steps))
		if away || ctx.Err() != nil {
			n = 0
		}
		jobs, err := l.commit(sent, steps[:n], results)
		if err != nil {
			return again, err
		}
		changed, err := l.heed(ctx, sent, results)
		if again = again || changed; err != nil {
			return again, err
		}
		if steps = steps[n:]; n == 0 {
			break
		}
		began := l.Now()
		l.prepare(ctx, jobs)
		var wg sync.WaitGroup
		for _, j := range jobs {
			l.slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-l.slots }()
				j.send(ctx, l)
				l.written(1)
			})
		}
		wg.Wait()
		if size = batch; l.Now().Sub(began) < batchTime {
			size = min(2*n, largestBatch)
		}
		away = l.findShut(ctx, jobs) || slices.ContainsFunc(jobs, l.unreached)
		sent = jobs
	}
	for _, i := range steps {
		results[i].Error = errAway.Error()
	}
	l.written(len(steps))
	return again, nil
}

// unreached reports whether a step failed because the account cannot be written just now.
func (l lane) unreached(j *job) bool {
	switch calendar.KindOf(j.err) {
	case calendar.Throttled, calendar.SignedOut, calendar.Unavailable:
		return !l.brief(j.err) // else the next calls wait for it
	}
	return false
}

// heed looks after what went wrong in a batch. The error is the store's.
func (l lane) heed(ctx context.Context, jobs []*job, results []control.StepResult) (again bool, err error) {
	for _, j := range jobs {
		if j.err == nil {
			continue
		}
		results[j.index].Error = j.err.Error()
		if _, one := refusedGroup(j.intent.Step, j.err); one {
			again = true // the others are written by themselves
			continue
		}
		switch calendar.KindOf(j.err) {
		case calendar.Conflict, calendar.NotFound, calendar.Gone:
			again = true
			if id := j.intent.Step.Event; id != "" {
				trouble, err := l.reread(ctx, l.provider, l.ref, id)
				if err != nil {
					return again, err
				}
				if trouble != nil {
					l.trouble(ctx, l.ref, trouble)
				}
			}
		case calendar.Throttled, calendar.SignedOut, calendar.Unavailable:
			if !l.unreached(j) {
				again = true // the next pass does this one
				break
			}
			l.trouble(ctx, l.ref, j.err)
		case calendar.ReadOnly, calendar.Other:
			l.trouble(ctx, l.ref, j.err)
		}
	}
	return again, nil
}

// prepare says which events are about to be changed, where the provider reads them first.
func (l lane) prepare(ctx context.Context, jobs []*job) {
	p, ok := l.provider.(calendar.Preparer)
	var ids []calendar.RemoteID
	for _, j := range jobs {
		if j.intent.Step.Kind == state.Update {
			ids = append(ids, j.intent.Step.Event)
		}
	}
	if ok && len(ids) > 1 {
		p.Prepare(ctx, l.ref.Calendar, ids)
	}
}

// job is one step under way.
type job struct {
	index  int
	again  bool // an earlier try may have landed
	intent state.Intent
	entity state.Entity // as it was when the intent was made
	stored []byte       // the same, as it was stored
	mark   calendar.Mark
	remark bool                         // the copy bears another installation's mark: ours goes along
	under  calendar.Version             // the version that was written over
	event  calendar.Event               // what the provider now holds
	ours   map[string]calendar.Override // its overrides by our doing, where people's are among them
	gone   bool                         // it holds it no more
	before calendar.RemoteID            // what a create makes again
	back   calendar.Event               // that is there again, so that nothing was made
	unsent bool                         // nothing was done
	late   bool                         // what it deletes was deleted by somebody else already
	calls  int                          // made to the connector for it
	shut   bool                         // the whole calendar may not be written, for now
	err    error
}

// commit commits the results of a batch, with the ends of their intents, and the journal
// entries of the next one, before anything of that is sent.
func (l lane) commit(sent []*job, next []int, results []control.StepResult) (jobs []*job, err error) {
	if len(sent) == 0 && len(next) == 0 {
		return nil, nil
	}
	err = l.Store.Update(func(tx *store.Tx) (err error) {
		if err := l.record(tx, sent); err != nil {
			return err
		}
		jobs, err = l.intend(tx, next, results)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return jobs, nil
}

// intend makes the journal entries of a batch.
func (l lane) intend(tx *store.Tx, steps []int, results []control.StepResult) (jobs []*job, err error) {
	for _, i := range steps {
		s := results[i].Step
		ent, ok, err := tx.Entity(s.Entity)
		if err != nil {
			return nil, err
		}
		part := ent.Part(s.Ref, s.Slot)
		if !ok || part == nil {
			continue
		}
		j := &job{index: i, mark: l.mark(s), remark: part.By != "" && s.Ref != ent.Home,
			intent: state.Intent{ID: tx.NextIntentID(), Step: s, Began: l.Now(), Attempt: 1},
			entity: ent, stored: tx.StoredEntity(s.Entity)}
		if s.Kind == state.Create {
			j.intent.Key = key(l.Store.Installation(), s, ent.Moves<<16+part.Generation)
			if part.Before != nil {
				j.before = part.Before.ID
			}
		}
		if err := tx.PutIntent(j.intent); err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// mark says on a copy who wrote it. A home that is made again bears one that names no
// mirror: it is no copy.
func (l lane) mark(s state.Step) calendar.Mark {
	m := calendar.Mark{Installation: l.Store.Installation(), Mirror: string(s.Mirror), Entity: string(s.Entity)}
	if s.Ref == s.Home {
		m.Mirror = ""
	}
	return m
}

// key makes a create idempotent: the same part of the same entity in the same
// calendar has one key, until it was deleted there and must be made again, or let go of
// by a move.
func key(installation string, s state.Step, generation int) calendar.Key {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%d", installation, s.Entity, s.Slot, s.Ref, generation))
	return calendar.Key(hex.EncodeToString(sum[:16]))
}

func (j *job) send(ctx context.Context, l lane) {
	s := j.intent.Step
	j.calls++
	switch s.Kind {
	case state.Create:
		if j.lookBack(ctx, l); j.unsent {
			return
		}
		j.event, j.err = l.provider.Create(ctx, s.Ref.Calendar, calendar.Draft{Key: j.intent.Key, Mark: j.mark, Content: s.Want, Overrides: s.Overrides})
	case state.Update:
		j.under = s.IfVersion
		c := change(s)
		if j.remark && len(s.Groups) > 0 { // it is on the series itself
			c.Mark = j.mark
		}
		j.event, j.err = l.provider.Update(ctx, s.Ref.Calendar, s.Event, s.IfVersion, c)
	case state.Delete:
		j.err = l.provider.Delete(ctx, s.Ref.Calendar, s.Event, s.IfVersion)
		if k := calendar.KindOf(j.err); k == calendar.NotFound || k == calendar.Gone { // already, or the calendar is away
			j.calls++
			j.err = stands(ctx, l.provider, l.ref)
			j.unsent = j.err != nil
			j.late = !j.again
		}
	case state.Answer:
		if j.err = l.provider.Respond(ctx, s.Ref.Calendar, s.Event, s.IfVersion, s.Response); j.err == nil {
			j.calls++
			j.answered(l.provider.Get(ctx, s.Ref.Calendar, s.Event))
		}
	}
}

// lookBack looks whether what is to be made again was restored from the provider's bin
// since: then it is not made. (Listings may be late.) An earlier try may have made it.
func (j *job) lookBack(ctx context.Context, l lane) {
	if j.before == "" || j.again {
		return
	}
	j.calls++
	ev, err := l.provider.Get(ctx, l.ref.Calendar, j.before)
	switch calendar.KindOf(err) {
	case -1:
		if j.unsent = !ev.Cancelled; j.unsent {
			j.back, j.err = ev, &calendar.Error{Op: "make again", Kind: calendar.Conflict, Calendar: l.ref.Calendar, Event: ev.ID, Err: errBack}
		}
	case calendar.NotFound, calendar.Gone:
	default:
		j.unsent, j.err = true, err
	}
}

var errBack = errors.New("it was restored meanwhile")

// answered takes what is there after an invitation was answered. Some services take
// a declined one away. What cannot be read now comes with the next changes.
func (j *job) answered(ev calendar.Event, err error) {
	switch calendar.KindOf(err) {
	case -1:
		j.event = ev
	case calendar.NotFound, calendar.Gone:
		j.gone = true
	}
}

// change is what an update step writes.
func change(s state.Step) calendar.Change {
	return calendar.Change{Groups: s.Groups, Content: s.Want, Overrides: s.Overrides, Slots: s.Slots}
}

// record keeps the results of a batch, and ends their intents.
func (l lane) record(tx *store.Tx, jobs []*job) error {
	for _, j := range jobs {
		err := l.recordOne(tx, j)
		if taken, ok := errors.AsType[*store.TakenError](err); ok {
			err = l.recordTaken(tx, j, taken)
		}
		if err != nil {
			return err
		}
	}
	return countJobs(tx, jobs)
}

func (l lane) recordOne(tx *store.Tx, j *job) error {
	s := j.intent.Step
	if j.unsent {
		return l.recordBack(tx, j)
	}
	kind := calendar.KindOf(j.err)
	if kind == calendar.Unavailable || kind == calendar.Other {
		return nil // it may have happened: the intent stays and is settled first thing
	}
	if j.again && slices.Contains([]calendar.Kind{calendar.Throttled, calendar.SignedOut, calendar.ReadOnly, calendar.Forbidden}, kind) {
		return nil // this try did nothing, but that says nothing of the one before
	}
	if err := tx.DeleteIntent(j.intent.ID); err != nil {
		return err
	}
	ent, ok, err := j.entity, true, error(nil)
	if !tx.UnchangedEntity(s.Entity, j.stored) {
		ent, ok, err = tx.Entity(s.Entity)
	}
	if err != nil || !ok {
		return err
	}
	part := ent.Part(s.Ref, s.Slot)
	if part == nil || j.shut {
		return nil
	}
	var swept []*state.HistoryEntry
	if j.err != nil {
		return l.recordFailure(tx, ent, part, s, j.err)
	}
	if s.Kind == state.Answer {
		return l.recordAnswer(tx, j, ent)
	}
	if s.Kind == state.Delete {
		if err := l.observeGone(tx, s.Ref, part.ID); err != nil {
			return err
		}
		if err := tx.ClearDirty(s.Ref, part.ID); err != nil { // our own doing
			return err
		}
		part.Gone = true            // the id stays known: it may be restored from the provider's bin
		part.Leaving = !ent.Deleted // it may be wanted again since
		noneOfBefore(ent, s)
	} else {
		old, known, err := tx.Replica(s.Ref, j.event.ID)
		if err != nil {
			return err
		}
		// Over a state that we had not read (settling an old intent), all that we
		// did not write ourselves may be a person's doing.
		strange := s.Kind == state.Update && (!known || old.Event.Version != j.under)
		j.event = complete(j.event, written(s, old.Event.Content))
		if j.ours == nil {
			j.ours = j.event.Overrides
		}
		if j.remark && len(s.Groups) > 0 {
			part.By, part.Bore, old.Event.Mark = "", old.Event.Mark, j.mark
		}
		j.event.Mark = cmp.Or(j.event.Mark, old.Event.Mark)
		swept = l.swept(ent, *part, s, j.event)
		edited := settlePart(part, s, j.event, old.Event, j.ours, strange)
		if s.Kind == state.Create {
			noneOfBefore(ent, s)
		}
		if err := tx.PutReplica(s.Ref, state.Replica{Event: j.event, Seen: l.Now()}); err != nil {
			return err
		}
		if edited {
			if err := tx.MarkDirty(s.Ref, j.event.ID); err != nil {
				return err
			}
		}
	}
	if err := putEntity(tx, ent); err != nil {
		return err
	}
	if ent.Deleted && s.Kind != state.Delete { // it came too late, and goes again
		if err := tx.SetPending(ent.ID); err != nil {
			return err
		}
	}
	entry := l.entry(l.h, s, state.Done, "", s.Before, j.event.Content)
	if s.Kind == state.Create || s.Groups.Has(calendar.GroupWhen) {
		entry.Slots = slotsOf(entry.BeforeOverrides, j.event.Overrides)
	}
	entry.AfterOverrides = only(j.event.Overrides, entry.Slots)
	if entry.Requests = j.calls; j.late {
		entry.Why += "; it was found deleted there"
	}
	for _, x := range swept {
		if err := tx.AppendHistory(x); err != nil {
			return err
		}
	}
	return tx.AppendHistory(entry)
}

// swept tells of what was different in a calendar before its event was linked, so that
// nothing carried it home, and that a write has replaced.
func (l lane) swept(ent state.Entity, part state.Part, s state.Step, now calendar.Event) (out []*state.HistoryEntry) {
	if s.Kind != state.Update {
		return nil
	}
	found := part.Found
	var lost state.Image
	for _, g := range s.Groups.And(found.Groups) {
		if calendar.Equal(g, found.Content, part.Read) && !calendar.Equal(g, found.Content, now.Content) {
			lost = lost.With(g, found.Content)
		}
	}
	const why = " here before the event was linked went with the new "
	if len(lost.Groups) > 0 {
		s := s
		s.Groups, s.Slots, s.Reason = lost.Groups, nil, "what was different"+why+"one"
		if s.Was, s.Became = (state.Image{}), (state.Image{}); s.Slot == "" {
			s.Was = l.wouldBe(ent, s.Ref, lost)
		}
		for _, g := range s.Was.Groups {
			s.Became = s.Became.With(g, ent.Base)
		}
		out = append(out, l.entry(l.h, s, state.Overridden, "", part.Read, now.Content))
	}
	for _, slot := range found.Slots {
		was := found.Overrides[slot]
		written := slices.Contains(s.Slots, slot) || s.Groups.Has(calendar.GroupWhen)
		if !written || !was.Equal(part.ReadOverrides[slot]) || was.Equal(now.Overrides[slot]) {
			continue
		}
		s := s
		s.Slots, s.Reason = []string{slot}, "an occurrence that was different"+why+"time"
		if !s.Groups.Has(calendar.GroupWhen) {
			s.Reason = "an occurrence that was different" + why + "one"
		}
		s.Was, s.Became = state.Image{}.WithSlot(slot, was), state.Image{}.WithSlot(slot, now.Overrides[slot])
		entry := l.entry(l.h, s, state.Overridden, "", s.Before.Occurrence(was), now.Content)
		entry.Slots, entry.BeforeOverrides, entry.AfterOverrides = s.Slots, s.Was.Overrides, s.Became.Overrides
		out = append(out, entry)
	}
	return out
}

// wouldBe is what some groups of a copy would be at home, as far as a lens leads there.
func (l lane) wouldBe(ent state.Entity, ref state.Ref, copied state.Image) (out state.Image) {
	var by state.Mirror
	for _, m := range l.h.mirrors {
		if m.ID == ent.Records[ref].Mirror {
			by = m
		}
	}
	lens := reconcile.Direction(by, ent.Home, ref, l.h.members)
	for _, g := range copied.Groups {
		home, v := lens.Put(g, mapping.Source{Content: ent.Base, Facts: ent.Facts}, copied.Content)
		if v == mapping.Carried || v == mapping.Amended {
			out = out.With(g, home)
		}
	}
	return out
}

// noneOfBefore takes note that what was in a calendar before Twinday is gone: what is
// there now, or will be, is a copy.
func noneOfBefore(ent state.Entity, s state.Step) {
	if rec := ent.Records[s.Ref]; rec.Adopted && s.Slot == "" {
		rec.Adopted = false
		ent.Records[s.Ref] = rec
	}
}

// recordBack ends a step that did nothing. What is there again is looked at by the next
// plan.
func (l lane) recordBack(tx *store.Tx, j *job) error {
	err := tx.DeleteIntent(j.intent.ID)
	if err != nil || j.back.ID == "" {
		return err
	}
	if err := l.observe(tx, l.ref, j.back, false); err != nil {
		return err
	}
	return tx.MarkDirty(l.ref, j.back.ID)
}

// recordTaken sets one event aside whose write was answered with an event that is
// another one's already: it is left alone until it is to look otherwise, and nobody
// else waits for it.
func (l lane) recordTaken(tx *store.Tx, j *job, taken *store.TakenError) error {
	s := j.intent.Step
	ent, ok, err := tx.Entity(s.Entity)
	if err != nil || !ok {
		return err
	}
	j.err = taken
	part := ent.Part(s.Ref, s.Slot)
	part.Refused, part.Wrote, part.WroteOverrides = setAside(taken), s.Want, s.Overrides
	part.Dirty, part.DirtySlots = part.Dirty.Without(s.Groups...), nil
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	return tx.AppendHistory(l.entry(l.h, s, state.Failed, part.Refused, s.Before, s.Want))
}

// setAside says why an event is left alone.
func setAside(taken *store.TakenError) string {
	return fmt.Sprintf("what is there of it (%s) is part of another event already (%s)", taken.Event, taken.By)
}

// written is what is known of a content after a write: what was written, and
// for the rest what was there before.
func written(s state.Step, before calendar.Content) calendar.Content {
	groups := s.Groups
	if s.Kind == state.Create {
		groups = calendar.AllGroups
	}
	for _, g := range groups {
		before = before.Take(g, s.Want)
	}
	return before
}

// recordAnswer keeps that an invitation was answered.
func (l lane) recordAnswer(tx *store.Tx, j *job, ent state.Entity) (err error) {
	s := j.intent.Step
	switch {
	case j.gone:
		err = l.observeGone(tx, s.Ref, s.Event)
	case j.event.ID != "":
		err = l.observe(tx, s.Ref, j.event, false)
	}
	if err != nil {
		return err
	}
	ent.Answer = calendar.NoResponse
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	entry := l.entry(l.h, s, state.Done, "", s.Before, s.Before)
	entry.Requests = j.calls
	return tx.AppendHistory(entry)
}

// settlePart takes over what the provider made of a write. A group that we did
// not write and that the person had changed before (an edit that still waits)
// keeps its old read-back, so that it goes on counting as changed. So does an
// occurrence that the person has changed by the time the series was read back.
func settlePart(part *state.Part, s state.Step, ev, was calendar.Event, ours map[string]calendar.Override, strange bool) (edited bool) {
	part.ID, part.Version, part.Gone, part.Refused = ev.ID, ev.Version, false, ""
	if s.Kind == state.Create {
		part.Before, part.Made = nil, true
		part.Wrote, part.Read, part.Dirty = s.Want, ev.Content, nil
		part.WroteOverrides, part.ReadOverrides, part.DirtySlots = s.Overrides, ev.Overrides, nil
		return false
	}
	for _, g := range calendar.AllGroups {
		switch {
		case s.Groups.Has(g):
			part.Wrote = part.Wrote.Take(g, s.Want)
			part.Read = part.Read.Take(g, ev.Content)
		case !strange && calendar.Equal(g, was.Content, part.Read):
			part.Read = part.Read.Take(g, ev.Content)
		}
	}
	written := func(slot string) bool {
		return slices.Contains(s.Slots, slot) || s.Groups.Has(calendar.GroupWhen) // with a new time all are written
	}
	for _, slot := range slotsOf(s.Overrides, part.WroteOverrides, part.ReadOverrides, ev.Overrides) {
		if written(slot) {
			part.WroteOverrides = calendar.WithOverride(part.WroteOverrides, slot, s.Overrides[slot])
		}
		is, read := ours[slot], part.ReadOverrides[slot]
		if written(slot) || !strange && was.Overrides[slot].Equal(read) && is.Equal(s.Overrides[slot]) {
			part.ReadOverrides = calendar.WithOverride(part.ReadOverrides, slot, is)
		}
		edited = edited || !ev.Overrides[slot].Equal(part.ReadOverrides[slot])
	}
	part.Dirty = part.Dirty.Without(s.Groups...)
	part.DirtySlots = slices.DeleteFunc(part.DirtySlots, written)
	part.Found = part.Found.Without(s.Groups, slices.DeleteFunc(slices.Clone(part.Found.Slots), func(slot string) bool { return !written(slot) }))
	return strange || edited
}

// slotsOf lists all slots of several sets of overrides.
func slotsOf(sets ...map[string]calendar.Override) []string {
	var out []string
	for _, m := range sets {
		out = slices.AppendSeq(out, maps.Keys(m))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// recordFailure keeps what a refusal means for the next pass.
func (l lane) recordFailure(tx *store.Tx, ent state.Entity, part *state.Part, s state.Step, trouble error) error {
	told := false // the same was said of the try before
	switch calendar.KindOf(trouble) {
	case calendar.Gone:
		if s.Kind != state.Create {
			return nil // read again, decided again
		}
		part.Generation++ // that key is used up
	case calendar.Invalid, calendar.Forbidden, calendar.ReadOnly:
		if g, ok := refusedGroup(s, trouble); ok {
			return l.recordRefusal(tx, ent, part, s, g, trouble)
		}
		if s.Kind == state.Answer { // there is nothing to answer, or it is not ours to: not asked again
			ent.Answer = calendar.NoResponse
			if err := tx.PutEntity(ent); err != nil {
				return err
			}
			return tx.AppendHistory(l.entry(l.h, s, state.Failed, inWords(trouble), s.Before, s.Before))
		}
		told = s.Kind == state.Delete && part.Refused == inWords(trouble)
		if part.Refused = inWords(trouble); s.Kind == state.Delete {
			part.RefusedAt = l.Now()
			break
		}
		// Not asked again until it should look otherwise.
		part.Wrote, part.WroteOverrides = s.Want, s.Overrides
		part.Dirty, part.DirtySlots = part.Dirty.Without(s.Groups...), nil
	case calendar.Conflict:
		if s.Kind == state.Create {
			part.Generation++ // the key is taken by something that is not ours
		}
	default:
		return nil
	}
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	if part.Refused == "" || told {
		return nil
	}
	return tx.AppendHistory(l.entry(l.h, s, state.Failed, inWords(trouble), s.Before, s.Want))
}

// refusedGroup is the one of several groups of an update that a provider refuses; the
// others may stand.
func refusedGroup(s state.Step, trouble error) (calendar.Group, bool) {
	e, ok := errors.AsType[*calendar.Error](trouble)
	if !ok || s.Kind != state.Update || len(s.Groups) < 2 || e.Kind != calendar.Invalid {
		return "", false
	}
	g := calendar.Group(e.Field)
	if e.Field == "recurrence" {
		g = calendar.GroupWhen
	}
	return g, s.Groups.Has(g)
}

// recordRefusal gives up one group of an update, so that the others are written. What
// the home refuses never came about: the copies are put back.
func (l lane) recordRefusal(tx *store.Tx, ent state.Entity, part *state.Part, s state.Step, g calendar.Group, trouble error) error {
	before, outcome := s.Want, state.Failed
	part.Wrote, part.Dirty = part.Wrote.Take(g, s.Want), part.Dirty.Without(g)
	if s.Ref == ent.Home {
		outcome = state.Reverted
		ent.Base, part.Wrote = ent.Base.Take(g, part.Read), part.Wrote.Take(g, part.Read)
	}
	if err := tx.PutEntity(ent); err != nil {
		return err
	}
	if err := tx.SetPending(ent.ID); err != nil {
		return err
	}
	s.Groups, s.Was, s.Became = calendar.Groups{g}, state.Image{}, state.Image{} // put back, it would be refused again
	return tx.AppendHistory(l.entry(l.h, s, outcome, inWords(trouble), calendar.Content{}.Take(g, before), calendar.Content{}.Take(g, part.Read)))
}

// inWords is a provider's refusal without the calls it came through.
func inWords(err error) string {
	var e *calendar.Error
	for errors.As(err, &e) && e.Err != nil {
		err = e.Err
	}
	if e != nil && e.Field != "" {
		return fmt.Sprintf("%v (%s)", err, e.Field)
	}
	return err.Error()
}
