package engine_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// What one computer has set up is made on another, once its accounts are connected there,
// under whatever names it knows them.
func TestASetupIsTakenOverOnAnotherComputer(t *testing.T) {
	b := newBench(t)
	ms, err := b.face.Mirrors(t.Context())
	if err != nil || len(ms) != 1 {
		t.Fatal(ms, err)
	}
	m := ms[0].Mirror
	m.Mappings = []state.PairMapping{{From: m.Members[0].Ref, To: m.Members[1].Ref, Mapping: state.Mapping{Detail: state.BusyOnly}}}
	m.Conflicts, m.Guests = state.MemberWins(m.Members[1].Ref), state.RevertGuests
	if _, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: m}); err != nil {
		t.Fatal(err)
	}
	rhythm := state.Rhythm{Minutes: 7, Quiet: "22:00-07:00"}
	if _, err := b.face.ChangeSettings(t.Context(), control.Settings{Rhythm: rhythm}); err != nil {
		t.Fatal(err)
	}
	made, err := b.face.Setup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var taken control.TakeSetup
	if err := json.Unmarshal(text, &taken.Setup); err != nil {
		t.Fatal(err)
	}

	if out, err := b.face.TakeSetup(t.Context(), taken); err != nil || len(out.Mirrors) != 0 || len(out.Left) != 1 || !strings.Contains(out.Left[0].Why, "already") {
		t.Errorf("taken over where it comes from: %+v, %v", out, err)
	}

	other := newBench(t)
	if _, err := other.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: "m1", KeepCopies: true}); err != nil {
		t.Fatal(err)
	}
	// the accounts are those of the other bench, called otherwise there
	for i, a := range taken.Accounts {
		old := a.ID
		taken.Accounts[i].ID = "there-" + old
		for k, x := range taken.Mirrors[0].Members {
			if x.Ref.Account == old {
				taken.Mirrors[0].Members[k].Ref.Account = "there-" + old
			}
		}
		p := &taken.Mirrors[0].Mappings[0]
		for _, ref := range []*state.Ref{&p.From, &p.To} {
			if ref.Account == old {
				ref.Account = "there-" + old
			}
		}
		if ref, ok := taken.Mirrors[0].Conflicts.Member(); ok && ref.Account == old {
			ref.Account = "there-" + old
			taken.Mirrors[0].Conflicts = state.MemberWins(ref)
		}
	}
	taken.DryRun = true
	if out, err := other.face.TakeSetup(t.Context(), taken); err != nil || len(out.Mirrors) != 1 {
		t.Errorf("looked at: %+v, %v", out, err)
	}
	if ms, err := other.face.Mirrors(t.Context()); err != nil || len(ms) != 0 {
		t.Errorf("looking made %+v, %v", ms, err)
	}
	taken.DryRun = false
	out, err := other.face.TakeSetup(t.Context(), taken)
	if err != nil || len(out.Mirrors) != 1 || len(out.Left)+len(out.Connect) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	got := out.Mirrors[0]
	if got.Members[0].Ref != m.Members[0].Ref || got.Mappings[0].To != m.Members[1].Ref || got.Conflicts != m.Conflicts || got.Guests != m.Guests {
		t.Errorf("it became %+v", got)
	}
	if s, err := other.face.Settings(t.Context()); err != nil || s.Rhythm != rhythm {
		t.Errorf("settings: %+v, %v", s, err)
	}
	id := other.a.add("Secret talks")
	other.sync()
	if len(other.b.live()) != 1 || other.b.live()[0].Content.Title != "Busy" {
		t.Errorf("the copy of %s shows %+v", id, other.b.live())
	}
}

func TestASetupThatWaitsOrMakesNoSense(t *testing.T) {
	b := newBench(t)
	s, err := b.face.Setup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Accounts {
		s.Accounts[i].Email = "someone@else.test"
	}
	out, err := b.face.TakeSetup(t.Context(), control.TakeSetup{Setup: s})
	if err != nil || len(out.Mirrors) != 0 || len(out.Connect) != 2 || out.Left[0].Why != "someone@else.test is not connected here" {
		t.Errorf("accounts are missing: %+v, %v", out, err)
	}
	s.Version++
	if _, err := b.face.TakeSetup(t.Context(), control.TakeSetup{Setup: s}); err == nil || !strings.Contains(err.Error(), "newer Twinday") {
		t.Errorf("of a newer version: %v", err)
	}
	if _, err := b.face.TakeSetup(t.Context(), control.TakeSetup{}); err == nil || !strings.Contains(err.Error(), "no setup of Twinday") {
		t.Errorf("nothing: %v", err)
	}
}

// Nothing private is in the report that people send to those who help.
func TestDiagnosticsTellNothingPrivate(t *testing.T) {
	b := newBench(t)
	b.Engine.LogTail = func() []byte {
		return []byte("level=WARN msg=\"cannot be reached\" account=ann@x.test url=https://calendar.test/v3/calendars/ann%40x.test/events token=ya29.a0AfH6SMBx1234567890abcdefghijklmnop\n")
	}
	b.a.add("Talks with Quuxly", func(e *calendar.Event) { e.Content.Place = "Room Xyzzy" })
	b.b.fault = func(call string) (before, after error) {
		if strings.HasPrefix(call, "create") {
			before = &calendar.Error{Op: "create", Kind: calendar.Invalid, Err: errors.New("the title “Talks with Quuxly” is not liked")}
		}
		return before, nil
	}
	b.sync()
	d, err := b.face.Diagnostics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.face.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	private := []string{"Quuxly", "Xyzzy", "ya29", "%40", s.Mirrors[0].Name, filepath.Dir(b.path)}
	for _, a := range s.Accounts {
		private = append(private, a.Email)
	}
	for _, p := range private {
		if p != "" && strings.Contains(d.Text, p) {
			t.Errorf("it tells %q", p)
		}
	}
	for _, useful := range []string{"[account 1]", "calendar 1: role", "mirror 1: ", "create failed", "cannot be reached", "https://calendar.test/…"} {
		if !strings.Contains(d.Text, useful) {
			t.Errorf("it does not tell %q:\n%s", useful, d.Text)
		}
	}
}
