package mapping

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
)

// Two services that differ as the real ones do, with limits that fit on a line.
var (
	narrow = calendar.Capabilities{
		Groups:     calendar.AllGroups.Without(calendar.GroupImportance, calendar.GroupCategories),
		TitleLimit: 12, PlaceLimit: 8, NotesLimit: 20,
		Availability: []calendar.Availability{calendar.Free, calendar.Busy},
		Visibility:   []calendar.Visibility{calendar.DefaultVisibility, calendar.Public, calendar.Private},
	}
	wide = calendar.Capabilities{
		Groups:       calendar.AllGroups,
		Availability: availabilityValues,
		Visibility:   []calendar.Visibility{calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential},
	}
)

func TestWhatACopyShows(t *testing.T) {
	noon := calendar.When{
		Start: calendar.Time{Local: "2026-03-15T12:00:00", Zone: "Europe/Berlin"},
		End:   calendar.Time{Local: "2026-03-15T13:00:00", Zone: "Europe/Berlin"},
	}
	text, html := calendar.NotesFromText, calendar.NotesFromHTML
	for name, c := range map[string]struct {
		home, target calendar.Capabilities
		in, want     calendar.Content
	}{
		"a plain meeting, as it is": {
			wide, narrow,
			calendar.Content{When: noon, Title: "Lunch", Place: "Canteen", Notes: text("Bring cash"), Availability: calendar.Busy},
			calendar.Content{When: noon, Title: "Lunch", Place: "Canteen", Notes: text("Bring cash"), Availability: calendar.Busy},
		},
		"what is too long ends in an ellipsis": {
			wide, narrow,
			calendar.Content{Title: "Lunch with everyone", Place: "Room 12345", Notes: text("This is longer than twenty"), Availability: calendar.Busy},
			calendar.Content{Title: "Lunch with …", Place: "Room 12…", Notes: text("This is longer than…"), Availability: calendar.Busy},
		},
		"what just fits is whole, counted in characters": {
			wide, narrow,
			calendar.Content{Title: "Übermüdetäöü", Place: "Räuberei", Notes: text("äöüäöüäöüäöüäöüäöüäö"), Availability: calendar.Busy},
			calendar.Content{Title: "Übermüdetäöü", Place: "Räuberei", Notes: text("äöüäöüäöüäöüäöüäöüäö"), Availability: calendar.Busy},
		},
		"text that only HTML makes too long is whole": {
			wide, narrow,
			calendar.Content{Notes: text("a&b&c&d&e\nf"), Availability: calendar.Busy},
			calendar.Content{Notes: text("a&b&c&d&e\nf"), Availability: calendar.Busy},
		},
		"formatting goes before words do": {
			wide, narrow,
			calendar.Content{Notes: html("<b>bold</b> and <i>slanted</i>"), Availability: calendar.Busy},
			calendar.Content{Notes: text("bold and slanted"), Availability: calendar.Busy},
		},
		"short formatting stays": {
			wide, narrow,
			calendar.Content{Notes: html("<b>bold</b>"), Availability: calendar.Busy},
			calendar.Content{Notes: html("<b>bold</b>"), Availability: calendar.Busy},
		},
		"where nothing is limited, nothing is cut": {
			narrow, wide,
			calendar.Content{Title: strings.Repeat("long ", 1000), Notes: text(strings.Repeat("long ", 1000)), Availability: calendar.Busy},
			calendar.Content{Title: strings.Repeat("long ", 1000), Notes: text(strings.Repeat("long ", 1000)), Availability: calendar.Busy},
		},
		"away is busy where there is no away": {
			wide, narrow, calendar.Content{Availability: calendar.Away}, calendar.Content{Availability: calendar.Busy},
		},
		"tentative is busy where there is no tentative": {
			wide, narrow, calendar.Content{Availability: calendar.Tentative}, calendar.Content{Availability: calendar.Busy},
		},
		"free stays free": {
			wide, narrow, calendar.Content{Availability: calendar.Free}, calendar.Content{Availability: calendar.Free},
		},
		"confidential is private where that is the most there is": {
			wide, narrow,
			calendar.Content{Availability: calendar.Busy, Visibility: calendar.Confidential},
			calendar.Content{Availability: calendar.Busy, Visibility: calendar.Private},
		},
		"personal is private where there is no personal": {
			wide, narrow,
			calendar.Content{Availability: calendar.Busy, Visibility: calendar.Personal},
			calendar.Content{Availability: calendar.Busy, Visibility: calendar.Private},
		},
		"public is the default where there is no public": {
			narrow, wide, calendar.Content{Availability: calendar.Busy, Visibility: calendar.Public}, calendar.Content{Availability: calendar.Busy},
		},
		"importance stays behind where the target has none": {
			wide, narrow, calendar.Content{Availability: calendar.Busy, Importance: calendar.HighImportance}, calendar.Content{Availability: calendar.Busy},
		},
		"a series stays a series": {
			wide, wide,
			calendar.Content{When: calendar.When{Start: noon.Start, End: noon.End, Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=DAILY"}}}, Availability: calendar.Busy},
			calendar.Content{When: calendar.When{Start: noon.Start, End: noon.End, Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=DAILY"}}}, Availability: calendar.Busy},
		},
		"reminders, links and other programs' properties are each side's own": {
			wide, wide,
			calendar.Content{
				Availability: calendar.Busy,
				Reminders:    calendar.Reminders{Before: []time.Duration{time.Minute}},
				Links:        calendar.Links{Conference: "https://meet.test/1"},
				Properties:   map[string]string{"a": "b"},
			},
			calendar.Content{Availability: calendar.Busy},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Mapping{c.home, c.target}.Get(c.in)); d != "" {
				t.Errorf("-want +shown:\n%s", d)
			}
		})
	}
}

func TestWhatAnEditOfTheCopyMeans(t *testing.T) {
	long := "Lunch with everyone"
	with := func(f func(*calendar.Content)) calendar.Content {
		c := calendar.Content{Title: "Lunch", Place: "Canteen", Availability: calendar.Busy}
		f(&c)
		return c
	}
	for name, c := range map[string]struct {
		group             calendar.Group
		home, edit, after func(*calendar.Content)
		refused           bool
	}{
		"a new title goes home": {
			group: calendar.GroupTitle,
			edit:  func(c *calendar.Content) { c.Title = "Dinner" },
			after: func(c *calendar.Content) { c.Title = "Dinner" },
		},
		"a title taken away goes home": {
			group: calendar.GroupTitle,
			edit:  func(c *calendar.Content) { c.Title = "" },
			after: func(c *calendar.Content) { c.Title = "" },
		},
		"what other groups show is not looked at": {
			group: calendar.GroupTitle,
			edit:  func(c *calendar.Content) { c.Title, c.Place = "Dinner", "Elsewhere" },
			after: func(c *calendar.Content) { c.Title = "Dinner" },
		},
		"a cut title that was not edited leaves the long one": {
			group: calendar.GroupTitle,
			home:  func(c *calendar.Content) { c.Title = long },
			edit:  func(c *calendar.Content) { c.Title = "Lunch with …" },
			after: func(c *calendar.Content) { c.Title = long },
		},
		"a cut title cannot be edited: the rest would be lost": {
			group:   calendar.GroupTitle,
			home:    func(c *calendar.Content) { c.Title = long },
			edit:    func(c *calendar.Content) { c.Title = "Dinner" },
			after:   func(c *calendar.Content) { c.Title = long },
			refused: true,
		},
		"notes that lost their formatting cannot be edited either": {
			group:   calendar.GroupNotes,
			home:    func(c *calendar.Content) { c.Notes = calendar.NotesFromHTML("<b>bold</b> and <i>slanted</i>") },
			edit:    func(c *calendar.Content) { c.Notes = calendar.NotesFromText("bold and upright") },
			after:   func(c *calendar.Content) { c.Notes = calendar.NotesFromHTML("<b>bold</b> and <i>slanted</i>") },
			refused: true,
		},
		"a meeting moved goes home": {
			group: calendar.GroupWhen,
			edit:  func(c *calendar.Content) { c.When.Start = calendar.Date(2026, 3, 16) },
			after: func(c *calendar.Content) { c.When.Start = calendar.Date(2026, 3, 16) },
		},
		"away that is shown as busy and left alone stays away": {
			group: calendar.GroupAvailability,
			home:  func(c *calendar.Content) { c.Availability = calendar.Away },
			edit:  func(c *calendar.Content) { c.Availability = calendar.Busy },
			after: func(c *calendar.Content) { c.Availability = calendar.Away },
		},
		"away that is set free turns free": {
			group: calendar.GroupAvailability,
			home:  func(c *calendar.Content) { c.Availability = calendar.Away },
			edit:  func(c *calendar.Content) { c.Availability = calendar.Free },
			after: func(c *calendar.Content) { c.Availability = calendar.Free },
		},
		"what does not travel is not taken home": {
			group:   calendar.GroupImportance,
			edit:    func(c *calendar.Content) { c.Importance = calendar.HighImportance },
			after:   func(*calendar.Content) {},
			refused: true,
		},
		"reminders of the copy are its own": {
			group:   calendar.GroupReminders,
			edit:    func(c *calendar.Content) { c.Reminders.Default = true },
			after:   func(*calendar.Content) {},
			refused: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.home == nil {
				c.home = func(*calendar.Content) {}
			}
			after, ok := Mapping{wide, narrow}.Put(c.group, with(c.home), with(c.edit))
			if ok == c.refused {
				t.Errorf("accepted: %v, want %v", ok, !c.refused)
			}
			if d := cmp.Diff(with(c.after), after); d != "" {
				t.Errorf("-want +home afterwards:\n%s", d)
			}
		})
	}
}

func TestWhichGroupsTravel(t *testing.T) {
	for name, c := range map[string]struct {
		home, target calendar.Groups
		want         calendar.Groups
	}{
		"what both can hold, but for each one's own": {
			calendar.AllGroups, calendar.AllGroups,
			calendar.Groups{
				calendar.GroupWhen, calendar.GroupTitle, calendar.GroupNotes, calendar.GroupPlace,
				calendar.GroupAvailability, calendar.GroupVisibility, calendar.GroupImportance, calendar.GroupCategories,
			},
		},
		"nothing that the target lacks": {calendar.AllGroups, calendar.Groups{calendar.GroupWhen}, calendar.Groups{calendar.GroupWhen}},
		"nothing that the home lacks":   {calendar.Groups{calendar.GroupTitle}, calendar.AllGroups, calendar.Groups{calendar.GroupTitle}},
		"nothing":                       {nil, calendar.AllGroups, nil},
	} {
		m := Mapping{calendar.Capabilities{Groups: c.home}, calendar.Capabilities{Groups: c.target}}
		if got := m.Groups(); !cmp.Equal(got, c.want, cmp.Transformer("strings", func(g calendar.Groups) []string { return append([]string{}, texts(g)...) })) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
