package state

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// FingerprintBytes is how much of a hash a fingerprint is: enough that no two events
// of a person's calendars share one, too little to tell anything by.
const FingerprintBytes = 5

var fingerprints = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// Fingerprint is a short hash of an event's iCalendar UID: 8 letters and digits,
// none for an empty UID. The id of an entity ends in its home event's, so that the
// mark on a copy, which holds that id, leads home even after the store was lost and
// where the copy shows nothing that the home would be known by.
func Fingerprint(uid string) string {
	if uid == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(uid))
	return fingerprints.EncodeToString(sum[:FingerprintBytes])
}

// FingerprintHash is the beginning of the hash of the UIDs that have a fingerprint;
// nil if it is none.
func FingerprintHash(fingerprint string) []byte {
	b, err := fingerprints.DecodeString(fingerprint)
	if err != nil || len(b) != FingerprintBytes {
		return nil
	}
	return b
}

// WithFingerprint is the id of an entity whose home event has this UID.
func (id EntityID) WithFingerprint(uid string) EntityID {
	return id.Bearing(Fingerprint(uid))
}

// Bearing is the id with a fingerprint that is known already; without one if it is empty.
func (id EntityID) Bearing(fingerprint string) EntityID {
	if fingerprint == "" {
		return id
	}
	return id + "-" + EntityID(fingerprint)
}

// Fingerprint is that of the event that the entity was made of; empty if it had no
// UID.
func (id EntityID) Fingerprint() string {
	_, f, _ := strings.Cut(string(id), "-")
	if FingerprintHash(f) == nil {
		return ""
	}
	return f
}
