package terminal

import (
	"context"
	"slices"
	"strings"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// names shows calendars by their names instead of ids that fill a line.
type names map[state.Ref]string

// namesOf reads the names as last listed. Without them ids must do.
func namesOf(ctx context.Context, b control.Backend) names {
	n := names{}
	cals, err := b.Calendars(ctx, "", false)
	if err != nil {
		return n
	}
	for _, c := range cals {
		n[c.Ref] = c.Name
	}
	return n
}

// of is "ACCOUNT/NAME", a dash for no calendar.
func (n names) of(r state.Ref) string {
	if r == (state.Ref{}) {
		return "-"
	}
	if name := n[r]; name != "" {
		return string(r.Account) + "/" + name
	}
	return r.String()
}

// findAccount finds the account a person means: its id, or its mail address.
func findAccount(ctx context.Context, b control.Backend, word string) (control.AccountState, error) {
	all, err := b.Accounts(ctx)
	if err != nil {
		return control.AccountState{}, err
	}
	for _, a := range all {
		if string(a.ID) == word {
			return a, nil
		}
	}
	hits := slices.DeleteFunc(slices.Clone(all), func(a control.AccountState) bool { return !strings.EqualFold(a.Email, word) })
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return control.AccountState{}, notFound(assets.Text("there is no account “{{.Word}}”; 'twinday account list' shows those there are", "Word", word))
	}
	return control.AccountState{}, notFound(assets.Text("several accounts have the address “{{.Word}}”; say which by its id, as 'twinday account list' shows it", "Word", word))
}

// findMirror finds the mirror a person means: its id, or its name.
func findMirror(ctx context.Context, b control.Backend, word string) (control.MirrorState, error) {
	all, err := b.Mirrors(ctx)
	if err != nil {
		return control.MirrorState{}, err
	}
	for _, m := range all {
		if string(m.ID) == word {
			return m, nil
		}
	}
	hits := slices.DeleteFunc(slices.Clone(all), func(m control.MirrorState) bool { return !strings.EqualFold(m.Name, word) })
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return control.MirrorState{}, notFound(assets.Text("there is no mirror “{{.Word}}”; 'twinday mirror list' shows those there are", "Word", word))
	}
	return control.MirrorState{}, notFound(assets.Text("several mirrors are called “{{.Word}}”; say which by its id, as 'twinday mirror list' shows it", "Word", word))
}

// memberFinder reads members as a person writes them.
type memberFinder struct {
	backend control.Backend
	seen    map[state.AccountID][]state.Calendar
}

// member reads ACCOUNT/CALENDAR[:send|:receive]. The account goes by id or mail
// address, the calendar by id, by name, or as "primary".
func (f *memberFinder) member(ctx context.Context, word string) (state.Member, error) {
	var m state.Member
	switch {
	case strings.HasSuffix(word, ":send"):
		word, m.Direction = strings.TrimSuffix(word, ":send"), state.SendOnly
	case strings.HasSuffix(word, ":receive"):
		word, m.Direction = strings.TrimSuffix(word, ":receive"), state.TakeOnly
	}
	who, cal, ok := strings.Cut(word, "/")
	if !ok || who == "" || cal == "" {
		return m, usage(assets.Text("“{{.Word}}” is no calendar: write it as ACCOUNT/CALENDAR, as 'twinday calendar list' shows it", "Word", word))
	}
	account, err := findAccount(ctx, f.backend, who)
	if err != nil {
		return m, err
	}
	c, err := f.calendar(ctx, account.ID, cal)
	if err != nil {
		return m, err
	}
	m.Ref = c.Ref
	return m, nil
}

func (f *memberFinder) calendar(ctx context.Context, account state.AccountID, word string) (state.Calendar, error) {
	// What is remembered first; the provider is asked again when that does not
	// have it, for it may have been made a moment ago.
	for _, fresh := range []bool{false, true} {
		cals, ok := f.seen[account]
		if !ok || fresh {
			var err error
			if cals, err = f.backend.Calendars(ctx, account, fresh); err != nil {
				return state.Calendar{}, err
			}
			f.seen[account] = cals
		}
		hits := matching(cals, word)
		switch {
		case len(hits) == 1:
			return hits[0], nil
		case len(hits) > 1:
			var ids []string
			for _, c := range hits {
				ids = append(ids, c.Ref.String())
			}
			return state.Calendar{}, notFound(assets.Text("several calendars of {{.Account}} are called “{{.Word}}”; say which by its id: {{.IDs}}", "Account", account, "Word", word, "IDs", orList(ids)))
		}
	}
	return state.Calendar{}, notFound(assets.Text("{{.Account}} has no calendar “{{.Word}}”; 'twinday calendar list --account {{.Account}} --fresh' shows those there are", "Account", account, "Word", word))
}

// matching picks the calendars that word means: by id before by name, and by
// exact name before by name in another case.
func matching(cals []state.Calendar, word string) []state.Calendar {
	for _, means := range []func(state.Calendar) bool{
		func(c state.Calendar) bool { return c.Ref.Calendar == calendar.CalendarID(word) },
		func(c state.Calendar) bool { return c.Name == word },
		func(c state.Calendar) bool { return strings.EqualFold(c.Name, word) },
		func(c state.Calendar) bool { return c.Primary && word == "primary" },
	} {
		var hits []state.Calendar
		for _, c := range cals {
			if means(c) {
				hits = append(hits, c)
			}
		}
		if len(hits) > 0 {
			return hits
		}
	}
	return nil
}

func notFound(text string) error {
	return &control.Error{Code: control.CodeNotFound, Message: text}
}
