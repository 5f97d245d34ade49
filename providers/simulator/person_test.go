package simulator

import (
	"errors"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// A person does the same to the same series in both services: what is seen
// afterwards must be the same.
func TestAPersonSeesTheSameInBothServices(t *testing.T) {
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, act := range map[string]func(s *Simulator, id string) error{
		"nothing": func(*Simulator, string) error { return nil },
		"one dragged over the change of the clocks": func(s *Simulator, id string) error {
			return s.MoveOccurrence("primary", id, "20260324T090000Z", 6*24*time.Hour)
		},
		"one renamed": func(s *Simulator, id string) error {
			return s.EditOccurrence("primary", id, "20260324T090000Z", func(e *mailbox.Event) { e.Title = "Retro" })
		},
		"one cancelled": func(s *Simulator, id string) error { return s.CancelOccurrence("primary", id, "20260310T090000Z") },
		"all renamed": func(s *Simulator, id string) error {
			return s.EditSeries("primary", id, func(e *mailbox.Event) { e.Title, e.Place = "Daily", "Attic" })
		},
		"all an hour later": func(s *Simulator, id string) error {
			return s.EditSeries("primary", id, func(e *mailbox.Event) {
				e.Start.Local, e.End.Local = "2026-03-03T11:00:00", "2026-03-03T11:30:00"
			})
		},
		"all in New York": func(s *Simulator, id string) error {
			return s.EditSeries("primary", id, func(e *mailbox.Event) { e.Start.Zone, e.End.Zone = "America/New_York", "America/New_York" })
		},
		"another rule": func(s *Simulator, id string) error {
			return s.EditSeries("primary", id, func(e *mailbox.Event) { e.Recurrence = []string{"RRULE:FREQ=MONTHLY;BYDAY=1TU;COUNT=3"} })
		},
		"split": func(s *Simulator, id string) error {
			_, err := s.SplitSeries("primary", id, "20260324T090000Z", func(e *mailbox.Event) { e.Title = "Retro" })
			return err
		},
		"cut short": func(s *Simulator, id string) error { return s.DeleteFollowing("primary", id, "20260324T090000Z") },
		"deleted":   func(s *Simulator, id string) error { return s.DeleteSeries("primary", id) },
		"one event": func(s *Simulator, id string) error { return s.ToSingle("primary", id) },
		"and back": func(s *Simulator, id string) error {
			return errors.Join(s.ToSingle("primary", id), s.ToSeries("primary", id, "RRULE:FREQ=DAILY;COUNT=2"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var seen [2][]Occurrence
			for i, service := range []Service{Google, Outlook} {
				s := newPerson(t, service)
				id, err := s.AddSeries("primary", mailbox.Event{
					Title: "Stand-up", Place: "Room 1", ShowAs: "busy",
					Start:      mailbox.Moment{Local: "2026-03-03T10:00:00", Zone: "Europe/Berlin"},
					End:        mailbox.Moment{Local: "2026-03-03T10:30:00", Zone: "Europe/Berlin"},
					Recurrence: []string{"RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=5"},
				})
				if err == nil {
					err = act(s, id)
				}
				if err != nil {
					t.Fatalf("%s: %v", service, err)
				}
				if seen[i], err = s.Agenda("primary", from, to); err != nil {
					t.Fatal(err)
				}
				if c := s.Counters(); c.Requests > 0 || len(c.Mails) > 0 {
					t.Errorf("%s counted what a person did: %+v", service, c)
				}
			}
			if len(seen[0]) != len(seen[1]) {
				t.Fatalf("google %v\noutlook %v", seen[0], seen[1])
			}
			for i, g := range seen[0] {
				if mailbox.CompareOccurrences(g, seen[1][i]) != 0 {
					t.Errorf("google %+v\noutlook %+v", g, seen[1][i])
				}
			}
		})
	}
}

func newPerson(t *testing.T, service Service) *Simulator {
	t.Helper()
	s, err := New(service, Options{Now: func() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
