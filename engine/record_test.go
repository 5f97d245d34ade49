package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func TestRefusedEventIsShownOnceAndLeftAlone(t *testing.T) {
	b := newBench(t)
	b.a.add("Bad")
	b.a.add("Good")
	asked := 0
	b.b.fault = func(call string) (error, error) {
		if call == "create" {
			asked++
		}
		if call == "create" && asked == 1 {
			return &calendar.Error{Op: "fake", Kind: calendar.Invalid, Field: "title", Err: errors.New("no")}, nil
		}
		return nil, nil
	}
	if r := b.sync(); r.Failed != 1 || r.Created != 1 {
		t.Fatalf("report %+v", r)
	}
	for range 3 {
		if r := b.sync(); r.Writes()+r.Failed != 0 {
			t.Fatalf("asked again: %+v", r)
		}
	}
	h, err := b.face.History(t.Context(), control.HistoryQuery{})
	if err != nil || !slices.ContainsFunc(h, func(e state.HistoryEntry) bool {
		return e.Outcome == state.Failed && strings.HasSuffix(e.Why, "failed: no (title)")
	}) {
		t.Errorf("history does not tell: %+v, %v", h, err)
	}
}

// Another version of Twinday may write otherwise what a provider refused; nobody would come
// upon the thought to edit the event for that.
func TestWhatWasRefusedIsTriedByAnotherVersion(t *testing.T) {
	b := newBench(t)
	b.version = "1"
	b.restart()
	b.a.add("Old", func(e *calendar.Event) { e.Content.Place = "Rome" })
	refuses := false
	b.b.fault = func(call string) (error, error) {
		if refuses && (call == "create" || call == "update") {
			return b.b.err(calendar.Invalid), nil
		}
		return nil, nil
	}
	b.quiet()
	refuses = true
	b.a.add("New")
	b.a.edit("Old", func(c *calendar.Content) { c.Place = "Oslo" })
	b.quiet()
	refuses = false
	b.restart()
	b.quiet()
	if b.b.titles() != "Old" || b.b.one("Old").Content.Place != "Rome" {
		t.Errorf("the same version tried again: %s, %s", b.b.titles(), b.b.one("Old").Content.Place)
	}
	b.version = "2"
	b.restart()
	b.quiet()
	b.alike("New, Old")
	if x := b.b.one("Old").Content.Place; x != "Oslo" {
		t.Errorf("the place is %q", x)
	}
}

// An edit of a copy that its home refuses, whole, is taken back on the copies: else they would
// show for ever what the home does not have (Google lets nobody rename what it made of a mail).
func TestAnEditThatItsHomeRefusesIsTakenBack(t *testing.T) {
	for _, kind := range []calendar.Kind{calendar.Invalid, calendar.Forbidden} {
		t.Run(kind.String(), func(t *testing.T) {
			b := newBench(t)
			b.a.add("Lunch", daily, func(e *calendar.Event) { e.Content.Place = "Rome" })
			b.quiet()
			refuses := true
			b.a.fault = func(call string) (error, error) {
				if refuses && call == "update" {
					return b.a.err(kind), nil
				}
				return nil, nil
			}
			b.b.edit("Lunch", func(c *calendar.Content) { c.Place = "Nowhere" })
			b.b.override("Lunch", calendar.Override{Original: secondDay, Cancelled: true})
			b.quiet()
			b.alike("Lunch")
			if x := b.b.one("Lunch"); x.Content.Place != "Rome" || len(x.Overrides) != 0 {
				t.Errorf("the copy has the place %q and %v", x.Content.Place, x.Overrides)
			}
			if h := b.entries(control.HistoryQuery{Amiss: true}); !slices.ContainsFunc(h, func(e state.HistoryEntry) bool {
				slot := secondDay.Slot()
				return e.Outcome == state.Reverted && e.Before.Place == "Nowhere" && slices.Equal(e.Slots, []string{slot}) && e.BeforeOverrides[slot].Cancelled
			}) {
				t.Errorf("history: %+v", h)
			}
			refuses = false
			b.b.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
			b.quiet()
			if x := b.a.one("Lunch").Content.Place; x != "Oslo" {
				t.Errorf("a later edit: home has %q", x)
			}
		})
	}
}

// One field that a home refuses keeps none of the others from it.
func TestARefusedFieldHoldsUpNoOther(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	refuse := true
	b.a.invalid = func(c calendar.Change) calendar.Group {
		if refuse && c.Groups.Has(calendar.GroupPlace) {
			return calendar.GroupPlace
		}
		return ""
	}
	b.b.edit("Lunch", func(c *calendar.Content) { c.Title, c.Place = "Brunch", "Nowhere" })
	b.quiet()
	b.alike("Brunch")
	if home, other := b.a.one("Brunch").Content.Place, b.b.one("Brunch").Content.Place; home != "" || other != "" {
		t.Errorf("places %q and %q", home, other)
	}
	h, err := b.face.History(t.Context(), control.HistoryQuery{})
	if err != nil || !slices.ContainsFunc(h, func(e state.HistoryEntry) bool {
		return e.Outcome == state.Reverted && e.Before.Place == "Nowhere"
	}) {
		t.Errorf("history: %+v, %v", h, err)
	}
	// A copy that refuses a field has the others.
	refuse = false
	b.b.invalid = func(c calendar.Change) calendar.Group {
		if c.Groups.Has(calendar.GroupPlace) {
			return calendar.GroupPlace
		}
		return ""
	}
	b.a.edit("Brunch", func(c *calendar.Content) { c.Title, c.Place = "Dinner", "Oslo" })
	b.quiet()
	b.alike("Dinner")
}
