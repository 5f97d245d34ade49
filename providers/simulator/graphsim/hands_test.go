package graphsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// person is a lab with a series of five Mondays from 2 March 2026, made by hand.
func person(t *testing.T) (*lab, string) {
	t.Helper()
	l := newLab(t)
	id, err := l.AddSeries("primary", mailbox.Event{Title: "Weekly", Place: "Hall",
		Start:      mailbox.Moment{Local: "2026-03-02T10:00:00", Zone: "Europe/Berlin"},
		End:        mailbox.Moment{Local: "2026-03-02T11:00:00", Zone: "Europe/Berlin"},
		Recurrence: []string{"RRULE:FREQ=WEEKLY;COUNT=5"}})
	if err != nil {
		t.Fatal(err)
	}
	return l, id
}

// view is what the person sees in the months around March 2026.
func (l *lab) view() []string {
	l.t.Helper()
	list, err := l.Agenda("primary", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		l.t.Fatal(err)
	}
	out := []string{}
	for _, o := range list {
		out = append(out, o.Start.Format("0102T1504")+" "+o.Title)
	}
	return out
}

const (
	second = "20260309T090000Z"
	third  = "20260316T090000Z"
)

func TestWhatAPersonDoesToASeries(t *testing.T) {
	title := func(s string) func(*mailbox.Event) { return func(e *mailbox.Event) { e.Title = s } }
	for name, tc := range map[string]struct {
		do   func(l *lab, id string) error
		want string // dates and titles
	}{
		"nothing": {func(*lab, string) error { return nil }, "0302T0900 Weekly, 0309T0900 Weekly, 0316T0900 Weekly, 0323T0900 Weekly, 0330T0800 Weekly"},
		"drag one": {func(l *lab, id string) error { return l.MoveOccurrence("primary", id, second, 26*time.Hour) },
			"0302T0900 Weekly, 0310T1100 Weekly, 0316T0900 Weekly, 0323T0900 Weekly, 0330T0800 Weekly"},
		"drag twice": {func(l *lab, id string) error {
			return errors.Join(l.MoveOccurrence("primary", id, second, 24*time.Hour), l.MoveOccurrence("primary", id, second, 24*time.Hour))
		}, "0302T0900 Weekly, 0311T0900 Weekly, 0316T0900 Weekly, 0323T0900 Weekly, 0330T0800 Weekly"},
		"edit one": {func(l *lab, id string) error { return l.EditOccurrence("primary", id, second, title("Special")) },
			"0302T0900 Weekly, 0309T0900 Special, 0316T0900 Weekly, 0323T0900 Weekly, 0330T0800 Weekly"},
		"cancel one": {func(l *lab, id string) error { return l.CancelOccurrence("primary", id, second) },
			"0302T0900 Weekly, 0316T0900 Weekly, 0323T0900 Weekly, 0330T0800 Weekly"},
		"edit one, then the title of all": {func(l *lab, id string) error {
			return errors.Join(l.EditOccurrence("primary", id, second, title("Special")), l.EditSeries("primary", id, title("New")))
		}, "0302T0900 New, 0309T0900 Special, 0316T0900 New, 0323T0900 New, 0330T0800 New"},
		"edit one, then the time of all": {func(l *lab, id string) error {
			return errors.Join(l.EditOccurrence("primary", id, second, title("Special")), l.CancelOccurrence("primary", id, third),
				l.EditSeries("primary", id, func(e *mailbox.Event) { e.Start.Local, e.End.Local = "2026-03-02T12:00:00", "2026-03-02T13:00:00" }))
		}, "0302T1100 Weekly, 0309T1100 Weekly, 0316T1100 Weekly, 0323T1100 Weekly, 0330T1000 Weekly"},
		"change the rule": {func(l *lab, id string) error {
			return l.EditSeries("primary", id, func(e *mailbox.Event) { e.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=2"} })
		}, "0302T0900 Weekly, 0303T0900 Weekly"},
		"change the zone": {func(l *lab, id string) error {
			return l.EditSeries("primary", id, func(e *mailbox.Event) { e.Start.Zone, e.End.Zone = "Asia/Tokyo", "Asia/Tokyo" })
		}, "0302T0100 Weekly, 0309T0100 Weekly, 0316T0100 Weekly, 0323T0100 Weekly, 0330T0100 Weekly"},
		"split": {func(l *lab, id string) error {
			tail, err := l.SplitSeries("primary", id, third, func(e *mailbox.Event) {
				e.Title, e.Start.Local, e.End.Local = "Tail", "2026-03-16T14:00:00", "2026-03-16T15:00:00"
			})
			if tail == id {
				return errors.New("the tail needs an id of its own")
			}
			return err
		}, "0302T0900 Weekly, 0309T0900 Weekly, 0316T1300 Tail, 0323T1300 Tail, 0330T1200 Tail"},
		"split at the first": {func(l *lab, id string) error {
			tail, err := l.SplitSeries("primary", id, "20260302T090000Z", title("All"))
			if tail != id {
				return errors.New("the series stays itself")
			}
			return err
		}, "0302T0900 All, 0309T0900 All, 0316T0900 All, 0323T0900 All, 0330T0800 All"},
		"delete following":           {func(l *lab, id string) error { return l.DeleteFollowing("primary", id, third) }, "0302T0900 Weekly, 0309T0900 Weekly"},
		"delete following the first": {func(l *lab, id string) error { return l.DeleteFollowing("primary", id, "20260302T090000Z") }, ""},
		"delete all":                 {func(l *lab, id string) error { return l.DeleteSeries("primary", id) }, ""},
		"make it single":             {func(l *lab, id string) error { return l.ToSingle("primary", id) }, "0302T0900 Weekly"},
		"make it single, and a series": {func(l *lab, id string) error {
			return errors.Join(l.ToSingle("primary", id), l.ToSeries("primary", id, "RRULE:FREQ=MONTHLY;COUNT=2"))
		}, "0302T0900 Weekly, 0402T0800 Weekly"},
	} {
		t.Run(name, func(t *testing.T) {
			l, id := person(t)
			if err := tc.do(l, id); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(l.view(), ", "); got != tc.want {
				t.Errorf("sees  %s\nwants %s", got, tc.want)
			}
			// What the person sees is what a client reads.
			var read []string
			for _, it := range l.must(200, "GET", "/me/calendarView?"+year+"&$top=50", "").items() {
				text := it["start"].(map[string]any)["dateTime"].(string)
				read = append(read, strings.NewReplacer("-", "", ":", "").Replace(text[5:16])+" "+it["subject"].(string))
			}
			if got := strings.Join(read, ", "); got != tc.want {
				t.Errorf("reads %s\nwants %s", got, tc.want)
			}
			if len(l.mb.Mails()) != 0 {
				t.Error("a mail was sent")
			}
		})
	}
}

func TestWhatOutlookRefuses(t *testing.T) {
	l, id := person(t)
	if err := l.CancelOccurrence("primary", id, third); err != nil {
		t.Fatal(err)
	}
	none := func(*mailbox.Event) {}
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"crossing":           {l.MoveOccurrence("primary", id, second, -7*24*time.Hour), mailbox.ErrRefused},
		"restoring":          {l.RestoreOccurrence("primary", id, third), mailbox.ErrRefused},
		"restoring what is":  {l.RestoreOccurrence("primary", id, second), mailbox.ErrNoOccurrence},
		"editing a deleted":  {l.EditOccurrence("primary", id, third, none), mailbox.ErrNoOccurrence},
		"cancelling twice":   {l.CancelOccurrence("primary", id, third), mailbox.ErrNoOccurrence},
		"no such slot":       {l.CancelOccurrence("primary", id, "20260310T090000Z"), mailbox.ErrNoOccurrence},
		"no such time":       {l.CancelOccurrence("primary", id, "20260309T100000Z"), mailbox.ErrNoOccurrence},
		"no such series":     {l.DeleteSeries("primary", "x"), mailbox.ErrNoEvent},
		"no such calendar":   {l.DeleteSeries("x", id), mailbox.ErrNoCalendar},
		"an unholdable rule": {l.EditSeries("primary", id, func(e *mailbox.Event) { e.Recurrence = []string{"RRULE:FREQ=HOURLY"} }), mailbox.ErrRefused},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.err, tc.want)
		}
	}
	if got := len(l.view()); got != 4 {
		t.Errorf("something was done: %d", got)
	}
}

func TestSeriesTakeOverDatesAndExceptions(t *testing.T) {
	l := newLab(t)
	id, err := l.AddSeries("primary", mailbox.Event{Title: "All day",
		Start: mailbox.Moment{Date: "2026-03-02"}, End: mailbox.Moment{Date: "2026-03-03"},
		Recurrence: []string{"RRULE:FREQ=DAILY;COUNT=5", "EXDATE;VALUE=DATE:20260304"},
		Exceptions: map[string]*mailbox.Event{
			"20260303": {Title: "Changed", Start: mailbox.Moment{Date: "2026-03-03"}, End: mailbox.Moment{Date: "2026-03-04"}},
			"20260305": {Status: "cancelled"},
		}})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.view(); !slices.Equal(got, []string{"0302T0000 All day", "0303T0000 Changed", "0306T0000 All day"}) {
		t.Error(got)
	}
	list, err := l.Occurrences("primary", id, time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC))
	if err != nil || len(list) != 1 || list[0].Slot != "20260303" || !list[0].AllDay || list[0].Series != id {
		t.Errorf("%+v %v", list, err)
	}
}

// TestManyOverridesStayFast: the work for a series grows with its exceptions, not
// with their square; counted in the occurrences made, the test would take minutes.
func TestManyOverridesStayFast(t *testing.T) {
	l := newLab(t)
	id, err := l.AddSeries("primary", mailbox.Event{Title: "Daily",
		Start:      mailbox.Moment{Local: "1990-01-01T10:00:00", Zone: "Europe/Berlin"},
		End:        mailbox.Moment{Local: "1990-01-01T11:00:00", Zone: "Europe/Berlin"},
		Recurrence: []string{"RRULE:FREQ=DAILY"}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := l.Occurrences("primary", id, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 5, 16, 0, 0, 0, 0, time.UTC))
	if err != nil || len(list) != 500 {
		t.Fatal(len(list), err)
	}
	for i, o := range list {
		if err := l.EditOccurrence("primary", id, o.Slot, func(e *mailbox.Event) { e.Title = fmt.Sprint("No. ", i) }); err != nil {
			t.Fatal(err)
		}
	}
	items, _ := l.round("/me/calendar/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2028-01-01T00:00:00Z", "Prefer: odata.maxpagesize=200")
	if got := types(items); got != "500 exception 230 occurrence 1 seriesMaster" {
		t.Error(got)
	}
	expanded := l.must(200, "GET", "/me/events/"+id+"?$expand=exceptionOccurrences", "").body["exceptionOccurrences"].([]any)
	if len(expanded) != 500 {
		t.Errorf("%d exceptions", len(expanded))
	}
}
