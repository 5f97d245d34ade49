package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file holds the walls of the house: who may know whom. CONTRIBUTING.md
// shows the map. A test fails with the reason for the wall that was broken.

const module = "github.com/twinday/twinday"

// imports is what each package imports directly, tests left out: tests may
// import anything.
type imports map[string][]string

// onlyBy: packages under what are imported by packages under by, and nobody else.
type onlyBy struct {
	what   []string
	by     []string
	reason string
}

// knowsOnly: of this project, packages under who import only packages under allowed.
type knowsOnly struct {
	who     []string
	allowed []string
	reason  string
}

// neverReaches: packages under who do not lead to packages under what, by any way.
type neverReaches struct {
	who    []string
	what   []string
	reason string
}

// Paths without a dot in their first part are this project's, "." is its main
// package; a "=" in front means the package itself and none below it. Who and
// what stand for a package and all below it.
var (
	googleSDK  = "google.golang.org/api"
	graphSDK   = "github.com/microsoftgraph"
	kiota      = "github.com/microsoft"
	fyne       = "fyne.io/fyne"
	connectors = []string{"providers/google", "providers/outlook", "providers/caldav", "providers/ics"}

	doors = []onlyBy{
		{[]string{fyne}, []string{"ui/window"},
			"a hidden Fyne costs 150 MB and 1.5 % of a core for ever, and minutes to compile"},
		{[]string{"fyne.io/systray"}, []string{"ui/tray"}, "one package owns the tray icon"},
		{[]string{graphSDK, kiota}, []string{"providers/outlook"},
			"the Graph SDK takes gigabytes to compile, and its types are nobody else's language"},
		{[]string{googleSDK}, []string{"providers/google"}, "its types are nobody else's language"},
		{[]string{"go.etcd.io/bbolt"}, []string{"store"}, "one package owns the file and its schema"},
		{[]string{"github.com/zalando/go-keyring"}, []string{"store"}, "one package owns the secrets"},
		{[]string{"ui"}, []string{"."}, "nothing depends on a face: main picks one"},
		{[]string{"ui/say", "ui/files"}, []string{"ui"}, "it has the faces' words, or writes their files"},
		{connectors, []string{"."}, "the engine must not know which providers there are: main hands them in"},
		{[]string{"providers/icalendar"}, []string{"providers/caldav", "providers/ics"}, "iCalendar is the language of two connectors, and nobody else's"},
		{[]string{"providers/simulator"}, []string{"."}, "a simulator is for main's demo and for tests; nothing may lean on it"},
		{[]string{"providers/network"}, []string{"."}, "main hands the way out to the connectors, as an http.Client"},
		{[]string{"filippo.io/age"}, []string{"store"}, "one package owns the secrets"},
		{[]string{"providers/providertest"}, nil, "a test suite is for tests"},
		{[]string{"=engine"}, []string{"."}, "faces speak to the engine through engine/control only"},
		{[]string{"engine/reconcile", "engine/mapping", "engine/steady"}, []string{"engine"}, "the engine's inside is its own"},
		{[]string{"engine/control"}, []string{"engine", "ui", "."}, "it is the faces' language, not the connectors'"},
		{[]string{"=store", "store/secrets"}, []string{"engine", "store", "."}, "faces see state through the engine"},
	}

	horizons = []knowsOnly{
		{[]string{"providers/calendar"}, nil, "the neutral language stands at the bottom and knows nobody"},
		{[]string{"store/state"}, []string{"providers/calendar"}, "what is remembered is pure data"},
		{[]string{"store"}, []string{"store", "providers/calendar"}, "the store keeps what the engine decides, and decides nothing"},
		{[]string{"engine/mapping"}, []string{"store/state", "providers/calendar"}, "lenses are pure functions of events"},
		{[]string{"engine/reconcile"}, []string{"store/state", "providers/calendar", "engine/mapping"},
			"deciding is a pure function of state, rules and the time given"},
		{[]string{"engine/steady"}, []string{"providers/calendar"}, "a decorator of a provider knows what it decorates, and nothing of why it is called"},
		{[]string{"engine/control"}, []string{"store/state", "providers/calendar"}, "faces import it, and must not get the engine with it"},
		{[]string{"engine"}, []string{"engine", "store", "providers/calendar"}, "the engine knows providers by their interface alone"},
		{[]string{"ui"}, []string{"engine/control", "store/state", "providers/calendar", "assets", "ui/say", "ui/files"},
			"a face shows and asks; what it may use is what engine/control offers"},
		{connectors, []string{"providers/calendar", "providers/signin", "providers/icalendar"}, "a connector translates, and knows nothing else of Twinday"},
		{[]string{"providers/icalendar"}, []string{"providers/calendar"}, "it translates between two languages, and knows nobody who speaks them"},
		{[]string{"providers/signin"}, []string{"providers/calendar"}, "signing in is the same for every provider"},
		{[]string{"providers/network"}, []string{"providers/calendar"}, "the way out of the machine is the same for every provider"},
		{[]string{"providers/simulator"}, []string{"providers/simulator", "providers/calendar"},
			"a simulator that shared code with a connector would agree with its mistakes"},
		{[]string{"providers/providertest"}, []string{"providers/calendar"}, "the suite holds every provider to the contract alone"},
		{[]string{"assets"}, []string{"assets"}, "icons and texts need nobody"},
	}

	farAway = []neverReaches{
		{[]string{"engine", "store", "providers/calendar"}, []string{fyne, "fyne.io/systray", graphSDK, kiota, googleSDK},
			"the inner loop (make quick) must answer in seconds"},
		{[]string{"ui/terminal", "ui/tray"}, []string{fyne, graphSDK, kiota, googleSDK}, "a tray without a window stays small"},
		{[]string{"providers/simulator"}, []string{graphSDK, kiota, googleSDK, "golang.org/x/oauth2"},
			"a simulator that shared code with a client library would agree with its mistakes"},
		{[]string{"providers/google"}, []string{graphSDK, kiota, fyne}, "connectors do not know each other"},
		{[]string{"providers/outlook"}, []string{googleSDK, fyne}, "connectors do not know each other"},
	}

	// deciders are functions of what they are given: a run can be repeated, and
	// the preview is the truth.
	deciders   = []string{"engine/reconcile", "engine/mapping", "store/state", "providers/calendar", "providers/icalendar"}
	noInputs   = []string{"os", "os/exec", "os/signal", "io/ioutil", "net", "net/http", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog"}
	clockCalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
)

// brokenWalls returns a sentence for each import that breaks a wall, in order.
func brokenWalls(g imports) []string {
	var broken []string
	add := func(reason, format string, args ...any) {
		broken = append(broken, fmt.Sprintf(format, args...)+"\n\tbecause "+reason)
	}
	for _, who := range slices.Sorted(maps.Keys(g)) {
		me, own := short(who)
		if !own {
			continue
		}
		for _, what := range g[who] {
			target, inside := short(what)
			for _, d := range doors {
				if nearest(target, doors, func(d onlyBy) []string { return d.what }) == describe(d.what) &&
					!under(me, d.by) && !sameRoom(me, target, d.what) {
					add(d.reason, "%s imports %s: only %s may", me, target, words(d.by))
				}
			}
			for _, h := range horizons {
				if inside && nearest(me, horizons, func(h knowsOnly) []string { return h.who }) == describe(h.who) &&
					!under(target, h.allowed) && !sameRoom(me, target, h.who) {
					add(h.reason, "%s imports %s: of this project it may only import %s", me, target, words(h.allowed))
				}
			}
			// The remembered types hide themselves from logs (slog.LogValuer); they log nothing.
			hides := me == "store/state" && what == "log/slog"
			if under(me, deciders) && slices.Contains(noInputs, what) && !hides {
				add("what decides does no I/O and draws no lots", "%s imports %s", me, what)
			}
		}
		for _, f := range farAway {
			if !under(me, f.who) {
				continue
			}
			if way := g.path(who, func(p string) bool { t, _ := short(p); return under(t, f.what) }); way != nil {
				add(f.reason, "%s reaches %s, by way of %s", me, way[len(way)-1], strings.Join(way, " → "))
			}
		}
	}
	return broken
}

// path is a shortest way from a package to one that is looked for, or nil.
func (g imports) path(from string, found func(string) bool) []string {
	type step struct {
		at   string
		back *step
	}
	seen := map[string]bool{from: true}
	for queue := []*step{{at: from}}; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		if s.at != from && found(s.at) {
			var way []string
			for ; s != nil; s = s.back {
				way = append([]string{s.at}, way...)
			}
			return way
		}
		for _, next := range g[s.at] {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, &step{next, s})
			}
		}
	}
	return nil
}

// short is a package's path within the project ("." for main), and whether it
// is the project's.
func short(pkg string) (string, bool) {
	if pkg == module {
		return ".", true
	}
	rest, ok := strings.CutPrefix(pkg, module+"/")
	return rest, ok
}

// under reports whether the package is one of these or below one.
func under(pkg string, tops []string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return below(pkg, top) })
}

func below(pkg, top string) bool {
	if exact, ok := strings.CutPrefix(top, "="); ok {
		return pkg == exact
	}
	return pkg == top || strings.HasPrefix(pkg, top+"/")
}

// sameRoom reports whether both packages are below the same of the tops, such as
// one connector and its own inner package. Under ui each face is a room.
func sameRoom(a, b string, tops []string) bool {
	for _, top := range tops {
		if below(a, top) && below(b, top) {
			if top != "ui" {
				return true
			}
			return face(a) == face(b)
		}
	}
	return false
}

func face(pkg string) string {
	parts := strings.SplitN(pkg, "/", 3)
	return path.Join(parts[:min(2, len(parts))]...)
}

// nearest finds the most particular of the rules for a package: engine/mapping's
// is not engine's.
func nearest[R any](pkg string, rules []R, who func(R) []string) string {
	best, length := "", -1
	for _, r := range rules {
		for _, top := range who(r) {
			if below(pkg, top) && len(top) > length {
				best, length = describe(who(r)), len(top)
			}
		}
	}
	return best
}

func describe(tops []string) string { return strings.Join(tops, " ") }

func words(tops []string) string {
	if len(tops) == 0 {
		return "nothing"
	}
	text := strings.ReplaceAll(strings.Join(tops, ", "), "=", "")
	if text == "." {
		return "main"
	}
	return strings.ReplaceAll(text, ", .", ", main")
}

func TestWallsStand(t *testing.T) {
	if broken := brokenWalls(listImports(t, "", "-deps")); len(broken) > 0 {
		t.Errorf("walls are broken:\n%s", strings.Join(broken, "\n"))
	}
}

// TestWallsStandElsewhere looks at the files that are only built on other systems.
func TestWallsStandElsewhere(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "windows"} {
		t.Run(goos, func(t *testing.T) {
			if broken := brokenWalls(listImports(t, goos, "-e")); len(broken) > 0 {
				t.Errorf("walls are broken:\n%s", strings.Join(broken, "\n"))
			}
		})
	}
}

// listImports asks the go command for the packages of this project, with -deps
// for all that they lead to.
func listImports(t *testing.T, goos, how string) imports {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", how, "-json=ImportPath,Imports", "./...")
	cmd.Env = os.Environ()
	if goos != "" {
		cmd.Env = append(cmd.Env, "GOOS="+goos, "CGO_ENABLED=1")
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	g := imports{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		g[p.ImportPath] = p.Imports
	}
	if _, ok := g[module+"/providers/calendar"]; !ok {
		t.Fatalf("go list found %d packages, and providers/calendar is not one of them", len(g))
	}
	return g
}

// TestWallsBite breaks each wall once, in made-up houses.
func TestWallsBite(t *testing.T) {
	own := func(p string) string {
		if p == "." {
			return module
		}
		return module + "/" + p
	}
	for _, test := range []struct {
		name, from, to string
		want           string // part of the message; empty: allowed
	}{
		{"Fyne in the terminal", "ui/terminal", "fyne.io/fyne/v2/app", "only ui/window may"},
		{"Fyne in a part of the window", "ui/window/pages", "fyne.io/fyne/v2", ""},
		{"Fyne in main", ".", "fyne.io/fyne/v2", "only ui/window may"},
		{"systray in the window", "ui/window", "fyne.io/systray", "only ui/tray may"},
		{"systray in the tray", "ui/tray", "fyne.io/systray", ""},
		{"the Graph SDK in the engine", "engine", "github.com/microsoftgraph/msgraph-sdk-go/models", "only providers/outlook may"},
		{"kiota in sign-in", "providers/signin", "github.com/microsoft/kiota-abstractions-go", "only providers/outlook may"},
		{"Google's SDK in the simulator", "providers/simulator/googlesim", "google.golang.org/api/calendar/v3", "only providers/google may"},
		{"Google's SDK in its connector", "providers/google", "google.golang.org/api/calendar/v3", ""},
		{"an OAuth library in the simulator", "providers/simulator/oauthsim", "golang.org/x/oauth2", "agree with its mistakes"},
		{"bbolt in the engine", "engine", "go.etcd.io/bbolt", "only store may"},
		{"bbolt in the store", "store", "go.etcd.io/bbolt/errors", ""},
		{"the keyring in sign-in", "providers/signin", "github.com/zalando/go-keyring", "only store may"},
		{"a face in the engine", "engine", own("ui/tray"), "main picks one"},
		{"a face in another", "ui/tray", own("ui/window"), "engine/control, store/state"},
		{"a part of a face in that face", "ui/window", own("ui/window/pages"), ""},
		{"a face in main", ".", own("ui/terminal"), ""},
		{"the faces' words in a face", "ui/window/pages", own("ui/say"), ""},
		{"the faces' words in the engine", "engine", own("ui/say"), "the faces' words"},
		{"a connector in the engine", "engine", own("providers/google"), "main hands them in"},
		{"a connector in another", "providers/outlook", own("providers/google"), "main hands them in"},
		{"a connector in main", ".", own("providers/outlook"), ""},
		{"the simulator in the terminal", "ui/terminal", own("providers/simulator"), "nothing may lean on it"},
		{"a part of the simulator in the simulator", "providers/simulator", own("providers/simulator/mailbox"), ""},
		{"a connector in the simulator", "providers/simulator", own("providers/google"), "agree with its mistakes"},
		{"sign-in in the simulator", "providers/simulator/oauthsim", own("providers/signin"), "agree with its mistakes"},
		{"the recurrence in the simulator", "providers/simulator/mailbox", own("providers/calendar"), ""},
		{"the test suite in a connector", "providers/google", own("providers/providertest"), "a test suite is for tests"},
		{"the engine in a face", "ui/window", own("engine"), "through engine/control only"},
		{"the engine's inside in a face", "ui/terminal", own("engine/reconcile"), "the engine's inside is its own"},
		{"the engine in its own interface", "engine/control", own("engine"), "through engine/control only"},
		{"control in a face", "ui/tray", own("engine/control"), ""},
		{"control in a connector", "providers/google", own("engine/control"), "the faces' language"},
		{"the store in a face", "ui/terminal", own("store"), "faces see state through the engine"},
		{"secrets in a face", "ui/terminal", own("store/secrets"), "faces see state through the engine"},
		{"state in a face", "ui/terminal", own("store/state"), ""},
		{"the store in reconcile", "engine/reconcile", own("store"), "a pure function of state"},
		{"control in reconcile", "engine/reconcile", own("engine/control"), "a pure function of state"},
		{"mapping in reconcile", "engine/reconcile", own("engine/mapping"), ""},
		{"reconcile in mapping", "engine/mapping", own("engine/reconcile"), "lenses are pure"},
		{"the store in a connector", "providers/google", own("store/state"), "a connector translates"},
		{"sign-in in a connector", "providers/google", own("providers/signin"), ""},
		{"sign-in in the engine", "engine", own("providers/signin"), "knows providers by their interface"},
		{"state in the language", "providers/calendar", own("store/state"), "knows nobody"},
		{"the engine in the store", "store", own("engine/reconcile"), "decides nothing"},
		{"the assets in the engine", "engine", own("assets"), "knows providers by their interface"},
		{"files in reconcile", "engine/reconcile", "os", "does no I/O"},
		{"lots in mapping", "engine/mapping", "math/rand/v2", "does no I/O"},
		{"files in the store", "store", "os", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			broken := brokenWalls(imports{own(test.from): {test.to}})
			switch {
			case test.want == "" && len(broken) > 0:
				t.Errorf("refused: %s", broken)
			case test.want != "" && !strings.Contains(strings.Join(broken, "\n"), test.want):
				t.Errorf("got %q, want %q", broken, test.want)
			}
		})
	}

	t.Run("the Graph SDK from far away", func(t *testing.T) {
		broken := brokenWalls(imports{
			own("engine/reconcile"):     {"example.com/innocent"},
			"example.com/innocent":      {"example.com/less/innocent", "strings"},
			"example.com/less/innocent": {"github.com/microsoftgraph/msgraph-sdk-go"},
		})
		want := "by way of " + own("engine/reconcile") + " → example.com/innocent → example.com/less/innocent → github.com/microsoftgraph/msgraph-sdk-go"
		if len(broken) != 1 || !strings.Contains(broken[0], want) || !strings.Contains(broken[0], "in seconds") {
			t.Errorf("got %q, want one that says %q", broken, want)
		}
	})
}

// TestDecidersHaveNoClock looks for calls that read the clock or wait.
func TestDecidersHaveNoClock(t *testing.T) {
	for _, dir := range deciders {
		for _, file := range goFiles(t, dir) {
			for _, at := range clockReads(t, file, nil) {
				t.Errorf("%s: what decides is handed the time, so that a run can be repeated", at)
			}
		}
	}
	const bad = "package x\nimport clock \"time\"\nvar a = clock.Now()\nfunc f() { <-clock.After(1); _ = clock.Unix(0, 0) }\n"
	if got := clockReads(t, "bad.go", bad); len(got) != 2 {
		t.Errorf("found %v in a file that reads the clock twice", got)
	}
}

// clockReads lists where a file reads the clock. Src is its text, or nil.
func clockReads(t *testing.T, file string, src any) []string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, i := range f.Imports {
		if i.Path.Value == `"time"` {
			name = "time"
			if i.Name != nil {
				name = i.Name.Name
			}
		}
	}
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == name && slices.Contains(clockCalls, s.Sel.Name) {
				found = append(found, fmt.Sprintf("%s: time.%s", fset.Position(n.Pos()), s.Sel.Name))
			}
		}
		return true
	})
	return found
}

// goFiles lists the Go files of a folder that are no tests.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

// TestTopLevelIsTheMap holds the folder that a newcomer sees first.
func TestTopLevelIsTheMap(t *testing.T) {
	allowed := []string{
		"ui", "engine", "providers", "store", "assets", "docs", ".ci", ".github", ".git", ".gitignore",
		"FyneApp.toml", "go.mod", "go.sum", "Makefile", "README.md", "CONTRIBUTING.md", "LICENSE",
	}
	for _, line := range strings.Fields(readFile(t, ".gitignore")) {
		if strings.HasPrefix(line, "/") {
			allowed = append(allowed, strings.Trim(line, "/")) // what a build leaves behind
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		goFile := !e.IsDir() && path.Ext(e.Name()) == ".go" && (strings.HasPrefix(e.Name(), "main") || strings.HasSuffix(e.Name(), "_test.go"))
		if !goFile && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top: the map is in CONTRIBUTING.md", e.Name())
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
