package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// A mirror is kept by one installation at a time. There is no place for a lock, and
// none is needed: the marks on copies say who wrote them, and the provider's own
// stamps when. An installation that finds another's marks in a mirror that it has
// not kept yet, or newer ones than its own beginning, only watches it until the
// person has it take over. Marks are written with copies and along with other
// writes, never for their own sake.

// leaseAge is how long after its last sign another installation is asked about as
// one that may be gone: a month away from the computer is a long holiday.
const leaseAge = 30 * 24 * time.Hour

// lease is who keeps a mirror, as this installation knows.
type lease struct {
	Since  time.Time `json:"since,omitzero"`   // when this one began to keep it
	Holder string    `json:"holder,omitempty"` // the other that keeps it; empty: this one does
	Seen   time.Time `json:"seen,omitzero"`    // when the other was last seen at work
}

const settingLease = "who keeps " // and the mirror's id

func leaseOf(tx *store.Tx, id state.MirrorID) (l lease, err error) {
	if s, ok := tx.Setting(settingLease + string(id)); ok && s != "" {
		err = json.Unmarshal([]byte(s), &l)
	}
	return l, err
}

func putLease(tx *store.Tx, id state.MirrorID, l lease) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return tx.SetSetting(settingLease+string(id), string(body))
}

// holds is what reconciling must know of who keeps what.
func holds(tx *store.Tx, ms []state.Mirror) (map[state.MirrorID]reconcile.Hold, error) {
	out := map[state.MirrorID]reconcile.Hold{}
	for _, m := range ms {
		l, err := leaseOf(tx, m.ID)
		if err != nil {
			return nil, err
		}
		out[m.ID] = reconcile.Hold{Since: l.Since, Watched: l.Holder != ""}
	}
	return out, nil
}

// heed takes new claims into the input, and reports whether there were any: then the
// plan is to be made again.
func heed(in *reconcile.Input, claims map[state.MirrorID]reconcile.Claim) (again bool) {
	for id := range claims {
		if h := in.Holds[id]; !h.Watched {
			h.Watched = true
			in.Holds[id], again = h, true
		}
	}
	return again
}

// keepLeases stores who keeps what after a plan: another whose claim was found, or
// this installation, once it has read all of a mirror and found none.
func (e *Engine) keepLeases(tx *store.Tx, h *house, claims map[state.MirrorID]reconcile.Claim) error {
	for _, m := range h.mirrors {
		l, err := leaseOf(tx, m.ID)
		if err != nil {
			return err
		}
		c, claimed := claims[m.ID]
		switch {
		case !claimed && (l.Holder != "" || !l.Since.IsZero() || m.Paused || !ready(h, m)):
			continue
		case !claimed:
			l.Since = e.Now()
		case l.Holder == c.Installation && !c.At.After(l.Seen):
			continue
		case l.Holder != "":
			l.Holder, l.Seen = c.Installation, c.At
		default:
			l.Holder, l.Seen = c.Installation, c.At
			if err := e.stepBack(tx, h, m, l); err != nil {
				return err
			}
		}
		if err := putLease(tx, m.ID, l); err != nil {
			return err
		}
	}
	return nil
}

// ready reports whether all calendars of a mirror were read.
func ready(h *house, m state.Mirror) bool {
	for _, x := range m.Members {
		if !x.Off && !h.members[x.Ref].Ready {
			return false
		}
	}
	return true
}

// stepBack leaves a mirror to another installation: what was on its way or waited
// for the person is the other's to do.
func (e *Engine) stepBack(tx *store.Tx, h *house, m state.Mirror, l lease) error {
	if err := forgetWork(tx, func(s state.Step) bool { return s.Mirror == m.ID }); err != nil {
		return err
	}
	step := state.Step{Kind: state.TakeOver, Mirror: m.ID, Ref: m.Members[0].Ref, Title: m.Name, Reason: holder(l) + " keeps this mirror: this one only watches"}
	if err := tx.AppendHistory(e.entry(h, step, state.Noted, "", step.Before, step.Before)); err != nil {
		return err
	}
	if e.Now().Sub(l.Seen) < leaseAge {
		return nil
	}
	step.Held, step.Fact = state.HoldTakeOver, takeOverFact(m.ID)
	step.Reason = fmt.Sprintf("%s kept this mirror and was last seen at work on %s: shall this one take over?", holder(l), l.Seen.Format("2 January 2006"))
	return tx.PutHeld(state.Held{ID: step.Fact, Step: step, Since: e.Now()})
}

func takeOverFact(id state.MirrorID) string { return "take-over:" + string(id) }

// mine refuses what only the installation that keeps a mirror may do.
func (e *Engine) mine(m state.Mirror) error {
	return e.Store.View(func(tx *store.Tx) error {
		l, err := leaseOf(tx, m.ID)
		if err != nil || l.Holder == "" {
			return err
		}
		return usage("%s keeps the mirror “%s”; its copies are that one's to remove: do it there, take over first (`twinday mirror take-over %s`), or keep the copies", holder(l), m.Name, m.ID)
	})
}

func holder(l lease) string { return "another Twinday (" + reconcile.Short(l.Holder) + ")" }

// TakeOver has this installation keep a mirror that another one kept. What the other
// left undone is done in the next pass.
func (e *Engine) TakeOver(_ context.Context, id state.MirrorID) error {
	defer e.alone()()
	if err := e.Store.Update(func(tx *store.Tx) error { return e.takeOver(tx, id) }); err != nil {
		return err
	}
	e.statusChanged()
	e.poke()
	return nil
}

func (e *Engine) takeOver(tx *store.Tx, id state.MirrorID) error {
	m, ok, err := tx.Mirror(id)
	if err != nil {
		return err
	}
	if !ok {
		return notFound("there is no mirror %q; `twinday mirror list` shows them", id)
	}
	if err := putLease(tx, id, lease{Since: e.Now()}); err != nil {
		return err
	}
	if err := tx.DeleteHeld(takeOverFact(id)); err != nil {
		return err
	}
	var mine []state.EntityID
	err = tx.Entities(func(ent state.Entity) error {
		for _, rec := range ent.Records {
			if rec.Mirror == id {
				mine = append(mine, ent.ID)
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, ent := range mine {
		if err := tx.SetPending(ent); err != nil {
			return err
		}
	}
	return reconsider(tx, m)
}

// watching tells who keeps a mirror, nil if this installation does.
func (e *Engine) watching(tx *store.Tx, m state.Mirror) (*control.Watching, error) {
	l, err := leaseOf(tx, m.ID)
	if err != nil || l.Holder == "" {
		return nil, err
	}
	return &control.Watching{Installation: reconcile.Short(l.Holder), Seen: l.Seen, Stale: e.Now().Sub(l.Seen) >= leaseAge}, nil
}

const settingName = "name of this installation"

// installation is how people tell this Twinday from another: the computer's name, and
// the beginning of the id that stands in its marks. Only the id ever leaves the
// computer.
func (e *Engine) installation(tx *store.Tx) control.Installation {
	name, _ := tx.Setting(settingName)
	return control.Installation{ID: reconcile.Short(e.Store.Installation()), Name: name}
}

// nameInstallation keeps the computer's name, once.
func (e *Engine) nameInstallation() error {
	named := false
	if err := e.Store.View(func(tx *store.Tx) error { _, named = tx.Setting(settingName); return nil }); err != nil || named {
		return err
	}
	return e.Store.Update(func(tx *store.Tx) error {
		host, err := os.Hostname()
		if err != nil {
			host = ""
		}
		return tx.SetSetting(settingName, cmp.Or(host, "this computer"))
	})
}
