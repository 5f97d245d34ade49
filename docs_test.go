package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEverythingExportedIsExplained wants a comment on every package and on
// every exported name at the top of a file, methods included.
func TestEverythingExportedIsExplained(t *testing.T) {
	for pkg := range listImports(t, "", "-e") {
		dir, own := short(pkg)
		if !own {
			continue
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range goFiles(t, filepath.FromSlash(dir)) {
			f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		for _, what := range unexplained(fset, files) {
			t.Errorf("%s: %s", dir, what)
		}
	}
}

func TestUnexplainedNamesAreFound(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []string
	}{
		{"all is well", "// Package p is one.\npackage p\n\n// A is one.\ntype A struct{ B int }\n\nfunc b() {}\nfunc (a A) c() {}\n", nil},
		{"no package comment", "package p\n", []string{"package p has no comment"}},
		{"a comment that is too far away", "// Package p is one.\n\npackage p\n", []string{"package p has no comment"}},
		{"a type", "// Package p is one.\npackage p\n\ntype A int\n", []string{"A has no comment"}},
		{"a function", "// Package p is one.\npackage p\n\nfunc A() {}\n", []string{"A has no comment"}},
		{"a method", "// Package p is one.\npackage p\n\n// A is one.\ntype A int\n\nfunc (a *A) B() {}\n", []string{"A.B has no comment"}},
		{"a method of a hidden type", "// Package p is one.\npackage p\n\ntype a int\n\nfunc (x a) B() {}\n", nil},
		{"a method of a generic type", "// Package p is one.\npackage p\n\n// A is one.\ntype A[T any] int\n\nfunc (a A[T]) B() {}\n", []string{"A.B has no comment"}},
		{"a group with one comment", "// Package p is one.\npackage p\n\n// The letters.\nconst (\n\tA = 1\n\tB = 2\n)\n", nil},
		{"a group without", "// Package p is one.\npackage p\n\nvar (\n\t// A is one.\n\tA = 1\n\tB = 2 // B is two.\n\tC = 3\n\td = 4\n)\n", []string{"C has no comment"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "p.go", test.source, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			got := unexplained(fset, []*ast.File{f})
			for i := range got {
				_, got[i], _ = strings.Cut(got[i], ": ")
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// unexplained lists what lacks a comment in the files of one package.
func unexplained(fset *token.FileSet, files []*ast.File) []string {
	var missing []string
	note := func(n ast.Node, what string) {
		missing = append(missing, fmt.Sprintf("%s: %s has no comment", fset.Position(n.Pos()), what))
	}
	if len(files) > 0 && !slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc != nil }) {
		note(files[0], "package "+files[0].Name.Name)
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					owner := receiver(d.Recv.List[0].Type)
					if !ast.IsExported(owner) {
						continue
					}
					name = owner + "." + name
				}
				if d.Name.IsExported() && d.Doc == nil {
					note(d, name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
							note(s, s.Name.Name)
						}
					case *ast.ValueSpec:
						for _, n := range s.Names {
							if n.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
								note(n, n.Name)
							}
						}
					}
				}
			}
		}
	}
	return missing
}

// receiver is the name of a method's type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// TestEveryCallIsDocumented compares the pages for scripts with the code.
func TestEveryCallIsDocumented(t *testing.T) {
	for _, test := range []struct {
		code, page string
		call       *regexp.Regexp // its groups make the call as the page writes it
		prefix     string
		atLeast    int
	}{
		{"engine/control/server.go", "docs/interface.md", regexp.MustCompile(`route\(mux, "([A-Z]+)", "([^"]+)"`), "/v1", 15},
		{"providers/simulator/control.go", "docs/simulators.md", regexp.MustCompile(`(?m)^\t\t"([A-Z]+) ([a-z][^"]*)":`), "", 10},
	} {
		page := readFile(t, test.page)
		calls := test.call.FindAllStringSubmatch(readFile(t, test.code), -1)
		if len(calls) < test.atLeast {
			t.Errorf("found %d calls in %s: it must have changed its shape", len(calls), test.code)
		}
		for _, c := range calls {
			if call := "`" + c[1] + " " + test.prefix + c[2]; !strings.Contains(page, call+"`") && !strings.Contains(page, call+"?") {
				t.Errorf("%s does not name %s`", test.page, call)
			}
		}
	}
}

// TestLinksLeadSomewhere follows every relative link in the pages, to a file and, after a #,
// to a heading of it.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pages, _ := filepath.Glob("docs/*.md")
	found := 0
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		for _, m := range link.FindAllStringSubmatch(readFile(t, page), -1) {
			if strings.Contains(m[1], ":") { // elsewhere
				continue
			}
			found++
			file, heading, _ := strings.Cut(m[1], "#")
			file = filepath.Join(filepath.Dir(page), file)
			if m[1][0] == '#' {
				file = page
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			} else if heading != "" && !slices.Contains(headings(readFile(t, file)), heading) {
				t.Errorf("%s links to %s: there is no such heading", page, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d links were found: do the pages write them otherwise now?", found)
	}
}

// headings are those of a page as GitHub names them in links.
func headings(page string) (list []string) {
	odd := regexp.MustCompile(`[^\p{L}\p{N}\- ]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		list = append(list, strings.ReplaceAll(odd.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return list
}

// TestQuickStartStandsFirst: a newcomer copies the first two commands.
func TestQuickStartStandsFirst(t *testing.T) {
	_, start, _ := strings.Cut(readFile(t, "README.md"), "## Quick start\n\n")
	if !strings.HasPrefix(start, "    make demo\n    make test\n") {
		t.Error("README.md: the quick start does not begin with make demo and make test")
	}
	if !strings.Contains(readFile(t, ".ci/run"), "\nmake test\n") {
		t.Error(".ci/run does not run the README's test command")
	}
}
