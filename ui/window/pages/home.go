package pages

import (
	"context"
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// home is the page that says at a glance whether all is well, and what is not.
type home struct {
	w    *Window
	root fyne.CanvasObject

	icon          *canvas.Image
	iconName      assets.TrayIcon
	summary, when *widget.Label
	syncBtn       *button
	pauseBtn      *button
	resumeBtn     *button
	decideBtn     *button
	until         *widget.Label // what becomes of what waits

	hero      fyne.CanvasObject
	held      fyne.CanvasObject
	heldText  *widget.Label
	problems  *fyne.Container
	mirrors   *fyne.Container
	mirrorRow []mirrorRow
	week      *homeWeek
	days      *homeDays
	start     *setupFlow // while there is nothing to sync
	progress  *homeProgress

	syncing bool // a pass that was asked for here is under way
	offline bool
	drawn   homeState
}

// homeState is what the rebuilt parts of the page depend on.
type homeState struct {
	problems []control.ProblemNote
	accounts []control.AccountState
	mirrors  []control.MirrorState
	names    map[state.Ref]state.Calendar
}

// mirrorRow is a mirror on the page.
type mirrorRow struct {
	m    control.MirrorState
	when *widget.Label
}

func newHome(w *Window) *home {
	h := &home{w: w, iconName: assets.TrayIdle}
	h.icon = canvas.NewImageFromResource(stateIcon(h.iconName))
	h.icon.FillMode = canvas.ImageFillContain
	h.icon.SetMinSize(fyne.NewSize(60, 60))
	h.summary = prose(assets.Text("Waiting for Twinday’s engine…"))
	h.summary.SizeName = theme.SizeNameHeadingText
	h.summary.TextStyle.Bold = true
	h.when = dim("")
	h.when.Hide()
	h.syncBtn = important(newButton(assets.Text("Sync now"), theme.ViewRefreshIcon(), h.sync, w.escape), widget.HighImportance)
	h.pauseBtn = newButton(assets.Text("Pause"), theme.MediaPauseIcon(), h.pauseMenu, w.escape)
	h.resumeBtn = newButton(assets.Text("Resume"), theme.MediaPlayIcon(), func() { h.pause(time.Time{}) }, w.escape)
	h.resumeBtn.Hide()
	h.decideBtn = important(newButton(assets.Text("Decide…"), nil, func() { w.Turn("decisions") }, w.escape), widget.HighImportance)
	h.decideBtn.Hide()
	buttons := container.NewCenter(container.NewHBox(h.pauseBtn, h.resumeBtn, h.syncBtn, h.decideBtn))
	h.until = dim(assets.Text("Nothing of it is done until you have looked."))
	h.until.Hide()
	h.hero = panel(container.New(withActions{least: 460},
		container.NewBorder(nil, nil, container.NewHBox(h.icon), nil, container.New(tight{gap: -12, middle: true}, h.summary, h.until, h.when)), buttons))

	h.heldText = text("")
	look := important(newButton(assets.Text("Decide…"), nil, func() { w.Turn("decisions") }, w.escape), widget.HighImportance)
	h.held = panel(container.NewBorder(nil, nil, widget.NewIcon(theme.NewWarningThemedResource(theme.QuestionIcon())), look, h.heldText))
	h.held.Hide()
	h.problems = column()
	h.mirrors = column()
	h.week, h.days = newHomeWeek(w), newHomeDays(w)

	k := &keeper{escape: w.escape}
	h.progress = newHomeProgress(w)
	h.start = newSetupFlow(w, stepConnect, k, func() { k.top() }, nil)
	starting := h.start.root
	starting.Hide()
	h.root = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14),
		column(h.hero, h.progress.root, h.held, h.problems, starting, h.week.root, container.New(besides{gap: 8, least: 330}, h.mirrors, h.days.root))))
	k.reveal, k.top = revealIn(h.root.(*container.Scroll)), h.root.(*container.Scroll).ScrollToTop
	h.week.view.reveal = k.reveal
	return h
}

func (h *home) object() fyne.CanvasObject { return h.root }
func (h *home) enter()                    {}

func stateIcon(i assets.TrayIcon) fyne.Resource {
	return fyne.NewStaticResource(string(i)+".png", i.LargePNG())
}

// iconOf is the picture of an activity.
func iconOf(a control.Activity) assets.TrayIcon {
	switch a {
	case control.Fine:
		return assets.TrayFine
	case control.Syncing:
		return assets.TraySyncing
	case control.Paused:
		return assets.TrayPaused
	case control.NeedsYou:
		return assets.TrayNeedsYou
	case control.Problem:
		return assets.TrayProblem
	}
	return assets.TrayIdle
}

func (h *home) update() {
	if !h.w.known {
		return
	}
	s, now := h.w.status, h.w.opt.Now()
	if i := iconOf(s.Activity); i != h.iconName {
		h.iconName = i
		h.icon.Resource = stateIcon(i)
		h.icon.Refresh()
	}
	setText(h.summary, assets.Said(s.Summary))
	setText(h.when, lastAndNext(s, now))
	setShown(h.when, h.when.Text != "")
	paused := s.Activity == control.Paused
	setShown(h.pauseBtn, !paused && len(s.Mirrors) > 0)
	setShown(h.resumeBtn, paused)
	setShown(h.syncBtn, len(s.Mirrors) > 0)
	h.buttons()

	waits := s.Activity == control.NeedsYou // the summary says how many
	setShown(h.decideBtn, waits)
	setShown(h.until, waits)
	if how := widget.HighImportance; waits && h.syncBtn.Importance == how || !waits && h.syncBtn.Importance != how {
		if waits { // one button stands out
			how = widget.MediumImportance
		}
		important(h.syncBtn, how).Refresh()
	}
	if s.Held > 0 {
		setText(h.heldText, assets.Count("{{.N}} changes wait for your decision", s.Held))
	}
	setShown(h.held, s.Held > 0 && !waits)
	setShown(h.start.root, len(s.Mirrors) == 0)
	if len(s.Mirrors) == 0 {
		h.start.update()
	}
	h.progress.update()

	state := homeState{s.Problems, s.Accounts, s.Mirrors, h.w.calendars}
	if !reflect.DeepEqual(state, h.drawn) {
		h.drawn = state
		h.drawProblems()
		h.drawMirrors()
	}
	for _, r := range h.mirrorRow {
		setText(r.when, mirrorState(r.m, s, now))
	}
	h.week.update()
	h.days.update()
}

// aMoment is when the next pass is too near for a number.
const aMoment = 10 * time.Second

// lastAndNext is the line under the summary.
func lastAndNext(s control.Status, now time.Time) string {
	if s.Activity == control.Empty || s.Activity == control.Starting && s.LastSync.IsZero() {
		return ""
	}
	if s.LastSync.IsZero() && s.Activity == control.Syncing {
		return assets.Text("The first sync is under way.")
	}
	line := assets.Text("Last sync {{.Ago}}", "Ago", assets.Ago(now, s.LastSync))
	switch {
	case s.Activity == control.Paused && !s.PausedUntil.IsZero():
		line += " · " + assets.Text("paused {{.Until}}", "Until", assets.PauseEnd(now, s.PausedUntil))
	case s.Activity == control.Syncing:
		line += " · " + assets.Text("syncing now")
	case s.NextSync.IsZero():
	case s.NextSync.Sub(now) < aMoment:
		line += " · " + assets.Text("next in a moment")
	default:
		line += " · " + assets.Text("next {{.In}}", "In", assets.In(now, s.NextSync))
	}
	return line
}

// mirrorState is the line under a mirror's name.
func mirrorState(m control.MirrorState, s control.Status, now time.Time) string {
	line := assets.Count("{{.N}} events", m.Events)
	if m.Pending > 0 {
		line += " · " + assets.Count("{{.N}} changes on their way", m.Pending)
	}
	if m.Paused {
		return line + " · " + assets.Text("paused")
	}
	line += " · " + assets.Text("synced {{.Ago}}", "Ago", assets.Ago(now, m.LastSync))
	if s.NextSync.IsZero() || s.Activity == control.Paused || s.Activity == control.Syncing || s.NextSync.Sub(now) < aMoment {
		return line
	}
	return line + " · " + assets.Text("next {{.In}}", "In", assets.In(now, s.NextSync))
}

func (h *home) drawProblems() {
	h.problems.RemoveAll()
	for _, p := range h.w.status.Problems {
		icon := container.NewVBox(container.NewPadded(widget.NewIcon(theme.NewErrorThemedResource(theme.WarningIcon()))))
		what := prose(assets.Said(p.What))
		what.TextStyle.Bold = true
		rows := []fyne.CanvasObject{what}
		if p.WayOut != "" {
			rows = append(rows, prose(assets.Said(p.WayOut)))
		}
		rows = append(rows, dim(assets.Text("since {{.When}}", "When", assets.Moment(h.w.opt.Now(), p.Since))))
		var action fyne.CanvasObject
		if a, ok := h.account(p.Account); ok && p.Ref.Calendar == "" {
			if mend := h.w.mendButton(a); mend != nil {
				action = container.NewCenter(mend)
			}
		}
		h.problems.Add(panel(container.NewBorder(nil, nil, icon, action, lines(rows...))))
	}
	setShown(h.problems, len(h.problems.Objects) > 0)
	h.problems.Refresh()
}

func (h *home) account(id state.AccountID) (control.AccountState, bool) {
	for _, a := range h.w.status.Accounts {
		if a.ID == id && id != "" {
			return a, true
		}
	}
	return control.AccountState{}, false
}

func (h *home) drawMirrors() {
	h.mirrors.RemoveAll()
	h.mirrorRow = nil
	ms := h.w.status.Mirrors
	if len(ms) > 0 {
		h.mirrors.Add(heading(assets.Text("Mirrors")))
	}
	for _, m := range ms {
		r := mirrorRow{m, faint("")}
		colors := container.NewHBox()
		for _, x := range m.Members {
			if !x.Off {
				colors.Add(swatch(h.w.calendars[x.Ref].Color))
			}
		}
		members := text(membersLine(m.Mirror, h.w.name))
		setShown(members, members.Text != m.Name) // it has no name of its own
		rows := []fyne.CanvasObject{bold(m.Name), members, r.when}
		if m.Trouble != "" {
			t := prose(assets.Said(m.Trouble))
			t.Importance = widget.DangerImportance
			rows = append(rows, t)
		}
		card := []fyne.CanvasObject{container.NewBorder(nil, nil, container.NewHBox(colors), nil, container.New(tight{gap: -12, middle: true}, rows...))}
		if m.Watching != nil {
			card = append(card, h.w.watching(m))
		}
		h.mirrors.Add(panel(card...))
		h.mirrorRow = append(h.mirrorRow, r)
	}
	h.mirrors.Refresh() // adding to a container does not repaint it
}

// buttons are off while they could do nothing.
func (h *home) buttons() {
	s := h.w.status
	busy := h.syncing || s.Activity == control.Syncing
	label := assets.Text("Sync now")
	if busy {
		label = assets.Text("Syncing…")
	}
	if h.syncBtn.Text != label {
		h.syncBtn.SetText(label)
	}
	setEnabled(h.syncBtn, h.w.known && !h.offline && !busy && len(s.Mirrors) > 0)
	setEnabled(h.pauseBtn, h.w.known && !h.offline)
	setEnabled(h.resumeBtn, !h.offline)
}

// answering says whether the engine answers.
func (h *home) answering(yes bool) {
	if h.offline == yes {
		h.offline = !yes
		h.buttons()
	}
}

// sync asks for a pass, unless one is under way.
func (h *home) sync() {
	if h.syncBtn.Disabled() {
		return
	}
	h.syncing = true
	h.buttons()
	call(h.w, syncTimeout, func(ctx context.Context) (control.Report, error) {
		return h.w.backend.Sync(ctx, control.SyncRequest{})
	}, func(_ control.Report, err error) {
		h.syncing = false
		h.buttons()
		h.w.hist.stale()
		h.w.tell(assets.Text("The sync did not finish"), err)
	})
}

func (h *home) pauseMenu() {
	now := h.w.opt.Now
	menu := fyne.NewMenu("",
		fyne.NewMenuItem(assets.Text("For 1 hour"), func() { h.pause(now().Add(time.Hour)) }),
		fyne.NewMenuItem(assets.Text("Until tomorrow"), func() { h.pause(assets.Tomorrow(now())) }),
		fyne.NewMenuItem(assets.Text("Until I resume"), func() { h.pause(assets.UntilResumed(now())) }))
	widget.ShowPopUpMenuAtRelativePosition(menu, h.w.win.Canvas(), fyne.NewPos(0, h.pauseBtn.Size().Height), h.pauseBtn)
}

func (h *home) pause(until time.Time) {
	h.w.ask(h.w.opt.CallTimeout, func(ctx context.Context) error { return h.w.backend.Pause(ctx, until) },
		func(err error) { h.w.tell(assets.Text("That did not work"), err) })
}
