package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
)

// titles are what a person sees in a calendar, sorted, with how often.
func (p *pair) titles(side string) (out []string) {
	p.t.Helper()
	n := map[string]int{}
	for _, o := range p.agenda(side) {
		n[o.Title]++
	}
	for title, times := range n {
		if times > 1 {
			title = fmt.Sprintf("%s ×%d", title, times)
		}
		out = append(out, title)
	}
	slices.Sort(out)
	return out
}

// shows insists on what a person sees in the copies' calendar, and that at home they
// see as many meetings as ever.
func (p *pair) shows(story, target string, atHome int, want ...string) {
	p.t.Helper()
	slices.Sort(want)
	if got := p.titles(target); !slices.Equal(got, want) {
		p.t.Errorf("%s: %s shows %q, want %q", story, target, got, want)
	}
	if n := len(p.agenda(other(target))); n != atHome {
		p.t.Errorf("%s: %s shows %d meetings, there were %d", story, other(target), n, atHome)
	}
}

// plain is a meeting of an hour.
func plain(title string, day, hour int, f ...func(*mailbox.Event)) mailbox.Event {
	e := mailbox.Event{Title: title, Start: at(day, hour), End: at(day, hour+1)}
	for _, f := range f {
		f(&e)
	}
	return e
}

func allDay(e *mailbox.Event) {
	e.Start, e.End = mailbox.Moment{Date: e.Start.Local[:10]}, mailbox.Moment{Date: "2026-03-31"}
}

func showAs(s string) func(*mailbox.Event) { return func(e *mailbox.Event) { e.ShowAs = s } }

func kind(s string) func(*mailbox.Event) {
	return func(e *mailbox.Event) {
		if e.Type = s; s == "workingLocation" {
			e.Sensitivity, e.ShowAs = "public", "free"
			e.Extra = map[string]any{"workingLocationProperties": map[string]any{"type": "homeOffice", "homeOffice": map[string]any{}}}
		}
	}
}

// asked makes it an invitation with an answer of the owner of a side.
func asked(side, answer string) func(*mailbox.Event) {
	return func(e *mailbox.Event) {
		lee := mailbox.Person{Name: "Lee", Email: "lee@example.org"}
		e.Organizer, e.Creator = lee, lee
		e.Attendees = []mailbox.Attendee{{Person: lee, Response: "accepted"}, {Person: owner(side), Response: answer}}
	}
}

func categories(names ...string) func(*mailbox.Event) {
	return func(e *mailbox.Event) { e.Categories = names }
}

func color(id string) func(*mailbox.Event) { return func(e *mailbox.Event) { e.ColorID = id } }

func TestFiltersOfSingleEvents(t *testing.T) {
	none := []calendar.Response{}
	for _, test := range []struct {
		name   string
		home   string
		filter state.Filter
		events []mailbox.Event
		want   []string
	}{
		{"availability", onOutlook, state.Filter{Availability: []calendar.Availability{calendar.Busy, calendar.Away}},
			[]mailbox.Event{plain("A", 10, 9, showAs("busy")), plain("B", 10, 9, showAs("free")), plain("C", 10, 9, showAs("oof")), plain("D", 10, 9, showAs("tentative"))}, []string{"A", "C"}},
		{"declined ones, by default", onGoogle, state.Filter{},
			[]mailbox.Event{plain("A", 10, 9, asked(onGoogle, "declined")), plain("B", 10, 9, asked(onGoogle, "needsAction"))}, []string{"B"}},
		{"unanswered ones", onGoogle, state.Filter{Responses: &[]calendar.Response{calendar.NeedsAction}},
			[]mailbox.Event{plain("A", 10, 9, asked(onGoogle, "declined")), plain("B", 10, 9, asked(onGoogle, "needsAction")), plain("C", 10, 9)}, []string{"A", "C"}},
		{"any answer", onGoogle, state.Filter{Responses: &none},
			[]mailbox.Event{plain("A", 10, 9, asked(onGoogle, "declined")), plain("B", 10, 9, asked(onGoogle, "needsAction"))}, []string{"A", "B"}},
		{"no all-day ones", onGoogle, state.Filter{AllDay: state.None},
			[]mailbox.Event{plain("A", 30, 9, allDay), plain("B", 10, 9)}, []string{"B"}},
		{"all-day ones that take time", onGoogle, state.Filter{AllDay: state.BusyAllDay},
			[]mailbox.Event{plain("A", 30, 9, allDay, showAs("busy")), plain("B", 30, 9, allDay, showAs("free")), plain("C", 10, 9, showAs("free"))}, []string{"A", "C"}},
		{"with a category", onOutlook, state.Filter{With: []string{"work"}},
			[]mailbox.Event{plain("A", 10, 9, categories("Work")), plain("B", 10, 9, categories("Home")), plain("C", 10, 9)}, []string{"A"}},
		{"without a category", onOutlook, state.Filter{Without: []string{"Secret"}},
			[]mailbox.Event{plain("A", 10, 9, categories("Work")), plain("B", 10, 9, categories("Work", "secret"))}, []string{"A"}},
		{"without a colour", onGoogle, state.Filter{Without: []string{"tomato"}},
			[]mailbox.Event{plain("A", 10, 9, color("10")), plain("B", 10, 9, color("11"))}, []string{"A"}},
		{"title", onGoogle, state.Filter{Include: "^visit", Exclude: `\blunch\b`},
			[]mailbox.Event{plain("Visit Kim", 10, 9), plain("Visit and lunch", 10, 9), plain("Revisit", 10, 9), plain("visit luncheon", 10, 9)}, []string{"Visit Kim", "visit luncheon"}},
		{"days", onGoogle, state.Filter{Days: []state.Weekday{"MO", "TU", "WE", "TH", "FR"}}, // the 14th is a Saturday
			[]mailbox.Event{plain("Friday", 13, 9), plain("Saturday", 14, 9)}, []string{"Friday"}},
		{"hours", onGoogle, state.Filter{Hours: "08:00-18:00"},
			[]mailbox.Event{plain("Early", 13, 6), plain("Half", 13, 7), plain("Noon", 13, 12), plain("Evening", 13, 18), plain("All day", 30, 9, allDay)}, []string{"Noon", "All day"}},
		{"types, by default", onGoogle, state.Filter{},
			[]mailbox.Event{plain("Desk", 10, 9, kind("workingLocation")), plain("Kim is 40", 30, 9, kind("birthday"), allDay), plain("Holiday", 10, 9, kind("outOfOffice")), plain("Think", 10, 9, kind("focusTime")), plain("Flight", 10, 9, kind("fromGmail"))},
			[]string{"Holiday", "Think", "Flight"}},
		{"types, chosen", onGoogle, state.Filter{Types: []calendar.EventType{calendar.WorkingLocation}},
			[]mailbox.Event{plain("Desk", 10, 9, kind("workingLocation")), plain("Talk", 10, 9), plain("Think", 10, 9, kind("focusTime"))}, []string{"Desk"}},
		{"past", onGoogle, state.Filter{Past: 1},
			[]mailbox.Event{{Title: "Old", Start: mailbox.Moment{Local: "2026-02-20T09:00:00", Zone: "Europe/Berlin"}, End: mailbox.Moment{Local: "2026-02-20T10:00:00", Zone: "Europe/Berlin"}}, plain("Now", 10, 9)}, []string{"Now"}},
		{"future", onGoogle, state.Filter{Future: 10}, []mailbox.Event{plain("Soon", 10, 9), plain("Late", 20, 9)}, []string{"Soon"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, mailbox.Switches{})
			p.maps(state.Mapping{Filter: test.filter})
			for _, e := range test.events {
				p.add(test.home, e)
			}
			p.settled("at first")
			p.shows("at first", other(test.home), len(test.events), test.want...)
			p.quiet("at first")
		})
	}
}

// What a service keeps as a kind of its own crosses as its availability.
func TestAbsenceAndFocusCrossAsAvailability(t *testing.T) {
	p := newPair(t, mailbox.Switches{})
	p.add(onGoogle, plain("Holiday", 10, 9, kind("outOfOffice")))
	p.add(onGoogle, plain("Think", 11, 9, kind("focusTime")))
	p.settled("at first")
	got := map[string]string{}
	for _, e := range p.events(onOutlook) {
		got[e.Title] = e.ShowAs
	}
	if got["Holiday"] != "oof" || got["Think"] != "busy" {
		t.Errorf("Outlook shows %v", got)
	}
	p.quiet("at first")
}

// times is how often the series of these tests takes place.
const times = 10

// days are a meeting on each of ten days, from Monday the 9th on.
func days() mailbox.Event {
	return plain("Daily", 9, 9, func(e *mailbox.Event) { e.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=10"} })
}

func TestFiltersOfOccurrences(t *testing.T) {
	change := func(f func(e *mailbox.Event)) func(*pair, string, string, []string) {
		return func(p *pair, home, id string, slots []string) {
			p.must(p.sides[home].EditOccurrence(p.cals[home], id, slots[2], f))
		}
	}
	weekdays := []state.Weekday{"MO", "TU", "WE", "TH", "FR"}
	for _, test := range []struct {
		name         string
		home         string
		filter       state.Filter
		series       func(*mailbox.Event)
		before       []string
		do, undo     func(p *pair, home, id string, slots []string)
		after, again []string // again: nil where it is not undone
	}{
		{"one is declined", onGoogle, state.Filter{}, asked(onGoogle, "accepted"), []string{"Daily ×10"},
			change(func(e *mailbox.Event) { e.Attendees[1].Response = "declined" }), change(func(e *mailbox.Event) { e.Attendees[1].Response = "accepted" }), []string{"Daily ×9"}, []string{"Daily ×10"}},
		{"one is answered, of a declined series", onGoogle, state.Filter{}, asked(onGoogle, "declined"), []string{},
			change(func(e *mailbox.Event) { e.Attendees[1].Response = "accepted" }), nil, []string{"Daily"}, nil},
		{"weekdays", onGoogle, state.Filter{Days: weekdays}, func(*mailbox.Event) {}, []string{"Daily ×8"},
			change(func(e *mailbox.Event) { e.Start, e.End = at(14, 15), at(14, 16) }), change(func(e *mailbox.Event) { e.Start, e.End = at(11, 15), at(11, 16) }), []string{"Daily ×7"}, []string{"Daily ×8"}},
		{"hours", onGoogle, state.Filter{Days: weekdays, Hours: "08:00-18:00"}, func(*mailbox.Event) {}, []string{"Daily ×8"},
			change(func(e *mailbox.Event) { e.Start, e.End = at(11, 20), at(11, 21) }), change(func(e *mailbox.Event) { e.Start, e.End = at(11, 10), at(11, 11) }), []string{"Daily ×7"}, []string{"Daily ×8"}},
		{"moved out of hours", onOutlook, state.Filter{Hours: "08:00-18:00"}, func(*mailbox.Event) {}, []string{"Daily ×10"},
			change(func(e *mailbox.Event) { e.Start, e.End = at(11, 20), at(11, 21) }), change(func(e *mailbox.Event) { e.Start, e.End = at(11, 10), at(11, 11) }), []string{"Daily ×9"}, []string{"Daily ×10"}},
		{"title", onGoogle, state.Filter{Exclude: "secret"}, func(*mailbox.Event) {}, []string{"Daily ×10"},
			change(func(e *mailbox.Event) { e.Title = "Secret" }), change(func(e *mailbox.Event) { e.Title = "Open" }), []string{"Daily ×9"}, []string{"Daily ×9", "Open"}},
		{"category", onOutlook, state.Filter{Without: []string{"Secret"}}, func(*mailbox.Event) {}, []string{"Daily ×10"},
			change(func(e *mailbox.Event) { e.Categories = []string{"Secret"} }), change(func(e *mailbox.Event) { e.Categories = nil }), []string{"Daily ×9"}, []string{"Daily ×10"}},
		{"availability", onOutlook, state.Filter{Availability: []calendar.Availability{calendar.Busy}}, showAs("busy"), []string{"Daily ×10"},
			change(showAs("free")), change(showAs("busy")), []string{"Daily ×9"}, []string{"Daily ×10"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, mailbox.Switches{})
			p.maps(state.Mapping{Filter: test.filter})
			e := days()
			test.series(&e)
			id, target := p.add(test.home, e), other(test.home)
			slots := p.slotsOf(test.home, id)
			p.settled("at first")
			p.shows("at first", target, times, test.before...)
			p.quiet("at first")
			test.do(p, test.home, id, slots)
			p.settled("changed")
			p.shows("changed", target, times, test.after...)
			p.quiet("changed")
			if test.undo != nil {
				test.undo(p, test.home, id, slots)
				p.settled("undone")
				p.shows("undone", target, times, test.again...)
				p.quiet("undone")
			}
		})
	}
}

// The other account is invited too: both have it from its organizer, and are left alone.
func TestAMeetingToWhichBothAreInvited(t *testing.T) {
	for _, test := range []struct {
		invited state.Choice
		copies  int
	}{{"", 1}, {state.Cross, 2}} {
		t.Run(string(test.invited), func(t *testing.T) {
			p := newPair(t, mailbox.Switches{})
			p.maps(state.Mapping{Filter: state.Filter{Invited: test.invited}})
			both := func(e *mailbox.Event) {
				asked(onGoogle, "accepted")(e)
				e.Attendees = append(e.Attendees, mailbox.Attendee{Person: owner(onOutlook), Response: "needsAction"})
				e.UID = "both@example.org"
			}
			id := p.add(onGoogle, plain("Review", 10, 9, both))
			if test.invited == "" {
				p.add(onOutlook, plain("Review", 10, 9, both))
			}
			p.settled("at first")
			p.quiet("at first")
			p.edit(onGoogle, id, func(e *mailbox.Event) { e.Title = "Review of Google's" })
			p.settled("edited")
			p.quiet("edited")
			want := "Review"
			if test.invited == state.Cross {
				want = "Review of Google's"
			}
			if e := p.only(onOutlook); e.Title != want || len(p.events(onGoogle)) != 1 {
				t.Errorf("Outlook has %q, Google %d events", e.Title, len(p.events(onGoogle)))
			}
		})
	}
}

// An event goes out of scope and comes back: its copy is removed and made again, or
// kept as it was and brought up to date. At home nothing happens.
func TestOutOfScopeAndBack(t *testing.T) {
	for _, home := range []string{onGoogle, onOutlook} {
		for _, series := range []bool{false, true} {
			for _, rule := range []state.Choice{state.Remove, state.Keep} {
				t.Run(fmt.Sprintf("born on %s, series %v, %s", home, series, rule), func(t *testing.T) {
					p := newPair(t, mailbox.Switches{})
					p.maps(state.Mapping{OutOfScope: rule, Filter: state.Filter{Exclude: "secret"}})
					e, n, often := plain("Talk", 10, 9), 1, ""
					if series {
						e = plain("Talk", 10, 9, func(e *mailbox.Event) { e.Recurrence = days().Recurrence })
						n, often = times, " ×10"
					}
					id, target := p.add(home, e), other(home)
					p.settled("at first")
					p.shows("at first", target, n, "Talk"+often)
					p.edit(home, id, func(e *mailbox.Event) { e.Title = "Secret talk" })
					p.settled("out of scope")
					want := []string{"Talk" + often}
					if rule == state.Remove {
						want = nil
					}
					p.shows("out of scope", target, n, want...)
					p.quiet("out of scope")
					if rule == state.Keep { // it is no part of the mirror now
						p.edit(target, p.only(target).ID, func(e *mailbox.Event) { e.Title = "Mine" })
						p.settled("the kept copy edited")
						p.shows("the kept copy edited", target, n, "Mine"+often)
						if got := p.event(home, id).Title; got != "Secret talk" {
							t.Errorf("at home it is %q", got)
						}
						p.quiet("the kept copy edited")
					}
					p.edit(home, id, func(e *mailbox.Event) { e.Title = "Talk again" })
					p.settled("back")
					p.shows("back", target, n, "Talk again"+often)
					p.quiet("back")
				})
			}
		}
	}
}

// dozen is more than the guard lets go at once.
const dozen = 12

// A filter that the person changed after seeing the plan removes a dozen copies
// without another question.
func TestAChangedFilterShowsItsPlanAndIsNotAskedAgain(t *testing.T) {
	ctx := context.Background()
	for _, home := range []string{onGoogle, onOutlook} {
		t.Run("born on "+home, func(t *testing.T) {
			p := newPair(t, mailbox.Switches{})
			for i := range dozen {
				p.add(home, plain(fmt.Sprint("Gym ", i), 5+i, 9))
			}
			p.add(home, plain("Talk", 20, 9))
			p.settled("at first")
			m := p.mirror()
			m.Mappings = []state.PairMapping{{Mapping: state.Mapping{Filter: state.Filter{Exclude: "gym"}}}}
			plan, err := p.engine.PlanMirror(ctx, m)
			p.must(err)
			var seen []string
			for _, s := range plan.Steps {
				if s.Kind == state.Delete && s.Ref.Account == state.AccountID(other(home)) && strings.Contains(s.Reason, "gym") {
					seen = append(seen, s.Fact)
				}
			}
			if len(seen) != dozen {
				t.Fatalf("the plan removes %d copies: %v", len(seen), told(plan, func(control.StepResult) bool { return true }))
			}
			if n := len(p.events(other(home))); n != dozen+1 {
				t.Fatalf("the plan alone left %d copies", n)
			}
			_, err = p.engine.ChangeMirror(ctx, control.ChangeMirror{Mirror: m, Seen: seen})
			p.must(err)
			if r := p.settled("changed"); r.Deleted != dozen {
				t.Errorf("%d copies were removed", r.Deleted)
			}
			p.shows("changed", other(home), dozen+1, "Talk")
			p.quiet("changed")
			p.maps(state.Mapping{})
			if r := p.settled("changed back"); r.Created != dozen {
				t.Errorf("%d copies were made again", r.Created)
			}
			p.quiet("changed back")
		})
	}
}

// The same removal, but nobody saw a plan: a dozen meetings are declined at once. The
// guard holds their copies until the person says.
func TestADozenThatLeaveByThemselvesAreHeld(t *testing.T) {
	ctx := context.Background()
	p := newPair(t, mailbox.Switches{})
	var ids []string
	for i := range dozen {
		ids = append(ids, p.add(onGoogle, plain(fmt.Sprint("Review ", i), 5+i, 9, asked(onGoogle, "accepted"))))
	}
	p.settled("at first")
	for _, id := range ids {
		p.must(p.sides[onGoogle].Mailbox().Respond(p.cals[onGoogle], id, owner(onGoogle).Email, "declined"))
	}
	r := p.pass("declined")
	if r.Held != dozen || r.Deleted != 0 || len(p.events(onOutlook)) != dozen {
		t.Fatalf("held %d, deleted %d, %d copies left", r.Held, r.Deleted, len(p.events(onOutlook)))
	}
	p.quiet("declined")
	held, err := p.engine.Held(ctx)
	p.must(err)
	var facts []string
	for _, h := range held {
		facts = append(facts, h.ID)
	}
	p.must(p.engine.Decide(ctx, control.Decide{IDs: facts[:5], Decision: state.Drop}))
	p.must(p.engine.Decide(ctx, control.Decide{IDs: facts[5:], Decision: state.Apply}))
	if r := p.settled("decided"); r.Deleted != dozen-5 {
		t.Errorf("%d were removed", r.Deleted)
	}
	if n, at := len(p.events(onOutlook)), len(p.events(onGoogle)); n != 5 || at != dozen {
		t.Errorf("%d copies are left, and %d events at home", n, at)
	}
	p.quiet("decided")
}
