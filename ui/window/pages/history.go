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
	"github.com/twinday/twinday/store/state"
)

const (
	// historyPageSize is how many entries are fetched at once, and how near to
	// the end of the list one must come for more to be fetched.
	historyPageSize, historyAhead = 200, 40
	// filterWait is how long typing must rest before the filter applies.
	filterWait = 250 * time.Millisecond
	// storyLimit is how many entries the story of one event has at most.
	storyLimit = 1000
)

// historyPage lists all that happened, newest first. Only the rows in view are built,
// and pages are fetched as they come near, again if one comes back to them.
type historyPage struct {
	w    *Window
	root fyne.CanvasObject
	both *fyne.Container // the list, and the details beside it

	search *entry
	filter *historyFilter
	list   *keptList
	foot   *widget.Label // how far a search got
	empty  *fyne.Container
	says   *widget.Label // why there is nothing
	clear  *button
	story  *fyne.Container // names the one event that is told of; hidden while all are
	detail *fyne.Container // of what is chosen; hidden while nothing is

	trail
	about    state.EntityID // the story of this event alone
	query    control.HistoryQuery
	next     uint64    // where to go on; 0 at the end
	emptyAt  time.Time // when nothing was found in all of it; zero if something was
	loading  bool
	missing  int  // the index that a row lacks; -1 for none
	inView   int  // the index of the entry that was drawn last
	isStale  bool // there may be newer ones
	asked    int  // grows with each filter: answers to older ones are dropped
	giveUp   context.CancelFunc
	typing   *time.Timer
	chosen   uint64 // Seq of the entry that is shown beside the list; 0 if none
	ofPass   bool   // and the pass it is of, rather
	shownFor map[state.Ref]state.Calendar
}

func newHistoryPage(w *Window) *historyPage {
	p := &historyPage{w: w, isStale: true, missing: -1, giveUp: func() {}}
	p.search = newEntry(assets.Text("Search titles…"), func() { p.search.SetText("") }, w.shortcut)
	p.search.ActionItem = widget.NewIcon(theme.SearchIcon())
	p.search.OnChanged = p.typed
	p.filter = newHistoryFilter(w, p.applyFilter)
	p.list = &keptList{keeper: keeper{escape: w.escape}}
	p.list.Length = func() int { return len(p.rows) }
	p.list.CreateItem = func() fyne.CanvasObject { return newHistoryRow(p) }
	p.list.UpdateItem = p.fill
	p.list.ExtendBaseWidget(p.list)
	p.list.HideSeparators = true
	p.list.OnSelected = p.choose
	p.list.OnUnselected = p.unchoose
	p.foot = dim("")
	p.foot.Hide()
	p.says = faint("")
	p.says.Alignment = fyne.TextAlignCenter
	p.clear = newButton(assets.Text("Show everything"), nil, p.showAll, w.escape)
	p.empty = container.New(tight{middle: true}, p.says, container.NewCenter(p.clear))
	p.empty.Hide()
	p.story = container.NewStack()
	p.story.Hide()
	p.detail = container.NewStack()
	p.detail.Hide()
	list := newBackdrop(colorPanel, 10, container.NewPadded(container.NewBorder(nil, p.foot, nil, nil, container.NewStack(p.list, p.empty))))
	head := container.NewVBox(p.search, p.filter.object(), p.story)
	p.both = container.New(beside{}, list, p.detail)
	p.root = container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14), container.NewBorder(head, nil, nil, nil, p.both))
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
	p.filter.update()
	p.refresh()
}

// stale says that there may be newer entries.
func (p *historyPage) stale() {
	p.isStale = true
	p.refresh()
}

func (p *historyPage) inSight() bool { return p.w.pages[p.w.shown] == page(p) }

// typed applies the filter once typing rests.
func (p *historyPage) typed(string) {
	if p.typing != nil {
		p.typing.Stop()
	}
	p.typing = time.AfterFunc(filterWait, func() { p.w.do(p.applyFilter) })
}

func (p *historyPage) applyFilter() {
	q := p.filter.query(p.w.opt.Now())
	q.Text = strings.TrimSpace(p.search.Text)
	if !sameQuery(q, p.query) {
		p.query = q
		p.restart()
	}
}

func sameQuery(a, b control.HistoryQuery) bool {
	return a.Text == b.Text && a.Mirror == b.Mirror && a.Calendar == b.Calendar && slices.Equal(a.Kinds, b.Kinds) &&
		a.Amiss == b.Amiss && a.Since.Equal(b.Since) && a.Until.Equal(b.Until)
}

// filtered reports whether something is left out.
func (p *historyPage) filtered() bool {
	return p.about != "" || !sameQuery(p.query, control.HistoryQuery{})
}

// showAll takes all filters away.
func (p *historyPage) showAll() {
	p.leaveStory()
	p.search.SetText("")
	p.filter.reset()
	p.applyFilter()
}

// restart lists anew, from the newest on.
func (p *historyPage) restart() {
	p.giveUp()
	p.asked++
	p.trail = trail{plain: p.about != ""}
	p.next, p.loading, p.missing, p.inView, p.isStale, p.emptyAt = 0, false, -1, 0, true, time.Time{}
	p.list.UnselectAll()
	p.list.ScrollToTop()
	p.list.Refresh()
	p.refresh()
}

// tell shows the story of one event alone, in all of its calendars.
func (p *historyPage) tell(about state.EntityID, title string) {
	p.about = about
	leave := newButton(assets.Text("Show everything"), theme.CancelIcon(), p.showAll, p.w.escape)
	leave.Importance = widget.LowImportance
	p.story.Objects = []fyne.CanvasObject{newBackdrop(theme.ColorNameButton, 8, container.NewBorder(nil, nil, nil, leave,
		bold(assets.Text("All that happened to “{{.Title}}”, in every calendar", "Title", cut(titleOf(title), 60)))))}
	p.story.Show()
	p.search.Hide()
	p.filter.object().Hide()
	p.restart()
}

func (p *historyPage) leaveStory() {
	if p.about == "" {
		return
	}
	p.about = ""
	p.story.Hide()
	p.search.Show()
	p.filter.object().Show()
	p.restart()
}

// refresh fetches the newest entries, if the page is in view and may lack some.
func (p *historyPage) refresh() {
	if !p.inSight() || p.loading {
		return
	}
	switch {
	case len(p.rows) == 0 && p.next != 0:
		p.fetchOlder() // the page was left in the middle of a search
	case p.isStale:
		p.isStale = false
		p.fetchNewest()
	}
}

// fetch asks for a part of the history; done gets it unless something else was asked for
// meanwhile.
func (p *historyPage) fetch(q control.HistoryQuery, done func(control.HistoryPage)) {
	p.loading = true
	asked := p.asked
	q.Limit = historyPageSize
	about := p.about
	ctx, cancel := context.WithCancel(p.w.ctx)
	p.giveUp = cancel
	call(p.w, p.w.opt.CallTimeout, func(c context.Context) (control.HistoryPage, error) {
		c, stop := context.WithCancel(c)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		if about == "" {
			return p.w.backend.HistoryPage(c, q)
		}
		entries, err := p.w.backend.History(c, control.HistoryQuery{Event: string(about), Limit: storyLimit})
		return control.HistoryPage{Entries: entries}, err
	}, func(got control.HistoryPage, err error) {
		cancel()
		if asked != p.asked {
			return
		}
		p.loading = false
		if err != nil {
			p.isStale = true // the next news of the engine tries again
		} else {
			done(got)
		}
		p.say(err)
	})
}

// fetchNewest asks for what is new.
func (p *historyPage) fetchNewest() {
	q := p.query
	if top, ok := p.top(); ok && top.Time.After(q.Since) {
		q.Since = top.Time // what is older is known
	} else if !ok && p.emptyAt.After(q.Since) {
		q.Since = p.emptyAt
	}
	began := p.w.opt.Now()
	p.fetch(q, func(got control.HistoryPage) {
		known := slices.IndexFunc(got.Entries, func(h state.HistoryEntry) bool { return len(p.marks) > 0 && h.Seq <= p.marks[0].seq })
		switch {
		case known == 0:
			return // nothing new
		case len(p.marks) == 0:
			p.next = got.Next
			p.older(got.Entries, 0)
			p.list.Refresh()
			p.emptyAt = began
			p.goOn()
			return
		case known < 0 && len(got.Entries) == 0:
			return
		case known < 0: // all of them are new: there may be a gap behind them
			p.trail = trail{plain: p.plain}
			p.next = got.Next
			p.older(got.Entries, 0)
		default:
			p.newer(got.Entries[:known], p.inView)
		}
		p.list.Refresh()
		p.reselect()
	})
}

// top is the newest entry that is known, if it is kept.
func (p *historyPage) top() (state.HistoryEntry, bool) {
	if len(p.marks) == 0 {
		return state.HistoryEntry{}, false
	}
	h, ok := p.kept[p.marks[0].seq]
	return h, ok
}

// fetchOlder asks for what comes after all that is known.
func (p *historyPage) fetchOlder() {
	q := p.query
	q.Before = p.next
	p.fetch(q, func(got control.HistoryPage) {
		p.next = got.Next
		if len(got.Entries) > 0 {
			p.older(got.Entries, p.inView)
			p.list.Refresh()
		}
		p.goOn()
	})
}

// enough is how many rows fill the window: with fewer, a search goes on by itself.
const enough = 30

// goOn has a search that found little so far look further back, while somebody looks.
func (p *historyPage) goOn() {
	if p.next != 0 && !p.loading && p.inSight() && (len(p.rows) < enough || p.inView >= len(p.marks)-historyAhead) {
		p.fetchOlder()
	}
}

// fetchAgain asks for entries that were known and let go.
func (p *historyPage) fetchAgain() {
	i := p.missing
	p.missing = -1
	if i < 0 || i >= len(p.marks) {
		return
	}
	if _, ok := p.kept[p.marks[i].seq]; ok {
		return
	}
	q := p.query
	q.Before = p.marks[max(i-historyPageSize/2, 0)].seq + 1
	p.fetch(q, func(got control.HistoryPage) {
		p.keep(got.Entries, p.inView)
		p.list.Refresh()
	})
}

// reselect keeps the choice on its entry when rows came before it.
func (p *historyPage) reselect() {
	if i := p.find(p.chosen); p.chosen != 0 && i >= 0 {
		row := p.row(i)
		if p.ofPass && row > 0 && p.rows[row-1] == ^int32(i) {
			row--
		}
		chosen, ofPass := p.chosen, p.ofPass
		p.list.OnUnselected, p.list.OnSelected = nil, nil
		p.list.Select(row)
		p.list.OnUnselected, p.list.OnSelected = p.unchoose, p.choose
		p.chosen, p.ofPass = chosen, ofPass
	}
}

// say tells why there is nothing, and how far a search got.
func (p *historyPage) say(err error) {
	none := len(p.rows) == 0
	searching := p.next != 0 && p.loading && (none || p.inView >= len(p.marks)-historyAhead)
	far := ""
	if searching && p.filtered() {
		far = assets.Text("Looking further back…")
	}
	setText(p.foot, far)
	setShown(p.foot, far != "" && !none)
	switch {
	case err != nil:
		setText(p.says, assets.Text("The history cannot be read just now."))
	case none && (p.next != 0 || p.loading):
		setText(p.says, assets.Text("Looking further back…"))
	case p.filtered():
		setText(p.says, assets.Text("Nothing of that kind happened."))
	default:
		setText(p.says, assets.Text("Nothing happened yet. What crosses between your calendars will be listed here."))
	}
	setShown(p.clear, p.filtered() && err == nil && p.about == "")
	setShown(p.empty, none)
}

// choose shows what stands in a row beside the list.
func (p *historyPage) choose(row widget.ListItemID) {
	if row >= len(p.rows) {
		return
	}
	i, ofPass := p.at(row)
	h, ok := p.kept[p.marks[i].seq]
	if !ok || p.chosen == h.Seq && p.ofPass == ofPass && p.detail.Visible() {
		return
	}
	p.chosen, p.ofPass = h.Seq, ofPass
	if ofPass {
		p.showPass(h, i)
	} else {
		p.showEntry(h)
	}
}

func (p *historyPage) unchoose(widget.ListItemID) {
	p.chosen = 0
	p.detail.Hide()
	p.both.Refresh()
}

// beside puts details at the right of a list, or over it where there is no room for both.
type beside struct{}

// roomForBoth is the width from which on list and details stand side by side.
const roomForBoth = 620

// MinSize is that of the list.
func (beside) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(max(o[0].MinSize().Width, 260), max(o[0].MinSize().Height, 200))
}

// Layout places both.
func (beside) Layout(o []fyne.CanvasObject, size fyne.Size) {
	const gap = 10
	list, detail := o[0], o[1]
	setShown(list, !detail.Visible() || size.Width >= roomForBoth)
	switch {
	case !detail.Visible():
		list.Resize(size)
	case size.Width >= roomForBoth:
		right := min(max(size.Width*0.46, 340), 520)
		list.Resize(fyne.NewSize(size.Width-right-gap, size.Height))
		detail.Resize(fyne.NewSize(right, size.Height))
		detail.Move(fyne.NewPos(size.Width-right, 0))
	default:
		detail.Resize(size)
		detail.Move(fyne.NewPos(0, 0))
	}
}
