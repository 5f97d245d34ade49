package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// with is the mirror with one mapping for all directions.
func (b *bench) with(m state.Mapping) state.Mirror {
	out := b.mirror
	out.Mappings = []state.PairMapping{{Mapping: m}}
	return out
}

// sets changes one thing about the mirror as it was made.
func (b *bench) sets(set func(*state.Mirror)) {
	b.Helper()
	m := b.mirror
	set(&m)
	b.change(m)
}

func (b *bench) change(m state.Mirror, seen ...string) {
	b.Helper()
	if _, err := b.face.ChangeMirror(b.Context(), control.ChangeMirror{Mirror: m, Seen: seen}); err != nil {
		b.Fatal(err)
	}
}

// Another tool copied with the same prefix before.
func TestWhatShowsWhatACopyWouldShowIsLinked(t *testing.T) {
	b := newBench(t)
	b.change(b.with(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}}))
	b.b.add("[Work] Lunch")
	b.a.add("Lunch")
	r := b.sync()
	if r.Adopted != 1 || r.Writes() != 0 || !strings.Contains(r.Steps[0].Reason, "it shows what a copy from “Main” would show") {
		t.Fatalf("report %+v", r)
	}
	b.quiet()
	b.b.edit("[Work] Lunch", retitle("[Work] Brunch"))
	b.quiet()
	if x, y := b.a.titles(), b.b.titles(); x != "Brunch" || y != "[Work] Brunch" {
		t.Errorf("a: %s\nb: %s", x, y)
	}
}

// A mirror that rests says nothing of what its copies show.
func TestWhatShowsWhatACopyWouldShowIsLinkedByTheMirrorAtWork(t *testing.T) {
	b := newBench(t)
	b.connector.fakes["ann@z.test"] = newFake(b.now)
	b.signIn("ann@z.test")
	rests := b.mirror
	rests.Paused = true
	b.change(rests)
	_, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: []state.Member{{Ref: refA}, {Ref: refB}, {Ref: state.Ref{Account: "ann@z.test", Calendar: calID}}},
		Mappings: []state.PairMapping{{Mapping: state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "}}}}})
	if err != nil {
		t.Fatal(err)
	}
	b.b.add("[Work] Lunch")
	b.a.add("Lunch")
	b.quiet()
	if x, y := b.a.titles(), b.b.titles(); x != "Lunch" || y != "[Work] Lunch" {
		t.Errorf("a: %s\nb: %s", x, y)
	}
}

func TestThePlanOfAPausedMirrorIsWhatComesAfterIt(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch", func(e *calendar.Event) { e.Content.Place = "Oslo" })
	b.quiet()
	is := b.mirror
	is.Paused = true
	b.change(is)
	b.a.edit("Lunch", retitle("Brunch")) // due with or without the change
	want := b.with(state.Mapping{Detail: state.TitleAndTime})
	want.Paused = true
	c, err := control.PlanChange(t.Context(), b.face, is, want)
	if err != nil || !c.Paused || c.Plan.Updated != 1 || b.b.titles() != "Lunch" {
		t.Errorf("%+v, %v; b: %s", c, err, b.b.titles())
	}
	if m, err := b.face.Mirrors(t.Context()); err != nil || !m[0].Paused {
		t.Errorf("it was resumed: %+v, %v", m, err)
	}
}

func TestAPlanIsShownBeforeAMappingChanges(t *testing.T) {
	b := newBench(t)
	for i := range 20 {
		b.a.add(fmt.Sprint("Lunch ", i), func(e *calendar.Event) { e.Content.Place = "Oslo" })
	}
	b.quiet()
	before := b.a.writes() + b.b.writes()
	stricter := b.with(state.Mapping{Detail: state.TitleAndTime, Filter: state.Filter{Exclude: "lunch 1"}}) // 1 and 10 to 19
	for range 2 {                                                                                           // two plans say the same
		r, err := b.face.PlanMirror(t.Context(), stricter)
		if err != nil || r.Deleted != 0 || r.Held != 11 || r.Updated != 9 || !r.DryRun {
			t.Fatalf("plan: %+v, %v", r, err)
		}
	}
	if got := b.a.writes() + b.b.writes(); got != before {
		t.Fatalf("the plan wrote %d times", got-before)
	}
	if ms, err := b.face.Mirrors(t.Context()); err != nil || len(ms[0].Mappings) != 0 {
		t.Fatalf("the plan changed the mirror: %+v, %v", ms, err)
	}
	r, err := b.face.PlanMirror(t.Context(), stricter)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, s := range r.Steps {
		if s.Fact != "" {
			seen = append(seen, s.Fact)
		}
	}
	b.change(stricter, seen...)
	b.restart() // the word that was given lasts
	if r := b.sync(); r.Deleted != 11 || r.Held != 0 || r.Updated != 9 {
		t.Errorf("the pass after it: %d deleted, %d held, %d updated", r.Deleted, r.Held, r.Updated)
	}
	b.quiet()
	if a, c := strings.Count(b.a.titles(), "Lunch"), strings.Count(b.b.titles(), "Lunch"); a != 20 || c != 9 {
		t.Errorf("%d at home, %d copies", a, c)
	}
	if held, err := b.face.Held(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("still asked: %+v, %v", held, err)
	}
	// Without the plan having been seen the same is asked about.
	b.change(b.mirror)
	b.quiet()
	b.change(stricter)
	if r := b.sync(); r.Deleted != 0 || r.Held != 11 {
		t.Errorf("unseen: %d deleted, %d held", r.Deleted, r.Held)
	}
}

func TestMirrorsThatMakeNoSense(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		change func(*state.Mirror)
		want   string
	}{
		"a template": {func(m *state.Mirror) {
			m.Mappings = []state.PairMapping{{To: refB, Mapping: state.Mapping{Title: &state.TextLens{Lens: state.TemplateLens, Text: "{{x}}"}}}}
		}, "what copies show in " + refB.String() + ": title: the template “{{x}}” is wrong at character 1"},
		"a calendar that is no member": {func(m *state.Mirror) {
			m.Mappings = []state.PairMapping{{From: state.Ref{Account: "x", Calendar: "y"}}}
		}, "x/y is no calendar of the mirror"},
		"one direction twice": {func(m *state.Mirror) { m.Mappings = []state.PairMapping{{}, {}} }, "said twice"},
		"a rule":              {func(m *state.Mirror) { m.Guests = "shout" }, `"shout" is no rule for guests`},
		"another rule":        {func(m *state.Mirror) { m.Invitations = "shout" }, `"shout" is no rule for invitations`},
	} {
		m := b.mirror
		c.change(&m)
		_, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: m})
		_, err2 := b.face.PlanMirror(t.Context(), m)
		for _, err := range []error{err, err2} {
			var e *control.Error
			if !errors.As(err, &e) || e.Code != control.CodeUsage || !strings.Contains(e.Message, c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
	}
}

func TestAMappingIsStoredWithItsVersion(t *testing.T) {
	b := newBench(t)
	b.change(b.with(state.Mapping{Detail: state.BusyOnly}))
	b.restart()
	ms, err := b.face.Mirrors(t.Context())
	if err != nil || len(ms[0].Mappings) != 1 || ms[0].Mappings[0].Version != state.MappingVersion || ms[0].Mappings[0].Detail != state.BusyOnly {
		t.Errorf("stored: %+v, %v", ms, err)
	}
}

func TestAnAnswerIsGivenOnce(t *testing.T) {
	for _, fail := range []string{"", "before", "after"} {
		t.Run("cut off "+fail, func(t *testing.T) {
			b := newBench(t)
			b.sets(func(m *state.Mirror) { m.Invitations = state.DeclineInvitation })
			b.a.add("Board", func(e *calendar.Event) {
				e.Organized, e.Guests = false, []calendar.Guest{{Person: calendar.Person{Email: "g@x.test"}}}
			})
			b.quiet()
			b.b.remove("Board")
			failed := false
			b.a.fault = func(call string) (before, after error) {
				if call != "respond" || failed || fail == "" {
					return nil, nil
				}
				failed = true
				if fail == "before" {
					return b.a.err(calendar.Unavailable), nil
				}
				return nil, b.a.err(calendar.Unavailable)
			}
			b.sync()
			if fail != "" {
				b.restart()
			}
			b.quiet()
			if r := b.a.one("Board").MyResponse; r != calendar.Declined {
				t.Errorf("answered %q", r)
			}
			want := map[string]int{"": 1, "before": 2, "after": 1}[fail]
			if got := b.a.count("respond"); got != want {
				t.Errorf("answered %d times, want %d", got, want)
			}
			if open := b.b.titles(); open != "" {
				t.Errorf("copies: %s", open)
			}
		})
	}
}

func TestPreview(t *testing.T) {
	b := newBench(t)
	b.change(b.with(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "[A] "}, Filter: state.Filter{Exclude: "secret"}}))
	b.a.add("Lunch", func(e *calendar.Event) { e.Content.Place = "Oslo" })
	b.a.add("Launch party")
	b.a.add("Secret plan")
	b.a.add("Diary", func(e *calendar.Event) { e.Content.Visibility = calendar.Private })
	b.a.add("Stand-up", func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY"}
		slot := e.Content.When.Original("20260312T090000Z")
		e.Overrides = map[string]calendar.Override{slot.Slot(): {Original: slot, Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Sit-down"}}}
	})
	b.quiet()
	ask := func(event, at string) ([]control.Preview, error) {
		return b.face.Preview(t.Context(), control.PreviewRequest{Event: event, At: at})
	}
	field := func(p control.Preview, g calendar.Group) control.PreviewField {
		i := slices.IndexFunc(p.Fields, func(f control.PreviewField) bool { return f.Field == g })
		if i < 0 {
			return control.PreviewField{}
		}
		return p.Fields[i]
	}
	for _, word := range []string{"lunch", "own-0", "[A] Lunch"} { // by title, by id, by its copy
		p, err := ask(word, "")
		if err != nil || len(p) != 1 || p[0].From != refA || p[0].To != refB || field(p[0], calendar.GroupTitle) != (control.PreviewField{Field: "title", Home: "Lunch", Copy: "[A] Lunch", Lens: "copy, prefix “[A] ”"}) {
			t.Errorf("%s: %+v, %v", word, p, err)
		}
	}
	if p, err := ask("plan", ""); err != nil || len(p) != 1 || !strings.Contains(p[0].Skipped, "left out") {
		t.Errorf("what is left out: %+v, %v", p, err)
	}
	if p, err := ask("diary", ""); err != nil || p[0].Detail != state.BusyOnly || field(p[0], calendar.GroupTitle).Copy != "Busy" {
		t.Errorf("private: %+v, %v", p, err)
	}
	if p, err := ask("l", ""); err != nil || len(p) != 3 { // Lunch, Launch party, Secret plan
		t.Errorf("a part of several titles: %+v, %v", p, err)
	}
	if p, err := ask("stand-up", "2026-03-12T09:00:00"); err != nil || field(p[0], calendar.GroupTitle).Copy != "[A] Sit-down" || p[0].At != "20260312T090000Z" {
		t.Errorf("an occurrence: %+v, %v", p, err)
	}
	for _, c := range [][3]string{{"nothing", "", `no mirrored calendar has an event "nothing"`}, {"", "", "say which event"}, {"stand-up", "2026-03-12T10:00:00", "there is no occurrence at"}} {
		if p, err := ask(c[0], c[1]); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%q at %q: %+v, %v", c[0], c[1], p, err)
		}
	}
}
