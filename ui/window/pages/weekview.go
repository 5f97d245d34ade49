package pages

import (
	"image/color"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

const (
	weekDays     = 7
	narrowestDay = 96 // a column, below which fewer days are drawn
	dayHeadTall  = 44
	barTall      = 20
	hourTall     = 30 // an hour has room for two lines
)

// linkIcon is the badge of a meeting that stands in several calendars.
var linkIcon = fyne.NewStaticResource("link.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M3.9 12c0-1.71 1.39-3.1 3.1-3.1h4V7H7c-2.76 0-5 2.24-5 5s2.24 5 5 5h4v-1.9H7c-1.71 0-3.1-1.39-3.1-3.1zM8 13h8v-2H8v2zm9-6h-4v1.9h4c1.71 0 3.1 1.39 3.1 3.1s-1.39 3.1-3.1 3.1h-4V17h4c2.76 0 5-2.24 5-5s-2.24-5-5-5z"/></svg>`))

// weekView draws some days side by side: hours downwards, meetings in the colours of the
// calendars in which they stand.
type weekView struct {
	widget.BaseWidget
	start   time.Time // a midnight, in the person's zone
	now     time.Time
	days    int // as many as there is room for
	entries []control.AgendaEntry
	color   func(state.Ref) color.Color
	tapped  func(control.AgendaEntry)
	several func([]control.AgendaEntry) // those for which there was no room
	reveal  func(fyne.CanvasObject)
	escape  func()
	resized func() // another number of days is drawn; may be nil
	made    *weekRenderer
}

func newWeekView(paint func(state.Ref) color.Color, tapped func(control.AgendaEntry), several func([]control.AgendaEntry)) *weekView {
	v := &weekView{days: weekDays, color: paint, tapped: tapped, several: several}
	v.ExtendBaseWidget(v)
	return v
}

// show draws other days or meetings.
func (v *weekView) show(start time.Time, entries []control.AgendaEntry) {
	v.start, v.entries = start, entries
	v.Refresh()
}

// tick moves the line of the present.
func (v *weekView) tick(now time.Time) {
	v.now = now
	if r, ok := v.renderer(); ok {
		r.placeNow()
	}
}

func (v *weekView) renderer() (*weekRenderer, bool) {
	return v.made, v.made != nil
}

// CreateRenderer is Fyne's way to draw a widget.
func (v *weekView) CreateRenderer() fyne.WidgetRenderer {
	r := &weekRenderer{v: v}
	v.made = r
	r.build()
	return r
}

// weekRenderer draws a weekView.
type weekRenderer struct {
	v       *weekView
	size    fyne.Size
	plan    weekPlan
	gutter  float32
	lines   []*canvas.Rectangle // hours, then days
	hours   []*canvas.Text
	heads   []fyne.CanvasObject // name and number of each day
	today   *canvas.Circle
	shades  []*canvas.Rectangle // of weekends
	events  []*weekEvent        // those of plan.bars, then those of plan.blocks
	now     *canvas.Rectangle
	dot     *canvas.Circle
	objects []fyne.CanvasObject
	tip     []fyne.CanvasObject // all of a meeting for which there is little room, over the others
}

func (r *weekRenderer) Destroy()                     {}
func (r *weekRenderer) Objects() []fyne.CanvasObject { return slices.Concat(r.objects, r.tip) }

// Refresh draws everything anew.
func (r *weekRenderer) Refresh() {
	r.build()
	r.place()
	canvas.Refresh(r.v)
}

// MinSize is as tall as the hours that are drawn.
func (r *weekRenderer) MinSize() fyne.Size {
	return fyne.NewSize(r.gutter+2*narrowestDay, r.top()+float32(r.plan.to-r.plan.from)*hourTall+6)
}

// top is where the hours begin.
func (r *weekRenderer) top() float32 { return dayHeadTall + float32(r.plan.rows)*(barTall+2) + 6 }

// Layout gives everything its place; of a narrow view there are fewer days.
func (r *weekRenderer) Layout(size fyne.Size) {
	r.size = size
	if days := min(max(int((size.Width-r.gutter)/narrowestDay), 1), weekDays); days != r.v.days {
		r.v.days = days
		r.build()
		if r.v.resized != nil {
			r.v.resized()
		}
	}
	r.place()
}

func (r *weekRenderer) paint(n fyne.ThemeColorName) color.Color {
	return r.v.Theme().Color(n, fyne.CurrentApp().Settings().ThemeVariant())
}

// build makes all that is drawn.
func (r *weekRenderer) build() {
	v := r.v
	r.plan = planWeek(v.entries, v.start, v.days)
	caption := v.Theme().Size(theme.SizeNameCaptionText)
	faded, text, line := r.paint(theme.ColorNamePlaceHolder), r.paint(theme.ColorNameForeground), r.paint(theme.ColorNameSeparator)
	r.lines, r.hours, r.heads, r.shades, r.events, r.objects, r.tip, r.gutter = nil, nil, nil, nil, nil, nil, nil, 0
	for d := range v.days {
		if day := v.start.AddDate(0, 0, d).Weekday(); day == time.Saturday || day == time.Sunday {
			r.shades = append(r.shades, canvas.NewRectangle(mix(r.paint(colorPanel), line, 0.35)))
			r.objects = append(r.objects, r.shades[len(r.shades)-1])
		}
	}
	for range r.plan.to - r.plan.from + 1 + v.days {
		r.lines = append(r.lines, canvas.NewRectangle(line))
		r.objects = append(r.objects, r.lines[len(r.lines)-1])
	}
	for h := r.plan.from; h < r.plan.to; h++ {
		t := canvas.NewText(assets.Clock(time.Date(2000, 1, 1, h, 0, 0, 0, time.UTC)), faded)
		t.TextSize, t.Alignment = caption, fyne.TextAlignTrailing
		r.gutter = max(r.gutter, t.MinSize().Width+10)
		r.hours = append(r.hours, t)
		r.objects = append(r.objects, t)
	}
	r.today = canvas.NewCircle(r.paint(theme.ColorNamePrimary))
	r.objects = append(r.objects, r.today)
	for d := range v.days {
		day := v.start.AddDate(0, 0, d)
		name, number := canvas.NewText(assets.Weekday(day), faded), canvas.NewText(strconv.Itoa(day.Day()), text)
		name.TextSize, number.TextSize, number.TextStyle.Bold = caption, 16, true
		if dayOf(v.now, v.start) == d {
			name.Color, number.Color = text, r.paint(theme.ColorNameForegroundOnPrimary)
		}
		r.heads = append(r.heads, name, number)
		r.objects = append(r.objects, name, number)
	}
	for _, b := range slices.Concat(r.plan.bars, r.plan.blocks) {
		e := r.event(b)
		r.events = append(r.events, e)
		r.objects = append(r.objects, e)
	}
	red := r.paint(theme.ColorNameError)
	r.now, r.dot = canvas.NewRectangle(red), canvas.NewCircle(red)
	r.objects = append(r.objects, r.now, r.dot)
}

// event is the widget of one block.
func (r *weekRenderer) event(b weekBlock) *weekEvent {
	v := r.v
	e := &weekEvent{reveal: v.reveal, escape: v.escape, hint: r.tell, bar: b.last > 0 || b.to == 0}
	if len(b.rest) > 0 {
		var all []control.AgendaEntry
		for _, i := range b.rest {
			all = append(all, v.entries[i])
		}
		e.title, e.tapped = assets.Text("+{{.N}}", "N", assets.Number(len(all))), func() { v.several(all) }
		e.ExtendBaseWidget(e)
		return e
	}
	x := v.entries[b.entry]
	e.title, e.tapped = titleOf(x.Title), func() { v.tapped(x) }
	from, to, allDay := span(x, v.start.Location())
	if !allDay {
		e.time = assets.Clock(from) + " – " + assets.Clock(to)
	}
	for _, p := range x.Places {
		if c := v.color(p.Ref); !slices.Contains(e.colors, c) {
			e.colors = append(e.colors, c)
		}
	}
	e.linked, e.over = len(x.Places) > 1, !to.After(v.now)
	e.hollow, e.faint = x.Availability == calendar.Free, x.Declined
	e.veiled = bareBusy(x)
	e.ExtendBaseWidget(e)
	return e
}

// bareBusy reports whether all that is known of a meeting is that it takes time.
func bareBusy(x control.AgendaEntry) bool {
	return len(x.Places) == 1 && (x.Title == "" || strings.EqualFold(x.Title, "busy")) && x.Place == ""
}

// place moves everything to where it belongs.
func (r *weekRenderer) place() {
	v := r.v
	if r.size.Width <= r.gutter {
		return
	}
	wide := (r.size.Width - r.gutter) / float32(v.days)
	top, n := r.top(), r.plan.to-r.plan.from
	left := func(day int) float32 { return r.gutter + float32(day)*wide }
	put := func(o fyne.CanvasObject, x, y, w, h float32) { o.Move(fyne.NewPos(x, y)); o.Resize(fyne.NewSize(w, h)) }
	shade := 0
	for d := range v.days {
		if day := v.start.AddDate(0, 0, d).Weekday(); day == time.Saturday || day == time.Sunday {
			put(r.shades[shade], left(d), dayHeadTall, wide, top-dayHeadTall+float32(n)*hourTall)
			shade++
		}
	}
	for i := range n + 1 {
		put(r.lines[i], r.gutter-4, top+float32(i)*hourTall, r.size.Width-r.gutter+4, 1)
	}
	for i, t := range r.hours {
		put(t, 0, top+float32(i)*hourTall-t.MinSize().Height/2, r.gutter-9, t.MinSize().Height)
	}
	r.today.Hide()
	for d := range v.days {
		put(r.lines[n+1+d], left(d), dayHeadTall-6, 1, top-dayHeadTall+6+float32(n)*hourTall)
		name, number := r.heads[2*d].(*canvas.Text), r.heads[2*d+1].(*canvas.Text)
		nameSize, numberSize := name.MinSize(), number.MinSize()
		const disc = 26
		x := left(d) + (wide-nameSize.Width-6-disc)/2
		put(name, x, (dayHeadTall-8-nameSize.Height)/2, nameSize.Width, nameSize.Height)
		x += nameSize.Width + 6
		put(number, x+(disc-numberSize.Width)/2, (dayHeadTall-8-numberSize.Height)/2, numberSize.Width, numberSize.Height)
		if dayOf(v.now, v.start) == d {
			put(r.today, x, (dayHeadTall-8-disc)/2, disc, disc)
			r.today.Show()
		}
	}
	for i, b := range slices.Concat(r.plan.bars, r.plan.blocks) {
		if e := r.events[i]; i < len(r.plan.bars) {
			put(e, left(b.day)+2, dayHeadTall+float32(b.row)*(barTall+2), wide*float32(b.last-b.day+1)-4, barTall)
		} else {
			lane := (wide - 5) / float32(b.lanes)
			put(e, left(b.day)+3+float32(b.lane)*lane, top+float32(b.from-float64(r.plan.from))*hourTall+1,
				lane-1, float32(b.to-b.from)*hourTall-1)
		}
	}
	r.placeNow()
}

// tell shows the title and the time of a meeting under it, or above it at the end of the day.
func (r *weekRenderer) tell(e *weekEvent) {
	r.tip = nil
	if e != nil {
		const air = 6
		size, bold := r.v.Theme().Size(theme.SizeNameCaptionText), fyne.TextStyle{Bold: true}
		back := canvas.NewRectangle(r.paint(theme.ColorNameOverlayBackground))
		back.StrokeColor, back.StrokeWidth, back.CornerRadius = r.paint(theme.ColorNameInputBorder), 1, 4
		r.tip = append(r.tip, back)
		var area fyne.Size
		write := func(s string, c color.Color, style fyne.TextStyle) {
			t := canvas.NewText(s, c)
			t.TextSize, t.TextStyle = size, style
			t.Move(fyne.NewPos(air, air-2+area.Height))
			t.Resize(t.MinSize())
			area = fyne.NewSize(max(area.Width, t.MinSize().Width), area.Height+t.MinSize().Height)
			r.tip = append(r.tip, t)
		}
		room := min(float32(240), r.size.Width-2*air)
		for _, line := range wrapped(e.title, room, room, 4, size, bold) {
			write(ellipsis(line, room, size, bold), r.paint(theme.ColorNameForeground), bold)
		}
		if e.time != "" {
			write(e.time, r.paint(theme.ColorNamePlaceHolder), fyne.TextStyle{})
		}
		back.Resize(area.AddWidthHeight(2*air, 2*air-4))
		at := fyne.NewPos(max(min(e.Position().X, r.size.Width-back.Size().Width), 0), e.Position().Y+e.Size().Height+2)
		if at.Y+back.Size().Height > r.size.Height {
			at.Y = max(e.Position().Y-back.Size().Height-2, 0)
		}
		for _, o := range r.tip {
			o.Move(o.Position().Add(at))
		}
	}
	canvas.Refresh(r.v)
}

// placeNow draws the line of the present.
func (r *weekRenderer) placeNow() {
	v := r.v
	d, hour := dayOf(v.now, v.start), hourOf(v.now)
	shown := !r.size.IsZero() && d >= 0 && d < v.days && hour >= float64(r.plan.from) && hour <= float64(r.plan.to)
	setShown(r.now, shown)
	setShown(r.dot, shown)
	if !shown {
		return
	}
	wide := (r.size.Width - r.gutter) / float32(v.days)
	x, y := r.gutter+float32(d)*wide, r.top()+float32(hour-float64(r.plan.from))*hourTall
	if at := fyne.NewPos(x, y-1); r.now.Position() != at {
		r.now.Move(at)
		r.now.Resize(fyne.NewSize(wide, 2))
		r.dot.Move(fyne.NewPos(x-4, y-4))
		r.dot.Resize(fyne.NewSize(8, 8))
		r.now.Refresh()
	}
}

// weekEvent is one meeting in the week, to be tapped or reached by the keyboard.
type weekEvent struct {
	widget.BaseWidget
	title, time      string
	colors           []color.Color // of the calendars in which it stands; none: of several meetings
	linked           bool
	bar              bool // one line, all day
	hollow           bool // it takes no time
	faint, over      bool // declined; in the past
	veiled           bool // nothing but that it takes time is known
	focused, hovered bool
	more             bool // than there is room for
	tapped           func()
	hint             func(*weekEvent) // shows all of it beside it; of nil, nothing
	reveal           func(fyne.CanvasObject)
	escape           func()
}

// told shows what there was no room for, while the pointer or the keyboard is here.
func (e *weekEvent) told() {
	switch {
	case e.hint == nil:
	case e.more && (e.hovered || e.focused):
		e.hint(e)
	default:
		e.hint(nil)
	}
}

// Tapped opens it.
func (e *weekEvent) Tapped(*fyne.PointEvent) { e.tapped() }

// Cursor is a hand: it can be tapped.
func (e *weekEvent) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained is called when the keyboard comes here.
func (e *weekEvent) FocusGained() {
	e.focused = true
	e.Refresh()
	e.told()
	if e.reveal != nil {
		e.reveal(e)
	}
}

// FocusLost is called when the keyboard goes elsewhere.
func (e *weekEvent) FocusLost() { e.focused = false; e.Refresh(); e.told() }

// TypedRune opens it with the space bar.
func (e *weekEvent) TypedRune(r rune) {
	if r == ' ' {
		e.tapped()
	}
}

// TypedKey opens it with Return.
func (e *weekEvent) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		e.tapped()
	case fyne.KeyEscape:
		if e.escape != nil {
			e.escape()
		}
	}
}

// MouseIn is called when the pointer comes.
func (e *weekEvent) MouseIn(*desktop.MouseEvent) { e.hovered = true; e.Refresh(); e.told() }

// MouseMoved is called while the pointer is here.
func (e *weekEvent) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called when the pointer goes.
func (e *weekEvent) MouseOut() { e.hovered = false; e.Refresh(); e.told() }

// CreateRenderer is Fyne's way to draw a widget.
func (e *weekEvent) CreateRenderer() fyne.WidgetRenderer {
	r := &weekEventRenderer{e: e, back: canvas.NewRectangle(color.Transparent), badge: widget.NewIcon(theme.NewDisabledResource(linkIcon))}
	r.back.CornerRadius = 4
	for _, c := range e.colors {
		s := canvas.NewRectangle(c)
		r.stripes = append(r.stripes, s)
	}
	r.Refresh()
	return r
}

type weekEventRenderer struct {
	e       *weekEvent
	size    fyne.Size
	back    *canvas.Rectangle
	stripes []*canvas.Rectangle
	texts   []*canvas.Text
	badge   *widget.Icon
	objects []fyne.CanvasObject
}

func (r *weekEventRenderer) Destroy()                     {}
func (r *weekEventRenderer) MinSize() fyne.Size           { return fyne.NewSize(8, 8) }
func (r *weekEventRenderer) Objects() []fyne.CanvasObject { return r.objects }

// Refresh paints it in the theme's colours.
func (r *weekEventRenderer) Refresh() {
	e := r.e
	paint := func(n fyne.ThemeColorName) color.Color {
		return e.Theme().Color(n, fyne.CurrentApp().Settings().ThemeVariant())
	}
	ground := paint(colorPanel)
	of := paint(theme.ColorNameDisabled)
	if len(e.colors) > 0 {
		of = e.colors[0]
	}
	part := 0.24
	if e.over || e.faint || e.veiled {
		part = 0.12
	}
	if e.hovered {
		part += 0.14
	}
	r.back.FillColor, r.back.StrokeWidth = mix(ground, of, part), 0
	if e.hollow {
		r.back.FillColor, r.back.StrokeColor, r.back.StrokeWidth = mix(ground, of, part-0.12), mix(ground, of, 0.6), 1
	}
	if e.focused {
		r.back.StrokeColor, r.back.StrokeWidth = paint(theme.ColorNameForeground), 2
	}
	r.lay(paint)
	canvas.Refresh(e)
}

// Layout gives everything its place.
func (r *weekEventRenderer) Layout(size fyne.Size) {
	if size == r.size {
		return
	}
	r.size = size
	r.Refresh()
}

// lay writes as much as there is room for.
func (r *weekEventRenderer) lay(paint func(fyne.ThemeColorName) color.Color) {
	e, size := r.e, r.size
	r.objects, r.texts = nil, nil
	if size.Width < 8 || size.Height < 4 {
		return
	}
	r.objects = append(r.objects, r.back)
	r.back.Resize(size)
	const stripe, air = 4, 3
	x := float32(air)
	if n := float32(len(r.stripes)); n > 0 {
		tall := size.Height / n
		for i, s := range r.stripes {
			s.Move(fyne.NewPos(0, float32(i)*tall))
			s.Resize(fyne.NewSize(stripe, tall))
			s.TopLeftCornerRadius, s.BottomLeftCornerRadius = 0, 0
			if i == 0 {
				s.TopLeftCornerRadius = 3
			}
			if i == len(r.stripes)-1 {
				s.BottomLeftCornerRadius = 3
			}
			r.objects = append(r.objects, s)
		}
		x += stripe + 1
	}
	caption := e.Theme().Size(theme.SizeNameCaptionText)
	strong, dim := paint(theme.ColorNameForeground), paint(theme.ColorNamePlaceHolder)
	if e.over || e.faint || e.veiled {
		strong = dim
	}
	const badge = 12
	wide := size.Width - air - x
	lineTall := fyne.MeasureText("Ág", caption, fyne.TextStyle{}).Height
	write := func(s string, y, room float32, c color.Color, style fyne.TextStyle) {
		t := canvas.NewText(ellipsis(s, room, caption, style), c)
		t.TextSize, t.TextStyle = caption, style
		t.Move(fyne.NewPos(x, y))
		t.Resize(fyne.NewSize(room, lineTall))
		r.texts = append(r.texts, t)
		r.objects = append(r.objects, t)
	}
	style := fyne.TextStyle{Bold: !e.over && !e.faint && !e.veiled, Italic: e.veiled}
	y := (min(size.Height, lineTall+4) - lineTall) / 2
	rows := max(int((size.Height-y)/(lineTall-2)), 1)
	fits := func(room float32, rows int) ([]string, bool) {
		lines := wrapped(e.title, room, wide, rows, caption, style)
		for i, line := range lines {
			if i > 0 {
				room = wide
			}
			if fyne.MeasureText(line, caption, style).Width > room {
				return lines, false
			}
		}
		return lines, true
	}
	// The title comes first: for it the time goes, which the place in the day tells as
	// well, and then the badge, which the stripes tell as well.
	most, room := 3, wide-badge-1
	if size.Width <= 60 { // beside others: words are broken
		most = rows
	}
	withTime := e.time != "" && !e.bar && rows > 1 && size.Width > 46
	withBadge := e.linked && size.Width > 46
	if !withBadge {
		room = wide
	}
	titled, whole := []string(nil), false
	if withTime {
		if titled, whole = fits(room, min(rows-1, most)); !whole {
			withTime = rows > most
		}
	}
	if !withTime {
		titled, whole = fits(room, min(rows, most))
	}
	if !whole && withBadge {
		withBadge, room = false, wide
		if withTime {
			rows--
		}
		titled, whole = fits(room, min(rows, most))
	}
	e.more = !whole || e.time != "" && !withTime
	for i, line := range titled {
		if i > 0 {
			room = wide
		}
		write(line, y, room, strong, style)
		y += lineTall - 2
	}
	if withTime {
		write(e.time, y, wide, dim, fyne.TextStyle{})
	}
	if withBadge {
		r.badge.Move(fyne.NewPos(size.Width-air-badge+1, max((min(size.Height, badge+6)-badge)/2, 0)))
		r.badge.Resize(fyne.NewSize(badge, badge))
		r.objects = append(r.objects, r.badge)
	}
}

// wrapped breaks a text into lines at its spaces, and words that are wider than a line
// anywhere; the last line holds all the rest.
func wrapped(s string, first, others float32, most int, size float32, style fyne.TextStyle) (lines []string) {
	fits := func(s string, room float32) bool { return fyne.MeasureText(s, size, style).Width <= room }
	words := strings.Fields(s)
	for len(words) > 0 {
		room := others
		if len(lines) == 0 {
			room = first
		}
		if len(lines) == most-1 {
			return append(lines, strings.Join(words, " "))
		}
		n := 1
		for n < len(words) && fits(strings.Join(words[:n+1], " "), room) {
			n++
		}
		line := strings.Join(words[:n], " ")
		words = words[n:]
		if letters := []rune(line); n == 1 && !fits(line, others) {
			at := len(letters) - 1
			for at > 1 && !fits(string(letters[:at]), room) {
				at--
			}
			if at > 2 && at == len(letters)-1 {
				at-- // a letter alone is no line
			}
			if at > 0 {
				line, words = string(letters[:at]), append([]string{string(letters[at:])}, words...)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// ellipsis cuts a text to a width. Where that is next to nothing, letters say more than
// the sign that there would be more.
func ellipsis(s string, room float32, size float32, style fyne.TextStyle) string {
	if fyne.MeasureText(s, size, style).Width <= room {
		return s
	}
	runes, more := []rune(s), "…"
	if room < 36 {
		more = ""
	}
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if fyne.MeasureText(strings.TrimRight(string(runes[:mid]), " ")+more, size, style).Width <= room {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 {
		return ""
	}
	return strings.TrimRight(string(runes[:lo]), " ") + more
}

// mix is so much of one colour over another.
func mix(under, over color.Color, part float64) color.Color {
	a, b := color.NRGBAModel.Convert(under).(color.NRGBA), color.NRGBAModel.Convert(over).(color.NRGBA)
	of := func(x, y uint8) uint8 { return uint8(float64(x)*(1-part) + float64(y)*part + 0.5) }
	return color.NRGBA{of(a.R, b.R), of(a.G, b.G), of(a.B, b.B), 0xff}
}
