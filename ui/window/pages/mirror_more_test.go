package pages

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

// All that the terminal's 'mirror edit' can set can be set in the window.
func TestEverySettingIsReachable(t *testing.T) {
	shown := map[string]bool{}
	for _, key := range onCard {
		shown[key] = true
	}
	for _, g := range moreGroups() {
		for _, s := range g.settings {
			if _, err := state.SettingOf(s.key); err != nil {
				t.Errorf("%s is offered: %v", s.key, err)
			}
			if shown[s.key] {
				t.Errorf("%s is offered twice", s.key)
			}
			shown[s.key] = true
		}
	}
	for _, s := range state.Settings {
		if !shown[s.Key] {
			t.Errorf("%s is not to be found in the window", s.Key)
		}
	}
}

// unfold opens the first fold that can be seen whose label begins so.
func (r *rig) unfold(label string) {
	r.t.Helper()
	var found *button
	r.visible(func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok && found == nil && strings.HasPrefix(b.Text, label) {
			found = b
		}
	})
	if found == nil {
		r.t.Fatalf("no fold %q; the window shows:\n%s", label, strings.Join(r.texts(), "\n"))
	}
	found.OnTapped()
}

// pickWith finds the first choice that can be seen that offers this word.
func (r *rig) pickWith(word string) *pick {
	r.t.Helper()
	for _, p := range r.picks() {
		if slices.Contains(p.Options, word) {
			return p
		}
	}
	r.t.Fatalf("nothing offers %q; the window shows:\n%s", word, strings.Join(r.texts(), "\n"))
	return nil
}

func TestMoreSetsWhatFewPeopleNeed(t *testing.T) {
	r := copiesOf(t, 0)
	r.engine.Change(func(w *pretend.World) { w.Plan = nil })
	if !r.sees("More (1 set apart)") {
		t.Errorf("nothing says that more is set; the dialog shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.unfold("More (1 set apart)")
	r.unfold("More filters (1 set apart)")
	entries := r.entries()
	if entries[0].Text != "30" {
		t.Errorf("%q days back", entries[0].Text)
	}
	entries[0].SetText("thirty")
	if !r.button("Save").Disabled() || !r.sees("Write a number of days (30d), or all that Twinday looks at.") {
		t.Error("days that are no number can be saved")
	}
	entries[0].SetText("60")
	r.tick("Focus time")
	r.unfold("Reminders")
	p := r.pickWith("These…")
	p.SetSelected("These…")
	i := slices.IndexFunc(r.entries(), func(e *entry) bool { return e.Text == "" && e.PlaceHolder == "10m,2h" })
	r.entries()[i].SetText("10m,2h")
	r.tap("Save")
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })
	m, _ := r.w.mirror("m1")
	n := m.Mapping(pretend.Work, pretend.Office)
	for key, want := range map[string]string{"filter.past": "60d", "filter.types": "meeting,from-mail,out-of-office", "reminders": "fixed 10m,2h", "filter.days": "mon-fri", "title": "constant Busy"} {
		if got := value(n, key); got != want {
			t.Errorf("%s became %q, want %q", key, got, want)
		}
	}
}

func TestNameAndConflictsOfAMirror(t *testing.T) {
	r := copiesOf(t, 0)
	r.engine.Change(func(w *pretend.World) { w.Plan = nil })
	all := r.entries()
	name := all[len(all)-1]
	if name.Text != "Work – Office" {
		t.Fatalf("the name is %q", name.Text)
	}
	name.SetText(" ")
	if !r.button("Save").Disabled() || !r.sees("A mirror needs a name.") {
		t.Error("a mirror without a name can be saved")
	}
	name.SetText("The two")
	r.pickWith("The later one").SetSelected("The one in Calendar (ada@outlook.example)")
	r.tap("Save")
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })
	if m, _ := r.w.mirror("m1"); m.Name != "The two" || m.Conflicts != state.MemberWins(pretend.Office) {
		t.Errorf("it became %q, %q", m.Name, m.Conflicts)
	}
}

// part does what an item of the menu says that a cell of the matrix opens.
func (r *rig) part(mirror int, ref state.Ref, words string) {
	r.t.Helper()
	for _, x := range r.w.cals.parts(r.w.status.Mirrors[mirror].Mirror, r.w.calendars[ref]) {
		if x.Label == words {
			x.Action()
			return
		}
	}
	r.t.Fatalf("%v cannot take part so: %q", ref, words)
}

func TestTheMatrixChangesWhoTakesPart(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	r.until("the matrix", func() bool { return slices.Contains(r.texts(), "both ways") && slices.Contains(r.texts(), "sends") })
	r.part(0, pretend.Choir, "Sends only: nothing is written here")
	r.called("ChangeMirror m1 ada@lovelace.example//off=false AAMk-calendar//off=false AAMk-choir/send/off=false")
	r.until("it takes part", func() bool { m, _ := r.w.mirror("m1"); return m.Has(pretend.Choir) })
	r.until("no dialog", func() bool { return len(r.w.popups) == 0 })
	r.part(0, pretend.Choir, "Take out of the mirror")
	if !r.sees("“Choir” is no longer kept alike by “Work – Office”. What is in it stays, copies too, as plain events.") {
		t.Error("nothing says what becomes of it")
	}
	r.tap("Take it out")
	r.until("it is out", func() bool { m, _ := r.w.mirror("m1"); return !m.Has(pretend.Choir) })
	for _, ref := range []state.Ref{{Account: pretend.Work.Account, Calendar: "holidays"}, {Account: pretend.Office.Account, Calendar: "boss"}} {
		for _, x := range r.w.cals.parts(r.w.status.Mirrors[0].Mirror, r.w.calendars[ref]) {
			if x.Label == "Both ways" || ref.Calendar == "boss" {
				t.Errorf("%s is offered as %q", ref.Calendar, x.Label)
			}
		}
	}
}

func TestOneMirrorIsPaused(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	r.until("the mirrors", func() bool { return r.sees("Settings…") })
	r.tap("Pause")
	r.until("the pause", func() bool { m, _ := r.w.mirror("m2"); return m.Paused && r.sees("Paused: nothing crosses") })
	r.until("no dialog", func() bool { return len(r.w.popups) == 0 })
	r.tap("Resume")
	r.until("it goes on", func() bool { m, _ := r.w.mirror("m2"); return !m.Paused })
}

// A change of who takes part shows its plan first.
func TestAChangeOfMembersShowsItsPlan(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	r.until("the mirrors", func() bool { return len(r.checks()) >= 5 })
	r.engine.Change(func(w *pretend.World) { w.PlanMembers = true })
	r.part(0, pretend.Office, "Switch off for now")
	r.until("the plan", func() bool { return r.sees("What this changes") })
	if calls := r.engine.Calls(); slices.ContainsFunc(calls, func(s string) bool { return strings.HasPrefix(s, "ChangeMirror") }) {
		t.Error("it was changed before its plan was seen")
	}
	r.tap("Back")
	if m, _ := r.w.mirror("m1"); m.Members[1].Off || len(r.w.popups) != 0 {
		t.Error("it was changed all the same")
	}
}
