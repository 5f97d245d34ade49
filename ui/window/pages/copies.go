package pages

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/store/state"
)

// copiesDialog lets a person say what the copies of a mirror show, which events have
// any, and what an edit of one does. Nothing is changed before it is saved, and
// nothing is saved before its plan was seen.
type copiesDialog struct {
	w        *Window
	was      state.Mirror          // when the dialog was opened
	rules    state.Mirror          // its name and rules as chosen here
	mappings map[way]state.Mapping // those that were changed
	renew    []func()              // shows what is in force, of the parts that are open
	wrong    map[string]bool       // fields that make no sense as they are

	p      *popup
	column *fyne.Container
	scroll *container.Scroll
	save   *button
}

// showCopies opens the dialog for one mirror.
func (w *Window) showCopies(m state.Mirror) {
	d := &copiesDialog{w: w, was: m, rules: m, mappings: map[way]state.Mapping{}, wrong: map[string]bool{}, column: column()}
	d.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), d.column)) // beside the scroll bar
	for _, x := range waysOf(m) {
		d.column.Add(d.direction(x))
	}
	d.column.Add(d.edits())
	d.column.Add(d.conflicts())
	cancelBtn := newButton(assets.Text("Cancel"), nil, func() { d.p.close() }, w.escape)
	d.save = important(newButton(assets.Text("Save"), nil, d.plan, w.escape), widget.HighImportance)
	d.p = w.popup(assets.Text("Settings of “{{.Name}}”", "Name", m.Name), fyne.NewSize(740, 640), d.scroll, cancelBtn, d.save)
}

// keeper is for the dialog's controls.
func (d *copiesDialog) keeper() keeper { return keeper{escape: d.w.escape, reveal: revealIn(d.scroll)} }

// mapping is the one of a direction as it is chosen here.
func (d *copiesDialog) mapping(x way) state.Mapping {
	if n, ok := d.mappings[x]; ok {
		return n
	}
	return d.was.Mapping(x.from, x.to)
}

// change makes a change to the mapping of one direction. It is none where the result
// says what is in force anyway.
func (d *copiesDialog) change(x way, f func(*state.Mapping)) {
	n := d.mapping(x)
	f(&n)
	d.mappings[x] = n
	if sameMapping(n, d.was.Mapping(x.from, x.to)) {
		delete(d.mappings, x)
	}
}

// sound notes whether what a field holds makes sense; nothing can be saved while one
// does not.
func (d *copiesDialog) sound(field string, yes bool) {
	delete(d.wrong, field)
	if !yes {
		d.wrong[field] = true
	}
	setEnabled(d.save, len(d.wrong) == 0)
}

// relayout gives the parts of the dialog the height that they need now.
func (d *copiesDialog) relayout() {
	d.column.Refresh()
	d.scroll.Refresh()
}

// direction is the card of one direction.
func (d *copiesDialog) direction(x way) fyne.CanvasObject {
	from, to := d.names(x)
	head := bold(assets.Text("Copies in {{.To}} of events from {{.From}}", "To", to, "From", from))
	rows := []fyne.CanvasObject{head}
	for _, o := range d.levels(x) {
		rows = append(rows, o)
	}
	private := newCheck(assets.Text("Private events show as Busy"), !d.mapping(x).ShowPrivate, nil, d.keeper())
	private.OnChanged = func(on bool) {
		d.change(x, func(m *state.Mapping) { m.ShowPrivate = !on })
	}
	rows = append(rows, private)
	filters := d.filters(x)
	filters.Hide()
	var fold *button
	label := func() {
		words := assets.Text("Which events cross: {{.Filters}}", "Filters", cut(filtersLine(d.mapping(x)), 54))
		icon := theme.MenuExpandIcon()
		if filters.Visible() {
			words, icon = assets.Text("Which events cross"), theme.MenuDropDownIcon()
		}
		fold.Text, fold.Icon = words, icon
		fold.Refresh()
	}
	fold = newButton("", nil, func() {
		setShown(filters, !filters.Visible() || len(d.wrong) > 0) // what is wrong stays in sight
		label()
		d.relayout()
	}, d.w.escape)
	fold.Importance, fold.Alignment, fold.reveal = widget.LowImportance, widget.ButtonAlignLeading, revealIn(d.scroll)
	label()
	rows = append(rows, container.NewHBox(fold), filters, d.more(x))
	return newBackdrop(theme.ColorNameBackground, 10, container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), lined(rows...)))
}

// lined stacks rows closer than Fyne does.
func lined(rows ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(0), rows...)
}

// names are what the two calendars of a direction are called, with their accounts
// where the names alone do not tell them apart.
func (d *copiesDialog) names(x way) (from, to string) {
	const most = 34
	from, to = d.w.name(x.from), d.w.name(x.to)
	if from == to {
		from, to = d.w.place(x.from), d.w.place(x.to)
	}
	from, to = cut(from, most), cut(to, most)
	for _, m := range d.was.Members {
		if m.Off && m.Ref == x.from {
			from += " (" + assets.Text("off") + ")"
		} else if m.Off && m.Ref == x.to {
			to += " (" + assets.Text("off") + ")"
		}
	}
	return from, to
}

// levels are the choices of how much the copies show. Settings of its own that the
// levels do not say are a choice as well: to leave them as they are.
func (d *copiesDialog) levels(x way) []*option {
	is := d.was.Mapping(x.from, x.to)
	var titles, notes []string
	for _, l := range details {
		titles, notes = append(titles, detailName(l)), append(notes, detailNote(l))
	}
	at := slices.Index(details, is.Detail)
	if custom(is) {
		at = len(titles)
		titles = append(titles, levelName(is))
		notes = append(notes, assets.Text("Settings of its own, left as they are. More shows them."))
	}
	return newOptions(titles, notes, at, func(i int) {
		d.change(x, func(m *state.Mapping) {
			if i < len(details) {
				*m = atLevel(*m, details[i])
			} else {
				*m = crossing(is, *m)
			}
		})
		d.renewed()
	}, d.keeper())
}

// filters say which events cross, as far as the window offers it.
func (d *copiesDialog) filters(x way) *fyne.Container {
	m := d.mapping(x)
	put := func(key, v string) error {
		var err error
		d.change(x, func(m *state.Mapping) { err = set(m, key, v) })
		return err
	}
	declined := newCheck(assets.Text("Leave out what you declined"), !declinedCross(m), func(on bool) {
		d.change(x, func(m *state.Mapping) { _ = withDeclined(m, !on) })
		d.renewed()
	}, d.keeper())

	allDays := []state.Choice{state.Always, state.BusyAllDay, state.None}
	allDay := newPick([]string{assets.Text("All"), assets.Text("Only those that take time"), assets.Text("None")},
		slices.Index(allDays, state.Choice(value(m, "filter.all-day"))), func(i int) { _ = put("filter.all-day", string(allDays[i])) }, d.keeper())

	words, plain := wordsOf(m.Filter.Exclude)
	titlesLabel := assets.Text("Titles to leave out")
	hint := assets.Text("none; or words with commas between: lunch, dentist")
	if !plain {
		titlesLabel = assets.Text("Titles to leave out (regular expression)")
	}
	titlesWrong := warning()
	titles := d.entry(hint, words, func(s string) {
		if plain {
			s = exprOf(s)
		}
		err := put("filter.title.exclude", s)
		d.say(titlesWrong, "titles"+x.to.String()+x.from.String(), err == nil, assets.Text("This is no regular expression."))
	})

	hoursWrong := warning()
	hoursNow := value(m, "filter.hours")
	if hoursNow == "all" {
		hoursNow = ""
	}
	hours := d.entry(assets.Text("any; or 08:00-18:00"), hoursNow, func(s string) {
		if s = strings.ReplaceAll(strings.TrimSpace(s), "–", "-"); s == "" {
			s = "all"
		}
		err := put("filter.hours", s)
		d.say(hoursWrong, "hours"+x.to.String()+x.from.String(), err == nil, assets.Text("Write hours like 08:00-18:00, or nothing for any."))
	})

	stays := []state.Choice{state.Remove, state.Keep}
	stay := newPick([]string{assets.Text("are removed"), assets.Text("stay as they are then")},
		slices.Index(stays, state.Choice(value(m, "out-of-scope"))), func(i int) { _ = put("out-of-scope", string(stays[i])) }, d.keeper())

	daysWrong := warning()
	form := container.New(layout.NewFormLayout(),
		widget.NewLabel(assets.Text("All-day events")), narrow(framed(allDay)),
		widget.NewLabel(assets.Text("Days")), lines(d.days(x, daysWrong), daysWrong),
		widget.NewLabel(assets.Text("Hours")), container.NewVBox(narrow(hours), hoursWrong),
		widget.NewLabel(titlesLabel), container.NewVBox(titles, titlesWrong),
		widget.NewLabel(assets.Text("Copies that cross no more")), narrow(framed(stay)))
	all := container.New(layout.NewCustomPaddedLayout(0, 4, 26, 0), lined(declined, form))
	if n := len(otherFilters(m)); n > 0 {
		all.Objects[0].(*fyne.Container).Add(faint(assets.Count("{{.N}} filters are set besides; More shows them.", n)))
	}
	return all
}

// fieldWidth is that of a control that need not fill its row.
const fieldWidth = 250

// narrow keeps a control from growing over the whole row.
func narrow(o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewHBox(width(fieldWidth, o))
}

// warning is a line that is shown while something is wrong.
func warning() *widget.Label {
	l := prose("")
	l.Importance = widget.DangerImportance
	l.Hide()
	return l
}

// say shows or hides a warning about a field.
func (d *copiesDialog) say(l *widget.Label, field string, sound bool, what string) {
	d.sound(field, sound)
	if l.Visible() == sound {
		setText(l, what)
		setShown(l, !sound)
		d.relayout()
	}
}

// entry is a line of text of the dialog.
func (d *copiesDialog) entry(hint, now string, changed func(string)) *entry {
	e := newEntry(hint, d.w.escape, d.w.shortcut)
	e.reveal = revealIn(d.scroll)
	e.SetText(now)
	e.OnChanged = changed
	return e
}

// days are the seven days of a week, to be ticked.
func (d *copiesDialog) days(x way, wrong *widget.Label) fyne.CanvasObject {
	m := d.mapping(x)
	on := map[state.Weekday]bool{}
	all := container.NewHBox()
	week := []state.Weekday{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	for i, day := range week {
		on[day] = len(m.Filter.Days) == 0 || slices.Contains(m.Filter.Days, day)
		name := assets.ShortDay(time.Weekday((i + 1) % 7))
		all.Add(newCheck(name, on[day], func(yes bool) {
			on[day] = yes
			var chosen []string
			for _, day := range week {
				if on[day] {
					chosen = append(chosen, string(day))
				}
			}
			var err error
			if len(chosen) > 0 {
				d.change(x, func(m *state.Mapping) { err = set(m, "filter.days", joinComma(chosen)) })
			}
			d.say(wrong, "days"+x.to.String()+x.from.String(), err == nil && len(chosen) > 0, assets.Text("Choose one day at least."))
		}, d.keeper()))
	}
	return all
}

// ruleChoice is a value of a rule, what it is called, and what it means.
type ruleChoice struct{ value, name, note string }

// edits is the card of what an edit or a deletion of a copy does.
func (d *copiesDialog) edits() fyne.CanvasObject {
	guests := []ruleChoice{
		{string(state.AskGuests), assets.Text("Ask me"), assets.Text("It waits under Decisions, with the names of those who would get mail.")},
		{string(state.RevertGuests), assets.Text("Put the copy back"), assets.Text("The copy becomes as it was. Nobody hears of it.")},
		{string(state.ApplyGuests), assets.Text("Carry it home"), assets.Text("The meeting changes or goes; its guests may get mail, without a question.")},
	}
	invitations := []ruleChoice{
		{string(state.HideInvitation), assets.Text("Only hide it"), assets.Text("The copy is gone; the invitation stays as it is at home.")},
		{string(state.DeclineInvitation), assets.Text("Decline the invitation"), assets.Text("At home it is declined too. No mail is sent.")},
		{string(state.PutBackInvitation), assets.Text("Put the copy back"), assets.Text("Invitations stay in both calendars.")},
	}
	return newBackdrop(theme.ColorNameBackground, 10, container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), lined(
		bold(assets.Text("Meetings with guests")),
		d.rule(assets.Text("A copy of your own meeting is edited or deleted"), guests, string(d.was.Guests), func(v string) { d.rules.Guests = state.GuestRule(v) }),
		d.rule(assets.Text("The copy of an invitation is deleted"), invitations, string(d.was.Invitations), func(v string) { d.rules.Invitations = state.InvitationRule(v) }))))
}

// conflicts is the card of what happens when the same was edited twice, and of the
// mirror's name.
func (d *copiesDialog) conflicts() fyne.CanvasObject {
	choices := []ruleChoice{
		{string(state.LatestWins), assets.Text("The later one"), assets.Text("By the clocks of the services. The other edit stays in History, from where it can be brought back.")},
		{string(state.AskConflict), assets.Text("Ask me"), assets.Text("Nothing of it is written until you have decided, under Decisions.")},
	}
	for _, x := range d.was.Members {
		choices = append(choices, ruleChoice{string(state.MemberWins(x.Ref)), cut(assets.Text("The one in {{.Where}}", "Where", d.w.place(x.Ref)), 60),
			assets.Text("Where it has none, the later one. The other edit stays in History.")})
	}
	name := d.entry("", d.was.Name, nil)
	wrong := warning()
	name.OnChanged = func(s string) {
		d.rules.Name = strings.TrimSpace(s)
		d.say(wrong, "name", d.rules.Name != "", assets.Text("A mirror needs a name."))
	}
	return newBackdrop(theme.ColorNameBackground, 10, container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), lined(
		bold(assets.Text("The mirror")),
		d.rule(assets.Text("The same was edited in two calendars: which edit counts?"), choices, string(d.was.Conflicts), func(v string) { d.rules.Conflicts = state.ConflictRule(v) }),
		container.NewBorder(nil, nil, nil, container.NewCenter(width(fieldWidth, name)), text(assets.Text("Its name"))), wrong)))
}

// rule is a row to choose a rule's value in, with a line that explains the choice.
func (d *copiesDialog) rule(label string, choices []ruleChoice, now string, chosen func(string)) fyne.CanvasObject {
	var names []string
	for _, c := range choices {
		names = append(names, c.name)
	}
	note := prose("")
	note.Importance = widget.LowImportance
	at := slices.IndexFunc(choices, func(c ruleChoice) bool { return c.value == now })
	if at >= 0 {
		note.SetText(choices[at].note)
	}
	p := newPick(names, at, func(i int) {
		chosen(choices[i].value)
		note.SetText(choices[i].note)
		d.relayout()
	}, d.keeper())
	return container.NewBorder(nil, nil, nil, container.NewCenter(width(fieldWidth, framed(p))), lines(text(label), note))
}

// plan asks what the changes would do, to be agreed to.
func (d *copiesDialog) plan() {
	now, ok := d.w.mirror(d.was.ID)
	if !ok {
		now = d.was // the engine says that it is gone
	}
	want := changedMirror(now, d.was, d.rules, d.mappings)
	if sameMirror(want, now) {
		d.p.close()
		return
	}
	renamed := now
	if renamed.Name = want.Name; sameMirror(want, renamed) { // a name moves nothing
		d.w.makeChange(want, nil, func() { d.p.close() })
		return
	}
	d.w.change(now, want, func() { d.p.close() })
}
