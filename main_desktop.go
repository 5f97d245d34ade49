package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/adrg/xdg"
	"github.com/inconshreveable/mousetrap"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/ui/display"
	"github.com/twinday/twinday/ui/login"
)

// This file is about the desktop that the process runs on, and the window as a process of
// its own on it.

// openURL shows an address in the person's browser.
func openURL(url string) error {
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	case "darwin":
		cmd = exec.Command("open", url)
	default:
		cmd = exec.Command("xdg-open", url)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // a browser's exit code says nothing
	return nil
}

// atLogin has this program, on this data folder, start at login.
func atLogin(dataDir string) *login.Starter {
	exe, err := clicked()
	if err != nil {
		exe = "twinday" // as PATH has it
	}
	command := []string{exe}
	if dataDir != filepath.Join(xdg.DataHome, "twinday") {
		if abs, err := filepath.Abs(dataDir); err == nil {
			dataDir = abs
		}
		command = append(command, "--data", dataDir)
	}
	return login.New(command)
}

// clicked is what a person clicks to start Twinday: this program or, on Windows, the one
// above its folder, which starts it without a console (assets/package/windows/starter).
func clicked() (string, error) {
	exe, err := os.Executable()
	if err != nil || runtime.GOOS != "windows" {
		return exe, err
	}
	starter := filepath.Join(filepath.Dir(exe), "..", "Twinday.exe")
	if _, err := os.Stat(starter); err != nil {
		return exe, nil
	}
	return starter, nil
}

// handedOver leaves it to Windows' starter to start this program, where Explorer started
// it without: a person found it in its folder, or pinned its window to the taskbar. The
// console that came with it closes as this process ends.
func handedOver() bool {
	exe, err := clicked()
	if own, _ := os.Executable(); err != nil || exe == own || !mousetrap.StartedByExplorer() {
		return false
	}
	return exec.Command(exe, os.Args[1:]...).Start() == nil
}

// windows keeps at most one window open, in a process of its own.
type windows struct {
	dir string
	log *slog.Logger

	mu     sync.Mutex
	noTray bool          // what the next window is told
	done   chan struct{} // of the window that is open; nil when none is
	raise  io.Writer     // its standard input: a line on it brings it to the front
}

func (w *windows) setNoTray(no bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noTray = no
}

// windowGrace is how long a window may take to close when Twinday quits.
const windowGrace = 3 * time.Second

// open starts the window's process, or brings the one that is open to the front, on a
// page of it if one is named. The window closes when ctx ends.
func (w *windows) open(ctx context.Context, page string) error {
	if !display.Here() {
		return errors.New(assets.Text("there is no display here to open a window on"))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done != nil {
		_, _ = io.WriteString(w.raise, page+"\n") // if not, it is closing
		return nil
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("%s: %w", assets.Text("the window cannot be opened"), err)
	}
	args := []string{"window", "--data", w.dir}
	if page != "" {
		args = append(args, "--page", page)
	}
	if w.noTray {
		args = append(args, "--no-tray")
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = windowGrace
	if runtime.GOOS != "windows" { // which knows only the hard way
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	}
	raise, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("%s: %w", assets.Text("the window cannot be opened"), err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", assets.Text("the window cannot be opened"), err)
	}
	w.raise = raise
	done := make(chan struct{})
	w.done = done
	go func() {
		err := cmd.Wait()
		if err != nil && ctx.Err() == nil {
			w.log.Error("the window ended", "error", err)
		}
		w.mu.Lock()
		w.done = nil
		w.mu.Unlock()
		close(done)
	}()
	return nil
}

// raises is a page, or "" for any, for each line on in, until it ends: in the window's
// process the wishes of the one that started it.
func raises(in io.Reader) <-chan string {
	wishes := make(chan string)
	go func() {
		for lines := bufio.NewScanner(in); lines.Scan(); {
			wishes <- lines.Text()
		}
	}()
	return wishes
}

// wait returns when no window is open.
func (w *windows) wait() {
	w.mu.Lock()
	done := w.done
	w.mu.Unlock()
	if done != nil {
		<-done
	}
}
