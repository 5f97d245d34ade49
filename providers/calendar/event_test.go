package calendar

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Contents differ in any of their groups, and often do not.
var contents = rapid.Custom(func(t *rapid.T) Content {
	text := rapid.SampledFrom([]string{"", "a", "A", " a\n", "b", "e\u0301", "é"})
	texts := rapid.SliceOfN(text, 0, 2)
	times := rapid.SampledFrom([]Time{{}, Date(2026, 3, 15), {Local: "2026-03-15T12:00:00", Zone: "UTC"}, {Local: "2026-03-15T12:00:00", Zone: "Etc/UTC"}, {Local: "2026-03-15T12:00:00", Zone: "Nowhere"}})
	return Content{
		When:         When{times.Draw(t, "start"), times.Draw(t, "end"), Recurrence{texts.Draw(t, "rules")}},
		Title:        text.Draw(t, "title"),
		Notes:        NotesFromText(text.Draw(t, "notes")),
		Place:        text.Draw(t, "place"),
		Availability: rapid.SampledFrom([]Availability{Free, Busy}).Draw(t, "availability"),
		Visibility:   rapid.SampledFrom([]Visibility{DefaultVisibility, Private}).Draw(t, "visibility"),
		Importance:   rapid.SampledFrom([]Importance{NormalImportance, HighImportance}).Draw(t, "importance"),
		Reminders: Reminders{
			rapid.Bool().Draw(t, "default"),
			rapid.SliceOfN(rapid.SampledFrom([]time.Duration{0, time.Minute}), 0, 2).Draw(t, "before"),
		},
		Categories: texts.Draw(t, "categories"),
		Color:      text.Draw(t, "color"),
		Links: Links{
			text.Draw(t, "conference"),
			rapid.SliceOfN(rapid.SampledFrom([]Attachment{{}, {Name: "a"}, {URL: "a"}}), 0, 2).Draw(t, "attachments"),
		},
		Properties: rapid.MapOfN(text, text, 0, 2).Draw(t, "properties"),
	}
})

var someGroups = rapid.Map(rapid.SliceOfDistinct(rapid.SampledFrom(AllGroups), rapid.ID[Group]), func(gs []Group) Groups { return gs })

func TestTakeMakesOneGroupEqualAndLeavesTheRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := contents.Draw(t, "a"), contents.Draw(t, "b")
		for _, g := range AllGroups {
			c := a.Take(g, b)
			if !Equal(g, c, b) {
				t.Fatalf("%s: took %+v from %+v", g, c, b)
			}
			for _, other := range AllGroups {
				if other != g && !Equal(other, c, a) {
					t.Fatalf("taking %s changed %s", g, other)
				}
			}
			if got, want := Diff(a, c), Diff(a, b); !slices.Equal(got, slices.DeleteFunc(want, func(x Group) bool { return x != g })) {
				t.Fatalf("%s: differs in %v", g, got)
			}
		}
	})
}

// What Diff names is all that differs, and only that: taking it makes one the other.
func TestDiffIsEmptyExactlyWhenAllIsEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := contents.Draw(t, "a"), contents.Draw(t, "b")
		d := Diff(a, b)
		if !slices.Equal(d, Diff(b, a)) {
			t.Fatalf("%v one way, %v the other", d, Diff(b, a))
		}
		for _, g := range AllGroups {
			if Equal(g, a, b) == d.Has(g) {
				t.Fatalf("%s: equal is %v, the difference is %v", g, Equal(g, a, b), d)
			}
			if d.Has(g) {
				a = a.Take(g, b)
			}
		}
		if !reflect.DeepEqual(spelled(a), spelled(b)) || len(Diff(a, b)) != 0 {
			t.Fatalf("after taking %v: %+v and %+v", d, a, b)
		}
	})
}

// spelled is c in one spelling of all that mean the same.
func spelled(c Content) Content {
	for _, t := range []*Time{&c.When.Start, &c.When.End} {
		t.Zone = strings.TrimPrefix(t.Zone, "Etc/")
	}
	c.Title, c.Place = oneLine(c.Title), oneLine(c.Place)
	c.When.Recurrence.Rules = append([]string{}, c.When.Recurrence.Rules...)
	if c.Reminders.Default {
		c.Reminders.Before = nil
	}
	c.Reminders.Before = asSet(c.Reminders.Before)
	c.Categories = asSet(foldedNames(c.Categories))
	attachments := map[Attachment]bool{}
	for _, a := range c.Links.Attachments {
		attachments[a] = true
	}
	c.Links.Attachments = slices.SortedFunc(maps.Keys(attachments), func(a, b Attachment) int {
		return strings.Compare(a.Name+"|"+a.URL, b.Name+"|"+b.URL)
	})
	c.Properties = maps.Collect(maps.All(c.Properties))
	return c
}

func asSet[T cmp.Ordered](s []T) []T {
	set := map[T]bool{}
	for _, x := range s {
		set[x] = true
	}
	return append([]T{}, slices.Sorted(maps.Keys(set))...)
}

// Every field of Content belongs to exactly one group: one that belonged to none
// would never be compared, merged or written.
func TestEveryFieldBelongsToAGroup(t *testing.T) {
	a := Content{Properties: map[string]string{}}
	b := Content{
		When{Date(2026, 3, 15), Date(2026, 3, 16), Recurrence{[]string{"RRULE:FREQ=DAILY"}}}, "a", NotesFromText("a"), "a", Busy, Private,
		HighImportance, Reminders{true, []time.Duration{1}}, []string{"a"}, "a", Links{"a", []Attachment{{"a", "a"}}}, map[string]string{"a": "a"},
	}
	for i := range reflect.TypeFor[Content]().NumField() {
		c := a
		reflect.ValueOf(&c).Elem().Field(i).Set(reflect.ValueOf(b).Field(i))
		if d := Diff(a, c); len(d) != 1 {
			t.Errorf("%s is in the groups %v, want one", reflect.TypeFor[Content]().Field(i).Name, d)
		}
	}
	if d := Diff(a, b); !slices.Equal(d, AllGroups) {
		t.Errorf("all fields are in %v, want every group", d)
	}
}

func TestNothingAndAnEmptyListAreEqual(t *testing.T) {
	empty := Content{
		When: When{Recurrence: Recurrence{[]string{}}}, Reminders: Reminders{Before: []time.Duration{}},
		Categories: []string{}, Links: Links{Attachments: []Attachment{}}, Properties: map[string]string{},
	}
	if d := Diff(Content{}, empty); len(d) != 0 {
		t.Errorf("differ in %v", d)
	}
}

func TestGroupsAreASetInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := someGroups.Draw(t, "a"), someGroups.Draw(t, "b")
		before := slices.Clone(a)
		with, without := a.With(b...), a.Without(b...)
		for _, g := range AllGroups {
			if with.Has(g) != (a.Has(g) || b.Has(g)) {
				t.Fatalf("%v with %v is %v", a, b, with)
			}
			if without.Has(g) != (a.Has(g) && !b.Has(g)) {
				t.Fatalf("%v without %v is %v", a, b, without)
			}
		}
		if !slices.IsSortedFunc(with, func(x, y Group) int { return slices.Index(AllGroups, x) - slices.Index(AllGroups, y) }) {
			t.Fatalf("%v is out of order", with)
		}
		if len(without) == 0 && without != nil {
			t.Fatal("an empty set is not nil")
		}
		if !slices.Equal(a, before) {
			t.Fatalf("%v has become %v", before, a)
		}
	})
	if got := (Groups{GroupPlace, GroupTitle}).With(); !slices.Equal(got, Groups{GroupTitle, GroupPlace}) {
		t.Errorf("With of nothing leaves %v, want them in order", got)
	}
}

func TestHasGuests(t *testing.T) {
	for name, c := range map[string]struct {
		e    Event
		want bool
	}{
		"my own":                    {Event{Organized: true}, false},
		"my own with a guest":       {Event{Organized: true, Guests: []Guest{{}}}, true},
		"somebody else's":           {Event{}, true},
		"somebody else's, for many": {Event{Guests: []Guest{{}, {}}}, true},
	} {
		if got := c.e.HasGuests(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOverridesThatSayTheSame(t *testing.T) {
	at := Time{Local: "2026-03-15T12:00:00", Zone: "UTC"}
	cancelled := Override{Original: at, Cancelled: true}
	titled := func(s string) Override {
		return Override{Original: at, Changed: Groups{GroupTitle}, Content: Content{Title: s}}
	}
	for name, c := range map[string]struct {
		a, b Override
		want bool
	}{
		"nothing and nothing":              {Override{Original: at}, Override{}, true},
		"cancelled twice":                  {cancelled, cancelled, true},
		"cancelled and not":                {cancelled, Override{Original: at}, false},
		"one title":                        {titled("a"), titled("a"), true},
		"two titles":                       {titled("a"), titled("b"), false},
		"a title and none":                 {titled("a"), Override{Original: at}, false},
		"a title and a place":              {titled("a"), Override{Original: at, Changed: Groups{GroupPlace}}, false},
		"a title, and a title and a place": {titled("a"), Override{Changed: Groups{GroupTitle, GroupPlace}, Content: Content{Title: "a"}}, false},
		"what is not among the changed is no matter": {
			titled("a"), Override{Original: at, Changed: Groups{GroupTitle}, Content: Content{Title: "a", Place: "b"}}, true,
		},
		"the slot read in another zone": {titled("a"), Override{Original: Time{Local: "2026-03-15T13:00:00", Zone: "Europe/Berlin"}, Changed: Groups{GroupTitle}, Content: Content{Title: "a"}}, true},
	} {
		if c.a.Equal(c.b) != c.want || c.b.Equal(c.a) != c.want {
			t.Errorf("%s: equal is %v and %v, want %v", name, c.a.Equal(c.b), c.b.Equal(c.a), c.want)
		}
	}
	for name, c := range map[string]struct {
		o    Override
		want bool
	}{"nothing": {Override{Original: at}, true}, "cancelled": {cancelled, false}, "a title": {titled(""), false}} {
		if c.o.IsZero() != c.want {
			t.Errorf("%s: IsZero is %v", name, c.o.IsZero())
		}
	}
}

func TestWhatAPersonDidToAnOccurrence(t *testing.T) {
	says := func(fields ...string) (o Override) { // "title=a", "place=b"
		for _, f := range fields {
			name, value, _ := strings.Cut(f, "=")
			o.Changed = o.Changed.With(Group(name))
			o.Content = o.Content.Take(Group(name), Content{Title: value, Place: value})
		}
		return o
	}
	cancelled := Override{Cancelled: true}
	ours, before := says("title=ours", "place=ours"), says("title=before")
	for name, c := range map[string]struct{ now, want Override }{
		"nothing, our write landed":                       {ours, ours},
		"nothing, our write did not land":                 {before, ours},
		"another title, our write landed":                 {says("title=theirs", "place=ours"), says("title=theirs", "place=ours")},
		"another title, our write did not land":           {says("title=theirs"), says("title=theirs", "place=ours")},
		"a place, our write did not land":                 {says("title=before", "place=theirs"), says("title=ours", "place=theirs")},
		"the title as in the series, our write landed":    {says("place=ours"), says("place=ours")},
		"the title as in the series, and it did not land": {Override{}, says("place=ours")},
		"cancelled": {cancelled, cancelled},
	} {
		if got := ours.Edited(c.now, ours, before); !got.Equal(c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := cancelled.Edited(says("title=theirs"), cancelled, before); !got.Equal(says("title=theirs")) {
		t.Errorf("changed, where we cancel it: %+v", got)
	}
	if got := cancelled.Edited(before, cancelled, before); !got.Equal(cancelled) {
		t.Errorf("left alone, where we cancel it: %+v", got)
	}
}

func TestSlotsAreThoseThatDiffer(t *testing.T) {
	overrides := rapid.Custom(func(t *rapid.T) map[string]Override {
		return rapid.MapOfN(rapid.SampledFrom([]string{"20260315", "20260316", "20260317"}), rapid.Custom(func(t *rapid.T) Override {
			if rapid.Bool().Draw(t, "cancelled") {
				return Override{Cancelled: true}
			}
			o := Override{Content: contents.Draw(t, "content")}
			o.Changed = Groups{}.With(rapid.SampledFrom([]Groups{nil, {GroupTitle}, {GroupTitle, GroupPlace}}).Draw(t, "changed")...)
			return o
		}), 0, 3).Draw(t, "overrides")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := overrides.Draw(t, "a"), overrides.Draw(t, "b")
		slots := Slots(a, b)
		if !slices.Equal(slots, Slots(b, a)) || !slices.IsSorted(slots) {
			t.Fatalf("%v one way, %v the other", slots, Slots(b, a))
		}
		for _, slot := range []string{"20260315", "20260316", "20260317"} {
			if slices.Contains(slots, slot) == a[slot].Equal(b[slot]) {
				t.Fatalf("%s: %+v and %+v, differing are %v", slot, a[slot], b[slot], slots)
			}
		}
		if same := Slots(a, a); len(same) != 0 {
			t.Fatalf("%+v differs from itself in %v", a, same)
		}
	})
}
