package pages

import (
	"cmp"
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// decisionsPage lists what waits for the person: what it would do, to whom, and what the
// other way is. Nothing of it is done before they have said so.
type decisionsPage struct {
	w    *Window
	root *container.Scroll
	body *fyne.Container

	held   []state.Held
	read   bool // held was ever read
	shows  int  // how many waited when it was read
	asking bool // a listing is under way
}

func newDecisionsPage(w *Window) *decisionsPage {
	p := &decisionsPage{w: w, body: column(panel(prose(assets.Text("Looking…")))), shows: -1}
	p.root = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14), p.body))
	return p
}

func (p *decisionsPage) object() fyne.CanvasObject { return p.root }

// update reads the list again when another number of steps waits.
func (p *decisionsPage) update() {
	if p.w.known && p.w.status.Held != p.shows {
		p.load()
	}
}

func (p *decisionsPage) enter() { p.load() }

func (p *decisionsPage) load() {
	if p.asking {
		return
	}
	p.asking, p.shows = true, p.w.status.Held
	call(p.w, p.w.opt.CallTimeout, p.w.backend.Held, func(held []state.Held, err error) {
		p.asking = false
		if err != nil {
			p.body.RemoveAll()
			p.body.Add(panel(prose(say.Capital(reason(err))), container.NewHBox(newButton(assets.Text("Try again"), nil, p.load, p.w.escape))))
			return
		}
		held = slices.DeleteFunc(held, func(h state.Held) bool { return h.Decision != state.Undecided })
		slices.SortStableFunc(held, func(a, b state.Held) int {
			return cmp.Compare(a.Step.Before.When.Start.Local, b.Step.Before.When.Start.Local)
		})
		p.held, p.read = held, true
		p.draw()
	})
}

// kindOfDecision is what all steps that are held for one reason have in common.
type kindOfDecision struct {
	reason      state.HoldReason
	title, note string
}

func kindsOfDecision() []kindOfDecision {
	return []kindOfDecision{
		{state.HoldConflict, assets.Text("Changed on two sides"), assets.Text("The same was changed differently in two calendars. Which one counts?")},
		{state.HoldGuests, assets.Text("Others would hear of it"), assets.Text("These meetings have guests, and their service may send them mail.")},
		{state.HoldMassDeletion, assets.Text("Many deletions at once"), assets.Text("More than usual is gone in one calendar. If that was no mistake, it can go in the others too; what you keep is put back where it is gone.")},
		{state.HoldTakeOver, assets.Text("Another Twinday was here"), assets.Text("One installation keeps a mirror; the others watch.")},
	}
}

// maxCards is how many steps of one kind are shown one by one: a page with thousands would
// take seconds to build, and nobody reads it. The others are decided with them, or come
// into view as these are decided.
const maxCards = 50

func (p *decisionsPage) draw() {
	offset := p.root.Offset
	k := keeper{escape: p.w.escape, reveal: revealIn(p.root)}
	p.body.RemoveAll()
	for _, kind := range kindsOfDecision() {
		var of []state.Held
		for _, h := range p.held {
			if h.Step.Held == kind.reason {
				of = append(of, h)
			}
		}
		if len(of) == 0 {
			continue
		}
		var together []fyne.CanvasObject
		if kind.reason == state.HoldMassDeletion && len(of) > 1 {
			yes, no := p.choice(assets.Count("Delete all {{.N}}", len(of)), assets.Count("Keep all {{.N}}", len(of)), of...)
			together = []fyne.CanvasObject{no, yes}
		}
		p.body.Add(heading(kind.title, together...))
		p.body.Add(container.New(layout.NewCustomPaddedLayout(-10, 0, 0, 0), faint(kind.note)))
		for _, h := range of[:min(len(of), maxCards)] {
			p.body.Add(p.card(h, k))
		}
		if more := len(of) - maxCards; more > 0 {
			p.body.Add(faint(assets.Count("and {{.N}} more, which come into view as these are decided", more)))
		}
	}
	if len(p.held) == 0 {
		p.body.Add(nothingWaits())
	}
	p.body.Refresh()
	p.root.ScrollToOffset(offset)
}

// nothingWaits is the page on a good day.
func nothingWaits() fyne.CanvasObject {
	icon := canvas.NewImageFromResource(stateIcon(assets.TrayFine))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSize(72, 72))
	title := widget.NewLabel(assets.Text("Nothing waits for you"))
	title.SizeName, title.TextStyle.Bold, title.Alignment = theme.SizeNameSubHeadingText, true, fyne.TextAlignCenter
	note := faint(assets.Text("When a change could hurt – others would get mail, much would be deleted, two edits contradict each other – it waits here until you have looked."))
	note.Alignment = fyne.TextAlignCenter
	return panel(container.New(layout.NewCustomPaddedLayout(40, 40, 60, 60), container.NewVBox(icon, title, note)))
}

// card is one held step: what it is about, both versions, what follows, and the two ways.
func (p *decisionsPage) card(h state.Held, k keeper) fyne.CanvasObject {
	s := h.Step
	title := bold(cmp.Or(s.Title, assets.Text("(no title)")))
	since := short(assets.Text("since {{.When}}", "When", assets.Moment(p.w.opt.Now(), h.Since)))
	rows := []fyne.CanvasObject{container.NewBorder(nil, nil, nil, since, title)}
	if s.Kind == state.Delete {
		says := whenText(s.Before.When)
		if s.Before.Place != "" {
			says += " · " + s.Before.Place
		}
		rows = append(rows, dim(says))
	}
	card := []fyne.CanvasObject{lines(rows...)}
	if s.Kind != state.Delete && len(s.Groups) > 0 {
		card = append(card, p.versions(s))
	}
	card = append(card, notice(theme.NewWarningThemedResource(theme.InfoIcon()), say.Capital(assets.Said(s.Reason))))
	if does := p.consequence(s); does != "" {
		card = append(card, container.New(layout.NewCustomPaddedLayout(-10, 0, 0, 0), notice(theme.NavigateNextIcon(), does)))
	}
	yes, no := p.ways(h)
	buttons := container.NewHBox(no, yes)
	if remember := p.remember(h, yes, no, k); remember != nil {
		card = append(card, container.New(withActions{least: remember.MinSize().Width}, remember, buttons))
	} else {
		card = append(card, container.NewHBox(layout.NewSpacer(), buttons))
	}
	return panel(card...)
}

// versions are both versions of what a step changes, side by side.
func (p *decisionsPage) versions(s state.Step) fyne.CanvasObject {
	is, becomes := assets.Text("As it is in {{.Where}}", "Where", p.w.name(s.Ref)), assets.Text("As it would be")
	if s.Held == state.HoldConflict {
		is, becomes = assets.Text("The earlier change"), assets.Text("The later change")
	}
	table := container.New(layout.NewFormLayout())
	half := func(a, b fyne.CanvasObject) fyne.CanvasObject { return container.NewGridWithColumns(2, a, b) }
	table.Add(short(""))
	table.Add(half(faint(is), faint(becomes)))
	for _, g := range s.Groups {
		label := short(groupName(g))
		after := prose(cmp.Or(groupText(g, s.Want), "–"))
		after.TextStyle.Bold = true
		table.Add(container.NewVBox(label))
		table.Add(half(prose(cmp.Or(groupText(g, s.Before), "–")), after))
	}
	return newBackdrop(theme.ColorNameBackground, 8, container.New(layout.NewCustomPaddedLayout(0, 0, 4, 4), table))
}

// consequence is what doing it comes to, beyond what its reason says.
func (p *decisionsPage) consequence(s state.Step) string {
	where := p.w.place(s.Ref)
	switch {
	case s.Held == state.HoldGuests && s.Kind == state.Delete:
		return assets.Text("It is deleted in {{.Where}}, and its guests may get mail that it is off.", "Where", where)
	case s.Held == state.HoldGuests:
		return assets.Text("It changes in {{.Where}}, and its guests may get mail about it.", "Where", where)
	case s.Kind == state.Delete:
		return assets.Text("It is deleted in {{.Where}}. Undo in History brings it back.", "Where", where)
	}
	return ""
}

// ways are the buttons of the two decisions, named by what they do.
func (p *decisionsPage) ways(h state.Held) (yes, no *button) {
	switch s := h.Step; {
	case s.Held == state.HoldConflict:
		return p.choice(assets.Text("Take the later change"), assets.Text("Take the earlier one"), h)
	case s.Held == state.HoldTakeOver:
		return p.choice(assets.Text("Keep it here"), assets.Text("Only watch"), h)
	case s.Held == state.HoldGuests && s.Kind == state.Delete:
		return p.choice(assets.Text("Delete the meeting"), assets.Text("Put the copy back"), h)
	case s.Held == state.HoldGuests:
		return p.choice(assets.Text("Change the meeting"), assets.Text("Put the copy back"), h)
	case s.Kind == state.Delete:
		return p.choice(assets.Text("Delete"), assets.Text("Keep"), h)
	}
	return p.choice(assets.Text("Apply"), assets.Text("Drop"), h)
}

// choice is a pair of buttons that decide about steps.
func (p *decisionsPage) choice(applies, drops string, about ...state.Held) (yes, no *button) {
	var ids []string
	how := widget.HighImportance
	for _, h := range about {
		ids = append(ids, h.ID)
		if h.Step.Kind == state.Delete {
			how = widget.DangerImportance
		}
	}
	yes = important(newButton(applies, nil, nil, p.w.escape), how)
	no = newButton(drops, nil, nil, p.w.escape)
	yes.reveal, no.reveal = revealIn(p.root), revealIn(p.root)
	yes.OnTapped = func() { p.decide(ids, state.Apply, nil, yes, no) }
	no.OnTapped = func() { p.decide(ids, state.Drop, nil, yes, no) }
	return yes, no
}

// decide has the engine keep a decision, and a rule of the mirror with it if there is one.
func (p *decisionsPage) decide(ids []string, d state.Decision, rule *state.Mirror, buttons ...fyne.Disableable) {
	for _, b := range buttons {
		b.Disable()
	}
	p.w.ask(p.w.opt.CallTimeout, func(ctx context.Context) error {
		err := p.w.backend.Decide(ctx, control.Decide{IDs: ids, Decision: d})
		if err == nil && rule != nil {
			_, err = p.w.backend.ChangeMirror(ctx, control.ChangeMirror{Mirror: *rule})
		}
		return err
	}, func(err error) {
		p.w.tell(assets.Text("The decision could not be kept"), err)
		p.load()
	})
}

// remember is the box that makes a rule of a choice, where a mirror has such a rule.
func (p *decisionsPage) remember(h state.Held, yes, no *button, k keeper) fyne.CanvasObject {
	m, ok := p.w.mirror(h.Step.Mirror)
	if !ok {
		return nil
	}
	switch h.Step.Held {
	case state.HoldGuests:
		always := newCheck(assets.Text("Always do this in “{{.Mirror}}”", "Mirror", cut(m.Name, 40)), false, nil, k)
		p.rule(always, yes, h, state.Apply, func(m *state.Mirror) { m.Guests = state.ApplyGuests })
		p.rule(always, no, h, state.Drop, func(m *state.Mirror) { m.Guests = state.RevertGuests })
		return always
	case state.HoldConflict: // the mirror cannot be told to take the earlier one
		always := newCheck(assets.Text("Always take the later one in “{{.Mirror}}”", "Mirror", cut(m.Name, 40)), false, func(on bool) { setEnabled(no, !on) }, k)
		p.rule(always, yes, h, state.Apply, func(m *state.Mirror) { m.Conflicts = state.LatestWins })
		return always
	}
	return nil
}

// rule has a button of a decision make the rule too, while the box is ticked.
func (p *decisionsPage) rule(always *check, b *button, h state.Held, d state.Decision, set func(*state.Mirror)) {
	once := b.OnTapped
	b.OnTapped = func() {
		m, ok := p.w.mirror(h.Step.Mirror)
		if !always.Checked || !ok {
			once()
			return
		}
		set(&m)
		others := 0
		for _, x := range p.held {
			if x.ID != h.ID && x.Step.Mirror == m.ID && x.Step.Held == h.Step.Held {
				others++
			}
		}
		p.confirmAlways(m, h.Step.Held, others, func() { p.decide([]string{h.ID}, d, &m, b) })
	}
}

// confirmAlways says what it means to decide so from now on. The mirror has the rule
// already; others is how many steps besides wait for the same.
func (p *decisionsPage) confirmAlways(m state.Mirror, why state.HoldReason, others int, yes func()) {
	var title, means string
	switch {
	case why == state.HoldConflict:
		title = assets.Text("Always take the later change?")
		means = assets.Text("From now on, when the same is changed on two sides in “{{.Mirror}}”, the later change counts, and you are not asked. The other one stays in History, from where it can be brought back.", "Mirror", m.Name)
	case m.Guests == state.RevertGuests:
		title = assets.Text("Always put the copy back?")
		means = assets.Text("From now on, what you edit or delete of a copy in “{{.Mirror}}” is taken back if its meeting has guests. Nobody gets mail, and you are not asked.", "Mirror", m.Name)
	default:
		title = assets.Text("Always carry it home?")
		means = assets.Text("From now on, to edit or delete a copy in “{{.Mirror}}” changes or deletes the meeting at home, also if it has guests. They may get mail, and you are not asked.", "Mirror", m.Name)
	}
	body := container.NewVBox(prose(means))
	if others > 0 {
		body.Add(prose(assets.Count("{{.N}} others that wait for the same are decided so as well.", others)))
	}
	body.Add(faint(assets.Text("To change it later: Calendars, Settings… of the mirror")))
	p.w.confirm(title, body, assets.Text("Always do this"), widget.HighImportance, yes)
}
