package terminal

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
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
		t := newTable(assets.Text("WHAT | TITLE~ | IN~ | WHY~"))
		for _, s := range say.ByTime(e.Plan.Steps) {
			if slices.Contains(seen, s.Fact) {
				s.Held = "" // this is the question about it
			}
			t.add(stepWord(s, true), s.Title, n.of(s.Ref), stepWhy(s))
		}
		a.print(t)
	}
	a.problems(e.Plan.Problems, n)
	a.say(line + ".")
	if e.Due > 0 {
		a.say(assets.Count("({{.N}} steps besides, with or without the change: 'twinday sync --dry-run' shows all.)", e.Due))
	}
	for _, s := range e.Notes {
		a.say(s)
	}
}

// planLine sums up what a change does: to copies only, or to events anywhere.
func planLine(r control.Report, seen []string, copies bool) string {
	parts, held := say.Planned(r, seen, copies)
	if held > 0 {
		parts = append(parts, assets.Count("{{.N}} steps wait for your decision ('twinday held')", held))
	}
	if len(r.Problems) > 0 {
		parts = append(parts, assets.Text("not all calendars could be read"))
	}
	if len(parts) == 0 {
		return assets.Text("No event changes")
	}
	line := strings.Join(parts, ", ")
	if copies {
		line += "; " + assets.Text("nothing at home is deleted")
	}
	return line
}

// confirm asks a person at a terminal.
func (a *app) confirm(question string) (bool, error) {
	answers := bufio.NewScanner(a.in)
	yes, no := assets.Text("yes"), assets.Text("no")
	for range 3 {
		answer, ok := a.prompt(answers, question, yes, no)
		switch {
		case !ok:
		case means(answer, yes, "yes"):
			return true, nil
		case means(answer, no, "no"):
			return false, nil
		default:
			continue
		}
		break
	}
	return false, usage(assets.Text("nothing was done: say --yes, or --dry-run to look only"))
}

// prompt asks for one of some words, and returns what was typed, small; false at the end
// of the input.
func (a *app) prompt(answers *bufio.Scanner, question string, words ...string) (string, bool) {
	fmt.Fprintf(a.out, "%s [%s] ", question, strings.Join(words, "/"))
	if !answers.Scan() {
		fmt.Fprintln(a.out)
		return "", false
	}
	return strings.ToLower(strings.TrimSpace(answers.Text())), true
}

// means reports whether an answer is one of some words, or the first letter of one.
func means(answer string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		first, _ := utf8.DecodeRuneInString(w)
		return answer == w || answer == string(first)
	})
}
