package engine_test

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// One account at the provider is one here, whatever it is called by now; two are two,
// even under one address.
func TestTheSameAccountTwiceIsNoticed(t *testing.T) {
	b := newBench(t)
	as := func(id state.AccountID, who string) (state.Account, error) {
		return b.connects(control.NewAccount{ID: id, Endpoint: state.Endpoint{ClientID: who}})
	}
	b.connector.known = map[string]string{"ann@x.test": "1@t", "ann.b@x.test": "1@t"}
	b.connector.fakes["ann.b@x.test"] = b.a
	learnt, err := as("", "ann@x.test") // it was signed in when nobody asked for identities
	if err != nil || learnt.ID != "ann@x.test" || learnt.Identity != "1@t" {
		t.Fatalf("%+v, %v", learnt, err)
	}
	b.a.fault = func(string) (before, after error) { return b.a.err(calendar.SignedOut), nil }
	b.sync()
	if all, err := b.face.Accounts(t.Context()); err != nil || !all[0].SignedOut {
		t.Fatalf("%+v, %v", all, err)
	}
	b.a.fault = nil
	again, err := as("", "ann.b@x.test") // she has another address now
	if err != nil || again.ID != "ann@x.test" || again.Email != "ann.b@x.test" || !again.Added.Equal(learnt.Added) || again.SignedOut {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := as("second", "ann.b@x.test"); err == nil || !strings.Contains(err.Error(), "connected already, as \"ann@x.test\"") {
		t.Errorf("under another name: %v", err)
	}
	b.a.add("Dentist")
	b.sync()
	b.alike("Dentist") // the mirror goes on

	b.connector.known["ann@x.test"] = "2@personal" // her old address is a personal account's
	b.connector.fakes["ann@x.test"] = newFake(b.now)
	other, err := as("", "ann@x.test")
	if err != nil || other.ID != "ann@x.test-2" {
		t.Errorf("%+v, %v", other, err)
	}
	if all, err := b.face.Accounts(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("%d accounts, %v", len(all), err)
	}
}
