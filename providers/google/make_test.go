package google_test

import (
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// Without the permission nothing is made, and the account is as signed in as before.
func TestMakingACalendarTakesItsPermission(t *testing.T) {
	w := newWorld(t, mailbox.GoogleSwitches{})
	p := w.open(&secret{text: signin.GrantSecret(w.grant())})
	_, err := p.MakeCalendar(t.Context(), "Copies", "")
	if calendar.KindOf(err) != calendar.Forbidden || calendar.ObstacleOf(err) != calendar.ScopeMissing {
		t.Errorf("without the scope: %v", err)
	}
	if list, err := p.Calendars(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("afterwards: %+v, %v", list, err)
	}
}
