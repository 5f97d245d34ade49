package mapping

import (
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// A copy that would be private stays out of a calendar that shows us no private events;
// one that only blocks the time goes there.
func TestPrivateCopiesStayOutOfSight(t *testing.T) {
	caps := calendar.Capabilities{Groups: calendar.AllGroups}
	blind := caps
	blind.HidesPrivate = true
	private := &state.ValueLens{Lens: state.ConstantLens, Value: "private"}
	for name, c := range map[string]struct {
		m      state.Mapping
		target calendar.Capabilities
		home   calendar.Visibility
		stays  bool
	}{
		"a private event, busy only":      {state.Mapping{}, blind, calendar.Private, false},
		"a private event, in full":        {state.Mapping{ShowPrivate: true}, blind, calendar.Private, true},
		"a confidential event, in full":   {state.Mapping{ShowPrivate: true}, blind, calendar.Confidential, true},
		"an open event":                   {state.Mapping{ShowPrivate: true}, blind, calendar.Public, false},
		"an open event, made private":     {state.Mapping{Visibility: private}, blind, calendar.Public, true},
		"a private event, in full, yours": {state.Mapping{ShowPrivate: true}, caps, calendar.Private, false},
	} {
		m, err := New(c.m, Side{Capabilities: caps}, Side{Name: "Office", Capabilities: c.target})
		if err != nil {
			t.Fatal(err)
		}
		day := calendar.Date(2026, time.March, 10)
		s := Source{Content: calendar.Content{Title: "Surgery", Visibility: c.home, Availability: calendar.Busy, When: calendar.When{Start: day, End: calendar.Date(2026, time.March, 11)}}}
		s.Facts.Organized = true
		if why := m.Crossing(s); strings.Contains(why, "no sight of private events in “Office”") != c.stays || !c.stays && why != "" {
			t.Errorf("%s: %q", name, why)
		}
	}
}
