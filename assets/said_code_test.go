package assets

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sayers are the packages that make sentences for people, and files of others that do.
var sayers = []string{"../engine", "../engine/reconcile", "../engine/mapping", "../store/state", "../store/errors.go", "../providers/caldav/presets.go"}

// unspoken is what they say that no sentence is: whole files, and pieces.
var unspoken = []string{
	"diagnostics.go",                                                                                           // a report, for people who help
	"Red category", "Orange category", "Yellow category", "Green category", "Blue category", "Purple category", // names of Outlook's
	"conflicts: latest", "guests: revert", "invitations: put-back", "invitations: decline", "invitations: hide", // names of rules
	"prefix “", "suffix “", "1 find/replace rule", " find/replace rules", // lenses, for the terminal's preview
	"link to the original", "1 person", "0 min",
	"2 January 2006", "2 Jan 2006", "2 Jan 2006 15:04", "2 Jan 15:04", "2006-01-02 15:04", // layouts
	": “{{” is never closed", "copy, omit, constant TEXT or template TEXT with {{fields}}", // said, with their braces as a value
	" is already part of entity ",                        // a mistake of the program's
	"the proxy's password", "this computer", "busy only", // ids and names that are kept
}

var verbs = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)

// fragments are the pieces of sentences that stand in a file: its strings of two words and
// more, but for those of logs, of errors' origins, and of keys in the store.
func fragments(t *testing.T, path string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.SelectorExpr); ok {
				if on, ok := fun.X.(*ast.SelectorExpr); ok && on.Sel.Name == "Log" {
					return false
				}
			}
			if fun, ok := n.Fun.(*ast.Ident); ok && fun.Name == "panic" {
				return false
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Op" {
				return false
			}
		case *ast.ValueSpec:
			if strings.HasPrefix(n.Names[0].Name, "setting") {
				return false
			}
		case *ast.BasicLit:
			s, err := strconv.Unquote(n.Value)
			if n.Kind != token.STRING || err != nil || strings.HasPrefix(s, "engine: ") {
				return true
			}
			for _, x := range verbs.Split(s, -1) {
				if len(strings.Fields(x)) > 1 && !slices.Contains(unspoken, x) {
					out = append(out, x)
				}
			}
		}
		return true
	})
	return out
}

// What the engine's code says to people has its words in each language: each piece of a
// sentence in it is part of some template. Running the engine (engine/said_test.go) shows
// that the pieces are put together as the templates have it.
func TestEveryPieceOfTheEnginesSentencesHasItsWords(t *testing.T) {
	for _, l := range Languages {
		if l.Tag == "en" {
			continue
		}
		var known strings.Builder
		for _, list := range saidIn(t, l.Tag) {
			for template := range list {
				known.WriteString(strings.ToLower(slotPattern.ReplaceAllString(template, "\x00")) + "\n")
			}
		}
		missing := map[string]string{}
		for _, dir := range sayers {
			files := []string{dir}
			if !strings.HasSuffix(dir, ".go") {
				files = codeIn(t, dir)
			}
			for _, path := range files {
				name := filepath.Base(path)
				if strings.HasSuffix(name, "_test.go") || slices.Contains(unspoken, name) {
					continue
				}
				for _, x := range fragments(t, path) {
					if !strings.Contains(known.String(), strings.ToLower(strings.TrimSpace(x))) {
						missing[x] = name
					}
				}
			}
		}
		for _, x := range slices.Sorted(maps.Keys(missing)) {
			t.Errorf("%s: %q has no words in said/%s.json", missing[x], x, l.Tag)
		}
	}
}
