package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/adrg/xdg"
)

// addressFile, in the data folder, says where the running engine listens. It is
// 0600: whoever can read it may speak to the engine.
const addressFile = "engine.json"

type address struct {
	Network string `json:"network"` // "unix" or "tcp"
	Address string `json:"address"`
	Token   string `json:"token,omitempty"` // with tcp
}

// Listener is where an engine is spoken to.
type Listener struct {
	net.Listener
	token string
	file  string
}

// Close stops listening and takes the address away.
func (l *Listener) Close() error {
	_ = os.Remove(l.file) // a stale one is harmless: Dial finds nobody
	return l.Listener.Close()
}

// Listen opens the engine's interface for a data folder: a unix socket in the
// runtime folder, or loopback TCP with a token where there are no unix sockets.
// Only the holder of the store's lock may call it: it takes over what a dead
// engine left.
func Listen(dataDir string) (*Listener, error) {
	dataDir, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	a := address{Network: "unix"}
	l, err := listenUnix(dataDir)
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("control: listen: %w", err)
		}
		a.Network, a.Token = "tcp", rand.Text()
	}
	a.Address = l.Addr().String()
	file := filepath.Join(dataDir, addressFile)
	body, err := json.Marshal(a)
	if err == nil {
		err = os.WriteFile(file, body, 0o600)
	}
	if err == nil {
		err = os.Chmod(file, 0o600) // it may have been there
	}
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("control: say where the engine listens: %w", err)
	}
	return &Listener{l, a.Token, file}, nil
}

// listenUnix picks a short path: a socket's is limited to about 100 bytes. Windows has
// such sockets, but no modes that would keep other people from one.
func listenUnix(dataDir string) (net.Listener, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.ErrUnsupported
	}
	sum := sha256.Sum256([]byte(dataDir))
	name := hex.EncodeToString(sum[:8]) + ".sock"
	var errs error
	for _, dir := range []string{xdg.RuntimeDir, os.TempDir()} {
		dir = filepath.Join(dir, fmt.Sprintf("twinday-%d", os.Getuid()))
		if err := privateDir(dir); err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		path := filepath.Join(dir, name)
		_ = os.Remove(path) // of a dead engine: the caller holds the lock
		l, err := net.Listen("unix", path)
		if err == nil {
			if err = os.Chmod(path, 0o600); err == nil {
				return l, nil
			}
			_ = l.Close()
		}
		errs = errors.Join(errs, err)
	}
	return nil, errs
}

// privateDir makes dir for this user alone, and refuses one that others may write.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fi, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !fi.IsDir() || fi.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is not this user's alone", dir)
	}
	return nil
}

// Dial finds the engine that runs on a data folder; ErrNoEngine if there is none.
func Dial(ctx context.Context, dataDir string) (*Client, error) {
	body, err := os.ReadFile(filepath.Join(dataDir, addressFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoEngine
	}
	if err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be used (%w); choose another with --data", dataDir, err)
	}
	var a address
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("%w (%s cannot be read)", ErrNoEngine, addressFile)
	}
	var d net.Dialer
	c := newClient(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, a.Network, a.Address)
	}, a.Token)
	conn, err := d.DialContext(ctx, a.Network, a.Address)
	if err != nil {
		return nil, fmt.Errorf("%w (%v)", ErrNoEngine, err)
	}
	_ = conn.Close()
	return c, nil
}

// pipe is a listener in memory.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipe() *pipe { return &pipe{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Accept waits for a dial.
func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and dial.
func (p *pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr names the pipe.
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "in process", Net: "pipe"} }
