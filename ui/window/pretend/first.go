package pretend

import (
	"fmt"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// previewsAs shows a meeting at the levels of a mirror that there is not.
func previewsAs(m state.Mirror, meeting calendar.Content) (out []control.Preview) {
	for _, from := range m.Members {
		for _, to := range m.Members {
			if from.Ref == to.Ref || from.Direction == state.TakeOnly || to.Direction == state.SendOnly {
				continue
			}
			level := m.Mapping(from.Ref, to.Ref).Detail
			title, place, notes := meeting.Title, meeting.Place, meeting.Notes.Text()
			if level != state.Everything {
				place, notes = "", ""
			}
			if level == state.BusyOnly {
				title = "Busy"
			}
			out = append(out, control.Preview{From: from.Ref, To: to.Ref, Detail: level, Fields: []control.PreviewField{
				{Field: calendar.GroupWhen, Home: "tomorrow", Copy: "tomorrow", Lens: "copy"},
				{Field: calendar.GroupTitle, Home: meeting.Title, Copy: title, Lens: "copy"},
				{Field: calendar.GroupNotes, Home: meeting.Notes.Text(), Copy: notes, Lens: "copy"},
				{Field: calendar.GroupPlace, Home: meeting.Place, Copy: place, Lens: "copy"},
			}})
		}
	}
	return out
}

// firstPlan is the first pass of a mirror of Work and Office.
func firstPlan() (all []control.StepResult) {
	add := func(kind state.StepKind, n int, ref, from state.Ref, titles []string, why string) {
		for i := range n {
			c := calendar.Content{Title: titles[i%len(titles)], When: hour(fmt.Sprintf("2026-%02d-%02dT10:00:00", 11+i/20%2, 1+i%28), fmt.Sprintf("2026-%02d-%02dT11:00:00", 11+i/20%2, 1+i%28))}
			if i >= len(titles) {
				c.Title = fmt.Sprintf("%s %d", c.Title, i/len(titles)+1)
			}
			s := state.Step{Kind: kind, Ref: ref, From: from, Home: from, Title: c.Title, Before: c, Want: c, Reason: why,
				Born: calendar.RemoteID(fmt.Sprintf("%s-%d", kind, i)), Event: calendar.RemoteID(fmt.Sprintf("there-%d", i))}
			if kind == state.Skip {
				s.Mirror, s.From = "", state.Ref{}
			} else {
				s.Mirror = "new"
			}
			all = append(all, control.StepResult{Step: s})
		}
	}
	names := []string{"Stand-up", "Design review", "Budget review", "Dentist", "Lunch with Charles", "Workshop on punched cards", "Quarterly numbers", "School play"}
	add(state.Create, 86, Office, Work, names, "new in “Work”")
	add(state.Create, 42, Work, Office, names, "new in “Calendar”")
	add(state.Adopt, 5, Office, Work, names[2:], "same title and times as in “Work”: linked, nothing is written")
	add(state.Skip, 3, Work, Work, []string{"All hands", "Team offsite 2019", "Launch"}, "both accounts are invited to it: each has it from its organizer, so it is left alone on both sides")
	return all
}
