package pages

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// keeper is what a control in a dialog leaves to its surroundings: what Escape does,
// and how it comes into view when the keyboard reaches it. Fyne does neither.
type keeper struct {
	escape func()
	reveal func(fyne.CanvasObject) // may be nil
	top    func()                  // back to where its page begins; may be nil
}

func (k keeper) leaves(e *fyne.KeyEvent) bool {
	if e.Name != fyne.KeyEscape || k.escape == nil {
		return false
	}
	k.escape()
	return true
}

func (k keeper) show(o fyne.CanvasObject) {
	if k.reveal != nil {
		k.reveal(o)
	}
}

// revealIn scrolls as little as it takes to see all of an object.
func revealIn(scroll *container.Scroll) func(fyne.CanvasObject) {
	return func(o fyne.CanvasObject) {
		d := fyne.CurrentApp().Driver()
		top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(scroll.Content).Y
		const air = 8
		y := scroll.Offset.Y
		y = max(y, top+o.Size().Height+air-scroll.Size().Height)
		y = max(min(y, top-air), 0)
		if y != scroll.Offset.Y {
			scroll.ScrollToOffset(fyne.NewPos(0, y))
		}
	}
}

// check is Fyne's, but keeps Escape and stays in view.
type check struct {
	widget.Check
	keeper
}

func newCheck(label string, on bool, changed func(bool), k keeper) *check {
	c := &check{Check: widget.Check{Text: label, Checked: on, OnChanged: changed}, keeper: k}
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey handles keys while the check has the focus.
func (c *check) TypedKey(e *fyne.KeyEvent) {
	if !c.leaves(e) {
		c.Check.TypedKey(e)
	}
}

// FocusGained is called when the keyboard comes here.
func (c *check) FocusGained() {
	c.Check.FocusGained()
	c.show(c)
}

// pick is Fyne's Select, but keeps Escape and stays in view.
type pick struct {
	widget.Select
	keeper
}

// newPick offers words; at is the one in force, -1 for none of them.
func newPick(words []string, at int, changed func(int), k keeper) *pick {
	p := &pick{Select: widget.Select{Options: words}, keeper: k}
	p.ExtendBaseWidget(p)
	if at >= 0 {
		p.SetSelectedIndex(at)
	}
	p.OnChanged = func(string) { changed(p.SelectedIndex()) }
	return p
}

// framed gives a pick an edge, as entries have one: on a card it would vanish.
func framed(p *pick) fyne.CanvasObject {
	b := newBackdrop(theme.ColorNameInputBackground, 6, container.New(layout.NewCustomPaddedLayout(1, 1, 1, 1), p))
	b.stroke = theme.ColorNameInputBorder
	return b
}

// TypedKey handles keys while the pick has the focus.
func (p *pick) TypedKey(e *fyne.KeyEvent) {
	if !p.leaves(e) {
		p.Select.TypedKey(e)
	}
}

// FocusGained is called when the keyboard comes here.
func (p *pick) FocusGained() {
	p.Select.FocusGained()
	p.show(p)
}

// option is one of a few choices, with a line that explains it. The whole of it can
// be tapped; up and down lead to its neighbours.
type option struct {
	widget.BaseWidget
	keeper
	title, note      *widget.Label
	back             *backdrop
	icon             *widget.Icon
	chosen           bool
	focused, hovered bool
	tapped           func()
	before, after    *option // its neighbours; nil at the ends
}

// newOptions makes the options of one choice; at is the one in force. chosen is
// called when another is picked.
func newOptions(titles, notes []string, at int, chosen func(int), k keeper) []*option {
	all := make([]*option, len(titles))
	for i := range titles {
		o := &option{keeper: k, title: text(titles[i]), note: prose(notes[i]), icon: widget.NewIcon(theme.RadioButtonIcon())}
		o.note.Importance = widget.LowImportance
		o.back = newBackdrop("", theme.InputRadiusSize(), container.NewBorder(nil, nil, container.NewVBox(container.New(layout.NewCustomPaddedLayout(8, 0, 6, -8), o.icon)), nil, lines(o.title, o.note)))
		o.ExtendBaseWidget(o)
		o.tapped = func() {
			if o.chosen {
				return
			}
			for _, x := range all {
				x.choose(x == o)
			}
			chosen(i)
		}
		all[i] = o
		if i > 0 {
			o.before, all[i-1].after = all[i-1], o
		}
	}
	if at >= 0 && at < len(all) {
		all[at].choose(true)
	}
	return all
}

func (o *option) choose(yes bool) {
	if o.chosen == yes {
		return
	}
	o.chosen = yes
	o.icon.SetResource(theme.RadioButtonIcon())
	if yes {
		o.icon.SetResource(theme.NewPrimaryThemedResource(theme.RadioButtonCheckedIcon()))
	}
}

// Tapped chooses it.
func (o *option) Tapped(*fyne.PointEvent) {
	o.focus(o)
	o.tapped()
}

func (o *option) focus(x *option) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil {
		c.Focus(x)
	}
}

// TypedRune chooses with the space bar.
func (o *option) TypedRune(r rune) {
	if r == ' ' {
		o.tapped()
	}
}

// TypedKey goes to the neighbours, or leaves.
func (o *option) TypedKey(e *fyne.KeyEvent) {
	switch {
	case o.leaves(e):
	case e.Name == fyne.KeyUp && o.before != nil:
		o.focus(o.before)
	case e.Name == fyne.KeyDown && o.after != nil:
		o.focus(o.after)
	case e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter:
		o.tapped()
	}
}

// FocusGained is called when the keyboard comes here.
func (o *option) FocusGained() {
	o.focused = true
	o.light()
	o.show(o)
}

// FocusLost is called when the keyboard goes elsewhere.
func (o *option) FocusLost() {
	o.focused = false
	o.light()
}

// MouseIn is called when the pointer comes.
func (o *option) MouseIn(*desktop.MouseEvent) {
	o.hovered = true
	o.light()
}

// MouseMoved is called while the pointer is here.
func (o *option) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called when the pointer goes.
func (o *option) MouseOut() {
	o.hovered = false
	o.light()
}

// CreateRenderer is Fyne's way to draw a widget.
func (o *option) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(o.back) }

// light shows where the keyboard and the pointer are.
func (o *option) light() {
	switch {
	case o.focused:
		o.back.name = theme.ColorNameFocus
	case o.hovered:
		o.back.name = theme.ColorNameHover
	default:
		o.back.name = ""
	}
	o.back.Refresh()
}
