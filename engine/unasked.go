package engine

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// settingUnasked keeps which events were deleted of late with nobody asked, and when: by
// mirror, as JSON. In the store, since each `twinday sync` is a program of its own.
const settingUnasked = "unasked"

// unasked reads those within reconcile.AtOnce. What cannot be read counts for nothing.
func unasked(tx *store.Tx, now time.Time) map[state.MirrorID]map[state.EntityID]time.Time {
	u := map[state.MirrorID]map[state.EntityID]time.Time{}
	if text, _ := tx.Setting(settingUnasked); json.Unmarshal([]byte(text), &u) != nil {
		clear(u)
	}
	for mirror, events := range u {
		maps.DeleteFunc(events, func(_ state.EntityID, at time.Time) bool { return now.Sub(at).Abs() >= reconcile.AtOnce })
		if len(events) == 0 {
			delete(u, mirror)
		}
	}
	return u
}

// countUnasked keeps those that a plan began with, and its own.
func countUnasked(tx *store.Tx, in reconcile.Input, out reconcile.Output) error {
	for mirror, ids := range out.Unasked {
		if in.Unasked[mirror] == nil {
			in.Unasked[mirror] = map[state.EntityID]time.Time{}
		}
		for _, id := range ids {
			in.Unasked[mirror][id] = in.Now
		}
	}
	return putUnasked(tx, in.Unasked)
}

// forgetUnasked has the count begin anew, where the person has just had a look.
func forgetUnasked(tx *store.Tx, now time.Time, mirrors []state.MirrorID) error {
	u := unasked(tx, now)
	for _, id := range mirrors {
		delete(u, id)
	}
	return putUnasked(tx, u)
}

// putUnasked keeps them, and writes nothing if that is what is kept.
func putUnasked(tx *store.Tx, u map[state.MirrorID]map[state.EntityID]time.Time) error {
	var text []byte
	if len(u) > 0 {
		var err error
		if text, err = json.Marshal(u); err != nil {
			return err
		}
	}
	if is, _ := tx.Setting(settingUnasked); is == string(text) {
		return nil
	}
	return tx.SetSetting(settingUnasked, string(text))
}
