package pages

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

var berlin = func() *time.Location {
	l, err := calendar.LoadZone("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return l
}()

// planned is a meeting of a test, on a day of March 2026: "9 09:00" to "9 10:00", or all day
// from "9" to before "10".
func planned(title, from, to string) control.AgendaEntry {
	at := func(s string) calendar.Time {
		day, clock, timed := strings.Cut(s, " ")
		if !timed {
			return calendar.Time{Local: fmt.Sprintf("2026-03-%02s", day)}
		}
		return calendar.Time{Local: fmt.Sprintf("2026-03-%02sT%s:00", day, clock), Zone: "Europe/Berlin"}
	}
	return control.AgendaEntry{Title: title, Start: at(from), End: at(to), Places: []control.AgendaPlace{{Ref: pretend.Work}}}
}

func TestAWeekIsPlaced(t *testing.T) {
	start := time.Date(2026, 3, 9, 0, 0, 0, 0, berlin)
	for name, c := range map[string]struct {
		entries []control.AgendaEntry
		want    []string // day, lane of lanes, hours; bars: days and row
		hours   string
	}{
		"one by one": {[]control.AgendaEntry{planned("a", "9 09:00", "9 10:00"), planned("b", "9 10:00", "9 11:30")},
			[]string{"a day 0, 1 of 1, 9-10", "b day 0, 1 of 1, 10-11.5"}, "8-18"},
		"side by side": {[]control.AgendaEntry{planned("a", "10 09:00", "10 11:00"), planned("b", "10 10:00", "10 12:00"), planned("c", "10 11:00", "10 12:00")},
			[]string{"a day 1, 1 of 2, 9-11", "b day 1, 2 of 2, 10-12", "c day 1, 1 of 2, 11-12"}, "8-18"},
		"too many": {[]control.AgendaEntry{planned("a", "9 09:00", "9 12:00"), planned("b", "9 09:00", "9 12:00"), planned("c", "9 09:30", "9 10:00"), planned("d", "9 10:00", "9 11:00"), planned("e", "9 10:00", "9 11:00")},
			[]string{"a day 0, 1 of 3, 9-12", "b day 0, 2 of 3, 9-12", "c+d+e day 0, 3 of 3, 9.5-11"}, "8-18"},
		"over midnight": {[]control.AgendaEntry{planned("a", "9 22:00", "10 01:00")},
			[]string{"a day 0, 1 of 1, 22-24", "a day 1, 1 of 1, 0-1"}, "0-24"},
		"until midnight":    {[]control.AgendaEntry{planned("a", "9 22:00", "10 00:00")}, []string{"a day 0, 1 of 1, 22-24"}, "8-24"},
		"no time at all":    {[]control.AgendaEntry{planned("a", "9 12:00", "9 12:00")}, []string{"a day 0, 1 of 1, 12-12.6"}, "8-18"},
		"all day":           {[]control.AgendaEntry{planned("a", "8", "10"), planned("b", "9", "12"), planned("c", "14", "20")}, []string{"b bar 0-2 in 0", "a bar 0-0 in 1", "c bar 5-6 in 0"}, "8-18"},
		"longer than a day": {[]control.AgendaEntry{planned("a", "9 18:00", "11 09:00")}, []string{"a bar 0-2 in 0"}, "8-18"},
		"bars without room": {[]control.AgendaEntry{planned("a", "9", "10"), planned("b", "9", "10"), planned("c", "9", "10"), planned("d", "9", "11"), planned("e", "9", "10")},
			[]string{"d bar 0-1 in 0", "a bar 0-0 in 1", "b bar 0-0 in 2", "c+e bar 0-0 in 3"}, "8-18"},
		"before and after": {[]control.AgendaEntry{planned("a", "8 09:00", "8 10:00"), planned("b", "16 09:00", "16 10:00"), planned("c", "7", "9"), planned("d", "16", "17")}, nil, "8-18"},
	} {
		t.Run(name, func(t *testing.T) {
			p := planWeek(c.entries, start, 7)
			title := func(b weekBlock) string {
				var all []string
				for _, i := range b.rest {
					all = append(all, c.entries[i].Title)
				}
				if len(all) == 0 {
					return c.entries[b.entry].Title
				}
				return strings.Join(all, "+")
			}
			var got []string
			for _, b := range p.bars {
				got = append(got, fmt.Sprintf("%s bar %d-%d in %d", title(b), b.day, b.last, b.row))
			}
			for _, b := range p.blocks {
				got = append(got, fmt.Sprintf("%s day %d, %d of %d, %g-%g", title(b), b.day, b.lane+1, b.lanes, b.from, b.to))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if hours := fmt.Sprintf("%d-%d", p.from, p.to); hours != c.hours {
				t.Errorf("hours %s, want %s", hours, c.hours)
			}
		})
	}
}

// On the day on which clocks go forward, a meeting stands at its hour all the same.
func TestAWeekKeepsToTheClock(t *testing.T) {
	p := planWeek([]control.AgendaEntry{planned("a", "29 09:00", "29 10:00"), planned("b", "30 09:00", "30 10:00")}, time.Date(2026, 3, 28, 0, 0, 0, 0, berlin), 7)
	if len(p.blocks) != 2 || p.blocks[0].day != 1 || p.blocks[0].from != 9 || p.blocks[1].day != 2 || p.blocks[1].from != 9 {
		t.Errorf("%+v", p.blocks)
	}
}

// meetings are those that can be seen, by title.
func (r *rig) meetings() (out []*weekEvent) {
	r.visible(func(o fyne.CanvasObject) {
		if e, ok := o.(*weekEvent); ok {
			out = append(out, e)
		}
	})
	return out
}

func (r *rig) meeting(title string) *weekEvent {
	r.t.Helper()
	for _, e := range r.meetings() {
		if e.title == title {
			return e
		}
	}
	r.t.Fatalf("no meeting %q is drawn", title)
	return nil
}

func (r *rig) draws(title string) bool {
	return slices.ContainsFunc(r.meetings(), func(e *weekEvent) bool { return e.title == title })
}

func TestTheWeekIsDrawnInTheColoursOfItsCalendars(t *testing.T) {
	r := lively(t)
	r.until("the week", func() bool { return r.draws("Dentist") })
	if !r.sees("Tue 24 Nov – Mon 30 Nov") || r.sees("Today") {
		t.Error("it does not say which days it shows")
	}
	n := 0
	for _, e := range r.meetings() {
		if e.title == "Dentist" {
			n++
		}
	}
	e := r.meeting("Dentist")
	if n != 1 || !e.linked || len(e.colors) != 2 || e.colors[0] != hexColor("#0078d4") || e.colors[1] != hexColor("#4285f4") {
		t.Errorf("the dentist is drawn %d times, linked: %v, in %v", n, e.linked, e.colors)
	}
	if e := r.meeting("Parents’ evening"); e.linked || len(e.colors) != 1 {
		t.Errorf("what stands in one calendar: %+v", e)
	}
	if !r.meeting("Lunch with Charles").hollow || !r.meeting("Sales sync").faint || !r.meeting("Busy").veiled || r.meeting("Choir").veiled {
		t.Error("what takes no time, what was declined and what is busy only look like the others")
	}
}

func TestAMeetingTellsOfItselfAndLeadsOn(t *testing.T) {
	r := lively(t)
	r.until("the week", func() bool { return r.draws("Design review of the second engine") })
	test.Tap(r.meeting("Design review of the second engine"))
	for _, s := range []string{"Design review of the second engine", "Tue 24 Nov 2026, 13:00 – 14:30", "Room 7, second floor", "Work (ada@lovelace.example)", "its home", "Calendar (ada@outlook.example)", "as “Busy”"} {
		if !r.sees(s) {
			t.Errorf("the card does not say %q; it says\n%s", s, strings.Join(r.texts(), "\n"))
		}
	}
	r.tap("Its history")
	if len(r.w.popups) != 0 || r.w.shown != 2 || r.w.hist.about != "e of Design review of the second engine" {
		t.Errorf("its history: page %d, of %q", r.w.shown, r.w.hist.about)
	}
	r.w.Turn("home")
	e := r.meeting("Parents’ evening")
	r.w.win.Canvas().Focus(e)
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !r.sees("Thu 26 Nov 2026") || !r.sees("Why is it here?") || slices.Contains(r.texts(), "Its history") {
		t.Errorf("by the keyboard: %s", strings.Join(r.texts(), "\n"))
	}
	r.w.escape()
	if len(r.w.popups) != 0 {
		t.Error("Escape does not close the card")
	}
}

func TestTheWeekIsTurned(t *testing.T) {
	r := lively(t)
	r.until("the week", func() bool { return r.draws("Dentist") })
	week := r.w.home.week
	week.turn(week.start().AddDate(0, 0, week.view.days))
	if r.draws("Dentist") {
		t.Error("the next week shows this one's meetings")
	}
	r.until("the next week", func() bool { return r.draws("Quarterly numbers") })
	if !r.sees("Tue 1 Dec – Mon 7 Dec") {
		t.Errorf("it does not say which days it shows")
	}
	r.tap("Today")
	r.until("this week", func() bool { return r.draws("Dentist") })
	if r.sees("Today") {
		t.Error("today is offered on today")
	}
}

func TestANarrowWindowShowsFewerDays(t *testing.T) {
	r := lively(t)
	r.until("the week", func() bool { return r.draws("Market day") })
	r.w.win.Resize(fyne.NewSize(700, 500))
	if days := r.w.home.week.view.days; days >= 7 || days < 3 {
		t.Errorf("%d days", days)
	}
	if r.draws("Market day") || !r.draws("Dentist") || !r.sees("Tue 24 Nov – Fri 27 Nov") {
		t.Error("not the first days are shown")
	}
	r.w.win.Resize(fyne.NewSize(980, 680))
	if !r.draws("Market day") {
		t.Error("the days do not come back")
	}
}

func TestAWeekOfThousandsIsBounded(t *testing.T) {
	r := rigUp(t, pretend.Crowded(now), Options{})
	r.until("the week", func() bool { return len(r.meetings()) > 50 })
	if n := len(r.meetings()); n > 400 {
		t.Errorf("%d meetings are drawn", n)
	}
	more := r.meetings()[slices.IndexFunc(r.meetings(), func(e *weekEvent) bool { return strings.HasPrefix(e.title, "+2") })]
	test.Tap(more)
	if !r.sees("22 more meetings") || !r.sees("All of day 280") {
		t.Errorf("those without room are not listed: %s", strings.Join(r.texts(), "\n"))
	}
}

func TestTheWeekIsAskedForOnlyWhenItMayHaveChanged(t *testing.T) {
	r := lively(t)
	r.until("the week", func() bool { return r.draws("Dentist") })
	asked := r.w.home.week.asked
	r.w.update()
	if r.w.home.week.loading || r.w.home.week.asked != asked {
		t.Error("it is asked for again though nothing happened")
	}
	r.engine.Change(func(w *pretend.World) { w.Agenda = w.Agenda[:1]; w.Status.Pass++ })
	r.until("what the pass brought", func() bool { return !r.draws("Dentist") })
	r.w.Turn("history")
	r.engine.Change(func(w *pretend.World) { w.Status.Pass += 2 })
	r.until("the news", func() bool { return r.w.status.Pass == asked.pass+3 })
	if r.w.home.week.asked.pass != asked.pass+1 {
		t.Error("it is asked for while another page is shown")
	}
}

func TestAWeekThatCannotBeShownSaysWhy(t *testing.T) {
	world := pretend.Lively(now)
	world.Fail = map[string]error{"Agenda": &control.Error{Code: control.CodeFailed, Message: "the store cannot be read"}}
	r := rigUp(t, world, Options{})
	r.until("the reason", func() bool { return r.sees("The store cannot be read") })
}

func TestActivityIsDrawnAndSaid(t *testing.T) {
	r := lively(t)
	r.until("the activity", func() bool {
		return r.sees("Last 14 days: 85 changes (most on Thu 19 Nov: 31), 9,942 requests")
	})
	c := r.w.home.days.chart
	c.MouseIn(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(c.Size().Width-2, 10)}})
	if !r.sees("Tue 24 Nov: 4 changes, ") {
		t.Errorf("the day pointed at: %q", r.w.home.days.line.Text)
	}
	c.MouseOut()
	r.w.win.Canvas().Focus(c)
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	if !r.sees("Mon 23 Nov: 8 changes, ") {
		t.Errorf("the day before: %q", r.w.home.days.line.Text)
	}
	r.w.win.Canvas().Unfocus()
	if !r.sees("Last 14 days: 85 changes") {
		t.Error("it does not come back to all days")
	}
}

func TestCalendarsWithoutAColourGetOne(t *testing.T) {
	list := []state.Calendar{{Ref: pretend.Work}, {Ref: pretend.Team}, {Ref: pretend.Office}, {Ref: pretend.Choir}}
	list[1].Color = palette[0]
	got, again := coloured(list), coloured(list)
	seen := map[string]bool{}
	for i, c := range got {
		if c.Color == "" || seen[c.Color] || c.Color != again[i].Color {
			t.Errorf("%s has %q, and then %q", c.Ref, c.Color, again[i].Color)
		}
		seen[c.Color] = true
	}
	if got[1].Color != palette[0] || list[0].Color != "" {
		t.Error("a colour of its own, or the list, was changed")
	}
}

// drawn is what a meeting of some size shows: its lines, and whether the badge is there.
func drawn(e *weekEvent, w, h float32) (lines []string, badge bool) {
	e.ExtendBaseWidget(e)
	e.Resize(fyne.NewSize(w, h))
	for _, o := range test.WidgetRenderer(e).Objects() {
		switch o := o.(type) {
		case *canvas.Text:
			lines = append(lines, o.Text)
		case *widget.Icon:
			badge = true
		}
	}
	return lines, badge
}

// Where there is little room, the title keeps it: the time and the badge go first.
func TestATitleGoesBeforeTimeAndBadge(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(newLook(control.LightTheme))
	for _, c := range []struct {
		title string
		w, h  float32
		lines []string
		badge bool
	}{
		{"Dentist", 98, hourTall - 1, []string{"Dentist", "09:00 – 10:00"}, true},
		{"Lunch with Charles", 98, hourTall - 1, []string{"Lunch with", "Charles"}, true},
		{"Daily stand-up", 98, hourTall/2 - 1, []string{"Daily stand-up"}, false},
		{"Budget review", 34, 2*hourTall - 1, []string{"Bud", "get", "revi", "ew"}, false},
	} {
		e := &weekEvent{title: c.title, time: "09:00 – 10:00", linked: true}
		lines, badge := drawn(e, c.w, c.h)
		if !slices.Equal(lines, c.lines) || badge != c.badge {
			t.Errorf("%q in %v x %v: %q, badge %v", c.title, c.w, c.h, lines, badge)
		}
		if e.more == slices.Contains(lines, e.time) {
			t.Errorf("%q in %v x %v: more %v, with %q", c.title, c.w, c.h, e.more, lines)
		}
	}
}

// What there is no room for is shown beside it, when the pointer or the keyboard comes.
func TestACutMeetingTellsAllOfItselfUnderThePointer(t *testing.T) {
	r := lively(t)
	r.until("the week", func() bool { return r.draws("Interview") })
	view := r.w.home.week.view
	told := func() (out []string) {
		for _, o := range view.made.tip {
			if x, ok := o.(*canvas.Text); ok {
				out = append(out, x.Text)
			}
		}
		return out
	}
	e := r.meeting("Interview")
	e.MouseIn(&desktop.MouseEvent{})
	if got := told(); len(got) != 2 || got[0] != "Interview" || got[1] != e.time {
		t.Errorf("it tells %q", got)
	}
	for _, o := range view.made.tip {
		if o.Position().X < 0 || o.Position().X+o.Size().Width > view.Size().Width || o.Position().Y+o.Size().Height > view.Size().Height {
			t.Errorf("it is told outside the picture: %v, %v", o.Position(), o.Size())
		}
	}
	e.MouseOut()
	if got := told(); len(got) != 0 {
		t.Errorf("it tells %q after the pointer left", got)
	}
	r.meeting("Market day").FocusGained() // there is room for all of it
	if got := told(); len(got) != 0 {
		t.Errorf("what can be read is told twice: %q", got)
	}
	e.FocusGained()
	if got := told(); len(got) != 2 {
		t.Errorf("the keyboard is told %q", got)
	}
}
