package terminal

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

const duplicatesHelp = `Find what a calendar holds several times: same title, same times, as other sync
tools and hasty imports leave it behind. What would be removed is shown, and
removed when you say so; a script says --remove.

Of several the one with guests stays, else the one that is linked with other
calendars, else the oldest. The copies of a duplicate in other calendars go with
it. Nothing with guests is removed. What was removed is in 'twinday history', and
'twinday undo --pass' brings it back.

Copies that another Twinday made and whose events cannot be found are listed below,
and left alone.`

func (a *app) duplicatesCommand() *cobra.Command {
	var remove bool
	c := &cobra.Command{
		Use: "duplicates [MIRROR]", Short: "Find events that are there twice, and clean up", Long: duplicatesHelp,
		ValidArgsFunction: a.completeMirrors,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("'%s' takes one mirror at most, got %d", cmd.CommandPath(), len(args))
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
				a.say("Nothing was removed.")
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
			a.say("'twinday undo --pass %d' brings back what was removed.", r.Pass)
			return a.verdict(r, nil)
		}),
	}
	c.Flags().BoolVar(&remove, "remove", false, "remove what is shown without asking")
	return c
}

// duplicates prints what is there several times, and what becomes of each.
func (a *app) duplicates(found control.Duplicates, n names) {
	if len(found.Groups) == 0 {
		a.say("Nothing is there twice.")
	}
	if len(found.Groups) > 0 {
		t := newTable("TITLE~", "WHEN", "WHAT", "IN~", "MADE", "WHY~")
		for _, g := range found.Groups {
			row := func(what string, x control.DuplicateEvent) {
				why := x.Why
				if what == "goes" && x.Copies > 0 {
					why = strings.TrimPrefix(why+"; its copies elsewhere go with it", "; ")
				}
				t.add(g.Title, spanWords(g.When), what, n.of(x.Ref), a.made(x), why)
			}
			row("stays", g.Stays)
			for _, x := range g.Go {
				row("goes", x)
			}
			for _, x := range g.Kept {
				row("kept", x)
			}
		}
		a.print(t)
	}
	if len(found.Stray) > 0 {
		a.say("Left alone:")
		t := newTable("TITLE~", "WHEN", "IN~", "WHY~")
		for _, x := range found.Stray {
			t.add(x.Title, spanWords(x.When), n.of(x.Ref), x.Why)
		}
		a.print(t)
	}
}

func spanWords(w calendar.When) string {
	s := whenWords(w)
	if !w.Recurrence.IsZero() {
		s += ", and so on"
	}
	return s
}

func (a *app) made(x control.DuplicateEvent) string {
	if x.Created.IsZero() {
		return ""
	}
	return x.Created.In(a.Now().Location()).Format("2 Jan 2006")
}

// agrees asks whether so many events are to go; whoever cannot answer has not agreed.
func (a *app) agrees(goes int) bool {
	if !a.Interactive || a.json {
		a.say("%s would go; 'twinday duplicates --remove' removes what is shown.", count(goes, "event"))
		return false
	}
	answers := bufio.NewScanner(a.in)
	fmt.Fprintf(a.out, "Remove %s? [yes/no] ", count(goes, "event"))
	if !answers.Scan() {
		fmt.Fprintln(a.out)
		return false
	}
	s := strings.ToLower(strings.TrimSpace(answers.Text()))
	return s == "yes" || s == "y"
}

const takeOverHelp = `Have this Twinday keep a mirror that another one keeps: one on another computer,
or one whose data folder is gone. Until then this one reads and writes nothing.

The other one notices, and only watches from then on. 'twinday status' shows which
Twinday this is.`

func (a *app) mirrorTakeOver() *cobra.Command {
	return &cobra.Command{
		Use: "take-over MIRROR", Short: "Keep a mirror that another Twinday keeps", Long: takeOverHelp,
		Args:              oneArg("the mirror's id or name as 'twinday mirror list' shows it"),
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
				a.say("This Twinday keeps mirror %s already.", m.ID)
			default:
				a.say("This Twinday keeps mirror %s from now on; the other one (%s) will only watch.", m.ID, watching.Installation)
			}
			return nil
		}),
	}
}

// watchingWords says who keeps a mirror instead, and how to take over.
func watchingWords(m control.MirrorState, now time.Time) string {
	s := "only watching: another Twinday (" + m.Watching.Installation + ") keeps it"
	if seen := ago(m.Watching.Seen, now); seen != "" {
		s += ", at work " + seen
	}
	return fmt.Sprintf("%s; 'twinday mirror take-over %s' takes over", s, m.ID)
}
