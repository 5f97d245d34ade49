package pages

import (
	"context"
	"image/color"
	"reflect"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// chartDays is how many days the chart shows.
const chartDays = 14

// homeDays is the part of home that shows how much was done lately.
type homeDays struct {
	w     *Window
	root  fyne.CanvasObject
	chart *dayChart
	line  *widget.Label // says the same as the bars

	asked   weekAsked
	loading bool
	days    []control.DayCount
}

func newHomeDays(w *Window) *homeDays {
	h := &homeDays{w: w, line: faint("")}
	h.line.SizeName = theme.SizeNameCaptionText
	h.chart = newDayChart(h.say)
	h.chart.escape = w.escape
	key := func(name fyne.ThemeColorName, s string) fyne.CanvasObject {
		l := short(s)
		l.SizeName = theme.SizeNameCaptionText
		spot := container.NewCenter(container.NewGridWrap(fyne.NewSize(10, 10), newBackdrop(name, 3, layout.NewSpacer())))
		return container.NewCenter(container.New(layout.NewCustomPaddedHBoxLayout(-4), spot, l))
	}
	keys := container.NewHBox(key(theme.ColorNamePrimary, assets.Text("changes")), key(colorQuiet, assets.Text("requests")))
	h.root = column(heading(assets.Text("Activity"), keys), panel(h.chart, h.line))
	h.root.Hide()
	return h
}

// update asks for the counts anew when there may be others.
func (h *homeDays) update() {
	s := h.w.status
	setShown(h.root, len(s.Mirrors) > 0)
	now := h.w.opt.Now()
	asked := weekAsked{time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()), s.Pass, s.Activity == control.Syncing}
	if len(s.Mirrors) == 0 || h.loading || asked == h.asked {
		return
	}
	h.asked, h.loading = asked, true
	call(h.w, h.w.opt.CallTimeout, func(ctx context.Context) ([]control.DayCount, error) {
		return h.w.backend.Days(ctx, chartDays)
	}, func(days []control.DayCount, err error) {
		h.loading = false
		if err != nil || reflect.DeepEqual(days, h.days) {
			return // the banner tells of an engine that is away
		}
		h.days = days
		h.chart.days = days
		h.chart.Refresh()
		h.say(h.chart.at)
	})
}

// say tells of one day, or of all of them if it is none.
func (h *homeDays) say(day int) {
	if day >= 0 && day < len(h.days) {
		d := h.days[day]
		setText(h.line, dateName(d.Day)+": "+assets.Count("{{.N}} changes", d.Changes)+", "+assets.Count("{{.N}} requests", d.Requests))
		return
	}
	changes, requests, best := 0, 0, 0
	for i, d := range h.days {
		changes, requests = changes+d.Changes, requests+d.Requests
		if d.Changes > h.days[best].Changes {
			best = i
		}
	}
	s := assets.Count("Last {{.N}} days", len(h.days)) + ": " + assets.Count("{{.N}} changes", changes)
	if changes > 0 {
		s += " (" + assets.Text("most on {{.Day}}: {{.Most}}", "Day", dateName(h.days[best].Day), "Most", assets.Number(h.days[best].Changes)) + ")"
	}
	setText(h.line, s+", "+assets.Count("{{.N}} requests", requests))
}

// dateName is a date in words, without the year.
func dateName(s string) string {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return assets.DayOfYear(d)
}

// dayChart draws two bars a day, changes upwards and requests downwards, each on a scale
// of its own: there are many requests to a change.
type dayChart struct {
	widget.BaseWidget
	days    []control.DayCount
	at      int // the day that is pointed at; -1 for none
	focused bool
	chosen  func(int)
	escape  func()
}

func newDayChart(chosen func(int)) *dayChart {
	c := &dayChart{at: -1, chosen: chosen}
	c.ExtendBaseWidget(c)
	return c
}

func (c *dayChart) point(day int) {
	if day = min(day, len(c.days)-1); day != c.at {
		c.at = day
		c.Refresh()
		c.chosen(day)
	}
}

// MouseIn is called when the pointer comes.
func (c *dayChart) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved is called while the pointer is here.
func (c *dayChart) MouseMoved(e *desktop.MouseEvent) {
	if n := len(c.days); n > 0 {
		c.point(int(e.Position.X / (c.Size().Width / float32(n))))
	}
}

// MouseOut is called when the pointer goes.
func (c *dayChart) MouseOut() { c.point(-1) }

// FocusGained is called when the keyboard comes here.
func (c *dayChart) FocusGained() { c.focused = true; c.at = -1; c.point(len(c.days) - 1); c.Refresh() }

// FocusLost is called when the keyboard goes elsewhere.
func (c *dayChart) FocusLost() { c.focused = false; c.point(-1); c.Refresh() }

// TypedRune does nothing.
func (c *dayChart) TypedRune(rune) {}

// TypedKey goes from day to day.
func (c *dayChart) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		c.point(max(c.at-1, 0))
	case fyne.KeyRight:
		c.point(c.at + 1)
	case fyne.KeyEscape:
		if c.escape != nil {
			c.escape()
		}
	}
}

// CreateRenderer is Fyne's way to draw a widget.
func (c *dayChart) CreateRenderer() fyne.WidgetRenderer {
	r := &dayChartRenderer{c: c}
	r.Refresh()
	return r
}

type dayChartRenderer struct {
	c       *dayChart
	size    fyne.Size
	objects []fyne.CanvasObject
}

const (
	chartUp, chartDown = 64, 30 // as tall as the bars are at most
	chartFoot          = 18
)

func (r *dayChartRenderer) Destroy()                     {}
func (r *dayChartRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *dayChartRenderer) MinSize() fyne.Size {
	return fyne.NewSize(160, chartUp+chartDown+chartFoot+4)
}
func (r *dayChartRenderer) Layout(size fyne.Size) { r.size = size; r.Refresh() }

// Refresh draws all bars anew.
func (r *dayChartRenderer) Refresh() {
	c := r.c
	r.objects = nil
	if r.size.Width < 8*float32(len(c.days)) || len(c.days) == 0 {
		return
	}
	paint := func(n fyne.ThemeColorName) color.Color {
		return c.Theme().Color(n, fyne.CurrentApp().Settings().ThemeVariant())
	}
	bar := func(fill color.Color, x, y, w, h, radius float32) {
		o := canvas.NewRectangle(fill)
		o.CornerRadius = min(radius, h/2)
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(w, h))
		r.objects = append(r.objects, o)
	}
	most, asked := 1, 1
	for _, d := range c.days {
		most, asked = max(most, d.Changes), max(asked, d.Requests)
	}
	wide := r.size.Width / float32(len(c.days))
	air := min(wide*0.18, 6)
	up := chartUp + (r.size.Height-r.MinSize().Height)/2
	if c.at >= 0 {
		bar(mix(paint(colorPanel), paint(theme.ColorNameSeparator), 0.7), float32(c.at)*wide, 0, wide, up+chartDown+2, 5)
	}
	if c.focused {
		o := r.objects[len(r.objects)-1].(*canvas.Rectangle)
		o.StrokeColor, o.StrokeWidth = paint(theme.ColorNamePrimary), 1
	}
	bar(paint(theme.ColorNameSeparator), 0, up, r.size.Width, 1, 0)
	caption := c.Theme().Size(theme.SizeNameCaptionText)
	for i, d := range c.days {
		x := float32(i)*wide + air
		if d.Changes > 0 {
			h := max(float32(d.Changes)/float32(most)*(up-4), 3)
			bar(paint(theme.ColorNamePrimary), x, up-h, wide-2*air, h, 3)
		}
		if d.Requests > 0 {
			h := max(float32(d.Requests)/float32(asked)*(chartDown-2), 2)
			bar(paint(colorQuiet), x, up+2, wide-2*air, h, 3)
		}
		if date, err := time.Parse(time.DateOnly, d.Day); err == nil {
			t := canvas.NewText(strconv.Itoa(date.Day()), paint(theme.ColorNamePlaceHolder))
			t.TextSize, t.Alignment = caption, fyne.TextAlignCenter
			if i == len(c.days)-1 {
				t.Color, t.TextStyle.Bold = paint(theme.ColorNameForeground), true
			}
			t.Move(fyne.NewPos(float32(i)*wide, up+chartDown+3))
			t.Resize(fyne.NewSize(wide, chartFoot))
			r.objects = append(r.objects, t)
		}
	}
	canvas.Refresh(c)
}
