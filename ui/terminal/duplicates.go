package terminal

import (
	"bufio"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func duplicatesHelp() string {
	return assets.Text(`Find what a calendar holds several times: same title, same times, as other sync
tools and hasty imports leave it behind. What would be removed is shown, and
removed when you say so; a script says --remove.

Of several the one with guests stays, else the one that is linked with other
calendars, else the oldest. The copies of a duplicate in other calendars go with
it. Nothing with guests is removed. What was removed is in 'twinday history', and
'twinday undo --pass' brings it back.

Copies that another Twinday made and whose events cannot be found are listed below,
and left alone.`)
}

func (a *app) duplicatesCommand() *cobra.Command {
	var remove bool
	c := &cobra.Command{
		Use: "duplicates [" + assets.Text("MIRROR") + "]", Short: assets.Text("Find events that are there twice, and clean up"), Long: duplicatesHelp(),
		ValidArgsFunction: a.completeMirrors,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(assets.Text("'{{.Command}}' takes one mirror at most, got {{.N}}", "Command", cmd.CommandPath(), "N", len(args)))
			}
			return nil
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			var id state.MirrorID
			if len(args) == 1 {
				m, err := findMirror(ctx, b, args[0])
				if err != nil {
					return err
				}
				id = m.ID
			}
			found, err := b.Duplicates(ctx, id)
			if err != nil {
				return err
			}
			if a.json && !remove {
				return writeJSON(a.out, found)
			}
			n := namesOf(ctx, b)
			req, goes := control.CleanUp{Mirror: id, Groups: []string{}}, 0
			for _, g := range found.Groups {
				if len(g.Go) > 0 {
					req.Groups, goes = append(req.Groups, g.ID), goes+len(g.Go)
				}
			}
			if !a.json {
				a.duplicates(found, n)
			}
			switch {
			case goes == 0 && !a.json:
				return nil
			case !remove && !a.agrees(goes):
				a.say(assets.Text("Nothing was removed."))
				return nil
			}
			r, err := b.CleanUp(ctx, req)
			if err != nil {
				return err
			}
			if a.json {
				r.Steps = list(r.Steps)
				return a.verdict(r, writeJSON(a.out, r))
			}
			a.report(r, n)
			a.say(assets.Text("'twinday undo --pass {{.Pass}}' brings back what was removed.", "Pass", r.Pass))
			return a.verdict(r, nil)
		}),
	}
	c.Flags().BoolVar(&remove, "remove", false, assets.Text("remove what is shown without asking"))
	return c
}

// duplicates prints what is there several times, and what becomes of each.
func (a *app) duplicates(found control.Duplicates, n names) {
	if len(found.Groups) == 0 {
		a.say(assets.Text("Nothing is there twice."))
	}
	if len(found.Groups) > 0 {
		t := newTable(assets.Text("TITLE~ | WHEN | WHAT | IN~ | MADE | WHY~"))
		for _, g := range found.Groups {
			row := func(what string, x control.DuplicateEvent, why string) {
				t.add(g.Title, spanWords(g.When), what, n.of(x.Ref), a.made(x), why)
			}
			row(assets.Text("stays"), g.Stays, assets.Said(g.Stays.Why))
			for _, x := range g.Go {
				why := assets.Said(x.Why)
				if x.Copies > 0 {
					why = strings.TrimPrefix(why+"; "+assets.Text("its copies elsewhere go with it"), "; ")
				}
				row(assets.Text("goes"), x, why)
			}
			for _, x := range g.Kept {
				row(assets.Text("kept"), x, assets.Said(x.Why))
			}
		}
		a.print(t)
	}
	if len(found.Stray) > 0 {
		a.say(assets.Text("Left alone:"))
		t := newTable(assets.Text("TITLE~ | WHEN | IN~ | WHY~"))
		for _, x := range found.Stray {
			t.add(x.Title, spanWords(x.When), n.of(x.Ref), assets.Said(x.Why))
		}
		a.print(t)
	}
}

func spanWords(w calendar.When) string {
	s := whenWords(w)
	if !w.Recurrence.IsZero() {
		s += ", " + assets.Text("and so on")
	}
	return s
}

func (a *app) made(x control.DuplicateEvent) string {
	if x.Created.IsZero() {
		return ""
	}
	return assets.Date(x.Created.In(a.Now().Location()))
}

// agrees asks whether so many events are to go; whoever cannot answer has not agreed.
func (a *app) agrees(goes int) bool {
	if !a.Interactive || a.json {
		a.say(assets.Count("{{.N}} events would go; 'twinday duplicates --remove' removes what is shown.", goes))
		return false
	}
	yes := assets.Text("yes")
	answer, ok := a.prompt(bufio.NewScanner(a.in), assets.Count("Remove {{.N}} events?", goes), yes, assets.Text("no"))
	return ok && means(answer, yes, "yes")
}

func takeOverHelp() string {
	return assets.Text(`Have this Twinday keep a mirror that another one keeps: one on another computer,
or one whose data folder is gone. Until then this one reads and writes nothing.

The other one notices, and only watches from then on. 'twinday status' shows which
Twinday this is.`)
}

func (a *app) mirrorTakeOver() *cobra.Command {
	return &cobra.Command{
		Use: "take-over " + assets.Text("MIRROR"), Short: assets.Text("Keep a mirror that another Twinday keeps"), Long: takeOverHelp(),
		Args:              oneArg(assets.Text("the mirror's id or name as 'twinday mirror list' shows it")),
		ValidArgsFunction: a.completeMirrors,
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			m, err := findMirror(ctx, b, args[0])
			if err != nil {
				return err
			}
			if err := b.TakeOver(ctx, m.ID); err != nil {
				return err
			}
			watching := m.Watching
			m.Watching = nil
			switch {
			case a.json:
				return writeJSON(a.out, m)
			case watching == nil:
				a.say(assets.Text("This Twinday keeps mirror {{.ID}} already.", "ID", m.ID))
			default:
				a.say(assets.Text("This Twinday keeps mirror {{.ID}} from now on; the other one ({{.Who}}) will only watch.", "ID", m.ID, "Who", watching.Installation))
			}
			return nil
		}),
	}
}

// watchingWords says who keeps a mirror instead, and how to take over.
func watchingWords(m control.MirrorState, now time.Time) string {
	s := assets.Text("only watching: another Twinday ({{.Who}}) keeps it", "Who", m.Watching.Installation)
	if !m.Watching.Seen.IsZero() {
		s += ", " + assets.Text("at work {{.Ago}}", "Ago", assets.Ago(now, m.Watching.Seen))
	}
	return s + "; " + assets.Text("'twinday mirror take-over {{.ID}}' takes over", "ID", m.ID)
}
