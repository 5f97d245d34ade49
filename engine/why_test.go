package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func TestWhy(t *testing.T) {
	b := newBench(t)
	b.change(b.with(state.Mapping{Detail: state.TitleAndTime, Filter: state.Filter{Exclude: "secret"}}))
	b.a.add("Lunch")
	b.a.add("Secret plan")
	b.a.add("Board", func(e *calendar.Event) {
		e.Organized, e.Organizer, e.Guests = false, calendar.Person{Name: "Ada"}, []calendar.Guest{{}}
	})
	for _, f := range []*fake{b.a, b.b} {
		f.add("Both", func(e *calendar.Event) { e.UID = "same" })
		f.add("Invited", func(e *calendar.Event) { e.UID, e.Organized = "invited", false })
	}
	b.quiet()
	for word, wants := range map[string][]string{
		"lunch":   {"born in “Main” of ann@x.test", "it crosses by the mirror", "new in"},
		"secret":  {"lets it not cross", "secret"},
		"board":   {"an invitation of Ada"},
		"both":    {"it was here before Twinday"},
		"invited": {"both accounts are invited"},
	} {
		all, err := b.face.Why(t.Context(), control.WhyRequest{Event: word})
		if err != nil || len(all) == 0 {
			t.Fatalf("%s: %v", word, err)
		}
		x := all[0]
		said := x.Born + "\n" + strings.Join(x.Waits, "\n")
		for _, r := range x.Calendars {
			said += "\n" + strings.Join(r.Says, "\n")
		}
		for _, h := range x.Last {
			said += "\n" + h.Why
		}
		for _, want := range wants {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in\n%s", word, want, said)
			}
		}
	}
	b.a.edit("Lunch", retitle("Brunch"))
	if _, err := b.face.Sync(t.Context(), control.SyncRequest{DryRun: true}); err != nil { // it reads
		t.Fatal(err)
	}
	if x := b.why("brunch"); len(x.Waits) != 1 || !strings.Contains(x.Waits[0], "the next pass would update it in “Main” of ann@y.test") {
		t.Errorf("%+v", x)
	}
	brunch := b.why("brunch")
	if all, err := b.face.Why(t.Context(), control.WhyRequest{Entity: brunch.Entity}); err != nil || len(all) != 1 || all[0].Title != brunch.Title || all[0].Event != brunch.Event {
		t.Errorf("by its entity: %+v, %v", all, err)
	}
	if _, err := b.face.Why(t.Context(), control.WhyRequest{Entity: "e999"}); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("explained an entity that there is not: %v", err)
	}
	if _, err := b.face.Why(t.Context(), control.WhyRequest{Event: "nothing"}); err == nil {
		t.Error("explained what there is not")
	}
}

// What a service will not have, and what it changes each time, is said.
func TestWhyTellsOfServicesThatWillNot(t *testing.T) {
	b := newBench(t)
	b.a.add("Bad")
	b.b.fault = func(call string) (error, error) {
		if call == "create" {
			return &calendar.Error{Op: "fake", Kind: calendar.Invalid, Field: "title", Err: errors.New("too rude")}, nil
		}
		return nil, nil
	}
	b.sync()
	if x := b.why("bad"); x.Calendars[0].There || !strings.Contains(strings.Join(x.Calendars[0].Says, "\n"), "refuses it: too rude") {
		t.Errorf("%+v", x)
	}
	b.b.fault = nil
	b.change(b.with(state.Mapping{Title: &state.TextLens{Lens: state.ConstantLens, Text: "Busy"}}))
	b.a.add("Lunch")
	b.quiet()
	for strings.Contains(b.b.titles(), "Busy") { // a program that likes capitals
		b.b.edit("Busy", retitle("BUSY"))
		b.sync()
	}
	if x := b.why("lunch"); !strings.Contains(strings.Join(x.Calendars[0].Says, "\n"), "title is left as it is found here") {
		t.Errorf("%+v", x)
	}
}
