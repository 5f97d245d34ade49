package pages

import (
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func clock(local string) calendar.Time { return calendar.Time{Local: local, Zone: "Europe/Berlin"} }

func date(local string) calendar.Time { return calendar.Time{Local: local} }

func TestTimesOfEventsInWords(t *testing.T) {
	for _, c := range []struct {
		name string
		when calendar.When
		want string
	}{
		{"none", calendar.When{}, ""},
		{"an hour", calendar.When{Start: clock("2026-11-24T10:00:00"), End: clock("2026-11-24T11:00:00")}, "Tue 24 Nov 2026, 10:00 – 11:00 (Europe/Berlin)"},
		{"over midnight", calendar.When{Start: clock("2026-11-24T23:00:00"), End: clock("2026-11-25T01:00:00")}, "Tue 24 Nov 2026, 23:00 – Wed 25 Nov 2026, 01:00 (Europe/Berlin)"},
		{"one day", calendar.When{Start: date("2026-12-12"), End: date("2026-12-13")}, "Sat 12 Dec 2026, all day"},
		{"three days", calendar.When{Start: date("2026-12-12"), End: date("2026-12-15")}, "Sat 12 Dec 2026 – Mon 14 Dec 2026"},
		{"a series", calendar.When{Start: date("2026-12-12"), End: date("2026-12-13"), Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=DAILY"}}}, "Sat 12 Dec 2026, all day, every day"},
		{"what makes no sense", calendar.When{Start: clock("soon")}, "soon[Europe/Berlin]"},
	} {
		if got := whenText(c.when); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHistoryInWords(t *testing.T) {
	for _, c := range []struct {
		h    state.HistoryEntry
		want string
	}{
		{state.HistoryEntry{Kind: state.Create, Outcome: state.Done}, "Created in Work"},
		{state.HistoryEntry{Kind: state.Update, Outcome: state.Done, Groups: calendar.Groups{calendar.GroupWhen}}, "Changed in Work: time"},
		{state.HistoryEntry{Kind: state.Update, Outcome: state.Done, Groups: calendar.AllGroups}, "Changed in Work"},
		{state.HistoryEntry{Kind: state.Delete, Outcome: state.Failed}, "Could not be deleted in Work"},
		{state.HistoryEntry{Kind: state.Update, Outcome: state.Overridden}, "Edit in Work lost against another"},
		{state.HistoryEntry{Outcome: state.Noted}, "Work"},
	} {
		if got := happened(c.h, "Work"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestFieldsThatTheReasonNamesAreNotNamedTwice(t *testing.T) {
	groups := calendar.Groups{calendar.GroupWhen, calendar.GroupTitle, calendar.GroupNotes}
	if got := untold(groups, "time, title and notes changed in “Work”"); got != nil {
		t.Errorf("%v are named again", got)
	}
	if got := untold(groups, "moved in “Work”"); len(got) != 3 {
		t.Errorf("only %v are named", got)
	}
}

func TestFieldGroupsInWords(t *testing.T) {
	c := calendar.Content{
		Notes:      calendar.NotesFromHTML("<p>Bring <b>tea</b></p>"),
		Reminders:  calendar.Reminders{Before: []time.Duration{10 * time.Minute, 2 * time.Hour, 48 * time.Hour}},
		Categories: []string{"Red", "Blue"},
		Links:      calendar.Links{Conference: "https://meet.example/x", Attachments: []calendar.Attachment{{Name: "plan.pdf"}}},
	}
	for g, want := range map[calendar.Group]string{
		calendar.GroupNotes: "Bring tea", calendar.GroupReminders: "10 min before, 2 h before, 2 d before",
		calendar.GroupCategories: "Red, Blue", calendar.GroupLinks: "https://meet.example/x\nplan.pdf", calendar.GroupPlace: "",
	} {
		if got := strings.TrimSpace(groupText(g, c)); got != want {
			t.Errorf("%s: %q, want %q", g, got, want)
		}
	}
	for _, g := range calendar.AllGroups {
		if groupName(g) == string(g) {
			t.Errorf("%s has no name for people", g)
		}
	}
}

func TestLongTextIsCutAtAWord(t *testing.T) {
	if got := cut("one two three four", 10); got != "one two…" {
		t.Errorf("%q", got)
	}
	if got := cut("会議会議会議", 3); got != "会議会…" {
		t.Errorf("%q", got)
	}
}
