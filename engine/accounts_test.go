package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// ask signs an account in, with what the person ticks.
func (b *bench) connects(req control.NewAccount) (state.Account, error) {
	b.Helper()
	req.Provider = state.Google
	s, err := b.face.BeginSignIn(b.Context(), req)
	if err != nil {
		return state.Account{}, err
	}
	return b.face.FinishSignIn(b.Context(), s.ID)
}

func TestAnAccountLetsTwindayDoWhatItsPersonTicked(t *testing.T) {
	b := newBench(t)
	copies := calendar.Access{Extras: []calendar.Extra{calendar.CopiesCalendar}}
	b.connector.lacks = copies.Extras
	a, err := b.connects(control.NewAccount{ID: "ann@x.test", Endpoint: state.Endpoint{ClientID: "ann@x.test"}, Access: &copies})
	if err != nil || !a.Access.Has(calendar.CopiesCalendar) || !slices.Equal(a.Lacks, copies.Extras) {
		t.Errorf("%+v, %v", a, err)
	}
	added := a.Added
	*b.clock = b.clock.Add(time.Hour)
	b.connector.lacks = nil
	if a, err = b.connects(control.NewAccount{ID: "ann@x.test"}); err != nil || !b.connector.asked.Access.Has(calendar.CopiesCalendar) || a.Lacks != nil {
		t.Errorf("signed in again, it is asked for %+v and has %+v, %v", b.connector.asked.Access, a, err)
	}
	if !a.Added.Equal(added) || !a.SignedIn.After(added) {
		t.Errorf("added %v, signed in %v", a.Added, a.SignedIn)
	}
	for what, access := range map[string]calendar.Access{
		"permission":       {Extras: []calendar.Extra{calendar.SharedCalendars}},
		"leave one of the": {ReadOnly: true, Extras: copies.Extras},
	} {
		if _, err := b.connects(control.NewAccount{Access: &access}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v: %v", access, err)
		}
	}
	if _, err := b.connects(control.NewAccount{Device: true}); err == nil || !strings.Contains(err.Error(), "with a browser") {
		t.Errorf("a code where there is none: %v", err)
	}
}

// A permission that an older Twinday asked for, and this one has no use for, is no longer
// asked for, and keeps nobody from signing in again.
func TestAPermissionOfAnOlderTwindayIsLeftOut(t *testing.T) {
	b := newBench(t)
	err := b.store.Update(func(tx *store.Tx) error {
		a, _, err := tx.Account("ann@x.test")
		a.Access.Extras = []calendar.Extra{"mailbox settings", calendar.CopiesCalendar}
		return errors.Join(err, tx.PutAccount(a))
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.connects(control.NewAccount{ID: "ann@x.test"})
	want := []calendar.Extra{calendar.CopiesCalendar}
	if err != nil || !slices.Equal(a.Access.Extras, want) || !slices.Equal(b.connector.asked.Access.Extras, want) {
		t.Errorf("asked for %v, has %v, %v", b.connector.asked.Access.Extras, a.Access.Extras, err)
	}
}

// I6: nothing is written to an account that is only read.
func TestAnAccountThatIsOnlyReadOnlySends(t *testing.T) {
	b := newBench(t)
	if _, err := b.connects(control.NewAccount{ID: "ann@y.test", Endpoint: state.Endpoint{ClientID: "ann@y.test"}, Access: &calendar.Access{ReadOnly: true}}); err != nil {
		t.Fatal(err)
	}
	cals, err := b.face.Calendars(t.Context(), "ann@y.test", true)
	if err != nil || len(cals) == 0 || cals[0].Writable {
		t.Errorf("%+v, %v", cals, err)
	}
	b.a.add("here")
	b.b.add("there")
	b.sync()
	b.sync()
	if b.b.writes() != 0 || b.a.titles() != "here, there" {
		t.Errorf("%d writes; a holds %q", b.b.writes(), b.a.titles())
	}
}
