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
)

const (
	// historyPageSize is how many entries are fetched at once, and how near to
	// the end of the list one must come for more to be fetched.
	historyPageSize, historyAhead = 100, 25
	// filterWait is how long typing must rest before the filter applies.
	filterWait = 250 * time.Millisecond
)

// historyPage lists all that happened, newest first. Only the rows in view are
// built, and pages are fetched as they come near.
type historyPage struct {
	w    *Window
	root fyne.CanvasObject

	filter *entry
	list   *widget.List
	empty  *widget.Label
	detail *fyne.Container // of the chosen entry; hidden while there is none

	entries  []state.HistoryEntry
	query    string // the filter that entries answer to
	all      bool   // there are no older ones
	loading  bool
	isStale  bool // there may be newer ones
	asked    int  // grows with each filter: answers to older ones are dropped
	typing   *time.Timer
	chosen   uint64 // Seq, 0 if none
	shownFor map[state.Ref]state.Calendar
}

func newHistoryPage(w *Window) *historyPage {
	p := &historyPage{w: w, isStale: true}
	p.filter = newEntry(assets.Text("Search titles…"), func() { p.filter.SetText("") }, w.shortcut)
	p.filter.ActionItem = widget.NewIcon(theme.SearchIcon())
	p.filter.OnChanged = p.typed
	p.list = widget.NewList(func() int { return len(p.entries) }, func() fyne.CanvasObject { return newHistoryRow() }, p.fill)
	p.list.OnSelected = p.choose
	p.list.OnUnselected = func(widget.ListItemID) { p.chosen = 0; p.detail.Hide() }
	p.empty = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{})
	p.empty.Importance = widget.LowImportance
	p.empty.Hide()
	p.detail = container.NewStack()
	p.detail.Hide()
	body := container.NewBorder(nil, nil, nil, p.detail, container.NewStack(newBackdrop(colorPanel, 10, container.NewPadded(p.list)), container.NewCenter(p.empty)))
	p.root = container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14), container.NewBorder(p.filter, nil, nil, nil, body))
	return p
}

func (p *historyPage) object() fyne.CanvasObject { return p.root }
func (p *historyPage) enter()                    { p.refresh() }

// update redraws when calendars got other names.
func (p *historyPage) update() {
	if len(p.shownFor) != len(p.w.calendars) {
		p.shownFor = p.w.calendars
		p.list.Refresh()
	}
	p.refresh()
}

// stale says that there may be newer entries.
func (p *historyPage) stale() {
	p.isStale = true
	p.refresh()
}

// typed applies the filter once typing rests.
func (p *historyPage) typed(string) {
	if p.typing != nil {
		p.typing.Stop()
	}
	p.typing = time.AfterFunc(filterWait, func() { p.w.do(p.applyFilter) })
}

func (p *historyPage) applyFilter() {
	if q := strings.TrimSpace(p.filter.Text); q != p.query {
		p.query, p.all, p.loading, p.isStale = q, false, false, true
		p.asked++
		p.entries = nil
		p.list.UnselectAll()
		p.list.ScrollToTop()
		p.refresh()
	}
}

// refresh fetches the newest entries, if the page is in view and may lack some.
func (p *historyPage) refresh() {
	if p.isStale && !p.loading && p.w.pages[p.w.shown] == page(p) {
		p.isStale = false
		p.fetch(0)
	}
}

// fetch asks for one page: the newest, or what is older than before.
func (p *historyPage) fetch(before uint64) {
	p.loading = true
	asked := p.asked
	q := control.HistoryQuery{Limit: historyPageSize, Before: before, Text: p.query}
	call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) ([]state.HistoryEntry, error) {
		return p.w.backend.History(ctx, q)
	}, func(got []state.HistoryEntry, err error) {
		if asked != p.asked {
			return
		}
		p.loading = false
		switch {
		case err != nil:
			p.isStale = true // the next news of the engine tries again
		case before == 0:
			p.merge(got)
		default:
			p.entries = append(p.entries, got...)
			p.all = len(got) < historyPageSize
			p.list.Refresh()
		}
		p.sayEmpty(err)
	})
}

// merge puts newer entries in front of those that are known.
func (p *historyPage) merge(got []state.HistoryEntry) {
	if len(p.entries) == 0 {
		p.all = len(got) < historyPageSize
	}
	fresh := slices.IndexFunc(got, func(h state.HistoryEntry) bool {
		return len(p.entries) > 0 && h.Seq <= p.entries[0].Seq
	})
	switch {
	case fresh == 0:
		return // nothing new
	case fresh < 0: // all of them are new: there may be a gap behind them
		p.entries, p.all = got, len(got) < historyPageSize
	default:
		p.entries = append(slices.Clone(got[:fresh]), p.entries...)
	}
	p.list.Refresh()
	if i := p.index(p.chosen); i >= 0 {
		p.list.Select(i) // the chosen entry moved down
	}
}

func (p *historyPage) index(seq uint64) int {
	return slices.IndexFunc(p.entries, func(h state.HistoryEntry) bool { return seq != 0 && h.Seq == seq })
}

func (p *historyPage) sayEmpty(err error) {
	switch {
	case err != nil:
		setText(p.empty, assets.Text("The history cannot be read just now."))
	case p.query != "":
		setText(p.empty, assets.Text("Nothing with “{{.Text}}” in its title.", "Text", p.query))
	default:
		setText(p.empty, assets.Text("Nothing happened yet. What crosses between your calendars will be listed here."))
	}
	setShown(p.empty, len(p.entries) == 0)
}

// historyRow is one line of the list; it is used again for other entries.
type historyRow struct {
	widget.BaseWidget
	icon                   *widget.Icon
	time, title, day, what *widget.Label
}

func newHistoryRow() *historyRow {
	r := &historyRow{icon: widget.NewIcon(nil), time: dim(""), title: bold(""), day: short(""), what: dim("")}
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer is Fyne's way to draw a widget.
func (r *historyRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewBorder(nil, nil,
		container.NewHBox(container.NewPadded(r.icon), width(96, r.time)), nil,
		lines(container.NewBorder(nil, nil, nil, r.day, r.title), r.what)))
}

// fill shows an entry in a row, and fetches older ones when the end comes near.
func (p *historyPage) fill(i widget.ListItemID, o fyne.CanvasObject) {
	if i >= len(p.entries) {
		return
	}
	h, r := p.entries[i], o.(*historyRow)
	if icon := historyIcon(h); r.icon.Resource == nil || r.icon.Resource.Name() != icon.Name() {
		r.icon.SetResource(icon)
	}
	setText(r.time, assets.Moment(p.w.opt.Now(), h.Time))
	setText(r.title, titleOf(h.Title))
	setText(r.day, eventDay(h))
	setText(r.what, p.line(h))
	if i >= len(p.entries)-historyAhead && !p.all && !p.loading {
		p.fetch(p.entries[len(p.entries)-1].Seq)
	}
}

// line says what happened, where from and why, in one line.
func (p *historyPage) line(h state.HistoryEntry) string {
	why := assets.Said(h.Why)
	if len(h.Groups) > 0 && strings.HasPrefix(why, groupNames(h.Groups)) {
		h.Groups = nil // the reason says it
	}
	s := happened(h, p.w.name(h.Ref))
	from := p.w.name(h.From)
	if h.From != (state.Ref{}) && h.From != h.Ref && !strings.Contains(why, from) { // or the reason says it
		s += ", " + assets.Text("from {{.Where}}", "Where", from)
	}
	if why != "" {
		s += " · " + why
	}
	return s
}

// eventDay is the day of the event that an entry is about, which tells apart
// what has the same title.
func eventDay(h state.HistoryEntry) string {
	if h.Kind == state.Delete || h.After.When.Start.IsZero() {
		return dayText(h.Before.When)
	}
	return dayText(h.After.When)
}

func titleOf(title string) string {
	if title == "" {
		return assets.Text("(no title)")
	}
	return title
}

func historyIcon(h state.HistoryEntry) fyne.Resource {
	switch h.Outcome {
	case state.Failed:
		return theme.NewErrorThemedResource(theme.WarningIcon())
	case state.Overridden, state.Reverted:
		return theme.NewWarningThemedResource(theme.ContentUndoIcon())
	}
	switch h.Kind {
	case state.Create:
		return theme.NewSuccessThemedResource(theme.ContentAddIcon())
	case state.Update:
		return theme.NewPrimaryThemedResource(theme.DocumentCreateIcon())
	case state.Delete:
		return theme.NewDisabledResource(theme.DeleteIcon())
	case state.Adopt:
		return theme.NewPrimaryThemedResource(theme.ConfirmIcon())
	}
	return theme.NewDisabledResource(theme.InfoIcon())
}

// choose shows an entry's details beside the list.
func (p *historyPage) choose(i widget.ListItemID) {
	if i >= len(p.entries) {
		return
	}
	h := p.entries[i]
	if p.chosen == h.Seq && p.detail.Visible() {
		return
	}
	p.chosen = h.Seq
	done := newButton("", theme.CancelIcon(), p.list.UnselectAll, p.w.escape)
	done.Importance = widget.LowImportance
	title := prose(titleOf(h.Title))
	title.TextStyle.Bold = true
	date := dim(assets.Stamp(h.Time.In(p.w.opt.Now().Location())))
	rows := []fyne.CanvasObject{title, prose(happened(h, p.w.name(h.Ref)))}
	if h.From != (state.Ref{}) && h.From != h.Ref {
		rows = append(rows, bold(assets.Text("From")), prose(p.w.place(h.From)),
			bold(assets.Text("To")), prose(p.w.place(h.Ref)))
	}
	if h.Why != "" {
		rows = append(rows, bold(assets.Text("Why")), prose(sentence(assets.Said(h.Why))))
	}
	for _, g := range detailGroups(h) {
		rows = append(rows, change(g, h.Before, h.After)...)
	}
	head := container.NewBorder(nil, nil, nil, done, date)
	p.detail.Objects = []fyne.CanvasObject{container.New(layout.NewCustomPaddedLayout(0, 0, 10, 0), width(320,
		newBackdrop(colorPanel, 10, container.NewPadded(container.NewBorder(head, nil, nil, nil, container.NewVScroll(lines(rows...)))))))}
	p.detail.Show()
	p.detail.Refresh()
}

// detailGroups are the field groups that an entry's details show: those that
// changed, and of a created or deleted event those that hold something.
func detailGroups(h state.HistoryEntry) calendar.Groups {
	var out calendar.Groups
	for _, g := range calendar.AllGroups {
		changed := h.Groups.Has(g) || len(h.Groups) == 0 && !calendar.Equal(g, h.Before, h.After)
		if changed && (groupText(g, h.Before) != "" || groupText(g, h.After) != "") {
			out = append(out, g)
		}
	}
	return out
}
