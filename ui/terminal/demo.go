package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

func demoHelp() string {
	return assets.Text(`See meetings cross, with nothing of yours at stake: a simulated Google calendar
(home) and a simulated Outlook calendar (work) are signed in to, mirrored, and
edited on both sides, single meetings and series. With a display this is the real
app, tray and window; --headless, or no display, prints what crosses as a table.

It ends with a summary line, and fails unless there are no duplicates, no mails,
no unknown requests, no writes on the last pass, and both people see the same
in their calendars, a month back and a year ahead.`)
}

// DemoSummary is what the demo found at its end.
type DemoSummary struct {
	OK     bool       `json:"ok"`
	Sides  []DemoTail `json:"sides"`
	Passes int        `json:"passes"`

	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Deleted   int `json:"deleted"`
	Adopted   int `json:"adopted"`   // alike on both sides before: linked, not written
	LeftAlone int `json:"leftAlone"` // not to be mirrored, by the engine's own word
	Held      int `json:"held"`
	Failed    int `json:"failed"`

	Duplicates     int      `json:"duplicates"`
	Mails          int      `json:"mails"`
	Unknown        int      `json:"unknown"` // requests the real services would not understand
	LastPassWrites int      `json:"lastPassWrites"`
	Differing      int      `json:"differing"` // shown on one side only, of linked events that differed from the start
	Wrong          []string `json:"wrong"`     // what is not as it must be, one sentence each

	Unreadable []Unreadable `json:"unreadable"`
}

// DemoTail is one side at the end.
type DemoTail struct {
	Name       string   `json:"name"`
	Events     int      `json:"events"`     // single ones in its calendar
	Series     int      `json:"series"`     // in its calendar
	Shown      int      `json:"shown"`      // meetings that its agenda shows, occurrences included
	Duplicates int      `json:"duplicates"` // shown more often than people made them
	Lost       int      `json:"lost"`       // made here by people, and gone without their doing
	Missing    int      `json:"missing"`    // shown on the other side, and not here
	Mails      int      `json:"mails"`
	Unknown    []string `json:"unknown"`
}

// line is the summary in one line.
func (s DemoSummary) line() string {
	return s.holds() + ": " + strings.Join([]string{
		assets.Count("{{.N}} created", s.Created), assets.Count("{{.N}} updated", s.Updated), assets.Count("{{.N}} deleted", s.Deleted),
		assets.Count("{{.N}} left alone", s.LeftAlone), s.safety(), assets.Count("{{.N}} writes on the last pass", s.LastPassWrites),
	}, ", ") + "."
}

// liveLine is the line for a demo in which the person had a hand, and the engine
// its own passes: only what was counted at the end.
func (s DemoSummary) liveLine() string { return s.holds() + ": " + s.safety() + "." }

func (s DemoSummary) holds() string {
	var held []string
	for _, t := range s.Sides {
		held = append(held, assets.Text("{{.Side}} holds {{.Events}}", "Side", t.Name, "Events", holding(t.Events, t.Series)))
	}
	return strings.Join(held, ", ")
}

// holding reads "12 events and 3 series".
func holding(events, series int) string {
	return listed([]string{assets.Count("{{.N}} events", events), assets.Count("{{.N}} series", series)})
}

func (s DemoSummary) safety() string {
	return assets.Count("{{.N}} duplicates", s.Duplicates) + ", " + assets.Count("{{.N}} mails", s.Mails) + ", " + assets.Count("{{.N}} unknown requests", s.Unknown)
}

func (a *app) demoCommand() *cobra.Command {
	var o DemoOptions
	c := &cobra.Command{
		Use: "demo", Short: assets.Text("See meetings cross between simulated accounts"), Long: demoHelp(), Args: noArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			o.Verbose, o.Say = a.verbose, a.errs
			o.Headless = o.Headless || a.json
			stage, err := a.Demo(ctx, o)
			if err != nil {
				return err
			}
			defer stage.Close()
			return a.demo(ctx, stage)
		}),
	}
	c.Flags().BoolVar(&o.Headless, "headless", false, assets.Text("no tray and no window: print what crosses"))
	c.Flags().StringVar(&o.Work, "work", "", assets.Text("an .ics file for the Outlook calendar (default: a sample)"))
	c.Flags().StringVar(&o.Home, "home", "", assets.Text("an .ics file for the Google calendar (default: a sample)"))
	must(c.MarkFlagFilename("work", "ics"))
	must(c.MarkFlagFilename("home", "ics"))
	return c
}

// The accounts of the demo, as its terminal output calls them.
const (
	demoHome state.AccountID = "home"
	demoWork state.AccountID = "work"
)

// demoRun is a demo under way.
type demoRun struct {
	*app
	stage *DemoStage
	sides [2]DemoSide // home, work
	names names

	born    [2]map[string]bool // ids of the events that people made, by side
	refs    [2]state.Ref
	linked  [2]map[string]bool // ids of the events that were on both sides before
	apart   [2]map[sight]bool  // what a side alone showed at the start
	skipped map[string]bool    // the engine's ids of the events that it leaves alone
	left    [2]map[string]bool // their ids on the side
	seq     uint64             // of the last history entry shown
	writes  [2]int             // of the simulators, before the last pass
	sum     DemoSummary

	reshaped bool // the person changed what copies show: titles no longer tell doubles
}

// The two sides.
const (
	atHome = 0
	atWork = 1
)

func (a *app) demo(ctx context.Context, stage *DemoStage) error {
	played := *a
	played.Now = stage.Now
	d := &demoRun{app: &played, stage: stage, sides: [2]DemoSide{stage.Home, stage.Work}, skipped: map[string]bool{}}
	d.sum.Wrong, d.sum.Unreadable = []string{}, list(stage.Unreadable)
	for i, s := range d.sides {
		d.born[i], d.left[i], d.linked[i], d.apart[i] = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[sight]bool{}
		for _, e := range s.Events() {
			d.born[i][e.ID] = true
		}
		for _, e := range missing(d.agenda(i), d.agenda(1-i)) {
			d.apart[i][sightOf(e)] = true
		}
	}
	d.opening()
	if err := d.setUp(ctx); err != nil {
		return err
	}
	if stage.Show != nil {
		return d.live(ctx)
	}
	return d.headless(ctx)
}

// note prints a line for people; scripts get the summary alone.
func (d *demoRun) note(text string) {
	if !d.json {
		d.say(clean(text))
	}
}

func (d *demoRun) opening() {
	for _, u := range d.stage.Unreadable {
		d.note(assets.Text("in the files: {{.What}}", "What", u))
	}
	if day := d.stage.Day; !day.IsZero() {
		d.note(assets.Text("the files hold nothing near today, so the demo plays on {{.Day}}", "Day", assets.Date(day)))
	}
	var begin []string
	for _, side := range d.sides {
		begin = append(begin, assets.Text("{{.Side}} begins with {{.Events}}", "Side", side.Name(), "Events", holding(tallyKinds(side.Events()))))
	}
	d.note(strings.Join(begin, ", ") + ".")
}

// setUp signs in to both accounts as a person would, and mirrors them.
func (d *demoRun) setUp(ctx context.Context) error {
	b := d.stage.Backend
	req := control.NewMirror{Name: assets.Text("Home and work")}
	for i, id := range []state.AccountID{demoHome, demoWork} {
		side := d.sides[i]
		account, err := d.signIn(ctx, control.NewAccount{Provider: side.Provider(), ID: id, Endpoint: side.Endpoint()})
		if err != nil {
			return d.stuck(assets.Text("sign in to {{.Side}}", "Side", side.Name()), err)
		}
		d.note(assets.Text("Signed in to {{.Side}} as {{.Account}}, called “{{.ID}}” here.", "Side", side.Name(), "Account", account.Email, "ID", account.ID))
		cals, err := b.Calendars(ctx, account.ID, true)
		if err != nil {
			return d.stuck(assets.Text("list the calendars of {{.Side}}", "Side", side.Name()), err)
		}
		primary := slices.IndexFunc(cals, func(c state.Calendar) bool { return c.Primary })
		if primary < 0 {
			return errors.New(assets.Text("{{.Side}} has no main calendar", "Side", side.Name()))
		}
		d.refs[i] = cals[primary].Ref
		req.Members = append(req.Members, state.Member{Ref: d.refs[i]})
	}
	if _, err := b.AddMirror(ctx, req); err != nil {
		return d.stuck(assets.Text("mirror the two"), err)
	}
	d.names = names{}
	for i, m := range req.Members {
		d.names[m.Ref] = d.sides[i].Name()
	}
	return nil
}

// stuck is an error that ends the demo.
func (d *demoRun) stuck(doing string, err error) error {
	return fmt.Errorf("demo: %s: %w", doing, err)
}

// signIn goes the way of a person: begin, visit the page, wait for the end.
func (d *demoRun) signIn(ctx context.Context, req control.NewAccount) (state.Account, error) {
	s, err := d.stage.Backend.BeginSignIn(ctx, req)
	if err != nil {
		return state.Account{}, err
	}
	if err := visit(ctx, d.stage.Browser, s.URL); err != nil {
		_ = d.stage.Backend.CancelSignIn(ctx, s.ID)
		return state.Account{}, err
	}
	return d.stage.Backend.FinishSignIn(ctx, s.ID)
}

// maxPage is far above any page that a sign-in shows.
const maxPage = 1 << 20

// visit opens an address and follows it to the page where the browser ends up.
func visit(ctx context.Context, browser *http.Client, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := browser.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxPage))
	if res.StatusCode != http.StatusOK {
		return errors.New(assets.Text("the sign-in page answered {{.Status}}", "Status", res.Status))
	}
	return nil
}

// headless runs the script with a pass after each edit, then one more pass that
// must find nothing to do, and judges.
func (d *demoRun) headless(ctx context.Context) error {
	if !d.json {
		d.crossingHead()
	}
	if err := d.pass(ctx); err != nil {
		return err
	}
	for _, e := range demoScript(d.Now(), d.stage.Zone) {
		if err := d.edit(ctx, e); err != nil {
			return err
		}
	}
	if err := d.pass(ctx); err != nil {
		return err
	}
	d.judge()
	return d.close(d.sum.line)
}

// edit does one edit as another client, syncs, and looks whether it arrived.
func (d *demoRun) edit(ctx context.Context, e demoEdit) error {
	if !d.json {
		d.row(crossing(), []string{assets.ClockSeconds(d.Now()), assets.Text("by hand"), e.what, d.where(e.side)}, plain)
	}
	if err := e.do(d); err != nil {
		d.wrong(e.what + ": " + err.Error()) // an earlier edit did not arrive
		return nil
	}
	if err := d.pass(ctx); err != nil {
		return err
	}
	shown := [2][]DemoEvent{d.agenda(atHome), d.agenda(atWork)}
	for _, x := range e.expect {
		if why := x.unmet(shown[x.side]); why != "" {
			d.wrong(assets.Text("{{.Edit}}: {{.Why}} on {{.Side}}", "Edit", e.what, "Why", why, "Side", d.sides[x.side].Name()))
		}
	}
	return nil
}

func (d *demoRun) where(side int) string {
	return string([]state.AccountID{demoHome, demoWork}[side]) + "/" + d.sides[side].Name()
}

func (d *demoRun) wrong(text string) { d.sum.Wrong = append(d.sum.Wrong, clean(text)) }

// shownRows is how many rows of one pass are printed: a first pass over a full
// calendar has thousands.
const shownRows = 60

// pass syncs once, prints what crossed and adds it up.
func (d *demoRun) pass(ctx context.Context) error {
	for i, s := range d.sides {
		d.writes[i] = s.Counts().Writes
	}
	r, err := d.stage.Backend.Sync(ctx, control.SyncRequest{})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d.sum.Passes++
	d.sum.Created += r.Created
	d.sum.Updated += r.Updated
	d.sum.Deleted += r.Deleted
	d.sum.Adopted += r.Adopted
	d.sum.Failed += r.Failed
	d.sum.Held = r.Held
	for _, p := range r.Problems {
		d.wrong(assets.Said(p.What))
	}
	alone := map[string]int{} // by reason
	for _, s := range r.Steps {
		switch {
		case s.Error != "":
			d.wrong(stepName(s.Kind) + " “" + s.Title + "”: " + assets.Said(s.Error))
		case s.Kind == state.Adopt:
			d.link(s.Step)
		case s.Kind == state.Skip && !d.skipped[string(s.Event)]:
			d.skipped[string(s.Event)] = true
			alone[s.Reason]++
			if side, e, ok := d.meant(s.Step); ok {
				d.left[side][e.ID] = true
			}
		}
	}
	entries, err := since(ctx, d.stage.Backend, d.seq)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if n := len(entries); n > 0 {
		d.seq = entries[n-1].Seq
	}
	if !d.json {
		d.crossings(entries)
	}
	for _, why := range slices.Sorted(maps.Keys(alone)) {
		d.note(assets.Count("{{.N}} events are left alone: {{.Why}}", alone[why], "Why", assets.Said(why)))
	}
	return nil
}

// meant is the event of a side that a step is about. It goes by the look: a
// service may have several ids for one event.
func (d *demoRun) meant(s state.Step) (side int, e DemoEvent, ok bool) {
	side = slices.Index(d.refs[:], s.Ref)
	if side < 0 {
		return 0, DemoEvent{}, false
	}
	want := sightOf(DemoEvent{Title: s.Title, Start: s.Before.When.Start, End: s.Before.When.End})
	for _, e := range d.sides[side].Events() {
		if sightOf(e) == want {
			return side, e, true
		}
	}
	return side, DemoEvent{}, false
}

// link remembers that an event was on both sides before. The engine writes
// nothing then, so that what the two people had different in it stays.
func (d *demoRun) link(s state.Step) {
	side, twin, ok := d.meant(s)
	if !ok {
		return
	}
	d.linked[side][twin.ID] = true
	for _, e := range d.sides[1-side].Events() {
		if d.born[1-side][e.ID] && (e.UID == twin.UID || sightOf(e) == sightOf(twin)) {
			d.linked[1-side][e.ID] = true
		}
	}
}

// crossings prints what crossed in a pass; what is the same for many (the
// occurrences of a series that a service cannot hold) is one row.
func (d *demoRun) crossings(entries []state.HistoryEntry) {
	alike := func(a, b state.HistoryEntry) bool {
		return a.Title == b.Title && a.Ref == b.Ref && a.From == b.From && historyWord(a) == historyWord(b)
	}
	rows := 0
	for len(entries) > 0 {
		if rows++; rows > shownRows {
			d.say("          … " + assets.Count("and {{.N}} more", len(entries)))
			return
		}
		e, n := entries[0], 1
		for n < len(entries) && alike(e, entries[n]) {
			n++
		}
		if entries = entries[n:]; n > 1 {
			e.Title += " (" + assets.Count("{{.N}} times", n) + ")"
		}
		d.cross(e, d.names)
	}
}

// live runs the app while the script edits both sides every few seconds, until
// the person quits.
func (d *demoRun) live(ctx context.Context) error {
	d.note(assets.Text("The tray icon and the window show the demo; meetings are added, moved and deleted every few seconds. Quit in the tray's menu, or Ctrl-C here, ends it."))
	showing, quit := context.WithCancel(ctx)
	defer quit()
	edits := make(chan error, 1)
	go func() { edits <- d.play(showing) }()
	err := d.stage.Show(showing)
	quit()
	if played := <-edits; err == nil {
		err = played
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	// What the person did in the window (a mirror switched off, say) is theirs:
	// only what may never happen is judged.
	d.sum.Wrong = []string{}
	d.reshaped = d.mapped()
	d.judgeSafety()
	return d.close(d.sum.liveLine)
}

// mapped reports whether a mirror's copies show something else than their events, as
// far as that can still be asked.
func (d *demoRun) mapped() bool {
	ctx, done := context.WithTimeout(context.Background(), 2*time.Second)
	defer done()
	all, err := d.stage.Backend.Mirrors(ctx)
	return err != nil || slices.ContainsFunc(all, func(m control.MirrorState) bool { return len(m.Mappings) > 0 })
}

// livePause is the time between two edits: long enough to see one arrive.
const livePause = 4 * time.Second

// play runs the script once, slowly; it ends early when ctx does.
func (d *demoRun) play(ctx context.Context) error {
	if !d.json {
		d.crossingHead()
	}
	pause := func() bool {
		for {
			select {
			case <-time.After(livePause):
			case <-ctx.Done():
				return false
			}
			// The script asks for its passes itself: it rests while the person has paused.
			if s, err := d.stage.Backend.Status(ctx); err != nil || s.Activity != control.Paused {
				return true
			}
		}
	}
	err := d.pass(ctx)
	for _, e := range demoScript(d.Now(), d.stage.Zone) {
		if err != nil || !pause() {
			break
		}
		err = d.edit(ctx, e)
	}
	if ctx.Err() != nil {
		return nil
	}
	var e *control.Error
	if errors.As(err, &e) {
		// The person changed something under the script's feet; the app goes on.
		d.note(assets.Text("the script stops here: {{.Why}}", "Why", assets.Said(e.Message)))
		return nil
	}
	return err
}

// close prints the summary and turns it into the command's end.
func (d *demoRun) close(line func() string) error {
	d.sum.OK = len(d.sum.Wrong) == 0
	if d.json {
		if err := writeJSON(d.out, d.sum); err != nil {
			return err
		}
	} else {
		for _, w := range d.sum.Wrong {
			d.say("! " + w)
		}
		d.say(line())
	}
	switch {
	case !d.sum.OK:
		return errors.New(assets.Text("demo: not everything is as it must be"))
	case d.sum.Held > 0:
		return errHeld
	}
	return nil
}
