package store

import (
	"bytes"
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/store/state"
)

// Tx is one transaction: a consistent state of the store, and in Update the
// changes to it. It is of use only within the function it was given to, and by
// one goroutine. What it returns are copies.
//
// Reads of one thing return (value, found, error); lists are sorted by key. An
// error means a damaged store or an id that no key can hold.
type Tx struct {
	s   *Store
	b   *bolt.Tx
	err error // the first failure of a method that returns none; ends the transaction
}

func (t *Tx) fail(err error) {
	if t.err == nil && err != nil {
		t.err = fmt.Errorf("store: %w", err)
	}
}

func (t *Tx) bucket(name []byte) *bolt.Bucket { return t.b.Bucket(name) }

// byRef is the bucket of ref within name, nil if nothing was ever put there.
func (t *Tx) byRef(name []byte, ref state.Ref) *bolt.Bucket {
	key := refKey(ref)
	return t.bucket(name).Bucket(key)
}

// makeByRef is the bucket of ref within name, made if need be.
func (t *Tx) makeByRef(name []byte, ref state.Ref) (*bolt.Bucket, error) {
	if err := checkRef(ref); err != nil {
		return nil, err
	}
	return t.bucket(name).CreateBucketIfNotExists(refKey(ref))
}

// dropByRef removes the bucket of ref within name.
func (t *Tx) dropByRef(name []byte, ref state.Ref) error {
	if t.byRef(name, ref) == nil {
		return nil
	}
	return t.bucket(name).DeleteBucket(refKey(ref))
}

// encode is JSON without the escapes that only matter inside a web page.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("store: encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

func (t *Tx) decode(name, key, value []byte, v any) error {
	if err := json.Unmarshal(value, v); err != nil {
		return damage(t.s.path, fmt.Errorf("%s %q cannot be read: %w", name, key, err))
	}
	return nil
}

func get[T any](t *Tx, name, key []byte) (v T, ok bool, err error) {
	return getIn[T](t, t.bucket(name), name, key)
}

// getIn reads key of b, which may be nil; name is for the error.
func getIn[T any](t *Tx, b *bolt.Bucket, name, key []byte) (v T, ok bool, err error) {
	if b == nil {
		return v, false, nil
	}
	raw := b.Get(key)
	if raw == nil {
		return v, false, nil
	}
	err = t.decode(name, key, raw, &v)
	return v, err == nil, err
}

func (t *Tx) put(name []byte, what, id string, v any) error {
	if err := checkID(what, id); err != nil {
		return err
	}
	raw, err := encode(v)
	if err != nil {
		return err
	}
	return t.bucket(name).Put([]byte(id), raw)
}

// list reads all values of a bucket whose keys begin with prefix.
func list[T any](t *Tx, name, prefix []byte) ([]T, error) {
	var out []T
	c := t.bucket(name).Cursor()
	for k, raw := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, raw = c.Next() {
		var v T
		if err := t.decode(name, k, raw, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// eachBatch is how many values are read before they are handed on.
const eachBatch = 128

// each hands every value of the bucket that find gives to f, in batches, so that
// f may change the bucket: what it adds behind the present batch is seen, what it
// removes from the batch is handed on still.
func each[T any](t *Tx, name []byte, find func() *bolt.Bucket, f func(T) error) error {
	var last []byte
	for {
		b := find()
		if b == nil {
			return nil
		}
		batch := make([]T, 0, eachBatch)
		c := b.Cursor()
		k, raw := c.Seek(last)
		if last != nil && bytes.Equal(k, last) {
			k, raw = c.Next()
		}
		for ; k != nil && len(batch) < eachBatch; k, raw = c.Next() {
			var v T
			if err := t.decode(name, k, raw, &v); err != nil {
				return err
			}
			batch = append(batch, v)
			last = bytes.Clone(k)
		}
		if len(batch) == 0 {
			return nil
		}
		for _, v := range batch {
			if err := f(v); err != nil {
				return err
			}
		}
	}
}

// keys lists the keys of a bucket that begin with prefix, without it.
func keys(b *bolt.Bucket, prefix []byte) []string {
	if b == nil {
		return nil
	}
	var out []string
	c := b.Cursor()
	for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		out = append(out, string(k[len(prefix):]))
	}
	return out
}

// next takes the next number of the bucket's sequence. In a View it makes the
// transaction fail.
func (t *Tx) next(name []byte) uint64 {
	n, err := t.bucket(name).NextSequence()
	t.fail(err)
	return n
}
