package terminal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

func syncHelp() string {
	return assets.Text(`Read what changed in the calendars of all mirrors and carry it across, now.

--dry-run reads and decides as a real pass does, and writes nothing anywhere.
--watch goes on after that and prints every change as it crosses, until Ctrl-C;
the running engine does the work, or this command when none runs.

The exit code is 3 when a step waits for a decision ('twinday held'), 1 when a
step failed.`)
}

func (a *app) syncCommand() *cobra.Command {
	var req control.SyncRequest
	var watch bool
	c := &cobra.Command{
		Use: "sync", Short: assets.Text("Carry changes across now"), Long: syncHelp(),
		Args: func(cmd *cobra.Command, args []string) error {
			return errors.Join(noArgs(cmd, args), notBoth(cmd, "dry-run", "watch"))
		},
		RunE: a.run(func(ctx context.Context, _ []string) error {
			return a.connected(ctx, ConnectOptions{Loop: watch}, func(b control.Backend) error {
				if watch {
					return a.watch(ctx, b)
				}
				r, err := b.Sync(ctx, req)
				if err != nil {
					return err
				}
				if a.json {
					r.Steps = list(r.Steps)
					return a.verdict(r, writeJSON(a.out, r))
				}
				a.report(r, namesOf(ctx, b))
				if len(r.Steps) == 0 && len(r.Problems) == 0 {
					a.say(whyNothing(ctx, b))
				}
				return a.verdict(r, nil)
			})
		}),
	}
	c.Flags().BoolVar(&req.DryRun, "dry-run", false, assets.Text("show what a pass would do, and do nothing"))
	c.Flags().BoolVar(&watch, "watch", false, assets.Text("go on and print what crosses, until Ctrl-C"))
	return c
}

// verdict is the error, and so the exit code, that a pass ends a command with.
// A failure weighs more than a held step.
func (a *app) verdict(r control.Report, printing error) error {
	switch {
	case printing != nil:
		return printing
	case r.Failed > 0:
		return errors.New(assets.Count("{{.N}} steps failed; 'twinday status' says what is wrong and what helps", r.Failed))
	case len(r.Problems) > 0:
		return errors.New(assets.Text("not everything could be read or written; 'twinday status' says what is wrong and what helps"))
	case r.Held > 0:
		return errHeld
	}
	return nil
}

// report prints a pass for people.
func (a *app) report(r control.Report, n names) {
	if len(r.Steps) > 0 {
		t := newTable(assets.Text("WHAT | TITLE~ | IN~ | WHY~"))
		for _, s := range say.ByTime(r.Steps) {
			t.add(stepWord(s, r.DryRun), s.Title, n.of(s.Ref), stepWhy(s))
		}
		a.print(t)
	}
	a.problems(r.Problems, n)
	if line := reportLine(r); line != "" {
		a.say(line)
	}
}

// whyNothing says why a pass had nothing to do.
func whyNothing(ctx context.Context, b control.Backend) string {
	all, err := b.Mirrors(ctx)
	if err == nil && len(all) == 0 {
		return assets.Text("Nothing to do: no calendars mirror each other yet. 'twinday mirror add' makes a mirror.")
	}
	for _, m := range all {
		if m.Watching != nil {
			return assets.Text("Nothing is done in “{{.Mirror}}”: another Twinday ({{.Who}}) keeps it. 'twinday mirror take-over {{.ID}}' takes over.",
				"Mirror", clean(m.Name), "Who", m.Watching.Installation, "ID", m.ID)
		}
	}
	return assets.Text("Nothing to do: the calendars are alike.")
}

// reportLine sums a pass up in one line, an empty one if nothing happened.
func reportLine(r control.Report) string {
	var parts []string
	for _, x := range []struct {
		n    int
		text string
	}{
		{r.Created, assets.Count("{{.N}} created", r.Created)}, {r.Updated, assets.Count("{{.N}} updated", r.Updated)},
		{r.Deleted, assets.Count("{{.N}} deleted", r.Deleted)}, {r.Adopted, assets.Count("{{.N}} linked", r.Adopted)},
		{r.Skipped, assets.Count("{{.N}} left alone", r.Skipped)},
		{r.Held, assets.Count("{{.N}} held for your decision ('twinday held')", r.Held)}, {r.Failed, assets.Count("{{.N}} failed", r.Failed)},
	} {
		if x.n > 0 {
			parts = append(parts, x.text)
		}
	}
	what := strings.Join(parts, ", ")
	switch {
	case len(parts) == 0 && len(r.Problems) > 0:
		return assets.Text("Nothing was done.")
	case len(parts) == 0:
		return ""
	case r.DryRun:
		return assets.Text("A pass would do this: {{.What}}. Nothing was written.", "What", what)
	}
	return assets.Text("Pass {{.N}}: {{.What}}, in {{.Time}}.", "N", r.Pass, "What", what, "Time", shortTime(r.Ended.Sub(r.Began)))
}

// shortTime is how long something took: "0.35 s", "2 min 5 s".
func shortTime(d time.Duration) string {
	if d < time.Minute {
		return assets.Text("{{.N}} s", "N", assets.Decimal(d.Seconds()))
	}
	return assets.Text("{{.M}} min {{.S}} s", "M", int(d/time.Minute), "S", int(d%time.Minute/time.Second))
}

func stepWord(s control.StepResult, dry bool) string {
	switch {
	case s.Held != "":
		return assets.Text("held")
	case s.Error != "":
		return assets.Text("failed")
	case s.Kind == state.Skip:
		return assets.Text("leave")
	case s.Kind == state.Adopt:
		return assets.Text("link")
	case dry:
		return stepName(s.Kind)
	}
	return pastName(s.Kind)
}

func stepWhy(s control.StepResult) string {
	switch {
	case s.Error != "":
		return assets.Said(s.Error)
	case s.Held != "":
		return assets.Text("would {{.Step}}; waits for you ({{.Hold}}): {{.Why}}", "Step", stepName(s.Kind), "Hold", holdName(s.Held), "Why", assets.Said(s.Reason))
	}
	return assets.Said(s.Reason)
}

// stepName is what a step does: "create".
func stepName(k state.StepKind) string {
	switch k {
	case state.Create:
		return assets.Text("create")
	case state.Update:
		return assets.Text("update")
	case state.Delete:
		return assets.Text("delete")
	case state.TakeOver:
		return assets.Text("take over")
	case state.Adopt:
		return assets.Text("link")
	case state.Unlink:
		return assets.Text("unlink")
	case state.Answer:
		return assets.Text("answer")
	case state.Skip:
		return assets.Text("leave")
	}
	return string(k)
}

// pastName is what a step did: "created".
func pastName(k state.StepKind) string {
	switch k {
	case state.Create:
		return assets.Text("created")
	case state.Update:
		return assets.Text("updated")
	case state.Delete:
		return assets.Text("deleted")
	case state.TakeOver:
		return assets.Text("taken over")
	case state.Adopt:
		return assets.Text("linked")
	case state.Unlink:
		return assets.Text("unlinked")
	case state.Answer:
		return assets.Text("answered")
	case state.Skip:
		return assets.Text("left alone")
	}
	return ""
}

// holdName says what a step waits for.
func holdName(h state.HoldReason) string {
	switch h {
	case state.HoldGuests:
		return assets.Text("guests")
	case state.HoldMassDeletion:
		return assets.Text("mass deletion")
	case state.HoldConflict:
		return assets.Text("conflict")
	case state.HoldTakeOver:
		return assets.Text("another Twinday")
	}
	return string(h)
}

// problems prints what is not well, and the way out of each.
func (a *app) problems(all []control.ProblemNote, n names) {
	for _, p := range all {
		where := string(p.Account)
		if p.Ref != (state.Ref{}) {
			where = n.of(p.Ref)
		}
		if where != "" {
			where += ": "
		}
		a.say("! " + clean(where+say.Stopped(assets.Said(p.What))+" "+assets.Said(p.WayOut)))
	}
}

// crossing are the widths of the columns of changes printed one by one, when no later
// row can be waited for to align them: those of a time and of what can have happened, in
// the person's language.
func crossing() []int {
	clock := runewidth.StringWidth(assets.ClockSeconds(time.Date(2006, 1, 2, 22, 44, 55, 0, time.UTC)))
	what := runewidth.StringWidth(assets.Text("by hand"))
	for _, k := range []state.StepKind{state.Create, state.Update, state.Delete, state.TakeOver, state.Adopt, state.Unlink, state.Answer, state.Skip} {
		what = max(what, runewidth.StringWidth(pastName(k)))
	}
	for _, o := range []state.Outcome{state.Done, state.Failed, state.Overridden, state.Reverted, state.Noted} {
		what = max(what, runewidth.StringWidth(outcomeName(o)))
	}
	return []int{clock, what, 34, 40}
}

// crossingHead begins the table of such changes.
func (a *app) crossingHead() {
	a.row(crossing(), newTable(assets.Text("TIME | WHAT | TITLE | FROM → TO")).heads, bold)
}

// cross prints one change as it crosses.
func (a *app) cross(e state.HistoryEntry, n names) {
	a.row(crossing(), []string{
		assets.ClockSeconds(e.Time.In(a.Now().Location())), historyWord(e), clean(e.Title), clean(route(e, n)),
	}, plain)
}

// watch syncs, then prints every change as it crosses, until ctx ends.
func (a *app) watch(ctx context.Context, b control.Backend) error {
	last, err := lastSeq(ctx, b)
	if err != nil {
		return err
	}
	if !a.json {
		a.crossingHead()
	}
	var said string
	var pass uint64
	first := true
	show := func(s control.Status) error {
		if !first && s.Pass == pass && s.Summary == said {
			return nil
		}
		entries, err := since(ctx, b, last)
		if err != nil {
			return err
		}
		var n names
		if len(entries) > 0 && !a.json {
			n = namesOf(ctx, b)
		}
		for _, e := range entries {
			last = e.Seq
			if a.json {
				if err := writeJSON(a.out, e); err != nil {
					return err
				}
				continue
			}
			a.cross(e, n)
		}
		// What is not a change goes to standard error: the table stays a table.
		calm := s.Activity == control.Fine || s.Activity == control.Syncing || s.Activity == control.Starting
		if !a.json && s.Summary != said && !calm {
			fmt.Fprintf(a.errs, "twinday: %s\n", clean(assets.Said(s.Summary)))
		}
		first, pass, said = false, s.Pass, s.Summary
		return nil
	}
	if _, err := b.Sync(ctx, control.SyncRequest{}); err != nil && ctx.Err() == nil {
		fmt.Fprintf(a.errs, "twinday: %s\n", assets.Said(err.Error()))
	}
	err = b.Watch(ctx, show)
	if ctx.Err() != nil {
		return nil // Ctrl-C is how watching ends
	}
	return err
}

// lastSeq is the number of the newest entry of the history.
func lastSeq(ctx context.Context, b control.Backend) (uint64, error) {
	h, err := b.History(ctx, control.HistoryQuery{Limit: 1})
	if err != nil || len(h) == 0 {
		return 0, err
	}
	return h[0].Seq, nil
}

// since reads the entries after seq, oldest first.
func since(ctx context.Context, b control.Backend, seq uint64) ([]state.HistoryEntry, error) {
	var all []state.HistoryEntry
	q := control.HistoryQuery{Limit: 200}
	for {
		page, err := b.History(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if e.Seq <= seq {
				return all, nil
			}
			all = append([]state.HistoryEntry{e}, all...)
		}
		if len(page) < q.Limit {
			return all, nil
		}
		q.Before = page[len(page)-1].Seq
	}
}

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: assets.Text("How everything fares"), Args: noArgs,
		Long: assets.Text(`How everything fares: accounts, mirrors, what is wrong and what helps. The exit
code is 3 when a step waits for a decision ('twinday held').`),
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			s, err := b.Status(ctx)
			if err != nil {
				return err
			}
			if a.json {
				err = a.statusJSON(s)
			} else {
				a.status(s, namesOf(ctx, b))
			}
			if err == nil && s.Held > 0 {
				return errHeld
			}
			return err
		}),
	}
}

func (a *app) statusJSON(s control.Status) error {
	s.Mirrors, s.Accounts = list(s.Mirrors), list(s.Accounts)
	return writeJSON(a.out, s)
}

// status prints the state of everything for people.
func (a *app) status(s control.Status, n names) {
	a.say(clean(assets.Said(s.Summary)))
	now := a.Now()
	when := []string{assets.Text("Never synced yet")}
	if !s.LastSync.IsZero() {
		when[0] = assets.Text("Last sync {{.Ago}}", "Ago", assets.Ago(now, s.LastSync))
	}
	switch {
	case !s.PausedUntil.IsZero():
		when = append(when, pausedWords(s.PausedUntil, now))
	case !s.NextSync.IsZero():
		when = append(when, assets.Text("next {{.In}}", "In", assets.In(now, s.NextSync)))
	}
	if !s.LastBackup.IsZero() {
		when = append(when, assets.Text("last backup {{.Ago}}", "Ago", assets.Ago(now, s.LastBackup)))
	}
	a.say(strings.Join(when, ", ") + ".")
	if s.Installation.ID != "" {
		a.say(assets.Text("This is Twinday {{.ID}}, on {{.Computer}}.", "ID", s.Installation.ID, "Computer", clean(s.Installation.Name)))
	}
	if len(s.Accounts) > 0 {
		a.say("")
		a.print(accountTable(s.Accounts))
	}
	if len(s.Mirrors) > 0 {
		a.say("")
		a.print(a.mirrorTable(s.Mirrors, n))
	}
	if len(s.Problems) > 0 || s.Held > 0 {
		a.say("")
		a.problems(s.Problems, n)
		if s.Held > 0 {
			a.say("! " + assets.Count("{{.N}} steps wait for your decision: 'twinday held' shows them.", s.Held))
		}
	}
}

// forever is so far away that a pause until then means "until resumed".
const forever = 100 * 365 * 24 * time.Hour

func pausedWords(until, now time.Time) string {
	if until.Sub(now) > forever/10 {
		return assets.Text("paused until 'twinday resume'")
	}
	return assets.Text("paused {{.Until}}", "Until", assets.PauseEnd(now, until))
}

func (a *app) pauseCommand() *cobra.Command {
	var span, until string
	var t time.Time
	c := &cobra.Command{
		Use: "pause", Short: assets.Text("Stop syncing for a while"),
		Long:    assets.Text("Stop syncing: for a time, until a time, or without a flag until 'twinday resume'."),
		Example: "  twinday pause --for 1h\n  twinday pause --until 17:30\n  twinday pause --until '2026-03-01 08:00'",
		Args: func(cmd *cobra.Command, args []string) (err error) {
			if err = errors.Join(noArgs(cmd, args), notBoth(cmd, "for", "until")); err != nil {
				return err
			}
			t, err = pauseEnd(span, until, a.Now())
			return err
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			if err := b.Pause(ctx, t); err != nil {
				return err
			}
			return a.afterPause(ctx, b)
		}),
	}
	c.Flags().StringVar(&span, "for", "", assets.Text("how long: 30m, 8h, 3d"))
	c.Flags().StringVar(&until, "until", "", assets.Text("until when: 17:30, 2026-03-01, '2026-03-01 08:00'"))
	return c
}

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume", Short: assets.Text("Go on syncing after a pause"), Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			if err := b.Pause(ctx, time.Time{}); err != nil {
				return err
			}
			return a.afterPause(ctx, b)
		}),
	}
}

func (a *app) afterPause(ctx context.Context, b control.Backend) error {
	s, err := b.Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.statusJSON(s)
	}
	if s.PausedUntil.IsZero() {
		a.say(assets.Text("Syncing goes on."))
		return nil
	}
	a.say(say.Sentence(pausedWords(s.PausedUntil, a.Now())))
	return nil
}

// pauseEnd is when a pause ends: after span or at until, as people write them.
func pauseEnd(span, until string, now time.Time) (time.Time, error) {
	switch {
	case span != "":
		d, err := time.ParseDuration(span)
		if days, ok := strings.CutSuffix(span, "d"); ok && err != nil {
			if d, err = time.ParseDuration(days + "h"); err == nil {
				d *= 24
			}
		}
		if err != nil || d <= 0 {
			return time.Time{}, usage(assets.Text("--for “{{.Time}}” is no length of time: write it like 30m, 8h or 3d", "Time", span))
		}
		return now.Add(d), nil
	case until != "":
		return moment(until, now)
	}
	return now.Add(forever), nil
}

// moment reads a time to come: a clock time means the next such one.
func moment(s string, now time.Time) (time.Time, error) {
	if t, err := time.ParseInLocation("15:04", s, now.Location()); err == nil {
		y, m, d := now.Date()
		t = time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, now.Location())
		if !t.After(now) {
			t = time.Date(y, m, d+1, t.Hour(), t.Minute(), 0, 0, now.Location())
		}
		return t, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			if !t.After(now) {
				return t, usage(assets.Text("--until {{.Time}} is over already", "Time", s))
			}
			return t, nil
		}
	}
	return time.Time{}, usage(assets.Text("--until “{{.Time}}” is no time: write it like 17:30, 2026-03-01 or '2026-03-01 08:00'", "Time", s))
}
