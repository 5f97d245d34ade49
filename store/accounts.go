package store

import (
	"fmt"
	"strconv"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// Account reads one account.
func (t *Tx) Account(id state.AccountID) (state.Account, bool, error) {
	return get[state.Account](t, bucketAccounts, []byte(id))
}

// Accounts lists all accounts.
func (t *Tx) Accounts() ([]state.Account, error) {
	return list[state.Account](t, bucketAccounts, nil)
}

// PutAccount adds or replaces an account.
func (t *Tx) PutAccount(a state.Account) error {
	if err := checkRef(state.Ref{Account: a.ID, Calendar: "any"}); err != nil {
		return err
	}
	return t.put(bucketAccounts, "an account", string(a.ID), a)
}

// DeleteAccount forgets an account and what was read of its calendars: their
// list, cursors, replicas and dirty marks. Mirrors and entities that name it
// stay: the engine settles those first.
func (t *Tx) DeleteAccount(id state.AccountID) error {
	if err := t.bucket(bucketAccounts).Delete([]byte(id)); err != nil {
		return err
	}
	prefix := accountPrefix(id)
	for _, name := range [][]byte{bucketCalendars, bucketCursors, bucketDirty} {
		b := t.bucket(name)
		for _, rest := range keys(b, prefix) {
			if err := b.Delete(append(accountPrefix(id), rest...)); err != nil {
				return err
			}
		}
	}
	for _, name := range [][]byte{bucketReplicas, bucketAlike} {
		for _, cal := range keys(t.bucket(name), prefix) {
			if err := t.dropByRef(name, state.Ref{Account: id, Calendar: calendar.CalendarID(cal)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Calendars lists the calendars of an account as last listed, of all accounts
// if it is empty.
func (t *Tx) Calendars(account state.AccountID) ([]state.Calendar, error) {
	if account == "" {
		return list[state.Calendar](t, bucketCalendars, nil)
	}
	return list[state.Calendar](t, bucketCalendars, accountPrefix(account))
}

// PutCalendars replaces the list of an account's calendars. A Ref left zero is
// filled in. A calendar that is no longer listed is dropped, or kept as Missing
// while a mirror names it.
func (t *Tx) PutCalendars(account state.AccountID, listed []state.Calendar) error {
	before, err := t.Calendars(account)
	if err != nil {
		return err
	}
	mirrors, err := t.Mirrors()
	if err != nil {
		return err
	}
	b := t.bucket(bucketCalendars)
	for _, c := range before {
		if err := b.Delete(refKey(c.Ref)); err != nil {
			return err
		}
		for _, m := range mirrors {
			if m.Has(c.Ref) {
				c.Missing = true
				if err := t.putCalendar(c); err != nil {
					return err
				}
				break
			}
		}
	}
	for _, c := range listed {
		if c.Ref == (state.Ref{}) {
			c.Ref = state.Ref{Account: account, Calendar: c.ID}
		}
		if c.Ref.Account != account {
			return fmt.Errorf("store: calendar %s is none of account %s", c.Ref, account)
		}
		if err := t.putCalendar(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) putCalendar(c state.Calendar) error {
	if err := checkRef(c.Ref); err != nil {
		return err
	}
	raw, err := encode(c)
	if err != nil {
		return err
	}
	return t.bucket(bucketCalendars).Put(refKey(c.Ref), raw)
}

// Mirror reads one mirror.
func (t *Tx) Mirror(id state.MirrorID) (state.Mirror, bool, error) {
	return get[state.Mirror](t, bucketMirrors, []byte(id))
}

// Mirrors lists all mirrors.
func (t *Tx) Mirrors() ([]state.Mirror, error) {
	return list[state.Mirror](t, bucketMirrors, nil)
}

// PutMirror adds or replaces a mirror.
func (t *Tx) PutMirror(m state.Mirror) error {
	for _, member := range m.Members {
		if err := checkRef(member.Ref); err != nil {
			return err
		}
	}
	return t.put(bucketMirrors, "a mirror", string(m.ID), m)
}

// DeleteMirror forgets a mirror, and nothing else.
func (t *Tx) DeleteMirror(id state.MirrorID) error {
	return t.bucket(bucketMirrors).Delete([]byte(id))
}

// NextMirrorID mints the id of a new mirror: "m" and a number, never used before.
// In a View it makes the transaction fail.
func (t *Tx) NextMirrorID() state.MirrorID {
	return state.MirrorID("m" + strconv.FormatUint(t.next(bucketMirrors), 10))
}

// Cursor reads where the reading of a calendar's changes goes on.
func (t *Tx) Cursor(ref state.Ref) (calendar.Cursor, bool, error) {
	raw := t.bucket(bucketCursors).Get(refKey(ref))
	return calendar.Cursor(raw), raw != nil, nil
}

// SetCursor keeps a calendar's cursor. It belongs into the transaction that
// keeps what was read up to it.
func (t *Tx) SetCursor(ref state.Ref, c calendar.Cursor) error {
	if err := checkRef(ref); err != nil {
		return err
	}
	return t.bucket(bucketCursors).Put(refKey(ref), []byte(c))
}

// DropCursor forgets a calendar's cursor: the next read is a full one.
func (t *Tx) DropCursor(ref state.Ref) error {
	return t.bucket(bucketCursors).Delete(refKey(ref))
}

// Setting reads a setting.
func (t *Tx) Setting(key string) (string, bool) {
	raw := t.bucket(bucketSettings).Get([]byte(key))
	return string(raw), raw != nil
}

// SetSetting keeps a setting. An empty value is a value.
func (t *Tx) SetSetting(key, value string) error {
	if err := checkID("a setting", key); err != nil {
		return err
	}
	return t.bucket(bucketSettings).Put([]byte(key), []byte(value))
}

// NextPass begins to count a new pass and returns its number, the first is 1. In
// a View it makes the transaction fail.
func (t *Tx) NextPass() uint64 {
	n := t.LastPass() + 1
	t.fail(t.bucket(bucketMeta).Put(keyPass, strconv.AppendUint(nil, n, 10)))
	return n
}

// LastPass is the number of the latest pass, 0 before the first.
func (t *Tx) LastPass() uint64 {
	raw := t.bucket(bucketMeta).Get(keyPass)
	if raw == nil {
		return 0
	}
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		t.fail(damage(t.s.path, fmt.Errorf("the number of the last pass cannot be read: %w", err)))
	}
	return n
}
