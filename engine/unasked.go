package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// settingUnasked keeps which events were deleted of late with nobody asked, and when: by
// mirror, as JSON. In the store, since each `twinday sync` is a program of its own.
const settingUnasked = "unasked"

type unasked map[state.MirrorID]map[state.EntityID]time.Time

// readUnasked reads those within reconcile.AtOnce. What cannot be read counts for nothing.
func readUnasked(tx *store.Tx, now time.Time) (u unasked, kept bool) {
	u = unasked{}
	text, kept := tx.Setting(settingUnasked)
	if json.Unmarshal([]byte(text), &u) != nil {
		u = unasked{}
	}
	for mirror, events := range u {
		maps.DeleteFunc(events, func(_ state.EntityID, at time.Time) bool { return now.Sub(at).Abs() >= reconcile.AtOnce })
		if len(events) == 0 {
			delete(u, mirror)
		}
	}
	return u, kept && text != ""
}

// unaskedSince lists them for a plan.
func unaskedSince(tx *store.Tx, now time.Time) map[state.MirrorID][]state.EntityID {
	u, _ := readUnasked(tx, now)
	out := map[state.MirrorID][]state.EntityID{}
	for mirror, events := range u {
		out[mirror] = slices.Sorted(maps.Keys(events))
	}
	return out
}

// countUnasked adds those of a plan.
func countUnasked(tx *store.Tx, in reconcile.Input, out reconcile.Output) error {
	u, kept := readUnasked(tx, in.Now)
	for mirror, ids := range out.Unasked {
		for _, id := range ids {
			if u[mirror] == nil {
				u[mirror] = map[state.EntityID]time.Time{}
			}
			u[mirror][id] = in.Now
		}
	}
	if len(u) == 0 && !kept {
		return nil
	}
	return u.keep(tx)
}

// forgetUnasked has the count begin anew, where the person has just had a look.
func forgetUnasked(tx *store.Tx, now time.Time, mirrors []state.MirrorID) error {
	u, _ := readUnasked(tx, now)
	for _, id := range mirrors {
		delete(u, id)
	}
	return u.keep(tx)
}

func (u unasked) keep(tx *store.Tx) error {
	text := []byte{}
	if len(u) > 0 {
		var err error
		if text, err = json.Marshal(u); err != nil {
			return err
		}
	}
	return tx.SetSetting(settingUnasked, string(text))
}
