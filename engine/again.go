package engine

import (
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// settingTriedBy is the version of Twinday by which refused events were tried last.
const settingTriedBy = "refused events tried by"

// tryRefused has another version of Twinday try once more what a provider refused the one
// before: it may write it otherwise. Within a version it is left alone.
func (e *Engine) tryRefused() error {
	same := false
	err := e.Store.View(func(tx *store.Tx) error {
		by, _ := tx.Setting(settingTriedBy)
		same = by == e.Version
		return nil
	})
	if err != nil || same {
		return err
	}
	return e.Store.Update(func(tx *store.Tx) error {
		var refused []state.Entity
		err := tx.Entities(func(ent state.Entity) error {
			again := false
			for _, rec := range ent.Records {
				for i := range rec.Parts {
					if p := &rec.Parts[i]; p.Refused != "" && !p.Gone {
						p.Refused, p.Wrote, p.WroteOverrides, again = "", p.Read, p.ReadOverrides, true
					}
				}
			}
			if again {
				refused = append(refused, ent)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, ent := range refused {
			if err := tx.PutEntity(ent); err != nil {
				return err
			}
			if err := tx.SetPending(ent.ID); err != nil {
				return err
			}
		}
		return tx.SetSetting(settingTriedBy, e.Version)
	})
}
