package pages

import (
	"hash/fnv"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/store/state"
)

// backdrop is a rounded area in a colour of the theme, behind its content.
type backdrop struct {
	widget.BaseWidget
	name    fyne.ThemeColorName // none if empty
	stroke  fyne.ThemeColorName // of its edge; none if empty
	radius  float32
	content fyne.CanvasObject
}

func newBackdrop(name fyne.ThemeColorName, radius float32, content fyne.CanvasObject) *backdrop {
	b := &backdrop{name: name, radius: radius, content: content}
	b.ExtendBaseWidget(b)
	return b
}

// panel is the backdrop of things that belong together.
func panel(content ...fyne.CanvasObject) fyne.CanvasObject {
	return newBackdrop(colorPanel, 10, container.New(layout.NewCustomPaddedLayout(8, 8, 10, 10), container.NewVBox(content...)))
}

// column stacks panels, with some air between them.
func column(content ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(8), content...)
}

// CreateRenderer is Fyne's way to draw a widget.
func (b *backdrop) CreateRenderer() fyne.WidgetRenderer {
	r := &backdropRenderer{b: b, rect: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type backdropRenderer struct {
	b    *backdrop
	rect *canvas.Rectangle
}

func (r *backdropRenderer) Destroy()              {}
func (r *backdropRenderer) MinSize() fyne.Size    { return r.b.content.MinSize() }
func (r *backdropRenderer) Layout(size fyne.Size) { r.rect.Resize(size); r.b.content.Resize(size) }
func (r *backdropRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.rect, r.b.content}
}

func (r *backdropRenderer) Refresh() {
	r.rect.FillColor = color.Transparent
	if r.b.name != "" {
		r.rect.FillColor = r.b.Theme().Color(r.b.name, fyne.CurrentApp().Settings().ThemeVariant())
	}
	if r.b.stroke != "" {
		r.rect.StrokeColor = r.b.Theme().Color(r.b.stroke, fyne.CurrentApp().Settings().ThemeVariant())
		r.rect.StrokeWidth = 1
	}
	r.rect.CornerRadius = r.b.radius
	r.rect.Refresh()
}

// tight stacks objects with a gap that may be negative: labels bring more
// padding than two lines of one thing need.
type tight struct {
	gap    float32
	middle bool // what is too high for the objects is shared above and below
}

func lines(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(tight{gap: -12}, objects...)
}

// MinSize is that of all visible objects, one above the other.
func (t tight) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range objects {
		if o.Visible() {
			m := o.MinSize()
			size = fyne.NewSize(max(size.Width, m.Width), size.Height+m.Height+t.gap)
		}
	}
	return fyne.NewSize(size.Width, max(size.Height-t.gap, 0))
}

// Layout gives each visible object its own height and the whole width.
func (t tight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		if o.Visible() { // a label that wraps knows its height once it knows its width
			o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
		}
	}
	var y float32
	if t.middle {
		y = max(size.Height-t.MinSize(objects).Height, 0) / 2
	}
	for _, o := range objects {
		if o.Visible() {
			h := o.MinSize().Height
			o.Resize(fyne.NewSize(size.Width, h))
			o.Move(fyne.NewPos(0, y))
			y += h + t.gap
		}
	}
}

// besides puts objects side by side in equal columns, or one above the other where a
// column would be narrower than least.
type besides struct{ gap, least float32 }

func (b besides) shown(objects []fyne.CanvasObject) (out []fyne.CanvasObject) {
	for _, o := range objects {
		if o.Visible() {
			out = append(out, o)
		}
	}
	return out
}

// MinSize is that of the objects one above the other until Layout knows better.
func (b besides) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	shown := b.shown(objects)
	var tall, sum, wide float32
	for _, o := range shown {
		m := o.MinSize()
		tall, sum, size.Width = max(tall, m.Height), sum+m.Height+b.gap, max(size.Width, m.Width)
		wide = max(wide, o.Size().Width+o.Position().X)
	}
	if b.fits(wide, len(shown)) {
		return fyne.NewSize(size.Width, tall)
	}
	return fyne.NewSize(size.Width, max(sum-b.gap, 0))
}

func (b besides) fits(wide float32, n int) bool {
	return wide >= float32(n)*b.least+float32(n-1)*b.gap
}

// Layout gives each object its column or its row.
func (b besides) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	shown := b.shown(objects)
	n := float32(len(shown))
	if !b.fits(size.Width, len(shown)) {
		var y float32
		for _, o := range shown {
			o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
			o.Move(fyne.NewPos(0, y))
			y += o.MinSize().Height + b.gap
		}
		return
	}
	wide := (size.Width - (n-1)*b.gap) / n
	for i, o := range shown {
		o.Resize(fyne.NewSize(wide, size.Height))
		o.Move(fyne.NewPos(float32(i)*(wide+b.gap), 0))
	}
}

// withActions puts what can be done at the right of an object, or below it where that
// would leave it less than least.
type withActions struct{ least float32 }

func (a withActions) below(objects []fyne.CanvasObject, wide float32) bool {
	return wide-objects[1].MinSize().Width < a.least
}

// MinSize takes the width that the objects have now.
func (a withActions) MinSize(objects []fyne.CanvasObject) fyne.Size {
	what, do := objects[0].MinSize(), objects[1].MinSize()
	if a.below(objects, max(objects[0].Size().Width, objects[1].Position().X+objects[1].Size().Width)) {
		return fyne.NewSize(max(what.Width, do.Width), what.Height+do.Height)
	}
	return fyne.NewSize(max(what.Width, do.Width), max(what.Height, do.Height))
}

// Layout gives both their places.
func (a withActions) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	what, do := objects[0], objects[1]
	m := do.MinSize()
	if a.below(objects, size.Width) {
		what.Resize(fyne.NewSize(size.Width, max(size.Height-m.Height, what.MinSize().Height)))
		do.Resize(m)
		do.Move(fyne.NewPos(size.Width-m.Width, size.Height-m.Height))
	} else {
		what.Resize(fyne.NewSize(size.Width-m.Width, size.Height))
		do.Resize(fyne.NewSize(m.Width, size.Height))
		do.Move(fyne.NewPos(size.Width-m.Width, 0))
	}
	what.Move(fyne.NewPos(0, 0))
}

// text is one line that is cut short with an ellipsis where it does not fit.
func text(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

func bold(s string) *widget.Label {
	l := text(s)
	l.TextStyle.Bold = true
	return l
}

func dim(s string) *widget.Label {
	l := text(s)
	l.Importance = widget.LowImportance
	return l
}

// short is dim text that is never cut: for a few characters at a row's end.
func short(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Importance = widget.LowImportance
	return l
}

// prose is text that wraps.
func prose(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// heading stands above a section, with what can be done there at its right.
func heading(s string, actions ...fyne.CanvasObject) fyne.CanvasObject {
	l := bold(s)
	l.SizeName = theme.SizeNameSubHeadingText
	return container.NewBorder(nil, nil, nil, container.NewHBox(actions...), l)
}

// setText changes a label if it has to, since each refresh repaints the window.
func setText(l *widget.Label, s string) {
	if l.Text != s {
		l.SetText(s)
	}
}

// setShown shows or hides, if it has to.
func setShown(o fyne.CanvasObject, show bool) {
	switch {
	case show && !o.Visible():
		o.Show()
	case !show && o.Visible():
		o.Hide()
	}
}

// setEnabled enables or disables, if it has to.
func setEnabled(o fyne.Disableable, on bool) {
	switch {
	case on && o.Disabled():
		o.Enable()
	case !on && !o.Disabled():
		o.Disable()
	}
}

// swatch is a spot in a calendar's colour ("#rrggbb", grey if not known).
func swatch(hex string) fyne.CanvasObject {
	r := canvas.NewRectangle(hexColor(hex))
	r.CornerRadius = 4
	return container.NewCenter(container.NewGridWrap(fyne.NewSize(14, 14), r))
}

// palette are the colours of calendars that have none of their own.
var palette = []string{"#3f7fd1", "#c2571a", "#2e8b57", "#8a5bc4", "#c23b6b", "#0f8a9d", "#9a7b12", "#5b6ee1"}

// coloured gives each calendar without a colour one, always the same, and as far as they
// go none twice.
func coloured(list []state.Calendar) []state.Calendar {
	list = slices.Clone(list)
	used := map[string]int{}
	for _, c := range list {
		used[strings.ToLower(c.Color)]++
	}
	for i := range list {
		if list[i].Color != "" {
			continue
		}
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(list[i].Ref.String()))
		best := int(hash.Sum32() % uint32(len(palette)))
		for k := range palette {
			if at := (best + k) % len(palette); used[palette[at]] < used[palette[best]] {
				best = at
				break
			}
		}
		list[i].Color = palette[best]
		used[palette[best]]++
	}
	return list
}

// bar is an edge in a calendar's colour.
func bar(hex string) fyne.CanvasObject {
	r := canvas.NewRectangle(hexColor(hex))
	r.CornerRadius = 2
	r.SetMinSize(fyne.NewSize(4, 10))
	return r
}

func hexColor(hex string) color.Color {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil || len(hex) != 7 {
		return rgb(0x8a929b)
	}
	return rgb(uint32(n))
}

// width makes an object at least so wide, in Fyne's units.
func width(w float32, o fyne.CanvasObject) fyne.CanvasObject {
	space := canvas.NewRectangle(color.Transparent)
	space.SetMinSize(fyne.NewSize(w, 0))
	return container.NewStack(space, o)
}

// tall makes an object at least so high.
func tall(h float32, o fyne.CanvasObject) fyne.CanvasObject {
	space := canvas.NewRectangle(color.Transparent)
	space.SetMinSize(fyne.NewSize(0, h))
	return container.NewStack(space, o)
}

// button is Fyne's, but while it has the focus it has a ring (Fyne tints it, which nobody sees
// of one that is tinted already), Return presses it, too, a press by the keyboard leaves the
// focus where it is, and Escape is left to the window.
type button struct {
	widget.Button
	escape func()
	reveal func(fyne.CanvasObject) // brings it into view; may be nil
	ring   *canvas.Rectangle
}

func newButton(label string, icon fyne.Resource, tapped, escape func()) *button {
	b := &button{Button: widget.Button{Text: label, Icon: icon, OnTapped: tapped}, escape: escape, ring: canvas.NewRectangle(color.Transparent)}
	b.ring.StrokeWidth = 2
	b.ring.Hide()
	b.ExtendBaseWidget(b)
	return b
}

// CreateRenderer is Fyne's way to draw a widget.
func (b *button) CreateRenderer() fyne.WidgetRenderer {
	return ringed{b.Button.CreateRenderer(), b.ring}
}

// ringed draws a button with its ring.
type ringed struct {
	fyne.WidgetRenderer
	ring *canvas.Rectangle
}

// Layout places the button and its ring.
func (r ringed) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.ring.Resize(size)
}

// Objects are what is drawn.
func (r ringed) Objects() []fyne.CanvasObject {
	all := r.WidgetRenderer.Objects()
	return append(all[:len(all):len(all)], r.ring)
}

// Refresh draws it anew, in the colours of now.
func (r ringed) Refresh() {
	r.ring.StrokeColor, r.ring.CornerRadius = theme.Color(theme.ColorNameForeground), theme.Size(theme.SizeNameInputRadius)
	r.WidgetRenderer.Refresh()
}

// TypedKey handles keys while the button has the focus.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyEscape && b.escape != nil:
		b.escape()
	case e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter || e.Name == fyne.KeySpace:
		if b.OnTapped != nil && !b.Disabled() {
			b.OnTapped()
		}
	default:
		b.Button.TypedKey(e)
	}
}

// FocusGained is called when the keyboard comes here.
func (b *button) FocusGained() {
	b.ring.Show()
	b.Button.FocusGained()
	if b.reveal != nil {
		b.reveal(b)
	}
}

// FocusLost is called when the keyboard goes elsewhere.
func (b *button) FocusLost() {
	b.ring.Hide()
	b.Button.FocusLost()
}

// entry is Fyne's, but leaves Escape and the window's shortcuts to the window
// while it has the focus.
type entry struct {
	widget.Entry
	escape   func()
	shortcut func(fyne.Shortcut) bool // reports whether it was one of the window's
	reveal   func(fyne.CanvasObject)  // brings it into view; may be nil
	left     func()                   // the keyboard goes elsewhere; may be nil
}

func newEntry(placeholder string, escape func(), shortcut func(fyne.Shortcut) bool) *entry {
	e := &entry{escape: escape, shortcut: shortcut}
	e.ExtendBaseWidget(e)
	e.SetPlaceHolder(placeholder)
	return e
}

// TypedKey handles keys while the entry has the focus.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.escape()
		return
	}
	e.Entry.TypedKey(k)
}

// FocusGained is called when the keyboard comes here.
func (e *entry) FocusGained() {
	e.Entry.FocusGained()
	if e.reveal != nil {
		e.reveal(e)
	}
}

// FocusLost is called when the keyboard goes elsewhere.
func (e *entry) FocusLost() {
	e.Entry.FocusLost()
	if e.left != nil {
		e.left()
	}
}

// TypedShortcut handles shortcuts while the entry has the focus.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*desktop.CustomShortcut); ok && e.shortcut(s) {
		return
	}
	e.Entry.TypedShortcut(s)
}

// popup is a dialog: a title, a body that scrolls where it must, and buttons
// of which the last is the one that goes on.
type popup struct {
	w      *Window
	pop    *widget.PopUp
	closed func() // may be nil
}

func (w *Window) popup(title string, size fyne.Size, body fyne.CanvasObject, buttons ...fyne.CanvasObject) *popup {
	p := &popup{w: w}
	head := bold(title)
	head.SizeName = theme.SizeNameSubHeadingText
	foot := container.NewHBox(append([]fyne.CanvasObject{layout.NewSpacer()}, buttons...)...)
	content := container.NewBorder(head, foot, nil, nil, body)
	p.pop = widget.NewModalPopUp(container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), content), w.win.Canvas())
	w.win.Canvas().Unfocus()
	p.pop.Show()
	p.resize(size)
	w.popups = append(w.popups, p)
	return p
}

// resize gives the dialog a size, as far as its content and the window let it.
func (p *popup) resize(size fyne.Size) {
	const air = 40
	size = size.Min(p.w.win.Canvas().Size().SubtractWidthHeight(air, air))
	p.pop.Resize(size) // text that wraps knows its height once it knows its width
	p.pop.Resize(size.Max(p.pop.MinSize()))
}

// close takes the dialog away; a second time does nothing.
func (p *popup) close() {
	for i, q := range p.w.popups {
		if q == p {
			p.w.popups = append(p.w.popups[:i:i], p.w.popups[i+1:]...)
			p.pop.Hide()
			if p.closed != nil {
				p.closed()
			}
			return
		}
	}
}

// escape closes the topmost dialog.
func (w *Window) escape() {
	if n := len(w.popups); n > 0 {
		w.popups[n-1].close()
	}
}

// important is a button that stands out.
func important(b *button, i widget.Importance) *button {
	b.Importance = i
	return b
}

// badge is a word or two on a pill, louder or quieter; low importance is dim words alone.
func badge(s string, how widget.Importance) fyne.CanvasObject {
	l := widget.NewLabel(s)
	l.Importance = how
	if how == widget.LowImportance {
		return pill(l, "", "")
	}
	return pill(l, theme.ColorNameBackground, theme.ColorNameSeparator)
}

func pill(l *widget.Label, name, stroke fyne.ThemeColorName) fyne.CanvasObject {
	l.SizeName = theme.SizeNameCaptionText
	b := newBackdrop(name, 5, container.New(layout.NewCustomPaddedLayout(-5, -5, -2, -2), l))
	b.stroke = stroke
	return container.NewCenter(b)
}

// notice is text with an icon before it.
func notice(icon fyne.Resource, s string) fyne.CanvasObject {
	return container.NewBorder(nil, nil, container.NewVBox(container.NewPadded(widget.NewIcon(icon))), nil, prose(s))
}
