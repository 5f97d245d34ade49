package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// three is a bench with a mirror of three calendars, each with an event of its own.
func three(t *testing.T) (*bench, *fake) {
	t.Helper()
	b := newBench(t)
	c := newFake(b.now)
	b.connector.fakes["ann@z.test"] = c
	b.signIn("ann@z.test")
	refC := state.Ref{Account: "ann@z.test", Calendar: calID}
	m := b.mirror
	m.Members = append(m.Members, state.Member{Ref: refC})
	m.Conflicts = state.ConflictRule(refC.String())
	m.Mappings = []state.PairMapping{{From: refC, Mapping: state.Mapping{Detail: state.TitleAndTime}}}
	if _, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: m}); err != nil {
		t.Fatal(err)
	}
	b.a.add("of A")
	b.b.add("of B")
	c.add("of C")
	b.quiet()
	if c.titles() != "of A, of B, of C" {
		t.Fatalf("c holds %q", c.titles())
	}
	return b, c
}

func (b *bench) disconnect(req control.RemoveAccount) control.Disconnected {
	b.Helper()
	d, err := b.face.RemoveAccount(b.Context(), req)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func TestDisconnectingKeepsCopies(t *testing.T) {
	b, c := three(t)
	writes := b.a.writes() + b.b.writes() + c.writes()
	d := b.disconnect(control.RemoveAccount{ID: "ann@z.test"})
	if !d.Revoked || d.ConsentPage != "" || !strings.Contains(d.Words, "taken the permission back") || len(d.Report.Steps) != 0 {
		t.Errorf("%+v", d)
	}
	b.quiet()
	b.quiet()
	if n := b.a.writes() + b.b.writes() + c.writes() - writes; n != 0 || c.titles() != "of A, of B, of C" {
		t.Errorf("%d writes; c holds %q", n, c.titles())
	}
	b.alike("of A, of B, of C")
	m, err := b.face.Mirrors(t.Context())
	if err != nil || len(m) != 1 || len(m[0].Members) != 2 || m[0].Conflicts != state.LatestWins || len(m[0].Mappings) != 0 {
		t.Errorf("the mirror is %+v, %v", m, err)
	}
	b.a.add("Next") // it goes on
	b.quiet()
	b.alike("Next, of A, of B, of C")
	if c.titles() != "of A, of B, of C" {
		t.Errorf("c holds %q", c.titles())
	}
}

// I10: all copies of it and in it, and nothing else.
func TestDisconnectingRemovesCopies(t *testing.T) {
	b, c := three(t)
	d := b.disconnect(control.RemoveAccount{ID: "ann@z.test", RemoveCopies: true})
	if d.Report.Deleted != 4 || d.Left != 0 {
		t.Errorf("%+v", d)
	}
	if c.titles() != "of C" {
		t.Errorf("c holds %q", c.titles())
	}
	b.quiet()
	b.alike("of A, of B")
	if _, err := b.secrets.Load("ann@z.test"); err == nil {
		t.Error("the secret is still there")
	}
}

func TestDisconnectingWhatCannotBeReached(t *testing.T) {
	b, c := three(t)
	c.fault = func(string) (before, after error) { return c.err(calendar.Unavailable), nil }
	if _, err := b.face.RemoveAccount(t.Context(), control.RemoveAccount{ID: "ann@z.test", RemoveCopies: true}); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("offline: %v", err)
	}
	if all, err := b.face.Accounts(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("it is forgotten all the same: %d accounts, %v", len(all), err)
	}
	c.fault = func(string) (before, after error) { return c.err(calendar.SignedOut), nil }
	b.connector.noRevoking = errors.New("no sign-in to revoke")
	d := b.disconnect(control.RemoveAccount{ID: "ann@z.test", RemoveCopies: true})
	if d.Left != 2 || d.Report.Deleted != 2 || d.Revoked || d.ConsentPage != "https://consent.test" || !strings.Contains(d.Words, "to make sure, remove Twinday at https://consent.test") {
		t.Errorf("signed out: %+v", d)
	}
	b.quiet()
	b.alike("of A, of B")
	if c.titles() != "of A, of B, of C" {
		t.Errorf("c holds %q", c.titles())
	}
}

func TestAProviderThatCannotRevokeSaysWhereThePersonCan(t *testing.T) {
	b := newBench(t)
	b.connector.unrevoked = true
	if d := b.disconnect(control.RemoveAccount{ID: "ann@y.test"}); d.Revoked || d.ConsentPage != "https://consent.test" || !strings.Contains(d.Words, "has no way for an app") {
		t.Errorf("%+v", d)
	}
}
