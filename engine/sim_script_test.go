package engine_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// setup is what a world is made of.
type setup struct {
	kinds       []kind
	directions  []state.Direction
	shows       look
	guests      state.GuestRule
	invitations state.InvitationRule
	conflicts   state.ConflictRule
	siblings    bool // the first two calendars are of one account
}

func (s setup) String() string {
	var names []string
	for i, k := range s.kinds {
		names = append(names, k.name+prefixed(" ", string(s.directions[i])))
	}
	if s.siblings {
		names[1] += " of the same account"
	}
	return fmt.Sprintf("%s; copies show %s; guests %q; invitations %q; conflicts %q", strings.Join(names, ", "), s.shows.name, s.guests, s.invitations, s.conflicts)
}

// kind is a service.
type kind struct {
	name string
	quirks
}

// google is like Google Calendar: ids that stay taken for ever, no importance and no
// categories but colours, five reminders, listings of everything.
var google = kind{"Google", quirks{
	holds: &calendar.Capabilities{
		Groups: calendar.AllGroups.Without(calendar.GroupImportance, calendar.GroupLinks), TitleLimit: 40, NotesLimit: 300,
		Series: func(calendar.When) string { return "" }, Writes: 1,
		Availability: []calendar.Availability{calendar.Free, calendar.Tentative, calendar.Busy},
		Visibility:   []calendar.Visibility{calendar.DefaultVisibility, calendar.Public, calendar.Private, calendar.Confidential},
		Colors:       calendar.Colors, Reminders: 5, ReminderLimit: 28 * 24 * time.Hour, DefaultReminders: true,
	},
	tidy: func(c calendar.Content) calendar.Content {
		c.Title, c.Place = cut(strings.TrimSpace(c.Title), 40), strings.TrimSpace(c.Place)
		c.Importance, c.Categories, c.Links = calendar.NormalImportance, nil, calendar.Links{}
		c.Reminders.Before = c.Reminders.Before[:min(5, len(c.Reminders.Before))]
		return c
	},
	stepwise: true,
}}

// outlook is like Outlook: transaction ids that are forgotten, a window with tombstones
// that may mean two things, one reminder, few rules, occurrences that may not pass
// each other, overrides that a new time of the master takes away, properties that
// deltas do not show, notes that are rewritten.
var outlook = kind{"Outlook", quirks{
	holds: &calendar.Capabilities{
		Groups: calendar.AllGroups.Without(calendar.GroupLinks), TitleLimit: 255,
		Series: func(w calendar.When) string {
			if len(w.Recurrence.Rules) != 1 || strings.Contains(w.Recurrence.Rules[0], "BYMONTHDAY") && strings.Contains(w.Recurrence.Rules[0], ",") {
				return "Outlook has no such rule"
			}
			return ""
		},
		Override: crosses, Windowed: true, Writes: 1, PerAccount: true,
		Availability: []calendar.Availability{calendar.Free, calendar.Tentative, calendar.Busy, calendar.Away, calendar.Elsewhere},
		Visibility:   []calendar.Visibility{calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential},
		Categories:   true, Reminders: 1, Properties: calendar.PropertyLimits{Count: 100, Bytes: 7 << 10},
	},
	unmarked: true,
	tidy: func(c calendar.Content) calendar.Content {
		c.Color, c.Links = "", calendar.Links{}
		if c.Visibility == calendar.Public {
			c.Visibility = calendar.DefaultVisibility
		}
		c.Reminders.Before = c.Reminders.Before[:min(1, len(c.Reminders.Before))]
		if n := c.Notes.HTML; n != "" && !strings.HasSuffix(n, "~") {
			c.Notes = calendar.NotesFromHTML(n + "<br>~")
		}
		return c
	},
	unsure: true, forgetsKeys: true, completes: true, stepwise: true, wipes: true, letsGo: true,
	hides: calendar.Groups{calendar.GroupProperties}, ahead: 400 * 24 * time.Hour,
}}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// crosses says why an occurrence may not be where an override puts it: it may not
// pass the day of its neighbours.
func crosses(w calendar.When, o calendar.Override) string {
	if o.Cancelled || !o.Changed.Has(calendar.GroupWhen) {
		return ""
	}
	occurs, err := w.Occurrences()
	at, err2 := o.Original.Instant()
	if err != nil || err2 != nil || !occurs.Has(o.Original) {
		return "there is no such occurrence"
	}
	day := o.Content.When.Start.Local[:10]
	before, after := "", "9"
	for t := range occurs.Between(at.AddDate(0, 0, -40), at) {
		before = t.Local[:10]
	}
	for t := range occurs.Between(at.Add(time.Second), at.AddDate(0, 0, 40)) {
		after = t.Local[:10]
		break
	}
	if day <= before || day >= after {
		return "it would pass its neighbour"
	}
	return ""
}

// setupOf is the world of a seed.
func setupOf(seed uint64) setup {
	r := rand.New(rand.NewPCG(seed, 1))
	pairs := [][]kind{{google, google}, {google, outlook}, {outlook, google}, {outlook, outlook},
		{google, outlook, google}, {outlook, google, outlook}}
	s := setup{kinds: pairs[seed%uint64(len(pairs))], shows: looks[0]}
	s.directions = make([]state.Direction, len(s.kinds))
	if r.IntN(2) == 0 {
		s.shows = looks[r.IntN(len(looks))]
	}
	if r.IntN(8) == 0 {
		s.directions[r.IntN(len(s.directions))] = []state.Direction{state.SendOnly, state.TakeOnly}[r.IntN(2)]
	}
	s.guests = []state.GuestRule{state.AskGuests, state.AskGuests, state.RevertGuests, state.ApplyGuests}[r.IntN(4)]
	s.invitations = []state.InvitationRule{state.HideInvitation, state.DeclineInvitation, state.PutBackInvitation}[r.IntN(3)]
	s.conflicts = []state.ConflictRule{state.LatestWins, state.AskConflict}[r.IntN(2)]
	return s
}

// entry is one thing that happens: by whom, to what, and how. With at, it happens in
// the next pass, at that I/O point.
type entry struct {
	verb            string
	at              int
	side, pick, arg int
}

func (e entry) String() string {
	s := e.verb
	if e.at > 0 {
		s += "@" + strconv.Itoa(e.at)
	}
	if e.verb == "pass" || e.verb == "crash" {
		return s
	}
	return fmt.Sprintf("%s:%d:%d:%d", s, e.side, e.pick, e.arg)
}

var entryForm = regexp.MustCompile(`^([a-z]+)(?:@(\d+))?(?::(\d+):(\d+):(\d+))?$`)

// parseScript reads what join wrote.
func parseScript(s string) (out []entry, err error) {
	for word := range strings.SplitSeq(s, ",") {
		m := entryForm.FindStringSubmatch(strings.TrimSpace(word))
		if m == nil {
			return nil, fmt.Errorf("%q is no entry of a script", word)
		}
		n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
		out = append(out, entry{m[1], n(2), n(3), n(4), n(5)})
	}
	return out, nil
}

func joinScript(l []entry) string {
	words := make([]string, len(l))
	for i, e := range l {
		words[i] = e.String()
	}
	return strings.Join(words, ",")
}

var simWithout = flag.String("sim.without", "", "what people do not do in the simulation: verbs, with commas between")

// left reports whether a verb was left out on the command line.
func left(verb string) bool { return slices.Contains(strings.Split(*simWithout, ","), verb) }

// scriptOf is what happens in the world of a seed.
func scriptOf(seed uint64, length int) []entry {
	r := rand.New(rand.NewPCG(seed, 2))
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(deeds)), left)
	total := 0
	for _, n := range names {
		total += deeds[n].often
	}
	deed := func() entry {
		n := r.IntN(total)
		for _, name := range names {
			if n -= deeds[name].often; n < 0 {
				return entry{verb: name, side: r.IntN(6), pick: r.IntN(1000), arg: r.IntN(1000)}
			}
		}
		panic("none")
	}
	point := func() int {
		if r.IntN(3) == 0 {
			return 1 + r.IntN(14)
		}
		return 1 + r.IntN(60)
	}
	trouble := slices.Sorted(maps.Keys(faults))
	var out []entry
	for len(out) < length {
		for range r.IntN(5) {
			e := deed()
			if r.IntN(4) == 0 && !slices.Contains(betweenPasses, e.verb) {
				e.at = point()
			}
			out = append(out, e)
		}
		if r.IntN(3) == 0 {
			for range 1 + r.IntN(2) {
				e := entry{verb: trouble[r.IntN(len(trouble))], at: point(), arg: r.IntN(1000)}
				if r.IntN(3) == 0 {
					e.verb = []string{"down", "lost"}[r.IntN(2)]
				}
				out = append(out, e)
			}
		}
		if r.IntN(4) == 0 {
			out = append(out, entry{verb: "crash", at: point()})
		}
		out = append(out, entry{verb: "pass"})
	}
	return out
}
