package engine

import (
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
