package main

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
)

// The packages are built twice, in two places and two environments, and are the same
// byte for byte. Then each is installed as its system does it, in a folder of its own
// that plays the machine; the program is started from there, and is taken off again.
func TestPackages(t *testing.T) {
	p := packed{T: t, dist: t.TempDir()}
	p.pack(".", p.dist)
	t.Run("are the same wherever they are built", p.testSame)
	p.tree = t.TempDir()
	p.run("dpkg-deb", "-x", p.file("_*.deb"), p.tree)
	t.Run("hold what a desktop asks for", p.testContents)
	t.Run("hold the program as all others are built", p.testProgram)
	t.Run("need the libraries that the program opens", p.testLibraries)
	t.Run("go on and off a Debian", p.testDebian)
	t.Run("go on and off by rpm", p.testRPM)
	t.Run("go on and off by make", p.testMake)
}

// packed are packages that were built.
type packed struct {
	*testing.T
	dist, tree string // where they are, and where the .deb's files are
}

// packedVersion is that of the packages of the test.
const packedVersion = "1.2.3"

// pack builds the packages from the sources in a folder. Fast: xz could do better.
func (p *packed) pack(from, dist string, env ...string) {
	p.Helper()
	cmd := exec.Command("make", "packages-linux", "DIST="+dist, "XZ=-0", "VERSION="+packedVersion, "COMMIT=0123456789",
		"DATE=2026-11-26T02:51:26Z", "SOURCE_DATE_EPOCH=1795661486", "GOOGLE_CLIENT_ID=", "GOOGLE_CLIENT_SECRET=", "MICROSOFT_CLIENT_ID=")
	cmd.Dir, cmd.Env = from, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		p.Fatalf("make packages-linux: %v\n%s", err, out)
	}
}

// run runs a tool and returns what it says, in English.
func (p *packed) run(name string, args ...string) string {
	p.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "LANGUAGE=", "TWINDAY_DATA="+filepath.Join(p.dist, "none"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// file is the package whose name ends so.
func (p *packed) file(end string) string {
	p.Helper()
	found, err := filepath.Glob(filepath.Join(p.dist, "twinday*"+end))
	if err != nil || len(found) != 1 {
		p.Fatalf("*%s: %v, %v", end, found, err)
	}
	return found[0]
}

func (p packed) testSame(t *testing.T) {
	p.T = t
	elsewhere, dist := filepath.Join(t.TempDir(), "another place"), t.TempDir()
	copySources(t, elsewhere)
	p.pack(elsewhere, dist, "TZ=Pacific/Kiritimati", "LC_ALL=de_DE.UTF-8", "HOSTNAME=elsewhere", "GOMAXPROCS=1")
	one, other := contents(t, filepath.Join(p.dist, "SHA256SUMS")), contents(t, filepath.Join(dist, "SHA256SUMS"))
	if one != other || strings.Count(one, "\n") != 3 {
		t.Errorf("here:\n%s\nthere:\n%s", one, other)
	}
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = p.dist
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// copySources copies the project without what builds and git leave in it.
func copySources(t *testing.T, to string) {
	t.Helper()
	leave := []string{".git"}
	for _, line := range strings.Fields(contents(t, ".gitignore")) {
		leave = append(leave, strings.Trim(line, "/"))
	}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case slices.Contains(leave, name) && d.IsDir():
			return fs.SkipDir
		case slices.Contains(leave, name):
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, info.Mode()&^0o077) // as with a strict umask
	})
	if err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (p packed) testContents(t *testing.T) {
	p.T = t
	share := filepath.Join(p.tree, "usr/share")
	const id = "app.twinday.Twinday"
	entry := filepath.Join(share, "applications", id+".desktop")
	if said := p.run("desktop-file-validate", entry); said != "" {
		t.Errorf("desktop-file-validate: %s", said)
	}
	p.run("appstreamcli", "validate", "--no-net", filepath.Join(share, "metainfo", id+".metainfo.xml"))
	p.run("appstreamcli", "validate-tree", "--no-net", p.tree)
	if !strings.Contains(contents(t, entry), "\nIcon="+id+"\n") {
		t.Error("the menu's entry has another icon")
	}
	for _, n := range []int{16, 22, 24, 32, 48, 64, 128, 256, 512} {
		file := filepath.Join(share, "icons/hicolor", fmt.Sprintf("%dx%d", n, n), "apps", id+".png")
		if icon, err := png.DecodeConfig(strings.NewReader(contents(t, file))); err != nil || icon.Width != n || icon.Height != n {
			t.Errorf("%s: %d x %d, %v", file, icon.Width, icon.Height, err)
		}
	}
	pages, err := filepath.Glob(filepath.Join(share, "man/man1/twinday*.1.gz"))
	if err != nil || len(pages) < 40 {
		t.Errorf("%d manual pages, %v", len(pages), err)
	}
	page := p.run("gzip", "-dc", filepath.Join(share, "man/man1/twinday-mirror-add.1.gz"))
	for _, want := range []string{`"Nov 2026"`, "Twinday 1.2.3", "twinday-mirror-add - ", "--member"} {
		if !strings.Contains(page, want) {
			t.Errorf("the manual page of 'mirror add' does not hold %s:\n%s", want, page)
		}
	}
	if said := p.run("bash", "-c", `. "$1" && complete -p twinday`, "bash", filepath.Join(share, "bash-completion/completions/twinday")); !strings.Contains(said, "twinday") {
		t.Errorf("bash completes %q", said)
	}
	for file, want := range map[string]string{"zsh/vendor-completions/_twinday": "#compdef twinday", "fish/vendor_completions.d/twinday.fish": "complete -c twinday"} {
		if !strings.Contains(contents(t, filepath.Join(share, file)), want) {
			t.Errorf("%s does not hold %q", file, want)
		}
	}
	if said := p.run("gzip", "-dc", filepath.Join(share, "doc/twinday/changelog.gz")); !strings.HasPrefix(said, "twinday (1.2.3) ") || !strings.Contains(said, "  Thu, 26 Nov 2026 02:51:26 +0000\n") {
		t.Errorf("the changelog: %s", said)
	}
	own := contents(t, filepath.Join(share, "doc/twinday/copyright"))
	_, licence, _ := strings.Cut(contents(t, "LICENSE"), "\n") // its name
	for line := range strings.Lines(licence) {
		if !strings.Contains(own, strings.TrimSpace(line)) {
			t.Errorf("the copyright lacks %q", line)
		}
	}
	if said := p.run("dpkg-deb", "-I", p.file("_*.deb")); strings.Contains(said, "postinst") || strings.Contains(said, "prerm") {
		t.Errorf("something runs as root:\n%s", said)
	}
}

func (p packed) testProgram(t *testing.T) {
	p.T = t
	program := filepath.Join(p.tree, "usr/bin/twinday")
	var built control.Status
	if err := json.Unmarshal([]byte(p.run(program, "version", "--json")), &built); err != nil || built.Version != packedVersion {
		t.Errorf("version %q, %v", built.Version, err)
	}
	if said, want := p.run(program, "version"), "Twinday 1.2.3 (commit 0123456789 of 2026-11-26T02:51:26Z, "; !strings.HasPrefix(said, want) {
		t.Errorf("says %q, want %q", said, want)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	// Other flags would compile the two SDKs once more, for minutes.
	for key, want := range map[string]string{"-buildmode": "exe", "-trimpath": "true", "-tags": "migrated_fynedo", "CGO_ENABLED": "1", "-gcflags": "", "-asmflags": ""} {
		if settings[key] != want {
			t.Errorf("%s is %q, want %q", key, settings[key], want)
		}
	}
	licences := p.run("gzip", "-dc", filepath.Join(p.tree, "usr/share/doc/twinday/licences.gz"))
	for _, m := range append(info.Deps, nil) {
		name := "Go, " + info.GoVersion
		if m != nil {
			name = m.Path + " " + m.Version
		}
		if !strings.Contains(licences, "\n"+name+": ") {
			t.Errorf("the licence of %s is not there", name)
		}
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(here)) || bytes.Contains(text, []byte(p.dist)) {
		t.Error("a path of the machine that built it is inside")
	}
}

// notNeeded are libraries whose names are in GLFW and that it goes without: Vulkan, drawing
// without a display, OpenGL ES, other ways to OpenGL, gamma ramps; and libdecor, which is
// recommended.
var notNeeded = regexp.MustCompile(`^lib(vulkan|OSMesa|GLESv?\w*|GLX|OpenGL|X11-xcb|Xxf86vm|decor-0|GL\.so$)`)

func (p packed) testLibraries(t *testing.T) {
	p.T = t
	program := filepath.Join(p.tree, "usr/bin/twinday")
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Section(".rodata").Data()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\x00(lib[\w+-]+\.so(\.\d+)*)\x00`).FindAllSubmatch(data, -1) {
		libraries = append(libraries, string(m[1]))
	}
	libraries = slices.Compact(slices.Sorted(slices.Values(libraries)))
	libraries = slices.DeleteFunc(libraries, notNeeded.MatchString)
	if len(libraries) < 10 {
		t.Errorf("only %v were found: this shows little", libraries)
	}
	search := []string{"-S"}
	for _, library := range libraries {
		search = append(search, "*/"+library)
	}
	depends, files := p.depends(), p.run("dpkg", search...)
	byRPM := p.run("rpm", "-qp", "--requires", p.file(".rpm"))
	for _, library := range libraries {
		var owners []string
		for line := range strings.Lines(files) {
			if owner, _, _ := strings.Cut(line, ":"); strings.HasSuffix(line, "/"+library+"\n") {
				owners = append(owners, owner)
			}
		}
		if !slices.ContainsFunc(owners, func(o string) bool { return slices.Contains(depends, o) }) {
			t.Errorf("the .deb does not ask for %s, which is in %v", library, owners)
		}
		if library != "libm.so.6" && !strings.Contains(byRPM, library+"(") { // libm comes with libc
			t.Errorf("the .rpm does not ask for %s", library)
		}
	}
}

// depends are the packages that the .deb cannot be installed without.
func (p *packed) depends() []string {
	p.Helper()
	var names []string
	for one := range strings.SplitSeq(p.run("dpkg-deb", "-f", p.file("_*.deb"), "Depends"), ",") {
		names = append(names, strings.Fields(one)[0])
	}
	return names
}

// machine is a folder that plays one: programs are installed in root, and home is a
// person's.
type machine struct {
	*doomed
	root, home string
}

// newMachine makes one on which the program is, or will be, at the path given.
func newMachine(t *testing.T, program string) *machine {
	t.Helper()
	m := &machine{root: t.TempDir(), home: t.TempDir()}
	m.doomed = &doomed{twinday: filepath.Join(m.root, program), dir: filepath.Join(m.home, ".local/share/twinday"),
		people: people{T: t, random: rand.New(rand.NewPCG(1, 1)), today: time.Now()}}
	m.env = append(os.Environ(), "HOME="+m.home, "XDG_DATA_HOME="+filepath.Join(m.home, ".local/share"), "XDG_CONFIG_HOME="+filepath.Join(m.home, ".config"),
		"DISPLAY=", "WAYLAND_DISPLAY=", "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(m.home, "none"), "XDG_RUNTIME_DIR="+t.TempDir())
	return m
}

// asRoot runs a tool that only root may run, where the test is not root as the root of a
// namespace of its own.
func (m *machine) asRoot(name string, args ...string) {
	m.Helper()
	if os.Geteuid() != 0 {
		name, args = "unshare", append([]string{"--map-root-user", name}, args...)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(m.env, "PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin", "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		m.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// installed lists what is on the machine, but for what its package manager remembers.
func (m *machine) installed(manager string) (all []string) {
	m.Helper()
	m.must(filepath.WalkDir(m.root, func(name string, _ fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(m.root, name); !strings.HasPrefix(rel, manager) {
			all = append(all, rel)
		}
		return err
	}))
	return all
}

// ours lists the files on the machine, and the folders that no other program uses.
func (m *machine) ours(manager string) []string {
	m.Helper()
	return slices.DeleteFunc(m.installed(manager), func(name string) bool {
		info, err := os.Stat(filepath.Join(m.root, name))
		m.must(err)
		return info.IsDir() && filepath.Base(name) != "twinday"
	})
}

// A person has the version before, with calendars that mirror each other and the start at
// login on; gets the new one, which goes on where the old one was, on a store of an older
// Twinday; and removes it.
func (p packed) testDebian(t *testing.T) {
	p.T = t
	m := newMachine(t, "usr/bin/twinday")
	const admin = "var/lib/dpkg"
	dpkg := func(args ...string) {
		t.Helper()
		m.asRoot("dpkg", append([]string{"--root=" + m.root, "--log=" + filepath.Join(m.home, "dpkg.log")}, args...)...)
	}
	m.must(os.MkdirAll(filepath.Join(m.root, admin, "info"), 0o755))
	m.must(os.MkdirAll(filepath.Join(m.root, admin, "updates"), 0o755))
	// What it depends on is there as it is here, so that dpkg asks whether that is so.
	status := p.run("dpkg-query", append([]string{"-s"}, p.depends()...)...)
	m.must(os.WriteFile(filepath.Join(m.root, admin, "status"), []byte(status), 0o644))
	before := m.installed(admin)

	dpkg("-i", p.older())
	onlyOld := filepath.Join(m.root, "usr/share/twinday/only-in-1.2.2")
	if _, err := os.Stat(onlyOld); err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{onGoogle, onOutlook} {
		m.sides = append(m.sides, m.serve(service))
	}
	day := m.today.AddDate(0, 0, 9)
	start := time.Date(day.Year(), day.Month(), day.Day(), 10, 0, 0, 0, berlin)
	meets := func(title string) {
		m.sides[0].must("POST", "events", timed(when(start, time.Hour)).with("title", title), nil)
	}
	syncs := func() (r control.Report) {
		t.Helper()
		m.must(json.Unmarshal([]byte(m.command("sync")), &r))
		return r
	}
	meets("Harbour walk")
	m.command("mirror", "add", "--member", onGoogle+"/primary", "--member", onOutlook+"/primary")
	if r := syncs(); r.Created != 1 {
		t.Fatalf("the old one: %+v", r)
	}
	m.command("autostart", "on")
	asVersion1(t, storeFile(m.dir))

	dpkg("-i", p.file("_*.deb"))
	if _, err := os.Stat(onlyOld); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the new one leaves a file of the old one: %v", err)
	}
	if r := syncs(); r.Writes() != 0 {
		t.Errorf("with nothing new, the new one writes: %+v", r.Steps)
	}
	if _, err := os.Stat(storeFile(m.dir) + ".v1.bak"); err != nil {
		t.Errorf("no copy of the old store: %v", err)
	}
	meets("Lighthouse visit")
	if r := syncs(); r.Created != 1 || r.Writes() != 1 {
		t.Errorf("the new one: %+v", r)
	}
	for _, title := range []string{"Harbour walk", "Lighthouse visit"} {
		if said := m.command("history", "--text", title); !strings.Contains(said, title) {
			t.Errorf("the history of %s: %s", title, said)
		}
	}
	m.remembered(func(*store.Tx) error { return nil })

	entry := filepath.Join(m.home, ".config/autostart/app.twinday.Twinday.desktop")
	login := func() error {
		cmd := exec.Command("gio", "launch", entry)
		cmd.Env = m.env
		return cmd.Run()
	}
	m.must(login())
	quit := func() string {
		cmd := exec.Command(m.twinday, "quit")
		cmd.Env = m.env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("quit: %v: %s", err, out)
		}
		return string(out)
	}
	for end := time.Now().Add(screenPatience); quit() != ""; { // until it is there to be told
		if time.Now().After(end) {
			t.Fatal("it does not start at login")
		}
	}
	m.command("status") // once it has let go of the store

	kept := contents(t, storeFile(m.dir))
	dpkg("-r", "twinday")
	if now := m.installed(admin); !slices.Equal(now, before) {
		t.Errorf("left behind: %q", now)
	}
	if contents(t, storeFile(m.dir)) != kept {
		t.Error("the person's data is not as it was")
	}
	if _, err := os.Stat(entry); err != nil {
		t.Errorf("the package reached into the person's home: %v", err)
	}
	if login() == nil {
		t.Error("something still starts at login")
	}
}

// older is a package of the version before, with a file that the new one has not. The
// program in it is the same: what is older is what it leaves in the data folder.
func (p *packed) older() string {
	p.Helper()
	tree, file := filepath.Join(p.TempDir(), "tree"), filepath.Join(p.TempDir(), "older.deb")
	p.run("dpkg-deb", "-R", p.file("_*.deb"), tree)
	p.run("sed", "-i", "s/^Version: .*/Version: 1.2.2/", filepath.Join(tree, "DEBIAN/control"))
	only := filepath.Join(tree, "usr/share/twinday/only-in-1.2.2")
	if err := errors.Join(os.Mkdir(filepath.Dir(only), 0o755), os.WriteFile(only, nil, 0o644)); err != nil {
		p.Fatal(err)
	}
	p.run("dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, file)
	return file
}

// asVersion1 makes a store what version 1 of its schema left: that had no index of what
// is when (store/schema.go), and was the same in all else.
func asVersion1(t *testing.T, file string) {
	t.Helper()
	db, err := bolt.Open(file, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	err = db.Update(func(tx *bolt.Tx) error {
		alike := tx.Bucket([]byte("alike"))
		err := alike.ForEachBucket(func(ref []byte) error {
			b := alike.Bucket(ref)
			var spans [][]byte
			if err := b.ForEach(func(k, _ []byte) error {
				if k[0] == 'w' {
					spans = append(spans, bytes.Clone(k))
				}
				return nil
			}); err != nil {
				return err
			}
			for _, k := range spans {
				removed++
				if err := b.Delete(k); err != nil {
					return err
				}
			}
			return nil
		})
		return errors.Join(err, tx.Bucket([]byte("meta")).Put([]byte("version"), []byte("1")))
	})
	if err = errors.Join(err, db.Close()); err != nil || removed == 0 {
		t.Fatalf("%d removed, %v", removed, err)
	}
}

func (p packed) testRPM(t *testing.T) {
	p.T = t
	m := newMachine(t, "usr/bin/twinday")
	const admin = "var/lib/rpm"
	m.must(os.MkdirAll(filepath.Join(m.root, admin), 0o755))
	rpm := func(args ...string) {
		t.Helper()
		m.asRoot("rpm", append([]string{"--root=" + m.root, "--dbpath=/" + admin, "--force-debian"}, args...)...)
	}
	p.run("rpm", "-K", "--nosignature", p.file(".rpm"))
	if host := p.run("rpm", "-qp", "--qf", "%{BUILDHOST}", p.file(".rpm")); host != "localhost" {
		t.Errorf("it tells where it was built: %s", host)
	}
	rpm("--nodeps", "-i", p.file(".rpm")) // Debian's packages are none to rpm
	if said := p.run(m.twinday, "version"); !strings.HasPrefix(said, "Twinday "+packedVersion+" ") {
		t.Error(said)
	}
	rpm("-V", "--nodeps", "twinday")
	rpm("-e", "twinday")
	if left := m.ours(admin); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func (p packed) testMake(t *testing.T) {
	p.T = t
	m := newMachine(t, "usr/local/bin/twinday")
	at := t.TempDir()
	p.run("tar", "-C", at, "-xf", p.file(".tar.xz"))
	tree, err := filepath.Glob(filepath.Join(at, "*"))
	if err != nil || len(tree) != 1 {
		t.Fatalf("%v, %v", tree, err)
	}
	p.run("make", "-C", tree[0], "install", "DESTDIR="+m.root)
	if all := m.ours("none"); len(all) < 50 {
		t.Errorf("it installs %q", all)
	}
	entry := filepath.Join(m.root, "usr/local/share/applications/app.twinday.Twinday.desktop")
	if said := p.run("desktop-file-validate", entry); said != "" {
		t.Error(said)
	}
	for _, line := range []string{"\nExec=\"/usr/local/bin/twinday\"\n", "\nTryExec=/usr/local/bin/twinday\n"} {
		if !strings.Contains(contents(t, entry), line) {
			t.Errorf("no %q in\n%s", line, contents(t, entry))
		}
	}
	if said := p.run(m.twinday, "version"); !strings.HasPrefix(said, "Twinday "+packedVersion+" ") {
		t.Error(said)
	}
	p.run("make", "-C", tree[0], "uninstall", "DESTDIR="+m.root)
	if left := m.ours("none"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
