package main_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestItCompilesElsewhere checks the types of the whole program and of its tests as a Mac
// and a Windows machine would build them, of every package that `go list` names. It reads
// the sources that each would take, C left out, and of other people's packages only what
// they declare: so it takes seconds, no Apple SDK, and compiles no Graph SDK once more,
// which is minutes. What the C compiler, the linker or go vet would say there, this cannot
// know: docs/releasing.md says who finds out.
func TestItCompilesElsewhere(t *testing.T) {
	for _, system := range []struct{ goos, goarch, cgo string }{
		{"darwin", "arm64", "1"}, // what is shipped
		{"darwin", "amd64", "0"}, // our files for a build without cgo, which Fyne itself has not there
		{"windows", "amd64", "1"},
	} {
		t.Run(system.goos+" "+system.goarch+" cgo "+system.cgo, func(t *testing.T) {
			own := 0
			for _, problem := range check(t, sourcesFor(t, "./...", system.goos, system.goarch, system.cgo), &own) {
				t.Error(problem)
			}
			if own < 20 { // there are more, so something was not looked at
				t.Errorf("only %d packages of this project were checked", own)
			}
		})
	}
}

// sources are a package's, as one system would take them.
type sources struct {
	ImportPath        string
	Dir               string
	GoFiles, CgoFiles []string
	ImportMap         map[string]string
	Module            *struct{ GoVersion string }
}

// sourcesFor lists the packages, and before each one those that it imports.
func sourcesFor(t *testing.T, pattern, goos, goarch, cgo string) (list []sources) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-json=ImportPath,Dir,GoFiles,CgoFiles,ImportMap,Module", pattern)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED="+cgo)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p sources
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// importer hands over the packages that were checked before, by the names that one
// package calls them.
type importer struct {
	done  map[string]*types.Package
	names map[string]string
}

func (i importer) Import(path string) (*types.Package, error) {
	if vendored, ok := i.names[path]; ok {
		path = vendored
	}
	if p := i.done[path]; p != nil {
		return p, nil
	}
	return nil, errors.New("not among those that go list names: " + path)
}

// check gives what is wrong in this project's packages, and counts them in own.
func check(t *testing.T, list []sources, own *int) (problems []error) {
	t.Helper()
	done := map[string]*types.Package{"unsafe": types.Unsafe}
	for _, p := range list {
		name, _, _ := strings.Cut(p.ImportPath, " ")              // of a package with its tests: "name [name.test]"
		if name == "unsafe" || strings.HasSuffix(name, ".test") { // which is made when it is built
			continue
		}
		_, ours := short(name)
		fset := token.NewFileSet()
		files, err := parseAll(fset, p, ours)
		if err != nil && ours {
			problems = append(problems, err)
		}
		conf := types.Config{
			Importer: importer{done, p.ImportMap}, IgnoreFuncBodies: !ours, FakeImportC: true,
			Error: func(err error) {
				if ours {
					problems = append(problems, err)
				}
			},
		}
		if p.Module != nil && p.Module.GoVersion != "" {
			conf.GoVersion = "go" + p.Module.GoVersion
		}
		done[p.ImportPath], _ = conf.Check(p.ImportPath, fset, files, nil) // the error is the first that Error was told
		if ours {
			*own++
		}
	}
	return problems
}

// parseAll reads a package's files at once; of one that is not ours, no function bodies.
func parseAll(fset *token.FileSet, p sources, ours bool) ([]*ast.File, error) {
	names := append(append([]string{}, p.GoFiles...), p.CgoFiles...)
	files, errs := make([]*ast.File, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			files[i], errs[i] = parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if files[i] == nil || ours {
				return
			}
			for _, d := range files[i].Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					f.Body = nil
				}
			}
		})
	}
	wg.Wait()
	read := files[:0]
	for _, f := range files {
		if f != nil {
			read = append(read, f)
		}
	}
	return read, errors.Join(errs...)
}

func TestWhatDoesNotCompileElsewhereIsFound(t *testing.T) {
	for name, wrong := range map[string]string{
		"":                                     "package p\n\nimport \"os\"\n\nvar A = os.Args\n",
		"undefined: os.Nothing":                "package p\n\nimport \"os\"\n\nvar A = os.Nothing\n",
		"declared and not used: b":             "package p\n\nfunc f() { b := 1 }\n",
		"not among those that go list names: ": "package p\n\nimport \"golang.org/x/sys/windows\"\n\nvar A = windows.Handle(0)\n",
		"expected":                             "package p\n\nfunc f( {\n",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		list := append(sourcesFor(t, "os", "darwin", "arm64", "0"), sources{ImportPath: module + "/p", Dir: dir, GoFiles: []string{"p.go"}})
		var own int
		problems := check(t, list, &own)
		if name == "" {
			if len(problems) > 0 {
				t.Errorf("what is right is blamed: %v", problems)
			}
			continue
		}
		if err := errors.Join(problems...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("found %v, want %q", err, name)
		}
	}
}
