package pages

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// historyFilter is the row in which a person says what they look for.
type historyFilter struct {
	w        *Window
	changed  func()
	row      *fyne.Container
	where    *pick
	what     *pick
	when     *pick
	problems *check

	places []place   // of where, behind "everywhere"
	day    time.Time // the day that was chosen; zero if none
	quiet  bool      // while it is set by the program
}

// place is a mirror or a calendar to look at alone.
type place struct {
	name     string
	mirror   state.MirrorID
	calendar state.Ref
}

func newHistoryFilter(w *Window, changed func()) *historyFilter {
	f := &historyFilter{w: w}
	f.changed = func() {
		if !f.quiet {
			changed()
		}
	}
	k := keeper{escape: w.escape}
	f.where = newPick([]string{assets.Text("Everywhere")}, 0, func(int) { f.changed() }, k)
	f.what = newPick([]string{assets.Text("All changes"), assets.Text("Created"), assets.Text("Changed"), assets.Text("Deleted"), assets.Text("Linked")}, 0, func(int) { f.changed() }, k)
	f.when = newPick(nil, -1, f.chooseTime, k)
	f.times()
	f.problems = newCheck(assets.Text("Only problems"), false, func(bool) { f.changed() }, k)
	f.row = container.New(withActions{least: 450}, container.NewGridWithColumns(3, framed(f.where), framed(f.what), framed(f.when)), f.problems)
	return f
}

func (f *historyFilter) object() fyne.CanvasObject { return f.row }

// kinds are the choices of what.
var kindsChosen = [][]state.StepKind{nil, {state.Create}, {state.Update, state.Answer}, {state.Delete}, {state.Adopt, state.Unlink, state.TakeOver}}

// The choices of when.
const (
	anyTime = iota
	today
	yesterday
	lastWeek
	lastMonth
	someDay
)

// times offers the times, with the day that was chosen among them.
func (f *historyFilter) times() {
	words := []string{assets.Text("Any time"), assets.Text("Today"), assets.Text("Yesterday"), assets.Text("Last 7 days"), assets.Text("Last 30 days"), assets.Text("One day…")}
	if !f.day.IsZero() {
		words = slices.Insert(words, someDay, assets.Day(f.day))
	}
	f.when.Options = words
	f.quietly(func() {
		if f.day.IsZero() {
			f.when.SetSelectedIndex(anyTime)
		} else {
			f.when.SetSelectedIndex(someDay)
		}
	})
}

func (f *historyFilter) quietly(do func()) {
	was := f.quiet
	f.quiet = true
	do()
	f.quiet = was
}

func (f *historyFilter) chooseTime(i int) {
	if f.quiet {
		return
	}
	if i != len(f.when.Options)-1 { // "One day…" is the last
		f.changed()
		return
	}
	was := f.day
	var p *popup
	pickDay := widget.NewCalendar(f.w.opt.Now(), func(day time.Time) {
		f.day = day
		p.close()
	})
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, f.w.escape)
	p = f.w.popup(assets.Text("What happened on…"), fyne.NewSize(320, 340), pickDay, cancel)
	p.closed = func() {
		f.times()
		if !f.day.Equal(was) || !f.day.IsZero() {
			f.changed()
		}
	}
}

// update offers the mirrors and calendars that there are.
func (f *historyFilter) update() {
	var places []place
	for _, m := range f.w.status.Mirrors {
		places = append(places, place{name: assets.Text("Mirror {{.Name}}", "Name", cut(m.Name, 40)), mirror: m.ID})
	}
	seen := map[state.Ref]bool{}
	for _, m := range f.w.status.Mirrors {
		for _, x := range m.Members {
			if !seen[x.Ref] {
				seen[x.Ref] = true
				places = append(places, place{name: cut(f.w.place(x.Ref), 60), calendar: x.Ref})
			}
		}
	}
	if slices.Equal(places, f.places) {
		return
	}
	at := 0
	if i := f.where.SelectedIndex(); i > 0 && i <= len(f.places) {
		at = 1 + slices.IndexFunc(places, func(x place) bool {
			return x.mirror == f.places[i-1].mirror && x.calendar == f.places[i-1].calendar
		})
	}
	f.places = places
	f.where.Options = []string{assets.Text("Everywhere")}
	for _, x := range places {
		f.where.Options = append(f.where.Options, x.name)
	}
	f.quietly(func() { f.where.SetSelectedIndex(at) })
}

func (f *historyFilter) reset() {
	f.quietly(func() {
		f.day = time.Time{}
		f.times()
		f.where.SetSelectedIndex(0)
		f.what.SetSelectedIndex(0)
		f.problems.SetChecked(false)
	})
}

// query is what is looked for, without the words of the search.
func (f *historyFilter) query(now time.Time) control.HistoryQuery {
	q := control.HistoryQuery{Amiss: f.problems.Checked}
	if i := f.where.SelectedIndex(); i > 0 && i <= len(f.places) {
		q.Mirror, q.Calendar = f.places[i-1].mirror, f.places[i-1].calendar
	}
	if i := f.what.SelectedIndex(); i > 0 {
		q.Kinds = kindsChosen[i]
	}
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch f.when.SelectedIndex() {
	case today:
		q.Since = midnight
	case yesterday:
		q.Since, q.Until = midnight.AddDate(0, 0, -1), midnight
	case lastWeek:
		q.Since = midnight.AddDate(0, 0, -7)
	case lastMonth:
		q.Since = midnight.AddDate(0, 0, -30)
	case someDay:
		if !f.day.IsZero() {
			q.Since = time.Date(f.day.Year(), f.day.Month(), f.day.Day(), 0, 0, 0, 0, now.Location())
			q.Until = q.Since.AddDate(0, 0, 1)
		}
	}
	return q
}
