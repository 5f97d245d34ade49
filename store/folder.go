package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Folder is how a data folder stands, for a check-up.
type Folder struct {
	Size int64 // of the store's file
	// Room is how much the disk has left, in bytes; Known is false where the system does not say.
	Room  uint64
	Known bool
	// Open are files in it, by their names, that other users of the computer can read.
	Open []string
	// Refused is why no file can be made in it, nil if one can: a *SaveError.
	Refused error
}

// Folder looks at the folder that the store is in. It makes a file there, and removes it.
func (s *Store) Folder() (Folder, error) {
	dir := filepath.Dir(s.path)
	var f Folder
	info, err := os.Stat(s.path)
	if err != nil {
		return f, accessError(s.path, err)
	}
	f.Size = info.Size()
	f.Room, f.Known = roomIn(dir)
	if f.Refused = s.opt.at(ToCreate, filepath.Join(dir, probeName)); f.Refused == nil {
		var probe *os.File
		if probe, f.Refused = os.CreateTemp(dir, probeName); f.Refused == nil {
			f.Refused = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if f.Refused != nil {
		f.Refused = saveError(s.path, f.Refused)
	}
	f.Open, err = openFiles(s.path)
	return f, err
}

const probeName = "checkup-*.new"

// others are the permissions of those who are not the owner.
const others fs.FileMode = 0o077

// openFiles lists what beside the store at path, and in its backups, others can read. Nobody
// gets at what is in a folder that is closed; Windows keeps permissions of another kind, and
// the person's own folders closed.
func openFiles(path string) (list []string, err error) {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&others == 0 {
		return nil, err
	}
	for _, in := range []string{dir, backupFolder(path)} {
		files, err := os.ReadDir(in)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if info, err := f.Info(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&others != 0 {
				list = append(list, f.Name())
			}
		}
	}
	return list, nil
}
