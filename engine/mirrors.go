package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// Mirrors lists the mirrors and how they fare.
func (e *Engine) Mirrors(context.Context) ([]control.MirrorState, error) {
	var out []control.MirrorState
	err := e.Store.View(func(tx *store.Tx) (err error) { out, err = e.mirrorStates(tx); return })
	return out, err
}

func (e *Engine) mirrorStates(tx *store.Tx) ([]control.MirrorState, error) {
	ms, err := mirrors(tx)
	if err != nil {
		return nil, err
	}
	out := make([]control.MirrorState, len(ms))
	for i, m := range ms {
		s := control.MirrorState{Mirror: m, LastSync: settingTime(tx, settingSynced+string(m.ID))}
		e.mu.Lock()
		s.Pending = e.pending[m.ID]
		for _, x := range m.Members {
			if p, ok := e.problems[problemKey{x.Ref.Account, x.Ref}]; ok && s.Trouble == "" {
				s.Trouble = p.What
			} else if p, ok := e.problems[problemKey{account: x.Ref.Account}]; ok && s.Trouble == "" {
				s.Trouble = p.What
			}
		}
		e.mu.Unlock()
		for _, x := range m.Members {
			s.Events = max(s.Events, tx.CountLinked(x.Ref))
		}
		if s.Watching, err = e.watching(tx, m); err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// AddMirror makes a mirror of two or more calendars and has them read.
func (e *Engine) AddMirror(_ context.Context, req control.NewMirror) (state.Mirror, error) {
	return e.addMirror(state.Mirror{Name: req.Name, Members: req.Members, Mappings: req.Mappings, LeftOut: req.LeftOut}, false)
}

// addMirror keeps a new mirror, as far as it makes sense; with dry it only looks whether it
// does.
func (e *Engine) addMirror(m state.Mirror, dry bool) (state.Mirror, error) {
	defer e.alone()()
	keep := func(tx *store.Tx) (err error) {
		if m, err = e.newborn(tx, m); err != nil {
			return err
		}
		if dry {
			return nil
		}
		m.ID = tx.NextMirrorID()
		if err := tx.PutMirror(m); err != nil {
			return err
		}
		return reconsider(tx, m)
	}
	if dry {
		return m, e.Store.View(keep)
	}
	if err := e.Store.Update(keep); err != nil {
		return m, err
	}
	e.statusChanged()
	e.poke()
	return m, nil
}

// newborn is a mirror as it is to be made, after checking that it makes sense.
func (e *Engine) newborn(tx *store.Tx, m state.Mirror) (state.Mirror, error) {
	m.Name, m.Mappings, m.Created = strings.TrimSpace(m.Name), versioned(m.Mappings), e.Now()
	names, err := checkMembers(tx, m, nil)
	if err != nil {
		return m, err
	}
	if err := checkMappings(m); err != nil {
		return m, err
	}
	others, err := tx.Mirrors()
	if err != nil {
		return m, err
	}
	for _, o := range others {
		if len(o.Members) == len(m.Members) && !slices.ContainsFunc(m.Members, func(x state.Member) bool { return !o.Has(x.Ref) }) {
			return m, usage("these calendars mirror each other already, as “%s” (%s)", o.Name, o.ID)
		}
	}
	m.Name = cmp.Or(m.Name, strings.Join(names, " – "))
	return m, nil
}

// ChangeMirror replaces name, members, mappings and rules of a mirror. A member that
// is taken out keeps its copies as plain events. Deletions that the person saw in the
// plan are decided by it.
func (e *Engine) ChangeMirror(_ context.Context, req control.ChangeMirror) (state.Mirror, error) {
	defer e.alone()()
	m, err := e.proposed(req.Mirror)
	if err != nil {
		return m, err
	}
	var seen []state.Step
	if len(req.Seen) > 0 {
		h, err := e.gather(true, &m)
		if err != nil {
			return m, err
		}
		for ref, x := range h.members { // nothing is read now: what was seen was read for the plan
			x.Ready = true
			h.members[ref] = x
		}
		plan, err := e.plan(h, true, m)
		if err != nil {
			return m, err
		}
		seen = slices.DeleteFunc(plan, func(s state.Step) bool {
			return s.Fact == "" || s.Held == state.HoldGuests || !slices.Contains(req.Seen, s.Fact)
		})
	}
	err = e.Store.Update(func(tx *store.Tx) error {
		if err := tx.PutMirror(m); err != nil {
			return err
		}
		for _, s := range seen {
			if err := tx.PutHeld(state.Held{ID: s.Fact, Step: s, Since: e.Now(), Decision: state.Apply}); err != nil {
				return err
			}
		}
		err := unlink(tx, func(ref state.Ref, rec state.Record) bool { return rec.Mirror == m.ID && !m.Has(ref) })
		if err != nil {
			return err
		}
		if err := e.endWork(tx, "its calendar was taken out of the mirror “"+m.Name+"”"); err != nil {
			return err
		}
		return reconsider(tx, m)
	})
	if err != nil {
		return m, err
	}
	e.statusChanged()
	e.poke()
	return m, nil
}

// unborn is the id of a mirror that is only looked at.
const unborn state.MirrorID = "new"

// proposed is a mirror as it is to become, after checking that it makes sense.
func (e *Engine) proposed(m state.Mirror) (state.Mirror, error) {
	err := e.Store.View(func(tx *store.Tx) error {
		if m.ID == "" {
			var err error
			m, err = e.newborn(tx, m)
			m.ID = unborn
			return err
		}
		old, ok, err := tx.Mirror(m.ID)
		if err != nil {
			return err
		}
		if !ok {
			return notFound("there is no mirror %q; `twinday mirror list` shows them", m.ID)
		}
		m.Created = old.Created
		m.Name = cmp.Or(strings.TrimSpace(m.Name), old.Name)
		if _, err := checkMembers(tx, m, old.Members); err != nil {
			return err
		}
		m.Mappings = versioned(m.Mappings)
		return checkMappings(m)
	})
	return m, err
}

// versioned are mappings as they are stored, in today's format.
func versioned(ms []state.PairMapping) []state.PairMapping {
	ms = slices.Clone(ms)
	for i := range ms {
		ms[i].Version = state.MappingVersion
	}
	return ms
}

// maxLeftOut is how many events can be left out of a mirror by name: it is told to all
// faces with each status.
const maxLeftOut = 1000

// checkMappings refuses mappings and rules that make no sense, and names the place.
func checkMappings(m state.Mirror) error {
	if len(m.LeftOut) > maxLeftOut {
		return usage("%d events are left out one by one, the limit is %d; leave them out by what copies show: a filter", len(m.LeftOut), maxLeftOut)
	}
	for i, p := range m.Mappings {
		where := "what copies show"
		for word, ref := range map[string]state.Ref{" from ": p.From, " in ": p.To} {
			if ref == (state.Ref{}) {
				continue
			}
			if !m.Has(ref) {
				return usage("%s is no calendar of the mirror “%s”, so nothing can be said of its copies", ref, m.Name)
			}
			where += word + ref.String()
		}
		if slices.ContainsFunc(m.Mappings[:i], func(x state.PairMapping) bool { return x.From == p.From && x.To == p.To }) {
			return usage("%s is said twice", where)
		}
		if err := mapping.Check(p.Mapping); err != nil {
			return usage("%s: %v", where, err)
		}
	}
	if !slices.Contains([]state.GuestRule{state.AskGuests, state.RevertGuests, state.ApplyGuests}, m.Guests) {
		return usage("%q is no rule for guests; there are ask (nothing), revert and apply", m.Guests)
	}
	if !slices.Contains([]state.InvitationRule{state.HideInvitation, state.DeclineInvitation, state.PutBackInvitation}, m.Invitations) {
		return usage("%q is no rule for invitations; there are hide (nothing), decline and put back", m.Invitations)
	}
	return checkConflicts(m)
}

// checkConflicts refuses a conflict rule that names no member.
func checkConflicts(m state.Mirror) error {
	if m.Conflicts == state.LatestWins || m.Conflicts == state.AskConflict {
		return nil
	}
	if ref, ok := m.Conflicts.Member(); !ok || !m.Has(ref) {
		return usage("%q is no rule for conflicts; there are latest (nothing), ask, and the calendars of the mirror", m.Conflicts)
	}
	return nil
}

// PlanMirror reads the calendars, and tells what a pass would do if the mirror were
// as it is here, or were there at all. Nothing is written to any calendar.
func (e *Engine) PlanMirror(ctx context.Context, m state.Mirror) (control.Report, error) {
	ctx, done := e.carriedOn(ctx)
	defer done()
	e.awaitAll(ctx, patience)
	defer e.alone()()
	r := control.Report{DryRun: true, Began: e.Now(), Steps: []control.StepResult{}}
	m, err := e.proposed(m)
	if err != nil {
		return r, err
	}
	h, err := e.gather(true, &m)
	if err != nil {
		return r, err
	}
	r.Pass = h.pass
	if _, r.Requests, err = e.visit(ctx, h, settleNothing, 0); err != nil {
		return r, err
	}
	if err := e.closeUnsettled(h); err != nil {
		return r, err
	}
	plan, err := e.plan(h, true, m)
	if err != nil {
		return r, err
	}
	for _, s := range plan {
		r.Steps = append(r.Steps, control.StepResult{Step: s})
	}
	r.Ended = e.Now()
	r.Problems = e.problemList(slices.Collect(maps.Values(h.accounts)))
	r.Count()
	return r, nil
}

// checkMembers refuses a mirror that makes no sense, and names its calendars. What has
// become of a calendar since it was made a member is no reason to refuse: a mirror can be
// paused, say, while one of its calendars may only be read.
func checkMembers(tx *store.Tx, m state.Mirror, before []state.Member) ([]string, error) {
	if len(m.Members) < 2 {
		return nil, usage("a mirror needs two calendars at least")
	}
	var names []string
	takes, sends := 0, 0
	for i, x := range m.Members {
		if slices.ContainsFunc(m.Members[:i], func(y state.Member) bool { return y.Ref == x.Ref }) {
			return nil, usage("%s is named twice", x.Ref)
		}
		list, err := tx.Calendars(x.Ref.Account)
		if err != nil {
			return nil, err
		}
		known := slices.ContainsFunc(before, func(y state.Member) bool { return y.Ref == x.Ref && y.Direction == x.Direction })
		at := slices.IndexFunc(list, func(c state.Calendar) bool { return c.Ref == x.Ref })
		if at < 0 && !known {
			return nil, notFound("there is no calendar %s; `twinday calendar list --fresh` shows them", x.Ref)
		}
		if at >= 0 {
			names = append(names, list[at].Name)
		}
		switch x.Direction {
		case state.TwoWay:
			takes, sends = takes+1, sends+1
		case state.SendOnly:
			sends++
		case state.TakeOnly:
			takes++
		default:
			return nil, usage("%q is no direction; there are two-way (nothing), send and receive", x.Direction)
		}
		if known {
			continue
		}
		c := list[at]
		if c.Missing {
			return nil, usage("“%s” is not there any more; `twinday calendar list --fresh` shows what is", c.Name)
		}
		if !c.Details {
			return nil, usage("“%s” shows only free and busy times, which cannot be mirrored: ask its owner to show you its events' details", c.Name)
		}
		if !c.Writable && x.Direction != state.SendOnly {
			return nil, usage("“%s” can only be read, so it can only send: write it as %s:send", c.Name, x.Ref)
		}
	}
	if takes == 0 || sends == 0 {
		return nil, usage("nothing would ever cross: at least one calendar must send and another receive")
	}
	return names, nil
}

// reconsider has every event of a mirror's calendars looked at in the next pass.
func reconsider(tx *store.Tx, m state.Mirror) error { return eachEvent(tx, m, tx.MarkDirty) }

// eachEvent calls f for every event of a mirror's calendars. f may write to the store.
func eachEvent(tx *store.Tx, m state.Mirror, f func(state.Ref, calendar.RemoteID) error) error {
	for _, x := range m.Members {
		var ids []calendar.RemoteID
		err := tx.EachReplica(x.Ref, func(r state.Replica) error {
			if !r.Deleted {
				ids = append(ids, r.Event.ID)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := f(x.Ref, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// RemoveMirror ends a mirror: its copies are removed or stay as plain events, as
// chosen, and nothing else is touched (I10). Events that were there before are kept.
func (e *Engine) RemoveMirror(ctx context.Context, req control.RemoveMirror) (control.Report, error) {
	ctx, done := e.carriedOn(ctx)
	defer done()
	defer e.alone()()
	r := control.Report{Began: e.Now(), Steps: []control.StepResult{}}
	h, err := e.gather(false, nil)
	if err != nil {
		return r, err
	}
	r.Pass = h.pass
	at := slices.IndexFunc(h.mirrors, func(m state.Mirror) bool { return m.ID == req.ID })
	if at < 0 {
		return r, notFound("there is no mirror %q; `twinday mirror list` shows them", req.ID)
	}
	m := h.mirrors[at]
	var steps []state.Step
	if !req.KeepCopies {
		if err := e.mine(m); err != nil {
			return r, err
		}
		if _, r.Requests, err = e.visit(ctx, h, settleToLeave, 0); err != nil { // their versions must be the latest
			return r, err
		}
		if err := e.nothingUnderWay(m); err != nil {
			return r, err
		}
		if steps, err = e.copiesOf(m); err != nil {
			return r, err
		}
		for _, x := range m.Members {
			if !h.members[x.Ref].Ready && slices.ContainsFunc(steps, func(s state.Step) bool { return s.Ref == x.Ref }) {
				return r, &control.Error{Code: control.CodeFailed, Message: "the copies in “" + h.members[x.Ref].Name +
					"” cannot be removed now, because it cannot be reached; try again later, or keep the copies"}
			}
		}
		if r.Steps, _, err = e.push(ctx, h, steps, 0); err != nil {
			return r, err
		}
		r.Count()
		if r.Failed > 0 {
			return r, &control.Error{Code: control.CodeFailed, Message: "some copies could not be removed; the mirror is still there: try again"}
		}
	}
	err = e.Store.Update(func(tx *store.Tx) error { return e.endMirror(tx, m, "the mirror “"+m.Name+"” was removed") })
	if err != nil {
		return r, err
	}
	r.Ended = e.Now()
	e.statusChanged()
	e.poke()
	return r, nil
}

// nothingUnderWay refuses to end a mirror while a copy may have been made that is
// not known yet: it would stay behind.
func (e *Engine) nothingUnderWay(m state.Mirror) error {
	open, err := e.open()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(open, func(in state.Intent) bool { return in.Step.Mirror == m.ID }) {
		return &control.Error{Code: control.CodeFailed, Message: "a change of the mirror “" + m.Name +
			"” is under way whose outcome is not known; try again in a moment, or keep the copies"}
	}
	return nil
}

// endWork ends the open intents that nothing leads to any more, since a mirror, a member
// or an account was let go. What such a request made, if it arrived, is a plain event.
func (e *Engine) endWork(tx *store.Tx, why string) error {
	open, err := tx.Intents()
	if err != nil {
		return err
	}
	ms, err := tx.Mirrors()
	if err != nil {
		return err
	}
	for _, in := range open {
		s := in.Step
		ent, there, err := tx.Entity(s.Entity)
		if err != nil {
			return err
		}
		_, linked := ent.Records[s.Ref]
		leads := func(m state.Mirror) bool { return m.Has(s.Ref) && (s.Mirror == "" || s.Mirror == m.ID) }
		if there && linked && slices.ContainsFunc(ms, leads) {
			continue
		}
		if err := e.endIntent(tx, in, why); err != nil {
			return err
		}
	}
	return nil
}

// endIntent ends an intent without asking whether it was done.
func (e *Engine) endIntent(tx *store.Tx, in state.Intent, why string) error {
	s := in.Step
	s.Reason += "; whether it was done is not known, and not asked any more: " + why
	return errors.Join(tx.DeleteIntent(in.ID), tx.AppendHistory(e.entry(&house{pass: tx.LastPass()}, s, state.Noted, "", s.Before, s.Want)))
}

// forgetWork drops what is under way or waits for the person.
func forgetWork(tx *store.Tx, drop func(state.Step) bool) error {
	intents, err := tx.Intents()
	if err != nil {
		return err
	}
	for _, in := range intents {
		if drop(in.Step) {
			if err := tx.DeleteIntent(in.ID); err != nil {
				return err
			}
		}
	}
	held, err := tx.AllHeld()
	if err != nil {
		return err
	}
	for _, x := range held {
		if drop(x.Step) {
			if err := tx.DeleteHeld(x.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// copiesOf lists the deletion of every copy that a mirror made, but for those from which
// guests were invited: they stay.
func (e *Engine) copiesOf(m state.Mirror) ([]state.Step, error) {
	var steps, stay []state.Step
	err := e.Store.View(func(tx *store.Tx) error {
		return tx.Entities(func(ent state.Entity) error {
			for ref, rec := range ent.Records {
				if rec.Mirror != m.ID {
					continue
				}
				for _, p := range rec.Parts {
					if !p.Live() || rec.WasHere(p) {
						continue
					}
					version, now := p.Version, p.Read
					if rep, ok, err := tx.Replica(ref, p.ID); err != nil {
						return err
					} else if ok && rep.Deleted {
						continue
					} else if ok {
						version, now = rep.Event.Version, rep.Event.Content // with what was not carried home yet
						if len(rep.Event.Guests) > 0 {
							stay = append(stay, state.Step{Kind: state.Skip, Entity: ent.ID, Mirror: m.ID, Ref: ref, From: ent.Home, Slot: p.Slot,
								Event: p.ID, Before: now, Title: ent.Base.Title, Reason: "guests were invited from here, who would hear of it: it stays"})
							continue
						}
					}
					steps = append(steps, state.Step{Kind: state.Delete, Entity: ent.ID, Mirror: m.ID, Ref: ref, From: ent.Home, Slot: p.Slot,
						Event: p.ID, IfVersion: version, Before: now, Title: ent.Base.Title, Reason: "the mirror “" + m.Name + "” was removed"})
				}
			}
			return nil
		})
	})
	slices.SortFunc(steps, func(a, b state.Step) int { return cmp.Or(compareRefs(a.Ref, b.Ref), cmp.Compare(a.Entity, b.Entity)) })
	return append(steps, stay...), err
}

const settingPaused = "paused until"

// Pause stops syncing until the time given; the zero time resumes.
func (e *Engine) Pause(_ context.Context, until time.Time) error {
	err := e.Store.Update(func(tx *store.Tx) error {
		if until.IsZero() {
			return tx.SetSetting(settingPaused, "")
		}
		return tx.SetSetting(settingPaused, until.UTC().Format(time.RFC3339Nano))
	})
	if err != nil {
		return err
	}
	e.statusChanged()
	e.poke()
	return nil
}

// pausedUntil is zero when nothing is paused.
func (e *Engine) pausedUntil() (until time.Time) {
	err := e.Store.View(func(tx *store.Tx) error { until = settingTime(tx, settingPaused); return nil })
	if err != nil {
		e.Log.Error("whether syncing is paused cannot be read", "error", err)
	}
	return until
}

// Held lists the steps that wait for a decision.
func (e *Engine) Held(context.Context) ([]state.Held, error) {
	out := []state.Held{}
	err := e.Store.View(func(tx *store.Tx) error {
		l, err := tx.AllHeld()
		for _, x := range l {
			if x.Decision == state.Undecided {
				out = append(out, x)
			}
		}
		return err
	})
	slices.SortStableFunc(out, func(a, b state.Held) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Step.Before.When.Start.Slot(), b.Step.Before.When.Start.Slot()), cmp.Compare(a.Step.Title, b.Step.Title))
	})
	return out, err
}

// Decide keeps the person's decisions; the next pass carries them out.
func (e *Engine) Decide(_ context.Context, d control.Decide) error {
	if d.Decision != state.Apply && d.Decision != state.Drop {
		return usage("%q is no decision; there are apply and drop", d.Decision)
	}
	err := e.Store.Update(func(tx *store.Tx) error {
		var looked []state.MirrorID // at what is deleted there
		for _, id := range d.IDs {
			x, ok, err := tx.Held(id)
			if err != nil {
				return err
			}
			if !ok {
				return notFound("nothing is held under %q; `twinday held` shows what is", id)
			}
			if x.Step.Held == state.HoldMassDeletion {
				looked = append(looked, x.Step.Mirror)
			}
			x.Decision = d.Decision
			if x.Step.Kind == state.TakeOver && d.Decision == state.Apply {
				if err := e.takeOver(tx, x.Step.Mirror); err != nil {
					return err
				}
				continue
			}
			if err := tx.PutHeld(x); err != nil {
				return err
			}
			if x.Step.Entity == "" {
				continue
			}
			// The event may be gone since: then the question is withdrawn by the next pass.
			if !tx.HasEntity(x.Step.Entity) {
				continue
			}
			if err := tx.SetPending(x.Step.Entity); err != nil {
				return err
			}
		}
		if len(looked) == 0 {
			return nil
		}
		return forgetUnasked(tx, e.Now(), looked)
	})
	if err != nil {
		return err
	}
	e.statusChanged()
	e.poke()
	return nil
}
