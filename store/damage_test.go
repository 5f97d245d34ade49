package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// goodFile is the bytes of a store with something in it.
func goodFile(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "twinday.db")
	s := reopen(t, path)
	for round := range 4 {
		update(t, s, func(tx *Tx) error {
			for i := range 50 {
				id := fmt.Sprintf("%d-%d", round, i)
				if err := errors.Join(tx.PutReplica(work, replica(id, "Lunch "+id)),
					tx.PutEntity(entity(state.EntityID(id), map[state.Ref][]string{work: {id}}))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// otherProgram is the bytes of a bbolt file that is not ours.
func otherProgram(t *testing.T, opt bolt.Options, fill func(*bolt.Tx) error) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bolt.Open(path, 0o600, &opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(fill), db.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pageSizeOf(file []byte) int { return int(binary.NativeEndian.Uint32(file[pageHeaderSize+8:])) }

// TestOpenNeverTouchesAFileThatIsNotAGoodStore gives Open one bad file after the
// other: each error is of its type, names the path and a way out, and the file
// stays as it is.
func TestOpenNeverTouchesAFileThatIsNotAGoodStore(t *testing.T) {
	good := goodFile(t)
	size := pageSizeOf(good)
	newest, err := readHeader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at ...int) []byte {
		b := bytes.Clone(good)
		for _, i := range at {
			b[i] ^= 0xFF
		}
		return b
	}
	const damaged, foreign = "damaged", "foreign"
	meta := func(fill func(*bolt.Bucket) error) func(*bolt.Tx) error {
		return func(tx *bolt.Tx) error {
			b, err := tx.CreateBucket(bucketMeta)
			return errors.Join(err, fill(b))
		}
	}
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"an empty file", nil, damaged},
		{"a line of text", []byte("BEGIN:VCALENDAR\r\n"), foreign},
		{"a long text", bytes.Repeat([]byte("all work and no play\n"), 4000), foreign},
		{"zeros", make([]byte, 64<<10), foreign},
		{"a store cut within its first page", good[:size/2], damaged},
		{"a store cut to its headers", good[:2*size], damaged},
		{"a store cut to its headers and an odd bit", good[:2*size+100], damaged},
		{"a store cut in half", good[:len(good)/2/size*size], damaged},
		{"a store without its last used page", good[:(int(newest.pages)-1)*size], damaged},
		{"both headers flipped in their sums", flip(pageHeaderSize+metaSummed, size+pageHeaderSize+metaSummed), damaged},
		{"both headers flipped in their roots", flip(pageHeaderSize+16, size+pageHeaderSize+16), damaged},
		{"both headers flipped in their page sizes", flip(pageHeaderSize+8, size+pageHeaderSize+8), damaged},
		{"both headers of another bbolt", flip(pageHeaderSize+4, size+pageHeaderSize+4), damaged},
		{"both headers without their magic", flip(pageHeaderSize, size+pageHeaderSize), foreign},
		{"the root page overwritten", flip(int(newest.root)*size, int(newest.root)*size+8), damaged},
		{"the root page's kind flipped", flip(int(newest.root)*size + 8), damaged},
		{"the free list's kind flipped", flip(int(newest.freelist)*size + 8), damaged},
		{"the free list's count flipped", flip(int(newest.freelist)*size+10, int(newest.freelist)*size+11), damaged},
		{"the free list naming pages that are not there", flip(int(newest.freelist)*size + pageHeaderSize + 7), damaged},
		{"another program's database", otherProgram(t, bolt.Options{}, func(tx *bolt.Tx) error {
			_, err := tx.CreateBucket([]byte("widgets"))
			return err
		}), foreign},
		{"another program's database without a free list", otherProgram(t, bolt.Options{NoFreelistSync: true}, func(tx *bolt.Tx) error {
			_, err := tx.CreateBucket([]byte("widgets"))
			return err
		}), foreign},
		{"another program's database with a bucket of the same name", otherProgram(t, bolt.Options{}, meta(func(b *bolt.Bucket) error {
			return b.Put([]byte("version"), []byte("1"))
		})), foreign},
		{"an empty database", otherProgram(t, bolt.Options{}, func(*bolt.Tx) error { return nil }), foreign},
		{"a store without its buckets", otherProgram(t, bolt.Options{}, meta(func(b *bolt.Bucket) error {
			return errors.Join(b.Put(keyFormat, []byte(formatName)), b.Put(keyVersion, []byte(strconv.Itoa(len(migrations)))))
		})), damaged},
		{"a store whose version is no number", otherProgram(t, bolt.Options{}, meta(func(b *bolt.Bucket) error {
			return errors.Join(b.Put(keyFormat, []byte(formatName)), b.Put(keyVersion, []byte("one")))
		})), damaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "twinday.db")
			if err := os.WriteFile(path, tt.file, 0o640); err != nil {
				t.Fatal(err)
			}
			for _, opt := range []Options{{}, {ReadOnly: true}, {}} { // the third: no lock is left behind
				s, err := Open(path, opt)
				if err == nil {
					s.Close()
					t.Fatal("it was opened")
				}
				var d *DamagedError
				var f *ForeignError
				if tt.want == damaged && !errors.As(err, &d) || tt.want == foreign && !errors.As(err, &f) {
					t.Errorf("%T, want %s: %v", err, tt.want, err)
				}
				saysTheWayOut(t, err, path)
				if cut := len(tt.file) > size && len(tt.file) < int(newest.pages)*size && bytes.HasPrefix(good, tt.file); cut && !strings.Contains(err.Error(), "cut off") {
					t.Errorf("%v does not say that it was cut off", err)
				}
			}
			unchanged(t, path, tt.file)
		})
	}
}

func saysTheWayOut(t *testing.T, err error, path string) {
	t.Helper()
	if !strings.Contains(err.Error(), path) {
		t.Errorf("%q does not name %s", err, path)
	}
	for _, way := range []string{"--data", "move it away", "try again"} {
		if strings.Contains(err.Error(), way) {
			return
		}
	}
	t.Errorf("%q names no way out", err)
}

// unchanged: same bytes, same mode, and nothing beside it.
func unchanged(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(want) {
		t.Errorf("the file was changed (%v)", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode was changed: %v, %v", info, err)
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(names) != 1 {
		t.Errorf("left beside it: %v", names)
	}
}

func TestOneBrokenHeaderIsWhatAPowerCutLeavesAndIsNoDamage(t *testing.T) {
	good := goodFile(t)
	size := pageSizeOf(good)
	for page := range 2 {
		path := filepath.Join(t.TempDir(), "twinday.db")
		b := bytes.Clone(good)
		b[page*size+pageHeaderSize+20] ^= 0xFF
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := reopen(t, path).Check(); err != nil {
			t.Errorf("header %d broken: %v", page, err)
		}
	}
}

// TestDamageInsideIsReportedNotCrashed overwrites one page after the other: all
// that may happen is that reading works, or that a DamagedError comes of it.
func TestDamageInsideIsReportedNotCrashed(t *testing.T) {
	good := goodFile(t)
	size := pageSizeOf(good)
	harmed := 0
	for page := 2; page < len(good)/size; page++ {
		for name, fill := range map[string]byte{"zeros": 0, "ones": 0xFF} {
			path := filepath.Join(t.TempDir(), "twinday.db")
			b := bytes.Clone(good)
			copy(b[page*size:(page+1)*size], bytes.Repeat([]byte{fill}, size))
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(path, Options{})
			if err == nil {
				err = s.Check()
				_ = s.Close()
			}
			if err == nil {
				continue // a free page
			}
			harmed++
			var d *DamagedError
			var f *ForeignError
			if !errors.As(err, &d) && !errors.As(err, &f) && !strings.Contains(err.Error(), "pages: ") {
				t.Errorf("page %d of %s: %T: %v", page, name, err, err)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, b) {
				t.Errorf("page %d of %s: the file was changed (%v)", page, name, err)
			}
		}
	}
	if harmed < 10 {
		t.Errorf("only %d of the overwritten pages were noticed", harmed)
	}
}

func TestAfterDamageNothingMoreIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinday.db")
	b := goodFile(t)
	size := pageSizeOf(b)
	for page := 2; page < len(b)/size; page++ {
		if body := b[page*size : (page+1)*size]; bytes.Contains(body, []byte("Lunch")) {
			copy(body, bytes.Repeat([]byte{0xEE}, pageHeaderSize)) // no kind of page
		}
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(func(tx *Tx) error { return tx.PutReplica(work, replica("0-0", "New")) }); !isDamaged(err) {
		t.Fatalf("%T: %v", err, err)
	}
	if err := s.Update(func(tx *Tx) error { return tx.SetSetting("k", "v") }); !isDamaged(err) {
		t.Errorf("an update after damage gave %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(b, read(t, path)) {
		t.Error("the file was changed")
	}
}

func TestAValueThatCannotBeReadIsNamed(t *testing.T) {
	s := tempStore(t)
	err := s.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMirrors).Put([]byte("m1"), []byte(`{"id":"m1","name":`))
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"reading it": s.View(func(tx *Tx) error { _, _, err := tx.Mirror("m1"); return err }),
		"listing":    s.View(func(tx *Tx) error { _, err := tx.Mirrors(); return err }),
		"checking":   s.Check(),
	} {
		if !isDamaged(err) || !strings.Contains(err.Error(), "m1") {
			t.Errorf("%s gave %v, want a DamagedError that names m1", name, err)
		}
	}
	if err := s.Update(func(tx *Tx) error { return tx.DeleteMirror("m1") }); err != nil {
		t.Errorf("the rest of the store cannot be used any more: %v", err)
	}
}

func TestAFolderInPlaceOfTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twinday.db")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{})
	if !errors.As(err, new(*ForeignError)) {
		t.Fatalf("%T: %v", err, err)
	}
	saysTheWayOut(t, err, path)
	if names, _ := os.ReadDir(path); len(names) != 0 {
		t.Errorf("something was written into it: %v", names)
	}
}

func TestAFileInPlaceOfTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(dir, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "twinday.db")
	_, err := Open(path, Options{})
	if err == nil {
		t.Fatal("it was opened")
	}
	saysTheWayOut(t, err, path)
	if b, err := os.ReadFile(dir); string(b) != "mine" {
		t.Errorf("it was changed: %q, %v", b, err)
	}
}

// noAccess is what Open must say of a folder that it may not enter.
func noAccess(t *testing.T, path string) {
	t.Helper()
	for _, opt := range []Options{{}, {ReadOnly: true}} {
		s, err := Open(path, opt)
		if err == nil {
			s.Close()
			t.Fatal("it was opened")
		}
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%v is not fs.ErrPermission", err)
		}
		saysTheWayOut(t, err, path)
	}
}

func replica(id, title string) state.Replica {
	start := calendar.At(noon, noon.Location())
	return state.Replica{Seen: noon, Event: calendar.Event{
		ID: calendar.RemoteID(id), Version: "v1", UID: "uid-" + id,
		Content: calendar.Content{Title: title, When: calendar.When{Start: start, End: calendar.At(noon.Add(3600e9), noon.Location())}},
	}}
}
