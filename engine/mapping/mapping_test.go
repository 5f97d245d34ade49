package mapping

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Two services that differ as the real ones do, with limits that fit on a line.
var (
	googly = capabilitiesOf(func(c *calendar.Capabilities) {
		c.Groups = c.Groups.Without(calendar.GroupImportance)
		c.TitleLimit, c.PlaceLimit, c.NotesLimit = 12, 16, 80
		c.Availability = []calendar.Availability{calendar.Free, calendar.Tentative, calendar.Busy}
		c.Visibility = []calendar.Visibility{calendar.DefaultVisibility, calendar.Public, calendar.Private, calendar.Confidential}
		c.Categories, c.Reminders, c.ReminderLimit = false, 5, 4*7*24*time.Hour
		c.Properties = calendar.PropertyLimits{Count: 2, Name: 5, Value: 8}
	})
	outlooky = capabilitiesOf(func(c *calendar.Capabilities) {
		c.Visibility = []calendar.Visibility{calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential}
		c.Availability = allAvailabilities
		c.Colors, c.Reminders, c.DefaultReminders = nil, 1, false
	})
	text, markup = calendar.NotesFromText, calendar.NotesFromHTML
)

const (
	toGoogle  = "to Google"
	toOutlook = "to Outlook"
)

// lunch is an event with these changes.
func lunch(change func(*Source)) Source {
	s := Source{Content: calendar.Content{
		When:  calendar.When{Start: calendar.Time{Local: "2026-03-16T12:00:00", Zone: "Europe/Berlin"}, End: calendar.Time{Local: "2026-03-16T13:00:00", Zone: "Europe/Berlin"}},
		Title: "Lunch", Availability: calendar.Busy,
	}, Facts: calendar.Facts{Organized: true}}
	if change != nil {
		change(&s)
	}
	return s
}

func direction(t *testing.T, way string, m state.Mapping) *Mapping {
	t.Helper()
	if way == toOutlook {
		return must(t, m, googly, outlooky)
	}
	return must(t, m, outlooky, googly)
}

// One row a field and lens: what the copy shows, and what an edit of it means.
func TestEveryLens(t *testing.T) {
	guests := calendar.Facts{Organizer: calendar.Person{Name: "Grace Hopper", Email: "grace@work.test"}, WebLink: "https://cal.test/1", Guests: []calendar.Guest{
		{Person: calendar.Person{Name: "Bob", Email: "bob@x.test"}, Response: calendar.Accepted}, {Person: calendar.Person{Email: "carol@x.test"}, Response: calendar.Declined}}}
	monday, tuesday := calendar.Date(2026, 3, 16), calendar.Date(2026, 3, 17)
	allDay := func(s *Source) { s.When = calendar.When{Start: monday, End: tuesday} }
	type edit struct {
		to      func(*calendar.Content)
		home    func(*Source) // what the home is then, beyond what it was
		verdict Verdict
	}
	for name, c := range map[string]struct {
		way   string // toGoogle unless said
		m     state.Mapping
		home  func(*Source)
		shows func(*calendar.Content) // beyond time, title and Busy
		group calendar.Group
		edits []edit
	}{
		"the time is copied": {
			group: calendar.GroupWhen, home: allDay, shows: func(c *calendar.Content) { c.When = calendar.When{Start: monday, End: tuesday} },
			edits: []edit{{to: func(c *calendar.Content) { c.When.End = calendar.Date(2026, 3, 18) }, home: func(s *Source) { s.When.End = calendar.Date(2026, 3, 18) }}},
		},
		"a title is copied": {
			group: calendar.GroupTitle,
			edits: []edit{
				{to: func(c *calendar.Content) { c.Title = "Dinner" }, home: func(s *Source) { s.Title = "Dinner" }},
				{to: func(c *calendar.Content) { c.Title = "" }, home: func(s *Source) { s.Title = "" }},
				{to: func(c *calendar.Content) { c.Title = " Lunch " }}, // no change of meaning
			},
		},
		"a long title ends in an ellipsis; an edit of what is shown keeps the rest": {
			group: calendar.GroupTitle, home: func(s *Source) { s.Title = "Lunch with everyone" }, shows: func(c *calendar.Content) { c.Title = "Lunch with…" },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Title = "Dinner wit…" }, home: func(s *Source) { s.Title = "Dinner wit everyone" }},
				{to: func(c *calendar.Content) { c.Title = "Dinner" }, verdict: Refused},
			},
		},
		"a prefix is taken off again": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[W] "}}, group: calendar.GroupTitle, shows: func(c *calendar.Content) { c.Title = "[W] Lunch" },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Title = "[W] Dinner" }, home: func(s *Source) { s.Title = "Dinner" }},
				{to: func(c *calendar.Content) { c.Title = "Dinner" }, home: func(s *Source) { s.Title = "Dinner" }, verdict: Amended},
				{to: func(c *calendar.Content) { c.Title = "[w]Dinner" }, home: func(s *Source) { s.Title = "Dinner" }, verdict: Amended},
				{to: func(c *calendar.Content) { c.Title = "[W]" }, home: func(s *Source) { s.Title = "" }},
			},
		},
		"a suffix too": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Suffix: " (W)"}}, group: calendar.GroupTitle, shows: func(c *calendar.Content) { c.Title = "Lunch (W)" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Dine (W)" }, home: func(s *Source) { s.Title = "Dine" }}},
		},
		"a prefix that is a letter is not taken from a word": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "A "}}, group: calendar.GroupTitle, shows: func(c *calendar.Content) { c.Title = "A Lunch" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Alpha" }, home: func(s *Source) { s.Title = "Alpha" }, verdict: Amended}},
		},
		"a template leads back to its field": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.TemplateLens, Text: "{{calendar}}: {{title}}"}}, group: calendar.GroupTitle, shows: func(c *calendar.Content) { c.Title = "Work: Lunch" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Work: Tea" }, home: func(s *Source) { s.Title = "Tea" }}},
		},
		"a template without its field leads nowhere": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.TemplateLens, Text: "{{type}} {{availability}}"}}, way: toOutlook, group: calendar.GroupTitle,
			shows: func(c *calendar.Content) { c.Title = "meeting busy" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Tea" }, verdict: Refused}},
		},
		"a constant leads nowhere": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.ConstantLens, Text: "Taken {{x}}"}}, group: calendar.GroupTitle, shows: func(c *calendar.Content) { c.Title = "Taken {{x}}" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Tea" }, verdict: Refused}},
		},
		"an omitted title leads nowhere": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.OmitLens}}, group: calendar.GroupTitle, shows: func(c *calendar.Content) { c.Title = "" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Tea" }, verdict: Refused}},
		},
		"a find/replace rule that found something leads nowhere": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Replace: []state.Replacement{{Find: `L(un)ch`, With: "$1"}}}}, group: calendar.GroupTitle,
			shows: func(c *calendar.Content) { c.Title = "un" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Tea" }, verdict: Refused}},
		},
		"one that found nothing lets edits through, and works on them": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Replace: []state.Replacement{{Find: `secret`, With: "***"}}}}, group: calendar.GroupTitle,
			edits: []edit{
				{to: func(c *calendar.Content) { c.Title = "Tea" }, home: func(s *Source) { s.Title = "Tea" }},
				{to: func(c *calendar.Content) { c.Title = "secret tea" }, home: func(s *Source) { s.Title = "secret tea" }, verdict: Amended},
			},
		},
		"a limit of one's own": {
			m: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Limit: 4}}, group: calendar.GroupTitle, shows: func(c *calendar.Content) { c.Title = "Lun…" },
		},

		"a place is copied": {
			group: calendar.GroupPlace, home: func(s *Source) { s.Place = "Canteen" }, shows: func(c *calendar.Content) { c.Place = "Canteen" },
			edits: []edit{{to: func(c *calendar.Content) { c.Place = "Terrace" }, home: func(s *Source) { s.Place = "Terrace" }}},
		},
		"a meeting online and nowhere else has its link as the place": {
			m: state.Mapping{Conference: state.InPlace}, group: calendar.GroupPlace, home: func(s *Source) { s.Links.Conference = "https://meet.t/1" }, shows: func(c *calendar.Content) { c.Place = "https://meet.t/1" },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Place = "Room 5" }, home: func(s *Source) { s.Place = "Room 5" }},
				{to: func(c *calendar.Content) { c.Place = "" }, verdict: Refused},
			},
		},

		"notes keep their formatting": {
			way: toOutlook, group: calendar.GroupNotes, home: func(s *Source) { s.Notes = markup("<b>bold</b><ul><li>one</ul>") }, shows: func(c *calendar.Content) { c.Notes = markup("<b>bold</b><ul><li>one</ul>") },
			edits: []edit{{to: func(c *calendar.Content) { c.Notes = text("plain") }, home: func(s *Source) { s.Notes = text("plain") }}},
		},
		"long notes are cut between characters and tags, and edits of the beginning keep the end": {
			group: calendar.GroupNotes, home: func(s *Source) { s.Notes = markup("<b>" + strings.Repeat("word ", 20) + "end</b>") },
			shows: func(c *calendar.Content) {
				c.Notes = markup("<b>" + strings.Repeat("word ", 14) + "wo…</b>")
			},
			edits: []edit{
				{to: func(c *calendar.Content) {
					c.Notes = markup("<b>new " + strings.Repeat("word ", 13) + "wo…</b>")
				},
					home: func(s *Source) { s.Notes = markup("<b>new " + strings.Repeat("word ", 19) + "end</b>") }, verdict: Amended},
				{to: func(c *calendar.Content) { c.Notes = text("short") }, verdict: Refused},
			},
		},
		"guests, link to join, attachments and importance are told below the notes, and stay there": {
			m: state.Mapping{Notes: &state.TextLens{Lens: state.CopyLens, Limit: 400}, Link: state.AsText, Conference: state.InNotes}, way: toOutlook, group: calendar.GroupNotes,
			home: func(s *Source) {
				s.Notes, s.Facts = text("Bring cash"), guests
				s.Links = calendar.Links{Conference: "https://meet.t/1", Attachments: []calendar.Attachment{{Name: "menu.pdf", URL: "https://f.t/m"}}}
			},
			shows: func(c *calendar.Content) {
				c.Notes = text("Bring cash\n\n———\nOrganizer: Grace Hopper\nGuests: Bob (accepted), carol@x.test (declined)\nJoin: https://meet.t/1\nAttachments: menu.pdf https://f.t/m\nOriginal: https://cal.test/1")
			},
			edits: []edit{
				{to: func(c *calendar.Content) { c.Notes = text(strings.Replace(c.Notes.Text(), "cash", "cards", 1)) }, home: func(s *Source) { s.Notes = text("Bring cards") }},
				{to: func(c *calendar.Content) { c.Notes = text(strings.Replace(c.Notes.Text(), "Bring cash\n\n", "", 1)) }, home: func(s *Source) { s.Notes = text("") }},
				{to: func(c *calendar.Content) { c.Notes = text("Bring cash") }, verdict: Amended},
				{to: func(c *calendar.Content) { c.Notes = text(c.Notes.Text() + "\nSee you") }, home: func(s *Source) { s.Notes = text("Bring cash\n\nSee you") }, verdict: Amended},
				{to: func(c *calendar.Content) {
					c.Notes = text(strings.Replace(c.Notes.Text(), "\nJoin: https://meet.t/1", "\nJoin: somewhere", 1))
				}, verdict: Amended},
			},
		},
		"importance is told where the target has none": {
			group: calendar.GroupNotes, home: func(s *Source) { s.Importance = calendar.HighImportance }, shows: func(c *calendar.Content) { c.Notes = text("———\nImportance: high") },
			edits: []edit{{to: func(c *calendar.Content) { c.Notes = text("Hello\n\n———\nImportance: high") }, home: func(s *Source) { s.Notes = text("Hello") }}},
		},
		"what is told takes no more than half of the room": {
			group: calendar.GroupNotes, home: func(s *Source) { s.Facts = guests; s.Notes = text(strings.Repeat("x", 90)) },
			shows: func(c *calendar.Content) {
				c.Notes = text(strings.Repeat("x", 79) + "…")
			},
		},
		"a divider of one's own is no block": {
			group: calendar.GroupNotes, home: func(s *Source) { s.Notes = text("a\n———\nGuests: mine") }, shows: func(c *calendar.Content) { c.Notes = text("a\n———\nGuests: mine") },
			edits: []edit{{to: func(c *calendar.Content) { c.Notes = text("b\n———\nGuests: mine") }, home: func(s *Source) { s.Notes = text("b\n———\nGuests: mine") }}},
		},
		"notes with a prefix": {
			m: state.Mapping{Notes: &state.TextLens{Lens: state.CopyLens, Prefix: "From work:\n"}}, group: calendar.GroupNotes, home: func(s *Source) { s.Notes = markup("<b>x</b>") }, shows: func(c *calendar.Content) { c.Notes = markup("From work:<br><b>x</b>") },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Notes = markup("From work:<br><i>y</i>") }, home: func(s *Source) { s.Notes = markup("<i>y</i>") }},
				{to: func(c *calendar.Content) { c.Notes = markup("<i>y</i>") }, home: func(s *Source) { s.Notes = markup("<i>y</i>") }, verdict: Amended},
			},
		},
		"notes with words replaced in text, not in markup": {
			m: state.Mapping{Notes: &state.TextLens{Lens: state.CopyLens, Replace: []state.Replacement{{Find: "b|https"}}}}, group: calendar.GroupNotes, home: func(s *Source) { s.Notes = markup(`<b>abc</b> <a href="https://b.t">x</a>`) },
			shows: func(c *calendar.Content) { c.Notes = markup(`<b>ac</b> <a href="https://b.t">x</a>`) },
			edits: []edit{{to: func(c *calendar.Content) { c.Notes = text("y") }, verdict: Refused}},
		},

		"away is busy where there is no away, and stays away at home": {
			group: calendar.GroupAvailability, home: func(s *Source) { s.Availability = calendar.Away },
			edits: []edit{{to: func(c *calendar.Content) { c.Availability = calendar.Free }, home: func(s *Source) { s.Availability = calendar.Free }}},
		},
		"tentative is tentative": {
			group: calendar.GroupAvailability, home: func(s *Source) { s.Availability = calendar.Tentative }, shows: func(c *calendar.Content) { c.Availability = calendar.Tentative },
		},
		"a value map, and its way home": {
			m: state.Mapping{Availability: &state.ValueLens{Lens: state.CopyLens, Map: map[string]string{"Tentative": "Free"}}}, group: calendar.GroupAvailability,
			home: func(s *Source) { s.Availability = calendar.Tentative }, shows: func(c *calendar.Content) { c.Availability = calendar.Free },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Availability = calendar.Busy }, home: func(s *Source) { s.Availability = calendar.Busy }},
				{to: func(c *calendar.Content) { c.Availability = calendar.Tentative }, verdict: Refused},
			},
		},
		"always busy": {
			m: state.Mapping{Availability: &state.ValueLens{Lens: state.ConstantLens, Value: "busy"}}, group: calendar.GroupAvailability, home: func(s *Source) { s.Availability = calendar.Free },
			edits: []edit{{to: func(c *calendar.Content) { c.Availability = calendar.Free }, verdict: Refused}},
		},
		"public is the default where there is no public": {
			way: toOutlook, group: calendar.GroupVisibility, home: func(s *Source) { s.Visibility = calendar.Public },
			edits: []edit{{to: func(c *calendar.Content) { c.Visibility = calendar.Private }, home: func(s *Source) { s.Visibility = calendar.Private }, verdict: Amended}},
		},
		"personal is private where there is no personal, when private events may be shown": {
			m: state.Mapping{ShowPrivate: true}, group: calendar.GroupVisibility, home: func(s *Source) { s.Visibility = calendar.Personal }, shows: func(c *calendar.Content) { c.Visibility = calendar.Private },
		},
		"importance crosses between two that have it": {
			way: "Outlook to Outlook", group: calendar.GroupImportance, home: func(s *Source) { s.Importance = calendar.HighImportance }, shows: func(c *calendar.Content) { c.Importance = calendar.HighImportance },
			edits: []edit{{to: func(c *calendar.Content) { c.Importance = calendar.LowImportance }, home: func(s *Source) { s.Importance = calendar.LowImportance }}},
		},

		"the first category with a colour is the colour": {
			group: calendar.GroupCategories, home: func(s *Source) { s.Categories = []string{"Team", "Red category", "Blue category"} }, shows: func(c *calendar.Content) { c.Color = "tomato" },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Color = "basil" }, home: func(s *Source) { s.Categories = []string{"Team", "Green category", "Blue category"} }},
				{to: func(c *calendar.Content) { c.Color = "flamingo" }, home: func(s *Source) { s.Categories = []string{"Team", "flamingo", "Blue category"} }},
				{to: func(c *calendar.Content) { c.Color = "" }, home: func(s *Source) { s.Categories = []string{"Team"} }},
			},
		},
		"a colour is the category that comes nearest": {
			way: toOutlook, group: calendar.GroupCategories, home: func(s *Source) { s.Color = "flamingo" }, shows: func(c *calendar.Content) { c.Categories = []string{"Red category"} },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Categories = []string{"red Category"} }},
				{to: func(c *calendar.Content) { c.Categories = []string{"Blue category"} }, home: func(s *Source) { s.Color = "blueberry" }},
				{to: func(c *calendar.Content) { c.Categories = []string{"Red category", "Team"} }, home: func(s *Source) { s.Categories = []string{"Team"} }},
				{to: func(c *calendar.Content) { c.Categories = nil }, home: func(s *Source) { s.Color = "" }},
			},
		},
		"categories with a map of one's own": {
			m: state.Mapping{Categories: &state.ValueLens{Lens: state.CopyLens, Map: map[string]string{"Client": "grape"}}}, group: calendar.GroupCategories,
			home: func(s *Source) { s.Categories = []string{"client"} }, shows: func(c *calendar.Content) { c.Color = "grape" },
			edits: []edit{{to: func(c *calendar.Content) { c.Color = "" }, home: func(s *Source) { s.Categories = nil }}},
		},
		"one colour for all copies, which a person may change on a copy": {
			m: state.Mapping{Categories: &state.ValueLens{Lens: state.ConstantLens, Value: "graphite"}}, group: calendar.GroupCategories, shows: func(c *calendar.Content) { c.Color = "graphite" },
			edits: []edit{{to: func(c *calendar.Content) { c.Color = "sage" }, verdict: Own}},
		},

		"reminders are none, and a person's own on a copy": {
			group: calendar.GroupReminders, home: func(s *Source) { s.Reminders = calendar.Reminders{Before: []time.Duration{time.Hour}} },
			edits: []edit{{to: func(c *calendar.Content) { c.Reminders.Default = true }, verdict: Own}},
		},
		"copied reminders: the last one must not be missed, the others stay at home": {
			m: state.Mapping{Reminders: &state.ReminderLens{Lens: state.Copy}}, way: toOutlook, group: calendar.GroupReminders,
			home: func(s *Source) {
				s.Reminders = calendar.Reminders{Before: []time.Duration{10 * time.Minute, time.Hour}}
			},
			shows: func(c *calendar.Content) { c.Reminders.Before = []time.Duration{10 * time.Minute} },
			edits: []edit{
				{to: func(c *calendar.Content) { c.Reminders.Before = []time.Duration{20 * time.Minute} }, home: func(s *Source) { s.Reminders.Before = []time.Duration{20 * time.Minute, time.Hour} }},
				{to: func(c *calendar.Content) { c.Reminders.Before = []time.Duration{2 * time.Hour} }, home: func(s *Source) { s.Reminders.Before = []time.Duration{2 * time.Hour} }},
				{to: func(c *calendar.Content) { c.Reminders.Before = nil }, home: func(s *Source) { s.Reminders.Before = nil }},
			},
		},
		"the calendar's default where there is none": {
			m: state.Mapping{Reminders: &state.ReminderLens{Lens: state.Copy}}, way: toOutlook, group: calendar.GroupReminders,
			home: func(s *Source) { s.Reminders.Default = true }, shows: func(c *calendar.Content) { c.Reminders.Before = []time.Duration{15 * time.Minute} },
		},
		"fixed reminders of all-day copies, by clock time": {
			m: state.Mapping{Reminders: &state.ReminderLens{Lens: state.Fixed, Before: []string{"10m"}, AllDay: []string{"1d 17:00"}}}, group: calendar.GroupReminders, home: allDay,
			shows: func(c *calendar.Content) {
				c.When = calendar.When{Start: monday, End: tuesday}
				c.Reminders.Before = []time.Duration{7 * time.Hour}
			},
		},
		"fixed reminders of timed copies": {
			m: state.Mapping{Reminders: &state.ReminderLens{Lens: state.Fixed, Before: []string{"1h30m", "1d"}}}, group: calendar.GroupReminders,
			shows: func(c *calendar.Content) { c.Reminders.Before = []time.Duration{90 * time.Minute, 24 * time.Hour} },
		},

		"properties cross where they fit, and what does not fit stays": {
			group: calendar.GroupProperties, home: func(s *Source) {
				s.Properties = map[string]string{"a": "1", "too long": "2", "b": "value too long", "c": "3"}
			},
			shows: func(c *calendar.Content) { c.Properties = map[string]string{"a": "1", "c": "3"} },
			edits: []edit{{to: func(c *calendar.Content) { c.Properties = map[string]string{"a": "9"} }, home: func(s *Source) {
				s.Properties = map[string]string{"a": "9", "too long": "2", "b": "value too long"}
			}}},
		},
		"properties left out are each side's own": {
			m: state.Mapping{Properties: state.Omit}, group: calendar.GroupProperties, home: func(s *Source) { s.Properties = map[string]string{"a": "1"} },
			edits: []edit{{to: func(c *calendar.Content) { c.Properties = map[string]string{"x": "y"} }, verdict: Own}},
		},

		"title and time": {
			m: state.Mapping{Detail: state.TitleAndTime}, group: calendar.GroupNotes, home: func(s *Source) { *s = fullSource() }, shows: func(c *calendar.Content) { c.Title, c.Visibility = "Review", calendar.Public },
			edits: []edit{{to: func(c *calendar.Content) { c.Notes = text("mine") }, verdict: Refused}},
		},
		"busy only": {
			m: state.Mapping{Detail: state.BusyOnly}, group: calendar.GroupTitle, home: func(s *Source) { *s = fullSource() }, shows: func(c *calendar.Content) { c.Title = "Busy" },
			edits: []edit{{to: func(c *calendar.Content) { c.Title = "Review" }, verdict: Refused}},
		},
		"private events are busy only, whatever the level": {
			group: calendar.GroupVisibility, home: func(s *Source) { *s = fullSource(); s.Visibility = calendar.Private }, shows: func(c *calendar.Content) { c.Title = "Busy" },
			edits: []edit{{to: func(c *calendar.Content) { c.Visibility = calendar.Public }, verdict: Refused}},
		},
		"private events under the person's own word": {
			m:     state.Mapping{Detail: state.BusyOnly, Title: &state.TextLens{Lens: state.ConstantLens, Text: "Belegt"}},
			group: calendar.GroupTitle, home: func(s *Source) { *s = fullSource(); s.Visibility = calendar.Private }, shows: func(c *calendar.Content) { c.Title = "Belegt" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := direction(t, c.way, c.m)
			if c.way == "Outlook to Outlook" {
				m = must(t, c.m, outlooky, outlooky)
			}
			home := lunch(c.home)
			want := calendar.Content{When: home.When, Title: "Lunch", Availability: calendar.Busy}
			if c.shows != nil {
				c.shows(&want)
			}
			shown := m.Get(home)
			if c.group == calendar.GroupNotes || want.Notes == (calendar.Notes{}) {
				if d := cmp.Diff(want, shown); d != "" {
					t.Fatalf("-want +shown:\n%s", d)
				}
			}
			if !calendar.Equal(c.group, want, shown) {
				t.Fatalf("%s: want %+v, shown is %+v", c.group, want, shown)
			}
			for i, e := range c.edits {
				edited, after := shown, lunch(c.home)
				e.to(&edited)
				if e.home != nil {
					e.home(&after)
				}
				got, v := m.Put(c.group, home, edited)
				if v != e.verdict {
					t.Errorf("edit %d: verdict %d, want %d", i+1, v, e.verdict)
				}
				if d := cmp.Diff(after.Content, got); d != "" {
					t.Errorf("edit %d: -want +home afterwards:\n%s", i+1, d)
				}
			}
		})
	}
}

// fullSource is an event with something in every field.
func fullSource() Source {
	return lunch(func(s *Source) {
		s.Title, s.Notes, s.Place, s.Visibility, s.Importance = "Review", markup("<b>agenda</b>"), "Room 5", calendar.Public, calendar.HighImportance
		s.Categories, s.Reminders = []string{"Red category"}, calendar.Reminders{Default: true}
		s.Links = calendar.Links{Conference: "https://meet.t/1", Attachments: []calendar.Attachment{{Name: "plan", URL: "https://f.t/p"}}}
		s.Properties = map[string]string{"a": "1"}
		s.Facts = calendar.Facts{Organizer: calendar.Person{Name: "Grace"}, Guests: []calendar.Guest{{Person: calendar.Person{Name: "Bob"}}}, WebLink: "https://cal.test/1"}
	})
}

func TestMappingsThatMakeNoSense(t *testing.T) {
	for name, c := range map[string]struct {
		m    state.Mapping
		want string
	}{
		"a field that is none":      {state.Mapping{Title: &state.TextLens{Lens: state.TemplateLens, Text: "[W] {{titel}}"}}, "title: the template “[W] {{titel}}” is wrong at character 5: there is no field “titel”; there are title, place"},
		"braces that never close":   {state.Mapping{Place: &state.TextLens{Lens: state.TemplateLens, Text: "é {{place"}}, "place: the template “é {{place” is wrong at character 3: “{{” is never closed"},
		"a field in the notes":      {state.Mapping{Notes: &state.TextLens{Lens: state.TemplateLens, Text: "{{ }}"}}, "notes: the template “{{ }}” is wrong at character 1"},
		"an expression":             {state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Replace: []state.Replacement{{Find: "a("}}}}, "missing closing )"},
		"an expression of a filter": {state.Mapping{Filter: state.Filter{Exclude: "["}}, "filter.title.exclude"},
		"hours":                     {state.Mapping{Filter: state.Filter{Hours: "9 to 5"}}, "filter.hours"},
		"days":                      {state.Mapping{Filter: state.Filter{Days: []state.Weekday{"XX"}}}, "filter.days"},
		"a level":                   {state.Mapping{Detail: "some"}, "detail"},
		"an availability":           {state.Mapping{Availability: &state.ValueLens{Lens: state.ConstantLens, Value: "asleep"}}, "availability"},
		"a lens":                    {state.Mapping{Visibility: &state.ValueLens{Lens: "guess"}}, "visibility"},
		"a reminder":                {state.Mapping{Reminders: &state.ReminderLens{Lens: state.Fixed, Before: []string{"soon"}}}, "reminders"},
		"a reminder on the day":     {state.Mapping{Reminders: &state.ReminderLens{Lens: state.Fixed, AllDay: []string{"0d 09:00"}}}, "on the day itself"},
		"a newer format":            {state.Mapping{Version: state.MappingVersion + 1}, "newer than this Twinday"},
	} {
		err := Check(c.m)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		m, _ := New(c.m, Side{Capabilities: outlooky}, Side{Capabilities: googly})
		if why := m.Shape(lunch(nil), nil, time.Time{}, time.Time{}).Skipped; why == "" || m.OutOfScope() != state.Keep {
			t.Errorf("%s: something crosses by it, or its copies would go", name)
		}
		if shown := m.Get(fullSource()); shown.Title != "Busy" {
			t.Errorf("%s: it shows %q", name, shown.Title)
		}
	}
}

func TestManyGuests(t *testing.T) {
	s := lunch(nil)
	for i := range 300 {
		s.Facts.Guests = append(s.Facts.Guests, calendar.Guest{Person: calendar.Person{Name: fmt.Sprint("Guest ", i)}})
	}
	if got := direction(t, toOutlook, state.Mapping{}).Get(s).Notes.Text(); !strings.HasSuffix(got, "Guest 49, and 250 more") {
		t.Errorf("told: …%s", got[max(0, len(got)-60):])
	}
	if got := direction(t, toGoogle, state.Mapping{}).Get(s).Notes.Text(); got != "———\nGuests: 300 people" {
		t.Errorf("told where there is little room: %q", got)
	}
}

func TestDescribe(t *testing.T) {
	home := fullSource()
	home.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY"}
	var b strings.Builder
	for _, f := range direction(t, toGoogle, state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "W: "}}).Describe(home) {
		fmt.Fprintf(&b, "%s | %s | %s | %s\n", f.Group, f.Home, strings.ReplaceAll(f.Copy, "\n", "⏎"), f.Lens)
	}
	want := `when | 2026-03-16 12:00 – 13:00 Europe/Berlin, RRULE:FREQ=DAILY | 2026-03-16 12:00 – 13:00 Europe/Berlin, RRULE:FREQ=DAILY | copy
title | Review | W: Review | copy, prefix “W: ”
notes | agenda | agenda | copy, with guests, link to join, attachments
place | Room 5 | Room 5 | copy
availability | busy | busy | copy
visibility | public | public | copy
importance | high |  | Home holds none
reminders | as the calendar does by default |  | none
categories | Red category | tomato | copy
links | https://meet.t/1, plan https://f.t/p |  | told in the notes
properties | a=1 | a=1 | copy
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// Outlook calls its six colours in the mailbox's language. One map serves both directions, as
// docs/mapping.md says, and an edit of a copy leads back.
func TestCategoriesOfAMailboxInAnotherLanguage(t *testing.T) {
	data := state.Mapping{Categories: &state.ValueLens{Lens: state.CopyLens, Map: map[string]string{
		"Rote Kategorie": "tomato", "Grüne Kategorie": "basil", "tomato": "Rote Kategorie", "basil": "Grüne Kategorie"}}}
	outlook := capabilitiesOf(func(c *calendar.Capabilities) { c.Colors = nil })
	google := capabilitiesOf(func(c *calendar.Capabilities) { c.Categories = false })
	red, green := calendar.Content{Categories: []string{"Rote Kategorie"}}, calendar.Content{Categories: []string{"Grüne Kategorie"}}
	tomato, basil := calendar.Content{Color: "tomato"}, calendar.Content{Color: "basil"}
	for _, c := range []struct {
		name                      string
		home, target              calendar.Capabilities
		was, shows, edited, comes calendar.Content
	}{
		{"from Outlook", outlook, google, red, tomato, basil, green},
		{"from Google", google, outlook, tomato, red, green, basil},
	} {
		m := must(t, data, c.home, c.target)
		if got := m.Get(Source{Content: c.was}); !calendar.Equal(calendar.GroupCategories, got, c.shows) {
			t.Errorf("%s: the copy shows %v %q", c.name, got.Categories, got.Color)
		}
		if got, v := m.Put(calendar.GroupCategories, Source{Content: c.was}, c.edited); v != Carried || !calendar.Equal(calendar.GroupCategories, got, c.comes) {
			t.Errorf("%s: an edit comes home as %v %q, %v", c.name, got.Categories, got.Color, v)
		}
	}
}
