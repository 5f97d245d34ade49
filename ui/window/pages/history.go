package pages

import (
	"cmp"
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

// happening is what the list shows of an entry. The history may have 100 000 of them, so
// what an event held before and after is left to the detail, which asks for it.
type happening struct {
	seq, pass uint64
	time      time.Time
	entity    state.EntityID
	title     string
	day, line string
	icon      fyne.Resource
}

// row is a line of the list: an entry, or the head of the pass that it and those below are of.
type row struct {
	entry int  // its index
	head  bool // of the pass
}

// historyPage lists all that happened, newest first, by the passes in which it did. Only the
// rows in view are built, and pages are fetched as they come near.
type historyPage struct {
	w    *Window
	root fyne.CanvasObject
	body *fyne.Container

	filter       *entry
	mirrors      *pick
	kinds        *pick
	only         *fyne.Container // says that it is about one meeting, while it is
	onlyTitle    *widget.Label
	list         *widget.List
	empty        *widget.Label
	detail       *fyne.Container // of the chosen entry; hidden while there is none
	mirrorOf     []state.MirrorID
	headH, lineH float32

	entries []happening
	rows    []row
	query   control.HistoryQuery // what entries answer to
	all     bool                 // there are no older ones
	loading bool
	isStale bool // there may be newer ones
	asked   int  // grows with each filter: answers to older ones are dropped
	typing  *time.Timer
	chosen  uint64 // Seq, 0 if none
	moving  bool   // the chosen entry goes to another row
	named   int    // how many calendars had names when the lines were written
}

func newHistoryPage(w *Window) *historyPage {
	p := &historyPage{w: w, isStale: true}
	p.filter = newEntry(assets.Text("Search titles…"), func() { p.filter.SetText("") }, w.shortcut)
	p.filter.ActionItem = widget.NewIcon(theme.SearchIcon())
	p.filter.OnChanged = p.typed
	k := keeper{escape: w.escape}
	p.mirrors = newPick([]string{assets.Text("All mirrors")}, 0, func(int) { p.applyFilter() }, k)
	p.kinds = newPick(kindNames(), 0, func(int) { p.applyFilter() }, k)
	p.list = widget.NewList(func() int { return len(p.rows) }, func() fyne.CanvasObject { return newHistoryRow(w.escape) }, p.fill)
	p.list.HideSeparators = true
	p.list.OnSelected = p.choose
	p.list.OnUnselected = func(widget.ListItemID) {
		if !p.moving {
			p.chosen = 0
			p.detail.Hide()
			p.body.Refresh() // the list takes its place
		}
	}
	sample := newHistoryRow(nil)
	sample.as(false)
	p.lineH = sample.MinSize().Height
	sample.as(true)
	p.headH = sample.MinSize().Height
	p.empty = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{})
	p.empty.Importance = widget.LowImportance
	p.empty.Hide()
	p.detail = container.NewStack()
	p.detail.Hide()
	p.onlyTitle = bold("")
	back := newButton(assets.Text("Show everything"), theme.CancelIcon(), func() { p.about("", "") }, w.escape)
	back.Importance = widget.LowImportance
	p.only = container.NewBorder(nil, nil, nil, back, p.onlyTitle)
	p.only.Hide()
	head := container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(width(170, framed(p.mirrors)), width(170, framed(p.kinds))), p.filter), p.only)
	p.body = container.NewBorder(nil, nil, nil, p.detail, container.NewStack(newBackdrop(colorPanel, 10, container.NewPadded(p.list)), container.NewCenter(p.empty)))
	p.root = container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14), container.NewBorder(head, nil, nil, nil, p.body))
	return p
}

// The kinds of entries that can be picked, in the order of kindNames.
var pickedKinds = []control.HistoryQuery{{}, {Kind: state.Create}, {Kind: state.Update}, {Kind: state.Delete}, {Kind: state.Adopt}, {Amiss: true}}

func kindNames() []string {
	return []string{assets.Text("Everything that happened"), assets.Text("What was created"), assets.Text("What was changed"), assets.Text("What was deleted"), assets.Text("What was linked"), assets.Text("Failed, lost, taken back")}
}

func (p *historyPage) object() fyne.CanvasObject { return p.root }
func (p *historyPage) enter()                    { p.refresh() }

// update offers the mirrors there are, and reads the lines anew when calendars got names.
func (p *historyPage) update() {
	names, ids := []string{assets.Text("All mirrors")}, []state.MirrorID{""}
	for _, m := range p.w.status.Mirrors {
		names, ids = append(names, m.Name), append(ids, m.ID)
	}
	if !slices.Equal(names, p.mirrors.Options) {
		p.mirrorOf = ids
		p.mirrors.SetOptions(names)
	}
	if p.named != len(p.w.calendars) && len(p.entries) > 0 {
		p.again()
	}
	p.refresh()
}

// about shows the entries of one meeting only, on all sides; of all if entity is empty.
func (p *historyPage) about(entity state.EntityID, title string) {
	setText(p.onlyTitle, assets.Text("Only “{{.Title}}”, on all sides", "Title", titleOf(title)))
	setShown(p.only, entity != "")
	p.query.Entity = entity
	p.again()
}

// again forgets what was read.
func (p *historyPage) again() {
	p.all, p.loading, p.isStale = false, false, true
	p.asked++
	p.entries, p.rows = nil, nil
	p.list.UnselectAll()
	p.list.Refresh()
	p.list.ScrollToTop()
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
	q := pickedKinds[max(p.kinds.SelectedIndex(), 0)]
	q.Text, q.Entity = strings.TrimSpace(p.filter.Text), p.query.Entity
	if i := p.mirrors.SelectedIndex(); i > 0 && i < len(p.mirrorOf) {
		q.Mirror = p.mirrorOf[i]
	}
	if q != p.query {
		p.query = q
		p.again()
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
	q := p.query
	q.Limit, q.Before = historyPageSize, before
	p.named = len(p.w.calendars)
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
			p.entries = append(p.entries, p.happenings(got)...)
			p.all = len(got) < historyPageSize
			p.lay()
		}
		p.sayEmpty(err)
	})
}

func (p *historyPage) happenings(list []state.HistoryEntry) []happening {
	out := make([]happening, len(list))
	for i, h := range list {
		out[i] = happening{h.Seq, h.Pass, h.Time, h.Entity, titleOf(h.Title), eventDay(h), p.line(h), historyIcon(h)}
	}
	return out
}

// merge puts newer entries in front of those that are known.
func (p *historyPage) merge(got []state.HistoryEntry) {
	if len(p.entries) == 0 {
		p.all = len(got) < historyPageSize
	}
	fresh := slices.IndexFunc(got, func(h state.HistoryEntry) bool {
		return len(p.entries) > 0 && h.Seq <= p.entries[0].seq
	})
	switch {
	case fresh == 0:
		return // nothing new
	case fresh < 0: // all of them are new: there may be a gap behind them
		p.entries, p.all = p.happenings(got), len(got) < historyPageSize
	default:
		p.entries = append(p.happenings(got[:fresh]), p.entries...)
	}
	p.lay()
	if i := p.index(p.chosen); i >= 0 {
		p.moving = true // the chosen entry did, down the list
		p.list.Select(i)
		p.moving = false
	}
}

// lay lays the entries out by their passes. What is written outside of a pass has none.
func (p *historyPage) lay() {
	rows := p.rows[:0]
	for i, h := range p.entries {
		if i == 0 || h.pass != p.entries[i-1].pass {
			rows = append(rows, row{i, true})
		}
		rows = append(rows, row{i, false})
	}
	p.rows = rows
	for i, r := range rows {
		p.list.SetItemHeight(i, map[bool]float32{true: p.headH, false: p.lineH}[r.head])
	}
	p.list.Refresh()
}

// index is the row of an entry.
func (p *historyPage) index(seq uint64) int {
	return slices.IndexFunc(p.rows, func(r row) bool { return seq != 0 && !r.head && p.entries[r.entry].seq == seq })
}

func (p *historyPage) sayEmpty(err error) {
	switch {
	case err != nil:
		setText(p.empty, assets.Text("The history cannot be read just now."))
	case p.query.Text != "":
		setText(p.empty, assets.Text("Nothing with “{{.Text}}” in its title.", "Text", p.query.Text))
	case p.query != (control.HistoryQuery{}):
		setText(p.empty, assets.Text("Nothing of that kind."))
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
	entry, top             *fyne.Container

	passed *widget.Label
	undo   *button
	head   *fyne.Container
}

func newHistoryRow(escape func()) *historyRow {
	r := &historyRow{icon: widget.NewIcon(nil), time: dim(""), title: bold(""), day: short(""), what: dim(""), passed: dim("")}
	r.top = container.NewBorder(nil, nil, nil, r.day, r.title)
	r.entry = container.NewBorder(nil, nil, container.NewHBox(container.NewPadded(r.icon), width(64, r.time)), nil, lines(r.top, r.what))
	r.undo = newButton(assets.Text("Undo this sync…"), nil, nil, escape)
	r.undo.Importance = widget.LowImportance
	r.passed.TextStyle.Bold = true
	r.head = container.NewBorder(nil, nil, nil, r.undo, r.passed)
	r.ExtendBaseWidget(r)
	return r
}

// as makes it the head of a pass, or an entry.
func (r *historyRow) as(head bool) {
	setShown(r.head, head)
	setShown(r.entry, !head)
}

// CreateRenderer is Fyne's way to draw a widget.
func (r *historyRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(r.head, r.entry))
}

// fill shows an entry in a row, and fetches older ones when the end comes near.
func (p *historyPage) fill(i widget.ListItemID, o fyne.CanvasObject) {
	if i >= len(p.rows) {
		return
	}
	h, r := p.entries[p.rows[i].entry], o.(*historyRow)
	r.as(p.rows[i].head)
	if p.rows[i].head {
		p.fillHead(p.rows[i].entry, r)
		return
	}
	if r.icon.Resource == nil || r.icon.Resource.Name() != h.icon.Name() {
		r.icon.SetResource(h.icon)
	}
	setText(r.time, assets.Clock(h.time.In(p.w.opt.Now().Location())))
	setText(r.title, h.title)
	if r.day.Text != h.day {
		r.day.SetText(h.day)
		r.top.Refresh() // it may be wider than the one before
	}
	setText(r.what, h.line)
	if p.rows[i].entry >= len(p.entries)-historyAhead && !p.all && !p.loading {
		p.fetch(p.entries[len(p.entries)-1].seq)
	}
}

// fillHead says which pass the entries from i on are of.
func (p *historyPage) fillHead(i int, r *historyRow) {
	h := p.entries[i]
	n := i
	for n < len(p.entries) && p.entries[n].pass == h.pass {
		n++
	}
	says := assets.Moment(p.w.opt.Now(), h.time)
	if n < len(p.entries) || p.all { // all of them are here
		says += " · " + assets.Count("{{.N}} entries", n-i)
	}
	setText(r.passed, says)
	setShown(r.undo, h.pass != 0 && p.query == (control.HistoryQuery{}))
	r.undo.OnTapped = func() { p.undo(control.UndoRequest{Pass: h.pass}) }
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

// choose asks for an entry's details, and shows them beside the list.
func (p *historyPage) choose(i widget.ListItemID) {
	if i >= len(p.rows) {
		return
	}
	if p.rows[i].head {
		p.list.UnselectAll()
		return
	}
	seq := p.entries[p.rows[i].entry].seq
	if p.chosen == seq && p.detail.Visible() {
		return
	}
	p.chosen = seq
	call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (control.HistoryDetail, error) { return p.w.backend.HistoryDetail(ctx, seq) },
		func(d control.HistoryDetail, err error) {
			switch {
			case p.chosen != seq: // another one by now
			case err != nil:
				p.list.UnselectAll()
				p.w.tell(assets.Text("That entry cannot be read"), err)
			default:
				p.showDetail(d)
			}
		})
}

// showDetail shows all there is to an entry: what, where, why, before and after, and the ways
// on from here.
func (p *historyPage) showDetail(d control.HistoryDetail) {
	h := d.HistoryEntry
	done := newButton("", theme.CancelIcon(), p.list.UnselectAll, p.w.escape)
	done.Importance = widget.LowImportance
	title := prose(titleOf(h.Title))
	title.TextStyle.Bold = true
	date := dim(assets.Stamp(h.Time.In(p.w.opt.Now().Location())))
	rows := []fyne.CanvasObject{title, prose(happened(h, p.w.name(h.Ref)))}
	if h.From != (state.Ref{}) && h.From != h.Ref {
		rows = append(rows, faint(assets.Text("From {{.From}} to {{.To}}", "From", p.w.place(h.From), "To", p.w.place(h.Ref))))
	}
	if h.Why != "" {
		rows = append(rows, prose(sentence(assets.Said(h.Why))))
	}
	content := container.New(tight{gap: 2}, lines(rows...)) // which lets text that wraps be as high as it is
	if groups := detailGroups(h); len(groups) > 0 {
		content.Add(p.sides(h, groups))
	}
	says := assets.Count("{{.N}} requests were made for it", h.Requests)
	if d.UndoneBy != 0 {
		says = assets.Text("It was undone.") + " " + says
	}
	content.Add(faint(says))
	undo := newButton(assets.Text("Undo…"), theme.ContentUndoIcon(), func() { p.undo(control.UndoRequest{Entry: h.Seq}) }, p.w.escape)
	if d.CannotUndo != "" {
		undo.Disable()
		content.Add(faint(assets.Text("It cannot be undone: {{.Why}}", "Why", assets.Said(d.CannotUndo))))
	}
	ways := container.NewHBox(undo)
	if h.Entity != "" {
		ways.Add(newButton(assets.Text("Its timeline"), theme.HistoryIcon(), func() { p.about(h.Entity, h.Title) }, p.w.escape))
		ways.Add(newButton(assets.Text("Why is it here?"), theme.QuestionIcon(), func() { p.w.why(h.Title) }, p.w.escape))
	}
	head := container.NewBorder(nil, nil, nil, done, date)
	p.detail.Objects = []fyne.CanvasObject{container.New(layout.NewCustomPaddedLayout(0, 0, 10, 0), width(430,
		newBackdrop(colorPanel, 10, container.NewPadded(container.NewBorder(head, ways, nil, nil, container.NewVScroll(content))))))}
	p.detail.Show()
	p.body.Refresh() // the list makes room
}

// sides are before and after, side by side.
func (p *historyPage) sides(h state.HistoryEntry, groups calendar.Groups) fyne.CanvasObject {
	out := container.New(tight{gap: -4}, container.NewGridWithColumns(2, faint(assets.Text("Before")), faint(assets.Text("After"))))
	for _, g := range groups {
		after := prose(cmp.Or(groupText(g, h.After), "–"))
		after.TextStyle.Bold = true
		cell := func(o fyne.CanvasObject) fyne.CanvasObject { return lines(short(groupName(g)), o) }
		out.Add(container.NewGridWithColumns(2, cell(prose(cmp.Or(groupText(g, h.Before), "–"))), cell(after)))
	}
	return newBackdrop(theme.ColorNameBackground, 8, container.New(layout.NewCustomPaddedLayout(0, 4, 0, 0), out))
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
