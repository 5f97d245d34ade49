package terminal

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// TestTheCommandsInThePagesExist parses every command line in the pages for people, with the
// parser that they will meet: its command, its flags and, in examples, its arguments.
func TestTheCommandsInThePagesExist(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	found := 0
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range commandsIn(string(text)) {
			found++
			if err := c.parse(); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(page), c.line, err)
			}
		}
	}
	if found < 70 {
		t.Errorf("only %d commands were found: do the pages write them otherwise now?", found)
	}
}

func TestCommandsInPagesAreJudged(t *testing.T) {
	const page = "Say `twinday account add` or `twinday nonsense`, not `twinday sync --dry`.\n\n" +
		"    twinday mirror add --member a/b \\\n        --member c/d   # two\n    twinday undo      takes it back\n    X=1 twinday held apply 'a b' > out.json\n    twinday settings set --theme …\n"
	var got []string
	for _, c := range commandsIn(page) {
		got = append(got, fmt.Sprintf("%s: %v", c.line, c.parse()))
	}
	want := []string{
		"twinday mirror add --member a/b --member c/d: <nil>", "twinday undo: wrong arguments", "twinday held apply 'a b': <nil>", "twinday settings set --theme …: <nil>",
		"twinday account add: <nil>", "twinday nonsense: unknown command", "twinday sync --dry: unknown flag",
	}
	if len(got) != len(want) {
		t.Fatalf("found %q", got)
	}
	for i, w := range want {
		line, verdict, _ := strings.Cut(w, ": ")
		if !strings.HasPrefix(got[i], line+": ") || verdict == "<nil>" && !strings.HasSuffix(got[i], ": <nil>") || verdict != "<nil>" && strings.HasSuffix(got[i], "<nil>") {
			t.Errorf("%q, want %q", got[i], w)
		}
	}
}

// pageCommand is a command line as a page writes it.
type pageCommand struct {
	line    string
	example bool // stands by itself, to be copied: its arguments are all there
}

var (
	exampleLine = regexp.MustCompile(`(?m)^ {4,}(?:[A-Z_]+=\S+ )?(twinday(?: .*)?)$`)
	inCode      = regexp.MustCompile("`(twinday(?: [^`]*)?)`")
	continued   = regexp.MustCompile(`\\\n\s*`)
	endOfLine   = regexp.MustCompile(`(\s+(#|>|\||&&|<)| {3,}).*$`) // what it does, or what the shell does
)

// commandsIn finds the command lines of a page: those of its examples first.
func commandsIn(page string) (list []pageCommand) {
	page = continued.ReplaceAllString(page, "")
	for _, m := range exampleLine.FindAllStringSubmatch(page, -1) {
		list = append(list, pageCommand{endOfLine.ReplaceAllString(m[1], ""), true})
	}
	for _, m := range inCode.FindAllStringSubmatch(strings.ReplaceAll(page, "\n", " "), -1) {
		list = append(list, pageCommand{endOfLine.ReplaceAllString(m[1], ""), false})
	}
	return list
}

func (c pageCommand) parse() error {
	words := splitQuoted(c.line)[1:]
	for i, w := range words {
		if w == "N" { // any number
			words[i] = "7"
		}
	}
	a := &app{Deps: Deps{Now: time.Now}} // "pause --until" is judged by the clock
	root := a.root()
	insist(root)
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil && err != pflag.ErrHelp {
		return err
	}
	args := cmd.Flags().Args()
	if cmd.HasSubCommands() && len(args) > 0 { // a family's word that is none of it
		return cmd.ValidateArgs(args)
	}
	if !c.example || strings.Contains(c.line, "…") && len(args) > 0 {
		return nil
	}
	return cmd.ValidateArgs(args)
}
