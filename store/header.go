package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The shape of a bbolt file, from bbolt's internal/common: the two first pages
// are headers ('meta'), written in turn, the newer valid one counts. bbolt maps
// a file after looking at these only, and panics or faults on what they point
// to; so that is looked at here first, by plain reading.
const (
	pageHeaderSize = 16
	metaSize       = 64
	metaSummed     = 56 // the bytes that its checksum covers
	metaMagic      = 0xED0CDAED
	metaVersion    = 2

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10

	noFreelist      = ^uint64(0)
	minPageSize     = 1 << 10
	pageSizeSteps   = 15       // 1 KB to 16 MB, as bbolt probes
	maxFreelistSize = 64 << 20 // 8 million free pages: 32 GB of nothing
)

// inspectTries is how often a file is looked at before it is called damaged:
// another Twinday may be writing a header just then.
const inspectTries = 3

// inspect reads whether path can be given to bbolt. It takes no lock and
// changes nothing.
func inspect(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return accessError(path, err)
	}
	defer f.Close()
	for range inspectTries {
		if err = inspectOnce(f, path); err == nil {
			return nil
		}
	}
	return err
}

func inspectOnce(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return accessError(path, err)
	}
	size := info.Size()
	if size == 0 {
		return damage(path, errors.New("it is empty"))
	}
	m, err := readHeader(f, size)
	switch {
	case errors.Is(err, errNoMagic):
		return &ForeignError{path, "it is not a database"}
	case err != nil:
		return damage(path, err)
	case m.freelist == noFreelist:
		return &ForeignError{path, "another program made this database"}
	}
	if err := m.verify(f, size); err != nil {
		return damage(path, err)
	}
	return nil
}

// header is what a meta page says.
type header struct {
	pageSize uint32
	root     uint64
	freelist uint64
	pages    uint64 // in use; the file is at least so long
	txid     uint64
}

var (
	errNoMagic   = errors.New("no header of a database")
	errBadHeader = errors.New("its headers are broken")
)

// readHeader finds the header that bbolt would go by.
func readHeader(f io.ReaderAt, size int64) (header, error) {
	first, err := readMeta(f, 0)
	if err == nil {
		second, err := readMeta(f, int64(first.pageSize))
		if err == nil && second.txid > first.txid {
			return second, nil
		}
		return first, nil
	}
	magic := !errors.Is(err, errNoMagic)
	for i := range pageSizeSteps {
		at := int64(minPageSize) << i
		if at >= size {
			break
		}
		second, err := readMeta(f, at)
		if err == nil && int64(second.pageSize) == at {
			return second, nil
		}
		magic = magic || !errors.Is(err, errNoMagic)
	}
	if magic {
		return header{}, errBadHeader
	}
	return header{}, errNoMagic
}

func readMeta(f io.ReaderAt, at int64) (header, error) {
	var b [metaSize]byte
	if _, err := f.ReadAt(b[:], at+pageHeaderSize); err != nil {
		return header{}, errNoMagic
	}
	u32 := binary.NativeEndian.Uint32
	u64 := binary.NativeEndian.Uint64
	if u32(b[0:]) != metaMagic {
		return header{}, errNoMagic
	}
	sum := fnv.New64a()
	sum.Write(b[:metaSummed])
	m := header{pageSize: u32(b[8:]), root: u64(b[16:]), freelist: u64(b[32:]), pages: u64(b[40:]), txid: u64(b[48:])}
	if u32(b[4:]) != metaVersion || u64(b[metaSummed:]) != sum.Sum64() || m.pageSize < minPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return header{}, errBadHeader
	}
	return m, nil
}

// verify looks at what the header points to: the length of the file, the root
// page and the list of free pages.
func (m header) verify(f io.ReaderAt, size int64) error {
	if m.pages > uint64(size)/uint64(m.pageSize) {
		return fmt.Errorf("it was cut off: %d bytes of %d are there", size, m.pages*uint64(m.pageSize))
	}
	if _, flags, _, err := m.page(f, m.root); err != nil {
		return fmt.Errorf("its root page: %w", err)
	} else if flags != flagBranch && flags != flagLeaf {
		return errors.New("its root page is overwritten")
	}
	overflow, flags, count, err := m.page(f, m.freelist)
	if err != nil {
		return fmt.Errorf("its list of free pages: %w", err)
	}
	if flags != flagFreelist {
		return errors.New("its list of free pages is overwritten")
	}
	return m.verifyFreelist(f, overflow, uint64(count))
}

func (m header) verifyFreelist(f io.ReaderAt, overflow uint32, count uint64) error {
	length := (uint64(overflow) + 1) * uint64(m.pageSize)
	if m.freelist+uint64(overflow) >= m.pages || length > maxFreelistSize {
		return errors.New("its list of free pages is too long")
	}
	list := make([]byte, length-pageHeaderSize)
	if _, err := f.ReadAt(list, int64(m.freelist)*int64(m.pageSize)+pageHeaderSize); err != nil {
		return fmt.Errorf("its list of free pages: %w", err)
	}
	if count == 0xFFFF { // the first element holds the count
		count, list = binary.NativeEndian.Uint64(list), list[8:]
	}
	if count > uint64(len(list)/8) {
		return errors.New("its list of free pages is cut off")
	}
	for i := range count {
		if id := binary.NativeEndian.Uint64(list[8*i:]); id < 2 || id >= m.pages {
			return fmt.Errorf("its list of free pages names page %d of %d", id, m.pages)
		}
	}
	return nil
}

// page reads the head of page id.
func (m header) page(f io.ReaderAt, id uint64) (overflow uint32, flags, count uint16, err error) {
	if id < 2 || id >= m.pages {
		return 0, 0, 0, fmt.Errorf("there is no page %d", id)
	}
	var b [pageHeaderSize]byte
	if _, err := f.ReadAt(b[:], int64(id)*int64(m.pageSize)); err != nil {
		return 0, 0, 0, err
	}
	if binary.NativeEndian.Uint64(b[:]) != id {
		return 0, 0, 0, fmt.Errorf("page %d is overwritten", id)
	}
	return binary.NativeEndian.Uint32(b[12:]), binary.NativeEndian.Uint16(b[8:]), binary.NativeEndian.Uint16(b[10:]), nil
}
