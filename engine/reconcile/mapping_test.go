package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Stories of what crosses, and of what copies show.
func TestMappings(t *testing.T) {
	for name, story := range map[string]func(*testing.T){
		"what a filter leaves out is not made, and crosses once it is let": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(excluding("secret"))
			id := w.add("a", "Secret lunch")
			w.expect(`skip "Secret lunch" in a`)
			w.expect()
			w.edit("a", id, title("Lunch"))
			w.expect(`create "Lunch" in b`)
			w.settle()
		},
		"an event that crosses no more loses its copy, and nothing else": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.maps(excluding("secret"))
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, title("Secret lunch"))
			w.expect(`delete "Secret lunch" in b`, `delete "Secret lunch" in c`)
			w.settle()
			w.edit("a", id, title("Lunch"))
			w.expect(`create "Lunch" in b`, `create "Lunch" in c`)
			w.settle()
		},
		"an edit of a copy that takes it out of scope goes home first": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(excluding("secret"))
			w.add("a", "Lunch")
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, title("Secret lunch"))
			w.expect(`update "Secret lunch" in a (title)`, `delete "Secret lunch" in b`)
			w.settle()
			w.the("a", "Secret lunch")
		},
		"a copy that is to be kept stays as it is": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			m := excluding("secret")
			m.OutOfScope = state.Keep
			w.maps(m)
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, title("Secret lunch"))
			w.expect(`skip "Secret lunch" in b`)
			if !strings.Contains(w.noted(state.Noted), "is kept as it is, and crosses no more") {
				t.Errorf("history: %s", w.noted(state.Noted))
			}
			w.edit("a", id, place("Oslo"))
			w.edit("b", w.the("b", "Lunch").ID, place("Rome"))
			w.expect(`skip "Secret lunch" in b`)
			if h, c := w.the("a", "Secret lunch"), w.the("b", "Lunch"); h.Content.Place != "Oslo" || c.Content.Place != "Rome" {
				t.Errorf("home %+v, copy %+v", h.Content, c.Content)
			}
			// Once it crosses again the home counts, and what was done to the copy is in history.
			w.edit("a", id, title("Lunch"))
			w.expect(`update "Lunch" in b (place)`)
			w.settle()
			if c := w.the("b", "Lunch"); c.Content.Place != "Oslo" || !strings.Contains(w.noted(state.Overridden), "meanwhile") {
				t.Errorf("copy %+v, history: %s", c.Content, w.noted(state.Overridden))
			}
		},
		"a kept copy that is deleted means nothing at home": func(t *testing.T) {
			w, _ := keptWorld(t)
			w.remove("b", w.the("b", "Lunch").ID)
			w.settle()
			w.the("a", "Secret lunch")
		},
		"a kept copy goes with its home": func(t *testing.T) {
			w, id := keptWorld(t)
			w.edit("b", w.the("b", "Lunch").ID, place("Rome"))
			w.remove("a", id)
			w.expect(`delete "Secret lunch" in b`)
			if got := w.overridden(); got.Before.Place != "Rome" || got.Was.Content.Place != "Rome" {
				t.Errorf("what was changed on it is not in history: %+v", got)
			}
			w.expect()
		},
		"a copy that is kept for its guests goes with its home once it has none": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			copied := w.the("b", "Lunch").ID
			w.edit("b", copied, withGuest)
			w.settle()
			w.edit("b", copied, at(hour(10)), func(e *calendar.Event) { e.Guests = nil })
			w.remove("a", id)
			w.expect(`delete "Lunch" in b`)
			if got := w.overridden(); !calendar.Equal(calendar.GroupWhen, got.Before, calendar.Content{When: hour(10)}) {
				t.Errorf("what was changed on it is not in history: %+v", got)
			}
		},
		"an edit of a copy under a mapping that is another one by now does not go home": func(t *testing.T) {
			for _, reconsidered := range []bool{false, true} {
				w := newWorld(t, "a", "b")
				w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[A] "}})
				id := w.add("a", "Lunch")
				w.expect(`create "Lunch" in b`)
				if reconsidered {
					w.edit("a", id, place("Oslo"))
					w.expect(`update "Lunch" in b (place)`)
					w.expect()
				}
				w.edit("b", w.the("b", "[A] Lunch").ID, title("[A] Dinner"))
				w.maps(state.Mapping{})
				w.expect(`update "Lunch" in b (title)`)
				w.the("a", "Lunch")
				w.the("b", "Lunch")
				if !strings.Contains(w.noted(state.Reverted), "before its mapping changed") {
					t.Errorf("history: %s", w.noted(state.Reverted))
				}
				w.settle()
			}
		},
		"what shows already what a copy would show is linked": func(t *testing.T) {
			for _, lens := range []state.TextLens{{Lens: state.CopyLens, Prefix: "[Work] "}, {Prefix: "[Work] "}, {Lens: state.TemplateLens, Text: "[Work] {{title}}"}} {
				for _, way := range [][]string{{"a", "b"}, {"b", "a"}} {
					home, other := way[0], way[1]
					w := newWorld(t, "a", "b")
					w.maps(state.Mapping{Title: &lens})
					id := w.add(other, "[work]  Lunch") // another tool made it, or the person
					w.add(home, "Lunch")
					w.add(other, "[Work] Dinner")
					w.add(other, "Pub")
					w.expect(`adopt "[work]  Lunch" in `+other, `create "[Work] Dinner" in `+home, `create "Pub" in `+home)
					w.settle()
					w.edit(other, id, title("[Work] Brunch"))
					w.expect(`update "Brunch" in ` + home + ` (title)`)
					w.settle()
					w.remove(other, id)
					w.settle()
					if got := w.titles(home); strings.Contains(got, "unch") {
						t.Errorf("%s still holds %s", home, got)
					}
				}
			}
		},
		"what shows what was cut of a long title is linked": func(t *testing.T) {
			w := newWorld(t, "a", "b-") // which holds twelve letters
			w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[W] "}})
			w.add("a", "Lunch with Ann")
			w.settle()
			shown := w.titles("b-")
			if !strings.HasSuffix(shown, "…") {
				t.Fatalf("b shows %q", shown)
			}
			w.add("a", "Dinner with Ann", at(hour(19)))
			w.add("b-", "[W] Dinner…", at(hour(19)))
			w.add("b-", "[W] Dancing…", at(hour(19)))
			w.expect(`adopt "[W] Dinner…" in b-`, `create "[W] Dancing…" in a`)
		},
		"what shows already what a copy would show waits with its home": func(t *testing.T) {
			for name, away := range map[string]func(*Member){
				"a": func(m *Member) { m.Ready, m.Known = false, true }, // where the home is
				"c": func(m *Member) { m.Ready = false },                // where only the home goes
			} {
				w := newWorld(t, "a", "b")
				w.mirror("m2", "a", "c")
				w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}})
				w.add("a", "Lunch")
				w.add("b", "[Work] Lunch")
				m := w.members[ref(name)]
				was := m
				away(&m)
				w.members[ref(name)] = m
				w.pass()
				w.members[ref(name)] = was
				w.maps(w.mirrors[0].Mappings[0].Mapping) // what waits is looked at again
				w.settle()
				if a, b := w.titles("a"), w.titles("b"); a != "Lunch" || b != "[Work] Lunch" {
					t.Errorf("%s away: a holds %s, b %s", name, a, b)
				}
			}
		},
		"what shows already what the copy of a kept copy would show is linked": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}})
			copied := w.add("b", "[Work] Lunch")
			id := w.add("a", "Lunch", func(e *calendar.Event) { // from a mirror that was ended
				e.Mark = calendar.Mark{Installation: "i1", Mirror: "m9", Entity: "e9"}
			})
			w.expect(`adopt "[Work] Lunch" in b`)
			w.edit("a", id, title("Brunch"))
			w.expect(`update "Brunch" in b (title)`)
			w.settle()
			if got := w.events[ref("b")][copied].Content.Title; got != "[Work] Brunch" {
				t.Errorf("b shows %q", got)
			}
		},
		"what shows what the copy of an event would show that has none is no copy": func(t *testing.T) {
			for name, c := range map[string]struct {
				of       func(*calendar.Event)
				filtered bool
			}{
				"it does not cross":       {func(e *calendar.Event) { e.Content.Availability = calendar.Free }, true},
				"another Twinday made it": {func(e *calendar.Event) { e.Mark = calendar.Mark{Installation: "i9", Mirror: "m9", Entity: "e9"} }, false},
			} {
				w := newWorld(t, "a", "b")
				m := state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}}
				if c.filtered {
					m.Filter.Availability = []calendar.Availability{calendar.Busy}
				}
				w.maps(m)
				home, copied := w.add("a", "Lunch", c.of), w.add("b", "[Work] Lunch")
				w.expect(`skip "Lunch" in a`, `create "[Work] Lunch" in a`)
				w.remove("b", copied)
				w.settle()
				if w.gone[ref("a")][home] {
					t.Errorf("%s, and it went with the other one", name)
				}
			}
		},
		"what looks like any busy time is nobody's copy": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}})
			w.add("a", "us", func(e *calendar.Event) { e.Content.Visibility = calendar.Private }) // which stands in "Busy"
			w.add("b", "Busy")
			w.expect(`create "us" in b`, `create "Busy" in a`)
			for _, m := range []state.Mapping{{Detail: state.BusyOnly}, {Title: &state.TextLens{Lens: state.ConstantLens, Text: "Lunches"}}, {Title: &state.TextLens{Lens: state.TemplateLens, Text: "Lunches"}}} {
				w := newWorld(t, "a", "b")
				w.maps(m)
				w.add("a", "Lunch")
				w.add("b", "Lunches")
				w.add("b", "Busy")
				if got := w.pass(); len(got) != 3 || strings.Contains(strings.Join(got, ""), "adopt") {
					t.Errorf("by %+v: %s", m, got)
				}
			}
		},
		"a meeting with guests is no copy of another one": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}})
			w.add("a", "Lunch")
			w.add("b", "[Work] Lunch", withGuest)
			w.expect(`create "Lunch" in b`, `create "[Work] Lunch" in a`)
		},
		"what was there before is kept, whatever the filter": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.add("b", "Lunch")
			w.settle()
			w.maps(excluding("lunch"))
			w.expect(`skip "Lunch" in b`)
			w.edit("a", id, place("Oslo"))
			w.settle()
			if w.the("b", "Lunch").Content.Place != "" {
				t.Error("a kept look-alike was written")
			}
		},
		"a declined meeting is no meeting of mine elsewhere": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Board", invitation)
			w.expect(`create "Board" in b`)
			w.edit("a", id, func(e *calendar.Event) { e.MyResponse = calendar.Declined })
			w.expect(`delete "Board" in b`)
			w.settle()
			w.edit("a", id, func(e *calendar.Event) { e.MyResponse = calendar.Accepted })
			w.expect(`create "Board" in b`)
		},
		"an occurrence that was declined is cancelled on the copy alone": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			daily := hour(9)
			daily.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=5"}
			id := w.add("a", "Stand-up", invitation, at(daily))
			w.settle()
			const slot = "20260313T090000Z"
			w.edit("a", id, func(e *calendar.Event) { e.Responses = map[string]calendar.Response{slot: calendar.Declined} })
			w.expect(`update "Stand-up" in b (` + slot + `)`)
			w.settle()
			if !w.the("b", "Stand-up").Overrides[slot].Cancelled {
				t.Error("it still stands")
			}
			w.edit("a", id, func(e *calendar.Event) { e.Responses = nil })
			w.settle()
			if len(w.the("b", "Stand-up").Overrides) > 0 {
				t.Error("it did not come back")
			}
		},
		"twelve that cross no more at once are asked about": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			var ids []calendar.RemoteID
			for i := range 12 {
				ids = append(ids, w.add("a", fmt.Sprint("Lunch ", i), invitation))
			}
			w.settle()
			for _, id := range ids {
				w.edit("a", id, func(e *calendar.Event) { e.MyResponse = calendar.Declined })
			}
			for _, l := range w.pass() {
				if !strings.HasSuffix(l, "held: mass deletion") {
					t.Errorf("not held: %s", l)
				}
			}
			for fact := range w.decisions { // "no": the copies stay, and the question is answered
				w.decisions[fact] = state.Drop
			}
			w.settle()
			if got := strings.Count(w.titles("b"), "Lunch"); got != 12 {
				t.Errorf("%d copies", got)
			}
			for _, l := range w.pass() {
				if strings.Contains(l, "held") {
					t.Errorf("asked again: %s", l)
				}
			}
		},
		"a mapping that shows less is written to the copies at once": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", place("Oslo"))
			w.settle()
			w.maps(state.Mapping{Detail: state.BusyOnly})
			w.expect(`update "Lunch" in b (title and place)`)
			w.settle()
			if c := w.the("b", "Busy").Content; c.Place != "" {
				t.Errorf("the copy shows %+v", c)
			}
			w.edit("b", w.the("b", "Busy").ID, title("Dentist"))
			w.expect(`update "Lunch" in b (title)`)
			if !strings.Contains(w.noted(state.Reverted), "only a part") {
				t.Errorf("history: %s", w.noted(state.Reverted))
			}
			w.maps(state.Mapping{})
			w.expect(`update "Lunch" in b (title and place)`)
			w.settle()
		},
		"each direction has its own mapping": func(t *testing.T) {
			w := newWorld(t, "work", "home")
			w.mirrors[0].Mappings = []state.PairMapping{
				{To: ref("work"), Mapping: state.Mapping{Detail: state.BusyOnly}},
				{Mapping: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}}},
			}
			w.add("work", "Board")
			w.add("home", "Dentist")
			w.settle()
			w.the("work", "Busy")
			w.edit("home", w.the("home", "[Work] Board").ID, title("[Work] Boards"))
			w.settle()
			w.the("work", "Boards")
			w.edit("home", w.the("home", "[Work] Boards").ID, title("Planks"))
			w.settle()
			w.the("work", "Planks")
			w.the("home", "[Work] Planks")
		},
		"reminders on a copy are its own": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch", func(e *calendar.Event) { e.Content.Reminders.Default = true })
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, func(e *calendar.Event) { e.Content.Reminders.Before = []time.Duration{time.Hour} })
			w.expect()
			w.edit("a", id, title("Brunch"))
			w.expect(`update "Brunch" in b (title)`)
			if r := w.the("b", "Brunch").Content.Reminders.Before; len(r) != 1 {
				t.Errorf("reminders: %v", r)
			}
		},
		"guests that answer are told on the copy, and an edit of the copy in the meantime keeps apart": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Board", withGuest, notes("Agenda"))
			w.settle()
			copyOf := w.the("b", "Board")
			if got := copyOf.Content.Notes.Text(); got != "Agenda\n\n———\nGuests: g@x.test" {
				t.Fatalf("notes %q", got)
			}
			w.mirrors[0].Guests = state.ApplyGuests
			w.edit("a", id, func(e *calendar.Event) {
				e.Guests = []calendar.Guest{{Person: e.Guests[0].Person, Response: calendar.Accepted}}
			})
			w.edit("b", copyOf.ID, notes("Longer agenda\n\n———\nGuests: g@x.test"))
			w.settle()
			if got := w.the("a", "Board").Content.Notes.Text(); got != "Longer agenda" {
				t.Errorf("home notes %q", got)
			}
			if got := w.the("b", "Board").Content.Notes.Text(); got != "Longer agenda\n\n———\nGuests: g@x.test (accepted)" {
				t.Errorf("copy notes %q", got)
			}
		},
		"a meeting that is made again has no guests, and no copy tells of any": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.mirrors[0].Guests = state.ApplyGuests
			id := w.add("a", "Board", withGuest, notes("Agenda"))
			w.settle()
			w.remove("a", id)
			w.edit("b", w.the("b", "Board").ID, place("Oslo"))
			w.expect(`create "Board" in a`, `update "Board" in b (notes)`, `update "Board" in c (notes and place)`)
			w.expect()
			if got := w.noted(state.Noted); !strings.Contains(got, "without its guests: nobody is invited, and nobody hears of it") {
				t.Errorf("history says %q", got)
			}
			for _, n := range []string{"a", "b", "c"} {
				if got := w.the(n, "Board"); got.Content.Notes.Text() != "Agenda" || len(got.Guests) > 0 {
					t.Errorf("%s holds %+v", n, got)
				}
			}
		},
		"that guests were added is told as that": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Board", notes("Agenda"))
			w.settle()
			for _, guests := range [][]calendar.Guest{{{Person: calendar.Person{Email: "g@x.test"}}}, {}} {
				w.edit("a", id, func(e *calendar.Event) { e.Guests = guests })
				if steps := Reconcile(w.input()).Steps; len(steps) != 1 || steps[0].Reason != "the list of guests in its notes changed" {
					t.Errorf("%d guests: %+v", len(guests), steps)
				}
				w.settle()
			}
			w.edit("a", id, withGuest, notes("Longer agenda"))
			if steps := Reconcile(w.input()).Steps; len(steps) != 1 || steps[0].Reason != "notes changed in “a”" {
				t.Errorf("with an edit: %+v", steps)
			}
		},
		"an edit that would mail guests names them": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Board", func(e *calendar.Event) {
				for i := range 14 {
					e.Guests = append(e.Guests, calendar.Guest{Person: calendar.Person{Name: fmt.Sprint("G", i)}})
				}
			})
			w.settle()
			w.edit("b", w.the("b", "Board").ID, title("Boards"))
			out := Reconcile(w.input())
			if len(out.Steps) != 1 || !strings.Contains(out.Steps[0].Reason, "G0, G1, G2, G3, G4, G5, G6, G7, G8, G9, G10, G11 and 2 other guests would hear of it") {
				t.Errorf("steps: %+v", out.Steps)
			}
		},
		"what stays on the copy needs no question, guests or not": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(state.Mapping{Detail: state.TitleAndTime})
			w.add("a", "Board", withGuest)
			w.settle()
			w.edit("b", w.the("b", "Board").ID, notes("my own"))
			w.expect(`update "Board" in b (notes)`)
		},
		"a mirror that keeps meetings with guests as they are": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirrors[0].Guests = state.RevertGuests
			w.add("a", "Board", withGuest)
			w.settle()
			w.edit("b", w.the("b", "Board").ID, title("Boards"))
			w.expect(`update "Board" in b (title)`)
			w.settle()
			w.remove("b", w.the("b", "Board").ID)
			w.expect(`create "Board" in b`)
			w.settle()
			w.the("a", "Board")
		},
		"a mirror that carries edits home, guests or not": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirrors[0].Guests = state.ApplyGuests
			w.add("a", "Board", withGuest)
			w.settle()
			w.edit("b", w.the("b", "Board").ID, title("Boards"))
			w.expect(`update "Boards" in a (title)`)
			w.settle()
			w.remove("b", w.the("b", "Boards").ID)
			w.expect(`delete "Boards" in a`)
		},
		"the copy of an invitation that is deleted: declined, as chosen": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirrors[0].Invitations = state.DeclineInvitation
			w.add("a", "Board", invitation)
			w.settle()
			w.remove("b", w.the("b", "Board").ID)
			w.expect(`answer "Board" in a`)
			w.settle()
			if r := w.the("a", "Board").MyResponse; r != calendar.Declined {
				t.Errorf("answered %q", r)
			}
			w.mirrors[0].Invitations = state.HideInvitation
			w.settle()
		},
		"or hidden, which declines nothing later": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Board", invitation)
			w.settle()
			w.remove("b", w.the("b", "Board").ID)
			w.settle()
			w.mirrors[0].Invitations = state.DeclineInvitation
			w.edit("a", id, title("Boards"))
			w.expect()
		},
		"or put back": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirrors[0].Invitations = state.PutBackInvitation
			w.add("a", "Board", invitation)
			w.settle()
			w.remove("b", w.the("b", "Board").ID)
			w.expect(`create "Board" in b`)
			w.settle()
		},
		"a link that comes to the home later is told on the copy": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Call")
			w.settle()
			w.edit("a", id, func(e *calendar.Event) { e.Content.Links.Conference = "https://meet.test/1" })
			w.expect(`update "Call" in b (notes and place)`)
			w.settle()
		},
	} {
		t.Run(name, story)
	}
}

// A service that rewrites what it gets, a moment after it got it, is left alone after
// a few rounds, whatever the lens; and so are two that rewrite against each other.
func TestARewritingServiceIsLeftAlone(t *testing.T) {
	upper := func(e *calendar.Event) { e.Content.Title = strings.ToUpper(e.Content.Title) }
	lower := func(e *calendar.Event) { e.Content.Title = strings.ToLower(e.Content.Title) }
	tagged := func(e *calendar.Event) {
		if !strings.HasPrefix(e.Content.Title, "EXT ") {
			e.Content.Title = "EXT " + e.Content.Title
		}
	}
	growing := func(e *calendar.Event) { e.Content.Title += "!" }
	day := func(e *calendar.Event) { e.Content.When.End = hour(11).End }
	text := func(lens state.LensKind, text, prefix string) state.Mapping {
		return state.Mapping{Title: &state.TextLens{Lens: lens, Text: text, Prefix: prefix}}
	}
	for name, c := range map[string]struct {
		mapping state.Mapping
		habits  map[string]func(*calendar.Event)
		left    bool // history says that it is left alone
	}{
		"a copied title":                        {habits: map[string]func(*calendar.Event){"b": upper}},
		"against each other":                    {habits: map[string]func(*calendar.Event){"b": upper, "a": lower}, left: true},
		"a constant title":                      {mapping: text(state.ConstantLens, "Busy", ""), habits: map[string]func(*calendar.Event){"b": upper}, left: true},
		"a prefix, in other letters":            {mapping: text(state.CopyLens, "", "[Work] "), habits: map[string]func(*calendar.Event){"b": upper}, left: true},
		"a tag before a prefix":                 {mapping: text(state.CopyLens, "", "[Work] "), habits: map[string]func(*calendar.Event){"b": tagged}, left: true},
		"a template":                            {mapping: text(state.TemplateLens, "{{type}}", ""), habits: map[string]func(*calendar.Event){"b": tagged}, left: true},
		"one that adds to it with every write":  {mapping: text(state.CopyLens, "", "[Work] "), habits: map[string]func(*calendar.Event){"b": growing}},
		"one that adds to a constant":           {mapping: text(state.ConstantLens, "Busy", ""), habits: map[string]func(*calendar.Event){"b": growing}, left: true},
		"longer by an hour, against each other": {habits: map[string]func(*calendar.Event){"b": day, "a": func(e *calendar.Event) { e.Content.When.End = hour(10).End }}, left: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.maps(c.mapping)
			w.add("a", "Lunch")
			w.habits = map[state.Ref]func(*calendar.Event){}
			for r, f := range c.habits {
				w.habits[ref(r)] = f
			}
			quiet := 0
			for range 60 {
				before := w.writes
				w.pass()
				w.tick()
				if w.indulge(); w.writes == before {
					quiet++
				} else {
					quiet = 0
				}
			}
			if quiet < 30 {
				t.Errorf("the last %d of 60 passes were quiet; it ends as %s and %s", quiet, w.titles("a"), w.titles("b"))
			}
			for _, name := range []string{"a", "b"} {
				if l := len(w.titles(name)); l > 24 {
					t.Errorf("the title grew to %q", w.titles(name))
				}
			}
			if said := strings.Contains(w.noted(state.Noted), "by the service or another program: it is left so"); said != c.left {
				t.Errorf("history says that it is left alone: %v; %s", said, w.noted(state.Noted))
			}
			// A person's edit still crosses.
			ids := slices.Collect(func(yield func(calendar.RemoteID) bool) {
				for id := range w.events[ref("a")] {
					yield(id)
				}
			})
			w.edit("a", ids[0], place("Oslo"))
			w.pass()
			for _, e := range w.events[ref("b")] {
				if e.Content.Place != "Oslo" {
					t.Errorf("a later edit did not cross: %+v", e.Content)
				}
			}
		})
	}
}
