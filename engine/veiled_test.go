package engine_test

import (
	"testing"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/providers/calendar"
)

// Of a series that went out of sight, its occurrences keep what made them differ; where
// they were moved to is still to be seen.
func TestOccurrencesOutOfSightKeepTheirWords(t *testing.T) {
	at := func(hour string) calendar.Time {
		c, err := calendar.Clock("2026-03-10T"+hour+":00:00", "UTC")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	titled := calendar.Override{Original: at("09"), Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "With Bob"}}
	moved := calendar.Override{Original: at("10"), Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: calendar.When{Start: at("11"), End: at("12")}}}
	off := calendar.Override{Original: at("12"), Cancelled: true}
	known := map[string]calendar.Override{"a": titled, "b": moved, "c": titled, "d": off}
	seen := calendar.Event{Unseen: calendar.Veiled(calendar.AllGroups), Overrides: map[string]calendar.Override{"b": moved, "c": off}}
	got := engine.CompleteOverrides(seen, known)
	for slot, want := range map[string]calendar.Override{"a": titled, "b": moved, "c": off, "d": {}} {
		if !got[slot].Equal(want) {
			t.Errorf("%s is %+v, want %+v", slot, got[slot], want)
		}
	}
	seen.Unseen = calendar.Groups{calendar.GroupProperties} // in sight: what is gone is gone
	if got := engine.CompleteOverrides(seen, known); len(got) != 2 {
		t.Errorf("in sight: %+v", got)
	}
}
