package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
)

// secret is something of a home event that its copy may show or not.
type secret struct{ what, word string }

// words are secrets that stand nowhere else, one for each thing that a copy could
// give away. n tells events apart.
func words(home, n string) []secret {
	out := []secret{{"title", "zanzibar" + n}, {"notes", "quokka" + n}, {"place", "wombat" + n}, {"guest", "numbat" + n}, {"address", "echidna" + n},
		{"conference", "tapir" + n}, {"attachment", "okapi" + n}, {"property", "ibex" + n}, {"property's name", "gnu" + n}}
	if home == onGoogle {
		out = append(out, secret{"attachment's address", "kudu" + n})
	}
	return out
}

// category is how a copy shows the home's category or colour on the wire.
func category(home string) secret {
	if home == onGoogle {
		return secret{"colour", "Red category"}
	}
	return secret{"category", `"colorId":"11"`}
}

// guarded is a meeting full of secrets.
func guarded(home, n string, day int) mailbox.Event {
	e := mailbox.Event{Title: "Meet zanzibar" + n, Body: "<p>Bring the quokka" + n + "</p>", BodyIsHTML: true, Place: "wombat" + n,
		Start: at(day, 9), End: at(day, 10), Conference: "https://meet.google.com/tapir" + n,
		Attendees: []mailbox.Attendee{{Person: owner(home), Response: "accepted"},
			{Person: mailbox.Person{Name: "numbat" + n, Email: "kim@example.org"}, Type: "required", Response: "accepted"},
			{Person: mailbox.Person{Email: "echidna" + n + "@example.org"}, Type: "required", Response: "accepted"}},
		Attachments: []mailbox.Attachment{{Title: "okapi" + n, URL: "https://files.example/kudu" + n}}}
	if home == onGoogle {
		e.Shared, e.ColorID = map[string]string{"gnu" + n: "ibex" + n}, "11"
		return e
	}
	e.Categories = []string{"Red category"}
	e.Private = map[string]string{propertiesInOutlook: `{"gnu` + n + `":"ibex` + n + `"}`}
	return e
}

func everyday(e mailbox.Event) mailbox.Event {
	e.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=5"}
	return e
}

// somebodys is an event of another organizer.
func somebodys(e mailbox.Event, home string) mailbox.Event {
	e.Organizer = mailbox.Person{Name: "dingo", Email: "dingo@example.org"}
	e.Creator = e.Organizer
	e.Attendees = append(e.Attendees, mailbox.Attendee{Person: e.Organizer, Type: "required", Response: "accepted"})
	return e
}

// leaks are the secrets that are found in what was sent.
func leaks(heard []string, of []secret) (out []string) {
	for _, s := range of {
		if i := slices.IndexFunc(heard, func(x string) bool { return strings.Contains(x, s.word) }); i >= 0 {
			out = append(out, s.what)
		}
	}
	return out
}

// holds are the secrets that are in a calendar, wherever in it.
func (p *pair) holds(side string, of []secret) (out []string) {
	p.t.Helper()
	var all []string
	for _, e := range p.sides[side].Mailbox().Events(p.cals[side]) {
		b, err := json.Marshal(e)
		p.must(err)
		all = append(all, string(b))
	}
	return leaks(all, of)
}

// What a copy hides is in nothing that is sent to its calendar: not at first, not
// with later edits, not in single occurrences, not in hidden properties. Whether the
// test would notice shows the level that hides nothing.
func TestWhatACopyHidesIsNeverSent(t *testing.T) {
	for _, home := range []string{onGoogle, onOutlook} {
		for _, test := range []struct {
			name    string
			mapping state.Mapping
			private bool
			shows   []string // of the secrets; nil: all
		}{
			{"everything", state.Mapping{Link: state.AsText}, false, nil},
			{"private, shown by the person's wish", state.Mapping{Link: state.AsText, ShowPrivate: true}, true, nil},
			{"title and time", state.Mapping{Detail: state.TitleAndTime}, false, []string{"title"}},
			{"busy only", state.Mapping{Detail: state.BusyOnly}, false, []string{}},
			{"private", state.Mapping{Link: state.AsText}, true, []string{}},
			{"private, title and time", state.Mapping{Detail: state.TitleAndTime}, true, []string{}},
		} {
			t.Run("born on "+home+", "+test.name, func(t *testing.T) {
				p := newPair(t, mailbox.Switches{})
				p.maps(test.mapping)
				kept := func(e mailbox.Event) mailbox.Event {
					if test.private {
						e.Sensitivity = "private"
					}
					return e
				}
				// want insists on what may be found of a set of secrets.
				want := func(story string, of []secret) {
					t.Helper()
					target := other(home)
					found := leaks(p.heard(target), of)
					for _, s := range of {
						may := test.shows == nil || slices.Contains(test.shows, s.what)
						switch is := slices.Contains(found, s.what); {
						case is && !may:
							t.Errorf("%s: %s was sent (%s)", story, s.what, s.word)
						case !is && may:
							t.Errorf("%s: %s was not sent: would the test notice?", story, s.what)
						}
					}
				}
				p.heard(other(home))
				single := p.add(home, kept(guarded(home, "1x", 10)))
				series := p.add(home, kept(everyday(guarded(home, "2x", 12))))
				theirs := p.add(home, kept(somebodys(guarded(home, "3x", 18), home)))
				p.settled("at first")
				all := slices.Concat(wordsOf(home, "1x"), words(home, "2x"), wordsOf(home, "3x"), []secret{category(home), {"organizer", "dingo"}})
				for _, id := range []string{single, series, theirs} {
					all = append(all, secret{"web link", linkOf(home, p.event(home, id))})
				}
				want("at first", all)
				p.quiet("at first")

				p.edit(home, single, func(e *mailbox.Event) { again(home, e, "4x") })
				p.edit(home, series, func(e *mailbox.Event) { again(home, e, "5x") })
				p.settled("edited")
				want("edited at home", slices.Concat(wordsOf(home, "4x"), words(home, "5x")))

				slots := p.slotsOf(home, series)
				p.must(p.sides[home].EditOccurrence(p.cals[home], series, slots[1], func(e *mailbox.Event) {
					e.Title, e.Place, e.Body = "Meet zanzibar6x", "wombat6x", "<p>quokka6x</p>"
				}))
				p.must(p.sides[home].MoveOccurrence(p.cals[home], series, slots[2], 3600e9))
				p.settled("an occurrence edited")
				want("an occurrence edited", words(home, "6x")[:3])
				p.quiet("an occurrence edited")
			})
		}
	}
}

// wordsOf are the secrets of a single event. Graph shows its hidden properties to
// those only who ask for it by its id, so they do not cross.
func wordsOf(home, n string) []secret {
	all := words(home, n)
	if home == onGoogle {
		return all
	}
	return slices.DeleteFunc(all, func(s secret) bool { return strings.HasPrefix(s.what, "property") })
}

// again gives an event other secrets.
func again(home string, e *mailbox.Event, n string) {
	next := guarded(home, n, 1)
	e.Title, e.Body, e.Place, e.Conference = next.Title, next.Body, next.Place, next.Conference
	e.Attendees, e.Attachments = next.Attendees, next.Attachments
	if home == onGoogle {
		e.Shared = next.Shared
		delete(e.Extra, "conferenceData")
	} else {
		e.Private = next.Private
	}
}

// linkOf is the part of an event's web address that is its own.
func linkOf(side string, e mailbox.Event) string {
	if side == onGoogle {
		return base64.RawURLEncoding.EncodeToString([]byte(e.ID + " " + owner(side).Email))
	}
	return e.ID
}

func (p *pair) slotsOf(side, id string) (slots []string) {
	p.t.Helper()
	list, err := p.sides[side].Occurrences(p.cals[side], id, springtime, springtime.AddDate(0, 2, 0))
	p.must(err)
	for _, o := range list {
		slots = append(slots, o.Slot)
	}
	slices.Sort(slots)
	return slots
}

// A mapping that is made stricter takes what it hides off the copies, and so does an
// event that becomes private; nothing of it is sent from then on.
func TestAStricterMappingTakesBackWhatCopiesShowed(t *testing.T) {
	for _, home := range []string{onGoogle, onOutlook} {
		for _, test := range []struct {
			name   string
			strict func(p *pair, ids []string)
			shows  []string
		}{
			{"busy only", func(p *pair, _ []string) { p.maps(state.Mapping{Detail: state.BusyOnly}) }, nil},
			{"title and time", func(p *pair, _ []string) { p.maps(state.Mapping{Detail: state.TitleAndTime}) }, []string{"title"}},
			{"made private", func(p *pair, ids []string) {
				for _, id := range ids {
					p.edit(home, id, func(e *mailbox.Event) { e.Sensitivity = "private" })
				}
			}, nil},
		} {
			t.Run(fmt.Sprintf("born on %s, %s", home, test.name), func(t *testing.T) {
				p := newPair(t, mailbox.Switches{})
				target := other(home)
				p.maps(state.Mapping{Link: state.AsText})
				ids := []string{p.add(home, guarded(home, "1x", 10)), p.add(home, everyday(guarded(home, "2x", 12)))}
				slots := p.slotsOf(home, ids[1])
				p.must(p.sides[home].EditOccurrence(p.cals[home], ids[1], slots[1], func(e *mailbox.Event) { e.Title, e.Place = "zanzibar3x", "wombat3x" }))
				p.settled("at first")
				all := slices.Concat(wordsOf(home, "1x"), words(home, "2x"), []secret{{"title", "zanzibar3x"}, {"place", "wombat3x"}})
				if found := p.holds(target, all); len(found) != len(all) {
					t.Fatalf("under everything the copies show only %v", found)
				}
				test.strict(p, ids)
				p.heard(target)
				p.settled("stricter")
				hidden := slices.DeleteFunc(slices.Clone(all), func(s secret) bool { return slices.Contains(test.shows, s.what) })
				heard := p.heard(target)
				for i := range heard { // Google has a property taken off by its name
					heard[i] = strings.ReplaceAll(heard[i], `"gnu2x":null`, "")
				}
				if found := leaks(heard, hidden); len(found) > 0 {
					t.Errorf("sent: %v", found)
				}
				if found := p.holds(target, hidden); len(found) > 0 {
					t.Errorf("still shown: %v", found)
				}
				p.quiet("stricter")
				p.edit(home, ids[0], func(e *mailbox.Event) { again(home, e, "4x") })
				p.edit(home, ids[1], func(e *mailbox.Event) { again(home, e, "5x") })
				p.settled("edited")
				later := slices.DeleteFunc(slices.Concat(words(home, "4x"), words(home, "5x")), func(s secret) bool { return slices.Contains(test.shows, s.what) })
				if found := leaks(p.heard(target), append(later, hidden...)); len(found) > 0 {
					t.Errorf("sent after an edit at home: %v", found)
				}
				p.quiet("edited")
			})
		}
	}
}

// One occurrence of an open series is made private: Google spreads that to all of it,
// and the copy tells no more of any of them.
func TestAnOccurrenceMadePrivateHidesItsSeries(t *testing.T) {
	p := newPair(t, mailbox.Switches{})
	id := p.add(onGoogle, everyday(guarded(onGoogle, "1x", 12)))
	p.settled("at first")
	p.must(p.sides[onGoogle].EditOccurrence(p.cals[onGoogle], id, p.slotsOf(onGoogle, id)[1], func(e *mailbox.Event) {
		e.Sensitivity, e.Title, e.Place, e.Body = "private", "zanzibar2x", "wombat2x", "quokka2x"
	}))
	p.heard(onOutlook)
	p.settled("one is private")
	all := slices.Concat(words(onGoogle, "1x"), words(onGoogle, "2x"))
	if found := slices.Concat(leaks(p.heard(onOutlook), all), p.holds(onOutlook, all)); len(found) > 0 {
		t.Errorf("sent or still shown: %v", found)
	}
	p.quiet("one is private")
}
