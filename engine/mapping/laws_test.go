package mapping

import (
	"reflect"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
)

// law checks a property of random mappings, homes and groups that travel.
func law(t *testing.T, f func(t *rapid.T, m Mapping, home calendar.Content, g calendar.Group)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		m := Mapping{capabilities.Draw(t, "home can"), capabilities.Draw(t, "target can")}
		home := content.Draw(t, "home")
		for _, g := range m.Groups() {
			f(t, m, home, g)
		}
	})
}

// An unedited copy put back changes nothing.
func TestGetPut(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, g calendar.Group) {
		got, ok := m.Put(g, home, m.Get(home))
		if !ok || !reflect.DeepEqual(got, home) {
			t.Fatalf("%s: %+v was put back as %+v (%v)", g, home, got, ok)
		}
	})
}

// An edit that a lens accepts is what Get shows next, and touches nothing else.
func TestPutGet(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, g calendar.Group) {
		edited := m.edit(t)
		after, ok := m.Put(g, home, edited)
		if !ok {
			if !reflect.DeepEqual(after, home) {
				t.Fatalf("%s: was refused and changed the home all the same", g)
			}
			return
		}
		if shown := m.Get(after); !calendar.Equal(g, shown, edited) {
			t.Fatalf("%s: edited to %+v, shown is %+v", g, edited, shown)
		}
		if d := calendar.Diff(home, after).Without(g); len(d) != 0 {
			t.Fatalf("%s: the edit changed %v as well", g, d)
		}
	})
}

// Of two edits the second counts, where the copy shows all of the home's value.
// Where it shows less (Tentative as Busy) the law cannot hold: to and fro loses
// what was not shown.
func TestPutPut(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, g calendar.Group) {
		if !calendar.Equal(g, m.Get(home), home) {
			return
		}
		first, second := m.edit(t), m.edit(t)
		once, _ := m.Put(g, home, second)
		twice, _ := m.Put(g, home, first)
		twice, _ = m.Put(g, twice, second)
		if !reflect.DeepEqual(once, twice) {
			t.Fatalf("%s: %+v in two edits is %+v, in one %+v", g, second, twice, once)
		}
	})
}

// An edit is refused only where the copy shows a part of the home's value.
func TestPutRefusesOnlyWhatWouldLose(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, g calendar.Group) {
		_, ok := m.Put(g, home, m.edit(t))
		if !ok && calendar.Equal(g, m.Get(home), home) {
			t.Fatalf("%s: the copy showed all of %+v, and the edit was refused", g, home)
		}
	})
}

// A copy's copy looks like the copy: what was written and read back is not cut again.
func TestGetIsIdempotent(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, _ calendar.Group) {
		once := m.Get(home)
		if twice := m.Get(once); !reflect.DeepEqual(once, twice) {
			t.Fatalf("%+v became %+v, then %+v", home, once, twice)
		}
	})
}

func TestGetStaysWithinWhatTheTargetHolds(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, _ calendar.Group) {
		c := m.Get(home)
		for what, x := range map[string]struct {
			s     string
			limit int
		}{"title": {c.Title, m.Target.TitleLimit}, "place": {c.Place, m.Target.PlaceLimit}} {
			if n := utf8.RuneCountInString(x.s); !utf8.ValidString(x.s) || x.limit > 0 && n > x.limit {
				t.Fatalf("%s %q has %d characters, %d are held", what, x.s, n, x.limit)
			}
		}
		if limit := m.Target.NotesLimit; limit > 0 && utf8.RuneCountInString(c.Notes.HTML) > limit &&
			(!c.Notes.IsPlain() || utf8.RuneCountInString(c.Notes.Text()) > limit) {
			t.Fatalf("notes %q are longer than %d both as HTML and as text", c.Notes.HTML, limit)
		}
		if c.Notes != calendar.NotesFromHTML(c.Notes.HTML) {
			t.Fatalf("notes %q are not in canonical form", c.Notes.HTML)
		}
		if held := m.Target.Availability; m.Groups().Has(calendar.GroupAvailability) && !slices.Contains(held, c.Availability) {
			t.Fatalf("availability %q is none of %q", c.Availability, held)
		}
		if held := m.Target.Visibility; m.Groups().Has(calendar.GroupVisibility) && !slices.Contains(held, c.Visibility) {
			t.Fatalf("visibility %q is none of %q", c.Visibility, held)
		}
		for _, g := range calendar.Diff(c, calendar.Content{Availability: c.Availability}) {
			if !m.Groups().Has(g) {
				t.Fatalf("%s is shown, which does not travel", g)
			}
		}
	})
}

// Who is busy at home is never shown as free, even where the target knows no
// such group: a copy then takes time.
func TestNothingThatBlocksTimeTurnsFree(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, _ calendar.Group) {
		if shown := m.Get(home).Availability; shown == "" || shown == calendar.Free && home.Availability != calendar.Free {
			t.Fatalf("%q is shown as %q", home.Availability, shown)
		}
	})
}

// What others may not read at home is not made readable, where the target can
// hide at all; and what has the calendar's default is not made public.
func TestNothingHiddenTurnsVisible(t *testing.T) {
	openness := map[calendar.Visibility]int{calendar.Public: 2, calendar.DefaultVisibility: 1}
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, g calendar.Group) {
		if shown := m.Get(home).Visibility; g == calendar.GroupVisibility && openness[shown] > openness[home.Visibility] {
			t.Fatalf("%q is shown as %q", home.Visibility, shown)
		}
	})
}

// An occurrence of the copy shows what a copy of the occurrence would.
func TestOverridesShowWhatTheirOccurrencesShow(t *testing.T) {
	law(t, func(t *rapid.T, m Mapping, home calendar.Content, g calendar.Group) {
		changed, slot := content.Draw(t, "changed"), home.When.Start
		changed.When.Recurrence = calendar.Recurrence{}
		o := calendar.Override{Original: slot}
		for _, c := range calendar.AllGroups {
			if rapid.Bool().Draw(t, "changes "+string(c)) {
				o.Changed, o.Content = append(o.Changed, c), o.Content.Take(c, changed)
			}
		}
		want, got := m.Get(home.Occurrence(o)), m.Get(home).Occurrence(m.GetOverride(home, o))
		if !calendar.Equal(g, got, want) {
			t.Fatalf("%s: %+v shows as %+v, its occurrence as %+v", g, o, got, want)
		}
		if cancelled := (calendar.Override{Original: slot, Cancelled: true}); !m.GetOverride(home, cancelled).Equal(cancelled) {
			t.Fatal("a cancelled occurrence is shown")
		}
	})
}

// edit draws what a person may have left in the copy: anything the target holds.
func (m Mapping) edit(t *rapid.T) calendar.Content { return m.Get(content.Draw(t, "edited")) }

// capabilities are what some provider can hold. Each holds a value that blocks
// time and one that hides: no calendar service is known without.
var capabilities = rapid.Custom(func(t *rapid.T) calendar.Capabilities {
	limit := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 12))
	some := func(name string, from []string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, len(from), rapid.ID[string]).Draw(t, name)
	}
	c := calendar.Capabilities{
		TitleLimit: limit.Draw(t, "title limit"), PlaceLimit: limit.Draw(t, "place limit"), NotesLimit: limit.Draw(t, "notes limit"),
	}
	for _, g := range calendar.AllGroups {
		if rapid.IntRange(0, 9).Draw(t, string(g)) > 0 {
			c.Groups = append(c.Groups, g)
		}
	}
	for _, a := range append(some("availabilities", texts(availabilityValues)), string(rapid.SampledFrom(availabilityValues[1:]).Draw(t, "blocks"))) {
		c.Availability = append(c.Availability, calendar.Availability(a))
	}
	for _, v := range append(some("visibilities", texts(visibilityValues)), string(rapid.SampledFrom(visibilityValues[2:]).Draw(t, "hides"))) {
		c.Visibility = append(c.Visibility, calendar.Visibility(v))
	}
	return c
})

var (
	availabilityValues = []calendar.Availability{calendar.Free, calendar.Tentative, calendar.Busy, calendar.Away, calendar.Elsewhere}
	visibilityValues   = []calendar.Visibility{calendar.Public, calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential}
)

func texts[S ~string](in []S) (out []string) {
	for _, s := range in {
		out = append(out, string(s))
	}
	return out
}

var content = rapid.Custom(func(t *rapid.T) calendar.Content {
	text := rapid.OneOf(rapid.StringN(0, 20, -1), rapid.SampledFrom([]string{"", "Lunch", "Überschrift", "👩‍🚀👩‍🚀👩‍🚀", "…………………………………"}))
	notes := rapid.OneOf(
		rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune("ab <&>\n\té👩")), 0, 30, -1), calendar.NotesFromText),
		rapid.Map(rapid.SampledFrom([]string{
			"", "<b>bold</b>", "<ul><li>one<li>two</ul>three", `<a href="https://x.test/long/address">here</a>`, "a<br><br>b &amp;&amp;&amp; c", "<i> <u>x</u></i>y",
		}), calendar.NotesFromHTML),
	)
	start := time.Date(2026, 3, rapid.IntRange(1, 31).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"), 0, 0, 0, time.UTC)
	when := calendar.When{Start: calendar.At(start, time.UTC), End: calendar.At(start.Add(time.Hour), time.UTC)}
	if rapid.Bool().Draw(t, "all-day") {
		when = calendar.When{Start: calendar.Date(start.Date()), End: calendar.Date(start.AddDate(0, 0, 1).Date())}
	}
	if rapid.Bool().Draw(t, "series") {
		when.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=3"}
	}
	return calendar.Content{
		When:         when,
		Title:        text.Draw(t, "title"),
		Notes:        notes.Draw(t, "notes"),
		Place:        text.Draw(t, "place"),
		Availability: rapid.SampledFrom(availabilityValues).Draw(t, "availability"),
		Visibility:   rapid.SampledFrom(visibilityValues).Draw(t, "visibility"),
		Importance:   rapid.SampledFrom([]calendar.Importance{"", calendar.LowImportance, calendar.HighImportance}).Draw(t, "importance"),
		Reminders:    calendar.Reminders{Before: []time.Duration{10 * time.Minute}},
		Categories:   rapid.SampledFrom([][]string{nil, {"Red"}, {"Red", "Blue"}}).Draw(t, "categories"),
		Color:        rapid.SampledFrom([]string{"", "7"}).Draw(t, "color"),
		Links:        calendar.Links{Conference: "https://meet.test/1"},
		Properties:   map[string]string{"other": "program"},
	}
})
