package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
)

// settlesWithin is after how many passes nothing is written any more for a service that
// rewrites all that it is given: the first write, and three that answer a rewriting.
const settlesWithin = 4

// A service, or an add-on of it, rewrites whatever is written: title and place in
// capitals, a line below the notes. Soon Twinday leaves it so; it writes nothing more
// for a day, says in the history what it left, and never lets a title grow.
func TestServicesThatRewriteAllTheyGetComeToRest(t *testing.T) {
	for name, switches := range map[string]mailbox.Switches{
		"Google":  {Google: mailbox.GoogleSwitches{Rewrites: true}},
		"Outlook": {Graph: mailbox.GraphSwitches{Rewrites: true}},
		"both":    {Google: mailbox.GoogleSwitches{Rewrites: true}, Graph: mailbox.GraphSwitches{Rewrites: true}},
	} {
		for what, m := range map[string]state.Mapping{
			"everything": {},
			"a prefix":   {Title: &state.TextLens{Lens: state.TemplateLens, Text: "[Home] {{title}}"}},
			"busy only":  {Detail: state.BusyOnly},
		} {
			for _, home := range []string{onGoogle, onOutlook} {
				for _, series := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s rewrites, %s, born on %s, series %v", name, what, home, series), func(t *testing.T) {
						t.Parallel()
						comesToRest(t, switches, m, home, series)
					})
				}
			}
		}
	}
}

func comesToRest(t *testing.T, switches mailbox.Switches, m state.Mapping, home string, series bool) {
	p := newPair(t, switches)
	p.maps(m)
	e := mailbox.Event{Title: "Lunch", Place: "Café", Body: "With Kim", Start: at(10, 12), End: at(10, 13)}
	if series {
		e.Recurrence = tuesdays().Recurrence
	}
	id := p.add(home, e)
	const longest = len("[Home] Lunch, moved")
	pass := func(story string) int {
		t.Helper()
		p.clock = p.clock.Add(2 * time.Minute)
		r := p.settled(story)
		for side := range p.sides {
			for _, e := range p.events(side) {
				if n := utf8.RuneCountInString(e.Title); n > longest || strings.Count(strings.ToLower(e.Title), "home") > 1 {
					t.Fatalf("%s: a title grows: %q", story, e.Title)
				}
			}
		}
		return r.Writes()
	}
	rest := func(story string) {
		t.Helper()
		last := 0
		for n := 1; n <= 2*settlesWithin; n++ {
			if pass(story) > 0 {
				last = n
			}
		}
		if last > settlesWithin {
			t.Errorf("%s: it still writes in pass %d", story, last)
		}
		for range 13 {
			p.clock = p.clock.Add(2 * time.Hour)
			if n := pass(story); n > 0 {
				t.Fatalf("%s: %d writes at %s, long after it came to rest", story, n, p.clock.Format(time.Kitchen))
			}
		}
	}
	rest("at first")
	p.edit(home, id, func(e *mailbox.Event) { e.Title = "Lunch, moved" })
	rest("edited at home")
	p.silent("at its end")
	// A title that is copied as it is goes home in capitals, and all is well.
	if target := other(home); rewrites(switches, target) && (m.Title != nil || m.Detail == state.BusyOnly) {
		p.noted(state.Noted, "written to its title in")
	}
}

func rewrites(s mailbox.Switches, side string) bool {
	if side == onGoogle {
		return s.Google.Rewrites
	}
	return s.Graph.Rewrites
}
