package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// law checks a property of random mappings, homes and groups that travel.
func law(t *testing.T, f func(t *rapid.T, m *Mapping, home Source, g calendar.Group)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		m := mappings.Draw(t, "mapping")
		home := sources.Draw(t, "home")
		for _, g := range m.Groups() {
			f(t, m, home, g)
		}
	})
}

// An unedited copy put back changes nothing (I9, GetPut).
func TestGetPut(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, g calendar.Group) {
		got, v := m.Put(g, home, m.Get(home))
		if v != Carried || !reflect.DeepEqual(got, home.Content) {
			t.Fatalf("%s: %+v was put back as %+v (%v)", g, home.Content, got, v)
		}
	})
}

// Each lens keeps GetPut by itself, without the mapping's short cut for what was not
// edited.
func TestGetPutOfEachLens(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, g calendar.Group) {
		l := m.lenses(home)[g]
		var shown calendar.Content
		l.get(home, &shown)
		got, v := l.put(home, shown)
		if v == Carried && !calendar.Equal(g, got, home.Content) {
			// A value that shows as another one is put back as that one by the lens
			// alone; what it shows must not change by it.
			var again calendar.Content
			if l.get(Source{got, home.Facts, home.Slot}, &again); !calendar.Equal(g, again, shown) {
				t.Fatalf("%s (%s): %+v was put back as %+v, which shows as %+v instead of %+v", g, l, home.Content, got, again, shown)
			}
		}
	})
}

// An edit that a lens accepts is what get shows next, and touches nothing else (I9,
// PutGet). One that was amended is stable: what is shown then can be put back.
func TestPutGet(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, g calendar.Group) {
		edited := m.edit(t)
		after, v := m.Put(g, home, edited)
		switch v {
		case Refused, Own:
			if !reflect.DeepEqual(after, home.Content) {
				t.Fatalf("%s: was refused and changed the home all the same", g)
			}
			return
		case Carried:
			if shown := m.Get(Source{after, home.Facts, home.Slot}); !calendar.Equal(g, shown, edited) {
				t.Fatalf("%s: edited to %+v, shown is %+v", g, edited, shown)
			}
		case Amended:
			src := Source{after, home.Facts, home.Slot}
			if again, v := m.Put(g, src, m.Get(src)); v != Carried || !reflect.DeepEqual(again, after) {
				t.Fatalf("%s: amended to %+v, which is not stable", g, after)
			}
		}
		if d := calendar.Diff(home.Content, after).Without(g); len(d) != 0 {
			t.Fatalf("%s: the edit changed %v as well", g, d)
		}
	})
}

// Where a mapping copies and nothing is cut, every edit is carried as it is.
func TestACopyingMappingCarriesEveryEdit(t *testing.T) {
	all := capabilitiesOf(func(c *calendar.Capabilities) {})
	m := must(t, state.Mapping{ShowPrivate: true, Reminders: &state.ReminderLens{Lens: state.Copy},
		Guests: state.Omit, Conference: state.Omit, Attachments: state.Omit}, all, all)
	rapid.Check(t, func(t *rapid.T) {
		home, edited := sources.Draw(t, "home"), sources.Draw(t, "edited").Content
		for _, g := range m.Groups() {
			after, v := m.Put(g, home, edited)
			if want := home.Take(g, edited); v != Carried || !calendar.Equal(g, after, want) {
				t.Fatalf("%s: %+v became %+v (%v)", g, edited, after, v)
			}
		}
	})
}

// Of two edits the second counts, where the copy shows all of the home's value.
// Where it shows less (Tentative as Busy) the law cannot hold: to and fro loses
// what was not shown.
func TestPutPut(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, g calendar.Group) {
		if !calendar.Equal(g, m.Get(home), home.Content) {
			return
		}
		if can := m.home.Capabilities; g == calendar.GroupCategories && (home.Color != "" && len(can.Colors) == 0 || len(home.Categories) > 0 && !can.Categories) {
			return // more than the home holds: a name comes back as a name, a colour as a colour
		}
		first, second := m.edit(t), m.edit(t)
		mid, v1 := m.Put(g, home, first)
		src := Source{mid, home.Facts, home.Slot}
		if v1 != Carried || !calendar.Equal(g, m.Get(src), mid) {
			return
		}
		once, v2 := m.Put(g, home, second)
		twice, v3 := m.Put(g, src, second)
		if v2 == Carried && v3 == Carried && !calendar.Equal(g, once, twice) && calendar.Equal(g, m.Get(Source{once, home.Facts, ""}), once) {
			t.Fatalf("%s: %+v in two edits is %+v, in one %+v", g, second, twice, once)
		}
	})
}

// Outlook keeps the way into an online meeting in its notes: they stay as they are.
func TestNotesThatHoldTheLinkToJoinStay(t *testing.T) {
	m := must(t, state.Mapping{}, capabilitiesOf(func(c *calendar.Capabilities) { c.NotesHoldJoin = true }), capabilitiesOf(nil))
	for conference, want := range map[string]Verdict{"https://teams.test/1": Refused, "": Carried} {
		home := Source{Content: calendar.Content{Notes: calendar.NotesFromText("Plan"), Links: calendar.Links{Conference: conference}}}
		edited := calendar.Content{Notes: calendar.NotesFromText("New plan")}
		if after, v := m.Put(calendar.GroupNotes, home, edited); v != want || v == Refused && after.Notes != home.Notes {
			t.Errorf("with the link %q: %v, %q", conference, v, after.Notes.HTML)
		}
	}
}

// What a long text hides is still there after any edit that was carried home: the
// original is never shortened.
func TestWhatIsCutIsNeverLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(8, 30).Draw(t, "limit")
		m := must(t, state.Mapping{Conference: state.Omit, Guests: state.Omit, Attachments: state.Omit}, capabilitiesOf(nil),
			capabilitiesOf(func(c *calendar.Capabilities) { c.TitleLimit, c.PlaceLimit, c.NotesLimit = limit, limit, limit }))
		tail := " and the end of it"
		long := rapid.StringMatching(`[a-zé👩 ]{30,60}x`).Draw(t, "long") + tail
		home := Source{Content: calendar.Content{Title: long, Place: long, Notes: calendar.NotesFromText(long)}}
		edited := m.Get(home)
		edit := rapid.StringMatching(`[a-z ]{0,12}…?`).Draw(t, "edit")
		edited.Title, edited.Place, edited.Notes = edit, edit, calendar.NotesFromText(edit)
		for _, g := range (calendar.Groups{calendar.GroupTitle, calendar.GroupPlace, calendar.GroupNotes}) {
			after, _ := m.Put(g, home, edited)
			if !strings.HasSuffix(after.Title, tail) || !strings.HasSuffix(after.Place, tail) || !strings.HasSuffix(after.Notes.Text(), tail) {
				t.Fatalf("%s: the edit %q cost the end: %+v", g, edit, after)
			}
		}
	})
}

func TestGetStaysWithinWhatTheTargetHolds(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, _ calendar.Group) {
		c, can := m.Get(home), m.target.Capabilities
		for what, x := range map[string]struct {
			s     string
			limit int
		}{"title": {c.Title, can.TitleLimit}, "place": {c.Place, can.PlaceLimit}} {
			if n := utf8.RuneCountInString(x.s); !utf8.ValidString(x.s) || x.limit > 0 && n > x.limit {
				t.Fatalf("%s %q has %d characters, %d are held", what, x.s, n, x.limit)
			}
		}
		if limit := can.NotesLimit; limit > 0 && !c.Notes.Fits(limit) {
			t.Fatalf("notes %q are longer than %d both as HTML and as text", c.Notes.HTML, limit)
		}
		if c.Notes != calendar.NotesFromHTML(c.Notes.HTML) {
			t.Fatalf("notes %q are not in canonical form", c.Notes.HTML)
		}
		if held := can.Availability; m.Groups().Has(calendar.GroupAvailability) && len(held) > 0 && !slices.Contains(held, c.Availability) {
			t.Fatalf("availability %q is none of %q", c.Availability, held)
		}
		if held := can.Visibility; m.Groups().Has(calendar.GroupVisibility) && len(held) > 0 && !slices.Contains(held, c.Visibility) {
			t.Fatalf("visibility %q is none of %q", c.Visibility, held)
		}
		if n := can.Reminders; n > 0 && len(c.Reminders.Before) > n || c.Reminders.Default && !can.DefaultReminders {
			t.Fatalf("reminders %+v where %d are held", c.Reminders, n)
		}
		if c.Color != "" && !slices.Contains(can.Colors, c.Color) || len(c.Categories) > 0 && !can.Categories {
			t.Fatalf("categories %q and colour %q", c.Categories, c.Color)
		}
		for k, v := range c.Properties {
			if l := can.Properties; l.Name > 0 && len(k) > l.Name || l.Value > 0 && utf8.RuneCountInString(v) > l.Value || l.Count > 0 && len(c.Properties) > l.Count {
				t.Fatalf("properties %q beyond %+v", c.Properties, l)
			}
		}
		for _, g := range calendar.Diff(c, calendar.Content{Availability: c.Availability}) {
			if !m.Groups().Has(g) {
				t.Fatalf("%s is shown, which does not travel", g)
			}
		}
	})
}

// Who is busy at home is never shown as free by a mapping that was not told to,
// even where the target knows no such group: a copy then takes time.
func TestNothingThatBlocksTimeTurnsFree(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, _ calendar.Group) {
		if m.told.Availability != nil {
			return
		}
		if shown := m.Get(home).Availability; shown == "" || shown == calendar.Free && home.Availability != calendar.Free {
			t.Fatalf("%q is shown as %q", home.Availability, shown)
		}
	})
}

// What others may not read at home is not made readable, where the target can
// hide at all; and what has the calendar's default is not made public.
func TestNothingHiddenTurnsVisible(t *testing.T) {
	openness := map[calendar.Visibility]int{calendar.Public: 2, calendar.DefaultVisibility: 1}
	law(t, func(t *rapid.T, m *Mapping, home Source, g calendar.Group) {
		if m.told.Visibility != nil || m.told.Detail == state.BusyOnly || m.capped && home.private() {
			return // there it hides nothing that is shown
		}
		if shown := m.Get(home).Visibility; g == calendar.GroupVisibility && openness[shown] > openness[home.Visibility] {
			t.Fatalf("%q is shown as %q", home.Visibility, shown)
		}
	})
}

// secret stands in every field that busy-only copies hide.
const secret = "s3cret"

// Busy only shows nothing but time, availability and visibility, whatever the event
// holds; and so does every mapping for a private event, unless it was opened.
func TestBusyOnlyHidesEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home := secretSource(rapid.SampledFrom(allVisibilities).Draw(t, "visibility"))
		m := state.Mapping{Detail: state.BusyOnly}
		if home.private() && rapid.Bool().Draw(t, "capped") {
			m = state.Mapping{Detail: rapid.SampledFrom([]state.Detail{state.Everything, state.TitleAndTime}).Draw(t, "detail"),
				Title: &state.TextLens{Lens: state.TemplateLens, Text: "{{title}} {{guests}} {{place}}"}, Link: state.AsText}
		}
		shown := must(t, m, capabilities.Draw(t, "home can"), capabilities.Draw(t, "target can")).Get(home)
		if all := fmt.Sprintf("%+v", shown); strings.Contains(all, secret) {
			t.Fatalf("%+v shows the secret: %s", m, all)
		}
		if shown.Title != "" && shown.Title != calendar.Shorten("Busy", len([]rune(shown.Title)), ellipsis) {
			t.Fatalf("the title is %q", shown.Title)
		}
	})
}

// An edit of a capped copy cannot open what is hidden at home.
func TestAnEditOfAPrivateCopyDoesNotOpenIt(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, g calendar.Group) {
		if !home.private() || m.told.ShowPrivate {
			return
		}
		after, _ := m.Put(g, home, m.edit(t))
		if src := (Source{Content: after}); !src.private() {
			t.Fatalf("%s: %q was opened to %q", g, home.Visibility, after.Visibility)
		}
	})
}

// An occurrence of the copy shows what a copy of the occurrence would.
func TestOverridesShowWhatTheirOccurrencesShow(t *testing.T) {
	law(t, func(t *rapid.T, m *Mapping, home Source, g calendar.Group) {
		changed, slot := content.Draw(t, "changed"), home.When.Start
		changed.When.Recurrence = calendar.Recurrence{}
		o := calendar.Override{Original: slot}
		for _, c := range calendar.AllGroups {
			if rapid.Bool().Draw(t, "changes "+string(c)) {
				o.Changed, o.Content = append(o.Changed, c), o.Content.Take(c, changed)
			}
		}
		master := m.Get(home)
		want, got := m.Get(home.Occurrence(o)), master.Occurrence(m.override(home, master, o))
		if !calendar.Equal(g, got, want) {
			t.Fatalf("%s: %+v shows as %+v, its occurrence as %+v", g, o, got, want)
		}
		if cancelled := (calendar.Override{Original: slot, Cancelled: true}); !m.override(home, master, cancelled).Equal(cancelled) {
			t.Fatal("a cancelled occurrence is shown")
		}
	})
}

// A series tells each of its occurrences that cross once: as one of the series, or
// by itself; and none that does not cross.
func TestASeriesTellsEachOccurrenceOnce(t *testing.T) {
	from, to := time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		m := mappings.Draw(t, "mapping")
		home := sources.Draw(t, "home")
		home.When.Recurrence.Rules = []string{rapid.SampledFrom([]string{"RRULE:FREQ=DAILY;COUNT=12", "RRULE:FREQ=WEEKLY;COUNT=4"}).Draw(t, "rule")}
		occurrences, err := home.When.Occurrences()
		if err != nil {
			t.Fatal(err)
		}
		overrides := map[string]calendar.Override{}
		home.Facts.Responses = map[string]calendar.Response{}
		for at := range occurrences.All() {
			switch rapid.IntRange(0, 5).Draw(t, "occurrence") {
			case 0:
				overrides[at.Slot()] = calendar.Override{Original: at, Cancelled: true}
			case 1:
				c := content.Draw(t, "changed")
				overrides[at.Slot()] = calendar.Override{Original: at, Changed: calendar.Groups{calendar.GroupTitle, calendar.GroupAvailability}, Content: c}
			case 2:
				home.Facts.Responses[at.Slot()] = rapid.SampledFrom([]calendar.Response{calendar.Accepted, calendar.Declined}).Draw(t, "answer")
			}
		}
		shape := m.Shape(home, overrides, from, to)
		for at := range occurrences.Between(from, to) {
			o, ok := overrides[at.Slot()]
			if !ok {
				o = calendar.Override{Original: at}
			}
			crosses := !o.Cancelled && m.Crossing(home.Occurrence(o)) == ""
			told := 0
			series, whole := shape.Parts[""]
			if _, alone := shape.Parts[at.Slot()]; alone {
				told++
			}
			if whole && !series.Overrides[at.Slot()].Cancelled {
				told++
			}
			if want := map[bool]int{true: 1}[crosses]; told != want {
				t.Fatalf("%s is told %d times, want %d (%v; skipped: %s)", at, told, want, m.Crossing(home.Occurrence(o)), shape.Skipped)
			}
		}
		if shape.Skipped != "" && len(shape.Parts) > 0 {
			t.Fatalf("%d parts, skipped: %q", len(shape.Parts), shape.Skipped)
		}
	})
}

// The data of a mapping survives its storing: what is read back makes the same copy.
func TestResolvingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := mappingData.Draw(t, "data")
		a, b := capabilities.Draw(t, "home can"), capabilities.Draw(t, "target can")
		home := sources.Draw(t, "home")
		if data.Detail == state.BusyOnly {
			data.Title = nil // the person's own word for "Busy" tells apart what was said
		}
		one, two := must(t, data, a, b).Get(home), must(t, data.Resolved(), a, b).Get(home)
		if d := calendar.Diff(one, two); len(d) > 0 {
			t.Fatalf("%v differ", d)
		}
	})
}

// edit draws what a person may have left in the copy: what the target could show of
// another event, or, now and then, anything at all.
func (m *Mapping) edit(t *rapid.T) calendar.Content {
	other := sources.Draw(t, "edited")
	if rapid.IntRange(0, 3).Draw(t, "free hand") == 0 {
		return other.Content
	}
	return m.Get(other)
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// must makes a mapping between two calendars that can do this much.
func must(t failer, data state.Mapping, home, target calendar.Capabilities) *Mapping {
	t.Helper()
	m, err := New(data, Side{Name: "Work", Account: "ada@work.test", Capabilities: home},
		Side{Name: "Home", Account: "ada@home.test", Addresses: []string{"ada@home.test"}, Capabilities: target})
	if err != nil {
		t.Fatalf("%+v: %v", data, err)
	}
	return m
}

func capabilitiesOf(change func(*calendar.Capabilities)) calendar.Capabilities {
	c := calendar.Capabilities{Groups: calendar.AllGroups.Without(calendar.GroupLinks), Reads: calendar.Groups{calendar.GroupLinks},
		Categories: true, Colors: calendar.Colors, DefaultReminders: true, Series: func(calendar.When) string { return "" }}
	if change != nil {
		change(&c)
	}
	return c
}

// capabilities are what some provider can hold. Each holds a value that blocks
// time and one that hides: no calendar service is known without.
var capabilities = rapid.Custom(func(t *rapid.T) calendar.Capabilities {
	limit := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 60))
	c := calendar.Capabilities{
		TitleLimit: limit.Draw(t, "title limit"), PlaceLimit: limit.Draw(t, "place limit"), NotesLimit: limit.Draw(t, "notes limit"),
		Reads: calendar.Groups{calendar.GroupLinks}, Categories: rapid.Bool().Draw(t, "categories"), Reminders: rapid.IntRange(0, 2).Draw(t, "reminders"),
		DefaultReminders: rapid.Bool().Draw(t, "default reminders"), ReminderLimit: rapid.SampledFrom([]time.Duration{0, 24 * time.Hour}).Draw(t, "reminder limit"),
		Properties: calendar.PropertyLimits{Count: rapid.IntRange(0, 2).Draw(t, "properties"), Name: rapid.IntRange(0, 4).Draw(t, "names"), Value: rapid.IntRange(0, 4).Draw(t, "values")},
		Series:     func(calendar.When) string { return "" },
	}
	if rapid.IntRange(0, 3).Draw(t, "no series") == 0 {
		c.Series = func(calendar.When) string { return "not here" }
	}
	if !c.Categories || rapid.Bool().Draw(t, "colours") {
		c.Colors = calendar.Colors
	}
	for _, g := range calendar.AllGroups.Without(calendar.GroupLinks) {
		if rapid.IntRange(0, 9).Draw(t, string(g)) > 0 {
			c.Groups = append(c.Groups, g)
		}
	}
	some := func(name string, from []string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, len(from), rapid.ID[string]).Draw(t, name)
	}
	for _, a := range append(some("availabilities", texts(allAvailabilities...)), string(rapid.SampledFrom(allAvailabilities[1:]).Draw(t, "blocks"))) {
		c.Availability = append(c.Availability, calendar.Availability(a))
	}
	for _, v := range append(some("visibilities", texts(allVisibilities...)), string(rapid.SampledFrom(allVisibilities[2:]).Draw(t, "hides"))) {
		c.Visibility = append(c.Visibility, calendar.Visibility(v))
	}
	return c
})

var (
	allAvailabilities = []calendar.Availability{calendar.Free, calendar.Tentative, calendar.Busy, calendar.Away, calendar.Elsewhere}
	allVisibilities   = []calendar.Visibility{calendar.Public, calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential}
)

// mappings are compiled ones, between two random calendars.
var mappings = rapid.Custom(func(t *rapid.T) *Mapping {
	return must(t, mappingData.Draw(t, "data"), capabilities.Draw(t, "home can"), capabilities.Draw(t, "target can"))
})

// mappingData says anything that a person can say of a mapping.
var mappingData = rapid.Custom(func(t *rapid.T) state.Mapping {
	maybe := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	m := state.Mapping{
		Detail:      rapid.SampledFrom([]state.Detail{state.Everything, state.Everything, state.TitleAndTime, state.BusyOnly}).Draw(t, "detail"),
		ShowPrivate: rapid.Bool().Draw(t, "show private"),
	}
	text := func(name string) *state.TextLens {
		if !maybe(name) {
			return nil
		}
		l := &state.TextLens{Lens: rapid.SampledFrom([]state.LensKind{state.CopyLens, state.CopyLens, state.OmitLens, state.ConstantLens, state.TemplateLens}).Draw(t, name+" lens")}
		switch l.Lens {
		case state.CopyLens:
			l.Prefix = rapid.SampledFrom([]string{"", "[Work] ", "W: ", "<b> "}).Draw(t, name+" prefix")
			l.Suffix = rapid.SampledFrom([]string{"", " (copy)", "!"}).Draw(t, name+" suffix")
			if rapid.Bool().Draw(t, name+" rule") {
				l.Replace = []state.Replacement{{Find: "Lun(ch)?", With: rapid.SampledFrom([]string{"", "Dinner", "$1"}).Draw(t, name+" with")}}
			}
		case state.ConstantLens:
			l.Text = rapid.SampledFrom([]string{"Busy", "Beschäftigt"}).Draw(t, name+" constant")
		case state.TemplateLens:
			l.Text = rapid.SampledFrom([]string{"[{{calendar}}] {{" + name + "}}", "{{" + name + "}} – {{organizer}}", "{{type}}", "{{title}}/{{title}}", "{{" + name + "}}"}).Draw(t, name+" template")
		}
		l.Limit = rapid.SampledFrom([]int{0, 0, 5, 20}).Draw(t, name+" limit")
		return l
	}
	m.Title, m.Place, m.Notes = text("title"), text("place"), text("notes")
	value := func(name string, values ...string) *state.ValueLens {
		if !maybe(name) {
			return nil
		}
		l := &state.ValueLens{Lens: rapid.SampledFrom([]state.LensKind{state.CopyLens, state.CopyLens, state.OmitLens, state.ConstantLens}).Draw(t, name+" lens")}
		switch l.Lens {
		case state.ConstantLens:
			l.Value = rapid.SampledFrom(values).Draw(t, name+" constant")
		case state.CopyLens:
			l.Map = rapid.MapOfN(rapid.SampledFrom(values), rapid.SampledFrom(values), 0, 3).Draw(t, name+" map")
		}
		return l
	}
	m.Availability = value("availability", "free", "tentative", "busy", "out of office", "working elsewhere")
	m.Visibility = value("visibility", "default", "public", "personal", "private", "confidential")
	m.Importance = value("importance", "low", "normal", "high")
	m.Categories = value("categories", "Red", "Red category", "Blue", "tomato", "grape", "sage")
	if maybe("reminders") {
		m.Reminders = &state.ReminderLens{Lens: rapid.SampledFrom([]state.Choice{state.None, state.Copy, state.Fixed}).Draw(t, "reminder lens")}
		if m.Reminders.Lens == state.Fixed {
			m.Reminders.Before, m.Reminders.AllDay = []string{"10m", "1h"}, []string{"1d 17:00"}
		}
	}
	choice := func(name string, of ...state.Choice) state.Choice {
		return rapid.SampledFrom(append(of, "")).Draw(t, name)
	}
	m.Properties = choice("properties", state.Copy, state.Omit)
	m.Guests, m.Attachments, m.Link = choice("guests", state.AsText, state.Omit), choice("attachments", state.AsText, state.Omit), choice("link", state.AsText, state.Omit)
	m.Conference = choice("conference", state.AsText, state.InNotes, state.InPlace, state.Omit)
	if maybe("filter") {
		m.Filter.Exclude = rapid.SampledFrom([]string{"", "lunch"}).Draw(t, "exclude")
		m.Filter.Availability = rapid.SampledFrom([][]calendar.Availability{nil, {calendar.Busy, calendar.Tentative}}).Draw(t, "only")
		m.Filter.Days = rapid.SampledFrom([][]state.Weekday{nil, {"MO", "TU", "WE", "TH", "FR"}, {"SU"}}).Draw(t, "days")
		m.Filter.Hours = rapid.SampledFrom([]string{"", "08:00-18:00", "22:00-06:00"}).Draw(t, "hours")
	}
	return m
})

// sources are home events of any kind.
var sources = rapid.Custom(func(t *rapid.T) Source {
	s := Source{Content: content.Draw(t, "content"), Facts: calendar.Facts{Organized: true}}
	if rapid.Bool().Draw(t, "meeting") {
		s.Facts = calendar.Facts{Organized: rapid.Bool().Draw(t, "organized"), Organizer: calendar.Person{Name: "Grace", Email: "grace@work.test"},
			Guests:  []calendar.Guest{{Person: calendar.Person{Name: "Bob <b>"}, Response: calendar.Accepted}, {Person: calendar.Person{Email: "carol@x.test"}}},
			WebLink: "https://cal.test/?id=1&x=2"}
	}
	return s
})

var content = rapid.Custom(func(t *rapid.T) calendar.Content {
	text := rapid.OneOf(rapid.StringN(0, 20, -1), rapid.SampledFrom([]string{"", "Lunch", "Überschrift", "[Work] Lunch", "👩‍🚀👩‍🚀👩‍🚀", "…………………………………", "Busy"}))
	notes := rapid.OneOf(
		rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune("ab <&>\n\té👩")), 0, 30, -1), calendar.NotesFromText),
		rapid.Map(rapid.SampledFrom([]string{
			"", "<b>bold</b>", "<ul><li>one<li>two</ul>three", `<a href="https://x.test/long/address">here</a>`, "a<br><br>b &amp;&amp;&amp; c", "<i> <u>x</u></i>y",
			"text<br>" + divider + "<br>Guests: of my own", divider + "<br>what?", "Lunch <b>Lun</b>ch and a long text that goes on and on, further than most",
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
	c := calendar.Content{
		When:         when,
		Title:        text.Draw(t, "title"),
		Notes:        notes.Draw(t, "notes"),
		Place:        text.Draw(t, "place"),
		Availability: rapid.SampledFrom(allAvailabilities).Draw(t, "availability"),
		Visibility:   rapid.SampledFrom(allVisibilities).Draw(t, "visibility"),
		Importance:   rapid.SampledFrom([]calendar.Importance{"", calendar.LowImportance, calendar.HighImportance}).Draw(t, "importance"),
		Categories:   rapid.SampledFrom([][]string{nil, {"Red"}, {"Red", "Blue"}, {"Red category", "Project X"}, {"Blue category", "Green category"}, {"Grape"}}).Draw(t, "categories"),
		Color:        rapid.SampledFrom(append(slices.Clone(calendar.Colors), "", "")).Draw(t, "color"),
	}
	c.Reminders.Default = rapid.Bool().Draw(t, "default reminder")
	for _, d := range []time.Duration{0, 10 * time.Minute, time.Hour, 48 * time.Hour} {
		if !c.Reminders.Default && rapid.Bool().Draw(t, "reminder") {
			c.Reminders.Before = append(c.Reminders.Before, d)
		}
	}
	if rapid.Bool().Draw(t, "links") {
		c.Links = calendar.Links{Conference: "https://meet.test/1", Attachments: []calendar.Attachment{{Name: "plan.pdf", URL: "https://files.test/plan"}, {Name: "x"}}}
	}
	if rapid.Bool().Draw(t, "properties") {
		c.Properties = rapid.MapOfN(rapid.SampledFrom([]string{"a", "key", "long name"}), rapid.SampledFrom([]string{"", "v", "long value"}), 1, 3).Draw(t, "property")
	}
	return c
})

// secretSource is an event with the secret in everything that can be hidden.
func secretSource(v calendar.Visibility) Source {
	day := calendar.Date(2026, 3, 15)
	return Source{
		Content: calendar.Content{When: calendar.When{Start: day, End: calendar.Date(2026, 3, 16)}, Title: secret, Notes: calendar.NotesFromText(secret), Place: secret,
			Availability: calendar.Busy, Visibility: v, Importance: calendar.HighImportance, Categories: []string{secret}, Color: "tomato",
			Links:      calendar.Links{Conference: "https://" + secret, Attachments: []calendar.Attachment{{Name: secret, URL: "https://" + secret}}},
			Properties: map[string]string{secret: secret}},
		Facts: calendar.Facts{Organizer: calendar.Person{Name: secret, Email: secret}, Guests: []calendar.Guest{{Person: calendar.Person{Name: secret, Email: secret}}},
			WebLink: "https://" + secret, MyResponse: calendar.Accepted},
	}
}
