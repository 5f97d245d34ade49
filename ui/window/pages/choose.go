package pages

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// mirrorChoice is the second step to a mirror: which calendars, which way, and what
// their copies show, with what a colleague would see.
type mirrorChoice struct {
	f    *setupFlow
	list []state.Calendar // that can be chosen
	on   map[state.Ref]bool
	way  map[state.Ref]state.Direction
	show map[state.Ref]state.Detail
	name string

	last    state.Ref // that was touched last: its copies are previewed
	asked   int
	preview *fyne.Container
	next    *button
}

// newMirrorChoice begins with the main calendars, or goes on with what was chosen.
func newMirrorChoice(f *setupFlow, before *mirrorChoice) *mirrorChoice {
	c := &mirrorChoice{f: f, list: f.list, on: map[state.Ref]bool{}, way: map[state.Ref]state.Direction{}, show: map[state.Ref]state.Detail{}, preview: container.NewVBox()}
	if before != nil && len(before.list) > 0 {
		c.on, c.way, c.show, c.name, c.last = before.on, before.way, before.show, before.name, before.last
		return c
	}
	if f.first != stepConnect {
		return c
	}
	main := slices.DeleteFunc(slices.Clone(c.list), func(x state.Calendar) bool { return !x.Primary || !x.Writable })
	if len(main) == 2 { // who comes with two accounts most likely wants these
		c.on[main[0].Ref], c.on[main[1].Ref], c.last = true, true, main[0].Ref
	}
	return c
}

// mirror is what was chosen.
func (c *mirrorChoice) mirror() state.Mirror {
	m := state.Mirror{Name: strings.TrimSpace(c.name)}
	for _, x := range c.list {
		if !c.on[x.Ref] {
			continue
		}
		way := c.way[x.Ref]
		if !x.Writable {
			way = state.SendOnly
		}
		m.Members = append(m.Members, state.Member{Ref: x.Ref, Direction: way})
		if d := c.show[x.Ref]; d != state.Everything && way != state.TakeOnly {
			m.Mappings = append(m.Mappings, state.PairMapping{From: x.Ref, Mapping: state.Mapping{Detail: d}})
		}
	}
	return m
}

// page draws the step.
func (c *mirrorChoice) page() fyne.CanvasObject {
	w := c.f.w
	rows := container.NewVBox()
	scroll := container.NewVScroll(rows)
	k := keeper{escape: w.escape, reveal: revealIn(scroll)}
	if c.f.scroll.reveal != nil { // the whole page scrolls
		k = *c.f.scroll
	}
	var account state.AccountID
	for _, x := range c.list {
		if x.Ref.Account != account {
			account = x.Ref.Account
			rows.Add(dim(w.accountName(account)))
		}
		rows.Add(c.row(x, k))
	}
	if len(c.list) < 2 {
		rows.Add(prose(assets.Text("A mirror needs two calendars, one of which can be written. Connect another account first.")))
	}
	name := newEntry(assets.Text("Name (may stay empty)"), w.escape, w.shortcut)
	name.SetText(c.name)
	name.OnChanged = func(s string) { c.name = s }
	intro := faint(assets.Text("What you add, move or cancel in one of them happens in the others. A read-only calendar only sends."))
	c.next = important(newButton(assets.Text("Continue"), nil, func() { c.f.turn(stepLook) }, w.escape), widget.HighImportance)
	var left fyne.CanvasObject = rows
	if c.f.scroll.reveal == nil {
		left = scroll
	}
	seen := newBackdrop(theme.ColorNameBackground, 8, container.NewPadded(container.NewVBox(bold(assets.Text("What others see")), c.preview)))
	var body fyne.CanvasObject
	if c.f.scroll.reveal != nil {
		body = panel(bold(assets.Text("Choose what mirrors what")), intro, container.New(besides{gap: 12, least: 320}, container.NewVBox(rows, name), container.NewVBox(seen)))
	} else {
		body = container.NewBorder(container.NewVBox(intro), name, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 8, 0), width(300, container.NewVBox(seen))), left)
	}
	buttons := []fyne.CanvasObject{layout.NewSpacer()}
	if c.f.leave != nil {
		buttons = append(buttons, newButton(assets.Text("Cancel"), nil, c.f.leave, w.escape))
	}
	if c.f.first == stepConnect {
		buttons = append(buttons, newButton(assets.Text("Back"), nil, func() { c.f.turn(stepConnect) }, w.escape))
	}
	c.changed()
	return container.NewBorder(nil, container.New(layout.NewCustomPaddedLayout(8, 0, 0, 0), container.NewHBox(append(buttons, c.next)...)), nil, nil, body)
}

// row is one calendar: whether, which way, and what its copies show.
func (c *mirrorChoice) row(x state.Calendar, k keeper) fyne.CanvasObject {
	w := c.f.w
	directions := []state.Direction{state.TwoWay, state.SendOnly, state.TakeOnly}
	var names []string
	for _, d := range directions {
		names = append(names, directionName(d))
	}
	at := max(slices.Index(directions, c.way[x.Ref]), 0)
	if !x.Writable {
		at = slices.Index(directions, state.SendOnly)
	}
	way := newPick(names, at, nil, k)
	level := newPick(detailNames(), max(slices.Index(details, c.show[x.Ref]), 0), nil, k)
	levels := container.NewHBox(short(assets.Text("copies show")), width(140, framed(level)))
	way.OnChanged = func(string) {
		c.way[x.Ref], c.last = directions[way.SelectedIndex()], x.Ref
		setShown(levels, c.way[x.Ref] != state.TakeOnly)
		c.changed()
	}
	level.OnChanged = func(string) {
		c.show[x.Ref], c.last = details[level.SelectedIndex()], x.Ref
		c.changed()
	}
	setEnabled(way, x.Writable)
	setShown(levels, c.way[x.Ref] != state.TakeOnly)
	more := container.New(layout.NewCustomPaddedLayout(0, 4, 54, 0), container.New(layout.NewRowWrapLayoutWithCustomPadding(4, 2), width(130, framed(way)), levels))
	setShown(more, c.on[x.Ref])
	on := newCheck("", c.on[x.Ref], func(on bool) {
		c.on[x.Ref], c.last = on, x.Ref
		setShown(more, on)
		c.changed()
		if c.f.relaid != nil {
			c.f.relaid()
		}
	}, k)
	return lined(container.NewBorder(nil, nil, container.NewHBox(container.NewCenter(on), swatch(x.Color)), nil, w.named(x)), more)
}

// sample is the meeting by which it is shown what crosses.
func sample(now time.Time) calendar.Content {
	day := now.AddDate(0, 0, 1).Format(time.DateOnly)
	return calendar.Content{Title: assets.Text("Budget review"), Place: assets.Text("Room 4, second floor"), Availability: calendar.Busy,
		Notes: calendar.NotesFromText(assets.Text("Bring the numbers of the last quarter.")),
		When:  calendar.When{Start: calendar.Time{Local: day + "T14:00:00", Zone: "UTC"}, End: calendar.Time{Local: day + "T15:00:00", Zone: "UTC"}}}
}

// changed asks what others would see now, if there is anything to see.
func (c *mirrorChoice) changed() {
	m := c.mirror()
	ways := waysOf(m)
	setEnabled(c.next, len(ways) > 0)
	c.asked++
	if len(ways) == 0 {
		c.say(assets.Text("Tick two calendars or more, and see here what a meeting looks like in the other one."))
		return
	}
	asked, w := c.asked, c.f.w
	meeting := sample(w.opt.Now())
	call(w, w.opt.CallTimeout, func(ctx context.Context) ([]control.Preview, error) {
		return w.backend.Preview(ctx, control.PreviewRequest{As: &m, Meeting: meeting})
	}, func(all []control.Preview, err error) {
		if asked != c.asked {
			return // something else was chosen meanwhile
		}
		if err != nil {
			setEnabled(c.next, false)
			c.say(say.Capital(reason(err)))
			return
		}
		c.draw(meeting, all)
	})
}

func (c *mirrorChoice) say(s string) {
	c.preview.Objects = []fyne.CanvasObject{faint(s)}
	c.preview.Refresh()
}

// mostPreviewed is how many ways are drawn at once: with more calendars one picks by
// touching.
const mostPreviewed = 2

// draw shows the meeting as it looks elsewhere: first what comes from the calendar that
// was touched last.
func (c *mirrorChoice) draw(meeting calendar.Content, all []control.Preview) {
	slices.SortStableFunc(all, func(a, b control.Preview) int {
		of := func(p control.Preview) int {
			if p.From == c.last {
				return 0
			}
			return 1
		}
		return of(a) - of(b)
	})
	rows := []fyne.CanvasObject{faint(assets.Text("By the example of “{{.Title}}”:", "Title", meeting.Title))}
	for _, p := range all[:min(len(all), mostPreviewed)] {
		rows = append(rows, c.seen(p))
	}
	c.preview.Objects = rows
	c.preview.Refresh()
	if c.f.relaid != nil {
		c.f.relaid()
	}
}

// seen is the meeting in one calendar, as a card.
func (c *mirrorChoice) seen(p control.Preview) fyne.CanvasObject {
	w := c.f.w
	head := dim(assets.Text("In {{.To}}, from {{.From}}", "To", cut(w.name(p.To), 24), "From", cut(w.name(p.From), 24)))
	head.SizeName = theme.SizeNameCaptionText
	if p.Skipped != "" {
		return container.NewVBox(head, prose(say.Capital(assets.Said(p.Skipped))))
	}
	copies := map[calendar.Group]string{}
	for _, f := range p.Fields {
		copies[f.Field] = f.Copy
	}
	hour := func(h int) string { return assets.Clock(time.Date(2000, 1, 1, h, 0, 0, 0, time.UTC)) }
	rest := []fyne.CanvasObject{bold(titleOf(copies[calendar.GroupTitle])), dim(hour(14) + " – " + hour(15))}
	for _, g := range []calendar.Group{calendar.GroupPlace, calendar.GroupNotes} {
		if copies[g] != "" {
			rest = append(rest, faint(copies[g]))
			continue
		}
		hidden := dim(assets.Text("{{.Field}}: hidden", "Field", groupName(g)))
		hidden.TextStyle.Italic = true
		rest = append(rest, hidden)
	}
	card := newBackdrop(colorPanel, 6, container.NewBorder(nil, nil, container.New(layout.NewCustomPaddedLayout(6, 6, 6, 0), bar(w.calendars[p.To].Color)), nil, lines(rest...)))
	card.stroke = theme.ColorNameSeparator
	return container.New(layout.NewCustomPaddedVBoxLayout(-4), head, card)
}
