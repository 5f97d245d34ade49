package terminal

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// after is the error that a change ends with: something may wait for the person.
func after(waits int, printing error) error {
	if printing == nil && waits > 0 {
		return errHeld
	}
	return printing
}

// waiting counts the steps that still wait for a decision once seen is agreed to.
func waiting(r control.Report, seen []string) int {
	n := 0
	for _, s := range r.Steps {
		if s.Held != "" && !slices.Contains(seen, s.Fact) {
			n++
		}
	}
	return n
}

// plan prints what a change would do.
func (a *app) plan(e MirrorEdit, seen []string, line string, n names) {
	if len(e.Plan.Steps) > 0 {
		t := newTable("WHAT", "TITLE~", "IN~", "WHY~")
		for _, s := range e.Plan.Steps {
			if slices.Contains(seen, s.Fact) {
				s.Held = "" // this is the question about it
			}
			t.add(stepWord(s, true), s.Title, n.of(s.Ref), stepWhy(s))
		}
		a.print(t)
	}
	a.problems(e.Plan.Problems, n)
	a.say("%s.", line)
	if e.Due > 0 {
		a.say("(%s besides, with or without the change: 'twinday sync --dry-run' shows all.)", count(e.Due, "step"))
	}
	for _, s := range e.Notes {
		a.say("%s", s)
	}
}

// planLine sums up what a change does: to copies only, or to events anywhere.
func planLine(r control.Report, seen []string, copies bool) string {
	things, end := countCopies, "; nothing at home is deleted"
	if !copies {
		things, end = func(n int) string { return count(n, "event") }, ""
	}
	var made, changed, removed, linked, answered, held int
	for _, s := range r.Steps {
		switch {
		case s.Held != "" && !slices.Contains(seen, s.Fact):
			held++
		case s.Kind == state.Create:
			made++
		case s.Kind == state.Update:
			changed++
		case s.Kind == state.Delete:
			removed++
		case s.Kind == state.Adopt:
			linked++
		case s.Kind == state.Answer:
			answered++
		}
	}
	verb := func(n int, one, many string) string {
		if n == 1 {
			return one
		}
		return many
	}
	var parts []string
	if changed > 0 {
		parts = append(parts, things(changed)+verb(changed, " changes", " change"))
	}
	if removed > 0 {
		parts = append(parts, things(removed)+verb(removed, " is removed", " are removed"))
	}
	if made > 0 {
		parts = append(parts, things(made)+verb(made, " is made", " are made"))
	}
	if linked > 0 {
		parts = append(parts, count(linked, "event")+verb(linked, " is linked", " are linked"))
	}
	if answered > 0 {
		parts = append(parts, count(answered, "invitation")+verb(answered, " is answered, without a mail", " are answered, without a mail"))
	}
	if held > 0 {
		parts = append(parts, count(held, "step")+verb(held, " waits", " wait")+" for your decision ('twinday held')")
	}
	if len(r.Problems) > 0 {
		parts = append(parts, "not all calendars could be read")
	}
	if len(parts) == 0 {
		return "No event changes"
	}
	return strings.Join(parts, ", ") + end
}

// confirm asks a person at a terminal.
func (a *app) confirm(question string) (bool, error) {
	answers := bufio.NewScanner(a.in)
	for range 3 {
		fmt.Fprintf(a.out, "%s [yes/no] ", question)
		if !answers.Scan() {
			fmt.Fprintln(a.out)
			break
		}
		switch strings.ToLower(strings.TrimSpace(answers.Text())) {
		case "yes", "y":
			return true, nil
		case "no", "n":
			return false, nil
		}
	}
	return false, usage("nothing was done: say --yes, or --dry-run to look only")
}
