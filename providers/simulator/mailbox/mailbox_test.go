package mailbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

func newBox(email string) *mailbox.Mailbox {
	clock := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return mailbox.New(mailbox.Person{Name: "Robin", Email: email}, "Europe/Berlin", func() time.Time {
		clock = clock.Add(time.Second)
		return clock
	})
}

// changes are the ids that changed since seq.
func changes(m *mailbox.Mailbox, seq uint64) string {
	m.Lock()
	defer m.Unlock()
	var out []string
	for _, e := range m.ChangesSince(m.Calendar("primary"), seq) {
		out = append(out, fmt.Sprintf("%s=%s/%v", e.ID, e.Title, e.Deleted))
	}
	return strings.Join(out, " ")
}

func seq(m *mailbox.Mailbox) uint64 {
	m.Lock()
	defer m.Unlock()
	return m.Seq()
}

func add(m *mailbox.Mailbox, id string) {
	m.AddEvent("primary", mailbox.Event{ID: id, Title: id,
		Start: mailbox.Moment{Local: "2026-07-01T10:00:00"}, End: mailbox.Moment{Local: "2026-07-01T11:00:00", Zone: "America/New_York"}})
}

func TestChangesComeOnceInTheirNewestState(t *testing.T) {
	m := newBox("a@x")
	add(m, "one")
	add(m, "two")
	start := seq(m)
	title := func(s string) func(*mailbox.Event) { return func(e *mailbox.Event) { e.Title = s } }
	for _, err := range []error{
		m.EditEvent("primary", "one", title("1a")), m.EditEvent("primary", "two", title("2a")),
		m.EditEvent("primary", "one", title("1b")), m.DeleteEvent("primary", "two"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, want := changes(m, start), "one=1b/false two=2a/true"; got != want {
		t.Errorf("changed %q, want %q", got, want)
	}
	if got := changes(m, seq(m)); got != "" {
		t.Errorf("since now: %q", got)
	}
	m.Lock()
	defer m.Unlock()
	// As it was after the edit of "two": the later ones wait.
	if got := m.ChangesBetween(m.Calendar("primary"), start, start+2); len(got) != 0 {
		t.Errorf("both changed again, yet %d are told of", len(got))
	}
}

func TestAnUnloggedTouchHidesNoEarlierChange(t *testing.T) {
	m := newBox("a@x")
	add(m, "one")
	m.Lock()
	tag := m.Calendar("primary").Events["one"].Change
	if m.TouchUnlogged(m.Calendar("primary").Events["one"]) == tag {
		t.Error("no new version")
	}
	m.Unlock()
	if got := changes(m, 0); got != "one=one/false" {
		t.Errorf("changes %q", got)
	}
}

func TestWallClocksBecomeInstants(t *testing.T) {
	m := newBox("a@x")
	add(m, "one")
	e := m.Event("primary", "one")
	if got := e.Start.UTC.Format(time.RFC3339) + " " + e.Start.Zone; got != "2026-07-01T08:00:00Z Europe/Berlin" {
		t.Errorf("start %s", got)
	}
	if got := e.End.UTC.Format(time.RFC3339); got != "2026-07-01T15:00:00Z" {
		t.Errorf("end %s", got)
	}
	if err := m.EditEvent("primary", "one", func(e *mailbox.Event) { e.Start.Local = "2026-07-01T09:00:00" }); err != nil {
		t.Fatal(err)
	}
	e = m.Event("primary", "one")
	if got := e.Start.UTC.Format(time.RFC3339); got != "2026-07-01T07:00:00Z" || e.Sequence != 1 {
		t.Errorf("moved to %s, sequence %d", got, e.Sequence)
	}
}

func TestAMomentMayBeGivenAsAnInstant(t *testing.T) {
	m := newBox("a@x")
	at := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC) // the second 2:30 of that night in Berlin
	e := m.AddEvent("primary", mailbox.Event{Start: mailbox.Moment{UTC: at}, End: mailbox.Moment{UTC: at.Add(time.Hour)}})
	if e.Start.Local != "2026-10-25T02:30:00" || !e.Start.UTC.Equal(at) {
		t.Errorf("start %+v", e.Start)
	}
}

func TestMovesLeaveATombstone(t *testing.T) {
	m := newBox("a@x")
	add(m, "one")
	other := m.AddCalendar(mailbox.Calendar{Name: "Other"})
	if err := m.MoveEvent("primary", other.ID, "one"); err != nil {
		t.Fatal(err)
	}
	here, there := m.Event("primary", "one"), m.Event(other.ID, "one")
	if !here.Deleted || there == nil || there.Deleted || there.UID != here.UID || there.Organizer.Email != other.ID {
		t.Errorf("here %+v\nthere %+v", here, there)
	}
	if err := m.RestoreEvent("primary", "one"); err != nil || m.Event("primary", "one").Deleted {
		t.Error("not restored", err)
	}
}

func TestWhatIsHandedOutIsACopy(t *testing.T) {
	m := newBox("a@x")
	m.AddEvent("primary", mailbox.Event{ID: "one", Private: map[string]string{"k": "v"}, Attendees: []mailbox.Attendee{{Response: "accepted"}},
		Extra: map[string]any{"deep": map[string]any{"l": []any{"x"}}}, Start: mailbox.Moment{Date: "2026-07-01"}, End: mailbox.Moment{Date: "2026-07-02"}})
	e := m.Events("primary")[0]
	e.Private["k"], e.Attendees[0].Response = "changed", "declined"
	e.Extra["deep"].(map[string]any)["l"].([]any)[0] = "changed"
	kept := m.Event("primary", "one")
	if kept.Private["k"] != "v" || kept.Attendees[0].Response != "accepted" || fmt.Sprint(kept.Extra) != "map[deep:map[l:[x]]]" || !kept.AllDay {
		t.Errorf("stored %+v", kept)
	}
}

func TestIdsAreTheSameInEveryRunAndOthersForEveryOwner(t *testing.T) {
	id := func(email string) string {
		m := newBox(email)
		return m.AddEvent("primary", mailbox.Event{}).ID
	}
	a, again, b := id("a@x"), id("a@x"), id("b@x")
	if a != again || a == b || len(a) != 26 || strings.Trim(a, "abcdefghijklmnopqrstuv0123456789") != "" {
		t.Errorf("%s %s %s", a, again, b)
	}
}

func TestMailsGoToOthersOnly(t *testing.T) {
	m := newBox("a@x")
	m.Lock()
	sent := []bool{m.Send(mailbox.Mail{To: "A@X"}), m.Send(mailbox.Mail{}), m.Send(mailbox.Mail{To: "b@x"})}
	m.Unlock()
	if fmt.Sprint(sent) != "[false false true]" || len(m.Mails()) != 1 {
		t.Errorf("sent %v, outbox %v", sent, m.Mails())
	}
}

func TestRolesAndUnsubscriptions(t *testing.T) {
	m := newBox("a@x")
	before := seq(m)
	if err := m.SetRole("primary", "reader"); err != nil {
		t.Fatal(err)
	}
	m.Lock()
	c := m.Calendar("primary")
	if c.OldestCursor <= before || c.Role != "reader" {
		t.Error("cursors live on")
	}
	m.Unlock()
	if err := m.Unsubscribe("primary"); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{m.SetRole("primary", "x"), m.Unsubscribe("primary"), m.EditEvent("primary", "x", nil)} {
		if !errors.Is(err, mailbox.ErrNoCalendar) {
			t.Errorf("error %v", err)
		}
	}
	if m.Events("primary") != nil || m.AddEvent("primary", mailbox.Event{}) != nil {
		t.Error("a calendar that is gone answers")
	}
}

func TestEditsOfWhatIsGoneAreErrors(t *testing.T) {
	m := newBox("a@x")
	add(m, "one")
	if err := m.DeleteEvent("primary", "one"); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{m.DeleteEvent("primary", "one"), m.TouchOnly("primary", "one"), m.RestoreEvent("primary", "never")} {
		if !errors.Is(err, mailbox.ErrNoEvent) {
			t.Errorf("error %v", err)
		}
	}
}

func TestTheWebPageRewritesNotes(t *testing.T) {
	m := newBox("a@x")
	add(m, "one")
	if err := m.EditEvent("primary", "one", func(e *mailbox.Event) { e.Body = "a & b\n<c>" }); err != nil {
		t.Fatal(err)
	}
	if err := m.RewriteNotes("primary", "one"); err != nil {
		t.Fatal(err)
	}
	if got := m.Event("primary", "one").Body; got != "a &amp; b<br>&lt;c&gt;" {
		t.Errorf("notes %q", got)
	}
}
