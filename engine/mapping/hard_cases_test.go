package mapping

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func TestReplaceAcrossMarkup(t *testing.T) {
	side := Side{Capabilities: calendar.Capabilities{Groups: calendar.AllGroups}}
	m, err := New(state.Mapping{Notes: &state.TextLens{Lens: state.CopyLens, Replace: []state.Replacement{{Find: "secret project|acme", With: "…"}}}}, side, side)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"about the secret <b>project</b> today", "a<br>acme"} {
		got := m.Get(Source{Content: calendar.Content{Notes: calendar.NotesFromHTML(h)}, Facts: calendar.Facts{Organized: true}}).Notes
		if x := got.Text(); strings.Contains(x, "secret project") || strings.Contains(got.HTML, "acme") {
			t.Errorf("shows %q (%s)", x, got.HTML)
		}
	}
}

func TestOwnPseudoBlock(t *testing.T) {
	side := Side{Capabilities: calendar.Capabilities{Groups: calendar.AllGroups}}
	m, _ := New(state.Mapping{Link: state.AsText}, side, side)
	home := Source{Content: calendar.Content{Notes: calendar.NotesFromText("Agenda\n———\nGuests: Ada, Bob\nbring cake")}, Facts: calendar.Facts{Organized: true, WebLink: "https://x.test/1"}}
	shown := m.Get(home)
	for _, edit := range []string{
		strings.Replace(shown.Notes.Text(), "Agenda", "Agenda!", 1),
		"Agenda!\n———\nGuests: Ada, Bob\nbring cake", // and the block is taken off
	} {
		ed := shown
		ed.Notes = calendar.NotesFromText(edit)
		h, v := m.Put(calendar.GroupNotes, home, ed)
		if want := "Agenda!\n———\nGuests: Ada, Bob\nbring cake"; h.Notes.Text() != want {
			t.Errorf("%v: home %q want %q", v, h.Notes.Text(), want)
		}
	}
}

func TestAPrefixOfOneLetter(t *testing.T) {
	side := Side{Capabilities: calendar.Capabilities{Groups: calendar.AllGroups}}
	m, _ := New(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "A"}}, side, side)
	for _, c := range [][2]string{{"lpha", "Alpha"}, {"", "A"}, {"A", "AA"}, {"b", "Ab"}} {
		home := Source{Content: calendar.Content{Title: c[0]}, Facts: calendar.Facts{Organized: true}}
		shown := m.Get(home)
		for _, e := range []string{shown.Title + "x", "x", shown.Title + " " + shown.Title, "a", "", "  " + shown.Title} {
			ed := shown
			ed.Title = e
			h, v := m.Put(calendar.GroupTitle, home, ed)
			again := m.Get(Source{Content: h, Facts: home.Facts})
			if v == Carried && !calendar.Equal(calendar.GroupTitle, again, ed) {
				t.Errorf("%q %q: home %q, shows %q", c[0], e, h.Title, again.Title)
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	side := Side{Capabilities: calendar.Capabilities{Groups: calendar.AllGroups, NotesLimit: 8192}}
	m, _ := New(state.Mapping{}, side, side)
	var guests []calendar.Guest
	for range 60 {
		guests = append(guests, calendar.Guest{Person: calendar.Person{Name: "Some Guest", Email: "g@x.test"}})
	}
	s := Source{Content: calendar.Content{Notes: calendar.NotesFromText(strings.Repeat("Agenda point\n", 20))}, Facts: calendar.Facts{Organized: true, Guests: guests}}
	for b.Loop() {
		m.Get(s)
	}
}
