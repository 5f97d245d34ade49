package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
)

// invitation is a meeting of somebody else, to which the owner of a side is invited.
func invitation(side string, series bool) mailbox.Event {
	lee := mailbox.Person{Name: "Lee", Email: "lee@example.org"}
	e := mailbox.Event{Title: "Review", Place: "Room 3", Start: at(10, 9), End: at(10, 10), Organizer: lee, Creator: lee,
		Attendees: []mailbox.Attendee{{Person: lee, Type: "required", Response: "accepted"},
			{Person: owner(side), Type: "required", Response: "accepted"}, {Person: mailbox.Person{Email: "kim@example.org"}, Type: "required"}}}
	if series {
		e.Recurrence = tuesdays().Recurrence
	}
	return e
}

// invited is a pair of which one side has an invitation, and the copy of it.
func invited(t *testing.T, home string, series bool, rule state.InvitationRule) (p *pair, id string, copied mailbox.Event) {
	t.Helper()
	p = newPair(t, mailbox.Switches{})
	p.change(func(m *state.Mirror) { m.Invitations = rule })
	id = p.add(home, invitation(home, series))
	p.settled("at first")
	p.quiet("at first")
	return p, id, p.only(other(home))
}

// answer is what the owner of a side answered to an event.
func (p *pair) answer(side, id string) string {
	for _, a := range p.event(side, id).Attendees {
		if a.Email == owner(side).Email {
			return a.Response
		}
	}
	return "not invited"
}

func eachInvitation(t *testing.T, f func(t *testing.T, home string, series bool)) {
	for _, home := range []string{onGoogle, onOutlook} {
		for _, series := range []bool{false, true} {
			t.Run(fmt.Sprintf("born on %s, series %v", home, series), func(t *testing.T) { f(t, home, series) })
		}
	}
}

func TestAnEditOfSomebodyElsesMeetingIsTakenBack(t *testing.T) {
	eachInvitation(t, func(t *testing.T, home string, series bool) {
		p, id, copied := invited(t, home, series, state.HideInvitation)
		target := other(home)
		before, shown := fields(home, p.event(home, id)), fields(target, copied)
		p.edit(target, copied.ID, func(e *mailbox.Event) { rework(target, e) })
		p.settled("edited")
		same(t, "at home", fields(home, p.event(home, id)), before)
		same(t, "the copy", fields(target, p.only(target)), shown)
		p.noted(state.Reverted, "only its organizer can change this meeting")
		p.quiet("edited")
	})
}

func TestWhatDeletingTheCopyOfAnInvitationMeans(t *testing.T) {
	for _, rule := range []state.InvitationRule{state.HideInvitation, state.DeclineInvitation, state.PutBackInvitation} {
		eachInvitation(t, func(t *testing.T, home string, series bool) {
			p, id, copied := invited(t, home, series, rule)
			target := other(home)
			before := fields(home, p.event(home, id))
			p.must(p.sides[target].Mailbox().DeleteEvent(p.cals[target], copied.ID))
			p.settled("deleted")
			p.quiet("deleted")
			copies := 0
			if rule == state.PutBackInvitation {
				copies = 1
			}
			if n := len(p.events(target)); n != copies {
				t.Errorf("%q: %d copies, want %d", rule, n, copies)
			}
			if rule == state.DeclineInvitation {
				p.declined(home, id)
				return
			}
			same(t, "at home", fields(home, p.event(home, id)), before)
			p.edit(home, id, func(e *mailbox.Event) { e.Title = "Review, again" }) // by its organizer
			p.settled("changed at home")
			if n := len(p.events(target)); n != copies {
				t.Errorf("%q: %d copies after a change at home, want %d", rule, n, copies)
			}
			p.quiet("changed at home")
		})
	}
}

// declined insists that an invitation is declined: in Google it says so, from Outlook
// it is gone.
func (p *pair) declined(home, id string) {
	p.t.Helper()
	switch e := p.event(home, id); {
	case home == onOutlook && !e.Deleted:
		p.t.Errorf("it is still in Outlook, answered %q", p.answer(home, id))
	case home == onGoogle && (e.Deleted || p.answer(home, id) != "declined"):
		p.t.Errorf("in Google it is deleted: %v, answered %q", e.Deleted, p.answer(home, id))
	}
}

// The connection is cut on the answer, before or after it arrived: it is given once.
func TestACutAnswerIsGivenOnce(t *testing.T) {
	for _, arrived := range []bool{false, true} {
		eachInvitation(t, func(t *testing.T, home string, series bool) {
			p, id, copied := invited(t, home, series, state.DeclineInvitation)
			target, kind := other(home), "events.patch"
			if home == onOutlook {
				kind = "events.decline"
			}
			p.must(p.sides[target].Mailbox().DeleteEvent(p.cals[target], copied.ID))
			p.sides[home].AddFault(simulator.Fault{Match: kind, Nth: 1, Count: 1, DropBefore: !arrived, DropAfter: arrived})
			if r, err := p.engine.Sync(context.Background(), control.SyncRequest{}); err != nil || r.Failed != 1 {
				t.Fatalf("the cut pass: %+v, %v", r, err)
			}
			p.settled("settled")
			p.declined(home, id)
			want := 1
			if !arrived {
				want = 2 // the first one did nothing
			}
			if n := p.sides[home].Counters().Kinds[kind]; n != want {
				t.Errorf("arrived %v: it was answered %d times", arrived, n)
			}
			p.quiet("settled")
		})
	}
}
