package assets

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "add the texts that the faces use to translations/en.json, drop the others")

func decode(t *testing.T, b []byte) image.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTrayIconsHaveTheSizesThatPanelsShow(t *testing.T) {
	for _, i := range TrayIcons {
		if got := decode(t, i.PNG()).Bounds().Size(); got != image.Pt(44, 44) {
			t.Errorf("%s is %v", i, got)
		}
		if got := decode(t, i.SmallPNG()).Bounds().Size(); got != image.Pt(22, 22) {
			t.Errorf("%s, small, is %v", i, got)
		}
	}
	if got := decode(t, AppIcon()).Bounds().Size(); got != image.Pt(512, 512) {
		t.Errorf("the program's icon is %v", got)
	}
}

// luminance of a colour as WCAG 2.2 defines it, and how much of the pixel it covers.
func luminance(m image.Image, x, y int) (l, cover float64) {
	r, g, b, a := m.At(x, y).RGBA()
	if a == 0 {
		return 0, 0
	}
	lin := func(v uint32) float64 {
		c := float64(v) / float64(a)
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(r) + 0.7152*lin(g) + 0.0722*lin(b), float64(a) / 0xffff
}

func TestTrayIconsStandOutOnLightAndDarkPanels(t *testing.T) {
	for _, i := range TrayIcons {
		m := decode(t, i.PNG())
		var body, n float64 // mean luminance of what is not glyph
		for y := range 44 {
			for x := range 44 {
				if l, cover := luminance(m, x, y); cover > 0.9 && l < 0.9 {
					body, n = body+l, n+1
				}
			}
		}
		body /= n
		if onWhite := 1.05 / (body + 0.05); onWhite < 3 {
			t.Errorf("%s on white: contrast %.1f, want 3", i, onWhite)
		}
		if onBlack := (body + 0.05) / 0.05; onBlack < 3 {
			t.Errorf("%s on black: contrast %.1f, want 3", i, onBlack)
		}
	}
}

func TestTrayIconsAreToldApartWithoutColour(t *testing.T) {
	// What is left without colour: clear, body, white glyph.
	shape := func(m image.Image, x, y int) int {
		l, cover := luminance(m, x, y)
		switch {
		case cover < 0.5:
			return 0
		case l > 0.6:
			return 2
		}
		return 1
	}
	for k, a := range TrayIcons {
		for _, b := range TrayIcons[k+1:] {
			ma, mb := decode(t, a.SmallPNG()), decode(t, b.SmallPNG())
			differ := 0
			for y := range 22 {
				for x := range 22 {
					if shape(ma, x, y) != shape(mb, x, y) {
						differ++
					}
				}
			}
			if differ < 30 {
				t.Errorf("%s and %s differ in %d of 484 pixels only", a, b, differ)
			}
		}
	}
}

func TestTextFillsInValues(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Text("just now"), "just now"},
		{Text("until {{.When}}", "When", "<noon>"), "until <noon>"},
		{Text("no such text"), "no such text"},
		{Count("{{.N}} days ago", 1), "1 day ago"},
		{Count("{{.N}} days ago", 0), "0 days ago"},
		{Count("{{.N}} days ago", 12), "12 days ago"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// used finds the texts that the faces ask for, and whether with a count.
func used(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	// The root of the walk is the project: the faces in ui, and the words here.
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && path != ".." && filepath.Dir(path) == ".." && d.Name() != "ui" && d.Name() != "assets" {
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil //nolint:nilerr // the compiler says so better
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			var name string
			switch fun := call.Fun.(type) {
			case *ast.SelectorExpr: // assets.Text(…)
				if x, ok := fun.X.(*ast.Ident); ok && x.Name == "assets" {
					name = fun.Sel.Name
				}
			case *ast.Ident: // Text(…), in here
				if f.Name.Name == "assets" {
					name = fun.Name
				}
			}
			if name != "Text" && name != "Count" {
				return true
			}
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: a text must be written where it is asked for, or no translator finds it", path)
				return true
			}
			key, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			keys[key] = name == "Count"
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestCatalogueHoldsEveryTextOfTheFaces(t *testing.T) {
	const file = "translations/en.json"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]any
	if err := json.Unmarshal(b, &have); err != nil {
		t.Fatal(err)
	}
	want := used(t)
	if *update {
		maps.DeleteFunc(have, func(k string, _ any) bool { _, ok := want[k]; return !ok })
		for k, count := range want {
			if _, ok := have[k]; ok {
				continue
			}
			have[k] = k
			if count {
				have[k] = map[string]string{"one": k, "other": k}
			}
		}
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(have); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		v, ok := have[k]
		if !ok {
			t.Errorf("%q is not in %s: run `go test ./assets -update`", k, file)
			continue
		}
		if _, forms := v.(map[string]any); forms != want[k] {
			t.Errorf("%q: forms for counts: %v, asked for with a count: %v", k, forms, want[k])
		}
	}
}
