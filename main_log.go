package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/store"
)

// This file is about what a process without a terminal has to say, and where.

// maxLog is the size at which a log is put aside for a new one: a year of quiet
// days, or some hours of trouble.
const maxLog = 4 << 20

// logFile is the log, put aside for a new one whenever it is full: a login may last for
// months. The window's process writes to it as well.
type logFile struct {
	name string

	mu sync.Mutex
	f  *os.File // nil if it cannot be opened
}

// Write implements io.Writer.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		if fi, err := l.f.Stat(); err != nil || fi.Size() > maxLog {
			_ = l.f.Close() // Windows gives no file that is open another name
			l.f = nil
		}
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	return l.f.Write(line)
}

func (l *logFile) open() (err error) {
	if fi, err := os.Stat(l.name); err == nil && fi.Size() > maxLog {
		_ = os.Rename(l.name, l.name+".1") // if not, it grows on
	}
	l.f, err = os.OpenFile(l.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return err
}

// logTail reads the end of the log that logTo writes.
func logTail(dir string) func() []byte {
	const most = 256 << 10
	return func() []byte {
		f, err := os.Open(filepath.Join(dir, "twinday.log"))
		if err != nil {
			return []byte("no log: " + err.Error())
		}
		defer func() { _ = f.Close() }()
		if fi, err := f.Stat(); err == nil && fi.Size() > most {
			_, _ = f.Seek(-most, io.SeekEnd)
		}
		text, _ := io.ReadAll(io.LimitReader(f, most)) // what can be read is told
		return text
	}
}

// logTo sends what a process without a terminal has to say to a file in the data
// folder, and its last words, should it crash, to another.
func logTo(dir string, verbose bool) (*slog.Logger, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%s: %w", assets.Text("the data folder cannot be made"), err)
	}
	f := &logFile{name: filepath.Join(dir, "twinday.log")}
	err := f.open()
	if err != nil && !store.Refused(err) {
		return nil, fmt.Errorf("%s: %w", assets.Text("the log cannot be opened"), err)
	}
	level := slog.LevelInfo
	var out io.Writer = f
	if err != nil { // the disk takes nothing: the engine says so
		out = os.Stderr
	}
	if verbose {
		level, out = slog.LevelDebug, io.MultiWriter(out, os.Stderr)
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)
	crash, err := os.OpenFile(filepath.Join(dir, "crash.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = debug.SetCrashOutput(crash, debug.CrashOptions{})
		_ = crash.Close() // the runtime has its own handle
	}
	if err != nil {
		log.Warn("a crash would leave no trace", "error", err)
	}
	return log, nil
}
