package pages

import (
	"context"
	"reflect"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// The steps to a mirror. The first one is for those who have none yet.
const (
	stepConnect = iota
	stepChoose
	stepLook
)

// setupFlow leads to a new mirror, in three steps of one page each: on the home page as
// long as there is none, and later in a dialog, from the second step on.
type setupFlow struct {
	w    *Window
	root *fyne.Container // head, body, foot
	head *fyne.Container
	body *fyne.Container
	foot *fyne.Container

	step     int
	first    int           // the step that it begins with
	done     func()        // there is a mirror
	leave    func()        // it is given up; nil where that makes no sense
	relaid   func()        // its size may be another; may be nil
	scroll   *keeper       // what controls leave to their surroundings; reveal is set where the whole page scrolls
	choice   *mirrorChoice // of the second step, kept while the person goes to and fro
	accounts []control.AccountState
	list     []state.Calendar
}

func newSetupFlow(w *Window, first int, k *keeper, done, leave func()) *setupFlow {
	f := &setupFlow{w: w, step: -1, first: first, done: done, leave: leave, scroll: k, head: container.NewVBox(), body: container.NewStack(), foot: container.NewHBox()}
	f.root = container.NewBorder(f.head, f.foot, nil, nil, f.body)
	return f
}

// newMirror leads to one more mirror.
func (w *Window) newMirror() {
	var p *popup
	f := newSetupFlow(w, stepChoose, &keeper{escape: w.escape}, func() { p.close() }, func() { p.close() })
	size := fyne.NewSize(860, 600)
	f.turn(stepChoose)
	p = w.popup(assets.Text("New mirror"), size, f.root)
	f.relaid = func() { p.resize(size) }
}

// update takes in accounts and calendars that came or went.
func (f *setupFlow) update() {
	if f.step < 0 {
		f.turn(f.first)
		return
	}
	list := f.w.cals.usable()
	if reflect.DeepEqual(f.accounts, f.w.status.Accounts) && reflect.DeepEqual(f.list, list) {
		return
	}
	switch f.step {
	case stepConnect:
		f.turn(stepConnect)
	case stepChoose:
		if !reflect.DeepEqual(f.list, list) {
			f.turn(stepChoose)
		}
	}
}

// turn goes to a step.
func (f *setupFlow) turn(step int) {
	f.accounts, f.list = f.w.status.Accounts, f.w.cals.usable()
	if f.choice == nil || f.choice.list == nil || !reflect.DeepEqual(f.choice.list, f.list) {
		f.choice = newMirrorChoice(f, f.choice)
	}
	if step != f.step && f.scroll.top != nil {
		f.scroll.top()
	}
	f.step = step
	f.head.Objects = []fyne.CanvasObject{f.steps()}
	switch step {
	case stepConnect:
		f.show(f.connectPage())
	case stepChoose:
		f.show(f.choice.page())
	case stepLook:
		f.look()
	}
}

// show puts a page in its place, with its buttons.
func (f *setupFlow) show(page fyne.CanvasObject, buttons ...fyne.CanvasObject) {
	f.body.Objects = []fyne.CanvasObject{page}
	f.foot.Objects = append([]fyne.CanvasObject{layout.NewSpacer()}, buttons...)
	f.root.Refresh()
	if f.relaid != nil {
		f.relaid()
	}
}

// steps says how far one is.
func (f *setupFlow) steps() fyne.CanvasObject {
	names := []string{assets.Text("Connect"), assets.Text("Choose"), assets.Text("Look and start")}
	row := container.NewHBox()
	for i := f.first; i < len(names); i++ {
		l := short(names[i])
		l.TextStyle.Bold = i == f.step
		back := theme.ColorNameButton
		digit := widget.NewLabel(strconv.Itoa(i - f.first + 1))
		digit.TextStyle.Bold, digit.SizeName = true, theme.SizeNameCaptionText
		switch {
		case i == f.step:
			back, l.Importance, digit.Importance = theme.ColorNamePrimary, widget.MediumImportance, widget.MediumImportance
		case i < f.step:
			l.Importance = widget.MediumImportance
		}
		var mark fyne.CanvasObject = digit
		if i < f.step {
			mark = container.NewGridWrap(fyne.NewSize(16, 16), widget.NewIcon(theme.NewSuccessThemedResource(theme.ConfirmIcon())))
		} else if i == f.step {
			mark = onPrimary(strconv.Itoa(i - f.first + 1))
		}
		disc := newBackdrop(back, 12, container.NewCenter(mark))
		if i > f.first {
			line := newBackdrop(theme.ColorNameSeparator, 0, layout.NewSpacer())
			row.Add(container.NewCenter(container.NewGridWrap(fyne.NewSize(28, 2), line)))
		}
		row.Add(container.NewCenter(container.NewGridWrap(fyne.NewSize(24, 24), disc)))
		row.Add(container.New(layout.NewCustomPaddedLayout(0, 0, -4, 0), l))
	}
	return container.New(layout.NewCustomPaddedLayout(2, 6, 4, 4), row)
}

// connectPage is the first step: two accounts.
func (f *setupFlow) connectPage() fyne.CanvasObject {
	w := f.w
	in := func(o fyne.CanvasObject) fyne.CanvasObject { // as far in as text is
		return container.New(layout.NewCustomPaddedLayout(0, 0, 7, 7), o)
	}
	rows := container.NewVBox(bold(assets.Text("Connect your accounts")),
		prose(assets.Text("Your calendars stay where they are. Twinday runs on this computer alone; no server of ours sees them.")))
	for _, a := range w.status.Accounts {
		n := 0
		for _, c := range f.list {
			if c.Ref.Account == a.ID {
				n++
			}
		}
		line := lines(text(w.accountName(a.ID)), dim(say.Provider(a.Provider)+" · "+assets.Count("{{.N}} calendars", n)))
		icon := theme.NewSuccessThemedResource(theme.ConfirmIcon())
		var mend fyne.CanvasObject
		if b := w.mendButton(a); b != nil {
			icon, mend = theme.NewWarningThemedResource(theme.WarningIcon()), container.NewCenter(b)
			line = lines(text(w.accountName(a.ID)), dim(assets.Said(a.Words)))
		}
		rows.Add(in(newBackdrop(theme.ColorNameBackground, 8, container.New(layout.NewCustomPaddedLayout(2, 2, 10, 6),
			container.NewBorder(nil, nil, container.NewCenter(container.NewGridWrap(fyne.NewSize(20, 20), widget.NewIcon(icon))), mend, line)))))
	}
	google, outlook := connectButton(w, state.Google), connectButton(w, state.Outlook)
	enough := len(f.list) >= 2
	if !enough {
		if len(w.status.Accounts) != 1 || w.status.Accounts[0].Provider != state.Google {
			important(google, widget.HighImportance)
		} else {
			important(outlook, widget.HighImportance)
		}
	}
	rows.Add(in(container.New(layout.NewCustomPaddedLayout(4, 4, 0, 0), container.New(layout.NewRowWrapLayout(), google, outlook, connectButton(w, state.CalDAV)))))
	if len(w.status.Accounts) == 1 && !enough {
		rows.Add(faint(assets.Text("One more account, and there is something to keep alike.")))
	}
	next := important(newButton(assets.Text("Continue"), nil, func() { f.turn(stepChoose) }, w.escape), widget.HighImportance)
	setEnabled(next, enough)
	page := column(panel(rows))
	if len(w.status.Accounts) == 0 && w.opt.Demo != nil {
		try := newButton(assets.Text("Try the demo"), theme.MediaPlayIcon(), nil, w.escape)
		try.OnTapped = func() {
			try.Disable()
			w.ask(w.opt.CallTimeout, func(context.Context) error { return w.opt.Demo() }, func(err error) {
				w.tell(assets.Text("The demo could not be started"), err)
				setEnabled(try, true)
			})
		}
		page.Add(panel(container.NewBorder(nil, nil, nil, container.NewCenter(try),
			lines(bold(assets.Text("Or look first")), faint(assets.Text("Two made-up accounts on this computer, in a window of their own. Nothing real is touched, and nothing is left of it."))))))
	}
	if len(w.status.Accounts) > 0 {
		page.Add(container.NewHBox(layout.NewSpacer(), next))
	}
	return page
}

// onPrimary is a number on the primary colour.
func onPrimary(s string) fyne.CanvasObject {
	l := widget.NewRichText(&widget.TextSegment{Text: s, Style: widget.RichTextStyle{ColorName: theme.ColorNameForegroundOnPrimary,
		SizeName: theme.SizeNameCaptionText, TextStyle: fyne.TextStyle{Bold: true}, Inline: true}})
	return l
}
