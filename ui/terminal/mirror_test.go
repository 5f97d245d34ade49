package terminal

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// What a mirror prints, edit reads, and nothing is changed by it.
func TestAMirrorIsReadAsItIsPrinted(t *testing.T) {
	show := &run{fake: mapped(), args: []string{"mirror", "show", "m1", "--json"}}
	show.do(t.Context())
	edit := &run{fake: mapped(), args: []string{"mirror", "edit", "m1", "--file", "-"}, stdin: show.out.String()}
	edit.do(t.Context())
	if edit.exit != ExitDone || !strings.Contains(edit.out.String(), "so already") {
		t.Errorf("exit %d: %s%s", edit.exit, &edit.out, &edit.errs)
	}
}

// A direction that gets its own settings starts with those that held for it.
func TestADirectionStartsWithWhatHeld(t *testing.T) {
	m := mapped().mirrors[0].Mirror
	for _, test := range []struct {
		from, to string
		want     state.Detail
	}{
		{"", "", state.TitleAndTime},
		{"", "home/me@gmail.com", state.TitleAndTime},
		{"", teamCal.String(), state.BusyOnly},
		{workCal.String(), teamCal.String(), state.BusyOnly},
		{workCal.String(), "", state.TitleAndTime},
	} {
		e := mirrorEdit{from: test.from, to: test.to, set: map[string]string{"title.suffix": " x"}}
		got, _, err := e.changed(t.Context(), mapped(), m, nil, names{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := e.scope(t.Context(), mapped(), m)
		if err != nil {
			t.Fatal(err)
		}
		p := got.Mappings[mappingOf(got, s)]
		if p.Detail != test.want || p.Title.Suffix != " x" {
			t.Errorf("from %q to %q: %+v", test.from, test.to, p)
		}
		if d := cmp.Diff(mapped().mirrors[0].Mirror, m); d != "" {
			t.Fatalf("the mirror that was read is changed as well:\n%s", d)
		}
	}
}

// The plan of a change is what it brings with it; the person agrees to that alone.
func TestAPlanIsTheChangesOwn(t *testing.T) {
	step := func(kind state.StepKind, title string, held state.HoldReason, fact string) control.StepResult {
		return control.StepResult{Step: state.Step{Kind: kind, Ref: workCal, Title: title, Held: held, Fact: fact}}
	}
	f := mapped()
	f.due.Steps = []control.StepResult{
		step(state.Delete, "was due", "", "f1"),
		step(state.Delete, "was held", state.HoldMassDeletion, "f2"),
		step(state.Update, "was due", "", ""),
	}
	f.change = []control.StepResult{
		step(state.Delete, "new", "", "f3"),
		step(state.Delete, "new and many", state.HoldMassDeletion, "f4"),
		step(state.Delete, "with guests", state.HoldGuests, "f5"),
		step(state.Create, "made", "", ""),
		step(state.Adopt, "linked", "", ""),
		step(state.Skip, "skipped", "", ""),
	}
	is := f.mirrors[0].Mirror
	want := is
	want.Mappings = nil
	c, err := control.PlanChange(t.Context(), f, is, want)
	r := c.Plan
	if err != nil || c.Due != 3 || len(r.Steps) != 6 {
		t.Fatalf("%d due, %d steps, %v", c.Due, len(r.Steps), err)
	}
	seen := c.Agreed()
	if d := cmp.Diff([]string{"f3", "f4"}, seen); d != "" {
		t.Errorf("agreed to (-want +got):\n%s", d)
	}
	if n := waiting(r, seen); n != 1 {
		t.Errorf("%d steps wait, want the one with guests", n)
	}
	line := "2 copies are removed, 1 copy is made, 1 event is linked, 1 step waits for your decision ('twinday held'); nothing at home is deleted"
	if got := planLine(r, seen, true); got != line {
		t.Errorf("got  %s\nwant %s", got, line)
	}
	if got := planLine(r, seen, false); !strings.HasPrefix(got, "2 events are deleted") || strings.Contains(got, "home") {
		t.Errorf("a rule may reach home, and the line says %s", got)
	}
	r.Steps = []control.StepResult{step(state.Answer, "declined", "", "")}
	if got := planLine(r, nil, false); got != "1 invitation is answered, without a mail" {
		t.Errorf("of an answer alone the line says %s", got)
	}
}

// Nobody would look before a pause, if it hid what comes after it.
func TestAPausedMirrorsChangeIsPlanned(t *testing.T) {
	f := mapped()
	f.mirrors[0].Paused = true
	f.change = []control.StepResult{{Step: state.Step{Kind: state.Update, Ref: workCal, Title: "Lunch"}}}
	r := &run{fake: f, args: []string{"mirror", "edit", "m1", "--detail", "busy-only", "--yes"}}
	r.do(t.Context())
	if out := r.out.String(); r.exit != ExitDone || !strings.Contains(out, "The mirror is paused: this happens once it is resumed.") || strings.Contains(out, "next pass") {
		t.Errorf("exit %d: %s%s", r.exit, &r.out, &r.errs)
	}
	if !f.mirrors[0].Paused {
		t.Error("it was resumed")
	}
}

// What guests held and a rule now lets go home is the change's doing.
func TestARuleThatLetsStepsGoIsSeenInThePlan(t *testing.T) {
	f := mapped()
	held := state.Step{Kind: state.Delete, Ref: homeCal, Title: "Board", Held: state.HoldGuests, Fact: "f"}
	free := held
	free.Held = ""
	f.due.Steps = []control.StepResult{{Step: held}}
	f.change = []control.StepResult{{Step: free}}
	r := &run{fake: f, args: []string{"mirror", "edit", "m1", "--guests", "apply"}}
	r.do(t.Context())
	if r.exit != ExitUsage || !strings.Contains(r.out.String(), "1 event is deleted.\n") {
		t.Errorf("exit %d: %s%s", r.exit, &r.out, &r.errs)
	}
}

// Something that waits for the person after all makes the exit code 3; a calendar
// that could not be read makes a plan worth a question.
func TestAnIncompletePlanIsAskedAbout(t *testing.T) {
	f := mapped()
	f.change = []control.StepResult{{Step: state.Step{Kind: state.Update, Ref: homeCal, Held: state.HoldGuests, Fact: "f"}}}
	r := &run{fake: f, args: []string{"mirror", "edit", "m1", "--detail", "busy-only", "--yes", "--json"}}
	r.do(t.Context())
	var out MirrorEdit
	if err := json.Unmarshal(r.out.Bytes(), &out); err != nil || r.exit != ExitHeld || !out.Applied || out.Plan.Held != 1 {
		t.Errorf("exit %d, %+v, %v", r.exit, out, err)
	}
	f = mapped()
	f.due.Problems = []control.ProblemNote{{Ref: workCal, What: "The calendar cannot be read", WayOut: "Try again."}}
	r = &run{fake: f, args: []string{"mirror", "edit", "m1", "--detail", "busy-only"}}
	r.do(t.Context())
	if r.exit != ExitUsage || !strings.Contains(r.out.String(), "not all calendars could be read") || len(f.told) > 0 {
		t.Errorf("exit %d, told %q: %s%s", r.exit, f.told, &r.out, &r.errs)
	}
}

// Where colours are welcome, defaults stand back.
func TestDefaultsAreFaint(t *testing.T) {
	var out bytes.Buffer
	a := &app{Deps: Deps{Color: true}, out: &out}
	a.print(settingTable(state.Mapping{Detail: state.BusyOnly}, true))
	lines := strings.Split(out.String(), "\n")
	if !strings.HasPrefix(lines[0], "\x1b[1mSETTING") || !strings.HasPrefix(lines[1], "detail") || !strings.HasPrefix(lines[2], "\x1b[2mprivate") {
		t.Errorf("%q", lines[:3])
	}
}

// The page on mappings leaves no setting and no rule out.
func TestEverySettingHasItsPlaceInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range state.Settings {
		base, _, _ := strings.Cut(s.Key, ".")
		if base == "place" || base == "notes" {
			continue // as the title
		}
		if !strings.Contains(string(page), "`"+s.Key+"`") && !strings.Contains(string(page), "`"+s.Key+"=") && !strings.Contains(string(page), "'"+s.Key+"=") {
			t.Errorf("docs/mapping.md does not explain %s", s.Key)
		}
	}
	examples := regexp.MustCompile("`'?([a-z.-]+)=([^`]*?)'?`").FindAllSubmatch(page, -1)
	if len(examples) < 30 {
		t.Errorf("found %d examples: the page must have changed its shape", len(examples))
	}
	for _, x := range examples {
		s, err := state.SettingOf(string(x[1]))
		if err == nil {
			err = s.Set(&state.Mapping{}, string(x[2]))
		}
		if err != nil {
			t.Errorf("docs/mapping.md shows %s=%s: %v", x[1], x[2], err)
		}
	}
	for _, w := range conflictRules().words() {
		if !strings.Contains(string(page), "`--conflicts "+w+"`") {
			t.Errorf("docs/mapping.md does not explain the rule %s", w)
		}
	}
	for _, r := range []rules{guestRules(), invitationRules()} {
		for _, w := range r.words() {
			if !strings.Contains(string(page), "`"+w+"`") {
				t.Errorf("docs/mapping.md does not explain the rule %s", w)
			}
		}
	}
}

// What was left out one by one can be taken in after all, and stays out with any other change.
func TestWhatWasLeftOutIsTakenIn(t *testing.T) {
	for _, c := range []struct {
		args []string
		left int
	}{
		{[]string{"--guests", "apply"}, 1},
		{[]string{"--take-in"}, 0},
	} {
		f := mapped()
		f.mirrors[0].LeftOut = []state.LeftOut{{From: workCal, Event: "x"}}
		r := &run{fake: f, args: append([]string{"mirror", "edit", "m1", "--yes", "--json"}, c.args...)}
		r.do(t.Context())
		var edit MirrorEdit
		if err := json.Unmarshal(r.out.Bytes(), &edit); err != nil || r.exit != ExitDone || !edit.Applied || len(edit.Mirror.LeftOut) != c.left {
			t.Errorf("%v: exit %d, %v: %s%s", c.args, r.exit, err, &r.out, &r.errs)
		}
	}
}
