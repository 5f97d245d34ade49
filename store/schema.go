package store

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/store/state"
)

// The buckets. Values are JSON where nothing else is said. A 'ref key' is the
// account's id, a zero byte and the calendar's id; 'by ref' means that the bucket
// holds one bucket for each ref key.
var (
	bucketMeta      = []byte("meta")      // the keys below; what this file is
	bucketSettings  = []byte("settings")  // key -> text
	bucketAccounts  = []byte("accounts")  // account id -> state.Account
	bucketCalendars = []byte("calendars") // ref key -> state.Calendar
	bucketMirrors   = []byte("mirrors")   // mirror id -> state.Mirror; sequence: mirror ids
	bucketCursors   = []byte("cursors")   // ref key -> cursor, as it is
	bucketReplicas  = []byte("replicas")  // by ref: remote id -> state.Replica
	bucketEntities  = []byte("entities")  // entity id -> state.Entity; sequence: entity ids
	bucketIntents   = []byte("intents")   // intent id -> state.Intent; sequence: intent ids
	bucketHeld      = []byte("held")      // held id -> state.Held
	bucketHistory   = []byte("history")   // seq, 8 bytes big-endian -> state.HistoryEntry; sequence: seq

	// Indexes: all can be rebuilt from the buckets above.
	bucketIndex   = []byte("idx")     // by ref: remote id -> entity id
	bucketLinked  = []byte("linked")  // ref key -> how many entities live there, 8 bytes big-endian
	bucketAlike   = []byte("alike")   // by ref: 'u' or 'l' and 16 bytes of hash, or 'm' and 5, or 'w' and times (spans.go), remote id -> nothing
	bucketDirty   = []byte("dirty")   // ref key, zero byte, remote id -> nothing
	bucketPending = []byte("pending") // entity id -> nothing
)

// The keys of bucketMeta.
var (
	keyFormat       = []byte("format")       // formatName
	keyVersion      = []byte("version")      // of the schema, decimal
	keyInstallation = []byte("installation") // see Store.Installation
	keyCreated      = []byte("created")      // RFC 3339
	keyPass         = []byte("pass")         // the last pass, decimal
)

// formatName tells our file from those of other programs on bbolt.
const formatName = "twinday store"

// allBuckets are those of the present version; a store without one of them is damaged.
var allBuckets = [][]byte{
	bucketMeta, bucketSettings, bucketAccounts, bucketCalendars, bucketMirrors, bucketCursors, bucketReplicas,
	bucketEntities, bucketIntents, bucketHeld, bucketHistory,
	bucketIndex, bucketLinked, bucketAlike, bucketDirty, bucketPending,
}

// rebuildable are the indexes that RebuildIndexes makes anew.
var rebuildable = [][]byte{bucketIndex, bucketLinked, bucketAlike, bucketDirty, bucketPending}

// migration brings a store from the version before to its own.
type migration func(*bolt.Tx) error

// migrations lead from nothing to the present version: the one at index i makes
// version i+1. Never change one that was released; append.
var migrations = []migration{
	createSchema, // 1
	indexSpans,   // 2: what is when
}

func createSchema(tx *bolt.Tx) error {
	for _, name := range allBuckets {
		if _, err := tx.CreateBucket(name); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	return nil
}

// identify writes into a new store what it is and whose.
func identify(tx *bolt.Tx, now time.Time) error {
	meta := tx.Bucket(bucketMeta)
	id := make([]byte, 10)
	rand.Read(id) // never fails: crypto/rand
	return errors.Join(
		meta.Put(keyFormat, []byte(formatName)),
		meta.Put(keyInstallation, []byte(strings.ToLower(base32.StdEncoding.EncodeToString(id)))),
		meta.Put(keyCreated, []byte(now.UTC().Format(time.RFC3339))),
	)
}

// versionOf says of which version the file is, *ForeignError if it is not ours.
func versionOf(tx *bolt.Tx, path string) (int, error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil || string(meta.Get(keyFormat)) != formatName {
		return 0, &ForeignError{path, "another program made this database"}
	}
	v, err := strconv.Atoi(string(meta.Get(keyVersion)))
	if err != nil || v < 1 {
		return 0, damage(path, errors.New("its version cannot be read"))
	}
	return v, nil
}

// readInstallation reads the id, and checks that every bucket is there.
func readInstallation(tx *bolt.Tx, path string) (string, error) {
	for _, name := range allBuckets {
		if tx.Bucket(name) == nil {
			return "", damage(path, fmt.Errorf("bucket %s is missing", name))
		}
	}
	id := string(tx.Bucket(bucketMeta).Get(keyInstallation))
	if len(id) < entityPrefix {
		return "", damage(path, errors.New("its installation id is missing"))
	}
	return id, nil
}

// maxID is the longest id that is taken, in bytes. Providers' ids stay under
// 1024; bbolt's keys could hold 32768.
const maxID = 4096

// checkID refuses what cannot be told apart again as part of a key.
func checkID(what, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("store: %s has no id", what)
	case len(id) > maxID:
		return fmt.Errorf("store: the id of %s is %d bytes long, the limit is %d", what, len(id), maxID)
	case strings.IndexByte(id, 0) >= 0 || !utf8.ValidString(id):
		return fmt.Errorf("store: the id %q of %s is not plain text", id, what)
	}
	return nil
}

func checkRef(ref state.Ref) error {
	if err := checkID("an account", string(ref.Account)); err != nil {
		return err
	}
	if strings.Contains(string(ref.Account), "/") {
		return fmt.Errorf("store: the account id %q holds a slash", ref.Account)
	}
	return checkID("a calendar", string(ref.Calendar))
}

func refKey(ref state.Ref) []byte {
	return []byte(string(ref.Account) + "\x00" + string(ref.Calendar))
}

func accountPrefix(id state.AccountID) []byte { return []byte(string(id) + "\x00") }
