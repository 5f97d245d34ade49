package secrets

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strconv"
)

// This file keeps secrets in a keyring that are longer than one entry of it holds: in
// several, of which the account's own says which. Each Save makes new ones and
// changes that entry last, so that a crash leaves the old secret or the new one.

// inParts is what stands in the account's entry instead of a secret.
var inParts = regexp.MustCompile(`^twinday: kept in (\d) parts of ([A-Z2-7]+)$`)

// partName names the entry of one part.
func partName(account, of string, i int) string {
	return fmt.Sprintf("%s (part %d of %s)", account, i+1, of)
}

// set keeps a secret in one entry, or in several.
func (k *OSKeyring) set(account, secret string) error {
	old := k.parts(account)
	if len(secret) > entryLimit {
		of, n := rand.Text(), 0
		for rest := secret; rest != ""; n++ {
			part := rest[:min(len(rest), entryLimit)]
			rest = rest[len(part):]
			if err := k.ring.Set(k.service, partName(account, of, n), part); err != nil {
				return without(err, part)
			}
		}
		secret = fmt.Sprintf("twinday: kept in %d parts of %s", n, of)
	}
	if err := k.ring.Set(k.service, account, secret); err != nil {
		return without(err, secret)
	}
	k.deleteAll(old)
	return nil
}

// get reads a secret from one entry, or from several.
func (k *OSKeyring) get(account string) (string, error) {
	text, err := k.ring.Get(k.service, account)
	if err != nil {
		return "", err
	}
	names := parse(account, text)
	if names == nil {
		return text, nil
	}
	text = ""
	for _, name := range names {
		part, err := k.ring.Get(k.service, name)
		if err != nil {
			return "", err
		}
		text += part
	}
	return text, nil
}

// parts names the entries that an account's secret is in, beside its own.
func (k *OSKeyring) parts(account string) []string {
	text, err := k.ring.Get(k.service, account)
	if err != nil {
		return nil // none is kept, or it will show in what comes next
	}
	return parse(account, text)
}

func parse(account, text string) (names []string) {
	m := inParts.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return nil
	}
	for i := range n {
		names = append(names, partName(account, m[2], i))
	}
	return names
}

// deleteAll forgets entries that nobody reads any more. One that stays is a part of a
// secret that has been replaced.
func (k *OSKeyring) deleteAll(names []string) {
	for _, name := range names {
		_ = k.ring.Delete(k.service, name)
	}
}
