// Package say puts into the person's language what every face says alike: names of
// services and of states, what a plan comes to, and the engine's half sentences as whole ones.
//
// Of this project it imports what a face may: engine/control, store/state, providers/calendar and assets.
package say

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Provider is the brand of an account's provider.
func Provider(k state.ProviderKind) string {
	switch k {
	case state.Google:
		return "Google"
	case state.Outlook:
		return "Outlook"
	case state.CalDAV:
		return "CalDAV"
	case state.ICS:
		return assets.Text("Published calendar")
	}
	return string(k)
}

// Condition is an account's condition in a word or two.
func Condition(c control.Condition) string {
	switch c {
	case control.Connected:
		return assets.Text("connected")
	case control.NeedsConsent:
		return assets.Text("signed out")
	case control.NeedsAdmin:
		return assets.Text("IT has to agree")
	case control.Blocked:
		return assets.Text("blocked by IT")
	case control.ClientRefused:
		return assets.Text("client id refused")
	case control.LacksScope:
		return assets.Text("a permission is missing")
	case control.Locked:
		return assets.Text("locked")
	case control.Offline:
		return assets.Text("offline")
	case control.Throttled:
		return assets.Text("asked to wait")
	}
	return string(c)
}

// Capital makes the engine's half sentence begin like a whole one.
func Capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// Stopped is a sentence with its full stop, which the engine's words go without.
func Stopped(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// Sentence is both: it begins with a capital and ends in a stop.
func Sentence(s string) string { return Stopped(Capital(s)) }

// About is the event that a step is about, as it is or, of one that is made, as it will be.
func About(s control.StepResult) calendar.Content {
	if s.Kind == state.Create {
		return s.Want
	}
	return s.Before
}

// ByTime is a plan's steps in the order in which people are shown them: as in a calendar,
// by the start of the event, then by its title. The engine's own order is left as it is.
func ByTime(steps []control.StepResult) []control.StepResult {
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b control.StepResult) int {
		return cmp.Or(cmp.Compare(About(a).When.Start.Local, About(b).When.Start.Local), cmp.Compare(a.Title, b.Title))
	})
	return steps
}

// Planned says in parts what the steps of a plan come to, in copies only or in events
// anywhere; held is how many besides wait for a decision that agreed does not name.
func Planned(plan control.Report, agreed []string, copies bool) (parts []string, held int) {
	var made, changed, removed, linked, answered int
	for _, s := range plan.Steps {
		switch {
		case s.Held != "" && !slices.Contains(agreed, s.Fact):
			held++
		case s.Kind == state.Create:
			made++
		case s.Kind == state.Update:
			changed++
		case s.Kind == state.Delete:
			removed++
		case s.Kind == state.Adopt:
			linked++
		case s.Kind == state.Answer:
			answered++
		}
	}
	add := func(n int, words string) {
		if n > 0 {
			parts = append(parts, words)
		}
	}
	if copies {
		add(changed, assets.Count("{{.N}} copies change", changed))
		add(removed, assets.Count("{{.N}} copies are removed", removed))
		add(made, assets.Count("{{.N}} copies are made", made))
	} else {
		add(changed, assets.Count("{{.N}} events change", changed))
		add(removed, assets.Count("{{.N}} events are deleted", removed))
		add(made, assets.Count("{{.N}} events are made", made))
	}
	add(linked, assets.Count("{{.N}} events are linked", linked))
	add(answered, assets.Count("{{.N}} invitations are answered, without a mail", answered))
	return parts, held
}
