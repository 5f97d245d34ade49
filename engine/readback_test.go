package engine_test

import (
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

// A service answers a write with what it was sent, and holds something else: a CalDAV
// server gives an ETag, and drops what it does not know. What it then shows under the
// version of the answer is nobody's edit, now or when something else changes.
func TestAnAnswerThatDoesNotTellWhatIsHeld(t *testing.T) {
	b := newBench(t)
	b.b.blind = true
	b.b.tidy = func(c calendar.Content) calendar.Content {
		c.Title = cut(c.Title, 10)
		c.Notes = calendar.Notes{}
		return c
	}
	id := b.a.add("A long title", func(e *calendar.Event) { e.Content.Notes = calendar.NotesFromText("agenda") })
	b.quiet()
	for _, place := range []string{"Room 1", "Room 2"} {
		b.a.edit("A long title", func(c *calendar.Content) { c.Place = place })
		b.quiet()
		home, err := b.a.Get(t.Context(), calID, id)
		if err != nil || home.Content.Title != "A long title" || home.Content.Notes.Text() != "agenda" || home.Content.Place != place {
			t.Fatalf("home holds %+v, %v", home.Content, err)
		}
	}
	if got := b.b.titles(); got != "A long tit" {
		t.Errorf("the copy is %q", got)
	}
	// A person's edit of the copy is one all the same.
	b.b.edit("A long tit", func(c *calendar.Content) { c.Place = "Room 3" })
	b.quiet()
	if home, err := b.a.Get(t.Context(), calID, id); err != nil || home.Content.Place != "Room 3" || home.Content.Title != "A long title" {
		t.Errorf("home holds %+v, %v", home.Content, err)
	}
}

// An edit that waits is not taken for what became of our write.
func TestAnEditUnderAnAnswerThatDoesNotTell(t *testing.T) {
	b := newBench(t)
	b.b.blind = true
	b.b.tidy = func(c calendar.Content) calendar.Content { c.Title = cut(c.Title, 10); return c }
	b.a.add("A long title")
	b.quiet()
	b.a.edit("A long title", func(c *calendar.Content) { c.Title = "Another long title" })
	b.b.edit("A long tit", func(c *calendar.Content) { c.Place = "Room 3" })
	b.quiet()
	if got := b.a.titles() + ", " + b.b.titles(); got != "Another long title, Another lo" {
		t.Errorf("the titles are %q", got)
	}
	ch, err := b.a.Changes(t.Context(), calID, "")
	if err != nil || len(ch.Events) != 1 || ch.Events[0].Content.Place != "Room 3" {
		t.Errorf("home holds %+v, %v", ch.Events, err)
	}
}
