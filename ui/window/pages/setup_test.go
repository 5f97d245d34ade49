package pages

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/window/pretend"
)

func TestTheFirstRunBeginsWithTheAccounts(t *testing.T) {
	demo := 0
	r := rigUp(t, pretend.Empty(now), Options{Demo: func() error { demo++; return nil }})
	r.until("the first step", func() bool { return r.sees("Connect your accounts") })
	for _, s := range []string{"Continue", "Sync now", "Pause", "Activity"} {
		if slices.Contains(r.texts(), s) {
			t.Errorf("%q is offered, and there is no account", s)
		}
	}
	r.tap("Try the demo")
	r.until("the demo can be started again", func() bool { return demo == 1 && !r.button("Try the demo").Disabled() })

	r.engine.Change(func(w *pretend.World) { *w = pretend.OneAccount(now) })
	r.until("the account", func() bool { return r.sees("family@home.example") && r.sees("Google · 1 calendar") })
	if !r.button("Continue").Disabled() || !r.sees("One more account") || r.sees("Try the demo") {
		t.Error("one calendar is enough, it seems")
	}
	r.engine.Change(func(w *pretend.World) { *w = pretend.Alone(now) })
	r.until("it goes on", func() bool { return r.sees("ada@outlook.example") && !r.button("Continue").Disabled() })
}

func TestADemoThatDoesNotStartSaysWhy(t *testing.T) {
	r := rigUp(t, pretend.Empty(now), Options{Demo: func() error { return errors.New("no room on this machine") }})
	r.until("the first step", func() bool { return r.sees("Try the demo") })
	r.tap("Try the demo")
	r.until("the reason", func() bool { return r.sees("No room on this machine") })
}

// alone is the window of a person with accounts and no mirror, at the second step.
func alone(t *testing.T) *rig {
	t.Helper()
	r := rigUp(t, pretend.Alone(now), Options{})
	r.until("the first step", func() bool { return r.sees("ada@outlook.example") && r.w.cals.list != nil })
	r.tap("Continue")
	return r
}

func TestWhatIsChosenIsPreviewed(t *testing.T) {
	r := alone(t)
	if r.sees("Activity") || !r.button("Continue").Disabled() || !r.sees("Tick two calendars or more") {
		t.Errorf("nothing is chosen yet: %s", strings.Join(r.texts(), "\n"))
	}
	test.Tap(r.checks()[0])
	test.Tap(r.checks()[3])
	r.until("the preview", func() bool { return r.sees("In Work, from Calendar") && r.sees("In Calendar, from Work") })
	if n := strings.Count(strings.Join(r.texts(), "\n"), "Room 4, second floor"); n != 2 {
		t.Errorf("the place is seen %d times, want on both sides", n)
	}
	picks := r.picks() // way and level of Work, then of Calendar
	picks[1].SetSelected("Busy only")
	r.until("it is busy only", func() bool { return r.sees("Busy") && r.sees("Place: hidden") })
	picks[2].SetSelected("sends only")
	r.until("one way", func() bool { return !r.sees("In Calendar, from Work") && r.sees("In Work, from Calendar") })
	if r.button("Continue").Disabled() {
		t.Error("one way is enough")
	}
	picks[0].SetSelected("sends only")
	if !r.button("Continue").Disabled() {
		t.Error("nothing would cross")
	}
	r.tap("Back")
	r.tap("Continue")
	if c := r.checks(); !c[0].Checked || c[1].Checked || r.picks()[1].Selected != "Busy only" {
		t.Error("what was chosen is forgotten on the way back")
	}
}

func TestTwoMainCalendarsAreChosenAlready(t *testing.T) {
	world := pretend.Alone(now)
	world.Status.Accounts, world.Calendars = world.Status.Accounts[:2], world.Calendars[:6]
	r := rigUp(t, world, Options{})
	r.until("the first step", func() bool { return r.sees("ada@outlook.example") && r.w.cals.list != nil })
	r.tap("Continue")
	r.until("the preview", func() bool { return r.sees("In Calendar, from Work") })
	page := r.w.home.root.(*container.Scroll)
	page.Resize(fyne.NewSize(page.Size().Width, 400))
	page.ScrollToBottom() // where Continue is
	r.tap("Continue")
	r.until("the plan", func() bool { return r.sees("86 are made in Calendar") })
	if page.Offset.Y != 0 {
		t.Errorf("the next step begins %g above the window", page.Offset.Y)
	}
	page.ScrollToBottom()
	r.tap("Start")
	r.called(`AddMirror "" ada@lovelace.example/ada@lovelace.example ada@outlook.example/AAMk-calendar`)
	r.until("the mirror", func() bool { return len(r.w.status.Mirrors) == 1 && !r.sees("Look and start") })
	if page.Offset.Y != 0 {
		t.Errorf("the first sync begins %g above the window", page.Offset.Y)
	}
}

// lines are the rows of the plan that can be seen.
func (r *rig) planLines() (out []*planLineView) {
	r.visible(func(o fyne.CanvasObject) {
		if l, ok := o.(*planLineView); ok {
			out = append(out, l)
		}
	})
	return out
}

func (r *rig) planLine(title string) *planLineView {
	r.t.Helper()
	for _, l := range r.planLines() {
		if l.head.Visible() && l.head.Text == title || l.line.Visible() && l.title.Text == title {
			return l
		}
	}
	r.t.Fatalf("no line %q in %s", title, strings.Join(r.texts(), "\n"))
	return nil
}

func (r *rig) plan() *keptList {
	r.t.Helper()
	var found *keptList
	r.visible(func(o fyne.CanvasObject) {
		if l, ok := o.(*keptList); ok {
			found = l
		}
	})
	if found == nil {
		r.t.Fatal("no plan")
	}
	return found
}

func planOf(t *testing.T, change func(*pretend.World)) *rig {
	t.Helper()
	world := pretend.Alone(now)
	if change != nil {
		change(&world)
	}
	r := rigUp(t, world, Options{})
	r.until("the first step", func() bool { return r.sees("ada@outlook.example") && r.w.cals.list != nil })
	r.tap("Continue")
	test.Tap(r.checks()[0])
	test.Tap(r.checks()[3])
	r.until("the preview", func() bool { return r.sees("In Calendar, from Work") })
	r.tap("Continue")
	return r
}

func TestLinesOfThePlanAreUnticked(t *testing.T) {
	r := planOf(t, nil)
	r.until("the plan", func() bool { return r.sees("128 copies are made, 5 events are linked, 3 are left out") })
	if n := len(r.planLines()); n != 4 {
		t.Fatalf("%d lines of a long plan, want its groups", n)
	}
	test.Tap(r.planLine("42 are made in Work").check) // the whole group
	if !r.sees("0 are made in Work") {
		t.Error("what was unticked is counted")
	}
	r.plan().Select(2) // the look-alikes unfold
	test.Tap(r.planLine("Workshop on punched cards").check)
	if !r.sees("4 are there already in Calendar, and are linked") {
		t.Error("what was unticked is counted")
	}
	if !r.sees("86 copies are made, 4 events are linked, 46 are left out") {
		t.Errorf("the sum: %s", strings.Join(r.texts(), "\n"))
	}
	r.plan().Select(r.plan().Length() - 1) // those left out say why
	if !r.sees("Both accounts are invited to it") {
		t.Errorf("why is not said: %s", strings.Join(r.texts(), "\n"))
	}
	r.tap("Start")
	r.until("it is asked for", func() bool { return len(r.engine.Calls()) > 0 })
	var call string
	for _, c := range r.engine.Calls() {
		if strings.HasPrefix(c, "AddMirror") {
			call = c
		}
	}
	if n := strings.Count(call, `"event":`); n != 42+2 {
		t.Errorf("%d events are left out, want 42 copies and both sides of one link: %s", n, call)
	}
	for _, want := range []string{
		`{"from":"ada@lovelace.example/ada@lovelace.example","event":"adopt-3","to":"ada@outlook.example/AAMk-calendar"}`,
		`{"from":"ada@outlook.example/AAMk-calendar","event":"there-3"}`,
		`{"from":"ada@outlook.example/AAMk-calendar","event":"create-41","to":"ada@lovelace.example/ada@lovelace.example"}`,
	} {
		if !strings.Contains(call, want) {
			t.Errorf("not left out: %s", want)
		}
	}
}

func TestALineIsTickedAgainByTheKeyboard(t *testing.T) {
	r := planOf(t, func(w *pretend.World) {
		w.FirstPlan = []control.StepResult{w.FirstPlan[2], w.FirstPlan[1], w.FirstPlan[0]}
	})
	r.until("the plan", func() bool { return r.sees("3 copies are made") })
	if len(r.planLines()) != 4 {
		t.Error("a short plan is folded")
	}
	if first, last := r.planLines()[1].title.Text, r.planLines()[3].title.Text; first != "Stand-up" || last != "Budget review" {
		t.Errorf("%s is before %s, though it is later", first, last)
	}
	r.w.win.Canvas().Focus(r.plan())
	for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyReturn} {
		r.plan().TypedKey(&fyne.KeyEvent{Name: k})
	}
	if !r.sees("2 copies are made, 1 is left out") || r.planLine("Stand-up").check.Checked {
		t.Error("it was not unticked")
	}
	r.plan().Select(1)
	if !r.sees("3 copies are made") || !r.planLine("Stand-up").check.Checked {
		t.Error("it was not ticked again")
	}
}

func TestAPlanOfThousandsBuildsOnlyWhatIsSeen(t *testing.T) {
	r := planOf(t, func(w *pretend.World) {
		for i := range 20000 {
			s := w.FirstPlan[0]
			s.Title, s.Born = fmt.Sprint("Meeting ", i), "b"
			w.FirstPlan = append(w.FirstPlan, s)
		}
	})
	r.until("the plan", func() bool { return r.sees("20,086 are made in Calendar") })
	r.plan().Select(0)
	if n := len(r.planLines()); n > 40 {
		t.Errorf("%d lines are drawn", n)
	}
}

func TestAPlanThatCannotBeMadeSaysWhy(t *testing.T) {
	r := planOf(t, func(w *pretend.World) {
		w.Fail = map[string]error{"PlanMirror": &control.Error{Code: control.CodeFailed, Message: "the calendar cannot be read"}}
	})
	r.until("the reason", func() bool { return r.sees("The calendar cannot be read") })
	r.engine.Change(func(w *pretend.World) { w.Fail = nil })
	r.tap("Try again")
	r.until("the plan", func() bool { return r.sees("86 are made in Calendar") })
	r.tap("Back")
	if !r.sees("Choose what mirrors what") {
		t.Error("there is no way back")
	}
}

func TestAMirrorThatIsRefusedCanBeMadeOtherwise(t *testing.T) {
	r := planOf(t, func(w *pretend.World) {
		w.Fail = map[string]error{"AddMirror": &control.Error{Code: control.CodeUsage, Message: "1200 events are left out one by one"}}
	})
	r.until("the plan", func() bool { return r.sees("86 are made in Calendar") })
	r.tap("Start")
	r.until("the reason", func() bool { return r.sees("1200 events are left out one by one") })
	r.tap("Close")
	if r.button("Start").Disabled() {
		t.Error("it cannot be tried again")
	}
}

func TestTheFirstPassSaysHowFarItIs(t *testing.T) {
	r := rigUp(t, pretend.FirstPass(now), Options{})
	r.until("the progress", func() bool { return r.sees("312 of 1,634 changes done") })
	if !r.sees("104 a minute, 13 minutes left. You can close the window at any time") || !r.sees("The first sync is under way.") {
		t.Errorf("it says: %s", strings.Join(r.texts(), "\n"))
	}
	if v := r.w.home.progress.bar.Value; v < 0.18 || v > 0.2 {
		t.Errorf("the bar is at %g", v)
	}
	r.engine.Change(func(w *pretend.World) { w.Status.Progress = nil })
	r.until("reading", func() bool { return r.sees("Reading the calendars…") })
	if !r.w.home.progress.wait.Running() {
		t.Error("nothing moves")
	}
	r.engine.Change(func(w *pretend.World) { w.Status.Activity, w.Status.LastSync = control.Fine, now })
	r.until("the end", func() bool { return !r.sees("Reading the calendars…") })
	if r.w.home.progress.wait.Running() {
		t.Error("an invisible bar repaints the window for ever")
	}
	r.engine.Change(func(w *pretend.World) {
		w.Status.Activity, w.Status.Progress = control.Syncing, &control.Progress{Total: 3}
	})
	r.until("a short pass", func() bool { return r.w.status.Progress != nil })
	if r.sees("of 3 changes") {
		t.Error("a few changes are made a fuss about")
	}
	if got := timeLeft(90 * time.Minute); got != "2 hours left" {
		t.Errorf("an hour and a half: %q", got)
	}
}
