package pretend

import (
	"fmt"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// meeting is one of the made-up agenda: so many days after today, from and to on the clock.
func meeting(now time.Time, day int, from, to, title string, places ...state.Ref) control.AgendaEntry {
	date := now.AddDate(0, 0, day).Format(time.DateOnly)
	x := control.AgendaEntry{Title: title, Start: Clock(date + "T" + from + ":00"), End: Clock(date + "T" + to + ":00"), Availability: calendar.Busy}
	return at(x, places...)
}

// allDay is one that lasts some days.
func allDay(now time.Time, day, days int, title string, places ...state.Ref) control.AgendaEntry {
	x := control.AgendaEntry{Title: title, Start: calendar.Time{Local: now.AddDate(0, 0, day).Format(time.DateOnly)},
		End: calendar.Time{Local: now.AddDate(0, 0, day+days).Format(time.DateOnly)}, Availability: calendar.Free}
	return at(x, places...)
}

func at(x control.AgendaEntry, places ...state.Ref) control.AgendaEntry {
	for i, ref := range places {
		p := control.AgendaPlace{Ref: ref, Event: calendar.RemoteID(fmt.Sprintf("%s at %s", x.Title, x.Start.Local)), Title: x.Title, Home: i == 0}
		if ref == Office && i > 0 {
			p.Title, p.Detail = "Busy", state.BusyOnly
		}
		x.Places = append(x.Places, p)
	}
	if len(places) > 1 {
		x.Entity = state.EntityID("e of " + x.Title)
	}
	return x
}

// agenda is a person's week.
func agenda(now time.Time) []control.AgendaEntry {
	series := func(x control.AgendaEntry) control.AgendaEntry { x.Series = true; return x }
	var all []control.AgendaEntry
	for day := range 7 {
		if d := now.AddDate(0, 0, day).Weekday(); d != time.Saturday && d != time.Sunday {
			all = append(all, series(meeting(now, day, "09:00", "09:15", "Stand-up", Work, Office)))
		}
	}
	declined := meeting(now, 1, "16:00", "17:00", "Sales sync", Office)
	declined.Declined = true
	free := meeting(now, 3, "12:00", "13:00", "Lunch with Charles", Work)
	free.Availability = calendar.Free
	placed := meeting(now, 0, "14:00", "15:30", "Design review of the second engine", Work, Office)
	placed.Place = "Room 7, second floor"
	return append(all,
		allDay(now, 0, 3, "Grace visits", Family),
		allDay(now, 4, 1, "Day off", Work, Office),
		placed, declined, free,
		meeting(now, 0, "10:00", "11:00", "Dentist", Office, Work),
		meeting(now, 0, "17:00", "18:30", "Choir", Choir, Family),
		meeting(now, 1, "10:00", "12:00", "Budget review", Work, Office),
		meeting(now, 1, "10:30", "11:30", "Interview", Office, Work),
		meeting(now, 1, "11:00", "12:30", "Call with Annabella", Work, Office),
		meeting(now, 1, "11:15", "11:45", "Pick up the parcel", Family),
		meeting(now, 2, "13:00", "17:00", "Workshop on punched cards", Office, Work),
		meeting(now, 2, "19:00", "20:30", "Parents’ evening", Family),
		meeting(now, 3, "15:00", "16:00", "Busy", Office),
		meeting(now, 5, "11:00", "15:00", "Market day", Family),
		meeting(now, 6, "16:00", "18:00", "School play", Choir, Family),
		meeting(now, 8, "09:30", "10:30", "Quarterly numbers", Work, Office))
}

// days are what was done lately.
func days(now time.Time) (out []control.DayCount) {
	changes := []int{2, 5, 0, 0, 9, 4, 12, 3, 31, 1, 0, 6, 8, 4}
	for i, n := range changes {
		out = append(out, control.DayCount{Day: now.AddDate(0, 0, i+1-len(changes)).Format(time.DateOnly), Changes: n, Requests: 640 + 37*i%120 + 3*n})
	}
	return out
}

// Crowded has a week with far more meetings than there is room for.
func Crowded(now time.Time) World {
	w := Lively(now)
	w.Agenda = nil
	places := [][]state.Ref{{Work, Office}, {Office}, {Family}, {Choir, Family}, {Work}}
	for i := range 2000 {
		hour := 7 + i%12
		w.Agenda = append(w.Agenda, meeting(now, i%7, fmt.Sprintf("%02d:%02d", hour, i*7%60), fmt.Sprintf("%02d:30", hour+1), fmt.Sprintf("Meeting number %d about many things", i), places[i%5]...))
		if i%20 == 0 {
			w.Agenda = append(w.Agenda, allDay(now, i/20%7, 1+i%3, fmt.Sprintf("All of day %d", i), places[i%5]...))
		}
	}
	return w
}
