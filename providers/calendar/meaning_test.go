package calendar

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEqualByMeaning(t *testing.T) {
	at := func(local, zone string) Content {
		return Content{When: When{Start: Time{Local: local, Zone: zone}}}
	}
	const noon = "2026-03-15T12:00:00"
	title := func(s string) Content { return Content{Title: s} }
	place := func(s string) Content { return Content{Place: s} }
	categories := func(color string, names ...string) Content { return Content{Color: color, Categories: names} }
	reminders := func(standard bool, before ...time.Duration) Content {
		return Content{Reminders: Reminders{standard, before}}
	}
	links := func(conference string, attachments ...Attachment) Content {
		return Content{Links: Links{conference, attachments}}
	}
	plan, map1 := Attachment{"plan", "https://x.test/plan"}, Attachment{"map", "https://x.test/map"}
	for name, c := range map[string]struct {
		g    Group
		a, b Content
		want bool
	}{
		"a zone's old name":               {GroupWhen, at(noon, "Europe/Kiev"), at(noon, "Europe/Kyiv"), true},
		"a zone with the same clocks":     {GroupWhen, at(noon, "Europe/Berlin"), at(noon, "Europe/Paris"), true},
		"a zone that agrees today only":   {GroupWhen, at(noon, "Europe/Berlin"), at(noon, "Africa/Algiers"), false},
		"one moment in two zones":         {GroupWhen, at(noon, "UTC"), at("2026-03-15T13:00:00", "Europe/Berlin"), false},
		"two clocks in one zone":          {GroupWhen, at(noon, "UTC"), at("2026-03-15T12:00:01", "Etc/UTC"), false},
		"the hour that comes twice":       {GroupWhen, Content{When: When{Start: Time{"2026-10-25T02:30:00", "Europe/Berlin", true}}}, at("2026-10-25T02:30:00", "Europe/Paris"), false},
		"a date and its midnight":         {GroupWhen, at("2026-03-15", ""), at("2026-03-15T00:00:00", "UTC"), false},
		"another rule":                    {GroupWhen, Content{When: When{Recurrence: Recurrence{[]string{"RRULE:FREQ=DAILY"}}}}, Content{}, false},
		"white space at a title's ends":   {GroupTitle, title(" a b\r\n"), title("a b"), true},
		"runs of it":                      {GroupTitle, title("a \u00a0\n b"), title("a b"), true},
		"none where there was some":       {GroupTitle, title("a b"), title("ab"), false},
		"a title's case":                  {GroupTitle, title("a"), title("A"), false},
		"an accent put on, or in":         {GroupTitle, title("Cafe\u0301"), title("Café"), true},
		"no accent":                       {GroupTitle, title("Cafe"), title("Café"), false},
		"a place on two lines":            {GroupPlace, place("Hall\n1 Road"), place("Hall 1 Road"), true},
		"another place":                   {GroupPlace, place("Hall"), place("Hall 1"), false},
		"the order of categories":         {GroupCategories, categories("", "a", "b"), categories("", "b", "a", "b"), true},
		"the case of a category":          {GroupCategories, categories("", "Straße", "WORK"), categories("", "work", "STRASSE"), true},
		"a category more":                 {GroupCategories, categories("", "a"), categories("", "a", "b"), false},
		"another colour":                  {GroupCategories, categories("sage", "a"), categories("grape", "a"), false},
		"a colour's case":                 {GroupCategories, categories("sage"), categories("Sage"), false},
		"the order of reminders":          {GroupReminders, reminders(false, 1, 2, 1), reminders(false, 2, 1), true},
		"a reminder more":                 {GroupReminders, reminders(false, 1), reminders(false, 1, 2), false},
		"what is listed beside a default": {GroupReminders, reminders(true, 1), reminders(true), true},
		"a default and none":              {GroupReminders, reminders(true), reminders(false), false},
		"a default and the same listed":   {GroupReminders, reminders(true, 1), reminders(false, 1), false},
		"the order of attachments":        {GroupLinks, links("", plan, map1), links("", map1, plan), true},
		"an attachment less":              {GroupLinks, links("", plan, map1), links("", plan), false},
		"another conference":              {GroupLinks, links("https://x.test/1"), links("https://x.test/2"), false},
		"a link and its bare address":     {GroupNotes, Content{Notes: NotesFromHTML(`<p>See <a href="https://x.test/">https://x.test</a></p>`)}, Content{Notes: NotesFromText("See https://x.test")}, true},
	} {
		if Equal(c.g, c.a, c.b) != c.want || Equal(c.g, c.b, c.a) != c.want {
			t.Errorf("%s: equal is %v and %v, want %v", name, Equal(c.g, c.a, c.b), Equal(c.g, c.b, c.a), c.want)
		}
	}
}

func TestEqualIsAnEquivalence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := contents.Draw(t, "a"), contents.Draw(t, "b"), contents.Draw(t, "c")
		for _, g := range AllGroups {
			if !Equal(g, a, a) {
				t.Fatalf("%s: %+v differs from itself", g, a)
			}
			if Equal(g, a, b) != Equal(g, b, a) {
				t.Fatalf("%s: %v one way, %v the other", g, Equal(g, a, b), Equal(g, b, a))
			}
			if Equal(g, a, b) && Equal(g, b, c) && !Equal(g, a, c) {
				t.Fatalf("%s: the first is the second, the second the third, but the first not the third", g)
			}
		}
	})
}

// Comparing changes neither side: both are shared with the store's copies.
func TestEqualLeavesBothAlone(t *testing.T) {
	before, names := []time.Duration{2, 1, 2}, []string{"b", "a"}
	files := []Attachment{{Name: "b"}, {Name: "a"}}
	a := Content{Reminders: Reminders{Before: before}, Categories: names, Links: Links{Attachments: files}}
	Diff(a, Content{Reminders: Reminders{Before: []time.Duration{1}}, Categories: []string{"c"}, Links: Links{Attachments: []Attachment{{}}}})
	if !slices.Equal(before, []time.Duration{2, 1, 2}) || !slices.Equal(names, []string{"b", "a"}) || files[0].Name != "b" {
		t.Errorf("now %v, %v, %v", before, names, files)
	}
}

func TestSameZone(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Europe/Kiev", "Europe/Kyiv", true},
		{"UTC", "Etc/UTC", true},
		{"UTC", "Etc/GMT", true},
		{"Asia/Calcutta", "Asia/Kolkata", true},
		{"Europe/Berlin", "Europe/Paris", true},
		{"Europe/Berlin", "Africa/Algiers", false}, // no summer time
		{"UTC", "Europe/London", false},
		{"UTC", "Africa/Abidjan", true},
		{"America/New_York", "America/Havana", false}, // another hour of the night
		{"America/Sao_Paulo", "America/Buenos_Aires", true},
		{"Europe/Dublin", "Europe/London", true}, // Dublin's summer is its standard time
		{"Europe/Istanbul", "Asia/Riyadh", true},
		{"Nowhere", "Nowhere", true},
		{"Nowhere", "Nowhere/Else", false},
		{"", "UTC", false},
		{"Local", "UTC", false},
	} {
		if SameZone(c.a, c.b) != c.want || SameZone(c.b, c.a) != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, !c.want)
		}
	}
}

// Zones are the same exactly if their clocks never read differently.
func TestSameZonesReadTheSame(t *testing.T) {
	zone := rapid.SampledFrom([]string{
		"UTC", "Etc/UTC", "Europe/Berlin", "Europe/Paris", "Africa/Algiers", "Europe/London", "Europe/Lisbon", "Atlantic/Faroe",
		"Africa/Casablanca", "America/New_York", "America/Toronto", "America/Havana", "Asia/Gaza", "Asia/Jerusalem", "Nowhere",
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := zone.Draw(t, "a"), zone.Draw(t, "b")
		la, errA := LoadZone(a)
		lb, errB := LoadZone(b)
		if errA != nil || errB != nil {
			if SameZone(a, b) != (a == b) {
				t.Fatal("what is no zone is the same as itself alone")
			}
			return
		}
		same := true
		for at := zonesFrom; same && at.Before(zonesUntil); at = at.Add(30 * time.Minute) {
			_, oa := at.In(la).Zone()
			_, ob := at.In(lb).Zone()
			same = same && oa == ob
		}
		if SameZone(a, b) != same {
			t.Fatalf("same is %v, the clocks say %v", SameZone(a, b), same)
		}
	})
}

func BenchmarkEqual(b *testing.B) {
	full := Content{
		When:         When{Time{Local: "2026-03-15T12:00:00", Zone: "Europe/Kyiv"}, Time{Local: "2026-03-15T13:00:00", Zone: "Europe/Kyiv"}, Recurrence{[]string{"RRULE:FREQ=DAILY"}}},
		Title:        "Planning the summer party",
		Notes:        NotesFromText("Bring the plan.\nAnd the keys."),
		Place:        "Hall, 1 Road",
		Availability: Busy,
		Reminders:    Reminders{Before: []time.Duration{10 * time.Minute, time.Hour}},
		Categories:   []string{"Work", "Party"},
		Links:        Links{"https://x.test/join", []Attachment{{"plan", "https://x.test/plan"}, {"map", "https://x.test/map"}}},
		Properties:   map[string]string{"a": "b"},
	}
	respelled := full
	respelled.When.Start.Zone, respelled.When.End.Zone = "Europe/Kiev", "Europe/Kiev"
	respelled.Title, respelled.Place = "Planning the summer  party", "Hall,\n1 Road"
	respelled.Reminders.Before = []time.Duration{time.Hour, 10 * time.Minute}
	respelled.Categories = []string{"party", "work"}
	respelled.Links.Attachments = []Attachment{full.Links.Attachments[1], full.Links.Attachments[0]}
	other := full
	other.Title, other.Place, other.Categories = "Another title of such length", "Hall, 2 Road", []string{"Work"}
	for name, with := range map[string]Content{"same": full, "respelled": respelled, "different": other} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := Diff(full, with); (len(d) == 0) == (name == "different") {
					b.Fatal(d)
				}
			}
		})
	}
}

func TestEqualOfTheSameAllocatesNothing(t *testing.T) {
	c := Content{Title: "a  b", Categories: []string{"b", "a"}, Reminders: Reminders{Before: []time.Duration{2, 1}}, Links: Links{Attachments: []Attachment{{"b", ""}, {"a", ""}}}, Properties: map[string]string{"a": ""}}
	d := c
	d.Categories = slices.Clone(c.Categories)
	if n := testing.AllocsPerRun(100, func() { Diff(c, d) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
