package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// notes are what the history says of a calendar, oldest first.
func (b *bench) notes(ref state.Ref) (words []string) {
	b.Helper()
	l, err := b.face.History(b.Context(), control.HistoryQuery{})
	if err != nil {
		b.Fatal(err)
	}
	for _, x := range slices.Backward(l) {
		if x.Outcome == state.Noted && x.Entity == "" && x.Ref == ref {
			words = append(words, x.Why)
		}
	}
	return words
}

func (b *bench) later(d time.Duration) { *b.clock = b.clock.Add(d) }

func TestWhatBecomesOfACalendarIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(*fake)
		says    string
		stops   string // what the mirror's trouble says; "" if it goes on
	}{
		"renamed":     {func(f *fake) { f.name = "Crew" }, "the calendar “Main” is called “Crew” now", ""},
		"hidden":      {func(f *fake) { f.concealed = true }, "hidden in the service's own list", ""},
		"read-only":   {func(f *fake) { f.role = calendar.RoleReader }, "can only be read now", "can only be read"},
		"unlisted":    {func(f *fake) { f.unlisted, f.more = true, []calendar.Calendar{{ID: "other", Name: "Other"}} }, "is not in the account's list any more", "is not among the calendars of ann@y.test any more"},
		"busy only":   {func(f *fake) { f.role = calendar.RoleBusyReader }, "no more than when its events are", "shows no more than when its events are"},
		"less to see": {func(f *fake) { f.role = calendar.RolePublicWriter }, "private events of this calendar show no details any more", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.a.add("Dentist")
			b.b.add("Lunch")
			b.sync()
			b.quiet()
			writes := b.a.writes() + b.b.writes()
			c.happens(b.b)
			b.later(25 * time.Hour)
			b.sync()
			said := b.notes(refB)
			if len(said) != 1 || !strings.Contains(said[0], c.says) {
				t.Errorf("the history says %q, want %q once", said, c.says)
			}
			m, err := b.face.Mirrors(t.Context())
			if err != nil || c.stops == "" && m[0].Trouble != "" || !strings.Contains(m[0].Trouble, c.stops) {
				t.Errorf("the mirror's trouble is %q, want %q; %v", m[0].Trouble, c.stops, err)
			}
			b.later(25 * time.Hour)
			b.sync()
			if now := b.notes(refB); len(now) != 1 {
				t.Errorf("it is said again: %q", now)
			}
			if n := b.a.writes() + b.b.writes() - writes; n != 0 || b.a.titles() != "Dentist, Lunch" {
				t.Errorf("%d writes, a holds %s", n, b.a.titles())
			}
			// What happens meanwhile crosses when it is over.
			b.a.add("Meanwhile")
			b.sync()
			b.b.mu.Lock()
			b.b.name, b.b.role, b.b.concealed, b.b.unlisted = "", "", false, false
			b.b.mu.Unlock()
			b.later(25 * time.Hour)
			b.sync()
			b.alike("Dentist, Lunch, Meanwhile")
			if now := b.notes(refB); len(now) != 2 {
				t.Errorf("its return is told as %q", now)
			}
			if m, err := b.face.Mirrors(t.Context()); err != nil || m[0].Trouble != "" {
				t.Errorf("afterwards: %q, %v", m[0].Trouble, err)
			}
		})
	}
}

// A calendar that stops stops its own mirror only.
func TestACalendarThatIsGoneStopsItsMirrorOnly(t *testing.T) {
	b := newBench(t)
	c := newFake(b.now)
	b.connector.fakes["ann@z.test"] = c
	b.signIn("ann@z.test")
	if _, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: []state.Member{{Ref: refA}, {Ref: state.Ref{Account: "ann@z.test", Calendar: calID}}}}); err != nil {
		t.Fatal(err)
	}
	b.sync()
	b.b.gone = true
	b.b.more = []calendar.Calendar{{ID: "other", Name: "Other"}}
	b.a.add("Dentist")
	b.sync()
	if c.titles() != "Dentist" {
		t.Errorf("the other mirror's calendar holds %q", c.titles())
	}
	s, err := b.face.Status(t.Context())
	if err != nil || len(s.Problems) != 1 || s.Problems[0].Ref != refB || !strings.Contains(s.Problems[0].WayOut, "take it out of its mirror") {
		t.Errorf("%+v, %v", s.Problems, err)
	}
}

// One list a day and account, whatever happens; across restarts, too.
func TestCalendarsAreListedOnceADay(t *testing.T) {
	b := newBench(t)
	b.sync()
	before := b.a.count("calendars")
	for range 48 {
		b.later(30 * time.Minute)
		b.sync()
	}
	b.restart()
	b.sync()
	if n := b.a.count("calendars") - before; n != 1 {
		t.Errorf("listed %d times in a day", n)
	}
}

// An empty list is no list.
func TestAnEmptyListOfCalendarsIsNotBelieved(t *testing.T) {
	b := newBench(t)
	b.b.add("Lunch")
	b.sync()
	b.b.unlisted = true
	if _, err := b.face.Calendars(t.Context(), "", true); err == nil || !strings.Contains(err.Error(), "no account's is") {
		t.Errorf("%v", err)
	}
	b.b.unlisted = false
	b.sync()
	b.alike("Lunch")
	if n := b.notes(refB); len(n) != 0 {
		t.Errorf("%q", n)
	}
}

func TestNewCalendar(t *testing.T) {
	b := newBench(t)
	make := func(name string) (state.Calendar, error) {
		return b.face.MakeCalendar(t.Context(), control.NewCalendar{Account: "ann@x.test", Name: name, Zone: "Europe/Vienna"})
	}
	c, err := make(" Copies ")
	if err != nil || c.Ref != (state.Ref{Account: "ann@x.test", Calendar: "made Copies"}) || c.Name != "Copies" || c.Zone != "Europe/Vienna" || !c.Writable {
		t.Fatalf("%+v, %v", c, err)
	}
	if list, err := b.face.Calendars(t.Context(), "ann@x.test", false); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := make("copies"); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the same name again: %v", err)
	}
	// The answer is lost: it was made, or it was not.
	b.a.fault = func(call string) (before, after error) {
		if call == "make" {
			return nil, b.a.err(calendar.Unavailable)
		}
		return nil, nil
	}
	if c, err := make("Second"); err != nil || c.ID != "made Second" {
		t.Errorf("the answer was lost: %+v, %v", c, err)
	}
	b.a.fault = func(call string) (before, after error) {
		if call == "make" {
			return b.a.err(calendar.Unavailable), nil
		}
		return nil, nil
	}
	if _, err := make("Third"); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("it was not made: %v", err)
	}
	b.a.fault = nil
	for what, change := range map[string]func(*state.Account){
		"is only read":     func(a *state.Account) { a.Access.ReadOnly = true },
		"lets no app make": func(*state.Account) { b.a.makes = "no" },
		"not asked for the permission": func(*state.Account) {
			b.a.makes = calendar.CopiesCalendar
		},
	} {
		access := &calendar.Access{}
		var a state.Account
		b.a.makes = ""
		change(&a)
		access.ReadOnly = a.Access.ReadOnly
		if _, err := b.connects(control.NewAccount{ID: "ann@x.test", Endpoint: state.Endpoint{ClientID: "ann@x.test"}, Access: access}); err != nil {
			t.Fatal(err)
		}
		n := b.a.count("make")
		_, err := make("Fourth")
		if err == nil || !strings.Contains(err.Error(), what) || b.a.count("make") != n {
			t.Errorf("%s: %v, asked %d times", what, err, b.a.count("make")-n)
		}
	}
}
