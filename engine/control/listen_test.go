package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

// runtimeDirs lets the engine find the two folders in which it may put its socket.
func runtimeDirs(t *testing.T, runtime, tmp string) {
	t.Helper()
	t.Cleanup(xdg.Reload) // after the environment is as it was: cleanups run backwards
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	t.Setenv("TMPDIR", tmp)
	xdg.Reload()
}

// tempDir is t.TempDir with a short path: that of a socket is bounded.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "td")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func shortFolders(t *testing.T) (runtime, tmp string) {
	t.Helper()
	runtime, tmp = tempDir(t), tempDir(t)
	runtimeDirs(t, runtime, tmp)
	return runtime, tmp
}

// noSockets makes unix sockets impossible: no path is short enough for one.
func noSockets(t *testing.T) {
	t.Helper()
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if err := os.MkdirAll(long, 0o700); err != nil {
		t.Fatal(err)
	}
	runtimeDirs(t, long, long)
}

// engine is a backend that listens on a data folder.
type engine struct {
	dataDir string
	l       *Listener
	stop    func()     // as when the program ends
	ended   chan error // what Serve returned
}

func engineOn(t *testing.T, dataDir string, b Backend) *engine {
	t.Helper()
	l, err := Listen(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &engine{dataDir, l, stop, make(chan error, 1)}
	go func() { e.ended <- Serve(ctx, l, b) }()
	t.Cleanup(func() { stop(); _ = l.Close() })
	return e
}

func dial(t *testing.T, dataDir string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), dataDir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// addressIn reads where the engine of a data folder listens.
func addressIn(t *testing.T, dataDir string) address {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dataDir, addressFile))
	if err != nil {
		t.Fatal(err)
	}
	var a address
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fi.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", path, got, want)
	}
}

func TestTheSocketIsThePersonsAlone(t *testing.T) {
	runtime, _ := shortFolders(t)
	dataDir := t.TempDir()
	stale := filepath.Join(dataDir, addressFile)
	if err := os.WriteFile(stale, []byte("of a dead engine, and open to all"), 0o666); err != nil {
		t.Fatal(err)
	}
	engineOn(t, dataDir, &recorder{})
	a := addressIn(t, dataDir)
	if a.Network != "unix" || a.Token != "" || filepath.Dir(filepath.Dir(a.Address)) != runtime {
		t.Fatalf("listens on %+v, want a unix socket below %s", a, runtime)
	}
	wantMode(t, a.Address, 0o600)
	wantMode(t, filepath.Dir(a.Address), 0o700)
	wantMode(t, stale, 0o600)
}

func TestAFolderThatOthersMayEnterIsPassedOver(t *testing.T) {
	for name, mode := range map[string]os.FileMode{"written by all": 0o777, "read by the group": 0o750, "entered by all": 0o711} {
		t.Run(name, func(t *testing.T) {
			runtime, tmp := shortFolders(t)
			first := engineOn(t, t.TempDir(), &recorder{})
			ours := filepath.Dir(addressIn(t, first.dataDir).Address)
			if err := os.Chmod(ours, mode); err != nil {
				t.Fatal(err)
			}
			second := addressIn(t, engineOn(t, t.TempDir(), &recorder{}).dataDir)
			if second.Network != "unix" || !strings.HasPrefix(second.Address, tmp) {
				t.Errorf("with %s open it listens on %+v, want a socket below %s", runtime, second, tmp)
			}
			if err := os.Chmod(filepath.Dir(second.Address), mode); err != nil {
				t.Fatal(err)
			}
			third := addressIn(t, engineOn(t, t.TempDir(), &recorder{}).dataDir)
			if third.Network != "tcp" || third.Token == "" {
				t.Errorf("with both open it listens on %+v, want loopback TCP with a token", third)
			}
		})
	}
	t.Run("a link in its place", func(t *testing.T) {
		runtime, tmp := shortFolders(t)
		first := engineOn(t, t.TempDir(), &recorder{})
		name := filepath.Base(filepath.Dir(addressIn(t, first.dataDir).Address))
		if err := os.RemoveAll(filepath.Join(runtime, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(tempDir(t), filepath.Join(runtime, name)); err != nil { // private, but who put the link there?
			t.Fatal(err)
		}
		if a := addressIn(t, engineOn(t, t.TempDir(), &recorder{}).dataDir); !strings.HasPrefix(a.Address, tmp) {
			t.Errorf("follows the link: listens on %+v", a)
		}
	})
}

func TestTwoDataFoldersHaveTwoEngines(t *testing.T) {
	shortFolders(t)
	one, two := &recorder{}, &recorder{}
	a, b := engineOn(t, t.TempDir(), one), engineOn(t, t.TempDir(), two)
	if err := dial(t, a.dataDir).ShowWindow(t.Context()); err != nil {
		t.Error(err)
	}
	if len(one.forget()) != 1 || len(two.forget()) != 0 {
		t.Error("the other one was asked")
	}
	if err := dial(t, b.dataDir).ShowWindow(t.Context()); err != nil {
		t.Error(err)
	}
	if len(one.forget()) != 0 || len(two.forget()) != 1 {
		t.Error("the other one was asked")
	}
}

func TestNoEngine(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, dataDir string){
		"never started":       func(*testing.T, string) {},
		"no such data folder": func(t *testing.T, dataDir string) { _ = os.Remove(dataDir) },
		"ended in good order": func(t *testing.T, dataDir string) {
			_ = engineOn(t, dataDir, &recorder{}).l.Close()
		},
		"killed: the file and its socket are left": func(t *testing.T, dataDir string) {
			l, err := Listen(dataDir)
			if err != nil {
				t.Fatal(err)
			}
			l.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
			_ = l.Listener.Close()
			if _, err := os.Stat(l.Addr().String()); err != nil {
				t.Fatal(err)
			}
		},
		"the file is of another life, its socket gone": func(t *testing.T, dataDir string) {
			writeAddress(t, dataDir, `{"network":"unix","address":"/nowhere/at.sock"}`)
		},
		"the file is cut off":        func(t *testing.T, dataDir string) { writeAddress(t, dataDir, `{"network":"un`) },
		"the file is empty":          func(t *testing.T, dataDir string) { writeAddress(t, dataDir, ``) },
		"the file says nothing":      func(t *testing.T, dataDir string) { writeAddress(t, dataDir, `{}`) },
		"the file names a wrong net": func(t *testing.T, dataDir string) { writeAddress(t, dataDir, `{"network":"x","address":"y"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			shortFolders(t)
			dataDir := t.TempDir()
			prepare(t, dataDir)
			if _, err := Dial(t.Context(), dataDir); !errors.Is(err, ErrNoEngine) {
				t.Errorf("found %v, want ErrNoEngine", err)
			}
		})
	}
}

func writeAddress(t *testing.T, dataDir, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dataDir, addressFile), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnEngineTakesOverWhatADeadOneLeft(t *testing.T) {
	shortFolders(t)
	dataDir := t.TempDir()
	dead, err := Listen(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	dead.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = dead.Listener.Close()
	engineOn(t, dataDir, &recorder{})
	if _, err := dial(t, dataDir).Status(t.Context()); err != nil {
		t.Error(err)
	}
	if a := addressIn(t, dataDir); a.Address != dead.Addr().String() {
		t.Errorf("listens on %s, want the dead one's %s", a.Address, dead.Addr())
	}
}

func TestTheEngineGoesWhileItIsWatched(t *testing.T) {
	shortFolders(t)
	b := &recorder{left: make(chan struct{}), watch: func() []*Status { return []*Status{{}} }}
	e := engineOn(t, t.TempDir(), b)
	c := dial(t, e.dataDir)
	if err := c.Watch(t.Context(), func(Status) error { e.stop(); return nil }); !errors.Is(err, ErrNoEngine) {
		t.Errorf("the watch ended with %v, want ErrNoEngine", err)
	}
	<-b.left
	if err := <-e.ended; err != nil {
		t.Errorf("Serve ended with %v, want nil: it was told to", err)
	}
	if _, err := c.Status(t.Context()); !errors.Is(err, ErrNoEngine) {
		t.Errorf("a call afterwards: %v, want ErrNoEngine", err)
	}
	_ = e.l.Close()
	if _, err := os.Stat(filepath.Join(e.dataDir, addressFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the address is left: %v", err)
	}
}

func TestRelativeDataFoldersOfOneNameAreTwo(t *testing.T) {
	shortFolders(t)
	backends := map[string]*recorder{t.TempDir(): {}, t.TempDir(): {}}
	for dir, b := range backends {
		t.Chdir(dir)
		if err := os.Mkdir("data", 0o700); err != nil {
			t.Fatal(err)
		}
		engineOn(t, "data", b)
	}
	for dir, b := range backends {
		if err := dial(t, filepath.Join(dir, "data")).ShowWindow(t.Context()); err != nil {
			t.Error(err)
		}
		if len(b.forget()) != 1 {
			t.Error("the other one was asked")
		}
	}
}

func TestAFolderThatCannotHoldTheAddressIsSaid(t *testing.T) {
	shortFolders(t)
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := Listen(missing); err == nil || !strings.Contains(err.Error(), addressFile) {
		t.Errorf("err = %v, want one that names the file", err)
	}
}
