package pages

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

// copiesOf opens the dialog of one of the lively world's mirrors.
func copiesOf(t *testing.T, mirror int) *rig {
	t.Helper()
	r := lively(t)
	r.tap("Calendars")
	r.w.showCopies(r.w.status.Mirrors[mirror].Mirror)
	return r
}

// options are the levels that can be seen, in order.
func (r *rig) options() (out []*option) {
	r.visible(func(o fyne.CanvasObject) {
		if x, ok := o.(*option); ok {
			out = append(out, x)
		}
	})
	return out
}

func (r *rig) chosen() (out []string) {
	for _, o := range r.options() {
		if o.chosen {
			out = append(out, o.title.Text)
		}
	}
	return out
}

// box finds the last check box that can be seen with this label.
func (r *rig) box(label string) *check {
	r.t.Helper()
	var found *check
	r.visible(func(o fyne.CanvasObject) {
		if c, ok := o.(*check); ok && c.Text == label {
			found = c
		}
	})
	if found == nil {
		r.t.Fatalf("no check box %q; the window shows:\n%s", label, strings.Join(r.texts(), "\n"))
	}
	return found
}

// picks are the choices that can be seen, in order.
func (r *rig) picks() (out []*pick) {
	r.visible(func(o fyne.CanvasObject) {
		if p, ok := o.(*pick); ok {
			out = append(out, p)
		}
	})
	return out
}

// entries are the lines of text that can be seen, in order.
func (r *rig) entries() (out []*entry) {
	r.visible(func(o fyne.CanvasObject) {
		if e, ok := o.(*entry); ok {
			out = append(out, e)
		}
	})
	return out
}

const m1 = "ChangeMirror m1 ada@lovelace.example//off=false AAMk-calendar//off=false"

func TestTheLevelIsShownInTheMirrorsRow(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	if !r.sees("Busy only →") || !r.sees("Custom →") || r.sees("Everything") {
		t.Errorf("the page shows:\n%s", strings.Join(r.texts(), "\n"))
	}
}

func TestTheDialogShowsWhatIsInForce(t *testing.T) {
	r := copiesOf(t, 0)
	if got := r.chosen(); !slices.Equal(got, []string{"Busy only", "Everything"}) {
		t.Errorf("the levels are %q", got)
	}
	for _, s := range []string{
		"Settings of “Work – Office”", "Copies in Calendar of events from Work", "Copies in Work of events from Calendar",
		"Which events cross: not what you declined, Mon–Fri, without “lunch, 1:1”…", "It waits under Decisions, with the names of those who would get mail.",
	} {
		if !r.sees(s) {
			t.Errorf("the dialog does not say %q", s)
		}
	}
	test.Tap(r.button("Which events cross: not what you declined, Mon–Fri, without “lunch, 1:1”…"))
	if !r.box("Fri").Checked || r.box("Sat").Checked || !r.box("Leave out what you declined").Checked || r.entries()[1].Text != "lunch, 1:1" {
		t.Error("the filters are not those in force")
	}
	if !r.sees("1 filter is set besides; More shows it.") {
		t.Error("a filter that the window does not offer is kept from the person")
	}
}

func TestThePlanOfAPausedMirrorSaysWhen(t *testing.T) {
	r := copiesOf(t, 0)
	r.engine.Change(func(w *pretend.World) { w.Status.Mirrors[0].Paused = true })
	r.until("it is paused", func() bool { return r.w.status.Mirrors[0].Paused })
	r.w.escape()
	r.w.showCopies(r.w.status.Mirrors[0].Mirror)
	test.Tap(r.options()[1])
	r.tap("Save")
	r.until("the plan", func() bool { return r.sees("The mirror is paused: this happens once it is resumed.") })
}

func TestThePlanIsSeenBeforeAnythingChanges(t *testing.T) {
	r := copiesOf(t, 0)
	test.Tap(r.options()[1])
	r.tap("Save")
	r.until("the plan", func() bool { return r.sees("12 copies change, 3 copies are removed, nothing at home is deleted.") })
	if !r.sees("Besides, 1 change is due with or without this.") || r.sees("Market day") {
		t.Errorf("the plan shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tap("Show all 15")
	if !r.sees("Design review 1") || !r.sees("Change in Calendar: title, place and notes · what copies show was changed") || r.sees("Stand-up") {
		t.Errorf("the list shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tap("Back")
	if len(r.engine.Calls()) != 0 || len(r.w.popups) != 1 || r.chosen()[0] != "Title and time" {
		t.Fatalf("back again, and the engine was told %q", r.engine.Calls())
	}
	r.tap("Save")
	r.until("the plan", func() bool { return r.sees("12 copies change") })
	r.tap("Apply")
	// What was set besides the level is as it was, down to what the window does not offer.
	r.called(m1 + ` mappings=[{"to":"ada@outlook.example/AAMk-calendar","mapping":{"version":1,"detail":"title and time",` +
		`"filter":{"titleExclude":"lunch|1:1","days":["MO","TU","WE","TH","FR"],"pastDays":30}}}] seen=gone1,gone2,gone3`)
	r.until("both dialogs close", func() bool { return len(r.w.popups) == 0 && r.sees("Title and time →") })
}

func TestCancelChangesNothing(t *testing.T) {
	for _, leave := range []func(*rig){
		func(r *rig) { r.tap("Cancel") },
		func(r *rig) { r.options()[0].TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape}) },
		func(r *rig) { r.box("Private events show as Busy").TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape}) },
		func(r *rig) { r.picks()[0].TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape}) },
		func(r *rig) { // changed back by hand
			test.Tap(r.options()[2])
			test.Tap(r.box("Private events show as Busy"))
			test.Tap(r.box("Private events show as Busy"))
			r.tap("Save")
		},
	} {
		r := copiesOf(t, 0)
		test.Tap(r.options()[0])
		leave(r)
		if len(r.w.popups) != 0 || len(r.engine.Calls()) != 0 {
			t.Errorf("%d dialogs are open, the engine was told %q", len(r.w.popups), r.engine.Calls())
		}
	}
}

func TestWhatWasChangedIsChangedAlone(t *testing.T) {
	r := copiesOf(t, 0)
	r.engine.Change(func(w *pretend.World) { w.Plan = nil }) // so that it is made at once
	test.Tap(r.box("Private events show as Busy"))           // the last: of the second direction
	r.tap("Which events cross: not what you declined")
	test.Tap(r.box("Leave out what you declined"))
	test.Tap(r.box("Sun"))
	r.picks()[0].SetSelectedIndex(1)
	r.picks()[1].SetSelectedIndex(1)
	r.entries()[0].SetText("8:00–18:00")
	r.entries()[1].SetText("C++, dentist ")
	r.picks()[2].SetSelectedIndex(1)
	r.picks()[3].SetSelectedIndex(1)
	if !r.sees("The copy becomes as it was. Nobody hears of it.") || !r.sees("At home it is declined too. No mail is sent.") {
		t.Error("the rules are not explained")
	}
	r.tap("Save")
	r.called(m1 + ` mappings=[{"to":"ada@outlook.example/AAMk-calendar","mapping":{"version":1,"detail":"busy only",` +
		`"filter":{"titleExclude":"lunch|1:1","days":["MO","TU","WE","TH","FR"],"pastDays":30}}},` +
		`{"from":"ada@outlook.example/AAMk-calendar","to":"ada@lovelace.example/ada@lovelace.example","mapping":{"showPrivate":true,` +
		`"filter":{"responses":[],"allDay":"busy","titleExclude":"C\\+\\+|dentist","days":["MO","TU","WE","TH","FR","SA"],"hours":"08:00-18:00"},"outOfScope":"keep"}}]` +
		` guests="revert" invitations="decline"`)
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })
}

func TestCustomSettingsSurvive(t *testing.T) {
	r := copiesOf(t, 1)
	r.engine.Change(func(w *pretend.World) { w.Plan = nil })
	choir := slices.IndexFunc(r.options(), func(o *option) bool { return o.title.Text == "Custom" })
	if choir < 0 || !r.options()[choir].chosen || !r.sees("Settings of its own, left as they are. More shows them.") {
		t.Fatalf("the dialog shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	test.Tap(r.options()[choir-1]) // busy only, and back again
	test.Tap(r.options()[choir])
	test.Tap(r.box("Private events show as Busy")) // of Choir in Team plans
	r.tap("Save")
	own := `"detail":"title and time",`
	rest := `"title":{"lens":"copy","prefix":"[Choir] "},"reminders":{"lens":"fixed","before":["1h"]}`
	r.called(`ChangeMirror m2 family@home.example//off=false AAMk-choir/send/off=false team/receive/off=true` +
		` mappings=[{"from":"ada@outlook.example/AAMk-choir","mapping":{"version":1,` + own + rest + `}},` +
		`{"from":"ada@outlook.example/AAMk-choir","to":"ada@lovelace.example/team","mapping":{"version":1,` + own + `"showPrivate":true,` + rest + `}}]`)
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })

	// A level that is picked gives them up.
	r.w.showCopies(r.w.status.Mirrors[1].Mirror)
	test.Tap(r.options()[choir-1])
	r.tap("Save")
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })
	m, _ := r.w.mirror("m2")
	r.until("the mirror is changed", func() bool {
		m, _ = r.w.mirror("m2")
		return levelName(m.Mapping(pretend.Choir, pretend.Family)) == "Busy only"
	})
	if n := m.Mapping(pretend.Choir, pretend.Team); levelName(n) != "Custom" || !n.ShowPrivate {
		t.Error("another direction lost what was its own")
	}
}

func TestNothingIsSavedThatMakesNoSense(t *testing.T) {
	r := copiesOf(t, 0)
	r.tap("Which events cross: not what you declined")
	hours := r.entries()[0]
	hours.SetText("from eight")
	if !r.button("Save").Disabled() || !r.sees("Write hours like 08:00-18:00, or nothing for any.") {
		t.Error("hours that are none can be saved")
	}
	r.tap("Which events cross")
	if !r.sees("Write hours") {
		t.Error("what keeps it from being saved is out of sight")
	}
	hours.SetText("")
	for _, day := range []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} {
		test.Tap(r.box(day))
	}
	if !r.button("Save").Disabled() || !r.sees("Choose one day at least.") || r.sees("Write hours") {
		t.Error("no day can be saved")
	}
	test.Tap(r.box("Mon"))
	if r.button("Save").Disabled() || r.sees("Choose one day") {
		t.Error("the warning stays")
	}
}

func TestAFailingPlanSaysTheWayOut(t *testing.T) {
	r := rigUp(t, pretend.Unplanned(now), Options{})
	r.until("the mirrors", func() bool { return r.sees("Work – Calendar") })
	r.w.showCopies(r.w.status.Mirrors[0].Mirror)
	test.Tap(r.options()[0])
	r.tap("Save")
	if !r.sees("Looking what changes…") {
		t.Error("the window does not show that it waits")
	}
	r.until("the reason", func() bool { return r.sees("sign in again under Calendars") })
	r.engine.Change(func(w *pretend.World) { w.Fail = nil })
	r.tap("Try again")
	r.until("the plan", func() bool { return r.sees("12 copies change") })
	r.engine.Change(func(w *pretend.World) { w.Fail = map[string]error{"ChangeMirror": errors.New("no such luck")} })
	r.tap("Apply")
	r.until("the reason", func() bool { return r.sees("No such luck") })
	r.tap("Close")
	if !r.sees("12 copies change") || r.chosen()[0] != "Everything" {
		t.Error("what was chosen is lost, or cannot be tried again")
	}
}

func TestAPlanThatCouldNotSeeAllSaysSo(t *testing.T) {
	r := copiesOf(t, 0)
	r.engine.Change(func(w *pretend.World) {
		w.Plan, w.Due = nil, nil
		w.PlanProblems = []control.ProblemNote{{What: "Work cannot be read.", WayOut: "Sign in again."}}
	})
	test.Tap(r.options()[0])
	r.tap("Save")
	r.until("the plan", func() bool { return r.sees("As far as could be read, no event changes.") })
	if !r.sees("Work cannot be read. Sign in again.") || len(r.engine.Calls()) != 0 {
		t.Error("it is made without a question")
	}
}

func TestAPlanCanBeGivenUp(t *testing.T) {
	r := copiesOf(t, 0)
	r.engine.Change(func(w *pretend.World) { w.Hang = true })
	test.Tap(r.options()[0])
	r.tap("Save")
	r.tap("Cancel") // the waiting
	if r.sees("Looking what changes…") || r.chosen()[0] != "Everything" {
		t.Error("what was chosen is lost")
	}
	r.engine.Change(func(w *pretend.World) { w.Hang = false })
	r.tap("Save")
	r.until("the plan", func() bool { return r.sees("12 copies change") })
	if len(r.w.popups) != 2 || len(r.engine.Calls()) != 0 {
		t.Errorf("%d dialogs are open, the engine was told %q", len(r.w.popups), r.engine.Calls())
	}
}

// The engine changes a mirror after the pass that is under way.
func TestAChangeThatTakesLongCanBeLeftAlone(t *testing.T) {
	r := copiesOf(t, 0)
	test.Tap(r.options()[0])
	r.tap("Save")
	r.until("the plan", func() bool { return r.sees("12 copies change") })
	r.engine.Change(func(w *pretend.World) { w.Hang = true })
	r.tap("Apply")
	if !r.sees("Changing the mirror…") {
		t.Error("the window does not show that it waits")
	}
	r.tap("Close")
	if len(r.w.popups) != 0 {
		t.Errorf("%d dialogs are open", len(r.w.popups))
	}
	if calls := r.engine.Calls(); len(calls) > 1 {
		t.Errorf("the engine was told %q", calls)
	}
}

func TestAChangeMadeMeanwhileIsKept(t *testing.T) {
	r := copiesOf(t, 0)
	test.Tap(r.options()[1])
	r.engine.Change(func(w *pretend.World) {
		w.Plan = nil
		m := &w.Status.Mirrors[0]
		m.Name = "Renamed"
		m.Guests = state.ApplyGuests
		m.Mappings = []state.PairMapping{{To: pretend.Office, Mapping: state.Mapping{Detail: state.BusyOnly, Filter: state.Filter{Future: 90}}}}
	})
	r.until("the news", func() bool { m, _ := r.w.mirror("m1"); return m.Name == "Renamed" })
	r.tap("Save")
	r.until("the dialog closes", func() bool { return len(r.w.popups) == 0 })
	r.until("the change", func() bool { m, _ := r.w.mirror("m1"); return m.Mappings[0].Detail == state.TitleAndTime })
	if m, _ := r.w.mirror("m1"); m.Name != "Renamed" || m.Guests != state.ApplyGuests || m.Mappings[0].Filter.Future != 90 {
		t.Errorf("the mirror became %+v", m)
	}
}

func TestTheKeyboardReachesWhatIsOutOfSight(t *testing.T) {
	r := copiesOf(t, 0)
	c := r.w.win.Canvas()
	all := r.options()
	c.Focus(all[0])
	all[0].TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	if c.Focused() != all[1] {
		t.Error("down does not lead to the next level")
	}
	all[1].TypedRune(' ')
	if got := r.chosen()[0]; got != "Title and time" {
		t.Errorf("the space bar chose %q", got)
	}
	last := r.picks()[1]
	c.Focus(last)
	d := fyne.CurrentApp().Driver()
	at, save := d.AbsolutePositionForObject(last).Y+last.Size().Height, d.AbsolutePositionForObject(r.button("Save")).Y
	if at > save {
		t.Errorf("the last choice ends at %.0f, below the buttons at %.0f", at, save)
	}
}

func TestANewMirrorsCopiesShowWhatWasChosen(t *testing.T) {
	r := lively(t)
	r.tap("Calendars")
	r.tap("New mirror…")
	boxes := r.checks()[5:]
	test.Tap(boxes[0])
	test.Tap(boxes[4])
	if n := len(r.picks()); n != 4 {
		t.Fatalf("%d picks are offered, want way and level of each calendar", n)
	}
	r.picks()[3].SetSelected("Busy only")
	r.tap("Continue")
	r.until("the plan", func() bool { return r.sees("86 are made in Calendar") })
	r.tap("Start")
	r.called(`AddMirror "" ada@lovelace.example/ada@lovelace.example ada@outlook.example/AAMk-choir mappings=[{"from":"ada@outlook.example/AAMk-choir","mapping":{"detail":"busy only"}}]`)
}

func TestLongNamesKeepTheDialogInTheWindow(t *testing.T) {
	r := rigUp(t, pretend.Long(now), Options{})
	r.until("the calendars' names", func() bool { return r.w.calendars != nil && r.w.known })
	for _, m := range r.w.status.Mirrors {
		r.w.showCopies(m.Mirror)
		if got := r.w.popups[0].pop.MinSize().Width; got > 740 {
			t.Errorf("the dialog wants to be %.0f wide", got)
		}
		r.w.escape()
	}
}

// A mapping that is changed for one direction stays what it was for all others.
func TestAMappingIsChangedForOneDirectionOnly(t *testing.T) {
	a, b, c := state.Ref{Account: "x", Calendar: "a"}, state.Ref{Account: "x", Calendar: "b"}, state.Ref{Account: "x", Calendar: "c"}
	busy, titles := state.Mapping{Detail: state.BusyOnly}, state.Mapping{Detail: state.TitleAndTime}
	for _, members := range [][]state.Ref{{a, b}, {a, b, c}} {
		for _, all := range [][]state.PairMapping{
			nil, {{Mapping: busy}}, {{To: b, Mapping: busy}}, {{From: a, Mapping: busy}}, {{From: a, To: b, Mapping: busy}},
			{{Mapping: titles}, {To: b, Mapping: busy}}, {{From: a, Mapping: titles}, {To: b, Mapping: busy}, {Mapping: busy}},
		} {
			m := state.Mirror{Mappings: all}
			for _, ref := range members {
				m.Members = append(m.Members, state.Member{Ref: ref})
			}
			before := slices.Clone(all)
			for _, d := range waysOf(m) {
				for _, want := range []state.Mapping{{}, busy, titles} {
					n := withMapping(m, d, want)
					for _, o := range waysOf(m) {
						expect := m.Mapping(o.from, o.to)
						if o == d {
							expect = want
						}
						if !sameMapping(n.Mapping(o.from, o.to), expect) {
							t.Errorf("%v: %v to %q: %v is %q now", all, d, want.Detail, o, n.Mapping(o.from, o.to).Detail)
						}
					}
					if sameMapping(want, m.Mapping(d.from, d.to)) && len(n.Mappings) > len(all) {
						t.Errorf("%v: %v was so already, and %d mappings are kept for it", all, d, len(n.Mappings))
					}
				}
			}
			if !slices.EqualFunc(before, all, func(x, y state.PairMapping) bool { return x.Detail == y.Detail && x.From == y.From && x.To == y.To }) {
				t.Error("the mirror that was read is changed as well")
			}
		}
	}
}

func TestWordsToLeaveOut(t *testing.T) {
	for expr, want := range map[string]string{
		"": "", "lunch": "lunch", "lunch|1:1": "lunch, 1:1", `C\+\+|a\|b`: "C++, a|b", `what\?`: "what?",
	} {
		got, ok := wordsOf(expr)
		if got != want || !ok {
			t.Errorf("%q is %q, %v", expr, got, ok)
		}
		if back := exprOf(got); back != expr {
			t.Errorf("%q comes back as %q", expr, back)
		}
	}
	for _, expr := range []string{"^visit", "a.b", "(a|b)", "a||b", "a, b", `\bx`, "x{1,2}"} {
		if got, ok := wordsOf(expr); ok || got != expr {
			t.Errorf("the regular expression %q passes for the words %q", expr, got)
		}
	}
	if got := exprOf(" , lunch,, "); got != "lunch" {
		t.Errorf("commas alone make %q", got)
	}
}

func TestAnswersOtherThanDeclinedStay(t *testing.T) {
	m := state.Mapping{Filter: state.Filter{Responses: &[]calendar.Response{calendar.NeedsAction, calendar.Declined}}}
	if declinedCross(m) {
		t.Error("declined ones do not cross")
	}
	if err := withDeclined(&m, true); err != nil || value(m, "filter.responses") != "needs-action" {
		t.Errorf("%q, %v", value(m, "filter.responses"), err)
	}
	if err := withDeclined(&m, false); err != nil || declinedCross(m) {
		t.Errorf("%q, %v", value(m, "filter.responses"), err)
	}
}

func TestPlansInWordsAndNumbers(t *testing.T) {
	step := func(kind state.StepKind, held state.HoldReason) control.StepResult {
		return control.StepResult{Step: state.Step{Kind: kind, Held: held, Fact: string(kind) + string(held)}}
	}
	c := control.Change{Plan: control.Report{Steps: []control.StepResult{
		step(state.Update, ""), step(state.Delete, state.HoldMassDeletion), step(state.Create, ""), step(state.Create, ""),
		step(state.Adopt, ""), step(state.Answer, ""), step(state.Update, state.HoldGuests), step(state.Skip, ""),
	}}}
	if got, want := planLine(c, true), "1 copy changes, 1 copy is removed, 2 copies are made, 1 event is linked, 1 invitation is answered, without a mail, 1 change waits for your decision, nothing at home is deleted."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := planLine(c, false), "1 event changes, 1 event is deleted, 2 events are made, 1 event is linked, 1 invitation is answered, without a mail, 1 change waits for your decision."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
