package assets

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// typed is what stands in a file of the terminal beside its texts and is the same in every
// language: what people type, names, layouts, and titles of meetings.
var typed = map[string][]string{
	"accounts.go":    {"us-gov", "us-dod", "china", "copies-calendar", "shared"},
	"demo.go":        {"home", "work", "demo: %s: %w", "demo: %w"},
	"demo_judge.go":  {"Busy"},
	"demo_script.go": {"Dentist (bring the card)", "Bridge Street 3", "Interview with Ada Lovelace", "Ask about the engine."},
	"demo_series.go": {"Running with Jo", "Running with Jo and Kim", "Month in review", "Palms"},
	"disconnect.go":  {"keep"},
	"doctor.go":      {"twinday", "store", "autostart", "something is wrong"}, // names of checks; the last ends the command, and is not shown
	"duplicates.go":  {"yes"},
	"help.go":        {"help ["},
	"history.go":     {"2006-01-02T15:04:05"},
	"mirror_edit.go": {"detail", "guests", "invitations", "conflicts", "from", "to", "latest", "ask", "filter"},
	"mirror_show.go": {"ask", "revert", "apply", "hide", "decline", "put-back", "latest"},
	"plan.go":        {"yes", "no"},
	"preview.go":     {"20060102", "2006-01-02T15:04:05", "20060102T150405Z"},
	"schema.go": {"account add", "account list", "account ask-it", "account remove", "unlock", "settings", "settings set", "setup export", "setup import",
		"doctor", "diagnostics", "autostart", "autostart on", "autostart off", "calendar list", "calendar add", "mirror add", "mirror list", "mirror show",
		"mirror edit", "mirror preview", "mirror take-over", "mirror remove", "sync", "status", "history", "history show", "undo", "why", "held",
		"held list", "held apply", "held drop", "duplicates", "pause", "resume", "restore", "demo", "version", `{"error": control.Error}`},
	"say.go":      {"Google", "Outlook", "CalDAV"},
	"setup.go":    {"keep", "remove"},
	"sync.go":     {"h", "2006-01-02T15:04"},
	"terminal.go": {"~/.local/share/twinday", "en", "set up", "sync", "try", "something is held for a decision"}, // the last ends a command, and is not shown
}

// commandLine is how commands that are shown begin, and rules and fields that stand in them.
var commandLine = regexp.MustCompile(`^ *(twinday[ :]|source <\(twinday|--|-client-id|RRULE:|{{\w+}}|\x1b)`)

// typedIn are the calls and the fields whose plain strings name what people type, or what
// the code itself compares: flags, commands, layouts of times.
var typedIn = []string{
	"StringVar", "StringArrayVar", "BoolVar", "BoolVarP", "BoolP", "IntVar", "Uint64Var", "DurationVar", "Bool", "String", // names of flags
	"NewFlagSet", "Changed", "Lookup", "MarkHidden", "RegisterFlagCompletionFunc", "MarkFlagFilename", "MarkPersistentFlagDirname", "FixedCompletions", "notBoth", "fixed",
	"Use", "Example", "Aliases", "ValidArgs", "panic", "timed", "allDay", "topic",
}

// untold are the strings of a file that a person may get to see and that no call of Text or
// Count puts into words. What is a single call's to know (strings.Cut, time.Parse) or a
// comparison's is for the code alone.
func untold(t *testing.T, path string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	known := map[ast.Expr]bool{}
	plain := func(all ...ast.Expr) {
		for _, e := range all {
			if _, ok := e.(*ast.BasicLit); ok {
				known[e] = true
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				plain(n.X, n.Y)
			}
		case *ast.CaseClause:
			plain(n.List...)
		case *ast.IndexExpr:
			plain(n.Index)
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && slices.Contains(typedIn, key.Name) {
				return false
			}
			plain(n.Key)
		case *ast.CallExpr:
			on, name := called(n)
			switch {
			case on == "assets" && (name == "Text" || name == "Count"):
				first := 1
				if name == "Count" {
					first = 2
				}
				plain(n.Args[0])
				for i := first; i < len(n.Args); i += 2 {
					plain(n.Args[i])
				}
			case on == "strings" || on == "time" || slices.Contains(typedIn, name):
				plain(n.Args...)
			}
		case *ast.BasicLit:
			s, err := strconv.Unquote(n.Value)
			letters := strings.ContainsFunc(verbs.ReplaceAllString(s, ""), unicode.IsLetter)
			if n.Kind == token.STRING && err == nil && letters && !known[n] && !commandLine.MatchString(s) && !slices.Contains(typed[filepath.Base(path)], s) {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// called is what a call calls: a function of a package or method of a value, or a function
// of its own package.
func called(call *ast.CallExpr) (on, name string) {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return "", fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok {
			on = x.Name
		}
		return on, fun.Sel.Name
	}
	return "", ""
}

// codeIn lists the files of a package, its tests too.
func codeIn(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no code in %s: %v", dir, err)
	}
	return files
}

// The terminal shows nothing in one language only.
func TestAllThatTheTerminalSaysIsInTheCatalogue(t *testing.T) {
	for _, path := range slices.Concat(codeIn(t, "../ui/terminal"), codeIn(t, "../ui/say")) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, s := range untold(t, path) {
			t.Errorf("%s: %q is English in every language: ask assets.Text for it (or list it in typed, if people type it so)", filepath.Base(path), s)
		}
	}
}
