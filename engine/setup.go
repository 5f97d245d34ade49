package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// Setup is what the person has set up.
func (e *Engine) Setup(ctx context.Context) (control.Setup, error) {
	s := control.Setup{Version: control.SetupVersion, Made: e.Now().UTC(), Program: e.Version, Names: map[string]string{}}
	var err error
	if s.Settings, err = e.Settings(ctx); err != nil {
		return s, err
	}
	err = e.Store.View(func(tx *store.Tx) error {
		if s.Mirrors, err = mirrors(tx); err != nil {
			return err
		}
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		for _, a := range accounts {
			cals, err := tx.Calendars(a.ID)
			if err != nil {
				return err
			}
			used := false
			for _, m := range s.Mirrors {
				for _, x := range m.Members {
					if x.Ref.Account != a.ID {
						continue
					}
					used = true
					if at := slices.IndexFunc(cals, func(c state.Calendar) bool { return c.Ref == x.Ref }); at >= 0 {
						s.Names[x.Ref.String()] = cals[at].Name
					}
				}
			}
			if used {
				s.Accounts = append(s.Accounts, control.SetupAccount{ID: a.ID, Provider: a.Provider, Email: a.Email, Access: a.Access})
			}
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("engine: setup: %w", err)
	}
	return s, nil
}

// TakeSetup takes a Setup over. Settings that make no sense are refused before anything is
// kept; a mirror that cannot be made is told of, and the others are.
func (e *Engine) TakeSetup(ctx context.Context, req control.TakeSetup) (control.TakenOver, error) {
	out := control.TakenOver{Mirrors: []state.Mirror{}, Left: []control.LeftMirror{}}
	switch {
	case req.Version == 0:
		return out, usage("that is no setup of Twinday: `twinday setup export` writes one")
	case req.Version > control.SetupVersion:
		return out, usage("this setup was written by a newer Twinday (%s): update this one first", req.Program)
	}
	if !req.DryRun {
		if _, err := e.ChangeSettings(ctx, req.Settings); err != nil {
			return out, err
		}
	}
	var here []state.Account
	if err := e.Store.View(func(tx *store.Tx) (err error) { here, err = tx.Accounts(); return }); err != nil {
		return out, err
	}
	known := map[state.AccountID]state.AccountID{} // theirs → ours
	for _, a := range req.Accounts {
		at := slices.IndexFunc(here, func(b state.Account) bool { return b.Provider == a.Provider && strings.EqualFold(b.Email, a.Email) })
		if at < 0 {
			out.Connect = append(out.Connect, a)
			continue
		}
		known[a.ID] = here[at].ID
	}
	for _, m := range req.Mirrors {
		mine, missing := renamed(m, known)
		if missing != "" {
			who := string(missing)
			if at := slices.IndexFunc(req.Accounts, func(a control.SetupAccount) bool { return a.ID == missing }); at >= 0 && req.Accounts[at].Email != "" {
				who = req.Accounts[at].Email
			}
			out.Left = append(out.Left, control.LeftMirror{Name: m.Name, Why: who + " is not connected here"})
			continue
		}
		made, err := e.addMirror(mine, req.DryRun)
		if err != nil {
			out.Left = append(out.Left, control.LeftMirror{Name: m.Name, Why: cause(err)})
			continue
		}
		out.Mirrors = append(out.Mirrors, made)
	}
	return out, nil
}

// renamed is a mirror with the accounts as they are called here, or the first of them that
// is not known.
func renamed(m state.Mirror, known map[state.AccountID]state.AccountID) (state.Mirror, state.AccountID) {
	var missing state.AccountID
	here := func(ref state.Ref) state.Ref {
		if ref == (state.Ref{}) {
			return ref
		}
		id, ok := known[ref.Account]
		if !ok && missing == "" {
			missing = ref.Account
		}
		ref.Account = id
		return ref
	}
	m.Members = slices.Clone(m.Members)
	for i := range m.Members {
		m.Members[i].Ref = here(m.Members[i].Ref)
	}
	m.Mappings = slices.Clone(m.Mappings)
	for i := range m.Mappings {
		m.Mappings[i].From, m.Mappings[i].To = here(m.Mappings[i].From), here(m.Mappings[i].To)
	}
	if ref, ok := m.Conflicts.Member(); ok {
		m.Conflicts = state.MemberWins(here(ref))
	}
	return m, missing
}
