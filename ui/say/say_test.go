package say

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func TestHalfSentencesBecomeWhole(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "new in “Work”": "New in “Work”.", "über Nacht": "Über Nacht.", "is it there?": "Is it there?", "Done.": "Done.", "…": "….",
	} {
		if got := Sentence(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestStepsAreShownAsInACalendar(t *testing.T) {
	on := func(day int, title string) calendar.Content {
		return calendar.Content{Title: title, When: calendar.When{Start: calendar.Date(2026, 3, day)}}
	}
	step := func(kind state.StepKind, before, want calendar.Content) control.StepResult {
		return control.StepResult{Step: state.Step{Kind: kind, Title: want.Title + before.Title, Before: before, Want: want}}
	}
	steps := []control.StepResult{
		step(state.Create, calendar.Content{}, on(9, "Night hike")),
		step(state.Delete, on(3, "Rehearsal"), calendar.Content{}),
		step(state.Create, calendar.Content{}, on(3, "Dentist")),
		{Step: state.Step{Kind: state.Update, Title: "Lunch", Before: on(2, "Lunch"), Want: on(12, "Lunch")}}, // where people know it
	}
	var got []string
	for _, s := range ByTime(steps) {
		got = append(got, s.Title)
	}
	if got := strings.Join(got, ", "); got != "Lunch, Dentist, Rehearsal, Night hike" || steps[0].Title != "Night hike" {
		t.Errorf("shown as %s; the plan begins with %s", got, steps[0].Title)
	}
}
